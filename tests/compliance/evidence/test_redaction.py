"""What is left out is nowhere in the file, and the file still verifies."""

from __future__ import annotations

import json
from itertools import chain, combinations
from typing import Any

import pytest

from compliance.evidence import verifier
from compliance.evidence.formats import NO_ACCOUNT, NO_TEXTS, NO_THIRD_PARTIES, PARTS
from compliance.evidence.packs import files_of
from compliance.models import EvidencePack
from kernel.errors import DomainError
from tests.compliance.evidence.case import ANSWER, QUESTION, Case, make_case
from tests.compliance.evidence.reading import text_of


@pytest.fixture
def case() -> Case:
    return make_case()


SECRETS = {
    NO_TEXTS: [
        ANSWER["CO"][:12],
        QUESTION["CO"],
        "llamar a su jefe",
        "Ya pagué en marzo",
        "no me escriban más",
        "new opt-in",
    ],
    NO_THIRD_PARTIES: ["Luisa Prueba", "Marta Testigo"],
    NO_ACCOUNT: ["portfolio.entry", '"promise"', '"payment"', "P-1"],
}


@pytest.mark.parametrize("parts", list(chain.from_iterable(combinations(PARTS, n) for n in range(4))), ids=str)
def test_what_is_left_out_is_nowhere(case: Case, parts: tuple[str, ...]) -> None:
    document = case.export(redaction=parts)
    assert verifier.check(document) == [] and document["left_out"] == list(parts)
    files = files_of(document)
    whole = files["evidence.json"].decode() + text_of(files["evidence.pdf"])
    for part, secrets in SECRETS.items():
        for secret in secrets:
            assert (secret in whole) == (part not in parts), (part, secret)
    with case.desk.scope():
        pack = EvidencePack.objects.get()
    assert pack.redaction == ("+".join(parts) or "full")


def test_a_withheld_row_keeps_its_hash_and_what_may_be_read(case: Case) -> None:
    document = case.export(redaction=[NO_THIRD_PARTIES])
    [consent] = [one for one in document["records"] if one["subject"] == "compliance.consent"]
    assert consent["content"] is None and consent["withheld"] == NO_THIRD_PARTIES
    assert (
        consent["shown"]["evidence"]["exact_wording"].startswith("Acepto")
        and "collected_by" not in consent["shown"]["evidence"]
    )
    assert any(one["leaf"]["subject_id"] == consent["id"] and one["leaf"]["digest"] for one in document["events"])
    # Shown later, it is what was withheld: the hash in its event says so.
    [whole] = [one for one in case.export()["records"] if one["id"] == consent["id"]]
    document["records"] = [whole if one["id"] == consent["id"] else one for one in document["records"]]
    assert not any("does not match event" in one for one in verifier.check(document))


def test_other_peoples_numbers_and_words_are_third_parties(case: Case) -> None:
    full, bare = case.export(), case.export(redaction=NO_THIRD_PARTIES)

    def roles(document: dict[str, Any]) -> set[str]:
        return {point["role"] for row in document["case"]["debtors"] for point in row["contact_points"]}

    assert roles(full) == {"owner", "reference"} and roles(bare) == {"owner"}
    [other] = [p["value"] for p in full["case"]["debtors"][0]["contact_points"] if p["role"] == "reference"]
    assert other not in json.dumps(bare)
    with case.desk.scope():
        point = case.desk.point(case.debtor)
        type(point).objects.filter(pk=point.pk).update(role="guarantor")
    theirs = case.export(redaction=NO_THIRD_PARTIES)
    assert {message["text"] for message in theirs["messages"]} == {""} and verifier.check(theirs) == []


def test_an_unknown_part_is_refused(case: Case) -> None:
    with pytest.raises(DomainError, match="redact nothing"):
        case.export(redaction=["no_names"])
