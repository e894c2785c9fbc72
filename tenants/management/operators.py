"""Who types a command that needs a name: an account that runs the platform, proved by its password on standard input."""

from __future__ import annotations

from kernel.errors import DomainError, Words
from tenants.management.json_command import read_secret
from tenants.models import User


def proved_operator(email: str) -> User:
    """The operator's account of this address, after its password was read from standard input.

    Two names on one shell would be no two persons: so the name alone is not enough. Raises DomainError.
    """
    person = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    secret = read_secret(Words("password"))
    if person is None or not person.check_password(secret):
        raise DomainError("operator_unknown", "this e-mail address and this password do not belong together")
    if not person.is_operator:
        raise DomainError("operator_needed", "%(email)s does not run the platform: rule packs are everybody's",
                          email=person.email)  # fmt: skip
    return person
