"""Work that was set aside: a person tries it again, or gives it up with a reason. Both stand in the audit."""

from __future__ import annotations

from kernel.errors import DomainError
from tenants import audit
from tenants.jobs import release_parked
from tenants.models import Job
from tenants.scope import current_tenant_id
from tenants.tasks import nudge


def retry(job_id: int, *, actor: str) -> bool:
    """Try a parked job of the current organisation again; False when it is not parked any more."""
    job = _mine(job_id)
    if job is None or not release_parked(job.id):
        return False
    audit.record(
        "job.retried", actor=actor, subject="tenants.job", subject_id=job.subject, before=_told(job),
    )  # fmt: skip
    nudge()
    return True


def discard(job_id: int, *, actor: str, reason: str) -> bool:
    """Give a parked job up; what it was about stays as it is. False when it is not parked any more.

    Raises DomainError `reason_missing`.
    """
    if not reason.strip():
        raise DomainError("reason_missing", "say why: the audit keeps it", pointer="reason")
    job = _mine(job_id)
    if job is None:
        return False
    gone, _ = Job.objects.filter(pk=job.pk, tenant_id=current_tenant_id()).exclude(parked_at=None).delete()
    if not gone:
        return False
    audit.record(
        "job.discarded", actor=actor, subject="tenants.job", subject_id=job.subject, before=_told(job),
        reason=reason.strip()[:1000],
    )  # fmt: skip
    return True


def _mine(job_id: int) -> Job | None:
    return (
        Job.objects.select_for_update(no_key=True)
        .filter(pk=job_id, tenant_id=current_tenant_id())
        .exclude(parked_at=None)
        .first()
    )


def _told(job: Job) -> dict[str, object]:
    return {"task": job.task, "tries": job.tries, "error": job.error[:500]}
