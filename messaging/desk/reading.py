"""Telling WhatsApp that a debtor's messages were read: the blue ticks on their phone. Lost ones are no harm."""

from __future__ import annotations

import logging
import uuid

from kernel.errors import NoAnswer, Refused, Unreachable
from messaging.channels.whatsapp.reading import tell_read
from messaging.models import Conversation, Message, ProviderMessage
from tenants import jobs
from tenants.scope import current_tenant_id, tenant_scope
from tenants.secrets import unseal

log = logging.getLogger("trato.messaging")
TELL = "messaging.tell_read"


def promise(conversation: Conversation) -> None:
    """Have the debtor's newest message (and with it the earlier ones) shown as read."""
    jobs.enqueue(TELL, conversation.pk, tenant_id=current_tenant_id())


@jobs.handles(TELL)
def tell(tenant_id: uuid.UUID, job: jobs.Leased) -> None:
    """Ask WhatsApp to show it; a refusal or no answer ends the matter, only an absent provider is asked again."""
    with tenant_scope(tenant_id):
        conversation = Conversation.objects.select_related("number__account").get(pk=job.subject)
        newest = (
            Message.objects.filter(conversation=conversation, direction=Message.Direction.IN)
            .exclude(source="page")
            .order_by("-at", "-id")
            .values_list("pk", flat=True)
            .first()
        )
        known = None
        if newest is not None:
            known = ProviderMessage.objects.filter(message_id=newest).values_list("provider_id", flat=True).first()
        number = conversation.number
        token = unseal(number.account.token, purpose="whatsapp.token") if known else ""
    if known:
        try:
            tell_read(base_url=number.account.base_url, provider_id=number.provider_id, token=token, wamid=known)
        except (Refused, NoAnswer) as error:
            log.info("read mark not taken: %s", error)
        except Unreachable:
            if job.tries < 3:
                raise
    with tenant_scope(tenant_id):
        jobs.complete(job)
