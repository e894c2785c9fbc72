"""A scope is a transaction that shows one organisation, and nothing is left of it afterwards."""

from __future__ import annotations

import asyncio
import contextvars
import threading

import pytest
from asgiref.sync import sync_to_async
from django.apps import apps
from django.db import Error, InternalError, ProgrammingError, connection, transaction
from django.db.utils import DataError

from portfolio.models import Creditor, Debtor, Person
from tenants.models import TenantModel
from tenants.scope import NoScope, all_creditors, current, current_tenant_id, tenant_scope
from tests import factories
from tests.tenants.threads import together


def settings_now() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.tenant_id', true), current_setting('app.creditor_ids', true)")
        tenant, creditors = cursor.fetchone()
    return tenant or "", creditors or ""


@pytest.fixture
def pair():
    """Two organisations with a creditor each."""
    tenants = factories.make_tenant("BR"), factories.make_tenant("MX")
    for tenant in tenants:
        with tenant_scope(tenant.id):
            factories.make_creditor()
    return tenants


def test_only_its_own_rows_are_there(pair):
    for tenant in pair:
        with tenant_scope(tenant.id):
            assert [row.tenant_id for row in Creditor.objects.all()] == [tenant.id]


def test_without_a_scope_there_are_no_rows_and_none_can_be_made(pair):
    assert Creditor.objects.count() == 0
    with pytest.raises(NoScope):
        factories.make_creditor(country="BR")
    with pytest.raises(ProgrammingError, match="row-level security"):
        creditor = Creditor(
            tenant_id=pair[0].id, name="x", country="BR", currency="BRL", language="pt", external_id="x"
        )
        creditor.creditor_id = creditor.id
        creditor.created_at = factories.NOON
        creditor.save(force_insert=True)


def test_every_tenant_table_is_empty_without_a_scope():
    for model in apps.get_models():
        if issubclass(model, TenantModel):
            assert model._default_manager.count() == 0, model._meta.label


def test_scopes_do_not_nest(pair):
    with tenant_scope(pair[0].id):
        with pytest.raises(RuntimeError, match="do not nest"), tenant_scope(pair[1].id):
            pass
        with pytest.raises(RuntimeError, match="do not nest"), tenant_scope(pair[0].id):
            pass
        assert settings_now() == (str(pair[0].id), "*")
        assert Creditor.objects.get().tenant_id == pair[0].id


def test_settings_end_with_the_scope(pair):
    with tenant_scope(pair[0].id, creditor_ids=[]):
        assert settings_now() == (str(pair[0].id), "")
    assert settings_now() == ("", "")
    assert current() is None


def test_settings_end_with_the_scope_inside_somebodys_transaction(pair):
    with transaction.atomic():
        with tenant_scope(pair[0].id):
            assert Creditor.objects.count() == 1
        assert settings_now() == ("", "")
        assert Creditor.objects.count() == 0
        with tenant_scope(pair[1].id):
            assert Creditor.objects.get().tenant_id == pair[1].id
        with pytest.raises(KeyError), tenant_scope(pair[1].id):
            raise KeyError
        assert settings_now() == ("", "")
        with tenant_scope(pair[1].id):
            transaction.set_rollback(True)
        assert settings_now() == ("", "")


def test_an_error_takes_everything_back(pair):
    with pytest.raises(KeyError), tenant_scope(pair[0].id):
        factories.make_creditor()
        raise KeyError
    assert (settings_now(), current()) == (("", ""), None)
    with tenant_scope(pair[0].id):
        assert Creditor.objects.count() == 1


def test_an_error_of_the_database_leaves_the_connection_usable(pair):
    with pytest.raises(DataError), tenant_scope(pair[0].id), connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")
    with tenant_scope(pair[1].id):
        assert Creditor.objects.get().tenant_id == pair[1].id


def test_durable_refuses_to_be_part_of_something(pair):
    with transaction.atomic(), pytest.raises(RuntimeError), tenant_scope(pair[0].id, durable=True):
        pass
    assert current() is None


def test_a_savepoint_inside_keeps_the_scope(pair):
    with tenant_scope(pair[0].id):
        with pytest.raises(KeyError), transaction.atomic():
            factories.make_creditor()
            raise KeyError
        assert settings_now()[0] == str(pair[0].id)
        assert Creditor.objects.count() == 1


def test_two_threads_hold_two_scopes(pair):
    meeting = threading.Barrier(2)

    def look(tenant):
        with tenant_scope(tenant.id):
            meeting.wait(10)
            seen = {row.tenant_id for row in Creditor.objects.all()}
            meeting.wait(10)
            assert current_tenant_id() == tenant.id
            return seen

    assert together(*[lambda tenant=tenant: look(tenant) for tenant in pair]) == [{tenant.id} for tenant in pair]


def test_a_thread_does_not_inherit_a_scope(pair):
    """A new thread has another connection: even with the context copied it sees nothing and writes nothing."""
    with tenant_scope(pair[0].id):
        context = contextvars.copy_context()

        def bare():
            return current(), Creditor.objects.count()

        def copied():
            return context.run(lambda: (current() is not None, Creditor.objects.count()))

        assert together(bare) == [(None, 0)]
        assert together(copied) == [(True, 0)]
        with pytest.raises(Error, match="row-level security"):
            together(lambda: context.copy().run(factories.make_person, country="BR"))


def test_tasks_of_one_event_loop_do_not_mix(pair):
    def look(tenant):
        with tenant_scope(tenant.id):
            rows = {row.tenant_id for row in Creditor.objects.all()}
        connection.close()
        return rows

    async def run():
        async_look = sync_to_async(look, thread_sensitive=False)
        return await asyncio.gather(*[async_look(tenant) for tenant in pair * 10])

    assert asyncio.run(run()) == [{tenant.id} for tenant in pair * 10]
    assert current() is None


def test_all_creditors_widens_for_a_moment(pair):
    with tenant_scope(pair[0].id):
        other = factories.make_creditor()
    with tenant_scope(pair[0].id, creditor_ids=[other.id]):
        assert Creditor.objects.count() == 1
        with all_creditors():
            assert Creditor.objects.count() == 2
            with all_creditors():
                assert Creditor.objects.count() == 2
            assert Creditor.objects.count() == 2, "an inner use ended the outer one"
        assert Creditor.objects.count() == 1
        with pytest.raises(KeyError), all_creditors():
            raise KeyError
        assert Creditor.objects.count() == 1


def test_all_creditors_does_not_hide_what_went_wrong(pair):
    with (
        pytest.raises(DataError),
        tenant_scope(pair[0].id, creditor_ids=[]),
        all_creditors(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT 1 / 0")
    assert settings_now() == ("", "")


def test_all_creditors_needs_a_scope():
    with pytest.raises(NoScope), all_creditors():
        pass


def test_rolling_back_inside_all_creditors_ends_it_too(pair):
    with tenant_scope(pair[0].id, creditor_ids=[]):
        with pytest.raises(DataError), transaction.atomic(), all_creditors(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        assert settings_now() == (str(pair[0].id), "")
        assert Creditor.objects.count() == 0


def test_a_scope_that_is_no_uuid_shows_nothing():
    with pytest.raises((DataError, InternalError)), tenant_scope("*"):  # type: ignore[arg-type]
        Creditor.objects.count()


def test_rows_of_one_person_at_two_creditors(pair):
    with tenant_scope(pair[0].id):
        first, second = factories.make_creditor(), factories.make_creditor()
        debtor = factories.make_debtor(first)
        factories.make_debtor(second, person=debtor.person)
        assert (Person.objects.count(), Debtor.objects.count()) == (1, 2)
