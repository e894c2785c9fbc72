"""{% unsigned_rules %}: says quietly, on a page that relies on rules, which packs no lawyer of the country has signed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template

from compliance.decide.describe import layer_name
from compliance.editions import unsigned
from portfolio.models import Creditor
from workbench.rules.queries import speak

register = template.Library()


@register.inclusion_tag("workbench/rules/unsigned.html", takes_context=True)
def unsigned_rules(context: Any, country: str = "") -> dict[str, Any]:
    """The packs of one country, or of all countries in which the organisation's creditors collect. Two queries."""
    request = context["request"]
    countries = {country} if country else {
        request.organisation.country, *Creditor.objects.values_list("country", flat=True).distinct()
    }  # fmt: skip
    lang = speak(request.LANGUAGE_CODE)
    return _note(request, [layer_name(row.code, lang) for row in unsigned(countries, request.now)])


@register.inclusion_tag("workbench/rules/unsigned.html", takes_context=True)
def unsigned_packs(context: Any, packs: Iterable[Any]) -> dict[str, Any]:
    """The same of packs that a page knows already, each with a `name`."""
    return _note(context["request"], [pack.name for pack in packs])


def _note(request: Any, names: list[str]) -> dict[str, Any]:
    leads = request.membership.role in ("supervisor", "admin", "auditor")
    return {"names": names, "slug": request.organisation.slug, "leads": leads}
