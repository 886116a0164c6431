#!/usr/bin/env python3
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""One function over a range as Python's pools do it: peer_pools.py LIBRARY FUNCTION ITEMS WORKERS CHUNK

LIBRARY is Pool, mpi4py, joblib or dask; FUNCTION square, sum_of_squares or empty; CHUNK a number of items, or "default".
Prints the number of results, their sum modulo 2^64 and the seconds from before the pool is made until the last result
is there. mpi4py wants `mpirun -n WORKERS+1 python3 -m mpi4py.futures` in front, to start its workers beforehand.
"""
import multiprocessing
import sys
import time

from pool_squares import do_something, do_something_with_two


def empty(number):
    return number


def with_pool(function, args, workers, chunk):
    options = {"chunksize": chunk} if chunk else {}
    with multiprocessing.Pool(workers) as pool:
        if len(args) == 1:
            return list(pool.imap(function, *args, **options))
        return pool.starmap(function, zip(*args), **options)


def with_mpi4py(function, args, workers, chunk):
    from mpi4py.futures import MPIPoolExecutor
    options = {"chunksize": chunk} if chunk else {}
    with MPIPoolExecutor(workers) as executor:
        if len(args) == 1:
            return list(executor.map(function, *args, **options))
        return list(executor.starmap(function, zip(*args), **options))


def with_joblib(function, args, workers, chunk):
    import joblib
    options = {"batch_size": chunk} if chunk else {}
    return joblib.Parallel(workers, **options)(joblib.delayed(function)(*each) for each in zip(*args))


def with_dask(function, args, workers, chunk):
    import dask.bag
    options = {"partition_size": chunk} if chunk else {}
    if len(args) == 1:
        bag = dask.bag.from_sequence(args[0], **options).map(function)
    else:
        bag = dask.bag.from_sequence(zip(*args), **options).starmap(function)
    return bag.compute(scheduler="processes", num_workers=workers)


LIBRARIES = {"Pool": with_pool, "mpi4py": with_mpi4py, "joblib": with_joblib, "dask": with_dask}
FUNCTIONS = {"square": do_something, "sum_of_squares": do_something_with_two, "empty": empty}


def main():
    library, name, items, workers, chunk = sys.argv[1:]
    args = [range(int(items))]
    if name == "sum_of_squares":
        args.append(range(1, int(items) + 1))
    chunk = None if chunk == "default" else int(chunk)
    begin = time.perf_counter()
    results = LIBRARIES[library](FUNCTIONS[name], args, int(workers), chunk)
    seconds = time.perf_counter() - begin
    print(len(results), sum(results) % 2 ** 64, seconds)


if __name__ == "__main__":
    main()
