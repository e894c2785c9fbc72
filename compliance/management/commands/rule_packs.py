"""`manage.py rule_packs load|list|diff|propose|approve|sign-off|retire`: editions of the rules, and how they change."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.db import transaction

from compliance.casebook import red_cases
from compliance.decide import load_packs
from compliance.editions import approve, edition_of, packs_at, propose, retire, sign_off
from compliance.models import RulePackVersion
from compliance.packfile import read_packs
from compliance.queries import editions
from compliance.rulesets import as_json, differences, load_rule_packs
from kernel.clock import machine_now
from kernel.errors import DomainError
from tenants.management.json_command import JsonCommand, instant, operator
from tenants.management.operators import proved_operator


class Command(JsonCommand):
    """A changed pack is a new edition: one operator proposes it, another approves it, its date switches it on."""

    help = "Load, list and compare editions of the rule packs; propose, approve, sign off and retire them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One verb each."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        load = verbs.add_parser(
            "load", help="take packs in: the first of a release hold at once, changed ones are drafts"
        )
        load.add_argument("--folder", type=Path, help="a folder of YAML files, as drafts (needs --by)")
        _new(load)
        _named(load, required=False)
        verbs.add_parser("list", help="every edition")
        diff = verbs.add_parser("diff", help="what changed between two editions, or between the newest and the files")
        diff.add_argument("code", help="br, mx, common, ...")
        diff.add_argument("before", nargs="?", type=int, help="edition (default: the newest)")
        diff.add_argument("after", nargs="?", type=int, help="edition (default: the files)")
        diff.add_argument("--folder", type=Path, help="YAML files (default: the packs that are shipped)")
        new = verbs.add_parser("propose", help="a pack as a draft of its next edition; a second person approves it")
        new.add_argument("path", type=Path, help="a YAML file, or a folder of them")
        _new(new)
        _named(new)
        for verb, word, needed in (
            ("approve", "--note", False), ("sign-off", "--lawyer", True), ("retire", "--reason", True),
        ):  # fmt: skip
            parsed = verbs.add_parser(verb, help=_HELP[verb])
            parsed.add_argument("code", help="br, mx, common, ...")
            parsed.add_argument("edition", type=int)
            parsed.add_argument(word, dest="words", required=needed, default="", help=_WORDS[verb])
            _named(parsed)

    def answer(self, **options: Any) -> dict[str, Any]:
        """The editions that are new, changed, or all of them; or the changes between two."""
        verb = options["verb"]
        if verb == "load":
            return self._load(**options)
        if verb == "diff":
            return self._diff(**options)
        if verb == "list":
            return {"editions": [told(row) for row in editions()]}
        if verb == "propose":
            return self._propose(**options)
        return self._decide(**options)

    def _load(self, **options: Any) -> dict[str, Any]:
        if options["folder"] is not None:
            if not options["by"]:
                raise DomainError("author_missing", "packs of a folder are proposed by somebody: add --by EMAIL")
            return self._propose(**options | {"path": options["folder"]})
        with transaction.atomic():
            fresh = load_rule_packs(now=machine_now(), author=operator())
        return {"loaded": [told(row) for row in fresh], "editions": RulePackVersion.objects.count()}

    def _propose(self, **options: Any) -> dict[str, Any]:
        files = read_packs(options["path"])
        fresh = propose(
            files, by=proved_operator(options["by"]), now=machine_now(), effective_from=options["effective_from"],
            note=options["note"],
        )  # fmt: skip
        packs = packs_at(machine_now()) | {one.pack().code: one.pack() for one in files}
        return {"proposed": [told(row) | {"red_cases": red_cases(packs, row.code)} for row in fresh]}

    def _decide(self, **options: Any) -> dict[str, Any]:
        code, number, words = options["code"], options["edition"], options["words"]
        who: dict[str, Any] = {"by": proved_operator(options["by"]), "now": machine_now()}
        if options["verb"] == "approve":
            return {"approved": told(approve(code, number, note=words, **who))}
        if options["verb"] == "sign-off":
            return {"signed_off": told(sign_off(code, number, lawyer=words, **who))}
        return {"retired": told(retire(code, number, reason=words, **who))}

    def _diff(self, **options: Any) -> dict[str, Any]:
        code = options["code"]
        before = edition_of(code, options["before"])
        if options["after"] is not None:
            after, name = edition_of(code, options["after"]).data, f"edition {options['after']}"
        else:
            folder = options["folder"]
            packs = {one.pack().code: one.pack() for one in read_packs(folder)} if folder else load_packs()
            if code not in packs:
                raise DomainError("pack_unknown", "the files have no pack %(name)s", name=code)
            after, name = as_json(packs[code].data), "files"
        rows = differences(before.data, after)
        changes = [{"path": path, "before": old, "after": new} for path, old, new in rows]
        return {"code": code, "before": f"edition {before.edition}", "after": name, "changes": changes}


_HELP = {
    "approve": "let a draft hold from its date on; not its author",
    "sign-off": "note that a lawyer of the country signed an approved edition off",
    "retire": "give up a draft, or an approved edition that does not hold yet",
}
_WORDS = {"approve": "kept with the approval", "sign-off": "name, registration and document", "retire": "why"}


def _new(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--from", dest="effective_from", type=instant,
        help="in force from this instant on, e.g. 2026-12-01T03:00:00Z (default: from its approval on)",
    )  # fmt: skip
    parser.add_argument("--note", default="", help="why; kept with the edition")


def _named(parser: ArgumentParser, *, required: bool = True) -> None:
    parser.add_argument("--by", required=required, default="", metavar="EMAIL",
                        help="your account as an operator; its password is read from standard input")  # fmt: skip


def told(row: RulePackVersion) -> dict[str, Any]:
    """An edition without its data."""
    return {
        "code": row.code,
        "edition": row.edition,
        "status": str(row.status),
        "effective_from": row.effective_from and row.effective_from.isoformat(),
        "effective_to": row.effective_to and row.effective_to.isoformat(),
        "digest": row.digest,
        "author": row.author,
        "approved_by": row.approved_by,
        "approved_at": row.approved_at and row.approved_at.isoformat(),
        "note": row.note,
        "loaded_at": row.loaded_at.isoformat(),
    }
