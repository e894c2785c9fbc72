"""What the rules' pages read: layers with their rules in words, and one rule with where it comes from."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from compliance.decide import (
    Pack,
)
from compliance.decide.describe import (
    Rule,
    basis_words,
    describe,
    layer_name,
    product_rules,
    rules_of,
    week_words,
)
from compliance.decide.explain import owner_text, remedy
from compliance.decide.packs import COMMON, LATAM_DEFAULT, pack_of
from compliance.decide.rules import Layer
from compliance.models import RuleLayer, RulePackVersion
from compliance.rulesets import Book, OwnLayers, compose_place, open_book
from portfolio.models import Creditor
from tenants.models import Tenant

NOBODY = uuid.UUID(int=0)
#: Kinds of rules in the order in which they are read, grouped as people look for them.
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("when", ("window", "closed_day")),
    ("often", ("cap", "spacing", "channel_lock")),
    ("who", ("stop", "consent", "identity")),
    ("what", ("prohibited_content", "required_content")),
    ("data", ("freshness", "channel")),
)


@dataclass(frozen=True, slots=True)
class Told:
    """One rule as it is shown."""

    code: str
    kind: str
    sentences: tuple[str, ...]
    citation: str
    basis: str  # in words
    binding: str  # as the pack says it
    read_in: str
    enabled: bool
    rule: Rule

    @property
    def is_law(self) -> bool:
        """Whether it binds by law rather than by practice."""
        return self.binding in ("statute", "regulation", "regulator_guidance", "case_law")


@dataclass(frozen=True, slots=True)
class LayerTold:
    """One layer as it is shown: where it comes from, how sure it is, and its rules by group."""

    code: str
    name: str
    kind: str  # common | country | subdivision | default | own | product
    edition: RulePackVersion | None
    version: int | None
    confidence: str
    groups: tuple[tuple[str, tuple[Told, ...]], ...]
    author: str = ""
    since: datetime | None = None
    reason: str = ""

    @property
    def count(self) -> int:
        """How many rules it has."""
        return sum(len(rules) for _, rules in self.groups)

    @property
    def signed_off(self) -> bool:
        """Whether a lawyer of the country has signed this edition off."""
        return self.edition is not None and self.edition.status == RulePackVersion.Status.SIGNED_OFF


def speak(language_code: str) -> str:
    """The language of the rules' texts for a page's language."""
    return language_code.split("-")[0] if language_code.split("-")[0] in ("es", "pt") else "en"


def told(rule: Rule, lang: str) -> Told:
    """A rule in words."""
    return Told(
        code=rule.code, kind=rule.kind, sentences=tuple(describe(rule, lang)), citation=rule.citation,
        basis=basis_words(rule.basis or rule.read_in, lang), binding=rule.basis, read_in=rule.read_in,
        enabled=rule.enabled, rule=rule,
    )  # fmt: skip


def grouped(rules: Sequence[Told]) -> tuple[tuple[str, tuple[Told, ...]], ...]:
    """Rules by the question that they answer; groups without any are left out."""
    found = [(name, tuple(rule for rule in rules if rule.kind in kinds)) for name, kinds in GROUPS]
    return tuple((name, rows) for name, rows in found if rows)


def confidence_of(data: Mapping[str, Any]) -> str:
    """How sure the pack is of itself, as it says it."""
    said = data.get("confidence") or {}
    return str(said.get("overall", "")) if isinstance(said, Mapping) else str(said)


def countries(book: Book) -> list[tuple[str, str]]:
    """(ISO code, pack code) of the countries that have a pack."""
    return sorted((str(pack.iso2), code) for code, pack in book.packs().items() if pack.iso2)


def country_choices(book: Book, lang: str) -> list[tuple[str, str]]:
    """(ISO code, name), by name."""
    return sorted(((iso, layer_name(code, lang)) for iso, code in countries(book)), key=lambda row: row[1])


def layers_for(book: Book, country: str, tenant: Tenant, lang: str, now: datetime) -> list[LayerTold]:
    """The layers that hold for a country's debtors, in the order in which they are laid: widest first."""
    packs = book.packs()
    marks = dict(book.editions)
    editions = {row.digest: row for row in RulePackVersion.objects.filter(digest__in=marks.values()).defer("data")}
    found = []

    def add(pack: Pack, kind: str) -> None:
        rules = [told(rule, lang) for rule in rules_of(Layer(pack.code, pack.data))]
        found.append(
            LayerTold(
                pack.code, layer_name(pack.code, lang), kind, editions.get(marks[pack.code]), pack.version,
                confidence_of(pack.data), grouped(rules),
            )
        )  # fmt: skip

    add(packs[COMMON], "common")
    pack = pack_of(packs, country)
    if pack is not None and pack.code not in (COMMON, LATAM_DEFAULT):
        add(pack, "country")
        for code, overlay in pack.overlays.items():
            rules = [told(rule, lang) for rule in rules_of(Layer(code, overlay))]
            if rules:
                name = layer_name(code, lang, of=pack.code)
                found.append(
                    LayerTold(
                        code, name, "subdivision", editions.get(marks[pack.code]), pack.version, "", grouped(rules)
                    )
                )
    if tenant.default_rules or pack is None:
        add(packs[LATAM_DEFAULT], "default")
    found += own_layers(book, tenant, lang, now)
    rules = [told(rule, lang) for rule in product_rules()]
    found.append(LayerTold("product", layer_name("product", lang), "product", None, None, "", grouped(rules)))
    return found


def own_layers(book: Book, tenant: Tenant, lang: str, now: datetime) -> list[LayerTold]:
    """The organisation's and its creditors' own layers that hold now."""
    rows = RuleLayer.objects.filter(effective_from__lte=now).exclude(effective_to__lte=now)
    rows = rows.exclude(level=RuleLayer.Level.DEBTOR).order_by("level", "-effective_from", "-id")
    names = dict(Creditor.objects.values_list("pk", "name"))
    found: dict[uuid.UUID, LayerTold] = {}
    for row in rows:
        if row.owner_id in found or (row.level == RuleLayer.Level.CREDITOR and row.owner_id not in names):
            continue
        rules = [told(rule, lang) for rule in _rules_of_own(book, tenant, row)]
        name = layer_name(row.level, lang) if row.level == "tenant" else names[row.owner_id]
        found[row.owner_id] = LayerTold(
            row.level, name, "own", None, None, "", grouped(rules), row.author, row.effective_from, row.reason
        )
    return sorted(found.values(), key=lambda layer: layer.code != "tenant")


def _rules_of_own(book: Book, tenant: Tenant, row: RuleLayer) -> list[Rule]:
    """The rules of an own layer, with the ids that composing gives them."""
    own = OwnLayers(**{row.level: row.data})
    composed = compose_place(book.packs(), tenant.country, (), default=tenant.default_rules, own=own)
    return [
        rule
        for layer in composed.content["layers"]
        if layer["name"] == row.level
        for rule in rules_of(Layer(layer["name"], layer["data"]))
    ]


@dataclass(frozen=True, slots=True)
class Found:
    """One rule with where it stands, and what its row says beyond the words."""

    told: Told
    layer: LayerTold
    remedy: str
    owner: str
    row: Mapping[str, Any]
    week: tuple[tuple[str, str], ...]
    sources: tuple[Mapping[str, Any], ...]


def find_rule(book: Book, tenant: Tenant, code: str, lang: str, now: datetime) -> Found | None:
    """A rule of any pack or own layer by its id; None when there is none."""
    packs = book.packs()
    home = next((each for each in packs.values() if _holds(each, code)), None)
    country = (home.iso2 or tenant.country) if home else tenant.country
    for layer in layers_for(book, country, tenant, lang, now):
        for _, rules in layer.groups:
            for rule in rules:
                if rule.code != code:
                    continue
                pack = home or packs[COMMON]
                return Found(
                    rule, layer, remedy(code if layer.kind != "own" else _kind_subject(rule.kind), lang),
                    owner_text(code if layer.kind != "own" else _kind_subject(rule.kind), lang), rule.rule.row,
                    tuple(week_words(rule.rule.week, lang)) if rule.rule.week else (), _sources(packs, pack, rule.rule.row),
                )  # fmt: skip
    return None


def _holds(pack: Pack, code: str) -> bool:
    layers = [Layer(pack.code, pack.data), *(Layer(name, data) for name, data in pack.overlays.items())]
    return any(rule.code == code for layer in layers for rule in rules_of(layer))


def _kind_subject(kind: str) -> str:
    return kind if kind in ("consent", "identity", "prohibited_content", "required_content", "freshness") else "time"


def _sources(packs: Mapping[str, Pack], pack: Pack, row: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    known = {
        each["id"]: each for part in (packs[COMMON], pack) for each in part.data.get("sources") or () if "id" in each
    }
    return tuple(known[name] for name in row.get("sources") or () if name in known)


def book_for(now: datetime) -> Book:
    """The organisation's book at `now`."""
    return open_book([], now)
