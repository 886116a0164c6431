# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Where a job's items come from: a sequence that is cut, or an iterator that a thread of its own asks.

Design: an iterator may block for any time, so the pool's manager never asks it. The thread takes items only as far as it was allowed
to; what it has taken of a batch that is not full yet can be had meanwhile, so that a slow iterator delays no item.
"""
from __future__ import annotations

import threading
import time
from itertools import islice
from typing import Any, Callable, Iterator, Optional

from ._numpy import imported_numpy

MAX_BATCH = 65536


def is_cuttable(items: Any) -> bool:
    """Whether slices of it are what iterating over it gives."""
    if type(items) in (list, tuple, range):
        return True
    numpy = imported_numpy()
    return (numpy is not None and type(items) is numpy.ndarray and items.ndim > 0 and not items.dtype.hasobject
            and items.dtype.fields is None)


class SequenceSource:
    """Slices of a list, a tuple, a range or a numpy array."""

    error: Optional[BaseException] = None

    def __init__(self, items: Any) -> None:
        self.items = items
        self.at = 0
        self.size = len(items)

    @property
    def exhausted(self) -> bool:
        return self.at >= self.size

    def allow(self, count: int) -> None:
        """A sequence waits for nothing."""

    def take(self, count: int, unit: int) -> Any:
        """The next items, at most `count`; empty at the end."""
        items = self.items[self.at : self.at + count]
        self.at += len(items)
        return list(items) if type(items) is tuple else items

    def close(self) -> None:
        self.items = ()
        self.size = self.at


class IteratorSource:
    """Items of any iterable, taken by a thread."""

    def __init__(self, items: Iterator[Any], wake: Callable[[], None]) -> None:
        self.iterator = items
        self.wake = wake
        self.changed = threading.Condition()
        self.buffer: list[Any] = []
        self.part: list[Any] = []  # grows while the iterator is asked
        self.used = 0  # of part
        self.allowed = 0
        self.ended = False
        self.error: Optional[BaseException] = None
        self.size: Optional[int] = None
        self.taken = 0
        self.thread: Optional[threading.Thread] = None

    @property
    def exhausted(self) -> bool:
        return self.ended and not self.buffer

    @property
    def asking(self) -> bool:
        """Whether the iterator is being asked right now, so that items can come without a wake."""
        return self.thread is not None and not self.ended

    def allow(self, count: int) -> None:
        """Let the thread take items until `count` of them have been taken in all."""
        if count <= self.allowed or self.ended:
            return
        with self.changed:
            self.allowed = count
            self.changed.notify()
        if self.thread is None:
            self.thread = threading.Thread(target=self._feed, name="pengine-items", daemon=True)
            self.thread.start()

    def take(self, count: int, unit: int) -> Any:
        with self.changed:
            if len(self.buffer) < count and len(self.part) > self.used:
                fresh = self.part[self.used :]
                self.used += len(fresh)
                self.buffer += fresh
            count = min(count, len(self.buffer))
            if not self.ended or self.error is not None:
                count -= count % unit
            items = self.buffer[:count]
            del self.buffer[:count]
            if self.ended and self.error is not None and len(self.buffer) < unit:
                self.buffer.clear()  # what is left of a chunk whose last items do not exist
            return items

    def _feed(self) -> None:
        batch, asked = 1, 0
        while True:
            with self.changed:
                while asked >= self.allowed and not self.ended:
                    self.changed.wait()
                if self.ended:
                    return
                batch = min(batch, self.allowed - asked)
            begin = time.perf_counter()
            more = self._ask(batch)
            asked += batch
            if not more:
                return
            batch = min(batch * 2, MAX_BATCH) if time.perf_counter() - begin < 0.001 else max(batch // 2, 1)

    def _ask(self, batch: int) -> bool:
        error: Optional[BaseException] = None
        try:
            self.part.extend(islice(self.iterator, batch))
        except BaseException as raised:  # noqa: B036 - raised where the results are iterated over
            error = raised
        with self.changed:
            got = len(self.part)
            self.buffer += self.part[self.used :]
            self.part, self.used = [], 0
            self.taken += got
            if got < batch or error is not None:
                self.ended, self.error = True, error
                self.iterator = iter(())
        self.wake()
        return not self.ended

    def close(self) -> None:
        with self.changed:
            self.ended = True
            self.buffer.clear()
            self.changed.notify()
