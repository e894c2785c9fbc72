"""Consent by contract: a clause uploaded once and attested, and a file's signing dates that refer to it."""

from __future__ import annotations

import hashlib
import io
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from compliance.models import Consent, ConsentClause
from compliance.services import preview
from compliance.services.clauses import attest_clause, clause_for, clauses_of, file_of
from compliance.services.values import Ask, ChannelFacts
from kernel.errors import DomainError
from kernel.ids import uuid7
from portfolio.imports.apply import Preview, apply_import, preview_import
from portfolio.imports.mapping import Mapping, guess
from portfolio.imports.mapping import read as read_csv
from portfolio.imports.rows import ContactRow
from portfolio.models import ContactPoint, Creditor, Debtor
from tenants.models import AuditEntry
from tenants.scope import tenant_scope
from tests import factories
from tests.factories import NOON

PDF = b"%PDF-1.4 blank contract"
WORDS = "El cliente autoriza al acreedor a enviarle por WhatsApp avisos y recordatorios de pago."
HEAD = "id,nombre,telefono,suministrado_por,fecha_firma,clausula,factura,vencimiento,importe\n"


@pytest.fixture
def creditor() -> Creditor:
    tenant = factories.make_tenant("CO", frozen=True)
    with tenant_scope(tenant.pk):
        return factories.make_creditor()


def inside(creditor: Creditor, **limits: Any) -> Any:
    """The scope of a creditor's organisation."""
    assert creditor.tenant_id is not None
    return tenant_scope(creditor.tenant_id, **limits)


def attest(creditor: Creditor, version: str = "2025", since: date = date(2025, 1, 1), **fields: Any) -> ConsentClause:
    values: dict[str, Any] = {
        "wording": WORDS, "file_name": "contrato.pdf", "body": PDF, "actor": "user:ana", "name": "Ana Gómez",
        "names_all": True, "now": NOON,
    } | fields  # fmt: skip
    with inside(creditor):
        return attest_clause(creditor, version=version, used_from=since, **values)


def rows(text: str) -> Any:
    stream = io.BytesIO((HEAD + text).encode())
    head = HEAD.strip().split(",")
    mapping = guess(head, [line.split(",") for line in text.splitlines()], "CO")
    assert set(mapping.columns.values()) >= {"consent_signed_on", "consent_clause", "contact_supplied_by"}
    return read_csv(stream, mapping)


def bring_in(creditor: Creditor, text: str) -> Any:
    return apply_import(creditor, rows(text), now=NOON, file_name="f.csv")


def line(key: int, signed: str, clause: str = "") -> str:
    return f"{key},Ana {key},310444{key:04d},deudor,{signed},{clause},F-{key},2026-11-01,100.00\n"


def consents(creditor: Creditor) -> list[Consent]:
    with inside(creditor):
        return list(Consent.objects.filter(creditor_id=creditor.pk).order_by("id"))


def test_a_signing_date_is_a_consent_with_the_clause_as_its_evidence(creditor: Creditor) -> None:
    clause = attest(creditor)
    made = bring_in(creditor, line(1, "2025-06-02"))
    assert made.counts["rows"] and not made.counts.get("rejected")
    (row,) = consents(creditor)
    with inside(creditor):
        debtor = Debtor.objects.get(creditor=creditor)
        point = ContactPoint.objects.get(person_id=debtor.person_id)
        assert row.state == "granted" and row.contact_point_id == point.pk
        assert row.evidence == {
            "who": "Ana 1", "wa_number": point.value, "exact_wording": WORDS, "wording_version": "2025",
            "collected_on": "2025-06-02", "collected_how": "contract", "source_document_hash": hashlib.sha256(PDF).hexdigest(),
            "attested_by": "Ana Gómez", "clause": str(clause.pk), "purpose_includes_collection": True,
            "channel_whatsapp": True, "creditor_named": True,
        }  # fmt: skip
        assert row.given_at.date() == date(2025, 6, 2)
        ask = Ask(
            request_id=uuid7(), origin="step", actor="x", message_class="collection", channel="whatsapp", disclosure=0,
            creditor_id=creditor.pk, person_id=debtor.person_id, contact_point_id=point.pk, debtor_id=debtor.pk,
            channel_facts=ChannelFacts(),
        )  # fmt: skip
        assert "X-CONSENT" not in preview(ask, NOON).rules
    bring_in(creditor, line(1, "2025-06-02"))
    assert len(consents(creditor)) == 1, "the same file again states the same"


def test_the_clause_of_the_day_of_signature_or_the_named_one_is_taken(creditor: Creditor) -> None:
    attest(creditor, "2025", date(2025, 1, 1))
    attest(creditor, "2026", date(2026, 1, 1), wording=WORDS + " Siempre.")
    bring_in(creditor, line(1, "2025-12-31") + line(2, "2026-01-01") + line(3, "2026-05-01", "2025"))
    assert [row.evidence["wording_version"] for row in consents(creditor)] == ["2025", "2026", "2025"]


@pytest.mark.parametrize(
    ("signed", "clause", "code"),
    [
        ("2024-12-31", "", "clause_none"),
        ("2025-06-02", "1999", "clause_unknown"),
        ("2024-06-02", "2025", "clause_later"),
        ("2027-06-02", "", "signed_later"),
    ],
)
def test_a_signature_without_its_clause_is_refused_with_its_line_and_nothing_of_it_is_taken(
    creditor: Creditor, signed: str, clause: str, code: str
) -> None:
    attest(creditor)
    text = line(1, "2025-06-02") + line(2, signed, clause)
    seen = preview_import(creditor, rows(text), now=NOON, so_far=Preview(), keep_errors=9)
    assert [(error.line, error.code) for error in seen.errors] == [(3, code)]
    made = bring_in(creditor, text)
    assert made.counts["rejected"] == 1
    with inside(creditor):
        assert [debtor.external_id for debtor in Debtor.objects.filter(creditor=creditor)] == ["1"]


def test_what_the_line_says_itself_wins_over_the_signature() -> None:
    head = ["id", "nombre", "telefono", "consentimiento", "fecha_firma"]
    mapping = Mapping(
        columns=dict(zip(head, ["debtor_id", "name", "phone", "consent_state", "consent_signed_on"], strict=True)),
        constants={"country": "CO"},
    )
    text = "id,nombre,telefono,consentimiento,fecha_firma\n"
    text += "1,Ana,3104440001,baja,2025-06-02\n2,Eva,3104440002,no,2025-06-02\n3,Luz,3104440003,si,2025-06-02\n"
    found = [row for row in read_csv(io.BytesIO(text.encode()), mapping) if isinstance(row, ContactRow)]
    assert [(row.consent_state, row.consent_signed_on) for row in found] == [
        ("revoked", None), ("unknown", None), ("imported_without_evidence", date(2025, 6, 2)),
    ]  # fmt: skip


def test_a_clause_is_kept_once_sealed_and_written_down(creditor: Creditor) -> None:
    clause = attest(creditor)
    assert attest(creditor).pk == clause.pk, "sent twice"
    with pytest.raises(DomainError) as refused:
        attest(creditor, wording="Otra cosa")
    assert refused.value.code == "clause_exists"
    with inside(creditor):
        assert file_of(ConsentClause.objects.get(pk=clause.pk)) == PDF
        assert b"blank contract" not in ConsentClause.objects.get(pk=clause.pk).body.encode()
        (entry,) = AuditEntry.objects.filter(action="consent_clause.attest")
        assert entry.after["sha256"] == hashlib.sha256(PDF).hexdigest() and entry.actor == "user:ana"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"names_all": False}, "clause_unattested"),
        ({"body": b""}, "clause_file_size"),
        ({"body": b"MZ not a document"}, "clause_file_kind"),
        ({"since": (NOON + timedelta(days=2)).date()}, "clause_future"),
    ],
)
def test_what_is_no_clause_is_refused(creditor: Creditor, change: dict[str, Any], code: str) -> None:
    with pytest.raises(DomainError) as refused:
        attest(creditor, **change)
    assert refused.value.code == code
    with inside(creditor):
        assert not clauses_of(creditor.pk)


def test_a_creditors_own_people_see_their_clauses_only(creditor: Creditor) -> None:
    attest(creditor)
    with inside(creditor):
        other = factories.make_creditor()
    with inside(creditor, creditor_ids=[other.pk]):
        assert not ConsentClause.objects.exists()
        with pytest.raises(DomainError):
            clause_for(clauses_of(creditor.pk), date(2025, 6, 2))


def test_a_verification_comes_with_who_how_and_when_and_a_later_one_begins_its_time_anew(creditor: Creditor) -> None:
    def read(on: str, by: str = "Sucursal Centro", how: str = "cedula") -> ContactPoint:
        text = (
            f"id,nombre,telefono,verificado_el,verificado_por,metodo_verificacion\n7,Ana,3104440009,{on},{by},{how}\n"
        )
        head = text.splitlines()[0].split(",")
        mapping = guess(head, [text.splitlines()[1].split(",")], "CO")
        apply_import(creditor, read_csv(io.BytesIO(text.encode()), mapping), now=NOON)
        with inside(creditor):
            return ContactPoint.objects.get(value="+573104440009")

    point = read("2026-03-01")
    assert (point.identity, point.identity_method) == ("verified", "cedula")
    assert point.identity_at is not None and point.identity_at.date() == date(2026, 3, 1)
    said = point.provenance["verification"]
    assert (said["by"], said["method"], said["on"]) == ("Sucursal Centro", "cedula", "2026-03-01")
    assert said["source"].startswith("import:")
    assert read("2026-02-01").identity_at == point.identity_at, "an older one says nothing new"
    later = read("2026-09-01")
    assert isinstance(later.identity_at, datetime) and later.identity_at.date() == date(2026, 9, 1)
