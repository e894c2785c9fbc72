"""Rows for tests: plain functions, consistent and valid for their country, belonging to nobody.

All but `make_tenant` and `make_user` work inside an open `tenant_scope`. Nothing passes through the services on
purpose: a test of one room must not stand or fall with another. Names, documents and numbers are made up; check
digits, phone plans and zones are right, because the product refuses or misreads anything else.
"""

from __future__ import annotations

import itertools
import secrets as random_secrets
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from stdnum.br import cnpj, cpf
from stdnum.co import nit
from stdnum.mx import curp, rfc

from compliance.models import Consent
from kernel.canonical import digest
from kernel.ids import uuid7
from kernel.money import Money
from messaging.models import Conversation, Message, MessageTemplate, Number, WhatsAppAccount
from portfolio import knowledge
from portfolio.models import ContactPoint, Creditor, Debtor, Entry, Invoice, Person
from tenants import secrets
from tenants.authentication import SCOPES, create_api_key
from tenants.models import ApiKey, Membership, Tenant, User
from tenants.scope import current_tenant_id

#: A Tuesday, 15:00 in Brasília, 12:00 in Mexico City, 13:00 in Bogotá: legal hours and no holiday in any of them.
NOON = datetime(2026, 11, 17, 18, 0, tzinfo=UTC)

_counter = itertools.count(random_secrets.randbelow(50_000) * 100)


def unique() -> int:
    """A number that no other call in this process gets."""
    return next(_counter)


@dataclass(frozen=True, slots=True)
class Place:
    """What is usual in a country."""

    currency: str
    language: str
    template_language: str
    zone: str
    subdivision: str
    city: str
    document_kind: str
    company_document_kind: str
    phone: str  # eight or nine digits of the number are filled in
    phone_digits: int
    names: tuple[str, ...]
    surnames: tuple[str, ...]
    business: str


PLACES = {
    "BR": Place(
        "BRL", "pt", "pt_BR", "America/Sao_Paulo", "BR-SP", "São Paulo", "CPF", "CNPJ", "+55119{}", 8,
        ("Ana", "João", "Márcia", "Thiago", "Conceição", "Luís"), ("Souza", "Araújo", "Gonçalves", "Pereira"),
        "Móveis Horizonte {} Ltda.",
    ),
    "MX": Place(
        "MXN", "es", "es_MX", "America/Mexico_City", "MX-CMX", "Ciudad de México", "CURP", "RFC", "+5255{}", 8,
        ("Guadalupe", "José", "Ximena", "Íñigo", "Rocío", "Raúl"), ("Hernández", "Muñoz", "Peña", "García"),
        "Distribuidora del Valle {} S.A. de C.V.",
    ),
    "CO": Place(
        "COP", "es", "es_CO", "America/Bogota", "CO-DC", "Bogotá", "CC", "NIT", "+57310{}", 7,
        ("Luz Marina", "Andrés", "Yuliana", "Germán", "Íngrid", "Óscar"), ("Rodríguez", "Muñoz", "Ordóñez", "Ríos"),
        "Muebles La Sabana {} S.A.S.",
    ),
}  # fmt: skip


def make_phone(country: str = "BR", number: int | None = None) -> str:
    """A mobile number in E.164 that the country's plan knows."""
    place = PLACES[country]
    digits = f"{(unique() if number is None else number) % 10**place.phone_digits:0{place.phone_digits}d}"
    first = {"BR": "8", "MX": "4", "CO": "4"}[country]  # every number that begins so is a valid one
    return place.phone.format(first + digits[1:])


def make_document(country: str = "BR", kind: str | None = None) -> tuple[str, str]:
    """(kind, canonical document) with right check digits."""
    place, number = PLACES[country], unique()
    kind = kind or place.document_kind
    if kind == "CPF":
        body = f"{100_000_000 + number * 7 % 899_999_999:09d}"
        return kind, body + cpf._calc_check_digits(body)
    if kind == "CNPJ":
        body = f"{10_000_000 + number % 89_999_999:08d}0001"
        return kind, body + cnpj.calc_check_digits(body)
    if kind == "CURP":
        letters = "BCDFGHJKLMNPQRSTVWXYZ"
        tail = letters[number % 21] + letters[number // 21 % 21] + letters[number // 441 % 21]
        born = f"{80 + number % 19:02d}{1 + number % 12:02d}{1 + number % 28:02d}"
        body = f"XAX{letters[number // 9261 % 21]}{born}HDF{tail}0"
        return kind, body + curp.calc_check_digit(body)
    if kind == "RFC":
        letters = "BCDFGHJKLMNPQRSTVWXYZ"
        name = "X" + letters[number % 21] + letters[number // 21 % 21]
        founded = f"{90 + number % 9:02d}{1 + number % 12:02d}{1 + number % 28:02d}"
        body = f"{name}{founded}{1 + number // 441 % 9}{1 + number // 3969 % 9}"
        return kind, body + rfc.calc_check_digit(body)
    if kind == "CC":
        return kind, f"10{10_000_000 + number % 89_999_999:08d}"
    if kind == "NIT":
        body = f"{900_000_000 + number % 99_999_999:09d}"
        return kind, body + nit.calc_check_digit(body)
    raise ValueError(f"no document is called {kind} here")


def make_tenant(
    country: str = "BR",
    *,
    kind: str = Tenant.Kind.CREDITOR,
    sandbox: bool = False,
    now: datetime = NOON,
    frozen: bool = False,
    name: str | None = None,
    default_rules: bool = True,
) -> Tenant:
    """An organisation. `frozen`: its business clock stands at `now`; otherwise it runs with the machine's."""
    place, number = PLACES[country], unique()
    return Tenant.objects.create(
        name=name or place.business.format(number),
        slug=f"org-{number}-{random_secrets.token_hex(3)}",
        kind=kind,
        country=country,
        currency=place.currency,
        language={"pt": "pt-br"}.get(place.language, place.language),
        sandbox=sandbox or frozen,
        clock_frozen_at=now if frozen else None,
        default_rules=default_rules,
        created_at=now,
    )


def make_user(
    tenant: Tenant | None = None,
    *,
    role: str = Membership.Role.AGENT,
    creditor_ids: Collection[uuid.UUID] | None = None,
    password: str = "a long enough password",
    operator: bool = False,
    now: datetime = NOON,
) -> User:
    """Somebody who can log in, a member of `tenant` if one is given."""
    user = User.objects.create_user(
        f"person{unique()}-{random_secrets.token_hex(3)}@mail.example",
        password,
        name=f"Agente {unique()}",
        joined_at=now,
        is_operator=operator,
    )
    if tenant is not None:
        Membership.objects.create(
            tenant=tenant,
            user=user,
            role=role,
            creditor_ids=None if creditor_ids is None else list(creditor_ids),
            created_at=now,
        )
    return user


def make_key(
    tenant: Tenant,
    *,
    scopes: Collection[str] = SCOPES,
    creditors: Iterable[Creditor] | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, dict[str, str]]:
    """An API key and the headers that show it: `client.get(path, headers=headers)`."""
    ids = None if creditors is None else [creditor.id for creditor in creditors]
    key, text = create_api_key(tenant, name="test", scopes=scopes, creditor_ids=ids, expires_at=expires_at)
    return key, {"Authorization": f"Bearer {text}"}


def _country() -> str:
    return Tenant.objects.values_list("country", flat=True).get(pk=current_tenant_id())


def pay_to(country: str, name: str, city: str) -> dict[str, Any]:
    """Where a creditor of this country is paid; only test banks and accounts."""
    if country == "BR":
        return {"pix": {"key": f"{uuid.uuid5(uuid.NAMESPACE_DNS, name)}", "name": name[:25], "city": city[:15]}}
    if country == "MX":
        return {"clabe": {"bank": "646", "plaza": "180", "prefix": "1573", "holder": name[:40]}}
    return {"account": {"rail": "bre_b", "value": "@cobros0001", "holder": name[:40]}}


def make_creditor(
    *,
    country: str | None = None,
    name: str | None = None,
    external_id: str | None = None,
    currency: str | None = None,
    now: datetime = NOON,
    **fields: Any,
) -> Creditor:
    """A creditor whose messages can carry everything that the rules ask for: legal name, tax id, address, contact."""
    country = country or _country()
    place, creditor_id, number = PLACES[country], fields.pop("id", None) or uuid7(), unique()
    name = name or place.business.format(number)
    _, tax_id = make_document(country, place.company_document_kind)
    values: dict[str, Any] = {
        "legal_name": name,
        "tax_id": tax_id,
        "address": f"Rua das Laranjeiras {number % 900}" if country == "BR" else f"Calle {number % 90} # 12-34",
        "contact": make_phone(country),
        "language": place.language,
        "balance_max_age_hours": 48,
        "pay_to": pay_to(country, name, place.city),
        "policy": {"max_instalments": 6, "min_down_percent": 0, "max_grace_days": 15},
    } | fields
    return Creditor.objects.create(
        id=creditor_id,
        creditor_id=creditor_id,
        external_id=external_id or f"creditor-{number}",
        name=name,
        country=country,
        currency=currency or place.currency,
        created_at=now,
        **values,
    )


def make_person(
    *,
    country: str | None = None,
    kind: str = Person.Kind.HUMAN,
    name: str | None = None,
    document: tuple[str, str] | None = None,
    language: str | None = None,
    now: datetime = NOON,
    **fields: Any,
) -> Person:
    """A human (or a company) with a document of the country, sealed and findable by its hash."""
    country = country or _country()
    place, number = PLACES[country], unique()
    company = kind == Person.Kind.COMPANY
    document_kind, canonical = document or make_document(country, place.company_document_kind if company else None)
    human = f"{place.names[number % len(place.names)]} {place.surnames[number // 6 % len(place.surnames)]}"
    values: dict[str, Any] = {
        "language": language or place.language,
        "address_zone": place.zone,
        "subdivision": place.subdivision,
        "city": place.city,
    } | fields
    person = Person(
        kind=kind,
        name=name or (place.business.format(number) if company else human),
        document_kind=document_kind,
        document=secrets.seal(canonical, purpose="document"),
        document_hash=secrets.lookup_hash(f"document:{document_kind}", canonical),
        country=country,
        created_at=now,
        **values,
    )
    knowledge.keep(person, document=canonical, birth_year=None if company else 1960 + number % 40)
    person.save(force_insert=True)
    return person


def make_contact_point(
    person: Person,
    *,
    phone: str | None = None,
    verified: bool = True,
    role: str = ContactPoint.Role.OWNER,
    kind: str = ContactPoint.Kind.PHONE,
    value: str | None = None,
    now: datetime = NOON,
    **fields: Any,
) -> ContactPoint:
    """A contact point with a lawful provenance; `verified`: whose owner proved who they are."""
    place = PLACES[person.country]
    identity = ContactPoint.Identity.VERIFIED if verified else ContactPoint.Identity.UNKNOWN
    signed_on = (now - timedelta(days=200)).date()
    values: dict[str, Any] = {
        "provenance": {"source": "contract", "supplied_by": "debtor", "on": signed_on.isoformat()},
        "zones": [place.zone] if kind == ContactPoint.Kind.PHONE else [],
        "identity": identity,
        "identity_at": now - timedelta(days=30) if verified else None,
        "identity_method": "two_point" if verified else "",
    } | fields
    return ContactPoint.objects.create(
        person=person,
        kind=kind,
        value=value or phone or make_phone(person.country),
        role=role,
        created_at=now,
        **values,
    )


def make_consent(
    person: Person,
    *,
    creditor: Creditor | None = None,
    contact_point: ContactPoint | None = None,
    channel: str = "whatsapp",
    purpose: str = "collection",
    state: str = Consent.State.GRANTED,
    now: datetime = NOON,
) -> Consent:
    """A consent with its evidence, given some months ago."""
    given = now - timedelta(days=120)
    return Consent.objects.create(
        person=person,
        contact_point=contact_point,
        creditor_id=creditor.id if creditor else None,
        channel=channel,
        purpose=purpose,
        state=state,
        evidence={"wording": "contract clause 12", "version": "1", "how": "signed", "by": "branch office"},
        source="test",
        given_at=given,
        recorded_at=given,
    )


def make_debtor(
    creditor: Creditor,
    *,
    person: Person | None = None,
    phone: str | None = None,
    verified: bool = True,
    consent: bool = True,
    invoices: Sequence[tuple[str | int | Decimal | Money, date]] = (),
    external_id: str | None = None,
    company: bool = False,
    contact: bool = True,
    language: str | None = None,
    now: datetime = NOON,
    **fields: Any,
) -> Debtor:
    """A person at a creditor, with one mobile number, consent for WhatsApp and these (amount, due day) invoices.

    Amounts are in the creditor's currency: "1234.50", 1234, a Decimal or a Money. A person who is passed in keeps the
    contact points that they have; one is added if `phone` is given or they have none.
    """
    kind = Person.Kind.COMPANY if company else Person.Kind.HUMAN
    person = person or make_person(country=creditor.country, kind=kind, language=language, now=now)
    point = ContactPoint.objects.filter(person=person).order_by("id").first()
    if contact and (point is None or phone is not None):
        point = make_contact_point(person, phone=phone, verified=verified, now=now)
    debtor = Debtor.objects.create(
        creditor=creditor,
        person=person,
        external_id=external_id or f"debtor-{unique()}",
        currency=creditor.currency,
        balance_as_of=now,
        created_at=now,
        updated_at=now,
        **fields,
    )
    if consent:
        make_consent(person, creditor=creditor, contact_point=point, now=now)
    for amount, due_on in invoices:
        make_invoice(debtor, amount, due_on, now=now)
    return debtor


def make_invoice(
    debtor: Debtor,
    amount: str | int | Decimal | Money = "100.00",
    due_on: date | None = None,
    *,
    number: str | None = None,
    now: datetime = NOON,
    **fields: Any,
) -> Invoice:
    """An invoice with the entry that charges it; the debtor's cached balance follows."""
    money = amount if isinstance(amount, Money) else Money(Decimal(str(amount)), debtor.currency)
    due_on = due_on or (now - timedelta(days=10)).date()
    serial = unique()
    invoice = Invoice.objects.create(
        creditor_id=debtor.creditor_id,
        debtor=debtor,
        external_id=number or f"invoice-{serial}",
        number=number or f"F-{serial}",
        description=fields.pop("description", "Sofá e entrega" if debtor.currency == "BRL" else "Sofá y entrega"),
        issued_on=due_on - timedelta(days=30),
        due_on=due_on,
        currency=money.currency,
        amount_minor=money.minor,
        open_minor=money.minor,
        created_at=now,
        updated_at=now,
        **fields,
    )
    Entry.objects.create(
        creditor_id=debtor.creditor_id,
        debtor=debtor,
        invoice=invoice,
        kind=Entry.Kind.CHARGE,
        currency=money.currency,
        minor=money.minor,
        source="test",
        occurred_at=now,
        recorded_at=now,
    )
    debtor.open_minor += money.minor
    if money.minor:
        debtor.oldest_due_on = min(due_on, debtor.oldest_due_on or due_on)
    debtor.save(update_fields=["open_minor", "oldest_due_on"])
    return invoice


def make_account(*, base_url: str = "http://127.0.0.1:9", now: datetime = NOON, **fields: Any) -> WhatsAppAccount:
    """A WhatsApp Business account whose secrets open; nothing listens at its address unless a test says so."""
    serial = unique()
    return WhatsAppAccount.objects.create(
        waba_id=f"1000{serial}",
        portfolio_id=f"2000{serial}",
        token=secrets.seal(f"token-{serial}", purpose="whatsapp.token"),
        app_secret=secrets.seal(f"app-secret-{serial}", purpose="route.secret"),
        verify_token=secrets.seal(f"verify-{serial}", purpose="route.verify"),
        base_url=base_url,
        created_at=now,
        **fields,
    )


def make_number(
    account: WhatsAppAccount | None = None, *, country: str | None = None, now: datetime = NOON, **fields: Any
) -> Number:
    """One of our sending addresses."""
    account = account or make_account(now=now)
    return Number.objects.create(
        account=account,
        provider_id=fields.pop("provider_id", f"3000{unique()}"),
        address=fields.pop("address", make_phone(country or _country())),
        name=fields.pop("name", "Atendimento"),
        created_at=now,
        **fields,
    )


_BODIES = {
    "pt": "Olá {{name}}, aqui é {{creditor}}. A fatura {{number}} de {{amount}} venceu em {{due_date}}.",
    "es": "Hola {{name}}, le escribe {{creditor}}. La factura {{number}} por {{amount}} venció el {{due_date}}.",
}


def make_template(
    account: WhatsAppAccount,
    *,
    stage: str = "first",
    language: str | None = None,
    status: str = MessageTemplate.Status.APPROVED,
    now: datetime = NOON,
    **fields: Any,
) -> MessageTemplate:
    """An approved reminder that reveals an amount (disclosure 2) and offers the three usual buttons."""
    language = language or PLACES[_country()].template_language
    serial = unique()
    values: dict[str, Any] = {
        "category": "UTILITY",
        "message_class": "collection",
        "disclosure": 2,
        "body": _BODIES[language[:2]],
        "buttons": [
            {"id": "pay", "title": "Pagar"},
            {"id": "plan", "title": "Parcelar" if language == "pt_BR" else "Plan de pagos"},
            {"id": "doubts", "title": "Dúvidas" if language == "pt_BR" else "Dudas"},
        ],
        "variables": ["name", "creditor", "number", "amount", "due_date"],
        "content": ["creditor_name", "invoice_number", "amount", "due_date"],
        "name": f"{stage}_{serial}",
        "provider_id": f"4000{serial}",
    } | fields
    return MessageTemplate.objects.create(
        account=account, language=language, stage=stage, status=status, created_at=now, updated_at=now, **values
    )


def make_conversation(
    number: Number, contact_point: ContactPoint, *, debtor: Debtor | None = None, now: datetime = NOON, **fields: Any
) -> Conversation:
    """The thread between one of our numbers and a contact point."""
    return Conversation.objects.create(
        number=number,
        address_kind=contact_point.kind,
        address=contact_point.value,
        contact_point=contact_point,
        person_id=contact_point.person_id,
        debtor_id=debtor.id if debtor else None,
        created_at=now,
        updated_at=now,
        **fields,
    )


def make_message(
    conversation: Conversation,
    text: str = "Oi, recebi a cobrança",
    *,
    debtor: Debtor | None = None,
    direction: str = Message.Direction.IN,
    now: datetime = NOON,
    **fields: Any,
) -> Message:
    """Words in a thread, about a debtor if one is given."""
    inbound = direction == Message.Direction.IN
    values: dict[str, Any] = {
        "source": "debtor" if inbound else "agent",
        "kind": "text",
        "state": Message.State.RECEIVED if inbound else Message.State.SENT,
        "salt": digest(text)[:32],
    } | fields
    return Message.objects.create(
        conversation=conversation,
        creditor_id=debtor.creditor_id if debtor else None,
        debtor_id=debtor.id if debtor else None,
        direction=direction,
        text=text,
        at=now,
        recorded_at=now,
        **values,
    )


def contact_of(debtor: Debtor) -> ContactPoint:
    """The debtor's first contact point."""
    return ContactPoint.objects.filter(person_id=debtor.person_id).order_by("id")[0]
