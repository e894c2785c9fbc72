"""Finding people: by a beginning of each word of the name, the document, the end of a phone number, a bill's number.

Everything is looked up by equality or as a range of text, so that the index holds under row-level security
(architecture.md, section 5). The words are kept beside the rows by `keep`, which every book calls when it is written.
"""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection

from kernel.errors import DomainError
from kernel.ids import uuid7
from portfolio import documents
from portfolio.models import ContactPoint, Debtor, Invoice, Person, SearchToken
from tenants import bulk
from tenants.scope import current_tenant_id
from tenants.secrets import lookup_hash

if TYPE_CHECKING:
    from portfolio.services.book import Book

#: SearchToken.Kind as plain text: what is written for each of many thousand rows.
NAME, PHONE, NUMBER, ACCOUNT = "n", "p", "i", "a"
#: The job that makes older rows findable, and its first subject; the next ones are ids of persons.
INDEX, FROM_THE_START = "portfolio.index", "start"
#: Words that say nothing about who is meant.
_PARTICLES = frozenset(["de", "da", "do", "das", "dos", "del", "la", "las", "los", "el", "sa", "cv", "ltda", "sas"])
_WORDS = re.compile(r"[a-z0-9]+")
_DIGITS_MIN = 4
_PREFIX_MIN = 2
_LONGEST = 80
#: Where a document may be from when nobody says.
_COUNTRIES = ("BR", "MX", "CO", "CL", "AR", "PE", "EC")


def plain(text: str) -> str:
    """A text without accents, in lower case."""
    if text.isascii():
        return text.lower()
    parted = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in parted if not unicodedata.combining(sign))


def name_words(name: str) -> list[str]:
    """The words of a name that are kept: without accents and particles, each once, in their order."""
    words = list(dict.fromkeys(_WORDS.findall(plain(name))))
    return [word[:_LONGEST] for word in words if word not in _PARTICLES and len(word) > 1] or [
        word[:_LONGEST] for word in words
    ]


def number_word(text: str) -> str:
    """An invoice's or account's number as it is kept: letters and digits only."""
    return "".join(_WORDS.findall(plain(text)))[:_LONGEST]


def phone_word(e164: str) -> str:
    """A phone's digits, the last one first: the end of a number is the beginning of this."""
    return re.sub(r"\D", "", e164)[::-1]


# --- keeping


def tokens_of_person(person: Person) -> Iterator[NewToken]:
    """The words of a name."""
    for word in name_words(person.name):
        yield _token(person.tenant_id, person.id, None, person.id, NAME, word)


def tokens_of_contact(point: ContactPoint) -> Iterator[NewToken]:
    """A phone's digits; an e-mail's name before the @; the words of a contact person's name."""
    if point.kind == ContactPoint.Kind.PHONE:
        yield _token(point.tenant_id, point.person_id, None, point.id, PHONE, phone_word(point.value))
    elif point.kind == ContactPoint.Kind.EMAIL:
        for word in name_words(point.value.partition("@")[0])[:3]:
            yield _token(point.tenant_id, point.person_id, None, point.id, NAME, word)


def tokens_of_debtor(debtor: Debtor) -> Iterator[NewToken]:
    """The creditor's own id of a debtor."""
    if word := number_word(debtor.external_id):
        yield _token(debtor.tenant_id, debtor.person_id, debtor.creditor_id, debtor.id, ACCOUNT, word)


def tokens_of_invoice(invoice: Invoice, person_id: uuid.UUID) -> Iterator[NewToken]:
    """An invoice's number, and the creditor's own id of it where that is another."""
    for word in dict.fromkeys([number_word(invoice.number), number_word(invoice.external_id)]):
        if word:
            yield _token(invoice.tenant_id, person_id, invoice.creditor_id, invoice.id, NUMBER, word)


@dataclass(slots=True)
class NewToken:
    """A word about to be written: the columns of SearchToken, as text already, at a fraction of a model's making."""

    id: str
    tenant_id: str
    person_id: str
    creditor_id: str | None
    subject_id: str
    kind: str
    token: str


def _token(
    tenant_id: uuid.UUID | None, person_id: uuid.UUID, creditor_id: uuid.UUID | None, subject_id: uuid.UUID, kind: str,
    word: str,
) -> NewToken:  # fmt: skip
    return NewToken(
        str(uuid7()), str(tenant_id or current_tenant_id()), str(person_id),
        None if creditor_id is None else str(creditor_id), str(subject_id), kind, word,
    )  # fmt: skip


def keep(book: Book) -> None:
    """Write the words of what a book made or renamed; called when the book is written."""
    found: list[NewToken] = []
    for person in book.new[Person].values():
        found += tokens_of_person(person)
    for point in book.new[ContactPoint].values():
        found += tokens_of_contact(point)
    for debtor in book.new[Debtor].values():
        found += tokens_of_debtor(debtor)
    people = {account.debtor.id: account.debtor.person_id for account in book.accounts.values()}
    for invoice in book.new[Invoice].values():
        found += tokens_of_invoice(invoice, people[invoice.debtor_id])
    if book.reworded:
        SearchToken.objects.filter(subject_id__in=book.reworded).delete()
        for person_id in book.reworded & book.changed[Person].keys():
            found += tokens_of_person(book.changed[Person][person_id])
        for invoice_id in book.reworded & book.changed[Invoice].keys():
            invoice = book.changed[Invoice][invoice_id]
            found += tokens_of_invoice(invoice, people[invoice.debtor_id])
    for debtor_id in book.moved:
        account = book.accounts[debtor_id]
        subjects = [debtor_id, *account.invoices]
        SearchToken.objects.filter(subject_id__in=subjects).update(person_id=account.debtor.person_id)
    insert(found)


def insert(found: Iterable[NewToken]) -> None:
    """Write words; those that stand are left alone."""
    bulk.insert(SearchToken, found, or_leave=True)


def index(person_ids: Collection[uuid.UUID]) -> int:
    """Write every word of these persons anew, for rows that are older than this table; returns how many words."""
    people = list(Person.objects.filter(pk__in=list(person_ids)))
    ids = [person.pk for person in people]
    points = list(ContactPoint.objects.filter(person_id__in=ids))
    debtors = list(Debtor.objects.filter(person_id__in=ids))
    owner = {debtor.pk: debtor.person_id for debtor in debtors}
    invoices = list(Invoice.objects.filter(debtor_id__in=owner))
    subjects = [row.pk for rows in (people, points, debtors, invoices) for row in rows]
    SearchToken.objects.filter(subject_id__in=subjects).delete()
    found: list[NewToken] = []
    for person in people:
        found += tokens_of_person(person)
    for point in points:
        found += tokens_of_contact(point)
    for debtor in debtors:
        found += tokens_of_debtor(debtor)
    for invoice in invoices:
        found += tokens_of_invoice(invoice, owner[invoice.debtor_id])
    insert(found)
    return len(found)


def index_after(person_id: uuid.UUID | None, *, limit: int = 500) -> uuid.UUID | None:
    """Index the next persons in the order of their ids; returns the last one, None when there are no more."""
    rows = Person.objects.order_by("id")
    if person_id is not None:
        rows = rows.filter(id__gt=person_id)
    ids = list(rows.values_list("id", flat=True)[:limit])
    if ids:
        index(ids)
    return ids[-1] if ids else None


# --- finding


def search(text: str, limit: int = 20) -> list[uuid.UUID]:
    """Ids of the persons that a text names, the best first: the document, then numbers, then names.

    A name is found by a beginning of each of its words in any order; a phone by all of it or its last four digits or
    more; invoices and accounts by a beginning of their number. At most `limit`; [] for a text that names nothing.
    """
    text = text.strip()[:200]
    found: list[uuid.UUID] = []

    def more(ids: Iterable[uuid.UUID]) -> bool:
        found.extend(each for each in ids if each not in found)
        return len(found) >= limit

    if more(by_document(text)):
        return found[:limit]
    digits = re.sub(r"\D", "", text)
    letters = any(sign.isalpha() for sign in text)
    if not letters and len(digits) >= _DIGITS_MIN and more(_by(PHONE, [digits[::-1]], limit)):
        return found[:limit]
    number = number_word(text)
    numbered = len(number) > _PREFIX_MIN and any(sign.isdigit() for sign in number)
    if numbered and (more(_by(NUMBER, [number], limit)) or more(_by(ACCOUNT, [number], limit))):
        return found[:limit]
    words = name_words(text)
    if letters and words and (len(words) > 1 or len(words[0]) >= _PREFIX_MIN):
        more(_by(NAME, words, limit))
    return found[:limit]


def invoices_named(text: str, limit: int = 20) -> list[uuid.UUID]:
    """Ids of the invoices whose number begins so."""
    number = number_word(text)
    if len(number) < _PREFIX_MIN + 1 or not any(sign.isdigit() for sign in number):
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT subject_id FROM portfolio_searchtoken WHERE tenant_id = %s AND kind = 'i' AND token >= %s "
            "AND token < %s ORDER BY token LIMIT %s",
            [current_tenant_id(), number, after(number), limit * 2],
        )
        return list(dict.fromkeys(row[0] for row in cursor.fetchall()))[:limit]


def by_document(text: str) -> list[uuid.UUID]:
    """The persons with exactly this document, of whatever kind and country it may be; mostly none or one."""
    if sum(sign.isdigit() for sign in text) < 5:
        return []
    hashes: set[str] = set()
    for country in _COUNTRIES:
        for kind in documents.kinds_of(country):
            try:
                canonical = documents.check(kind, text, country)
            except DomainError:
                continue
            hashes.add(lookup_hash(f"document:{kind}", canonical))
    if not hashes:
        return []
    return list(Person.objects.filter(document_hash__in=hashes).values_list("id", flat=True))


def after(prefix: str) -> str:
    """The first text in C collation behind all that begin with this one."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def _by(kind: str, words: list[str], limit: int) -> list[uuid.UUID]:
    """Persons with a token of this kind for each word, whole words before beginnings."""
    longest, *others = sorted(words, key=len, reverse=True)
    joins = "".join(
        " AND EXISTS (SELECT 1 FROM portfolio_searchtoken o WHERE o.tenant_id = t.tenant_id "
        "AND o.subject_id = t.subject_id AND o.kind = t.kind AND o.token >= %s AND o.token < %s)"
        for _ in others
    )
    bounds = [value for word in others for value in (word, after(word))]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.person_id FROM portfolio_searchtoken t WHERE t.tenant_id = %s AND t.kind = %s AND t.token >= %s "
            f"AND t.token < %s{joins} ORDER BY t.token, t.person_id DESC LIMIT %s",
            [current_tenant_id(), kind, longest, after(longest), *bounds, limit * 3],
        )
        return list(dict.fromkeys(row[0] for row in cursor.fetchall()))[:limit]
