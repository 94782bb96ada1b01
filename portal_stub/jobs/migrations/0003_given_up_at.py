from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0002_more_files")]

    operations = [
        migrations.AddField(model_name="job", name="given_up_at", field=models.BigIntegerField(default=0)),
    ]
