# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The worker processes of a pool: started, polled, ended, with the shared memory and the pipe that they have in common.

Threads: the manager's; start() also from others, under the lock.
"""
from __future__ import annotations

import mmap
import os
import select
import threading
import time
from typing import Any, Optional

from . import _cluster, _frames
from ._frames import BLOCK_BYTES, NO_ITEM, PLACE_BYTES, SLOT, SLOT_BYTES
from ._process import WorkerProcess

KILL_SECONDS = 0.3


class Workers:
    """The workers of one pool; `all` is the list that multiprocessing.Pool calls _pool."""

    def __init__(self, processes: int, initializer: Any, initargs: Any) -> None:
        self.processes = processes
        self.initializer, self.initargs = initializer, initargs
        self.sent: dict[str, Any] = {}  # the globals of __main__ that they get, for _byvalue.py; any thread adds to it
        self.all: list[WorkerProcess] = []
        self.lock = threading.RLock()  # of all, for start() from other threads
        self.count = 0
        self.memory_fd = os.memfd_create("pengine-pool", os.MFD_CLOEXEC)
        self.block = BLOCK_BYTES  # pages that are not written to need no memory
        try:
            self.memory = self.map_blocks()
        except OSError:  # a limit of the process: without places
            self.block = SLOT_BYTES
            self.memory = self.map_blocks()
        self.life_read, self.life_write = os.pipe()
        self.poll = select.poll()
        self.by_fd: dict[int, WorkerProcess] = {}

    def map_blocks(self) -> mmap.mmap:
        os.ftruncate(self.memory_fd, self.processes * self.block)
        return mmap.mmap(self.memory_fd, 0)

    def start(self) -> None:
        """Start one more, in a slot of the shared memory that is free."""
        used = {worker.offset for worker in self.all}
        offset = next(n * self.block for n in range(self.processes) if n * self.block not in used)
        self.count += 1
        SLOT.pack_into(self.memory, offset, 0, NO_ITEM, 0)
        worker = WorkerProcess(self.count, self.memory, offset, self.memory_fd, self.life_read, self.initializer, self.initargs, self.sent,
                               self.agent_of(offset // self.block))
        if worker.agent is None and self.block == BLOCK_BYTES:
            worker.places = list(range(SLOT_BYTES, BLOCK_BYTES, PLACE_BYTES))
        self.all.append(worker)
        self.by_fd[worker.socket.fileno()] = worker
        self.poll.register(worker.socket, select.POLLIN | (select.POLLOUT if worker.out else 0))

    @staticmethod
    def agent_of(place: int) -> Optional[_cluster.Agent]:
        """Workers go around the ranks; None is this one."""
        rank = place % (len(_cluster.agents) + 1)
        return _cluster.agents[rank - 1] if rank else None

    def watch(self, worker: WorkerProcess) -> None:
        """Poll for what it sends, and for room where something waits to be sent to it."""
        self.poll.modify(worker.socket, select.POLLIN | (select.POLLOUT if worker.out else 0))

    def remove(self, worker: WorkerProcess) -> str:
        """Forget one that is gone; how it ended, in words."""
        self.poll.unregister(worker.socket)
        del self.by_fd[worker.socket.fileno()]
        worker.socket.close()
        with self.lock:
            reason = worker.end_text()
            self.all.remove(worker)
        return reason

    def forget(self, number: int) -> None:
        """Make those that know a job's function forget it."""
        for worker in self.all:
            if number in worker.known:
                worker.known.discard(number)
                worker.send(_frames.pack(_frames.FORGET, number))
                self.watch(worker)

    def quit(self) -> None:
        """Ask all to end."""
        for worker in self.all:
            worker.send(_frames.pack(_frames.QUIT))

    def flush(self) -> bool:
        """Write what waits to be sent, for a moment; whether a worker lives."""
        for worker in self.all:
            worker.flush()
        self.poll.poll(10)
        return any(worker.exitcode is None for worker in self.all)

    def kill(self) -> None:
        for worker in self.all:
            worker.terminate()
        limit = time.monotonic() + KILL_SECONDS
        for worker in self.all:
            worker.join(max(limit - time.monotonic(), 0.001))
        for worker in self.all:
            worker.kill()
            worker.join()

    def close(self) -> None:
        """Let go of the workers; in a child of fork, too, where it would keep them alive."""
        for worker in self.all:
            worker.socket.close()
        if self.memory_fd >= 0:
            for fd in (self.life_read, self.life_write, self.memory_fd):
                os.close(fd)
            self.memory_fd = -1
            try:
                self.memory.close()
            except BufferError:  # a traceback that someone keeps still refers to results in it
                pass
