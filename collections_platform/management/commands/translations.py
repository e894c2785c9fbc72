"""`manage.py translations [--check]`: keep locale/ in step with what the code says, and compile it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings

from collections_platform.translations import LOCALES, collect, troubles, update
from compliance.management.checking import CheckCommand


class Command(CheckCommand):
    """Takes new texts into the catalogues, drops old ones, compiles, and says what is left to translate."""

    help = (
        "Collect the texts of the source into locale/*/LC_MESSAGES/django.po, compile django.mo, name what is missing."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whether anything is written."""
        parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when something is missing")

    def examine(self, **options: Any) -> dict[str, Any]:
        """Texts, languages, and one line for each trouble."""
        found = collect(settings.BASE_DIR)
        if not options["check"]:
            update(settings.BASE_DIR, found)
        wrong = list(troubles(settings.BASE_DIR, found))
        return {"ok": not wrong, "texts": len(found.texts), "languages": list(LOCALES), "troubles": wrong}
