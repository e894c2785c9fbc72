"""People: who works here, asking somebody in, changing what they may, showing them the door."""

from __future__ import annotations

import csv
import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kernel.clock import machine_now
from kernel.errors import DomainError
from portfolio.imports.mapping.rejected import escaped
from portfolio.models import Creditor
from tenants import invitations, members
from tenants.language import told
from tenants.models import AuditEntry, Membership
from tenants.services import set_role
from workbench.access import PageRequest, Role, page
from workbench.people import queries
from workbench.people.forms import ROLES, InviteForm, RightsForm
from workbench.setup.wide import changes_all, may_change_all
from workbench.templatetags.trato import role as role_word

ADMINS = {Role.ADMIN}
LOOKS = {Role.ADMIN, Role.AUDITOR}
_LINK = "invitation_link"


@page(roles=LOOKS)
def people(request: PageRequest) -> HttpResponse:
    """Everybody of the organisation, and who was asked in."""
    search, role = request.GET.get("q", "").strip()[:100], request.GET.get("role", "")
    rows = queries.members(request.organisation, search=search, role=role if role in Membership.Role.values else "")
    if request.GET.get("format") == "csv":
        return _csv(rows)
    return TemplateResponse(request, "workbench/people/list.html", {
        "section": "people", "may_change": may_change_all(request), "rows": rows, "search": search,
        "asked": queries.asked(request.organisation, machine_now()),
        "role_chosen": role, "roles": [(code, word) for code, word, _what in ROLES],
        "link": request.session.pop(_LINK, None) if request.membership.role == Role.ADMIN else None,
    })  # fmt: skip


@page(roles=ADMINS)
@changes_all
def invite(request: PageRequest) -> HttpResponse:
    """Ask somebody in."""
    form = InviteForm(
        request.POST or None,
        creditors=_creditors(),
        initial={"role": "agent", "language": request.organisation.language},
    )
    if request.method == "POST":
        try:
            if form.is_valid():
                row, token = invitations.invite(
                    email=form.cleaned_data["email"], role=form.cleaned_data["role"], by=request.user,
                    language=form.cleaned_data["language"], creditor_ids=form.creditor_ids,
                )  # fmt: skip
                return _asked_in(request, row.email, token)
        except DomainError as error:
            _place(form, error)
    return _form(request, "workbench/people/invite.html", form)


@page(roles=ADMINS)
@require_POST
@changes_all
def change_invitation(request: PageRequest, pk: uuid.UUID, action: str) -> HttpResponse:
    """Send it again, or take it back."""
    try:
        if action == "resend":
            row, token = invitations.resend(pk, by=request.user)
            return _asked_in(request, row.email, token)
        if action != "revoke":
            raise Http404(action)
        row = invitations.revoke(pk, by=request.user)
        messages.success(request, _("The invitation to %(email)s no longer works.") % {"email": row.email})
    except DomainError as error:
        messages.error(request, told(error))
    return redirect("people", organisation=request.organisation.slug)


@page(roles=LOOKS)
@changes_all
def person(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    """One member: role, creditors, and what they did lately."""
    membership = _member(pk)
    chosen = [str(each) for each in membership.creditor_ids or ()]
    form = RightsForm(
        request.POST or None, creditors=_creditors(), initial={"role": membership.role, "creditors": chosen}
    )
    if request.method == "POST":
        try:
            if form.is_valid():
                set_role(
                    membership.user, form.cleaned_data["role"], actor=request.actor, active=membership.active,
                    creditor_ids=form.creditor_ids,
                )  # fmt: skip
                messages.success(request, _("Saved."))
                return redirect("people", organisation=request.organisation.slug)
        except DomainError as error:
            _place(form, error)
    one = next(each for each in queries.members(request.organisation, search=membership.user.email)
               if each.membership.pk == membership.pk)  # fmt: skip
    entries = AuditEntry.objects.filter(actor=f"user:{pk}").order_by("-id")[:8]
    return _form(
        request, "workbench/people/person.html", form, one=one, person=membership.user, entries=entries,
        own=pk == request.user.pk,
    )  # fmt: skip


@page(roles=ADMINS)
@require_POST
@changes_all
def let_person(request: PageRequest, pk: uuid.UUID, action: str) -> HttpResponse:
    """Show a member the door, or let them in again."""
    membership = _member(pk)
    name = membership.user.name or membership.user.email
    try:
        if action == "deactivate":
            members.deactivate(pk, actor=request.actor, reason=request.POST.get("reason", "")[:300])
            messages.success(request, _("%(name)s has no access any more.") % {"name": name})
        elif action == "reactivate":
            members.reactivate(pk, actor=request.actor)
            messages.success(request, _("%(name)s has access again.") % {"name": name})
        else:
            raise Http404(action)
    except DomainError as error:
        messages.error(request, told(error))
    if pk == request.user.pk:
        return redirect("start")
    return redirect("person", organisation=request.organisation.slug, pk=pk)


def _form(request: PageRequest, template: str, form: RightsForm, **more: Any) -> HttpResponse:
    status = 422 if request.method == "POST" else 200
    known = {"section": "people", "may_change": may_change_all(request), "form": form, "roles": ROLES}
    return TemplateResponse(request, template, {**known, **more}, status=status)


def _asked_in(request: PageRequest, email: str, token: str) -> HttpResponse:
    messages.success(request, _("An invitation is on its way to %(email)s.") % {"email": email})
    if not settings.EMAIL_URL:  # no mail server: whoever invites hands the link over
        request.session[_LINK] = {"email": email, "url": invitations.link_of(token)}
    return redirect("people", organisation=request.organisation.slug)


def _creditors() -> list[Creditor]:
    return list(Creditor.objects.only("id", "name").order_by("name")[:500])


def _member(pk: uuid.UUID) -> Membership:
    try:
        return members.member(pk)
    except DomainError as error:
        raise Http404(error.code) from error


def _place(form: RightsForm, error: DomainError) -> None:
    field = {"email_invalid": "email", "conflict": "email", "creditors_missing": "creditors"}.get(error.code)
    form.add_error(field if field in form.fields else None, told(error))


def _csv(rows: list[queries.Member]) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="people.csv"'
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow(
        [_("Name"), _("E-mail"), _("Role"), _("Creditors"), _("Last seen"), _("Second factor"), _("Active")]
    )
    for row in rows:
        seen = row.seen_at.isoformat(timespec="minutes") if row.seen_at else ""
        writer.writerow(map(escaped, [
            row.membership.user.name, row.membership.user.email, role_word(row.membership.role),
            _("All") if row.creditors is None else "; ".join(row.creditors), seen, ", ".join(row.factors),
            _("yes") if row.membership.active else _("no"),
        ]))  # fmt: skip
    return response
