# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The rows of bench.py about kernels that run in other processes: Python functions, programs, isolated C functions.

Where a peer is so slow that it gets fewer items, its time is multiplied accordingly, and the row says so.
"""
import pathlib
import shutil
import sys

import numpy

HERE = pathlib.Path(__file__).resolve().parent
RESULT = "forms.npy"


def write_job(name, mode, inputs, kernel, output=f'path = "{RESULT}"'):
    tables = "".join(f"[[input]]\n{line}\n\n" for line in inputs)
    path = f"forms_{name}.toml"
    pathlib.Path(path).write_text(f'mode = "{mode}"\n\n{tables}[kernel]\n{kernel}\n\n[output]\n{output}\n', encoding="utf-8")
    return path


# ---- a Python function ----

def python_job(mode, items):
    inputs = [f"range = [0, {items}]", f"range = [1, {items + 1}]"]
    function, signature = "do_something", "(int64) -> int64"
    if mode == "starmap":
        function, signature = "do_something_with_two", "(int64, int64) -> int64"
    kernel = f'python = "{HERE}/pool_squares.py:{function}"\nsignature = "{signature}"'
    return write_job(mode, mode, inputs if mode == "starmap" else inputs[:1], kernel)


def run_and_sum(bench, command, items):
    """Seconds, and what the first items gave, as pool_squares.py tells it."""
    seconds, _ = bench.run(command)
    values = numpy.load(RESULT, mmap_mode="r")[:items]
    return seconds, (len(values), int(values.view(numpy.uint64).sum(dtype=numpy.uint64)))


def against_pool(bench, processes):
    bench.title(f"A Python function, against multiprocessing.Pool with its default chunksize, {processes} processes (items/s)")
    for mode, items, fewer, target in (("map", 10**7, 10**7, 3), ("imap", 10**7, 20_000, 50), ("starmap", 10**6, 10**6, 3)):
        what = f"python: Pool.{mode}" + (f", from {fewer:,} items" if fewer < items else "")
        if bench.args.only not in what:
            continue
        ours = bench.pengine(python_job(mode, items))

        def theirs():
            seconds, result = bench.pool(mode, fewer, "default")
            return seconds * (items / fewer), result

        times = bench.pairs(lambda: run_and_sum(bench, ours, fewer), theirs, lambda a, b: a == b)
        bench.row(what, items, times, target, (ours, bench.pool_command(mode, fewer, "default")))


# ---- a program ----

def against_starters(bench, processes):
    """Programs that start programs; what is started does nothing."""
    bench.title(f'A program an item, `true NUMBER`, {processes} at once (items/s)')
    items = 1000
    ours = bench.pengine(write_job("true", "map", [f"range = [0, {items}]"], 'command = ["true", "{}"]', 'format = "null"'))
    if bench.args.only in "command: posix_spawn and waitpid by hand":
        theirs = bench.hand("hand_spawn", items)
        times = bench.pairs(lambda: bench.run(ours), lambda: bench.run(theirs), lambda a, b: (a, b) == ("", f"{items}\n"))
        bench.row("command: posix_spawn and waitpid by hand", items, times, 0.8, (ours, theirs))
    if bench.args.only not in "command: GNU parallel":
        return
    if shutil.which("parallel") is None:
        print("GNU parallel is not installed")
        return
    fewer = 400
    pathlib.Path("numbers.txt").write_text("".join(f"{i}\n" for i in range(fewer)), encoding="ascii")
    theirs = ["parallel", "-j", str(processes), "-a", "numbers.txt", "true", "{}"]

    def run_fewer():
        seconds, text = bench.run(theirs)
        return seconds * (items / fewer), text

    times = bench.pairs(lambda: bench.run(ours), run_fewer, lambda a, b: a == b)
    bench.row(f"command: GNU parallel, from {fewer} items", items, times, 3, (ours, theirs))


# ---- isolation ----

def isolated_job(name, source, function, signature, isolate):
    kernel = (f'source = "{HERE}/bench_kernels.c"\nfunction = "{function}"\nsignature = "{signature}"\n'
              f"isolate = {str(isolate).lower()}")
    return write_job(name, "map", [source], kernel)


def against_unprotected(bench):
    """The cost of isolation, where an item takes a microsecond."""
    bench.title("isolate = true (pengine) against isolate = false (peer), 1 us an item (items/s)")
    items, wide_items = 10**6, 200_000
    for what, count, source, function, signature in (
        ("isolate: one float64 an item", items, f'range = [0, {items}]\ndtype = "float64"', "microsecond",
         "(float64) -> float64"),
        ("isolate: 48 float64 an item", wide_items, 'path = "wide.npy"', "microsecond_wide", "(float64[48]) -> float64"),
    ):
        if bench.args.only not in what:
            continue
        if "wide.npy" in source:
            numpy.save("wide.npy", numpy.linspace(0, 1, wide_items * 48).reshape(wide_items, 48))
        ours, theirs = (bench.pengine(isolated_job(f"{function}_{isolate}", source, function, signature, isolate))
                        for isolate in (True, False))
        times = bench.pairs(lambda: run_and_sum(bench, ours, count), lambda: run_and_sum(bench, theirs, count),
                            lambda a, b: a == b)
        bench.row(what, count, times, 1 / 1.1, (ours, theirs))
    pathlib.Path("wide.npy").unlink(missing_ok=True)


def rows(bench, processes):
    bench.environment["PENGINE_PYTHON"] = sys.executable  # the same Python on both sides
    against_pool(bench, processes)
    against_starters(bench, processes)
    against_unprotected(bench)
    pathlib.Path(RESULT).unlink(missing_ok=True)
