# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""What a pool and its worker processes say to each other: frames over a socket, and a worker's slot of shared memory.

A frame is a head (kind, flags, number, count, length of the first part, length of the second part) and the two parts.

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

import struct

HEAD = struct.Struct("=BBxxxxxxQQQQ")
SLOT = struct.Struct("=QQQ")  # the last task begun, the item in it, calls so far (calls.c)
ITEM = struct.Struct("=Q")  # in it, after the task
SLOT_BYTES = 64
NO_ITEM, INITIALIZER = 2**64 - 1, 2**64 - 2  # in the place of an item: none yet; the initializer runs

FUNCTION, FORGET, TASK, APPLY, QUIT, READY, BROKEN, RESULT = range(8)

# flags of a task
STAR = 1  # an item is a sequence of arguments
KEEP_GOING = 2  # a failed item does not end the task
TRIES = 2  # flags >> TRIES is how often a failed item is repeated, at most 63


def pack(kind: int, number: int = 0, count: int = 0, first: bytes = b"", second: bytes = b"", flags: int = 0) -> list[bytes]:
    """The pieces of one frame."""
    return [HEAD.pack(kind, flags, number, count, len(first), len(second)), first, second]
