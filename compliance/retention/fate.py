"""What becomes of a person's data, class by class: erased now, or kept, why and until when. Pure: values in, values out."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from compliance.retention.periods import PERSONAL, Law, Rule

#: Why something stays, the strongest first: what a person is told.
HELD, OPEN, ASKED, PERIOD, LEDGER = "held", "open", "asked", "period", "ledger"
#: Why something goes: its time has come, or the person asked and nothing holds it.
TIME, REQUEST = "time", "request"
_STRENGTH = (HELD, OPEN, ASKED, PERIOD, LEDGER)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person at a creditor. `closed_at` is the last thing that happened in it; `open`: something still stands."""

    debtor_id: uuid.UUID | None
    person_id: uuid.UUID
    creditor_id: uuid.UUID | None
    country: str
    open: bool
    closed_at: datetime
    #: A legal hold keeps it; until when, where the hold says.
    held: bool = False
    held_until: datetime | None = None
    #: A request of the person waits for its answer: nothing that it is about may go meanwhile.
    asked: bool = False

    def free(self) -> Account:
        """The same account without its hold."""
        return replace(self, held=False, held_until=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What becomes of one class. `until` is None where nobody can say yet."""

    data_class: str
    erased: bool
    why: str
    until: datetime | None
    rule: Rule


def fate_of(account: Account, rule: Rule, now: datetime, *, on_request: bool = False) -> Fate:
    """What becomes of one class of one account at `now`; `on_request`: the person asks for the erasure."""

    def kept(why: str, until: datetime | None) -> Fate:
        return Fate(data_class=rule.data_class, erased=False, why=why, until=until, rule=rule)

    def goes(why: str) -> Fate:
        return Fate(data_class=rule.data_class, erased=True, why=why, until=None, rule=rule)

    if rule.period is None:
        return kept(LEDGER, None)
    if account.held:
        return kept(HELD, account.held_until)
    asked = on_request and rule.erased_on_request
    if account.open:
        return goes(REQUEST) if asked and rule.when_open else kept(OPEN, None)
    until = rule.period.after(account.closed_at)
    if account.asked and not on_request:
        return kept(ASKED, until)
    if now >= until:
        return goes(TIME)
    return goes(REQUEST) if asked else kept(PERIOD, until)


def together(fates: Sequence[Fate]) -> Fate:
    """What becomes of what several accounts share: it goes when every one lets it go, and stays for the strongest reason."""
    kept = [fate for fate in fates if not fate.erased]
    if not kept:
        return fates[0]
    strongest = min(kept, key=lambda fate: _STRENGTH.index(fate.why))
    same = [fate for fate in kept if fate.why == strongest.why]
    if any(fate.until is None for fate in same):
        return next(fate for fate in same if fate.until is None)
    return max(same, key=lambda fate: fate.until or _LONG_AGO)


@dataclass(frozen=True, slots=True)
class Plan:
    """A person's classes: what each account says, and what holds for what they share."""

    person_id: uuid.UUID
    accounts: Mapping[uuid.UUID | None, Mapping[str, Fate]]
    shared: Mapping[str, Fate]

    def debtors_let_go(self, data_class: str) -> tuple[uuid.UUID, ...]:
        """The accounts whose rows of this class go."""
        return tuple(key for key, fates in self.accounts.items() if key is not None and fates[data_class].erased)

    def person_lets_go(self, data_class: str) -> bool:
        """Whether every account lets it go, so that what hangs on the person alone goes too."""
        return self.shared[data_class].erased


def plan_of(accounts: Sequence[Account], laws: Mapping[str, Law], now: datetime, *, on_request: bool = False) -> Plan:
    """What becomes of one person's data; `laws` by country. `accounts` are all of theirs, one at least."""
    each = {
        account.debtor_id: {
            name: fate_of(account, laws[account.country].rules[name], now, on_request=on_request) for name in PERSONAL
        }
        for account in accounts
    }
    shared = {name: together([fates[name] for fates in each.values()]) for name in PERSONAL}
    return Plan(accounts[0].person_id, each, shared)
