"""The words and constructions, compiled once from the YAML beside this file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from compliance.language.concepts import Concepts
from compliance.language.normalise import Vocabulary
from compliance.language.patterns import Pattern, PatternError, PatternIndex, compile_pattern

_HERE = Path(__file__).parent
# Every scalar stays text: YAML would otherwise read the Spanish "no" as false.
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@dataclass(frozen=True, slots=True)
class Rule:
    """Why a construction counts: its class, severity, the extra content flags, and how it is judged."""

    id: str
    cls: str
    severity: int
    flags: frozenset[str]
    lang: str
    negatable: bool  # False: the "no" is part of the construction ("no te da vergüenza")
    only_lang: bool  # the word is harmless in the other language


def read(name: str) -> dict[str, Any]:
    """One YAML file of this folder."""
    with (_HERE / name).open("rb") as file:
        data: dict[str, Any] = yaml.load(file, Loader=_LOADER)  # builds text, lists and maps only
    return data


def compile_lines(lines: list[str], sets: dict[str, list[str]], where: str) -> list[tuple[Pattern, bool]]:
    """Compile a rule's lines; each with whether a negation before it excuses it."""
    compiled = []
    for line in lines:
        negatable = "{neg}" not in line
        try:
            compiled.append((compile_pattern(line.replace("{neg}", "").strip(), sets), negatable))
        except PatternError as error:
            raise PatternError(f"{where}: {error}") from error
    return compiled


def _conduct() -> tuple[PatternIndex[Rule], set[str], set[str], set[str]]:
    """The rules; every word in them; the words that count alone; those that count only when aimed at someone."""
    entries: list[tuple[Pattern, Rule]] = []
    alone: set[str] = set()
    aimed: set[str] = set()
    vocabulary: set[str] = set()
    for name in ("es", "pt"):
        data = read(f"{name}.yaml")
        sets: dict[str, list[str]] = data["sets"]
        for cls, rules in data["rules"].items():
            for rule_id, body in rules.items():
                local = {**sets, "weak": body.get("weak", [])}
                only = set(body.get("only", ()))
                full_id = f"{name}.{cls}.{rule_id}"
                flags = frozenset(body.get("flags", ()))
                for word in body.get("strong", ()):
                    rule = Rule(full_id, cls, int(body["sev"]), flags, name, cls != "profanity", word in only)
                    pattern = compile_pattern(word.replace("-", "_"), local)
                    entries.append((pattern, rule))
                    vocabulary |= pattern.vocabulary
                    alone |= {w for w in pattern.vocabulary if len(w) > 2 and len(pattern.vocabulary) == 1}
                aimed |= {w for w in body.get("weak", ()) if len(w) > 4 and "_" not in w}
                for pattern, negatable in compile_lines(body.get("p", []), local, full_id):
                    negatable = negatable and cls != "profanity"
                    entries.append((pattern, Rule(full_id, cls, int(body["sev"]), flags, name, negatable, False)))
                    vocabulary |= pattern.vocabulary
    return PatternIndex(entries), vocabulary, alone, aimed


def _concepts() -> dict[str, Concepts[Rule]]:
    """The order-free rules of each language."""
    built: dict[str, Concepts[Rule]] = {}
    for name in ("es", "pt"):
        data = read(f"concepts_{name}.yaml")
        lines: list[tuple[str, Rule]] = []
        for cls, rules in data["rules"].items():
            for rule_id, body in rules.items():
                flags = frozenset(body.get("flags", ()))
                rule = Rule(f"{name}.{cls}.near.{rule_id}", cls, int(body["sev"]), flags, name, False, False)
                lines += [(line, rule) for line in body["p"]]
        built[name] = Concepts(data["notions"], lines)
    return built


def _mentions() -> tuple[PatternIndex[str], PatternIndex[str], set[str]]:
    """What is no violation by itself but raises a flag of some pack, and the frames that excuse a finding."""
    data = read("mentions.yaml")
    sets: dict[str, list[str]] = data["sets"]
    vocabulary: set[str] = set()
    built: list[PatternIndex[str]] = []
    for part in ("mentions", "shields"):
        entries = []
        for name, lines in data[part].items():
            for pattern, _ in compile_lines(lines, sets, name):
                entries.append((pattern, name))
                vocabulary |= pattern.vocabulary
        built.append(PatternIndex(entries))
    return built[0], built[1], vocabulary


def _named(name: str, part: str) -> tuple[PatternIndex[tuple[str, bool]], set[str]]:
    """A part of a file as an index of (heading, whether the sign is weak)."""
    data = read(name)
    sets: dict[str, list[str]] = data["sets"]
    entries: list[tuple[Pattern, tuple[str, bool]]] = []
    for heading, lines in data[part].items():
        for line in lines:
            (pattern, _), *_rest = compile_lines([line.replace("{w}", "")], sets, f"{name}: {heading}")
            entries.append((pattern, (heading, "{w}" in line)))
    return PatternIndex(entries), {w for p, _ in entries for w in p.vocabulary}


def _plain(index: tuple[PatternIndex[tuple[str, bool]], set[str]]) -> PatternIndex[str]:
    return index[0].map(lambda payload: payload[0])


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Everything that the YAML files say, ready to be looked for in a text."""

    conduct: PatternIndex[Rule]
    concepts: dict[str, Concepts[Rule]]
    mentions: PatternIndex[str]
    shields: PatternIndex[str]
    intents: PatternIndex[tuple[str, bool]]
    sentiment: PatternIndex[str]
    disclosure: PatternIndex[str]
    vocabulary: Vocabulary


@cache
def compiled() -> Lexicon:
    """The lexicon, compiled when it is first asked for: half a second that a command which reads no text is spared.

    Whoever serves people asks for it while it starts.
    """
    conduct, conduct_words, alone, aimed = _conduct()
    concepts = _concepts()
    mentions, shields, mention_words = _mentions()
    intents, intent_words = _named("intents.yaml", "intents")
    sentiment, disclosure = _named("intents.yaml", "sentiment"), _named("disclosure.yaml", "signs")
    words = conduct_words | mention_words | intent_words | sentiment[1] | disclosure[1]
    words |= {word for each in concepts.values() for word in each.vocabulary}
    return Lexicon(
        conduct, concepts, mentions, shields, intents, _plain(sentiment), _plain(disclosure),
        Vocabulary(
            words=frozenset(w for w in words if not w.endswith("*")),
            stems=tuple(sorted({w[:-1] for w in words if w.endswith("*") and len(w) > 4})),
            masks=tuple(w for some in (alone, aimed - alone) for w in sorted(some) if w.isalnum()),
            strong=frozenset(w for w in alone | aimed if w.isalnum()),
        ),
    )  # fmt: skip
