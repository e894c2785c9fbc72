"""``python -m compliance.language.measure``: precision, recall and false alarms on the labelled corpus, and speed.

Prints a table per part of the corpus (tune, fresh, heldout, blind), false alarms on the non-toxic part of the public
sets beside the checkout where they are present, and milliseconds per message.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from compliance.language.model import OK
from compliance.language.scan import scan

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "tests" / "compliance" / "language" / "corpus.yaml"
PUBLIC = ROOT.parent / "shared" / "data"
PARTS = ("tune", "fresh", "heldout", "blind")
HEADING_CLASS = {"insult": "abusive"}


def examples(part: str, path: Path = CORPUS) -> Iterator[tuple[str, str, str, str]]:
    """(text, language, heading, expected class) of a part of the corpus."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    for heading, by_lang in data[part].items():
        for lang, entries in by_lang.items():
            for entry in entries:
                text, cls = (
                    (entry, HEADING_CLASS.get(heading, heading)) if isinstance(entry, str) else (entry["t"], entry["c"])
                )
                yield text, lang, heading, cls


def figures(part: str) -> dict[str, Any]:
    """Per class precision and recall of the main class, per heading the share found at all, and false alarms."""
    rows = [(h, c, scan(t, lang=lang).main_class) for t, lang, h, c in examples(part)]
    lawful = [got for _, want, got in rows if want == OK]
    classes = {}
    for cls in sorted({want for _, want, _ in rows} - {OK}):
        right = sum(want == got == cls for _, want, got in rows)
        wanted, given = sum(want == cls for _, want, _ in rows), sum(got == cls for _, _, got in rows)
        classes[cls] = {"n": wanted, "recall": right / wanted, "precision": right / given if given else 0.0}
    headings = {}
    for heading in sorted({h for h, want, _ in rows if want != OK}):
        got = [g for h, _, g in rows if h == heading]
        headings[heading] = {"n": len(got), "found": sum(g != OK for g in got) / len(got)}
    violations = [got for _, want, got in rows if want != OK]
    return {
        "violations": len(violations),
        "found": sum(g != OK for g in violations) / len(violations),
        "lawful": len(lawful),
        "false_alarms": sum(g != OK for g in lawful) / len(lawful),
        "precision": sum(g != OK for g in violations) / max(1, sum(g != OK for _, _, g in rows)),
        "classes": classes,
        "headings": headings,
    }


def public_sets() -> Iterator[tuple[str, list[str], str]]:
    """(name, non-offensive texts, language) of each public set that is present."""

    def column(path: Path, text: str, keep: Callable[[dict[str, str]], bool]) -> list[str]:
        with path.open(encoding="utf-8", newline="") as file:
            return [row[text] for row in csv.DictReader(file) if keep(row)]

    reddit = PUBLIC / "reddit-br-toxicity" / "toxicity_br_labeled_masked.csv"
    if reddit.exists():
        yield "reddit-br non-toxic (pt)", column(reddit, "body", lambda r: r["is_toxic"] in ("0", "0.0", "False")), "pt"
    told = PUBLIC / "told-br" / "ToLD-BR.csv"
    kinds = ("homophobia", "obscene", "insult", "racism", "misogyny", "xenophobia")
    if told.exists():
        yield "told-br nobody flags (pt)", column(told, "text", lambda r: not any(float(r[k]) for k in kinds)), "pt"
    for name, lang in (("spanish", "es"), ("portuguese", "pt")):
        path = PUBLIC / "multilingual-hatecheck" / f"hatecheck_cases_final_{name}.csv"
        if path.exists():
            yield (
                f"hatecheck non-hateful ({lang})",
                column(path, "test_case", lambda r: r["label_gold"] == "non-hateful"),
                lang,
            )


def alarms_on_public_sets() -> dict[str, dict[str, Any]]:
    """The share of non-offensive public texts with a finding. Their labels know nothing of swearing as such."""
    out: dict[str, dict[str, Any]] = {}
    for name, texts, lang in public_sets():
        scans = [scan(t, lang=lang) for t in texts]
        flagged = [s for s in scans if s.findings]
        swearing = sum(s.main_class in ("profanity", "abusive") for s in flagged)
        out[name] = {
            "n": len(texts),
            "flagged": len(flagged) / len(texts),
            "flagged_other_than_words": (len(flagged) - swearing) / len(texts),
        }
    return out


def speed(rounds: int = 300) -> dict[str, float]:
    """Milliseconds per message of 1,000 characters made of the corpus' own sentences."""
    sentences = [t for part in ("tune", "heldout") for t, *_ in examples(part)]
    times = []
    for number in range(rounds):
        text = " ".join(sentences[(number * 7 + k) % len(sentences)] for k in range(40))[:1000]
        start = time.perf_counter()
        scan(text)
        times.append((time.perf_counter() - start) * 1000)
    times.sort()
    return {"median_ms": statistics.median(times), "p95_ms": times[int(len(times) * 0.95)], "max_ms": times[-1]}


def _table(part: str, data: dict[str, Any]) -> list[str]:
    lines = [
        f"{part}: {data['violations']} violations, found {data['found']:.1%}; "
        f"{data['lawful']} lawful, false alarms {data['false_alarms']:.1%}; precision {data['precision']:.1%}",
        f"  {'class':24}{'n':>5}{'recall':>9}{'precision':>11}",
    ]
    for cls, row in data["classes"].items():
        lines.append(f"  {cls:24}{row['n']:>5}{row['recall']:>9.1%}{row['precision']:>11.1%}")
    lines.append("  found at all: " + ", ".join(f"{h} {r['found']:.0%}" for h, r in data["headings"].items()))
    return lines


def main(arguments: list[str] | None = None) -> int:
    """The command: a table, or with --json one object; --misses lists the errors of the tune part."""
    parser = argparse.ArgumentParser(prog="python -m compliance.language.measure", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    parser.add_argument("--misses", action="store_true", help="list every error of the tune part")
    parser.add_argument("--no-public", action="store_true", help="leave the public sets out")
    options = parser.parse_args(arguments)
    result: dict[str, Any] = {part: figures(part) for part in PARTS}
    result["public"] = {} if options.no_public else alarms_on_public_sets()
    result["speed"] = speed()
    write = sys.stdout.write
    if options.json:
        write(json.dumps(result) + "\n")
        return 0
    for part in PARTS:
        write("\n".join(_table(part, result[part])) + "\n")
    for name, row in result["public"].items():
        write(
            f"{name}: {row['n']} texts, flagged {row['flagged']:.2%}, "
            f"other than insults and swearing {row['flagged_other_than_words']:.2%}\n"
        )
    if not result["public"] and not options.no_public:
        write("public sets: absent, skipped\n")
    write("speed, 1,000 characters: " + ", ".join(f"{k} {v:.2f}" for k, v in result["speed"].items()) + "\n")
    if options.misses:
        for text, lang, heading, cls in examples("tune"):
            got = scan(text, lang=lang)
            if got.main_class != cls:
                rules = ", ".join(f.rule for f in got.findings)
                write(f"{lang} {heading}: wanted {cls}, got {got.main_class}: {text}  [{rules}]\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
