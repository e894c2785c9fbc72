"""Everything the sandbox knows while it runs: accounts, numbers, templates, people, chats, messages."""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from kernel.phones import wa_forms, wa_id_to_e164
from messaging.sandbox.agenda import Agenda, SandboxClock
from messaging.sandbox.config import Config
from messaging.sandbox.debtors import Profile
from messaging.sandbox.journal import Journal

NINTH_DIGIT_KEPT = range(11, 29)  # Brazilian area codes in which WhatsApp keeps the ninth digit


@dataclass(slots=True)
class Portfolio:
    """A business portfolio: `messaging_limit` people outside the window in 24 h, None is unlimited."""

    id: str
    messaging_limit: int | None = None
    reached: OrderedDict[str, int] = field(default_factory=OrderedDict)


@dataclass(slots=True)
class Account:
    """A WhatsApp Business Account and where its webhooks go; `settings` is the set-up body that made it."""

    id: str
    portfolio_id: str
    settings: dict[str, Any]
    subscribed: bool = True

    @property
    def tokens(self) -> list[str]:
        """The access tokens that may act for this account."""
        return [self.settings["token"], *self.settings.get("more_tokens", [])]

    def option(self, group: str, name: str, default: Any) -> Any:
        """One setting of a group, e.g. ("webhooks", "linger_ms")."""
        return (self.settings.get(group) or {}).get(name, default)


@dataclass(slots=True)
class Number:
    """A business phone number. `throughput` is messages a second, 0 is unlimited."""

    id: str
    account_id: str
    display: str
    name: str
    throughput: int = 80
    status: str = "CONNECTED"
    quality: str = "GREEN"
    pin: str | None = None
    allowed: list[str] | None = None
    profile: dict[str, Any] = field(default_factory=dict)
    registrations: list[int] = field(default_factory=list)
    tokens: float = 0.0
    refilled: float = 0.0
    free_month: str = ""
    free_used: int = 0
    accepted: int = 0

    @property
    def digits(self) -> str:
        """The number as bare digits."""
        return "".join(c for c in self.display if c.isdigit())

    def public(self) -> dict[str, Any]:
        """What survives a restart."""
        passing = ("tokens", "refilled", "accepted")
        return {item.name: getattr(self, item.name) for item in fields(self) if item.name not in passing}


@dataclass(slots=True)
class Template:
    """A message template as the API shows it."""

    id: str
    account_id: str
    name: str
    language: str
    category: str
    status: str
    components: list[dict[str, Any]]
    parameter_format: str = "POSITIONAL"
    correct_category: str | None = None
    previous_category: str | None = None
    rejected_reason: str = "NONE"
    quality: str = "UNKNOWN"
    ttl_seconds: int | None = None
    edits: list[int] = field(default_factory=list)
    pauses: int = 0
    verdict: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Message:
    """An accepted message of the business. `raw` is the request body as received."""

    no: int
    wamid: str
    phone_id: str
    e164: str
    to: str
    at_us: int
    raw: bytes
    callback: str | None
    kind: str
    category: str
    ordinal: int
    override: list[Any] | None = None
    stage: int = 0
    stage_us: int = 0
    state: str = "accepted"
    error: int = 0
    billable: bool = True


@dataclass(slots=True)
class Inbound:
    """A message of a person to the business, as the webhook shows it, with the true intent behind it."""

    no: int
    phone_id: str
    e164: str
    at_us: int
    message: dict[str, Any]
    truth: dict[str, Any]


@dataclass(slots=True)
class Chat:
    """One person and one business number."""

    phone_id: str
    e164: str
    ordinal: int = 0
    last_inbound_us: int = 0
    burst_us: int = 0
    burst: int = 0
    paid_until_us: int = 0
    items: list[Message | Inbound] = field(default_factory=list)
    memory: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Media:
    """A file somebody sent or uploaded."""

    id: str
    mime_type: str
    filename: str
    data: bytes
    at_us: int
    phone_id: str


def wa_id_of(e164: str) -> str:
    """The id WhatsApp reports for a number: Mexico with its old 1, Brazil without the ninth digit outside 11-28,
    Argentina without its 9."""
    forms = wa_forms(e164)
    if len(forms) == 1 or (e164.startswith("+55") and int(e164[3:5]) in NINTH_DIGIT_KEPT):
        return forms[0]
    return forms[1]


class World:
    """The state of one sandbox. Changes go through the modules that own them, which journal first."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.seed = config.seed
        self.clock = SandboxClock(standing_us=config.start_us)
        self.agenda = Agenda()
        self.journal = Journal(config.directory)
        self.nonce = os.urandom(6).hex()
        self.portfolios: dict[str, Portfolio] = {}
        self.accounts: dict[str, Account] = {}
        self.by_token: dict[str, set[str]] = {}
        self.revoked: set[str] = set()
        self.numbers: dict[str, Number] = {}
        self.templates: dict[str, Template] = {}
        self.template_names: dict[tuple[str, str, str], str] = {}
        self.people: dict[str, Profile] = {}
        self.bsuids: dict[str, str] = {}
        self.chats: dict[tuple[str, str], Chat] = {}
        self.messages: list[Message] = []
        self.by_wamid: dict[str, Message] = {}
        self.inbound: list[Inbound] = []
        self.inbound_by_wamid: dict[str, Inbound] = {}
        self.media: dict[str, Media] = {}
        self.bank: list[dict[str, Any]] = []
        self.payments: list[dict[str, Any]] = []
        self.faults: list[dict[str, Any]] = []
        self.counts: dict[str, int] = {}
        self.callbacks: dict[str, int] = {}
        self.doubled: dict[str, int] = {}
        self.recent_words: dict[bytes, int] = {}
        self.older_words: dict[bytes, int] = {}
        self.words_day_us = 0
        self.same_words: dict[str, int] = {}
        self.serials: dict[str, int] = {}

    def count(self, name: str, by: int = 1) -> None:
        """Add to a counter of `/_sandbox/stats`."""
        self.counts[name] = self.counts.get(name, 0) + by

    def new_id(self, kind: str) -> str:
        """A numeric id as Graph makes them, unique in this sandbox."""
        serial = self.serials[kind] = self.serials.get(kind, 0) + 1
        digest = hashlib.blake2b(f"{self.nonce}{kind}{serial}".encode(), digest_size=6).digest()
        return str(10**15 + int.from_bytes(digest, "big") % (9 * 10**15))

    def wamid(self, phone_id: str, e164: str, serial: int, direction: str) -> str:
        """A message id that no other sandbox run makes."""
        digest = hashlib.blake2b(f"{self.nonce}{phone_id}{e164}{serial}{direction}".encode(), digest_size=15)
        return f"wamid.HB{digest.hexdigest().upper()}"

    def user_id(self, e164: str) -> str:
        """The business-scoped user id of a person (digits only, as pywa expects)."""
        digest = int.from_bytes(hashlib.blake2b(e164.encode(), digest_size=8).digest(), "big") % 10**19
        bsuid = f"{_country(e164)}.{digest:019d}"
        self.bsuids[bsuid] = e164
        return bsuid

    def chat(self, phone_id: str, e164: str) -> Chat:
        """The chat of a person with a number, made on first use."""
        chat = self.chats.get((phone_id, e164))
        if chat is None:
            chat = self.chats[(phone_id, e164)] = Chat(phone_id, e164)
        return chat

    def name_of(self, e164: str) -> str:
        """What the person's WhatsApp profile shows."""
        profile = self.people.get(e164)
        return profile.name if profile else f"Contact {e164[-4:]}"

    def hides_phone(self, e164: str) -> bool:
        """Whether webhooks about this person come without a phone number."""
        profile = self.people.get(e164)
        return bool(profile and profile.hides_phone)

    def account_of(self, phone_id: str) -> Account:
        """The account that owns a number."""
        return self.accounts[self.numbers[phone_id].account_id]

    def templates_of(self, account_id: str) -> Iterable[Template]:
        """The account's templates, oldest first."""
        return (t for t in self.templates.values() if t.account_id == account_id)

    def find_person(self, recipient: str) -> str:
        """The E.164 number behind what a sender wrote: a phone in any form or a BSUID; raises ValueError."""
        if recipient in self.bsuids:
            return self.bsuids[recipient]
        digits = "".join(c for c in recipient if c.isdigit())
        if not 7 <= len(digits) <= 15 or set(recipient) - set("+-() 0123456789"):
            raise ValueError(recipient)
        return wa_id_to_e164(digits)


_COUNTRIES = {
    "55": "BR",
    "52": "MX",
    "54": "AR",
    "56": "CL",
    "57": "CO",
    "51": "PE",
    "598": "UY",
    "593": "EC",
    "1": "US",
}


def _country(e164: str) -> str:
    digits = e164.lstrip("+")
    for length in (3, 2, 1):
        if digits[:length] in _COUNTRIES:
            return _COUNTRIES[digits[:length]]
    return "ZZ"
