"""Overview, review, decisions, evidence and reports: sums that add up, who may see and do what, races, bad input."""

from __future__ import annotations

import hashlib
import io
import json
import re
import threading
import uuid
import zipfile
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.models import Count, Sum
from django.test import Client
from django.utils.translation import override
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compliance.evidence import verifier
from compliance.ledger import checks
from compliance.ledger.seals import seal_now
from compliance.models import Decision, EvidencePack, LedgerCheck
from compliance.services import raise_stop
from kernel.errors import DomainError
from kernel.money import Money
from messaging.models import Conversation, Message, Note, SendRequest
from messaging.sending.request import request_send
from messaging.sending.standing import ask_again, expire, withdraw_of_person
from messaging.sending.wishes import Wish
from monitoring import periods, queries, reviews, services
from monitoring.gate import PARTS, part_of
from monitoring.models import Alert, AlertAction, SendStanding, Tally
from portfolio.models import Debtor
from portfolio.services.disputes import open_dispute
from portfolio.services.payments import record_payment
from tenants import events, work
from tenants.models import AuditEntry
from tenants.scope import tenant_scope
from tests import factories
from tests.factories import NOON, make_user
from tests.messaging.desk import Desk, open_desk
from workbench.review.queries import pieces
from workbench.supervisor.tables import cell_of

THREAT = "Si no paga hoy voy a llamar a su jefe y a contarle a toda su familia."
KIND = "Buenas tardes, quedo atento a su respuesta."
FIGURES = {"figures", "scan"}


@pytest.fixture(autouse=True)
def english():
    with override("en"):
        yield


@pytest.fixture
def desk() -> Desk:
    return open_desk("CO")


def member(desk: Desk, role: str = "supervisor", **more: Any) -> tuple[Client, Any]:
    user = make_user(desk.tenant, role=role, **more)
    user.language = "en"
    user.save(update_fields=["language"])
    client = Client()
    client.force_login(user)
    return client, user


def at(desk: Desk, path: str) -> str:
    return f"/o/{desk.tenant.slug}/{path}"


def talk(
    desk: Desk,
    debtor: Debtor,
    text: str = KIND,
    *,
    actor: str = "system:test",
    message_class: str = "reply",
    origin: str = "agent",
) -> SendRequest:
    """Somebody asks for a message; the debtor wrote an hour ago, so that it may be free text."""
    point = factories.contact_of(debtor)
    conversation = Conversation.objects.filter(person_id=debtor.person_id).first() or factories.make_conversation(
        desk.number, point, debtor=debtor, now=desk.now
    )
    Conversation.objects.filter(pk=conversation.pk).update(last_inbound_at=desk.now - timedelta(hours=1))
    wish = Wish(
        creditor_id=debtor.creditor_id, debtor_id=debtor.pk, message_class=message_class, origin_kind=origin,
        content={"kind": "text", "text": text}, origin_id=uuid.uuid4().hex, actor=actor, conversation_id=conversation.pk,
    )  # fmt: skip
    [request] = request_send([wish], now=desk.now)
    assert request is not None
    return request


def settle(desk: Desk) -> None:
    work.drain(desk.tenant.pk, only=FIGURES)


def alert_of(desk: Desk, debtor: Debtor, text: str = THREAT, actor: str = "system:test") -> Alert:
    """An alert about a message that somebody tried to send, found by the scan."""
    with desk.scope():
        request = talk(desk, debtor, text, actor=actor)
    settle(desk)
    with desk.scope():
        found = Alert.objects.filter(message_id=request.message_id).order_by("-severity").first()
        assert found is not None, "the scan found nothing"
        return found


# --- the gate's sums


def test_every_verdict_state_and_kind_has_one_part():
    kinds = ["stop", "consent", "identity", "prohibited_content", "required_content", "freshness", "channel",
             "closed_day", "window", "cap", "spacing", "channel_lock", "something_new"]  # fmt: skip
    for verdict in ("allow", "defer", "deny"):
        for state in SendRequest.State.values:
            for kind in kinds:
                part, cause = part_of(verdict, state, [kind])
                assert part in PARTS
                assert bool(cause) == (part == "deferred")
    assert part_of("defer", "waiting", ["window"]) == ("deferred", "hours")
    assert part_of("defer", "expired", ["window"]) == ("hours", "")
    assert part_of("deny", "withdrawn", ["prohibited_content", "window"]) == ("tone", "")


STEPS = st.lists(
    st.sampled_from(["send", "threat", "collect", "night", "day", "stop", "expire", "withdraw", "count", "again", "unverified"]),
    min_size=3, max_size=14,
)  # fmt: skip


@settings(max_examples=12, suppress_health_check=list(HealthCheck), deadline=None)
@given(history=STEPS)
def test_the_parts_add_up_to_the_sends_asked_for_whatever_happened(history):
    desk = open_desk("CO")
    with desk.scope():
        debtors = [desk.debtor(), desk.debtor(), desk.debtor(verified=False), desk.debtor(consent=False)]
    for place, step in enumerate(history):
        debtor = debtors[place % len(debtors)]
        with desk.scope():
            if step == "night":
                desk.now += timedelta(hours=9)
            elif step == "day":
                desk.now += timedelta(days=1)
            elif step in ("send", "unverified"):
                talk(desk, debtors[2] if step == "unverified" else debtor)
            elif step == "threat":
                talk(desk, debtor, THREAT)
            elif step == "collect":
                talk(
                    desk,
                    debtor,
                    "Su factura está vencida, le pedimos pagarla.",
                    message_class="collection",
                    origin="step",
                )
            elif step == "stop":
                raise_stop(debtor.person_id, "opted_out", evidence={}, source="test", now=desk.now)
            elif step == "withdraw":
                withdraw_of_person(debtor.person_id, reason="test", now=desk.now, classes=None)
            elif step in ("expire", "again"):
                rows = list(SendRequest.objects.select_for_update(no_key=True).filter(state="waiting"))
                (expire if step == "expire" else ask_again)(rows, now=desk.now)
        if step == "count":
            settle(desk)
    settle(desk)
    with desk.scope():
        asked = SendRequest.objects.count()
        tallied = dict(Tally.objects.filter(kind="gate").values_list("key").annotate(n=Sum("count")).order_by())
        stood = dict(SendStanding.objects.values_list("part").annotate(n=Count("id")).order_by())
        assert sum(tallied.values()) == asked == SendStanding.objects.count()
        assert {key: n for key, n in tallied.items() if n} == stood
        assert min(tallied.values(), default=0) >= 0 and set(tallied) <= set(PARTS)
        for row in SendStanding.objects.all():
            request = SendRequest.objects.get(pk=row.pk)
            decision = Decision.objects.get(pk=request.decision_id)
            assert row.decision_id == decision.pk
            assert (row.part == "allowed") == (decision.verdict == "allow")
            assert (row.part == "deferred") == (decision.verdict == "defer" and request.state in ("waiting", "queued"))
        period = periods.last_days(90, "CO", desk.now)
        assert sum(n for _, n in queries.parts(queries.figures(period))) == asked
        assert queries.freshness().behind == 0


def test_reading_the_same_events_again_counts_nothing_twice(desk):
    with desk.scope():
        debtor = desk.debtor()
        talk(desk, debtor)
        talk(desk, debtor, THREAT)
    settle(desk)
    with desk.scope():
        from tenants.models import EventCursor

        before = list(Tally.objects.filter(kind="gate").order_by("id").values_list("key", "count"))
        EventCursor.objects.filter(reader="figures").update(sequence=0)
        _, found = events.unread("figures", names=["decision.recorded"])
        from monitoring.figures import count

        count([one for one in found if one.name == "decision.recorded"], "CO")
        assert list(Tally.objects.filter(kind="gate").order_by("id").values_list("key", "count")) == before


def test_every_number_of_the_gate_opens_a_list_of_as_many_rows(desk):
    client, _ = member(desk)
    with desk.scope():
        ana, luz = desk.debtor(), desk.debtor(verified=False)
        talk(desk, ana)
        talk(desk, ana, THREAT)
        talk(desk, luz, "Su factura F-1 por 1000 está vencida.", message_class="collection", origin="step")
        desk.now += timedelta(hours=9)
        talk(desk, ana, "Le recordamos pagar su factura.", message_class="collection", origin="step")
    settle(desk)
    page = client.get(at(desk, "overview/?period=today"))
    assert page.status_code == 200
    gate = page.context["gate"]
    with desk.scope():
        assert gate.total == SendRequest.objects.count() == sum(part.count for part in gate.parts)
    for part in gate.parts:
        listed = client.get(at(desk, f"decisions/?period=today&part={part.name}"))
        assert listed.context["total"] == part.count == len(listed.context["rows"])
        for row, *_ in listed.context["rows"]:
            assert client.get(at(desk, f"decisions/{row.pk}/")).status_code == 200
    whole = client.get(at(desk, "decisions/?period=today&part=all"))
    assert whole.context["total"] == gate.total
    lines = client.get(at(desk, "overview/?period=today&format=csv")).content.decode("utf-8-sig").splitlines()
    assert lines[0] == "panel,measure,key,currency,value,of"
    assert sum(int(line.split(",")[4]) for line in lines if line.startswith("gate,requests")) == gate.total


def test_money_that_comes_in_is_counted_by_bucket_and_what_is_taken_back_leaves(desk):
    client, _ = member(desk)
    with desk.scope():
        debtor = desk.debtor(days_late=40, amount="1000")
        record_payment(
            desk.creditor, debtor, "P-1", Money(Decimal("400"), "COP"), paid_at=desk.now, now=desk.now, source="test"
        )
    settle(desk)
    page = client.get(at(desk, "overview/"))
    [row] = [one for one in page.context["recovery"].rows if one.bucket == "31-60"]
    assert str(row.came.amount) in ("400", "400.00") and row.share == pytest.approx(0.4)
    assert client.get(at(desk, "reports/")).context["charts"][0].total == row.came


# --- who may see what


PAGES = ["overview/", "overview/waiting/", "overview/broken/", "overview/channels/", "review/", "decisions/", "evidence/",
         "evidence/verify/", "reports/"]  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_leaders_read_every_page_agents_and_strangers_none(desk, path):
    for role in ("supervisor", "admin", "auditor"):
        assert member(desk, role)[0].get(at(desk, path)).status_code == 200
    assert member(desk, "agent")[0].get(at(desk, path)).status_code == 403
    assert member(open_desk("MX"), "supervisor")[0].get(at(desk, path)).status_code == 404
    assert Client().get(at(desk, path)).status_code == 302


def test_an_unknown_list_is_not_there(desk):
    assert member(desk)[0].get(at(desk, "overview/nothing/")).status_code == 404


def two_creditors(desk: Desk) -> tuple[Any, Debtor, Debtor]:
    with desk.scope():
        other = factories.make_creditor(now=desk.now)
        mine = desk.debtor()
        theirs = factories.make_debtor(other, invoices=[("1000", (desk.now - timedelta(days=9)).date())], now=desk.now)
    return other, mine, theirs


def test_people_of_one_creditor_see_their_own_figures_alerts_and_receipts_only(desk):
    other, mine, theirs = two_creditors(desk)
    ours, hidden = alert_of(desk, mine), alert_of(desk, theirs)
    for role in ("supervisor", "auditor"):
        client, _ = member(desk, role, creditor_ids=[desk.creditor.pk])
        page = client.get(at(desk, "overview/"))
        with tenant_scope(desk.tenant.pk, creditor_ids=[desk.creditor.pk]):
            assert page.context["gate"].total == SendRequest.objects.count() == 1
        assert client.get(at(desk, f"review/{ours.pk}/")).status_code == 200
        assert client.get(at(desk, f"review/{hidden.pk}/")).status_code == 404
        assert str(hidden.pk) not in client.get(at(desk, "review/")).content.decode()
        with desk.scope():
            decision = Decision.objects.get(debtor_id=theirs.pk)
        assert client.get(at(desk, f"decisions/{decision.pk}/")).status_code == 404
        assert client.get(at(desk, "decisions/")).context["rows"][0][0].debtor_id == mine.pk
        assert theirs.external_id not in client.get(at(desk, "decisions/?format=csv")).content.decode()
        taken = client.post(at(desk, "evidence/take/"), {"about": f"debtor:{theirs.pk}"})
        assert taken.status_code == 422
    # A creditor's own people: figures, no conversations.
    client, _ = member(desk, "creditor", creditor_ids=[other.pk])
    assert client.get(at(desk, "overview/")).context["gate"].total == 1
    assert client.get(at(desk, "overview/")).context["desks"] == []
    assert client.get(at(desk, "review/")).status_code == 403
    assert client.get(at(desk, "reports/")).status_code == 200


def test_a_supervisor_of_one_creditor_can_do_all_of_the_review(desk):
    _, mine, _ = two_creditors(desk)
    found = alert_of(desk, mine)
    client, user = member(desk, "supervisor", creditor_ids=[desk.creditor.pk])
    for action, data in (("claim", {}), ("note", {"note": "I call him"}), ("freeze", {}), ("unfreeze", {}), ("takeover", {}),
                         ("whisper", {"whisper": "Softer"}), ("violation", {"note": "clear"}), ("undo", {}), ("escalate", {})):  # fmt: skip
        answer = client.post(at(desk, f"review/{found.pk}/{action}/"), data, headers={"HX-Request": "true"})
        assert answer.status_code == 200, (action, answer.content[:300])
    with desk.scope():
        conversation = Conversation.objects.get(pk=found.conversation_id)
        assert (
            conversation.assignee_id == user.pk and conversation.speaker == "agent" and conversation.frozen_at is None
        )
        assert Note.objects.get(conversation=conversation).kind == "whisper"


def test_readers_change_nothing(desk):
    with desk.scope():
        debtor = desk.debtor()
    found = alert_of(desk, debtor)
    client, _ = member(desk, "auditor")
    for action in ("claim", "violation", "freeze"):
        assert client.post(at(desk, f"review/{found.pk}/{action}/")).status_code == 403
    assert client.post(at(desk, "overview/verify/")).status_code == 403
    # But what they are there for works: checking a file, taking evidence out.
    assert client.post(at(desk, "evidence/take/"), {"about": f"debtor:{debtor.pk}"}).status_code == 200
    assert client.get(at(desk, "decisions/"), {"verdict": "deny"}).status_code == 200
    page = client.get(at(desk, f"review/{found.pk}/")).content.decode()
    assert 'data-key="v"' not in page


# --- the review


def test_a_threat_is_listed_with_its_place_marked_and_its_rule(desk):
    with desk.scope():
        debtor = desk.debtor()
        factories.make_message(
            factories.make_conversation(desk.number, factories.contact_of(debtor), debtor=debtor, now=desk.now),
            "¿Cuánto debo?", debtor=debtor, now=desk.now - timedelta(minutes=5),
        )  # fmt: skip
    found = alert_of(desk, debtor)
    client, _ = member(desk)
    page = client.get(at(desk, f"review/{found.pk}/"))
    text = page.content.decode()
    assert "<mark>" in text and "never left" in text and "¿Cuánto debo?" in text
    assert (
        page.context["rules"]
        and page.context["rules"][0][0].sentences
        and all(ground for _, ground in page.context["rules"])
    )
    assert page.context["queue"].total >= 1
    assert [said.here for said in page.context["thread"]].count(True) == 1


def test_deciding_shows_the_next_one_and_can_be_taken_back(desk):
    with desk.scope():
        first, second = desk.debtor(), desk.debtor()
    one, two = alert_of(desk, first), alert_of(desk, second)
    client, user = member(desk)
    order = [row.pk for row in client.get(at(desk, "review/")).context["queue"].rows]
    answer = client.post(at(desk, f"review/{order[0]}/violation/"), {"note": "threat"}, headers={"HX-Request": "true"})
    shown = answer.content.decode()
    assert answer.status_code == 200 and f"{order[1]}/violation/" in shown and f"{order[0]}/violation/" not in shown
    assert f"{order[0]}/undo/" in shown and 'data-seconds="' in shown and "<html" not in shown
    assert str(order[1]) in answer["HX-Push-Url"] and "toast" in answer["HX-Trigger"]
    back = client.post(at(desk, f"review/{order[0]}/undo/"), headers={"HX-Request": "true"})
    assert back.status_code == 200 and f"{order[0]}/violation/" in back.content.decode()
    with desk.scope():
        row = Alert.objects.get(pk=order[0])
        assert (row.state, row.claimed_by, row.decided_at, row.note) == ("claimed", user.pk, None, "")
        kinds = list(AlertAction.objects.filter(alert=row).order_by("id").values_list("kind", flat=True))
        assert kinds == ["violation", "undone"]
        assert set(AuditEntry.objects.filter(subject="monitoring.alert").values_list("action", flat=True)) == {
            "alert.decide", "alert.undo",
        }  # fmt: skip
    assert {one.pk, two.pk} <= set(order)


def test_undo_is_late_after_half_a_minute_and_nobody_elses(desk):
    with desk.scope():
        debtor = desk.debtor()
    found = alert_of(desk, debtor)
    client, user = member(desk)
    other, someone = member(desk)
    client.post(at(desk, f"review/{found.pk}/false-alarm/"), {"note": "joke"})
    assert other.post(at(desk, f"review/{found.pk}/undo/"), headers={"HX-Request": "true"}).status_code == 422
    with desk.scope():
        until = Alert.objects.get(pk=found.pk).undo_until
        assert until is not None
        Alert.objects.filter(pk=found.pk).update(undo_until=until - timedelta(seconds=31))
        with pytest.raises(DomainError) as late:
            services.undo_decision(found.pk, by=user.pk, now=desk.now)
        assert late.value.code == "undo_too_late"
        with pytest.raises(DomainError):
            services.decide_alert(found.pk, verdict="violation", note="", actor="user:x", now=desk.now, by=someone.pk)


def test_two_people_at_once_claim_one_alert_once(desk):
    with desk.scope():
        debtor = desk.debtor()
    found = alert_of(desk, debtor)
    people = [make_user(desk.tenant, role="supervisor") for _ in range(4)]
    gate, outcomes = threading.Barrier(len(people)), []

    def claim(user: Any) -> None:
        try:
            gate.wait()
            with tenant_scope(desk.tenant.pk):
                services.claim_alert(found.pk, by=user.pk, now=desk.now)
            outcomes.append(user.pk)
        except DomainError as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=claim, args=[user]) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert outcomes.count("conflict") == len(people) - 1
    [winner] = [one for one in outcomes if one != "conflict"]
    with desk.scope():
        assert Alert.objects.get(pk=found.pk).claimed_by == winner
        assert AlertAction.objects.filter(alert_id=found.pk, kind="claimed").count() == 1
    loser = next(user for user in people if user.pk != winner)
    client = Client()
    client.force_login(loser)
    assert client.post(at(desk, f"review/{found.pk}/violation/"), headers={"HX-Request": "true"}).status_code == 422
    assert client.get(at(desk, f"review/{found.pk}/")).context["held_by_other"] is True


def test_a_claim_runs_out(desk):
    with desk.scope():
        debtor = desk.debtor()
    found = alert_of(desk, debtor)
    first, second = (make_user(desk.tenant, role="supervisor") for _ in range(2))
    with desk.scope():
        held = services.claim_alert(found.pk, by=first.pk, now=desk.now)
        assert services.held_by(held) == first.pk and held.claimed_until is not None
        Alert.objects.filter(pk=found.pk).update(claimed_until=held.claimed_until - services.CLAIM_FOR)
        assert services.held_by(Alert.objects.get(pk=found.pk)) is None
        assert services.claim_alert(found.pk, by=second.pk, now=desk.now).claimed_by == second.pk
        with pytest.raises(DomainError):
            services.release_alert(found.pk, by=first.pk, now=desk.now)
        assert services.release_alert(found.pk, by=second.pk, now=desk.now).state == "open"


def test_an_alert_lights_up_every_page_of_a_reviewer(desk):
    client, _ = member(desk)
    assert b"<b " not in client.get(at(desk, "review/badge/")).content
    assert client.get(at(desk, "review/notice/")).headers.get("HX-Trigger") is None
    with desk.scope():
        debtor = desk.debtor()
    found = alert_of(desk, debtor)
    with desk.scope():
        from tenants.models import Event

        assert Event.objects.filter(name="alert.raised", subject_id=found.pk).exists()  # what the stream tells
        severe = reviews.open_severe()
    assert severe >= 1 and f">{severe}</b>" in client.get(at(desk, "review/badge/")).content.decode()
    told = json.loads(client.get(at(desk, "review/notice/")).headers["HX-Trigger"])
    assert told["toast"]["tone"] == "danger" and "alert" in told["toast"]["text"]
    listed = client.get(at(desk, "review/?part=list"), headers={"HX-Request": "true"}).content.decode()
    assert str(found.pk) in listed and "<html" not in listed
    panels = client.get(at(desk, "overview/"), headers={"HX-Request": "true"})
    assert b"<html" not in panels.content and 'class="tile bad"' in panels.content.decode()
    assert client.get(at(desk, "overview/")).context["tiles"][0].count == severe
    frame = client.get(at(desk, "overview/")).content.decode()
    assert at(desk, "review/badge/") in frame and at(desk, "review/notice/") in frame


def test_freezing_keeps_back_what_waits_and_unfreezing_lets_it_go(desk):
    with desk.scope():
        debtor = desk.debtor()
    found = alert_of(desk, debtor)
    client, _ = member(desk)
    assert (
        client.post(
            at(desk, f"review/{found.pk}/freeze/"), {"note": "abuse"}, headers={"HX-Request": "true"}
        ).status_code
        == 200
    )
    with desk.scope():
        held = talk(desk, debtor)
        assert (held.verdict, held.state) == ("defer", "waiting")
    settle(desk)
    with desk.scope():
        assert SendStanding.objects.get(pk=held.pk).cause == "channel"
        assert AuditEntry.objects.get(action="conversation.freeze").reason == "abuse"
    client.post(at(desk, f"review/{found.pk}/unfreeze/"), headers={"HX-Request": "true"})
    with desk.scope():
        assert (
            SendRequest.objects.get(pk=held.pk).next_at == Conversation.objects.get(pk=found.conversation_id).updated_at
        )


@pytest.mark.parametrize("action", ["note", "whisper"])
def test_empty_words_are_refused(desk, action):
    with desk.scope():
        debtor = desk.debtor()
    found = alert_of(desk, debtor)
    client, _ = member(desk)
    answer = client.post(at(desk, f"review/{found.pk}/{action}/"), {action: "   "}, headers={"HX-Request": "true"})
    assert answer.status_code == 422 and "write something first" in answer.content.decode()


def test_bad_addresses_and_actions(desk):
    client, _ = member(desk)
    assert client.get(at(desk, f"review/{uuid.uuid4()}/")).status_code == 404
    assert client.post(at(desk, f"review/{uuid.uuid4()}/violation/")).status_code == 404
    with desk.scope():
        debtor = desk.debtor()
    found = alert_of(desk, debtor)
    assert client.post(at(desk, f"review/{found.pk}/explode/")).status_code == 404
    assert client.get(at(desk, f"review/{found.pk}/violation/")).status_code == 405
    for query in ("?kind=<script>", "?state=x&creditor=1", "?actor=%00", "?part=list&kind=severe"):
        assert client.get(at(desk, f"review/{query}")).status_code == 200
    for query in (
        "?from=abc&to=2026-99-99",
        "?period=x&creditor=y",
        "?from=9999-01-01",
        "?from=2026-11-20&to=2026-11-01",
    ):
        assert client.get(at(desk, f"overview/{query}")).status_code == 200
        assert client.get(at(desk, f"decisions/{query}")).status_code == 200
    for query in (
        "?cursor=zzz",
        "?cursor=2026-11-17T00:00:00~x",
        "?rule=';--",
        "?part=all&cursor=zz",
        "?debtor=%F0%9F%98%80",
    ):
        assert client.get(at(desk, f"decisions/{query}")).status_code == 200


def test_pieces_cover_the_text_whatever_the_spans():
    text = "abcdef"
    for spans in ([], [{"start": 2, "end": 4}], [{"start": 0, "end": 3}, {"start": 2, "end": 5}], [{"start": 5, "end": 99}],
                  [{"start": -3, "end": 1}], [{"start": 4, "end": 2}]):  # fmt: skip
        assert "".join(part for part, _ in pieces(text, spans)) == text


# --- receipts, evidence


def test_a_receipt_shows_rules_facts_words_and_place_and_verifies(desk):
    with desk.scope():
        debtor = desk.debtor()
        request = talk(desk, debtor, THREAT)
    work.drain(desk.tenant.pk, only={"seal", *FIGURES})
    client, _ = member(desk)
    page = client.get(at(desk, f"decisions/{request.decision_id}/"))
    text = page.content.decode()
    assert page.status_code == 200 and "signed off" in text
    shown = page.context
    assert {one.rule for one in shown["objections"]} and all(len(one.texts) == 3 for one in shown["objections"])
    assert shown["objections"][0].texts[0][0] == "en"
    assert any(rule.objects for pack in shown["packs"] for rule in pack.rules)
    assert any(rule.applies and not rule.objects for pack in shown["packs"] for rule in pack.rules)
    assert shown["unsigned"] and shown["place"].seal is not None and shown["facts"]
    assert "voy a llamar" in text
    steps = client.get(at(desk, f"decisions/{request.decision_id}/?verify=1")).context["steps"]
    assert [step.ok for step in steps] == [True] * len(steps)
    with desk.scope():
        Message.objects.filter(pk=request.message_id).update(text="Buenas tardes")
    steps = client.get(at(desk, f"decisions/{request.decision_id}/?verify=1")).context["steps"]
    assert [step.ok for step in steps].count(False) == 1


def test_evidence_is_taken_out_noted_and_checked_and_an_altered_line_is_named(desk):
    with desk.scope():
        debtor = desk.debtor()
        request = talk(desk, debtor)
    work.drain(desk.tenant.pk, only={"seal", *FIGURES})
    client, user = member(desk)
    for about, without in ((f"debtor:{debtor.pk}", []), (f"request:{request.pk}", ["no_texts"])):
        taken = client.post(
            at(desk, "evidence/take/"), {"about": about, "without": without, "reason": "SIC-1", "format": "json"}
        )
        assert taken.status_code == 200 and "attachment" in taken["Content-Disposition"]
        text = taken.content.decode()
        assert (KIND in text) == (not without)
        whole = client.post(at(desk, "evidence/verify/"), {"file": SimpleUploadedFile("e.json", text.encode())})
        assert (
            whole.context["whole"] is True and whole.context["ours"] is True and whole.context["made"].reason == "SIC-1"
        )
    with desk.scope():
        packs = list(EvidencePack.objects.order_by("id"))
        assert [(pack.kind, pack.redaction, pack.actor) for pack in packs] == [
            ("debtor", "full", f"user:{user.pk}"), ("request", "no_texts", f"user:{user.pk}"),
        ]  # fmt: skip
        assert AuditEntry.objects.filter(action="evidence.export").count() == 2
    assert packs[0].document in client.get(at(desk, "evidence/")).content.decode()
    lines = text.splitlines()
    place = next(n for n, line in enumerate(lines) if '"verdict"' in line and '"content"' in line)
    lines[place] = lines[place].replace('"allow"', '"deny"')
    altered = client.post(
        at(desk, "evidence/verify/"), {"file": SimpleUploadedFile("e.json", "\n".join(lines).encode())}
    )
    assert altered.context["whole"] is False
    assert altered.context["wrong"][0].startswith(f"line {place + 1},")


def strange_zip(*, method: int = 0, flags: int = 0) -> bytes:
    """A zip whose entry claims a packing or a lock that nobody here can open."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as pack:
        pack.writestr(verifier.FILE, "{}")
    raw = bytearray(body.getvalue())
    for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = raw.index(sign) + at
        raw[place : place + 4] = flags.to_bytes(2, "little") + method.to_bytes(2, "little")
    return bytes(raw)


@pytest.mark.parametrize(
    "body",
    [b"", b"PK", strange_zip(method=99), strange_zip(flags=1), b"[" * 100_000, b"[]", b"\xff\xfe", b'{"seals": 1}'],
    ids=["empty", "cut", "packed strangely", "locked", "deep", "a list", "no text", "no lists"],
)
def test_a_file_that_is_no_evidence_is_told_so(desk, body):
    client, _ = member(desk)
    answer = client.post(at(desk, "evidence/verify/"), {"file": SimpleUploadedFile("e.zip", body)})
    assert answer.status_code in (200, 422)
    assert answer.context.get("problem") or answer.context["whole"] is False


def test_a_pack_is_downloaded_with_who_when_and_hash_and_checked_as_it_came(desk):
    with desk.scope():
        debtor = desk.debtor()
        request = talk(desk, debtor)
        dispute = open_dispute(debtor, None, "not_mine", now=desk.now, source="test", authority="SIC")
        conversation = Conversation.objects.get(person_id=debtor.person_id)
    work.drain(desk.tenant.pk, only={"seal", *FIGURES})
    client, user = member(desk, "auditor")
    day = desk.now.date().isoformat()
    abouts = {
        "debtor": {"about": f"debtor:{debtor.pk}"}, "complaint": {"about": f"complaint:{dispute.pk}"},
        "conversation": {"about": f"conversation:{conversation.pk}"}, "request": {"about": f"request:{request.pk}"},
        "period": {"about": "period", "from": day, "to": day},
    }  # fmt: skip
    for kind, about in abouts.items():
        taken = client.post(at(desk, "evidence/take/"), {**about, "language": "pt", "reason": kind})
        assert taken.status_code == 200 and taken["Content-Type"] == "application/zip", kind
        files = verifier.unpacked(taken.content)
        assert set(files) == {"evidence.json", "evidence.pdf", "verify.py", "LEIA-ME.txt", "SHA256SUMS"}
        with desk.scope():
            pack = EvidencePack.objects.order_by("-id").first()
            made, handed = (
                AuditEntry.objects.filter(action=f"evidence.{what}").order_by("-id").first()
                for what in ("export", "download")
            )
        sums = {name: hashlib.sha256(body).hexdigest() for name, body in files.items() if name != "SHA256SUMS"}
        assert pack is not None and made is not None and handed is not None
        assert (pack.kind, pack.language, pack.files, pack.actor) == (kind, "pt", sums, f"user:{user.pk}")
        assert made.after["files"] == sums and made.actor == handed.actor == pack.actor and made.reason == kind
        assert handed.after["sha256"] == hashlib.sha256(taken.content).hexdigest()
        whole = client.post(at(desk, "evidence/verify/"), {"file": SimpleUploadedFile("e.zip", taken.content)})
        assert whole.context["whole"] is True and whole.context["made"] == pack
    files["evidence.pdf"] += b" "
    spoilt = io.BytesIO()
    with zipfile.ZipFile(spoilt, "w") as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    answer = client.post(at(desk, "evidence/verify/"), {"file": SimpleUploadedFile("e.zip", spoilt.getvalue())})
    assert answer.context["wrong"] == ["evidence.pdf: its SHA-256 is not the one in SHA256SUMS"]


def test_what_evidence_may_be_about_is_found_by_what_is_at_hand(desk):
    with desk.scope():
        debtor = desk.debtor()
        request = talk(desk, debtor)
        dispute = open_dispute(debtor, None, "not_mine", now=desk.now, source="test")
        conversation = Conversation.objects.get(person_id=debtor.person_id)
    client, _ = member(desk)
    for text, chosen in (
        (debtor.external_id, f"debtor:{debtor.pk}"), (str(debtor.pk), f"debtor:{debtor.pk}"),
        (dispute.reference.lower(), f"complaint:{dispute.pk}"), (str(conversation.pk), f"conversation:{conversation.pk}"),
        (str(request.pk), f"request:{request.pk}"), (str(request.decision_id), f"request:{request.pk}"),
    ):  # fmt: skip
        answer = client.get(at(desk, "evidence/"), {"q": text})
        [found] = answer.context["found"]
        assert found.debtor == debtor and found.chosen == chosen, text
        assert f'value="{chosen}"' in answer.content.decode()
    assert client.get(at(desk, "evidence/"), {"q": "nobody at all"}).context["found"] == []


@pytest.mark.parametrize(
    ("form", "why"),
    [({"without": "no_names"}, "redact"), ({"about": "period", "from": "2026-11-09", "to": "x"}, "a period has"),
     ({"about": "period", "from": "2026-11-09", "to": "2026-11-01"}, "ends after"), ({"about": "complaint:x"}, "choose first")],
)  # fmt: skip
def test_what_cannot_be_taken_out_is_told(desk, form, why):
    client, _ = member(desk)
    with desk.scope():
        debtor = desk.debtor()
    answer = client.post(at(desk, "evidence/take/"), {"about": f"debtor:{debtor.pk}", **form})
    assert answer.status_code == 422 and why in answer.context["problem"]


def test_a_period_that_is_too_large_is_refused(desk, monkeypatch):
    monkeypatch.setattr("workbench.evidence.views.DECISIONS_MAX", 1)
    client, _ = member(desk)
    with desk.scope():
        for _n in range(2):
            talk(desk, desk.debtor())
    day = desk.now.date().isoformat()
    answer = client.post(at(desk, "evidence/take/"), {"about": "period", "from": day, "to": day})
    assert answer.status_code == 422 and "more than 1 decisions" in answer.context["problem"]
    with desk.scope():
        assert not EvidencePack.objects.exists()


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe\x00", b"[]", b"{}", b"null", b'{"format": "trato.evidence/2"}', b"[" * 20000,
     b"PK\x03\x04 not a zip", b'{"format":"trato.evidence/2","messages":[1],"account":[],"records":[{}],"events":[{}],"seals":[{}]}',
     b'{"format":"trato.evidence/2","messages":[],"account":[],"records":[],"events":[],"seals":[],"manifest":"x"}',
     "ñ{".encode("latin-1")],
)  # fmt: skip
def test_bad_uploads_are_refused_kindly(desk, body):
    client, _ = member(desk, "auditor")
    answer = client.post(at(desk, "evidence/verify/"), {"file": SimpleUploadedFile("x.json", body)})
    assert answer.status_code in (200, 422)
    assert answer.context.get("problem") or answer.context.get("wrong")
    assert answer.context.get("whole") is not True
    assert client.post(at(desk, "evidence/verify/")).status_code == 422


#: An id that nothing has, the same in every process.
NOBODY = "3d4ec22a-a76a-4352-8077-4c8440f66d4e"


@pytest.mark.parametrize("about", ["", "debtor:", "debtor:x", f"debtor:{NOBODY}", f"request:{NOBODY}", "period:1"])
def test_evidence_about_nobody_is_refused(desk, about):
    client, _ = member(desk)
    assert client.post(at(desk, "evidence/take/"), {"about": about}).status_code == 422


def test_the_chain_is_verified_when_somebody_looks_and_a_changed_row_is_told(desk):
    client, _ = member(desk)
    with desk.scope():
        talk(desk, desk.debtor())
    work.drain(desk.tenant.pk, only={"seal", *FIGURES})
    assert client.get(at(desk, "overview/")).context["gate"].check is None
    work.drain(desk.tenant.pk, only={"verify", "seal"})
    check = client.get(at(desk, "overview/")).context["gate"].check
    assert check is not None and check.problems == [] and check.seal_number >= 1
    with desk.scope():
        talk(desk, desk.debtor())
    work.drain(desk.tenant.pk, only={"seal", *FIGURES})
    with desk.scope():
        seal_now()
        again = checks.check_ledger(whole=False, actor="system:test", now=desk.now)
        assert again.first_sequence == check.last_sequence + 1 < again.last_sequence and again.problems == []
    assert client.post(at(desk, "overview/verify/"), headers={"HX-Request": "true"}).status_code == 200
    work.drain(desk.tenant.pk, only={"verify", "seal"})
    with desk.scope():
        whole = LedgerCheck.objects.order_by("-id").first()
        assert whole is not None and whole.whole is True and whole.first_sequence == 1
        # The factories write consents and entries that no event announced: exactly these are told.
        assert {problem["subject"] for problem in whole.problems} == {"compliance.consent", "portfolio.entry"}
    assert "is not as it was written" in client.get(at(desk, "evidence/")).content.decode()


# --- lists


def test_decisions_are_filtered_paged_and_exported(desk, monkeypatch):
    from workbench.decisions import lists

    monkeypatch.setattr(lists, "PAGE", 3)
    client, _ = member(desk)
    with desk.scope():
        debtors = [desk.debtor() for _ in range(3)]
        for debtor in debtors:
            talk(desk, debtor)
            talk(desk, debtor, THREAT)
    settle(desk)
    for start in ("decisions/?period=today", "decisions/?period=today&part=all"):
        seen, path = [], start
        while path:
            page = client.get(at(desk, path))
            seen += [row.pk for row, *_ in page.context["rows"]]
            path = f"{start}&cursor={page.context['next'].replace('+', '%2B')}" if page.context["next"] else ""
        assert len(seen) == len(set(seen)) == 6
    denied = client.get(at(desk, "decisions/?period=today&verdict=deny"))
    assert {row.verdict for row, *_ in denied.context["rows"]} == {"deny"}
    rule = denied.context["rows"][0][0].rules[0]
    assert client.get(at(desk, f"decisions/?period=today&rule={rule.lower()}")).context["rows"]
    of_one = client.get(at(desk, f"decisions/?debtor={debtors[0].external_id}"))
    assert {row.debtor_id for row, *_ in of_one.context["rows"]} == {debtors[0].pk}
    assert len(client.get(at(desk, "decisions/?period=today&format=csv")).content.decode().splitlines()) == 7


def test_what_a_spreadsheet_would_run_is_only_text():
    assert (
        cell_of("=1+1") == "'=1+1" and cell_of("@x") == "'@x" and cell_of("-12.50") == "-12.50" and cell_of(None) == ""
    )


def test_pages_ask_the_same_number_of_questions_for_many_rows(desk, django_assert_max_num_queries):
    client, _ = member(desk)

    def count(path: str) -> int:
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as caught:
            assert client.get(at(desk, path)).status_code == 200
        return len(caught)

    paths = ("overview/", "review/", "decisions/?period=today", "evidence/", "reports/")
    with desk.scope():
        talk(desk, desk.debtor(), THREAT)
    settle(desk)
    few = {path: [count(path) for _ in range(2)][-1] for path in paths}
    with desk.scope():
        for _ in range(6):
            talk(desk, desk.debtor(), THREAT)
    settle(desk)
    assert {path: count(path) for path in paths} == few


def test_the_board_shows_who_waits_and_who_wrote(desk):
    client, user = member(desk)
    agent = make_user(desk.tenant, role="agent")
    with desk.scope():
        debtor = desk.debtor()
        talk(desk, debtor, actor=f"user:{agent.pk}")
        Conversation.objects.filter(person_id=debtor.person_id).update(
            assignee_id=agent.pk,
            unanswered_since=desk.now - timedelta(hours=1),
            needs_human_at=desk.now - timedelta(hours=1),
        )
    alert_of(desk, debtor, actor=f"user:{agent.pk}")
    page = client.get(at(desk, "overview/?sort=alerts"))
    [row] = [one for one in page.context["desks"] if one.user_id == agent.pk]
    assert (row.open, row.waiting, row.sent) == (1, 1, 2) and row.alerts >= 1 and row.last_at == NOON
    assert next(tile for tile in page.context["tiles"] if tile.name == "waiting").count == 1
    waiting = client.get(at(desk, "overview/waiting/"))
    assert len(waiting.context["rows"]) == 1
    assert client.get(at(desk, f"review/?actor={agent.pk}&state=all")).context["queue"].total >= 1
    assert client.get(at(desk, f"review/?actor={user.pk}&state=all")).context["queue"].total == 0


def test_a_wait_counts_from_the_oldest_word_that_needs_a_person(desk):
    """Not from words that need no answer, and not while the conversation is put away."""
    client, _ = member(desk)
    agent = make_user(desk.tenant, role="agent")

    def stand(**fields: Any) -> tuple[int, Any, int]:
        with desk.scope():
            Conversation.objects.filter(person_id=debtor.person_id).update(**fields)
        page = client.get(at(desk, "overview/"))
        [row] = [one for one in page.context["desks"] if one.user_id == agent.pk]
        return row.waiting, row.oldest, next(t for t in page.context["tiles"] if t.name == "waiting").count

    with desk.scope():
        debtor = desk.debtor()
        talk(desk, debtor, actor=f"user:{agent.pk}")
    long_ago, lately = desk.now - timedelta(days=25), desk.now - timedelta(hours=1)
    assert stand(assignee_id=agent.pk, unanswered_since=long_ago, needs_human_at=None) == (0, None, 0)
    assert stand(needs_human_at=lately) == (1, lately, 1)
    assert stand(snoozed_until=desk.now + timedelta(hours=2)) == (0, None, 0)
    assert stand(snoozed_until=desk.now - timedelta(minutes=1)) == (1, lately, 1), "the snooze is over"


def test_the_usual_verdicts_stand_first_then_the_lighter_acts_then_those_on_the_conversation(desk):
    with desk.scope():
        debtor = desk.debtor()
    found = alert_of(desk, debtor)
    client, _ = member(desk)
    side = client.get(at(desk, f"review/{found.pk}/")).content.decode().split('class="rv-form"')[1]
    groups = [part.split("</div>")[0] for part in side.split('role="group"')[1:]]
    keys = [re.findall(r'data-key="(v|f|e|c|mod\+Enter|w|t|p)"', group) for group in groups]
    assert keys == [["v", "f", "e"], ["c", "mod+Enter"], ["w", "t", "p"]], "mild acts before strong ones"


@pytest.mark.parametrize("known", [True, False])
def test_a_rule_without_a_citation_has_no_separator_with_nothing_behind_it(desk, monkeypatch, known):
    if not known:  # a pack that does not even say how binding its rule is
        for room in ("workbench.review.queries", "workbench.decisions.receipt", "workbench.rules.queries"):
            monkeypatch.setattr(f"{room}.basis_words", lambda basis, lang: "")
    with desk.scope():
        debtor = desk.debtor()
    found = alert_of(desk, debtor)
    with desk.scope():
        decision = Decision.objects.get(verdict="deny")
    assert "X-C-THREAT" in decision.rules
    client, _ = member(desk)
    for path in (f"review/{found.pk}/", f"decisions/{decision.pk}/", "rules/", "rules/X-C-THREAT/"):
        page = client.get(at(desk, path)).content.decode()
        assert "X-C-THREAT" in page, path
        assert not re.search(r"·\s*</", page), path
        assert not re.search(r"<span>\s*·", page), path
