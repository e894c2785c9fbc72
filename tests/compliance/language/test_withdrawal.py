"""Withdrawal in any wording: a keyword alone, or a wish in words, also inside a longer message, in Spanish and Portuguese.

The sentences were written for this test. What is a wish about hours, a channel, a product or money is none.
"""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.language import is_opt_out

KEYWORDS = [
    "BAJA",
    "baja por favor",
    "Stop",
    "STOP!!",
    "SAIR",
    "Parar",
    "cancelar",
    "desuscribir",
    "unsubscribe",
    "SAIR por favor",
]
WISHES = [
    "No quiero recibir más mensajes",
    "ya no me escriban",
    "Ya no quiero que me estén mandando mensajes",
    "Buenas tardes, mire yo ya hablé con ustedes y les pido de favor que no me manden más mensajes a este número, gracias",
    "Por favor elimínenme de su lista",
    "quiten mi número de su base de datos",
    "Déjenme en paz",
    "dejen de molestar ya",
    "les solicito que me den de baja",
    "Retiro mi autorización para que me contacten",
    "revoco el consentimiento que di",
    "No autorizo que me escriban por WhatsApp",
    "Quiero darme de baja de estos avisos",
    "me tienen harto, no me vuelvan a escribir",
    "no vuelvan a escribirme",
    "no me contacten nunca más",
    "Les pido que dejen de enviarme recordatorios",
    "basta de mensajes",
    "Si siguen escribiendo los denuncio, paren ya de mandar mensajes",
    "ya no deseo recibir notificaciones de su parte",
    "favor de no contactarme más",
    "no me interesa recibir sus mensajes",
    "Sáquenme de aquí",
    "no quiero que me escriban por este medio",
    "prefiero que no me escriban",
    "Absténgase de contactarme",
    "les agradeceré no volver a escribirme",
    "cancelen mi suscripción a los mensajes",
    "por favor ya no me busquen",
    "borren mis datos y no me llamen más",
    "No más mensajes por favor",
    "pare de enviar mensajes",
    "dejá de escribirme",
    "no me jodan más con mensajes",
    "no me manden nada más",
    "ya les dije que no me escriban, no quiero saber nada de ustedes",
    "no quiero más whatsapps",
    "retiro mi consentimiento",
    "Não quero mais receber mensagens",
    "parem de me mandar mensagem",
    "Me tira dessa lista",
    "por favor remova meu número",
    "não me mande mais mensagem",
    "Não autorizo o contato por WhatsApp",
    "Bom dia, peço que não entrem mais em contato comigo por este número, obrigado",
    "Quero sair",
    "me descadastra",
    "Retiro minha autorização para receber mensagens",
    "revogo meu consentimento",
    "Parem de me incomodar",
    "chega de mensagem",
    "não me liguem nem mandem mensagem mais",
    "cancelem o envio de mensagens",
    "Excluam meu contato",
    "por gentileza, não enviem mais nada",
    "não desejo receber esse tipo de mensagem",
    "favor não me contatar mais",
    "não quero ser contatado",
    "para de me encher",
    "me deixa em paz",
    "tire meu telefone do cadastro",
    "não me escreva mais",
    "solicito a exclusão dos meus dados e o fim dos contatos",
    "não tenho interesse em receber mensagens",
    "vocês podem parar de mandar isso?",
    "não mandem mais cobrança nesse número",
    "quero cancelar as mensagens",
    "bloqueia meu número aí, não quero mais nada",
    "deixem de me escrever",
    "Prefiro não receber mais mensagens",
    "não me perturbem mais",
    "pode parar de me chamar",
    "quero parar de receber isso",
    "não volte a me escrever",
    "retirem meu número da lista de vocês",
    "me removam",
]
NO_WISHES = [
    "No me llamen al trabajo",
    "no me escriban tan temprano",
    "mejor escríbanme después de las 6",
    "Quiero dar de baja el servicio",
    "cancelar mi deuda",
    "¿cómo cancelo la factura?",
    "Ya no puedo pagar este mes",
    "No puedo dejar de trabajar",
    "quiero salir de esta deuda",
    "voy a salir de viaje",
    "no me ha llegado el recibo",
    "No me manden el link, mejor la CLABE",
    "no me llamen, escríbanme por aquí",
    "Quiero que me quiten los intereses",
    "hoy no puedo, mañana pago",
    "No recibí mensajes ayer",
    "no he recibido mensajes",
    "por favor sigan escribiendo",
    "mande la factura por favor",
    "ya no es mi número equivocado de cuenta",
    "no me deja pagar el link",
    "No me manden a buró",
    "dejen de cobrarme intereses",
    "alto, no entiendo el cobro",
    "parece que el pago no entró",
    "Para pagar en efectivo, ¿dónde?",
    "para cuándo es el pago?",
    "Não me liguem no trabalho",
    "não me mande mensagem à noite",
    "quero sair dessa dívida",
    "cancelar a compra",
    "não consigo parar de trabalhar",
    "para pagar com pix como faço",
    "tira os juros",
    "me manda o boleto",
    "não recebi a mensagem",
    "não recebi o boleto",
    "pode me mandar mensagem depois das 18h",
    "quero cancelar o contrato da escola",
    "não me mandem para o Serasa",
    "vou sair de viagem e pago na volta",
    "não quero pagar juros",
    "Chega amanhã o salário e pago",
    "não me chame de caloteiro",
    "parei de pagar porque perdi o emprego",
    "não autorizo o desconto em folha",
    "autorizo",
    "sim, autorizo",
    "Sí, autorizo",
    "no autorizo ese cargo",
    "puedo retirar mi pedido?",
    "quiero retirar el producto",
    "Autorizo a Sofás SA a enviarme por este WhatsApp mensajes sobre mi cuenta, incluidos avisos "
    "y recordatorios de pago. Puedo retirar esta autorización cuando quiera.",
]
BEFORE = [
    "",
    "Buenas tardes. ",
    "Hola, soy Ana. ",
    "Bom dia! ",
    "Olá, tudo bem? ",
    "Mire, ya les expliqué mi caso. ",
    "Oi. Já paguei. ",
]
AFTER = ["", ". Gracias.", ". Obrigado!", ". Saludos cordiales", " :)", ". Quedo atento", ". Att, João"]


@pytest.mark.parametrize("text", [*KEYWORDS, *WISHES])
def test_a_wish_to_be_left_alone_is_one(text: str) -> None:
    assert is_opt_out(text)


@pytest.mark.parametrize("text", NO_WISHES)
def test_other_wishes_are_none(text: str) -> None:
    assert not is_opt_out(text)


def _bare(text: str) -> str:
    plain = unicodedata.normalize("NFD", text)
    return "".join(sign for sign in plain if not unicodedata.combining(sign))


@given(
    st.sampled_from(WISHES),
    st.sampled_from(BEFORE),
    st.sampled_from(AFTER),
    st.sampled_from([str, str.upper, str.lower, _bare]),
)
def test_a_wish_inside_a_longer_message_is_one_however_it_is_typed(
    wish: str, before: str, after: str, typed: object
) -> None:
    assert callable(typed)
    assert is_opt_out(str(typed(before + wish + after)))


@given(st.sampled_from(NO_WISHES), st.sampled_from(BEFORE), st.sampled_from(AFTER))
def test_other_wishes_stay_none_inside_a_longer_message(text: str, before: str, after: str) -> None:
    assert not is_opt_out(before + text + after)
