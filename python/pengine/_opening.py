# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Opening a pool: its arguments are checked, then its workers and its manager started. What ends them with the process is here, too.

Threads: any.
"""
from __future__ import annotations

import os
import threading
import weakref
from typing import Any, Callable, Iterable, Optional

from . import _cluster, _worker_state
from ._manager import Manager
from ._options import whole

_open: weakref.WeakSet[Manager] = weakref.WeakSet()


def _after_fork() -> None:
    for manager in list(_open):
        manager.after_fork()
    _open.clear()


os.register_at_fork(after_in_child=_after_fork)


def open_manager(processes: Optional[int], initializer: Optional[Callable[..., Any]], initargs: Iterable[Any],
                 maxtasksperchild: Optional[int]) -> Manager:
    """The manager of a new pool, which runs; the arguments are those of multiprocessing.Pool."""
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
    manager = Manager(processes, initializer, initargs, maxtasksperchild)
    try:
        manager.populate()
    except BaseException:
        manager.state = "TERMINATE"
        manager.end()
        raise
    manager.thread.start()
    _open.add(manager)
    return manager


def terminate(manager: Manager, pid: int) -> None:
    """End the manager and its workers, in the process that opened them."""
    if os.getpid() == pid:
        manager.state = "TERMINATE"
        manager.post("end")
        if threading.current_thread() is not manager.thread:
            manager.thread.join()
