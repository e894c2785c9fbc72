"""Contract clauses: uploaded once per creditor, hashed and attested; what a file's signing dates refer to."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from compliance.models import ConsentClause
from kernel.clock import machine_now
from kernel.errors import DomainError
from kernel.ids import uuid7
from portfolio import hooks
from portfolio.models import Creditor
from tenants import audit
from tenants.secrets import seal, unseal

FILE_MAX = 5 * 1024 * 1024
#: Beginnings of the files that a contract form comes as.
_KINDS = {b"%PDF-": "application/pdf", b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
_PURPOSE = "consent.clause"


def clauses_of(creditor_id: uuid.UUID) -> list[ConsentClause]:
    """A creditor's clauses without their files, the one in use longest first."""
    return list(ConsentClause.objects.filter(creditor_id=creditor_id).defer("body").order_by("used_from", "id"))


def attest_clause(
    creditor: Creditor,
    *,
    version: str,
    wording: str,
    used_from: date,
    file_name: str,
    body: bytes,
    actor: str,
    name: str,
    names_all: bool,
    now: datetime,
) -> ConsentClause:
    """Keep a clause with the form that it stands in; `name` is who attests, `names_all` what they attest.

    They attest that the clause names the creditor, WhatsApp and messages about payments, and that contracts signed
    from `used_from` on carry it. Raises DomainError for a version that is there already with other words, a file that
    is none, an attestation that is not given, or a day that has not come.
    """
    if not names_all:
        raise DomainError(
            "clause_unattested",
            "somebody has to attest that the clause names the creditor, WhatsApp and messages about payments",
            pointer="/attested",
        )
    if used_from > now.date():
        raise DomainError("clause_future", "the first day of use has not come yet", pointer="/used_from")
    if not 0 < len(body) <= FILE_MAX:
        raise DomainError(
            "clause_file_size", "the file has to hold something, and at most %(megabytes)s MB", pointer="/file",
            megabytes=FILE_MAX >> 20,
        )  # fmt: skip
    media_type = next((kind for beginning, kind in _KINDS.items() if body.startswith(beginning)), "")
    if not media_type:
        raise DomainError("clause_file_kind", "this is no PDF, PNG or JPEG", pointer="/file")
    mark = hashlib.sha256(body).hexdigest()
    held = ConsentClause.objects.filter(creditor_id=creditor.pk, version=version).defer("body").first()
    if held is not None:
        if (held.wording, held.used_from, held.sha256) == (wording, used_from, mark):
            return held  # sent twice
        raise DomainError(
            "clause_exists", "version %(version)s says something else already: give other words another version",
            pointer="/version", version=version,
        )  # fmt: skip
    row = ConsentClause(
        id=uuid7(), creditor_id=creditor.pk, version=version, wording=wording, used_from=used_from,
        file_name=file_name[:200], media_type=media_type, size=len(body), sha256=mark,
        body=seal(base64.b64encode(body).decode(), purpose=_PURPOSE), attested_by=actor, attested_name=name[:200],
        attested_at=now, recorded_at=machine_now(),
    )  # fmt: skip
    row.save(force_insert=True)
    audit.record(
        "consent_clause.attest", actor=actor, subject="portfolio.creditor", subject_id=creditor.pk,
        creditor_id=creditor.pk,
        after={"clause": str(row.pk), "version": version, "sha256": mark, "used_from": used_from.isoformat()},
    )  # fmt: skip
    return row


def file_of(clause: ConsentClause) -> bytes:
    """The file as it was uploaded. Raises DomainError `secret_unreadable` when it cannot be opened any more."""
    return base64.b64decode(unseal(clause.body, purpose=_PURPOSE))


def clause_for(clauses: Sequence[ConsentClause], signed_on: date, version: str = "") -> ConsentClause:
    """The clause that a contract signed on this day carries: the named one, else the newest in use by then.

    Raises DomainError when there is none, or the named one was not in use yet.
    """
    if version:
        named = next((clause for clause in clauses if clause.version == version), None)
        if named is None:
            raise DomainError(
                "clause_unknown", "the creditor has no contract clause %(version)s: upload and attest it first",
                pointer="consent_clause", version=version,
            )  # fmt: skip
        if signed_on < named.used_from:
            raise DomainError(
                "clause_later", "clause %(version)s is in use since %(day)s, after this contract was signed",
                pointer="consent_signed_on", version=version, day=named.used_from.isoformat(),
            )  # fmt: skip
        return named
    fitting = [clause for clause in clauses if clause.used_from <= signed_on]
    if not fitting:
        raise DomainError(
            "clause_none", "no contract clause of this creditor was in use on %(day)s: upload and attest it first",
            pointer="consent_signed_on", day=signed_on.isoformat(),
        )  # fmt: skip
    return max(fitting, key=lambda clause: (clause.used_from, clause.pk.int))


def evidence_of(creditor_id: uuid.UUID) -> hooks.Clause:
    """The creditor's clauses as evidence of a consent by contract: (day of signature, version) -> evidence."""
    held = clauses_of(creditor_id)

    def evidence(signed_on: date, version: str) -> Mapping[str, Any]:
        clause = clause_for(held, signed_on, version)
        return {
            "exact_wording": clause.wording, "wording_version": clause.version, "collected_on": signed_on.isoformat(),
            "collected_how": "contract", "source_document_hash": clause.sha256, "attested_by": clause.attested_name,
            "clause": str(clause.pk), "purpose_includes_collection": True, "channel_whatsapp": True,
            "creditor_named": True,
        }  # fmt: skip

    return evidence
