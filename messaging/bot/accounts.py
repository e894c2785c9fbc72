"""What it is about and how it ends: the account, payment, plans and dates."""

from __future__ import annotations

from datetime import date

from django.conf import settings

from kernel.errors import DomainError
from kernel.money import Money
from messaging.bot import offers, texts
from messaging.bot.decide import reason_of
from messaging.bot.speaking import Speaking
from messaging.conversations import hand_over
from messaging.message_templates import variables
from messaging.sequences.decide import local_date
from messaging.sequences.services import Account
from portfolio.instalments import schedule
from portfolio.models import Agreement, Creditor, Dispute, Instalment, Payable
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

SOURCE = "debtor:bot"
#: Invoices that a statement lists one by one.
_LINES = 8


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


class Accounts(Speaking):
    """Acts about the account. Nothing is promised that the creditor's policy does not allow."""

    __slots__ = ()

    def hand_over(self, reason: str) -> None:
        """A person takes over."""
        hand_over(self.conversation, reason=reason, now=self.now)

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
        self.show_payable(create_payable(self.account.debtor, now=self.now, source=SOURCE))

    def show_payable(self, payable: Payable) -> None:
        """A code or page in the bubbles in which it can be copied."""
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
        self.show_plan(agreement)

    def show_plan(self, agreement: Agreement) -> None:
        """A proposal date by date, to be accepted or rejected with a tap."""
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

    def dispute(self, words: str) -> None:
        """They deny it: it stops at once, and they get a number to refer to."""
        invoices = self.open()
        one = invoices[0] if len(invoices) == 1 else None
        made = open_dispute(self.account.debtor, one, reason_of(words), now=self.now, source=SOURCE, detail=words)
        self.say(text="dispute", reference=made.reference)


def _few(lines: list[str], most: int = 14) -> str:
    """Long plans by their first and last dates."""
    return "\n".join(lines if len(lines) <= most else [*lines[: most - 2], "…", lines[-1]])
