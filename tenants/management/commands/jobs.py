"""`manage.py jobs [list|retry]`: the work that waits, and the work that was set aside for a person."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from kernel.errors import DomainError
from tenants.jobs import release_parked
from tenants.management.json_command import JsonCommand, find_tenant
from tenants.models import Job
from tenants.tasks import nudge


class Command(JsonCommand):
    """Lists jobs, the parked ones with their reasons, and tries parked ones again."""

    help = "List jobs (parked ones first), or try parked ones again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to do with which jobs."""
        parser.add_argument("action", nargs="?", choices=("list", "retry"), default="list")
        parser.add_argument("ids", nargs="*", type=int, help="retry: these parked jobs; all of them when left out")
        parser.add_argument("--tenant", help="slug: only this organisation's")
        parser.add_argument("--parked", action="store_true", help="list: only those that were set aside")
        parser.add_argument("--limit", type=int, default=100)

    def answer(self, **options: Any) -> dict[str, Any]:
        """Counts, and the jobs themselves up to the limit."""
        rows = Job.objects.all()
        if options["tenant"]:
            rows = rows.filter(tenant_id=find_tenant(options["tenant"]).id)
        parked = rows.exclude(parked_at=None)
        if options["action"] == "retry":
            wanted = options["ids"] or list(parked.order_by("id").values_list("id", flat=True))
            known = set(parked.filter(id__in=wanted).values_list("id", flat=True))
            if missing := [number for number in wanted if number not in known]:
                raise DomainError("not_found", "not parked: %(ids)s", ids=", ".join(map(str, missing)))
            released = [number for number in wanted if release_parked(number)]
            nudge()
            return {"retried": released}
        listed = (parked if options["parked"] else rows).order_by("parked_at", "due_at", "id")[: options["limit"]]
        return {
            "waiting": rows.filter(parked_at=None).count(),
            "parked": parked.count(),
            "jobs": [
                {
                    "id": job.id,
                    "tenant": job.tenant_id,
                    "task": job.task,
                    "subject": job.subject,
                    "due_at": job.due_at.isoformat(),
                    "tries": job.tries,
                    "parked_at": job.parked_at and job.parked_at.isoformat(),
                    "error": job.error,
                }
                for job in listed
            ],
        }
