"""REST: alerts about conversations."""

from __future__ import annotations

from typing import Any, ClassVar

from django.urls import URLPattern, path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.errors import DomainError
from monitoring.models import Alert
from tenants.api import PAGING, TenantView, page, page_of


class AlertOut(serializers.Serializer[Any]):
    """An alert: what a message was found to be, how serious, and where in it."""

    id = serializers.UUIDField()
    conduct = serializers.CharField()
    severity = serializers.IntegerField()
    state = serializers.ChoiceField(choices=Alert.State.choices)
    spans = serializers.ListField(child=serializers.DictField())
    actor = serializers.CharField()
    message = serializers.UUIDField()
    conversation = serializers.UUIDField()
    debtor = serializers.UUIDField(allow_null=True)
    raised_at = serializers.DateTimeField()


def _shown(row: Alert) -> dict[str, Any]:
    return {
        "id": row.pk, "conduct": row.conduct, "severity": row.severity, "state": row.state, "spans": row.spans,
        "actor": row.actor, "message": row.message_id, "conversation": row.conversation_id, "debtor": row.debtor_id,
        "raised_at": row.raised_at,
    }  # fmt: skip


class Alerts(TenantView):
    """Alerts about the debtors that the key may see."""

    scopes: ClassVar = {"GET": "alerts:read"}

    @extend_schema(
        operation_id="alerts_list", responses=page_of(AlertOut),
        parameters=[*PAGING, OpenApiParameter("state", str, enum=Alert.State.values)],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Oldest first."""
        rows = Alert.objects.all()
        if state := request.query_params.get("state"):
            if state not in Alert.State.values:
                raise DomainError(
                    "state_unknown", "state is one of %(known)s", pointer="/state", known=", ".join(Alert.State.values)
                )
            rows = rows.filter(state=state)
        return page(rows, request, _shown)


urlpatterns: list[URLPattern] = [path("alerts", Alerts.as_view(), name="api-alerts")]
