#!/usr/bin/env python3
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Squares of a range into an npy file by array libraries: peer_arrays.py numpy|numexpr|numba MODE ITEMS THREADS PATH

MODE is map (x*x of one array), imap (the same by blocks, each written before the next is made) or starmap (x*x + y*y).
Prints the seconds of computing and writing, without the interpreter's start, the imports and numba's compilation.
"""
import sys
import time

import numpy

BLOCK_ITEMS = 1_000_000


def with_numpy(_):
    return {1: lambda x: x * x, 2: lambda x, y: x * x + y * y}


def with_numexpr(threads):
    import numexpr
    numexpr.set_num_threads(threads)
    return {1: lambda x: numexpr.evaluate("x*x"), 2: lambda x, y: numexpr.evaluate("x*x + y*y")}


def with_numba(threads):
    import numba
    numba.set_num_threads(threads)

    @numba.njit(parallel=True)
    def square(x):
        out = numpy.empty_like(x)
        for i in numba.prange(len(x)):
            out[i] = x[i] * x[i]
        return out

    @numba.njit(parallel=True)
    def sum_of_squares(x, y):
        out = numpy.empty_like(x)
        for i in numba.prange(len(x)):
            out[i] = x[i] * x[i] + y[i] * y[i]
        return out

    square(numpy.arange(2))  # compiled here
    sum_of_squares(numpy.arange(2), numpy.arange(2))
    return {1: square, 2: sum_of_squares}


def by_blocks(compute, items, file):
    numpy.lib.format.write_array_header_1_0(file, {"descr": "<i8", "fortran_order": False, "shape": (items,)})
    for first in range(0, items, BLOCK_ITEMS):
        compute(numpy.arange(first, min(first + BLOCK_ITEMS, items))).tofile(file)


def main():
    library, mode, items, threads, path = sys.argv[1:]
    items = int(items)
    compute = {"numpy": with_numpy, "numexpr": with_numexpr, "numba": with_numba}[library](int(threads))
    begin = time.perf_counter()
    with open(path, "wb") as file:
        if mode == "imap":
            by_blocks(compute[1], items, file)
        elif mode == "map":
            numpy.save(file, compute[1](numpy.arange(items)))
        else:
            numpy.save(file, compute[2](numpy.arange(items), numpy.arange(1, items + 1)))
    print(time.perf_counter() - begin)


if __name__ == "__main__":
    main()
