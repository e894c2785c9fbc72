"""One decision as a receipt: every rule with its words and citation, the facts, and its place in the sealed log."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from compliance.decide import explain, owner_text, remedy
from compliance.decide.compiling import ruleset_from_content
from compliance.decide.describe import Rule, basis_words, layer_name, product_rules, rules_of
from compliance.decide.evidence import finding_from_json, replay
from compliance.decide.explain import texts_of
from compliance.decide.rules import Layer, Plan
from compliance.ledger import merkle
from compliance.ledger.decisions import DECISION_RECORDED, decision_digest
from compliance.ledger.seals import leaf_of, proofs_of, seal_digest
from compliance.models import Decision, RulePackVersion, RuleSetSnapshot, Seal
from compliance.rulesets import LIVE
from kernel.errors import DomainError
from messaging.models import Message, SendRequest
from messaging.sending.drafts import salted
from tenants.models import Event
from tenants.scope import all_creditors
from workbench.rules.queries import Told, told
from workbench.supervisor import words

LANGUAGES = ("es", "pt", "en")
_OWN = ("tenant", "creditor", "debtor")


@dataclass(frozen=True, slots=True)
class Objection:
    """A rule that objects, in the reader's language first."""

    rule: str
    kind: str
    texts: tuple[tuple[str, str], ...]  # (language, sentence with its citation)
    citation: str
    pack: str
    owner: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A rule that was looked at: `objects`, or `applies` without objecting, or not for this class of message."""

    told: Told
    ground: str
    objects: bool
    applies: bool


@dataclass(frozen=True, slots=True)
class Pack:
    """A layer of the rule set, with the edition that held then."""

    code: str
    name: str
    own: bool
    edition: RulePackVersion | None
    rules: tuple[Checked, ...]

    @property
    def signed_off(self) -> bool:
        """Whether a lawyer of the country signed this edition off."""
        return self.own or (self.edition is not None and self.edition.status == RulePackVersion.Status.SIGNED_OFF)

    @property
    def objecting(self) -> int:
        """How many of its rules object."""
        return sum(rule.objects for rule in self.rules)


def objections(row: Decision, lang: str, zone: str) -> list[Objection]:
    """Every finding in three languages, the reader's first."""
    order = [lang, *(each for each in LANGUAGES if each != lang)]
    found = []
    for stored in row.findings:
        finding = finding_from_json(stored)
        found.append(
            Objection(
                finding.rule, finding.kind, tuple((each, explain(finding, each, zone)) for each in order),
                finding.citation or finding.basis, finding.pack, owner_text(finding, lang), remedy(finding, lang),
            )
        )  # fmt: skip
    return found


def packs_of(row: Decision, lang: str) -> list[Pack]:
    """The layers of the rule set as it decided, each rule in words, with what it said."""
    content = RuleSetSnapshot.objects.filter(digest=row.ruleset_digest).values_list("content", flat=True).first()
    if content is None:
        return []
    plan = ruleset_from_content(content).plans.get(row.message_class)
    layers = [Layer(layer["name"], layer["data"]) for layer in content["layers"]]
    editions = _editions({_pack_code(layer.name) for layer in layers}, row.decided_at)
    said = set(row.rules)
    found = []
    for layer in layers:
        code = _pack_code(layer.name)
        rules = tuple(_checked(rule, plan, said, lang) for rule in rules_of(layer))
        if rules:
            name = layer_name(layer.name, lang, of=code if code != layer.name else "")
            found.append(Pack(layer.name, name, layer.name in _OWN, editions.get(code), rules))
    rest = said - {rule.told.code for pack in found for rule in pack.rules}
    product = tuple(_checked(rule, plan, said, lang) for rule in product_rules())
    known = [rule for rule in product if rule.told.code in rest or rule.applies]
    found.append(Pack("product", layer_name("product", lang), True, None, tuple(known)))
    return found


def _checked(rule: Rule, plan: Plan | None, said: set[str], lang: str) -> Checked:
    said_as = told(rule, lang)
    ground = said_as.citation or said_as.basis or basis_words("inference", lang)
    return Checked(said_as, ground, rule.code in said, _applies(plan, rule.kind, rule.code))


def _pack_code(layer: str) -> str:
    """`br-sp` stands in the pack `br`; `latam-default` is a pack of its own."""
    return layer if layer == "latam-default" or "-" not in layer else layer.split("-")[0]


def _editions(codes: set[str], at: datetime) -> dict[str, RulePackVersion]:
    rows = RulePackVersion.objects.filter(
        code__in=codes, status__in=[str(one) for one in LIVE], effective_from__lte=at
    ).exclude(effective_to__lte=at)
    return {row.code: row for row in rows.defer("data").order_by("edition")}


def _applies(plan: Plan | None, kind: str, code: str) -> bool:
    if plan is None:
        return True
    if kind == "stop":
        return any(stop.rule == code for stop in plan.stops)
    if kind == "consent":
        return any(ref.rule == code for ref in plan.consents)
    if kind == "identity":
        return plan.identity is not None and plan.identity.rule == code
    if kind == "prohibited_content":
        return any(finding.rule == code for _flag, finding in plan.prohibited)
    if kind == "required_content":
        return any(required.rule == code for required in plan.required)
    if kind in ("cap", "spacing"):
        return any(cap.rule == code for cap in (*plan.caps, *plan.spacings))
    if kind == "channel_lock":
        return any(lock.rule == code for lock in plan.locks)
    return {"closed_day": plan.closed, "window": plan.windows, "freshness": plan.freshness, "channel": plan.channel}[
        kind
    ]


# --- the place in the log ---------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Place:
    """Where the decision stands in the log, and the way from it to its seal's root."""

    event: Event | None = None
    digest: str = ""
    seal: Seal | None = None
    proof: list[tuple[str, str]] = field(default_factory=list)
    leaf: str = ""


def place_of(row: Decision) -> Place:
    """The event that announced the decision, its seal and its Merkle proof; without a seal it waits for one."""
    with all_creditors():
        event = Event.objects.filter(subject_id=row.pk, name=DECISION_RECORDED).first()
        found = Place(event, decision_digest(row))
        if event is None:
            return found
        found.leaf = leaf_of(event).hex()
        proofs, seals = proofs_of([event.sequence])
    if event.sequence in proofs:
        found.seal = next((seal for seal in seals if seal.number == proofs[event.sequence]["seal"]), None)
        found.proof = [(str(side), str(sibling)) for side, sibling in proofs[event.sequence]["proof"]]
    return found


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a verification."""

    what: str
    ok: bool | None  # None: cannot be checked yet
    detail: str = ""


def verify(row: Decision, message: Message | None) -> list[Step]:
    """Check this decision now: row, event, seal, chain, words, and whether the same facts decide the same again."""
    place = place_of(row)
    steps = [
        Step(
            gettext("The row gives the hash that its event states"),
            place.event is not None and place.event.digest == place.digest, place.digest,
        )
    ]  # fmt: skip
    if place.event is None or place.seal is None:
        steps.append(
            Step(gettext("The event leads to the root of its seal"), None, gettext("not sealed yet: within a minute"))
        )
    else:
        root = merkle.follow(leaf_of(place.event), place.proof)
        steps.append(Step(gettext("The event leads to the root of its seal"), root == place.seal.root, root))
        steps.append(
            Step(
                gettext("The seal matches its own digest"),
                seal_digest(place.seal) == place.seal.digest,
                place.seal.digest,
            )
        )
        steps.append(_chained(place.seal))
    steps.append(_words(row, message))
    steps.append(_replayed(row))
    return steps


def _chained(seal: Seal) -> Step:
    with all_creditors():
        around = {one.number: one for one in Seal.objects.filter(number__in=[seal.number - 1, seal.number + 1])}
    before, after = around.get(seal.number - 1), around.get(seal.number + 1)
    ok = (seal.previous == (before.digest if before else "")) and (after is None or after.previous == seal.digest)
    return Step(
        gettext("The seals before and after hold on to it"),
        ok,
        f"{seal.number - 1} – {seal.number} – {seal.number + 1}",
    )


def _words(row: Decision, message: Message | None) -> Step:
    what = gettext("The words are those that were decided on")
    if message is None or not row.text_hash:
        return Step(what, None, gettext("no words were kept"))
    if not message.text or not message.salt:
        return Step(what, None, gettext("the words were erased; their hash stays"))
    return Step(what, salted(message.salt, message.text) == row.text_hash, row.text_hash)


def _replayed(row: Decision) -> Step:
    what = gettext("The same facts decide the same again")
    content = RuleSetSnapshot.objects.filter(digest=row.ruleset_digest).values_list("content", flat=True).first()
    if content is None:
        return Step(what, False, gettext("the rule set is not there"))
    try:
        again = replay(row.facts, ruleset_from_content(content))
    except (DomainError, LookupError, ValueError, TypeError) as error:
        return Step(what, False, repr(error)[:200])
    same = again.verdict == row.verdict and list(again.rules) == list(row.rules)
    return Step(what, same and again.next_allowed_at == row.next_allowed_at, f"{again.verdict} {' '.join(again.rules)}")


def message_of(request_id: uuid.UUID) -> tuple[SendRequest | None, Message | None]:
    """The request of a decision, and the words that it is about."""
    request = SendRequest.objects.filter(pk=request_id).first()
    if request is None:
        return None, None
    return request, Message.objects.filter(pk=request.message_id).first()


# --- the facts --------------------------------------------------------------------------------------------------------

_INTENT = {
    "class": _("Class of message"), "channel": _("Channel"), "purpose": _("Purpose"), "disclosure": _("Reveals (0–3)"),
    "flags": _("Content flags"), "missing": _("Fields missing"), "creditor": _("Creditor (hash)"),
    "invoices": _("Invoices (hashes)"), "free_text": _("Free text"), "in_reply_to": _("Answer to"), "origin": _("Origin"),
}  # fmt: skip
_FACTS = {
    "identity": _("Identity of the contact"), "consents": _("Consents"), "stops": _("Stops"),
    "contacts": _("Earlier contacts"), "inbound": _("Debtor's last message"), "window_open_until": _("24-hour window until"),
    "limit_until": _("Limit used up until"), "paused": _("Channel paused"), "paused_until": _("Paused until"),
    "balance_as_of": _("Balance as of"), "balance_max_age": _("Oldest balance that may be demanded"),
    "country": _("Country"), "ufs": _("States"), "holiday_subdivisions": _("Local holidays of"),
}  # fmt: skip
#: Codes that the ledger keeps, as people call them.
_CODES = {
    "verified": pgettext_lazy("identity", "verified"), "unknown": pgettext_lazy("identity", "not known"),
    "contacted": pgettext_lazy("identity", "asked, no answer"), "claimed": pgettext_lazy("identity", "says so, not proven"),
    "wrong_person": pgettext_lazy("identity", "somebody else"), "granted": pgettext_lazy("consent", "granted"),
    "imported_without_evidence": pgettext_lazy("consent", "imported without evidence"),
    "refused": pgettext_lazy("consent", "refused"), "revoked": pgettext_lazy("consent", "withdrawn"),
    "expired": pgettext_lazy("consent", "expired"),
    "whatsapp": "WhatsApp", "sms": "SMS", "email": "e-mail", **words.CLASSES, **words.ORIGINS,
}  # fmt: skip
_INSTANTS = frozenset({"window_open_until", "limit_until", "paused_until", "balance_as_of"})


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact as it was stored: a text, instants, or lines."""

    label: str
    text: str = ""
    at: datetime | None = None
    lines: tuple[tuple[str, datetime | None], ...] = ()


def facts_of(stored: Mapping[str, Any], lang: str) -> Iterator[Fact]:
    """The ledger's facts as a person reads them, in a fixed order; what was at its default is left out there."""
    if "at" in stored:
        yield Fact(gettext("Asked instant"), at=_instant(stored["at"]))
    offsets = stored.get("offsets") or []
    if offsets:
        yield Fact(gettext("Zones of the debtor"), lines=tuple((_zone_text(row), None) for row in offsets))
    for key, label in _INTENT.items():
        if key in stored.get("intent", {}):
            value = stored["intent"][key]
            yield Fact(str(label), ", ".join(map(str, value)) if isinstance(value, list) else _plain(value))
    facts = stored.get("facts", {})
    for key, label in _FACTS.items():
        if key in facts:
            yield _fact(key, str(label), facts[key], lang)
    closed = [(f"{name}: {day}", None) for group in stored.get("closed", {}).values() for day, name in group.items()]
    days = stored.get("days")
    if days:
        yield Fact(gettext("Days looked at"), f"{days[0]} – {days[1]}")
    if closed:
        yield Fact(gettext("Holidays among them"), lines=tuple(closed))
    if "data" in stored:
        yield Fact(gettext("Zone and holiday data"), str(stored["data"]))
    yield Fact(gettext("Evaluator and schema"), f"{stored.get('evaluator', '')} · {stored.get('schema', '')}")


def _condition(name: str, lang: str) -> str:
    return texts_of(lang).conditions.get(name, name)


def _fact(key: str, label: str, value: Any, lang: str) -> Fact:
    if key in _INSTANTS:
        return Fact(label, at=_instant(value))
    if key == "consents":
        return Fact(
            label,
            lines=tuple(
                (" · ".join(map(_word, [*row[:3], *row[4:]])), _instant(row[3]) if len(row) > 3 else None)
                for row in value
            ),
        )
    if key == "stops":
        return Fact(
            label,
            lines=tuple(
                (_condition(name, lang) + ("" if since is True else f" ({since})"), None)
                for name, since in value.items()
            ),
        )
    if key == "contacts":
        return Fact(
            label,
            lines=tuple(
                (" · ".join(_word(part) for part in row[1:4]) or "WhatsApp", _instant(row[0])) for row in value
            ),
        )
    if key == "inbound":
        return Fact(label, lines=tuple((_word(channel), _instant(at)) for channel, at in value.items()))
    if key == "balance_max_age":
        return Fact(label, f"{int(value) // 3_600_000_000} h")
    return Fact(label, ", ".join(map(str, value)) if isinstance(value, list) else _plain(value))


def _word(code: Any) -> str:
    return str(_CODES.get(str(code), code))


def _plain(value: Any) -> str:
    if value is True:
        return gettext("yes")
    return gettext("no") if value is False else _word(value)


def _zone_text(row: list[Any]) -> str:
    minutes = int(row[1]) // 60
    sign = "-" if minutes < 0 else "+"
    return f"{row[0]} (UTC{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d})"


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
