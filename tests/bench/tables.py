# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The rows of bench.py about tables: csv, JSON lines and packed csv in, csv and numbers as text out, against what people use
for them: DuckDB and polars (from npm, by peer_tables.mjs), pandas, jq, Python's json, zcat with awk.

The numbers of the tables are multiples of 1/64, so that every order of adding them gives the same sum. Peers are timed without
the start of their interpreter, except jq and awk, which are the program.
"""
import gzip
import pathlib
import shutil
import subprocess
import sys

import numpy

from forms import HERE, write_job
from helpers import remove
from texts import CSV, BYTES, ROW_BYTES, TURNS, is_there, make_csv, need, same_bytes, sum_job

PACKAGES = ("@duckdb/node-api@1.5.6-r.1", "nodejs-polars@0.25.2", "nodejs-polars-linux-x64-gnu@0.25.2")
LINES, LINE_BYTES = 1_000_000, 100
JSONL, RESULT, PEER_RESULT = "large.jsonl", "tables_result", "tables_peer"
KEPT_ROWS, PACKED_ROWS = 6_000_000, 3_000_000
KEPT, PACKED, MEMBERS = "kept.csv", "one.csv.gz", "members.csv.gz"
INTEGERS, FLOATS = 10**8, 3 * 10**7


# ---- DuckDB and polars ----

def packages_of(bench):
    """The folder that npm installs them into; None, which is said once, where that cannot be."""
    folder = pathlib.Path("npm").resolve()
    if not hasattr(bench, "packages"):
        bench.packages = folder
        if shutil.which("npm") is None or shutil.which("node") is None:
            bench.packages = None
            print("npm is not installed: the rows against DuckDB and polars are left out")
        elif not (folder / "node_modules" / "nodejs-polars").exists():
            folder.mkdir(exist_ok=True)
            done = subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), *PACKAGES],
                                  capture_output=True, text=True, check=False)
            if done.returncode != 0:
                bench.packages = None
                print(f"npm could not install DuckDB and polars, whose rows are left out: {done.stderr.strip()[:200]}")
    return bench.packages


def against_node(bench, task, what, ours, items, path, workers, target):
    """ours(): seconds and the result; that of the peer is a number that it prints, or a file of the same rows."""
    for library in ("duckdb", "polars"):
        name = f"{what}, {library}"
        if bench.args.only not in name or packages_of(bench) is None:
            continue
        theirs = ["node", str(HERE / "peer_tables.mjs"), str(packages_of(bench)), library, task, str(workers), path, PEER_RESULT,
                  str(items)]

        def run_theirs():
            said = bench.run(theirs)[1].split()
            return float(said[0]), float(said[1]) if len(said) > 1 else count_lines(PEER_RESULT)

        times = bench.pairs(ours.run, run_theirs, lambda a, b: a == b, TURNS, (ours.path or PEER_RESULT, PEER_RESULT))
        bench.row(name, items, times, target, (ours.command, theirs))
    remove(PEER_RESULT)


def count_lines(path):
    with open(path, "rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


class Ours:
    """pengine on a job: seconds, and the sum that it prints or the number of lines that it wrote."""

    def __init__(self, bench, job, path=None):
        self.bench, self.path = bench, path
        self.command = bench.pengine(job)

    def run(self):
        seconds, text = self.bench.run(self.command)
        return seconds, float(text.split()[1]) if self.path is None else count_lines(self.path)


# ---- the rows ----

def sum_of_columns(bench, workers):
    bench.title(f"Sum of two columns of a csv of {BYTES // 10**6} MB, {workers} threads (rows/s)")
    rows = (BYTES - 6) // ROW_BYTES
    what = "csv: sum of two columns"
    if not any(bench.args.only in f"{what}, {library}" for library in ("duckdb", "polars")) or packages_of(bench) is None:
        return
    need(CSV, 6 + rows * ROW_BYTES, lambda: make_csv(CSV, rows))
    against_node(bench, "sum", what, Ours(bench, sum_job(CSV)), rows, CSV, workers, 2)


PANDAS_KEEP = ("import sys, time, pandas; begin = time.perf_counter(); d = pandas.read_csv(sys.argv[1]); "
               "d.assign(w=d.x * d.z).to_csv(sys.argv[2], index=False); print(time.perf_counter() - begin)")


def csv_to_csv(bench, workers):
    """All columns and a new one; the price of the old ones is the row against the same job without them."""
    bench.title(f"csv to csv of {KEPT_ROWS:,} rows, all columns and x*z, {workers} threads (rows/s)")
    what = "csv to csv with all columns"
    names = [f"{what}, {peer}" for peer in ("without keep", "pandas", "duckdb", "polars")]
    if not any(bench.args.only in name for name in names):
        return
    need(KEPT, 6 + KEPT_ROWS * ROW_BYTES, lambda: make_csv(KEPT, KEPT_ROWS))
    output = f"{RESULT}.csv"
    kernel = 'expr = "x*z"'
    inputs = [f'path = "{KEPT}"']
    alone = Ours(bench, write_job("alone", "starmap", inputs, kernel, f'path = "{output}"\nnames = ["w"]'), output)
    ours = Ours(bench, write_job("keep", "starmap", inputs, kernel, f'path = "{output}"\nnames = ["w"]\nkeep = "all"'), output)
    if bench.args.only in names[0]:
        times = bench.pairs(ours.run, alone.run, lambda a, b: a == b, TURNS, (output, output))
        bench.row(names[0], KEPT_ROWS, times, 0.7, (ours.command, alone.command))
    if bench.args.only in names[1]:
        theirs = [sys.executable, "-c", PANDAS_KEEP, KEPT, PEER_RESULT]

        def run_theirs():
            return float(bench.run(theirs)[1]), count_lines(PEER_RESULT)

        times = bench.pairs(ours.run, run_theirs, lambda a, b: a == b, 1, (output, PEER_RESULT))
        bench.row(names[1], KEPT_ROWS, times, 2, (ours.command, theirs))
    against_node(bench, "keep", what, ours, KEPT_ROWS, KEPT, workers, 2)
    remove(output, PEER_RESULT)


def make_jsonl():
    draw = numpy.random.default_rng(4)
    with open(JSONL, "w", encoding="ascii") as file:
        for i, (x, z) in enumerate(draw.integers(10**5, 10**6, (LINES, 2)).tolist()):
            line = f'{{"id": {i}, "x": {x}, "name": "customer-{i:06}", "tags": ["a", "b"], "z": {z}}}'
            file.write(f"{line:<{LINE_BYTES - 1}}\n")


PYTHON_JSON = ("import json, sys, time\nbegin = time.perf_counter()\nwith open(sys.argv[1]) as lines, open(sys.argv[2], 'w') as out:\n"
               "    for line in lines:\n        d = json.loads(line)\n        out.write(f\"{d['x'] + d['z']}\\n\")\n"
               "print(time.perf_counter() - begin)")


def json_lines(bench, workers):
    bench.title(f"x + z of {LINES:,} lines of JSON of {LINE_BYTES} bytes, {workers} threads (lines/s)")
    ours = None
    for program, theirs in (("jq -c", ["jq", "-c", ".x + .z", JSONL]),
                            ("Python's json", [sys.executable, "-c", PYTHON_JSON, JSONL, PEER_RESULT])):
        what = f"jsonl: x + z, {program}"
        if bench.args.only not in what or not is_there(theirs[0]):
            continue
        need(JSONL, LINES * LINE_BYTES, make_jsonl)
        output = f"{RESULT}.txt"
        ours = bench.pengine(write_job("jsonl", "starmap", [f'path = "{JSONL}"'], 'expr = "x + z"', f'path = "{output}"'))

        def run_theirs():
            if theirs[0] != "jq":
                return float(bench.run(theirs)[1]), PEER_RESULT
            with open(PEER_RESULT, "wb") as file:
                return bench.run(theirs, file)[0], PEER_RESULT

        times = bench.pairs(lambda: (bench.run(ours)[0], output), run_theirs, same_bytes, TURNS, (output, PEER_RESULT))
        bench.row(what, LINES, times, 20, (ours, theirs))
    remove(f"{RESULT}.txt", PEER_RESULT)


def make_packed():
    """The same csv as one member, and as one of every 65,536 rows, as pengine writes them."""
    make_csv(KEPT, PACKED_ROWS)
    data = pathlib.Path(KEPT).read_bytes()
    remove(KEPT)
    pathlib.Path(PACKED).write_bytes(gzip.compress(data, 6, mtime=0))
    step = 65_536 * ROW_BYTES
    with open(MEMBERS, "wb") as file:
        for at in range(0, len(data), step):
            file.write(gzip.compress(data[at:at + step], 6, mtime=0))


def packed(bench, workers):
    bench.title(f"Sum of two columns of a csv of {PACKED_ROWS:,} rows in gzip, {workers} threads (rows/s)")
    for what, path in (("gz: sum of two columns, one member, zcat | mawk", PACKED),
                       ("gz: sum of two columns, 46 members, zcat | mawk", MEMBERS)):
        if bench.args.only not in what or not is_there("mawk") or not is_there("zcat"):
            continue
        if not pathlib.Path(PACKED).exists() or not pathlib.Path(MEMBERS).exists():
            make_packed()
        ours = Ours(bench, sum_job(path))
        theirs = ["sh", "-c", f"zcat {path} | mawk -F, 'NR > 1 {{ s += $1 + $3 }} END {{ printf \"%.6f\\n\", s }}'"]

        def run_theirs():
            seconds, text = bench.run(theirs)
            return seconds, float(text)

        times = bench.pairs(ours.run, run_theirs, lambda a, b: a == b, TURNS)
        bench.row(what, PACKED_ROWS, times, 2, (ours.command, theirs))


def numbers_as_text(bench, workers):
    bench.title(f"Numbers written as text, {workers} threads (numbers/s)")
    output = f"{RESULT}.txt"
    for task, what, items, dtype, kernel in (("integers", "10^8 squares as text", INTEGERS, "int64", "x*x"),
                                             ("floats", "3*10^7 square roots as text", FLOATS, "float64", "sqrt(x)")):
        if any(bench.args.only in f"{what}, {library}" for library in ("duckdb", "polars")):
            job = write_job(task, "map", [f'range = [0, {items}]\ndtype = "{dtype}"'], f'expr = "{kernel}"', f'path = "{output}"')
            against_node(bench, task, what, Ours(bench, job, output), items, "none", workers, 2)
    remove(output)


def rows(bench, workers):
    sum_of_columns(bench, workers)
    csv_to_csv(bench, workers)
    json_lines(bench, workers)
    packed(bench, workers)
    numbers_as_text(bench, workers)
