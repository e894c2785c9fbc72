"""What a debtor's page shows, read in one go. Nothing of it is read before it is known who looks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
from babel import Locale
from babel.dates import format_date, format_datetime
from django.db.models import Sum
from django.utils.safestring import SafeString

from compliance.decide.explain import explain_decision, moment_text
from compliance.decide.hours import Week, overlap
from compliance.models import Consent, Contact, Stop
from compliance.queries import standing_of
from compliance.services import Ask, Outlook, previews
from compliance.services.budget import creditor_hash
from compliance.services.preferences import PARTS, hours_of
from kernel.ids import uuid7
from kernel.money import Money
from messaging.bot import checks, offers
from messaging.bot import texts as bot_texts
from messaging.bot.accounts import last_day
from messaging.message_templates import variables
from messaging.models import Enrolment, Message, SendRequest
from messaging.sending.channel_facts import Channels
from messaging.sending.drafts import best_contact
from messaging.sequences.services import Account, accounts
from portfolio import documents
from portfolio.instalments import schedule
from portfolio.models import (
    Agreement,
    ContactPoint,
    Creditor,
    Debtor,
    DebtorLink,
    Dispute,
    Entry,
    Instalment,
    Invoice,
    Payable,
    Payment,
    Person,
    Promise,
)
from portfolio.places import today_in, zone_of
from portfolio.services.agreements import Policy
from tenants.models import Tenant
from tenants.secrets import unseal
from workbench.transparency import door
from workbench.transparency.texts import Book, language_of

#: What is listed at most: the newest contacts, the payments.
LOG_MAX, PAYMENTS_MAX, INVOICES_MAX = 15, 24, 40
_GONE = (Message.State.ACCEPTED, Message.State.SENT, Message.State.DELIVERED, Message.State.READ,
         Message.State.UNCERTAIN, Message.State.FAILED)  # fmt: skip


@dataclass
class Page:
    """A debtor's page as far as anybody who holds its address may know it."""

    link: DebtorLink
    tenant: Tenant
    now: datetime
    book: Book
    proven: bool
    locked: bool
    problem: tuple[str, str] = ("", "")  # (section, text)
    typed: dict[str, str] = field(default_factory=dict)

    @property
    def debtor(self) -> Debtor:
        """Whose page it is."""
        return self.link.debtor

    @property
    def creditor(self) -> Creditor:
        """Who is owed."""
        return self.link.creditor

    @property
    def person(self) -> Person:
        """Who owes."""
        return self.link.debtor.person

    @cached_property
    def locale(self) -> Locale:
        """Figures are written as the creditor's country writes them."""
        return variables.locale_of(self.book.language, self.creditor.country)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The debtor's own zone, else the creditor's."""
        return ZoneInfo(self.person.declared_zone or self.person.address_zone or zone_of(self.creditor.country).key)

    @property
    def today(self) -> date:
        """The civil date by which the creditor counts."""
        return today_in(self.creditor.country, self.now)

    @property
    def name(self) -> str:
        """How the debtor is greeted."""
        return variables.first_name(self.person)

    @property
    def masked(self) -> str:
        """Enough of a name to know one's own, too little for others."""
        parts = variables.full_name(self.person).split()
        if self.person.kind == Person.Kind.COMPANY:
            return parts[0][:3] + "…" if parts else ""
        return " ".join([parts[0], *(f"{part[0]}." for part in parts[1:3])]) if parts else ""

    @cached_property
    def numbers(self) -> list[str]:
        """The WhatsApp numbers that messages about this creditor come from."""
        channels = Channels(now=self.now)
        mine = {n.address for n in channels.numbers.values() if n.account.creditor_id in (None, self.creditor.pk)}
        return sorted(readable(address) for address in mine)

    @property
    def contact(self) -> str:
        """Where the creditor can be asked."""
        return readable(self.creditor.contact)

    @property
    def tax_id(self) -> str:
        """The creditor's tax number as it is written there."""
        return variables.tax_id(self.creditor)

    @property
    def site(self) -> str:
        """How the address of a genuine page begins."""
        return door.site()

    @property
    def agency(self) -> bool:
        """Whether the organisation collects for somebody else."""
        return self.tenant.kind == Tenant.Kind.AGENCY

    @property
    def office_hours(self) -> str:
        """When people answer."""
        if self.book.language == "en":
            return "Monday to Friday, 9:00 to 18:00"
        return bot_texts.say(self.book.language, self.creditor.country, "hours")

    # -- how things are written

    def say(self, key: str, /, **places: Any) -> SafeString:
        """A text of the book with the places that every text may have."""
        usual = {
            "name": self.name if self.proven else self.masked, "creditor": self.creditor.name, "hours": self.office_hours,
            "organisation": self.tenant.name, "contact": self.contact, "site": self.site,
            "number": self.numbers[0] if self.numbers else "",
        }  # fmt: skip
        return self.book.say(key, **{**usual, **places})

    def cash(self, minor: int, currency: str = "") -> str:
        """An amount."""
        return variables.format_money(Money.from_minor(minor, currency or self.debtor.currency), self.locale)

    def on(self, day: date | datetime | None) -> str:
        """A day in words; an instant by the debtor's own calendar."""
        if day is None:
            return ""
        if isinstance(day, datetime):
            day = day.astimezone(self.zone).date()
        return str(format_date(day, format="long", locale=self.locale))

    def short(self, day: date | datetime | None) -> str:
        """A day as a table has room for."""
        if day is None:
            return ""
        if isinstance(day, datetime):
            day = day.astimezone(self.zone).date()
        return str(format_date(day, "d MMM y", locale=self.locale)).replace(".", "")

    def at(self, instant: datetime) -> str:
        """Day and hour where the debtor lives."""
        text = format_datetime(instant.astimezone(self.zone), "d MMM y, HH:mm", locale=self.locale)
        return str(text).replace(".", "")

    def week(self, week: Week) -> str:
        """The hours of a week in words: neighbouring days with the same hours together."""
        groups: list[tuple[int, int, str]] = []
        joint = self.say("and")
        both = f" {joint} "
        for day, hours in enumerate(week):
            text = both.join(self.say("range", start=_clock(start), end=_clock(end)) for start, end in hours)
            if groups and groups[-1][2] == text:
                groups[-1] = (groups[-1][0], day, text)
            else:
                groups.append((day, day, text))
        names = self.book.table("DAYS")
        told = []
        for first, last, text in groups:
            if text:
                days = (
                    names[first] if first == last
                    else names[first] + both + names[last] if last == first + 1
                    else self.say("day_to_day", first=names[first], last=names[last])
                )  # fmt: skip
                told.append(f"{days}, {text}")
        return "; ".join(told) or str(self.say("no_hours"))

    # -- the check

    @cached_property
    def questions(self) -> tuple[str, ...]:
        """What this person can be asked."""
        return checks.questions(self.person)

    @property
    def check(self) -> dict[str, Any]:
        """Where the check stands: of the contact point, else of the link."""
        holder = self.link.contact_point or self.link
        return dict(holder.check_state)

    @property
    def strikes(self) -> int:
        """Wrong answers so far."""
        return (self.link.contact_point or self.link).strikes

    @cached_property
    def question(self) -> str:
        """The question to ask now; '' when nothing can be asked."""
        passed = self.check.get("passed", [])
        return next((name for name in self.questions if name not in passed), "")

    @property
    def round(self) -> str:
        """Names this turn of the check, so that a doubled answer is one answer."""
        return f"{self.question}.{self.strikes}"

    @property
    def options(self) -> list[str]:
        """Answers to choose from."""
        return checks.choices(self.person, self.question) if self.question else []

    @property
    def document(self) -> str:
        """What the document is called."""
        kind = self.person.document_kind
        return kind if kind.isalpha() and len(kind) > 2 else self.book.words["document"]

    @property
    def step(self) -> int:
        """Which question it is."""
        return len(self.check.get("passed", [])) + 1

    # -- the account

    @cached_property
    def account(self) -> Account:
        """The debtor with what is open."""
        return accounts([self.debtor.pk])[0]

    @cached_property
    def open(self) -> list[Invoice]:
        """Open and undisputed, oldest due first."""
        return [invoice for invoice in self.account.invoices if invoice.disputed_at is None]

    @cached_property
    def total(self) -> int:
        """What is open and undisputed."""
        return sum(invoice.open_minor for invoice in self.open)

    @property
    def oldest(self) -> SafeString | str:
        """Since when, or until when."""
        if not self.open:
            return ""
        day = self.open[0].due_on
        late = (self.today - day).days
        key = "due_ahead" if late < 0 else "due_today" if late == 0 else "due_late_one" if late == 1 else "due_late"
        return self.say(key, day=self.on(day), days=late)

    @cached_property
    def invoices(self) -> list[dict[str, Any]]:
        """Each invoice with the movements that made it what it is."""
        rows = list(
            Invoice.objects.filter(debtor=self.debtor, withdrawn_at=None, open_minor__gt=0).order_by("due_on", "id")[
                :INVOICES_MAX
            ]
        )
        sums: dict[Any, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        moved = Entry.objects.filter(invoice_id__in=[row.pk for row in rows]).values_list("invoice_id", "kind")
        for invoice_id, kind, minor in moved.annotate(total=Sum("minor")).order_by():
            sums[invoice_id][kind] += int(minor)
        return [
            {
                "invoice": row, "late": (self.today - row.due_on).days, "original": sums[row.pk]["charge"],
                "adjusted": sums[row.pk]["adjustment"] + sums[row.pk]["reversal"], "credited": sums[row.pk]["credit"],
                "paid": sums[row.pk]["payment"],
                "description": variables.origin_of(row, self.book.language, self.locale),
            }
            for row in rows
        ]  # fmt: skip

    @property
    def credit(self) -> int:
        """What the debtor has to their credit."""
        return max(0, -self.debtor.open_minor)

    @cached_property
    def payable(self) -> Payable | None:
        """A code that is alive."""
        found = Payable.objects.filter(debtor=self.debtor, state="open", expires_at__gt=self.now)
        return found.order_by("-id").first()

    @cached_property
    def policy(self) -> Policy:
        """What the creditor lets us offer."""
        return Policy.of(self.creditor)

    @cached_property
    def plans(self) -> list[dict[str, Any]]:
        """Two or three plans, with every date."""
        if self.agreement is not None or self.total <= 0:
            return []
        counts = offers.plan_counts(
            self.total, most=self.policy.max_instalments, least_minor=self.policy.min_instalment_minor
        )
        first, money = self.first_on, Money.from_minor(self.total, self.debtor.currency)
        return [{"count": count, "parts": schedule(money, count, first)} for count in counts]

    @property
    def first_on(self) -> date:
        """When a plan would begin."""
        return offers.first_on(self.today, self.policy.max_grace_days)

    @cached_property
    def dates(self) -> list[date]:
        """Days that may be promised."""
        if self.agreement is not None or self.total <= 0:
            return []
        return offers.promise_days(self.today, last_day(self.creditor, self.today))

    @property
    def agreement(self) -> Agreement | None:
        """The plan that holds."""
        return self.account.agreement

    @cached_property
    def parts(self) -> list[Instalment]:
        """Its instalments."""
        return list(Instalment.objects.filter(agreement=self.agreement).order_by("number")) if self.agreement else []

    @property
    def next_part(self) -> Instalment | None:
        """What is due next of it."""
        return next((part for part in self.parts if part.paid_minor < part.minor), None)

    @property
    def promise(self) -> Promise | None:
        """The date that they chose."""
        return self.account.promise

    @cached_property
    def disputes(self) -> list[Dispute]:
        """What they deny."""
        return list(Dispute.objects.filter(debtor=self.debtor, state="open").order_by("id"))

    @cached_property
    def paused_until(self) -> datetime | None:
        """Until when a payment that they told us of keeps reminders away."""
        held = Enrolment.objects.filter(
            debtor=self.debtor, state="paused", reason="to_verify", paused_until__gt=self.now
        ).first()
        return held.paused_until if held else None

    @cached_property
    def told(self) -> frozenset[str]:
        """What they wrote or uploaded here, as topics."""
        about = Message.objects.filter(debtor_id=self.debtor.pk, source="page")
        return frozenset(str(one.get("topic")) for one in about.values_list("content", flat=True)[:200])

    @cached_property
    def payments(self) -> list[Payment]:
        """What arrived, newest first."""
        return list(Payment.objects.filter(debtor=self.debtor).order_by("-paid_at", "-id")[:PAYMENTS_MAX])

    @property
    def settled(self) -> bool:
        """Whether nothing is owed any more, and something was."""
        return self.debtor.open_minor <= 0 and not self.account.invoices and self.has_settled

    @cached_property
    def has_settled(self) -> bool:
        """Whether something was ever owed and is settled."""
        return Invoice.objects.filter(debtor=self.debtor, withdrawn_at=None).exclude(settled_at=None).exists()

    @cached_property
    def settled_invoices(self) -> list[Invoice]:
        """What the paid-off letter lists."""
        return list(
            Invoice.objects.filter(debtor=self.debtor, withdrawn_at=None)
            .exclude(settled_at=None)
            .order_by("-settled_at", "id")[:INVOICES_MAX]
        )

    @property
    def digits(self) -> str:
        """The end of the debtor's document."""
        if not self.person.document:
            return ""
        return documents.last_digits(unseal(self.person.document, purpose="document"), 3)

    # -- contact

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
        return str((self.consent.evidence if self.consent else {}).get("wording") or "")

    @property
    def channel(self) -> str:
        """WhatsApp, as it is called."""
        return str(self.book.table("CHANNELS")["whatsapp"])


def readable(contact: str) -> str:
    """A telephone number in groups; any other contact as it is."""
    if not contact.startswith("+"):
        return contact
    try:
        return phonenumbers.format_number(phonenumbers.parse(contact), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return contact


def _clock(seconds: int) -> str:
    return f"{seconds // 3600}:{seconds % 3600 // 60:02d}"


def page_of(link: DebtorLink, tenant: Tenant, now: datetime, wanted: str = "") -> Page:
    """The page behind a link, in the language that is asked for or the debtor's own."""
    debtor = link.debtor
    language = language_of(wanted, debtor.person.language, link.creditor.language, tenant.language)
    return Page(
        link=link, tenant=tenant, now=now, book=Book(language, link.creditor.country),
        proven=door.proven(link, tenant, now), locked=door.locked(link),
    )  # fmt: skip
