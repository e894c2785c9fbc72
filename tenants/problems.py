"""Errors as RFC 9457 problem details: what is wrong, where, and how to mend it."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import DataError, transaction
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response

from kernel.errors import DomainError
from tenants.again import passing
from tenants.language import told

log = logging.getLogger("trato.api")

MEDIA_TYPE = "application/problem+json"
#: DomainErrors whose status is not 422.
_STATUS = {"not_found": 404, "conflict": 409, "in_progress": 409, "forbidden": 403}


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: list[dict[str, str]] | None = None,
    retryable: bool = False,
    **extra: Any,
) -> Response:
    """A problem response; `errors` hold a JSON pointer, a code and a detail each."""
    body = {
        "type": f"https://docs.trato.example/problems/{code}",
        "title": code.replace("_", " "),
        "status": status,
        "detail": detail,
        "code": code,
        "errors": errors or [],
        "retryable": retryable,
        **extra,
    }
    return Response(body, status=status, content_type=MEDIA_TYPE)


def _flatten(detail: Any, pointer: str = "") -> list[dict[str, str]]:
    if isinstance(detail, dict):
        return [
            item
            for key, value in detail.items()
            for item in _flatten(value, pointer if key == "non_field_errors" else f"{pointer}/{key}")
        ]
    if isinstance(detail, list):
        out: list[dict[str, str]] = []
        for place, value in enumerate(detail):
            nested = isinstance(value, (dict, list))
            out += _flatten(value, f"{pointer}/{place}" if nested else pointer)
        return out
    return [{"pointer": pointer or "/", "code": str(getattr(detail, "code", "invalid")), "detail": str(detail)}]


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's exception handler. What a view half wrote is rolled back."""
    if transaction.get_connection().in_atomic_block:
        transaction.set_rollback(True)
    request = context.get("request")
    extra: dict[str, Any] = {"request_id": getattr(getattr(request, "_request", None), "request_id", "")}
    if isinstance(error, DomainError):
        text = told(error)
        pointer = [{"pointer": error.pointer, "code": error.code, "detail": text}] if error.pointer else []
        wait = error.code == "in_progress"
        answer = problem(_STATUS.get(error.code, 422), error.code, text, errors=pointer, retryable=wait, **extra)
        if wait:
            answer["Retry-After"] = "1"
        return answer
    if isinstance(error, Http404):
        return problem(404, "not_found", _("there is nothing here that you may see"), **extra)
    if isinstance(error, PermissionDenied):
        return problem(403, "forbidden", _("you may not do this"), **extra)
    if passing(error):
        log.error("the database is away or full: %s", error)
        detail = _("the database is away or full, and nothing of this was stored: send it again in a moment")
        answer = problem(503, "unavailable", detail, retryable=True, **extra)
        answer["Retry-After"] = "5"
        return answer
    if isinstance(error, DataError):  # the database's own words would tell about its tables
        return problem(422, "value_unfit", _("a value is too long, too large or holds a NUL character"), **extra)
    if isinstance(error, exceptions.ValidationError):
        return problem(422, "invalid", _("some fields are wrong: see errors"), errors=_flatten(error.detail), **extra)
    if isinstance(error, exceptions.APIException):
        code = str(getattr(error, "default_code", "error"))
        retryable = error.status_code in (429, 503)
        response = problem(error.status_code, code, str(error.detail), retryable=retryable, **extra)
        if header := getattr(error, "auth_header", None):
            response["WWW-Authenticate"] = header
        if seconds := getattr(error, "wait", None):
            response["Retry-After"] = str(int(seconds))
        return response
    return None
