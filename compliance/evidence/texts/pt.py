"""Portuguese of Brazil."""

from . import Texts

PT = Texts(
    title="Dossiê de evidências da cobrança",
    page="Página {page} de {pages}",
    file_hash="SHA-256 de evidence.json: {sha256}",
    readme_name="LEIA-ME.txt",
    readme="""DOSSIÊ DE EVIDÊNCIAS
{organisation}

O que este pacote contém
  evidence.pdf    o dossiê para ler: cronologia, provas de entrega e leitura, decisões com seu fundamento,
                  consentimentos, descadastros e conta
  evidence.json   os mesmos fatos, linha por linha, com sua prova criptográfica; o PDF foi gerado a partir dele
  verify.py       o verificador: um só arquivo que precisa apenas de Python 3.9 ou posterior, sem conexão à internet
  SHA256SUMS      o hash de cada arquivo do pacote

Como verificar
  1. Descompacte o pacote em uma pasta.
  2. Abra um terminal nessa pasta e digite:   python3 verify.py
     (no Windows:   py verify.py)
  3. «ÍNTEGRO» significa que nenhum registro foi alterado, retirado ou acrescentado. Se algo mudou, o verificador
     nomeia a linha e o registro e termina com o código 1.
  Para provar um só registro sem mostrar os demais:   python3 verify.py --only ID > um.json
     e quem o receber:   python3 verify.py um.json

O que é conferido
  Cada linha contra o manifesto; cada registro contra o hash do seu evento; cada evento contra a raiz do seu selo
  (prova de Merkle, RFC 6962); cada selo contra o anterior; as regras contra o seu hash; as palavras de cada mensagem
  contra o hash que consta na decisão que a autorizou.

Hashes deste pacote
  SHA-256 de evidence.json   {sha256}
  Hash do documento          {document}
  Último selo                {seal}
  O primeiro consta no rodapé de cada página do PDF. A organização guarda os três no seu registro selado.
""",
    to_verify="""Este documento foi gerado a partir do arquivo evidence.json que o acompanha, cujo hash SHA-256 consta no rodapé de
cada página. Se o hash desse arquivo coincide, o que se lê aqui é o que o arquivo contém.

Cada decisão, consentimento, descadastro, movimento da conta e aviso do provedor foi anotado, quando ocorreu, em um
registro que não admite alterações. Os registros são cobertos por selos encadeados: cada selo contém a raiz de uma
árvore de Merkle sobre o seu trecho e o hash do selo anterior. O arquivo traz, para cada registro, o caminho até a
raiz do seu selo, de modo que um só pode ser provado sem mostrar os demais.

Qualquer pessoa pode conferir sem a intervenção da organização: python3 verify.py, na pasta do pacote. O verificador
nomeia a primeira linha alterada, ausente ou acrescentada.""",
    shown=(
        "Os horários são mostrados no fuso da pessoa devedora e em UTC. Os caracteres que a fonte não tem (por "
        "exemplo, emojis) aparecem com seu nome Unicode entre colchetes; o arquivo JSON os conserva como foram "
        "enviados."
    ),
    headings={
        "summary": "Resumo", "timeline": "Cronologia", "reports": "Prova de envio, entrega e leitura",
        "decisions": "Decisões e seu fundamento", "consents": "Consentimentos",
        "stops": "Descadastros e outros impedimentos",
        "account": "Conta", "rules": "Regras vigentes", "integrity": "Integridade e verificação",
    },
    labels={
        "organisation": "Organização que cobra", "creditor": "Credor", "address": "Endereço", "contact": "Contato",
        "debtor": "Pessoa devedora", "number": "Número do cliente", "document": "Documento", "points": "Contatos",
        "scope": "Escopo", "complaint": "Reclamação", "period": "Período", "made_at": "Gerado",
        "made_by": "Gerado por",
        "zone": "Fuso horário", "left_out": "Omitido de propósito", "seal": "Último selo",
        "document_hash": "Hash do documento",
        "counts": "Conteúdo", "when": "Data e hora", "what": "Fato", "message": "Mensagem", "state": "Situação",
        "provider_time": "Horário do provedor", "utc": "UTC", "recorded": "Registrado (UTC)",
        "proof": "Evento / selo",
        "due": "Vencimento", "amount": "Valor", "open": "Saldo", "invoice": "Fatura", "origin": "Origem",
        "paid_on": "Pago em",
        "method": "Meio", "reference": "Referência", "made_on": "Feita em", "pack": "Pacote", "edition": "Edição",
        "since": "Vigente desde", "status": "Revisão", "digest": "Hash", "seals": "Selos", "by": "Por",
        "kind": "Movimento", "date": "Data", "debtors": "Pessoas devedoras",
    },
    scopes={
        "debtor": "Tudo sobre uma pessoa devedora", "complaint": "Uma reclamação, com tudo sobre a pessoa devedora",
        "conversation": "Uma conversa", "request": "Um envio", "period": "Um período",
    },
    parts={
        "no_texts": "o texto das mensagens e seus autores", "no_third_parties": "os dados de terceiros",
        "no_account": "a conta (faturas, pagamentos, promessas e acordos)",
    },
    counts={
        "out": "mensagens enviadas", "delivered": "entregues", "read": "lidas", "in": "mensagens recebidas",
        "kept": "mensagens que não saíram", "decisions": "decisões", "deny": "envios negados",
        "defer": "envios adiados",
        "consents": "declarações de consentimento", "stops": "descadastros e impedimentos", "payments": "pagamentos",
    },
    told={
        "simulated": "SIMULAÇÃO: nada disto aconteceu",
        "out": "Da organização para a pessoa devedora", "in": "Da pessoa devedora para a organização",
        "out_other": "Da organização para um terceiro ({role})",
        "in_other": "De um terceiro ({role}) para a organização",
        "template": "modelo {name}", "accepted": "pedido", "sent": "Enviada", "delivered": "Entregue", "read": "Lida",
        "failed": "Falhou", "deleted": "Apagada pela pessoa", "received": "Recebida",
        "error": "código do provedor {code}",
        "provider": "Id do provedor", "decided": "Decisão {number}", "for_message": "sobre a mensagem {number}",
        "no_words": "[sem texto]", "withheld": "[texto omitido de propósito; seu hash consta na decisão]",
        "withheld_row": "Registro omitido em parte: seu conteúdo integral não é mostrado, e seu hash e sua prova constam no arquivo.",
        "buttons": "Botões",  "no_rule": "Nenhuma regra se opôs.",
        "next": "Podia ser enviada a partir de", "packs": "Regras", "ruleset": "conjunto {digest}",
        "evaluator": "avaliador {version}",
        "confidence": "Fonte: {read_in}", "force": "força: {basis}", "from_pack": "pacote {pack}, edição {edition}",
        "own_layer": "regra própria da organização ou do credor", "event": "evento {sequence}, selo {seal}",
        "wording": "Texto exato", "given": "Dado em", "expires": "vence em",
        "valid_for": "Vale para {channel}, {purpose}",
        "any_contact": "todos os contatos da pessoa", "for_all": "toda a organização", "for_creditor": "este credor",
        "source": "Origem do registro", "raised": "Desde", "lifted": "Levantado em", "lifted_by": "por {who}",
        "standing": "Continua vigente.",
        "consent": "Consentimento", "stop": "Impedimento", "stop_lifted": "Impedimento levantado",
        "payment": "Pagamento",
        "payment_reversed": "Pagamento estornado", "promise": "Promessa de pagamento", "agreement": "Acordo",
        "dispute": "Reclamação",
        "promise_of": "{amount} para {day}", "agreement_of": "{amount} em {n} parcelas", "none": "Não consta nenhum.",
        "chain": "Do selo {first} ao {last}; {events} eventos provados.", "reversed": "estornado em {day}",
        "settled": "quitada em {day}", "withdrawn": "retirada", "disputed": "contestada",
        "more": "O arquivo JSON contém mais {n}.",
    },
    states={
        "received": "recebida", "waiting": "em espera", "withdrawn": "não saiu", "sending": "em envio",
        "uncertain": "sem confirmação do provedor", "refused": "recusada pelo provedor",
        "accepted": "aceita pelo provedor",
        "sent": "enviada", "delivered": "entregue", "read": "lida", "failed": "falhou",
    },
    sources={
        "operator": "operador do sistema",
        "debtor": "a pessoa devedora", "step": "régua automática", "bot": "assistente automático",
        "agent": "atendente",
        "api": "sistema do credor", "system": "sistema", "device": "telefone da organização",
        "page": "página da pessoa devedora",
        "user": "atendente", "key": "sistema do credor", "link": "página da pessoa devedora",
        "import": "arquivo importado",
    },
    kinds={
        "text": "texto", "template": "modelo", "interactive": "mensagem com botões", "buttons": "mensagem com botões",
        "button": "resposta por botão", "list": "lista", "link": "link", "image": "imagem", "document": "documento",
        "audio": "áudio", "video": "vídeo", "sticker": "figurinha", "location": "localização", "contacts": "contato",
        "reaction": "reação", "unsupported": "conteúdo não suportado", "page": "página da pessoa devedora",
    },
    classes={
        "collection": "cobrança", "identity_probe": "pergunta de identidade", "reply": "resposta",
        "service": "serviço",
        "optout_confirmation": "confirmação de descadastro", "consent_request": "pedido de consentimento",
        "call": "ligação",
    },
    verdicts={"allow": "Permitido", "defer": "Adiado", "deny": "Negado"},
    moments={"request": "no pedido", "retry": "no novo pedido", "last_look": "logo antes do envio"},
    roles={
        "owner": "próprio", "guarantor": "fiador", "representative": "representante",
        "accounts_payable": "contas a pagar",
        "reference": "referência", "work": "trabalho", "": "terceiro",
    },
    identities={
        "unknown": "identidade não verificada", "contacted": "identidade perguntada",
        "claimed": "identidade afirmada",
        "verified": "identidade verificada", "wrong_person": "pertence a outra pessoa",
    },
    consents={
        "granted": "Dado", "refused": "Recusado", "revoked": "Revogado", "expired": "Vencido",
        "imported_without_evidence": "Importado sem prova (não autoriza envios)",
    },
    purposes={"collection": "cobrança", "service": "serviço", "marketing": "publicidade"},
    evidence={
        "channel_whatsapp": "WhatsApp incluído", "collected_on": "Obtido em", "collector": "Quem obteve",
        "creditor_named": "Nomeia o credor", "purpose_includes_collection": "Inclui a cobrança",
        "source_document_hash": "Hash do documento", "wa_number": "Número de WhatsApp",
        "exact_wording": "Texto exato", "wording": "Texto exato", "wording_version": "Versão do texto",
        "collected_how": "Como foi obtido", "how": "Como", "collected_by": "Quem obteve",
        "recorded_by": "Registrado por",
        "document": "Documento", "reference": "Referência", "when": "Quando", "on": "Data",
        "listed_on": "Na lista desde",
        "message": "Mensagem", "said": "Pediu por", "link": "Link", "hash": "Hash do documento", "words": "Palavras",
        "synthetic": "Dados de exemplo", "number": "Número", "who": "Quem", "authority": "Autoridade", "note": "Nota",
    },
    values={
        "branch": "unidade", "web": "site", "app": "aplicativo", "signature": "assinatura", "paper": "papel",
        "synthetic": "dados de exemplo",
        "words": "suas palavras", "button": "um botão", "page": "a página da pessoa devedora", "contract": "contrato",
        "call": "ligação", "letter": "carta", "email": "e-mail", "visit": "visita", "message": "mensagem",
        "True": "sim", "False": "não",
    },
    read_in={
        "verified_primary": "texto da norma, lido", "verified_secondary": "publicação que cita a norma",
        "article": "prática publicada", "memory": "conhecimento geral, a confirmar",
        "inference": "leitura prudente da norma",
    },
    pack_states={
        "reviewed": "revisado", "signed_off": "assinado por um advogado do país", "retired": "retirado",
        "draft": "rascunho",
    },
    money={
        "charge": "cobrança", "payment": "pagamento", "credit": "nota de crédito", "reversal": "estorno",
        "adjustment": "ajuste",
        "open": "aberta", "kept": "cumprida", "broken": "quebrada", "withdrawn": "retirada", "proposed": "proposto",
        "active": "vigente", "fulfilled": "cumprido", "rejected": "recusado", "cancelled": "cancelado",
        "resolved": "resolvida: a fatura se mantém", "accepted": "aceita: a pessoa tinha razão",
        "invoices": "Faturas", "payments": "Pagamentos", "promises": "Promessas de pagamento",
        "agreements": "Acordos",
        "disputes": "Reclamações e contestações", "instalment": "Parcela",
        "time_barred": "prescrita", "sued": "em juízo", "insolvency": "em recuperação ou falência",
    },
    methods={
        "bank_transfer": "transferência bancária",
        "spei": "SPEI", "pse": "PSE", "bre_b": "Bre-B", "webpay": "Webpay", "yape": "Yape",
        "wallet": "carteira digital", "dispute": "por uma reclamação",
        "pix": "Pix", "clabe": "SPEI (CLABE)", "link": "link de pagamento", "transfer": "transferência",
        "cash": "dinheiro", "credit_note": "nota de crédito", "discount": "desconto",
        "negative_bill": "saldo credor da fatura", "paid_before_import": "pago antes da importação",
        "card": "cartão", "boleto": "boleto", "other": "outro",
    },
    disputes={
        "not_mine": "não é da pessoa", "already_paid": "já foi paga", "wrong_amount": "o valor não está correto",
        "not_delivered": "não recebeu o que comprou", "cancelled": "a compra foi cancelada", "fraud": "fraude",
        "authority": "reclamação a uma autoridade", "other": "outro motivo",
    },
)  # fmt: skip
