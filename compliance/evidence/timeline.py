"""What happened, in order: messages and what became of them, decisions, statements, money."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from compliance.evidence.formats import OWN_ROLES
from compliance.evidence.told import Told, stated_at
from compliance.evidence.typeset import Block, Entry, Grid, bold, safe, soft

#: Characters of a message that are set in one go; nearly all are shorter.
_PIECE = 2000


class Timeline(Told):
    """What happened, in order: messages and what became of them, decisions, statements, money."""

    def _timeline(self) -> Iterator[Block]:
        items: list[tuple[str, int, Entry]] = [(row["at"], 1, self._message(row)) for row in self.messages]
        items += [
            (one["content"]["decided_at"], 2, self._short_decision(one))
            for one in self.decisions
            if one["content"]["verdict"] != "allow"
        ]
        for kind in ("compliance.consent", "compliance.stop"):
            items += [(stated_at(one), 0, self._short_statement(one)) for one in self.records[kind]]
        for kind in ("payment", "promise", "agreement", "dispute"):
            for line in self.account[kind]:
                items += [(at, 0, self._event(at, title, text)) for at, title, text in self._account_events(line)]
        items.sort(key=lambda item: item[:2])
        yield from (entry for _, _, entry in items) if items else self._none()

    def _message(self, row: dict[str, Any]) -> Entry:
        told, number = self.words.told, self.numbers[row["id"]]
        zone = self._zone_of(row.get("debtor"))
        left = f"{bold(f'{self._label} {number}')}<br/>{self._when(row['at'], zone)}"
        who = row["direction"] if not row["role"] or row["role"] in OWN_ROLES else f"{row['direction']}_other"
        role = self.words.roles.get(row["role"], row["role"])
        heads = [
            told[who].format(role=role) + (f" ({role})" if row["role"] in OWN_ROLES[1:] else ""),
            self.rules.channels.get(row["channel"], row["channel"]),
        ]
        if row["direction"] == "out":
            heads += [self.who(row["author"], row["source"]), self.words.classes.get(row["class"], row["class"])]
        kind = (
            told["template"].format(name=row["template"])
            if row["template"]
            else self.words.kinds.get(row["kind"], row["kind"])
        )
        right = [("plain", f"{bold(heads[0])}<br/>{safe(' · '.join(filter(None, (*heads[1:], kind))))}")]
        text = row["text"] or (told["withheld"] if row.get("withheld") else told["no_words"])
        buttons = [title for title in row["buttons"] if title not in text]  # mostly they stand in the words
        extra = f"{told['buttons']}: {' | '.join(buttons)}" if buttons else ""
        parts = _pieces(text)
        right += [("said", safe(part)) for part in parts[:-1]]
        right.append(("said", safe(parts[-1]) + (f"<br/>{soft(extra)}" if extra else "")))
        right.append(("note", "<br/>".join(self._fate(row, zone))))
        return Entry(left, right)

    def _fate(self, row: dict[str, Any], zone: ZoneInfo) -> Iterator[str]:
        """What became of a message: states with their times, the provider's ids, the decision that allowed it."""
        told, seen = self.words.told, []
        for name in ("sent", "delivered", "read", "failed"):
            if row[f"{name}_at"]:
                at = row[f"{name}_at"]
                seen.append(f"{told[name]} {self.moment(at, zone)} ({self.utc(at)})")
        if row["deleted_by_them_at"]:
            seen.append(f"{told['deleted']} {self.moment(row['deleted_by_them_at'], zone)}")
        state = f"{self.words.labels['state']}: {self.words.states.get(row['state'], row['state'])}"
        if row["error_code"]:
            state += f" ({told['error'].format(code=row['error_code'])})"
        yield safe(state)
        yield from (safe(each) for each in seen)
        if row["provider_ids"]:
            yield safe(f"{told['provider']}: {', '.join(row['provider_ids'])}")
        numbers = self._decided.get(row.get("request_id") or "")
        if numbers:
            yield safe(told["decided"].format(number=", ".join(map(str, numbers))))

    def _short_decision(self, one: dict[str, Any]) -> Entry:
        content = one["content"]
        number = self.decision_numbers[one["id"]]
        title = f"{self.words.verdicts[content['verdict']]} · {self.words.told['decided'].format(number=number)}"
        findings = self.findings[one["id"]]
        text = findings[0]["words"][self.language] if findings else ""
        more = ", ".join(dict.fromkeys(finding["rule"] for finding in findings[1:]))
        return self._event(
            content["decided_at"], title, f"{text} (+ {more})" if more else text, debtor=content["debtor_id"]
        )

    def _short_statement(self, one: dict[str, Any]) -> Entry:
        content = one["content"] or one["shown"]
        told = self.words.told
        if one["subject"] == "compliance.consent":
            title = f"{told['consent']}: {self.words.consents.get(content['state'], content['state'])}"
            return self._event(content["given_at"], title, self._valid_for(content))
        lifted = one["event"] == "stop.lifted"
        condition = self.rules.conditions.get(content["kind"], content["kind"])
        return self._event(stated_at(one), told["stop_lifted" if lifted else "stop"], condition)

    def _account_events(self, line: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
        told, money = self.words.told, self.words.money
        if line["kind"] == "payment":
            paid = self.money(line["minor"], line["currency"])
            method = self.words.methods.get(line["method"], line["method"])
            yield line["paid_at"], told["payment"], " · ".join(filter(None, (paid, method, line["external_id"])))
            if line["reversed_at"]:
                yield line["reversed_at"], told["payment_reversed"], f"{paid} · {line['external_id']}"
        elif line["kind"] == "promise":
            text = told["promise_of"].format(
                amount=self.money(line["minor"], line["currency"]), day=self.day(line["due_on"])
            )
            yield line["created_at"], told["promise"], f"{text} · {self.who(line['source'])}"
            if line["decided_at"]:
                yield line["decided_at"], f"{told['promise']}: {money.get(line['state'], line['state'])}", text
        elif line["kind"] == "agreement":
            text = told["agreement_of"].format(
                amount=self.money(line["total_minor"], line["currency"]), n=len(line["instalments"])
            )
            yield (
                line["accepted_at"] or line["created_at"],
                told["agreement"],
                f"{text} · {money.get(line['state'], line['state'])}",
            )
        else:
            reason = self.words.disputes.get(line["reason"], line["reason"])
            yield (
                line["opened_at"],
                told["dispute"],
                " · ".join(filter(None, (line["authority"], line["reference"], reason))),
            )

    def _event(self, at: str, title: str, text: str, *, debtor: str | None = None) -> Entry:
        return Entry(
            self._when(at, self._zone_of(debtor)),
            [("plain", f"{bold(title)}<br/>{safe(text)}" if text else bold(title))],
        )

    def _reports(self) -> Iterator[Block]:
        labels = self.words.labels
        rows = []
        for one in self.records["messaging.statusreport"]:
            content = one["content"]
            state = self.words.states.get(content["state"], content["state"])
            if content["error_code"]:
                state += f" ({content['error_code']})"
            rows.append((
                self.numbers.get(content["message"], 0), content["provider_at"],
                (str(self.numbers.get(content["message"], "–")), state, self.moment(content["provider_at"]),
                 self.utc(content["provider_at"]), self._place(one, short=True)),
            ))  # fmt: skip
        if not rows:
            yield from self._none()
            return
        yield Grid(
            [labels["message"], labels["state"], labels["provider_time"], labels["utc"], labels["proof"]],
            [row for _, _, row in sorted(rows, key=lambda each: each[:2])],
            (1.1, 2, 3, 2.6, 1.6),
        )


def _pieces(text: str) -> list[str]:
    """A long text in parts that are set one after the other, each broken where a line or a word ends."""
    parts = []
    while len(text) > _PIECE:
        end = max(text.rfind("\n", 0, _PIECE), text.rfind(" ", 0, _PIECE)) + 1 or _PIECE
        parts.append(text[:end].rstrip(" \n") or " ")
        text = text[end:]
    return [*parts, text]
