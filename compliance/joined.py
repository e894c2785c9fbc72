"""Where this room joins the others; imported once, when the apps are ready."""

from __future__ import annotations

from compliance.decide.zones import zones_of_number
from compliance.ledger import checks, lane
from compliance.ledger.decisions import DECISION, DECISION_RECORDED, decision_digest
from compliance.ledger.statements import CONSENT, STOP, consent_digest, lifted_digest, stop_digest
from compliance.retention import own
from compliance.retention.certificates import CERTIFICATE, certificate_digest
from compliance.services.clauses import evidence_of
from compliance.services.consent import take_notes
from compliance.timemachine import trial  # noqa: F401  its jobs are known from now on
from portfolio import hooks
from tenants import digests, events, work
from tenants.audit import audit_digest

digests.register(DECISION, decision_digest, announced_by=DECISION_RECORDED)
digests.register(CONSENT, consent_digest, announced_by="consent.recorded", mark="evidence")
digests.register(STOP, stop_digest, announced_by="stop.raised", later={"stop.lifted": lifted_digest}, mark="evidence")
digests.register("tenants.auditentry", audit_digest, announced_by="audit.recorded", mark="after")
digests.register(CERTIFICATE, certificate_digest, announced_by="erasure.certified")

hooks.install(sink=take_notes, zones=zones_of_number, clauses=evidence_of)
own.register_all()

events.READERS[lane.KIND] = None
work.serves(lane.KIND)(lane.serve)
work.serves(checks.KIND)(checks.serve)
