"""Django's settings module; what stands in it is told by ``portal_stub.configuration``."""

from daicho.settings import Settings
from portal_stub.configuration import values

globals().update(values(Settings.from_env()))
