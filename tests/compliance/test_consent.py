"""Consents, stops and identity: what is recorded, what stands, and who may be told what."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.models import Consent, Stop
from compliance.services import (
    NewConsent,
    claim,
    lift_stop,
    mark_wrong_person,
    note_contacted,
    preview,
    raise_stop,
    reconfirm_number,
    record_consent,
    record_consents,
    strike,
    take_notes,
    verify,
)
from compliance.services.facts import consents_for
from compliance.services.loading import ConsentRow
from kernel.errors import DomainError
from kernel.ids import uuid7
from portfolio.hooks import ConsentNote, StopNote
from tenants.models import StagedEvent
from tests.compliance.world import MONDAY, World, make_world

PERSON, HERE, THERE, POINT, OTHER_POINT = (uuid.UUID(int=n) for n in range(1, 6))
EVIDENCE = {"exact_wording": "Autorizo mensagens de cobrança", "collected_how": "signature"}


@pytest.fixture
def world() -> World:
    return make_world()


def row(state: str, creditor: uuid.UUID | None = None, point: uuid.UUID | None = None) -> ConsentRow:
    return ConsentRow(PERSON, point, creditor, "whatsapp", "collection", state, None)


def standing(*rows: ConsentRow) -> str:
    found = consents_for(rows, HERE, POINT)
    return found[0].state if found else "nothing"


@pytest.mark.parametrize(
    ("rows", "state"),
    [
        ((row("granted"), row("revoked")), "revoked"),
        ((row("revoked"), row("granted")), "granted"),
        ((row("granted", HERE), row("revoked")), "revoked"),
        ((row("revoked"), row("granted", HERE)), "granted"),
        ((row("revoked", HERE), row("granted")), "revoked"),
        ((row("granted"), row("revoked", THERE)), "granted"),
        ((row("granted", THERE),), "nothing"),
        ((row("granted", point=OTHER_POINT),), "nothing"),
        ((row("granted"), row("revoked", point=OTHER_POINT)), "revoked"),
        ((row("granted", point=POINT),), "granted"),
    ],
)
def test_the_newest_statement_of_the_nearest_scope_holds(rows: tuple[ConsentRow, ...], state: str) -> None:
    assert standing(*rows) == state


statements = st.lists(
    st.builds(
        row,
        st.sampled_from(["granted", "revoked", "imported_without_evidence", "expired"]),
        st.sampled_from([None, HERE, THERE]),
        st.sampled_from([None, POINT, OTHER_POINT]),
    ),
    max_size=8,
)


@given(statements, st.sampled_from([None, HERE]), st.sampled_from([None, POINT, OTHER_POINT]))
def test_after_a_revocation_nothing_older_grants(
    before: list[ConsentRow], creditor: uuid.UUID | None, point: uuid.UUID | None
) -> None:
    assert standing(*before, row("revoked", creditor, point)) == "revoked"


@given(statements)
def test_other_creditors_statements_change_nothing(rows: list[ConsentRow]) -> None:
    assert standing(*rows) == standing(*(one for one in rows if one.creditor_id != THERE))


def consent(world: World, **changes: object) -> NewConsent:
    values = {"channel": "whatsapp", "state": "granted", "source": "api", "given_at": MONDAY, "evidence": EVIDENCE}
    return NewConsent(**(values | changes))  # type: ignore[arg-type]


def test_the_same_statement_twice_is_one(world: World) -> None:
    with world.scope():
        ana = world.somebody(consent=None)
        said = consent(world, person_id=ana.person.id, external_id="contract-7")
        assert record_consent(said, MONDAY) is not None
        assert record_consent(said, MONDAY + timedelta(days=1)) is None
        assert len(record_consents([said, said, consent(world, person_id=ana.person.id)], MONDAY)) == 1
        assert preview(ana.ask(), MONDAY).allowed


def test_a_grant_that_nothing_proves_opens_nothing(world: World) -> None:
    with world.scope():
        ana = world.somebody(consent=None)
        kept = record_consent(consent(world, person_id=ana.person.id, evidence={}), MONDAY)
        assert kept is not None and kept.state == "imported_without_evidence"
        assert preview(ana.ask(), MONDAY).rules == ("X-CONSENT",)


def test_a_consent_expires(world: World) -> None:
    with world.scope():
        ana = world.somebody(consent=None)
        record_consent(consent(world, person_id=ana.person.id, expires_at=MONDAY), MONDAY)
        assert preview(ana.ask(), MONDAY - timedelta(minutes=1)).allowed
        assert preview(ana.ask(), MONDAY).rules == ("X-CONSENT",)


def test_what_a_file_says_about_consents_and_stops_is_taken_once(world: World) -> None:
    with world.scope():
        ana, bruno = world.somebody(consent=None), world.somebody(consent=None)
        notes = [
            ConsentNote(
                person_id=one.person.id, contact_point_id=one.point.id, creditor_id=one.debtor.creditor_id,
                channel="whatsapp", purpose="collection", state=state, evidence=EVIDENCE, external_id="f:1",
                given_at=MONDAY, source="import:1",
            )
            for one, state in ((ana, "granted"), (bruno, "unknown"))
        ]  # fmt: skip
        stop = StopNote(
            person_id=bruno.person.id, creditor_id=bruno.debtor.creditor_id, kind="opted_out", source="import:1"
        )
        for _ in range(2):
            take_notes([*notes, stop], MONDAY)
        assert Consent.objects.filter(person_id__in=[ana.person.id, bruno.person.id]).count() == 1
        assert Stop.objects.get(person_id=bruno.person.id).creditor_id is None, "an opt-out reaches every creditor"
        assert preview(ana.ask(), MONDAY).allowed


def test_unknown_words_are_refused(world: World) -> None:
    with world.scope():
        ana = world.somebody()
        with pytest.raises(DomainError, match="no rule stops"):
            raise_stop(ana.person.id, "bored", evidence={}, source="agent", now=MONDAY)
        with pytest.raises(DomainError, match="no consent is"):
            record_consent(consent(world, person_id=ana.person.id, state="maybe"), MONDAY)
        with pytest.raises(DomainError, match="no person"):
            raise_stop(uuid7(), "opted_out", evidence={}, source="agent", now=MONDAY)


def test_a_stop_is_raised_once_and_lifted_once_with_a_reason(world: World) -> None:
    with world.scope():
        ana = world.somebody()
        stop = raise_stop(ana.person.id, "opted_out", evidence={"message": "1"}, source="debtor", now=MONDAY)
        again = raise_stop(ana.person.id, "opted_out", evidence={"message": "2"}, source="debtor", now=MONDAY)
        assert again.id == stop.id
        with pytest.raises(DomainError, match="say why"):
            lift_stop(stop.id, by="user:1", reason=" ", now=MONDAY)
        lift_stop(stop.id, by="user:1", reason="new opt-in", now=MONDAY)
        lift_stop(stop.id, by="user:2", reason="again", now=MONDAY)
        assert Stop.objects.get(pk=stop.id).lifted_by == "user:1"
        names = list(StagedEvent.objects.filter(subject_id=stop.id).order_by("id").values_list("name", flat=True))
        assert names == ["stop.raised", "stop.lifted"]
        fresh = raise_stop(ana.person.id, "opted_out", evidence={"message": "3"}, source="debtor", now=MONDAY)
        assert fresh.id != stop.id


def test_a_creditors_own_people_lift_their_own_stops_only(world: World) -> None:
    with world.scope():
        ana = world.somebody()
        mine = ana.debtor.creditor_id
        everywhere = raise_stop(ana.person.id, "opted_out", evidence={}, source="debtor", now=MONDAY)
        own = raise_stop(ana.person.id, "cease_requested", creditor_id=mine, evidence={}, source="debtor", now=MONDAY)
    with world.scope(creditor_ids=[mine]):
        with pytest.raises(DomainError, match="ask the organisation"):
            lift_stop(everywhere.id, by="user:1", reason="-", now=MONDAY)
        assert lift_stop(own.id, by="user:1", reason="withdrawn in writing", now=MONDAY).lifted_at == MONDAY


def test_from_probe_to_check_each_state_lets_more_be_told(world: World) -> None:
    with world.scope():
        ana = world.somebody(identity="unknown")
        told = [ana.ask(disclosure=level) for level in (0, 1, 3)]

        def may() -> list[bool]:
            return [preview(ask, MONDAY).allowed for ask in told]

        assert may() == [True, False, False]
        note_contacted(ana.point.id, "probe", MONDAY)
        assert may() == [True, False, False]
        claim(ana.point.id, "button", MONDAY)
        assert may() == [True, True, False]
        verify(ana.point.id, "two points", MONDAY)
        assert may() == [True, True, True]
        claim(ana.point.id, "button", MONDAY)
        assert may() == [True, True, True], "a late tap takes nothing back"


def test_three_wrong_answers_make_it_the_wrong_person_until_the_number_is_confirmed(world: World) -> None:
    with world.scope():
        ana = world.somebody(identity="claimed")
        assert strike(ana.point.id, "birth year", MONDAY).identity == "claimed"
        strike(ana.point.id, "birth year", MONDAY)
        assert strike(ana.point.id, "birth year", MONDAY).identity == "wrong_person"
        assert preview(ana.ask(message_class="identity_probe"), MONDAY).rules == ("X-WRONG-NUMBER",)
        assert verify(ana.point.id, "two points", MONDAY).identity == "wrong_person"
        again = reconfirm_number(ana.point.id, "call from the registered landline", MONDAY)
        assert (again.identity, again.strikes, again.reported_wrong_at) == ("unknown", 0, None)


def test_not_me_stops_the_number_at_once(world: World) -> None:
    with world.scope():
        ana = world.somebody()
        mark_wrong_person(ana.point.id, "button", MONDAY)
        assert "X-WRONG-NUMBER" in preview(ana.ask(), MONDAY).rules
        event = StagedEvent.objects.get(subject_id=ana.point.id)
        assert (event.name, event.data["from"], event.data["to"]) == ("identity.changed", "verified", "wrong_person")
        mark_wrong_person(ana.point.id, "button", MONDAY)
        assert StagedEvent.objects.filter(subject_id=ana.point.id).count() == 1
