# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Maps of compiled kernels: arrays in by the buffer protocol, arrays out, errors as exceptions.

Threads: any; the calls of one pool run one after the other.
"""
from __future__ import annotations

import re
import threading
from typing import Any, Callable, Optional

from . import _compiled
from ._columns import Column, split
from ._outputs import compress, copy_out, fields_of, finish, join, outputs_for, structured
from .errors import ItemError, ItemTimeout
from ._kernels import Kernel, KernelError
from ._options import Options, checked_chunksize
from ._progress import Progress

_TIMED_OUT = 3
Tick = Optional[Callable[[int], None]]  # called now and then with the number of items computed


class Compiled:
    """The compiled side of a pool: its threads and the kernels that it has loaded."""

    def __init__(self, threads: int) -> None:
        self.pool = _checked(_compiled.open, threads)
        self.buffers = _compiled.open_buffers()
        self.kernels: dict[tuple[str, str], tuple[Any, Any]] = {}
        self.lock = threading.Lock()

    def load(self, kernel: Kernel, columns: list[Column], errors: dict[str, Any]) -> tuple[Any, Any]:
        """The kernel for columns of such types, and the types of its results."""
        types = f"({', '.join([one.type for one in columns])})"
        if "timeout" in errors and not kernel.is_portable:
            raise ValueError("timeout= ends the process of an item that takes too long; a function of pointer() is called in this one")
        key = kernel.job(errors), types
        with self.lock:
            if key not in self.kernels:
                loaded = self._load(kernel, types, errors, is_empty=not any(one.length for one in columns))
                self.kernels[key] = loaded, _compiled.results(loaded)
            return self.kernels[key]

    def _load(self, kernel: Kernel, types: str, errors: dict[str, Any], is_empty: bool) -> Any:
        """A list without items has no type: it may be one of texts, too."""
        try:
            return _checked(kernel.load, self.pool, types, errors)
        except ValueError:
            if not is_empty:
                raise
        return _checked(kernel.load, self.pool, re.sub(r"\bint64\b", "text", types), errors)

    def close(self) -> None:
        """Keep no memory of results any more; arrays that are there keep theirs."""
        _compiled.close_buffers(self.buffers)

    def call(self, kernel: Kernel, items: Any, star: bool, chunksize: Optional[int], out: Any, fill: Any,
             options: Options) -> tuple[Any, list[BaseException]]:
        """map() or starmap() of a pool: the results and the failed items."""
        columns, errors = split(items, star, kernel.argument_types), errors_of(options, fill)
        chunk = 0 if chunksize is None else checked_chunksize(chunksize)
        if not options.progress:
            made = self.map(kernel, columns, out, errors, chunk)
            return made[0], list(made[1])
        progress = Progress(columns[0].length)
        try:
            made = self.map(kernel, columns, out, errors, chunk, progress.tick)
            progress.items_done = columns[0].length
        finally:
            progress.end()
        return made[0], list(made[1])

    def map(self, kernel: Kernel, columns: list[Column], out: Any, errors: dict[str, Any], chunk: int,
            tick: Tick = None) -> tuple[Any, list[ItemError]]:
        """The results and the failed items; a structured array, or the dtype of one, takes several results as its fields."""
        target = structured(out, min((one.length for one in columns), default=0))
        if target is None:
            return self.map_all(kernel, columns, out, errors, chunk, tick)
        fields = fields_of(target, self.load(kernel, columns, errors)[1])
        results, failed = self.map_all(kernel, columns, None, errors, chunk, tick)
        results = results if isinstance(results, tuple) else (results,)
        if len(results[0]) != len(target):
            if out is target:
                raise ValueError(f"out= with errors='skip', and {len(failed)} items failed; the first: {failed[0]}")
            target = target[: len(results[0])]
            fields = [field[: len(target)] for field in fields]
        for field, result in zip(fields, results):
            field[...] = result
        return target, failed

    def map_all(self, kernel: Kernel, columns: list[Column], out: Any, errors: dict[str, Any], chunk: int,
                tick: Tick) -> tuple[Any, list[ItemError]]:
        """The same with results as arrays, with the help of other ranks where there are any."""
        from . import _cluster

        count = min((one.length for one in columns), default=0)
        if not _cluster.agents or not kernel.is_portable or count < 1024 or len({one.length for one in columns}) != 1:
            return self.map_here(kernel, columns, out, errors, chunk, tick)
        agents = _cluster.agents
        outputs_for(self.load(kernel, columns, errors)[1], count, out, self.buffers)
        ends = [count * part // (len(agents) + 1) for part in range(len(agents) + 2)]
        parts = [[one.part(begin, end) for one in columns] for begin, end in zip(ends, ends[1:])]
        answers = [agent.ask(kernel, part, None, errors, chunk) for agent, part in zip(agents, parts[1:])]
        own = None if tick is None else lambda items: tick(items * len(parts))  # the others are about as far
        done = [self.map_here(kernel, parts[0], None, errors, chunk, own)]
        failed = done[0][1]
        for answer, begin in zip(answers, ends[1:]):
            try:
                results, more = answer.get()
            except ItemError as error:
                raise moved(error, begin) from None
            done.append((results, more))
            failed += [moved(error, begin) for error in more]
        many = isinstance(done[0][0], tuple)
        joined = [join(list(one)) for one in (zip(*(results for results, _ in done)) if many else [[results for results, _ in done]])]
        if out is not None and failed and errors.get("on_error") == "skip":
            raise ValueError(f"out= with errors='skip', and {len(failed)} items failed; the first: {failed[0]}")
        if out is not None:
            joined = copy_out(joined, out)
        return (tuple(joined) if many else joined[0]), failed

    def map_here(self, kernel: Kernel, columns: list[Column], out: Any, errors: dict[str, Any], chunk: int,
                 tick: Tick = None) -> tuple[Any, list[ItemError]]:
        """The results and the failed items."""
        counts = {one.length for one in columns}
        if len(counts) != 1:
            raise ValueError(f"the arguments have different lengths: {', '.join(str(one.length) for one in columns)}")
        count = counts.pop()
        loaded, types = self.load(kernel, columns, errors)
        outputs = outputs_for(types, count, out, self.buffers)
        skips = errors.get("on_error") == "skip"
        outcomes = bytearray(count) if skips else None
        code, item, text, failures, texts = _checked(
            _compiled.run, loaded, count, tuple(one.data for one in columns), tuple(outputs), outcomes, chunk, tick
        )
        failed = [_item_error(columns, *failure) for failure in failures]
        if code == 1:
            raise failed[-1] if failed and failed[-1].index == item else _item_error(columns, item, 0, text)
        if code:
            raise fault(code, text)
        results = [finish(*one) for one in zip(types, outputs, texts)]
        if outcomes is not None and failed:
            if out is not None:
                raise ValueError(f"out= with errors='skip', and {len(failed)} items failed; the first: {failed[0]}")
            results = [compress(result, outcomes) for result in results]
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
    """The exception for an exit code of pengine's; the place in the job file that the package made says nothing to the caller."""
    text = re.sub(r"^job:\d+:\d+: ", "", text)
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


def moved(error: ItemError, by: int) -> ItemError:
    return type(error)((error.index or 0) + by, error.arguments, error.reason)


def errors_of(options: Options, fill: Any) -> dict[str, Any]:
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
