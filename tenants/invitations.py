"""People are asked in by e-mail, and come in by a link that works once, for a while, for them.

The link's text is random and kept as a hash; a sealed copy lies beside it only until the e-mail has left.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext, pgettext

from kernel.clock import machine_now
from kernel.errors import DomainError
from tenants import audit, jobs
from tenants.models import Invitation, Membership, Tenant, User
from tenants.scope import current_tenant_id, tenant_scope
from tenants.secrets import seal, unseal
from tenants.services import check_role, rights_of, sorted_ids
from tenants.tasks import nudge

VALID_FOR = timedelta(days=7)
TASK = "tenants.invitation"
_PURPOSE = "invitation.token"


def token_hash(token: str) -> str:
    """What is kept of a link's text."""
    return hashlib.sha256(token.encode()).hexdigest()


def link_of(token: str) -> str:
    """The address that the invited person opens."""
    return f"{settings.PUBLIC_URL}/accounts/invitation/{token}/"


def invite(
    *,
    email: str,
    role: str,
    by: User,
    language: str,
    creditor_ids: Collection[uuid.UUID] | None = None,
) -> tuple[Invitation, str]:
    """Ask somebody into the current organisation; the e-mail leaves after the commit. Returns the link's text too.

    An open invitation to the same address is replaced, and its link stops working. Raises DomainError
    `email_invalid`, `role_unknown`, `creditors_missing`, `language_unknown`, or `conflict` for an active member.
    """
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise DomainError("email_invalid", "%(email)s is no e-mail address", email=email) from error
    check_role(role, creditor_ids)
    if language not in (known := dict(settings.LANGUAGES)):
        raise DomainError(
            "language_unknown", "%(language)s is not one of %(known)s", language=language, known=", ".join(known)
        )
    tenant_id, now = current_tenant_id(), machine_now()
    if Membership.objects.filter(tenant_id=tenant_id, user__email=email).exists():
        raise DomainError("conflict", "%(email)s is a member already: change the role instead", email=email)
    _open(tenant_id).filter(email=email).update(revoked_at=now, token="")
    token = secrets.token_urlsafe(32)
    try:
        with transaction.atomic():
            row = Invitation.objects.create(
                tenant_id=tenant_id,
                email=email,
                role=role,
                creditor_ids=sorted_ids(creditor_ids),
                language=language,
                token_hash=token_hash(token),
                token=seal(token, purpose=_PURPOSE),
                invited_by=by,
                created_at=now,
                expires_at=now + VALID_FOR,
            )
    except IntegrityError as error:  # somebody else asked the same person in the same moment
        raise DomainError("conflict", "%(email)s was invited a moment ago", email=email) from error
    _promise_mail(row)
    _record("invitation.created", row, by, after={"email": email, **_asked(row)})
    return row, token


def resend(invitation_id: uuid.UUID, *, by: User) -> tuple[Invitation, str]:
    """A fresh link for another seven days; the former one stops working. Raises DomainError `invitation_closed`."""
    row = _locked(invitation_id)
    token, now = secrets.token_urlsafe(32), machine_now()
    row.token_hash, row.token = token_hash(token), seal(token, purpose=_PURPOSE)
    row.expires_at, row.mailed_at = now + VALID_FOR, None
    row.save(update_fields=["token_hash", "token", "expires_at", "mailed_at"])
    _promise_mail(row)
    _record("invitation.resent", row, by)
    return row, token


def revoke(invitation_id: uuid.UUID, *, by: User) -> Invitation:
    """The link stops working at once. Raises DomainError `invitation_closed`."""
    row = _locked(invitation_id)
    row.revoked_at, row.token = machine_now(), ""
    row.save(update_fields=["revoked_at", "token"])
    _record("invitation.revoked", row, by)
    return row


def by_token(token: str) -> Invitation | None:
    """The invitation that a link's text opens, whatever became of it."""
    return (
        Invitation.objects.select_related("tenant", "invited_by", "accepted_by")
        .filter(token_hash=token_hash(token))
        .first()
    )


def standing(row: Invitation, now: datetime) -> str:
    """open, accepted, revoked or expired."""
    if row.accepted_at is not None:
        return "accepted"
    if row.revoked_at is not None:
        return "revoked"
    return "expired" if row.expires_at <= now else "open"


def accept(token: str, *, user: User | None = None, name: str = "", password: str = "") -> tuple[User, Membership]:
    """Come in: as `user`, who is logged in with that address, or as a new person with a name and a password.

    Opens the organisation's scope itself. Whoever was shown the door before comes back in the role of the invitation.
    Raises DomainError `invitation_unknown`, `invitation_closed`, `invitation_for_other`, `account_exists` (log in
    first), `name_missing` or `password_weak`.
    """
    found = by_token(token)
    if found is None:
        raise DomainError("invitation_unknown", "this invitation does not exist")
    with tenant_scope(found.tenant_id):
        row = Invitation.objects.select_for_update(no_key=True).select_related("tenant").get(pk=found.pk)
        # The token is looked at again under the lock: a resend in between made another one.
        if row.token_hash != token_hash(token) or standing(row, machine_now()) != "open":
            raise DomainError("invitation_closed", "this invitation is no longer open")
        if user is not None and user.email != row.email:
            raise DomainError("invitation_for_other", "this invitation is for another address")
        if user is None:
            user = _new_person(row, name, password)
        membership, _ = Membership.objects.get_or_create(
            tenant_id=row.tenant_id,
            user=user,
            defaults={"role": row.role, "creditor_ids": row.creditor_ids, "created_at": machine_now()},
        )
        before = rights_of(membership)
        membership.role, membership.creditor_ids, membership.active = row.role, row.creditor_ids, True
        membership.save(update_fields=["role", "creditor_ids", "active"])
        row.accepted_at, row.accepted_by, row.token = machine_now(), user, ""
        row.save(update_fields=["accepted_at", "accepted_by", "token"])
        audit.record(
            "invitation.accepted", actor=f"user:{user.pk}", subject="tenants.user", subject_id=user.pk, before=before,
            after=rights_of(membership),
        )  # fmt: skip
    return user, membership


def _new_person(row: Invitation, name: str, password: str) -> User:
    if User.objects.filter(email=row.email).exists():
        raise DomainError("account_exists", "there is an account with this address: log in to accept")
    if not name.strip():
        raise DomainError("name_missing", "please tell your name", pointer="name")
    user = User(email=row.email, name=name.strip()[:150], language=row.language, joined_at=machine_now())
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise DomainError("password_weak", "%(why)s", pointer="password", why=" ".join(error.messages)) from error
    user.set_password(password)
    user.save(force_insert=True)
    return user


def _open(tenant_id: uuid.UUID) -> QuerySet[Invitation]:
    return Invitation.objects.filter(tenant_id=tenant_id, accepted_at=None, revoked_at=None)


def _locked(invitation_id: uuid.UUID) -> Invitation:
    row = _open(current_tenant_id()).select_for_update(no_key=True).filter(pk=invitation_id).first()
    if row is None:
        raise DomainError("invitation_closed", "this invitation is no longer open")
    return row


def _asked(row: Invitation) -> dict[str, object]:
    listed = row.creditor_ids
    return {"role": row.role, "creditor_ids": None if listed is None else [str(each) for each in listed]}


def _record(action: str, row: Invitation, by: User, after: dict[str, object] | None = None) -> None:
    audit.record(
        action, actor=f"user:{by.pk}", subject="tenants.invitation", subject_id=row.pk,
        after=after or {"email": row.email},
    )  # fmt: skip


# --- the e-mail


def _promise_mail(row: Invitation) -> None:
    jobs.enqueue(TASK, row.pk, tenant_id=row.tenant_id)
    nudge()


@jobs.handles(TASK)
def mail(tenant_id: uuid.UUID, job: jobs.Leased) -> None:
    """Send the invitation's e-mail, in the invited person's language, and forget the link's text."""
    with tenant_scope(tenant_id):
        row = Invitation.objects.select_related("tenant", "invited_by").filter(pk=job.subject).first()
        if row is None or not row.token or standing(row, machine_now()) != "open":
            jobs.complete(job)
            return
        sealed, token = row.token, unseal(row.token, purpose=_PURPOSE)
    left = message(row, token).send()  # 0 where no mail server is named
    with tenant_scope(tenant_id):
        # A resend meanwhile wrote another text: that one still has to leave.
        mailed_at = machine_now() if left else None
        Invitation.objects.filter(pk=row.pk, token=sealed).update(token="", mailed_at=mailed_at)
        jobs.complete(job)


def message(row: Invitation, token: str) -> EmailMessage:
    """The e-mail of an invitation."""
    tenant: Tenant = row.tenant
    with translation.override(row.language):
        roles = {
            "agent": pgettext("role", "Agent"), "supervisor": pgettext("role", "Supervisor"),
            "admin": pgettext("role", "Administrator"), "auditor": pgettext("role", "Auditor"),
            "creditor": pgettext("role", "Creditor"),
        }  # fmt: skip
        subject = gettext("%(person)s invites you to %(organisation)s on Trato") % {
            "person": row.invited_by.name or row.invited_by.email, "organisation": tenant.name,
        }  # fmt: skip
        body = render_to_string(
            "emails/invitation.txt",
            {"invitation": row, "tenant": tenant, "link": link_of(token), "role": roles[row.role],
             "days": VALID_FOR.days, "person": row.invited_by.name or row.invited_by.email},
        )  # fmt: skip
    return EmailMessage(" ".join(subject.split()), body.strip() + "\n", to=[row.email])
