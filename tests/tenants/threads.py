"""Several workers at once: each thread has a connection of its own, as each process has."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import connection

Result = TypeVar("Result")


def together(*work: Callable[[], Result]) -> list[Result]:
    """Run all of it at the same moment, return the answers in order; the first error is raised again."""
    start, answers, errors = threading.Barrier(len(work)), [None] * len(work), [None] * len(work)  # type: Any, Any, Any

    def run(place: int) -> None:
        try:
            start.wait(10)
            answers[place] = work[place]()
        except BaseException as error:
            errors[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,), daemon=True) for place in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "a worker hangs"
    for error in errors:
        if error is not None:
            raise error
    return list(answers)


def workers(count: int, work: Callable[[], Result]) -> Sequence[Result]:
    """The same work in several threads at once."""
    return together(*[work] * count)
