# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The rows of bench.py about what a Python user would take instead: pools, clusters of processes, array libraries.

A library that is not installed is left out, which is said. Where a peer is so slow that it gets fewer items, its time is
multiplied accordingly, and the row says so.
"""
import importlib.util
import pathlib
import statistics
import sys

import numpy

from forms import HERE, write_job

RESULT = "peers.npy"
POOL_ITEMS, ARRAY_ITEMS, EMPTY_ITEMS = 5_000_000, 30_000_000, 2_000_000
ALL_SQUARES, MEASURED_SQUARES = 10**11, 10**10
BEST_OF = (1_000, 10_000, 100_000)

# (library, mode, chunk; None: the best one, items)
POOLS = (("mpi4py", "map", "default", 5_000), ("mpi4py", "map", None, 1_000_000), ("mpi4py", "starmap", None, 1_000_000),
         ("joblib", "map", "default", 200_000), ("joblib", "starmap", "default", 200_000),
         ("dask", "map", "default", 1_000_000), ("dask", "starmap", "default", 300_000))
ARRAYS = tuple((library, mode) for mode in ("map", "imap", "starmap") for library in ("numpy", "numexpr", "numba"))


def is_installed(library):
    if importlib.util.find_spec(library) is None:
        print(f"{library} is not installed")
        return False
    return True


def squares_job(mode, items):
    inputs = [f"range = [0, {items}]", f"range = [1, {items + 1}]"]
    if mode == "starmap":
        return write_job("squares", mode, inputs, 'name = "sum_of_squares"', f'path = "{RESULT}"')
    return write_job("squares", mode, inputs[:1], 'name = "square"', f'path = "{RESULT}"')


# ---- pools ----

def pool_command(bench, library, function, items, workers, chunk):
    words = [str(HERE / "peer_pools.py"), library, function, str(items), str(workers), str(chunk)]
    if library == "mpi4py":
        return [*bench.launch(workers + 1), sys.executable, "-B", "-m", "mpi4py.futures", *words]
    return [sys.executable, "-B", *words]


def pool(bench, *words):
    _, text = bench.run(pool_command(bench, *words))
    count, total, seconds = text.split()
    return float(seconds), (int(count), int(total))


def can_run(bench, library):
    return library == "Pool" or ((library != "mpi4py" or bench.args.mpirun) and is_installed(library))


def squares_pool(bench, library, mode, chunk, fewer, workers):
    what = f"squares: {library} {mode}, {'best' if chunk is None else chunk} chunks, from {fewer:,}"
    if bench.args.only not in what or not can_run(bench, library):
        return
    function = "sum_of_squares" if mode == "starmap" else "square"
    if chunk is None:
        chunk = min(BEST_OF, key=lambda each: pool(bench, library, function, fewer, workers, each)[0])
    ours = bench.pengine(squares_job(mode, POOL_ITEMS))
    last = fewer - 1
    squares = last * fewer * (2 * last + 1) // 6  # 0 + 1 + 4 + ...
    total = squares + (squares + fewer * fewer if mode == "starmap" else 0)

    def run_ours():
        seconds, _ = bench.run(ours)
        values = numpy.load(RESULT, mmap_mode="r")[:fewer]
        return seconds, (len(values), int(values.view(numpy.uint64).sum(dtype=numpy.uint64)))

    def run_theirs():
        seconds, result = pool(bench, library, function, fewer, workers, chunk)
        return seconds * (POOL_ITEMS / fewer), result

    expected = (fewer, total % 2**64)
    times = bench.pairs(run_ours, run_theirs, lambda a, b: a == b == expected, files=(RESULT,))
    bench.row(what, POOL_ITEMS, times, 1, (ours, pool_command(bench, library, function, fewer, workers, chunk)))


def against_pools(bench, workers):
    bench.title(f"Squares of {POOL_ITEMS:,} numbers against Python's pools, {workers} processes (items/s)")
    for library, mode, chunk, fewer in POOLS:
        squares_pool(bench, library, mode, chunk, fewer, workers)


# ---- array libraries ----

def against_arrays(bench, threads):
    bench.title(f"Squares of {ARRAY_ITEMS:,} numbers to npy against array libraries, {threads} threads, numpy one (items/s)")
    for library, mode in ARRAYS:
        what = f"squares: {library} {mode}"
        if bench.args.only not in what or not is_installed(library):
            continue
        ours = bench.pengine(squares_job(mode, ARRAY_ITEMS))
        theirs = [sys.executable, "-B", str(HERE / "peer_arrays.py"), library, mode, str(ARRAY_ITEMS), str(threads), "array.npy"]
        times = bench.pairs(lambda: bench.npy(ours, RESULT), lambda: bench.printed(theirs, "array.npy"), same_integers,
                            files=(RESULT, "array.npy"))
        bench.row(what, ARRAY_ITEMS, times, 1, (ours, theirs))
    pathlib.Path("array.npy").unlink(missing_ok=True)


def same_integers(a, b):
    return numpy.array_equal(numpy.load(a, mmap_mode="r"), numpy.load(b, mmap_mode="r"))


# ---- 10^11 squares ----

def duration(seconds):
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


def hundred_billion(bench):
    """The job of configs/hundred_billion.toml. The peers' rates are those of their rows above, where squares fit 64 bits."""
    if bench.args.only not in "10^11 squares":
        return
    ours = bench.pengine(write_job("measured", "imap", [f'range = [0, {MEASURED_SQUARES}]\ndtype = "int128"'],
                                   'name = "square"', 'format = "digest"'))
    seconds, text = bench.run(ours)
    if f"{MEASURED_SQUARES}" not in text:
        bench.wrong += 1
        print(f"bench: not {MEASURED_SQUARES} items: {text!r}", file=sys.stderr)
    every = {"pengine": seconds * (ALL_SQUARES / MEASURED_SQUARES)}
    for what, items_per_second in bench.peers.items():
        if what.startswith("squares: ") and "starmap" not in what:
            every[what.removeprefix("squares: ").split(", from")[0]] = ALL_SQUARES / items_per_second
    print(f"\n10^11 squares: pengine int128 to digest from {MEASURED_SQUARES:,}, the others from their rates above (64 bits)")
    for name in sorted(every, key=every.get):
        print(f"      {name:<46} {duration(every[name]):>10}")
    print("      " + " ".join(ours))


# ---- dispatch ----

def against_dispatch(bench, workers):
    """The cost of handing out one item and taking back its result."""
    bench.title(f"Dispatch: an empty function, one item at a time, {workers} workers (items/s)")
    kernel = f'source = "{HERE}/bench_kernels.c"\nfunction = "empty"\nsignature = "(int64) -> int64"'
    output = 'format = "null"\n\n[pool]\nchunk_size = 1'
    ours = bench.pengine(write_job("empty", "imap", [f"range = [0, {EMPTY_ITEMS}]"], kernel, output))
    for library, name, fewer, target in (("Pool", "Pool.imap", 20_000, 100), ("mpi4py", "mpi4py.futures", 5_000, 1000)):
        what = f"dispatch: {name}, chunksize 1, from {fewer:,}"
        if bench.args.only not in what or not can_run(bench, library):
            continue
        words = (library, "empty", fewer, workers, 1)
        expected = (fewer, fewer * (fewer - 1) // 2)

        def run_theirs():
            seconds, result = pool(bench, *words)
            return seconds * (EMPTY_ITEMS / fewer), result

        times = bench.pairs(lambda: bench.run(ours), run_theirs, lambda a, b: (a, b) == ("", expected))
        bench.row(what, EMPTY_ITEMS, times, target, (ours, pool_command(bench, *words)))


# ---- the smallest task ----

METG_SECONDS = 0.2    # of work for each worker, at each length of task
METG_LONGEST = 2**12  # iterations of a task
METG_TASKS_MOST = 4_000_000


def half_efficiency(iteration_seconds, workers, seconds_of):
    """The length of task, in seconds, at which half of the workers' time goes into tasks: between two powers of two."""
    longer = None
    iterations = METG_LONGEST
    while iterations >= 1:
        task = iterations * iteration_seconds
        tasks = min(int(METG_SECONDS * workers / task) + 1, METG_TASKS_MOST)
        share = tasks * task / workers / seconds_of(tasks, iterations)
        if share < 0.5:
            break
        longer = (task, share)
        iterations //= 2
    if longer is None or share >= 0.5:
        return task  # no longer than this, or no shorter
    return task + (longer[0] - task) * (0.5 - share) / (longer[1] - share)


def smallest_task(bench):
    """METG(50 %) as in Task Bench, Slaughter et al., SC20."""
    bench.title("The smallest task for 50 % efficiency (METG of Task Bench), one item at a time, beside schedule(dynamic, 1)")
    workers = 2
    for ranks, threads in ((1, 2), (2, 1)):
        what = f"METG: {ranks} rank{'s' if ranks > 1 else ''} x {threads}"
        if bench.args.only not in what or (ranks > 1 and not bench.args.mpirun):
            continue

        def hand(tasks, iterations, count=workers):
            command = ["env", f"OMP_NUM_THREADS={count}", *bench.hand("hand_metg", tasks, iterations)]
            return float(bench.run(command)[1].split()[0])

        def ours(tasks, iterations):
            kernel = f'source = "{HERE}/bench_kernels.c"\nfunction = "spin"\nsignature = "(int64, int64) -> float64"'
            job = write_job("spin", "starmap", [f"range = [0, {tasks}]", f"value = {iterations}"], kernel,
                            'format = "null"\n\n[pool]\nchunk_size = 1')
            return bench.wall(bench.pengine(job, threads, ranks if ranks > 1 else 0))[0]

        def both(seconds_of):
            one = hand(1000, 10**5, 1) / (1000 * 10**5)
            return half_efficiency(one, workers, seconds_of), None

        times = bench.pairs(lambda: both(ours), lambda: both(hand), lambda a, b: a == b, 2)
        mine, others = (statistics.median(column) for column in zip(*times))
        bench.told(what, f"{mine * 1e9:.0f} ns", f"{others * 1e9:.0f} ns", statistics.median(b / a for a, b in times), 0.5)


def rows(bench, workers):
    against_pools(bench, workers)
    against_arrays(bench, workers)
    hundred_billion(bench)
    against_dispatch(bench, workers)
    smallest_task(bench)
    pathlib.Path(RESULT).unlink(missing_ok=True)
