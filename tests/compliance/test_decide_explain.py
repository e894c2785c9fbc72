"""Every rule of every pack in words of three languages, never a bare code."""

from __future__ import annotations

import re
import string
from dataclasses import fields
from datetime import UTC, datetime, timedelta

import pytest

from compliance.decide import (
    CONSENT_STATES,
    IDENTITY_PERMITS,
    ConsentRecord,
    Contact,
    Facts,
    Intent,
    compose,
    compose_exactly,
    decide,
    explain,
    explain_decision,
    load_packs,
    owner,
    owner_text,
    remedy,
)
from compliance.decide.explain import texts_of
from compliance.decide.texts.en import EN
from compliance.decide.texts.es import ES
from compliance.decide.texts.pt import PT

PACKS = load_packs()
LANGUAGES = ("es", "pt-BR", "en")
CODE = re.compile(r"\b(X|LD|BR|MX|CO|PE|CL|AR|EC|US|ES|PT)-[A-Z]|\b[a-z]+_[a-z_]+\b|[{}]")
SATURDAY = datetime(2026, 11, 28, 15, tzinfo=UTC)
TUESDAY_NIGHT = datetime(2026, 11, 25, 3, tzinfo=UTC)


def layers():
    for pack in PACKS.values():
        yield pack.data
        yield from pack.overlays.values()


def everything():
    """Findings of every shipped rule: each pack asked with every stop, flag and missing field, at bad times."""
    stops: dict[str, bool | str] = {row["when"]: True for data in layers() for row in data.get("stop_rules") or ()}
    stops["listed_in_state_do_not_contact_registry"] = "2026-01-01"
    flags = frozenset(row["flag"] for data in layers() for row in data.get("content_prohibited") or ())
    missing = frozenset(
        name
        for data in layers()
        for name in (
            *(data.get("content_required") or ()),
            *(data.get("extra_content_required") or ()),
            *(field for row in data.get("content_required_rules") or () for field in row["fields"]),
        )
    )
    found = {}
    for code, pack in PACKS.items():
        for overlay in ((), *((name,) for name in pack.overlays)):
            ruleset = compose_exactly(PACKS, [code], overlay)
            for at in (
                SATURDAY,
                TUESDAY_NIGHT,
                datetime(2027, 2, 9, 15, tzinfo=UTC),
                datetime(2027, 1, 1, 15, tzinfo=UTC),
                datetime(2026, 11, 29, 15, tzinfo=UTC),
            ):
                for channel in ("whatsapp", "call"):
                    contacts = tuple(
                        Contact(at - timedelta(days=n), name, invoices=("i",))
                        for n in range(7)
                        for name in ("sms", "whatsapp", "call")
                    )
                    facts = Facts(
                        zones=("America/Sao_Paulo",),
                        stops=stops,
                        contacts=contacts,
                        limit_until=at + timedelta(hours=1),
                        paused=channel == "call",
                        balance_as_of=at - timedelta(days=9),
                        balance_max_age=timedelta(hours=36 if channel == "call" else 1.5),
                        country="BR",
                        ufs=("PE", "SP"),
                    )
                    intent = Intent(channel=channel, flags=flags, missing=missing, invoices=("i",), free_text=True)
                    for finding in decide(intent, facts, ruleset, at).findings:
                        found[(finding.rule, finding.kind)] = finding
    spaced = Facts(zones=("America/Santiago",), contacts=(Contact(TUESDAY_NIGHT - timedelta(days=1)),))
    for finding in decide(Intent(), spaced, compose_exactly(PACKS, ["cl"]), TUESDAY_NIGHT).findings:
        found[(finding.rule, finding.kind)] = finding
    return found


FOUND = everything()


def rule_ids():
    for data in layers():
        for key in ("stop_rules", "closed_days", "caps", "content_prohibited", "content_required_rules"):
            yield from (row["id"] for row in data.get(key) or () if row.get("enabled", True))
        for key in ("windows_rule", "channel_lock"):
            if data.get(key):
                yield data[key]["id"]


def test_the_sweep_makes_every_shipped_rule_object():
    assert set(rule_ids()) - {rule for rule, _ in FOUND} == set()
    assert {kind for _, kind in FOUND} >= {
        "stop",
        "consent",
        "identity",
        "freshness",
        "channel",
        "cap",
        "channel_lock",
        "spacing",
    }


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_finding_is_one_sentence_without_codes(lang):
    for finding in FOUND.values():
        told = explain(finding, lang, "America/Sao_Paulo")
        assert told[0].isupper() and told.endswith("."), told
        assert not CODE.search(told), told
        assert finding.citation in told
        assert remedy(finding, lang).endswith(".")
        assert remedy(finding.rule, lang) == remedy(finding, lang)
        assert owner(finding) == owner(finding.rule)
        assert owner_text(finding, lang)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_state_has_its_words(lang):
    words = texts_of(lang)
    assert set(words.consent_states) == set(CONSENT_STATES) - {"granted"}
    assert set(words.identity_states) == set(IDENTITY_PERMITS)
    assert len(words.weekdays) == len(words.on_days) == 7
    assert len(words.months) == 12
    assert len(words.disclosures) == 4


def test_the_three_languages_say_the_same_things():
    for name in (field.name for field in fields(ES)):
        values = [getattr(texts, name) for texts in (ES, PT, EN)]
        if isinstance(values[0], str):
            places = [{part[1] for part in string.Formatter().parse(value) if part[1]} for value in values]
            assert places[0] == places[1] == places[2] or name == "date", name
        elif name != "cities":
            keys = [set(value) if isinstance(value, dict) else len(value) for value in values]
            assert keys[0] == keys[1] == keys[2], name


@pytest.mark.parametrize(
    ("lang", "why", "when"),
    [
        (
            "es",
            "Los viernes solo se contacta de 07:00 a 19:00, y para la persona es viernes 27 de noviembre, 19:00, "
            "hora de Bogotá; fundamento: Ley 2300 de 2023 art. 3.",
            "Se puede enviar a partir del sábado 28 de noviembre, 08:00, hora de Bogotá.",
        ),
        (
            "pt",
            "Às sextas-feiras só se faz contato das 07:00 às 19:00, e para a pessoa é sexta-feira, 27 de novembro, "
            "19:00, horário de Bogotá; fundamento: Ley 2300 de 2023 art. 3.",
            "Pode ser enviada a partir de sábado, 28 de novembro, 08:00, horário de Bogotá.",
        ),
        (
            "en",
            "On Fridays contact is allowed only from 07:00 to 19:00, and for the person it is Friday 27 November, "
            "19:00, Bogotá time; basis: Ley 2300 de 2023 art. 3.",
            "It may be sent from Saturday 28 November, 08:00, Bogotá time.",
        ),
    ],
)
def test_why_not_and_when(lang, why, when):
    facts = Facts(zones=("America/Bogota",), consents=(ConsentRecord("granted"),), identity="verified")
    decision = decide(Intent(), facts, compose_exactly(PACKS, ["co"]), datetime(2026, 11, 28, tzinfo=UTC))
    assert explain_decision(decision, lang, "America/Bogota") == [why, when]


def test_a_tenants_own_rule_is_told_too():
    ruleset = compose(
        PACKS, "CO", tenant={"stop_rules": [{"when": "vip"}], "content_prohibited": [{"flag": "emoji_storm"}]}
    )
    facts = Facts(
        zones=("America/Bogota",), consents=(ConsentRecord("granted"),), identity="verified", stops={"vip": True}
    )
    intent = Intent(flags=frozenset({"emoji_storm"}))
    decision = decide(intent, facts, ruleset, datetime(2026, 11, 24, 17, tzinfo=UTC))
    assert explain_decision(decision, "en", "America/Bogota") == [
        "An own rule objects; basis: own rule.",
        "The text holds something that may not be said: emoji storm; basis: own rule.",
        "Time alone does not solve it: a person has to act first.",
    ]
    assert owner(decision.findings[0]) == "administrator"


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match="there are es, pt and en"):
        texts_of("fr")
