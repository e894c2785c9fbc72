"""What people ask: deadlines, who sees to it, the certificate of an erasure, and everything about a person in a file."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from compliance.models import DataRequest, ErasureCertificate, LegalHold
from compliance.retention import papers, requests, runs
from compliance.retention.certificates import certificate_digest
from compliance.retention.holds import lift_hold
from compliance.retention.periods import Period
from kernel.canonical import instant_text
from kernel.errors import DomainError
from kernel.ids import uuid7
from messaging.models import Message
from tenants.models import AuditEntry, Event, Tenant
from tenants.scope import tenant_scope
from tests import factories
from tests.compliance.retention.estate import Case, said_of, settle
from tests.compliance.retention.test_job import left, months_ago, organisation, whole
from tests.compliance.world import number_events
from tests.factories import NOON


def ask(case: Case, kind: str = "erasure", **said: Any) -> DataRequest:
    return requests.file_request(
        person=case.person, debtor=case.debtor, kind=kind, channel="email", author="user:x", origin_id=uuid7().hex,
        now=NOON, **({"proven": True} | said),
    )  # fmt: skip


def test_a_request_has_the_countrys_deadline_and_is_filed_once():
    case = Case(months_ago(1))
    tenant = organisation(case)
    with tenant_scope(tenant.pk):
        row = ask(case, "access", detail="everything, please")
        assert (row.due_on, row.country) == (date(2026, 12, 2), "BR") and "LGPD" in row.law
        assert ask(case, "access").pk == row.pk, "the same wish while it is open is the same request"
        assert ask(case, "erasure").pk != row.pk
        assert row.reference.startswith("P-2026-")
        [entry] = AuditEntry.objects.filter(subject_id=str(row.pk))
        assert entry.action == "privacy.request_filed" and case.mark not in json.dumps(entry.after)


def test_the_clock_starts_when_it_came():
    case = Case(months_ago(1))
    tenant = organisation(case)
    with tenant_scope(tenant.pk):
        row = ask(case, "access", received_at=NOON - timedelta(days=10))
        assert row.due_on == date(2026, 11, 22)
        with pytest.raises(DomainError, match="later than now"):
            ask(case, "objection", received_at=NOON + timedelta(days=1))
        for wrong in ({"kind": "everything"}, {"channel": "pigeon"}):
            with pytest.raises(DomainError, match="choose"):
                said: dict[str, Any] = {
                    "person": case.person,
                    "kind": "access",
                    "channel": "email",
                    "author": "user:x",
                    "origin_id": "x",
                    "now": NOON,
                } | wrong
                requests.file_request(**said)


def test_a_request_is_given_to_somebody_extended_once_and_closed_once():
    case = Case(months_ago(1))
    tenant = organisation(case, country="CO")
    colleague = factories.make_user(tenant, role="supervisor")
    with tenant_scope(tenant.pk):
        row = ask(case, "access")
        assert requests.assign(row.pk, to=colleague.pk, by="user:x").owner_id == colleague.pk
        with pytest.raises(DomainError, match="nobody of that name"):
            requests.assign(row.pk, to=factories.make_user().pk, by="user:x")
        due = row.due_on
        assert requests.extend(row.pk, reason="many messages", by="user:x").due_on > due
        with pytest.raises(DomainError, match="extended already"):
            requests.extend(row.pk, reason="still many", by="user:x")
        with pytest.raises(DomainError, match="write what"):
            requests.close(row.pk, answer=" ", refused=True, by="user:x", now=NOON)
        closed = requests.close(row.pk, answer="sent by e-mail", refused=False, by="user:x", now=NOON)
        assert (closed.state, closed.closed_at) == ("answered", NOON)
        with pytest.raises(DomainError, match="closed already"):
            requests.assign(row.pk, to=None, by="user:x")


def test_brazil_knows_no_extension():
    case = Case(months_ago(1))
    with tenant_scope(organisation(case).pk), pytest.raises(DomainError, match="knows no extension"):
        requests.extend(ask(case, "access").pk, reason="x", by="user:x")


# -- erasure -----------------------------------------------------------------------------------------------------------


def test_an_erasure_certifies_what_went_what_stays_and_why_and_the_job_completes_it():
    case = Case(months_ago(12))
    tenant = organisation(case)
    with tenant_scope(tenant.pk):
        made = requests.erase(ask(case).pk, by="user:x", now=NOON)
        lines = {line["class"]: line for line in made.content["lines"]}
        assert lines["profile"]["erased"] == 2 and lines["profile"]["kept"] == 0
        assert lines["words"]["kept"] > 0 and lines["words"]["why"] == "period" and "CDC" in lines["words"]["law"]
        assert lines["words"]["until"] == instant_text(Period(months=60).after(case.closed_at))
        assert not made.complete and made.edition == 1
        assert case.mark not in json.dumps(made.content)
        request = DataRequest.objects.get()
        assert (request.state, request.answer) == ("answered", made.reference)
    assert {name for name, still in left(tenant, case).items() if still} == {
        "words", "attachments", "person", "consents", "accounts",
    }  # fmt: skip
    assert whole(tenant)
    later(tenant, years=6)
    runs.run_for(tenant)
    with tenant_scope(tenant.pk):
        newest = ErasureCertificate.objects.order_by("-edition")[0]
        lines = {line["class"]: line for line in newest.content["lines"]}
        assert newest.edition == 2 and not newest.complete
        assert lines["words"]["erased"] == made_kept(made, "words") and lines["words"]["kept"] == 0
        assert {name for name, line in lines.items() if line["kept"]} == {"accounts"}
    later(tenant, years=11)
    runs.run_for(tenant)
    with tenant_scope(tenant.pk):
        newest = ErasureCertificate.objects.order_by("-edition")[0]
        assert (newest.edition, newest.complete) == (3, True)
    count = len(runs.run_for(tenant).counts)
    with tenant_scope(tenant.pk):
        assert count == 0 and ErasureCertificate.objects.count() == 3
    assert whole(tenant)


def made_kept(made: ErasureCertificate, name: str) -> int:
    return int(next(line["kept"] for line in made.content["lines"] if line["class"] == name))


def later(tenant: Tenant, *, years: int) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(clock_frozen_at=NOON.replace(year=NOON.year + years))
    tenant.refresh_from_db()


def test_the_certificate_is_in_the_sealed_log():
    case = Case(months_ago(12))
    tenant = organisation(case)
    with tenant_scope(tenant.pk):
        made = requests.erase(ask(case).pk, by="user:x", now=NOON)
    number_events()
    with tenant_scope(tenant.pk):
        event = Event.objects.get(name="erasure.certified")
        assert (event.subject_id, event.digest) == (made.pk, certificate_digest(made))


@pytest.mark.parametrize(("hold", "is_open", "why"), [("person", False, "held"), ("none", True, "open")])
def test_a_hold_and_an_open_debt_keep_what_they_need(hold, is_open, why):
    case = Case(months_ago(200), open=is_open, hold=hold)
    tenant = organisation(case)
    with tenant_scope(tenant.pk):
        made = requests.erase(ask(case).pk, by="user:x", now=NOON)
        lines = {line["class"]: line for line in made.content["lines"]}
        for name in ("words", "attachments", "person", "consents", "accounts", "audit"):
            assert (lines[name]["why"], lines[name]["erased"]) == (why, 0), name
        # What the work does not need goes although something is owed; under a hold not even that.
        assert said_of(case)["profile"] is (why == "held")
        assert lines["profile"]["erased"] == (0 if why == "held" else 2)
        assert said_of(case)["words"]
        if hold == "person":
            lift_hold(LegalHold.objects.get().pk, reason="over", by="user:x", now=NOON)
    runs.run_for(tenant)
    with tenant_scope(tenant.pk):
        newest = ErasureCertificate.objects.order_by("-edition")[0]
        assert newest.complete is (hold == "person")
    assert whole(tenant)


def test_nobody_is_erased_for_a_stranger_or_while_a_copy_is_owed():
    case = Case(months_ago(200))
    tenant = organisation(case)
    with tenant_scope(tenant.pk):
        row = ask(case, proven=False)
        with pytest.raises(DomainError, match="who asks"):
            requests.erase(row.pk, by="user:x", now=NOON)
        with pytest.raises(DomainError, match="say how"):
            requests.prove(row.pk, how="", by="user:x")
        requests.prove(row.pk, how="called the number on file", by="user:x")
        other = ask(case, "access")
        with pytest.raises(DomainError, match="other requests"):
            requests.erase(row.pk, by="user:x", now=NOON)
        with pytest.raises(DomainError, match="only a request for erasure"):
            requests.erase(other.pk, by="user:x", now=NOON)
        assert all(said_of(case).values())


def test_an_open_request_keeps_what_it_is_about_from_the_job():
    case = Case(months_ago(200))
    tenant = organisation(case)
    with tenant_scope(tenant.pk):
        row = ask(case, "access")
    assert runs.run_for(tenant).counts == {}
    with tenant_scope(tenant.pk):
        requests.close(row.pk, answer="sent", refused=False, by="user:x", now=NOON)
    runs.run_for(tenant)
    assert not any(left(tenant, case).values())


@pytest.mark.parametrize("language", ["es", "pt-br", "en"])
def test_the_certificate_can_be_read_and_printed(language):
    case = Case(months_ago(12))
    tenant = organisation(case)
    with tenant_scope(tenant.pk):
        made = requests.erase(ask(case).pk, by="user:x", now=NOON)
        pdf = papers.certificate_pdf(made, language)
        plain = json.loads(papers.certificate_json(made))
    assert pdf.startswith(b"%PDF") and len(pdf) > 5000
    assert plain == made.content


# -- everything about a person -----------------------------------------------------------------------------------------


def opened(body: Any) -> tuple[zipfile.ZipFile, dict[str, Any]]:
    archive = zipfile.ZipFile(io.BytesIO(body.read()))
    return archive, json.loads(archive.read("data.json"))


def test_an_export_holds_everything_and_says_who_made_it():
    case, other = Case(months_ago(3)), Case(months_ago(3))
    tenant = organisation(case, other)
    with tenant_scope(tenant.pk):
        made = papers.export_person(case.person.pk, actor="user:x")
        papers.note_download(case.person.pk, made, actor="user:x")
        actions = {entry.action: entry for entry in AuditEntry.objects.filter(subject_id=str(case.person.pk))}
    archive, document = opened(made.body)
    text = archive.read("data.json").decode()
    assert other.mark not in text
    data = document["data"]
    assert data["person"][0]["name"] == f"Person {case.mark}" and data["person"][0]["document"]
    assert {row["text"] for row in data["messages"]} == {f"words {case.mark}", f"about no account {case.mark}"}
    for section in ("contact_points", "accounts", "invoices", "consents", "stops", "conversations", "notes", "alerts"):
        assert data[section], section
    [file] = [name for name in archive.namelist() if name.startswith("attachments/")]
    assert archive.read(file) == b"x" and file.endswith(".png")
    assert archive.read("data.pdf").startswith(b"%PDF")
    assert document["language"] == "pt-br"
    assert {row["class"] for row in document["kept"]} >= {"words", "person", "ledger"}
    assert set(actions) == {"privacy.export_made", "privacy.export_downloaded"}
    assert actions["privacy.export_made"].after["sha256"] == made.sha256 == _hash(made.body)


def _hash(body: Any) -> str:
    body.seek(0)
    return hashlib.sha256(body.read()).hexdigest()


def test_an_export_after_the_time_holds_nothing_personal():
    case = Case(months_ago(200))
    tenant = organisation(case)
    runs.run_for(tenant)
    with tenant_scope(tenant.pk):
        archive, _ = opened(papers.export_person(case.person.pk, actor="user:x").body)
        assert Message.objects.filter(text="").count() == 2
    assert case.mark not in archive.read("data.json").decode()
    assert not [name for name in archive.namelist() if name.startswith("attachments/")]


def test_who_sees_one_creditor_exports_that_one_only():
    one, two = Case(months_ago(3)), Case(months_ago(3))
    tenant = factories.make_tenant("BR", frozen=True)
    with tenant_scope(tenant.pk):
        number = factories.make_number()
        creditor = factories.make_creditor()
        settle(one, creditor, number)
        settle(two, factories.make_creditor(), number, person=one.person)
    with tenant_scope(tenant.pk, creditor_ids=[creditor.pk]):
        archive, document = opened(papers.export_person(one.person.pk, actor="user:x").body)
    assert f"words {two.mark}" not in archive.read("data.json").decode()
    assert len(document["data"]["accounts"]) == 1


def test_the_command_writes_the_file(tmp_path):
    case = Case(months_ago(3))
    tenant = organisation(case)
    out, target = io.StringIO(), tmp_path / "person.zip"
    call_command(
        "export_person", "--tenant", tenant.slug, "--debtor", str(case.debtor.pk), "--out", str(target), stdout=out
    )
    told = json.loads(out.getvalue())
    assert told["sha256"] == hashlib.sha256(target.read_bytes()).hexdigest() and told["rows"] > 10
    with pytest.raises(CommandError, match="no such debtor"):
        call_command("export_person", "--tenant", tenant.slug, "--debtor", "nobody", "--out", str(target))
