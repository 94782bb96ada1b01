"""The addresses: every declared page, and the pages of errors."""

from portal_stub.access import patterns
from portal_stub.accounts import views as _accounts  # noqa: F401 - declares its pages
from portal_stub.history import views as _history  # noqa: F401
from portal_stub.mails import views as _mails  # noqa: F401
from portal_stub.pages import views as _pages  # noqa: F401

urlpatterns = patterns()
handler400 = "portal_stub.pages.errors.bad_request"
handler403 = "portal_stub.pages.errors.permission_denied"
handler404 = "portal_stub.pages.errors.not_found"
handler500 = "portal_stub.pages.errors.server_error"
