"""What the templates' pages read: the table of steps and languages, one text's reading, its preview."""

from __future__ import annotations

import re
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from compliance.decide.explain import texts_of
from messaging.message_templates import lint
from messaging.message_templates.library import DUNNING, STAGES, language_for, shipped
from messaging.message_templates.lifecycle import stem_of, version_of
from messaging.message_templates.lint import Reading, Trouble
from messaging.message_templates.services import required
from messaging.models import Enrolment, MessageTemplate, SendRequest, SequenceVersion, WhatsAppAccount
from messaging.models import Sequence as DunningSequence
from portfolio.models import Creditor
from workbench.message_templates import words

Status = MessageTemplate.Status
#: Of several versions the one that is shown in the table: what is used before what may be.
_ORDER = {
    Status.APPROVED: 0, Status.PENDING: 1, Status.REJECTED: 2, Status.PAUSED: 3, Status.DRAFT: 4, Status.DISABLED: 5
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cell:
    """One step in one language: the text in use, and the newest one that is not yet in use."""

    stage: str
    language: str
    used: MessageTemplate | None
    coming: MessageTemplate | None
    needed: bool

    @property
    def gap(self) -> bool:
        """Whether debtors of this language wait for a text here."""
        return self.used is None and self.needed


@dataclass(frozen=True, slots=True)
class Row:
    """One step with its languages."""

    stage: str
    word: str
    help: str
    cells: tuple[Cell, ...]
    sequences: tuple[str, ...]  # active ones that use it


@dataclass(frozen=True, slots=True)
class Shelf:
    """The table of an account."""

    account: WhatsAppAccount
    languages: tuple[str, ...]
    rows: tuple[Row, ...]
    gaps: int


def accounts() -> list[WhatsAppAccount]:
    """The accounts that may be seen, the organisation's first."""
    return sorted(WhatsAppAccount.objects.all(), key=lambda row: (row.creditor_id is not None, row.pk))


def shelf(account: WhatsAppAccount) -> Shelf:
    """Which step has a text in which language; a language is needed when a creditor of its country is served."""
    rows = list(MessageTemplate.objects.filter(account=account).order_by("created_at", "id"))
    creditors = Creditor.objects.all()
    if account.creditor_id:
        creditors = creditors.filter(pk=account.creditor_id)
    needed = sorted({language_for(country) for country in creditors.values_list("country", flat=True)})
    others = sorted({row.language for row in rows if row.status != Status.DISABLED} - set(needed))
    languages = (*needed, *others)
    held: dict[tuple[str, str], list[MessageTemplate]] = defaultdict(list)
    for row in rows:
        held[row.stage, row.language].append(row)
    uses = stages_used()
    table = []
    for stage in STAGES:
        cells = []
        for language in languages:
            mine = held[stage, language]
            used = next((row for row in reversed(mine) if row.status == Status.APPROVED), None)
            newer = [row for row in mine if row.status != Status.DISABLED and row is not used]
            newer.sort(key=lambda row: (_ORDER[Status(row.status)], -version_of(row.name)))
            coming = next((row for row in newer if used is None or version_of(row.name) > version_of(used.name)), None)
            must = language in needed and (stage not in DUNNING or bool(uses.get(stage)) or not uses)
            cells.append(Cell(stage, language, used, coming, must))
        table.append(
            Row(stage, words.stage_word(stage), words.stage_help(stage), tuple(cells), tuple(uses.get(stage, ())))
        )
    gaps = sum(1 for row in table for cell in row.cells if cell.gap)
    return Shelf(account, languages, tuple(table), gaps)


def stages_used() -> dict[str, list[str]]:
    """Stage -> names of the active sequences that use it."""
    active = {row.pk: row for row in DunningSequence.objects.filter(active_version__gt=0)}
    found: dict[str, list[str]] = defaultdict(list)
    for version in SequenceVersion.objects.filter(sequence_id__in=active).order_by("version"):
        row = active[version.sequence_id]
        if version.version == row.active_version:
            for stage in dict.fromkeys(step.get("stage", "") for step in version.steps):
                found[stage].append(row.name)
    return found


def waiting_for_text() -> int:
    """Debtors whose step waits because no approved template fits."""
    return Enrolment.objects.filter(state="active", reason="blocked:template_missing").count()


@dataclass(frozen=True, slots=True)
class Preview:
    """A text as a phone shows it, and what was found in it."""

    header: tuple[Piece, ...]
    body: tuple[tuple[Piece, ...], ...]  # by line
    footer: str
    buttons: tuple[str, ...]
    reading: Reading
    troubles: tuple[words.Told, ...]
    counts: Mapping[str, tuple[int, int]]  # part -> (characters, most)
    disclosure: str
    states: tuple[str, ...]  # required content that it carries
    asks: int  # how many fields the rules ask for
    variables: tuple[tuple[str, str, str], ...]  # (name, what, sample)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; `kind` is '' or value (stands in a place), bold, italic, strike, code."""

    text: str
    kind: str = ""


def country_of(language: str, fallback: str) -> str:
    """The country whose rules a text answers to: that of its language, else the organisation's."""
    return language[3:] if len(language) == 5 else fallback


def read(
    *, name: str, language: str, stage: str, header: str, body: str, footer: str, buttons: Sequence[tuple[str, str]],
    country: str, lang: str, samples: Mapping[str, str] | None = None, pk: uuid.UUID | None = None,
    account_id: uuid.UUID | None = None,
) -> Preview:  # fmt: skip
    """Read a text as it stands in the editor; `samples` are values to show in its places instead of ours."""
    fields = required(country)
    reading = lint.read(
        name=name, body=body, footer=footer, header=header, buttons=buttons, message_class=words.class_of(stage),
        required=fields,
    )  # fmt: skip
    troubles = list(reading.troubles)
    fitting = words.places_of(stage)
    troubles += [Trouble("place_unknown", place) for place in reading.variables if place not in fitting]
    if account_id is not None:
        same = MessageTemplate.objects.filter(
            account_id=account_id, language=language, status=Status.APPROVED, body=body, footer=footer
        )
        others = same.exclude(pk=pk) if pk else same
        if twin := others.values_list("name", flat=True).first():
            troubles.append(Trouble("twin", twin))
    values = lint.samples_for(language) | {key: text for key, text in (samples or {}).items() if text.strip()}
    texts = texts_of(lang)
    names = words.place_words()
    whole = lint.PLACE.sub(lambda match: values.get(match[1], "…"), body)
    return Preview(
        header=tuple(pieces(header, values)), body=tuple(tuple(pieces(line, values)) for line in body.split("\n")),
        footer=footer, buttons=tuple(title for _, title in buttons), reading=reading,
        troubles=tuple(words.tell(trouble, lang) for trouble in troubles),
        counts={
            "body": (len(body), lint.BODY_MAX), "filled": (len(whole), lint.BODY_MAX), "header": (len(header), lint.HEADER_MAX),
            "footer": (len(footer), lint.FOOTER_MAX),
        },
        disclosure=texts.disclosures[min(3, reading.disclosure)],
        states=tuple(texts.fields.get(field, field) for field in sorted(fields & reading.content)), asks=len(fields),
        variables=tuple((place, names.get(place, place), values.get(place, "")) for place in reading.variables),
    )  # fmt: skip


_MARK = re.compile(
    r"\{\{(?P<place>\w+)\}\}|\*(?P<bold>[^*\n]+)\*|_(?P<italic>[^_\n]+)_|~(?P<strike>[^~\n]+)~|```(?P<code>[^`\n]+)```"
)


def pieces(line: str, values: Mapping[str, str]) -> list[Piece]:
    """A line as WhatsApp shows it: places filled in, *bold*, _italic_, ~struck~ and ```code``` marked."""
    found, at = [], 0
    for match in _MARK.finditer(line):
        if match.start() > at:
            found.append(Piece(line[at : match.start()]))
        if match["place"] is not None:
            found.append(Piece(values.get(match["place"], "…"), "value"))
        else:
            kind = str(match.lastgroup)
            inner = lint.PLACE.sub(lambda place: values.get(place[1], "…"), match[kind])
            found.append(Piece(inner, kind))
        at = match.end()
    if at < len(line):
        found.append(Piece(line[at:]))
    return found


def used_by(row: MessageTemplate) -> list[str]:
    """Active sequences that would speak with this template's stage."""
    return stages_used().get(row.stage, [])


def sent_with(row: MessageTemplate) -> dict[str, int]:
    """How many messages went out with a template, by what became of them."""
    rows = SendRequest.objects.filter(template=row).values_list("state").annotate(n=Count("id"))
    return dict(rows.order_by())


def starting_words(stage: str, language: str, country: str) -> dict[str, Any]:
    """The shipped text of a stage for a gap's editor; empty when we ship none in that language."""
    fitting = country_of(language, country)
    text = next((each for each in shipped(fitting) if each.stage == stage), None)
    if text is None or text.language[:2] != language[:2]:
        return {"body": "", "footer": "", "buttons": ()}
    return {"body": text.body, "footer": text.footer, "buttons": text.buttons}


def siblings(row: MessageTemplate) -> list[tuple[MessageTemplate, int]]:
    """All versions with their numbers, the newest first."""
    stem = stem_of(row.name)
    rows = MessageTemplate.objects.filter(account_id=row.account_id, language=row.language)
    mine = [(each, version_of(each.name)) for each in rows if stem_of(each.name) == stem]
    return sorted(mine, key=lambda pair: -pair[1])


def other_languages(row: MessageTemplate) -> list[MessageTemplate]:
    """The same step's approved texts in other languages, to write beside."""
    rows = MessageTemplate.objects.filter(account_id=row.account_id, stage=row.stage, status=Status.APPROVED)
    return list(rows.exclude(language=row.language).order_by("language", "-created_at")[:3])
