"""`manage.py stop_sending SLUG --reason ...`: nothing leaves this organisation any more; --resume lets it again."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from tenants.management.json_command import JsonCommand, find_tenant, operator
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tenants.services import resume_sending, stop_sending


class Command(JsonCommand):
    """The last look before each message reads what this writes, so it holds from the next message on."""

    help = "Stop everything that an organisation sends, at once; --resume takes it back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which one and why."""
        parser.add_argument("tenant", help="slug of the organisation")
        parser.add_argument("--reason", required=True, help="stands in the audit")
        parser.add_argument("--resume", action="store_true", help="let messages leave again")

    def answer(self, **options: Any) -> dict[str, Any]:
        """`changed` is false when it was so already."""
        tenant = find_tenant(options["tenant"])
        act = resume_sending if options["resume"] else stop_sending
        with tenant_scope(tenant.id):
            changed = act(actor=operator(), reason=options["reason"], now=tenant.clock().now())
        tenant = Tenant.objects.get(pk=tenant.pk)
        stopped = tenant.sending_stopped_at
        return {
            "tenant": tenant.slug,
            "sending": "running" if stopped is None else "stopped",
            "stopped_at": stopped and stopped.isoformat(),
            "reason": tenant.sending_stopped_reason,
            "changed": changed,
        }
