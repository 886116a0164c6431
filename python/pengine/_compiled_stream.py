# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""imap of compiled kernels: blocks of items are computed, and their results are given one by one.

Threads: the reader's; the block ahead of it is computed in a thread of its own.
"""
from __future__ import annotations

import threading
import time
from itertools import islice
from typing import Any, Iterable, Iterator, Optional

from ._columns import is_sliced, split
from ._compute import Compiled, errors_of, moved
from ._kernels import Kernel
from ._options import Options, checked_chunksize
from ._progress import Progress
from .errors import ItemError

AHEAD_SECONDS = 0.0005  # a block that takes longer is computed while the one before it is read


class Stream:
    """imap with a compiled kernel: the results one by one, computed in blocks, one block ahead of the reader where items lie ready."""

    def __init__(self, compiled: Compiled, kernel: Kernel, items: Iterable[Any], star: bool, chunksize: int,
                 options: Options) -> None:
        checked_chunksize(chunksize)  # blocks have a size of their own
        self.failures: list[BaseException] = []
        self.compiled, self.kernel, self.errors = compiled, kernel, errors_of(options, None)
        self.is_slow = True  # a block of it takes longer than it takes to have a thread compute it
        self._is_sequence = is_sliced(items)
        self.progress = Progress(None) if options.progress else None
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
        if self.progress is not None:
            self.progress.end()


class _Block:
    """Some items of a stream; start() computes them in a thread of its own, else results() does where it is called."""

    def __init__(self, stream: Stream, items: Any, star: bool, begin: int) -> None:
        self.stream, self.items, self.star, self.begin = stream, items, star, begin
        self.columns = split(items, star, stream.kernel.argument_types)
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
        if self.stream.progress is not None:
            self.stream.progress.tick(self.begin + self.count)
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
