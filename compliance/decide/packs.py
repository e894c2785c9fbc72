"""Rule packs as they stand on disk or in the database: data with citations, read and checked, not yet compiled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from kernel.errors import DomainError

from .zones import PACKS_DIR

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same, eight times as fast where libyaml is there
COMMON = "common"
LATAM_DEFAULT = "latam-default"

#: The fields of a pack or overlay that decide; the others (sources, penalties, confidence) only inform.
DECIDING = (
    "iso2",
    "uf",
    "province",
    "windows",
    "windows_rule",
    "closed_days",
    "caps",
    "channel_lock",
    "stop_rules",
    "consent",
    "identity_verification",
    "content_required",
    "content_required_rule",
    "content_required_rules",
    "extra_content_required",
    "content_prohibited",
    "reply_exception",
)


#: What zones.py does; a pack that says otherwise is refused rather than passed over in silence.
_ZONE_POLICY: Mapping[str, Any] = {
    "conflict": "intersection",
    "unknown": "deny",
    "resolution_order": ["debtor_declared", "verified_address", "number_plan_table", "country_candidates"],
}


@dataclass(frozen=True, slots=True)
class Pack:
    """One version of one rule pack. `data` is the document as it was read."""

    code: str
    name: str
    kind: str
    iso2: str | None
    version: int
    data: Mapping[str, Any]

    @property
    def overlays(self) -> dict[str, Mapping[str, Any]]:
        """Subdivision overlays by their code (br-sp, br-unknown, ar-c, ...)."""
        return {overlay["code"]: overlay for overlay in self.data.get("subdivisions") or ()}


def read_pack(data: Mapping[str, Any]) -> Pack:
    """One pack document as a Pack; raises DomainError `pack_invalid` when it lacks what every pack has."""
    for field in ("code", "name", "kind"):
        if not isinstance(data.get(field), str):
            raise DomainError("pack_invalid", "a rule pack needs %(field)s as text", field=field, pointer=f"/{field}")
    policy = data.get("timezone_policy") or {}
    for field, known in _ZONE_POLICY.items():
        if policy.get(field, known) != known:
            raise DomainError(
                "pack_invalid",
                "rule pack %(pack)s, %(rule)s: %(key)s can only be %(known)s",
                pack=data["code"],
                rule="timezone_policy",
                key=field,
                known=known,
            )
    return Pack(
        code=data["code"],
        name=data["name"],
        kind=data["kind"],
        iso2=data.get("iso2"),
        version=int(data.get("version", 1)),
        data=data,
    )


def load_packs(
    source: Path | str | Mapping[str, Mapping[str, Any]] | Iterable[Mapping[str, Any]] | None = None,
) -> dict[str, Pack]:
    """Packs by code: of a directory of YAML files, of documents (list, or mapping by code), or the shipped ones (None).

    Raises DomainError `pack_invalid`.
    """
    if source is None:
        return dict(_shipped())
    if isinstance(source, (str, Path)):
        documents: Iterable[Mapping[str, Any]] = _documents(Path(source))
    elif isinstance(source, Mapping):
        documents = source.values()
    else:
        documents = source
    packs = {pack.code: pack for pack in map(read_pack, documents)}
    if COMMON not in packs:
        raise DomainError("pack_invalid", "the rule packs need the pack named common: it applies to every send")
    return packs


def _documents(directory: Path) -> list[Mapping[str, Any]]:
    documents: list[Mapping[str, Any]] = []
    for path in sorted(directory.glob("*.yaml")):
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)
        if isinstance(data, dict) and "code" in data:
            documents.append(data)
    return documents


@lru_cache(maxsize=1)
def _shipped() -> Mapping[str, Pack]:
    return load_packs(PACKS_DIR)


def overlays_for(packs: Mapping[str, Pack], country: str, states: Iterable[str]) -> tuple[str, ...]:
    """Overlay codes for a debtor in these states (ISO/UF codes) of a country (ISO 3166 or pack code).

    A state without a law of its own has none; without any state the pack's `-unknown` overlay applies where it has one.
    """
    pack = pack_of(packs, country)
    if pack is None:
        return ()
    known = {overlay.get("uf") or overlay.get("province"): code for code, overlay in pack.overlays.items()}
    wanted = tuple(dict.fromkeys(states))
    if not wanted:
        return (known[None],) if known.get(None) else ()
    return tuple(known[state] for state in wanted if state in known)


def pack_of(packs: Mapping[str, Pack], country: str | None) -> Pack | None:
    """The pack of a country by pack code or ISO 3166 letters, None when there is none."""
    if country is None:
        return None
    if found := packs.get(country.lower()):
        return found
    return next((pack for pack in packs.values() if pack.iso2 == country.upper()), None)
