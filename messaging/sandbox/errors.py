"""The Cloud API's refusals, in its own words and shapes (support/error-codes)."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

# code: (HTTP status, title)
TITLES: dict[int, tuple[int, str]] = {
    0: (401, "AuthException"),
    1: (400, "API Unknown"),
    2: (503, "API Service"),
    3: (500, "API Method"),
    4: (400, "API Too Many Calls"),
    10: (403, "Permission Denied"),
    33: (400, "Parameter value is not valid"),
    100: (400, "Invalid parameter"),
    190: (401, "Access token has expired"),
    200: (403, "API Permission"),
    368: (403, "Temporarily blocked for policies violations"),
    80007: (400, "Rate limit issues"),
    130429: (400, "Rate limit hit"),
    130472: (400, "User's number is part of an experiment"),
    130497: (403, "Business account is restricted from messaging users in this country."),
    131000: (500, "Something went wrong"),
    131005: (403, "Access denied"),
    131008: (400, "Required parameter is missing"),
    131009: (400, "Parameter value is not valid"),
    131016: (500, "Service unavailable"),
    131021: (400, "Recipient cannot be sender"),
    131026: (400, "Message undeliverable"),
    131030: (400, "Recipient phone number not in allowed list"),
    131031: (403, "Account has been locked"),
    131037: (400, "WhatsApp provided number needs display name approval before message can be sent."),
    131042: (400, "Business eligibility payment issue"),
    131045: (500, "Incorrect certificate"),
    131047: (400, "Re-engagement message"),
    131048: (400, "Spam rate limit hit"),
    131049: (400, "This message was not delivered to maintain healthy ecosystem engagement."),
    131050: (400, "User's marketing preferences"),
    131051: (400, "Unsupported message type"),
    131052: (400, "Media download error"),
    131053: (400, "Media upload error"),
    131056: (400, "(Business Account, Consumer Account) pair rate limit hit"),
    131057: (500, "Account in maintenance mode"),
    131062: (400, "Recipient identifier not supported"),
    131064: (400, "Messaging limit due to template classification"),
    132000: (400, "Number of parameters does not match the expected number of params"),
    132001: (404, "Template name does not exist in the translation"),
    132005: (400, "Translated text too long"),
    132007: (400, "Template format character policy violated"),
    132012: (400, "Parameter format does not match format in the created template"),
    132015: (400, "Template is paused"),
    132016: (400, "Template is disabled"),
    132018: (400, "Template parameters are not valid"),
    133005: (400, "Two step verification PIN mismatch"),
    133010: (400, "Phone number not registered"),
    133016: (400, "Account register deregister rate limit exceeded"),
    135000: (400, "Generic user error"),
    137000: (400, "Identity key mismatch"),
    2388019: (400, "Message template limit exceeded"),
    2388023: (400, "Message template is being deleted"),
    2388024: (400, "Content in this language already exists"),
    2388039: (400, "Message template cannot be changed now"),
    2388040: (400, "Character limit exceeded"),
    2388047: (400, "Message header format incorrect"),
    2388072: (400, "Message body format incorrect"),
    2388073: (400, "Message footer format incorrect"),
    2388293: (400, "Too many variables for the length of the message"),
    2388299: (400, "Leading or trailing variables not allowed"),
    2494100: (400, "Number in maintenance"),
}

TEMPLATE_EDITOR = 2388000  # codes from here to 2389000 come as subcodes of 100 with a text for the user


class GraphError(Exception):
    """A refusal of the Cloud API: nothing was accepted."""

    def __init__(
        self,
        code: int,
        details: str = "",
        *,
        subcode: int | None = None,
        kind: str = "OAuthException",
        status: int | None = None,
        message: str | None = None,
    ) -> None:
        http_status, title = TITLES.get(code, (400, "Unknown error"))
        self.code = code
        self.title = title
        self.details = details
        self.subcode = subcode
        self.kind = kind
        self.status = status or http_status
        self.message = message or f"(#{code}) {title}"
        super().__init__(f"{self.message}: {details}")

    def body(self) -> dict[str, Any]:
        """The JSON that the Graph API answers with."""
        trace = "A" + hashlib.blake2b(f"{self.code}{self.details}".encode(), digest_size=11).hexdigest()
        if TEMPLATE_EDITOR <= self.code < TEMPLATE_EDITOR + 1000:
            error: dict[str, Any] = {
                "message": "Invalid parameter",
                "type": "OAuthException",
                "code": self.code,
                "error_subcode": self.code,
                "is_transient": False,
                "error_user_title": self.title,
                "error_user_msg": self.details or self.title,
                "fbtrace_id": trace,
            }
            return {"error": error}
        error = {"message": self.message, "type": self.kind, "code": self.code}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        if self.status >= 500 or self.code in (2, 4, 80007, 130429, 131016, 131056, 131057):
            error["is_transient"] = True
        error["fbtrace_id"] = trace
        return {"error": error}

    def json(self) -> bytes:
        """`body()` as bytes."""
        return orjson.dumps(self.body())


def no_such_object(object_id: str, method: str = "post") -> GraphError:
    """What Graph answers for an id that does not exist or that the token may not see."""
    return GraphError(
        100,
        subcode=33,
        kind="GraphMethodException",
        message=f"Unsupported {method} request. Object with ID '{object_id}' does not exist, cannot be loaded due to "
        "missing permissions, or does not support this operation.",
    )


def status_error(code: int, details: str = "") -> dict[str, Any]:
    """The entry of `statuses[].errors` for a code."""
    title = TITLES.get(code, (400, "Unknown error"))[1]
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": details or f"{title}."},
        "href": "/documentation/business-messaging/whatsapp/support/error-codes",
    }
