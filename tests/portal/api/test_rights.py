"""Every endpoint × every kind of user × every scope, against one table."""

from collections.abc import Callable
from typing import Any

import pytest

from portal_stub.access import ROUTES, Access
from tests.portal.api.conftest import Program, a_token, code
from tests.portal.conftest import World

ENDPOINTS = {
    ("POST", "/submissions"): ("send", {"administrator", "applicant"}),
    ("GET", "/submissions"): ("read", {"administrator", "applicant", "enterer"}),
    ("GET", "/submissions/S00000001"): ("read", {"administrator", "applicant", "enterer"}),
    ("GET", "/submissions/S00000001/findings"): ("read", {"administrator", "applicant", "enterer"}),
    ("GET", "/submissions/S00000001/documents"): ("read", {"administrator", "applicant", "enterer"}),
    ("POST", "/checks"): ("send", {"administrator", "applicant", "enterer"}),
    ("GET", f"/checks/{'0' * 32}"): ("send", {"administrator", "applicant", "enterer"}),
    ("GET", "/documents"): ("read", {"administrator", "applicant", "enterer"}),
    ("GET", "/documents/none"): ("read", {"administrator", "applicant", "enterer"}),
}
PASSED = {
    ("POST", "/submissions"): 422,  # nothing is sent
    ("POST", "/checks"): 422,
    ("GET", "/submissions"): 200,
    ("GET", "/documents"): 200,
}


def test_the_table_knows_every_endpoint() -> None:
    declared = {
        (method, route.name)
        for route in ROUTES.values()
        for method in route.methods
        if route.access is Access.TOKEN
    }
    assert len(declared) == len(ENDPOINTS)


@pytest.mark.parametrize("scope", ["both", "send", "read"])
@pytest.mark.parametrize("role", ["administrator", "applicant", "enterer", "reader"])
def test_rights_and_scopes(world: World, role: str, scope: str) -> None:
    caller = Program(a_token(getattr(world, role), scope)[1])
    wrong: dict[Any, Any] = {}
    for (method, path), (needs, roles) in ENDPOINTS.items():
        reply = caller.get(path) if method == "GET" else caller.post(path)
        found = code(reply, reply.status_code) if reply.status_code >= 400 else ""
        if scope not in {"both", needs}:
            expected: tuple[int, str] = (403, "missing-scope")
        elif role not in roles:
            expected = (403, "missing-right")
        else:
            status = PASSED.get((method, path), 404)
            expected = (status, {200: "", 404: "not-found", 422: "invalid-request"}[status])
        if (reply.status_code, found) != expected:
            wrong[method, path] = reply.status_code, found, expected
    assert not wrong


def test_one_of_two_rights_opens_documents(world: World, program: Callable[..., Program]) -> None:
    world.reader.data_scope = "all"
    world.reader.save()
    caller = program(world.reader)
    assert caller.get("/documents").status_code == 200
    assert code(caller.get("/submissions"), 403) == "missing-right"


def test_the_list_of_routes_tells_for_whom_a_token_opens_them() -> None:
    told = {route.name: route.row() for route in ROUTES.values() if route.access is Access.TOKEN}
    assert {row["access"] for row in told.values()} == {"user", "applicant"}
    assert told["api-checks"]["access"] == told["api-check"]["access"] == "applicant"
    assert not any(row["otp"] for row in told.values())
    assert ROUTES["api-submissions"].large
    assert ROUTES["api-checks"].large
