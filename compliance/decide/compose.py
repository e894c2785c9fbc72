"""Composing a rule set: which packs, overlays and own layers one send answers to, and who may relax what.

Windows intersect, closed days and content lists unite, every cap applies. A tenant only tightens, save where a rule
says `tenant_may_relax`; a debtor's own documented request widens hours or days only where a rule says
`debtor_may_widen`. What relaxing and widening change is the data itself, before it is compiled, so the stored content
of a rule set shows it.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from kernel.errors import DomainError

from .compiling import compile_layers, interval, week_of
from .packs import COMMON, LATAM_DEFAULT, Pack, pack_of
from .rules import WEEK, Intervals, Layer, RuleSet

_RULE_LISTS = ("stop_rules", "closed_days", "caps", "content_prohibited", "content_required_rules")
_OWN_KEYS = frozenset(
    {"windows", "windows_rule", "closed_days", "caps", "stop_rules", "content_required", "content_required_rules"}
    | {"content_prohibited", "channel_lock", "relax", "request"}
)


def compose(
    packs: Mapping[str, Pack],
    country: str | None,
    subdivisions: Sequence[str] = (),
    default: bool = True,
    tenant: Mapping[str, Any] | None = None,
    creditor: Mapping[str, Any] | None = None,
    debtor: Mapping[str, Any] | None = None,
) -> RuleSet:
    """The product's rule set: common, country, latam-default, subdivisions, tenant, creditor, debtor.

    `country` is ISO 3166 letters or a pack code; without a pack of its own a country falls back to latam-default, which
    `default=False` (the tenant's written opt-out) then does not remove. Own layers use the packs' keys (windows, caps,
    closed_days, stop_rules, content_prohibited, content_required_rules, channel_lock); a tenant's may add `relax`
    {rule id: {"off": true} | {"on": true} | {"count": n} | {"windows": {...}}}, a debtor's `request`
    {"evidence": reference, "days": ["saturday", "public_holidays"], "windows": {"sat": ["10:00", "13:00"]}}.
    Compose once per combination and keep the result. Raises DomainError.
    """
    pack = pack_of(packs, country)
    layers = [Layer(COMMON, packs[COMMON].data)]
    if pack is not None and pack.code not in (COMMON, LATAM_DEFAULT):
        layers.append(Layer(pack.code, pack.data))
    if default or len(layers) == 1:
        layers.append(Layer(LATAM_DEFAULT, packs[LATAM_DEFAULT].data))
    layers += [_overlay(packs, code) for code in subdivisions]
    return compile_layers(_with_own(layers, tenant, creditor, debtor))


def compose_exactly(
    packs: Mapping[str, Pack],
    codes: Sequence[str],
    subdivisions: Sequence[str] = (),
    tenant: Mapping[str, Any] | None = None,
    creditor: Mapping[str, Any] | None = None,
    debtor: Mapping[str, Any] | None = None,
) -> RuleSet:
    """Common, then exactly these packs in this order, then the overlays: what a worked case asks for."""
    return compile_layers(_with_own(_exactly(packs, codes, subdivisions), tenant, creditor, debtor))


def relaxable(packs: Mapping[str, Pack], codes: Sequence[str], subdivisions: Sequence[str] = ()) -> frozenset[str]:
    """Ids of the rules that a tenant may relax in `compose_exactly` of the same packs."""
    found: dict[str, list[bool]] = {}
    for layer in _exactly(packs, codes, subdivisions):
        for _, row in _keyed_rows(layer.data):
            found.setdefault(row["id"], []).append(_may_relax(row))
    return frozenset(rule for rule, answers in found.items() if all(answers))


def _exactly(packs: Mapping[str, Pack], codes: Sequence[str], subdivisions: Sequence[str]) -> list[Layer]:
    layers = [Layer(COMMON, packs[COMMON].data)]
    layers += [Layer(code, _known(packs, code).data) for code in dict.fromkeys(codes) if code != COMMON]
    return layers + [_overlay(packs, code) for code in dict.fromkeys(subdivisions)]


def _with_own(
    layers: list[Layer],
    tenant: Mapping[str, Any] | None,
    creditor: Mapping[str, Any] | None,
    debtor: Mapping[str, Any] | None,
) -> list[Layer]:
    """The packs' layers as the tenant relaxes and the debtor widens them, and the own layers behind them."""
    if tenant and tenant.get("relax"):
        layers = _relaxed(layers, tenant["relax"])
    if debtor and debtor.get("request"):
        layers = _widened(layers, debtor["request"])
    own = (("tenant", tenant), ("creditor", creditor), ("debtor", debtor))
    return [*layers, *(_own(name, data) for name, data in own if data)]


def _known(packs: Mapping[str, Pack], code: str) -> Pack:
    if code not in packs:
        raise DomainError(
            "pack_unknown", "no rule pack %(pack)s; known: %(known)s", pack=code, known=", ".join(sorted(packs))
        )
    return packs[code]


def _overlay(packs: Mapping[str, Pack], code: str) -> Layer:
    known: list[str] = []
    for pack in packs.values():
        if code in pack.overlays:
            return Layer(code, pack.overlays[code])
        known += pack.overlays
    listed = ", ".join(sorted(known))
    raise DomainError("subdivision_unknown", "no subdivision %(overlay)s; known: %(known)s", overlay=code, known=listed)


def _own(name: str, data: Mapping[str, Any]) -> Layer:
    """A tenant's, creditor's or debtor's own layer, with ids where it gives none."""
    if unknown := set(data) - _OWN_KEYS:
        raise DomainError(
            "layer_invalid",
            "%(layer)s rules: unknown key %(key)s; known: %(known)s",
            layer=name,
            key=", ".join(sorted(unknown)),
            known=", ".join(sorted(_OWN_KEYS)),
        )
    if name != "tenant" and data.get("relax"):
        raise DomainError("layer_invalid", "only a tenant may relax; %(layer)s rules may only tighten", layer=name)
    prefix = name.upper()
    own: dict[str, Any] = {key: copy.deepcopy(value) for key, value in data.items() if key not in ("relax", "request")}
    if "windows" in own:
        own["windows"] = {day: own["windows"].get(day) for day in WEEK}
        rule = {"id": f"{prefix}-HOURS", "binding": "own_rule", **(own.get("windows_rule") or {})}
        own["windows_rule"] = rule
    for key, stem in (("closed_days", "CLOSED"), ("caps", "CAP"), ("stop_rules", "STOP"), ("content_prohibited", "C")):
        for place, row in enumerate(own.get(key, ()), 1):
            row.setdefault("id", f"{prefix}-{stem}-{place}")
            row.setdefault("binding", "own_rule")
    for place, row in enumerate(own.get("content_required_rules", ()), 1):
        row.setdefault("id", f"{prefix}-REQUIRED-{place}")
    if fields := own.pop("content_required", None):
        own.setdefault("content_required_rules", []).append({"id": f"{prefix}-REQUIRED", "fields": fields})
    if lock := own.get("channel_lock"):
        lock.setdefault("id", f"{prefix}-ONE-CHANNEL")
    return Layer(name, own)


def _keyed_rows(data: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The rules of a layer that have an id, each with the key that it stands under."""
    found = [(key, row) for key in _RULE_LISTS for row in data.get(key) or ()]
    return found + [(key, data[key]) for key in ("windows_rule", "channel_lock") if (data.get(key) or {}).get("id")]


def _rows(layers: Sequence[Layer], rule: str) -> list[tuple[dict[str, Any], str, dict[str, Any]]]:
    """Where a rule id stands: (layer data, key, row)."""
    found = []
    for layer in layers:
        data: Any = layer.data
        found += [(data, key, row) for key, row in _keyed_rows(data) if row["id"] == rule]
    return found


def _may_relax(row: Mapping[str, Any]) -> bool:
    return row.get("tenant_may_relax") is True


def _relaxed(layers: Sequence[Layer], relax: Mapping[str, Mapping[str, Any]]) -> list[Layer]:
    changed = [Layer(layer.name, copy.deepcopy(dict(layer.data))) for layer in layers]
    for rule, change in relax.items():
        rows = _rows(changed, rule)
        if not rows:
            raise DomainError("rule_unknown", "no rule %(rule)s in this composition", rule=rule)
        for data, key, row in rows:
            if change == {"on": True}:
                row["enabled"] = True
                continue
            if not _may_relax(row):
                raise DomainError("rule_not_relaxable", "rule %(rule)s may not be relaxed by a tenant", rule=rule)
            _relax(rule, data, key, row, change)
    return changed


def _relax(rule: str, data: dict[str, Any], key: str, row: dict[str, Any], change: Mapping[str, Any]) -> None:
    if key == "windows_rule" and set(change) == {"windows"}:
        wider = {day: change["windows"].get(day) for day in WEEK}
        _within_floor(rule, row.get("relax_floor"), data["windows"], wider)
        data["windows"] = wider
    elif change == {"off": True} and key != "windows_rule":
        row["enabled"] = False
    elif change == {"off": True} and not row.get("relax_floor"):
        data["windows"] = {day: ["00:00", "24:00"] for day in WEEK}
    elif key == "caps" and set(change) == {"count"} and isinstance(change["count"], int):
        row["count"] = change["count"]
    else:
        raise DomainError(
            "relax_invalid",
            'rule %(rule)s: relax takes {"off": true}, {"on": true}, {"count": number} (a cap) or '
            '{"windows": {...}} (hours)',
            rule=rule,
        )


def _within_floor(rule: str, floor: str | None, now: Mapping[str, Any], wider: Mapping[str, Any]) -> None:
    if floor is None:
        return
    low, high = interval(floor.split("-"), rule)
    before, after = week_of(now, rule), week_of(wider, rule)
    for day, old, new in zip(WEEK, before, after, strict=True):
        if new and (not old or new[0][0] < low or new[-1][1] > high):
            raise DomainError(
                "relax_below_floor",
                "rule %(rule)s, %(day)s: a tenant may go no further than %(floor)s, and not to days the rule closes",
                rule=rule,
                day=day,
                floor=floor,
            )


def _widened(layers: Sequence[Layer], request: Mapping[str, Any]) -> list[Layer]:
    """The layers with what the debtor asked for, in the rules that let a debtor ask."""
    if not request.get("evidence"):
        raise DomainError("request_without_evidence", "a debtor's request needs a reference to its document (evidence)")
    changed = [Layer(layer.name, copy.deepcopy(dict(layer.data))) for layer in layers]
    for layer in changed:
        data: Any = layer.data
        for row in data.get("closed_days") or ():
            if row.get("debtor_may_widen") and row["day"] in request.get("days", ()):
                row["enabled"] = False
        may = (data.get("windows_rule") or {}).get("debtor_may_widen")
        if may and request.get("windows"):
            asked = week_of(request["windows"], "request")
            week = week_of(data["windows"], layer.name)
            data["windows"] = {
                day: _text(_union(old, new) if day in may else old)
                for day, old, new in zip(WEEK, week, asked, strict=True)
            }
    return changed


def _union(one: Intervals, other: Intervals) -> Intervals:
    merged: list[tuple[int, int]] = []
    for start, end in sorted((*one, *other)):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _text(hours: Intervals) -> list[list[str]] | None:
    return [[f"{s // 3600:02d}:{s % 3600 // 60:02d}" for s in pair] for pair in hours] or None
