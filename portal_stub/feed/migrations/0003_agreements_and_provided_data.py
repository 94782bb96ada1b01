from typing import Any

from django.db import migrations, models


def tell_tables_again(apps: Any, _: Any) -> None:
    """The next feed tells the reference tables once more: what they say of 提供データ is not known yet."""
    apps.get_model("feed", "Mark").objects.filter(name="tables").delete()


class Migration(migrations.Migration):
    dependencies = [("feed", "0002_from_the_portal")]

    operations = [
        migrations.AddField(
            "policyholder", "provided_data", models.BooleanField(default=False, verbose_name="提供データ")
        ),
        migrations.AddField("submission", "agreements", models.TextField(blank=True)),
        migrations.AddIndex(
            "submission",
            models.Index(fields=["holder", "product", "-received_at"], name="feed_by_product"),
        ),
        migrations.RunPython(tell_tables_again, migrations.RunPython.noop),
    ]
