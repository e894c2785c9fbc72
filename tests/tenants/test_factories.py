"""What the factories make is what the product would accept: valid documents, phones, zones, secrets that open."""

from __future__ import annotations

import random
from datetime import date

import phonenumbers
import pytest

from kernel.phones import to_e164
from messaging.models import Conversation
from portfolio.documents import check
from portfolio.models import Person
from tenants import secrets
from tenants.scope import tenant_scope
from tests import factories


@pytest.mark.parametrize("country", factories.PLACES)
def test_made_up_numbers_and_documents_are_valid_in_their_country(country):
    for _ in range(200):
        phone = factories.make_phone(country, random.randrange(10**8))
        assert phonenumbers.region_code_for_number(phonenumbers.parse(phone)) == country
        assert to_e164(phone) == phone
        place = factories.PLACES[country]
        for kind in (place.document_kind, place.company_document_kind):
            name, document = factories.make_document(country, kind)
            assert check(name, document, country) == document


@pytest.mark.parametrize("country", factories.PLACES)
def test_one_world_of_every_row(country):
    tenant = factories.make_tenant(country)
    factories.make_user(tenant)
    with tenant_scope(tenant.id):
        creditor = factories.make_creditor()
        debtor = factories.make_debtor(creditor, invoices=[("100", date(2026, 2, 1)), (50, date(2026, 1, 1))])
        factories.make_debtor(creditor, company=True)
        number = factories.make_number()
        factories.make_template(number.account)
        thread = factories.make_conversation(number, factories.contact_of(debtor), debtor=debtor)
        factories.make_message(thread, debtor=debtor)
        assert (debtor.open_minor, debtor.oldest_due_on) == (15000, date(2026, 1, 1))
        assert Conversation.objects.get().debtor_id == debtor.id
        person = Person.objects.get(pk=debtor.person_id)
        document = secrets.unseal(person.document, purpose="document")
        assert secrets.lookup_hash(f"document:{person.document_kind}", document) == person.document_hash
    factories.make_key(tenant, creditors=[creditor])
