"""The judgement of ``Person.looks_right`` itself: each kind of fault is found."""

from collections.abc import Callable

import pytest

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


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(people: Callable[..., Person], fault: str) -> None:
    person = people()
    person.goes_to("/contact/")
    person.page.evaluate(FAULTS[fault])
    with pytest.raises(AssertionError, match=fault):
        person.looks_right()


def test_two_controls_of_one_name_are_refused(person: Person) -> None:
    person.goes_to("/contact/")
    person.page.evaluate("document.querySelector('main').innerHTML += '<button>x</button><button>x</button>'")
    with pytest.raises(Exception, match="strict mode violation"):
        person.presses("x")
