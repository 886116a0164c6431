# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The bar that progress=True draws on stderr: in a terminal and a notebook in place, else a line now and then."""
from __future__ import annotations

import os
import sys
import time
from typing import Any, Optional


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _width() -> int:
    """Of the terminal in columns; a notebook has no end of its lines, nor has a terminal that says 0."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 1000
    except (OSError, ValueError):
        return 1000


class Bar:
    """One job's bar; update() is called often and draws seldom."""

    def __init__(self, job: Any) -> None:
        self.job = job
        self.begin = self.drawn = time.monotonic()
        self.in_place = sys.stderr is not None and (sys.stderr.isatty() or "ipykernel" in sys.modules)
        self.shown = 0  # characters of the line that is shown
        self.every = 0.1 if self.in_place else 10.0

    def text(self) -> str:
        done, total = self.job.items_done, self.job.total
        seconds = max(time.monotonic() - self.begin, 1e-9)
        rate = f"{done / seconds:,.0f} items/s"
        if total is None:
            return f"{done:,} items, {_clock(seconds)}, {rate}"
        share = done / total if total else 1.0
        left = _clock(seconds / share - seconds) if share else "?"
        bar = ("#" * int(share * 20)).ljust(20, ".")
        return f"[{bar}] {share:4.0%} {done:,} of {total:,} items, {_clock(seconds)}, {left} left, {rate}"

    def update(self) -> None:
        now = time.monotonic()
        if now - self.drawn >= self.every:
            self.drawn = now
            self.draw("")

    def draw(self, end: str) -> None:
        if sys.stderr is None:
            return
        line = self.text()
        if self.in_place:
            most = _width() - 1  # a line that wraps could not be drawn over
            line = line[:most]
            self.shown, line = len(line), "\r" + line.ljust(min(self.shown, most)) + end  # notebooks know no code that clears a line
        else:
            line += "\n"
        try:
            sys.stderr.write(line)
            sys.stderr.flush()
        except (OSError, ValueError):
            pass

    def end(self) -> None:
        """The last state, with a newline."""
        self.draw("\n")


class Progress:
    """The bar of a call of a compiled kernel, which is no job."""

    def __init__(self, total: Optional[int]) -> None:
        self.items_done, self.total = 0, total
        self.bar = Bar(self)

    def tick(self, items: int) -> None:
        """So many are computed."""
        self.items_done = items
        self.bar.update()

    def end(self) -> None:
        self.bar.end()
