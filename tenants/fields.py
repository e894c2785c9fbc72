"""Fields of REST bodies that refuse with advice: amounts are texts, days are ISO 8601, instants RFC 3339."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kernel.errors import DomainError
from kernel.money import Money, minor_units


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
