# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""pengine: a faster multiprocessing.Pool with bounded memory, which names the items that fail; C functions over arrays.

    import pengine

    def do_something(x):
        return x ** 2

    if __name__ == "__main__":
        with pengine.Pool(4) as pool:
            print(pool.map(do_something, range(10)))

Pool        takes the place of multiprocessing.Pool
ThreadPool  multiprocessing's own
Executor    takes the place of concurrent.futures.ProcessPoolExecutor

    pool.map(pengine.expr("x*x + 1"), array)        a compiled function: array in, array out, all threads, no GIL

expr, kernel, source, plugin, pointer   compiled functions
run         runs a job file by the program, and gives its report
"""
import sys
from typing import TYPE_CHECKING, Any

from .errors import ItemError, ItemTimeout, WorkerDied

if TYPE_CHECKING:
    from ._results import AsyncResult, IMapIterator
    from .executor import Executor
    from ._kernels import Kernel, KernelError, expr, kernel, plugin, pointer, source
    from ._run import RunError, run
    from .pool import Pool, ThreadPool

__all__ = ["Pool", "ThreadPool", "Executor", "AsyncResult", "IMapIterator", "ItemError", "ItemTimeout", "WorkerDied",
           "Kernel", "KernelError", "expr", "kernel", "source", "plugin", "pointer", "run", "RunError"]

# A worker process imports little: the rest is imported when it is asked for.
_HOMES = {
    "Pool": "pool", "ThreadPool": "pool", "Executor": "executor", "AsyncResult": "_results", "IMapIterator": "_results",
    **dict.fromkeys(("Kernel", "KernelError", "expr", "source", "plugin", "pointer", "kernel"), "_kernels"),
    "run": "_run", "RunError": "_run",
}

if "pengine_worker" not in sys._xoptions:
    from ._shared import keep_names

    keep_names()
    del keep_names


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'pengine' has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
