# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Helpers of bench.py's rows: print rates, compare results, remove files."""
import pathlib

import numpy

BLOCK_ITEMS = 50_000


def rate(items_per_second):
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if items_per_second >= size:
            return f"{items_per_second / size:.3g} {unit}"
    return f"{items_per_second:.3g}"


def same_floats(a, b):
    """Both npy files hold the same numbers; fused multiply-add may change the last digits. Compares blocks that fit a cache."""
    one, other = (numpy.load(path, mmap_mode="r") for path in (a, b))
    return len(one) == len(other) and all(
        numpy.allclose(one[first:first + BLOCK_ITEMS], other[first:first + BLOCK_ITEMS], rtol=1e-9, atol=1e-12)
        for first in range(0, len(one), BLOCK_ITEMS))


def file_digest(path):
    with open(path, "rb") as file:
        return hash(file.read())


def remove(*paths):
    for path in paths:
        pathlib.Path(path).unlink(missing_ok=True)
