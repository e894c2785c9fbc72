"""What was owed, paid, promised, agreed and contested."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compliance.evidence.told import Told
from compliance.evidence.typeset import Block, Entry, Grid, Text, bold, safe


class Account(Told):
    """What was owed, paid, promised, agreed and contested."""

    def _account(self) -> Iterator[Block]:
        labels, money, told, account = self.words.labels, self.words.money, self.words.told, self.account
        if not any(account[kind] for kind in ("invoice", "payment", "promise", "agreement", "dispute")):
            yield from self._none()
            return
        if account["invoice"]:
            yield Text(safe(money["invoices"]), "subheading")
            yield Grid(
                [labels["invoice"], labels["origin"], labels["due"], labels["state"], labels["amount"], labels["open"]],
                [(row["number"] or row["external_id"], row["description"], self.day(row["due_on"]), self._standing(row),
                  self.money(row["amount_minor"], row["currency"]), self.money(row["open_minor"], row["currency"]))
                 for row in account["invoice"]],
                (1.8, 2.6, 1.4, 2, -1.7, -1.7),
            )  # fmt: skip
        if account["payment"]:
            yield Text(safe(money["payments"]), "subheading")
            yield Grid(
                [labels["paid_on"], labels["kind"], labels["method"], labels["reference"], labels["state"], labels["amount"]],
                [(self.moment(row["paid_at"], day=True), money.get(row["as"], row["as"]),
                  self.words.methods.get(row["method"], row["method"]), row["external_id"],
                  told["reversed"].format(day=self.moment(row["reversed_at"], day=True)) if row["reversed_at"] else "",
                  self.money(row["minor"], row["currency"]))
                 for row in account["payment"]],
                (2.4, 1.4, 1.4, 2.6, 1.7, -1.7),
            )  # fmt: skip
        if account["promise"]:
            yield Text(safe(money["promises"]), "subheading")
            yield Grid(
                [labels["made_on"], labels["by"], labels["due"], labels["state"], labels["amount"]],
                [(self.moment(row["created_at"]), self.who(row["source"]), self.day(row["due_on"]),
                  money.get(row["state"], row["state"]), self.money(row["minor"], row["currency"]))
                 for row in account["promise"]],
                (2.6, 2.4, 1.6, 1.8, -1.8),
            )  # fmt: skip
        for row in account["agreement"]:
            of = told["agreement_of"].format(
                amount=self.money(row["total_minor"], row["currency"]), n=len(row["instalments"])
            )
            yield Text(
                safe(f"{told['agreement']} {row['external_id']}: {of}, {money.get(row['state'], row['state'])}"),
                "subheading",
            )
            yield Grid(
                [money["instalment"], labels["due"], labels["amount"], labels["open"]],
                [(str(part["number"]), self.day(part["due_on"]), self.money(part["minor"], row["currency"]),
                  self.money(part["minor"] - part["paid_minor"], row["currency"])) for part in row["instalments"]],
                (1, 2, -2, -2),
            )  # fmt: skip
        if account["dispute"]:
            yield Text(safe(money["disputes"]), "subheading")
            yield from (
                Entry(self._when(row["opened_at"], self.zone), [("plain", self._dispute(row))])
                for row in account["dispute"]
            )

    def _standing(self, row: dict[str, Any]) -> str:
        told = self.words.told
        parts = [self.words.money.get(row["legal_state"], row["legal_state"])]
        if row["settled_at"]:
            parts.append(told["settled"].format(day=self.moment(row["settled_at"], day=True)))
        parts += [told[name] for name in ("disputed", "withdrawn") if row[f"{name}_at"]]
        return ", ".join(filter(None, parts))

    def _dispute(self, row: dict[str, Any]) -> str:
        head = " · ".join(
            filter(None, (row["authority"], row["reference"], self.words.disputes.get(row["reason"], row["reason"])))
        )
        state = self.words.money.get(row["state"], row["state"])
        return "<br/>".join(
            filter(None, (bold(head), safe(f"{self.moment(row['opened_at'])} · {state}"), safe(row["detail"])))
        )
