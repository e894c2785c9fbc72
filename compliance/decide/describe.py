"""The rules of a layer as a person reads them: one sentence each, with what it counts, where it comes from. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from .compiling import week_of
from .days import hhmm
from .explain import LANGUAGES, texts_of
from .rules import Intervals, Layer
from .texts import Texts
from .texts.rules import WORDS, RuleWords

PRODUCT_RULES: Mapping[str, str] = {
    "X-BALANCE-STALE": "freshness", "X-WINDOW-CLOSED": "channel", "X-LIMIT": "channel", "X-CHANNEL-PAUSED": "channel",
}  # fmt: skip
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of one layer, with the row of the pack that states it."""

    code: str
    kind: str
    layer: str
    row: Mapping[str, Any]
    #: Hours of a window, Monday first.
    week: tuple[Intervals, ...] = ()

    @property
    def enabled(self) -> bool:
        """Whether it decides at all."""
        return bool(self.row.get("enabled", True))

    @property
    def citation(self) -> str:
        """The law, '' when the pack names none."""
        return str(self.row.get("law") or "")

    @property
    def basis(self) -> str:
        """Binding force: statute, regulation, article_practice, ..."""
        return str(self.row.get("binding") or "")

    @property
    def read_in(self) -> str:
        """How the source was read: verified_primary, verified_secondary, memory, article, inference."""
        return str(self.row.get("status") or "")


def rules_of(layer: Layer) -> Iterator[Rule]:
    """Every rule of a layer (a pack, an overlay, or an own layer), in evaluation order."""
    name, data = layer.name, layer.data
    for row in data.get("stop_rules") or ():
        yield Rule(row["id"], "stop", name, row)
    consent = data.get("consent") or {}
    if consent.get("rule"):
        yield Rule(consent["rule"], "consent", name, {**consent, "law": consent.get("law", "")})
    identity = data.get("identity_verification") or {}
    if identity.get("rule"):
        yield Rule(identity["rule"], "identity", name, identity)
    for row in data.get("content_prohibited") or ():
        yield Rule(row["id"], "prohibited_content", name, row)
    if data.get("content_required_rule"):
        row = {"fields": data.get("content_required") or (), "binding": "article_practice", "status": "article"}
        yield Rule(data["content_required_rule"], "required_content", name, row)
    for row in data.get("content_required_rules") or ():
        yield Rule(row["id"], "required_content", name, row)
    for row in data.get("closed_days") or ():
        yield Rule(row["id"], "closed_day", name, row)
    if data.get("windows_rule"):
        rule = data["windows_rule"]
        yield Rule(rule["id"], "window", name, rule, week_of(data.get("windows") or {}, name))
    for row in data.get("caps") or ():
        yield Rule(row["id"], "cap", name, row)
    if data.get("channel_lock"):
        yield Rule(data["channel_lock"]["id"], "channel_lock", name, data["channel_lock"])


def product_rules() -> list[Rule]:
    """The product's own rules about data and channel, which no pack holds."""
    return [Rule(code, kind, "product", {"binding": "platform"}) for code, kind in PRODUCT_RULES.items()]


def describe(rule: Rule, lang: str) -> list[str]:
    """The rule in whole sentences: what it demands first, then what it counts and where it holds."""
    texts, words = texts_of(lang), words_of(lang)
    told = _told(rule, texts, words)
    if not rule.enabled:
        told.append(words.disabled)
    return [sentence[:1].upper() + sentence[1:] for sentence in told]


def words_of(lang: str) -> RuleWords:
    """The words in which rules are told; raises ValueError for a language that there is none of."""
    texts_of(lang)
    return WORDS[lang.split("-")[0].lower()]


def basis_words(basis: str, lang: str) -> str:
    """A binding force as a person calls it; '' when it is not known."""
    return texts_of(lang).basis.get(basis, "")


def layer_name(code: str, lang: str, *, of: str = "") -> str:
    """A layer as a person calls it: everywhere, a country, a state of one (`of` is the country's pack code)."""
    texts, words = texts_of(lang), words_of(lang)
    if code in words.names:
        return words.names[code]
    country = texts.countries.get(of or code.split("-")[0], code.upper())
    if of or "-" in code:
        state = code.split("-")[-1]
        return words.subdivision.format(
            country=country, code=words.unknown_state if state == "unknown" else state.upper()
        )
    return country


def week_words(week: Sequence[Intervals], lang: str) -> list[tuple[str, str]]:
    """(days, hours) with days that have the same hours taken together; hours '' for none."""
    texts, words = texts_of(lang), words_of(lang)
    found = []
    for hours, group in groupby(range(7), key=lambda day: week[day]):
        days = list(group)
        first, last = texts.weekdays[days[0]], texts.weekdays[days[-1]]
        name = first if len(days) == 1 else words.through.format(first=first, last=last)
        found.append((name, hours_words(hours)))
    return found


def hours_words(hours: Intervals) -> str:
    """`08:00–20:00`, several with commas; '' for none."""
    return ", ".join(f"{hhmm(start)}–{hhmm(end)}" for start, end in hours)


def _told(rule: Rule, texts: Texts, words: RuleWords) -> list[str]:
    row = rule.row
    if rule.layer == "product":
        return [words.product[rule.code]]
    if rule.kind == "stop":
        told = [words.stop.format(condition=texts.conditions.get(row["when"], texts.other))]
        if row.get("grace_days"):
            told.append(words.stop_grace.format(days=row["grace_days"]))
        if row.get("applies_to_subdivisions"):
            told.append(words.stop_states.format(states=_listed(row["applies_to_subdivisions"], texts)))
        return told
    if rule.kind == "consent":
        return [words.consent]
    if rule.kind == "identity":
        days = row.get("expires_after_days")
        return [words.identity, *([words.identity_days.format(days=days)] if days else [])]
    if rule.kind == "prohibited_content":
        return [words.prohibited.format(flag=texts.flags.get(row["flag"], row["flag"].replace("_", " ")))]
    if rule.kind == "required_content":
        fields = [texts.fields.get(name, name.replace("_", " ")) for name in row["fields"]]
        told = [words.required.format(fields=_listed(fields, texts))]
        if row.get("subdivision"):
            told.append(words.required_state.format(state=row["subdivision"]))
        return told
    if rule.kind == "closed_day":
        return [_closed(row, texts, words)]
    if rule.kind == "window":
        lang = next(code for code, each in LANGUAGES.items() if each is texts)
        week = week_words(rule.week, lang)
        open_days = [words.hours.format(days=days, hours=hours) for days, hours in week if hours]
        shut = [texts.weekdays[day] for day in range(7) if not rule.week[day]]
        told = [words.window.format(week=_listed(open_days, texts))] if open_days else []
        return [*told, *([words.no_hours.format(days=_listed(shut, texts))] if shut else [])]
    if rule.kind == "cap":
        return _cap(row, texts, words)
    return [words.lock.format(days=row["per"]["value"])]


def _closed(row: Mapping[str, Any], texts: Texts, words: RuleWords) -> str:
    if row["day"] in _DAYS:
        return words.closed_weekday.format(on=texts.on_days[_DAYS.index(row["day"])])
    if row.get("dates"):
        days = [date.fromisoformat(str(text)) for text in row["dates"]]
        told = [
            texts.date.format(
                weekday=texts.weekdays[day.weekday()], day=day.day, month=texts.months[day.month - 1], year=day.year
            )
            for day in days
        ]
        return words.closed_dates.format(dates=_listed(told, texts))
    calendar = row.get("calendar")
    names = calendar.get("names") if isinstance(calendar, Mapping) else None
    return words.closed_named.format(names=_listed(names, texts)) if names else words.closed_holidays


def _cap(row: Mapping[str, Any], texts: Texts, words: RuleWords) -> list[str]:
    named = row.get("channels", "all")
    channels = words.all_channels
    if named != "all":
        channels = _listed([texts.channels.get(channel, channel) for channel in named], texts)
    count, days = int(row["count"]), int(row["per"]["value"])
    if count == 0:
        return [words.cap_none.format(channels=channels)]
    forms = words.cap_day if days == 1 else words.cap_days
    told = [forms[count != 1].format(count=count, days=days, channels=channels)]
    clear = (row.get("spacing") or {}).get("clear_days")
    if clear:
        told.append(words.spacing.format(days=clear))
    return [*told, words.scopes.get(row.get("scope", "debtor"), "")]


def _listed(parts: Sequence[str], texts: Texts) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {texts.and_} {parts[-1]}"
