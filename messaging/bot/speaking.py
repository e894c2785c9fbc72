"""What the bot says in one turn: texts of the book with their places, menus and buttons, gathered for sending."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from kernel.money import Money
from messaging.bot import texts
from messaging.message_templates import variables
from messaging.models import Conversation, Message
from messaging.sending.wishes import Content
from messaging.sequences.services import Account, pause_for
from portfolio.models import ContactPoint, Invoice
from portfolio.places import today_in


@dataclass(slots=True)
class Saying:
    """Words on their way to a wish."""

    content: Content
    message_class: str
    origin: tuple[str, str] | None = None


@dataclass(slots=True)
class Speaking:
    """One turn of the bot in one conversation, and the words that it gathers."""

    conversation: Conversation
    message: Message
    account: Account
    contact: ContactPoint | None
    now: datetime
    said: list[Saying] = field(default_factory=list)
    language: str = ""

    def __post_init__(self) -> None:
        self.language = texts.language_of(self.account.person.language or self.account.creditor.language)

    @property
    def country(self) -> str:
        """Whose words are used."""
        return self.account.person.country or self.account.creditor.country

    @property
    def today(self) -> date:
        """The creditor's civil date: the one that policies and due dates are counted by."""
        return today_in(self.account.creditor.country, self.now)

    def text(self, key: str, /, **places: Any) -> str:
        """A text with the places that every text may have."""
        usual = {
            "name": variables.first_name(self.account.person),
            "creditor": self.account.creditor.name,
            "hours": texts.say(self.language, self.country, "hours"),
        }  # fmt: skip
        return texts.say(self.language, self.country, key, **{**usual, **places})

    def money(self, minor: int) -> str:
        """An amount of the debtor's currency as it is written there."""
        locale = variables.locale_of(self.language, self.account.creditor.country)
        return variables.format_money(Money.from_minor(minor, self.account.debtor.currency), locale)

    def day(self, day: date, *, short: bool = False) -> str:
        """A date as it is written there."""
        locale = variables.locale_of(self.language, self.account.creditor.country)
        return variables.short_day(day, locale) if short else variables.format_day(day, locale)

    def buttons(self, *names: str) -> list[dict[str, str]]:
        """Reply buttons by their ids."""
        return [{"id": name, "title": texts.title(self.language, self.country, name)} for name in names]

    def put(self, content: Content, *, message_class: str = "", origin: tuple[str, str] | None = None) -> None:
        """Have these words sent at the end of the turn.

        With everything paid an answer is a service that they asked for; otherwise it is a reply.
        """
        usual = "reply" if self.account.invoices else "service"
        self.said.append(Saying(content, message_class or usual, origin))

    def say(self, text: str, menu: str | tuple[str, ...] = (), **places: Any) -> None:
        """A text of the book, with buttons if there are any; "age" are those that fit how late the account is."""
        names = self.menu() if menu == "age" else tuple(menu)
        words = self.text(text, **places)
        self.put(
            {"kind": "buttons", "text": words, "buttons": self.buttons(*names)}
            if names
            else {"kind": "text", "text": words}
        )

    def menu(self) -> tuple[str, ...]:
        """What can be tapped: with time a plan takes the place of questions (product D17 to D19)."""
        if self.account.agreement is not None:
            return ("pay", "doubts", "human")
        open_ones = self.open()
        if not open_ones:
            return ("doubts", "human")
        late = (self.today - open_ones[0].due_on).days
        return ("pay", "more_time", "doubts") if late <= 30 else ("pay", "plan", "more_time")

    def open(self) -> list[Invoice]:
        """Unpaid and undisputed invoices, oldest due first."""
        return [invoice for invoice in self.account.invoices if invoice.disputed_at is None]

    def total(self) -> int:
        """What is open and undisputed, in minor units."""
        return sum(invoice.open_minor for invoice in self.open())

    def pause(self, reason: str) -> None:
        """Nothing planned goes out for a while."""
        pause_for(self.account.person.pk, reason=reason, now=self.now)
