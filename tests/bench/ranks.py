# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The rows of bench.py about several ranks: against MPI programs by hand, and how busy all workers are.

Static slices by hand are one contiguous part of the items for each rank. Both sides are started by mpirun; the time of
the same command on ten items is taken off.
"""
import os
import statistics

from forms import HERE, write_job
from helpers import rate, remove, same_floats

TURNS, BUSY_TURNS = 3, 5
BUSY_LEAST, NEAR_BEST = 95, 0.95


def against_static(bench, options, collatz, uneven):
    for job, function, ranks, target in ((options, "black_scholes", 2, 1), (options, "black_scholes", 4, 1),
                                         (collatz, "collatz", 2, 1.2), (uneven, "uneven", 2, 1.2)):
        bench.title(f"{function} to npy, {ranks} ranks of one thread, against MPI + OpenMP with static slices (items/s)")
        for way, words in (("gatherv", "MPI_Gatherv"), ("mpiio", "MPI_File_write_at_all")):
            what = f"{function}, {ranks} ranks: {words}"
            if bench.args.only in what:
                row_by_hand(bench, what, job, (function, way), ranks, target)


def row_by_hand(bench, what, job, words, ranks, target):
    path = f"hand_{job.output}"

    def by_hand(items):
        return [*bench.launch(ranks), "-x", "OMP_NUM_THREADS=1", *bench.hand("hand_mpi", *words, items, path)]

    ours, theirs = bench.pengine(job.write(), 1, ranks), by_hand(job.items)
    our_start = bench.start_up(job, 1, ranks)
    their_start = statistics.median(bench.run(by_hand(10))[0] for _ in range(TURNS))

    def less(command, start, result):
        return max(bench.run(command)[0] - start, 1e-6), result

    times = bench.pairs(lambda: less(ours, our_start, job.output), lambda: less(theirs, their_start, path), same_floats, TURNS,
                        (job.output, path))
    bench.row(what, job.items, times, target, (ours, theirs))
    remove(job.output, path)


# ---- busy ----
#
# Busy is the share of the workers' wall time inside chunks, also while they wait for a core there. With more workers than
# cores a worker that waits for its next chunk leaves the core to another, so there the bar is for the number of workers
# inside chunks: as many as there are cores.

def busy_jobs():
    """Name, items, inputs and more, kernel: costs that vary little, much, and as badly as can be."""
    worst = f'source = "{HERE}/bench_kernels.c"\nfunction = "costly_at_first"\nsignature = "(int64, int64) -> float64"'
    side = 4000
    axes = [f"linspace = [-2.0, 0.5, {side}]", f"linspace = [-1.25, 1.25, {side}]"]
    large = 10**12  # some 250 steps each
    return (("collatz", 6 * 10**7, "map", [f"range = [{large}, {large + 6 * 10**7}]"], 'name = "collatz_steps"'),
            ("mandelbrot", side * side, 'starmap"\ncombine = "product', axes, 'name = "mandelbrot"'),
            ("worst", 2 * 10**5, "starmap", ["range = [0, 200_000]", "value = 20_000"], worst))


def busy_row(bench, job, ranks, threads):
    name, items, mode, inputs, kernel = job
    commands = {}
    for schedule in ("auto", "static", "dynamic"):
        output = f'path = "busy.npy"\n\n[pool]\nschedule = "{schedule}"'
        path = write_job(f"{name}_{schedule}", mode, inputs, kernel, output)
        commands[schedule] = bench.pengine(path, threads, ranks if ranks > 1 else 0, ("--bind-to", "none"))
    seen = {schedule: [] for schedule in commands}
    for _ in range(BUSY_TURNS):
        for schedule, command in commands.items():
            seen[schedule].append(bench.wall(command))
    busy = statistics.median(share for _, share in seen["auto"])
    seconds = {schedule: statistics.median(each for each, _ in seen[schedule]) for schedule in seen}
    best = min(seconds["static"], seconds["dynamic"])
    workers = ranks * threads
    of_cores = busy * workers / min(workers, os.cpu_count() or 1)
    bench.told(f"busy: {name}, {ranks} x {threads}: {busy:.0f} % busy", rate(items / seconds["auto"]),
               rate(items / best), best / seconds["auto"], NEAR_BEST,
               of_cores >= BUSY_LEAST)
    print("      " + " ".join(commands["auto"]))


def busy_share(bench):
    for ranks, threads in ((1, 2), (2, 1), (2, 2), (4, 1)):
        bench.title(f"Busy share by the summary, {ranks} rank{'s' if ranks > 1 else ''} x {threads}, to reach: {BUSY_LEAST} %; "
                    "peer: the better of schedule static and dynamic (items/s)")
        for job in busy_jobs():
            what = f"busy: {job[0]}, {ranks} x {threads}"
            if bench.args.only in what and (ranks == 1 or bench.args.mpirun):
                busy_row(bench, job, ranks, threads)
    remove("busy.npy")


def rows(bench, options, collatz, uneven):
    if bench.args.mpirun:
        against_static(bench, options, collatz, uneven)
    busy_share(bench)
