"""What the debtor's page writes: texts of its book, amounts and days as the debtor reads them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import template

register = template.Library()


@register.simple_tag(takes_context=True)
def say(context: template.Context, key: str, **places: Any) -> str:
    """`{% say "plan_total" amount=… %}`: a text of the book."""
    text: str = context["page"].say(key, **places)
    return text


@register.simple_tag(takes_context=True)
def cash(context: template.Context, minor: int, currency: str = "") -> str:
    """An amount in minor units."""
    text: str = context["page"].cash(minor, currency)
    return text


@register.simple_tag(takes_context=True)
def on(context: template.Context, day: date | datetime | None) -> str:
    """A day in words."""
    text: str = context["page"].on(day)
    return text


@register.simple_tag(takes_context=True)
def short(context: template.Context, day: date | datetime | None) -> str:
    """A day as a table has room for."""
    text: str = context["page"].short(day)
    return text


@register.simple_tag(takes_context=True)
def at(context: template.Context, instant: datetime) -> str:
    """Day and hour."""
    text: str = context["page"].at(instant)
    return text


@register.simple_tag(takes_context=True)
def words(context: template.Context, table: str, key: str) -> str:
    """A word of one of the book's tables."""
    return str(context["book"].table(table).get(key, key))
