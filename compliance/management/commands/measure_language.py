"""`manage.py measure_language`: precision, recall and false alarms of the language detector, and its speed.

Where there are no settings, `python -m compliance.management.commands.measure_language` does the same.
Prints a table per part of the labelled messages, the share of non-offensive public texts that are flagged (where those
sets lie beside the checkout), and milliseconds per message. Parts: tune, fresh, heldout, blind (corpus.yaml),
second-tune, second-heldout (second.yaml), unseen (unseen.yaml); what each is worth is told at the head of its file.
"""

from __future__ import annotations

import csv
import hashlib
import json
import statistics
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml
from django.core.management.base import BaseCommand

from compliance.language.model import OK
from compliance.language.scan import scan

ROOT = Path(__file__).resolve().parents[3]
LABELLED = ROOT / "tests" / "compliance" / "language"
PUBLIC = ROOT.parent / "shared" / "data"
PARTS = ("tune", "fresh", "heldout", "blind", "second-tune", "second-heldout", "unseen")
# The errors of these may be read; the other parts are only worth something while nobody does.
OPEN_PARTS = ("tune", "second-tune")
HEADING_CLASS = {"insult": "abusive"}


def second_part(text: str) -> str:
    """Which part an entry of second.yaml belongs to: three in five are for tuning, by the hash of the text."""
    return "second-tune" if int(hashlib.sha256(text.encode()).hexdigest(), 16) % 5 < 3 else "second-heldout"


def examples(part: str) -> Iterator[tuple[str, str, str, str]]:
    """(text, language, heading, expected class) of a part of the labelled messages."""
    own_file = {"second-tune": "second", "second-heldout": "second", "unseen": "unseen"}.get(part)
    data = yaml.safe_load((LABELLED / f"{own_file or 'corpus'}.yaml").read_text(encoding="utf-8"))
    for heading, by_lang in (data if own_file else data[part]).items():
        for lang, entries in by_lang.items():
            for entry in entries:
                text, cls = (
                    (entry, HEADING_CLASS.get(heading, heading)) if isinstance(entry, str) else (entry["t"], entry["c"])
                )
                if own_file != "second" or second_part(text) == part:
                    yield text, lang, heading, cls


def figures(part: str) -> dict[str, Any]:
    """Per class precision and recall of the main class, per heading the share found at all, and false alarms.

    ``blocked`` is the share of violations found with severity 2 or 3, ``false_blocks`` that of the lawful messages:
    a finding of severity 1 raises an alert only.
    """
    scans = [(heading, want, scan(text, lang=lang)) for text, lang, heading, want in examples(part)]
    rows = [(heading, want, s.main_class) for heading, want, s in scans]
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
        "blocked": sum(s.severity > 1 for _, want, s in scans if want != OK) / len(violations),
        "lawful": len(lawful),
        "false_alarms": sum(g != OK for g in lawful) / len(lawful),
        "false_blocks": sum(s.severity > 1 for _, want, s in scans if want == OK) / len(lawful),
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


def alarms_on_public_sets(most: int = 1_000_000) -> dict[str, dict[str, Any]]:
    """The share of non-offensive public texts with a finding; of a set of several times `most` texts, one in several.

    Their labels know nothing of swearing as such.
    """
    out: dict[str, dict[str, Any]] = {}
    for name, whole, lang in public_sets():
        texts = whole[:: max(1, len(whole) // most)]
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
    """Milliseconds per message of 1,000 characters made of the labelled sentences."""
    sentences = [t for part in ("tune", "heldout") for t, *_ in examples(part)]
    times = []
    for number in range(rounds):
        text = " ".join(sentences[(number * 7 + k) % len(sentences)] for k in range(40))[:1000]
        start = time.perf_counter()
        scan(text)
        times.append((time.perf_counter() - start) * 1000)
    times.sort()
    return {"median_ms": statistics.median(times), "p95_ms": times[int(len(times) * 0.95)], "max_ms": times[-1]}


def table(part: str, data: dict[str, Any]) -> list[str]:
    """The lines that show the figures of a part."""
    lines = [
        f"{part}: {data['violations']} violations, found {data['found']:.1%} (severity 2 or 3: {data['blocked']:.1%}); "
        f"{data['lawful']} lawful, false alarms {data['false_alarms']:.1%} ({data['false_blocks']:.1%}); "
        f"precision {data['precision']:.1%}",
        f"  {'class':24}{'n':>5}{'recall':>9}{'precision':>11}",
    ]
    for cls, row in data["classes"].items():
        lines.append(f"  {cls:24}{row['n']:>5}{row['recall']:>9.1%}{row['precision']:>11.1%}")
    lines.append("  found at all: " + ", ".join(f"{h} {r['found']:.0%}" for h, r in data["headings"].items()))
    return lines


class Command(BaseCommand):
    """Tables, or with --json one object. Needs no database."""

    help = "Measure the language detector on the labelled messages, the public sets and the clock."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to print."""
        parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
        parser.add_argument("--misses", action="store_true", help=f"list every error of {' and '.join(OPEN_PARTS)}")
        parser.add_argument("--no-public", action="store_true", help="leave the public sets out")

    def handle(self, *args: Any, **options: Any) -> None:
        """Measure and print."""
        parts = {part: figures(part) for part in PARTS}
        public = {} if options["no_public"] else alarms_on_public_sets()
        pace = speed()
        if options["json"]:
            self.stdout.write(json.dumps({**parts, "public": public, "speed": pace}))
            return
        for part, data in parts.items():
            self.stdout.write("\n".join(table(part, data)))
        for name, row in public.items():
            self.stdout.write(
                f"{name}: {row['n']} texts, flagged {row['flagged']:.2%}, "
                f"other than insults and swearing {row['flagged_other_than_words']:.2%}"
            )
        if not public and not options["no_public"]:
            self.stdout.write("public sets: absent, skipped")
        self.stdout.write("speed, 1,000 characters: " + ", ".join(f"{k} {v:.2f}" for k, v in pace.items()))
        if options["misses"]:
            self._list_misses()

    def _list_misses(self) -> None:
        for part in OPEN_PARTS:
            for text, lang, heading, cls in examples(part):
                got = scan(text, lang=lang)
                if got.main_class != cls:
                    rules = ", ".join(f.rule for f in got.findings)
                    self.stdout.write(f"{part} {lang} {heading}: wanted {cls}, got {got.main_class}: {text}  [{rules}]")


if __name__ == "__main__":
    command = Command()
    options = vars(command.create_parser("python -m", __spec__.name if __spec__ else "measure_language").parse_args())
    command.handle(**options)
