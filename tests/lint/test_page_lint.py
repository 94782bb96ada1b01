"""The page lint fires where a test looks for a word somewhere in a page, is silent elsewhere, and its list only shrinks."""

from pathlib import Path

import pytest

from tests.lint import page_lint
from tests.lint.page_lint import Careless, check_room, check_source, faults, main

ROOT = Path(__file__).resolve().parents[2]


def places(body: str) -> list[int]:
    """Lines of a test with this body that are careless; its first line is 1."""
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    return [found.line - 1 for found in check_source(f"def test_it(client):\n{lines}", "tests/portal/x.py")]


@pytest.mark.parametrize(
    "body",
    [
        "assert 'word' in text(client.get('/'))",
        "assert 'word' not in client.get('/').content.decode()",
        "assert text(client.get('/')).count('word') == 2",
        "assert text(client.get('/')).index('a') < 2",
        "assert re.search('w.rd', text(client.get('/')))",
        "assert all(word in text(client.get('/')) for word in ('a', 'b'))",
        "assert (200, 'word' in text(client.get('/'))) == (200, True)",
        "assert 'word' in text(client.get('/')).split('<main')[1]",
        "assert 'word' in page_of(client.get('/')).text",
        "assert 'word' in page_of(client.get('/')).whole.lines",
        "assertContains(client.get('/'), 'word')",
    ],
)
def test_a_word_somewhere_in_a_page_is_careless(body: str) -> None:
    assert places(body) == [1]


@pytest.mark.parametrize(
    "binding",
    [
        "page = text(client.get('/'))",
        "page = str(client.get('/').content.decode())",
        "raw = client.get('/').content.decode()\npage = raw.partition('<main')[2]",
        "page, other = (client.get(path).content.decode() for path in '12')",
        "page = {'a': text(client.get('/'))}['a']",
        "whole = page_of(client.get('/'))\npage = whole.text",
    ],
)
def test_the_text_is_followed_through_names(binding: str) -> None:
    assert places(f"{binding}\nassert 'word' in page") == [binding.count("\n") + 2]
    assert places("for page in (text(client.get('/')),):\n    assert 'word' in page") == [2]


def test_the_text_is_followed_through_functions_of_the_module() -> None:
    source = """
def shown(reply):
    return reply.content.decode()

def words(client):
    page = shown(client.get("/"))
    return page

def test_it(client):
    assert "word" in words(client)
"""
    assert [found.line for found in check_source(source, "x.py")] == [10]


@pytest.mark.parametrize(
    "body",
    [
        "page = page_of(client.get('/'))\nassert page.facts['a'] == 'word'",
        "page = page_of(client.get('/'))\nassert 'word' in page.sentences",
        "page = page_of(client.get('/'))\nassert 'word' not in page.links",
        "assert 'word' in page_of(client.get('/')).section('A').text",
        "assert {'a'} <= set(page_of(client.get('/')).menus['A'])",
        "content = b''.join(client.get('/').streaming_content)\nassert b'word' in content",
        "words = text(client.get('/'))\nassert len(words) < 100",
        "mail = last_mail('kind')\nassert 'word' in mail.body",
        "page = text(client.get('/'))\nif 'word' in page:\n    pass",
    ],
)
def test_what_says_where_passes(body: str) -> None:
    assert places(body) == []


def test_one_more_and_one_less_than_allowed_are_told() -> None:
    one = [Careless("tests/portal/a.py", 7, 12)]
    assert list(faults({"tests/portal/a.py": one}, {"tests/portal/a.py": 1})) == []
    more = list(faults({"tests/portal/a.py": one}, {}))
    assert more == [
        f"tests/portal/a.py:7:12: {page_lint.MESSAGE}",
        "tests/portal/a.py: 1 of them, 0 allowed",
    ]
    less = list(faults({}, {"tests/portal/a.py": 1}))
    assert less == ["tests/portal/a.py: 0 careless assertions, 1 allowed: run with --shrink"]


def test_the_list_shrinks_and_never_grows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    room = tmp_path / "tests" / "portal"
    room.mkdir(parents=True)
    (tmp_path / "tests" / "lint").mkdir()
    kept = tmp_path / page_lint.ALLOWED
    kept.write_text(
        "path,careless\ntests/portal/test_a.py,3\ntests/portal/test_gone.py,1\n", encoding="utf-8"
    )
    careless = "def test_it(client):\n    assert 'word' in text(client.get('/'))\n"
    (room / "test_a.py").write_text(careless, encoding="utf-8")
    assert main([str(tmp_path)]) == 1
    assert main([str(tmp_path), "--shrink"]) == 0
    assert kept.read_text(encoding="utf-8") == "path,careless\ntests/portal/test_a.py,1\n"
    (room / "test_b.py").write_text(careless, encoding="utf-8")
    assert main([str(tmp_path), "--shrink"]) == 1, "a new one is not written down"
    assert "tests/portal/test_b.py: 1 of them, 0 allowed" in capsys.readouterr().out.splitlines()
    assert "test_b" not in kept.read_text(encoding="utf-8")


def test_the_house_has_no_more_than_it_is_allowed() -> None:
    assert list(faults(check_room(ROOT), page_lint.allowed(ROOT))) == []
