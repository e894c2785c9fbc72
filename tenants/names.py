"""What an organisation's people are called."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from tenants.models import Membership
from tenants.scope import current_tenant_id


def names_of(user_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """What people of this organisation, former ones too, are called; a part of their address where they gave no name."""
    wanted = {one for one in user_ids if one}
    if not wanted:
        return {}
    rows = Membership.objects.filter(tenant_id=current_tenant_id(), user_id__in=wanted)
    return {
        pk: name or email.partition("@")[0]
        for pk, name, email in rows.values_list("user_id", "user__name", "user__email")
    }
