"""The debtor's page about a payable, at /p/<token>: whom, how much, the code, how to pay, whom to ask.

Plain HTML that needs no script, in the debtor's language; JSON for machines. It names no debt's history and no more
of the debtor than they came with.
"""

from __future__ import annotations

from babel.dates import format_date
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from kernel.money import Money
from portfolio.models import Creditor, Payable
from portfolio.payables import cards
from portfolio.queries import payable_by
from portfolio.services.payables import tenant_of
from tenants.models import Tenant
from tenants.scope import tenant_scope

#: What machines and readers are told about each state.
STATUS = {"open": "open", "paid": "paid", "expired": "expired", "replaced": "cancelled"}

WORDS = {
    "es": {
        "title": "Pago a {creditor}",
        "amount": "Monto",
        "to": "A nombre de",
        "how": "Cómo pagar",
        "pix": "Copie el código y péguelo en la aplicación de su banco, en «Pix copia e cola».",
        "clabe": "Haga una transferencia SPEI por este monto exacto a la CLABE:",
        "cbu": "Haga una transferencia por este monto a la CBU o CVU:",
        "alias": "Haga una transferencia por este monto al alias:",
        "cci": "Haga una transferencia interbancaria por este monto a la CCI:",
        "bre_b": "Pague por Bre-B este monto a la llave:",
        "ask": "Pregunte a {creditor} cómo pagar y mencione la referencia.",
        "reference": "Referencia",
        "reference_note": "Escríbala en el concepto de la transferencia: así sabremos que el pago es suyo.",
        "until": "Válido hasta",
        "after": "Cuando el banco nos confirme el pago se lo avisaremos. No hace falta que envíe el comprobante.",
        "questions": "¿Dudas? Comuníquese con {creditor}: {contact}",
        "safe": "Pague solo a los datos de esta página. Nadie le pedirá claves ni códigos de su banco.",
        "paid": "Este pago ya fue recibido. Gracias.",
        "expired": "Este código ya venció. Pida uno nuevo por el chat en el que lo recibió.",
        "replaced": "El monto cambió y este código ya no sirve. Pida uno nuevo por el chat en el que lo recibió.",
        "missing_title": "No encontramos esta página",
        "missing": "El enlace está incompleto o ya no existe. Vuelva al chat y ábralo de nuevo, o pida otro.",
    },
    "pt": {
        "title": "Pagamento a {creditor}",
        "amount": "Valor",
        "to": "Em nome de",
        "how": "Como pagar",
        "pix": "Copie o código e cole no aplicativo do seu banco, em “Pix copia e cola”.",
        "clabe": "Faça uma transferência SPEI deste valor exato para a CLABE:",
        "cbu": "Faça uma transferência deste valor para a CBU ou CVU:",
        "alias": "Faça uma transferência deste valor para o alias:",
        "cci": "Faça uma transferência interbancária deste valor para a CCI:",
        "bre_b": "Pague por Bre-B este valor para a chave:",
        "ask": "Pergunte a {creditor} como pagar e informe a referência.",
        "reference": "Referência",
        "reference_note": "Escreva-a na descrição da transferência: assim saberemos que o pagamento é seu.",
        "until": "Válido até",
        "after": "Assim que o banco confirmar o pagamento, avisaremos você. Não é preciso enviar o comprovante.",
        "questions": "Dúvidas? Fale com {creditor}: {contact}",
        "safe": "Pague somente com os dados desta página. Ninguém vai pedir senhas nem códigos do seu banco.",
        "paid": "Este pagamento já foi recebido. Obrigado.",
        "expired": "Este código venceu. Peça um novo na conversa em que você o recebeu.",
        "replaced": "O valor mudou e este código não vale mais. Peça um novo na conversa em que você o recebeu.",
        "missing_title": "Não encontramos esta página",
        "missing": "O link está incompleto ou não existe mais. Volte à conversa e abra-o de novo, ou peça outro.",
    },
    "en": {
        "title": "Payment to {creditor}",
        "amount": "Amount",
        "to": "In the name of",
        "how": "How to pay",
        "pix": "Copy the code and paste it into your bank's app, under “Pix copia e cola”.",
        "clabe": "Make a SPEI transfer of exactly this amount to the CLABE:",
        "cbu": "Transfer this amount to the CBU or CVU:",
        "alias": "Transfer this amount to the alias:",
        "cci": "Make an interbank transfer of this amount to the CCI:",
        "bre_b": "Pay this amount by Bre-B to the key:",
        "ask": "Ask {creditor} how to pay, and name the reference.",
        "reference": "Reference",
        "reference_note": "Write it in the description of the transfer, so that we know that the payment is yours.",
        "until": "Valid until",
        "after": "We will tell you as soon as the bank confirms the payment. There is no need to send a receipt.",
        "questions": "Questions? Contact {creditor}: {contact}",
        "safe": "Pay only to what this page names. Nobody will ask you for passwords or codes of your bank.",
        "paid": "This payment has been received. Thank you.",
        "expired": "This code has expired. Ask for a new one in the chat where you got it.",
        "replaced": "The amount has changed and this code no longer works. Ask for a new one in the chat.",
        "missing_title": "We cannot find this page",
        "missing": "The link is incomplete or no longer exists. Open it again from the chat, or ask for another.",
    },
}  # fmt: skip

_STYLE = (
    "body{font:1.05rem/1.5 system-ui,sans-serif;margin:0;background:#f6f7f9;color:#17202a}"
    "main{max-width:34rem;margin:0 auto;padding:1.5rem 1.25rem 3rem}h1{font-size:1.3rem;margin:.5rem 0 1rem}"
    "h2{font-size:1rem;margin:1.5rem 0 .25rem}.amount{font-size:2.2rem;font-weight:700;margin:0}"
    ".code{display:block;background:#fff;border:1px solid #c9d1da;border-radius:.5rem;padding:.75rem;margin:.5rem 0;"
    "font:1rem/1.4 ui-monospace,monospace;overflow-wrap:anywhere;user-select:all}"
    ".note{background:#fff4d6;border-radius:.5rem;padding:.75rem}"
    "small{color:#4a5563}hr{border:0;border-top:1px solid #d7dde4}"
    "@media(prefers-color-scheme:dark){body{background:#12171d;color:#e8edf2}"
    ".code{background:#1b222b;border-color:#3a4653}"
    ".note{background:#3d3214}small{color:#a9b4c0}hr{border-color:#303a45}}"
)


@require_safe
def page(request: HttpRequest, token: str) -> HttpResponse:
    """GET /p/<token>: a page, or for Accept JSON {reference, amount, currency, kind, code, status, expires_at}."""
    as_json = "application/json" in request.headers.get("Accept", "")
    tenant_id = tenant_of(token)
    if tenant_id is None:
        return _missing(as_json)
    with tenant_scope(tenant_id):
        payable = payable_by(token)
        tenant = Tenant.objects.filter(pk=tenant_id).first()
    if payable is None or tenant is None:
        return _missing(as_json)
    status = STATUS[payable.state]
    if status == "open" and payable.expires_at <= tenant.clock().now():
        status = "expired"
    if as_json:
        response: HttpResponse = JsonResponse(
            {
                "reference": payable.reference,
                "amount": str(Money.from_minor(payable.minor, payable.currency).amount),
                "currency": payable.currency,
                "kind": payable.kind,
                "code": payable.code if status == "open" else "",
                "status": status,
                "expires_at": payable.expires_at.isoformat(),
            }
        )
    else:
        response = HttpResponse(_html(payable, status))
    return _private(response)


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    response["Vary"] = "Accept"
    response["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return response


def _html(payable: Payable, status: str) -> str:
    creditor, person = payable.creditor, payable.debtor.person
    language = _language(person.language or creditor.language)
    words = WORDS[language]
    parts = [format_html("<h1>{}</h1>", words["title"].format(creditor=creditor.name))]
    if status != "open":
        why = "expired" if status == "expired" else payable.state
        parts.append(format_html('<p class="note">{}</p>', words[why]))
    else:
        amount = cards.amount_text(Money.from_minor(payable.minor, payable.currency), language)
        parts.append(format_html('<h2>{}</h2><p class="amount">{}</p>', words["amount"], amount))
        holder = creditor.legal_name or creditor.name
        parts.append(format_html("<p>{}: {}</p>", words["to"], holder))
        parts.append(format_html("<h2>{}</h2>{}", words["how"], _how(payable, creditor, words)))
        until = format_date(payable.expires_at, "long", locale={"es": "es_419", "pt": "pt_BR", "en": "en"}[language])
        parts.append(format_html("<p>{}: {}</p><p>{}</p>", words["until"], until, words["after"]))
        parts.append(format_html("<p><small>{}</small></p>", words["safe"]))
    if creditor.contact:
        questions = words["questions"].format(creditor=creditor.name, contact=creditor.contact)
        parts.append(format_html("<hr><p><small>{}</small></p>", questions))
    return _document(language, words["title"].format(creditor=creditor.name), _joined(parts))


def _how(payable: Payable, creditor: Creditor, words: dict[str, str]) -> SafeString:
    reference = format_html(
        '<p>{}: <strong class="code">{}</strong><small>{}</small></p>',
        words["reference"],
        payable.reference,
        words["reference_note"],
    )
    if payable.kind == "pix":
        return format_html('<p>{}</p><code class="code">{}</code>', words["pix"], payable.code)
    if payable.kind == "clabe":
        return format_html('<p>{}</p><code class="code">{}</code>{}', words["clabe"], payable.code, reference)
    account = creditor.pay_to.get("account")
    if account and account["rail"] in words:
        return format_html(
            '<p>{}</p><code class="code">{}</code>{}', words[account["rail"]], account["value"], reference
        )
    return format_html("<p>{}</p>{}", words["ask"].format(creditor=creditor.name), reference)


def _missing(as_json: bool) -> HttpResponse:
    if as_json:
        detail = WORDS[_language(get_language() or "")]["missing"]
        return JsonResponse({"code": "not_found", "detail": detail}, status=404)
    parts = [
        format_html(
            '<section lang="{}"><h1>{}</h1><p>{}</p></section>', language, words["missing_title"], words["missing"]
        )
        for language, words in WORDS.items()
    ]
    return _private(HttpResponse(_document("es", WORDS["es"]["missing_title"], _joined(parts)), status=404))


def _joined(parts: list[SafeString]) -> SafeString:
    return mark_safe("".join(conditional_escape(part) for part in parts))


def _document(language: str, title: str, body: SafeString) -> str:
    return format_html(
        '<!doctype html><html lang="{}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        '<meta name="robots" content="noindex"><title>{}</title><style>{}</style></head>'
        "<body><main>{}</main></body></html>",
        {"pt": "pt-BR"}.get(language, language),
        title,
        mark_safe(_STYLE),
        body,
    )


def _language(text: str) -> str:
    tongue = text[:2].lower()
    return tongue if tongue in WORDS else "en"


__all__ = ["page"]
