"""`manage.py stop_sending SLUG --reason ...`: nothing leaves any more, of all, one creditor or one number; --resume."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from kernel.errors import DomainError
from messaging import services
from messaging.models import Number
from portfolio.models import Creditor
from tenants.management.json_command import JsonCommand, find_tenant, operator
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tenants.services import resume_sending, stop_sending


class Command(JsonCommand):
    """The last look before each message reads what this writes, so it holds from the next message on."""

    help = "Stop everything that an organisation, a creditor or a number sends, at once; --resume takes it back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which one and why."""
        parser.add_argument("tenant", help="slug of the organisation")
        parser.add_argument("--creditor", default="", help="only this creditor's messages (its external id)")
        parser.add_argument("--number", default="", help="only this sending number, +E.164")
        parser.add_argument("--reason", required=True, help="stands in the audit")
        parser.add_argument("--resume", action="store_true", help="let messages leave again")

    def answer(self, **options: Any) -> dict[str, Any]:
        """`changed` is false when it was so already."""
        tenant, resume, reason = find_tenant(options["tenant"]), options["resume"], options["reason"]
        now, who = tenant.clock().now(), operator()
        what: Tenant | Creditor | Number
        with tenant_scope(tenant.id):
            if options["creditor"]:
                what = self._creditor(options["creditor"])
                changed = services.let_creditor(what, send=resume, actor=who, reason=reason, now=now)
            elif options["number"]:
                what = self._number(options["number"])
                changed = services.let_number(what, send=resume, actor=who, reason=reason, now=now)
            else:
                what = tenant
                changed = (resume_sending if resume else stop_sending)(actor=who, reason=reason, now=now)
                if resume and changed:
                    services.wake_waiting(now=now)
            what = type(what)._default_manager.get(pk=what.pk)
        stopped = what.stopped_at if isinstance(what, Number) else what.sending_stopped_at
        told = what.stopped_reason if isinstance(what, Number) else what.sending_stopped_reason
        return {
            "tenant": tenant.slug,
            "creditor": options["creditor"],
            "number": options["number"],
            "sending": "running" if stopped is None else "stopped",
            "stopped_at": stopped and stopped.isoformat(),
            "reason": told,
            "changed": changed,
        }

    @staticmethod
    def _creditor(external_id: str) -> Creditor:
        found = Creditor.objects.filter(external_id=external_id).first()
        if found is None:
            raise DomainError("not_found", "there is no creditor %(creditor)s here", creditor=external_id)
        return found

    @staticmethod
    def _number(address: str) -> Number:
        found = Number.objects.filter(address=address).first()
        if found is None:
            raise DomainError(
                "not_found", "there is no number %(number)s here: write it like +5511987654321", number=address
            )
        return found
