"""The import in steps: upload, columns, dry run, taking it in, rejected lines, undo."""

from __future__ import annotations

import io
import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from portfolio.imports.mapping import files
from portfolio.models import Creditor, Debtor, Import, Invoice
from tenants import uploads, work
from tenants.models import AuditEntry, Tenant, Upload, UploadPart, User
from tenants.scope import tenant_scope
from tests.factories import make_creditor, make_tenant, make_user

HEAD = "id_cliente;nombre;factura;vencimiento;importe\n"


@pytest.fixture
def tenant() -> Tenant:
    return make_tenant("MX", sandbox=True)


@pytest.fixture
def creditor(tenant: Tenant) -> Creditor:
    with tenant_scope(tenant.id):
        return make_creditor()


def member(tenant: Tenant, role: str = "admin", **more: Any) -> tuple[Client, User]:
    user = make_user(tenant, role=role, **more)
    client = Client()
    client.force_login(user)
    return client, user


def at(name: str, tenant: Tenant, **parts: Any) -> str:
    return reverse(name, kwargs={"organisation": tenant.slug, **parts})


def line(number: int, amount: str = "1.250,50", due: str = "31/01/2026") -> str:
    return f"C{number:05d};Deudor {number};F{number:05d};{due};{amount}\n"


def send(client: Client, tenant: Tenant, creditor: Creditor, content: bytes, name: str = "cartera.csv") -> Any:
    return client.post(
        at("import-new", tenant), {"creditor": str(creditor.id), "file": SimpleUploadedFile(name, content)}
    )


def uploaded(client: Client, tenant: Tenant, creditor: Creditor, content: str, encoding: str = "utf-8") -> uuid.UUID:
    answer = send(client, tenant, creditor, content.encode(encoding))
    assert answer.status_code == 302, answer.context["form"].errors
    return uuid.UUID(answer["Location"].split("/")[-3])


def chosen(client: Client, tenant: Tenant, pk: uuid.UUID) -> dict[str, str]:
    """What the columns' form would send as it stands."""
    context = client.get(at("import-columns", tenant, pk=pk)).context
    said = {f"column-{column.place}": column.field for column in context["columns"]}
    mapping = context["mapping"]
    return {
        **said, "decimal": mapping.formats.decimal, "dates": mapping.formats.dates,
        "constant-currency": mapping.constants.get("currency", ""), "constant-country": mapping.constants.get("country", ""),
    }  # fmt: skip


def judged(client: Client, tenant: Tenant, pk: uuid.UUID) -> Any:
    """The dry run, to its end."""
    answer = client.post(at("import-columns", tenant, pk=pk), {**chosen(client, tenant, pk), "action": "check"})
    assert answer.status_code == 302, answer.context["problem"]
    work.drain(tenant.id, only=["portfolio.import_check"])
    return client.get(at("import-check", tenant, pk=pk)).context


def taken(client: Client, tenant: Tenant, pk: uuid.UUID) -> Import:
    answer = client.post(at("import-take", tenant, pk=pk))
    assert answer.status_code == 302
    work.drain(tenant.id, only=["portfolio.import_take"])
    with tenant_scope(tenant.id):
        return Import.objects.get(pk=answer["Location"].split("/")[-2])


def owed(tenant: Tenant, creditor: Creditor) -> tuple[int, int]:
    with tenant_scope(tenant.id):
        open_ones = Invoice.objects.filter(creditor=creditor, withdrawn_at=None)
        return Debtor.objects.filter(creditor=creditor, withdrawn_at=None).count(), sum(
            open_ones.values_list("open_minor", flat=True)
        )


def test_a_file_goes_all_the_way_and_back(tenant, creditor):
    client, user = member(tenant)
    pk = uploaded(client, tenant, creditor, HEAD + line(1) + line(2) + line(3, due="31/02/2026"), "cp1252")
    page = client.get(at("import-columns", tenant, pk=pk))
    assert [column.field for column in page.context["columns"]] == [
        "debtor_id",
        "name",
        "invoice_id",
        "due_on",
        "amount",
    ]
    assert (page.context["lines"][0].invoice, str(page.context["lines"][0].amount.amount)) == ("F00001", "1250.50")
    assert page.context["lines"][2].errors[0].code == "date_impossible"
    seen = judged(client, tenant, pk)
    assert seen["counts"].rejected == 1
    assert [each[1] for each in seen["counts"].table[:1]] == [2]
    assert owed(tenant, creditor) == (0, 0)  # nothing was written
    made = taken(client, tenant, pk)
    assert (made.state, made.counts["invoices_created"], made.counts["rejected"]) == ("applied", 2, 1)
    assert owed(tenant, creditor) == (2, 250100)
    rejected = client.get(at("import-rejected", tenant, pk=made.pk)).content.decode("utf-8-sig")
    assert "date_impossible" in rejected
    assert "F00003" in rejected
    with tenant_scope(tenant.id):
        assert not UploadPart.objects.filter(upload_id=pk).exists()
    assert client.post(at("import-undo", tenant, pk=made.pk), {"reason": " "}).status_code == 302
    work.drain(tenant.id, only=["portfolio.import_undo"])
    assert owed(tenant, creditor) == (2, 250100)
    client.post(at("import-undo", tenant, pk=made.pk), {"reason": "wrong month"})
    client.post(at("import-undo", tenant, pk=made.pk), {"reason": "twice"})
    work.drain(tenant.id, only=["portfolio.import_undo"])
    assert owed(tenant, creditor) == (0, 0)
    with tenant_scope(tenant.id):
        made.refresh_from_db()
        told = list(
            AuditEntry.objects.filter(subject="portfolio.import")
            .order_by("id")
            .values_list("action", "actor", "reason")
        )
    assert made.state == "undone"
    assert told == [("import.started", f"user:{user.id}", ""), ("import.undone", f"user:{user.id}", "wrong month")]
    assert client.get(at("import", tenant, pk=made.pk)).status_code == 200
    assert made.file_name in client.get(at("imports", tenant)).content.decode()


def test_a_second_file_is_read_as_the_first_was_said_and_counted_against_what_is_there(tenant, creditor):
    client, _ = member(tenant)
    head = "a;b;c;d;e\n"
    pk = uploaded(client, tenant, creditor, head + line(1) + line(2))
    said = {
        f"column-{place}": name for place, name in enumerate(("debtor_id", "name", "invoice_id", "due_on", "amount"))
    }
    first = {**said, "decimal": ",", "dates": "dmy", "constant-currency": "MXN", "constant-country": "MX"}
    assert client.post(at("import-columns", tenant, pk=pk), {**first, "action": "check"}).status_code == 302
    work.drain(tenant.id, only=["portfolio.import_check"])
    taken(client, tenant, pk)
    again = uploaded(client, tenant, creditor, head + line(1) + line(3, "99,00"))
    page = client.get(at("import-columns", tenant, pk=again))
    assert page.context["upload"].data["remembered"]
    seen = judged(client, tenant, again)
    table = {str(words): numbers for words, *numbers in seen["counts"].table}
    assert next(iter(table.values())) == [1, 0, 1]  # debtors: one new, one unchanged
    assert seen["missing"] == 1  # C00002 owes and is not in the file


def test_five_thousand_rows_one_of_them_broken(tenant, creditor):
    client, _ = member(tenant)
    content = (
        HEAD + "".join(line(number) for number in range(5000)) + 'C9;"never closed;F9;31/01/2026;1,00\n' + line(6000)
    )
    pk = uploaded(client, tenant, creditor, content)
    seen = judged(client, tenant, pk)
    assert (seen["counts"].table[0][1], seen["counts"].rejected) == (5001, 1)
    made = taken(client, tenant, pk)
    assert (made.state, made.counts["debtors_created"], made.counts["rejected"]) == ("applied", 5001, 1)
    assert owed(tenant, creditor) == (5001, 5001 * 125050)


def test_slices_read_on_where_the_last_one_ended(tenant, creditor, monkeypatch):
    monkeypatch.setattr("portfolio.imports.wizard.SLICE_SECONDS", 0.0)  # one thousand a turn
    lines = 0
    readline = files.Counted.readline

    def counted(self: Any, size: int) -> str:
        nonlocal lines
        lines += 1
        return readline(self, size)

    monkeypatch.setattr(files.Counted, "readline", counted)
    client, _ = member(tenant)
    pk = uploaded(client, tenant, creditor, HEAD + "".join(line(number) for number in range(5000)))
    lines = 0
    judged(client, tenant, pk)
    # From its beginning each of the five slices would read 1,000, 2,000, ... 5,000 lines.
    assert 5000 <= lines <= 5000 + 6 * files.MARK_EVERY
    lines = 0
    assert taken(client, tenant, pk).counts["invoices_created"] == 5000
    assert 5000 <= lines <= 5000 + 6 * files.MARK_EVERY


def test_work_in_slices_comes_to_the_same(tenant, creditor, monkeypatch):
    monkeypatch.setattr("portfolio.imports.wizard.SLICE_SECONDS", 0.0)  # one thousand a turn
    client, _ = member(tenant)
    pk = uploaded(client, tenant, creditor, HEAD + "".join(line(number) for number in range(2500)) + line(2600, "x"))
    seen = judged(client, tenant, pk)
    assert (seen["counts"].table[0][1], seen["counts"].rejected, len(seen["errors"])) == (2500, 1, 1)
    made = taken(client, tenant, pk)
    assert (made.state, made.counts["invoices_created"]) == ("applied", 2500)
    client.post(at("import-undo", tenant, pk=made.pk), {"reason": "slices"})
    work.drain(tenant.id, only=["portfolio.import_undo"])
    assert owed(tenant, creditor) == (0, 0)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "id_file"),
        (b"PK\x03\x04" + b"x" * 200, "CSV"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 200, "CSV"),
        (b"\n\n\n", "id_file"),
    ],
)
def test_a_file_that_is_no_csv_is_refused_with_advice(tenant, creditor, content, word):
    client, _ = member(tenant)
    answer = send(client, tenant, creditor, content)
    assert answer.status_code == 422
    assert word in answer.content.decode()
    with tenant_scope(tenant.id):
        assert not Upload.objects.exists()
        assert not UploadPart.objects.exists()


def test_columns_that_do_not_suffice_are_named(tenant, creditor):
    client, _ = member(tenant)
    pk = uploaded(client, tenant, creditor, "x;y\n1;2\n")
    answer = client.post(at("import-columns", tenant, pk=pk), {"action": "check"})
    assert answer.status_code == 422
    assert answer.context["problem"]
    twice = client.post(
        at("import-columns", tenant, pk=pk), {"column-0": "name", "column-1": "name", "action": "check"}
    )
    assert twice.status_code == 422
    part = client.post(at("import-columns", tenant, pk=pk), {"action": "preview"}, headers={"HX-Request": "true"})
    assert part.status_code == 422
    assert b'id="preview"' in part.content
    assert b"<html" not in part.content
    nonsense = client.post(at("import-columns", tenant, pk=pk), {"column-0": "no_such_field", "action": "check"})
    assert nonsense.status_code == 422


def test_a_file_too_large_leaves_nothing(tenant, creditor, monkeypatch):
    monkeypatch.setattr("tenants.uploads.SIZE_MAX", 1000)
    client, _ = member(tenant)
    answer = send(client, tenant, creditor, (HEAD + line(1) * 50).encode())
    assert answer.status_code == 422
    with tenant_scope(tenant.id):
        assert not Upload.objects.exists()


def test_an_upload_is_sealed_and_reads_back_as_it_was(tenant, creditor):
    content = bytes(range(256)) * 5000  # more than two parts
    row = uploads.receive(
        [content[:7], content[7:700_000], content[700_000:]], tenant_id=tenant.id, creditor_id=creditor.id,
        creditor_ids=None, name="x.csv", author="user:x",
    )  # fmt: skip
    file = uploads.opened(row)
    assert file.read() == content
    file.seek(524_280)
    assert file.read(20) == content[524_280:524_300]
    file.seek(-3, io.SEEK_END)
    assert file.read() == content[-3:]
    with tenant_scope(tenant.id):
        parts = [bytes(body) for body in UploadPart.objects.order_by("place").values_list("body", flat=True)]
        assert len(parts) == 3
        assert content[:64] not in parts[0]
        uploads.empty(row)
        row.refresh_from_db()
    with pytest.raises(Exception, match="thrown away"):
        uploads.opened(row)


def test_a_file_is_taken_once_however_often_it_is_asked(tenant, creditor):
    client, _ = member(tenant)
    pk = uploaded(client, tenant, creditor, HEAD + line(1))
    assert client.post(at("import-take", tenant, pk=pk))["Location"].endswith("/check/")  # not looked at yet
    judged(client, tenant, pk)
    first, second = (client.post(at("import-take", tenant, pk=pk))["Location"] for _ in range(2))
    assert first == second
    work.drain(tenant.id, only=["portfolio.import_take"])
    with tenant_scope(tenant.id):
        assert Import.objects.count() == 1


def test_a_file_given_up_is_gone(tenant, creditor):
    client, _ = member(tenant)
    pk = uploaded(client, tenant, creditor, HEAD + line(1))
    client.post(at("import-give-up", tenant, pk=pk))
    assert client.get(at("import-columns", tenant, pk=pk)).status_code == 404
    with tenant_scope(tenant.id):
        assert not UploadPart.objects.exists()


def test_others_reach_neither_files_nor_imports(tenant, creditor):
    client, _ = member(tenant)
    pk = uploaded(client, tenant, creditor, HEAD + line(1))
    judged(client, tenant, pk)
    made = taken(client, tenant, pk)
    with tenant_scope(tenant.id):
        foreign = make_creditor()
    other, _ = member(own := make_tenant("BR"))
    limited, _ = member(tenant, creditor_ids=[foreign.id])
    for visitor, where in ((other, own), (limited, tenant)):
        for name, which in (
            ("import-columns", pk),
            ("import-check", pk),
            ("import", made.pk),
            ("import-rejected", made.pk),
        ):
            assert visitor.get(at(name, where, pk=which)).status_code == 404
        assert visitor.post(at("import-undo", where, pk=made.pk), {"reason": "x"}).status_code == 404
    assert send(limited, tenant, creditor, (HEAD + line(9)).encode()).status_code == 422
    for role in ("supervisor", "auditor", "agent"):
        person, _ = member(tenant, role)
        assert person.post(at("import-undo", tenant, pk=made.pk), {"reason": "x"}).status_code == 403
        assert send(person, tenant, creditor, (HEAD + line(9)).encode()).status_code == 403
