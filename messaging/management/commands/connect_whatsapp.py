"""manage.py connect_whatsapp: connect a WhatsApp number without a browser; prints JSON."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kernel.errors import DomainError
from messaging.services import callback_url, connect_whatsapp
from tenants.models import Tenant
from tenants.scope import tenant_scope


class Command(BaseCommand):
    help = "Connect a WhatsApp number of an organisation, or give a connected one its new token; prints JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tenant", help="slug of the organisation")
        for name, text in {
            "waba-id": "WhatsApp Business account id",
            "phone-number-id": "id of the number at Meta",
            "display-number": "the number as people see it, +E.164",
            "token": "access token",
            "app-secret": "secret of the Meta app, which signs the webhooks",
            "verify-token": "the word that Meta repeats when it checks the webhook",
        }.items():
            parser.add_argument(f"--{name}", required=True, help=text)
        parser.add_argument("--base-url", default="", help="API base URL (default: Meta's)")
        parser.add_argument("--name", default="", help="display name")
        parser.add_argument(
            "--messaging-limit", type=int, default=250, help="people per 24 h outside the window; 0: none"
        )
        parser.add_argument("--per-second", type=int, default=80, help="messages per second; 0: no limit of ours")
        parser.add_argument("--posture", default="", help='what you attest to Meta: "own receivables" or "mandate"')

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"no organisation is called {options['tenant']}: see create_tenant", returncode=2)
        try:
            with tenant_scope(tenant.pk):
                account, number, route = connect_whatsapp(
                    waba_id=options["waba_id"], phone_number_id=options["phone_number_id"],
                    display_number=options["display_number"], token=options["token"], app_secret=options["app_secret"],
                    verify_token=options["verify_token"], base_url=options["base_url"], name=options["name"],
                    messaging_limit=options["messaging_limit"] or None, per_second=options["per_second"],
                    posture=options["posture"], actor="system:operator", now=tenant.clock().now(),
                )  # fmt: skip
        except DomainError as error:
            raise CommandError(f"{error.code}: {error}", returncode=2) from error
        self.stdout.write(
            json.dumps({
                "tenant": tenant.slug, "account": str(account.pk), "number": str(number.pk), "address": number.address,
                "callback_url": callback_url(route), "route": route.key,
            })
        )  # fmt: skip
