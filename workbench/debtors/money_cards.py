"""The cards about money: a promise in one line, a plan within the policy, a code to pay with, a payment by hand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext, gettext_lazy

from kernel.errors import DomainError
from kernel.money import Money
from messaging.bot import offers
from messaging.bot.cards import conversation_for, send_payable, send_plan
from messaging.sequences.services import pause_for, refresh
from portfolio.instalments import schedule
from portfolio.models import Agreement, Debtor, Invoice, Payment, Promise
from portfolio.queries import balance, due_now
from portfolio.services import (
    Policy,
    accept_agreement,
    close_agreement,
    create_payable,
    create_promise,
    propose_agreement,
    record_payment,
)
from portfolio.services.payables import PAYABLE_DAYS, kind_for
from portfolio.services.promises import MAX_DAYS
from workbench.access import PageRequest
from workbench.debtors import words
from workbench.debtors.acts import LEADERS, Card, Done, note, sent_words, source_of
from workbench.debtors.forms import CardForm, PayableForm, PaymentForm, PlanForm, PromiseForm, midday, promised

# --- promise


def last_promise_day(debtor: Debtor, today: date) -> date:
    """The latest day that a promise may name."""
    return today + timedelta(days=int(debtor.creditor.policy.get("max_promise_days", MAX_DAYS)))


def understood(debtor: Debtor, text: str, today: date) -> dict[str, Any]:
    """What a line means for this debtor: the day, the amount (all that is open unless it says less), what is wrong."""
    read, wrong = promised(debtor, text, today)
    opened = balance(debtor)
    money = opened if read.amount is None or wrong else Money(read.amount, debtor.currency)
    last = last_promise_day(debtor, today)
    if opened.minor <= 0:
        wrong = gettext("Nothing is open that could be promised.")
    elif wrong:
        pass
    elif read.on is None:
        wrong = gettext("Name a day: “fri 15/8 500”, “tomorrow 200”.")
    elif not today <= read.on <= last:
        wrong = gettext("This day is not within what the creditor allows.")
    elif not 0 < money.minor <= opened.minor:
        wrong = gettext("More than what is open.")
    return {
        "on": read.on, "money": money, "whole": read.amount is None or money == opened, "wrong": wrong,
        "opened": opened, "last": last, "days": (read.on - today).days if read.on else None,
    }  # fmt: skip


def promise_preview(request: PageRequest, debtor: Debtor) -> HttpResponseBase | None:
    """The part under the line while somebody types."""
    if "preview" not in request.GET:
        return None
    form = PromiseForm(debtor=debtor, now=request.now)
    text = request.GET.get("text", "")
    context = {"said": understood(debtor, text, form.today), "typed": text.strip(), "creditor": debtor.creditor}
    return render(request, "workbench/debtors/cards/promise.html#preview", context)


def promise(request: PageRequest, debtor: Debtor, form: CardForm) -> Done:
    """Record what the debtor promised."""
    said = understood(debtor, form.cleaned_data["text"], form.today)
    if said["on"] is None:
        raise DomainError("promise_date", "name the day that they promise, like 15/8", pointer="/text")
    known = Promise.objects.filter(
        debtor=debtor, state="open", due_on=said["on"], minor=said["money"].minor, currency=debtor.currency
    ).first()
    if known is None:
        try:
            made = create_promise(debtor, said["money"], said["on"], now=request.now, source=source_of(request))
        except DomainError as error:
            raise DomainError(error.code, error.template, pointer="/text", **error.params) from error
        note(request, debtor, "debtor.promise", promise=str(made.pk), due_on=made.due_on.isoformat(), minor=made.minor)
        refresh([debtor.pk], now=request.now)
    return Done(gettext("Promise recorded: nothing is asked until that day is over."))


PROMISE = Card(
    name="debtor-promise", title=gettext_lazy("Promise to pay"), form=PromiseForm, do=promise, part=promise_preview,
    context=lambda request, debtor, form: {
        "said": understood(debtor, str(form["text"].value() or ""), form.today),
        "typed": str(form["text"].value() or ""),
    },
)  # fmt: skip


# --- plan


def plan_options(debtor: Debtor, form: CardForm) -> dict[str, Any]:
    """Up to four plans within the policy, each date by date, and the policy in figures."""
    policy = Policy.of(debtor.creditor)
    minor = sum(
        Invoice.objects.filter(debtor=debtor, open_minor__gt=0, disputed_at=None, withdrawn_at=None).values_list(
            "open_minor", flat=True
        )
    )
    opened = Money.from_minor(minor, debtor.currency)
    counts = offers.plan_counts(minor, most=policy.max_instalments, least_minor=policy.min_instalment_minor)
    chosen = _whole(form["count"].value())
    if chosen and chosen not in counts and 1 <= chosen <= policy.max_instalments:
        counts = sorted({*counts, chosen})[:4]
    first = _date(form["first_on"].value()) or offers.first_on(form.today, policy.max_grace_days)
    every = str(form["every"].value() or "month")
    total = opened
    if form.is_bound and form.is_valid() and form.cleaned_data.get("total"):
        total = form.cleaned_data["total"]
    rows = []
    for count in counts:
        try:
            parts = schedule(total, count, first, every)  # type: ignore[arg-type]
        except DomainError:
            continue
        rows.append({"count": count, "parts": parts, "each": parts[0].amount, "last": parts[-1].due_on})
    return {
        "options": rows, "policy": policy, "opened": opened, "first": first, "every": every, "chosen": chosen,
        "last_first": form.today + timedelta(days=policy.max_grace_days),
        "least": Money.from_minor(policy.min_instalment_minor, debtor.currency) if policy.min_instalment_minor else None,
        "proposed": Agreement.objects.filter(debtor=debtor, state="proposed").order_by("-id").first(),
        "active": Agreement.objects.filter(debtor=debtor, state="active").first(),
        "can_send": conversation_for(debtor) is not None,
    }  # fmt: skip


def plan_preview(request: PageRequest, debtor: Debtor) -> HttpResponseBase | None:
    """The options again for other dates."""
    if "preview" not in request.GET:
        return None
    form = PlanForm(request.GET, debtor=debtor, now=request.now)
    context = {"form": form, "creditor": debtor.creditor, "debtor": debtor, **plan_options(debtor, form)}
    return render(request, "workbench/debtors/cards/plan.html#options", context)


def plan(request: PageRequest, debtor: Debtor, form: CardForm) -> Done:
    """Offer a plan to the debtor, or record that they accepted it."""
    data = form.cleaned_data
    accepted = data["how"] == "accepted"
    agreement = propose_agreement(
        debtor, count=data["count"], first_on=data["first_on"], every=data["every"] or "month", total=data["total"],
        now=request.now, source=source_of(request), external_id=f"agent:{form.token}",
    )  # fmt: skip
    if accepted:
        if agreement.state == "proposed":
            agreement = accept_agreement(agreement, now=request.now, source=source_of(request))
            note(
                request, debtor, "debtor.plan_accepted", agreement=str(agreement.pk), instalments=data["count"],
                evidence=data["evidence"],
            )  # fmt: skip
            refresh([debtor.pk], now=request.now)
        return Done(gettext("Agreement recorded: its instalments are followed from now on."))
    requests = send_plan(
        debtor, agreement, actor=request.actor, once=form.token, now=request.now, conversation_id=data["conversation"]
    )
    note(
        request, debtor, "debtor.plan", agreement=str(agreement.pk), instalments=data["count"],
        requests=[str(each.pk) for each in requests],
    )  # fmt: skip
    text, tone = sent_words(requests)
    refused = next((each for each in requests if each.verdict != "allow"), None)
    return Done(
        gettext("Plan offered. %(sent)s") % {"sent": text}, tone,
        {"refused": refused} if refused is not None and refused.verdict == "deny" else {},
    )  # fmt: skip


PLAN = Card(
    name="debtor-plan", title=gettext_lazy("Payment plan"), form=PlanForm, do=plan, part=plan_preview,
    initial=lambda request, debtor: {
        "every": "month", "how": "offer",
        "first_on": offers.first_on(
            PlanForm(debtor=debtor, now=request.now).today, Policy.of(debtor.creditor).max_grace_days
        ),
    },
    context=lambda request, debtor, form: plan_options(debtor, form),
)  # fmt: skip


def cancel_plan(request: PageRequest, debtor: Debtor, form: CardForm) -> Done:
    """Take an offer back, or end a plan that is kept."""
    agreement = Agreement.objects.filter(debtor=debtor, state__in=["proposed", "active"]).order_by("state").first()
    if agreement is not None:
        close_agreement(agreement, now=request.now, reason=request.POST.get("reason", "")[:100])
        note(
            request, debtor, "debtor.plan_cancelled", agreement=str(agreement.pk), reason=request.POST.get("reason", "")
        )
        refresh([debtor.pk], now=request.now)
    return Done(gettext("The plan was cancelled."))


# --- payable


def payable(request: PageRequest, debtor: Debtor, form: CardForm) -> Done:
    """Make the code or link that fits, and send it into the conversation as the assistant does."""
    made = create_payable(debtor, now=request.now, money=form.cleaned_data["amount"], source=source_of(request))
    shown = {"payable": made, "rail": words.rail(made.kind), "creditor": debtor.creditor}
    if form.cleaned_data["how"] == "show":
        note(request, debtor, "debtor.payable", payable=str(made.pk), minor=made.minor, shown=True)
        return Done(gettext("Here it is: read it out or copy it."), show=shown)
    requests = send_payable(
        debtor, made, actor=request.actor, once=form.token, now=request.now,
        conversation_id=form.cleaned_data["conversation"],
    )  # fmt: skip
    note(
        request, debtor, "debtor.payable", payable=str(made.pk), minor=made.minor,
        requests=[str(each.pk) for each in requests],
    )  # fmt: skip
    text, tone = sent_words(requests)
    refused = next((each for each in requests if each.verdict == "deny"), None)
    return Done(text, tone, {**shown, "refused": refused} if refused is not None else {})


def payable_context(request: PageRequest, debtor: Debtor, form: CardForm) -> dict[str, Any]:
    """What would be asked for, by which rail, until when."""
    days = int(debtor.creditor.policy.get("payable_days", PAYABLE_DAYS))
    return {
        "due": due_now(debtor, form.today), "rail": words.rail(kind_for(debtor.creditor, debtor.currency)),
        "opened": balance(debtor), "expires_on": form.today + timedelta(days=days),
        "can_send": conversation_for(debtor) is not None,
    }  # fmt: skip


PAYABLE = Card(
    name="debtor-payable", title=gettext_lazy("Send a payment code"), form=PayableForm, do=payable,
    context=payable_context,
)  # fmt: skip


# --- payment


def payment(request: PageRequest, debtor: Debtor, form: CardForm) -> Done:
    """Record money that arrived; from an agent it is a claim that somebody verifies, and nothing is asked meanwhile."""
    data = form.cleaned_data
    if request.membership.role not in LEADERS:
        pause_for(debtor.person_id, reason="to_verify", now=request.now)
        note(
            request, debtor, "debtor.payment_claimed", minor=data["amount"].minor, currency=data["amount"].currency,
            paid_on=data["paid_on"].isoformat(), method=data["method"], reference=data["reference"],
        )  # fmt: skip
        return Done(gettext("Noted: reminders rest until a supervisor has looked at it."))
    invoice = Invoice.objects.filter(debtor=debtor, pk=data["invoice"]).first() if data["invoice"] else None
    external_id = f"hand:{form.token}"
    known = Payment.objects.filter(creditor_id=debtor.creditor_id, external_id=external_id).exists()
    made = record_payment(
        debtor.creditor, debtor, external_id, data["amount"],
        paid_at=midday(data["paid_on"], debtor.creditor, request.now), now=request.now, source=source_of(request),
        method=data["method"], invoice=invoice,
    )  # fmt: skip
    if not known:
        note(
            request, debtor, "debtor.payment", payment=str(made.pk), minor=made.minor, currency=made.currency,
            reference=data["reference"], method=data["method"],
        )  # fmt: skip
        refresh([debtor.pk], now=request.now)
    return Done(gettext("Payment recorded."))


PAYMENT = Card(
    name="debtor-payment", title=gettext_lazy("Record a payment"), form=PaymentForm, do=payment,
    initial=lambda request, debtor: {"paid_on": PaymentForm(debtor=debtor, now=request.now).today},
    context=lambda request, debtor, form: {
        "opened": balance(debtor),
        "payments": [
            (each, Money.from_minor(each.minor, each.currency), words.source(each.source))
            for each in Payment.objects.filter(debtor=debtor).order_by("-id")[:5]
        ],
    },
)  # fmt: skip


def _whole(value: Any) -> int | None:
    return int(value) if str(value or "").isdigit() else None


def _date(value: Any) -> date | None:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value)) if value else None
    except ValueError:
        return None
