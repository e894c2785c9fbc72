"""What the organisation relaxes where a pack permits it: proposed by one administrator, decided by a second one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from compliance.decide.days import hhmm
from compliance.decide.describe import describe
from compliance.decide.rules import WEEK
from compliance.models import RuleLayer
from compliance.services import relaxing
from compliance.services.own_rules import own_rules
from compliance.services.relaxing import Relaxable
from kernel.errors import DomainError
from tenants.language import told
from tenants.models import Membership
from workbench.access import PageRequest, page
from workbench.admins import ADMINS, LEADERS, may_edit
from workbench.operations.queries import actor_word, people
from workbench.rules import queries, years
from workbench.setup.wide import changes_all


@dataclass(frozen=True, slots=True)
class Row:
    """A rule that may be relaxed, with its fields."""

    one: Relaxable
    sentences: tuple[str, ...]
    fields: tuple[Any, ...]
    days: tuple[tuple[str, str, Any, Any], ...]  # of hours: day, what the pack says, from, to
    held: bool


class RelaxForm(forms.Form):
    """A field per rule; what is left as it is relaxes nothing."""

    reason = forms.CharField(
        label=_("Reason"), max_length=300, required=False, help_text=_("Who agreed, and on what grounds. It is kept."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, rules: list[Relaxable], held: Mapping[str, Any]) -> None:
        super().__init__(data)
        self.rules = rules
        hour = {"type": "time", "step": "300"}
        for one in rules:
            code, now = one.rule.code, held.get(one.rule.code, {})
            if one.how == "cap":
                self.fields[f"count_{code}"] = forms.IntegerField(
                    label=_("Contacts at most"), min_value=1, max_value=100, required=False, initial=now.get("count")
                )
            elif one.how == "window":
                for place, day in enumerate(WEEK):
                    pair = _pair((now.get("windows") or {}).get(day))
                    shown = pair if pair and pair != _pack_pair(one, place) else ("", "")
                    for side, value in zip(("from", "to"), shown, strict=True):
                        self.fields[f"{side}_{code}_{day}"] = forms.TimeField(
                            required=False, initial=value, widget=forms.TimeInput(attrs=hour, format="%H:%M")
                        )
            elif one.rule.enabled:
                self.fields[f"off_{code}"] = forms.BooleanField(
                    label=_("Does not hold for us"), required=False, initial=now == {"off": True}
                )
            else:
                self.fields[f"on_{code}"] = forms.BooleanField(
                    label=_("Holds for us"), required=False, initial=now == {"on": True}
                )

    def clean(self) -> dict[str, Any]:
        """Both hours or none, the end after the beginning."""
        found: dict[str, Any] = super().clean() or {}
        for one in self.rules:
            for day in WEEK if one.how == "window" else ():
                start, end = (found.get(f"{side}_{one.rule.code}_{day}") for side in ("from", "to"))
                if (start is None) != (end is None):
                    self.add_error(f"to_{one.rule.code}_{day}", gettext("Give both hours, or leave both empty."))
                elif start is not None and end is not None and end <= start:
                    self.add_error(f"to_{one.rule.code}_{day}", gettext("The end must come after the beginning."))
        return found

    def relax(self) -> dict[str, Any]:
        """What was filled in, as the rules take it. Call after is_valid."""
        found, filled = dict[str, Any](), self.cleaned_data
        for one in self.rules:
            code = one.rule.code
            if filled.get(f"count_{code}") is not None:
                found[code] = {"count": filled[f"count_{code}"]}
            elif filled.get(f"off_{code}"):
                found[code] = {"off": True}
            elif filled.get(f"on_{code}"):
                found[code] = {"on": True}
            elif one.how == "window" and any(filled.get(f"from_{code}_{day}") for day in WEEK):
                found[code] = {"windows": {day: self._hours(one, place) for place, day in enumerate(WEEK)}}
        return found

    def _hours(self, one: Relaxable, place: int) -> list[str] | None:
        day = WEEK[place]
        start, end = (self.cleaned_data.get(f"{side}_{one.rule.code}_{day}") for side in ("from", "to"))
        if start and end:
            return [f"{start:%H:%M}", f"{end:%H:%M}"]
        pair = _pack_pair(one, place)
        return list(pair) if pair else None


def _pair(value: Any) -> tuple[str, str] | None:
    if not value:
        return None
    return (value[0], value[1]) if isinstance(value[0], str) else (value[0][0], value[-1][1])


def _pack_pair(one: Relaxable, place: int) -> tuple[str, str] | None:
    hours = one.rule.week[place]
    return (hhmm(hours[0][0]), hhmm(hours[-1][1])) if hours else None


@page(roles=LEADERS)
@require_http_methods(["GET", "HEAD", "POST"])
@changes_all
def relaxations(request: PageRequest) -> HttpResponse:
    """/o/<slug>/rules/relaxations/: what holds, what waits for its second person, and a new proposal."""
    standing = own_rules(request.now)
    held = dict(standing.other.get("relax") or {})
    rules = relaxing.relaxable_rules(request.now)
    if request.method == "POST" and not may_edit(request):
        return render(request, "workbench/forbidden.html", status=403)
    form = RelaxForm(request.POST if request.method == "POST" else None, rules=rules, held=held)
    if request.method == "POST" and form.is_valid():
        try:
            made = relaxing.propose(
                form.relax(), author=request.actor, reason=form.cleaned_data["reason"], now=request.now
            )
        except DomainError as error:
            form.add_error(_field_of(error.pointer, form), told(error))
        else:
            messages.success(
                request, gettext("It waits for a second administrator now.") if made else
                gettext("Your organisation's rules hold from now on."),
            )  # fmt: skip
            return redirect("rules-relax", organisation=request.organisation.slug)
    return _shown(request, form, held, standing.layer, status=422 if form.errors else 200)


def _field_of(pointer: str, form: RelaxForm) -> str | None:
    code = pointer.rpartition("/")[2]
    wanted = ("reason", f"count_{code}", f"off_{code}", f"to_{code}_mon")
    return next((name for name in wanted if name in form.fields and (name != "reason" or code == "reason")), None)


def _shown(
    request: PageRequest, form: RelaxForm, held: Mapping[str, Any], layer: RuleLayer | None, *, status: int
) -> HttpResponse:
    lang = queries.speak(request.LANGUAGE_CODE)
    sentences = {one.rule.code: tuple(describe(one.rule, lang)) for one in form.rules}
    waiting, names = relaxing.open_proposal(), dict(people(request.organisation))
    return render(request, "workbench/rules/relaxations.html", {
        "tab": "relax", "form": form, "rows": [_row(form, one, sentences, held, lang) for one in form.rules],
        "may_edit": may_edit(request), "waiting": waiting, "layer": layer,
        "held": [(code, sentences.get(code, ()), told_change(change, lang)) for code, change in held.items()],
        "wanted": [(code, sentences.get(code, ()), told_change(change, lang))
                   for code, change in (waiting.relax if waiting else {}).items() if held.get(code) != change],
        "back": [code for code in held if waiting and code not in waiting.relax],
        "author": actor_word(waiting.author, names) if waiting else "",
        "mine": bool(waiting and waiting.author == request.actor),
        "layer_author": actor_word(layer.author, names) if layer else "",
        "layer_second": actor_word(layer.approved_by, names) if layer and layer.approved_by else "",
        "alone": _alone(request),
    }, status=status)  # fmt: skip


def _row(form: RelaxForm, one: Relaxable, sentences: Mapping[str, Any], held: Mapping[str, Any], lang: str) -> Row:
    code = one.rule.code
    fields = tuple(form[name] for name in (f"count_{code}", f"off_{code}", f"on_{code}") if name in form.fields)
    days = tuple(
        (name, "–".join(_pack_pair(one, place) or ()), form[f"from_{code}_{day}"], form[f"to_{code}_{day}"])
        for place, (day, name) in enumerate(zip(WEEK, years.weekday_names(lang), strict=True))
        if one.how == "window"
    )
    return Row(one, sentences[code], fields, days, code in held)


def told_change(change: Mapping[str, Any], lang: str) -> str:
    """What a relaxation makes of its rule, in words."""
    if change == {"off": True}:
        return gettext("does not hold for us")
    if change == {"on": True}:
        return gettext("holds for us")
    if "count" in change:
        return gettext("at most %(count)s") % {"count": change["count"]}
    names = years.weekday_names(lang)
    pairs = ((names[place], _pair((change.get("windows") or {}).get(day))) for place, day in enumerate(WEEK))
    return "; ".join(f"{name} {pair[0]}–{pair[1]}" if pair else f"{name} {gettext('closed')}" for name, pair in pairs)


def _alone(request: PageRequest) -> bool:
    """Whether the organisation has no second administrator who could decide."""
    admins = Membership.objects.filter(
        tenant=request.organisation, role=Membership.Role.ADMIN, active=True, creditor_ids=None
    )
    return admins.count() < 2


@page(roles=ADMINS)
@require_POST
@changes_all
def decide(request: PageRequest, proposal_id: uuid.UUID) -> HttpResponse:
    """Approve, refuse or withdraw what waits."""
    approve = request.POST.get("answer") == "approve"
    note = request.POST.get("reason", "")[:1000]
    try:
        relaxing.decide(proposal_id, approve=approve, actor=request.actor, note=note, now=request.now)
    except DomainError as error:
        if error.code == "not_found":
            raise Http404(told(error)) from error
        messages.error(request, told(error))
    else:
        messages.success(
            request, gettext("It is approved and holds from now on.") if approve else gettext("It is off the table.")
        )
    return redirect("rules-relax", organisation=request.organisation.slug)
