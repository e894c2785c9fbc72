"""What the time machine's pages read: rules that can be tried, the trials that were made."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.utils.translation import gettext as _

from compliance.models import RulePackVersion, RuleRelaxation, RuleTrial
from compliance.services.own_rules import own_rules
from compliance.services.relaxing import open_proposal, with_relaxations
from compliance.timemachine.drafts import Draft, of_editions, of_layer
from workbench.editions.queries import PackTold, packs

Status = RulePackVersion.Status


def choices(lang: str, now: datetime) -> list[tuple[str, str]]:
    """(key, words) of what can be tried: a waiting relaxation, drafts and coming editions, then former ones."""
    found = []
    waiting = open_proposal()
    if waiting is not None:
        found.append(("relaxation", _("The relaxation that waits for its second person")))
    told = packs(lang, now)
    found += [_choice(one, row) for one in told for row in [*one.drafts, *one.coming]]
    former = [
        _choice(one, row)
        for one in told
        for row in one.editions
        if row not in one.drafts and row not in one.coming and row.status != Status.RETIRED
    ]
    return found + former


def _choice(pack: PackTold, row: RulePackVersion) -> tuple[str, str]:
    words = _("%(pack)s, edition %(edition)s") % {"pack": pack.name, "edition": row.edition}
    return f"edition:{row.code}:{row.edition}", words


def draft_of(key: str, label: str, now: datetime) -> Draft | None:
    """The rules behind a key; None when they are there no longer."""
    kind, _colon, rest = key.partition(":")
    if kind == "relaxation":
        waiting = open_proposal()
        return relaxed(waiting, label, now) if waiting is not None else None
    code, _colon, number = rest.partition(":")
    row = RulePackVersion.objects.filter(code=code, edition=int(number)).first() if number.isdigit() else None
    return of_editions([row]) if row is not None else None


def relaxed(proposal: RuleRelaxation, label: str, now: datetime) -> Draft:
    """The own rules as they would be with a proposal."""
    return of_layer(with_relaxations(proposal.relax, own_rules(now).layer), label)


def newest() -> list[RuleTrial]:
    """The trials that are kept, the newest first."""
    return list(RuleTrial.objects.order_by("-id"))


def trial(trial_id: uuid.UUID) -> RuleTrial | None:
    """One trial."""
    return RuleTrial.objects.filter(pk=trial_id).first()
