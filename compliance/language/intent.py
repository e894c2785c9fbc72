"""What a debtor wants, when they want to be left alone, and how they feel, read from one message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from compliance.language.dates import Offer, find_amount, find_date
from compliance.language.lexicon import compiled
from compliance.language.normalise import Normalised, normalise
from compliance.language.scan import scan

INTENTS_KNOWN = (
    "pay_now",
    "promise",
    "plan",
    "more_time",
    "paid_already",
    "dispute",
    "wrong_person",
    "hardship",
    "opt_out",
    "human",
    "abuse",
    "question",
    "greeting",
    "other",
)
# How sure a sign makes us; also which wins when several are found.
_CONFIDENCE = {
    "opt_out": 0.96,
    "wrong_person": 0.92,
    "paid_already": 0.9,
    "stands_paid": 0.9,
    "dispute": 0.88,
    "human": 0.87,
    "plan": 0.84,
    "hardship": 0.82,
    "more_time": 0.8,
    "pay_now": 0.78,
    "abuse": 0.75,
    "question": 0.6,
    "greeting": 0.6,
}
_PROMISE = 0.86
_WEAK = 0.25
_RIVAL = 0.12  # a second intent nearly as strong makes the first less sure


@dataclass(frozen=True, slots=True)
class Intent:
    """One intent of the common vocabulary; confidence 0..1; the span that shows it; a promise's day and amount."""

    name: str
    confidence: float
    span: tuple[int, int] | None = None
    value: Offer | None = None


def intent(text: str, lang: str | None = None, *, today: date | None = None) -> Intent:
    """The intent of a debtor's message. Days are counted from ``today`` (the debtor's date); without it none are."""
    normal = normalise(text, compiled().vocabulary)
    found = _signs(normal)
    offer, offer_span = _offer(normal, today)
    if offer and "promise" in found and found["promise"][0] >= 0.5:
        begin, end = found["promise"][1]
        if offer_span:
            begin, end = min(begin, offer_span[0]), max(end, offer_span[1])
        found["promise"] = (_PROMISE, (begin, end))
        if offer.on and today and offer.on > today:
            found.pop("pay_now", None)
            found.pop("stands_paid", None)
    elif (
        offer and offer.on and offer_span and not found and len(normal.tokens) <= 6 and not text.rstrip().endswith("?")
    ):
        found["promise"] = (0.6, offer_span)
    else:
        found.pop("promise", None)
        offer = None
    if stands := found.pop("stands_paid", None):
        found.setdefault("paid_already", stands)
    if not (found.keys() & {"opt_out", "wrong_person"}):
        rude = scan(text, author="debtor", lang=lang)
        if rude.findings:
            found["abuse"] = (_CONFIDENCE["abuse"], rude.findings[0].span)
    if "?" in text and "question" not in found:
        found["question"] = (0.55, (0, min(len(text), len(normal.original))))
    if not found:
        return Intent("other", 0.3)
    ranked = sorted(found.items(), key=lambda item: -item[1][0])
    name, (confidence, span) = ranked[0]
    rivals = [n for n, (c, _) in ranked[1:] if c > confidence - 0.1 and n not in ("question", "greeting", "abuse")]
    if rivals and name != "opt_out":
        confidence -= _RIVAL
    return Intent(name, round(confidence, 2), span, offer if name in ("promise", "plan", "more_time") else None)


def _signs(normal: Normalised) -> dict[str, tuple[float, tuple[int, int]]]:
    found: dict[str, tuple[float, tuple[int, int]]] = {}
    restrained: list[tuple[int, int]] = []
    stops: list[tuple[int, int]] = []
    for match, (name, weak) in compiled().intents.matches(normal.text, (t.text for t in normal.tokens)):
        span = normal.span(match.start(), match.end())
        if name == "not_opt_out":
            restrained.append(span)
            continue
        if name == "opt_out":
            stops.append(span)
            continue
        confidence = _CONFIDENCE.get(name, _PROMISE) - (_WEAK if weak else 0)
        if name not in found or confidence > found[name][0]:
            found[name] = (confidence, span)
    kept = [s for s in stops if not any(s[0] < b and a < s[1] for a, b in restrained)]
    if kept:
        found["opt_out"] = (_CONFIDENCE["opt_out"], kept[0])
    return found


def _offer(normal: Normalised, today: date | None) -> tuple[Offer | None, tuple[int, int] | None]:
    # Without a day to count from, the shape of a date still tells a promise from a question; any day does.
    when = find_date(normal, today or date(2000, 1, 3))
    amount = find_amount(normal, when[1] if when else None)
    if not when and not amount:
        return None, None
    spans = [s for s in (when[1] if when else None, amount[2] if amount else None) if s]
    return (
        Offer(when[0] if when and today else None, amount[0] if amount else None, bool(amount and amount[1])),
        (min(s[0] for s in spans), max(s[1] for s in spans)),
    )


def is_opt_out(text: str) -> bool:
    """Whether the writer asks to be left alone: a keyword alone, or in words anywhere in the message.

    A wish about hours, place or channel ("no me llamen al trabajo") is a preference, not a stop.
    """
    return "opt_out" in _signs(normalise(text, compiled().vocabulary))


def sentiment(text: str) -> int:
    """-1, 0 or 1."""
    normal = normalise(text, compiled().vocabulary)
    score = 0
    for _, kind in compiled().sentiment.matches(normal.text, (t.text for t in normal.tokens)):
        score += 1 if kind == "positive" else -1
    if scan(text, author="debtor").findings:
        score -= 2
    return (score > 0) - (score < 0)
