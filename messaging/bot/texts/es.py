"""Spanish, with usted."""

from __future__ import annotations

_PARTS = {"MX": ("pagos", "pago"), "CO": ("cuotas", "cuota")}


def words(country: str) -> dict[str, str]:
    """What a part of a plan is called: pagos in Mexico, cuotas elsewhere."""
    many, one = _PARTS.get(country, ("cuotas", "cuota"))
    return {"parts": many, "part": one}


TITLES = {
    "probe:yes": "Sí, soy yo", "probe:no": "No soy yo", "consent:yes": "Sí, autorizo", "consent:no": "No, gracias",
    "pay": "Quiero pagar", "plan": "Plan de {parts}",
    "more_time": "Elegir otra fecha", "doubts": "Tengo una duda", "paid": "Ya pagué", "human": "Hablar con alguien",
    "amount": "Ver el detalle", "dispute": "No lo reconozco", "accept": "Sí, acepto", "reject": "No, gracias",
    "confirm": "Sí, confirmo", "other_date": "Otra fecha", "choose": "Elegir", "link": "Ver y pagar",
    "wrong_person": "No soy yo", "page": "Ver mi página", "plan_row": "{{count}} {parts}",
}  # fmt: skip

TEXTS = {
    "hours": "de lunes a viernes, de 9:00 a 18:00",
    # who answers
    "ask_who": (
        "Gracias por responder. Tenemos un mensaje personal para {name} y, por su privacidad, antes queremos saber "
        "con quién hablamos. ¿Es usted?"
    ),
    "ask_document_last3": "Gracias. Por su privacidad, elija los 3 últimos caracteres de su {document}.",
    "ask_birth_year": "Gracias. Por su privacidad, elija el año en que nació.",
    "ask_city": "Gracias. Por su privacidad, elija la ciudad de su domicilio.",
    "ask_reference": (
        "Gracias. Por su privacidad, elija el número que aparece en un documento reciente que recibió su empresa."
    ),
    "then_document_last3": "Bien. Una última pregunta: ¿cuáles son los 3 últimos caracteres de su {document}?",
    "then_birth_year": "Bien. Una última pregunta: ¿en qué año nació?",
    "then_city": "Bien. Una última pregunta: ¿en qué ciudad está su domicilio?",
    "then_reference": "Bien. Una última pregunta: ¿qué número aparece en un documento reciente que recibió su empresa?",
    "again": "Ese dato no coincide con el que tenemos. Puede intentarlo otra vez.",
    "document": "documento de identidad",
    "wrong_person": "Gracias por avisarnos y disculpe la molestia. No volveremos a escribir a este número.",
    "opted_out": "Listo, tomamos nota: no le enviaremos más mensajes por este medio.",
    "ask_consent": (
        "Antes de seguir: ¿nos autoriza a enviarle por este WhatsApp mensajes sobre su cuenta, incluidos "
        "avisos y recordatorios de pago? Es voluntario y puede retirar su autorización cuando quiera "
        "respondiendo BAJA."
    ),
    "ask_consent_named": (
        "Una pregunta más: ¿nos autoriza a enviarle por este WhatsApp mensajes sobre su cuenta con "
        "{creditor}, incluidos avisos y recordatorios de pago? Es voluntario y puede retirar su autorización "
        "cuando quiera respondiendo BAJA."
    ),
    "consent_yes": "Gracias. Registramos su autorización; puede retirarla cuando quiera respondiendo BAJA.",
    "consent_no": "Entendido, no registramos ninguna autorización. Gracias por responder.",
    # the account
    "detail": (
        "Gracias, {name}. Le escribimos por su cuenta con {creditor}: {reference} ({description}), con "
        "vencimiento el {due_date}. Total: {amount}. ¿Cómo prefiere seguir?"
    ),
    "nothing_open": "Gracias, {name}. En este momento no tiene pagos pendientes con {creditor}.",
    "statement": "Este es el detalle de su cuenta con {creditor}:\n{lines}\nTotal: {amount}.",
    "statement_line": "• {number} ({description}): {amount}, vencimiento {due_date}",
    "statement_more": "• y {count} más",
    "menu": "Quiero ayudarle, pero no estoy seguro de haber entendido. ¿Qué prefiere?",
    "unreadable": "Por ahora solo puedo leer texto y fotos. ¿Qué prefiere?",
    "doubts": "Con gusto. ¿Qué necesita?",
    "page_doubts": (
        "En su página personal puede ver quién le escribe y por qué, el detalle de su cuenta y todas sus opciones. El "
        "enlace es solo para usted."
    ),
    "page_who": (
        "Es normal querer saber quién escribe. En este enlace puede comprobarlo con calma; no le pediremos contraseñas "
        "ni códigos."
    ),
    # paying
    "pay_link": "Pago a {creditor}: {amount}. En este enlace ve el detalle y puede pagar; vale hasta el {until}.",
    "pay_code": (
        "Pago a {creditor}: {amount}. Enseguida le mando el código para {rail}: manténgalo presionado para "
        "copiarlo. También puede usar el enlace; valen hasta el {until}."
    ),
    "rail_pix": "Pix",
    "rail_clabe": "SPEI (CLABE)",
    "pay_after": "En cuanto llegue su pago se lo confirmamos por aquí y se detienen los recordatorios.",
    "paid": (
        "Gracias por avisar. Si tiene el comprobante, mande una foto por aquí. Mientras lo revisamos, los "
        "recordatorios quedan en pausa."
    ),
    "receipt_photo": (
        "Recibimos su comprobante, gracias. Una persona lo revisa y le avisa por aquí, a más tardar el siguiente "
        "día hábil. Los recordatorios quedan en pausa."
    ),
    # plans and dates
    "plans": "Estas son sus opciones para {amount} con {creditor}. ¿Cuál le acomoda?",
    "plan_row": "{each} al mes, desde el {first}",
    "proposal": "Su plan con {creditor}, {amount} en total:\n{lines}\n¿Lo acepta?",
    "proposal_line": "{number}. {day}: {amount}",
    "no_plan": (
        "Para este importe el plan lo arma una persona de nuestro equipo, que le responde por aquí. Atendemos {hours}."
    ),
    "plan_summary": "{count} {parts}",
    "agreement": (
        "Listo, {name}. Su acuerdo con {creditor} quedó registrado: {plan}, {amount} en total. El primer pago "
        "vence el {due_date} y le avisamos antes de cada fecha."
    ),
    "stale": "El saldo cambió desde que vimos ese plan. Si quiere, armamos uno nuevo.",
    "rejected": "De acuerdo, no registramos el plan. ¿Qué prefiere?",
    "has_agreement": "Usted tiene un acuerdo con {creditor}: el siguiente pago es de {amount} y vence el {due_date}.",
    "dates": "Claro que sí. ¿Qué día le acomoda?",
    "dates_late": "Podemos esperar a más tardar hasta el {last}. ¿Qué día le acomoda?",
    "no_dates": "La fecha la ve con usted una persona de nuestro equipo, que le responde por aquí. Atendemos {hours}.",
    "confirm_promise": "¿Le anoto {amount} para el {day}?",
    "promise": "Anotado, {name}: {amount} para el {day}. Hasta esa fecha no le enviamos recordatorios. Gracias.",
    # people
    "dispute": (
        "Entendido, {name}. Abrimos una revisión con el número {reference} y se detienen los recordatorios sobre "
        "ese importe. Una persona la atiende; si quiere, cuéntenos aquí los detalles o mande una foto."
    ),
    "in_dispute": (
        "Su aclaración {reference} está en revisión y no hay recordatorios mientras tanto. Le avisamos por aquí."
    ),
    "hardship": (
        "Lamento lo que está pasando, {name}. Los recordatorios quedan en pausa y una persona de nuestro equipo le "
        "escribe por aquí para buscar juntos una salida, con calma. Atendemos {hours}."
    ),
    "human": "Claro. Una persona de nuestro equipo le responde por aquí. Atendemos {hours}.",
    "give_up": "Creo que esto lo ve mejor una persona de nuestro equipo, que le responde por aquí. Atendemos {hours}.",
    "abuse": (
        "Entiendo su molestia y lo siento. Una persona de nuestro equipo lee su mensaje y le responde por aquí. "
        "Atendemos {hours}."
    ),
    # what we tell on our own
    "receipt": (
        "Gracias, {name}. Recibimos su pago de {amount} a {creditor} con fecha {paid_on}. Su saldo pendiente es de "
        "{balance}. Este mensaje le sirve de comprobante."
    ),
}
