# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Another rank's side of several ranks: it starts workers for rank 0, reports their ends, and computes parts of compiled maps."""
from __future__ import annotations

import mmap
import os
import signal
import threading
from typing import Any, Optional

from . import _cluster
from ._frames import NO_ITEM, SLOT
from ._process import launch


class _Child:
    """One worker process of this rank."""

    def __init__(self, agent: _Agent, number: int) -> None:
        self.agent, self.number = agent, number
        memory = os.memfd_create("pengine-worker", os.MFD_CLOEXEC)
        os.ftruncate(memory, mmap.PAGESIZE)
        self.memory = mmap.mmap(memory, 0)
        SLOT.pack_into(self.memory, 0, 0, NO_ITEM, 0)
        link = _cluster.dial(agent.address, agent.key)
        self.process = launch(link.fileno(), memory, agent.life_read, 0, [])
        link.send(("worker", number, self.process.pid))
        link.close()
        os.close(memory)
        threading.Thread(target=self.watch, daemon=True).start()

    def slot(self) -> tuple[int, ...]:
        return SLOT.unpack_from(self.memory, 0)

    def watch(self) -> None:
        code = self.process.wait()
        self.agent.children.pop(self.number, None)
        self.agent.send("ended", self.number, code, self.slot())


class _Agent:
    def __init__(self, rank: int) -> None:
        (self.link, self.address), self.key = _cluster.connect(rank)
        self.lock = threading.Lock()
        self.children: dict[int, _Child] = {}
        self.life_read, self.life_write = os.pipe()
        self.compiled: Any = None
        self.compiling = threading.Lock()

    def send(self, *message: Any) -> None:
        with self.lock:
            try:
                self.link.send(message)
            except OSError:
                pass  # rank 0 is gone, which serve() notices

    def serve(self) -> int:
        """Until rank 0 says so, or is gone."""
        try:
            while True:
                what, number, *rest = self.link.recv()
                if what == "end":
                    break
                getattr(self, "on_" + what)(number, *rest)
        except (EOFError, OSError):
            pass
        for child in list(self.children.values()):
            self.on_signal(child.number, signal.SIGKILL)
        return 0

    def on_ping(self, number: int) -> None:
        self.send("pong", number)

    def on_start(self, number: int) -> None:
        try:
            self.children[number] = _Child(self, number)
        except Exception:
            self.send("ended", number, 1, (0, NO_ITEM, 0))

    def on_slot(self, number: int) -> None:
        if number in self.children:
            self.send("slot", number, self.children[number].slot())

    def on_signal(self, number: int, which: int) -> None:
        if number in self.children:
            try:
                os.killpg(self.children[number].process.pid, which)
            except ProcessLookupError:
                pass

    def on_compute(self, number: int, *request: Any) -> None:
        threading.Thread(target=self.compute, args=(number, *request), daemon=True).start()

    def compute(self, number: int, *request: Any) -> None:
        value: Any = None
        error: Optional[Exception] = None
        try:
            with self.compiling:
                if self.compiled is None:
                    from ._compute import Compiled

                    self.compiled = Compiled(len(os.sched_getaffinity(0)))
            value = self.compiled.map_here(*request)
        except Exception as raised:
            error = raised
        self.send("answer", number, value, error)


def serve(rank: int) -> int:
    """The life of a rank other than 0; its exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # rank 0 decides
    return _Agent(rank).serve()
