"""From findings to the content flags that rule packs object to."""

from __future__ import annotations

from compliance.language.lexicon import compiled
from compliance.language.model import Context, Scan
from compliance.language.normalise import Normalised, normalise

_VEXING = {"ridicule_constraint_or_threat", "shameful_vexatious_or_intimidating", "disrespect_or_privacy_intrusion"}

CLASS_FLAGS: dict[str, frozenset[str]] = {
    "abusive": frozenset(_VEXING | {"insult_or_shaming"}),
    "profanity": frozenset(_VEXING | {"insult_or_shaming"}),
    "shaming": frozenset(_VEXING | {"insult_or_shaming", "affects_reputation_home_privacy_work_or_image"}),
    "composure_loss": frozenset({"disrespect_or_privacy_intrusion"}),
    "threat": frozenset(_VEXING | {"threat_or_coercion"}),
    "third_party_disclosure": frozenset(
        _VEXING
        | {
            "mention_of_debt_to_third_party",
            "affects_reputation_home_privacy_work_or_image",
            "affects_home_privacy_or_job",
        }
    ),
    "false_legal_claim": frozenset(
        {
            "judicial_appearance_or_false_authority",
            "false_or_unverified_amount_or_consequence",
            "any_reference_to_judicial_document_or_action",
            "credit_bureau_or_uninitiated_court_consequence",
            "ridicule_constraint_or_threat",
            "shameful_vexatious_or_intimidating",
        }
    ),
    "fraud_diversion": frozenset({"payment_to_collector_account"}),
    "privacy": frozenset({"disrespect_or_privacy_intrusion"}),
    "off_policy_promise": frozenset({"false_or_unverified_amount_or_consequence"}),
}
MENTION_FLAGS: dict[str, frozenset[str]] = {
    "judicial": frozenset({"any_reference_to_judicial_document_or_action"}),
    "bureau": frozenset({"credit_bureau_or_uninitiated_court_consequence"}),
    "court_consequence": frozenset({"credit_bureau_or_uninitiated_court_consequence"}),
    "reason": frozenset({"asks_reason_for_default"}),
    "demand": frozenset({"new_demand"}),
    "promo": frozenset({"promotional_offer_without_consent"}),
    "visible": frozenset({"debt_visible_outside_message"}),
    "visit_work": frozenset({"affects_home_privacy_or_job", "interference_with_work_rest_leisure"}),
    "blacklist": frozenset({"publication_or_blacklist_threat"}),
    "judicial_claim": frozenset({"judicial_appearance_or_false_authority"}),
}
IDENTIFIER_FLAG = "full_identifier_or_account_number"
PRODUCED: frozenset[str] = frozenset(
    {IDENTIFIER_FLAG, "interference_with_work_rest_leisure", "publication_or_blacklist_threat"}
).union(*CLASS_FLAGS.values(), *MENTION_FLAGS.values())


def mention_flags(normal: Normalised, context: Context) -> frozenset[str]:
    """Flags of what a lawful text may mention but some pack forbids (courts, bureaus, the reason, offers, a demand).

    Chile's mandatory sentence "this is not a procedure to execute your assets" (Ley 21.062) is exempt from the ban on
    judicial references of Ley 21.320: a reference that stands in that sentence does not count.
    """
    found: dict[str, list[tuple[int, int]]] = {}
    for match, name in compiled().mentions.matches(normal.text, (t.text for t in normal.tokens)):
        found.setdefault(name, []).append(match.span())
    exempt = [_sentence(normal.text, *span) for span in found.pop("chile_sentence", [])]
    flags: set[str] = set()
    for name, spans in found.items():
        if name in ("judicial", "court_consequence"):
            spans = [(s, e) for s, e in spans if not any(a <= s and e <= b for a, b in exempt)]
            if not spans:
                continue
        if name == "promo" and context.promotional_consent:
            continue
        flags |= MENTION_FLAGS[name]
    return frozenset(flags)


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    begin = max(text.rfind(" . ", 0, start), text.rfind(" ? ", 0, start)) + 1
    stops = [p for p in (text.find(" . ", end - 1), text.find(" ? ", end - 1)) if p >= 0]
    return begin, min(stops, default=len(text)) + 1


def flags_for(scan: Scan, text: str, context: Context | None = None) -> frozenset[str]:
    """The content flags of a message: those of its findings and those of what it mentions.

    ``new_demand`` matters to replies only (it makes them collection); the packs name no other use of it.
    """
    return scan.flags | mention_flags(normalise(text, compiled().vocabulary), context or Context())
