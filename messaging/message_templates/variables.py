"""What stands in a template's places: money, dates and names as the creditor's country writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency

from kernel.money import Money
from portfolio.models import Creditor, Invoice, Person
from portfolio.services.payables import kind_for

#: Longest value of each place, so that the whole text stays below WhatsApp's 1,024 characters.
_LONGEST = {"address": 90, "contact": 70, "sender": 60, "creditor": 45, "description": 45, "reference": 45, "name": 40,
            "how_to_pay": 70, "authority": 60}  # fmt: skip
#: How long the last level gives, from the day it is sent.
DEADLINE_DAYS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who writes: the organisation as its debtors may know it."""

    name: str
    agency: bool
    agent: str = ""


def locale_of(language: str, country: str) -> Locale:
    """The locale in which a creditor's country writes amounts and dates: es-MX 1,234.56, es-CO 1.234,56."""
    try:
        return Locale(language[:2], country or None)
    except UnknownLocaleError:
        return Locale(language[:2])


def format_money(money: Money, locale: Locale) -> str:
    """An amount with its sign, in ordinary spaces."""
    return format_currency(money.amount, money.currency, locale=locale).replace("\xa0", " ").replace("\u202f", " ")


def format_day(day: date, locale: Locale) -> str:
    """A date in words: 3 de noviembre de 2026."""
    return format_date(day, format="long", locale=locale)


def short_day(day: date, locale: Locale) -> str:
    """Weekday and date, for a row to tap: "viernes 27 nov"."""
    return format_date(day, format="EEEE d MMM", locale=locale).replace(".", "")


def first_name(person: Person) -> str:
    """How a person is greeted; a company by its whole name. Names in capitals are written as names."""
    if person.kind == Person.Kind.COMPANY:
        return person.name
    name = (person.name.split() or [""])[0]
    return name.capitalize() if name.isupper() or name.islower() else name


def full_name(person: Person) -> str:
    """The name to ask for."""
    if person.name.isupper() and person.kind == Person.Kind.HUMAN:
        return " ".join(part.capitalize() for part in person.name.split())
    return person.name


def tax_id(creditor: Creditor) -> str:
    """The creditor's tax number with its name where the rules ask for it (Brazil's CDC, art. 42-A)."""
    digits = creditor.tax_id
    if creditor.country == "BR" and digits.isdigit() and len(digits) == 14:
        return f"CNPJ {digits[:2]}.{digits[2:5]}.{digits[5:8]}/{digits[8:12]}-{digits[12:]}"
    if creditor.country == "BR" and digits.isdigit() and len(digits) == 11:
        return f"CPF {digits[:3]}.{digits[3:6]}.{digits[6:9]}-{digits[9:]}"
    return digits


def how_to_pay(creditor: Creditor, currency: str, language: str) -> str:
    """The creditor's own way to be paid, without an account number: that comes alone, when it is asked for."""
    portuguese = language.startswith("pt")
    place = creditor.pay_to.get(kind_for(creditor, currency), {})
    holder = str(place.get("holder") or place.get("name") or creditor.name)
    kind = kind_for(creditor, currency)
    if kind == "pix":
        return f"Pix em nome de {holder}" if portuguese else f"Pix a nombre de {holder}"
    if kind == "clabe":
        return f"SPEI para a CLABE de {holder}" if portuguese else f"SPEI a la CLABE de {holder}"
    return f"link de pagamento de {creditor.name}" if portuguese else f"el enlace de pago de {creditor.name}"


def reference_of(invoices: Sequence[Invoice], language: str) -> str:
    """What is spoken of: one invoice by its number, several by their count and the oldest one."""
    first = invoices[0].number or invoices[0].external_id
    portuguese = language.startswith("pt")
    if len(invoices) == 1:
        return f"a fatura {first}" if portuguese else f"la factura {first}"
    if portuguese:
        return f"{len(invoices)} faturas, a mais antiga {first}"
    return f"{len(invoices)} facturas, la más antigua {first}"


def origin_of(invoice: Invoice, language: str, locale: Locale) -> str:
    """Where the debt comes from, as the debtor knows it; else the day on which it was invoiced."""
    if invoice.description.strip():
        return invoice.description.strip()
    day = format_day(invoice.issued_on or invoice.due_on, locale)
    if language.startswith("pt"):
        return f"emitida em {day}" if invoice.issued_on else f"com vencimento em {day}"
    return f"emitida el {day}" if invoice.issued_on else f"con fecha {day}"


def values(
    *, person: Person, creditor: Creditor, sender: Sender, invoices: Sequence[Invoice], language: str, today: date
) -> dict[str, str]:
    """Every place that the shipped texts have about these invoices (open, undisputed, oldest due first).

    What the creditor's system stated is all that is asked: no interest or cost of our own is added to it. Without
    invoices only the places that need none are filled.
    """
    locale = locale_of(language, creditor.country)
    portuguese = language.startswith("pt")
    if sender.agency:
        authority = f"por mandato de {creditor.name}"
    else:
        authority = "credor direto" if portuguese else "por cuenta propia como acreedor"
    found = {
        "name": first_name(person),
        "agent": sender.agent or ("o assistente digital" if portuguese else "el asistente digital"),
        "sender": sender.name,
        "creditor": creditor.name,
        "authority": authority,
        "address": creditor.address,
        "tax_id": tax_id(creditor),
        "contact": creditor.contact,
        "deadline": format_day(today + timedelta(days=DEADLINE_DAYS), locale),
        "calculated_on": format_day(today, locale),
    }
    if invoices:
        oldest = invoices[0]
        total = Money.from_minor(sum(invoice.open_minor for invoice in invoices), oldest.currency)
        found |= {
            "how_to_pay": how_to_pay(creditor, oldest.currency, language),
            "reference": reference_of(invoices, language),
            "description": origin_of(oldest, language, locale),
            "due_date": format_day(oldest.due_on, locale),
            "days": str(max(0, (today - oldest.due_on).days)),
            **amounts(total, locale),
        }
    return {name: clip(name, text) for name, text in found.items()}


def amounts(total: Money, locale: Locale) -> dict[str, str]:
    """An amount with its parts: all of it is principal, because nothing is added to what the creditor stated."""
    whole, nothing = format_money(total, locale), format_money(Money.from_minor(0, total.currency), locale)
    return {"amount": whole, "principal": whole, "interest": nothing, "fines": nothing, "fees": nothing}


def fill(body: str, places: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """The values of a body's places; one before a full stop comes without its own ("S.A.." is no sentence's end)."""
    return {
        name: places.get(name, "").rstrip(" .") if f"{{{{{name}}}}}." in body else places.get(name, "")
        for name in names
    }


def clip(name: str, text: str) -> str:
    """A value as a place takes it: one line, not longer than the text has room for."""
    line = " ".join(text.split())
    longest = _LONGEST.get(name, 60)
    return line if len(line) <= longest else line[: longest - 1].rstrip(" ,.") + "…"
