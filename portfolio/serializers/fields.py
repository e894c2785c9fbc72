"""What the portfolio's shapes are made of."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kernel.money import Money

LANGUAGES = ("es", "pt", "en")


def text(limit: int, **options: Any) -> serializers.CharField:
    """A text that may be left out; null empties it."""
    return serializers.CharField(max_length=limit, required=False, allow_null=True, allow_blank=True, **options)


def choice(values: tuple[str, ...]) -> serializers.ChoiceField:
    """One of some words that may be left out; null empties it."""
    return serializers.ChoiceField(choices=values, required=False, allow_null=True)


@extend_schema_field({"type": "string", "format": "decimal", "example": "1234.56"})
class MinorField(serializers.Field):
    """Minor units of the row's currency as a decimal text."""

    def __init__(self, column: str, **options: Any) -> None:
        super().__init__(source="*", read_only=True, **options)
        self.column = column

    def to_representation(self, value: Any) -> str:
        """1250 of BRL is "12.50"."""
        return str(Money.from_minor(getattr(value, self.column), value.currency).amount)


class Shown(serializers.ModelSerializer):
    """A row with its id."""

    id = serializers.UUIDField(read_only=True)
