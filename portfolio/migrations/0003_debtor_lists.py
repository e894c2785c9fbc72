from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """What the list of debtors is read by: built beside the writers, who do not wait."""

    atomic = False
    dependencies = [
        ("portfolio", "0002_links_and_search"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="debtor",
            index=models.Index(fields=["tenant", "-open_minor", "id"], name="portfolio_debtor_amount"),
        ),
        AddIndexConcurrently(
            model_name="debtor",
            index=models.Index(fields=["tenant", "oldest_due_on", "id"], name="portfolio_debtor_oldest"),
        ),
    ]
