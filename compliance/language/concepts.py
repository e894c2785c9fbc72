"""Order-free rules: which notions stand together in a sentence, in whatever words and order.

A construction (`patterns.py`) finds what it spells out. Here a rule names notions ("will tell", "your people"), each a
list of words, beginnings and short phrases, and holds where all of them occur close together:

    will tell your_third -asked ~12 {neg}

    will tell        both notions; a|b is either of two
    -asked           a guard: not where this one stands in the same sentence
    -question        not in a question
    ~12              all within so many words (default 12)
    {neg}            a "no" beside it does not excuse it (it belongs to the phrase)
    {wide}           the words may stand in neighbouring sentences

Words of a notion: ``preso``, ``carcel*`` (a beginning), ``tras_las_rejas`` (a phrase), ``@your_@kin`` (a phrase of notions).
The notion ``idle`` silences its words: "preso en el trafico" means nothing. Every step is a table look-up or a scan of
the words, so that time grows with the length of the text only.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from compliance.language.normalise import fold
from compliance.language.patterns import REMEMBERED

Payload = TypeVar("Payload")

DEFAULT_WIDTH = 12
IDLE = "idle"
QUESTION = "question"
# How far before the first word of a finding a negation still reaches it.
REACH = 4
_MARKS = ".?"


class ConceptError(ValueError):
    """The lexicon itself is wrong: an unknown notion, a rule without one, an empty word."""


@dataclass(frozen=True, slots=True)
class Combination(Generic[Payload]):
    """One rule: the notions asked for (a mask each), those that forbid it, how close, and what it means."""

    source: str
    slots: tuple[int, ...]
    guards: int
    width: int
    negatable: bool
    wide: bool
    payload: Payload


@dataclass(frozen=True, slots=True)
class _Phrase:
    """What follows a first word: for each further word its own text, a beginning, or the notions that it may have."""

    rest: tuple[str | int, ...]
    bits: int


@dataclass(slots=True)
class _Seen:
    """What a word says by itself, and the phrases that it may begin."""

    bits: int
    by_next: dict[str, list[_Phrase]]  # those whose second word is spelled out
    loose: list[_Phrase]


@dataclass(frozen=True, slots=True)
class Hit(Generic[Payload]):
    """A rule that holds, and the words (positions in the list given) from the first to the last that it rests on."""

    payload: Payload
    first: int
    last: int
    source: str = field(default="", compare=False)


def _fits(element: str | int, word: str, bits: int) -> bool:
    if isinstance(element, int):
        return bool(element & bits)
    return word.startswith(element[:-1]) if element.endswith("*") else word == element


def _nearest(places: Sequence[int], to: int) -> int:
    right = bisect_left(places, to)
    if right == len(places):
        return places[-1]
    if right and to - places[right - 1] <= places[right] - to:
        return places[right - 1]
    return places[right]


class Concepts(Generic[Payload]):
    """The notions and rules of one language, ready to read words."""

    def __init__(self, notions: Mapping[str, str], rules: Sequence[tuple[str, Payload]]) -> None:
        """``notions``: name to its words; ``rules``: lines of the notation with what each means. Raises ConceptError."""
        self._bits = {name: 1 << n for n, name in enumerate((*notions, *({IDLE, QUESTION} - set(notions))))}
        self._idle, self._question = self._bits[IDLE], self._bits[QUESTION]
        self._words: dict[str, int] = {}
        self._stems: dict[str, int] = {}
        self._first_words: dict[str, list[_Phrase]] = {}
        self._first_stems: dict[str, list[_Phrase]] = {}
        self.vocabulary: set[str] = set()
        notions = {name: " ".join(fold(entry) for entry in text.split()) for name, text in notions.items()}
        singles: dict[str, list[str]] = {}
        for name, text in notions.items():
            for entry in text.split():
                self._add_word(self._bits[name], entry, singles.setdefault(name, []))
        for name, text in notions.items():
            for entry in text.split():
                if "_" in entry:
                    self._add_phrase(self._bits[name], entry, singles)
        self._lengths = sorted({len(s) for s in (*self._stems, *self._first_stems)})
        self._by_anchor: dict[int, list[int]] = {}
        self.rules = [self._combination(line, payload) for line, payload in rules]
        for number, rule in enumerate(self.rules):
            # Looked up by its rarest notion: the one with the fewest words.
            anchor = min(rule.slots, key=lambda slot: self._size(slot, notions))
            for bit in self._split(anchor):
                self._by_anchor.setdefault(bit, []).append(number)
        self._seen: dict[str, _Seen] = {}

    def _add_word(self, bit: int, entry: str, singles: list[str]) -> None:
        if not entry.strip("*_@"):
            raise ConceptError(f"empty word {entry!r}")
        if "_" in entry:
            self.vocabulary.update(w for w in entry.split("_") if not w.startswith("@"))
            return
        self.vocabulary.add(entry)
        singles.append(entry)
        table, key = (self._stems, entry[:-1]) if entry.endswith("*") else (self._words, entry)
        table[key] = table.get(key, 0) | bit

    def _add_phrase(self, bit: int, entry: str, singles: Mapping[str, list[str]]) -> None:
        first, *others = entry.split("_")
        rest: list[str | int] = [self._mask(w[1:]) if w.startswith("@") else w for w in others]
        if first.startswith("@") and first[1:] not in singles:
            raise ConceptError(f"unknown notion in {entry!r}")
        for word in singles[first[1:]] if first.startswith("@") else [first]:
            phrase = _Phrase(tuple(rest), bit)
            if word.endswith("*"):
                self._first_stems.setdefault(word[:-1], []).append(phrase)
            else:
                self._first_words.setdefault(word, []).append(phrase)

    def _mask(self, names: str) -> int:
        mask = 0
        for name in names.split("|"):
            if name not in self._bits:
                raise ConceptError(f"unknown notion {name!r}")
            mask |= self._bits[name]
        return mask

    def _split(self, mask: int) -> Iterator[int]:
        return (bit for bit in self._bits.values() if bit & mask)

    def _size(self, mask: int, notions: Mapping[str, str]) -> int:
        return sum(len(notions.get(name, "").split()) for name, bit in self._bits.items() if bit & mask)

    def _combination(self, line: str, payload: Payload) -> Combination[Payload]:
        slots: list[int] = []
        guards, width, negatable, wide = 0, DEFAULT_WIDTH, True, False
        for element in line.split():
            if element == "{neg}":
                negatable = False
            elif element == "{wide}":
                wide = True
            elif element.startswith("~"):
                width = int(element[1:])
            elif element.startswith("-"):
                guards |= self._mask(element[1:])
            else:
                slots.append(self._mask(element))
        if not slots:
            raise ConceptError(f"nothing to look for in {line!r}")
        return Combination(line, tuple(slots), guards, width, negatable, wide, payload)

    def _look(self, word: str) -> _Seen:
        seen = self._seen.get(word)
        if seen is None:
            bits = self._words.get(word, 0)
            phrases = list(self._first_words.get(word, ()))
            for length in self._lengths:
                if length > len(word):
                    break
                bits |= self._stems.get(word[:length], 0)
                phrases += self._first_stems.get(word[:length], ())
            by_next: dict[str, list[_Phrase]] = {}
            loose: list[_Phrase] = []
            for phrase in phrases:
                second = phrase.rest[0]
                spelled = isinstance(second, str) and not second.endswith("*")
                (by_next.setdefault(str(second), []) if spelled else loose).append(phrase)
            seen = _Seen(bits, by_next, loose)
            if len(self._seen) < REMEMBERED:
                self._seen[word] = seen
        return seen

    def hits(self, words: Sequence[str], denied: Callable[[int], bool]) -> Iterator[Hit[Payload]]:
        """Every rule that holds in a message, once per sentence.

        ``words``: its words and marks; ``denied(place)``: whether the word there is a negation that denies something.
        """
        seen = [self._look(w) for w in words]
        marks, spoken = self._marks(words, seen)
        start = 0
        ends = [n for n, w in enumerate(words) if w in _MARKS]
        sentences: list[tuple[int, int, int]] = []
        for end in (*ends, len(words)):
            mask = 0
            for place in range(start, end):
                mask |= marks[place][0] if place in marks else 0
            if mask and end < len(words) and words[end] == "?":
                mask |= self._question
            sentences.append((start, end, mask))
            start = end + 1
        for number, (begin, end, mask) in enumerate(sentences):
            if not mask:
                continue
            wider = mask
            last = end
            if number + 1 < len(sentences):
                wider |= sentences[number + 1][2]
                last = sentences[number + 1][1]
            for rule in self._awake(wider):
                if rule.wide:
                    begin_, end_, have = begin, last, wider
                else:
                    begin_, end_, have = begin, end, mask
                if rule.guards & have or not all(slot & have for slot in rule.slots):
                    continue
                for found in self._windows(rule, marks, begin_, end_):
                    if not (rule.negatable and self._is_denied(found, begin_, spoken, denied)):
                        yield Hit(rule.payload, *found, rule.source)
                        break

    def _marks(self, words: Sequence[str], seen: Sequence[_Seen]) -> tuple[dict[int, tuple[int, int]], set[int]]:
        """Place to (notions, the last word they rest on); and the places that belong to a phrase."""
        silent: set[int] = set()
        phrases: list[tuple[int, int, int]] = []
        for place, one in enumerate(seen):
            if not one.by_next and not one.loose:
                continue
            after = place + 1
            if after < len(words) and words[after] == ",":
                after += 1
            if after >= len(words):
                continue
            for phrase in (*one.by_next.get(words[after], ()), *one.loose):
                stop = self._phrase_end(phrase, words, seen, place)
                if stop is None:
                    continue
                if phrase.bits & self._idle:
                    silent.update(range(place, stop + 1))
                else:
                    phrases.append((place, stop, phrase.bits))
        marks = {p: (one.bits, p) for p, one in enumerate(seen) if one.bits and p not in silent}
        spoken: set[int] = set()
        for place, stop, bits in phrases:
            if place in silent or stop in silent:
                continue
            spoken.update(range(place, stop + 1))
            old, reach = marks.get(place, (0, place))
            marks[place] = (old | bits, max(reach, stop))
        return marks, spoken

    def _phrase_end(self, phrase: _Phrase, words: Sequence[str], seen: Sequence[_Seen], place: int) -> int | None:
        for element in phrase.rest:
            place += 1
            if place < len(words) and words[place] == ",":
                place += 1
            if place >= len(words) or not _fits(element, words[place], seen[place].bits):
                return None
        return place

    def _awake(self, mask: int) -> list[Combination[Payload]]:
        numbers: set[int] = set()
        for bit, some in self._by_anchor.items():
            if bit & mask:
                numbers.update(some)
        return [self.rules[number] for number in sorted(numbers)]

    def _windows(
        self, rule: Combination[Payload], marks: Mapping[int, tuple[int, int]], begin: int, end: int
    ) -> Iterator[tuple[int, int]]:
        """For each place of the first notion, the stretch to the nearest place of each other one, where close enough."""
        places: list[list[int]] = [[] for _ in rule.slots]
        for place in range(begin, end):
            if place in marks:
                bits = marks[place][0]
                for number, slot in enumerate(rule.slots):
                    if bits & slot:
                        places[number].append(place)
        if not all(places):
            return
        for anchor in places[0]:
            chosen = [anchor, *(_nearest(others, anchor) for others in places[1:])]
            first, last = min(chosen), max(chosen)
            if last - first <= rule.width:
                yield first, max(marks[p][1] for p in chosen)

    def _is_denied(self, found: tuple[int, int], begin: int, spoken: set[int], denied: Callable[[int], bool]) -> bool:
        return any(p not in spoken and denied(p) for p in range(max(begin, found[0] - REACH), found[1] + 1))
