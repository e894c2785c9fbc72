"""The run itself: set up, import, play, judge."""

from __future__ import annotations

import json
import socket
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from tqdm import tqdm

from collections_platform.headless import agents, report, world
from collections_platform.headless.hand import ANSWER, LOOK, LOOKS, REST, SEND, Baton
from collections_platform.headless.link import Erp, Sandbox
from collections_platform.headless.options import START, Options, parse
from collections_platform.headless.source import Source, open_source, profiles
from collections_platform.headless.world import State
from collections_platform.runner.children import Child, end_all
from collections_platform.runner.stack import answers, listens
from compliance.language import compiled
from kernel.errors import DomainError
from kernel.money import Money
from messaging.channels.whatsapp.send import reset_runtime
from messaging.inbound import arrivals
from messaging.models import Outbound
from portfolio.imports.apply import apply_import
from portfolio.models import ContactPoint, Creditor, Debtor, Import
from tenants import jobs, lanes, work
from tenants.models import Job, Tenant
from tenants.scope import tenant_scope
from tenants.services import move_clock

#: The clock moves in steps of at least this much, on a grid, so that runs repeat.
STEP = timedelta(hours=1)
#: How often all that was done is looked at (scans, figures, seals): it does not matter when.
LOOK_EVERY = timedelta(hours=6)
#: Rows from which on the second process pays for being asked.
WORTH_HELP = 200


def run(argv: list[str]) -> int:
    """Run or go on with a run; prints its report."""
    options = parse(argv)
    began = time.monotonic()
    try:
        state = world.find(options)
        if state is not None and state.stage == "done":
            say("This run was finished before: a new one begins (its organisation stays in the data folder).")
            state = None
        if state is not None:
            say(f"Going on with the run that stopped at {state.tick_at or 'its import'} (--fresh begins anew).")
        else:
            state = world.create(options)
        source = open_source(options, START.date())
        with processes(options, state) as (sandbox, web_url, hand):
            world.connect(state, sandbox, web_url=web_url, now=_now(state))
            if state.stage == "import":
                load(options, state, source, sandbox)
            play(options, state, sandbox, web_url, hand, began)
            result = report.make(options, state, source, sandbox, seconds=state.seconds)
    except DomainError as error:
        sys.stderr.write(f"{error.code}: {error}\n")
        return 2
    state.stage = "done"
    state.save(world.folder(options) / "state.json")
    if options.report:
        options.report.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    report.show(result)
    return 0 if all(result["checks"].values()) else 1


def say(text: str) -> None:
    """One line for the person who waits."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _now(state: State) -> datetime:
    return Tenant.objects.get(pk=state.tenant_id).clock().now()


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens on; the system spreads them, so that two runs at once do not meet."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


class Hand:
    """The second process of a run; started when it is first needed, and again should it die."""

    def __init__(self, tenant: str, folder: Path, environ: Mapping[str, str]) -> None:
        path = folder / "baton"
        path.unlink(missing_ok=True)
        self._baton = Baton(path)
        command = [sys.executable, "-P", "-m", "collections_platform.headless.hand", tenant, str(path)]
        self.child = Child("hand", command, folder / "hand.log", environ)

    def help(self, wish: int, *, needed: bool) -> None:
        """From now on it helps with this, and with nothing else: what it did before is out of its hands.

        It is started when it is first `needed`. Raises DomainError when it does not understand any more.
        """
        if not self.child.alive:
            if not needed:
                return
            self.child.start()
        if not self._baton.say(wish, heard=True) and self.child.alive:
            raise DomainError(
                "process_failed", "the run's second process does not answer: see %(log)s", log=self.child.log
            )


@contextmanager
def processes(options: Options, state: State) -> Iterator[tuple[Sandbox, str, Hand]]:
    """The sandbox, a web server of the product and a second worker, for as long as the run lasts."""
    folder = world.folder(options)
    web_port, sandbox_port = _free_ports(2)
    web_url, sandbox_url = f"http://127.0.0.1:{web_port}", f"http://127.0.0.1:{sandbox_port}"
    environ = {"PUBLIC_URL": web_url, "GRAPH_BASE_URL": sandbox_url, "PYTHONUNBUFFERED": "1"}
    python = [sys.executable, "-P", "-m"]
    children = [
        Child(
            "sandbox",
            [*python, "messaging.sandbox", "--port", str(sandbox_port), "--state", str(folder / "sandbox"), "--seed", str(options.seed),
             "--now", START.isoformat().replace("+00:00", "Z")],
            folder / "sandbox.log", environ,
        ),
        Child(
            "web",
            [*python, "uvicorn", "collections_platform.asgi:application", "--host", "127.0.0.1", "--port", str(web_port),
             "--no-access-log", "--timeout-graceful-shutdown", "5"],
            folder / "web.log", environ,
        ),
    ]  # fmt: skip
    settings.PUBLIC_URL, settings.GRAPH_BASE_URL = web_url, sandbox_url
    hand = Hand(state.tenant, folder, environ)
    try:
        for child in children:
            child.start()
        compiled()  # while they start: the templates' words are read next
        until = time.monotonic() + 60
        while not (answers(f"{web_url}/readyz") and listens(sandbox_port)):
            dead = [child for child in children if not child.alive]
            if dead or time.monotonic() > until:
                words = dead[0].last_words() if dead else "it does not answer"
                raise DomainError("process_failed", "the run's server did not start: %(words)s", words=words)
            time.sleep(0.1)
        yield Sandbox(sandbox_url), web_url, hand
    finally:
        reset_runtime()
        end_all([*children, hand.child])


def load(options: Options, state: State, source: Source, sandbox: Sandbox) -> None:
    """Import the portfolio (or the rest of it) and introduce its people to the sandbox."""
    tenant = Tenant.objects.get(pk=state.tenant_id)
    now = tenant.clock().now()
    sandbox.call("POST", "/clock", {"now": now.isoformat().replace("+00:00", "Z")})
    with tenant_scope(tenant.pk):
        creditor = Creditor.objects.get(pk=state.creditor)
        begun = Import.objects.filter(state=Import.State.READING).order_by("-id").first()
        applied = Import.objects.filter(state=Import.State.APPLIED).exists()
    bar = tqdm(desc="import", unit=" lines", dynamic_ncols=True, file=sys.stdout, mininterval=0.5)

    def show(done: Import) -> None:
        bar.update(done.position - bar.n)

    if not applied:
        done = apply_import(
            creditor, source.rows(begun.position if begun else 0), now=now, file_name=source.name, mapping=source.mapping,
            resume=begun, progress=show,
        )  # fmt: skip
        if refused := done.counts.get("rejected", 0):
            say(f"{refused} rows were refused, with the reason of each; the others were taken.")
    bar.close()
    people = profiles(source.rows(0), world.LANGUAGE.get(options.country, "es"), options.country)
    bar = tqdm(desc="people", unit=" debtors", dynamic_ncols=True, file=sys.stdout, mininterval=0.5)
    while batch := list(islice(people, 2000)):
        sandbox.call("POST", "/debtors", {"debtors": batch})
        bar.update(len(batch))
    bar.close()
    state.stage = "play"
    state.save(world.folder(options) / "state.json")


def play(options: Options, state: State, sandbox: Sandbox, web_url: str, hand: Hand, began: float) -> None:
    """Move the clock to the end, tick by tick; each tick is a barrier."""
    end = START + timedelta(days=options.days)
    tenant_id, path = state.tenant_id, world.folder(options) / "state.json"
    erp, crew = Erp(web_url, state.api_key), agents.Crew(tenant_id, options.seed)
    at = datetime.fromisoformat(state.tick_at) if state.tick_at else START
    # A run that was stopped inside a tick finds the sandbox ahead of what it had written down: finish that tick.
    at = max(at, sandbox.now())
    before, looked = state.seconds, at
    bar = tqdm(
        total=options.days, initial=round((at - START) / timedelta(days=1), 2), desc="days", unit="d", dynamic_ncols=True,
        file=sys.stdout, mininterval=0.5, bar_format="{l_bar}{bar}| {n:.1f}/{total} days [{elapsed}<{remaining}]",
    )  # fmt: skip
    while True:
        # The sandbox first: what we decide at an instant must not arrive there at an earlier one.
        sandbox.advance(at)
        tenant = Tenant.objects.get(pk=tenant_id)
        if tenant.clock().now() < at:
            with tenant_scope(tenant_id):
                move_clock(tenant, to=at, actor="system:headless")
        live(tenant_id, hand, look=False)
        told = bank(state, sandbox, erp) + crew.answer(now=at)
        look = at - looked >= LOOK_EVERY or at >= end
        if told or look:
            live(tenant_id, hand, look=look)
        looked = at if look else looked
        state.tick_at, state.seconds = at.isoformat(), before + time.monotonic() - began
        state.save(path)
        bar.update(round((at - START) / timedelta(days=1), 2) - bar.n)
        if at >= end:
            break
        # What only looks back is no reason to stop the clock; what waits for an agent is answered at the next step.
        soonest = _next_tick(at, sandbox.next_at(), lanes.next_due(tenant_id, but=LOOKS))
        at = min(end, at + STEP if soonest > at + STEP and crew.waited_for() else soonest)
    bar.close()


def live(tenant_id: uuid.UUID, hand: Hand, *, look: bool) -> None:
    """Do everything that is due at this instant, in the same order in every run.

    First everything that came in is taken in, then answered, then heard by whoever follows the log; only then is
    anything asked for that was planned. The hand shares what touches one conversation each, and the sending; while it
    does not, it looks at what was done; with `look` all of that has been looked at in the end.
    """
    every = work.known() - set(LOOKS)
    if work.idle(tenant_id, only=None if look else every):
        return
    hand.help(LOOK, needed=False)
    work.drain(tenant_id, only=jobs.known() - {arrivals.REACT})
    hand.help(ANSWER, needed=_many(Job.objects.filter(tenant_id=tenant_id, task=arrivals.REACT)))
    work.drain(tenant_id, only={arrivals.REACT})
    hand.help(LOOK, needed=False)
    for later in ({"requests", "sequence", "dispatch"}, {"sequence", "dispatch"}, {"dispatch"}):
        work.drain(tenant_id, only=every - later)
    if work.look(tenant_id=tenant_id, only={"dispatch"}).due:
        with tenant_scope(tenant_id):
            many = _many(Outbound.objects.filter(state="queued"))
        hand.help(SEND, needed=many)
        work.drain(tenant_id, only=every)
    if look:
        work.drain(tenant_id)
    hand.help(REST, needed=False)


def _many(rows: QuerySet[Any]) -> bool:
    """Whether so many rows wait that the second process pays for being asked; counted no further than matters."""
    return rows[:WORTH_HELP].count() >= WORTH_HELP


def _next_tick(at: datetime, *candidates: datetime | None) -> datetime:
    """The next grid point at which something is due."""
    soonest = min((candidate for candidate in candidates if candidate is not None), default=at + timedelta(days=1))
    steps = max(1, -(-(soonest - START) // STEP) - (at - START) // STEP)
    return at + steps * STEP


def bank(state: State, sandbox: Sandbox, erp: Erp) -> int:
    """Payments that debtors made at their bank: the creditor's system tells us of them through the REST API.

    Returns how many.
    """
    page = sandbox.call("GET", "/bank", after=state.bank_after, limit=10_000)
    for paid in page["payments"]:
        found = _owed(state, paid["phone"])
        if found is not None:
            debtor, open_minor = found
            share = int(paid.get("share_percent", 100))
            minor = max(1, open_minor * share // 100)
            erp.put(
                f"/creditors/{debtor.creditor.external_id}/payments/{paid['id']}",
                {"debtor": debtor.external_id, "amount": _amount(minor, debtor.currency), "currency": debtor.currency,
                 "paid_at": paid["paid_at"], "method": "bank_transfer"},
            )  # fmt: skip
        state.bank_after += 1
    return len(page["payments"])


def _owed(state: State, phone: str) -> tuple[Debtor, int] | None:
    with tenant_scope(state.tenant_id):
        debtor = (
            Debtor.objects.select_related("creditor")
            .filter(person__in=_people(phone), open_minor__gt=0)
            .order_by("-open_minor", "id")
            .first()
        )
        return None if debtor is None else (debtor, debtor.open_minor)


def _people(phone: str) -> list[uuid.UUID]:
    return list(ContactPoint.objects.filter(kind="phone", value=phone).values_list("person_id", flat=True))


def _amount(minor: int, currency: str) -> str:
    return str(Money.from_minor(minor, currency).amount)
