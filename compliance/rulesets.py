"""Which rules hold for a send: packs by date from the database, own layers, composed once per combination and kept.

Each batch asks two small questions (which editions, which own layers); what they answer is the key of the cache, so a
new edition or layer is in force with the next decision of every process, and nothing has to be told.
"""

from __future__ import annotations

import json
import uuid
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from compliance.decide import Pack, RuleSet, compose, load_packs, overlays_for, states_of
from compliance.decide.packs import read_pack
from compliance.models import RuleLayer, RulePackVersion
from kernel.canonical import digest
from kernel.clock import machine_now
from kernel.errors import DomainError
from portfolio.models import Person
from tenants import audit
from tenants.bulk import array
from tenants.events import Emit, emit
from tenants.models import Tenant
from tenants.scope import current_tenant_id

#: The first edition of a pack holds for every instant before the second.
ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)
_KEPT = 4096
LIVE = (RulePackVersion.Status.REVIEWED, RulePackVersion.Status.SIGNED_OFF)

_packs: dict[str, Pack] = {}  # by digest
_documents: dict[int, tuple[Pack, dict[str, Any], str]] = {}  # by identity
_composed: OrderedDict[tuple[Any, ...], RuleSet] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Place:
    """Whose rules are asked for: the debtor's country and states, the creditor, the person."""

    country: str
    states: tuple[str, ...]
    creditor_id: uuid.UUID
    person_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Book:
    """The editions and own layers that hold at one instant for one organisation."""

    editions: tuple[tuple[str, str], ...]  # (code, digest), by code
    default_rules: bool
    #: owner -> (hash of its data, layer id)
    layers: Mapping[uuid.UUID, tuple[str, uuid.UUID]]
    tenant_stopped: bool

    def packs(self) -> dict[str, Pack]:
        """The packs of these editions, from this process's memory or the table."""
        missing = [mark for _, mark in self.editions if mark not in _packs]
        if missing:
            for mark, data in RulePackVersion.objects.filter(digest__in=missing).values_list("digest", "data"):
                _packs[mark] = read_pack(data)
        return {code: _packs[mark] for code, mark in self.editions}

    def ruleset(self, place: Place) -> RuleSet:
        """The composed rule set of a place."""
        owners = (current_tenant_id(), place.creditor_id, place.person_id)
        own = tuple(self.layers.get(owner) for owner in owners)
        marks = tuple(layer[0] if layer else "" for layer in own)
        key = (self.editions, self.default_rules, place.country, place.states, marks)
        found = _composed.get(key)
        if found is None:
            found = _composed[key] = self._compose(place, [layer[1] if layer else None for layer in own])
            while len(_composed) > _KEPT:
                _composed.popitem(last=False)
        return found

    def _compose(self, place: Place, layer_ids: Sequence[uuid.UUID | None]) -> RuleSet:
        packs = self.packs()
        stored = dict(RuleLayer.objects.filter(id__in=[key for key in layer_ids if key]).values_list("id", "data"))
        tenant, creditor, debtor = (stored.get(key) if key else None for key in layer_ids)
        own = OwnLayers(tenant, creditor, debtor)
        return compose_place(packs, place.country, place.states, default=self.default_rules, own=own)


@dataclass(frozen=True, slots=True)
class OwnLayers:
    """The data of the own layers of one place; None: there is none."""

    tenant: Mapping[str, Any] | None = None
    creditor: Mapping[str, Any] | None = None
    debtor: Mapping[str, Any] | None = None


def compose_place(
    packs: Mapping[str, Pack], country: str, states: Sequence[str], *, default: bool, own: OwnLayers
) -> RuleSet:
    """The rule set of debtors in these states of a country under these packs and own layers.

    What the organisation relaxed holds as far as these packs permit it: where a newer edition, or another country's
    pack, permits it no longer, the rule stands as it is written.
    """
    overlays = overlays_for(packs, country, tuple(states))
    tenant, relax = own.tenant, (own.tenant or {}).get("relax")
    if tenant and relax:
        bare = {key: value for key, value in tenant.items() if key != "relax"}
        kept = {rule: change for rule, change in relax.items()
                if _permits(packs, country, overlays, default, {rule: change})}  # fmt: skip
        tenant = bare | ({"relax": kept} if kept else {})
    return compose(
        packs, country or None, overlays, default=default, tenant=tenant, creditor=own.creditor, debtor=own.debtor
    )


def _permits(
    packs: Mapping[str, Pack], country: str, overlays: Sequence[str], default: bool, relax: Mapping[str, Any]
) -> bool:
    try:
        compose(packs, country or None, overlays, default=default, tenant={"relax": relax})
    except DomainError:
        return False
    return True


def open_book(owners: Collection[uuid.UUID], now: datetime) -> Book:
    """The book of the current organisation at `now`; `owners` are the creditors and persons that will be asked about.

    Loads the shipped packs into an empty table: without rules nothing could be decided.
    """
    tenant_id = current_tenant_id()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT default_rules, sending_stopped_at IS NOT NULL FROM tenants_tenant WHERE id = %s", [tenant_id]
        )
        default_rules, stopped = cursor.fetchone()
        editions = _editions(cursor, now)
        if not editions:
            load_rule_packs(now=machine_now(), author="shipped")
            editions = _editions(cursor, now)
        cursor.execute(
            "SELECT DISTINCT ON (owner_id) owner_id, md5(data::text), id FROM compliance_rulelayer "
            "WHERE owner_id = ANY(%s::uuid[]) AND effective_from <= %s AND (effective_to IS NULL OR effective_to > %s) "
            "ORDER BY owner_id, effective_from DESC, id DESC",
            [array([tenant_id, *owners]), now, now],
        )
        layers = {owner: (mark, layer) for owner, mark, layer in cursor.fetchall()}
    return Book(editions, default_rules, layers, stopped)


def _editions(cursor: Any, now: datetime) -> tuple[tuple[str, str], ...]:
    cursor.execute(
        "SELECT DISTINCT ON (code) code, digest FROM compliance_rulepackversion "
        "WHERE status = ANY(%s) AND effective_from <= %s AND (effective_to IS NULL OR effective_to > %s) "
        "ORDER BY code, edition DESC",
        [[str(status) for status in LIVE], now, now],
    )
    return tuple(cursor.fetchall())


def place_of(person: Person, creditor_id: uuid.UUID, *, e164: str | None = None) -> Place:
    """The place of a person, with the states of the address and of the number."""
    return Place(person.country, states_of(e164, short_state(person.subdivision)), creditor_id, person.id)


def short_state(code: str) -> str | None:
    """'BR-SP' and 'SP' are the same state; '' is none."""
    return code.rpartition("-")[2] or None


def ruleset_for(
    tenant: Tenant, creditor_id: uuid.UUID, person: Person, now: datetime, *, e164: str | None = None
) -> RuleSet:
    """The rule set that holds at `now` for one person at one creditor, inside the organisation's scope."""
    if tenant.id != current_tenant_id():
        raise ValueError("the rule set of another organisation was asked for")
    return open_book([creditor_id, person.id], now).ruleset(place_of(person, creditor_id, e164=e164))


# --- editions ---------------------------------------------------------------------------------------------------------


def load_rule_packs(*, now: datetime, author: str) -> list[RulePackVersion]:
    """Take in the packs of this release; what is there already stays untouched. Returns the new editions.

    The first edition of a code holds at once and for all time before. Where a pack has changed since, the new text is
    a draft: a person who runs the platform approves it and so says from when it holds (compliance/editions.py).
    """
    fresh = []
    newest = {version.code: version for version in RulePackVersion.objects.order_by("code", "edition").defer("data")}
    for code, pack in sorted(load_packs().items()):
        data, mark = _written(pack)
        former = newest.get(code)
        if former is not None and former.digest == mark:
            continue
        fresh.append(
            RulePackVersion(
                code=code,
                edition=former.edition + 1 if former else 1,
                effective_from=None if former else ALWAYS,
                status=RulePackVersion.Status.DRAFT if former else RulePackVersion.Status.REVIEWED,
                data=data,
                digest=mark,
                author=author,
                loaded_at=now,
            )
        )
    # Two processes that start at once load the same editions: the first one's stand.
    RulePackVersion.objects.bulk_create(fresh, ignore_conflicts=True)
    return fresh


def _written(pack: Pack) -> tuple[dict[str, Any], str]:
    """A pack's document as plain JSON with its digest; kept, for a release's packs do not change."""
    known = _documents.get(id(pack))
    if known is None or known[0] is not pack:
        data = as_json(pack.data)
        known = _documents[id(pack)] = (pack, data, digest(data))
    return known[1], known[2]


def as_json(data: Mapping[str, Any]) -> dict[str, Any]:
    """A pack document as plain JSON: dates of YAML become text."""
    plain: dict[str, Any] = json.loads(json.dumps(data, default=str))
    return plain


def differences(before: Any, after: Any, path: str = "") -> list[tuple[str, Any, Any]]:
    """What changed between two pack documents: (path, before, after); rules are matched by their ids."""
    if isinstance(before, dict) and isinstance(after, dict):
        keys = [*before, *(key for key in after if key not in before)]
        return [
            row for key in keys for row in differences(before.get(key), after.get(key), f"{path}/{key}".lstrip("/"))
        ]
    if _identified(before) and _identified(after):
        return differences({_name(row): row for row in before}, {_name(row): row for row in after}, path)
    return [] if before == after else [(path, before, after)]


def _identified(rows: Any) -> bool:
    return isinstance(rows, list) and bool(rows) and all(isinstance(row, dict) and _name(row) for row in rows)


def _name(row: Mapping[str, Any]) -> str:
    return str(row.get("id") or row.get("code") or row.get("ref") or "")


# --- own layers -------------------------------------------------------------------------------------------------------


def save_layer(
    level: str,
    owner_id: uuid.UUID,
    data: Mapping[str, Any],
    *,
    author: str,
    reason: str,
    now: datetime,
    country: str = "",
    approved_by: str = "",
) -> RuleLayer:
    """Lay an organisation's, creditor's or debtor's own rules over the packs from `now` on; the former ones end.

    `country` is where it is tried out before it is saved (the organisation's own by default). What it relaxes beyond
    the former ones needs `approved_by`, who is not the author. Raises DomainError when it relaxes what may not be
    relaxed or what nobody approved, or cannot be read.
    """
    if level not in RuleLayer.Level.values:
        raise DomainError("level_unknown", "own rules are of a tenant, a creditor or a debtor", pointer="level")
    tenant = Tenant.objects.get(pk=current_tenant_id())
    book = open_book([], now)
    former = (
        RuleLayer.objects.select_for_update(no_key=True)
        .filter(level=level, owner_id=owner_id, effective_to=None)
        .first()
    )
    try_out: dict[str, Any] = {level: dict(data)}
    if data.get("relax") and former is not None and former.data.get("relax") == data["relax"]:
        # What was relaxed before may be permitted no longer: then it lapses, and nobody is kept from tightening.
        compose_place(
            book.packs(), country or tenant.country, (), default=tenant.default_rules, own=OwnLayers(**try_out)
        )
    else:
        compose(book.packs(), country or tenant.country, (), default=tenant.default_rules, **try_out)
    if loosened(former.data if former else {}, data):
        if not approved_by or approved_by == author:
            raise DomainError("second_person", "to relax a rule takes a second person: somebody else has to approve it")
    else:
        approved_by = former.approved_by if former and data.get("relax") else ""
    RuleLayer.objects.filter(level=level, owner_id=owner_id, effective_to=None).update(effective_to=now)
    layer = RuleLayer.objects.create(
        level=level,
        owner_id=owner_id,
        data=dict(data),
        reason=reason,
        author=author,
        approved_by=approved_by,
        effective_from=now,
        effective_to=None,
    )
    audit.record(
        "rules.save",
        actor=author,
        subject="compliance.rulelayer",
        subject_id=layer.id,
        before=former.data if former else {},
        after=dict(data),
        reason=reason,
    )
    emit(Emit("rules.changed", "compliance.rulelayer", layer.id, now, data={"level": level, "owner": str(owner_id)}))
    return layer


def loosened(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether own rules relax anything that the former ones did not relax just so."""
    former = before.get("relax") or {}
    return any(
        change != {"on": True} and former.get(rule) != change for rule, change in (after.get("relax") or {}).items()
    )
