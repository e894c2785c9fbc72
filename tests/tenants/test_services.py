"""Founding, people, keys, the big stop, and clocks that go forward only: each with audit and event."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.clock import machine_now
from kernel.errors import DomainError
from kernel.ids import uuid7
from tenants import services
from tenants.events import sequence
from tenants.models import ApiKey, AuditEntry, Event, Membership, Tenant, User
from tenants.scope import tenant_scope
from tests import factories
from tests.factories import NOON
from tests.tenants.threads import workers


@pytest.fixture
def tenant():
    return factories.make_tenant()


def new_tenant(**fields):
    values = {"name": "Ferretería Ñuñoa", "country": "MX", "slug": f"t{uuid7().hex[-12:]}", "actor": "test"}
    return services.create_tenant(**(values | fields))


def mail():
    return f"{uuid7().hex}@mail.example"


def audited(tenant):
    with tenant_scope(tenant.id):
        return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def events(tenant):
    while sequence():
        pass
    with tenant_scope(tenant.id):
        return [event for event in Event.objects.order_by("sequence") if event.name != "audit.recorded"]


def code_of(call, *args, **kwargs):
    with pytest.raises(DomainError) as refused:
        call(*args, **kwargs)
    return refused.value.code


# --- organisations


def test_what_is_left_out_comes_from_the_country():
    for country, currency, language in (("BR", "BRL", "pt-br"), ("mx", "MXN", "es"), ("CL", "CLP", "es")):
        made = new_tenant(country=country)
        assert (made.country, made.currency, made.language) == (country.upper(), currency, language)
        assert audited(made) == ["tenant.created"]


def test_the_slug_comes_from_the_name():
    made = new_tenant(name=f"Ferretería Ñuñoa {uuid7().hex}", slug="")
    assert made.slug.startswith("ferreteria-nunoa-")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"country": "ZZ"}, "country_unknown"),
        ({"country": "Brasil"}, "country_unknown"),
        ({"currency": "real"}, "currency_unknown"),
        ({"language": "fr"}, "language_unknown"),
        ({"kind": "bank"}, "kind_unknown"),
        ({"name": "  "}, "name_missing"),
        ({"slug": "no spaces"}, "slug_invalid"),
        ({"name": "¿?", "slug": ""}, "slug_invalid"),
        ({"frozen_at": NOON}, "clock_is_real"),
    ],
)
def test_wrong_values_are_named(fields, code):
    before = Tenant.objects.count()
    assert code_of(new_tenant, **fields) == code
    assert Tenant.objects.count() == before


def test_one_slug_one_organisation_whoever_is_first():
    slug = f"t{uuid7().hex[-12:]}"

    def found():
        try:
            return new_tenant(slug=slug).id
        except DomainError as error:
            return error.code

    answers = workers(4, found)
    assert answers.count("conflict") == 3
    assert Tenant.objects.filter(slug=slug).count() == 1


# --- people


def test_a_person_is_let_in_and_cannot_log_in_without_a_password(tenant):
    with tenant_scope(tenant.id):
        user, membership = services.create_user(email=f" {uuid7().hex}@Mail.Example ", role="agent", actor="t")
    assert user.email == user.email.lower()
    assert not user.has_usable_password()
    assert (membership.tenant_id, membership.role, membership.active) == (tenant.id, "agent", True)
    assert audited(tenant) == ["membership.created"]


def test_somebody_known_keeps_name_and_password(tenant):
    email = mail()
    with tenant_scope(tenant.id):
        services.create_user(email=email, role="agent", name="Ana", password="correct horse battery", actor="t")
    other = factories.make_tenant()
    with tenant_scope(other.id):
        services.create_user(email=email.upper(), role="admin", name="Eve", password="another long password", actor="t")
    user = User.objects.get(email=email)
    assert user.name == "Ana" and user.check_password("correct horse battery")
    assert user.memberships.count() == 2


def test_wrong_people_are_refused(tenant):
    email = mail()
    with tenant_scope(tenant.id):
        services.create_user(email=email, role="agent", actor="t")
        assert code_of(services.create_user, email=email, role="agent", actor="t") == "conflict"
        assert code_of(services.create_user, email="nobody", role="agent", actor="t") == "email_invalid"
        assert code_of(services.create_user, email=mail(), role="king", actor="t") == "role_unknown"
        assert code_of(services.create_user, email=mail(), role="creditor", actor="t") == "creditors_missing"
        weak = code_of(services.create_user, email=mail(), role="agent", password="short", actor="t")
    assert weak == "password_weak"


def test_a_role_changes_with_its_history(tenant):
    creditor = uuid7()
    with tenant_scope(tenant.id):
        user, _ = services.create_user(email=mail(), role="agent", actor="t")
        services.set_role(user, "supervisor", creditor_ids=[creditor], actor="boss", reason="grown")
        entry = AuditEntry.objects.get(action="membership.changed")
    assert (entry.before["role"], entry.after["role"], entry.actor, entry.reason) == (
        "agent", "supervisor", "boss", "grown",
    )  # fmt: skip
    assert entry.after["creditor_ids"] == [str(creditor)]


def test_the_last_administrator_stays(tenant):
    with tenant_scope(tenant.id):
        first, _ = services.create_user(email=mail(), role="admin", actor="t")
        assert code_of(services.set_role, first, "agent", actor="t") == "last_admin"
        assert code_of(services.set_role, first, "admin", active=False, actor="t") == "last_admin"
        second, _ = services.create_user(email=mail(), role="admin", actor="t")
        services.set_role(first, "agent", actor="t")
        assert code_of(services.set_role, second, "agent", actor="t") == "last_admin"


def test_two_administrators_do_not_demote_each_other_at_once(tenant):
    with tenant_scope(tenant.id):
        pair = [services.create_user(email=mail(), role="admin", actor="t")[0] for _ in range(2)]
    users = iter(pair)

    def demote():
        with tenant_scope(tenant.id):
            try:
                services.set_role(next(users), "agent", actor="t")
            except DomainError as error:
                return error.code
        return "done"

    assert sorted(workers(2, demote)) == ["done", "last_admin"]


def test_a_stranger_is_no_member(tenant):
    stranger = factories.make_user(factories.make_tenant())
    with tenant_scope(tenant.id):
        assert code_of(services.set_role, stranger, "agent", actor="t") == "not_found"


# --- keys


def test_keys_are_made_and_closed_with_an_audit_that_holds_no_secret(tenant):
    with tenant_scope(tenant.id):
        key, text = services.issue_api_key(name="erp", scopes=["portfolio:read"], actor="t")
        assert services.revoke_api_key(key.id, actor="t", reason="leaked")
        assert not services.revoke_api_key(key.id, actor="t")
        written = str(list(AuditEntry.objects.values()))
    assert text.split("_", 2)[2] not in written
    assert audited(tenant) == ["api_key.created", "api_key.revoked"]


def test_another_tenants_key_is_not_closed(tenant):
    key, _ = factories.make_key(factories.make_tenant())
    with tenant_scope(tenant.id):
        assert code_of(services.revoke_api_key, key.id, actor="t") == "not_found"
    assert ApiKey.objects.get(pk=key.pk).revoked_at is None


# --- the big stop


def test_stopping_and_resuming(tenant):
    with tenant_scope(tenant.id):
        assert services.stop_sending(actor="t", reason="too loud", now=NOON)
        assert not services.stop_sending(actor="t", reason="again", now=NOON + timedelta(hours=1))
    tenant.refresh_from_db()
    assert (tenant.sending_stopped_at, tenant.sending_stopped_reason) == (NOON, "too loud")
    with tenant_scope(tenant.id):
        assert services.resume_sending(actor="t", reason="mended", now=NOON + timedelta(hours=2))
        assert not services.resume_sending(actor="t", reason="mended", now=NOON)
    tenant.refresh_from_db()
    assert tenant.sending_stopped_at is None
    assert audited(tenant) == ["sending.stopped", "sending.resumed"]
    assert [event.name for event in events(tenant)] == ["sending.stopped", "sending.resumed"]


# --- clocks


@pytest.fixture
def sandbox():
    return factories.make_tenant(frozen=True)


def test_a_clock_that_stands_is_moved_and_stands_there(sandbox):
    with tenant_scope(sandbox.id):
        services.move_clock(sandbox, to=NOON + timedelta(days=3), actor="t")
    fresh = Tenant.objects.get(pk=sandbox.pk)
    assert fresh.clock().now() == sandbox.clock().now() == NOON + timedelta(days=3)
    [moved] = events(sandbox)
    assert (moved.name, moved.business_at) == ("clock.moved", NOON + timedelta(days=3))
    assert moved.data == {"from": NOON.isoformat(), "to": (NOON + timedelta(days=3)).isoformat(), "frozen": True}
    assert audited(sandbox) == ["clock.moved"]


def test_a_clock_that_runs_is_moved_and_runs_on():
    running = factories.make_tenant(sandbox=True)
    with tenant_scope(running.id):
        services.move_clock(running, to=machine_now() + timedelta(days=3))
    clock = Tenant.objects.get(pk=running.pk).clock()
    assert clock.frozen_at is None
    assert abs(clock.now() - machine_now() - timedelta(days=3)) < timedelta(seconds=5)


def test_clocks_never_go_back(sandbox):
    with tenant_scope(sandbox.id):
        assert code_of(services.move_clock, sandbox, to=NOON - timedelta(microseconds=1)) == "clock_backwards"
        assert code_of(services.freeze_clock, sandbox, at=NOON - timedelta(days=1)) == "clock_backwards"
        services.move_clock(sandbox, to=NOON)
    assert Tenant.objects.get(pk=sandbox.pk).clock().now() == NOON


def test_only_a_sandbox_has_a_clock_of_its_own(tenant):
    with tenant_scope(tenant.id):
        for call in (services.freeze_clock, services.unfreeze_clock):
            assert code_of(call, tenant) == "clock_is_real"
        assert code_of(services.move_clock, tenant, to=machine_now() + timedelta(days=1)) == "clock_is_real"


def test_a_clock_is_moved_in_its_own_scope(tenant, sandbox):
    with tenant_scope(tenant.id), pytest.raises(ValueError, match="scope"):
        services.move_clock(sandbox, to=NOON + timedelta(days=1))


def test_a_naive_instant_is_our_mistake(sandbox):
    with tenant_scope(sandbox.id), pytest.raises(ValueError, match="naive"):
        services.move_clock(sandbox, to=datetime(2030, 1, 1))  # noqa: DTZ001


steps = st.lists(st.tuples(st.sampled_from(["move", "freeze", "unfreeze"]), st.integers(-5, 400)), max_size=8)


@settings(max_examples=25)
@given(steps=steps, start=st.integers(-2000, 2000))
def test_whatever_is_done_to_a_clock_it_goes_forward(steps, start):
    tenant = factories.make_tenant(frozen=True, now=datetime(2026, 6, 1, tzinfo=UTC) + timedelta(days=start))
    with tenant_scope(tenant.id):
        for what, hours in steps:
            before, offset = tenant.clock().now(), tenant.clock_offset
            target = before + timedelta(hours=hours)
            try:
                if what == "move":
                    services.move_clock(tenant, to=target)
                elif what == "freeze":
                    services.freeze_clock(tenant, at=target)
                else:
                    services.unfreeze_clock(tenant)
            except DomainError as error:
                assert error.code == "clock_backwards" and hours <= 0
                assert tenant.clock_offset == offset
            else:
                after = tenant.clock().now()
                assert after >= (before if what == "unfreeze" else target)
                assert tenant.clock_offset >= offset, "the offset to real time only grows"
                assert (tenant.clock_frozen_at is not None) == (
                    what == "freeze" or (what == "move" and tenant.clock_frozen_at is not None)
                )
        assert Membership.objects.filter(tenant=tenant).count() == 0
