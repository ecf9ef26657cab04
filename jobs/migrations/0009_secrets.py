from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0007_workers_process")]

    operations = [
        migrations.AddField(
            model_name="job",
            name="secret_params",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="step",
            name="secret_result",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
    ]
