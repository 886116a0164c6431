# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The rows of bench.py about HDF5: contiguous datasets against pengine's own npy, and against h5py."""
import importlib.util
import pathlib
import sys

import numpy

from forms import write_job
from helpers import remove

ITEMS = 10**8
H5, NPY, PEER_H5 = "store.h5", "store.npy", "peer.h5"
H5PY_WRITE = ("import sys, time, h5py, numpy; begin = time.perf_counter(); f = h5py.File(sys.argv[2], 'w'); "
              "x = numpy.arange(int(sys.argv[1]), dtype='f8'); f['result'] = x * x; f.close(); print(time.perf_counter() - begin)")
H5PY_READ = ("import sys, time, h5py; begin = time.perf_counter(); x = h5py.File(sys.argv[1])['result'][:]; total = (x * x).sum(); "
             "print(time.perf_counter() - begin)")


def values(path):
    if path.endswith(".npy"):
        return numpy.load(path, mmap_mode="r")
    import h5py  # pylint: disable=import-outside-toplevel # an option, which rows() looks for
    return h5py.File(path)["result"]


def same_ends(a, b):
    """Both hold the same numbers, as far as ten thousand at each end tell."""
    one, other = values(a), values(b)
    return len(one) == len(other) and all(numpy.array_equal(one[part], other[part])
                                          for part in (slice(0, 10**4), slice(len(one) - 10**4, len(one))))


def sum_job(path):
    job = pathlib.Path(f"sum_{path}.toml")
    job.write_text(f'mode = "map"\n\n[[input]]\npath = "{path}"\n\n[kernel]\nexpr = "x*x"\n\n[reduce]\nop = "sum"\n', encoding="ascii")
    return str(job)


def write(bench):
    inputs = [f'range = [0, {ITEMS}]\ndtype = "float64"']
    jobs = {path: bench.pengine(write_job(f"write_{path[-2:]}", "map", inputs, 'name = "square"', f'path = "{path}"'))
            for path in (H5, NPY)}
    h5py = [sys.executable, "-c", H5PY_WRITE, str(ITEMS), PEER_H5]
    peers = {"its own npy": (jobs[NPY], lambda: bench.npy(jobs[NPY], NPY), NPY, 0.9),
             "h5py": (h5py, lambda: (float(bench.run(h5py)[1]), PEER_H5), PEER_H5, 1)}
    for peer, (theirs, run_theirs, written, target) in peers.items():
        what = f"hdf5: float64 squares to a dataset, {peer}"
        if bench.args.only in what:
            times = bench.pairs(lambda: bench.npy(jobs[H5], H5), run_theirs, same_ends, 3, (H5, written))
            bench.row(what, ITEMS, times, target, (jobs[H5], theirs))
    return jobs


def read(bench, jobs):
    if not any(bench.args.only in f"hdf5: sum of squares of a dataset, {peer}" for peer in ("its own npy", "h5py")):
        return
    for command in jobs.values():
        bench.run(command)
    sums = {path: bench.pengine(sum_job(path)) for path in (H5, NPY)}
    h5py = [sys.executable, "-c", H5PY_READ, H5]
    peers = {"its own npy": (sums[NPY], lambda: bench.run(sums[NPY]), 0.9), "h5py": (h5py, lambda: (float(bench.run(h5py)[1]), None), 1)}
    for peer, (theirs, run_theirs, target) in peers.items():
        what = f"hdf5: sum of squares of a dataset, {peer}"
        if bench.args.only in what:
            times = bench.pairs(lambda: bench.run(sums[H5]), run_theirs, lambda a, b: b is None or a == b, 3)
            bench.row(what, ITEMS, times, target, (sums[H5], theirs))


def rows(bench):
    bench.title(f"HDF5 of {ITEMS:,} float64, contiguous (items/s)")
    if importlib.util.find_spec("h5py") is None:
        print("h5py is not installed: the rows of HDF5 are left out")
        return
    read(bench, write(bench))
    remove(H5, NPY, PEER_H5)
