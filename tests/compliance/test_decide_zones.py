"""From a number to zones and states, and wall clocks over changes of the clock."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.decide import candidate_zones, country_of, states_of, uf_of
from compliance.decide.offsets import zone_table
from compliance.decide.values import seconds

RECIFE = ("America/Recife", "America/Noronha")
CHILE = ("America/Santiago", "America/Punta_Arenas", "America/Coyhaique")


@pytest.mark.parametrize(
    ("number", "zones"),
    [
        ("+5581987654321", RECIFE),
        ("558187654321", RECIFE),  # WhatsApp drops the ninth digit
        ("+5593991234567", ("America/Santarem",)),
        ("+5597991234567", ("America/Manaus", "America/Eirunepe")),
        ("+5568991234567", ("America/Rio_Branco",)),
        ("+5520991234567", ("America/Sao_Paulo", "America/Noronha", "America/Manaus", "America/Rio_Branco")),
        ("+526141234567", ("America/Chihuahua",)),
        ("5216641234567", ("America/Tijuana",)),  # WhatsApp keeps Mexico's old 1
        ("+526361234567", ("America/Chihuahua", "America/Ciudad_Juarez")),
        ("+525512345678", ("America/Mexico_City",)),
        ("+56987654321", CHILE),
        ("+56221234567", ("America/Santiago",)),
        ("+56612234567", ("America/Punta_Arenas",)),
        ("+56322100123", ("Pacific/Easter",)),
        ("+56322551234", ("Pacific/Easter",)),
        ("+56322681234", ("America/Santiago",)),
        ("541123456789", ("America/Argentina/Buenos_Aires",)),
        ("+573001234567", ("America/Bogota",)),
        ("+51987654321", ("America/Lima",)),
        ("+593991234567", ("America/Guayaquil", "Pacific/Galapagos")),
        ("+12125551234", ("America/New_York",)),
        ("+34612345678", ("Europe/Madrid", "Atlantic/Canary")),
        ("+59899123456", ("America/Montevideo",)),
        ("+999123456", ()),
        ("+88213123456", ()),  # a satellite network belongs nowhere
    ],
)
def test_candidate_zones_of_a_number(number, zones):
    assert candidate_zones(number) == zones


def test_what_the_debtor_declared_comes_first_and_a_disagreeing_address_is_kept():
    assert candidate_zones("+56987654321", declared="America/Bogota") == ("America/Bogota",)
    assert candidate_zones("+56987654321", address_zone="America/Punta_Arenas") == ("America/Punta_Arenas",)
    assert candidate_zones(None, "America/Lima", "America/Bogota") == ("America/Lima", "America/Bogota")
    assert candidate_zones("+56987654321", "America/Lima", "America/Lima") == ("America/Lima",)
    assert candidate_zones("+573001234567", declared="Etc/Unknown") == ("America/Bogota",)
    assert candidate_zones(None) == ()


def test_in_the_united_states_the_number_stays_beside_the_address():
    assert candidate_zones("+12125551234", None, "America/Los_Angeles") == ("America/Los_Angeles", "America/New_York")
    assert candidate_zones("+12125551234", "America/Denver", None) == ("America/Denver",)


def test_the_state_of_a_brazilian_number():
    assert uf_of("+5511987654321") == "SP"
    assert uf_of("558187654321") == "PE"
    assert uf_of("+573001234567") is None
    assert uf_of("+5520987654321") is None
    assert states_of("+5511987654321", "RJ") == ("RJ", "SP")
    assert states_of(None, None) == ()
    assert country_of("5511987654321") == "BR"


def test_zone_data_is_the_pinned_package_not_the_machines():
    assert zoneinfo.TZPATH == ()


@given(
    st.sampled_from(
        ["America/Santiago", "America/Tijuana", "America/Bogota", "Pacific/Easter", "America/Ciudad_Juarez"]
    ),
    st.integers(1_100_000_000, 2_700_000_000),
)
def test_offsets_agree_with_zoneinfo(name, at):
    wanted = datetime.fromtimestamp(at, zoneinfo.ZoneInfo(name)).utcoffset()
    assert timedelta(seconds=zone_table(name).offset(at)) == wanted


def test_the_missing_hour_in_santiago():
    table = zone_table("America/Santiago")
    at = seconds(datetime(2026, 9, 6, 3, 30, tzinfo=UTC))  # Saturday 23:30
    midnight = seconds(datetime(2026, 9, 6, tzinfo=UTC))
    assert table.first(at, midnight) == seconds(datetime(2026, 9, 6, 4, 0, tzinfo=UTC))  # Sunday starts at 01:00


def test_a_clock_set_back_is_looked_at_again():
    table = zone_table("America/Santiago")
    at = seconds(datetime(2027, 4, 4, 2, 30, tzinfo=UTC))  # Saturday 23:30, the first time
    eight = seconds(datetime(2027, 4, 4, 8, 0, tzinfo=UTC))
    back = seconds(datetime(2027, 4, 4, 3, 0, tzinfo=UTC))
    assert table.first(at, eight) == back
    assert table.first(back, eight) == seconds(datetime(2027, 4, 4, 12, 0, tzinfo=UTC))
