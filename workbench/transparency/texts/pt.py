"""Brazilian Portuguese, with você."""

from __future__ import annotations

NAME = "Português"


def words(country: str) -> dict[str, str]:
    """What things are called in a country: the parts of a plan, the letter at the end, who hears complaints."""
    return {**_USUAL, **_COUNTRIES.get(country, {})}


_USUAL = {
    "parts": "parcelas", "part": "parcela", "tax_label": "CNPJ", "letter": "Carta de quitação",
    "authority": "o órgão de defesa do consumidor do seu país", "document": "documento de identidade",
}  # fmt: skip
_COUNTRIES = {
    "BR": {"authority": "o Procon do seu estado ou em consumidor.gov.br"},
    "MX": {"tax_label": "RFC"}, "CO": {"tax_label": "NIT"}, "CL": {"tax_label": "RUT"}, "AR": {"tax_label": "CUIT"},
    "PE": {"tax_label": "RUC"}, "EC": {"tax_label": "RUC"},
}  # fmt: skip

REASONS = {
    "not_mine": "Não reconheço esta cobrança",
    "already_paid": "Já está pago",
    "wrong_amount": "O valor não está certo",
    "not_delivered": "Não recebi o produto ou serviço, ou veio com defeito",
    "cancelled": "Cancelei ou devolvi",
    "fraud": "Alguém usou os meus dados",
    "other": "Outro motivo",
}
CHANNELS = {
    "whatsapp": "WhatsApp", "sms": "SMS", "email": "e-mail", "call": "ligação", "visit": "visita", "letter": "carta",
}  # fmt: skip
CLASSES = {
    "collection": "Lembrete", "identity_probe": "Pergunta para confirmar a sua identidade", "reply": "Resposta",
    "service": "Aviso de pagamento ou acordo", "optout_confirmation": "Confirmação de que não vamos mais escrever",
    "consent_request": "Pedido da sua autorização",
}  # fmt: skip
STATES = {
    "accepted": "enviado", "sent": "enviado", "delivered": "entregue", "read": "lido", "uncertain": "sem confirmação",
    "failed": "não entregue",
}  # fmt: skip
DAYS = ("segunda", "terça", "quarta", "quinta", "sexta", "sábado", "domingo")
PARTS_OF_DAY = {
    "any": "Em qualquer horário permitido", "morning": "De manhã, até as 12:00",
    "afternoon": "À tarde, das 12:00 às 18:00", "evening": "No fim do dia, a partir das 18:00",
}  # fmt: skip

TEXTS = {
    "title": "Sua conta com {creditor}",
    "gate_tab": "Página pessoal",
    "hello": "Olá, {name}",
    "skip": "Ir para o conteúdo",
    "optional": "opcional",
    "language": "Idioma",
    "close": "Fechar",
    "back_to_page": "Voltar para a página",
    # before anything is shown
    "gate_title": "Uma página pessoal para {name}",
    "gate_from": "Quem enviou este link foi {organisation}.",
    "gate_why": (
        "O que vem a seguir é particular. Para ter certeza de que só você vai ver, responda a duas perguntas rápidas. "
        "Não pedimos senhas, códigos de verificação nem números de cartão."
    ),
    "gate_step": "Pergunta {step} de {steps}",
    "ask_document_last3": "Quais são os 3 últimos caracteres do seu {document}?",
    "ask_birth_year": "Em que ano você nasceu?",
    "ask_city": "Qual é a cidade do seu endereço?",
    "ask_reference": "Que número aparece em um documento recente que a sua empresa recebeu?",
    "gate_continue": "Continuar",
    "gate_wrong_1": "Esse dado não bate com o que temos. Resta uma tentativa.",
    "gate_wrong_2": "Esse dado não bate com o que temos. Restam duas tentativas.",
    "gate_choose": "Escolha uma das respostas.",
    "not_me_title": "Não é {name}?",
    "not_me_text": "Avise e não escrevemos mais para este número. Não vamos mostrar dados de outra pessoa.",
    "not_me": "Não sou {name}",
    "gate_nothing": (
        "Nesta página não conseguimos confirmar quem você é. Responda na conversa em que recebeu o link ou fale com "
        "{organisation}."
    ),
    "gate_check_title": "Como sei que é verdadeiro?",
    "gate_check": (
        "O endereço desta página começa com {site}. Em caso de dúvida, não responda nada aqui: procure por conta "
        "própria o telefone de {organisation} e pergunte. E só escrevemos do número {number}."
    ),
    "gate_check_short": (
        "O endereço desta página começa com {site}. Em caso de dúvida, não responda nada aqui: procure por conta "
        "própria o telefone de {organisation} e pergunte."
    ),
    "gone_title": "Obrigado por avisar",
    "gone_text": (
        "Anotamos que este número não é da pessoa que procuramos. Não vamos mais escrever para cá e esta página não "
        "mostra mais nenhum dado. Desculpe o incômodo."
    ),
    "locked_title": "Esta página foi fechada",
    "locked_text": (
        "As respostas não bateram três vezes, por isso não mostramos nenhum dado e paramos de escrever para este "
        "número. Se você é a pessoa que procuramos, fale com {organisation} para receber um novo link."
    ),
    # the account
    "balance": "Saldo em aberto",
    "due_late": "O pagamento mais antigo venceu em {day}, há {days} dias.",
    "due_late_one": "O pagamento mais antigo venceu ontem, {day}.",
    "due_today": "O próximo pagamento vence hoje, {day}.",
    "due_ahead": "O próximo pagamento vence em {day}.",
    "as_of": "Conforme informado por {creditor} até {at}.",
    "nothing_open": "Você não tem pagamentos em aberto com {creditor}. Obrigado.",
    "all_disputed": "O que está em contestação não é cobrado enquanto é analisado.",
    "credit": "Você tem {amount} de crédito.",
    "state_agreement": "Você tem um acordo de {count} {parts}. O próximo pagamento é de {amount} e vence em {day}.",
    "state_agreement_done": "As {parts} do seu acordo estão pagas.",
    "state_promise": "Você escolheu pagar {amount} em {day}. Até lá não enviamos lembretes.",
    "state_dispute": "Sua contestação {reference} está em análise: enquanto isso esse valor não é cobrado.",
    "state_paid": "Estamos conferindo o pagamento que você informou. Os lembretes estão em pausa até {day}.",
    "state_stopped": "Em {day} você pediu para não receber mais mensagens.",
    "actions": "O que você quer fazer?",
    # pay
    "pay": "Pagar",
    "pay_text": "Pague {amount} diretamente a {creditor}. O dinheiro não passa por nós.",
    "pay_text_own": "Pague {amount} diretamente na conta de {creditor}.",
    "pay_pix": "Ver o código Pix",
    "pay_clabe": "Ver a CLABE",
    "pay_link": "Ver como pagar",
    "pay_until": "Vale até {day}",
    # plan
    "plan": "Parcelar",
    "plan_MX": "Parcelar",
    "plan_text": "Escolha um plano. Ele vale a partir do seu aceite; enquanto for cumprido não há lembretes de cobrança.",
    "plan_option": "{count} {parts} de {each}",
    "plan_first": "A primeira vence em {day}, depois uma por mês",
    "plan_first_MX": "A primeira vence em {day}, depois uma por mês",
    "plan_dates": "Ver todas as datas",
    "plan_total": "No total, {amount}: o mesmo que você deve hoje, sem acréscimos.",
    "plan_terms": (
        "Se uma parcela atrasar mais de {days} dias, o acordo termina e o que faltar volta a ser cobrado. O que você "
        "já pagou sempre conta."
    ),
    "plan_accept": "Aceito este plano",
    "plan_none": "Para este valor, quem monta o plano é uma pessoa da nossa equipe. Escreva em “Falar com uma pessoa”.",
    "plan_schedule": "Seu acordo",
    "paid_part": "paga",
    # promise
    "date": "Escolher outra data para pagar",
    "date_text": "Se precisar de alguns dias, escolha quando vai pagar {amount}. Até esse dia não enviamos lembretes.",
    "date_label": "Vou pagar em",
    "date_button": "Confirmar a data",
    "date_none": "A data quem combina com você é uma pessoa da nossa equipe. Escreva em “Falar com uma pessoa”.",
    # already paid
    "paid": "Já paguei",
    "paid_text": (
        "Envie uma foto ou um PDF do comprovante, se tiver. Os lembretes param enquanto uma pessoa confere, no máximo "
        "até o próximo dia útil."
    ),
    "paid_file": "Comprovante (foto ou PDF, até 5 MB)",
    "paid_note": "Quando e como você pagou",
    "paid_button": "Enviar",
    # dispute
    "dispute": "Não concordo",
    "dispute_text": (
        "Se algo não está certo, conte para a gente. Você recebe um número de protocolo e o que está em análise não é "
        "cobrado."
    ),
    "dispute_which": "Sobre o que é?",
    "dispute_all": "Todo o saldo",
    "dispute_reason": "Motivo",
    "dispute_detail": "Conte o que aconteceu",
    "dispute_button": "Abrir a contestação",
    # talk
    "talk": "Falar com uma pessoa",
    "talk_text": "Escreva a sua mensagem e uma pessoa responde na conversa. Atendemos {hours}.",
    "talk_direct": "Você também pode falar diretamente com {creditor}: {contact}.",
    "talk_message": "Sua mensagem",
    "talk_button": "Enviar a mensagem",
    # where it comes from
    "invoices": "De onde vem o saldo",
    "invoice": "Fatura {number}",
    "issued": "Emissão",
    "due": "Vencimento",
    "original": "Valor original",
    "adjusted": "Ajustes",
    "credited": "Descontos e créditos",
    "paid_so_far": "Pago",
    "open": "Em aberto",
    "late_by": "{days} dias de atraso",
    "late_by_one": "1 dia de atraso",
    "in_review": "em contestação",
    "no_costs": "Não somamos juros, multa nem honorários ao que {creditor} informou.",
    # who
    "who": "Quem está falando com você",
    "who_creditor": "Credor",
    "who_legal": "Razão social",
    "who_address": "Endereço",
    "who_contact": "Contato",
    "who_agent": "Quem faz a cobrança",
    "who_mandate": "{organisation}, em nome de {creditor}",
    "who_own": "{creditor}, diretamente",
    "who_number": "WhatsApp de onde escrevemos",
    "check": "Como conferir se é verdadeiro",
    "check_1": "O endereço desta página começa com {site}.",
    "check_2": "Compare os dados acima com os do seu contrato ou da sua fatura.",
    "check_3": "Pergunte a {creditor} por um canal que você já conhece, não por um que veio em uma mensagem.",
    "check_4": "Ninguém vai pedir senhas, códigos de verificação nem números de cartão.",
    # contact
    "contact": "Quando e como falamos com você",
    "budget_day": "Contatos hoje: {used}; o máximo é {limit}.",
    "budget_days": "Contatos em {days} dias: {used}; o máximo é {limit}.",
    "budget_text": (
        "Contam todas as mensagens de cobrança de {organisation}, também as de outros credores. Ao chegar no limite, o "
        "sistema não deixa enviar mais."
    ),
    "next": "O mais cedo que poderíamos escrever: {moment}.",
    "next_now": "Neste momento poderíamos escrever para você.",
    "next_never": "Agora nenhuma mensagem de cobrança pode ser enviada a você:",
    "hours": "Horário permitido",
    "hours_text": "O mais restrito entre a lei, as boas práticas e as regras de {creditor}. Nunca em feriados.",
    "range": "das {start} às {end}",
    "no_hours": "nenhum dia",
    "and": "e",
    "day_to_day": "{first} a {last}",
    "preferred": "Seus horários preferidos",
    "preferred_text": (
        "Você pode reduzir o horário, nunca ampliar. Vale para tudo o que enviarmos, também para as nossas respostas."
    ),
    "preferred_now": "Agora vale a sua preferência: {hours}.",
    "preferred_days": "Dias",
    "preferred_part": "Período do dia",
    "preferred_button": "Salvar meus horários",
    "log": "Contatos anteriores",
    "log_text": "Quando e por qual meio, sem o conteúdo.",
    "log_none": "Ainda não entramos em contato com você.",
    # permission
    "consent": "Sua autorização",
    "consent_granted": "Você autorizou mensagens por {channel} em {day}.",
    "consent_how": "As palavras foram: “{how}”.",
    "consent_none": "Não há registro de uma autorização sua para mensagens por WhatsApp.",
    "consent_revoked": "Você retirou a sua autorização para {channel} em {day}.",
    "consent_text": (
        "Você pode retirá-la quando quiser. A partir daí não enviamos lembretes de {creditor} por WhatsApp. O seu "
        "saldo não muda."
    ),
    "consent_button": "Retirar a minha autorização",
    "left_many": "Nos próximos 7 dias ainda poderíamos escrever para você no máximo {count} vezes.",
    "left_one": "Nos próximos 7 dias ainda poderíamos escrever para você no máximo uma vez.",
    "left_none": "Nos próximos 7 dias não podemos enviar mais nenhum lembrete.",
    "consent_refused": "Você respondeu em {day} que não autoriza mensagens por {channel}. Não vamos perguntar de novo.",
    "grant_words": (
        "Autorizo {creditor} a me enviar por WhatsApp, no número {address}, mensagens sobre a minha conta, "
        "incluindo avisos e lembretes de pagamento. Posso retirar esta autorização quando quiser."
    ),
    "grant_text": "Se você quiser receber as mensagens por WhatsApp, é isto que autoriza:",
    "grant_button": "Dou a minha autorização",
    "channel_title": "Por onde você prefere o contato",
    "channel_text": (
        "Se você escolher um meio, não usamos os outros. O que você nos escrever é respondido onde escreveu."
    ),
    "channel_now": "Agora vale a sua preferência: {channel}.",
    "channel_label": "Meio",
    "channel_any": "Qualquer um dos permitidos",
    "channel_button": "Salvar o meio",
    "did_allow": "Registramos a sua autorização. Você pode retirá-la aqui quando quiser.",
    "did_channel": "Salvamos a sua preferência: {channel}. Retiramos o que estava para sair por outro meio.",
    "did_channel_any": "Tiramos a sua preferência. Vale qualquer meio permitido.",
    "err_channel": "Escolha um dos meios da lista.",
    "stop": "Não receber mais mensagens",
    "stop_text": (
        "Não vamos enviar mais mensagens por nenhum meio eletrônico, de nenhum dos credores de {organisation}. O saldo "
        "não desaparece: {creditor} mantém os meios que a lei permite, como uma carta."
    ),
    "stop_text_gate": "Não vamos enviar mais mensagens para este número.",
    "stop_button": "Não quero mais mensagens",
    "resume_text": "Se mudou de ideia, você pode voltar a receber mensagens sobre a sua conta.",
    "resume_button": "Voltar a receber mensagens",
    # at the end
    "records": "Pagamentos e comprovantes",
    "records_none": "Ainda não há pagamentos registrados.",
    "payment_line": "Pagamento de {day}",
    "payment_credit": "Crédito de {day}",
    "payment_reversed": "estornado",
    "receipt": "Ver o comprovante",
    "letter_link": "Ver e imprimir: {letter}",
    "rights": "Seus direitos",
    "rights_text": (
        "Você tem direito a ser tratado com respeito, a saber o que está sendo cobrado e por quê, a discordar e a que "
        "a sua conta não seja comentada com outras pessoas. Você pode reclamar: {authority}."
    ),
    "shared_title": "Compartilhou este link sem querer?",
    "shared_text": "Feche-o e ninguém mais consegue abrir. Para entrar de novo, peça outro na conversa.",
    "shared_button": "Fechar este link",
    "lasts": "Este link é só seu e funciona até {day}.",
    # receipts and the letter
    "print": "Para imprimir ou salvar em PDF, use o menu do navegador.",
    "receipt_title": "Comprovante de pagamento",
    "receipt_text": "{creditor} recebeu de {name} o pagamento indicado abaixo.",
    "receipt_amount": "Valor",
    "receipt_day": "Data do pagamento",
    "receipt_method": "Meio",
    "receipt_reference": "Referência",
    "receipt_for": "Aplicado em",
    "letter_text": (
        "Declaramos, para os devidos fins, que {name} não tem saldo em aberto com {creditor} em {day}. As obrigações "
        "listadas abaixo estão integralmente quitadas ou baixadas."
    ),
    "letter_issued": "Emitido em {at}",
    "letter_document": "Documento com final {digits}",
    "letter_settled": "Quitada em",
    "letter_wait": "Este documento fica disponível quando o saldo é zero.",
    # what happened
    "did_promise": "Anotado: {amount} para {day}. Até essa data não enviamos lembretes.",
    "did_plan": (
        "Seu acordo está registrado: {count} {parts}, {amount} no total. O primeiro pagamento vence em {day}. Enquanto "
        "for cumprido não há lembretes de cobrança; só avisamos antes de cada data."
    ),
    "did_paid": (
        "Obrigado. Uma pessoa confere o seu pagamento, no máximo até o próximo dia útil. Os lembretes estão em pausa; "
        "a lei permite avisar o resultado."
    ),
    "did_dispute": (
        "Abrimos a sua contestação com o protocolo {reference}. Esse valor não é cobrado enquanto é analisado; só "
        "vamos escrever para responder a você."
    ),
    "did_talk": "Recebemos a sua mensagem. Uma pessoa responde na conversa. Atendemos {hours}.",
    "did_stop": (
        "Pronto. Não vamos enviar mais mensagens e cancelamos as que estavam para sair. A lei permite uma única "
        "confirmação; a sua é esta. O seu saldo não muda."
    ),
    "did_stop_gate": "Pronto. Não vamos enviar mais mensagens para este número.",
    "did_resume": "Pronto. Você pode voltar a receber mensagens sobre a sua conta, dentro do horário permitido.",
    "did_consent": (
        "Retiramos a sua autorização. Não vamos enviar mais lembretes de {creditor} por WhatsApp. Se você escrever, "
        "podemos responder."
    ),
    "did_hours": "Salvamos os seus horários: {hours}. O que estava previsto fora deles espera até lá.",
    "did_hours_all": "Retiramos a sua preferência. Vale o horário permitido.",
    # what could not be done
    "err_plan": "O saldo mudou desde que você abriu a página. Estas são as opções de agora.",
    "err_plan_choose": "Escolha um dos planos.",
    "err_agreement": "Você já tem um acordo em andamento.",
    "err_date": "Escolha uma das datas da lista.",
    "err_nothing": "Não há mais saldo a pagar.",
    "err_file_type": "Esse arquivo não é uma foto nem um PDF. Envie JPG, PNG, WebP, HEIC ou PDF.",
    "err_file_size": "O arquivo tem mais de 5 MB. Envie uma foto menor ou uma captura de tela.",
    "err_file_none": "Anexe o comprovante ou conte quando e como você pagou.",
    "err_reason": "Escolha o motivo.",
    "err_invoice": "Escolha sobre o que é.",
    "err_text": "Escreva a sua mensagem.",
    "err_hours": (
        "Com esses horários não sobraria nenhum em que possamos escrever. Escolha mais, ou use “Não receber mais "
        "mensagens”."
    ),
    "err_nobody": "Não conseguimos entregar a sua mensagem. Fale com {creditor}: {contact}.",
    "err_other": "Isso não é mais possível. A página mostra como está a sua conta agora.",
    "busy_title": "Muitas solicitações",
    "busy_text": "Espere um minuto e tente de novo. Nada se perdeu.",
    "missing_title": "Este link não abre nenhuma página",
    "missing_text": "Está incompleto, venceu ou foi fechado. Volte à conversa e abra-o de novo, ou peça outro.",
    "cannot": "Esta ação não existe nesta página.",
}
