"""Our content as the Cloud API wants it (whatsapp-cloud-api.md, 2.2 to 2.6), within its limits (section 4)."""

from __future__ import annotations

import re
from typing import Any

BUTTON_TITLE, ROW_TITLE, ROW_DESCRIPTION, BODY, TEXT = 20, 24, 72, 1024, 4096
_BLANKS = re.compile(r"[\n\t]+| {5,}")


def clean_variable(text: str) -> str:
    """A template variable may hold no newline, tab, or more than four spaces in a row (error 132018)."""
    return _BLANKS.sub(" ", text).strip() or "-"


def _fit(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def wire(content: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """(type, object) of the request body. Raises ValueError for a kind that WhatsApp has no form for."""
    kind = content["kind"]
    if kind == "text":
        return "text", {"body": _fit(content["text"], TEXT), "preview_url": False}
    if kind == "template":
        return "template", _template(content)
    if kind == "buttons":
        buttons = [
            {"type": "reply", "reply": {"id": button["id"][:256], "title": _fit(button["title"], BUTTON_TITLE)}}
            for button in content["buttons"][:3]
        ]
        return "interactive", {
            "type": "button",
            "body": {"text": _fit(content["text"], BODY)},
            "action": {"buttons": buttons},
        }
    if kind == "list":
        rows = [
            {
                "id": row["id"][:200],
                "title": _fit(row["title"], ROW_TITLE),
                **({"description": _fit(row["description"], ROW_DESCRIPTION)} if row.get("description") else {}),
            }
            for row in content["rows"][:10]
        ]
        return "interactive", {
            "type": "list",
            "body": {"text": _fit(content["text"], TEXT)},
            "action": {"button": _fit(content["button"], BUTTON_TITLE), "sections": [{"rows": rows}]},
        }
    if kind == "link":
        return "interactive", {
            "type": "cta_url",
            "body": {"text": _fit(content["text"], BODY)},
            "action": {
                "name": "cta_url",
                "parameters": {"display_text": _fit(content["label"], BUTTON_TITLE), "url": content["url"]},
            },
        }
    raise ValueError(f"WhatsApp has no form for {kind!r}")


def _template(content: dict[str, Any]) -> dict[str, Any]:
    variables = content.get("variables") or {}
    components: list[dict[str, Any]] = []
    if variables:
        components.append(
            {
                "type": "body",
                "parameters": [
                    {"type": "text", "parameter_name": name, "text": clean_variable(text)}
                    for name, text in variables.items()
                ],
            }
        )
    components += [
        {
            "type": "button",
            "sub_type": "quick_reply",
            "index": str(place),
            "parameters": [{"type": "payload", "payload": button["id"]}],
        }
        for place, button in enumerate(content.get("buttons", []))
    ]
    return {"name": content["name"], "language": {"code": content["language"]}, "components": components}
