"""保険料試算（詳細版）: somebody compares two ways to split a contract, looks at formulas, and leaves."""

from collections.abc import Callable

import pytest

from portal_stub.running import SAMPLES
from tests.homes import Home
from tests.portal.browser.conftest import NOW
from tests.portal.browser.person import Person
from tests.portal.serving import Portal


@pytest.fixture
def rates(portal: Portal) -> None:
    """The home of the portal with the tables of the samples; they go with everything else after the test."""
    loaded = Home(portal.home).command("reference", "load", str(SAMPLES), now=NOW)
    assert loaded.code == 0, loaded.err


def types_the_example(person: Person, rating: str) -> None:
    """Seed 004: 10,000,000 yen to China, 30 days before and 60 after shipment."""
    person.chooses("仕向国", "105 中華人民共和国")
    person.chooses("支払国", "105 中華人民共和国")
    person.fills("契約金額", "10,000,000")
    person.fills("FOB価額", "10,000,000")
    person.fills("船積前期間", "30")
    person.chooses("決済方法", "41 REMITTANCE xxx DAYS AFTER B/L DATE")
    person.fills("ユーザンス日数", "60")
    person.chooses("支払人の格付", rating)


@pytest.mark.req("J-006", "J-008", "J-010")
@pytest.mark.usefixtures("rates")
def test_two_branches_are_compared(person: Person) -> None:
    person.logs_in("990000001000")
    person.opens("保険料試算", "保険料試算（詳細版）")
    person.is_on("保険料試算（詳細版）")
    person.looks_right()
    person.presses("企業総合（包括）／２年未満")
    person.is_on("企業総合（包括）／２年未満")
    person.does_not_see("船前非常の料率は、仕向国と支払国のうち")
    person.page.locator("summary", has_text="仕向国").click()
    person.sees("船前非常の料率は、仕向国と支払国のうち")
    person.looks_right()
    types_the_example(person, "EA　民間企業")
    person.presses("枝追加")
    person.sees("枝2（全2枝）")
    types_the_example(person, "EF　民間企業")
    person.presses("枝後退＜")
    person.sees_typed("契約金額", "10,000,000")
    person.presses("枝前進＞")
    person.presses("保険料試算")
    person.sees("枝2　21,800円")
    told = person.page_now().section("保険料試算結果")
    assert told.facts["保険料合計"] == "40,200円"
    assert told.table("枝ごとの保険料").column("保険料（円）") == ["18,400", "21,800"]
    formula = told.table("枝2の保険料計算式").row("B 船後非常")["計算式"]
    assert formula.startswith("（0.000979 × 60日 ＋ 0.02028） → 0.079%\n10,000,000円 × 0.079% ＝ 7,900円\n")
    person.looks_right()
    person.ticks("計算対象外")
    person.presses("保険料試算")
    person.does_not_see("21,800円")
    assert person.page_now().section("保険料試算結果").facts["保険料"] == "18,400円"
    person.presses("メニュー")
    person.is_on("ユーザーページ")


@pytest.mark.night
@pytest.mark.usefixtures("rates")
def test_faults_are_shown_where_they_are(person: Person) -> None:
    person.logs_in("990000001000")
    person.goes_to("/estimate/simplified-notice/")
    person.fills("船積確定通知額", "1,2")
    person.ticks("L/C決済")
    person.presses("保険料試算")
    person.sees("入力内容を確認してください", "船積確定通知額は数字で入力してください")
    person.sees("L/C決済では、保証人のバイヤーコードか格付を入力してください。")
    person.sees_typed("船積確定通知額", "1,2")
    person.looks_right()


@pytest.mark.night
@pytest.mark.usefixtures("rates")
def test_a_notice_with_its_yearly_premium_and_what_is_not_covered(person: Person) -> None:
    person.logs_in("990000001000")
    person.goes_to("/estimate/simplified-notice/")
    person.chooses("仕向国", "105 中華人民共和国")
    person.chooses("支払国", "105 中華人民共和国")
    person.fills("支払人バイヤーコード", "105000001")
    person.fills("船積確定通知額", "10000000")
    person.chooses("決済期間区分", "3 31~60日")
    person.fills("船積前保険金支払限度額", "10,000,000")
    person.ticks("子会社等向け")
    person.presses("保険料試算")
    person.sees("船積前危険（年額）")
    told = person.page_now().section("保険料試算結果")
    assert told.facts["保険料"] == "7,900円"
    assert told.table("枝1の保険料計算式").column("保険料（円）") == ["7,900", "0"]
    assert "10,000,000円 × 0.150%（年率） ＝ 15,000円" in told.section("船積前危険（年額）").sentences
    person.looks_right()


@pytest.mark.night
@pytest.mark.req("J-006", "J-018")
@pytest.mark.usefixtures("rates")
def test_all_of_it_works_without_script_and_ends(people: Callable[..., Person]) -> None:
    person = people(scripts=False)
    person.logs_in("990000001000")
    person.goes_to("/estimate/individual-short/")
    person.page.locator("summary", has_text="FOB価額").click()
    person.sees("貨物のFOB相当額です")
    types_the_example(person, "EA　民間企業")
    person.presses("保険料試算")
    person.sees("73,200円", "10,000,000円 × 0.732%（総合料率）")
    person.looks_right()
    person.presses("終了")
    person.is_on("ログアウトしました")


@pytest.mark.night
@pytest.mark.usefixtures("portal")
def test_a_product_without_rates(person: Person) -> None:
    person.logs_in("990000001000")
    person.goes_to("/estimate/export-bill/")
    person.sees("この保険商品の料率は読み込まれていないため、試算できません。")
    person.looks_right()
