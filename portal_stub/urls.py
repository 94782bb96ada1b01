"""The addresses: every declared page, and the pages of errors."""

from portal_stub.access import patterns
from portal_stub.accounts import views as _accounts  # noqa: F401 - declares its pages
from portal_stub.api import views as _api  # noqa: F401 - and the addresses that programs call
from portal_stub.buyers import desk_details as _buyer_details  # noqa: F401
from portal_stub.buyers import desk_documents as _buyer_documents  # noqa: F401
from portal_stub.buyers import desk_views as _buyer_desk  # noqa: F401
from portal_stub.buyers import procedures as _buyer_procedures  # noqa: F401
from portal_stub.buyers import views as _buyers  # noqa: F401
from portal_stub.desk import views as _desk  # noqa: F401
from portal_stub.entries import views as _entries  # noqa: F401
from portal_stub.estimates import views as _estimates  # noqa: F401
from portal_stub.feed import views as _feed  # noqa: F401
from portal_stub.history import views as _history  # noqa: F401
from portal_stub.holders import procedures as _holder_procedures  # noqa: F401
from portal_stub.holders import views as _holders  # noqa: F401
from portal_stub.inquiries import desk_views as _inquiries_at_the_desk  # noqa: F401
from portal_stub.inquiries import views as _inquiries  # noqa: F401
from portal_stub.ledgers import check_views as _ledger_checks  # noqa: F401
from portal_stub.ledgers import standing_views as _ledger_standing  # noqa: F401
from portal_stub.ledgers import views as _ledgers  # noqa: F401
from portal_stub.mails import views as _mails  # noqa: F401
from portal_stub.pages import views as _pages  # noqa: F401
from portal_stub.procedures import desk_views as _procedures_at_the_desk  # noqa: F401
from portal_stub.procedures import list_views as _procedures  # noqa: F401
from portal_stub.registration import views as _registration  # noqa: F401

urlpatterns = patterns()
handler400 = "portal_stub.pages.errors.bad_request"
handler403 = "portal_stub.pages.errors.permission_denied"
handler404 = "portal_stub.pages.errors.not_found"
handler500 = "portal_stub.pages.errors.server_error"
