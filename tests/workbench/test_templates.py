"""The templates' pages: gaps are shown, the lint speaks while one writes, what is approved is edited as a new one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from kernel.clock import machine_now
from kernel.errors import DomainError
from messaging.message_templates import lifecycle
from messaging.message_templates.library import STAGES, shipped
from messaging.message_templates.lint import Trouble
from messaging.message_templates.services import seed_defaults, sync_templates
from messaging.models import MessageTemplate, WhatsAppAccount
from tenants import jobs, work
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope
from tests.factories import NOON, make_account, make_creditor, make_tenant, make_user
from tests.messaging.cloud import connect, running_sandbox
from workbench.message_templates import words
from workbench.message_templates.queries import Preview, pieces, read


@pytest.fixture
def org() -> Tenant:
    tenant = make_tenant("CO", frozen=True)
    with tenant_scope(tenant.pk):
        make_creditor()
        account = make_account()
        seed_defaults(account, make_creditor(), "CO", NOON)
    return tenant


def client_of(tenant: Tenant, role: str = "admin", **more: Any) -> Client:
    client = Client()
    client.force_login(make_user(tenant, role=role, **more))
    return client


def address(tenant: Tenant, rest: str = "") -> str:
    return f"/o/{tenant.slug}/templates/{rest}"


def one(tenant: Tenant, name: str) -> MessageTemplate:
    with tenant_scope(tenant.pk):
        return MessageTemplate.objects.select_related("account").get(name=name)


def put(tenant: Tenant, name: str, **fields: Any) -> None:
    with tenant_scope(tenant.pk):
        MessageTemplate.objects.filter(name=name).update(**fields)


GOOD = next(text for text in shipped("CO") if text.stage == "first")


def words_of(**more: str) -> dict[str, str]:
    found = {
        "stage": "first",
        "language": "es_CO",
        "name": "first_co_v7",
        "body": GOOD.body,
        "footer": GOOD.footer,
        "header": "",
    }
    for place, (tap, title) in enumerate(GOOD.buttons, 1):
        found |= {f"tap_{place}": tap, f"title_{place}": title}
    return found | more


def test_leaders_read_an_administrator_of_the_whole_changes_others_stay_out(org: Tenant) -> None:
    row = one(org, "first_co_v1")
    for role in ("supervisor", "auditor", "admin"):
        client = client_of(org, role)
        assert client.get(address(org)).status_code == 200
        assert client.get(address(org, f"{row.pk}/")).status_code == 200
    assert client_of(org, "agent").get(address(org)).status_code == 403
    with tenant_scope(org.pk):
        creditor = make_creditor()
    limited = client_of(org, "admin", creditor_ids=[creditor.pk])
    for client in (client_of(org, "supervisor"), client_of(org, "auditor"), limited):
        for action in ("submit", "hold", "release", "retire", "copy"):
            assert client.post(address(org, f"{row.pk}/{action}/")).status_code == 403
        assert client.post(address(org, "new/"), words_of()).status_code == 403
        assert client.post(address(org, f"{row.pk}/"), words_of()).status_code == 403
    stranger = client_of(make_tenant("CO"))
    assert stranger.get(address(org)).status_code == 404
    other = make_tenant("CO")
    assert client_of(other).get(f"/o/{other.slug}/templates/{row.pk}/").status_code == 404, "another tenant's id"
    assert one(org, "first_co_v1").status == "draft"


def test_a_step_without_an_approved_text_is_a_gap_and_begins_with_our_words(org: Tenant) -> None:
    client = client_of(org)
    before = client.get(address(org)).context["shelf"]
    assert before.languages == ("es_CO",) and before.gaps == len(STAGES)
    put(org, "first_co_v1", status="approved")
    assert client.get(address(org)).context["shelf"].gaps == len(STAGES) - 1
    page = client.get(address(org, "new/"), {"stage": "middle", "language": "es_CO"})
    assert page.context["form"]["body"].value() == next(t.body for t in shipped("CO") if t.stage == "middle")
    assert page.context["form"]["name"].value() == "middle_co_v2", "v1 is taken"
    assert client.get(address(org, "new/"), {"stage": "nonsense", "language": "xx_XX"}).status_code == 200


def preview_of(tenant: Tenant, **more: str) -> Preview:
    given = words_of(**more)
    with tenant_scope(tenant.pk):
        return read(
            name=given["name"], language=given["language"], stage=given["stage"], header=given["header"],
            body=given["body"], footer=given["footer"], country="CO", lang="en",
            buttons=[(given[f"tap_{n}"], given[f"title_{n}"]) for n in (1, 2, 3)],
        )  # fmt: skip


def codes(preview: Preview) -> set[str]:
    return {trouble.code for trouble in preview.reading.troubles}


def test_what_the_lint_says_of_a_text(org: Tenant) -> None:
    fine = preview_of(org)
    assert fine.troubles == () and fine.reading.category == "UTILITY" and "the amount" in fine.states
    assert fine.disclosure == "the amounts of the debt"
    threat = preview_of(org, body=f"{GOOD.body} Si no paga, irá a la cárcel mañana mismo.")
    assert "law" in {told.whose for told in threat.troubles}
    bare = preview_of(org, body="Hola {{name}}, le escribe {{creditor}} por su cuenta pendiente hoy.")
    assert "It lacks the amount." in [told.what for told in bare.troubles]
    assert "Add the place {{amount}} (Amount to pay)." in [told.mend for told in bare.troubles]
    assert {"variable_at_edge", "too_many_variables"} <= codes(preview_of(org, body="{{name}}"))
    assert "too_long" in codes(preview_of(org, body="a " * 560))
    assert "too_long" in codes(preview_of(org, footer="x" * 61)) and "too_long" in codes(
        preview_of(org, header="x" * 61)
    )
    assert "variable_outside_body" in codes(preview_of(org, header="{{name}}"))
    assert preview_of(org, body=f"{GOOD.body} Aproveche esta oferta.").reading.category == "MARKETING"
    odd = preview_of(org, body=f"{GOOD.body} Plan: {{{{plan}}}} gracias.")
    assert [told.whose for told in odd.troubles] == ["house"], "nobody fills that place at this step"
    probe = preview_of(org, stage="probe", body="Hola, su deuda de {{amount}} está vencida, gracias.")
    assert "reveals" in codes(probe)


def test_the_reading_answers_while_one_writes_and_keeps_nothing(org: Tenant) -> None:
    client = client_of(org)
    threat = client.post(address(org, "read/"), words_of(body=f"{GOOD.body} Si no paga, irá a la cárcel mañana mismo."))
    assert threat.status_code == 200 and "cárcel" in threat.content.decode() and "<html" not in threat.content.decode()
    assert "Zoraida" in client.post(address(org, "read/"), words_of(sample_name="Zoraida")).content.decode()
    for odd in (
        {"stage": "x", "language": "", "body": "", "template": "no-id"},
        {"body": "{{" * 900},
        {"account": "x"},
    ):
        assert client.post(address(org, "read/"), words_of(**odd)).status_code == 200
    assert client.get(address(org, "read/")).status_code == 405
    assert client_of(org, "supervisor").post(address(org, "read/"), words_of()).status_code == 403
    with tenant_scope(org.pk):
        assert not MessageTemplate.objects.filter(name="first_co_v7").exists()


def test_every_trouble_has_words_that_say_what_to_do() -> None:
    every = {
        "name": "X", "empty": "body", "variable_at_edge": "", "variables_adjacent": "", "too_many_variables": "3",
        "variable_outside_body": "", "blanks": "", "too_many_buttons": "4", "button_title": "x" * 30, "button_twice": "",
        "promotional": "oferta", "lacks": "amount", "says": "threat: cárcel", "flag": "threat_or_coercion", "reveals": "3",
        "too_long": "body: 1100 of 1024", "place_unknown": "plan", "twin": "first_co_v1",
    }  # fmt: skip
    for code, detail in every.items():
        told = words.tell(Trouble(code, detail), "en")
        assert told.what != code and told.mend, code
    for field in ("opt_out_line", "complaint_channel", "amount_breakdown_principal_interest_fees", "debt_origin"):
        assert words.tell(Trouble("lacks", field), "es").mend


def test_a_draft_is_kept_whatever_it_says_and_submitted_only_without_trouble(org: Tenant) -> None:
    client = client_of(org)
    kept = client.post(
        address(org, "new/"), words_of(action="save", body="Hola, {{name}} pague hoy mismo sin falta por favor.")
    )
    assert kept.status_code == 302
    row = one(org, "first_co_v7")
    assert row.status == "draft"
    refused = client.post(address(org, f"{row.pk}/submit/"))
    assert refused.status_code == 422 and one(org, "first_co_v7").status == "draft"
    again = client.post(address(org, "new/"), words_of(action="save"))
    assert again.status_code == 422, "the name is taken"
    sent = client.post(address(org, f"{row.pk}/"), words_of(action="submit"))
    assert sent.status_code == 302 and one(org, "first_co_v7").status == "pending"
    with tenant_scope(org.pk):
        assert set(AuditEntry.objects.filter(subject_id=str(row.pk)).values_list("action", flat=True)) == {
            "template.create", "template.save", "template.submit",
        }  # fmt: skip
    assert client.post(address(org, f"{row.pk}/"), words_of(action="save")).status_code == 422, "it is at WhatsApp now"


@pytest.mark.parametrize(
    "wrong",
    [
        {"body": ""}, {"name": "Con Espacios"}, {"language": "español"}, {"stage": "none"}, {"tap_1": "explode"},
        {"title_1": "Pagar", "tap_1": ""}, {"title_1": "", "tap_1": "pay"}, {"body": "x" * 3000}, {"name": "a\x00b"},
    ],
)  # fmt: skip
def test_bad_input_is_told_and_nothing_is_kept(org: Tenant, wrong: dict[str, str]) -> None:
    with tenant_scope(org.pk):
        before = MessageTemplate.objects.count()
    assert client_of(org).post(address(org, "new/"), words_of(**wrong)).status_code == 422
    with tenant_scope(org.pk):
        assert MessageTemplate.objects.count() == before


def test_an_approved_text_is_edited_as_the_next_version_and_stays_in_use(org: Tenant) -> None:
    put(org, "first_co_v1", status="approved", provider_id="77")
    client, row = client_of(org), one(org, "first_co_v1")
    assert client.post(address(org, f"{row.pk}/"), words_of(action="save", body="Otra cosa")).status_code == 422
    client.post(address(org, f"{row.pk}/copy/"))
    draft = one(org, "first_co_v2")
    assert (draft.status, draft.body, draft.provider_id) == ("draft", row.body, "")
    client.post(address(org, f"{row.pk}/copy/"))
    with tenant_scope(org.pk):
        assert MessageTemplate.objects.filter(name__contains="first_co").count() == 2, "one draft is enough"
    twin = client.post(address(org, f"{draft.pk}/submit/"))
    assert twin.status_code == 422 and one(org, "first_co_v2").status == "draft", "WhatsApp refuses the same words"
    assert one(org, "first_co_v1").status == "approved"


def test_a_paused_text_stays_paused_until_a_person_puts_it_back(org: Tenant) -> None:
    put(org, "first_co_v1", status="approved", provider_id="77")
    client, row = client_of(org), one(org, "first_co_v1")
    assert client.post(address(org, f"{row.pk}/hold/"), {"reason": "wrong phone"}).status_code == 302
    held = one(org, "first_co_v1")
    assert (held.status, held.rejected_reason) == ("paused", "wrong phone") and held.held_at is not None
    assert client.post(address(org, f"{row.pk}/hold/")).status_code == 422
    assert client.post(address(org, f"{row.pk}/release/")).status_code == 302
    assert one(org, "first_co_v1").status == "approved" and one(org, "first_co_v1").held_at is None
    assert client.post(address(org, f"{row.pk}/release/")).status_code == 422


def test_a_draft_is_deleted_and_what_whatsapp_has_goes_out_of_use(org: Tenant) -> None:
    client, draft = client_of(org), one(org, "middle_co_v1")
    assert client.post(address(org, f"{draft.pk}/retire/"), {"reason": "not needed"}).status_code == 302
    with tenant_scope(org.pk):
        assert not MessageTemplate.objects.filter(pk=draft.pk).exists()
    assert client.get(address(org, f"{draft.pk}/")).status_code == 404
    put(org, "first_co_v1", status="approved", provider_id="77")
    row = one(org, "first_co_v1")
    assert client.post(address(org, f"{row.pk}/retire/"), {"reason": "old"}).status_code == 302
    assert one(org, "first_co_v1").status == "disabled"
    assert client.post(address(org, f"{row.pk}/retire/")).status_code == 422


def test_the_whole_life_against_the_sandbox() -> None:
    """Submitted by the page, reviewed, held over a sync, put back, replaced, deleted at WhatsApp."""
    with running_sandbox() as sandbox:
        cloud = connect(sandbox, "CO")
        with cloud.scope():
            account = WhatsAppAccount.objects.get()
            seed_defaults(account, make_creditor(), "CO", NOON)
        client, row = client_of(cloud.tenant), one(cloud.tenant, "first_co_v1")
        assert client.post(address(cloud.tenant, f"{row.pk}/submit/")).status_code == 302
        work.drain(cloud.tenant.pk)
        assert one(cloud.tenant, "first_co_v1").provider_id
        cloud.advance(timedelta(minutes=5))
        assert one(cloud.tenant, "first_co_v1").status == "approved"
        with cloud.scope():
            assert set(MessageTemplate.objects.exclude(pk=row.pk).values_list("status", flat=True)) == {"draft"}
        client.post(address(cloud.tenant, f"{row.pk}/hold/"), {"reason": "look"})
        sync_templates(cloud.tenant.pk, account.pk, now=cloud.now(), submit=False)
        assert one(cloud.tenant, "first_co_v1").status == "paused", "the next look at WhatsApp does not put it back"
        client.post(address(cloud.tenant, f"{row.pk}/release/"))
        work.drain(cloud.tenant.pk)
        assert one(cloud.tenant, "first_co_v1").status == "approved"
        client.post(address(cloud.tenant, f"{row.pk}/retire/"), {"reason": "old"})
        work.drain(cloud.tenant.pk)
        names = [each["name"] for each in cloud.http.get(
            f"/v26.0/{account.waba_id}/message_templates", headers={"Authorization": "Bearer token-of-the-test"}
        ).json().get("data", [])]  # fmt: skip
        assert "first_co_v1" not in names
        sync_templates(cloud.tenant.pk, account.pk, now=cloud.now(), submit=False)
        assert one(cloud.tenant, "first_co_v1").status == "disabled"


def test_a_silent_whatsapp_gives_the_draft_back(org: Tenant) -> None:
    client, row = client_of(org), one(org, "first_co_v1")
    assert client.post(address(org, f"{row.pk}/submit/")).status_code == 302
    for _ in range(lifecycle._TRIES):
        later = machine_now() + timedelta(hours=1)
        (job,) = jobs.lease(now=later, tasks=[lifecycle.SUBMIT], tenant_id=org.pk)
        jobs.perform(job)
    back = one(org, "first_co_v1")
    assert back.status == "draft" and "did not answer" in back.rejected_reason


def test_names_and_versions() -> None:
    assert (lifecycle.stem_of("first_co_v12"), lifecycle.version_of("first_co_v12")) == ("first_co", 12)
    assert (lifecycle.stem_of("aviso"), lifecycle.version_of("aviso")) == ("aviso", 1)
    with pytest.raises(DomainError), tenant_scope(make_tenant("CO").pk):
        lifecycle.submit(make_tenant("CO").pk, "CO", actor="user:x", now=NOON)


def test_the_preview_reads_whatsapp_marks() -> None:
    found = [
        (piece.kind, piece.text)
        for piece in pieces("Hola *{{name}}*, debe _hoy_ {{amount}} ~no~ ```x```", {"name": "Ana", "amount": "$ 5"})
    ]
    assert found == [
        ("", "Hola "), ("bold", "Ana"), ("", ", debe "), ("italic", "hoy"), ("", " "), ("value", "$ 5"), ("", " "),
        ("strike", "no"), ("", " "), ("code", "x"),
    ]  # fmt: skip
