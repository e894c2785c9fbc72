"""REST: what was said, to whom, and the wish to say something. Every wish gets a recorded decision."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.db import IntegrityError
from django.urls import URLPattern, path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from compliance.api import shown_decision
from compliance.models import Decision
from kernel.errors import DomainError
from messaging.models import Conversation, Message, MessageTemplate, SendRequest
from messaging.sending.channel_facts import WINDOW
from messaging.sending.request import Wish, request_send
from portfolio.models import Creditor, Debtor, Invoice
from tenants.api import PAGING, Strict, TenantView, page, uuid_of

#: What an API key may ask for: an answer to somebody who wrote needs no template, a demand does.
CLASSES = ("collection", "reply", "service", "identity_probe", "consent_request")


class MessageIn(Strict):
    """A wish to write to a debtor: a text (inside the 24 hours) or an approved template with its variables."""

    creditor = serializers.CharField(max_length=80, help_text="your id of the creditor")
    debtor = serializers.CharField(max_length=80, help_text="your id of the debtor")
    external_id = serializers.CharField(
        max_length=100, help_text="your id of this message: one id, one message, for ever"
    )
    message_class = serializers.ChoiceField(choices=CLASSES, default="collection")
    text = serializers.CharField(required=False, max_length=4096)
    template = serializers.CharField(required=False, max_length=200, help_text="name of an approved template")
    language = serializers.CharField(required=False, max_length=8, help_text="the template's language: es_CO, pt_BR")
    variables = serializers.DictField(child=serializers.CharField(max_length=1024), required=False)
    invoices = serializers.ListField(
        child=serializers.CharField(max_length=80),
        required=False,
        max_length=100,
        help_text="your ids of the invoices it is about",
    )


class MessageOut(serializers.Serializer[Any]):
    """A message as the thread shows it."""

    id = serializers.UUIDField()
    conversation = serializers.UUIDField()
    direction = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # a Field's own attribute has this name
    kind = serializers.CharField()
    message_class = serializers.CharField()
    state = serializers.CharField()
    text = serializers.CharField()
    at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)
    read_at = serializers.DateTimeField(allow_null=True)
    failed_at = serializers.DateTimeField(allow_null=True)
    error_code = serializers.CharField()
    debtor = serializers.UUIDField(allow_null=True)


class RequestOut(serializers.Serializer[Any]):
    """A SendRequest with the latest decision about it."""

    id = serializers.UUIDField()
    external_id = serializers.CharField()
    state = serializers.CharField()
    verdict = serializers.CharField()
    message = serializers.UUIDField()
    next_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField()
    decision = serializers.DictField()


class ConversationOut(serializers.Serializer[Any]):
    """A conversation between one of our numbers and somebody's address."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    address_kind = serializers.CharField()
    address = serializers.CharField()
    state = serializers.CharField()
    speaker = serializers.CharField()
    last_inbound_at = serializers.DateTimeField(allow_null=True)
    window_open_until = serializers.DateTimeField(allow_null=True)
    debtor = serializers.UUIDField(allow_null=True)


def shown_message(row: Message) -> dict[str, Any]:
    """A message as JSON."""
    return {
        "id": row.pk, "conversation": row.conversation_id, "direction": row.direction, "source": row.source,
        "kind": row.kind, "message_class": row.message_class, "state": row.state, "text": row.text, "at": row.at,
        "sent_at": row.sent_at, "delivered_at": row.delivered_at, "read_at": row.read_at, "failed_at": row.failed_at,
        "error_code": row.error_code, "debtor": row.debtor_id,
    }  # fmt: skip


def shown_request(row: SendRequest) -> dict[str, Any]:
    """A SendRequest as JSON, with its latest decision."""
    decision = Decision.objects.get(pk=row.decision_id)
    return {
        "id": row.pk, "external_id": row.origin_id, "state": row.state, "verdict": row.verdict, "message": row.message_id,
        "next_at": row.next_at, "expires_at": row.expires_at, "decision": shown_decision(decision, "en"),
    }  # fmt: skip


def _shown_conversation(row: Conversation) -> dict[str, Any]:
    opened = row.last_inbound_at
    return {
        "id": row.pk, "number": row.number.address, "address_kind": row.address_kind, "address": row.address,
        "state": row.state, "speaker": row.speaker, "last_inbound_at": opened,
        "window_open_until": opened + WINDOW if opened else None, "debtor": row.debtor_id,
    }  # fmt: skip


class Messages(TenantView):
    """Messages of the debtors that the key may see; and the wish for one more."""

    scopes: ClassVar = {"GET": "messages:read", "POST": "messages:send"}

    @extend_schema(
        operation_id="messages_list", responses=MessageOut(many=True),
        parameters=[*PAGING, OpenApiParameter("debtor", uuid.UUID, description="only this debtor's (our id)")],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Oldest first."""
        rows = Message.objects.all()
        if debtor := request.query_params.get("debtor"):
            rows = rows.filter(debtor_id=uuid_of(debtor))
        return page(rows, request, shown_message)

    @extend_schema(operation_id="messages_send", request=MessageIn, responses={202: RequestOut})
    def post(self, request: Request) -> Response:
        """Ask for a message. 202 with the SendRequest and its decision: allowed, waiting for its hour, or denied."""
        fields = MessageIn(data=request.data)
        fields.is_valid(raise_exception=True)
        wish = self._wish(fields.validated_data)
        try:
            (row,) = request_send([wish], now=self.now)
        except IntegrityError as error:
            raise DomainError("conflict", "the same external_id is being sent at this moment: ask again") from error
        assert row is not None
        return Response(shown_request(row), status=202)

    def _wish(self, data: dict[str, Any]) -> Wish:
        creditor = Creditor.objects.filter(external_id=data["creditor"]).first()
        debtor = Debtor.objects.filter(creditor=creditor, external_id=data["debtor"]).first() if creditor else None
        if creditor is None or debtor is None:
            raise DomainError("not_found", "there is no such debtor at this creditor", pointer="/debtor")
        wanted = data.get("invoices", [])
        invoices = dict(Invoice.objects.filter(debtor=debtor, external_id__in=wanted).values_list("external_id", "id"))
        if unknown := sorted(set(wanted) - set(invoices)):
            raise DomainError(
                "not_found", "no such invoice: %(which)s", pointer="/invoices", which=", ".join(unknown[:5])
            )
        return Wish(
            creditor_id=creditor.pk, debtor_id=debtor.pk, message_class=data["message_class"], content=self._content(data),
            origin_kind="api", origin_id=f"{creditor.external_id}:{data['external_id']}", actor=self.principal.actor,
            invoice_ids=tuple(invoices.values()),
        )  # fmt: skip

    @staticmethod
    def _content(data: dict[str, Any]) -> dict[str, Any]:
        if ("text" in data) == ("template" in data):
            raise DomainError("text_or_template", "give either a text or a template", pointer="/text")
        if "text" in data:
            return {"kind": "text", "text": data["text"]}
        found = MessageTemplate.objects.filter(name=data["template"])
        if "language" in data:
            found = found.filter(language=data["language"])
        templates = list(found[:2])
        if len(templates) != 1:
            raise DomainError(
                "template_unknown", "there is no single template %(name)s: give its name and language",
                pointer="/template", name=data["template"],
            )  # fmt: skip
        return {"kind": "template", "template_id": str(templates[0].pk), "variables": data.get("variables", {})}


class OneRequest(TenantView):
    """What became of a wish."""

    scopes: ClassVar = {"GET": "messages:read"}

    @extend_schema(operation_id="message_requests_read", responses=RequestOut)
    def get(self, request: Request, request_id: str) -> Response:
        """The SendRequest with its latest decision."""
        row = SendRequest.objects.filter(pk=uuid_of(request_id)).first()
        if row is None:
            raise DomainError("not_found", "there is no such request")
        return Response(shown_request(row))


class Conversations(TenantView):
    """Conversations, the key's creditors' only."""

    scopes: ClassVar = {"GET": "messages:read"}

    @extend_schema(operation_id="conversations_list", responses=ConversationOut(many=True), parameters=PAGING)
    def get(self, request: Request) -> Response:
        """In the order in which they began."""
        return page(Conversation.objects.select_related("number"), request, _shown_conversation)


class ConversationMessages(TenantView):
    """The messages of one conversation."""

    scopes: ClassVar = {"GET": "messages:read"}

    @extend_schema(operation_id="conversation_messages_list", responses=MessageOut(many=True), parameters=PAGING)
    def get(self, request: Request, conversation_id: str) -> Response:
        """In the order in which they were said."""
        conversation = Conversation.objects.filter(pk=uuid_of(conversation_id)).first()
        if conversation is None:
            raise DomainError("not_found", "there is no such conversation")
        return page(Message.objects.filter(conversation=conversation), request, shown_message, keys=("at", "id"))


urlpatterns: list[URLPattern] = [
    path("messages", Messages.as_view(), name="api-messages"),
    path("message-requests/<str:request_id>", OneRequest.as_view(), name="api-message-request"),
    path("conversations", Conversations.as_view(), name="api-conversations"),
    path(
        "conversations/<str:conversation_id>/messages", ConversationMessages.as_view(), name="api-conversation-messages"
    ),
]
