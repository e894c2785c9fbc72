"""Templates from draft to approved: written, read by our own lint, submitted to WhatsApp, kept in step with it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from compliance.decide import compose, load_packs
from kernel.errors import DomainError, NoAnswer, Refused, Unreachable
from messaging.channels.whatsapp.templates import Definition, Remote, TemplateAdmin
from messaging.message_templates import lint
from messaging.message_templates.library import Shipped, shipped
from messaging.models import MessageTemplate, WhatsAppAccount
from portfolio.models import Creditor
from tenants.events import Emit, emit_many
from tenants.scope import tenant_scope
from tenants.secrets import unseal

#: Meta's code for "this name exists in this language already": somebody submitted it before us.
_EXISTS = 2388024
_STATUS = {
    "APPROVED": "approved", "PENDING": "pending", "IN_APPEAL": "pending", "REJECTED": "rejected", "PAUSED": "paused",
    "LIMIT_EXCEEDED": "rejected", "DISABLED": "disabled", "ARCHIVED": "disabled", "DELETED": "disabled",
    "PENDING_DELETION": "disabled",
}  # fmt: skip
_PAUSED = MessageTemplate.Status.PAUSED
_EDITABLE = (MessageTemplate.Status.DRAFT, MessageTemplate.Status.REJECTED)


@cache
def required(country: str) -> frozenset[str]:
    """What the rules of a country, with the region's default practice, ask a message about a debt to carry."""
    return compose(load_packs(), country).required_fields


def reading_of(row: MessageTemplate, country: str = "") -> lint.Reading:
    """What our lint finds in a stored template; with a country also what its rules miss in it."""
    return lint.read(
        name=row.name, body=row.body, footer=row.footer, header=row.header,
        buttons=[(button["id"], button["title"]) for button in row.buttons], message_class=row.message_class,
        required=required(country) if country else frozenset(),
    )  # fmt: skip


def save_template(
    account: WhatsAppAccount, *, name: str, language: str, stage: str, message_class: str, body: str, footer: str = "",
    header: str = "", buttons: Sequence[tuple[str, str]] = (), country: str = "", now: datetime,
) -> tuple[MessageTemplate, lint.Reading]:  # fmt: skip
    """Write or rewrite a draft; returns it with what the lint found (a troubled draft is kept, not submitted).

    Raises DomainError `template_fixed` for one that is at WhatsApp already: write a new one under another name.
    """
    row = (
        MessageTemplate.objects.select_for_update(no_key=True)
        .filter(account=account, name=name, language=language)
        .first()
    )
    if row is not None and row.status not in _EDITABLE:
        raise DomainError("template_fixed", "%(name)s is %(status)s: write a new one", name=name, status=row.status)
    row = row or MessageTemplate(account=account, name=name, language=language, created_at=now)
    row.stage, row.message_class, row.body, row.footer, row.header = stage, message_class, body, footer, header
    row.buttons = [{"id": button, "title": title} for button, title in buttons]
    row.updated_at = now
    reading = reading_of(row, country)
    _apply(row, reading)
    row.save()
    return row, reading


def _apply(row: MessageTemplate, reading: lint.Reading) -> None:
    row.variables, row.content = list(reading.variables), sorted(reading.content)
    row.flags, row.disclosure, row.category = sorted(reading.flags), reading.disclosure, reading.category


@cache
def _reading_of_shipped(text: Shipped) -> lint.Reading:
    """Kept: every organisation begins with the same texts."""
    return lint.read(
        name=text.name, body=text.body, footer=text.footer, buttons=text.buttons, message_class=text.message_class,
        required=required(text.country),
    )  # fmt: skip


def seed_defaults(account: WhatsAppAccount, creditor: Creditor, country: str, now: datetime) -> list[MessageTemplate]:
    """Put the shipped texts of a country on an account as drafts; doing it again changes nothing.

    Returns the new ones. `creditor` is whose place it is when no country is given.
    """
    known = set(MessageTemplate.objects.filter(account=account).values_list("name", "language"))
    fresh = []
    for text in shipped(country or creditor.country):
        if (text.name, text.language) in known:
            continue
        row = MessageTemplate(
            account=account, name=text.name, language=text.language, stage=text.stage, message_class=text.message_class,
            body=text.body, footer=text.footer, buttons=[{"id": key, "title": title} for key, title in text.buttons],
            created_at=now, updated_at=now,
        )  # fmt: skip
        _apply(row, _reading_of_shipped(text))
        fresh.append(row)
    MessageTemplate.objects.bulk_create(fresh)
    return fresh


def sync_templates(
    tenant_id: uuid.UUID, account_id: uuid.UUID, now: datetime, *, submit: bool = True
) -> dict[str, int]:
    """Submit this account's drafts and take over what WhatsApp says of all; returns counts by status.

    Opens its own scopes: between them it talks to Meta, and no transaction may wait for that. A draft in which the
    lint finds trouble stays a draft. Raises Unreachable, Refused or NoAnswer when the list cannot be read.
    """
    with tenant_scope(tenant_id):
        account = WhatsAppAccount.objects.get(pk=account_id)
        token = unseal(account.token, purpose="whatsapp.token")
        drafts = list(
            MessageTemplate.objects.filter(account=account, status=MessageTemplate.Status.DRAFT).order_by("name")
        )
    with TemplateAdmin(base_url=account.base_url, waba_id=account.waba_id, token=token) as admin:
        said: dict[uuid.UUID, Remote | Refused] = {}
        for row in drafts if submit else ():
            if reading_of(row).troubles:
                continue
            try:
                said[row.pk] = admin.create(definition_of(row))
            except Refused as no:
                if no.code == _EXISTS:
                    continue  # the list below says how it stands
                if no.transient or no.code in (4, 80007, 80008):
                    break  # a hundred an hour: the rest goes with the next turn
                said[row.pk] = no
            except (Unreachable, NoAnswer):
                break  # whether it exists now, the list says
        remote = {(one.name, one.language): one for one in admin.all()}
    with tenant_scope(tenant_id):
        return _take_over(account_id, said, remote, now=now)


def _take_over(
    account_id: uuid.UUID,
    said: dict[uuid.UUID, Remote | Refused],
    remote: dict[tuple[str, str], Remote],
    *,
    now: datetime,
) -> dict[str, int]:
    counts: dict[str, int] = {}
    events = []
    for row in MessageTemplate.objects.select_for_update(no_key=True).filter(account_id=account_id).order_by("pk"):
        before = (row.status, row.category, row.provider_id, row.quality)
        answer = said.get(row.pk)
        found = remote.get((row.name, row.language)) or (answer if isinstance(answer, Remote) else None)
        if found is not None:
            _stand(row, found, now=now)
        elif isinstance(answer, Refused):
            row.status, row.rejected_reason = MessageTemplate.Status.REJECTED, f"{answer.code}: {answer.detail}"[:300]
        if before != (row.status, row.category, row.provider_id, row.quality):
            row.updated_at = now
            row.save()
            data: dict[str, Any] = {"status": row.status, "category": row.category}
            events.append(Emit("template.changed", "messaging.messagetemplate", row.pk, now, data=data))
        counts[row.status] = counts.get(row.status, 0) + 1
    emit_many(events)
    return counts


def _stand(row: MessageTemplate, found: Remote, *, now: datetime) -> None:
    row.provider_id, row.quality = found.id, found.quality[:10]
    status = _STATUS.get(found.status, MessageTemplate.Status.PENDING)
    if status == MessageTemplate.Status.APPROVED and row.held_at is not None:
        # WhatsApp would take it; a person (or its new price) keeps it out of use until a person puts it back.
        status = MessageTemplate.Status.DISABLED if row.status == MessageTemplate.Status.DISABLED else _PAUSED
    elif status != _PAUSED:
        row.rejected_reason = found.rejected_reason[:300] if status == MessageTemplate.Status.REJECTED else ""
    row.status = status
    if found.category and found.category != row.category:
        # Approved as marketing it would cost many times more and stop being a service: a person looks first.
        row.category, row.rejected_reason = found.category, f"WhatsApp made it {found.category}"
        if row.status == MessageTemplate.Status.APPROVED:
            row.status, row.held_at = _PAUSED, now


def definition_of(row: MessageTemplate) -> Definition:
    """A stored template as WhatsApp takes it."""
    samples = lint.samples_for(row.language)
    return Definition(
        name=row.name, language=row.language, category=row.category, body=row.body, footer=row.footer,
        header=row.header, buttons=[button["title"] for button in row.buttons],
        examples={name: samples.get(name, "dato") for name in row.variables},
    )  # fmt: skip
