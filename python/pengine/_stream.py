# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The jobs of imap and imap_unordered: results for a reader who takes them one by one.

Design: a stream runs ahead of its reader only within a window, which grows as the reader reads and is bounded in items and in bytes.
Where the pool was closed the window is open, and results that do not fit memory go to a file without a name.
Threads: the pool's manager cuts and puts; next_results() and abandon() are called by the reader, in any thread.
"""
from __future__ import annotations

import collections
import tempfile
import threading
import time
from multiprocessing import TimeoutError
from typing import Any, Callable, Optional

from . import _frames
from ._jobs import Chunk, Job, merge
from ._options import Options
from ._source import IteratorSource, SequenceSource
from .errors import Failure

WINDOW_BYTES = 64 * 2**20
WINDOW_ITEMS = 2**18


class _Spill:
    """Finished results that do not fit into memory, in a file without a name."""

    def __init__(self) -> None:
        self.file: Any = None
        self.end = 0

    def write(self, data: memoryview) -> tuple[int, int]:
        if self.file is None:
            self.file = tempfile.TemporaryFile(prefix="pengine-")
        self.file.seek(self.end)
        self.file.write(data)
        at, self.end = self.end, self.end + len(data)
        return at, len(data)

    def read(self, at: int, size: int) -> memoryview:
        self.file.seek(at)
        return memoryview(self.file.read(size))


class StreamJob(Job):
    """imap and imap_unordered."""

    def __init__(self, function: Any, source: SequenceSource | IteratorSource, chunksize: int, ordered: bool, star: bool,
                 options: Options, sent: dict[str, Any], post: Callable[..., None]) -> None:
        super().__init__(function, star, options, sent)
        self.source = source
        self.unit = chunksize
        if chunksize == 1:
            self.flags |= _frames.KEEP_GOING
        self.ordered = ordered
        self.post = post
        self.total = source.size
        self.changed = threading.Condition()
        self.ready: collections.deque[tuple[Chunk, Any, list[tuple[int, BaseException]]]] = collections.deque()
        self.waiting: dict[int, tuple[Chunk, Any, list[tuple[int, BaseException]]]] = {}
        self.cut = 0  # items given to workers
        self.delivered = 0  # items given to the reader
        self.next = 0  # the first item not yet ready
        self.bytes = 0
        self.window_open = self.starved = self.closed = self.ended = False
        self.error: Optional[BaseException] = None
        self.spill = _Spill()

    def window(self, workers: int) -> int:
        """How many items may be given out beyond those that the reader has."""
        if self.window_open:
            return 2**62
        return max(4 * workers * self.unit, 32 * workers, min(2 * self.delivered, WINDOW_ITEMS))

    def take(self, workers: int, most: int) -> Optional[Chunk]:
        if self.returned:
            return self.returned.popleft()
        if self.finished or self.source.exhausted:
            self.check_end()
            return None
        room = self.window(workers) - (self.cut - self.delivered)
        if room <= 0 or (self.bytes > WINDOW_BYTES and not self.window_open):
            self.starved = True
            if self.window(workers) > self.cut - self.delivered and self.bytes <= WINDOW_BYTES:
                self.starved = False  # the reader came meanwhile
            else:
                return None
        self.source.allow(self.cut + min(room, WINDOW_ITEMS))
        count = min(self.batch(0.01, 16384), max(room // (2 * workers), self.unit), most)
        items = self.source.take(max(count // self.unit, 1) * self.unit, self.unit)
        if not len(items):
            self.check_end()
            return None
        chunk = Chunk(self, self.cut, items)
        self.cut += chunk.count
        return chunk

    @property
    def asking(self) -> bool:
        return isinstance(self.source, IteratorSource) and self.source.asking and not self.starved

    def put(self, chunk: Chunk, data: memoryview, failed: list[tuple[int, BaseException]]) -> None:
        self.items_done += chunk.count
        if self.finished:
            return
        kept: Any = data
        with self.changed:
            if self.window_open and self.bytes > WINDOW_BYTES:
                kept = self.spill.write(data)
            else:
                self.bytes += len(data)
                kept = memoryview(bytes(data))
            entry = (chunk, kept, failed)
            chunk.items = chunk.items if failed else ()
            if not self.ordered:
                self.next += chunk.count
                self.ready.append(entry)
            else:
                self.waiting[chunk.first] = entry
                while self.next in self.waiting:
                    entry = self.waiting.pop(self.next)
                    self.next += entry[0].count
                    self.ready.append(entry)
            self.changed.notify()
        self.check_end()

    def check_end(self) -> None:
        if not self.finished and self.source.exhausted and self.next >= self.cut and not self.returned:
            with self.changed:
                self.finished = self.ended = True
                self.error = self.error or self.source.error
                self.changed.notify_all()
            self.source.close()

    def fail(self, error: BaseException) -> None:
        if not self.finished:
            with self.changed:
                self.finished = self.ended = True
                self.error = error
                self.changed.notify_all()
            self.source.close()

    def lift(self) -> None:
        self.window_open = True

    def next_results(self, timeout: Optional[float]) -> list[Any]:
        """The next results, for the reader, in the reader's thread."""
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            with self.changed:
                while not self.ready:
                    if self.ended or self.closed:
                        self.raise_end()
                    left = None if end is None else end - time.monotonic()
                    if left is not None and left <= 0:
                        raise TimeoutError
                    self.changed.wait(left)
                chunk, kept, failed = self.ready.popleft()
                data = self.spill.read(*kept) if type(kept) is tuple else kept
                if type(kept) is not tuple:
                    self.bytes -= len(data)
                self.delivered += chunk.count
            if self.starved:
                self.starved = False
                self.post("feed", self)
            results = self.deliver(chunk, data, failed)
            if results:
                return results

    def deliver(self, chunk: Chunk, data: memoryview, failed: list[tuple[int, BaseException]]) -> list[Any]:
        try:
            results = merge(self, chunk, data, failed)
        except Exception as error:
            return [Failure(error)]
        if failed and self.options.errors == "skip":
            return [result for result in results if type(result) is not Failure]
        if failed and self.unit > 1 and self.options.errors == "raise":
            self.abandon()  # as the original's generator, that ends with its first exception
        return results

    def raise_end(self) -> None:
        error, self.error = self.error, None
        if error is not None and not self.closed:
            raise error
        raise StopIteration

    def abandon(self) -> None:
        """The reader wants no more, in any thread."""
        if not self.closed:
            self.closed = True
            if not self.ended:
                self.post("cancel", self)
