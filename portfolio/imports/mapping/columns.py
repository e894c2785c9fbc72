"""Which column is which field: the Mapping, and a first guess of it from header and sample in es, pt and en."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from kernel.errors import DomainError, Words
from portfolio.imports.mapping.aliases import ALIASES
from portfolio.imports.mapping.formats import DateOrder, DecimalMark, date_evidence, date_order_of, decimal_of

FIELDS: tuple[str, ...] = tuple(ALIASES)
#: Any other column may be kept as an attribute of the debtor: `attributes.<name>`.
ATTRIBUTE = "attributes."

_BY_ALIAS = {alias: name for name, aliases in reversed(ALIASES.items()) for alias in aliases.split()}
_CURRENCIES = {
    "BR": "BRL",
    "MX": "MXN",
    "CO": "COP",
    "CL": "CLP",
    "PE": "PEN",
    "AR": "ARS",
    "UY": "UYU",
    "PY": "PYG",
    "BO": "BOB",
    "EC": "USD",
}
_DOCUMENT_HEADERS = {
    "rfc": "RFC", "cpf": "CPF", "cnpj": "CNPJ", "curp": "CURP", "rut": "RUT", "nit": "NIT", "cedula": "CC", "cc": "CC",
    "dni": "DNI", "ruc": "RUC", "cuit": "CUIT", "cuil": "CUIL",
}  # fmt: skip
_PAYMENT_FIELDS = ("payment_id", "paid_amount", "paid_on")
_ONE_OF_MANY = re.compile(r"(.+)_\d")


@dataclass(frozen=True, slots=True)
class Formats:
    """How the file writes numbers, dates and phones. Empty: only what can be read in one way is taken."""

    decimal: DecimalMark = ""
    dates: DateOrder = ""
    phone_region: str = ""  # ISO 3166, for numbers without a country code


@dataclass(frozen=True, slots=True)
class Mapping:
    """Column -> field, fields with one value for the whole file, formats. Travels as JSON."""

    columns: AnyMapping[str, str]
    constants: AnyMapping[str, str] = field(default_factory=dict)
    formats: Formats = Formats()
    encoding: str = ""  # found by looking where empty
    separator: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values that `from_json` takes back."""
        return {
            "version": 1,
            "columns": dict(self.columns),
            "constants": dict(self.constants),
            "formats": asdict(self.formats),
            "encoding": self.encoding,
            "separator": self.separator,
        }

    @classmethod
    def from_json(cls, data: Any) -> Mapping:
        """The mapping that `to_json` wrote, or a person; raises DomainError that names the bad part."""
        if not isinstance(data, dict) or not isinstance(data.get("columns"), dict):
            raise DomainError(
                "mapping_shape", 'a mapping is an object with "columns": {"column name": "field"}', pointer="/columns"
            )
        formats = data.get("formats") or {}
        constants = data.get("constants") or {}
        for name, part in (("formats", formats), ("constants", constants)):
            if not isinstance(part, dict):
                raise DomainError("mapping_shape", "%(part)s of a mapping is an object", pointer=f"/{name}", part=name)
        if unknown := set(formats) - {"decimal", "dates", "phone_region"}:
            raise DomainError(
                "mapping_format",
                "%(name)s is not a format; use decimal, dates, phone_region",
                pointer="/formats",
                name=sorted(unknown)[0],
            )
        made = cls(
            columns={str(column): str(name) for column, name in data["columns"].items() if name},
            constants={str(name): str(value) for name, value in constants.items() if value not in (None, "")},
            formats=Formats(
                decimal=_one_of(formats.get("decimal", ""), ("", ",", "."), "/formats/decimal"),  # type: ignore[arg-type]
                dates=_one_of(formats.get("dates", ""), ("", "iso", "dmy", "mdy"), "/formats/dates"),  # type: ignore[arg-type]
                phone_region=str(formats.get("phone_region", "")),
            ),
            encoding=_one_of(
                str(data.get("encoding", "")),
                ("", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"),
                "/encoding",
            ),
            separator=_one_of(data.get("separator", ""), ("", ",", ";", "\t", "|"), "/separator"),
        )
        made.check()
        return made

    def with_constants(self, **values: str) -> Mapping:
        """The same mapping with more fields that hold for the whole file."""
        return replace(self, constants={**self.constants, **values})

    def check(self, header: Sequence[str] | None = None) -> None:
        """Raise DomainError when a needed field has no column, a field is unknown, or a column is not in the header."""
        fields: dict[str, str] = {}
        for column, name in self.columns.items():
            _known(name, f"/columns/{column}")
            if name in fields:
                raise DomainError(
                    "mapping_twice",
                    "two columns, %(first)s and %(second)s, are mapped to %(field)s: choose one",
                    pointer=f"/columns/{column}",
                    first=fields[name],
                    second=column,
                    field=name,
                )
            fields[name] = column
            if header is not None and column not in header:
                raise DomainError(
                    "mapping_column", "the file has no column %(column)s", pointer=f"/columns/{column}", column=column
                )
        for name in self.constants:
            _known(name, f"/constants/{name}")
        have = set(fields) | set(self.constants)
        if not have & {"debtor_id", "document"}:
            raise _missing("debtor_id", Words("the debtor's own number at the creditor"))
        if "name" not in have:
            raise _missing("name", Words("the debtor's name"))
        if have & {"amount", "balance", "due_on", "invoice_id"}:
            if not have & {"amount", "balance"}:
                raise _missing("amount", Words("the invoice's amount or balance"))
            if "due_on" not in have:
                raise _missing("due_on", Words("the invoice's due date"))
            if "invoice_id" not in fields:
                raise _missing("invoice_id", Words("the invoice's own number, by which a second import knows it again"))
        if have & set(_PAYMENT_FIELDS) and not have >= set(_PAYMENT_FIELDS):
            missing = next(name for name in _PAYMENT_FIELDS if name not in have)
            raise _missing(missing, Words("payments need their own number, amount and date"))
        if have & {"amount", "balance", "paid_amount"} and "currency" not in have:
            raise _missing("currency", Words("the currency of the amounts (a constant will do)"))


def _one_of(value: str, allowed: tuple[str, ...], pointer: str) -> str:
    if value not in allowed:
        raise DomainError(
            "mapping_value",
            "%(value)s is not allowed here; use one of %(allowed)s",
            pointer=pointer,
            value=value,
            allowed=", ".join(filter(None, allowed)),
        )
    return value


def _known(name: str, pointer: str) -> None:
    if name not in ALIASES and not (name.startswith(ATTRIBUTE) and len(name) > len(ATTRIBUTE)):
        raise DomainError(
            "mapping_field",
            "%(field)s is not a field; use one of %(known)s",
            pointer=pointer,
            field=name,
            known=", ".join(FIELDS),
        )


def _missing(name: str, what: Words) -> DomainError:
    return DomainError(
        "mapping_missing", "no column is mapped to %(field)s: %(what)s", pointer="/columns", field=name, what=what
    )


def normal(header: str) -> str:
    """A header as aliases are written: `Fecha de Vencimiento` is `fecha_de_vencimiento`."""
    plain = unicodedata.normalize("NFKD", header).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")


_NUMBER_OF = re.compile(r"^(?:no|nro|num|numero|n|id|cod|codigo)_(?:de_|do_|del_)?(.+)$")
_SHORT = re.compile(r"^(?:dt|fec|f|vlr|vl)_(?:de_)?(.+)$")
_WHOSE_NUMBER = {
    "cliente": "debtor_id",
    "deudor": "debtor_id",
    "devedor": "debtor_id",
    "customer": "debtor_id",
    "socio": "debtor_id",
}


def field_of(header: str) -> str:
    """The field that a header names by itself; empty when no alias fits."""
    name = normal(header)
    if name in _BY_ALIAS:
        return _BY_ALIAS[name]
    if match := _NUMBER_OF.fullmatch(name):
        return _WHOSE_NUMBER.get(match[1]) or _BY_ALIAS.get(match[1], "")
    if match := _SHORT.fullmatch(name):
        return _BY_ALIAS.get(match[1], "")
    return ""


def guess(header: Sequence[str], sample: Sequence[Sequence[str]], country: str) -> Mapping:
    """A first mapping from the header's words and the sample's values; a person may correct it.

    The first column of a field wins, and the specific alias before the general (`id_cliente` before `id`). Unknown
    columns are left out. Decimal mark and date order are set only where the columns' own values prove them. Country
    gives region of phones and, without a currency column, the currency.
    """
    country = country.upper()
    ranked: dict[str, tuple[int, str]] = {}
    for column in header:
        name = field_of(column)
        if not name:
            continue
        alias_place = ALIASES[name].split().index(normal(column)) if normal(column) in ALIASES[name].split() else 999
        if name not in ranked or alias_place < ranked[name][0]:
            taken = ranked.get(name)
            ranked[name] = (alias_place, column)
            column = taken[1] if taken else ""
        spare = _spare(name, ranked)
        if column and spare:
            ranked[spare] = (0, column)
    columns = {
        column: name for name, (_, column) in sorted(ranked.items(), key=lambda item: list(header).index(item[1][1]))
    }
    place = {name: list(header).index(column) for column, name in columns.items()}

    def values(*names: str) -> list[str]:
        return [row[place[name]] for name in names if name in place for row in sample]

    constants = {"country": country}
    if "country" in place:
        del constants["country"]
    if "currency" not in place and country in _CURRENCIES:
        constants["currency"] = _CURRENCIES[country]
    if "document" in place and "document_kind" not in place:
        kind = _DOCUMENT_HEADERS.get(normal(header[place["document"]]))
        if kind:
            constants["document_kind"] = kind
    dates = (
        "due_on", "issued_on", "paid_on", "birth_on", "consent_on", "consent_signed_on", "contact_supplied_on",
        "identity_on",
    )  # fmt: skip
    return Mapping(
        columns=columns,
        constants=constants,
        formats=Formats(
            decimal=decimal_of(values("amount", "balance", "paid_amount")),
            dates=date_order_of([text for text in values(*dates) if date_evidence(text) != "iso"])
            or date_order_of(values(*dates)),
            phone_region=country,
        ),
    )


def _spare(name: str, ranked: dict[str, tuple[int, str]]) -> str:
    """The next numbered field of a kind that may have several columns; empty when there is none left."""
    stem = match[1] if (match := _ONE_OF_MANY.fullmatch(name)) else name
    return next((spare for spare in (f"{stem}_2", f"{stem}_3") if spare in ALIASES and spare not in ranked), "")
