# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""mpirun -n 4 python3 -m pengine script.py [ARGUMENT...]: rank 0 runs the script, the other ranks serve its pools."""
from __future__ import annotations

import os
import runpy
import sys

USAGE = "usage: python3 -m pengine script.py [ARGUMENT...], under mpirun or srun or alone"


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        print(USAGE, file=sys.stderr)
        return 0 if sys.argv[1:] in (["-h"], ["--help"]) else 64
    script = sys.argv[1]
    if not os.path.isfile(script):
        print(f"pengine: there is no script {script!r}\n{USAGE}", file=sys.stderr)
        return 66
    from . import _agents, _cluster

    rank, size = _cluster.place()
    if rank > 0:
        return _agents.serve(rank)
    if size > 1:
        _cluster.gather(size)
    sys.argv[:] = sys.argv[1:]
    sys.path[0] = os.path.dirname(os.path.abspath(script))
    try:
        runpy.run_path(script, run_name="__main__")
    finally:
        _cluster.release()
    return 0


if __name__ == "__main__":
    sys.exit(main())
