"""The four kinds of trouble, told apart by who can mend them.

An expected no is a value and has no class here. A caller's mistake is a DomainError. The world's fault is one of
Unreachable, Refused or NoAnswer, told apart by what may have happened on the other side, never by HTTP code alone.
"""

from __future__ import annotations

from typing import Any


class Words(str):
    """A parameter of a DomainError that is itself a text for people ("invoice"): the edge translates it too."""


class DomainError(Exception):
    """The caller asked for something that cannot be; `code` is stable, `message` says how to mend it.

    `params` fill the message's `%(name)s` places, so that it can be translated at the edge.
    `pointer` is the JSON pointer or column of the offending field where there is one.
    """

    def __init__(self, code: str, message: str, *, pointer: str = "", **params: Any) -> None:
        super().__init__(message % params if params else message)
        self.code = code
        self.template = message
        self.pointer = pointer
        self.params = params

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (self.code, self.template, self.pointer, self.params))


def _rebuild(code: str, message: str, pointer: str, params: dict[str, Any]) -> DomainError:
    return DomainError(code, message, pointer=pointer, **params)


class Unreachable(Exception):
    """Nothing left this machine: it is safe to try the same thing again."""


class Refused(Exception):
    """A clear no from the other side: nothing happened there, and `code` says why."""

    def __init__(self, code: int | str, detail: str = "", *, transient: bool = False) -> None:
        super().__init__(f"{code}: {detail}" if detail else str(code))
        self.code = code
        self.detail = detail
        self.transient = transient

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild_refused, (self.code, self.detail, self.transient))


def _rebuild_refused(code: int | str, detail: str, transient: bool) -> Refused:
    return Refused(code, detail, transient=transient)


class NoAnswer(Exception):
    """It may have happened: never repeat it blindly; only a receipt or a person settles it."""
