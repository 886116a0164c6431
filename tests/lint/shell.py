# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Every shell script parses, and shellcheck finds nothing in it; without shellcheck, only the first."""
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATTERNS = ("quickstart", ".ci/run", "slurm/*.sh", "slurm/other/*.sh", "tests/cluster/*.sh")


def main():
    scripts = []
    for pattern in PATTERNS:
        found = sorted(path.relative_to(ROOT) for path in ROOT.glob(pattern))
        if not found:
            sys.exit(f"{pattern}: no such script")
        scripts += found
    failed = 0
    for script in scripts:
        shell = "bash" if "bash" in (ROOT / script).read_text().splitlines()[0] else "sh"
        failed |= subprocess.run([shell, "-n", script], cwd=ROOT).returncode
    if shutil.which("shellcheck"):
        failed |= subprocess.run(["shellcheck", "-x", *scripts], cwd=ROOT).returncode
    else:
        print("shellcheck is not here: the scripts were only parsed")
    sys.exit(failed != 0)


main()
