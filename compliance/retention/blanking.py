"""Blanking a batch: what goes of each class, chunk by chunk, so that memory and transactions stay small."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from compliance.retention import owner
from compliance.retention.fate import HELD, Plan, plan_of
from compliance.retention.holdings import DatedHolding, Holding, Whose, holdings
from compliance.retention.periods import PERSONAL

#: Rows per statement.
CHUNK = 500


@dataclass(slots=True)
class Work:
    """What was (or, `dry`, would be) blanked, and what could not be because the owner does not work here."""

    dry: bool = False
    #: Whether this process may work as the tables' owner.
    own: bool = False
    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    held: Counter[str] = field(default_factory=Counter)
    waiting: int = 0

    @property
    def trouble(self) -> str:
        """`owner` where rows had to be left to a process that may work as the tables' owner."""
        return "owner" if self.waiting else ""

    def total(self) -> int:
        """Rows in all."""
        return sum(counter.total() for counter in self.counts.values())

    def plainly(self) -> dict[str, dict[str, int]]:
        """The counts as JSON: class -> table -> rows."""
        return {name: dict(sorted((+each).items())) for name, each in sorted(self.counts.items()) if each.total()}


def blank_plans(plans: Iterable[Plan], work: Work) -> None:
    """Blank what these plans let go, all persons together."""
    listed = list(plans)
    for data_class in PERSONAL:
        whose = Whose(
            tuple(key for plan in listed for key in plan.debtors_let_go(data_class)),
            tuple(plan.person_id for plan in listed if plan.person_lets_go(data_class)),
        )
        if whose:
            for holding in holdings({data_class}):
                blank(holding, holding.find(whose), work)


def blank(holding: Holding | DatedHolding, rows: QuerySet[Any], work: Work, *, most: int | None = None) -> int:
    """Blank the rows (at most so many), or count them; returns how many."""
    if work.dry or (holding.owner and not work.own):
        found = rows.count()
        if not work.dry:
            work.waiting += found
            return 0
        work.counts[holding.data_class][holding.subject] += found
        return found
    done, before = 0, None
    while most is None or done < most:
        ids: list[uuid.UUID] = list(rows.order_by().values_list("pk", flat=True)[:CHUNK])
        if not ids:
            break
        if ids == before:
            raise RuntimeError(
                f"{holding.subject}: rows of {holding.data_class} are still found after they were blanked"
            )
        if holding.owner:
            with owner.as_owner():
                holding.blank(ids)
        else:
            holding.blank(ids)
        done, before = done + len(ids), ids
    work.counts[holding.data_class][holding.subject] += done
    return done


def plans_of(
    accounts: Mapping[uuid.UUID, Collection[Any]], laws: Mapping[str, Any], now: datetime, work: Work | None = None
) -> list[Plan]:
    """The plan of each person; counts in `work` what only a hold keeps."""
    plans = []
    for mine in accounts.values():
        plans.append(plan_of(list(mine), laws, now))
        if work is None or not any(account.held for account in mine):
            continue
        free = plan_of([account.free() for account in mine], laws, now)
        for key, fates in plans[-1].accounts.items():
            for name, fate in fates.items():
                if fate.why == HELD and free.accounts[key][name].erased:
                    work.held[name] += 1
    return plans


def rows_of(person_id: uuid.UUID, debtor_ids: Collection[uuid.UUID]) -> dict[str, int]:
    """How many rows of each class still hold something about a person."""
    whose = Whose(tuple(debtor_ids), (person_id,))
    found = dict.fromkeys(PERSONAL, 0)
    for holding in holdings():
        found[holding.data_class] += holding.find(whose).count()
    return found
