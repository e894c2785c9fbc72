"""What Trato says is said in Spanish and Portuguese too: the catalogues are whole, and the API and commands use them."""

from __future__ import annotations

import json
import re
import shutil
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command, get_commands, load_command_class
from django.core.management.base import OutputWrapper
from django.test import Client
from django.utils.translation import gettext, override, pgettext

from collections_platform.translations import LOCALES, Found, collect, places, read_module, read_page, troubles, update
from kernel.errors import DomainError, Words
from tenants.language import environment_language, language_of, told
from tenants.scope import tenant_scope
from tests import factories

TOP = Path(__file__).resolve().parents[2]
TONGUES = {"es": "es", "pt_BR": "pt-br"}
MAPPING = json.dumps(
    {
        "columns": {"id": "debtor_id", "name": "name", "bill": "invoice_id", "due": "due_on", "sum": "amount"},
        "constants": {"currency": "MXN"},
    }
)


@pytest.fixture(autouse=True)
def english():
    """A request leaves its language behind in the thread; other tests read English."""
    with override("en"):
        yield


@pytest.fixture(scope="module")
def found() -> Found:
    return collect(TOP)


# --- the catalogues


def test_the_reader_sees_what_the_code_says(found):
    for text in (
        "name the debtor",  # a DomainError
        "invoice",  # Words
        "you may not do this",  # gettext under another name
        "{value} is no day of the calendar",  # a field's message
        "This field may not be blank.",  # REST framework's
    ):
        assert (None, text, None) in found.texts
    assert len(found.texts) > 300


def test_every_text_is_in_every_catalogue_with_its_places_and_compiled(found):
    assert list(troubles(TOP, found)) == []


@pytest.mark.parametrize("locale", LOCALES)
def test_translations_keep_the_places(locale, found):
    """The same as above by another way: from the compiled file that people get."""
    with (TOP / "locale" / locale / "LC_MESSAGES" / "django.mo").open("rb") as file:
        said = [message for message in read_mo(file) if message.id]
    assert len(said) == len(found.texts)
    for message in said:
        texts = [message.id] if isinstance(message.id, str) else list(message.id)
        forms = [message.string] if isinstance(message.string, str) else list(message.string or ())
        # A form for one may leave the number out; nothing brings a place that the text does not have.
        wanted = set().union(*map(places, texts))
        assert all(forms) and places(forms[-1]) == wanted and all(places(form) <= wanted for form in forms), texts


#: The same word in the other language, or a name.
STAY = {
    "both": {
        "%(why)s", "%(creditor)s: %(what)s", "%(count)s d", "%(count)s h", "%(count)s min", "d", "API", "Auditor", "Auto",
        "%(file)s: %(why)s", "%(where)s: %(what)s", "Hash", "ERP", "ERP (API)", "Id", "Supervisor", "Total", "Webhook", "portal",
    },
    "es": {"Bot", "Colombia", "Error", "No", "Sticker", "Video", "no"},
    "pt_BR": {"Bot", "E-mail", "Principal"},
}  # fmt: skip


@pytest.mark.parametrize("locale", LOCALES)
def test_a_text_that_stays_english_is_named_here(locale, found):
    with override(TONGUES[locale]):
        same = {
            text
            for context, text, plural in found.texts
            if plural is None and (pgettext(context, text) if context else gettext(text)) == text
        }
    assert same <= STAY["both"] | STAY[locale]


@pytest.mark.parametrize("locale", LOCALES)
def test_nothing_is_said_twice_in_a_row(locale):
    with (TOP / "locale" / locale / "LC_MESSAGES" / "django.po").open("rb") as file:
        for message in read_po(file):
            said = str(message.string)
            assert len(said) < 20 or said[: len(said) // 2] != said[(len(said) + 1) // 2 :], said


def test_nobody_is_addressed_as_a_friend():
    """Usted in Spanish, você in Portuguese; no word of tú, vos or European Portuguese."""
    strange = {
        "es": {"tú", "tu", "tus", "te", "vos", "puedes", "debes", "elige", "vosotros", "ordenador"},
        "pt_BR": {"tu", "teu", "tua", "vós", "ficheiro", "utilizador", "ecrã", "telemóvel", "si"},
    }
    for locale, words in strange.items():
        with (TOP / "locale" / locale / "LC_MESSAGES" / "django.po").open("rb") as file:
            for message in read_po(file):
                # What somebody else is quoted with is theirs.
                ours = re.sub(r"«[^»]*»|“[^”]*”", "", str(message.string))
                assert not words & set(ours.lower().split()), message.string


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('msgstr "Indique el deudor"', 'msgstr ""', "not translated"),
        ('msgstr "Indique el deudor"', 'msgstr "Diga el deudor"', "django.mo is not"),
        ('msgid "name the debtor"', 'msgid "name the deptor"', "not in the catalogue: 'name the debtor'"),
        ('msgid "name the debtor"', 'msgid "name the deptor"', "said nowhere any more: 'name the deptor'"),
        ("no tiene la factura %(id)s", "no tiene la factura %(di)s", "other places than ['%(id)s']"),
        ("no tiene la factura %(id)s", "no tiene la factura", "other places than ['%(id)s']"),
        ("no tiene la factura %(id)s", "no tiene el 5 % de %(id)s", "other places than ['%(id)s']"),
    ],
)
def test_what_is_wrong_with_a_catalogue_is_told(tmp_path, found, old, new, words):
    shutil.copytree(TOP / "locale", tmp_path / "locale")
    po = tmp_path / "locale/es/LC_MESSAGES/django.po"
    text = po.read_text()
    assert old in text
    po.write_text(text.replace(old, new))
    lines = [line for line in troubles(tmp_path, found) if words in line]
    assert lines and all(line.startswith("es: ") for line in lines)


def test_writing_anew_changes_nothing_that_is_whole_and_takes_new_texts_in(tmp_path, found):
    shutil.copytree(TOP / "locale", tmp_path / "locale")
    before = {path: path.read_bytes() for path in sorted((tmp_path / "locale").rglob("django.*"))}
    update(tmp_path, found)
    assert {path: path.read_bytes() for path in sorted((tmp_path / "locale").rglob("django.*"))} == before
    more = Found()
    more.texts.update({**found.texts, (None, "a text that is new", None): {"kernel/new.py"}})
    update(tmp_path, more)
    assert list(troubles(tmp_path, more)) == [f"{one}: not translated: 'a text that is new'" for one in LOCALES]


def test_texts_put_together_on_the_spot_are_found_out():
    found = Found()
    read_module(
        "from django.utils.translation import gettext as _\n"
        "DomainError('a', 'first ' 'second', pointer='/x')\n"
        "DomainError('b', f'no {x}')\n"
        "DomainError(e.code, e.template, **e.params)\n"
        "_('third')\n"
        "_(words)\n",
        "room/module.py",
        found,
    )
    assert set(found.texts) == {(None, "first second", None), (None, "third", None)}
    assert found.unread == ["room/module.py:3", "room/module.py:6"]


def test_pages_are_read_too():
    found = Found()
    page = (
        "{% load i18n %}<h1>{% translate 'Debtors' %}</h1>\n  <p>{% translate 'May' context 'month' %}\n"
        "{% blocktranslate count n=n %}one day{% plural %}{{ n }} days{% endblocktranslate %}</p>"
    )
    read_page(page, "room/page.html", found)
    assert set(found.texts) == {(None, "Debtors", None), ("month", "May", None), (None, "one day", "%(n)s days")}


# --- what people get


@pytest.mark.parametrize(
    ("written", "ours"),
    [
        ("es", "es"), ("es-MX", "es"), ("es_CO.UTF-8", "es"), ("es-419", "es"), ("pt", "pt-br"), ("pt-BR", "pt-br"),
        ("pt_BR.UTF-8", "pt-br"), ("pt-PT", "pt-br"), ("en", "en"), ("de", "en"), ("C", "en"), ("C.UTF-8", "en"),
        ("POSIX", "en"), ("", "en"), ("../../x", "en"),
    ],
)  # fmt: skip
def test_languages_as_people_write_them(written, ours):
    assert language_of(written) == ours


def test_the_language_of_the_shell(monkeypatch):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    assert environment_language() == "en"
    monkeypatch.setenv("LANG", "es_MX.UTF-8")
    assert environment_language() == "es"
    monkeypatch.setenv("LC_ALL", "pt_BR.UTF-8")
    assert environment_language() == "pt-br"


def test_parameters_that_are_words_are_translated_and_names_are_not():
    error = DomainError("x", "creditor %(creditor)s has no such %(what)s", creditor="invoice", what=Words("invoice"))
    assert str(error) == told(error) == "creditor invoice has no such invoice"
    with override("es"):
        assert told(error) == "El acreedor invoice no tiene lo que busca: factura"
    with override("pt-br"):
        assert told(error) == "O credor invoice não tem o que você procura: fatura"


def test_a_percent_sign_of_the_caller_does_no_harm():
    with override("es"):
        assert told(DomainError("x", "%(name)s is no field of a debtor", name="100%(d)s %")).startswith("100%(d)s % no")
        assert told(DomainError("x", "50 % of nothing")) == "50 % of nothing"


class Api:
    def __init__(self):
        tenant = factories.make_tenant("MX", frozen=True)
        with tenant_scope(tenant.id):
            creditor = factories.make_creditor(external_id="tienda")
            factories.make_debtor(creditor, external_id="7", invoices=[("150.00", date(2026, 11, 1))])
        _, headers = factories.make_key(tenant)
        self.client = Client(headers=headers)

    def __call__(self, language, method, address, body=None):
        more = {} if body is None else {"data": body, "content_type": "application/json"}
        headers = {"Accept-Language": language} if language else {}
        return getattr(self.client, method)(f"/api/v1/creditors/{address}", headers=headers, **more)


@pytest.fixture(scope="module")
def api(django_db_blocker):
    with django_db_blocker.unblock():
        yield Api()


@pytest.mark.parametrize(
    ("accepted", "language", "words"),
    [
        ("es-MX,es;q=0.9,en;q=0.5", "es", "El acreedor tienda no tiene lo que busca: factura"),
        ("pt", "pt-br", "O credor tienda não tem o que você procura: fatura"),
        ("pt-BR", "pt-br", "O credor tienda não tem o que você procura: fatura"),
        ("de, es;q=0.3", "es", "El acreedor tienda no tiene lo que busca: factura"),
        ("de", "en", "creditor tienda has no such invoice"),
        (None, "en", "creditor tienda has no such invoice"),
    ],
)
def test_a_refusal_is_in_the_language_that_was_asked_for(api, accepted, language, words):
    answer = api(accepted, "get", "tienda/invoices/F-9")
    assert (answer.status_code, answer["Content-Language"]) == (404, language)
    assert answer.json()["detail"] == words
    assert "Accept-Language" in answer["Vary"]


def test_the_next_request_has_its_own_language(api):
    told = [api(one, "get", "tienda/invoices/F-9").json()["detail"][:2] for one in ("es", "pt", None, "es")]
    assert told == ["El", "O ", "cr", "El"]


@pytest.mark.parametrize(
    ("language", "detail", "advice", "unknown", "nested"),
    [
        (
            "es-MX", "Algunos campos tienen errores: consulte errors",
            "Este campo no puede tener más de 200 caracteres.", "No existe ese campo; existen: name, kind",
            "Escriba la fecha como año-mes-día",
        ),
        (
            "pt-BR", "Alguns campos têm erros: consulte errors",
            "Este campo não pode ter mais de 200 caracteres.", "Esse campo não existe; existem: name, kind",
            "Escreva a data como ano-mês-dia",
        ),
    ],
)  # fmt: skip
def test_fields_and_the_fields_within_them(api, language, detail, advice, unknown, nested):
    body = {"name": "x" * 201, "contacts": [{"value": "+525512345678", "supplied_on": "21/11/2026"}]}
    answer = api(language, "put", "tienda/debtors/8", body).json()
    told = {one["pointer"]: one["detail"] for one in answer["errors"]}
    assert answer["detail"] == detail
    assert told["/name"] == advice
    assert told["/contacts/0/supplied_on"].startswith(nested)
    answer = api(language, "put", "tienda/debtors/8", {"nmae": "Ana"}).json()
    assert answer["errors"][0]["detail"].startswith(unknown)


def test_rules_of_the_business_with_their_numbers(api):
    body = {"debtor": "7", "amount": "900.00", "due_on": "2026-11-18"}
    for language, words in (("es", "La promesa de pago es por"), ("pt", "A promessa de pagamento é de")):
        answer = api(language, "post", "tienda/promises", body)
        assert answer.status_code == 422
        assert answer.json()["detail"].startswith(words) and "150.00" in answer.json()["detail"]
        assert [one["detail"] for one in answer.json()["errors"]] == [answer.json()["detail"]]


def test_items_of_a_batch(api):
    bad = {"external_id": "F-2", "debtor": "nobody", "amount": "1.00", "due_on": "2026-12-01"}
    odd = {"external_id": "F-3", "debtor": "7", "amount": 1}
    for language, words in (
        ("es", ("No se conoce al deudor nobody", "Escriba el monto como texto")),
        ("pt-BR", ("O devedor nobody não é conhecido", "Escreva o valor como texto")),
    ):
        results = api(language, "post", "tienda/invoices:batch", {"items": [bad, odd]}).json()["results"]
        for one, start in zip(results, words, strict=True):
            assert one["problem"]["detail"].startswith(start)


def test_who_may_not_enter_is_told_why(api):
    for language, words in (("es", "Esta clave de API no existe"), ("pt", "Esta chave de API não existe")):
        headers = {"Accept-Language": language, "Authorization": "Bearer trato_ab_cd"}
        answer = Client().get("/api/v1/creditors", headers=headers)
        assert answer.status_code == 401 and answer.json()["detail"].startswith(words)
    answer = Client().get("/api/v1/creditors", headers={"Accept-Language": "pt"})
    assert answer.json()["detail"] == "Faltam as credenciais de acesso."


def test_refused_lines_of_a_file_are_told_to_whoever_sent_it(api):
    text = "id,name,bill,due,sum\n9,Ana,F-77,31/31/2026,10.00\n"
    answer = api.client.post(
        "/api/v1/creditors/tienda/imports",
        {"file": SimpleUploadedFile("a.csv", text.encode()), "mapping": MAPPING},
        headers={"Accept-Language": "es-MX"},
    )
    assert answer.status_code == 201, answer.content
    refused = api("en", "get", f"tienda/imports/{answer.json()['id']}/rejected").content.decode("utf-8-sig")
    assert "31/31/2026 no existe en el calendario" in refused


def test_a_payment_link_that_leads_nowhere_for_machines():
    for language, words in (("es", "El enlace está incompleto"), ("pt", "O link está incompleto")):
        headers = {"Accept": "application/json", "Accept-Language": language}
        assert Client().get("/p/x", headers=headers).json()["detail"].startswith(words)


@pytest.mark.usefixtures("api")
def test_commands_speak_the_language_they_are_asked_in(monkeypatch):
    for language, words in (
        ("es", "No existe la organización nobody; existen: "), ("pt", "A organização nobody não existe; existem: "),
        (None, "there is no organisation nobody; there is "),
    ):  # fmt: skip
        with pytest.raises(CommandError, match=words):
            call_command("stop_sending", "nobody", reason="test", lang=language, stdout=StringIO())
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "pt_BR.UTF-8")
    told = StringIO()
    command = load_command_class(get_commands()["stop_sending"], "stop_sending")
    command.stderr = OutputWrapper(told)
    with pytest.raises(SystemExit):
        command.run_from_argv(["manage.py", "stop_sending", "nobody", "--reason", "test"])
    assert "A organização nobody não existe" in told.getvalue()


def test_the_command_says_what_is_left():
    out = StringIO()
    call_command("translations", "--check", stdout=out)
    assert json.loads(out.getvalue())["ok"] is True
