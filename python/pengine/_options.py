# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""What callers of a pool may say, checked before it is used.

Threads: any; nothing is shared.
"""
from __future__ import annotations

import numbers
import operator
from typing import Any, NamedTuple, Optional


def whole(name: str, number: Any) -> int:
    """An integer; TypeError where it is something else."""
    try:
        return operator.index(number)
    except TypeError:
        raise TypeError(f"{name} must be an integer of 1 or more, not {number!r}") from None


def checked_chunksize(number: Any) -> int:
    """ValueError below 1."""
    size = whole("Chunksize", number)
    if size < 1:
        raise ValueError(f"Chunksize must be 1+, not {size:n}")
    return size


class Options(NamedTuple):
    """What the keywords beside multiprocessing's say."""

    errors: str = "raise"
    timeout: Optional[float] = None
    retries: int = 0
    progress: bool = False

    def checked(self) -> Options:
        """The same as Python's own numbers; raises ValueError where one is not what is expected."""
        if self.errors not in ("raise", "skip", "return"):
            raise ValueError(f"errors: expected 'raise', 'skip' or 'return', got {self.errors!r}")
        timeout = self.timeout
        if timeout is not None:
            if not (isinstance(timeout, numbers.Real) and timeout > 0):
                raise ValueError(f"timeout: expected seconds above 0 or None, got {timeout!r}")
            timeout = float(timeout)
        if not isinstance(self.retries, numbers.Integral) or not 0 <= self.retries <= 63:
            raise ValueError(f"retries: expected 0 to 63, got {self.retries!r}")
        return self._replace(timeout=timeout, retries=int(self.retries))
