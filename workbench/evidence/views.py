"""Evidence: what may be taken out, what was, how the chain stands, and the check of a file that somebody took."""

from __future__ import annotations

import json
import zipfile
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from compliance.evidence import verifier
from compliance.evidence.exports import DECISIONS_MAX, export
from compliance.evidence.formats import to_text
from compliance.evidence.packs import make_pack, name_of, note_taken
from compliance.ledger import checks
from compliance.models import EvidencePack, Seal
from compliance.queries import ledger_state
from kernel.errors import DomainError
from portfolio.places import today_in
from tenants.language import told
from tenants.names import names_of
from workbench.access import PageRequest, page
from workbench.evidence.options import JSON, LEADERS, Options, about, parts_of
from workbench.evidence.queries import find
from workbench.review.queries import author_of
from workbench.rules.queries import speak
from workbench.supervisor.filters import uuid_in

FILE_MAX = 25 * 1024 * 1024
#: What a small zip may grow to.
UNPACKED_MAX = 4 * FILE_MAX
PACKS = 50


@page(roles=LEADERS)
@require_safe
def evidence(request: PageRequest) -> HttpResponse:
    """/o/<slug>/evidence/?q=: what evidence can be about, what was taken out, and how the chain stands."""
    text = (request.GET.get("q") or request.GET.get("debtor") or "").strip()[:80]
    return _evidence(request, text, Options.default())


def _evidence(
    request: PageRequest, text: str, options: Options, *, problem: str = "", status: int = 200
) -> HttpResponse:
    found = find(text) if text else []
    before = uuid_in(request.GET.get("cursor"))
    rows = EvidencePack.objects.order_by("-id")
    some = list((rows.filter(id__lt=before) if before else rows)[: PACKS + 1])
    names = names_of({one for row in some if (one := uuid_in(row.actor.partition(":")[2]))})
    packs = [
        (row, author_of(row.actor, row.actor.partition(":")[0], names), parts_of(row.redaction)) for row in some[:PACKS]
    ]
    today = today_in(request.organisation.country, request.now)
    return render(request, "workbench/evidence/take.html", {
        "search": text, "found": found, "packs": packs, "next": str(some[PACKS - 1].pk) if len(some) > PACKS else "",
        "first": before is None, "state": ledger_state(), "check": checks.newest_check(), "problem": problem,
        "options": options, "tab": "evidence", "since": today - timedelta(days=6), "until": today,
    }, status=status)  # fmt: skip


@page(roles=LEADERS, changes=False)
@require_http_methods(["POST"])
def take(request: PageRequest) -> HttpResponse:
    """POST about=debtor|complaint|conversation|request:<id>, or about=period&from=&to=; without=, language=, format=,
    reason=: the file. That it was made and that it was downloaded stand in the audit."""
    options = Options.read(request.POST)
    asked: dict[str, Any] = {
        "actor": request.actor, "reason": options.reason, "redaction": options.without, "language": options.language,
        "decisions_max": DECISIONS_MAX,
    }  # fmt: skip
    try:
        asked |= about(request.POST, request.organisation.country)
        if options.format == JSON:
            document = export(**asked)
            name, body, kind = (
                f"{name_of(document)}.json",
                to_text(document).encode(),
                "application/json; charset=utf-8",
            )
        else:
            pack = make_pack(**asked)
            document, name, body, kind = pack.document, pack.name, pack.body, "application/zip"
    except DomainError as error:
        return _evidence(request, "", options, problem=told(error), status=422)
    note_taken(document, name=name, body=body, actor=request.actor)
    response = HttpResponse(body, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@page(roles=LEADERS, changes=False)
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: PageRequest) -> HttpResponse:
    """/o/<slug>/evidence/verify/: a file or a pack is checked, and every altered line is named. Nothing of it is kept."""
    shown: dict[str, Any] = {"tab": "verify"}
    status = 200
    if request.method == "POST":
        shown |= check_file(request)
        status = 422 if shown.get("problem") else 200
    return render(request, "workbench/evidence/verify.html", shown, status=status)


def check_file(request: HttpRequest) -> dict[str, Any]:
    """What is wrong with the uploaded file: {"problem"} when it cannot be read, else {"wrong": sentences, ...}."""
    file = request.FILES.get("file")
    if file is None:
        return {"problem": gettext("Choose a file first.")}
    shown: dict[str, Any] = {"name": file.name}
    if file.size is None or file.size > FILE_MAX:
        return shown | {"problem": gettext("The file is larger than %(mb)s MB.") % {"mb": FILE_MAX // 1024 // 1024}}
    language = speak(getattr(request, "LANGUAGE_CODE", "en"))
    try:
        body, files = file.read(), {}
        if body[:2] == b"PK":
            files = verifier.unpacked(body, UNPACKED_MAX)
            body = files[verifier.FILE]
        text = body.decode("utf-8-sig")
        document = json.loads(text)
        if not isinstance(document, dict):
            raise ValueError("not an object")
        wrong = verifier.check(document, verifier.line_numbers(text), language) + verifier.check_sums(files, language)
        whole = str((document.get("manifest") or {}).get("document", ""))[:64]
    # RuntimeError: a locked or strangely packed zip, or lists in lists without end.
    except (ValueError, TypeError, AttributeError, LookupError, RuntimeError, OSError, zipfile.BadZipFile):
        return shown | {"problem": gettext("This file cannot be read as evidence: it is not what we exported.")}
    told = document.get("seals")
    seals = [seal for seal in told if isinstance(seal, dict)] if isinstance(told, list) else []
    counts = {name: len(document[name]) for name in verifier.LISTS if isinstance(document.get(name), list)}
    said = document.get("scope")
    scope: dict[str, Any] = said if isinstance(said, dict) else {}
    return shown | {
        "wrong": wrong[:100], "more": max(0, len(wrong) - 100), "whole": not wrong, "counts": counts, "document": whole,
        "exported_at": str(document.get("exported_at", ""))[:40], "kind": str(scope.get("kind", ""))[:20],
        "seal": str(seals[-1].get("digest", ""))[:64] if seals else "", "ours": _ours(seals),
        "made": EvidencePack.objects.filter(document=whole).first() if whole else None,
    }  # fmt: skip


def _ours(seals: list[dict[str, Any]]) -> bool | None:
    """Whether the file's last seal is one that this organisation's ledger holds; None when the file has none."""
    if not seals:
        return None
    return Seal.objects.filter(digest=str(seals[-1].get("digest", ""))[:64]).exists()
