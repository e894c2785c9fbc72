import django.db.models.deletion
from django.db import migrations, models

import kernel.ids
import tenants.scope
import tenants.walls


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0003_alive_requests"),
        ("portfolio", "0001_initial"),
        ("tenants", "0005_job_strand"),
    ]

    operations = [
        migrations.CreateModel(
            name="Draft",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("creditor_id", models.UUIDField(null=True)),
                ("user_id", models.UUIDField()),
                ("mode", models.CharField(default="reply", max_length=8)),
                ("text", models.TextField()),
                ("updated_at", models.DateTimeField()),
                (
                    "conversation",
                    tenants.walls.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="messaging.conversation",
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
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("creditor_id", models.UUIDField(null=True)),
                ("debtor_id", models.UUIDField(null=True)),
                (
                    "kind",
                    models.CharField(choices=[("note", "Note"), ("whisper", "Whisper")], default="note", max_length=7),
                ),
                ("author", models.CharField(max_length=120)),
                ("text", models.TextField()),
                ("origin_id", models.CharField(max_length=120)),
                ("at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                (
                    "conversation",
                    tenants.walls.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="messaging.conversation",
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
        ),
        migrations.CreateModel(
            name="Presence",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("user_id", models.UUIDField()),
                ("seen_at", models.DateTimeField()),
                ("writing_at", models.DateTimeField(null=True)),
                (
                    "conversation",
                    tenants.walls.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="messaging.conversation",
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
        ),
        migrations.CreateModel(
            name="QuickReply",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("creditor_id", models.UUIDField(null=True)),
                ("language", models.CharField(max_length=5)),
                ("shortcut", models.CharField(max_length=20)),
                ("title", models.CharField(max_length=80)),
                ("text", models.TextField()),
                ("author", models.CharField(blank=True, max_length=120)),
                ("archived_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
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
        ),
        migrations.CreateModel(
            name="ReadMark",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("user_id", models.UUIDField()),
                ("read_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                (
                    "conversation",
                    tenants.walls.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="messaging.conversation",
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
        ),
        migrations.AddField(
            model_name="conversation",
            name="closed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="conversation",
            name="closed_by",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="conversation",
            name="outcome",
            field=models.CharField(
                blank=True,
                choices=[
                    ("paid", "Paid"),
                    ("promised", "Promised"),
                    ("agreed", "Agreed"),
                    ("disputed", "Disputed"),
                    ("refused", "Refused"),
                    ("no_answer", "No Answer"),
                    ("wrong_person", "Wrong Person"),
                    ("informed", "Informed"),
                    ("other", "Other"),
                ],
                db_default="",
                default="",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="conversation",
            name="snoozed_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddConstraint(
            model_name="draft",
            constraint=tenants.walls.TenantKey(name="messaging_draft_key"),
        ),
        migrations.AddConstraint(
            model_name="draft",
            constraint=tenants.walls.Wall(kind="creditor", name="messaging_draft_wall"),
        ),
        migrations.AddConstraint(
            model_name="draft",
            constraint=tenants.walls.SameTenant(
                column="conversation_id", name="messaging_draft_conversation_own", to="messaging.Conversation"
            ),
        ),
        migrations.AddConstraint(
            model_name="draft",
            constraint=models.UniqueConstraint(
                fields=("tenant", "conversation", "user_id"), name="messaging_draft_once"
            ),
        ),
        migrations.AddIndex(
            model_name="note",
            index=models.Index(fields=["tenant", "conversation", "at"], name="messaging_note_thread"),
        ),
        migrations.AddIndex(
            model_name="note",
            index=models.Index(fields=["tenant", "debtor_id", "at"], name="messaging_note_debtor"),
        ),
        migrations.AddConstraint(
            model_name="note",
            constraint=tenants.walls.TenantKey(name="messaging_note_key"),
        ),
        migrations.AddConstraint(
            model_name="note",
            constraint=tenants.walls.Wall(kind="creditor", name="messaging_note_wall"),
        ),
        migrations.AddConstraint(
            model_name="note",
            constraint=tenants.walls.SameTenant(
                column="conversation_id", name="messaging_note_conversation_own", to="messaging.Conversation"
            ),
        ),
        migrations.AddConstraint(
            model_name="note",
            constraint=models.UniqueConstraint(fields=("tenant", "author", "origin_id"), name="messaging_note_once"),
        ),
        migrations.AddConstraint(
            model_name="presence",
            constraint=tenants.walls.TenantKey(name="messaging_presence_key"),
        ),
        migrations.AddConstraint(
            model_name="presence",
            constraint=tenants.walls.Wall(kind="tenant", name="messaging_presence_wall"),
        ),
        migrations.AddConstraint(
            model_name="presence",
            constraint=tenants.walls.SameTenant(
                column="conversation_id", name="messaging_presence_conversation_own", to="messaging.Conversation"
            ),
        ),
        migrations.AddConstraint(
            model_name="presence",
            constraint=models.UniqueConstraint(
                fields=("tenant", "conversation", "user_id"), name="messaging_presence_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="quickreply",
            constraint=tenants.walls.TenantKey(name="messaging_quickreply_key"),
        ),
        migrations.AddConstraint(
            model_name="quickreply",
            constraint=tenants.walls.Wall(kind="owner", name="messaging_quickreply_wall"),
        ),
        migrations.AddConstraint(
            model_name="quickreply",
            constraint=models.UniqueConstraint(
                condition=models.Q(("archived_at", None)),
                fields=("tenant", "creditor_id", "language", "shortcut"),
                name="messaging_quickreply_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="readmark",
            constraint=tenants.walls.TenantKey(name="messaging_readmark_key"),
        ),
        migrations.AddConstraint(
            model_name="readmark",
            constraint=tenants.walls.Wall(kind="tenant", name="messaging_readmark_wall"),
        ),
        migrations.AddConstraint(
            model_name="readmark",
            constraint=tenants.walls.SameTenant(
                column="conversation_id", name="messaging_readmark_conversation_own", to="messaging.Conversation"
            ),
        ),
        migrations.AddConstraint(
            model_name="readmark",
            constraint=models.UniqueConstraint(
                fields=("tenant", "user_id", "conversation"), name="messaging_readmark_once"
            ),
        ),
    ]
