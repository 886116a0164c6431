# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""pengine.Pool: takes the place of multiprocessing.Pool."""
from __future__ import annotations

import os
import threading
import warnings
from multiprocessing import util
from multiprocessing.pool import ThreadPool
from typing import TYPE_CHECKING, Any, Callable, Iterable, Optional

from . import _calls, _opening
from ._jobs import warn_skipped
from ._options import Options
from ._results import AsyncResult, IMapIterator, run_aside

if TYPE_CHECKING:
    from ._compiled_stream import Stream
    from ._compute import Compiled

__all__ = ["Pool", "ThreadPool", "AsyncResult", "IMapIterator"]


def is_compiled(func: Any) -> bool:
    """Whether it is a Kernel; asks without importing what only kernels need."""
    return getattr(func, "is_compiled", False) is True and not isinstance(func, type)


class Pool:
    """Worker processes that call functions: multiprocessing.Pool with the same methods, arguments and exceptions.

    processes, initializer, initargs, maxtasksperchild: as of multiprocessing.Pool. context is accepted, and not used: workers are
    always started by fork and exec.

    By keyword, here for all calls or in a call for that call:
    errors    "raise" (default); "skip": failed items are left out, and are in .failures of the result;
              "return": the exception takes the place of the result
    timeout   seconds that one item may take; then its worker is killed, and the item fails with ItemTimeout
    retries   how often a failed item is tried again
    progress  True: a bar on stderr
    """

    def __init__(self, processes: Optional[int] = None, initializer: Optional[Callable[..., Any]] = None,
                 initargs: Iterable[Any] = (), maxtasksperchild: Optional[int] = None, context: Any = None, *,
                 errors: str = "raise", timeout: Optional[float] = None, retries: int = 0, progress: bool = False) -> None:
        self._state = "INIT"
        self._pool: list[Any] = []
        self._options = Options(errors, timeout, retries, progress).checked()
        self._pid = os.getpid()
        self._ctx = context
        self._failures: list[BaseException] = []
        self._lock = threading.Lock()
        self._compiled: Optional[Compiled] = None
        self._manager = _opening.open_manager(processes, initializer, initargs, maxtasksperchild)
        self._processes = self._manager.workers.processes
        self._pool = self._manager.workers.all
        self._terminate = util.Finalize(self, _opening.terminate, args=(self._manager, self._pid), exitpriority=15)
        self._state = "RUN"

    # --- calls

    def apply(self, func: Callable[..., Any], args: Iterable[Any] = (), kwds: dict[str, Any] = {}, *,
              timeout: Optional[float] = None, retries: Optional[int] = None) -> Any:
        """func(*args, **kwds) in a worker."""
        return self._get(self.apply_async(func, args, kwds, timeout=timeout, retries=retries))

    def apply_async(self, func: Callable[..., Any], args: Iterable[Any] = (), kwds: dict[str, Any] = {},
                    callback: Optional[Callable[[Any], Any]] = None,
                    error_callback: Optional[Callable[[BaseException], Any]] = None, *,
                    timeout: Optional[float] = None, retries: Optional[int] = None) -> AsyncResult:
        """apply() that returns an AsyncResult at once."""
        self._check_running()
        if is_compiled(func):
            raise TypeError("a compiled kernel maps arrays: expected a Python function; map() and starmap() take kernels")
        result = AsyncResult(self, callback, error_callback)
        options = self._choose(timeout=timeout, retries=retries)._replace(errors="raise", progress=False)
        _calls.start_apply(self._manager, func, args, dict(kwds), result, options)
        return result

    def map(self, func: Any, iterable: Any, chunksize: Optional[int] = None, *, errors: Optional[str] = None,
            timeout: Optional[float] = None, retries: Optional[int] = None, progress: Optional[bool] = None,
            out: Any = None, fill: Any = None) -> Any:
        """[func(x) for x in iterable], computed by the workers.

        With a compiled kernel (pengine.expr and the like) iterable is an array, and so is what comes back: one result per item, in
        out= where that is given; a tuple of arrays where the kernel has several results, or a structured array where out= is one,
        or the dtype of one. fill= stands in for failed items.
        """
        return self._map_now(func, iterable, False, chunksize, out, fill,
                             self._choose(errors=errors, timeout=timeout, retries=retries, progress=progress))

    def starmap(self, func: Any, iterable: Any, chunksize: Optional[int] = None, *, errors: Optional[str] = None,
                timeout: Optional[float] = None, retries: Optional[int] = None, progress: Optional[bool] = None,
                out: Any = None, fill: Any = None) -> Any:
        """[func(*x) for x in iterable], computed by the workers; with a compiled kernel iterable is a tuple of arrays,
        or a structured array whose fields are the arguments."""
        return self._map_now(func, iterable, True, chunksize, out, fill,
                             self._choose(errors=errors, timeout=timeout, retries=retries, progress=progress))

    def map_async(self, func: Any, iterable: Any, chunksize: Optional[int] = None,
                  callback: Optional[Callable[[Any], Any]] = None,
                  error_callback: Optional[Callable[[BaseException], Any]] = None, *, errors: Optional[str] = None,
                  timeout: Optional[float] = None, retries: Optional[int] = None,
                  progress: Optional[bool] = None) -> AsyncResult:
        """map() that returns an AsyncResult at once."""
        return self._map(func, iterable, chunksize, False, callback, error_callback,
                         self._choose(errors=errors, timeout=timeout, retries=retries, progress=progress))

    def starmap_async(self, func: Any, iterable: Any, chunksize: Optional[int] = None,
                      callback: Optional[Callable[[Any], Any]] = None,
                      error_callback: Optional[Callable[[BaseException], Any]] = None, *, errors: Optional[str] = None,
                      timeout: Optional[float] = None, retries: Optional[int] = None,
                      progress: Optional[bool] = None) -> AsyncResult:
        """starmap() that returns an AsyncResult at once."""
        return self._map(func, iterable, chunksize, True, callback, error_callback,
                         self._choose(errors=errors, timeout=timeout, retries=retries, progress=progress))

    def imap(self, func: Any, iterable: Iterable[Any], chunksize: int = 1, *, errors: Optional[str] = None,
             timeout: Optional[float] = None, retries: Optional[int] = None, progress: Optional[bool] = None) -> IMapIterator | Stream:
        """The results of func(x) in order, as an iterator; it runs ahead of its reader within a bound."""
        return self._imap(func, iterable, chunksize, True, False,
                          self._choose(errors=errors, timeout=timeout, retries=retries, progress=progress))

    def imap_unordered(self, func: Any, iterable: Iterable[Any], chunksize: int = 1, *, errors: Optional[str] = None,
                       timeout: Optional[float] = None, retries: Optional[int] = None,
                       progress: Optional[bool] = None) -> IMapIterator | Stream:
        """imap() with the results as they are finished."""
        return self._imap(func, iterable, chunksize, False, False,
                          self._choose(errors=errors, timeout=timeout, retries=retries, progress=progress))

    def istarmap(self, func: Any, iterable: Iterable[Any], chunksize: int = 1, *, errors: Optional[str] = None,
                 timeout: Optional[float] = None, retries: Optional[int] = None, progress: Optional[bool] = None) -> IMapIterator | Stream:
        """imap() of func(*x)."""
        return self._imap(func, iterable, chunksize, True, True,
                          self._choose(errors=errors, timeout=timeout, retries=retries, progress=progress))

    def istarmap_unordered(self, func: Any, iterable: Iterable[Any], chunksize: int = 1, *, errors: Optional[str] = None,
                           timeout: Optional[float] = None, retries: Optional[int] = None,
                           progress: Optional[bool] = None) -> IMapIterator | Stream:
        """imap_unordered() of func(*x)."""
        return self._imap(func, iterable, chunksize, False, True,
                          self._choose(errors=errors, timeout=timeout, retries=retries, progress=progress))

    @property
    def failures(self) -> list[BaseException]:
        """What errors="skip" or "return" found in the last map() or starmap()."""
        return self._failures

    # --- the end

    def close(self) -> None:
        """No more calls; what is under way is finished, and the iterators of imap run to their ends."""
        if self._state == "RUN":
            self._state = "CLOSE"
            self._manager.post("close")
            self._manager.state = "CLOSE"
            self._manager.post("end")
            self._close_threads()

    def terminate(self) -> None:
        """End the workers at once."""
        self._state = "TERMINATE"
        self._terminate()
        self._close_threads()

    def join(self) -> None:
        """Wait for the workers to end; close() or terminate() comes before."""
        if self._state == "RUN":
            raise ValueError("Pool is still running")
        if self._state not in ("CLOSE", "TERMINATE"):
            raise ValueError("In unknown state")
        self._manager.thread.join()

    def __enter__(self) -> Pool:
        self._check_running()
        return self

    def __exit__(self, *exc: Any) -> None:
        self.terminate()

    def __del__(self, _warn: Any = warnings.warn) -> None:
        if getattr(self, "_state", None) == "RUN" and os.getpid() == self._pid:
            _warn(f"unclosed running multiprocessing pool {self!r}", ResourceWarning, source=self)

    def __repr__(self) -> str:
        cls = self.__class__
        return f"<{cls.__module__}.{cls.__qualname__} state={self._state} pool_size={len(self._pool)}>"

    def __reduce__(self) -> Any:
        raise NotImplementedError("pool objects cannot be passed between processes or pickled")

    # --- after the calls

    def _map_now(self, func: Any, iterable: Any, star: bool, chunksize: Optional[int], out: Any, fill: Any, options: Options) -> Any:
        if is_compiled(func):
            values, failures = self._threads().call(func, iterable, star, chunksize, out, fill, options)
        elif out is not None or fill is not None:
            raise TypeError("out= and fill= are for compiled kernels (pengine.expr and the like)")
        else:
            result = self._map(func, iterable, chunksize, star, None, None, options)
            values, failures = self._get(result), result.failures
        self._failures = failures
        if options.errors == "skip":
            warn_skipped(failures)
        return values

    def _get(self, result: AsyncResult) -> Any:
        """The result of a call whose AsyncResult stays here: where Ctrl-C ends the wait, it ends the call, too."""
        try:
            return result.get()
        finally:
            if not result.ready():
                self._manager.post("interrupt", result)

    def _map(self, func: Any, iterable: Any, chunksize: Optional[int], star: bool, callback: Any, error_callback: Any,
             options: Options) -> AsyncResult:
        self._check_running()
        result = AsyncResult(self, callback, error_callback)
        if is_compiled(func):
            threads = self._threads()
            run_aside(result, lambda: threads.call(func, iterable, star, chunksize, None, None, options))
        else:
            _calls.start_map(self._manager, func, iterable, star, chunksize, result, options)
        return result

    def _imap(self, func: Any, iterable: Iterable[Any], chunksize: int, ordered: bool, star: bool, options: Options) -> IMapIterator | Stream:
        self._check_running()
        if is_compiled(func):
            from ._compiled_stream import Stream

            return Stream(self._threads(), func, iterable, star, chunksize, options)
        return IMapIterator(self, _calls.start_imap(self._manager, func, iterable, chunksize, ordered, star, options))

    def _threads(self) -> Compiled:
        self._check_running()
        with self._lock:
            if self._compiled is None:
                from ._compute import Compiled

                self._compiled = Compiled(self._processes)
        return self._compiled

    def _close_threads(self) -> None:
        with self._lock:
            if self._compiled is not None:
                self._compiled.close()

    def _choose(self, **given: Any) -> Options:
        chosen = {name: value for name, value in given.items() if value is not None}
        return self._options._replace(**chosen).checked() if chosen else self._options

    def _check_running(self) -> None:
        self._check_process()
        if self._state != "RUN":
            raise ValueError("Pool not running")
        if self._manager.broken is not None:
            raise self._manager.broken

    def _check_process(self) -> None:
        if os.getpid() != self._pid:
            raise RuntimeError(f"this pool belongs to process {self._pid}: a child made by fork has to open its own")

    def _check_waiter(self) -> None:
        """RuntimeError where waiting for a result would never end."""
        self._check_process()
        if threading.current_thread() is self._manager.thread:
            raise RuntimeError("a callback cannot wait for a result of its own pool, which waits for the callback to return")

    def _repopulate_pool(self) -> None:
        done = threading.Event()
        self._manager.post("repopulate", done)
        done.wait()
