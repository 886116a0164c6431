# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""numpy, which the package works with and does without.

Threads: any; nothing is shared.
"""
from __future__ import annotations

import sys
from typing import Any


def numpy_or_none() -> Any:
    """numpy, imported; None where it is not installed."""
    try:
        import numpy
    except ImportError:
        return None
    return numpy


def imported_numpy() -> Any:
    """numpy where the program has it. None while another thread imports it: then there are no arrays yet, and the module is not whole."""
    numpy = sys.modules.get("numpy")
    return None if numpy is None or getattr(numpy.__spec__, "_initializing", False) else numpy
