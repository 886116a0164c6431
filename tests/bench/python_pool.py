#!/usr/bin/env python3
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""pengine.Pool beside multiprocessing.Pool and numpy, two workers, in turn: python_pool.py [ROUNDS]

Prints a line for each job: the medians of both in seconds, and the median of the ratios; above 1 pengine is faster. Pools are open,
and have been used, when the time begins, except for the job "with its start". PYTHONPATH is the build's folder python.
Before an open pool is timed, as much memory is touched and freed as the longest list takes. Where the host of a virtual machine takes
back its free memory, 400 MB take 0.6 s to touch for the first time and 0.06 s later; without this a row's time depends on what ran before.
"""
import ctypes
import multiprocessing
import statistics
import sys
import time

import numpy
import pengine

from pool_squares import do_something

RECORDS = [{"id": i, "value": i / 2, "name": f"n{i}"} for i in range(10**5)] if __name__ == "__main__" else []


def add(a, b):
    return a + b


def twice(record):
    return {"id": record["id"], "value": record["value"] * 2}


def seconds(use):
    begin = time.perf_counter()
    use()
    return time.perf_counter() - begin


def touch_memory():
    numpy.ones(2**29, numpy.uint8)


def with_pool(kind, use):
    with kind(2) as pool:
        pool.map(abs, range(1000))
        touch_memory()
        return seconds(lambda: use(pool))


def with_start(kind, use):
    def whole():
        with kind(2) as pool:
            use(pool)
    return seconds(whole)


def consume(iterator):
    for _ in iterator:
        pass


POOLS = (
    ("map, 10^7 ints", with_pool, lambda pool: pool.map(do_something, range(10**7))),
    ("starmap, 3*10^6 pairs", with_pool, lambda pool: pool.starmap(add, zip(range(3 * 10**6), range(3 * 10**6)))),
    ("map, 10^5 dicts", with_pool, lambda pool: pool.map(twice, RECORDS)),
    ("map, 10^5 dicts, with its start", with_start, lambda pool: pool.map(twice, RECORDS)),
    ("imap, 5*10^4 ints", with_pool, lambda pool: consume(pool.imap(do_something, range(5 * 10**4)))),
)


def line(name, ours, theirs):
    ratio = statistics.median(b / a for a, b in zip(ours, theirs))
    print(f"{name:34} {statistics.median(ours):8.3f} {statistics.median(theirs):8.3f} {ratio:7.2f}", flush=True)


def arrays(rounds):
    x = numpy.random.default_rng(1).random(125_000_000)
    out = numpy.zeros_like(x)
    cosine = pengine.pointer(ctypes.CDLL("libm.so.6").cos, "(float64) -> float64")
    with pengine.Pool(2) as pool:
        for kernel in (pengine.expr("x*x + 1"), pengine.expr("cos(x)"), cosine):
            pool.map(kernel, x[:1000])
        for name, ours, theirs in (
            ("expr, 1 GB; numpy", lambda: pool.map(pengine.expr("x*x + 1"), x), lambda: x * x + 1),
            ("expr, 1 GB, out=; numpy", lambda: pool.map(pengine.expr("x*x + 1"), x, out=out), lambda: x * x + 1),
            ("pointer; expr, cos", lambda: pool.map(cosine, x, out=out), lambda: pool.map(pengine.expr("cos(x)"), x, out=out)),
        ):
            pairs = [(seconds(ours), seconds(theirs)) for _ in range(rounds)]
            line(name, *zip(*pairs))


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    for name, timed, use in POOLS:
        pairs = [(timed(pengine.Pool, use), timed(multiprocessing.Pool, use)) for _ in range(rounds)]
        line(name, *zip(*pairs))
    arrays(rounds)


if __name__ == "__main__":
    main()
