#!/usr/bin/env python3
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Measures what --report, --trace and --stats cost: the same job without them and with them, in turn.

    cmake --build build --target bench_recording

The jobs are on one worker, and what counts is the processor time of the whole process: it has the writing of the files in it, and other
programs on the machine disturb it least. A figure is the median of the ratios of many neighbouring pairs, beside it the ratio of the
shortest times: what disturbs a run only makes it longer. The bytes must be the same.
"""
import argparse
import os
import pathlib
import resource
import statistics
import subprocess
import sys

LINES = [(50.0, 150.0), (60.0, 140.0), (0.1, 2.0), (0.01, 0.05), (0.1, 0.6)]  # of black_scholes, as in bench.py


def job(mode, inputs, kernel, more="", top=""):
    tables = "".join(f"[[input]]\n{line}\n" for line in inputs)
    return f'mode = "{mode}"\n{top}{tables}[kernel]\nname = "{kernel}"\n[output]\nformat = "digest"\n{more}'


JOBS = {
    "int64 squares to digest": job("imap", ["range = [0, 2_000_000_000]"], "square"),
    "black_scholes to digest": job("istarmap", [f"linspace = [{a}, {b}, 15_000_000]" for a, b in LINES], "black_scholes"),
    "mandelbrot to digest": job("istarmap", ["linspace = [-2.0, 0.5, 2500]", "linspace = [-1.2, 1.2, 1200]"], "mandelbrot",
                                top='combine = "product"\n'),
    "squares, chunk_size = 1": job("imap", ["range = [0, 12_000_000]"], "square", "[pool]\nchunk_size = 1\n"),
}


def run(command):
    """Processor seconds, and what the run printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    printed = subprocess.run(command, check=True, capture_output=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, printed


def measure(pengine, work, text, pairs):
    """(seconds without, ratio with / without, its quartiles, ratio of the shortest)"""
    path = work / "job.toml"
    path.write_text(text)
    plain = [pengine, "-q", "-t", "1", str(path)]
    recorded = [*plain, "--report", str(work / "r.html"), "--trace", str(work / "t.json"), "--stats", str(work / "s.json")]
    seconds = {command: [] for command in (len(plain), len(recorded))}
    for turn in range(pairs):
        for command in ((plain, recorded) if turn % 2 else (recorded, plain)):
            taken, printed = run(command)
            seconds[len(command)].append(taken)
            if turn == 0 and command is recorded:
                expected = printed
            elif printed != expected:
                sys.exit(f"{path}: a run printed {printed}, another {expected}")
    without, with_them = seconds.values()
    quarters = statistics.quantiles([b / a for a, b in zip(without, with_them)], n=4)
    return statistics.median(without), quarters[1], quarters[0], quarters[2], min(with_them) / min(without)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pengine", required=True)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    parser.add_argument("--pairs", type=int, default=41)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print("| job | without | with --report, --trace and --stats | quartiles | shortest |\n|---|---|---|---|---|")
    for name, text in JOBS.items():
        seconds, middle, low, high, least = measure(options.pengine, options.work, text, options.pairs)
        print(f"| {name} | {seconds:.2f} s | {(middle - 1) * 100:+.1f} % | {(low - 1) * 100:+.1f} to {(high - 1) * 100:+.1f} % | "
              f"{(least - 1) * 100:+.1f} % |",
              flush=True)


if __name__ == "__main__":
    main()
