# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The manager of a pool: one thread that gives chunks to workers, takes their results, and notices what dies or takes too long.

Design: the manager alone changes what workers and jobs are doing; other threads post it messages. It never calls code of the user but
for callbacks and the pickling of arguments. A worker whose chunks are short gets up to three ahead; where one of them turns out to
be long, the chunks behind it are taken back (calls.c, claim) and go to a worker that is idle.
Threads: run() is the thread; post() and start_worker() are called from others.
"""
from __future__ import annotations

import collections
import mmap
import os
import select
import sys
import threading
import time
from typing import Any, Optional

from . import _cluster, _core, _frames
from ._jobs import ApplyJob, Chunk, Job, unpack_failures
from ._process import NO_ITEM, SLOT, SLOT_BYTES, WorkerProcess
from ._stream import StreamJob
from .errors import ItemError, ItemTimeout, WorkerDied

AHEAD = 3
AHEAD_SECONDS = 0.03  # chunks that take longer are given one at a time
TAKE_BACK_SECONDS = 0.1
KILL_SECONDS = 0.3
START_FAILURES = 3


class Manager:
    """All of a pool that outlives the Pool object until its workers have ended."""

    def __init__(self, processes: int, initializer: Any, initargs: Any, maxtasks: Optional[int]) -> None:
        self.processes = processes
        self.initializer, self.initargs, self.maxtasks = initializer, initargs, maxtasks
        self.pid = os.getpid()
        self.workers: list[WorkerProcess] = []
        self.lock = threading.RLock()  # of workers, for start_worker() from other threads
        self.state = "RUN"
        self.broken: Optional[BaseException] = None
        self.start_failures = 0
        self.jobs: dict[int, Job] = {}
        self.feed: collections.deque[Job] = collections.deque()
        self.inbox: collections.deque[tuple[Any, ...]] = collections.deque()
        self.progress: list[Any] = []
        self.count = 0
        memory = os.memfd_create("pengine-pool", os.MFD_CLOEXEC)
        os.ftruncate(memory, max(mmap.PAGESIZE, processes * SLOT_BYTES))
        self.memory_fd, self.memory = memory, mmap.mmap(memory, 0)
        self.life_read, self.life_write = os.pipe()
        self.wake_read, self.wake_write = os.pipe()
        os.set_blocking(self.wake_read, False)
        os.set_blocking(self.wake_write, False)
        self.poll = select.poll()
        self.poll.register(self.wake_read, select.POLLIN)
        self.by_fd: dict[int, WorkerProcess] = {}
        self.thread = threading.Thread(target=self.run, name="pengine-pool", daemon=True)
        self.awake = False

    # --- called from any thread

    def post(self, what: str, *args: Any) -> None:
        """Ask the manager to do something."""
        self.inbox.append((what, *args))
        if not self.awake:
            self.awake = True
            try:
                os.write(self.wake_write, b"x")
            except OSError:
                pass

    def populate(self) -> None:
        """Start the workers that are missing."""
        with self.lock:
            while len(self.workers) < self.processes and self.state != "TERMINATE" and self.broken is None:
                self.start_worker()

    def start_worker(self) -> None:
        used = {worker.offset for worker in self.workers}
        offset = next(n * SLOT_BYTES for n in range(self.processes) if n * SLOT_BYTES not in used)
        self.count += 1
        SLOT.pack_into(self.memory, offset, 0, NO_ITEM, 0)
        worker = WorkerProcess(self.count, offset, self.memory_fd, self.life_read, self.initializer, self.initargs,
                               self.agent_of(offset // SLOT_BYTES))
        self.workers.append(worker)
        self.by_fd[worker.socket.fileno()] = worker
        self.poll.register(worker.socket, select.POLLIN | (select.POLLOUT if worker.out else 0))

    @staticmethod
    def agent_of(place: int) -> Optional[_cluster.Agent]:
        """Workers go around the ranks; None is this one."""
        rank = place % (len(_cluster.agents) + 1)
        return _cluster.agents[rank - 1] if rank else None

    def after_fork(self) -> None:
        """In a child of fork: let go of what would keep the workers alive."""
        self.state = "FORKED"
        for worker in self.workers:
            worker.socket.close()
        for fd in (self.life_read, self.life_write, self.wake_read, self.wake_write, self.memory_fd):
            os.close(fd)

    # --- the thread

    def run(self) -> None:
        try:
            while not self.over():
                self.step()
        except BaseException as error:  # noqa: B036 - a bug must not let callers wait for ever
            self.broken = error
            sys.excepthook(type(error), error, error.__traceback__)
            self.state = "TERMINATE"
        self.end()

    def over(self) -> bool:
        if self.state == "TERMINATE":
            return True
        return self.state == "CLOSE" and not self.jobs and not self.inbox

    def step(self) -> None:
        for fd, _ in self.poll.poll(self.wait_ms()):
            worker = self.by_fd.get(fd)
            if worker is not None:
                self.serve(worker)
            elif fd == self.wake_read:
                os.read(fd, 4096)
        self.awake = False
        while self.inbox:
            self.obey(*self.inbox.popleft())
        self.tick()
        self.dispatch()
        for bar in self.progress:
            bar.update()

    def obey(self, what: str, *args: Any) -> None:
        getattr(self, "on_" + what)(*args)

    def wait_ms(self) -> Optional[float]:
        if self.inbox:
            return 0
        wait = 1e9
        for worker in self.workers:
            if worker.inflight:
                limit = worker.inflight[0].job.options.timeout
                if limit is not None:
                    wait = min(wait, max(limit * 100, 2), 50)
                if len(worker.inflight) > 1:
                    wait = min(wait, TAKE_BACK_SECONDS * 1000)
        if any(type(job) is StreamJob and job.asking for job in self.feed):
            wait = min(wait, 5)
        if self.progress:
            wait = min(wait, 100)
        return None if wait == 1e9 else wait

    # --- messages

    def on_add(self, job: Job, bar: Any) -> None:
        if self.broken is not None:
            job.fail(self.broken)
            return
        if bar is not None:
            self.progress.append(bar)
        self.jobs[job.number] = job
        self.feed.append(job)
        if self.state == "CLOSE":
            job.lift()
        self.settle(job)

    def on_feed(self, job: Job) -> None:
        if job.number in self.jobs and job not in self.feed:
            self.feed.append(job)

    def on_cancel(self, job: Job) -> None:
        job.fail(RuntimeError("the iterator was dropped"))
        self.settle(job)

    def on_close(self) -> None:
        for job in list(self.jobs.values()):
            job.lift()
            self.on_feed(job)

    def on_repopulate(self, done: threading.Event) -> None:
        self.populate()
        done.set()

    def on_end(self) -> None:
        """The state has changed."""

    # --- workers

    def serve(self, worker: WorkerProcess) -> None:
        try:
            while True:
                frame = worker.receive()
                if frame is None:
                    break
                self.take(worker, *frame)
        except EOFError:
            self.bury(worker)
            return
        worker.flush()
        self.poll.modify(worker.socket, select.POLLIN | (select.POLLOUT if worker.out else 0))

    def take(self, worker: WorkerProcess, head: Any, data: memoryview) -> None:
        kind, _, task, nanoseconds, first, _ = head
        if kind == _frames.READY:
            worker.ready, self.start_failures = True, 0
        elif kind == _frames.BROKEN:
            worker.broken = bytes(data).decode("utf-8", "replace")
        elif kind == _frames.RESULT and worker.inflight and worker.inflight[0].task == task:
            chunk = worker.inflight.popleft()
            job = chunk.job
            now = time.monotonic()
            worker.changed = now
            if worker.inflight:
                worker.inflight[0].sent = now
            worker.tasks_done += -(-chunk.count // job.unit)
            job.measure(chunk, nanoseconds * 1e-9, first)
            job.put(chunk, data[:first], unpack_failures(data[first:]))
            self.settle(job)
            self.retire(worker)

    def retire(self, worker: WorkerProcess) -> None:
        if self.maxtasks is not None and worker.tasks_done >= self.maxtasks and not worker.ending:
            worker.ending = True
            worker.send(_frames.pack(_frames.QUIT))

    def settle(self, job: Job) -> None:
        """Forget a job that is finished."""
        if job.finished and self.jobs.pop(job.number, None) is not None:
            if job in self.feed:
                self.feed.remove(job)
            for bar in [bar for bar in self.progress if bar.job is job]:
                bar.end()
                self.progress.remove(bar)
            for worker in self.workers:
                if job.number in worker.known:
                    worker.known.discard(job.number)
                    worker.send(_frames.pack(_frames.FORGET, job.number))
                    self.watch_output(worker)

    def watch_output(self, worker: WorkerProcess) -> None:
        if worker.out:
            self.poll.modify(worker.socket, select.POLLIN | select.POLLOUT)

    def bury(self, worker: WorkerProcess) -> None:
        """A worker is gone: name its item, give its other chunks to others, start another."""
        self.poll.unregister(worker.socket)
        del self.by_fd[worker.socket.fileno()]
        worker.socket.close()
        with self.lock:
            reason = worker.end_text()
            self.workers.remove(worker)
        begun, item, _ = worker.slot(self.memory)
        chunks = list(worker.inflight)
        worker.inflight.clear()
        if not worker.ready:
            self.start_failed(worker, reason)
        for chunk in reversed(chunks):
            if chunk.task <= begun and chunk is chunks[0]:
                self.lost(worker, chunk, item, reason)
            else:
                self.give_back(chunk)
        if self.state == "RUN" or self.jobs:
            try:
                self.populate()
            except RuntimeError as error:  # a rank is gone
                self.give_up(error)

    def start_failed(self, worker: WorkerProcess, reason: str) -> None:
        self.start_failures += 1
        if worker.broken is None and self.start_failures < START_FAILURES:
            return
        text = f"a worker process could not start: {reason}"
        if worker.broken is not None:
            text = "a worker process could not start:\n" + worker.broken.rstrip()
        self.give_up(RuntimeError(text))

    def give_up(self, error: RuntimeError) -> None:
        """No worker can be started: every call fails."""
        self.broken = error
        for job in list(self.jobs.values()):
            job.fail(error)
            self.settle(job)

    def give_back(self, chunk: Chunk) -> None:
        job = chunk.job
        if not job.finished and chunk.count:
            job.returned.appendleft(chunk)
            if job not in self.feed:
                self.feed.appendleft(job)

    def lost(self, worker: WorkerProcess, chunk: Chunk, item: int, reason: str) -> None:
        """The worker died in this chunk: its other items are computed again."""
        job = chunk.job
        if job.finished:
            return
        place = item if item < chunk.count else 0
        kind: type[ItemError] = WorkerDied
        if worker.timed_out:
            kind, reason = ItemTimeout, f"took longer than {job.options.timeout:g} s"
        error = kind(chunk.first + place, chunk.arguments(place), reason)
        one = self.part(chunk, place, place + 1)
        one.tries = chunk.tries + 1 if chunk.count == 1 else 1
        if one.tries <= job.options.retries:
            self.give_back(self.part(chunk, place + 1, chunk.count))
            self.give_back(one)
        elif job.options.errors == "raise" and type(job) is not StreamJob:
            job.fail(error)
            self.settle(job)
            return
        else:
            self.give_back(self.part(chunk, place + 1, chunk.count))
            job.put(one, memoryview(b""), [(0, error)])
        self.give_back(self.part(chunk, 0, place))
        self.settle(job)

    @staticmethod
    def part(chunk: Chunk, first: int, last: int) -> Chunk:
        return Chunk(chunk.job, chunk.first + first, chunk.items[first:last])

    # --- time

    def tick(self) -> None:
        now = time.monotonic()
        idle = sum(1 for worker in self.workers if worker.ready and not worker.inflight)
        for worker in self.workers:
            if not worker.inflight:
                continue
            chunk = worker.inflight[0]
            if chunk.job.options.timeout is not None:
                self.check_timeout(worker, chunk, now)
            if idle and worker.agent is None and len(worker.inflight) > 1 and now - chunk.sent > TAKE_BACK_SECONDS:
                self.take_back(worker)

    def check_timeout(self, worker: WorkerProcess, chunk: Chunk, now: float) -> None:
        slot = worker.slot(self.memory)
        if slot[0] < chunk.task or slot != worker.seen:
            worker.seen, worker.changed = slot, now
        elif now - worker.changed > (chunk.job.options.timeout or 0):
            worker.timed_out = True
            worker.kill()

    def take_back(self, worker: WorkerProcess) -> None:
        """Take back the chunks behind the one that runs, where the worker has not begun them."""
        kept = [worker.inflight.popleft()]
        back: list[Chunk] = []
        for chunk in list(worker.inflight):
            if _core.claim(self.memory, worker.offset, chunk.task):
                back.append(chunk)
            else:
                kept.append(chunk)
        worker.inflight = collections.deque(kept)
        for chunk in reversed(back):
            self.give_back(chunk)

    # --- chunks to workers

    def dispatch(self) -> None:
        for depth in range(AHEAD):
            for worker in self.workers:
                if not self.feed:
                    return
                if worker.ready and not worker.ending and len(worker.inflight) == depth:
                    self.give(worker, depth)

    def give(self, worker: WorkerProcess, depth: int) -> None:
        tried = 0
        while self.feed and tried < len(self.feed):
            job = self.feed[0]
            if depth and (job.item_seconds is None or self.under_way(worker) > AHEAD_SECONDS):
                return
            most = 2**40
            if self.maxtasks is not None:
                most = (self.maxtasks - worker.tasks_done - sum(-(-c.count // c.job.unit) for c in worker.inflight)) * job.unit
                if most <= 0:
                    return
            chunk = job.take(self.processes, most)
            if chunk is not None:
                if type(job) is ApplyJob:
                    self.feed.popleft()
                if self.start(worker, chunk):
                    return
            elif job.finished:
                self.settle(job)
            elif type(job) is StreamJob and job.asking:
                self.feed.rotate(-1)
                tried += 1
            else:
                self.feed.popleft()

    @staticmethod
    def under_way(worker: WorkerProcess) -> float:
        """How long the chunks of a worker will take, in seconds, as far as known."""
        seconds = 0.0
        for chunk in worker.inflight:
            seconds += chunk.count * (1e9 if chunk.job.item_seconds is None else chunk.job.item_seconds)
        return seconds

    def start(self, worker: WorkerProcess, chunk: Chunk) -> bool:
        """Send a chunk; False where its arguments cannot be sent, which fails it."""
        job = chunk.job
        try:
            payload = job.payload(chunk)
        except Exception as error:
            job.put(chunk, memoryview(b""), [(place, error) for place in range(chunk.count)])
            self.settle(job)
            return False
        if job.kind == _frames.TASK and job.number not in worker.known:
            worker.known.add(job.number)
            worker.send(_frames.pack(_frames.FUNCTION, job.number, 0, job.function))
        worker.number += 1
        chunk.task, chunk.sent, chunk.size = worker.number, time.monotonic(), len(payload)
        worker.inflight.append(chunk)
        if len(worker.inflight) == 1:
            worker.changed = chunk.sent
        worker.send(_frames.pack(job.kind, worker.number, job.number, payload, b"", job.flags))
        self.watch_output(worker)
        return True

    # --- the end

    def end(self) -> None:
        """End the workers, kindly where the pool was closed, and every job that is still open with an error."""
        error = self.broken or RuntimeError("the pool was terminated before this result was there")
        for job in list(self.jobs.values()):
            job.fail(error)
        while self.inbox:
            what, *args = self.inbox.popleft()
            if what == "add":
                args[0].fail(error)
            elif what == "repopulate":
                args[0].set()
        self.jobs.clear()
        self.feed.clear()
        for bar in self.progress:
            bar.end()
        if self.state == "CLOSE":
            self.quit_workers()
        self.kill_workers()
        for fd in (self.life_read, self.life_write, self.memory_fd):
            os.close(fd)
        self.memory.close()

    def __del__(self) -> None:
        if self.state != "FORKED":  # post() writes there as long as somebody has the manager
            os.close(self.wake_read)
            os.close(self.wake_write)

    def quit_workers(self) -> None:
        for worker in self.workers:
            worker.send(_frames.pack(_frames.QUIT))
        open_workers = list(self.workers)
        while open_workers and self.state == "CLOSE":
            for worker in open_workers:
                worker.flush()
            self.poll.poll(10)
            open_workers = [worker for worker in open_workers if worker.exitcode is None]

    def kill_workers(self) -> None:
        for worker in self.workers:
            worker.terminate()
        limit = time.monotonic() + KILL_SECONDS
        for worker in self.workers:
            worker.join(max(limit - time.monotonic(), 0.001))
        for worker in self.workers:
            worker.kill()
            worker.join()
            worker.socket.close()


