"""REST: what debtors consented to, and what the gate decided, and why, in the reader's language."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.db.models import Q
from django.urls import URLPattern, path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from compliance.decide import Decision as Judgement
from compliance.decide import explain_decision, remedy
from compliance.decide.evidence import finding_from_json
from compliance.models import Consent, Decision
from compliance.services import put_consent
from kernel.errors import DomainError
from portfolio import queries
from portfolio.models import ContactPoint, Debtor
from portfolio.services.contacts import check_contact
from tenants.api import LANG, PAGING, TenantView, language_of, page, page_of, saved, uuid_of
from tenants.fields import InstantField, Strict

READ, WRITE = "portfolio:read", "portfolio:write"


#: What a creditor may say; a grant without evidence is kept as imported_without_evidence, which opens nothing.
STATES = ("granted", "imported_without_evidence", "refused", "revoked", "expired")
CHANNELS = ("whatsapp", "sms", "email", "voice")


class ConsentIn(Strict):
    """A statement about consent. Absent fields are as they were said before; null empties.

    A new one needs `state` and `given_at`; a changed state is dated now where `given_at` is left out.
    """

    state = serializers.ChoiceField(choices=STATES, required=False)
    channel = serializers.ChoiceField(choices=CHANNELS, required=False)
    purpose = serializers.CharField(max_length=20, required=False)
    contact = serializers.CharField(
        max_length=160, required=False, allow_null=True, help_text="phone or e-mail it is for; absent or null: all"
    )
    evidence = serializers.DictField(
        child=serializers.CharField(max_length=4000), required=False, allow_null=True,
        help_text="exact_wording, wording_version, collected_how, collected_by, ... A grant without any opens nothing; given as a whole",
    )  # fmt: skip
    given_at = InstantField(required=False)
    expires_at = InstantField(required=False, allow_null=True)


class ConsentOut(serializers.Serializer[Any]):
    """A statement as it was recorded; of one `external_id` the highest version holds."""

    id = serializers.UUIDField()
    external_id = serializers.CharField()
    version = serializers.IntegerField()
    state = serializers.ChoiceField(choices=Consent.State.choices)
    channel = serializers.CharField()
    purpose = serializers.CharField()
    contact = serializers.CharField(allow_null=True)
    evidence = serializers.DictField()
    given_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    source = serializers.CharField()  # type: ignore[assignment]
    recorded_at = serializers.DateTimeField()


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


def _shown_consent(row: Consent) -> dict[str, Any]:
    return {
        "id": row.pk, "external_id": row.external_id, "version": row.version, "state": row.state,
        "channel": row.channel, "purpose": row.purpose,
        "contact": row.contact_point.value if row.contact_point is not None else None, "evidence": row.evidence,
        "given_at": row.given_at, "expires_at": row.expires_at, "source": row.source, "recorded_at": row.recorded_at,
    }  # fmt: skip


class Consents(TenantView):
    """What was said about a debtor's consent, to this creditor or to the whole organisation."""

    scopes: ClassVar = {"GET": READ}

    @extend_schema(operation_id="consents_list", parameters=PAGING, responses=page_of(ConsentOut))
    def get(self, request: Request, creditor: str, debtor: str) -> Response:
        """Every statement, oldest first; nothing is ever changed."""
        owner = queries.creditor_by(creditor)
        rows = Consent.objects.filter(
            Q(creditor_id=owner.pk) | Q(creditor_id=None), person_id=queries.debtor_by(owner, debtor).person_id
        )
        return page(rows.select_related("contact_point"), request, _shown_consent)


class OneConsent(TenantView):
    """One statement by the creditor's own id."""

    scopes: ClassVar = {"PUT": WRITE}

    @extend_schema(operation_id="consents_upsert", request=ConsentIn, responses=ConsentOut)
    def put(self, request: Request, creditor: str, debtor: str, external_id: str) -> Response:
        """State a consent, or state it otherwise: a new row beside the former, and the newest wins."""
        owner = queries.creditor_by(creditor)
        held = queries.debtor_by(owner, debtor)
        body = ConsentIn(data=request.data)
        body.is_valid(raise_exception=True)
        fields = dict(body.validated_data)
        if len(external_id) > 80:
            raise DomainError("external_id", "a consent's own id has 1 to 80 characters", pointer="/external_id")
        if "contact" in fields:
            fields["contact_point_id"] = _point(held, fields.pop("contact"))
        if "evidence" in fields:
            fields["evidence"] = fields["evidence"] or {}
        source = f"api:{self.principal.key.prefix}"
        row, outcome = put_consent(held.person_id, owner.pk, external_id, fields, now=self.now, source=source)
        return saved(_shown_consent(row), outcome)


def _point(debtor: Debtor, value: str | None) -> Any:
    """The debtor's contact point with this value, or None for all of them; raises DomainError."""
    if value is None:
        return None
    points = ContactPoint.objects.filter(person_id=debtor.person_id)
    point = points.filter(value=value).first()
    if point is None:
        kind = "email" if "@" in value else "phone"
        try:
            value = check_contact(debtor.creditor, {"kind": kind, "value": value})["value"]
        except DomainError as error:
            raise DomainError(error.code, error.template, pointer="/contact", **error.params) from error
        point = points.filter(value=value).first()
    if point is None:
        raise DomainError(
            "contact_unknown", "this debtor has no contact %(value)s: give it to the debtor first", pointer="/contact",
            value=value,
        )  # fmt: skip
    return point.pk


class Decisions(TenantView):
    """Decisions about the debtors that the key may see."""

    scopes: ClassVar = {"GET": "decisions:read"}

    @extend_schema(
        operation_id="decisions_list", responses=page_of(DecisionOut),
        parameters=[
            *PAGING, LANG, OpenApiParameter("verdict", str, enum=Decision.Verdict.values),
            OpenApiParameter("request", str, description="of this SendRequest only"),
        ],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Oldest first."""
        rows, lang = Decision.objects.all(), language_of(request, self.principal.tenant.language)
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
        return Response(shown_decision(row, language_of(request, self.principal.tenant.language)))


urlpatterns: list[URLPattern] = [
    path("creditors/<str:creditor>/debtors/<str:debtor>/consents", Consents.as_view(), name="api-consents"),
    path(
        "creditors/<str:creditor>/debtors/<str:debtor>/consents/<str:external_id>",
        OneConsent.as_view(),
        name="api-consent",
    ),
    path("decisions", Decisions.as_view(), name="api-decisions"),
    path("decisions/<str:decision_id>", OneDecision.as_view(), name="api-decision"),
]
