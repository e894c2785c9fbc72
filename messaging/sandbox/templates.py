"""Message templates: what review lets pass, what a send must fill in, and the words that come out. Pure."""

from __future__ import annotations

import itertools
import re
from typing import Any

from messaging.sandbox.errors import GraphError
from messaging.sandbox.world import Template

PLACE = re.compile(r"\{\{\s*([a-z0-9_]+)\s*\}\}")
ADJACENT = re.compile(r"\}\}\s*\{\{")
NAME = re.compile(r"^[a-z0-9_]{1,512}$")
PROMOTION = re.compile(
    r"descuento|oferta|promoci[oó]n|rebaja|\d+\s?% de desc|aprovech|cup[oó]n|sorteo|black friday|"
    r"desconto|promo[cç][aã]o|liquida[cç][aã]o|aproveite|cupom|sorteio|discount|special offer|% off",
    re.IGNORECASE,
)
THREAT = re.compile(
    r"c[aá]rcel|embarg|ir[aá] preso|polic[ií]a|denuncia penal|demanda(remos| judicial)|"
    r"acci[oó]n(es)? legal(es)? en su contra|"
    r"cadeia|penhora|pol[ií]cia|a[cç][aã]o judicial contra|processaremos|moroso p[uú]blico|lista negra|jail|lawsuit",
    re.IGNORECASE,
)
SENSITIVE = re.compile(
    r"n[uú]mero (completo )?de (su |tu )?tarjeta|contrase[ñn]a|cvv|clave bancaria|n[uú]mero do (seu )?cart[aã]o|"
    r"senha|card number|password",
    re.IGNORECASE,
)
CATEGORIES = {"UTILITY", "MARKETING", "AUTHENTICATION"}


def component(components: list[dict[str, Any]], kind: str) -> dict[str, Any] | None:
    """The component of a kind (BODY, HEADER, FOOTER, BUTTONS), or None."""
    return next((c for c in components if str(c.get("type", "")).upper() == kind), None)


def places(text: str) -> list[str]:
    """The variables of a text in order of first appearance."""
    return list(dict.fromkeys(PLACE.findall(text)))


def check_definition(body: Any) -> None:
    """What the editor refuses at once; raises GraphError 100 or a 2388xxx code."""
    if not isinstance(body, dict):
        raise GraphError(100, "The request body must be a JSON object")
    for name in ("name", "language", "category"):
        if not isinstance(body.get(name), str) or not body[name]:
            raise GraphError(100, f"The parameter {name} is required.")
    if not NAME.match(body["name"]):
        raise GraphError(
            100, "Message template name can only have lower-case letters, digits and underscores, at most 512"
        )
    if body["category"].upper() not in CATEGORIES:
        raise GraphError(100, f"category must be one of {', '.join(sorted(CATEGORIES))}")
    check_components(body.get("components"), str(body.get("parameter_format") or "POSITIONAL"))


def check_components(components: Any, parameter_format: str) -> None:
    """Limits and variables of all parts; raises GraphError."""
    if not isinstance(components, list) or not all(isinstance(c, dict) for c in components):
        raise GraphError(100, "components must be a list of objects")
    body = component(components, "BODY")
    if body is None or not body.get("text"):
        raise GraphError(100, "A template needs a BODY component with a text")
    _text(body["text"], 1024, "Body")
    _variables(body["text"], parameter_format, "Body")
    header = component(components, "HEADER")
    if header and str(header.get("format", "")).upper() == "TEXT":
        _text(header.get("text") or "", 60, "Header")
        if len(places(header.get("text") or "")) > 1:
            raise GraphError(2388047, "A header takes one variable at most")
        if re.search(r"[\n*_~`]", header.get("text") or ""):
            raise GraphError(2388047, "A header has no new lines, formatting or asterisks")
    footer = component(components, "FOOTER")
    if footer:
        _text(footer.get("text") or "", 60, "Footer")
        if places(footer.get("text") or ""):
            raise GraphError(2388073, "A footer takes no variables")
    buttons = component(components, "BUTTONS")
    if buttons:
        _buttons(buttons.get("buttons"))


def _text(text: str, longest: int, part: str) -> None:
    if len(text) > longest:
        raise GraphError(2388040, f"{part} has {len(text)} characters, at most {longest}")


def _variables(text: str, parameter_format: str, part: str) -> None:
    found = places(text)
    if parameter_format.upper() == "POSITIONAL":
        if found != [str(n + 1) for n in range(len(found))]:
            raise GraphError(2388072, f"{part} variables must be {{{{1}}}}, {{{{2}}}} ... in order, got {found}")
    elif any(name.isdigit() for name in found):
        raise GraphError(2388072, f"{part} variables of a named template have names, got {found}")
    stripped = text.strip()
    if found and (stripped.startswith("{{") or stripped.endswith("}}")):
        raise GraphError(2388299, "Variables can't be at the start or end of the template")
    words = len(PLACE.sub(" ", text).split())
    if len(found) * 2 + 1 > words + 1:
        raise GraphError(2388293, f"{len(found)} variables for {words} words: add words or take variables away")


def _buttons(buttons: Any) -> None:
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 10:
        raise GraphError(100, "BUTTONS takes one to ten buttons")
    kinds = [str(b.get("type", "")).upper() for b in buttons]
    for kind, most in (("URL", 2), ("PHONE_NUMBER", 1), ("COPY_CODE", 1)):
        if kinds.count(kind) > most:
            raise GraphError(100, f"At most {most} {kind} buttons")
    quick = [kind == "QUICK_REPLY" for kind in kinds]
    if any(quick) and not all(quick) and sum(a != b for a, b in itertools.pairwise(quick)) > 1:
        raise GraphError(100, "Quick replies must be grouped together")
    for button, kind in zip(buttons, kinds, strict=True):
        if kind != "COPY_CODE":
            text = button.get("text")
            if not isinstance(text, str) or not 1 <= len(text) <= 25:
                raise GraphError(2388040, "A button text has 1 to 25 characters")
        if kind == "URL":
            url = str(button.get("url") or "")
            if not re.match(r"https?://", url) or len(url) > 2000 or (PLACE.search(url) and not url.endswith("}}")):
                raise GraphError(100, "A URL button takes a URL of 2,000 characters with one variable at its end")


def all_words(components: list[dict[str, Any]]) -> str:
    """Every text of a template."""
    texts = [str(c.get("text") or "") for c in components]
    buttons = component(components, "BUTTONS")
    texts += [str(b.get("text") or "") for b in (buttons or {}).get("buttons", [])]
    return "\n".join(texts)


def review(category: str, components: list[dict[str, Any]], duplicate_of: str | None) -> dict[str, Any]:
    """The reviewer's verdict: {status, category, reason, rejection_info}."""
    words = all_words(components)
    reason, why = "NONE", ""
    body = component(components, "BODY") or {}
    if THREAT.search(words):
        reason, why = "ABUSIVE_CONTENT", "The template threatens customers with legal action or public shaming."
    elif SENSITIVE.search(words):
        reason, why = "SCAM", "The template asks for sensitive identifiers."
    elif ADJACENT.search(str(body.get("text") or "")):
        reason, why = "INVALID_FORMAT", "Your template has parameters placed next to each other."
    elif places(str(body.get("text") or "")) and not body.get("example"):
        reason, why = "INVALID_FORMAT", "Variables need an example each."
    elif duplicate_of:
        reason, why = "INVALID_FORMAT", f"Body and footer are identical to those of {duplicate_of}."
    final = "MARKETING" if category == "UTILITY" and PROMOTION.search(words) else category
    verdict: dict[str, Any] = {"status": "REJECTED" if why else "APPROVED", "category": final, "reason": reason}
    if why:
        verdict["rejection_info"] = {"reason": why, "recommendation": "Change the text and send it for review again."}
    return verdict


def _parameters(send: dict[str, Any], kind: str, index: int | None = None) -> list[dict[str, Any]]:
    for part in send.get("components") or []:
        if not isinstance(part, dict):
            raise GraphError(100, "template.components must be objects")
        same = str(part.get("type", "")).upper() == kind
        if same and (index is None or str(part.get("index")) == str(index)):
            return list(part.get("parameters") or [])
    return []


def _values(template: Template, text: str, given: list[dict[str, Any]], part: str) -> dict[str, str]:
    wanted = places(text)
    if len(given) != len(wanted):
        raise GraphError(
            132000,
            f"{part}: number of localizable_params ({len(given)}) does not match the expected "
            f"number of params ({len(wanted)})",
        )
    values: dict[str, str] = {}
    for place, parameter in zip(wanted, given, strict=True):
        if parameter.get("type") not in ("text", "currency", "date_time"):
            raise GraphError(
                132012, f"{part}: format mismatch, expected TEXT, received {str(parameter.get('type')).upper()}"
            )
        kind = parameter["type"]
        text_value = parameter.get("text") if kind == "text" else (parameter.get(kind) or {}).get("fallback_value")
        if not isinstance(text_value, str) or not text_value:
            raise GraphError(131008, f"{part}: parameter text is empty")
        if re.search(r"[\n\t]| {5,}", text_value):
            raise GraphError(132018, "Param text cannot have new-line/tab characters or more than 4 consecutive spaces")
        name = parameter.get("parameter_name")
        if template.parameter_format == "NAMED":
            if name not in wanted:
                raise GraphError(132012 if name else 132000, f"{part}: parameter_name {name!r} is not one of {wanted}")
            place = name
        elif name is not None:
            raise GraphError(132012, f"{part}: this template takes positional parameters")
        values[place] = text_value
    if len(values) != len(wanted):
        raise GraphError(132000, f"{part}: a parameter is given twice")
    return values


def fill(text: str, values: dict[str, str]) -> str:
    """The text with its variables replaced."""
    return PLACE.sub(lambda match: values.get(match[1], match[0]), text)


def render(template: Template, send: dict[str, Any]) -> dict[str, Any]:
    """What the person sees: {header, media, body, footer, options: [{id, title, kind}], links}.

    Raises GraphError 132000, 132005, 132012, 132018 or 131008 when the parameters do not fit.
    """
    shown: dict[str, Any] = {"header": "", "media": None, "body": "", "footer": "", "options": [], "links": []}
    header = component(template.components, "HEADER")
    given = _parameters(send, "HEADER")
    if header and str(header.get("format", "")).upper() == "TEXT":
        shown["header"] = fill(header["text"], _values(template, header["text"], given, "header"))
    elif header:
        kind = str(header.get("format", "")).lower()
        if len(given) != 1 or given[0].get("type") != kind:
            raise GraphError(132012, f"header: format mismatch, expected {kind.upper()}")
        shown["media"] = {"type": kind, **(given[0].get(kind) or {})}
    elif given:
        raise GraphError(132000, "header: this template has no header")
    text = (component(template.components, "BODY") or {}).get("text") or ""
    shown["body"] = fill(text, _values(template, text, _parameters(send, "BODY"), "body"))
    if len(shown["body"]) > 1024 + 512:
        raise GraphError(132005, f"body has {len(shown['body'])} characters after filling in")
    shown["footer"] = (component(template.components, "FOOTER") or {}).get("text") or ""
    for index, button in enumerate((component(template.components, "BUTTONS") or {}).get("buttons", [])):
        kind, title = str(button.get("type", "")).upper(), str(button.get("text") or "")
        given = _parameters(send, "BUTTON", index)
        if kind == "QUICK_REPLY":
            payload = given[0].get("payload") if given else None
            shown["options"].append({"id": str(payload or title), "title": title, "kind": "quick_reply"})
        elif kind == "URL":
            url = str(button["url"])
            if PLACE.search(url):
                if len(given) != 1 or not given[0].get("text"):
                    raise GraphError(131008, f"buttons: Button at index {index} of type Url requires a parameter")
                url = PLACE.sub(lambda _, suffix=str(given[0]["text"]): suffix, url)  # type: ignore[misc]
            elif given:
                raise GraphError(132018, f"buttons: Button at index {index} of type Url does not take a parameter")
            shown["links"].append({"title": title, "url": url})
    return shown
