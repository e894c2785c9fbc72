"""What the OpenAPI document says of every operation alike."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255},
    OpenApiParameter.HEADER,
    description=(
        "One effect, however often it is sent: within 7 days the same key on the same route gets the first answer "
        "again, with `Idempotency-Replayed: true`. Another body with it is 422; while the first is at work 409 with "
        "Retry-After. Answers of 500 and above, 409 and 429 are not kept."
    ),
)


class Schema(AutoSchema):
    """drf-spectacular's own, with the header that every POST takes."""

    def get_override_parameters(self) -> list[Any]:
        """Those of the view and ours."""
        found = list(super().get_override_parameters())
        if self.method == "POST" and getattr(self.view, "idempotent", False):
            found.append(IDEMPOTENCY_KEY)
        return found
