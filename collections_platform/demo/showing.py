"""The demo's organisations made ready, connected to the running processes, and the world outside while they are shown."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.db import DatabaseError, connection

from collections_platform.demo import snapshot
from collections_platform.demo.founding import ACTOR, State, connect, equip, found, read_state, renew
from collections_platform.demo.rows import files
from collections_platform.demo.stories import PASSWORD, STORIES, Story
from collections_platform.demo.telling import story_of, take_in
from collections_platform.embedded import EmbeddedError
from compliance.rulesets import load_rule_packs
from kernel.clock import machine_now
from kernel.errors import DomainError
from messaging.sandbox.remote import AWAY, Sandbox
from tenants.models import Tenant
from tenants.scope import tenant_scope
from workbench.clock.colleagues import at_work
from workbench.clock.play import Clocks, begin, playing
from workbench.clock.queries import target

log = logging.getLogger("trato.demo")

#: An organisation whose weeks are not written down begins small, on the spot.
SMALL = 120
FIRST_MESSAGE_SECONDS, ANSWER_SECONDS, ERRAND_SECONDS = 12.0, 60.0, 5.0


@dataclass(slots=True)
class Organisation:
    """One of the demo's organisations."""

    story: Story
    state: State
    path: Path
    sandbox: Sandbox

    @property
    def players(self) -> list[dict[str, Any]]:
        """Whose phones are left to the person in front of the screen: {debtor, name, phone, answers}."""
        return self.state.players

    @property
    def phones(self) -> str:
        """Where all phones of this organisation's debtors are."""
        return f"{self.sandbox.base_url}/_sandbox/phone"


def prepare(data: Path, *, small: bool = False) -> dict[str, State]:
    """The organisations of a data folder: found again, taken from the written world, or founded small.

    `small`: found small in any case. Before the sandboxes start: what they remember is laid where they look for it. Raises EmbeddedError.
    """
    folder = data / "demo"
    folder.mkdir(mode=0o700, exist_ok=True)
    states = {}
    for key, story in STORIES.items():
        state = read_state(folder / f"{key}.json")
        if state is None:
            if Tenant.objects.filter(slug=story.slug).exists():
                raise EmbeddedError(f"A first start ended half way in {data}; start afresh with --reset.")
            load_rule_packs(now=machine_now(), author=ACTOR)
            state = first_state(key, data, small=small)
            state.save(folder / f"{key}.json")
        states[key] = state
    return states


def first_state(key: str, data: Path, *, small: bool) -> State:
    """An organisation as its weeks are written; one that begins small and today where they do not fit any more."""
    kept = snapshot.written(key)
    if not small:
        state = snapshot.restore(kept, data) if kept.is_file() else None
        if state is not None:
            return renew(state)
        log.warning("%s is not there or does not fit this version: the organisation begins today", kept)
    story = story_of(key, debtors=SMALL)
    return found(story, now=story.shown_at, standing=True)


def bring_up(data: Path, *, web_url: str, sandbox_urls: Mapping[str, str]) -> list[Organisation]:
    """Connect the organisations to their running sandboxes and let their clocks run, from a working morning on."""
    shown = []
    for key, story in STORIES.items():
        path = data / "demo" / f"{key}.json"
        state = read_state(path)
        if state is None:
            raise EmbeddedError(f"{path} is missing; start afresh with --reset.")
        one = Organisation(story, state, path, Sandbox(sandbox_urls[key]))
        if state.stage == "story":
            begin_small(one, web_url)
        connect(state, one.sandbox, web_url=web_url)
        let_clocks_run(one)
        state.stage = "shown"
        state.save(path)
        shown.append(one)
    return shown


def begin_small(one: Organisation, web_url: str) -> None:
    """Without written weeks: all files at once, on the morning of the show."""
    story = story_of(one.story.key, debtors=SMALL)
    one.sandbox.stand(story.shown_at)
    connect(one.state, one.sandbox, web_url=web_url)
    equip(one.state, story)
    one.state.players = []
    for file in files(story):
        take_in(file, one.state, story, one.sandbox, now=story.shown_at)
        one.state.players += [asdict(player) for player in file.players]


def let_clocks_run(one: Organisation) -> None:
    """Both clocks run with real time from where they were; outside office hours they are moved to the next morning."""
    clocks = Clocks(one.state.tenant_id)
    tenant = clocks.tenant()
    if playing(tenant.pk) is not None:
        return  # the worker goes on with it
    try:
        clocks.run_on()
    except RuntimeError as problem:  # the sandbox is a moment ahead: it stays there until ours has come
        log.debug("the sandbox's clock: %s", problem)
    now = clocks.now()
    if not at_work(now, tenant.country):
        with tenant_scope(tenant.pk):
            to = target("morning", tenant, now)
            if to is not None:
                begin(tenant, to=to, actor=ACTOR)


def logins(shown: Iterable[Organisation]) -> list[tuple[str, str, str]]:
    """(slug, name, password) of each organisation, for whoever wants to look."""
    return [(one.story.slug, one.story.name, PASSWORD) for one in shown]


def first_messages(shown: Sequence[Organisation]) -> None:
    """Wait until the worker's first messages are on the phones that are shown first, but not for ever."""
    waiting = [one for one in shown if one.players]
    until = time.monotonic() + FIRST_MESSAGE_SECONDS
    while waiting and time.monotonic() < until:
        waiting = [one for one in waiting if not chat(one.sandbox, one.players[0]["phone"])]
        time.sleep(0.2)


def chat(sandbox: Sandbox, phone: str) -> list[dict[str, Any]]:
    """What stands on a phone, oldest first."""
    chats = sandbox.call("GET", f"/phone/{phone}/chats")["chats"]
    return list(chats[0]["items"]) if chats else []


class Outside(threading.Thread):
    """The world around the product while it is shown: one debtor of each organisation begins to talk by himself, and
    what debtors paid at their bank is told."""

    def __init__(self, shown: Sequence[Organisation]) -> None:
        super().__init__(name="outside", daemon=True)
        self.shown = shown
        self.ended = threading.Event()

    def end(self) -> None:
        """Stop, and wait for it."""
        self.ended.set()
        self.join(10)

    def run(self) -> None:
        """Go about it until told to end; a product that is away for a moment is asked again later."""
        begun: set[str] = set()
        clocks: dict[str, Clocks] = {}
        while not self.ended.wait(0 if not begun else ERRAND_SECONDS):
            for one in self.shown:
                try:
                    if one.story.key not in begun:
                        begun.add(one.story.key)
                        clocks[one.story.key] = Clocks(one.state.tenant_id)
                        if len(one.players) > 1:
                            self.talk(one, one.players[1])
                    if playing(one.state.tenant_id) is None:
                        outside = clocks[one.story.key]
                        outside.bank(outside.now())
                except (AWAY, RuntimeError, DatabaseError, DomainError) as problem:
                    begun.add(one.story.key)
                    log.warning("the demo's errands: %s", problem)
        connection.close()

    def talk(self, one: Organisation, player: dict[str, Any]) -> None:
        """Answer as this debtor until the menu is shown, if nobody did: it is me, and what only I know."""
        until = time.monotonic() + ANSWER_SECONDS
        answered = ""
        while time.monotonic() < until and not self.ended.wait(0.5):
            items = chat(one.sandbox, player["phone"])
            last: dict[str, Any] = items[-1] if items else {"from": "person"}
            if last["from"] == "person" or last["id"] == answered:
                continue
            answer = next((option["id"] for option in last["options"] if is_answer(player, option["id"])), "")
            if not answer:
                return
            one.sandbox.call("POST", f"/phone/{player['phone']}/tap", {"message_id": last["id"], "id": answer})
            answered = last["id"]


def is_answer(player: dict[str, Any], option: str) -> bool:
    """Whether the owner of this phone would tap this option."""
    head, _, rest = option.partition(":")
    question, _, answer = rest.partition(":")
    return option.startswith("probe:yes") or (head == "check" and player["answers"].get(question) == answer)
