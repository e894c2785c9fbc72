"""The sequence that we ship: five levels, gentle to firm, on the days that product.md counts (D11 to D16)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from messaging.models import Sequence as DunningSequence
from messaging.sequences.services import publish_version

#: -3 before it is due; 1-7, 8-30, 31-60 days after; then three times with twenty days between.
STEPS: tuple[dict[str, Any], ...] = (
    {"code": "preventive", "offset_days": -3, "stage": "preventive", "at": "09:00"},
    {"code": "first", "offset_days": 3, "stage": "first", "at": "09:00"},
    {"code": "middle", "offset_days": 10, "stage": "middle", "at": "10:00"},
    {"code": "middle2", "offset_days": 20, "stage": "middle", "at": "11:00"},
    {"code": "formal", "offset_days": 35, "stage": "formal", "at": "10:00"},
    {"code": "formal2", "offset_days": 50, "stage": "formal", "at": "11:00"},
    {"code": "last", "offset_days": 65, "stage": "last", "at": "10:00", "times": 3, "every_days": 20},
)
_NAMES = {"pt": "Régua padrão", "es": "Secuencia estándar"}


def seed_sequence(
    *, country: str, now: datetime, creditor_id: uuid.UUID | None = None, author: str = "system"
) -> DunningSequence:
    """The shipped sequence for a country (or one creditor), published; doing it again changes nothing."""
    name = f"{_NAMES['pt' if country == 'BR' else 'es']} {country}"
    if creditor_id is not None:
        name = f"{name} {creditor_id.hex[-6:]}"
    sequence, made = DunningSequence.objects.get_or_create(
        name=name, defaults={"country": country, "creditor_id": creditor_id, "created_at": now}
    )
    if made:
        publish_version(sequence, [dict(step) for step in STEPS], author=author, now=now)
    return sequence
