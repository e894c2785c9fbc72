"""Each decision with its findings and the law, each statement about consent and stops with its evidence."""

from __future__ import annotations

from typing import Any

from compliance.evidence.told import Told, stated_at
from compliance.evidence.typeset import Entry, bold, safe, soft

_LONG = ("exact_wording", "wording", "words", "note")  # of a statement's evidence: set apart


class Verdicts(Told):
    """Each decision with its findings and the law, each statement about consent and stops with its evidence."""

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
        return Entry(self._when(stated_at(one), self.zone), right)

    def _value(self, key: str, value: Any) -> str:
        if key == "message" and str(value) in self.numbers:
            return f"{self.words.labels['message']} {self.numbers[str(value)]}"
        if key == "recorded_by":
            return self.who(str(value))
        return self.words.values.get(str(value), str(value))
