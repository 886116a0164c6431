#!/usr/bin/env python3
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""What checkpoints cost: the same job with a checkpoint every second and without, in turn, in one run.

    cmake --build build --target bench_checkpoints

On tmpfs the run without is the measure. On a disk it is the same run that ends in one fdatasync (output.sync = "always"), since
a checkpoint waits for the disk. One round is with, without, without, with, each on a file system that holds the same, so that
neither gains by its place. A ratio is the median over the rounds of (time without / time with): above 1 the runs with checkpoints were
faster. The last column is the same of the processor's time, which other programs disturb less. All outputs are compared. ROUNDS=N
measures N rounds.
"""
import argparse
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import time

LINES = ((50.0, 150.0), (60.0, 140.0), (0.1, 2.0), (0.01, 0.05), (0.1, 0.6))  # of black_scholes, as in bench.py


def options(items):
    return ('mode = "starmap"\nkernel.name = "black_scholes"\n'
            + "".join(f"[[input]]\nlinspace = [{first}, {last}, {items}]\n" for first, last in LINES))


JOBS = {"options.npy": options(10**8), "options.csv": options(54 * 10**6)}  # 0.8 and 1.0 GB
WITH = ["-s", 'checkpoint.interval="1 s"']
WITHOUT = ["-s", "checkpoint.enabled=false"]


def run(pengine, folder, name, *options):
    """Seconds of the whole process: elapsed, of its cores."""
    output = pathlib.Path(folder, name)
    output.unlink(missing_ok=True)
    if "always" in options[-1]:
        os.sync()  # of others, and of the run before
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([pengine, "-q", "-t", "2", "-o", str(output), *options, str(pathlib.Path(folder, name + ".toml"))],
                          stderr=subprocess.PIPE, text=True, check=False)
    seconds = time.perf_counter() - begin
    if done.returncode != 0:
        sys.exit(f"checkpoints: exit {done.returncode}\n{done.stderr}")
    behind = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, behind.ru_utime + behind.ru_stime - before.ru_utime - before.ru_stime


def measure(pengine, folder, name, rounds, sync):
    """(seconds, of the cores) of both runs of each round. The output of a first run stays for comparison."""
    output, first = pathlib.Path(folder, name), pathlib.Path(folder, "first")
    times = {"with": [], "without": []}
    how = {"with": WITH, "without": WITHOUT}
    run(pengine, folder, name, *WITHOUT, "-s", f'output.sync="{sync}"')
    os.replace(output, first)
    for _ in range(rounds):
        both = {"with": [], "without": []}
        for what in ("with", "without", "without", "with"):
            both[what].append(run(pengine, folder, name, *how[what], "-s", f'output.sync="{sync}"'))
            if subprocess.run(["cmp", "-s", output, first], check=False).returncode != 0:
                sys.exit(f"checkpoints: {name}: the outputs differ")
        for what, runs in both.items():
            times[what].append(tuple(sum(unit) / 2 for unit in zip(*runs)))
    output.unlink()
    first.unlink()
    return times


def row(where, name, times):
    ratios = [[without[unit] / with_[unit] for with_, without in zip(times["with"], times["without"])] for unit in (0, 1)]
    with_, without = (statistics.median(seconds for seconds, _ in times[what]) for what in ("with", "without"))
    spread = f"{min(ratios[0]):.3f} to {max(ratios[0]):.3f}"
    print(f"| {where} | {name} | {with_:.2f} | {without:.2f} | {statistics.median(ratios[0]):.3f} | {spread} | "
          f"{statistics.median(ratios[1]):.3f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pengine", required=True)
    parser.add_argument("--tmpfs", default="/dev/shm")
    parser.add_argument("--disk", required=True, help="a folder on a disk")
    parser.add_argument("--only", default="", help="rows whose name holds this word")
    args = parser.parse_args()
    rounds = int(os.environ.get("ROUNDS", "5"))
    print(f"{rounds} rounds; seconds of the whole process\n\n| where | job | with | without | ratio | of the rounds | of cores |\n|---|---|---|---|---|---|---|")
    for where, place, sync in (("tmpfs", args.tmpfs, "never"), ("disk", args.disk, "always")):
        folder = pathlib.Path(place, f"pengine-checkpoints-{os.getpid()}")
        folder.mkdir(parents=True)
        try:
            for name, text in JOBS.items():
                if args.only in f"{where} {name}":
                    pathlib.Path(folder, name + ".toml").write_text(text, encoding="ascii")
                    row(where, name, measure(args.pengine, folder, name, rounds, sync))
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
