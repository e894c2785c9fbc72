"""From a phone number to the time zones its owner may be in, and to the Brazilian state.

The number plans of the rule packs come before the phone library, which is wrong for Recife, Pará, Chihuahua, Juárez,
Matamoros and all of southern Chile (measured; collections-rules.md, part 4). Several candidates mean that a time rule
must hold in every one of them; none means that nothing may be sent (X-TZ-UNKNOWN).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import phonenumbers
import yaml
from phonenumbers import timezone as library

from kernel.phones import wa_id_to_e164

from . import offsets  # imported first: it pins the zone data

PACKS_DIR = Path(__file__).resolve().parent.parent / "packs"
_UNKNOWN = "Etc/Unknown"


@dataclass(frozen=True, slots=True)
class NumberPlans:
    """The number plans, turned round for look-up: prefix -> zones, and area code -> state."""

    br_zones: Mapping[str, tuple[str, ...]]
    br_uf: Mapping[str, str]
    mx_zones: Mapping[str, tuple[str, ...]]
    cl_prefixes: Mapping[str, tuple[str, ...]]
    candidates: Mapping[str, tuple[str, ...]]
    by_country: frozenset[str]
    with_address: frozenset[str]


def build_plans(data: Mapping[str, Any], packs: Mapping[str, Mapping[str, Any]]) -> NumberPlans:
    """The plans of `number_plans.yaml` with the country candidates of the packs' `timezone_policy`."""
    br = {k: v for k, v in data["br_ddd"].items() if k != "extra_candidates"}
    extra = data["br_ddd"].get("extra_candidates", {})
    br_zones = {str(ddd): (zone, *extra.get(ddd, ())) for zone, ddds in br.items() for ddd in ddds}
    br_uf = {str(ddd): uf for uf, ddds in data["br_ddd_uf"].items() for ddd in ddds}
    mx = {k: v for k, v in data["mx_area_overrides"].items() if k not in ("ambiguous", "status")}
    mx_zones: dict[str, tuple[str, ...]] = {str(area): (zone,) for zone, areas in mx.items() for area in areas}
    mx_zones |= {str(area): tuple(zones) for area, zones in data["mx_area_overrides"].get("ambiguous", {}).items()}
    chile = data["cl_area"]
    mobile = tuple(packs["cl"]["timezone_policy"]["mobile_candidates"])
    cl_prefixes: dict[str, tuple[str, ...]] = {str(p): mobile for p in chile["mobile_prefix"]}
    for zone, areas in chile.items():
        if zone != "mobile_prefix":
            cl_prefixes |= {str(area): (zone,) for area in areas}
    candidates: dict[str, tuple[str, ...]] = {"CL": mobile}
    by_country, with_address = set(), set()
    for pack in packs.values():
        policy, iso2 = pack.get("timezone_policy") or {}, pack.get("iso2")
        if not iso2:
            continue
        if policy.get("country_candidates"):
            candidates[iso2] = tuple(policy["country_candidates"])
        if policy.get("from_number") == "country":
            by_country.add(iso2)
        if policy.get("from_number") == "library_candidates_plus_address":
            with_address.add(iso2)
    return NumberPlans(
        br_zones, br_uf, mx_zones, cl_prefixes, candidates, frozenset(by_country), frozenset(with_address)
    )


@lru_cache(maxsize=1)
def shipped_plans() -> NumberPlans:
    """The plans that the product ships."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    def read(path: Path) -> Any:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)

    documents = {path.stem: read(path) for path in PACKS_DIR.glob("*.yaml")}
    plans = documents.pop("number_plans")
    packs = {code: data for code, data in documents.items() if "code" in data}
    return build_plans(plans, packs)


def normal(number: str) -> str:
    """E.164 of a number or WhatsApp id, however it is written: digits and an optional plus are what counts."""
    return wa_id_to_e164(re.sub(r"\D", "", number))


def zones_of_number(number: str, plans: NumberPlans | None = None) -> tuple[str, ...]:
    """Candidate zones of a number (E.164 or WhatsApp id), the likeliest first; () when nothing is known."""
    plans = plans or shipped_plans()
    e164 = normal(number)
    digits = e164[1:]
    if digits.startswith("55"):
        return plans.br_zones.get(digits[2:4]) or plans.candidates["BR"]
    if digits.startswith("56"):
        national = digits[2:]
        for length in range(len(national), 0, -1):
            if found := plans.cl_prefixes.get(national[:length]):
                return found
        return plans.candidates["CL"]
    if digits.startswith("52") and (found := plans.mx_zones.get(digits[2:5])):
        return found
    try:
        parsed = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return ()
    region = phonenumbers.region_code_for_number(parsed) or phonenumbers.region_code_for_country_code(
        parsed.country_code or 0
    )
    if region in plans.by_country:
        return plans.candidates[region]
    found = tuple(zone for zone in library.time_zones_for_number(parsed) if zone != _UNKNOWN and offsets.is_zone(zone))
    order = {zone: place for place, zone in enumerate(plans.candidates.get(region, ()))}
    return tuple(sorted(found, key=lambda zone: order.get(zone, len(order))))


def candidate_zones(
    e164: str | None,
    declared: str | None = None,
    address_zone: str | None = None,
    plans: NumberPlans | None = None,
) -> tuple[str, ...]:
    """The zones in every one of which a time rule must hold, the primary (which counts days) first.

    Declared by the debtor, else the verified address, else the number plan, else the country's candidates. A declared
    zone and an address that disagree are both kept, and in the United States the address and the number's zones are
    (12 CFR 1006.6 commentary). Names that the zone data does not know are dropped; () means unknown.
    """
    plans = plans or shipped_plans()
    named = [zone for zone in (declared, address_zone) if zone and offsets.is_zone(zone)]
    if named and (declared or not e164 or _region(e164) not in plans.with_address):
        return tuple(dict.fromkeys(named))
    from_number = zones_of_number(e164, plans) if e164 else ()
    return tuple(dict.fromkeys([*named, *from_number]))


def _region(e164: str) -> str | None:
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(normal(e164), None))
    except phonenumbers.NumberParseException:
        return None


def country_of(e164: str) -> str | None:
    """ISO 3166 country of a number or WhatsApp id; None when it belongs to none."""
    region = _region(e164)
    if region:
        return region
    return {"55": "BR", "52": "MX", "57": "CO", "51": "PE", "56": "CL", "54": "AR"}.get(normal(e164)[1:3])


def uf_of(e164: str, plans: NumberPlans | None = None) -> str | None:
    """The Brazilian state (UF) of a number by its DDD; None for other countries and unknown area codes."""
    digits = normal(e164)[1:]
    if not digits.startswith("55"):
        return None
    return (plans or shipped_plans()).br_uf.get(digits[2:4])


def states_of(e164: str | None, address_uf: str | None = None) -> tuple[str, ...]:
    """The debtor's states for Facts.ufs: the verified address, and the DDD too where it disagrees (both then apply)."""
    from_number = uf_of(e164) if e164 else None
    return tuple(dict.fromkeys(uf for uf in (address_uf, from_number) if uf))
