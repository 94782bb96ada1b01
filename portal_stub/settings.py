"""Django's settings module; what stands in it is told by ``portal_stub.configuration``."""

from daicho.folders import keep_private
from daicho.settings import Settings
from portal_stub.configuration import values

keep_private()
globals().update(values(Settings.from_env()))
