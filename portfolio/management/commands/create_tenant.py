"""`manage.py create_tenant NAME --country BR`: a new organisation, with its own invoices' creditor if it has such."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.db import transaction

from portfolio.services.creditors import save_creditor
from tenants.management.json_command import JsonCommand, instant, operator
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tenants.services import create_tenant


class Command(JsonCommand):
    """Founds an organisation; one that collects its own invoices gets itself as its first creditor."""

    help = "Create an organisation. Prints its id and slug, and its creditor when it collects its own invoices."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What the organisation is called, where it is, and whether it is a sandbox."""
        parser.add_argument("name", help="as debtors and colleagues know it")
        parser.add_argument("--country", required=True, help="two letters: BR, MX, CO, ...")
        parser.add_argument("--kind", choices=Tenant.Kind.values, default=Tenant.Kind.CREDITOR.value)
        parser.add_argument("--slug", default="", help="its part of addresses; made from the name when left out")
        parser.add_argument("--currency", default="", help="ISO 4217; the country's when left out")
        parser.add_argument("--language", default="", help="es, pt-br or en; the country's when left out")
        parser.add_argument("--sandbox", action="store_true", help="reaches nobody real, and moves its own clock")
        parser.add_argument("--clock", type=instant, help="sandbox: its clock stands at this instant (RFC 3339)")
        parser.add_argument("--tax-id", default="", help="of the creditor: BR, MX and CO messages must carry it")
        parser.add_argument("--legal-name", default="")
        parser.add_argument("--address", default="")
        parser.add_argument("--contact", default="", help="where a debtor may ask: a phone, an e-mail or a page")
        parser.add_argument("--creditor", default="main", help="external id of its creditor (default: main)")

    def answer(self, **options: Any) -> dict[str, Any]:
        """Both rows or neither."""
        with transaction.atomic():
            tenant = create_tenant(
                name=options["name"],
                country=options["country"],
                kind=options["kind"],
                slug=options["slug"],
                currency=options["currency"],
                language=options["language"],
                sandbox=options["sandbox"],
                frozen_at=options["clock"],
                actor=operator(),
            )
            creditor = None
            if tenant.kind == Tenant.Kind.CREDITOR:
                with tenant_scope(tenant.id):
                    creditor, _ = save_creditor(
                        options["creditor"],
                        now=tenant.clock().now(),
                        name=tenant.name,
                        legal_name=options["legal_name"] or tenant.name,
                        tax_id=options["tax_id"],
                        address=options["address"],
                        contact=options["contact"],
                        country=tenant.country,
                        currency=tenant.currency,
                        language=tenant.language[:2],
                    )
        return {
            "id": tenant.id,
            "slug": tenant.slug,
            "name": tenant.name,
            "kind": tenant.kind,
            "country": tenant.country,
            "currency": tenant.currency,
            "language": tenant.language,
            "sandbox": tenant.sandbox,
            "clock": tenant.clock().now().isoformat(),
            "creditor": creditor and {"id": creditor.id, "external_id": creditor.external_id},
        }
