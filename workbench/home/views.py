"""The way in: the start page, an organisation's first page by role, and a person's own preferences."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from tenants.models import Membership, User
from workbench.access import ORGANISATIONS_MAX, PageRequest, page
from workbench.context import THEMES
from workbench.navigation import home as home_of

YEAR_SECONDS = 365 * 24 * 3600


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """/: the organisations of whoever is logged in; the login for everybody else."""
    if not request.user.is_authenticated:
        return redirect("account_login")
    mine = Membership.objects.filter(user_id=request.user.pk, active=True).select_related("tenant")
    memberships = list(mine.order_by("tenant__name")[:ORGANISATIONS_MAX])
    if len(memberships) == 1:
        return redirect("home", organisation=memberships[0].tenant.slug)
    return render(request, "start.html", {"memberships": memberships})


@page()
def home(request: PageRequest) -> HttpResponseBase:
    """/o/<slug>/: to where this role works."""
    target = home_of(request.membership.role, request.organisation.slug)
    if not target:
        raise Http404(gettext("There is no page for this role yet."))
    return redirect(target)


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """POST /account/preferences/ with `theme` (light, dark, '') or `language`: kept with the person, or in a cookie."""
    back = request.POST.get("next", "") or request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back)
    changed: dict[str, Any] = {}
    if (theme := request.POST.get("theme")) is not None and theme in ("", *THEMES):
        changed["theme"] = theme
        response.set_cookie("theme", theme, max_age=YEAR_SECONDS, samesite="Lax", secure=request.is_secure())
    if (language := request.POST.get("language")) in dict(settings.LANGUAGES):
        changed["language"] = language
        translation.activate(str(language))
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            str(language),
            max_age=YEAR_SECONDS,
            samesite="Lax",
            secure=request.is_secure(),
        )
    if changed and request.user.is_authenticated:
        User.objects.filter(pk=request.user.pk).update(**changed)
    if request.headers.get("HX-Request") == "true" or request.headers.get("Accept") == "application/json":
        response.status_code = 204
        del response["Location"]
    return response
