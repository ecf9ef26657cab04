import secrets
from typing import Any

from django.db import migrations, models


def make_row(apps: Any, schema_editor: Any) -> None:
    installation = apps.get_model("rooms", "Installation")
    installation.objects.using(schema_editor.connection.alias).get_or_create(
        pk=1, defaults={"identity": secrets.token_hex(8), "epoch": secrets.token_hex(8)}
    )


class Migration(migrations.Migration):
    dependencies = [("rooms", "0005_accounts")]

    operations = [
        migrations.CreateModel(
            name="Installation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "identity",
                    models.CharField(help_text="Part of every name in Redis.", max_length=32),
                ),
                (
                    "epoch",
                    models.CharField(help_text="Goes with every position in a log.", max_length=32),
                ),
                ("number", models.BigIntegerField(default=0)),
                ("trimming_until", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(pk=1), name="one_installation"
                    )
                ],
            },
        ),
        migrations.RunPython(make_row, migrations.RunPython.noop, elidable=True),
    ]
