# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The jobs of a pool: one call of apply, map or imap, cut into chunks for the workers and put together again.

Design: a chunk is cut when a worker has room for it, and its size follows the time that items took so far. So a fast function is
asked in batches of thousands and a slow one item by item, whatever the caller knows.
Threads: methods are called by the pool's manager, unless they say otherwise.
"""
from __future__ import annotations

import collections
import contextlib
import functools
import itertools
import math
import pickle
import warnings
from typing import Any, Iterable, Optional

from . import _byvalue, _cluster, _codec, _core, _frames, _shared
from ._options import Options
from ._results import AsyncResult
from ._source import SequenceSource
from .errors import Failure, ItemError

MOST_ITEMS = 2**18  # of a chunk
BATCH_BYTES = 2**21
_numbers = itertools.count(1)
_NONE = object()  # in the place of a function: each item brings its own


class Chunk:
    """Consecutive items that one worker gets at once."""

    __slots__ = ("job", "first", "count", "items", "tries", "task", "size", "sent", "place")

    def __init__(self, job: Job, first: int, items: Any) -> None:
        self.job = job
        self.first = first
        self.count = len(items)
        self.items = items
        self.tries = 0  # times that it was lost with its worker
        self.task = 0
        self.size = 0
        self.sent = 0.0
        self.place = 0  # in memory; 0 for none

    def arguments(self, place: int) -> Optional[tuple[Any, ...]]:
        return self.job.arguments_of(self.items[place])

    def part(self, first: int, last: int) -> Chunk:
        return Chunk(self.job, self.first + first, self.items[first:last])


class Job:
    """What all jobs share."""

    kind = _frames.TASK

    def __init__(self, function: Any, star: bool, options: Options, sent: dict[str, Any]) -> None:
        self.number = next(_numbers)
        self.star = star
        self.options = options
        self.sent = sent  # of _byvalue.py
        self.callable = function  # it lives until all workers have it, and so do the locks in it
        with contextlib.nullcontext() if _cluster.agents else _shared.sending():
            self.function = _byvalue.dumps_function(function, sent) if function is not _NONE else b""
        self.flags = (_frames.STAR if star else 0) | options.retries << _frames.TRIES
        if options.errors != "raise":
            self.flags |= _frames.KEEP_GOING
        self.item_seconds: Optional[float] = None
        self.item_bytes = 1.0  # of arguments and result
        self.unit = 1
        self.returned: collections.deque[Chunk] = collections.deque()  # chunks to be computed again
        self.finished = False
        self.interrupted = math.inf  # when
        self.failed: dict[int, BaseException] = {}
        self.items_done = 0
        self.total: Optional[int] = None

    @property
    def failures(self) -> list[BaseException]:
        """In the order of the items."""
        return [self.failed[index] for index in sorted(self.failed)]

    def arguments_of(self, item: Any) -> Optional[tuple[Any, ...]]:
        if not self.star:
            return (item,)
        try:
            return tuple(item)
        except TypeError:
            return (item,)

    def batch(self, seconds: float, most: int) -> int:
        """How many items take about this long."""
        count = self.unit if self.item_seconds is None else int(seconds / max(self.item_seconds, 1e-9))
        count = min(count, most, int(BATCH_BYTES / self.item_bytes))
        return max(count // self.unit, 1) * self.unit

    def measure(self, chunk: Chunk, seconds: float, size: int) -> None:
        """Learn from a chunk; a batch may be 8 times longer than the longest known to be fast."""
        if chunk.count:
            self.item_seconds = max(seconds / chunk.count, 0.01 / (8 * chunk.count) if chunk.count < 4096 else 0.0)
            self.item_bytes = max((size + chunk.size) / chunk.count, 1.0)

    def payload(self, chunk: Chunk) -> bytes:
        return _codec.dump(chunk.items, functools.partial(_byvalue.dumps, sent=self.sent))

    def fail(self, error: BaseException) -> None:
        raise NotImplementedError

    def put(self, chunk: Chunk, data: memoryview, failed: list[tuple[int, BaseException]]) -> None:
        """Take a chunk's results, which are overwritten after this."""
        raise NotImplementedError

    def take(self, workers: int, most: int) -> Optional[Chunk]:
        raise NotImplementedError

    def lift(self) -> None:
        """The pool was closed: no bound any more."""


def unpack_failures(data: memoryview) -> list[tuple[int, BaseException]]:
    """What a worker said of failed items."""
    if not data:
        return []
    failed = []
    for place, error, text in pickle.loads(data):
        try:
            exception = _byvalue.loads(error)
        except Exception as unreadable:
            exception = RuntimeError(f"the exception of the item cannot be rebuilt here ({unreadable!r}):\n{text}")
        failed.append((place, exception))
    return failed


def merge(job: Job, chunk: Chunk, data: memoryview, failed: list[tuple[int, BaseException]]) -> list[Any]:
    """The results of a chunk in order, with a Failure in the place of each failed item."""
    try:
        results = _codec.load(data) if len(data) else []
    except Exception as unreadable:
        last = chunk.first + chunk.count - 1
        unreadable.add_note(f"pengine: the results of items {chunk.first} to {last} were pickled, and cannot be unpickled here")
        raise
    for place, error in failed:
        note(error, chunk.first + place, chunk, place)
        job.failed[chunk.first + place] = error
        results.insert(place, error if job.options.errors == "return" else Failure(error))
    return results


def note(error: BaseException, index: int, chunk: Chunk, place: int) -> None:
    """Say in an exception of the function itself which item it came from."""
    if not isinstance(error, ItemError) and place < len(chunk.items):
        from .errors import describe

        error.add_note(f"pengine: {describe(index, chunk.arguments(place))}")


class ApplyJob(Job):
    """One call."""

    kind = _frames.APPLY

    def __init__(self, function: Any, args: Iterable[Any], kwds: dict[str, Any], result: AsyncResult, options: Options,
                 sent: dict[str, Any]) -> None:
        super().__init__(_NONE, False, options, sent)
        self.args = tuple(args)
        self.call: Any = (function, self.args, kwds)
        self.result = result
        self.total = 1

    def arguments_of(self, item: Any) -> Optional[tuple[Any, ...]]:
        return self.args

    def take(self, workers: int, most: int) -> Optional[Chunk]:
        if self.returned:
            return self.returned.popleft()
        if self.call is None:
            return None
        chunk = Chunk(self, 0, [self.call])
        self.call = None
        return chunk

    def payload(self, chunk: Chunk) -> bytes:
        return _byvalue.dumps(chunk.items[0], sent=self.sent)

    def put(self, chunk: Chunk, data: memoryview, failed: list[tuple[int, BaseException]]) -> None:
        if self.finished:
            return
        self.items_done = 1
        self.finished = True
        if failed:
            self.result._set(False, failed[0][1])
        else:
            try:
                value = _codec.load(data)[0]
            except Exception as error:
                self.result._set(False, error)
                return
            self.result._set(True, value)

    def fail(self, error: BaseException) -> None:
        if not self.finished:
            self.finished = True
            if isinstance(error, ItemError):
                error = type(error)(None, error.arguments, error.reason)
            self.result._set(False, error)


class MapJob(Job):
    """All results at once."""

    def __init__(self, function: Any, items: Any, chunksize: Optional[int], star: bool, result: AsyncResult,
                 options: Options, sent: dict[str, Any], workers: int, whole: bool) -> None:
        super().__init__(function, star, options, sent)
        self.result = result
        self.source = SequenceSource(items)
        self.total = len(items)
        self.values = _core.unset_list(self.total)
        self.most = -(-self.total // (workers * 4))
        self.error: Optional[tuple[int, BaseException]] = None
        if chunksize is not None:
            self.unit = chunksize
            self.most = max(self.most, chunksize)
            self.flags |= _frames.KEEP_GOING
        elif whole:
            self.unit = max(self.most, 1)

    def take(self, workers: int, most: int) -> Optional[Chunk]:
        if self.returned:
            return self.returned.popleft()
        if self.finished or self.source.exhausted:
            return None
        left = self.source.size - self.source.at
        guided = max(-(-left // (workers * 2)), self.unit)
        count = min(self.batch(0.03, min(self.most, guided, MOST_ITEMS)), most)
        if self.item_seconds is None and self.unit == 1:
            count = min(self.most, 8, most)
        first = self.source.at
        return Chunk(self, first, self.source.take(count, self.unit))

    def put(self, chunk: Chunk, data: memoryview, failed: list[tuple[int, BaseException]]) -> None:
        if self.finished:
            return
        try:
            self.keep(chunk, data, failed)
        except Exception as unreadable:
            self.blame(chunk.first, unreadable)
        if failed and self.options.errors == "raise":
            self.blame(chunk.first + failed[0][0], failed[0][1])
        self.items_done += chunk.count
        if self.items_done >= (self.total or 0):
            self.end()

    def keep(self, chunk: Chunk, data: memoryview, failed: list[tuple[int, BaseException]]) -> None:
        """The results in their places."""
        if data[:1] == b"C" and not failed:
            _core.decode(data[1:], self.values, chunk.first, chunk.count)
            return
        results = merge(self, chunk, data, failed)
        if len(results) == chunk.count:
            self.values[chunk.first : chunk.first + chunk.count] = results
        elif not failed or self.options.errors != "raise":  # else one failed that ends the call
            raise RuntimeError(f"a worker gave {len(results)} results for {chunk.count} items")

    def blame(self, index: int, error: BaseException) -> None:
        """The first item that failed ends the call."""
        if self.error is None or index < self.error[0]:
            self.error = index, error

    def end(self) -> None:
        self.finished = True
        self.source.close()
        values, self.values = self.values, []
        self.result.failures = self.failures
        if self.error is not None:
            error, self.error = self.error[1], None
            self.result._set(False, error)
            return
        _core.set_list(values)
        if self.options.errors == "skip" and self.failed:
            values = [value for value in values if type(value) is not Failure]
        self.result._set(True, values)

    def fail(self, error: BaseException) -> None:
        if not self.finished:
            self.error = (-1, error)
            self.end()


def warn_skipped(failures: list[BaseException]) -> None:
    """No failure is silent: one line for all that errors="skip" left out."""
    if failures:
        more = "1 item was" if len(failures) == 1 else f"{len(failures)} items were"
        warnings.warn(f"{more} left out; the first: {failures[0]!r}", RuntimeWarning, stacklevel=4)
