"""The shapes of imports and batches."""

from __future__ import annotations

from rest_framework import serializers

from portfolio.models import Import
from portfolio.serializers.fields import Shown
from tenants.fields import Strict


class ImportIn(Strict):
    """A CSV file; `mapping` is a reader's name or a mapping's JSON, found out when left out."""

    file = serializers.FileField()
    mapping = serializers.CharField(required=False)


class ImportOut(Shown):
    """A file that came in."""

    class Meta:
        model = Import
        fields = ("id", "file_name", "sha256", "state", "position", "counts", "started_at", "finished_at")


class BatchIn(Strict):
    """Up to 1,000 items: an `external_id` each, and what its PUT takes; each is taken or refused by itself."""

    items = serializers.ListField(child=serializers.DictField(), min_length=1, max_length=1000)


class ItemResult(serializers.Serializer):
    """What became of one item of a batch; `problem` when it was refused."""

    index = serializers.IntegerField()
    external_id = serializers.CharField()
    outcome = serializers.ChoiceField(choices=("created", "updated", "unchanged", "rejected"))
    problem = serializers.DictField(required=False)


class BatchOut(serializers.Serializer):
    """The results of a batch, in the order of its items."""

    results = ItemResult(many=True)
