"""Judges a run from outside: from what the sandbox received and from bare sums, not from the gate's own code.

The hours, days and counts here are written a second time, by hand, from the one-page comparison of the collections
rules (default practice intersected with each country's law), so that a mistake in the gate does not excuse itself.
"""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays
from django.db import connection

from collections_platform.headless.link import Sandbox
from collections_platform.headless.world import State
from compliance.evidence.exports import export
from compliance.evidence.verifier import check
from compliance.ledger.seals import seal_now
from compliance.ledger.verify import verify_ledger
from portfolio.models import Debtor
from tenants.models import Tenant
from tenants.scope import tenant_scope

#: country -> (first hour, last hour) on weekdays, Saturday; the stricter of default practice and law.
_HOURS: dict[str, tuple[tuple[int, int], tuple[int, int] | None]] = {
    "BR": ((8, 20), None), "MX": ((8, 20), None), "CO": ((8, 19), None), "PE": ((8, 20), None),
    "CL": ((8, 20), None), "AR": ((9, 19), None),
}  # fmt: skip
#: Brazilian states with laws of their own, by area code (DDD).
_BR_STATES = {"RJ": ({21, 22, 24}, (9, 19)), "ES": ({27, 28}, (8, 19)), "AM": ({92, 97}, (8, 18))}
_UF = {
    11: "SP", 12: "SP", 13: "SP", 14: "SP", 15: "SP", 16: "SP", 17: "SP", 18: "SP", 19: "SP", 21: "RJ", 22: "RJ",
    24: "RJ", 27: "ES", 28: "ES", 31: "MG", 32: "MG", 33: "MG", 34: "MG", 35: "MG", 37: "MG", 38: "MG", 41: "PR",
    42: "PR", 43: "PR", 44: "PR", 45: "PR", 46: "PR", 47: "SC", 48: "SC", 49: "SC", 51: "RS", 53: "RS", 54: "RS",
    55: "RS", 61: "DF", 62: "GO", 63: "TO", 64: "GO", 65: "MT", 66: "MT", 67: "MS", 68: "AC", 69: "RO", 71: "BA",
    73: "BA", 74: "BA", 75: "BA", 77: "BA", 79: "SE", 81: "PE", 82: "AL", 83: "PB", 84: "RN", 85: "CE", 86: "PI",
    87: "PE", 88: "CE", 89: "PI", 91: "PA", 92: "AM", 93: "PA", 94: "PA", 95: "RR", 96: "AP", 97: "AM", 98: "MA",
    99: "MA",
}  # fmt: skip
#: UTC offsets in winter terms are not enough (Tijuana has summer time), so zones by the widest safe choice.
_BR_ZONES: dict[int, tuple[str, ...]] = {
    **dict.fromkeys([65, 66], ("America/Cuiaba",)), 67: ("America/Campo_Grande",), 68: ("America/Rio_Branco",),
    69: ("America/Porto_Velho",), 92: ("America/Manaus",), 95: ("America/Boa_Vista",),
    97: ("America/Manaus", "America/Eirunepe",), 81: ("America/Recife", "America/Noronha",),
}  # fmt: skip
_MX_ZONES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(["614", "621", "625", "627", "628", "629", "635", "639", "648", "649", "652", "659"], ("America/Chihuahua",)),
    **dict.fromkeys(["656", "657"], ("America/Ciudad_Juarez",)), "626": ("America/Ojinaga",),
    **dict.fromkeys(["622", "623", "631", "632", "633", "634", "637", "638", "641", "642", "643", "644", "645", "647", "651", "662"],
                    ("America/Hermosillo",)),
    **dict.fromkeys(["616", "646", "658", "661", "663", "664", "665", "686"], ("America/Tijuana",)),
    **dict.fromkeys(["983", "984", "987", "998"], ("America/Cancun",)),
    **dict.fromkeys(["311", "319", "323", "324", "325", "389", "612", "613", "615", "624", "667", "668", "669", "672", "673",
                     "687", "694", "695", "696", "697", "698"], ("America/Mazatlan",)),
    **dict.fromkeys(["867", "868", "877", "878", "894", "897", "899"], ("America/Matamoros",)),
    "636": ("America/Chihuahua", "America/Ciudad_Juarez",), "653": ("America/Hermosillo", "America/Tijuana",),
    "322": ("America/Mexico_City", "America/Bahia_Banderas",), "873": ("America/Monterrey", "America/Matamoros",),
}  # fmt: skip
_ZONES: dict[str, tuple[str, ...]] = {
    "CO": ("America/Bogota",), "PE": ("America/Lima",), "AR": ("America/Argentina/Buenos_Aires",),
    "CL": ("America/Santiago", "America/Punta_Arenas", "America/Coyhaique",),
}  # fmt: skip
#: How many counted messages in how many local days (rolling), beside one a day everywhere.
_ROLLING = {"CO": (2, 7), "CL": (2, 7)}
_COUNTED = {"collection", "identity_probe", "consent_request"}


def zones_of(e164: str, country: str) -> tuple[str, ...]:
    """Every zone that the number may be in; the first counts days."""
    if country == "BR":
        return _BR_ZONES.get(int(e164[3:5]), ("America/Sao_Paulo",))
    if country == "MX":
        return _MX_ZONES.get(e164[3:6], ("America/Mexico_City",))
    return _ZONES[country]


@lru_cache(maxsize=4096)
def _closed(country: str, uf: str, day: date) -> bool:
    if day.weekday() >= 5:
        return True
    if day in holidays.country_holidays(country, years=day.year, subdiv=uf or None if country == "BR" else None):
        return True
    if country == "BR":
        optional = holidays.country_holidays(country, years=day.year, categories=("optional",), language="pt_BR")
        return any(name in optional.get(day, "") for name in ("Carnaval", "Corpus Christi"))
    return False


def within_hours(e164: str, country: str, at: datetime, place: str = "") -> bool:
    """Whether a message that we begin may reach this number at this instant. `place`: a zone known by address."""
    uf = _UF.get(int(e164[3:5]), "") if country == "BR" else ""
    weekdays, _ = _HOURS[country]
    for area_codes, hours in _BR_STATES.values():
        if country == "BR" and int(e164[3:5]) in area_codes:
            weekdays = (max(weekdays[0], hours[0]), min(weekdays[1], hours[1]))
    for zone in (place,) if place else zones_of(e164, country):
        local = at.astimezone(ZoneInfo(zone))
        if _closed(country, uf, local.date()) or not weekdays[0] <= local.hour < weekdays[1]:
            return False
    return True


@dataclass(slots=True)
class Judgement:
    """What was looked at, and what was wrong."""

    checks: dict[str, bool]
    looked: dict[str, int]
    wrong: dict[str, list[str]]


def judge(state: State, sandbox: Sandbox) -> Judgement:
    """All checks of a run."""
    wrong: dict[str, list[str]] = defaultdict(list)
    looked: dict[str, int] = {}
    tenant = Tenant.objects.get(pk=state.tenant_id)
    known = _outbound_facts(state)
    per_day: dict[tuple[str, date], int] = defaultdict(int)
    days_of: dict[str, list[date]] = defaultdict(list)
    seen: dict[str, int] = defaultdict(int)
    accepted = 0
    for message in sandbox.pages("/messages", "messages"):
        accepted += 1
        reference = message["callback_data"] or ""
        at = datetime.fromisoformat(message["at"])
        facts = known.get(reference)
        seen[reference] += 1
        if facts is None or facts["verdict"] != "allow":
            wrong["every_outbound_has_an_allow_decision"].append(f"{message['wamid']}: no allow decision")
            continue
        if seen[reference] > 1:
            wrong["no_duplicate_at_the_sandbox"].append(f"{reference} arrived {seen[reference]} times")
        zone = facts["place"]
        local = at.astimezone(ZoneInfo(zone or zones_of(facts["to"], tenant.country)[0])).date()
        # A reply answers somebody who wrote to us a moment ago: Colombia's statute lifts hours and days for it.
        exempt = facts["class"] == "optout_confirmation" or (facts["class"] == "reply" and tenant.country == "CO")
        if not exempt and not within_hours(facts["to"], tenant.country, at, zone):
            wrong["no_send_outside_legal_hours"].append(f"{reference} at {at.isoformat()} ({facts['class']})")
        if facts["class"] in _COUNTED:
            per_day[facts["person"], local] += 1
            days_of[facts["person"]].append(local)
    looked["messages_at_the_sandbox"] = accepted
    for (person, day), count in per_day.items():
        if count > 1:
            wrong["no_budget_exceeded"].append(f"person {person}: {count} on {day}")
    if tenant.country in _ROLLING:
        most, span = _ROLLING[tenant.country]
        for person, found in days_of.items():
            for day in set(found):
                if sum(1 for other in found if day - timedelta(days=span - 1) <= other <= day) > most:
                    wrong["no_budget_exceeded"].append(f"person {person}: more than {most} in {span} days to {day}")
    looked["persons_contacted"] = len(days_of)
    if sandbox.call("GET", "/stats")["duplicates"]:
        wrong["no_duplicate_at_the_sandbox"].append("the sandbox counted duplicates itself")
    wrong["every_outbound_has_an_allow_decision"] += _without_allow(state)
    wrong["balances_equal_their_entries"] += _unbalanced(state)
    wrong["evidence_verifies"] += _evidence(state, looked)
    names = (
        "every_outbound_has_an_allow_decision", "no_send_outside_legal_hours", "no_budget_exceeded",
        "no_duplicate_at_the_sandbox", "balances_equal_their_entries", "evidence_verifies",
    )  # fmt: skip
    return Judgement(
        {name: not wrong[name] for name in names}, looked, {name: wrong[name][:20] for name in names if wrong[name]}
    )


def _rows(state: State, statement: str) -> list[tuple[object, ...]]:
    with tenant_scope(uuid.UUID(state.tenant)), connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def _outbound_facts(state: State) -> dict[str, dict[str, str]]:
    rows = _rows(
        state,
        "SELECT o.id, o.\"to\", r.message_class, r.person_id, d.verdict, COALESCE(NULLIF(p.declared_zone, ''), p.address_zone) "
        "FROM messaging_outbound o JOIN messaging_sendrequest r ON r.id = o.request_id AND r.tenant_id = o.tenant_id "
        "JOIN portfolio_person p ON p.id = r.person_id AND p.tenant_id = r.tenant_id "
        "JOIN compliance_decision d ON d.id = o.decision_id AND d.tenant_id = o.tenant_id",
    )
    return {
        str(row[0]): {
            "to": str(row[1]),
            "class": str(row[2]),
            "person": str(row[3]),
            "verdict": str(row[4]),
            "place": str(row[5] or ""),
        }
        for row in rows
    }


def _without_allow(state: State) -> list[str]:
    rows = _rows(
        state,
        "SELECT o.id FROM messaging_outbound o LEFT JOIN compliance_decision d ON d.id = o.decision_id "
        "AND d.tenant_id = o.tenant_id AND d.verdict = 'allow' AND d.request_id = o.request_id WHERE d.id IS NULL LIMIT 20",
    )
    return [f"outbound {row[0]}: its decision does not allow" for row in rows]


def _unbalanced(state: State) -> list[str]:
    invoices = _rows(
        state,
        "SELECT i.id, i.open_minor, COALESCE(sum(e.minor), 0) FROM portfolio_invoice i LEFT JOIN portfolio_entry e "
        "ON e.invoice_id = i.id AND e.tenant_id = i.tenant_id GROUP BY i.id, i.open_minor "
        "HAVING i.open_minor <> COALESCE(sum(e.minor), 0) LIMIT 20",
    )
    debtors = _rows(
        state,
        "SELECT d.id, d.open_minor, COALESCE(s.total, 0) FROM portfolio_debtor d LEFT JOIN (SELECT debtor_id, "
        "sum(minor) AS total FROM portfolio_entry GROUP BY debtor_id) s ON s.debtor_id = d.id "
        "WHERE d.open_minor <> COALESCE(s.total, 0) LIMIT 20",
    )
    return [f"invoice {row[0]}: {row[1]} is not {row[2]}" for row in invoices] + [
        f"debtor {row[0]}: {row[1]} is not {row[2]}" for row in debtors
    ]


def _evidence(state: State, looked: dict[str, int]) -> list[str]:
    """The whole ledger verifies, and one debtor's exported evidence verifies outside the product."""
    with tenant_scope(state.tenant_id):
        seal_now()
        found = verify_ledger()
        looked["ledger_rows"], looked["events"], looked["seals"] = found.rows, found.events, found.seals
        wrong = [str(problem) for problem in found.problems]
        busiest = _busiest()
        if busiest is not None:
            exported = export(debtor_id=busiest.pk, actor="system:headless", reason="check of a run")
            wrong += [str(problem) for problem in check(json.loads(json.dumps(exported)))]
    return wrong


def _busiest() -> Debtor | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT debtor_id FROM messaging_sendrequest GROUP BY debtor_id ORDER BY count(*) DESC, debtor_id LIMIT 1"
        )
        row = cursor.fetchone()
    return Debtor.objects.get(pk=row[0]) if row else None
