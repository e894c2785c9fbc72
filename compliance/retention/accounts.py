"""How the accounts of persons stand: still open, or closed since when, in a constant number of queries."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Q, Value

from compliance.models import Contact
from compliance.retention.fate import Account
from compliance.retention.holds import Holds
from compliance.retention.models import DataRequest, RetentionPeriod
from compliance.retention.periods import Law, Period, law_of, with_own
from portfolio.models import Agreement, Debtor, Dispute, Invoice, Payment, Person, Promise


def laws_of(countries: Iterable[str]) -> dict[str, Law]:
    """The law of each country, with the organisation's own periods laid over it."""
    own: dict[str, dict[str, tuple[Period, str, str]]] = defaultdict(dict)
    for row in RetentionPeriod.objects.order_by("id"):
        if row.months is None and row.days is None:
            own[row.country].pop(row.data_class, None)
        else:
            own[row.country][row.data_class] = (Period(row.months or 0, row.days or 0), row.reason, row.author)
    return {country: with_own(law_of(country), own.get(country, {})) for country in set(countries)}


def accounts_of(person_ids: Collection[uuid.UUID], holds: Holds) -> dict[uuid.UUID, list[Account]]:
    """The accounts of each person; somebody without one gets one of nobody's, closed since they came in.

    Call it inside `all_creditors()`: what one creditor does not see may still keep a person's data.
    """
    persons = {row.pk: row for row in Person.objects.filter(pk__in=person_ids).only("country", "created_at")}
    debtors = list(Debtor.objects.filter(person_id__in=person_ids).select_related("creditor").order_by("id"))
    last = _last_things([row.pk for row in debtors])
    contacts = dict(
        Contact.objects.filter(person_id__in=person_ids).values_list("person_id").annotate(at=Max("at")).order_by()
    )
    asking = set(
        DataRequest.objects.filter(person_id__in=person_ids, state=DataRequest.State.OPEN).values_list(
            "person_id", flat=True
        )
    )
    found: dict[uuid.UUID, list[Account]] = defaultdict(list)
    for row in debtors:
        still_open, at = last[row.pk]
        held, until = holds.of(row.person_id, row.creditor_id)
        found[row.person_id].append(
            Account(
                debtor_id=row.pk, person_id=row.person_id, creditor_id=row.creditor_id, country=row.creditor.country,
                open=row.withdrawn_at is None and (still_open or row.open_minor > 0),
                closed_at=_latest(row.created_at, row.withdrawn_at, at, contacts.get(row.person_id)),
                held=held, held_until=until, asked=row.person_id in asking,
            )
        )  # fmt: skip
    for key, person in persons.items():
        if key not in found:
            held, until = holds.of(key, None)
            found[key].append(
                Account(
                    debtor_id=None, person_id=key, creditor_id=None, country=person.country, open=False,
                    closed_at=_latest(person.created_at, contacts.get(key)), held=held, held_until=until,
                    asked=key in asking,
                )
            )  # fmt: skip
    return dict(found)


def _latest(first: datetime, *others: datetime | None) -> datetime:
    return max([first, *(each for each in others if each is not None)])


def _last_things(debtor_ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, tuple[bool, datetime | None]]:
    """debtor -> (whether something still stands, the last thing that happened)."""
    stands: set[uuid.UUID] = set()
    last: dict[uuid.UUID, datetime | None] = {}

    def add(rows: Any) -> None:
        for debtor, open_ones, *instants in rows:
            if open_ones:
                stands.add(debtor)
            for at in instants:
                if at is not None:
                    known = last.get(debtor)
                    last[debtor] = at if known is None or at > known else known

    def of(model: Any, still: Q | None, *instants: str) -> None:
        rows = model.objects.filter(debtor_id__in=debtor_ids).values_list("debtor_id").order_by()
        standing = Value(0) if still is None else Count("pk", filter=still)
        add(rows.annotate(standing=standing, **{f"at_{name}": Max(name) for name in instants}))

    of(Invoice, Q(settled_at=None, withdrawn_at=None, open_minor__gt=0), "created_at", "settled_at", "withdrawn_at")
    of(Payment, None, "paid_at", "recorded_at", "reversed_at")
    of(Promise, Q(state=Promise.State.OPEN), "created_at", "decided_at")
    of(Agreement, Q(state__in=[Agreement.State.PROPOSED, Agreement.State.ACTIVE]), "created_at", "updated_at")
    of(Dispute, Q(state=Dispute.State.OPEN), "opened_at", "closed_at")
    return {key: (key in stands, last.get(key)) for key in debtor_ids}
