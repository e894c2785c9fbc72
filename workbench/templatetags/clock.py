"""{% clock_menu %}: the organisation's clock in the top bar; in a sandbox it moves."""

from __future__ import annotations

from typing import Any

from django import template

from workbench.clock.views import context as clock_context

register = template.Library()


@register.inclusion_tag("workbench/clock/menu.html", takes_context=True)
def clock_menu(context: template.Context) -> dict[str, Any]:
    """The clock as the page's own request sees it."""
    request = context["request"]
    known: dict[str, Any] = {
        name: context[name] for name in ("request", "organisation", "slug", "now", "zone", "membership")
    }
    if request.organisation.sandbox:
        known |= clock_context(request)
    return known
