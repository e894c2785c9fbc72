"""How an edition of a rule pack comes to hold: one person proposes it, a second one approves it, its date switches it on.

Packs are the platform's, so both are accounts that run the platform (`User.is_operator`). An edition is never changed
and never holds for the past: whoever wants another text, or another date, proposes the next edition. The one that
holds is found by date with every decision (compliance/rulesets.py), so nothing has to be started anew.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from compliance.decide import Pack, compose
from compliance.decide.packs import COMMON, LATAM_DEFAULT, read_pack
from compliance.models import RulePackVersion
from compliance.packfile import PackFile
from compliance.rulesets import ALWAYS, LIVE, as_json
from kernel.canonical import digest
from kernel.errors import DomainError
from tenants.models import User

Status = RulePackVersion.Status


def named(person: User) -> str:
    """A person as an edition names its author and its approver for ever."""
    return (f"{person.name} <{person.email}>" if person.name else person.email)[:120]


def in_force(at: datetime) -> QuerySet[RulePackVersion]:
    """Every live edition that has begun and not ended at an instant; of one code the highest holds."""
    begun = RulePackVersion.objects.filter(status__in=[str(one) for one in LIVE], effective_from__lte=at)
    return begun.filter(Q(effective_to=None) | Q(effective_to__gt=at))


def packs_at(at: datetime) -> dict[str, Pack]:
    """The packs that hold at an instant, by code."""
    return {row.code: read_pack(row.data) for row in in_force(at).order_by("code", "edition")}


def edition_of(code: str, number: int | None = None) -> RulePackVersion:
    """One edition, the newest by default; raises DomainError `pack_unknown`."""
    rows = RulePackVersion.objects.filter(code=code).order_by("-edition")
    found = (rows.filter(edition=number) if number is not None else rows).first()
    if found is None:
        raise DomainError(
            "pack_unknown", "there is no such edition of %(name)s: load the packs, or list them", name=code
        )
    return found


@transaction.atomic
def propose(
    files: Sequence[PackFile], *, by: User, now: datetime, effective_from: datetime | None = None, note: str = ""
) -> list[RulePackVersion]:
    """Packs as drafts of their next editions; what equals its newest edition is left out. All of them, or none.

    `effective_from` None: from the approval on (the first edition of a code: for all time before, too). Raises
    DomainError for a pack that cannot be read or composed (with its line), for a date in the past, and when nothing
    is new.
    """
    _operator(by)
    packs = {one.name: one.pack() for one in files}
    together = packs_at(now) | {pack.code: pack for pack in packs.values()}
    for one in files:
        check_composes(one, packs[one.name], together)
    fresh = []
    for one in files:
        pack, data = packs[one.name], as_json(one.data)
        rows = _locked(pack.code)
        kept = [row for row in rows if row.status != Status.RETIRED]
        mark = digest(data)
        if kept and kept[-1].digest == mark:
            continue
        _not_past(effective_from, rows, now)
        begun = effective_from or (None if rows else ALWAYS)
        row = RulePackVersion(
            code=pack.code, edition=rows[-1].edition + 1 if rows else 1, effective_from=begun, status=Status.DRAFT,
            data=data, digest=mark, author=named(by), author_id=by.pk, note=note.strip(), loaded_at=now,
            history=[_step("proposed", by, now, note)],
        )  # fmt: skip
        row.save(force_insert=True)
        fresh.append(row)
    if not fresh:
        raise DomainError("nothing_changed", "nothing is different from the newest editions")
    return fresh


def check_composes(file: PackFile, pack: Pack, packs: Mapping[str, Pack]) -> None:
    """Raise DomainError `pack_invalid`, with file and line, when a pack cannot be composed with the others."""
    for needed in (COMMON, LATAM_DEFAULT):
        if needed not in packs:
            raise DomainError("pack_invalid", "the rule packs need the pack named common: it applies to every send")
    general = pack.code in (COMMON, LATAM_DEFAULT)
    places = [one for one in packs.values() if one.iso2] if general else [pack]
    for place in places:
        for overlays in ((), *((code,) for code in place.overlays)):
            for default in (True, False):
                try:
                    compose(packs, place.code, overlays, default=default)
                except DomainError as error:
                    raise file.wrong("", error) from error
                except (LookupError, TypeError, ValueError, AttributeError) as error:
                    problem = DomainError(
                        "pack_invalid", "%(pack)s cannot be composed: %(why)s", pack=place.code, why=repr(error)
                    )
                    raise file.wrong("", problem) from error


@transaction.atomic
def approve(code: str, number: int, *, by: User, now: datetime, note: str = "") -> RulePackVersion:
    """Let a draft hold from its date on. Raises DomainError when it is the approver's own, is no draft, would begin in
    the past, or would begin before an edition that was approved earlier.
    """
    _operator(by)
    rows = _locked(code)
    row = _among(rows, code, number)
    if row.status != Status.DRAFT:
        raise DomainError("edition_decided", "edition %(edition)s of %(pack)s is no draft any more", edition=number,
                          pack=code)  # fmt: skip
    if row.author_id == by.pk:
        raise DomainError(
            "second_person", "an edition is approved by somebody else than who proposed it: ask a colleague who runs "
            "the platform",
        )  # fmt: skip
    live = [one for one in rows if one.status in LIVE]
    begin = row.effective_from or now
    if live and begin < now:
        raise DomainError(
            "edition_past",
            "edition %(edition)s was to hold from %(when)s on, which is over: propose it again with a date ahead",
            edition=number, when=_text(begin),
        )  # fmt: skip
    later = [one for one in live if one.effective_from is not None and one.effective_from >= begin]
    if later:
        raise DomainError(
            "edition_order",
            "edition %(other)s is approved for %(when)s: what begins before it would be undone by it. Retire that one "
            "first, or choose a later date",
            other=later[-1].edition, when=_text(later[-1].effective_from),
        )  # fmt: skip
    row.status, row.effective_from = Status.REVIEWED, begin
    row.approved_by, row.approver_id, row.approved_at = named(by), by.pk, now
    row.history = [*row.history, _step("approved", by, now, note)]
    row.save(update_fields=["status", "effective_from", "approved_by", "approver_id", "approved_at", "history"])
    return row


@transaction.atomic
def sign_off(code: str, number: int, *, by: User, lawyer: str, now: datetime) -> RulePackVersion:
    """Note that a lawyer of the country signed an approved edition off: who (name, registration, document)."""
    _operator(by)
    row = _among(_locked(code), code, number)
    if not lawyer.strip():
        raise DomainError("lawyer_missing", "say which lawyer signed it off: name, registration and document",
                          pointer="lawyer")  # fmt: skip
    if row.status != Status.REVIEWED:
        raise DomainError("edition_not_approved", "edition %(edition)s of %(pack)s is %(status)s: only an approved one "
                          "is signed off", edition=number, pack=code, status=row.status)  # fmt: skip
    if row.author_id == by.pk:
        raise DomainError("second_person", "whoever proposed an edition does not record its signature: ask a colleague")
    row.status = Status.SIGNED_OFF
    row.history = [*row.history, _step("signed_off", by, now, lawyer)]
    row.save(update_fields=["status", "history"])
    return row


@transaction.atomic
def retire(code: str, number: int, *, by: User, reason: str, now: datetime) -> RulePackVersion:
    """Give up a draft, or an approved edition that does not hold yet; what holds is replaced by a newer edition."""
    _operator(by)
    row = _among(_locked(code), code, number)
    if not reason.strip():
        raise DomainError("reason_missing", "say why: it is kept with the change", pointer="/reason")
    if row.status == Status.RETIRED:
        raise DomainError("edition_decided", "edition %(edition)s of %(pack)s is retired already", edition=number,
                          pack=code)  # fmt: skip
    if row.status != Status.DRAFT and row.effective_from is not None and row.effective_from <= now:
        raise DomainError(
            "edition_in_force",
            "edition %(edition)s of %(pack)s holds or has held: decisions stand on it. Propose the next edition instead",
            edition=number, pack=code,
        )  # fmt: skip
    row.status = Status.RETIRED
    row.history = [*row.history, _step("retired", by, now, reason)]
    row.save(update_fields=["status", "history"])
    return row


def _operator(person: User) -> None:
    if not (person.is_active and person.is_operator):
        raise DomainError("operator_needed", "%(email)s does not run the platform: rule packs are everybody's",
                          email=person.email)  # fmt: skip


def _locked(code: str) -> list[RulePackVersion]:
    """The editions of a code, oldest first; whoever else changes editions waits (the common rules are always there)."""
    RulePackVersion.objects.select_for_update().filter(code=COMMON).order_by("edition").defer("data").first()
    return list(RulePackVersion.objects.select_for_update().filter(code=code).order_by("edition"))


def _among(rows: Sequence[RulePackVersion], code: str, number: int) -> RulePackVersion:
    found = next((row for row in rows if row.edition == number), None)
    if found is None:
        raise DomainError(
            "pack_unknown", "there is no such edition of %(name)s: load the packs, or list them", name=code
        )
    return found


def _not_past(begin: datetime | None, rows: Sequence[RulePackVersion], now: datetime) -> None:
    if rows and begin is not None and begin < now:
        raise DomainError(
            "edition_past", "%(when)s is over: only the first edition of a pack may hold for the past", pointer="from",
            when=_text(begin),
        )  # fmt: skip


def _step(did: str, by: User, at: datetime, note: str) -> dict[str, Any]:
    return {"did": did, "by": named(by), "id": str(by.pk), "at": at.isoformat(), "note": note.strip()}


def _text(at: datetime | None) -> str:
    return at.isoformat(timespec="minutes") if at else "-"


def unsigned(countries: Collection[str], at: datetime) -> list[RulePackVersion]:
    """The editions in force for these countries' debtors (ISO letters) that no lawyer of the country has signed off."""
    codes = [COMMON, LATAM_DEFAULT, *(country.lower() for country in countries)]
    held: dict[str, RulePackVersion] = {}
    for row in in_force(at).filter(code__in=codes).defer("data").order_by("code", "edition"):
        held[row.code] = row
    return [row for row in held.values() if row.status != Status.SIGNED_OFF]
