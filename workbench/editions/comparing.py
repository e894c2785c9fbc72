"""What differs between two editions of a pack, told rule by rule as a compliance officer reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from compliance.decide.describe import Rule, describe, layer_name, rules_of
from compliance.decide.rules import Layer
from compliance.rulesets import differences

#: Parts of a document that its rules are told from; the rest is told as it is written.
_RULES = frozenset({
    "windows", "windows_rule", "closed_days", "caps", "channel_lock", "stop_rules", "consent", "identity_verification",
    "content_required", "content_required_rule", "content_required_rules", "content_prohibited",
})  # fmt: skip
#: What a sentence tells already, or what no reader asks for.
_TOLD = frozenset({"id", "rule"})


@dataclass(frozen=True, slots=True)
class Detail:
    """A value that is different, with where it stands."""

    path: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """One rule that is new, gone, or says something else: its sentences before and after."""

    code: str
    where: str  # the pack, or a state of it
    how: str  # new | gone | changed
    before: tuple[str, ...]
    after: tuple[str, ...]
    details: tuple[Detail, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that differs between two documents."""

    rules: tuple[Change, ...]
    rest: tuple[Detail, ...]

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not self.rules and not self.rest


def compare(code: str, before: Mapping[str, Any], after: Mapping[str, Any], lang: str) -> Comparison:
    """Two documents of one pack, its states' overlays included."""
    old, new = _layers(code, before), _layers(code, after)
    found = []
    for name in [*new, *(name for name in old if name not in new)]:
        where = layer_name(name, lang, of=code if name != code else "")
        found += _changes(where, old.get(name), new.get(name), lang)
    rest = differences(_rest(before), _rest(after))
    return Comparison(tuple(found), tuple(Detail(path, _text(a), _text(b)) for path, a, b in rest))


def _layers(code: str, data: Mapping[str, Any]) -> dict[str, Layer]:
    overlays = {one["code"]: Layer(one["code"], one) for one in data.get("subdivisions") or ()}
    return {code: Layer(code, data), **overlays}


def _changes(where: str, old: Layer | None, new: Layer | None, lang: str) -> list[Change]:
    before = {rule.code: rule for rule in rules_of(old)} if old else {}
    after = {rule.code: rule for rule in rules_of(new)} if new else {}
    found = []
    for code in [*after, *(code for code in before if code not in after)]:
        one, other = before.get(code), after.get(code)
        if one is not None and other is not None and (one.row, one.week) == (other.row, other.week):
            continue
        how = "changed" if one and other else "new" if other else "gone"
        said, says = _sentences(one, lang), _sentences(other, lang)
        found.append(Change(code, where, how, said, says, _details(one, other) if one and other else ()))
    return found


def _sentences(rule: Rule | None, lang: str) -> tuple[str, ...]:
    return tuple(describe(rule, lang)) if rule is not None else ()


def _details(one: Rule, other: Rule) -> tuple[Detail, ...]:
    rows = differences(dict(one.row), dict(other.row))
    return tuple(Detail(path, _text(a), _text(b)) for path, a, b in rows if path not in _TOLD)


def _rest(data: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in data.items() if key not in _RULES and key != "subdivisions"}
    overlays = [
        {key: value for key, value in one.items() if key not in _RULES} for one in data.get("subdivisions") or ()
    ]
    return kept | ({"subdivisions": overlays} if overlays else {})


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_text(each)}" for key, each in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_text(each) for each in value)
    return str(value)
