"""What nobody sends in good faith: broken forms, huge contents, other encodings, tokens at the wrong door."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal_stub.access import ROUTES, Access
from portal_stub.api.problems import KINDS
from portal_stub.feed.models import Submission
from portal_stub.ledgers.models import Upload
from tests.halves import by_day
from tests.portal.api.conftest import Program, a_token, code, upload
from tests.portal.attacks.test_garbage import BODIES, GARBAGE
from tests.portal.conftest import World
from tests.portal.feed.conftest import portrait, tell
from tests.portal.whole import Whole, loaded, whole

__all__ = ["loaded", "whole"]
Made = Callable[..., Program]
LARGE = 300 * 1024 * 1024


@pytest.mark.parametrize("path", ["/submissions", "/checks"])
@pytest.mark.parametrize(("kind", "body"), BODIES, ids=range(len(BODIES)))
def test_bodies_that_are_no_form(world: World, program: Made, path: str, kind: str, body: bytes) -> None:
    caller = program(world.applicant)
    reply = caller.client.generic("POST", f"/api/v1{path}", body, kind, headers=caller.headers())
    assert code(reply, reply.status_code) in {"unreadable-request", "invalid-request"}
    assert not Upload.objects.exists()


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", "text/plain"])
def test_a_huge_content_that_is_no_file(world: World, program: Made, kind: str) -> None:
    content = b'{"a":' * 1_000_000
    reply = program(world.applicant).post("/submissions", content, content_type=kind)
    assert code(reply, reply.status_code) in {"unreadable-request", "invalid-request"}


@pytest.mark.parametrize("path", ["/submissions", "/checks"])
def test_more_than_an_upload_may_have_is_refused_unread(world: World, program: Made, path: str) -> None:
    caller = program(world.applicant)
    for length in (LARGE + 2 * 1024 * 1024, 10**17):
        announced: dict[str, Any] = {"CONTENT_LENGTH": str(length), "wsgi.input": io.BytesIO(b"")}
        reply = caller.post(path, b"x", content_type="multipart/form-data; boundary=x", **announced)
        assert code(reply, 413) == "request-too-large"
    reply = caller.post(
        "/submissions", b"x", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH="²"
    )
    assert code(reply, 413) == "request-too-large"


@pytest.mark.parametrize("garbage", by_day(GARBAGE, *GARBAGE[::8]), ids=range(len(GARBAGE)))
def test_garbage_in_every_item(whole: Whole, world: World, program: Made, garbage: str) -> None:
    caller = program(world.applicant)
    for name in ("product", "count", "remarks", "resend", "extra"):
        reply = caller.post("/submissions", upload() | {name: garbage, "resend": "true"} | {name: garbage})
        assert reply.status_code in {202, 400, 422}, (name, reply.content)
    for name in ("product", "status", "from", "to", "cursor", "limit", "kind", "extra"):
        for path in ("/submissions", "/documents", "/submissions/S00000001/findings"):
            reply = caller.get(path, **{name: garbage[:2000]})
            assert reply.status_code in {200, 400, 404, 422}, (path, name, reply.content)
            if reply.status_code != 200:
                code(reply, reply.status_code)
    for header in ("Idempotency-Key", "If-None-Match", "X-Forwarded-For", "Cookie", "Content-Language"):
        value = garbage.encode("utf-8", "surrogatepass").decode("latin-1")[:2000]
        reply = caller.client.get("/api/v1/submissions", headers=caller.headers() | {header: value})
        assert reply.status_code == 200, header
        reply = caller.post("/submissions", upload(), {header: value, "Idempotency-Key": value})
        assert reply.status_code in {202, 409, 422}, (header, reply.content)


@pytest.mark.parametrize(
    "name",
    [
        "../../evil.csv",
        "..\\evil.csv",
        "/etc/cron.d/x.csv",
        "a\r\nb.csv",
        ".csv",
        "x" * 5000 + ".csv",
        "あ" * 300 + ".csv",
    ],
)
def test_names_of_files_lead_nowhere(whole: Whole, world: World, program: Made, name: str) -> None:
    file = SimpleUploadedFile("x.csv", upload()["file"].read())
    file.__dict__["_name"] = name
    reply = program(world.applicant).post("/submissions", upload() | {"file": file})
    assert reply.status_code in {202, 400, 422}, reply.content
    assert not list(whole.home.path.parent.rglob("*evil*"))
    for row in Upload.objects.all():
        assert "/" not in row.file_name
        assert "\\" not in row.file_name
        assert len(row.file_name) <= 255


def test_several_files_and_values_of_one_name(whole: Whole, world: World, program: Made) -> None:
    files = [upload("EX-1")["file"], upload("EX-2")["file"]]
    reply = program(world.applicant).post(
        "/submissions", {"product": "enterprise", "count": 1, "file": files}
    )
    assert reply.status_code in {202, 422}
    assert Upload.objects.count() <= 1


def test_a_token_opens_no_page_and_a_session_no_endpoint(world: World, visit: Callable[..., Client]) -> None:
    _, shown = a_token(world.administrator)
    headers = {"Authorization": f"Bearer {shown}"}
    for path in ("/menu/", "/applicants/", "/api-tokens/", "/desk/"):
        reply = Client().get(path, headers=headers)
        assert (reply.status_code, reply.headers["Location"].endswith("/login/")) == (302, True)
    client = visit(world.administrator)
    for route in ROUTES.values():
        if route.access is Access.TOKEN:
            address = "/" + route.path.replace("<str:", "").replace(">", "")
            for method in route.methods:
                assert code(client.generic(method, address), 401) == "unauthorized", address
                assert code(client.generic(method, f"{address}?token={shown}"), 401) == "unauthorized"


def test_a_holder_in_the_request_changes_nothing(world: World, program: Made) -> None:
    tell(portrait(1))
    stranger = program(world.stranger)
    for query in ({"holder": world.holder.code}, {"user": world.applicant.login_id}, {"holder_code": "1"}):
        assert stranger.get("/submissions", **query).json()["items"] == []
    assert Submission.objects.exists()
    assert len(program(world.applicant).get("/submissions").json()["items"]) == 1


def test_words_of_others_come_back_as_words(world: World, program: Made) -> None:
    tell(portrait(1, file_name='"><img src=x onerror=alert(1)>.csv'))
    reply = program(world.applicant).get("/submissions")
    assert reply.headers["Content-Type"].startswith("application/json")
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.json()["items"][0]["file_name"].startswith('">')


def test_other_names_of_the_host_are_problems(world: World, program: Made) -> None:
    caller = program(world.applicant)
    reply = caller.client.get("/api/v1/submissions", headers=caller.headers(), HTTP_HOST="evil.example")
    assert code(reply, 400) == "unreadable-request"
    assert [value for value in reply.json().values() if "evil" in str(value)] == []


def test_a_fault_of_ours_is_a_problem_without_its_cause(
    world: World, program: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: Any, **__: Any) -> Any:
        raise RuntimeError("secret cause")

    monkeypatch.setattr("portal_stub.api.submissions.found", breaks)
    reply = program(world.applicant).get("/submissions")
    assert code(reply, 500) == "internal-error"
    kind = KINDS["internal-error"]
    assert reply.json() == {
        "type": "urn:daicho:problem:internal-error",
        "title": kind.title,
        "status": 500,
        "code": "internal-error",
        "detail": kind.words,
    }


@pytest.mark.night
@pytest.mark.slow
def test_a_large_upload_is_taken_in_and_judged(whole: Whole, world: World, program: Made) -> None:
    """Larger than any other request of the portal may be: the endpoint takes whole uploads."""
    content = b"a,b\r\n" + (b"1,2" + b" " * 43 + b"\r\n") * 900_000
    assert len(content) > 41 * 1024 * 1024
    reply = program(world.applicant).post("/submissions", upload(content=content, count=1))
    assert code(reply, 422) == "count-mismatch"
    assert not Upload.objects.exists()
