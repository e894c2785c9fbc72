"""The sandbox organisation of a run: made once, found again by a run that goes on."""

from __future__ import annotations

import json
import secrets
import shutil
import uuid
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from collections_platform.headless.link import Sandbox
from collections_platform.headless.options import START, Options
from compliance.rulesets import load_rule_packs
from messaging.message_templates.services import seed_defaults, sync_templates
from messaging.models import Number, WhatsAppAccount
from messaging.sequences.seeds import seed_sequence
from messaging.services import callback_url, connect_whatsapp
from portfolio.models import Creditor
from portfolio.services import save_creditor
from tenants.authentication import create_api_key
from tenants.models import InboundRoute, Tenant
from tenants.scope import tenant_scope
from tenants.secrets import seal
from tenants.services import create_tenant, move_clock

LANGUAGE = {"BR": "pt"}
#: One made-up creditor per country: a school network, a distributor, an agency's principal. No such firms exist.
CREDITORS: dict[str, dict[str, Any]] = {
    "BR": {"name": "Rede Escolar Aurora", "legal_name": "Aurora Educação Ltda.", "tax_id": "11444777000161",
           "address": "Rua das Acácias, 120, São Paulo, SP", "contact": "financeiro@aurora.example, (11) 4000-0100",
           "pay_to": {"pix": {"key": "financeiro@aurora.example", "name": "REDE AURORA", "city": "SAO PAULO"}}},
    "MX": {"name": "Distribuidora Médica Cumbre", "legal_name": "Distribuidora Médica Cumbre, S.A. de C.V.",
           "tax_id": "DMC010101AB0", "address": "Av. Cumbres 450, Monterrey, N.L.",
           "contact": "cobranza@cumbre.example, 81 5000 0200",
           "pay_to": {"clabe": {"bank": "012", "plaza": "180", "prefix": "77", "holder": "Distribuidora Médica Cumbre"}}},
    "CO": {"name": "Comercializadora Andina", "legal_name": "Comercializadora Andina S.A.S.", "tax_id": "900373115",
           "address": "Calle 93 # 11-20, Bogotá", "contact": "cartera@andina.example, 601 500 0300", "pay_to": {}},
    "PE": {"name": "Comercial Misti", "legal_name": "Comercial Misti S.A.C.", "tax_id": "20512333797",
           "address": "Av. Arequipa 900, Lima", "contact": "cobranzas@misti.example", "pay_to": {}},
    "CL": {"name": "Comercial Austral", "legal_name": "Comercial Austral SpA", "tax_id": "761234560",
           "address": "Av. Providencia 1200, Santiago", "contact": "cobranza@austral.example", "pay_to": {}},
    "AR": {"name": "Distribuidora del Plata", "legal_name": "Distribuidora del Plata S.A.", "tax_id": "30712345671",
           "address": "Av. Corrientes 1500, Buenos Aires", "contact": "cobranzas@plata.example", "pay_to": {}},
}  # fmt: skip
_NUMBERS = {"BR": "+551150000100", "MX": "+528150000200", "CO": "+576015000300", "PE": "+5115000400", "CL": "+56225000500",
            "AR": "+541150000600"}  # fmt: skip
#: What a creditor's system may do.
ERP_SCOPES = ("portfolio:read", "portfolio:write", "messages:read", "decisions:read", "alerts:read")


@dataclass(slots=True)
class State:
    """Where a run stands; written after every tick, so that a stopped run goes on from there."""

    key: str
    tenant: str
    creditor: str
    number: str
    api_key: str
    app_secret: str
    token: str
    verify_token: str
    psp_secret: str
    stage: str = "import"  # import | play | done
    tick_at: str = ""
    bank_after: int = 0
    seconds: float = 0.0

    def save(self, path: Path) -> None:
        """Write it whole or not at all."""
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(self)))
        fresh.chmod(0o600)
        fresh.replace(path)

    @property
    def tenant_id(self) -> uuid.UUID:
        return uuid.UUID(self.tenant)


def folder(options: Options) -> Path:
    """The run's own folder."""
    path = options.data / "runs" / options.key
    path.mkdir(parents=True, exist_ok=True)
    return path


def find(options: Options) -> State | None:
    """The state of this run if it was begun before and its organisation still exists."""
    path = folder(options) / "state.json"
    if options.fresh or not path.is_file():
        return None
    state = State(**json.loads(path.read_text()))
    return state if Tenant.objects.filter(pk=state.tenant).exists() else None


def create(options: Options) -> State:
    """Make the run's organisation; nothing of it is known outside yet."""
    shutil.rmtree(folder(options) / "sandbox", ignore_errors=True)  # an earlier run's debtors are not this one's
    state = found(
        key=options.key, slug=f"run-{options.key}-{secrets.token_hex(3)}", country=options.country, currency=options.currency,
        now=START, standing=True, scopes=ERP_SCOPES, actor="system:headless",
    )  # fmt: skip
    state.save(folder(options) / "state.json")
    return state


def found(
    *,
    key: str,
    slug: str,
    country: str,
    currency: str,
    now: datetime,
    standing: bool,
    scopes: Collection[str],
    actor: str,
) -> State:
    """A sandbox organisation with its creditor, number, payment route and the ERP's key, as of `now` on its clock.

    `standing`: that clock stands still until it is moved, else it runs with real time from there.
    """
    load_rule_packs(now=now, author=actor)
    language = LANGUAGE.get(country, "es")
    facts = CREDITORS[country]
    tenant = create_tenant(
        name=facts["name"], slug=slug, country=country, currency=currency, sandbox=True,
        frozen_at=now if standing else None, actor=actor,
    )  # fmt: skip
    words: dict[str, Any] = {
        name: secrets.token_hex(16) for name in ("token", "app_secret", "verify_token", "psp_secret")
    }
    with tenant_scope(tenant.pk):
        if not standing:
            move_clock(tenant, to=now, actor=actor)
        creditor, _ = save_creditor(
            external_id="main", country=country, currency=currency,
            language=language, policy={"max_instalments": 6, "max_grace_days": 15, "min_down_percent": 0}, now=now,
            **facts,
        )  # fmt: skip
        _, number, _ = connect_whatsapp(
            waba_id=f"9{tenant.pk.int % 10**14:014d}", phone_number_id=f"1{tenant.pk.int % 10**14:014d}",
            display_number=_NUMBERS[country], token=words["token"], app_secret=words["app_secret"],
            verify_token=words["verify_token"], base_url="http://127.0.0.1:1", name=facts["name"], messaging_limit=None,
            per_second=0, posture="own receivables (sandbox)", actor=actor, now=now,
        )  # fmt: skip
        InboundRoute.objects.get_or_create(
            tenant_id=tenant.pk, kind="psp",
            defaults={"key": secrets.token_urlsafe(24), "secret": seal(words["psp_secret"], purpose="route.secret")},
        )  # fmt: skip
        _, text = create_api_key(tenant, name="ERP", scopes=scopes)
    return State(
        key=key, tenant=str(tenant.pk), creditor=str(creditor.pk), number=str(number.pk), api_key=text, **words
    )


def connect(
    state: State, sandbox: Sandbox, *, web_url: str, now: datetime, more: Mapping[str, Any] | None = None
) -> None:
    """Tell the sandbox where this run's webhooks go, and the account where the sandbox is; ports change between runs.

    `more`: further settings of the sandbox's set-up.
    """
    with tenant_scope(state.tenant_id):
        account = WhatsAppAccount.objects.get()
        WhatsAppAccount.objects.filter(pk=account.pk).update(base_url=sandbox.base_url)
        account.base_url = sandbox.base_url
        number = Number.objects.get()
        route = InboundRoute.objects.get(tenant_id=state.tenant_id, kind="whatsapp")
        psp = InboundRoute.objects.get(tenant_id=state.tenant_id, kind="psp")
        path = callback_url(route).split("/webhooks/", 1)[1]
    sandbox.call("POST", "/setup", {
        "waba_id": account.waba_id, "token": state.token, "app_secret": state.app_secret,
        "verify_token": state.verify_token, "callback_url": f"{web_url}/webhooks/{path}",
        "numbers": [{"id": number.provider_id, "display_phone_number": number.address, "verified_name": number.name,
                     "throughput": 0}],
        "messaging_limit": 0, "psp": {"url": f"{web_url}/webhooks/psp/simulator/{psp.key}", "secret": state.psp_secret,
                                      "product_url": web_url},
        **(more or {}),
    })  # fmt: skip
    if state.stage == "import":
        with tenant_scope(state.tenant_id):
            creditor = Creditor.objects.get(pk=state.creditor)
            seed_defaults(account, creditor, country=creditor.country, now=now)
            seed_sequence(country=creditor.country, now=now)
        sync_templates(state.tenant_id, account.pk, now=now)
