"""Which column is which field: the Mapping, and a first guess of it from header and sample in es, pt and en."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from kernel.errors import DomainError
from portfolio.imports.mapping.formats import DateOrder, DecimalMark, date_evidence, date_order_of, decimal_of

#: Field -> header names that mean it, normalised (lower case, no accents, words joined by one underscore).
#: The first alias of a field is its own name. Fields numbered _2, _3 take a second and third column of the kind.
ALIASES: dict[str, str] = {
    "debtor_id": "debtor_id customer_id client_id account_id account id_cliente id_deudor id_devedor codigo_cliente cod_cliente "
    "codigo_deudor codigo_do_cliente cliente_id cuenta numero_cuenta numero_de_cuenta conta numero_conta contrato contract_id "
    "numero_contrato numero_de_contrato matricula id",
    "name": "name full_name customer_name debtor_name client_name nombre nombre_completo nombre_cliente nombre_del_cliente "
    "nombre_deudor nombre_y_apellido nome nome_completo nome_cliente nome_do_cliente nome_devedor razon_social razao_social "
    "company_name cliente deudor devedor customer debtor",
    "holder_kind": "holder_kind person_type tipo_persona tipo_de_persona tipo_pessoa tipo_de_pessoa tipo_cliente",
    "document": "document document_number tax_id documento numero_documento numero_de_documento nro_documento num_documento "
    "identificacion numero_identificacion doc rfc cpf cnpj cpf_cnpj cnpj_cpf cpfcnpj curp rut run nit cedula cc dni ruc cuit cuil",
    "document_kind": "document_kind document_type tipo_documento tipo_de_documento tipo_doc tipo_identificacion",
    "country": "country pais",
    "language": "language idioma lengua lingua",
    "subdivision": "subdivision uf state estado provincia departamento region",
    "city": "city ciudad cidade municipio comuna localidad",
    "birth_year": "birth_year ano_nacimiento ano_de_nacimiento ano_nascimento ano_de_nascimento",
    "birth_on": "birth_on birth_date date_of_birth fecha_nacimiento fecha_de_nacimiento data_nascimento data_de_nascimento nascimento nacimiento",
    "labels": "labels tags etiquetas etiqueta marcadores",
    "stops": "stops stop bloqueos bloqueios",
    "phone": "phone phone_number mobile cell cellphone whatsapp telefono telefono_1 telefono_celular celular celular_1 movil "
    "numero_celular numero_de_celular numero_whatsapp telefone telefone_1 telefone_celular fone fone_1 tel tel_1 phone_1 msisdn",
    "phone_2": "phone_2 telefono_2 telefone_2 celular_2 fone_2 tel_2 otro_telefono outro_telefone telefono_alterno telefone_alternativo",
    "phone_3": "phone_3 telefono_3 telefone_3 celular_3 fone_3 tel_3",
    "email": "email e_mail mail correo correo_electronico correo_e email_1 endereco_de_email",
    "email_2": "email_2 e_mail_2 correo_2",
    "contact_name": "contact_name contacto nombre_contacto nombre_del_contacto contato nome_contato nome_do_contato",
    "contact_position": "contact_position cargo puesto position job_title",
    "contact_role": "contact_role rol rol_contacto papel_contato",
    "contact_source": "contact_source origen_telefono fuente_telefono origem_telefone fonte_telefone phone_source source",
    "contact_supplied_by": "contact_supplied_by supplied_by suministrado_por proporcionado_por fornecido_por informado_por",
    "contact_supplied_on": "contact_supplied_on supplied_on fecha_telefono fecha_dato data_telefone data_do_dado",
    "identity": "identity identidad identidade verificado verified",
    "identity_on": "identity_on verified_on fecha_verificacion data_verificacao",
    "consent_state": "consent_state consent consentimiento consentimento opt_in optin autorizacion autorizacao autorizacion_whatsapp "
    "autorizacao_whatsapp acepta_whatsapp aceita_whatsapp",
    "consent_on": "consent_on consent_date fecha_consentimiento fecha_autorizacion data_consentimento data_autorizacao",
    "consent_wording": "consent_wording texto_consentimiento texto_autorizacion texto_consentimento texto_autorizacao",
    "consent_how": "consent_how consent_source medio_consentimiento canal_consentimiento origem_consentimento canal_consentimento",
    "consent_document": "consent_document consent_document_hash documento_consentimiento hash_consentimiento hash_consentimento",
    "invoice_id": "invoice_id invoice invoice_number bill_id factura numero_factura numero_de_factura nro_factura num_factura folio "
    "fatura numero_fatura numero_da_fatura titulo numero_titulo numero_do_titulo boleto nosso_numero nota_fiscal documento_cobro "
    "obligacion numero_obligacion id_factura id_fatura credito numero_credito prestamo",
    "invoice_number": "invoice_number_shown numero_visible",
    "description": "description concepto descripcion descricao producto produto product detalle historico",
    "issued_on": "issued_on issue_date invoice_date fecha_emision fecha_de_emision fecha_factura emision data_emissao data_de_emissao emissao",
    "due_on": "due_on due_date due duedate vencimiento fecha_vencimiento fecha_de_vencimiento fec_vencimiento fecha_venc f_vencimiento "
    "fecha_limite fecha_limite_de_pago vencimento data_vencimento data_de_vencimento dt_vencimento venc",
    "amount": "amount invoice_amount total original_amount importe monto monto_original monto_total importe_original importe_total valor "
    "valor_original valor_total valor_da_fatura valor_factura valor_titulo valor_do_titulo vlr_original deuda",
    "balance": "balance open_amount outstanding amount_due saldo saldo_pendiente saldo_actual saldo_vencido saldo_insoluto saldo_devedor "
    "saldo_em_aberto saldo_aberto valor_em_aberto valor_aberto valor_pendiente monto_pendiente monto_adeudado importe_pendiente divida valor_devido",
    "currency": "currency moneda divisa moeda",
    "legal_state": "legal_state estado_juridico estado_judicial situacao_juridica",
    "payment_id": "payment_id pago_id id_pago pagamento_id id_pagamento recibo numero_recibo",
    "paid_amount": "paid_amount payment_amount amount_paid monto_pagado importe_pagado valor_pagado valor_pago monto_pago abono",
    "paid_on": "paid_on payment_date paid_date fecha_pago fecha_de_pago data_pagamento data_do_pagamento",
    "payment_method": "payment_method metodo_pago medio_pago medio_de_pago forma_pago forma_de_pago forma_pagamento forma_de_pagamento meio_pagamento",
}

FIELDS: tuple[str, ...] = tuple(ALIASES)
#: Any other column may be kept as an attribute of the debtor: `attributes.<name>`.
ATTRIBUTE = "attributes."

_BY_ALIAS = {alias: name for name, aliases in reversed(ALIASES.items()) for alias in aliases.split()}
_CURRENCIES = {"BR": "BRL", "MX": "MXN", "CO": "COP", "CL": "CLP", "PE": "PEN", "AR": "ARS", "UY": "UYU", "PY": "PYG", "BO": "BOB", "EC": "USD"}
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
            raise DomainError("mapping_shape", 'a mapping is an object with "columns": {"column name": "field"}', pointer="/columns")
        formats = data.get("formats") or {}
        constants = data.get("constants") or {}
        for name, part in (("formats", formats), ("constants", constants)):
            if not isinstance(part, dict):
                raise DomainError("mapping_shape", "%(part)s of a mapping is an object", pointer=f"/{name}", part=name)
        if unknown := set(formats) - {"decimal", "dates", "phone_region"}:
            raise DomainError("mapping_format", "%(name)s is not a format; use decimal, dates, phone_region", pointer="/formats", name=sorted(unknown)[0])
        made = cls(
            columns={str(column): str(name) for column, name in data["columns"].items() if name},
            constants={str(name): str(value) for name, value in constants.items() if value not in (None, "")},
            formats=Formats(
                decimal=_one_of(formats.get("decimal", ""), ("", ",", "."), "/formats/decimal"),  # type: ignore[arg-type]
                dates=_one_of(formats.get("dates", ""), ("", "iso", "dmy", "mdy"), "/formats/dates"),  # type: ignore[arg-type]
                phone_region=str(formats.get("phone_region", "")),
            ),
            encoding=_one_of(
                str(data.get("encoding", "")), ("", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"), "/encoding"
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
                raise DomainError("mapping_column", "the file has no column %(column)s", pointer=f"/columns/{column}", column=column)
        for name in self.constants:
            _known(name, f"/constants/{name}")
        have = set(fields) | set(self.constants)
        if not have & {"debtor_id", "document"}:
            raise _missing("debtor_id", "the debtor's own number at the creditor")
        if "name" not in have:
            raise _missing("name", "the debtor's name")
        if have & {"amount", "balance", "due_on", "invoice_id"}:
            if not have & {"amount", "balance"}:
                raise _missing("amount", "the invoice's amount or balance")
            if "due_on" not in have:
                raise _missing("due_on", "the invoice's due date")
            if "invoice_id" not in fields:
                raise _missing("invoice_id", "the invoice's own number, by which a second import knows it again")
        if have & set(_PAYMENT_FIELDS) and not have >= set(_PAYMENT_FIELDS):
            missing = next(name for name in _PAYMENT_FIELDS if name not in have)
            raise _missing(missing, "payments need their own number, amount and date")
        if have & {"amount", "balance", "paid_amount"} and "currency" not in have:
            raise _missing("currency", "the currency of the amounts (a constant will do)")


def _one_of(value: str, allowed: tuple[str, ...], pointer: str) -> str:
    if value not in allowed:
        raise DomainError(
            "mapping_value", "%(value)s is not allowed here; use one of %(allowed)s", pointer=pointer, value=value, allowed=", ".join(filter(None, allowed))
        )
    return value


def _known(name: str, pointer: str) -> None:
    if name not in ALIASES and not (name.startswith(ATTRIBUTE) and len(name) > len(ATTRIBUTE)):
        raise DomainError("mapping_field", "%(field)s is not a field; use one of %(known)s", pointer=pointer, field=name, known=", ".join(FIELDS))


def _missing(name: str, what: str) -> DomainError:
    return DomainError("mapping_missing", "no column is mapped to %(field)s: %(what)s", pointer="/columns", field=name, what=what)


def normal(header: str) -> str:
    """A header as aliases are written: `Fecha de Vencimiento` is `fecha_de_vencimiento`, `N° Factura` is `n_factura`."""
    plain = unicodedata.normalize("NFKD", header).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")


def field_of(header: str) -> str:
    """The field that a header names by itself; empty when no alias fits."""
    name = normal(header)
    return _BY_ALIAS.get(name) or _BY_ALIAS.get(re.sub(r"^(no|nro|num|n|dt|fec|vlr|vl)_", "", name), "")


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
    columns = {column: name for name, (_, column) in sorted(ranked.items(), key=lambda item: list(header).index(item[1][1]))}
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
    dates = ("due_on", "issued_on", "paid_on", "birth_on", "consent_on", "contact_supplied_on", "identity_on")
    return Mapping(
        columns=columns,
        constants=constants,
        formats=Formats(
            decimal=decimal_of(values("amount", "balance", "paid_amount")),
            dates=date_order_of([text for text in values(*dates) if date_evidence(text) != "iso"]) or date_order_of(values(*dates)),
            phone_region=country,
        ),
    )


def _spare(name: str, ranked: dict[str, tuple[int, str]]) -> str:
    """The next numbered field of a kind that may have several columns; empty when there is none left."""
    stem = match[1] if (match := _ONE_OF_MANY.fullmatch(name)) else name
    return next((spare for spare in (f"{stem}_2", f"{stem}_3") if spare in ALIASES and spare not in ranked), "")
