#!/usr/bin/env python3
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Runs clang-tidy on the engine and the kernels: tidy.py CLANG_TIDY BUILD_FOLDER

The build folder holds compile_commands.json. The checks are those of .clang-tidy. Clang's analyzer takes more than half of the time;
so it runs with PENGINE_FULL=1 alone, which is the test full.tidy.
"""
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys

import sources

IS_FULL = os.environ.get("PENGINE_FULL", "") not in ("", "0")
LEFT_OUT = [] if IS_FULL else ["--checks=-clang-analyzer-*"]  # of the checks of .clang-tidy


def commanded(build):
    """The sources under engine/, kernels/ and python/ that the build compiles, in order."""
    commands = json.loads((pathlib.Path(build) / "compile_commands.json").read_text(encoding="utf-8"))
    paths = {pathlib.Path(command["directory"], command["file"]) for command in commands}
    homes = (sources.ROOT / "engine", sources.ROOT / "kernels", sources.ROOT / "python")
    return sorted(path for path in paths if path.suffix == ".c" and any(home in path.parents for home in homes))


def tidy(program, build, path):
    done = subprocess.run([program, "--quiet", "-p", build, *LEFT_OUT, str(path)], capture_output=True, text=True, check=False)
    if done.returncode < 0:
        return f"{path}: clang-tidy died of signal {-done.returncode}\n"
    return done.stdout if done.returncode else ""


def main():
    program, build = sys.argv[1:]
    paths = commanded(build)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        findings = [text for text in pool.map(lambda path: tidy(program, build, path), paths) if text]
    print("\n".join(findings))
    print(f"{len(paths)} files, {len(findings)} with findings")
    sys.exit(1 if findings or not paths else 0)


if __name__ == "__main__":
    main()
