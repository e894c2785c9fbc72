"""The rules' pages: everybody reads them, an administrator makes the organisation's own stricter."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from compliance.decide.describe import hours_words
from compliance.decide.rules import WEEK
from compliance.services import own_rules as own_service
from compliance.services.own_rules import OwnRules, Standing
from compliance.timemachine.drafts import of_layer
from kernel.errors import DomainError
from portfolio.places import today_in
from tenants.language import told
from workbench.access import PageRequest, Role, page
from workbench.admins import LEADERS, may_edit
from workbench.rules import moments, queries, years
from workbench.rules.forms import MomentForm, OwnRulesForm, rows_in
from workbench.trials.forms import USUAL
from workbench.trials.views import started

ASKERS = LEADERS | {Role.AGENT}


@page()
@require_safe
def rules(request: PageRequest) -> HttpResponse:
    """/o/<slug>/rules/?country=CO&q=: every rule that holds for debtors of a country, layer by layer."""
    lang = queries.speak(request.LANGUAGE_CODE)
    book = queries.book_for(request.now)
    choices = queries.country_choices(book, lang)
    country = _country(request, choices)
    layers = queries.layers_for(book, country, request.organisation, lang, request.now)
    search = request.GET.get("q", "").strip()[:80].casefold()
    if search:
        layers = _matching(layers, search)
    packs = [layer for layer in layers if layer.edition is not None and layer.kind != "subdivision"]
    unsigned = [layer for layer in packs if not layer.signed_off]
    return render(request, "workbench/rules/rules.html", {
        "layers": layers, "countries": choices, "country": country, "search": search, "tab": "rules",
        "unsigned": unsigned,
        "may_edit": may_edit(request),
        "rules_count": sum(layer.count for layer in layers),
    })  # fmt: skip


def _country(request: PageRequest, choices: list[tuple[str, str]]) -> str:
    known = {iso for iso, _ in choices}
    for wanted in (request.GET.get("country", ""), request.organisation.country):
        if wanted in known:
            return wanted
    return choices[0][0] if choices else ""


def _matching(layers: list[queries.LayerTold], search: str) -> list[queries.LayerTold]:
    found = []
    for layer in layers:
        rows = [
            rule
            for _, group in layer.groups
            for rule in group
            if search in f"{rule.code} {rule.citation} {' '.join(rule.sentences)}".casefold()
        ]
        if rows:
            found.append(
                queries.LayerTold(
                    layer.code, layer.name, layer.kind, layer.edition, layer.version, layer.confidence,
                    queries.grouped(rows), layer.author, layer.since, layer.reason,
                )
            )  # fmt: skip
    return found


@page()
@require_safe
def rule(request: PageRequest, code: str) -> HttpResponse:
    """/o/<slug>/rules/<code>/: one rule, with where it comes from and what to do when it objects."""
    lang = queries.speak(request.LANGUAGE_CODE)
    found = queries.find_rule(queries.book_for(request.now), request.organisation, code[:60], lang, request.now)
    if found is None:
        raise Http404(gettext("There is no such rule."))
    return render(request, "workbench/rules/rule.html", {"found": found, "tab": "rules"})


@page()
@require_safe
def calendar(request: PageRequest) -> HttpResponse:
    """/o/<slug>/rules/calendar/?country=&state=&year=&day=: twelve months of closed days and hours."""
    lang = queries.speak(request.LANGUAGE_CODE)
    book = queries.book_for(request.now)
    choices = queries.country_choices(book, lang)
    country = _country(request, choices)
    states = years.subdivisions(book, country)
    state = request.GET.get("state", "") if request.GET.get("state", "") in states else ""
    today = today_in(country, request.now)
    year = _number(request.GET.get("year", ""), today.year, today.year - 2, today.year + 3)
    ruleset = years.ruleset_of(book, country, state)
    months = years.year(ruleset, country, state, year, lang)
    days = [day for month in months for week in month.weeks for day in week if day is not None]
    layer = own_service.own_rules(request.now).layer
    own = years.blackouts(layer.data) if layer else {}
    listed = [(day, own.get(day.on.isoformat(), "")) for day in days if day.tone in ("holiday", "own")]
    chosen = next((day for day in days if day.on.isoformat() == request.GET.get("day", "")), None)
    context = {
        "months": months, "countries": choices, "country": country, "states": states, "state": state, "year": year,
        "before": year - 1 if year > today.year - 2 else None, "after": year + 1 if year < today.year + 3 else None,
        "today": today, "listed": listed, "chosen": chosen, "chosen_why": own.get(chosen.on.isoformat(), "") if chosen else "",
        "tab": "calendar", "may_edit": may_edit(request), "weekdays": years.weekday_names(lang), "own_days": own,
        "month_names": years.month_names(lang), "week": own_service.week_of_ruleset(ruleset),
        "counts": {tone: sum(1 for day in days if day.tone == tone) for tone in ("open", "shorter", "weekend", "holiday", "own")},
        "week_hours": [
            (name, hours_words(hours))
            for name, hours in zip(years.weekday_names(lang), own_service.week_of_ruleset(ruleset), strict=True)
        ],
    }  # fmt: skip
    part = "#day" if request.headers.get("HX-Target") == "day" else ""
    return render(request, f"workbench/rules/calendar.html{part}", context)


def _number(text: str, usual: int, low: int, high: int) -> int:
    return int(text) if text.isdigit() and len(text) < 5 and low <= int(text) <= high else usual


@page(roles=LEADERS)
@require_http_methods(["GET", "HEAD", "POST"])
def own(request: PageRequest) -> HttpResponse:
    """/o/<slug>/rules/own/: the organisation's own hours, closed days and limits; shown as a diff before they hold."""
    lang = queries.speak(request.LANGUAGE_CODE)
    standing = own_service.own_rules(request.now)
    known = standing.layer.pk if standing.layer else None
    context: dict[str, Any] = {
        "standing": standing, "tab": "own", "may_edit": may_edit(request), "day_names": years.weekday_names(lang),
        "base_week": _hours_of(standing.base), "base_caps": {d: own_service.most_contacts(standing.base, d) for d in (7, 30)},
    }  # fmt: skip
    if request.method != "POST":
        form = OwnRulesForm(rules=standing.rules, initial={"known": known})
        return _own_page(request, context | {"form": form})
    if not may_edit(request):
        return render(request, "workbench/forbidden.html", status=403)
    form = OwnRulesForm(request.POST, rules=standing.rules, rows=rows_in(request.POST))
    if not form.is_valid():
        return _own_page(request, context | {"form": form}, status=422)
    wanted = form.own_rules()
    today = today_in(request.organisation.country, request.now)
    try:
        own_service.check(standing, wanted, today=today)
        if request.POST.get("action") == "save":
            own_service.tighten(
                wanted, known=form.cleaned_data["known"], author=request.actor, reason=form.cleaned_data["reason"],
                now=request.now, today=today,
            )  # fmt: skip
            messages.success(request, gettext("Your organisation's rules hold from now on."))
            return redirect("rules-own", organisation=request.organisation.slug)
        if request.POST.get("action") == "try":
            layer = own_service.as_layer(wanted, standing.other)
            made = started(request, of_layer(layer, gettext("Our own rules")), today - timedelta(days=USUAL), today)
            return redirect("rules-trial", organisation=request.organisation.slug, trial_id=made.pk)
        changes = _changes(standing, wanted, request.now, lang)
    except DomainError as error:
        field = _field_of(error.pointer)
        form.add_error(field if field in form.fields else None, told(error))
        return _own_page(request, context | {"form": form}, status=422)
    return _own_page(request, context | {"form": form, "changes": changes, "reviewing": True})


def _own_page(request: PageRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    form: OwnRulesForm = context["form"]
    context["week"] = [
        {"name": name, "base": base, **row}
        for name, base, row in zip(context["day_names"], context["base_week"], form.week(), strict=True)
    ]
    return render(request, "workbench/rules/own.html", context, status=status)


def _field_of(pointer: str | None) -> str | None:
    """`/hours/mon` is the field `to_mon`, `/caps/7` is `cap_7`."""
    kind, _, rest = (pointer or "").strip("/").partition("/")
    return {"hours": f"to_{rest}", "caps": f"cap_{rest}", "reason": "reason"}.get(kind)


def _hours_of(ruleset: Any) -> list[str]:
    return [hours_words(hours) for hours in own_service.week_of_ruleset(ruleset)]


def _changes(standing: Standing, wanted: OwnRules, now: datetime, lang: str) -> list[tuple[str, str, str]]:
    """(what, before, after) for everything that would change, as it will hold together with the law."""
    before = _hours_of(own_service.effective(standing, standing.rules, now))
    after = _hours_of(own_service.effective(standing, wanted, now))
    closed = gettext("closed")
    found = [
        (name, old or closed, new or closed)
        for name, old, new in zip(years.weekday_names(lang), before, after, strict=True)
        if old != new
    ]
    for day in WEEK:  # own hours that change nothing in effect are a change of the text all the same
        if (
            standing.rules.hours.get(day, "") != wanted.hours.get(day, "")
            and before[WEEK.index(day)] == after[WEEK.index(day)]
        ):
            name = years.weekday_names(lang)[WEEK.index(day)]
            found.append((name, _own_hours(standing.rules, day), _own_hours(wanted, day)))
    old_days, new_days = dict(standing.rules.closed), dict(wanted.closed)
    found += [
        (on.isoformat(), _closed_words(on, old_days), _closed_words(on, new_days))
        for on in sorted({*old_days, *new_days})
        if old_days.get(on) != new_days.get(on)
    ]
    for days in (7, 30):
        if standing.rules.caps.get(days) != wanted.caps.get(days):
            label = gettext("Contacts in %(days)s days") % {"days": days}
            found.append((label, _cap_words(standing.rules.caps.get(days)), _cap_words(wanted.caps.get(days))))
    return found


def _own_hours(rules: OwnRules, day: str) -> str:
    if day not in rules.hours:
        return gettext("no own limit")
    pair = rules.hours[day]
    return f"{pair[0]}–{pair[1]}" if pair else gettext("closed")


def _closed_words(on: date, closed: dict[date, str]) -> str:
    if on not in closed:
        return gettext("as the law says")
    return f"{gettext('closed')}: {closed[on]}" if closed[on] else gettext("closed")


def _cap_words(count: int | None) -> str:
    return gettext("no own limit") if count is None else gettext("at most %(count)s") % {"count": count}


@page(roles=ASKERS)
@require_safe
def moment(request: PageRequest) -> HttpResponse:
    """/o/<slug>/rules/moment/: what the gate would say about a debtor or a place at one instant. Nothing is written."""
    lang = queries.speak(request.LANGUAGE_CODE)
    book = queries.book_for(request.now)
    choices = queries.country_choices(book, lang)
    data = request.GET.dict()
    country = _country(request, choices)
    zone = data.get("zone") or next(iter(moments.zones_for(country)), "UTC")
    asked = bool(data.get("ask"))
    form = MomentForm(
        data if asked else None, countries=choices, initial={"country": country, "debtor": data.get("debtor", "")}
    )
    context: dict[str, Any] = {
        "tab": "moment", "form": form, "zones": [zone for iso, _ in choices for zone in moments.zones_for(iso)],
        "country_zone": zone, "states": years.subdivisions(book, country), "may_edit": may_edit(request),
    }  # fmt: skip
    status = 200
    if asked and form.is_valid():
        try:
            context["verdict"] = _ask(request, form.cleaned_data, book, country, lang)
        except DomainError as error:
            field = (error.pointer or "").strip("/")
            form.add_error(field if field in form.fields else None, told(error))
    if form.errors:
        status = 422
    if "verdict" not in context:
        context["suggestion"] = datetime.combine(today_in(country, request.now) + timedelta(days=1), time(9, 0))
    part = "#verdict" if request.headers.get("HX-Target") == "verdict" else ""
    return render(request, f"workbench/rules/moment.html{part}", context, status=status)


def _ask(request: PageRequest, asked: dict[str, Any], book: Any, country: str, lang: str) -> moments.Verdict:
    message_class = asked["message_class"] or "collection"
    if asked["debtor"].strip():
        debtor = moments.find_debtor(asked["debtor"].strip())
        if debtor is None:
            raise DomainError(
                "debtor_unknown", "there is no such debtor: write the number by which your system knows them",
                pointer="/debtor",
            )  # fmt: skip
        zones = moments.zones_of_debtor(debtor)
        at = (
            moments.at_in(asked["at"].date(), asked["at"].time(), zones[0] if zones else "UTC")
            if asked["at"]
            else request.now
        )
        return moments.ask_debtor(debtor, message_class, at, lang)
    country = asked["country"] or country
    state = asked["state"].strip().upper()
    if state and state not in years.subdivisions(book, country):
        raise DomainError("state_unknown", "%(state)s is no state of this country", pointer="/state", state=state)
    zone = asked["zone"].strip() or next(iter(moments.zones_for(country)), "UTC")
    if not moments.is_zone(zone):
        raise DomainError(
            "zone_unknown", "%(zone)s is no time zone: write it like America/Bogota", pointer="/zone", zone=zone
        )
    at = moments.at_in(asked["at"].date(), asked["at"].time(), zone) if asked["at"] else request.now
    return moments.ask_place(book, country, state, zone, message_class, asked["contacts"] or 0, at, lang)
