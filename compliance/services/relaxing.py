"""What an organisation relaxes where a pack permits it: one administrator proposes it, a second one decides.

Nothing here goes beyond `tenant_may_relax` and its floors: composing refuses that (compliance/decide/compose.py). The
second person is held by the table as well.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from compliance.decide import compose
from compliance.decide.describe import Rule, rules_of
from compliance.decide.packs import COMMON, LATAM_DEFAULT, pack_of
from compliance.decide.rules import Layer
from compliance.models import RuleLayer, RuleRelaxation
from compliance.rulesets import loosened, open_book, save_layer
from compliance.services.own_rules import own_rules
from kernel.errors import DomainError
from tenants import audit
from tenants.models import Tenant
from tenants.scope import current_tenant_id

State = RuleRelaxation.State


@dataclass(frozen=True, slots=True)
class Relaxable:
    """A rule that the organisation may relax, and how: `window`, `cap` (its count) or `off` (on and off)."""

    rule: Rule
    how: str
    floor: str  # '08:00-20:00', '' without


def relaxable_rules(now: datetime) -> list[Relaxable]:
    """The rules of the organisation's country that it may relax, in evaluation order."""
    tenant = Tenant.objects.get(pk=current_tenant_id())
    packs = open_book([], now).packs()
    pack = pack_of(packs, tenant.country)
    layers = [Layer(COMMON, packs[COMMON].data)]
    if pack is not None:
        layers.append(Layer(pack.code, pack.data))
    if tenant.default_rules or pack is None:
        layers.append(Layer(LATAM_DEFAULT, packs[LATAM_DEFAULT].data))
    return [
        Relaxable(
            rule, {"window": "window", "cap": "cap"}.get(rule.kind, "off"), str(rule.row.get("relax_floor") or "")
        )
        for layer in layers
        for rule in rules_of(layer)
        if rule.row.get("tenant_may_relax") is True
    ]


def open_proposal() -> RuleRelaxation | None:
    """The proposal that waits for a second person; there is one at most."""
    return RuleRelaxation.objects.filter(state=State.OPEN).first()


def propose(relax: Mapping[str, Any], *, author: str, reason: str, now: datetime) -> RuleRelaxation | None:
    """Ask for these relaxations, all of them, in place of those that hold.

    What only takes relaxations back tightens: it holds at once, and None is returned. Raises DomainError without a
    reason, when nothing changes, when another proposal waits, or when a rule may not be relaxed so.
    """
    tenant = Tenant.objects.select_for_update(no_key=True).get(pk=current_tenant_id())
    standing = own_rules(now)
    wanted, held = dict(relax), dict(standing.other.get("relax") or {})
    if not reason.strip():
        raise DomainError("reason_missing", "say why: it is kept with the change", pointer="/reason")
    if wanted == held:
        raise DomainError("nothing_changed", "nothing is different from what holds now")
    _composes(tenant, wanted, standing.layer, now)
    if open_proposal() is not None:
        raise DomainError("proposal_open", "another proposal waits for its second person: decide that one first")
    if not loosened({"relax": held}, {"relax": wanted}):
        _lay(tenant, wanted, standing.layer, author=author, approved_by="", reason=reason.strip(), now=now)
        return None
    made = RuleRelaxation.objects.create(
        relax=wanted, reason=reason.strip(), author=author, known_id=standing.layer.pk if standing.layer else None,
        proposed_at=now,
    )  # fmt: skip
    audit.record(
        "rules.propose", actor=author, subject="compliance.rulerelaxation", subject_id=made.pk, before=held,
        after=wanted, reason=made.reason,
    )  # fmt: skip
    return made


def decide(proposal_id: uuid.UUID, *, approve: bool, actor: str, note: str, now: datetime) -> RuleRelaxation:
    """A second administrator's word: from now on, or not at all. The author may withdraw, and nothing else.

    Raises DomainError when it is decided already, when the author approves, when the own rules have changed since, or
    without a reason for a refusal.
    """
    tenant = Tenant.objects.select_for_update(no_key=True).get(pk=current_tenant_id())
    made = RuleRelaxation.objects.select_for_update(no_key=True).filter(pk=proposal_id).first()
    if made is None:
        raise DomainError("not_found", "there is no such proposal")
    if made.state != State.OPEN:
        raise DomainError("proposal_decided", "somebody was faster: this proposal is decided")
    if approve:
        if made.author == actor:
            raise DomainError("second_person", "to relax a rule takes a second person: somebody else has to approve it")
        layer = own_rules(now).layer
        if (layer.pk if layer else None) != made.known_id:
            raise DomainError(
                "rules_changed",
                "somebody changed your organisation's rules meanwhile: look at them again, then change them",
            )
        _lay(tenant, made.relax, layer, author=made.author, approved_by=actor, reason=made.reason, now=now)
        made.state = State.APPROVED
    else:
        if made.author != actor and not note.strip():
            raise DomainError("reason_missing", "say why: it is kept with the change", pointer="/note")
        made.state = State.WITHDRAWN if made.author == actor else State.REFUSED
    made.decided_by, made.decided_at, made.note = actor, now, note.strip()
    made.save(update_fields=["state", "decided_by", "decided_at", "note"])
    audit.record(
        f"rules.{made.state}", actor=actor, subject="compliance.rulerelaxation", subject_id=made.pk,
        after={"relax": made.relax, "author": made.author}, reason=made.note,
    )  # fmt: skip
    return made


def _composes(tenant: Tenant, relax: Mapping[str, Any], layer: RuleLayer | None, now: datetime) -> None:
    """Raise DomainError unless every relaxation is permitted where the organisation is at home, and no limit is odd."""
    for rule, change in relax.items():
        count = change.get("count")
        if count is not None and not 1 <= count <= 100:
            raise DomainError("relax_count", "a limit is one contact or more, and a hundred at most",
                              pointer=f"/relax/{rule}")  # fmt: skip
    packs = open_book([], now).packs()
    known = {one.rule.code for one in relaxable_rules(now)}
    for rule in relax:
        if rule not in known:
            raise DomainError("rule_not_relaxable", "rule %(rule)s may not be relaxed by a tenant", rule=rule,
                              pointer=f"/relax/{rule}")  # fmt: skip
    data = with_relaxations(relax, layer)
    compose(packs, tenant.country or None, (), default=tenant.default_rules, tenant=data or None)


def with_relaxations(relax: Mapping[str, Any], layer: RuleLayer | None) -> dict[str, Any]:
    """The organisation's own rules with exactly these relaxations."""
    bare = {key: value for key, value in (layer.data if layer else {}).items() if key != "relax"}
    return bare | ({"relax": dict(relax)} if relax else {})


def _lay(
    tenant: Tenant, relax: Mapping[str, Any], layer: RuleLayer | None, *, author: str, approved_by: str, reason: str,
    now: datetime,
) -> RuleLayer:  # fmt: skip
    return save_layer(
        RuleLayer.Level.TENANT, tenant.pk, with_relaxations(relax, layer), author=author, reason=reason, now=now,
        approved_by=approved_by,
    )  # fmt: skip
