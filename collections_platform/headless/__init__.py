"""The main job without pages: a sandbox organisation is moved through N days with real parts, then judged.

Everything that the product does happens through its own doors: the portfolio is imported, sequences plan, the gate
decides, messages go out to the sandbox Cloud API over HTTP, signed webhooks come back, simulated debtors and agents
act, payments arrive, conversations are scanned. Behaviour hangs on (seed, debtor, step) alone and every tick is a
barrier, so that a run's counts repeat.
"""

from __future__ import annotations


def main(argv: list[str]) -> int:
    """Run the job; 0 when every check holds, 1 when one fails, 2 for options that cannot be."""
    import django

    django.setup()
    from collections_platform.headless.job import run

    return run(argv)
