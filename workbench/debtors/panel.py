"""The panel beside a conversation: what is owed, what happens next, what was promised; then everything else known."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext

from compliance.decide.remaining import Budget
from compliance.models import Consent
from compliance.queries import standing_of
from kernel.money import Money
from kernel.phones import spoken
from messaging.models import Message, Note
from messaging.sequences.outlook import Plan, outlooks
from portfolio.ageing import days_overdue
from portfolio.models import Agreement, ContactPoint, Dispute, Instalment, Payment, Promise
from portfolio.places import today_in
from portfolio.queries import Standing, standing
from tenants.names import names_of
from workbench.debtors import words
from workbench.debtors.blockers import next_step

#: Lines that the panel shows of each list; the debtor's page shows all.
INVOICES_MAX = 6
TIMELINE_MAX = 10


def panel_context(debtor_id: uuid.UUID, now: datetime) -> dict[str, Any]:
    """Everything that `workbench/debtors/panel.html` shows of a debtor, in a constant number of queries.

    Inside the tenant's scope; `now` is the business clock. Raises Debtor.DoesNotExist for one that may not be seen.
    """
    found = standing(debtor_id)
    debtor, creditor, person = found.debtor, found.debtor.creditor, found.debtor.person
    plan = outlooks([debtor_id], now=now).get(debtor_id)
    today = today_in(creditor.country, now)
    known = standing_of(person.pk, now, creditor_ids=[creditor.pk])
    return {
        "debtor": debtor,
        "person": person,
        "creditor": creditor,
        "zone": plan.account.zone if plan else "UTC",
        "today": today,
        **debt(found, now),
        "next": next_step(plan) if plan else None,
        "promise": promise_card(found.promise, found, today),
        "agreement": agreement_card(found.agreement, found.instalments, today),
        "disputes": [(dispute, words.dispute_reason(dispute.reason)) for dispute in found.disputes],
        "payable": found.payable if found.payable is not None and found.payable.expires_at > now else None,
        "contacts": contacts(found.contacts, known.consents, plan),
        "consents": [(row, words.consent_state(row.state), evidence_words(row)) for row in known.consents],
        "stops": [(stop, words.stop(stop.kind), words.source(stop.source)) for stop in known.stops],
        "budgets": budgets_of(plan),
        "timeline": timeline(debtor_id, limit=TIMELINE_MAX),
        "notes": notes_of(debtor_id),
    }


def budgets_of(plan: Plan | None) -> list[Budget]:
    """What is left of the contact budget: of each span of days the rule that leaves least."""
    tightest: dict[int, Budget] = {}
    for budget in plan.outlook.budgets if plan and plan.outlook else ():
        tightest.setdefault(budget.days, budget)
    return [tightest[days] for days in sorted(tightest)]


def debt(found: Standing, now: datetime) -> dict[str, Any]:
    """The debt card: sums by currency, what is open and how old, and how old that knowledge is."""
    creditor, debtor = found.debtor.creditor, found.debtor
    today = today_in(creditor.country, now)
    sums: dict[str, int] = defaultdict(int)
    opened = [invoice for invoice in found.invoices if invoice.open_minor > 0]
    for invoice in opened:
        sums[invoice.currency] += invoice.open_minor
    surplus = sums.get(debtor.currency, 0) - debtor.open_minor
    hours = creditor.balance_max_age_hours
    late = [invoice for invoice in opened if invoice.due_on < today]
    return {
        "totals": [Money.from_minor(minor, currency) for currency, minor in sorted(sums.items())]
        or [Money.from_minor(0, debtor.currency)],
        "overdue": sum(invoice.open_minor for invoice in late if invoice.currency == debtor.currency),
        "surplus": Money.from_minor(surplus, debtor.currency) if surplus > 0 else None,
        "oldest_due": opened[0].due_on if opened else None,
        "days_late": days_overdue(opened[0].due_on, today) if opened else None,
        "stale": bool(
            opened and hours and (debtor.balance_as_of is None or now - debtor.balance_as_of > timedelta(hours=hours))
        ),
        "open_invoices": [(invoice, days_overdue(invoice.due_on, today)) for invoice in opened],
        "other_invoices": [invoice for invoice in found.invoices if invoice.open_minor <= 0],
        "invoices_max": INVOICES_MAX,
    }


def promise_card(promise: Promise | None, found: Standing, today: date) -> dict[str, Any] | None:
    """An open promise and how far it is kept."""
    if promise is None:
        return None
    paid = min(max(promise.open_minor_before - found.debtor.open_minor, 0), promise.minor)
    return {
        "promise": promise,
        "paid": Money.from_minor(paid, promise.currency),
        "amount": Money.from_minor(promise.minor, promise.currency),
        "percent": paid * 100 // promise.minor if promise.minor else 0,
        "days_left": (promise.due_on - today).days,
        "source": words.source(promise.source),
    }


def agreement_card(agreement: Agreement | None, parts: Iterable[Instalment], today: date) -> dict[str, Any] | None:
    """A plan, proposed or kept, instalment by instalment."""
    if agreement is None:
        return None
    listed = []
    following = None
    paid = 0
    for part in parts:
        settled = part.paid_minor >= part.minor
        paid += part.paid_minor
        if not settled and following is None:
            following = part
        state = "paid" if settled else "overdue" if part.due_on < today else "open"
        listed.append((part, state, Money.from_minor(part.minor, agreement.currency)))
    return {
        "agreement": agreement,
        "parts": listed,
        "total": Money.from_minor(agreement.total_minor, agreement.currency),
        "paid": Money.from_minor(paid, agreement.currency),
        "percent": paid * 100 // agreement.total_minor if agreement.total_minor else 0,
        "next": following,
        "next_amount": Money.from_minor(following.minor - following.paid_minor, agreement.currency)
        if following
        else None,
    }


def contacts(points: Iterable[ContactPoint], consents: Iterable[Consent], plan: Plan | None) -> list[dict[str, Any]]:
    """Contact points with whose they are, where they come from, how sure we are and what may be sent there."""
    stated = list(consents)
    chosen = plan.contact.pk if plan and plan.contact else None
    shown = []
    for point in points:
        own = [row for row in stated if row.contact_point_id in (None, point.pk) and row.purpose == "collection"]
        newest = max(own, key=lambda row: (row.given_at, row.pk), default=None)
        shown.append({
            "point": point,
            "value": spoken(point.value) if point.kind == "phone" else point.value,
            "role": words.role(point.role),
            "source": words.source(str(point.provenance.get("source") or "unknown")),
            "supplied_by": words.supplier(str(point.provenance.get("supplied_by") or "unknown")),
            "lawful": point.provenance.get("supplied_by") == "debtor",
            "on": _day(point.provenance.get("on")),
            "identity": words.identity(point.identity),
            "method": words.method(point.identity_method) if point.identity_method else "",
            "consent": newest,
            "consent_words": words.consent_state(newest.state) if newest else gettext("No consent on record"),
            "used": point.pk == chosen,
        })  # fmt: skip
    shown.sort(key=lambda row: (not row["used"], row["point"].identity == "wrong_person"))
    return shown


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(str(text)) if text else None
    except ValueError:
        return None


def evidence_words(row: Consent) -> list[tuple[str, str]]:
    """A consent's evidence, name by name; [] where none was given."""
    labels = {
        "wording": gettext("Wording"), "exact_wording": gettext("Wording"), "version": gettext("Version"),
        "wording_version": gettext("Version"), "how": gettext("How"), "collected_how": gettext("How"),
        "by": gettext("By"), "collector": gettext("By"), "who": gettext("Who"), "when": gettext("When"),
        "collected_on": gettext("Collected on"), "document": gettext("Document"), "sha256": "SHA-256",
        "source_document_hash": gettext("Hash of the document"), "method": gettext("Method"),
        "number": gettext("Number"), "wa_number": gettext("Number"), "message_id": gettext("Message at WhatsApp"),
        "message": gettext("Message"), "recorded_by": gettext("Recorded by"), "synthetic": gettext("Synthetic"),
        "creditor_named": gettext("Names the creditor"), "channel_whatsapp": gettext("Names WhatsApp"),
        "purpose_includes_collection": gettext("Names collection"), "collected_at_utc": gettext("When (UTC)"),
        "answer": gettext("Answer"), "asked_message": gettext("Question"),
        "asked_message_id": gettext("Question at WhatsApp"), "code": gettext("Reference"), "link": gettext("Which link"),
        "identity": gettext("Identity then"), "attested_by": gettext("Attested by"), "clause": gettext("Clause"),
    }  # fmt: skip
    return [(labels.get(key, key.replace("_", " ")), _said(key, value)) for key, value in row.evidence.items() if value]


def _said(key: str, value: Any) -> str:
    if value is True:
        return gettext("yes")
    if key in ("how", "collected_how", "collector"):
        return words.source(str(value))
    if key == "identity":
        return words.identity(str(value))
    return str(value)


def notes_of(debtor_id: uuid.UUID, limit: int = 4) -> list[dict[str, Any]]:
    """What colleagues wrote about a debtor, the newest first."""
    rows = list(Note.objects.filter(debtor_id=debtor_id, kind=Note.Kind.NOTE).order_by("-at", "-id")[:limit])
    names = names_of({user for row in rows if (user := user_of(row.author))})
    return [{"text": row.text, "at": row.at, "author": named(row.author, names)} for row in rows]


def user_of(actor: str) -> uuid.UUID | None:
    """The person behind an actor ("user:<id>"); None for machines."""
    head, _, key = actor.partition(":")
    try:
        return uuid.UUID(key) if head in ("user", "agent") else None
    except ValueError:
        return None


def named(actor: str, names: dict[uuid.UUID, str]) -> str:
    """What an actor is called; a machine by its own word."""
    user = user_of(actor)
    return names.get(user, "") if user else words.source(actor)


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of the timeline."""

    at: datetime
    icon: str
    text: str
    money: Money | None = None
    tone: str = ""
    conversation_id: uuid.UUID | None = None


def timeline(debtor_id: uuid.UUID, *, limit: int) -> list[Happened]:
    """What happened last with a debtor, the newest first: messages, money, promises, plans, disputes."""
    said = Message.objects.filter(debtor_id=debtor_id).order_by("-at", "-id")[:limit]
    found = [_message(message) for message in said]
    for payment in Payment.objects.filter(debtor_id=debtor_id).order_by("-id")[:limit]:
        money = Money.from_minor(payment.minor, payment.currency)
        text = gettext("Credit") if payment.kind == "credit" else gettext("Payment")
        found.append(Happened(payment.paid_at, "cash", text, money, "green"))
        if payment.reversed_at:
            found.append(Happened(payment.reversed_at, "arrow-back-up", gettext("Payment reversed"), money, "red"))
    for promise in Promise.objects.filter(debtor_id=debtor_id).order_by("-id")[:limit]:
        money = Money.from_minor(promise.minor, promise.currency)
        found.append(Happened(promise.created_at, "calendar", gettext("Promise"), money))
        if promise.decided_at and promise.state in ("kept", "broken"):
            kept = promise.state == "kept"
            text = gettext("Promise kept") if kept else gettext("Promise broken")
            found.append(
                Happened(promise.decided_at, "check" if kept else "x", text, money, "green" if kept else "red")
            )
    for plan in Agreement.objects.filter(debtor_id=debtor_id).order_by("-id")[:limit]:
        money = Money.from_minor(plan.total_minor, plan.currency)
        found.append(Happened(plan.created_at, "file-text", gettext("Plan offered"), money))
        if plan.accepted_at:
            found.append(Happened(plan.accepted_at, "heart-handshake", gettext("Agreement accepted"), money, "green"))
        if plan.state in ("broken", "rejected", "cancelled"):
            text = {
                "broken": gettext("Agreement broken"),
                "rejected": gettext("Plan rejected"),
                "cancelled": gettext("Plan cancelled"),
            }[plan.state]
            found.append(Happened(plan.updated_at, "x", text, money, "red" if plan.state == "broken" else ""))
    for dispute in Dispute.objects.filter(debtor_id=debtor_id).order_by("-id")[:limit]:
        text = gettext("Dispute %(reference)s") % {"reference": dispute.reference}
        found.append(Happened(dispute.opened_at, "flag", text, None, "amber"))
        if dispute.closed_at:
            text = gettext("Dispute %(reference)s closed") % {"reference": dispute.reference}
            found.append(Happened(dispute.closed_at, "check", text))
    found.sort(key=lambda line: line.at, reverse=True)
    return found[:limit]


def _message(message: Message) -> Happened:
    words_of = message.text.replace("\n", " ").strip()
    short = words_of if len(words_of) <= 90 else words_of[:88].rstrip() + "…"
    if message.direction == "in":
        symbol, tone = "message", ""
    elif message.state == "withdrawn":
        symbol, tone, short = "ban", "red", gettext("Not sent: %(text)s") % {"text": short}
    elif message.state == "waiting":
        symbol, tone, short = "clock", "amber", gettext("Held back: %(text)s") % {"text": short}
    else:
        symbol, tone = "send", ""
    return Happened(message.at, symbol, short, None, tone, message.conversation_id)
