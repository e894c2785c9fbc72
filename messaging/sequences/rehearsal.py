"""Who gets what on a day, if nothing else happens: the steps that fall due, their texts, and what the gate would say.

Everything is read and nothing is written: no wish, no conversation, no decision, no reservation.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from compliance.decide import Decision
from compliance.services import Ask
from compliance.services.foreseeing import preview_many
from kernel.errors import DomainError
from kernel.ids import uuid7
from messaging.message_templates.choose import TemplateShelf
from messaging.models import Conversation, Enrolment, MessageTemplate, SequenceVersion
from messaging.models import Sequence as DunningSequence
from messaging.sending.channel_facts import Channels, conversations_of
from messaging.sending.drafts import missing_of
from messaging.sending.wishes import Wish, render
from messaging.sequences.decide import Step, Touch, carry_over, instant_of, next_touch
from messaging.sequences.services import Account, accounts, steps_in
from portfolio.models import ContactPoint
from portfolio.places import today_in

#: Debtors of whom the gate is asked; beyond that only the steps are counted.
ASKED_MAX = 1000
SAMPLES_MAX = 6
_SPREAD = 300


@dataclass(slots=True)
class StepOutlook:
    """One step of the day: how many are due, and what would become of those who were asked about."""

    code: str
    stage: str
    due: int = 0
    asked: int = 0
    allow: int = 0
    later: int = 0  # the gate would let them wait
    blocked: int = 0
    templates: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Sample:
    """One message as it would read."""

    debtor_id: uuid.UUID
    name: str
    step: str
    template: str
    text: str
    verdict: str
    at: datetime


@dataclass(slots=True)
class Outlook:
    """A day's outlook. `asked` of `due` debtors were put to the gate; `blockers` counts rules and other obstacles."""

    on: date
    running: int
    due: int = 0
    asked: int = 0
    steps: list[StepOutlook] = field(default_factory=list)
    blockers: Counter[str] = field(default_factory=Counter)  # rule ids
    obstacles: Counter[str] = field(default_factory=Counter)  # codes of what stands before the gate
    samples: list[Sample] = field(default_factory=list)

    @property
    def allow(self) -> int:
        """Messages that would go out."""
        return sum(step.allow for step in self.steps)

    @property
    def later(self) -> int:
        """Messages that would wait for their hour or day."""
        return sum(step.later for step in self.steps)

    @property
    def blocked(self) -> int:
        """Messages that would not go out."""
        return sum(step.blocked for step in self.steps)


@dataclass(frozen=True, slots=True)
class _Due:
    debtor_id: uuid.UUID
    touch: Touch


def rehearse(sequence: DunningSequence, version: SequenceVersion, *, on: date, moved: bool, now: datetime) -> Outlook:
    """The outlook of a sequence for a civil day `on` (today or later) of its country.

    With `moved` everybody who runs is taken to be on `version`, at the place that `carry_over` gives them; without it
    everybody stays on their own edition. What falls due before that day is taken to have gone out.
    """
    own = {row.pk: steps_in(row) for row in SequenceVersion.objects.filter(sequence=sequence)}
    target, today = steps_in(version), today_in(sequence.country, now)
    running = list(
        Enrolment.objects.filter(sequence=sequence, state__in=[Enrolment.State.ACTIVE, Enrolment.State.PAUSED])
        .order_by("pk")
        .values_list("debtor_id", "version_id", "state", "reason", "paused_until", "last_step", "invoice__due_on")
    )
    found: list[_Due] = []
    for debtor_id, version_id, state, reason, until, last, due_on in running:
        if due_on is None or (state == Enrolment.State.PAUSED and not _over(until, on)):
            continue
        steps = own[version_id]
        if moved:
            last, steps = carry_over(last, steps, target), target
        touch = _touch_on(steps, due_on, last, today=today, on=on, blocked=reason.startswith("blocked:"))
        if touch is not None:
            found.append(_Due(debtor_id, touch))
    outlook = Outlook(on=on, running=len(running), due=len(found))
    by_code: dict[str, StepOutlook] = {}
    for each in found:
        code = each.touch.code.partition(".")[0]
        step = by_code.setdefault(code, StepOutlook(code, each.touch.stage))
        step.due += 1
    outlook.steps = sorted(by_code.values(), key=lambda step: _place(target, step.code))
    _ask(outlook, _spread(found, ASKED_MAX), by_code, on=on, now=now)
    return outlook


def _over(until: datetime | None, on: date) -> bool:
    return until is not None and until.date() <= on


def _touch_on(steps: Sequence[Step], due_on: date, last: str, *, today: date, on: date, blocked: bool) -> Touch | None:
    """The touch that falls due on the day, when those before it went out; one that is kept back stays due."""
    day = today
    while day < on and not blocked:
        touch = next_touch(steps, due_on, last=last, today=day)
        if touch is None:
            return None
        if touch.on > day:
            day = min(touch.on, on)
            continue
        last = touch.code
    touch = next_touch(steps, due_on, last=last, today=on)
    return touch if touch is not None and touch.on <= on else None


def _spread(found: Sequence[_Due], most: int) -> list[_Due]:
    """At most so many, taken evenly, so that every step is among them."""
    if len(found) <= most:
        return list(found)
    return [found[place * len(found) // most] for place in range(most)]


def _place(steps: Sequence[Step], code: str) -> int:
    return next((place for place, step in enumerate(steps) if step.code == code), len(steps))


def _ask(
    outlook: Outlook, chosen: Sequence[_Due], by_code: dict[str, StepOutlook], *, on: date, now: datetime
) -> None:  # fmt: skip
    """Put the chosen ones to the gate, each at its own instant of the day."""
    loaded = {account.debtor.pk: account for account in accounts(each.debtor_id for each in chosen)}
    shelf = TemplateShelf()
    shelf.prefetch(loaded.values())
    templates = {str(row.pk): row for row in MessageTemplate.objects.filter(status=MessageTemplate.Status.APPROVED)}
    ready: list[tuple[_Due, Account, Wish, datetime]] = []
    for each in chosen:
        account, step = loaded[each.debtor_id], by_code[each.touch.code.partition(".")[0]]
        step.asked += 1
        outlook.asked += 1
        at = max(now, instant_of(
            Touch(each.touch.code, each.touch.stage, on, each.touch.at), zone=account.zone,
            spread_key=str(account.debtor.external_id), spread_minutes=_SPREAD,
        ))  # fmt: skip
        if (why := _stands(account)) is not None:
            step.blocked += 1
            outlook.obstacles[why] += 1
            continue
        open_ones = [invoice for invoice in account.invoices if invoice.disputed_at is None]
        try:
            wish = shelf.speak(
                account, open_ones, stage=each.touch.stage, now=at, origin_kind="step", origin_id="rehearsal",
                actor="system:rehearsal",
            )  # fmt: skip
        except DomainError as error:
            step.blocked += 1
            outlook.obstacles[error.code] += 1
            continue
        ready.append((each, account, wish, at))
    if not ready:
        return
    answers = preview_many(_asks(ready, shelf, templates, now=min(at for *_, at in ready)))
    for (each, account, wish, at), decision in zip(ready, answers, strict=True):
        _count(outlook, by_code[each.touch.code.partition(".")[0]], each, account, wish, at, decision, templates)


def _stands(account: Account) -> str | None:
    """What in the account keeps the sequence quiet."""
    if account.debtor.withdrawn_at or not account.invoices:
        return "paid"
    if account.agreement is not None:
        return "agreement"
    if account.disputed or account.carrying is None:
        return "dispute"
    return "promise" if account.promise is not None else None


def _asks(
    ready: Sequence[tuple[_Due, Account, Wish, datetime]], shelf: TemplateShelf, templates: dict[str, MessageTemplate],
    *, now: datetime,
) -> list[tuple[Ask, datetime]]:  # fmt: skip
    channels = Channels(now=now)
    points = {
        point.pk: point
        for point in ContactPoint.objects.filter(pk__in=[wish.contact_point_id for _, _, wish, _ in ready])
    }
    keys = set()
    for _, account, wish, _ in ready:
        point = points[wish.contact_point_id]  # type: ignore[index]
        keys.add((shelf.number(account, now=now).pk, point.kind, point.value))
    threads = conversations_of(keys)
    asks = []
    for _, account, wish, at in ready:
        point, number = points[wish.contact_point_id], shelf.number(account, now=now)  # type: ignore[index]
        template = templates[str(wish.content["template_id"])]
        thread = threads.get((number.pk, point.kind, point.value)) or Conversation(
            number=number,
            address_kind=point.kind,
            address=point.value,  # never saved: a thread that would be opened
        )
        ask = Ask(
            request_id=uuid7(), origin="step", actor=wish.actor, message_class=wish.message_class, channel="whatsapp",
            disclosure=template.disclosure, flags=frozenset(template.flags), missing=missing_of(template),
            creditor_id=wish.creditor_id, debtor_id=wish.debtor_id, person_id=account.person.pk,
            contact_point_id=point.pk, invoice_ids=wish.invoice_ids,
            channel_facts=channels.facts(thread, wish.creditor_id, template_id=template.pk),
        )  # fmt: skip
        asks.append((ask, at))
    return asks


def _count(
    outlook: Outlook, step: StepOutlook, each: _Due, account: Account, wish: Wish, at: datetime, decision: Decision,
    templates: dict[str, MessageTemplate],
) -> None:  # fmt: skip
    template = templates[str(wish.content["template_id"])]
    step.templates[template.name] += 1
    if decision.verdict == "allow":
        step.allow += 1
    elif decision.verdict == "defer":
        step.later += 1
    else:
        step.blocked += 1
    outlook.blockers.update(set(decision.rules))
    shown = [sample for sample in outlook.samples if sample.step == step.code]
    if len(outlook.samples) < SAMPLES_MAX and len(shown) < 2:
        text = render(template.body, wish.content.get("variables") or {})
        outlook.samples.append(
            Sample(account.debtor.pk, account.person.name, step.code, template.name, text, decision.verdict, at)
        )


def tomorrow(sequence: DunningSequence, now: datetime) -> date:
    """The civil day after today in the sequence's country."""
    return today_in(sequence.country, now) + timedelta(days=1)
