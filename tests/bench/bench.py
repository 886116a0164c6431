#!/usr/bin/env python3
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Measures pengine beside its peers on the same jobs, in the same run, in turn (A B A B ...), and prints one table.

    cmake --build build --target bench

Every time is of a whole process, from its start to its end, with exceptions: Python's pools and libraries are timed inside
Python, without the interpreter's start; under mpirun the time of the same command on ten items is taken off, since mpirun
itself takes half a second; busy shares and the smallest tasks are what the programs themselves measure. A ratio is the median
over the pairs of (peer's time / pengine's time): above 1 pengine is faster. The results of both are compared each time, but
not those of the smallest tasks.
"""
import argparse
import dataclasses
import importlib.util
import os
import pathlib
import platform
import re
import resource
import statistics
import subprocess
import sys
import time

import numpy

import forms
import peers
import ranks
import stores
import tables
import texts
from helpers import file_digest, rate, remove, same_floats

THREADS = 2
PAIRS = 5
BY_HAND, COMPILED = 0.95, 0.8  # targets: ratios to programs by hand
STARTS = 20
START_MOST_SECONDS = 0.020
IDLE_MOST_LOAD = 0.5

LINES = [(50.0, 150.0), (60.0, 140.0), (0.1, 2.0), (0.01, 0.05), (0.1, 0.6)]  # of black_scholes; as in hand_npy.c


@dataclasses.dataclass
class Job:
    """One pengine job file: what the engine and its peer are to compute."""

    name: str
    items: int
    inputs: list  # lines of TOML with {n} for the count, {after} for one more
    kernel: str  # a built-in name, or the table's lines
    output: str  # a path or a format
    mode: str = "imap"

    def text(self, items):
        tables = "".join(f"[[input]]\n{line.format(n=items, after=items + 1)}\n\n" for line in self.inputs)
        key = "path" if "." in self.output else "format"
        kernel = self.kernel if "=" in self.kernel else f'name = "{self.kernel}"'
        return f'mode = "{self.mode}"\n\n{tables}[kernel]\n{kernel}\n\n[output]\n{key} = "{self.output}"\n'

    def write(self, items=None, suffix=""):
        path = f"{self.name}{suffix}.toml"
        pathlib.Path(path).write_text(self.text(self.items if items is None else items), encoding="ascii")
        return path


def linspaces(kernel_lines):
    return [f"linspace = [{first}, {last}, {{n}}]" for first, last in kernel_lines]


N9, N8, N7 = 10**9, 10**8, 10**7
SQUARES = Job("int64", 3 * N9, ["range = [0, {n}]"], "square", "digest")
SQUARES128 = Job("int128", 3 * N9, ['range = [0, {n}]\ndtype = "int128"'], "square", "digest")
FLOATS = Job("floats", N8, ['range = [0, {n}]\ndtype = "float64"'], "square", "floats.npy", "map")
OPTIONS = Job("options", N8, linspaces(LINES), "black_scholes", "options.npy", "starmap")
COLLATZ = Job("collatz", 4 * N7, ["range = [1, {after}]"], "collatz_steps", "digest")
COLLATZ_NPY = dataclasses.replace(COLLATZ, name="collatz_npy", output="collatz.npy", mode="map")
PRIMES = Job("primes", 2 * N7, ["range = [0, {n}]"], "is_prime", "primes.npy", "map")

EXPR_TEXT = "2*x*x + 3*x + sqrt(x)"
EXPR = Job("expr", N8, ['path = "x.npy"'], f'expr = "{EXPR_TEXT}"', "expr.npy", "map")


def from_source(function, signature):
    path = pathlib.Path(__file__).with_name("bench_kernels.c").resolve()
    return f'source = "{path}"\nfunction = "{function}"\nsignature = "{signature}"'


UNEVEN = Job("uneven", 2 * 10**5, ["range = [0, {n}]", "value = 20_000"],
             from_source("costly_at_first", "(int64, int64) -> float64"), "uneven.npy", "starmap")


class Bench:
    def __init__(self, args):
        self.args = args
        self.rows = []
        self.peers = {}  # items/s of each row's peer
        self.said = ""  # by the last command, on stderr
        self.cpu = (0.0, 0.0)  # seconds of both, in the last pairs
        self.wrong = 0
        self.heading = None  # printed before the first row below it
        self.environment = dict(os.environ, OMP_NUM_THREADS=str(THREADS))
        if os.geteuid() == 0:  # mpirun refuses root, and a container may have no other user
            self.environment.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")

    def run(self, command, stdout=subprocess.PIPE):
        """Seconds of the whole process, and what it wrote to stdout."""
        begin = time.perf_counter()
        done = subprocess.run(command, env=self.environment, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False)
        seconds = time.perf_counter() - begin
        self.said = done.stderr
        if done.returncode != 0:
            sys.exit(f"bench: {' '.join(command)}: exit {done.returncode}\n{done.stderr}")
        return seconds, done.stdout

    def wall(self, command):
        """Seconds and busy share in percent, as the summary has them: without the start of the processes."""
        self.run([word for word in command if word != "-q"])
        found = re.search(r" items in ([\d.]+) s, .* (\d+) % busy", self.said)
        return float(found[1]), int(found[2])

    def launch(self, ranks):
        over = ["--oversubscribe"] if (os.cpu_count() or 1) < ranks else []
        return [self.args.mpirun, *over, "-n", str(ranks)]

    def pengine(self, job_file, threads=THREADS, ranks=0, launch_options=()):
        command = [self.args.pengine, "-q", "-t", str(threads), job_file]
        return [*self.launch(ranks), *launch_options, *command] if ranks else command

    def hand(self, program, *words):
        return [str(pathlib.Path(self.args.hand) / program), *map(str, words)]

    def pairs(self, ours, theirs, same, count=PAIRS, files=()):
        """Both in turn, the first turn for warming up; each is a function that returns (seconds, result). files: what the first and
        the second write. They are removed before each run, since ext4 sends a file to the disk that takes the place of another."""
        times, cpu = [], []
        for turn in range(count + 1):
            remove(*files[:1])
            begin = cpu_seconds()
            our_seconds, our_result = ours()
            between = cpu_seconds()
            remove(*files[1:])
            pause = cpu_seconds()
            their_seconds, their_result = theirs()
            cpu.append((between - begin, cpu_seconds() - pause))
            if not same(our_result, their_result):
                self.wrong += 1
                print(f"bench: results differ: {our_result!r} and {their_result!r}", file=sys.stderr)
            if turn:
                times.append((our_seconds, their_seconds))
        self.cpu = tuple(statistics.median(column) for column in zip(*cpu[1:]))
        return times

    def row(self, what, items, times, target, commands):
        ratio = statistics.median(theirs / ours for ours, theirs in times)
        ours, theirs = (statistics.median(column) for column in zip(*times))
        self.peers[what] = items / theirs
        self.told(what, rate(items / ours), rate(items / theirs), ratio, target)
        for command in commands:
            print("      " + " ".join(command))
        print("      CPU seconds of each: {:.2f} {:.2f}".format(*self.cpu))

    def told(self, what, ours, theirs, ratio, target, is_fit=True):
        verdict = "pass" if ratio >= target and is_fit else "below"
        self.rows.append((what, ours, theirs, f"{ratio:.2f}", f"{target:.3g}", verdict))
        self.show(self.rows[-1])

    def show(self, row):
        if self.heading:
            heading, self.heading = self.heading, None
            print(f"\n{heading}")
            self.show(("", "pengine", "peer", "ratio", "to reach", ""))
        print("{:<52} {:>10} {:>10} {:>8} {:>7}  {}".format(*row), flush=True)

    def title(self, text):
        self.heading = text

    # -- the parts of the table ---------------------------------------------------------------------------------------

    def digest(self, command):
        seconds, text = self.run(command)
        return seconds, re.findall(r"\b[0-9a-f]{32}\b", text) or text

    def npy(self, command, path):
        seconds, _ = self.run(command)
        return seconds, path

    def against_hand(self):
        self.title(f"Against hand-written C, {THREADS} threads (items/s)")
        self.digest_rows(
            BY_HAND,
            ("int64 squares, ordered, to digest", SQUARES, ("hand_squares", "int64", SQUARES.items)),
            ("int128 squares, ordered, to digest", SQUARES128, ("hand_squares", "int128", SQUARES128.items)),
            ("collatz_steps, ordered, to digest", COLLATZ, ("hand_collatz", COLLATZ.items)),
        )
        self.npy_rows(BY_HAND, ("float64 squares to npy", FLOATS, "square"), ("black_scholes to npy", OPTIONS, "black_scholes"))

    def digest_rows(self, target, *rows):
        """Each: name, job and the hand-written program with its arguments."""
        for what, job, hand in rows:
            if self.args.only not in what:
                continue
            ours, theirs = self.pengine(job.write()), self.hand(*hand)
            times = self.pairs(lambda: self.digest(ours), lambda: self.digest(theirs), lambda a, b: a == b)
            self.row(what, job.items, times, target, (ours, theirs))

    def npy_rows(self, target, *rows):
        """Each: name, job and the function of hand_npy that does the same."""
        for what, job, function in rows:
            if self.args.only not in what:
                continue
            hand_file = f"hand_{job.output}"
            ours, theirs = self.pengine(job.write()), self.hand("hand_npy", function, job.items, hand_file)
            times = self.pairs(lambda: self.npy(ours, job.output), lambda: self.npy(theirs, hand_file), same_floats,
                               files=(job.output, hand_file))
            self.row(what, job.items, times, target, (ours, theirs))
            remove(job.output, hand_file)

    def compiled(self):
        """Expressions and C functions: the same jobs, the same programs by hand."""
        self.title(f"expr and source against hand-written C, {THREADS} threads (items/s)")
        replace = dataclasses.replace
        self.digest_rows(
            COMPILED,
            ("expr x*x, int64, to digest", replace(SQUARES, name="expr64", kernel='expr = "x*x"'),
             ("hand_squares", "int64", SQUARES.items)),
            ("source x*x, int64, to digest", replace(SQUARES, name="source64", kernel=from_source("square", "(int64) -> int64")),
             ("hand_squares", "int64", SQUARES.items)),
        )
        five = ", ".join(["float64"] * 5)
        self.npy_rows(
            COMPILED,
            ("source x*x, float64, to npy",
             replace(FLOATS, name="source_float", kernel=from_source("square_float", "(float64) -> float64")), "square"),
            ("source black_scholes, to npy",
             replace(OPTIONS, name="source_options", kernel=from_source("black_scholes", f"({five}) -> float64")),
             "black_scholes"),
        )

    def overflow(self):
        self.title(f"Overflow found (pengine) against overflow = \"wrap\" (peer), {THREADS} threads; the price is 1 / ratio")
        to_int64 = "(int64) -> int64"
        for what, job, kernel in (("overflow in expr x*x, to digest", SQUARES, 'expr = "x*x"'),
                                  ("overflow in source x*x, to digest", SQUARES, from_source("square", to_int64)),
                                  ("overflow in source collatz, to digest", COLLATZ, from_source("collatz", to_int64))):
            if self.args.only not in what:
                continue
            checked = dataclasses.replace(job, name="checked", kernel=kernel)
            wrapping = dataclasses.replace(job, name="wrapping", kernel=f'{kernel}\noverflow = "wrap"')
            ours, theirs = self.pengine(checked.write()), self.pengine(wrapping.write())
            times = self.pairs(lambda: self.digest(ours), lambda: self.digest(theirs), lambda a, b: a == b)
            self.row(what, checked.items, times, 1 / 1.5, (ours, theirs))

    def against_arrays(self):
        """numpy, and numexpr where it is installed; both without the interpreter's start."""
        self.title(f"expr \"{EXPR_TEXT}\", float64 from npy to npy, against array libraries (items/s)")
        if self.args.only in "expr against numpy, expr against numexpr":
            numpy.save("x.npy", numpy.linspace(0, 1000, EXPR.items))
        ours = self.pengine(EXPR.write())
        script = str(pathlib.Path(__file__).with_name("array_expr.py"))
        for library in ("numpy", "numexpr"):
            if self.args.only not in f"expr against {library}":
                continue
            if importlib.util.find_spec(library) is None:
                print(f"{library} is not installed")
                continue
            theirs = [sys.executable, "-B", script, library, EXPR_TEXT, "x.npy", "array.npy", str(THREADS)]
            times = self.pairs(lambda: self.npy(ours, EXPR.output), lambda: self.printed(theirs, "array.npy"), same_floats,
                               files=(EXPR.output, "array.npy"))
            self.row(f"expr against {library}", EXPR.items, times, 1, (ours, theirs))
        remove("x.npy", "array.npy", EXPR.output)

    def printed(self, command, path):
        """The seconds that the peer prints itself."""
        _, text = self.run(command)
        return float(text), path

    def start_up(self, job, threads, ranks):
        command = self.pengine(job.write(10, "_ten"), threads, ranks)
        return statistics.median(self.run(command)[0] for _ in range(PAIRS))

    def two_ranks(self):
        if not self.args.mpirun:
            return
        self.title("Two ranks of one thread (pengine) against one rank of two (peer), each less its start-up (items/s)")
        for what, job in (
            ("collatz_steps to npy", COLLATZ_NPY),
            ("is_prime to npy", PRIMES),
            ("black_scholes to npy", OPTIONS),
            ("int64 squares, ordered, to digest", SQUARES),
        ):
            if self.args.only not in what:
                continue
            job_file = job.write()
            two, one = self.pengine(job_file, 1, 2), self.pengine(job_file, 2)
            two_start, one_start = self.start_up(job, 1, 2), self.start_up(job, 2, 0)
            times = self.pairs(lambda: self.less(two, two_start, job), lambda: self.less(one, one_start, job),
                               lambda a, b: a == b, files=(job.output, job.output))
            self.row(what, job.items, times, 0.8, (two, one))
            remove(job.output)

    def less(self, command, start, job):
        """Seconds beyond the start-up, and the result in a form that can be compared."""
        seconds, text = self.run(command)
        return max(seconds - start, 1e-6), file_digest(job.output) if "." in job.output else text

    def best_chunk(self, mode):
        """The chunk size with which Pool does best on a million items."""
        return min((1_000, 10_000, 100_000), key=lambda chunk: self.pool(mode, 1_000_000, chunk)[0])

    def pool_command(self, mode, items, chunk):
        script = pathlib.Path(__file__).with_name("pool_squares.py")
        return [sys.executable, "-B", str(script), mode, str(items), str(THREADS), str(chunk)]

    def pool(self, mode, items, chunk):
        _, text = self.run(self.pool_command(mode, items, chunk))
        count, total, seconds = text.split()
        return float(seconds), (int(count), int(total))

    def against_pool(self):
        self.title(f"Against Python's multiprocessing.Pool, {THREADS} processes (items/s)")
        for mode, items, chunk in (
            ("map", 5_000_000, "default"),
            ("map", 5_000_000, None),
            ("imap", 50_000, "default"),
            ("imap", 5_000_000, None),
            ("starmap", 2_000_000, "default"),
            ("starmap", 2_000_000, None),
        ):
            if self.args.only not in f"squares: Pool.{mode}":
                continue
            chunk = chunk or self.best_chunk(mode)
            if mode == "starmap":
                inputs, kernel = ["range = [0, {n}]", "range = [1, {after}]"], "sum_of_squares"
            else:
                inputs, kernel = ["range = [0, {n}]"], "square"
            job = Job(f"pool_{mode}_{items}", items, inputs, kernel, "pool.npy", mode)
            ours = self.pengine(job.write())
            times = self.pairs(lambda: self.npy_sum(ours, job), lambda: self.pool(mode, items, chunk),
                               lambda a, b: a == b, files=(job.output,))
            self.row(f"squares: Pool.{mode}, chunksize {chunk}", items, times, 1,
                     (ours, self.pool_command(mode, items, chunk)))
            remove(job.output)

    def npy_sum(self, command, job):
        seconds, _ = self.run(command)
        values = numpy.load(job.output)
        return seconds, (len(values), int(values.view(numpy.uint64).sum(dtype=numpy.uint64)))

    def start(self):
        if self.args.only not in "start-up":
            return
        command = self.pengine(dataclasses.replace(SQUARES, name="ten", output="txt").write(10))
        self.run(command)
        seconds = statistics.median(self.run(command)[0] for _ in range(STARTS))
        verdict = "pass" if seconds < START_MOST_SECONDS else "above"
        print(f"\nStart-up: ten items, no mpirun, median of {STARTS}: {seconds * 1000:.1f} ms; "
              f"to reach: under {START_MOST_SECONDS * 1000:.0f} ms: {verdict}")
        print("      " + " ".join(command))
        self.rows.append(("start-up", "", "", "", "", verdict))


def cpu_seconds():
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def machine():
    found = re.search(r"^model name\s*:\s*(.*)$", pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    name = found[1] if found else platform.machine()
    return f"{name}, {os.cpu_count()} cores, Linux {platform.release()}, load {os.getloadavg()[0]:.2f}"


def main():
    parser = argparse.ArgumentParser(description="pengine beside its peers")
    parser.add_argument("--pengine", required=True, help="the program")
    parser.add_argument("--hand", required=True, help="folder of the hand-written programs")
    parser.add_argument("--work", required=True, help="folder for job files and results; some GB are written there")
    parser.add_argument("--mpirun", help="left out: no rows with several ranks")
    parser.add_argument("--only", default="", help="the rows whose name holds this text")
    args = parser.parse_args()
    pathlib.Path(args.work).mkdir(parents=True, exist_ok=True)
    os.chdir(args.work)
    print(f"{machine()}\nmedian of {PAIRS} pairs, in turn; the commands are run in {args.work}")
    if os.getloadavg()[0] > IDLE_MOST_LOAD:
        print("Something else is running here: the figures below mean little, least of all those of programs that spin.")
    bench = Bench(args)
    bench.against_hand()
    bench.two_ranks()
    bench.compiled()
    bench.overflow()
    bench.against_arrays()
    bench.against_pool()
    forms.rows(bench, THREADS)
    ranks.rows(bench, OPTIONS, dataclasses.replace(COLLATZ_NPY, items=N7), UNEVEN)
    peers.rows(bench, THREADS)
    texts.rows(bench, THREADS)
    tables.rows(bench, THREADS)
    stores.rows(bench)
    bench.start()
    reached = sum(row[-1] == "pass" for row in bench.rows)
    print(f"\n{reached} of {len(bench.rows)} targets reached")
    sys.exit(f"{bench.wrong} results differed" if bench.wrong else 0)


if __name__ == "__main__":
    main()
