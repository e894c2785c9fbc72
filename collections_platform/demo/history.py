"""Plays the demo's weeks through the product and writes them down.

`python -m collections_platform.demo.history KEY --folder DIR` plays one organisation on the servers of the
environment; `./run demo --write-worlds DIR` does it for all of them, side by side, and keeps the result.
"""

from __future__ import annotations

import argparse
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import django
from django.conf import settings

from collections_platform.runner.children import Child, end_all
from collections_platform.runner.stack import answers, listens
from kernel.ids import without_chance
from messaging.channels.whatsapp.send import reset_runtime

#: What payment links in old messages begin with: where `./run demo` listens if nobody else does.
SHOWN_URL = "http://127.0.0.1:8000"
KEYS = ("BR", "MX", "CO")
SERVER = "from kernel.ids import without_chance; without_chance({ids}); import uvicorn; uvicorn.main()"


def main() -> int:
    """Play one organisation's weeks."""
    parser = argparse.ArgumentParser(prog="collections_platform.demo.history", description=__doc__)
    parser.add_argument("key")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--debtors", type=int, default=0, help="fewer than the story's, for a try")
    parser.add_argument("--days", type=int, default=0, help="end so many days after the beginning, for a try")
    options = parser.parse_args()
    django.setup()
    telling = import_module("collections_platform.demo.telling")  # its rooms read Django's settings
    place = 2 * KEYS.index(options.key)
    without_chance(place)
    folder = options.folder / options.key
    with processes(folder, place + 1) as (sandbox_url, web_url):
        telling.tell(options.key, folder, sandbox_url, web_url, debtors=options.debtors, days=options.days)
    return 0


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


@contextmanager
def processes(folder: Path, ids: int) -> Iterator[tuple[str, str]]:
    """A sandbox and a web server for one organisation, as long as its weeks are played.

    `ids`: the number that sets the server's ids apart.
    """
    folder.mkdir(parents=True, exist_ok=True)
    web_port, sandbox_port = free_ports(2)
    web_url, sandbox_url = f"http://127.0.0.1:{web_port}", f"http://127.0.0.1:{sandbox_port}"
    environ = {"PUBLIC_URL": SHOWN_URL, "GRAPH_BASE_URL": sandbox_url, "PYTHONUNBUFFERED": "1"}
    python = [sys.executable, "-P", "-m"]
    sandbox = ["messaging.sandbox", "--port", str(sandbox_port), "--state", str(folder), "--seed", "7"]
    server = [sys.executable, "-P", "-c", SERVER.format(ids=ids), "collections_platform.asgi:application"]
    server += ["--host", "127.0.0.1", "--port", str(web_port), "--no-access-log"]
    children = [
        Child("sandbox", [*python, *sandbox, "--now", "2026-01-01T00:00:00Z"], folder / "sandbox.log", environ),
        Child("web", server, folder / "web.log", environ),
    ]
    settings.PUBLIC_URL, settings.GRAPH_BASE_URL = SHOWN_URL, sandbox_url
    try:
        for child in children:
            child.start()
        until = time.monotonic() + 60
        while not (answers(f"{web_url}/readyz") and listens(sandbox_port)):
            if time.monotonic() > until or not all(child.alive for child in children):
                raise RuntimeError(f"a server did not start; see {folder}")
            time.sleep(0.1)
        yield sandbox_url, web_url
    finally:
        reset_runtime()
        end_all(children)


if __name__ == "__main__":
    sys.exit(main())
