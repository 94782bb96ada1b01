"""The judgement of ``Person.looks_right`` itself: each kind of fault is found."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.halves import by_day
from tests.portal.browser import person as person_module
from tests.portal.browser.person import Person

FAULTS = {
    "image-alt": "document.querySelector('main').innerHTML += '<img src=\"/static/pages/icon.svg\">'",
    "label: ": "document.querySelector('main').innerHTML += '<input>'",
    "color-contrast": "document.querySelector('h1').style.color = '#ddd'",
    "sideways": "document.querySelector('h1').style.width = '2000px'",
    "console: told": "console.error('told')",
    "script: ": "setTimeout(() => { throw new Error('thrown') }); new Promise(done => setTimeout(done, 50))",
    "style-src .self": "document.querySelector('main').innerHTML += '<p style=\"color:red\">x</p>'",
    "script-src .self": "() => {const part = document.createElement('script'); part.text = '1'; document.body.append(part) }",
    "404: ": "fetch('/nowhere/')",
    "not loaded": "new Promise(done => { const part = new Image(); part.alt = ''; part.onerror = done;"
    " part.src = '/nowhere.png'; document.body.append(part) })",
}


@pytest.mark.parametrize("fault", by_day(FAULTS, "label: ", "color-contrast"))
def test_a_fault_is_found(people: Callable[..., Person], fault: str) -> None:
    person = people()
    person.goes_to("/contact/")
    person.looks_right()  # that a page was right before excuses nothing
    person.page.evaluate(FAULTS[fault])
    with pytest.raises(AssertionError, match=fault):
        person.looks_right()


def test_a_page_is_judged_once_in_each_state(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[str] = []
    evaluate = person.page.evaluate

    def counting(script: str, argument: Any = None) -> Any:
        if "axe.run" in script:
            judged.append(person.page.url)
        return evaluate(script, argument)

    monkeypatch.setattr(person_module, "JUDGED", set())
    monkeypatch.setattr(person.page, "evaluate", counting)
    person.goes_to("/contact/")
    person.looks_right()
    first = len(judged)
    assert first in {1, 2}, "once, or twice where the narrow page shows something else"
    person.opens_again()
    person.looks_right()
    assert len(judged) == first
    evaluate("document.querySelector('main').innerHTML += '<label>名前<input></label>'")
    person.looks_right()
    assert len(judged) > first


def test_two_controls_of_one_name_are_refused(person: Person) -> None:
    person.goes_to("/contact/")
    person.page.evaluate("document.querySelector('main').innerHTML += '<button>x</button><button>x</button>'")
    with pytest.raises(Exception, match="strict mode violation"):
        person.presses("x")
