"""How people log in: allauth with our own choices. Who may enter is decided by memberships, never by signing up."""

from __future__ import annotations

import base64
import logging
import os
from collections.abc import Sequence
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

log = logging.getLogger("trato.accounts")
_NONCE = 12
_PURPOSE = b"mfa"


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up: people are let in by an administrator."""

    #: What goes wrong when people log in, said as the rest of the product says it.
    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("E-mail or password are not right."),
        "invalid_login": _("E-mail or password are not right."),
        "too_many_login_attempts": _("Too many tries. Wait a few minutes, then try again."),
        "rate_limited": _("Too many tries. Wait a few minutes, then try again."),
        "incorrect_code": _("That code is not right, or it has expired."),
        "incorrect_password": _("That is not your current password."),
        "enter_current_password": _("That is not your current password."),
        "account_inactive": _("This account is closed. Ask whoever administers your organisation."),
        "email_taken": _("Another account uses this address already."),
        "same_as_current": _("That is your address already."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Always closed."""
        return False


class MFAAdapter(DefaultMFAAdapter):
    """Second factors' secrets lie encrypted with the master key, like every other secret."""

    def encrypt(self, text: str) -> str:
        """Seal a secret: "<key id>.<base64 of nonce and ciphertext>"."""
        master_id, master = next(iter(settings.MASTER_KEYS.items()))
        nonce = os.urandom(_NONCE)
        return (
            f"{master_id}.{base64.b64encode(nonce + AESGCM(master).encrypt(nonce, text.encode(), _PURPOSE)).decode()}"
        )

    def decrypt(self, encrypted_text: str) -> str:
        """Open what `encrypt` sealed. Raises ValueError when the key that sealed it is no longer among MASTER_KEYS."""
        master_id, _, body = encrypted_text.partition(".")
        master = settings.MASTER_KEYS.get(master_id)
        if master is None:
            raise ValueError(f"MASTER_KEYS lacks the key {master_id}: add it to the environment")
        raw = base64.b64decode(body)
        try:
            return AESGCM(master).decrypt(raw[:_NONCE], raw[_NONCE:], _PURPOSE).decode()
        except InvalidTag as error:
            raise ValueError("a second factor's secret does not open: was it changed?") from error


class NoEmail(BaseEmailBackend):
    """Stands where no mail server is named: says in the log what could not be sent, and to nobody what it said."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Send nothing."""
        for message in email_messages:
            log.error("an e-mail to %d address(es) was not sent: EMAIL_URL is not set", len(message.recipients()))
        return 0
