# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Maps of compiled kernels: arrays in by the buffer protocol, arrays out, errors as exceptions.

Threads: any; the calls of one pool run one after the other.
"""
from __future__ import annotations

import threading
import time
from itertools import islice
from typing import Any, Iterable, Iterator, Optional

from . import _compiled
from ._columns import Column, is_sliced, split
from ._outputs import compress, copy_out, fields_of, finish, join, outputs_for, structured
from .errors import ItemError, ItemTimeout
from ._kernels import Kernel, KernelError

_TIMED_OUT = 3
AHEAD_SECONDS = 0.0005  # a block that takes longer is computed while the one before it is read


class Compiled:
    """The compiled side of a pool: its threads and the kernels that it has loaded."""

    def __init__(self, threads: int) -> None:
        self.pool = _checked(_compiled.open, threads)
        self.kernels: dict[tuple[str, str], tuple[Any, Any]] = {}
        self.lock = threading.Lock()

    def load(self, kernel: Kernel, columns: list[Column], errors: dict[str, Any]) -> tuple[Any, Any]:
        """The kernel for columns of such types, and the types of its results."""
        types = f"({', '.join([one.type for one in columns])})"
        key = kernel.job(errors), types
        with self.lock:
            if key not in self.kernels:
                loaded = _checked(kernel.load, self.pool, types, errors)
                self.kernels[key] = loaded, _compiled.results(loaded)
            return self.kernels[key]

    def map(self, kernel: Kernel, columns: list[Column], out: Any, errors: dict[str, Any], chunk: int) -> tuple[Any, list[ItemError]]:
        """The results and the failed items; a structured array, or the dtype of one, takes several results as its fields."""
        target = structured(out, min((one.length for one in columns), default=0))
        if target is None:
            return self.map_all(kernel, columns, out, errors, chunk)
        fields = fields_of(target, self.load(kernel, columns, errors)[1])
        results, failed = self.map_all(kernel, columns, None, errors, chunk)
        results = results if isinstance(results, tuple) else (results,)
        if len(results[0]) != len(target):
            if out is target:
                raise ValueError(f"out= with errors='skip', and {len(failed)} items failed; the first: {failed[0]}")
            target = target[: len(results[0])]
            fields = [field[: len(target)] for field in fields]
        for field, result in zip(fields, results):
            field[...] = result
        return target, failed

    def map_all(self, kernel: Kernel, columns: list[Column], out: Any, errors: dict[str, Any], chunk: int) -> tuple[Any, list[ItemError]]:
        """The same with results as arrays, with the help of other ranks where there are any."""
        from . import _cluster

        count = min((one.length for one in columns), default=0)
        if not _cluster.agents or not kernel.is_portable or count < 1024 or len({one.length for one in columns}) != 1:
            return self.map_here(kernel, columns, out, errors, chunk)
        agents = _cluster.agents
        outputs_for(self.load(kernel, columns, errors)[1], count, out)
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
        joined = [join(list(one)) for one in (zip(*(results for results, _ in done)) if many else [[results for results, _ in done]])]
        if out is not None and failed and errors.get("on_error") == "skip":
            raise ValueError(f"out= with errors='skip', and {len(failed)} items failed; the first: {failed[0]}")
        if out is not None:
            joined = copy_out(joined, out)
        return (tuple(joined) if many else joined[0]), failed

    def map_here(self, kernel: Kernel, columns: list[Column], out: Any, errors: dict[str, Any], chunk: int) -> tuple[Any, list[ItemError]]:
        """The results and the failed items."""
        counts = {one.length for one in columns}
        if len(counts) != 1:
            raise ValueError(f"the arguments have different lengths: {', '.join(str(one.length) for one in columns)}")
        count = counts.pop()
        loaded, types = self.load(kernel, columns, errors)
        outputs = outputs_for(types, count, out)
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


class Stream:
    """imap with a compiled kernel: the results one by one, computed in blocks, one block ahead of the reader where items lie ready."""

    def __init__(self, compiled: Compiled, kernel: Kernel, items: Iterable[Any], star: bool, errors: dict[str, Any]) -> None:
        self.failures: list[BaseException] = []
        self.compiled, self.kernel, self.errors = compiled, kernel, errors
        self.is_slow = True  # a block of it takes longer than it takes to have a thread compute it
        self._is_sequence = is_sliced(items)
        self._results = self._run(_blocks(items, star), star)

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> Any:
        return next(self._results)

    def next(self, timeout: Optional[float] = None) -> Any:
        """The next result; a compiled function is not waited for in part, so timeout is not used."""
        return next(self._results)

    def _run(self, blocks: Iterator[Any], star: bool) -> Iterator[Any]:
        begin = 0
        ahead: Optional[_Block] = None
        for block in blocks:
            started = _Block(self, block, star, begin)
            begin += started.count
            if not self._is_sequence:  # its items may come slowly: none is asked for before it is needed
                yield from started.results()
                continue
            started.start()
            if ahead is not None:
                yield from ahead.results()
            ahead = started
        if ahead is not None:
            yield from ahead.results()


class _Block:
    """Some items of a stream; start() computes them in a thread of its own, else results() does where it is called."""

    def __init__(self, stream: Stream, items: Any, star: bool, begin: int) -> None:
        self.stream, self.items, self.star, self.begin = stream, items, star, begin
        self.columns = split(items, star)
        self.count = self.columns[0].length
        self.done: Any = None
        self.error: Optional[BaseException] = None
        self.thread: Optional[threading.Thread] = None

    def start(self) -> None:
        if self.stream.is_slow:
            self.thread = threading.Thread(target=self.compute, name="pengine-ahead", daemon=True)
            self.thread.start()

    def compute(self) -> None:
        stream, begin = self.stream, time.perf_counter()
        try:
            self.done = stream.compiled.map(stream.kernel, self.columns, None, stream.errors, 0)
        except BaseException as error:  # noqa: B036 - raised where the results are asked for
            self.error = error
        stream.is_slow = time.perf_counter() - begin > AHEAD_SECONDS

    def results(self) -> Iterator[Any]:
        """The results one by one, and the exception that ended them."""
        if self.thread is not None:
            self.thread.join()
        else:
            self.compute()
        if isinstance(self.error, ItemError):
            yield from self.before(self.error.index or 0)
            raise moved(self.error, self.begin) from None
        if self.error is not None:
            raise self.error
        results, failed = self.done
        self.stream.failures += [moved(error, self.begin) for error in failed]
        many = isinstance(results, tuple)
        lists = [one if isinstance(one, list) else one.tolist() for one in (results if many else (results,))]
        yield from zip(*lists) if many else lists[0]

    def before(self, end: int) -> Iterator[Any]:
        """The results of the items before one that failed."""
        if end:
            items = self.items
            first = tuple(one[:end] for one in items) if self.star and isinstance(items, tuple) else items[:end]
            yield from _Block(self.stream, first, self.star, self.begin).results()


def _blocks(items: Any, star: bool) -> Iterator[Any]:
    """The items in blocks of growing size, as split() takes them."""
    size, at = 1024, 0
    columns = star and isinstance(items, tuple)
    iterator = None if columns or is_sliced(items) else iter(items)
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
