"""What an evidence pack says in Spanish, Brazilian Portuguese and English. Words only; no logic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Texts:
    """One language; the rules' own words (countries, conditions, bases) are compliance.decide.texts."""

    title: str
    page: str  # {page} {pages}
    file_hash: str  # {sha256}
    readme_name: str
    readme: str  # {organisation} {sha256} {document} {seal}
    to_verify: str  # paragraphs, separated by an empty line
    shown: str
    headings: Mapping[str, str]
    labels: Mapping[str, str]
    scopes: Mapping[str, str]
    parts: Mapping[str, str]
    counts: Mapping[str, str]
    told: Mapping[str, str]  # sentences with {places}
    states: Mapping[str, str]
    sources: Mapping[str, str]
    kinds: Mapping[str, str]
    classes: Mapping[str, str]
    verdicts: Mapping[str, str]
    moments: Mapping[str, str]
    roles: Mapping[str, str]
    identities: Mapping[str, str]
    consents: Mapping[str, str]
    purposes: Mapping[str, str]
    evidence: Mapping[str, str]  # keys of a statement's evidence
    values: Mapping[str, str]  # codes in it
    read_in: Mapping[str, str]
    pack_states: Mapping[str, str]
    money: Mapping[str, str]
    methods: Mapping[str, str]
    disputes: Mapping[str, str]


def texts_of(language: str) -> Texts:
    """The words of es, pt or en; raises KeyError for another."""
    from compliance.evidence.texts import en, es, pt

    return {"es": es.ES, "pt": pt.PT, "en": en.EN}[language]


def payment_method(name: str, language: str) -> str:
    """How money arrived, in es, pt or en; what a creditor's own system calls it otherwise."""
    return texts_of(language).methods.get(name, name.replace("_", " "))
