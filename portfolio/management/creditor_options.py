"""The --creditor option of commands that let somebody see a part of an organisation."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from kernel.errors import DomainError
from portfolio.models import Creditor


def creditor_ids(external_ids: Sequence[str] | None) -> list[uuid.UUID] | None:
    """The creditors of these external ids, None for all of them; raises DomainError that names those there are."""
    if not external_ids:
        return None
    found = dict(Creditor.objects.filter(external_id__in=external_ids).values_list("external_id", "id"))
    if missing := [external_id for external_id in external_ids if external_id not in found]:
        known = list(Creditor.objects.order_by("external_id").values_list("external_id", flat=True)[:20])
        raise DomainError(
            "not_found",
            "there is no creditor %(missing)s here; there is %(known)s",
            missing=", ".join(missing),
            known=", ".join(known) or "none yet",
        )
    return sorted(found.values())
