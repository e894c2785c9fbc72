"""A kinder, lawful way to say what an agent may have meant, for the common violations."""

from __future__ import annotations

import re
from collections.abc import Iterable

from compliance.language.languages import language_of
from compliance.language.model import Finding
from compliance.language.normalise import normalise
from compliance.language.scan import scan

# One sentence per class: it replaces every sentence of the text that holds a finding of the class.
_INSTEAD: dict[str, dict[str, str]] = {
    "es": {
        "threat": "Queremos encontrar con usted una forma de pago que le funcione.",
        "shaming": "Entendemos que puede ser un momento difícil.",
        "abusive": "Entendemos que puede ser un momento difícil.",
        "profanity": "Le agradecemos que nos responda cuando pueda.",
        "composure_loss": "Le agradecemos que nos responda cuando pueda.",
        "third_party_disclosure": "Trataremos este asunto únicamente con usted.",
        "false_legal_claim": "Si desea conocer sus opciones y su contrato, con gusto se los explicamos.",
        "fraud_diversion": "Puede pagar únicamente por los canales oficiales de la empresa.",
        "privacy": "Nunca le pediremos contraseñas ni códigos; solo dos datos para confirmar su identidad.",
        "off_policy_promise": "Podemos revisar con usted las opciones de pago autorizadas.",
    },
    "pt": {
        "threat": "Queremos encontrar com você uma forma de pagamento que caiba no seu bolso.",
        "shaming": "Entendemos que o momento pode ser difícil.",
        "abusive": "Entendemos que o momento pode ser difícil.",
        "profanity": "Agradecemos se puder nos responder quando for possível.",
        "composure_loss": "Agradecemos se puder nos responder quando for possível.",
        "third_party_disclosure": "Vamos tratar deste assunto somente com você.",
        "false_legal_claim": "Se quiser conhecer suas opções e as condições do contrato, explicamos com prazer.",
        "fraud_diversion": "O pagamento deve ser feito somente pelos canais oficiais da empresa.",
        "privacy": "Nunca pedimos senhas nem códigos; só dois dados para confirmar sua identidade.",
        "off_policy_promise": "Podemos ver com você as opções de pagamento autorizadas.",
    },
}
_SENTENCE = re.compile(r"[^.!?\n]*(?:\.(?=\d)[^.!?\n]*)*[.!?\n]*")


def soften(text: str, findings: Iterable[Finding], lang: str | None = None) -> str | None:
    """The text with every offending sentence replaced by a lawful one; None when there is nothing to replace.

    The result is read again: when something objectionable would remain, only the replacements are offered.
    """
    found = sorted(findings, key=lambda f: f.span)
    if not found:
        return None
    lang = "pt" if (lang or language_of(t.text for t in normalise(text).tokens)).startswith("pt") else "es"
    instead = _INSTEAD[lang]
    kept: list[str] = []
    replaced: list[str] = []
    for match in _SENTENCE.finditer(text):
        if not match.group().strip():
            continue
        hit = [f for f in found if f.span[0] < match.end() and match.start() < f.span[1]]
        if not hit:
            kept.append(match.group().strip())
            continue
        better = instead[max(hit, key=lambda f: f.severity).cls]
        if better not in replaced:
            replaced.append(better)
            kept.append(better)
    result = " ".join(kept)
    return " ".join(replaced) if scan(result, lang=lang).findings else result
