"""Exports: everything about a debtor, a complaint, a conversation, a send or a period, with the proofs of it."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from compliance.decide.describe import rules_of
from compliance.decide.evidence import finding_from_json
from compliance.decide.explain import explain
from compliance.decide.rules import Layer
from compliance.evidence.case import account_of, case_of, disputes_of, names_of
from compliance.evidence.formats import (
    FORMAT,
    FULL,
    NO_ACCOUNT,
    NO_THIRD_PARTIES,
    Record,
    Selection,
    contributions,
    found_by,
    left_out,
    manifest_of,
    plain,
    unique,
)
from compliance.evidence.redaction import shown_account, shown_message, shown_record
from compliance.ledger.decisions import DECISION, DECISION_RECORDED, content_of
from compliance.ledger.seals import proofs_of, seal_content, seal_now
from compliance.ledger.statements import CONSENT, STOP, consent_content, lifted_content, stop_content
from compliance.models import Consent, Decision, EvidencePack, RulePackVersion, RuleSetSnapshot, Seal, Stop
from compliance.rulesets import LIVE
from kernel.clock import machine_now
from kernel.errors import DomainError
from portfolio.models import Creditor, Debtor, Dispute
from tenants import audit
from tenants.models import Event, Tenant
from tenants.scope import all_creditors, current, current_tenant_id

LANGUAGES = ("es", "pt", "en")
#: Decisions in one file that a page makes while somebody waits.
DECISIONS_MAX = 5000


def export(
    *,
    debtor_id: uuid.UUID | None = None,
    complaint_id: uuid.UUID | None = None,
    conversation_id: uuid.UUID | None = None,
    request_id: uuid.UUID | None = None,
    period: tuple[datetime, datetime] | None = None,
    actor: str,
    reason: str = "",
    redaction: str | Collection[str] = FULL,
    language: str = "",
    decisions_max: int | None = None,
) -> dict[str, Any]:
    """`document_of`, recorded in the audit and as an EvidencePack: the JSON alone, without the pack around it."""
    document = document_of(
        debtor_id=debtor_id, complaint_id=complaint_id, conversation_id=conversation_id, request_id=request_id,
        period=period, actor=actor, redaction=redaction, language=language,
        decisions_max=decisions_max,
    )  # fmt: skip
    note_made(document, files={}, actor=actor, reason=reason)
    return document


def document_of(
    *,
    debtor_id: uuid.UUID | None = None,
    complaint_id: uuid.UUID | None = None,
    conversation_id: uuid.UUID | None = None,
    request_id: uuid.UUID | None = None,
    period: tuple[datetime, datetime] | None = None,
    actor: str,
    redaction: str | Collection[str] = FULL,
    language: str = "",
    decisions_max: int | None = None,
) -> dict[str, Any]:
    """The evidence document (formats.py) about one of these, or about all decisions of a period (half open).

    Seals first what has no seal yet. `redaction` names what is left out
    (formats.PARTS): hashes and proofs stay, and the file still verifies. `language` is the pack's; without one the
    debtor's. Raises DomainError when there is nothing of that name in the scope, or more than `decisions_max` decisions.
    """
    without = left_out(redaction)
    asked = {
        "debtor": debtor_id, "complaint": complaint_id, "conversation": conversation_id, "request": request_id,
        "period": period,
    }  # fmt: skip
    kinds = [kind for kind, value in asked.items() if value is not None]
    if len(kinds) != 1:
        raise DomainError(
            "scope_unclear", "export a debtor, a complaint, a conversation, a request or a period: one of them"
        )
    (kind,) = kinds
    subject = asked[kind]
    complaint = _complaint(complaint_id) if complaint_id else None
    selection = _selection(kind, complaint.debtor_id if complaint else subject)
    rows = _decisions(selection)
    if decisions_max is not None and rows[: decisions_max + 1].count() > decisions_max:
        raise DomainError(
            "evidence_too_large",
            "there are more than %(most)s decisions: choose less",
            pointer="period",
            most=decisions_max,
        )
    decisions = list(rows)
    seal_now()
    records = [Record(DECISION, row.id, DECISION_RECORDED, content_of(row)) for row in decisions]
    added = contributions(selection)
    account, entries = ([], []) if NO_ACCOUNT in without else account_of(selection)
    records = unique(
        [*records, *_statements(selection), *entries, *(record for one in added for record in one.records)]
    )
    events, seals, records = _announcements(records)
    said = [message for one in added for message in one.messages]
    tenant = Tenant.objects.get(pk=current_tenant_id())
    proven, rulesets = {one.id for one in records}, _rulesets(decisions)
    authors = [actor, *(str(message.get("author", "")) for message in said), *(row.actor for row in decisions)]
    case = case_of(selection, complaint=complaint, without=without)
    own = {row["name"] for row in case["debtors"]}
    document: dict[str, Any] = {
        "format": FORMAT,
        "language": language if language in LANGUAGES else _language(selection, tenant),
        "tenant": {
            "id": str(tenant.id),
            "name": tenant.name,
            "country": tenant.country,
            "sandbox": tenant.sandbox,
        },
        "scope": _scope(selection, subject),
        "case": case | {"people": {} if NO_THIRD_PARTIES in without else names_of(authors)},
        "left_out": without,
        "exported_at": machine_now(),
        "exported_by": actor,
        "findings": list(_told([row for row in decisions if row.id in proven], rulesets)),
        "packs": _packs(decisions, rulesets),
        "rulesets": rulesets,
        "messages": [shown_message(message, without) for message in said],
        "account": [shown_account(line, without) for line in (*account, *disputes_of(selection))],
        "records": [
            shown_record(
                {"subject": one.subject, "id": one.id, "event": one.event, "content": one.content}, without, own
            )
            for one in records
        ],
        "events": events,
        "seals": [{"content": seal_content(seal), "digest": seal.digest} for seal in seals],
    }
    if document["case"]["complaint"]:
        document["case"]["complaint"] = shown_account(document["case"]["complaint"], without)
    document = plain(document)
    document["manifest"] = manifest_of(document)
    return document


def note_made(document: dict[str, Any], *, files: dict[str, str], actor: str, reason: str) -> EvidencePack:
    """Write down that the evidence was made, by whom and with which hashes: a pack's row and an audit entry.

    `files` are the SHA-256 of the pack's files by name; {} for the JSON alone.
    """
    scope, manifest = document["scope"], document["manifest"]
    subject, redaction = scope["subject"], "+".join(document["left_out"]) or FULL
    creditors = document["case"]["creditors"]
    with all_creditors():  # also what a creditor's own people take out stands in the organisation's audit
        pack = EvidencePack.objects.create(
            creditor_id=creditors[0]["id"] if len(creditors) == 1 else None, kind=scope["kind"], subject_id=subject,
            redaction=redaction, language=document["language"], files=files, document=manifest["document"],
            records=len(document["records"]), messages=len(document["messages"]),
            last_sequence=max((event["leaf"]["sequence"] for event in document["events"]), default=0),
            seal_digest=document["seals"][-1]["digest"] if document["seals"] else "",
            actor=actor, reason=reason, made_at=machine_now(),
        )  # fmt: skip
        audit.record(
            "evidence.export",
            actor=actor,
            subject=f"evidence.{scope['kind']}",
            subject_id=subject or "period",
            after={
                "document": manifest["document"], "records": len(document["records"]), "redaction": redaction,
                "files": files,
            },
            reason=reason,
        )  # fmt: skip
    return pack


def _language(selection: Selection, tenant: Tenant) -> str:
    spoken = list(
        Debtor.objects.filter(pk__in=selection.debtor_ids).values_list("person__language", flat=True).distinct()[:2]
    )
    if len(spoken) != 1:
        spoken = list(
            Creditor.objects.filter(pk__in=selection.creditor_ids).values_list("language", flat=True).distinct()[:2]
        )
    code = (spoken[0] if len(spoken) == 1 else tenant.language)[:2].lower()
    return code if code in LANGUAGES else "es"


def _complaint(complaint_id: uuid.UUID) -> Dispute:
    found = Dispute.objects.filter(pk=complaint_id).first()
    if found is None:
        raise DomainError("complaint_unknown", "there is no such complaint here", pointer="complaint")
    return found


def _selection(kind: str, subject: Any) -> Selection:
    if kind in ("debtor", "complaint"):
        debtor = Debtor.objects.filter(pk=subject).first()
        if debtor is None:
            raise DomainError("debtor_unknown", "there is no such debtor here", pointer="debtor")
        asked = Decision.objects.filter(debtor_id=debtor.id).order_by().values_list("request_id", flat=True).distinct()
        return Selection(
            kind,
            frozenset({debtor.creditor_id}),
            frozenset({debtor.person_id}),
            frozenset({debtor.id}),
            frozenset(asked),
        )
    if kind == "conversation":
        return found_by(kind, subject)
    if kind == "request":
        rows = list(Decision.objects.filter(request_id=subject))
        if not rows:
            raise DomainError("request_unknown", "no decision was made about such a request here", pointer="request")
        return Selection(
            kind,
            frozenset(row.creditor_id for row in rows),
            frozenset(row.person_id for row in rows),
            frozenset(row.debtor_id for row in rows if row.debtor_id),
            frozenset({subject}),
        )
    since, until = subject
    if since >= until:
        raise DomainError("period_empty", "a period ends after it starts", pointer="period")
    named = ("person_id", "request_id", "creditor_id", "debtor_id")
    found = list(Decision.objects.filter(decided_at__gte=since, decided_at__lt=until).values_list(*named))
    return Selection(
        kind,
        creditor_ids=frozenset(creditor for _, _, creditor, _ in found),
        person_ids=frozenset(person for person, _, _, _ in found),
        debtor_ids=frozenset(debtor for _, _, _, debtor in found if debtor),
        request_ids=frozenset(request for _, request, _, _ in found),
        since=since,
        until=until,
    )


def _decisions(selection: Selection) -> QuerySet[Decision]:
    if selection.kind == "period":
        return Decision.objects.filter(decided_at__gte=selection.since, decided_at__lt=selection.until).order_by("id")
    if selection.kind in ("debtor", "complaint"):
        return Decision.objects.filter(debtor_id__in=selection.debtor_ids).order_by("id")
    return Decision.objects.filter(request_id__in=selection.request_ids).order_by("id")


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
            (name, subject, subject_id): sequence
            for name, subject, subject_id, sequence in Event.objects.filter(
                subject_id__in=[one.id for one in records]
            ).exclude(digest="").values_list("name", "subject", "subject_id", "sequence")
        }  # fmt: skip
    keyed = [(found.get((one.event, one.subject, one.id)), one) for one in records]
    proofs, seals = proofs_of(number for number, _ in keyed if number is not None)
    kept = [one for number, one in keyed if number in proofs]
    return [proofs[number] for number in sorted(proofs)], seals, kept


def _scope(selection: Selection, subject: Any) -> dict[str, Any]:
    scope = current()
    return {
        "kind": selection.kind,
        "subject": subject if isinstance(subject, uuid.UUID) else None,
        "debtors": selection.debtor_ids if selection.kind != "period" else [],
        "requests": selection.request_ids if selection.kind == "request" else [],
        "since": selection.since,
        "until": selection.until,
        "creditors": "all" if scope is None or scope.creditor_ids is None else scope.creditor_ids,
    }


def _told(rows: Iterable[Decision], rulesets: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every finding of a decision in words, with the law that it rests on and how that was read."""
    read = {
        digest: {rule.code: rule.read_in for layer in _layers(content) for rule in rules_of(layer)}
        for digest, content in rulesets.items()
    }
    for row in rows:
        offsets = row.facts.get("offsets") or [["UTC"]]
        for stored in row.findings:
            finding = finding_from_json(stored)
            words = {language: explain(finding, language, offsets[0][0]) for language in LANGUAGES}
            yield {
                "decision": row.id, "rule": finding.rule, "kind": finding.kind, "law": finding.citation,
                "basis": finding.basis, "pack": finding.pack,
                "read_in": read.get(row.ruleset_digest, {}).get(finding.rule, ""), "words": words,
            }  # fmt: skip


def _layers(content: Mapping[str, Any]) -> list[Layer]:
    return [Layer(layer["name"], layer["data"]) for layer in content["layers"]]


def _packs(decisions: Sequence[Decision], rulesets: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The editions of the shipped packs that held while these decisions were made."""
    if not decisions:
        return []
    first, last = min(row.decided_at for row in decisions), max(row.decided_at for row in decisions)
    names = {layer.name for content in rulesets.values() for layer in _layers(content)}
    rows = RulePackVersion.objects.filter(
        code__in={pack_code(name) for name in names}, effective_from__lte=last
    ).filter(Q(effective_to=None) | Q(effective_to__gt=first))
    return [
        {
            "code": row.code, "edition": row.edition, "version": row.data.get("version"), "status": row.status,
            "effective_from": row.effective_from, "effective_to": row.effective_to, "digest": row.digest,
            "approved_by": row.approved_by,
        }
        for row in rows.filter(status__in=[str(one) for one in LIVE]).order_by("code", "edition")
    ]  # fmt: skip


def pack_code(layer: str) -> str:
    """The pack that a layer stands in: `br-sp` in `br`; `latam-default` is one of its own."""
    return layer if layer == "latam-default" else layer.partition("-")[0]


def _rulesets(decisions: Sequence[Decision]) -> dict[str, Any]:
    wanted = {row.ruleset_digest for row in decisions}
    return dict(RuleSetSnapshot.objects.filter(digest__in=wanted).values_list("digest", "content"))
