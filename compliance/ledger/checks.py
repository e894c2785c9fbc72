"""Verifying the ledger as work that pages wake: what was found is kept, so that a page can say when and how far.

Nobody looks, nothing is read: a lane is woken by a page whose last check is old, and by the button "verify now".
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from compliance.ledger.seals import seal_now
from compliance.ledger.verify import Problem, Verification, verify_ledger, verify_since
from compliance.models import LedgerCheck, Seal
from kernel.clock import Clock, machine_now
from tenants import lanes
from tenants.events import Emit, emit
from tenants.models import Tenant
from tenants.scope import all_creditors, tenant_scope

KIND, WHOLE = "verify", "whole"
EVERY = timedelta(minutes=10)
#: Seals per turn of the lane, so that a turn stays short.
_TURN = 32


def newest_check() -> LedgerCheck | None:
    """The newest check of the current organisation."""
    return LedgerCheck.objects.order_by("-id").first()


def ask_for_check(*, whole: bool, now: datetime) -> None:
    """Have the ledger verified soon: what is new since the last check, or all of it. Asking twice changes nothing."""
    del now
    lanes.wake(KIND, WHOLE if whole else "", at=lanes.AT_ONCE)


def serve(tenant: Tenant, key: str, clock: Clock) -> datetime | None:
    """One turn: everything (`whole`), or the next seals since the last check; returns now while seals are left."""
    with tenant_scope(tenant.id):
        before = newest_check()
        if before is None or key == WHOLE:
            seal_now()
        check = check_ledger(whole=key == WHOLE, actor="system:ledger", now=clock.now())
        more = key != WHOLE and Seal.objects.filter(number__gt=check.seal_number).exists()
    return clock.now() if more else None


def check_ledger(*, whole: bool, actor: str, now: datetime, stretches: int = _TURN) -> LedgerCheck:
    """Verify, keep what was found, and tell it. Part of the log only reaches as far as `stretches` more seals."""
    before = newest_check()
    with all_creditors():
        if whole:
            found = verify_ledger()
            first = 1
        else:
            # After a check that found something the next ones start over: a mended row must be seen as mended.
            good = before is not None and not before.problems
            after = Seal.objects.filter(number=before.seal_number).first() if good and before else None
            first = after.last_sequence + 1 if after else 1
            found = verify_since(after, stretches=stretches)
        seal = Seal.objects.filter(digest=found.last_digest).order_by("-number").first() if found.last_digest else None
        check = LedgerCheck.objects.create(
            checked_at=machine_now(), whole=whole, first_sequence=first, last_sequence=found.sealed_to,
            seal_number=seal.number if seal else 0, seal_digest=found.last_digest, rows=found.rows,
            problems=_kept(found), actor=actor,
        )  # fmt: skip
        emit(Emit("ledger.verified", "compliance.ledgercheck", check.pk, now, data={"problems": len(check.problems)}))
    return check


def _kept(found: Verification) -> list[dict[str, Any]]:
    return [_told(problem) for problem in found.problems[:50]]


def _told(problem: Problem) -> dict[str, Any]:
    return {
        "kind": problem.kind, "subject": problem.subject, "id": str(problem.subject_id or ""),
        "sequence": problem.sequence, "detail": problem.detail,
    }  # fmt: skip
