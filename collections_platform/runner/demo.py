"""./run demo serves the product with three sandboxes. With --headless: its main job, no pages."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from django.core.management import call_command

from collections_platform.embedded import reset
from collections_platform.runner import browser_files
from collections_platform.runner.schema import bring_up_to_date
from collections_platform.runner.stack import Stack, next_free_port
from collections_platform.runner.surroundings import data_folder, product_environment

PORT = 8000
SANDBOX_PORT = 8100


def main(argv: list[str]) -> int:
    """Serve until Ctrl-C, or hand over to the headless run."""
    parser = argparse.ArgumentParser(prog="./run demo", description=__doc__, add_help="--headless" not in argv)
    parser.add_argument("--headless", action="store_true", help="run the main job without pages (own --help)")
    parser.add_argument("--reset", action="store_true", help="delete the demo's data and start afresh")
    parser.add_argument("--data", type=Path, default=data_folder(), help="data folder (default: .trato)")
    if "--headless" in argv:
        arguments, passed_on = parser.parse_known_args(argv)
        return headless(arguments, passed_on)
    parser.add_argument("--port", type=int, default=PORT, help=f"first port to try (default {PORT})")
    parser.add_argument("--write-worlds", type=Path, metavar="DIR", help="play the shown weeks anew and keep them")
    parser.add_argument(
        "--small", action="store_true", help="begin today with a few debtors, without the written weeks"
    )
    parser.add_argument("--debtors", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--days", type=int, default=0, help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    return write_worlds(arguments) if arguments.write_worlds else serve(arguments)


def write_worlds(arguments: argparse.Namespace) -> int:
    """Play the weeks of the demo's organisations on servers of their own and keep what came of them."""
    with tempfile.TemporaryDirectory(prefix="trato-world-") as name:
        data = Path(name) / "data"
        data.mkdir()
        (data / "throwaway.json").write_text('{"durable": false}')  # servers that do not wait for the disk
        with product_environment(data):
            bring_up_to_date()
            writing = import_module("collections_platform.demo.writing")
            writing.write(arguments.write_worlds.resolve(), debtors=arguments.debtors, days=arguments.days)
    return 0


def headless(arguments: argparse.Namespace, passed_on: list[str]) -> int:
    """Servers and tables, then the headless run with its own arguments."""
    if arguments.reset:
        reset(arguments.data)
    with product_environment(arguments.data):
        bring_up_to_date()
        # Its modules read Django's settings, which exist from here on.
        main = import_module("collections_platform.headless").main
        return int(main(["--data", str(arguments.data.resolve()), *passed_on]))


def serve(arguments: argparse.Namespace) -> int:
    """Start everything, say where it is, keep it running until Ctrl-C or SIGTERM."""
    started = time.monotonic()
    if arguments.reset:
        reset(arguments.data)
    with product_environment(arguments.data) as servers:
        browser_files.bring_up_to_date()
        bring_up_to_date()
        call_command("collectstatic", interactive=False, verbosity=0)
        data = servers.folder.root if servers else arguments.data.resolve()
        # Whoever enters without a password must be on servers of ours: the settings look whether it is so.
        os.environ["DEMO_DOOR"] = str(data) if servers else ""
        # Its modules read Django's settings, which exist from here on.
        showing = import_module("collections_platform.demo.showing")
        known = showing.prepare(data, small=arguments.small)
        port = next_free_port(arguments.port)
        sandbox_port = next_free_port(SANDBOX_PORT)
        sandboxes = {key: next_free_port(SANDBOX_PORT) for key in known}
        stack = Stack(data, port=port, sandbox_port=sandbox_port, sandboxes=sandboxes)
        outside = None
        try:
            stack.start()
            shown = showing.bring_up(data, web_url=stack.web_url, sandbox_urls=stack.sandbox_urls)
            showing.first_messages(shown)
            say_where(stack, data, shown, time.monotonic() - started, showing.logins(shown))
            outside = showing.Outside(shown)
            outside.start()
            while True:
                time.sleep(1)
                stack.mend()
        except (KeyboardInterrupt, SystemExit):
            sys.stdout.write("\nStopping\n")
            sys.stdout.flush()
        finally:
            if outside is not None:
                outside.end()
            stack.stop()
    return 0


def say_where(
    stack: Stack, data: Path, shown: Sequence[Any], seconds: float, people: Sequence[tuple[str, str, str]]
) -> None:
    """The lines that the person waits for."""
    first = shown[0]
    lines = [
        f"Ready in {seconds:.0f} s",
        f"  start here   {stack.web_url}/   (enter as anybody, and a tour of five minutes)",
        *(
            f"  {name:28} {stack.web_url}/o/{slug}/   agent@, supervisor@, admin@, auditor@{slug}.example, "
            f"password {password}"
            for slug, name, password in people
        ),
        *(
            f"  phones       {one.phones}/{one.players[0]['phone']} ({one.players[0]['name']}, {one.story.name})"
            for one in shown
            if one.players
        ),
        f"  REST API     {stack.web_url}/api/v1/   docs at {stack.web_url}/api/v1/docs/",
        *(f"  key          {one.state.api_key} ({one.story.name})" for one in shown),
        f'  try it       curl -H "Authorization: Bearer {first.state.api_key}" "{stack.web_url}/api/v1/creditors/'
        f'{first.story.creditors[0].external_id}/debtors/{first.players[0]["debtor"]}"',
        f"  data, logs   {data}, {data / 'logs'} (the keys are kept in {data / 'demo'})",
        "Ctrl-C stops it.",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
