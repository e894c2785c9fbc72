"""The account on a debtor's page: what is open, how it can be paid, what was agreed, what arrived."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.db.models import Sum
from django.utils.safestring import SafeString

from kernel.money import Money
from messaging.bot import offers
from messaging.bot.accounts import last_day
from messaging.message_templates import variables
from messaging.models import Enrolment, Message
from messaging.sequences.services import Account, accounts
from portfolio import documents
from portfolio.instalments import schedule
from portfolio.models import (
    Agreement,
    Dispute,
    Entry,
    Instalment,
    Invoice,
    Payable,
    Payment,
    Promise,
)
from portfolio.services.agreements import Policy
from tenants.secrets import unseal
from workbench.transparency.frame import Frame

#: What is listed at most: the payments, the invoices.
PAYMENTS_MAX, INVOICES_MAX = 24, 40


class AccountPart(Frame):
    """What is owed and what was done about it."""

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
