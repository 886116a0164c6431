# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The results of a compiled kernel: new arrays, the caller's out=, the fields of a structured array, lists of texts.

Threads: any; nothing is shared.
"""
from __future__ import annotations

import math
import sys
from typing import Any

from . import _compiled
from ._columns import KINDS
from ._numpy import imported_numpy, numpy_or_none

# pe_dtype: name, format of the buffer protocol, numpy's name
_DTYPES = {
    1: ("bool", "?"), 2: ("int8", "b"), 3: ("int16", "h"), 4: ("int32", "i"), 5: ("int64", "q"), 6: ("uint8", "B"), 7: ("uint16", "H"),
    8: ("uint32", "I"), 9: ("uint64", "Q"), 10: ("int128", "16s"), 11: ("float32", "f"), 12: ("float64", "d"), 13: ("text", ""),
    14: ("float16", "e"), 15: ("complex64", "Zf"), 16: ("complex128", "Zd"),
}
LARGE = 2**26  # bytes of a result from which on its memory is used again


def structured(out: Any, count: int) -> Any:
    """out as a structured array; None where it is something else."""
    numpy = imported_numpy()
    if numpy is None:
        return None
    if isinstance(out, numpy.dtype):
        if out.names is None:
            raise TypeError(f"out: expected arrays, or a structured dtype, got dtype {out}")
        return numpy.empty(count, out)
    if not isinstance(out, numpy.ndarray) or out.dtype.names is None:
        return None
    if out.shape != (count,):
        raise ValueError(f"out: expected a structured array of shape {(count,)}, got shape {out.shape}")
    return out


def fields_of(target: Any, types: Any) -> list[Any]:
    """A view of each field, one per result, whose types hold the results' exactly."""
    numpy = numpy_or_none()
    names = target.dtype.names
    if len(names) != len(types):
        raise ValueError(f"out: expected {len(types)} fields, one per result, got {', '.join(names)}")
    for name, (dtype, width) in zip(names, types):
        result, kind = _DTYPES[dtype][0], target.dtype[name]
        fits = kind.shape == ((width,) if width else ()) and result not in ("text", "int128")
        if not fits or not numpy.can_cast(result, kind.base):
            text = result + (f"[{width}]" if width else "")
            raise TypeError(f"out: field {name} of type {kind} cannot take a result of type {text}")
    return [target[name] for name in names]


def outputs_for(types: Any, count: int, out: Any, buffers: Any) -> list[Any]:
    """A buffer for each result: the caller's, or a new one; of large ones the memory of an earlier result is used again."""
    given = [None] * len(types) if out is None else list(out) if isinstance(out, (tuple, list)) else [out]
    if len(given) != len(types):
        raise ValueError(f"out: expected {'one array' if len(types) == 1 else f'{len(types)} arrays, one per result'}, got {len(given)}"
                         f" in a {type(out).__name__}")
    return [_new(dtype, width, count, buffers) if one is None else _check_out(one, dtype, width, count)
            for (dtype, width), one in zip(types, given)]


def _new(dtype: int, width: int, count: int, buffers: Any) -> Any:
    name, form = _DTYPES[dtype]
    if name == "text":
        return None
    numpy = numpy_or_none()
    if name == "int128":
        return numpy.empty(count * max(width, 1), "V16") if numpy is not None else bytearray(16 * count * max(width, 1))
    shape = (count, width) if width else (count,)
    size = math.prod(shape) * (8 if name == "complex64" else 16 if name == "complex128" else memoryview(b"").cast(form).itemsize)
    if numpy is not None and size < LARGE:
        return numpy.empty(shape, name)
    data: Any = _compiled.Buffer(buffers, size) if size >= LARGE else bytearray(size)
    if numpy is not None:
        return numpy.ndarray(shape, name, data)
    return memoryview(data)[:size].cast(form, shape)


def _check_out(one: Any, dtype: int, width: int, count: int) -> Any:
    name, form = _DTYPES[dtype]
    if name in ("text", "int128"):
        raise TypeError(f"out: a result of type {name} cannot be written to an array")
    try:
        view = memoryview(one)
    except TypeError:
        raise TypeError(f"out: expected an array (of numpy or the buffer protocol), got {type(one).__name__}") from None
    shape = (count, width) if width else (count,)
    kind = KINDS.get(view.format.lstrip("@=<")[:1])
    same = view.format.lstrip("@=<") == form or (kind in ("int", "uint") and kind == KINDS[form] and not view.format.startswith(">")
                                                 and view.itemsize == memoryview(b"").cast(form).itemsize)
    if not same or view.shape != shape:
        raise ValueError(f"out: expected {name} of shape {shape}, got format {view.format!r} of shape {view.shape}")
    if view.readonly or not view.c_contiguous:
        raise ValueError("out: expected a writable, contiguous array")
    return one


def finish(kind: tuple[int, int], output: Any, texts: Any) -> Any:
    name = _DTYPES[kind[0]][0]
    if name == "text":
        return texts
    if name == "int128":
        data, width = bytes(output), kind[1]
        values = [int.from_bytes(data[i : i + 16], sys.byteorder, signed=True) for i in range(0, len(data), 16)]
        return [tuple(values[i : i + width]) for i in range(0, len(values), width)] if width else values
    return output


def compress(result: Any, outcomes: bytearray) -> Any:
    """Without the items that failed."""
    numpy = numpy_or_none()
    if numpy is not None and isinstance(result, numpy.ndarray):
        return result[numpy.frombuffer(outcomes, "u1") == 1]
    return [item for item, outcome in zip(result if isinstance(result, list) else result.tolist(), outcomes) if outcome == 1]


def join(parts: list[Any]) -> Any:
    if isinstance(parts[0], list):
        return [item for part in parts for item in part]
    numpy = numpy_or_none()
    return numpy.concatenate(parts) if numpy is not None else [item for part in parts for item in part.tolist()]


def copy_out(results: list[Any], out: Any) -> list[Any]:
    given = list(out) if isinstance(out, (tuple, list)) else [out]
    for one, result in zip(given, results):
        memoryview(one).cast("B")[:] = memoryview(result).cast("B")
    return given
