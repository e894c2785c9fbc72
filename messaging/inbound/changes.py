"""What Meta says about templates, numbers and accounts: it changes what may be sent before the next send."""

from __future__ import annotations

from datetime import datetime

from messaging.channels.whatsapp.receive import Other
from messaging.models import MessageTemplate, WhatsAppAccount
from messaging.services import wake_waiting
from tenants import audit
from tenants.events import Emit, emit

_TEMPLATE_STATUS = {
    "APPROVED": "approved", "REINSTATED": "approved", "UNARCHIVED": "approved", "PENDING": "pending",
    "IN_APPEAL": "pending", "REJECTED": "rejected", "PAUSED": "paused", "FLAGGED": "approved",
    "DISABLED": "disabled", "ARCHIVED": "disabled", "DELETED": "disabled", "PENDING_DELETION": "disabled",
    "LIMIT_EXCEEDED": "rejected", "LOCKED": "paused",
}  # fmt: skip
_LIMITS = {"TIER_250": 250, "TIER_2K": 2_000, "TIER_10K": 10_000, "TIER_100K": 100_000}
#: Events of account_update after which nothing may leave until a person has looked (reference 7).
_STOPPING = {"ACCOUNT_VIOLATION", "ACCOUNT_RESTRICTION", "DISABLED_UPDATE", "ACCOUNT_DELETED", "ACCOUNT_OFFBOARDED"}


def apply(update: Other, *, now: datetime) -> None:
    """Apply one account-level change inside the caller's scope; unknown ones are left in the stored body."""
    value = update.value
    account = WhatsAppAccount.objects.filter(waba_id=update.waba_id).first()
    if account is None:
        return
    if update.field == "message_template_status_update":
        _template(account, value, now=now, status=_TEMPLATE_STATUS.get(str(value.get("event", ""))))
    elif update.field == "message_template_quality_update":
        _template(account, value, now=now, quality=str(value.get("new_quality_score", ""))[:10])
    elif update.field == "template_category_update":
        # An impending change names the category that it will be: cost and rules change before the next batch.
        _template(
            account, value, now=now, category=str(value.get("correct_category") or value.get("new_category", ""))[:20]
        )
    elif update.field == "phone_number_quality_update":
        _limit(account, str(value.get("current_limit", "")))
    elif update.field == "business_capability_update":
        _limit(account, str(value.get("max_daily_conversations_per_business", "")))
    elif update.field == "account_update" and str(value.get("event", "")) in _STOPPING:
        _stop(account, str(value.get("event")), value, now=now)


def _template(
    account: WhatsAppAccount, value: dict[str, object], *, now: datetime, status: str | None = None, quality: str = "",
    category: str = "",
) -> None:  # fmt: skip
    rows = MessageTemplate.objects.filter(account=account, provider_id=str(value.get("message_template_id", "")))
    if not rows.exists():
        language = str(value.get("message_template_language", "")).replace("-", "_")
        rows = MessageTemplate.objects.filter(
            account=account, name=value.get("message_template_name", ""), language=language
        )
    for row in rows.select_for_update(no_key=True):
        if status == "approved" and row.held_at is not None:
            pass  # a person, or its new price, keeps it out of use until a person puts it back
        elif status:
            row.status = status
            row.rejected_reason = str(value.get("reason") or "")[:300] if status != "approved" else ""
        if quality:
            row.quality = quality
        if category and category != row.category:
            # A reminder that Meta calls marketing costs many times more and stops being a service: look first.
            row.category, row.status, row.held_at = category, MessageTemplate.Status.PAUSED, now
            row.rejected_reason = f"Meta changed the category to {category}"
        row.updated_at = now
        row.save()
        if row.status == MessageTemplate.Status.APPROVED:
            wake_waiting(now=now)
        emit(
            Emit(
                "template.changed",
                "messaging.messagetemplate",
                row.pk,
                now,
                data={"status": row.status, "category": row.category},
            )
        )


def _limit(account: WhatsAppAccount, tier: str) -> None:
    if tier == "TIER_UNLIMITED":
        account.messaging_limit = None
    elif tier in _LIMITS or tier.isdigit():
        account.messaging_limit = _LIMITS.get(tier) or int(tier)
    else:
        return
    account.save(update_fields=["messaging_limit"])


def _stop(account: WhatsAppAccount, event: str, value: dict[str, object], *, now: datetime) -> None:
    changed = WhatsAppAccount.objects.filter(pk=account.pk, paused_at=None).update(
        paused_at=now, pause_code=event[:20], pause_detail=str(value)[:300]
    )
    if changed:
        audit.record(
            "account.pause",
            actor="system:webhook",
            subject="messaging.whatsappaccount",
            subject_id=account.pk,
            reason=event,
        )
        emit(Emit("account.paused", "messaging.whatsappaccount", account.pk, now, data={"code": event}))
