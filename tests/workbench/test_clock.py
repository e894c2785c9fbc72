"""The clock of a sandbox organisation: who moves it, where to, and what a play does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from kernel.clock import machine_now
from kernel.errors import DomainError
from messaging.models import Conversation
from portfolio.models import ContactPoint
from tenants.models import AuditEntry, Job, Tenant
from tenants.scope import tenant_scope
from tests.factories import NOON, make_conversation, make_creditor, make_debtor, make_number, make_tenant, make_user
from workbench.clock import colleagues, play
from workbench.clock.play import Clocks, Playing
from workbench.clock.queries import target


class FakeSandbox:
    """A sandbox that is nothing but a clock, and remembers in which order it was asked."""

    standing: datetime | None = None
    offset = timedelta(0)
    asked: list[str]

    def __init__(self, base_url: str, *, timeout: float = 0) -> None:
        pass

    def now(self) -> datetime:
        return FakeSandbox.standing or machine_now() + FakeSandbox.offset

    def stand(self, at: datetime) -> None:
        assert at >= self.now()
        FakeSandbox.standing = at
        FakeSandbox.asked.append("stand")

    def run(self, ahead_seconds: float) -> None:
        FakeSandbox.standing, FakeSandbox.offset = None, timedelta(seconds=ahead_seconds)
        FakeSandbox.asked.append("run")

    def advance(self, to: datetime, *, seconds: float = 0) -> dict[str, Any]:
        assert FakeSandbox.standing is None or to >= FakeSandbox.standing
        FakeSandbox.standing = to
        FakeSandbox.asked.append("advance")
        return {}

    def next_at(self) -> datetime | None:
        return self.now() + timedelta(hours=9)

    def call(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        return {"payments": []}


@pytest.fixture
def tenant(monkeypatch: pytest.MonkeyPatch) -> Tenant:
    """A tiny sandbox organisation whose clock runs three days ahead."""
    made = make_tenant(country="MX", sandbox=True)
    Tenant.objects.filter(pk=made.pk).update(clock_offset=timedelta(days=3))
    made.refresh_from_db()
    with tenant_scope(made.pk):
        make_creditor(country="MX")
        make_number()
    FakeSandbox.standing, FakeSandbox.offset, FakeSandbox.asked = None, timedelta(days=3), []
    monkeypatch.setattr(play, "Sandbox", FakeSandbox)
    cache.clear()
    return made


def enter(tenant: Tenant, role: str) -> Client:
    client = Client()
    client.force_login(make_user(tenant, role=role))
    return client


def url(tenant: Tenant, rest: str = "") -> str:
    return f"/o/{tenant.slug}/clock/{rest}"


def test_the_menu_moves_for_workers_only(tenant):
    for role, moves in (("agent", True), ("supervisor", True), ("admin", True), ("auditor", False)):
        client = enter(tenant, role)
        assert (b"clock/move/" in client.get(url(tenant)).content) is moves
    assert enter(tenant, "auditor").post(url(tenant, "move/"), {"by": "day"}).status_code == 403
    assert Client().get(url(tenant)).status_code == 302
    stranger = enter(make_tenant(sandbox=True), "admin")
    assert stranger.post(url(tenant, "move/"), {"by": "day"}).status_code == 404


def test_a_real_clock_has_no_menu_and_does_not_move():
    real = make_tenant(country="MX", sandbox=False)
    client = enter(real, "admin")
    assert client.get(url(real)).status_code == 404
    assert client.post(url(real, "move/"), {"by": "day"}).status_code == 404
    with tenant_scope(real.pk), pytest.raises(DomainError, match="no sandbox"):
        play.begin(real, to=real.clock().now() + timedelta(days=1), actor="user:x")
    assert not Job.objects.filter(tenant_id=real.pk).exists()


def test_a_move_is_asked_for_once_audited_and_done(tenant):
    client = enter(tenant, "agent")
    before = tenant.clock().now()
    answer = client.post(url(tenant, "move/"), {"by": "day"}, headers={"HX-Request": "true"})
    assert answer.status_code == 200 and b"clock-play" in answer.content
    assert client.post(url(tenant, "move/"), {"by": "hour"}, headers={"HX-Request": "true"}).status_code == 422
    with tenant_scope(tenant.pk):
        assert AuditEntry.objects.filter(action="clock.play", actor__startswith="user:").count() == 1
    assert play.play_slice(tenant.pk) is False
    tenant.refresh_from_db()
    assert timedelta(hours=23, minutes=59) < tenant.clock().now() - before < timedelta(hours=24, minutes=2)
    assert tenant.clock_frozen_at is None and play.playing(tenant.pk) is None
    assert abs((FakeSandbox.offset - tenant.clock_offset).total_seconds()) < 1
    with tenant_scope(tenant.pk):
        assert AuditEntry.objects.filter(action="clock.moved").exists()


def test_thirty_days_are_played_in_slices_and_the_sandbox_goes_first(tenant):
    with tenant_scope(tenant.pk):
        to = target("month", tenant, tenant.clock().now())
        assert to is not None
        plan = play.begin(tenant, to=to, actor="user:x")
    assert play.play_slice(tenant.pk, seconds=0.0) is True
    tenant.refresh_from_db()
    assert tenant.clock_frozen_at is not None, "between slices both clocks stand"
    seen = [plan.percent(tenant.clock().now())]
    while play.play_slice(tenant.pk, seconds=0.2):
        tenant.refresh_from_db()
        seen.append(plan.percent(tenant.clock().now()))
    tenant.refresh_from_db()
    assert seen == sorted(seen) and tenant.clock().now() >= plan.end
    assert FakeSandbox.asked[:2] == ["stand", "advance"] and FakeSandbox.asked[-1] == "run"


def test_a_play_is_stopped_at_its_step(tenant):
    client = enter(tenant, "supervisor")
    client.post(url(tenant, "move/"), {"by": "month"})
    play.play_slice(tenant.pk, seconds=0.0)
    assert client.post(url(tenant, "stop/"), headers={"HX-Request": "true"}).status_code == 200
    assert play.play_slice(tenant.pk) is False
    assert play.run_on(tenant.pk) is True
    tenant.refresh_from_db()
    assert tenant.clock_frozen_at is None and FakeSandbox.standing is None
    with tenant_scope(tenant.pk):
        assert AuditEntry.objects.filter(action="clock.stop").exists()


def test_two_processes_do_not_play_the_same(tenant):
    with tenant_scope(tenant.pk):
        play.begin(tenant, to=tenant.clock().now() + timedelta(days=1), actor="user:x")
    cache.add(f"clock.play:{tenant.pk}", 1, timeout=60)
    assert play.play_slice(tenant.pk) is False
    assert play.playing(tenant.pk) is not None and FakeSandbox.asked == []


@pytest.mark.parametrize("by", ["", "year", "hour;", "-1"])
def test_other_choices_are_refused(tenant, by):
    assert enter(tenant, "agent").post(url(tenant, "move/"), {"by": by}, headers={"HX-Request": "1"}).status_code in (
        302,
        422,
    )
    assert play.playing(tenant.pk) is None


def test_where_the_choices_lead(tenant):
    with tenant_scope(tenant.pk):
        sunday = target("sunday", tenant, NOON)
        morning = target("morning", tenant, NOON)
        assert sunday is not None and sunday > NOON and sunday.weekday() == 6
        assert morning is not None and (morning.date() - NOON.date()).days == 1
        after = target("sunday", tenant, sunday + timedelta(minutes=1))
        assert after is not None and after - sunday == timedelta(days=7)
        assert target("next", tenant, NOON) is None


def test_a_plan_survives_its_row():
    plan = Playing(datetime(2026, 11, 25, tzinfo=UTC), datetime(2026, 12, 25, tzinfo=UTC), "user:a:b")
    assert Playing.of(plan.subject) == plan
    assert (
        plan.percent(plan.start) == 0
        and plan.percent(plan.end) == 100
        and plan.percent(datetime(2026, 12, 10, tzinfo=UTC)) == 50
    )


def test_colleagues_work_in_office_hours_only(tenant):
    make_user(tenant, role="agent")
    with tenant_scope(tenant.pk):
        debtor = make_debtor(make_creditor(country="MX"))
        point = ContactPoint.objects.filter(person_id=debtor.person_id).first()
        assert point is not None
        waiting = make_conversation(make_number(), point, debtor=debtor)
        Conversation.objects.filter(pk=waiting.pk).update(
            needs_human_at=NOON - timedelta(hours=3), speaker=Conversation.Speaker.AGENT
        )
    crew = colleagues.Colleagues(tenant.pk, "MX")
    sunday = datetime(2026, 11, 22, 18, tzinfo=UTC)
    assert crew.answer(now=sunday) == 0
    assert crew.answer(now=NOON) == 1
    with tenant_scope(tenant.pk):
        assert Conversation.objects.get(pk=waiting.pk).needs_human_at is None


def test_both_clocks_stand_at_the_same_instant(tenant):
    FakeSandbox.offset = timedelta(days=3, seconds=5)
    at = Clocks(tenant.pk).stand()
    tenant.refresh_from_db()
    assert tenant.clock_frozen_at == at == FakeSandbox.standing
