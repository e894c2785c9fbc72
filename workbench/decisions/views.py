"""The gate's decisions: lists, the receipt of one, evidence to take out, and the check of a file that somebody took."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from compliance.evidence import verifier
from compliance.evidence.exports import FULL, REDACTIONS, export
from compliance.evidence.formats import to_text
from compliance.ledger import checks
from compliance.models import Decision, EvidencePack, Seal
from compliance.queries import ledger_state, zone_of
from kernel.errors import DomainError
from monitoring import queries as monitoring
from portfolio.models import Debtor
from tenants.language import told
from workbench.access import PageRequest, Role, page
from workbench.decisions import lists, receipt
from workbench.review.queries import author_of
from workbench.rules.queries import speak
from workbench.supervisor import words
from workbench.supervisor.filters import uuid_in
from workbench.supervisor.tables import ROWS_MAX, csv_answer

LEADERS = frozenset({Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR, Role.CREDITOR})
#: Also agents: the shield of a message leads to its receipt.
READERS = LEADERS | {Role.AGENT}
FILE_MAX = 25 * 1024 * 1024
PACKS = 50


@page(roles=LEADERS)
@require_safe
def decisions(request: PageRequest) -> HttpResponse:
    """/o/<slug>/decisions/?verdict=&rule=&creditor=&origin=&period=&from=&to=&debtor=&part=&cause=&request=&cursor="""
    ask = lists.asked(request)
    as_file = request.GET.get("format") == "csv"
    found = lists.listed(ask, request.now, limit=ROWS_MAX if as_file else lists.PAGE)
    debtors = lists.debtors_of(found.rows)
    if as_file:
        return csv_answer(_lines(found, debtors), "decisions")
    lang = speak(request.LANGUAGE_CODE)
    rows = [
        (row, debtors.get(row.debtor_id), _first(row, lang), words.ORIGINS.get(row.origin, row.origin))
        for row in found.rows
    ]
    return render(request, "workbench/decisions/decisions.html", {
        "ask": ask, "filters": ask.filters, "rows": rows, "next": found.next, "total": found.total,
        "first": not ask.cursor, "origins": [(one, words.ORIGINS[one]) for one in lists.ORIGINS],
        "verdicts": words.VERDICTS, "parts": [(name, label) for name, (label, _) in words.PARTS.items()],
        "part": words.PARTS.get(ask.part, ("", ""))[0], "means": words.PARTS.get(ask.part, ("", ""))[1],
        "cause": words.CAUSES.get(ask.cause, ""), "classes": words.CLASSES,
    })  # fmt: skip


def _first(row: Decision, lang: str) -> str:
    """Why not, in one sentence."""
    found = receipt.objections(row, lang, zone_of(row)) if row.findings else []
    return found[0].texts[0][1] if found else ""


def _lines(found: lists.Listed, debtors: dict[Any, Debtor]) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = [
        ("decision", "request", "decided_at", "verdict", "next_allowed_at", "rules", "class", "channel", "origin", "actor",
         "moment", "creditor", "debtor", "ruleset", "evaluator")
    ]  # fmt: skip
    for row in found.rows:
        debtor = debtors.get(row.debtor_id)
        rows.append((
            row.pk, row.request_id, row.decided_at.isoformat(), row.verdict,
            row.next_allowed_at.isoformat() if row.next_allowed_at else "", " ".join(row.rules), row.message_class,
            row.channel, row.origin, row.actor, row.moment, debtor.creditor.external_id if debtor else "",
            debtor.external_id if debtor else "", row.ruleset_digest, row.evaluator,
        ))  # fmt: skip
    return rows


@page(roles=READERS)
@require_safe
def decision(request: PageRequest, decision_id: uuid.UUID) -> HttpResponse:
    """/o/<slug>/decisions/<id>/: the receipt; `?verify=1` checks it now."""
    row = Decision.objects.filter(pk=decision_id).first()
    if row is None:
        raise Http404("no such decision")
    lang, zone = speak(request.LANGUAGE_CODE), zone_of(row)
    asked, message = receipt.message_of(row.request_id)
    steps = receipt.verify(row, message) if request.GET.get("verify") else None
    if steps is not None and request.headers.get("HX-Request") == "true":
        return render(request, "workbench/decisions/decision.html#verified", {"steps": steps})
    debtor = (
        Debtor.objects.select_related("person", "creditor").filter(pk=row.debtor_id).first() if row.debtor_id else None
    )
    names = monitoring.names_of({one for one in [uuid_in(row.actor.partition(":")[2])] if one})
    packs = receipt.packs_of(row, lang)
    return render(request, "workbench/decisions/decision.html", {
        "row": row, "steps": steps, "debtor": debtor, "request_row": asked, "message": message, "debtor_zone": zone,
        "objections": receipt.objections(row, lang, zone), "packs": packs,
        "unsigned": [pack for pack in packs if not pack.signed_off],
        "rules_count": sum(len(pack.rules) for pack in packs), "facts": list(receipt.facts_of(row.facts, lang)),
        "place": receipt.place_of(row), "others": list(Decision.objects.filter(request_id=row.request_id).order_by("id")),
        "actor": author_of(row.actor, row.origin, names), "origin": words.ORIGINS.get(row.origin, row.origin),
        "message_class": words.CLASSES.get(row.message_class, row.message_class), "moments": words.MOMENTS,
        "moment": words.MOMENTS.get(row.moment, row.moment), "may_take": request.membership.role in LEADERS,
        "verdict": words.VERDICTS.get(row.verdict, row.verdict), "redactions": _redactions(),
    })  # fmt: skip


def _redactions() -> list[tuple[str, str]]:
    return [
        (FULL, gettext("Everything, with the words")),
        ("no_texts", gettext("Without the words and their authors (hashes and proofs stay)")),
    ]


@page(roles=LEADERS)
@require_safe
def evidence(request: PageRequest) -> HttpResponse:
    """/o/<slug>/evidence/?debtor=: take evidence out, what was taken out, and how the chain stands."""
    text = request.GET.get("debtor", "").strip()[:80]
    return _evidence(request, text)


def _evidence(request: PageRequest, text: str, *, problem: str = "", status: int = 200) -> HttpResponse:
    found = _debtors(text) if text else []
    before = uuid_in(request.GET.get("cursor"))
    rows = EvidencePack.objects.order_by("-id")
    some = list((rows.filter(id__lt=before) if before else rows)[: PACKS + 1])
    names = monitoring.names_of({one for row in some if (one := uuid_in(row.actor.partition(":")[2]))})
    packs = [(row, author_of(row.actor, row.actor.partition(":")[0], names)) for row in some[:PACKS]]
    return render(request, "workbench/decisions/evidence.html", {
        "search": text, "found": found, "packs": packs, "next": str(some[PACKS - 1].pk) if len(some) > PACKS else "",
        "first": before is None, "state": ledger_state(), "check": checks.newest_check(), "problem": problem,
        "redactions": _redactions(), "tab": "evidence",
    }, status=status)  # fmt: skip


def _debtors(text: str) -> list[Debtor]:
    rows = Debtor.objects.select_related("person", "creditor")
    key = uuid_in(text)
    return list((rows.filter(pk=key) if key else rows.filter(external_id=text)).order_by("id")[:20])


@page(roles=LEADERS, changes=False)
@require_http_methods(["POST"])
def take(request: PageRequest) -> HttpResponse:
    """POST about=debtor:<id> or request:<id>, redaction=, reason=: the file, noted in the audit and among the packs."""
    redaction = request.POST.get("redaction", FULL)
    kind, _, key = request.POST.get("about", "").partition(":")
    debtor_id, request_id = (uuid_in(key) if kind == name else None for name in ("debtor", "request"))
    reason = request.POST.get("reason", "").strip()[:300]
    try:
        if redaction not in REDACTIONS:
            raise DomainError("redaction_unknown", "redact nothing (full) or the words (no_texts)", pointer="redaction")
        document = export(
            debtor_id=debtor_id, request_id=request_id, actor=request.actor, reason=reason, redaction=redaction
        )
    except DomainError as error:
        return _evidence(request, "", problem=told(error), status=422)
    name = f"evidence-{debtor_id or request_id}.json"
    response = HttpResponse(to_text(document), content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@page(roles=LEADERS, changes=False)
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: PageRequest) -> HttpResponse:
    """/o/<slug>/evidence/verify/: a file is checked, and every altered line is named. Nothing of it is kept."""
    shown: dict[str, Any] = {"tab": "verify"}
    status = 200
    if request.method == "POST":
        shown |= check_file(request)
        status = 422 if shown.get("problem") else 200
    return render(request, "workbench/decisions/verify.html", shown, status=status)


def check_file(request: HttpRequest) -> dict[str, Any]:
    """What is wrong with the uploaded file: {"problem"} when it cannot be read, else {"wrong": sentences, ...}."""
    file = request.FILES.get("file")
    if file is None:
        return {"problem": gettext("Choose a file first.")}
    shown: dict[str, Any] = {"name": file.name}
    if file.size is None or file.size > FILE_MAX:
        return shown | {"problem": gettext("The file is larger than %(mb)s MB.") % {"mb": FILE_MAX // 1024 // 1024}}
    try:
        text = file.read().decode("utf-8-sig")
        document = json.loads(text)
        if not isinstance(document, dict):
            raise ValueError("not an object")
        wrong = verifier.check(document, verifier.line_numbers(text))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return shown | {"problem": gettext("This file cannot be read as evidence: it is not what we exported.")}
    seals = [seal for seal in document.get("seals", []) if isinstance(seal, dict)]
    counts = {name: len(document[name]) for name in verifier.LISTS if isinstance(document.get(name), list)}
    said = document.get("scope")
    scope: dict[str, Any] = said if isinstance(said, dict) else {}
    return shown | {
        "wrong": wrong[:100], "more": max(0, len(wrong) - 100), "whole": not wrong, "counts": counts,
        "exported_at": str(document.get("exported_at", ""))[:40], "kind": str(scope.get("kind", ""))[:20],
        "seal": str(seals[-1].get("digest", ""))[:64] if seals else "", "ours": _ours(seals),
    }  # fmt: skip


def _ours(seals: list[dict[str, Any]]) -> bool | None:
    """Whether the file's last seal is one that this organisation's ledger holds; None when the file has none."""
    if not seals:
        return None
    return Seal.objects.filter(digest=str(seals[-1].get("digest", ""))[:64]).exists()
