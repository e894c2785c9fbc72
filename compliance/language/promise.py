"""A promise as an agent types it: "vie 15/8 500", "amanhã 200", "+3 1.200,50", "15 500", "2026-08-15". Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from compliance.language.dates import decimal_of, find_date
from compliance.language.lexicon import VOCABULARY
from compliance.language.normalise import normalise

#: Short and English names of days that conversations do not use.
_DAYS = {
    "lun": "lunes", "mie": "miercoles", "mié": "miercoles", "jue": "jueves", "vie": "viernes", "sab": "sabado",
    "sáb": "sabado", "dom": "domingo", "mar": "martes", "seg": "segunda", "ter": "terca", "qua": "quarta",
    "qui": "quinta", "sex": "sexta", "mon": "lunes", "monday": "lunes", "tue": "martes", "tuesday": "martes",
    "wed": "miercoles", "wednesday": "miercoles", "thu": "jueves", "thursday": "jueves", "fri": "viernes",
    "friday": "viernes", "sat": "sabado", "saturday": "sabado", "sun": "domingo", "sunday": "domingo",
    "today": "hoy", "tomorrow": "mañana", "man": "mañana", "mañ": "mañana", "amanhã": "amanha",
}  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+")
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_AHEAD = re.compile(r"(?<!\w)\+\s?(\d{1,3})\s?(?:d(?:[ií]as?|ays?)?\b)?", re.I)
_BARE_DAY = re.compile(r"^\s*(\d{1,2})\s+(?=\S*\d)")
_NUMBER = re.compile(r"\d{1,3}(?:[.,\s]\d{3}){1,4}(?:[.,]\d{1,2})?(?!\d)|\d{1,9}(?:[.,]\d{1,2})?")


@dataclass(frozen=True, slots=True)
class Typed:
    """What was understood: a day, an amount (None: the whole balance), both or neither."""

    on: date | None = None
    amount: Decimal | None = None


def read_promise(text: str, today: date) -> Typed:
    """The day and the amount that a line names; a day alone promises everything that is open.

    Days without a month or year are the next such day from `today` on.
    """
    line = _WORD.sub(lambda match: _DAYS.get(match[0].casefold(), match[0]), text.strip()[:120])
    day, rest = _day(line, today)
    return Typed(day, _amount(rest))


def _day(line: str, today: date) -> tuple[date | None, str]:
    """The day, and the line without the words that name it."""
    if match := _ISO.search(line):
        try:
            return date(int(match[1]), int(match[2]), int(match[3])), _without(line, match.span())
        except ValueError:
            return None, _without(line, match.span())
    if match := _AHEAD.search(line):
        return today + timedelta(days=int(match[1])), _without(line, match.span())
    normal = normalise(line, VOCABULARY)
    if found := find_date(normal, today):
        day, (start, end) = found
        return day, _without(line, (start, end))
    if match := _BARE_DAY.match(line):
        found = find_date(normalise(f"dia {match[1]}", VOCABULARY), today)
        if found:
            return found[0], line[match.end() :]
    return None, line


def _without(line: str, span: tuple[int, int]) -> str:
    return f"{line[: span[0]]} {line[span[1] :]}"


def _amount(rest: str) -> Decimal | None:
    for match in _NUMBER.finditer(rest):
        try:
            value = decimal_of(re.sub(r"\s", "", match[0]))
        except InvalidOperation:
            continue
        if value > 0:
            return value
    return None
