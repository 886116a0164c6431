# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""What a worker takes over of the settings of the pool's process: the recursion limit, the filters of warnings, the root logger.

Design: with fork they are there, and with spawn the main module sets them again. A worker whose __main__ goes by value does not run
it, so that log lines of its functions would be lost. Only what may be set twice is taken over.
"""
from __future__ import annotations

import os
import sys
import warnings
from typing import Any, Optional

from . import _byvalue


def _packed_handler(handler: Any, logging: Any) -> Optional[bytes]:
    """A handler that writes to a standard stream or appends to a file; None for others, and where a part cannot be pickled."""
    stream = getattr(handler, "stream", None)
    if type(handler) is logging.FileHandler:
        target = [handler.baseFilename, "a", handler.encoding, True]
    elif type(handler) is logging.StreamHandler and stream in (sys.stdout, sys.stderr):
        target = ["stdout" if stream is sys.stdout else "stderr"]
    else:
        return None
    try:
        return _byvalue.dumps((target, handler.level, handler.formatter, handler.filters))
    except Exception:
        return None


def _add_handler(data: bytes, logging: Any) -> None:
    target, level, formatter, filters = _byvalue.loads(data)
    handler = logging.StreamHandler(getattr(sys, target[0])) if len(target) == 1 else logging.FileHandler(*target)
    handler.setLevel(level)
    handler.setFormatter(formatter)
    handler.filters = filters
    logging.root.addHandler(handler)


def collect() -> dict[str, Any]:
    """The settings of this process, as something that can be pickled."""
    settings: dict[str, Any] = {
        "recursion": sys.getrecursionlimit(),
        "warnings": [one for one in warnings.filters if one[2].__module__ == "builtins"],  # others would have to be imported
    }
    logging = sys.modules.get("logging")
    if logging is not None:
        handlers = [_packed_handler(handler, logging) for handler in logging.root.handlers]
        levels = {name: one.level for name, one in logging.root.manager.loggerDict.items() if getattr(one, "level", 0)}
        settings["logging"] = logging.root.level, logging.root.manager.disable, levels, [one for one in handlers if one is not None]
    return settings


def apply(settings: dict[str, Any]) -> None:
    """Set in a worker what collect() found."""
    sys.setrecursionlimit(settings["recursion"])
    warnings.filters[:] = settings["warnings"]  # type: ignore[index]
    getattr(warnings, "_filters_mutated")()
    if "logging" in settings:
        import logging

        level, disable, levels, handlers = settings["logging"]
        logging.root.setLevel(level)
        logging.disable(disable)
        for name, one in levels.items():
            logging.getLogger(name).setLevel(one)
        for data in handlers:
            _add_handler(data, logging)
