"""/o/<slug>/attachments/<id>/: a receipt that a debtor uploaded."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from messaging.page import attachment
from tenants import audit
from workbench.access import PageRequest, Role, page

#: Shown in the page; everything else is saved by the browser.
_SHOWN = frozenset({"image/jpeg", "image/png", "image/webp"})


@page(roles={Role.AGENT, Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR})
@require_safe
def opened(request: PageRequest, attachment_id: uuid.UUID) -> HttpResponse:
    """The file as it came; who opened it is written down."""
    found = attachment(attachment_id)
    if found is None:
        raise Http404("no such file")
    audit.record(
        "attachment.open", actor=request.actor, subject="messaging.attachment", subject_id=attachment_id,
        creditor_id=found.creditor_id, after={"type": found.media_type},
    )  # fmt: skip
    response = HttpResponse(found.body, content_type=found.media_type)
    response["Content-Disposition"] = content_disposition_header(found.media_type not in _SHOWN, found.name) or "inline"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
