"""Webhooks of the Cloud API, read defensively: every entry, change, message and status, in whatever shape it comes.

pywa dispatches only the first update of a body and drops failed statuses (reference 1.5), so the raw JSON is read
here (section 3). What is not understood is returned as `Other`, never dropped and never raised.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson


class Malformed(ValueError):
    """A signed body that is not what a webhook is: kept, quarantined, shown to operators."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """A message from a person."""

    phone_number_id: str
    provider_id: str
    wa_id: str  # "" when the person hides the number
    user_id: str  # business-scoped id, "" when absent
    profile_name: str
    at: datetime
    kind: str  # text | button | interactive | image | document | audio | location | contacts | reaction | edit | ...
    text: str
    tapped: str  # id of the button or row that was tapped
    context_id: str  # our message that it answers
    media: dict[str, Any] = field(default_factory=dict)
    group: bool = False
    raw_kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What became of a message of ours."""

    phone_number_id: str
    provider_id: str
    state: str  # sent | delivered | read | failed | played | ...
    at: datetime
    reference: str  # biz_opaque_callback_data: our outbound id
    wa_id: str
    error_code: str = ""
    error_detail: str = ""
    pricing: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """Any other change: templates, numbers, accounts, preferences, and what nobody has seen yet."""

    waba_id: str
    field: str
    value: dict[str, Any]
    at: datetime | None


Update = Inbound | Status | Other


def _instant(value: Any) -> datetime:
    """Seconds since 1970, as text or number; the start of time when it is neither, so that nothing is lost."""
    try:
        return datetime.fromtimestamp(int(value), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _without_nul(value: Any) -> Any:
    """The same JSON without zero characters."""
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(part) for key, part in value.items()}
    return [_without_nul(part) for part in value] if isinstance(value, list) else value


def updates(body: bytes) -> Iterator[Update]:
    """Everything that a body says, in its order. Raises Malformed when it is not a webhook's JSON at all."""
    try:
        payload = orjson.loads(body)
        if b"\\u0000" in body:  # lawful JSON, and more than a table can hold
            payload = _without_nul(payload)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"not JSON: {error}") from error
    if not isinstance(payload, dict) or not isinstance(payload.get("entry"), list):
        raise Malformed("no list called entry")
    for entry in payload["entry"]:
        entry = _dict(entry)
        stamp = entry.get("time")
        for change in _list(entry.get("changes")):
            change = _dict(change)
            value = _dict(change.get("value"))
            number = str(_dict(value.get("metadata")).get("phone_number_id", ""))
            known = False
            for message in _list(value.get("messages")):
                known = True
                yield _inbound(number, _dict(message), value)
            for status in _list(value.get("statuses")):
                known = True
                yield _status(number, _dict(status))
            if not known:
                at = _instant(stamp) if stamp is not None else None
                yield Other(waba_id=str(entry.get("id", "")), field=str(change.get("field", "")), value=value, at=at)


def _inbound(number: str, message: dict[str, Any], value: dict[str, Any]) -> Inbound:
    wa_id, user_id = str(message.get("from") or ""), str(message.get("from_user_id") or "")
    contact = next(
        (
            c
            for c in map(_dict, _list(value.get("contacts")))
            if {str(c.get("wa_id")), str(c.get("user_id"))} & ({wa_id, user_id} - {""})
        ),
        _dict((_list(value.get("contacts")) or [{}])[0]),
    )
    kind = str(message.get("type") or "unknown")
    part = _dict(message.get(kind))
    text, tapped = "", ""
    if kind == "text":
        text = str(part.get("body", ""))
    elif kind == "button":
        text, tapped = str(part.get("text", "")), str(part.get("payload", ""))
    elif kind == "interactive":
        reply = _dict(part.get(str(part.get("type", ""))))
        text, tapped = str(reply.get("title", "")), str(reply.get("id", ""))
    elif kind == "reaction":
        text = str(part.get("emoji", ""))
    elif kind == "system":
        text = str(part.get("body", ""))
    elif kind == "location":
        text = ", ".join(str(part[key]) for key in ("name", "address") if part.get(key))
    else:
        text = str(part.get("caption", "") or "")
    media: dict[str, Any] = {
        key: part[key] for key in ("id", "mime_type", "sha256", "filename", "voice") if key in part
    }
    if kind == "system":
        media = {key: part[key] for key in ("type", "wa_id", "user_id", "previous_user_id") if key in part}
    if kind in ("edit", "revoke"):
        media = {"original": str(part.get("original_message_id", ""))}
    return Inbound(
        phone_number_id=number,
        provider_id=str(message.get("id", "")),
        wa_id=wa_id or str(contact.get("wa_id") or ""),
        user_id=user_id or str(contact.get("user_id") or ""),
        profile_name=str(_dict(contact.get("profile")).get("name", ""))[:150],
        at=_instant(message.get("timestamp")),
        kind=kind[:16],
        text=text,
        tapped=tapped,
        context_id=str(_dict(message.get("context")).get("id", "")),
        media=media,
        group=bool(message.get("group_id")),
        raw_kind=kind,
    )


def _status(number: str, status: dict[str, Any]) -> Status:
    error = _dict((_list(status.get("errors")) or [{}])[0])
    detail = _dict(error.get("error_data")).get("details") or error.get("title") or error.get("message") or ""
    return Status(
        phone_number_id=number,
        provider_id=str(status.get("id", "")),
        state=str(status.get("status", "")),
        at=_instant(status.get("timestamp")),
        reference=str(status.get("biz_opaque_callback_data") or ""),
        wa_id=str(status.get("recipient_id") or ""),
        error_code=str(error.get("code", "")),
        error_detail=str(detail)[:300],
        pricing=_dict(status.get("pricing")),
    )
