"""The tour of ``make run``: four months of the samples through the command line, as users would live them.

Every step is a ``daicho`` command with the clock set to the instant of the sample (DAICHO_NOW), in a home of its own
that is emptied first. Progress goes to standard error, the result to standard output. What must come of each upload
stands in ``expected.csv``; exit code 1 when anything differs from it.
"""

import argparse
import contextlib
import csv
import io
import json
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

HERE = Path(__file__).resolve().parent
TOUR_HOME = HERE.parent / "var" / "tour"

MORNING = "2018-11-01T08:00:00+09:00"
EVENINGS = {
    "2018-11-02T20:30:00+09:00": "週末の照合 (end of week)",
    "2018-11-09T20:30:00+09:00": "週末の照合 (end of week)",
    "2018-11-16T20:30:00+09:00": "週末の照合 (end of week)",
    "2018-11-22T20:30:00+09:00": "祝日前の照合 (end of week, Friday is a holiday)",
    "2018-11-30T20:30:00+09:00": "月末の照合 (end of month)",
    "2018-12-28T20:30:00+09:00": "11月分の締切と確定 (cut-off of November: final ledgers and invoices)",
    "2019-01-18T20:30:00+09:00": "変更の照合 (end of week: changes)",
    "2019-02-01T20:30:00+09:00": "週末の照合、12月分の確定 (end of week, December is final)",
    "2019-02-28T20:30:00+09:00": "1月分の締切と確定 (cut-off of January: changes are billed or returned)",
}
"""Evenings on which the nightly job is run. A real home runs it on every business day; here each run takes seconds, and
what an evening left out waits for the next."""

REFUSED = "拒否"
DECISIONS = {
    "release": "事情を確かめ、期限後の受付を認めた",
    "refuse": "通知期限を過ぎており、受け付けられない",
}
"""What the desk says when it decides on a held upload."""
PAPERS = {
    "reconciliation_ledger": "照合台帳",
    "shipment_statement_check": "船積通知明細書(照合用)",
    "difference_list": "照合・確定差異一覧",
    "confirmed_ledger": "確定台帳",
    "shipment_statement": "船積通知明細書",
    "premium_statement": "保険料計算書",
    "invoice": "保険料請求書",
    "provided_data": "提供データ",
    "monitor_list": "モニタリスト",
    "finance_premiums": "経理データ",
}
UNITS = (
    "SELECT unit, COUNT(*) AS versions, SUM(GREATEST(due_total, 0)) AS charged, "
    "SUM(LEAST(due_total, 0)) AS returned, SUM(due_total) AS net "
    "FROM ledger_history WHERE stage = 'confirmed' GROUP BY unit ORDER BY right(unit, 7), unit"
)
"""What versions of each unit make due: new premiums and increases, and returns."""
LISTED = ("confirmed_ledger", "shipment_statement", "invoice")
"""Papers whose places are told one by one; of the others only how many there are."""


class TourBroken(Exception):
    """A command did what no user should ever see."""


@dataclass
class Step:
    """One upload of ``expected.csv`` and what came of it."""

    row: dict[str, str]
    submission_id: str = ""
    refusal: str = ""
    status: dict[str, Any] = field(default_factory=dict)
    findings: Counter[str] = field(default_factory=Counter)

    def differences(self) -> list[str]:
        """What is not as expected, in words; empty when all is well."""
        row = self.row
        if row["refusal"] or self.refusal:
            return _unlike("拒否", self.refusal or "なし", row["refusal"] or "なし")
        if not self.status:
            return ["受付の記録がありません"]
        found = [
            *_unlike("状況", self.status["status"], row["expected"]),
            *_unlike("保険料", str(self.status["premium_total_yen"] or 0), row["premium_total_yen"]),
            *_unlike("エラー", str(self.status["errors"]), row["errors"]),
            *_unlike("警告", str(self.status["warnings"]), row["warnings"]),
        ]
        expected = Counter(row["findings"].split())
        if self.findings != expected:
            more, less = self.findings - expected, expected - self.findings
            found.append(f"検出事項 余分 {sorted(more.elements())} 不足 {sorted(less.elements())}")
        return found


def _unlike(what: str, found: str, expected: str) -> list[str]:
    return [] if found == expected else [f"{what} {found}(期待 {expected})"]


# ------------------------------------------------------------------------------------------------ the command line
@dataclass
class CommandLine:
    """Calls ``daicho`` in one home at a chosen instant.

    The same function that the installed command calls, in this process: a hundred starts of Python would be most of
    the tour's time.
    """

    home: Path

    def __call__(self, now: str, *words: str) -> tuple[int, Any, str]:
        """Exit code, the JSON on standard output, standard error.

        Raises:
            TourBroken: on an internal fault or without readable JSON.
        """
        from daicho.cli import main as daicho

        # An environment of the caller's own must not lead the tour into another home.
        for name in [name for name in os.environ if name.startswith("DAICHO_")]:
            del os.environ[name]
        os.environ.update(DAICHO_HOME=str(self.home), DAICHO_NOW=now)
        out, said = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(said):
            try:
                code = daicho([*words, "--json"])
            except SystemExit as wrong_usage:
                code = int(wrong_usage.code or 0)
        try:
            if code in (0, 1, 2):
                return code, json.loads(out.getvalue()), said.getvalue()
        except ValueError:
            pass
        log = self.home / "tour.log"
        log.write_text(f"{out.getvalue()}\n{said.getvalue()}", encoding="utf-8")
        last = "\n".join(f"  {line}" for line in said.getvalue().strip().splitlines()[-5:])
        raise TourBroken(
            f"daicho {' '.join(words)} (DAICHO_NOW={now}) が終了コード {code} で終わりました。\n"
            f"{last}\n出力のすべて: {_short(str(log))}"
        )

    def wanted(self, now: str, *words: str) -> Any:
        """The JSON of a command that has to succeed."""
        code, answer, said = self(now, *words)
        if code:
            raise TourBroken(
                f"daicho {' '.join(words)} が終了コード {code} で終わりました。\n{answer}\n{said}"
            )
        return answer


# ------------------------------------------------------------------------------------------------ the tour
def tour(daicho: CommandLine) -> list[Step]:
    """Lives through every upload and evening in order of time."""
    steps = [Step(row) for row in _expected()]
    loaded = daicho.wanted(MORNING, "reference", "load", str(HERE / "reference"))["loaded"]
    tell(MORNING, "reference load", f"参照表 {len(loaded)}表 {sum(loaded.values())}行")
    decided = {step.row["decided_at"] for step in steps} - {""}
    for now in sorted({step.row["sent_at"] for step in steps} | decided | set(EVENINGS)):
        sent = [step for step in steps if step.row["sent_at"] == now]
        for step in sent:
            if step.row["channel"] == "cli":
                submit(daicho, step)
        if dropped := [step for step in sent if step.row["channel"] == "drop"]:
            drop(daicho, now, dropped)
        if held := [step for step in steps if step.row["decided_at"] == now]:
            decide(daicho, now, held)
        if now in EVENINGS:
            evening(daicho, now)
    return steps


def evening(daicho: CommandLine, now: str) -> None:
    """``daicho run nightly``: what is waiting, 照合 and 確定."""
    started = time.monotonic()
    processed = daicho.wanted(now, "run", "nightly")["processed"]
    uploads = sum(name.startswith("S") for name in processed)
    told = f"審査 {uploads}件" + (
        f"、台帳 {len(processed) - uploads}単位" if uploads < len(processed) else ""
    )
    tell(now, "run nightly", f"{EVENINGS[now]}: {told}  [{time.monotonic() - started:.1f}秒]")


def submit(daicho: CommandLine, step: Step) -> None:
    """``daicho submit``; a refusal is an answer, too."""
    row = step.row
    manifest = json.loads((HERE / row["file"]).with_suffix(".json").read_text(encoding="utf-8"))
    words = ["submit", str(HERE / row["file"]), "--product", row["product"], "--holder", row["holder"]]
    words += ["--user", row["user"], "--count", row["count"]]
    if manifest["remarks"]:
        words += ["--remarks", manifest["remarks"]]
    if row["resend"] == "1":
        words.append("--resend")
    _, answer, _ = daicho(row["sent_at"], *words)
    _note(step, answer)
    tell(row["sent_at"], "submit", _told(step, answer))


def drop(daicho: CommandLine, now: str, steps: Sequence[Step]) -> None:
    """Files put into the drop folder, then ``daicho run intake``; the answers lie beside them."""
    from daicho.folders import Folder
    from schemas.submission import DROP, DROP_MODE

    Folder.made_at(daicho.home / DROP, DROP_MODE).close()
    for step in steps:
        source, folder = HERE / step.row["file"], daicho.home / "drop" / step.row["holder"]
        folder.mkdir(parents=True, exist_ok=True)
        if source.with_suffix(".json").exists():
            shutil.copy(source.with_suffix(".json"), folder)
        unfinished = folder / f"{source.name}.part"
        shutil.copy(source, unfinished)
        unfinished.rename(folder / source.name)
    tell(now, "drop", f"受付フォルダに{len(steps)}ファイル(files put into the drop)")
    started = time.monotonic()
    processed = daicho.wanted(now, "run", "intake")["processed"]
    tell(now, "run intake", f"審査 {len(processed)}件  [{time.monotonic() - started:.1f}秒]")
    for step in steps:
        name = Path(step.row["file"])
        answers = daicho.home / "drop" / step.row["holder"] / "answers"
        there = [p for p in (answers / f"{name.stem}.json", answers / f"{name.name}.json") if p.exists()]
        answer = json.loads(there[0].read_text(encoding="utf-8")) if there else {}
        _note(step, answer)
        tell("", "", _told(step, answer))


def decide(daicho: CommandLine, now: str, steps: Sequence[Step]) -> None:
    """``daicho decide`` on what is held; the evening books what was released."""
    for step in steps:
        reason = DECISIONS[step.row["decision"]]
        words = ["--" + step.row["decision"], "--by", "山田", "--reason", reason]
        answer = daicho.wanted(now, "decide", step.submission_id, *words)
        tell(
            now,
            "decide",
            f"{step.row['file']} → {step.submission_id} {words[0]} {answer['status']}: {reason}",
        )


def _note(step: Step, answer: Any) -> None:
    step.refusal = answer.get("refused", {}).get("code", "")
    step.submission_id = answer.get("submission_id", "")


def _told(step: Step, answer: Any) -> str:
    if step.refusal:
        return f"{step.row['file']} → {REFUSED} {step.refusal}: {answer['refused']['message']}"
    day = f"{answer['acceptance_date']} 受理" if "acceptance_date" in answer else "返事がありません"
    return f"{step.row['file']} → {step.submission_id} {answer.get('status', '')} {day}".replace("  ", " ")


def _expected() -> list[dict[str, str]]:
    with (HERE / "expected.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


# ------------------------------------------------------------------------------------------------ the result
def result(daicho: CommandLine, steps: Sequence[Step]) -> list[str]:
    """Prints what came of everything; returns what is not as expected."""
    now = max(EVENINGS)
    known = {row["submission_id"]: row for row in daicho.wanted(now, "status")}
    found = daicho.wanted(
        now, "sql", "SELECT submission_id, record, code FROM findings ORDER BY submission_id, record, code"
    )
    for step in steps:
        step.status = known.pop(step.submission_id, {})
        step.findings = Counter(
            f"{row['record'] or 0}:{row['code']}"
            for row in found
            if row["submission_id"] == step.submission_id
        )
    faults = [f"{step.row['file']}: {fault}" for step in steps for fault in step.differences()]
    faults += [f"{submission_id}: expected.csv にない受付です" for submission_id in known]

    print("\n■ 申請・通知の結果  (what came of every upload)\n")
    header = ["", "受付番号", "ファイル", "件数", "受理日", "状況", "エラー", "警告", "保険料(円)"]
    print_table(header, [_line(step) for step in steps], right={3, 6, 7, 8})

    print("\n■ 台帳  (the ledger)\n")
    stages = daicho.wanted(
        now,
        "sql",
        "SELECT stage, product, COUNT(*) AS lines, CAST(SUM(premium_total) AS BIGINT) AS yen "
        "FROM ledger GROUP BY ALL ORDER BY ALL",
    )
    names = {"confirmed": "確定", "unconfirmed": "未確定", "withdrawn": "取消・削除"}
    rows = [
        [names.get(row["stage"], row["stage"]), row["product"], f"{row['lines']:,}", f"{int(row['yen']):,}"]
        for row in stages
    ]
    print_table(["段階", "保険種", "行数", "保険料(円)"], rows, right={2, 3})
    faults += _sums(stages, steps)

    print("\n■ 確定した単位ごとの追加と返還  (what each confirmed unit bills and returns)\n")
    units = daicho.wanted(now, "sql", UNITS)
    rows = [
        [
            row["unit"],
            f"{row['versions']:,}",
            *(f"{int(row[side]):,}" for side in ("charged", "returned", "net")),
        ]
        for row in units
    ]
    print_table(["単位", "行数", "追加(円)", "返還(円)", "差引(円)"], rows, right={1, 2, 3, 4})

    print(
        f"\n■ {now[5:7]}月{now[8:10]}日に取り出せる書類  (documents on offer at the end)\n".replace(
            "■ 0", "■ "
        )
    )
    documents = daicho.wanted(now, "outputs")
    faults += print_papers(documents)

    checked = daicho(now, "verify")
    print("\n■ 検証  (daicho verify)\n")
    print("  " + "、".join(f"{name} {count}" for name, count in checked[1]["checked"].items()))
    print("  すべて整合しています。" if checked[1]["ok"] else "  整合していないデータがあります。")
    if not checked[1]["ok"]:
        faults += [f"verify: {problem}" for problem in checked[1].get("problems", ["不整合"])]
    return faults


def _line(step: Step) -> list[str]:
    row, status = step.row, step.status
    mark = "✗" if step.differences() else "✓"
    if step.refusal:
        return [mark, "-", row["file"], row["count"], "-", f"{REFUSED} {step.refusal}", "", "", ""]
    return [
        mark,
        step.submission_id,
        row["file"],
        row["count"],
        status.get("acceptance_date", "?"),
        status.get("status", "?"),
        str(status.get("errors", "?")),
        str(status.get("warnings", "?")),
        f"{status.get('premium_total_yen') or 0:,}",
    ]


def _sums(stages: Iterable[dict[str, Any]], steps: Iterable[Step]) -> list[str]:
    """What the uploads changed, added up, is what the ledger's lines cost."""
    booked = [step for step in steps if step.row["expected"] == "処理完了" and step.status]
    expected = sum(int(step.row["premium_total_yen"]) for step in booked)
    found = sum(int(row["yen"]) for row in stages)
    return _unlike("台帳の保険料の合計", f"{found:,}", f"{expected:,}")


def print_papers(documents: Sequence[dict[str, Any]]) -> list[str]:
    """How many of each kind, and where the ledgers and invoices lie; what is missing comes back."""
    faults = []
    for kind, name in PAPERS.items():
        mine = [document for document in documents if document["kind"] == kind]
        forms = Counter(document["format"] for document in mine)
        told = "、".join(f"{form.upper()} {count}" for form, count in sorted(forms.items(), reverse=True))
        print(f"  {_padded(name, 24)}{told or 'なし'}")
        if not mine:
            faults.append(f"{name}({kind})が作られていません")
        for document in mine:
            if not Path(document["path"]).is_file():
                faults.append(f"{name}のファイルがありません: {document['path']}")
            elif kind in LISTED and document["format"] == "pdf":
                print(f"      {_short(document['path'])}")
    return faults


def _short(path: str) -> str:
    """Seen from the project's folder when it lies below it."""
    place = Path(path)
    return str(place.relative_to(HERE.parent)) if place.is_relative_to(HERE.parent) else path


# ------------------------------------------------------------------------------------------------ showing
_WEEKDAYS = "月火水木金土日"
_last_day = [""]


def tell(now: str, command: str, text: str) -> None:
    """One line of progress on standard error; a new day gets its date."""
    day = ""
    if now:
        instant = datetime.fromisoformat(now)
        day = f"{instant:%m/%d}({_WEEKDAYS[instant.weekday()]})"
        clock = f"{instant:%H:%M}"
    else:
        day, clock = _last_day[0], ""
    shown = "" if day == _last_day[0] else day
    _last_day[0] = day
    print(f"{_padded(shown, 10)}{clock:6}{command:16}{text}", file=sys.stderr, flush=True)


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]], right: set[int]) -> None:
    """A table on standard output, aligned with full-width characters counted double."""
    widths = [max(_width(row[n]) for row in [header, *rows]) for n in range(len(header))]
    for row in [header, ["-" * width for width in widths], *rows]:
        cells = (_padded(cell, widths[n], n in right) for n, cell in enumerate(row))
        print(("  " + "  ".join(cells)).rstrip())


def _width(text: str) -> int:
    return sum(
        2 if east_asian_width(character) in "FWA" and character not in "✓✗" else 1 for character in text
    )


def _padded(text: str, width: int, right: bool = False) -> str:
    blanks = " " * (width - _width(text))
    return blanks + text if right else text + blanks


def _fresh(home: Path | None) -> Iterator[Path]:
    """The tour's own folder, emptied; another one only when it is empty already."""
    if home is None:
        shutil.rmtree(TOUR_HOME, ignore_errors=True)
        home = TOUR_HOME
    elif home.exists() and any(home.iterdir()):
        raise TourBroken(f"{home} は空ではありません。空のフォルダか、まだないフォルダを指定してください。")
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    yield home.resolve()


def main() -> int:
    """0 when everything came out as expected, 1 when something differs, 2 when the tour could not be finished."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument(
        "--home", type=Path, help="an empty folder for the state (default: var/tour, emptied)"
    )
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    started = time.monotonic()
    try:
        home = next(_fresh(options.parse_args().home))
        print(
            "daicho の一巡: 見本の申請・通知を2018年11月1日から2019年2月28日の締切まで処理します。\n"
            "The samples live through four months on the command line; this takes a minute or two.\n"
            f"状態の置き場 (DAICHO_HOME): {_short(str(home))}\n",
            file=sys.stderr,
            flush=True,
        )
        daicho = CommandLine(home)
        settings = home / "settings.toml"
        settings.write_text("drop_settle_seconds = 0\n", encoding="utf-8")  # the tour drops whole files only
        faults = result(daicho, tour(daicho))
        settings.unlink()
    except TourBroken as broken:
        print(f"\n中断しました: {broken}", file=sys.stderr)
        return 2
    seconds = time.monotonic() - started
    if faults:
        print(f"\n✗ 期待と違うところが{len(faults)}件あります  (not as expected)  [{seconds:.0f}秒]\n")
        for fault in faults:
            print(f"  {fault}")
        return 1
    print(f"\n✓ すべて sample_ledgers/expected.csv のとおりです  (all as expected)  [{seconds:.0f}秒]\n")
    print("続けて見るには (look further):")
    print(f"  export DAICHO_HOME={_short(str(home))} DAICHO_NOW=2019-02-28T21:00")
    print("  .venv/bin/daicho status")
    print("  .venv/bin/daicho findings S00000012")
    print("  .venv/bin/daicho explain 18-000002-00")
    return 0


if __name__ == "__main__":
    sys.exit(main())
