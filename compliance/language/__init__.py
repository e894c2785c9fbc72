"""What may be said: reads a message and names what in it may not be said, what it discloses, what a debtor wants.

Pure: no Django, no network, no clock. Everything is compiled once, when it is first asked for; texts are read up to 4,096 characters.
"""

from compliance.language.dates import Offer
from compliance.language.disclosure import disclosure_of
from compliance.language.flags import PRODUCED as PRODUCED_FLAGS
from compliance.language.flags import flags_for
from compliance.language.intent import INTENTS_KNOWN, Intent, intent, is_opt_out, sentiment
from compliance.language.lexicon import compiled
from compliance.language.model import CLASSES, OK, Author, Context, Finding, Scan
from compliance.language.normalise import MAX_CHARS, Normalised
from compliance.language.normalise import normalise as _normalise
from compliance.language.scan import scan
from compliance.language.soften import soften


def normalise(text: str) -> Normalised:
    """The plain form of a text: disguises undone into words that the rules know, with the way back to the original."""
    return _normalise(text, compiled().vocabulary)


__all__ = [
    "CLASSES",
    "INTENTS_KNOWN",
    "MAX_CHARS",
    "OK",
    "PRODUCED_FLAGS",
    "Author",
    "Context",
    "Finding",
    "Intent",
    "Normalised",
    "Offer",
    "Scan",
    "compiled",
    "disclosure_of",
    "flags_for",
    "intent",
    "is_opt_out",
    "normalise",
    "scan",
    "sentiment",
    "soften",
]
