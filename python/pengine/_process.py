# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""A worker process as the pool sees it: started by fork and exec, ended, and what is under way in it.

Design: the launcher's variables are left out of its environment, else a worker that imports mpi4py waits for its launcher for ever.
Its process group is its own: what it started ends with it, and Ctrl-C on a terminal reaches the pool's process alone.
"""
from __future__ import annotations

import collections
import mmap
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from multiprocessing import context, popen_spawn_posix, process, spawn
from typing import Any, Optional

from . import _byvalue, _cluster, _frames, _settings

_LAUNCHERS = ("OMPI_", "PMIX_", "PMI_", "PRTE_", "SLURM_STEP", "SLURM_PROCID", "SLURM_LOCALID", "SLURM_GTIDS",
              "SLURM_TASK_PID", "SLURM_SRUN", "SLURM_LAUNCH", "SLURM_PMI", "MPI_LOCAL", "HYDRA_")


def clean_environment() -> dict[str, str]:
    """The environment without what a launcher of MPI put there."""
    if not any(name in os.environ for name in ("OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_STEP_ID")):
        return dict(os.environ)  # what is there was set by the user
    return {name: value for name, value in os.environ.items() if not name.startswith(_LAUNCHERS)}


class _Spawning:
    """What multiprocessing asks of a process that is being started, to hand over locks, queues and pipes."""

    DupFd = popen_spawn_posix._DupFd

    def __init__(self) -> None:
        self.fds: list[int] = []

    def duplicate_for_child(self, fd: int) -> int:
        self.fds.append(fd)
        return fd


def _start_bytes(initializer: Any, initargs: Any, sent: dict[str, Any], spawning: _Spawning) -> bytes:
    context.set_spawning_popen(spawning)
    try:
        return _byvalue.dumps((initializer, initargs), sent=sent)
    finally:
        context.set_spawning_popen(None)


def preparation(name: str) -> dict[str, Any]:
    """What spawn passes to a process at its start; nothing of __main__ where that goes by value."""
    try:
        data = spawn.get_preparation_data(name)
    except FileNotFoundError:
        raise RuntimeError("a worker process cannot start: the current folder was removed") from None
    if _byvalue.BY_VALUE:
        data.pop("init_main_from_name", None)
        data.pop("init_main_from_path", None)
    return data


def _preparation(name: str, number: int) -> tuple[dict[str, Any], bool]:
    """What the worker has to set up, and whether __main__ goes by value."""
    data = preparation(name)
    parent: Any = process.current_process()
    data["identity"], data["parent"] = (*parent._identity, number), parent.name
    data["authkey"] = bytes(data["authkey"])
    if _byvalue.BY_VALUE:
        main = sys.modules["__main__"].__dict__
        data["settings"] = _settings.collect()
        data["main"] = {key: main[key] for key in ("__file__", "__package__") if isinstance(main.get(key), str)}
    return data, _byvalue.BY_VALUE


def _tracker_fd() -> Optional[int]:
    tracker = sys.modules.get("multiprocessing.resource_tracker")
    return tracker._resource_tracker._fd if tracker is not None else None


def launch(link_fd: int, memory_fd: int, life_fd: int, offset: int, more: list[int]) -> subprocess.Popen[bytes]:
    """Start a worker process with these descriptors."""
    folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    code = "import sys; sys.path.insert(0, sys.argv[1]); from pengine._worker import main; main(*map(int, sys.argv[2:]))"
    executable = os.fsdecode(spawn.get_executable())
    words = [executable, *subprocess._args_from_interpreter_flags(), "-P", "-X", "pengine_worker", "-c", code,  # type: ignore[attr-defined]
             folder, str(link_fd), str(memory_fd), str(life_fd), str(offset)]
    return subprocess.Popen(words, stdin=subprocess.DEVNULL, pass_fds=[link_fd, memory_fd, life_fd, *more],
                            env=clean_environment(), process_group=0)


class WorkerProcess:
    """One worker: pid, exitcode, is_alive() and the like as of multiprocessing.Process; the rest is the pool's."""

    def __init__(self, number: int, memory: mmap.mmap, offset: int, memory_fd: int, life_fd: int, initializer: Any, initargs: Any,
                 sent: dict[str, Any], agent: Optional[_cluster.Agent] = None) -> None:
        self.agent = agent
        self.memory = memory
        self.places: list[int] = []  # of its block, those that are free
        self.name = f"PengineWorker-{number}"
        self.daemon = True
        self.offset = offset
        self.ready = self.ending = False
        self.timed_out = ""  # why it was killed
        self.broken: Optional[str] = None
        self.number = 0  # of the last task sent
        self.tasks_done = 0
        self.inflight: collections.deque[Any] = collections.deque()
        self.known: set[int] = set()
        self.out: collections.deque[memoryview] = collections.deque()
        self.head: Any = None  # the head of a frame whose parts are being read
        self.buffer = memoryview(bytearray(_frames.HEAD.size))
        self.at = 0
        self.changed = time.monotonic()
        self.seen: tuple[int, ...] = ()
        spawning = _Spawning()
        start = _start_bytes(initializer, initargs, sent, spawning)
        preparation, by_value = _preparation(self.name, number)
        tracker: Optional[int] = None
        self.process: Any
        if agent is not None:
            if spawning.fds:
                raise RuntimeError("locks, queues and pipes in initargs cannot go to other ranks; those of a Manager can")
            self.process = _cluster.RemoteProcess(agent)
            self.socket = self.process.start()
        else:
            tracker = _tracker_fd()
            self._start_here(memory_fd, life_fd, spawning.fds + ([] if tracker is None else [tracker]))
        self.pid = self.process.pid
        self.socket.setblocking(False)
        message = pickle.dumps((preparation, by_value, tracker, start))
        self.send(_frames.pack(_frames.FUNCTION, 0, 0, message))

    def _start_here(self, memory_fd: int, life_fd: int, more: list[int]) -> None:
        self.socket, other = socket.socketpair()
        try:
            self.process = launch(other.fileno(), memory_fd, life_fd, self.offset, more)
        except BaseException:
            self.socket.close()
            raise
        finally:
            other.close()

    def slot(self) -> tuple[int, ...]:
        """(task begun, item, calls), of another rank's worker a moment old."""
        slot: tuple[int, ...] = _frames.SLOT.unpack_from(self.memory, self.offset) if self.agent is None else self.process.ask_slot()
        return slot

    def start(self, chunk: Any, payload: bytes) -> None:
        """Send a chunk as the next task."""
        self.number += 1
        chunk.task, chunk.sent, chunk.size = self.number, time.monotonic(), len(payload)
        chunk.place = self.places.pop() if self.places else 0
        self.inflight.append(chunk)
        if len(self.inflight) == 1:
            self.changed = chunk.sent
        job = chunk.job
        self.send(_frames.pack(job.kind, self.number, job.number, payload, b"", job.flags, chunk.place, self.memory, self.offset))

    def release(self, chunk: Any) -> None:
        """The chunk's place in the shared memory is free again."""
        if chunk.place:
            self.places.append(chunk.place)
            chunk.place = 0

    def send(self, parts: list[bytes]) -> None:
        """Queue a frame and write what the socket takes now."""
        self.out.extend(memoryview(part) for part in parts if part)
        self.flush()

    def flush(self) -> None:
        while self.out:
            try:
                sent = self.socket.send(b"".join(self.out) if self._few() else self.out[0])
            except BlockingIOError:
                return
            except OSError:  # it died; the poll finds out
                self.out.clear()
                return
            self._sent(sent)

    def _few(self) -> bool:
        return 1 < len(self.out) <= 8 and sum(map(len, self.out)) < 65536

    def _sent(self, size: int) -> None:
        while size:
            part = self.out.popleft()
            if size < len(part):
                self.out.appendleft(part[size:])
                return
            size -= len(part)

    def receive(self) -> Optional[tuple[Any, memoryview, memoryview]]:
        """The next whole frame, as head and parts; None where there is none yet; EOFError where the worker is gone."""
        while True:
            while self.at < len(self.buffer):
                try:
                    got = self.socket.recv_into(self.buffer[self.at :])
                except BlockingIOError:
                    return None
                except OSError as error:
                    raise EOFError from error
                if got == 0:
                    raise EOFError
                self.at += got
            if self.head is None:
                self.head = _frames.HEAD.unpack(self.buffer)
                _, _, stored, _, _, _, first, second = self.head
                self.buffer, self.at = memoryview(bytearray(second if stored else first + second)), 0
                if len(self.buffer):
                    continue
            _, _, stored, _, _, place, first, _ = self.head
            data = memoryview(self.memory)[self.offset + place : self.offset + place + first] if stored else self.buffer[:first]
            frame = self.head, data, self.buffer if stored else self.buffer[first:]
            self.head, self.buffer, self.at = None, memoryview(bytearray(_frames.HEAD.size)), 0
            return frame

    @property
    def exitcode(self) -> Optional[int]:
        code: Optional[int] = self.process.poll()
        return code

    @property
    def sentinel(self) -> int:
        return int(self.socket.fileno())

    def is_alive(self) -> bool:
        return self.exitcode is None

    def _signal(self, number: int) -> None:
        if self.agent is not None:
            self.process.send_signal(number)
        elif self.exitcode is None:
            try:
                os.killpg(self.pid, number)
            except ProcessLookupError:
                self.process.send_signal(number)

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def join(self, timeout: Optional[float] = None) -> None:
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            pass

    def end_text(self) -> str:
        """How the process ended, in words."""
        try:
            code = self.process.wait(2)
        except subprocess.TimeoutExpired:  # it closed its socket and lives on
            self.kill()
            code = self.process.wait()
        if self.agent is not None and self.agent.gone:
            return str(self.agent.loss())
        name = "the worker process" if self.agent is None else f"the worker process on {self.agent.host}"
        if code < 0:
            try:
                return f"{name} was killed by {signal.Signals(-code).name}"
            except ValueError:
                return f"{name} was killed by signal {-code}"
        return f"{name} ended with exit code {code}"

    def __repr__(self) -> str:
        return f"<{self.name} pid={self.pid}>"


