"""Step 2: which items each kind asks, and what is refused (tables F-T1, F-036)."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.portal.pages import Field, page_of
from tests.portal.registration.conftest import ANSWERS, Newcomer

Make = Callable[..., Newcomer]


def inputs(reply: Any, status: int = 200) -> dict[str, Field]:
    """Items of the form of step 2 by name."""
    return page_of(reply, status).form(having="kind").fields


def errors(reply: Any) -> dict[str, str]:
    """Faults of step 2 by item, each told once more on top."""
    page = page_of(reply, 422)
    assert page.error_summary == list(page.errors.values())
    return page.errors


WANTED = {
    "head-office": set(ANSWERS["head-office"]),
    "branch": set(ANSWERS["branch"]),
    "web-user": set(ANSWERS["web-user"]),
}


@pytest.mark.req("F-027", "F-036")
@pytest.mark.parametrize("kind", WANTED)
def test_each_kind_asks_its_items(newcomer: Make, kind: str) -> None:
    reply = newcomer(kind).choose().client.get("/registration/entry/")
    assert set(inputs(reply)) == WANTED[kind]
    button = page_of(reply).form(having="kind").buttons["申込情報の確認へ"]
    assert (button.name, button.value, button.disabled) == ("step", "check", False)


def test_the_kinds_differ_as_the_catalogue_says() -> None:
    head, branch, web = (WANTED[kind] for kind in ("head-office", "branch", "web-user"))
    dropped = {"registered_same", "registered_address", "representative_title", "representative_name"}
    assert head - branch == dropped
    assert branch - head == {"head_office_code"}
    assert web - head == {"holder_code"}


@pytest.mark.req("F-024")
def test_mandatory_inputs_are_pink_from_the_start(newcomer: Make) -> None:
    items = inputs(newcomer().choose().client.get("/registration/entry/"))
    pink = {name for name, item in items.items() if item.pink or "data-either" in item.attributes}
    assert pink == {
        *(
            "name",
            "name_kana",
            "postal_code",
            "address",
            "phone",
            "representative_title",
            "representative_name",
        ),
        *("department", "title", "person_name", "person_phone", "mail", "mail_again"),
    }


MANDATORY = (
    *("name", "name_kana", "postal_code", "address", "phone", "representative_title", "representative_name"),
    *("person_name", "person_phone", "mail", "mail_again", "company_kind", "registered_same", "otp_wish"),
)


@pytest.mark.req("F-027")
@pytest.mark.parametrize("name", MANDATORY)
def test_mandatory_items_are_asked_for(newcomer: Make, name: str) -> None:
    person = newcomer().choose()
    reply = person.enter(**{name: ""})
    assert list(errors(reply)) == [name]
    assert [node.get("href") for node in page_of(reply, 422).find("[role=alert] a")] == [f"#id_{name}"]
    assert person.row.answers == {}
    kept = {other: item.value for other, item in inputs(reply, 422).items()}
    assert kept == {**{other: person.answers[other] for other in kept}, name: ""}


@pytest.mark.req("F-027", "F-034", "S-035")
@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("introducer", 50),
        ("name", 50),
        ("name_kana", 60),
        ("address", 55),
        ("representative_title", 15),
        ("representative_name", 15),
        ("department", 25),
        ("title", 50),
        ("person_name", 50),
    ],
)
def test_limits_of_table_f_t1_in_characters(newcomer: Make, name: str, limit: int) -> None:
    person = newcomer().choose()
    reply = person.enter(**{name: "見" * (limit + 1)})
    [fault] = [words for item, words in errors(reply).items() if item == name]
    assert fault.endswith(f"は{limit}文字以内で入力してください（入力された文字数: {limit + 1}）。")
    assert person.enter(**{name: "見" * limit}).status_code == 302
    assert person.row.answers[name] == "見" * limit


@pytest.mark.req("F-027", "S-035")
@pytest.mark.parametrize(
    ("name", "fits"), [("homepage", "https://" + "a" * 42), ("mail", "a" * 38 + "@new.example")]
)
def test_fifty_half_width_characters(newcomer: Make, name: str, fits: str) -> None:
    person = newcomer().choose()
    assert len(fits) == 50
    again = {"mail_again": fits} if name == "mail" else {}
    assert person.enter(**{name: fits, **again}).status_code == 302
    more = {key: f"a{value}" for key, value in {name: fits, **again}.items()}
    assert "50文字以内で入力してください" in errors(person.enter(**more))[name]
    assert "半角英数字で入力してください" in errors(person.enter(**{name: "見本"}))[name]


@pytest.mark.req("F-028", "F-029", "F-033")
def test_what_is_chosen_beforehand(newcomer: Make) -> None:
    items = inputs(newcomer().choose().client.get("/registration/entry/"))
    chosen = {name: item.values for name, item in items.items() if item.kind == "radio"}
    assert chosen == {"company_kind": ["company"], "registered_same": ["1"], "otp_wish": ["0"]}
    assert items["company_kind"].note == "輸出手形保険を利用する金融機関のみ「金融機関」を選択してください。"


@pytest.mark.req("F-029", "F-035")
def test_a_registered_address_of_its_own_must_be_typed(newcomer: Make) -> None:
    person = newcomer().choose()
    assert errors(person.enter(registered_same="0")) == {
        "registered_address": "「保険利用者所在地と異なる」を選んだときは、登記所在地を入力してください。"
    }
    [(item, fault)] = errors(person.enter(registered_same="0", registered_address="見" * 61)).items()
    assert item == "registered_address"
    assert "60文字以内" in fault
    assert person.enter(registered_same="0", registered_address="見" * 60).status_code == 302
    assert page_of(person.client.get("/registration/check/")).facts["登記所在地（異なる場合）"] == "見" * 60
    # "Same": the 所在地 with its own, shorter limit; what was typed beside it does not count.
    [(item, fault)] = errors(person.enter(address="見" * 56)).items()
    assert item == "address"
    assert "55文字以内" in fault
    assert person.enter(registered_same="1", registered_address="見" * 61).status_code == 302
    assert person.row.answers["registered_address"] == ""


@pytest.mark.req("F-030", "F-031")
def test_department_or_title(newcomer: Make) -> None:
    person = newcomer().choose()
    either = "Webユーザー（管理者）の所属名か役職名のどちらかを入力してください。"
    assert errors(person.enter(department="", title="")) == {"department": either}
    assert person.enter(department="", title="部長").status_code == 302
    assert person.enter(department="総務部", title="").status_code == 302


@pytest.mark.req("F-032")
def test_the_addresses_of_the_administrator_must_agree(newcomer: Make) -> None:
    person = newcomer().choose()
    [(item, fault)] = errors(person.enter(mail_again="other@new.example")).items()
    assert item == "mail_again"
    assert "確認用の入力が一致しません" in fault
    assert person.row.answers == {}


@pytest.mark.req("F-034")
@pytest.mark.parametrize(
    ("name", "typed", "kept"),
    [
        ("postal_code", "100-0001", "100-0001"),
        ("postal_code", "1000001", "100-0001"),
        ("postal_code", "１００－０００１", "100-0001"),
        ("postal_code", "100-001", None),
        ("postal_code", "10-00001", None),
        ("postal_code", "abc-defg", None),
        ("phone", "03-1234-5678", "03-1234-5678"),
        ("phone", "1" * 20, "1" * 20),
        ("phone", "1" * 21, None),
        ("person_phone", "03(1234)5678", None),
        ("person_phone", "03-1234-XXXX", None),
    ],
)
def test_formats_of_postal_code_and_phone(newcomer: Make, name: str, typed: str, kept: str | None) -> None:
    person = newcomer().choose()
    reply = person.enter(**{name: typed})
    if kept is None:
        assert reply.status_code == 422
        assert person.row.answers == {}
    else:
        assert person.row.answers[name] == kept


@pytest.mark.parametrize(("kind", "name"), [("branch", "head_office_code"), ("web-user", "holder_code")])
@pytest.mark.parametrize("typed", ["", "12345678", "1234567890", "12345678a"])
def test_codes_have_nine_digits(newcomer: Make, kind: str, name: str, typed: str) -> None:
    person = newcomer(kind).choose()
    assert person.enter(**{name: typed}).status_code == 422
    assert person.enter(**{name: "１２３４５６７８９"}).status_code == 302
    assert person.row.answers[name] == "123456789"


def test_half_width_kana_is_widened_and_faults_name_the_item(newcomer: Make) -> None:
    person = newcomer().choose()
    person.enter(name_kana="ｶﾌﾞｼｷｶﾞｲｼｬ")
    assert person.row.answers["name_kana"] == "カブシキガイシャ"
    [(item, fault)] = errors(person.enter(name="株式会社😀")).items()
    assert item == "name"
    assert fault.startswith("保険利用者名 漢字に使えない文字")
