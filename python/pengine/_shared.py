# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Locks, values, arrays and queues of multiprocessing on their way to workers, which are no forks and inherit nothing.

Design: multiprocessing removes the name of a lock as it makes it where processes are started by fork, and another program can open a
lock by its name alone. So from the import of pengine on a lock keeps its name, as with the start method spawn: multiprocessing removes
it with the lock, or when the program ends. Memory and pipes, which have no name, are opened through /proc: a function goes to many
workers, at times that are not known before, and the program that sends it has them open all the time.
"""
from __future__ import annotations

import contextlib
import fcntl
import multiprocessing
import os
import stat
from multiprocessing import context
from typing import Any, Iterator


def keep_names() -> None:
    """Let locks that are made from now on keep their names, and refuse to send the others."""
    from multiprocessing import synchronize

    lock: Any = synchronize.SemLock
    make, state = lock.__init__, lock.__getstate__

    def init(self: Any, kind: int, value: int, maxvalue: int, *, ctx: Any) -> None:
        make(self, kind, value, maxvalue, ctx=multiprocessing.get_context("spawn"))

    def get_state(self: Any) -> Any:
        if self._semlock.name is None:
            raise RuntimeError("a lock or queue that was made before pengine was imported cannot go to a new process: import pengine "
                               "first, or make it by multiprocessing.get_context('spawn')")
        return state(self)

    lock.__init__, lock.__getstate__ = init, get_state


class Descriptor:
    """An open file of the sender, not a socket. It is opened again in the worker, if it is still the same."""

    def __init__(self, fd: int) -> None:
        status = os.fstat(fd)
        if stat.S_ISSOCK(status.st_mode):
            raise RuntimeError("a socket or a pipe of two directions goes to workers in initargs= alone")
        self.path = f"/proc/{os.getpid()}/fd/{fd}"
        self.mode = fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE
        self.file = status.st_dev, status.st_ino

    def detach(self) -> int:
        """The new descriptor, which is the caller's."""
        fd = os.open(self.path, self.mode | os.O_CLOEXEC)
        status = os.fstat(fd)
        if (status.st_dev, status.st_ino) != self.file:
            os.close(fd)
            raise RuntimeError("a queue, value or array that a function uses is gone from the process that sent it")
        return fd


class _Sender:
    """What multiprocessing asks of a process that is being started; here none is."""

    DupFd = Descriptor

    @staticmethod
    def duplicate_for_child(fd: int) -> int:
        return fd


@contextlib.contextmanager
def sending() -> Iterator[None]:
    """What is pickled meanwhile may hold locks, values, arrays and queues."""
    earlier = context.get_spawning_popen()
    context.set_spawning_popen(_Sender())
    try:
        yield
    finally:
        context.set_spawning_popen(earlier)
