"""/d/<token>/data/: what a person may ask about their data, and what became of it. No login, no script, no cookie."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from compliance.models import DataRequest
from compliance.retention.periods import KINDS
from compliance.retention.requests import file_request
from compliance.retention.words import KINDS as KIND_WORDS
from compliance.retention.words import STATES
from compliance.services.loading import lock_persons
from kernel.ids import uuid7
from portfolio.models import DebtorLink
from portfolio.places import today_in
from portfolio.services.links import link_by
from portfolio.services.payables import tenant_of
from tenants.models import Tenant
from tenants.scope import tenant_scope
from workbench.transparency import door
from workbench.transparency.texts import BOOKS, language_of

_DJANGO = {"pt": "pt-br", "es": "es", "en": "en"}
#: Requests of one person that are listed.
_SHOWN = 20


@csrf_exempt  # the token in the address is the only credential; there is no cookie that somebody else could ride on
@require_http_methods(["GET", "HEAD", "POST"])
def data(request: HttpRequest, token: str) -> HttpResponse:
    """The form and the person's own requests; POST files one, safe to be sent twice."""
    tenant_id = tenant_of(token) if len(token) == 43 else None
    tenant = Tenant.objects.filter(pk=tenant_id).first() if tenant_id else None
    if tenant is None:
        return _nothing(request, door.too_many("miss", door.machine_of(request), door.MISSES_MAX))
    now = tenant.clock().now()
    with tenant_scope(tenant.pk):
        link = link_by(token)
        if link is None:
            return _nothing(request, door.too_many("miss", door.machine_of(request), door.MISSES_MAX))
        if door.too_many("view", token, door.VIEWS_MAX) or (
            request.method == "POST" and door.too_many("act", token, door.ACTS_MAX)
        ):
            return _nothing(request, busy=True)
        if door.ended(link, now):
            return _nothing(request, busy=False)
        wanted = (request.POST if request.method == "POST" else request.GET).get("l", "")
        language = language_of(wanted if wanted in BOOKS else "", link.debtor.person.language)
        with translation.override(_DJANGO.get(language[:2], "es")):
            if door.locked(link):
                return _shown(request, link, tenant, language, locked=True, status=403)
            if request.method != "POST":
                return _shown(request, link, tenant, language, proven=door.proven(link, tenant, now))
            kind = request.POST.get("kind", "")
            if kind not in KINDS:
                return _shown(
                    request, link, tenant, language, proven=door.proven(link, tenant, now), problem=True, status=422
                )
            # Whoever changes something about a person locks the person first, so that no two wait for each other.
            lock_persons([link.debtor.person_id], skip_locked=False)
            row = file_request(
                person=link.debtor.person, debtor=link.debtor, kind=kind, channel="page", author=f"debtor:{link.pk}",
                origin_id=f"page:{link.pk}:{kind}:{request.POST.get('once', '')[:32]}", now=now,
                detail=request.POST.get("detail", ""), proven=door.proven(link, tenant, now),
            )  # fmt: skip
    query = {"did": row.reference} | ({"l": wanted} if wanted in BOOKS else {})
    return door.private(HttpResponseRedirect(f"/d/{token}/data/?{urlencode(query)}", status=303))


def _shown(
    request: HttpRequest, link: DebtorLink, tenant: Tenant, language: str, *, status: int = 200, locked: bool = False,
    proven: bool = False, problem: bool = False,
) -> HttpResponse:  # fmt: skip
    mine = DataRequest.objects.filter(person_id=link.debtor.person_id, debtor_id=link.debtor_id)
    if not proven:  # what was filed through this very link, and nothing else
        mine = mine.filter(author=f"debtor:{link.pk}")
    rows = [] if locked else list(mine.order_by("-id")[:_SHOWN])
    did = next((row for row in rows if row.reference == request.GET.get("did", "")), None)
    today = today_in(link.creditor.country, tenant.clock().now())
    context: dict[str, Any] = {
        "book": {"tag": {"pt": "pt-BR"}.get(language, language)}, "creditor": link.creditor, "tenant": tenant,
        "here": f"/d/{request.path.split('/')[2]}", "l": language, "locked": locked, "problem": problem, "did": did,
        "kinds": [(kind, KIND_WORDS[kind]) for kind in KINDS], "once": uuid7().hex, "proven": proven,
        "typed": request.POST.get("detail", "")[:4000], "chosen": request.POST.get("kind", ""),
        "rows": [(row, KIND_WORDS[row.kind], STATES[row.state], row.state == "open" and row.due_on < today) for row in rows],
        "languages": [(code, book.NAME) for code, book in BOOKS.items()],
    }  # fmt: skip
    return door.private(render(request, "transparency/data.html", context, status=status))


def _nothing(request: HttpRequest, busy: bool) -> HttpResponse:
    """No page: nothing is told about whose it might have been."""
    response = render(
        request, "transparency/data_none.html", {"book": {"tag": "es"}, "busy": busy}, status=429 if busy else 404
    )
    if busy:
        response["Retry-After"] = "60"
    return door.private(response)
