"""A command that checks: prints what it found as JSON and exits with 1 when something is not as it should be."""

from __future__ import annotations

import sys
from typing import Any

from tenants.management.json_command import JsonCommand, find_tenant
from tenants.models import Tenant


class CheckCommand(JsonCommand):
    """`examine` returns the answer; its `ok` decides the exit code."""

    def examine(self, **options: Any) -> dict[str, Any]:
        """Look; returns a JSON object with `ok`."""
        raise TypeError(f"{type(self).__module__} examines nothing")

    def answer(self, **options: Any) -> dict[str, Any]:
        """What was found."""
        found = self.examine(**options)
        self.whole = bool(found["ok"])
        return found

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit code 1 when it is not whole."""
        super().handle(*args, **options)
        if not self.whole:
            sys.exit(1)


def chosen_tenants(slug: str | None) -> list[Tenant]:
    """The organisation of that slug, or all of them."""
    return [find_tenant(slug)] if slug else list(Tenant.objects.order_by("slug"))
