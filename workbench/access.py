"""Who may see a page: logged in, member of the organisation in the address, in a role that fits.

Every page of an organisation is decorated with `page` (or `live_page` for streams) and runs inside its tenant scope,
limited to the membership's creditors. The organisation comes from the address and nowhere else, so that two tabs of
two organisations never mix.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import connection
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_cache_control, patch_vary_headers

from tenants.models import Membership, Tenant, User
from tenants.scope import Scope, tenant_scope
from workbench.kept_forms import kept_form

Role = Membership.Role
#: Read everything that they may see, and change nothing.
READERS = frozenset({Role.AUDITOR, Role.CREDITOR})
EVERYBODY = frozenset(Role)
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: Organisations that one person is shown in the switcher.
ORGANISATIONS_MAX = 100


class PageRequest(HttpRequest):
    """A request behind `page`: what its view may rely on."""

    user: User
    organisation: Tenant
    membership: Membership
    memberships: list[Membership]
    now: datetime  # of the organisation's business clock

    @property
    def actor(self) -> str:
        """Who does it, as the audit writes it."""
        return f"user:{self.user.pk}"


View = Callable[..., HttpResponseBase]


def page(*, roles: Collection[str] | None = None, scoped: bool = True, changes: bool = True) -> Callable[[View], View]:
    """Let only members (of these roles, if given) in, and run the view inside the organisation's scope.

    The view is called without the slug: `view(request, **other_parts_of_the_address)`. It gets `request.organisation`,
    `.membership`, `.memberships`, `.now` and the person's language. Who reads only is refused every change. A
    TemplateResponse is rendered inside the scope; a streamed answer is an error, because it would be read outside.
    `changes` False: what is posted changes nothing (a file is checked, evidence taken out), so readers may post too.
    `scoped` False: no scope is open, for a view that waits for the network or takes in a file; it opens its own with
    `own_scope(request)`, renders inside of it, and never keeps it while it waits.
    """
    allowed = EVERYBODY if roles is None else frozenset(roles)

    def decorate(view: View) -> View:
        @wraps(view)
        def entered(request: HttpRequest, *args: Any, organisation: str, **parts: Any) -> HttpResponseBase:
            refused = enter(request, organisation)
            if refused is not None:
                return refused
            ours: Any = request
            member: Membership = ours.membership
            with (
                translation.override(language_for(request, ours.user, ours.organisation)),
                own_scope(ours) if scoped else nullcontext(),
            ):
                request.LANGUAGE_CODE = translation.get_language() or settings.LANGUAGE_CODE
                reads_only = changes and request.method not in SAFE and member.role in READERS
                if member.role not in allowed or reads_only:
                    return _private(forbidden(request))
                response = view(request, *args, **parts)
                if response.streaming and not isinstance(response, FileResponse):
                    raise RuntimeError("a page's answer is made inside its scope: do not stream it")
                rendering = getattr(response, "render", None)
                if callable(rendering):
                    rendering()
                return _private(response)

        return entered

    return decorate


def own_scope(request: PageRequest) -> AbstractContextManager[Scope]:
    """The scope of whoever asks: their organisation, limited to their creditors."""
    return tenant_scope(request.organisation.pk, creditor_ids=request.membership.creditor_ids)


def live_page(view: Callable[..., Awaitable[HttpResponseBase]]) -> View:
    """`page` for asynchronous views: the same door, but no scope, for a stream would hold its transaction open."""

    @wraps(view)
    async def entered(request: HttpRequest, *args: Any, organisation: str, **parts: Any) -> HttpResponseBase:
        refused = await sync_to_async(_enter_briefly)(request, organisation)
        if refused is not None:
            # A browser's stream cannot follow to the login: nothing to hear is the answer that it takes without a word.
            return HttpResponse(status=204) if refused.status_code in (302, 401) else refused
        return await view(request, *args, **parts)

    return entered  # type: ignore[return-value]


def _enter_briefly(request: HttpRequest, slug: str) -> HttpResponseBase | None:
    try:
        return enter(request, slug)
    finally:
        connection.close()  # a stream lives long: its connection goes back to the pool now


def enter(request: HttpRequest, slug: str) -> HttpResponseBase | None:
    """Give the request its organisation and membership; an answer instead when nobody is logged in.

    Raises Http404 for strangers: whether an organisation exists is not told.
    """
    if not request.user.is_authenticated:
        return ask_to_log_in(request)
    person: Any = request.user
    memberships = list(
        Membership.objects.filter(user_id=person.pk, active=True)
        .select_related("tenant")
        .order_by("tenant__name", "tenant__slug")[:ORGANISATIONS_MAX]
    )
    mine = next((each for each in memberships if each.tenant.slug == slug), None)
    if mine is None and len(memberships) == ORGANISATIONS_MAX:
        mine = (
            Membership.objects.filter(user_id=person.pk, active=True, tenant__slug=slug)
            .select_related("tenant")
            .first()
        )
    if mine is None:
        raise Http404("no such organisation, or not yours")
    ours: Any = request
    ours.organisation, ours.membership, ours.memberships = mine.tenant, mine, memberships
    ours.now = mine.tenant.clock().now()
    ours.actor = f"user:{person.pk}"
    return None


def ask_to_log_in(request: HttpRequest) -> HttpResponseBase:
    """The way to the login, and back. What was typed stays: a part of a page gets a note, a whole form comes back."""
    if request.headers.get("HX-Request") == "true":
        response = render(request, "workbench/session_ended.html", status=401)
        response["HX-Retarget"], response["HX-Reswap"] = "#notice", "innerHTML"
        return _private(response)
    back = request.get_full_path()
    if request.method not in SAFE:
        if kept := kept_form(request, status=401):
            return _private(kept)
        came_from = urlsplit(request.headers.get("Referer", ""))
        back = came_from.path if came_from.netloc == request.get_host() and came_from.path else "/"
    return redirect_to_login(back, login_url=settings.LOGIN_URL)


def forbidden(request: HttpRequest) -> HttpResponse:
    """The page for somebody who is inside, but in a role that may not do this."""
    if request.headers.get("HX-Request") == "true":
        response = render(request, "workbench/not_for_role.html", status=403)
        response["HX-Retarget"], response["HX-Reswap"] = "#notice", "innerHTML"
        return response
    return render(request, "workbench/forbidden.html", status=403)


def language_for(request: HttpRequest, person: User, organisation: Tenant) -> str:
    """The person's language, else the organisation's, else the browser's."""
    known = dict(settings.LANGUAGES)
    for each in (person.language, organisation.language):
        if each in known:
            return each
    return translation.get_language_from_request(request)


def may_change(membership: Membership) -> bool:
    """Whether the role may change anything at all; templates hide buttons by it."""
    return membership.role not in READERS


def _private(response: HttpResponseBase) -> HttpResponseBase:
    patch_cache_control(response, private=True, no_store=True)
    patch_vary_headers(response, ("HX-Request", "Cookie"))
    return response
