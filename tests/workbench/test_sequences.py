"""The sequences' pages: editions are written and activated, tomorrow is rehearsed without a trace, a pause holds."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import DomainError
from messaging.models import Enrolment, MessageTemplate, SendRequest, SequenceVersion
from messaging.models import Sequence as DunningSequence
from messaging.sequences import editing
from messaging.sequences.decide import Step, carry_over, touches
from messaging.sequences.rehearsal import rehearse, tomorrow
from messaging.sequences.running import step_on
from messaging.sequences.seeds import STEPS
from messaging.sequences.services import refresh
from tenants import work
from tenants.models import AuditEntry, Tenant
from tests.factories import NOON, make_creditor, make_tenant, make_user
from tests.messaging.desk import Desk, open_desk
from workbench.sequences.queries import differences, line

JOBS = {editing.ALIGN, editing.MOVE, editing.ENROL}


@pytest.fixture
def desk() -> Desk:
    return open_desk("CO")


def client_of(tenant: Tenant, role: str = "admin", **more: Any) -> Client:
    client = Client()
    client.force_login(make_user(tenant, role=role, **more))
    return client


def only(desk: Desk) -> DunningSequence:
    with desk.scope():
        return DunningSequence.objects.get()


def address(desk: Desk, rest: str = "") -> str:
    return f"/o/{desk.tenant.slug}/sequences/{rest}"


def enrolled(desk: Desk, *days: int) -> list[Any]:
    """Debtors so many days late, enrolled as if they had been followed from the beginning."""
    with desk.scope():
        debtors = [desk.debtor(days_late=late) for late in days]
        refresh([debtor.pk for debtor in debtors], now=NOON)
    return debtors


def rows(steps: Any = STEPS, **changed: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for place, step in enumerate(steps):
        for name in ("code", "offset_days", "stage", "at", "times", "every_days"):
            found[f"{name}_{place}"] = str(step.get(name, ""))
    return found | {key: str(value) for key, value in changed.items()}


def counted() -> dict[str, int]:
    return {
        model._meta.label: model._default_manager.count()
        for model in apps.get_models()
        if model.__module__.split(".")[0] in ("messaging", "compliance", "portfolio", "monitoring", "tenants")
    }


# --- reading


def test_leaders_read_and_an_administrator_of_the_whole_changes(desk: Desk) -> None:
    row = only(desk)
    paths = ["", f"{row.pk}/", f"{row.pk}/rehearsal/"]
    for role in ("supervisor", "auditor", "admin"):
        client = client_of(desk.tenant, role)
        assert [client.get(address(desk, path)).status_code for path in paths] == [200, 200, 200]
    assert client_of(desk.tenant, "agent").get(address(desk)).status_code == 403
    limited = client_of(desk.tenant, "admin", creditor_ids=[desk.creditor.pk])
    for client in (client_of(desk.tenant, "supervisor"), client_of(desk.tenant, "auditor"), limited):
        assert client.get(address(desk, f"{row.pk}/edit/")).status_code == 403
        for action in ("edit", "activate", "pause", "resume"):
            assert client.post(address(desk, f"{row.pk}/{action}/"), {"version": "1"}).status_code == 403
        assert client.post(address(desk, "new/"), {"name": "x", "country": "CO"}).status_code == 403
    other = make_tenant("CO")
    assert client_of(other).get(f"/o/{other.slug}/sequences/{row.pk}/").status_code == 404
    assert only(desk).paused_at is None


def test_the_page_names_text_disclosure_and_buttons_of_each_step_and_a_gap(desk: Desk) -> None:
    row = only(desk)
    with desk.scope():
        MessageTemplate.objects.filter(stage="formal").update(status="rejected")
    page = client_of(desk.tenant).get(address(desk, f"{row.pk}/"))
    steps = {step.code: step for step in page.context["steps"]}
    assert steps["first"].template.name == "first_co_v1" and "Quiero pagar" in steps["first"].menu
    assert steps["formal"].template is None
    assert "<svg" in page.content.decode()
    for wrong in ("99", "x", "-1"):
        assert client_of(desk.tenant).get(address(desk, f"{row.pk}/"), {"version": wrong}).status_code in (200, 404)


def test_the_line_keeps_the_order_of_days_and_puts_every_touch_on_it() -> None:
    drawn = line(STEPS)
    assert len(drawn.dots) == 9 and [dot.x for dot in drawn.dots] == sorted(dot.x for dot in drawn.dots)
    assert drawn.dots[0].x < drawn.due < drawn.dots[1].x
    assert all(0 <= dot.x <= drawn.width for dot in drawn.dots)
    assert line([]).dots == ()


# --- editions


def test_an_edition_is_saved_compared_and_activated_for_new_enrolments_only(desk: Desk) -> None:
    enrolled(desk, 12)
    client, row = client_of(desk.tenant), only(desk)
    steps = [dict(step) for step in STEPS]
    steps[1]["offset_days"] = 2
    shown = client.post(address(desk, f"{row.pk}/edit/"), rows(steps, action="show"))
    assert shown.status_code == 200 and shown.context["changes"][0]["kind"] == "changed"
    saved = client.post(address(desk, f"{row.pk}/edit/"), rows(steps, action="save"))
    assert saved.status_code == 302 and saved["Location"].endswith("?version=2")
    assert only(desk).active_version == 1, "a saved edition holds for nobody"
    client.post(address(desk, f"{row.pk}/edit/"), rows(steps, action="save"))
    with desk.scope():
        assert SequenceVersion.objects.count() == 2, "the same words again are the same edition"
    page = client.get(address(desk, f"{row.pk}/"), {"version": "2"})
    assert [change["code"] for change in page.context["changes"]] == ["first"]
    done = client.post(address(desk, f"{row.pk}/activate/"), {"version": "2", "running": "stay", "reason": "earlier"})
    assert done.status_code == 302 and only(desk).active_version == 2
    work.drain(desk.tenant.pk, only=JOBS)
    with desk.scope():
        assert Enrolment.objects.get().version.version == 1, "who runs stays"
        fresh = desk.debtor(days_late=1)
        refresh([fresh.pk], now=NOON)
        assert Enrolment.objects.get(debtor=fresh).version.version == 2
        assert AuditEntry.objects.get(action="sequence.activate").after == {"version": 2, "running_moved": False}
    assert client.post(address(desk, f"{row.pk}/activate/"), {"version": "2"}).status_code == 422
    assert client.post(address(desk, f"{row.pk}/activate/"), {"version": "77"}).status_code == 422
    assert client.post(address(desk, f"{row.pk}/activate/"), {"version": "x"}).status_code == 422


def test_those_who_run_are_moved_when_that_was_chosen_and_hear_nothing_twice(desk: Desk) -> None:
    (debtor,) = enrolled(desk, 12)
    with desk.scope():
        row = Enrolment.objects.select_related("version", "invoice").get(debtor=debtor)
        step_on([row], now=NOON)
        assert Enrolment.objects.get(debtor=debtor).last_step == "middle"
    sequence = only(desk)
    steps = [dict(step) for step in STEPS if step["code"] != "middle"]
    steps[2] = {**steps[2], "code": "second", "offset_days": 18}
    client = client_of(desk.tenant)
    client.post(address(desk, f"{sequence.pk}/edit/"), rows(steps, action="save"))
    client.post(address(desk, f"{sequence.pk}/activate/"), {"version": "2", "running": "move"})
    work.drain(desk.tenant.pk, only=JOBS)
    with desk.scope():
        moved = Enrolment.objects.select_related("version").get(debtor=debtor)
        assert (moved.version.version, moved.last_step, moved.next_step) == (2, "first", "second")
        assert SendRequest.objects.filter(debtor=debtor).count() == 1


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"offset_days_1": "x"}, 1), ({"offset_days_1": "9999"}, 1), ({"stage_1": "none"}, 1), ({"at_1": "25:00"}, 1),
        ({"at_1": "03:00"}, 1), ({"times_1": "0"}, 1), ({"times_1": "3"}, 1), ({"code_1": "A B"}, 1), ({"code_1": "last"}, 6),
        ({"offset_days_1": "10"}, 2), ({"offset_days_0": "3"}, 0), ({"stage_2": "preventive"}, 2), ({"times_6": "13"}, 6),
        ({"offset_days_1": ""}, 1),
    ],
)  # fmt: skip
def test_steps_that_cannot_be_are_refused_at_their_place(desk: Desk, changed: dict[str, str], where: int) -> None:
    row = only(desk)
    answer = client_of(desk.tenant).post(address(desk, f"{row.pk}/edit/"), rows(**changed, action="save"))
    assert answer.status_code == 422 and answer.context["bad_row"] == where and answer.context["problem"]
    with desk.scope():
        assert SequenceVersion.objects.count() == 1


def test_rows_are_added_and_removed_and_an_empty_editor_is_refused(desk: Desk) -> None:
    client, row = client_of(desk.tenant), only(desk)
    more = client.post(address(desk, f"{row.pk}/edit/"), rows(action="add"))
    assert len(more.context["rows"]) == 8 and more.context["rows"][-1][1]["offset_days"] == "72"
    fewer = client.post(address(desk, f"{row.pk}/edit/"), rows(action="remove:0"))
    assert next(each["code"] for _, each in fewer.context["rows"]) == "first"
    assert client.post(address(desk, f"{row.pk}/edit/"), {"action": "save"}).status_code == 422
    many = [{"code": f"s{n}", "offset_days": n + 1, "stage": "first", "at": "09:00"} for n in range(25)]
    assert client.post(address(desk, f"{row.pk}/edit/"), rows(many, action="save")).status_code == 422


def test_a_new_sequence_enrols_nobody_until_it_is_activated(desk: Desk) -> None:
    with desk.scope():
        own = make_creditor()
    client = client_of(desk.tenant)
    made = client.post(address(desk, "new/"), {"name": "Cartera propia", "country": "CO", "creditor": str(own.pk)})
    assert made.status_code == 302
    with desk.scope():
        row = DunningSequence.objects.get(name="Cartera propia")
        assert (row.active_version, row.creditor_id) == (0, own.pk)
    assert client.post(address(desk, "new/"), {"name": "Cartera propia", "country": "CO"}).status_code == 422
    for wrong in (
        {"name": " ", "country": "CO"},
        {"name": "x", "country": "ZZ"},
        {"name": "x", "country": "CO", "creditor": "no"},
    ):
        assert client.post(address(desk, "new/"), wrong).status_code == 422
    client.post(address(desk, f"{row.pk}/activate/"), {"version": "1"})
    work.drain(desk.tenant.pk, only=JOBS)
    with desk.scope():
        assert DunningSequence.objects.get(pk=row.pk).active_version == 1


def test_a_country_without_a_sequence_is_enrolled_when_one_holds() -> None:
    desk = open_desk("CO")
    with desk.scope():
        DunningSequence.objects.all().update(active_version=0)
        late = desk.debtor(days_late=5)
        refresh([late.pk], now=NOON)
        assert not Enrolment.objects.exists()
    client_of(desk.tenant).post(address(desk, f"{only(desk).pk}/activate/"), {"version": "1"})
    work.drain(desk.tenant.pk, only=JOBS)
    with desk.scope():
        assert Enrolment.objects.get().debtor_id == late.pk


# --- pause


def test_a_pause_takes_back_what_waits_and_going_on_asks_for_it_anew(desk: Desk) -> None:
    (debtor,) = enrolled(desk, 12)
    with desk.scope():
        night = NOON + timedelta(hours=9)  # 22:00 in Bogotá: the message waits for the morning
        step_on([Enrolment.objects.select_related("version", "invoice").get()], now=night)
        assert SendRequest.objects.get().state == "waiting"
    client, row = client_of(desk.tenant), only(desk)
    assert client.post(address(desk, f"{row.pk}/pause/"), {"reason": "wrong amounts"}).status_code == 302
    work.drain(desk.tenant.pk, only=JOBS)
    with desk.scope():
        held = Enrolment.objects.get()
        assert (held.state, held.reason, held.next_at) == ("paused", "sequence", None)
        assert SendRequest.objects.get().state == "withdrawn"
        refresh([debtor.pk], now=NOON)
        assert Enrolment.objects.get().reason == "sequence", "nothing else lets it go on"
        fresh = desk.debtor(days_late=4)
        refresh([fresh.pk], now=NOON)
        assert Enrolment.objects.get(debtor=fresh).reason == "sequence"
    assert client.post(address(desk, f"{row.pk}/pause/")).status_code == 422
    assert client.post(address(desk, f"{row.pk}/resume/"), {"reason": "mended"}).status_code == 302
    work.drain(desk.tenant.pk, only=JOBS)
    with desk.scope():
        again = Enrolment.objects.get(debtor=debtor)
        assert (again.state, again.next_step) == ("active", "middle"), "the step that was taken back is asked for again"
        step_on([Enrolment.objects.select_related("version", "invoice").get(debtor=debtor)], now=NOON)
        assert sorted(SendRequest.objects.filter(debtor=debtor).values_list("state", flat=True)) == [
            "queued",
            "withdrawn",
        ]
    assert client.post(address(desk, f"{row.pk}/resume/")).status_code == 422


# --- rehearsal


def test_a_rehearsal_counts_by_step_and_writes_nothing(desk: Desk) -> None:
    enrolled(desk, 2, 9, 9, 34)
    with desk.scope():
        debtors = [desk.debtor(days_late=9, consent=False), desk.debtor(days_late=9, verified=False)]
        refresh([debtor.pk for debtor in debtors], now=NOON)
        for enrolment in Enrolment.objects.all():  # they were followed: what was due before has been said
            assert enrolment.invoice is not None
            late = (NOON.date() - enrolment.invoice.due_on).days
            done = [
                touch.code
                for touch in touches([Step.from_data(s) for s in STEPS], date(2000, 1, 1))
                if touch.on <= date(2000, 1, 1) + timedelta(days=late)
            ]
            Enrolment.objects.filter(pk=enrolment.pk).update(last_step=done[-1] if done else "")
        refresh(Enrolment.objects.values_list("debtor_id", flat=True), now=NOON)
        before = counted()
        row = DunningSequence.objects.get()
        version = SequenceVersion.objects.get()
        outlook = rehearse(row, version, on=tomorrow(row, NOON), moved=False, now=NOON)
        assert counted() == before
    assert {step.code: step.due for step in outlook.steps} == {"first": 1, "middle": 4, "formal": 1}
    assert (outlook.due, outlook.asked) == (6, 6)
    assert (outlook.allow, outlook.blocked) == (5, 1) and outlook.blockers["X-CONSENT"] == 1
    middle = next(step for step in outlook.steps if step.code == "middle")
    assert middle.templates == {"middle_co_v1": 3, "probe_co_v1": 1}, "who is not verified is asked who they are"
    assert outlook.samples and all("{{" not in sample.text for sample in outlook.samples)
    client = client_of(desk.tenant, "supervisor")
    with desk.scope():
        before = counted()
    page = client.get(address(desk, f"{row.pk}/rehearsal/"))
    assert page.status_code == 200 and page.context["outlook"].allow == 5
    for odd in ({"on": "nonsense"}, {"on": "2099-01-01"}, {"moved": "7"}):
        assert client.get(address(desk, f"{row.pk}/rehearsal/"), odd).status_code == 200
    assert client.get(address(desk, f"{row.pk}/rehearsal/"), {"version": "9"}).status_code == 404
    with desk.scope():
        assert counted() == before


def test_a_rehearsal_says_what_stands_before_the_gate(desk: Desk) -> None:
    enrolled(desk, 9)
    with desk.scope():
        Enrolment.objects.update(last_step="first")
        refresh(Enrolment.objects.values_list("debtor_id", flat=True), now=NOON)
        MessageTemplate.objects.filter(stage="middle").update(status="paused")
        row = DunningSequence.objects.get()
        outlook = rehearse(row, SequenceVersion.objects.get(), on=tomorrow(row, NOON), moved=False, now=NOON)
        assert outlook.obstacles == {"template_missing": 1} and outlook.blocked == 1
        sunday = rehearse(row, SequenceVersion.objects.get(), on=date(2026, 11, 22), moved=False, now=NOON)
        assert sunday.due == 0, "by Sunday it has gone out, or stays what it was"


def test_a_rehearsal_of_another_edition_takes_everybody_at_their_place(desk: Desk) -> None:
    enrolled(desk, 10)
    row = only(desk)
    steps = [dict(step) for step in STEPS]
    steps[3]["offset_days"] = 11
    client_of(desk.tenant).post(address(desk, f"{row.pk}/edit/"), rows(steps, action="save"))
    page = client_of(desk.tenant).get(address(desk, f"{row.pk}/rehearsal/"), {"version": "2"})
    assert page.context["moved"] and {step.code: step.due for step in page.context["outlook"].steps} == {"middle2": 1}
    stays = client_of(desk.tenant).get(address(desk, f"{row.pk}/rehearsal/"), {"version": "2", "moved": "0"})
    assert stays.context["outlook"].due == 0


# --- rules of editions


steps_of_any_kind = st.lists(
    st.builds(
        lambda day, stage, times, every: {"offset_days": day, "stage": stage, "at": "10:00", "times": times, "every_days": every},
        st.integers(0, 90), st.sampled_from(["first", "middle", "formal", "last"]), st.integers(1, 3), st.integers(1, 20),
    ),
    min_size=1, max_size=6,
).map(lambda found: [{**step, "code": f"s{n}"} for n, step in enumerate(found)])  # fmt: skip


@given(steps_of_any_kind)
def test_what_is_accepted_never_speaks_twice_on_a_day_and_is_in_order(steps: list[dict[str, Any]]) -> None:
    try:
        checked = editing.check_steps(steps)
    except DomainError:
        return
    planned = touches([Step.from_data(step) for step in checked], date(2026, 1, 1))
    assert len({touch.on for touch in planned}) == len(planned)
    assert [step["offset_days"] for step in checked] == sorted(step["offset_days"] for step in checked)
    assert editing.check_steps(checked) == checked and differences(checked, checked) == []


@given(steps_of_any_kind, steps_of_any_kind, st.integers(0, 5))
def test_who_is_moved_stands_no_later_than_they_stood(old: Any, new: Any, at: int) -> None:
    before, after = [Step.from_data(s) for s in old], [Step.from_data({**s, "code": f"n{s['code']}"}) for s in new]
    origin = date(2000, 1, 1)
    planned = touches(before, origin)
    last = planned[min(at, len(planned) - 1)]
    code = carry_over(last.code, before, after)
    assert carry_over("", before, after) == "" and carry_over("gone", before, after) == ""
    assert carry_over(last.code, before, before) == last.code
    if code:
        reached = next(touch for touch in touches(after, origin) if touch.code == code)
        assert reached.on <= max(touch.on for touch in planned if touch.code == last.code)
