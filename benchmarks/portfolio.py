"""An organisation with debtors who wrote a minute ago, for benchmarks that send."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from compliance.models import Consent
from compliance.rulesets import load_rule_packs
from kernel.ids import uuid7
from messaging.models import Conversation, Number
from messaging.services import connect_whatsapp
from portfolio.models import ContactPoint, Creditor, Debtor, Person
from portfolio.services import save_creditor
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tenants.services import create_tenant

_Row = TypeVar("_Row")
#: A Tuesday, 13:00 in Bogotá.
NOON = datetime(2026, 11, 17, 18, 0, tzinfo=UTC)


def world(size: int, *, base_url: str) -> tuple[Tenant, Number, Creditor, list[Debtor]]:
    """A Colombian sandbox organisation whose clock stands at NOON, with `size` verified debtors and open windows."""
    load_rule_packs(now=NOON, author="benchmarks")
    tenant = create_tenant(
        name=f"Bench {uuid7().hex[:12]}", country="CO", sandbox=True, frozen_at=NOON, actor="system:benchmarks"
    )
    with tenant_scope(tenant.pk):
        creditor, _ = save_creditor("main", name="Andina", country="CO", currency="COP", language="es", now=NOON)
        _, number, _ = connect_whatsapp(
            waba_id="1", phone_number_id=f"1{tenant.pk.int % 10**14}", display_number="+576015000300", token="t",
            app_secret="s", verify_token="v", base_url=base_url, messaging_limit=None, per_second=0,
            actor="system:benchmarks", now=NOON,
        )  # fmt: skip
        debtors = _debtors(creditor, number, size)
    return tenant, number, creditor, debtors


def _debtors(creditor: Creditor, number: Number, size: int) -> list[Debtor]:
    persons: list[Any] = []
    points: list[Any] = []
    debtors: list[Any] = []
    threads: list[Any] = []
    consents: list[Any] = []
    for serial in range(size):
        person = Person(name=f"Deudor {serial}", country="CO", language="es", created_at=NOON)
        point = ContactPoint(
            person=person, kind="phone", value=f"+5730{serial:08d}", provenance={"source": "contract", "supplied_by": "debtor"},
            zones=["America/Bogota"], identity="verified", identity_at=NOON, created_at=NOON,
        )  # fmt: skip
        debtor = Debtor(
            creditor=creditor, person=person, external_id=f"d{serial}", currency="COP", balance_as_of=NOON,
            created_at=NOON, updated_at=NOON,
        )  # fmt: skip
        thread = Conversation(
            number=number, address_kind="phone", address=point.value, contact_point=point, person=person,
            last_inbound_at=NOON - timedelta(minutes=1), created_at=NOON, updated_at=NOON,
        )  # fmt: skip
        consent = Consent(
            person=person, contact_point=point, creditor_id=creditor.pk, channel="whatsapp", purpose="collection",
            state="granted", evidence={"synthetic": True}, source="benchmark", given_at=NOON, recorded_at=NOON,
        )  # fmt: skip
        for bag, row in zip(
            (persons, points, debtors, threads, consents), (person, point, debtor, thread, consent), strict=True
        ):
            bag.append(row)
    for model, rows in (
        (Person, persons),
        (ContactPoint, points),
        (Debtor, debtors),
        (Conversation, threads),
        (Consent, consents),
    ):
        model.objects.bulk_create(rows, batch_size=1000)
    return debtors


def batches(rows: Sequence[_Row], size: int = 200) -> list[Sequence[_Row]]:
    """Slices as campaigns take them."""
    return [rows[start : start + size] for start in range(0, len(rows), size)]
