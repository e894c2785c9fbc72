"""What a debtor can do on their page. Each act is one service of the rooms below, safe to be sent twice.

An act returns what is told afterwards; whether it is told is found out from the account, never from the address.
"""

from __future__ import annotations

import uuid
from datetime import date

from compliance import language
from compliance.services import (
    claim,
    mark_wrong_person,
    strike,
    verify,
)
from kernel.errors import DomainError
from kernel.money import Money
from messaging.bot import checks
from messaging.page import FILE_MAX, Upload, receive
from messaging.sending.standing import withdraw_of_person
from messaging.sending.waiting import facts_changed
from messaging.sequences.services import pause_for, unblock
from portfolio.models import ContactPoint, DebtorLink, Invoice
from portfolio.services import (
    accept_agreement,
    create_payable,
    create_promise,
    open_dispute,
    propose_agreement,
)
from portfolio.services.links import revoke_links
from workbench.transparency.acting import SOURCE, Action, Files, Form, Problem, actor_of, write_down
from workbench.transparency.contact_acts import allow, channel, hours, resume, stop, withdraw_consent
from workbench.transparency.door import STRIKES_MAX, once
from workbench.transparency.queries import Page

# -- who looks --------------------------------------------------------------------------------------------------------


def answer(page: Page, form: Form, files: Files) -> str:
    """An answer to the two-point check. Three wrong ones close the page and the address."""
    if page.proven or page.locked or form.get("round") != page.round or not page.question:
        return ""  # a doubled click, or an answer to a question that was answered already
    given = form.get("answer", "")
    if given not in page.options:
        raise Problem("gate", "gate_choose")
    point, question = page.link.contact_point, page.question
    right = checks.right(page.person, question, given)
    passed = [*page.check.get("passed", []), question]
    if not right:
        _wrong(page)
    elif len(passed) < min(2, len(page.questions)):
        _keep(page, {"passed": passed})
    elif point is None:
        page.link.verified_at, page.link.strikes, page.link.check_state = page.now, 0, {}
        page.link.save(update_fields=["verified_at", "strikes", "check_state"])
        write_down(page, "verify")
    else:
        _keep(page, {})
        verify(point.pk, "two_point" if len(passed) > 1 else f"one_point:{passed[0]}", page.now)
        facts_changed(page.person.pk, now=page.now)
        unblock(page.person.pk, now=page.now)
        write_down(page, "verify")
    return ""


def _keep(page: Page, state: dict[str, object]) -> None:
    if page.link.contact_point_id:
        ContactPoint.objects.filter(pk=page.link.contact_point_id).update(check_state=state)
    else:
        DebtorLink.objects.filter(pk=page.link.pk).update(check_state=state)


def _wrong(page: Page) -> None:
    point = page.link.contact_point
    write_down(page, "strike")
    if point is None:
        DebtorLink.objects.filter(pk=page.link.pk).update(strikes=page.link.strikes + 1)
        return
    if point.identity in (ContactPoint.Identity.UNKNOWN, ContactPoint.Identity.CONTACTED):
        claim(point.pk, "page", page.now)
    if strike(point.pk, "two_point", page.now).strikes >= STRIKES_MAX:
        _keep(page, {})
        withdraw_of_person(page.person.pk, reason="wrong_person", now=page.now, classes=None)


def not_me(page: Page, form: Form, files: Files) -> str:
    """Somebody else got the link: their number is written to no more, and nothing is shown."""
    if page.proven or page.locked:
        return ""
    point = page.link.contact_point
    if point is None:
        revoke_links(page.debtor.pk, now=page.now, actor=actor_of(page.link), only=page.link.pk)
        return ""
    mark_wrong_person(point.pk, "debtor:page", page.now)
    withdraw_of_person(page.person.pk, reason="wrong_person", now=page.now, classes=None)
    write_down(page, "wrong_person")
    return ""


# -- the account ------------------------------------------------------------------------------------------------------


def pay(page: Page, form: Form, files: Files) -> str:
    """A code for what is due now; its own page shows it."""
    try:
        return f"/p/{create_payable(page.debtor, now=page.now, source=SOURCE).token}"
    except DomainError as error:
        raise Problem("pay", "err_nothing" if error.code == "nothing_open" else "err_other") from error


def plan(page: Page, form: Form, files: Files) -> str:
    """Accept one of the plans that were shown, as it was shown."""
    if page.agreement is not None:
        if page.agreement.source == SOURCE:
            return "plan"  # sent twice
        raise Problem("plan", "err_agreement")
    counts = {str(choice["count"]): choice["count"] for choice in page.plans}
    if form.get("count", "") not in counts:
        raise Problem("plan", "err_plan_choose")
    if form.get("shown") != f"{page.total}.{page.first_on.isoformat()}":
        raise Problem("plan", "err_plan")
    try:
        made = propose_agreement(
            page.debtor, count=counts[form["count"]], first_on=page.first_on, now=page.now, source=SOURCE
        )
        accept_agreement(made, now=page.now, source=SOURCE)
    except DomainError as error:
        raise Problem("plan", "err_plan") from error
    write_down(page, "plan", agreement=made.pk, instalments=form["count"])
    return "plan"


def promise(page: Page, form: Form, files: Files) -> str:
    """They choose when they pay what is open."""
    try:
        day = date.fromisoformat(form.get("day", ""))
    except ValueError as error:
        raise Problem("date", "err_date") from error
    standing = page.promise
    if standing is not None and standing.due_on == day and standing.source == SOURCE:
        return "promise"  # sent twice
    if day not in page.dates:
        raise Problem("date", "err_date" if page.total > 0 else "err_nothing")
    try:
        made = create_promise(
            page.debtor, Money.from_minor(page.total, page.debtor.currency), day, now=page.now, source=SOURCE
        )
    except DomainError as error:
        raise Problem("date", "err_other") from error
    write_down(page, "promise", promise=made.pk, day=day)
    return "promise"


def paid(page: Page, form: Form, files: Files) -> str:
    """They say that they paid, with or without a receipt: reminders rest while somebody looks."""
    upload, note = _upload(files), form.get("note", "").strip()
    if upload is None and not note:
        raise Problem("paid", "err_file_none")
    said = _id(page, form, note, upload.body if upload else b"")
    message = receive(
        page.debtor, page.link.contact_point, message_id=said, topic="paid", text=note, upload=upload, now=page.now
    )
    pause_for(page.person.pk, reason="to_verify", now=page.now)
    withdraw_of_person(page.person.pk, reason="replied", now=page.now, debtor_id=page.debtor.pk)
    if message is None:
        raise Problem("paid", "err_nobody")
    write_down(page, "paid", message=message.pk)
    return "paid"


def _upload(files: Files) -> Upload | None:
    given = files.get("file")
    if given is None or not given.size:
        return None
    if given.size > FILE_MAX:
        raise Problem("paid", "err_file_size")
    upload = Upload(given.name or "", given.read())
    if not upload.media_type:
        raise Problem("paid", "err_file_type")
    return upload


def _id(page: Page, form: Form, *said: str | bytes) -> uuid.UUID:
    return once(page.link, form.get("once", ""), *said)


def dispute(page: Page, form: Form, files: Files) -> str:
    """They deny an invoice or all of it: it rests, and they get a number to refer to."""
    reason, which = form.get("reason", ""), form.get("which", "")
    if reason not in page.book.table("REASONS"):
        raise Problem("dispute", "err_reason")
    invoice: Invoice | None = None
    if which != "all":
        invoice = next((row["invoice"] for row in page.invoices if str(row["invoice"].pk) == which), None)
        if invoice is None:
            raise Problem("dispute", "err_invoice")
    detail = form.get("detail", "").strip()
    known = {row.pk for row in page.disputes}
    made = open_dispute(page.debtor, invoice, reason, now=page.now, source=SOURCE, detail=detail)
    if made.pk in known:
        return "dispute"  # sent twice, or about the same again
    withdraw_of_person(page.person.pk, reason="disputed", now=page.now, debtor_id=page.debtor.pk)
    words = f"{page.book.table('REASONS')[reason]} ({made.reference})"
    receive(
        page.debtor, page.link.contact_point, message_id=once(page.link, f"dispute:{made.pk}"), topic="dispute",
        text=f"{words}: {detail}" if detail else words, now=page.now,
    )  # fmt: skip
    write_down(page, "dispute", dispute=made.pk, reference=made.reference)
    return "dispute"


def talk(page: Page, form: Form, files: Files) -> str:
    """They want a person: their words stand in the inbox, and somebody is called."""
    words = form.get("message", "").strip()
    if not words:
        raise Problem("talk", "err_text")
    message = receive(
        page.debtor, page.link.contact_point, message_id=_id(page, form, words), topic="talk", text=words, now=page.now
    )
    if message is None:
        raise Problem("talk", "err_nobody")
    write_down(page, "talk", message=message.pk)
    if language.is_opt_out(words):
        return stop(page, form, files)  # whoever asks for it in their own words has asked for it
    pause_for(page.person.pk, reason="replied", now=page.now)
    return "talk"


def close(page: Page, form: Form, files: Files) -> str:
    """The link went to the wrong hands: it opens nothing any more."""
    revoke_links(page.debtor.pk, now=page.now, actor=actor_of(page.link), only=page.link.pk)
    return ""


#: What may be done before it is known who looks: nothing of it shows or moves a debt.
OPEN: dict[str, Action] = {"answer": answer, "not-me": not_me, "stop": stop}
#: What needs proof.
PROVEN: dict[str, Action] = {
    "pay": pay, "plan": plan, "promise": promise, "paid": paid, "dispute": dispute, "talk": talk, "resume": resume,
    "consent": withdraw_consent, "allow": allow, "hours": hours, "channel": channel, "close": close,
}  # fmt: skip
ACTIONS = OPEN | PROVEN


def told(page: Page, did: str) -> str:
    """What is said after an act, if the account shows that it was done."""
    if not page.proven:
        return page.say("did_stop_gate") if did == "stop" and page.stopped is not None else ""
    if did == "promise" and page.promise is not None:
        return page.say("did_promise", amount=page.cash(page.promise.minor), day=page.on(page.promise.due_on))
    if did == "plan" and page.agreement is not None and page.parts:
        return page.say(
            "did_plan", count=len(page.parts), amount=page.cash(page.agreement.total_minor),
            day=page.on(page.parts[0].due_on),
        )  # fmt: skip
    if did == "dispute" and page.disputes:
        return page.say("did_dispute", reference=page.disputes[-1].reference)
    if did == "hours":
        _, preferred, chosen = page.hours
        return page.say("did_hours", hours=page.week(preferred)) if chosen else page.say("did_hours_all")
    if did == "channel":
        names = page.book.table("CHANNELS")
        chosen_one = page.preferred_channel
        return page.say("did_channel", channel=names[chosen_one]) if chosen_one else page.say("did_channel_any")
    holds = {
        "paid": "paid" in page.told, "talk": "talk" in page.told, "stop": page.stopped is not None,
        "resume": page.stopped is None, "consent": page.consent is not None and page.consent.state == "revoked",
        "allow": page.consent is not None and page.consent.state == "granted",
    }  # fmt: skip
    return page.say(f"did_{did}") if holds.get(did) else ""
