"""Drafts become approved: through our lint, Meta's review and the webhooks; against the sandbox Cloud API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kernel.errors import DomainError, Refused, Unreachable
from messaging.message_templates.library import STAGES
from messaging.message_templates.services import save_template, seed_defaults, sync_templates
from messaging.models import MessageTemplate, WhatsAppAccount
from tenants.secrets import seal
from tests import factories
from tests.factories import NOON
from tests.messaging.cloud import connect


def statuses() -> dict[str, int]:
    found: dict[str, int] = {}
    for status in MessageTemplate.objects.values_list("status", flat=True):
        found[status] = found.get(status, 0) + 1
    return found


@pytest.fixture
def seeded(cloud: Any) -> Any:
    with cloud.scope():
        account = WhatsAppAccount.objects.get()
        creditor = factories.make_creditor()
        assert len(seed_defaults(account, creditor, "CO", NOON)) == len(STAGES)
        assert seed_defaults(account, creditor, "CO", NOON) == [], "doing it again changes nothing"
    return cloud


def account_id(cloud: Any) -> Any:
    with cloud.scope():
        return WhatsAppAccount.objects.get().pk


def test_shipped_texts_are_submitted_reviewed_and_approved_by_webhook(seeded: Any) -> None:
    counts = sync_templates(seeded.tenant.pk, account_id(seeded), now=seeded.now())
    assert counts == {"pending": len(STAGES)}
    seeded.advance(timedelta(minutes=5))
    with seeded.scope():
        assert statuses() == {"approved": len(STAGES)}
        assert all(MessageTemplate.objects.values_list("provider_id", flat=True))


def test_a_lost_webhook_is_made_up_for_by_the_list_and_nothing_is_created_twice(seeded: Any) -> None:
    sync_templates(seeded.tenant.pk, account_id(seeded), now=seeded.now())
    seeded.advance(timedelta(minutes=5))
    with seeded.scope():
        MessageTemplate.objects.update(status="draft", provider_id="")
    assert sync_templates(seeded.tenant.pk, account_id(seeded), now=seeded.now()) == {"approved": len(STAGES)}


def test_a_draft_in_trouble_is_kept_and_not_submitted(cloud: Any) -> None:
    with cloud.scope():
        account = WhatsAppAccount.objects.get()
        row, reading = save_template(
            account, name="amenaza_v1", language="es_CO", stage="last", message_class="collection", country="CO", now=NOON,
            body="Hola {{name}}, pague hoy o irá a la cárcel con toda seguridad.",
        )  # fmt: skip
        assert "threat_or_coercion" in row.flags or reading.flags
        assert reading.troubles
    assert sync_templates(cloud.tenant.pk, account_id(cloud), now=cloud.now()) == {"draft": 1}


def test_what_meta_rejects_is_rejected_with_its_reason_and_can_be_rewritten(sandbox: Any) -> None:
    cloud = connect(sandbox, "CO", review={"reject": ["saludo_v1"], "seconds": 0})
    with cloud.scope():
        account = WhatsAppAccount.objects.get()
        for name in ("saludo_v1", "otro_v1"):
            save_template(
                account, name=name, language="es_CO", stage="probe", message_class="identity_probe", now=NOON,
                body=f"Buen día, ¿hablo con {{{{name}}}}? Tenemos un mensaje personal ({name[:4]}).",
            )  # fmt: skip
    counts = sync_templates(cloud.tenant.pk, account_id(cloud), now=cloud.now())
    assert counts == {"rejected": 1, "approved": 1}
    with cloud.scope():
        save_template(
            WhatsAppAccount.objects.get(), name="saludo_v1", language="es_CO", stage="probe", message_class="identity_probe",
            body="Hola, ¿hablo con {{name}}? Gracias.", now=NOON,
        )  # fmt: skip
        with pytest.raises(DomainError) as caught:
            save_template(
                WhatsAppAccount.objects.get(), name="otro_v1", language="es_CO", stage="probe", message_class="identity_probe",
                body="Hola, ¿hablo con {{name}}? Gracias.", now=NOON,
            )  # fmt: skip
        assert caught.value.code == "template_fixed"


def test_a_dead_token_and_a_dead_server_are_told_apart(seeded: Any) -> None:
    key = account_id(seeded)
    with seeded.scope():
        WhatsAppAccount.objects.filter(pk=key).update(token=seal("wrong", purpose="whatsapp.token"))
    with pytest.raises(Refused) as caught:
        sync_templates(seeded.tenant.pk, key, now=seeded.now(), submit=False)
    assert caught.value.code == 190
    with seeded.scope():
        WhatsAppAccount.objects.filter(pk=key).update(base_url="http://127.0.0.1:9")
    with pytest.raises(Unreachable):
        sync_templates(seeded.tenant.pk, key, now=seeded.now())
    with seeded.scope():
        assert statuses() == {"draft": len(STAGES)}
