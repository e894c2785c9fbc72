"""Creditors: whose invoices are collected, and where their money goes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from kernel.errors import DomainError
from kernel.ids import uuid7
from kernel.money import minor_units
from portfolio.models import Creditor, Invoice
from portfolio.payables import accounts, clabe, pix
from portfolio.services.book import Outcome
from tenants.events import Emit, emit

FIELDS = (
    "name", "legal_name", "tax_id", "address", "contact", "country", "currency", "language", "balance_max_age_hours",
    "dispute_stops_all", "pay_to", "policy",
)  # fmt: skip
_LANGUAGES = ("es", "pt", "en")
#: What a policy may say, with the range of each number.
POLICY = {
    "max_instalments": (1, 60), "min_instalment_minor": (0, 10**15), "min_down_percent": (0, 100),
    "max_grace_days": (0, 180), "max_discount_percent": (0, 100), "late_days": (0, 60), "payable_days": (1, 90),
    "max_promise_days": (0, 180),
}  # fmt: skip


def check_pay_to(pay_to: Mapping[str, Any]) -> dict[str, Any]:
    """The places where money may go, each checked digit by digit; raises DomainError with a pointer.

    {"pix": {"key", "name", "city"}, "clabe": {"clabe", "holder"} or {"bank", "plaza", "prefix", "holder"},
    "account": {"rail": "cbu"|"alias"|"cci"|"bre_b", "value", "holder"}}
    """
    checked: dict[str, Any] = {}
    for rail, place in pay_to.items():
        pointer = f"/pay_to/{rail}"
        if not isinstance(place, Mapping) or not all(isinstance(value, str) for value in place.values()):
            raise DomainError("pay_to", "%(rail)s is an object of texts", pointer=pointer, rail=rail)
        try:
            if rail == "pix":
                pix.static(key=place["key"], name=place["name"], city=place["city"])
                checked[rail] = {name: place[name] for name in ("key", "name", "city")}
            elif rail == "clabe" and "clabe" in place:
                checked[rail] = {"clabe": clabe.check(place["clabe"]), "holder": place["holder"]}
            elif rail == "clabe":
                clabe.make(place["bank"], place["plaza"], place["prefix"].ljust(11, "0"))
                if not 1 <= len(place["prefix"]) <= 4:
                    raise DomainError(
                        "clabe_prefix", "the prefix of a creditor's CLABEs has 1 to 4 digits: the rest names the charge"
                    )
                checked[rail] = {name: place[name] for name in ("bank", "plaza", "prefix", "holder")}
            elif rail == "account":
                checks = {
                    "cbu": accounts.check_cbu, "alias": accounts.check_alias, "cci": accounts.check_cci,
                    "bre_b": lambda text: accounts.check_bre_b(text)[1],
                }  # fmt: skip
                if place["rail"] not in checks:
                    raise DomainError("rail_unknown", "%(rail)s is none of cbu, alias, cci, bre_b", rail=place["rail"])
                value = checks[place["rail"]](place["value"])
                checked[rail] = {"rail": place["rail"], "value": value, "holder": place["holder"]}
            else:
                raise DomainError("rail_unknown", "%(rail)s is none of pix, clabe, account", rail=rail)
        except KeyError as error:
            raise DomainError(
                "pay_to", "%(rail)s lacks %(name)s", pointer=pointer, rail=rail, name=error.args[0]
            ) from error
        except DomainError as error:
            raise DomainError(error.code, error.template, pointer=error.pointer or pointer, **error.params) from error
    return checked


def check_policy(policy: Mapping[str, Any]) -> dict[str, int]:
    """What may be offered; raises DomainError on an unknown name or a number out of range."""
    for name, value in policy.items():
        if name not in POLICY:
            raise DomainError(
                "policy_unknown", "%(name)s is none of %(known)s", pointer="/policy", name=name, known=", ".join(POLICY)
            )
        low, high = POLICY[name]
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise DomainError(
                "policy_range",
                "%(name)s is a whole number from %(low)s to %(high)s",
                pointer=f"/policy/{name}",
                name=name,
                low=low,
                high=high,
            )
    return dict(policy)


def language_of_country(country: str) -> str:
    """What a creditor of this country writes in when it does not say."""
    return "pt" if country == "BR" else "es"


_TEXTS = {"legal_name", "tax_id", "address", "contact"}
_MERGED: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {"pay_to": check_pay_to, "policy": check_policy}


def save_creditor(external_id: str, *, now: datetime, **fields: Any) -> tuple[Creditor, Outcome]:
    """Make or change a creditor by its external id; returns it with created, updated or unchanged.

    Fields that are left out stay as they are; `pay_to` and `policy` are merged entry by entry, None takes an entry (or
    all) out, and None empties a text. A new creditor whose language is left out speaks its country's. Raises
    DomainError on an unknown field, a missing name, country or currency of a new creditor, or a place for money that
    cannot be.
    """
    if unknown := sorted(set(fields) - set(FIELDS)):
        raise DomainError(
            "field_unknown", "%(name)s is no field of a creditor", pointer=f"/{unknown[0]}", name=unknown[0]
        )
    for name in _TEXTS & fields.keys():
        fields[name] = fields[name] or ""
    for name, check in _MERGED.items():
        if fields.get(name) is not None:
            stated = {key: value for key, value in fields[name].items() if value is not None}
            fields[name] = {**dict.fromkeys(fields[name]), **check(stated)}
    if "currency" in fields:
        try:
            minor_units(fields["currency"])
        except ValueError as error:
            raise DomainError(
                "currency_code",
                "%(value)s is not a currency: use three letters like BRL, MXN, COP",
                pointer="/currency",
                value=repr(fields["currency"]),
            ) from error
    if "country" in fields and not re.fullmatch(r"[A-Z]{2}", fields["country"]):
        raise DomainError("country_code", "a country is two capital letters like BR, MX, CO", pointer="/country")
    if "language" in fields and fields["language"] not in _LANGUAGES:
        raise DomainError("language_code", "a language is one of es, pt, en", pointer="/language")
    creditor = Creditor.objects.select_for_update(no_key=True).filter(external_id=external_id).first()
    for name in _MERGED.keys() & fields.keys():
        held = getattr(creditor, name) if creditor is not None and fields[name] is not None else {}
        fields[name] = {key: value for key, value in {**held, **(fields[name] or {})}.items() if value is not None}
    if creditor is None:
        if fields.get("country") and not fields.get("language"):
            fields["language"] = language_of_country(fields["country"])
        for name in ("name", "country", "currency", "language"):
            if not fields.get(name):
                raise DomainError("value_missing", "a new creditor needs its %(field)s", pointer=f"/{name}", field=name)
        made = uuid7()
        creditor = Creditor(id=made, creditor_id=made, external_id=external_id, created_at=now, **fields)
        creditor.save(force_insert=True)
        emit(Emit("creditor.saved", "portfolio.creditor", creditor.id, now, creditor.id))
        return creditor, "created"
    changed = [name for name, value in fields.items() if getattr(creditor, name) != value]
    if not changed:
        return creditor, "unchanged"
    if "currency" in changed and creditor.currency != fields["currency"]:
        _refuse_new_currency(creditor)
    for name in changed:
        setattr(creditor, name, fields[name])
    creditor.save(update_fields=changed)
    emit(Emit("creditor.saved", "portfolio.creditor", creditor.id, now, creditor.id, data={"fields": changed}))
    return creditor, "updated"


def _refuse_new_currency(creditor: Creditor) -> None:
    if Invoice.objects.filter(creditor=creditor).exists():
        raise DomainError(
            "currency_differs",
            "this creditor has invoices in %(currency)s already: make another creditor for another currency",
            pointer="/currency",
            currency=creditor.currency,
        )
