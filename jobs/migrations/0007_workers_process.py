from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0006_submission")]

    operations = [
        migrations.AddField(
            model_name="worker",
            name="process",
            field=models.UUIDField(
                blank=True, help_text="Of this process alone, unlike its pid.", null=True
            ),
        ),
    ]
