"""{% legal_holds debtor %}: what holds a debtor's data, for the debtor's page."""

from __future__ import annotations

from typing import Any

from django import template

from compliance.retention.holds import holds_of
from compliance.retention.words import KINDS
from portfolio.models import Debtor
from workbench.privacy.queries import hold_lines

register = template.Library()


@register.simple_tag
def data_request_kind(kind: str) -> str:
    """What a kind of request is called."""
    return str(KINDS[kind])


@register.inclusion_tag("workbench/privacy/on_debtor.html", takes_context=True)
def legal_holds(context: dict[str, Any], debtor: Debtor) -> dict[str, Any]:
    """The holds over a debtor, each with who placed it, why and until when; a constant number of queries."""
    now = context["now"]
    rows = holds_of(debtor.person_id, [debtor.creditor_id], now)
    return {"now": now, "zone": context.get("zone"), "holds": hold_lines(rows, now) if rows else []}
