"""The machinery of the cards: one address that is a part of a page or a page, done once, refused in words, audited."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import Promise as Lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from kernel.errors import DomainError
from messaging.models import SendRequest
from portfolio.models import Debtor
from tenants import audit
from tenants.language import told
from workbench.access import PageRequest, Role, page
from workbench.debtors.forms import CardForm
from workbench.navigation import WORKERS

LEADERS = frozenset({Role.SUPERVISOR, Role.ADMIN})


@dataclass(slots=True)
class Done:
    """What was done, in words; `show` is what the card says afterwards, beside the toast."""

    text: str
    tone: str = "success"
    show: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card: its name (of address and template), its form and what it does."""

    name: str
    title: str | Lazy
    form: type[CardForm]
    do: Callable[[PageRequest, Debtor, CardForm], Done]
    #: What the form begins with, and what else the template shows.
    initial: Callable[[PageRequest, Debtor], dict[str, Any]] = lambda request, debtor: {}
    context: Callable[[PageRequest, Debtor, CardForm], dict[str, Any]] = lambda request, debtor, form: {}
    #: Answers other than the card to a GET (a live preview).
    part: Callable[[PageRequest, Debtor], HttpResponseBase | None] = lambda request, debtor: None
    roles: Collection[str] = WORKERS


def debtor_or_404(debtor_id: uuid.UUID) -> Debtor:
    """The debtor with person and creditor; 404 for one outside of the scope."""
    return get_object_or_404(Debtor.objects.select_related("person", "creditor"), pk=debtor_id)


def view_of(card: Card) -> Callable[..., HttpResponseBase]:
    """The view of a card: GET shows it, POST does it. 422 with the form when it cannot be."""

    @page(roles=card.roles)
    def shown(request: PageRequest, debtor_id: uuid.UUID) -> HttpResponseBase:
        debtor = debtor_or_404(debtor_id)
        if request.method == "POST":
            return _do(request, debtor, card)
        if (answer := card.part(request, debtor)) is not None:
            return answer
        initial = {"conversation": _uuid(request.GET.get("conversation")), **card.initial(request, debtor)}
        return _show(request, debtor, card, card.form(initial=initial, debtor=debtor, now=request.now))

    return shown


def _do(request: PageRequest, debtor: Debtor, card: Card) -> HttpResponseBase:
    form = card.form(request.POST, debtor=debtor, now=request.now)
    if not form.is_valid():
        return _show(request, debtor, card, form, status=422)
    try:
        with transaction.atomic():
            done = card.do(request, debtor, form)
    except DomainError as error:
        name = error.pointer.strip("/").partition("/")[0]
        form.add_error(name if name in form.fields else None, told(error))
        return _show(request, debtor, card, form, status=422)
    if htmx(request):
        context = {"card": card, "done": done, "debtor": debtor, **done.show}
        return told_by_htmx(render(request, "workbench/debtors/act.html#done", context), debtor, done)
    if done.show:
        return render(
            request, "workbench/debtors/act.html",
            {"card": card, "debtor": debtor, "done": done, "back": back_of(request, debtor), **done.show},
        )  # fmt: skip
    messages.add_message(request, messages.SUCCESS if done.tone == "success" else messages.WARNING, done.text)
    return HttpResponseRedirect(back_of(request, debtor))


def told_by_htmx(response: HttpResponse, debtor: Debtor, done: Done) -> HttpResponse:
    """Let the page say it and look anew."""
    response["HX-Trigger"] = json.dumps({
        "toast": {"text": done.text, "tone": done.tone}, "debtor-changed": {"id": str(debtor.pk)}, "inbox:done": {},
    })  # fmt: skip
    return response


def deed(
    form_class: type[CardForm],
    do: Callable[[PageRequest, Debtor, CardForm], Done],
    *,
    roles: Collection[str] = WORKERS,
) -> Callable[..., HttpResponseBase]:
    """The view of a button or small form that stands in another card: POST only, answered by a word and the page anew."""

    @page(roles=roles)
    @require_POST
    def done_by(request: PageRequest, debtor_id: uuid.UUID) -> HttpResponseBase:
        debtor = debtor_or_404(debtor_id)
        form = form_class(request.POST, debtor=debtor, now=request.now)
        refused = ""
        if form.is_valid():
            try:
                with transaction.atomic():
                    done = do(request, debtor, form)
            except DomainError as error:
                refused = told(error)
        else:
            refused = " ".join(str(error) for errors in form.errors.values() for error in errors)
        if refused:
            if htmx(request):
                response = HttpResponse(status=422)
                response["HX-Reswap"] = "none"
                response["HX-Trigger"] = json.dumps({"toast": {"text": refused, "tone": "danger"}})
                return response
            messages.error(request, refused)
            return HttpResponseRedirect(back_of(request, debtor))
        if htmx(request):
            return told_by_htmx(HttpResponse(), debtor, done)
        messages.success(request, done.text)
        return HttpResponseRedirect(back_of(request, debtor))

    return done_by


def _show(request: PageRequest, debtor: Debtor, card: Card, form: CardForm, status: int = 200) -> HttpResponse:
    conversation = form["conversation"].value()
    context = {
        "card": card, "form": form, "debtor": debtor, "creditor": debtor.creditor, "person": debtor.person,
        "action": reverse(card.name, kwargs={"organisation": request.organisation.slug, "debtor_id": debtor.pk}),
        "conversation": conversation or "", "back": back_of(request, debtor),
        "card_template": f"workbench/debtors/cards/{card.name.removeprefix('debtor-')}.html",
        "leads": request.membership.role in LEADERS,
        **card.context(request, debtor, form),
    }  # fmt: skip
    template = "workbench/debtors/act.html#card" if htmx(request) else "workbench/debtors/act.html"
    return render(request, template, context, status=status)


def htmx(request: HttpRequest) -> bool:
    """Whether a part of a page asks."""
    return request.headers.get("HX-Request") == "true"


def back_of(request: PageRequest, debtor: Debtor) -> str:
    """Where to go afterwards: what the form names if it is ours, else the debtor's page."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if wanted and url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return reverse("debtor", kwargs={"organisation": request.organisation.slug, "debtor_id": debtor.pk})


def _uuid(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        return None


def note(request: PageRequest, debtor: Debtor, action: str, *, reason: str = "", **after: Any) -> None:
    """Write into the audit what a person did to a debtor's account."""
    audit.record(
        action, actor=request.actor, subject="portfolio.debtor", subject_id=debtor.pk, creditor_id=debtor.creditor_id,
        after={key: value for key, value in after.items() if value not in (None, "")}, reason=reason,
    )  # fmt: skip


def source_of(request: PageRequest) -> str:
    """Who did it, as rows of the portfolio write it."""
    return f"agent:{request.user.pk.hex}"


def sent_words(requests: list[SendRequest]) -> tuple[str, str]:
    """What became of messages that somebody asked for: words and tone."""
    verdicts = {request.verdict for request in requests}
    if verdicts == {"allow"}:
        return gettext("Sent."), "success"
    if "deny" in verdicts:
        return gettext("Not sent: the gate refused the message."), "danger"
    return gettext("It waits for its hour and goes out then."), "success"
