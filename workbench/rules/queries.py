"""What the rules' pages read: layers with their rules in words, the days of a year, one moment's decision."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from compliance.decide import (
    Decision,
    Facts,
    Intent,
    Pack,
    RuleSet,
    candidate_zones,
    compose,
    decide,
    overlays_for,
    shipped_calendar,
)
from compliance.decide.calendars import known_subdivisions
from compliance.decide.days import day_table
from compliance.decide.describe import (
    Rule,
    basis_words,
    describe,
    hours_words,
    layer_name,
    product_rules,
    rules_of,
    week_words,
)
from compliance.decide.explain import explain, explain_decision, owner_text, remedy, texts_of
from compliance.decide.packs import COMMON, LATAM_DEFAULT, pack_of
from compliance.decide.rules import Layer
from compliance.decide.values import EPOCH_ORDINAL, ConsentRecord, Contact
from compliance.decide.zones import shipped_plans
from compliance.models import RuleLayer, RulePackVersion
from compliance.rulesets import Book, Place, open_book
from compliance.services import Ask, preview
from kernel.errors import DomainError
from kernel.ids import uuid7
from messaging.sending.drafts import best_contact
from portfolio.models import ContactPoint, Creditor, Debtor, Person
from portfolio.places import zone_of
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
    composed = compose(
        book.packs(), tenant.country or None, (), default=tenant.default_rules,
        tenant=row.data if row.level == "tenant" else None, creditor=row.data if row.level == "creditor" else None,
    )  # fmt: skip
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


# --- the year ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DayTold:
    """One day of the calendar: `tone` open, shorter, weekend, holiday or own; who closes it; its hours in words."""

    on: date
    tone: str
    hours: str
    names: tuple[str, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MonthTold:
    """One month as weeks of seven places, Monday first; None where the month has no day."""

    first: date
    weeks: tuple[tuple[DayTold | None, ...], ...]


def subdivisions(book: Book, country: str) -> list[str]:
    """States and provinces whose own holidays or rules are known."""
    try:
        known = set(known_subdivisions(country))
    except ValueError:
        known = set()
    pack = pack_of(book.packs(), country)
    for overlay in (pack.overlays if pack else {}).values():
        known |= {str(code) for code in (overlay.get("uf"), overlay.get("province")) if code}
    return sorted(known)


def ruleset_of(book: Book, country: str, state: str) -> RuleSet:
    """The organisation's rule set for debtors of a country and state."""
    return book.ruleset(Place(country, (state,) if state else (), NOBODY, NOBODY))


def year(ruleset: RuleSet, country: str, state: str, number: int, lang: str) -> list[MonthTold]:
    """The twelve months of a year: what closes each day, and the hours that stay."""
    table = day_table(ruleset, shipped_calendar(), _facts(country, state))
    usual = max(sum(b - a for a, b in hours) for hours in table.week) if table.week else 0
    months = []
    for month in range(1, 13):
        first = date(number, month, 1)
        cells: list[DayTold | None] = [None] * first.weekday()
        day = first
        while day.month == month:
            cells.append(_day_told(table.day(day.toordinal() - EPOCH_ORDINAL), day, usual, lang))
            day += timedelta(days=1)
        cells += [None] * (-len(cells) % 7)
        months.append(MonthTold(first, tuple(tuple(cells[at : at + 7]) for at in range(0, len(cells), 7))))
    return months


def _facts(country: str, state: str) -> Facts:
    return Facts(country=country or None, ufs=(state,) if state else ())


def _day_told(day: Any, on: date, usual: int, lang: str) -> DayTold:
    findings = [finding for _, finding in day.closed]
    rules = tuple(dict.fromkeys(finding.rule for finding in findings))
    names = tuple(
        dict.fromkeys(str(finding.values["holiday"]) for finding in findings if finding.values.get("holiday"))
    )
    if findings:
        own = any(finding.pack in ("tenant", "creditor") for finding in findings)
        weekend = all(finding.values["day"] in _WEEKDAYS for finding in findings)
        tone = "own" if own else "weekend" if weekend else "holiday"
        return DayTold(on, tone, "", names, rules)
    hours = hours_words(day.open)
    if not hours:
        return DayTold(on, "weekend", "", (), ())
    return DayTold(on, "open" if sum(b - a for a, b in day.open) >= usual else "shorter", hours, (), ())


_WEEKDAYS = frozenset({"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"})


def blackouts(layer_data: Mapping[str, Any]) -> dict[str, str]:
    """Why an organisation closed a day, by its date."""
    return {
        str(day): str(row.get("note", ""))
        for row in layer_data.get("closed_days") or ()
        for day in row.get("dates", ())
    }


# --- one moment -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate would say at one moment, in words."""

    decision: Decision
    sentences: tuple[str, ...]
    findings: tuple[tuple[str, str, str, str], ...]  # rule id, sentence, remedy, owner
    zones: tuple[str, ...]
    at: datetime
    who: str = ""


def zones_for(country: str, state: str = "") -> tuple[str, ...]:
    """Zones that debtors of a country may live in, the one its due dates are counted by first."""
    home = zone_of(country).key
    found = [home] if home != "UTC" else []
    found += [zone for zone in shipped_plans().candidates.get(country, ()) if zone not in found]
    return tuple(found)


def is_zone(name: str) -> bool:
    """Whether there is such a zone."""
    return name in available_timezones()


def find_debtor(text: str) -> Debtor | None:
    """A debtor by id or by the creditor's own id for them."""
    rows = Debtor.objects.select_related("person", "creditor")
    try:
        return rows.filter(pk=uuid.UUID(text)).first()
    except ValueError:
        return rows.filter(external_id=text).order_by("pk").first()


def zones_of_debtor(debtor: Debtor) -> tuple[str, ...]:
    """The zones in which a debtor's moment is read, the primary first."""
    point = best_contact(ContactPoint.objects.filter(person_id=debtor.person_id))
    person: Person = debtor.person
    if point is not None and point.kind == "phone" and not (person.declared_zone or person.address_zone):
        return tuple(point.zones) or candidate_zones(point.value, None, None, shipped_plans())
    return candidate_zones(
        None, person.declared_zone or None, person.address_zone or None, shipped_plans()
    ) or zones_for(person.country or debtor.creditor.country)


def at_in(day: date, hour: time, zone: str) -> datetime:
    """The instant of a wall time in a zone."""
    return datetime.combine(day, hour, ZoneInfo(zone)).astimezone(UTC)


def ask_debtor(debtor: Debtor, message_class: str, at: datetime, lang: str) -> Verdict:
    """The gate's answer about a debtor at an instant, with everything that is on record; nothing is written.

    Raises DomainError `no_address` when there is no address to ask about.
    """
    point = best_contact(ContactPoint.objects.filter(person_id=debtor.person_id))
    if point is None:
        raise DomainError("no_address", "this debtor has no WhatsApp address: add a phone number with its source")
    ask = Ask(
        request_id=uuid7(), origin="agent", actor="preview", message_class=message_class, channel="whatsapp",
        creditor_id=debtor.creditor_id, person_id=debtor.person_id, contact_point_id=point.pk, debtor_id=debtor.pk,
    )  # fmt: skip
    zones = zones_of_debtor(debtor)
    return _verdict(preview(ask, at), zones, at, lang, who=debtor.person.name)


def ask_place(
    book: Book, country: str, state: str, zone: str, message_class: str, contacts: int, at: datetime, lang: str
) -> Verdict:
    """The gate's answer about somebody of whom all is in order: consent given, identity proved, nothing open.

    `contacts` were made on as many of the days before. So only the rules of place and time can object.
    """
    ruleset = ruleset_of(book, country, state)
    facts = Facts(
        zones=(zone,), consents=(ConsentRecord("granted"),), identity="verified", country=country or None,
        ufs=(state,) if state else (), last_inbound={"whatsapp": at - timedelta(hours=1)} if message_class == "reply" else {},
        contacts=tuple(Contact(at - timedelta(days=days + 1)) for days in range(contacts)),
    )  # fmt: skip
    decision = decide(Intent(message_class=message_class), facts, ruleset, at)
    return _verdict(decision, (zone,), at, lang)


def _verdict(decision: Decision, zones: tuple[str, ...], at: datetime, lang: str, who: str = "") -> Verdict:
    zone = zones[0] if zones else "UTC"
    findings = tuple(
        (each.rule, explain(each, lang, zone), remedy(each, lang), owner_text(each, lang)) for each in decision.findings
    )
    return Verdict(decision, tuple(explain_decision(decision, lang, zone)), findings, zones, at, who)


def overlay_codes(book: Book, country: str, state: str) -> tuple[str, ...]:
    """The overlays that a state brings."""
    return overlays_for(book.packs(), country, (state,) if state else ())


def weekday_names(lang: str) -> tuple[str, ...]:
    """Monday to Sunday."""
    return texts_of(lang).weekdays


def month_names(lang: str) -> tuple[str, ...]:
    """January to December."""
    return texts_of(lang).months


def book_for(now: datetime) -> Book:
    """The organisation's book at `now`."""
    return open_book([], now)
