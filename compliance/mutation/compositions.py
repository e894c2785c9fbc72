"""Whether a changed pack changes anything: what each of its compositions decides with, compared.

Some values decide nothing because others are as strict: hours of a weekday that is closed anyway, a longer reply
window beside a shorter one, a required field that the common gate requires too. A change of those cannot turn a case
red; it is told apart from one that the cases ought to have noticed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from compliance.decide.compiling import compile_layers
from compliance.decide.packs import COMMON, LATAM_DEFAULT, Pack
from compliance.decide.rules import WEEK, Cap, Layer, Plan, RuleSet
from kernel.errors import DomainError

_SEVEN = {"value": 7, "unit": "local_days", "kind": "rolling"}
#: An own layer with every kind of time rule, so that what a pack lifts from own rules shows.
_OWN = Layer(
    "tenant",
    {
        "caps": [{"id": "OWN-CAP", "count": 2, "per": _SEVEN, "spacing": {"clear_days": 1}}],
        "channel_lock": {"id": "OWN-LOCK", "per": _SEVEN},
    },
)
_COMPARED_APART = ("hash", "content", "plans", "closed", "windows")


def same_compositions(before: Mapping[str, Pack], after: Mapping[str, Pack], code: str) -> bool:
    """Whether every composition that a pack takes part in decides the same under both sets of packs."""
    try:
        return all(_shape(before, codes) == _shape(after, codes) for codes in _compositions(before, code))
    except DomainError:  # refused in a composition that no case is about
        return False


def _compositions(packs: Mapping[str, Pack], code: str) -> Iterator[tuple[str, ...]]:
    """Layers by their codes: each country with and without the region's default and with each of its states."""
    countries = (
        [code] if code not in (COMMON, LATAM_DEFAULT) else [c for c in packs if c not in (COMMON, LATAM_DEFAULT)]
    )
    defaults = (LATAM_DEFAULT,) if code == LATAM_DEFAULT else ("", LATAM_DEFAULT)
    for country in countries:
        for overlay in ("", *packs[country].overlays):
            for default in defaults:
                yield tuple(name for name in (COMMON, country, default, overlay) if name)
    if len(countries) > 1:
        yield (COMMON, LATAM_DEFAULT)


def _shape(packs: Mapping[str, Pack], codes: Sequence[str]) -> list[Any]:
    """All that a composition decides with, without citations and without what nobody can make decide."""
    overlays = {name: data for pack in packs.values() for name, data in pack.overlays.items()}
    layers = [Layer(code, packs[code].data if code in packs else overlays[code]) for code in codes]
    ruleset = compile_layers([*layers, _OWN])
    movable = {rule: freedom for layer in layers for rule, freedom in _movable(layer.data)}
    shut = {day for rule in ruleset.closed for day in rule.weekdays if rule.rule not in movable}
    return [
        [getattr(ruleset, one.name) for one in fields(RuleSet) if one.name not in _COMPARED_APART],
        {name: _plan(plan, movable) for name, plan in ruleset.plans.items()},
        _bare(ruleset.closed),
        [(one.rule, [() if day in shut else hours for day, hours in enumerate(one.week)]) for one in ruleset.windows],
        movable,
        [(rule, day) for layer in layers for rule, day in _asked(layer.data) if day not in shut],
        [(layer.data.get("uf"), layer.data.get("province")) for layer in layers],
    ]


def _plan(plan: Plan, movable: Collection[str]) -> list[Any]:
    """A plan without spacings that a cap implies: one contact in seven days leaves no contact the day after."""
    implied = {cap.rule for cap in plan.caps if cap.limit == 1 and cap.rule not in movable and _within(cap)}
    rest = [_bare(getattr(plan, one.name)) for one in fields(plan) if one.name not in ("lasting", "caps", "spacings")]
    caps = [cap._replace(clear_days=None, citation="", basis="") for cap in plan.caps]
    return [rest, caps, [(cap.rule, cap.clear_days) for cap in plan.spacings if cap.rule not in implied]]


def _within(cap: Cap) -> bool:
    return cap.clear_days is not None and cap.clear_days < cap.days


def _movable(data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The rules of a layer that a tenant or a debtor can move, and how far; one that is off as it would be when on."""
    rows = [row for key in ("closed_days", "caps", "stop_rules") for row in data.get(key) or ()]
    rows += [data[key] for key in ("windows_rule", "channel_lock") if data.get(key)]
    for row in rows:
        freedom = [row.get("tenant_may_relax"), row.get("relax_floor"), row.get("debtor_may_widen") is True]
        if row.get("enabled") is False or any(freedom):
            yield row["id"], [freedom, row if row.get("enabled") is False else None]


def _asked(data: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Weekdays whose hours a debtor may ask to widen."""
    rule = data.get("windows_rule") or {}
    for day in rule.get("debtor_may_widen") or ():
        yield rule["id"], WEEK.index(day)


def _bare(value: Any) -> Any:
    """Rules without their citation and basis, which inform."""
    if isinstance(value, tuple) and hasattr(value, "citation"):
        return value[:-2]
    if isinstance(value, tuple):
        return [_bare(one) for one in value]
    return (value.rule, value.values) if hasattr(value, "citation") else value
