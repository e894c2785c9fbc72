"""What a debtor's page shows, read in one go. Nothing of it is read before it is known who looks."""

from __future__ import annotations

from datetime import datetime

from portfolio.models import (
    DebtorLink,
)
from tenants.models import Tenant
from workbench.transparency import door
from workbench.transparency.account import AccountPart
from workbench.transparency.contact import ContactPart
from workbench.transparency.texts import Book, language_of


class Page(AccountPart, ContactPart):
    """A debtor's page."""


def page_of(link: DebtorLink, tenant: Tenant, now: datetime, wanted: str = "") -> Page:
    """The page behind a link, in the language that is asked for or the debtor's own."""
    debtor = link.debtor
    language = language_of(wanted, debtor.person.language, link.creditor.language, tenant.language)
    return Page(
        link=link, tenant=tenant, now=now, book=Book(language, link.creditor.country),
        proven=door.proven(link, tenant, now), locked=door.locked(link),
    )  # fmt: skip
