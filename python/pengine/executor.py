# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""pengine.Executor: takes the place of concurrent.futures.ProcessPoolExecutor.

Design: it is that class. Its workers are started by fork and exec without the launcher's variables, and what only this process has
(functions and classes of __main__, lambdas, closures) goes to them by value where cloudpickle can be imported.
"""
from __future__ import annotations

import io
import os
import signal
import subprocess
from concurrent.futures import Future, InvalidStateError, ProcessPoolExecutor
from multiprocessing import context, popen_spawn_posix, reduction, resource_tracker, spawn, util
from typing import Any, Callable, Iterable, Optional

from . import _byvalue, _process, _shared


class _Popen(popen_spawn_posix.Popen):
    """multiprocessing's spawn, in an environment without a launcher, and without __main__ where that goes by value."""

    method = "spawn"
    _fds: list[int]

    def _launch(self, process_obj: Any) -> None:
        tracker: Any = resource_tracker.getfd()
        self._fds.append(tracker)
        start = io.BytesIO()
        context.set_spawning_popen(self)
        try:
            reduction.dump(_process.preparation(process_obj._name), start)
            start.write(_byvalue.dumps(process_obj))
        finally:
            context.set_spawning_popen(None)
        from_child, child_write = os.pipe()
        child_read, to_child = os.pipe()
        words = spawn.get_command_line(tracker_fd=tracker, pipe_handle=child_read)
        self._fds += [child_read, child_write]
        signals = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])  # until run(): a start that is cut off tells a traceback
        try:
            process = subprocess.Popen(words, pass_fds=self._fds, env=_process.clean_environment())
            process.returncode = 0  # this class waits for it
            self.pid, self.sentinel = process.pid, from_child
            self.finalizer = util.Finalize(self, util.close_fds,  # type: ignore[attr-defined]
                                           [from_child, to_child])
            with open(to_child, "wb", closefd=False) as file:
                file.write(start.getbuffer())
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, signals)
            os.close(child_read)
            os.close(child_write)


class _Process(context.SpawnProcess):
    @staticmethod
    def _Popen(process_obj: Any) -> Any:
        return _Popen(process_obj)

    def run(self) -> None:
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it is ignored, as in a background job
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends a worker without a traceback of its own
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        super().run()


class _Context(context.SpawnContext):
    Process = _Process


def get_context() -> context.SpawnContext:
    """The context whose processes Executor starts; its locks and queues can be given to Pool's initargs, too."""
    return _Context()


class _Future(Future):  # type: ignore[type-arg]
    def set_exception(self, exception: Optional[BaseException]) -> None:
        """As newer versions of Python do: that a worker died is no news to a future that was cancelled."""
        try:
            super().set_exception(exception)
        except InvalidStateError:
            if not self.cancelled():
                raise


_Future.__name__ = "Future"  # in its repr


class _Carrier:
    """A result on its way back by value."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __reduce__(self) -> Any:
        return _byvalue.loads, (self.data,)


def _call(data: bytes) -> Any:
    _byvalue.IN_WORKER = True
    function, args, kwargs = _byvalue.loads(data)
    return _Carrier(_byvalue.dumps_result(function(*args, **kwargs)))


class Executor(ProcessPoolExecutor):
    """Worker processes for submit() and map(): concurrent.futures.ProcessPoolExecutor with the same arguments."""

    def __init__(self, max_workers: Optional[int] = None, mp_context: Any = None,
                 initializer: Optional[Callable[..., Any]] = None, initargs: Iterable[Any] = (), *,
                 max_tasks_per_child: Optional[int] = None) -> None:
        super().__init__(max_workers, mp_context or get_context(), initializer, tuple(initargs),
                         max_tasks_per_child=max_tasks_per_child)
        self._sent: dict[str, Any] = {}  # of _byvalue.py

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """A Future of fn(*args, **kwargs)."""
        with _shared.sending():
            data = _byvalue.dumps_where_needed((fn, args, kwargs), self._sent)
        future = super().submit(fn, *args, **kwargs) if data is None else super().submit(_call, data)
        future.__class__ = _Future
        return future
