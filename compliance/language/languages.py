"""Spanish or Portuguese, by the small words that only one of the two has."""

from __future__ import annotations

from collections.abc import Iterable

from compliance.language.lexicon import read

_LISTS: dict[str, str] = read("languages.yaml")["words"]
_ES, _PT = frozenset(_LISTS["es"].split()), frozenset(_LISTS["pt"].split())
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
        elif token.endswith(("cao", "coes")) or "nh" in token or "lh" in token:
            score -= 1
    return "pt" if score < 0 else "es"
