"""Money: an exact amount in one currency. Floats are refused, cents are never lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

#: Currencies whose minor unit is not a hundredth (ISO 4217).
_MINOR_UNITS = {"CLP": 0, "PYG": 0, "JPY": 0, "ISK": 0, "UYI": 0, "CLF": 4, "UYW": 4, "BHD": 3, "KWD": 3, "TND": 3}


def minor_units(currency: str) -> int:
    """How many decimals a currency has (ISO 4217): 2 for BRL, 0 for CLP. Raises ValueError on a bad code."""
    if len(currency) != 3 or not currency.isascii() or not currency.isalpha() or not currency.isupper():
        raise ValueError(f"{currency!r} is not an ISO 4217 currency code: three capital letters are expected")
    return _MINOR_UNITS.get(currency, 2)


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount of one currency, with exactly the decimals that the currency has."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise TypeError("money is Decimal, never float: pass Decimal('12.50')")
        if not self.amount.is_finite():
            raise ValueError("money is a finite amount")
        quantum = Decimal(1).scaleb(-minor_units(self.currency))
        rounded = self.amount.quantize(quantum)
        if rounded != self.amount:
            raise ValueError(f"{self.amount} has more decimals than {self.currency} knows")
        object.__setattr__(self, "amount", rounded)

    @classmethod
    def from_minor(cls, minor: int, currency: str) -> Self:
        """Money from an integer of minor units: 1250 BRL is R$ 12,50."""
        return cls(Decimal(minor).scaleb(-minor_units(currency)), currency)

    @property
    def minor(self) -> int:
        """The amount as an integer of minor units."""
        return int(self.amount.scaleb(minor_units(self.currency)))

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up: one currency at a time")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.amount < other.amount

    def __le__(self, other: Money) -> bool:
        self._same(other)
        return self.amount <= other.amount

    def __bool__(self) -> bool:
        return bool(self.amount)

    def split(self, parts: int) -> list[Money]:
        """`parts` nearly equal amounts that add up; the odd minor units go to the first ones.

        Raises ValueError when parts is below 1.
        """
        return self.allocate([1] * parts)

    def allocate(self, weights: Sequence[int]) -> list[Money]:
        """Amounts in proportion to whole weights, adding up to the minor unit; left-over units go to the first.

        Raises ValueError when there are no weights, one is negative or all are zero.
        """
        total = sum(weights)
        if not weights or total <= 0 or min(weights) < 0:
            raise ValueError("weights are whole numbers, none negative, not all zero")
        sign, whole = (-1, -self.minor) if self.minor < 0 else (1, self.minor)
        shares = [whole * weight // total for weight in weights]
        left = whole - sum(shares)
        for place, weight in enumerate(weights):
            if left == 0:
                break
            if weight:
                shares[place] += 1
                left -= 1
        return [Money.from_minor(sign * share, self.currency) for share in shares]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"
