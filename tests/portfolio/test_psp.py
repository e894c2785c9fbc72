"""Payment notices: signed, kept, read once; and the page that a debtor opens."""

from __future__ import annotations

import hmac
import json
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import DomainError
from kernel.money import Money
from portfolio import services
from portfolio.models import Payment
from portfolio.payables import psp
from portfolio.services.payables import token_for
from tenants import work
from tenants.models import InboundRoute, Job, RawInbound
from tenants.scope import tenant_scope
from tenants.secrets import seal
from tests import factories
from tests.factories import NOON

pytestmark = pytest.mark.urls("tests.portfolio.addresses")
SECRET = "a secret of the simulator"


class World:
    """A tenant with a PSP and a debtor who has a code."""

    def __init__(self, country="BR", **fields):
        self.tenant = factories.make_tenant(country, frozen=True)
        with tenant_scope(self.tenant.id):
            self.creditor = factories.make_creditor(**fields)
            self.debtor = factories.make_debtor(self.creditor, invoices=[("150.00", date(2026, 11, 1))])
            self.code = services.create_payable(self.debtor, now=NOON)
            key = f"key-{factories.unique()}"
            self.route = InboundRoute.objects.create(
                tenant=self.tenant, kind="psp", key=key, secret=seal(SECRET, purpose="route.secret")
            )
        self.client = Client()

    def notice(self, **fields):
        return {
            "id": f"pay-{self.route.key}", "type": "payment.completed", "reference": self.code.reference,
            "amount": "150.00", "currency": self.code.currency, "paid_at": NOON.isoformat(),
        } | fields  # fmt: skip

    def post(self, body, *, secret=SECRET, header=None, key=None):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        seal_ = hmac.new(secret.encode(), b"1700000000." + raw, sha256).hexdigest()
        return self.client.post(
            f"/webhooks/psp/simulator/{key or self.route.key}", raw, content_type="application/json",
            headers={"X-Signature": header or f"t=1700000000,v1={seal_}"},
        )  # fmt: skip

    def work(self):
        work.drain(self.tenant.id, seconds=20)

    @property
    def raws(self):
        return RawInbound.objects.filter(tenant_id=self.tenant.id)

    @property
    def jobs(self):
        return Job.objects.filter(tenant_id=self.tenant.id, task="portfolio.psp_notice")


@pytest.fixture
def world():
    return World()


def test_a_signed_notice_is_kept_answered_and_entered_once(world):
    for _ in range(3):
        assert world.post(world.notice()).status_code == 200
    assert world.raws.count() == 3 and world.jobs.count() == 3
    world.work()
    world.work()
    assert world.jobs.count() == 0
    with tenant_scope(world.tenant.id):
        payment = Payment.objects.get()
        assert (payment.minor, payment.source, payment.payable_id) == (15000, "psp:simulator", world.code.id)
        world.debtor.refresh_from_db()
        world.code.refresh_from_db()
        assert (world.debtor.open_minor, world.code.state) == (0, "paid")


@pytest.mark.parametrize("header", ["", "t=1,v1=00", "v1=abc", "t=x,v1=é", "nonsense"])
def test_a_wrong_signature_leaves_nothing(world, header):
    assert world.post(world.notice(), header=header or " ").status_code == 403
    assert world.post(world.notice(), secret="another").status_code == 403
    assert not world.raws.exists() and not world.jobs.exists()


def test_only_a_known_address_and_post(world):
    assert world.post(world.notice(), key="nowhere").status_code == 404
    assert world.client.get(f"/webhooks/psp/simulator/{world.route.key}").status_code == 405
    InboundRoute.objects.filter(pk=world.route.pk).update(active=False)
    assert world.post(world.notice()).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        b"not json", b"[]", b"{}",
        {"amount": 150.0}, {"amount": "1,50"}, {"amount": "-5.00"}, {"amount": "0.00"}, {"amount": "1.234"},
        {"paid_at": "2026-11-01"}, {"paid_at": "yesterday"}, {"currency": "reais"}, {"reference": "TUNKNOWN"},
        {"currency": "USD"}, {"id": ""},
    ],
)  # fmt: skip
def test_signed_but_unreadable_is_kept_and_set_aside_with_its_reason(world, body):
    assert world.post(world.notice(**body) if isinstance(body, dict) else body).status_code == 200
    world.work()
    job = world.jobs.get()
    assert job.parked_at is not None and job.error.startswith("quarantined: ")
    assert bytes(world.raws.get().body)
    with tenant_scope(world.tenant.id):
        assert not Payment.objects.exists()


def test_other_notices_are_kept_and_done(world):
    assert world.post(world.notice(type="payment.pending")).status_code == 200
    world.work()
    assert not world.jobs.exists() and world.raws.count() == 1


def test_the_same_id_with_another_amount_is_for_a_person(world):
    world.post(world.notice())
    world.post(world.notice(amount="149.00"))
    world.work()
    assert "is recorded with" in world.jobs.get().error
    with tenant_scope(world.tenant.id):
        assert Payment.objects.get().minor == 15000


def test_one_tenants_notice_never_pays_anothers_code(world):
    other = World()
    other.post(other.notice(reference=world.code.reference))
    other.work()
    assert other.jobs.get().parked_at is not None
    with tenant_scope(world.tenant.id):
        assert not Payment.objects.exists()


@given(st.binary(max_size=200), st.text(max_size=60))
def test_no_body_and_no_header_breaks_the_reader(raw, header):
    assert not psp.signed(header, raw, SECRET)
    assert isinstance(psp.parse_notification({"x-signature": header}, raw, SECRET), DomainError)
    good = f"t=5,v1={psp.signature(SECRET, '5', raw)}"
    assert psp.signed(good, raw, SECRET)
    read = psp.parse_notification({"X-Signature": good}, raw, SECRET)
    assert read is None or isinstance(read, DomainError)


class TestPage:
    def test_it_says_whom_how_much_how_and_whom_to_ask(self, world):
        answer = world.client.get(f"/p/{world.code.token}")
        text = answer.content.decode()
        assert answer.status_code == 200 and '<html lang="pt-BR">' in text
        for words in (world.creditor.contact, "R$ 150,00", "Pix copia e cola", world.code.code.replace("&", "&amp;")):
            assert words in text.replace("\xa0", " ")
        assert text.count("<script") == 1 and '<script type="module" src="/static/js/copy.js"></script>' in text
        assert answer["Cache-Control"] == "no-store" and "unsafe" not in answer["Content-Security-Policy"]

    def test_machines_get_json(self, world):
        answer = world.client.get(f"/p/{world.code.token}", headers={"Accept": "application/json"}).json()
        assert {key: answer[key] for key in ("reference", "amount", "currency", "kind", "code", "status")} == {
            "reference": world.code.reference, "amount": "150.00", "currency": "BRL", "kind": "pix",
            "code": world.code.code, "status": "open",
        }  # fmt: skip

    def test_a_paid_and_an_old_code_are_not_shown(self, world):
        world.post(world.notice())
        world.work()
        answer = world.client.get(f"/p/{world.code.token}")
        assert "já foi recebido" in answer.content.decode() and world.code.code not in answer.content.decode()
        late = World()
        type(late.tenant).objects.filter(pk=late.tenant.pk).update(clock_frozen_at=NOON + timedelta(days=8))
        told = late.client.get(f"/p/{late.code.token}", headers={"Accept": "application/json"}).json()
        assert (told["status"], told["code"]) == ("expired", "")

    @pytest.mark.parametrize(("country", "words"), [("MX", "SPEI"), ("CO", "Bre-B")])
    def test_each_country_its_own_way(self, country, words):
        world = World(country)
        text = world.client.get(f"/p/{world.code.token}").content.decode()
        assert words in text and world.code.reference in text and '<html lang="es">' in text

    def test_names_are_text_not_markup(self):
        world = World(name="<b>Loja</b> & Cia", legal_name="<i>x</i>")
        text = world.client.get(f"/p/{world.code.token}").content.decode()
        assert "<b>Loja" not in text and "&lt;b&gt;Loja" in text

    @pytest.mark.parametrize("token", ["x", "A" * 43, "ñ", "-" * 43])
    def test_an_unknown_link_is_answered_in_three_languages(self, world, token):
        answer = world.client.get(f"/p/{token}")
        text = answer.content.decode()
        assert answer.status_code == 404
        for words in ("No encontramos", "Não encontramos", "We cannot find"):
            assert words in text
        assert world.client.get(f"/p/{token}", headers={"Accept": "application/json"}).status_code == 404

    def test_a_token_of_one_tenant_opens_nothing_in_another(self, world):
        assert world.client.get(f"/p/{token_for(world.tenant.id)}").status_code == 404
        assert world.client.post(f"/p/{world.code.token}").status_code == 405


def test_money_of_a_notice_is_exact():
    raw = json.dumps({
        "id": "1", "type": "payment.completed", "reference": "T1", "amount": "0.10", "currency": "BRL",
        "paid_at": "2026-11-17T15:00:00-03:00",
    }).encode()  # fmt: skip
    read = psp.read_notice(raw)
    assert read is not None and read.money == Money(Decimal("0.10"), "BRL") and read.paid_at == NOON
