# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The rows of bench.py about large text files: words of each line, and a sum over two columns, against awk and pandas.

The files have 1 GB, are random with a fixed seed, and stay in the work folder. The numbers of the csv are multiples of
1/64, so that every order of adding them gives the same sum.
"""
import importlib.util
import pathlib
import shutil
import sys

import numpy

from forms import HERE, write_job

BYTES = 1_000_000_000
BLOCK_BYTES = 8_000_000
TURNS = 3
LETTERS = b"abcdefghijklmnopqrstuvwxyz" * 8 + b" " * 44 + b"\n" * 4  # one byte in 64 ends a line
ROW_BYTES = 33  # three numbers such as 523.484375
TEXT, CSV, FEWER_CSV = "large.txt", "large.csv", "fewer.csv"
WORDS, PEER_WORDS = "words.txt", "peer_words.txt"


def make_text():
    draw = numpy.random.default_rng(1)
    letters = numpy.frombuffer(LETTERS, numpy.uint8)
    with open(TEXT, "wb") as file:
        for _ in range(BYTES // BLOCK_BYTES):
            letters[draw.integers(0, len(letters), BLOCK_BYTES, numpy.uint8)].tofile(file)
        file.seek(-1, 1)
        file.write(b"\n")


def make_csv(path, rows):
    draw = numpy.random.default_rng(2)
    numbers = numpy.array([f"{i / 64:.6f}" for i in range(100 * 64, 1000 * 64)], "S10").view(numpy.uint8).reshape(-1, 10)
    block_rows = 500_000
    with open(path, "wb") as file:
        file.write(b"x,y,z\n")
        for first in range(0, rows, block_rows):
            block = numpy.full((min(block_rows, rows - first), ROW_BYTES), ord(","), numpy.uint8)
            for column in range(3):
                block[:, 11 * column:11 * column + 10] = numbers[draw.integers(0, len(numbers), len(block))]
            block[:, -1] = ord("\n")
            block.tofile(file)


def need(path, size, make):
    if not pathlib.Path(path).exists() or pathlib.Path(path).stat().st_size != size:
        make()


def same_bytes(a, b):
    return pathlib.Path(a).read_bytes() == pathlib.Path(b).read_bytes()


def is_there(program):
    if shutil.which(program) is None:
        print(f"{program} is not installed")
        return False
    return True


def words_of_lines(bench, workers):
    bench.title(f"Words of each line of a text of {BYTES // 10**6} MB (lines/s)")
    kernel = f'source = "{HERE}/bench_kernels.c"\nfunction = "count_words"\nsignature = "(text) -> int64"'
    peers = {"mawk": ["mawk", "{ print NF }", TEXT],
             "parallel": ["parallel", "-k", "-j", str(workers), "--pipe-part", "--block", "16M", "-a", TEXT,
                          "mawk '{ print NF }'"]}
    for program, theirs in peers.items():
        what = f"text: words of each line, {program}{' --pipe-part mawk' if program == 'parallel' else ''}"
        if bench.args.only not in what or not is_there("mawk") or not is_there(program):
            continue
        need(TEXT, BYTES, make_text)
        ours = bench.pengine(write_job("words", "map", [f'path = "{TEXT}"'], kernel, f'path = "{WORDS}"'))

        def run_theirs():
            with open(PEER_WORDS, "wb") as file:
                return bench.run(theirs, file)[0], PEER_WORDS

        times = bench.pairs(lambda: (bench.run(ours)[0], WORDS), run_theirs, same_bytes, TURNS, (WORDS, PEER_WORDS))
        lines = pathlib.Path(WORDS).read_bytes().count(b"\n")
        bench.row(what, lines, times, 1, (ours, theirs))
    for path in (WORDS, PEER_WORDS):
        pathlib.Path(path).unlink(missing_ok=True)


PANDAS = ("import sys, time, pandas; begin = time.perf_counter(); d = pandas.read_csv(sys.argv[1], usecols=['x', 'z']); "
          "total = (d.x + d.z).sum(); print(repr(float(total)), time.perf_counter() - begin)")
NUMPY = ("import sys, time, numpy; begin = time.perf_counter(); d = numpy.loadtxt(sys.argv[1], delimiter=',', skiprows=1, "
         "usecols=(0, 2)); total = d.sum(); print(repr(float(total)), time.perf_counter() - begin)")
MAWK = 'NR > 1 { s += $1 + $3 } END { printf "%.6f\\n", s }'


def sum_of_columns(bench):
    """numpy and pandas are timed inside Python."""
    bench.title(f"Sum of two columns of a csv of {BYTES // 10**6} MB (rows/s)")
    all_rows = (BYTES - 6) // ROW_BYTES
    for program, theirs, share in (("mawk", ["mawk", "-F,", MAWK], 1), ("pandas", [sys.executable, "-c", PANDAS], 1),
                                   ("numpy", [sys.executable, "-c", NUMPY], 10)):
        rows = all_rows // share
        path = CSV if share == 1 else FEWER_CSV
        what = f"csv: sum of two columns, {program}" + (f", from {rows:,} rows" if share > 1 else "")
        if bench.args.only not in what:
            continue
        if program == "mawk" and not is_there("mawk"):
            continue
        if program == "pandas" and importlib.util.find_spec(program) is None:
            print("pandas is not installed")
            continue
        need(CSV, 6 + all_rows * ROW_BYTES, lambda: make_csv(CSV, all_rows))
        need(path, 6 + rows * ROW_BYTES, lambda: make_csv(path, rows))
        ours, ours_fewer = (bench.pengine(sum_job(each)) for each in (CSV, path))
        _, expected = bench.run(ours_fewer)

        def run_theirs():
            seconds, text = bench.run([*theirs, path])
            said = text.split()
            return (float(said[1]) if len(said) > 1 else seconds) * share, float(said[0])

        times = bench.pairs(lambda: (bench.run(ours)[0], float(expected.split()[1])), run_theirs, lambda a, b: a == b,
                            TURNS)
        bench.row(what, all_rows, times, 1, (ours, [*theirs, path]))


def sum_job(path):
    job = pathlib.Path(f"sum_{path}.toml")
    job.write_text(f'mode = "starmap"\n\n[[input]]\npath = "{path}"\ncolumns = ["x", "z"]\n\n[kernel]\nexpr = "x + z"\n'
                   'args = ["x", "z"]\nsignature = "(float64, float64) -> float64"\n\n[reduce]\nop = "sum"\n', encoding="ascii")
    return str(job)


def rows(bench, workers):
    words_of_lines(bench, workers)
    sum_of_columns(bench)
