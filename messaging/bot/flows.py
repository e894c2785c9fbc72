"""What the bot's acts do and say: each act of `decide.Turn` is a method here. Words become wishes; the gate decides."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.conf import settings

from compliance.services import NewConsent, claim, mark_wrong_person, record_consent, strike, verify
from kernel.errors import DomainError
from kernel.money import Money
from messaging.bot import checks, offers, texts
from messaging.bot.decide import Act, reason_of
from messaging.conversations import hand_over
from messaging.message_templates import variables
from messaging.models import Conversation, Message
from messaging.sending.request import request_send, withdraw_of_person
from messaging.sending.waiting import facts_changed
from messaging.sending.wishes import Content, Wish
from messaging.sequences.decide import local_date
from messaging.sequences.services import Account, pause_for, unblock
from portfolio.instalments import schedule
from portfolio.models import Agreement, ContactPoint, Creditor, Dispute, Instalment, Invoice
from portfolio.places import today_in
from portfolio.services import (
    Policy,
    accept_agreement,
    close_agreement,
    create_payable,
    create_promise,
    open_dispute,
    propose_agreement,
)  # fmt: skip
from portfolio.services.agreements import next_instalments

ACTOR, SOURCE = "system:bot", "debtor:bot"
#: Invoices that a statement lists one by one.
_LINES = 8


@dataclass(slots=True)
class Saying:
    """Words on their way to a wish."""

    content: Content
    message_class: str
    origin: tuple[str, str] | None = None


def last_day(creditor: Creditor, today: date) -> date:
    """The latest day that a promise may name, within the creditor's patience."""
    policy = Policy.of(creditor)
    return today + offers.days(min(policy.max_grace_days, int(creditor.policy.get("max_promise_days", 60))))


def agreement_summary(account: Account, agreement: Agreement, parts: list[Instalment], language: str) -> dict[str, str]:
    """The places of an agreement's confirmation."""
    locale = variables.locale_of(language, account.creditor.country)
    return {
        "name": variables.first_name(account.person),
        "creditor": account.creditor.name,
        "plan": texts.say(language, account.creditor.country, "plan_summary", count=len(parts)),
        "amount": variables.format_money(Money.from_minor(agreement.total_minor, agreement.currency), locale),
        "due_date": variables.format_day(parts[0].due_on, locale),
    }


@dataclass(slots=True)
class Flow:
    """One turn of the bot in one conversation."""

    conversation: Conversation
    message: Message
    account: Account
    contact: ContactPoint | None
    now: datetime
    said: list[Saying] = field(default_factory=list)
    language: str = ""

    def __post_init__(self) -> None:
        self.language = texts.language_of(self.account.person.language or self.account.creditor.language)

    # -- running ------------------------------------------------------------------------------------------------------

    def run(self, acts: Collection[Act]) -> None:
        """Do the acts in order, then ask for everything that was said to be sent."""
        for act in acts:
            try:
                getattr(self, act.name)(**act.what)
            except DomainError as error:
                self._excuse(error)
        self._send()

    def _excuse(self, error: DomainError) -> None:
        """Something that was offered is not possible any more: say what is, or let a person see to it."""
        if error.code == "nothing_open":
            self.nothing_open()
        elif error.code == "agreement_stale":
            self.say(text="stale", menu=("plan", "human"))
        elif error.code == "agreement_active":
            self.has_agreement()
        else:
            self.say(text="human")
            self.hand_over(reason=error.code)

    def _send(self) -> None:
        if not self.said:
            return
        wishes = []
        for place, saying in enumerate(self.said):
            kind, name = saying.origin or ("bot", f"{self.message.pk}:{place}")
            wishes.append(Wish(
                creditor_id=self.account.creditor.pk, debtor_id=self.account.debtor.pk,
                message_class=saying.message_class, content=saying.content, origin_kind=kind, origin_id=name, actor=ACTOR,
                conversation_id=self.conversation.pk, priority=1, missing=(),
            ))  # fmt: skip
        request_send(wishes, now=self.now)

    # -- words --------------------------------------------------------------------------------------------------------

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

    # -- who answers --------------------------------------------------------------------------------------------------

    def _point(self) -> ContactPoint:
        if self.contact is None:
            raise DomainError("no_address", "this conversation belongs to no contact point")
        return self.contact

    def claim(self, method: str) -> None:
        """They say that they are the debtor."""
        self.contact = claim(self._point().pk, f"probe:{method}", self.now)

    def ask_who(self) -> None:
        """Are you who we look for? Nothing else is said."""
        name = self._point().contact_name or variables.full_name(self.account.person)
        self.put(
            {
                "kind": "buttons",
                "text": self.text("ask_who", name=name),
                "buttons": self.buttons("probe:yes", "probe:no"),
            }
        )

    def ask(self, question: str, first: bool, again: bool = False) -> None:
        """A question of the check, as a list with wrong answers around the right one."""
        person = self.account.person
        options = checks.choices(person, question)
        if not options:
            raise DomainError("nothing_to_ask", "nothing is known that could be asked")
        document = (
            person.document_kind
            if person.document_kind.isalpha() and len(person.document_kind) > 2
            else self.text("document")
        )
        words = self.text(f"{'ask' if first else 'then'}_{question}", document=document)
        if again:
            words = f"{self.text('again')} {words}"
        rows = [{"id": f"check:{question}:{option}", "title": option} for option in options]
        rows.append({"id": "wrong_person", "title": texts.title(self.language, self.country, "wrong_person")})
        self.put(
            {"kind": "list", "text": words, "button": texts.title(self.language, self.country, "choose"), "rows": rows}
        )
        state = {**self._point().check_state, "question": question, "asked_at": self.now.isoformat()}
        self._keep(state)

    def _keep(self, state: dict[str, Any]) -> None:
        point = self._point()
        point.check_state = state
        ContactPoint.objects.filter(pk=point.pk).update(check_state=state)

    def passed(self, passed: tuple[str, ...]) -> None:
        """One point is right."""
        self._keep({"passed": list(passed)})

    def strike(self) -> None:
        """A wrong answer; the third one makes it somebody else's number."""
        self.contact = strike(self._point().pk, "two_point", self.now)

    def verify(self, passed: tuple[str, ...]) -> None:
        """They are who we look for: what waited for it asks the gate anew."""
        self._keep({})
        method = "two_point" if len(passed) > 1 else f"one_point:{passed[0]}"
        self.contact = verify(self._point().pk, method, self.now)
        facts_changed(self.account.person.pk, now=self.now)
        unblock(self.account.person.pk, now=self.now)

    def wrong_person(self, method: str) -> None:
        """Somebody else answers here: everything is taken back, one apology says that it stops, nothing of a debt."""
        self._keep({})
        self.contact = mark_wrong_person(self._point().pk, f"debtor:{method}", self.now)
        withdraw_of_person(self.account.person.pk, reason="wrong_person", now=self.now, classes=None)
        words = self.text("wrong_person")
        self.put(
            {"kind": "text", "text": words},
            message_class="optout_confirmation",
            origin=("system", f"wrong:{self._point().pk}"),
        )

    def consent(self, granted: bool) -> None:
        """Their answer to the question whether we may write."""
        statement = NewConsent(
            person_id=self.account.person.pk, contact_point_id=self._point().pk, channel="whatsapp", source="debtor",
            state="granted", given_at=self.message.at, external_id=f"message:{self.message.pk}",
            evidence={"message": str(self.message.pk), "how": "tap"},
        )  # fmt: skip
        # A no is no statement: without a yes nothing is open anyway, and only a withdrawal ends one.
        if granted and record_consent(statement, self.now) is not None:
            facts_changed(self.account.person.pk, now=self.now)
            unblock(self.account.person.pk, now=self.now)
        self.say(text="consent_yes" if granted else "consent_no")

    # -- the account --------------------------------------------------------------------------------------------------

    def detail(self) -> None:
        """What it is about, and what can be done."""
        if self.account.agreement is not None:
            self.has_agreement()
            return
        invoices = self.open()
        if not invoices:
            self.nothing_open()
            return
        locale = variables.locale_of(self.language, self.account.creditor.country)
        self.say(
            text="detail", menu="age", amount=self.money(self.total()), due_date=self.day(invoices[0].due_on),
            reference=variables.reference_of(invoices, self.language),
            description=variables.clip("description", variables.origin_of(invoices[0], self.language, locale)),
        )  # fmt: skip

    def nothing_open(self) -> None:
        """Nothing is asked of them."""
        self.say(text="nothing_open")

    def in_dispute(self) -> None:
        """What they denied is being looked at."""
        found = (
            Dispute.objects.filter(debtor_id=self.account.debtor.pk, state="open").order_by("opened_at", "id").first()
        )
        if found is None:
            self.nothing_open()
        else:
            self.say(text="in_dispute", reference=found.reference, menu=("human",))

    def statement(self) -> None:
        """Invoice by invoice."""
        invoices = self.open()
        if not invoices:
            self.in_dispute()
            return
        locale = variables.locale_of(self.language, self.account.creditor.country)
        lines = [
            self.text(
                "statement_line", number=invoice.number or invoice.external_id, amount=self.money(invoice.open_minor),
                due_date=self.day(invoice.due_on),
                description=variables.clip("description", variables.origin_of(invoice, self.language, locale)),
            )
            for invoice in invoices[:_LINES]
        ]  # fmt: skip
        if len(invoices) > _LINES:
            lines.append(self.text("statement_more", count=len(invoices) - _LINES))
        self.say(
            text="statement", lines="\n".join(lines), amount=self.money(self.total()), menu=("pay", "dispute", "human")
        )

    def pay(self) -> None:
        """Amount and link, then the code alone in its own bubble, then what comes after (product.md, section 8)."""
        payable = create_payable(self.account.debtor, now=self.now, source=SOURCE)
        rail = payable.kind if payable.kind in ("pix", "clabe") else ""
        until = self.day(local_date(payable.expires_at, self.account.zone))
        places = {"amount": self.money(payable.minor), "until": until}
        words = (
            self.text("pay_code", rail=self.text(f"rail_{rail}"), **places) if rail else self.text("pay_link", **places)
        )
        url = f"{settings.PUBLIC_URL}/p/{payable.token}"
        label = texts.title(self.language, self.country, "link")
        self.put({"kind": "link", "text": words, "label": label, "url": url, "codes": [payable.code]})
        if rail:
            self.put({"kind": "text", "text": payable.code, "codes": [payable.code]})
        self.say(text="pay_after", menu=("paid", "human") if self.account.agreement else ("paid", "plan", "human"))

    def receipt(self) -> None:
        """A picture came: it is looked at by a person, and never taken for money."""
        self.pause(reason="to_verify")
        self.say(text="receipt_photo")

    def pause(self, reason: str) -> None:
        """Nothing planned goes out for a while."""
        pause_for(self.account.person.pk, reason=reason, now=self.now)

    # -- plans and dates ----------------------------------------------------------------------------------------------

    def plans(self) -> None:
        """Two or three plans within the creditor's policy."""
        policy, total = Policy.of(self.account.creditor), self.total()
        counts = offers.plan_counts(total, most=policy.max_instalments, least_minor=policy.min_instalment_minor)
        if not counts:
            self.say(text="no_plan")
            self.hand_over(reason="no_plan")
            return
        first = offers.first_on(self.today, policy.max_grace_days)
        money = Money.from_minor(total, self.account.debtor.currency)
        rows, begins = [], self.day(first, short=True)
        for count in counts:
            part = schedule(money, count, first)[0]
            rows.append({
                "id": f"plan:{count}",
                "title": texts.title(self.language, self.country, "plan_row").format(count=count),
                "description": self.text("plan_row", each=self.money(part.amount.minor), first=begins),
            })  # fmt: skip
        self.put({
            "kind": "list", "text": self.text("plans", amount=self.money(total)), "rows": rows,
            "button": texts.title(self.language, self.country, "choose"),
        })  # fmt: skip

    def propose(self, count: int) -> None:
        """The chosen plan, date by date; nothing holds until it is accepted."""
        policy = Policy.of(self.account.creditor)
        agreement = propose_agreement(
            self.account.debtor, count=count, first_on=offers.first_on(self.today, policy.max_grace_days), now=self.now,
            source=SOURCE,
        )  # fmt: skip
        lines = [
            self.text("proposal_line", number=part.number, day=self.day(part.due_on), amount=self.money(part.minor))
            for part in Instalment.objects.filter(agreement=agreement).order_by("number")
        ]
        self.say(
            text="proposal", menu=("accept", "reject", "human"), amount=self.money(agreement.total_minor),
            lines=_few(lines),
        )  # fmt: skip

    def _proposal(self) -> Agreement:
        found = Agreement.objects.filter(debtor_id=self.account.debtor.pk, state="proposed").order_by("-id").first()
        if found is None:
            raise DomainError("agreement_stale", "there is no plan to answer")
        return found

    def accept(self) -> None:
        """The plan holds; the confirmation is the same one that the log's reader would send."""
        agreement = accept_agreement(self._proposal(), now=self.now, source=SOURCE)
        parts = list(Instalment.objects.filter(agreement=agreement).order_by("number"))
        places = agreement_summary(self.account, agreement, parts, self.language)
        content = {
            "kind": "buttons", "text": self.text("agreement", **places),
            "buttons": self.buttons("pay", "doubts", "human"),
        }  # fmt: skip
        self.put(content, message_class="service", origin=("system", f"agreement:{agreement.pk}"))

    def reject(self) -> None:
        """They do not want the plan."""
        close_agreement(self._proposal(), now=self.now, rejected=True, reason="rejected by the debtor")
        self.say(text="rejected", menu=("pay", "more_time", "human"))

    def has_agreement(self) -> None:
        """A plan holds already: what comes next of it."""
        part = next_instalments([self.account.debtor.pk]).get(self.account.debtor.pk)
        if part is None:
            self.nothing_open()
            return
        self.say(
            text="has_agreement", menu=("pay", "human"), amount=self.money(part.minor - part.paid_minor),
            due_date=self.day(part.due_on),
        )  # fmt: skip

    def dates(self, late: bool = False) -> None:
        """Days that the creditor's patience allows."""
        last = last_day(self.account.creditor, self.today)
        days = offers.promise_days(self.today, last)
        if not days:
            self.say(text="no_dates")
            self.hand_over(reason="no_dates")
            return
        words = self.text("dates_late", last=self.day(last)) if late else self.text("dates")
        rows = [{"id": f"date:{day.isoformat()}", "title": self.day(day, short=True)[:24]} for day in days]
        self.put(
            {"kind": "list", "text": words, "button": texts.title(self.language, self.country, "choose"), "rows": rows}
        )

    def _promised(self, minor: int | None) -> int:
        total = self.total()
        return min(minor, total) if minor else total

    def confirm_promise(self, day: date, minor: int | None) -> None:
        """What they typed, as we understood it, to be confirmed with one tap."""
        buttons = [
            {"id": f"date:{day.isoformat()}", "title": texts.title(self.language, self.country, "confirm")},
            {"id": "more_time", "title": texts.title(self.language, self.country, "other_date")},
            *self.buttons("human"),
        ]
        words = self.text("confirm_promise", amount=self.money(self._promised(minor)), day=self.day(day))
        self.put({"kind": "buttons", "text": words, "buttons": buttons})

    def promise(self, day: date, minor: int | None) -> None:
        """They will pay on that day: nothing is asked until then."""
        money = Money.from_minor(self._promised(minor), self.account.debtor.currency)
        made = create_promise(self.account.debtor, money, day, now=self.now, source=SOURCE)
        self.say(text="promise", menu=("pay", "human"), amount=self.money(made.minor), day=self.day(made.due_on))

    # -- people -------------------------------------------------------------------------------------------------------

    def dispute(self, words: str) -> None:
        """They deny it: it stops at once, and they get a number to refer to."""
        invoices = self.open()
        one = invoices[0] if len(invoices) == 1 else None
        made = open_dispute(self.account.debtor, one, reason_of(words), now=self.now, source=SOURCE, detail=words)
        self.say(text="dispute", reference=made.reference)

    def hand_over(self, reason: str) -> None:
        """A person takes over."""
        hand_over(self.conversation, reason=reason, now=self.now)


def _few(lines: list[str], most: int = 14) -> str:
    """Long plans by their first and last dates."""
    return "\n".join(lines if len(lines) <= most else [*lines[: most - 2], "…", lines[-1]])


def confirm_opt_out(
    conversation: Conversation, message: Message, account: Account, *, stop_id: uuid.UUID, now: datetime
) -> None:
    """The one message after a withdrawal: that it was heard, and nothing else. Once per stop."""
    language = texts.language_of(account.person.language or account.creditor.language)
    words = texts.say(language, account.person.country, "opted_out")
    request_send([
        Wish(
            creditor_id=account.creditor.pk, debtor_id=account.debtor.pk, message_class="optout_confirmation",
            content={"kind": "text", "text": words}, origin_kind="system", origin_id=f"optout:{stop_id}", actor=ACTOR,
            conversation_id=conversation.pk, priority=1, missing=(),
        )
    ], now=now)  # fmt: skip
