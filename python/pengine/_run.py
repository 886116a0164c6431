# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""pengine.run(): run a job file by the program, and have its report as a dict."""
from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from typing import Any, Mapping, Optional, Sequence

from ._kernels import _toml
from ._process import clean_environment


class RunError(RuntimeError):
    """A run that is not complete.

    exit_code  of the program (docs/errors.md)
    report     what run() would have returned; None where the run did not begin
    """

    def __init__(self, text: str, exit_code: int, report: Optional[dict[str, Any]] = None) -> None:
        super().__init__(text)
        self.exit_code = exit_code
        self.report = report


def find_program() -> str:
    """The program: $PENGINE, beside this package, or on the PATH."""
    here = pathlib.Path(__file__).resolve().parent
    places = [os.environ.get("PENGINE"), here / "bin" / "pengine", here.parent.parent / "pengine"]
    places += [folder / "bin" / "pengine" for folder in here.parents]
    for place in places:
        if place is not None and os.path.isfile(place) and os.access(place, os.X_OK):
            return str(place)
    found = shutil.which("pengine")
    if found is None:
        raise FileNotFoundError("the program pengine is neither beside this package nor on the PATH; $PENGINE may name it")
    return found


def run(job: str | os.PathLike[str] | Mapping[str, Any], set: Optional[Mapping[str, Any]] = None, *, ranks: int = 1,
        options: Sequence[str] = ()) -> dict[str, Any]:
    """Run a job and return its report.

    job      the path of a job file, or a dict of its sections: {"input": {"range": [0, 10]}, "kernel": {"expr": "x*x"}}; of a dict
             the kernel's files are relative to the current folder
    set      keys that override the file's: {"pool.threads": 8, "output.path": "squares.npy"}
    ranks    more than 1: started by mpirun
    options  more options of the command line: ["--resume"]

    A Python kernel without kernel.interpreter runs under this Python, unless PENGINE_PYTHON names another.
    The report is what --stats writes (docs/report.md): items, done, failed, seconds, exit_code, reasons and so on. A run that is not
    complete raises RunError. Items that failed under errors.on_error = "skip" or "fill" are counted in it, with exit_code 1.
    """
    if not isinstance(job, (str, os.PathLike, Mapping)):
        raise TypeError(f"job: expected the path of a job file or a dict of its sections, got {job!r}")
    if not isinstance({} if set is None else set, Mapping):
        raise TypeError(f"set: expected a dict of keys and values, got {set!r}")
    if not isinstance(ranks, int) or ranks < 1:
        raise ValueError(f"ranks: expected an integer of 1 or more, got {ranks!r}")
    if isinstance(options, str):
        raise TypeError(f"options: expected a list of words such as ['--resume'], got {options!r}")
    if any(word.split("=")[0] == "--stats" for word in options):
        raise ValueError("options: run() returns what --stats writes")
    with tempfile.TemporaryDirectory(prefix="pengine-run-") as folder:
        stats = os.path.join(folder, "stats.json")
        words = [find_program(), "-q", "--stats", stats, *options]
        for key, value in (set or {}).items():
            words += ["-s", f"{key}={_toml(value)}"]
        if isinstance(job, Mapping):
            path = os.path.join(folder, "job.toml")
            pathlib.Path(path).write_text(_sections(job), encoding="utf-8")
            words.append(path)
        else:
            words.append(os.fspath(job))
        if ranks > 1:
            words = ["mpirun", "-n", str(ranks), *(["--oversubscribe"] if ranks > (os.cpu_count() or 1) else []), *words]
        environment = clean_environment()
        environment.setdefault("PENGINE_PYTHON", sys.executable or "")
        with subprocess.Popen(words, stderr=subprocess.PIPE, env=environment) as process:
            try:
                talk = process.communicate()[1].decode("utf-8", "replace")
            except BaseException:  # Ctrl-C, which on a terminal the program gets itself; it writes its checkpoint and ends
                process.terminate()
                raise
        if isinstance(job, Mapping):  # the file is of no use to the caller
            talk = re.sub(re.escape(path) + r":\d+:\d+: ", "", talk).replace(path, "the job")
        report: Optional[dict[str, Any]] = None
        if os.path.exists(stats):
            with open(stats, encoding="utf-8") as file:
                report = json.load(file)
    if report is None or not str(report.get("outcome", "")).startswith("complete"):
        raise RunError(talk.strip() or f"pengine ended with exit code {process.returncode}", process.returncode, report)
    sys.stderr.write(talk)  # warnings
    return report


def _sections(job: Mapping[str, Any]) -> str:
    """A job file of plain keys, such as "input.range", and sections."""
    tables = {name: [section] if isinstance(section, Mapping) else section for name, section in job.items()
              if isinstance(section, Mapping) or (isinstance(section, (list, tuple)) and any(isinstance(one, Mapping) for one in section))}
    lines = [f"{key} = {_toml(_from_here(key, value))}" for key, value in job.items() if key not in tables]
    for name, sections in tables.items():
        for section in sections:
            lines.append(f"[{name}]" if section is job[name] else f"[[{name}]]")
            lines += [f"{key} = {_toml(_from_here(f'{name}.{key}', value))}" for key, value in section.items()]
    return "\n".join(lines) + "\n"


def _from_here(key: str, value: Any) -> Any:
    """A value of a job; a file of the kernel with its whole path, which a job file would stand beside."""
    if key == "kernel.command" and isinstance(value, (list, tuple)) and value and "/" in os.fspath(value[0]):
        return [os.path.abspath(value[0]), *value[1:]]
    if not isinstance(value, (str, os.PathLike)):
        return value
    if key == "kernel.python":
        file, colon, function = os.fspath(value).rpartition(":")
        return f"{os.path.abspath(file)}:{function}" if file.endswith(".py") else value
    return os.path.abspath(value) if key in ("kernel.source", "kernel.plugin") else value
