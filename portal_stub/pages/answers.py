"""Answers that are files: PDFs of the portal's own, and what others attached."""

from typing import BinaryIO

from django.http import FileResponse, HttpResponse


def pdf(content: bytes, name: str, *, kept: bool = False) -> HttpResponse:
    """A PDF that the portal made, shown in the browser; with ``kept`` it is stored instead. ``name`` is ASCII."""
    disposition = f'{"attachment" if kept else "inline"}; filename="{name}.pdf"'
    return HttpResponse(content, content_type="application/pdf", headers={"Content-Disposition": disposition})


def download(stream: BinaryIO, name: str) -> FileResponse:
    """A file that somebody else made, as a download; never shown inside the portal's own origin."""
    return FileResponse(stream, as_attachment=True, filename=name, content_type="application/octet-stream")


def shown(stream: BinaryIO, name: str) -> FileResponse:
    """A PDF that the insurer made, shown in the browser (D-045); whoever saves it gets it under this name."""
    return FileResponse(stream, filename=name, content_type="application/pdf")
