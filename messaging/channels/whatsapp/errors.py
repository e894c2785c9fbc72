"""What each of Meta's error codes asks of us (whatsapp-cloud-api.md, section 5). Branch on the code, never the class."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What a refusal means for the message and for what stands around it."""

    RETRY = "retry"  # the same message, later
    PAIR = "pair"  # too fast to this person: only they wait
    WAIT24 = "wait24"  # not before a day has gone by
    WINDOW = "window"  # needs a template
    RECIPIENT = "recipient"  # this person cannot or will not be reached
    TEMPLATE = "template"  # stop this template
    REQUEST = "request"  # our mistake: never again as it is
    NUMBER = "number"  # stop this number
    TENANT = "tenant"  # stop this account, alert
    APP = "app"  # slow everything down


_CODES: dict[Kind, frozenset[int]] = {
    Kind.RETRY: frozenset({1, 2, 130429, 131000, 131016, 131057, 134101, 2494100}),
    Kind.PAIR: frozenset({131056}),
    Kind.WAIT24: frozenset({131049}),
    Kind.WINDOW: frozenset({131047}),
    Kind.RECIPIENT: frozenset({130403, 130472, 131021, 131026, 131050, 137000}),
    Kind.TEMPLATE: frozenset({132000, 132001, 132007, 132015, 132016, 132068, 132069}),
    Kind.REQUEST: frozenset(
        {100, 131008, 131009, 131030, 131051, 131053, 131055, 131062, 132005, 132012, 132018, 134100, 135000}
    ),
    Kind.NUMBER: frozenset({33, 131037, 131045, 131048, *range(133000, 133017)}),
    Kind.TENANT: frozenset(
        {0, 3, 10, 190, 368, 80007, 130497, 131005, 131031, 131042, 131063, 131064, 134011, 134102, 139200,
         *range(200, 300)}
    ),
    Kind.APP: frozenset({4}),
}  # fmt: skip
_BY_CODE = {code: kind for kind, codes in _CODES.items() for code in codes}


def classify(code: int | str, *, transient: bool = False) -> Kind:
    """The kind of a refusal; an unknown code is retried only when the provider calls it transient."""
    try:
        number = int(code)
    except ValueError:
        return Kind.RETRY if transient else Kind.REQUEST
    return _BY_CODE.get(number, Kind.RETRY if transient else Kind.REQUEST)
