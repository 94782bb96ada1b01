"""Measures the promises of speed and memory and prints them as tables: medians of several runs, each run a process.

Peers do a comparable part of the work with other tools, floors are the least that any solution must spend (starting
Python, reading the bytes). Ratios within one run hold on a noisy machine; single seconds do not.
"""

import argparse
import contextlib
import cProfile
import io
import json
import os
import pstats
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(PROJECT))  # run as a file; the portal's part shares the tests' server

from tests.benchmarks.portal import bench_portal  # noqa: E402

BIN = Path(sys.executable).parent
NOW = "2018-11-13T10:00:00"
LINES = 100_000
LATENCY_LINES = 1_000
SHEET_LINES = 50_000


@dataclass(frozen=True)
class Measured:
    """Median wall seconds and largest resident memory (MB) of several runs of one command."""

    title: str
    seconds: float
    slowest: float
    megabytes: int


def measure(title: str, command: list[str], env: dict[str, str], runs: int) -> Measured:
    """Runs a command once to warm up, then ``runs`` times."""
    walls: list[float] = []
    peak = 0
    for n in range(runs + 1):
        begin = time.perf_counter()
        process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        code = os.waitstatus_to_exitcode(status)
        if code not in (0, 1):
            raise RuntimeError(f"{title} ended with {code}: {' '.join(command)}")
        if n:
            walls.append(wall)
            peak = max(peak, usage.ru_maxrss // 1024)
    return Measured(title, statistics.median(walls), max(walls), peak)


def show(heading: str, rows: list[Measured], promise: str) -> None:
    """One table with the promise under it."""
    print(f"\n{heading}")
    print(f"  {'':48}{'median':>9}{'slowest':>9}{'memory':>10}")
    for row in rows:
        print(f"  {row.title:48}{row.seconds:8.2f}s{row.slowest:8.2f}s{row.megabytes:7} MB")
    print(f"  promise: {promise}", flush=True)


def bench_start(env: dict[str, str], runs: int) -> None:
    """Commands that people type all day must start at once."""
    daicho = str(BIN / "daicho")
    show(
        "Start",
        [
            measure("floor: python -c pass", [sys.executable, "-c", "pass"], env, runs),
            measure("daicho --help", [daicho, "--help"], env, runs),
            measure("daicho status --json", [daicho, "status", "--json"], env, runs),
            measure("peer: dagster --help", [str(BIN / "dagster"), "--help"], env, runs),
            measure(
                "peer: python -c 'import sqlalchemy'", [sys.executable, "-c", "import sqlalchemy"], env, runs
            ),
        ],
        "--help and status under 0.5 s",
    )


def bench_check(env: dict[str, str], runs: int, folder: Path) -> None:
    """Checking a file of 100,000 enterprise lines in CP932."""
    upload = folder / "big.csv"
    daicho = str(BIN / "daicho")
    told = json.loads(
        subprocess.run(
            [
                daicho,
                "generate",
                "--product",
                "enterprise",
                "--lines",
                str(LINES),
                "--out",
                str(upload),
                "--json",
            ],
            env=env,
            check=True,
            capture_output=True,
        ).stdout
    )
    holder = holder_of(upload)
    check = [
        daicho,
        "check",
        str(upload),
        "--product",
        "enterprise",
        "--holder",
        holder,
        "--count",
        str(told["count"]),
    ]
    read = "import csv,io,pathlib,sys;t=pathlib.Path(sys.argv[1]).read_bytes().decode('cp932')"
    show(
        f"Check {told['count']:,} lines, {upload.stat().st_size / 1e6:.0f} MB CP932",
        [
            measure(
                "floor: decode, polars.read_csv as text",
                [
                    sys.executable,
                    "-c",
                    read + ";import polars as p;p.read_csv(t.encode(),infer_schema=False)",
                    str(upload),
                ],
                env,
                runs,
            ),
            measure(
                "peer: decode, csv.reader into a list",
                [sys.executable, "-c", read + ";list(csv.reader(io.StringIO(t)))", str(upload)],
                env,
                runs,
            ),
            measure("daicho check (decode, all rules, rating)", [*check, "--json"], env, runs),
        ],
        "check under 3 s and 700 MB",
    )
    show_share_outside(check)


def holder_of(upload: Path) -> str:
    """The policyholder of the first record of a generated upload."""
    lines = upload.read_bytes().decode("cp932").splitlines()
    header = lines[0].split(",")
    return lines[1].split(",")[header.index("policyholder_code")]


def show_share_outside(check: list[str]) -> None:
    """The share of time that is spent outside Polars and Delta, by a profile of one check in this process."""
    from daicho.cli import main

    profile = cProfile.Profile()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        main(check[1:])  # imports are measured by the table above
        profile.enable()
        main(check[1:])
        profile.disable()
    engine = total = 0.0
    for (file, _, name), (_, _, own, _, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        total += own
        if any(
            word in f"{file} {name}"
            for word in (
                "polars",
                "PyLazyFrame",
                "PySeries",
                "PyDataFrame",
                "PyExpr",
                "deltalake",
                "_internal",
            )
        ):
            engine += own
    print(
        f"  outside Polars/Delta: {(total - engine) / total:.0%} of {total:.2f} s in process (decoding bytes, archive, Python)"
    )


SHEET = """
import datetime, sys
import xlsxwriter
from pipelines.reading.decode import decode
from schemas.layouts import layout_of
from schemas.products import Product
source, target = sys.argv[1:]
layout = layout_of(Product.ENTERPRISE)
records = decode(open(source, "rb").read(), source, layout).records.drop("record", "line", "row")
book = xlsxwriter.Workbook(target)
sheet = book.add_worksheet()
day, money, text = (book.add_format({"num_format": form}) for form in ("yyyy/m/d", "#,##0.00", "@"))
kinds = {field.field: field.kind for field in layout.fields}
sheet.write_row(0, 0, records.columns)
for place, name in enumerate(records.columns):
    for row, cell in enumerate(records[name], 1):
        if not cell:
            sheet.write_blank(row, place, None, text)
        elif kinds[name] == "date":
            sheet.write_datetime(row, place, datetime.datetime.strptime(cell, "%Y%m%d"), day)
        elif kinds[name] == "amount":
            sheet.write_number(row, place, float(cell), money)
        else:
            sheet.write_string(row, place, cell, text)
book.close()
"""
BARE = """
import sys, fastexcel
fastexcel.read_excel(open(sys.argv[1], "rb").read()).load_sheet(0, header_row=None, dtypes="string").to_arrow()
"""
APART = """
import sys
from daicho.reading.uploads import Wanted, read
from schemas.products import Product
with open(sys.argv[1], "rb") as stream:
    read(Wanted(stream.read(), "sheet.xlsx", Product.ENTERPRISE))
"""


def bench_sheet(env: dict[str, str], runs: int, folder: Path) -> None:
    """Reading a workbook of 50,000 records, and checking one record in each form."""
    daicho = str(BIN / "daicho")

    def generated(lines: int, name: str) -> Path:
        path = folder / name
        command = [daicho, "generate", "--product", "enterprise", "--lines", str(lines), "--out", str(path)]
        subprocess.run(command, env=env, check=True, capture_output=True)
        return path

    source, target = generated(SHEET_LINES, "sheet.csv"), folder / "sheet.xlsx"
    subprocess.run([sys.executable, "-c", SHEET, str(source), str(target)], env=env, check=True, cwd=PROJECT)
    show(
        f"Read a workbook of {SHEET_LINES:,} records, {target.stat().st_size / 1e6:.0f} MB",
        [
            measure("floor: fastexcel, values alone", [sys.executable, "-c", BARE, str(target)], env, runs),
            measure(
                "daicho, as it is seen, in its process", [sys.executable, "-c", APART, str(target)], env, runs
            ),
        ],
        "2.5 times fastexcel at most",
    )
    small = generated(1, "small.csv")
    workbook = folder / "small.xlsx"
    subprocess.run([sys.executable, "-c", SHEET, str(small), str(workbook)], env=env, check=True, cwd=PROJECT)
    told = ["--product", "enterprise", "--holder", holder_of(small), "--count", "1", "--json"]
    show(
        "Check one record",
        [
            measure("daicho check of a CSV", [daicho, "check", str(small), *told], env, runs),
            measure("daicho check of a workbook", [daicho, "check", str(workbook), *told], env, runs),
        ],
        "a workbook 0.15 s more at most",
    )


MARK = """
import io, sys
import polars as pl
from outputs.marked import marked_rows, marked_workbook
from schemas.findings import SCHEMA
what, path, lines = sys.argv[1], sys.argv[2], int(sys.argv[3])
found = pl.DataFrame(
    [{"record": n, "line": n + 1, "cell": f"C{n + 1}", "field": "f", "code": "c", "severity": "error",
      "message": "直してください。", "value": "x"} for n in range(1, 30_001)], schema=SCHEMA)
if what == "make":
    rows = [[f"列{n}" for n in range(48)]] + [[f"値{n:06d}" for n in range(48)]] * lines
    open(path, "wb").write(marked_rows(rows, found.head(0), {}, {}))
elif what == "mark":
    marked_workbook(open(path, "rb").read(), found, {}, {})
elif what == "openpyxl":
    import openpyxl
    openpyxl.load_workbook(path).save(io.BytesIO())
else:
    import zipfile
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
"""


def bench_marked(env: dict[str, str], folder: Path) -> None:
    """Writing 30,000 findings into a workbook of 100,000 records of 48 columns."""
    path = str(folder / "marked.xlsx")

    def script(what: str) -> list[str]:
        return [sys.executable, "-c", MARK, what, path, str(LINES)]

    subprocess.run(script("make"), env=env, check=True, cwd=PROJECT)
    show(
        f"Findings into a workbook of {LINES:,} records",
        [
            measure("floor: pack its parts again", script("zip"), env, 1),
            measure("marked", script("mark"), env, 1),
            measure("peer: openpyxl, load and save alone", script("openpyxl"), env, 1),
        ],
        "under 30 s and 300 MB",
    )


def bench_latency(env: dict[str, str], runs: int, folder: Path) -> None:
    """From submit to a finished monitor list through the running sensor and daemon."""
    daicho = str(BIN / "daicho")
    env = {**env, "DAICHO_NOW": f"@{NOW}"}
    programs = [
        subprocess.Popen(
            [daicho, "dagster", program],
            env=env,
            cwd=PROJECT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for program in ("code-server", "daemon")
    ]
    waits: list[float] = []
    try:
        time.sleep(15)  # the code is loaded once
        for n in range(runs + 1):
            upload = folder / f"latency{n}.csv"
            generate = [
                daicho,
                "generate",
                "--product",
                "enterprise",
                "--lines",
                str(LATENCY_LINES),
                "--out",
                str(upload),
                "--seed",
                str(100 + n),
            ]
            subprocess.run(generate, env=env, check=True, capture_output=True)
            waits.append(one_latency(env, upload))
    finally:
        for program in programs:
            os.killpg(program.pid, signal.SIGINT)
        for program in programs:
            program.wait(30)
    print(f"\nSubmit to monitor list, {LATENCY_LINES:,} lines, running sensor and daemon")
    print(
        f"  median {statistics.median(waits[1:]):.1f} s, slowest {max(waits[1:]):.1f} s of {runs} (the first, {waits[0]:.1f} s, not counted)"
    )
    print("  promise: median under 15 s", flush=True)


def one_latency(env: dict[str, str], upload: Path) -> float:
    """Seconds from the submit command to the registered monitor list."""
    daicho = str(BIN / "daicho")
    holder = holder_of(upload)
    submit = [
        daicho,
        "submit",
        str(upload),
        "--product",
        "enterprise",
        "--holder",
        holder,
        "--user",
        f"{holder}001",
        "--count",
        str(LATENCY_LINES),
        "--json",
    ]
    begin = time.perf_counter()
    submission = json.loads(subprocess.run(submit, env=env, check=True, capture_output=True).stdout)[
        "submission_id"
    ]
    while time.perf_counter() - begin < 180:
        listed = subprocess.run(
            [daicho, "outputs", "--submission", submission, "--json"],
            env=env,
            check=True,
            capture_output=True,
        )
        if any(d["kind"] == "monitor_list" for d in json.loads(listed.stdout)):
            return time.perf_counter() - begin
        time.sleep(0.2)
    raise RuntimeError(f"no monitor list of {submission} within 180 s")


def main() -> int:
    """Runs all benches in a home of their own."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--only", choices=["start", "check", "sheet", "marked", "latency", "portal"])
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="daicho-bench-") as name:
        folder = Path(name)
        os.environ.update(DAICHO_HOME=str(folder / "home"), DAICHO_NOW=NOW)
        env = dict(os.environ)
        load = [str(BIN / "daicho"), "reference", "load", str(PROJECT / "sample_ledgers" / "reference")]
        subprocess.run(load, env=env, check=True, capture_output=True)
        print(
            f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, medians of {chosen.runs} runs after one warm-up"
        )
        if chosen.only in (None, "start"):
            bench_start(env, chosen.runs)
        if chosen.only in (None, "check"):
            bench_check(env, chosen.runs, folder)
        if chosen.only in (None, "sheet"):
            bench_sheet(env, chosen.runs, folder)
        if chosen.only in (None, "marked"):
            bench_marked(env, folder)
        if chosen.only in (None, "latency"):
            bench_latency(env, chosen.runs, folder)
        if chosen.only in (None, "portal"):
            bench_portal(folder, chosen.runs)
    print(f"\nlargest child: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
