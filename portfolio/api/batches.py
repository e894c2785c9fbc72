"""REST: many rows at once, each taken or refused by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from rest_framework import serializers as drf
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from kernel.errors import DomainError
from portfolio import serializers as shapes
from portfolio.api.base import PortfolioView
from portfolio.models import Creditor
from portfolio.services.book import Book, Outcome, open_book
from tenants.api import errors_of
from tenants.language import told


class BatchView(PortfolioView):
    """What batches share: one book for all items, loaded and written in a constant number of queries."""

    batch = True
    #: The shape of one item.
    item: ClassVar[type[drf.Serializer]]

    def taken(self, creditor: Creditor) -> Response:
        """Take the body's items; the answer says what became of each, in their order."""
        results: list[dict[str, Any]] = []
        good: list[tuple[dict[str, Any], dict[str, Any]]] = []
        for index, given in enumerate(self.read(shapes.BatchIn)["items"]):
            result: dict[str, Any] = {"index": index, "external_id": str(given.get("external_id", ""))[:80]}
            results.append(result)
            try:
                fields = self.read(self.item, given)
                self.check(creditor, fields)
            except DomainError as error:
                result |= rejected(error.code, told(error), error.pointer)
            except ValidationError as error:
                flat = errors_of(error)
                result |= rejected("invalid", flat[0]["detail"], flat[0]["pointer"], errors=flat)
            else:
                good.append((result, fields))
        book = open_book(creditor, now=self.now, source=self.source)
        if good:
            self.load(book, [fields for _, fields in good])
        for result, fields in good:
            try:
                result["outcome"] = self.take(book, fields)
            except DomainError as error:
                result |= rejected(error.code, told(error), error.pointer)
        book.write()
        self.written(book)
        return Response({"results": results})

    def check(self, creditor: Creditor, item: dict[str, Any]) -> None:
        """What can be wrong with an item before anything is loaded; raises DomainError."""

    def load(self, book: Book, items: Sequence[dict[str, Any]]) -> None:
        """Lock and load what the items name."""
        raise TypeError(f"{type(self).__name__} loads nothing")

    def take(self, book: Book, item: dict[str, Any]) -> Outcome:
        """Put one item into the book; raises DomainError before anything is changed."""
        raise TypeError(f"{type(self).__name__} takes nothing")

    def written(self, book: Book) -> None:
        """After the rows are written."""


def rejected(code: str, detail: str, pointer: str, **more: Any) -> dict[str, Any]:
    """What an item is told that was refused."""
    return {"outcome": "rejected", "problem": {"code": code, "detail": detail, "pointer": pointer, **more}}
