"""Payables: something a debtor can pay with, for what is owed now, to places that the creditor registered."""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings

from kernel.errors import DomainError
from kernel.ids import uuid7
from kernel.money import Money
from portfolio.models import Creditor, Debtor, Payable, Payment
from portfolio.payables import clabe, pix
from portfolio.places import today_in
from portfolio.services.book import Book, book_of
from portfolio.services.payments import record_payment
from tenants import lanes
from tenants.scope import current_tenant_id

KINDS = ("pix", "clabe", "link")
#: Letters and digits that cannot be taken for one another.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
#: How long a code is shown, unless the creditor's policy says otherwise.
PAYABLE_DAYS = 7


def token_for(tenant_id: uuid.UUID) -> str:
    """43 characters that nobody can guess and that say whose they are, so that a public address needs no table."""
    return base64.urlsafe_b64encode(tenant_id.bytes + secrets.token_bytes(16)).decode().rstrip("=")


def tenant_of(token: str) -> uuid.UUID | None:
    """The organisation that a token names; None for what is no token."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    return uuid.UUID(bytes=raw[:16]) if len(raw) == 32 else None


def kind_for(creditor: Creditor, currency: str) -> str:
    """How this creditor is paid in this currency: Pix for reais, CLABE for Mexican pesos, else a page that says how."""
    if currency == "BRL" and "pix" in creditor.pay_to:
        return "pix"
    if currency == "MXN" and "clabe" in creditor.pay_to:
        return "clabe"
    return "link"


def create_payable(
    debtor: Debtor,
    *,
    now: datetime,
    kind: str | None = None,
    money: Money | None = None,
    invoice_ids: Collection[uuid.UUID] | None = None,
    source: str = "system",
) -> Payable:
    """A code or page for what is owed now: the open undisputed invoices (or these), or an agreement's instalments due.

    An open one of the same amount, kind and invoices is returned again; one whose amount is no longer right is
    replaced. `money` asks for another amount, up to what is open. Raises DomainError when nothing is open, or the
    creditor has registered no such way to be paid.
    """
    book, account = book_of(debtor, now=now, source=source)
    held, today = account.debtor, today_in(book.creditor.country, now)
    minor, ids = account.due_amount(today)
    if invoice_ids is not None:
        ids = [item for item in account.invoices if item in set(invoice_ids)]
        minor = account.open_on(ids)
    if minor <= 0:
        raise DomainError("nothing_open", "nothing is open that could be paid")
    if money is not None:
        ceiling = account.open_on(ids)
        if money.currency != held.currency or not 0 < money.minor <= ceiling:
            raise DomainError(
                "payable_amount", "pay an amount above zero and up to %(open)s", pointer="/amount",
                open=str(Money.from_minor(ceiling, held.currency)),
            )  # fmt: skip
        minor = money.minor
    kind = kind or kind_for(book.creditor, held.currency)
    for former in account.payables:
        if former.state != Payable.State.OPEN:
            continue
        if (former.kind, former.minor, set(former.invoice_ids)) == (kind, minor, set(ids)) and former.expires_at > now:
            return former
        former.state = Payable.State.EXPIRED if former.expires_at <= now else Payable.State.REPLACED
        book.change(former)
    days = int(book.creditor.policy.get("payable_days", PAYABLE_DAYS))
    payable = Payable(
        id=uuid7(), creditor=book.creditor, debtor=held, kind=kind, reference=_reference(),
        token=token_for(current_tenant_id()),
        currency=held.currency, minor=minor, invoice_ids=ids, expires_at=now + timedelta(days=days), created_at=now,
    )  # fmt: skip
    payable.code = _code(book, payable)
    payable.save(force_insert=True)
    book.tell("payable.created", payable, debtor_id=str(held.id), kind=kind)
    book.write()
    lanes.wake("due", at=payable.expires_at)
    return payable


def _reference() -> str:
    return "T" + "".join(secrets.choice(_ALPHABET) for _ in range(11))


def _code(book: Book, payable: Payable) -> str:
    place = book.creditor.pay_to.get(payable.kind)
    if payable.kind == "link":
        return f"{settings.PUBLIC_URL}/p/{payable.token}"
    if payable.kind not in KINDS or place is None:
        raise DomainError(
            "pay_to_missing",
            "this creditor has registered no %(kind)s to be paid by",
            pointer="/kind",
            kind=payable.kind,
        )
    if payable.kind == "pix":
        return pix.static(
            key=place["key"], name=place["name"], city=place["city"],
            amount=Money.from_minor(payable.minor, payable.currency), txid=payable.reference,
        )  # fmt: skip
    if "clabe" in place:
        return str(place["clabe"])
    room = 11 - len(place["prefix"])
    return clabe.make(place["bank"], place["plaza"], place["prefix"] + str(secrets.randbelow(10**room)).zfill(room))


def pay_payable(
    reference: str, money: Money, *, paid_at: datetime, external_id: str, now: datetime, source: str = "psp:simulator"
) -> Payment:
    """Money arrived for a payable: enter it, once per external id, on the payable's invoices first.

    A payable that was replaced, expired or paid still takes money that came: it is the debtor's. Raises DomainError
    `payable_unknown` for a reference that is not ours, `conflict` for an id that stands with another amount.
    """
    payable = Payable.objects.select_related("creditor", "debtor").filter(reference=reference).first()
    if payable is None:
        raise DomainError(
            "payable_unknown", "no payable of this organisation has the reference %(reference)s", reference=reference
        )
    return record_payment(
        payable.creditor, payable.debtor, external_id, money, paid_at=paid_at, now=now, source=source,
        method=payable.kind, payable=payable,
    )  # fmt: skip


def expire_payables(now: datetime, *, limit: int = 500) -> int:
    """Codes past their day are shown no more; returns how many."""
    due = Payable.objects.filter(state="open", expires_at__lte=now).order_by("id").values_list("id", flat=True)[:limit]
    return Payable.objects.filter(id__in=list(due), state="open").update(state=Payable.State.EXPIRED)
