"""Moves the clocks of a sandbox organisation forward, instant by instant, and lets happen what is due at each.

The sandbox's clock goes first, then ours: what we decide at an instant must not arrive there at an earlier one. Each
step is a barrier, as in a headless run: debtors act, their webhooks are answered, everything due is done, payments at
the bank are told, colleagues answer. Between steps both clocks stand; afterwards they run with real time again.

What is being played stands in one row of the jobs' table: it survives any process, and taking it away stops the play.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.cache import cache

from kernel.errors import DomainError
from kernel.money import Money
from messaging.models import WhatsAppAccount
from messaging.sandbox.remote import Sandbox
from portfolio.models import ContactPoint, Creditor, Debtor, Payment
from portfolio.services.payments import record_payment
from tenants import audit, jobs, lanes, work
from tenants.models import Job, Tenant
from tenants.scope import tenant_scope
from tenants.services import freeze_clock, move_clock, unfreeze_clock
from tenants.tasks import nudge
from workbench.clock.colleagues import Colleagues

PLAY, RUN_ON = "clock.play", "clock.run_on"
#: Steps lie on a grid of this much; of twice as much in a play of some days, whose visitor waits for its end.
STEP = timedelta(hours=1)
LONG_PLAY = timedelta(days=3)
DAYS_MAX = 60
#: One slice of a play; a task ends well before its time limit and asks for the next.
SLICE_SECONDS, WATCH_SECONDS, LOCK_SECONDS = 15.0, 40.0, 80
ACTOR = "system:sandbox"
#: Payments that debtors make at their bank reach us from there.
BANK = "sandbox:bank"


@dataclass(frozen=True, slots=True)
class Playing:
    """What is being played in an organisation, and by whom it was asked for."""

    start: datetime
    end: datetime
    actor: str

    @property
    def subject(self) -> str:
        """As the job's row keeps it."""
        return f"{self.start.timestamp():.0f}:{self.end.timestamp():.0f}:{self.actor}"

    @classmethod
    def of(cls, subject: str) -> Playing:
        """What a row says."""
        start, end, actor = subject.split(":", 2)
        return cls(datetime.fromtimestamp(int(start), UTC), datetime.fromtimestamp(int(end), UTC), actor)

    @property
    def grid(self) -> timedelta:
        """How far apart its steps lie at least."""
        return STEP if self.end - self.start < LONG_PLAY else 2 * STEP

    def percent(self, now: datetime) -> int:
        """How much of it has been played at an instant of the organisation's clock."""
        whole = (self.end - self.start).total_seconds()
        return 100 if whole <= 0 else max(0, min(100, int(100 * (now - self.start).total_seconds() / whole)))


def playing(tenant_id: uuid.UUID) -> Playing | None:
    """What is being played there, if anything."""
    row = Job.objects.filter(tenant_id=tenant_id, task=PLAY).values_list("subject", flat=True).first()
    return None if row is None else Playing.of(row)


def begin(tenant: Tenant, *, to: datetime, actor: str) -> Playing:
    """Play until an instant; in the organisation's scope. Returns what is played from here on.

    Raises DomainError `clock_is_real`, `clock_backwards`, `clock_too_far` or `clock_is_moving`.
    """
    tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)  # two people press at once
    now = tenant.clock().now()
    if not tenant.sandbox:
        raise DomainError("clock_is_real", "%(slug)s is no sandbox: its clock is the world's", slug=tenant.slug)
    if to <= now:
        raise DomainError("clock_backwards", "clocks go forward only: it is %(now)s there already, %(to)s is past",
                          now=now.isoformat(), to=to.isoformat())  # fmt: skip
    if to - now > timedelta(days=DAYS_MAX):
        raise DomainError("clock_too_far", "at most %(days)s days are played at once", days=DAYS_MAX)
    if playing(tenant.pk) is not None:
        raise DomainError("clock_is_moving", "the clock is being moved already: stop that first, or wait")
    play = Playing(now.replace(microsecond=0), to.replace(microsecond=0), actor)
    audit.record("clock.play", actor=actor, subject="tenants.tenant", subject_id=tenant.pk,
                 after={"from": now.isoformat(), "to": to.isoformat()})  # fmt: skip
    jobs.enqueue(PLAY, play.subject, tenant_id=tenant.pk)
    nudge()
    return play


def stop(tenant: Tenant, *, actor: str) -> bool:
    """End a play at the step that it is in; in the organisation's scope. False when nothing was played."""
    if not Job.objects.filter(tenant_id=tenant.pk, task=PLAY).delete()[0]:
        return False
    audit.record("clock.stop", actor=actor, subject="tenants.tenant", subject_id=tenant.pk)
    jobs.enqueue(RUN_ON, "", tenant_id=tenant.pk)
    nudge()
    return True


class Clocks:
    """The two clocks of one sandbox organisation, and what happens as they move."""

    def __init__(self, tenant_id: uuid.UUID, *, live: Callable[[uuid.UUID], object] | None = None) -> None:
        self.tenant_id = tenant_id
        with tenant_scope(tenant_id):
            account = WhatsAppAccount.objects.order_by("id").first()
        if account is None:
            raise DomainError("no_number", "no WhatsApp number serves this creditor: connect one first")
        tenant = self.tenant()
        self.sandbox = Sandbox(account.base_url, timeout=60)
        self.colleagues = Colleagues(tenant_id, tenant.country)
        self.live = live or (lambda tenant_id: work.drain(tenant_id, only=work.known() - {PLAY, RUN_ON}))
        self.bank_after = 0

    def tenant(self) -> Tenant:
        """The organisation as it stands."""
        return Tenant.objects.get(pk=self.tenant_id)

    def now(self) -> datetime:
        """The organisation's present."""
        return self.tenant().clock().now()

    def stand(self) -> datetime:
        """Let both clocks stand still at the same instant; returns it."""
        tenant = self.tenant()
        if tenant.clock_frozen_at is not None:
            return tenant.clock_frozen_at
        at = max(self.sandbox.now(), tenant.clock().now()) + timedelta(seconds=1)
        self.sandbox.stand(at)
        with tenant_scope(self.tenant_id):
            freeze_clock(tenant, at=at, actor=ACTOR, reason="played")
        return at

    def run_on(self) -> None:
        """Let both run with real time from where they stand."""
        tenant = self.tenant()
        if tenant.clock_frozen_at is not None:
            with tenant_scope(self.tenant_id):
                unfreeze_clock(tenant, actor=ACTOR, reason="played")
        self.sandbox.run(tenant.clock_offset.total_seconds())

    def next_step(self, at: datetime, *, end: datetime, grid: timedelta = STEP) -> datetime:
        """The next point of the grid at which anything is due, `end` at the latest."""
        due = [found for found in (self.sandbox.next_at(), lanes.next_due(self.tenant_id)) if found is not None]
        soonest = max(min([*due, end]), at)
        apart = grid.total_seconds()
        return min(end, datetime.fromtimestamp((soonest.timestamp() // apart + 1) * apart, UTC))

    def step(self, at: datetime, *, actor: str, colleagues: bool = True) -> None:
        """Go to an instant and let everything happen that is due by then."""
        self.sandbox.advance(at, seconds=40)
        tenant = self.tenant()
        if tenant.clock().now() < at:
            with tenant_scope(self.tenant_id):
                move_clock(tenant, to=at, actor=actor)
        self.live(self.tenant_id)
        if self.bank(at) + (self.colleagues.answer(now=at) if colleagues else 0):
            self.live(self.tenant_id)

    def bank(self, now: datetime) -> int:
        """Take in what debtors paid at their bank since we last asked; returns how many payments were new."""
        page = self.sandbox.call("GET", "/bank", after=self.bank_after, limit=10_000)["payments"]
        taken = 0
        with tenant_scope(self.tenant_id):
            told = {str(paid["id"]) for paid in page}
            known = set(Payment.objects.filter(external_id__in=told).values_list("external_id", flat=True))
            for paid in page:
                taken += paid["id"] not in known and take_in(paid, now=now)
        self.bank_after += len(page)
        return taken


def take_in(paid: dict[str, Any], *, now: datetime) -> bool:
    """Enter a payment made at a bank: the share that was paid of what the phone's owner owes most of; in a scope."""
    people = ContactPoint.objects.filter(kind="phone", value=paid["phone"]).values_list("person_id", flat=True)
    debtor = Debtor.objects.filter(person__in=list(people), open_minor__gt=0).order_by("-open_minor", "id").first()
    if debtor is None:
        return False
    minor = max(1, debtor.open_minor * int(paid.get("share_percent", 100)) // 100)
    record_payment(
        Creditor.objects.get(pk=debtor.creditor_id), debtor, str(paid["id"]),
        Money.from_minor(minor, debtor.currency), paid_at=datetime.fromisoformat(paid["paid_at"]), now=now,
        source=BANK, method="bank_transfer",
    )  # fmt: skip
    return True


def _lock(tenant_id: uuid.UUID) -> str:
    return f"clock.play:{tenant_id}"


def play_slice(tenant_id: uuid.UUID, *, seconds: float = SLICE_SECONDS) -> bool:
    """Play on for a while; True when there is more to play. One process at a time does it for an organisation."""
    if not cache.add(_lock(tenant_id), 1, timeout=LOCK_SECONDS):
        return False  # somebody is on it
    try:
        until = time.monotonic() + seconds
        plan = playing(tenant_id)
        if plan is None:
            return False
        clocks = Clocks(tenant_id)
        at = clocks.stand()
        while at < plan.end:
            if playing(tenant_id) != plan:
                break
            if time.monotonic() > until:
                return True
            at = clocks.next_step(at, end=plan.end, grid=plan.grid)
            clocks.step(at, actor=plan.actor)
        clocks.run_on()
        with tenant_scope(tenant_id):
            Job.objects.filter(tenant_id=tenant_id, task=PLAY, subject=plan.subject).delete()
        return False
    finally:
        cache.delete(_lock(tenant_id))


def run_on(tenant_id: uuid.UUID) -> bool:
    """After a stop: let the clocks run again; False while a slice still ends."""
    if not cache.add(_lock(tenant_id), 1, timeout=LOCK_SECONDS):
        return False
    try:
        if playing(tenant_id) is None:
            Clocks(tenant_id).run_on()
        return True
    finally:
        cache.delete(_lock(tenant_id))


__all__ = ["PLAY", "RUN_ON", "Clocks", "Playing", "begin", "play_slice", "playing", "run_on", "stop"]
