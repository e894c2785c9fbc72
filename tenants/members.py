"""A member's day changes: another role, other creditors, the door, and back in again."""

from __future__ import annotations

import uuid

from allauth.usersessions.models import UserSession

from kernel.errors import DomainError
from tenants.models import Membership, User
from tenants.scope import current_tenant_id
from tenants.services import set_role


def member(user_id: uuid.UUID) -> Membership:
    """The membership of a person in the current organisation; raises DomainError `not_found`."""
    found = Membership.objects.select_related("user").filter(tenant_id=current_tenant_id(), user_id=user_id).first()
    if found is None:
        raise DomainError("not_found", "this person is no member here")
    return found


def deactivate(user_id: uuid.UUID, *, actor: str, reason: str) -> Membership:
    """Show a member the door: nothing of the organisation opens to them from the next request on.

    Who works nowhere else is logged out everywhere. Raises DomainError `last_admin` or `not_found`.
    """
    was = member(user_id)
    changed = set_role(was.user, was.role, actor=actor, creditor_ids=was.creditor_ids, active=False, reason=reason)
    if not Membership.objects.filter(user_id=user_id, active=True).exists():
        end_sessions(was.user)
    return changed


def reactivate(user_id: uuid.UUID, *, actor: str, reason: str = "") -> Membership:
    """Let a former member in again, in the role that they had."""
    was = member(user_id)
    return set_role(was.user, was.role, actor=actor, creditor_ids=was.creditor_ids, active=True, reason=reason)


def end_sessions(user: User) -> int:
    """Log somebody out wherever they are logged in; returns of how many places."""
    sessions = list(UserSession.objects.filter(user=user))
    for session in sessions:
        session.end()
    return len(sessions)
