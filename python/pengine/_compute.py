# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Maps of compiled kernels: arrays in by the buffer protocol, arrays out, errors as exceptions.

Threads: any; the calls of one pool run one after the other.
"""
from __future__ import annotations

import array
import math
import sys
import threading
from itertools import islice
from typing import Any, Iterable, Iterator, NamedTuple, Optional

from . import _compiled
from .errors import ItemError, ItemTimeout
from ._kernels import Kernel, KernelError

# pe_dtype: name, format of the buffer protocol, numpy's name
_DTYPES = {
    1: ("bool", "?"), 2: ("int8", "b"), 3: ("int16", "h"), 4: ("int32", "i"), 5: ("int64", "q"), 6: ("uint8", "B"), 7: ("uint16", "H"),
    8: ("uint32", "I"), 9: ("uint64", "Q"), 10: ("int128", "16s"), 11: ("float32", "f"), 12: ("float64", "d"), 13: ("text", ""),
    14: ("float16", "e"), 15: ("complex64", "Zf"), 16: ("complex128", "Zd"),
}
_KINDS = {**dict.fromkeys("bhilqn", "int"), **dict.fromkeys("BHILQN", "uint"), **dict.fromkeys("efdZ", "float"), "?": "bool"}
_TIMED_OUT = 3


def _join(parts: list[Any]) -> Any:
    if isinstance(parts[0], list):
        return [item for part in parts for item in part]
    numpy = _numpy()
    return numpy.concatenate(parts) if numpy is not None else [item for part in parts for item in part.tolist()]


def _copy_out(results: list[Any], out: Any) -> list[Any]:
    given = list(out) if isinstance(out, (tuple, list)) else [out]
    for one, result in zip(given, results):
        memoryview(one).cast("B")[:] = memoryview(result).cast("B")
    return given


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
        if isinstance(self.data, memoryview):
            size = self.data.nbytes // self.length
            data: Any = bytes(self.data.cast("B")[begin * size : end * size])
            return Column(data, self.type, end - begin, self.view.tolist()[begin:end])
        return Column(self.data[begin:end], self.type, end - begin, self.view[begin:end])


def _numpy() -> Any:
    try:
        import numpy
    except ImportError:
        return None
    return numpy


def _from_list(items: Any) -> Column:
    """A list of Python values: texts, bools, ints or floats."""
    kinds = {type(item) for item in items}
    if kinds and kinds <= {str, bytes}:
        return Column(items, "text", len(items), items)
    if kinds == {bool}:
        return Column(bytes(items), "bool", len(items), items)
    if kinds <= {int} and (not items or kinds):
        try:
            return Column(array.array("q", items), "int64", len(items), items)
        except OverflowError:
            raise OverflowError("an integer does not fit int64") from None
    if kinds <= {int, float}:
        return Column(array.array("d", items), "float64", len(items), items)
    numpy = _numpy()
    if numpy is None:
        raise TypeError(f"expected texts, integers or floats, got {', '.join(sorted(kind.__name__ for kind in kinds))}")
    return column(numpy.asarray(items))


def column(items: Any) -> Column:
    """Anything that map() takes for one argument."""
    if isinstance(items, (list, tuple, range)):
        return _from_list(items)
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(items, (numpy.ndarray, numpy.generic)) or not _has_buffer(items):
        numpy = _numpy()
        if numpy is None or not hasattr(items, "__array__"):
            return _from_list(list(items))
        items = numpy.asarray(items)
        if items.dtype.kind in "US":
            return _from_list(items.tolist())
        if items.dtype.kind not in "biufc" or items.ndim == 0:
            raise TypeError(f"an array of dtype {items.dtype} and {items.ndim} dimensions cannot be an argument")
        view = items
        items = numpy.ascontiguousarray(items, items.dtype.newbyteorder("="))
        kind = items.dtype.name
        return Column(items, kind + _width(items.shape), len(items), view)
    view = memoryview(items)
    if view.ndim == 0:
        raise TypeError("a single value cannot be an argument: expected an array")
    kind = _KINDS.get(view.format.lstrip("@=<")[:1], "")
    if not kind or view.format.startswith((">", "!")):
        raise TypeError(f"a buffer of format {view.format!r} cannot be an argument")
    name = kind if kind == "bool" else f"{'complex' if 'Z' in view.format else kind}{8 * view.itemsize}"
    data = view if view.c_contiguous else view.tobytes()
    return Column(data, name + _width(view.shape), view.shape[0], view)


def _has_buffer(items: Any) -> bool:
    try:
        memoryview(items)
    except (TypeError, ValueError, BufferError):
        return False
    return True


def _width(shape: Any) -> str:
    return f"[{math.prod(shape[1:])}]" if len(shape) > 1 else ""


class Compiled:
    """The compiled side of a pool: its threads and the kernels that it has loaded."""

    def __init__(self, threads: int) -> None:
        self.pool = _checked(_compiled.open, threads)
        self.kernels: dict[tuple[str, str], Any] = {}
        self.lock = threading.Lock()

    def load(self, kernel: Kernel, columns: str, errors: dict[str, Any]) -> Any:
        job = kernel.job(errors)
        with self.lock:
            if (job, columns) not in self.kernels:
                self.kernels[job, columns] = _checked(_compiled.load, self.pool, job, columns)
            return self.kernels[job, columns]

    def map(self, kernel: Kernel, columns: list[Column], out: Any, errors: dict[str, Any], chunk: int) -> tuple[Any, list[ItemError]]:
        """The results and the failed items, with the help of other ranks where there are any."""
        from . import _cluster

        count = min((one.length for one in columns), default=0)
        if not _cluster.agents or not kernel.is_portable or count < 1024 or len({one.length for one in columns}) != 1:
            return self.map_here(kernel, columns, out, errors, chunk)
        agents = _cluster.agents
        _outputs(_compiled.results(self.load(kernel, f"({', '.join(one.type for one in columns)})", errors)), count, out)
        ends = [count * part // (len(agents) + 1) for part in range(len(agents) + 2)]
        parts = [[one.part(begin, end) for one in columns] for begin, end in zip(ends, ends[1:])]
        answers = [agent.ask(kernel, part, None, errors, chunk) for agent, part in zip(agents, parts[1:])]
        done = [self.map_here(kernel, parts[0], None, errors, chunk)]
        failed = done[0][1]
        for answer, begin in zip(answers, ends[1:]):
            try:
                results, more = answer.get()
            except ItemError as error:
                raise moved(error, begin) from None
            done.append((results, more))
            failed += [moved(error, begin) for error in more]
        many = isinstance(done[0][0], tuple)
        joined = [_join(list(one)) for one in (zip(*(results for results, _ in done)) if many else [[results for results, _ in done]])]
        if out is not None and failed and errors.get("on_error") == "skip":
            raise ValueError(f"out= with errors='skip', and {len(failed)} items failed; the first: {failed[0]}")
        if out is not None:
            joined = _copy_out(joined, out)
        return (tuple(joined) if many else joined[0]), failed

    def map_here(self, kernel: Kernel, columns: list[Column], out: Any, errors: dict[str, Any], chunk: int) -> tuple[Any, list[ItemError]]:
        """The results and the failed items."""
        counts = {one.length for one in columns}
        if len(counts) != 1:
            raise ValueError(f"the arguments have different lengths: {', '.join(str(one.length) for one in columns)}")
        count = counts.pop()
        loaded = self.load(kernel, f"({', '.join(one.type for one in columns)})", errors)
        types = _compiled.results(loaded)
        outputs = _outputs(types, count, out)
        skips = errors.get("on_error") == "skip"
        outcomes = bytearray(count) if skips else None
        code, item, text, failures, texts = _checked(
            _compiled.run, loaded, count, tuple(one.data for one in columns), tuple(outputs), outcomes, chunk
        )
        failed = [_item_error(columns, *failure) for failure in failures]
        if code == 1:
            raise failed[-1] if failed and failed[-1].index == item else _item_error(columns, item, 0, text)
        if code:
            raise fault(code, text)
        results = [_finish(*one) for one in zip(types, outputs, texts)]
        if outcomes is not None and failed:
            if out is not None:
                raise ValueError(f"out= with errors='skip', and {len(failed)} items failed; the first: {failed[0]}")
            results = [_compress(result, outcomes) for result in results]
        return (results[0] if len(results) == 1 else tuple(results)), failed


def _checked(function: Any, *args: Any) -> Any:
    try:
        return function(*args)
    except RuntimeError as error:
        if len(error.args) != 3:
            raise
        code, _, text = error.args
    raise fault(code, text)


def fault(code: int, text: str) -> Exception:
    """The exception for an exit code of pengine's."""
    if code == 71:
        return MemoryError(text)
    if code in (66, 73, 74):
        return OSError(text)
    if code == 69:
        return KernelError(text)
    return ValueError(text) if code in (64, 65, 78) else RuntimeError(text)


def _item_error(columns: list[Column], index: int, outcome: int, reason: str) -> ItemError:
    arguments = tuple(one.item(index) for one in columns) if index < columns[0].length else None
    return (ItemTimeout if outcome == _TIMED_OUT else ItemError)(index, arguments, reason.removeprefix(f"item {index}: "))


def _outputs(types: Any, count: int, out: Any) -> list[Any]:
    """A buffer for each result: the caller's, or a new one."""
    given = [None] * len(types) if out is None else list(out) if isinstance(out, (tuple, list)) else [out]
    if len(given) != len(types):
        raise ValueError(f"out: expected {len(types)} arrays, one a result, got {len(given)}")
    return [_new(dtype, width, count) if one is None else _check_out(one, dtype, width, count)
            for (dtype, width), one in zip(types, given)]


def _new(dtype: int, width: int, count: int) -> Any:
    name, form = _DTYPES[dtype]
    if name == "text":
        return None
    numpy = _numpy()
    if name == "int128":
        return numpy.empty(count * max(width, 1), "V16") if numpy is not None else bytearray(16 * count * max(width, 1))
    if numpy is not None:
        return numpy.empty((count, width) if width else count, name)
    size = max(width, 1) * (8 if name == "complex64" else 16 if name == "complex128" else memoryview(b"").cast(form).itemsize)
    return memoryview(bytearray(size * count)).cast(form, (count, width) if width else (count,))


def _check_out(one: Any, dtype: int, width: int, count: int) -> Any:
    name, form = _DTYPES[dtype]
    if name in ("text", "int128"):
        raise TypeError(f"out: a result of type {name} cannot be written to an array")
    view = memoryview(one)
    shape = (count, width) if width else (count,)
    kind = _KINDS.get(view.format.lstrip("@=<")[:1])
    same = view.format.lstrip("@=<") == form or (kind in ("int", "uint") and kind == _KINDS[form] and not view.format.startswith(">")
                                                 and view.itemsize == memoryview(b"").cast(form).itemsize)
    if not same or view.shape != shape:
        raise ValueError(f"out: expected {name} of shape {shape}, got format {view.format!r} of shape {view.shape}")
    if view.readonly or not view.c_contiguous:
        raise ValueError("out: expected a writable, contiguous array")
    return one


def _finish(kind: tuple[int, int], output: Any, texts: Any) -> Any:
    name = _DTYPES[kind[0]][0]
    if name == "text":
        return texts
    if name == "int128":
        data, width = bytes(output), kind[1]
        values = [int.from_bytes(data[i : i + 16], sys.byteorder, signed=True) for i in range(0, len(data), 16)]
        return [tuple(values[i : i + width]) for i in range(0, len(values), width)] if width else values
    return output


def _compress(result: Any, outcomes: bytearray) -> Any:
    """Without the items that failed."""
    numpy = _numpy()
    if numpy is not None and isinstance(result, numpy.ndarray):
        return result[numpy.frombuffer(outcomes, "u1") == 1]
    return [item for item, outcome in zip(result if isinstance(result, list) else result.tolist(), outcomes) if outcome == 1]


class Stream:
    """imap with a compiled kernel: the results one by one, computed in blocks as they are asked for."""

    def __init__(self, compiled: Compiled, kernel: Kernel, items: Iterable[Any], star: bool, errors: dict[str, Any]) -> None:
        self.failures: list[BaseException] = []
        self._compiled, self._kernel, self._errors = compiled, kernel, errors
        self._results = self._run(_blocks(items, star), star)

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> Any:
        return next(self._results)

    def next(self, timeout: Optional[float] = None) -> Any:
        """The next result; a compiled function is not waited for in part, so timeout is not used."""
        return next(self._results)

    def _run(self, blocks: Iterator[Any], star: bool) -> Iterator[Any]:
        at = 0
        for block in blocks:
            columns = split(block, star)
            try:
                results, failed = self._compiled.map(self._kernel, columns, None, self._errors, 0)
            except ItemError as error:
                if error.index:  # what comes before it first
                    before = tuple(one[: error.index] for one in block) if star and isinstance(block, tuple) else block[: error.index]
                    yield from self._run(iter((before,)), star)
                raise moved(error, at) from None
            self.failures += [moved(error, at) for error in failed]
            many = isinstance(results, tuple)
            lists = [one if isinstance(one, list) else one.tolist() for one in (results if many else (results,))]
            yield from zip(*lists) if many else lists[0]
            at += columns[0].length


def _blocks(items: Any, star: bool) -> Iterator[Any]:
    """The items in blocks of growing size, as split() takes them."""
    size, at = 1024, 0
    columns = star and isinstance(items, tuple)
    iterator = None if columns or hasattr(items, "__getitem__") else iter(items)
    while True:
        if iterator is not None:
            block: Any = list(islice(iterator, size))
        else:
            block = tuple(one[at : at + size] for one in items) if columns else items[at : at + size]
        if not len(block[0] if columns else block):
            return
        yield block
        at, size = at + size, min(size * 2, 65536)


def moved(error: ItemError, by: int) -> ItemError:
    return type(error)((error.index or 0) + by, error.arguments, error.reason)


def _any_column(items: Any) -> Column:
    return column(items if hasattr(items, "__len__") or hasattr(items, "__array__") else list(items))


def split(items: Any, star: bool) -> list[Column]:
    """The columns of a call: a tuple of arrays for starmap, or rows of arguments."""
    if not star:
        return [_any_column(items)]
    if isinstance(items, tuple):
        return [_any_column(one) for one in items]
    rows = [tuple(row) for row in items]
    if not rows:
        raise ValueError("starmap: no arguments; for empty columns pass a tuple of arrays")
    widths = {len(row) for row in rows}
    if len(widths) != 1:
        raise ValueError(f"starmap: the items have different numbers of arguments: {sorted(widths)}")
    return [column(list(one)) for one in zip(*rows)]


def errors_of(options: Any, fill: Optional[Any]) -> dict[str, Any]:
    """The job file's [errors]."""
    errors: dict[str, Any] = {}
    if options.errors == "return":
        raise ValueError("errors='return' is for Python functions; expected 'raise' or 'skip', or fill=, for a compiled one")
    if fill is not None:
        errors.update(on_error="fill", fill=fill)
    elif options.errors == "skip":
        errors["on_error"] = "skip"
    if options.retries:
        errors["retries"] = options.retries
    if options.timeout is not None:
        errors["timeout"] = f"{options.timeout} s"
    return errors
