"""Reads a template before WhatsApp does: what it carries, reveals, may not say; whether the API takes it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from compliance import language

BODY_MAX, FOOTER_MAX, HEADER_MAX, TITLE_MAX, BUTTONS_MAX = 1024, 60, 60, 20, 3
PLACE = re.compile(r"\{\{(\w+)\}\}")
_ADJACENT = re.compile(r"\}\}\s*\{\{")
_NAME = re.compile(r"^[a-z0-9_]{1,512}$")
_PROMOTION = re.compile(
    r"descuent|desconto|ofert|promoci|promoç|rebaja|liquida[cç]|aprovech|aproveit|cup[oó]n|cupom|sorte|% (?:de "
    r")?(?:desc|off)|gratis|grátis",
    re.IGNORECASE,
)
#: What each variable proves to be stated.
_BY_VARIABLE: dict[str, frozenset[str]] = {
    "sender": frozenset({"sender_legal_name", "collector_firm_name", "collector_name"}),
    "creditor": frozenset({"creditor_name"}),
    "agent": frozenset({"agent_name"}),
    "description": frozenset({"debt_origin"}),
    "amount": frozenset({"amount"}),
    "due_date": frozenset({"due_date"}),
    "reference": frozenset({"contract_or_credit_id"}),
    "instalment": frozenset({"contract_or_credit_id"}),
    "how_to_pay": frozenset({"how_to_pay_creditor_channel", "payment_method", "creditor_account_for_payment"}),
    "contact": frozenset({"contact_for_questions"}),
    "address": frozenset({"creditor_address"}),
    "tax_id": frozenset({"creditor_cpf_or_cnpj"}),
    "principal": frozenset({"principal_amount"}),
    "interest": frozenset({"interest", "interest_separately"}),
    "fines": frozenset({"fines"}),
    "fees": frozenset({"fees_itemised"}),
    "calculated_on": frozenset({"calculation_date"}),
    "authority": frozenset({"authority_to_collect"}),
}
#: What several variables state together.
_TOGETHER: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"principal", "interest", "fees"}), "amount_breakdown_principal_interest_fees"),
    (frozenset({"interest", "fees"}), "interest_and_collection_costs"),
    (frozenset({"sender", "contact"}), "agency_name_and_contact"),
)
#: What words state.
_BY_WORDS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"responda (?:BAJA|SAIR|STOP|PARAR)"), "opt_out_line"),
    (re.compile(r"\b(?:Quejas?|reclamar ante|Reclamos|Reclamações)\b"), "complaint_channel"),
    (re.compile(r"cuenta queda (?:saldada|liquidada)|conta fica quitada"), "conditions_to_settle"),
    (re.compile(r"\b(?:derecho a|direito (?:a|de))\b"), "debtor_rights"),
    (re.compile(r"no es un procedimiento de ejecución de sus bienes"), "not_a_judicial_execution_statement"),
)
_REVEALS = (
    (3, frozenset({"amount", "balance", "principal", "interest", "fees", "fines", "plan"})),
    (2, frozenset({"due_date", "reference", "description", "days", "instalment", "promised_on"})),
    (1, frozenset({"creditor", "sender"})),
)
#: Words in the places of the variables, so that the text is read as a debtor will read it.
SAMPLES = {
    "name": "Ana", "agent": "el asistente", "sender": "Horizonte", "creditor": "Horizonte", "reference": "F-1042",
    "description": "sofá", "amount": "$ 1.250,00", "principal": "$ 1.250,00", "interest": "$ 0,00", "fees": "$ 0,00",
    "fines": "$ 0,00", "due_date": "3/11/2026", "deadline": "12/12/2026", "calculated_on": "20/11/2026", "days": "12",
    "how_to_pay": "el enlace de Horizonte", "contact": "ayuda@horizonte.example", "address": "Rua das Acácias, 120",
    "tax_id": "CNPJ 11.444.777/0001-61", "authority": "con mandato", "plan": "3 pagos", "instalment": "2 de 3",
    "paid_on": "20/11/2026", "balance": "$ 0,00", "promised_on": "20/11/2026",
}  # fmt: skip

_SAMPLES_PT = {
    "agent": "a assistente", "amount": "R$ 1.250,00", "principal": "R$ 1.250,00", "interest": "R$ 0,00",
    "fees": "R$ 0,00", "fines": "R$ 0,00", "balance": "R$ 0,00", "how_to_pay": "o link da Horizonte",
    "contact": "ajuda@horizonte.example", "authority": "com mandato", "plan": "3 parcelas", "reference": "a fatura F-1042",
}  # fmt: skip


def samples_for(language: str) -> dict[str, str]:
    """The made-up values for a template in this language (WhatsApp's code)."""
    return SAMPLES | (_SAMPLES_PT if language.startswith("pt") else {})


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a template would be refused, or would not do what its stage is for; `code` is stable."""

    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a template is found to be."""

    variables: tuple[str, ...]
    content: frozenset[str]  # required fields of the packs that it carries
    flags: frozenset[str]  # content flags that packs may object to
    disclosure: int
    category: str  # what WhatsApp will make of it
    troubles: tuple[Trouble, ...]


def read(
    *,
    name: str,
    body: str,
    footer: str = "",
    header: str = "",
    buttons: Sequence[tuple[str, str]] = (),
    message_class: str = "collection",
    required: frozenset[str] = frozenset(),
) -> Reading:
    """Read a template; `required` are the fields that the rules of its country ask for, `buttons` (id, title) pairs."""
    variables = tuple(dict.fromkeys(PLACE.findall(body)))
    plain = sample(body)
    whole = "\n".join(part for part in (header, plain, footer, *(title for _, title in buttons)) if part)
    context = language.Context(creditor_names=(SAMPLES["creditor"],))
    scan = language.scan(whole, author="template", context=context)
    flags = language.flags_for(scan, whole, context) - {"new_demand"}
    content = content_of(body, footer, buttons)
    disclosure = max(
        next((level for level, names in _REVEALS if names & set(variables)), 0),
        language.disclosure_of(PLACE.sub("x", body), ()),
    )
    troubles = [*_api_troubles(name, body, footer, header, buttons)]
    troubles += [Trouble("says", f"{found.cls}: {whole[slice(*found.span)]}") for found in scan.findings]
    troubles += [Trouble("flag", flag) for flag in sorted(flags - scan.flags)]
    allowed = {"identity_probe": 0, "consent_request": 0}.get(message_class)
    if allowed is not None and disclosure > allowed:
        troubles.append(Trouble("reveals", str(disclosure)))
    if message_class == "collection":
        troubles += [Trouble("lacks", field) for field in sorted(required - content)]
    category = "MARKETING" if _PROMOTION.search(whole) else "UTILITY"
    if category == "MARKETING":
        troubles.append(Trouble("promotional", _PROMOTION.search(whole)[0]))  # type: ignore[index]
    return Reading(variables, content, flags, disclosure, category, tuple(troubles))


def content_of(body: str, footer: str, buttons: Sequence[tuple[str, str]]) -> frozenset[str]:
    """The fields of the packs' required content that a template carries."""
    variables = set(PLACE.findall(body))
    found: set[str] = set()
    for variable in variables:
        found |= _BY_VARIABLE.get(variable, frozenset())
    found |= {field for together, field in _TOGETHER if together <= variables}
    words = f"{body}\n{footer}"
    found |= {field for pattern, field in _BY_WORDS if pattern.search(words)}
    if "pay" in {button for button, _ in buttons} and len(buttons) > 1:
        found.add("payment_options")
    return frozenset(found)


def sample(body: str) -> str:
    """The body with made-up values, as WhatsApp's reviewer and our own reading want it."""
    return PLACE.sub(lambda match: SAMPLES.get(match[1], "dato"), body)


def _api_troubles(name: str, body: str, footer: str, header: str, buttons: Sequence[tuple[str, str]]) -> list[Trouble]:
    """What the Cloud API refuses (whatsapp-cloud-api.md, 2.9 and 4)."""
    troubles = []
    if not _NAME.match(name):
        troubles.append(Trouble("name", name))
    for part, text, longest in (
        ("body", body, BODY_MAX),
        ("footer", footer, FOOTER_MAX),
        ("header", header, HEADER_MAX),
    ):
        if len(text) > longest:
            troubles.append(Trouble("too_long", f"{part}: {len(text)} of {longest}"))
    stripped = body.strip()
    if not stripped:
        troubles.append(Trouble("empty", "body"))
    if stripped.startswith("{{") or stripped.endswith("}}"):
        troubles.append(Trouble("variable_at_edge", "body"))
    if _ADJACENT.search(body):
        troubles.append(Trouble("variables_adjacent", "body"))
    found = set(PLACE.findall(body))
    if 2 * len(found) > len(PLACE.sub(" ", body).split()):
        troubles.append(Trouble("too_many_variables", str(len(found))))
    if PLACE.search(footer) or PLACE.search(header):
        troubles.append(Trouble("variable_outside_body"))
    if "\n\n\n" in body or "\t" in body or "     " in body:
        troubles.append(Trouble("blanks", "body"))
    if len(buttons) > BUTTONS_MAX:
        troubles.append(Trouble("too_many_buttons", str(len(buttons))))
    troubles += [Trouble("button_title", title) for _, title in buttons if not 1 <= len(title) <= TITLE_MAX]
    if len({button for button, _ in buttons}) < len(buttons):
        troubles.append(Trouble("button_twice"))
    return troubles
