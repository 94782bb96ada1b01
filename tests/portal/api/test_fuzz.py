"""The served description, fuzzed: no request that it allows, and none that it forbids, leads to an error of the server.

Every answer must be one that the description tells: its status, its media type, its shape.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as bounded
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from portal_stub.wsgi import application
from tests.portal.api.conftest import Program, upload
from tests.portal.conftest import World
from tests.portal.feed.conftest import found, paper, portrait, tell
from tests.portal.whole import Whole, loaded, whole

__all__ = ["loaded", "whole"]
pytestmark = [pytest.mark.slow, pytest.mark.night]

EXAMPLES = 30
"""Per endpoint and mode."""


@pytest.fixture
def described(whole: Whole, world: World, settings: Any) -> Iterator[Any]:
    """The description as it is served, by the application as it is served."""
    settings.ALLOWED_HOSTS = ["testserver", "localhost"]
    ends = (request_started, request_finished)

    def served(environ: Any, start_response: Any) -> Any:
        for signal in ends:  # the database of the test is not closed between its requests
            signal.disconnect(close_old_connections)
        return application(environ, start_response)

    yield schemathesis.openapi.from_wsgi("/api/v1/openapi.json", served)
    for signal in ends:
        signal.connect(close_old_connections)


def _operations(schema: Any) -> dict[str, Any]:
    return {operation.ok().label: operation.ok() for operation in schema.get_all_operations()}


@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_no_request_breaks_the_server_or_the_description(
    described: Any, world: World, program: Callable[..., Program], mode: str
) -> None:
    tell(portrait(1), portrait(2, verdict="rejected"), findings={"S00000002": [found(n) for n in range(1, 4)]},
         documents=[paper("receipt-S00000001", submission_id="S00000001")])  # fmt: skip
    caller = program(world.administrator)
    sent = caller.submit("EX-1").json()["dispatch_id"]
    checks = [
        schemathesis.checks.not_a_server_error,
        status_code_conformance,
        content_type_conformance,
        response_schema_conformance,
        response_headers_conformance,
    ]
    known = {
        "submission_id": [sent, "S00000001", "S00000002"],
        "document_id": ["receipt-S00000001"],
    }
    seen: dict[str, set[int]] = {}

    def fuzz(operation: Any) -> None:
        @bounded(
            max_examples=EXAMPLES,
            derandomize=True,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=GenerationMode(mode)), data=st.data())
        def breaks(case: Any, data: Any) -> None:
            for name, values in known.items():
                if name in (case.path_parameters or {}) and data.draw(st.booleans()):
                    case.path_parameters[name] = data.draw(st.sampled_from(values))
            reply = case.call(headers=caller.headers())
            seen.setdefault(operation.label, set()).add(reply.status_code)
            case.validate_response(reply, checks=checks)

        breaks()

    for operation in _operations(described).values():
        fuzz(operation)
    assert len(seen) == 9
    for label, statuses in seen.items():
        # A request that is none may have lost its token.
        assert not statuses & ({403, 405, 429} | ({401} if mode == "positive" else set())), (label, statuses)
        assert statuses - {401}, label
    if mode == "positive":
        assert 200 in seen["GET /api/v1/submissions"]
        assert 200 in seen["GET /api/v1/submissions/{submission_id}"]
        assert 200 in seen["GET /api/v1/documents"]
    else:
        assert 422 in seen["POST /api/v1/submissions"]


def test_a_request_that_the_description_allows_is_taken(
    described: Any, world: World, program: Callable[..., Program]
) -> None:
    operation = _operations(described)["POST /api/v1/submissions"]
    file = upload("EX-7")["file"].read()
    case = operation.Case(
        headers={"Idempotency-Key": "k"},
        body={"product": "enterprise", "count": 1, "file": file},
        media_type="multipart/form-data",
    )
    reply = case.call(headers=program(world.applicant).headers())
    case.validate_response(reply, excluded_checks=[])
    assert reply.status_code in {202, 422}


def test_a_token_is_asked_for_everywhere(described: Any, world: World) -> None:
    for label, operation in _operations(described).items():
        names = {name: "x" for name in ("submission_id", "document_id", "check_id") if f"{{{name}}}" in label}
        case = operation.Case(path_parameters=names)
        reply = case.call()
        assert reply.status_code == 401, label
        case.validate_response(
            reply, checks=[status_code_conformance, content_type_conformance, response_schema_conformance]
        )
