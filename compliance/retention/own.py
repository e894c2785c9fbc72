"""What the rooms from here down hold about people, and how it is blanked; the rooms above register theirs."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db.models import CharField, Exists, F, Func, IntegerField, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from compliance.models import Consent, Contact, DataRequest, Decision, ErasureCertificate, EvidencePack, RuleLayer, Stop
from compliance.retention import owner
from compliance.retention.holdings import (
    ERASED,
    TOMBSTONE,
    DatedHolding,
    Guarded,
    Holding,
    Whose,
    register,
    tell_by,
)
from compliance.retention.holds import standing
from compliance.retention.trail import PRIVACY
from kernel.clock import machine_now
from portfolio.models import (
    Agreement,
    ContactPoint,
    Creditor,
    Debtor,
    DebtorLink,
    Dispute,
    Entry,
    ImportRejection,
    Instalment,
    Invoice,
    Payment,
    Person,
    Promise,
    SearchToken,
)
from tenants import uploads
from tenants.digests import ERASED as MARK
from tenants.models import AuditEntry, Job, RawInbound, Tenant, Upload, UploadPart
from tenants.scope import current_tenant_id
from tenants.secrets import unseal

Ids = list[uuid.UUID]
#: Instead of another system's id, or an address: unique, and nobody's.
ERASED_ID = Concat(Value(ERASED), Cast("pk", CharField()))


# -- persons -----------------------------------------------------------------------------------------------------------


def _persons(whose: Whose) -> QuerySet[Person]:
    return Person.objects.filter(pk__in=whose.person_ids).exclude(name=TOMBSTONE)


def _blank_persons(ids: Ids) -> None:
    """The keyed hash of the document outlives the name only where a stop stands: whoever said "never again" and comes
    back in a file must be known again.
    """
    stopped = Stop.objects.filter(person_id__in=ids, lifted_at=None).values("person_id")
    Person.objects.filter(pk__in=ids).exclude(pk__in=stopped).update(document_hash="")
    Person.objects.filter(pk__in=ids).update(
        name=TOMBSTONE, document_kind="", document="", knowledge="", declared_zone="", address_zone="", subdivision="",
        city="",
    )  # fmt: skip


def _points(whose: Whose) -> QuerySet[ContactPoint]:
    return ContactPoint.objects.filter(person_id__in=whose.person_ids).exclude(value__startswith=ERASED)


def _blank_points(ids: Ids) -> None:
    """Without provenance, and as a reference, nothing may ever be written to it."""
    ContactPoint.objects.filter(pk__in=ids).update(
        kind=ContactPoint.Kind.BSUID, value=ERASED_ID, wire_value="", contact_name="", contact_position="",
        role=ContactPoint.Role.REFERENCE, provenance={}, zones=[], check_state={},
    )  # fmt: skip


def _debtors(whose: Whose) -> QuerySet[Debtor]:
    return Debtor.objects.filter(person_id__in=whose.person_ids).exclude(external_id__startswith=ERASED)


def _blank_debtors(ids: Ids) -> None:
    Debtor.objects.filter(pk__in=ids).update(external_id=ERASED_ID)


def _search_words(whose: Whose) -> QuerySet[SearchToken]:
    persons = whose.person_ids
    # By the rows that the words stand in: that is what the table is found by.
    subjects: list[uuid.UUID] = [
        *persons,
        *ContactPoint.objects.filter(person_id__in=persons).values_list("pk", flat=True),
        *Debtor.objects.filter(person_id__in=persons).values_list("pk", flat=True),
        *Invoice.objects.filter(debtor__person_id__in=persons).values_list("pk", flat=True),
    ]
    return SearchToken.objects.filter(subject_id__in=subjects, person_id__in=persons)


def _links(whose: Whose) -> QuerySet[DebtorLink]:
    mine = DebtorLink.objects.filter(debtor__person_id__in=whose.person_ids)
    return mine.filter(Q(revoked_at=None) | ~Q(check_state={}))


def _blank_links(ids: Ids) -> None:
    DebtorLink.objects.filter(pk__in=ids, revoked_at=None).update(revoked_at=machine_now())
    DebtorLink.objects.filter(pk__in=ids).update(check_state={})


def _requests(whose: Whose) -> QuerySet[DataRequest]:
    closed = DataRequest.objects.filter(person_id__in=whose.person_ids).exclude(state=DataRequest.State.OPEN)
    return closed.exclude(detail="", answer="")


# -- the account -------------------------------------------------------------------------------------------------------


def _labelled(whose: Whose) -> QuerySet[Debtor]:
    return Debtor.objects.filter(pk__in=whose.debtor_ids).exclude(labels=[], attributes={})


def _preferences(whose: Whose) -> QuerySet[RuleLayer]:
    return RuleLayer.objects.filter(level=RuleLayer.Level.DEBTOR, owner_id__in=whose.person_ids).exclude(reason="")


def _descriptions(whose: Whose) -> QuerySet[Invoice]:
    return Invoice.objects.filter(debtor_id__in=whose.debtor_ids, description__gt="")


def _dispute_words(whose: Whose) -> QuerySet[Dispute]:
    return Dispute.objects.filter(debtor_id__in=whose.debtor_ids, detail__gt="")


# -- evidence ----------------------------------------------------------------------------------------------------------


def _consents(whose: Whose) -> QuerySet[Consent]:
    return Consent.objects.filter(person_id__in=whose.person_ids).exclude(evidence={}).exclude(evidence__has_key=MARK)


def _blank_consents(ids: Ids) -> None:
    def change(row: Consent, mark: dict[str, Any]) -> list[str]:
        row.evidence = mark
        return ["evidence"]

    owner.blank_evidence(Consent, ids, subject="compliance.consent", change=change)


def _stops(whose: Whose) -> QuerySet[Stop]:
    return Stop.objects.filter(person_id__in=whose.person_ids).exclude(evidence={}).exclude(evidence__has_key=MARK)


def _blank_stops(ids: Ids) -> None:
    def change(row: Stop, mark: dict[str, Any]) -> list[str]:
        row.evidence = mark
        return ["evidence"]

    owner.blank_evidence(Stop, ids, subject="compliance.stop", change=change, using="default")


def audit_about(subject_ids: list[str]) -> QuerySet[AuditEntry]:
    """Entries about these rows that still say what changed."""
    rows = AuditEntry.objects.filter(subject_id__in=subject_ids).exclude(before={}, after={}, reason="")
    return rows.exclude(after__has_key=MARK).exclude(action__startswith=PRIVACY)


def _audit(whose: Whose) -> QuerySet[AuditEntry]:
    points = ContactPoint.objects.filter(person_id__in=whose.person_ids).values_list("pk", flat=True)
    return audit_about([str(key) for key in (*whose.debtor_ids, *whose.person_ids, *points)])


def blank_audit(ids: Ids) -> None:
    """Who, what, when and about which row stay; what it was before and after, and why, go."""

    def change(row: AuditEntry, mark: dict[str, Any]) -> list[str]:
        row.before, row.after, row.reason = {}, mark, ""
        return ["before", "after", "reason"]

    owner.blank_evidence(AuditEntry, ids, subject="tenants.auditentry", change=change)


# -- by their own date -------------------------------------------------------------------------------------------------


class _Inside(Func):
    """Where a text lies in a body of bytes; 0: nowhere."""

    template, arg_joiner, arity = "position(convert_to(%(expressions)s)", ", 'UTF8') IN ", 2
    output_field = IntegerField()


def _bodies(before: datetime, machine_before: datetime, guarded: Guarded) -> QuerySet[RawInbound]:
    del before
    rows = RawInbound.objects.filter(tenant_id=current_tenant_id(), received_at__lt=machine_before, body__isnull=False)
    if guarded.everything:
        return rows.none()
    # What nobody could read yet stays until it was read, or given up.
    job = Job.objects.filter(tenant_id=OuterRef("tenant_id"), subject=Cast(OuterRef("pk"), CharField()))
    rows = rows.filter(~Exists(job))
    for number, address in enumerate(guarded.addresses):
        rows = rows.alias(**{f"at_{number}": _Inside(Value(address), F("body"))}).filter(**{f"at_{number}": 0})
    return rows


def _blank_bodies(ids: Ids) -> None:
    owner.blank_plainly(RawInbound, ids, body=None)


def _refused_rows(before: datetime, machine_before: datetime, guarded: Guarded) -> QuerySet[ImportRejection]:
    del machine_before
    rows = ImportRejection.objects.filter(source_import__started_at__lt=before).exclude(row="", message="")
    return rows.none() if guarded.everything or guarded.addresses else rows


def _uploads(before: datetime, machine_before: datetime, guarded: Guarded) -> QuerySet[Upload]:
    del before
    rows = Upload.objects.filter(updated_at__lt=machine_before)
    return rows.none() if guarded.everything or guarded.addresses else rows


def _files_are_held() -> bool:
    """Whether a hold keeps files that nobody took, for nobody knows whose rows are in them."""
    guarded = standing(Tenant.objects.get(pk=current_tenant_id()).clock().now()).guarded
    return guarded.everything or bool(guarded.addresses)


def _throw_uploads(ids: Ids) -> None:
    UploadPart.objects.filter(upload_id__in=ids).delete()
    Upload.objects.filter(pk__in=ids).delete()


# -- what a person is told -----------------------------------------------------------------------------------------------


def tell(whose: Whose) -> dict[str, list[dict[str, Any]]]:
    """Everything that these rooms hold about somebody, as plain rows."""
    persons, debtors = whose.person_ids, whose.debtor_ids
    agreements = list(Agreement.objects.filter(debtor_id__in=debtors).order_by("id"))
    creditors = Debtor.objects.filter(pk__in=debtors).values("creditor_id")
    return {
        "creditors": plain(
            Creditor.objects.filter(pk__in=creditors), "name", "legal_name", "tax_id", "address", "contact", "country"
        ),
        "person": [_person(row) for row in Person.objects.filter(pk__in=persons).order_by("id")],
        "contact_points": plain(
            ContactPoint.objects.filter(person_id__in=persons), "kind", "value", "role", "contact_name",
            "contact_position", "provenance", "identity", "identity_at", "identity_method", "created_at",
        ),
        "accounts": plain(
            Debtor.objects.filter(pk__in=debtors), "creditor_id", "external_id", "labels", "attributes", "currency",
            "open_minor", "balance_as_of", "withdrawn_at", "created_at",
        ),
        "invoices": plain(
            Invoice.objects.filter(debtor_id__in=debtors), "number", "external_id", "description", "issued_on", "due_on",
            "currency", "amount_minor", "open_minor", "settled_at", "disputed_at", "legal_state",
        ),
        "entries": plain(
            Entry.objects.filter(debtor_id__in=debtors), "kind", "currency", "minor", "source", "occurred_at"
        ),
        "payments": plain(
            Payment.objects.filter(debtor_id__in=debtors), "external_id", "currency", "minor", "method", "paid_at",
            "reversed_at",
        ),
        "promises": plain(
            Promise.objects.filter(debtor_id__in=debtors), "currency", "minor", "due_on", "state", "created_at"
        ),
        "agreements": plain(agreements, "external_id", "currency", "total_minor", "state", "accepted_at", "created_at"),
        "instalments": plain(
            Instalment.objects.filter(agreement_id__in=[row.pk for row in agreements]), "agreement_id", "number",
            "due_on", "minor", "paid_minor",
        ),
        "disputes": plain(
            Dispute.objects.filter(debtor_id__in=debtors), "reference", "reason", "detail", "authority", "state",
            "opened_at", "closed_at",
        ),
        "consents": plain(
            Consent.objects.filter(person_id__in=persons), "channel", "purpose", "state", "evidence", "source",
            "given_at", "expires_at",
        ),
        "stops": plain(
            Stop.objects.filter(person_id__in=persons), "kind", "since", "evidence", "source", "lifted_at",
        ),
        "preferences": plain(
            RuleLayer.objects.filter(level=RuleLayer.Level.DEBTOR, owner_id__in=persons), "data", "effective_from",
            "effective_to",
        ),
        "contacts": plain(
            Contact.objects.filter(person_id__in=persons), "channel", "message_class", "direction", "at", "state"
        ),
        "decisions": plain(
            Decision.objects.filter(person_id__in=persons), "decided_at", "verdict", "message_class", "channel",
            "origin", "rules", "next_allowed_at",
        ),
        "evidence_taken_out": plain(
            EvidencePack.objects.filter(kind="debtor", subject_id__in=debtors), "made_at", "redaction", "messages"
        ),
        "requests": plain(
            DataRequest.objects.filter(person_id__in=persons), "reference", "kind", "channel", "detail", "received_at",
            "due_on", "state", "answer", "closed_at",
        ),
        "certificates": plain(
            ErasureCertificate.objects.filter(person_id__in=persons), "reference", "edition", "complete", "made_at"
        ),
    }  # fmt: skip


def plain(rows: Any, *names: str) -> list[dict[str, Any]]:
    """Rows as plain dictionaries of these columns, in the order of their ids."""
    listed = rows.order_by("id") if isinstance(rows, QuerySet) else rows
    return [{"id": row.pk, **{name: getattr(row, name) for name in names}} for row in listed]


def _person(row: Person) -> dict[str, Any]:
    told = plain([row], "kind", "name", "document_kind", "country", "language", "city", "subdivision", "created_at")[0]
    return told | {"document": unseal(row.document, purpose="document") if row.document else ""}


def register_all() -> None:
    """Register everything from here down; called once, when the apps are ready."""
    uploads.stay_while(_files_are_held)
    register(
        Holding(subject="portfolio.person", data_class="person", find=_persons, blank=_blank_persons),
        Holding(subject="portfolio.contactpoint", data_class="person", find=_points, blank=_blank_points),
        Holding(subject="portfolio.debtor", data_class="person", find=_debtors, blank=_blank_debtors),
        Holding(
            subject="portfolio.searchtoken", data_class="person", find=_search_words,
            blank=lambda ids: SearchToken.objects.filter(pk__in=ids).delete(),
        ),
        Holding(subject="portfolio.debtorlink", data_class="person", find=_links, blank=_blank_links),
        Holding(
            subject="compliance.datarequest", data_class="person", find=_requests,
            blank=lambda ids: DataRequest.objects.filter(pk__in=ids).update(detail="", answer=""),
        ),
        Holding(
            subject="portfolio.debtor", data_class="profile", find=_labelled,
            blank=lambda ids: Debtor.objects.filter(pk__in=ids).update(labels=[], attributes={}),
        ),
        Holding(
            subject="compliance.rulelayer", data_class="profile", find=_preferences,
            blank=lambda ids: RuleLayer.objects.filter(pk__in=ids).update(reason=""),
        ),
        Holding(
            subject="portfolio.invoice", data_class="accounts", find=_descriptions,
            blank=lambda ids: Invoice.objects.filter(pk__in=ids).update(description=""),
        ),
        Holding(
            subject="portfolio.dispute", data_class="words", find=_dispute_words,
            blank=lambda ids: Dispute.objects.filter(pk__in=ids).update(detail=""),
        ),
        Holding(
            subject="compliance.consent", data_class="consents", find=_consents, blank=_blank_consents, owner=True
        ),
        Holding(subject="compliance.stop", data_class="consents", find=_stops, blank=_blank_stops),
        Holding(subject="tenants.auditentry", data_class="audit", find=_audit, blank=blank_audit, owner=True),
        DatedHolding(
            subject="tenants.rawinbound", data_class="raw_bodies", find=_bodies, blank=_blank_bodies, owner=True
        ),
        DatedHolding(
            subject="portfolio.importrejection", data_class="uploads", find=_refused_rows,
            blank=lambda ids: ImportRejection.objects.filter(pk__in=ids).update(row="", message=""),
        ),
        DatedHolding(subject="tenants.upload", data_class="uploads", find=_uploads, blank=_throw_uploads),
    )  # fmt: skip
    tell_by("own", tell)
