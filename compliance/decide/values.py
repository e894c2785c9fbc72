"""What the gate is asked (Intent), what it may look at (Facts), and what it answers (Finding, Decision).

Everything here is a frozen value: no Django, no network, no clock. Instants are aware UTC, dates are local dates of
the debtor, zones are IANA names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

COLLECTION = "collection"
IDENTITY_PROBE = "identity_probe"
REPLY = "reply"
SERVICE = "service"
OPTOUT_CONFIRMATION = "optout_confirmation"
CONSENT_REQUEST = "consent_request"
MESSAGE_CLASSES = (COLLECTION, IDENTITY_PROBE, REPLY, SERVICE, OPTOUT_CONFIRMATION, CONSENT_REQUEST)

CHANNELS = ("whatsapp", "sms", "email", "call", "visit", "letter")

CONSENT_STATES = (
    "granted",
    "unknown",
    "imported_without_evidence",
    "other_channel_only",
    "other_purpose_only",
    "refused",
    "revoked",
    "expired",
)

#: What each identity state lets a message disclose: 0 nothing, 1 the creditor, 2 that a debt exists, 3 amounts.
IDENTITY_PERMITS: Mapping[str, int] = MappingProxyType(
    {"unknown": 0, "contacted": 0, "claimed": 1, "verified": 3, "wrong_person": 0}
)

#: The history classes that count in caps, spacing and the channel lock.
COUNTING_CLASSES = frozenset({COLLECTION, IDENTITY_PROBE, CONSENT_REQUEST})

#: Statuses that release the reservation; every other one counts, also one this version has never heard of.
RELEASED_STATUSES = frozenset(
    {
        "failed",
        "refused",
        "unsent",
        "not_sent",
        "settled_unsent",
        "settled_as_unsent",
        "released",
        "withdrawn",
        "cancelled",
        "canceled",
    }
)

#: Content flag that turns a reply into collection.
NEW_DEMAND = "new_demand"

Verdict = Literal["allow", "defer", "deny"]

NO_STOPS: Mapping[str, bool | str] = MappingProxyType({})
NO_INBOUND: Mapping[str, datetime] = MappingProxyType({})
NO_VALUES: Mapping[str, Any] = MappingProxyType({})

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_ORDINAL = EPOCH.toordinal()
DAY = 86_400
_SECOND = timedelta(seconds=1)


def seconds(instant: datetime) -> int:
    """Whole seconds since 1970 of an aware instant, rounded down; raises TypeError on a naive one."""
    return (instant - EPOCH) // _SECOND


def instant(epoch_seconds: int) -> datetime:
    """The aware UTC instant of whole seconds since 1970."""
    return EPOCH + timedelta(seconds=epoch_seconds)


@dataclass(frozen=True, slots=True)
class Intent:
    """What somebody wants to say.

    `disclosure` None takes the class's own level: 0 for identity_probe and consent_request, 3 for the others.
    `flags` are content flags (prohibited content and `new_demand`), `missing` the required fields that the text lacks.
    `free_text` says that no approved template carries it, so the provider's 24-hour window must be open.
    """

    message_class: str = COLLECTION
    channel: str = "whatsapp"
    purpose: str = "collection"
    disclosure: int | None = None
    flags: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    creditor: str | None = None
    invoices: tuple[str, ...] = ()
    free_text: bool = False
    in_reply_to: str | None = None
    origin: str = ""

    @property
    def level(self) -> int:
        """The disclosure level that the identity rule compares, 0 to 3."""
        if self.disclosure is not None:
            return self.disclosure
        return 0 if self.message_class in (IDENTITY_PROBE, CONSENT_REQUEST) else 3


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """One consent. Of several about the same channel and purpose the last one stands.

    `statement` names the row that says so: a decision cites it, and no rule looks at it.
    """

    state: str
    channel: str = "whatsapp"
    purpose: str = "collection"
    expires_at: datetime | None = None
    statement: str = ""


class Contact(NamedTuple):
    """One past contact by us: a message from its reservation on, a call attempt or a visit, by any creditor."""

    at: datetime
    channel: str = "whatsapp"
    message_class: str = COLLECTION
    status: str = "accepted"
    creditor: str | None = None
    invoices: tuple[str, ...] = ()
    new_demand: bool = False

    @property
    def counts(self) -> bool:
        """Whether caps, spacing and the channel lock count it."""
        return self.status not in RELEASED_STATUSES and (
            self.message_class in COUNTING_CLASSES or (self.new_demand and self.message_class == REPLY)
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the rules may look at.

    zones                  candidate zones, the primary (which counts days) first; empty: X-TZ-UNKNOWN
    consents               consent records, oldest first
    identity               unknown, contacted, claimed, verified or wrong_person
    stops                  stop condition name -> True, or the local date (text) since when it holds
    contacts               the history, as long as RuleSet.lookback_days; order does not matter
    last_inbound           channel -> instant of the debtor's last message on it
    window_open_until      end of the provider's window for free text; None: 24 h after last_inbound of the channel
    limit_until            the sending number's limit is used up until then
    paused, paused_until   somebody or the breaker paused the channel; without an end nothing can be promised
    balance_as_of, balance_max_age   both known: a balance older than that is stale
    country                ISO 3166 country whose holidays `country_of_debtor` means; None: the pack's own
    ufs                    states or provinces of the debtor, for rules that name one
    holiday_subdivisions   whose local holidays close the day; empty: `ufs`
    """

    zones: tuple[str, ...] = ()
    consents: tuple[ConsentRecord, ...] = ()
    identity: str = "unknown"
    stops: Mapping[str, bool | str] = field(default_factory=lambda: NO_STOPS)
    contacts: tuple[Contact, ...] = ()
    last_inbound: Mapping[str, datetime] = field(default_factory=lambda: NO_INBOUND)
    window_open_until: datetime | None = None
    limit_until: datetime | None = None
    paused: bool = False
    paused_until: datetime | None = None
    balance_as_of: datetime | None = None
    balance_max_age: timedelta | None = None
    country: str | None = None
    ufs: tuple[str, ...] = ()
    holiday_subdivisions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that objects, and what made it object.

    `kind` is one of KINDS; `values` are plain JSON values; `pack` is the layer that holds the rule; `citation` the law
    as text ('' when there is none) and `basis` its binding force (statute, regulation, article_practice, ...).
    """

    rule: str
    kind: str
    values: Mapping[str, Any] = field(default_factory=lambda: NO_VALUES)
    pack: str = "common"
    citation: str = ""
    basis: str = ""


#: Rule kinds in evaluation order.
KINDS = (
    "stop",
    "consent",
    "identity",
    "prohibited_content",
    "required_content",
    "freshness",
    "channel",
    "closed_day",
    "window",
    "cap",
    "spacing",
    "channel_lock",
)


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer. `findings` are in evaluation order; `next_allowed_at` is the asked instant when the verdict is allow.

    `searched_to` (seconds since 1970) is the last instant that the search looked at; evidence needs it.
    """

    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    next_allowed_at: datetime | None = None
    searched_to: int = field(default=0, compare=False, repr=False)

    @property
    def allowed(self) -> bool:
        """True when the message may go out now."""
        return self.verdict == "allow"

    @property
    def rules(self) -> tuple[str, ...]:
        """Ids of the rules that object, in evaluation order."""
        return tuple(finding.rule for finding in self.findings)
