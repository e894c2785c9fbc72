"""What waits: requests whose hour has come ask the gate again, and what a person asked for anew goes with them."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db.models import Q
from django.db.models.functions import Least

from kernel.clock import Clock
from messaging.models import SendRequest
from messaging.sending.request import BATCH
from messaging.sending.standing import ask_again
from tenants import lanes, work
from tenants.models import Tenant
from tenants.scope import tenant_scope


@work.serves("requests")
def serve(tenant: Tenant, key: str, clock: Clock) -> datetime | None:
    """Ask anew for a bounded number of due requests; returns when the next is due."""
    now = clock.now()
    with tenant_scope(tenant.pk):
        waiting = SendRequest.objects.filter(state=SendRequest.State.WAITING)
        due = list(
            waiting.filter(Q(next_at__lte=now) | Q(expires_at__lte=now))
            .select_for_update(no_key=True, skip_locked=True)
            .order_by("person_id", "id")[:BATCH]
        )
        ask_again(due, now=now, skip_locked=True)
        if len(due) == BATCH:
            return now
        soonest = (
            waiting.annotate(due=Least("next_at", "expires_at")).order_by("due").values_list("due", flat=True).first()
        )
        return soonest if soonest is None else max(soonest, now)


def facts_changed(person_id: uuid.UUID, *, now: datetime) -> None:
    """A fact about a person changed (consent, identity, a stop lifted): their waiting requests ask again."""
    if SendRequest.objects.filter(person_id=person_id, state=SendRequest.State.WAITING).update(next_at=now):
        lanes.wake("requests", at=now)
