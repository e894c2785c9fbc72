"""An import in steps: look at the file, say what its columns are, see what it would do, let it in, take it back.

Reading, judging and writing are jobs that work a slice at a time, so that a file of any size passes and a worker that
dies costs a slice. What is known stands in `Upload.data`: lines, language, encoding, separator, header, mapping or
reader, check (counts, position, at, refusals sealed), import_id, at (a row's line and byte, for the next slice), problem.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import Q
from django.utils import translation

from kernel.clock import machine_now
from kernel.errors import DomainError
from portfolio.imports.apply import Preview, apply_import, preview_import
from portfolio.imports.mapping import Layout, Mapping, Marks, guess, layout, read
from portfolio.imports.readers import Setting, by_name, reader_for
from portfolio.imports.rows import Row, RowError
from portfolio.imports.undo import undo_import
from portfolio.models import Creditor, Debtor, Import
from portfolio.places import today_in
from tenants import audit, jobs, uploads
from tenants.language import said
from tenants.models import Tenant, Upload
from tenants.scope import tenant_scope
from tenants.secrets import seal, unseal
from tenants.tasks import nudge

CHECK, TAKE, UNDO = "portfolio.import_check", "portfolio.import_take", "portfolio.import_undo"
#: A slice of work: far from a task's end and from the lease's.
SLICE_SECONDS = 15.0
ERRORS_KEPT = 200
_PURPOSE = "import.check"
#: Beginnings of files that spreadsheets keep for themselves.
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_BUSY = (Upload.State.CHECKING, Upload.State.TAKING, Upload.State.TAKEN)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file as it will be read: its rows, or what is wrong with it."""

    number: int
    rows: tuple[Row, ...]
    errors: tuple[RowError, ...]


# --- looking


def begin(upload: Upload, creditor: Creditor, *, language: str) -> Upload:
    """Look at a file that has arrived and find its columns. Inside a scope.

    Raises DomainError `file_spreadsheet` for an .xlsx or .xls, and what `layout` raises.
    """
    file = uploads.opened(upload)
    if file.read(4).startswith(_SPREADSHEETS):
        raise DomainError(
            "file_spreadsheet",
            "this is a spreadsheet, not a CSV: open it, choose Save as, and take the type CSV UTF-8 (comma separated)",
        )
    seen = layout(file)
    if any("\x00" in name for name in seen.header) or len(seen.header) > 300:
        raise DomainError("file_unreadable", "the first line cannot be read as CSV: %(why)s", why=upload.name)
    reader = reader_for(seen.header)
    mapping = saved_mapping(creditor, seen.header)
    remembered = mapping is not None
    if mapping is None:
        mapping = guess(seen.header, seen.sample, creditor.country)
        if "currency" not in mapping.columns.values():
            mapping = mapping.with_constants(currency=creditor.currency)
    mapping = replace(mapping, encoding=seen.encoding, separator=seen.separator)
    upload.data = {
        **upload.data, "language": language, "header": list(seen.header), "encoding": seen.encoding,
        "separator": seen.separator, "mapping": mapping.to_json(), "remembered": remembered,
        "reader": reader.name if reader else "",
    }  # fmt: skip
    _save(upload)
    return upload


def saved_mapping(creditor: Creditor, header: Sequence[str]) -> Mapping | None:
    """How this creditor's newest file with the same columns was read."""
    for mapping in Import.objects.filter(creditor=creditor).order_by("-id").values_list("mapping", flat=True)[:20]:
        if "columns" in mapping and list(mapping.get("header") or []) == list(header):
            try:
                return Mapping.from_json(mapping)
            except DomainError:
                continue  # written by a version that knew other fields
    return None


def layout_of(upload: Upload) -> Layout:
    """Header and first rows of a file that was looked at already."""
    data = upload.data
    return layout(uploads.opened(upload), encoding=data["encoding"], separator=data["separator"], sample_rows=50)


def mapping_of(upload: Upload) -> Mapping:
    """How the file's columns are read, as it was last said; not checked."""
    data = upload.data["mapping"]
    made = Mapping.from_json({**data, "columns": {}, "constants": {"debtor_id": "-", "name": "-"}})
    return replace(made, columns=data["columns"], constants=data["constants"])


def first_lines(upload: Upload, mapping: Mapping, *, limit: int = 8) -> list[Line]:
    """The first lines as they will be read. Raises DomainError when the mapping does not fit the file."""
    found: dict[int, tuple[list[Row], list[RowError]]] = {}
    for row in islice(read(uploads.opened(upload), mapping), limit * 12):
        if row.line not in found:
            if len(found) == limit:
                break
            found[row.line] = ([], [])
        found[row.line][1 if isinstance(row, RowError) else 0].append(row)  # type: ignore[arg-type]
    return [Line(number, tuple(rows), tuple(errors)) for number, (rows, errors) in found.items()]


# --- saying and starting


def say_mapping(upload: Upload, mapping: Mapping) -> None:
    """Keep how the file is read; raises DomainError when it does not fit."""
    _not_busy(upload)
    mapping.check(upload.data["header"])
    if mapping.to_json() != upload.data["mapping"]:
        upload.data = {**upload.data, "mapping": mapping.to_json(), "remembered": False}
        upload.data.pop("check", None)
        upload.state = Upload.State.READY
        _save(upload)


def start_check(upload: Upload) -> None:
    """Promise the dry run. Raises DomainError `upload_busy`."""
    _not_busy(upload)
    if not upload.data.get("reader"):
        mapping_of(upload).check(upload.data["header"])
    upload.data = {**upload.data, "check": {"counts": {}, "position": 0}, "problem": ""}
    upload.state = Upload.State.CHECKING
    _save(upload)
    _promise(CHECK, upload)


def start_take(upload: Upload, creditor: Creditor, *, actor: str, now: datetime) -> Import:
    """Let a file in: makes the Import and promises the work. Raises DomainError `upload_busy` or `upload_unchecked`."""
    fresh = Upload.objects.select_for_update(no_key=True).get(pk=upload.pk)
    upload.state, upload.data, upload.emptied_at = fresh.state, fresh.data, fresh.emptied_at
    _not_busy(upload)
    if upload.state != Upload.State.CHECKED or upload.emptied_at is not None:
        raise DomainError("upload_unchecked", "look at what the file would do before you let it in")
    data = upload.data
    mapping = {"reader": data["reader"]} if data.get("reader") else data["mapping"]
    made = Import(
        creditor=creditor, file_name=upload.name, sha256=upload.sha256, started_at=now,
        mapping={**mapping, "header": data["header"], "lines": data.get("lines", 0), "by": actor, "upload": str(upload.pk)},
    )  # fmt: skip
    made.save(force_insert=True)
    upload.data, upload.state = {**data, "import_id": str(made.pk)}, Upload.State.TAKING
    _save(upload)
    _promise(TAKE, upload)
    audit.record(
        "import.started", actor=actor, subject="portfolio.import", subject_id=made.pk, creditor_id=creditor.pk,
        after={"file": upload.name, "sha256": upload.sha256, "expected": data["check"]["counts"]},
    )  # fmt: skip
    return made


def start_undo(made: Import, *, actor: str, reason: str) -> bool:
    """Promise an import's undoing; False when it is undone or on its way. Raises DomainError."""
    if not reason.strip():
        raise DomainError("reason_missing", "say why: the audit keeps it", pointer="reason")
    held = Import.objects.select_for_update(no_key=True).get(pk=made.pk)
    if held.state == Import.State.UNDONE or held.mapping.get("undoing"):
        return False
    if held.state == Import.State.READING:
        raise DomainError("import_running", "wait until the import has ended: then it can be undone")
    held.mapping = {**held.mapping, "undoing": True}
    held.save(update_fields=["mapping"])
    assert held.tenant_id is not None
    jobs.enqueue(UNDO, held.pk, tenant_id=held.tenant_id)
    nudge()
    audit.record(
        "import.undone", actor=actor, subject="portfolio.import", subject_id=held.pk, creditor_id=held.creditor_id,
        before={"file": held.file_name, "counts": held.counts}, reason=reason.strip()[:1000],
    )  # fmt: skip
    return True


def refusals(upload: Upload) -> list[RowError]:
    """The first lines that the dry run refused, with their reasons in the language of whoever asked for it."""
    sealed = upload.data.get("check", {}).get("errors", "")
    return [RowError(line=line, column=column, code=code, message=message, value=value)
            for line, column, code, message, value in json.loads(unseal(sealed, purpose=_PURPOSE) or "[]")]  # fmt: skip


# --- the work


@jobs.handles(CHECK)
def check(tenant_id: uuid.UUID, job: jobs.Leased) -> None:
    """A slice of the dry run."""
    found = _found(tenant_id, job, Upload.State.CHECKING)
    if found is None:
        return
    upload, creditor, now = found
    before = upload.data["check"]
    with tenant_scope(tenant_id):
        kept = refusals(upload)
    so_far = Preview(counts=before["counts"], position=before["position"], errors=kept)
    whole, seen, marks = so_far.position == 0, set[str](), _marks(before)

    def noted(rows: Iterator[Row | RowError]) -> Iterator[Row | RowError]:
        for row in rows:
            if not isinstance(row, RowError):
                seen.add(row.debtor)
            yield row

    def keep(preview: Preview) -> None:
        with tenant_scope(tenant_id):
            _keep_check(upload, preview, None, marks)

    with translation.override(upload.data.get("language") or "en"):
        try:
            rows = noted(rows_of(upload, creditor, now, so_far.position, marks))
            done = preview_import(
                creditor,
                rows,
                now=now,
                so_far=so_far,
                keep_errors=ERRORS_KEPT,
                pause=_after(SLICE_SECONDS),
                progress=keep,
            )
        except DomainError as error:
            _failed(tenant_id, upload, job, error)
            return
        with tenant_scope(tenant_id):
            if not done.finished:
                _keep_check(upload, done, None, marks)
                jobs.postpone(job, until=machine_now())
                return
            upload.state = Upload.State.CHECKED
            _keep_check(upload, done, _missing(creditor, seen) if whole else None, marks)
            jobs.complete(job)


@jobs.handles(TAKE)
def take(tenant_id: uuid.UUID, job: jobs.Leased) -> None:
    """A slice of the import."""
    found = _found(tenant_id, job, Upload.State.TAKING)
    if found is None:
        return
    upload, creditor, now = found
    marks = _marks(upload.data)
    with tenant_scope(tenant_id):
        made = Import.objects.get(pk=upload.data["import_id"])
    if made.state in (Import.State.READING, Import.State.FAILED):
        with translation.override(upload.data.get("language") or "en"):
            try:
                rows = rows_of(upload, creditor, now, made.position, marks)
            except DomainError as error:
                with tenant_scope(tenant_id):
                    Import.objects.filter(pk=made.pk).update(state=Import.State.FAILED)
                _failed(tenant_id, upload, job, error)
                return
            made = apply_import(creditor, rows, now=now, resume=made, pause=_after(SLICE_SECONDS))
    with tenant_scope(tenant_id):
        if made.state == Import.State.READING:
            upload.data = {**upload.data, "at": marks.before(made.position + 1)}
            _save(upload)
            jobs.postpone(job, until=machine_now())
            return
        upload.state = Upload.State.TAKEN
        _save(upload)
        uploads.empty(upload)
        jobs.complete(job)


@jobs.handles(UNDO)
def undo(tenant_id: uuid.UUID, job: jobs.Leased) -> None:
    """A slice of an undoing."""
    tenant = Tenant.objects.get(pk=tenant_id)
    with tenant_scope(tenant_id):
        made = Import.objects.filter(pk=job.subject).first()
        if made is None:
            jobs.complete(job)
            return
    done = undo_import(made, now=tenant.clock().now(), pause=_after(SLICE_SECONDS))
    with tenant_scope(tenant_id):
        if done.state != Import.State.UNDONE:
            jobs.postpone(job, until=machine_now())
            return
        done.mapping.pop("undoing", None)
        done.save(update_fields=["mapping"])
        jobs.complete(job)


def rows_of(upload: Upload, creditor: Creditor, now: datetime, after: int, marks: Marks) -> Iterator[Row | RowError]:
    """The file's rows after a line, read from a mark before it; raises DomainError when it cannot be read as was said."""
    file = uploads.opened(upload)
    if name := upload.data.get("reader"):
        setting = Setting(today=today_in(creditor.country, now), country=creditor.country, currency=creditor.currency)
        return by_name(name).read(file, setting, after, marks)
    return read(file, mapping_of(upload), after_line=after, marks=marks)


def _found(tenant_id: uuid.UUID, job: jobs.Leased, state: str) -> tuple[Upload, Creditor, datetime] | None:
    tenant = Tenant.objects.get(pk=tenant_id)
    with tenant_scope(tenant_id):
        upload = Upload.objects.filter(pk=job.subject, state=state).first()
        if upload is None:
            jobs.complete(job)
            return None
        return upload, Creditor.objects.get(pk=upload.creditor_id), tenant.clock().now()


def _failed(tenant_id: uuid.UUID, upload: Upload, job: jobs.Leased, error: DomainError) -> None:
    with tenant_scope(tenant_id):
        upload.state = Upload.State.FAILED
        upload.data = {**upload.data, "problem": said(error.template, error.params)}
        _save(upload)
        jobs.complete(job)


def _marks(data: dict[str, Any]) -> Marks:
    """Where the last slice ended: the next one reads on from there, not from the file's beginning."""
    at = data.get("at")
    return Marks([(int(at[0]), int(at[1]))] if at else [])


def _keep_check(upload: Upload, preview: Preview, missing: int | None, marks: Marks) -> None:
    told = [
        (error.line, error.column, error.code, said(error.template, error.params) or error.message, error.value)
        for error in preview.errors
    ]
    upload.data = {
        **upload.data,
        "check": {
            "counts": preview.counts, "position": preview.position, "finished": preview.finished, "missing": missing,
            "at": marks.before(preview.position + 1),
            "errors": seal(json.dumps(told, ensure_ascii=False), purpose=_PURPOSE),
        },
    }  # fmt: skip
    _save(upload)


def _missing(creditor: Creditor, seen: Collection[str]) -> int:
    """Debtors of the creditor with something open that the file does not name."""
    owing = Debtor.objects.filter(Q(creditor=creditor), open_minor__gt=0).values_list("external_id", flat=True)
    return sum(1 for external_id in owing.iterator(chunk_size=5000) if external_id not in seen)


def _after(seconds: float) -> Callable[[], bool]:
    until = time.monotonic() + seconds
    return lambda: time.monotonic() >= until


def _promise(task: str, upload: Upload) -> None:
    assert upload.tenant_id is not None
    jobs.enqueue(task, upload.pk, tenant_id=upload.tenant_id)
    nudge()


def _not_busy(upload: Upload) -> None:
    if upload.state in _BUSY:
        raise DomainError("upload_busy", "this file is being worked on already")


def _save(upload: Upload) -> None:
    upload.updated_at = machine_now()
    upload.save(update_fields=["state", "data", "updated_at"])
