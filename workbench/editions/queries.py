"""What the pages of editions read: every edition of a pack, which one holds, its cases, what trials found about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from compliance.casebook import Result, results
from compliance.decide.describe import layer_name
from compliance.decide.packs import COMMON, LATAM_DEFAULT, read_pack
from compliance.editions import packs_at
from compliance.models import RulePackVersion, RuleTrial
from compliance.queries import editions
from compliance.rulesets import LIVE
from portfolio.models import Creditor
from tenants.models import Tenant

Status = RulePackVersion.Status


@dataclass(frozen=True, slots=True)
class PackTold:
    """A pack with its editions, the newest first."""

    code: str
    name: str
    editions: tuple[RulePackVersion, ...]
    now: RulePackVersion | None  # the edition that holds

    @property
    def drafts(self) -> list[RulePackVersion]:
        """Editions that wait for a second person."""
        return [row for row in self.editions if row.status == Status.DRAFT]

    @property
    def coming(self) -> list[RulePackVersion]:
        """Approved editions whose date lies ahead."""
        begun = self.now.edition if self.now else 0
        return [row for row in self.editions if row.status in LIVE and row.edition > begun]

    @property
    def proposed(self) -> RulePackVersion | None:
        """What a reader of the page most likely came for: the newest draft, else what comes, else what holds."""
        return next(iter([*self.drafts, *self.coming]), None) or self.now or next(iter(self.editions), None)


def packs(lang: str, now: datetime) -> list[PackTold]:
    """Every pack there is, by name; the general ones first."""
    rows: dict[str, list[RulePackVersion]] = {}
    for row in editions():
        rows.setdefault(row.code, []).insert(0, row)
    found = [_told(code, versions, lang, now) for code, versions in rows.items()]
    return sorted(found, key=lambda one: (one.code != COMMON, one.code != LATAM_DEFAULT, one.name))


def pack(code: str, lang: str, now: datetime) -> PackTold | None:
    """One pack; None when there is none of this code."""
    rows = list(editions().filter(code=code).order_by("-edition"))
    return _told(code, rows, lang, now) if rows else None


def _told(code: str, rows: Sequence[RulePackVersion], lang: str, now: datetime) -> PackTold:
    held = [
        row
        for row in rows
        if row.status in LIVE
        and row.effective_from is not None
        and row.effective_from <= now
        and (row.effective_to is None or row.effective_to > now)
    ]
    return PackTold(code, layer_name(code, lang), tuple(rows), held[0] if held else None)


def codes_of(tenant: Tenant) -> set[str]:
    """Packs that the organisation's debtors answer to: the general ones and those of its creditors' countries."""
    countries = {tenant.country, *Creditor.objects.values_list("country", flat=True).distinct()}
    general = {COMMON, LATAM_DEFAULT} if tenant.default_rules else {COMMON}
    return general | {country.lower() for country in countries}


def edition(found: PackTold, number: int | None) -> RulePackVersion | None:
    """One edition of a pack with its document."""
    rows = RulePackVersion.objects.filter(code=found.code)
    chosen = number if number is not None else (found.proposed.edition if found.proposed else 0)
    return rows.filter(edition=chosen).first()


def base_of(found: PackTold, chosen: RulePackVersion, number: int | None) -> RulePackVersion | None:
    """What an edition is compared with: the one that was asked for, else the one that holds, else the one before it."""
    rows = RulePackVersion.objects.filter(code=found.code)
    if number is not None:
        return rows.filter(edition=number).first()
    if found.now is not None and found.now.edition != chosen.edition:
        return rows.filter(edition=found.now.edition).first()
    return rows.filter(edition__lt=chosen.edition).order_by("-edition").first()


def cases(chosen: RulePackVersion, now: datetime) -> tuple[Result, ...]:
    """The shipped cases about a pack, decided with this edition in the place of the one that holds."""
    return results(packs_at(now) | {chosen.code: read_pack(chosen.data)}, chosen.code)


def trials(chosen: RulePackVersion) -> list[RuleTrial]:
    """The newest trials of exactly this edition."""
    return list(RuleTrial.objects.filter(draft__editions__contains={chosen.code: chosen.digest}).order_by("-id")[:3])
