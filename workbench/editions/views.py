"""Editions of the rule packs: everybody who leads reads them; who runs the platform proposes and approves them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from compliance import editions as service
from compliance.casebook import counted
from compliance.models import RulePackVersion
from compliance.packfile import SIZE_MAX, read_text
from compliance.timemachine import summary
from kernel.clock import machine_now
from kernel.errors import DomainError
from tenants.language import told
from workbench.access import PageRequest, forbidden, page
from workbench.admins import LEADERS
from workbench.editions import queries
from workbench.editions.comparing import compare
from workbench.editions.forms import ProposalForm, WordForm
from workbench.rules.queries import speak
from workbench.setup.wide import whole

Action = Callable[..., RulePackVersion]


@page(roles=LEADERS)
@require_safe
def editions(request: PageRequest) -> HttpResponse:
    """/o/<slug>/rules/editions/: every pack with the edition that holds, what waits and what comes."""
    ours = queries.codes_of(request.organisation)
    packs = queries.packs(speak(request.LANGUAGE_CODE), request.now)
    return render(request, "workbench/editions/editions.html", {
        "tab": "editions", "ours": [one for one in packs if one.code in ours],
        "others": [one for one in packs if one.code not in ours], "operates": request.user.is_operator,
    })  # fmt: skip


@page(roles=LEADERS)
@require_safe
def pack(request: PageRequest, code: str) -> HttpResponse:
    """/o/<slug>/rules/editions/<code>/?edition=&before=: one edition, what it changes, its cases and its approval."""
    lang = speak(request.LANGUAGE_CODE)
    found = queries.pack(code[:20], lang, request.now)
    chosen = queries.edition(found, _number(request.GET.get("edition", ""))) if found else None
    if found is None or chosen is None:
        raise Http404(gettext("There is no such edition."))
    if request.GET.get("part") == "cases":
        cases = queries.cases(chosen, request.now)
        green, red = counted(cases)
        context: dict[str, Any] = {"cases": cases, "green": green, "red": red, "chosen": chosen, "pack": found}
        return render(request, "workbench/editions/cases.html", context | {"tab": "editions"})
    base = queries.base_of(found, chosen, _number(request.GET.get("before", "")))
    trials = queries.trials(chosen) if whole(request) else []
    return render(request, "workbench/editions/pack.html", {
        "tab": "editions", "pack": found, "chosen": chosen, "base": base, "operates": request.user.is_operator,
        "comparison": compare(found.code, base.data, chosen.data, lang) if base else None,
        "holds": found.now is not None and found.now.edition == chosen.edition,
        "coming": chosen in found.coming, "own": chosen.author_id == request.user.pk,
        "trials": trials, "turned": summary.turned(trials[0]) if trials else [], "whole": whole(request),
    })  # fmt: skip


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None


@page(roles=LEADERS)
@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: PageRequest) -> HttpResponse:
    """/o/<slug>/rules/editions/propose/: a pack's next edition as a file; it is a draft until somebody else approves it."""
    if not request.user.is_operator:
        return forbidden(request)
    form = ProposalForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data["file"]
        begun = form.cleaned_data["effective_from"]
        try:
            read = read_text(given.read(SIZE_MAX + 1), given.name)
            if read is None:
                raise DomainError("pack_missing", "%(file)s holds no rule pack: a YAML mapping with code, name and kind",
                                  file=given.name)  # fmt: skip
            (made,) = service.propose(
                [read], by=request.user, now=machine_now(), note=form.cleaned_data["note"],
                effective_from=begun.replace(tzinfo=UTC) if begun else None,
            )  # fmt: skip
        except DomainError as error:
            form.add_error("effective_from" if error.pointer == "from" else "file", told(error))
        else:
            messages.success(request, gettext("It is a draft now: somebody else who runs the platform approves it."))
            return redirect("rules-pack", organisation=request.organisation.slug, code=made.code)
    status = 422 if form.errors else 200
    return render(request, "workbench/editions/propose.html", {"tab": "editions", "form": form}, status=status)


@page(roles=LEADERS)
@require_POST
def approve(request: PageRequest, code: str) -> HttpResponse:
    """Let a draft hold from its date on; never its author."""
    note = gettext("It is approved: it switches itself on at its date.")
    return _decided(request, code, note, lambda number, words, **who: service.approve(code, number, note=words, **who))


@page(roles=LEADERS)
@require_POST
def sign_off(request: PageRequest, code: str) -> HttpResponse:
    """Note which lawyer of the country signed an edition off."""
    note = gettext("The signature is noted.")
    return _decided(
        request, code, note, lambda number, words, **who: service.sign_off(code, number, lawyer=words, **who)
    )


@page(roles=LEADERS)
@require_POST
def retire(request: PageRequest, code: str) -> HttpResponse:
    """Give up a draft, or what does not hold yet."""
    note = gettext("It is retired.")
    return _decided(request, code, note, lambda number, words, **who: service.retire(code, number, reason=words, **who))


def _decided(request: PageRequest, code: str, note: str, action: Action) -> HttpResponse:
    if not RulePackVersion.objects.filter(code=code[:20]).exists():
        raise Http404(gettext("There is no such edition."))
    if not request.user.is_operator:
        return forbidden(request)
    form = WordForm(request.POST)
    if not form.is_valid():
        raise Http404(gettext("There is no such edition."))
    number = form.cleaned_data["edition"]
    try:
        action(number, form.cleaned_data["words"], by=request.user, now=machine_now())
    except DomainError as error:
        messages.error(request, told(error))
    else:
        messages.success(request, note)
    answer = redirect("rules-pack", organisation=request.organisation.slug, code=code)
    answer["Location"] += f"?edition={number}"
    return answer
