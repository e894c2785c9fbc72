"""Contact on a debtor's page: when and how we may write, how often still, what they permitted and prefer."""

from __future__ import annotations

import html
from datetime import UTC, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString

from compliance.decide.explain import explain_decision, moment_text
from compliance.decide.hours import Week, overlap
from compliance.models import Consent, Contact, Stop
from compliance.queries import standing_of
from compliance.services import Ask, Outlook, previews
from compliance.services.budget import creditor_hash
from compliance.services.preferences import CHANNELS, PARTS, channel_in, hours_of, layer_of
from kernel.ids import uuid7
from messaging.models import Message, SendRequest
from messaging.sending.drafts import best_contact
from portfolio.models import (
    ContactPoint,
)
from workbench.transparency.frame import Frame, readable

#: Contacts that are listed at most, the newest first.
LOG_MAX = 15
#: A week ahead, today among its days: a weekly limit then reads as the debtor counts it.
WEEK = timedelta(days=7)
_GONE = (Message.State.ACCEPTED, Message.State.SENT, Message.State.DELIVERED, Message.State.READ,
         Message.State.UNCERTAIN, Message.State.FAILED)  # fmt: skip


class ContactPart(Frame):
    """When, how and how often they are written to."""

    @cached_property
    def point(self) -> ContactPoint | None:
        """The address that we would write to."""
        return self.link.contact_point or best_contact(ContactPoint.objects.filter(person_id=self.person.pk))

    @cached_property
    def hours(self) -> tuple[Week, Week, bool]:
        """Permitted hours, preferred ones, whether a preference holds."""
        return hours_of(self.tenant, self.creditor, self.person, self.now)

    @property
    def part_of_day(self) -> str:
        """Which part of the day their preference names."""
        permitted, preferred, _ = self.hours
        for part, (first, last) in PARTS.items():
            narrowed = [overlap(hours, ((first * 3600, last * 3600),)) for hours in permitted]
            if all(mine in ((), theirs) for mine, theirs in zip(preferred, narrowed, strict=True)):
                return part
        return "any"

    @property
    def days(self) -> list[dict[str, Any]]:
        """The weekdays that law and house leave open, and whether the debtor wants them."""
        permitted, preferred, _ = self.hours
        names = self.book.table("DAYS")
        return [
            {"number": day, "name": names[day].capitalize(), "chosen": bool(preferred[day])}
            for day in range(7)
            if permitted[day]
        ]

    @cached_property
    def outlook(self) -> Outlook | None:
        """What the gate would say to a reminder now."""
        if self.point is None:
            return None
        ask = Ask(
            request_id=uuid7(), origin="system", actor="system:page", message_class="collection", channel="whatsapp",
            creditor_id=self.creditor.pk, person_id=self.person.pk, contact_point_id=self.point.pk,
            debtor_id=self.debtor.pk,
        )  # fmt: skip
        return previews([ask], self.now)[0]

    @property
    def budgets(self) -> list[SafeString]:
        """What is left of the contact budget."""
        if self.outlook is None:
            return []
        shown: dict[int, SafeString] = {}
        for one in self.outlook.budgets:
            if one.days not in shown:
                key = "budget_day" if one.days == 1 else "budget_days"
                shown[one.days] = self.say(key, used=one.used, limit=one.limit, days=one.days)
        return [shown[days] for days in sorted(shown)]

    @property
    def left(self) -> SafeString | str:
        """How often they may still be written to in seven days, today among them."""
        if self.outlook is None:
            return ""
        today = self.now.astimezone(ZoneInfo(self.outlook.zone)).replace(hour=0, minute=0, second=0, microsecond=0)
        count = self.outlook.still_possible((today + WEEK).astimezone(UTC) - timedelta(microseconds=1))
        return self.say("left_none" if not count else "left_one" if count == 1 else "left_many", count=count)

    @property
    def next_contact(self) -> SafeString | str:
        """The earliest instant at which a reminder could come."""
        if self.outlook is None:
            return ""
        decision = self.outlook.decision
        if decision.allowed:
            return self.say("next_now")
        if decision.next_allowed_at is not None and decision.verdict == "defer":
            moment = moment_text(decision.next_allowed_at, self.book.language, self.outlook.zone)
            return self.say("next", moment=moment)
        return self.say("next_never")

    @property
    def reasons(self) -> list[str]:
        """Why nothing can be sent, where that is so."""
        if self.outlook is None or self.outlook.decision.verdict != "deny":
            return []
        # The last sentence says who has to act, which is no matter of the debtor's.
        return explain_decision(self.outlook.decision, self.book.language, self.outlook.zone)[:-1]

    @cached_property
    def log(self) -> list[dict[str, Any]]:
        """When and how they were contacted about this creditor; not what was said."""
        channels, classes, states = (self.book.table(name) for name in ("CHANNELS", "CLASSES", "STATES"))
        sent = Message.objects.filter(debtor_id=self.debtor.pk, direction="out", state__in=_GONE)
        rows = [
            {
                "at": at, "channel": channels["whatsapp"], "kind": classes.get(kind, classes["reply"]),
                "state": states.get(state, ""),
            }
            for at, kind, state in sent.order_by("-at").values_list("at", "message_class", "state")[:LOG_MAX]
        ]  # fmt: skip
        # Calls, visits and letters are known as contacts only; messages stand there too, by their request.
        ours = Contact.objects.filter(
            person_id=self.person.pk, direction="out", state=Contact.State.COUNTED,
            creditor_hash=creditor_hash(self.creditor.pk),
        ).exclude(origin_id__in=SendRequest.objects.filter(debtor=self.debtor).values("pk"))  # fmt: skip
        for at, channel, kind in ours.order_by("-at").values_list("at", "channel", "message_class")[:LOG_MAX]:
            rows.append(
                {"at": at, "channel": channels.get(channel, channel), "kind": classes.get(kind, ""), "state": ""}
            )
        rows.sort(key=lambda row: row["at"], reverse=True)
        return rows[:LOG_MAX]

    @cached_property
    def _standing(self) -> tuple[tuple[Stop, ...], tuple[Consent, ...]]:
        found = standing_of(self.person.pk, self.now, creditor_ids=[self.creditor.pk])
        return found.stops, found.consents

    @property
    def stopped(self) -> Stop | None:
        """Their wish not to be written to."""
        return next((stop for stop in self._standing[0] if stop.kind == "opted_out"), None)

    @property
    def consent(self) -> Consent | None:
        """What stands about WhatsApp: the creditor's own statement, unless a later withdrawal for all ends it."""
        mine = [row for row in self._standing[1] if row.channel == "whatsapp" and row.purpose == "collection"]
        mine.sort(key=lambda row: (row.given_at, row.id))
        return mine[-1] if mine else None

    @property
    def consent_wording(self) -> str:
        """The words that they agreed to, where the evidence holds them."""
        proof = self.consent.evidence if self.consent else {}
        return str(proof.get("exact_wording") or proof.get("wording") or "")

    @property
    def grant_words(self) -> str:
        """The words that they agree to when they allow it here; "" when there is no number to allow it for."""
        if self.point is None or self.point.kind == ContactPoint.Kind.EMAIL:
            return ""
        return html.unescape(self.say("grant_words", address=readable(self.point.value)))

    @cached_property
    def preferred_channel(self) -> str:
        """The channel that they prefer; "" when any will do."""
        return channel_in(layer_of(self.person))

    @property
    def channels(self) -> list[tuple[str, str, bool]]:
        """(code, words, chosen) of the channels that can be preferred."""
        names = self.book.table("CHANNELS")
        return [(code, names[code][:1].upper() + names[code][1:], code == self.preferred_channel) for code in CHANNELS]

    @property
    def channel(self) -> str:
        """WhatsApp, as it is called."""
        return str(self.book.table("CHANNELS")["whatsapp"])
