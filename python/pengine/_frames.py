# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""What a pool and its worker processes say to each other: frames over a socket, and a worker's block of shared memory.

A frame is a head (kind, flags, whether the first part is in memory, number, count, place, lengths of both parts) and the two parts.

Design: a worker's block is a page with its slot, and PLACES places. Each task has one of them: long arguments and results lie there
instead of being sent, so that no worker waits until the pool reads. A place is free again when the pool has taken the task's results.
Workers of other ranks have no places.

to the worker    FUNCTION  number: the function's; first: its pickle
                 FORGET    number: the function's
                 TASK      number: the task's; count: the function's number; first: the arguments (_codec)
                 APPLY     number: the task's; first: the pickle of (function, args, kwds)
                 QUIT
to the pool      READY     the worker is initialized
                 BROKEN    first: why it cannot start, as text
                 RESULT    number: the task's; count: nanoseconds; first: the results (_codec); second: the pickle of its failures,
                           [(place in the task, pickle of the exception, traceback as text), ...]
"""
from __future__ import annotations

import mmap
import struct
from typing import Optional

HEAD = struct.Struct("=BBBxxxxxQQQQQ")
SLOT = struct.Struct("=QQQ")  # the last task begun, the item in it, calls so far (calls.c)
ITEM = struct.Struct("=Q")  # in it, after the task
SLOT_BYTES = 4096
PLACES = 3  # and as many tasks are under way in a worker at most
PLACE_BYTES = 2**21 + 2**16  # what a chunk has at most (BATCH_BYTES in _jobs.py), and the heads of its columns
BLOCK_BYTES = SLOT_BYTES + PLACES * PLACE_BYTES
LONG = 2**16  # bytes; a part that is shorter is sent
NO_ITEM, INITIALIZER = 2**64 - 1, 2**64 - 2  # in the place of an item: none yet; the initializer runs

FUNCTION, FORGET, TASK, APPLY, QUIT, READY, BROKEN, RESULT = range(8)

# flags of a task
STAR = 1  # an item is a sequence of arguments
KEEP_GOING = 2  # a failed item does not end the task
TRIES = 2  # flags >> TRIES is how often a failed item is repeated, at most 63


def pack(kind: int, number: int = 0, count: int = 0, first: bytes = b"", second: bytes = b"", flags: int = 0,
         place: int = 0, memory: Optional[mmap.mmap] = None, block: int = 0) -> list[bytes]:
    """The pieces of one frame; a long first part goes to the place of the block in memory, where there is one."""
    stored = memory is not None and place != 0 and LONG <= len(first) <= PLACE_BYTES
    if memory is not None and stored:
        memory[block + place : block + place + len(first)] = first
    return [HEAD.pack(kind, flags, stored, number, count, place, len(first), len(second)), b"" if stored else first, second]
