from django.db import migrations


class Migration(migrations.Migration):
    """An outbound row points at an allow decision by one key; the narrower one beside it held nothing more."""

    dependencies = [
        ("messaging", "0007_opt_in_links"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="outbound",
            name="messaging_outbound_decision_own",
        ),
    ]
