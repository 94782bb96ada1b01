"""The WSGI application, for waitress (``daicho portal serve``) or any other server."""

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.utils.http import parse_header_parameters

from daicho.folders import keep_private

keep_private()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal_stub.settings")
_pages = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Django's, with a kind of content that it could not even read taken for none.

    It would fail before any page of errors can be made; without a kind the content is no form, and refused as such.
    """
    try:
        parse_header_parameters(environ.get("CONTENT_TYPE", ""))
    except (ValueError, LookupError, TypeError):
        environ["CONTENT_TYPE"] = ""
    answer: Iterable[bytes] = _pages(environ, start_response)
    return _Headless(answer) if environ.get("REQUEST_METHOD") == "HEAD" else answer


class _Headless:
    """An answer to HEAD: the headers are told, the content is not, and whatever was opened for it is closed."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return iter(())

    def close(self) -> None:
        """The server calls it when the answer was sent."""
        if hasattr(self._answer, "close"):
            self._answer.close()
