"""A small notation for "who does what to whom", compiled to bounded regular expressions over tokens.

A pattern is a line of elements, matched against consecutive tokens of a normalised message:

    vas|va        one of these tokens (``_`` joins several: ``a_la_carcel``)
    amenaz*       a token that begins so
    @boss         a named set of the lexicon; may stand among alternatives: ``@boss|@family``
    [te|le]       may be absent
    ~3            up to three tokens of the same sentence
    +3            up to three tokens, whatever they are
    #             a number
    ^  $          the beginning and the end of a sentence
    !             a question mark must close the sentence (written at the end of the line)

Gaps are bounded and never cross the end of a sentence, so that no text can make matching explode.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Payload = TypeVar("Payload")
Other = TypeVar("Other")

MAX_GAP = 8
_ANY = 1_000_000  # the cost of an element that says nothing about which words must be there
REMEMBERED = 20_000  # words whose meaning is kept at hand; a later one is looked up again each time
# Too common to wake a pattern on their own.
_COMMON = """
a al ao aos as con com da das de del do dos e el em en es esta este eu ha haber la las le les lo los ma mas me mi 
minha meu na nas no nao nos o os para pero por pra pro que se seu si sua su sus te tu tua un una um uma usted 
voce y ya ja yo va vas vai vamos vou voy ser ir tiene tem ta estar hay lhe foi fue muy mais sin sem
"""
COMMON = frozenset(_COMMON.split())


@dataclass(frozen=True, slots=True)
class Pattern:
    """One compiled construction: the expression, and the tokens or beginnings of which one must be present.

    ``also``: of each of these sets one token must be present too, or running the expression is pointless.
    """

    source: str
    regex: re.Pattern[str]
    words: frozenset[str]
    stems: frozenset[str]
    vocabulary: frozenset[str]
    also: tuple[frozenset[str], ...] = ()


class PatternError(ValueError):
    """The lexicon itself is wrong: an unknown set, an empty element, a gap that is too wide."""


def _alternatives(element: str, sets: Mapping[str, Sequence[str]], seen: tuple[str, ...] = ()) -> Iterator[str]:
    for part in element.split("|"):
        if not part:
            raise PatternError(f"empty alternative in {element!r}")
        if part.startswith("@"):
            name = part[1:]
            if name not in sets or name in seen:
                raise PatternError(f"unknown or circular set {part!r}")
            for entry in sets[name]:
                yield from _alternatives(entry, sets, (*seen, name))
        else:
            yield part


def _word(word: str) -> str:
    if word == "#":
        return "[0-9][^ ]*"
    return re.escape(word[:-1]) + "[^ ]*" if word.endswith("*") else re.escape(word)


def _one(alternative: str) -> str:
    return " ".join(_word(word) for word in alternative.split("_"))


def compile_pattern(source: str, sets: Mapping[str, Sequence[str]]) -> Pattern:
    """Compile one line of the notation. Raises PatternError when the line is not well formed."""
    pieces: list[str] = []
    vocabulary: set[str] = set()
    anchors: list[tuple[int, frozenset[str], frozenset[str]]] = []
    closing = ""
    for element in source.split():
        comma = "(?:, )?" if pieces else ""
        if element == "^":
            pieces.append(r"(?:(?<=^ )|(?<=[.?] ))(?:, )?")
        elif element == "$":
            pieces.append(r"(?=$|[.?] )")
        elif element == "!":
            closing = r"(?=(?:[^ .?][^ ]* )*\? )"
        elif element.startswith("~"):
            width = int(element[1:])
            if width > MAX_GAP:
                raise PatternError(f"gap of {width} in {source!r}")
            pieces.append(f"(?:[^ .?][^ ]* ){{0,{width}}}?")
        elif element.startswith("+"):
            pieces.append(f"(?:[^ ]+ ){{0,{min(int(element[1:]), MAX_GAP)}}}?")
        else:
            optional = element.startswith("[")
            options = list(_alternatives(element.strip("[]"), sets))
            body = "(?:" + "|".join(sorted({_one(o) for o in options}, key=len, reverse=True)) + ") "
            for option in options:
                vocabulary.update(w for w in option.split("_") if w != "#")
            if optional:
                pieces.append(f"(?:{comma}{body})?")
                continue
            pieces.append(comma + body)
            words: set[str] = set()
            stems: set[str] = set()
            numeric = False
            for option in options:
                # A phrase is woken by its rarest-looking (longest uncommon) word.
                best = max(option.split("_"), key=lambda w: (w not in COMMON and w != "#", len(w)))
                if best == "#":
                    numeric = True  # a number cannot wake a pattern
                    break
                (stems if best.endswith("*") else words).add(best.rstrip("*"))
            cost = _ANY if numeric else len(words) + 2 * len(stems) + 1000 * len(words & COMMON)
            anchors.append((cost, frozenset(words), frozenset(stems)))
    if not any(cost < _ANY for cost, _, _ in anchors):
        raise PatternError(f"nothing to match in {source!r}")
    anchor = min(anchors, key=lambda a: a[0])
    also = tuple(words for cost, words, stems in anchors if (words, stems) != anchor[1:] and not stems and cost < _ANY)
    regex = re.compile("(?<= )" + "".join(pieces) + closing)
    return Pattern(source, regex, anchor[1], anchor[2], frozenset(vocabulary), also)


class PatternIndex(Generic[Payload]):
    """Patterns with a payload each, looked up by the tokens of a text so that only those that can match are run."""

    def __init__(self, entries: Iterable[tuple[Pattern, Payload]]) -> None:
        self._entries = tuple(entries)
        self._words: dict[str, list[int]] = {}
        self._stems: dict[str, list[int]] = {}
        for number, (pattern, _) in enumerate(self._entries):
            for word in pattern.words:
                self._words.setdefault(word, []).append(number)
            for stem in pattern.stems:
                self._stems.setdefault(stem, []).append(number)
        self._lengths = sorted({len(stem) for stem in self._stems})
        self._woken: dict[str, tuple[int, ...]] = {}

    def _wakes(self, token: str) -> tuple[int, ...]:
        """The patterns that a token wakes; remembered, since people use few words."""
        woken = self._woken.get(token)
        if woken is None:
            numbers = list(self._words.get(token, ()))
            for length in self._lengths:
                if length > len(token):
                    break
                numbers += self._stems.get(token[:length], ())
            woken = tuple(numbers)
            if len(self._woken) < REMEMBERED:
                self._woken[token] = woken
        return woken

    def map(self, change: Callable[[Payload], Other]) -> PatternIndex[Other]:
        """The same patterns with changed payloads."""
        return PatternIndex((pattern, change(payload)) for pattern, payload in self._entries)

    def matches(self, text: str, tokens: Iterable[str]) -> Iterator[tuple[re.Match[str], Payload]]:
        """Every match in the token text ``text`` (" tok tok "), in the order in which the patterns were written."""
        awake: set[int] = set()
        present = set(tokens)
        for token in present:
            awake.update(self._wakes(token))
        for number in sorted(awake):
            pattern, payload = self._entries[number]
            if any(present.isdisjoint(words) for words in pattern.also):
                continue
            for match in pattern.regex.finditer(text):
                yield match, payload
