"""What somebody who takes evidence out may choose: about what, what to leave out, in which language, as which file."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from compliance.evidence.exports import LANGUAGES
from compliance.evidence.formats import NO_ACCOUNT, NO_TEXTS, NO_THIRD_PARTIES
from kernel.errors import DomainError
from portfolio.places import start_of
from workbench.access import Role
from workbench.supervisor.filters import day_of, uuid_in

LEADERS = frozenset({Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR, Role.CREDITOR})
PACK, JSON = "pack", "json"
KINDS = ("debtor", "complaint", "conversation", "request")

_PARTS: Mapping[str, tuple[Promise, Promise]] = {
    NO_TEXTS: (_("the words of the messages"), _("Times, provider ids, states and hashes stay.")),
    NO_THIRD_PARTIES: (
        _("third parties"), _("Colleagues' names, other people's numbers and what was said with them."),
    ),
    NO_ACCOUNT: (_("the account"), _("Invoices, payments, promises and plans.")),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Options:
    """The choices as they were made, or as they stand at first."""

    without: tuple[str, ...] = ()
    language: str = ""  # "" the debtor's
    format: str = PACK
    reason: str = ""

    @classmethod
    def default(cls) -> Options:
        """Everything, in the debtor's language, as a pack."""
        return cls()

    @classmethod
    def read(cls, data: QueryDict) -> Options:
        """What a form said. Parts that there are not stay in, to be refused."""
        language = data.get("language", "")
        return cls(
            tuple(data.getlist("without")), language if language in LANGUAGES else "",
            JSON if data.get("format") == JSON else PACK, data.get("reason", "").strip()[:300],
        )  # fmt: skip

    @property
    def parts(self) -> list[tuple[str, Promise, Promise, bool]]:
        """(code, name, what goes with it, whether it is left out)."""
        return [(code, name, note, code in self.without) for code, (name, note) in _PARTS.items()]

    @property
    def languages(self) -> list[tuple[str, Promise, bool]]:
        """(code, name, whether it is chosen)."""
        names = {"": _("the debtor's"), "es": _("Spanish"), "pt": _("Portuguese"), "en": _("English (for auditors)")}
        return [(code, name, code == self.language) for code, name in names.items()]


@dataclass(frozen=True, slots=True)
class Days:
    """The days of a period, both included."""

    first: date
    last: date

    def instants(self, country: str) -> tuple[datetime, datetime]:
        """From the first instant of the first day to the first after the last one."""
        return start_of(self.first, country), start_of(self.last + timedelta(days=1), country)


def about(data: QueryDict, country: str) -> dict[str, Any]:
    """What `document_of` is asked for: {"debtor_id": ...} and so on. Raises DomainError for what cannot be read."""
    kind, _colon, key = data.get("about", "").partition(":")
    if kind == "period":
        first, last = day_of(data.get("from")), day_of(data.get("to"))
        if first is None or last is None:
            raise DomainError("period_open", "a period has a first and a last day", pointer="from")
        return {"period": Days(first, last).instants(country)}
    found: uuid.UUID | None = uuid_in(key)
    if kind not in KINDS or found is None:
        raise DomainError("scope_unclear", "choose first what the evidence is about", pointer="about")
    return {f"{kind}_id": found}


def parts_of(redaction: str) -> list[Promise]:
    """The names of what a pack leaves out, from how its row has it: no_texts+no_account."""
    return [_PARTS[code][0] for code in redaction.split("+") if code in _PARTS]


__all__ = ["JSON", "KINDS", "LEADERS", "PACK", "Days", "Options", "about", "parts_of"]
