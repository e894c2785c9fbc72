"""What a simulated debtor does about a message they see. Pure: profile, memory, message, step in; acts, memory out.

Bounded: at most six acts a local day, two answers to the same menu a day, and a later answer replaces an earlier one
that was not yet given, so that two machines never talk to each other for ever.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from messaging.sandbox.agenda import DAY, HOUR, MINUTE, SECOND, from_us
from messaging.sandbox.debtors import Profile, around, attention, awake, chance, payment_delay, pick
from messaging.sandbox.options import Option, meaning
from messaging.sandbox.phrases import phrase

A_DAY = 6
SAME_MENU = 2
PAID_FOR = 7 * DAY  # how long "I have paid" is the answer to a reminder
ENOUGH = 0.008  # asks for silence at a first message; four times that from the fourth on (an assumption)
SLIPS = 0.03  # taps a wrong answer to a question whose answer is known (an assumption)
PLANS_TO = 3  # instalments that are decided at once


@dataclass(frozen=True, slots=True)
class Seen:
    """A message as the person sees it; `links` are payment links."""

    kind: str
    text: str
    options: tuple[Option, ...] = ()
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Act:
    """Something the person will do at `due_us`: tap, say, photo, open (a link) or bank (pay outside the chat)."""

    due_us: int
    kind: str
    turn: int
    data: dict[str, Any] = field(default_factory=dict)


def react(
    seed: int, profile: Profile, memory: dict[str, Any], seen: Seen, step: int, now_us: int
) -> tuple[list[Act], dict[str, Any]]:
    """What the person does about the `step`-th message, and what they remember afterwards."""
    mind = _Mind(seed, profile, dict(memory), seen, step, now_us)
    acts = mind.decide() if profile.persona != "manual" else []
    return acts, mind.memory


def still_wanted(
    profile: Profile, memory: dict[str, Any], kind: str, act: dict[str, Any], now_us: int
) -> tuple[bool, dict[str, Any]]:
    """Whether a planned act still happens, and the memory with it counted."""
    if kind in ("bank", "open", "pay"):
        recently = now_us - memory.get("paid_us", -PAID_FOR) < DAY
        return not (recently and act.get("share_percent", 100) == 100 and kind != "pay"), memory
    if act["turn"] < memory.get("latest", 0) and not act.get("second"):
        return False, memory
    day = profile.local_day(now_us)
    done = memory.get("done", 0) if memory.get("day") == day else 0
    if done >= A_DAY:
        return False, memory
    changed = {**memory, "day": day, "done": done + 1}
    if act.get("truth", {}).get("intent") == "opt_out":
        changed["opted_out"] = True
    return True, changed


class _Mind:
    """One decision of one person."""

    def __init__(self, seed: int, profile: Profile, memory: dict[str, Any], seen: Seen, step: int, now_us: int) -> None:
        self.seed, self.who, self.memory, self.seen, self.step, self.now_us = seed, profile, memory, seen, step, now_us
        self.manner = profile.manner
        self.acts: list[Act] = []
        self.options: dict[str, Option] = {}
        for option in seen.options:
            self.options.setdefault(meaning(option), option)

    def u(self, *what: Any) -> float:
        """A number in [0, 1) for one question of this step."""
        return chance(self.seed, self.who.e164, self.step, *what)

    @property
    def keeps(self) -> float:
        """How likely a promise is kept."""
        return self.manner.keeps if self.who.keeps is None else self.who.keeps

    @property
    def pays(self) -> float:
        """How likely an asked-for link is paid."""
        return self.manner.pays if self.who.pays is None else self.who.pays

    def decide(self) -> list[Act]:
        """The acts, in no particular order."""
        memory = self.memory
        memory["turn"] = self.turn = memory.get("turn", 0) + 1
        first_contact = self.seen.kind == "template"
        if first_contact:
            memory["contacts"] = memory.get("contacts", 0) + 1
        if memory.get("opted_out"):
            return self._after_opt_out()
        if not self._cares(first_contact):
            return self.acts
        if first_contact and self.u("enough") < ENOUGH * min(4, memory["contacts"]):
            self._enough()
        elif {"probe_yes", "probe_no"} & set(self.options):
            self._probe()
        elif "check" in self.options:
            self._check()
        elif "plan_of" in self.options:
            self._choose_plan()
        elif "date" in self.options:
            self._choose_date()
        elif "accept" in self.options or "reject" in self.options:
            self._accept()
        elif set(self.options) - {""}:
            self._menu()
        elif self.seen.links:
            self._open_link()
        else:
            self._small_talk()
        return self.acts

    # -- whether ------------------------------------------------------------------------------------------------------

    def _cares(self, first_contact: bool) -> bool:
        memory = self.memory
        paid = self.now_us - memory.get("paid_us", -PAID_FOR) < PAID_FOR
        if first_contact:
            attempt = memory.get("contacts", 1)
            if not paid and self.u("outside") < self.manner.outside * attention(attempt):
                share = 100 if self.who.persona not in ("tight", "negotiator") else 30 + int(self.u("share") * 4) * 10
                self._bank(payment_delay(self.u("how"), self.u("when")) + HOUR, share, "on their own")
                if self.u("silent") < 0.6:
                    return False
            answers = self.manner.answers if self.who.answers is None else self.who.answers
            return self.u("answers") < answers * attention(attempt)
        if self.seen.options:
            signature = "|".join(sorted(o.id for o in self.seen.options))[:200]
            day = self.who.local_day(self.now_us)
            menus = memory.get("menus") if memory.get("menu_day") == day else None
            menus = {**(menus or {})}
            menus[signature] = menus.get(signature, 0) + 1
            memory["menus"], memory["menu_day"] = menus, day
            if menus[signature] > SAME_MENU:
                return False
        return self.u("goes on") < 0.94

    def _when(self, quick: bool) -> int:
        """The instant of the answer: minutes in a conversation, hours after a first message, never at night."""
        if quick:
            delay = around(2 * MINUTE, 0.9, self.u("pace"), 4 * HOUR)
        else:
            delay = around(self.manner.hours * HOUR, 1.1, self.u("pace"))
        return awake(self.who, self.now_us + max(5 * SECOND, delay), self.u("night"))

    # -- how ----------------------------------------------------------------------------------------------------------

    def _quick(self) -> bool:
        return self.seen.kind != "template"

    def _tap(self, option: Option, intent: str, **truth: Any) -> None:
        self.memory["latest"] = self.turn
        data = {
            "id": option.id,
            "title": option.title,
            "option_kind": option.kind,
            "truth": self._truth(intent, **truth),
        }
        self.acts.append(Act(self._when(self._quick()), "tap", self.turn, data))

    def _say(self, intent: str, **values: Any) -> None:
        self.memory["latest"] = self.turn
        text = phrase(self.who.language, intent, lambda *what: self.u("words", intent, *what), values)
        data = {"text": text, "truth": self._truth(intent, **values)}
        self.acts.append(Act(self._when(self._quick()), "say", self.turn, data))

    def _truth(self, intent: str, **more: Any) -> dict[str, Any]:
        return {"intent": intent, "persona": self.who.persona, "language": self.who.language, **more}

    def _bank(self, delay_us: int, share_percent: int, reason: str) -> None:
        due = awake(self.who, self.now_us + delay_us, self.u("bank", reason))
        self.acts.append(Act(due, "bank", self.turn, {"share_percent": share_percent, "reason": reason}))

    def _photo(self) -> None:
        self.memory["latest"] = self.turn
        caption = (
            phrase(self.who.language, "paid", lambda *what: self.u("caption", *what), {})
            if self.u("caption?") < 0.6
            else ""
        )
        data: dict[str, Any] = {"caption": caption, "truth": self._truth("paid"), "second": True}
        self.acts.append(
            Act(self._when(self._quick()) + int((30 + 200 * self.u("photo")) * SECOND), "photo", self.turn, data)
        )

    # -- what ---------------------------------------------------------------------------------------------------------

    def _after_opt_out(self) -> list[Act]:
        """Somebody who asked for silence: ignores a confirmation, complains once about more, then blocks."""
        if self.seen.kind == "template" or set(self.options) & {"pay", "plan"}:
            if not self.memory.get("complained"):
                self.memory["complained"] = True
                self._say("opt_out")
            else:
                self.memory["blocked"] = True
        return self.acts

    def _enough(self) -> None:
        """Anybody may ask to be left alone, the sooner the more they are written to."""
        option = self.options.get("opt_out")
        if option is not None and self.u("tap it") < 0.6:
            self._tap(option, "opt_out")
        else:
            self._say("opt_out")

    def _probe(self) -> None:
        wrong = self.who.persona == "wrong_person"
        yes, no = self.options.get("probe_yes"), self.options.get("probe_no") or self.options.get("wrong_person")
        if self.u("types") < self.manner.types:
            self._say("wrong_person" if wrong else "question" if self.u("who?") < 0.35 else "identity_yes")
        elif wrong and no is not None and self.u("pretends") < 0.85:
            self._tap(no, "wrong_person")
        elif yes is not None and self.u("distrusts") < 0.93:
            self._tap(yes, "identity_yes", honest=not wrong)
        else:
            self._say("question")

    def _check(self) -> None:
        rows = [option for option in self.seen.options if meaning(option) == "check"]
        mine = [row for row in rows if row.title.strip() in (self.who.document_last3, self.who.birth_year)]
        others = [row for row in rows if row not in mine]
        if self.who.persona != "wrong_person" and not mine:
            self._say("question")
            return
        # Right or wrong hangs on who answers, never on where the answer stands: its neighbours are another draw each run.
        knows = self.u("guess") * len(rows) < 1 if self.who.persona == "wrong_person" else self.u("slip") >= SLIPS
        row = mine[0] if mine and (knows or not others) else others[int(self.u("which") * len(others))]
        self._tap(row, "identity_check", right=row in mine)

    def _choose_plan(self) -> None:
        plans = sorted(
            (o for o in self.seen.options if meaning(o) == "plan_of"), key=lambda o: int(re.findall(r"\d+", o.id)[0])
        )
        if self.who.persona in ("tight", "vulnerable"):
            chosen = plans[-1]
        elif self.who.persona == "negotiator" and not self.memory.get("haggled"):
            self.memory["haggled"] = True
            self._say("haggle")
            return
        else:
            chosen = plans[min(len(plans) - 1, int(self.u("plan") * len(plans)))]
        self.memory["plan"] = int(re.findall(r"\d+", chosen.id)[0])
        self._tap(chosen, "plan", instalments=self.memory["plan"])

    def _choose_date(self) -> None:
        dates = sorted((o for o in self.seen.options if meaning(o) == "date"), key=lambda o: o.id)
        late = {"prompt": 0.0, "forgetful": 0.3}.get(self.who.persona, 0.8)
        chosen = dates[min(len(dates) - 1, int((late + 0.2 * self.u("date")) * len(dates)))]
        self._tap(chosen, "promise", date=chosen.id.partition(":")[2])
        found = re.search(r"\d{4}-\d\d-\d\d", chosen.id)
        if found:
            self._promise_to_pay(found[0])

    def _promise_to_pay(self, day: str) -> None:
        if self.u("keeps") < self.keeps:
            days = (date.fromisoformat(day) - from_us(self.now_us).date()).days
            self._bank(max(0, days) * DAY + int((1 + 6 * self.u("hour")) * HOUR), 100, "promise")

    def _accept(self) -> None:
        yes, no = self.options.get("accept"), self.options.get("reject")
        if yes is None or (no is not None and self.u("accepts") > (0.9 if self.who.persona != "negotiator" else 0.7)):
            self._tap(no or self.seen.options[0], "refusal")
            return
        self._tap(yes, "plan", accepted=True)
        instalments = max(1, int(self.memory.get("plan", 1)))
        for number in range(min(instalments, PLANS_TO)):
            if self.u("instalment", number) >= self.keeps:
                break
            self._bank(
                number * 30 * DAY + int((4 + 60 * self.u("days", number)) * HOUR),
                max(1, 100 // (instalments - number)),
                f"instalment {number + 1}",
            )

    def _menu(self) -> None:
        paid = self.now_us - self.memory.get("paid_us", -PAID_FOR) < PAID_FOR
        weights = {name: weight for name, weight in self.manner.menu.items() if name in self.options}
        if paid and {"pay", "paid", "plan"} & set(self.options):
            self._claims_paid(true=True)
            return
        if self.u("abuse") < self.manner.abuse:
            self._say("abuse")
            return
        if self.who.persona == "vulnerable" and self.u("hardship") < 0.5:
            self._say("hardship")
            return
        choice = pick(weights, self.u("menu")) if weights else ""
        if not choice:
            self._small_talk()
        elif choice == "paid":
            self._claims_paid(true=self.u("honest") < (0.6 if self.who.persona != "disputer" else 0.2))
        elif self.u("types") < self.manner.types:
            self._type_instead(choice)
        elif choice == "pay" and self.seen.links and self.u("link") < 0.6:
            self._open_link()
        else:
            self._tap(
                self.options[choice], {"pay": "pay", "dispute": "dispute", "doubts": "question"}.get(choice, choice)
            )

    def _type_instead(self, choice: str) -> None:
        if choice in ("pay", "more_time"):
            days = 1 + int(self.u("promise days") * 9)
            day = (from_us(self.now_us) + timedelta(days=days)).date()
            self._say("promise", date=day.isoformat(), days=days)
            self._promise_to_pay(day.isoformat())
        elif choice == "doubts":
            self._say("dispute" if self.who.persona == "disputer" or self.u("dispute") < 0.3 else "question")
        else:
            self._say(
                {"plan": "plan", "human": "human", "wrong_person": "wrong_person", "opt_out": "opt_out"}.get(
                    choice, "question"
                )
            )

    def _claims_paid(self, *, true: bool) -> None:
        option = self.options.get("paid")
        if true and self.now_us - self.memory.get("paid_us", -PAID_FOR) >= PAID_FOR:
            self._bank(int(10 * self.u("paid ago") * MINUTE), 100, "before they said so")
        if option is not None and self.u("types") >= self.manner.types:
            self._tap(option, "paid", honest=true)
        else:
            self._say("paid", honest=true)
        if self.u("photo?") < 0.55:
            self._photo()

    def _open_link(self) -> None:
        if self.u("pays") >= self.pays:
            return
        data = {
            "link": self.seen.links[0],
            "delay_us": payment_delay(self.u("how"), self.u("when")),
            "truth": self._truth("pay"),
        }
        self.acts.append(Act(self._when(True), "open", self.turn, data))

    def _small_talk(self) -> None:
        """A message that asks for no choice."""
        day = self.who.local_day(self.now_us)
        if self.memory.get("talked") == day:
            return
        self.memory["talked"] = day
        u = self.u("talk")
        if self.who.persona == "wrong_person":
            self._say("wrong_person")
        elif u < self.manner.abuse:
            self._say("abuse")
        elif self.who.persona == "vulnerable" and u < 0.5:
            self._say("hardship")
        elif self.who.persona == "disputer" and u < 0.4:
            self._say("dispute")
        elif self.who.persona == "hostile" and u < 0.6:
            self._say("opt_out")
        elif self.seen.kind != "template" and u < 0.45:
            self._say("thanks")
        elif u < 0.62:
            self._type_instead(pick({"pay": 3, "doubts": 2, "plan": 1}, self.u("topic")))
