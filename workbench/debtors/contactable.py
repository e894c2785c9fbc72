"""Who can be contacted, why the others not, what to do about it; and asking all who lack a consent for it."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST, require_safe

from kernel.money import Money
from messaging.bot import opt_in
from portfolio.models import Creditor
from tenants import audit
from workbench.access import PageRequest, page
from workbench.debtors.acts import LEADERS
from workbench.debtors.queries import (
    LOOKED_AT,
    Filters,
    contactable_of,
)
from workbench.debtors.standing_cards import why_not_asked
from workbench.supervisor.tables import csv_answer


@page()
@require_safe
def contactable(request: PageRequest) -> HttpResponseBase:
    """How many can be contacted, why the others not, and what to do about it."""
    return shown(request, Filters.of(request.GET).creditor)


def shown(request: PageRequest, creditor_id: uuid.UUID | None) -> HttpResponseBase:
    """The page, or its CSV; `?reason=` shows one reason only."""
    found = contactable_of(creditor_id, now=request.now)
    every, wanted = found.reasons, request.GET.get("reason", "")[:60]
    if wanted in {reason.key for reason in every}:
        found.reasons = [reason for reason in every if reason.key == wanted]
    else:
        wanted = ""
    if request.GET.get("format") == "csv":
        head = ["external_id", "name", "creditor", "open", "currency", "rule", "reason", "owner", "remedy"]
        told = (
            [
                each.external_id, each.person.name, each.creditor.name,
                str(Money.from_minor(each.open_minor, each.currency).amount), each.currency, reason.blocker.rule,
                reason.blocker.general or reason.blocker.text, reason.blocker.owner, reason.blocker.remedy,
            ]
            for reason in found.reasons
            for each in reason.debtors
        )  # fmt: skip
        return csv_answer([head, *told], f"not-contactable-{request.now.date().isoformat()}")
    context = {
        "found": found, "creditor_id": creditor_id, "creditors": list(Creditor.objects.order_by("name")[:200]),
        "share": found.reachable / found.looked_at if found.looked_at else None,
        "all_looked_at": found.total <= LOOKED_AT, "every": every, "wanted": wanted,
        "may_ask": request.membership.role in LEADERS,
    }  # fmt: skip
    return render(request, "workbench/debtors/contactable.html", context)


@page(roles=LEADERS)
@require_POST
def ask_for_consent(request: PageRequest) -> HttpResponseBase:
    """Ask everybody who cannot be contacted for want of a consent, as far as the gate lets the question out."""
    filters = Filters.of(request.POST)
    found = contactable_of(filters.creditor, now=request.now)
    wanting = [each for reason in found.reasons if reason.blocker.fix == "debtor-consent" for each in reason.debtors]
    done = opt_in.ask([each.pk for each in wanting], actor=request.actor, origin="agent", now=request.now)
    for sent in done.requests:
        audit.record(
            "debtor.consent_asked", actor=request.actor, subject="portfolio.debtor", subject_id=sent.debtor_id,
            creditor_id=sent.creditor_id, after={"request": str(sent.pk)},
        )  # fmt: skip
    asked = len(done.requests)
    told = ngettext("%(n)s debtor was asked.", "%(n)s debtors were asked.", asked) % {"n": asked}
    later = asked - done.allowed
    if later:
        told += " " + ngettext(
            "%(n)s question waits for its hour.", "%(n)s questions wait for their hour.", later
        ) % {"n": later}  # fmt: skip
    for code, count in done.left.most_common():
        told += " " + gettext("%(n)s not asked: %(why)s") % {"n": count, "why": why_not_asked(code)}
    messages.add_message(request, messages.SUCCESS if asked else messages.WARNING, told)
    back = reverse("contactable", kwargs={"organisation": request.organisation.slug})
    return HttpResponseRedirect(back + (f"?creditor={filters.creditor}" if filters.creditor else ""))
