"""Django's settings for the tests: a home of its own and no secret of anybody; hashing that costs no time."""

import os
import tempfile
from dataclasses import replace
from pathlib import Path

from daicho.settings import Settings
from portal_stub.configuration import values

_url = os.environ.get("DAICHO_TEST_POSTGRES_URL", "")
_home = Path(tempfile.mkdtemp(prefix="daicho-portal-tests-"))
globals().update(
    values(
        Settings.from_env({"DAICHO_HOME": str(_home), "DAICHO_DATABASE_URL": _url}),
        secret="of the tests only",
    )
)
PORTAL = replace(globals()["PORTAL"], base_url="https://portal.example", staff_otp=False)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ALLOWED_HOSTS = ["testserver"]
_home.rmdir()
