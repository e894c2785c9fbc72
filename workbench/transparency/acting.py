"""What every act on a debtor's page shares: what it is given, how it is refused, how it is written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.core.files.uploadedfile import UploadedFile
from django.utils.datastructures import MultiValueDict

from portfolio.models import DebtorLink
from tenants import audit
from workbench.transparency.queries import Page

SOURCE = "debtor:page"
Form = Mapping[str, str]
Files = MultiValueDict[str, UploadedFile]


class Problem(Exception):
    """What was asked cannot be done; `key` names the text, `section` the form that says so."""

    def __init__(self, section: str, key: str) -> None:
        super().__init__(key)
        self.section, self.key = section, key


def actor_of(link: DebtorLink) -> str:
    """Who does it, as the audit writes it: whoever holds this link."""
    return f"debtor:{link.pk}"


def write_down(page: Page, action: str, **after: object) -> None:
    audit.record(
        f"debtor_page.{action}", actor=actor_of(page.link), subject="portfolio.debtor", subject_id=page.debtor.pk,
        creditor_id=page.creditor.pk, after={name: str(value) for name, value in after.items()},
    )  # fmt: skip


def proof_of(page: Page) -> dict[str, str]:
    return {"link": str(page.link.pk), "how": "page"}


Action = Callable[[Page, Form, Files], str]
