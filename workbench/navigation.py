"""The entries of the rail, in its order. A new page adds one line here; an entry is shown once its address exists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.models import Membership

Role = Membership.Role
WORKERS = frozenset({Role.AGENT, Role.SUPERVISOR, Role.ADMIN})
LEADERS = frozenset({Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR})
EVERYBODY = frozenset(Role)


@dataclass(frozen=True, slots=True)
class Entry:
    """A place in the rail. `key` names it; `icon` a symbol's name of static/icons.svg."""

    key: str
    label: str | Promise
    icon: str
    url_name: str
    roles: frozenset[str]
    letter: str  # G and then this one goes there


ENTRIES = (
    Entry("supervisor", _("Overview"), "layout-dashboard", "supervisor", LEADERS | {Role.CREDITOR}, "o"),
    Entry("inbox", _("Inbox"), "inbox", "inbox", WORKERS, "i"),
    Entry("debtors", _("Portfolio"), "users", "debtors", EVERYBODY, "p"),
    Entry("sequences", _("Sequences"), "route", "sequences", LEADERS, "s"),
    Entry("review", _("Review"), "shield-check", "review", LEADERS, "r"),
    Entry("reports", _("Reports"), "chart-bar", "reports", LEADERS | {Role.CREDITOR}, "k"),
    Entry("privacy", _("Privacy"), "fingerprint", "privacy", LEADERS, "y"),
    Entry("setup", _("Set-up"), "settings", "setup", frozenset({Role.ADMIN, Role.AUDITOR}), "a"),
)

#: Where a role begins its day: names of addresses, the first that exists is taken.
HOME: dict[str, tuple[str, ...]] = {
    Role.AGENT: ("inbox", "debtors"),
    Role.SUPERVISOR: ("supervisor", "inbox", "debtors"),
    Role.ADMIN: ("setup", "supervisor", "debtors"),
    Role.AUDITOR: ("supervisor", "debtors"),
    Role.CREDITOR: ("supervisor", "debtors"),
}


def entries_for(role: str, slug: str) -> list[tuple[Entry, str]]:
    """The entries that a role sees in an organisation, with their addresses."""
    found = ((entry, address(entry.url_name, slug)) for entry in ENTRIES if role in entry.roles)
    return [(entry, url) for entry, url in found if url]


def home(role: str, slug: str) -> str:
    """Where this role begins; '' while none of its pages exists."""
    return next(filter(None, (address(name, slug) for name in HOME.get(role, ()))), "")


def address(url_name: str, slug: str) -> str:
    """The page's address in the organisation; '' when there is no such page."""
    try:
        return reverse(url_name, kwargs={"organisation": slug})
    except NoReverseMatch:
        return ""


def active(request: HttpRequest, entries: Iterable[tuple[Entry, str]]) -> str:
    """The key of the entry under whose address the request is; the longest that fits."""
    fitting = [(len(url), entry.key) for entry, url in entries if request.path.startswith(url)]
    return max(fitting)[1] if fitting else ""
