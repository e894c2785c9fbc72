"""What people do to an organisation: found it, let people and machines in, stop what it sends, move its clock.

Everything here but `create_tenant` runs inside a scope of the organisation, and everything leaves an audit entry.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from babel.numbers import get_territory_currencies
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.text import slugify

from kernel.clock import machine_now
from kernel.errors import DomainError
from kernel.ids import uuid7
from kernel.money import minor_units
from tenants import audit
from tenants.authentication import create_api_key
from tenants.events import Emit, emit
from tenants.models import ApiKey, Membership, Tenant, User
from tenants.scope import current_tenant_id, tenant_scope


def create_tenant(
    *,
    name: str,
    country: str,
    actor: str,
    kind: str = Tenant.Kind.CREDITOR,
    slug: str = "",
    currency: str = "",
    language: str = "",
    sandbox: bool = False,
    frozen_at: datetime | None = None,
    default_rules: bool = True,
) -> Tenant:
    """Found an organisation; opens a scope of its own, for there was none to be in.

    Currency and language default to the country's, the slug to the name. `frozen_at`: the business clock of a sandbox
    tenant stands at this instant until it is moved. Raises DomainError that says which value to change.
    """
    country = country.strip().upper()
    legal_tender = get_territory_currencies(country) if re.fullmatch("[A-Z]{2}", country) else []
    if not legal_tender:
        raise DomainError("country_unknown", "%(country)s is no country: give two letters, like BR", country=country)
    try:
        minor_units(currency := currency.strip().upper() or legal_tender[0])
    except ValueError as error:
        raise DomainError(
            "currency_unknown",
            "%(value)s is not a currency: use three letters like BRL, MXN, COP",
            value=repr(currency),
        ) from error
    language = language.strip().lower() or ("pt-br" if country == "BR" else "es")
    if language not in (known := dict(settings.LANGUAGES)):
        raise DomainError(
            "language_unknown", "%(language)s is not one of %(known)s", language=language, known=", ".join(known)
        )
    if kind not in Tenant.Kind.values:
        raise DomainError("kind_unknown", "%(kind)s is not one of creditor, agency", kind=kind)
    if not name.strip():
        raise DomainError("name_missing", "an organisation has a name")
    if frozen_at is not None and not sandbox:
        raise DomainError("clock_is_real", "only a sandbox organisation's clock can be set: add sandbox")
    slug = slug.strip().lower() or slugify(name)[:60].strip("-")
    if not re.fullmatch("[a-z0-9][a-z0-9-]{0,59}", slug):
        raise DomainError("slug_invalid", "the address %(slug)s is not made of a-z, 0-9 and -", slug=repr(slug))
    tenant = Tenant(
        id=uuid7(),
        name=name.strip(),
        slug=slug,
        kind=kind,
        country=country,
        currency=currency,
        language=language,
        sandbox=sandbox,
        clock_frozen_at=frozen_at,
        default_rules=default_rules,
        created_at=machine_now(),
    )
    with tenant_scope(tenant.id):
        # ON CONFLICT: two founders of one name are both answered, and no transaction breaks.
        Tenant.objects.bulk_create([tenant], ignore_conflicts=True)
        if not Tenant.objects.filter(pk=tenant.pk).exists():
            raise DomainError("conflict", "there is an organisation %(slug)s already: choose another slug", slug=slug)
        _record(
            "tenant.created", actor=actor, after={"slug": slug, "kind": kind, "country": country, "sandbox": sandbox}
        )
    return tenant


def create_user(
    *,
    email: str,
    role: str,
    actor: str,
    name: str = "",
    password: str | None = None,
    creditor_ids: Collection[uuid.UUID] | None = None,
    language: str = "",
) -> tuple[User, Membership]:
    """Let a person into the current organisation: a new one, or somebody who works for another already.

    Without a password a new person cannot log in until they have set one. Someone known keeps their name and
    password: a second organisation must not be able to change them. Raises DomainError `email_invalid`,
    `password_weak`, `role_unknown`, `creditors_missing`, or `conflict` when they are a member already.
    """
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise DomainError("email_invalid", "%(email)s is no e-mail address", email=email) from error
    check_role(role, creditor_ids)
    user = User.objects.filter(email=email).first()
    if user is None:
        user = User(email=email, name=name, language=language, joined_at=machine_now())
        if password is not None:
            try:
                validate_password(password, user)
            except ValidationError as error:
                raise DomainError("password_weak", "%(why)s", why=" ".join(error.messages)) from error
        user.set_password(password)
        user.save(force_insert=True)
    tenant_id = current_tenant_id()
    if Membership.objects.filter(tenant_id=tenant_id, user=user).exists():
        raise DomainError("conflict", "%(email)s is a member already: change the role instead", email=email)
    membership = Membership.objects.create(
        tenant_id=tenant_id,
        user=user,
        role=role,
        creditor_ids=sorted_ids(creditor_ids),
        created_at=machine_now(),
    )
    _record("membership.created", actor=actor, subject_id=user.id, after=rights_of(membership))
    return user, membership


def set_role(
    user: User,
    role: str,
    *,
    actor: str,
    creditor_ids: Collection[uuid.UUID] | None = None,
    active: bool = True,
    reason: str = "",
) -> Membership:
    """What a member is from now on; `active=False` shows them the door. Raises DomainError, also `last_admin`."""
    check_role(role, creditor_ids)
    tenant_id = current_tenant_id()
    # All admins are locked, so that the last two cannot demote each other at once.
    members = list(Membership.objects.select_for_update(no_key=True).filter(tenant_id=tenant_id).order_by("id"))
    membership = next((member for member in members if member.user_id == user.id), None)
    if membership is None:
        raise DomainError("not_found", "%(email)s is no member here", email=user.email)
    others = [m for m in members if m.role == Membership.Role.ADMIN and m.active and m.id != membership.id]
    was_admin = membership.role == Membership.Role.ADMIN and membership.active
    if was_admin and not others and (role != Membership.Role.ADMIN or not active):
        raise DomainError("last_admin", "this is the last administrator: make somebody else one first")
    before = rights_of(membership)
    membership.role, membership.creditor_ids, membership.active = role, sorted_ids(creditor_ids), active
    membership.save(update_fields=["role", "creditor_ids", "active"])
    _record(
        "membership.changed", actor=actor, subject_id=user.id, before=before, after=rights_of(membership), reason=reason
    )
    return membership


def issue_api_key(
    *,
    name: str,
    scopes: Collection[str],
    actor: str,
    creditor_ids: Collection[uuid.UUID] | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """Make a key for the current organisation; its text is returned this once. Raises DomainError `scope_unknown`."""
    tenant = Tenant.objects.get(pk=current_tenant_id())
    key, text = create_api_key(tenant, name=name, scopes=scopes, creditor_ids=creditor_ids, expires_at=expires_at)
    limits = None if creditor_ids is None else sorted(map(str, creditor_ids))
    _record(
        "api_key.created",
        actor=actor,
        subject="tenants.apikey",
        subject_id=key.id,
        after={"name": name, "prefix": key.prefix, "scopes": key.scopes, "creditor_ids": limits},
    )
    return key, text


def revoke_api_key(key_id: uuid.UUID, *, actor: str, reason: str = "") -> bool:
    """Close a key for good, from the next request on; False when it was closed. Raises DomainError `not_found`."""
    keys = ApiKey.objects.filter(pk=key_id, tenant_id=current_tenant_id())
    if not keys.exists():
        raise DomainError("not_found", "there is no such API key here")
    if not keys.filter(revoked_at=None).update(revoked_at=machine_now()):
        return False
    _record("api_key.revoked", actor=actor, subject="tenants.apikey", subject_id=key_id, reason=reason)
    return True


def rotate_api_key(key_id: uuid.UUID, *, actor: str, overlap: timedelta) -> tuple[ApiKey, str]:
    """A new key with the rights of an old one, which works on for `overlap`, so that nobody's calls fail meanwhile.

    The new text is returned this once. Raises DomainError `not_found` for a key that is unknown, revoked or expired.
    """
    now, tenant_id = machine_now(), current_tenant_id()
    old = ApiKey.objects.select_for_update(no_key=True).filter(pk=key_id, tenant_id=tenant_id, revoked_at=None).first()
    if old is None or (old.expires_at is not None and old.expires_at <= now):
        raise DomainError("not_found", "there is no such API key here")
    lifetime = None if old.expires_at is None else old.expires_at - old.created_at
    key, text = create_api_key(
        Tenant.objects.get(pk=tenant_id), name=old.name, scopes=old.scopes, creditor_ids=old.creditor_ids,
        expires_at=None if lifetime is None else now + lifetime,
    )  # fmt: skip
    ends = now + overlap
    old.expires_at = ends if old.expires_at is None else min(old.expires_at, ends)
    old.save(update_fields=["expires_at"])
    _record(
        "api_key.rotated", actor=actor, subject="tenants.apikey", subject_id=key.id,
        before={"prefix": old.prefix, "works_until": old.expires_at.isoformat()}, after={"prefix": key.prefix},
    )  # fmt: skip
    return key, text


def save_profile(*, name: str, language: str, actor: str) -> Tenant:
    """The organisation's name and the language of who has chosen none. Raises DomainError."""
    if not name.strip():
        raise DomainError("name_missing", "an organisation has a name", pointer="name")
    if language not in (known := dict(settings.LANGUAGES)):
        raise DomainError(
            "language_unknown", "%(language)s is not one of %(known)s", language=language, known=", ".join(known)
        )
    tenant = _locked()
    before = {"name": tenant.name, "language": tenant.language}
    after = {"name": name.strip()[:200], "language": language}
    if before != after:
        tenant.name, tenant.language = after["name"], after["language"]
        tenant.save(update_fields=["name", "language"])
        _record("organisation.changed", actor=actor, before=dict(before), after=dict(after))
    return tenant


def stop_sending(*, actor: str, reason: str, now: datetime) -> bool:
    """Nothing leaves the current organisation from here on: the last look reads this. False when it was stopped."""
    tenant = _locked()
    if tenant.sending_stopped_at is not None:
        return False
    tenant.sending_stopped_at, tenant.sending_stopped_reason = now, reason[:300]
    tenant.save(update_fields=["sending_stopped_at", "sending_stopped_reason"])
    audit.record("sending.stopped", actor=actor, subject="tenants.tenant", subject_id=tenant.id, reason=reason)
    emit(Emit("sending.stopped", "tenants.tenant", tenant.id, now, data={"scope": "tenant", "reason": reason}))
    return True


def resume_sending(*, actor: str, reason: str, now: datetime) -> bool:
    """Let messages leave again; each is looked at anew before it does. False when nothing was stopped."""
    tenant = _locked()
    if tenant.sending_stopped_at is None:
        return False
    before = {"stopped_at": tenant.sending_stopped_at.isoformat(), "reason": tenant.sending_stopped_reason}
    tenant.sending_stopped_at, tenant.sending_stopped_reason = None, ""
    tenant.save(update_fields=["sending_stopped_at", "sending_stopped_reason"])
    audit.record(
        "sending.resumed", actor=actor, subject="tenants.tenant", subject_id=tenant.id, before=before, reason=reason
    )
    emit(Emit("sending.resumed", "tenants.tenant", tenant.id, now, data={"scope": "tenant", "reason": reason}))
    return True


def move_clock(tenant: Tenant, *, to: datetime, actor: str = "system:tenants", reason: str = "") -> Tenant:
    """Move the business clock of a sandbox organisation forward to `to`; a clock that stands still stands there.

    Raises DomainError `clock_is_real` or `clock_backwards`.
    """
    return _set_clock(tenant, to, frozen=None, actor=actor, reason=reason)


def freeze_clock(
    tenant: Tenant, *, at: datetime | None = None, actor: str = "system:tenants", reason: str = ""
) -> Tenant:
    """Let the business clock of a sandbox organisation stand still, now or at a later instant."""
    return _set_clock(tenant, at, frozen=True, actor=actor, reason=reason)


def unfreeze_clock(tenant: Tenant, *, actor: str = "system:tenants", reason: str = "") -> Tenant:
    """Let it run again. The offset to real time only grows: what it missed while it stood is made up for at once."""
    return _set_clock(tenant, None, frozen=False, actor=actor, reason=reason)


def _set_clock(tenant: Tenant, to: datetime | None, *, frozen: bool | None, actor: str, reason: str) -> Tenant:
    if tenant.id != current_tenant_id():
        raise ValueError("the clock of one organisation is not moved in the scope of another")
    fresh = _locked()
    if not fresh.sandbox:
        raise DomainError("clock_is_real", "%(slug)s is no sandbox: its clock is the world's", slug=fresh.slug)
    if to is not None and to.tzinfo is None:
        raise ValueError("a naive datetime names no instant")
    machine, before = machine_now(), fresh.clock().now()
    target = before if to is None else to
    if target < before:
        raise DomainError(
            "clock_backwards",
            "clocks go forward only: it is %(now)s there already, %(to)s is past",
            now=before.isoformat(),
            to=target.isoformat(),
        )
    stands = fresh.clock_frozen_at is not None if frozen is None else frozen
    if stands:
        fresh.clock_frozen_at = target
    else:
        fresh.clock_frozen_at, fresh.clock_offset = None, max(fresh.clock_offset, target - machine)
    fresh.save(update_fields=["clock_frozen_at", "clock_offset"])
    after = fresh.clock_frozen_at or machine + fresh.clock_offset
    moved = {"from": before.isoformat(), "to": after.isoformat(), "frozen": stands}
    audit.record("clock.moved", actor=actor, subject="tenants.tenant", subject_id=fresh.id, after=moved, reason=reason)
    emit(Emit("clock.moved", "tenants.tenant", fresh.id, after, data=moved))
    tenant.clock_frozen_at, tenant.clock_offset = fresh.clock_frozen_at, fresh.clock_offset
    return tenant


def _locked() -> Tenant:
    return Tenant.objects.select_for_update(no_key=True).get(pk=current_tenant_id())


def _record(
    action: str,
    *,
    actor: str,
    subject: str = "",
    subject_id: object = None,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
    reason: str = "",
) -> None:
    audit.record(
        action,
        actor=actor,
        subject=subject or ("tenants.user" if subject_id else "tenants.tenant"),
        subject_id=subject_id or current_tenant_id(),
        before=before,
        after=after,
        reason=reason,
    )


def check_role(role: str, creditor_ids: Collection[uuid.UUID] | None) -> None:
    """Raise DomainError for a role that there is not, or one that needs creditors and has none."""
    if role not in Membership.Role.values:
        raise DomainError(
            "role_unknown", "%(role)s is not one of %(known)s", role=role, known=", ".join(Membership.Role.values)
        )
    if role == Membership.Role.CREDITOR and not creditor_ids:
        raise DomainError("creditors_missing", "a creditor's own people see listed creditors only: name at least one")


def sorted_ids(creditor_ids: Collection[uuid.UUID] | None) -> list[uuid.UUID] | None:
    """The creditors of a membership in an order that says nothing; None: all."""
    return None if creditor_ids is None else sorted(set(creditor_ids))


def rights_of(membership: Membership) -> dict[str, object]:
    """What a membership allows, as the audit keeps it."""
    listed = membership.creditor_ids
    return {
        "role": membership.role,
        "creditor_ids": None if listed is None else [str(creditor) for creditor in listed],
        "active": membership.active,
    }
