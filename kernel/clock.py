"""The two clocks, and the only place that reads time.

The machine clock runs leases, retries, seals and audit. The business clock belongs to a tenant: real time plus an
offset that only grows, or an instant at which it stands still while a sandbox tenant is being played.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


def machine_now() -> datetime:
    """The present instant, aware UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """A tenant's business clock. `frozen_at` wins over `offset`."""

    offset: timedelta = timedelta(0)
    frozen_at: datetime | None = None

    def now(self) -> datetime:
        """The tenant's present instant, aware UTC."""
        return self.frozen_at if self.frozen_at is not None else machine_now() + self.offset
