"""What the gate would say at one moment, about a debtor or a place. Nothing is written."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from compliance.decide import Decision, Facts, Intent, candidate_zones, decide
from compliance.decide.explain import explain, explain_decision, owner_text, remedy
from compliance.decide.values import ConsentRecord, Contact
from compliance.decide.zones import shipped_plans
from compliance.rulesets import Book
from compliance.services import Ask, preview
from kernel.errors import DomainError
from kernel.ids import uuid7
from messaging.sending.drafts import best_contact
from portfolio.models import ContactPoint, Debtor, Person
from portfolio.places import zone_of
from workbench.rules.years import ruleset_of


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
