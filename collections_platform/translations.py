"""The catalogues in locale/: every text that the code can say, in Spanish and in the Portuguese of Brazil.

What has to be translated is read from the source: templates of DomainErrors, Words, calls of gettext and
{% translate %} in pages. REST framework's own complaints about fields are ours to say as well: our words win over its.
"""

from __future__ import annotations

import ast
import io
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation import override
from django.utils.translation.template import templatize
from rest_framework import exceptions, serializers
from rest_framework.validators import ProhibitSurrogateCharactersValidator

ROOMS = (
    "kernel", "tenants", "portfolio", "compliance", "messaging", "monitoring", "workbench", "collections_platform",
    "templates",
)  # fmt: skip
LOCALES = ("es", "pt_BR")
#: A text in a context: (context, singular, plural); most have neither context nor plural.
Key = tuple[str | None, str, str | None]

_GETTEXT = {
    **dict.fromkeys(("gettext", "gettext_lazy", "gettext_noop"), "s"),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), "sp"),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), "cs"),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), "csp"),
}
_IN_PAGES = ("gettext", "_", "ngettext", "pgettext", "npgettext")
_FIELDS = (
    serializers.BooleanField, serializers.CharField, serializers.ChoiceField, serializers.DictField,
    serializers.FileField, serializers.IntegerField, serializers.ListField, serializers.ListSerializer,
    serializers.Serializer, serializers.UUIDField,
)  # fmt: skip
_REFUSALS = (
    exceptions.APIException, exceptions.AuthenticationFailed, exceptions.MethodNotAllowed, exceptions.NotAcceptable,
    exceptions.NotAuthenticated, exceptions.NotFound, exceptions.ParseError, exceptions.PermissionDenied,
    exceptions.Throttled, exceptions.UnsupportedMediaType,
)  # fmt: skip
_PLACE = re.compile(r"%\(\w+\)[sd]|\{\w+(?::\w+)?\}")
#: What makes and tells errors takes any text.
_HANDING_ON = ("kernel/errors.py", "tenants/language.py")
#: Catalogues carry no day: two people who write the same words write the same file.
_DAY = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Found:
    """Texts with the files that say them; `unread` names calls whose text no reader of the source can know."""

    texts: dict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    unread: list[str] = field(default_factory=list)


def collect(top: Path) -> Found:
    """Every text of the source tree below `top`."""
    found = Found()
    for room in ROOMS:
        for path in sorted((top / room).rglob("*.py")):
            read_module(path.read_text(encoding="utf-8"), path.relative_to(top).as_posix(), found)
        for path in sorted(page for page in (top / room).rglob("*") if page.suffix in (".html", ".txt")):
            read_page(path.read_text(encoding="utf-8"), path.relative_to(top).as_posix(), found)
    with override("en"):
        for kind in _FIELDS:
            for shape in kind.__mro__:
                for text in getattr(shape, "default_error_messages", {}).values():
                    found.texts[None, str(text), None].add("rest_framework")
        for refusal in _REFUSALS:
            found.texts[None, str(refusal.default_detail), None].add("rest_framework")
        found.texts[None, str(ProhibitSurrogateCharactersValidator.message), None].add("rest_framework")
    return found


def read_module(source: str, name: str, found: Found) -> None:
    """Add a Python module's texts."""
    tree = ast.parse(source)
    says = {"DomainError": "-s", "Words": "s"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
            says |= {one.asname or one.name: _GETTEXT[one.name] for one in node.names if one.name in _GETTEXT}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        roles = says.get(node.func.id)
        if roles is None or len(node.args) < len(roles):
            continue
        given: dict[str, str] = {}
        for role, argument in zip(roles, node.args, strict=False):
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                given[role] = argument.value
        if "s" in given:
            found.texts[given.get("c"), given["s"], given.get("p")].add(name)
        elif name not in _HANDING_ON and not _handed_on(node.args[roles.index("s")]):
            found.unread.append(f"{name}:{node.lineno}")


def _handed_on(argument: ast.expr) -> bool:
    """A text that stands somewhere else already: an error that is raised again with another pointer."""
    return isinstance(argument, ast.Attribute) and argument.attr == "template"


def read_page(source: str, name: str, found: Found) -> None:
    """Add the texts of a template's translate and blocktranslate tags."""
    flat = "\n".join(line.lstrip() for line in templatize(source, origin=name).splitlines())
    source_file = io.BytesIO(flat.encode())
    calls: Any = extract_python(source_file, dict.fromkeys(_IN_PAGES), (), {"encoding": "utf-8"})
    for _, function, texts, _ in calls:  # one argument comes bare
        parts = [texts] if isinstance(texts, str) else [text for text in texts if text]
        context = parts.pop(0) if function in ("pgettext", "npgettext") else None
        found.texts[context, parts[0], parts[1] if len(parts) > 1 else None].add(name)


def places(text: str) -> set[str]:
    """The places of a template that are filled later: `%(name)s` and `{name}`."""
    return {match[0] for match in _PLACE.finditer(text)}


def _key(message: Message) -> Key:
    singular, plural = message.id if isinstance(message.id, (list, tuple)) else (message.id, None)
    context: Any = message.context  # a compiled catalogue gives it as bytes
    return context.decode() if isinstance(context, bytes) else context, singular, plural


def _strings(message: Message) -> tuple[str, ...]:
    return tuple(message.string) if isinstance(message.string, (list, tuple)) else (message.string or "",)


def _messages(catalog: Catalog) -> dict[Key, Message]:
    return {_key(message): message for message in catalog if message.id}


def _files(top: Path, locale: str) -> tuple[Path, Path]:
    folder = top / "locale" / locale / "LC_MESSAGES"
    return folder / "django.po", folder / "django.mo"


def _read(path: Path, locale: str) -> Catalog:
    if not path.exists():
        return Catalog(locale=locale)
    with path.open("rb") as file:
        return read_mo(file) if path.suffix == ".mo" else read_po(file, locale=locale)


def update(top: Path, found: Found) -> None:
    """Write the catalogues anew: new texts come in untranslated, texts that nobody says any more go, the rest stays."""
    for locale in LOCALES:
        po, mo = _files(top, locale)
        held = _messages(_read(po, locale))
        catalog = Catalog(
            locale=locale, project="Trato", version="1", creation_date=_DAY, revision_date=_DAY, fuzzy=False,
            last_translator="Trato", language_team="Trato", msgid_bugs_address="Trato",
            header_comment="# What Trato says. Written by manage.py translations.",
        )  # fmt: skip
        for key in sorted(found.texts, key=lambda key: (min(found.texts[key]), key[1], key[0] or "")):
            context, singular, plural = key
            known = held.get(key)
            catalog.add(
                singular if plural is None else (singular, plural),
                known.string if known else None,
                locations=[(name, None) for name in sorted(found.texts[key])],  # type: ignore[misc]
                flags=sorted(known.flags & {"fuzzy"}) if known else (),
                context=context,
            )
        po.parent.mkdir(parents=True, exist_ok=True)
        out = io.BytesIO()
        write_po(out, catalog, width=120, include_lineno=False)
        po.write_bytes(out.getvalue())
        out = io.BytesIO()
        write_mo(out, catalog)
        mo.write_bytes(out.getvalue())


def troubles(top: Path, found: Found) -> Iterator[str]:
    """What is wrong with the catalogues, one line each; nothing when everything is said in every language."""
    for place in found.unread:
        yield f"{place}: the text is put together here, so that nobody can translate it: give a template and parameters"
    for locale in LOCALES:
        po, mo = _files(top, locale)
        held, compiled = _messages(_read(po, locale)), _messages(_read(mo, locale))
        for key in sorted(set(found.texts) - set(held), key=str):
            yield f"{locale}: not in the catalogue: {key[1]!r}"
        for key in sorted(set(held) - set(found.texts), key=str):
            yield f"{locale}: said nowhere any more: {key[1]!r}"
        for key, message in held.items():
            strings = _strings(message)
            if message.fuzzy or not all(strings):
                yield f"{locale}: not translated: {key[1]!r}"
                continue
            wanted = places(key[1]) | places(key[2] or "")
            for text in strings:
                if places(text) - wanted or places(strings[-1]) != wanted or ("%(" in key[1] and not _fills(text)):
                    yield f"{locale}: other places than {sorted(wanted)}: {text!r}"
                    break
        translated = {key: _strings(message) for key, message in held.items() if all(_strings(message))}
        if {key: _strings(message) for key, message in compiled.items()} != translated:
            yield f"{locale}: django.mo is not what django.po says"


def _fills(text: str) -> bool:
    """Whether a template can be filled: no sign % stands in it that Python would stumble over."""
    try:
        text % defaultdict(str)
    except (TypeError, ValueError):
        return False
    return True
