"""Debtors, the persons behind them, and their contact points."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db.models import Q

from kernel.errors import DomainError
from kernel.ids import uuid7
from portfolio import documents, hooks, knowledge
from portfolio.entries import Account
from portfolio.hooks import Note, StopNote
from portfolio.imports.rows import STOPS
from portfolio.models import Agreement, ContactPoint, Creditor, Debtor, Person, Promise
from portfolio.services.book import Book, Outcome, book_of, open_book
from portfolio.services.contacts import CONTACT_FIELDS, check_contact, put_contact
from tenants.scope import all_creditors
from tenants.secrets import lookup_hash, seal

#: What a person may be said to be. A field that is left out stays as it is.
PERSON_FIELDS = ("name", "kind", "country", "language", "subdivision", "city", "declared_zone", "address_zone")
DEBTOR_FIELDS = (*PERSON_FIELDS, "document_kind", "document", "birth_year", "labels", "attributes", "stops")


def document_hash(kind: str, canonical: str) -> str:
    """The keyed hash by which a document is found inside the organisation."""
    return lookup_hash(f"document:{kind}", canonical)


def match_person(kind: str, document: str, country: str = "") -> Person | None:
    """The organisation's person with this document, or None; raises DomainError on a document that cannot be."""
    wanted = document_hash(kind.upper(), documents.check(kind, document, country))
    with all_creditors():
        return Person.objects.filter(document_hash=wanted).first()


# --- a debtor in a book


def put_debtor(book: Book, external_id: str, fields: Mapping[str, Any]) -> tuple[Account, Outcome]:
    """Make or change a debtor in a book that has loaded it (with people), if it exists.

    Fields that are left out stay as they are. Raises DomainError before anything is changed.
    """
    clean = _checked(book.creditor, external_id, fields)
    account = book.by_external.get(external_id)
    if account is None:
        if not clean.get("name"):
            raise DomainError("value_missing", "a new debtor needs a name", pointer="/name")
        person, _ = _person_of(book, None, clean)
        debtor = Debtor(
            creditor=book.creditor,
            person=person,
            external_id=external_id,
            labels=clean.get("labels") or [],
            attributes={key: value for key, value in (clean.get("attributes") or {}).items() if value is not None},
            currency=book.creditor.currency,
            balance_as_of=book.now,
            import_id=book.cause.import_id,
            created_at=book.now,
            updated_at=book.now,
        )
        account = book.open(debtor)
        book.say(debtor)
        _note_stops(book, debtor, clean)
        return account, "created"
    debtor = account.debtor
    person, changed = _person_of(book, debtor, clean)
    if person.id != debtor.person_id:
        debtor.person = person
        book.moved.add(debtor.id)
        changed = True
    if "labels" in clean and list(clean["labels"] or []) != debtor.labels:
        debtor.labels, changed = list(clean["labels"] or []), True
    if "attributes" in clean:
        stated = clean["attributes"]
        kept = {} if stated is None else {**debtor.attributes, **stated}
        merged = {key: value for key, value in kept.items() if value is not None}
        if merged != debtor.attributes:
            debtor.attributes, changed = merged, True
    if debtor.withdrawn_at is not None and was_undone(book, debtor.import_id):
        debtor.withdrawn_at, debtor.import_id, changed = None, book.cause.import_id, True
    _note_stops(book, debtor, clean)
    if changed:
        debtor.updated_at = book.now
        book.change(debtor)
        book.say(debtor)
    return account, "updated" if changed else "unchanged"


def was_undone(book: Book, import_id: uuid.UUID | None) -> bool:
    """Whether a row came from an import that was undone: only then may stating it again bring it back."""
    return import_id is not None and import_id in book.undone


def _checked(creditor: Creditor, external_id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    clean = dict(fields)
    if unknown := sorted(set(clean) - set(DEBTOR_FIELDS)):
        raise DomainError(
            "field_unknown", "%(name)s is no field of a debtor", pointer=f"/{unknown[0]}", name=unknown[0]
        )
    if not external_id or len(external_id) > 80:
        raise DomainError("external_id", "a debtor's own id has 1 to 80 characters", pointer="/external_id")
    if "name" in clean and not clean["name"]:
        raise DomainError("value_missing", "a name cannot be emptied", pointer="/name")
    if clean.get("kind") not in (None, *Person.Kind.values):
        raise DomainError("holder_kind", "a person is human or company", pointer="/kind")
    for name in ("declared_zone", "address_zone"):
        if clean.get(name):
            try:
                ZoneInfo(clean[name])
            except (ZoneInfoNotFoundError, ValueError) as error:
                raise DomainError(
                    "zone_unknown",
                    "%(zone)s is no time zone: write it like America/Bogota",
                    pointer=f"/{name}",
                    zone=clean[name],
                ) from error
    if clean.get("language") and clean["language"] not in ("es", "pt", "en"):
        raise DomainError("language_code", "a language is one of es, pt, en", pointer="/language")
    for stop in clean.get("stops") or ():
        if stop not in STOPS:
            raise DomainError(
                "stop_unknown", "%(stop)s is none of %(known)s", pointer="/stops", stop=stop, known=", ".join(STOPS)
            )
    if clean.get("document"):
        country = clean.get("country") or creditor.country
        try:
            kind = str(clean.get("document_kind") or "").upper() or documents.kind_for(
                clean["document"], country, clean.get("kind") or ""
            )
            clean["document"] = documents.check(kind, clean["document"], _home(kind, country))
        except DomainError as error:
            raise DomainError(
                error.code, error.template, pointer=error.pointer or "/document", **error.params
            ) from error
        clean["document_kind"] = kind
    return clean


def _home(kind: str, country: str) -> str:
    """A foreigner's document is checked as its own country's where the kind exists in one country only."""
    return country if kind in documents.kinds_of(country) else ""


def _person_of(book: Book, debtor: Debtor | None, clean: Mapping[str, Any]) -> tuple[Person, bool]:
    """The person that these facts are about, changed in the book; and whether anything changed."""
    held = book.persons.get(debtor.person_id) if debtor is not None else None
    wanted = document_hash(clean["document_kind"], clean["document"]) if clean.get("document") else ""
    match = book.by_document.get(wanted) if wanted else None
    if match is not None and (held is None or match.id != held.id):
        if held is not None:
            _hand_contacts(book, held, match)
        return match, _describe(book, match, clean, shared=True)
    taken = held is not None and wanted and held.document_hash not in ("", wanted)
    if held is None or (taken and book.shared.get(held.id, 1) > 1):
        fresh = _new_person(book, held, clean)
        if held is not None:
            _hand_contacts(book, held, fresh)
        return fresh, True
    changed = _describe(book, held, clean, shared=book.shared.get(held.id, 1) > 1)
    if wanted and held.document_hash != wanted:
        _identify(book, held, clean, wanted)
        changed = True
    return held, changed


def _new_person(book: Book, held: Person | None, clean: Mapping[str, Any]) -> Person:
    person = Person(
        id=uuid7(),
        name=clean.get("name") or (held.name if held else ""),
        kind=clean.get("kind") or (held.kind if held else Person.Kind.HUMAN),
        country=clean.get("country") or (held.country if held else book.creditor.country),
        language=clean.get("language") or (held.language if held else book.creditor.language),
        created_at=book.now,
    )
    for name in ("subdivision", "city", "declared_zone", "address_zone"):
        setattr(person, name, clean.get(name) or (getattr(held, name) if held else ""))
    book.add(person)
    book.persons[person.id] = person
    book.shared[person.id] = 1
    if clean.get("document"):
        _identify(book, person, clean, document_hash(clean["document_kind"], clean["document"]))
    elif clean.get("birth_year"):
        knowledge.keep(person, birth_year=clean["birth_year"])
    return person


def _identify(book: Book, person: Person, clean: Mapping[str, Any], wanted: str) -> None:
    person.document_kind = clean["document_kind"]
    person.document = seal(clean["document"], purpose="document")
    person.document_hash = wanted
    knowledge.keep(person, document=clean["document"], birth_year=clean.get("birth_year"))
    book.by_document[wanted] = person
    book.change(person)


def _describe(book: Book, person: Person, clean: Mapping[str, Any], *, shared: bool) -> bool:
    """What one creditor says of a person whom others know too only fills gaps."""
    changed = False
    for name in PERSON_FIELDS:
        if name not in clean:
            continue
        value = clean[name] or {"country": book.creditor.country, "language": book.creditor.language}.get(name, "")
        if getattr(person, name) != value and (not shared or not getattr(person, name)):
            if name in ("kind", "name") and not value:
                continue
            setattr(person, name, value)
            changed = True
            if name == "name":
                book.reworded.add(person.id)
    if clean.get("birth_year") and (not shared or knowledge.BIRTH_YEAR not in knowledge.questions(person)):
        changed = knowledge.keep(person, birth_year=clean["birth_year"]) or changed
    if not shared:
        changed = _forget(book, person, clean) or changed
    if changed:
        book.change(person)
    return changed


def _forget(book: Book, person: Person, clean: Mapping[str, Any]) -> bool:
    """A document or birth year that is given as nothing goes, with what could be asked about it."""
    changed = False
    if "document" in clean and not clean["document"] and person.document_hash:
        book.by_document.pop(person.document_hash, None)
        person.document_kind = person.document = person.document_hash = ""
        knowledge.drop(person, knowledge.DOCUMENT_LAST3)
        changed = True
    if "birth_year" in clean and not clean["birth_year"]:
        changed = knowledge.drop(person, knowledge.BIRTH_YEAR) or changed
    return changed


def _hand_contacts(book: Book, held: Person, to: Person) -> None:
    """A debtor turns out to be somebody else: the numbers come along, what was known of their owner does not."""
    known = book.contacts[to.id]
    for key, point in list(book.contacts[held.id].items()):
        if key not in known:
            copy = ContactPoint(
                person=to, kind=point.kind, value=point.value, wire_value=point.wire_value, role=point.role,
                contact_name=point.contact_name, contact_position=point.contact_position,
                provenance=point.provenance, zones=point.zones, created_at=book.now,
            )  # fmt: skip
            known[key] = copy
            book.add(copy)


def _note_stops(book: Book, debtor: Debtor, clean: Mapping[str, Any]) -> None:
    for kind in clean.get("stops") or ():
        book.notes.append(
            StopNote(person_id=debtor.person_id, creditor_id=book.creditor.id, kind=kind, source=book.cause.source)
        )


# --- services


def save_debtor(
    creditor: Creditor,
    external_id: str,
    fields: Mapping[str, Any],
    *,
    contacts: Sequence[Mapping[str, Any]] = (),
    now: datetime,
    source: str = "api",
    import_id: uuid.UUID | None = None,
) -> tuple[Debtor, Outcome]:
    """Make or change a debtor, its person and its contact points, by the creditor's own id.

    A field or contact point that is left out stays as it is. A document that the organisation knows joins the debtor
    to that person. Consents and stops that are stated go to `portfolio.hooks`. Raises DomainError.
    """
    book = open_book(creditor, now=now, source=source, import_id=import_id)
    document = document_of(creditor, external_id, fields)
    book.load(debtors=Q(external_id=external_id), documents=[document] if document else [], people=True)
    account, outcome = put_debtor_with_contacts(book, external_id, fields, contacts)
    book.write()
    hooks.take(book.notes, now)
    return account.debtor, outcome


def document_of(creditor: Creditor, external_id: str, fields: Mapping[str, Any]) -> str:
    """The hash of the document that a debtor's fields name, or ""; raises DomainError on fields that cannot be."""
    clean = _checked(creditor, external_id, fields)
    return document_hash(clean["document_kind"], clean["document"]) if clean.get("document") else ""


def put_debtor_with_contacts(
    book: Book, external_id: str, fields: Mapping[str, Any], contacts: Sequence[Mapping[str, Any]]
) -> tuple[Account, Outcome]:
    """A debtor and contact points in a book that has loaded them: all of it, or (DomainError) nothing."""
    for place, contact in enumerate(contacts):
        try:
            check_contact(book.creditor, contact)
        except DomainError as error:
            raise DomainError(
                error.code, error.template, pointer=f"/contacts/{place}{error.pointer}", **error.params
            ) from error
    account, outcome = put_debtor(book, external_id, fields)
    for contact in contacts:
        _, saved = put_contact(book, account, contact)
        if saved != "unchanged" and outcome == "unchanged":
            outcome = "updated"
    return account, outcome


def save_person(person: Person, fields: Mapping[str, Any], *, now: datetime, source: str) -> bool:
    """Change what is known of a person (PERSON_FIELDS), for every creditor; returns whether anything changed."""
    debtor = Debtor.objects.filter(person=person).order_by("id").first()
    if debtor is None:
        raise DomainError("not_found", "this person owes nobody here")
    book, _ = book_of(debtor, now=now, source=source, people=True)
    clean = _checked(
        book.creditor, debtor.external_id, {name: fields[name] for name in fields if name in PERSON_FIELDS}
    )
    changed = _describe(book, book.persons[person.id], clean, shared=False)
    if changed:
        book.say(debtor)
    book.write()
    return changed


def withdraw_debtor(debtor: Debtor, *, reason: str, now: datetime, source: str) -> None:
    """The creditor takes a debtor back: claims stay as they are, nothing is asked for any more.

    Open promises are withdrawn and the active agreement is cancelled. Twice is once.
    """
    book, account = book_of(debtor, now=now, source=source)
    withdraw_account(book, account, reason=reason)
    book.write()


def withdraw_account(book: Book, account: Account, *, reason: str) -> None:
    """`withdraw_debtor` inside a book."""
    if account.debtor.withdrawn_at is not None:
        return
    account.debtor.withdrawn_at = account.debtor.updated_at = book.now
    book.change(account.debtor)
    book.say(account.debtor, withdrawn=True, reason=reason[:100])
    for promise in account.promises:
        if promise.state == Promise.State.OPEN:
            promise.state, promise.decided_at = Promise.State.WITHDRAWN, book.now
            book.change(promise)
            book.tell("promise.withdrawn", promise, debtor_id=str(account.debtor.id))
    if account.agreement is not None and account.agreement.state == Agreement.State.ACTIVE:
        account.agreement.state, account.agreement.updated_at = Agreement.State.CANCELLED, book.now
        book.change(account.agreement)
        book.tell("agreement.cancelled", account.agreement, debtor_id=str(account.debtor.id))
    for payable in account.payables:
        if payable.state == "open":
            payable.state = "replaced"
            book.change(payable)


def return_debtor(debtor: Debtor, *, now: datetime, source: str) -> None:
    """A withdrawn debtor is collected from again."""
    book, account = book_of(debtor, now=now, source=source)
    account.debtor.withdrawn_at, account.debtor.updated_at = None, now
    book.change(account.debtor)
    book.say(account.debtor, withdrawn=False)
    book.write()


__all__ = [
    "CONTACT_FIELDS", "DEBTOR_FIELDS", "Note", "check_contact", "document_hash", "document_of", "match_person",
    "put_contact", "put_debtor", "put_debtor_with_contacts", "return_debtor", "save_debtor", "save_person", "was_undone",
    "withdraw_account", "withdraw_debtor",
]  # fmt: skip
