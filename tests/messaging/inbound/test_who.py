"""Signs that somebody else answers at a number: what was verified is asked for again before anything is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.models import Decision
from messaging.channels.whatsapp.receive import Inbound
from messaging.inbound.arrivals import arrive
from messaging.inbound.who import RECYCLED_AFTER, another_name
from messaging.models import Number, SendRequest
from messaging.sending.request import request_send
from messaging.sending.wishes import Wish
from portfolio.models import ContactPoint, Debtor, Invoice
from portfolio.services import save_debtor
from tenants.models import StagedEvent
from tenants.scope import tenant_scope
from tests.factories import make_creditor, unique
from tests.messaging.desk import Desk, open_desk


@pytest.fixture
def desk() -> Desk:
    return open_desk("CO")


def say(desk: Desk, debtor: Debtor, *, profile: str = "", kind: str = "text", **media: Any) -> ContactPoint:
    with desk.scope():
        arrive(Number.objects.get(pk=desk.number.pk), [Inbound(
            phone_number_id=desk.number.provider_id, provider_id=f"wamid.{unique()}",
            wa_id=desk.point(debtor).value.removeprefix("+"), user_id="", profile_name=profile, at=desk.now, kind=kind,
            text="hola", tapped="", context_id="", media=media,
        )], now=desk.now)  # fmt: skip
        return desk.point(debtor)


@pytest.mark.parametrize(
    ("before", "after", "names", "another"),
    [
        ("Ana P.", "Jorge Ramos", ("Ana Pérez",), True),
        ("Ana P.", "Anita Perez", ("Ana Pérez",), False),
        ("La Flaca", "Ana", ("Ana Pérez",), False),
        ("La Flaca", "Flaca 2", ("Ana Pérez",), False),
        ("Ana", "🌻🌻", ("Ana Pérez",), False),
        ("🌻", "Jorge", ("Ana Pérez",), False),
        ("Ferretería Sol", "Taller Luna", ("Ferretería El Sol S.A.S.", "Marta Ruiz"), True),
        ("Ferretería Sol", "Marta R", ("Ferretería El Sol S.A.S.", "Marta Ruiz"), False),
    ],
)
def test_another_name_shares_no_word_with_those_that_are_known(
    before: str, after: str, names: tuple[str, ...], another: bool
) -> None:
    assert another_name(before, after, names) is another


@given(st.text(max_size=30), st.text(max_size=30), st.lists(st.text(max_size=30), max_size=3))
def test_a_name_that_stays_or_is_known_is_never_another(before: str, after: str, names: list[str]) -> None:
    assert not another_name(before, before, names)
    assert not another_name(before, after, [*names, after])
    if another_name(before, after, names):
        assert another_name(before.upper(), after.upper(), [name.upper() for name in names])


def test_a_profile_with_another_name_asks_anew_who_answers_and_takes_back_what_was_planned(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor()
    assert say(desk, debtor, profile=debtor.person.name).identity == "verified"
    assert say(desk, debtor, profile="").identity == "verified", "a profile that says nothing"
    point = say(desk, debtor, profile="Taller Luna Llena")
    assert (point.identity, point.identity_method) == ("unknown", "profile_mismatch")
    with desk.scope():
        event = StagedEvent.objects.filter(name="identity.changed").order_by("id").last()
        assert event is not None and event.data["to"] == "unknown" and event.data["method"] == "profile_mismatch"


def test_a_number_that_changed_hands_is_verified_no_more(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor()
    point = say(desk, debtor, kind="system", type="user_changed_number")
    assert (point.identity, point.identity_method, point.check_state) == ("unknown", "number_changed", {})


@pytest.mark.parametrize(("silent", "identity"), [(RECYCLED_AFTER, "unknown"), (timedelta(days=3), "verified")])
def test_a_number_that_nobody_reached_for_weeks_may_be_somebody_elses(
    desk: Desk, silent: timedelta, identity: str
) -> None:
    with desk.scope():
        debtor = desk.debtor()
        ContactPoint.objects.filter(person_id=debtor.person_id).update(unreachable_at=desk.now - silent)
    point = say(desk, debtor)
    assert (point.identity, point.unreachable_at) == (identity, None)


@pytest.mark.parametrize(
    ("role", "identity", "method"),
    [
        ("owner", "unknown", "number_claimed"),
        ("representative", "unknown", "number_claimed"),
        ("reference", "verified", ""),
    ],
)
def test_a_number_that_is_handed_in_as_anothers_is_asked_anew_who_answers(
    desk: Desk, role: str, identity: str, method: str
) -> None:
    with desk.scope():
        debtor = desk.debtor()
        number = desk.point(debtor).value
        contact = {"kind": "phone", "value": number, "role": role, "source": "contract", "supplied_by": "debtor"}
        save_debtor(desk.creditor, f"other-{unique()}", {"name": "Otra Persona"}, contacts=[contact], now=desk.now)
        point = desk.point(debtor)
        assert point.identity == identity
        assert not method or point.identity_method == method
        save_debtor(desk.creditor, f"other-{unique()}", {"name": "Una Tercera"}, now=desk.now)
        assert desk.point(debtor).identity == identity


def test_a_reference_that_becomes_anothers_own_number_is_asked_anew_too(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor()
        key, number = f"other-{unique()}", desk.point(debtor).value
        for role, identity in (("reference", "verified"), ("owner", "unknown")):
            contact = {"kind": "phone", "value": number, "role": role, "source": "contract", "supplied_by": "debtor"}
            save_debtor(desk.creditor, key, {"name": "Otra Persona"}, contacts=[contact], now=desk.now)
            assert desk.point(debtor).identity == identity, role


def test_what_another_creditor_had_planned_is_withdrawn_though_this_one_sees_nothing_of_it(desk: Desk) -> None:
    with desk.scope():
        debtor, other = desk.debtor(), make_creditor(country="CO")
    desk.hear(debtor, "hola")  # the window is open
    with desk.scope():
        wish = Wish(
            creditor_id=debtor.creditor_id, debtor_id=debtor.pk, message_class="collection", missing=(),
            content={"kind": "text", "text": "Tiene una factura pendiente; puede pagarla en nuestra oficina."},
            origin_kind="step", origin_id=f"s:{debtor.pk}", actor="system:test",
            invoice_ids=tuple(Invoice.objects.filter(debtor=debtor).values_list("pk", flat=True)),
        )  # fmt: skip
        (request,) = request_send([wish], now=desk.now)
        assert request is not None
        assert request.state in ("waiting", "queued"), Decision.objects.get(pk=request.decision_id).rules
        number = desk.point(debtor).value
    with tenant_scope(desk.tenant.pk, creditor_ids=[other.pk]):
        contact = {"kind": "phone", "value": number, "source": "contract", "supplied_by": "debtor"}
        save_debtor(other, f"other-{unique()}", {"name": "Otra Persona"}, contacts=[contact], now=desk.now)
    with desk.scope():
        assert desk.point(debtor).identity == "unknown"
        assert SendRequest.objects.get(pk=request.pk).state == "withdrawn"


def test_the_same_contact_of_two_companies_stays_known(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor()
        ContactPoint.objects.filter(pk=desk.point(debtor).pk).update(contact_name="Marta Ruiz")
        contact = {
            "kind": "phone", "value": desk.point(debtor).value, "role": "accounts_payable", "contact_name": "Marta Ruiz",
        }  # fmt: skip
        save_debtor(
            desk.creditor,
            f"other-{unique()}",
            {"name": "Otra S.A.S.", "kind": "company"},
            contacts=[contact],
            now=desk.now,
        )
        assert desk.point(debtor).identity == "verified"


def test_a_number_that_was_reported_wrong_stays_so(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor()
    desk.hear(debtor, "No soy yo", tap="wrong_person")
    assert say(desk, debtor, kind="system", type="user_changed_number").identity == "wrong_person"


def test_after_a_doubt_the_amount_is_told_to_nobody_until_the_check_is_passed(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor()
    say(desk, debtor, profile=debtor.person.name)
    say(desk, debtor, profile="Taller Luna Llena")
    desk.hear(debtor, "quiero pagar", tap="pay")
    with desk.scope():
        for request in SendRequest.objects.filter(debtor=debtor, state="queued"):
            assert request.disclosure <= 1
