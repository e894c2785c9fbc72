"""What may not be said is found with its place and reason; what is lawful is left alone."""

import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.language import CLASSES, OK, PRODUCED_FLAGS, Context, Finding, Scan, flags_for, scan, soften
from compliance.management.commands.measure_language import alarms_on_public_sets, examples, figures, public_sets, speed

TUNE = [e for e in examples("tune") if e[3] != OK]
LAWFUL = [e for part in ("tune", "fresh", "blind", "second-tune", "unseen") for e in examples(part) if e[3] == OK]

DISGUISES = {
    "capitals": str.upper,
    "leet": lambda t: t.translate(str.maketrans("aeo", "430")),
    "zero width": lambda t: "\u200b".join(t),
    "wide": lambda t: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in t),
    "spaced": lambda t: "  ".join(" ".join(w) for w in t.split()),
    "dotted": lambda t: " ".join(".".join(w) for w in t.split()),
    "stretched": lambda t: t.replace("a", "aaaa").replace("o", "ooo"),
    "look-alikes": lambda t: t.translate(str.maketrans("aeop", "аеор")),
    "emoji between": lambda t: t.replace(" ", " 😀 "),
}
PLAIN = [
    ("vas a ir preso", "false_legal_claim"),
    ("su jefe se va a enterar", "threat"),
    ("sabemos donde vives", "threat"),
    ("seu chefe vai ficar sabendo", "threat"),
    ("deposita a mi cuenta personal", "fraud_diversion"),
    ("faz o pix na minha chave", "fraud_diversion"),
    ("eres un idiota", "abusive"),
    ("filho da puta", "profanity"),
    ("le conte a su vecino que debe", "third_party_disclosure"),
]


@pytest.mark.parametrize("disguise", DISGUISES, ids=str)
@pytest.mark.parametrize(("text", "cls"), PLAIN)
def test_a_disguised_violation_stays_one(text: str, cls: str, disguise: str) -> None:
    assert cls in {f.cls for f in scan(DISGUISES[disguise](text)).findings}


@given(st.sampled_from(TUNE), st.data())
@settings(max_examples=150, deadline=None)
def test_invisible_characters_hide_nothing(example: tuple[str, str, str, str], data: st.DataObject) -> None:
    text, lang, _, _ = example
    places = data.draw(st.lists(st.integers(0, len(text)), max_size=8))
    for place in sorted(places, reverse=True):
        text = text[:place] + data.draw(st.sampled_from("\u200b\u200d\u2060\ufeff\u00ad")) + text[place:]
    assert scan(text, lang=lang).main_class == scan(example[0], lang=lang).main_class


@given(st.sampled_from(TUNE), st.sampled_from(LAWFUL), st.sampled_from(LAWFUL))
@settings(max_examples=150, deadline=None)
def test_politeness_around_it_hides_nothing(bad, before, after) -> None:
    alone = scan(bad[0], lang=bad[1])
    if not alone.findings or alone.findings[0].rule.startswith("tone."):
        return
    apart = f"{before[0].rstrip()}\n\n{bad[0]}\n\n{after[0]}"
    # A warning or a quotation may stand before or after; only a neighbouring denial excuses, and it must say so.
    if any(w in apart.casefold() for w in ("verdad", "falso", "mentira", "verdade", "cierto")):
        return
    assert scan(apart, lang=bad[1]).findings


@pytest.mark.parametrize(
    ("text", "excused"),
    [
        ("Voy a llamar a tu jefe. No haga caso de quien le pida depositar a otra cuenta.", False),
        ("Vou ligar para o seu chefe. Desconfie de quem pedir dinheiro em outra conta.", False),
        ("Si le dicen: deposite a mi cuenta personal. No haga caso, es un engaño.", True),
    ],
)
def test_a_warning_about_others_takes_nothing_back(text: str, excused: bool) -> None:
    assert (not scan(text).findings) is excused


@pytest.mark.parametrize("example", LAWFUL, ids=lambda e: e[0][:40])
def test_lawful_messages_pass(example: tuple[str, str, str, str]) -> None:
    assert scan(example[0], lang=example[1]).findings == ()


@given(
    st.text(max_size=400)
    | st.lists(st.sampled_from([w for e in TUNE for w in e[0].split()]), max_size=60).map(" ".join)
)
@settings(max_examples=200, deadline=None)
def test_findings_are_well_formed(text: str) -> None:
    result = scan(text)
    for finding in result.findings:
        assert finding.cls in CLASSES
        assert 1 <= finding.severity <= 3
        assert 0 <= finding.span[0] < finding.span[1] <= len(text)
        assert finding.rule
    assert result.main_class == (result.findings[0].cls if result.findings else OK)
    assert list(result.findings) == sorted(result.findings, key=lambda f: -f.severity)
    assert result.flags <= PRODUCED_FLAGS
    assert scan(text) == result


def test_the_span_is_what_offends() -> None:
    text = "Buenas tardes, Ana. Si no paga VAS A IR PRES0. Saludos."
    (finding,) = scan(text).findings
    assert text[slice(*finding.span)].endswith("IR PRES0")
    assert "Buenas" not in text[slice(*finding.span)]


@pytest.mark.parametrize(
    "text",
    [
        "Usted no va a ir preso",
        "Nadie va a ir preso por esto",
        "No se preocupe: no vamos a llamar a su jefe",
        "Você não vai ser preso",
        "No le estoy diciendo que vaya a ir preso",
        "Desconfíe si le dicen que va a ir preso",
        "Usted me dijo 'idiota' y aun así le ayudo",
        "o senhor me chamou de idiota",
    ],
)
def test_denials_warnings_and_quotations_are_lawful(text: str) -> None:
    assert scan(text).main_class == OK


@pytest.mark.parametrize(
    ("text", "cls"),
    [
        ("Si no paga va a ir preso", "false_legal_claim"),
        ("Por no pagar va a ir preso", "false_legal_claim"),
        ("No dude que va a ir preso", "false_legal_claim"),
        ("No me obligue a llamar a su jefe", "threat"),
        ("Não pense que não vou ligar pro seu chefe", "threat"),
        ("Se não pagar vai ser preso", "false_legal_claim"),
        ("no jodas", "profanity"),
    ],
)
def test_a_no_that_denies_nothing_excuses_nothing(text: str, cls: str) -> None:
    assert scan(text).main_class == cls


def test_a_debtor_is_only_heard_for_abuse() -> None:
    assert scan("¿me van a meter preso?", author="debtor").main_class == OK
    assert scan("te pago a tu cuenta personal si quieres", author="debtor").main_class == OK
    assert scan("son unos idiotas", author="debtor").main_class == "abusive"
    assert scan("los voy a matar, te voy a romper las piernas", author="debtor").main_class == "threat"


def test_repeating_what_the_debtor_wrote_is_no_insult() -> None:
    text = "Leí lo de idiota y lo entiendo"
    assert scan(text).main_class == "abusive"
    assert scan(text, context=Context(debtor_quoted=("eres un idiota",))).main_class == OK


def test_accounts_are_judged_against_the_register() -> None:
    text = "Deposite a la CLABE 032180000118359719 por favor"
    assert scan(text).findings == ()
    assert scan(text, context=Context(registered_accounts=frozenset())).main_class == "fraud_diversion"
    assert scan(text, context=Context(registered_accounts=frozenset({"0321 8000 0118 3597 19"}))).findings == ()
    pix = "Pode fazer o Pix na chave loja@sol.com.br"
    assert (
        scan(pix, context=Context(registered_accounts=frozenset({"outra@sol.com.br"}))).main_class == "fraud_diversion"
    )
    assert scan(pix, context=Context(registered_accounts=frozenset({"LOJA@sol.com.br"}))).findings == ()


@pytest.mark.parametrize(
    "text",
    [
        "Su tarjeta 4111 1111 1111 1111 fue rechazada",
        "CPF 529.982.247-25 confirmado",
        "Su RUT 12.345.678-5",
        "DNI 30123456",
    ],
)
def test_full_identifiers_are_seen(text: str) -> None:
    result = scan(text)
    assert result.main_class == "privacy"
    assert "full_identifier_or_account_number" in result.flags


@pytest.mark.parametrize(
    "text", ["tarjeta terminada en 1111", "referencia 4111 1111 1111 1112", "$4.111.111", "tel. 55 1234 5678"]
)
def test_parts_and_other_numbers_are_not(text: str) -> None:
    assert scan(text).findings == ()


def test_policy_limits() -> None:
    context = Context(max_discount_percent=20, max_instalments=6)
    assert scan("Le ofrezco 35% de descuento", context=context).main_class == "off_policy_promise"
    assert scan("Le ofrezco un descuento del 20 %", context=context).main_class == OK
    assert scan("Pode pagar em 12 parcelas", context=context).main_class == "off_policy_promise"
    assert scan("Puede pagar en 6 cuotas", context=context).main_class == OK


# Every content flag of every rule pack, with a text that shows it.
FLAG_EXAMPLES = {
    "threat_or_coercion": "sabemos donde vives",
    "insult_or_shaming": "eres un idiota",
    "judicial_appearance_or_false_authority": "Soy del juzgado tercero, pague hoy",
    "false_or_unverified_amount_or_consequence": "Lo van a meter a la cárcel",
    "publication_or_blacklist_threat": "Voy a publicar su foto en Facebook",
    "full_identifier_or_account_number": "Su tarjeta es 4111111111111111",
    "mention_of_debt_to_third_party": "Ya le dije a su jefe que debe dos cuotas",
    "ridicule_constraint_or_threat": "Que vergonha, vai ser preso",
    "interference_with_work_rest_leisure": "Te voy a llamar todos los días hasta que pagues",
    "debt_visible_outside_message": "Le dejaremos un aviso pegado en la puerta",
    "payment_to_collector_account": "Deposite a mi cuenta personal",
    "asks_reason_for_default": "¿Por qué no pagó su cuota?",
    "disrespect_or_privacy_intrusion": "¿Con quién vive usted?",
    "affects_reputation_home_privacy_work_or_image": "Su vecino ya sabe que usted debe",
    "promotional_offer_without_consent": "Tiene un crédito preaprobado con nosotros",
    "any_reference_to_judicial_document_or_action": "Podríamos iniciar acciones judiciales",
    "credit_bureau_or_uninitiated_court_consequence": "Será informado a Dicom",
    "affects_home_privacy_or_job": "Vamos a ir a su trabajo a cobrarle delante de todos",
    "shameful_vexatious_or_intimidating": "Te vas a arrepentir",
    "new_demand": "Debe pagar el saldo hoy",
}


@pytest.mark.parametrize("flag", FLAG_EXAMPLES)
def test_every_flag_has_a_producer(flag: str) -> None:
    text = FLAG_EXAMPLES[flag]
    assert flag in flags_for(scan(text), text)
    assert flag in PRODUCED_FLAGS


def test_no_pack_asks_for_a_flag_that_nobody_produces() -> None:
    packs = [
        p
        for root in (Path(__file__).parents[3], Path(__file__).parents[3].parent / "shared" / "reference")
        for p in root.glob("**/rule-packs.yaml")
        if ".venv" not in p.parts
    ]
    if not packs:
        pytest.skip("rule-packs.yaml is not here")
    asked = {
        rule["flag"]
        for pack in yaml.safe_load(packs[0].read_text(encoding="utf-8"))["packs"]
        for rule in pack.get("content_prohibited", [])
    }
    assert asked
    assert asked <= PRODUCED_FLAGS
    assert asked <= set(FLAG_EXAMPLES)


@pytest.mark.parametrize(
    "text",
    [
        "Hola, ¿hablo con Ana Pérez?",
        "Gracias, su pago quedó registrado.",
        "Olá! Posso falar com o Pedro?",
        "Su factura 1042 vence mañana. Puede pagar con este enlace.",
    ],
)
def test_an_ordinary_message_has_no_flag_but_a_demand(text: str) -> None:
    assert flags_for(scan(text), text) <= {"new_demand"}


def test_chiles_mandatory_sentence_is_exempt() -> None:
    flag = "any_reference_to_judicial_document_or_action"
    sentence = "Esta comunicación no constituye un procedimiento judicial de ejecución de sus bienes."
    assert flag not in flags_for(scan(sentence), sentence)
    more = sentence + " Sin embargo, podemos iniciar un juicio."
    assert flag in flags_for(scan(more), more)


def test_lawful_firmness_is_flagged_only_where_a_pack_forbids_it() -> None:
    text = "De no recibir su pago, iniciaremos las acciones legales que correspondan."
    result = scan(text)
    assert result.main_class == OK
    assert "any_reference_to_judicial_document_or_action" in flags_for(result, text)
    assert "threat_or_coercion" not in flags_for(result, text)


@given(st.sampled_from(TUNE))
@settings(max_examples=150, deadline=None)
def test_the_softer_version_is_lawful(example: tuple[str, str, str, str]) -> None:
    text, lang, _, _ = example
    findings = scan(text, lang=lang).findings
    softer = soften(text, findings, lang)
    if not findings:
        assert softer is None
        return
    assert softer
    assert scan(softer, lang=lang).findings == ()


def test_softening_keeps_what_was_lawful() -> None:
    text = "Hola Ana. Si no paga vas a ir preso. Su saldo es $300.50."
    softer = soften(text, scan(text).findings, "es")
    assert softer is not None
    assert softer.startswith("Hola Ana.")
    assert "$300.50" in softer
    assert soften("Hola", (), "es") is None


HOSTILE = [
    "voy a " * 800,
    "vas a ir a " * 400,
    "no " * 1365,
    "a " * 2048,
    "a." * 2048,
    "p r e s o " * 410,
    "voy a contarle a su jefe " * 160,
    "su " * 1365,
    "voy su jefe contar " * 200 + "cuota " * 40,
    "no le voy a decir a su jefe su jefe " * 110,
    "o senhor vai ser preso sua casa " * 120,
    "*" * 4096,
    "p*t* " * 800,
    "@" * 4096,
    "1!4@3$ " * 580,
    "a" * 4096,
    "1l1l" * 1024,
    "aabbccddeeffgg" * 290,
    "'" * 4096,
    '"' * 4096,
    "1" * 4096,
    "1 " * 2048,
    "1." * 2048,
    "😡" * 4096,
    "\u200b" * 4096,
    "a" + "\u0300" * 4000,
    "sabemosdondevives" * 240,
    "le dije a su jefe que " * 190,
    "su jefe su familia su vecino " * 140,
    "a@a.a.a.a.a" * 370,
    "alias a.a.a." * 340,
    "descuento 9" * 370,
    "para si pero para " * 240,
    "ir terminar preso carcel a la " * 135,
    "ABCD123456HABCDE" * 256,
    "deposito cuenta 1234567 " * 170,
    "x" * 100_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda t: t[:16].strip() or "blank")
def test_no_text_makes_it_slow(text: str) -> None:
    """Measured at most 35 ms on two shared cores; an exponential pattern would take minutes."""
    start = time.perf_counter()
    scan(text, context=Context(registered_accounts=frozenset(), max_discount_percent=5, max_instalments=3))
    assert time.perf_counter() - start < 1.0


def test_speed_of_an_ordinary_message() -> None:
    """p95 of 1,000 characters is 4 ms on an idle core; ten times that means that something broke."""
    assert speed(60)["median_ms"] < 40


def test_the_corpus_is_wide_enough() -> None:
    counts: dict[tuple[str, str], int] = {}
    for part in ("tune", "heldout", "fresh", "blind"):
        for _, lang, heading, _ in examples(part):
            counts[heading, lang] = counts.get((heading, lang), 0) + 1
    for heading in (
        "threat",
        "shaming",
        "third_party_disclosure",
        "false_legal_claim",
        "fraud_diversion",
        "insult",
        "profanity",
    ):
        for lang in ("es", "pt"):
            assert counts[heading, lang] >= 30, (heading, lang)
    assert counts["ok", "es"] + counts["ok", "pt"] >= 150


@pytest.mark.parametrize(
    ("part", "found", "alarms"),
    [
        ("tune", 0.99, 0.0),
        ("fresh", 0.98, 0.0),
        ("heldout", 0.96, 0.015),
        ("blind", 0.44, 0.0),
        ("second-tune", 0.97, 0.0),
        ("second-heldout", 0.88, 0.035),
        ("unseen", 0.22, 0.0),
    ],
)
def test_figures_do_not_fall(part: str, found: float, alarms: float) -> None:
    result = figures(part)
    assert result["found"] >= found
    assert result["false_alarms"] <= alarms
    assert result["precision"] >= (0.96 if part == "second-heldout" else 0.98)


@pytest.mark.parametrize(
    "heading", ["threat", "false_legal_claim", "fraud_diversion", "third_party_disclosure", "insult", "profanity"]
)
def test_held_out_recall_by_kind(heading: str) -> None:
    assert figures("heldout")["headings"][heading]["found"] >= 0.9


def test_inoffensive_public_texts_are_not_taken_for_collectors_threats() -> None:
    """Those sets swear a lot without being 'toxic'; what must stay rare is everything else."""
    if not list(public_sets()):
        pytest.skip("the public sets are not beside this checkout")
    for name, row in alarms_on_public_sets(most=2000).items():
        assert row["flagged_other_than_words"] < 0.02, name


def test_values_are_plain() -> None:
    assert Scan((Finding("threat", 3, (0, 2), "r"),), frozenset(), "threat", "es").severity == 3
    assert Scan((), frozenset(), OK, "es").severity == 0


def test_the_name_of_the_creditor_is_no_conduct() -> None:
    words = "Le escribimos por su cuenta con Fibrasur Internet: la factura venció el 3 de mayo."
    assert scan(words, author="bot").findings, "without knowing the name it reads like a place to shame somebody"
    assert not scan(words, author="bot", context=Context(creditor_names=("Fibrasur Internet",))).findings
    shaming = "Voy a publicar su deuda con Fibrasur Internet en internet para que todos sepan."
    assert scan(shaming, context=Context(creditor_names=("Fibrasur Internet",))).findings
