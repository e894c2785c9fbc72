"""May we? And the proof that we asked: rule packs as data, consent, stops, the contact budget, decisions, seals."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from compliance.retention.models import DataRequest, ErasureCertificate, LegalHold, RetentionPeriod, RetentionRun
from portfolio.models import ContactPoint, Person
from tenants.models import TenantModel, UnwalledModel
from tenants.walls import BY_CREDITOR, BY_PERSON, BY_TENANT, TenantForeignKey


class RulePackVersion(UnwalledModel):
    """One edition of a country's rules (or of the common ones), as data with citations; switches itself on by date.

    What it says never changes: another text is another edition (the table's trigger holds that). compliance/editions.py
    says how an edition comes to hold.
    """

    class Status(models.TextChoices):
        DRAFT = "draft"  # proposed, and nobody else has approved it yet
        REVIEWED = "reviewed"  # approved by a second person, or part of a release
        SIGNED_OFF = "signed_off"  # by a lawyer of the country
        RETIRED = "retired"

    code = models.CharField(max_length=20)
    edition = models.PositiveIntegerField()
    #: Null: a draft that holds from its approval on.
    effective_from = models.DateTimeField(null=True, blank=True)
    effective_to = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.REVIEWED)
    data = models.JSONField()
    digest = models.CharField(max_length=64)
    author = models.CharField(max_length=120, blank=True)
    author_id = models.UUIDField(null=True, blank=True)  # the operator's account; null: a release
    approved_by = models.CharField(max_length=120, blank=True)
    approver_id = models.UUIDField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    #: Why the author wants it.
    note = models.TextField(blank=True, default="", db_default="")
    #: [{"did", "by", "at", "note"}]: proposed, approved, signed_off, retired; oldest first.
    history = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    loaded_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["code", "edition"], name="compliance_pack_once"),
            models.CheckConstraint(
                condition=models.Q(approver_id=None)
                | models.Q(author_id=None)
                | ~models.Q(approver_id=models.F("author_id")),
                name="compliance_pack_second_person",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=["draft", "retired"]) | models.Q(effective_from__isnull=False),
                name="compliance_pack_dated",
            ),
        ]


class RuleLayer(TenantModel):
    """What an organisation, a creditor or a debtor adds: tighter rules, or a relaxation that the packs permit."""

    wall = BY_TENANT

    class Level(models.TextChoices):
        TENANT = "tenant"
        CREDITOR = "creditor"
        DEBTOR = "debtor"

    level = models.CharField(max_length=8, choices=Level)
    owner_id = models.UUIDField()  # tenant, creditor or person
    data = models.JSONField()
    reason = models.TextField(blank=True)
    author = models.CharField(max_length=120, blank=True)
    #: Who agreed to what it relaxes; never its author. '' where nothing is relaxed.
    approved_by = models.CharField(max_length=120, blank=True, default="", db_default="")
    effective_from = models.DateTimeField()
    effective_to = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "level", "owner_id"], name="compliance_layer_owner")
        ]


class RuleRelaxation(TenantModel):
    """Somebody wants an organisation to be less strict where a pack permits it; a second administrator decides."""

    wall = BY_TENANT

    class State(models.TextChoices):
        OPEN = "open"
        APPROVED = "approved"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"

    #: All that is to be relaxed afterwards: rule id -> {"off": true} | {"on": true} | {"count": n} | {"windows": {..}}.
    relax = models.JSONField()
    reason = models.TextField()
    author = models.CharField(max_length=120)
    #: The own rules that its author saw; others since then, and it is refused.
    known_id = models.UUIDField(null=True)
    proposed_at = models.DateTimeField()  # business clock
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    decided_by = models.CharField(max_length=120, blank=True)
    decided_at = models.DateTimeField(null=True)  # business clock
    note = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["tenant"], condition=models.Q(state="open"), name="compliance_relaxation_open"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="approved", decided_by=models.F("author")),
                name="compliance_relaxation_second_person",
            ),
        ]


class RuleTrial(TenantModel):
    """Stored attempts of a period, decided again under rules that do not hold (yet): what would have changed."""

    wall = BY_TENANT

    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    #: {"editions": {code: digest}, "packs": {code: document}, "layer": own rules}: whichever is tried.
    draft = models.JSONField()
    label = models.CharField(max_length=200)
    since = models.DateTimeField()  # business clock
    until = models.DateTimeField()
    author = models.CharField(max_length=120)
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    total = models.PositiveIntegerField(default=0)
    examined = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    #: Attempts that the stored facts cannot answer, by reason: rules, history, fields, scopes, facts.
    unknown = models.JSONField(default=dict)
    #: Attempts that newer holiday or zone data alone decide otherwise: nothing to do with the draft.
    by_data = models.PositiveIntegerField(default=0)
    #: How far it is: the last decision's instant and id.
    reached_at = models.DateTimeField(null=True)
    reached_id = models.UUIDField(null=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()  # machine clock
    finished_at = models.DateTimeField(null=True)  # machine clock


class RuleTrialChange(TenantModel):
    """One attempt that the tried rules decide otherwise."""

    wall = BY_CREDITOR

    class Turn(models.TextChoices):
        STOPPED = "stopped"  # was allowed, and would not be
        LET_THROUGH = "let_through"  # was not allowed, and would be
        LATER = "later"  # waits longer, or for ever
        SOONER = "sooner"
        OTHER = "other"  # the same, for other reasons

    trial = TenantForeignKey(RuleTrial)
    creditor_id = models.UUIDField()
    decision_id = models.UUIDField()
    debtor_id = models.UUIDField(null=True)
    message_class = models.CharField(max_length=20)
    decided_at = models.DateTimeField()
    turn = models.CharField(max_length=11, choices=Turn)
    before = models.CharField(max_length=5)
    after = models.CharField(max_length=5)
    rules_before = ArrayField(models.CharField(max_length=30), default=list)
    rules_after = ArrayField(models.CharField(max_length=30), default=list)
    next_before = models.DateTimeField(null=True)
    next_after = models.DateTimeField(null=True)
    #: What the debtor owes today, where there is one.
    currency = models.CharField(max_length=3, blank=True)
    open_minor = models.BigIntegerField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "trial", "id"], name="compliance_trial_changes")
        ]


class RuleSetSnapshot(TenantModel):
    """A composed rule set as it decided, once per content, so that every decision can be replayed."""

    append_only = True
    digest = models.CharField(max_length=64)
    content = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "digest"], name="compliance_ruleset_once")
        ]


class Consent(TenantModel):
    """A statement about consent: granted, revoked, ...; the newest per channel, purpose and creditor holds."""

    wall = f"{BY_PERSON}:person_id:owner"
    append_only = True
    erasable = ("evidence",)

    class State(models.TextChoices):
        GRANTED = "granted"
        IMPORTED_WITHOUT_EVIDENCE = "imported_without_evidence"
        REFUSED = "refused"  # asked, they answered no: nothing is written, and they are not asked again
        REVOKED = "revoked"
        EXPIRED = "expired"

    person = TenantForeignKey(Person)
    contact_point = TenantForeignKey(ContactPoint, null=True)
    creditor_id = models.UUIDField(null=True)  # null: for the organisation and all its creditors
    channel = models.CharField(max_length=10)
    purpose = models.CharField(max_length=20)
    state = models.CharField(max_length=30, choices=State)
    #: who, number, exact wording and its version, how and by whom collected, hash of the source document.
    evidence = models.JSONField(default=dict)
    external_id = models.CharField(max_length=80, blank=True)
    #: A statement that is corrected under its external id is a new row; the highest version is what it says now.
    version = models.PositiveSmallIntegerField(default=1)
    source = models.CharField(max_length=40)
    given_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "person"], name="compliance_consent_person")
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["tenant", "person", "external_id", "creditor_id", "version"],
                condition=~models.Q(external_id=""),
                nulls_distinct=False,
                name="compliance_consent_version",
            )
        ]


class ConsentClause(TenantModel):
    """The words of a creditor's contract by which customers agreed to be written to, as somebody attested them.

    Uploaded once; an import's signing dates refer to it. Never changed: other words are another version.
    """

    wall = BY_CREDITOR
    append_only = True
    creditor_id = models.UUIDField()
    version = models.CharField(max_length=40)  # as the contract form calls it
    wording = models.TextField()
    #: Contracts signed from this day on carry it, up to the day before the next version's.
    used_from = models.DateField()
    #: The blank contract form: its hash is what every consent under it names; sealed (tenants/secrets.py).
    file_name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=80)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    body = models.TextField()
    attested_by = models.CharField(max_length=120)
    attested_name = models.CharField(max_length=200)
    attested_at = models.DateTimeField()
    recorded_at = models.DateTimeField()  # machine clock

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "creditor_id", "version"], name="compliance_clause_once")
        ]


class Stop(TenantModel):
    """A reason not to write to a person, until somebody who may lifts it."""

    wall = f"{BY_PERSON}:person_id:owner"

    person = TenantForeignKey(Person)
    contact_point = TenantForeignKey(ContactPoint, null=True)
    creditor_id = models.UUIDField(null=True)  # null: whoever asks
    kind = models.CharField(max_length=40)  # a stop rule's `when`: opted_out, cease_requested, ...
    since = models.DateTimeField()
    #: The words or the list that raised it: message id, registry's date, who recorded it.
    evidence = models.JSONField(default=dict)
    source = models.CharField(max_length=40)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.CharField(max_length=120, blank=True)
    lifted_reason = models.TextField(blank=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "person"], condition=models.Q(lifted_at=None), name="compliance_stop_person")
        ]


class Contact(TenantModel):
    """The contact budget: one row per contact that counts or may count. No text; creditor and invoices as hashes.

    Walled by tenant only: everybody's contacts are counted, whoever asks (architecture.md, invariants 3 and 4).
    """

    wall = BY_TENANT

    class State(models.TextChoices):
        RESERVED = "reserved"  # an Outbound row may still leave
        COUNTED = "counted"  # accepted, or nobody knows
        RELEASED = "released"  # surely not sent

    person = TenantForeignKey(Person)
    channel = models.CharField(max_length=10)
    message_class = models.CharField(max_length=20)
    direction = models.CharField(max_length=3, default="out")
    at = models.DateTimeField()
    creditor_hash = models.CharField(max_length=16)
    invoice_hashes = ArrayField(models.CharField(max_length=16), default=list)
    state = models.CharField(max_length=8, choices=State)
    #: The SendRequest, call or visit that this is; once each.
    origin_id = models.UUIDField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "origin_id"], name="compliance_contact_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "person", "at"], name="compliance_contact_person")
        ]


class Decision(TenantModel):
    """What the gate said, on which facts, by which rules. Append-only; holds no personal text."""

    wall = BY_CREDITOR
    append_only = True

    class Verdict(models.TextChoices):
        ALLOW = "allow"
        DEFER = "defer"
        DENY = "deny"

    creditor_id = models.UUIDField()
    person_id = models.UUIDField()
    debtor_id = models.UUIDField(null=True)
    request_id = models.UUIDField()
    verdict = models.CharField(max_length=5, choices=Verdict)
    message_class = models.CharField(max_length=20)
    channel = models.CharField(max_length=10)
    origin = models.CharField(max_length=12)  # step | bot | agent | api | system
    actor = models.CharField(max_length=120)
    #: Ids of the rules that object, in evaluation order, and each finding's values.
    rules = ArrayField(models.CharField(max_length=30), default=list)
    findings = models.JSONField(default=list)
    facts = models.JSONField()
    text_hash = models.CharField(max_length=64, blank=True)  # salted hash of the words
    ruleset_digest = models.CharField(max_length=64)
    evaluator = models.CharField(max_length=20)
    moment = models.CharField(max_length=9)  # request | retry | last_look
    decided_at = models.DateTimeField()  # business clock
    next_allowed_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField()  # machine clock

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            # What an Outbound row points at: (decision, verdict), with a check that the verdict is allow.
            models.UniqueConstraint(fields=["tenant", "id", "verdict"], name="compliance_decision_verdict")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "request_id"], name="compliance_decision_request"),
            models.Index(fields=["tenant", "person_id"], name="compliance_decision_person"),
            models.Index(fields=["tenant", "decided_at", "id"], name="compliance_decision_time"),
        ]


class Seal(TenantModel):
    """The Merkle root over a stretch of the event log, chained to the seal before."""

    append_only = True
    number = models.BigIntegerField()
    first_sequence = models.BigIntegerField()
    last_sequence = models.BigIntegerField()
    root = models.CharField(max_length=64)
    previous = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "number"], name="compliance_seal_number"),
            models.UniqueConstraint(fields=["tenant", "first_sequence"], name="compliance_seal_stretch"),
        ]


class LedgerCheck(TenantModel):
    """That the ledger was verified, how far, and what was found: what pages say about the chain."""

    wall = BY_TENANT
    append_only = True
    checked_at = models.DateTimeField()  # machine clock
    whole = models.BooleanField()  # from the first event on, or only what is new since the check before
    first_sequence = models.BigIntegerField()
    last_sequence = models.BigIntegerField()
    seal_number = models.BigIntegerField(default=0)
    seal_digest = models.CharField(max_length=64, blank=True)
    rows = models.BigIntegerField(default=0)
    #: [{"kind", "subject", "id", "sequence", "detail"}]: nothing personal; empty when all is as it was written.
    problems = models.JSONField(default=list)
    actor = models.CharField(max_length=120)


class EvidencePack(TenantModel):
    """That somebody took evidence out: about what, when, how much of it, and the file's hash. The file is not kept."""

    wall = BY_CREDITOR
    append_only = True
    creditor_id = models.UUIDField(null=True)  # null: about more than one creditor
    kind = models.CharField(max_length=20)  # debtor | complaint | conversation | request | period
    subject_id = models.UUIDField(null=True)
    redaction = models.CharField(max_length=60)  # full, or what was left out: no_texts+no_account
    language = models.CharField(max_length=5, default="", db_default="")
    #: SHA-256 of the pack's files by name; {} where the JSON alone was taken.
    files = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    document = models.CharField(max_length=64)  # hash over all of the file
    records = models.PositiveIntegerField()
    messages = models.PositiveIntegerField()
    last_sequence = models.BigIntegerField(default=0)
    seal_digest = models.CharField(max_length=64, blank=True)
    actor = models.CharField(max_length=120)
    reason = models.TextField(blank=True)
    made_at = models.DateTimeField()  # machine clock


__all__ = [
    "Consent",
    "Contact",
    "DataRequest",
    "Decision",
    "ErasureCertificate",
    "EvidencePack",
    "LedgerCheck",
    "LegalHold",
    "RetentionPeriod",
    "RetentionRun",
    "RuleLayer",
    "RulePackVersion",
    "RuleSetSnapshot",
    "Seal",
    "Stop",
]
