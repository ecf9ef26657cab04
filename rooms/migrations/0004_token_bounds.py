"""Tokens end: at a time, and with the password. Those that are there end with today's one."""

import hashlib

from django.db import migrations, models


def stamp(apps, schema_editor):
    tokens = apps.get_model("rooms", "ApiToken").objects.filter(password_stamp="")
    for token in tokens.select_related("user").iterator(1000):
        digest = hashlib.sha256(token.user.password.encode()).hexdigest()
        tokens.filter(pk=token.pk).update(password_stamp=digest)


class Migration(migrations.Migration):

    dependencies = [
        ('rooms', '0003_invitations'),
    ]

    operations = [
        migrations.AddField(
            model_name='apitoken',
            name='expires_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='apitoken',
            name='password_stamp',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name='apitoken',
            name='scopes',
            field=models.CharField(db_default='read write jobs admin', default='read write jobs admin', editable=False, max_length=80),
        ),
        migrations.AddField(
            model_name='apitoken',
            name='used_from',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=45),
        ),
        migrations.RunPython(stamp, migrations.RunPython.noop, elidable=True),
    ]
