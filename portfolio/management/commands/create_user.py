"""`manage.py create_user EMAIL --tenant SLUG --role agent`: let a person in."""

from __future__ import annotations

import secrets
from argparse import ArgumentParser
from typing import Any

from kernel.errors import Words
from portfolio.management.creditor_options import creditor_ids
from tenants.management.json_command import JsonCommand, find_tenant, operator, read_secret
from tenants.models import Membership, User
from tenants.scope import tenant_scope
from tenants.services import create_user


class Command(JsonCommand):
    """Makes a person, or lets one who is known into another organisation."""

    help = "Let a person into an organisation. A new one's password is made up and printed once, or read from stdin."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Who, where, as what, and for which creditors."""
        parser.add_argument("email")
        parser.add_argument("--tenant", required=True, help="slug of the organisation")
        parser.add_argument("--role", required=True, choices=Membership.Role.values)
        parser.add_argument("--name", default="")
        parser.add_argument(
            "--creditor", action="append", metavar="EXTERNAL_ID", help="sees this creditor only; repeat for several"
        )
        parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")

    def answer(self, **options: Any) -> dict[str, Any]:
        """The password is in the answer only when it was made up here."""
        tenant = find_tenant(options["tenant"])
        known = User.objects.filter(email=options["email"].strip().lower()).exists()
        made_up = None if known or options["password_stdin"] else secrets.token_urlsafe(15)
        password = read_secret(Words("password")) if options["password_stdin"] else made_up
        with tenant_scope(tenant.id):
            user, membership = create_user(
                email=options["email"],
                name=options["name"],
                role=options["role"],
                password=password,
                creditor_ids=creditor_ids(options["creditor"]),
                actor=operator(),
            )
        return {
            "id": user.id,
            "email": user.email,
            "tenant": tenant.slug,
            "role": membership.role,
            "creditors": membership.creditor_ids,
            "new": not known,
            **({"password": made_up} if made_up else {}),
        }
