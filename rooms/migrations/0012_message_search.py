from django.db import migrations

from rooms.features.search import message_index


def build(apps, schema_editor):
    message_index.build(schema_editor.connection)


def drop(apps, schema_editor):
    message_index.drop(schema_editor.connection)


class Migration(migrations.Migration):
    """What finds messages by their words. The version before this one writes into it unawares."""

    # On PostgreSQL the index is made while others write, which no transaction can do.
    atomic = False

    dependencies = [
        ('rooms', '0011_invite_links'),
    ]

    operations = [
        migrations.RunPython(build, drop, elidable=False),
    ]
