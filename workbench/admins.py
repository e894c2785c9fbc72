"""Who reads the set-up, and who may change what holds for the whole organisation."""

from __future__ import annotations

from workbench.access import PageRequest, Role

LEADERS = frozenset({Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR})
ADMINS = frozenset({Role.ADMIN})


def may_edit(request: PageRequest) -> bool:
    """Whether this person may change what holds for every creditor of the organisation."""
    return request.membership.role == Role.ADMIN and request.membership.creditor_ids is None
