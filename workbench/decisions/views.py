"""The gate's decisions: lists, and the receipt of one."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from compliance.models import Decision
from compliance.queries import zone_of
from portfolio.models import Debtor
from tenants.names import names_of
from workbench.access import PageRequest, Role, page
from workbench.decisions import lists, receipt
from workbench.evidence.options import LEADERS, Options
from workbench.review.queries import author_of
from workbench.rules.queries import speak
from workbench.supervisor import words
from workbench.supervisor.filters import uuid_in
from workbench.supervisor.tables import ROWS_MAX, csv_answer

#: Also agents: the shield of a message leads to its receipt.
READERS = LEADERS | {Role.AGENT}


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
    names = names_of({one for one in [uuid_in(row.actor.partition(":")[2])] if one})
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
        "verdict": words.VERDICTS.get(row.verdict, row.verdict), "options": Options.default(),
    })  # fmt: skip
