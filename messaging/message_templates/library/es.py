"""Spanish, with usted; what each country's rules ask for stands in its own facts."""

from __future__ import annotations

FOOTER = "Para no recibir más mensajes, responda BAJA."

#: Every message about a debt begins with who writes to whom, and for whom.
_GREETING = {"formal": "Buen día", "last": "Buen día"}
_FROM = "{{name}}. Le escribe {{agent}} de {{sender}} por su cuenta con {{creditor}}."
_PAID = "Si ya pagó, envíenos su comprobante y no tome en cuenta este mensaje."
_PAID_EARLY = "Si ya pagó, no tome en cuenta este mensaje."

_OPENINGS = {
    "preventive": "Le recordamos que el pago de {{reference}} ({{description}}) vence el {{due_date}}.",
    "first": "Quizá se le pasó la fecha: el pago de {{reference}} ({{description}}) venció el {{due_date}}.",
    "middle": "El pago de {{reference}} ({{description}}) venció el {{due_date}} y lleva {{days}} días pendiente.",
    "formal": (
        "Le escribimos de nuevo porque el pago de {{reference}} ({{description}}), que venció el {{due_date}}, sigue "
        "pendiente desde hace {{days}} días."
    ),
    "last": (
        "El pago de {{reference}} ({{description}}) venció el {{due_date}} y lleva {{days}} días pendiente. Queremos "
        "resolverlo con usted a más tardar el {{deadline}}."
    ),
    "instalment": "Le recordamos el pago {{instalment}} de su acuerdo ({{description}}), que vence el {{due_date}}.",
    "promise": (
        "Le recordamos con gusto la fecha que usted eligió, el {{promised_on}}, para el pago de {{reference}} "
        "({{description}}), que venció el {{due_date}}."
    ),
}
_CLOSINGS = {
    "preventive": "Puede pagar, elegir otra fecha o contarnos su duda con los botones.",
    "first": "Queremos ayudarle: puede pagar, elegir otra fecha o contarnos su duda con los botones.",
    "middle": "Un imprevisto le pasa a cualquiera. Si le acomoda pagar en partes o en otra fecha, lo vemos juntos.",
    "formal": (
        "Tiene tres opciones: pagar el total, pedir un plan de pagos o pedir más tiempo. Elija la que le acomode."
    ),
    "last": (
        "Puede pagar el total, acordar un plan o pedir más tiempo. Si prefiere hablar con una persona, escriba PERSONA "
        "y le atendemos."
    ),
    "instalment": "Con los botones puede pagar o pedir otra fecha.",
    "promise": "Con los botones puede pagar o elegir otra fecha.",
}
#: Mexico: what the payment settles has to be said, and it is not the same for a part of a plan.
_SETTLES = {
    "instalment": "Con este pago y los siguientes de su acuerdo, su cuenta queda saldada.",
    "promise": "Con el pago del total pendiente, su cuenta queda saldada.",
}
_SETTLED = "Con este pago su cuenta queda saldada."
_FACTS = {
    "MX": (
        "Importe al {{calculated_on}}: {{amount}} (capital {{principal}}, intereses {{interest}}, gastos {{fees}}). "
        "%(settles)s Pague solo por {{how_to_pay}}. Dudas: {{contact}}. Quejas: Profeco, 800 468 8722."
    ),
    "CO": "Valor: {{amount}}. Medio de pago: {{how_to_pay}}. Inquietudes: {{contact}}.",
    "PE": "Importe: {{amount}}. Medio de pago: {{how_to_pay}}. Consultas: {{contact}}.",
    "CL": (
        "Monto: {{amount}} (capital {{principal}}, intereses {{interest}}, gastos de cobranza {{fees}}). "
        "Medio de pago: {{how_to_pay}}. Consultas: {{contact}}. Usted tiene derecho a pedir el detalle y a reclamar "
        "ante el SERNAC. Este mensaje no es un procedimiento de ejecución de sus bienes."
    ),
    "AR": (
        "Importe: {{amount}} (capital {{principal}}, intereses {{interest}}). Medio de pago: {{how_to_pay}}. "
        "Gestiona {{sender}}, {{authority}}. Consultas: {{contact}}."
    ),
}
_FACTS_ELSEWHERE = "Importe: {{amount}}. Medio de pago: {{how_to_pay}}. Consultas: {{contact}}."

_OTHER = {
    "probe": (
        "Buen día. ¿Hablo con {{name}}? Tenemos un mensaje personal y antes de seguir queremos confirmar que este "
        "número es suyo."
    ),
    "consent": (
        "Hola, {{name}}. ¿Nos autoriza a enviarle por este WhatsApp mensajes sobre su cuenta, incluidos avisos y "
        "recordatorios de pago? Es voluntario y puede retirar su autorización cuando quiera."
    ),
    "agreement": (
        "Gracias, {{name}}. Su acuerdo con {{creditor}} quedó registrado: {{plan}}, {{amount}} en total. El primer "
        "pago vence el {{due_date}} y le avisaremos antes de cada fecha. Si tiene dudas: {{contact}}. Aquí seguimos "
        "para ayudarle."
    ),
    "receipt": (
        "Gracias, {{name}}. Recibimos su pago de {{amount}} a {{creditor}} con fecha {{paid_on}}. Su saldo pendiente "
        "es de {{balance}}. Este mensaje le sirve de comprobante."
    ),
}

_PAY, _DATE, _TIME = ("pay", "Quiero pagar"), ("more_time", "Elegir otra fecha"), ("more_time", "Pedir más tiempo")
_DOUBTS = ("doubts", "Tengo una duda")


def _plan(country: str) -> tuple[str, str]:
    return ("plan", "Plan de pagos") if country in ("MX", "CO") else ("plan", "Pagar en cuotas")


def body(stage: str, country: str) -> str:
    """The body of a stage in a country."""
    if stage in _OTHER:
        return _OTHER[stage]
    facts = _FACTS.get(country, _FACTS_ELSEWHERE).replace("%(settles)s", _SETTLES.get(stage, _SETTLED))
    opening = f"{_GREETING.get(stage, 'Hola')}, {_FROM} {_OPENINGS[stage]}"
    return f"{opening}\n\n{facts}\n\n{_CLOSINGS[stage]} {_PAID_EARLY if stage == 'preventive' else _PAID}"


def buttons(stage: str, country: str) -> tuple[tuple[str, str], ...]:
    """What can be tapped: (id, title)."""
    if stage == "probe":
        return (("probe:yes", "Sí, soy yo"), ("probe:no", "No soy yo"))
    if stage == "consent":
        return (("consent:yes", "Sí, autorizo"), ("consent:no", "No, gracias"))
    if stage in ("preventive", "first", "middle"):
        return (_PAY, _DATE, _DOUBTS)
    if stage in ("formal", "last"):
        return (_PAY, _plan(country), _TIME)
    if stage in ("instalment", "promise"):
        return (_PAY, _DATE, ("human", "Hablar con alguien"))
    if stage == "agreement":
        return (_PAY, _DOUBTS)
    return ()
