"""Contact points: how a debtor is reached, where that is known from, and what was said about consent with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from kernel.canonical import digest
from kernel.errors import DomainError
from kernel.phones import to_e164
from portfolio import hooks
from portfolio.entries import Account
from portfolio.hooks import ConsentNote
from portfolio.imports.rows import CONSENT_STATES, IDENTITY_STATES, ROLES, SUPPLIERS
from portfolio.models import ContactPoint, Creditor, Debtor
from portfolio.places import midday_of, today_in
from portfolio.services.book import SOMEBODY_ELSES, Book, Outcome

CONTACT_FIELDS = (
    "kind", "value", "role", "contact_name", "contact_position", "source", "supplied_by", "supplied_on", "identity",
    "identity_on", "identity_evidence", "consent_state", "consent_channel", "consent_purpose", "consent_evidence",
    "consent_on", "consent_signed_on", "consent_clause",
)  # fmt: skip
_SURE = {"unknown": 0, "contacted": 1, "claimed": 2, "verified": 3}
_EMAIL = re.compile(r"[^@\s,;<>]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII)


def put_contact(book: Book, account: Account, fields: Mapping[str, Any]) -> tuple[ContactPoint, Outcome]:
    """Make or change a contact point of the debtor's person; consent that is stated with it becomes a note.

    What is known of the owner only grows, and a number reported as a wrong person's stays so. Raises DomainError
    before anything is changed.
    """
    clean = check_contact(book.creditor, fields)
    debtor = account.debtor
    key = (clean["kind"], clean["value"])
    point = book.contacts[debtor.person_id].get(key)
    supplied_on = clean.get("supplied_on")
    provenance = {
        "source": clean.get("source") or "unknown",
        "supplied_by": clean.get("supplied_by") or "unknown",
        "on": supplied_on.isoformat() if supplied_on else None,
    }
    outcome: Outcome = "unchanged"
    if point is None:
        point = ContactPoint(
            tenant_id=debtor.tenant_id,
            person_id=debtor.person_id,
            kind=clean["kind"],
            value=clean["value"],
            role=clean.get("role") or ContactPoint.Role.OWNER,
            contact_name=clean.get("contact_name") or "",
            contact_position=clean.get("contact_position") or "",
            provenance=provenance,
            zones=hooks.zones_of(clean["value"]) if clean["kind"] == "phone" else [],
            created_at=book.now,
        )
        book.contacts[debtor.person_id][key] = point
        book.add(point)
        outcome = "created"
    else:
        stated: dict[str, Any] = {
            name: clean[name] or "" for name in ("contact_name", "contact_position") if name in clean
        }
        if clean.get("role"):
            stated["role"] = clean["role"]
            if point.role in SOMEBODY_ELSES and clean["role"] not in SOMEBODY_ELSES:
                book.owned.append(point)
        if provenance["source"] != "unknown" or provenance["supplied_by"] != "unknown":
            stated["provenance"] = {**point.provenance, **provenance}
        for name, value in stated.items():
            if getattr(point, name) != value:
                setattr(point, name, value)
                outcome = "updated"
    if _be_surer(point, clean, book):
        outcome = "created" if outcome == "created" else "updated"
    if outcome == "updated":
        book.change(point)
    if outcome != "unchanged":
        book.say(debtor)
        if not book.thin:
            book.tell("contact_point.saved", point, debtor_id=str(debtor.id), created=outcome == "created")
    _note_consent(book, debtor, point, clean)
    return point, outcome


def check_signature(book: Book, signed_on: date, version: str) -> Mapping[str, Any]:
    """The evidence of a contract signed on this day. Raises DomainError for a day to come, or without a clause."""
    if signed_on > today_in(book.creditor.country, book.now):
        raise DomainError(
            "signed_later", "a contract cannot be signed on %(day)s: this day has not come yet",
            pointer="consent_signed_on", day=signed_on.isoformat(),
        )  # fmt: skip
    return book.clause(signed_on, version)


def _be_surer(point: ContactPoint, clean: Mapping[str, Any], book: Book) -> bool:
    stated = clean.get("identity") or "unknown"
    on = clean.get("identity_on")
    at = midday_of(on, book.creditor.country) if on else book.now
    if point.identity == "wrong_person":
        return False
    if point.identity == stated:
        # The same again says nothing new, but a later verification begins its time anew.
        if stated != "verified" or on is None or point.identity_at is None or at <= point.identity_at:
            return False
    elif stated != "wrong_person" and _SURE[stated] <= _SURE[point.identity]:
        return False
    point.identity, point.identity_at = stated, at
    stated_as = clean.get("identity_evidence") or {}
    point.identity_method = str(stated_as.get("method") or book.cause.source)[:40]
    # Whose word it is stays with the number: a verification that nobody vouches for proves nothing.
    vouched = {"by": str(stated_as.get("by") or ""), "on": on.isoformat() if on else None, "source": book.cause.source}
    point.provenance = {
        **point.provenance,
        "verification": {"state": stated, "method": point.identity_method, **vouched},
    }
    if stated == "wrong_person":
        point.reported_wrong_at = point.identity_at
    return True


def check_contact(creditor: Creditor, fields: Mapping[str, Any]) -> dict[str, Any]:
    """A contact point's fields with its kind and value in one form; raises DomainError on what cannot be."""
    clean = dict(fields)
    if unknown := sorted(set(clean) - set(CONTACT_FIELDS)):
        raise DomainError(
            "field_unknown", "%(name)s is no field of a contact point", pointer=f"/{unknown[0]}", name=unknown[0]
        )
    kind, value = clean.get("kind") or "phone", str(clean.get("value") or "").strip()
    if kind == "phone":
        value = to_e164(value, creditor.country)
    elif kind == "email":
        value = value.lower()
        if not _EMAIL.fullmatch(value):
            raise DomainError(
                "email_invalid",
                "%(value)s is not one e-mail address: write it like nombre@ejemplo.com",
                pointer="/value",
                value=value,
            )
    elif kind != "bsuid" or not value:
        raise DomainError("contact_kind", "a contact point is a phone, an email or a bsuid", pointer="/kind")
    clean["kind"], clean["value"] = kind, value
    for name, allowed in (
        ("role", ROLES), ("supplied_by", SUPPLIERS), ("identity", IDENTITY_STATES), ("consent_state", CONSENT_STATES)
    ):  # fmt: skip
        if clean.get(name) and clean[name] not in allowed:
            raise DomainError(
                f"{name}_unknown",
                "%(value)s is none of %(known)s",
                pointer=f"/{name}",
                value=clean[name],
                known=", ".join(allowed),
            )
    collected = (clean.get("consent_evidence") or {}).get("collected_on")
    if isinstance(collected, str) and not clean.get("consent_on"):
        try:
            date.fromisoformat(collected)
        except ValueError as error:
            raise DomainError(
                "date_unreadable",
                "%(value)s is no date: write it like 2026-11-21",
                pointer="/consent_evidence/collected_on",
                value=collected[:60],
            ) from error
    if clean.get("identity") == "verified" and not clean.get("identity_on"):
        raise DomainError(
            "identity_undated", "a verified contact needs the date on which it was verified", pointer="/identity_on"
        )
    return clean


def _note_consent(book: Book, debtor: Debtor, point: ContactPoint, clean: Mapping[str, Any]) -> None:
    state = clean.get("consent_state") or "unknown"
    evidence = dict(clean.get("consent_evidence") or {})
    if signed_on := clean.get("consent_signed_on"):
        state = "granted"
        person = book.persons.get(debtor.person_id)
        evidence = {
            "who": person.name if person else "", "wa_number": point.value,
            **check_signature(book, signed_on, clean.get("consent_clause") or ""),
        }  # fmt: skip
    if state == "unknown":
        return
    channel, purpose = clean.get("consent_channel") or "whatsapp", clean.get("consent_purpose") or "collection"
    stated = {"v": 1, "point": point.value, "creditor": book.creditor.id, "channel": channel, "purpose": purpose,
              "state": state, "evidence": evidence, "on": clean.get("consent_on")}  # fmt: skip
    given = clean.get("consent_on") or evidence.get("collected_on")
    given_on = date.fromisoformat(given) if isinstance(given, str) else given
    book.notes.append(
        ConsentNote(
            person_id=debtor.person_id,
            contact_point_id=point.id,
            creditor_id=book.creditor.id,
            channel=channel,
            purpose=purpose,
            state=state,
            evidence=evidence,
            external_id=f"stated:{digest(stated)[:40]}",
            given_at=midday_of(given_on, book.creditor.country) if given_on else book.now,
            source=book.cause.source,
        )
    )
