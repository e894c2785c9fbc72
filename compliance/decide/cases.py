"""Worked cases: the format of the examples file read, checked, decided and compared.

A case is evaluated with exactly the packs it names, plus common. Beside the documented keys a case may state

- facts of the product: message.free_text, identity (a state), identity_since (when it was verified), channel
  {window_open_until, limit_until, paused, paused_until} and balance {as_of, max_age_hours};
- own layers over the packs: tenant, creditor, debtor, as compose() takes them;
- message.says: the required fields that the text carries; what else the packs require is missing;
- more to expect: fields (exactly the fields found missing), relaxable (exactly the rules that a tenant may relax) and
  refused (a tenant's layers, none of which may be taken).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from kernel.errors import DomainError

from .calendars import Calendar, known_subdivisions
from .compose import compose_exactly, relaxable
from .documents import CaseError, Document, read_document
from .gate import decide
from .offsets import is_zone
from .packs import Pack
from .rules import RuleSet
from .standing import standing_identity
from .values import (
    CHANNELS,
    CONSENT_STATES,
    IDENTITY_PERMITS,
    MESSAGE_CLASSES,
    NEW_DEMAND,
    ConsentRecord,
    Contact,
    Decision,
    Facts,
    Intent,
)
from .zones import NumberPlans, candidate_zones, country_of, shipped_plans, uf_of

_DEFAULTS: Mapping[str, Any] = {
    "consent": {"state": "granted", "channel": "whatsapp", "purpose": "collection"},
    "identity_verified": True,
    "message": {"class": "collection", "channel": "whatsapp", "flags": [], "missing": []},
    "history": [],
    "flags": {},
}
_KEYS = (
    *("id", "title", "packs", "subdivision", "holiday_subdivision", "holiday_country", "phone", "zones"),
    *("zones_from_number", "at_utc", "consent", "identity_verified", "identity", "message", "history", "debt", "flags"),
    *("identity_since", "channel", "balance", "tenant", "creditor", "debtor", "expect", "note"),
)
_MESSAGE_KEYS = (
    *("class", "channel", "disclosure", "flags", "missing", "says", "purpose", "debt", "creditor", "free_text"),
)
_OWN = ("tenant", "creditor", "debtor")
_HISTORY_KEYS = ("at", "dir", "channel", "class", "status", "debt", "creditor", "flags", "disclosure", "note")


@dataclass(frozen=True, slots=True)
class Case:
    """One case, ready to decide. `expect` is None where the case states none."""

    id: str
    title: str
    intent: Intent
    facts: Facts
    ruleset: RuleSet
    at: datetime
    stated_zones: tuple[str, ...] | None
    expect: Mapping[str, Any] | None
    #: What the composition itself does not do as expected, in words.
    composed_otherwise: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=())

    def decide(self, calendar: Calendar | None = None) -> Decision:
        """The gate's answer."""
        return decide(self.intent, self.facts, self.ruleset, self.at, calendar)

    def differences(self, decision: Decision) -> list[str]:
        """Where the answer is not what the case expects, in words; empty when it is."""
        found = list(self.composed_otherwise)
        if self.stated_zones is not None and set(self.stated_zones) != set(self.facts.zones):
            found.append(f"zones: expected {list(self.stated_zones)}, the number gives {list(self.facts.zones)}")
        if self.expect is None:
            return [*found, "expect: missing, nothing to compare with"]
        answer = "allow" if decision.allowed else "deny"
        if self.expect["decision"] != answer:
            found.append(f"decision: expected {self.expect['decision']}, got {answer}")
        if list(self.expect["rules"]) != list(decision.rules):
            found.append(f"rules: expected {list(self.expect['rules'])}, got {list(decision.rules)}")
        if self.expect["next"] != decision.next_allowed_at:
            found.append(f"next_allowed_utc: expected {utc(self.expect['next'])}, got {utc(decision.next_allowed_at)}")
        if self.expect["fields"] is not None:
            missed = (one.values["fields"] for one in decision.findings if one.kind == "required_content")
            fields = sorted({name for names in missed for name in names})
            if fields != sorted(self.expect["fields"]):
                found.append(f"fields: expected {sorted(self.expect['fields'])}, got {fields}")
        return found


def utc(at: datetime | None) -> str | None:
    """An instant as the cases write it."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="microseconds" if at.microsecond else "seconds").replace("+00:00", "Z")


def read_cases(text: str, name: str, packs: Mapping[str, Pack]) -> list[Case]:
    """All cases of a text, checked; raises CaseError for the first that cannot be understood."""
    document = read_document(text, name)
    return list(cases_of(document, range(len(document.cases)), packs))


def cases_of(
    document: Document,
    places: Iterable[int],
    packs: Mapping[str, Pack],
    plans: NumberPlans | None = None,
    sets: dict[tuple[Any, ...], RuleSet] | None = None,
) -> Iterator[Case]:
    """The cases at some places of a document, under these packs and number plans; `sets` keeps what was composed.

    Raises CaseError for the first that cannot be understood.
    """
    defaults = {**_DEFAULTS, **document.defaults}
    sets = {} if sets is None else sets
    for place in places:
        yield _Reader(document, place, defaults, packs, plans or shipped_plans(), sets).case()


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


class _Reader:
    """Reads one case; every refusal names its field and what is expected."""

    def __init__(
        self,
        document: Document,
        place: int,
        defaults: Mapping[str, Any],
        packs: Mapping[str, Pack],
        plans: NumberPlans,
        sets: dict[tuple[Any, ...], RuleSet],
    ) -> None:
        self.document, self.place, self.defaults, self.packs, self.sets = document, place, defaults, packs, sets
        self.plans = plans
        self.warnings: list[str] = []
        raw = document.cases[place]
        if not isinstance(raw, dict):
            raise document.error(str(place), "expected a mapping with id, packs and at_utc")
        self.raw: dict[str, Any] = raw

    def fail(self, path: str, message: str) -> CaseError:
        return self.document.error(f"{self.place}/{path}" if path else str(self.place), message)

    def case(self) -> Case:
        self.known("", self.raw, _KEYS)
        if "id" not in self.raw:
            raise self.fail("", "id is missing; expected text like RC-01")
        at = self.instant("at_utc", self.raw.get("at_utc"))
        ruleset, overlays = self.ruleset()
        intent = self.intent(ruleset)
        facts, stated = self.facts(ruleset, overlays, at)
        expect = self.expect()
        return Case(
            id=str(self.raw["id"]),
            title=str(self.raw.get("title", "")),
            intent=intent,
            facts=facts,
            ruleset=ruleset,
            at=at,
            stated_zones=stated,
            expect=expect,
            composed_otherwise=tuple(self.composed_otherwise(expect or {})),
            warnings=tuple(self.warnings),
        )

    def value(self, key: str) -> Any:
        return self.raw[key] if key in self.raw else self.defaults.get(key)

    def known(self, path: str, row: Mapping[str, Any], keys: tuple[str, ...]) -> None:
        for key in row:
            if key in keys:
                continue
            where = f"{path}/{key}".lstrip("/")
            if near := difflib.get_close_matches(str(key), keys, 1, 0.75):
                raise self.fail(where, f"unknown key; did you mean {near[0]}?")
            self.warnings.append(str(self.fail(where, "unknown key, ignored")))

    def mapping(self, path: str, value: Any) -> dict[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.fail(path, f"expected a mapping, got {value!r}")
        return value

    def rows(self, path: str, value: Any) -> list[Any]:
        if value is None:
            return []
        if isinstance(value, str):
            return [value]
        if not isinstance(value, (list, tuple)):
            raise self.fail(path, f"expected a list, got {value!r}")
        return list(value)

    def names(self, path: str, value: Any) -> tuple[str, ...]:
        found = []
        for row in self.rows(path, value):
            if not isinstance(row, (str, int)) or isinstance(row, bool):
                raise self.fail(path, f"expected a list of names, got {row!r}")
            found.append(str(row))
        return tuple(found)

    def choice(self, path: str, value: Any, choices: tuple[str, ...]) -> str:
        if value not in choices:
            raise self.fail(path, f"expected one of {', '.join(choices)}; got {value!r}")
        return str(value)

    def truth(self, path: str, value: Any) -> bool:
        if not isinstance(value, bool):
            raise self.fail(path, f"expected true or false, got {value!r}")
        return value

    def instant(self, path: str, value: Any) -> datetime:
        found = value
        if isinstance(value, str):
            try:
                found = datetime.fromisoformat(value)
            except ValueError:
                found = None
        if not isinstance(found, datetime) or found.tzinfo is None:
            raise self.fail(path, f"expected an instant like 2026-11-28T00:00:00Z, got {value!r}")
        return found.astimezone(UTC)

    def ruleset(self) -> tuple[RuleSet, tuple[str, ...]]:
        if "packs" not in self.raw:
            raise self.fail("", "packs is missing; expected a list like [co]")
        codes, overlays = self.codes()
        own = {name: self.mapping(name, self.raw[name]) for name in _OWN if name in self.raw}
        key = (codes, overlays, str(own) if own else "")
        try:
            found = self.sets.get(key)
            if found is None:
                found = self.sets[key] = compose_exactly(self.packs, codes, overlays, **own)
        except DomainError as error:
            where = {"pack_unknown": "packs", "subdivision_unknown": "subdivision"}.get(error.code)
            raise self.fail(where or next(iter(own), "packs"), str(error)) from error
        return found, overlays

    def codes(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        overlays = self.names("subdivision", self.raw.get("subdivision"))
        return self.names("packs", self.raw["packs"]), overlays

    def composed_otherwise(self, expect: Mapping[str, Any]) -> Iterator[str]:
        """What a tenant may and may not relax, where the case says what it expects."""
        codes, overlays = self.codes()
        if expect.get("relaxable") is not None:
            found = relaxable(self.packs, codes, overlays)
            if found != set(expect["relaxable"]):
                yield f"relaxable: expected {sorted(expect['relaxable'])}, got {sorted(found)}"
        for place, tenant in enumerate(expect.get("refused") or ()):
            try:
                compose_exactly(self.packs, codes, overlays, tenant=self.mapping(f"expect/refused/{place}", tenant))
            except DomainError:
                continue
            yield f"refused: the tenant's layer {place + 1} was taken"

    def intent(self, ruleset: RuleSet) -> Intent:
        usual = self.mapping("message", self.defaults.get("message"))
        row = {**usual, **self.mapping("message", self.raw.get("message"))}
        self.known("message", row, _MESSAGE_KEYS)
        disclosure = row.get("disclosure")
        if disclosure is not None and disclosure not in (0, 1, 2, 3):
            raise self.fail("message/disclosure", f"expected 0, 1, 2 or 3; got {disclosure!r}")
        missing = frozenset(self.names("message/missing", row.get("missing")))
        if "says" in row:
            missing |= ruleset.required_fields - frozenset(self.names("message/says", row["says"]))
        debt = self.raw.get("debt", row.get("debt"))
        return Intent(
            message_class=self.choice("message/class", row.get("class", "collection"), MESSAGE_CLASSES),
            channel=self.choice("message/channel", row.get("channel", "whatsapp"), CHANNELS),
            purpose=str(row.get("purpose", "collection")),
            disclosure=disclosure,
            flags=frozenset(self.names("message/flags", row.get("flags"))),
            missing=missing,
            creditor=None if row.get("creditor") is None else str(row["creditor"]),
            invoices=self.names("debt", [debt] if isinstance(debt, int) else debt),
            free_text=self.truth("message/free_text", row.get("free_text", False)),
        )

    def facts(self, ruleset: RuleSet, overlays: tuple[str, ...], at: datetime) -> tuple[Facts, tuple[str, ...] | None]:
        phone = self.raw.get("phone")
        if phone is not None and not isinstance(phone, (str, int)):
            raise self.fail("phone", f"expected a number like +573001234567, got {phone!r}")
        number = None if phone is None else str(phone)
        zones, stated = self.zones(number, ruleset)
        own = self.names("holiday_subdivision", self.raw.get("holiday_subdivision"))
        country = self.raw.get("holiday_country") or ruleset.country or (country_of(number) if number else None)
        contacts, inbound = self.history(at)
        channel = self.mapping("channel", self.raw.get("channel"))
        balance = self.mapping("balance", self.raw.get("balance"))
        facts = Facts(
            zones=zones,
            consents=tuple(self.consents()),
            identity=self.identity(ruleset, at),
            stops=self.stops(),
            contacts=contacts,
            last_inbound=inbound,
            paused=self.truth("channel/paused", channel.get("paused", False)),
            balance_max_age=timedelta(hours=balance["max_age_hours"]) if "max_age_hours" in balance else None,
            country=country,
            ufs=self.states(number, overlays, own),
            holiday_subdivisions=own,
            **{
                key: self.instant(f"channel/{key}", channel[key])
                for key in ("window_open_until", "limit_until", "paused_until")
                if channel.get(key) is not None
            },
            **({"balance_as_of": self.instant("balance/as_of", balance["as_of"])} if "as_of" in balance else {}),
        )
        self.check_holidays(ruleset, country, own)
        return facts, stated

    def check_holidays(self, ruleset: RuleSet, country: str | None, own: tuple[str, ...]) -> None:
        """The country has known holidays, and one of the countries asked knows the subdivision."""
        asked = {country if rule.country == "debtor" else rule.country for rule in ruleset.closed if rule.by_state}
        try:
            known = {code for place in asked | {country} if place is not None for code in known_subdivisions(place)}
        except ValueError as error:
            raise self.fail("holiday_country", str(error)) from error
        for code in own:
            if known and code not in known:
                raise self.fail("holiday_subdivision", f"expected one of {', '.join(sorted(known))}; got {code!r}")

    def zones(self, number: str | None, ruleset: RuleSet) -> tuple[tuple[str, ...], tuple[str, ...] | None]:
        """The candidate zones, and the list that the number has to give where the case asks for that."""
        stated = self.names("zones", self.raw.get("zones"))
        unknown = "Etc/Unknown" in stated
        for name in stated:
            if name != "Etc/Unknown" and not is_zone(name):
                raise self.fail("zones", f"expected time zones like America/Bogota, got {name!r}")
        if self.truth("zones_from_number", self.raw.get("zones_from_number", False)):
            if number is None:
                raise self.fail("zones_from_number", "needs phone, a number like +573001234567")
            expected = None if "zones" not in self.raw else () if unknown else stated
            return candidate_zones(number, plans=self.plans), expected
        if "zones" in self.raw:
            return (() if unknown else tuple(dict.fromkeys(stated))), None
        if number is not None:
            return candidate_zones(number, plans=self.plans), None
        return self.plans.candidates.get(ruleset.country or "", ()), None

    def states(self, number: str | None, overlays: tuple[str, ...], own: tuple[str, ...]) -> tuple[str, ...]:
        """The states that rules may name: the overlays' own, else the area code's, else the holiday subdivision."""
        named = []
        for pack in self.packs.values():
            for code in overlays:
                overlay = pack.overlays.get(code, {})
                named.append(overlay.get("uf") or overlay.get("province"))
        if states := tuple(dict.fromkeys(state for state in named if state)):
            return states
        from_number = uf_of(number, self.plans) if number else None
        return (from_number,) if from_number else own

    def consents(self) -> Iterator[ConsentRecord]:
        value = self.value("consent")
        rows = [value] if isinstance(value, dict) else self.rows("consent", value)
        own = self.defaults.get("consent")
        base = {**_DEFAULTS["consent"], **(own if isinstance(own, dict) else {})}
        for place, given in enumerate(rows):
            path = f"consent/{place}" if isinstance(value, list) else "consent"
            row = {**base, **self.mapping(path, given)}
            self.known(path, row, ("state", "channel", "purpose", "expires_at", "note"))
            state = self.choice(f"{path}/state", row["state"], CONSENT_STATES)
            expires = row.get("expires_at")
            until = None if expires is None else self.instant(f"{path}/expires_at", expires)
            for channel in self.names(f"{path}/channel", row["channel"]):
                for purpose in self.names(f"{path}/purpose", row["purpose"]):
                    yield ConsentRecord(state, channel, purpose, until)

    def identity(self, ruleset: RuleSet, at: datetime) -> str:
        state = "verified" if self.truth("identity_verified", self.value("identity_verified")) else "unknown"
        if "identity" in self.raw:
            state = self.choice("identity", self.raw["identity"], tuple(IDENTITY_PERMITS))
        since = self.raw.get("identity_since")
        return standing_identity(state, since and self.instant("identity_since", since), ruleset, at)

    def stops(self) -> dict[str, bool | str]:
        found: dict[str, bool | str] = {}
        known = {row["when"] for pack in self.packs.values() for row in pack.data.get("stop_rules") or ()}
        for name, value in self.mapping("flags", self.value("flags")).items():
            if name not in known:
                self.warnings.append(str(self.fail(f"flags/{name}", "no rule asks for this stop condition")))
            since = value.isoformat()[:10] if isinstance(value, (date, datetime)) else value
            if (isinstance(since, str) and not _is_date(since)) or not isinstance(since, (str, bool)):
                raise self.fail(f"flags/{name}", f"expected true or a date like 2026-10-01, got {value!r}")
            found[name] = since
        return found

    def history(self, at: datetime) -> tuple[tuple[Contact, ...], dict[str, datetime]]:
        contacts: list[Contact] = []
        inbound: dict[str, datetime] = {}
        for place, given in enumerate(self.rows("history", self.value("history"))):
            path = f"history/{place}"
            row = self.mapping(path, given)
            self.known(path, row, _HISTORY_KEYS)
            when = self.instant(f"{path}/at", row.get("at"))
            channel = self.choice(f"{path}/channel", row.get("channel", "whatsapp"), CHANNELS)
            if self.choice(f"{path}/dir", row.get("dir", "out"), ("out", "in")) == "in":
                if when <= at:
                    inbound[channel] = max(when, inbound.get(channel, when))
                continue
            debt = row.get("debt")
            contacts.append(
                Contact(
                    at=when,
                    channel=channel,
                    message_class=self.choice(f"{path}/class", row.get("class", "collection"), MESSAGE_CLASSES),
                    status=str(row.get("status", "sent")),
                    creditor=None if row.get("creditor") is None else str(row["creditor"]),
                    invoices=self.names(f"{path}/debt", [debt] if isinstance(debt, int) else debt),
                    new_demand=NEW_DEMAND in self.names(f"{path}/flags", row.get("flags")),
                )
            )
        return tuple(contacts), inbound

    def expect(self) -> dict[str, Any] | None:
        if "expect" not in self.raw:
            return None
        row = self.mapping("expect", self.raw["expect"])
        for key in ("decision", "rules", "next_allowed_utc"):
            if key not in row:
                raise self.fail("expect", f"{key} is missing; expected decision, rules and next_allowed_utc")
        following = row["next_allowed_utc"]
        return {
            "decision": self.choice("expect/decision", row["decision"], ("allow", "deny")),
            "rules": self.names("expect/rules", row["rules"]),
            "next": None if following is None else self.instant("expect/next_allowed_utc", following),
            "fields": self.names("expect/fields", row["fields"]) if "fields" in row else None,
            "relaxable": self.names("expect/relaxable", row["relaxable"]) if "relaxable" in row else None,
            "refused": self.rows("expect/refused", row.get("refused")),
        }
