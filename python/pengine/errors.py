# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""What goes wrong with one item, as exceptions that say which item it was."""
from __future__ import annotations

import reprlib
from typing import Any, Optional

_brief = reprlib.Repr()
_brief.maxstring = _brief.maxother = _brief.maxlong = 120


def describe(index: Optional[int], arguments: Optional[tuple[Any, ...]]) -> str:
    """An item as messages name it: ``item 3 (17, 'x')``."""
    if index is None:
        return "a call"
    if arguments is None:
        return f"item {index}"
    return f"item {index} ({', '.join(_brief.repr(value) for value in arguments)})"


class ItemError(RuntimeError):
    """An item failed other than by an exception of its function.

    index      the item's number, from 0; None for apply
    arguments  the arguments of its call, as a tuple; None where they are not known
    reason     what happened, in words
    """

    def __init__(self, index: Optional[int], arguments: Optional[tuple[Any, ...]], reason: str) -> None:
        super().__init__(index, arguments, reason)
        self.index = index
        self.arguments = arguments
        self.reason = reason

    def __str__(self) -> str:
        return f"{describe(self.index, self.arguments)}: {self.reason}"


class WorkerDied(ItemError):
    """The worker process ended during this item: killed, crashed or by an exit of its own."""


class ItemTimeout(ItemError, TimeoutError):
    """The item took longer than the time limit of an item; its worker process was killed."""

    __str__ = ItemError.__str__


class Failure:
    """A failed item among results: its exception is raised, or it is left out."""

    __slots__ = ("exception",)

    def __init__(self, exception: BaseException) -> None:
        if isinstance(exception, StopIteration):  # it would end an iteration over the results without a message
            stopped, exception = exception, RuntimeError("the function raised StopIteration")
            exception.__cause__ = stopped
            for note in getattr(stopped, "__notes__", ()):
                exception.add_note(note)
        self.exception = exception
