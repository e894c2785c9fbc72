"""What we tell without being asked: receipts, agreements, and kind reminders of dates that the debtor chose.

Only verified addresses are told. Inside the 24-hour window it is said in plain words, outside it with a template.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, datetime, timedelta

from kernel.clock import Clock
from kernel.errors import DomainError
from kernel.money import Money
from messaging.bot import texts
from messaging.bot.accounts import agreement_summary
from messaging.message_templates import variables
from messaging.message_templates.choose import TemplateShelf, knows
from messaging.models import Conversation
from messaging.sending.channel_facts import WINDOW, WINDOW_MARGIN
from messaging.sending.request import BATCH, request_send
from messaging.sending.wishes import Content, Wish
from messaging.sequences.decide import local_date
from messaging.sequences.services import Account, accounts, held_back
from portfolio.models import Agreement, Creditor, Instalment, Invoice, Payment, Promise
from portfolio.places import start_of, today_in
from tenants import events, lanes, work
from tenants.models import Tenant
from tenants.scope import tenant_scope

READER = "confirm"
ACTOR = "system:confirmations"
#: A payment that is told to us later than this is no news to the person who made it.
FRESH = timedelta(days=3)
#: How long before an instalment falls due it is remembered.
AHEAD = timedelta(days=2)
_NEWS = ("payment.recorded", "agreement.accepted", "promise.created")
events.READERS[READER] = frozenset(_NEWS)

_Plain = Callable[[Account, str], Content]


@work.serves(READER)
def confirm(tenant: Tenant, key: str, clock: Clock) -> datetime | None:
    """Read the log: what was paid gets its receipt, what was agreed its confirmation, once each."""
    now = clock.now()
    with tenant_scope(tenant.pk):
        cursor, found = events.unread(READER, limit=BATCH, names=_NEWS)
        if not found:
            return None
        named = {name: [event.subject_id for event in found if event.name == name] for name in _NEWS}
        wishes = [*receipts(named["payment.recorded"], now=now), *agreements(named["agreement.accepted"], now=now)]
        if wishes:
            request_send(wishes, now=now)
        if named["agreement.accepted"] or named["promise.created"]:
            lanes.wake("reminders", at=now)
        events.advance(cursor, found[-1].sequence)
    return now if len(found) == BATCH else None


@work.serves("reminders")
def remind(tenant: Tenant, key: str, clock: Clock) -> datetime | None:
    """Once a day: the instalments that fall due in two days, the promises that fall due today."""
    now = clock.now()
    with tenant_scope(tenant.pk):
        wishes: list[Wish] = []
        waiting = False
        for country in sorted(set(Creditor.objects.order_by().values_list("country", flat=True))):
            today = today_in(country, now)
            wishes += instalments(country, today, now=now)
            wishes += promises(country, today, now=now)
            waiting = waiting or _dates_ahead(country, today)
        for start in range(0, len(wishes), BATCH):
            request_send(wishes[start : start + BATCH], now=now)
        if not waiting:
            return None
        return start_of(today_in(tenant.country, now) + timedelta(days=1), tenant.country)


def _dates_ahead(country: str, today: date) -> bool:
    parts = Instalment.objects.filter(agreement__state="active", creditor__country=country, due_on__gt=today)
    return parts.exists() or Promise.objects.filter(state="open", creditor__country=country, due_on__gt=today).exists()


def receipts(payment_ids: Collection[uuid.UUID], *, now: datetime) -> list[Wish]:
    """A receipt for each payment that is news: not imported, not reversed, not older than three days."""
    found = list(
        Payment.objects.filter(
            pk__in=payment_ids, kind="payment", import_id=None, reversed_at=None, paid_at__gt=now - FRESH
        ).order_by("pk")
    )
    teller = _Teller({payment.debtor_id for payment in found}, now=now)

    def wish(payment: Payment) -> Wish | None:
        account = teller.accounts[payment.debtor_id]

        def places(language: str) -> dict[str, str]:
            locale = variables.locale_of(language, account.creditor.country)
            money = Money.from_minor(payment.minor, payment.currency)
            balance = Money.from_minor(max(account.debtor.open_minor, 0), payment.currency)
            return {
                "amount": variables.format_money(money, locale), "balance": variables.format_money(balance, locale),
                "paid_on": variables.format_day(local_date(payment.paid_at, account.zone), locale),
                "name": variables.first_name(account.person),
                "creditor": account.creditor.name,
            }  # fmt: skip

        def plain(account: Account, language: str) -> Content:
            return {"kind": "text", "text": texts.say(language, account.person.country, "receipt", **places(language))}

        return teller.tell(account, "receipt", f"receipt:{payment.pk}", places, plain)

    return _made(wish(payment) for payment in found)


def agreements(agreement_ids: Collection[uuid.UUID], *, now: datetime) -> list[Wish]:
    """The confirmation of each accepted plan that still holds."""
    found = list(Agreement.objects.filter(pk__in=agreement_ids, state="active").order_by("pk"))
    teller = _Teller({agreement.debtor_id for agreement in found}, now=now)
    parts: dict[uuid.UUID, list[Instalment]] = {}
    for part in Instalment.objects.filter(agreement__in=found).order_by("number"):
        parts.setdefault(part.agreement_id, []).append(part)

    def wish(agreement: Agreement) -> Wish | None:
        account = teller.accounts[agreement.debtor_id]

        def places(language: str) -> dict[str, str]:
            return agreement_summary(account, agreement, parts[agreement.pk], language)

        def plain(account: Account, language: str) -> Content:
            country = account.person.country
            buttons = [
                {"id": name, "title": texts.title(language, country, name)} for name in ("pay", "doubts", "human")
            ]
            return {
                "kind": "buttons",
                "text": texts.say(language, country, "agreement", **places(language)),
                "buttons": buttons,
            }

        return teller.tell(account, "agreement", f"agreement:{agreement.pk}", places, plain)

    return _made(wish(agreement) for agreement in found)


def instalments(country: str, today: date, *, now: datetime) -> list[Wish]:
    """A reminder for each unpaid instalment that falls due within two days."""
    due = Instalment.objects.select_related("agreement").filter(
        agreement__state="active", creditor__country=country, due_on__gte=today, due_on__lte=today + AHEAD
    )
    found = [part for part in due.order_by("due_on", "id") if part.paid_minor < part.minor]
    counts: dict[uuid.UUID, int] = {}
    for agreement_id in Instalment.objects.filter(agreement__in={part.agreement_id for part in found}).values_list(
        "agreement_id", flat=True
    ):
        counts[agreement_id] = counts.get(agreement_id, 0) + 1
    teller = _Teller({part.agreement.debtor_id for part in found}, now=now)
    held = held_back(teller.accounts)

    def wish(part: Instalment) -> Wish | None:
        account = teller.accounts[part.agreement.debtor_id]
        money = Money.from_minor(part.minor - part.paid_minor, part.agreement.currency)

        def places(language: str) -> dict[str, str]:
            locale = variables.locale_of(language, account.creditor.country)
            number = f"{part.number} de {counts[part.agreement_id]}"
            return {
                **variables.amounts(money, locale),
                "instalment": number,
                "due_date": variables.format_day(part.due_on, locale),
            }

        about = [invoice for invoice in account.invoices if invoice.pk in part.agreement.invoice_ids]
        if account.debtor.pk in held:
            return None
        return teller.remind(account, about, "instalment", f"instalment:{part.pk}", places)

    return _made(wish(part) for part in found)


def promises(country: str, today: date, *, now: datetime) -> list[Wish]:
    """A reminder on the morning of the day that the debtor chose; none for a day that they chose yesterday."""
    since = now - AHEAD
    due = Promise.objects.filter(state="open", creditor__country=country, due_on=today, created_at__lte=since)
    found = list(due.order_by("id"))
    teller = _Teller({promise.debtor_id for promise in found}, now=now)
    held = held_back(teller.accounts)

    def wish(promise: Promise) -> Wish | None:
        account = teller.accounts[promise.debtor_id]
        money = Money.from_minor(promise.minor, promise.currency)

        def places(language: str) -> dict[str, str]:
            locale = variables.locale_of(language, account.creditor.country)
            return {**variables.amounts(money, locale), "promised_on": variables.format_day(promise.due_on, locale)}

        about = [invoice for invoice in account.invoices if invoice.disputed_at is None]
        if account.debtor.pk in held:
            return None
        return teller.remind(account, about, "promise", f"promise:{promise.pk}", places)

    return _made(wish(promise) for promise in found)


def _made(wishes: Iterable[Wish | None]) -> list[Wish]:
    return [wish for wish in wishes if wish is not None]


class _Teller:
    """Turns news about debtors into wishes, with everything looked up once for the batch."""

    def __init__(self, debtor_ids: Collection[uuid.UUID], *, now: datetime) -> None:
        self.now = now
        self.accounts = {account.debtor.pk: account for account in accounts(debtor_ids)} if debtor_ids else {}
        self.shelf = TemplateShelf()
        self.shelf.prefetch(self.accounts.values())
        people = [account.person.pk for account in self.accounts.values()]
        since = now - WINDOW + WINDOW_MARGIN
        self.windows = {
            row.contact_point_id: row
            for row in Conversation.objects.filter(person_id__in=people, last_inbound_at__gt=since).order_by(
                "last_inbound_at"
            )
        } if people else {}  # fmt: skip

    def tell(
        self, account: Account, stage: str, origin_id: str, places: Callable[[str], dict[str, str]], plain: _Plain
    ) -> Wish | None:
        """A service message: plain words while the window is open, else the template; None when nobody may read it."""
        try:
            contact = self.shelf.contact(account)
            if not knows(contact, self.now):
                return None
            conversation = self.windows.get(contact.pk)
            if conversation is not None:
                language = texts.language_of(account.person.language or account.creditor.language)
                return Wish(
                    creditor_id=account.creditor.pk, debtor_id=account.debtor.pk, message_class="service",
                    content=plain(account, language), origin_kind="system", origin_id=origin_id, actor=ACTOR,
                    conversation_id=conversation.pk, priority=2, missing=(),
                )  # fmt: skip
            return self._template(account, (), stage, origin_id, places)
        except DomainError:
            return None  # no address, number or approved template: nothing can be told

    def remind(
        self,
        account: Account,
        about: Sequence[Invoice],
        stage: str,
        origin_id: str,
        places: Callable[[str], dict[str, str]],
    ) -> Wish | None:
        """A reminder by template; None when it cannot be said."""
        if not about:
            return None
        try:
            return self._template(account, about, stage, origin_id, places)
        except DomainError:
            return None

    def _template(
        self,
        account: Account,
        about: Sequence[Invoice],
        stage: str,
        origin_id: str,
        places: Callable[[str], dict[str, str]],
    ) -> Wish:
        template = self.shelf.template(account, stage, now=self.now)
        return self.shelf.speak(
            account, about, stage=stage, now=self.now, origin_kind="system", origin_id=origin_id, actor=ACTOR,
            extra=places(template.language), probe=False,
        )  # fmt: skip
