"""What is set up and what is missing: each point asked of the tables, none of them remembered."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, Value
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from compliance.editions import in_force
from compliance.models import RulePackVersion
from messaging.models import MessageTemplate, Number, SendRequest, Sequence
from portfolio.models import Creditor, Debtor, Import
from tenants.models import ApiKey, InboundRoute, Invitation, Job, Membership, RawInbound, Tenant
from workbench.creditors.views import missing
from workbench.navigation import address


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the list. `state`: done, todo, look (works, but somebody should look)."""

    key: str
    icon: str
    title: str
    state: str
    detail: str
    url: str = ""
    action: str = ""
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Place:
    """A page on which something is set, that is no point of the list."""

    icon: str
    title: str
    means: str
    url: str


def places(slug: str) -> list[Place]:
    """Where the texts, the steps, the law and the days are; those whose page exists."""
    found = [
        Place("building", _("Creditors"), _("Names, where money is paid, what may be offered"), address("creditors", slug)),
        Place("template", _("Message templates"), _("What opens a conversation"), address("templates", slug)),
        Place("message", _("Prepared answers"), _("What agents choose after a slash"), address("quick-replies", slug)),
        Place("route", _("Sequences"), _("Which reminder leaves on which day"), address("sequences", slug)),
        Place("scale", _("Rules"), _("The law of each country, and your own rules"), address("rules", slug)),
        Place("fingerprint", _("Privacy"), _("How long what is kept, legal holds, data requests"), address("privacy", slug)),
        Place("calendar", _("Calendar"), _("Hours, holidays and closed days"), address("rules-calendar", slug)),
    ]  # fmt: skip
    return [place for place in found if place.url]


def points(tenant: Tenant, now: datetime) -> list[Point]:
    """The whole list, in the order in which it is done. A constant number of queries."""
    slug = tenant.slug
    made = [_creditors(slug), *_whatsapp(tenant, now), _templates(slug), _sequence(slug), _portfolio(slug)]
    return [*made, _people(tenant), _rules(tenant, now), _keys(tenant)]


def _creditors(slug: str) -> Point:
    rows = list(Creditor.objects.order_by("name")[:200])
    lacking = [(row, lacks) for row in rows if (lacks := missing(row))]
    notes = tuple(
        _("%(creditor)s: %(what)s") % {"creditor": row.name, "what": ", ".join(what)} for row, what in lacking[:3]
    )
    if not rows:
        return Point("creditors", "building", _("Creditor"), "todo", _("Nobody's invoices can be collected yet."),
                     address("creditor-new", slug), _("Add the creditor"))  # fmt: skip
    detail = _names(row.name for row in rows) if not lacking else _("Some of what messages must carry is missing.")
    return Point("creditors", "building", _("Creditor"), "look" if lacking else "done", detail,
                 address("creditors", slug), _("See creditors"), notes)  # fmt: skip


def _whatsapp(tenant: Tenant, now: datetime) -> list[Point]:
    numbers = list(Number.objects.select_related("account").order_by("address"))
    url = address("numbers", tenant.slug)
    if not numbers:
        return [
            Point("number", "brand-whatsapp", _("WhatsApp number"), "todo", _("No number is connected."),
                  address("number-connect", tenant.slug), _("Connect a number")),
            Point("webhook", "webhook", _("Webhook"), "todo", _("It is set up together with the number.")),
        ]  # fmt: skip
    stopped = [row for row in numbers if row.stopped_at or row.paused_at or row.account.paused_at]
    detail = _names(row.address for row in numbers)
    heard = RawInbound.objects.filter(
        tenant_id=tenant.pk, route_id__in=InboundRoute.objects.filter(tenant_id=tenant.pk, kind="whatsapp").values("pk")
    ).order_by("-id").values_list("received_at", flat=True).first()  # fmt: skip
    return [
        Point("number", "brand-whatsapp", _("WhatsApp number"), "look" if stopped else "done",
              _("%(numbers)s: not sending") % {"numbers": _names(row.address for row in stopped)} if stopped else detail,
              url, _("See numbers")),
        Point("webhook", "webhook", _("Webhook"), "done" if heard else "todo",
              _("WhatsApp reaches us.") if heard else _("Nothing has come in from WhatsApp yet."), url,
              "" if heard else _("Check the webhook")),
    ]  # fmt: skip


def _templates(slug: str) -> Point:
    told = MessageTemplate.objects.aggregate(
        all=Count("id"), approved=Count("id", filter=Q(status="approved")),
        rejected=Count("id", filter=Q(status__in=["rejected", "paused", "disabled"])),
    )  # fmt: skip
    url = address("templates", slug)
    if not told["all"]:
        return Point("templates", "template", _("Message templates"), "todo",
                     _("Without an approved template no conversation can be opened."), url, _("Write templates"))  # fmt: skip
    detail = _("%(approved)s of %(all)s approved") % told
    state = "todo" if not told["approved"] else "look" if told["rejected"] else "done"
    notes = (_("%(rejected)s rejected or paused by WhatsApp") % told,) if told["rejected"] else ()
    return Point("templates", "template", _("Message templates"), state, detail, url, _("See templates"), notes)


def _sequence(slug: str) -> Point:
    running = list(Sequence.objects.filter(active_version__gt=0).order_by("name").values_list("name", flat=True)[:20])
    url = address("sequences", slug)
    if not running:
        return Point("sequence", "route", _("Sequence"), "todo", _("No sequence is active: nothing is sent by itself."),
                     url, _("Activate one"))  # fmt: skip
    return Point("sequence", "route", _("Sequence"), "done", _names(running), url, _("See sequences"))


def _portfolio(slug: str) -> Point:
    newest = Import.objects.order_by("-id").only("file_name", "state", "counts").first()
    if not Debtor.objects.exists():
        return Point("portfolio", "database-import", _("Portfolio"), "todo", _("There are no debtors yet."),
                     address("import-new", slug), _("Import a file"))  # fmt: skip
    detail = (
        _("Debtors are there.") if newest is None else _("Last file: %(file)s") % {"file": newest.file_name or "API"}
    )
    rejected = int(newest.counts.get("rejected", 0)) if newest else 0
    words = ngettext("%(count)s row was rejected", "%(count)s rows were rejected", rejected)
    notes = (words % {"count": rejected},) if rejected else ()
    return Point("portfolio", "database-import", _("Portfolio"), "look" if rejected else "done", detail,
                 address("imports", slug), _("See imports"), notes)  # fmt: skip


def _people(tenant: Tenant) -> Point:
    roles = dict(
        Membership.objects.filter(tenant=tenant, active=True).values_list("role").annotate(count=Count("id")).order_by()
    )
    waiting = Invitation.objects.filter(tenant=tenant, accepted_at=None, revoked_at=None).count()
    missing = [word for role, word in ((Membership.Role.SUPERVISOR, _("a supervisor")), (Membership.Role.AGENT, _("an agent")))
               if not roles.get(role)]  # fmt: skip
    detail = _("%(count)s active") % {"count": sum(roles.values())}
    if missing:
        detail = _("Still missing: %(who)s") % {"who": ", ".join(missing)}
    notes = (_("%(count)s invited") % {"count": waiting},) if waiting else ()
    return Point("people", "users-group", _("People"), "todo" if missing else "done", detail,
                 address("people", tenant.slug), _("Invite people") if missing else _("See people"), notes)  # fmt: skip


def _rules(tenant: Tenant, now: datetime) -> Point:
    codes = ["common", tenant.country.lower()]
    rows = list(
        in_force(now).filter(code__in=codes)
        .defer("data").order_by("code", "-edition")
    )  # fmt: skip
    newest = {row.code: row for row in reversed(rows)}
    url, country = address("rules", tenant.slug), newest.get(tenant.country.lower())
    if country is None:
        return Point("rules", "scale", _("Rules of %(country)s") % {"country": tenant.country}, "done",
                     _("The rules that come with the product apply."), url, _("Read them") if url else "")  # fmt: skip
    words = {
        "draft": _("draft"), "reviewed": _("reviewed by us, not yet by a lawyer of the country"),
        "signed_off": _("signed off by a lawyer of the country"), "retired": _("retired"),
    }  # fmt: skip
    detail = _("Edition %(edition)s, %(status)s") % {
        "edition": country.edition, "status": words.get(country.status, country.status),
    }  # fmt: skip
    state = "done" if country.status == RulePackVersion.Status.SIGNED_OFF else "look"
    return Point("rules", "scale", _("Rules of %(country)s") % {"country": tenant.country}, state, detail, url,
                 _("Read them") if url else "")  # fmt: skip


def _keys(tenant: Tenant) -> Point:
    count = ApiKey.objects.filter(tenant=tenant, revoked_at=None).count()
    detail = _("Only needed when another system sends us data.")
    if count:
        detail = ngettext("%(count)s key works", "%(count)s keys work", count) % {"count": count}
    return Point("keys", "key", _("API keys"), "done" if count else "option", detail, address("keys", tenant.slug),
                 _("See keys") if count else _("Make a key"))  # fmt: skip


def _names(names: Any, most: int = 3) -> str:
    listed = [str(name) for name in names]
    more = len(listed) - most
    return ", ".join(listed[:most]) + (f" +{more}" if more > 0 else "")


# --- what is set aside, and what is stopped


@dataclass(frozen=True, slots=True)
class Stopped:
    """Something that does not send. `kind`: organisation, creditor, number or account."""

    kind: str
    id: Any
    name: str
    since: datetime
    reason: str


def stopped(tenant: Tenant) -> list[Stopped]:
    """Everything that a person stopped, the widest first."""
    found = []
    if tenant.sending_stopped_at:
        found.append(
            Stopped("organisation", tenant.pk, tenant.name, tenant.sending_stopped_at, tenant.sending_stopped_reason)
        )
    creditors = Creditor.objects.exclude(sending_stopped_at=None).values_list(
        Value("creditor"), "pk", "name", "sending_stopped_at", "sending_stopped_reason"
    )
    numbers = Number.objects.exclude(stopped_at=None).values_list(
        Value("number"), "pk", "address", "stopped_at", "stopped_reason"
    )
    rows = creditors.union(numbers, all=True)  # one question, for every page asks it
    found += sorted((Stopped(*row) for row in rows), key=lambda stop: (stop.kind, stop.name))
    return found


def waiting_messages(**which: Any) -> int:
    """Messages that would leave as soon as they may."""
    return SendRequest.objects.filter(state__in=["waiting", "queued"], **which).count()


def parked_count(tenant: Tenant) -> int:
    """Jobs that a person has to look at."""
    return Job.objects.filter(tenant_id=tenant.pk).exclude(parked_at=None).count()
