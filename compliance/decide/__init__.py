"""The pure compliance gate: values in, decision out. No Django, no network, no clock."""

from .calendars import Calendar, HolidayCalendar, shipped_calendar
from .compiling import ruleset_from_content
from .compose import compose, compose_exactly
from .evidence import (
    FACTS_SCHEMA,
    decision_from_json,
    decision_to_json,
    facts_to_json,
    readings,
    replay,
    replay_under,
    unanswered,
)
from .explain import explain, explain_decision, owner, owner_text, remedy
from .gate import EVALUATOR_VERSION, decide
from .packs import Pack, load_packs, overlays_for
from .rules import RuleSet
from .standing import effective_class, standing_identity
from .values import (
    CHANNELS,
    CONSENT_STATES,
    IDENTITY_PERMITS,
    KINDS,
    MESSAGE_CLASSES,
    ConsentRecord,
    Contact,
    Decision,
    Facts,
    Finding,
    Intent,
)
from .zones import candidate_zones, country_of, states_of, uf_of

__all__ = [
    "CHANNELS",
    "CONSENT_STATES",
    "EVALUATOR_VERSION",
    "FACTS_SCHEMA",
    "IDENTITY_PERMITS",
    "KINDS",
    "MESSAGE_CLASSES",
    "Calendar",
    "ConsentRecord",
    "Contact",
    "Decision",
    "Facts",
    "Finding",
    "HolidayCalendar",
    "Intent",
    "Pack",
    "RuleSet",
    "candidate_zones",
    "compose",
    "compose_exactly",
    "country_of",
    "decide",
    "decision_from_json",
    "decision_to_json",
    "effective_class",
    "explain",
    "explain_decision",
    "facts_to_json",
    "load_packs",
    "overlays_for",
    "owner",
    "owner_text",
    "readings",
    "remedy",
    "replay",
    "replay_under",
    "ruleset_from_content",
    "shipped_calendar",
    "standing_identity",
    "states_of",
    "uf_of",
    "unanswered",
]
