"""APIトークン: made, shown once, listed, withdrawn; and when they end."""

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from portal_stub.accounts.models import Holder
from portal_stub.api import rules
from portal_stub.api.models import ApiToken
from portal_stub.history.models import AccessRecord, AuditEvent
from portal_stub.mails.models import Mail
from tests.portal.api.conftest import Program, a_token
from tests.portal.conftest import Hand, World, hidden, last_mail
from tests.portal.pages import page_of

Visit = Callable[..., Client]
TYPED = {"name": "基幹システム", "scope": "both", "last_day": "2027-04-01"}
_SHOWN = re.compile(r"daicho_[A-Za-z0-9_-]{43}")


def makes(client: Client, login_id: str, **changes: Any) -> tuple[Any, dict[str, Any]]:
    """Entry, check, confirmation; the page that shows the token, and what was confirmed."""
    typed = TYPED | {"login_id": login_id} | changes
    check = client.post("/api-token-new/", typed | {"step": "check"})
    assert page_of(check).heading == "APIトークンの発行確認"
    sent = {name: values[0] for name, values in hidden(check).items()} | {"step": "confirm"}
    return client.post("/api-token-new/", sent), sent


def test_a_token_is_shown_once_and_only_its_hash_is_kept(world: World, visit: Visit) -> None:
    client = visit(world.administrator)
    page, sent = makes(client, world.applicant.login_id)
    [shown] = _SHOWN.findall(page.content.decode())
    token = ApiToken.objects.get()
    assert token.token_hash == hashlib.sha256(shown.encode()).hexdigest()
    assert (token.user, token.holder, token.ending) == (world.applicant, world.holder, shown[-4:])
    assert page_of(page).section("このトークンが表示されるのは、いまだけです").sentences[-1] == shown
    again = client.post("/api-token-new/", sent)
    assert page_of(again).headings == ["このトークンは、すでに一度表示しました"]
    assert page_of(again).links["このトークンを無効にする"] == f"/api-tokens/{token.pk}/withdraw/"
    assert ApiToken.objects.count() == 1
    for page in (again, client.get("/api-tokens/"), client.get(f"/api-tokens/{token.pk}/withdraw/")):
        assert not _SHOWN.search(page.content.decode())
    for model in apps.get_models():
        for row in model.objects.values():
            assert shown not in str(row), model
    assert Program(shown).get("/submissions").status_code == 200


def test_making_and_withdrawing_are_in_history_log_and_mail(world: World, visit: Visit) -> None:
    client = visit(world.administrator)
    makes(client, world.applicant.login_id)
    token = ApiToken.objects.get()
    mail = last_mail("api-token-made")
    assert mail.to == world.administrator.mail
    assert "基幹システム" in mail.body
    assert world.applicant.login_id in mail.body
    assert not mail.secret
    page = page_of(client.get(f"/api-tokens/{token.pk}/withdraw/"))
    assert page.facts["名称"] == "基幹システム"
    assert page.sentences == [
        "すぐに使えなくなり、元に戻すことはできません。すでに送信された申請・通知はそのままです。"
    ]
    assert ApiToken.objects.get().withdrawn_at is None, "looking does nothing"
    assert client.post(f"/api-tokens/{token.pk}/withdraw/").status_code == 302
    client.post(f"/api-tokens/{token.pk}/withdraw/")
    done = page_of(client.get(f"/api-tokens/{token.pk}/withdrawn/"))
    assert done.heading == "APIトークンの無効化完了"
    assert done.sentences[0].startswith(f"「基幹システム」（末尾 …{token.ending}）を無効にしました。")
    assert Mail.objects.filter(kind="api-token-withdrawn").count() == 1
    assert AccessRecord.objects.filter(code="10-2", login_id=world.administrator.login_id).count() == 2
    told = AuditEvent.objects.filter(subject=str(token.pk)).values_list("event", flat=True)
    assert sorted(told) == ["api-token-made", "api-token-withdrawn"]
    row = page_of(client.get("/api-tokens/")).table().row("基幹システム")
    assert (row["状態"], row["操作"]) == ("無効\n2026/04/01 09:00", "－")


def test_the_list_tells_last_use_and_state(world: World, visit: Visit, hand: Hand) -> None:
    token, shown = a_token(world.applicant, days=3)
    client = visit(world.administrator)

    def listed(client: Client) -> tuple[str, ...]:
        row = page_of(client.get("/api-tokens/")).table().row("試験")
        return (row["状態"], row["最終利用"], row["操作"])

    assert listed(client) == ("有効", "－", "無効にする")
    Program(shown, Client(REMOTE_ADDR="192.0.2.7")).get("/submissions")
    assert listed(client)[:2] == ("有効", "2026/04/01 09:00 192.0.2.7")
    hand.on(seconds=30)
    Program(shown, Client(REMOTE_ADDR="192.0.2.7")).get("/submissions")
    token.refresh_from_db()
    assert token.last_used_at == hand.at - timedelta(seconds=30), "not every use is a write"
    Program(shown, Client(REMOTE_ADDR="192.0.2.8")).get("/submissions")
    token.refresh_from_db()
    assert (token.last_used_address, token.last_used_at) == ("192.0.2.8", hand.at)
    world.applicant.locked_until = hand.at + timedelta(minutes=1)
    world.applicant.save()
    assert listed(client)[0] == "停止中（Webユーザーが無効またはロック中）"
    hand.on(days=4)
    assert listed(visit(world.administrator)) == ("期限切れ", "2026/04/01 09:00 192.0.2.8", "－")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"last_day": "2026-03-31"}, "最長2年"),
        ({"last_day": "2028-04-02"}, "最長2年"),
        ({"last_day": "いつか"}, "暦にある日付"),
        ({"name": ""}, "名称を入力してください"),
        ({"name": "あ" * 41}, "40文字以内"),
        ({"scope": "all"}, "範囲を選び直してください"),
        ({"login_id": "987654321000"}, "一覧から選び直してください"),
        ({"login_id": "123456789901"}, "一覧から選び直してください"),
    ],
)
def test_what_is_wrong_is_told_and_kept(
    world: World, visit: Visit, changes: dict[str, str], words: str
) -> None:
    typed = TYPED | {"login_id": world.applicant.login_id, "step": "confirm", "once": "x" * 43} | changes
    page = page_of(visit(world.administrator).post("/api-token-new/", typed), 422)
    [item] = changes
    assert list(page.errors) == [item]
    assert words in page.errors[item]
    kept = {name: one.value for name, one in page.fields.items() if one.kind == "text"}
    assert kept == {name: typed[name] for name in kept}
    assert "name" in kept
    assert not ApiToken.objects.exists()


def test_the_longest_life_is_two_years_and_the_usual_one_a_year(world: World, visit: Visit) -> None:
    client = visit(world.administrator)
    assert page_of(client.get("/api-token-new/")).fields["last_day"].value == "2027-04-01"
    page, _ = makes(client, world.applicant.login_id, last_day="2028-04-01")
    assert _SHOWN.search(page.content.decode())


def test_nobody_but_the_administrator_and_only_of_the_own_holder(world: World, visit: Visit) -> None:
    token, shown = a_token(world.applicant)
    for user in (world.applicant, world.reader, world.company_reader, world.staff_supervisor):
        client = visit(user)
        for path in ("/api-tokens/", "/api-token-new/", f"/api-tokens/{token.pk}/withdraw/"):
            assert client.get(path).status_code == 403
        assert client.post(f"/api-tokens/{token.pk}/withdraw/").status_code == 403
    stranger = visit(world.stranger)
    theirs = page_of(stranger.get("/api-tokens/"))
    assert theirs.heading == "APIトークン"
    assert theirs.tables == []
    for action in ("withdraw", "withdrawn"):
        assert stranger.get(f"/api-tokens/{token.pk}/{action}/").status_code == 404
    assert stranger.post(f"/api-tokens/{token.pk}/withdraw/").status_code == 404
    for strange in ("0", "9" * 18, "9" * 30, "x", "-1", "１"):
        assert visit(world.administrator).get(f"/api-tokens/{strange}/withdraw/").status_code == 404
    assert Program(shown).get("/submissions").status_code == 200


def test_the_page_of_tokens_asks_for_the_one_time_password(world: World, visit: Visit) -> None:
    Holder.objects.update(otp_required=True)
    assert visit(world.administrator).get("/api-tokens/").status_code == 403
    assert visit(world.administrator, otp=True).get("/api-tokens/").status_code == 200


def test_a_holder_has_so_many_tokens_at_most(
    world: World, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST_TOKENS", 2)
    first, _ = a_token(world.applicant)
    a_token(world.applicant)
    client = visit(world.administrator)
    page, _ = makes(client, world.applicant.login_id)
    full = page_of(page, 409)
    assert full.heading == "APIトークンを発行できません"
    assert full.sentences[0].startswith("同時に使えるAPIトークンは2件までです。")
    rules.withdraw_token(world.administrator, first)
    page, _ = makes(client, world.applicant.login_id)
    assert _SHOWN.search(page.content.decode())


def test_a_changed_choice_is_checked_again(world: World, visit: Visit) -> None:
    client = visit(world.administrator)
    typed = TYPED | {"login_id": world.applicant.login_id}
    page = page_of(client.post("/api-token-new/", typed | {"step": "edit"}))
    assert {name: one.value for name, one in page.form(having="scope").fields.items()} == typed
    assert not ApiToken.objects.exists()
