"""The sandbox's memory on disk: one JSON array per line, only ever appended, replayed at start.

What is written survives a kill of the process (it is in the operating system's hands); a power cut may lose the tail.
A line torn by a kill is ignored. The first line names the format.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import orjson

FORMAT = 1
NAME = "sandbox.journal"


class JournalTooNew(Exception):
    """The directory was written by another format of the sandbox; start with an empty one."""


class Journal:
    """Append-only records; with no directory everything is a no-op."""

    def __init__(self, directory: Path | None) -> None:
        self.path = directory / NAME if directory else None
        self._file: BinaryIO | None = None
        self._buffer: list[bytes] = []
        self._size = 0
        if directory:
            directory.mkdir(parents=True, exist_ok=True)

    def replay(self) -> Iterator[list[Any]]:
        """Every whole record on disk, oldest first; raises JournalTooNew when the format differs."""
        if self.path is None or not self.path.exists():
            return
        with self.path.open("rb") as lines:
            for place, line in enumerate(lines):
                if not line.endswith(b"\n"):
                    return
                try:
                    record = orjson.loads(line)
                except orjson.JSONDecodeError:
                    continue
                if place == 0:
                    if record[:2] != ["journal", FORMAT]:
                        raise JournalTooNew(
                            f"the state is of format {record[1:2]}, this program reads {FORMAT}; use another --state"
                        )
                    continue
                yield record

    def rewrite(self, records: Iterator[list[Any]]) -> None:
        """Replace the file by `records` (a compaction): whole or not at all; then open it for appending."""
        if self.path is None:
            return
        fresh = self.path.with_suffix(".new")
        with fresh.open("wb") as out:
            out.write(orjson.dumps(["journal", FORMAT]) + b"\n")
            for record in records:
                out.write(orjson.dumps(record) + b"\n")
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(self.path)
        self._file = self.path.open("ab", buffering=0)
        self._size = self.path.stat().st_size

    def add(self, *record: Any) -> None:
        """Keep a record for the next flush."""
        if self._file is not None:
            self._buffer.append(orjson.dumps(record))

    def commit(self, *record: Any) -> None:
        """Put a record on disk now, after all that was added before; raises OSError (disk full) and keeps it out."""
        if self._file is None:
            return
        self._write()
        self._buffer.append(orjson.dumps(record))
        try:
            self._write()
        except OSError:
            self._buffer.pop()
            raise

    def flush(self) -> bool:
        """Hand everything added to the operating system; False when the disk is full: it is tried again later."""
        try:
            self._write()
        except OSError:
            return False
        return True

    def _write(self) -> None:
        if self._file is None or not self._buffer:
            return
        data = b"\n".join(self._buffer) + b"\n"
        try:
            written = self._file.write(data)
            if written != len(data):
                raise OSError(f"only {written} of {len(data)} bytes fitted")
        except OSError:
            self._file.truncate(self._size)
            raise
        self._size += len(data)
        self._buffer.clear()

    def abandon(self) -> None:
        """Forget what was added and write no more: what a kill would leave behind."""
        self._buffer.clear()
        self._file = None

    def close(self) -> None:
        """Flush and close; a second call does nothing."""
        if self._file is not None:
            self.flush()
            self._file.close()
            self._file = None
