#!/usr/bin/env python3
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Measures what --report, --trace and --stats cost: the same job without them and with them, in turn.

    cmake --build build --target bench_recording

The jobs are on one worker, bound to one core, and what counts is the processor time of the whole process: it has the writing of the files
in it, and other programs on the machine disturb it least. A figure is the median of the ratios of many neighbouring pairs, each in the
other order than the one before, with the interval in which the true median lies with 95 % certainty. Addresses are random, so that no
layout of the memory favours one side. The job of three items shows what a run pays once. The bytes must be the same.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys

LINES = [(50.0, 150.0), (60.0, 140.0), (0.1, 2.0), (0.01, 0.05), (0.1, 0.6)]  # of black_scholes, as in bench.py


def job(mode, inputs, kernel, more="", top=""):
    tables = "".join(f"[[input]]\n{line}\n" for line in inputs)
    return f'mode = "{mode}"\n{top}{tables}[kernel]\nname = "{kernel}"\n[output]\nformat = "digest"\n{more}'


JOBS = {
    "three squares": job("imap", ["range = [0, 3]"], "square"),
    "int64 squares to digest": job("imap", ["range = [0, 600_000_000]"], "square"),
    "black_scholes to digest": job("istarmap", [f"linspace = [{a}, {b}, 6_000_000]" for a, b in LINES], "black_scholes"),
    "mandelbrot to digest": job("istarmap", ["linspace = [-2.0, 0.5, 700]", "linspace = [-1.2, 1.2, 300]"], "mandelbrot",
                                top='combine = "product"\n'),
    "squares, chunk_size = 1": job("imap", ["range = [0, 12_000_000]"], "square", "[pool]\nchunk_size = 1\n"),
}


def run(command):
    """Processor seconds, and what the run printed."""
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    printed = child.stdout.read()
    child.stdout.close()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit code {child.returncode}")
    return used.ru_utime + used.ru_stime, printed


def median_interval(values):
    """The median, and the order statistics around it that hold the median of all possible values with 95 % certainty: how many of n
    values are below it is binomial with n and 1/2."""
    ordered = sorted(values)
    half_width = 1.96 * len(ordered) ** 0.5 / 2
    low = max(0, int(len(ordered) / 2 - half_width) - 1)
    return statistics.median(ordered), ordered[low], ordered[len(ordered) - 1 - low]


def measure(pengine, work, text, pairs):
    """The seconds of all runs: without the three files, and with them."""
    path = work / "job.toml"
    path.write_text(text)
    plain = [pengine, "-q", "-t", "1", str(path)]
    recorded = [*plain, "--report", str(work / "r.html"), "--trace", str(work / "t.json"), "--stats", str(work / "s.json")]
    seconds = {len(plain): [], len(recorded): []}
    _, expected = run(plain)
    for turn in range(pairs):
        for command in ((plain, recorded) if turn % 2 else (recorded, plain)):
            taken, printed = run(command)
            seconds[len(command)].append(taken)
            if printed != expected:
                sys.exit(f"{path}: a run printed {printed}, another {expected}")
    return seconds.values()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pengine", required=True)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    parser.add_argument("--pairs", type=int, default=201)
    parser.add_argument("--only", default="", help="run the jobs whose name holds this")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print(f"| job, {options.pairs} pairs | without | more with the three files, 95 % interval | ms more | shortest |\n|---|---|---|---|---|")
    for name in (name for name in JOBS if options.only in name):
        without, recorded = measure(options.pengine, options.work, JOBS[name], options.pairs)
        middle, low, high = (100 * (ratio - 1) for ratio in median_interval([b / a for a, b in zip(without, recorded)]))
        more = statistics.median(1000 * (b - a) for a, b in zip(without, recorded))
        print(f"| {name} | {1000 * statistics.median(without):.0f} ms | {middle:+.2f} % ({low:+.2f} to {high:+.2f}) | {more:+.2f} | "
              f"{100 * (min(recorded) / min(without) - 1):+.2f} % |",
              flush=True)


if __name__ == "__main__":
    main()
