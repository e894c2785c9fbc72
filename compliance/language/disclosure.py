"""How much a text gives away about a debt: what the reader's verified identity must permit."""

from __future__ import annotations

from collections.abc import Iterable

from compliance.language.dates import find_amount
from compliance.language.lexicon import compiled
from compliance.language.normalise import fold, normalise


def disclosure_of(text: str, creditor_names: Iterable[str] = ()) -> int:
    """0 nothing, 1 the creditor is named, 2 that a debt exists, 3 an amount (of money, not a count or a reference)."""
    normal = normalise(text, compiled().vocabulary)
    signs = {name for _, name in compiled().disclosure.matches(normal.text, (t.text for t in normal.tokens))}
    amount = find_amount(normal)
    if amount and (amount[1] or "debt" in signs) and "none" not in signs:
        return 3 if amount[1] or "sum" in signs else 2
    if "debt" in signs:
        return 2
    plain = fold(text)
    return 1 if any(name.strip() and fold(name).strip() in plain for name in creditor_names) else 0
