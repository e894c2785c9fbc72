"""A second pair of hands for a headless run: serves the lanes while the run itself reads what came in.

`python -m collections_platform.headless.hand TENANT`, started and ended by the run. What comes in stays with one
process, in order, so that a debtor's messages are read as they were written.
"""

from __future__ import annotations

import gc
import sys
import time
import uuid

import django


def main() -> None:
    """Serve until the process is ended."""
    django.setup()
    from tenants import work

    tenant_id = uuid.UUID(sys.argv[1])
    gc.collect()
    gc.freeze()
    while True:
        if not work.pulse(seconds=2.0, tenant_id=tenant_id, with_jobs=False):
            time.sleep(0.02)


if __name__ == "__main__":
    main()
