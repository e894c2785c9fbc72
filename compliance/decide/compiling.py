"""Compiling: a list of layers (packs, overlays, a tenant's own) becomes one RuleSet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from kernel.canonical import digest
from kernel.errors import DomainError

from .packs import COMMON, DECIDING
from .rules import WEEK, Cap, Closed, Intervals, Layer, Lock, Plan, Ref, Required, RuleSet, Stop, Window
from .values import (
    COLLECTION,
    CONSENT_REQUEST,
    DAY,
    EPOCH_ORDINAL,
    IDENTITY_PROBE,
    MESSAGE_CLASSES,
    NEW_DEMAND,
    OPTOUT_CONFIRMATION,
    REPLY,
    SERVICE,
    Finding,
)

_WEEKDAY_OF = {"monday": 0, "tuesday": 1, "wednesday": 2, "thursday": 3, "friday": 4, "saturday": 5, "sunday": 6}
_TIME_KINDS = ("closed_day", "window", "cap", "spacing", "channel_lock")
_ALL = ("stop", "consent", "identity", "prohibited_content", "required_content", "freshness", "channel", *_TIME_KINDS)

#: Which kinds of rule each class answers to (conventions.rule_kinds_by_class).
KINDS_BY_CLASS: Mapping[str, frozenset[str]] = {
    COLLECTION: frozenset(_ALL),
    IDENTITY_PROBE: frozenset(_ALL) - {"required_content", "freshness"},
    CONSENT_REQUEST: frozenset(_ALL) - {"required_content", "freshness", "identity"},
    REPLY: frozenset(_ALL) - {"required_content", "freshness"},
    SERVICE: frozenset({"stop", "consent", "identity", "prohibited_content", "channel", "closed_day", "window"}),
    OPTOUT_CONFIRMATION: frozenset(),
}

#: Stop conditions that do not stop a class.
_UNSTOPPED = {REPLY: frozenset({"dispute_open"}), SERVICE: frozenset({"debt_settled"})}
_LIFTS = {
    "caps": "cap",
    "spacing": "spacing",
    "channel_lock": "channel_lock",
    "windows": "window",
    "closed_days": "closed_day",
}


def compile_layers(layers: Sequence[Layer]) -> RuleSet:
    """The RuleSet of layers in evaluation order (common first). Of rules with one id the first stands.

    Raises DomainError `pack_invalid` naming the layer and field when the data cannot be understood.
    """
    kept = [
        Layer(layer.name, {key: layer.data[key] for key in DECIDING if layer.data.get(key) is not None})
        for layer in layers
    ]
    content = {"layers": [{"name": layer.name, "data": layer.data} for layer in kept]}
    reader = _Reader(kept)
    for layer in kept:
        reader.read(layer)
    for key in ("channel_specific", "purpose_specific"):
        said = [(layer.data.get("consent") or {}).get(key) for layer in kept]
        if False in said and True not in said:
            raise DomainError(
                "pack_invalid",
                "rule pack %(pack)s, %(rule)s: %(key)s can only be %(known)s",
                pack=kept[said.index(False)].name,
                rule="consent",
                key=key,
                known=True,
            )
    plans = {name: reader.plan(name) for name in MESSAGE_CLASSES}
    spans = [max(cap.days, (cap.clear_days or 0) + 1) for cap in reader.caps]
    lookback = max([1, *spans, *(lock.days for lock in reader.locks)])
    return RuleSet(
        codes=tuple(layer.name for layer in kept),
        hash=digest(content),
        content=content,
        country=next((layer.data["iso2"] for layer in kept if layer.data.get("iso2")), None),
        plans=plans,
        closed=tuple(reader.closed),
        windows=tuple(reader.windows),
        required_fallback=reader.fallback,
        required_fields=frozenset(reader.fields),
        identity_days=min(reader.identity_days, default=None),
        reply_window=timedelta(hours=min(reader.reply_hours or [24])),
        lookback_days=lookback,
    )


def ruleset_from_content(content: Mapping[str, Any]) -> RuleSet:
    """The RuleSet of a stored `content`: what a replay years later starts from."""
    return compile_layers([Layer(layer["name"], layer["data"]) for layer in content["layers"]])


def interval(text: Sequence[str] | None, where: str) -> tuple[int, int]:
    """`["08:00", "20:00"]` as seconds of the day, end exclusive; raises DomainError `pack_invalid`."""
    try:
        assert text is not None
        start, end = (_clock(part) for part in text)
    except (AssertionError, ValueError, TypeError) as error:
        raise DomainError("pack_invalid", '%(where)s: hours are written ["08:00", "20:00"]', where=where) from error
    if not 0 <= start < end <= DAY:
        raise DomainError("pack_invalid", "%(where)s: hours must end after they start", where=where)
    return start, end


def _clock(text: str) -> int:
    hours, minutes = text.split(":")
    if not (0 <= int(minutes) < 60):
        raise ValueError(text)
    return int(hours) * 3600 + int(minutes) * 60


def week_of(windows: Mapping[str, Any], where: str) -> tuple[Intervals, ...]:
    """Seven days of hours, Monday first: null, one pair, or a list of pairs per day."""
    week: list[Intervals] = []
    for day in WEEK:
        hours = windows.get(day)
        if hours is None:
            week.append(())
        elif hours and isinstance(hours[0], str):
            week.append((interval(hours, f"{where} {day}"),))
        else:
            week.append(tuple(sorted(interval(pair, f"{where} {day}") for pair in hours)))
    return tuple(week)


class _Reader:
    """Collects the rules of layers, kind by kind, in their order."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.seen: dict[str, set[str]] = {}
        self.stops: list[Stop] = []
        self.consents: list[Ref] = []
        self.identity: Ref | None = None
        self.prohibited: list[tuple[str, Finding]] = []
        self.required: list[Required] = []
        self.fallback = Ref("X-CONTENT-REQUIRED", COMMON, "", "inference")
        self.closed: list[Closed] = []
        self.windows: list[Window] = []
        self.caps: list[Cap] = []
        self.locks: list[Lock] = []
        self.fields: set[str] = set()
        self.identity_days: list[int] = []
        self.lifts: set[str] = set()
        self.reply_hours: list[int] = []

    def read(self, layer: Layer) -> None:
        """Add one layer."""
        try:
            self._conduct(layer)
            self._content(layer)
            self._time(layer)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DomainError(
                "pack_invalid", "rule pack %(pack)s: %(error)s", pack=layer.name, error=repr(error)
            ) from error

    def _new(self, kind: str, rule: str) -> bool:
        known = self.seen.setdefault(kind, set())
        if rule in known:
            return False
        known.add(rule)
        return True

    def _conduct(self, layer: Layer) -> None:
        data = layer.data
        for row in data.get("stop_rules", ()):
            _only(layer, row["id"], row, "effect", "deny")
            if row.get("enabled", True) and self._new("stop", row["id"]):
                states = frozenset(row.get("applies_to_subdivisions") or ()) or None
                self.stops.append(Stop(row["id"], row["when"], row.get("grace_days"), states, *_from(layer, row)))
        consent = data.get("consent") or {}
        _only(layer, "consent", consent, "states_that_pass", ["granted"])
        if consent.get("rule") and consent.get("required") is not False and self._new("consent", consent["rule"]):
            self.consents.append(
                Ref(consent["rule"], layer.name, consent.get("law", ""), consent.get("binding", "statute"))
            )
        identity = data.get("identity_verification") or {}
        if days := identity.get("expires_after_days"):
            self.identity_days.append(int(days))
        if identity.get("rule") and identity.get("required_before_debt_mention") is not False and self.identity is None:
            self.identity = Ref(identity["rule"], layer.name, identity.get("law", ""), identity.get("binding", ""))
        reply = data.get("reply_exception")
        if reply:
            _only(layer, "reply_exception", reply, "void_if_message_flag", NEW_DEMAND)
            _only(layer, "reply_exception", reply, "counts_towards_caps", False)
            self.lifts |= {_LIFTS[name] for name in reply["lifts"]}
            self.reply_hours.append(int(reply["window_hours"]))

    def _content(self, layer: Layer) -> None:
        data = layer.data
        if data.get("content_required_rule"):
            self.fallback = Ref(data["content_required_rule"], layer.name, "", "article_practice")
        self.fields.update(data.get("content_required", ()), data.get("extra_content_required", ()))
        for row in data.get("content_required_rules", ()):
            self.fields.update(row["fields"])
            if self._new("required_content", row["id"]):
                fields, state = frozenset(row["fields"]), row.get("subdivision")
                self.required.append(Required(row["id"], fields, state, *_from(layer, row)))
        for row in data.get("content_prohibited", ()):
            if self._new("prohibited_content", row["id"]):
                pack, citation, basis = _from(layer, row)
                finding = Finding(row["id"], "prohibited_content", {"flag": row["flag"]}, pack, citation, basis)
                self.prohibited.append((row["flag"], finding))

    def _time(self, layer: Layer) -> None:
        data = layer.data
        rule = data.get("windows_rule")
        if rule and self._new("window", rule["id"]):
            self.windows.append(Window(rule["id"], week_of(data["windows"], layer.name), *_from(layer, rule)))
        for row in data.get("closed_days", ()):
            if row.get("enabled", True) and self._new("closed_day", row["id"]):
                self.closed.append(_closed(layer, row))
        for row in data.get("caps", ()):
            if row.get("enabled", True) and self._new("cap", row["id"]):
                self.caps.append(_cap(layer, row))
        lock = data.get("channel_lock")
        if lock and self._new("channel_lock", lock["id"]):
            self.locks.append(Lock(lock["id"], _days(lock["per"], layer), *_from(layer, lock)))

    def plan(self, name: str) -> Plan:
        """What one class answers to, less what the composition's reply exceptions lift for replies."""
        kinds = KINDS_BY_CLASS[name] - (self.lifts if name == REPLY else frozenset())
        unstopped = _UNSTOPPED.get(name, frozenset())
        return Plan(
            stops=tuple(stop for stop in self.stops if stop.when not in unstopped) if "stop" in kinds else (),
            consents=tuple(self.consents) if "consent" in kinds else (),
            identity=self.identity if "identity" in kinds else None,
            prohibited=tuple(self.prohibited) if "prohibited_content" in kinds else (),
            required=tuple(self.required) if "required_content" in kinds else (),
            freshness="freshness" in kinds,
            channel="channel" in kinds,
            closed="closed_day" in kinds,
            windows="window" in kinds,
            caps=tuple(self.caps) if "cap" in kinds else (),
            spacings=tuple(cap for cap in self.caps if cap.clear_days is not None) if "spacing" in kinds else (),
            locks=tuple(self.locks) if "channel_lock" in kinds else (),
            exempt=not kinds,
        )


def _only(layer: Layer, rule: str, row: Mapping[str, Any], key: str, known: object) -> None:
    """Refuse what the gate cannot do: a value that a lawyer changed must not be passed over in silence."""
    if row.get(key, known) != known:
        raise DomainError(
            "pack_invalid",
            "rule pack %(pack)s, %(rule)s: %(key)s can only be %(known)s",
            pack=layer.name,
            rule=rule,
            key=key,
            known=known,
        )


def _from(layer: Layer, row: Mapping[str, Any]) -> tuple[str, str, str]:
    return layer.name, str(row.get("law") or ""), str(row.get("binding") or row.get("status") or "")


def _days(per: Mapping[str, Any], layer: Layer) -> int:
    value = int(per["value"])
    if per["unit"] != "local_days" or per["kind"] not in ("rolling", "calendar") or value < 1:
        raise DomainError(
            "pack_invalid",
            "rule pack %(pack)s: a period counts local_days, rolling or calendar",
            pack=layer.name,
        )
    if per["kind"] == "calendar" and value != 1:
        raise DomainError(
            "pack_invalid", "rule pack %(pack)s: a calendar period is one local day; use kind rolling", pack=layer.name
        )
    return value


def _cap(layer: Layer, row: Mapping[str, Any]) -> Cap:
    channels = row.get("channels", "all")
    scope = row.get("scope", "debtor")
    if scope not in ("debtor", "creditor", "debt"):
        raise DomainError("pack_invalid", "rule %(rule)s: scope is debtor, creditor or debt", rule=row["id"])
    spacing = row.get("spacing") or {}
    return Cap(
        row["id"],
        scope,
        None if channels == "all" else frozenset(channels),
        int(row["count"]),
        _days(row["per"], layer),
        spacing.get("clear_days"),
        *_from(layer, row),
    )


def _closed(layer: Layer, row: Mapping[str, Any]) -> Closed:
    day = row["day"]
    calendar = row.get("calendar") or {}
    weekdays: frozenset[int] = frozenset()
    country: str | None = None
    category, by_state, names = "public", False, frozenset[str]()
    if day in _WEEKDAY_OF:
        weekdays = frozenset({_WEEKDAY_OF[day]})
    elif calendar == "country_of_debtor":
        country, by_state = "debtor", True
    elif calendar:
        country = calendar["country"]
        (category,) = calendar.get("categories", ["public"])
        by_state = bool(calendar.get("subdivision"))
        names = frozenset(calendar.get("names", ()))
    elif "dates" not in row:
        raise DomainError("pack_invalid", "rule %(rule)s: %(day)s needs a calendar or dates", rule=row["id"], day=day)
    dates = frozenset(date.fromisoformat(str(text)).toordinal() - EPOCH_ORDINAL for text in row.get("dates", ()))
    return Closed(row["id"], day, weekdays, country, category, by_state, names, dates, *_from(layer, row))
