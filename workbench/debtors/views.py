"""The pages: the list of debtors, one debtor with everything known, who can be contacted, the search over all."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Q
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from compliance.models import Consent, Decision, Stop
from compliance.queries import why
from compliance.services.preferences import channel_in, layer_of
from kernel.money import Money
from kernel.phones import spoken
from messaging.models import Conversation, Message
from messaging.sequences.outlook import outlooks
from portfolio import documents
from portfolio.ageing import BUCKETS, days_overdue
from portfolio.models import Agreement, Creditor, Debtor, Dispute, Entry, Instalment, Invoice, Payable, Payment, Promise
from portfolio.places import today_in
from portfolio.queries import search, standing
from portfolio.search import invoices_named
from tenants.models import AuditEntry
from tenants.names import names_of
from tenants.secrets import unseal
from workbench.access import PageRequest, page
from workbench.debtors import words
from workbench.debtors.acts import LEADERS, debtor_or_404, htmx, note
from workbench.debtors.blockers import blockers, next_step
from workbench.debtors.contactable import shown
from workbench.debtors.panel import (
    agreement_card,
    budgets_of,
    contacts,
    debt,
    evidence_words,
    named,
    notes_of,
    panel_context,
    promise_card,
    timeline,
    user_of,
)
from workbench.debtors.queries import (
    SORTS,
    STATES,
    Filters,
    csv_lines,
    filtered,
    labels,
    lines,
    page_of,
    sums,
)
from workbench.supervisor.tables import csv_answer

#: Rows that a tab shows; what is older is in the exports.
ROWS_MAX = 200
WEEKDAYS = {
    "mon": gettext_lazy("Monday"), "tue": gettext_lazy("Tuesday"), "wed": gettext_lazy("Wednesday"),
    "thu": gettext_lazy("Thursday"), "fri": gettext_lazy("Friday"), "sat": gettext_lazy("Saturday"),
    "sun": gettext_lazy("Sunday"),
}  # fmt: skip
TABS = ("overview", "account", "deals", "messages", "contacts", "history")


def state_words() -> dict[str, str]:
    """The states by which the list is filtered."""
    return {
        "promise": gettext("With a promise"), "agreement": gettext("With an agreement"),
        "disputed": gettext("Disputed"), "stopped": gettext("Stopped"), "unreachable": gettext("Not contactable"),
        "paid": gettext("Nothing open"), "withdrawn": gettext("Withdrawn"),
    }  # fmt: skip


@page()
@require_safe
def debtors(request: PageRequest) -> HttpResponseBase:
    """/o/<slug>/debtors/: the portfolio, filtered; `?format=csv` is exactly what is filtered."""
    filters = Filters.of(request.GET)
    if filters.state == "unreachable":
        return shown(request, filters.creditor)  # the gate alone knows who is not contactable
    today = today_in(request.organisation.country, request.now)
    rows = filtered(filters, today)
    if request.GET.get("format") == "csv":
        head = ["external_id", "name", "creditor", "open", "currency", "oldest_due_on", "days_late", "states", "labels",
                "balance_as_of"]  # fmt: skip
        return csv_answer([head, *csv_lines(rows, filters, today)], f"debtors-{today.isoformat()}")
    found, following = page_of(rows, filters)
    total, money = sums(rows)
    named = state_words()
    context = {
        "filters": filters, "lines": lines(found, today), "next": following, "first": not filters.cursor,
        "count": total, "sums": money, "creditors": list(Creditor.objects.order_by("name")[:200]),
        "buckets": [(name, words.bucket(name)) for name in BUCKETS], "labels": labels(filters.creditor),
        "states": [(name, named[name]) for name in STATES], "state_words": named, "sorts": SORTS,
        "empty": not total and not filters.any and not Debtor.objects.exists(),
    }  # fmt: skip
    template = "workbench/debtors/list.html#rows" if htmx(request) else "workbench/debtors/list.html"
    return render(request, template, context)


@page()
@require_safe
def panel(request: PageRequest, debtor_id: uuid.UUID) -> HttpResponseBase:
    """The panel alone, to be read anew."""
    debtor_or_404(debtor_id)
    context = {"panel": panel_context(debtor_id, request.now), "conversation_id": request.GET.get("conversation", "")}
    return render(request, "workbench/debtors/panel.html", context)


# --- one debtor


@page()
@require_safe
def debtor(request: PageRequest, debtor_id: uuid.UUID) -> HttpResponseBase:
    """/o/<slug>/debtors/<id>/?tab=: the head, and one tab with its own queries."""
    one = debtor_or_404(debtor_id)
    tab = request.GET.get("tab", "overview")
    tab = tab if tab in TABS else "overview"
    plan = outlooks([one.pk], now=request.now).get(one.pk)
    found = standing(one.pk)
    conversation = (
        Conversation.objects.filter(person_id=one.person_id).order_by("-last_inbound_at", "-updated_at").first()
    )
    context = {
        "debtor": one, "person": one.person, "creditor": one.creditor, "tab": tab,
        "tabs": [
            ("overview", gettext("Overview")), ("account", gettext("Account")), ("deals", gettext("Agreements")),
            ("messages", gettext("Messages and decisions")), ("contacts", gettext("Contacts and consent")),
            ("history", gettext("History")),
        ],
        "zone": plan.account.zone if plan else "UTC",
        **debt(found, request.now),
        "verified": any(point.identity == "verified" for point in found.contacts),
        "document": masked(one), "may_reveal": request.membership.role in LEADERS and bool(one.person.document),
        "conversation": conversation,
        "language": words.texts() and language_name(one.person.language),
        "tab_template": f"workbench/debtors/tabs/{tab}.html",
        "others": _others(one),
        **_TABS[tab](request, one, found, plan),
    }  # fmt: skip
    template = "workbench/debtors/debtor.html#inside" if htmx(request) else "workbench/debtors/debtor.html"
    return render(request, template, context)


def masked(one: Debtor) -> str:
    """The document as everybody may see it: its kind and last three signs."""
    if not one.person.document:
        return ""
    last = documents.last_digits(unseal(one.person.document, purpose="document"), 3)
    return f"{one.person.document_kind} •••{last}"


def language_name(code: str) -> str:
    """A language in the reader's own."""
    return {"es": gettext("Spanish"), "pt": gettext("Portuguese"), "en": gettext("English")}.get(code[:2], code)


def _others(one: Debtor) -> list[Debtor]:
    """The same person at other creditors that may be seen."""
    rows = Debtor.objects.filter(person_id=one.person_id).exclude(pk=one.pk).select_related("creditor")
    return list(rows.order_by("-open_minor")[:5])


def _overview(request: PageRequest, one: Debtor, found: Any, plan: Any) -> dict[str, Any]:
    today = today_in(one.creditor.country, request.now)
    return {
        "step": next_step(plan) if plan else None,
        "all_blockers": blockers(plan) if plan else [],
        "budgets": budgets_of(plan),
        "contact": plan.contact if plan else None,
        "contact_value": spoken(plan.contact.value) if plan and plan.contact else "",
        "promise": promise_card(found.promise, found, today),
        "agreement": agreement_card(found.agreement, found.instalments, today),
        "disputes": [(each, words.dispute_reason(each.reason)) for each in found.disputes],
        "timeline": timeline(one.pk, limit=15),
        "notes": notes_of(one.pk),
    }


def _account(request: PageRequest, one: Debtor, found: Any, plan: Any) -> dict[str, Any]:
    """Invoices, and the ledger with its running balance."""
    today = today_in(one.creditor.country, request.now)
    invoices = list(Invoice.objects.filter(debtor=one).order_by("due_on", "id")[:ROWS_MAX])
    numbers = {invoice.pk: invoice.number or invoice.external_id for invoice in invoices}
    running = 0
    ledger = []
    for entry in Entry.objects.filter(debtor=one).order_by("id"):
        running += entry.minor
        ledger.append({
            "at": entry.occurred_at, "kind": words.entry_kind(entry.kind), "source": words.source(entry.source),
            "invoice": numbers.get(entry.invoice_id, "") if entry.invoice_id else "",
            "money": Money.from_minor(entry.minor, entry.currency), "balance": Money.from_minor(running, entry.currency),
        })  # fmt: skip
    return {
        "invoices": [
            (invoice, days_overdue(invoice.due_on, today) if invoice.open_minor > 0 else None) for invoice in invoices
        ],
        "ledger": ledger[::-1][:ROWS_MAX], "ledger_more": max(0, len(ledger) - ROWS_MAX),
    }  # fmt: skip


def _deals(request: PageRequest, one: Debtor, found: Any, plan: Any) -> dict[str, Any]:
    """Every promise, plan, dispute and code there was."""
    today = today_in(one.creditor.country, request.now)
    plans = list(Agreement.objects.filter(debtor=one).order_by("-id")[:20])
    parts: dict[uuid.UUID, list[Instalment]] = {each.pk: [] for each in plans}
    for part in Instalment.objects.filter(agreement__in=plans).order_by("number"):
        parts[part.agreement_id].append(part)
    return {
        "promises": [
            (each, Money.from_minor(each.minor, each.currency), words.source(each.source))
            for each in Promise.objects.filter(debtor=one).order_by("-id")[:50]
        ],
        "plans": [agreement_card(each, parts[each.pk], today) for each in plans],
        "all_disputes": [
            (each, words.dispute_reason(each.reason))
            for each in Dispute.objects.filter(debtor=one).select_related("invoice").order_by("-id")[:50]
        ],
        "payables": [
            (each, words.rail(each.kind), Money.from_minor(each.minor, each.currency))
            for each in Payable.objects.filter(debtor=one).order_by("-id")[:20]
        ],
        "payments": [
            (each, Money.from_minor(each.minor, each.currency), words.source(each.source))
            for each in Payment.objects.filter(debtor=one).order_by("-id")[:50]
        ],
    }  # fmt: skip


def _messages(request: PageRequest, one: Debtor, found: Any, plan: Any) -> dict[str, Any]:
    """The last messages, and what the gate said to each wish."""
    language = words.language()
    shown = [
        {
            "row": row, "class": words.message_class(row.message_class), "origin": words.origin(row.origin),
            "why": why(row, language)[:2] if row.verdict != "allow" else [],
        }
        for row in Decision.objects.filter(debtor_id=one.pk).order_by("-id")[:60]
    ]  # fmt: skip
    return {
        "said": [
            (each, words.origin(each.source))
            for each in Message.objects.filter(debtor_id=one.pk).order_by("-at", "-id")[:60]
        ],
        "decisions": shown,
    }  # fmt: skip


def _contacts(request: PageRequest, one: Debtor, found: Any, plan: Any) -> dict[str, Any]:
    """Contact points, and every statement about consent and stops, with its evidence."""
    ours = Q(creditor_id=None) | Q(creditor_id=one.creditor_id)
    consents = list(Consent.objects.filter(ours, person_id=one.person_id).order_by("-given_at", "-id")[:100])
    stops = list(Stop.objects.filter(ours, person_id=one.person_id).order_by("-since", "-id")[:100])
    names = names_of({user for stop in stops if (user := user_of(stop.lifted_by))})
    return {
        "contacts": contacts(found.contacts, consents, plan),
        "consents": [(row, words.consent_state(row.state), words.source(row.source), evidence_words(row)) for row in consents],
        "stops": [(stop, words.stop(stop.kind), words.source(stop.source), named(stop.lifted_by, names))
                  for stop in stops],
        "budgets": budgets_of(plan),
        "preferences": preferences_of(one),
    }  # fmt: skip


def preferences_of(one: Debtor) -> dict[str, Any] | None:
    """What the debtor asked for on their own page, since when and how it came; None when they asked for nothing."""
    layer = layer_of(one.person)
    if layer is None or not layer.data:
        return None
    channel = channel_in(layer)
    return {
        "layer": layer, "channel": words.channel(channel) if channel else "",
        "hours": [(WEEKDAYS[day], ", ".join(f"{start}–{end}" for start, end in hours))
                  for day, hours in (layer.data.get("windows") or {}).items() if hours],
        "by": words.source(layer.author),
    }  # fmt: skip


def _history(request: PageRequest, one: Debtor, found: Any, plan: Any) -> dict[str, Any]:
    """Who did what to this account."""
    rows = list(
        AuditEntry.objects.filter(subject="portfolio.debtor", subject_id=str(one.pk)).order_by("-id")[:ROWS_MAX]
    )
    names = names_of({user for row in rows if (user := user_of(row.actor))})
    return {
        "entries": [
            {
                "at": row.at, "who": named(row.actor, names),
                "did": words.action(row.action), "reason": row.reason,
                "more": [(key, value) for key, value in row.after.items() if isinstance(value, str | int)][:4],
            }
            for row in rows
        ],
        "timeline": timeline(one.pk, limit=60),
    }  # fmt: skip


_TABS = {
    "overview": _overview, "account": _account, "deals": _deals, "messages": _messages, "contacts": _contacts,
    "history": _history,
}  # fmt: skip


@page(roles=LEADERS)
@require_POST
def document(request: PageRequest, debtor_id: uuid.UUID) -> HttpResponseBase:
    """The whole document, once, for who may see it; the audit says who looked."""
    one = debtor_or_404(debtor_id)
    plain = unseal(one.person.document, purpose="document") if one.person.document else ""
    note(request, one, "debtor.document_revealed", person=str(one.person_id))
    response = render(request, "workbench/debtors/document.html", {"debtor": one, "plain": plain})
    if not htmx(request):
        return render(request, "workbench/debtors/document_page.html", {"debtor": one, "plain": plain})
    return response


# --- search


@page()
@require_safe
def search_all(request: PageRequest) -> HttpResponse:
    """/o/<slug>/search/?q=: debtors, conversations and invoices that a text names; with htmx only the results."""
    text = request.GET.get("q", "").strip()[:200]
    people = search(text, 20) if text else []
    place = {person_id: number for number, person_id in enumerate(people)}
    found = list(Debtor.objects.filter(person_id__in=people).select_related("person", "creditor")[:60])
    found.sort(key=lambda each: (place[each.person_id], -each.open_minor))
    talks = sorted(
        Conversation.objects.filter(person_id__in=people).select_related("person")[:40],
        key=lambda each: (place.get(each.person_id, 99), -(each.updated_at.timestamp())),  # type: ignore[arg-type]
    )
    invoices = list(
        Invoice.objects.filter(pk__in=invoices_named(text, 20)).select_related("debtor__person", "creditor")
    )
    context = {
        "q": text, "debtors": found[:15], "conversations": [(each, spoken(each.address)) for each in talks[:10]],
        "invoices": invoices[:10], "nothing": bool(text) and not (found or talks or invoices),
    }  # fmt: skip
    template = "workbench/debtors/search.html#results" if htmx(request) else "workbench/debtors/search.html"
    return render(request, template, context)
