"""Addresses of other pages that this one points to, where they exist."""

from __future__ import annotations

from typing import Any

from django.urls import NoReverseMatch, reverse


def page_url(name: str, slug: str, **parts: Any) -> str:
    """The address of a page of the organisation; '' while no page has this name."""
    try:
        return reverse(name, kwargs={"organisation": slug, **parts})
    except NoReverseMatch:
        return ""
