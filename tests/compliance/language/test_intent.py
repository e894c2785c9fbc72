"""What a debtor wants, and above all when to stop."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.language import INTENTS_KNOWN, disclosure_of, intent, is_opt_out, sentiment

WEDNESDAY = date(2025, 5, 14)

STOP = [
    "PARAR",
    "SAIR",
    "CANCELAR",
    "BAJA",
    "ALTO",
    "NO MAS",
    "no más",
    "STOP",
    "DETENER",
    "Baja.",
    "stop!!",
    "S T O P",
    "ST0P",
    "Baja por favor",
    "por favor ya no me escriban",
    "no me manden más mensajes",
    "dejen de molestarme",
    "me tirem dessa lista",
    "para de me mandar mensagem",
    "não quero mais receber mensagens",
    "quiero darme de baja",
    "denme de baja",
    "borren mi número",
    "saquenme de su lista",
    "tira meu número do cadastro",
    "parem de me ligar",
    "no me contacten nunca más",
    "déjenme en paz",
    "me deixa em paz",
    "ya les dije que estoy bien y además no quiero recibir sus mensajes, gracias",
    "revoco mi consentimiento",
    "não me mande mais nada",
    "por favor eliminen mi teléfono de su base",
    "chega de mensagens",
    "basta de mensajes",
]
GO_ON = [
    "no puedo parar de trabajar",
    "voy a dar de baja el servicio mañana?",
    "quiero cancelar mi cuota",
    "no me llamen al trabajo",
    "no me escriba hoy, mañana sí",
    "cuando salgo de esta deuda?",
    "para el viernes pago",
    "pago la baja del interés",
    "no más tarde del 30",
    "quiero salir de mi deuda",
    "não posso parar agora",
    "sair do serasa",
    "la señal está baja",
    "para pagar que necesito?",
    "hola",
    "me quitan los intereses?",
    "no me llegó la factura",
    "não me mandaram o boleto",
    "quiero cancelar mi deuda",
    "mi jefe no me deja salir antes",
    "no me manden al buró",
    "alto ahí, yo ya pagué",
    "parar para pensar",
]


@pytest.mark.parametrize("text", STOP)
def test_stop_is_heard(text: str) -> None:
    assert is_opt_out(text)
    assert intent(text).name == "opt_out"


@pytest.mark.parametrize("text", GO_ON)
def test_what_is_no_stop(text: str) -> None:
    assert not is_opt_out(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("pago el viernes", "promise"),
        ("vou pagar dia 30", "promise"),
        ("Prometo que dia 2 ta pago", "promise"),
        ("sexta tá pago sem falta", "promise"),
        ("já está pago", "paid_already"),
        ("el viernes quedó pagado", "paid_already"),
        ("te deposito 500 mañana", "promise"),
        ("pago R$ 200 na sexta", "promise"),
        ("quiero pagar ahora", "pay_now"),
        ("me manda o pix", "pay_now"),
        ("¿cómo pago?", "pay_now"),
        ("páseme la CLABE", "pay_now"),
        ("puedo pagar en 3 cuotas?", "plan"),
        ("quero parcelar", "plan"),
        ("acepto el convenio", "plan"),
        ("me da más plazo?", "more_time"),
        ("preciso de mais prazo", "more_time"),
        ("cuando cobre le pago", "more_time"),
        ("ya pagué ayer", "paid_already"),
        ("já paguei", "paid_already"),
        ("aquí está el comprobante", "paid_already"),
        ("no reconozco esa deuda", "dispute"),
        ("não devo nada", "dispute"),
        ("voy a denunciarlos en Profeco", "dispute"),
        ("número equivocado", "wrong_person"),
        ("não conheço essa pessoa", "wrong_person"),
        ("yo no soy esa persona", "wrong_person"),
        ("me quedé sin trabajo", "hardship"),
        ("perdi o emprego", "hardship"),
        ("no tengo dinero", "hardship"),
        ("quiero hablar con una persona", "human"),
        ("quero falar com um atendente", "human"),
        ("¿eres un robot?", "human"),
        ("son unos hijos de puta", "abuse"),
        ("vai tomar no cu", "abuse"),
        ("¿cuánto debo?", "question"),
        ("quanto eu devo?", "question"),
        ("hola", "greeting"),
        ("bom dia", "greeting"),
        ("asdf", "other"),
    ],
)
def test_intents(text: str, name: str) -> None:
    assert intent(text, today=WEDNESDAY).name == name


@pytest.mark.parametrize(
    ("text", "on", "amount"),
    [
        ("pago el viernes", date(2025, 5, 16), None),
        ("pago el miércoles", date(2025, 5, 21), None),
        ("pago hoy 300 pesos", date(2025, 5, 14), Decimal(300)),
        ("te deposito 500 mañana", date(2025, 5, 15), Decimal(500)),
        ("pago pasado mañana", date(2025, 5, 16), None),
        ("vou pagar depois de amanhã", date(2025, 5, 16), None),
        ("dia 30", date(2025, 5, 30), None),
        ("pago el 5", date(2025, 6, 5), None),
        ("pago el 30 de junio", date(2025, 6, 30), None),
        ("pago 02/06", date(2025, 6, 2), None),
        ("deposito en 3 días", date(2025, 5, 17), None),
        ("pago a fin de mes", date(2025, 5, 31), None),
        ("pago R$ 1.200,50 na sexta", date(2025, 5, 16), Decimal("1200.50")),
        ("pago $1,200.50 el lunes", date(2025, 5, 19), Decimal("1200.50")),
        ("le deposito 200 mil el lunes", date(2025, 5, 19), Decimal(200_000)),
        ("pago la próxima semana", date(2025, 5, 19), None),
    ],
)
def test_promises_are_read(text: str, on: date, amount: Decimal | None) -> None:
    found = intent(text, today=WEDNESDAY)
    assert found.name == "promise"
    assert found.value is not None
    assert (found.value.on, found.value.amount) == (on, amount)


@given(st.text(max_size=200), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
@settings(max_examples=200, deadline=None)
def test_any_text_has_an_intent(text: str, today: date) -> None:
    found = intent(text, today=today)
    assert found.name in INTENTS_KNOWN
    assert 0 < found.confidence <= 1
    if found.span:
        assert 0 <= found.span[0] <= found.span[1] <= len(text)
    assert sentiment(text) in (-1, 0, 1)
    assert disclosure_of(text) in (0, 1, 2, 3)


@given(st.integers(1, 31), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_a_promised_day_is_never_past(day: int, today: date) -> None:
    found = intent(f"pago el {day}", today=today)
    assert found.value is not None
    assert found.value.on is not None
    assert 0 <= (found.value.on - today).days <= 62


def test_without_a_day_to_count_from_no_date_is_made_up() -> None:
    found = intent("pago el viernes")
    assert found.name == "promise"
    assert found.value is not None
    assert found.value.on is None


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Hola, ¿hablo con Ana Pérez?", 0),
        ("Olá, preciso confirmar dois dados: ano de nascimento e final do CPF", 0),
        ("Su referencia es 8831", 0),
        ("Le escribimos de Muebles Sol", 1),
        ("le escribimos de MUÉBLES SOL", 1),
        ("Su factura venció", 2),
        ("Você tem uma parcela em atraso", 2),
        ("Su saldo es de $450.00", 3),
        ("Debe 300 pesos", 3),
        ("Sua fatura de R$ 99,90 venceu", 3),
    ],
)
def test_disclosure(text: str, level: int) -> None:
    assert disclosure_of(text, ["Muebles Sol"]) == level


@pytest.mark.parametrize(
    ("text", "feeling"),
    [
        ("muchas gracias, muy amable", 1),
        ("obrigada 🙏", 1),
        ("estoy harto de ustedes", -1),
        ("isso é um absurdo 😡", -1),
        ("mañana le aviso", 0),
        ("vai tomar no cu", -1),
    ],
)
def test_sentiment(text: str, feeling: int) -> None:
    assert sentiment(text) == feeling
