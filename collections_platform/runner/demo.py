"""./run demo serves the product with a sandbox. With --headless: its main job, no pages."""

import argparse
import sys
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
    return serve(parser.parse_args(argv))


def headless(arguments: argparse.Namespace, passed_on: list[str]) -> int:
    """Servers and tables, then the headless run with its own arguments."""
    if arguments.reset:
        reset(arguments.data)
    with product_environment(arguments.data):
        bring_up_to_date()
        # Its modules read Django's settings, which exist from here on.
        return int(import_module("collections_platform.headless").main(passed_on))


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
        port = next_free_port(arguments.port)
        sandbox_port = next_free_port(SANDBOX_PORT, taken={port})
        stack = Stack(data, port=port, sandbox_port=sandbox_port)
        # Its modules read Django's settings, which exist from here on.
        world = import_module("collections_platform.demo_world")
        outside = None
        try:
            stack.start()
            shown = world.bring_up(data, web_url=stack.web_url, sandbox_url=stack.sandbox_url)
            world.first_messages(shown, stack.sandbox_url)
            say_where(stack, data, shown, time.monotonic() - started, world.logins(shown))
            outside = world.Outside(shown, web_url=stack.web_url, sandbox_url=stack.sandbox_url)
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
    phones = f"{stack.sandbox_url}/_sandbox/phone"
    first = shown[0]
    lines = [
        f"Ready in {seconds:.0f} s",
        f"  pages        {stack.web_url}/",
        *(
            f"  log in       agent@, supervisor@, admin@ or auditor@{slug}.example, password {password} ({name})"
            for slug, name, password in people
        ),
        f"  its docs     {stack.web_url}/api/v1/docs/",
        f"  REST API     {stack.web_url}/api/v1/",
        *(f"  key          {one.state.api_key} ({one.name})" for one in shown),
        f'  try it       curl -H "Authorization: Bearer {first.state.api_key}" '
        f'"{stack.web_url}/api/v1/creditors/main/debtors/{first.players[0].debtor}"',
        f"  phones       {phones}",
        *(f"  open first   {phones}/{one.players[0].phone} ({one.players[0].name}, {one.country})" for one in shown),
        f"  data, logs   {data}, {data / 'logs'} (the keys are kept in {data / 'demo'})",
        "Ctrl-C stops it.",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
