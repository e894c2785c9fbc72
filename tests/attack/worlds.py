"""Two organisations with two creditors each, everything in them marked, and a way to see whether anything changed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Any

from django.apps import apps
from django.core.exceptions import EmptyResultSet
from django.db import connection

from compliance.models import (
    Consent,
    ConsentClause,
    Contact,
    DataRequest,
    Decision,
    ErasureCertificate,
    EvidencePack,
    LedgerCheck,
    LegalHold,
    RetentionPeriod,
    RetentionRun,
    RuleRelaxation,
    RuleTrial,
    RuleTrialChange,
    Stop,
)
from kernel.ids import uuid7
from messaging.models import (
    Attachment,
    Draft,
    Enrolment,
    Message,
    Note,
    OptInLink,
    Outbound,
    Presence,
    ProviderMessage,
    QuickReply,
    ReadMark,
    SendRequest,
    Sequence,
    SequenceVersion,
    StatusReport,
)
from monitoring.models import Alert, AlertAction, Scan, SendStanding, Tally
from portfolio.models import (
    Agreement,
    Creditor,
    DebtorLink,
    Dispute,
    Entry,
    Import,
    ImportRejection,
    Instalment,
    Payable,
    Payment,
    Person,
    Promise,
    SearchToken,
)
from tenants import audit, secrets
from tenants.events import Emit, emit
from tenants.models import KeptAnswer, Tenant, TenantModel
from tenants.scope import tenant_scope
from tests import factories
from tests.factories import NOON

#: Rows that anybody inside the tenant may cause to change by doing their own work: nobody's secret is in them.
NOT_COMPARED = {"tenants.TenantSecretKey", "tenants.EventCursor", "tenants.StagedEvent", "tenants.Event"}


@dataclass
class Estate:
    """What one creditor has: its rows by kind, the words that nobody else may read, and the ids they could try."""

    mark: str
    creditor: Creditor
    rows: dict[str, Any] = field(default_factory=dict)
    ids: dict[str, set[str]] = field(default_factory=dict)

    def all_ids(self) -> set[str]:
        return set().union(*self.ids.values())

    def words(self) -> set[str]:
        """Texts that must not turn up in anybody else's answers; none of them is ever sent by an attacker."""
        return {self.mark, self.rows["contact_point"].value, self.rows["document"]}


@dataclass
class Organisation:
    """A tenant with two creditors who must not see each other."""

    tenant: Tenant
    ours: Estate
    theirs: Estate


def make_organisation(country: str = "BR") -> Organisation:
    """An organisation whose two creditors share the number that sends, and nothing else."""
    tenant = factories.make_tenant(country, kind="agency", frozen=True)
    with tenant_scope(tenant.id):
        number = factories.make_number()
        template = factories.make_template(number.account)
        return Organisation(tenant, make_estate(number, template), make_estate(number, template))


def make_home(country: str = "BR") -> tuple[Tenant, Estate]:
    """An organisation with a single creditor: somewhere to attack from."""
    tenant = factories.make_tenant(country, kind="agency", frozen=True)
    with tenant_scope(tenant.id):
        number = factories.make_number()
        return tenant, make_estate(number, factories.make_template(number.account))


def make_estate(number: Any, template: Any) -> Estate:
    """One row of every kind. External ids are plain (they are sent), every other text carries the mark."""
    mark = f"zq{uuid7().hex[-14:]}"
    creditor = factories.make_creditor(name=f"Creditor {mark}", external_id=f"c-{uuid7().hex[-8:]}")
    kind, document = factories.make_document(creditor.country)
    person = factories.make_person(name=f"Person {mark}", document=(kind, document), city=f"City {mark}")
    point = factories.make_contact_point(person, contact_name=mark)
    debtor = factories.make_debtor(
        creditor, person=person, external_id=f"d-{uuid7().hex[-8:]}", labels=[mark], attributes={"note": mark}
    )
    invoice = factories.make_invoice(
        debtor, "120.00", date(2026, 10, 1), number=f"i-{uuid7().hex[-8:]}", description=mark
    )
    common = {"creditor": creditor, "debtor": debtor}
    money = {"currency": debtor.currency, "minor": 1000}
    payment = Payment.objects.create(
        **common, **money, external_id=f"p-{uuid7().hex[-8:]}", source=mark, paid_at=NOON, recorded_at=NOON, method=mark
    )
    Entry.objects.create(
        creditor=creditor, debtor=debtor, invoice=invoice, payment_id=payment.id, kind=Entry.Kind.PAYMENT, minor=-1000,
        currency=debtor.currency, source="test", occurred_at=NOON, recorded_at=NOON,
    )  # fmt: skip
    promise = Promise.objects.create(**common, **money, due_on=date(2026, 12, 1), source=mark, created_at=NOON)
    agreement = Agreement.objects.create(
        **common, external_id=f"a-{uuid7().hex[-8:]}", currency=debtor.currency, total_minor=12000, source=mark,
        invoice_ids=[invoice.id], created_at=NOON, updated_at=NOON,
    )  # fmt: skip
    Instalment.objects.create(creditor=creditor, agreement=agreement, number=1, due_on=date(2026, 12, 1), minor=12000)
    dispute = Dispute.objects.create(
        **common, invoice=invoice, reference="D-1", reason="other", detail=mark, opened_at=NOON
    )
    payable = Payable.objects.create(
        **common, **money, kind="pix", reference=f"R{uuid7().hex[-10:]}", token=uuid7().hex, code=mark,
        invoice_ids=[invoice.id], expires_at=NOON + timedelta(days=3), created_at=NOON,
    )  # fmt: skip
    portfolio = Import.objects.create(
        creditor=creditor, file_name=f"{mark}.csv", sha256="0" * 64, state=Import.State.APPLIED, started_at=NOON,
        finished_at=NOON, counts={"rows": 1},
    )  # fmt: skip
    ImportRejection.objects.create(
        creditor=creditor, source_import=portfolio, line=2, column="due", code="x", message=mark,
        row=secrets.seal(json.dumps({"row": [mark], "value": mark}), purpose="import.row"),
    )  # fmt: skip
    thread = factories.make_conversation(number, point, debtor=debtor, profile_name=mark)
    said = factories.make_message(thread, f"words {mark}", debtor=debtor)
    answer = factories.make_message(thread, f"answer {mark}", debtor=debtor, direction=Message.Direction.OUT)
    ProviderMessage.objects.create(provider_id=f"wamid.{uuid7().hex}", message=answer)
    StatusReport.objects.create(message=answer, state="read", provider_at=NOON, recorded_at=NOON, detail={"x": mark})
    request_id = uuid7()
    decision = Decision.objects.create(
        creditor_id=creditor.id, person_id=person.id, debtor_id=debtor.id, request_id=request_id, verdict="allow",
        message_class="collection", channel="whatsapp", origin="api", actor=mark, facts={"v": 1}, evaluator="1",
        ruleset_digest="0" * 64, moment="request", decided_at=NOON, recorded_at=NOON,
    )  # fmt: skip
    wish = SendRequest.objects.create(
        id=request_id, **common, person=person, contact_point=point, conversation=thread, number=number,
        message=answer, channel="whatsapp", message_class="collection", disclosure=2, template=template,
        payload={"text": mark},
        origin_kind="api", origin_id=f"{creditor.pk.hex}:m-{uuid7().hex[-8:]}", actor=mark, state="sent",
        verdict="allow", decision_id=decision.id, expires_at=NOON + timedelta(days=1), requested_at=NOON,
        settled_at=NOON, updated_at=NOON,
    )  # fmt: skip
    Outbound.objects.create(
        creditor=creditor, request=wish, number=number, decision=decision, to=point.value, state="accepted",
        not_before=NOON, created_at=NOON, settled_at=NOON,
    )  # fmt: skip
    Contact.objects.create(
        person=person, channel="whatsapp", message_class="collection", at=NOON, creditor_hash="x", state="counted",
        origin_id=wish.id,
    )  # fmt: skip
    stop = Stop.objects.create(
        person=person, creditor_id=creditor.id, kind="disputed", since=NOON, source="test", evidence={"words": mark}
    )
    consent = Consent.objects.create(
        person=person, contact_point=point, creditor_id=creditor.id, channel="whatsapp", purpose="collection",
        state="granted", evidence={"words": mark}, external_id=f"k-{uuid7().hex[-8:]}", source="test", given_at=NOON,
        recorded_at=NOON,
    )  # fmt: skip
    clause = ConsentClause.objects.create(
        creditor_id=creditor.id, version="1", wording=mark, used_from=date(2026, 1, 1), file_name=f"{mark}.pdf",
        media_type="application/pdf", size=1, sha256="0" * 64, body=secrets.seal("eA==", purpose="consent.clause"),
        attested_by="x", attested_name=mark, attested_at=NOON, recorded_at=NOON,
    )  # fmt: skip
    link = OptInLink.objects.create(
        creditor_id=creditor.id, code=uuid7().hex[-11:], wording=mark, version="1", author="x", created_at=NOON
    )
    KeptAnswer.objects.create(
        place=uuid7().hex, fingerprint="x", status=201, body=secrets.seal(json.dumps({"x": mark}), purpose="answer"),
        locked_until=NOON, created_at=NOON,
    )  # fmt: skip
    sequence = Sequence.objects.create(name=mark, creditor_id=creditor.id, country=creditor.country, created_at=NOON)
    version = SequenceVersion.objects.create(sequence=sequence, version=1, steps=[], author="x", created_at=NOON)
    enrolment = Enrolment.objects.create(
        **common, sequence=sequence, version=version, invoice=invoice, created_at=NOON, updated_at=NOON, reason="x"
    )
    Scan.objects.create(
        creditor_id=creditor.id, message=said, main_class="insult", severity=3, detector="1", scanned_at=NOON
    )
    alert = Alert.objects.create(
        creditor_id=creditor.id, debtor_id=debtor.id, conversation=thread, message=said, conduct="insult", severity=3,
        note=mark, actor=mark, raised_at=NOON, recorded_at=NOON,
    )  # fmt: skip
    AlertAction.objects.create(creditor_id=creditor.id, alert=alert, kind="noted", user_id=uuid7(), text=mark, at=NOON)
    anybody = {"conversation": thread, "user_id": uuid7()}
    Draft.objects.create(**anybody, creditor_id=creditor.id, text=mark, updated_at=NOON)
    ReadMark.objects.create(**anybody, read_at=NOON, updated_at=NOON)
    Presence.objects.create(**anybody, seen_at=NOON)
    Note.objects.create(
        conversation=thread, creditor_id=creditor.id, debtor_id=debtor.id, author=mark, text=mark, origin_id=mark,
        at=NOON, recorded_at=NOON,
    )  # fmt: skip
    QuickReply.objects.create(
        creditor_id=creditor.id, language="pt", shortcut=mark, title=mark, text=mark, author=mark, created_at=NOON
    )
    attachment = Attachment.objects.create(
        message=said, name=f"{mark}.png", media_type="image/png", size=1, sha256="0" * 64,
        body=secrets.seal("eA==", purpose="attachment"), created_at=NOON,
    )  # fmt: skip
    SendStanding.objects.create(
        id=request_id, creditor_id=creditor.id, debtor_id=debtor.id, decision_id=decision.id, day=NOON.date(),
        part="sent", origin="api", sent=True, requested_at=NOON,
    )  # fmt: skip
    Tally.objects.create(creditor_id=creditor.id, day=NOON.date(), kind="sent", key="api", count=1)
    LedgerCheck.objects.create(checked_at=NOON, whole=True, first_sequence=1, last_sequence=1, actor="system:test")
    EvidencePack.objects.create(
        creditor_id=creditor.id, kind="debtor", subject_id=debtor.id, redaction="full", document="0" * 64, records=1,
        messages=1, actor=mark, reason=mark, made_at=NOON,
    )  # fmt: skip
    RuleRelaxation.objects.create(
        relax={"LD-CLOSED-SAT": {"off": True}}, reason="x", author="user:x", proposed_at=NOON, state="refused",
        decided_by="user:y", decided_at=NOON,
    )  # fmt: skip
    trial = RuleTrial.objects.create(
        draft={"editions": {}, "packs": {}, "layer": {}}, label="x", since=NOON, until=NOON, author="user:x", state="done",
        examined=1, changed=1, total=1, created_at=NOON, finished_at=NOON,
    )  # fmt: skip
    RuleTrialChange.objects.create(
        trial=trial, creditor_id=creditor.id, decision_id=decision.id, debtor_id=debtor.id, message_class="collection",
        decided_at=NOON, turn="stopped", before="allow", after="deny", rules_after=["X"], next_before=NOON,
        currency=debtor.currency, open_minor=1000,
    )  # fmt: skip
    hold = LegalHold.objects.create(person=person, creditor_id=creditor.id, reason=mark, author=mark, placed_at=NOON)
    LegalHold.objects.create(creditor_id=creditor.id, reason=mark, author=mark, placed_at=NOON)
    asked = DataRequest.objects.create(
        person=person, creditor_id=creditor.id, debtor_id=debtor.id, reference=f"P-{uuid7().hex[-8:]}", kind="erasure",
        channel="email", detail=mark, proven=True, country=creditor.country, received_at=NOON, due_on=date(2026, 12, 1),
        law="x", author=mark, origin_id=uuid7().hex,
    )  # fmt: skip
    ErasureCertificate.objects.create(
        person=person, creditor_id=creditor.id, request=asked, reference=f"C-{asked.reference[2:]}", edition=1,
        complete=False, actor=mark, made_at=NOON, content=certificate_of(asked),
    )  # fmt: skip
    RetentionPeriod.objects.create(country=creditor.country, data_class="profile", months=3, author="x", set_at=NOON)
    RetentionRun.objects.create(actor="system:test", started_at=NOON, finished_at=NOON, as_of=NOON, machine_as_of=NOON)
    DebtorLink.objects.create(
        **common, contact_point=point, token_hash=uuid7().hex, source=mark, expires_at=NOON, created_at=NOON
    )
    SearchToken.objects.get_or_create(person_id=person.id, subject_id=person.id, kind="n", token=mark)
    entry = audit.record(
        "test", actor=mark, subject="portfolio.debtor", subject_id=debtor.id, after={"x": mark}, creditor_id=creditor.id
    )
    emit(Emit("debtor.saved", "portfolio.debtor", debtor.id, NOON, creditor.id, data={"x": mark}))
    ids = {
        "creditor": {str(creditor.id), creditor.external_id},
        "debtor": {str(debtor.id), debtor.external_id},
        "person": {str(person.id)},
        "contact": {str(point.id)},
        "invoice": {str(invoice.id), invoice.external_id},
        "payment": {str(payment.id), payment.external_id},
        "promise": {str(promise.id)},
        "agreement": {str(agreement.id), agreement.external_id},
        "dispute": {str(dispute.id), dispute.reference},
        "payable": {str(payable.id), payable.reference},
        "import": {str(portfolio.id)},
        "conversation": {str(thread.id)},
        "message": {str(said.id), str(answer.id)},
        "request": {str(wish.id), wish.origin_id},
        "decision": {str(decision.id)},
        "alert": {str(alert.id)},
        "stop": {str(stop.id)},
        "consent": {str(consent.id), consent.external_id},
        "clause": {str(clause.id)},
        "link": {str(link.id)},
        "enrolment": {str(enrolment.id)},
        "audit": {str(entry.id)},
        "hold": {str(hold.id)},
        "data_request": {str(asked.id)},
    }
    rows = {
        "debtor": debtor, "person": person, "contact_point": point, "document": document, "invoice": invoice,
        "conversation": thread, "message": said, "payment": payment, "decision": decision, "request": wish,
        "attachment": attachment, "trial": trial,
    }  # fmt: skip
    return Estate(mark, creditor, rows, ids)


def certificate_of(asked: DataRequest) -> dict[str, Any]:
    """What a certificate says, of one class."""
    return {
        "format": "trato-erasure/1", "reference": "C-1", "edition": 1, "complete": False, "person": str(asked.person_id),
        "organisation": {"name": "x", "country": asked.country, "sandbox": True}, "made_at": NOON.isoformat(),
        "request": {
            "reference": asked.reference, "kind": asked.kind, "received_at": NOON.isoformat(), "law": "x",
            "country": asked.country,
        },
        "lines": [
            {"class": "words", "erased": 0, "kept": 2, "why": "open", "because": "", "until": None, "law": "x",
             "country": asked.country, "confidence": "M"},
        ],
    }  # fmt: skip


def _rows(model: type[TenantModel]) -> Any:
    return model._default_manager.all()


#: Stand for the creditor and the person in a statement that is written once.
CREDITOR, PERSON = uuid.uuid4(), uuid.uuid4()


def belongs(model: type[TenantModel], creditor_id: uuid.UUID = CREDITOR, person_id: uuid.UUID = PERSON) -> Any:
    """The rows of a table that are a creditor's, by their creditor or their person."""
    columns = {item.column for item in model._meta.local_fields}
    if "creditor_id" in columns:
        return _rows(model).filter(creditor_id=creditor_id)
    if model is Person:
        return model._default_manager.filter(pk=person_id)
    if "person_id" in columns:
        return _rows(model).filter(person_id=person_id)
    return model._default_manager.none()


def tables() -> Iterator[type[TenantModel]]:
    for model in apps.get_models():
        if issubclass(model, TenantModel) and model._meta.label not in NOT_COMPARED:
            yield model


def photograph(tenant: Tenant, estate: Estate | None = None) -> dict[str, tuple[int, str]]:
    """How many rows a tenant (or one of its creditors) has in every table, and a digest of them: to be compared with
    the same later. One statement for all tables: it is asked twice for every attack.
    """
    statement, values = question(estate is None)
    if estate is not None:
        meant = {CREDITOR: estate.creditor.pk, PERSON: estate.rows["person"].pk}
        values = [meant.get(value, value) for value in values]
    with tenant_scope(tenant.id), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return {label: (count, digest) for label, count, digest in cursor.fetchall()}


@cache
def question(whole: bool) -> tuple[str, list[Any]]:
    """The statement that counts and digests a tenant's (else one creditor's) rows in every table, and its values."""
    parts, values = [], []
    for model in tables():
        rows = model._default_manager.all() if whole else belongs(model)
        try:
            inner, given = rows.order_by().values_list().query.sql_with_params()
        except EmptyResultSet:  # a table that belongs to no creditor
            continue
        parts.append(
            f"SELECT %s, count(*), coalesce(md5(string_agg(r::text, chr(10) ORDER BY r::text)), '') FROM ({inner}) r"
        )
        values += [model._meta.label, *given]
    return " UNION ALL ".join(parts), values


def known_ids(estates: Iterable[Estate]) -> set[str]:
    """The UUIDs of these creditors' rows."""
    found = set()
    for estate in estates:
        for value in estate.all_ids():
            try:
                found.add(str(uuid.UUID(value)))
            except ValueError:
                continue
    return found
