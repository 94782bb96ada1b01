"""No input leads to an error of the server: every form and every query of every page, on SQLite and PostgreSQL. S-016."""

import random
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from django.test import Client, RequestFactory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal_stub.access import Route
from tests.portal.attacks.conftest import Scene, a_file, japanese, routes, undone
from tests.portal.attacks.pages import PageForm, forms_of
from tests.portal.conftest import PASSWORD, World
from tests.portal.pages import page_of

pytestmark = pytest.mark.night

GARBAGE = [
    "",
    " 　",
    "a\x00b",
    "\x1b[31m\x07\x7f\x85",
    "一行目\r\n二行目\u2028三行目",
    "１２３ＡＢＣｱｲｳ㈱①",
    "👨‍👩‍👧𠮷",
    "abc\u202e\u200b\ufeffdef",
    "あ" * 20_000,
    "9" * 5_000,
    "99999999999999999999",
    "-1",
    "1e999",
    "NaN",
    "²",
    "٣",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}{% debug %}",
    "%s%n%(name)s{0.__class__}",
    "' OR 1=1; DROP TABLE accounts_user; --",
    "../../../../etc/passwd",
    "0000-00-00",
    "9999-12-31",
    "9999-99-99",
    "2026-02-30",
    "0001-01-01",
    "None",
    "[]",
    "00000000-0000-4000-8000-000000000000",
    "remove-²",
    f"remove-{'9' * 30}",
    "choose-x",
    "/",
    "//evil.example/",
    "_" * 300,
]
QUERIES = ("page", "sort", "q", "state", "done", "code", "subject", "about", "start", "end", "name", "next")
QUERIES += (
    "holder",
    "number",
    "kind",
    "user",
    "since",
    "until",
    "reference",
    "do",
    "login_id",
    "mail",
    "scope",
)
QUERIES += ("country", "rating", "order", "held", "status", "product")
HIDDEN = (
    "step",
    "once",
    "go",
    "revision",
    "version",
    "tick",
    "deed",
    "sure",
    "kind",
    "to",
    "do",
    "code",
    "chosen",
)
HIDDEN += ("subject",)
GOOD = {
    "email": "x@example.com",
    "tel": "03-1111-2222",
    "url": "https://x.example/",
    "date": "2026-04-20",
    "password": PASSWORD,
    "text": "見本",
    "textarea": "見本",
}


def judged(reply: Any, *told: Any) -> None:
    assert reply.status_code < 500, told
    assert japanese(reply), told


def pages(scene: Scene, route: Route) -> Iterator[tuple[Client, str]]:
    client = scene.browsers[scene.who(route)]
    for address in scene.addresses(route):
        yield client, address


def known_items(scene: Scene, client: Client, route: Route, address: str) -> list[PageForm]:
    """The forms that lead to a page: its own, or none but what pages like it know."""
    shown = forms_of(client.get(address)) if "GET" in route.methods else []
    own = [form for form in shown if form.method == "POST" and form.action in {"", address}]
    return own or [PageForm(address, "POST", {name: [""] for name in HIDDEN})]


def filled(form: PageForm) -> dict[str, Any]:
    """Something acceptable in every item, as far as one can guess."""
    found: dict[str, Any] = {}
    for name, values in form.items.items():
        good = GOOD.get(form.kinds.get(name, ""), "")
        if "phone" in name:
            good = GOOD["tel"]
        elif "mail" in name:
            good = GOOD["email"]
        found[name] = [value or good for value in values]
    for name in form.files:
        found[name] = a_file()
    return found


@pytest.mark.slow
@pytest.mark.req("S-016")
def test_garbage_in_every_item_of_every_form(scene: Scene) -> None:
    """All items at once, each with another piece, until each had some of every kind."""
    faults = []
    for route in routes("POST"):
        for client, address in pages(scene, route):
            for form in known_items(scene, client, route, address):
                names = [*form.items, *HIDDEN]
                for turn in range(0, len(GARBAGE), 7):
                    sent: dict[str, Any] = {
                        name: GARBAGE[(turn + 7 * place) % len(GARBAGE)] for place, name in enumerate(names)
                    }
                    with undone(client):
                        reply = client.post(address, sent)
                    if reply.status_code >= 500 or not japanese(reply):
                        faults.append((address, turn, reply.status_code, _why(reply)))
    assert not faults, faults[:20]


def _why(reply: Any) -> str:
    return repr(reply.exc_info[1])[:200] if getattr(reply, "exc_info", None) else ""


@pytest.mark.slow
@pytest.mark.req("S-016")
def test_one_piece_of_garbage_in_a_form_that_is_right_otherwise(scene: Scene) -> None:
    """What is right otherwise gets further than what is all wrong: to the rules, and to the database."""
    found = [
        (route, client, address, form)
        for route in routes("POST")
        for client, address in pages(scene, route)
        for form in known_items(scene, client, route, address)
    ]
    garbage = st.one_of(
        st.sampled_from(GARBAGE),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
        st.lists(st.sampled_from(GARBAGE[:12]), max_size=3),
        st.integers().map(str),
    )

    def walk(route: Route, client: Client, address: str, form: PageForm) -> None:
        @settings(
            max_examples=5,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(st.data())
        def sends(data: Any) -> None:
            sent = filled(form)
            for name, value in data.draw(st.sampled_from([[button] for button in form.buttons] or [[]])):
                sent[name] = value
            if data.draw(st.booleans()):
                sent |= {"step": "confirm", "once": "x" * 43, "sure": "1"}
            name = data.draw(st.sampled_from(sorted({*form.items, *HIDDEN})))
            if data.draw(st.integers(0, 4)):
                sent[name] = data.draw(garbage)
            else:
                sent.pop(name, None)
            with undone(client):
                reply = client.post(address, sent)
            judged(reply, address, name, sent, _why(reply))

        sends()

    for each in found:
        walk(*each)


@pytest.mark.slow
@pytest.mark.req("S-016")
def test_garbage_in_every_query(scene: Scene) -> None:
    faults, chance = [], random.Random(1)
    for route in routes("GET"):
        if route.path.endswith(".pdf"):
            continue  # asks for nothing, and takes long
        for client, address in pages(scene, route):
            names = {*QUERIES}
            for form in forms_of(client.get(address)):
                names |= set(form.items) if form.method == "GET" else set()
            listed = sorted(names)
            for _ in range(2):
                several = {name: chance.choice(GARBAGE) for name in listed}
                alone = {chance.choice(listed): chance.choice(GARBAGE)}
                for several_or_one in (several, alone):
                    query = {name: value[:6000] for name, value in several_or_one.items()}
                    with undone(client):
                        reply = client.get(address, query)
                    if reply.status_code >= 500 or not japanese(reply):
                        faults.append((address, query, reply.status_code, _why(reply)))
    assert not faults, faults[:10]


ALWAYS = ["a%00b", "9" * 20]
PIECES = ["%00", "%ff%fe", "%ed%a0%80", "..%2f..%2fetc%2fpasswd", "x" * 5000, "%E2%80%AE", "9" * 400]
PIECES += [
    "-1",
    "0",
    "99999999999999999999",
    "%3Cscript%3E",
    "%27",
    "１",
    "00000000-0000-0000-0000-00000000000g",
    " ",
]


@pytest.mark.slow
@pytest.mark.req("S-016")
def test_garbage_in_addresses(scene: Scene) -> None:
    faults, chance = [], random.Random(1)
    for method in ("GET", "POST"):
        for route in routes(method):
            client = scene.browsers[scene.who(route)]
            parts = scene.address(route).strip("/").split("/")
            shape = route.path.strip("/").split("/")
            for place, part in enumerate(shape):
                if "<" not in part:
                    continue
                for piece in (*ALWAYS, *chance.sample(PIECES, 3)):
                    address = "/" + "/".join([*parts[:place], piece, *parts[place + 1 :]]) + "/"
                    with undone(client):
                        reply = client.generic(method, address)
                    if reply.status_code >= 500 or not japanese(reply):
                        faults.append((method, address[:80], reply.status_code, _why(reply)))
    assert not faults, faults[:20]


BODIES = [
    ("application/x-www-form-urlencoded", b"login_id=%ff%fe%00&password=%ed%a0%80"),
    ("application/x-www-form-urlencoded", b"login_id=\xff\xfe&&&==&%"),
    ("application/x-www-form-urlencoded; charset=hex", b"login_id=41"),
    ("application/x-www-form-urlencoded; charset=utf-7", b"login_id=+2AA-&password=+2AA-"),
    ("application/x-www-form-urlencoded; charset=utf-16", b"login_id=a"),
    ("multipart/form-data", b"--x--"),
    ("multipart/form-data; boundary=", b"--x--"),
    ("multipart/form-data; boundary=\xff", b"--x--"),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=a"),
    (
        "multipart/form-data; boundary=x",
        b"--x\r\nContent-Disposition: form-data; name*=bogus''%41\r\n\r\n1\r\n--x--",
    ),
    (
        "multipart/form-data; boundary=x",
        b"--x\r\nContent-Disposition: form-data; name*=hex''%41\r\n\r\n1\r\n--x--",
    ),
    (
        "multipart/form-data; boundary=x",
        b"--x\r\nContent-Disposition: form-data; name*=utf-7''%2B2AA-\r\n\r\n1\r\n--x--",
    ),
    (
        "multipart/form-data; boundary=x; charset=utf-7",
        b'--x\r\nContent-Disposition: form-data; name="login_id"\r\n\r\n+2AA-\r\n--x--',
    ),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!\r\n--x--',
    ),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="a"; filename="a\x00b.pdf"\r\n\r\n1\r\n--x--',
    ),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n" * 500),
    ("application/json", b'{"login_id": {"$ne": null}}'),
    ("text/xml", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'),
    ("", b"\x00" * 100),
]


@pytest.mark.req("S-016")
def test_bodies_that_no_browser_sends(scene: Scene) -> None:
    doors = (
        ("nobody", "/login/"),
        ("newcomer", "/registration/entry/"),
        ("administrator", "/applicant-new/"),
        ("staff_supervisor", "/desk/tables/"),
    )
    for (who, address), (kind, body) in product(doors, BODIES):
        client = scene.browsers[who]
        with undone(client):
            judged(client.generic("POST", address, body, content_type=kind), address, kind, body)
            judged(client.generic("GET", f"{address}?q=%ff%00", content_type=kind), address, kind)


@pytest.mark.parametrize("kind", ["text/plain; charset*=bogus''x", "multipart/form-data; boundary*=bogus''x"])
@pytest.mark.django_db(transaction=True)
def test_a_kind_of_content_that_cannot_be_read_is_taken_for_none(kind: str) -> None:
    from portal_stub.wsgi import application

    environ = RequestFactory().post("/login/").environ | {"CONTENT_TYPE": kind}
    told: list[str] = []
    answer = application(environ, lambda status, headers: told.append(status))
    assert told[0].startswith("403")
    assert "画面の有効期限が切れています" in b"".join(answer).decode()


@pytest.mark.parametrize("amount", ["fields", "files", "bytes"])
def test_too_many_items_are_told_in_words(scene: Scene, amount: str) -> None:
    sent: dict[str, Any] = {
        "fields": {f"f{n}": "1" for n in range(2_001)},
        "files": {f"f{n}": a_file() for n in range(101)},
        "bytes": {"mail": "x" * 3_000_000},
    }[amount]
    reply = scene.browsers["administrator"].post("/applicant-new/", sent)
    assert page_of(reply, 400).heading == "要求を処理できませんでした"


@pytest.mark.parametrize("length", ["²", "-1", "x", "9" * 5_000, "41943041"])
def test_an_announced_length_that_is_none_is_refused(db: None, length: str) -> None:
    reply = Client().post("/login/", {}, CONTENT_LENGTH=length)
    assert reply.status_code == 413


@pytest.mark.parametrize(
    "cookie", ["abcdefgh\x00i", '"abcdefgh\\000i"', "x" * 4_000, "..", "' OR 1=1 --", "\xff" * 20]
)
def test_a_session_key_of_garbage_is_no_session(world: World, cookie: str) -> None:
    client = Client()
    reply = client.get("/menu/", HTTP_COOKIE=f"daicho_session={cookie}; csrftoken={cookie}")
    assert reply.status_code in {302, 400}


@pytest.mark.req("S-016")
def test_methods_that_no_page_knows(scene: Scene) -> None:
    client = scene.browsers["administrator"]
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "X" * 50):
        assert client.generic(method, "/administrator/").status_code == 405, method
    person = scene.world.applicant
    for trick in (
        {"HTTP_X_HTTP_METHOD_OVERRIDE": "POST"},
        {"HTTP_X_METHOD_OVERRIDE": "POST"},
        {"QUERY_STRING": "_method=POST"},
    ):
        client.get(f"/applicants/{person.login_id}/reset/", **trick)
    before = person.password
    person.refresh_from_db()
    assert person.password == before, "a GET stays a GET"
