"""Why not, and when: a finding as one sentence that a debtor, an agent, a supervisor and a judge can each read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from .offsets import epoch_of, zone_table
from .packs import load_packs
from .rules import WEEK
from .texts import Texts
from .texts.en import EN
from .texts.es import ES
from .texts.pt import PT
from .values import Decision, Finding, instant

LANGUAGES: Mapping[str, Texts] = {"es": ES, "pt": PT, "pt-BR": PT, "pt-br": PT, "en": EN}

_WEEKDAYS = {"monday": 0, "tuesday": 1, "wednesday": 2, "thursday": 3, "friday": 4, "saturday": 5, "sunday": 6}
_TIME_KINDS = frozenset({"closed_day", "window", "cap", "spacing", "channel_lock"})
_OWNERS: Mapping[str, str] = {
    "opted_out": "debtor",
    "cease_requested": "debtor",
    "dispute_open": "supervisor",
    "debt_settled": "nobody",
    "recipient_not_debtor_or_guarantor": "agent",
    "number_reported_wrong": "agent",
    "number_not_supplied_by_debtor": "debtor",
    "group_chat": "agent",
    "timezone_unknown": "agent",
    "minor_or_deceased_or_incapacitated": "supervisor",
    "debt_time_barred": "nobody",
    "repactuacao_or_superendividamento_plan": "supervisor",
    "listed_in_state_do_not_contact_registry": "debtor",
    "recipient_elderly_or_minor_not_debtor": "agent",
    "no_reliable_evidence_of_debt": "creditor",
    "sender_number_hidden_or_unregistered": "administrator",
    "sued_or_insolvency_procedure": "creditor",
    "sernac_no_me_hostiguen_request": "supervisor",
    "represented_by_attorney": "supervisor",
    "consent": "debtor",
    "identity": "agent",
    "prohibited_content": "agent",
    "required_content": "administrator",
    "freshness": "creditor",
    "X-LIMIT": "time",
    "X-CHANNEL-PAUSED": "supervisor",
    "X-WINDOW-CLOSED": "agent",
    "DEBTOR-CHANNEL": "debtor",
    "time": "time",
    "other": "administrator",
}


def texts_of(lang: str) -> Texts:
    """The words of a language: es, pt (pt-BR) or en, region ignored; raises ValueError for another."""
    found = LANGUAGES.get(lang) or LANGUAGES.get(lang.split("-")[0].lower())
    if found is None:
        raise ValueError(f"no texts in {lang!r}; there are es, pt and en")
    return found


def explain(finding: Finding, lang: str, zone: str = "UTC") -> str:
    """One sentence with its citation: why this rule objects, told in the debtor's zone."""
    words = texts_of(lang)
    sentence = _reason(finding, words, zone)
    return f"{sentence[:1].upper()}{sentence[1:]}; {words.ground}: {_citation(finding, words)}."


def explain_decision(decision: Decision, lang: str, zone: str = "UTC") -> list[str]:
    """A sentence for every finding, and at the end when it may be sent, or that a person has to act first."""
    words = texts_of(lang)
    if decision.allowed:
        return [f"{words.allowed}."]
    told = [explain(finding, lang, zone) for finding in decision.findings]
    if decision.next_allowed_at is not None:
        told.append(f"{words.wait.format(moment=moment_text(decision.next_allowed_at, lang, zone))}.")
    else:
        told.append(f"{words.never if decision.verdict == 'deny' else words.unplanned}.")
    return told


def moment_text(at: datetime, lang: str, zone: str) -> str:
    """An instant as people say it in a zone: `lunes 30 de noviembre, 08:00, hora de Bogotá`."""
    return _moment(instant(zone_table(zone).local(epoch_of(at))), texts_of(lang), zone)


def _moment(local: datetime, words: Texts, zone: str) -> str:
    city = zone.rsplit("/", 1)[-1].replace("_", " ")
    return words.moment.format(
        weekday=words.weekdays[local.weekday()],
        day=local.day,
        month=words.months[local.month - 1],
        time=f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}",
        city=words.cities.get(city, city),
    )


def owner(rule: Finding | str) -> str:
    """Who can mend it: time, debtor, agent, supervisor, creditor, administrator or nobody."""
    return _OWNERS[_subject(rule)]


def owner_text(rule: Finding | str, lang: str) -> str:
    """The owner as a person would call them."""
    return texts_of(lang).owners[owner(rule)]


def remedy(rule: Finding | str, lang: str) -> str:
    """What to do about it, in one sentence."""
    return texts_of(lang).remedies[_subject(rule)]


def _subject(rule: Finding | str) -> str:
    """What a remedy depends on: the stop condition, the product's own rule, or the kind."""
    if isinstance(rule, Finding):
        if rule.rule in _OWNERS:
            return rule.rule
        if rule.kind in _TIME_KINDS:
            return "time"
        subject = str(rule.values.get("condition")) if rule.kind == "stop" else rule.kind
        return subject if subject in _OWNERS else "other"
    return rule if rule in _OWNERS else _catalogue().get(rule, "other")


@lru_cache(maxsize=1)
def _catalogue() -> Mapping[str, str]:
    """Subject of every rule id of the shipped packs."""
    found = {"X-CONTENT-REQUIRED": "required_content", "X-BALANCE-STALE": "freshness"}
    for pack in load_packs().values():
        for data in (pack.data, *pack.overlays.values()):
            found |= {row["id"]: row["when"] for row in data.get("stop_rules") or ()}
            found |= {row["id"]: "prohibited_content" for row in data.get("content_prohibited") or ()}
            found |= {row["id"]: "required_content" for row in data.get("content_required_rules") or ()}
            for key in ("closed_days", "caps"):
                found |= {row["id"]: "time" for row in data.get(key) or ()}
            for key in ("windows_rule", "channel_lock"):
                if data.get(key):
                    found[data[key]["id"]] = "time"
            for key, subject in (("consent", "consent"), ("identity_verification", "identity")):
                if (data.get(key) or {}).get("rule"):
                    found[data[key]["rule"]] = subject
    return found


def _citation(finding: Finding, words: Texts) -> str:
    if finding.citation:
        return finding.citation
    basis = words.basis.get(finding.basis, words.basis["inference"])
    country = words.countries.get(finding.pack.split("-")[0])
    if country and finding.basis in ("statute", "regulation", "regulator_guidance", "case_law"):
        return words.law_of.format(basis=basis, country=country)
    return basis


def _reason(finding: Finding, words: Texts, zone: str) -> str:
    values = finding.values
    if finding.kind in ("closed_day", "window"):
        return _day_reason(finding, words)
    if finding.kind in ("cap", "spacing", "channel_lock"):
        return _budget_reason(finding, words)
    if finding.kind == "channel":
        return _channel_reason(finding, words, zone)
    if finding.kind == "stop":
        return _stop_reason(values, words)
    if finding.kind == "consent":
        reason = words.consent_states.get(values["state"], words.consent_states["unknown"])
        return words.consent.format(channel=words.channels.get(values["channel"], values["channel"]), reason=reason)
    if finding.kind == "identity":
        return words.identity.format(
            state=words.identity_states[values["state"]], discloses=words.disclosures[values["disclosure"]]
        )
    if finding.kind == "prohibited_content":
        return words.prohibited.format(flag=words.flags.get(values["flag"], _plain(values["flag"])))
    if finding.kind == "required_content":
        return words.required.format(fields=_listed([words.fields.get(f, _plain(f)) for f in values["fields"]], words))
    age = values["max_age_minutes"]
    return words.stale.format(age=f"{age // 60} h" if age % 60 == 0 else f"{age} min")


def _day_reason(finding: Finding, words: Texts) -> str:
    values = finding.values
    if finding.kind == "window":
        on = words.on_days[WEEK.index(values["day"])]
        if not values["hours"]:
            return words.no_hours.format(on=on)
        hours = _listed([words.hour_range.format(start=start, end=end) for start, end in values["hours"]], words)
        moment = _moment(datetime.fromisoformat(values["local"]), words, values["zone"])
        return words.hours.format(on=on, hours=hours, moment=moment)
    if values["day"] in _WEEKDAYS:
        return words.closed_weekday.format(on=words.on_days[_WEEKDAYS[values["day"]]])
    day = _date(values["date"], words)
    if values.get("holiday"):
        return words.closed_holiday.format(date=day, holiday=values["holiday"])
    return words.closed_date.format(date=day)


def _budget_reason(finding: Finding, words: Texts) -> str:
    values: dict[str, Any] = dict(finding.values)
    if finding.kind == "cap":
        if values["limit"] == 0:
            return words.other_channel if finding.rule == "DEBTOR-CHANNEL" else words.none_allowed
        return words.cap["day" if values["days"] == 1 else "days"].format(**values)
    if finding.kind == "spacing":
        return words.spacing.format(last=_date(values["last"], words), clear_days=values["clear_days"])
    channels = _listed([words.channels.get(channel, channel) for channel in values["channels"]], words)
    return words.lock.format(channels=channels, days=values["days"])


def _channel_reason(finding: Finding, words: Texts, zone: str) -> str:
    if finding.rule == "X-WINDOW-CLOSED":
        return words.free_text
    until = finding.values.get("until")
    if until is None:
        return words.paused
    moment = _moment(instant(zone_table(zone).local(epoch_of(datetime.fromisoformat(until)))), words, zone)
    return (words.limit if finding.rule == "X-LIMIT" else words.paused_until).format(moment=moment)


def _stop_reason(values: Mapping[str, Any], words: Texts) -> str:
    sentence = words.conditions.get(values["condition"], words.other)
    if values.get("since"):
        sentence = f"{sentence} {words.since.format(date=_date(values['since'], words))}"
    if values.get("grace_days"):
        sentence = f"{sentence}, {words.grace.format(days=values['grace_days'])}"
    return sentence


def _date(text: str, words: Texts) -> str:
    day = date.fromisoformat(text)
    return words.date.format(
        weekday=words.weekdays[day.weekday()], day=day.day, month=words.months[day.month - 1], year=day.year
    )


def _listed(parts: list[str], words: Texts) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {words.and_} {parts[-1]}"


def _plain(name: str) -> str:
    return name.replace("_", " ")
