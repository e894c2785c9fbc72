"""Stops: reasons not to write to a person, raised from words or lists, lifted only by somebody who says why."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from compliance.ledger.statements import STOP, lifted_digest, stop_digest
from compliance.models import Stop
from compliance.services.loading import lock_persons
from compliance.services.values import exact
from kernel.errors import DomainError
from kernel.ids import uuid7
from tenants.events import Emit, emit, emit_many
from tenants.scope import all_creditors, current

#: What a stop can be: the conditions (`when`) of the packs' stop rules that somebody or some list states.
KINDS = frozenset(
    {
        "opted_out",
        "cease_requested",
        "dispute_open",
        "number_reported_wrong",
        "recipient_not_debtor_or_guarantor",
        "minor_or_deceased_or_incapacitated",
        "recipient_elderly_or_minor_not_debtor",
        "listed_in_state_do_not_contact_registry",
        "no_reliable_evidence_of_debt",
        "repactuacao_or_superendividamento_plan",
        "represented_by_attorney",
        "sernac_no_me_hostiguen_request",
        "sued_or_insolvency_procedure",
        "debt_time_barred",
        "sender_number_hidden_or_unregistered",
        "group_chat",
    }
)
#: Stops that hold for the person whoever asks, also when one creditor's file stated them.
_WHOEVER_ASKS = frozenset({"opted_out", "cease_requested", "minor_or_deceased_or_incapacitated"})


class Said(Protocol):
    """A stop as portfolio.hooks.StopNote states it."""

    @property
    def person_id(self) -> uuid.UUID: ...
    @property
    def creditor_id(self) -> uuid.UUID: ...
    @property
    def kind(self) -> str: ...
    @property
    def source(self) -> str: ...


def raise_stop(
    person_id: uuid.UUID,
    kind: str,
    *,
    creditor_id: uuid.UUID | None = None,
    contact_point_id: uuid.UUID | None = None,
    evidence: Mapping[str, Any],
    source: str,
    now: datetime,
) -> Stop:
    """Stop writing to a person: to all of their addresses or one, for all creditors or one.

    `evidence` holds ids, dates and who recorded it, no words; `listed_on` (a date) for registries. A stop of the same
    kind and scope that holds already is returned as it is. Raises DomainError for a kind that no rule knows.
    """
    (stop,) = _raise([(person_id, kind, creditor_id, contact_point_id, exact(evidence), source)], now)
    return stop


def raise_stops(said: Iterable[Said], now: datetime) -> list[Stop]:
    """Stops that a file states, in bulk; an opt-out counts for every creditor whoever's file says it."""
    return _raise(
        [
            (one.person_id, one.kind, None if one.kind in _WHOEVER_ASKS else one.creditor_id, None, {}, one.source)
            for one in said
        ],
        now,
    )


_Wanted = tuple[uuid.UUID, str, uuid.UUID | None, uuid.UUID | None, dict[str, Any], str]


def _raise(wanted: list[_Wanted], now: datetime) -> list[Stop]:
    if not wanted:
        return []
    if odd := {one[1] for one in wanted} - KINDS:
        raise DomainError(
            "stop_unknown", "no rule stops because of %(kind)s", kind=", ".join(sorted(odd)), pointer="kind"
        )
    with all_creditors():
        persons = lock_persons((one[0] for one in wanted), skip_locked=False)
        if missing := {one[0] for one in wanted} - set(persons):
            raise DomainError("person_unknown", "there is no person %(id)s here", id=str(min(missing)))
        held: dict[tuple[Any, ...], Stop] = {
            (stop.person_id, stop.kind, stop.creditor_id, stop.contact_point_id): stop
            for stop in Stop.objects.filter(person_id__in=persons, lifted_at=None)
        }
        fresh, result = [], []
        for person_id, kind, creditor_id, point_id, evidence, source in wanted:
            key = (person_id, kind, creditor_id, point_id)
            if key not in held:
                held[key] = Stop(
                    id=uuid7(),
                    person_id=person_id,
                    contact_point_id=point_id,
                    creditor_id=creditor_id,
                    kind=kind,
                    since=now,
                    evidence=evidence,
                    source=source,
                )
                fresh.append(held[key])
            result.append(held[key])
        Stop.objects.bulk_create(fresh, batch_size=1000)
    emit_many(
        Emit(
            "stop.raised",
            STOP,
            stop.id,
            now,
            stop.creditor_id,
            stop_digest(stop),
            {"person": str(stop.person_id), "kind": stop.kind},
        )
        for stop in fresh
    )
    return result


def lift_stop(stop_id: uuid.UUID, *, by: str, reason: str, now: datetime) -> Stop:
    """Lift a stop; who and why are part of the evidence. Lifting twice changes nothing.

    Raises DomainError when there is no such stop, no reason is given, or the scope is limited to creditors whose own
    stop it is not.
    """
    if not reason.strip():
        raise DomainError("reason_missing", "say why the stop is lifted", pointer="reason")
    stop = Stop.objects.select_for_update(no_key=True).filter(pk=stop_id).first()
    if stop is None:
        raise DomainError("stop_unknown", "there is no such stop")
    scope = current()
    if scope is not None and scope.creditor_ids is not None and stop.creditor_id not in scope.creditor_ids:
        raise DomainError("stop_not_yours", "this stop holds for others too: ask the organisation to lift it")
    if stop.lifted_at is not None:
        return stop
    stop.lifted_at, stop.lifted_by, stop.lifted_reason = now, by, reason
    stop.save(update_fields=["lifted_at", "lifted_by", "lifted_reason"])
    emit(
        Emit(
            "stop.lifted",
            STOP,
            stop.id,
            now,
            stop.creditor_id,
            lifted_digest(stop),
            {"person": str(stop.person_id), "kind": stop.kind},
        )
    )
    return stop
