"""Brazilian Portuguese, with você."""

from __future__ import annotations


def words(country: str) -> dict[str, str]:
    """What a part of a plan is called."""
    return {"parts": "parcelas", "part": "parcela"}


TITLES = {
    "probe:yes": "Sim, sou eu", "probe:no": "Não sou eu", "consent:yes": "Sim, autorizo", "consent:no": "Não, obrigado",
    "pay": "Quero pagar", "plan": "Quero parcelar",
    "more_time": "Escolher outra data", "doubts": "Tenho uma dúvida", "paid": "Já paguei", "human": "Falar com alguém",
    "amount": "Ver os detalhes", "dispute": "Não reconheço", "accept": "Sim, aceito", "reject": "Não, obrigado",
    "confirm": "Sim, confirmo", "other_date": "Outra data", "choose": "Escolher", "link": "Ver e pagar",
    "wrong_person": "Não sou eu", "page": "Ver minha página", "plan_row": "{{count}} {parts}",
}  # fmt: skip

TEXTS = {
    "hours": "de segunda a sexta, das 9h às 18h",
    "ask_who": (
        "Obrigado por responder. Temos uma mensagem pessoal para {name} e, pela sua privacidade, antes queremos "
        "saber com quem falamos. É você?"
    ),
    "ask_document_last3": "Obrigado. Pela sua privacidade, escolha os 3 últimos caracteres do seu {document}.",
    "ask_birth_year": "Obrigado. Pela sua privacidade, escolha o ano em que você nasceu.",
    "ask_city": "Obrigado. Pela sua privacidade, escolha a cidade do seu endereço.",
    "ask_reference": (
        "Obrigado. Pela sua privacidade, escolha o número que aparece em um documento recente que a sua empresa "
        "recebeu."
    ),
    "then_document_last3": "Certo. Só mais uma pergunta: quais são os 3 últimos caracteres do seu {document}?",
    "then_birth_year": "Certo. Só mais uma pergunta: em que ano você nasceu?",
    "then_city": "Certo. Só mais uma pergunta: qual é a cidade do seu endereço?",
    "then_reference": (
        "Certo. Só mais uma pergunta: que número aparece em um documento recente que a sua empresa recebeu?"
    ),
    "again": "Esse dado não bate com o que temos. Você pode tentar de novo.",
    "document": "documento de identidade",
    "wrong_person": "Obrigado por avisar e desculpe o incômodo. Não vamos mais escrever para este número.",
    "opted_out": "Pronto, anotado: não vamos mais enviar mensagens por aqui.",
    "ask_consent": (
        "Antes de continuar: você autoriza receber por este WhatsApp mensagens sobre a sua conta, incluindo "
        "avisos e lembretes de pagamento? É opcional e você pode retirar a autorização quando quiser "
        "respondendo SAIR."
    ),
    "ask_consent_named": (
        "Mais uma pergunta: você autoriza receber por este WhatsApp mensagens sobre a sua conta com "
        "{creditor}, incluindo avisos e lembretes de pagamento? É opcional e você pode retirar a autorização "
        "quando quiser respondendo SAIR."
    ),
    "consent_yes": "Obrigado. Registramos a sua autorização; você pode retirar quando quiser respondendo SAIR.",
    "consent_no": "Entendido, não registramos nenhuma autorização. Obrigado por responder.",
    "detail": (
        "Obrigado, {name}. Falamos sobre a sua conta com {creditor}: {reference} ({description}), com "
        "vencimento em {due_date}. Total: {amount}. Como prefere seguir?"
    ),
    "nothing_open": "Obrigado, {name}. No momento você não tem pagamentos em aberto com {creditor}.",
    "statement": "Estes são os detalhes da sua conta com {creditor}:\n{lines}\nTotal: {amount}.",
    "statement_line": "• {number} ({description}): {amount}, vencimento {due_date}",
    "statement_more": "• e mais {count}",
    "menu": "Quero ajudar, mas não tenho certeza se entendi. O que você prefere?",
    "unreadable": "Por enquanto só consigo ler texto e fotos. O que você prefere?",
    "doubts": "Claro. Do que você precisa?",
    "page_doubts": (
        "Na sua página pessoal você vê quem está falando e por quê, os detalhes da sua conta e todas as suas opções. O "
        "link é só seu."
    ),
    "page_who": (
        "É normal querer saber quem está falando. Neste link você pode conferir com calma; não pedimos senhas nem "
        "códigos."
    ),
    "pay_link": "Pagamento para {creditor}: {amount}. Neste link você vê os detalhes e pode pagar; vale até {until}.",
    "pay_code": (
        "Pagamento para {creditor}: {amount}. Já envio o código para {rail}: toque e segure para copiar. Você "
        "também pode usar o link; valem até {until}."
    ),
    "rail_pix": "Pix copia e cola",
    "rail_clabe": "SPEI (CLABE)",
    "pay_after": "Assim que o pagamento chegar, confirmamos por aqui e os lembretes param.",
    "paid": (
        "Obrigado por avisar. Se tiver o comprovante, mande uma foto por aqui. Enquanto conferimos, os lembretes "
        "ficam em pausa."
    ),
    "receipt_photo": (
        "Recebemos o seu comprovante, obrigado. Uma pessoa confere e avisa por aqui, no máximo no próximo dia "
        "útil. Os lembretes ficam em pausa."
    ),
    "plans": "Estas são as suas opções para {amount} com {creditor}. Qual cabe melhor para você?",
    "plan_row": "{each} por mês, a partir de {first}",
    "proposal": "Seu plano com {creditor}, {amount} no total:\n{lines}\nVocê aceita?",
    "proposal_line": "{number}. {day}: {amount}",
    "no_plan": (
        "Para este valor, quem monta o plano é uma pessoa da nossa equipe, que responde por aqui. Atendemos {hours}."
    ),
    "plan_summary": "{count} {parts}",
    "agreement": (
        "Pronto, {name}. Seu acordo com {creditor} está registrado: {plan}, {amount} no total. O primeiro "
        "pagamento vence em {due_date} e avisamos antes de cada data."
    ),
    "stale": "O saldo mudou desde que vimos esse plano. Se quiser, montamos um novo.",
    "rejected": "Tudo bem, não registramos o plano. O que você prefere?",
    "has_agreement": "Você tem um acordo com {creditor}: o próximo pagamento é de {amount} e vence em {due_date}.",
    "dates": "Claro. Que dia fica melhor para você?",
    "dates_late": "Podemos esperar no máximo até {last}. Que dia fica melhor para você?",
    "no_dates": "A data quem vê com você é uma pessoa da nossa equipe, que responde por aqui. Atendemos {hours}.",
    "confirm_promise": "Posso anotar {amount} para {day}?",
    "promise": "Anotado, {name}: {amount} para {day}. Até essa data não enviamos lembretes. Obrigado.",
    "dispute": (
        "Entendido, {name}. Abrimos uma revisão com o número {reference} e os lembretes sobre esse valor param. "
        "Uma pessoa cuida dela; se quiser, conte aqui os detalhes ou mande uma foto."
    ),
    "in_dispute": "Sua contestação {reference} está em revisão e não há lembretes enquanto isso. Avisamos por aqui.",
    "hardship": (
        "Sinto muito pelo que está acontecendo, {name}. Os lembretes ficam em pausa e uma pessoa da nossa equipe "
        "escreve por aqui para a gente achar uma saída, com calma. Atendemos {hours}."
    ),
    "human": "Claro. Uma pessoa da nossa equipe responde por aqui. Atendemos {hours}.",
    "give_up": "Acho melhor uma pessoa da nossa equipe ver isso com você; ela responde por aqui. Atendemos {hours}.",
    "abuse": (
        "Entendo a sua irritação e sinto muito. Uma pessoa da nossa equipe lê a sua mensagem e responde por aqui. "
        "Atendemos {hours}."
    ),
    "receipt": (
        "Obrigado, {name}. Recebemos o seu pagamento de {amount} para {creditor} com data de {paid_on}. O seu "
        "saldo em aberto é de {balance}. Esta mensagem vale como recibo."
    ),
}
