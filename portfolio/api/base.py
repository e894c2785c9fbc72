"""REST: what the portfolio's views share."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers as drf
from rest_framework.response import Response

from kernel.errors import DomainError, Words
from portfolio.models import Creditor, Debtor
from tenants.api import TenantView, instant_of, page
from tenants.fields import money_of

READ, WRITE = "portfolio:read", "portfolio:write"
BOTH = {"GET": READ, "PUT": WRITE, "POST": WRITE}
DEBTOR = OpenApiParameter("debtor", str, description="only this debtor's (external id)")
STATE = OpenApiParameter("state", str, description="only those in this state")


class PortfolioView(TenantView):
    """What the views below share."""

    scopes = BOTH

    @property
    def source(self) -> str:
        """Who writes, for entries and events."""
        return f"api:{self.principal.key.prefix}"

    def read(self, shape: type[drf.Serializer], data: Any = None) -> dict[str, Any]:
        """The body's fields that were given; raises ValidationError that names each wrong one."""
        taken = shape(data=self.request.data if data is None else data)
        taken.is_valid(raise_exception=True)
        return dict(taken.validated_data)

    def debtor(self, creditor: Creditor, fields: dict[str, Any]) -> Debtor:
        """The debtor that a body names; one that is not there is the body's mistake, not the address's."""
        if not fields.get("debtor"):
            raise DomainError("value_missing", "name the debtor", pointer="/debtor")
        named = fields.pop("debtor")
        found = Debtor.objects.select_related("person").filter(creditor=creditor, external_id=named).first()
        if found is None:
            raise debtor_unknown(named)
        return found

    def listed(self, rows: QuerySet[Any], shape: type[drf.BaseSerializer], *, moved: str = "") -> Response:
        """A page, filtered by what the address says."""
        request = self.request
        fields = {field.name for field in rows.model._meta.get_fields()}
        for name, lookup in (("debtor", "debtor__external_id"), ("state", "state")):
            value = request.query_params.get(name)
            if value is None:
                continue
            if name not in fields:
                raise DomainError("filter_unknown", "this list has no filter %(name)s", pointer=f"/{name}", name=name)
            rows = rows.filter(**{lookup: value})
        keys: tuple[str, ...] = ("id",)
        since = instant_of(request, "updated_since")
        if since is not None:
            if not moved:
                raise DomainError("filter_unknown", "this list has no updated_since", pointer="/updated_since")
            rows, keys = rows.filter(**{f"{moved}__gte": since}), (moved, "id")
        return page(rows, request, lambda row: shape(row).data, keys=keys)


def debtor_unknown(named: str) -> DomainError:
    """What a body is told that names a debtor who is not there."""
    return DomainError(
        "debtor_unknown", "debtor %(id)s is not known: give the debtor before what is owed", pointer="/debtor", id=named
    )


def invoice_unknown(named: str, pointer: str = "/invoice") -> DomainError:
    """What a body is told that names an invoice which its debtor does not have."""
    return DomainError("invoice_unknown", "this debtor has no invoice %(id)s", pointer=pointer, id=named)


def amount_into(fields: dict[str, Any], currency: str) -> None:
    """Put Money in the place of amount and currency; without an amount neither is there."""
    if (money := money_of(fields, currency)) is not None:
        fields["amount"] = money


def one(model: type[Model], creditor: Creditor, what: Words, **where: Any) -> Any:
    row = model._default_manager.filter(creditor=creditor, **where).first()
    if row is None:
        raise DomainError(
            "not_found", "creditor %(creditor)s has no such %(what)s", creditor=creditor.external_id, what=what
        )
    return row
