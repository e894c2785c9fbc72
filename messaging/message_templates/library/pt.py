"""Brazilian Portuguese, with você. Every charge names the creditor, its address and its CNPJ (CDC art. 42-A); the
amount is itemised everywhere as Pernambuco asks (Lei 16.559/2019, art. 26-A)."""

from __future__ import annotations

FOOTER = "Para não receber mais mensagens, responda SAIR."

#: Every message about a debt begins with who writes to whom, and for whom.
_GREETING = {"middle": "Olá, {{name}}.", "formal": "Bom dia, {{name}}.", "last": "Bom dia, {{name}}."}
_WARM = "Olá, {{name}}!"
_FROM = "Aqui é {{agent}} de {{sender}}, sobre sua conta com {{creditor}}."
_PAID = "Se já pagou, envie o comprovante por aqui e desconsidere este aviso."
_PAID_EARLY = "Se já pagou, desconsidere este aviso."

_OPENINGS = {
    "preventive": (
        "Passando para lembrar que o seu pagamento, {{reference}} ({{description}}), vence em {{due_date}}."
    ),
    "first": (
        "Talvez a data tenha passado na correria: o seu pagamento, {{reference}} ({{description}}), venceu em "
        "{{due_date}}."
    ),
    "middle": (
        "O seu pagamento, {{reference}} ({{description}}), venceu em {{due_date}} e está em aberto há {{days}} dias."
    ),
    "formal": (
        "Voltamos a falar com você porque o seu pagamento, {{reference}} ({{description}}), vencido em {{due_date}}, "
        "continua em aberto há {{days}} dias."
    ),
    "last": (
        "O seu pagamento, {{reference}} ({{description}}), venceu em {{due_date}} e está em aberto há {{days}} dias. "
        "Queremos resolver isso com você até {{deadline}}."
    ),
    "instalment": "Lembrete da parcela {{instalment}} do seu acordo ({{description}}), que vence em {{due_date}}.",
    "promise": (
        "Lembrete da data que você escolheu, {{promised_on}}, para o seu pagamento, {{reference}} ({{description}}), "
        "vencido em {{due_date}}."
    ),
}
_CLOSINGS = {
    "preventive": "Pelos botões você pode pagar, escolher outra data ou tirar uma dúvida.",
    "first": "Queremos ajudar: pelos botões você pode pagar, escolher outra data ou tirar uma dúvida.",
    "middle": "Imprevisto acontece com todo mundo. Se preferir parcelar ou escolher outra data, a gente vê junto.",
    "formal": "Você tem três opções: pagar o total, parcelar ou pedir mais prazo. Escolha a que couber melhor.",
    "last": (
        "Você pode pagar o total, parcelar ou pedir mais prazo. Se preferir falar com uma pessoa, escreva ATENDENTE "
        "que a gente atende."
    ),
    "instalment": "Pelos botões você pode pagar ou pedir outra data.",
    "promise": "Pelos botões você pode pagar ou escolher outra data.",
}
_FACTS = (
    "Valor: {{amount}} (principal {{principal}}, juros {{interest}}, multa {{fines}}, honorários {{fees}}).\n"
    "Credor: {{creditor}}, {{tax_id}}, {{address}}. Dúvidas: {{contact}}.\n"
    "Forma de pagamento: {{how_to_pay}}."
)
_OTHER = {
    "probe": (
        "Bom dia. Falo com {{name}}? Temos uma mensagem pessoal e, antes de continuar, queremos confirmar se este "
        "número é seu."
    ),
    "consent": (
        "Olá, {{name}}. Você autoriza receber por este WhatsApp mensagens sobre a sua conta, incluindo avisos e "
        "lembretes de pagamento? É opcional e você pode retirar a autorização quando quiser."
    ),
    "agreement": (
        "Obrigado, {{name}}. Seu acordo com {{creditor}} está registrado: {{plan}}, {{amount}} no total. O primeiro "
        "pagamento vence em {{due_date}} e avisamos antes de cada data. Dúvidas: {{contact}}. Conte com a gente."
    ),
    "receipt": (
        "Obrigado, {{name}}. Recebemos o seu pagamento de {{amount}} para {{creditor}} com data de {{paid_on}}. O seu "
        "saldo em aberto é de {{balance}}. Esta mensagem vale como recibo."
    ),
}

_PAY, _DATE, _TIME = ("pay", "Quero pagar"), ("more_time", "Escolher outra data"), ("more_time", "Pedir mais prazo")
_DOUBTS, _PLAN = ("doubts", "Tenho uma dúvida"), ("plan", "Quero parcelar")


def body(stage: str, country: str) -> str:
    """The body of a stage."""
    if stage in _OTHER:
        return _OTHER[stage]
    opening = f"{_GREETING.get(stage, _WARM)} {_FROM} {_OPENINGS[stage]}"
    return f"{opening}\n\n{_FACTS}\n\n{_CLOSINGS[stage]} {_PAID_EARLY if stage == 'preventive' else _PAID}"


def buttons(stage: str, country: str) -> tuple[tuple[str, str], ...]:
    """What can be tapped: (id, title)."""
    if stage == "probe":
        return (("probe:yes", "Sim, sou eu"), ("probe:no", "Não sou eu"))
    if stage == "consent":
        return (("consent:yes", "Sim, autorizo"), ("consent:no", "Não, obrigado"))
    if stage in ("preventive", "first", "middle"):
        return (_PAY, _DATE, _DOUBTS)
    if stage in ("formal", "last"):
        return (_PAY, _PLAN, _TIME)
    if stage in ("instalment", "promise"):
        return (_PAY, _DATE, ("human", "Falar com alguém"))
    if stage == "agreement":
        return (_PAY, _DOUBTS)
    return ()
