"""What `./run demo` shows: two sandbox organisations with made-up debtors, one in Portuguese, one in Spanish.

Everything in it happens through the product's own doors, driven by the worker in real time. The organisations' clocks
run with real time plus an offset, so that it is a working morning where the debtors live whatever the hour outside.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.db import DatabaseError, connection

from collections_platform.embedded import EmbeddedError
from collections_platform.headless.job import bank
from collections_platform.headless.link import AWAY, Erp, Sandbox
from collections_platform.headless.options import CURRENCY
from collections_platform.headless.source import profiles
from collections_platform.headless.world import CREDITORS, LANGUAGE, State, connect, found
from compliance.decide.calendars import HolidayKey, shipped_calendar
from kernel.clock import machine_now
from messaging.sequences.decide import Step, instant_of, local_date, next_touch
from messaging.sequences.seeds import STEPS
from portfolio.imports.apply import apply_import
from portfolio.imports.rows import ContactRow, DebtorRow, InvoiceRow, PaymentRow, Row
from portfolio.models import Creditor, Import
from portfolio.synthetic import generate
from tenants.authentication import SCOPES
from tenants.models import Membership, Tenant
from tenants.scope import tenant_scope
from tenants.services import create_user, move_clock

log = logging.getLogger("trato.demo")

COUNTRIES = ("BR", "MX")
DEBTORS = 100  # of each
#: What these creditors send invoices for.
SOLD = {"BR": "Mensalidade escolar", "MX": "Pedido de material médico"}
SEED = 17  # with which some of each country are due at once
ACTOR = "system:demo"
#: The clock is set by the westernmost of the countries: when it is ten there, it is office hours in both.
ZONE, OPENS = ZoneInfo("America/Mexico_City"), clock_time(10)
#: An organisation found between these hours of an open day keeps its clock.
KEEPS = (OPENS, clock_time(16))
CLOSED = (("BR", "SP", "public"), ("BR", "", "optional"), ("MX", "", "public"))
#: Where the debtors live who are given to people to play, and its zone: their hours and holidays are looked up here.
PLACES = {
    "BR": ({"SP"}, "America/Sao_Paulo"),
    "MX": ({"CMX", "JAL", "NLE", "GUA", "QUE", "PUE", "VER", "OAX"}, "America/Mexico_City"),
}
#: Played by hand: the first is left alone, the second has begun to talk, the third gets the reminder itself.
PLAYERS = 3
#: No two clocks are set in the same instant; the sandbox's is never the later one by more than this.
CLOCKS_APART = timedelta(milliseconds=50)
#: For people who want to see it now: templates are reviewed at once (else within a minute), and whoever taps faster
#: than people do is not kept waiting by WhatsApp's limit of a message each six seconds to the same person.
AT_ONCE = {"review": {"seconds": 0}, "limits": {"pair": False}}
FIRST_MESSAGE_SECONDS, ANSWER_SECONDS = 25.0, 60.0
ERRAND_SECONDS = 5.0
#: Who works in each organisation: <role>@<slug>.example, with one password that is no secret: it opens the demo only.
PEOPLE = {
    "BR": {"agent": "Marina Duarte", "supervisor": "Otávio Peixoto", "admin": "Helena Prado", "auditor": "Caio Nunes"},
    "MX": {"agent": "Ximena Ortega", "supervisor": "Raúl Cárdenas", "admin": "Jimena Robles", "auditor": "Íñigo Salas"},
}
PASSWORD = "trato-demo-2026"


@dataclass(frozen=True, slots=True)
class Player:
    """A debtor whose phone is left to the person in front of the screen, and what that debtor knows."""

    debtor: str
    name: str
    phone: str
    answers: dict[str, str]


@dataclass(slots=True)
class Organisation:
    """One of the demo's organisations."""

    country: str
    path: Path
    state: State
    rows: list[Row]
    players: tuple[Player, ...]

    @property
    def name(self) -> str:
        return str(CREDITORS[self.country]["name"])


def closed(day: date) -> bool:
    """Whether the demo's debtors are left in peace on this day: weekends, holidays of either country."""
    calendar = shipped_calendar()
    return day.weekday() >= 5 or any(calendar.name(HolidayKey(*key), day.toordinal()) for key in CLOSED)


def morning(now: datetime) -> datetime:
    """`now` when it lies in the working hours of an open day, else ten in the morning of the next open day."""
    local = now.astimezone(ZONE)
    if not closed(local.date()) and KEEPS[0] <= local.time() < KEEPS[1]:
        return now
    day = local.date() if local.time() < OPENS else local.date() + timedelta(days=1)
    while closed(day):
        day += timedelta(days=1)
    return datetime.combine(day, OPENS, ZONE).astimezone(now.tzinfo)


def bring_up(data: Path, *, web_url: str, sandbox_url: str) -> list[Organisation]:
    """Make the demo's organisations, or find them again, and connect them to the running sandbox.

    Doing it again changes nothing but addresses and, outside working hours, the clocks. Raises EmbeddedError when the
    folder holds what this version cannot read.
    """
    sandbox = Sandbox(sandbox_url)
    folder = data / "demo"
    folder.mkdir(mode=0o700, exist_ok=True)
    states = {country: read_state(folder / f"{country}.json") for country in COUNTRIES}
    offset = offset_of(states.values(), sandbox)
    organisations = []
    for country, known in states.items():
        path = folder / f"{country}.json"
        state = known or _found(country, path, offset)
        # The instant on its clock by which its portfolio was made up.
        rows, chosen = portfolio(country, datetime.fromisoformat(state.tick_at))
        organisations.append(Organisation(country, path, state, rows, chosen))
    if sandbox_offset(sandbox) + CLOCKS_APART < offset:
        sandbox.call("POST", "/clock", {"offset_seconds": offset.total_seconds()})
    for organisation in organisations:
        _set_clock(organisation.state, offset)
        connect(organisation.state, sandbox, web_url=web_url, now=machine_now() + offset, more=AT_ONCE)
        if organisation.state.stage == "import":
            introduce(organisation, sandbox)
        let_in(organisation)
    return organisations


def let_in(organisation: Organisation) -> None:
    """The organisation's people: one of each role, once."""
    tenant = Tenant.objects.get(pk=organisation.state.tenant)
    known = set(Membership.objects.filter(tenant=tenant).values_list("role", flat=True))
    language = "pt-br" if organisation.country == "BR" else "es"
    for role, name in PEOPLE[organisation.country].items():
        if role in known:
            continue
        with tenant_scope(tenant.pk):
            create_user(
                email=f"{role}@{tenant.slug}.example",
                role=role,
                name=name,
                password=PASSWORD,
                language=language,
                actor=ACTOR,
            )


def logins(organisations: Iterable[Organisation]) -> list[tuple[str, str, str]]:
    """(slug, name, password) of each organisation, for whoever wants to look."""
    slugs = dict(Tenant.objects.filter(pk__in=[one.state.tenant for one in organisations]).values_list("pk", "slug"))
    return [(slugs[one.state.tenant_id], one.name, PASSWORD) for one in organisations]


def read_state(path: Path) -> State | None:
    """The organisation that this file describes; None when there is none, or its database was another one."""
    if not path.exists():
        return None
    try:
        state = State(**json.loads(path.read_text()))
    except (ValueError, TypeError) as problem:
        raise EmbeddedError(f"{path} is of another version or damaged; start afresh with --reset.") from problem
    return state if Tenant.objects.filter(pk=state.tenant).exists() else None


def sandbox_offset(sandbox: Sandbox) -> timedelta:
    """How far the sandbox's clock runs ahead of real time."""
    return timedelta(seconds=sandbox.call("GET", "/clock")["offset_seconds"])


def offset_of(states: Iterable[State | None], sandbox: Sandbox) -> timedelta:
    """How far the demo's clocks run ahead of real time: never less than any of them does already."""
    offsets = [sandbox_offset(sandbox)]
    ids = [state.tenant for state in states if state is not None]
    offsets += Tenant.objects.filter(pk__in=ids).values_list("clock_offset", flat=True)
    machine = machine_now()
    return morning(machine + max(offsets)) - machine


def _found(country: str, path: Path, offset: timedelta) -> State:
    now = machine_now() + offset
    state = found(
        key=country,
        slug=f"demo-{country.lower()}-{machine_now():%m%d%H%M%S}",
        country=country,
        currency=CURRENCY[country],
        now=now,
        standing=False,
        scopes=SCOPES,
        actor=ACTOR,
    )
    state.tick_at = now.isoformat()
    state.save(path)
    return state


def _set_clock(state: State, offset: timedelta) -> None:
    tenant = Tenant.objects.get(pk=state.tenant)
    if tenant.clock_offset + CLOCKS_APART < offset:
        with tenant_scope(tenant.pk):
            move_clock(tenant, to=machine_now() + offset, actor=ACTOR, reason="a working morning for the demo")


def introduce(organisation: Organisation, sandbox: Sandbox) -> None:
    """Make the debtors known to the sandbox, then import them; an import that was cut off goes on."""
    state, rows = organisation.state, organisation.rows
    by_hand = {player.phone for player in organisation.players}
    people = [
        profile | {"persona": "manual"} if profile["phone"] in by_hand else profile
        for profile in profiles(rows, LANGUAGE.get(organisation.country, "es"), organisation.country)
    ]
    sandbox.call("POST", "/debtors", {"debtors": people})
    tenant = Tenant.objects.get(pk=state.tenant)
    with tenant_scope(tenant.pk):
        creditor = Creditor.objects.get(pk=state.creditor)
        begun = Import.objects.filter(creditor=creditor).order_by("-id").first()
    if begun is None or begun.state != Import.State.APPLIED:
        apply_import(
            creditor,
            (row for row in rows if begun is None or row.line > begun.position),
            now=tenant.clock().now(),
            file_name=f"generated-{organisation.country}-{DEBTORS}",
            mapping={"generated": DEBTORS, "seed": SEED},
            resume=begun,
        )
    state.stage = "ready"
    state.save(organisation.path)


def players(rows: list[Row], country: str, now: datetime) -> tuple[Player, ...]:
    """The first people to whom we may write and whose reminder is due at once: an invoice is some days late."""
    states, zone = PLACES[country]
    today, steps = local_date(now, zone), [Step.from_data(step) for step in STEPS]
    debtors: dict[str, DebtorRow] = {}
    phones: dict[str, ContactRow] = {}
    unpaid: dict[str, dict[str, date]] = {}
    for row in rows:
        if isinstance(row, DebtorRow):
            debtors[row.debtor] = row
        elif isinstance(row, ContactRow) and row.kind == "phone" and row.role == "owner":
            phones[row.debtor] = row
        elif isinstance(row, InvoiceRow):
            unpaid.setdefault(row.debtor, {})[row.external_id] = row.due_on
        elif isinstance(row, PaymentRow):
            unpaid[row.debtor].pop(row.invoice, None)  # one paid in part is not for a first look either
    chosen = []
    for name, debtor in debtors.items():
        phone, due = phones.get(name), min(unpaid.get(name, {}).values(), default=today)
        if debtor.kind != "human" or debtor.stops or not debtor.birth_year or phone is None:
            continue
        if debtor.subdivision not in states or phone.consent_state != "granted" or phone.supplied_by != "debtor":
            continue
        touch = next_touch(steps, due, last="", today=today)
        if touch is None or not 4 <= (today - due).days <= 60:
            continue
        if instant_of(replace(touch, on=today), zone=zone, spread_key=name) > now:
            continue
        digits = "".join(sign for sign in debtor.document if sign.isalnum())
        answers = {"document_last3": digits[-3:], "birth_year": str(debtor.birth_year), "city": debtor.city}
        chosen.append(Player(name, debtor.name, phone.value, answers))
    return tuple(chosen[:PLAYERS])


def portfolio(country: str, now: datetime) -> tuple[list[Row], tuple[Player, ...]]:
    """An organisation's rows, and who is played by hand: two who have to show who they are, and one who has."""
    today = now.astimezone(ZONE).date()
    rows = list(generate(DEBTORS, country, SEED, today))
    chosen = players(rows, country, now)
    stranger: dict[str, Any] = {"identity": "unknown", "identity_on": None, "identity_evidence": {}}
    known: dict[str, Any] = {"identity": "verified", "identity_on": today, "identity_evidence": {"synthetic": True}}
    roles = {player.phone: known if place == PLAYERS - 1 else stranger for place, player in enumerate(chosen)}
    sold = SOLD[country]
    rows = [replace(row, description=sold) if isinstance(row, InvoiceRow) else row for row in rows]
    rows = [
        replace(row, **roles[row.value]) if isinstance(row, ContactRow) and row.value in roles else row for row in rows
    ]
    return rows, chosen


def first_messages(organisations: Sequence[Organisation], sandbox_url: str) -> None:
    """Wait until the worker's first messages are on the phones that are shown first, but not for ever."""
    sandbox = Sandbox(sandbox_url)
    waiting = {organisation.players[0].phone for organisation in organisations}
    until = time.monotonic() + FIRST_MESSAGE_SECONDS
    while waiting and time.monotonic() < until:
        waiting = {phone for phone in waiting if not _chat(sandbox, phone)}
        time.sleep(0.2)


def _chat(sandbox: Sandbox, phone: str) -> list[dict[str, Any]]:
    chats = sandbox.call("GET", f"/phone/{phone}/chats")["chats"]
    return list(chats[0]["items"]) if chats else []


class Outside(threading.Thread):
    """The world around the product while it is shown.

    One debtor of each organisation begins to talk, and what debtors paid at their bank is told by the creditor's own
    system through the REST API. Over HTTP alone, but for one look at what they owe.
    """

    def __init__(self, organisations: Sequence[Organisation], *, web_url: str, sandbox_url: str) -> None:
        super().__init__(name="outside", daemon=True)
        self.organisations = organisations
        self.sandbox = Sandbox(sandbox_url)
        self.systems = {one.country: Erp(web_url, one.state.api_key) for one in organisations}
        self.ended = threading.Event()

    def end(self) -> None:
        """Stop, and wait for it."""
        self.ended.set()
        self.join(10)

    def run(self) -> None:
        """Go about it until told to end; a product that is away for a moment is asked again later."""
        begun: set[str] = set()
        while not self.ended.wait(0 if not begun else ERRAND_SECONDS):
            for one in self.organisations:
                try:
                    if one.country not in begun:
                        self.talk(one.players[1])
                        begun.add(one.country)
                    before = one.state.bank_after
                    bank(one.state, self.sandbox, self.systems[one.country])
                    if one.state.bank_after != before:
                        one.state.save(one.path)
                except (AWAY, RuntimeError, DatabaseError) as problem:
                    begun.add(one.country)
                    log.warning("the demo's errands: %s", problem)
        connection.close()

    def talk(self, player: Player) -> None:
        """Answer as this debtor until the menu is shown, if nobody did: it is me, and what only I know."""
        until = time.monotonic() + ANSWER_SECONDS
        answered = ""
        while time.monotonic() < until and not self.ended.wait(0.5):
            items = _chat(self.sandbox, player.phone)
            last: dict[str, Any] = items[-1] if items else {"from": "person"}
            if last["from"] == "person" or last["id"] == answered:
                continue
            answer = next((option["id"] for option in last["options"] if self._is_answer(player, option["id"])), "")
            if not answer:
                return
            self.sandbox.call("POST", f"/phone/{player.phone}/tap", {"message_id": last["id"], "id": answer})
            answered = last["id"]

    @staticmethod
    def _is_answer(player: Player, option: str) -> bool:
        head, _, rest = option.partition(":")
        question, _, answer = rest.partition(":")
        return option.startswith("probe:yes") or (head == "check" and player.answers.get(question) == answer)
