"""One organisation's weeks, played: files come in, sequences run, debtors answer and pay, colleagues reply."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path

from collections_platform.demo.founding import ACTOR, State, connect, equip, found
from collections_platform.demo.rows import File, files
from collections_platform.demo.stories import STORIES, Story
from collections_platform.headless.source import profiles
from messaging.sandbox.remote import Sandbox
from portfolio.imports.apply import apply_import
from portfolio.models import Creditor
from tenants import work
from tenants.scope import tenant_scope
from workbench.clock.play import PLAY, RUN_ON, Clocks

#: What came in since then waits for a person when the show begins, and alerts for a supervisor.
UNANSWERED = timedelta(hours=44)
REVIEWED = timedelta(hours=5)
#: Not yet done when the show begins: the worker sends the first messages of the last file before everybody's eyes.
LEFT = frozenset({"sequence", "requests", "dispatch", PLAY, RUN_ON})


def story_of(key: str, *, debtors: int = 0) -> Story:
    """A story, with fewer debtors for a try."""
    return replace(STORIES[key], debtors=debtors) if debtors else STORIES[key]


def tell(key: str, folder: Path, sandbox_url: str, web_url: str, *, debtors: int = 0, days: int = 0) -> State:
    """Play it from its beginning to its show; the clocks stand there afterwards."""
    story, began = story_of(key, debtors=debtors), time.monotonic()
    begins = story.begins_at if not days else story.shown_at - timedelta(days=days, hours=2)
    sandbox = Sandbox(sandbox_url)
    sandbox.stand(begins)
    state = found(story, now=begins, standing=True)
    connect(state, sandbox, web_url=web_url)
    equip(state, story)
    clocks = Clocks(state.tenant_id)
    coming = files(story)
    at, today = begins, None
    while True:
        while coming and coming[0].at <= at < story.shown_at:
            take_in(coming.pop(0), state, story, sandbox, now=at)
        attended = at < story.shown_at - UNANSWERED
        clocks.step(at, actor=ACTOR, colleagues=attended)
        if attended and clocks.colleagues.review(now=at, patience=REVIEWED):
            work.drain(state.tenant_id, only=work.known() - {PLAY, RUN_ON})
        local = at.astimezone(story.zone)
        if today != local.date():
            today = local.date()
            say(f"{key} {local:%a %d %b}  {time.monotonic() - began:.0f} s")
        if at >= story.shown_at:
            break
        at = clocks.next_step(at, end=min([story.shown_at, *(file.at for file in coming if file.at > at)]))
    for file in coming:
        take_in(file, state, story, sandbox, now=at)
        state.players += [asdict(player) for player in file.players]
    work.drain(state.tenant_id, only=work.known() - LEFT)
    state.stage = "restored"
    state.save(folder / "state.json")
    say(f"{key} told in {time.monotonic() - began:.0f} s")
    return state


def take_in(file: File, state: State, story: Story, sandbox: Sandbox, *, now: datetime) -> None:
    """Make a file's debtors known to the sandbox, then import it."""
    by_hand = {player.phone for player in file.players}
    people = [
        profile | {"persona": "manual"} if profile["phone"] in by_hand else profile
        for profile in profiles(file.rows, story.language, story.country)
    ]
    sandbox.call("POST", "/debtors", {"debtors": people})
    with tenant_scope(state.tenant_id):
        creditor = Creditor.objects.get(external_id=file.creditor)
    apply_import(creditor, iter(file.rows), now=now, file_name=file.name, mapping={"generated": len(people)})


def say(text: str) -> None:
    """One line for whoever waits."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
