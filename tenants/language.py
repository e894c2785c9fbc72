"""The language of whoever reads: a DomainError's text is translated here, at the edge, and nowhere below.

A request's language comes from Accept-Language by Django's middleware, a command's from --lang or the environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import get_supported_language_variant, gettext

from kernel.errors import DomainError, Words


def told(error: DomainError) -> str:
    """What an error says, in the language that is active now."""
    return said(error.template, error.params)


def said(template: str, params: Mapping[str, Any]) -> str:
    """A template with its `%(name)s` places filled, in the language that is active now; so are parameters that are
    words themselves."""
    text = gettext(template) if template else ""
    if not params:
        return text
    return text % {name: gettext(value) if isinstance(value, Words) else value for name, value in params.items()}


def language_of(text: str) -> str:
    """Ours for a language as people and systems write it ("es-MX", "pt_BR.UTF-8", "pt"); the default for all others."""
    try:
        return get_supported_language_variant(text.partition(".")[0].replace("_", "-").lower())
    except LookupError:
        return settings.LANGUAGE_CODE


def environment_language() -> str:
    """The language of the shell that called us."""
    named = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return language_of(next(filter(None, named), ""))
