"""Failed tries are counted for all doors in one table now (``accounts.Attempts``)."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("api", "0001_initial"),
    ]

    operations = [
        migrations.DeleteModel(
            name="Tries",
        ),
    ]
