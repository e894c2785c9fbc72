"""What is tried: packs in place of those that held, an organisation's own rules in place of its own; and composing it."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from compliance.decide import Pack, RuleSet
from compliance.decide.packs import COMMON, LATAM_DEFAULT, read_pack
from compliance.models import Decision, RuleLayer, RulePackVersion, RuleSetSnapshot
from compliance.packfile import PackFile
from compliance.rulesets import LIVE, OwnLayers, as_json, compose_place, open_book
from kernel.canonical import digest
from kernel.errors import DomainError
from tenants.models import Tenant
from tenants.scope import current_tenant_id

_KEPT = 1024


@dataclass(frozen=True, slots=True)
class Draft:
    """Rules to try: documents by pack code, and own rules of the organisation where `layer` is given."""

    packs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    layer: Mapping[str, Any] | None = None
    label: str = ""
    #: The editions that the documents are, by code: what a trial keeps instead of the documents.
    editions: Mapping[str, str] = field(default_factory=dict)

    def stored(self) -> dict[str, Any]:
        """As a trial keeps it."""
        packs = {code: data for code, data in self.packs.items() if code not in self.editions}
        kept: dict[str, Any] = {"editions": dict(self.editions), "packs": packs}
        return kept if self.layer is None else kept | {"layer": dict(self.layer)}


def draft_from(stored: Mapping[str, Any], label: str) -> Draft:
    """The inverse of `Draft.stored`."""
    editions = dict(stored["editions"])
    rows = RulePackVersion.objects.filter(digest__in=editions.values()).values_list("digest", "data")
    data = dict(rows)
    packs = dict(stored["packs"]) | {code: data[mark] for code, mark in editions.items()}
    return Draft(packs, stored.get("layer"), label, editions)


def of_editions(rows: Collection[RulePackVersion]) -> Draft:
    """Editions of packs, whether they hold or not."""
    return Draft(
        {row.code: row.data for row in rows}, None, ", ".join(f"{row.code}:{row.edition}" for row in rows),
        {row.code: row.digest for row in rows},
    )  # fmt: skip


def of_files(files: Collection[PackFile]) -> Draft:
    """Pack files; raises DomainError for the first that cannot be read."""
    packs = {one.pack().code: as_json(one.data) for one in files}
    return Draft(packs, None, ", ".join(sorted(one.name for one in files))[:200])


def of_layer(data: Mapping[str, Any], label: str) -> Draft:
    """An organisation's own rules, as compose() takes them."""
    return Draft({}, dict(data), label)


def check(draft: Draft, now: datetime) -> None:
    """Raise DomainError when the draft cannot be composed for the current organisation's country."""
    tenant = Tenant.objects.get(pk=current_tenant_id())
    packs = open_book([], now).packs() | {code: read_pack(data) for code, data in draft.packs.items()}
    own = OwnLayers(tenant=draft.layer or None)
    try:
        compose_place(packs, tenant.country, (), default=tenant.default_rules, own=own)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise DomainError("layer_invalid", "these rules cannot be read: %(why)s", why=repr(error)) from error


@dataclass(frozen=True, slots=True)
class Pair:
    """The rule set of a stored decision made anew from its sources, and the same with the draft in its place."""

    then: RuleSet
    tried: RuleSet


class Composer:
    """Composes what decided, and what would have, for a chunk of stored decisions at a time.

    Memory is bounded by the editions there are and by the compositions kept.
    """

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.tenant_id = current_tenant_id()
        self.tried = {code: read_pack(data) for code, data in draft.packs.items()}
        self.names = lru_cache(maxsize=_KEPT)(_layer_names)
        self.composed: dict[tuple[Any, ...], Pair] = {}
        self.packs: dict[str, Pack] = {}  # by digest
        self.editions = list(
            RulePackVersion.objects.filter(status__in=[str(one) for one in LIVE])
            .order_by("code", "edition")
            .values_list("code", "digest", "effective_from", "effective_to")
        )
        self.layers: dict[uuid.UUID, list[tuple[datetime, datetime | None, str, dict[str, Any]]]] = {}

    def read(self, rows: Collection[Decision]) -> None:
        """Read the own layers of these decisions' owners, past ones too."""
        owners = {self.tenant_id, *(row.creditor_id for row in rows), *(row.person_id for row in rows)}
        self.layers = {}
        found = RuleLayer.objects.filter(owner_id__in=owners).order_by("effective_from", "id")
        for owner, begun, ended, data in found.values_list("owner_id", "effective_from", "effective_to", "data"):
            self.layers.setdefault(owner, []).append((begun, ended, digest(data), data))

    def pair(self, row: Decision) -> Pair | None:
        """Both rule sets of a stored decision; None when its own cannot be made anew from packs and layers.

        Raises DomainError when the draft cannot be composed where this debtor lives.
        """
        names = self.names(row.ruleset_digest)
        if names is None:
            return None
        at = row.decided_at
        marks = self._marks(at)
        own = [self._layer(owner, at) for owner in (self.tenant_id, row.creditor_id, row.person_id)]
        country = self._country(names, marks) or str(row.facts["facts"].get("country") or "")
        states = tuple(row.facts["facts"].get("ufs", ()))
        default = LATAM_DEFAULT in names
        key = (marks, country, states, default, tuple(one[0] if one else "" for one in own))
        found = self.composed.get(key)
        if found is None:
            while len(self.composed) >= _KEPT:
                self.composed.pop(next(iter(self.composed)))
            found = self.composed[key] = self._compose(marks, country, states, default, own)
        return found if found.then.hash == row.ruleset_digest else None

    def _compose(
        self, marks: tuple[tuple[str, str], ...], country: str, states: tuple[str, ...], default: bool,
        own: list[tuple[str, dict[str, Any]] | None],
    ) -> Pair:  # fmt: skip
        missing = [mark for _, mark in marks if mark not in self.packs]
        if missing:
            rows = RulePackVersion.objects.filter(digest__in=missing).values_list("digest", "data")
            self.packs |= {mark: read_pack(data) for mark, data in rows}
        packs = {code: self.packs[mark] for code, mark in marks}
        data = [one[1] if one else None for one in own]
        then = compose_place(packs, country, states, default=default, own=OwnLayers(*data))
        layer = data[0] if self.draft.layer is None else dict(self.draft.layer) or None
        tried = compose_place(
            packs | self.tried, country, states, default=default, own=OwnLayers(layer, data[1], data[2])
        )
        return Pair(then, tried)

    def _marks(self, at: datetime) -> tuple[tuple[str, str], ...]:
        held = {
            code: mark
            for code, mark, begun, ended in self.editions
            if begun is not None and begun <= at and (ended is None or ended > at)
        }  # oldest first: of one code the highest edition stands
        return tuple(held.items())

    def _layer(self, owner: uuid.UUID, at: datetime) -> tuple[str, dict[str, Any]] | None:
        held = [one for one in self.layers.get(owner, ()) if one[0] <= at and (one[1] is None or one[1] > at)]
        return (held[-1][2], held[-1][3]) if held else None

    def _country(self, names: tuple[str, ...], marks: tuple[tuple[str, str], ...]) -> str:
        codes = {code for code, _ in marks} - {COMMON, LATAM_DEFAULT}
        return next((name for name in names if name in codes), "")


def _layer_names(mark: str) -> tuple[str, ...] | None:
    content = RuleSetSnapshot.objects.filter(digest=mark).values_list("content", flat=True).first()
    return None if content is None else tuple(layer["name"] for layer in content["layers"])
