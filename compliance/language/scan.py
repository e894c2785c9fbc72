"""Read one message and say what in it may not be said, with class, severity, place and reason."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from unicodedata import category

from compliance.language.flags import CLASS_FLAGS, IDENTIFIER_FLAG
from compliance.language.identifiers import bare, identifiers
from compliance.language.languages import language_of
from compliance.language.lexicon import Rule, compiled, read
from compliance.language.model import CLASSES, OK, Author, Context, Finding, Scan
from compliance.language.normalise import MAX_CHARS, Normalised, normalise

_LISTS: dict[str, str] = read("negation.yaml")["words"]
_THROUGH, _HOLLOW, _CONDITION = (frozenset(_LISTS[name].split()) for name in ("through", "hollow", "condition"))
_PAYWORDS = tuple(_LISTS["pay"].split())
_NEGATORS = {"es": frozenset([*_LISTS["negators"].split(), "no"]), "pt": frozenset(_LISTS["negators"].split())}
_WHOEVER = frozenset({"quien", "quienes", "quem"})
_SUBJECTS = frozenset(["usted", "voce", "tu", "el", "la", "senhor", "senhora", "me", "le"])
_SHIELDED: dict[str, frozenset[str]] = {
    "warning": frozenset({"fraud_diversion", "false_legal_claim", "threat", "privacy", "off_policy_promise"}),
    "disavowal": frozenset({"fraud_diversion", "false_legal_claim", "threat", "privacy", "off_policy_promise"}),
    "reported": frozenset({"abusive", "profanity", "shaming", "threat"}),
    "idiom": frozenset({"threat", "abusive"}),
    "due_process": frozenset({"false_legal_claim"}),
    "courtesy": frozenset({"shaming", "composure_loss"}),
    "preference": frozenset({"threat"}),
    "not_money": frozenset({"fraud_diversion"}),
}
_DEBTOR_CLASSES = frozenset({"abusive", "profanity", "threat"})
_DEBTOR_THREATS = ("violence", "consequences", "know_where")
_DISCOUNT = re.compile(
    r"(?:descuento|desconto|quita|rebaja|abatimento)[^.?\n]{0,24}?(\d{1,3}) ?%"
    r"|(\d{1,3}) ?%[^.?\n]{0,16}?(?:descuento|desconto|quita|rebaja)",
    re.I,
)
_INSTALMENTS = re.compile(
    r"\b(\d{1,3}) ?(?:cuotas|parcelas|pagos|mensualidades|vezes|meses sin)\b|\b(\d{1,2})x\b", re.I
)
_SHOUT = re.compile(r"[!?¡¿]{3,}")


def _unnamed(text: str, names: Iterable[str]) -> str:
    """The text with these names blanked by letters that mean nothing, every other place as it was."""
    for name in names:
        if name.strip():
            whole = re.compile(rf"(?<!\w){re.escape(name.strip())}(?!\w)", re.IGNORECASE)
            text = whole.sub(lambda found: re.sub(r"\w", "q", found[0]), text)
    return text


def scan(text: str, *, author: Author = "agent", lang: str | None = None, context: Context | None = None) -> Scan:
    """Judge one message. Reads at most 4,096 characters. See Context for what makes the judgement exact.

    What a debtor writes is only looked at for abuse, swearing and threats: nothing else binds them.
    """
    context = context or Context()
    text = text[:MAX_CHARS]
    # What a creditor is called says nothing about anybody's conduct: "Fibrasur Internet" is no place to shame someone.
    normal = normalise(_unnamed(text, context.creditor_names), compiled().vocabulary)
    words = [t.text for t in normal.tokens]
    lang = "pt" if (lang or language_of(words)).startswith("pt") else "es"
    sentence = _sentences(words)
    excused = _shields(normal, words, sentence)
    quoted_by_debtor = [normalise(q, compiled().vocabulary).text.strip() for q in context.debtor_quoted]

    best: dict[tuple[str, int, int], Finding] = {}
    flags: set[str] = set()
    for match, rule in compiled().conduct.matches(normal.text, words):
        if rule.only_lang and rule.lang != lang:
            continue
        if author == "debtor" and not _binds_debtor(rule):
            continue
        first, last = normal.index(match.start()), normal.index(match.end() - 2)
        if _excused(rule, first, last, words, sentence, excused, normal, lang):
            continue
        span = normal.span(match.start(), match.end())
        if quoted_by_debtor and rule.cls in ("abusive", "profanity", "threat"):
            said = match.group().strip()
            if any(said in quote for quote in quoted_by_debtor):
                continue
        finding = Finding(rule.cls, rule.severity, span, rule.id)
        flags |= CLASS_FLAGS[rule.cls] | rule.flags
        best.setdefault((rule.cls, *span), finding)
    findings = _merge(list(best.values()))
    if author != "debtor":
        for rule, span in _combined(normal, words, sentence, excused, quoted_by_debtor, lang):
            # A construction that was recognised says it better than the notions in it.
            if any(f.span[0] < span[1] and span[0] < f.span[1] for f in findings):
                continue
            findings.append(Finding(rule.cls, rule.severity, span, rule.id))
            if rule.severity > 1:
                flags |= CLASS_FLAGS[rule.cls] | rule.flags
        shown, places = _shown(text)
        told = [*_numbers(shown, context, flags), *_limits(shown, context, flags)]
        findings += [replace(one, span=(places[one.span[0]], places[one.span[1] - 1] + 1)) for one in told]
        if author != "template" and (shout := _shouting(shown, len(text), words)):
            findings.append(shout)
            flags |= CLASS_FLAGS["composure_loss"]
    findings.sort(key=lambda f: (-f.severity, CLASSES.index(f.cls), f.span))
    return Scan(tuple(findings), frozenset(flags), findings[0].cls if findings else OK, lang)


def _binds_debtor(rule: Rule) -> bool:
    return rule.cls in _DEBTOR_CLASSES and (rule.cls != "threat" or rule.id.endswith(_DEBTOR_THREATS))


def _combined(
    normal: Normalised,
    words: list[str],
    sentence: list[int],
    shields: list[tuple[str, int, int]],
    quoted_by_debtor: list[str],
    lang: str,
) -> list[tuple[Rule, tuple[int, int]]]:
    """What stands together without being a known construction: the worst rule of each stretch, worst first."""
    negators = _NEGATORS[lang]

    def denied(place: int) -> bool:
        return words[place] in negators and words[place + 1 : place + 2] != ["?"] and not _hollow(place, words)

    found = []
    for hit in compiled().concepts[lang].hits(words, denied):
        rule = hit.payload
        # What a frame introduces may have been joined with words of the frame ("you wrote: band of thieves").
        if any(
            _excused(rule, first, hit.last, words, sentence, shields, normal, lang) for first in (hit.first, hit.last)
        ):
            continue
        if quoted_by_debtor and rule.cls in ("abusive", "threat"):
            said = " ".join(words[hit.first : hit.last + 1])
            if any(said in quote for quote in quoted_by_debtor):
                continue
        found.append((rule, (normal.tokens[hit.first].start, normal.tokens[hit.last].end)))
    found.sort(key=lambda f: (-f[0].severity, CLASSES.index(f[0].cls), f[1]))
    return found


def _sentences(words: list[str]) -> list[int]:
    numbers, number = [], 0
    for word in words:
        numbers.append(number)
        if word in ".?":
            number += 1
    return numbers


def _shields(normal: Normalised, words: list[str], sentence: list[int]) -> list[tuple[str, int, int]]:
    """(frame, its sentence, the token where it ends)"""
    return [
        (name, sentence[normal.index(match.start())], normal.index(match.end() - 2))
        for match, name in compiled().shields.matches(normal.text, words)
    ]


def _excused(
    rule: Rule,
    first: int,
    last: int,
    words: list[str],
    sentence: list[int],
    shields: list[tuple[str, int, int]],
    normal: Normalised,
    lang: str,
) -> bool:
    if rule.negatable and (_negated_before(first, words, lang) or _negated_inside(first, last, words, lang)):
        return True
    for name, at, end in shields:
        if rule.cls not in _SHIELDED[name]:
            continue
        if name == "reported":
            if at == sentence[first] and 0 <= first - end <= 6:
                return True
        elif at == sentence[first] or (
            name == "disavowal" and at == sentence[first] + 1 and _reaches(end, last, words)
        ):
            return True
    start, end_ = normal.tokens[first].start, normal.tokens[last].end
    if rule.cls in ("abusive", "profanity", "threat", "shaming"):
        for begin, close in normal.quoted:
            told = any(name == "reported" and at == sentence[first] for name, at, _ in shields)
            if told and begin <= start and end_ <= close:
                return True
    return False


def _reaches(end: int, last: int, words: list[str]) -> bool:
    """Whether a disavowal that ends here speaks of the words before it: "ignore it" does, "ignore whoever asks" not."""
    return end - last <= 5 and _WHOEVER.isdisjoint(words[end + 1 : end + 4])


def _negated_before(first: int, words: list[str], lang: str) -> bool:
    for place in range(first - 1, max(-1, first - 10), -1):
        word = words[place]
        if word in ".?":
            return False
        if word in _NEGATORS[lang]:
            return not _hollow(place, words)
        if word not in _THROUGH:
            return False
    return False


def _negated_inside(first: int, last: int, words: list[str], lang: str) -> bool:
    """ "usted no va a ir preso", matched from "usted" on."""
    for place in range(first, last):
        if words[place] in _NEGATORS[lang] and not _hollow(place, words):
            between = words[place + 1 : last]
            if all(w in _THROUGH for w in between[:2]):
                return True
    return False


def _hollow(place: int, words: list[str]) -> bool:
    """A negation that belongs to a condition or a figure of speech: "si no paga", "por no pagar", "no dude que"."""
    before = words[place - 1] if place else "."
    after = words[place + 1 : place + 4]
    if words[place] in ("sin", "sem"):
        return bool(after) and (after[0].startswith("pag") or after[0] == "que" or after[0] == "falta")
    # "no piense que no voy a llamar": the first "no" undoes the second.
    earlier = words[max(0, place - 4) : place]
    if any(w in _HOLLOW for w in (*after[:3], *earlier)) and not any(w in ".?" for w in earlier):
        return True
    pays = any(w.startswith(_PAYWORDS) for w in after[:3])
    if before in _CONDITION and pays:
        return True
    if pays and place > 1 and before in _SUBJECTS and words[place - 2] in _CONDITION:
        return True
    return bool(after) and after[0].startswith("pag") and "si" not in after


def _merge(findings: list[Finding]) -> list[Finding]:
    """One finding per class and stretch: overlapping ones of a class become the worst of them, over their union."""
    merged: list[Finding] = []
    for finding in sorted(findings, key=lambda f: (f.cls, f.span)):
        if merged and merged[-1].cls == finding.cls and finding.span[0] < merged[-1].span[1]:
            other = merged[-1]
            worst = finding if finding.severity > other.severity else other
            span = (other.span[0], max(other.span[1], finding.span[1]))
            merged[-1] = Finding(worst.cls, worst.severity, span, worst.rule)
        else:
            merged.append(finding)
    return merged


def _numbers(text: str, context: Context, flags: set[str]) -> list[Finding]:
    if sum(c.isdigit() for c in text) < 7 and "@" not in text and "alias" not in text.casefold():
        return []
    registered = None if context.registered_accounts is None else {bare(a) for a in context.registered_accounts}
    findings = []
    for found in identifiers(text):
        if registered and found.bare in registered:
            continue
        if found.kind == "account":
            if registered is None:
                continue
            flags |= CLASS_FLAGS["fraud_diversion"] | {IDENTIFIER_FLAG}
            findings.append(
                Finding("fraud_diversion", 3, (found.start, found.end), f"number.unregistered_{found.name}")
            )
        else:
            flags |= CLASS_FLAGS["privacy"] | {IDENTIFIER_FLAG}
            findings.append(Finding("privacy", 2, (found.start, found.end), f"number.{found.name}"))
    return findings


def _shown(text: str) -> tuple[str, list[int]]:
    """What a reader sees of it, and where each character stands in it: nobody sees a zero-width space."""
    places = [place for place, char in enumerate(text) if category(char) != "Cf"]
    return "".join(text[place] for place in places), places


def _limits(text: str, context: Context, flags: set[str]) -> list[Finding]:
    findings = []
    for pattern, limit, name in (
        (_DISCOUNT, context.max_discount_percent, "discount_above_policy"),
        (_INSTALMENTS, context.max_instalments, "instalments_above_policy"),
    ):
        if limit is None:
            continue
        for match in pattern.finditer(text):
            if int(match.group(1) or match.group(2)) > limit:
                flags |= CLASS_FLAGS["off_policy_promise"]
                findings.append(Finding("off_policy_promise", 2, match.span(), f"policy.{name}"))
    return findings


def _shouting(text: str, length: int, words: list[str]) -> Finding | None:
    """Capitals throughout with a shout's marks, or a long sentence of capitals that speaks to "you"."""
    if not _SHOUT.search(text):
        return None
    letters = [c for c in text if c.isalpha()]
    if len(letters) < 14 or sum(c.isupper() for c in letters) < 0.8 * len(letters):
        return None
    if not any(w not in ".?," for w in words):
        return None
    return Finding("composure_loss", 1, (0, length), "tone.shouting")
