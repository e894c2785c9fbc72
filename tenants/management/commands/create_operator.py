"""`manage.py create_operator EMAIL`: let somebody run the platform, or no longer."""

from __future__ import annotations

import secrets
from argparse import ArgumentParser
from typing import Any

from kernel.errors import Words
from tenants.management.json_command import JsonCommand, operator, read_secret
from tenants.operators import set_operator


class Command(JsonCommand):
    """An operator proposes and approves editions of the rule packs; it opens no organisation's door."""

    help = "Let a person run the platform. A new one's password is made up and printed once, or read from stdin."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Who."""
        parser.add_argument("email")
        parser.add_argument("--name", default="")
        parser.add_argument("--withdraw", action="store_true", help="they run the platform no longer")
        parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")

    def answer(self, **options: Any) -> dict[str, Any]:
        """The password is in the answer only when it was made up here."""
        made_up = "" if options["password_stdin"] else secrets.token_urlsafe(15)
        password = read_secret(Words("password")) if options["password_stdin"] else made_up
        person, new = set_operator(
            email=options["email"], name=options["name"], password=password, operates=not options["withdraw"],
            actor=operator(),
        )  # fmt: skip
        return {
            "id": person.pk, "email": person.email, "operator": person.is_operator, "new": new,
            **({"password": made_up} if new and made_up else {}),
        }  # fmt: skip
