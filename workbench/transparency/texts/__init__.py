"""What the debtor's page says, per language; a country's own words are filled in. Content, not interface: no gettext."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from workbench.transparency.texts import en, es, pt

BOOKS: dict[str, ModuleType] = {"es": es, "pt": pt, "en": en}
#: What stands in `lang=""`.
TAGS = {"es": "es", "pt": "pt-BR", "en": "en"}
#: A name like "Horizonte S.A." at the end of a sentence brings its own full stop.
_TWO_STOPS = re.compile(r"(?<!\.)\.\.(?!\.)")


def language_of(*wanted: str) -> str:
    """The first of these that we speak; Spanish otherwise."""
    return next((text[:2].lower() for text in wanted if text[:2].lower() in BOOKS), "es")


@dataclass(frozen=True)
class Book:
    """The texts of one language in one country."""

    language: str
    country: str

    @property
    def tag(self) -> str:
        """The language as HTML names it."""
        return TAGS[self.language]

    @cached_property
    def words(self) -> dict[str, str]:
        """The country's own words."""
        found: dict[str, str] = BOOKS[self.language].words(self.country)
        return found

    def say(self, key: str, /, **places: Any) -> SafeString:
        """A text with its places filled in and escaped. Raises KeyError for a text or a place that does not exist."""
        texts = BOOKS[self.language].TEXTS
        text = texts.get(f"{key}_{self.country}") or texts[key]
        return SafeString(_TWO_STOPS.sub(".", format_html(text, **{**self.words, **places})))

    def table(self, name: str) -> Any:
        """One of the tables of words: REASONS, CHANNELS, CLASSES, STATES, DAYS, PARTS_OF_DAY."""
        return getattr(BOOKS[self.language], name)
