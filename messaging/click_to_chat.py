"""Click-to-chat: a link (and its QR code) that opens the chat with words which are a consent, signed by a code.

Whoever sends the words as they stand agrees to them; whoever changes them has opened the chat and agreed to nothing.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
import uuid
from collections.abc import Collection
from datetime import datetime
from urllib.parse import quote

from kernel.errors import DomainError
from messaging.bot.texts import language_of
from messaging.models import Number, OptInLink
from portfolio.models import Creditor, Debtor
from tenants import audit
from tenants.models import Tenant
from tenants.scope import current_tenant_id
from tenants.secrets import lookup_hash

#: Names the words in the evidence; other words get another number.
EDITION = "chat-1"
_WORDS = {
    "es": (
        "Hola. Autorizo a {who} a enviarme por este WhatsApp mensajes sobre mi cuenta, incluidos avisos y recordatorios "
        "de pago. Puedo retirar esta autorización cuando quiera."
    ),
    "pt": (
        "Olá. Autorizo {who} a me enviar por este WhatsApp mensagens sobre a minha conta, incluindo avisos e lembretes de "
        "pagamento. Posso retirar esta autorização quando quiser."
    ),
}
_FOR = {"es": "{creditor}, y a {organisation} en su nombre,", "pt": "{creditor}, e {organisation} em seu nome,"}
_REFERENCE = {"es": "Referencia: {code}", "pt": "Referência: {code}"}
#: Digits and letters that nobody takes for one another.
_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE = re.compile(rf"(?<![0-9A-Za-z])([{_SIGNS}]{{5}})-([{_SIGNS}]{{5}})(?![0-9A-Za-z])", re.IGNORECASE)


def wording_for(creditor: Creditor, tenant: Tenant) -> str:
    """The words of a new link, in the creditor's language; an agency is named beside its principal."""
    language = language_of(creditor.language)
    who = creditor.name
    if tenant.kind == Tenant.Kind.AGENCY:
        who = _FOR[language].format(creditor=creditor.name, organisation=tenant.name)
    return _WORDS[language].format(who=who)


def link_for(creditor: Creditor, *, actor: str, now: datetime, debtor: Debtor | None = None) -> OptInLink:
    """The creditor's link (or one debtor's own) with today's words; the same again while they stay the same."""
    tenant = Tenant.objects.get(pk=current_tenant_id())
    wording = wording_for(creditor, tenant)
    mine = OptInLink.objects.filter(creditor_id=creditor.pk, debtor=debtor, retired_at=None)
    held = mine.filter(wording=wording).order_by("-id").first()
    if held is not None:
        return held
    half = "".join(secrets.choice(_SIGNS) for _ in range(5))
    row = OptInLink(
        creditor_id=creditor.pk, debtor=debtor, code=f"{half}-{_signature(half)}", wording=wording,
        version=f"{EDITION}-{language_of(creditor.language)}", author=actor, created_at=now,
    )  # fmt: skip
    row.save(force_insert=True)
    audit.record(
        "opt_in_link.make", actor=actor, subject="portfolio.debtor" if debtor else "portfolio.creditor",
        subject_id=debtor.pk if debtor else creditor.pk, creditor_id=creditor.pk,
        after={"link": str(row.pk), "version": row.version},
    )  # fmt: skip
    return row


def retire(link: OptInLink, *, actor: str, now: datetime) -> bool:
    """Let a link's words be a consent no more; what was given by them stands. False when it was retired already."""
    changed = OptInLink.objects.filter(pk=link.pk, retired_at=None).update(retired_at=now)
    if changed:
        audit.record(
            "opt_in_link.retire", actor=actor, subject="portfolio.creditor", subject_id=link.creditor_id,
            creditor_id=link.creditor_id, after={"link": str(link.pk)},
        )  # fmt: skip
    return bool(changed)


def text_of(link: OptInLink) -> str:
    """What the chat is opened with: the words, and the reference that signs them."""
    language = "pt" if link.version.endswith("-pt") else "es"
    return f"{link.wording}\n\n{_REFERENCE[language].format(code=link.code)}"


def address_of(link: OptInLink, number: Number) -> str:
    """The wa.me address that opens the chat with our number and the words in it."""
    digits = re.sub(r"\D", "", number.address)
    if not digits:
        raise DomainError("no_number", "no WhatsApp number serves this creditor: connect one first")
    return f"https://wa.me/{digits}?text={quote(text_of(link), safe='')}"


def _signature(half: str) -> str:
    """Five signs that only we can put behind the first five."""
    value = int(lookup_hash("opt-in-link", f"{current_tenant_id()}:{half}")[:13], 16)
    signs = []
    for _ in range(5):
        value, place = divmod(value, len(_SIGNS))
        signs.append(_SIGNS[place])
    return "".join(signs)


def codes_in(text: str) -> list[str]:
    """The codes of ours that a text carries: their second half signs the first."""
    found = [(first.upper(), second.upper()) for first, second in _CODE.findall(text)]
    return [
        f"{first}-{second}"
        for first, second in dict.fromkeys(found)
        if secrets.compare_digest(_signature(first), second)
    ]


def links_in(texts: Collection[str]) -> dict[str, OptInLink]:
    """Text -> the link whose code it carries; one query, and none where no text carries a code."""
    codes = {text: codes for text in texts if "-" in text and (codes := codes_in(text))}
    if not codes:
        return {}
    wanted = {code for found in codes.values() for code in found}
    links = {
        row.code: row for row in OptInLink.objects.filter(code__in=wanted, retired_at=None).select_related("debtor")
    }
    found = {text: next((links[code] for code in mine if code in links), None) for text, mine in codes.items()}
    return {text: link for text, link in found.items() if link is not None}


def agrees(link: OptInLink, text: str) -> bool:
    """Whether a text holds the link's words as they stand, however it is spaced or cased."""
    return _plain(link.wording) in _plain(text)


def _plain(text: str) -> str:
    flat = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.findall(r"\w+", flat))


def others(text: str, link: OptInLink) -> str:
    """What a text says besides the link's words and its reference."""
    rest = text.replace(link.wording, " ")
    return _CODE.sub(" ", rest)


def open_links(creditor_id: uuid.UUID) -> list[OptInLink]:
    """A creditor's own links that still work, the newest first."""
    return list(OptInLink.objects.filter(creditor_id=creditor_id, debtor=None, retired_at=None).order_by("-id"))
