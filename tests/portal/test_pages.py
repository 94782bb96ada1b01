"""What all pages share, and the project itself."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from daicho.settings import Settings, SettingsError
from portal_stub import demo, running
from portal_stub.configuration import PortalSettings, values
from schemas.submission import Refusal
from tests.portal.conftest import World
from tests.portal.pages import Part, page_of, page_without


def test_no_migration_is_missing(db: None) -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.req("S-003", "S-011")
def test_tools_are_on_every_page(world: World, visit: Callable[..., Client]) -> None:
    for client, address in ((Client(), "/login/"), (visit(world.applicant), "/menu/")):
        page = page_of(client.get(address))
        assert page.tools.links["マニュアル"] == "/manual/"
        assert page.tools.links["お問い合わせ"] == "/contact/"
        [tools] = page.tools.nodes
        printing = tools.xpath(".//button[@data-print]/text()")
        assert printing == ["画面印刷"], "shown by the script, that alone can print"
        assert page.whole.links["本文へ移動"] == "#main"
        assert page.nodes[0].get("id") == "main"
        [root] = page.whole.nodes[0].iterancestors()
        assert root.get("lang") == "ja"


@pytest.mark.req("S-019")
def test_the_current_step_is_marked(world: World, visit: Callable[..., Client]) -> None:
    page = page_of(visit(world.administrator).get("/applicant-new/"))
    [current] = page.find("[aria-current=step]")
    assert Part([current]).text == page.step == "1 入力"


def test_every_control_has_a_label(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.administrator)
    for address in (
        "/login/",
        "/password/",
        "/applicant-new/",
        "/administrator/",
        "/addresses/",
        "/access-history/",
    ):
        items = page_of(client.get(address)).fields
        assert items, address
        assert [name for name, item in items.items() if not item.label] == [], address


def test_errors_lead_to_their_item(world: World, visit: Callable[..., Client]) -> None:
    page = page_of(visit(world.administrator).post("/applicant-new/", {"step": "check"}), 422)
    goals = {Part([node]).text: node.get("href") for node in page.find("[role=alert] li a")}
    assert list(goals) == page.error_summary
    assert len(goals) >= 5
    for sentence, goal in goals.items():
        [item] = page.find(goal)
        [name] = {node.get("name") for node in item.xpath("descendant-or-self::*[@name]")}
        assert page.errors[name] == sentence


@pytest.mark.req("S-048", "S-050")
def test_contact_and_manual_open_for_everybody(db: None) -> None:
    from portal_stub.pages.models import Office

    Office.objects.create(business="操作", office="相談窓口", phone="03-0000-0000", hours="平日")
    row = page_of(Client().get("/contact/")).table("業務別のお問い合わせ先").row("操作")
    assert row == {"業務": "操作", "部署": "相談窓口", "電話番号": "03-0000-0000", "受付時間": "平日"}
    assert page_of(Client().get("/manual/")).heading == "マニュアル"


def test_an_internal_fault_shows_no_traceback(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal_stub.pages.views._notices", lambda: 1 / 0)
    reply = Client(raise_request_exception=False).get("/")
    page = page_without(reply, "ZeroDivision", "Traceback", status=500)
    assert page.heading == "システムエラーが発生しました"


def test_settings_of_a_home(tmp_path: Path) -> None:
    found = values(Settings.from_env({"DAICHO_HOME": str(tmp_path)}))
    assert found["DATABASES"]["default"]["NAME"] == str(tmp_path / "portal.db")
    key = tmp_path / "portal.secret"
    assert key.stat().st_mode & 0o777 == 0o600
    again = values(Settings.from_env({"DAICHO_HOME": str(tmp_path)}))
    assert again["SECRET_KEY"] == found["SECRET_KEY"] == key.read_text()
    url = "postgresql://me:p%40ss@db.example:5433/daicho"
    server = values(Settings.from_env({"DAICHO_HOME": str(tmp_path), "DAICHO_DATABASE_URL": url}))
    database = server["DATABASES"]["default"]
    assert (database["NAME"], database["PASSWORD"], database["PORT"]) == ("daicho", "p@ss", "5433")


@pytest.mark.parametrize(
    ("line", "message"),
    [("smpt_host = 'x'", "未知の項目「smpt_host」"), ("smtp_port = 'x'", "smtp_port"), ("=", "読めません")],
)
def test_settings_that_cannot_be_used(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "portal.toml").write_text(line, encoding="utf-8")
    with pytest.raises(SettingsError, match=message):
        PortalSettings.of(tmp_path)


def test_cookies_are_secure_behind_https(tmp_path: Path) -> None:
    (tmp_path / "portal.toml").write_text("secure_cookies = true", encoding="utf-8")
    found = values(Settings.from_env({"DAICHO_HOME": str(tmp_path)}))
    assert found["SESSION_COOKIE_SECURE"]
    assert found["CSRF_COOKIE_SECURE"]
    assert found["SESSION_COOKIE_HTTPONLY"]


def test_a_home_in_use_becomes_no_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAICHO_HOME", str(tmp_path))
    (tmp_path / "portal.db").touch()
    with pytest.raises(Refusal, match="試用環境ではありません"):
        running.demo()
    assert not (tmp_path / "portal.toml").exists()


def test_a_taken_port_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAICHO_HOME", str(tmp_path / "home"))
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(Refusal, match="--port"):
            running.serve(other.getsockname()[1], print)
    assert not (tmp_path / "home").exists()


def test_the_demo_tells_logins_that_work_and_changes_nothing_again(db: None) -> None:
    first = demo.load(running.SAMPLES)
    assert demo.load(running.SAMPLES) == first
    assert {row["login_id"] for row in first} >= {"990000001000", "990000001001", "990000002001", "desk-1"}
    for row in (first[0], first[-1]):
        reply = Client().post(row["page"], {"login_id": row["login_id"], "password": row["password"]})
        assert reply.status_code == 302


@pytest.mark.req("S-044")
def test_the_manual_names_the_browsers(client: Client) -> None:
    assert page_of(client.get("/manual/")).section("ご利用環境").sentences == [
        (
            "Microsoft Edge または Google Chrome の現行版でご利用ください。"
            "通知書などの表示にはPDFを表示できるソフトが必要です。ヘルプは別ウィンドウで開きます。"
            "JavaScriptは有効にしておくと便利ですが、なくても手続きはできます。"
        )
    ]
