"""What the set-up pages write: audit actions in words, reasons of refused lines, the banner of what is stopped."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse

from portfolio.imports.rows import RowError
from tenants.language import said
from workbench.operations.words import ACTIONS
from workbench.setup.queries import stopped

register = template.Library()


@register.simple_tag
def audit_action(action: str) -> str:
    """An audit action in the reader's language."""
    return str(ACTIONS.get(action, action))


@register.simple_tag
def import_error(error: RowError) -> str:
    """Why a line is not taken, in the reader's language."""
    return said(error.template, error.params) or error.message


@register.simple_tag(takes_context=True)
def here_url(context: template.Context, name: str, pk: Any) -> str:
    """The address of a page of another room by its only id; '' while there is none."""
    for key in ("conversation_id", "debtor_id", "pk"):
        try:
            return reverse(name, kwargs={"organisation": context["slug"], key: pk})
        except NoReverseMatch:
            continue
    return ""


@register.inclusion_tag("workbench/setup/stopped.html", takes_context=True)
def sending_banner(context: template.Context) -> dict[str, Any]:
    """On every page while something is stopped: what, why, and the way to resume it."""
    organisation = context.get("organisation")
    stops = stopped(organisation) if organisation is not None else []
    return {"stops": stops, "membership": context.get("membership"), "slug": context.get("slug")}
