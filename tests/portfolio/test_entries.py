"""The account in memory, by property: whatever happens in whatever order, no cent is lost and every sum agrees."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.ids import uuid7
from kernel.money import Money
from portfolio.entries import Account, Cause, entry_digest
from portfolio.models import Agreement, Debtor, Instalment, Invoice, Payable, Payment, Promise

NOW = datetime(2026, 11, 17, 18, tzinfo=UTC)
TENANT, CREDITOR = uuid.UUID(int=1), uuid.UUID(int=2)
CAUSE = Cause("test", NOW)


def account(currency="BRL", **kept):
    debtor = Debtor(id=uuid7(), tenant_id=TENANT, creditor_id=CREDITOR, currency=currency, open_minor=0)
    return Account(debtor, **kept)


def invoice_of(book, minor, day=0):
    return Invoice(
        id=uuid7(), tenant_id=TENANT, creditor_id=CREDITOR, debtor_id=book.debtor.id, external_id=uuid7().hex,
        currency=book.debtor.currency, amount_minor=minor, open_minor=0, due_on=date(2026, 10, 1) + timedelta(days=day),
    )  # fmt: skip


def payment_of(book, minor, kind="payment"):
    return Payment(
        id=uuid7(), tenant_id=TENANT, creditor_id=CREDITOR, debtor_id=book.debtor.id, external_id=uuid7().hex,
        currency=book.debtor.currency, minor=minor, kind=kind, paid_at=NOW,
    )  # fmt: skip


def check(book, standing):
    """Everything that must hold at any moment. `standing`: payment -> minor units that were not taken back."""
    sums: dict[uuid.UUID | None, int] = {}
    for line in book.lines:
        sums[line.invoice_id] = sums.get(line.invoice_id, 0) + line.minor
    assert sum(sums.values()) == book.debtor.open_minor == book.balance
    claims = 0
    for invoice in book.invoices.values():
        assert invoice.open_minor == sums.get(invoice.id, 0)
        assert 0 <= invoice.open_minor <= invoice.amount_minor
        if invoice.withdrawn_at is None:
            claims += invoice.amount_minor
        else:
            assert invoice.open_minor == 0
    assert book.idle == -sums.get(None, 0) >= 0
    assert not (book.idle and any(invoice.open_minor for invoice in book.invoices.values()))
    assert book.debtor.open_minor == claims - sum(standing.values())
    for payment_id, minor in standing.items():
        purse = book.purses.get(payment_id)
        held = purse.where.values() if purse else []
        assert all(part >= 0 for part in held)
        assert sum(held) == minor


AMOUNT = st.integers(1, 500)
STEP = st.one_of(
    st.tuples(st.just("charge"), AMOUNT, st.integers(0, 9)),
    st.tuples(st.just("pay"), AMOUNT, st.integers(0, 9)),
    st.tuples(st.just("credit"), AMOUNT, st.integers(0, 9)),
    st.tuples(st.just("reverse"), AMOUNT, st.integers(0, 9)),
    st.tuples(st.just("part"), AMOUNT, st.integers(0, 9)),
    st.tuples(st.just("adjust"), st.integers(0, 500), st.integers(0, 9)),
    st.tuples(st.just("withdraw"), AMOUNT, st.integers(0, 9)),
    st.tuples(st.just("restore"), AMOUNT, st.integers(0, 9)),
)


def play(book, steps):
    payments, standing = [], {}
    for what, minor, pick in steps:
        invoices = list(book.invoices.values())
        chosen = invoices[pick % len(invoices)] if invoices else None
        if what == "charge":
            book.charge(invoice_of(book, minor, pick), CAUSE)
        elif what in ("pay", "credit"):
            payment = payment_of(book, minor, "payment" if what == "pay" else "credit")
            payments.append(payment)
            book.receive(payment, CAUSE, first=chosen.id if chosen is not None and pick % 2 else None)
            standing[payment.id] = minor
        elif what in ("reverse", "part") and any(standing.values()):
            held = [payment for payment in payments if standing[payment.id]]
            payment = held[pick % len(held)]
            part = standing[payment.id] if what == "reverse" else min(minor, standing[payment.id])
            book.give_back(payment, CAUSE, amount=Money.from_minor(part, payment.currency))
            standing[payment.id] -= part
        elif what == "adjust" and chosen is not None and chosen.withdrawn_at is None:
            book.adjust(chosen, minor, CAUSE)
        elif what == "withdraw" and chosen is not None and chosen.withdrawn_at is None:
            book.withdraw(chosen, CAUSE)
        elif what == "restore" and chosen is not None and chosen.withdrawn_at is not None:
            book.restore(chosen, minor, CAUSE)
        check(book, standing)
    return standing


@settings(max_examples=300)
@given(st.lists(STEP, max_size=30), st.sampled_from(["BRL", "CLP"]))
def test_sums_agree_after_every_step_in_any_order(steps, currency):
    book = account(currency)
    standing = play(book, steps)
    book.settle(CAUSE)
    check(book, standing)
    due = [invoice.due_on for invoice in book.invoices.values() if invoice.open_minor]
    assert book.debtor.oldest_due_on == min(due, default=None)
    for invoice in book.invoices.values():
        done = invoice.open_minor == 0 and invoice.withdrawn_at is None
        assert (invoice.settled_at is not None) == done


@given(st.lists(STEP, max_size=20))
def test_an_account_that_is_loaded_again_goes_on_as_if_it_had_stayed(steps):
    book = account()
    standing = play(book, steps)
    again = Account(book.debtor, book.invoices.values(), book.lines)
    check(again, standing)
    assert again.idle == book.idle
    assert {key: purse.where for key, purse in again.purses.items()} == {
        key: purse.where for key, purse in book.purses.items()
    }


@given(st.lists(AMOUNT, min_size=1, max_size=5), st.permutations(range(4)), st.lists(AMOUNT, min_size=4, max_size=4))
def test_the_order_of_payments_changes_no_open_amount(charges, order, paid):
    opens = []
    for sequence in (range(4), order):
        book = account()
        for day, minor in enumerate(charges):
            book.charge(invoice_of(book, minor, day), CAUSE)
        for place in sequence:
            book.receive(payment_of(book, paid[place]), CAUSE)
        opens.append([invoice.open_minor for invoice in book.invoices.values()])
    assert opens[0] == opens[1]


@given(st.lists(STEP, max_size=15), st.lists(st.tuples(AMOUNT, st.integers(0, 9)), min_size=1, max_size=4))
def test_paying_and_taking_it_all_back_leaves_the_same_balance(before, paid):
    book = account()
    play(book, before)
    start = book.debtor.open_minor
    payments = []
    for minor, _ in paid:
        payments.append(payment_of(book, minor))
        book.receive(payments[-1], CAUSE)
    for payment in payments:
        book.give_back(payment, CAUSE)
    assert book.debtor.open_minor == start


def test_the_oldest_due_is_paid_first_and_the_named_invoice_before_it():
    book = account()
    late, later = invoice_of(book, 100, 0), invoice_of(book, 100, 5)
    book.charge(later, CAUSE)
    book.charge(late, CAUSE)
    book.receive(payment_of(book, 60), CAUSE)
    assert (late.open_minor, later.open_minor) == (40, 100)
    book.receive(payment_of(book, 70), CAUSE, first=later.id)
    assert (late.open_minor, later.open_minor) == (40, 30)
    book.receive(payment_of(book, 90), CAUSE)
    assert (late.open_minor, later.open_minor, book.idle, book.debtor.open_minor) == (0, 0, 20, -20)


def test_a_surplus_settles_the_next_invoice():
    book = account()
    book.receive(payment_of(book, 80), CAUSE)
    invoice = invoice_of(book, 100)
    book.charge(invoice, CAUSE)
    assert (invoice.open_minor, book.idle) == (20, 0)


def test_what_was_paid_beyond_a_corrected_amount_pays_the_others():
    book = account()
    first, second = invoice_of(book, 100, 0), invoice_of(book, 100, 5)
    book.charge(first, CAUSE)
    book.charge(second, CAUSE)
    book.receive(payment_of(book, 100), CAUSE)
    book.adjust(first, 30, CAUSE)
    assert (first.open_minor, second.open_minor) == (0, 30)
    # only what was too much moved: out to the account, and from there to the other
    assert [line.minor for line in book.lines if line.invoice_id is None] == [-70, 70]


def test_a_promise_is_kept_by_money_that_came_after_it():
    book = account()
    invoice = invoice_of(book, 100)
    book.charge(invoice, CAUSE)
    book.receive(payment_of(book, 40), CAUSE)
    promise = Promise(id=uuid7(), tenant_id=TENANT, minor=50, state="open", open_minor_before=60)
    book.promises = [promise]
    book.receive(payment_of(book, 20), CAUSE)
    book.settle(CAUSE)
    assert promise.state == "open"
    book.receive(payment_of(book, 30), CAUSE)
    book.settle(CAUSE)
    assert (promise.state, promise.decided_at) == ("kept", NOW)


def plan(book, minors, total, invoices):
    agreement = Agreement(
        id=uuid7(),
        tenant_id=TENANT,
        state="active",
        total_minor=total,
        external_id="p1",
        invoice_ids=[invoice.id for invoice in invoices],
    )
    book.agreement = agreement
    book.instalments = [
        Instalment(
            id=uuid7(),
            tenant_id=TENANT,
            number=place + 1,
            minor=minor,
            due_on=date(2026, 12, 1) + timedelta(days=30 * place),
        )
        for place, minor in enumerate(minors)
    ]
    return agreement


def test_a_plan_takes_the_money_first_and_its_discount_comes_at_its_end():
    book = account()
    old, agreed = invoice_of(book, 50, 0), invoice_of(book, 100, 5)
    book.charge(old, CAUSE)
    book.charge(agreed, CAUSE)
    agreement = plan(book, [45, 45], 90, [agreed])
    book.receive(payment_of(book, 60), CAUSE)
    book.settle(CAUSE)
    assert [part.paid_minor for part in book.instalments] == [45, 15]
    assert (old.open_minor, agreed.open_minor, agreement.state) == (50, 40, "active")
    book.receive(payment_of(book, 30), CAUSE)
    book.settle(CAUSE)
    assert (agreement.state, agreed.open_minor, old.open_minor) == ("fulfilled", 0, 50)
    (discount,) = book.made
    assert (discount.minor, discount.kind) == (10, "credit")
    assert [name for name, _ in book.happened] == ["agreement.fulfilled"]


def test_a_payment_that_goes_back_opens_its_instalment_again():
    book = account()
    agreed = invoice_of(book, 100, 5)
    book.charge(agreed, CAUSE)
    plan(book, [50, 50], 100, [agreed])
    payment = payment_of(book, 70)
    book.receive(payment, CAUSE)
    book.settle(CAUSE)
    book.give_back(payment, CAUSE)
    book.settle(CAUSE)
    assert [part.paid_minor for part in book.instalments] == [0, 0]


def test_a_code_dies_when_its_invoices_move_and_lives_while_others_do():
    book = account()
    first, second = invoice_of(book, 100, 0), invoice_of(book, 100, 5)
    book.charge(first, CAUSE)
    book.charge(second, CAUSE)
    book.settle(CAUSE)
    book.written.clear()
    one = Payable(id=uuid7(), tenant_id=TENANT, minor=100, invoice_ids=[first.id], state="open")
    two = Payable(id=uuid7(), tenant_id=TENANT, minor=100, invoice_ids=[second.id], state="open")
    book.payables = [one, two]
    book.receive(payment_of(book, 10), CAUSE)
    book.settle(CAUSE)
    assert (one.state, two.state) == ("replaced", "open")


def test_the_digest_covers_every_column_of_an_entry():
    book = account()
    book.charge(invoice_of(book, 100), CAUSE)
    entry = book.written[0]
    seen = {entry_digest(entry)}
    for name, value in {
        "minor": 101, "currency": "CLP", "kind": "payment", "source": "x", "invoice_id": uuid7(), "debtor_id": uuid7(),
        "payment_id": uuid7(), "reverses_id": uuid7(), "import_id": uuid7(), "creditor_id": uuid7(), "id": uuid7(),
        "occurred_at": NOW + timedelta(1), "recorded_at": NOW + timedelta(1),
    }.items():  # fmt: skip
        kept = getattr(entry, name)
        setattr(entry, name, value)
        seen.add(entry_digest(entry))
        setattr(entry, name, kept)
    assert len(seen) == 14
