"""Messages of any app's kind. The column of what a message is about keeps its name, so that the
version before goes on working on this schema."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rooms", "0001_initial")]

    operations = [
        migrations.AlterField("message", "kind", models.CharField(default="text", max_length=16)),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField("message", "job", "subject"),
                migrations.AlterField(
                    "message",
                    "subject",
                    models.UUIDField(blank=True, db_column="job", null=True),
                ),
            ]
        ),
    ]
