"""What every room's REST view stands on: the tenant's scope, lists by cursor, and fields that refuse with advice.

A write that names an external id is an upsert: a field that is absent stays, null empties it. Money is a decimal text
with a currency, a civil date is ISO 8601, an instant RFC 3339.
"""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.db import IntegrityError
from django.db.models import Model, Q, QuerySet
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiParameter, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from kernel.errors import DomainError
from kernel.money import Money, minor_units
from tenants.authentication import Principal
from tenants.problems import _flatten
from tenants.scope import tenant_scope

LIMIT, LIMIT_MAX = 50, 200

#: For `extend_schema(parameters=PAGING)`.
PAGING = [
    OpenApiParameter("limit", int, description=f"rows per page, at most {LIMIT_MAX}"),
    OpenApiParameter("cursor", str, description="`next_cursor` of the page before"),
]
UPDATED_SINCE = OpenApiParameter("updated_since", datetime, description="only what changed at or after this instant")


class TenantView(APIView):
    """A view whose handlers run inside the key's tenant scope: one transaction, rolled back by any error.

    `scopes` says which API scope each method needs. Methods in `own_scopes` open their scopes themselves (an import
    commits in pieces).
    """

    scopes: ClassVar[Mapping[str, str]] = {}
    own_scopes: ClassVar[Sequence[str]] = ()

    @property
    def principal(self) -> Principal:
        """The key that asks."""
        principal: Any = self.request.user
        if not isinstance(principal, Principal):
            raise TypeError("a tenant's view is reached with an API key only")
        return principal

    @property
    def now(self) -> datetime:
        """The organisation's business instant."""
        return self.principal.tenant.clock().now()

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """REST framework's own, with the scope around the handler."""
        self.args, self.kwargs = args, kwargs
        self.request = request = self.initialize_request(request, *args, **kwargs)
        self.headers = self.default_response_headers
        try:
            self.initial(request, *args, **kwargs)
            method = str(request.method).lower()
            known = method in self.http_method_names
            handler: Callable[..., Any] = (
                getattr(self, method, self.http_method_not_allowed) if known else self.http_method_not_allowed
            )
            if request.method in self.own_scopes:
                response = handler(request, *args, **kwargs)
            else:
                with tenant_scope(self.principal.tenant.pk, creditor_ids=self.principal.creditor_ids):
                    response = handler(request, *args, **kwargs)
        except Exception as error:  # what it becomes is decided in tenants/problems.py
            response = self.handle_exception(error)
        self.response = self.finalize_response(request, response, *args, **kwargs)
        return self.response

    def handle_exception(self, exc: Exception) -> Response:
        """Two requests that make the same row at once: one of them is told to send it again."""
        if isinstance(exc, IntegrityError):
            exc = DomainError("conflict", "somebody wrote the same at the same moment: send it again")
        return super().handle_exception(exc)


def errors_of(error: ValidationError) -> list[dict[str, str]]:
    """What a body's shape has wrong, as JSON pointers with reasons, for results of single items."""
    return _flatten(error.detail)


def saved(data: Any, outcome: str) -> Response:
    """The answer to an upsert: 201 for a new row, 200 else; the header X-Outcome says created, updated or unchanged."""
    return Response(data, status=201 if outcome == "created" else 200, headers={"X-Outcome": outcome})


# --- lists


def _cursor(values: Sequence[Any]) -> str:
    texts = [value.isoformat() if isinstance(value, (datetime, date)) else str(value) for value in values]
    return base64.urlsafe_b64encode(json.dumps(texts).encode()).decode().rstrip("=")


def _read_cursor(text: str, model: type[Model], keys: Sequence[str]) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not isinstance(values, list) or len(values) != len(keys):
            raise ValueError("another list's cursor")
        fields: list[Any] = [model._meta.get_field(key) for key in keys]
        return [field.to_python(value) for field, value in zip(fields, values, strict=True)]
    except Exception as error:
        raise DomainError(
            "cursor_invalid", "this cursor is not one of this list: start without it", pointer="/cursor"
        ) from error


def page(
    rows: QuerySet[Any], request: Request, show: Callable[[Any], Any], *, keys: Sequence[str] = ("id",)
) -> Response:
    """One page of a list by keyset, in the order of `keys` (the last is unique): {"results", "next_cursor"}.

    A row that is written between two pages is never skipped or doubled by it. Raises DomainError on a bad limit or
    cursor.
    """
    text = request.query_params.get("limit", str(LIMIT))
    if not re.fullmatch(r"\d{1,4}", text, re.ASCII) or not 1 <= int(text) <= LIMIT_MAX:
        raise DomainError("limit", "limit is a number from 1 to %(max)s", pointer="/limit", max=LIMIT_MAX)
    limit = int(text)
    if cursor := request.query_params.get("cursor"):
        values = _read_cursor(cursor, rows.model, keys)
        after, equal = Q(), Q()
        for key, value in zip(keys, values, strict=True):
            after |= equal & Q(**{f"{key}__gt": value})
            equal &= Q(**{key: value})
        rows = rows.filter(after)
    found = list(rows.order_by(*keys)[: limit + 1])
    more = len(found) > limit
    last = found[limit - 1] if more else None
    return Response(
        {
            "results": [show(row) for row in found[:limit]],
            "next_cursor": _cursor([getattr(last, key) for key in keys]) if last is not None else None,
        }
    )


def instant_of(request: Request, name: str) -> datetime | None:
    """A query parameter that is an instant; raises DomainError when it is none."""
    text = request.query_params.get(name)
    if not text:
        return None
    return read_instant(text.replace(" ", "+"), f"/{name}")  # an unescaped + arrives as a space


def read_instant(text: str, pointer: str) -> datetime:
    """An RFC 3339 instant; raises DomainError with advice."""
    value: datetime | None = None
    with suppress(ValueError):
        value = datetime.fromisoformat(text)
    if value is None or value.tzinfo is None:
        raise DomainError(
            "instant", "%(value)s is no instant: write it like 2026-11-21T15:00:00Z", pointer=pointer, value=text[:60]
        )
    return value


def uuid_of(text: str) -> uuid.UUID:
    """An id in a path; raises DomainError `not_found` for what is none."""
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise DomainError("not_found", "there is nothing here that you may see") from error


# --- fields


class Strict(serializers.Serializer):
    """Input in which an unknown field is an error: a mistyped name must not be lost in silence."""

    def to_internal_value(self, data: Any) -> Any:
        """Refuse unknown names, then read."""
        if isinstance(data, Mapping) and (unknown := sorted(set(data) - set(self.fields))):
            known = ", ".join(name for name, field in self.fields.items() if not field.read_only)
            advice = _("no such field; known are %(known)s") % {"known": known}
            raise serializers.ValidationError({name: [advice] for name in unknown})
        return super().to_internal_value(data)


@extend_schema_field({"type": "string", "format": "decimal", "example": "1234.56"})
class AmountField(serializers.Field):
    """A decimal as text: "1234.56". Numbers are refused, because their cents depend on who wrote them."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "shape": gettext_lazy('write the amount as text with a point, without thousands signs: "1234.56"'),
    }

    def to_internal_value(self, data: Any) -> Decimal:
        """Text to Decimal."""
        if not isinstance(data, str) or not re.fullmatch(r"-?\d{1,15}(\.\d{1,4})?", data, re.ASCII):
            self.fail("shape")
        return Decimal(data)

    def to_representation(self, value: Any) -> str:
        """Decimal or Money to text."""
        return str(value.amount if isinstance(value, Money) else value)


@extend_schema_field({"type": "string", "format": "date"})
class DayField(serializers.Field):
    """A civil date: "2026-11-21"."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "shape": gettext_lazy('write the date as year-month-day: "2026-11-21"; 21/11/2026 can be read in two ways'),
        "none": gettext_lazy("{value} is no day of the calendar"),
    }

    def to_internal_value(self, data: Any) -> date:
        """Text to date."""
        if not isinstance(data, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", data, re.ASCII):
            self.fail("shape")
        try:
            return date.fromisoformat(data)
        except ValueError:
            self.fail("none", value=data)

    def to_representation(self, value: date) -> str:
        """Date to text."""
        return value.isoformat()


@extend_schema_field({"type": "string", "format": "date-time"})
class InstantField(serializers.Field):
    """An instant with its offset: "2026-11-21T15:00:00Z"."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "shape": gettext_lazy('write the instant with its offset: "2026-11-21T15:00:00Z"'),
    }

    def to_internal_value(self, data: Any) -> datetime:
        """Text to an aware datetime."""
        try:
            return read_instant(data, "") if isinstance(data, str) else self.fail("shape")
        except DomainError:
            self.fail("shape")

    def to_representation(self, value: datetime) -> str:
        """Instant to text."""
        return value.isoformat()


@extend_schema_field({"type": "string", "pattern": "^[A-Z]{3}$", "example": "BRL"})
class CurrencyField(serializers.Field):
    """An ISO 4217 code: "BRL"."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "shape": gettext_lazy("write the currency as three capital letters: BRL, MXN, COP, CLP, PEN, ARS"),
    }

    def to_internal_value(self, data: Any) -> str:
        """Checked text."""
        try:
            minor_units(data if isinstance(data, str) else "")
        except ValueError:
            self.fail("shape")
        return str(data)

    def to_representation(self, value: str) -> str:
        """Text."""
        return value


def money_of(fields: dict[str, Any], default: str, *, name: str = "amount") -> Money | None:
    """Take `amount` and `currency` out of read fields as Money; None when there is no amount. Raises DomainError."""
    amount, currency = fields.pop(name, None), fields.pop("currency", None) or default
    if amount is None:
        return None
    try:
        return Money(amount, currency)
    except ValueError as error:
        raise DomainError(
            "amount_decimals",
            "%(value)s has more decimals than %(currency)s knows (%(places)s)",
            pointer=f"/{name}",
            value=amount,
            currency=currency,
            places=minor_units(currency),
        ) from error
