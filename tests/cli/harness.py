# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""What all black-box tests use: a scratch folder, a job file, one run of the binary with a deadline.

Design: the tests know what docs/ promises and nothing of the engine's code. PENGINE names the binary, MPIEXEC the launcher (default
mpirun), MPIEXEC_ARGS its further arguments. PENGINE_MPI=OFF skips the tests that need MPI, PENGINE_SANITIZED=1 those that measure time
or memory. Expected values come from Python or numpy. Each run has its own process group, which is killed after the deadline.
"""
import ctypes
import fcntl
import json
import math
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import numpy

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
HAS_MPI = os.environ.get("PENGINE_MPI", "ON").upper() not in ("OFF", "0", "NO", "FALSE", "")
IS_SANITIZED = os.environ.get("PENGINE_SANITIZED", "") not in ("", "0")
SLOWER = 10 if IS_SANITIZED else 1
PATIENCE = 240 * SLOWER  # seconds after which a run counts as hanging, also on a slow and busy machine
IS_FULL = os.environ.get("PENGINE_FULL", "") not in ("", "0")  # the target `full`: every case, not a choice of them
# Open MPI refuses more ranks than cores without it, MPICH does not know it.
OVERSUBSCRIBE = [] if "mpich" in os.environ.get("MPIEXEC", "") else ["--oversubscribe"]
needs_mpi = unittest.skipUnless(HAS_MPI, "built without MPI")
not_sanitized = unittest.skipIf(IS_SANITIZED, "sanitizers change time and memory")

INT64_MAX = 2**63 - 1
INT128_MAX = 2**127 - 1
ROOT_INT64 = math.isqrt(INT64_MAX)  # the last number whose square fits


def binary():
    path = os.environ.get("PENGINE", "")
    if not path or not os.access(path, os.X_OK):
        sys.exit(f"set PENGINE to the binary under test (it is {path!r})")
    return path


# ---- job files -------------------------------------------------------------------------------------------------------

def toml_value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (str, pathlib.Path)):
        return json.dumps(str(value), ensure_ascii=False)
    return repr(value)


def toml_table(head, table):
    return [head] + [f"{key} = {toml_value(value)}" for key, value in table.items()]


def toml(**job):
    """A job file: plain keys first, a dict is a table, a list of dicts is an array of tables."""
    def is_tables(value):
        return isinstance(value, list) and bool(value) and isinstance(value[0], dict)
    lines = [f"{key} = {toml_value(value)}" for key, value in job.items()
             if not isinstance(value, dict) and not is_tables(value)]
    for key, value in job.items():
        if isinstance(value, dict):
            lines += toml_table(f"[{key}]", value)
        elif is_tables(value):
            for table in value:
                lines += toml_table(f"[[{key}]]", table)
    return "\n".join(lines) + "\n"


def squares(stop=10, mode="map", **more):
    """The smallest job: the squares of range(stop)."""
    return toml(mode=mode, **{"input": {"range": [0, stop]}, "kernel": {"name": "square"}, **more})


def lines(values):
    """The lines of a txt output with one value for each item."""
    return "".join(f"{value}\n" for value in values)


# ---- runs ------------------------------------------------------------------------------------------------------------

class Result:
    def __init__(self, code, out, err, seconds):
        self.code, self.out, self.seconds = code, out, seconds
        self.err = err.decode(errors="replace")

    @property
    def text(self):
        return self.out.decode()

    def __str__(self):
        return f"exit {self.code} after {self.seconds:.2f} s\nstdout: {self.out[:400]!r}\nstderr: {self.err[:3000]}"


def environment(extra=None, ranks=0):
    env = {key: value for key, value in os.environ.items() if not key.startswith(("OMPI_COMM", "PMIX_", "OMP_"))}
    env.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
               OMPI_MCA_rmaps_base_oversubscribe="1", LC_ALL="C.UTF-8")
    if ranks and "ASAN_OPTIONS" in env:  # Open MPI's leaks are known by their callers (tests/lsan.supp), and it has no frame pointers
        env["ASAN_OPTIONS"] += ":fast_unwind_on_malloc=0"
    env.update(extra or {})
    return env


def command(args, ranks=0, peaks=None):
    """The argv of one run: ranks = 0 starts the binary alone; each rank adds its peak memory to the file peaks."""
    measure = [sys.executable, "-I", "-S", str(HERE / "peak.py"), str(peaks)] if peaks else []
    plain = [*measure, binary(), *map(str, args)]
    if ranks == 0:
        return plain
    return [os.environ.get("MPIEXEC") or "mpirun", *shlex.split(os.environ.get("MPIEXEC_ARGS", "")), "-n", str(ranks),
            *OVERSUBSCRIBE, *plain]


def start(args, ranks=0, cwd=None, env=None, peaks=None, **popen):
    popen.setdefault("stdin", subprocess.DEVNULL)
    popen.setdefault("stdout", subprocess.PIPE)
    popen.setdefault("stderr", subprocess.PIPE)
    variables = environment(env, ranks)
    if ranks and "MPIEXEC_ARGS" in os.environ:  # mpiruns that start at once share a folder for each host, and one removes it under the other
        variables["TMPDIR"] = tempfile.mkdtemp()
    return subprocess.Popen(command(args, ranks, peaks), cwd=cwd, env=variables, start_new_session=True, **popen)


def kill_group(process):
    """SIGKILL to the process, its group and the ranks below it, which mpirun puts into groups of their own; waits for their end."""
    ranks = ranks_of(process.pid)
    for kill, pid in [(os.killpg, process.pid)] + [(os.kill, pid) for pid in ranks]:
        try:
            kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    wait_for(lambda: not any(map(lives, ranks)), "the end of killed ranks")


def lives(pid):
    """Whether a thread of the process is left: until then it holds its locks."""
    try:
        return any((task / "stat").read_text().rpartition(")")[2].split()[0] not in "ZX" for task in pathlib.Path(f"/proc/{pid}/task").iterdir())
    except (FileNotFoundError, ProcessLookupError):
        return False


def finish(process, stdin=None, timeout=PATIENCE):
    """Waits for a started process; kills its whole group after the deadline."""
    begun = time.monotonic()
    try:
        out, err = process.communicate(stdin, timeout=timeout)
    except subprocess.TimeoutExpired:
        kill_group(process)
        out, err = process.communicate()
        raise AssertionError(f"still running after {timeout} s: {process.args}\n"
                             f"stdout: {(out or b'')[:400]!r}\nstderr: {(err or b'')[-2000:]!r}") from None
    return Result(process.returncode, out or b"", err or b"", time.monotonic() - begun)


def wait_for(is_so, what, process=None):
    """Waits until is_so() holds. A test that waits for a time instead fails where the machine is slow."""
    until = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > until:
            raise AssertionError(f"not within {PATIENCE} s: {what}")
        if process is not None and process.poll() is not None and not is_so():
            raise AssertionError(f"the run has ended without this: {what}: {finish(process)}")
        time.sleep(0.01)


def wait_for_handler(process, number):
    """Waits until the run has a handler of this signal; before that the signal would end it without a word."""
    wait_for(lambda: catches(process.pid, number), f"a handler of {signal.Signals(number).name}", process)


def catches(pid, number):
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return int(re.search(r"^SigCgt:\s*(\w+)", status, re.MULTILINE)[1], 16) >> (number - 1) & 1 == 1


def is_locked(path):
    try:
        with open(path, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        pass
    return False


def ranks_of(parent):
    """The process ids of the ranks: the process itself, or its descendants with the binary's name."""
    name = os.path.basename(binary())[:15]
    found = []
    todo = [parent]
    while todo:
        pid = todo.pop()
        try:
            if pathlib.Path(f"/proc/{pid}/comm").read_text().strip() == name:
                found.append(pid)
            for children in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
                todo += map(int, children.read_text().split())
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


# ---- XXH3 ------------------------------------------------------------------------------------------------------------

class Hash128(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


def xxh3_128(data):
    """XXH3-128 as 32 hex digits, by the library of its author."""
    library = ctypes.CDLL("libxxhash.so.0")
    library.XXH3_128bits.restype = Hash128
    library.XXH3_128bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    value = library.XXH3_128bits(bytes(data), len(data))
    return f"{value.high:016x}{value.low:016x}"


def int128_bytes(values):
    return b"".join(int(value).to_bytes(16, "little", signed=True) for value in values)


# ---- cases -----------------------------------------------------------------------------------------------------------

class Case(unittest.TestCase):
    """One test in a directory of its own, which is the current directory of its runs."""

    maxDiff = 2000

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="pengine-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)

    def write(self, name, content):
        """A file of the case: bytes and text as they are, an array as npy."""
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, numpy.ndarray):
            with open(path, "wb") as file:
                numpy.save(file, content)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def run_job(self, job, *options, name="job.toml", stdin=None, ranks=0, env=None, cwd=None):
        """Writes a job file and runs it."""
        self.write(name, job)
        return self.run_args(*options, name, stdin=stdin, ranks=ranks, env=env, cwd=cwd)

    def run_args(self, *args, stdin=None, ranks=0, env=None, cwd=None):
        process = start(args, ranks, cwd=cwd or self.dir, env=env,
                        stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE)
        return finish(process, stdin)

    def good(self, job, *options, **how):
        result = self.run_job(job, *options, **how)
        self.assertEqual(result.code, 0, str(result))
        return result

    def prints(self, job, expected, *options, **how):
        """The job succeeds and its stdout is exactly this."""
        result = self.good(job, *options, **how)
        self.assertEqual(result.text, expected, result.err)
        return result

    def saves(self, job, name, *options, **how):
        """The job succeeds, says nothing on stdout and leaves this file: its bytes, or the array of an npy."""
        result = self.good(job, *options, **how)
        self.assertEqual(result.out, b"")
        self.assertFalse((self.dir / (name + ".part")).exists())
        path = self.dir / name
        return numpy.load(path) if name.endswith(".npy") else path.read_bytes()

    def everything(self):
        return sorted(str(path.relative_to(self.dir)) for path in self.dir.rglob("*"))

    def finished(self):
        """All files but what an unfinished run keeps for --resume."""
        return [name for name in self.everything() if not name.endswith((".part", ".checkpoint", ".checkpoint.failed", ".checkpoint.spill"))]

    def unfinished(self, name, *others):
        """Nothing has the final name; what is done is kept beside it, for --resume, perhaps with results that waited."""
        left = [file for file in self.everything() if not file.endswith(".checkpoint.spill")]
        self.assertEqual(left, sorted(["job.toml", name + ".part", name + ".checkpoint", *others]))

    def unfinished_or_nothing(self, name):
        """As unfinished; or nothing, where the ranks were ended before rank 0 could write the checkpoint."""
        if self.everything() != ["job.toml"]:
            self.unfinished(name)

    def check_refused(self, result, code, needles, before):
        """One message with all the needles, nothing on stdout, no new file."""
        self.assertEqual(result.code, code, str(result))
        self.assertEqual(result.out, b"", str(result))
        for needle in needles:
            self.assertRegex(result.err, re.compile(needle, re.IGNORECASE))
        left = self.finished() if code in (1, 65) else self.everything()  # an item failed: what came before it is kept
        self.assertEqual(left, before, "files were left behind")
        self.assertEqual(result.err.count(self.message(result)), 1, f"not said once: {result}")

    def message(self, result):
        """The line of the failure: the first one that is no warning about cores or what an earlier failed run has left."""
        said = [line for line in result.err.splitlines() if line.startswith("pengine: ")
                and not re.search(r"\bcores?\b|a short unfinished run gives way", line)]
        self.assertTrue(said, f"no line begins with 'pengine: ': {result}")
        return said[0]

    def refuse(self, job, code, *needles, files=None, options=(), **how):
        for name, content in (files or {}).items():
            self.write(name, content)
        self.write("job.toml", job)
        before = self.everything()
        result = self.run_args(*options, "job.toml", **how)
        self.check_refused(result, code, needles, before)
        return result


def main():
    binary()
    unittest.main(verbosity=1)
