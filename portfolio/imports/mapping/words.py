"""Words that files use for our values, in Spanish, Portuguese and English."""

from __future__ import annotations

from kernel.errors import DomainError, Words
from portfolio.imports.mapping.columns import normal
from portfolio.imports.rows import CONSENT_STATES, IDENTITY_STATES, LEGAL_STATES, ROLES, STOPS, SUPPLIERS


def _table(*rows: tuple[str, str], own: tuple[str, ...] = ()) -> dict[str, str]:
    return {name: name for name in own} | {word: value for value, words in rows for word in words.split()}


_YES = "si sim yes s y 1 true verdadero verdadeiro acepta aceita autoriza autorizado"
_NO = "no nao n 0 false falso ninguno nenhum"

HOLDER_KIND = _table(
    (
        "human",
        "human person persona pessoa fisica persona_fisica pessoa_fisica natural persona_natural pf f individual",
    ),
    (
        "company",
        "company empresa juridica persona_juridica pessoa_juridica moral persona_moral pj pm j corporate corporativo",
    ),
)
LANGUAGE = _table(
    ("es", "es spa espanol castellano spanish es_mx es_co es_cl es_pe es_ar es_419"),
    ("pt", "pt por portugues portuguese pt_br"),
    ("en", "en eng ingles english en_us"),
)
DOCUMENT_KIND = _table(
    ("CC", "cc c_c cedula cedula_de_ciudadania cedula_ciudadania"),
    ("NIT", "nit n_i_t"),
    ("RFC", "rfc"),
    ("CURP", "curp"),
    ("CPF", "cpf"),
    ("CNPJ", "cnpj"),
    ("RUT", "rut run"),
    ("DNI", "dni"),
    ("RUC", "ruc"),
    ("CUIT", "cuit"),
    ("CUIL", "cuil"),
)
ROLE = _table(
    ("owner", "titular deudor devedor cliente debtor propio proprio"),
    ("guarantor", "aval fiador avalista codeudor garante"),
    ("representative", "representante representante_legal apoderado procurador"),
    ("accounts_payable", "cuentas_por_pagar contas_a_pagar pagos financeiro tesoreria"),
    ("reference", "referencia familiar conocido conhecido"),
    ("work", "trabajo trabalho laboral empleador empregador"),
    own=ROLES,
)
SUPPLIED_BY = _table(
    ("debtor", "deudor devedor cliente titular customer"),
    ("creditor", "acreedor credor empresa"),
    ("third_party", "tercero terceiro terceros terceiros buro bureau"),
    own=SUPPLIERS,
)
IDENTITY = _table(("verified", _YES + " verificado confirmado"), ("unknown", _NO), own=IDENTITY_STATES)
CONSENT = _table(
    ("granted", _YES + " otorgado concedido"),
    ("unknown", _NO),
    ("revoked", "revocado revogado baja retirado"),
    own=CONSENT_STATES,
)
STOP = _table(
    ("minor_or_deceased_or_incapacitated", "fallecido fallecida falecido falecida difunto obito menor deceased"),
    ("opted_out", "baja descadastro descadastrado opt_out no_contactar nao_contatar"),
    ("cease_requested", "cese cessar cease"),
    ("sued_or_insolvency_procedure", "demandado processado concurso insolvencia"),
    own=STOPS,
)
LEGAL_STATE = _table(
    ("time_barred", "prescrita prescrito prescripta"),
    ("sued", "demandada demandado judicial ajuizada ajuizado"),
    ("insolvency", "concurso insolvencia quiebra falencia recuperacao_judicial"),
    own=LEGAL_STATES,
)

#: Brazilian states by name, for files that do not give the UF.
UF = _table(
    ("AC", "acre"), ("AL", "alagoas"), ("AM", "amazonas"), ("AP", "amapa"), ("BA", "bahia"), ("CE", "ceara"),
    ("DF", "distrito_federal"), ("ES", "espirito_santo"), ("GO", "goias"), ("MA", "maranhao"), ("MG", "minas_gerais"),
    ("MS", "mato_grosso_do_sul"), ("MT", "mato_grosso"), ("PA", "para"), ("PB", "paraiba"), ("PE", "pernambuco"),
    ("PI", "piaui"), ("PR", "parana"), ("RJ", "rio_de_janeiro"), ("RN", "rio_grande_do_norte"), ("RO", "rondonia"),
    ("RR", "roraima"), ("RS", "rio_grande_do_sul"), ("SC", "santa_catarina"), ("SE", "sergipe"), ("SP", "sao_paulo"),
    ("TO", "tocantins"),
)  # fmt: skip
#: Country names as files write them; codes stand for themselves.
COUNTRY = _table(
    ("BR", "br bra brasil brazil"), ("MX", "mx mex mexico"), ("CO", "co col colombia"), ("PE", "pe per peru"),
    ("CL", "cl chl chile"), ("AR", "ar arg argentina"), ("UY", "uy ury uruguay"), ("PY", "py pry paraguay"),
    ("EC", "ec ecu ecuador"), ("BO", "bo bol bolivia"),
)  # fmt: skip


def say(table: dict[str, str], text: str, what: Words) -> str:
    """Our value for a word of the file; raises DomainError that lists what is understood."""
    value = table.get(normal(text))
    if value is None:
        raise DomainError(
            "word_unknown",
            "%(value)s is not a known %(what)s; use one of %(known)s",
            value=text,
            what=what,
            known=", ".join(sorted(set(table.values()))),
        )
    return value
