"""The evidence document as a PDF that a judge can read. Everything on its pages stands in the document, nothing else."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal

from compliance.decide.explain import texts_of as rule_texts
from compliance.evidence.formats import OWN_ROLES
from compliance.evidence.texts import texts_of
from compliance.evidence.typeset import Block, Entry, Grid, Heading, Marks, Text, bold, safe, soft, typeset
from kernel.money import Money
from portfolio.places import zone_of

#: What a tax number is called where the creditor is.
_TAX_IDS = {
    "AR": "CUIT", "BR": "CNPJ/CPF", "CL": "RUT", "CO": "NIT", "EC": "RUC", "MX": "RFC", "PE": "RUC", "PY": "RUC",
    "UY": "RUT", "ES": "NIF", "PT": "NIF",
}  # fmt: skip
#: Characters of a message that are set in one go; nearly all are shorter.
_PIECE = 2000
#: Editions that hold from before this were the first of their pack.
_FIRST_EDITIONS = "2001"
_LONG = ("exact_wording", "wording", "words", "note")  # of a statement's evidence: set apart


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


class Story:
    """A document told: numbers for messages and decisions, names for people, instants in the debtor's zone."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document, self.case = document, document["case"]
        self.language = document["language"]
        self.words, self.rules = texts_of(self.language), rule_texts(self.language)
        creditor: dict[str, Any] = next(iter(self.case["creditors"]), {})
        self.country = (creditor.get("country") or document["tenant"].get("country") or "").upper()
        self.locale = _locale(self.language, self.country)
        self.debtors: dict[str, dict[str, Any]] = {row["id"]: row for row in self.case["debtors"]}
        self.creditors = {row["id"]: row for row in self.case["creditors"]}
        debtor: dict[str, Any] = next(iter(self.case["debtors"]), {})
        self.zone = _zone(debtor.get("zone")) or zone_of(self.country)
        self.messages = document["messages"]
        self.numbers = {row["id"]: place for place, row in enumerate(self.messages, 1)}
        self.by_request = {row["request_id"]: row["id"] for row in self.messages if row.get("request_id")}
        self.places = {
            (one["leaf"]["name"], one["leaf"]["subject"], one["leaf"]["subject_id"]): (one["leaf"]["sequence"], one["seal"])
            for one in document["events"]
        }  # fmt: skip
        self.records: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for record in document["records"]:
            self.records[record["subject"]].append(record)
        decisions = [one for one in self.records["compliance.decision"] if one["content"]]
        self.decisions = sorted(decisions, key=lambda one: (one["content"]["decided_at"], one["id"]))
        self.decision_numbers = {one["id"]: place for place, one in enumerate(self.decisions, 1)}
        self.findings: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for finding in document["findings"]:
            self.findings[finding["decision"]].append(finding)
        self.account: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for line in document["account"]:
            self.account[line["kind"]].append(line)

    # -- the parts

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
            rows = sorted(self.records[kind], key=_stated_at)
            yield Heading(headings[name])
            yield from (self._statement(one) for one in rows) if rows else self._none()
        if "no_account" not in self.document["left_out"] or self.account["dispute"]:
            yield Heading(headings["account"])
            yield from self._account()
        yield Heading(headings["rules"])
        yield from self._packs()
        yield Heading(headings["integrity"])
        yield from self._integrity()

    @cached_property
    def about(self) -> str:
        """The case in one line: what the header of every page says."""
        scope, complaint = self.document["scope"], self.case["complaint"]
        names = [f"{row['name']} · {row['external_id']}" for row in self.case["debtors"]]
        if scope["kind"] == "period":
            return f"{self.words.scopes['period']}: {self._period()}"
        parts = [names[0] if len(names) == 1 else self.words.scopes[scope["kind"]]]
        if complaint:
            parts.insert(0, " ".join(filter(None, (complaint["authority"], complaint["reference"]))))
        return " · ".join(parts)

    @property
    def house(self) -> str:
        """Whose pages these are; a sandbox's say that nothing of it happened."""
        tenant = self.document["tenant"]
        return f"{tenant['name']} · {self.words.told['simulated']}" if tenant["sandbox"] else str(tenant["name"])

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

    # -- the timeline

    def _timeline(self) -> Iterator[Block]:
        items: list[tuple[str, int, Entry]] = [(row["at"], 1, self._message(row)) for row in self.messages]
        items += [
            (one["content"]["decided_at"], 2, self._short_decision(one))
            for one in self.decisions
            if one["content"]["verdict"] != "allow"
        ]
        for kind in ("compliance.consent", "compliance.stop"):
            items += [(_stated_at(one), 0, self._short_statement(one)) for one in self.records[kind]]
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

    @property
    def _label(self) -> str:
        return self.words.labels["message"]

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

    @cached_property
    def _decided(self) -> dict[str, list[int]]:
        """Numbers of the decisions about each request."""
        found: dict[str, list[int]] = defaultdict(list)
        for one in self.decisions:
            found[one["content"]["request_id"]].append(self.decision_numbers[one["id"]])
        return found

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
        return self._event(_stated_at(one), told["stop_lifted" if lifted else "stop"], condition)

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

    # -- the proofs

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

    def _decision(self, one: dict[str, Any]) -> Entry:
        content, told = one["content"], self.words.told
        zone = self._zone_of(content["debtor_id"])
        number = told["decided"].format(number=self.decision_numbers[one["id"]])
        message = self.numbers.get(self.by_request.get(content["request_id"], ""))
        about = [
            self.words.classes.get(content["message_class"], content["message_class"]),
            self.rules.channels.get(content["channel"], content["channel"]),
            self.who(content["actor"], content["origin"]), self.words.moments.get(content["moment"], content["moment"]),
        ]  # fmt: skip
        if message:
            about.append(told["for_message"].format(number=message))
        right = [("plain", f"{bold(self.words.verdicts[content['verdict']])}<br/>{safe(' · '.join(about))}")]
        findings = self.findings[one["id"]]
        right += [("finding", self._finding(finding, content["decided_at"])) for finding in findings]
        notes = [] if findings else [safe(told["no_rule"])]
        if content["next_allowed_at"] and content["verdict"] != "allow":
            at = content["next_allowed_at"]
            notes.append(safe(f"{told['next']} {self.moment(at, zone)} ({self.utc(at)})"))
        editions = ", ".join(f"{row['code']} {row['edition']}" for row in self._editions(content))
        notes.append(safe(
            f"{told['packs']}: {editions} · {told['ruleset'].format(digest=content['ruleset_digest'][:16])} · "
            f"{told['evaluator'].format(version=content['evaluator'])}"
        ))  # fmt: skip
        notes.append(soft(f"{one['id']} · {self._place(one)}"))
        right.append(("note", "<br/>".join(notes)))
        return Entry(f"{bold(number)}<br/>{self._when(content['decided_at'], zone)}", right)

    def _finding(self, finding: dict[str, Any], at: str) -> str:
        """A rule that objected: its sentence with the citation, the force of it, how it was read, and which pack."""
        told, grounds = self.words.told, []
        if finding["basis"] in self.rules.basis:
            grounds.append(told["force"].format(basis=self.rules.basis[finding["basis"]]))
        read = finding["read_in"] or finding["basis"]  # rules of content state how they were read, and no force
        if read in self.words.read_in:
            grounds.append(told["confidence"].format(read_in=self.words.read_in[read]))
        pack = self._edition(finding["pack"], at)
        if pack:
            grounds.append(told["from_pack"].format(pack=finding["pack"], edition=pack["edition"]))
        elif finding["pack"] in ("tenant", "creditor"):
            grounds.append(told["own_layer"])
        return f"{bold(finding['rule'])} {safe(finding['words'][self.language])}<br/>{soft(' · '.join(grounds))}"

    def _editions(self, content: dict[str, Any]) -> list[dict[str, Any]]:
        layers = self.document["rulesets"].get(content["ruleset_digest"], {}).get("layers", ())
        found = [self._edition(layer["name"], content["decided_at"]) for layer in layers]
        return list({row["code"]: row for row in found if row}.values())

    def _edition(self, layer: str, at: str) -> dict[str, Any] | None:
        code = layer if layer == "latam-default" else layer.partition("-")[0]
        held = [
            row for row in self.document["packs"]
            if row["code"] == code and row["effective_from"] <= at and not (row["effective_to"] and row["effective_to"] <= at)
        ]  # fmt: skip
        return held[-1] if held else None

    def _statement(self, one: dict[str, Any]) -> Entry:
        """A consent with its exact wording, or a stop with what raised and what lifted it."""
        content, told = one["content"] or one["shown"], self.words.told
        evidence = content.get("evidence") or {}
        if one["subject"] == "compliance.consent":
            title = self.words.consents.get(content["state"], content["state"])
            lines = [self._valid_for(content)]
            if content["expires_at"]:
                lines.append(f"{told['expires']} {self.moment(content['expires_at'])}")
        else:
            condition = self.rules.conditions.get(content["kind"], content["kind"])
            title = condition[:1].upper() + condition[1:]
            lines = []
            if one["event"] == "stop.lifted":
                by = (
                    told["lifted_by"].format(who=self.who(content.get("lifted_by") or ""))
                    if content.get("lifted_by")
                    else ""
                )
                lines.append(f"{told['lifted']} {self.moment(content['lifted_at'])} {by}".strip())
                lines.append(content.get("lifted_reason") or "")
            elif not any(
                each["id"] == one["id"] and each["event"] == "stop.lifted" for each in self.records[one["subject"]]
            ):
                lines.append(told["standing"])
            whose = self._creditor_name(content["creditor_id"]) if content["creditor_id"] else told["for_all"]
            lines.append(f"{self.words.labels['scope']}: {whose}")
        lines += [
            f"{self.words.evidence.get(key, key.replace('_', ' ').capitalize())}: {self._value(key, value)}"
            for key, value in evidence.items() if key not in _LONG and value not in ("", None)
        ]  # fmt: skip
        lines.append(f"{told['source']}: {self.who(content['source'])}")
        right = [("plain", "<br/>".join((bold(title), *(safe(line) for line in lines if line))))]
        right += [
            ("said", f"{soft(self.words.evidence[key])}<br/>{safe(evidence[key])}")
            for key in _LONG
            if evidence.get(key)
        ]
        notes = [soft(f"{one['id']} · {self._place(one)}")]
        if one.get("withheld"):
            notes.insert(0, safe(told["withheld_row"]))
        right.append(("note", "<br/>".join(notes)))
        return Entry(self._when(_stated_at(one), self.zone), right)

    def _valid_for(self, content: dict[str, Any]) -> str:
        told = self.words.told
        channel = self.rules.channels.get(content["channel"], content["channel"])
        purpose = self.words.purposes.get(content["purpose"], content["purpose"])
        points = {point["id"]: point["value"] for row in self.case["debtors"] for point in row["contact_points"]}
        contact = points.get(
            content["contact_point_id"] or "", told["any_contact"] if not content["contact_point_id"] else ""
        )
        whose = told["for_all"] if not content["creditor_id"] else self._creditor_name(content["creditor_id"])
        return " · ".join(filter(None, (told["valid_for"].format(channel=channel, purpose=purpose), contact, whose)))

    def _value(self, key: str, value: Any) -> str:
        if key == "message" and str(value) in self.numbers:
            return f"{self.words.labels['message']} {self.numbers[str(value)]}"
        if key == "recorded_by":
            return self.who(str(value))
        return self.words.values.get(str(value), str(value))

    def _creditor_name(self, creditor_id: str) -> str:
        row = self.creditors.get(creditor_id)
        return row["name"] if row else self.words.told["for_creditor"]

    # -- the account

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

    # -- rules and integrity

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

    def _place(self, one: dict[str, Any], *, short: bool = False) -> str:
        sequence, seal = self.places.get((one["event"], one["subject"], one["id"]), ("–", "–"))
        return f"{sequence} / {seal}" if short else self.words.told["event"].format(sequence=sequence, seal=seal)

    def _none(self) -> Iterator[Block]:
        yield Text(safe(self.words.told["none"]))

    # -- names, figures, instants

    def who(self, actor: str, source: str = "") -> str:
        """A person's name and part, or the part alone; never an id."""
        kind = actor.partition(":")[0]
        part = self.words.sources.get(source) or self.words.sources.get(kind) or ""
        name = self.case["people"].get(actor, "")
        return f"{name} ({part})" if name and part else name or part or kind or source

    def money(self, minor: int, currency: str) -> str:
        """An amount as the creditor's country writes it."""
        return str(format_currency(Money.from_minor(minor, currency).amount, currency, locale=self.locale))

    def number(self, n: int) -> str:
        """A figure with the country's separators."""
        return str(format_decimal(n, locale=self.locale))

    def day(self, iso: str | None) -> str:
        """A calendar day."""
        return str(format_date(date.fromisoformat(iso), "d MMM y", locale=self.locale)) if iso else ""

    def moment(self, iso: str, zone: ZoneInfo | None = None, *, day: bool = False) -> str:
        """An instant in the debtor's zone, with its distance from UTC."""
        local = datetime.fromisoformat(iso).astimezone(zone or self.zone)
        if day:
            return str(format_date(local.date(), "d MMM y", locale=self.locale))
        offset = local.strftime("%z")
        text = format_datetime(local, "d MMM y, HH:mm:ss", locale=self.locale)
        return f"{text} UTC{offset[:1].replace('-', '−')}{offset[1:3]}:{offset[3:5]}"

    def utc(self, iso: str) -> str:
        """The same instant in UTC, to the second."""
        return datetime.fromisoformat(iso).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")

    def _when(self, iso: str, zone: ZoneInfo) -> str:
        local = datetime.fromisoformat(iso).astimezone(zone)
        offset = local.strftime("%z")
        at = f"{local:%H:%M:%S} UTC{offset[:1].replace('-', '−')}{offset[1:3]}:{offset[3:5]}"
        return (
            f"{safe(format_date(local.date(), 'd MMM y', locale=self.locale))}<br/>{safe(at)}<br/>{soft(self.utc(iso))}"
        )

    def _zone_of(self, debtor: str | None) -> ZoneInfo:
        row = self.debtors.get(debtor or "")
        return (_zone(row["zone"]) if row else None) or self.zone

    def _period(self) -> str:
        since, until = self.document["scope"]["since"], self.document["scope"]["until"]
        return f"{self.moment(since)} – {self.moment(until)}"


def _pieces(text: str) -> list[str]:
    """A long text in parts that are set one after the other, each broken where a line or a word ends."""
    parts = []
    while len(text) > _PIECE:
        end = max(text.rfind("\n", 0, _PIECE), text.rfind(" ", 0, _PIECE)) + 1 or _PIECE
        parts.append(text[:end].rstrip(" \n") or " ")
        text = text[end:]
    return [*parts, text]


def _stated_at(one: dict[str, Any]) -> str:
    content = one["content"] or one["shown"]
    name = {"consent.recorded": "given_at", "stop.raised": "since", "stop.lifted": "lifted_at"}[one["event"]]
    return str(content[name])


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def _locale(language: str, country: str) -> Locale:
    for name in (f"{language}_{country}", {"pt": "pt_BR", "es": "es_419"}.get(language, language)):
        try:
            return Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse("en")
