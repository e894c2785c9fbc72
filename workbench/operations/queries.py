"""What was set aside, what nobody knows the outcome of, and who did what."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from django.db.models import QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from messaging.models import Outbound
from portfolio.models import Debtor
from portfolio.places import start_of, zone_of
from tenants.models import AuditEntry, Job, Membership, RawInbound, Tenant, User
from workbench.operations.words import NAMES, name_of, value_of
from workbench.templatetags.trato import locale_of

PAGE = 50
CSV_MAX = 5000
INBOUND = "messaging.inbound"
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Parked:
    """A job that was set aside; `raw` when it is about a stored webhook body."""

    job: Job
    kind: str  # webhook | job
    raw: RawInbound | None


def parked(tenant: Tenant) -> list[Parked]:
    """Everything set aside, the oldest first."""
    rows = list(Job.objects.filter(tenant_id=tenant.pk).exclude(parked_at=None).order_by("parked_at", "id")[:500])
    ids = [each for row in rows if row.task == INBOUND and (each := _uuid(row.subject))]
    bodies = {raw.pk: raw for raw in RawInbound.objects.filter(pk__in=ids, tenant_id=tenant.pk).defer("body")}
    return [
        Parked(row, "webhook" if row.task == INBOUND else "job", bodies.get(_uuid(row.subject) or uuid.UUID(int=0)))
        for row in rows
    ]


def waiting(tenant: Tenant) -> int:
    """Jobs that are on their way."""
    return Job.objects.filter(tenant_id=tenant.pk, parked_at=None).count()


def doubtful() -> list[Outbound]:
    """Sends of which nobody knows whether they left, the oldest first, with what they said."""
    return list(
        Outbound.objects.filter(state=Outbound.State.UNCERTAIN)
        .select_related("request__message", "request__debtor__person", "number", "creditor")
        .order_by("id")[:200]
    )


@dataclass(frozen=True, slots=True)
class Filters:
    """What the audit is asked for; '' and None: everything."""

    person: str = ""
    action: str = ""
    subject: str = ""
    subject_id: str = ""
    day: date | None = None
    until: date | None = None

    @classmethod
    def read(cls, query: Any) -> Filters:
        """From an address; what cannot be read asks for nothing."""
        return cls(
            person=str(query.get("person", ""))[:120], action=str(query.get("action", ""))[:60],
            subject=str(query.get("subject", ""))[:40], subject_id=str(query.get("object", "")).strip()[:80],
            day=_day(query.get("day")), until=_day(query.get("until")),
        )  # fmt: skip


def audit(tenant: Tenant, filters: Filters) -> QuerySet[AuditEntry]:
    """Entries that fit, the newest first."""
    rows = AuditEntry.objects.order_by("-id")
    if filters.person == "system":
        rows = rows.filter(actor__startswith="system:")
    elif filters.person == "keys":
        rows = rows.filter(actor__startswith="key:")
    elif filters.person:
        rows = rows.filter(actor=f"user:{filters.person}")
    if filters.action:
        rows = rows.filter(action=filters.action)
    if filters.subject:
        rows = rows.filter(subject=filters.subject)
    if filters.subject_id:
        rows = rows.filter(subject_id=filters.subject_id)
    if filters.day:
        rows = rows.filter(at__gte=start_of(filters.day, tenant.country))
    if filters.until:
        rows = rows.filter(at__lt=start_of(date.fromordinal(filters.until.toordinal() + 1), tenant.country))
    return rows


@dataclass(frozen=True, slots=True)
class Change:
    """One value of an entry that was different before."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry as people read it."""

    entry: AuditEntry
    actor: str
    subject: str
    changes: tuple[Change, ...]
    reason: str


def shown(tenant: Tenant, entries: list[AuditEntry]) -> list[Shown]:
    """Entries with names for people and objects, and what changed. Two queries more, whatever their number."""
    ids = {each for entry in entries for each in _ids(entry)}
    people = {
        str(pk): name or email
        for pk, name, email in User.objects.filter(pk__in=ids, memberships__tenant=tenant).values_list(
            "pk", "name", "email"
        )
    }
    debtors = {
        str(pk): name for pk, name in Debtor.objects.filter(pk__in=ids).values_list("pk", "person__name")
    }  # fmt: skip
    names, zone = {**debtors, **people}, zone_of(tenant.country)
    return [
        Shown(
            entry,
            actor_word(entry.actor, people),
            names.get(entry.subject_id, ""),
            changes(entry, zone),
            value_of("reason", entry.reason),
        )
        for entry in entries
    ]


def changes(entry: AuditEntry, zone: ZoneInfo) -> tuple[Change, ...]:
    """What is different between before and after, by name."""
    before = entry.before if isinstance(entry.before, dict) else {}
    after = entry.after if isinstance(entry.after, dict) else {}
    order = list(NAMES)  # the column keeps none: "to" came before "from"
    names = sorted({*before, *after}, key=lambda name: (order.index(name) if name in NAMES else len(order), name))
    return tuple(
        Change(name_of(name), _text(name, before.get(name), zone), _text(name, after.get(name), zone))
        for name in names
        if before.get(name) != after.get(name)
    )


def actor_word(actor: str, people: dict[str, str]) -> str:
    """Who, as people say it."""
    kind, who = actor.partition(":")[::2]
    if kind == "user":
        return people.get(who, who[:8])
    return _("API key %(key)s") % {"key": who[:8]} if kind == "key" else _("The system (%(part)s)") % {"part": who}


def people(tenant: Tenant) -> list[tuple[str, str]]:
    """(id, name) of everybody who is or was a member."""
    rows = Membership.objects.filter(tenant=tenant).select_related("user").order_by("user__name", "user__email")[:1000]
    return [(str(row.user_id), row.user.name or row.user.email) for row in rows]


def _ids(entry: AuditEntry) -> list[uuid.UUID]:
    found = (_uuid(entry.actor.partition(":")[2]), _uuid(entry.subject_id))
    return [each for each in found if each]


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _day(text: Any) -> date | None:
    """A day that has a day before and a day after in every zone; what is none asks for nothing."""
    try:
        found = date.fromisoformat(str(text)) if text else None
    except ValueError:
        return None
    return found if found and date.min.year < found.year < date.max.year else None


def _text(name: str, value: Any, zone: ZoneInfo) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(_text(name, each, zone) for each in value) or "–"
    if isinstance(value, dict):
        return ", ".join(f"{name_of(key)}: {_text(key, each, zone)}" for key, each in value.items()) or "–"
    text = str(value)
    if _INSTANT.fullmatch(text):
        try:
            local = datetime.fromisoformat(text).astimezone(zone)
        except (ValueError, OverflowError):  # somebody gave a thing such a name
            return text
        return str(format_datetime(local, "d MMM y, HH:mm", locale=locale_of(get_language() or "en", "")))
    return value_of(name, text)
