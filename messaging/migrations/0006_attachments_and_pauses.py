import django.db.models.deletion
from django.db import migrations, models

import kernel.ids
import tenants.scope
import tenants.walls


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0005_inbox_indexes"),
        ("tenants", "0005_job_strand"),
    ]

    operations = [
        migrations.AddField(
            model_name="messagetemplate",
            name="held_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="sequence",
            name="paused_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="sequence",
            name="paused_by",
            field=models.CharField(blank=True, db_default="", default="", max_length=120),
        ),
        migrations.CreateModel(
            name="Attachment",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(blank=True, max_length=120)),
                ("media_type", models.CharField(max_length=40)),
                ("size", models.PositiveIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("body", models.TextField()),
                ("created_at", models.DateTimeField()),
                (
                    "message",
                    tenants.walls.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="messaging.message",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        default=tenants.scope.current_tenant_id,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["tenant", "message"], name="messaging_attachment_message")],
                "constraints": [
                    tenants.walls.TenantKey(name="messaging_attachment_key"),
                    tenants.walls.Wall(kind="message:message_id", name="messaging_attachment_wall"),
                    tenants.walls.SameTenant(
                        column="message_id", name="messaging_attachment_message_own", to="messaging.Message"
                    ),
                ],
            },
        ),
    ]
