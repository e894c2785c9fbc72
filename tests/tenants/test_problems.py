"""Errors are RFC 9457 problem details, and what a view half wrote is gone."""

from __future__ import annotations

import json

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DataError, Error, connection, transaction
from django.http import Http404
from django.test import RequestFactory
from rest_framework import exceptions, serializers
from rest_framework.views import APIView

from kernel.errors import DomainError
from portfolio.models import Creditor
from tenants.scope import tenant_scope
from tests import factories


class Row(serializers.Serializer):
    amount = serializers.DecimalField(max_digits=9, decimal_places=2)


class Body(serializers.Serializer):
    name = serializers.CharField(max_length=3)
    rows = Row(many=True)


def answer(error: Exception | None = None, body: object = None):
    class View(APIView):
        authentication_classes = ()
        permission_classes = ()

        def post(self, request):
            if error is not None:
                raise error
            Body(data=request.data).is_valid(raise_exception=True)

    sent = RequestFactory().post("/", body if isinstance(body, str) else json.dumps(body), "application/json")
    response = View.as_view()(sent)
    response.render()
    return response, json.loads(response.content)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (DomainError("creditor_unknown", "no creditor %(name)s", name="X"), 422, "creditor_unknown"),
        (DomainError("not_found", "gone"), 404, "not_found"),
        (DomainError("conflict", "there already"), 409, "conflict"),
        (Http404("debtor 17 of the other tenant"), 404, "not_found"),
        (PermissionDenied("secret reason"), 403, "forbidden"),
        (DataError("value too long for type character varying(80)"), 422, "value_unfit"),
        (exceptions.PermissionDenied(), 403, "permission_denied"),
        (exceptions.Throttled(wait=7), 429, "throttled"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
    ],
)
def test_every_problem_has_the_same_shape(error, status, code):
    response, body = answer(error)
    assert (response.status_code, body["status"], body["code"]) == (status, status, code)
    assert response["Content-Type"] == "application/problem+json"
    assert body.keys() >= {"type", "title", "status", "detail", "code", "errors", "retryable"}
    assert body["type"].endswith(code)
    assert body["retryable"] is (status in (429, 503))


def test_what_was_not_found_is_not_told():
    _, body = answer(Http404("debtor 17 of the other tenant"))
    assert "17" not in body["detail"]


def test_the_params_of_a_domain_error_fill_its_message():
    _, body = answer(DomainError("x", "100% of %(what)s".replace("100%", "100%%"), what="it", pointer="/amount"))
    assert body["detail"] == "100% of it"
    assert body["errors"] == [{"pointer": "/amount", "code": "x", "detail": "100% of it"}]


def test_fields_are_named_by_json_pointers():
    _, body = answer(body={"name": "long", "rows": [{"amount": "1.00"}, {"amount": "x"}]})
    assert [(error["pointer"], error["code"]) for error in body["errors"]] == [
        ("/name", "max_length"),
        ("/rows/1/amount", "invalid"),
    ]
    response, body = answer(body=[])
    assert response.status_code == 422 and body["errors"][0]["pointer"] == "/"


def test_broken_json_is_the_callers_mistake():
    response, body = answer(body="{")
    assert (response.status_code, body["code"]) == (400, "parse_error")


def test_waiting_is_said_in_a_header():
    response, _ = answer(exceptions.Throttled(wait=7))
    assert response["Retry-After"] == "7"


@pytest.mark.parametrize(("state", "away"), [("53100", True), ("57P03", True), ("40P01", True), ("42P01", False)])
def test_a_database_that_is_full_or_away_asks_for_another_try(state, away):
    """What PostgreSQL says when its disk is full, while it starts, after a deadlock; and of a table that is none."""

    def fails():
        with connection.cursor() as cursor:
            cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'said' USING ERRCODE = '{state}'; END $$")

    with transaction.atomic(), pytest.raises(Error) as caught:
        try:
            fails()
        finally:
            transaction.set_rollback(True)
    if not away:
        with pytest.raises(Error):
            answer(caught.value)
        return
    response, body = answer(caught.value)
    assert (response.status_code, body["code"], body["retryable"]) == (503, "unavailable", True)
    assert response["Retry-After"] and "said" not in body["detail"]


def test_our_own_mistakes_are_not_dressed_up():
    with pytest.raises(ZeroDivisionError):
        answer(ZeroDivisionError())


def test_what_the_view_had_written_is_rolled_back():
    tenant = factories.make_tenant()

    class View(APIView):
        authentication_classes = ()
        permission_classes = ()

        def post(self, request):
            factories.make_creditor()
            raise DomainError("conflict", "and yet")

    with tenant_scope(tenant.id):
        response = View.as_view()(RequestFactory().post("/"))
    assert response.status_code == 409
    with tenant_scope(tenant.id):
        assert Creditor.objects.count() == 0
