"""The debtor's page about a payable, at /p/<token>: whom, how much, the code, how to pay, whom to ask.

Plain HTML that needs no script (one copies the code where it may), in the debtor's language; JSON for machines. It
names no debt's history and no more of the debtor than they came with.
"""

from __future__ import annotations

from babel.dates import format_date
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from kernel.money import Money
from portfolio.models import Creditor, Payable
from portfolio.payables import cards, clabe, qr
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
        "copy": "Copiar",
        "copied": "Copiado",
        "hold": "También puede mantenerlo presionado y copiarlo.",
        "scan": "O escanee este código con la aplicación de su banco:",
        "bank": "Banco",
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
        "copy": "Copiar",
        "copied": "Copiado",
        "hold": "Você também pode tocar e segurar para copiar.",
        "scan": "Ou leia este QR Code com o aplicativo do seu banco:",
        "bank": "Banco",
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
        "copy": "Copy",
        "copied": "Copied",
        "hold": "You can also hold it down and copy it.",
        "scan": "Or scan this code with your bank's app:",
        "bank": "Bank",
    },
}  # fmt: skip


@require_safe
def page(request: HttpRequest, token: str) -> HttpResponse:
    """GET /p/<token>: a page, or for Accept JSON {reference, amount, currency, kind, code, status, expires_at}."""
    as_json = "application/json" in request.headers.get("Accept", "")
    tenant_id = tenant_of(token)
    if tenant_id is None:
        return _missing(request, as_json)
    with tenant_scope(tenant_id):
        payable = payable_by(token)
        tenant = Tenant.objects.filter(pk=tenant_id).first()
    if payable is None or tenant is None:
        return _missing(request, as_json)
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
        response = _html(request, payable, status)
    return _private(response)


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    response["Vary"] = "Accept"
    response["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    return response


def _html(request: HttpRequest, payable: Payable, status: str) -> HttpResponse:
    creditor, person = payable.creditor, payable.debtor.person
    language = _language(person.language or creditor.language)
    words = WORDS[language]
    how, code = _how(payable, creditor, words) if status == "open" else ("", "")
    context = {
        "book": {"tag": {"pt": "pt-BR"}.get(language, language)}, "words": words, "payable": payable,
        "creditor": creditor, "status": status, "holder": creditor.legal_name or creditor.name,
        "title": words["title"].format(creditor=creditor.name),
        "note": words["expired" if status == "expired" else payable.state] if status != "open" else "",
        "amount": cards.amount_text(Money.from_minor(payable.minor, payable.currency), language),
        "until": format_date(payable.expires_at, "long", locale={"es": "es_419", "pt": "pt_BR", "en": "en"}[language]),
        "questions": words["questions"].format(creditor=creditor.name, contact=creditor.contact),
        "how": how, "code": code,
        "bank": clabe.bank_name(code) or "" if payable.kind == "clabe" and code else "",
        "qr": qr.svg(code, "Pix") if payable.kind == "pix" and code else "",
    }  # fmt: skip
    return render(request, "transparency/payable.html", context)


def _how(payable: Payable, creditor: Creditor, words: dict[str, str]) -> tuple[str, str]:
    """What to do, and the code to do it with; '' where only the creditor can tell."""
    if payable.kind in ("pix", "clabe"):
        return words[payable.kind], payable.code
    account = creditor.pay_to.get("account")
    if account and account["rail"] in words:
        return words[account["rail"]], str(account["value"])
    return words["ask"].format(creditor=creditor.name), ""


def _missing(request: HttpRequest, as_json: bool) -> HttpResponse:
    if as_json:
        detail = WORDS[_language(get_language() or "")]["missing"]
        return JsonResponse({"code": "not_found", "detail": detail}, status=404)
    texts = [
        {"tag": {"pt": "pt-BR"}.get(language, language), "title": words["missing_title"], "text": words["missing"]}
        for language, words in WORDS.items()
    ]
    book = {"tag": "es"}
    return _private(render(request, "transparency/none.html", {"texts": texts, "book": book}, status=404))


def _language(text: str) -> str:
    tongue = text[:2].lower()
    return tongue if tongue in WORDS else "en"


__all__ = ["page"]
