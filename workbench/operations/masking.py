"""A provider's body for people's eyes: its shape and its words of protocol stay, everything that may be personal goes."""

from __future__ import annotations

import json
from typing import Any

#: Keys whose values are protocol, not people: ids of ours and of Meta's objects, kinds, codes, instants.
_PLAIN = frozenset({
    "object", "field", "id", "type", "status", "event", "messaging_product", "phone_number_id", "timestamp", "code",
    "category", "pricing_model", "billable", "origin", "reason", "message_template_id", "message_template_name",
    "message_template_language", "new_quality_score", "current_limit", "mime_type", "sha256", "voice", "animated",
})  # fmt: skip
_DEPTH = 40
_LONGEST = 20_000


def masked(raw: bytes) -> str:
    """The body as indented JSON with personal values as dots; for anything that is no JSON its size and first signs."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        start = raw[:400].decode("utf-8", "replace")
        return "".join("•" if sign.isalnum() else sign for sign in start)
    return json.dumps(_mask(body, "", 0), indent=2, ensure_ascii=False)[:_LONGEST]


def _mask(value: Any, key: str, depth: int) -> Any:
    if depth > _DEPTH:
        return "…"
    if isinstance(value, dict):
        return {str(name)[:60]: _mask(each, str(name), depth + 1) for name, each in value.items()}
    if isinstance(value, list):
        return [_mask(each, key, depth + 1) for each in value[:200]]
    if isinstance(value, bool) or value is None or key in _PLAIN:
        return value[:200] if isinstance(value, str) else value
    length = len(str(value))
    return "•" * min(length, 12) + (f" ({length})" if length > 12 else "")
