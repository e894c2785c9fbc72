"""`manage.py decide FILE`: worked cases through the gate, one JSON object per case."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from compliance.decide.cases import Case, read_cases, utc
from compliance.decide.documents import CaseError
from compliance.decide.explain import explain_decision
from compliance.decide.packs import load_packs
from compliance.decide.values import Decision


class Command(BaseCommand):
    """Decides the cases of a YAML file or of JSON lines; needs no database."""

    help = "Decide worked cases (YAML or JSON lines, - for standard input). One JSON object per case."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file, the language of the explanation, and whether to compare with `expect`."""
        parser.add_argument("file", help="cases as YAML or JSON lines; - reads standard input")
        parser.add_argument("--lang", choices=("es", "pt", "en"), default="es", help="language of the explanation")
        parser.add_argument("--check", action="store_true", help="compare with `expect`; exit 1 when something differs")

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit code 0; 1 when --check finds a difference; 2 when the input cannot be understood."""
        name = options["file"]
        try:
            text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8 text"
            self.stderr.write(f"{name}: {reason}; expected a file of cases, as YAML or JSON lines")
            sys.exit(2)
        try:
            cases = read_cases(text, "standard input" if name == "-" else name, load_packs())
        except CaseError as error:
            self.stderr.write(str(error))
            sys.exit(2)
        wrong = 0
        for case in cases:
            decision = case.decide()
            self.stdout.write(json.dumps(answer(case, decision, options["lang"]), ensure_ascii=False))
            for warning in case.warnings:
                self.stderr.write(f"warning: {warning}")
            if options["check"] and (differences := case.differences(decision)):
                wrong += 1
                self.stderr.write(f"{case.id}: {'; '.join(differences)}")
        if options["check"]:
            self.stderr.write(f"{len(cases) - wrong} of {len(cases)} cases as expected")
            if wrong:
                sys.exit(1)


def answer(case: Case, decision: Decision, lang: str) -> dict[str, Any]:
    """What is printed for one case."""
    zone = case.facts.zones[0] if case.facts.zones else "UTC"
    return {
        "id": case.id,
        "verdict": decision.verdict,
        "decision": "allow" if decision.allowed else "deny",
        "rules": list(decision.rules),
        "next_allowed_utc": utc(decision.next_allowed_at),
        "explanation": explain_decision(decision, lang, zone),
    }
