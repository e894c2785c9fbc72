"""The texts that we ship: one per stage and country, in the words of that country, with what its rules ask for.

A body is an opening (what it is about), the country's facts (what the law wants stated) and a closing (what the person
can do). Stages are those of product.md D11 to D16, the identity probe, and what follows a conversation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from messaging.message_templates.library import es, pt

PROBE, CONSENT = "probe", "consent"
#: The five levels of dunning, gentle to firm.
DUNNING = ("preventive", "first", "middle", "formal", "last")
STAGES = (PROBE, *DUNNING, "agreement", "instalment", "receipt", "promise", CONSENT)
_CLASSES = {
    PROBE: "identity_probe", CONSENT: "consent_request", "agreement": "service", "receipt": "service",
}  # fmt: skip
#: Stages whose words changed since they were first shipped: WhatsApp knows other words under another name only.
_EDITIONS = {CONSENT: 2}
LANGUAGES = {"BR": "pt_BR", "MX": "es_MX", "CO": "es_CO", "CL": "es_CL", "AR": "es_AR", "PE": "es_PE"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """A text of the library, ready to be stored as a MessageTemplate."""

    name: str
    country: str
    language: str
    stage: str
    message_class: str
    body: str
    footer: str
    buttons: tuple[tuple[str, str], ...]  # (id, title)


def language_for(country: str) -> str:
    """WhatsApp's code of the language in which a country is written to."""
    return LANGUAGES.get(country, "es")


@cache
def shipped(country: str) -> tuple[Shipped, ...]:
    """Every text for a country, in the order of STAGES."""
    words = pt if country == "BR" else es
    return tuple(
        Shipped(
            name=f"{stage}_{country.lower()}_v{_EDITIONS.get(stage, 1)}",
            country=country,
            language=language_for(country),
            stage=stage,
            message_class=_CLASSES.get(stage, "collection"),
            body=words.body(stage, country),
            footer=words.FOOTER,
            buttons=words.buttons(stage, country),
        )
        for stage in STAGES
    )
