"""Words of the set-up pages: how sure a pack is, how its sources were read; hours and days in form fields."""

from __future__ import annotations

from datetime import date, time
from typing import Any

from django import template
from django.utils.translation import pgettext

register = template.Library()


@register.filter
def confidence_word(text: str) -> str:
    """`medium_high` in the reader's language; what a pack says in other words stays as it is."""
    words = {
        "high": pgettext("confidence", "high"),
        "medium_high": pgettext("confidence", "medium to high"),
        "medium": pgettext("confidence", "medium"),
        "low_medium": pgettext("confidence", "low to medium"),
        "low": pgettext("confidence", "low"),
        "high_as_practice_low_as_law": pgettext("confidence", "high as practice, low as law"),
    }
    return words.get(str(text), str(text).replace("_", " "))


@register.filter
def read_in_word(status: str) -> str:
    """How a rule's source was read."""
    words = {
        "verified_primary": pgettext("source", "the text of the law itself"),
        "verified_secondary": pgettext("source", "a law firm, agency or press account of it"),
        "memory": pgettext("source", "not verified: a lawyer has to check it"),
        "article": pgettext("source", "practice of the trade; no law was found"),
        "inference": pgettext("source", "a strict reading that extends a verified rule"),
    }
    return words.get(str(status), str(status))


@register.filter
def time_text(value: Any) -> str:
    """An hour as a time field takes it."""
    return f"{value:%H:%M}" if isinstance(value, time) else str(value or "")


@register.filter
def date_text(value: Any) -> str:
    """A day as a date field takes it."""
    return value.isoformat() if isinstance(value, date) else str(value or "")


@register.filter
def get(table: Any, key: Any) -> Any:
    """A table's value; None when it has none."""
    return table.get(key) if hasattr(table, "get") else None


@register.filter
def unlocalised(value: Any) -> str:
    """A coordinate as SVG reads it, whatever the page's language."""
    return f"{float(value):.1f}"
