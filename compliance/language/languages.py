"""Spanish or Portuguese, by the small words that only one of the two has."""

from __future__ import annotations

from collections.abc import Iterable

_ES = frozenset(
    "el los las una unos unas y usted ustedes su sus con del al es son soy eres muy pero porque cuando donde como hoy "
    "mañana pago deuda cuenta gracias hola buenos buenas dias tardes le les lo yo tu tengo tiene puede puedo quiero ya "
    "hay esta este estoy ahora hasta sin factura plata dinero aqui alguien nadie todavia entonces hacer hijo señor señora "
    "cuota ayer ir voy vas va vamos jefe mi mis".split()
)
_PT = frozenset(
    "o os as um uma uns umas e voce voces seu sua seus suas com do da dos das no na nos nas ao nao sim sao sou muito mas "
    "quando onde como hoje amanha pagamento divida conta obrigado obrigada oi ola bom boa dia tarde noite lhe eu tenho tem "
    "pode posso quero ja ha esta este estou agora ate sem fatura dinheiro aqui alguem ninguem ainda entao fazer filho "
    "senhor senhora parcela ontem vou vai vamos chefe meu minha pra pro pela pelo tambem isso isto foi".split()
)
_ES_ONLY, _PT_ONLY = _ES - _PT, _PT - _ES


def language_of(tokens: Iterable[str]) -> str:
    """``es`` or ``pt``; ``es`` when nothing tells."""
    score = 0
    for token in tokens:
        if token in _ES_ONLY:
            score += 1
        elif token in _PT_ONLY:
            score -= 1
        elif "ñ" in token or token.endswith(("cion", "ciones")):
            score += 1
        elif token.endswith(("cao", "coes", "ndo_")) or "nh" in token or "lh" in token:
            score -= 1
    return "pt" if score < 0 else "es"
