# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The arguments of a compiled kernel: anything with the buffer protocol, and lists of Python values, as columns.

Threads: any; nothing is shared.
"""
from __future__ import annotations

import array
import math
import sys
from itertools import chain, repeat
from typing import Any, NamedTuple

from ._numpy import imported_numpy, numpy_or_none

# the first letter of a buffer's format
KINDS = {**dict.fromkeys("bhilqn", "int"), **dict.fromkeys("BHILQN", "uint"), **dict.fromkeys("efdZ", "float"), "?": "bool"}


# typecodes of the array module
NARROW = {"int8": "b", "int16": "h", "int32": "i", "uint8": "B", "uint16": "H", "uint32": "I", "uint64": "Q"}

_names: dict[Any, str] = {}  # of numpy's dtypes, which take a microsecond to give theirs


class Column(NamedTuple):
    """One argument of all items."""

    data: Any  # a contiguous buffer, or a list of texts
    type: str  # as in a signature
    length: int
    view: Any  # to read single items from

    def item(self, index: int) -> Any:
        return self.view[index]

    def part(self, begin: int, end: int) -> Column:
        """Some of the items, as something that can be pickled."""
        data, view = self.data, self.view
        if isinstance(data, (memoryview, bytes)):
            raw = memoryview(data).cast("B")
            size = len(raw) // self.length
            data = bytes(raw[begin * size : end * size])
        else:
            data = data[begin:end]
        return Column(data, self.type, end - begin, (view.tolist() if isinstance(view, memoryview) else view)[begin:end])


def _from_list(items: Any, wanted: str) -> Column:
    """A list of Python values: texts, bools, ints or floats, as the type that the kernel wants where they can be that."""
    kinds = {type(item) for item in items}
    if not kinds and wanted == "text":
        return Column(items, wanted, 0, items)
    if kinds and kinds <= {str, bytes}:
        return Column(items, "text", len(items), items)
    texts = {kind for kind in kinds if issubclass(kind, (str, bytes))}
    if texts and texts != kinds:
        raise TypeError(f"expected texts or numbers, got both: {', '.join(sorted(kind.__name__ for kind in kinds))}")
    if kinds == {bool}:
        return Column(bytes(items), "bool", len(items), items)
    if kinds <= {int}:
        return _from_narrow(items, wanted) if wanted in NARROW else _from_integers(items)
    if kinds <= {int, float}:
        return _from_floats(items, int in kinds, "float32" if wanted == "float32" else "float64")
    numpy = numpy_or_none()
    made = None if numpy is None else numpy.asarray(items)
    if made is None or made.dtype.kind == "O":
        raise TypeError(f"expected texts, integers or floats, got {', '.join(sorted(kind.__name__ for kind in kinds))}")
    return column(made)


def _from_floats(items: Any, has_integers: bool, name: str) -> Column:
    """float64 or float32; an integer among the floats has to be exact."""
    data = array.array("d" if name == "float64" else "f", items)
    for index, item in enumerate(items if has_integers else ()):
        if type(item) is int and item != data[index]:
            raise OverflowError(f"item {index}: {item} is not exact as {name}")
    return Column(data, name, len(items), items)


def _from_narrow(items: Any, wanted: str) -> Column:
    """A list of ints as an integer type that not every int64 fits."""
    data = array.array(NARROW[wanted])
    for index, item in enumerate(items):
        try:
            data.append(item)
        except OverflowError:
            raise OverflowError(f"item {index}: {item} does not fit {wanted}") from None
    return Column(data, wanted, len(items), items)


def _from_integers(items: Any) -> Column:
    """int64; where a number does not fit, uint64, and else int128."""
    for code, name in (("q", "int64"), ("Q", "uint64")):
        try:
            return Column(array.array(code, items), name, len(items), items)
        except OverflowError:
            pass
    try:
        data = b"".join([item.to_bytes(16, sys.byteorder, signed=True) for item in items])
    except OverflowError:
        raise OverflowError("an integer does not fit int128") from None
    return Column(data, "int128", len(items), items)


def column(items: Any, wanted: str = "") -> Column:
    """Anything that map() takes for one argument; what has no type of its own, as a list, is taken as the type that the kernel wants."""
    if isinstance(items, (list, tuple, range)):
        return _from_list(items, wanted)
    numpy = imported_numpy()
    if numpy is not None and isinstance(items, (numpy.ndarray, numpy.generic)) or not _has_buffer(items):
        numpy = numpy_or_none()
        if numpy is None or not hasattr(items, "__array__"):
            return _from_list(list(items), wanted)
        if type(items) is not numpy.ndarray and numpy.ma.is_masked(items):
            raise ValueError("an array with masked items cannot be an argument: fill them before, array.filled(0)")
        items = numpy.asarray(items)
        if items.dtype.kind in "USO" and items.ndim == 1:
            return _from_list(items.tolist(), wanted)
        if items.dtype.kind in "mM":
            items = items.view(items.dtype.str[0] + "i8")  # as the npy of a job file
        name = _names.get(items.dtype)
        if name is None or items.ndim == 0:
            most = {"b": 1, "i": 8, "u": 8, "f": 8, "c": 16}.get(items.dtype.kind, 0)
            if items.dtype.itemsize > most or items.ndim == 0:
                raise TypeError(f"an array of dtype {items.dtype} and {items.ndim} dimensions cannot be an argument")
            name = _names[items.dtype] = str(items.dtype.name)
        data = numpy.ascontiguousarray(items, None if items.dtype.isnative else items.dtype.newbyteorder("="))
        if not data.flags.aligned:
            data = data.copy()
        return Column(data, name + width_text(data.shape), len(data), items)
    view = memoryview(items)
    shape = view.shape
    if not shape:
        raise TypeError("a single value cannot be an argument: expected an array")
    kind = KINDS.get(view.format.lstrip("@=<")[:1], "")
    if not kind or view.format.startswith((">", "!")):
        raise TypeError(f"a buffer of format {view.format!r} cannot be an argument")
    type_name = kind if kind == "bool" else f"{'complex' if 'Z' in view.format else kind}{8 * view.itemsize}"
    data = view if view.c_contiguous else view.tobytes()
    return Column(data, type_name + width_text(shape), shape[0], view)


def _has_buffer(items: Any) -> bool:
    try:
        memoryview(items)
    except (TypeError, ValueError, BufferError):
        return False
    return True


def is_sliced(items: Any) -> bool:
    """Whether its slices are some of its items."""
    return isinstance(items, (list, tuple, range)) or hasattr(items, "__array__") or _has_buffer(items)


def width_text(shape: Any) -> str:
    return f"[{math.prod(shape[1:])}]" if len(shape) > 1 else ""


def _any_column(items: Any, wanted: str) -> Column:
    is_whole = hasattr(items, "__len__") or hasattr(items, "__array__") or _has_buffer(items)
    return column(items if is_whole else list(items), wanted)


def split(items: Any, star: bool, types: list[str]) -> list[Column]:
    """The columns of a call: of starmap a tuple of arrays, the fields of a structured array, or rows of arguments.

    types: of the kernel's arguments, as far as its signature says them.
    """
    wanted = chain(types, repeat(""))
    if not star:
        return [_any_column(items, next(wanted))]
    if isinstance(items, tuple) and items:
        return [_any_column(*one) for one in zip(items, wanted)]
    names = getattr(getattr(items, "dtype", None), "names", None)
    if names:
        return [_any_column(items[name], "") for name in names]
    rows = [tuple(row) for row in items]
    if not rows:
        raise ValueError("starmap: no arguments; for empty columns pass a tuple of arrays")
    widths = {len(row) for row in rows}
    if len(widths) != 1:
        raise ValueError(f"starmap: the items have different numbers of arguments: {sorted(widths)}")
    return [column(list(values), one) for values, one in zip(zip(*rows), wanted)]
