"""The upload drop and names: whose manifest, which answer, and what people and programs call their files."""

import hashlib
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest

from daicho.drop import DropOutcome, is_waiting
from tests import kit
from tests.daicho.dropping import (
    GOOD,
    TOLD,
    answer,
    assert_refused,
    dropping,
    folder,
    left,
    one,
    put,
    set_aside,
    take,
)
from tests.homes import USER, Home, contracts

__all__ = ["dropping"]

OTHER = kit.csv_bytes(contracts("EX-0002"))
XLSX = kit.xlsx_bytes(contracts("EX-0003"), kit.layout_of(kit.ENTERPRISE))


def told(home: Home, name: str) -> dict[str, Any]:
    """The answer under the full name."""
    return json.loads((folder(home) / "answers" / f"{name}.json").read_text(encoding="utf-8"))


def what(outcomes: list[DropOutcome]) -> dict[str, str]:
    """What came of each file: its count or the code of its refusal."""
    assert [o.fault for o in outcomes] == [None] * len(outcomes)
    return {
        o.name: str(o.receipt["counted"]) if o.receipt else str(o.refusal and o.refusal.code)
        for o in outcomes
    }


def manifest(home: Home, name: str, **more: Any) -> Path:
    path = folder(home) / name
    path.write_text(json.dumps(TOLD | more), encoding="utf-8")
    return path


def nothing_left(home: Home) -> None:
    assert [name for name in left(home) if not name.startswith(("answers/", "refused/"))] == []
    assert set_aside(home) == []
    assert take(home) == []
    assert not is_waiting(home.at())


# -- two files, one manifest --------------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [0, 15])
def test_of_two_files_with_one_manifest_the_first_is_taken_and_the_other_told(
    home: Home, minutes: int
) -> None:
    """The case ``drop_same_stem``."""
    home.settings(drop_settle_seconds=0, manifest_wait_minutes=minutes)
    put(home, "order.csv", told=TOLD)
    put(home, "order.xlsx", XLSX, told=None)
    for code in (0, 0):
        assert home.cli("run", "intake", "--json").code == code
    assert told(home, "order.csv")["submission_id"] == "S00000001"
    refused = told(home, "order.xlsx")["refused"]
    assert refused["code"] == "manifest-missing"
    assert "「order.csv」のもの" in refused["message"]
    assert "「order.xlsx.json」" in refused["message"]
    assert (folder(home) / "refused" / "order.xlsx").read_bytes() == XLSX
    assert not (folder(home) / "answers" / "order.json").exists(), "it could be the answer to either"
    assert len(home.cli("status", "--json").json) == 1
    nothing_left(home)


@pytest.mark.parametrize("proof", ["size", "sha256"])
def test_the_manifest_belongs_to_the_file_that_it_describes(dropping: Home, proof: str) -> None:
    proofs = {"size": len(XLSX), "sha256": hashlib.sha256(XLSX).hexdigest()}
    put(dropping, "order.csv", told=None)
    put(dropping, "order.xlsx", XLSX, told=TOLD | {proof: proofs[proof]})
    assert what(take(dropping)) == {"order.csv": "manifest-missing", "order.xlsx": "1"}
    nothing_left(dropping)


def test_each_file_has_a_manifest_of_its_own_by_the_full_name(dropping: Home) -> None:
    put(dropping, "order.csv", told=None)
    put(dropping, "order.xlsx", XLSX, told=None)
    manifest(dropping, "order.csv.json")
    manifest(dropping, "order.xlsx.json", count=2)
    assert what(take(dropping)) == {"order.csv": "1", "order.xlsx": "count-mismatch"}
    assert (folder(dropping) / "refused" / "order.xlsx.json").exists()
    assert not (folder(dropping) / "refused" / "order.csv.json").exists()
    nothing_left(dropping)


def test_the_full_name_goes_before_the_stem(dropping: Home) -> None:
    put(dropping, "order.csv", told=TOLD | {"count": 7})
    manifest(dropping, "order.csv.json")
    put(dropping, "order.xlsx", XLSX, told=None)
    assert what(take(dropping)) == {"order.csv": "1", "order.xlsx": "count-mismatch"}, (
        "the stem's is the other's"
    )
    nothing_left(dropping)


def test_a_file_called_like_a_manifests_name_does_not_get_the_manifest_of_another(dropping: Home) -> None:
    put(dropping, "order.csv", told=None)
    put(dropping, "order.csv.csv", OTHER, told=None)
    manifest(dropping, "order.csv.json")
    assert what(take(dropping)) == {"order.csv": "1", "order.csv.csv": "manifest-missing"}
    assert told(dropping, "order.csv")["submission_id"] == "S00000001", (
        "not written over by the stem of the other"
    )
    assert told(dropping, "order.csv.csv")["refused"]["code"] == "manifest-missing"
    nothing_left(dropping)


@pytest.mark.parametrize("names", [("order.json", "order.JSON"), ("order.csv.json", "order.CSV.json")])
def test_two_manifests_for_one_file_are_a_refusal_and_not_a_guess(
    dropping: Home, names: tuple[str, str]
) -> None:
    put(dropping, "order.csv", told=None)
    for number, name in enumerate(names):
        manifest(dropping, name, count=number + 1)
    exact = "order.csv.json" in names
    assert what(take(dropping))["order.csv"] == ("1" if exact else "manifest-ambiguous"), (
        "the very name is no guess"
    )
    nothing_left(dropping)


def test_two_manifests_for_one_file_go_with_it(dropping: Home) -> None:
    put(dropping, "order.csv", told=None)
    manifest(dropping, "order.json")
    manifest(dropping, "order.Json")
    assert what(take(dropping)) == {"order.csv": "manifest-ambiguous"}
    assert {"refused/order.csv", "refused/order.json", "refused/order.Json"} < set(left(dropping))


# -- endings, letters, encodings ----------------------------------------------------------------------------


@pytest.mark.parametrize("upload", ["ORDER.CSV", "ORDER.Csv"])
@pytest.mark.parametrize("beside", ["ORDER.json", "ORDER.JSON", "ORDER.CSV.JSON", "ORDER.csv.json"])
def test_endings_in_any_case(dropping: Home, upload: str, beside: str) -> None:
    put(dropping, upload, told=None)
    manifest(dropping, beside)
    assert what(take(dropping)) == {upload: "1"}
    assert answer(dropping, upload)["file_name"] == upload
    nothing_left(dropping)


def test_a_workbook_with_a_large_ending(dropping: Home) -> None:
    put(dropping, "ORDER.XLSX", XLSX, told=None)
    manifest(dropping, "ORDER.JSON")
    assert what(take(dropping)) == {"ORDER.XLSX": "1"}


@pytest.mark.parametrize(("upload", "beside"), [("NFC", "NFD"), ("NFD", "NFC"), ("NFD", "NFD")])
@pytest.mark.parametrize("ending", [".json", ".csv.json"])
def test_a_name_from_a_mac_and_one_from_elsewhere_are_the_same(
    dropping: Home, upload: str, beside: str, ending: str
) -> None:
    name = normalize(upload, "がんばる㈱.csv")
    put(dropping, name, told=None)
    manifest(dropping, normalize(beside, "がんばる㈱") + ending)
    assert what(take(dropping)) == {name: "1"}
    assert answer(dropping, name)["submission_id"] == "S00000001", "under the name that its sender gave"
    nothing_left(dropping)


@pytest.mark.parametrize("own", [True, False])
def test_files_whose_names_look_the_same_are_two_files_with_two_answers(dropping: Home, own: bool) -> None:
    one_way, other_way = (normalize(form, "が.csv") for form in ("NFC", "NFD"))
    put(dropping, one_way, told=TOLD)
    put(dropping, other_way, OTHER, told=TOLD | {"count": 2} if own else None)
    assert what(take(dropping)) == {one_way: "1", other_way: "count-mismatch" if own else "manifest-missing"}
    assert "submission_id" in told(dropping, one_way)
    assert "refused" in told(dropping, other_way)
    nothing_left(dropping)


def test_a_telling_name_from_a_mac(dropping: Home) -> None:
    name = normalize("NFD", f"enterprise_{kit.HOLDER}_1_が.csv")
    put(dropping, name, told=None)
    assert what(take(dropping)) == {name: "1"}


def test_the_same_name_in_two_encodings_is_answered_twice(dropping: Home) -> None:
    name = f"enterprise_{kit.HOLDER}_1_台帳.csv"
    with open(os.fsencode(folder(dropping)) + b"/" + name.encode("cp932"), "wb") as stream:
        stream.write(GOOD)
    put(dropping, name, OTHER, told=None)
    outcomes = take(dropping)
    assert [o.fault for o in outcomes] == [None, None]
    assert len({o.name for o in outcomes}) == 2
    answers = [told(dropping, o.name)["sha256"] for o in outcomes]
    assert set(answers) == {hashlib.sha256(content).hexdigest() for content in (GOOD, OTHER)}
    nothing_left(dropping)


# -- names that nobody can write ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sign", ["\n", "\r", "\t", "\x07", "\x1b", "\x7f", "\x85", "\u2028", "\u202e", "\u200f", "\u061c"]
)
def test_a_control_character_in_a_name_is_refused_and_shown(dropping: Home, sign: str) -> None:
    name, shown = f"a{sign}b.csv", f"a[U+{ord(sign):04X}]b.csv"
    put(dropping, name)
    assert what(take(dropping)) == {shown: "invalid-file-name"}
    refused = told(dropping, shown)["refused"]
    assert refused["code"] == "invalid-file-name"
    assert shown in refused["message"]
    assert sign not in refused["message"]
    assert (folder(dropping) / "refused" / name).read_bytes() == GOOD, "moved under the name that it has"
    assert sign not in dropping.events("refused")[-1]["details"]["file_name"]
    nothing_left(dropping)


@pytest.mark.parametrize("sign", ["　", " ", "'", '"', "%", ":", "/"[:0] + "\\", "№", "𠮷", "㈱"])
def test_other_signs_in_names_are_fine(dropping: Home, sign: str) -> None:
    name = f"11月{sign}分.csv"
    put(dropping, name)
    assert what(take(dropping)) == {name: "1"}
    dropping.decide()
    dropping.print_papers()
    assert answer(dropping, name)["status"] == "処理完了"


def test_a_file_name_in_a_manifest_is_judged_alike(dropping: Home) -> None:
    told = TOLD | {"file_name": "a\nb.csv", "dispatch": "0" * 32}
    put(dropping, told=told, holder=f".portal/{kit.HOLDER}")
    (dropping.path / "drop" / ".portal").chmod(0o700)
    assert what(take(dropping)) == {"november.csv": "invalid-file-name"}, "even the portal's"
    ran = dropping.cli(
        "submit", str(dropping.file(contracts("EX-1"), "a\nb.csv")), "--product", "enterprise",
        "--holder", kit.HOLDER, "--user", USER, "--count", "1", "--json",
    )  # fmt: skip
    assert ran.refused == "invalid-file-name", "whatever the channel"


@pytest.mark.parametrize("length", [246, 250, 251, 255])
def test_names_as_long_as_a_disk_takes_them(dropping: Home, length: int) -> None:
    """With its manifest where that has room, by its telling name, and refused more than once."""
    name = f"enterprise_{kit.HOLDER}_1_".ljust(length - 4, "x") + ".csv"
    put(dropping, name, told=None)
    assert what(take(dropping)) == {name: "1"}
    dropping.decide()
    dropping.print_papers()
    answers = [path for path in (folder(dropping) / "answers").iterdir() if path.name.startswith(name[:230])]
    assert {json.loads(path.read_text())["status"] for path in answers} == {"処理完了"}
    if length <= 250:
        assert told(dropping, name)["file_name"] == name
    for _ in range(2):
        put(dropping, name, told=None)
        assert what(take(dropping)) == {name: "identical-upload"}
    assert len(list((folder(dropping) / "refused").iterdir())) == 2
    nothing_left(dropping)


def test_a_long_name_without_room_for_a_manifest(dropping: Home) -> None:
    name = "x" * 251 + ".csv"
    put(dropping, name, told=None)
    assert what(take(dropping)) == {name: "manifest-missing"}
    nothing_left(dropping)


# -- what is no upload --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["order.xls", "order.pdf", "order.zip", "order", "order.csv.gpg", "order.txt"]
)
def test_a_file_of_another_kind_is_told_so(dropping: Home, name: str) -> None:
    put(dropping, name, told=None)
    manifest(dropping, f"{name}.json" if name.count(".") == 1 else "order.json")
    assert name in what(take(dropping))
    assert told(dropping, name)["refused"]["code"] == "file-type"
    assert (folder(dropping) / "refused" / name).read_bytes() == GOOD
    nothing_left(dropping)


def test_a_file_of_another_kind_may_be_on_its_way_to_its_name(home: Home) -> None:
    home.settings(drop_settle_seconds=0)
    put(home, "order.csv.unknown-client", told=None)
    manifest(home, "order.csv.json")
    assert take(home) == []
    assert not is_waiting(home.at())


def test_a_manifest_without_a_file_is_told_so_when_nothing_can_be_on_the_way(dropping: Home) -> None:
    manifest(dropping, "order.json")
    (folder(dropping) / "order.csv.part").write_bytes(GOOD[:50])
    assert take(dropping) == []
    assert not is_waiting(dropping.at())
    (folder(dropping) / "order.csv.part").unlink()
    assert what(take(dropping)) == {"order.json": "upload-missing"}
    assert told(dropping, "order.json")["refused"]["code"] == "upload-missing"
    assert (folder(dropping) / "refused" / "order.json").exists()
    nothing_left(dropping)


def test_a_manifest_that_came_too_late_is_not_taken_for_the_next_file(dropping: Home) -> None:
    put(dropping, "order.csv", told=None)
    assert what(take(dropping)) == {"order.csv": "manifest-missing"}
    manifest(dropping, "order.json", count=9)
    assert what(take(dropping)) == {"order.json": "upload-missing"}
    put(dropping, "order.csv", told=None)
    manifest(dropping, "order.json")
    assert what(take(dropping)) == {"order.csv": "1"}


def a_link(path: Path, secret: Path) -> None:
    path.symlink_to(secret)


def a_hard_link(path: Path, secret: Path) -> None:
    os.link(secret, path)


def a_pipe(path: Path, _: Path) -> None:
    os.mkfifo(path)


def a_device(path: Path, _: Path) -> None:
    os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))  # zeros without end


def a_dangling_link(path: Path, secret: Path) -> None:
    path.symlink_to(secret / "nothing")


def a_link_to_itself(path: Path, _: Path) -> None:
    path.symlink_to(path)


STRANGE = [a_link, a_hard_link, a_pipe, a_device, a_dangling_link, a_link_to_itself]
Make = Callable[[Path, Path], None]


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.csv"
    path.write_bytes(OTHER)
    return path


def make_or_skip_devices(make: Make, path: Path, secret: Path) -> None:
    try:
        make(path, secret)
    except PermissionError:
        assert make is a_device, "only root can make one"
        os.mkfifo(path)


@pytest.mark.parametrize("make", STRANGE)
@pytest.mark.parametrize("with_manifest", [True, False])
def test_what_is_no_file_is_never_read_and_told_so(
    dropping: Home, secret: Path, make: Make, with_manifest: bool
) -> None:
    name = f"enterprise_{kit.HOLDER}_1_x.csv"
    make_or_skip_devices(make, folder(dropping) / name, secret)
    if with_manifest:
        manifest(dropping, f"{name}.json")
    put(dropping)
    assert what(take(dropping)) == {name: "not-a-file", "november.csv": "1"}
    assert told(dropping, name)["refused"]["code"] == "not-a-file"
    assert secret.read_bytes() == OTHER
    assert list(dropping.at().archive.hashes()) == [hashlib.sha256(GOOD).hexdigest()]
    assert os.path.lexists(folder(dropping) / "refused" / name)
    nothing_left(dropping)


def a_folder(path: Path, _: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("make", [*STRANGE, a_folder])
def test_a_manifest_that_is_no_file_is_never_read(dropping: Home, secret: Path, make: Make) -> None:
    secret.write_text(json.dumps(TOLD), encoding="utf-8")
    put(dropping, "order.csv", told=None)
    make_or_skip_devices(make, folder(dropping) / "order.json", secret)
    put(dropping)
    assert what(take(dropping)) == {"order.csv": "manifest-unreadable", "november.csv": "1"}
    assert told(dropping, "order.csv")["refused"]["code"] == "manifest-unreadable"
    assert json.loads(secret.read_text()) == TOLD
    if make is not a_folder:
        nothing_left(dropping)
    assert not is_waiting(dropping.at())
    assert take(dropping) == []


def test_a_folder_that_is_no_holder_answers_its_files(dropping: Home) -> None:
    for holder in ("backup", "12345678", "１２３４５６７８９"):
        put(dropping, holder=holder)
    assert set(what(take(dropping)).values()) == {"invalid-holder"}
    for holder in ("backup", "12345678", "１２３４５６７８９"):
        assert answer(dropping, holder=holder)["refused"]["code"] == "invalid-holder"
    assert dropping.cli("status", "--json").json == []


# -- the answers of before ----------------------------------------------------------------------------------


def test_an_answer_by_the_stem_is_taken_away_when_it_could_be_that_of_another(dropping: Home) -> None:
    put(dropping, "order.csv")
    one(dropping)
    assert (folder(dropping) / "answers" / "order.json").exists()
    put(dropping, "order.xlsx", XLSX)
    one(dropping)
    assert not (folder(dropping) / "answers" / "order.json").exists()
    dropping.decide()
    dropping.print_papers()
    assert [told(dropping, f"order.{ending}")["status"] for ending in ("csv", "xlsx")] == ["処理完了"] * 2
    assert not (folder(dropping) / "answers" / "order.json").exists()


def test_an_upload_taken_by_the_version_before_is_answered_under_both_names(dropping: Home) -> None:
    put(dropping)
    one(dropping)
    (folder(dropping) / "answers" / "november.csv.json").unlink()
    dropping.decide()
    dropping.print_papers()
    assert answer(dropping)["status"] == "処理完了"


def test_the_sender_can_only_read_the_answers(dropping: Home) -> None:
    put(dropping)
    one(dropping)
    answers = folder(dropping) / "answers"
    assert stat.S_IMODE(answers.stat().st_mode) & 0o022 == 0
    for path in answers.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o133 == 0


def test_a_wrong_manifest_is_refused_with_its_file(dropping: Home) -> None:
    put(dropping, told=b"{")
    assert_refused(dropping, one(dropping), "manifest-unreadable")
