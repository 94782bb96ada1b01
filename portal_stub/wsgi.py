"""The WSGI application, for waitress (``daicho portal serve``) or any other server."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal_stub.settings")
application = get_wsgi_application()
