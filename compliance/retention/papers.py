"""What a person gets in hand: the certificate as a PDF, and everything held about them as a zip, in their language."""

from __future__ import annotations

import hashlib
import json
import tempfile
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from django.utils.translation import gettext as _
from django.utils.translation import override

from compliance.evidence.typeset import Block, Entry, Grid, Heading, Marks, Text, bold, safe, soft, typeset
from compliance.retention.accounts import laws_of
from compliance.retention.holdings import TOMBSTONE, Whose, files, told
from compliance.retention.models import ErasureCertificate
from compliance.retention.periods import CLASSES
from compliance.retention.trail import write_down
from compliance.retention.words import BECAUSE, KEPT, KINDS, MEANS, SECTIONS, period_words
from compliance.retention.words import CLASSES as CLASS_WORDS
from kernel.canonical import canonical
from kernel.clock import machine_now
from kernel.errors import DomainError
from portfolio.models import Debtor, Person
from portfolio.places import zone_of
from tenants.models import Tenant
from tenants.scope import current_tenant_id

FORMAT = "trato-person/1"
#: A zip that is larger lies in a file that has no name.
IN_MEMORY = 4 * 1024 * 1024
#: A value in the readable document is not longer than this; the JSON has all of it.
_SHOWN = 1500
_LANGUAGES = {"pt": "pt-br", "es": "es", "en": "en"}


def language_of(person: Person, wanted: str = "") -> str:
    """A person's own language as Django names it, or the one that was asked for."""
    code = (wanted or person.language or "es")[:2].lower()
    return _LANGUAGES.get(code, "es")


@dataclass(frozen=True, slots=True)
class _Tongue:
    """How instants and days are written for somebody."""

    language: str
    country: str

    @property
    def locale(self) -> str:
        code = self.language[:2]
        if code == "pt":
            return "pt_BR"
        return f"es_{self.country}" if code == "es" and len(self.country) == 2 else code

    @property
    def zone(self) -> ZoneInfo:
        return zone_of(self.country)

    def instant(self, at: datetime) -> str:
        local = at.astimezone(self.zone)
        return f"{self.day(local.date())}, {format_time(local, 'HH:mm', locale=self._known)} ({self.zone.key})"

    def day(self, at: date) -> str:
        return format_date(at, "long", locale=self._known)

    @property
    def _known(self) -> str:
        try:
            Locale.parse(self.locale)
        except (UnknownLocaleError, ValueError):
            return "es"
        return self.locale


# -- the certificate ---------------------------------------------------------------------------------------------------


def certificate_json(row: ErasureCertificate) -> bytes:
    """The certificate as a file; its SHA-256 stands at the foot of the PDF."""
    return json.dumps(row.content, ensure_ascii=False, indent=2, sort_keys=True).encode() + b"\n"


def certificate_pdf(row: ErasureCertificate, language: str) -> bytes:
    """The certificate to read and to print."""
    content, digest = row.content, hashlib.sha256(certificate_json(row)).hexdigest()
    name = Person.objects.filter(pk=row.person_id).values_list("name", flat=True).first() or TOMBSTONE
    tongue = _Tongue(language, content["request"]["country"])
    with override(language):
        title = _("Certificate of erasure")
        return typeset(
            list(_certificate(content, name, tongue, title)),
            marks=Marks(
                f"{content['reference']} · {_('edition %(n)s') % {'n': content['edition']}}",
                str(content["organisation"]["name"]), f"SHA-256 {digest}", _("Page {page} of {pages}"),
            ),
            title=f"{title} {content['reference']}", subject=f"sha256:{digest}", language=language,
            country=tongue.country,
        )  # fmt: skip


def _certificate(content: dict[str, Any], name: str, tongue: _Tongue, title: str) -> Iterator[Block]:
    asked = content["request"]
    yield Text(safe(title), "title")
    yield Text(safe(content["reference"]), "lead")
    facts = [
        (_("Organisation"), content["organisation"]["name"]),
        (_("Person"), f"{name} · {content['person']}"),
        (_("Request"), f"{asked['reference']} · {KINDS[asked['kind']]} · {_instant(asked['received_at'], tongue)}"),
        (_("Law"), asked["law"]),
        (_("Made"), _instant(content["made_at"], tongue)),
        (_("State"), _("Complete: nothing personal is left.") if content["complete"]
         else _("Not complete: what stays is erased when its time comes, and this certificate is renewed.")),
    ]  # fmt: skip
    if content["organisation"]["sandbox"]:
        facts.append((_("Note"), _("Sandbox: nobody's real data.")))
    for label, value in facts:
        yield Entry(bold(label), [("plain", safe(value))])
    gone = [line for line in content["lines"] if line["erased"]]
    yield Heading(_("What was erased"))
    if gone:
        rows = [[str(CLASS_WORDS[line["class"]]), str(MEANS[line["class"]]), str(line["erased"])] for line in gone]
        yield Grid([_("Data"), _("What it is"), _("Rows")], rows, [3, 6, -1.3])
    else:
        yield Text(safe(_("Nothing yet.")))
    kept = [line for line in content["lines"] if line["kept"]]
    yield Heading(_("What is kept, why and until when"))
    if kept:
        yield Grid(
            [_("Data"), _("Why"), _("Law"), _("Until"), _("Rows")],
            [[str(CLASS_WORDS[line["class"]]), _why(line), line["law"], _until(line, tongue), str(line["kept"])] for line in kept],
            [3, 4, 4, 2.4, -1.5],
        )  # fmt: skip
    else:
        yield Text(safe(_("Nothing.")))
    yield Heading(_("What names nobody"))
    yield Text(safe(_(
        "Decisions, states, dates, amounts and hashes stay in the sealed log. They hold ids only; once name, document and "
        "addresses are erased nobody can be found by them. What was erased from a sealed row left its hash there, so "
        "that anybody can check that nothing else was changed."
    )))  # fmt: skip
    yield Heading(_("If you do not agree"))
    yield Text(safe(_("Answer to the organisation named above, or turn to the authority that protects personal data.")))


def _why(line: dict[str, Any]) -> str:
    words = str(KEPT[line["why"]])
    return f"{words}: {BECAUSE[line['because']]}" if line["because"] else words


def _until(line: dict[str, Any], tongue: _Tongue) -> str:
    if line["until"]:
        return tongue.day(datetime.fromisoformat(line["until"]).astimezone(tongue.zone).date())
    return _("no date yet") if line["why"] in ("held", "open") else ""


def _instant(text: str, tongue: _Tongue) -> str:
    return tongue.instant(datetime.fromisoformat(text))


# -- everything about a person -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Export:
    """A zip about a person, open at its start, with its name and hash."""

    name: str
    body: IO[bytes]
    sha256: str
    rows: int


def export_person(person_id: uuid.UUID, *, actor: str, language: str = "", reason: str = "") -> Export:
    """Everything that is held about a person, as far as the scope reaches: data.json, data.pdf, their files.

    Who made it is audited. Raises DomainError when there is nobody of that id in the scope.
    """
    person = Person.objects.filter(pk=person_id).first()
    if person is None:
        raise DomainError("person_unknown", "there is no such person here", pointer="person")
    tongue = _Tongue(language_of(person, language), person.country)
    debtors = tuple(Debtor.objects.filter(person=person).order_by("id").values_list("pk", flat=True))
    whose = Whose(debtors, (person.pk,))
    document = _document(person, whose, tongue)
    text = json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"
    body: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  # whoever sends it closes it
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", text)
        archive.writestr("data.pdf", _readable(document, tongue, hashlib.sha256(text).hexdigest()))
        for file in files(whose):
            archive.writestr(file.name, file.read())
    digest, rows = _hash(body), sum(len(each) for each in document["data"].values())
    write_down(
        "export_made", by=actor, subject="portfolio.person", subject_id=person.pk,
        after={"sha256": digest, "rows": rows, "language": tongue.language}, reason=reason[:1000],
    )  # fmt: skip
    return Export(f"person-{str(person.pk)[-12:]}-{machine_now():%Y%m%d}.zip", body, digest, rows)


def note_download(person_id: uuid.UUID, export: Export, *, actor: str) -> None:
    """Write down that somebody took the file."""
    write_down(
        "export_downloaded", by=actor, subject="portfolio.person", subject_id=person_id,
        after={"file": export.name, "sha256": export.sha256},
    )  # fmt: skip


def _document(person: Person, whose: Whose, tongue: _Tongue) -> dict[str, Any]:
    tenant = Tenant.objects.get(pk=current_tenant_id())
    countries = set(Debtor.objects.filter(pk__in=whose.debtor_ids).values_list("creditor__country", flat=True))
    laws = laws_of(countries or {person.country})
    with override(tongue.language):
        kept = [
            {
                "class": name, "called": str(CLASS_WORDS[name]), "means": str(MEANS[name]), "country": country,
                "kept_for": period_words(law.rules[name].period), "counts_from": law.rules[name].counts_from,
                "because": str(BECAUSE[law.rules[name].because]), "law": law.rules[name].law,
            }
            for country, law in sorted(laws.items()) for name in CLASSES
        ]  # fmt: skip
    document: dict[str, Any] = {
        "format": FORMAT, "language": tongue.language, "made_at": machine_now(), "person": person.pk,
        "organisation": {"name": tenant.name, "country": tenant.country, "sandbox": tenant.sandbox},
        "kept": kept, "data": told(whose),
    }  # fmt: skip
    plain: dict[str, Any] = json.loads(canonical(_without_floats(document)))
    # Sections in the order in which people ask for them, not in that of the alphabet.
    order = [name for name in SECTIONS if name in plain["data"]]
    plain["data"] = {name: plain["data"][name] for name in [*order, *(set(plain["data"]) - set(order))]}
    return plain


def _without_floats(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _without_floats(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_floats(item) for item in value]
    return repr(value) if isinstance(value, float) else value


def _readable(document: dict[str, Any], tongue: _Tongue, digest: str) -> bytes:
    with override(tongue.language):
        title = _("What is held about you")
        name = next((row["name"] for row in document["data"].get("person", [])), "")
        return typeset(
            list(_pages(document, tongue, title, name)),
            marks=Marks(
                name, str(document["organisation"]["name"]), f"data.json · SHA-256 {digest}", _("Page {page} of {pages}")
            ),
            title=title, subject=f"sha256:{digest}", language=tongue.language, country=tongue.country,
        )  # fmt: skip


def _pages(document: dict[str, Any], tongue: _Tongue, title: str, name: str) -> Iterator[Block]:
    yield Text(safe(title), "title")
    yield Text(safe(f"{name} · {document['organisation']['name']} · {_instant(document['made_at'], tongue)}"), "lead")
    yield Text(safe(_("The same stands in data.json, for machines; files that came with messages lie beside it.")))
    yield Heading(_("How long it is kept"))
    yield Grid(
        [_("Data"), _("How long"), _("Why"), _("Law")],
        [[row["called"], row["kept_for"], row["because"], row["law"]] for row in document["kept"]], [3, 2, 4, 4],
    )  # fmt: skip
    for section, rows in document["data"].items():
        yield Heading(f"{SECTIONS.get(section, section)} ({len(rows)})")
        if not rows:
            yield Text(safe(_("Nothing.")))
        for row in rows:
            at = next((row[key] for key in _WHEN if row.get(key)), "")
            left = tongue.instant(datetime.fromisoformat(at)) if at else ""
            shown = [
                f"{soft(key)} {safe(_value(value, tongue))}" for key, value in row.items()
                if key != "id" and value not in (None, "", [], {}) and value != at
            ]  # fmt: skip
            yield Entry(safe(left), [("plain", "<br/>".join(shown)), ("note", soft(row["id"]))])


_WHEN = (
    "at", "decided_at", "received_at", "occurred_at", "paid_at", "given_at", "since", "opened_at", "raised_at", "made_at",
    "created_at",
)  # fmt: skip


def _value(value: Any, tongue: _Tongue) -> str:
    if isinstance(value, str) and len(value) == 27 and value.endswith("Z"):
        return _instant(value, tongue)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)[:_SHOWN]
    return str(value)[:_SHOWN]


def _hash(body: IO[bytes]) -> str:
    body.seek(0)
    digest = hashlib.sha256()
    while chunk := body.read(1 << 16):
        digest.update(chunk)
    body.seek(0)
    return digest.hexdigest()
