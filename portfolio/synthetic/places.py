"""What differs by country: places with their area codes, names, currency, amounts, words on bills.

Phone prefixes are those that phonenumbers calls mobile for every number made from them (tests check); subdivisions are
the codes of the rule packs and holiday calendars.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A city, how common it is, and the start of its mobile numbers."""

    weight: int
    subdivision: str
    city: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Country:
    """Everything the generator needs to know about a country."""

    code: str
    dial: str
    currency: str
    language: str
    places: tuple[Place, ...]
    #: First number and count of the last seven digits of its mobiles, one per person.
    tail_first: int
    tail_count: int
    women: tuple[str, ...]
    men: tuple[str, ...]
    surnames: tuple[str, ...]
    company_words: tuple[str, ...]
    company_trades: tuple[str, ...]
    company_endings: tuple[str, ...]
    #: (weight, least, most) of a bill in units of `step`, which is in minor units of the currency.
    bands: tuple[tuple[int, int, int], ...]
    step: int
    products: tuple[str, ...]
    methods: tuple[str, ...]
    wording: str


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_WOMEN_ES = _words(
    "María Guadalupe Ana Laura Sofía Valentina Camila Daniela Gabriela Patricia Claudia Verónica "
    "Alejandra Carolina Paula Andrea Natalia Mariana Lucía Rosa Elena Teresa Silvia Adriana Mónica "
    "Isabel Beatriz Carmen Juana Lorena"
)
_MEN_ES = _words(
    "José Juan Luis Carlos Jorge Miguel Francisco Pedro Diego Andrés Santiago Fernando Ricardo "
    "Eduardo Roberto Alejandro Javier Manuel Sergio Raúl Óscar Martín Pablo Hugo Iván Rubén Víctor "
    "Mario Gustavo Héctor"
)
_SURNAMES_ES = _words(
    "García Hernández Martínez López González Rodríguez Pérez Sánchez Ramírez Torres Flores Rivera "
    "Gómez Díaz Reyes Cruz Morales Ortiz Gutiérrez Chávez Ramos Ruiz Mendoza Aguilar Castillo Vázquez "
    "Jiménez Moreno Romero Herrera Medina Castro Vargas Guzmán Méndez Muñoz Rojas Salazar Contreras "
    "Navarro Peña Silva Cárdenas Quispe Mamani Núñez Ibáñez Suárez"
)
_WORDS_ES = _words(
    "Andina Central Norte Austral Pacífico Horizonte Aurora Nevada Cumbre Ribera Estrella Alameda Sierra Laguna Roble"
)
_TRADES_ES = _words(
    "Comercializadora Ferretería Distribuidora Constructora Transportes Textiles Alimentos Servicios Papelería Taller"
)
_WORDING_ES = (
    "Acepto recibir por WhatsApp, en este número, mensajes sobre mis pagos y saldos vencidos. "
    "Puedo darme de baja cuando quiera."
)

BRAZIL = Country(
    code="BR",
    dial="55",
    currency="BRL",
    language="pt",
    places=(
        Place(24, "SP", "São Paulo", "119"),
        Place(5, "SP", "Campinas", "199"),
        Place(12, "RJ", "Rio de Janeiro", "219"),
        Place(9, "MG", "Belo Horizonte", "319"),
        Place(3, "ES", "Vitória", "279"),
        Place(6, "PR", "Curitiba", "419"),
        Place(4, "SC", "Florianópolis", "489"),
        Place(6, "RS", "Porto Alegre", "519"),
        Place(5, "DF", "Brasília", "619"),
        Place(4, "GO", "Goiânia", "629"),
        Place(2, "MT", "Cuiabá", "659"),
        Place(2, "MS", "Campo Grande", "679"),
        Place(1, "AC", "Rio Branco", "689"),
        Place(1, "RO", "Porto Velho", "699"),
        Place(6, "BA", "Salvador", "719"),
        Place(5, "PE", "Recife", "819"),
        Place(4, "CE", "Fortaleza", "859"),
        Place(3, "PA", "Belém", "919"),
        Place(3, "AM", "Manaus", "929"),
        Place(1, "RR", "Boa Vista", "959"),
        Place(2, "MA", "São Luís", "989"),
    ),
    tail_first=0,
    tail_count=10_000_000,
    women=_words(
        "Maria Ana Juliana Fernanda Camila Patrícia Aline Bruna Letícia Mariana Adriana Vanessa Luciana "
        "Márcia Beatriz Larissa Amanda Jéssica Renata Débora Sandra Simone Cláudia Tatiane Gabriela "
        "Rafaela Cristina Eliane Rosângela Sônia"
    ),
    men=_words(
        "José João Antônio Carlos Paulo Pedro Lucas Luiz Marcos Rafael Gabriel Felipe Bruno Rodrigo "
        "Eduardo Fernando Gustavo Leandro Marcelo Ricardo Thiago Vinícius Diego Fábio Jorge Sérgio "
        "Anderson Leonardo Matheus Roberto"
    ),
    surnames=_words(
        "Silva Santos Oliveira Souza Rodrigues Ferreira Alves Pereira Lima Gomes Costa Ribeiro Martins "
        "Carvalho Almeida Lopes Soares Fernandes Vieira Barbosa Rocha Dias Nascimento Andrade Moreira "
        "Nunes Marques Machado Mendes Freitas Cardoso Ramos Gonçalves Santana Teixeira Araújo Pinto "
        "Correia Moraes Campos"
    ),
    company_words=_words(
        "Aurora Horizonte Bandeirante Atlântica Serrana Paulista Planalto Ipê Jacarandá Litoral Central "
        "Nordeste Primavera Sul Norte"
    ),
    company_trades=_words(
        "Comércio Distribuidora Transportes Construtora Confecções Alimentos Serviços Papelaria Oficina Materiais"
    ),
    company_endings=("Ltda.", "ME", "EIRELI", "S.A."),
    bands=((50, 60, 250), (35, 250, 900), (15, 900, 4000)),
    step=100,
    products=("Mensalidade da escola", "Fatura de internet", "Parcela do financiamento", "Conta de energia"),
    methods=("pix", "boleto", "card", "transfer"),
    wording=(
        "Aceito receber pelo WhatsApp, neste número, mensagens sobre meus pagamentos e contas em atraso. "
        "Posso cancelar quando quiser."
    ),
)

MEXICO = Country(
    code="MX",
    dial="52",
    currency="MXN",
    language="es",
    places=(
        Place(26, "CMX", "Ciudad de México", "55"),
        Place(12, "JAL", "Guadalajara", "33"),
        Place(12, "NLE", "Monterrey", "81"),
        Place(5, "PUE", "Puebla", "222"),
        Place(5, "GUA", "León", "477"),
        Place(4, "QUE", "Querétaro", "442"),
        Place(5, "BCN", "Tijuana", "664"),
        Place(3, "BCN", "Mexicali", "686"),
        Place(3, "CHH", "Chihuahua", "614"),
        Place(3, "CHH", "Ciudad Juárez", "656"),
        Place(3, "SON", "Hermosillo", "662"),
        Place(3, "SIN", "Culiacán", "667"),
        Place(4, "YUC", "Mérida", "999"),
        Place(4, "ROO", "Cancún", "998"),
        Place(4, "VER", "Veracruz", "229"),
        Place(2, "TAM", "Matamoros", "868"),
        Place(2, "OAX", "Oaxaca", "951"),
    ),
    tail_first=1_000_000,
    tail_count=9_000_000,
    women=_WOMEN_ES,
    men=_MEN_ES,
    surnames=_SURNAMES_ES,
    company_words=_WORDS_ES,
    company_trades=_TRADES_ES,
    company_endings=("S.A. de C.V.", "S. de R.L. de C.V.", "S.A.P.I. de C.V."),
    bands=((50, 300, 1200), (35, 1200, 5000), (15, 5000, 25000)),
    step=100,
    products=("Mensualidad del crédito", "Servicio de internet", "Colegiatura", "Mensualidad de muebles"),
    methods=("spei", "card", "cash", "transfer"),
    wording=_WORDING_ES,
)

COLOMBIA = Country(
    code="CO",
    dial="57",
    currency="COP",
    language="es",
    places=(
        Place(30, "DC", "Bogotá", "310"),
        Place(10, "DC", "Bogotá", "301"),
        Place(16, "ANT", "Medellín", "300"),
        Place(12, "VAC", "Cali", "315"),
        Place(9, "ATL", "Barranquilla", "304"),
        Place(6, "BOL", "Cartagena", "320"),
        Place(6, "SAN", "Bucaramanga", "316"),
        Place(4, "RIS", "Pereira", "321"),
        Place(4, "NAR", "Pasto", "318"),
        Place(3, "HUI", "Neiva", "350"),
    ),
    tail_first=1_000_000,
    tail_count=9_000_000,
    women=_WOMEN_ES,
    men=_MEN_ES,
    surnames=_SURNAMES_ES,
    company_words=_WORDS_ES,
    company_trades=_TRADES_ES,
    company_endings=("S.A.S.", "Ltda.", "S.A."),
    bands=((50, 400, 1800), (35, 1800, 8000), (15, 8000, 40000)),
    step=10_000,
    products=("Cuota del crédito", "Servicio de internet", "Pensión escolar", "Cuota de libre inversión"),
    methods=("pse", "bre_b", "card", "cash"),
    wording=_WORDING_ES,
)

CHILE = Country(
    code="CL",
    dial="56",
    currency="CLP",
    language="es",
    places=(
        Place(45, "RM", "Santiago", "99"),
        Place(12, "VS", "Valparaíso", "94"),
        Place(12, "BI", "Concepción", "95"),
        Place(6, "AR", "Temuco", "98"),
        Place(6, "AN", "Antofagasta", "94"),
        Place(5, "CO", "La Serena", "95"),
        Place(3, "LL", "Puerto Montt", "98"),
        Place(2, "MA", "Punta Arenas", "94"),
        Place(1, "AI", "Coyhaique", "95"),
    ),
    tail_first=3_000_000,
    tail_count=7_000_000,
    women=_WOMEN_ES,
    men=_MEN_ES,
    surnames=_SURNAMES_ES,
    company_words=_WORDS_ES,
    company_trades=_TRADES_ES,
    company_endings=("SpA", "Ltda.", "S.A.", "E.I.R.L."),
    bands=((50, 12, 60), (35, 60, 250), (15, 250, 1500)),
    step=1000,
    products=("Cuota del crédito", "Servicio de internet", "Colegiatura", "Gastos comunes"),
    methods=("webpay", "transfer", "card", "cash"),
    wording=_WORDING_ES,
)

PERU = Country(
    code="PE",
    dial="51",
    currency="PEN",
    language="es",
    places=(
        Place(50, "LIM", "Lima", "94"),
        Place(10, "LIM", "Lima", "99"),
        Place(10, "ARE", "Arequipa", "95"),
        Place(8, "LAL", "Trujillo", "96"),
        Place(7, "PIU", "Piura", "97"),
        Place(6, "CUS", "Cusco", "98"),
        Place(4, "JUN", "Huancayo", "93"),
    ),
    tail_first=1_000_000,
    tail_count=9_000_000,
    women=_WOMEN_ES,
    men=_MEN_ES,
    surnames=_SURNAMES_ES,
    company_words=_WORDS_ES,
    company_trades=_TRADES_ES,
    company_endings=("S.A.C.", "E.I.R.L.", "S.R.L."),
    bands=((50, 50, 250), (35, 250, 1000), (15, 1000, 5000)),
    step=100,
    products=("Cuota del crédito", "Servicio de internet", "Pensión escolar", "Cuota de la moto"),
    methods=("yape", "transfer", "card", "cash"),
    wording=_WORDING_ES,
)

ARGENTINA = Country(
    code="AR",
    dial="549",
    currency="ARS",
    language="es",
    places=(
        Place(30, "C", "Buenos Aires", "11"),
        Place(20, "B", "Avellaneda", "11"),
        Place(5, "B", "La Plata", "221"),
        Place(4, "B", "Mar del Plata", "223"),
        Place(12, "X", "Córdoba", "351"),
        Place(10, "S", "Rosario", "341"),
        Place(7, "M", "Mendoza", "261"),
        Place(5, "T", "Tucumán", "381"),
        Place(4, "A", "Salta", "387"),
        Place(3, "Q", "Neuquén", "299"),
    ),
    tail_first=4_000_000,
    tail_count=2_000_000,
    women=_WOMEN_ES,
    men=_MEN_ES,
    surnames=_SURNAMES_ES,
    company_words=_WORDS_ES,
    company_trades=_TRADES_ES,
    company_endings=("S.A.", "S.R.L.", "S.A.S."),
    bands=((50, 12, 70), (35, 70, 300), (15, 300, 1500)),
    step=100_000,
    products=("Cuota del préstamo", "Servicio de internet", "Cuota del colegio", "Expensas"),
    methods=("transfer", "card", "cash", "wallet"),
    wording=_WORDING_ES,
)

COUNTRIES = {country.code: country for country in (BRAZIL, MEXICO, COLOMBIA, CHILE, PERU, ARGENTINA)}
