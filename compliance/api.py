"""REST: what the gate decided, and why, in the reader's language."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.urls import URLPattern, path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from compliance.decide import Decision as Judgement
from compliance.decide import explain_decision, remedy
from compliance.decide.evidence import finding_from_json
from compliance.models import Decision
from kernel.errors import DomainError
from tenants.api import PAGING, TenantView, page, uuid_of

LANGUAGES = ("es", "pt", "en")
LANG = OpenApiParameter(
    "lang", str, enum=LANGUAGES, description="language of the explanation (default: Accept-Language)"
)


class DecisionOut(serializers.Serializer[Any]):
    """A decision of the gate."""

    id = serializers.UUIDField()
    request = serializers.UUIDField()
    debtor = serializers.UUIDField(allow_null=True)
    verdict = serializers.ChoiceField(choices=Decision.Verdict.choices)
    message_class = serializers.CharField()
    channel = serializers.CharField()
    origin = serializers.CharField()
    moment = serializers.CharField()
    decided_at = serializers.DateTimeField()
    next_allowed_at = serializers.DateTimeField(allow_null=True)
    rules = serializers.ListField(child=serializers.CharField())
    findings = serializers.ListField(child=serializers.DictField())
    explanation = serializers.ListField(child=serializers.CharField())
    remedies = serializers.DictField(child=serializers.CharField())
    ruleset = serializers.CharField()
    evaluator = serializers.CharField()


def language_of(request: Request) -> str:
    """The language asked for, else the browser's, else Spanish."""
    asked = request.query_params.get("lang") or request.headers.get("Accept-Language", "")
    return next((lang for lang in LANGUAGES if asked.lower().startswith(lang)), "es")


def shown_decision(row: Decision, lang: str) -> dict[str, Any]:
    """A decision as JSON, explained."""
    zone = (row.facts.get("offsets") or [["UTC"]])[0][0]
    decision = Judgement(cast("Any", row.verdict), tuple(map(finding_from_json, row.findings)), row.next_allowed_at)
    return {
        "id": row.pk, "request": row.request_id, "debtor": row.debtor_id, "verdict": row.verdict,
        "message_class": row.message_class, "channel": row.channel, "origin": row.origin, "moment": row.moment,
        "decided_at": row.decided_at, "next_allowed_at": row.next_allowed_at, "rules": row.rules,
        "findings": row.findings, "explanation": explain_decision(decision, lang, zone),
        "remedies": {rule: remedy(rule, lang) for rule in row.rules}, "ruleset": row.ruleset_digest,
        "evaluator": row.evaluator,
    }  # fmt: skip


class Decisions(TenantView):
    """Decisions about the debtors that the key may see."""

    scopes: ClassVar = {"GET": "decisions:read"}

    @extend_schema(
        operation_id="decisions_list", responses=DecisionOut(many=True),
        parameters=[
            *PAGING, LANG, OpenApiParameter("verdict", str, enum=Decision.Verdict.values),
            OpenApiParameter("request", str, description="of this SendRequest only"),
        ],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Oldest first."""
        rows, lang = Decision.objects.all(), language_of(request)
        if verdict := request.query_params.get("verdict"):
            if verdict not in Decision.Verdict.values:
                raise DomainError("verdict_unknown", "verdict is allow, defer or deny", pointer="/verdict")
            rows = rows.filter(verdict=verdict)
        if asked := request.query_params.get("request"):
            rows = rows.filter(request_id=uuid_of(asked))
        return page(rows, request, lambda row: shown_decision(row, lang))


class OneDecision(TenantView):
    """One decision."""

    scopes: ClassVar = {"GET": "decisions:read"}

    @extend_schema(operation_id="decisions_read", responses=DecisionOut, parameters=[LANG])
    def get(self, request: Request, decision_id: str) -> Response:
        """With every rule that objected, its citation and what would mend it."""
        row = Decision.objects.filter(pk=uuid_of(decision_id)).first()
        if row is None:
            raise DomainError("not_found", "there is no such decision")
        return Response(shown_decision(row, language_of(request)))


urlpatterns: list[URLPattern] = [
    path("decisions", Decisions.as_view(), name="api-decisions"),
    path("decisions/<str:decision_id>", OneDecision.as_view(), name="api-decision"),
]
