"""What a debtor does about being contacted: stop, permit, withdraw, choose hours and channel. Safe to be sent twice."""

from __future__ import annotations

from django.db import transaction

from compliance.models import Consent
from compliance.services import (
    NewConsent,
    Proof,
    lift_stop,
    raise_stop,
    record_consent,
    revoke_consent,
)
from compliance.services.preferences import PARTS, prefer_channel, prefer_hours
from kernel.errors import DomainError
from messaging.sending.standing import withdraw_of_person
from messaging.sending.waiting import facts_changed
from messaging.sequences.services import pause_for, unblock
from workbench.transparency.acting import SOURCE, Files, Form, Problem, actor_of, proof_of, write_down
from workbench.transparency.queries import Page

#: Names the words of a permission given on the page, in its evidence; other words get another number.
EDITION = "page-1"


def stop(page: Page, form: Form, files: Files) -> str:
    """No more messages, whoever of the organisation's creditors asks; what is on its way is taken back."""
    made = raise_stop(page.person.pk, "opted_out", evidence=proof_of(page), source="debtor", now=page.now)
    # The permission goes with it: a stop that somebody lifts later opens nothing without a new one.
    revoke_consent(
        page.person.pk, now=page.now, source="debtor", evidence=proof_of(page), external_id=f"stop:{made.pk}"
    )
    withdraw_of_person(page.person.pk, reason="opted_out", now=page.now, classes=None)
    pause_for(page.person.pk, reason="opted_out", now=page.now)
    write_down(page, "stop")
    return "stop"


def resume(page: Page, form: Form, files: Files) -> str:
    """They changed their mind: a new, documented permission, and the stop is lifted for it."""
    standing = page.stopped
    if standing is None:
        return "resume"
    text = str(page.say("resume_text"))
    _grant(page, text, external_id=f"page:{page.link.pk}:{standing.pk}")
    lift_stop(standing.pk, by=actor_of(page.link), reason=text, now=page.now)
    _reconsider(page)
    write_down(page, "resume")
    return "resume"


def allow(page: Page, form: Form, files: Files) -> str:
    """They permit it, in words that stand on the page, for the number that the page names."""
    if page.consent is not None and page.consent.state == Consent.State.GRANTED:
        return "allow"  # sent twice
    if page.stopped is not None or not page.grant_words:
        raise Problem("consent", "err_other")
    _grant(page, page.grant_words, external_id=f"page:{page.link.pk}:{form.get('once', '')[:32]}")
    _reconsider(page)
    write_down(page, "allow")
    return "allow"


def _grant(page: Page, wording: str, *, external_id: str) -> None:
    point = page.point
    proof = Proof(
        who=page.person.name, number=point.value if point else "", wording=wording, how="page", at=page.now,
        version=f"{EDITION}-{page.book.language}", collector=SOURCE, creditor=page.creditor.name,
        more={"link": str(page.link.pk), "identity": point.identity if point else ""},
    )  # fmt: skip
    record_consent(
        NewConsent(
            person_id=page.person.pk, contact_point_id=point.pk if point else None, creditor_id=page.creditor.pk,
            channel="whatsapp", state="granted", source="debtor", given_at=page.now, evidence=proof.evidence(),
            external_id=external_id[:80],
        ),
        page.now,
    )  # fmt: skip


def _reconsider(page: Page) -> None:
    facts_changed(page.person.pk, now=page.now)
    unblock(page.person.pk, now=page.now)


def withdraw_consent(page: Page, form: Form, files: Files) -> str:
    """They take their permission back, for this creditor and WhatsApp."""
    if page.consent is None or page.consent.state != "revoked":
        revoke_consent(
            page.person.pk, now=page.now, source="debtor", evidence=proof_of(page), channel="whatsapp",
            creditor_id=page.creditor.pk,
        )  # fmt: skip
        write_down(page, "consent")
    withdraw_of_person(page.person.pk, reason="consent_revoked", now=page.now, debtor_id=page.debtor.pk)
    return "consent"


def hours(page: Page, form: Form, files: Files) -> str:
    """When they want to be written to, inside of what the law allows."""
    days = {int(name[3:]) for name in form if name.startswith("day") and name[3:] in set("0123456")}
    part = form.get("part", "")
    if part not in PARTS:
        raise Problem("hours", "err_hours")
    try:
        with transaction.atomic():
            prefer_hours(
                page.tenant, page.creditor, page.person, days=days, part=part, author=actor_of(page.link), now=page.now
            )
    except DomainError as error:
        raise Problem("hours", "err_hours") from error
    facts_changed(page.person.pk, now=page.now)
    return "hours"


def channel(page: Page, form: Form, files: Files) -> str:
    """On which channel they want to be contacted; what is on its way by another is taken back."""
    wanted = form.get("channel", "")
    try:
        changed = prefer_channel(page.creditor, page.person, channel=wanted, author=actor_of(page.link), now=page.now)
    except DomainError as error:
        raise Problem("channel", "err_channel") from error
    if changed and wanted not in ("", "whatsapp"):
        withdraw_of_person(page.person.pk, reason="prefers_another_channel", now=page.now)
    if changed:
        _reconsider(page)
        write_down(page, "channel", channel=wanted or "any")
    return "channel"
