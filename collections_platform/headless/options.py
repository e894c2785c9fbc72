"""What the run is asked to do."""

from __future__ import annotations

import argparse
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

#: A Monday morning in all of Latin America, with holidays of every country ahead. Fixed, so that counts repeat.
START = datetime(2026, 10, 5, 11, 0, tzinfo=UTC)
CURRENCY = {"BR": "BRL", "MX": "MXN", "CO": "COP", "PE": "PEN", "CL": "CLP", "AR": "ARS"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The run's settings, checked."""

    days: int
    debtors: int
    portfolio: Path | None
    mapping: str
    country: str
    currency: str
    report: Path | None
    seed: int
    fresh: bool
    data: Path

    @property
    def key(self) -> str:
        """Names the run: the same question gets the same organisation, so that a stopped run can go on."""
        file = str(self.portfolio.resolve()) if self.portfolio else f"generated:{self.debtors}"
        asked = f"{file}|{self.mapping}|{self.country}|{self.currency}|{self.days}|{self.seed}"
        return hashlib.sha256(asked.encode()).hexdigest()[:12]


def parse(argv: list[str]) -> Options:
    """Read the command line; argparse ends the process with 2 and one line when it makes no sense."""
    parser = argparse.ArgumentParser(
        prog="./run demo --headless", description="Runs the main job on a sandbox organisation."
    )
    parser.add_argument("--days", type=int, default=30, help="how many days to move the clock (default 30)")
    parser.add_argument("--portfolio", type=Path, help="a CSV file; without it debtors are generated")
    parser.add_argument("--mapping", default="", help="name of a reader, or a JSON file that maps columns")
    parser.add_argument("--debtors", type=int, default=200, help="how many to generate (default 200)")
    parser.add_argument("--country", default="", help="BR, MX, CO, PE, CL or AR (default: BR generated, MX for a file)")
    parser.add_argument("--currency", default="", help="ISO 4217 (default: the country's)")
    parser.add_argument("--report", type=Path, help="write the report as JSON to this file")
    parser.add_argument("--seed", type=int, default=1, help="same seed, same counts (default 1)")
    parser.add_argument("--fresh", action="store_true", help="begin anew instead of going on with a stopped run")
    parser.add_argument("--data", type=Path, default=Path(".trato"), help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    country = given.country.upper() or ("MX" if given.portfolio else "BR")
    if country not in CURRENCY:
        parser.error(f"--country {country}: choose one of {', '.join(CURRENCY)}")
    if not 1 <= given.days <= 400:
        parser.error("--days goes from 1 to 400")
    if not 1 <= given.debtors <= 50_000:
        parser.error("--debtors goes from 1 to 50000")
    if given.portfolio and not given.portfolio.is_file():
        parser.error(f"--portfolio {given.portfolio}: there is no such file")
    return Options(
        days=given.days, debtors=given.debtors, portfolio=given.portfolio, mapping=given.mapping, country=country,
        currency=given.currency.upper() or CURRENCY[country], report=given.report, seed=given.seed, fresh=given.fresh,
        data=given.data,
    )  # fmt: skip
