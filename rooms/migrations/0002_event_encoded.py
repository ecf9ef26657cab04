from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rooms", "0001_initial")]

    operations = [
        migrations.RenameField("event", "payload", "encoded"),
        migrations.AlterField(
            "event", "encoded", models.TextField(help_text="The payload, as JSON.")
        ),
    ]
