"""Making an organisation of the demo: creditors, WhatsApp number, people, the key of its ERP, its payment route.

A `State` is what the outside knows of it: addresses and secrets, kept in the data folder and nowhere else.
"""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import make_password

from collections_platform.demo.stories import PASSWORD, Story
from collections_platform.embedded import EmbeddedError
from compliance.rulesets import load_rule_packs
from messaging.message_templates.services import seed_defaults, sync_templates
from messaging.models import Number, WhatsAppAccount
from messaging.sandbox.remote import Sandbox
from messaging.sequences.seeds import seed_sequence
from messaging.services import connect_whatsapp
from portfolio.models import Creditor
from portfolio.services import save_creditor
from tenants.authentication import SCOPES, create_api_key
from tenants.models import InboundRoute, Membership, Tenant, User
from tenants.scope import tenant_scope
from tenants.secrets import seal
from tenants.services import create_tenant, create_user

ACTOR = "system:demo"
#: For people who want to see it now: templates are reviewed at once (else within a minute), and whoever taps faster
#: than people do is not kept waiting by WhatsApp's limit of a message each six seconds to the same person.
AT_ONCE: dict[str, Any] = {"review": {"seconds": 0}, "limits": {"pair": False}}
NOWHERE = "http://127.0.0.1:1"


@dataclass(slots=True)
class State:
    """An organisation as the outside knows it."""

    key: str
    tenant: str
    slug: str
    api_key: str
    app_secret: str
    token: str
    verify_token: str
    psp_secret: str
    players: list[dict[str, Any]]
    #: "story" while its weeks are still to be told (no written world fitted), "restored" until its clock runs, "shown".
    stage: str
    bank_after: int = 0

    @property
    def tenant_id(self) -> uuid.UUID:
        return uuid.UUID(self.tenant)

    def save(self, path: Path) -> None:
        """Write it whole or not at all, for our eyes only."""
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(self), ensure_ascii=False))
        fresh.chmod(0o600)
        fresh.replace(path)


def read_state(path: Path) -> State | None:
    """The organisation that this file describes; None when there is none, or its database was another one."""
    if not path.exists():
        return None
    try:
        state = State(**json.loads(path.read_text()))
    except (ValueError, TypeError) as problem:
        raise EmbeddedError(f"{path} is of another version or damaged; start afresh with --reset.") from problem
    return state if Tenant.objects.filter(pk=state.tenant).exists() else None


def new_secrets() -> dict[str, str]:
    """What signs and opens an organisation's webhooks, made anew for every installation."""
    return {name: secrets.token_hex(16) for name in ("token", "app_secret", "verify_token", "psp_secret")}


def found(story: Story, *, now: datetime, standing: bool) -> State:
    """Make it, as of `now` on its clock. `standing`: the clock stands there."""
    load_rule_packs(now=now, author=ACTOR)
    tenant = create_tenant(
        name=story.name, slug=story.slug, country=story.country, currency=story.currency, kind=story.kind,
        sandbox=True, frozen_at=now if standing else None, actor=ACTOR,
    )  # fmt: skip
    words: dict[str, Any] = new_secrets()
    with tenant_scope(tenant.pk):
        for mandator in story.creditors:
            save_creditor(
                external_id=mandator.external_id, country=story.country, currency=story.currency,
                language=story.language, now=now, **mandator.facts,
            )  # fmt: skip
        # One account and number per organisation; its ids hang on the story, so that a written world finds them again.
        connect_whatsapp(
            waba_id=f"9{story.seed:014d}", phone_number_id=f"1{story.seed:014d}", display_number=story.number,
            base_url=NOWHERE, name=story.name, messaging_limit=None, per_second=0, actor=ACTOR, now=now,
            posture="own receivables (sandbox)" if story.kind == "creditor" else "mandates (sandbox)",
            token=words["token"], app_secret=words["app_secret"], verify_token=words["verify_token"],
        )  # fmt: skip
        _, text = create_api_key(tenant, name="ERP", scopes=SCOPES)
        route_for_payments(tenant.pk, words["psp_secret"])
        language = "pt-br" if story.country == "BR" else "es"
        for role, mailbox, name in story.people:
            create_user(email=f"{mailbox}@{story.slug}.example", role=role, name=name, language=language, actor=ACTOR)
        set_passwords(tenant.pk)
    return State(
        key=story.key, tenant=str(tenant.pk), slug=story.slug, api_key=text, players=[], stage="story", **words
    )


def route_for_payments(tenant_id: uuid.UUID, secret: str) -> InboundRoute:
    """Where the simulated bank tells of payments; in the organisation's scope."""
    route, made = InboundRoute.objects.get_or_create(
        tenant_id=tenant_id, kind="psp",
        defaults={"key": secrets.token_urlsafe(24), "secret": seal(secret, purpose="route.secret")},
    )  # fmt: skip
    if not made:
        route.key, route.secret = secrets.token_urlsafe(24), seal(secret, purpose="route.secret")
        route.save(update_fields=["key", "secret"])
    return route


def set_passwords(tenant_id: uuid.UUID) -> None:
    """One password for everybody: it is printed on the start page and opens the demo only."""
    people = Membership.objects.filter(tenant_id=tenant_id).values_list("user_id", flat=True)
    User.objects.filter(pk__in=list(people)).update(password=make_password(PASSWORD))


def renew(state: State) -> State:
    """New secrets for an organisation that came out of a written world; the former ones were left out of it."""
    words: dict[str, Any] = new_secrets()
    tenant = Tenant.objects.get(pk=state.tenant_id)
    with tenant_scope(tenant.pk):
        account = WhatsAppAccount.objects.get()
        number = Number.objects.get()
        connect_whatsapp(
            waba_id=account.waba_id, phone_number_id=number.provider_id, display_number=number.address,
            base_url=NOWHERE, name=number.name, messaging_limit=None, per_second=0, actor=ACTOR,
            now=tenant.clock().now(),
            token=words["token"], app_secret=words["app_secret"], verify_token=words["verify_token"],
        )  # fmt: skip
        _, state.api_key = create_api_key(tenant, name="ERP", scopes=SCOPES)
        route_for_payments(tenant.pk, words["psp_secret"])
        set_passwords(tenant.pk)
    for name, value in words.items():
        setattr(state, name, value)
    return state


def connect(state: State, sandbox: Sandbox, *, web_url: str, more: Mapping[str, Any] | None = None) -> None:
    """Tell the sandbox where this organisation's webhooks go, and the account where the sandbox is: ports change."""
    tenant = Tenant.objects.get(pk=state.tenant_id)
    with tenant_scope(tenant.pk):
        account = WhatsAppAccount.objects.get()
        WhatsAppAccount.objects.filter(pk=account.pk).update(base_url=sandbox.base_url)
        account.base_url = sandbox.base_url
        number = Number.objects.get()
        route = InboundRoute.objects.get(tenant_id=tenant.pk, kind="whatsapp")
        psp = InboundRoute.objects.get(tenant_id=tenant.pk, kind="psp")
    sandbox.call("POST", "/setup", {
        "waba_id": account.waba_id, "token": state.token, "app_secret": state.app_secret,
        "verify_token": state.verify_token, "callback_url": f"{web_url}/webhooks/whatsapp/{route.key}",
        "numbers": [{"id": number.provider_id, "display_phone_number": number.address, "verified_name": number.name,
                     "throughput": 0}],
        "messaging_limit": 0, "product_url": web_url,
        "psp": {"url": f"{web_url}/webhooks/psp/simulator/{psp.key}", "secret": state.psp_secret,
                "product_url": web_url},
        **AT_ONCE, **(more or {}),
    })  # fmt: skip


def equip(state: State, story: Story) -> None:
    """Templates and the sequence; WhatsApp's sandbox reviews the former."""
    tenant = Tenant.objects.get(pk=state.tenant_id)
    now = tenant.clock().now()
    with tenant_scope(tenant.pk):
        account = WhatsAppAccount.objects.get()
        for creditor in Creditor.objects.order_by("external_id")[:1]:
            seed_defaults(account, creditor, country=story.country, now=now)
        seed_sequence(country=story.country, now=now)
    sync_templates(tenant.pk, account.pk, now=now)
