"""What evidence may be about, found by what people have at hand: a name, a number, a complaint's reference, an id."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db.models import Count, Q

from compliance.models import Decision
from messaging.models import Conversation, Message
from portfolio import search
from portfolio.models import Debtor, Dispute
from workbench.supervisor.filters import uuid_in

MOST = 12


@dataclass(frozen=True, slots=True)
class Found:
    """A debtor with what can be taken out about them."""

    debtor: Debtor
    complaints: tuple[Dispute, ...]
    conversations: tuple[tuple[Conversation, int], ...]  # with the number of messages
    #: The choice that the search named: "debtor:<id>", "complaint:<id>", ...
    chosen: str
    request_id: uuid.UUID | None = None

    @property
    def chooses_debtor(self) -> bool:
        """Whether everything about the debtor is what was looked for."""
        return self.chosen == f"debtor:{self.debtor.pk}"

    @property
    def complaint_choices(self) -> list[tuple[Dispute, bool]]:
        """(complaint, whether it is what was looked for)."""
        return [(one, self.chosen == f"complaint:{one.pk}") for one in self.complaints]

    @property
    def conversation_choices(self) -> list[tuple[Conversation, int, bool]]:
        """(conversation, its messages, whether it is what was looked for)."""
        return [(one, n, self.chosen == f"conversation:{one.pk}") for one, n in self.conversations]


def find(text: str) -> list[Found]:
    """Debtors by name, number or id; or whose complaint, conversation or send has that reference or id."""
    chosen, request_id = "", None
    key = uuid_in(text)
    rows = Debtor.objects.select_related("person", "creditor")
    disputes = Dispute.objects.filter(reference=text.upper())
    if key is not None:
        disputes = Dispute.objects.filter(pk=key)
    complaint = disputes.order_by("id").first()
    if complaint is not None:
        rows, chosen = rows.filter(pk=complaint.debtor_id), f"complaint:{complaint.pk}"
    elif key is not None:
        talk = Conversation.objects.filter(pk=key).first()
        decision = Decision.objects.filter(Q(request_id=key) | Q(pk=key)).first()
        if talk is not None:
            chosen = f"conversation:{talk.pk}"
            theirs = Message.objects.filter(conversation_id=talk.pk, debtor_id__isnull=False)
            rows = rows.filter(pk__in=theirs.values("debtor_id"))
        elif decision is not None:
            request_id, chosen = decision.request_id, f"request:{decision.request_id}"
            rows = rows.filter(pk__in=[decision.debtor_id] if decision.debtor_id else [])
        else:
            rows = rows.filter(pk=key)
    else:
        people = search.search(text, limit=MOST)
        rows = rows.filter(Q(external_id=text) | Q(person_id__in=people))
    debtors = list(rows.order_by("person__name", "id")[:MOST])
    return _with_cases(debtors, chosen, request_id)


def _with_cases(debtors: list[Debtor], chosen: str, request_id: uuid.UUID | None) -> list[Found]:
    ids = [debtor.pk for debtor in debtors]
    complaints: dict[uuid.UUID, list[Dispute]] = {}
    for dispute in Dispute.objects.filter(debtor_id__in=ids).order_by("-opened_at", "id"):
        complaints.setdefault(dispute.debtor_id, []).append(dispute)
    counted = (
        Message.objects.filter(debtor_id__in=ids)
        .values_list("debtor_id", "conversation_id")
        .annotate(n=Count("id"))
        .order_by("debtor_id", "-n")
    )
    pairs = list(counted[: MOST * 5])
    talks = Conversation.objects.select_related("contact_point").in_bulk([talk for _, talk, _ in pairs])
    conversations: dict[uuid.UUID, list[tuple[Conversation, int]]] = {}
    for debtor_id, talk_id, n in pairs:
        if talk_id in talks:
            conversations.setdefault(debtor_id, []).append((talks[talk_id], n))
    return [
        Found(
            debtor,
            tuple(complaints.get(debtor.pk, ())),
            tuple(conversations.get(debtor.pk, ())),
            chosen or (f"debtor:{debtor.pk}" if len(debtors) == 1 else ""),
            request_id,
        )
        for debtor in debtors
    ]
