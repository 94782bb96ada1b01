"""What the views of this room share: the function of an address, tokens of pages, and how a paper is answered."""

import re
import secrets
from pathlib import PurePosixPath

from django.http import FileResponse, Http404, HttpRequest

from portal_stub.feed import papers
from portal_stub.feed.models import Document
from portal_stub.ledgers.functions import FUNCTIONS, LedgerFunction
from portal_stub.pages.answers import download, shown

_ONCE = re.compile(r"[\w-]{1,43}", re.ASCII)


def function_named(product: str) -> LedgerFunction:
    """The function that an address names; others do not exist."""
    if product not in FUNCTIONS:
        raise Http404
    return FUNCTIONS[product]


def once_of(request: HttpRequest) -> str:
    """The token of the page that was sent; a new one when there is none that a page of ours made."""
    sent = str(request.POST.get("once", ""))
    return sent if _ONCE.fullmatch(sent) else secrets.token_urlsafe(32)


def answered(request: HttpRequest, document: Document) -> FileResponse:
    """A document: stored, or with ``?show=1`` a PDF in the browser, from where it is printed and saved (D-045)."""
    try:
        stream = papers.opened(document.path)
    except papers.NoFile as reason:
        raise Http404 from reason
    name = PurePosixPath(document.path).name
    if document.format == "pdf" and request.GET.get("show") == "1":
        return shown(stream, name)
    return download(stream, name)
