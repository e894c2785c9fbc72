"""Templates at Meta: create, edit and list them (whatsapp-cloud-api.md, 2.9). Plain requests, no transaction open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from django.conf import settings

from kernel.errors import NoAnswer, Refused, Unreachable

#: Minutes of review aside, Meta answers at once; a page holds this many.
_TIMEOUT = 30.0
_PAGE = 100
_PAGES_MAX = 70  # 6,000 templates is the most that an account may have
_FIELDS = "id,name,language,status,category,rejected_reason,quality_score"


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A template as it is submitted; `examples` has a made-up value per variable."""

    name: str
    language: str
    category: str
    body: str
    examples: dict[str, str]
    footer: str = ""
    header: str = ""
    buttons: Sequence[str] = ()  # titles of quick replies


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A template as Meta has it; `status` in Meta's capitals."""

    id: str
    name: str
    language: str
    status: str
    category: str
    rejected_reason: str = ""
    quality: str = ""


def components(definition: Definition) -> list[dict[str, Any]]:
    """The parts of a template with named places."""
    body: dict[str, Any] = {"type": "BODY", "text": definition.body}
    if definition.examples:
        body["example"] = {
            "body_text_named_params": [
                {"param_name": name, "example": text} for name, text in definition.examples.items()
            ]
        }
    parts: list[dict[str, Any]] = []
    if definition.header:
        parts.append({"type": "HEADER", "format": "TEXT", "text": definition.header})
    parts.append(body)
    if definition.footer:
        parts.append({"type": "FOOTER", "text": definition.footer})
    if definition.buttons:
        parts.append(
            {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": title} for title in definition.buttons]}
        )
    return parts


class TemplateAdmin:
    """The templates of one account. Raises Unreachable, Refused (Meta's code) or NoAnswer; use as a context."""

    def __init__(
        self, *, base_url: str, waba_id: str, token: str, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.waba_id = waba_id
        self.http = httpx.Client(
            base_url=f"{base_url.rstrip('/')}/v{settings.GRAPH_API_VERSION}", timeout=_TIMEOUT, trust_env=False,
            transport=transport, headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip

    def __enter__(self) -> TemplateAdmin:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def create(self, definition: Definition) -> Remote:
        """Submit a new template for review."""
        answer = self._call("POST", f"/{self.waba_id}/message_templates", json={
            "name": definition.name, "language": definition.language, "category": definition.category,
            "parameter_format": "named", "components": components(definition),
        })  # fmt: skip
        return Remote(
            id=str(answer["id"]), name=definition.name, language=definition.language,
            status=str(answer.get("status", "PENDING")),
            category=str(answer.get("category", definition.category)),
        )  # fmt: skip

    def edit(self, provider_id: str, definition: Definition) -> None:
        """Replace a template's parts; it goes back to review."""
        self._call(
            "POST", f"/{provider_id}", json={"components": components(definition), "category": definition.category}
        )

    def remove(self, name: str, provider_id: str) -> None:
        """Delete one language of a template; its name is blocked for thirty days."""
        self._call("DELETE", f"/{self.waba_id}/message_templates", params={"name": name, "hsm_id": provider_id})

    def all(self) -> Iterator[Remote]:
        """Every template of the account."""
        query: dict[str, Any] = {"fields": _FIELDS, "limit": _PAGE}
        for _ in range(_PAGES_MAX):
            answer = self._call("GET", f"/{self.waba_id}/message_templates", params=query)
            for node in answer.get("data", []):
                quality = node.get("quality_score") or {}
                yield Remote(
                    id=str(node["id"]), name=str(node["name"]), language=str(node["language"]).replace("-", "_"),
                    status=str(node["status"]), category=str(node.get("category", "")),
                    rejected_reason=str(node.get("rejected_reason") or ""), quality=str(quality.get("score", "")),
                )  # fmt: skip
            paging = answer.get("paging") or {}
            after = (paging.get("cursors") or {}).get("after")
            if not paging.get("next") or not after:
                return
            query["after"] = after

    def _call(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        try:
            answer = self.http.request(method, path, **more)
            body = answer.json()
        except httpx.ConnectError as error:
            raise Unreachable(str(error)) from error
        except (httpx.HTTPError, ValueError) as error:
            raise NoAnswer(f"{type(error).__name__}: {error}") from error
        if not isinstance(body, dict):
            raise NoAnswer(f"HTTP {answer.status_code}: not an object")
        wrong = body.get("error")
        if isinstance(wrong, dict):
            detail = (
                (wrong.get("error_data") or {}).get("details")
                or wrong.get("error_user_msg")
                or wrong.get("message")
                or ""
            )
            raise Refused(int(wrong.get("code", 0)), str(detail)[:300], transient=bool(wrong.get("is_transient")))
        if answer.status_code >= 400:
            raise NoAnswer(f"HTTP {answer.status_code} without an error code")
        return body
