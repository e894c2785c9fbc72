"""Simulated colleagues who answer while a sandbox organisation's days are played: nobody waits there for ever.

They answer what waits for a person, mostly well, now and then in a way that should not leave the house (and does not:
the gate reads their words like anybody's). A hash of who and when decides, so that a world plays alike twice.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from compliance.language.intent import intent
from kernel.errors import DomainError
from messaging.conversations import assign, close
from messaging.models import Conversation, Message
from messaging.sending.request import request_send
from messaging.sending.wishes import Wish
from monitoring.models import Alert
from monitoring.services import decide_alert
from portfolio.models import Debtor
from portfolio.places import zone_of
from tenants.models import Membership, User
from tenants.scope import tenant_scope

#: Answers that each gives in one step of the clock, so that a busy hour shows a queue.
PER_STEP = 12
#: At work from eight to eighteen, Monday to Friday.
OPENS, CLOSES, LAST_WEEKDAY = 8, 18, 4
#: Of a thousand answers, so many are ones that the gate has to keep back.
HARSH_PERMILLE = 30
#: How long something waits before they come to it.
PATIENCE = timedelta(minutes=20)

ANSWERS: dict[str, dict[str, tuple[str, ...]]] = {
    "es": {
        "paid_already": (
            "Muchas gracias por avisar. Reviso su comprobante con tesorería y en cuanto quede aplicado le confirmo por aquí.",
            "Gracias, ya lo tengo anotado. Mientras lo verificamos no le llegarán más recordatorios de esa factura.",
            "Recibido. Si puede, compártame la fecha y la referencia del pago para ubicarlo más rápido.",
        ),
        "dispute": (
            "Entiendo. Dejé la factura en revisión y no le enviaremos recordatorios de ella mientras la aclaramos.",
            "Gracias por explicarlo. Voy a pedir el detalle de ese cargo y le respondo por este mismo chat.",
            "Tiene razón en preguntar. Lo reviso con facturación y le comparto el documento que lo respalda.",
        ),
        "hardship": (
            "Lamento mucho lo que está pasando. Vamos a pausar los recordatorios y, cuando usted pueda, vemos una opción cómoda.",
            "Gracias por la confianza. No se preocupe por hoy; cuando esté mejor buscamos juntos una cuota que le alcance.",
        ),
        "more_time": (
            "Claro que sí. ¿Qué fecha le acomoda? La anoto y hasta ese día no le escribimos.",
            "Con gusto. Si le parece, lo dejamos para después de la quincena y le confirmo por aquí.",
        ),
        "plan": (
            "Sí podemos dividirlo. Le propongo pagos quincenales iguales; si está de acuerdo le envío las fechas.",
            "Con gusto. Dígame cuánto le queda bien por quincena y le armo el convenio.",
        ),
        "wrong_person": ("Le pido una disculpa por la molestia. Ya retiré este número de nuestros registros.",),
        "question": (
            "Con gusto le aclaro. El saldo corresponde a las facturas pendientes; si quiere, le envío el detalle.",
            "Claro, lo reviso y le respondo en un momento.",
        ),
        "other": (
            "Gracias por escribirnos. Ya revisé su cuenta y con gusto le ayudo a encontrar una opción que le acomode.",
            "Entiendo, gracias por avisar. Quedo al pendiente y le confirmo por este medio.",
            "Le agradezco la información. ¿Le parece bien si le propongo dos fechas y usted elige?",
            "Gracias por su respuesta. Dejé la nota en su cuenta para que no tenga que explicarlo otra vez.",
        ),
    },
    "pt": {
        "paid_already": (
            "Muito obrigado por avisar. Vou conferir o comprovante com o financeiro e confirmo por aqui assim que der baixa.",
            "Obrigado, já anotei. Enquanto verificamos, você não recebe mais lembretes dessa parcela.",
            "Recebido! Se puder, me mande a data do pagamento para eu localizar mais rápido.",
        ),
        "dispute": (
            "Entendi. Deixei a cobrança em análise e não enviaremos lembretes dela enquanto esclarecemos.",
            "Obrigado por explicar. Vou pedir o detalhamento à secretaria e respondo por aqui.",
        ),
        "hardship": (
            "Sinto muito pelo que você está passando. Vamos pausar os lembretes e, quando puder, vemos uma opção tranquila.",
            "Obrigado pela confiança. Não se preocupe com isso hoje; depois a gente encontra uma parcela que caiba.",
        ),
        "more_time": (
            "Claro. Qual data fica melhor para você? Anoto aqui e até lá não escrevemos.",
            "Sem problema. Podemos deixar para depois do dia 5 e eu confirmo por aqui.",
        ),
        "plan": (
            "Dá para parcelar, sim. Posso propor parcelas mensais iguais; se concordar, envio as datas.",
            "Claro! Me diga quanto cabe por mês e eu monto o acordo.",
        ),
        "wrong_person": ("Peço desculpas pelo incômodo. Já retirei este número do nosso cadastro.",),
        "question": (
            "Explico, sim. O saldo é das mensalidades em aberto; se quiser, envio o detalhamento.",
            "Claro, vou verificar e já respondo.",
        ),
        "other": (
            "Obrigado por responder. Já olhei o seu caso e posso ajudar a encontrar uma opção que caiba para você.",
            "Entendi, obrigado por avisar. Fico acompanhando e confirmo por aqui.",
            "Agradeço a informação. Posso sugerir duas datas para você escolher?",
            "Obrigado pela resposta. Deixei anotado para você não precisar explicar de novo.",
        ),
    },
}
#: What a debtor's words may tell, as against an agent's conduct.
DEBTORS_SIGNALS = frozenset({"vulnerable", "abuse", "complaint"})
NOTES = {
    "es": {
        "debtor": "Atendido: se pausaron los recordatorios y lo lleva una persona.",
        "agent": "Hablado con el gestor; el mensaje no salió.",
        "ours": "Texto aprobado; no es una falta.",
    },
    "pt": {
        "debtor": "Atendido: lembretes pausados, uma pessoa acompanha.",
        "agent": "Conversado com o operador; a mensagem não saiu.",
        "ours": "Texto aprovado; não é infração.",
    },
}
HARSH = {
    "es": (
        "Si no paga hoy voy a llamar a su jefe para que sepa la clase de persona que es.",
        "Ya me cansé de sus mentiras, es usted un sinvergüenza.",
        "Si no deposita hoy, mañana pasamos a su casa a buscarlo.",
        "Deposíteme a mi cuenta personal y yo le borro la deuda, pero no le diga a nadie.",
    ),
    "pt": (
        "Se não pagar hoje eu ligo para o seu chefe e conto para todo mundo.",
        "Cansei das suas mentiras, você é um caloteiro.",
        "Faz um pix na minha conta pessoal que eu apago a dívida, mas não conta para ninguém.",
    ),
}


def at_work(now: datetime, country: str) -> bool:
    """Whether the office is open where the organisation is."""
    local = now.astimezone(zone_of(country))
    return local.weekday() <= LAST_WEEKDAY and OPENS <= local.hour < CLOSES


class Colleagues:
    """The agents of one sandbox organisation, played."""

    def __init__(self, tenant_id: uuid.UUID, country: str) -> None:
        self.tenant_id, self.country = tenant_id, country
        members = Membership.objects.filter(tenant_id=tenant_id, role=Membership.Role.AGENT, active=True)
        self.agents: Sequence[User] = [member.user for member in members.select_related("user").order_by("user__email")]

    def answer(self, *, now: datetime, patience: timedelta = PATIENCE) -> int:
        """Answer what has waited long enough; returns how many conversations were looked at."""
        if not self.agents or not at_work(now, self.country):
            return 0
        with tenant_scope(self.tenant_id):
            waiting = list(
                Conversation.objects.filter(
                    needs_human_at__lte=now - patience, speaker=Conversation.Speaker.AGENT, frozen_at=None
                )
                .select_related("person")
                .order_by("needs_human_at", "address")[: len(self.agents) * PER_STEP]
            )
            for conversation in waiting:
                self._one(conversation, now=now)
            return len(waiting)

    def review(self, *, now: datetime, patience: timedelta) -> int:
        """The supervisor decides on alerts that are older than this; returns how many."""
        by = (
            Membership.objects.filter(tenant_id=self.tenant_id, role=Membership.Role.SUPERVISOR, active=True)
            .order_by("created_at", "id")
            .values_list("user_id", flat=True)
            .first()
        )
        if by is None or not at_work(now, self.country):
            return 0
        language = "pt" if self.country == "BR" else "es"
        with tenant_scope(self.tenant_id):
            found = list(
                Alert.objects.filter(state=Alert.State.OPEN, raised_at__lte=now - patience).order_by("id")[:20]
            )
            for alert in found:
                kind = "debtor" if alert.conduct in DEBTORS_SIGNALS else "agent" if alert.actor else "ours"
                verdict = Alert.State.FALSE_ALARM if kind == "ours" else Alert.State.VIOLATION
                decide_alert(alert.pk, verdict=verdict, note=NOTES[language][kind], actor=f"user:{by}", by=by, now=now)
            return len(found)

    def _one(self, conversation: Conversation, *, now: datetime) -> None:
        last = (
            Message.objects.filter(conversation=conversation, direction="in")
            .order_by("-at", "-id")
            .only("id", "debtor_id", "at", "text")
            .first()
        )
        # The words hang on who and when alone, never on the order of work.
        said = f"{conversation.address}|{last.at.isoformat() if last else ''}"
        place = int.from_bytes(hashlib.blake2b(said.encode(), digest_size=8).digest(), "big")
        agent = self.agents[place % len(self.agents)]
        actor = f"user:{agent.pk}"
        if conversation.assignee_id is None:
            assign(conversation, to=agent.pk, actor=actor, now=now)
        debtor_id = (last.debtor_id if last else None) or conversation.debtor_id
        debtor = Debtor.objects.filter(pk=debtor_id).first() if debtor_id else None
        if debtor is not None and last is not None:
            wish = Wish(
                creditor_id=debtor.creditor_id, debtor_id=debtor.pk, message_class="reply",
                content={"kind": "text", "text": words(conversation, last, place // 7)}, origin_kind="agent",
                origin_id=f"{last.pk}:{place % 10**9}", actor=actor, conversation_id=conversation.pk,
                reply_to_id=last.pk, priority=1,
            )  # fmt: skip
            with suppress(DomainError):  # no address left to answer to
                request_send([wish], now=now)
        close(conversation, actor=actor, now=now)


def words(conversation: Conversation, last: Message, place: int) -> str:
    """What a colleague says to a message: chosen by what it wants."""
    language = "pt" if conversation.person and conversation.person.language.startswith("pt") else "es"
    if place % 1000 < HARSH_PERMILLE:
        return HARSH[language][place // 1000 % len(HARSH[language])]
    by_intent = ANSWERS[language]
    texts = by_intent.get(intent(last.text, language).name, by_intent["other"])
    return texts[place // 1000 % len(texts)]
