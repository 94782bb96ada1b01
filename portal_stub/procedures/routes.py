"""The pages that every declared procedure gets, each with the procedure's own access."""

from functools import partial
from typing import Any

from portal_stub.access import Right, page
from portal_stub.hours import Hours
from portal_stub.procedures import views
from portal_stub.procedures.declaration import Procedure
from portal_stub.visibility.resources import Resource

_BOTH = ("GET", "POST")


def declare_pages(procedure: Procedure) -> None:
    """Beginning, steps, documents, check, 申込む and completion of one procedure."""
    key, base = procedure.key, f"procedures/{procedure.key}"
    one = f"{base}/<uuid:token>"

    def declare(name: str, path: str, view: Any, methods: tuple[str, ...], **more: Any) -> None:
        page(
            name,
            path,
            methods=methods,
            chapter=procedure.chapter,
            access=procedure.access,
            otp=procedure.otp,
            shows=Resource.APPLICATION if "<uuid:token>" in path else (),
            **more,
        )(partial(view, procedure=procedure))

    declare(key, f"{base}/", views.introduction, ("GET",))
    declare(f"{key}-start", f"{base}/start/", views.start, ("POST",))
    declare(f"{key}-check", f"{one}/check/", views.check, ("GET",))
    declare(f"{key}-apply", f"{one}/apply/", views.apply, ("POST",), right=Right.APPLY, hours=Hours.CONTRACT)
    declare(f"{key}-done", f"{one}/done/", views.done, ("GET",))
    declare(f"{key}-document", f"{one}/documents/<int:document>/", views.document, ("GET",))
    declare(f"{key}-choose", f"{one}/choose/<slug:step>/<slug:item>/", views.choose, _BOTH)
    declare(f"{key}-step", f"{one}/steps/<slug:step>/", views.step, _BOTH)
