# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""pengine.Pool: takes the place of multiprocessing.Pool."""
from __future__ import annotations

import os
import threading
import warnings
import weakref
from multiprocessing import util
from multiprocessing.pool import ThreadPool
from typing import TYPE_CHECKING, Any, Callable, Iterable, Optional

from . import _cluster, _worker_state
from ._jobs import ApplyJob, Job, MapJob, warn_skipped
from ._manager import Manager
from ._options import Options, checked_chunksize, whole
from ._packed import Packed, pack
from ._progress import Bar
from ._results import AsyncResult, IMapIterator, run_aside
from ._source import IteratorSource, SequenceSource, is_cuttable
from ._stream import StreamJob

if TYPE_CHECKING:
    from ._compute import Compiled, Stream

__all__ = ["Pool", "ThreadPool", "AsyncResult", "IMapIterator"]

_open: weakref.WeakSet[Manager] = weakref.WeakSet()


def is_compiled(func: Any) -> bool:
    """Whether it is a Kernel; asks without importing what only kernels need."""
    return getattr(func, "is_compiled", False) is True and not isinstance(func, type)


def _after_fork() -> None:
    for manager in list(_open):
        manager.after_fork()
    _open.clear()


os.register_at_fork(after_in_child=_after_fork)


def _terminate(manager: Manager, pid: int) -> None:
    if os.getpid() == pid:
        manager.state = "TERMINATE"
        manager.post("end")
        if threading.current_thread() is not manager.thread:
            manager.thread.join()


class Pool:
    """Worker processes that call functions: multiprocessing.Pool with the same methods, arguments and exceptions.

    processes, initializer, initargs, maxtasksperchild: as of multiprocessing.Pool. context is accepted, and not used: workers are
    always started by fork and exec.

    By keyword, here for all calls or in a call for that call:
    errors    "raise" (default); "skip": failed items are left out, with a warning, and are in .failures of the result;
              "return": the exception stands in the place of the result
    timeout   seconds that one item may take; then its worker is killed, and the item fails with ItemTimeout
    retries   how often a failed item is tried again
    progress  True: a bar on stderr
    """

    def __init__(self, processes: Optional[int] = None, initializer: Optional[Callable[..., Any]] = None,
                 initargs: Iterable[Any] = (), maxtasksperchild: Optional[int] = None, context: Any = None, *,
                 errors: str = "raise", timeout: Optional[float] = None, retries: int = 0, progress: bool = False) -> None:
        self._state = "INIT"
        self._pool: list[Any] = []
        if processes is None:
            processes = _cluster.cores() if _cluster.agents else os.cpu_count() or 1
        processes = whole("processes", processes)
        if processes < 1:
            raise ValueError("Number of processes must be at least 1")
        if maxtasksperchild is not None and (not isinstance(maxtasksperchild, int) or maxtasksperchild <= 0):
            raise ValueError("maxtasksperchild must be a positive int or None")
        if initializer is not None and not callable(initializer):
            raise TypeError("initializer must be a callable")
        try:
            initargs = tuple(initargs)
        except TypeError:
            raise TypeError(f"initargs must be a tuple of arguments, not {initargs!r}") from None
        _worker_state.check_not_importing_main()
        self._options = Options(errors, timeout, retries, progress).checked()
        self._processes = processes
        self._pid = os.getpid()
        self._ctx = context
        self._failures: list[BaseException] = []
        self._lock = threading.Lock()
        self._compiled: Optional[Compiled] = None
        self._manager = Manager(processes, initializer, initargs, maxtasksperchild)
        self._pool = self._manager.workers.all
        try:
            self._manager.populate()
        except BaseException:
            self._manager.state = "TERMINATE"
            self._manager.end()
            raise
        self._manager.thread.start()
        _open.add(self._manager)
        self._terminate = util.Finalize(self, _terminate, args=(self._manager, self._pid), exitpriority=15)
        self._state = "RUN"

    def __del__(self, _warn: Any = warnings.warn) -> None:
        if getattr(self, "_state", None) == "RUN" and os.getpid() == self._pid:
            _warn(f"unclosed running multiprocessing pool {self!r}", ResourceWarning, source=self)

    def __repr__(self) -> str:
        cls = self.__class__
        return f"<{cls.__module__}.{cls.__qualname__} state={self._state} pool_size={len(self._pool)}>"

    def __reduce__(self) -> Any:
        raise NotImplementedError("pool objects cannot be passed between processes or pickled")

    def _check_running(self) -> None:
        if os.getpid() != self._pid:
            raise RuntimeError(f"this pool belongs to process {self._pid}: a child made by fork has to open its own")
        if self._state != "RUN":
            raise ValueError("Pool not running")
        if self._manager.broken is not None:
            raise self._manager.broken

    def _repopulate_pool(self) -> None:
        done = threading.Event()
        self._manager.post("repopulate", done)
        done.wait()

    def _choose(self, **given: Any) -> Options:
        chosen = {name: value for name, value in given.items() if value is not None}
        return self._options._replace(**chosen).checked() if chosen else self._options

    def _add(self, job: Job) -> None:
        self._manager.post("add", job, Bar(job) if job.options.progress else None)

    @property
    def failures(self) -> list[BaseException]:
        """What errors="skip" or "return" found in the last map() or starmap()."""
        return self._failures

    def apply(self, func: Callable[..., Any], args: Iterable[Any] = (), kwds: dict[str, Any] = {}, *,
              timeout: Optional[float] = None, retries: Optional[int] = None) -> Any:
        """func(*args, **kwds) in a worker."""
        return self.apply_async(func, args, kwds, timeout=timeout, retries=retries).get()

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
        self._add(ApplyJob(func, args, dict(kwds), result, options))
        return result

    def map(self, func: Any, iterable: Any, chunksize: Optional[int] = None, *, errors: Optional[str] = None,
            timeout: Optional[float] = None, retries: Optional[int] = None, progress: Optional[bool] = None,
            out: Any = None, fill: Any = None) -> Any:
        """[func(x) for x in iterable], computed by the workers.

        With a compiled kernel (pengine.expr and the like) iterable is an array, and so is what comes back: one result an item, in
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

    def _map_now(self, func: Any, iterable: Any, star: bool, chunksize: Optional[int], out: Any, fill: Any, options: Options) -> Any:
        if is_compiled(func):
            values, failures = self._compute(func, iterable, star, chunksize, out, fill, options)
        elif out is not None or fill is not None:
            raise TypeError("out= and fill= are for compiled kernels (pengine.expr and the like)")
        else:
            result = self._map(func, iterable, chunksize, star, None, None, options)
            values, failures = result.get(), result.failures
        self._failures = failures
        if options.errors == "skip":
            warn_skipped(failures)
        return values

    def _threads(self) -> Compiled:
        self._check_running()
        with self._lock:
            if self._compiled is None:
                from ._compute import Compiled

                self._compiled = Compiled(self._processes)
        return self._compiled

    def _compute(self, func: Any, iterable: Any, star: bool, chunksize: Optional[int], out: Any, fill: Any,
                 options: Options) -> tuple[Any, Any]:
        compiled = self._threads()
        from ._columns import split
        from ._compute import errors_of

        chunk = 0 if chunksize is None else checked_chunksize(chunksize)
        return compiled.map(func, split(iterable, star), out, errors_of(options, fill), chunk)

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

    def _map(self, func: Any, iterable: Any, chunksize: Optional[int], star: bool, callback: Any, error_callback: Any,
             options: Options) -> AsyncResult:
        self._check_running()
        result = AsyncResult(self, callback, error_callback)
        if is_compiled(func):
            run_aside(result, lambda: self._compute(func, iterable, star, chunksize, None, None, options))
            return result
        if not hasattr(iterable, "__len__"):
            iterable = pack(iterable)
        if len(iterable) == 0:
            result._set(True, [])
            return result
        if chunksize is not None:
            chunksize = checked_chunksize(chunksize)
        try:
            items = iterable if is_cuttable(iterable) or type(iterable) is Packed else list(iterable)
            job = MapJob(func, items, chunksize, star, result, options, self._processes,
                         self._manager.maxtasks is not None)
        except Exception as error:
            result._set(False, error)
            return result
        self._add(job)
        return result

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

    def _imap(self, func: Any, iterable: Iterable[Any], chunksize: int, ordered: bool, star: bool, options: Options) -> IMapIterator | Stream:
        self._check_running()
        chunksize = checked_chunksize(chunksize)
        if is_compiled(func):
            from . import _compute

            return _compute.Stream(self._threads(), func, iterable, star, _compute.errors_of(options, None))
        manager = self._manager
        source: SequenceSource | IteratorSource
        if is_cuttable(iterable):
            source = SequenceSource(iterable)
        else:
            source = IteratorSource(iter(iterable), lambda: manager.post("feed", job))
        job = StreamJob(func, source, chunksize, ordered, star, options, manager.post)
        self._add(job)
        return IMapIterator(self, job)

    def close(self) -> None:
        """No more calls; what is under way is finished, and the iterators of imap run to their ends."""
        if self._state == "RUN":
            self._state = "CLOSE"
            self._manager.post("close")
            self._manager.state = "CLOSE"
            self._manager.post("end")

    def terminate(self) -> None:
        """End the workers at once."""
        self._state = "TERMINATE"
        self._terminate()

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
