"""Attacks below the API: two organisations and two creditors try each other's rows with ORM, SQL, keys and COPY."""

from __future__ import annotations

import pytest
from django.db import Error, IntegrityError, ProgrammingError, connection, transaction
from psycopg import errors

from kernel.ids import uuid7
from portfolio.models import Debtor, Invoice, Person
from tenants.models import TenantModel
from tenants.scope import tenant_scope
from tests import factories
from tests.attack.worlds import belongs, make_organisation, photograph, tables
from tests.factories import NOON


@pytest.fixture(scope="module")
def worlds(django_db_blocker):
    with django_db_blocker.unblock():
        return make_organisation("BR"), make_organisation("MX")


@pytest.fixture(autouse=True)
def unharmed(worlds):
    """Whatever a test tries, the victim's rows are afterwards what they were."""
    victim = worlds[1]
    before = photograph(victim.tenant)
    yield
    assert photograph(victim.tenant) == before


@pytest.fixture
def attacker(worlds):
    with tenant_scope(worlds[0].tenant.id):
        yield worlds[0]


@pytest.fixture
def victim(worlds):
    return worlds[1]


def sql(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.rowcount


@pytest.mark.parametrize("model", list(tables()), ids=lambda model: model._meta.label)
def test_nothing_of_the_other_tenant_is_read_changed_or_deleted(model, attacker, victim):
    table = model._meta.db_table
    assert not model._default_manager.filter(tenant_id=victim.tenant.id).exists()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table} WHERE tenant_id = %s", [victim.tenant.id])
        assert cursor.fetchone() == (0,)
        cursor.execute(f"SELECT count(*) FROM {table} WHERE tenant_id <> %s", [attacker.tenant.id])
        assert cursor.fetchone() == (0,)
    for statement in (
        f"UPDATE {table} SET id = id WHERE tenant_id = %s",
        f"DELETE FROM {table} WHERE tenant_id = %s",
    ):
        if model.append_only:
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                sql(statement, victim.tenant.id)
        else:
            assert sql(statement, victim.tenant.id) == 0


@pytest.mark.parametrize("model", list(tables()), ids=lambda model: model._meta.label)
def test_no_row_is_moved_to_or_made_in_the_other_tenant(model, attacker, victim):
    table = model._meta.db_table
    if not model.append_only and model._default_manager.exists():
        with pytest.raises((ProgrammingError, IntegrityError)), transaction.atomic():
            sql(f"UPDATE {table} SET tenant_id = %s", victim.tenant.id)
    columns = [field.column for field in model._meta.local_fields if field.column not in ("id", "tenant_id")]
    names = ", ".join(f'"{column}"' for column in columns)
    if model._default_manager.exists():
        with pytest.raises((ProgrammingError, IntegrityError)), transaction.atomic():
            sql(
                f"INSERT INTO {table} (id, tenant_id, {names}) SELECT gen_random_uuid(), %s, {names} FROM {table}",
                victim.tenant.id,
            )


def test_the_world_has_a_row_in_nearly_every_table(attacker):
    """Otherwise the two tests above would prove little."""
    empty = {model._meta.label for model in tables() if not model._default_manager.exists()}
    assert empty <= {
        "compliance.RuleLayer", "compliance.RuleSetSnapshot", "compliance.Seal",
    } | {label for label in empty if label.startswith("tenants.")}, empty  # fmt: skip


def test_a_foreign_key_into_the_other_tenant_is_refused(attacker, victim):
    there = victim.ours.rows
    attempts = (
        lambda: Invoice.objects.filter(pk=attacker.ours.rows["invoice"].pk).update(debtor_id=there["debtor"].id),
        lambda: Debtor.objects.filter(pk=attacker.ours.rows["debtor"].pk).update(person_id=there["person"].id),
        lambda: factories.make_message(there["conversation"], "hello", debtor=attacker.ours.rows["debtor"]),
        lambda: factories.make_contact_point(there["person"]),
        lambda: factories.make_invoice(there["debtor"], "1.00"),
    )
    for attempt in attempts:
        with pytest.raises(IntegrityError, match="violates foreign key"), transaction.atomic():
            attempt()


def test_an_outbound_row_takes_no_decision_of_another_tenant(attacker, victim):
    with pytest.raises(IntegrityError), transaction.atomic():
        sql("UPDATE messaging_outbound SET decision_id = %s", victim.ours.rows["decision"].id)


def test_equal_ids_and_keys_do_not_meet(attacker, victim):
    """The same id, document and external id exist in both, and neither learns of the other."""
    there = victim.ours.rows["person"]
    with transaction.atomic():
        twin = Person.objects.create(
            id=there.id, kind="human", name="twin", document_hash=there.document_hash, country="BR", language="pt",
            created_at=NOON,
        )  # fmt: skip
        assert Person.objects.get(pk=there.id).name == "twin"
        factories.make_debtor(
            factories.make_creditor(external_id=victim.ours.creditor.external_id),
            person=twin,
            external_id=victim.ours.rows["debtor"].external_id,
        )
        twin.name = "changed"
        twin.save()
        transaction.set_rollback(True)


def test_an_upsert_on_the_other_tenants_key_makes_a_row_of_ones_own(attacker, victim):
    there = victim.ours.rows["person"]
    with transaction.atomic():
        made = sql(
            "INSERT INTO portfolio_person (id, tenant_id, kind, name, document_kind, document, document_hash, "
            "knowledge, country, language, declared_zone, address_zone, subdivision, city, created_at) "
            "VALUES (%s, %s, 'human', 'upsert', '', '', '', '', 'BR', 'pt', '', '', '', '', %s) "
            "ON CONFLICT (tenant_id, id) DO UPDATE SET name = 'overwritten'",
            there.id, attacker.tenant.id, NOON,
        )  # fmt: skip
        assert made == 1
        assert Person.objects.get(pk=there.id).name == "upsert"
        transaction.set_rollback(True)


def test_copy_goes_round_nothing(attacker, victim):
    with (
        pytest.raises(errors.Error),
        transaction.atomic(),
        connection.cursor() as cursor,
        cursor.copy("COPY portfolio_person (id, tenant_id, name) FROM STDIN") as copy,
    ):
        copy.write_row((uuid7(), victim.tenant.id, "smuggled"))
    with connection.cursor() as cursor, cursor.copy("COPY portfolio_person (tenant_id, name) TO STDOUT") as copy:
        assert not any(str(victim.tenant.id).encode() in bytes(line) for line in copy)
    for command in ("COPY portfolio_person TO PROGRAM 'cat'", "COPY portfolio_person FROM '/etc/hostname'"):
        with pytest.raises(Error), transaction.atomic():
            sql(command)


@pytest.mark.parametrize(
    "trick",
    [
        "ALTER TABLE portfolio_person DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE portfolio_person NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY portfolio_person_wall ON portfolio_person",
        "ALTER POLICY portfolio_person_wall ON portfolio_person USING (true)",
        "CREATE POLICY open ON portfolio_person USING (true)",
        "ALTER TABLE portfolio_entry DISABLE TRIGGER portfolio_entry_append",
        "SET session_replication_role = replica",
        "CREATE TABLE stolen AS SELECT * FROM portfolio_person",
        "CREATE VIEW peep AS SELECT * FROM portfolio_person",
        "CREATE FUNCTION peep() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
        "ALTER ROLE current_user BYPASSRLS",
        "CREATE ROLE helper SUPERUSER",
        "TRUNCATE portfolio_person",
        "CREATE EXTENSION dblink",
    ],
)
def test_the_runtime_role_cannot_take_the_wall_down(attacker, trick):
    with pytest.raises(Error), transaction.atomic():
        sql(trick)


def test_the_runtime_role_cannot_give_itself_rights(attacker):
    """PostgreSQL answers with a warning and grants nothing."""
    with transaction.atomic():
        sql("GRANT UPDATE ON portfolio_entry TO current_user")
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            sql("UPDATE portfolio_entry SET minor = 0")
        transaction.set_rollback(True)


def test_the_role_cannot_become_the_owner(attacker, settings):
    owner = settings.DATABASES["owner"]["USER"]
    assert owner != settings.RUNTIME_ROLE
    for trick in (f'SET ROLE "{owner}"', f'SET SESSION AUTHORIZATION "{owner}"'):
        with pytest.raises(ProgrammingError), transaction.atomic():
            sql(trick)


def test_switching_row_security_off_reads_nothing(attacker):
    """`row_security = off` does not open the wall: it makes walled queries fail."""
    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        sql("SET LOCAL row_security = off")
        sql("SELECT * FROM portfolio_person")


def test_a_function_in_a_filter_sees_no_foreign_row(attacker, victim):
    """An operator that is not leakproof is not called with rows behind the wall."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM portfolio_person WHERE 1 / (CASE WHEN tenant_id = %s THEN 0 ELSE 1 END) = 1",
            [victim.tenant.id],
        )
        assert all(victim.ours.mark not in name for (name,) in cursor.fetchall())


def test_statistics_tell_nothing(attacker, victim):
    """pg_stats hides columns of tables with a wall, where samples of all tenants' values would stand."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stats WHERE schemaname = 'public' AND tablename = ANY(%s)",
            [[model._meta.db_table for model in tables()]],
        )
        assert cursor.fetchone() == (0,)


def test_a_setting_of_the_session_is_no_scope(worlds):
    """A scope is LOCAL: what somebody left in the session is overridden by it and never added to it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.tenant_id', %s, false)", [str(worlds[1].tenant.id)])
        cursor.execute("SELECT set_config('app.creditor_ids', '*', false)")
    try:
        with tenant_scope(worlds[0].tenant.id):
            assert {person.tenant_id for person in Person.objects.all()} == {worlds[0].tenant.id}
    finally:
        with connection.cursor() as cursor:  # closing would only give it back to the pool, as it is
            cursor.execute("RESET app.tenant_id")
            cursor.execute("RESET app.creditor_ids")


@pytest.mark.parametrize("value", ["", "*", "null", "' OR '1'='1", "00000000-0000-0000-0000-000000000000"])
def test_odd_settings_open_nothing(worlds, value):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('app.creditor_ids', '*', true), set_config('app.tenant_id', %s, true)", [value]
        )
        try:
            cursor.execute("SELECT count(*) FROM portfolio_person")
            assert cursor.fetchone() == (0,)
        except Error:
            transaction.set_rollback(True)


@pytest.mark.parametrize("value", ["", "null", "*,*", "' OR '1'='1", ",", "0b0e7f3c-1111-7222-8333-444455556666"])
def test_odd_creditor_lists_open_nothing(worlds, value):
    with transaction.atomic(), connection.cursor() as cursor:
        tenant = str(worlds[0].tenant.id)
        cursor.execute("SELECT set_config('app.tenant_id', %s, true)", [tenant])
        cursor.execute("SELECT set_config('app.creditor_ids', %s, true)", [value])
        try:
            cursor.execute("SELECT (SELECT count(*) FROM portfolio_debtor) + (SELECT count(*) FROM portfolio_person)")
            assert cursor.fetchone() == (0,)
        except Error:
            transaction.set_rollback(True)


@pytest.mark.parametrize("model", list(tables()), ids=lambda model: model._meta.label)
def test_a_limited_principal_changes_nothing_of_the_other_creditor(model: type[TenantModel], worlds):
    world = worlds[0]
    before = photograph(world.tenant, world.theirs)
    with tenant_scope(world.tenant.id, creditor_ids=[world.ours.creditor.id]):
        columns = {field.column for field in model._meta.local_fields}
        if "creditor_id" in columns:
            assert not belongs(model, world.theirs.creditor.pk, world.theirs.rows["person"].pk).exists()
            if not model.append_only:
                assert sql(f"DELETE FROM {model._meta.db_table} WHERE creditor_id = %s", world.theirs.creditor.id) == 0
                with pytest.raises((ProgrammingError, IntegrityError)), transaction.atomic():
                    if not sql(f"UPDATE {model._meta.db_table} SET creditor_id = %s", world.theirs.creditor.id):
                        raise ProgrammingError("there was nothing of one's own to give away")
    assert photograph(world.tenant, world.theirs) == before


def test_a_limited_principal_reads_none_of_the_other_creditors_words(worlds):
    world = worlds[0]
    with tenant_scope(world.tenant.id, creditor_ids=[world.ours.creditor.id]):
        for model in tables():
            for row in model._default_manager.values_list():
                assert world.theirs.mark not in repr(row), model._meta.label
