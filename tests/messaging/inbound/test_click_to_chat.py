"""A click-to-chat link: its words are a consent when they come as they stand, and nothing else is."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.models import Consent, Stop
from compliance.services import preview, raise_stop
from compliance.services.values import Ask, ChannelFacts
from kernel.ids import uuid7
from messaging import click_to_chat
from messaging.channels.whatsapp.receive import Inbound
from messaging.inbound.arrivals import arrive
from messaging.models import Conversation, Number, OptInLink
from portfolio.models import ContactPoint, Debtor
from tests import factories
from tests.factories import unique
from tests.messaging.desk import Desk, open_desk


@pytest.fixture
def desk() -> Desk:
    return open_desk("CO")


def link_of(desk: Desk, debtor: Debtor | None = None) -> tuple[OptInLink, str]:
    """A link and the words that its address fills in."""
    with desk.scope():
        link = click_to_chat.link_for(desk.creditor, actor="user:admin", now=desk.now, debtor=debtor)
        address = urlsplit(click_to_chat.address_of(link, desk.number))
        assert address.netloc == "wa.me" and address.path == "/" + desk.number.address.removeprefix("+")
        return link, parse_qs(address.query)["text"][0]


def say(desk: Desk, phone: str, text: str) -> None:
    with desk.scope():
        arrive(Number.objects.get(pk=desk.number.pk), [Inbound(
            phone_number_id=desk.number.provider_id, provider_id=f"wamid.{unique()}", wa_id=phone.removeprefix("+"),
            user_id="", profile_name="", at=desk.now, kind="text", text=text, tapped="", context_id="",
        )], now=desk.now)  # fmt: skip


def states(debtor: Debtor) -> list[str]:
    return list(Consent.objects.filter(person_id=debtor.person_id).order_by("id").values_list("state", flat=True))


def may_be_written_to(desk: Desk, debtor: Debtor) -> bool:
    return not objections(desk, debtor)


def objections(desk: Desk, debtor: Debtor) -> tuple[str, ...]:
    ask = Ask(
        request_id=uuid7(), origin="step", actor="x", message_class="collection", channel="whatsapp",
        creditor_id=desk.creditor.pk, person_id=debtor.person_id, contact_point_id=desk.point(debtor).pk,
        debtor_id=debtor.pk, channel_facts=ChannelFacts(),
    )  # fmt: skip
    return preview(ask, desk.now).rules


def test_the_words_of_the_link_are_a_consent_with_everything_that_proves_it(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor(consent=False)
        assert not may_be_written_to(desk, debtor)
    link, words = link_of(desk)
    said = desk.hear(debtor, words)
    with desk.scope():
        row = Consent.objects.get(person_id=debtor.person_id)
        assert (row.state, row.creditor_id) == ("granted", desk.creditor.pk)
        proof = row.evidence
        assert proof["exact_wording"] == link.wording and desk.creditor.name in link.wording
        assert proof["collected_how"] == "click_to_chat" and proof["code"] == link.code
        assert proof["collector"] == "user:admin" and proof["message_id"].startswith("wamid.")
        assert may_be_written_to(desk, debtor)
        assert desk.conversation(debtor).last_inbound_at == desk.now, "and the window is open"
        assert "Registramos su autorización" in desk.text_of(said[0])
    desk.hear(debtor, words)
    with desk.scope():
        assert states(debtor) == ["granted", "granted"], "saying it again is said again, with its own message"


@pytest.mark.parametrize(
    "change",
    [
        lambda words, link: words.replace("Autorizo", "No autorizo"),
        lambda words, link: f"Hola, ¿quién es? {link.code}",
        lambda words, link: words.replace(link.code, "AAAAA-BBBBB"),
        lambda words, link: words.replace(link.code, ""),
        lambda words, link: words + "\nPensándolo bien, no me escriban más.",
    ],
)
def test_other_words_or_another_code_are_none(desk: Desk, change) -> None:
    with desk.scope():
        debtor = desk.debtor(consent=False)
    link, words = link_of(desk)
    desk.hear(debtor, change(words, link))
    with desk.scope():
        assert "granted" not in states(debtor)


def test_a_retired_link_is_a_consent_no_more_and_what_was_given_stands(desk: Desk) -> None:
    with desk.scope():
        early, late = desk.debtor(consent=False), desk.debtor(consent=False)
    link, words = link_of(desk)
    desk.hear(early, words)
    with desk.scope():
        assert click_to_chat.retire(link, actor="user:admin", now=desk.now)
        assert not click_to_chat.retire(link, actor="user:admin", now=desk.now)
    desk.hear(late, words)
    with desk.scope():
        assert states(early) == ["granted"] and states(late) == []


def test_a_debtors_own_link_brings_a_number_that_nobody_knew(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor(consent=False, contact=False)
    _, words = link_of(desk, debtor)
    phone = factories.make_phone("CO")
    say(desk, phone, words)
    with desk.scope():
        point = ContactPoint.objects.get(person_id=debtor.person_id)
        assert (point.value, point.identity, point.provenance["supplied_by"]) == (phone, "unknown", "debtor")
        assert point.zones, "where they are is known from the number"
        assert Conversation.objects.get(address=phone).debtor_id == debtor.pk
        assert states(debtor) == ["granted"]


def test_a_debtors_own_link_in_somebody_elses_hands_says_nothing_of_the_debtor(desk: Desk) -> None:
    with desk.scope():
        debtor, other = desk.debtor(consent=False), desk.debtor(consent=False)
    _, words = link_of(desk, debtor)
    desk.hear(other, words)
    with desk.scope():
        assert states(debtor) == states(other) == []


def test_a_link_of_the_creditor_from_an_unknown_number_waits_for_a_person(desk: Desk) -> None:
    _, words = link_of(desk)
    phone = factories.make_phone("CO")
    say(desk, phone, words)
    with desk.scope():
        assert Conversation.objects.get(address=phone).person_id is None
        assert not Consent.objects.exists()


def test_a_number_that_others_gave_us_becomes_the_debtors_own_by_their_word(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor(consent=False)
        ContactPoint.objects.filter(person_id=debtor.person_id).update(
            provenance={"source": "bureau", "supplied_by": "third_party", "on": None}
        )
    _, words = link_of(desk)
    desk.hear(debtor, words)
    with desk.scope():
        provenance = desk.point(debtor).provenance
        assert provenance["supplied_by"] == "debtor" and provenance["before"]["supplied_by"] == "third_party"
        assert may_be_written_to(desk, debtor)


def test_a_new_documented_permission_lifts_an_earlier_opt_out(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor()
        raise_stop(debtor.person_id, "opted_out", evidence={}, source="debtor", now=desk.now)
    _, words = link_of(desk)
    desk.hear(debtor, words)
    with desk.scope():
        stop = Stop.objects.get(person_id=debtor.person_id)
        assert stop.lifted_by == "debtor:click_to_chat" and not objections(desk, debtor)


def test_the_same_words_give_the_same_link_and_another_name_another(desk: Desk) -> None:
    first, _ = link_of(desk)
    again, _ = link_of(desk)
    assert first.pk == again.pk
    with desk.scope():
        desk.creditor.name = "Otro nombre"
        desk.creditor.save()
    renamed, words = link_of(desk)
    assert renamed.pk != first.pk and "Otro nombre" in words


@given(st.text(alphabet="0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=10, max_size=10))
def test_no_made_up_code_is_ours(signs: str) -> None:
    desk = _desk()
    with desk.scope():
        code = f"{signs[:5]}-{signs[5:]}"
        ours = f"{signs[:5]}-{click_to_chat._signature(signs[:5])}"
        assert click_to_chat.codes_in(f"Referencia: {code}") == ([code] if code == ours else [])
        assert click_to_chat.codes_in(f"ref {ours.lower()}.") == [ours]


_DESKS: list[Desk] = []


def _desk() -> Desk:
    if not _DESKS:
        _DESKS.append(open_desk("CO"))
    return _DESKS[0]


def test_no_organisation_reads_anothers_code(desk: Desk) -> None:
    other = open_desk("CO")
    with other.scope():
        debtor = other.debtor(consent=False)
    _, words = link_of(desk)
    other.hear(debtor, words)
    with other.scope():
        assert states(debtor) == []
