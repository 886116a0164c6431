# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Lists of items to bytes and back: columns where all items are plain values of one type, else one pickle for the list.

A message begins with a letter: C a column (plain_columns.c), R a range, A rows of a numpy array, P a pickle.
"""
from __future__ import annotations

import gc
import pickle
import struct
import sys
from typing import Any, Callable, Sequence

from . import _byvalue, _core
from ._numpy import imported_numpy
from ._packed import Packed

_RANGE = struct.Struct("=qqq")
_INT64 = range(-(2**63), 2**63)


def dump(items: Any, dumps: Callable[[Any], bytes] = _byvalue.dumps) -> bytes:
    """The bytes of a list, a range, Packed or a numpy array's rows; raises what pickle raises."""
    if type(items) is range:
        if items and (items[0] not in _INT64 or items[-1] not in _INT64):
            return _pickled(list(items), dumps)
        return b"R" + _RANGE.pack(items.start, items.step, len(items)) if _fits(items) else _pickled(list(items), dumps)
    if type(items) is Packed:
        return b"C" + items.message()
    if type(items) is not list:
        return _dump_array(items)
    column = _core.encode(items)
    if column is not None:
        return b"C" + column
    if items and type(items[0]).__module__ == "numpy":
        array = _as_array(items)
        if array is not None:
            return _dump_array(array)
    return _pickled(items, dumps)


def load(data: memoryview) -> list[Any]:
    """The items of dump(); a row of an array is writable."""
    kind = data[:1]
    if kind == b"C":
        return _core.decode(data[1:])
    if kind == b"R":
        start, step, count = _RANGE.unpack(data[1:])
        return list(range(start, start + step * count, step))
    if kind == b"A":
        return _load_array(data)
    return _without_collector(data[1:])


def _without_collector(data: memoryview) -> list[Any]:
    """The collector would look through the new objects again and again while they are made."""
    collects = gc.isenabled()
    gc.disable()
    try:
        return _byvalue.loads(data)  # type: ignore[no-any-return]
    finally:
        if collects:
            gc.enable()


def _fits(items: range) -> bool:
    return items.start in _INT64 and items.stop in _INT64 and items.step in _INT64


def _pickled(items: Sequence[Any], dumps: Callable[[Any], bytes]) -> bytes:
    return b"P" + dumps(items)


def _as_array(items: list[Any]) -> Any:
    """One array of items that are numpy scalars or arrays of one dtype and shape; None where they are not."""
    numpy = imported_numpy()
    if numpy is None:
        return None
    kind, first = type(items[0]), items[0]
    if kind is not numpy.ndarray and not issubclass(kind, numpy.number):
        return None
    dtype, shape = first.dtype, first.shape
    if not shape and kind is numpy.ndarray:
        return None  # as rows of an array they would be scalars
    if dtype.hasobject or dtype.fields is not None or not all(
        type(item) is kind and item.dtype == dtype and item.shape == shape for item in items
    ):
        return None
    if shape and any(item.flags.fnc for item in items):
        return None  # a pickle keeps Fortran order
    return numpy.stack(items) if shape else numpy.array(items, dtype)


def _dump_array(array: Any) -> bytes:
    numpy: Any = sys.modules["numpy"]
    head = pickle.dumps((array.dtype.str, array.shape))
    data: bytes = numpy.ascontiguousarray(array).tobytes()
    return b"A" + struct.pack("=q", len(head)) + head + data


def _load_array(data: memoryview) -> list[Any]:
    import numpy

    (size,) = struct.unpack("=q", data[1:9])
    dtype, shape = pickle.loads(data[9 : 9 + size])
    array = numpy.frombuffer(bytearray(data[9 + size :]), dtype).reshape(shape)
    return list(array)
