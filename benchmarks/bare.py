"""A Django view that does nothing but insert the body: what the webhook benchmark is compared with."""

from __future__ import annotations

import hashlib

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
def insert(request: HttpRequest) -> HttpResponse:
    """Store the body and its hash."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bench_bodies (sha256, body) VALUES (%s, %s)",
            [hashlib.sha256(request.body).hexdigest(), request.body],
        )
    return HttpResponse("ok")


urlpatterns = [path("bare", insert), path("", include("collections_platform.urls"))]
