"""The tour: six things to see in five minutes, each with what to do and where; what was done is read from the rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from compliance.models import Decision, EvidencePack
from messaging.desk.about import debtor_of
from messaging.desk.answering import templates_for
from messaging.desk.checking import truth_of
from messaging.models import Conversation, Message
from monitoring.models import Alert
from portfolio.models import Payment
from portfolio.places import zone_of
from tenants.models import AuditEntry, Membership, Tenant
from workbench.clock.queries import target
from workbench.start.world import within

Role = Membership.Role
#: Conversations that are asked after before the tour takes whichever there is.
LOOKED_AT = 15


@dataclass(frozen=True, slots=True)
class Step:
    """One of the six. `asked` are the things to do in it, `look` what is worth looking at."""

    number: int
    role: str
    title: str | Promise
    asked: tuple[str | Promise, ...]
    look: str | Promise
    #: Addresses to try, the first that exists is shown; "conversation" is the player's, "rested" one with somebody whom
    #: only the Sunday keeps from being written to.
    pages: tuple[str, ...]
    phone: bool = False

    def asked_in(self, country: str) -> list[str]:
        """The things to do, with the words that are written in that country."""
        return [str(each) % {"threat": THREATS.get(country, THREATS[""])} for each in self.asked]


#: A threat without a swear word, in the language of the organisation's conversations, by country.
THREATS = {"": "voy a llamar a tu jefe", "BR": "vou ligar para o seu chefe"}

STEPS = (
    Step(
        1, Role.AGENT, _("A debtor pays in the chat"),
        (
            _("On the phone, say that it is you and answer the question that only this person can answer."),
            _("Ask to pay and open the payment: the code is valid, digit by digit."),
            _("Pay at the simulated bank."),
        ),
        _("The conversation beside it hears everything within a second: the receipt, and which reminders were called off."),
        ("conversation", "inbox"), phone=True,
    ),
    Step(
        2, Role.AGENT, _("A threat does not leave the house"),
        (
            _("In the conversation, write: “%(threat)s”, and press Enter."),
            _("Take the kinder version with Tab."),
        ),
        _("No swear word in it, and it is refused all the same: the words are marked, the rule and its law are named."),
        ("conversation", "inbox"), phone=True,
    ),
    Step(
        3, Role.SUPERVISOR, _("The supervisor knows at once"),
        (_("Open the newest alert and review it: V for a violation, F for a false alarm."),),
        _("That very message, in its conversation, with the rule and the agent’s words."),
        ("review", "supervisor"),
    ),
    Step(
        4, Role.AGENT, _("On Sunday nobody is written to"),
        (
            _("Open the clock above and go to Sunday."),
            _("Try to write."),
        ),
        _("The law, its citation, and the first minute at which it is allowed again; and what may be done now."),
        ("rested", "conversation", "inbox"),
    ),
    Step(
        5, Role.SUPERVISOR, _("Thirty days in minutes"),
        (_("Open the clock above and play 30 days."),),
        _("Every send has a decision: the parts of the gate add up. Money comes in, by age, and is called simulated."),
        ("supervisor", "debtors"),
    ),
    Step(
        6, Role.SUPERVISOR, _("Proof, not screenshots"),
        (
            _("Open the receipt of a decision: every rule, every fact, every version."),
            _("Export the evidence, change one line of it, and let the verifier look."),
        ),
        _("The verifier names the line that was changed. It runs without us."),
        ("decision", "evidence", "review", "debtors"),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tour is: the organisation, the debtor who is played, since when (by both clocks)."""

    tenant: Tenant
    player: dict[str, Any] | None
    since: datetime
    business_since: datetime
    #: Whether a receipt was open before the visitor's eyes.
    receipt: bool = False


def done(place: Place) -> set[int]:
    """The numbers of the steps that were done since the tour began."""
    checks: dict[int, Callable[[Place], bool]] = {
        1: _paid,
        2: _refused,
        3: _reviewed,
        4: _sunday,
        5: _played,
        6: _proved,
    }
    with within(place.tenant):
        return {number for number, check in checks.items() if check(place)}


def _paid(place: Place) -> bool:
    payments = Payment.objects.filter(
        kind="payment", reversed_at=None, payable_id__isnull=False, recorded_at__gte=place.business_since
    )
    if place.player is not None:
        payments = payments.filter(debtor__external_id=place.player["debtor"])
    return payments.exists()


def _refused(place: Place) -> bool:
    return Decision.objects.filter(origin="agent", verdict="deny", recorded_at__gte=place.since).exists()


def _reviewed(place: Place) -> bool:
    decided = AuditEntry.objects.filter(action__startswith="alert.", at__gte=place.since)
    return decided.exists() or Alert.objects.filter(decided_at__gte=place.business_since).exists()


def _plays(place: Place) -> list[tuple[datetime, datetime]]:
    entries = AuditEntry.objects.filter(action="clock.play", at__gte=place.since).values_list("after", flat=True)
    return [(datetime.fromisoformat(each["from"]), datetime.fromisoformat(each["to"])) for each in entries]


def _sunday(place: Place) -> bool:
    zone = zone_of(place.tenant.country)
    return any(to.astimezone(zone).weekday() == 6 and to - start < timedelta(days=8) for start, to in _plays(place))


def _played(place: Place) -> bool:
    now = place.tenant.clock().now()
    return any(to - start >= timedelta(days=29) and now >= to - timedelta(hours=1) for start, to in _plays(place))


def _proved(place: Place) -> bool:
    return place.receipt or EvidencePack.objects.filter(made_at__gte=place.since).exists()


def page_for(step: Step, place: Place) -> str:
    """The address that a step begins at: the first of its pages that exists."""
    for name in step.pages:
        found = address(name, place)
        if found:
            return found
    return f"/o/{place.tenant.slug}/"


def address(name: str, place: Place) -> str:
    """A page's address in the organisation; '' when there is no such page, or nothing to show on it."""
    parts: dict[str, Any] = {"organisation": place.tenant.slug}
    with within(place.tenant):
        if name in ("conversation", "rested"):
            found = _conversation(place) if name == "conversation" else _rested(place)
            if found is None:
                return ""
            name, parts["conversation_id"] = "conversation", found
        elif name == "decision":
            found = (
                Decision.objects.filter(verdict="deny", origin="agent")
                .order_by("-id")
                .values_list("id", flat=True)
                .first()
            )
            if found is None:
                return ""
            parts["decision_id"] = found
    try:
        return reverse(name, kwargs=parts)
    except NoReverseMatch:
        return ""


def _conversation(place: Place) -> UUID | None:
    if place.player is None:
        return None
    found = Conversation.objects.filter(address=place.player["phone"]).values_list("id", flat=True).first()
    if found is None:
        last = Message.objects.filter(debtor_id__isnull=False).order_by("-id").values_list("conversation_id", flat=True)
        return last.first()
    return found


def _rested(place: Place) -> UUID | None:
    """A conversation in which Monday morning is the next time, on the Sunday that the clock goes to: the week's budget
    of many is used up, and their law is another one."""
    now = place.tenant.clock().now()
    zone = zone_of(place.tenant.country)
    sunday = now if now.astimezone(zone).weekday() == 6 else target("sunday", place.tenant, now)
    if sunday is None:
        return None
    mine = _conversation(place)
    talks = Conversation.objects.filter(debtor_id__isnull=False, last_inbound_at__isnull=False)
    recent = list(talks.order_by("-last_inbound_at")[:LOOKED_AT])
    for talk in sorted(recent, key=lambda each: each.pk != mine):
        debtor = debtor_of(talk)
        if debtor is None or not debtor.open_minor:
            continue
        offered = templates_for(talk, debtor, now=sunday)
        law = truth_of(talk, debtor, offered, actor="system:tour", lang="es", now=sunday).law
        if law.verdict == "defer" and law.next_at is not None and law.next_at.astimezone(zone).weekday() == 0:
            return talk.pk
    return None
