"""Name, language and theme; one session ended."""

from __future__ import annotations

from typing import Any

from allauth.usersessions.models import UserSession
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from tenants.models import User
from workbench.context import THEMES


class ProfileForm(forms.Form):
    """What a person says of themselves."""

    name = forms.CharField(max_length=150)
    language = forms.ChoiceField(choices=[("", ""), *settings.LANGUAGES], required=False)
    theme = forms.ChoiceField(choices=[("", ""), *((each, each) for each in THEMES)], required=False)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """/account/profile/."""
    person: Any = request.user
    fields = {name: getattr(person, name) for name in ("name", "language", "theme")}
    form = ProfileForm(request.POST if request.method == "POST" else None, initial=fields)
    if request.method != "POST":
        return render(request, "account/profile.html", {"form": form})
    if not form.is_valid():
        return render(request, "account/profile.html", {"form": form}, status=422)
    User.objects.filter(pk=person.pk).update(**form.cleaned_data)
    with translation.override(form.cleaned_data["language"] or translation.get_language()):
        messages.success(request, gettext("Saved."))
    response = redirect("profile")
    for cookie in (settings.LANGUAGE_COOKIE_NAME, "theme"):
        response.delete_cookie(cookie, samesite="Lax")  # what was chosen before logging in holds no longer
    return response


@login_required
@require_POST
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    """POST /account/sessions/<id>/end: that machine is logged out; one's own by logging out, nobody else's ever."""
    found = get_object_or_404(UserSession, pk=session_id, user_id=request.user.pk)
    if not found.is_current():
        found.end()
        messages.success(request, gettext("That session has ended."))
    return redirect("usersessions_list")
