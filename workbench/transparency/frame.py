"""What every part of a debtor's page stands on: whose it is, how things are written, the two-point check."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
from babel import Locale
from babel.dates import format_date, format_datetime
from django.utils.safestring import SafeString

from compliance.decide.hours import Week
from kernel.money import Money
from messaging.bot import checks
from messaging.bot import texts as bot_texts
from messaging.message_templates import variables
from messaging.sending.channel_facts import Channels
from portfolio.models import (
    Creditor,
    Debtor,
    DebtorLink,
    Person,
)
from portfolio.places import today_in, zone_of
from tenants.models import Tenant
from workbench.transparency import door
from workbench.transparency.texts import Book


@dataclass
class Frame:
    """A debtor's page as far as anybody who holds its address may know it: whose it is, its words, the check."""

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
        """The creditor's tax number as it is written there, without its name."""
        return variables.tax_id(self.creditor).rpartition(" ")[2]

    @property
    def tax_name(self) -> str:
        """What that number is called where the country has several ("CPF", "CNPJ"); '' where it has one."""
        return variables.tax_id(self.creditor).rpartition(" ")[0]

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
