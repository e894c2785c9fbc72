"""Spanish of Latin America, with usted."""

from __future__ import annotations

NAME = "Español"


def words(country: str) -> dict[str, str]:
    """What things are called in a country: the parts of a plan, the letter at the end, who hears complaints."""
    return {**_USUAL, **_COUNTRIES.get(country, {})}


_USUAL = {
    "parts": "cuotas", "part": "cuota", "tax_label": "Identificación fiscal", "letter": "Constancia de pago total",
    "authority": "la autoridad de protección al consumidor de su país", "document": "documento de identidad",
}  # fmt: skip
_COUNTRIES = {
    "MX": {
        "parts": "pagos", "part": "pago", "tax_label": "RFC", "letter": "Carta finiquito (constancia de no adeudo)",
        "authority": "la Profeco (800 468 8722) o, si se trata de un banco o una financiera, la Condusef (55 5340 0999)",
    },
    "CO": {
        "tax_label": "NIT", "letter": "Paz y salvo",
        "authority": "la Superintendencia de Industria y Comercio o, si es una entidad vigilada, la Superintendencia "
        "Financiera",
    },
    "CL": {"tax_label": "RUT", "letter": "Certificado de deuda cero", "authority": "el SERNAC (800 700 100)"},
    "AR": {
        "tax_label": "CUIT", "letter": "Libre deuda", "authority": "Defensa del Consumidor (0800 666 1518)",
    },
    "PE": {"tax_label": "RUC", "letter": "Constancia de no adeudo", "authority": "el Indecopi (224 7777)"},
    "EC": {"tax_label": "RUC", "letter": "Certificado de no adeudo", "authority": "la Defensoría del Pueblo"},
    "BR": {"tax_label": "CNPJ", "letter": "Carta de cancelación de deuda", "authority": "el Procon de su estado"},
}  # fmt: skip

REASONS = {
    "not_mine": "No reconozco este cobro",
    "already_paid": "Ya está pagado",
    "wrong_amount": "El monto no es correcto",
    "not_delivered": "No recibí el producto o servicio, o llegó mal",
    "cancelled": "Lo cancelé o lo devolví",
    "fraud": "Alguien usó mis datos",
    "other": "Otro motivo",
}
CHANNELS = {
    "whatsapp": "WhatsApp", "sms": "mensaje de texto", "email": "correo electrónico", "call": "llamada",
    "visit": "visita", "letter": "carta",
}  # fmt: skip
CLASSES = {
    "collection": "Recordatorio", "identity_probe": "Pregunta para confirmar su identidad", "reply": "Respuesta",
    "service": "Aviso de pago o acuerdo", "optout_confirmation": "Confirmación de que no le escribiremos",
    "consent_request": "Pregunta por su autorización",
}  # fmt: skip
STATES = {
    "accepted": "enviado", "sent": "enviado", "delivered": "entregado", "read": "leído", "uncertain": "sin confirmar",
    "failed": "no entregado",
}  # fmt: skip
DAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
PARTS_OF_DAY = {
    "any": "A cualquier hora permitida", "morning": "Por la mañana, hasta las 12:00",
    "afternoon": "Por la tarde, de 12:00 a 18:00", "evening": "Al final del día, desde las 18:00",
}  # fmt: skip

TEXTS = {
    "title": "Su cuenta con {creditor}",
    "gate_tab": "Página personal",
    "hello": "Hola, {name}",
    "skip": "Ir al contenido",
    "optional": "opcional",
    "language": "Idioma",
    "close": "Cerrar",
    "back_to_page": "Volver a la página",
    # before anything is shown
    "gate_title": "Una página personal para {name}",
    "gate_from": "Le envió este enlace {organisation}.",
    "gate_why": (
        "Lo que sigue es privado. Para asegurarnos de que solo usted lo vea, responda dos preguntas cortas. No le "
        "pediremos contraseñas, códigos de verificación ni números de tarjeta."
    ),
    "gate_step": "Pregunta {step} de {steps}",
    "ask_document_last3": "¿Cuáles son los 3 últimos caracteres de su {document}?",
    "ask_birth_year": "¿En qué año nació usted?",
    "ask_city": "¿En qué ciudad está su domicilio?",
    "ask_reference": "¿Qué número aparece en un documento reciente que recibió su empresa?",
    "gate_continue": "Continuar",
    "gate_wrong_1": "Ese dato no coincide con el que tenemos. Le queda un intento.",
    "gate_wrong_2": "Ese dato no coincide con el que tenemos. Le quedan dos intentos.",
    "gate_choose": "Elija una de las respuestas.",
    "not_me_title": "¿No es {name}?",
    "not_me_text": "Díganoslo y no volveremos a escribir a este número. No le mostraremos datos de otra persona.",
    "not_me": "No soy {name}",
    "gate_nothing": (
        "En esta página no podemos confirmar su identidad. Responda en el chat donde recibió el enlace, o comuníquese "
        "con {organisation}."
    ),
    "gate_check_title": "¿Cómo sé que es auténtico?",
    "gate_check": (
        "La dirección de esta página empieza por {site}. Si lo duda, no responda nada aquí: busque por su cuenta el "
        "teléfono de {organisation} y pregunte. También escribimos solo desde {number}."
    ),
    "gate_check_short": (
        "La dirección de esta página empieza por {site}. Si lo duda, no responda nada aquí: busque por su cuenta el "
        "teléfono de {organisation} y pregunte."
    ),
    "gone_title": "Gracias por avisarnos",
    "gone_text": (
        "Anotamos que este número no es de la persona que buscamos. No volveremos a escribir aquí y esta página ya no "
        "muestra ningún dato. Disculpe la molestia."
    ),
    "locked_title": "Esta página quedó cerrada",
    "locked_text": (
        "Las respuestas no coincidieron tres veces, así que no mostramos ningún dato y dejamos de escribir a este "
        "número. Si usted es la persona que buscamos, comuníquese con {organisation} para recibir un enlace nuevo."
    ),
    # the account
    "balance": "Saldo pendiente",
    "due_late": "El pago más antiguo venció el {day}, hace {days} días.",
    "due_late_one": "El pago más antiguo venció ayer, el {day}.",
    "due_today": "El próximo pago vence hoy, {day}.",
    "due_ahead": "El próximo pago vence el {day}.",
    "as_of": "Según lo que informó {creditor} hasta el {at}.",
    "nothing_open": "No tiene pagos pendientes con {creditor}. Gracias.",
    "all_disputed": "Lo que está en aclaración no se le cobra mientras se revisa.",
    "credit": "Tiene {amount} a su favor.",
    "state_agreement": "Tiene un plan de {count} {parts} en curso. El siguiente pago es de {amount} y vence el {day}.",
    "state_agreement_done": "Las {parts} de su plan están pagadas.",
    "state_promise": "Usted eligió pagar {amount} el {day}. Hasta entonces no le enviamos recordatorios.",
    "state_dispute": "Su aclaración {reference} está en revisión: mientras tanto no se le cobra ese monto.",
    "state_paid": "Estamos revisando el pago que nos informó. Los recordatorios están en pausa hasta el {day}.",
    "state_stopped": "Usted pidió el {day} que no le enviemos más mensajes.",
    "actions": "¿Qué quiere hacer?",
    # pay
    "pay": "Pagar",
    "pay_text": "Pague {amount} directamente a {creditor}. El dinero no pasa por nosotros.",
    "pay_text_own": "Pague {amount} directamente a la cuenta de {creditor}.",
    "pay_pix": "Ver el código Pix",
    "pay_clabe": "Ver la CLABE",
    "pay_link": "Ver cómo pagar",
    "pay_until": "Vale hasta el {day}",
    # plan
    "plan": "Pagar en {parts}",
    "plan_MX": "Plan de pagos",
    "plan_text": "Elija un plan. Empieza cuando usted lo acepta; mientras lo cumpla no hay recordatorios de cobranza.",
    "plan_option": "{count} {parts} de {each}",
    "plan_first": "La primera vence el {day}, después una por mes",
    "plan_first_MX": "El primero vence el {day}, después uno por mes",
    "plan_dates": "Ver todas las fechas",
    "plan_total": "En total {amount}: lo mismo que debe hoy, sin cargos adicionales.",
    "plan_terms": (
        "Si un pago se atrasa más de {days} días, el plan termina y se le vuelve a pedir lo que quede pendiente. Sus "
        "pagos siempre cuentan."
    ),
    "plan_accept": "Acepto este plan",
    "plan_none": (
        "Para este monto, el plan lo arma una persona de nuestro equipo. Escríbanos en «Hablar con una persona»."
    ),
    "plan_schedule": "Su plan",
    "paid_part": "pagado",
    # promise
    "date": "Elegir otra fecha para pagar",
    "date_text": "Si necesita unos días, elija cuándo pagará {amount}. Hasta ese día no le enviamos recordatorios.",
    "date_label": "Pagaré el",
    "date_button": "Confirmar la fecha",
    "date_none": "La fecha la acuerda con usted una persona de nuestro equipo. Escríbanos en «Hablar con una persona».",
    # already paid
    "paid": "Ya pagué",
    "paid_text": (
        "Envíe una foto o un PDF del comprobante, si lo tiene. Los recordatorios se detienen mientras una persona lo "
        "revisa, a más tardar el siguiente día hábil."
    ),
    "paid_file": "Comprobante (foto o PDF, hasta 5 MB)",
    "paid_note": "Cuándo y cómo pagó",
    "paid_button": "Enviar",
    # dispute
    "dispute": "No estoy de acuerdo",
    "dispute_text": (
        "Si algo no es correcto, díganoslo. Recibirá un número de aclaración y no se le cobra lo que está en revisión."
    ),
    "dispute_which": "¿De qué se trata?",
    "dispute_all": "De todo el saldo",
    "dispute_reason": "Motivo",
    "dispute_detail": "Cuéntenos qué pasó",
    "dispute_button": "Abrir la aclaración",
    # talk
    "talk": "Hablar con una persona",
    "talk_text": "Escriba su mensaje y una persona le responde por el chat. Atendemos {hours}.",
    "talk_direct": "También puede comunicarse directamente con {creditor}: {contact}.",
    "talk_message": "Su mensaje",
    "talk_button": "Enviar el mensaje",
    # where it comes from
    "invoices": "De dónde viene el saldo",
    "invoice": "Factura {number}",
    "issued": "Emitida",
    "due": "Vencimiento",
    "original": "Monto original",
    "adjusted": "Ajustes",
    "credited": "Descuentos y notas de crédito",
    "paid_so_far": "Pagado",
    "open": "Pendiente",
    "late_by": "{days} días de atraso",
    "late_by_one": "1 día de atraso",
    "in_review": "en aclaración",
    "no_costs": "No sumamos intereses ni gastos de cobranza a lo que informó {creditor}.",
    # who
    "who": "Quién le escribe",
    "who_creditor": "Acreedor",
    "who_legal": "Razón social",
    "who_address": "Domicilio",
    "who_contact": "Contacto",
    "who_agent": "Gestiona la cobranza",
    "who_mandate": "{organisation}, por encargo de {creditor}",
    "who_own": "{creditor}, directamente",
    "who_number": "WhatsApp desde el que escribimos",
    "check": "Cómo comprobar que es auténtico",
    "check_1": "La dirección de esta página empieza por {site}.",
    "check_2": "Compare los datos de arriba con los de su contrato o su factura.",
    "check_3": (
        "Pregunte a {creditor} por un medio que usted ya conozca, no por uno que le hayan enviado en un mensaje."
    ),
    "check_4": "Nadie le pedirá contraseñas, códigos de verificación ni números de tarjeta.",
    # contact
    "contact": "Cuándo y cómo le contactamos",
    "budget_day": "Contactos hoy: {used}; el máximo es {limit}.",
    "budget_days": "Contactos en {days} días: {used}; el máximo es {limit}.",
    "budget_text": (
        "Cuentan todos los mensajes de cobranza de {organisation}, también los de otros acreedores. Cuando se llega "
        "al límite, el sistema no deja enviar más."
    ),
    "next": "Lo más pronto que podríamos escribirle: {moment}.",
    "next_now": "En este momento se le podría escribir.",
    "next_never": "Ahora no se le puede enviar ningún mensaje de cobranza:",
    "hours": "Horario permitido",
    "hours_text": "El más estricto entre la ley, las buenas prácticas y las reglas de {creditor}. Nunca en días festivos.",
    "range": "de {start} a {end}",
    "no_hours": "ningún día",
    "and": "y",
    "day_to_day": "{first} a {last}",
    "preferred": "Sus horas preferidas",
    "preferred_text": (
        "Puede reducir el horario, nunca ampliarlo. Vale para todo lo que le enviemos, también para nuestras "
        "respuestas."
    ),
    "preferred_now": "Ahora rige su preferencia: {hours}.",
    "preferred_days": "Días",
    "preferred_part": "Hora del día",
    "preferred_button": "Guardar mis horas",
    "log": "Contactos anteriores",
    "log_text": "Cuándo y por qué medio, sin el contenido.",
    "log_none": "Todavía no le hemos contactado.",
    # permission
    "consent": "Su autorización",
    "consent_granted": "Usted autorizó mensajes por {channel} el {day}.",
    "consent_how": "Estas fueron las palabras: «{how}».",
    "consent_none": "No consta una autorización suya para escribirle por WhatsApp.",
    "consent_revoked": "Usted retiró su autorización para {channel} el {day}.",
    "consent_text": (
        "Puede retirarla cuando quiera. Desde ese momento no le enviamos recordatorios de {creditor} por WhatsApp. Su "
        "saldo no cambia."
    ),
    "consent_button": "Retirar mi autorización",
    "left_many": "En los próximos 7 días podríamos escribirle todavía {count} veces como máximo.",
    "left_one": "En los próximos 7 días podríamos escribirle todavía una vez como máximo.",
    "left_none": "En los próximos 7 días no podemos escribirle ningún recordatorio más.",
    "consent_refused": (
        "Usted respondió el {day} que no autoriza mensajes por {channel}. No se lo volveremos a preguntar."
    ),
    "grant_words": (
        "Autorizo a {creditor} a enviarme por WhatsApp, al {address}, mensajes sobre mi cuenta, incluidos avisos "
        "y recordatorios de pago. Puedo retirar esta autorización cuando quiera."
    ),
    "grant_text": "Si quiere recibirlos por WhatsApp, esto es lo que autoriza:",
    "grant_button": "Doy mi autorización",
    "channel_title": "Por dónde prefiere que le contactemos",
    "channel_text": (
        "Si elige un medio, no le contactamos por los demás. A lo que usted nos escriba le respondemos donde lo "
        "escribió."
    ),
    "channel_now": "Ahora rige su preferencia: {channel}.",
    "channel_label": "Medio",
    "channel_any": "Cualquiera de los permitidos",
    "channel_button": "Guardar el medio",
    "did_allow": "Registramos su autorización. Puede retirarla aquí cuando quiera.",
    "did_channel": "Guardamos su preferencia: {channel}. Retiramos lo que estaba por salir por otro medio.",
    "did_channel_any": "Quitamos su preferencia. Vale cualquier medio permitido.",
    "err_channel": "Elija uno de los medios de la lista.",
    "stop": "Dejar de recibir mensajes",
    "stop_text": (
        "No le enviaremos más mensajes por ningún medio electrónico, de ninguno de los acreedores de {organisation}. El "
        "saldo no desaparece: {creditor} conserva las vías que la ley le permite, como una carta."
    ),
    "stop_text_gate": "No le enviaremos más mensajes a este número.",
    "stop_button": "No quiero más mensajes",
    "resume_text": "Si cambió de opinión, puede volver a recibir mensajes sobre su cuenta.",
    "resume_button": "Volver a recibir mensajes",
    # at the end
    "records": "Pagos y comprobantes",
    "records_none": "Todavía no hay pagos registrados.",
    "payment_line": "Pago del {day}",
    "payment_credit": "Crédito del {day}",
    "payment_reversed": "anulado",
    "receipt": "Ver el comprobante",
    "letter_link": "Ver e imprimir: {letter}",
    "rights": "Sus derechos",
    "rights_text": (
        "Tiene derecho a un trato digno, a saber qué se le cobra y de dónde viene, a no estar de acuerdo y a que no se "
        "hable de su cuenta con otras personas. Puede reclamar ante {authority}."
    ),
    "shared_title": "¿Compartió este enlace por error?",
    "shared_text": "Ciérrelo y nadie más podrá abrirlo. Para volver a entrar, pida uno nuevo en el chat.",
    "shared_button": "Cerrar este enlace",
    "lasts": "Este enlace es solo para usted y funciona hasta el {day}.",
    # receipts and the letter
    "print": "Para imprimirlo o guardarlo como PDF, use el menú de su navegador.",
    "receipt_title": "Comprobante de pago",
    "receipt_text": "{creditor} recibió de {name} el pago que se indica.",
    "receipt_amount": "Monto",
    "receipt_day": "Fecha del pago",
    "receipt_method": "Medio",
    "receipt_reference": "Referencia",
    "receipt_for": "Se aplicó a",
    "letter_text": (
        "Por la presente se hace constar que {name} no tiene saldo pendiente con {creditor} al {day}. Las obligaciones "
        "que se detallan están pagadas o canceladas en su totalidad."
    ),
    "letter_issued": "Emitido el {at}",
    "letter_document": "Documento de identidad terminado en {digits}",
    "letter_settled": "Cancelada el",
    "letter_wait": "Este documento está disponible cuando el saldo es cero.",
    # what happened
    "did_promise": "Anotado: {amount} para el {day}. Hasta esa fecha no le enviaremos recordatorios.",
    "did_plan": (
        "Su plan quedó registrado: {count} {parts}, {amount} en total. El primer pago vence el {day}. Mientras lo "
        "cumpla no hay recordatorios de cobranza; solo le avisaremos antes de cada fecha."
    ),
    "did_paid": (
        "Gracias. Una persona revisa su pago, a más tardar el siguiente día hábil. Los recordatorios están en pausa; "
        "la ley permite avisarle del resultado."
    ),
    "did_dispute": (
        "Abrimos su aclaración con el número {reference}. No se le cobra ese monto mientras se revisa; solo le "
        "escribiremos para responderle."
    ),
    "did_talk": "Recibimos su mensaje. Una persona le responde por el chat. Atendemos {hours}.",
    "did_stop": (
        "Listo. No le enviaremos más mensajes y retiramos los que estaban por salir. La ley permite una sola "
        "confirmación; la suya es esta. Su saldo no cambia."
    ),
    "did_stop_gate": "Listo. No le enviaremos más mensajes a este número.",
    "did_resume": "Listo. Puede volver a recibir mensajes sobre su cuenta, dentro del horario permitido.",
    "did_consent": (
        "Retiramos su autorización. No le enviaremos más recordatorios de {creditor} por WhatsApp. Si usted nos "
        "escribe, podremos responderle."
    ),
    "did_hours": ("Guardamos sus horas: {hours}. Lo que estaba previsto fuera de ellas espera hasta entonces."),
    "did_hours_all": "Quitamos su preferencia. Vale el horario permitido.",
    # what could not be done
    "err_plan": "El saldo cambió desde que abrió la página. Estas son las opciones de ahora.",
    "err_plan_choose": "Elija uno de los planes.",
    "err_agreement": "Ya tiene un plan en curso.",
    "err_date": "Elija una de las fechas de la lista.",
    "err_nothing": "Ya no hay un saldo que pagar.",
    "err_file_type": "Ese archivo no es una foto ni un PDF. Envíe JPG, PNG, WebP, HEIC o PDF.",
    "err_file_size": "El archivo pesa más de 5 MB. Envíe una foto más pequeña o una captura de pantalla.",
    "err_file_none": "Agregue el comprobante o cuéntenos cuándo y cómo pagó.",
    "err_reason": "Elija el motivo.",
    "err_invoice": "Elija de qué se trata.",
    "err_text": "Escriba su mensaje.",
    "err_hours": (
        "Con esas horas no quedaría ninguna en que podamos escribirle. Elija más, o use «Dejar de recibir mensajes»."
    ),
    "err_nobody": "No pudimos entregar su mensaje. Comuníquese con {creditor}: {contact}.",
    "err_other": "Eso ya no es posible. La página muestra cómo está su cuenta ahora.",
    "busy_title": "Demasiadas solicitudes",
    "busy_text": "Espere un minuto y vuelva a intentarlo. No se perdió nada.",
    "missing_title": "Este enlace no abre ninguna página",
    "missing_text": "Está incompleto, venció o fue cerrado. Vuelva al chat y ábralo de nuevo, o pida otro.",
    "cannot": "Esta acción no existe en esta página.",
}
