"""An administrator changes something safely: a template that is linted, a file with broken rows, everything stopped."""

from __future__ import annotations

import re

import pytest

from tests.browser.desk import texts
from tests.browser.stage import BRAZIL, until


@pytest.fixture
def admin(sit):
    return sit(BRAZIL, "admin", language="pt-br")


def test_a_template_is_linted_while_it_is_written_and_submitted(admin):
    page = admin.go("templates/")
    page.locator(
        "a[href*='/templates/'][href*='stage='], a[href$='/templates/new/'], a[href*='/templates/new/']"
    ).first.click()
    body = page.locator("#id_body")
    body.wait_for()
    if page.locator("#id_name").count():
        page.fill("#id_name", "teste_navegador")
    body.fill("ÚLTIMO AVISO!!! Pague hoje ou seu nome vai para o SPC e a polícia vai até sua casa.")
    preview, troubles = page.locator("#reading .bubble-body"), page.locator("#reading .troubles li")
    preview.get_by_text("ÚLTIMO AVISO").wait_for()
    found = texts(troubles)
    assert found, "there is much to mend"
    body.fill(
        "Olá {{name}}, aqui é {{creditor}}. A fatura {{number}} de {{amount}} venceu em {{due_date}}. Podemos ajudar?"
    )
    preview.get_by_text("Podemos ajudar?").wait_for()
    assert set(found) - set(texts(troubles)), "what was mended is gone from the list"
    assert preview.locator("mark").count() >= 3, "the preview fills the places in"
    admin.count()
    admin.press("Control+s")
    page.wait_for_url(re.compile(r"/templates/[0-9a-f-]{36}/"))
    assert admin.count() == 1
    assert page.locator(".error-summary").count() == 0, page.locator(".error-summary").all_inner_texts()


FILE = """Matrícula;Nome;CPF;Celular;Título;Vencimento;Valor
NAV-1;Marina Alves Prado;;11987650011;M-9001;10/10/2026;1.250,00
NAV-2;Otávio Ramos;;11987650012;M-9002;31/02/2026;480,50
NAV-3;Júlia Nogueira;;119876;M-9003;01/11/2026;99,90
NAV-4;Íris Duarte;;11987650014;M-9004;20/11/2026;R$ muito
"""


def test_a_file_with_broken_rows_is_judged_taken_and_undone(admin, tmp_path):
    path = tmp_path / "carteira.csv"
    path.write_text(FILE, encoding="utf-8")
    page = admin.go("setup/imports/new/")
    page.set_input_files("input[type=file]", path)
    page.locator("main form button.btn-primary").click()
    page.locator("select[name^=column-]").first.wait_for()
    chosen = [page.locator("select[name^=column-]").nth(each).input_value() for each in range(7)]
    assert all(chosen[1:]), "the columns are found by their names"
    page.locator("main form button[value=check]").click()
    page.locator("form[action$='/take/'] button").wait_for(timeout=120_000)
    rejected = page.locator("section.panel:has(h2) tbody tr td.num")
    lines = {text.strip() for text in rejected.all_inner_texts()}
    assert {"3", "5"} <= lines, f"the broken lines are named: {lines}"
    page.locator("form[action$='/take/'] button").click()
    page.locator("[data-dialog='#undo']").wait_for(timeout=120_000)
    with page.expect_download() as saved:
        page.locator("a[href$='rejected.csv']").click()
    told = saved.value.path().read_text(encoding="utf-8-sig")
    assert "31/02/2026" in told and "R$ muito" in told
    page.locator("[data-dialog='#undo']").click()
    page.locator("#undo textarea").fill("ensaio")
    page.locator("#undo button.btn-danger").click()
    page.locator("#state:not([hx-get])").wait_for(timeout=120_000)
    assert page.locator("[data-dialog='#undo']").count() == 0


def test_everything_is_stopped_seen_by_all_and_resumed(admin, sit, demo):
    page = admin.go("setup/sending/")
    page.locator(".stop-all a").click()
    page.locator("main textarea").fill("Modelo com erro")
    admin.count()
    admin.press("Control+Enter")
    until("stopped", lambda: demo.hand("stopped", slug=BRAZIL))
    assert admin.count() == 1
    try:
        agent = sit(BRAZIL, "agent", language="pt-br")
        agent.go("inbox/")
        assert "Modelo com erro" in agent.page.locator("body").inner_text(), "everybody is told, and why"
    finally:
        admin.go("setup/sending/")
        page.locator(".stop-all a").click()
        page.locator("main textarea").fill("Corrigido")
        page.locator("main form button.btn-primary").click()
    until("it sends again", lambda: not demo.hand("stopped", slug=BRAZIL))


def test_somebody_is_invited_and_comes_in(admin, sit, demo):
    page = admin.go("setup/people/invite/")
    address = "convidada.navegador@mail.example"
    page.fill("[name=email]", address)
    page.locator("main form button.btn-primary").click()
    link = page.locator("#invitation-link").input_value()
    guest = sit(BRAZIL, "", language="pt-br")
    guest.page.goto(demo.url + link[link.index("/accounts/") :])
    for field in guest.page.locator("main input[type=password]").all():
        field.fill("uma senha bem longa 7")
    name = guest.page.locator("main input[name=name]")
    if name.count():
        name.fill("Convidada da Silva")
    guest.page.locator("main form button.btn-primary").first.click()
    guest.page.wait_for_url(lambda url: "/accounts/invitation/" not in url)
    answer = guest.page.goto(guest.at("debtors/"))
    assert answer.status == 200 and "/accounts/" not in guest.page.url, "in, as who they were asked to be"


def test_who_gets_what_tomorrow_is_one_key(admin):
    page = admin.go("sequences/")
    page.locator("main a.row-link[href*='/sequences/']").first.click()
    page.locator("[data-key='d']").wait_for()
    admin.count()
    admin.press("d")
    page.wait_for_url("**/rehearsal/**")
    assert admin.count() == 1
    assert page.locator("main table, main .figures, main .empty").count()
