"""Dates and amounts as debtors write them: "el viernes", "dia 30", "te deposito 500 mañana", "R$ 1.200,50"."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from compliance.language.lexicon import read
from compliance.language.normalise import Normalised

_NAMES = read("dates.yaml")
_WEEKDAYS: dict[str, int] = {w: n for n, names in enumerate(_NAMES["weekdays"]) for w in names.split()}
_MONTHS: dict[str, int] = {w: n for n, names in enumerate(_NAMES["months"], 1) for w in names.split()}
_NUMBERS: dict[str, int] = {w: int(n) for n, names in _NAMES["numbers"].items() for w in names.split()}
_ORDINAL_DAYS = frozenset(["segunda", "quarta", "quinta", "terca", "sexta"])  # also "second", "fourth"...
_OF = frozenset(["de", "do", "del", "dia"])
_ORDINALS_OF = frozenset(["via", "parcela", "cuota", "vez", "parte"])
_NO_DAY = frozenset(["pesos", "soles", "reais", "mil", "por", "cuotas", "parcelas", "%"])
_COUNTED = ("dia", "cuota", "parcela", "mes", "año", "hora", "vez", "vece", "pago", "semana", "h ")
_SLASHED = re.compile(r"(?<![\d/.])(\d{1,2})[/.-](\d{1,2})(?:[/.-](\d{4}|\d{2}))?(?![\d/%])")
_AMOUNT = re.compile(
    r"(?P<sign>r\$|us\$|s/\.?|[$])? ?(?P<number>\d{1,3}(?:[.,]\d{3}){1,4}(?:[.,]\d{1,2})?|\d{1,9}(?:[.,]\d{1,2})?)"
    r"(?P<thousand> ?(?:mil|k|lucas)\b)?"
    r"(?P<unit> ?(?:pesos|soles|reais|real|mxn|cop|ars|clp|pen|brl|lucas|varos|d[oó]lares|contos?|pila|mangos)\b)?"
    r"(?![\d%])",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a debtor names: a day, an amount (no currency: the conversation's), or both."""

    on: date | None = None
    amount: Decimal | None = None
    currency_named: bool = False


def _number(word: str) -> int | None:
    return int(word) if word.isdigit() and len(word) <= 3 else _NUMBERS.get(word)


def _month_day(day: int, today: date, month: int | None = None, year: int | None = None) -> date | None:
    """That day of that month; without a month the next such day; without a year the next such date."""
    if not 1 <= day <= 31 or (month is not None and not 1 <= month <= 12):
        return None
    if month:
        months = [(year, month)] if year else [(today.year, month), (today.year + 1, month)]
    else:
        following = (today.year + 1, 1) if today.month == 12 else (today.year, today.month + 1)
        months = [(today.year, today.month), following]
    for y, m in months:
        when = date(y, m, min(day, monthrange(y, m)[1]))
        if when >= today or year:
            return when
    return None


def _end_of_month(today: date) -> date:
    return date(today.year, today.month, monthrange(today.year, today.month)[1])


def find_date(normal: Normalised, today: date) -> tuple[date, tuple[int, int]] | None:
    """The first day that a text names, as the next such day from ``today`` on, and its span in the original."""
    for match in _SLASHED.finditer(normal.original):
        day, month, year = int(match.group(1)), int(match.group(2)), match.group(3)
        full_year = (2000 + int(year) if len(year) == 2 else int(year)) if year else None
        if "." in match.group() and not year:
            continue  # 1.50 is money
        if full_year and not today.year - 1 <= full_year <= today.year + 5:
            continue
        if found := _month_day(day, today, month, full_year):
            return found, match.span()
    words = [t.text for t in normal.tokens]
    for place in range(len(words)):
        found, width = _date_at(words, place, today)
        if found:
            return found, (normal.tokens[place].start, normal.tokens[min(place + width, len(words)) - 1].end)
    return None


def _date_at(words: list[str], place: int, today: date) -> tuple[date | None, int]:
    word = words[place]
    following = [*words[place + 1 : place + 5], "", "", "", ""]
    before = words[place - 1] if place else ""
    if word in ("hoy", "hoje", "ahorita"):
        return today, 1
    if word == "pasado" and following[0] == "mañana":
        return today + timedelta(2), 2
    if word == "depois" and following[:2] == ["de", "amanha"]:
        return today + timedelta(2), 3
    if word == "amanha" or (word == "mañana" and before not in ("la", "esta", "cada", "toda")):
        return today + timedelta(1), 1
    if word in _WEEKDAYS and not (word in _ORDINAL_DAYS and following[0] in _ORDINALS_OF):
        ahead = (_WEEKDAYS[word] - today.weekday()) % 7
        if ahead == 0 and before not in ("este", "esta", "hoy", "hoje"):
            ahead = 7
        return today + timedelta(ahead), 2 if following[0] == "feira" else 1
    if word in ("fin", "fim", "final", "finales", "ultimo") and "mes" in following[1:3] and following[0] in _OF:
        return _end_of_month(today), 3
    if word in ("fin", "fim", "final") and following[:2] in (["de", "semana"],):
        return today + timedelta((5 - today.weekday()) % 7), 3
    if word == "quincena":
        return (today.replace(day=15) if today.day <= 15 else _end_of_month(today)), 1
    comes = following[0] == "que" and following[1] in ("viene", "vem", "entra")
    if word == "semana" and (comes or before in ("proxima", "outra", "otra") or following[0] == "proxima"):
        return today + timedelta(7 - today.weekday()), 3
    if word == "mes" and (comes or before in ("proximo", "otro")):
        return _end_of_month(today) + timedelta(1), 3
    if word in ("en", "dentro", "em", "daqui", "unos", "uns", "de"):
        rest = following[1:] if following[0] in ("a", "de", "unos", "uns") else following
        count = _number(rest[0]) if rest[0] else None
        if count and rest[1] in ("dias", "dia"):
            return today + timedelta(count), len(following) - len(rest) + 3
        if count and rest[1] in ("semanas", "semana"):
            return today + timedelta(7 * count), len(following) - len(rest) + 3
    day = _number(word) if word.isdigit() else None
    if day and 1 <= day <= 31:
        if following[0] == "de" and following[1] in _MONTHS:
            return _month_day(day, today, _MONTHS[following[1]]), 3
        if following[0] in _MONTHS and len(following[0]) > 3:
            return _month_day(day, today, _MONTHS[following[0]]), 2
        if before in ("dia", "el", "al") and following[0] not in _NO_DAY:
            return _month_day(day, today), 1
    return None, 1


def find_amount(
    normal: Normalised, taken: tuple[int, int] | None = None
) -> tuple[Decimal, bool, tuple[int, int]] | None:
    """The first amount outside the span ``taken``: value, whether a currency was written with it, span."""
    best: tuple[Decimal, bool, tuple[int, int]] | None = None
    for match in _AMOUNT.finditer(normal.original):
        start, end = match.span("number")[0], match.end()
        if taken and start < taken[1] and end > taken[0]:
            continue
        around = normal.original[max(0, start - 1) : start] + normal.original[end : end + 1]
        if any(c.isalpha() or c in "/#" for c in around if c not in "$") and not match.group("sign"):
            continue
        value = decimal_of(match.group("number"))
        if match.group("thousand"):
            value *= 1000
        named = bool(match.group("sign") or match.group("unit") or match.group("thousand"))
        tail = normal.original[end : end + 14].casefold().lstrip()
        if not named and (value < 20 or tail.startswith(_COUNTED)):
            continue
        if named:
            return value, True, (match.start(), end)
        best = best or (value, False, (match.start(), end))
    return best


def decimal_of(written: str) -> Decimal:
    """1,234.56 and 1.234,56 alike: a last group of one or two digits is the fraction, everything else are thousands."""
    head, mark, tail = written, "", ""
    for place in range(len(written) - 1, -1, -1):
        if written[place] in ".,":
            head, mark, tail = written[:place], written[place], written[place + 1 :]
            break
    if mark and len(tail) <= 2:
        return Decimal(re.sub(r"[.,]", "", head) + "." + tail)
    return Decimal(re.sub(r"[.,]", "", written))


_WRITTEN = re.compile(
    r"(?:[1-9]\d{0,2}(?P<mark>[., ])\d{3}(?:(?P=mark)\d{3})*|\d+)(?P<fraction>[.,]\d{1,2})?", re.ASCII
)


def amount_of(written: str, decimal_mark: str = "") -> Decimal:
    """An amount that somebody enters, which nobody may misread: `decimal_of` for whole groups of thousands and one or
    two decimals of another mark; raises ValueError for anything else ("0,001", "1200.500", "1.200.50", "-5").

    Where `decimal_mark` is the country's, one group of three digits after it is three decimals, and refused.
    """
    found = _WRITTEN.fullmatch(written.strip())
    if found is None or (found["fraction"] and found["fraction"][0] == found["mark"]):
        raise ValueError(f"{written!r} is no amount: thousands in whole groups, at most two decimals")
    if found["mark"] == decimal_mark and written.count(decimal_mark) == 1:
        raise ValueError(f"{written!r} has three decimals")
    return decimal_of(found[0].replace(" ", ""))
