"""Simulated agents: they answer what waits for a person, kindly as a rule, a few abusively. A hash decides."""

from __future__ import annotations

import hashlib
import uuid
from contextlib import suppress
from datetime import datetime

from django.db.models import QuerySet

from kernel.errors import DomainError
from messaging.conversations import close
from messaging.models import Conversation, Message
from messaging.sending.request import request_send
from messaging.sending.wishes import Wish
from portfolio.models import Debtor
from tenants.scope import tenant_scope

AGENTS = 4
#: Answers that each agent gives in one tick, so that the busiest hour shows a queue.
PER_TICK = 25
ABUSIVE_PERCENT = 4

KIND = {
    "es": (
        "Gracias por escribirnos. Ya revisé su caso y con gusto le ayudo a encontrar una opción que le acomode.",
        "Entiendo, gracias por avisar. Quedo al pendiente y le confirmo por este medio.",
        "Con gusto reviso su comprobante y le aviso en cuanto quede registrado.",
        "Le agradezco la información. ¿Le parece bien si le propongo dos fechas y usted elige?",
    ),
    "pt": (
        "Obrigado por responder. Já olhei o seu caso e posso ajudar a encontrar uma opção que caiba para você.",
        "Entendi, obrigado por avisar. Fico acompanhando e confirmo por aqui.",
        "Vou conferir o seu comprovante e aviso assim que estiver registrado.",
        "Agradeço a informação. Posso sugerir duas datas para você escolher?",
    ),
}
ABUSIVE = {
    "es": (
        "Si no paga hoy voy a llamar a su jefe y a toda su familia para que sepan la clase de persona que es.",
        "Es usted un sinvergüenza, ya me cansé de sus mentiras.",
        "Va a ir preso por esta deuda, ya va la policía en camino.",
        "Deposíteme a mi cuenta personal y yo le borro la deuda, pero no le diga a nadie.",
        "Sabemos dónde vive, mañana pasamos a visitarlo.",
    ),
    "pt": (
        "Se não pagar hoje eu ligo para o seu chefe e conto para todo mundo que você é caloteiro.",
        "Você é um vagabundo, cansei das suas mentiras.",
        "Você vai ser preso por essa dívida, a polícia já está a caminho.",
        "Faz um pix na minha conta pessoal que eu apago a dívida, mas não conta para ninguém.",
        "A gente sabe onde você mora, amanhã passamos aí.",
    ),
}


class Crew:
    """The agents of one run."""

    def __init__(self, tenant_id: uuid.UUID, seed: int) -> None:
        self.tenant_id, self.seed = tenant_id, seed

    def answer(self, *, now: datetime) -> int:
        """Answer what has waited since before this tick; returns how many were answered or tried."""
        with tenant_scope(self.tenant_id):
            waiting = list(
                self._queue.filter(needs_human_at__lt=now)
                .select_related("person")
                .order_by("needs_human_at", "address")[: AGENTS * PER_TICK]
            )
            for conversation in waiting:
                self._one(conversation, now=now)
            return len(waiting)

    def waited_for(self) -> bool:
        """Whether somebody waits for one of them."""
        with tenant_scope(self.tenant_id):
            return self._queue.exists()

    @property
    def _queue(self) -> QuerySet[Conversation]:
        return Conversation.objects.filter(needs_human_at__isnull=False, speaker=Conversation.Speaker.AGENT)

    def _one(self, conversation: Conversation, *, now: datetime) -> None:
        last = (
            Message.objects.filter(conversation=conversation, direction="in")
            .order_by("-at", "-id")
            .only("id", "debtor_id", "at")
            .first()
        )
        debtor_id = (last.debtor_id if last else None) or conversation.debtor_id
        debtor = Debtor.objects.filter(pk=debtor_id).first() if debtor_id else None
        if debtor is None or last is None:
            close(conversation, actor="system:headless", now=now)
            return
        # The words hang on who and when alone, never on the order of work.
        said = f"{self.seed}|{conversation.address}|{last.at.isoformat()}"
        place = int.from_bytes(hashlib.blake2b(said.encode(), digest_size=8).digest(), "big")
        language = "pt" if conversation.person and conversation.person.language.startswith("pt") else "es"
        texts = ABUSIVE[language] if place % 100 < ABUSIVE_PERCENT else KIND[language]
        wish = Wish(
            creditor_id=debtor.creditor_id, debtor_id=debtor.pk, message_class="reply",
            content={"kind": "text", "text": texts[(place // 100) % len(texts)]}, origin_kind="agent",
            origin_id=f"{last.pk}:{place}", actor=f"agent:simulated-{place % AGENTS + 1}", conversation_id=conversation.pk,
            reply_to_id=last.pk, priority=1,
        )  # fmt: skip
        with suppress(DomainError):  # no address left to answer to
            request_send([wish], now=now)
        close(conversation, actor="system:headless", now=now)
