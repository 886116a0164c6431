# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""mpirun -n 4 python3 -m pengine script.py [ARGUMENT...]: rank 0 runs the script, the other ranks serve its pools."""
from __future__ import annotations

import builtins
import os
import pathlib
import runpy
import sys
import types
from multiprocessing import util

USAGE = "usage: python3 -m pengine (script.py | folder | -m module | -c code | -) [ARGUMENT...], under mpirun or srun or alone"


def run_text(text: str | bytes, name: str, **more: str) -> None:
    """Code as the program __main__, which it is until the process ends: threads and exit handlers may come later."""
    module = types.ModuleType("__main__")
    module.__dict__.update(more, __builtins__=builtins)
    sys.modules["__main__"] = module
    exec(compile(text, name, "exec"), module.__dict__)


def run(words: list[str]) -> int:
    """What the command line names, as python3 itself runs it."""
    what = words[0]
    takes_value = what in ("-m", "-c")
    sys.argv[:] = [what, *words[2:]] if takes_value else words
    if what == "-m":
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    elif what == "-c":
        sys.path[0] = ""
        run_text(words[1], "<string>")
    elif what == "-":
        sys.path[0] = ""
        run_text(sys.stdin.read(), "<stdin>", __file__="<stdin>")
    elif os.path.isdir(what):
        sys.path.pop(0)
        runpy.run_path(what, run_name="__main__")
    else:
        path = os.path.abspath(what)
        try:
            text = pathlib.Path(path).read_bytes()
        except OSError as error:
            print(f"pengine: cannot read the script {what!r}: {error.strerror}\n{USAGE}", file=sys.stderr)
            return 66
        sys.path[0] = os.path.dirname(path)
        run_text(text, path, __file__=path)
    return 0


def is_usable(words: list[str]) -> bool:
    """Whether the command line names something to run."""
    if not words or not words[0].startswith("-"):
        return bool(words)
    return words[0] == "-" or (words[0] in ("-m", "-c") and len(words) > 1)


def main() -> int:
    from . import _agents, _cluster

    words = sys.argv[1:]
    rank, size = _cluster.place()
    if not is_usable(words):
        if rank == 0:
            print(USAGE, file=sys.stderr)
        return 0 if words in (["-h"], ["--help"]) else 64
    if rank > 0:
        return _agents.serve(rank)
    if size > 1:
        util.Finalize(None, _cluster.release, exitpriority=0)  # after the program's threads, exit handlers and pools
        _cluster.gather(size)
    return run(words)


if __name__ == "__main__":
    sys.exit(main())
