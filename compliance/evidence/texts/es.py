"""Spanish of Latin America."""

from . import Texts

ES = Texts(
    title="Expediente de evidencia de la gestión de cobranza",
    page="Página {page} de {pages}",
    file_hash="SHA-256 de evidence.json: {sha256}",
    readme_name="LEEME.txt",
    readme="""EXPEDIENTE DE EVIDENCIA
{organisation}

Qué contiene este paquete
  evidence.pdf    el expediente para leer: cronología, pruebas de entrega y lectura, decisiones con su fundamento,
                  consentimientos, bajas y cuenta
  evidence.json   los mismos hechos, línea por línea, con su prueba criptográfica; el PDF se generó a partir de él
  verify.py       el verificador: un solo archivo que solo necesita Python 3.9 o posterior, sin conexión a internet
  SHA256SUMS      el hash de cada archivo del paquete

Cómo verificarlo
  1. Descomprima el paquete en una carpeta.
  2. Abra una terminal en esa carpeta y escriba:   python3 verify.py
     (en Windows:   py verify.py)
  3. «ÍNTEGRO» significa que ningún registro fue alterado, quitado ni agregado. Si algo cambió, el verificador nombra
     la línea y el registro, y termina con el código 1.
  Para probar un solo registro sin mostrar los demás:   python3 verify.py --only ID > uno.json
     y quien lo reciba:   python3 verify.py uno.json

Qué se comprueba
  Cada línea contra el manifiesto; cada registro contra el hash de su evento; cada evento contra la raíz de su sello
  (prueba de Merkle, RFC 6962); cada sello contra el anterior; las reglas contra su hash; las palabras de cada mensaje
  contra el hash que consta en la decisión que lo autorizó.

Hashes de este paquete
  SHA-256 de evidence.json   {sha256}
  Hash del documento         {document}
  Último sello               {seal}
  El primero figura al pie de cada página del PDF. La organización conserva los tres en su registro sellado.
""",
    to_verify="""Este documento se generó a partir del archivo evidence.json que lo acompaña, cuyo hash SHA-256 figura al pie de cada
página. Si el hash de ese archivo coincide, lo que se lee aquí es lo que el archivo contiene.

Cada decisión, consentimiento, baja, movimiento de la cuenta e informe del proveedor se anotó al ocurrir en un
registro que no admite cambios. Los registros se cubren con sellos encadenados: cada sello contiene la raíz de un
árbol de Merkle sobre su tramo y el hash del sello anterior. El archivo trae, para cada registro, el camino hasta la
raíz de su sello, de modo que uno solo puede probarse sin mostrar los demás.

Cualquier persona puede comprobarlo sin intervención de la organización: python3 verify.py, en la carpeta del
paquete. El verificador nombra la primera línea alterada, faltante o agregada.""",
    shown=(
        "Las horas se muestran en la zona de la persona deudora y en UTC. Los caracteres que la tipografía no tiene "
        "(por ejemplo, emojis) aparecen con su nombre Unicode entre corchetes; el archivo JSON los conserva tal como "
        "se enviaron."
    ),
    headings={
        "summary": "Resumen", "timeline": "Cronología", "reports": "Prueba de envío, entrega y lectura",
        "decisions": "Decisiones y su fundamento", "consents": "Consentimientos",
        "stops": "Bajas y otros impedimentos",
        "account": "Cuenta", "rules": "Reglas vigentes", "integrity": "Integridad y verificación",
    },
    labels={
        "organisation": "Organización que gestiona", "creditor": "Acreedor", "address": "Domicilio",
        "contact": "Contacto",
        "debtor": "Persona deudora", "number": "Número de cliente", "document": "Documento", "points": "Contactos",
        "scope": "Alcance", "complaint": "Reclamo", "period": "Período", "made_at": "Generado",
        "made_by": "Generado por",
        "zone": "Zona horaria", "left_out": "Omitido a propósito", "seal": "Último sello",
        "document_hash": "Hash del documento",
        "counts": "Contenido", "when": "Fecha y hora", "what": "Hecho", "message": "Mensaje", "state": "Estado",
        "provider_time": "Hora del proveedor", "utc": "UTC", "recorded": "Registrado (UTC)",
        "proof": "Evento / sello",
        "due": "Vence", "amount": "Monto", "open": "Saldo", "invoice": "Factura", "origin": "Origen",
        "paid_on": "Pagado",
        "method": "Medio", "reference": "Referencia", "made_on": "Hecha", "pack": "Paquete", "edition": "Edición",
        "since": "Vigente desde", "status": "Revisión", "digest": "Hash", "seals": "Sellos", "by": "Por",
        "kind": "Movimiento", "date": "Fecha", "debtors": "Personas deudoras",
    },
    scopes={
        "debtor": "Todo lo relativo a una persona deudora",
        "complaint": "Un reclamo, con todo lo relativo a la persona deudora",
        "conversation": "Una conversación", "request": "Un envío", "period": "Un período",
    },
    parts={
        "no_texts": "el texto de los mensajes y sus autores", "no_third_parties": "los datos de terceros",
        "no_account": "la cuenta (facturas, pagos, promesas y convenios)",
    },
    counts={
        "out": "mensajes enviados", "delivered": "entregados", "read": "leídos", "in": "mensajes recibidos",
        "kept": "mensajes que no salieron", "decisions": "decisiones", "deny": "envíos negados",
        "defer": "envíos aplazados",
        "consents": "declaraciones de consentimiento", "stops": "bajas e impedimentos", "payments": "pagos",
    },
    told={
        "simulated": "SIMULACIÓN: nada de esto ocurrió",
        "out": "De la organización a la persona deudora", "in": "De la persona deudora a la organización",
        "out_other": "De la organización a un tercero ({role})",
        "in_other": "De un tercero ({role}) a la organización",
        "template": "plantilla {name}", "accepted": "pedido", "sent": "Enviado", "delivered": "Entregado",
        "read": "Leído",
        "failed": "Falló", "deleted": "Eliminado por la persona", "received": "Recibido",
        "error": "código del proveedor {code}",
        "provider": "Id del proveedor", "decided": "Decisión {number}", "for_message": "sobre el mensaje {number}",
        "no_words": "[sin texto]", "withheld": "[texto omitido a propósito; su hash consta en la decisión]",
        "withheld_row": "Registro omitido en parte: su contenido íntegro no se muestra, y su hash y su prueba constan en el archivo.",
        "buttons": "Botones",  "no_rule": "Ninguna regla se opuso.",
        "next": "Se podía enviar desde", "packs": "Reglas", "ruleset": "conjunto {digest}",
        "evaluator": "evaluador {version}",
        "confidence": "Fuente: {read_in}", "force": "fuerza: {basis}",
        "from_pack": "paquete {pack}, edición {edition}",
        "own_layer": "regla propia de la organización o del acreedor", "event": "evento {sequence}, sello {seal}",
        "wording": "Texto exacto", "given": "Otorgado", "expires": "vence",
        "valid_for": "Vale para {channel}, {purpose}",
        "any_contact": "todos los contactos de la persona", "for_all": "toda la organización",
        "for_creditor": "este acreedor",
        "source": "Origen del registro", "raised": "Desde", "lifted": "Levantado", "lifted_by": "por {who}",
        "standing": "Sigue vigente.",
        "consent": "Consentimiento", "stop": "Impedimento", "stop_lifted": "Impedimento levantado", "payment": "Pago",
        "payment_reversed": "Pago revertido", "promise": "Promesa de pago", "agreement": "Convenio",
        "dispute": "Reclamo",
        "promise_of": "{amount} para el {day}", "agreement_of": "{amount} en {n} cuotas",
        "none": "No consta ninguno.",
        "chain": "Del sello {first} al {last}; {events} eventos probados.", "reversed": "revertido el {day}",
        "settled": "pagada el {day}", "withdrawn": "retirada", "disputed": "en disputa",
        "more": "El archivo JSON contiene {n} más.",
    },
    states={
        "received": "recibido", "waiting": "en espera", "withdrawn": "no salió", "sending": "en envío",
        "uncertain": "sin confirmación del proveedor", "refused": "rechazado por el proveedor",
        "accepted": "aceptado por el proveedor",
        "sent": "enviado", "delivered": "entregado", "read": "leído", "failed": "fallido",
    },
    sources={
        "operator": "operador del sistema",
        "debtor": "la persona deudora", "step": "secuencia automática", "bot": "asistente automático",
        "agent": "gestor",
        "api": "sistema del acreedor", "system": "sistema", "device": "teléfono de la organización",
        "page": "página de la persona deudora",
        "user": "gestor", "key": "sistema del acreedor", "link": "página de la persona deudora",
        "import": "archivo importado",
    },
    kinds={
        "text": "texto", "template": "plantilla", "interactive": "mensaje con botones",
        "buttons": "mensaje con botones",
        "button": "respuesta por botón", "list": "lista", "link": "enlace", "image": "imagen",
        "document": "documento",
        "audio": "audio", "video": "video", "sticker": "sticker", "location": "ubicación", "contacts": "contacto",
        "reaction": "reacción", "unsupported": "contenido no admitido", "page": "página de la persona deudora",
    },
    classes={
        "collection": "cobranza", "identity_probe": "pregunta de identidad", "reply": "respuesta",
        "service": "servicio",
        "optout_confirmation": "confirmación de baja", "consent_request": "solicitud de consentimiento",
        "call": "llamada",
    },
    verdicts={"allow": "Permitido", "defer": "Aplazado", "deny": "Negado"},
    moments={"request": "al pedirse", "retry": "al pedirse de nuevo", "last_look": "justo antes de enviar"},
    roles={
        "owner": "propio", "guarantor": "fiador", "representative": "representante",
        "accounts_payable": "cuentas por pagar",
        "reference": "referencia", "work": "trabajo", "": "tercero",
    },
    identities={
        "unknown": "identidad no verificada", "contacted": "identidad preguntada", "claimed": "identidad afirmada",
        "verified": "identidad verificada", "wrong_person": "pertenece a otra persona",
    },
    consents={
        "granted": "Otorgado", "refused": "Negado", "revoked": "Revocado", "expired": "Vencido",
        "imported_without_evidence": "Importado sin prueba (no autoriza envíos)",
    },
    purposes={"collection": "cobranza", "service": "servicio", "marketing": "publicidad"},
    evidence={
        "channel_whatsapp": "WhatsApp incluido", "collected_on": "Obtenido el", "collector": "Quién lo obtuvo",
        "creditor_named": "Nombra al acreedor", "purpose_includes_collection": "Incluye la cobranza",
        "source_document_hash": "Hash del documento", "wa_number": "Número de WhatsApp",
        "exact_wording": "Texto exacto", "wording": "Texto exacto", "wording_version": "Versión del texto",
        "collected_how": "Cómo se obtuvo", "how": "Cómo", "collected_by": "Quién lo obtuvo",
        "recorded_by": "Registrado por",
        "document": "Documento", "reference": "Referencia", "when": "Cuándo", "on": "Fecha",
        "listed_on": "En la lista desde",
        "message": "Mensaje", "said": "Lo pidió por", "link": "Enlace", "hash": "Hash del documento",
        "words": "Palabras",
        "synthetic": "Datos de ejemplo", "number": "Número", "who": "Quién", "authority": "Autoridad", "note": "Nota",
    },
    values={
        "branch": "sucursal", "web": "sitio web", "app": "aplicación", "signature": "firma", "paper": "papel",
        "synthetic": "datos de ejemplo",
        "words": "sus palabras", "button": "un botón", "page": "la página de la persona deudora",
        "contract": "contrato",
        "call": "llamada", "letter": "carta", "email": "correo electrónico", "visit": "visita", "message": "mensaje",
        "True": "sí", "False": "no",
    },
    read_in={
        "verified_primary": "texto de la norma, leído", "verified_secondary": "publicación que cita la norma",
        "article": "práctica publicada", "memory": "conocimiento general, por confirmar",
        "inference": "lectura prudente de la norma",
    },
    pack_states={
        "reviewed": "revisado", "signed_off": "firmado por un abogado del país", "retired": "retirado",
        "draft": "borrador",
    },
    money={
        "charge": "cargo", "payment": "pago", "credit": "nota de crédito", "reversal": "reversión",
        "adjustment": "ajuste",
        "open": "abierta", "kept": "cumplida", "broken": "incumplida", "withdrawn": "retirada",
        "proposed": "propuesto",
        "active": "vigente", "fulfilled": "cumplido", "rejected": "rechazado", "cancelled": "cancelado",
        "resolved": "resuelto: la factura se mantiene", "accepted": "aceptado: la persona tenía razón",
        "invoices": "Facturas", "payments": "Pagos", "promises": "Promesas de pago", "agreements": "Convenios",
        "disputes": "Reclamos y disputas", "instalment": "Cuota",
        "time_barred": "prescrita", "sued": "en juicio", "insolvency": "en concurso",
    },
    methods={
        "bank_transfer": "transferencia bancaria",
        "spei": "SPEI", "pse": "PSE", "bre_b": "Bre-B", "webpay": "Webpay", "yape": "Yape",
        "wallet": "billetera digital", "dispute": "por un reclamo",
        "pix": "Pix", "clabe": "SPEI (CLABE)", "link": "enlace de pago", "transfer": "transferencia",
        "cash": "efectivo", "credit_note": "nota de crédito", "discount": "quita",
        "negative_bill": "saldo a favor de la factura", "paid_before_import": "pagado antes de la importación",
        "card": "tarjeta", "boleto": "boleto", "other": "otro",
    },
    disputes={
        "not_mine": "no es suya", "already_paid": "ya está pagada", "wrong_amount": "el monto no es correcto",
        "not_delivered": "no recibió lo comprado", "cancelled": "la compra fue cancelada", "fraud": "fraude",
        "authority": "reclamo ante una autoridad", "other": "otro motivo",
    },
)  # fmt: skip
