"""A wish to say something: who, to whom, what and why; and what its words reveal."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kernel.errors import DomainError

_VARIABLE = re.compile(r"\{\{(\w+)\}\}")
#: Words of a debtor-facing message may not be longer than the Cloud API takes.
TEXT_MAX = 4096

Content = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Somebody wants to say something to a debtor.

    `content` is provider-neutral: {"kind": "text"|"buttons"|"list"|"link"|"template", "text": ..., ...}.
    (`origin_kind`, `origin_id`) is the reason; a reason is served once. `disclosure`, `flags` and `missing` are what
    the words reveal, contain and lack; None lets them be read from the template or from the text itself.
    """

    creditor_id: uuid.UUID
    debtor_id: uuid.UUID
    message_class: str
    content: Content
    origin_kind: str
    origin_id: str
    actor: str
    contact_point_id: uuid.UUID | None = None
    conversation_id: uuid.UUID | None = None
    invoice_ids: tuple[uuid.UUID, ...] = ()
    disclosure: int | None = None
    flags: frozenset[str] | None = None
    missing: tuple[str, ...] | None = None
    reply_to_id: uuid.UUID | None = None
    expires_at: datetime | None = None
    priority: int = 5


def render(body: str, variables: Mapping[str, str]) -> str:
    """A template's body with its variables filled in.

    Raises DomainError `variable_missing` when one is absent or empty: a debtor never reads a hole (product C03).
    """

    def fill(match: re.Match[str]) -> str:
        value = variables.get(match[1], "")
        if not str(value).strip():
            raise DomainError(
                "variable_missing", "the variable %(name)s is empty: fill it and send again", name=match[1]
            )
        return str(value)

    return _VARIABLE.sub(fill, body)


def variables_of(body: str) -> list[str]:
    """The variables of a body in the order of their first use."""
    return list(dict.fromkeys(_VARIABLE.findall(body)))


def words(content: Content) -> str:
    """Everything that a person will read of it, for scanning and for the thread."""
    parts = [str(content.get("text", ""))]
    parts += [str(button.get("title", "")) for button in content.get("buttons", [])]
    for row in content.get("rows", []):
        parts += [str(row.get("title", "")), str(row.get("description", ""))]
    return "\n".join(part for part in parts if part)


def check_content(content: Content) -> None:
    """Raises DomainError when the content cannot be shown in the channel: too long, too many buttons, empty."""
    kind, text = content.get("kind"), str(content.get("text", ""))
    if kind not in {"text", "buttons", "list", "link", "template"}:
        raise DomainError("content_kind", "%(kind)s is no kind of message", kind=kind, pointer="/content/kind")
    if not text.strip():
        raise DomainError("text_empty", "the message has no words", pointer="/content/text")
    limit = TEXT_MAX if kind in {"text", "list"} else 1024
    if len(text) > limit:
        raise DomainError(
            "text_too_long",
            "the message has %(n)s characters; at most %(max)s fit",
            n=len(text),
            max=limit,
            pointer="/content/text",
        )
    if kind == "buttons" and not 1 <= len(content.get("buttons", [])) <= 3:
        raise DomainError("buttons_count", "one to three buttons fit: use a list for more", pointer="/content/buttons")
    if kind == "list" and not 1 <= len(content.get("rows", [])) <= 10:
        raise DomainError("rows_count", "one to ten rows fit into a list", pointer="/content/rows")
