"""The changes of a rule pack: every value that decides, one at a time, to its nearest neighbours or to nothing.

Hours move by one, numbers by one, lists lose and gain an entry, rules disappear or go by another name. What only
informs (citations, sources, notes, how a stop ends) is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from enum import Enum
from typing import Any, NamedTuple

from compliance.decide.packs import DECIDING
from compliance.decide.rules import WEEK
from compliance.decide.values import CHANNELS

Path = tuple[str | int, ...]


class Absent(Enum):
    """The new value of what is taken out."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT


class Mutant(NamedTuple):
    """One change of one pack document."""

    path: Path
    old: Any
    new: Any


#: Keys inside the deciding fields that inform people and decide nothing.
_INFORMS = frozenset(
    {
        *("law", "binding", "status", "sources", "note", "basis", "name", "literal_scope", "extended_to_whatsapp"),
        *("disagreement", "exception", "until", "only_for", "keeps", "exempt_text", "min_library_version"),
        *("burden_of_proof", "burden_source", "generic_consent_void", "evidence", "effective_change", "method"),
        *("re_verify_when", "limited_content_message", "states_that_fail", "from_number", "table", "dst", "code"),
    }
)
_FIELDS = (*DECIDING, "timezone_policy")
#: Whole blocks that a pack may do without, beside the rules that have an id.
_BLOCKS = ("consent", "identity_verification", "reply_exception")
_OTHERS: Mapping[str, Sequence[str]] = {
    "scope": ("debtor", "creditor", "debt"),
    "kind": ("calendar", "rolling"),
    "unit": ("local_days", "hours"),
    "effect": ("deny", "defer"),
    "conflict": ("intersection", "first"),
    "unknown": ("deny", "allow"),
}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
#: What a list may gain: an entry that means something to the gate, or a name of nothing.
_GAINS: Mapping[str, Sequence[str]] = {
    "channels": CHANNELS,
    "lifts": ("caps", "spacing", "channel_lock", "windows", "closed_days"),
    "debtor_may_widen": WEEK,
    "applies_to_subdivisions": ("MG",),
    "content_required": ("another_field",),
    "extra_content_required": ("another_field",),
    "fields": ("another_field",),
    "names": ("Véspera de Natal",),
    "states_that_pass": ("unknown",),
    "country_candidates": ("Pacific/Kiritimati",),
    "mobile_candidates": ("Pacific/Kiritimati",),
}
_ELSEWHERE = "BO"  # a country without a pack, with holidays of its own
_ALL_DAY = ["00:00", "24:00"]
_HOUR = 60


def mutants(data: Mapping[str, Any]) -> Iterator[Mutant]:
    """Every change of a pack document that a case ought to notice."""
    yield from _of_layer(data, ())
    for place, overlay in enumerate(data.get("subdivisions") or ()):
        yield from _of_layer(overlay, ("subdivisions", place))


def changed(data: Any, path: Path, new: Any) -> Any:
    """The document with one value changed; everything beside the path is shared, nothing is changed in place."""
    key, rest = path[0], path[1:]
    copy: Any = dict(data) if isinstance(data, Mapping) else list(data)
    if rest:
        copy[key] = changed(copy[key], rest, new)
    elif new is ABSENT:
        del copy[key]
    else:
        copy[key] = new
    return copy


def spelled(data: Any, path: Path) -> str:
    """A path as a person finds it: `caps/CO-CAP-DAY/count`."""
    words = []
    for step in path:
        data = data[step]
        named = isinstance(step, int) and isinstance(data, Mapping)
        words.append(str(data.get("id") or data.get("code") or step) if named else str(step))
    return "/".join(words)


def _of_layer(data: Mapping[str, Any], path: Path) -> Iterator[Mutant]:
    for key in _FIELDS:
        if key in data:
            if key in _BLOCKS:
                yield Mutant((*path, key), data[key], ABSENT)
            yield from _of(data[key], (*path, key))


def _of(value: Any, path: Path) -> Iterator[Mutant]:
    key = path[-1]
    if len(path) > 1 and path[-2] == "windows":
        for hours in _other_hours(value):
            yield Mutant(path, value, hours)
    elif isinstance(value, Mapping):
        if "id" in value:
            yield Mutant(path, value["id"], ABSENT)
        if key == "spacing":
            yield Mutant(path, value, None)
        for inner, held in value.items():
            informs = (
                inner in _INFORMS or (inner == "when" and "fields" in value) or (inner == "rule" and "per" in value)
            )
            if not informs:
                yield from _of(held, (*path, inner))
    elif isinstance(value, list) and any(isinstance(row, Mapping) for row in value):
        for place, row in enumerate(value):
            yield from _of(row, (*path, place))
    elif isinstance(value, list):
        for other in _other_list(str(key), value):
            yield Mutant(path, value, other)
    else:
        for other in _other_value(str(key), value):
            yield Mutant(path, value, other)


def _other_hours(hours: Sequence[str] | None) -> Iterator[Any]:
    if hours is None:
        yield _ALL_DAY
        return
    yield None
    yield from _moved(hours)


def _moved(hours: Sequence[str]) -> Iterator[list[str]]:
    for place in (0, 1):
        for minutes in (-_HOUR, _HOUR):
            hour, minute = hours[place].split(":")
            moved = int(hour) * 60 + int(minute) + minutes
            if 0 <= moved <= 24 * 60:
                pair = list(hours)
                pair[place] = f"{moved // 60:02d}:{moved % 60:02d}"
                yield pair


def _other_list(key: str, value: list[Any]) -> Iterator[Any]:
    if key == "categories":
        yield ["optional" if value == ["public"] else "public"]
        return
    for place in range(len(value)):
        yield value[:place] + value[place + 1 :]
    if key == "dates":
        for place, text in enumerate(value):
            later = (date.fromisoformat(text) + timedelta(days=1)).isoformat()
            yield [*value[:place], later, *value[place + 1 :]]
    for gain in _GAINS.get(key, ()):
        if gain not in value:
            yield [*value, gain]


def _other_value(key: str, value: Any) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value - 1
        yield value + 1
        if key in ("grace_days", "expires_after_days"):
            yield ABSENT
    elif value is None:
        if key == "spacing":
            yield {"clear_days": 1}
        elif key == "uf":
            yield "SP"
    elif key == "channels":
        for channel in CHANNELS:
            yield [one for one in CHANNELS if one != channel]
    elif key == "calendar":
        yield {"country": _ELSEWHERE, "categories": ["public"]}
    elif key == "day":
        yield _DAYS[(_DAYS.index(value) + 1) % 7] if value in _DAYS else "monday"
    elif key == "relax_floor":
        yield ABSENT
        yield from ("-".join(pair) for pair in _moved(value.split("-")))
    elif key == "subdivision":
        yield ABSENT
        if not value.startswith("debtor_"):
            yield "MG"
    elif key in ("iso2", "country"):
        yield _ELSEWHERE
    elif key == "uf":
        yield "MG"
    elif key == "province":
        yield "A" if value != "A" else "C"
    elif key == "required":
        yield False
    elif key in _OTHERS:
        yield from (other for other in _OTHERS[key] if other != value)
    else:
        yield f"{value}-X"
