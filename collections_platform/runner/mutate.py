"""./run mutate [--pack CODE] [--json FILE] [--cases FOLDER]: change every deciding value of the rule packs in turn.

Does a written case notice each? The cases are the project's own (compliance/cases/*.yaml) unless a folder is
given; they are decided in process. Exit 1 when a change goes unnoticed, 2 when a case fails as the packs stand.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any

from compliance.casebook import CASES, documents, plan_data
from compliance.decide.documents import CaseError
from compliance.decide.packs import COMMON, load_packs
from compliance.mutation.survivors import Bench, Result, examine

PROCESSES = 2  # the machines this is meant for have two cores
#: One pack is examined in so many parts, so that two processes end together.
PARTS = 8


def main(argv: list[str]) -> int:
    """Examine the packs and tell what survived."""
    packs = load_packs()
    parser = argparse.ArgumentParser(prog="./run mutate", description=__doc__)
    parser.add_argument("--pack", choices=sorted(packs), action="append", help="only this pack (may be repeated)")
    parser.add_argument("--json", type=Path, help="keep everything, also the changes that decide nothing, in a file")
    parser.add_argument("--cases", type=Path, default=CASES, help="a folder of case files (*.yaml)")
    arguments = parser.parse_args(argv)
    started = time.monotonic()
    try:
        own = bench(arguments.cases)
        wrong = sorted(set(own.red(COMMON, packs, own.plans(packs))))
    except CaseError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if wrong:
        sys.stderr.write(
            f"As the packs stand, these cases are decided otherwise than they expect: {', '.join(wrong)}\n"
        )
        return 2
    results = examined(arguments.pack or sorted(packs), arguments.cases)
    took = time.monotonic() - started
    tell(results, took)
    if arguments.json:
        arguments.json.write_text(json.dumps(report(results, took), ensure_ascii=False, indent=1) + "\n", "utf-8")
    return int(any(result.survived for result in results))


@lru_cache(maxsize=2)
def bench(cases: Path = CASES) -> Bench:
    """The shipped packs, the shipped number plans, and the cases of a folder. Raises CaseError."""
    return Bench(load_packs(), plan_data(), documents(cases))


def examined(codes: Sequence[str], cases: Path) -> list[Result]:
    """The packs one by one, on two processes."""
    with ProcessPoolExecutor(PROCESSES) as pool:
        parts = [(code, [pool.submit(part, code, cases, number) for number in range(PARTS)]) for code in codes]
        return [together([done.result() for done in running]) for _, running in parts]


def part(code: str, cases: Path, number: int) -> Result:
    """One in PARTS of a pack's changes."""
    return examine(bench(cases), code, lambda place: place % PARTS == number)


def together(parts: Sequence[Result]) -> Result:
    """The parts of one pack as one result."""
    whole = Result(parts[0].pack, parts[0].cases)
    for one in parts:
        whole.changes += one.changes
        whole.caught += one.caught
        whole.survived += one.survived
        whole.idle += one.idle
    return whole


def tell(results: Sequence[Result], took: float) -> None:
    """The table and every survivor, on standard output."""
    sys.stdout.write(f"{'pack':<14}{'cases':>7}{'changes':>9}{'caught':>8}{'survived':>10}{'decide nothing':>16}\n")
    for one in results:
        survived, idle = len(one.survived), len(one.idle)
        sys.stdout.write(f"{one.pack:<14}{one.cases:>7}{one.changes:>9}{one.caught:>8}{survived:>10}{idle:>16}\n")
    for one in results:
        for change in one.survived:
            row = change.as_json()
            values = f"{json.dumps(row['old'], ensure_ascii=False)} -> {json.dumps(row['new'], ensure_ascii=False)}"
            sys.stdout.write(f"survived: {row['file']}: {row['path']}: {values}\n")
    caught, survived = sum(one.caught for one in results), sum(len(one.survived) for one in results)
    share = 100 * caught / (caught + survived) if caught + survived else 100.0
    sys.stdout.write(f"{caught} of {caught + survived} changes that decide are caught ({share:.1f} %), {took:.0f} s\n")


def report(results: Sequence[Result], took: float) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "seconds": round(took, 1),
        "caught": sum(one.caught for one in results),
        "survived": [change.as_json() for one in results for change in one.survived],
        "decide_nothing": [change.as_json() for one in results for change in one.idle],
        "packs": {one.pack: {"cases": one.cases, "changes": one.changes, "caught": one.caught} for one in results},
    }
