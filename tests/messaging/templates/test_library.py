"""The shipped texts: lawful, complete for their country, taken by WhatsApp, and short enough with the longest values."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance import language
from messaging.message_templates import lint, variables
from messaging.message_templates.library import DUNNING, STAGES, shipped
from messaging.message_templates.services import required
from messaging.sandbox.templates import check_definition, review
from messaging.sending.wishes import render

COUNTRIES = ["BR", "MX", "CO", "CL", "AR", "PE", "EC"]
TEXTS = [text for country in COUNTRIES for text in shipped(country)]
IDS = [text.name for text in TEXTS]


def reading(text: Any) -> lint.Reading:
    return lint.read(
        name=text.name, body=text.body, footer=text.footer, buttons=text.buttons, message_class=text.message_class,
        required=required(text.country),
    )  # fmt: skip


@pytest.mark.parametrize("text", TEXTS, ids=IDS)
def test_the_lint_finds_nothing(text: Any) -> None:
    found = reading(text)
    assert found.troubles == ()
    assert found.flags == frozenset()
    assert found.category == "UTILITY"


@pytest.mark.parametrize("text", TEXTS, ids=IDS)
def test_a_collection_text_carries_every_field_that_its_country_asks_for(text: Any) -> None:
    if text.message_class == "collection":
        assert required(text.country) <= reading(text).content


@pytest.mark.parametrize("text", TEXTS, ids=IDS)
def test_whatsapps_reviewer_takes_it(text: Any) -> None:
    names = lint.PLACE.findall(text.body)
    parts = [
        {"type": "BODY", "text": text.body, "example": {"body_text_named_params": names}},
        {"type": "FOOTER", "text": text.footer},
        *(
            [{"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": title} for _, title in text.buttons]}]
            if text.buttons
            else []
        ),
    ]
    check_definition(
        {
            "name": text.name,
            "language": text.language,
            "category": "UTILITY",
            "parameter_format": "named",
            "components": parts,
        }
    )
    assert review("UTILITY", parts, None)["status"] == "APPROVED"
    assert review("UTILITY", parts, None)["category"] == "UTILITY"


def _world(country: str, long: bool) -> dict[str, Any]:
    wide = "Muebles S.A. y y Electrodomésticos La Sabana del Norte de Occidente " * (3 if long else 1)
    creditor = SimpleNamespace(
        name=wide[:180] if long else "Horizonte S.A.S.", legal_name=wide[:180], tax_id="11444777000161", country=country, language="es",
        address=("Avenida de los Insurgentes Sur 1234, " * 6)[: 200 if long else 60],
        contact=("ayuda@sabana.example, 601 500 0300 " * 5)[: 150 if long else 34],
        pay_to={"pix": {"key": "k", "name": "REDE", "city": "X"}, "clabe": {"clabe": "0", "holder": wide[:120]}},
    )  # fmt: skip
    invoices = [
        SimpleNamespace(number="F-000001042" * (4 if long else 1), description="Sofá de tres puestos con entrega a "
            "domicilio " * (4 if long else 1),
                due_on=date(2026, 9, 3), open_minor=12_345_678_900, issued_on=None, currency={"BR": "BRL", "MX": "MXN"}.get(country, "COP"))
        for _ in range(3)
    ]  # fmt: skip
    person = SimpleNamespace(
        kind="company" if long else "human",
        name=wide[:150] if long else "ana maría souza",
        country=country,
        language="es",
    )
    return {"creditor": creditor, "person": person, "invoices": invoices}


EXTRA = {"plan": "12 cuotas", "paid_on": "20 de noviembre de 2026", "balance": "$123.456.789,00", "instalment": "12 de 12",
         "promised_on": "20 de noviembre de 2026"}  # fmt: skip


@pytest.mark.parametrize("long", [False, True])
@pytest.mark.parametrize("text", TEXTS, ids=IDS)
def test_filled_in_it_fits_and_is_still_lawful(text: Any, long: bool) -> None:
    values = variables.values(
        **_world(text.country, long), sender=variables.Sender(name="Muebles La Sabana S.A.S.", agency=False),
        language=text.language, today=date(2026, 11, 20),
    )  # fmt: skip
    words = render(text.body, variables.fill(text.body, {**values, **EXTRA}, lint.PLACE.findall(text.body)))
    assert len(words) <= 1024
    assert ".." not in words
    scan = language.scan(
        f"{words}\n{text.footer}", author="template", context=language.Context(registered_accounts=frozenset())
    )
    assert not scan.findings, (words, scan.findings)


def test_a_probe_says_nothing_of_a_debt_a_creditor_or_haste() -> None:
    for text in TEXTS:
        if text.stage in ("probe", "consent"):
            assert reading(text).disclosure == 0
            assert lint.PLACE.findall(text.body) == ["name"]


def test_every_country_has_every_stage_and_menus_follow_the_days_late() -> None:
    for country in COUNTRIES:
        by_stage = {text.stage: text for text in shipped(country)}
        assert tuple(by_stage) == STAGES
        menus = {stage: [button for button, _ in by_stage[stage].buttons] for stage in DUNNING}
        assert menus["first"] == menus["middle"] == menus["preventive"] == ["pay", "more_time", "doubts"]
        assert menus["formal"] == menus["last"] == ["pay", "plan", "more_time"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{{name}}, hola.", "variable_at_edge"),
        ("Hola {{name}}", "variable_at_edge"),
        ("Hola {{name}} {{amount}} pendiente hoy mismo aquí.", "variables_adjacent"),
        ("Hola {{name}}. " + "x" * 1024 + " fin.", "too_long"),
        ("Hola {{name}}, pague o irá a la cárcel.", "says"),
        ("Hola {{name}}, lo vamos a reportar al buró de crédito mañana.", "flag"),
        ("Hola {{name}}, aproveche el descuento de hoy.", "promotional"),
        ("Hola {{name}}, ¿por qué no ha pagado?", "flag"),
        ("Hola {{name}}, tiene una cuenta por cobrar.", "lacks"),
    ],
)
def test_the_lint_says_what_is_wrong(body: str, code: str) -> None:
    found = lint.read(name="x_v1", body=body, buttons=(("pay", "Pagar"),), required=required("CO"))
    assert code in {trouble.code for trouble in found.troubles}


def test_a_probe_that_names_an_amount_is_refused() -> None:
    found = lint.read(
        name="p", body="Hola {{name}}, le escribimos por {{amount}} de hoy.", message_class="identity_probe"
    )
    assert ("reveals", "3") in {(trouble.code, trouble.detail) for trouble in found.troubles}


@given(st.integers(min_value=0, max_value=10**13), st.sampled_from(["MX", "CO", "CL", "AR", "PE", "BR"]))
def test_money_is_written_without_losing_a_cent(minor: int, country: str) -> None:
    from kernel.money import Money

    currency = {"MX": "MXN", "CO": "COP", "CL": "CLP", "AR": "ARS", "PE": "PEN", "BR": "BRL"}[country]
    written = variables.format_money(
        Money.from_minor(minor, currency), variables.locale_of("pt" if country == "BR" else "es", country)
    )
    assert int("".join(sign for sign in written if sign.isdigit())) == minor
    assert "\xa0" not in written


def test_amounts_are_written_as_each_country_writes_them() -> None:
    from kernel.money import Money

    def written(minor: int, currency: str, country: str) -> str:
        return variables.format_money(
            Money.from_minor(minor, currency), variables.locale_of("pt" if country == "BR" else "es", country)
        )

    assert written(123456, "MXN", "MX") == "$1,234.56"
    assert written(123456, "COP", "CO") == "$1.234,56"
    assert written(1234, "CLP", "CL") == "$1.234"
    assert written(123456, "PEN", "PE") == "S/ 1,234.56"
    assert written(123456, "BRL", "BR") == "R$ 1.234,56"


def test_a_hole_in_a_text_is_refused() -> None:
    from kernel.errors import DomainError

    with pytest.raises(DomainError, match="contact"):
        render("Dudas: {{contact}}.", {"contact": " "})


def test_an_invoice_without_description_is_named_by_its_day() -> None:
    invoice: Any = SimpleNamespace(description="  ", issued_on=date(2026, 10, 1), due_on=date(2026, 11, 1))
    assert variables.origin_of(invoice, "es_CO", variables.locale_of("es", "CO")) == "emitida el 1 de octubre de 2026"
