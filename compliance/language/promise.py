"""A promise as an agent types it: "vie 15/8 500", "amanhã 200", "+3 1.200,50", "15 500", "2026-08-15". Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from compliance.language.dates import amount_of, find_date
from compliance.language.lexicon import compiled
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
_NUMBER = re.compile(
    r"(?<![\d.,])[-−–]?(?:\d{1,3}(?: \d{3}){1,4}(?:[.,]\d{1,2})?(?![\d.,])|\d[\d.,]*)"
    r"(?P<thousand> ?(?:mil|k)\b)?", re.ASCII | re.I,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Typed:
    """What was understood: a day, an amount (None: the whole balance), both or neither.

    `unread` is a number that stands for an amount and is none above zero: "0,001", "-500", "0".
    """

    on: date | None = None
    amount: Decimal | None = None
    unread: str = ""


def read_promise(text: str, today: date, decimal_mark: str = "") -> Typed:
    """The day and the amount that a line names; a day alone promises everything that is open.

    `decimal_mark` is the country's: there "1.200" is no thousand where a point begins the decimals.

    Days without a month or year are the next such day from `today` on.
    """
    line = _WORD.sub(lambda match: _DAYS.get(match[0].casefold(), match[0]), text.strip()[:120])
    day, rest = _day(line, today)
    return Typed(day, *_amount(rest, decimal_mark))


def _day(line: str, today: date) -> tuple[date | None, str]:
    """The day, and the line without the words that name it."""
    if match := _ISO.search(line):
        try:
            return date(int(match[1]), int(match[2]), int(match[3])), _without(line, match.span())
        except ValueError:
            return None, _without(line, match.span())
    if match := _AHEAD.search(line):
        return today + timedelta(days=int(match[1])), _without(line, match.span())
    normal = normalise(line, compiled().vocabulary)
    if found := find_date(normal, today):
        day, (start, end) = found
        return day, _without(line, (start, end))
    if match := _BARE_DAY.match(line):
        found = find_date(normalise(f"dia {match[1]}", compiled().vocabulary), today)
        if found:
            return found[0], line[match.end() :]
    return None, line


def _without(line: str, span: tuple[int, int]) -> str:
    return f"{line[: span[0]]} {line[span[1] :]}"


def _amount(rest: str, decimal_mark: str) -> tuple[Decimal | None, str]:
    """The first number as an amount, or as it stands where it is none that could be promised."""
    match = _NUMBER.search(rest)
    if match is None:
        return None, ""
    thousand = match["thousand"] or ""
    written = match[0][: len(match[0]) - len(thousand)].rstrip(".,")
    try:
        value = amount_of(written, decimal_mark)
    except ValueError:
        return None, written
    return (value * 1000 if thousand else value, "") if value > 0 else (None, written)
