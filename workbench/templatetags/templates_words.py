"""Words of the templates' pages inside templates: statuses, steps, languages."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from workbench.message_templates import words
from workbench.templatetags.trato import icon

register = template.Library()
_ICONS = {
    "draft": "edit", "pending": "clock", "approved": "check", "rejected": "x", "paused": "player-pause", "disabled": "archive",
}  # fmt: skip


@register.simple_tag
def template_status(row: Any) -> SafeString:
    """A template's status as a mark."""
    tone, text = (
        words.STATUS_TONES.get(row.status, "grey"),
        words.status_word(row.status, submitted=bool(row.provider_id)),
    )
    return format_html('<span class="state {}">{}{}</span>', tone, icon(_ICONS.get(row.status, "circle")), text)


@register.filter
def category_word(category: str) -> str:
    """Meta's category of a template."""
    return words.category_word(category)


@register.filter
def stage_word(stage: str) -> str:
    """A step as people call it."""
    return words.stage_word(stage)


@register.filter
def language_tag(code: str) -> str:
    """Meta's "es_CO" as HTML writes it in `lang`: es-CO."""
    return code.replace("_", "-")


@register.filter
def language_word(code: str) -> str:
    """es_CO is "español (Colombia)"."""
    return words.language_word(code, get_language() or "en")
