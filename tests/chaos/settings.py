"""The product's settings, with short leases: what a dead process held is taken over in seconds, not in a minute.

They are shorter than a task may take, so that work is now and then taken over from the living too, which must be as
harmless.
"""

from __future__ import annotations

from collections_platform.settings import *  # noqa: F403

LEASE_SECONDS = 4
