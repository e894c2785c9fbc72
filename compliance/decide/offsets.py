"""Wall clocks: which offset a zone has at an instant, and the first instant at which its clock shows a wanted time.

Python prefers the machine's zone files, which age with the machine. Importing this module makes zoneinfo read the
pinned tzdata package instead, so that two machines with the same lock file decide alike.
"""

from __future__ import annotations

import zoneinfo
from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

from .values import DAY, EPOCH, seconds

zoneinfo.reset_tzpath(to=[])
zoneinfo.ZoneInfo.clear_cache()

_FROM = seconds(datetime(2000, 1, 1, tzinfo=UTC))
_TO = seconds(datetime(2060, 1, 1, tzinfo=UTC))
_STEP = 5 * DAY  # no zone has changed its clock twice within five days since 2000


class ZoneTable:
    """One zone's offsets as plain integers: `offsets[i]` seconds east of UTC from `starts[i-1]` until `starts[i]`."""

    __slots__ = ("name", "offsets", "starts")

    def __init__(self, name: str, offsets: Sequence[int], starts: Sequence[int]) -> None:
        if len(offsets) != len(starts) + 1:
            raise ValueError("one offset more than changes is needed")
        self.name = name
        self.offsets = tuple(offsets)
        self.starts = tuple(starts)

    def offset(self, at: int) -> int:
        """Seconds east of UTC at `at` (seconds since 1970)."""
        return self.offsets[bisect_right(self.starts, at)]

    def local(self, at: int) -> int:
        """The wall clock at `at`, as if it were seconds since 1970: divmod by 86,400 gives day and time of day."""
        return at + self.offsets[bisect_right(self.starts, at)]

    def first(self, at: int, wall: int) -> int:
        """The first instant from `at` on that no rule waiting for wall time `wall` can pass before.

        That is the first instant whose wall clock shows `wall` or later, or the next time the clock is set back,
        when that comes first: a clock set back may show an allowed time again.
        """
        starts, offsets = self.starts, self.offsets
        index = bisect_right(starts, at)
        while True:
            reached = max(at, wall - offsets[index])
            if index == len(starts) or reached < starts[index]:
                return reached
            at = starts[index]
            if offsets[index + 1] < offsets[index]:
                return at
            index += 1

    def between(self, start: int, end: int) -> ZoneTable:
        """The same table cut to the changes in (start, end]: what evidence has to keep."""
        low, high = bisect_right(self.starts, start), bisect_right(self.starts, end)
        return ZoneTable(self.name, self.offsets[low : high + 1], self.starts[low:high])


@lru_cache(maxsize=1024)
def zone_table(name: str) -> ZoneTable:
    """The table of an IANA zone from the pinned data (2000-2059); raises ValueError for an unknown name."""
    try:
        zone = zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not a time zone; write it like America/Bogota") from error

    def offset(at: int) -> int:
        delta = datetime.fromtimestamp(at, zone).utcoffset()
        assert delta is not None
        return delta.days * DAY + delta.seconds

    starts: list[int] = []
    offsets = [offset(_FROM)]
    for at in range(_FROM, _TO, _STEP):
        after = offset(at + _STEP)
        if after == offsets[-1]:
            continue
        low, high = at, at + _STEP
        while high - low > 1:
            middle = (low + high) // 2
            if offset(middle) == offsets[-1]:
                low = middle
            else:
                high = middle
        starts.append(high)
        offsets.append(after)
    return ZoneTable(name, offsets, starts)


@lru_cache(maxsize=4096)
def zone_tables(names: tuple[str, ...]) -> tuple[ZoneTable, ...]:
    """The tables of several zones in the same order; raises ValueError for an unknown name."""
    return tuple(zone_table(name) for name in names)


def is_zone(name: str) -> bool:
    """Whether the pinned data knows this zone name."""
    try:
        zone_table(name)
    except ValueError:
        return False
    return True


def epoch_of(at: datetime) -> int:
    """Whole seconds since 1970; raises ValueError on a naive instant."""
    if at.tzinfo is None:
        raise ValueError("a naive datetime names no instant")
    delta = at - EPOCH
    return delta.days * DAY + delta.seconds
