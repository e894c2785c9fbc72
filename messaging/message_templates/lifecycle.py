"""What a person does with a template: hands it to WhatsApp, takes it out of use, puts it back, edits it as a new one.

Nothing here talks to WhatsApp inside the person's transaction: the work is promised as a job, and until it is done a
submitted template is `pending` without WhatsApp's id.
"""

from __future__ import annotations

import re
import uuid
from datetime import datetime

from kernel.errors import DomainError, NoAnswer, Refused, Unreachable, Words
from messaging.channels.whatsapp.templates import TemplateAdmin
from messaging.message_templates.services import definition_of, reading_of, sync_templates
from messaging.models import MessageTemplate, SendRequest, WhatsAppAccount
from messaging.sequences.services import unblock_templates
from messaging.services import wake_waiting
from tenants import audit, jobs
from tenants.events import Emit, emit
from tenants.models import Tenant
from tenants.scope import current_tenant_id, tenant_scope
from tenants.secrets import unseal

SUBMIT, REMOVE, LOOK = "template.submit", "template.remove", "template.look"
#: Meta's codes: this name exists in this language already; there is no such template.
_EXISTS, _GONE = 2388024, 100
#: Tries before a submitted template is given back as a draft, so that nobody waits for what does not come.
_TRIES = 5
_VERSION = re.compile(r"^(?P<stem>.*?)(?:_v(?P<number>\d{1,4}))?$")
Status = MessageTemplate.Status
#: What a status is called in an error.
_CALLED = {
    Status.DRAFT: Words("a draft"), Status.PENDING: Words("at WhatsApp for review"), Status.APPROVED: Words("approved"),
    Status.REJECTED: Words("rejected"), Status.PAUSED: Words("paused"), Status.DISABLED: Words("out of use"),
}  # fmt: skip


def stem_of(name: str) -> str:
    """The name without its version: first_co_v2 is first_co."""
    found = _VERSION.match(name)
    return found["stem"] if found else name


def version_of(name: str) -> int:
    """The version that a name ends with; 1 without any."""
    found = _VERSION.match(name)
    return int(found["number"] or 1) if found else 1


def versions_of(row: MessageTemplate) -> list[MessageTemplate]:
    """All versions of a template in its language, the newest first."""
    stem = stem_of(row.name)
    rows = MessageTemplate.objects.filter(
        account_id=row.account_id, language=row.language, name__in=_names(row.account_id, stem)
    )
    return sorted(rows, key=lambda each: version_of(each.name), reverse=True)


def _names(account_id: uuid.UUID, stem: str) -> list[str]:
    names = MessageTemplate.objects.filter(account_id=account_id).values_list("name", flat=True)
    return [name for name in names if stem_of(name) == stem]


def next_name(account_id: uuid.UUID, stem: str) -> str:
    """The name of the next version; taken ones of any language are left out, because a deleted name is blocked."""
    taken = [version_of(name) for name in _names(account_id, stem)]
    return f"{stem}_v{max(taken, default=0) + 1}"


def copy(row: MessageTemplate, *, actor: str, now: datetime) -> MessageTemplate:
    """A draft with the same words under the next version's name; one that is there already is returned instead."""
    draft = next((each for each in versions_of(row) if each.status == Status.DRAFT), None)
    if draft is not None:
        return draft
    made = MessageTemplate.objects.create(
        account_id=row.account_id, name=next_name(row.account_id, stem_of(row.name)), language=row.language, stage=row.stage,
        category="UTILITY", message_class=row.message_class, disclosure=row.disclosure, body=row.body, footer=row.footer,
        header=row.header, buttons=row.buttons, variables=row.variables, content=row.content, flags=row.flags,
        created_at=now, updated_at=now,
    )  # fmt: skip
    _note("template.copy", made, actor=actor, now=now, before={"name": row.name}, after={"name": made.name})
    return made


def twin_of(row: MessageTemplate) -> MessageTemplate | None:
    """Another approved template of the account with the same words: WhatsApp refuses the second."""
    rows = MessageTemplate.objects.filter(
        account_id=row.account_id, language=row.language, status=Status.APPROVED, body=row.body, footer=row.footer
    )
    return rows.exclude(pk=row.pk).first()


def submit(template_id: uuid.UUID, country: str, *, actor: str, now: datetime) -> MessageTemplate:
    """Promise to hand a draft (or a rejected, rewritten template) to WhatsApp.

    Raises DomainError when it is neither, when our own reading finds trouble in it, when its words are those of an
    approved one, or while the account is stopped.
    """
    row = _locked(template_id)
    if row.status not in (Status.DRAFT, Status.REJECTED):
        raise DomainError(
            "template_fixed_now", "%(name)s is %(status)s: only a draft can be submitted", name=row.name,
            status=_CALLED[Status(row.status)],
        )  # fmt: skip
    if reading_of(row, country).troubles:
        raise DomainError("template_troubles", "mend what is listed first: WhatsApp or the law would refuse this text")
    if twin := twin_of(row):
        raise DomainError(
            "template_twin", "%(name)s says the same and is approved already: change the words or use that one",
            name=twin.name,
        )  # fmt: skip
    if row.account.paused_at is not None:
        raise DomainError("account_paused", "the WhatsApp account is stopped: let it send again first")
    before = row.status
    row.status, row.rejected_reason, row.held_at, row.updated_at = Status.PENDING, "", None, now
    row.save(update_fields=["status", "rejected_reason", "held_at", "updated_at"])
    jobs.enqueue(SUBMIT, row.pk, tenant_id=current_tenant_id())
    _note("template.submit", row, actor=actor, now=now, before={"status": before}, after={"status": row.status})
    return row


def hold(template_id: uuid.UUID, *, actor: str, reason: str, now: datetime) -> MessageTemplate:
    """Take an approved template out of use until a person puts it back; what is queued with it waits, unsent."""
    row = _locked(template_id)
    if row.status != Status.APPROVED:
        raise DomainError(
            "template_not_in_use", "%(name)s is %(status)s: only an approved one can be paused", name=row.name,
            status=_CALLED[Status(row.status)],
        )  # fmt: skip
    row.status, row.held_at, row.rejected_reason, row.updated_at = Status.PAUSED, now, reason.strip()[:300], now
    row.save(update_fields=["status", "held_at", "rejected_reason", "updated_at"])
    _note(
        "template.hold",
        row,
        actor=actor,
        now=now,
        before={"status": "approved"},
        after={"status": "paused"},
        reason=reason,
    )
    return row


def release(template_id: uuid.UUID, *, actor: str, reason: str = "", now: datetime) -> MessageTemplate:
    """Put a held template back into use, and ask WhatsApp whether it still takes it.

    Raises DomainError for one that is not held here: what WhatsApp paused, WhatsApp puts back.
    """
    row = _locked(template_id)
    if row.held_at is None or row.status != Status.PAUSED:
        raise DomainError("template_not_held", "%(name)s was not paused here: nothing to put back", name=row.name)
    row.status, row.held_at, row.rejected_reason, row.updated_at = Status.APPROVED, None, "", now
    row.save(update_fields=["status", "held_at", "rejected_reason", "updated_at"])
    wake_waiting(now=now)
    unblock_templates(now=now)
    look(row.account_id)
    _note(
        "template.release",
        row,
        actor=actor,
        now=now,
        before={"status": "paused"},
        after={"status": "approved"},
        reason=reason,
    )
    return row


def retire(template_id: uuid.UUID, *, actor: str, reason: str, now: datetime) -> MessageTemplate | None:
    """Delete a template that never left; one that WhatsApp has goes out of use for good and is deleted there.

    Returns the row that stays (messages refer to it), None when nothing does.
    """
    row = _locked(template_id)
    if not row.provider_id and row.status != Status.PENDING and not SendRequest.objects.filter(template=row).exists():
        _note("template.delete", row, actor=actor, now=now, before={"name": row.name, "body": row.body}, reason=reason)
        row.delete()
        return None
    if row.status == Status.DISABLED:
        raise DomainError("template_retired", "%(name)s is out of use already", name=row.name)
    before = row.status
    row.status, row.held_at, row.rejected_reason, row.updated_at = Status.DISABLED, now, reason.strip()[:300], now
    row.save(update_fields=["status", "held_at", "rejected_reason", "updated_at"])
    if row.provider_id:
        jobs.enqueue(REMOVE, row.pk, tenant_id=current_tenant_id())
    _note(
        "template.retire",
        row,
        actor=actor,
        now=now,
        before={"status": before},
        after={"status": "disabled"},
        reason=reason,
    )
    return row


def look(account_id: uuid.UUID) -> None:
    """Promise to ask WhatsApp how all templates of an account stand."""
    jobs.enqueue(LOOK, account_id, tenant_id=current_tenant_id())


def note_saved(row: MessageTemplate, *, fresh: bool, actor: str, now: datetime) -> None:
    """Write down who wrote or rewrote a draft."""
    after = {"name": row.name, "body": row.body}
    _note("template.create" if fresh else "template.save", row, actor=actor, now=now, after=after)


def _locked(template_id: uuid.UUID) -> MessageTemplate:
    row = (
        MessageTemplate.objects.select_for_update(no_key=True, of=("self",))
        .select_related("account")
        .filter(pk=template_id)
        .first()
    )
    if row is None:
        raise DomainError("template_unknown", "there is no such message template")
    return row


def _note(
    action: str, row: MessageTemplate, *, actor: str, now: datetime, before: dict[str, str] | None = None,
    after: dict[str, str] | None = None, reason: str = "",
) -> None:  # fmt: skip
    subject = "messaging.messagetemplate"
    audit.record(action, actor=actor, subject=subject, subject_id=row.pk, before=before, after=after, reason=reason)
    data = {"status": row.status, "category": row.category}
    emit(Emit("template.changed", subject, row.pk, now, data=data))


# --- the promised work ------------------------------------------------------------------------------------------------


@jobs.handles(SUBMIT)
def hand_over(tenant_id: uuid.UUID, job: jobs.Leased) -> None:
    """Submit one pending template; what WhatsApp answers becomes its status."""
    with tenant_scope(tenant_id):
        row = MessageTemplate.objects.select_related("account").filter(pk=job.subject).first()
        if row is None or row.status != Status.PENDING:
            jobs.complete(job)
            return
        admin, definition, known = _admin(row.account), definition_of(row), row.provider_id
    refused: Refused | None = None
    answer = None
    try:
        with admin:
            if known:
                admin.edit(known, definition)
            else:
                answer = admin.create(definition)
    except Refused as no:
        if no.transient and job.tries < _TRIES:
            raise
        refused = no
    except (Unreachable, NoAnswer):
        if job.tries < _TRIES:
            raise
        refused = Refused(0, "WhatsApp did not answer: submit it again")
    now = Tenant.objects.get(pk=tenant_id).clock().now()
    with tenant_scope(tenant_id):
        row = MessageTemplate.objects.select_for_update(no_key=True).get(pk=job.subject)
        if row.status == Status.PENDING:
            if answer is not None:
                row.provider_id = answer.id
            if refused is not None and refused.code == _EXISTS:
                look(row.account_id)  # it is there already: the list says how it stands
            elif refused is not None:
                row.status = Status.DRAFT if refused.code == 0 else Status.REJECTED
                row.rejected_reason = (f"{refused.code}: {refused.detail}" if refused.code else refused.detail)[:300]
            row.updated_at = now
            row.save()
            data = {"status": row.status, "category": row.category}
            emit(Emit("template.changed", "messaging.messagetemplate", row.pk, now, data=data))
        jobs.complete(job)
    if answer is not None:
        # A review may have ended before we knew the template's id, and its webhook found no row of ours.
        sync_templates(tenant_id, row.account_id, now, submit=False)


@jobs.handles(REMOVE)
def remove(tenant_id: uuid.UUID, job: jobs.Leased) -> None:
    """Delete a template at WhatsApp; one that is gone there already is done."""
    with tenant_scope(tenant_id):
        row = MessageTemplate.objects.select_related("account").filter(pk=job.subject).first()
        if row is None or row.status != Status.DISABLED or not row.provider_id:
            jobs.complete(job)
            return
        admin, name, known = _admin(row.account), row.name, row.provider_id
    try:
        with admin:
            admin.remove(name, known)
    except Refused as no:
        if no.transient or no.code not in (_GONE, 2388039):
            raise
    with tenant_scope(tenant_id):
        jobs.complete(job)


@jobs.handles(LOOK)
def look_now(tenant_id: uuid.UUID, job: jobs.Leased) -> None:
    """Take over what WhatsApp says of every template of an account."""
    now = Tenant.objects.get(pk=tenant_id).clock().now()
    sync_templates(tenant_id, uuid.UUID(job.subject), now, submit=False)
    with tenant_scope(tenant_id):
        jobs.complete(job)


def _admin(account: WhatsAppAccount) -> TemplateAdmin:
    token = unseal(account.token, purpose="whatsapp.token")
    return TemplateAdmin(base_url=account.base_url, waba_id=account.waba_id, token=token)
