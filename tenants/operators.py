"""Who runs the platform. It opens no organisation's door: rows of organisations stay behind their walls."""

from __future__ import annotations

import logging

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from kernel.clock import machine_now
from kernel.errors import DomainError
from tenants.models import User

log = logging.getLogger("trato.platform")


@transaction.atomic
def set_operator(*, email: str, password: str, actor: str, name: str = "", operates: bool = True) -> tuple[User, bool]:
    """Let a person run the platform, or no longer; returns the account, and whether it is new.

    Somebody known keeps name and password. Raises DomainError `email_invalid`, `password_weak`, or `not_found` when
    nobody is there to withdraw it from.
    """
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise DomainError("email_invalid", "%(email)s is no e-mail address", email=email) from error
    person = User.objects.select_for_update(no_key=True).filter(email=email).first()
    new = person is None
    if person is None:
        if not operates:
            raise DomainError("not_found", "there is no account %(email)s", email=email)
        person = User(email=email, name=name, joined_at=machine_now(), is_operator=True)
        try:
            validate_password(password, person)
        except ValidationError as error:
            raise DomainError("password_weak", "%(why)s", why=" ".join(error.messages)) from error
        person.set_password(password)
        person.save(force_insert=True)
    else:
        person.is_operator = operates
        person.save(update_fields=["is_operator"])
    log.warning("%s %s the platform, says %s", email, "runs" if operates else "no longer runs", actor)
    return person, new
