"""The verifier: whatever is changed in a file, the first line that was is named, and one record is proven alone."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compliance.evidence import verifier
from compliance.evidence.formats import LISTS, manifest_of, text_hash, to_text
from kernel.canonical import digest
from tests.compliance.evidence.case import make_case, reread

ANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def exported() -> dict[str, Any]:
    return reread(make_case().export())


@pytest.fixture
def document(exported: dict[str, Any]) -> dict[str, Any]:
    """A copy of one's own, to be tampered with."""
    return deepcopy(exported)


def named(document: dict[str, Any]) -> list[str]:
    text = to_text(document)
    return verifier.check(json.loads(text), verifier.line_numbers(text))


def place_of(document: dict[str, Any], name: str, place: int) -> str:
    """How a sentence about a line begins."""
    line = verifier.line_numbers(to_text(document))[name, place]
    return f"line {line}, {name}[{place}]: "


def spoil(value: Any, draw: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, dict) and value:
        key = draw(st.sampled_from(sorted(value)))
        return {**value, key: spoil(value[key], draw)}
    if isinstance(value, list) and value:
        place = draw(st.integers(0, len(value) - 1))
        return [*value[:place], spoil(value[place], draw), *value[place + 1 :]]
    return f"{value}x" if isinstance(value, str) else 7 if value != 7 else 8


@ANY
@given(data=st.data())
def test_any_altered_line_is_the_first_that_is_named(document: dict[str, Any], data: st.DataObject) -> None:
    spoilt = reread(document)
    name = data.draw(st.sampled_from([name for name in LISTS if spoilt[name]]))
    place = data.draw(st.integers(0, len(spoilt[name]) - 1))
    spoilt[name][place] = spoil(spoilt[name][place], data.draw)
    try:
        wrong = named(spoilt)
    except (KeyError, TypeError, AttributeError, ValueError):
        return  # no longer an evidence file at all: the command says so with code 2
    assert any(one.startswith(place_of(spoilt, name, place)) for one in wrong)


@ANY
@given(data=st.data())
def test_a_missing_line_is_named_by_what_it_was(document: dict[str, Any], data: st.DataObject) -> None:
    spoilt = reread(document)
    name = data.draw(st.sampled_from([name for name in LISTS if spoilt[name]]))
    place = data.draw(st.integers(0, len(spoilt[name]) - 1))
    gone = verifier.called(name, spoilt[name].pop(place))
    assert any("missing" in one and gone in one and name in one for one in named(spoilt))


@ANY
@given(data=st.data())
def test_a_line_put_in_is_named(document: dict[str, Any], data: st.DataObject) -> None:
    spoilt = reread(document)
    name = data.draw(st.sampled_from([name for name in LISTS if spoilt[name]]))
    place = data.draw(st.integers(0, len(spoilt[name])))
    more = reread(spoilt[name][0])
    inner = more["leaf"] if name == "events" else more["content"] if name == "seals" else more
    inner["sequence" if name == "events" else "number" if name == "seals" else "id"] = 10**9
    spoilt[name].insert(place, more)
    wrong = [one for one in named(spoilt) if one.startswith(place_of(spoilt, name, place))]
    assert any("put in" in one and "1000000000" in one for one in wrong)


def test_lines_that_changed_places_are_named(document: dict[str, Any]) -> None:
    document["records"][1], document["records"][3] = document["records"][3], document["records"][1]
    wrong = named(document)
    assert wrong[0].startswith(place_of(document, "records", 1)) and "elsewhere" in wrong[0]


def test_the_earliest_line_comes_first(document: dict[str, Any]) -> None:
    for place in (4, 1):
        document["records"][place]["content"]["id"] = "x"
    document["messages"][0]["state"] = "read-not"
    wrong = named(document)
    assert wrong[0].startswith(place_of(document, "messages", 0))
    assert wrong[1].startswith(place_of(document, "records", 1))  # the third is said by what no longer fits


HEADS = {
    "case": {"debtors": []},
    "findings": [],
    "packs": [],
    "exported_by": "x",
    "left_out": ["no_texts"],
    "language": "pt",
}


@pytest.mark.parametrize("key", HEADS)
def test_the_head_cannot_be_changed(document: dict[str, Any], key: str) -> None:
    document[key] = HEADS[key]
    assert any("head of the file" in one for one in named(document))


def test_rules_are_held_against_the_hash_that_the_decisions_state(document: dict[str, Any]) -> None:
    [mark, *_] = document["rulesets"]
    document["rulesets"][mark]["layers"][0]["data"]["name"] = "x"
    document["manifest"] = manifest_of(document)
    assert any(f"the rules {mark} were altered" in one for one in named(document))
    del document["rulesets"][mark]
    document["manifest"] = manifest_of(document)
    assert any(f"the rules {mark} that decided are not here" in one for one in named(document))


def remade(document: dict[str, Any]) -> list[str]:
    """What is still found after a forger made the manifest anew."""
    document["manifest"] = manifest_of(document)
    return named(document)


def test_a_careful_forger_is_found_by_the_seals(document: dict[str, Any]) -> None:
    def decision(of: dict[str, Any]) -> dict[str, Any]:
        return next(one for one in of["records"] if one["subject"] == "compliance.decision")

    forged = reread(document)
    decision(forged)["content"]["verdict"] = "forged"
    assert any("does not match event" in one for one in remade(forged))
    event = next(one for one in forged["events"] if one["leaf"]["subject_id"] == decision(forged)["id"])
    event["leaf"]["digest"] = digest(decision(forged)["content"])
    assert any("root of its seal" in one for one in remade(forged))
    [seal] = [one for one in forged["seals"] if one["content"]["number"] == event["seal"]]
    seal["content"]["root"] = verifier.root_from(event["leaf"], event["proof"])
    assert any("does not match its digest" in one for one in remade(forged))


def test_the_chain_of_seals_is_followed(document: dict[str, Any]) -> None:
    first = document["seals"][0]
    assert first["content"]["number"] == 1 and first["content"]["previous"] == ""
    content = {**first["content"], "number": 2, "previous": "0" * 64, "first_sequence": first["content"]["last_sequence"] + 1,
               "last_sequence": first["content"]["last_sequence"] + 9}  # fmt: skip
    document["seals"].append({"content": content, "digest": digest(content)})
    assert any("seal 2 does not follow" in one for one in remade(document))
    content["previous"] = first["digest"]
    document["seals"][1] = {"content": content, "digest": digest(content)}
    assert remade(document) == []
    content["first_sequence"] += 1  # a gap between two stretches could hide events
    document["seals"][1] = {"content": content, "digest": digest(content)}
    assert any("seal 2 does not follow" in one for one in remade(document))


def test_words_are_held_against_the_decision(document: dict[str, Any]) -> None:
    place = next(n for n, one in enumerate(document["messages"]) if one["salt"] and one["text"])
    message = document["messages"][place]
    stated = [one["content"]["text_hash"] for one in document["records"] if one["subject"] == "compliance.decision"]
    assert text_hash(message["salt"], message["text"]) in stated
    message["text"] += "."
    assert remade(document) == [
        f"{place_of(document, 'messages', place)}the words of message {message['id']} are not those that were decided on"
    ]


@pytest.mark.parametrize("language", ["es", "pt", "en"])
def test_every_language_says_the_same(document: dict[str, Any], language: str) -> None:
    assert verifier.TEXTS[language].keys() == verifier.TEXTS["en"].keys()
    document["records"].pop(0)
    document["head"] = 1
    wrong = verifier.check(document, language=language)
    assert len(wrong) == len(verifier.check(document, language="en")) and all("{" not in one for one in wrong)


def test_one_record_is_proven_without_the_others(document: dict[str, Any]) -> None:
    for record in document["records"]:
        part = verifier.only(reread(document), record["id"])
        assert part is not None and verifier.check(part) == []
        assert {one["id"] for one in part["records"]} == {record["id"]} and part["messages"] == []
        assert len(part["seals"]) == 1 and part["part_of"] == document["manifest"]["document"]
        part["records"][0]["content"]["v"] = 2
        assert any("does not match event" in one for one in verifier.check(part))
    assert verifier.only(document, "nobody") is None


def test_a_message_is_proven_with_its_decision_and_reports(document: dict[str, Any]) -> None:
    sent = next(one for one in document["messages"] if one["read_at"])
    part = verifier.only(document, sent["id"])
    assert part is not None and verifier.check(part) == [] and part["messages"] == [sent]
    subjects = [one["subject"] for one in part["records"]]
    assert subjects.count("messaging.statusreport") == 3 and "compliance.decision" in subjects
    others = [one["text"] for one in document["messages"] if one["id"] != sent["id"] and one["text"]]
    assert all(words not in json.dumps(part, ensure_ascii=False) for words in others)
    part["messages"][0]["text"] = "other words"
    assert any("are not those that were decided on" in one for one in verifier.check(part))
