from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """What the inbox reads by: built beside the writers, who do not wait."""

    atomic = False
    dependencies = [
        ("messaging", "0004_inbox"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("needs_human_at__isnull", False), ("state", "open")),
                fields=["tenant", "needs_human_at", "id"],
                name="messaging_inbox_waiting",
            ),
        ),
        AddIndexConcurrently(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("assignee_id__isnull", False), ("state", "open")),
                fields=["tenant", "assignee_id", "updated_at", "id"],
                name="messaging_inbox_mine",
            ),
        ),
        AddIndexConcurrently(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("needs_human_at", None), ("speaker", "agent"), ("state", "open")),
                fields=["tenant", "updated_at", "id"],
                name="messaging_inbox_theirs",
            ),
        ),
        AddIndexConcurrently(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("snoozed_until__isnull", False)),
                fields=["tenant", "snoozed_until", "id"],
                name="messaging_inbox_snoozed",
            ),
        ),
        AddIndexConcurrently(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("state", "open")), fields=["tenant", "updated_at", "id"], name="messaging_inbox_all"
            ),
        ),
    ]
