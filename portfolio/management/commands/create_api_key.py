"""`manage.py create_api_key NAME --tenant SLUG --scope portfolio:read`: let a machine in."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from kernel.clock import machine_now
from kernel.errors import DomainError
from portfolio.management.creditor_options import creditor_ids
from tenants.authentication import SCOPES
from tenants.management.json_command import JsonCommand, find_tenant, operator
from tenants.scope import tenant_scope
from tenants.services import issue_api_key


class Command(JsonCommand):
    """Makes a key; its text stands in the answer this once."""

    help = "Create an API key. The key is printed this once: only its hash is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose it is and what it may do."""
        parser.add_argument("name", help="what uses it, so that it is known when it must be closed")
        parser.add_argument("--tenant", required=True, help="slug of the organisation")
        parser.add_argument("--scope", action="append", choices=SCOPES, help="repeat for several; all when left out")
        parser.add_argument(
            "--creditor", action="append", metavar="EXTERNAL_ID", help="sees this creditor only; repeat for several"
        )
        parser.add_argument("--days", type=int, help="ends after so many days; never when left out")

    def answer(self, **options: Any) -> dict[str, Any]:
        """The key's text is under "key"."""
        days = options["days"]
        if days is not None and days < 1:
            raise DomainError("days_invalid", "a key lives for at least one day")
        tenant = find_tenant(options["tenant"])
        with tenant_scope(tenant.id):
            key, text = issue_api_key(
                name=options["name"],
                scopes=options["scope"] or SCOPES,
                creditor_ids=creditor_ids(options["creditor"]),
                expires_at=machine_now() + timedelta(days=days) if days else None,
                actor=operator(),
            )
        return {
            "id": key.id,
            "tenant": tenant.slug,
            "name": key.name,
            "prefix": key.prefix,
            "scopes": key.scopes,
            "creditors": key.creditor_ids,
            "expires_at": key.expires_at and key.expires_at.isoformat(),
            "key": text,
        }
