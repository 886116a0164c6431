# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""What a caller holds of a job: AsyncResult and the iterators of imap."""
from __future__ import annotations

import sys
import threading
from multiprocessing import TimeoutError
from typing import TYPE_CHECKING, Any, Callable, Optional

from . import _core
from .errors import Failure

if TYPE_CHECKING:
    from ._stream import StreamJob


class AsyncResult:
    """The result of apply_async(), map_async() or starmap_async()."""

    def __init__(self, pool: Any, callback: Optional[Callable[[Any], Any]] = None,
                 error_callback: Optional[Callable[[BaseException], Any]] = None) -> None:
        self._pool = pool  # keeps the pool until the result is there
        self._event = threading.Event()
        self._success = False
        self._value: Any = None
        self._callback = callback
        self._error_callback = error_callback
        self.failures: list[BaseException] = []

    def ready(self) -> bool:
        """Whether the call has completed."""
        return self._event.is_set()

    def successful(self) -> bool:
        """Whether the call completed without an exception; ValueError where it has not completed."""
        if not self.ready():
            raise ValueError(f"{self!r} not ready")
        return self._success

    def wait(self, timeout: Optional[float] = None) -> None:
        """Wait until the result is there, or this many seconds."""
        pool = self._pool
        if pool is not None and not self.ready():
            pool._check_waiter()
        self._event.wait(timeout)

    def get(self, timeout: Optional[float] = None) -> Any:
        """The result; raises what the call raised, or multiprocessing.TimeoutError where it is not there in time."""
        self.wait(timeout)
        if not self.ready():
            raise TimeoutError
        if self._success:
            return self._value
        raise self._value

    def _set(self, success: bool, value: Any) -> None:
        self._success, self._value = success, value
        callback = self._callback if success else self._error_callback
        self._callback = self._error_callback = None
        try:
            if callback is not None:
                callback(value)
        except Exception:  # reported as an exception of a thread is, and the pool goes on
            sys.excepthook(*sys.exc_info())
        self._event.set()
        self._pool = None


def run_aside(result: AsyncResult, function: Callable[[], tuple[Any, list[Any]]]) -> None:
    """Compute a result and its failures in a thread of its own."""

    def run() -> None:
        try:
            value, result.failures = function()
        except Exception as error:
            result._set(False, error)
        else:
            result._set(True, value)

    threading.Thread(target=run, name="pengine-compiled", daemon=True).start()


class IMapIterator(_core.Iterator):
    """The results of imap() and imap_unordered(), as they come.

    failures  the items that errors="skip" left out so far, as exceptions
    """

    def __init__(self, pool: Any, job: StreamJob) -> None:
        super().__init__(Failure)
        self._pool = pool
        self._job = job
        self._timeout: Optional[float] = None

    def next(self, timeout: Optional[float] = None) -> Any:
        """The next result; multiprocessing.TimeoutError where it is not there in time."""
        self._timeout = timeout
        try:
            return next(self)
        finally:
            self._timeout = None

    @property
    def failures(self) -> list[BaseException]:
        return self._job.failures

    def close(self) -> None:
        """Cancel what has not been computed; the iterator gives what has been, and ends."""
        self._job.abandon()

    def _refill(self) -> list[Any]:
        self._pool._check_waiter()
        return self._job.next_results(self._timeout)

    def __del__(self) -> None:
        job = getattr(self, "_job", None)
        if job is not None:
            job.abandon()


