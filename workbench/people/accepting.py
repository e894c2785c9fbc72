"""The page behind an invitation's link: for somebody new, for somebody with an account, for a link that ended."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.views.decorators.debug import sensitive_post_parameters

from kernel.clock import machine_now
from kernel.errors import DomainError
from tenants import invitations
from tenants.language import told
from tenants.models import User
from workbench.people.forms import AcceptForm


@sensitive_post_parameters("password")
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Accept an invitation. GET changes nothing."""
    row = invitations.by_token(token) if len(token) <= 100 else None
    if row is None:
        return _page(request, "unknown", status=404)
    person: Any = request.user if request.user.is_authenticated else None
    language = (person.language if person else "") or row.language
    with translation.override(language):
        request.LANGUAGE_CODE = translation.get_language() or settings.LANGUAGE_CODE
        state = invitations.standing(row, machine_now())
        if state != "open":
            return _page(request, state, row=row, status=410)
        if person is not None and person.email != row.email:
            return _page(request, "other", row=row, status=403 if request.method == "POST" else 200)
        known = person is not None or User.objects.filter(email=row.email).exists()
        if request.method != "POST":
            step = ("join" if person else "log_in") if known else "new"
            return _page(request, step, row=row, form=AcceptForm(), token=token)
        if known and person is None:
            return redirect_to_login(request.path)
        return _accept(request, row, token, person)


def _accept(request: HttpRequest, row: Any, token: str, person: User | None) -> HttpResponse:
    form = AcceptForm(request.POST)
    try:
        if person is None:
            if not form.is_valid():
                return _page(request, "new", row=row, form=form, token=token, status=422)
            user, _membership = invitations.accept(token, **form.cleaned_data)
            login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
        else:
            invitations.accept(token, user=person)
    except DomainError as error:
        if error.pointer in form.fields:
            form.add_error(error.pointer, told(error))
            return _page(request, "new", row=row, form=form, token=token, status=422)
        return _page(request, "closed", row=row, problem=told(error), status=409)
    return redirect("home", organisation=row.tenant.slug)


def _page(request: HttpRequest, step: str, *, status: int = 200, **more: Any) -> HttpResponse:
    context = {"step": step, "invitation": more.pop("row", None), **more}
    response = render(request, "workbench/people/accept.html", context, status=status)
    patch_cache_control(response, private=True, no_store=True)
    # The address is the key. Not "no-referrer": browsers then send no origin with the form, and it is refused as foreign.
    response["Referrer-Policy"] = "same-origin"
    return response
