"""A page asks the database as often for many rows as for few, and nowhere once per row (zeal tells the line)."""

from __future__ import annotations

from typing import Any

import pytest
import zeal
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from zeal import zeal_context
from zeal.apps import ZealConfig

from messaging.models import Conversation, Message
from tenants.models import Tenant, User
from tenants.scope import tenant_scope
from tests import factories
from tests.attack.worlds import make_estate
from tests.factories import NOON, make_key, make_message, make_user
from workbench.access import Role

FEW, MANY = 3, 12
PAGES = {
    "inbox": "", "debtors": "", "contactable": "", "search": "?q=Person", "supervisor": "?period=all", "reports": "",
    "decisions": "?period=all", "evidence": "", "review": "", "creditors": "", "sequences": "", "templates": "", "setup": "",
    "organisation": "", "sending": "", "people": "", "numbers": "", "imports": "", "keys": "", "operations": "",
    "uncertain": "", "audit": "", "rules": "", "rules-calendar": "", "rules-editions": "", "rules-relax": "", "rules-trials": "",
    "privacy": "", "privacy-requests": "", "privacy-holds": "",
}  # fmt: skip
PARTS = {"HX-Request": "true"}


class House:
    """An organisation with so many of everything."""

    def __init__(self, size: int) -> None:
        self.tenant: Tenant = factories.make_tenant("BR", kind="agency", frozen=True)
        with tenant_scope(self.tenant.id):
            number = factories.make_number()
            template = factories.make_template(number.account)
            estates = [make_estate(number, template) for _ in range(size)]
            Conversation.objects.update(needs_human_at=NOON, speaker="agent", last_inbound_at=NOON)
            self.debtor, self.thread = estates[0].rows["debtor"], estates[0].rows["conversation"]
            for each in range(size):
                factories.make_template(number.account, stage=f"stage{each}")
                factories.make_invoice(self.debtor, "50.00")
                for direction in (Message.Direction.IN, Message.Direction.OUT):
                    make_message(self.thread, f"Mensagem {each}", debtor=self.debtor, direction=direction)
        for _ in range(size):
            make_key(self.tenant)
            make_user(self.tenant, role=Role.AGENT)
        self.user: User = make_user(self.tenant, role=Role.ADMIN)

    def asked(self, path: str, headers: dict[str, str] | None = None) -> int:
        """How many queries the second look at an address takes."""
        client = Client()
        client.force_login(self.user)
        for _ in range(2):
            with CaptureQueriesContext(connection) as caught, zeal_context():
                response = client.get(path, headers=headers or {})
            assert response.status_code == 200, path
        return len(caught)

    def at(self, name: str, **parts: Any) -> str:
        return reverse(name, kwargs={"organisation": self.tenant.slug} | parts)


@pytest.fixture(scope="module")
def houses(django_db_blocker: Any) -> tuple[House, House]:
    ZealConfig("zeal", zeal).ready()  # not among the installed apps: outside of its context it sees nothing
    with django_db_blocker.unblock():
        return House(FEW), House(MANY)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("form", ["page", "csv"])
def test_a_list(name, form, houses):
    query = PAGES[name]
    if form == "csv":
        query += ("&" if query else "?") + "format=csv"
    few, many = (house.asked(house.at(name) + query) for house in houses)
    assert many <= few, f"{few} queries for {FEW} rows, {many} for {MANY}"


@pytest.mark.parametrize("tab", ["overview", "account", "contacts", "messages", "deals", "history"])
def test_a_debtor(tab, houses):
    few, many = (house.asked(house.at("debtor", debtor_id=house.debtor.pk) + f"?tab={tab}") for house in houses)
    assert many <= few, f"{few} queries for {FEW} rows, {many} for {MANY}"


@pytest.mark.parametrize("name", ["conversation", "conversation-thread", "conversation-panel", "conversation-standing"])
@pytest.mark.parametrize("headers", [{}, PARTS], ids=["page", "part"])
def test_a_conversation(name, headers, houses):
    few, many = (house.asked(house.at(name, conversation_id=house.thread.pk), headers) for house in houses)
    assert many <= few, f"{few} queries for {FEW} rows, {many} for {MANY}"
