"""The walls as the database knows them: every table, key, policy and grant, asked of its catalogue.

A new table is walled or it is named here; that is a decision, and this is where it is made.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import Error, connection, connections, transaction

from kernel.ids import uuid7
from tenants.models import InboundRoute, RawInbound, TenantModel
from tenants.scope import tenant_scope
from tenants.walls import TenantForeignKey
from tests import factories

#: Tables that are read before the organisation is known, or that belong to none. Everything else is walled.
UNWALLED = {
    "tenants_tenant": "found by slug, key or route before any scope opens",
    "tenants_user": "a person may work for several organisations",
    "tenants_user_groups": "Django's",
    "tenants_user_user_permissions": "Django's",
    "tenants_membership": "says which organisations a person may enter",
    "tenants_invitation": "found by the hash of its token, before anybody is a member",
    "tenants_apikey": "found by its prefix",
    "tenants_inboundroute": "found by its address",
    "tenants_rawinbound": "stored before it is understood",
    "tenants_lane": "wakes work of every tenant",
    "tenants_wake": "wishes to wake a lane, on their way to it",
    "tenants_job": "names the tenant whose scope the work enters",
    "compliance_rulepackversion": "the law is everybody's",
    "auth_group": "Django's",
    "auth_group_permissions": "Django's",
    "auth_permission": "Django's",
    "django_content_type": "Django's",
    "django_migrations": "Django's",
    "django_session": "Django's",
    "account_emailaddress": "allauth's: a person may work for several organisations",
    "account_emailconfirmation": "allauth's",
    "mfa_authenticator": "allauth's: a person's second factors, encrypted",
    "usersessions_usersession": "allauth's: where a person is logged in",
}
#: Rows about a creditor whose wall does not read the row's own creditor, and why nothing is told by them.
WITHOUT_CREDITOR_IN_WALL = {
    "compliance_contact": "the contact budget counts everybody's contacts; creditor and invoices are hashes, no text",
    "messaging_conversation": "seen through a message of an allowed creditor; its debtor is only a pointer",
    "messaging_readmark": "how far a colleague has read a conversation: an instant, and no word of it",
    "messaging_presence": "which colleague has a conversation open just now",
    "messaging_number": "an address of the organisation that anybody may call; hangs on an account, not on a debtor",
    "messaging_messagetemplate": "a text before anybody's data are in it",
    "messaging_sequenceversion": "days and codes of steps; whose they are stands in the sequence, which is hidden",
}
#: Keys of unwalled tables with a tenant that do not start with it: random values that nobody can guess or collide with.
RANDOM_KEYS = {
    "tenants_apikey": {"prefix"}, "tenants_inboundroute": {"key"}, "tenants_invitation": {"token_hash"},
}  # fmt: skip


def rows(sql: str, *parameters: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


@cache
def tables() -> tuple[str, ...]:
    return tuple(
        name
        for (name,) in rows(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') "
            "ORDER BY relname"
        )
    )


def walled() -> list[str]:
    return [table for table in tables() if table not in UNWALLED]


@cache
def policies() -> dict[str, list[tuple[str, str, str]]]:
    found: dict[str, list[tuple[str, str, str]]] = {}
    for table, command, using, check in rows(
        "SELECT tablename, cmd, coalesce(qual, ''), coalesce(with_check, '') FROM pg_policies "
        "WHERE schemaname = 'public'"
    ):
        found.setdefault(table, []).append((command, using, check))
    return found


def columns(table: str) -> set[str]:
    return {
        name
        for (name,) in rows(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped", table
        )
    }


def unique_keys(table: str) -> list[list[str]]:
    """The columns of every unique index, in order; '' for an expression."""
    return [
        list(key)
        for (key,) in rows(
            "SELECT array(SELECT coalesce(a.attname, '') FROM unnest(i.indkey) WITH ORDINALITY AS k(n, place) "
            "LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.n AND k.n > 0 "
            "WHERE place <= i.indnkeyatts ORDER BY place) "
            "FROM pg_index i WHERE i.indrelid = %s::regclass AND i.indisunique",
            table,
        )
    ]


def tenant_models() -> list[type[TenantModel]]:
    return [model for model in apps.get_models() if issubclass(model, TenantModel)]


def test_there_are_tables_to_look_at():
    assert len(walled()) > 30
    assert not UNWALLED.keys() - set(tables()), "a name in UNWALLED is no table any more: take it out"


def test_no_view_goes_round_the_policies():
    """Views answer as their owner unless they say security_invoker; materialised ones never ask the policies."""
    kinds = dict(rows("SELECT relname, relkind::text FROM pg_class WHERE relnamespace = 'public'::regnamespace"))
    assert not [name for name, kind in kinds.items() if kind == "m"]
    guarded = {
        name
        for (name,) in rows(
            "SELECT relname FROM pg_class WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace "
            "AND reloptions @> ARRAY['security_invoker=true']"
        )
    }
    assert not {name for name, kind in kinds.items() if kind == "v"} - guarded


def test_every_other_table_is_walled_and_the_wall_is_forced():
    state = {
        name: (enabled, forced)
        for name, enabled, forced in rows(
            "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class "
            "WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        )
    }
    assert {table for table in walled() if state[table] != (True, True)} == set()


def test_every_wall_is_one_policy_for_all_commands_that_reads_the_tenant():
    for table in walled():
        [(command, using, check)] = policies()[table]
        assert command == "ALL", table
        assert "app.tenant_id" in using and "app.tenant_id" in check, table


def test_only_the_event_tables_open_to_the_sequencer():
    opened = {table for table, found in policies().items() if "app.sequencer" in found[0][1] + found[0][2]}
    assert opened == {"tenants_event", "tenants_stagedevent"}


def test_every_walled_table_is_a_tenant_model_and_the_other_way_round():
    assert {model._meta.db_table for model in tenant_models()} == set(walled())


def test_the_database_key_is_tenant_and_id():
    for table in walled():
        [(key,)] = rows(
            "SELECT array(SELECT a.attname FROM unnest(c.conkey) WITH ORDINALITY AS k(n, place) "
            "JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.n ORDER BY place) "
            "FROM pg_constraint c WHERE c.contype = 'p' AND c.conrelid = %s::regclass",
            table,
        )
        assert key == ["tenant_id", "id"], table


def test_every_unique_key_starts_with_the_tenant():
    """Uniqueness is checked over all rows, walls or not: a key without the tenant tells tenants about each other."""
    wrong = {table: key for table in walled() for key in unique_keys(table) if key[0] != "tenant_id"}
    assert wrong == {}


def test_unique_keys_of_unwalled_tables_start_with_the_tenant_or_are_random():
    for table in UNWALLED:
        if "tenant_id" in columns(table):
            for key in unique_keys(table):
                known = key[0] in ("tenant_id", "id") or set(key) <= RANDOM_KEYS.get(table, set())
                assert known, f"{table} {key}: two tenants may meet in this key"


def test_every_foreign_key_carries_the_tenant():
    declared = {
        (model._meta.db_table, field.column, field.related_model._meta.db_table)
        for model in tenant_models()
        for field in model._meta.local_fields
        if isinstance(field, TenantForeignKey)
    }
    held: set[tuple[str, str, str]] = set()
    for table, key, target, there in rows(
        "SELECT c.conrelid::regclass::text, "
        "array(SELECT a.attname FROM unnest(c.conkey) WITH ORDINALITY AS k(n, place) JOIN pg_attribute a "
        "  ON a.attrelid = c.conrelid AND a.attnum = k.n ORDER BY place), c.confrelid::regclass::text, "
        "array(SELECT a.attname FROM unnest(c.confkey) WITH ORDINALITY AS k(n, place) JOIN pg_attribute a "
        "  ON a.attrelid = c.confrelid AND a.attnum = k.n ORDER BY place) "
        "FROM pg_constraint c WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace"
    ):
        if table in UNWALLED:
            continue
        assert (key[0], there[0]) == ("tenant_id", "tenant_id"), f"{table} {key} may point into another tenant"
        held.add((table, key[1], target))
    assert declared - held == set()


def test_no_walled_model_has_an_ordinary_foreign_key():
    for model in tenant_models():
        for field in model._meta.local_fields:
            if field.is_relation and field.name != "tenant":
                assert isinstance(field, TenantForeignKey), f"{model._meta.label}.{field.name}"


def test_rows_about_a_creditor_say_so_and_their_wall_reads_it():
    """Invariant 4: creditor-restricted people are held as firmly as tenants are."""
    about = {"creditor_id", "debtor_id", "invoice_id", "agreement_id"}
    for table in walled():
        names = columns(table)
        if not names & about and table != "compliance_contact":
            continue
        if table in WITHOUT_CREDITOR_IN_WALL:
            continue
        assert "creditor_id" in names, f"{table} is about a creditor and does not say which"
        using = policies()[table][0][1]
        assert "app.creditor_ids" in using and "creditor_id = ANY" in using.replace("(", "").replace(f"{table}.", ""), (
            f"the wall of {table} does not read the row's own creditor"
        )


def test_rows_that_hang_on_a_creditors_row_are_hidden_with_it():
    """A table that points at a creditor-walled table (a status at its message) must not be wider than that one."""
    narrow = {table for table in walled() if "app.creditor_ids" in policies()[table][0][1]}
    for model in tenant_models():
        table = model._meta.db_table
        targets = {
            field.related_model._meta.db_table
            for field in model._meta.local_fields
            if isinstance(field, TenantForeignKey)
        }
        if targets & narrow and table not in WITHOUT_CREDITOR_IN_WALL:
            assert table in narrow, f"{table} shows what hangs on {targets & narrow} to every creditor"


def test_the_runtime_role_owns_nothing_and_bypasses_nothing():
    [(role, superuser, bypasses, creates, databases, replicates)] = rows(
        "SELECT current_user, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles "
        "WHERE rolname = current_user"
    )
    assert role == settings.RUNTIME_ROLE
    assert not (superuser or bypasses or creates or databases or replicates)
    assert rows("SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = current_user AND relkind <> 't'") == []
    assert (
        rows("SELECT 1 FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = current_user") == []
    )
    [(may_create,)] = rows("SELECT has_schema_privilege(current_user, 'public', 'CREATE')")
    assert not may_create


def test_the_owner_neither_bypasses_the_walls():
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False, False)


def test_nobody_but_owner_and_runtime_role_may_touch_a_table():
    strangers = rows(
        "SELECT DISTINCT grantee FROM information_schema.role_table_grants WHERE table_schema = 'public' "
        "AND grantee <> current_user"
    )
    assert strangers in ([], [(connections["owner"].settings_dict["USER"],)])


def append_only() -> list[str]:
    return sorted({m._meta.db_table for m in tenant_models() if m.append_only} | {RawInbound._meta.db_table})


def test_the_evidence_tables_are_append_only():
    assert {
        "compliance_consent",
        "compliance_decision",
        "compliance_seal",
        "portfolio_entry",
        "tenants_auditentry",
        "tenants_event",
        "tenants_rawinbound",
    } <= set(append_only())


@pytest.mark.parametrize("table", append_only())
def test_append_only_tables_have_no_grant_to_change_them_and_a_trigger_besides(table):
    for right in ("UPDATE", "DELETE", "TRUNCATE"):
        [(granted,)] = rows("SELECT has_table_privilege(current_user, %s, %s)", table, right)
        assert not granted, right
    [(by_column,)] = rows("SELECT has_any_column_privilege(current_user, %s, 'UPDATE')", table)
    assert not by_column
    for right in ("SELECT", "INSERT"):
        [(granted,)] = rows("SELECT has_table_privilege(current_user, %s, %s)", table, right)
        assert granted, right
    triggers = rows(
        "SELECT tgtype::int, tgenabled::text FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal "
        "AND tgfoid = 'trato_append_only'::regproc",
        table,
    )
    fires = 0
    for kind, enabled in triggers:
        assert enabled in ("O", "A")
        assert kind & 2, "before, not after"
        fires |= kind
    assert fires & 8 and fires & 16 and fires & 32, "DELETE, UPDATE and TRUNCATE"


def test_the_trigger_stops_the_owner_too():
    tenant = factories.make_tenant()
    with tenant_scope(tenant.id):
        debtor = factories.make_debtor(factories.make_creditor(), invoices=[("10", factories.NOON.date())])
    for statement in (
        "UPDATE portfolio_entry SET minor = 0 WHERE tenant_id = %(tenant)s",
        "DELETE FROM portfolio_entry WHERE tenant_id = %(tenant)s",
        "TRUNCATE portfolio_entry",
    ):
        owner = connections["owner"]
        with (
            pytest.raises(Error, match="append-only"),
            transaction.atomic(using="owner"),
            owner.cursor() as cursor,
        ):
            cursor.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant.id)])
            cursor.execute("SELECT set_config('app.creditor_ids', '*', true)")
            cursor.execute("SELECT count(*) FROM portfolio_entry WHERE debtor_id = %s", [debtor.id])
            assert cursor.fetchone() == (1,), "the owner does not see the row: the test proves nothing"
            cursor.execute(statement, {"tenant": str(tenant.id)})


def test_retention_blanks_a_raw_body_as_the_owner_and_nothing_else():
    tenant = factories.make_tenant()
    route = InboundRoute.objects.create(tenant=tenant, kind="whatsapp", key=uuid7().hex)
    raw = RawInbound.objects.create(
        route=route, tenant_id=tenant.id, received_at=factories.NOON, sha256="0" * 64, body=b"{}"
    )
    with pytest.raises(Error, match="permission denied"):
        RawInbound.objects.filter(pk=raw.pk).update(body=None)
    owner = RawInbound.objects.using("owner").filter(pk=raw.pk)
    with pytest.raises(Error, match="append-only"):
        owner.update(sha256="1" * 64)
    with pytest.raises(Error, match="append-only"):
        owner.update(body=None, sha256="1" * 64)
    assert owner.update(body=None) == 1
    raw.refresh_from_db()
    assert (raw.body, raw.sha256) == (None, "0" * 64)
