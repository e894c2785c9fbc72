"""People limited to some creditors: what they see of persons, contact points and conversations goes through those."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.db import Error, ProgrammingError, connection, transaction

from compliance.models import Consent, Contact, Stop
from messaging.models import Conversation, Message, ProviderMessage, Sequence, StatusReport
from portfolio.models import ContactPoint, Creditor, Debtor, Entry, Invoice, Person
from tenants.events import Emit, emit, sequence
from tenants.models import AuditEntry, Event, Tenant, TenantModel
from tenants.scope import all_creditors, tenant_scope
from tests import factories
from tests.factories import NOON


@dataclass
class World:
    """One organisation, two creditors, a debtor of each, and a person who owes both."""

    tenant: Tenant
    ours: Creditor
    theirs: Creditor
    our_debtor: Debtor
    their_debtor: Debtor
    shared: Debtor  # ours
    shared_there: Debtor  # the same person, theirs
    our_thread: Conversation
    their_thread: Conversation
    their_message: Message


@pytest.fixture(scope="module")
def world(django_db_blocker):
    with django_db_blocker.unblock():
        return make_world()


def make_world() -> World:
    tenant = factories.make_tenant(kind="agency")
    with tenant_scope(tenant.id):
        ours, theirs = factories.make_creditor(name="Ours"), factories.make_creditor(name="Theirs")
        due = [("100", date(2026, 10, 1))]
        our_debtor = factories.make_debtor(ours, invoices=due)
        their_debtor = factories.make_debtor(theirs, invoices=due)
        shared = factories.make_debtor(ours, invoices=due)
        shared_there = factories.make_debtor(theirs, person=shared.person, invoices=due)
        number = factories.make_number()
        our_thread = factories.make_conversation(number, factories.contact_of(our_debtor))
        their_thread = factories.make_conversation(number, factories.contact_of(their_debtor))
        both = factories.make_conversation(number, factories.contact_of(shared))
        factories.make_message(our_thread, "for us", debtor=our_debtor)
        their_message = factories.make_message(their_thread, "for them", debtor=their_debtor)
        factories.make_message(both, "about ours", debtor=shared)
        factories.make_message(both, "about theirs", debtor=shared_there)
        ProviderMessage.objects.create(provider_id="wamid.theirs", message=their_message)
        StatusReport.objects.create(message=their_message, state="read", provider_at=NOON, recorded_at=NOON)
        for person, creditor in ((shared.person, ours), (shared.person, theirs), (their_debtor.person, None)):
            Stop.objects.create(
                person=person, creditor_id=creditor.id if creditor else None, kind="disputed", since=NOON, source="test"
            )
        Sequence.objects.create(name="everybody's", country="BR", created_at=NOON)
        Sequence.objects.create(name="theirs", creditor_id=theirs.id, country="BR", created_at=NOON)
        for debtor in (our_debtor, their_debtor):
            Contact.objects.create(
                person=debtor.person, channel="whatsapp", message_class="collection", at=NOON, creditor_hash="x",
                state="counted", origin_id=debtor.id,
            )  # fmt: skip
    return World(
        tenant, ours, theirs, our_debtor, their_debtor, shared, shared_there, our_thread, their_thread, their_message
    )


@pytest.fixture
def limited(world):
    with tenant_scope(world.tenant.id, creditor_ids=[world.ours.id]):
        yield world


def test_rows_of_the_other_creditor_are_not_there(limited):
    for model in apps.get_models():
        names = {field.column for field in model._meta.local_fields}
        if issubclass(model, TenantModel) and "creditor_id" in names:
            rows: Any = model._default_manager.all()
            seen = set(rows.values_list("creditor_id", flat=True))
            assert limited.theirs.id not in seen, f"{model._meta.label} shows the other creditor's rows"


def test_they_see_their_own(limited):
    assert set(Debtor.objects.values_list("id", flat=True)) == {limited.our_debtor.id, limited.shared.id}
    assert Invoice.objects.count() == Entry.objects.count() == 2
    assert Creditor.objects.get() == limited.ours


def test_persons_and_contact_points_through_a_debtor_only(limited):
    expected = {limited.our_debtor.person_id, limited.shared.person_id}
    assert set(Person.objects.values_list("id", flat=True)) == expected
    assert set(ContactPoint.objects.values_list("person_id", flat=True)) == expected
    assert not Person.objects.filter(pk=limited.their_debtor.person_id).exists()


def test_conversations_through_a_message_only(limited):
    threads = set(Conversation.objects.values_list("id", flat=True))
    assert limited.our_thread.id in threads and limited.their_thread.id not in threads and len(threads) == 2
    assert set(Message.objects.values_list("text", flat=True)) == {"for us", "about ours"}


def test_what_hangs_on_a_message_is_hidden_with_it(limited):
    assert ProviderMessage.objects.count() == 0
    assert StatusReport.objects.count() == 0


def test_consents_and_stops_of_a_shared_person_are_told_apart(limited):
    assert {stop.creditor_id for stop in Stop.objects.all()} == {limited.ours.id}
    consents = {consent.creditor_id for consent in Consent.objects.filter(person=limited.shared.person)}
    assert consents == {limited.ours.id}


def test_sequences_of_the_organisation_but_not_of_the_other_creditor(limited):
    assert [sequence.name for sequence in Sequence.objects.all()] == ["everybody's"]


def test_raw_sql_sees_no_more(limited):
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM portfolio_debtor WHERE creditor_id = %s", [limited.theirs.id])
        assert cursor.fetchone() == (0,)
        cursor.execute(
            "SELECT count(*) FROM portfolio_person p JOIN portfolio_debtor d "
            "ON d.person_id = p.id AND d.creditor_id = %s",
            [limited.theirs.id],
        )
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT text FROM messaging_message WHERE id = %s", [limited.their_message.id])
        assert cursor.fetchone() is None
        cursor.execute("UPDATE portfolio_invoice SET open_minor = 0 WHERE creditor_id = %s", [limited.theirs.id])
        assert cursor.rowcount == 0
        cursor.execute("DELETE FROM messaging_message WHERE id = %s", [limited.their_message.id])
        assert cursor.rowcount == 0


def test_they_cannot_write_a_row_of_the_other_creditor(limited):
    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        Debtor.objects.create(
            creditor_id=limited.theirs.id, person_id=limited.our_debtor.person_id, external_id="smuggled",
            currency="BRL", created_at=NOON, updated_at=NOON,
        )  # fmt: skip
    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        Debtor.objects.filter(pk=limited.our_debtor.pk).update(creditor_id=limited.theirs.id)
    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        AuditEntry.objects.create(
            at=NOON, actor="x", action="x", subject="x", subject_id="x", creditor_id=limited.theirs.id
        )


def test_an_upsert_does_not_reach_over(limited):
    """ON CONFLICT with a row that they may not see is refused, not applied."""
    with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO portfolio_debtor (id, tenant_id, creditor_id, person_id, external_id, labels, attributes, "
            "currency, open_minor, created_at, updated_at) VALUES (gen_random_uuid(), %s, %s, %s, %s, '{}', '{}', "
            "'BRL', 0, %s, %s) ON CONFLICT (tenant_id, creditor_id, external_id) DO UPDATE SET open_minor = 1",
            [
                limited.tenant.id, limited.theirs.id, limited.our_debtor.person_id, limited.their_debtor.external_id,
                NOON, NOON,
            ],
        )  # fmt: skip


def test_the_contact_budget_counts_everybody(limited):
    assert Contact.objects.count() == 2


def test_the_log_shows_their_own_events_only(world):
    with tenant_scope(world.tenant.id):
        for creditor in (world.ours, world.theirs, None):
            emit(Emit("creditor.saved", "x", world.tenant.id, NOON, creditor and creditor.id))
    while sequence():
        pass
    with tenant_scope(world.tenant.id, creditor_ids=[world.ours.id]):
        assert {event.creditor_id for event in Event.objects.all()} == {world.ours.id}


def test_nobodys_creditor_list_shows_nothing(world):
    with tenant_scope(world.tenant.id, creditor_ids=[]):
        assert Creditor.objects.count() == Person.objects.count() == Message.objects.count() == 0
        assert Conversation.objects.count() == 0


def test_two_creditors_of_three(world):
    with tenant_scope(world.tenant.id, creditor_ids=[world.ours.id, world.theirs.id]):
        assert Creditor.objects.count() == 2
        assert Debtor.objects.count() == 4


def test_the_whole_is_seen_for_a_moment(limited):
    with all_creditors():
        assert Debtor.objects.count() == 4
        assert Stop.objects.count() == 3
    assert Debtor.objects.count() == 2


def test_another_tenants_creditor_in_the_list_opens_nothing(world):
    other = make_world()
    with tenant_scope(world.tenant.id, creditor_ids=[other.ours.id]):
        assert Creditor.objects.count() == Debtor.objects.count() == Person.objects.count() == 0
