import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0009_secrets"),
        ("rooms", "0008_bans_by_name_and_former_slugs"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="JobQuestion",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                ("text", models.CharField(max_length=500)),
                (
                    "choices",
                    models.JSONField(
                        blank=True, default=list, help_text="None: any text answers it."
                    ),
                ),
                (
                    "who",
                    models.CharField(
                        choices=[
                            ("requester", "Requester"),
                            ("members", "Members"),
                            ("moderators", "Moderators"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("answered", "Answered"),
                            ("expired", "Expired"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="open",
                        max_length=9,
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("answer", models.TextField(blank=True)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["asked_at"],
            },
        ),
        migrations.AddField(
            model_name="job",
            name="asked",
            field=models.PositiveSmallIntegerField(
                db_default=0,
                default=0,
                editable=False,
                help_text="How many questions, since it was begun.",
            ),
        ),
        migrations.AlterField(
            model_name="attempt",
            name="outcome",
            field=models.CharField(
                blank=True,
                choices=[
                    ("succeeded", "Succeeded"),
                    ("failed", "Failed"),
                    ("timed_out", "timed out"),
                    ("lost", "Lost"),
                    ("cancelled", "Cancelled"),
                    ("interrupted", "Interrupted"),
                    ("postponed", "Postponed"),
                    ("asked", "Asked"),
                ],
                max_length=11,
            ),
        ),
        migrations.AlterField(
            model_name="job",
            name="state",
            field=models.CharField(
                choices=[
                    ("scheduled", "Scheduled"),
                    ("queued", "Queued"),
                    ("running", "Running"),
                    ("retrying", "Retrying"),
                    ("waiting", "Waiting"),
                    ("succeeded", "Succeeded"),
                    ("failed", "Failed"),
                    ("cancelled", "Cancelled"),
                ],
                default="queued",
                max_length=10,
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["requested_by"],
                name="job_waiting",
            ),
        ),
        migrations.AddField(
            model_name="jobquestion",
            name="answered_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="jobquestion",
            name="job",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="questions",
                to="jobs.job",
            ),
        ),
        migrations.AddIndex(
            model_name="jobquestion",
            index=models.Index(
                condition=models.Q(("state", "open")),
                fields=["expires_at"],
                name="question_expires",
            ),
        ),
        migrations.AddConstraint(
            model_name="jobquestion",
            constraint=models.UniqueConstraint(fields=("job", "name"), name="one_question_a_name"),
        ),
    ]
