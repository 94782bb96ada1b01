"""申請入力 and 通知入力 in a browser: with and without JavaScript, wide and narrow."""

from collections.abc import Callable

import pytest

from tests.portal.browser.person import Person

APPLICANT, ENTERER = "990000001001", "990000001002"
HEADER = (("部門", "E01"),)
BRANCH = (
    ("輸出契約等番号", "契-2026-001"),
    ("輸出契約等締結日", "20260325"),
    ("契約相手方バイヤーコード", "105000001"),
    ("支払人バイヤーコード", "105000001"),
    ("貨物コード", "845710"),
    ("表示通貨", "JPY"),
    ("輸出契約等元本", "12,500,000"),
)
SHIPMENT = (
    ("最終船積期日", "20260520"),
    ("船積前保険対象額", "12500000"),
    ("船積後保険対象額", "12500000"),
)


def begins(person: Person, product: str = "enterprise", kind: str = "1：新規") -> None:
    """The empty screen of a process type."""
    person.goes_to(f"/ledger/{product}/entries/new/")
    person.ticks(kind)
    person.presses("入力へ進む")


def types_a_contract(person: Person, number: str = "契-2026-001", **other: str) -> None:
    """Everything that a new contract needs; ``other`` by label."""
    for label, value in (dict((*HEADER, *BRANCH, *SHIPMENT)) | other).items():
        person.fills(label, value)
    person.fills("輸出契約等番号", number)
    if person.item("特約コード").input_value() == "":
        person.item("特約コード").select_option(index=1)
    person.item("契約形態").select_option("11")
    person.item("仕向国").select_option("105")
    person.item("支払国").select_option("105")
    person.item("決済方法表示コード（決済01）").select_option("41")
    person.fills("ユーザンス日数（決済01）", "60")
    person.fills("決済元本（決済01）", "12500000")


@pytest.mark.req("P-001", "P-005", "P-006", "P-007", "P-008", "P-022", "P-023")
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "bare"])
def test_a_contract_is_typed_saved_and_applied_for(people: Callable[..., Person], scripts: bool) -> None:
    person = people(scripts=scripts)
    person.logs_in(APPLICANT)
    person.goes_to("/ledger/enterprise/entries/new/")
    person.is_on("企業総合保険　申請入力")
    person.looks_right()
    begins(person)
    person.looks_right()
    person.presses("保存")
    person.sees("入力内容を確認してください")
    person.looks_right()
    types_a_contract(person)
    person.presses("決済を追加")
    person.sees("決済02")
    person.fills("決済元本（決済02）", "1")
    person.presses("船積No.を追加")
    person.sees("枝番00の船積02")
    person.fills("最終船積期日", "20260601")
    person.presses("枝番を追加")
    person.sees("枝番01の船積01")
    person.looks_right()
    person.sees_typed("輸出契約等番号", "契-2026-001")
    person.presses("枝番00")
    person.sees_typed("輸出契約等元本", "12,500,000")
    person.presses("船積02")
    person.sees_typed("最終船積期日", "20260601")
    person.presses("表示している船積No.を削除")
    person.is_on("本当に削除しますか？")
    person.looks_right()
    person.presses("ＯＫ")
    person.presses("決済02を削除")
    person.presses("ＯＫ")
    person.presses("枝番01")
    person.sees("枝番01の船積01")
    person.presses("表示している枝番を削除")
    person.sees("と、その下のすべてを削除します")
    person.presses("ＯＫ")
    person.sees("枝番00の船積01")
    person.does_not_see("枝番01", "船積02", "決済02")
    person.looks_right()
    person.presses("保存")
    person.is_on("企業総合保険　申請待一覧")
    person.sees("契-2026-001", "保存しました。")
    person.looks_right()
    person.presses("一括申請")
    person.is_on("企業総合保険　申請完了")
    person.sees("1件の申請が完了しました", "2026/04/06")
    person.looks_right()


@pytest.mark.night
def test_drafts_and_templates(person: Person) -> None:
    person.logs_in(APPLICANT)
    begins(person)
    person.fills("輸出契約等番号", "途中")
    person.presses("雛形保存")
    person.looks_right()
    person.fills("雛形名称", "中国向け")
    person.presses("雛形保存")
    person.is_on("企業総合保険　雛形一覧")
    person.looks_right()
    person.page.get_by_role("radio").first.check()
    person.presses("読込")
    person.sees("雛形「中国向け」を読み込みました")
    person.presses("仮保存")
    person.is_on("企業総合保険　仮保存一覧")
    person.looks_right()
    person.presses("削除")
    person.sees("1つ選択してから、「削除」を押してください。")
    person.page.get_by_role("radio").first.check()
    person.presses("削除")
    person.is_on("本当に削除しますか？")
    person.looks_right()
    person.presses("ＯＫ")
    person.sees("仮保存一覧に、保存されたものはありません。")


@pytest.mark.night
@pytest.mark.req("P-015")
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "bare"])
def test_a_notice_is_typed(people: Callable[..., Person], scripts: bool) -> None:
    person = people(scripts=scripts)
    person.logs_in(APPLICANT)
    begins(person, "simplified-notice", "2：変更")
    person.is_on("簡易通知型包括保険　通知入力")
    person.sees("通知番号_年度")
    person.looks_right()
    person.ticks("1：新規")
    person.presses("この処理種別の項目にする")
    person.does_not_see("通知番号_年度")
    person.item("通知区分(1確定/2確定前)").select_option("1")
    person.fills("船積年月", "202603")
    person.fills("契約相手方バイヤーコード", "304000001")
    person.presses("名称を表示")
    person.sees("アメリカ")
    person.looks_right()
    person.presses("保存")
    person.sees("入力内容を確認してください")
    person.looks_right()


def test_the_screen_is_walked_with_the_keyboard(person: Person) -> None:
    person.logs_in(APPLICANT)
    person.goes_to("/ledger/equipment/entries/new/")
    person.tabs_to("入力へ進む")
    person.hits("Enter")
    person.is_on("設備財包括保険　申請入力")
    person.tabs_to("部門")
    person.types("D1")
    person.tabs_to("枝番を追加")
    person.hits("Enter")
    person.sees("枝番01の船積01")
    person.sees_typed("部門", "D1")
    person.looks_right()


@pytest.mark.night
def test_who_may_only_enter_sees_no_bulk_button(person: Person) -> None:
    person.logs_in(ENTERER)
    begins(person)
    types_a_contract(person)
    person.presses("保存")
    person.is_on("企業総合保険　申請待一覧")
    person.sees("入力権限のみのため")
    person.does_not_see("「すべて検査」を押すと、審査と同じ内容を調べ、不備と保険料を表示します。一括申請")
    assert person.page.get_by_role("button", name="一括申請", exact=True).count() == 0
    person.looks_right()


@pytest.mark.night
@pytest.mark.req("A-059", "P-044")
def test_one_contract_is_confirmed_and_the_check_is_waited_for(person: Person) -> None:
    person.logs_in(APPLICANT)
    begins(person)
    types_a_contract(person, "契-2026-777")
    person.presses("検査する")
    person.sees("検査の結果")
    person.looks_right()
    person.presses("申込内容の確認へ")
    person.is_on("企業総合保険　申込内容の確認")
    person.sees("契-2026-777", "11：輸出契約")
    person.looks_right()
    person.presses("修正する")
    person.sees_typed("輸出契約等番号", "契-2026-777")
    person.presses("保存")
    person.presses("一括申込み（新規）")
    person.is_on("企業総合保険　一括入力・一括申込み")
    person.looks_right()
