"""アクセス履歴出力 and the outbox."""

import csv
import io
import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.core import mail as outgoing
from django.test import Client

from portal_stub.accounts.models import User
from portal_stub.history.codes import CODES
from portal_stub.history.models import AccessRecord
from portal_stub.history.recording import record
from portal_stub.history.searching import BY_TIME, BY_USER, Search, first_day
from portal_stub.mails.models import Mail, State
from portal_stub.mails.sending import post, send_due
from schemas.cells import unformulated
from sensors.windows import TOKYO
from tests.portal.conftest import HOLDER, Hand, World
from tests.portal.pages import Part, page_of

pytestmark = pytest.mark.dialect

QUERY = {"start": "2026-03-01", "end": "2026-04-30", "login_id": "", "order": "user"}
HEADER = ["操作内容", "氏名", "所属名", "役職名"]


def table(reply: Any) -> list[list[str]]:
    content = b"".join(reply.streaming_content)
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\n") == content.count(b"\r\n")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_a_login_writes_one_record(world: World, visit: Callable[..., Client], hand: Hand) -> None:
    visit(world.applicant)
    row = AccessRecord.objects.get()
    assert (row.login_id, row.code, row.at, row.name, row.department) == (
        world.applicant.login_id,
        "1-1",
        hand.at,
        "貿易 花子",
        "見本課",
    )


def test_unknown_codes_are_refused(world: World) -> None:
    assert len(CODES) == 47, "43 of the table, and four of our own"
    with pytest.raises(KeyError):
        record(world.applicant, "1-9")
    assert not AccessRecord.objects.exists()


@pytest.mark.req("G-097", "G-098", "G-099", "G-103", "G-106", "G-107", "G-108")
def test_both_orders(world: World, visit: Callable[..., Client], hand: Hand) -> None:
    record(world.applicant, "3-2")
    hand.on(minutes=1)
    record(world.administrator, "1-2")
    hand.on(minutes=1)
    record(world.applicant, "8-4")
    client = visit(world.administrator)
    AccessRecord.objects.filter(code="1-1").delete()
    by_user = table(client.get("/access-history/file/", QUERY))
    assert by_user[0] == ["WebユーザーID", "アクセス日時", *HEADER]
    assert [(row[0][-3:], row[1], row[2]) for row in by_user[1:]] == [
        ("000", "2026/04/01 09:01:00", "[1-2]パスワード変更"),
        ("001", "2026/04/01 09:00:00", "[3-2]申込み（個別新規）"),
        ("001", "2026/04/01 09:02:00", "[8-4]債権一覧表ダウンロード"),
    ]
    by_time = table(client.get("/access-history/file/", {**QUERY, "order": "time"}))
    assert by_time[0] == ["アクセス日時", "WebユーザーID", *HEADER]
    assert [row[0][-5:] for row in by_time[1:]] == ["00:00", "01:00", "02:00"]


@pytest.mark.req("G-109")
def test_words_of_the_confirmation() -> None:
    assert CODES["6-3"] == "確認証ダウンロード（個別保証枠確認証）"


@pytest.mark.req("G-104")
def test_the_person_as_it_was_then(world: World, visit: Callable[..., Client]) -> None:
    record(world.applicant, "3-2")
    User.objects.filter(pk=world.applicant.pk).update(name="改名 花子", department="別の課")
    rows = table(
        visit(world.administrator).get("/access-history/file/", {**QUERY, "login_id": f"{HOLDER}001"})
    )
    assert rows[1][3:] == ["貿易 花子", "見本課", ""]


@pytest.mark.req("G-096", "G-100")
def test_search_by_period_and_user_tells_count_and_size(
    world: World, visit: Callable[..., Client], hand: Hand
) -> None:
    for user in (world.applicant, world.enterer):
        record(user, "1-4")
    hand.on(days=2)
    record(world.applicant, "1-4")
    client = visit(world.administrator)
    AccessRecord.objects.filter(code="1-1").delete()
    page = page_of(client.get("/access-history/", {**QUERY, "login_id": f"{HOLDER}001"}))
    assert page.fields["login_id"].options["（全ユーザー指定）"] == ""
    assert page.fields["login_id"].value == f"{HOLDER}001"
    found = page.section("検索結果")
    assert found.facts["レコード件数"] == "2件"
    assert re.fullmatch(r"約\d+\xa0バイト", found.facts["想定ファイルサイズ"])
    rows = table(client.get(found.links["ダウンロード"]))
    assert [row[0] for row in rows[1:]] == [f"{HOLDER}001"] * 2
    search = Search(HOLDER, date(2026, 4, 1), date(2026, 4, 1), "", BY_USER)
    count, size = search.size(date(2026, 4, 3))
    assert count == 2
    real = len(b"".join(search.csv(date(2026, 4, 3))))
    assert real / 2 < size < real * 2


@pytest.mark.req("G-101")
def test_large_results_are_advised_against_but_given(
    world: World, visit: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = visit(world.administrator)
    assert page_of(client.get("/access-history/", QUERY)).section("検索結果").callouts == []
    monkeypatch.setattr("portal_stub.history.views.LARGE_BYTES", 10)
    found = page_of(client.get("/access-history/", QUERY)).section("検索結果")
    [advice] = found.callouts
    assert advice.startswith("想定ファイルサイズが5MBを超えています。")
    assert advice.endswith("条件を変更してデータを絞り込むことをお勧めします。")
    assert len(table(client.get(found.links["ダウンロード"]))) > 1


@pytest.mark.req("G-102")
def test_no_hit_no_button(world: World, visit: Callable[..., Client]) -> None:
    page = visit(world.administrator).get("/access-history/", {**QUERY, "login_id": f"{HOLDER}003"})
    found = page_of(page).section("検索結果")
    assert found.sentences == ["対象データがありません。条件を変更し、再度「検索」ボタンを押してください。"]
    assert found.links == {}


@pytest.mark.req("G-105", "C-036")
def test_a_year_back_and_nothing_before_the_first_day(world: World) -> None:
    assert first_day(date(2016, 10, 1)) == date(2016, 3, 22)
    assert first_day(date(2024, 2, 29)) == date(2023, 2, 28)
    for day in ((2016, 3, 21, 23, 59, 59), (2016, 3, 22), (2016, 9, 1)):
        at = datetime(*day, tzinfo=TOKYO)
        AccessRecord.objects.create(at=at, holder_code=HOLDER, login_id="x", code="1-1")
    search = Search(HOLDER, date(2010, 1, 1), date(2030, 1, 1), "", BY_TIME)
    assert search.rows(date(2017, 3, 1)).count() == 2
    assert search.rows(date(2017, 6, 1)).count() == 1


def test_nobody_elses_history(world: World, visit: Callable[..., Client]) -> None:
    record(world.applicant, "3-2")
    client = visit(world.stranger)
    rows = table(client.get("/access-history/file/", QUERY))
    assert {row[0] for row in rows[1:]} == {world.stranger.login_id}
    refused = client.get("/access-history/file/", {**QUERY, "login_id": world.applicant.login_id})
    assert refused.status_code == 422


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"start": "2026-02-30"}, "暦にある日付"),
        ({"start": ""}, "対象期間（開始日）を入力してください。"),
        ({"end": "2026-02-01"}, "開始日以後"),
        ({"order": "name"}, "出力形式を選択してください。"),
    ],
)
def test_conditions_that_are_refused(
    world: World, visit: Callable[..., Client], changes: dict[str, str], message: str
) -> None:
    page = page_of(visit(world.administrator).get("/access-history/", {**QUERY, **changes}), 422)
    [item] = changes
    assert list(page.errors) == [item]
    assert message in page.errors[item]
    assert "検索結果" not in page.headings


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "\u3000=1", "\t=1"])
def test_no_cell_becomes_a_formula(world: World, name: str) -> None:
    assert unformulated(name) == f"'{name}"
    assert unformulated("日本 太郎") == "日本 太郎"
    User.objects.filter(pk=world.applicant.pk).update(name=name)
    record(User.objects.get(pk=world.applicant.pk), "3-2")
    search = Search(HOLDER, date(2026, 4, 1), date(2026, 4, 1), world.applicant.login_id, BY_USER)
    content = b"".join(search.csv(date(2026, 4, 1))).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(content, newline="")))[1][3] == f"'{name}"


# ---------------------------------------------------------------------------------------------- outbox
@pytest.mark.req("S-037")
def test_a_mail_is_sent_once_and_its_secret_goes(world: World) -> None:
    mail = post("applicant-reset", "admin@example.com", user=world.applicant, secret="Secret-1.aa")
    assert "Secret-1.aa" not in mail.body
    assert send_due() == (1, 0)
    assert send_due() == (0, 0)
    sent = outgoing.outbox[0]
    assert "Secret-1.aa" in sent.body
    assert (sent.to, sent.from_email) == (["admin@example.com"], "web_info@daicho.invalid")
    mail.refresh_from_db()
    assert (mail.state, mail.secret) == (State.SENT, "")


def test_a_failed_mail_is_tried_again_later(
    world: World, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = post("applicant-reset", "admin@example.com", user=world.applicant, secret="x")

    def broken(self: Any) -> int:
        raise ConnectionRefusedError("no server")

    with monkeypatch.context() as broke:
        broke.setattr("django.core.mail.EmailMessage.send", broken)
        assert send_due() == (0, 1)
        assert send_due() == (0, 0), "not at once"
        mail.refresh_from_db()
        assert (mail.state, mail.attempts, mail.secret) == (State.WAITING, 1, "x")
        for _ in range(9):
            hand.on(hours=3)
            send_due()
    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.secret) == (State.GIVEN_UP, 10, "")
    hand.on(days=1)
    assert send_due() == (0, 0)


def test_a_mail_in_other_hands_is_left_alone_until_its_lease_ends(world: World, hand: Hand) -> None:
    mail = post("applicant-reset", "admin@example.com", user=world.applicant, secret="x")
    Mail.objects.update(state=State.SENDING, claimed_at=hand.at, attempts=1)
    assert send_due() == (0, 0)
    hand.on(minutes=11)
    assert send_due() == (1, 0)
    assert outgoing.outbox[0].extra_headers["Message-ID"] == mail.message_id


def test_a_text_is_not_sent_with_a_hole_in_it(world: World) -> None:
    with pytest.raises(KeyError, match="minutes"):
        post("one-time-password", "a@example.com", user=world.applicant, secret="123456")
    assert not Mail.objects.exists()


def test_a_name_with_braces_steals_no_secret(world: World) -> None:
    world.applicant.name = "{secret}"
    mail = post("one-time-password", "a@example.com", user=world.applicant, secret="123456", minutes=10)
    assert mail.body.count("{secret}") == 1


def test_the_outbox_page_exists_in_demo_homes_only(world: World, settings: Any) -> None:
    from dataclasses import replace

    post("one-time-password", "a@example.com", user=world.applicant, secret="123456", minutes=10)
    assert Client().get("/demo/mails/").status_code == 404
    settings.PORTAL = replace(settings.PORTAL, development=True)
    [mail] = page_of(Client().get("/demo/mails/")).find("article")
    assert Part([mail]).facts["宛先"] == "a@example.com"
    assert [line for line in Part([mail]).lines if line.endswith("123456")] == []
