"""What `POST /{phone}/messages` accepts: pure checks of a request body, before any limit is looked at."""

from __future__ import annotations

import re
from typing import Any

from messaging.sandbox.errors import GraphError

TYPES = {
    "text",
    "template",
    "interactive",
    "reaction",
    "image",
    "document",
    "audio",
    "video",
    "sticker",
    "location",
    "contacts",
}
MEDIA = {"image", "document", "audio", "video", "sticker"}
KEYS = {
    "messaging_product",
    "recipient_type",
    "to",
    "recipient",
    "type",
    "context",
    "biz_opaque_callback_data",
    "status",
    "message_id",
    "typing_indicator",
    "recipient_identity_key_hash",
    "category",
    "message_activity_sharing",
    "preview_url",
    *TYPES,
}
BODY, CAPTION, CALLBACK = 4096, 1024, 512


def missing(name: str) -> GraphError:
    """131008 for a required field."""
    return GraphError(131008, f"Parameter '{name}' is mandatory")


def invalid(name: str, why: str) -> GraphError:
    """131009 for a value that is not allowed."""
    return GraphError(131009, f"Parameter '{name}' is not valid: {why}")


def text_of(value: Any, name: str, longest: int, *, required: bool = True) -> str:
    """A string of at most `longest` characters, or the refusal."""
    if value is None or value == "":
        if required:
            raise missing(name)
        return ""
    if not isinstance(value, str):
        raise GraphError(100, f"{name} must be a string")
    if len(value) > longest:
        raise invalid(name, f"length {len(value)}, at most {longest} characters")
    return value


def mapping(value: Any, name: str) -> dict[str, Any]:
    """A JSON object, or the refusal."""
    if value is None:
        raise missing(name)
    if not isinstance(value, dict):
        raise GraphError(100, f"{name} must be an object")
    return value


def check_body(body: Any) -> str:
    """The message's type; raises GraphError 100, 131008, 131009 or 131051."""
    if not isinstance(body, dict):
        raise GraphError(100, "The request body must be a JSON object")
    unknown = set(body) - KEYS
    if unknown:
        raise GraphError(100, f'Unexpected key "{sorted(unknown)[0]}" on param "body".')
    if body.get("messaging_product") != "whatsapp":
        raise GraphError(
            100,
            "The parameter messaging_product is required."
            if "messaging_product" not in body
            else "messaging_product must be whatsapp",
        )
    kind = body.get("type", "text")
    if not isinstance(kind, str):
        raise GraphError(100, "type must be a string")
    if kind not in TYPES:
        raise GraphError(131051, f"Message type {kind} is not supported")
    if body.get("recipient_type", "individual") != "individual":
        raise GraphError(131051, "Group messages are not available for this phone number")
    if not body.get("to") and not body.get("recipient"):
        raise GraphError(100, "The parameter to is required.")
    for name in ("to", "recipient"):
        if name in body and not isinstance(body[name], str):
            raise GraphError(100, f"{name} must be a string")
    text_of(body.get("biz_opaque_callback_data"), "biz_opaque_callback_data", CALLBACK, required=False)
    if "context" in body:
        text_of(mapping(body["context"], "context").get("message_id"), "context.message_id", 512)
    if kind == "contacts":
        if not isinstance(body.get(kind), list) or not body[kind]:
            raise missing(kind)
        return kind
    content = mapping(body.get(kind), kind)
    if kind == "text":
        text_of(content.get("body"), "text.body", BODY)
    elif kind == "interactive":
        check_interactive(content)
    elif kind in MEDIA:
        check_media(kind, content)
    elif kind == "reaction":
        text_of(content.get("message_id"), "reaction.message_id", 512)
        if not isinstance(content.get("emoji"), str):
            raise missing("reaction.emoji")
    elif kind == "template":
        text_of(content.get("name"), "template.name", 512)
        text_of(mapping(content.get("language"), "template.language").get("code"), "template.language.code", 20)
    elif kind == "location":
        for name in ("latitude", "longitude"):
            if not isinstance(content.get(name), (int, float, str)):
                raise missing(f"location.{name}")
    return kind


def check_media(kind: str, content: dict[str, Any]) -> None:
    """An id or a link, and a caption that fits; raises GraphError."""
    if not content.get("id") and not content.get("link"):
        raise missing(f"{kind}.id or {kind}.link")
    if content.get("link") and not re.match(r"https?://", str(content["link"])):
        raise invalid(f"{kind}.link", "not a URL")
    text_of(content.get("caption"), f"{kind}.caption", CAPTION, required=False)


def check_interactive(content: dict[str, Any]) -> None:
    """Reply buttons, lists and link buttons with their limits; raises GraphError 131008, 131009 or 131051."""
    kind = content.get("type")
    if kind not in ("button", "list", "cta_url", "location_request_message"):
        raise GraphError(131009 if kind else 131008, f"interactive.type {kind!r} is not valid")
    text_of(
        mapping(content.get("body"), "interactive.body").get("text"),
        "interactive.body.text",
        BODY if kind == "list" else 1024,
    )
    if "footer" in content:
        text_of(mapping(content["footer"], "interactive.footer").get("text"), "interactive.footer.text", 60)
    header = content.get("header")
    if header is not None:
        if mapping(header, "interactive.header").get("type") not in ("text", "image", "video", "document"):
            raise invalid("interactive.header.type", "text, image, video or document")
        if header["type"] == "text":
            text_of(header.get("text"), "interactive.header.text", 60)
        elif kind == "list":
            raise invalid("interactive.header.type", "a list takes a text header only")
    action = mapping(content.get("action"), "interactive.action")
    if kind == "button":
        check_buttons(action.get("buttons"))
    elif kind == "list":
        check_list(action)
    elif kind == "cta_url":
        parameters = mapping(action.get("parameters"), "interactive.action.parameters")
        text_of(parameters.get("display_text"), "display_text", 20)
        if not re.match(r"https?://", text_of(parameters.get("url"), "url", 2000)):
            raise invalid("url", "not a URL")


def check_buttons(buttons: Any) -> None:
    """One to three reply buttons, ids and titles distinct; raises GraphError."""
    if not isinstance(buttons, list) or not buttons:
        raise missing("interactive.action.buttons")
    if len(buttons) > 3:
        raise invalid("interactive.action.buttons", f"{len(buttons)} buttons, at most 3")
    replies = [mapping(mapping(b, "button").get("reply"), "button.reply") for b in buttons]
    ids = [text_of(r.get("id"), "button.reply.id", 256) for r in replies]
    titles = [text_of(r.get("title"), "button.reply.title", 20) for r in replies]
    if len(set(ids)) != len(ids):
        raise invalid("interactive.action.buttons", "duplicate button ids")
    if len(set(titles)) != len(titles):
        raise invalid("interactive.action.buttons", "duplicate button titles")


def check_list(action: dict[str, Any]) -> None:
    """At most ten sections and ten rows in all; raises GraphError."""
    text_of(action.get("button"), "interactive.action.button", 20)
    sections = action.get("sections")
    if not isinstance(sections, list) or not sections:
        raise missing("interactive.action.sections")
    if len(sections) > 10:
        raise invalid("interactive.action.sections", f"{len(sections)} sections, at most 10")
    ids: list[str] = []
    for section in sections:
        if len(sections) > 1:
            text_of(mapping(section, "section").get("title"), "section.title", 24)
        else:
            text_of(mapping(section, "section").get("title"), "section.title", 24, required=False)
        rows = section.get("rows")
        if not isinstance(rows, list) or not rows:
            raise missing("section.rows")
        for row in rows:
            ids.append(text_of(mapping(row, "row").get("id"), "row.id", 200))
            text_of(row.get("title"), "row.title", 24)
            text_of(row.get("description"), "row.description", 72, required=False)
    if len(ids) > 10:
        raise invalid("interactive.action.sections", f"Total row count exceeds max allowed count: 10 (got {len(ids)})")
    if len(set(ids)) != len(ids):
        raise invalid("interactive.action.sections", "duplicate row ids")
