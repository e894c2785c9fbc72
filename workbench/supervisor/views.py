"""The supervisor's overview: what is on fire, what the gate did, who works, how well, what came in."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from compliance.ledger import checks
from monitoring import queries
from monitoring.attention import (
    SLA,
    broken_promises,
    tiles,
    unhealthy_numbers,
    unusable_templates,
    waiting_conversations,
)
from portfolio.places import start_of, today_in
from tenants.names import names_of
from workbench.access import PageRequest, Role, page
from workbench.supervisor import filters as filters_of
from workbench.supervisor import panels, words
from workbench.supervisor.tables import csv_answer

LEADERS = frozenset({Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR, Role.CREDITOR})
#: Who reads what an agent or a debtor wrote in a review; a creditor's own people see figures.
REVIEWERS = frozenset({Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR})
ROWS = 100


@page(roles=LEADERS)
@require_safe
def overview(request: PageRequest) -> HttpResponse:
    """/o/<slug>/overview/?period=&creditor=&sort=: everything on one screen; `?format=csv` is the same as a file."""
    shown = _overview(request)
    if request.GET.get("format") == "csv":
        return csv_answer(panels.lines(shown), f"overview-{shown['filters'].period.last}")
    if panels.wants_check(shown["gate"].check):
        checks.ask_for_check(whole=False, now=request.now)
    part = "#panels" if request.headers.get("HX-Request") == "true" else ""
    return render(request, f"workbench/supervisor/overview.html{part}", shown)


def _overview(request: PageRequest) -> dict[str, Any]:
    filters = filters_of.read(request)
    period, creditor_id = filters.period, filters.creditor_id
    found = queries.figures(period, creditor_id=creditor_id)
    former = queries.figures(period.before(), creditor_id=creditor_id)
    sort = request.GET.get("sort", "")
    sort = sort if sort in queries.SORTS else "oldest"
    sees_people = request.membership.role in REVIEWERS
    quality = queries.quality(period, found.count("sent"), creditor_id=creditor_id)
    return {
        "filters": filters, "periods": tuple(filters_of.PERIODS), "sort": sort, "sees_people": sees_people,
        "tiles": tiles(period.country, request.now, creditor_id=creditor_id),
        "gate": panels.gate(filters, found),
        "desks": queries.board(period, request.now, creditor_id=creditor_id, sort=sort) if sees_people else [],
        "quality": quality,
        "classes": [(words.conduct(name), raised, confirmed) for name, raised, confirmed in quality.by_class[:5]],
        "former": queries.quality(period.before(), former.count("sent"), creditor_id=creditor_id),
        "recovery": panels.recovery(filters, found, request.now),
        "simulated": request.organisation.sandbox, "sla": int(SLA.total_seconds() // 60),
    }  # fmt: skip


@page(roles=LEADERS)
@require_safe
def attention(request: PageRequest, name: str) -> HttpResponse:
    """/o/<slug>/overview/<name>/: the list behind a tile that has no page of its own: waiting, broken, channels."""
    filters = filters_of.read(request)
    shown: dict[str, Any] = {"filters": filters, "name": name, "sla": int(SLA.total_seconds() // 60)}
    if name == "waiting" and request.membership.role in REVIEWERS:
        rows = waiting_conversations(request.now, creditor_id=filters.creditor_id).select_related("person")
        shown["rows"] = list(rows[:ROWS])
        shown["names"] = names_of({row.assignee_id for row in shown["rows"] if row.assignee_id})
        table = [("waiting_since", "person", "assignee")] + [
            (
                row.needs_human_at,
                row.person.name if row.person else row.profile_name,
                shown["names"].get(row.assignee_id, ""),
            )
            for row in shown["rows"]
        ]
    elif name == "broken":
        since = start_of(today_in(filters.period.country, request.now), filters.period.country)
        promises = broken_promises(since, creditor_id=filters.creditor_id)
        shown["rows"] = list(promises.select_related("debtor__person", "creditor").order_by("-minor", "id")[:ROWS])
        table = [("debtor", "creditor", "due_on", "currency", "minor", "decided_at")] + [
            (row.debtor.external_id, row.creditor.external_id, row.due_on, row.currency, row.minor, row.decided_at)
            for row in shown["rows"]
        ]
    elif name == "channels":
        shown["numbers"] = list(unhealthy_numbers(request.now)[:ROWS])
        shown["templates"] = list(unusable_templates()[:ROWS])
        table = [("kind", "name", "state", "reason")]
        table += [("number", row.address, row.pause_code or "stopped", row.stopped_reason) for row in shown["numbers"]]
        table += [("template", row.name, row.status, row.rejected_reason) for row in shown["templates"]]
    else:
        raise Http404("no such list")
    if request.GET.get("format") == "csv":
        return csv_answer(table, name)
    return render(request, "workbench/supervisor/attention.html", shown)


@page(roles=frozenset({Role.SUPERVISOR, Role.ADMIN}))
@require_POST
def verify_chain(request: PageRequest) -> HttpResponse:
    """Have the whole ledger verified; the page hears of it when it is done."""
    checks.ask_for_check(whole=True, now=request.now)
    if request.headers.get("HX-Request") == "true":
        return render(request, "workbench/supervisor/overview.html#verifying")
    return redirect(reverse("supervisor", kwargs={"organisation": request.organisation.slug}))
