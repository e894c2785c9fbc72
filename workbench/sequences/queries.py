"""What the sequences' pages read: steps with their texts, the line of time, differences, who is where."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from django.db.models import Count

from compliance.decide.explain import texts_of
from messaging.message_templates.library import language_for
from messaging.models import Enrolment, MessageTemplate, SequenceVersion
from messaging.models import Sequence as DunningSequence
from portfolio.models import Creditor
from tenants.models import User
from workbench.message_templates.words import stage_word

#: The drawing, in its own units.
WIDTH, HEIGHT, PAD = 1180, 196, 64
AXIS = 98
_TICKS = (0, 7, 15, 30, 45, 60, 90, 120, 180, 270, 360)


@dataclass(frozen=True, slots=True)
class StepTold:
    """One step as it is shown."""

    number: int
    code: str
    stage: str
    word: str
    offset_days: int
    at: str
    times: int
    every_days: int
    template: MessageTemplate | None
    others: tuple[MessageTemplate, ...]  # the stage's approved texts in other languages
    disclosure: str
    menu: tuple[str, ...]
    waiting: int  # enrolments whose next step it is
    last_day: int


@dataclass(frozen=True, slots=True)
class Dot:
    """One touch on the line: where, what stands beside it, above or below."""

    x: float
    y: int
    number: int
    label: str
    day: int
    at: str
    stage: str
    first: bool
    above: bool
    stem_to: int


@dataclass(frozen=True, slots=True)
class Line:
    """The drawing's parts."""

    dots: tuple[Dot, ...]
    ticks: tuple[tuple[float, int], ...]
    due: float
    width: int = WIDTH
    height: int = HEIGHT
    axis: int = AXIS


def approved(country: str) -> dict[str, list[MessageTemplate]]:
    """The approved texts of each stage, those of the country's language first, the newest before older ones."""
    found: dict[str, list[MessageTemplate]] = {}
    rows = MessageTemplate.objects.filter(status=MessageTemplate.Status.APPROVED).order_by("-created_at", "-id")
    mine = language_for(country)
    for row in sorted(rows, key=lambda row: row.language != mine):
        held = found.setdefault(row.stage, [])
        if row.language not in {each.language for each in held}:
            held.append(row)
    return found


def steps_told(sequence: DunningSequence, version: SequenceVersion, lang: str) -> list[StepTold]:
    """The steps of an edition with the text that each would speak."""
    texts, by_stage = texts_of(lang), approved(sequence.country)
    at = dict(
        Enrolment.objects.filter(sequence=sequence, state="active", version=version)
        .values_list("next_step")
        .annotate(n=Count("id"))
        .order_by()
    )
    told = []
    for number, step in enumerate(version.steps, 1):
        held = by_stage.get(step["stage"], [])
        first = held[0] if held else None
        times, every = int(step.get("times", 1)), int(step.get("every_days", 0))
        told.append(StepTold(
            number=number, code=step["code"], stage=step["stage"], word=stage_word(step["stage"]),
            offset_days=int(step["offset_days"]), at=step.get("at", "09:00"), times=times, every_days=every,
            template=first, others=tuple(held[1:]), disclosure=texts.disclosures[min(3, first.disclosure)] if first else "",
            menu=tuple(button["title"] for button in first.buttons) if first else (),
            waiting=sum(n for code, n in at.items() if code == step["code"] or code.startswith(f"{step['code']}.")),
            last_day=int(step["offset_days"]) + (times - 1) * every,
        ))  # fmt: skip
    return told


def line(steps: Sequence[Mapping[str, Any]]) -> Line:
    """The steps on a line of days around the due date: days near it get more room (a root scale)."""
    touches = sorted(
        (int(step["offset_days"]) + turn * int(step.get("every_days", 0)), number, step, turn)
        for number, step in enumerate(steps, 1)
        for turn in range(int(step.get("times", 1)))
    ) if steps else []  # fmt: skip
    low = min([-1.0, *(_root(day) for day, *_ in touches)])
    high = max([2.5, *(_root(day) for day, *_ in touches)])

    def x(day: int) -> float:
        return round(PAD + (_root(day) - low) / (high - low) * (WIDTH - 2 * PAD), 1)

    dots, ends = [], {True: -1e9, False: -1e9}
    for day, number, step, turn in touches:
        at = x(day)
        above = ends[True] <= ends[False] if max(ends.values()) > at - 92 else True
        if turn == 0:
            ends[above] = at
        dots.append(Dot(
            at, AXIS, number, stage_word(step["stage"]), day, step.get("at", "09:00"), step["stage"], turn == 0, above,
            AXIS - 34 if above else AXIS + 34,
        ))  # fmt: skip
    furthest = max((day for day, *_ in touches), default=30)
    ticks = tuple((x(day), day) for day in _TICKS if 0 < day <= max(furthest, 7))
    return Line(tuple(dots), ticks, x(0))


def _root(day: int) -> float:
    return sqrt(day) if day >= 0 else -sqrt(-day)


def differences(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What changed between two editions, step by step: added, removed, or changed with its fields."""
    before, after = {row["code"]: row for row in old}, {row["code"]: row for row in new}
    found: list[dict[str, Any]] = []
    for code in dict.fromkeys([*before, *after]):
        was, now = before.get(code), after.get(code)
        if was == now:
            continue
        kind = "added" if was is None else "removed" if now is None else "changed"
        found.append({"code": code, "kind": kind, "before": _plain(was), "after": _plain(now),
                      "day": int((now or was or {})["offset_days"])})  # fmt: skip
    return sorted(found, key=lambda row: row["day"])


def _plain(row: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "day": int(row["offset_days"]), "word": stage_word(row["stage"]), "at": row.get("at", "09:00"),
        "times": int(row.get("times", 1)), "every": int(row.get("every_days", 0)),
    }  # fmt: skip


def listed() -> list[dict[str, Any]]:
    """All sequences with who is in them, in a constant number of queries."""
    rows = list(DunningSequence.objects.order_by("country", "name"))
    names = dict(Creditor.objects.values_list("pk", "name"))
    counts: dict[uuid.UUID, dict[str, int]] = {}
    for sequence_id, state, n in (
        Enrolment.objects.values_list("sequence_id", "state").annotate(n=Count("id")).order_by()
    ):
        counts.setdefault(sequence_id, {})[state] = n
    versions = {(v.sequence_id, v.version): v for v in SequenceVersion.objects.all()}
    newest: dict[uuid.UUID, int] = {}
    for sequence_id, number in versions:
        newest[sequence_id] = max(newest.get(sequence_id, 0), number)
    return [
        {
            "row": row, "creditor": names.get(row.creditor_id, "") if row.creditor_id else "", "counts": counts.get(row.pk, {}),
            "steps": len(versions[row.pk, row.active_version].steps) if row.active_version else 0,
            "newest": newest.get(row.pk, 0), "line": line(versions[row.pk, row.active_version].steps) if row.active_version else None,
        }
        for row in rows
    ]  # fmt: skip


def standing(sequence: DunningSequence) -> dict[str, Any]:
    """Who is in a sequence: by state, by why they are paused or kept back, by edition."""
    states: dict[str, int] = {}
    reasons: dict[str, int] = {}
    editions: dict[int, int] = {}
    rows = (
        Enrolment.objects.filter(sequence=sequence)
        .values_list("state", "reason", "version__version")
        .annotate(n=Count("id"))
        .order_by()
    )
    for state, reason, number, n in rows:
        states[state] = states.get(state, 0) + n
        if state in ("active", "paused"):
            editions[number] = editions.get(number, 0) + n
            if reason:
                reasons[reason] = reasons.get(reason, 0) + n
    return {
        "states": states, "reasons": sorted(reasons.items(), key=lambda pair: -pair[1]), "editions": editions,
        "running": states.get("active", 0) + states.get("paused", 0),
    }  # fmt: skip


def authors(versions: Sequence[SequenceVersion]) -> dict[str, str]:
    """Names of those who wrote editions, by the actor as it is stored."""
    ids = []
    for version in versions:
        kind, _, key = version.author.partition(":")
        if kind == "user":
            try:
                ids.append(uuid.UUID(key))
            except ValueError:
                continue
    return {
        f"user:{pk}": name or email
        for pk, name, email in User.objects.filter(pk__in=ids).values_list("pk", "name", "email")
    }
