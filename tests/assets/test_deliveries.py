"""Provided data and extracts brought to those who asked: to a folder and to a real OpenSSH server, once only."""

import getpass
import hashlib
import shutil
from pathlib import Path

import pytest

from assets import deliveries
from assets.deliveries import Deliveries, deliver_owed
from assets.ledgers import confirm_due, extract_due, reconcile_due
from daicho.settings import SettingsError
from tests import kit
from tests.homes import CUT_OFF, WEEK_OVER, Home, contracts, load_world
from tests.once import made_once
from tests.outputs.test_delivery import Server, server

__all__ = ["server"]

UNIT = f"{kit.AGREEMENT}_-_2018-11"
DATA = f"provided_data-{UNIT}_2018W45_1"


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = deliveries.deliver_with_retries
    monkeypatch.setattr(
        deliveries, "deliver_with_retries", lambda *arguments: whole(*arguments, sleep=lambda _: None)
    )


def _two_provided(folder: Path) -> None:
    world = kit.world()
    for row in world["policyholders"]:
        row["provided_data"] = "1"
    home = load_world(folder, world)
    home.booked(contracts("EX-1"))
    member = {"agreement_code": kit.MEMBER_AGREEMENT, "policyholder_code": kit.MEMBER}
    home.booked(contracts("EX-2", **member), holder=kit.MEMBER)
    reconcile_due(home.at(WEEK_OVER))


@pytest.fixture
def providing(shared: Path, tmp_path: Path) -> Home:
    """HOLDER and MEMBER asked for 提供データ; one line of each is reconciled."""
    made = made_once(shared, f"{__name__}.providing", _two_provided)
    shutil.copytree(made / "home", tmp_path / "home")
    return Home(tmp_path / "home")


def targets(home: Home, text: str) -> None:
    (home.path / "delivery.toml").write_text(text, encoding="utf-8")


def to_folder(home: Home, folder: Path, who: str = f"holders.{kit.HOLDER}") -> None:
    targets(home, f'[{who}]\ntype = "folder"\npath = "{folder}"\n')


def deliver(home: Home, now: str = WEEK_OVER) -> Deliveries:
    return deliver_owed(home.at(now))


def test_without_targets_nothing_is_delivered(providing: Home) -> None:
    assert deliver(providing) == Deliveries()
    targets(providing, "")
    assert deliver(providing) == Deliveries()


def test_provided_data_go_to_their_holder_only_and_once(providing: Home, tmp_path: Path) -> None:
    to_folder(providing, tmp_path / "out")
    assert deliver(providing) == Deliveries([DATA])
    (file,) = (tmp_path / "out").iterdir()
    content = providing.at(WEEK_OVER).documents.read(DATA)
    assert file.read_bytes() == content
    assert file.name == f"{UNIT}_2018W45_1_提供データ.csv"
    (event,) = providing.events("delivered")
    assert event["details"] == {
        "document_id": DATA,
        "place": str(file),
        "size": len(content or b""),
        "sha256": hashlib.sha256(content or b"").hexdigest(),
    }
    file.unlink()  # taken away by its receiver
    assert deliver(providing) == Deliveries()
    assert list((tmp_path / "out").iterdir()) == []


def test_extracts_go_to_finance(providing: Home, tmp_path: Path) -> None:
    confirm_due(providing.at(CUT_OFF))
    (extract,) = extract_due(providing.at(CUT_OFF))
    to_folder(providing, tmp_path / "finance", "finance")
    assert deliver(providing, CUT_OFF) == Deliveries([extract])
    (file,) = (tmp_path / "finance").iterdir()
    assert file.name == "finance_premiums_2018-12_v1.csv"
    assert file.read_bytes() == providing.at().documents.read(extract)


def test_what_expired_is_delivered_no_more(providing: Home, tmp_path: Path) -> None:
    to_folder(providing, tmp_path / "out")
    assert deliver(providing, "2018-12-10T00:00:00") == Deliveries()


def test_a_delivery_that_fails_is_kept_stops_no_other_and_is_tried_again(
    providing: Home, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_bytes(b"")
    targets(
        providing,
        f'[holders.{kit.HOLDER}]\ntype = "folder"\npath = "{tmp_path / "taken"}"\n'
        f'[holders.{kit.MEMBER}]\ntype = "folder"\npath = "{tmp_path / "member"}"\n',
    )
    done = deliver(providing)
    assert [name for name in done.delivered if kit.MEMBER_AGREEMENT in name] == done.delivered
    assert len(done.delivered) == 1
    assert list(done.failed) == [DATA]
    (event,) = providing.events("delivery-failed")
    assert (event["details"]["document_id"], event["reason"]) == (DATA, done.failed[DATA])

    (tmp_path / "taken").unlink()
    assert deliver(providing, "2018-11-12T20:30:00") == Deliveries([DATA])
    assert len(list((tmp_path / "taken").iterdir())) == 1
    assert deliver(providing, "2018-11-13T20:30:00") == Deliveries()


def test_a_crash_between_delivery_and_its_note_delivers_nothing_twice(
    providing: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to_folder(providing, tmp_path / "out")

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("daicho.store.eventlog.EventLog.record", die)
        with pytest.raises(KeyboardInterrupt):
            deliver(providing)
    (file,) = (tmp_path / "out").iterdir()
    before = file.stat()
    assert deliver(providing) == Deliveries([DATA])
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert len(providing.events("delivered")) == 1


def sftp(server: Server, **changes: str) -> str:
    entry = {
        "type": "sftp",
        "host": "127.0.0.1",
        "user": getpass.getuser(),
        "folder": str(server.folder),
        "known_hosts": str(server.known_hosts(server.port)),
        "key_file": str(server.base / "client"),
        **changes,
    }
    lines = [f'{name} = "{value}"' for name, value in entry.items()]
    return "\n".join([f"[holders.{kit.HOLDER}]", *lines, f"port = {server.port}", ""])


def test_by_sftp_to_a_real_server(providing: Home, server: Server, tmp_path: Path) -> None:
    targets(providing, sftp(server))
    assert deliver(providing) == Deliveries([DATA])
    name = f"{UNIT}_2018W45_1_提供データ.csv"
    content = providing.at(WEEK_OVER).documents.read(DATA)
    assert server.fetch(name, tmp_path / "got") == content
    assert [path.name for path in server.folder.iterdir()] == [name], "no temporary file stays"
    assert deliver(providing) == Deliveries()


def test_a_server_that_is_away_gets_it_with_the_next_run(providing: Home, server: Server) -> None:
    targets(providing, sftp(server, key_file=str(server.base / "stranger")))
    failed = deliver(providing)
    assert list(failed.failed) == [DATA]
    assert "認証" in failed.failed[DATA]
    assert list(server.folder.iterdir()) == []
    targets(providing, sftp(server))
    assert deliver(providing, "2018-11-12T20:30:00") == Deliveries([DATA])
    assert len(list(server.folder.iterdir())) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[finance\n", "delivery.toml"),
        ('[finance]\ntype = "folder"\n', "path"),
        ('[finance]\npath = "/x"\n', "type"),
        ('[finance]\ntype = "mail"\n', "type"),
        ('[holders.123456789]\ntype = "sftp"\nhost = "h"\n', "123456789"),
        ('[finance]\ntype = "sftp"\nhost = "h"\nport = "ssh"\n', "finance"),
        ('finance = "/srv/finance"\n', "finance"),
        ('holders = "/srv/out"\n', "holders"),
    ],
)
def test_targets_that_cannot_be_understood_are_named(home: Home, text: str, told: str) -> None:
    targets(home, text)
    with pytest.raises(SettingsError, match=told):
        deliver(home)
