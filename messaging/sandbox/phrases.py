"""What people type, in Spanish and Portuguese, as they type it: many wordings, few accents, some slips. Pure.

Each text is written under the intent it has; the intent is the label against which detection can be measured.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

ES: dict[str, list[str]] = {
    "promise": [
        "sí claro, pago {when}",
        "te pago {when} sin falta",
        "{when} hago la transferencia",
        "ahorita no puedo pero {when} te deposito",
        "voy a pagar {when} que me cae la quincena",
        "{when} paso al banco y lo pago",
        "dame chance, {when} queda",
        "hola, pagaría {when}",
        "me comprometo a pagar {when}",
        "{when} a más tardar queda cancelado",
        "cuenten con el pago {when}",
        "ok, {when} les pago todo",
        "recién cobro {when}, ahí pago",
        "{when} les transfiero la plata",
    ],
    "plan": [
        "¿puedo pagarlo en cuotas?",
        "no tengo todo junto, ¿se puede en partes?",
        "quiero un plan de pagos",
        "¿me lo pueden partir en 3?",
        "necesito un convenio para pagar de a poco",
        "¿aceptan abonos?",
        "podría ir pagando cada quincena un poco",
        "qué facilidades de pago tienen?",
        "quisiera refinanciar lo que debo",
    ],
    "haggle": [
        "esas cuotas siguen altas, ¿no hay a más meses?",
        "¿y si pago de contado me hacen descuento?",
        "eso no me alcanza, bájenle un poco",
        "puedo dar la mitad ahora y la mitad el otro mes",
        "¿qué es lo menos que puedo dar al mes?",
        "con esos valores no llego, otra opción?",
    ],
    "paid": [
        "ya pagué",
        "eso ya está pagado, reviso y te mando el comprobante",
        "yo ya hice el pago la semana pasada",
        "ya lo cancelé ayer",
        "ya deposité, ahí va la foto",
        "pero si ya pague!! revisen",
        "te adjunto el comprobante del pago",
        "hice la transferencia hoy en la mañana",
        "ese recibo ya lo pagué en el banco",
        "listo, pagado",
        "ya quedó el pago 👍",
        "aboné todo el viernes",
    ],
    "dispute": [
        "yo no debo eso",
        "ese monto está mal",
        "nunca contraté ese servicio",
        "me están cobrando de más",
        "esa factura no es mía",
        "el producto llegó dañado y lo devolví, no voy a pagar eso",
        "yo cancelé el servicio en marzo, ¿por qué me cobran?",
        "no reconozco esa deuda",
        "quiero el detalle porque esa cuenta no cuadra",
        "ya reclamé esto y nadie me responde",
        "me cobraron dos veces lo mismo",
        "eso fue un error de ustedes",
    ],
    "opt_out": [
        "baja",
        "STOP",
        "no me escriban más",
        "ya no quiero recibir estos mensajes",
        "dejen de molestarme por acá",
        "quítenme de su lista por favor",
        "por favor no me manden más whatsapp",
        "no autorizo que me contacten por este medio",
        "darme de baja",
        "borren mi número",
        "no quiero más mensajes",
        "basta de mensajes",
        "les pido que no me contacten más",
        "cancelar suscripción",
    ],
    "hardship": [
        "me quedé sin trabajo y no tengo con qué pagar",
        "estoy enferma y todo se va en medicinas",
        "falleció mi esposo y estoy sola con los niños",
        "perdí el empleo hace dos meses, no puedo más",
        "tuve un accidente y no estoy trabajando",
        "no me alcanza ni para comer",
        "me operaron y estoy incapacitado",
        "cerró el negocio y estoy en cero, de verdad no puedo",
        "mi hijo está hospitalizado, ahora no puedo con esto",
    ],
    "question": [
        "¿de qué es este cobro?",
        "¿quién es?",
        "¿cuánto debo exactamente?",
        "de qué empresa me escriben?",
        "¿cómo sé que esto no es una estafa?",
        "¿a qué cuenta tengo que pagar?",
        "¿hasta cuándo tengo plazo?",
        "me mandan la factura porfa",
        "¿por qué subió el valor?",
        "¿tiene intereses?",
        "cómo consiguieron mi número?",
        "¿puedo pagar en efectivo?",
        "no entiendo, me explica?",
    ],
    "identity_yes": [
        "sí soy yo",
        "sí, con él habla",
        "soy yo, dígame",
        "si, qué pasó",
        "sí, ella habla",
        "así es",
        "correcto soy yo",
    ],
    "wrong_person": [
        "número equivocado",
        "no soy esa persona",
        "acá no vive nadie con ese nombre",
        "se equivocó de número",
        "no conozco a esa persona",
        "este número es nuevo, no soy yo",
        "yo no soy, ese señor ya no tiene este número",
        "no soy yo, soy la hermana",
    ],
    "human": [
        "quiero hablar con una persona",
        "me pueden llamar?",
        "páseme con un asesor",
        "prefiero hablar con alguien",
        "hay algún humano ahí?",
        "necesito que me atienda una persona de verdad",
        "con quién puedo hablar?",
    ],
    "abuse": [
        "dejen de joder",
        "váyanse a la mierda",
        "son unos ladrones",
        "no sean estúpidos, ya les dije",
        "me tienen harto, partida de rateros",
        "métanse su cobro donde les quepa",
        "qué idiotas son, no pago nada",
        "sinvergüenzas",
    ],
    "thanks": [
        "gracias",
        "muchas gracias",
        "ok gracias",
        "listo, mil gracias",
        "perfecto, gracias 🙏",
        "vale, gracias por avisar",
        "muy amable",
    ],
    "refusal": ["no voy a pagar", "no pienso pagar eso", "no me interesa"],
}

PT: dict[str, list[str]] = {
    "promise": [
        "pago {when}",
        "{when} eu pago sem falta",
        "vou pagar {when}, pode ser?",
        "{when} cai meu salário e eu acerto",
        "consigo pagar {when}",
        "pode deixar, {when} faço o pix",
        "tô sem dinheiro agora mas {when} eu pago",
        "prometo que {when} tá pago",
        "{when} passo na lotérica e pago",
        "ok, {when} transfiro tudo",
        "fico de pagar {when}",
    ],
    "plan": [
        "dá pra parcelar?",
        "não consigo pagar tudo de uma vez",
        "quero fazer um acordo",
        "posso pagar em 3 vezes?",
        "tem como dividir?",
        "queria negociar e parcelar",
        "aceitam pagar um pouco por mês?",
        "quais as condições pra parcelar?",
    ],
    "haggle": [
        "essa parcela ainda tá alta, não tem mais vezes?",
        "e à vista, tem desconto?",
        "não cabe no meu bolso, dá pra baixar?",
        "posso dar metade agora e metade mês que vem",
        "qual o mínimo que posso dar por mês?",
    ],
    "paid": [
        "já paguei",
        "isso já foi pago, vou mandar o comprovante",
        "paguei semana passada",
        "já fiz o pix ontem",
        "segue o comprovante",
        "mas eu já paguei!! verifiquem aí",
        "tá pago já",
        "paguei o boleto na lotérica",
        "acabei de pagar 👍",
        "pagamento feito hoje cedo",
    ],
    "dispute": [
        "não devo isso",
        "esse valor tá errado",
        "nunca contratei isso",
        "tão me cobrando a mais",
        "essa fatura não é minha",
        "o produto veio com defeito e eu devolvi",
        "cancelei o serviço em março, por que tão cobrando?",
        "não reconheço essa dívida",
        "quero ver o detalhamento, essa conta não bate",
        "já reclamei e ninguém resolve",
        "me cobraram duas vezes",
    ],
    "opt_out": [
        "sair",
        "PARAR",
        "não me mande mais mensagem",
        "não quero mais receber isso",
        "parem de me mandar whatsapp",
        "me tira dessa lista por favor",
        "não autorizo contato por aqui",
        "descadastrar",
        "apaguem meu número",
        "chega de mensagem",
        "favor não entrar mais em contato",
        "stop",
    ],
    "hardship": [
        "perdi o emprego e não tenho como pagar",
        "tô doente, o dinheiro vai tudo pra remédio",
        "meu marido faleceu e tô sozinha com as crianças",
        "fui mandado embora faz dois meses, não aguento mais",
        "sofri um acidente e tô parado",
        "não tá dando nem pra comer",
        "fiz uma cirurgia e tô afastado pelo inss",
        "fechei a loja, tô zerado",
    ],
    "question": [
        "do que é essa cobrança?",
        "quem é?",
        "quanto eu devo exatamente?",
        "de que empresa vocês são?",
        "como sei que não é golpe?",
        "qual a chave pix?",
        "até quando posso pagar?",
        "me manda o boleto por favor",
        "por que o valor aumentou?",
        "tem juros?",
        "como conseguiram meu número?",
        "não entendi, explica melhor",
    ],
    "identity_yes": ["sim, sou eu", "sou eu mesmo", "sim, pode falar", "isso, sou eu", "sim, é ela", "eu mesma"],
    "wrong_person": [
        "número errado",
        "não sou essa pessoa",
        "não tem ninguém com esse nome aqui",
        "você ligou pro número errado",
        "não conheço essa pessoa",
        "esse chip é novo, não sou eu",
        "não sou eu, sou a irmã dele",
    ],
    "human": [
        "quero falar com uma pessoa",
        "vocês podem me ligar?",
        "me passa pra um atendente",
        "prefiro falar com alguém",
        "tem algum humano aí?",
        "quero atendimento de verdade",
    ],
    "abuse": [
        "vai se foder",
        "para de encher o saco",
        "bando de ladrão",
        "vocês são uns idiotas",
        "enfia essa cobrança",
        "seus golpistas safados",
        "não pago porra nenhuma",
    ],
    "thanks": ["obrigado", "obrigada", "muito obrigado", "ok obg", "valeu", "beleza, obrigada 🙏", "agradeço"],
    "refusal": ["não vou pagar", "não pretendo pagar isso", "não tenho interesse"],
}

_DAYS = {
    "es": ["el lunes", "el martes", "el miércoles", "el jueves", "el viernes", "el sábado", "el domingo"],
    "pt": ["na segunda", "na terça", "na quarta", "na quinta", "na sexta", "no sábado", "no domingo"],
}
_SHORT = {
    "es": [
        (r"\bque\b", "q"),
        (r"\bporque\b|\bpor qué\b", "xq"),
        (r"\bpor favor\b", "porfa"),
        (r"\bpara\b", "pa"),
        (r"\btambién\b", "tb"),
    ],
    "pt": [
        (r"\bvocês\b", "vcs"),
        (r"\bque\b", "q"),
        (r"\bporque\b|\bpor que\b", "pq"),
        (r"\bnão\b", "n"),
        (r"\bpor favor\b", "pfv"),
    ],
}


def when_words(language: str, days: int, weekday: int, day: int, u: float) -> str:
    """A day `days` from now as people say it; `weekday` is 0 for Monday."""
    if days <= 1:
        return "mañana" if language == "es" else "amanhã"
    if days < 7 and u < 0.7:
        return _DAYS[language][weekday]
    return f"el {day}" if language == "es" else f"dia {day}"


def phrase(language: str, intent: str, u: Callable[..., float], values: dict[str, Any]) -> str:
    """A wording of an intent as this person types it; `u(question)` gives numbers in [0, 1).

    `values` may hold `date` (ISO) and `days` for the promises' {when}.
    """
    language = "pt" if language == "pt" else "es"
    wordings = (PT if language == "pt" else ES)[intent]
    text = wordings[int(u("wording") * len(wordings))]
    if "{when}" in text:
        year, month, day = (int(part) for part in str(values["date"]).split("-"))
        weekday = _weekday(year, month, day)
        text = text.replace("{when}", when_words(language, int(values.get("days", 9)), weekday, day, u("when")))
    return as_typed(language, text, u)


def _weekday(year: int, month: int, day: int) -> int:
    """0 for Monday (Sakamoto's method)."""
    shift = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4]
    year -= month < 3
    return (year + year // 4 - year // 100 + year // 400 + shift[month - 1] + day + 6) % 7


def without_accents(text: str) -> str:
    """Accents off, ñ and ç kept."""
    kept = text.replace("ñ", "\0").replace("ç", "\1").replace("Ñ", "\2")
    plain = "".join(c for c in unicodedata.normalize("NFD", kept) if not unicodedata.combining(c))
    return plain.replace("\0", "ñ").replace("\1", "ç").replace("\2", "Ñ")


def as_typed(language: str, text: str, u: Callable[..., float]) -> str:
    """The text as thumbs produce it."""
    if u("short") < 0.3:
        for pattern, short in _SHORT[language]:
            text = re.sub(pattern, short, text, flags=re.IGNORECASE)
    if u("accents") < 0.65:
        text = without_accents(text)
    if u("marks") < 0.7:
        text = text.replace("¿", "").replace("¡", "")
    if u("comma") < 0.4:
        text = text.replace(",", "")
    if u("slip") < 0.12 and len(text) > 8 and "pag" not in text.lower()[:3]:
        place = 2 + int(u("slip place") * (len(text) - 5))
        if text[place].isalpha() and text[place + 1].isalpha():
            text = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    case = u("case")
    if case < 0.25:
        text = text[:1].upper() + text[1:]
    elif case > 0.96:
        text = text.upper()
    return text + ("" if u("end") < 0.8 else ["!!", "...", " 😔", "."][int(u("mark") * 4)])
