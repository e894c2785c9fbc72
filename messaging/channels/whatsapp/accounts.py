"""What Meta says of an account and its numbers (whatsapp-cloud-api.md, 2.2 and 7). No transaction may be open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from messaging.channels.whatsapp.templates import TemplateAdmin

_NUMBER_FIELDS = (
    "id,display_phone_number,verified_name,status,quality_rating,throughput,whatsapp_business_manager_messaging_limit"
)
_TIERS = {"TIER_250": 250, "TIER_2K": 2_000, "TIER_10K": 10_000, "TIER_100K": 100_000}


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteNumber:
    """A number as Meta has it; `limit` is people per 24 h of its portfolio, None: unlimited or not told."""

    id: str
    display: str
    name: str = ""
    status: str = ""
    quality: str = ""
    throughput: str = ""
    limit: int | None = None
    limit_known: bool = False


class AccountAdmin(TemplateAdmin):
    """An account's numbers and its subscription. Raises Unreachable, Refused (Meta's code) or NoAnswer."""

    #: Somebody waits in front of a page.
    TIMEOUT = 8.0

    def __enter__(self) -> AccountAdmin:
        self.http.timeout = self.TIMEOUT
        return self

    def numbers(self) -> list[RemoteNumber]:
        """The numbers of the account."""
        answer = self._call("GET", f"/{self.waba_id}/phone_numbers", params={"fields": _NUMBER_FIELDS, "limit": 100})
        return [_number(node) for node in answer.get("data", [])]

    def subscribed(self) -> bool:
        """Whether an app of ours hears of the account's events."""
        return bool(self._call("GET", f"/{self.waba_id}/subscribed_apps").get("data"))

    def subscribe(self) -> None:
        """Let the token's app hear of the account's events."""
        self._call("POST", f"/{self.waba_id}/subscribed_apps", json={})


def _number(node: dict[str, Any]) -> RemoteNumber:
    tier = str(node.get("whatsapp_business_manager_messaging_limit") or "")
    return RemoteNumber(
        id=str(node["id"]), display=str(node.get("display_phone_number", "")), name=str(node.get("verified_name", "")),
        status=str(node.get("status", "")), quality=str(node.get("quality_rating", "")),
        throughput=str((node.get("throughput") or {}).get("level", "")),
        limit=_TIERS.get(tier) or (int(tier) if tier.isdigit() else None),
        limit_known=tier in _TIERS or tier == "TIER_UNLIMITED" or tier.isdigit(),
    )  # fmt: skip
