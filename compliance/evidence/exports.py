"""Exports: everything about a debtor, a request or a period, with the proofs that it is what was written then."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from compliance.decide.evidence import finding_from_json
from compliance.decide.explain import explain
from compliance.evidence.formats import (
    FORMAT,
    Contribution,
    Record,
    Selection,
    contributions,
    manifest_of,
    plain,
    unique,
)
from compliance.ledger.decisions import DECISION, DECISION_RECORDED, content_of
from compliance.ledger.seals import proofs_of, seal_content, seal_now
from compliance.ledger.statements import CONSENT, STOP, consent_content, lifted_content, stop_content
from compliance.models import Consent, Decision, EvidencePack, RuleSetSnapshot, Seal, Stop
from kernel.clock import machine_now
from kernel.errors import DomainError
from portfolio.models import Debtor
from tenants import audit
from tenants.models import Event, Tenant
from tenants.scope import all_creditors, current, current_tenant_id

LANGUAGES = ("es", "pt", "en")
FULL, NO_TEXTS = "full", "no_texts"
REDACTIONS = (FULL, NO_TEXTS)


def export(
    *,
    debtor_id: uuid.UUID | None = None,
    request_id: uuid.UUID | None = None,
    period: tuple[datetime, datetime] | None = None,
    actor: str,
    reason: str = "",
    messages: Sequence[dict[str, Any]] = (),
    redaction: str = FULL,
) -> dict[str, Any]:
    """The evidence document (formats.py) about one debtor, one request, or all decisions of a period (half open).

    Seals first what has no seal yet, and is itself recorded in the audit and as an EvidencePack. `messages` adds to
    what rooms contribute. `redaction` no_texts leaves out the words and who wrote them: hashes and proofs stay, and
    the file still verifies. Raises DomainError when there is nothing of that name in the scope.
    """
    if redaction not in REDACTIONS:
        raise DomainError("redaction_unknown", "redact nothing (full) or the words (no_texts)", pointer="redaction")
    selection = _selection(debtor_id, request_id, period)
    decisions = list(_decisions(selection))
    seal_now()
    records = [Record(DECISION, row.id, DECISION_RECORDED, content_of(row)) for row in decisions]
    added = [*contributions(selection), Contribution(messages=list(messages))]
    records = unique([*records, *_statements(selection), *(record for one in added for record in one.records)])
    events, seals, records = _announcements(records)
    tenant = Tenant.objects.get(pk=current_tenant_id())
    document: dict[str, Any] = {
        "format": FORMAT,
        "tenant": {"id": str(tenant.id), "name": tenant.name},
        "scope": _scope(selection),
        "exported_at": machine_now(),
        "exported_by": actor,
        "findings": [told for row in decisions for told in _told(row)],
        "rulesets": _rulesets(decisions),
        "messages": [_shown(message, redaction) for one in added for message in one.messages],
        "records": [
            {"subject": one.subject, "id": one.id, "event": one.event, "content": one.content} for one in records
        ],
        "events": events,
        "seals": [{"content": seal_content(seal), "digest": seal.digest} for seal in seals],
    }
    if redaction != FULL:
        document["redaction"] = redaction
    document = plain(document)
    document["manifest"] = manifest_of(document)
    with all_creditors():  # also what a creditor's own people take out stands in the organisation's audit
        EvidencePack.objects.create(
            creditor_id=next(iter(selection.creditor_ids)) if len(selection.creditor_ids) == 1 else None,
            kind=selection.kind, subject_id=debtor_id or request_id, redaction=redaction,
            document=document["manifest"]["document"], records=len(records), messages=len(document["messages"]),
            last_sequence=max((event["leaf"]["sequence"] for event in document["events"]), default=0),
            seal_digest=seals[-1].digest if seals else "", actor=actor, reason=reason, made_at=machine_now(),
        )  # fmt: skip
        audit.record(
            "evidence.export",
            actor=actor,
            subject=f"evidence.{selection.kind}",
            subject_id=debtor_id or request_id or "period",
            after={"document": document["manifest"]["document"], "records": len(records), "redaction": redaction},
            reason=reason,
        )
    return document


def _shown(message: dict[str, Any], redaction: str) -> dict[str, Any]:
    return message if redaction == FULL else {**message, "text": "", "salt": "", "author": ""}


def _selection(
    debtor_id: uuid.UUID | None, request_id: uuid.UUID | None, period: tuple[datetime, datetime] | None
) -> Selection:
    if sum(one is not None for one in (debtor_id, request_id, period)) != 1:
        raise DomainError("scope_unclear", "export a debtor, a request or a period: one of them")
    nobody: frozenset[uuid.UUID] = frozenset()
    if debtor_id is not None:
        debtor = Debtor.objects.filter(pk=debtor_id).first()
        if debtor is None:
            raise DomainError("debtor_unknown", "there is no such debtor here", pointer="debtor")
        asked = Decision.objects.filter(debtor_id=debtor.id).order_by().values_list("request_id", flat=True).distinct()
        return Selection(
            "debtor",
            frozenset({debtor.creditor_id}),
            frozenset({debtor.person_id}),
            frozenset({debtor.id}),
            frozenset(asked),
        )
    if request_id is not None:
        rows = list(Decision.objects.filter(request_id=request_id))
        if not rows:
            raise DomainError("request_unknown", "no decision was made about such a request here", pointer="request")
        return Selection(
            "request",
            frozenset(row.creditor_id for row in rows),
            frozenset(row.person_id for row in rows),
            frozenset(row.debtor_id for row in rows if row.debtor_id),
            frozenset({request_id}),
        )
    assert period is not None
    since, until = period
    if since >= until:
        raise DomainError("period_empty", "a period ends after it starts", pointer="period")
    rows = list(
        Decision.objects.filter(decided_at__gte=since, decided_at__lt=until).only(
            "id", "person_id", "request_id", "creditor_id", "debtor_id"
        )
    )
    return Selection(
        "period",
        frozenset(row.creditor_id for row in rows),
        frozenset(row.person_id for row in rows) or nobody,
        frozenset(row.debtor_id for row in rows if row.debtor_id),
        frozenset(row.request_id for row in rows),
        since,
        until,
    )


def _decisions(selection: Selection) -> Iterable[Decision]:
    if selection.kind == "debtor":
        return Decision.objects.filter(debtor_id__in=selection.debtor_ids).order_by("id")
    if selection.kind == "request":
        return Decision.objects.filter(request_id__in=selection.request_ids).order_by("id")
    return Decision.objects.filter(decided_at__gte=selection.since, decided_at__lt=selection.until).order_by("id")


def _statements(selection: Selection) -> list[Record]:
    """Consents and stops of the persons, as far as they concern these creditors."""
    ours = Q(creditor_id=None) | Q(creditor_id__in=selection.creditor_ids)
    records = [
        Record(CONSENT, row.id, "consent.recorded", consent_content(row))
        for row in Consent.objects.filter(ours, person_id__in=selection.person_ids)
    ]
    for row in Stop.objects.filter(ours, person_id__in=selection.person_ids):
        records.append(Record(STOP, row.id, "stop.raised", stop_content(row)))
        if row.lifted_at is not None:
            records.append(Record(STOP, row.id, "stop.lifted", lifted_content(row)))
    return records


def _announcements(records: list[Record]) -> tuple[list[dict[str, Any]], list[Seal], list[Record]]:
    """The sealed events that state the records' hashes; what has no number yet waits for the next export."""
    with all_creditors():
        found = {
            (row.name, row.subject, row.subject_id): row.sequence
            for row in Event.objects.filter(subject_id__in=[one.id for one in records]).exclude(digest="")
        }
    keyed = [(found.get((one.event, one.subject, one.id)), one) for one in records]
    proofs, seals = proofs_of(number for number, _ in keyed if number is not None)
    kept = [one for number, one in keyed if number in proofs]
    return [proofs[number] for number in sorted(proofs)], seals, kept


def _scope(selection: Selection) -> dict[str, Any]:
    scope = current()
    return {
        "kind": selection.kind,
        "debtors": selection.debtor_ids if selection.kind == "debtor" else [],
        "requests": selection.request_ids if selection.kind == "request" else [],
        "since": selection.since,
        "until": selection.until,
        "creditors": "all" if scope is None or scope.creditor_ids is None else scope.creditor_ids,
    }


def _told(row: Decision) -> list[dict[str, Any]]:
    """Every finding of a decision in words, with the law that it rests on."""
    offsets = row.facts.get("offsets") or [["UTC"]]
    told = []
    for stored in row.findings:
        finding = finding_from_json(stored)
        words = {language: explain(finding, language, offsets[0][0]) for language in LANGUAGES}
        told.append(
            {"decision": row.id, "rule": finding.rule, "law": finding.citation, "basis": finding.basis, "words": words}
        )
    return told


def _rulesets(decisions: Sequence[Decision]) -> dict[str, Any]:
    wanted = {row.ruleset_digest for row in decisions}
    return dict(RuleSetSnapshot.objects.filter(digest__in=wanted).values_list("digest", "content"))
