"""Who the simulated debtors are and what becomes of a message to them. Pure: a hash of (seed, phone, step) decides.

Proportions and delays follow the measured numbers of the project (late payers, answers by contact number, boleto
delays); where no public data exists the value is an assumption and says so.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from messaging.sandbox.agenda import HOUR, MINUTE, SECOND

_NORMAL = NormalDist()
FOREVER = 40 * HOUR  # nobody takes longer to answer


def chance(seed: int, *what: Any) -> float:
    """A number in [0, 1) that only depends on its arguments."""
    digest = hashlib.blake2b("|".join(map(str, (seed, *what))).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def chances(seed: int, *what: Any) -> list[float]:
    """Eight independent numbers in [0, 1) from one hash."""
    digest = hashlib.blake2b("|".join(map(str, (seed, *what))).encode(), digest_size=32).digest()
    return [int.from_bytes(digest[at : at + 4], "big") / 2**32 for at in range(0, 32, 4)]


def around(median_us: float, spread: float, u: float, longest_us: int = FOREVER) -> int:
    """A log-normal delay in microseconds with this median; `spread` is the sigma of its logarithm."""
    return int(min(longest_us, median_us * math.exp(spread * _NORMAL.inv_cdf(min(max(u, 1e-6), 1 - 1e-6)))))


def quantile(points: list[tuple[float, float]], u: float) -> float:
    """Linear interpolation between (share, value) points."""
    for (low, at_low), (high, at_high) in itertools.pairwise(points):
        if u <= high:
            return at_low + (at_high - at_low) * (u - low) / (high - low)
    return points[-1][1]


def pick(weights: dict[str, float], u: float) -> str:
    """The name that `u` falls on, in proportion to the weights."""
    left = u * sum(weights.values())
    for name, weight in weights.items():
        left -= weight
        if left < 0:
            return name
    return next(reversed(weights))


@dataclass(frozen=True, slots=True)
class Persona:
    """A way to behave. Chances are per message seen; `menu` weighs what is chosen when a menu is shown."""

    share: float
    answers: float
    hours: float  # median time to the first answer
    keeps: float  # a promise is kept
    pays: float  # a payment link that was asked for is paid
    outside: float  # a message makes them pay at the bank, without a word
    menu: dict[str, float]
    types: float = 0.12  # types instead of tapping
    abuse: float = 0.0


# Shares: an assumption shaped by the measured ones (disputed invoices 22.7 %, three and more months late 1.5 %).
PERSONAS: dict[str, Persona] = {
    "prompt": Persona(0.22, 0.62, 1.0, 0.95, 0.92, 0.30, {"pay": 80, "paid": 12, "more_time": 6, "doubts": 2}),
    "forgetful": Persona(
        0.25, 0.45, 5.0, 0.72, 0.80, 0.12, {"pay": 52, "more_time": 20, "paid": 14, "plan": 8, "doubts": 6}
    ),
    "tight": Persona(0.17, 0.40, 7.0, 0.55, 0.55, 0.04, {"plan": 46, "more_time": 36, "pay": 10, "human": 8}),
    "negotiator": Persona(
        0.10, 0.55, 3.0, 0.66, 0.60, 0.05, {"plan": 54, "doubts": 18, "human": 16, "more_time": 12}, types=0.22
    ),
    "disputer": Persona(
        0.08,
        0.50,
        3.0,
        0.50,
        0.35,
        0.06,
        {"doubts": 44, "paid": 26, "human": 20, "dispute": 10},
        types=0.35,
        abuse=0.04,
    ),
    "ghost": Persona(0.08, 0.00, 20.0, 0.40, 0.10, 0.05, {"more_time": 1}),
    "wrong_person": Persona(0.04, 0.55, 4.0, 0.0, 0.0, 0.0, {"wrong_person": 80, "opt_out": 20}, types=0.30),
    "hostile": Persona(
        0.03, 0.50, 2.0, 0.30, 0.15, 0.03, {"opt_out": 50, "human": 20, "doubts": 30}, types=0.55, abuse=0.35
    ),
    "vulnerable": Persona(0.03, 0.50, 6.0, 0.35, 0.20, 0.02, {"human": 50, "more_time": 30, "plan": 20}, types=0.45),
    "manual": Persona(0.0, 0.0, 1.0, 0.0, 0.0, 0.0, {"pay": 1}),
}

# Success by contact attempt (13.0 %, 11.5 %, ... 3.6 % from the tenth), relative to the first.
FADING = [1.0, 0.885, 0.831, 0.723, 0.577, 0.50, 0.42, 0.331, 0.30]
FADED = 0.277
BOLETO_HOURS = [(0.0, 1.0), (0.5, 29.0), (0.75, 41.0), (0.9, 77.0), (1.0, 196.0)]
UTC_OFFSET = {"MX": -6, "CO": -5, "PE": -5, "EC": -5, "CL": -3, "AR": -3, "BR": -3, "UY": -3}
NOT_ON_WHATSAPP = 0.02
RECEIPTS_OFF = 0.20

_NAMES = {
    "es": (
        ["María", "José", "Luis", "Ana", "Carlos", "Rosa", "Juan", "Elena", "Miguel", "Lucía", "Pedro", "Sofía"],
        ["Gómez", "Rojas", "Pérez", "Torres", "Díaz", "Vargas", "Castro", "Ruiz", "Mendoza", "Silva"],
    ),
    "pt": (
        ["Maria", "João", "Ana", "Paulo", "Cláudia", "Marcos", "Juliana", "Rafael", "Beatriz", "Tiago"],
        ["Souza", "Oliveira", "Lima", "Pereira", "Ferreira", "Costa", "Almeida", "Ribeiro", "Barros"],
    ),
}
_PREFIXES = {"+55": "BR", "+52": "MX", "+57": "CO", "+51": "PE", "+56": "CL", "+54": "AR"}


@dataclass(frozen=True, slots=True)
class Profile:
    """One simulated person. `answers`, `keeps` and `pays` override the persona's where given."""

    e164: str
    name: str
    language: str
    country: str
    persona: str
    document_last3: str
    birth_year: str
    read_receipts: bool = True
    on_whatsapp: bool = True
    hides_phone: bool = False
    answers: float | None = None
    keeps: float | None = None
    pays: float | None = None

    @classmethod
    def made(cls, seed: int, e164: str, **chosen: Any) -> Profile:
        """A person with everything not chosen decided by the hash."""
        u = chances(seed, e164, "person")
        country = str(chosen.get("country") or _PREFIXES.get(e164[:3], "CO"))
        language = str(chosen.get("language") or ("pt" if country == "BR" else "es"))[:2]
        first, last = _NAMES["pt" if language == "pt" else "es"]
        persona = chosen.get("persona") or pick({name: p.share for name, p in PERSONAS.items()}, u[0])
        simulated = persona != "manual"
        made: dict[str, Any] = {
            "name": f"{first[int(u[1] * len(first))]} {last[int(u[2] * len(last))]}",
            "document_last3": f"{int(u[3] * 1000):03d}",
            "birth_year": str(1950 + int(u[4] * 55)),
            "read_receipts": not simulated or u[5] >= RECEIPTS_OFF,
            "on_whatsapp": not simulated or u[6] >= NOT_ON_WHATSAPP,
        }
        made |= {name: value for name, value in chosen.items() if value is not None}
        made |= {"country": country, "language": language, "persona": persona}
        made["document_last3"], made["birth_year"] = str(made["document_last3"]), str(made["birth_year"])
        return cls(e164=e164, **made)

    @property
    def manner(self) -> Persona:
        """The persona's numbers."""
        return PERSONAS[self.persona]

    def local_hour(self, at_us: int) -> int:
        """The hour of day where the person lives (winter offset: people do not notice the difference)."""
        return (at_us // HOUR + UTC_OFFSET.get(self.country, -5)) % 24

    def local_day(self, at_us: int) -> int:
        """Days since the epoch where the person lives."""
        return (at_us // HOUR + UTC_OFFSET.get(self.country, -5)) // 24


def fate(seed: int, e164: str, ordinal: int, profile: Profile | None, kind: str) -> list[tuple[int, str]]:
    """What becomes of the `ordinal`-th message to a person: [(delay since the step before, step)].

    Steps: sent, delivered, read, read_implied (read without delivered), seen (the person reacts), failed:<code>.
    Unregistered and manually played people are always there and read everything.
    """
    if profile is None or profile.persona == "manual":
        if kind == "reaction":
            return [(SECOND, "sent")]
        return [(SECOND, "sent"), (SECOND, "delivered"), (3 * SECOND, "read")]
    u = chances(seed, e164, "fate", ordinal)
    sent = int((0.3 + 1.7 * u[0]) * SECOND)
    if not profile.on_whatsapp:
        return [(sent, "failed:131026")]
    steps = [(sent, "sent")]
    if kind == "reaction":
        return steps
    # one in ten: the phone is off or without a signal
    delivered = int((1 + 14 * u[2]) * SECOND) if u[1] < 0.90 else int((5 + 475 * u[2]) * MINUTE)
    implied = u[3] < 0.03 and profile.read_receipts
    if not implied:
        steps.append((delivered, "delivered"))
    if u[4] < (0.35 if profile.persona == "ghost" else 0.04):
        return steps
    if kind == "template":
        looked = around(25 * MINUTE, 1.4, u[5], 30 * HOUR)
    else:
        looked = around(1.5 * MINUTE, 1.0, u[5], 3 * HOUR)
    if implied:
        return [*steps, (delivered + looked, "read_implied"), (0, "seen")]
    if profile.read_receipts:
        return [*steps, (looked, "read"), (0, "seen")]
    return [*steps, (looked, "seen")]


def overridden(override: list[Any]) -> list[tuple[int, str]]:
    """The steps of a message whose end was ordered: ["failed", code] or ["held", seconds, dropped]."""
    if override[0] == "failed":
        return [(SECOND, f"failed:{override[1]}")]
    if override[2]:
        return [(override[1] * SECOND, "failed:132015")]
    return [(override[1] * SECOND, "sent"), (SECOND, "delivered"), (3 * SECOND, "read")]


def attention(attempt: int) -> float:
    """How much of the first message's answers the n-th one still gets (1-based)."""
    return FADING[attempt - 1] if attempt <= len(FADING) else FADED


def payment_delay(u: float, v: float) -> int:
    """From deciding to having paid: most at once (card, median 0.3 h), some by slip (median 29 h, p90 77 h)."""
    if u < 0.75:
        return around(0.3 * HOUR, 1.2, v)
    return int(quantile(BOLETO_HOURS, v) * HOUR)


def awake(profile: Profile, due_us: int, u: float) -> int:
    """People sleep: what would happen at night happens in the morning, except one time in thirty."""
    hour = profile.local_hour(due_us)
    if hour >= 7 or u < 0.03:
        return due_us
    return due_us + (7 - hour) * HOUR + int(u * 3 * HOUR)
