# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Calls of Python functions, as jobs that are given to a pool's manager.

Threads: the caller's.
"""
from __future__ import annotations

from typing import Any, Iterable, Optional

from ._jobs import ApplyJob, Job, MapJob
from ._manager import Manager
from ._options import Options, checked_chunksize
from ._packed import Packed, pack
from ._progress import Bar
from ._results import AsyncResult
from ._source import IteratorSource, SequenceSource, is_cuttable
from ._stream import StreamJob


def _add(manager: Manager, job: Job) -> None:
    manager.post("add", job, Bar(job) if job.options.progress else None)


def start_apply(manager: Manager, func: Any, args: Iterable[Any], kwds: dict[str, Any], result: AsyncResult, options: Options) -> None:
    """One call of func, which sets the result at its end."""
    _add(manager, ApplyJob(func, args, kwds, result, options, manager.workers.sent))


def start_map(manager: Manager, func: Any, iterable: Any, star: bool, chunksize: Optional[int], result: AsyncResult,
              options: Options) -> None:
    """A call of func for each item, which sets the result at the end of all."""
    if not hasattr(iterable, "__len__"):
        iterable = pack(iterable)
    if len(iterable) == 0:
        result._set(True, [])
        return
    if chunksize is not None:
        chunksize = checked_chunksize(chunksize)
    try:
        items = iterable if is_cuttable(iterable) or type(iterable) is Packed else list(iterable)
        job = MapJob(func, items, chunksize, star, result, options, manager.workers.sent, manager.workers.processes,
                     manager.maxtasks is not None)
    except Exception as error:
        result._set(False, error)
        return
    _add(manager, job)


def start_imap(manager: Manager, func: Any, iterable: Iterable[Any], chunksize: int, ordered: bool, star: bool,
               options: Options) -> StreamJob:
    """A call of func for each item, within a window ahead of the reader of the results."""
    chunksize = checked_chunksize(chunksize)
    source: SequenceSource | IteratorSource
    if is_cuttable(iterable):
        source = SequenceSource(iterable)
    else:
        source = IteratorSource(iter(iterable), lambda: manager.post("feed", job))
    job = StreamJob(func, source, chunksize, ordered, star, options, manager.workers.sent, manager.post)
    _add(manager, job)
    return job
