"""What can be tapped in a message, and what it means to a debtor. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Option:
    """Something to tap: a session button, a list row or a template's quick reply."""

    id: str
    title: str
    kind: str


_IDS = ("pay", "plan", "more_time", "doubts", "paid", "human", "wrong_person", "opt_out", "accept", "reject", "dispute")
_TITLES = {
    "wrong_person": r"no soy|n[aã]o sou|equivocad|pessoa errada|wrong",
    "probe_yes": r"^s[ií],? soy|^soy yo|^sim,? sou|^sou eu|^yes",
    "probe_no": r"^(no|n[aã]o)[.!]?$",
    "paid": r"ya pagu|ya lo pagu|j[aá] paguei|already paid",
    "more_time": r"tiempo|plazo|prazo|tempo|agendar|recordatorio|lembrete|more time",
    "plan": r"plan|cuota|parcel|acuerdo|acordo",
    "doubts": r"duda|d[uú]vida|consulta|question",
    "human": r"persona|asesor|agente|atendente|humano|person",
    "opt_out": r"baja|no recibir|n[aã]o receb|no escrib|parar|sair|descadastr|stop",
    "pay": r"pagar|pago|pay",
    "reject": r"rechaz|recus|no acepto",
    "accept": r"acept|aceit|confirm|de acuerdo",
}
_TITLE = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in _TITLES.items()}


def meaning(option: Option) -> str:
    """What an option means, by its id first and by its title otherwise; '' when it means nothing to a debtor."""
    first, _, rest = option.id.partition(":")
    if first == "probe":
        return "probe_no" if rest.startswith("no") else "probe_yes"
    if first in ("check", "date"):
        return first
    if first == "plan" and rest[:1].isdigit():
        return "plan_of"
    if first in _IDS:
        return first
    return next((name for name, pattern in _TITLE.items() if pattern.search(option.title)), "")
