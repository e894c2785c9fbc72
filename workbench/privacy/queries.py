"""What the privacy pages show: periods as sentences, holds and requests with their clocks, the last run."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import get_language

from compliance.evidence.case import names_of
from compliance.models import DataRequest, ErasureCertificate, LegalHold
from compliance.retention import certificates
from compliance.retention.accounts import laws_of
from compliance.retention.fate import Fate
from compliance.retention.periods import CLASSES, PERSONAL, Law, Rule
from compliance.retention.words import BECAUSE, CONFIDENCE, COUNTS_FROM, KEPT, KINDS, MEANS, STATES, period_words
from compliance.retention.words import CLASSES as CLASS_WORDS
from portfolio import search
from portfolio.models import Creditor, Debtor
from portfolio.places import today_in
from tenants.models import Membership, Tenant
from tenants.scope import all_creditors, current
from workbench.supervisor.filters import uuid_in
from workbench.templatetags.trato import locale_of

#: Rows of a page.
PAGE = 50
FOUND_MAX = 8


@dataclass(frozen=True, slots=True)
class Line:
    """One class in one country, in words."""

    rule: Rule
    name: str
    means: str
    period: str
    counts_from: str
    because: str
    confidence: str
    #: What the country says, where the organisation says something else.
    lawful: str

    @property
    def key(self) -> str:
        """Names the line in a form."""
        return f"{self.rule.country}.{self.rule.data_class}"


def countries_of(tenant: Tenant) -> list[str]:
    """The organisation's own country first, then those of its creditors."""
    others = set(Creditor.objects.values_list("country", flat=True).distinct())
    return [tenant.country, *sorted(others - {tenant.country})]


def line_of(rule: Rule) -> Line:
    """A rule in words."""
    return Line(
        rule, str(CLASS_WORDS[rule.data_class]), str(MEANS[rule.data_class]), period_words(rule.period),
        str(COUNTS_FROM[rule.counts_from]) if rule.period else "", str(BECAUSE[rule.because]),
        str(CONFIDENCE[rule.confidence]), period_words(rule.lawful) if rule.lawful else "",
    )  # fmt: skip


def lines_of(law: Law) -> list[Line]:
    """Every class of a country, in order."""
    return [line_of(law.rules[name]) for name in CLASSES]


def periods(tenant: Tenant) -> list[tuple[str, str, list[Line], Law]]:
    """(country, its name, its classes, its law) of every country that the organisation works in."""
    countries = countries_of(tenant)
    laws = laws_of(countries)
    names = locale_of(get_language() or "en", tenant.country).territories
    return [(each, names.get(each, each), lines_of(laws[each]), laws[each]) for each in countries]


# -- holds -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HoldLine:
    """A hold with the names that a reader knows."""

    hold: LegalHold
    person: str
    creditor: str
    author: str
    lifted_by: str
    stands: bool
    debtor_id: uuid.UUID | None


def holds(now: datetime) -> list[HoldLine]:
    """Holds that may be seen in the scope, standing ones first."""
    scope = current()
    limits = scope.creditor_ids if scope else None
    seen = Q() if limits is None else Q(person=None, creditor_id__in=list(limits))
    with all_creditors():
        wide = list(LegalHold.objects.filter(seen, person=None).order_by("-id")[:PAGE])
    rows = [*wide, *LegalHold.objects.filter(person__isnull=False).select_related("person").order_by("-id")[: PAGE * 4]]
    return hold_lines(rows, now)


def hold_lines(rows: Collection[LegalHold], now: datetime) -> list[HoldLine]:
    """Holds with names, standing ones first, then the newest."""
    creditors = dict(Creditor.objects.filter(pk__in={row.creditor_id for row in rows}).values_list("pk", "name"))
    people = names_of(actor for row in rows for actor in (row.author, row.lifted_by))
    theirs = Debtor.objects.filter(person_id__in={row.person_id for row in rows}).order_by("id")
    accounts: dict[uuid.UUID, uuid.UUID] = dict(theirs.values_list("person_id", "pk"))
    lines = [
        HoldLine(
            row, row.person.name if row.person else "", creditors.get(row.creditor_id, "") if row.creditor_id else "",
            people.get(row.author, row.author), people.get(row.lifted_by, row.lifted_by),
            row.lifted_at is None and (row.until is None or row.until > now),
            accounts.get(row.person_id) if row.person_id else None,
        )
        for row in rows
    ]  # fmt: skip
    return sorted(lines, key=lambda line: (not line.stands, -line.hold.placed_at.timestamp()))


def find(text: str) -> list[Debtor]:
    """Debtors by name, number or id."""
    key = uuid_in(text)
    rows = Debtor.objects.select_related("person", "creditor")
    if key is not None:
        return list(rows.filter(pk=key))
    if not text.strip():
        return []
    return list(rows.filter(person_id__in=search.search(text, FOUND_MAX)).order_by("id")[:FOUND_MAX])


# -- requests ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RequestLine:
    """A request with its clock."""

    row: DataRequest
    kind: str
    person: str
    creditor: str
    owner: str
    days_left: int

    @property
    def state_word(self) -> str:
        """Its state in words."""
        return str(STATES[self.row.state])

    @property
    def days_late(self) -> int:
        """Days since its day passed."""
        return -self.days_left

    @property
    def late(self) -> bool:
        """Whether its day has passed without an answer."""
        return self.row.state == DataRequest.State.OPEN and self.days_left < 0

    @property
    def tone(self) -> str:
        """How much its clock should be seen."""
        if self.row.state != DataRequest.State.OPEN:
            return "grey"
        return "red" if self.days_left < 0 else "amber" if self.days_left <= 3 else "blue"


def request_lines(rows: Iterable[DataRequest], now: datetime) -> list[RequestLine]:
    """Requests with names and clocks."""
    listed = list(rows)
    creditors = dict(Creditor.objects.filter(pk__in={row.creditor_id for row in listed}).values_list("pk", "name"))
    owners = names_of(f"user:{row.owner_id}" for row in listed if row.owner_id)
    return [
        RequestLine(
            row, str(KINDS[row.kind]), row.person.name, creditors.get(row.creditor_id, "") if row.creditor_id else "",
            owners.get(f"user:{row.owner_id}", "") if row.owner_id else "",
            (row.due_on - today_in(row.country, now)).days,
        )
        for row in listed
    ]  # fmt: skip


def requests(state: str, now: datetime) -> list[RequestLine]:
    """Requests of a state: the open ones by their day, the closed ones newest first."""
    rows = DataRequest.objects.select_related("person")
    if state == "closed":
        return request_lines(rows.exclude(state=DataRequest.State.OPEN).order_by("-closed_at", "id")[:PAGE], now)
    return request_lines(rows.filter(state=DataRequest.State.OPEN).order_by("due_on", "id")[: PAGE * 4], now)


def colleagues(tenant: Tenant) -> list[tuple[str, str]]:
    """(id, name) of who may see to a request."""
    rows = Membership.objects.filter(
        tenant=tenant, active=True, role__in=[Membership.Role.SUPERVISOR, Membership.Role.ADMIN]
    ).select_related("user").order_by("user__name")  # fmt: skip
    return [(str(row.user_id), row.user.name or row.user.email) for row in rows[:200]]


@dataclass(frozen=True, slots=True)
class Preview:
    """What an erasure would do with one class."""

    name: str
    rows: int
    goes: bool
    why: str
    until: datetime | None
    law: str


def preview(request: DataRequest, now: datetime) -> list[Preview]:
    """What would go now and what would stay, with why; classes of which nothing is held are left out."""
    plan = certificates.plan_for(request.person_id, now, on_request=True)
    left = certificates.remaining(plan)
    return [_preview(name, plan.shared[name], left[name]) for name in PERSONAL if left[name]]


def _preview(name: str, fate: Fate, rows: int) -> Preview:
    why = "" if fate.erased else str(KEPT[fate.why])
    if fate.why == "period":
        why = f"{why}: {BECAUSE[fate.rule.because]}"
    return Preview(str(CLASS_WORDS[name]), rows, fate.erased, why, fate.until, fate.rule.law)


def certificates_of(request_id: uuid.UUID) -> list[ErasureCertificate]:
    """The editions of a request's certificate, the newest first."""
    return list(ErasureCertificate.objects.filter(request_id=request_id).order_by("-edition"))


def run_lines(counts: dict[str, Any], held: dict[str, int]) -> list[tuple[str, int, int]]:
    """(class, rows blanked, accounts that only a hold keeps) of a run."""
    names = [name for name in CLASSES if name in counts or name in held]
    return [(str(CLASS_WORDS[name]), sum(counts.get(name, {}).values()), held.get(name, 0)) for name in names]
