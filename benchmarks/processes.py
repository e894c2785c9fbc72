"""Servers that a benchmark needs beside itself, on free loopback ports, ended with it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.error import URLError
from urllib.request import urlopen


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    arguments: list[str], port: int, path: str = "/", environ: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run `python -m ARGUMENTS` until the block ends; gives its address once it answers."""
    child = subprocess.Popen([sys.executable, "-m", *arguments], env={**os.environ, **(environ or {})})
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                with urlopen(url + path, timeout=1):
                    break
            except (URLError, OSError):
                if child.poll() is not None:
                    raise RuntimeError(f"{arguments[0]} ended with {child.returncode}") from None
                time.sleep(0.1)
        else:
            raise RuntimeError(f"{arguments[0]} does not answer")
        yield url
    finally:
        child.terminate()
        child.wait(10)
