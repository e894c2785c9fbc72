"""What monitoring holds about people: what colleagues wrote about an alert."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from compliance.retention import owner
from compliance.retention.holdings import Holding, Whose, register, tell_by
from compliance.retention.own import plain
from monitoring.models import Alert, AlertAction


def _about(whose: Whose) -> Q:
    return Q(debtor_id__in=whose.debtor_ids) | Q(debtor_id=None, conversation__person_id__in=whose.person_ids)


def _alerts(whose: Whose) -> QuerySet[Alert]:
    return Alert.objects.filter(_about(whose), note__gt="")


def _actions(whose: Whose) -> QuerySet[AlertAction]:
    return AlertAction.objects.filter(alert__in=Alert.objects.filter(_about(whose)), text__gt="")


def tell(whose: Whose) -> dict[str, list[dict[str, Any]]]:
    """What was found in conversations with the person, and how it was judged."""
    alerts = Alert.objects.filter(_about(whose))
    return {"alerts": plain(alerts, "message_id", "conduct", "severity", "state", "note", "raised_at", "decided_at")}


register(
    Holding(
        subject="monitoring.alert", data_class="words", find=_alerts,
        blank=lambda ids: Alert.objects.filter(pk__in=ids).update(note=""),
    ),
    Holding(
        subject="monitoring.alertaction", data_class="words", find=_actions,
        blank=lambda ids: owner.blank_plainly(AlertAction, ids, text=""), owner=True,
    ),
)  # fmt: skip
tell_by("monitoring", tell)
