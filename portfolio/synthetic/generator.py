"""A made-up portfolio: who owes how much since when, spread as public data says that people pay.

Shares and delays come from the measured figures of the simulator: of the accounts behind, 54 % are in their first
month, 39 % in the second, 7 % beyond (12.3 : 8.9 : 1.5); of invoices paid, 35.6 % late, by 1-7 : 8-15 : 16-30 : 31-45
days as 419 : 284 : 166 : 8. That a fifth of the debtors is not yet due, and how far the third group reaches, is our
choice: a portfolio handed over for dunning.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from kernel.money import Money, minor_units
from portfolio.imports.rows import CreditRow, InvoiceRow, PaymentRow, Row
from portfolio.synthetic.people import country_of, identity, introduce, random_for
from portfolio.synthetic.places import Country

NOT_YET_DUE_PERCENT = 20
LATE_PERMILLE = 356
#: (weight, least days, most days) late of an invoice that was paid late, or is in its first month.
_DELAYS = ((419, 1, 7), (284, 8, 15), (166, 16, 30), (8, 31, 45))
_MONTHS_BEHIND = ((123, 0), (89, 1), (15, 2))
_SETTLED_BEFORE = 2


def generate(
    n: int,
    country: str,
    seed: int,
    today: date,
    *,
    first: int = 0,
    companies: int | None = None,
    ledger: str = "",
) -> Iterator[Row]:
    """Rows of `n` made-up debtors of a country (BR, MX, CO, CL, PE, AR), each debtor's rows together.

    Debtor i is the same whatever `n` is; `first` begins at another one. External ids begin with the country and the
    number; a re-run is an upsert. `companies`: how many of a hundred are companies. `ledger` gives the same people
    other invoices, for a second creditor. Raises DomainError on an unknown country, ValueError on n out of range.
    """
    land = country_of(country)
    for index in range(first, first + n):
        holder = ""
        if companies is not None:
            holder = "company" if random_for("holder", seed, land.code, index).randrange(100) < companies else "human"
        made = identity(land.code, seed, index, holder=holder)
        debtor = f"{land.code}-{index + 1:06d}"
        yield from introduce(debtor, index + 1, made, seed=seed, today=today)
        random = random_for("money", seed, land.code, index, *([ledger] if ledger else []))
        yield from _bills(land, debtor, index + 1, random, today, scale=5 if made.kind == "company" else 1)


def _bills(land: Country, debtor: str, line: int, random: Random, today: date, *, scale: int) -> Iterator[Row]:
    product = random.choice(land.products)
    monthly = _amount(land, random, scale)
    oldest = today - timedelta(days=_days_behind(random))  # due date of the oldest bill that is still open
    number = 0
    for months in range(_SETTLED_BEFORE, 0, -1):
        number += 1
        bill = _bill(land, debtor, line, number, _months_before(oldest, months), monthly, product)
        yield bill
        yield _payment(
            bill,
            f"{debtor}-P{number}",
            bill.amount,
            min(bill.due_on + timedelta(days=_delay(random)), today),
            random,
            land,
        )
    due_on = oldest
    later = 0
    while due_on <= today or later == 0:
        number += 1
        bill = _bill(land, debtor, line, number, due_on, monthly, product)
        yield bill
        if later == 0 and due_on < today and random.randrange(100) < 12:
            part = Money(bill.amount, bill.currency).allocate([random.randint(1, 4), 5])[0].amount
            if part > 0:
                paid_on = due_on + timedelta(days=random.randint(0, (today - due_on).days))
                yield _payment(bill, f"{debtor}-P{number}", part, paid_on, random, land)
        elif due_on < today and random.randrange(100) < 3:
            credit = Money(bill.amount, bill.currency).allocate([1, 9])[0].amount
            if credit > 0:
                yield CreditRow(
                    line=line,
                    debtor=debtor,
                    external_id=f"{debtor}-C{number}",
                    credited_on=due_on,
                    amount=credit,
                    currency=bill.currency,
                    invoice=bill.external_id,
                    reason="credit_note",
                )
        later += 1
        due_on = _months_before(oldest, -later)


def _days_behind(random: Random) -> int:
    """Days since the oldest open bill fell due; below zero when it has not yet."""
    if random.randrange(100) < NOT_YET_DUE_PERCENT:
        return -random.randint(0, 20)
    months = random.choices([months for _, months in _MONTHS_BEHIND], [weight for weight, _ in _MONTHS_BEHIND])[0]
    if months == 0:
        return min(_band(random, _DELAYS), 30)
    return random.randint(31, 60) if months == 1 else random.randint(61, 210)


def _delay(random: Random) -> int:
    """Days between due date and payment of a bill that was paid."""
    return _band(random, _DELAYS) if random.randrange(1000) < LATE_PERMILLE else -random.randint(0, 6)


def _band(random: Random, bands: tuple[tuple[int, int, int], ...]) -> int:
    _, least, most = random.choices(bands, [weight for weight, _, _ in bands])[0]
    return random.randint(least, most)


def _amount(land: Country, random: Random, scale: int) -> Decimal:
    """A bill of the country's usual size: whole steps of minor units, with odd cents for a third of them."""
    minor = _band(random, land.bands) * land.step * scale
    if minor_units(land.currency) and land.currency != "COP" and random.randrange(3) == 0:
        minor += random.randint(1, 99)
    if land.currency == "CLP":
        minor -= random.randint(0, 9) * 10
    return Money.from_minor(minor, land.currency).amount


def _bill(
    land: Country, debtor: str, line: int, number: int, due_on: date, amount: Decimal, product: str
) -> InvoiceRow:
    return InvoiceRow(
        line=line,
        debtor=debtor,
        external_id=f"{debtor}-F{number}",
        number=f"{debtor[3:]}-{number}",
        description=product,
        issued_on=due_on - timedelta(days=15),
        due_on=due_on,
        amount=amount,
        currency=land.currency,
    )


def _payment(
    bill: InvoiceRow, number: str, amount: Decimal, paid_on: date, random: Random, land: Country
) -> PaymentRow:
    return PaymentRow(
        line=bill.line,
        debtor=bill.debtor,
        external_id=number,
        paid_on=paid_on,
        amount=amount,
        currency=bill.currency,
        invoice=bill.external_id,
        method=random.choice(land.methods),
    )


def _months_before(day: date, months: int) -> date:
    """The same day of another month, at most the 28th so that every month has it."""
    years, month0 = divmod(day.month - 1 - months, 12)
    return date(day.year + years, month0 + 1, day.day if months == 0 else min(day.day, 28))
