"""What the sandbox is told before it starts; everything else arrives through its control API."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import httpx


@dataclass(frozen=True, slots=True)
class Config:
    """Settings of one sandbox.

    seed       decides every behaviour: same seed, same debtors
    directory  where the journal and media live; None keeps everything in memory
    client     delivers webhooks and opens payment links in-process (tests); None uses an aiohttp session
    start_us   microseconds since the epoch at which a fresh sandbox's clock stands still; None lets it run
    """

    seed: int = 0
    directory: Path | None = None
    client: httpx.AsyncClient | None = None
    start_us: int | None = None
