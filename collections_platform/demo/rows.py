"""The demo's portfolios: made-up debtors who owe for what the organisation sells, in files as they come in.

The first file is the hand-over, a second comes in the second week, the last one on the morning of the show: it brings
those who are played by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from collections_platform.demo.stories import PLAYERS, Mandator, Story
from messaging.sequences.decide import Step, instant_of, next_touch
from messaging.sequences.seeds import STEPS
from portfolio.imports.rows import ContactRow, CreditRow, DebtorRow, InvoiceRow, PaymentRow, Row
from portfolio.synthetic import generate
from portfolio.synthetic.people import random_for

#: (days after the beginning, percent of the debtors); the last comes with the show.
FILES = ((0, 66), (9, 22), (None, 12))
#: How many days late those are who are played by hand.
LATE = (5, 7, 9)
#: What a medical distributor's customers are called.
_TRADES = (
    "Farmacia", "Farmacias", "Clínica", "Hospital", "Laboratorio", "Consultorios", "Sanatorio", "Centro Médico",
)  # fmt: skip
_SAINTS = (
    "San Rafael", "Santa Elena", "del Ángel", "Guadalupe", "La Salud", "San Lucas", "del Valle", "Santa Fe", "El Roble",
    "San José", "Los Álamos", "Reforma", "del Norte", "Las Lomas", "Providencia", "La Paz",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Player:
    """A debtor whose phone is left to the person in front of the screen, and what that debtor knows."""

    debtor: str
    name: str
    phone: str
    answers: dict[str, str]


@dataclass(frozen=True, slots=True)
class File:
    """One import: when it arrives on the organisation's clock, whose, and its rows."""

    at: datetime
    creditor: str
    name: str
    rows: list[Row]
    players: tuple[Player, ...] = ()


def files(story: Story) -> list[File]:
    """Every file of an organisation, oldest first."""
    found: list[File] = []
    first = 0
    for place, mandator in enumerate(story.creditors):
        many = story.debtors * mandator.share // 100
        if place and story.shared:
            first -= many * story.shared // 100  # these owe to the creditor before, too
        for days, percent in FILES:
            at = story.shown_at if days is None else story.begins_at + timedelta(days=days)
            today = at.astimezone(story.zone).date()
            count = many * percent // 100
            rows = list(_rows(story, mandator, count, first, today, known=place > 0))
            playing: tuple[Player, ...] = ()
            if days is None and place == 0:
                rows, playing = with_players(story, rows, at)
            found.append(File(at, mandator.external_id, f"{mandator.external_id}-{today}.csv", rows, playing))
            first += count
    return sorted(found, key=lambda file: file.at)


def _rows(story: Story, mandator: Mandator, count: int, first: int, today: date, *, known: bool) -> Iterator[Row]:
    made = generate(
        count, story.country, story.seed, today, first=first, companies=mandator.companies,
        ledger=mandator.external_id if known else "",
    )  # fmt: skip
    for row in made:
        if isinstance(row, InvoiceRow):
            sold = random_for("sold", story.seed, row.external_id).choice(mandator.sold)
            yield replace(row, description=sold, amount=row.amount * mandator.scale)
        elif isinstance(row, DebtorRow) and row.kind == "company" and story.key == "MX":
            dice = random_for("trade", story.seed, row.debtor)
            ending = row.name[row.name.index("S.") :] if "S." in row.name else ""
            yield replace(row, name=f"{dice.choice(_TRADES)} {dice.choice(_SAINTS)} {ending}".strip())
        elif isinstance(row, DebtorRow):
            yield replace(row, name=_at_home(row.name))
        elif isinstance(row, ContactRow):
            yield replace(row, contact_name=_at_home(row.contact_name))
        else:
            yield row


def _at_home(name: str) -> str:
    """The name with the surnames of another country's highlands replaced."""
    for foreign, common in (
        ("Quispe", "Salazar"),
        ("Mamani", "Cisneros"),
        ("Huamán", "Montoya"),
        ("Condori", "Duarte"),
    ):
        name = name.replace(foreign, common)
    return name


def with_players(story: Story, rows: list[Row], now: datetime) -> tuple[list[Row], tuple[Player, ...]]:
    """Rows in which the first people to whom we may write owe since some days, so that their reminder is due at once.

    Two of them have to show who they are, the last has.
    """
    today, steps = now.astimezone(story.zone).date(), [Step.from_data(step) for step in STEPS]
    debtors: dict[str, DebtorRow] = {}
    phones: dict[str, ContactRow] = {}
    unpaid: dict[str, dict[str, date]] = {}
    for row in rows:
        if isinstance(row, DebtorRow):
            debtors[row.debtor] = row
        elif isinstance(row, ContactRow) and row.kind == "phone" and row.role not in ("reference", "work"):
            phones[row.debtor] = row
        elif isinstance(row, InvoiceRow):
            unpaid.setdefault(row.debtor, {})[row.external_id] = row.due_on
        elif isinstance(row, PaymentRow):
            unpaid[row.debtor].pop(row.invoice, None)  # one paid in part is not for a first look either
    chosen: list[Player] = []
    later: dict[str, timedelta] = {}
    for name, debtor in debtors.items():
        phone, due = phones.get(name), min(unpaid.get(name, {}).values(), default=None)
        if len(chosen) == PLAYERS:
            break
        if debtor.stops or phone is None or due is None or debtor.subdivision not in story.states:
            continue
        if phone.consent_state != "granted" or phone.supplied_by != "debtor" or not debtor.document:
            continue
        late = timedelta(days=LATE[len(chosen)])
        touch = next_touch(steps, today - late, last="", today=today)
        if touch is None or instant_of(replace(touch, on=today), zone=story.zone.key, spread_key=name) > now:
            continue  # their hour comes later in the day
        digits = "".join(sign for sign in debtor.document if sign.isalnum())
        answers = {"document_last3": digits[-3:], "birth_year": str(debtor.birth_year or ""), "city": debtor.city}
        later[name] = today - late - due
        chosen.append(Player(name, phone.contact_name or debtor.name, phone.value, answers))
    stranger: dict[str, Any] = {"identity": "unknown", "identity_on": None, "identity_evidence": {}}
    known: dict[str, Any] = {"identity": "verified", "identity_on": today, "identity_evidence": {"synthetic": True}}
    roles = {player.phone: known if place == PLAYERS - 1 else stranger for place, player in enumerate(chosen)}
    moved: list[Row] = []
    for row in rows:
        by = later.get(row.debtor)
        if isinstance(row, ContactRow) and row.value in roles:
            row = replace(row, **roles[row.value])
        elif by is not None and isinstance(row, InvoiceRow):
            issued = row.issued_on + by if row.issued_on else None
            row = replace(row, due_on=row.due_on + by, issued_on=issued)
        elif by is not None and isinstance(row, PaymentRow):
            row = replace(row, paid_on=min(row.paid_on + by, today))
        elif by is not None and isinstance(row, CreditRow):
            row = replace(row, credited_on=min(row.credited_on + by, today))
        moved.append(row)
    return moved, tuple(chosen)
