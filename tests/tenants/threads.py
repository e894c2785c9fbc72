"""Several workers at once: each thread has a connection of its own, as each process has."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import connection

Result = TypeVar("Result")


def together(*work: Callable[[], Result]) -> list[Result]:
    """Run all of it at the same moment, return the answers in order; the first error is raised again."""
    start = threading.Barrier(len(work))
    answers: dict[int, Result] = {}
    errors: list[BaseException] = []

    def run(place: int) -> None:
        try:
            start.wait(10)
            answers[place] = work[place]()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,), daemon=True) for place in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "a worker hangs"
    if errors:
        raise errors[0]
    return [answers[place] for place in range(len(work))]


def workers(count: int, work: Callable[[], Result]) -> Sequence[Result]:
    """The same work in several threads at once."""
    return together(*[work] * count)
