"""What the bot does about a message. Pure: what was heard and what is known in, acts and the new state out.

Nothing that reveals a debt is among the acts while the contact is not verified; a person is one word away at any step;
two answers in a row that did not understand are the last ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

#: Answers in a row that did not understand, before a person takes over.
FALLBACKS_MAX = 2
#: Turns of the bot in one hour of one conversation; two machines talking to each other end here.
TURNS_AN_HOUR = 15
#: Right answers that verify; wrong answers after which somebody else is taken to answer.
POINTS, STRIKES_MAX = 2, 3

_YES = re.compile(
    r"^\W*(?:(?:s[ií]|sim|isso|as[ií] es|correcto|exacto|claro)\b[\s,.!]*)?(?:soy yo|yo soy|sou eu|eu mesm[oa]|el "
    r"mism[oa]|"
    r"con (?:[eé]l|ella) habla|(?:[eé]l|ella) habla|[eé] el[ea]|pode falar|d[ií]game|qu[eé] pas[oó])?\W*$",
    re.IGNORECASE,
)
_YES_START = re.compile(r"^\W*(?:s[ií]\b(?!\s+no)|sim\b|soy yo|sou eu|as[ií] es|isso|correcto|eu mesm)", re.IGNORECASE)
_THANKS = re.compile(
    r"^\W*(?:ok|okay|vale|listo|perfecto|beleza|t[aá] bom|certo)?[\s,.!]*(?:muchas |muito |mil |ok )*"
    r"(?:gracias|obrigad[oa]|obg|valeu|agrade[cz]\w+|muy amable|ok|vale|listo|perfecto|de acuerdo|beleza|certo|blz)"
    r"(?:[\s,]+(?:gracias|obrigad[oa]|por avisar|muy amable))?\W*$",
    re.IGNORECASE,
)
_THANKED = re.compile(r"\b(?:gracias|grasias|obrigad[oa])\b", re.IGNORECASE)
#: Nothing but thanks. "Ok" and "listo" are no part of it: said to a person they may be the answer to a question.
_ONLY_THANKS = re.compile(
    r"^\W*(?:(?:muchas|muchisimas|much[ií]simas|mil|muito|muit[ií]ssimo) )?(?:gracias|grasias|obrigad[oa]|obg|valeu|agradecid[oa])"
    r"(?:[\s,]+(?:por (?:avisar|avisarme|todo|tudo|su ayuda|la ayuda|su atenci[oó]n|la atenci[oó]n|a ajuda)|pela ajuda|"
    r"pela aten[cç][aã]o|muy amable|igualmente|buen d[ií]a|bom dia))?\W*$",
    re.IGNORECASE,
)
#: Who are you, and is it real?
_WHO = re.compile(
    r"\b(?:qui[eé]n(?:es)?|quem|de parte de|de d[oó]nde|de onde|qu[eé] empresa|qual empresa|que empresa|es real|[eé] real|"
    r"estafa|fraude|golpe|verdad|verdade|confiable|confi[aá]vel)\b",
    re.IGNORECASE,
)
_SILENT = frozenset({"sticker", "reaction", "system", "unsupported", "unknown", "edit", "revoke", "ephemeral"})
_PICTURES = frozenset({"image", "document"})
_UNREADABLE = frozenset({"audio", "voice", "video", "location", "contacts"})
_INTENTS = {
    "pay_now": "pay", "promise": "promise", "plan": "plan", "more_time": "more_time", "paid_already": "paid",
    "dispute": "dispute", "wrong_person": "wrong_person", "hardship": "hardship", "human": "human", "abuse": "abuse",
    "question": "question", "greeting": "greeting",
}  # fmt: skip
_TAPS = frozenset(
    {
        "pay",
        "plan",
        "more_time",
        "doubts",
        "paid",
        "human",
        "wrong_person",
        "accept",
        "reject",
        "amount",
        "dispute",
        "menu",
    }
)
#: What is about the debt, and so is answered to a verified person only.
_ABOUT_MONEY = frozenset(
    {"pay", "plan", "plan_of", "more_time", "date", "promise", "accept", "reject", "yes", "answer", "greeting"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A message as it is understood. `right`: whether it answers `question` of the two-point check rightly."""

    kind: str
    text: str = ""
    tapped: str = ""
    intent: str = "other"
    day: date | None = None  # that a promise names
    minor: int | None = None  # and the amount, in minor units
    question: str = ""
    right: bool | None = None
    opted_in: bool = False  # they sent the words of a click-to-chat link, which are a consent


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is true of the person and the account."""

    identity: str
    today: date
    last_day: date  # the latest day that a promise may name
    questions: tuple[str, ...] = ()  # that this person can be asked, the stronger first
    passed: tuple[str, ...] = ()
    strikes: int = 0
    open: bool = True  # something is open that nobody disputes
    disputed: bool = False
    agreement: bool = False
    proposal: bool = False
    may_ask: bool = False  # whether they may be written to was never answered, nor asked of late


@dataclass(frozen=True, slots=True)
class Act:
    """One thing to do or to say; `name` is a method of `flows.Flow`."""

    name: str
    what: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """The acts, in order, and the state that the conversation keeps."""

    acts: tuple[Act, ...]
    state: dict[str, Any]


def topic_of(heard: Heard) -> tuple[str, str]:
    """(topic, detail): what a tap or words are about."""
    head, _, rest = heard.tapped.partition(":")
    if heard.tapped in _TAPS:
        return heard.tapped, ""
    if head == "probe":
        return ("wrong_person", "") if rest.startswith("no") else ("yes", "")
    if head == "check":
        return "answer", rest
    if head == "consent":
        return "consent", rest
    if head == "plan" and rest.isdigit():
        return "plan_of", rest
    if head == "date" and re.fullmatch(r"\d{4}-\d\d-\d\d", rest):
        return "date", rest
    if heard.kind in _SILENT:
        return "silent", ""
    if heard.kind in _PICTURES:
        return "picture", ""
    if heard.kind in _UNREADABLE:
        return "unreadable", ""
    if heard.right is not None and heard.intent not in ("wrong_person", "human", "hardship"):
        return "answer", ""
    if _THANKS.match(heard.text) or (
        heard.intent in ("other", "greeting") and _THANKED.search(heard.text) and len(heard.text) <= 40
    ):
        return "thanks", ""
    return _INTENTS.get(heard.intent, "other"), ""


def needs_answer(kind: str, text: str, tapped: str) -> bool:
    """Whether somebody waits after this message; thanks, stickers and reactions end a conversation."""
    return bool(tapped) or (kind not in _SILENT and not _ONLY_THANKS.match(text))


def decide(heard: Heard, known: Known, state: dict[str, Any], now: datetime) -> Turn:
    """The bot's turn; no acts at all means that silence is the answer."""
    topic, detail = topic_of(heard)
    # A clock that went back (a replay) must not keep the guard shut.
    turns = [at for at in state.get("turns", []) if now - timedelta(hours=1) < datetime.fromisoformat(at) <= now]
    kept = {**state, "turns": turns}
    if topic in ("silent", "thanks"):
        return Turn((), kept)
    if len(turns) >= TURNS_AN_HOUR:
        return Turn((Act("hand_over", {"reason": "loop"}),), kept)
    kept["turns"] = [*turns, now.isoformat()]
    if topic == "wrong_person":
        return Turn((Act("wrong_person", {"method": "tap" if heard.tapped else "words"}),), {"turns": kept["turns"]})
    if topic == "human":
        return _understood(kept, Act("say", {"text": "human"}), Act("hand_over", {"reason": "asked"}))
    if known.identity == "wrong_person":
        return Turn((), kept)
    if topic == "consent":
        return _understood(kept, Act("consent", {"granted": detail == "yes"}))
    if heard.opted_in:
        return _opted_in(known, kept)
    if known.identity != "verified":
        turn = _identify(topic, heard, known, kept)
    else:
        turn = _serve(topic, detail, heard, known, kept)
    if known.may_ask and not kept.get("consent_asked") and any(act.name == "detail" for act in turn.acts):
        # They came by themselves, and know now what it is about: the one moment to ask whether we may write.
        return Turn((*turn.acts, Act("ask_consent")), {**turn.state, "consent_asked": True})
    return turn


def _opted_in(known: Known, state: dict[str, Any]) -> Turn:
    """They sent a link's words: that it was noted, then who they are, then what it is about."""
    noted = Act("say", {"text": "consent_yes"})
    if known.identity == "verified":
        return _understood(state, noted, Act("detail"))
    return _understood(state, noted, *(_ask(known) if known.identity == "claimed" else (Act("ask_who"),)))


def _understood(state: dict[str, Any], *acts: Act) -> Turn:
    return Turn(acts, {name: value for name, value in state.items() if name != "fallbacks"})


def _lost(state: dict[str, Any], *acts: Act) -> Turn:
    """The bot did not understand: it says so once more, or steps aside."""
    count = int(state.get("fallbacks", 0)) + 1
    if count > FALLBACKS_MAX:
        return _understood(state, Act("say", {"text": "give_up"}), Act("hand_over", {"reason": "not_understood"}))
    return Turn(acts, {**state, "fallbacks": count})


# -- who answers ------------------------------------------------------------------------------------------------------


def _identify(topic: str, heard: Heard, known: Known, state: dict[str, Any]) -> Turn:
    """Nobody is verified: whatever they want, first it has to be known who they are (product C15)."""
    if topic == "abuse":
        return _understood(state, Act("say", {"text": "abuse"}), Act("hand_over", {"reason": "abuse"}))
    if topic == "answer" and heard.question in known.questions and heard.right is not None:
        return _answered(heard, known, state)
    yes = topic == "yes" or (
        topic in ("other", "greeting") and bool(_YES.match(heard.text) or _YES_START.match(heard.text))
    )
    if yes and known.identity != "claimed":
        return _understood(state, Act("claim", {"method": "tap" if heard.tapped else "words"}), *_ask(known))
    wonders = topic == "doubts" or (topic in ("question", "other") and bool(_WHO.search(heard.text)))
    if wonders and not state.get("page"):
        # "Who is this?": once, the page on which they can see that it is genuine; it asks the same before it tells more.
        again = _ask(known) if known.identity == "claimed" else (Act("ask_who"),)
        return _lost({**state, "page": True}, Act("page", {"text": "page_who"}), *again)
    if yes or known.identity == "claimed":
        return _understood(state, *_ask(known)) if yes else _lost(state, *_ask(known))
    return _lost(state, Act("ask_who"))


def _ask(known: Known) -> tuple[Act, ...]:
    left = [question for question in known.questions if question not in known.passed]
    if not left:
        return (Act("say", {"text": "human"}), Act("hand_over", {"reason": "nothing_to_ask"}))
    return (Act("ask", {"question": left[0], "first": not known.passed}),)


def _answered(heard: Heard, known: Known, state: dict[str, Any]) -> Turn:
    if not heard.right:
        if known.strikes + 1 >= STRIKES_MAX:
            return Turn((Act("strike"), Act("wrong_person", {"method": "check"})), {"turns": state["turns"]})
        again = Act("ask", {"question": heard.question, "first": not known.passed, "again": True})
        return _understood(state, Act("strike"), again)
    passed = tuple(dict.fromkeys([*known.passed, heard.question]))
    left = [question for question in known.questions if question not in passed]
    if left and len(passed) < POINTS:
        return _understood(state, Act("passed", {"passed": passed}), Act("ask", {"question": left[0], "first": False}))
    return _understood(state, Act("verify", {"passed": passed}), Act("detail" if known.open else "nothing_open"))


# -- what they want ---------------------------------------------------------------------------------------------------


def _serve(topic: str, detail: str, heard: Heard, known: Known, state: dict[str, Any]) -> Turn:
    """A verified person: the account may be spoken about."""
    if topic == "abuse":
        return _understood(state, Act("say", {"text": "abuse"}), Act("hand_over", {"reason": "abuse"}))
    if topic == "hardship":
        return _understood(state, Act("pause", {"reason": "hardship"}), Act("say", {"text": "hardship"}),
                           Act("hand_over", {"reason": "hardship"}))  # fmt: skip
    if topic == "picture":
        return _understood(state, Act("receipt"), Act("hand_over", {"reason": "receipt"}))
    if not known.open and (topic in _ABOUT_MONEY or (topic == "paid" and not known.disputed)):
        return _understood(state, Act("in_dispute" if known.disputed else "nothing_open"))
    if topic == "paid":
        return _understood(
            state, Act("pause", {"reason": "to_verify"}), Act("say", {"text": "paid", "menu": ("human",)})
        )
    if topic in ("yes", "answer", "greeting"):
        return _understood(state, Act("detail"))
    if topic == "pay":
        return _understood(state, Act("pay"))
    if topic in ("plan", "plan_of", "more_time", "date", "promise") and known.agreement:
        return _understood(state, Act("has_agreement"))
    if topic == "plan":
        return _understood(state, Act("plans"))
    if topic == "plan_of":
        return _understood(state, Act("propose", {"count": int(detail)}))
    if topic in ("accept", "reject"):
        return _understood(state, Act(topic if known.proposal else "has_agreement" if known.agreement else "detail"))
    if topic == "date":
        return _dated(date.fromisoformat(detail), int(state["minor"]) if state.get("minor") else None, known, state)
    if topic == "promise" and heard.day is not None and known.today <= heard.day <= known.last_day:
        asked = {**state, "minor": heard.minor or 0}
        return _understood(asked, Act("confirm_promise", {"day": heard.day, "minor": heard.minor}))
    if topic in ("promise", "more_time"):
        late = heard.day is not None and heard.day > known.last_day
        return _understood(state, Act("dates", {"late": late}))
    if topic == "doubts":
        choices = Act("say", {"text": "doubts", "menu": ("amount", "dispute", "human")})
        return _understood(state, Act("page", {"text": "page_doubts"}), choices)
    if topic == "amount":
        return _understood(state, Act("statement"))
    if topic == "dispute":
        return _understood(
            state,
            Act("dispute", {"words": "" if heard.tapped else heard.text}),
            Act("hand_over", {"reason": "dispute"}),
        )
    if topic == "question" and not state.get("fallbacks"):
        return _lost(state, Act("statement" if known.open else "nothing_open"))
    if topic == "unreadable":
        return _lost(state, Act("say", {"text": "unreadable", "menu": "age"}))
    return _lost(state, Act("say", {"text": "menu", "menu": "age"}))


def _dated(day: date, minor: int | None, known: Known, state: dict[str, Any]) -> Turn:
    rest = {name: value for name, value in state.items() if name != "minor"}
    if not known.today <= day <= known.last_day:
        return _understood(rest, Act("dates", {"late": day > known.last_day}))
    return _understood(rest, Act("promise", {"day": day, "minor": minor}))


def answer_in(question: str, text: str) -> str:
    """What a typed text could answer to a question of the check; '' when it is no answer."""
    if question == "birth_year":
        found = re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", text)
        return found[-1] if found else ""
    if question == "document_last3":
        tokens = [
            token
            for token in re.findall(r"[0-9A-Za-z]{3,}", re.sub(r"(?<=\w)[.\-/](?=\w)", "", text))
            if re.search(r"\d", token)
        ]
        return tokens[-1][-3:].upper() if tokens and len(text) <= 60 else ""
    return ""


_REASONS = (
    ("already_paid", r"ya (?:lo )?pagu|ya (?:est[aá]|qued[oó]) pagad|j[aá] paguei|j[aá] foi pag|dos veces|duas vezes"),
    ("cancelled", r"cancel[eé]|cancelei|di de baja|dei baixa"),
    ("not_delivered", r"lleg[oó]|nunca recib|no me entreg|dañad|devolv|defeito|n[aã]o recebi|n[aã]o chegou"),
    ("wrong_amount", r"monto|importe|valor|de m[aá]s|a mais|cuadra|n[aã]o bate|cobrand"),
    (
        "not_mine",
        r"no es m[ií]|no reconozco|no debo|nunca contrat|n[aã]o [eé] minha|n[aã]o reconhe|n[aã]o devo|no la conozco",
    ),
)


def reason_of(words: str) -> str:
    """What a debtor denies a claim with, as far as the words show; `other` otherwise."""
    return next((name for name, pattern in _REASONS if re.search(pattern, words, re.IGNORECASE)), "other")
