"""What others may ask of the room that decides; each function runs inside a tenant scope of the caller."""

from compliance.services.authorise import Outlook, authorise, preview, previews
from compliance.services.budget import note_inbound, record_contact, settle
from compliance.services.consent import (
    NewConsent,
    Proof,
    put_consent,
    record_consent,
    record_consents,
    revoke_consent,
    standing_consents,
    take_notes,
)
from compliance.services.foreseeing import preview_many
from compliance.services.identity import (
    claim,
    doubt,
    mark_wrong_person,
    note_contacted,
    reconfirm_number,
    strike,
    verify,
)
from compliance.services.stops import lift_stop, raise_stop, raise_stops
from compliance.services.values import Ask, ChannelFacts, Ruling

__all__ = [
    "Ask",
    "ChannelFacts",
    "NewConsent",
    "Outlook",
    "Proof",
    "Ruling",
    "authorise",
    "claim",
    "doubt",
    "lift_stop",
    "mark_wrong_person",
    "note_contacted",
    "note_inbound",
    "preview",
    "preview_many",
    "previews",
    "put_consent",
    "raise_stop",
    "raise_stops",
    "reconfirm_number",
    "record_consent",
    "record_consents",
    "record_contact",
    "revoke_consent",
    "settle",
    "standing_consents",
    "strike",
    "take_notes",
    "verify",
]
