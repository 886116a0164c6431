# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Chunks to workers: which worker gets which chunk, how many ahead, and which are taken back.

Design: a worker whose chunks are short gets up to three ahead; where one of them turns out to be long, the chunks after it are
taken back (calls.c, claim) and go to a worker that is idle.
Threads: the manager's.
"""
from __future__ import annotations

import collections
import time
from typing import Callable, Optional

from . import _core, _frames
from ._jobs import ApplyJob, Chunk, Job
from ._process import WorkerProcess
from ._stream import StreamJob
from ._workers import Workers

AHEAD = _frames.PLACES
AHEAD_SECONDS = 0.03  # chunks that take longer are given one at a time
TAKE_BACK_SECONDS = 0.1


class Dispatch:
    """The jobs that have chunks to give, in the order in which they give them."""

    def __init__(self, workers: Workers, maxtasks: Optional[int], settle: Callable[[Job], None]) -> None:
        self.workers, self.maxtasks, self.settle = workers, maxtasks, settle
        self.feed: collections.deque[Job] = collections.deque()

    def add(self, job: Job) -> None:
        if job not in self.feed:
            self.feed.append(job)

    def remove(self, job: Job) -> None:
        if job in self.feed:
            self.feed.remove(job)

    def waits_ms(self) -> list[float]:
        """After how long there may be something to do that no event announces: items of an iterator, chunks to be taken back."""
        waits = [5.0] if any(type(job) is StreamJob and job.asking for job in self.feed) else []
        if any(len(worker.inflight) > 1 for worker in self.workers.all):
            waits.append(TAKE_BACK_SECONDS * 1000)
        return waits

    def run(self) -> None:
        """Give chunks to all workers that have room."""
        for depth in range(AHEAD):
            for worker in self.workers.all:
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
            most = self.most(worker, job)
            if most <= 0:
                return
            chunk = job.take(self.workers.processes, most)
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

    def most(self, worker: WorkerProcess, job: Job) -> int:
        """How many items of a job a worker may still be given in its life."""
        if self.maxtasks is None:
            return 2**40
        given: int = sum(-(-chunk.count // chunk.job.unit) for chunk in worker.inflight)
        return (self.maxtasks - worker.tasks_done - given) * job.unit

    @staticmethod
    def under_way(worker: WorkerProcess) -> float:
        """How long the chunks of a worker will take, in seconds, as far as known."""
        seconds = 0.0
        for chunk in worker.inflight:
            seconds += chunk.count * (1e9 if chunk.job.item_seconds is None else chunk.job.item_seconds)
        return seconds

    def start(self, worker: WorkerProcess, chunk: Chunk) -> bool:
        """Send a chunk; False where its arguments cannot be sent, which fails the item that cannot."""
        job = chunk.job
        try:
            payload = job.payload(chunk)
        except Exception as error:
            if chunk.count > 1:  # which of them is found by halves
                half = chunk.count // 2
                self.give_back(chunk.part(half, chunk.count))
                self.give_back(chunk.part(0, half))
            else:
                job.put(chunk, memoryview(b""), [(0, error)])
                self.settle(job)
            return False
        if job.kind == _frames.TASK and job.number not in worker.known:
            worker.known.add(job.number)
            worker.send(_frames.pack(_frames.FUNCTION, job.number, 0, job.function))
        worker.start(chunk, payload)
        self.workers.watch(worker)
        return True

    def give_back(self, chunk: Chunk) -> None:
        """It is to be computed again, before what comes after it."""
        job = chunk.job
        if not job.finished and chunk.count:
            job.returned.appendleft(chunk)
            if job not in self.feed:
                self.feed.appendleft(job)

    def take_back(self, now: float) -> None:
        """Where a worker is idle, take back the chunks that wait for a long one in others."""
        if not any(worker.ready and not worker.inflight for worker in self.workers.all):
            return
        for worker in self.workers.all:
            if worker.agent is None and len(worker.inflight) > 1 and now - worker.inflight[0].sent > TAKE_BACK_SECONDS:
                self.take_back_from(worker)

    def take_back_from(self, worker: WorkerProcess) -> None:
        """Take back the chunks after the one that runs, where the worker has not begun them."""
        kept = [worker.inflight.popleft()]
        back: list[Chunk] = []
        for chunk in list(worker.inflight):
            if _core.claim(self.workers.memory, worker.offset, chunk.task):
                back.append(chunk)
                worker.release(chunk)
            else:
                kept.append(chunk)
        worker.inflight = collections.deque(kept)
        for chunk in reversed(back):
            self.give_back(chunk)
