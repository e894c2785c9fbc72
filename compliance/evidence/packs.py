"""A pack for a judge: the PDF, the JSON with its proofs, the verifier and a page that says how to use them, in a zip."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from compliance.evidence import verifier
from compliance.evidence.exports import document_of, note_made
from compliance.evidence.formats import to_text
from compliance.evidence.pdf import render
from compliance.evidence.texts import texts_of
from compliance.models import EvidencePack
from tenants import audit

JSON_FILE, PDF_FILE, VERIFIER_FILE, SUMS_FILE = verifier.FILE, "evidence.pdf", "verify.py", verifier.SUMS


@dataclass(frozen=True, slots=True)
class Pack:
    """What was made: the zip, its name, and the row that says so."""

    name: str
    body: bytes
    document: dict[str, Any]
    made: EvidencePack

    @property
    def sha256(self) -> str:
        """The zip's own hash."""
        return hashlib.sha256(self.body).hexdigest()


def make_pack(*, actor: str, reason: str = "", **asked: Any) -> Pack:
    """Make a pack and write down who made it, about what, with the hash of every file in it.

    `asked` is what `document_of` takes: whose, what to leave out, which language. Raises DomainError like it.
    """
    document = document_of(actor=actor, **asked)
    files = files_of(document)
    sums = {name: hashlib.sha256(body).hexdigest() for name, body in files.items() if name != SUMS_FILE}
    made = note_made(document, files=sums, actor=actor, reason=reason)
    return Pack(f"{name_of(document)}.zip", zipped(files, document["exported_at"]), document, made)


def files_of(document: dict[str, Any]) -> dict[str, bytes]:
    """The pack's files by name; the same document gives the same bytes."""
    text = to_text(document).encode()
    digest = hashlib.sha256(text).hexdigest()
    words = texts_of(document["language"])
    files = {
        JSON_FILE: text,
        PDF_FILE: render(document, digest),
        VERIFIER_FILE: Path(verifier.__file__).read_bytes(),
        words.readme_name: words.readme.format(
            organisation=document["tenant"]["name"], sha256=digest, document=document["manifest"]["document"],
            seal=document["seals"][-1]["digest"] if document["seals"] else "–",
        ).encode(),
    }  # fmt: skip
    sums = "".join(f"{hashlib.sha256(body).hexdigest()}  {name}\n" for name, body in sorted(files.items()))
    return {**files, SUMS_FILE: sums.encode()}


def zipped(files: dict[str, bytes], exported_at: str) -> bytes:
    """A zip of the files, dated when the evidence was exported."""
    at = datetime.fromisoformat(exported_at).timetuple()[:6]
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            info = zipfile.ZipInfo(name, at)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, body)
    return target.getvalue()


def name_of(document: dict[str, Any]) -> str:
    """evidence-debtor-8f2c-20261122: what a folder full of them can be told apart by; no names of people."""
    scope = document["scope"]
    about = str(scope["subject"])[-12:] if scope["subject"] else f"{scope['since'][:10]}-{scope['until'][:10]}"
    return f"evidence-{scope['kind']}-{about}-{document['exported_at'][:10].replace('-', '')}"


def note_taken(document: dict[str, Any], *, name: str, body: bytes, actor: str) -> None:
    """Write down that somebody downloaded a file: which one, with its hash."""
    scope = document["scope"]
    audit.record(
        "evidence.download",
        actor=actor,
        subject=f"evidence.{scope['kind']}",
        subject_id=scope["subject"] or "period",
        after={"file": name, "sha256": hashlib.sha256(body).hexdigest(), "document": document["manifest"]["document"]},
    )
