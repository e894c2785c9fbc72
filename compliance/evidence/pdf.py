"""The evidence document as a PDF that a judge can read. Everything on its pages stands in the document, nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from compliance.evidence.account import Account
from compliance.evidence.timeline import Timeline
from compliance.evidence.told import stated_at
from compliance.evidence.typeset import Block, Entry, Grid, Heading, Marks, Text, bold, safe, soft, typeset
from compliance.evidence.verdicts import Verdicts

#: What a tax number is called where the creditor is.
_TAX_IDS = {
    "AR": "CUIT", "BR": "CNPJ/CPF", "CL": "RUT", "CO": "NIT", "EC": "RUC", "MX": "RFC", "PE": "RUC", "PY": "RUC",
    "UY": "RUT", "ES": "NIF", "PT": "NIF",
}  # fmt: skip
#: Editions that hold from before this were the first of their pack.
_FIRST_EDITIONS = "2001"


def render(document: dict[str, Any], file_sha256: str) -> bytes:
    """The PDF of an evidence document in the document's language; `file_sha256` is the hash of the JSON file."""
    story = Story(document)
    words = story.words
    return typeset(
        list(story.blocks()),
        marks=Marks(story.about, story.house, words.file_hash.format(sha256=file_sha256), words.page),
        title=f"{words.title} – {story.about}",
        subject=f"sha256:{file_sha256}",
        language=str(story.locale).replace("_", "-"),
        country=story.country,
    )


class Story(Timeline, Verdicts, Account):
    """The whole document, part by part."""

    def blocks(self) -> Iterator[Block]:
        """The whole document, in order."""
        headings = self.words.headings
        yield from self._summary()
        yield Heading(headings["timeline"])
        yield from self._timeline()
        yield Heading(headings["reports"])
        yield from self._reports()
        yield Heading(headings["decisions"])
        yield from (self._decision(one) for one in self.decisions) if self.decisions else self._none()
        for name, kind in (("consents", "compliance.consent"), ("stops", "compliance.stop")):
            rows = sorted(self.records[kind], key=stated_at)
            yield Heading(headings[name])
            yield from (self._statement(one) for one in rows) if rows else self._none()
        if "no_account" not in self.document["left_out"] or self.account["dispute"]:
            yield Heading(headings["account"])
            yield from self._account()
        yield Heading(headings["rules"])
        yield from self._packs()
        yield Heading(headings["integrity"])
        yield from self._integrity()

    def _summary(self) -> Iterator[Block]:
        document, labels, scope = self.document, self.words.labels, self.document["scope"]
        yield Text(safe(self.words.title), "title")
        yield Text(safe(self.about), "lead")
        facts: list[tuple[str, str]] = [("scope", safe(self.words.scopes[scope["kind"]]))]
        if scope["since"]:
            facts.append(("period", safe(self._period())))
        if self.case["complaint"]:
            facts.append(("complaint", self._dispute(self.case["complaint"])))
        facts.append(("organisation", safe(self.house)))
        facts += [("creditor", self._creditor(row)) for row in self.case["creditors"][:5]]
        facts += [("debtor", self._debtor(row)) for row in self.case["debtors"][:3]]
        if len(self.case["debtors"]) > 3:
            facts.append(("debtors", safe(self.number(len(self.case["debtors"])))))
        facts.append(("zone", safe(self.zone.key)))
        facts.append(("counts", safe(self._counts())))
        if document["left_out"]:
            facts.append(("left_out", safe("; ".join(self.words.parts[part] for part in document["left_out"]))))
        made = f"{self.moment(document['exported_at'])} · {self.utc(document['exported_at'])}"
        facts.append(("made_at", safe(made)))
        facts.append(("made_by", safe(self.who(document["exported_by"]))))
        facts.append(("document_hash", soft(document["manifest"]["document"])))
        if document["seals"]:
            last = document["seals"][-1]
            at = self.utc(last["content"]["sealed_at"])
            facts.append(("seal", f"{safe(last['content']['number'])} · {safe(at)}<br/>{soft(last['digest'])}"))
        yield Heading(self.words.headings["summary"])
        yield from (Entry(bold(labels[name]), [("plain", text)]) for name, text in facts)
        yield Text(safe(self.words.shown), "note")

    def _creditor(self, row: dict[str, Any]) -> str:
        lines = [bold(row["legal_name"] or row["name"])]
        if row["legal_name"] and row["legal_name"] != row["name"]:
            lines.append(safe(row["name"]))
        if row["tax_id"]:
            lines.append(safe(f"{_TAX_IDS.get(row['country'], 'ID')} {row['tax_id']}"))
        lines += [safe(row[name]) for name in ("address", "contact") if row[name]]
        return "<br/>".join(lines)

    def _debtor(self, row: dict[str, Any]) -> str:
        lines = [bold(row["name"]), safe(f"{self.words.labels['number']}: {row['external_id']}")]
        if row["document"]:
            lines.append(safe(f"{self.words.labels['document']}: {row['document']}"))
        for point in row["contact_points"]:
            role, sure = (
                self.words.roles.get(point["role"], point["role"]),
                self.words.identities.get(point["identity"], ""),
            )
            lines.append(safe(f"{point['value']} ({', '.join(filter(None, (role, sure)))})"))
        return "<br/>".join(lines)

    def _counts(self) -> str:
        out = [row for row in self.messages if row["direction"] == "out"]
        verdicts = Counter(one["content"]["verdict"] for one in self.decisions)
        gone = [row for row in out if row["sent_at"] or row["state"] in ("accepted", "sent", "delivered", "read")]
        counts = {
            "out": len(gone), "delivered": sum(1 for row in gone if row["delivered_at"] or row["read_at"]),
            "read": sum(1 for row in gone if row["read_at"]), "in": len(self.messages) - len(out),
            "kept": len(out) - len(gone), "decisions": len(self.decisions), "defer": verdicts["defer"],
            "deny": verdicts["deny"], "consents": len(self.records["compliance.consent"]),
            "stops": sum(1 for one in self.records["compliance.stop"] if one["event"] == "stop.raised"),
            "payments": len(self.account["payment"]),
        }  # fmt: skip
        return " · ".join(f"{self.words.counts[name]}: {self.number(n)}" for name, n in counts.items())

    def _packs(self) -> Iterator[Block]:
        labels = self.words.labels
        if not self.document["packs"]:
            yield from self._none()
            return
        yield Grid(
            [labels["pack"], labels["edition"], labels["since"], labels["status"], labels["digest"]],
            [(row["code"], str(row["edition"]), self._since(row["effective_from"]),
              " · ".join(filter(None, (self.words.pack_states.get(row["status"], row["status"]), row["approved_by"]))), row["digest"])
             for row in self.document["packs"]],
            (1.5, 0.9, 1.4, 1.7, 6),
        )  # fmt: skip

    def _since(self, iso: str) -> str:
        """The day an edition switched itself on; the first ones hold from the beginning."""
        return "–" if iso < _FIRST_EDITIONS else self.moment(iso, day=True)

    def _integrity(self) -> Iterator[Block]:
        for paragraph in self.words.to_verify.split("\n\n"):
            yield Text(safe(" ".join(paragraph.split())))
        seals = self.document["seals"]
        if not seals:
            return
        first, last = seals[0]["content"]["number"], seals[-1]["content"]["number"]
        yield Text(
            safe(
                self.words.told["chain"].format(
                    first=first, last=last, events=self.number(len(self.document["events"]))
                )
            )
        )
        # The ends of the chain, and no more: the file has them all.
        shown = seals if len(seals) <= 12 else [*seals[:6], *seals[-6:]]
        yield Grid(
            [self.words.labels["seals"], self.words.labels["utc"], self.words.labels["digest"]],
            [(str(seal["content"]["number"]), self.utc(seal["content"]["sealed_at"]), seal["digest"]) for seal in shown],
            (0.8, 2.4, 6),
        )  # fmt: skip
        if len(seals) > len(shown):
            yield Text(safe(self.words.told["more"].format(n=self.number(len(seals) - len(shown)))), "note")
