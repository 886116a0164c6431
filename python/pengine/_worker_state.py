# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Whether this process may open a pool now."""
from multiprocessing import process


def check_not_importing_main() -> None:
    """RuntimeError in a worker that imports __main__: the guard is missing there."""
    if getattr(process.current_process(), "_inheriting", False):
        raise RuntimeError(
            "a pool is opened while a worker process imports the main module: the line that opens it needs the guard\n"
            "    if __name__ == '__main__':\n"
            "before it, or cloudpickle has to be installed, with which no worker imports the main module"
        )
