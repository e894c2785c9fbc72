"""A document as it is told: numbers for messages and decisions, names for people, instants in the debtor's zone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal

from compliance.decide.explain import texts_of as rule_texts
from compliance.evidence.texts import texts_of
from compliance.evidence.typeset import Block, Text, safe, soft
from kernel.money import Money
from portfolio.places import zone_of


class Told:
    """A document told: numbers for messages and decisions, names for people, instants in the debtor's zone."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document, self.case = document, document["case"]
        self.language = document["language"]
        self.words, self.rules = texts_of(self.language), rule_texts(self.language)
        creditor: dict[str, Any] = next(iter(self.case["creditors"]), {})
        self.country = (creditor.get("country") or document["tenant"].get("country") or "").upper()
        self.locale = _locale(self.language, self.country)
        self.debtors: dict[str, dict[str, Any]] = {row["id"]: row for row in self.case["debtors"]}
        self.creditors = {row["id"]: row for row in self.case["creditors"]}
        debtor: dict[str, Any] = next(iter(self.case["debtors"]), {})
        self.zone = _zone(debtor.get("zone")) or zone_of(self.country)
        self.messages = document["messages"]
        self.numbers = {row["id"]: place for place, row in enumerate(self.messages, 1)}
        self.by_request = {row["request_id"]: row["id"] for row in self.messages if row.get("request_id")}
        self.places = {
            (one["leaf"]["name"], one["leaf"]["subject"], one["leaf"]["subject_id"]): (one["leaf"]["sequence"], one["seal"])
            for one in document["events"]
        }  # fmt: skip
        self.records: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for record in document["records"]:
            self.records[record["subject"]].append(record)
        decisions = [one for one in self.records["compliance.decision"] if one["content"]]
        self.decisions = sorted(decisions, key=lambda one: (one["content"]["decided_at"], one["id"]))
        self.decision_numbers = {one["id"]: place for place, one in enumerate(self.decisions, 1)}
        self.findings: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for finding in document["findings"]:
            self.findings[finding["decision"]].append(finding)
        self.account: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for line in document["account"]:
            self.account[line["kind"]].append(line)

    @cached_property
    def about(self) -> str:
        """The case in one line: what the header of every page says."""
        scope, complaint = self.document["scope"], self.case["complaint"]
        names = [f"{row['name']} · {row['external_id']}" for row in self.case["debtors"]]
        if scope["kind"] == "period":
            return f"{self.words.scopes['period']}: {self._period()}"
        parts = [names[0] if len(names) == 1 else self.words.scopes[scope["kind"]]]
        if complaint:
            parts.insert(0, " ".join(filter(None, (complaint["authority"], complaint["reference"]))))
        return " · ".join(parts)

    @property
    def house(self) -> str:
        """Whose pages these are; a sandbox's say that nothing of it happened."""
        tenant = self.document["tenant"]
        return f"{tenant['name']} · {self.words.told['simulated']}" if tenant["sandbox"] else str(tenant["name"])

    @property
    def _label(self) -> str:
        return self.words.labels["message"]

    @cached_property
    def _decided(self) -> dict[str, list[int]]:
        """Numbers of the decisions about each request."""
        found: dict[str, list[int]] = defaultdict(list)
        for one in self.decisions:
            found[one["content"]["request_id"]].append(self.decision_numbers[one["id"]])
        return found

    def _editions(self, content: dict[str, Any]) -> list[dict[str, Any]]:
        layers = self.document["rulesets"].get(content["ruleset_digest"], {}).get("layers", ())
        found = [self._edition(layer["name"], content["decided_at"]) for layer in layers]
        return list({row["code"]: row for row in found if row}.values())

    def _edition(self, layer: str, at: str) -> dict[str, Any] | None:
        code = layer if layer == "latam-default" else layer.partition("-")[0]
        held = [
            row for row in self.document["packs"]
            if row["code"] == code and row["effective_from"] <= at and not (row["effective_to"] and row["effective_to"] <= at)
        ]  # fmt: skip
        return held[-1] if held else None

    def _valid_for(self, content: dict[str, Any]) -> str:
        told = self.words.told
        channel = self.rules.channels.get(content["channel"], content["channel"])
        purpose = self.words.purposes.get(content["purpose"], content["purpose"])
        points = {point["id"]: point["value"] for row in self.case["debtors"] for point in row["contact_points"]}
        contact = points.get(
            content["contact_point_id"] or "", told["any_contact"] if not content["contact_point_id"] else ""
        )
        whose = told["for_all"] if not content["creditor_id"] else self._creditor_name(content["creditor_id"])
        return " · ".join(filter(None, (told["valid_for"].format(channel=channel, purpose=purpose), contact, whose)))

    def _creditor_name(self, creditor_id: str) -> str:
        row = self.creditors.get(creditor_id)
        return row["name"] if row else self.words.told["for_creditor"]

    def _place(self, one: dict[str, Any], *, short: bool = False) -> str:
        sequence, seal = self.places.get((one["event"], one["subject"], one["id"]), ("–", "–"))
        return f"{sequence} / {seal}" if short else self.words.told["event"].format(sequence=sequence, seal=seal)

    def _none(self) -> Iterator[Block]:
        yield Text(safe(self.words.told["none"]))

    def who(self, actor: str, source: str = "") -> str:
        """A person's name and part, or the part alone; never an id."""
        kind = actor.partition(":")[0]
        part = self.words.sources.get(source) or self.words.sources.get(kind) or ""
        name = self.case["people"].get(actor, "")
        return f"{name} ({part})" if name and part else name or part or kind or source

    def money(self, minor: int, currency: str) -> str:
        """An amount as the creditor's country writes it."""
        return str(format_currency(Money.from_minor(minor, currency).amount, currency, locale=self.locale))

    def number(self, n: int) -> str:
        """A figure with the country's separators."""
        return str(format_decimal(n, locale=self.locale))

    def day(self, iso: str | None) -> str:
        """A calendar day."""
        return str(format_date(date.fromisoformat(iso), "d MMM y", locale=self.locale)) if iso else ""

    def moment(self, iso: str, zone: ZoneInfo | None = None, *, day: bool = False) -> str:
        """An instant in the debtor's zone, with its distance from UTC."""
        local = datetime.fromisoformat(iso).astimezone(zone or self.zone)
        if day:
            return str(format_date(local.date(), "d MMM y", locale=self.locale))
        offset = local.strftime("%z")
        text = format_datetime(local, "d MMM y, HH:mm:ss", locale=self.locale)
        return f"{text} UTC{offset[:1].replace('-', '−')}{offset[1:3]}:{offset[3:5]}"

    def utc(self, iso: str) -> str:
        """The same instant in UTC, to the second."""
        return datetime.fromisoformat(iso).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")

    def _when(self, iso: str, zone: ZoneInfo) -> str:
        local = datetime.fromisoformat(iso).astimezone(zone)
        offset = local.strftime("%z")
        at = f"{local:%H:%M:%S} UTC{offset[:1].replace('-', '−')}{offset[1:3]}:{offset[3:5]}"
        return (
            f"{safe(format_date(local.date(), 'd MMM y', locale=self.locale))}<br/>{safe(at)}<br/>{soft(self.utc(iso))}"
        )

    def _zone_of(self, debtor: str | None) -> ZoneInfo:
        row = self.debtors.get(debtor or "")
        return (_zone(row["zone"]) if row else None) or self.zone

    def _period(self) -> str:
        since, until = self.document["scope"]["since"], self.document["scope"]["until"]
        return f"{self.moment(since)} – {self.moment(until)}"


def stated_at(one: dict[str, Any]) -> str:
    content = one["content"] or one["shown"]
    name = {"consent.recorded": "given_at", "stop.raised": "since", "stop.lifted": "lifted_at"}[one["event"]]
    return str(content[name])


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def _locale(language: str, country: str) -> Locale:
    for name in (f"{language}_{country}", {"pt": "pt_BR", "es": "es_419"}.get(language, language)):
        try:
            return Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse("en")
