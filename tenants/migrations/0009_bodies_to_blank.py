from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Retention finds the bodies that it may blank; built beside the webhooks that come in meanwhile."""

    atomic = False

    dependencies = [
        ("tenants", "0008_retention_erasable_audit"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="rawinbound",
            index=models.Index(
                condition=models.Q(("body__isnull", False)),
                fields=["tenant_id", "received_at"],
                name="tenants_raw_bodies",
            ),
        ),
    ]
