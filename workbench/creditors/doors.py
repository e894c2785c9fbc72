"""How a creditor's customers say yes: the contract clause, attested once, and the click-to-chat link for invoices."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from compliance.models import ConsentClause
from compliance.services.clauses import FILE_MAX, attest_clause, clauses_of, file_of
from kernel.errors import DomainError
from kernel.phones import spoken
from messaging import click_to_chat
from messaging.models import Number, OptInLink
from messaging.sending.channel_facts import Channels
from portfolio.models import Creditor
from portfolio.payables import qr
from tenants import audit
from tenants.language import told
from workbench.access import PageRequest, Role, page
from workbench.admins import LEADERS


class ClauseForm(forms.Form):
    """A contract clause, with the form that it stands in and the word of who attests it."""

    version = forms.RegexField(
        r"^[\w.:/ -]{1,40}$", label=_("Version of the clause"), max_length=40, strip=True,
        help_text=_("As your contract form calls it, like 2026-03."),
        error_messages={"invalid": _("Letters, digits and . : / - _ only.")},
    )  # fmt: skip
    used_from = forms.DateField(
        label=_("In contracts signed since"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    wording = forms.CharField(
        label=_("Wording of the clause"), max_length=4000, widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Word for word: this is what stands in the evidence of every consent under it."),
    )  # fmt: skip
    file = forms.FileField(
        label=_("Blank contract form"), help_text=_("PDF, PNG or JPEG, up to 5 MB. Its SHA-256 is kept; nobody can change it."),
        widget=forms.ClearableFileInput(attrs={"accept": "application/pdf,image/png,image/jpeg"}),
    )  # fmt: skip
    attested = forms.BooleanField(
        label=_(
            "I attest that this clause names the creditor, WhatsApp and messages about payments, and that every contract "
            "signed since that day carries it."
        )
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if name != "attested":
                field.widget.attrs["class"] = "form-control"

    def clean_file(self) -> bytes:
        """The file's bytes, not more than are taken."""
        file = self.cleaned_data["file"]
        if file.size > FILE_MAX:
            raise forms.ValidationError(_("The file has more than 5 MB."))
        self.cleaned_data["file_name"] = file.name
        body: bytes = file.read()
        return body


def creditor_or_404(creditor_id: uuid.UUID) -> Creditor:
    """The creditor; 404 outside of the scope."""
    row = Creditor.objects.filter(pk=creditor_id).first()
    if row is None:
        raise Http404(gettext("There is no such creditor."))
    return row


@page(roles=LEADERS)
@require_http_methods(["GET", "HEAD", "POST"])
def consent(request: PageRequest, creditor_id: uuid.UUID) -> HttpResponse:
    """/o/<slug>/creditors/<id>/consent/: read by leaders, changed by an administrator."""
    row = creditor_or_404(creditor_id)
    if request.method != "POST":
        return _page(request, row, ClauseForm())
    if request.membership.role != Role.ADMIN:
        return render(request, "workbench/forbidden.html", status=403)
    if request.POST.get("what") == "link":
        link = click_to_chat.link_for(row, actor=request.actor, now=request.now)
        for former in click_to_chat.open_links(row.pk):
            if former.pk != link.pk and request.POST.get("retire") == "1":
                click_to_chat.retire(former, actor=request.actor, now=request.now)
        messages.success(request, gettext("The link is ready."))
    elif request.POST.get("what") == "retire":
        former_link = _link(row, request.POST.get("link", ""))
        if former_link is not None:
            click_to_chat.retire(former_link, actor=request.actor, now=request.now)
            messages.success(request, gettext("The link is retired: its words are a consent no more."))
    else:
        form = ClauseForm(request.POST, request.FILES)
        if not form.is_valid():
            return _page(request, row, form, status=422)
        said = form.cleaned_data
        try:
            attest_clause(
                row, version=said["version"], wording=said["wording"], used_from=said["used_from"],
                file_name=said["file_name"], body=said["file"], actor=request.actor, name=_name(request),
                names_all=said["attested"], now=request.now,
            )  # fmt: skip
        except DomainError as error:
            name = error.pointer.strip("/")
            form.add_error(name if name in form.fields else None, told(error))
            return _page(request, row, form, status=422)
        messages.success(request, gettext("Kept: signing dates in an import can refer to it now."))
    return redirect("creditor-consent", organisation=request.organisation.slug, creditor_id=row.pk)


def _name(request: PageRequest) -> str:
    user: Any = request.user
    return str(user.name or user.email)


def _link(row: Creditor, key: str) -> OptInLink | None:
    try:
        return OptInLink.objects.filter(pk=uuid.UUID(key), creditor_id=row.pk).first()
    except ValueError:
        return None


def number_of(request: PageRequest, row: Creditor) -> Number | None:
    """The number that the creditor's customers write to."""
    return Channels(now=request.now).number_for(row.pk)


def _page(request: PageRequest, row: Creditor, form: ClauseForm, status: int = 200) -> HttpResponse:
    number = number_of(request, row)
    links = click_to_chat.open_links(row.pk)
    addresses = [click_to_chat.address_of(link, number) if number else "" for link in links]
    listed = [{"link": link, "address": address} for link, address in zip(links, addresses, strict=True)]
    context = {
        "row": row, "form": form, "clauses": clauses_of(row.pk), "links": listed,
        "number": spoken(number.address) if number else "", "may_edit": request.membership.role == Role.ADMIN,
        "qr": qr.svg(addresses[0], gettext("Opens WhatsApp with the words of the consent"))
        if addresses and number else "",
        "wording": click_to_chat.wording_for(row, request.organisation),
    }  # fmt: skip
    return render(request, "workbench/creditors/consent.html", context, status=status)


@page(roles=LEADERS)
@require_safe
def code(request: PageRequest, creditor_id: uuid.UUID) -> HttpResponse:
    """The QR code of the creditor's newest link as an SVG file, to be printed on invoices."""
    row = creditor_or_404(creditor_id)
    number, links = number_of(request, row), click_to_chat.open_links(row.pk)
    if number is None or not links:
        raise Http404(gettext("There is no link yet."))
    drawn = qr.svg_file(click_to_chat.address_of(links[0], number), f"WhatsApp · {row.name}")
    response = HttpResponse(drawn, content_type="image/svg+xml")
    response["Content-Disposition"] = (
        content_disposition_header(True, f"whatsapp-{row.external_id}.svg") or "attachment"
    )
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@page(roles=LEADERS)
@require_safe
def clause_file(request: PageRequest, creditor_id: uuid.UUID, clause_id: uuid.UUID) -> HttpResponse:
    """The contract form as it was uploaded; who opened it is written down."""
    row = creditor_or_404(creditor_id)
    clause = ConsentClause.objects.filter(pk=clause_id, creditor_id=row.pk).first()
    if clause is None:
        raise Http404(gettext("There is no such clause."))
    audit.record(
        "consent_clause.open", actor=request.actor, subject="portfolio.creditor", subject_id=row.pk, creditor_id=row.pk,
        after={"clause": str(clause.pk), "sha256": clause.sha256},
    )  # fmt: skip
    response = HttpResponse(file_of(clause), content_type=clause.media_type)
    response["Content-Disposition"] = content_disposition_header(True, clause.file_name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
