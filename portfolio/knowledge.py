"""What only the debtor and the creditor know: the two-point check that verifies who answers.

The answers are kept as keyed hashes inside a sealed value: a leaked table tells neither question nor answer.
"""

from __future__ import annotations

import hmac
import json
import random
import re

from portfolio import documents
from portfolio.models import Person
from tenants.secrets import lookup_hash, seal, unseal

DOCUMENT_LAST3, BIRTH_YEAR = "document_last3", "birth_year"
_PURPOSE = "knowledge"
_YEARS = range(1900, 2101)


def _hash(question: str, answer: str) -> str:
    return lookup_hash(f"knowledge:{question}", re.sub(r"\W", "", answer).upper())


def _known(person: Person) -> dict[str, str]:
    known: dict[str, str] = json.loads(unseal(person.knowledge, purpose=_PURPOSE)) if person.knowledge else {}
    return known


def keep(person: Person, *, document: str = "", birth_year: int | None = None) -> bool:
    """Put answers on an unsaved or changed person; returns whether anything changed. The caller saves."""
    before = _known(person)
    known = dict(before)
    if document:
        known[DOCUMENT_LAST3] = _hash(DOCUMENT_LAST3, documents.last_digits(document, 3))
    if birth_year:
        known[BIRTH_YEAR] = _hash(BIRTH_YEAR, str(birth_year))
    if known == before:
        return False
    person.knowledge = seal(json.dumps(known, sort_keys=True), purpose=_PURPOSE)
    return True


def drop(person: Person, question: str) -> bool:
    """Forget an answer; returns whether it was known. The caller saves."""
    known = _known(person)
    if known.pop(question, None) is None:
        return False
    person.knowledge = seal(json.dumps(known, sort_keys=True), purpose=_PURPOSE) if known else ""
    return True


def questions(person: Person) -> tuple[str, ...]:
    """What this person can be asked: any of `document_last3` and `birth_year`, the stronger first."""
    known = _known(person)
    return tuple(name for name in (DOCUMENT_LAST3, BIRTH_YEAR) if name in known)


def right(person: Person, question: str, answer: str) -> bool:
    """Whether the answer is right; False for a question that this person cannot be asked."""
    known = _known(person).get(question)
    return known is not None and hmac.compare_digest(known, _hash(question, answer))


def choices(person: Person, question: str, count: int = 3) -> list[str]:
    """The right answer among believable wrong ones, in an order that is the same each time; [] when not askable."""
    answer = _answer(person, question)
    if not answer:
        return []
    dice = random.Random(f"{person.pk}:{question}:{_known(person)[question]}")
    options = {answer}
    while len(options) < count:
        if question == BIRTH_YEAR:
            options.add(str(int(answer) + dice.choice([-9, -7, -5, -4, -3, -2, 2, 3, 4, 5, 6, 8])))
        else:
            options.add("".join(dice.choice("0123456789") if sign.isdigit() else sign for sign in answer))
            if not any(sign.isdigit() for sign in answer):
                options.add("".join(dice.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in answer))
    listed = sorted(options)
    dice.shuffle(listed)
    return listed


def _answer(person: Person, question: str) -> str:
    known = _known(person).get(question)
    if known is None:
        return ""
    if question == DOCUMENT_LAST3:
        answer = documents.last_digits(unseal(person.document, purpose="document"), 3)
        return answer if hmac.compare_digest(known, _hash(question, answer)) else ""
    return next((str(year) for year in _YEARS if hmac.compare_digest(known, _hash(question, str(year)))), "")
