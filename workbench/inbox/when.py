"""When to be reminded: the usual choices, and what people type ("mañana 10", "sexta 15h", "2 h")."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from compliance.language import normalise
from compliance.language.dates import find_date

MORNING = time(9)
_AHEAD = re.compile(r"^\s*(\d{1,3})\s*(min|m|h|hs|horas?|hours?|d|d[ií]as?|days?)\s*$", re.I)
_HOUR = re.compile(r"(?<![\d/.-])([01]?\d|2[0-3])(?:[:h.]([0-5]\d))?\s*(am|pm|h|hs)?(?![\d/.-])", re.I)
_DAYLESS = re.compile(r"^\s*(?:a\s+las?|[àa]s)?\s*(?:[01]?\d|2[0-3])(?:[:h.][0-5]\d)?\s*(?:am|pm|h|hs)?\s*$", re.I)


def choices(now: datetime, zone: ZoneInfo) -> list[tuple[str, datetime]]:
    """(name, instant): in an hour, in three, tomorrow morning, Monday morning; each once, in order."""
    here = now.astimezone(zone)
    tomorrow = datetime.combine(here.date() + timedelta(days=1), MORNING, zone)
    monday = datetime.combine(here.date() + timedelta(days=(7 - here.weekday()) or 7), MORNING, zone)
    found = [
        ("hour", now + timedelta(hours=1)),
        ("three", now + timedelta(hours=3)),
        ("tomorrow", tomorrow.astimezone(UTC)),
    ]
    if monday != tomorrow:
        found.append(("monday", monday.astimezone(UTC)))
    return found


def parse(text: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The instant that a person means, in their zone; None when the text names none.

    A day without an hour is nine in the morning; an hour without a day is its next occurrence; an ISO instant is taken
    as it is.
    """
    text = text.strip()[:60]
    if ahead := _AHEAD.match(text):
        unit = ahead[2].lower()
        size = (
            timedelta(minutes=1)
            if unit in ("min", "m")
            else timedelta(hours=1)
            if unit[0] == "h"
            else timedelta(days=1)
        )
        return now + int(ahead[1]) * size
    try:
        stated = datetime.fromisoformat(text)
    except ValueError:
        pass
    else:
        return stated if stated.tzinfo else stated.replace(tzinfo=zone).astimezone(UTC)
    here = now.astimezone(zone)
    plain = normalise(text.lower())
    dated = find_date(plain, here.date())
    rest = text if dated is None else text[: dated[1][0]] + " " * (dated[1][1] - dated[1][0]) + text[dated[1][1] :]
    hour = _hour(rest)
    if dated is None:
        if hour is None or not _DAYLESS.match(text):
            return None
        at = datetime.combine(here.date(), hour, zone)
        return (at if at > here else at + timedelta(days=1)).astimezone(UTC)
    return datetime.combine(dated[0], hour or MORNING, zone).astimezone(UTC)


def _hour(text: str) -> time | None:
    found = _HOUR.search(text)
    if found is None:
        return None
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
    if half == "pm" and hour < 12:
        hour += 12
    if half == "am" and hour == 12:
        hour = 0
    return time(hour, minute)
