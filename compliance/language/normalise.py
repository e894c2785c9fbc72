"""One plain form of a message, whatever tricks were used to write it, with a way back to the original.

Accents, case, compatibility forms, look-alike letters of other scripts and invisible characters are folded letter by
letter; ñ stays (año is not ano). What needs judgement (leetspeak, spaced or dotted letters, doubled letters, masked
letters, split or glued words) is undone only where the result is a word that the rules know: ordinary codes, amounts
and names are never touched, and neither is anything that could not matter.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import pairwise, product
from pathlib import Path

import yaml

from compliance.language.patterns import COMMON

# BaseLoader: every scalar stays text.
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_SPELLING: dict[str, dict[str, str]] = yaml.load(
    (Path(__file__).parent / "lexicon" / "spelling.yaml").read_bytes(), Loader=_LOADER
)
MAX_CHARS = 4096  # the longest text message the channel carries; the rest of a longer text is not read

_LOOKALIKES = dict(
    zip(
        "аеорсхуікмтвнгдзбјѕԁһԛԝαεορτυικνμηχγβɑɡıɩʟɴʀѵꞵ",
        "aeopcxyikmtbhrdzbjsdhqwaeoptuiknmnxybagiilnrvb",
        strict=True,
    )
)
_WHITE = {"\u00a0": " ", "\n": "\n", "\r": "\n", "\t": " "}
_SIGNS: dict[str, str] = {**_SPELLING["signs"], **_WHITE}
_SHORT: dict[str, str] = _SPELLING["short"]
_LEET = {
    "4": "a", "@": "a", "3": "e", "€": "e", "1": "il", "!": "il", "|": "il", "0": "o", "5": "s", "$": "s", "7": "t",
    "+": "t", "8": "b", "9": "g", "6": "g", "2": "z",
}  # fmt: skip
_TOKEN = re.compile(
    r"\$?[0-9]+(?:[.,][0-9]+)+%?"
    r"|[a-zñ0-9@$€*][a-zñ0-9@$€*!|+_]*%?"
    r"|[.?!;\n]+|[,:]"
)
_SPACED = re.compile(
    r"(?<![a-zñ0-9@$])(?:[a-zñ0-9@$](?: {1,4}|[.\-_*/|~,\n]|[.\-_*/|~,] )){2,}[a-zñ0-9@$](?![a-zñ0-9@$])"
)
_RUN = re.compile(r"([a-zñ])\1+")
_STRETCHED = re.compile(r"([a-zñ])\1\1|([aiu])\2")
_TRIPLE = re.compile(r"([a-zñ])\1\1")
_QUOTED = re.compile(r'"[^"]{1,400}"|(?<![a-zñ0-9])\'[^\']{1,400}\'(?![a-zñ0-9])')


class _Folds(dict[str, str]):
    """Character to its folded form, worked out once per character ever seen (bounded by Unicode)."""

    def __missing__(self, char: str) -> str:
        folded = self[char] = _fold(char)
        return folded


def _fold(char: str) -> str:
    if char in _SIGNS:
        return _SIGNS[char]
    code = ord(char)
    if 0x1F1E6 <= code <= 0x1F1FF:  # flag letters
        return chr(code - 0x1F1E6 + 97)
    if char in "ñÑ":
        return "ñ"
    category = unicodedata.category(char)
    if category in ("Cf", "Mn", "Me", "Cc", "Cs", "Co", "Cn"):
        return ""
    out = ""
    for part in unicodedata.normalize("NFKD", char).casefold():
        part = _LOOKALIKES.get(part, part)
        part = _SIGNS.get(part, part)
        kind = unicodedata.category(part[0]) if part else "Mn"
        if kind == "Mn":
            continue
        out += part if (part.isascii() or part in "ñ€") else ("" if kind[0] in "LN" else " ")
    return out if out or category[0] == "L" else " "


_FOLDS = _Folds()


@dataclass(frozen=True, slots=True)
class Token:
    """A word, number or mark of the plain form, and where it stands in the original."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Normalised:
    """The plain form of a text.

    ``text`` is the tokens between single blanks, with one before and after; marks are reduced to ``.`` ``?`` and ``,``.
    ``quoted`` holds the spans of the original that stand between quotation marks.
    """

    original: str
    tokens: tuple[Token, ...]
    text: str
    quoted: tuple[tuple[int, int], ...]
    repairs: int  # how many tokens were written in disguise
    _at: tuple[int, ...] = field(repr=False, default=())

    def index(self, position: int) -> int:
        """The token that covers a position of ``text``."""
        return max(0, bisect_right(self._at, position) - 1)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original's (start, end) for a half-open stretch of ``text``; whole tokens."""
        if not self.tokens:
            return 0, 0
        first, last = self.index(start), self.index(max(start, end - 2))
        return self.tokens[first].start, self.tokens[last].end


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words that rules know: what a disguise may be undone into."""

    words: frozenset[str]
    stems: tuple[str, ...]
    masks: tuple[str, ...]  # the same, those that count alone first: what a masked word is tried against
    strong: frozenset[str]  # insults and swearing: the only words that are unmasked or put together from pieces

    def knows(self, word: str) -> bool:
        return word in self.words or (len(word) >= 4 and word.startswith(self.stems))


EMPTY = Vocabulary(frozenset(), (), (), frozenset())


def fold(text: str) -> str:
    """Case, accents (not ñ), compatibility forms, look-alikes and invisible characters folded; nothing else."""
    return "".join(_folded(text[:MAX_CHARS])[0])


def _folded(text: str) -> tuple[list[str], list[int]]:
    chars: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        if char == "\u0303" and chars and chars[-1] == "n" and place and text[place - 1] in "nN":
            chars[-1] = "ñ"
            continue
        for part in _FOLDS[char]:
            chars.append(part)
            places.append(place)
    return chars, places


def _undouble(word: str) -> list[str]:
    """A word's readings with its runs of one letter shortened to two or one."""
    runs = list(_RUN.finditer(word))
    if not runs or len(runs) > 4:
        return []
    readings: list[str] = []
    for lengths in product((1, 2), repeat=len(runs)):
        out, last = [], 0
        for run, length in zip(runs, lengths, strict=True):
            out += [word[last : run.start()], run.group(1) * length]
            last = run.end()
        readings.append("".join(out) + word[last:])
    return readings


def _unleet(word: str) -> list[str]:
    options = [_LEET.get(c, c) for c in word]
    count = 1
    for option in options:
        count *= len(option)
    return ["".join(chosen) for chosen in product(*options)] if count <= 32 else ["".join(o[0] for o in options)]


def _unmask(word: str, masks: tuple[str, ...]) -> str | None:
    if word[0] == "*" or not 3 <= len(word) <= 14 or sum(c.isalpha() for c in word) < 2:
        return None
    for candidate in masks:
        if len(candidate) == len(word) and all(a in ("*", b) for a, b in zip(word, candidate, strict=True)):
            return candidate
    return None


def _repair(word: str, vocabulary: Vocabulary) -> str:
    """The known word that this one disguises, or the word itself."""
    if word in _SHORT and not vocabulary.knows(word):
        return _SHORT[word]
    if word in vocabulary.words or word.isdigit() or len(word) > 40:
        return word
    if word.isalpha() and vocabulary.knows(word) and not _TRIPLE.search(word):
        return word
    if not word.isalpha():
        if "*" in word and (found := _unmask(word, vocabulary.masks)):
            return found
        bare = word.strip("*_|+")
        if any(c.isalpha() for c in bare):
            for reading in (bare, bare.replace("*", ""), *_unleet(bare)):
                if reading.isalpha() and vocabulary.knows(reading):
                    return reading
                for shorter in _undouble(reading):
                    if vocabulary.knows(shorter):
                        return shorter
        return bare or word
    for reading in _undouble(word):
        # "carro" is no "caro": a plain double letter is only undone for insults and swearing.
        if reading in vocabulary.strong or (_STRETCHED.search(word) and vocabulary.knows(reading)):
            return reading
    return word


def _segment(word: str, vocabulary: Vocabulary) -> list[str] | None:
    """Cut glued words apart, when all of it is known words (fewest pieces)."""
    if not 12 <= len(word) <= 60:
        return None
    best: list[list[str] | None] = [[]] + [None] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(max(0, end - 16), end):
            before, piece = best[start], word[start:end]
            if before is None or not (piece in vocabulary.words and (len(piece) > 1 or piece in "aoey")):
                continue
            current = best[end]
            if current is None or len(before) + 1 < len(current):
                best[end] = [*before, piece]
    pieces = best[-1]
    return pieces if pieces and 3 <= len(pieces) <= 10 and sum(len(p) >= 4 for p in pieces) >= 2 else None


def _spaced_words(run: str) -> list[tuple[int, int]]:
    """The words of a run of single letters: cut at the wider kind of gap, when there are two kinds."""
    letters = [i for i, c in enumerate(run) if c.isalnum() or c in "@$"]
    gaps = [run[a + 1 : b] for a, b in pairwise(letters)]
    wide = None
    if len(set(gaps)) > 1:
        shortest = min(len(g) for g in gaps)
        marks = any(g.strip() for g in gaps)
        wide = [(not g.strip() or len(g) > shortest) if marks else len(g) > shortest for g in gaps]
    words, first = [], letters[0]
    for number, place in enumerate(letters[:-1]):
        if wide and wide[number]:
            words.append((first, place + 1))
            first = letters[number + 1]
    words.append((first, letters[-1] + 1))
    return words


def normalise(text: str, vocabulary: Vocabulary = EMPTY) -> Normalised:
    """The plain form of a text of any length (only the first 4,096 characters are read)."""
    text = text[:MAX_CHARS]
    chars, places = _folded(text)
    plain = "".join(chars)
    tokens: list[Token] = []
    repairs = 0

    def original(start: int, end: int) -> tuple[int, int]:
        return places[start], places[end - 1] + 1

    def add_words(start: int, end: int) -> None:
        for found in _TOKEN.finditer(plain, start, end):
            raw, a, b = found.group(), found.start(), found.end()
            if raw[0] in ".?!;\n,:":
                mark = "?" if "?" in raw else "," if raw[0] in ",:" else "."
                # A lone full stop inside a name or number was not cut off by the expression above.
                if not (tokens and tokens[-1].text in ".?" and mark == "."):
                    tokens.append(Token(mark, *original(a, b)))
                continue
            stripped = raw.rstrip("!|+*_")
            if not stripped:
                continue
            tokens.append(Token(stripped, *original(a, a + len(stripped))))
            if raw != stripped and "!" in raw[len(stripped) :]:
                tokens.append(Token(".", *original(a + len(stripped), b)))

    last = 0
    for run in _SPACED.finditer(plain):
        body = run.group()
        letters = [c for c in body if c.isalpha()]
        if len(letters) < 3 or len(letters) * 2 < sum(c.isalnum() for c in body):
            continue
        cut = [("".join(c for c in body[a:b] if c.isalnum() or c in "@$"), a, b) for a, b in _spaced_words(body)]
        if not any(len(word) > 2 for word, _, _ in cut):
            continue
        add_words(last, run.start())
        for word, a, b in cut:
            tokens.append(Token(word, *original(run.start() + a, run.start() + b)))
        repairs += 1
        last = run.end()
    add_words(last, len(plain))

    mended: list[Token] = []
    seen: dict[str, str] = {}
    for place, token in enumerate(tokens):
        if token.text in ("4", "3", "0") and _stands_for_a_letter(place, tokens):
            token = Token({"4": "a", "3": "e", "0": "o"}[token.text], token.start, token.end)
        if token.text not in seen:
            seen[token.text] = token.text if token.text in ".?," else _repair(token.text, vocabulary)
        word = seen[token.text]
        if word != token.text and token.text not in _SHORT:
            repairs += 1
        pieces = None
        if vocabulary.words and len(word) >= 12 and word.isalnum() and (len(word) >= 16 or not vocabulary.knows(word)):
            pieces = _segment(word, vocabulary) or next(
                (p for r in _unleet(word) if r != word and (p := _segment(r, vocabulary))), None
            )
        mended.extend(Token(piece, token.start, token.end) for piece in pieces or word.split("_"))
        if pieces:
            repairs += 1
    if vocabulary.strong:
        mended, joined = _join_pieces(mended, vocabulary)
        repairs += joined

    at, position = [], 1
    for token in mended:
        at.append(position)
        position += len(token.text) + 1
    line = " " + " ".join(t.text for t in mended) + " " if mended else " "
    quoted = tuple(original(m.start(), m.end()) for m in _QUOTED.finditer(plain))
    return Normalised(text, tuple(mended), line, quoted, repairs, tuple(at))


def _stands_for_a_letter(place: int, tokens: list[Token]) -> bool:
    """A lone 4, 3 or 0 between words that are themselves written with digits ("v4 4 3nt3r4r")."""
    around = [tokens[p].text for p in (place - 1, place + 1) if 0 <= p < len(tokens)]
    return len(around) == 2 and all(any(c.isdigit() for c in t) and any(c.isalpha() for c in t) for t in around)


def _join_pieces(tokens: list[Token], vocabulary: Vocabulary) -> tuple[list[Token], int]:
    """Put a strong word that was written in two or three pieces ("im becil") together again."""
    out: list[Token] = []
    joined = 0
    place = 0
    seen: dict[str, bool] = {t.text: vocabulary.knows(t.text) for t in tokens}
    known = [seen[t.text] for t in tokens]
    marks = [t.text in ".?," for t in tokens]
    while place < len(tokens):
        for count in (3, 2):
            stop = place + count
            if stop > len(tokens) or all(known[place:stop]) or any(marks[place:stop]):
                continue
            group = tokens[place:stop]
            whole = "".join(t.text for t in group)
            if not 5 <= len(whole) <= 14:
                continue
            if count == 2 and any(t.text in COMMON for t in group):
                continue
            if whole not in vocabulary.strong:
                whole = next((r for r in _unleet(whole) if r in vocabulary.strong), "")
            if whole:
                out.append(Token(whole, group[0].start, group[-1].end))
                joined += 1
                place += count
                break
        else:
            out.append(tokens[place])
            place += 1
    return out, joined
