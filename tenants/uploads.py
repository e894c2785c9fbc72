"""Files on their way in: cut into sealed parts as they arrive, read back part by part, thrown away when taken.

Nothing of a file lies open on a disk of ours, and no file is ever whole in memory. Each part is a transaction of its
own, so call these outside of any scope unless it says otherwise.
"""

from __future__ import annotations

import hashlib
import io
import uuid
from collections.abc import Callable, Collection, Iterable
from datetime import timedelta

from kernel.clock import machine_now
from kernel.errors import DomainError
from tenants import jobs
from tenants.models import Upload, UploadPart
from tenants.scope import current, tenant_scope
from tenants.secrets import seal_bytes, unseal_bytes

PART = 512 * 1024
SIZE_MAX = 200 * 1024 * 1024
#: A file that nobody takes is thrown away after this.
KEPT_FOR = timedelta(days=3)
TASK = "tenants.upload"
_PURPOSE = "upload"
#: Whether files of the organisation in scope must stay for now, as rooms above know.
_holding: list[Callable[[], bool]] = []


def stay_while(held: Callable[[], bool]) -> None:
    """Have files that nobody took stay for as long as `held()` says so inside their organisation's scope."""
    _holding.append(held)


def receive(
    chunks: Iterable[bytes],
    *,
    tenant_id: uuid.UUID,
    creditor_id: uuid.UUID,
    creditor_ids: Collection[uuid.UUID] | None,
    name: str,
    author: str,
) -> Upload:
    """Take a file in, whatever the size of its chunks. Opens scopes of its own.

    Raises DomainError `file_empty` or `file_too_large`; what arrived of it is thrown away.
    """
    now = machine_now()
    with tenant_scope(tenant_id, creditor_ids=creditor_ids):
        row = Upload.objects.create(
            creditor_id=creditor_id, name=name[:200], part_size=PART, author=author, created_at=now, updated_at=now
        )
        jobs.enqueue(TASK, row.pk, tenant_id=tenant_id, due_at=now + KEPT_FOR)
    digest, size, lines, place, waiting = hashlib.sha256(), 0, 0, 0, bytearray()

    def keep(body: bytes) -> None:
        nonlocal place
        with tenant_scope(tenant_id, creditor_ids=creditor_ids):
            sealed = seal_bytes(body, purpose=f"{_PURPOSE}:{row.pk}:{place}")
            UploadPart.objects.create(creditor_id=creditor_id, upload=row, place=place, body=sealed)
        place += 1

    for chunk in chunks:
        digest.update(chunk)
        size, lines = size + len(chunk), lines + chunk.count(b"\n")
        if size > SIZE_MAX:
            discard(row, tenant_id=tenant_id, creditor_ids=creditor_ids)
            raise DomainError(
                "file_too_large", "the file has more than %(megabytes)s MB: split it", megabytes=SIZE_MAX >> 20
            )
        waiting += chunk
        while len(waiting) >= PART:
            keep(bytes(waiting[:PART]))
            del waiting[:PART]
    if waiting:
        keep(bytes(waiting))
    if size == 0:
        discard(row, tenant_id=tenant_id, creditor_ids=creditor_ids)
        raise DomainError("file_empty", "the file is empty: the first line must name the columns")
    with tenant_scope(tenant_id, creditor_ids=creditor_ids):
        row.size, row.sha256, row.state, row.updated_at = size, digest.hexdigest(), Upload.State.READY, machine_now()
        row.data = {"lines": lines}
        row.save(update_fields=["size", "sha256", "state", "updated_at", "data"])
    return row


class UploadFile(io.RawIOBase):
    """An upload as a seekable file. Works inside a scope of its organisation and outside of any."""

    def __init__(self, row: Upload, *, creditor_ids: Collection[uuid.UUID] | None = None) -> None:
        self.row, self.creditor_ids = row, creditor_ids
        self._at = 0
        self._held: tuple[int, bytes] = (-1, b"")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.row.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if self._at >= self.row.size:
            return 0
        place, start = divmod(self._at, self.row.part_size)
        piece = self._part(place)[start : start + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def _part(self, place: int) -> bytes:
        if self._held[0] != place:
            if current() is not None:
                body = self._read(place)
            else:
                assert self.row.tenant_id is not None
                with tenant_scope(self.row.tenant_id, creditor_ids=self.creditor_ids):
                    body = self._read(place)
            self._held = (place, body)
        return self._held[1]

    def _read(self, place: int) -> bytes:
        part = UploadPart.objects.filter(upload_id=self.row.pk, place=place).first()
        if part is None:
            raise DomainError("upload_gone", "this file was thrown away: upload it again")
        return unseal_bytes(bytes(part.body), purpose=f"{_PURPOSE}:{self.row.pk}:{place}")


def opened(row: Upload, *, creditor_ids: Collection[uuid.UUID] | None = None) -> io.BufferedReader:
    """The file's bytes from its start; raises DomainError `upload_gone` when it was thrown away."""
    if row.emptied_at is not None:
        raise DomainError("upload_gone", "this file was thrown away: upload it again")
    return io.BufferedReader(UploadFile(row, creditor_ids=creditor_ids), PART)


def empty(row: Upload) -> None:
    """Throw the parts away; the row stays, with what was found. Inside a scope."""
    UploadPart.objects.filter(upload_id=row.pk).delete()
    Upload.objects.filter(pk=row.pk, emptied_at=None).update(emptied_at=machine_now())


def discard(row: Upload, *, tenant_id: uuid.UUID, creditor_ids: Collection[uuid.UUID] | None) -> None:
    """Throw everything of a file away."""
    with tenant_scope(tenant_id, creditor_ids=creditor_ids):
        UploadPart.objects.filter(upload_id=row.pk).delete()
        Upload.objects.filter(pk=row.pk).delete()


@jobs.handles(TASK)
def tidy(tenant_id: uuid.UUID, job: jobs.Leased) -> None:
    """Three days later: empty what was not taken. One that is being read, or must stay, waits another day."""
    with tenant_scope(tenant_id):
        row = Upload.objects.filter(pk=job.subject).first()
        reading = row is not None and row.state in (Upload.State.CHECKING, Upload.State.TAKING)
        if reading or (row is not None and any(held() for held in _holding)):
            jobs.postpone(job, until=machine_now() + timedelta(days=1))
            return
        if row is not None:
            empty(row)
        jobs.complete(job)
