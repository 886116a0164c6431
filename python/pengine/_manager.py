# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The manager of a pool: one thread that gives chunks to workers, takes their results, and notices what dies or takes too long.

Design: the manager alone changes what workers and jobs are doing; other threads post it messages. It never calls code of the user but
for callbacks and the pickling of arguments.
Threads: run() is the thread; post() and populate() are called from others.
Not here: the processes (_workers.py); which worker gets which chunk (_dispatch.py).
"""
from __future__ import annotations

import collections
import math
import os
import select
import sys
import threading
import time
from typing import Any, Optional

from . import _frames
from ._dispatch import Dispatch
from ._jobs import Chunk, Job, unpack_failures
from ._process import WorkerProcess
from ._results import AsyncResult
from ._stream import StreamJob
from ._workers import Workers
from .errors import ItemError, ItemTimeout, WorkerDied

START_FAILURES = 3
INTERRUPT_SECONDS = 0.3  # for the chunks that are under way when their call is interrupted; then their workers are killed
BEGIN_SECONDS = 60.0  # beside an item's time limit: for a worker to unpickle the function, which may import much


class Manager:
    """All of a pool that outlives the Pool object until its workers have ended."""

    def __init__(self, processes: int, initializer: Any, initargs: Any, maxtasks: Optional[int]) -> None:
        self.wake_read = self.wake_write = -1
        self.workers = Workers(processes, initializer, initargs)
        self.dispatch = Dispatch(self.workers, maxtasks, self.settle)
        self.maxtasks = maxtasks
        self.state = "RUN"
        self.broken: Optional[BaseException] = None
        self.start_failures = 0
        self.jobs: dict[int, Job] = {}
        self.inbox: collections.deque[tuple[Any, ...]] = collections.deque()
        self.progress: list[Any] = []
        self.wake_read, self.wake_write = os.pipe()
        os.set_blocking(self.wake_read, False)
        os.set_blocking(self.wake_write, False)
        self.workers.poll.register(self.wake_read, select.POLLIN)
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
        workers = self.workers
        with workers.lock:
            while len(workers.all) < workers.processes and self.state != "TERMINATE" and self.broken is None:
                workers.start()

    def after_fork(self) -> None:
        """In a child of fork: let go of what would keep the workers alive."""
        self.state = "FORKED"
        self.workers.close()
        os.close(self.wake_read)
        os.close(self.wake_write)

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
        return self.state == "TERMINATE" or (self.state == "CLOSE" and not self.jobs and not self.inbox)

    def step(self) -> None:
        for fd, _ in self.workers.poll.poll(self.wait_ms()):
            worker = self.workers.by_fd.get(fd)
            if worker is not None:
                self.serve(worker)
            elif fd == self.wake_read:
                os.read(fd, 4096)
        self.awake = False
        while self.inbox:
            what, *args = self.inbox.popleft()
            getattr(self, "on_" + what)(*args)
        now = time.monotonic()
        for worker in self.workers.all:
            if worker.inflight and worker.inflight[0].job.interrupted + INTERRUPT_SECONDS < now:
                worker.kill()
            elif worker.inflight and worker.inflight[0].job.options.timeout is not None:
                self.check_timeout(worker, worker.inflight[0], now)
        self.dispatch.take_back(now)
        self.dispatch.run()
        for bar in self.progress:
            bar.update()

    def wait_ms(self) -> Optional[float]:
        if self.inbox:
            return 0
        waits = [100.0] if self.progress else []
        for worker in self.workers.all:
            job = worker.inflight[0].job if worker.inflight else None
            if job is not None and job.options.timeout is not None:
                waits.append(min(max(job.options.timeout * 100, 2), 50))
            elif job is not None and job.interrupted < math.inf:
                waits.append(50)
        return min(waits + self.dispatch.waits_ms(), default=None)

    # --- messages

    def on_add(self, job: Job, bar: Any) -> None:
        if self.broken is not None:
            job.fail(self.broken)
            return
        if bar is not None:
            self.progress.append(bar)
        self.jobs[job.number] = job
        self.dispatch.add(job)
        if self.state == "CLOSE":
            job.lift()
        self.settle(job)

    def on_feed(self, job: Job) -> None:
        if job.number in self.jobs:
            self.dispatch.add(job)

    def on_cancel(self, job: Job) -> None:
        job.fail(RuntimeError("the iterator was dropped"))
        self.settle(job)

    def on_interrupt(self, result: AsyncResult) -> None:
        for job in [job for job in self.jobs.values() if getattr(job, "result", None) is result]:
            job.interrupted = time.monotonic()
            job.fail(RuntimeError("the call was interrupted"))
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
        self.workers.watch(worker)

    def take(self, worker: WorkerProcess, head: Any, data: memoryview, failed: memoryview) -> None:
        kind, _, _, task, nanoseconds, *_ = head
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
            job.measure(chunk, nanoseconds * 1e-9, len(data))
            job.put(chunk, data, unpack_failures(failed))
            worker.release(chunk)
            self.settle(job)
            self.retire(worker)

    def retire(self, worker: WorkerProcess) -> None:
        if self.maxtasks is not None and worker.tasks_done >= self.maxtasks and not worker.ending:
            worker.ending = True
            worker.send(_frames.pack(_frames.QUIT))

    def settle(self, job: Job) -> None:
        """Forget a job that is finished."""
        if job.finished and self.jobs.pop(job.number, None) is not None:
            self.dispatch.remove(job)
            for bar in [bar for bar in self.progress if bar.job is job]:
                bar.end()
                self.progress.remove(bar)
            self.workers.forget(job.number)

    def bury(self, worker: WorkerProcess) -> None:
        """A worker is gone: name its item, give its other chunks to others, start another."""
        reason = self.workers.remove(worker)
        begun, item, _ = worker.slot()
        chunks = list(worker.inflight)
        worker.inflight.clear()
        if not worker.ready:
            self.start_failed(worker, reason, item == _frames.INITIALIZER)
        for chunk in reversed(chunks):
            if chunk is chunks[0] and (chunk.task <= begun or worker.timed_out):
                self.lost(worker, chunk, item, reason)
            else:
                self.dispatch.give_back(chunk)
        if self.state == "RUN" or self.jobs:
            try:
                self.populate()
            except RuntimeError as error:  # a rank is gone, or the folder
                self.give_up(error)
            except OSError as error:  # no process or descriptor is to be had
                self.give_up(RuntimeError(f"a worker process cannot start: {error}"))

    def start_failed(self, worker: WorkerProcess, reason: str, in_initializer: bool) -> None:
        self.start_failures += 1
        if worker.broken is None and self.start_failures < START_FAILURES:
            return
        text = f"a worker process could not start: {reason}"
        if in_initializer:
            initializer = self.workers.initializer
            text += f" in its initializer {getattr(initializer, '__qualname__', initializer)}"
        if worker.broken is not None:
            text = "a worker process could not start:\n" + worker.broken.rstrip()
        self.give_up(RuntimeError(text))

    def give_up(self, error: RuntimeError) -> None:
        """No worker can be started: every call fails."""
        self.broken = error
        for job in list(self.jobs.values()):
            job.fail(error)
            self.settle(job)

    def lost(self, worker: WorkerProcess, chunk: Chunk, item: int, reason: str) -> None:
        """The worker died in this chunk: its other items are computed again."""
        job = chunk.job
        if job.finished:
            return
        place = item if item < chunk.count else 0
        kind: type[ItemError] = WorkerDied
        if worker.timed_out:
            kind, reason = ItemTimeout, worker.timed_out
        error = kind(chunk.first + place, chunk.arguments(place), reason)
        one = chunk.part(place, place + 1)
        one.tries = chunk.tries + 1 if chunk.count == 1 else 1
        if one.tries <= job.options.retries:
            self.dispatch.give_back(chunk.part(place + 1, chunk.count))
            self.dispatch.give_back(one)
        elif job.options.errors == "raise" and type(job) is not StreamJob:
            job.fail(error)
            self.settle(job)
            return
        else:
            self.dispatch.give_back(chunk.part(place + 1, chunk.count))
            job.put(one, memoryview(b""), [(0, error)])
        self.dispatch.give_back(chunk.part(0, place))
        self.settle(job)

    def check_timeout(self, worker: WorkerProcess, chunk: Chunk, now: float) -> None:
        slot = worker.slot()
        seconds, reason = chunk.job.options.timeout or 0.0, "took longer than"
        if slot[0] < chunk.task:
            seconds, reason = seconds + BEGIN_SECONDS, "its worker process did not begin it within"
        if slot != worker.seen:
            worker.seen, worker.changed = slot, now
        elif now - worker.changed > seconds:
            worker.timed_out = f"{reason} {seconds:g} s"
            worker.kill()

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
        self.dispatch.feed.clear()
        for bar in self.progress:
            bar.end()
        if self.state == "CLOSE":
            self.workers.quit()
            while self.workers.flush() and self.state == "CLOSE":
                pass
        self.workers.kill()
        self.workers.close()

    def __del__(self) -> None:
        if self.wake_write >= 0 and self.state != "FORKED":  # post() writes there as long as the manager is referenced
            os.close(self.wake_read)
            os.close(self.wake_write)
