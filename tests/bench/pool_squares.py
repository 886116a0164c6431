#!/usr/bin/env python3
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The squares as one writes them with multiprocessing.Pool: pool_squares.py map|imap|starmap ITEMS PROCESSES CHUNK

CHUNK is a chunksize, or "default". Prints the number of results, their sum modulo 2^64 (to be compared with) and the
seconds from before the pool is made until the last result is there. Python's own start is not counted.
"""
import multiprocessing
import sys
import time


def do_something(number):
    return number ** 2


def do_something_with_two(a, b):
    return a ** 2 + b ** 2


def compute(pool, mode, items, options):
    if mode == "map":
        return pool.map(do_something, range(items), **options)
    if mode == "imap":
        return list(pool.imap(do_something, range(items), **options))
    return pool.starmap(do_something_with_two, zip(range(items), range(1, items + 1)), **options)


def main():
    mode, items, processes, chunk = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    options = {} if chunk == "default" else {"chunksize": int(chunk)}
    begin = time.perf_counter()
    with multiprocessing.Pool(processes) as pool:
        results = compute(pool, mode, items, options)
        seconds = time.perf_counter() - begin
    print(len(results), sum(results) % 2 ** 64, seconds)


if __name__ == "__main__":
    main()
