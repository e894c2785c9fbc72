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
from datetime import date, datetime
from functools import cache, partial
from typing import Any, ClassVar

from django.db import IntegrityError
from django.db.models import Model, Q, QuerySet
from django.http.response import HttpResponseBase
from django.utils.translation.trans_real import parse_accept_lang_header
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import Throttled, ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from kernel.clock import machine_now
from kernel.errors import DomainError
from tenants import idempotency, limits
from tenants.authentication import Principal
from tenants.fields import read_instant
from tenants.problems import _flatten
from tenants.scope import tenant_scope

LIMIT, LIMIT_MAX = 50, 200
LANGUAGES = ("es", "pt", "en")

#: For `extend_schema(parameters=PAGING)`.
PAGING = [
    OpenApiParameter("limit", int, description=f"rows per page, at most {LIMIT_MAX}"),
    OpenApiParameter("cursor", str, description="`next_cursor` of the page before"),
]
LANG = OpenApiParameter(
    "lang",
    str,
    enum=LANGUAGES,
    description="language of the explanation (default: Accept-Language, the organisation's)",
)
UPDATED_SINCE = OpenApiParameter("updated_since", datetime, description="only what changed at or after this instant")


class Idempotent(APIView):
    """POSTs that carry an Idempotency-Key are done once (tenants/idempotency.py)."""

    #: For the schema.
    idempotent: ClassVar[bool] = True

    def once(self, principal: Principal, work: Callable[[], Response], *, own_scopes: bool) -> Response:
        """Do the work inside the key's scope (unless it opens its own), or give the answer that it got before."""
        scope = partial(tenant_scope, principal.tenant.pk, creditor_ids=principal.creditor_ids)
        held: idempotency.Claim | None = None
        key = self.request.headers.get(idempotency.HEADER)
        if key is not None and self.request.method == "POST":
            place = idempotency.place_of(principal.key.pk, self.request.get_full_path(), idempotency.check_key(key))
            with scope():
                found = idempotency.claim(place, idempotency.fingerprint_of(self.request.data), machine_now())
            if isinstance(found, idempotency.Answer):
                again = {"Idempotency-Replayed": "true"}
                return Response(found.body, found.status, headers=again, content_type=found.media_type or None)
            held = found
        try:
            if own_scopes:
                response = work()
                if held is not None:
                    with scope():
                        self._settle(held, response)
            else:
                with scope():
                    response = work()
                    if held is not None:
                        self._settle(held, response)
        except Exception as error:
            if held is None:
                raise
            try:
                response = self.handle_exception(error)
            except Exception:
                with scope():
                    idempotency.release(held)
                raise
            with scope():
                self._settle(held, response)
        return response

    @staticmethod
    def _settle(held: idempotency.Claim, response: Response) -> None:
        """Keep the answer; one that asks to be asked again, or is our fault, is not kept."""
        if response.status_code >= 500 or response.status_code in (409, 429):
            idempotency.release(held)
            return
        body = JSONRenderer().render(response.data).decode() or "null"
        idempotency.keep(held, response.status_code, body, response.content_type or "")


class TenantView(Idempotent):
    """A view whose handlers run inside the key's tenant scope: one transaction, rolled back by any error.

    `scopes` says which API scope each method needs. Methods in `own_scopes` open their scopes themselves (an import
    commits in pieces). POSTs of a `batch` view count as batches.
    """

    scopes: ClassVar[Mapping[str, str]] = {}
    own_scopes: ClassVar[Sequence[str]] = ()
    batch: ClassVar[bool] = False
    budget: limits.Budget | None = None

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

    def check_throttles(self, request: Request) -> None:
        """Count the request against the key's budget; raises Throttled when there is nothing left of it."""
        name = "reads" if request.method in ("GET", "HEAD", "OPTIONS") else "batches" if self.batch else "writes"
        self.budget = limits.spend(self.principal.key.pk, name, machine_now())
        if self.budget is not None and self.budget.left < 0:
            raise Throttled(self.budget.seconds)

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
            response = self.once(
                self.principal,
                lambda: handler(request, *args, **kwargs),
                own_scopes=request.method in self.own_scopes,
            )
        except Exception as error:  # what it becomes is decided in tenants/problems.py
            response = self.handle_exception(error)
        self.response = self.finalize_response(request, response, *args, **kwargs)
        for name, value in self.budget.headers.items() if self.budget else ():
            self.response[name] = value
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


@cache
def page_of(rows: type[serializers.BaseSerializer]) -> Any:
    """The schema of a page of a list."""
    return type(
        f"{rows.__name__}Page",
        (serializers.Serializer,),
        {
            "results": rows(many=True),
            "next_cursor": serializers.CharField(allow_null=True),
            "__doc__": "A page of a list.",
        },
    )


def instant_of(request: Request, name: str) -> datetime | None:
    """A query parameter that is an instant; raises DomainError when it is none."""
    text = request.query_params.get(name)
    if not text:
        return None
    return read_instant(text.replace(" ", "+"), f"/{name}")  # an unescaped + arrives as a space


def language_of(request: Request, default: str) -> str:
    """es, pt or en: `lang` in the address, else the first of Accept-Language that we speak, else `default`.

    `default` is the organisation's own. Raises DomainError on a `lang` that we do not speak.
    """
    asked = request.query_params.get("lang")
    if asked is not None:
        if (found := _ours(asked)) is None:
            raise DomainError(
                "language_code", "a language is one of %(known)s", pointer="/lang", known=", ".join(LANGUAGES)
            )
        return found
    wanted = parse_accept_lang_header(request.headers.get("Accept-Language", "").lower()[:500])
    return next(filter(None, (_ours(tag) for tag, weight in wanted if weight > 0)), None) or _ours(default) or "es"


def _ours(tag: str) -> str | None:
    first = tag.lower().replace("_", "-").partition("-")[0]
    return first if first in LANGUAGES else None


def uuid_of(text: str) -> uuid.UUID:
    """An id in a path; raises DomainError `not_found` for what is none."""
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise DomainError("not_found", "there is nothing here that you may see") from error
