"""What the bot says, per language; a country's own words are filled in."""

from __future__ import annotations

import re
from typing import Any

from messaging.bot.texts import es, pt

#: A name like "Horizonte S.A." at the end of a sentence brings its own full stop.
_TWO_STOPS = re.compile(r"(?<!\.)\.\.(?!\.)")
_BOOKS = {"es": es, "pt": pt}


def language_of(language: str) -> str:
    """The language that a debtor is answered in: Portuguese for its speakers, Spanish for everybody else."""
    return "pt" if language.startswith("pt") else "es"


def say(language: str, country: str, text: str, /, **places: Any) -> str:
    """A text of the bot with its places filled in. Raises KeyError for a text or a place that does not exist."""
    book = _BOOKS[language_of(language)]
    return _TWO_STOPS.sub(".", book.TEXTS[text].format(**book.words(country), **places))


def title(language: str, country: str, button: str) -> str:
    """The title of a button, at most twenty characters."""
    book = _BOOKS[language_of(language)]
    return book.TITLES[button].format(**book.words(country))
