"""kill -9 of web while webhooks come in: what was answered 200 is on disk, the rest comes again, all counts once."""

from __future__ import annotations

import hashlib
import threading
import time

import httpx
import pytest

from tests.chaos.stage import ROUNDS, Person, Stage, until

PEOPLE = 6
POSTERS = 4
POSTS = 15  # of each poster


class Poster(threading.Thread):
    """Posts signed webhooks as Meta does: the next one when this one was answered 200, this one again until it is."""

    def __init__(self, stage: Stage, people: list[Person], *, rest: float = 0.0) -> None:
        super().__init__(daemon=True)
        self.stage, self.people, self.rest = stage, people, rest
        self.answered: list[tuple[str, bytes]] = []
        self.again = 0
        self.slowest = 0.0

    def run(self) -> None:
        with httpx.Client(timeout=15, trust_env=False) as link:
            for place in range(POSTS):
                body, wamid = self.stage.body(self.people[place % len(self.people)])
                while True:
                    started = time.monotonic()
                    status = self.stage.post(link, body)
                    if status == 200:
                        break
                    self.again += 1
                    time.sleep(0.1)
                self.slowest = max(self.slowest, time.monotonic() - started)
                self.answered.append((wamid, body))
                time.sleep(self.rest)


def on_disk(stage: Stage, answered: list[tuple[str, bytes]]) -> None:
    """Everything answered 200 was stored as it came, and has become one message each."""
    hashes = [hashlib.sha256(body).hexdigest() for _, body in answered]
    stored = stage.count("SELECT count(DISTINCT sha256) FROM tenants_rawinbound WHERE sha256 = ANY(%s)", hashes)
    assert stored == len(hashes)
    wamids = [wamid for wamid, _ in answered]
    found = "SELECT count(*) FROM messaging_providermessage WHERE provider_id = ANY(%s)"
    until("each has become a message", lambda: stage.count(found, wamids) == len(wamids))


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_web_dies_while_webhooks_come_in(stage: Stage, turn: int) -> None:
    people = stage.people(PEOPLE)
    requests = stage.queue(people)  # the sandbox posts their statuses meanwhile, small, doubled and reordered
    posters = [Poster(stage, people) for _ in range(POSTERS)]
    for poster in posters:
        poster.start()
    share = POSTERS * POSTS // (4 + turn % 3)
    until("some were answered", lambda: sum(len(poster.answered) for poster in posters) >= share, every=0.005)
    stage.kill("web")
    assert any(poster.is_alive() for poster in posters), "they had finished before web was killed"
    stage.start("web")
    for poster in posters:
        poster.join(60)
        assert len(poster.answered) == POSTS
    assert sum(poster.again for poster in posters) > 0
    on_disk(stage, [pair for poster in posters for pair in poster.answered])
    stage.settled(requests)
    stage.whole()
