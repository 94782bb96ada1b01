"""Every command of the contract: the shape of its JSON, its exit codes, and standard output kept clean."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from daicho.cli.commands import COMMANDS
from daicho.cli.parser import JOBS, PRODUCTS
from tests import kit
from tests.homes import CUT_OFF, LINE_YEN, TUESDAY, USER, WEEK_OVER, Home, contracts

FINDING = {
    "record": int,
    "line": int,
    "cell": type(None),
    "field": str,
    "code": str,
    "severity": str,
    "message": str,
    "value": str,
}
STATUS = [
    *("submission_id", "product", "holder", "user", "file_name", "declared_count", "received_at"),
    *("acceptance_date", "status", "held", "errors", "warnings", "premium_total_yen"),
]
OUTPUT = ["document_id", "kind", "format", "path", "sha256", "holder", "created_at", "expires_at"]
UPLOAD = ("--product", "enterprise", "--holder", kit.HOLDER)


def sent(home: Home, *more: str, rows: list[kit.Row] | None = None, now: str = TUESDAY) -> dict[str, Any]:
    """One upload through the command line; its answer."""
    rows = rows or contracts("EX-0001")
    file = home.file(rows, f"{rows[0]['export_contract_no']}.csv")
    ran = home.cli(
        "submit", str(file), *UPLOAD, "--user", USER, "--count", str(len(rows)), "--json", *more, now=now
    )
    assert ran.code == 0, ran.err
    return ran.json


def test_reference_load_tells_the_rows_of_each_table(empty_home: Home, tmp_path: Path) -> None:
    folder = kit.write_reference(tmp_path / "tables", kit.world())
    ran = empty_home.cli("reference", "load", str(folder), "--json")
    assert (ran.code, ran.json) == (0, {"loaded": {name: len(rows) for name, rows in kit.world().items()}})
    again = empty_home.cli("reference", "load", str(folder), "--json")
    assert again.json == ran.json
    assert empty_home.at().reference.current_load() == 2, "the built-in tables and one load"


def test_submit_tells_number_status_and_the_two_days(home: Home) -> None:
    assert sent(home) == {
        "submission_id": "S00000001",
        "status": "処理中",
        "received_at": "2018-11-06T10:00:00+09:00",
        "acceptance_date": "2018-11-06",
    }
    evening = sent(home, rows=contracts("EX-0002"), now="2018-11-06T18:00:00")
    assert evening == {
        "submission_id": "S00000002",
        "status": "受付前",
        "received_at": "2018-11-06T18:00:00+09:00",
        "acceptance_date": "2018-11-07",
    }


def test_check_tells_everything_and_keeps_nothing(home: Home) -> None:
    file = home.file([*contracts("EX-0001"), *contracts("EX-0002", payer_code="999999999")])
    before = _everything(home.path)
    ran = home.cli("check", str(file), *UPLOAD, "--count", "2", "--json")
    assert ran.code == 1
    assert ran.json.keys() >= {"records", "findings", "premium_total_yen"}
    assert (ran.json["records"], ran.json["premium_total_yen"]) == (2, 0)
    (found,) = [f for f in ran.json["findings"] if f["code"] == "buyer-unregistered"]
    assert {name: type(value) for name, value in found.items()} == FINDING
    assert (found["record"], found["line"], found["field"], found["value"]) == (
        2,
        3,
        "payer_code",
        "999999999",
    )
    assert found["severity"] == "error"
    assert "海外商社登録" in found["message"], "the remedy is told"
    assert _everything(home.path) == before

    good = home.cli("check", str(home.file(contracts("EX-0001"))), *UPLOAD, "--count", "1", "--json")
    assert (good.code, good.json["findings"], good.json["premium_total_yen"]) == (0, [], LINE_YEN)


def test_run_tells_what_it_processed(home: Home) -> None:
    numbers = [sent(home, rows=contracts(f"EX-{n}"))["submission_id"] for n in range(2)]
    ran = home.cli("run", "intake", "--json")
    assert ran.code == 0
    assert list(ran.json) == ["job", "run_id", "processed"]
    assert (ran.json["job"], ran.json["processed"]) == ("intake", numbers)
    assert len(ran.json["run_id"]) == 36
    again = home.cli("run", "intake", "--json")
    assert (again.code, again.json["processed"]) == (0, [])
    # Without a name it is the night, which also puts lines on ledgers.
    night = home.cli("run", "--json", now=WEEK_OVER)
    assert (night.json["job"], night.json["processed"]) == ("nightly", ["111111101_-_2018-11"])
    confirm = home.cli("run", "confirm", "--json", now=CUT_OFF)
    assert (confirm.json["job"], confirm.json["processed"]) == ("confirm", ["111111101_-_2018-11"])
    assert home.cli("run", "reconcile", "--json", now=CUT_OFF).json["processed"] == []


def test_status_of_one_and_of_all(home: Home) -> None:
    home.booked(contracts("EX-0001"), remarks="契約発効日 2018-11-01")
    sent(home, rows=contracts("EX-0002", process_type="9"))
    home.decide()
    sent(home, rows=contracts("EX-0003"), now="2018-11-06T18:00:00")
    ran = home.cli("status", "--json")
    assert ran.code == 0
    common = {
        "product": "enterprise",
        "holder": kit.HOLDER,
        "user": USER,
        "declared_count": 1,
        "held": False,
    }
    accepted = {"received_at": "2018-11-06T10:00:00+09:00", "acceptance_date": "2018-11-06"}
    assert ran.json == [
        {
            "submission_id": "S00000001",
            **common,
            "file_name": "upload.csv",
            **accepted,
            "status": "処理完了",
            "errors": 0,
            "warnings": 0,
            "premium_total_yen": LINE_YEN,
        },
        {
            "submission_id": "S00000002",
            **common,
            "file_name": "EX-0002.csv",
            **accepted,
            "status": "申請内容要確認",
            "errors": 1,
            "warnings": 0,
            "premium_total_yen": None,
        },
        {
            "submission_id": "S00000003",
            **common,
            "file_name": "EX-0003.csv",
            "received_at": "2018-11-06T18:00:00+09:00",
            "acceptance_date": "2018-11-07",
            "status": "受付前",
            "errors": None,
            "warnings": None,
            "premium_total_yen": None,
        },
    ]
    assert list(ran.json[0]) == STATUS
    assert home.cli("status", "S00000002", "--json").json == [ran.json[1]]


def test_findings_as_json_and_csv(home: Home) -> None:
    sent(home, rows=contracts("EX-0001", process_type="9"))
    home.decide()
    ran = home.cli("findings", "S00000001", "--json")
    assert ran.code == 0
    (found,) = ran.json
    assert {name: type(value) for name, value in found.items()} == FINDING
    assert (found["record"], found["line"], found["code"], found["value"]) == (1, 2, "process-type", "9")
    csv = home.cli("findings", "S00000001", "--csv")
    assert csv.out.splitlines()[0] == ",".join(FINDING)
    assert len(csv.out.splitlines()) == 2
    sent(home, rows=contracts("EX-0002"))
    assert home.cli("findings", "S00000002", "--json").json == [], "not processed yet"


def test_findings_of_a_spreadsheet_name_the_cell(home: Home) -> None:
    rows = contracts("EX-0001", process_type="9")
    file = home.path.parent / "upload.xlsx"
    file.write_bytes(kit.xlsx_bytes(rows, kit.layout_of(kit.ENTERPRISE)))
    ran = home.cli("check", str(file), *UPLOAD, "--count", "1", "--json")
    assert [(f["code"], f["cell"], f["line"]) for f in ran.json["findings"]] == [("process-type", "A2", 2)]


def test_ledger_tells_layout_fields_and_figures(home: Home) -> None:
    home.booked(contracts("EX-0001", "EX-0002"))
    ran = home.cli("ledger", "--json")
    assert ran.code == 0
    first, second = ran.json
    for name in kit.layout_of(kit.ENTERPRISE).names:
        assert name in first
    assert {name: first[name] for name in FIGURES} == FIGURES
    assert second["application_no"] == "18-000002-00"
    assert first["export_contract_no"] == "EX-0001"
    assert first["payer_code"] == kit.buyer("EA")
    assert (first["contract_amount"], first["last_shipment_date"]) == ("10000000", "20181206")
    as_csv = home.cli("ledger", "--csv").out.splitlines()
    assert as_csv[0].split(",") == list(first)
    assert len(as_csv) == 3


FIGURES = {
    "application_no": "18-000001-00",
    "history_no": "00",
    "acceptance_date": "2018-11-06",
    "country_category": "C",
    "country_category_pre": "C",
    "buyer_rating": "EA",
    "days_pre": 30,
    "days_post": 60,
    "rate_a": "0.026",
    "rate_b": "0.079",
    "rate_c": "0.003",
    "rate_d": "0.076",
    "insured_amount_a": 8_000_000,
    "insured_amount_b": 9_750_000,
    "insured_amount_c": 8_000_000,
    "insured_amount_d": 9_000_000,
    "premium_a": 2_600,
    "premium_b": 7_900,
    "premium_c": 300,
    "premium_d": 7_600,
    "premium_total": LINE_YEN,
    "change_notice_limit": "2019-05-05",
    "stage": "unconfirmed",
}


def test_outputs_tell_path_and_hash_and_can_be_filtered(home: Home) -> None:
    import hashlib

    sent(home)
    home.cli("run", "intake")
    ran = home.cli("outputs", "--json")
    assert ran.code == 0
    assert [(row["kind"], row["format"]) for row in ran.json] == [
        ("findings_report", "csv"),
        ("ledger_file", "csv"),
        ("monitor_list", "pdf"),
        ("receipt", "pdf"),
        ("receipt", "pdf"),
    ]
    for row in ran.json:
        assert list(row) == OUTPUT
        assert hashlib.sha256(Path(row["path"]).read_bytes()).hexdigest() == row["sha256"]
        assert row["holder"] == kit.HOLDER
        assert row["created_at"] == "2018-11-06T10:00:00+09:00"
    assert [row["expires_at"] for row in ran.json] == [*["2018-12-07T00:00:00+09:00"] * 3, None, None]
    assert home.cli("outputs", "--submission", "S00000001", "--json").json == ran.json
    assert home.cli("outputs", "--submission", "S00000009", "--json").json == []
    assert home.cli("outputs", "--holder", kit.HOLDER, "--date", "2018-11-06", "--json").json == ran.json
    assert home.cli("outputs", "--holder", kit.MEMBER, "--json").json == []
    assert home.cli("outputs", "--date", "2018-11-07", "--json").json == []


def test_verify_of_an_orderly_home(home: Home) -> None:
    home.booked(contracts("EX-0001", "EX-0002"))
    ran = home.cli("verify", "--json")
    assert (ran.code, ran.json["ok"], ran.json["problems"]) == (0, True, [])
    checked = ran.json["checked"]
    assert (checked["receipts"], checked["journal_rows"], checked["premiums_recomputed"]) == (1, 2, 2)
    assert checked["premium_total_yen"] == 2 * LINE_YEN


def test_generate_gives_a_file_that_passes_its_own_check(home: Home, tmp_path: Path) -> None:
    out = tmp_path / "trial.csv"
    ran = home.cli(
        *("generate", "--product", "enterprise", "--lines", "20", "--out", str(out), "--seed", "7", "--json")
    )
    assert (ran.code, ran.json) == (0, {"path": str(out), "count": 20})
    holder = home.cli("sql", "select holder from reference_agreements where product = 'enterprise'", "--json")
    lines = out.read_bytes().decode("cp932").splitlines()
    assert len(lines) == 21
    place = lines[0].split(",").index("policyholder_code")
    (owner,) = {line.split(",")[place] for line in lines[1:]}
    assert {"holder": owner} in holder.json
    check = home.cli(
        "check", str(out), "--product", "enterprise", "--holder", owner, "--count", "20", "--json"
    )
    assert [f for f in check.json["findings"] if f["severity"] == "error"] == []
    assert check.code == 0
    again = tmp_path / "again.csv"
    home.cli("generate", "--product", "enterprise", "--lines", "20", "--out", str(again), "--seed", "7")
    assert again.read_bytes() == out.read_bytes(), "the same seed gives the same file"


def test_every_command_for_people_says_something_in_japanese(home: Home) -> None:
    sent(home)
    home.cli("run", "intake")
    for arguments in (
        ("status",),
        ("findings", "S00000001"),
        ("ledger",),
        ("explain", "18-000001"),
        ("outputs",),
        ("sql", "select 1 as 番号"),
        ("verify",),
        ("check", str(home.file(contracts("EX-0009"))), *UPLOAD, "--count", "1"),
    ):
        ran = home.cli(*arguments)
        assert ran.code == 0, (arguments, ran.err)
        assert any(char > "぀" for char in ran.out + ran.err), arguments


JSON_COMMANDS: list[tuple[str, ...]] = [
    ("status",),
    ("status", "S00000001"),
    ("findings", "S00000001"),
    ("ledger",),
    ("explain", "18-000001"),
    ("outputs",),
    ("sql", "select 1 as one"),
    ("expected",),
    ("expected", "--mail"),
    ("verify",),
]


def test_json_of_every_command_is_one_document_and_nothing_else(home: Home) -> None:
    home.booked(contracts("EX-0001"))
    for arguments in JSON_COMMANDS:
        ran = home.cli(*arguments, "--json")
        assert ran.code == 0
        decoder = json.JSONDecoder()
        _, end = decoder.raw_decode(ran.out)
        assert ran.out[end:].strip() == "", arguments


@pytest.mark.slow
def test_run_as_a_process_keeps_standard_output_to_one_document(home: Home) -> None:
    # Dagster logs by itself; it must not reach standard output, whatever fails or not.
    sent(home)
    ran = home.command("run", "--json")
    assert (ran.code, ran.json["processed"]) == (0, ["S00000001"])
    assert "nightly を開始します" in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("unknown",),
        ("submit",),
        ("submit", "x.csv", "--product", "enterprise"),
        ("check", "x.csv", *UPLOAD),
        ("run", "weekly"),
        ("decide", "S00000001", "--by", "a", "--reason", "b"),
        ("decide", "S00000001", "--release", "--refuse", "--by", "a", "--reason", "b"),
        ("reference", "unload", "x"),
        ("reference", "load"),
        ("ledger", "--product", "textiles"),
        ("generate", "--product", "enterprise", "--lines", "0", "--out", "x.csv"),
        ("generate", "--product", "enterprise", "--lines", "1", "--out", "x.csv", "--defects", "2"),
        ("status", "--jsn"),
    ],
)
def test_wrong_usage_ends_with_2_and_a_hint(home: Home, arguments: tuple[str, ...]) -> None:
    before = _everything(home.path)
    ran = home.cli(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("使い方: daicho")
    assert "--help" in ran.err
    assert not english(ran.err), ran.err
    assert _everything(home.path) == before


ENGLISH = re.compile(r"\b(?:[A-Za-z]{2,}[.:]? ){2,}[a-z]{2,}\b")
"""Three words in a row, two of them with blanks behind: names of options and commands are none."""


def english(said: str) -> list[str]:
    """What reads as a sentence in English; commands, options and quotations of what was typed do not."""
    return [
        found[0]
        for line in said.splitlines()
        if not line.startswith(("使い方", " "))
        for found in ENGLISH.finditer(line)
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "次の指定が要ります: コマンド"),
        (("submit", "x.csv"), "次の指定が要ります: --product, --holder, --count, --user"),
        (("foo",), "コマンド の 'foo' は選べません"),
        (("status", "a", "b"), "知らない指定です: b"),
        (("check", "x.csv", "--count"), "--count に値がありません"),
        (
            ("generate", "--product", "enterprise", "--lines", "a", "--out", "x.csv"),
            "--lines の 'a' は数ではありません",
        ),
        (("status", "--json=3"), "--json に値 '3' は付けられません"),
        (
            ("decide", "S1", "--by", "a", "--reason", "b"),
            "次のどれか1つを指定してください: --release --refuse",
        ),
        (
            ("decide", "S1", "--release", "--refuse", "--by", "a", "--reason", "b"),
            "--refuse と --release は一緒に",
        ),
        (
            ("check", "/nowhere/x.csv", *UPLOAD, "--count", "1"),
            "「/nowhere/x.csv」を読めません(見つかりません)",
        ),
        (("check", "/", *UPLOAD, "--count", "1"), "「/」を読めません(フォルダです)"),
        (("sql", "SELEC"), "「SELEC」の近くの書き方が正しくありません"),
        (("sql", "SELECT x FROM findings"), "「x」はありません"),
        (("sql", "SELECT * FROM nosuch"), "「nosuch」はありません"),
        (("sql", "SELECT"), "SQLの書き方を確かめてください"),
    ],
)
def test_what_is_wrong_is_said_in_japanese(home: Home, arguments: tuple[str, ...], says: str) -> None:
    ran = home.cli(*arguments)
    assert ran.code == 2
    assert says in ran.err
    assert not english(ran.err), ran.err


def test_the_help_is_japanese() -> None:
    ran = Home(Path("/nonexistent")).cli("submit", "--help")
    assert "この説明を表示して終わる" in ran.out
    assert not english(ran.out), ran.out


def test_help_names_every_command() -> None:
    home = Home(Path("/nonexistent"))
    ran = home.cli("--help")
    assert ran.code == 0
    for command in COMMANDS:
        assert command in ran.out
        assert home.cli(command, "--help").code == 0
    assert set(COMMANDS) == {
        *("reference", "submit", "check", "run", "status", "findings", "decide", "ledger", "explain"),
        *("expected", "outputs", "reissue", "sql", "generate", "verify", "portal", "dagster"),
    }
    assert set(JOBS) == {"nightly", "intake", "reconcile", "confirm"}
    assert set(PRODUCTS) == {"enterprise", "equipment", "consumer-goods", "simplified-notice"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("status", "S00000099"),
        ("findings", "S00000099"),
        ("decide", "S00000099", "--release", "--by", "山田", "--reason", "確認済み"),
    ],
)
def test_an_unknown_submission_is_refused(home: Home, arguments: tuple[str, ...]) -> None:
    assert home.cli(*arguments, "--json").refused == "unknown-submission"


def test_other_unknown_things_are_refused(home: Home, tmp_path: Path) -> None:
    assert home.cli("explain", "18-000009", "--json").refused == "unknown-application"
    assert home.cli("ledger", "--as-of", "昨日", "--json").refused == "invalid-instant"
    assert home.cli("outputs", "--date", "2018-13-01", "--json").refused == "invalid-instant"
    arguments = ("generate", "--product", "enterprise", "--lines", "1", "--out", str(tmp_path / "x.txt"))
    assert home.cli(*arguments, "--json").refused == "file-type"
    assert not (tmp_path / "x.txt").exists()


def _everything(folder: Path) -> dict[str, bytes]:
    """Every file of a home with its bytes; SQLite's own side files come and go."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }
