"""What pages write in the house's way: icons, money, instants, states, ageing. Built in: templates need no `load`."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_date, format_datetime, format_time, get_timezone_location
from babel.languages import get_official_languages
from babel.numbers import format_currency, format_decimal, format_percent
from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext, pgettext

from kernel.money import Money
from portfolio.places import zone_of

register = template.Library()


@lru_cache(maxsize=64)
def locale_of(language: str, country: str) -> Locale:
    """Babel's locale: the reader's language as it is written in the creditor's country."""
    speaks = language.partition("-")[0] or "en"
    for name in (f"{speaks}_{country.upper()}", language.replace("-", "_"), speaks):
        try:
            return Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse("en")


def _locale(context: template.Context, country: str = "") -> Locale:
    """Figures are written as the country writes them, whatever language the page is in."""
    organisation = context.get("organisation")
    country = country or (organisation.country if organisation else "")
    spoken = get_official_languages(country, de_facto=True) if country else ()
    language = next((each for each in spoken if each in ("es", "pt")), "") or get_language() or "en"
    return locale_of(language, country)


@register.simple_tag
def icon(name: str, label: str = "", cls: str = "") -> SafeString:
    """`{% icon "inbox" %}`: a symbol of static/icons.svg; with a label it is read out, else it is decoration."""
    href = f"{static('icons.svg')}#{name}"
    if label:
        return format_html(
            '<svg class="icon {}" role="img" aria-label="{}"><use href="{}"></use></svg>', cls, label, href
        )
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}"></use></svg>', cls, href
    )


@register.simple_tag(takes_context=True)
def money(context: template.Context, amount: Any, currency: str = "", country: str = "") -> SafeString:
    """`{% money invoice.balance %}` (a Money), or `{% money minor "MXN" %}` (minor units), as the country writes it."""
    if amount is None:
        return SafeString('<span class="money muted">–</span>')
    value = amount if isinstance(amount, Money) else Money.from_minor(int(amount), currency)
    text = format_currency(value.amount, value.currency, locale=_locale(context, country))
    sign = " negative" if value.amount < 0 else ""
    return format_html('<span class="money{}" data-currency="{}">{}</span>', sign, value.currency, text)


@register.simple_tag(takes_context=True)
def number(context: template.Context, value: Any, digits: int | None = None) -> str:
    """A figure with the country's separators."""
    if value is None:
        return "–"
    pattern = None if digits is None else "#,##0" + ("." + "0" * digits if digits else "")
    return str(format_decimal(value, format=pattern, locale=_locale(context)))


@register.simple_tag(takes_context=True)
def percent(context: template.Context, value: Any, digits: int = 0) -> str:
    """0.25 → 25 %."""
    if value is None:
        return "–"
    pattern = "#,##0" + ("." + "0" * digits if digits else "") + " %"
    return str(format_percent(Decimal(str(value)), format=pattern, locale=_locale(context)))


def _zone(context: template.Context, zone: str | ZoneInfo | None) -> ZoneInfo:
    if isinstance(zone, ZoneInfo):
        return zone
    if zone:
        return ZoneInfo(zone)
    organisation = context.get("organisation")
    return zone_of(organisation.country) if organisation else ZoneInfo("UTC")


def _words() -> Locale:
    return locale_of(get_language() or "en", {"pt-br": "BR", "es": "419"}.get(get_language() or "", ""))


@register.simple_tag(takes_context=True)
def instant(context: template.Context, at: datetime | None, form: str = "short", zone: Any = None) -> SafeString:
    """`{% instant message.sent_at %}`: in the organisation's zone, or in `zone=`; "short", "time", "long", "ago".

    "short" is the hour today, day and month this year, else the whole date. The title says the whole with its zone.
    """
    if at is None:
        return SafeString('<span class="muted">–</span>')
    where, words = _zone(context, zone), _words()
    local, now = at.astimezone(where), context.get("now")
    here = now.astimezone(where) if isinstance(now, datetime) else None
    if form == "time":
        text = format_time(local, "HH:mm", locale=words)
    elif form == "ago" and here is not None:
        text = ago(at, here)
    elif form == "long" or here is None:
        text = format_datetime(local, "d MMM y, HH:mm", locale=words)
    elif local.date() == here.date():
        text = format_time(local, "HH:mm", locale=words)
    elif local.year == here.year:
        text = format_datetime(local, "d MMM, HH:mm", locale=words)
    else:
        text = format_date(local.date(), "d MMM y", locale=words)
    whole = f"{format_datetime(local, 'd MMM y, HH:mm:ss', locale=words)} ({where.key})"
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), whole, text)


@register.simple_tag
def day(value: date | None, form: str = "medium") -> SafeString:
    """A calendar day, like a due date: "medium" (5 nov 2026) or "short" (5 nov)."""
    if value is None:
        return SafeString('<span class="muted">–</span>')
    text = format_date(value, "d MMM" if form == "short" else "d MMM y", locale=_words())
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), text)


def ago(at: datetime, now: datetime) -> str:
    """ "3 min" ago, or ahead: the size only."""
    seconds = abs((now - at).total_seconds())
    if seconds < 60:
        return gettext("now")
    for size, form in ((86400, gettext("%(count)s d")), (3600, gettext("%(count)s h")), (60, gettext("%(count)s min"))):
        if seconds >= size:
            return form % {"count": int(seconds // size)}
    return ""


#: state -> (tone, icon). Words come from STATE_WORDS; a state that is unknown is shown as it is, in grey.
STATES: dict[str, tuple[str, str]] = {
    "open": ("blue", "circle"), "paid": ("green", "check"), "settled": ("green", "check"),
    "overdue": ("red", "alert-triangle"), "cancelled": ("grey", "x"), "disputed": ("amber", "alert-triangle"),
    "active": ("blue", "circle"), "proposed": ("grey", "clock"), "accepted": ("blue", "check"),
    "fulfilled": ("green", "check"), "kept": ("green", "check"), "broken": ("red", "x"), "withdrawn": ("grey", "x"),
    "pending": ("amber", "clock"), "expired": ("grey", "clock"), "closed": ("grey", "check"),
    "allow": ("green", "shield-check"), "defer": ("amber", "clock"), "deny": ("red", "ban"),
    "queued": ("grey", "clock"), "sending": ("grey", "clock"), "sent": ("grey", "check"),
    "delivered": ("grey", "checks"), "read": ("blue", "checks"), "failed": ("red", "alert-triangle"),
    "refused": ("red", "ban"), "uncertain": ("amber", "help"), "waiting": ("amber", "clock"),
    "paused": ("amber", "player-pause"), "ended": ("grey", "x"), "running": ("green", "circle"),
    "verified": ("green", "shield-check"), "unknown": ("grey", "help"), "granted": ("green", "check"),
    "low": ("grey", "circle"), "medium": ("amber", "alert-triangle"), "high": ("red", "alert-triangle"),
    "approved": ("green", "check"), "rejected": ("red", "x"), "revoked": ("red", "x"),
}  # fmt: skip


def state_word(state: str) -> str:
    """A state in the reader's language."""
    words = {
        "open": pgettext("state", "Open"), "paid": pgettext("state", "Paid"), "settled": pgettext("state", "Settled"),
        "overdue": pgettext("state", "Overdue"), "cancelled": pgettext("state", "Cancelled"),
        "disputed": pgettext("state", "Disputed"), "active": pgettext("state", "Active"),
        "proposed": pgettext("state", "Proposed"), "accepted": pgettext("state", "Accepted"),
        "fulfilled": pgettext("state", "Fulfilled"), "kept": pgettext("state", "Kept"),
        "broken": pgettext("state", "Broken"), "withdrawn": pgettext("state", "Withdrawn"),
        "pending": pgettext("state", "Pending"), "expired": pgettext("state", "Expired"),
        "closed": pgettext("state", "Closed"), "allow": pgettext("state", "Allowed"),
        "defer": pgettext("state", "Held back"), "deny": pgettext("state", "Blocked"),
        "queued": pgettext("state", "Queued"), "sending": pgettext("state", "Sending"),
        "sent": pgettext("state", "Sent"), "delivered": pgettext("state", "Delivered"),
        "read": pgettext("state", "Read"), "failed": pgettext("state", "Failed"),
        "refused": pgettext("state", "Refused"), "uncertain": pgettext("state", "Uncertain"),
        "waiting": pgettext("state", "Waiting"), "paused": pgettext("state", "Paused"),
        "ended": pgettext("state", "Ended"), "running": pgettext("state", "Running"),
        "verified": pgettext("state", "Verified"), "unknown": pgettext("state", "Unknown"),
        "granted": pgettext("state", "Granted"), "low": pgettext("state", "Low"),
        "medium": pgettext("state", "Medium"), "high": pgettext("state", "High"),
        "approved": pgettext("state", "Approved"), "rejected": pgettext("state", "Rejected"),
        "revoked": pgettext("state", "Revoked"),
    }  # fmt: skip
    return words.get(state, state)


@register.simple_tag
def state(name: Any, label: str = "", tone: str = "") -> SafeString:
    """`{% state invoice.state %}`: a badge with icon and word, so that its colour says nothing alone."""
    key = str(name or "")
    usual, symbol = STATES.get(key, ("grey", "circle"))
    return format_html('<span class="state {}">{}{}</span>', tone or usual, icon(symbol), label or state_word(key))


@register.simple_tag
def ageing(days: int | None) -> SafeString:
    """`{% ageing 34 %}`: days past due as a chip, warmer with age; negative: days until due."""
    if days is None:
        return SafeString("")
    if days <= 0:
        words = gettext("due today") if days == 0 else ngettext("due in %(days)s day", "due in %(days)s days", -days)
        return format_html('<span class="age age-0">{}</span>', words % {"days": -days} if days else words)
    step = 1 if days <= 30 else 2 if days <= 60 else 3 if days <= 90 else 4
    words = ngettext("%(days)s day late", "%(days)s days late", days) % {"days": days}
    return format_html('<span class="age age-{}">{}</span>', step, words)


@register.simple_tag
def role(name: str) -> str:
    """A membership's role in the reader's language."""
    words = {
        "agent": pgettext("role", "Agent"),
        "supervisor": pgettext("role", "Supervisor"),
        "admin": pgettext("role", "Administrator"),
        "auditor": pgettext("role", "Auditor"),
        "creditor": pgettext("role", "Creditor"),
    }
    return words.get(str(name), str(name))


@register.simple_tag(takes_context=True)
def org_clock(context: template.Context) -> SafeString:
    """The organisation's business clock with its zone; static/js/app.js lets it run."""
    zone, organisation = _zone(context, None), context["organisation"]
    local = context["now"].astimezone(zone)
    text = format_datetime(local, "EEE d MMM, HH:mm", locale=_words())
    place = get_timezone_location(zone, locale=_words(), return_city=True)
    frozen = format_html(' data-frozen="{}"', 1) if organisation.clock_frozen_at else ""
    return format_html(
        '<span class="clock">{}<time data-clock data-zone="{}" datetime="{}"{}>{}</time><small>{}</small></span>',
        icon("clock-pause" if frozen else "clock"), zone.key, local.isoformat(), frozen, text, place,
    )  # fmt: skip


@register.simple_tag
def initials(name: str) -> str:
    """Two letters for a person without a picture."""
    parts = [part for part in str(name).replace("@", " ").split() if part]
    return "".join(part[0] for part in (parts[:1] + parts[1:][-1:])).upper() or "?"


@register.simple_tag(takes_context=True)
def here_with(context: template.Context, **changes: Any) -> str:
    """This address with other parameters: `{% here_with cursor=page.next %}`; an empty value takes one out."""
    query = context["request"].GET.copy()
    for key, value in changes.items():
        query.pop(key, None)
        if value not in (None, ""):
            query[key] = str(value)
    return f"?{query.urlencode()}"
