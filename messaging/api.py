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
from messaging.sending.request import request_send
from messaging.sending.wishes import Wish
from portfolio.models import Creditor, Debtor, Invoice
from tenants.api import LANG, PAGING, TenantView, language_of, page, page_of, uuid_of
from tenants.fields import Strict

#: What an API key may ask for: an answer to somebody who wrote needs no template, a demand does.
CLASSES = ("collection", "reply", "service", "identity_probe", "consent_request")


class MessageIn(Strict):
    """A wish to write to a debtor: a text (inside the 24 hours) or an approved template with its variables."""

    creditor = serializers.CharField(max_length=80, help_text="your id of the creditor")
    debtor = serializers.CharField(max_length=80, help_text="your id of the debtor")
    external_id = serializers.CharField(
        max_length=80, help_text="your id of this message: one id, one message, for ever"
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
    source = serializers.CharField()  # type: ignore[assignment]
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
    external_id = serializers.CharField(allow_null=True, help_text="your id of the message; null: not asked for here")
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


def _origin(creditor: Creditor, external_id: str) -> str:
    """A caller's id as the reason of a message: every creditor has ids of its own."""
    return f"{creditor.pk.hex}:{external_id}"


def shown_request(row: SendRequest, lang: str) -> dict[str, Any]:
    """A SendRequest as JSON, with its latest decision."""
    own = row.origin_id.partition(":")[2] if row.origin_kind == "api" else None
    decision = Decision.objects.get(pk=row.decision_id)
    return {
        "id": row.pk, "external_id": own, "state": row.state, "verdict": row.verdict, "message": row.message_id,
        "next_at": row.next_at, "expires_at": row.expires_at, "decision": shown_decision(decision, lang),
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
        operation_id="messages_list", responses=page_of(MessageOut),
        parameters=[*PAGING, OpenApiParameter("debtor", uuid.UUID, description="only this debtor's (our id)")],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Oldest first."""
        rows = Message.objects.all()
        if debtor := request.query_params.get("debtor"):
            rows = rows.filter(debtor_id=uuid_of(debtor))
        return page(rows, request, shown_message)

    @extend_schema(
        operation_id="messages_send", request=MessageIn, responses={202: RequestOut}, parameters=[LANG]
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Ask for a message. 202 with the SendRequest and its decision: allowed, waiting for its hour, or denied.

        The same external_id again answers with the SendRequest that it made, whatever became of it.
        """
        fields = MessageIn(data=request.data)
        fields.is_valid(raise_exception=True)
        data = fields.validated_data
        lang = language_of(request, self.principal.tenant.language)
        creditor = Creditor.objects.filter(external_id=data["creditor"]).first()
        if creditor is None:
            raise DomainError("creditor_unknown", "there is no creditor %(id)s that you may see", pointer="/creditor",
                              id=data["creditor"])  # fmt: skip
        debtor = Debtor.objects.filter(creditor=creditor, external_id=data["debtor"]).first()
        if debtor is None:
            raise DomainError("debtor_unknown", "there is no such debtor at this creditor", pointer="/debtor")
        origin = _origin(creditor, data["external_id"])
        asked = SendRequest.objects.filter(debtor=debtor, origin_kind="api", origin_id=origin)
        row = asked.order_by("-requested_at", "-id").first()
        if row is None:
            try:
                (row,) = request_send([self._wish(creditor, debtor, origin, data)], now=self.now)
            except IntegrityError as error:
                raise DomainError("conflict", "the same external_id is being sent at this moment: ask again") from error
        assert row is not None
        if row.debtor_id != debtor.pk:
            raise DomainError("conflict", "message %(id)s went to another debtor: give this one an id of its own",
                              pointer="/external_id", id=data["external_id"])  # fmt: skip
        return Response(shown_request(row, lang), status=202)

    def _wish(self, creditor: Creditor, debtor: Debtor, origin: str, data: dict[str, Any]) -> Wish:
        wanted = data.get("invoices", [])
        invoices = dict(Invoice.objects.filter(debtor=debtor, external_id__in=wanted).values_list("external_id", "id"))
        if unknown := sorted(set(wanted) - set(invoices)):
            raise DomainError(
                "invoice_unknown", "no such invoice: %(which)s", pointer="/invoices", which=", ".join(unknown[:5])
            )
        return Wish(
            creditor_id=creditor.pk, debtor_id=debtor.pk, message_class=data["message_class"], content=self._content(data),
            origin_kind="api", origin_id=origin, actor=self.principal.actor,
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

    @extend_schema(operation_id="message_requests_read", responses=RequestOut, parameters=[LANG])
    def get(self, request: Request, request_id: str) -> Response:
        """The SendRequest with its latest decision."""
        row = SendRequest.objects.filter(pk=uuid_of(request_id)).first()
        if row is None:
            raise DomainError("not_found", "there is no such request")
        return Response(shown_request(row, language_of(request, self.principal.tenant.language)))


class Conversations(TenantView):
    """Conversations, the key's creditors' only."""

    scopes: ClassVar = {"GET": "messages:read"}

    @extend_schema(operation_id="conversations_list", responses=page_of(ConversationOut), parameters=PAGING)
    def get(self, request: Request) -> Response:
        """In the order in which they began."""
        return page(Conversation.objects.select_related("number"), request, _shown_conversation)


class ConversationMessages(TenantView):
    """The messages of one conversation."""

    scopes: ClassVar = {"GET": "messages:read"}

    @extend_schema(operation_id="conversation_messages_list", responses=page_of(MessageOut), parameters=PAGING)
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
