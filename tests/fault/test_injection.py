# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Any call of libc fails: no run hangs, crashes, is wrong with exit code 0, says nothing, or leaves files behind.

Design: a job is run once to count its calls, then once for each trial: one function, one errno, the Nth call. The library
that makes it fail is PENGINE_INJECTION (injection.c). As a test, a fixed sample of all trials runs; by hand,
`test_injection.py --all [JOB ...]` runs every trial and prints what it finds, which takes hours for all jobs; --tenth runs
every tenth.

Expected values: the output of the run in which no call fails, and the file of an earlier run.
"""
import concurrent.futures
import errno
import os
import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
from harness import IS_SANITIZED, binary, environment, main, toml  # noqa: E402

INJECTION = os.environ.get("PENGINE_INJECTION", "")
EARLIER = b"the result of an earlier run\n"
SAMPLE = 260  # trials of the test
EACH_MOST = 250  # calls of one function that are made to fail, of all trials
# A thread that can be had when the run looks, and cannot a moment later, ends the process inside of libgomp.
MOST = {"malloc": 3000, "pthread_create": 2}
DEADLINE_S = 40
SLOW_S = 15

ERRORS = {
    "open": ("EMFILE", "EACCES"), "read": ("EIO", "EINTR"), "pread": ("EIO",), "write": ("ENOSPC", "EIO", "EINTR", "EAGAIN"),
    "pwrite": ("ENOSPC", "EINTR"), "fsync": ("EIO",), "fdatasync": ("EIO",), "rename": ("EACCES",), "close": ("EIO",),
    "mmap": ("ENOMEM",), "munmap": ("EINVAL",), "madvise": ("EINVAL",), "ftruncate": ("EIO",), "fork": ("EAGAIN",),
    "spawn": ("EAGAIN",), "spawn_init": ("ENOMEM",), "pipe": ("EMFILE",), "socketpair": ("EMFILE",), "flock": ("ENOLCK", "EWOULDBLOCK"),
    "unlink": ("EACCES",), "fstat": ("EIO",), "stat": ("EACCES", "ENOENT"), "memfd_create": ("ENOSYS",), "poll": ("EINTR", "ENOMEM"),
    "waitpid": ("EINTR", "ECHILD"), "fcntl": ("EINVAL",), "pthread_create": ("EAGAIN",), "opendir": ("EACCES",), "readdir": ("EIO",),
    "mkstemp": ("EACCES",), "mkdtemp": ("EACCES",), "mkdir": ("EACCES",), "dlopen": ("EINVAL",), "access": ("EACCES",), "dup": ("EMFILE",),
    "getrandom": ("EINTR",), "mprotect": ("ENOMEM",), "readlink": ("EIO",), "realpath": ("ENOENT",), "recv": ("ECONNRESET",),
    "send": ("EPIPE",), "sigaction": ("EINVAL",), "sigaltstack": ("ENOMEM",), "setpgid": ("EPERM",), "malloc": ("ENOMEM",),
}
SHORT = ("read", "write", "pwrite")
# Where the failed call is the one that would tidy, or tell whether a file is there, files may stay.
MAY_LEAVE = ("unlink", "stat", "fstat", "flock")


def npy(values):
    head = "{'descr': '<i8', 'fortran_order': False, 'shape': (%d,), }" % len(values)
    head += " " * (63 - (10 + len(head)) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + struct.pack("<%dq" % len(values), *values)


class Job:
    def __init__(self, out, files=None, stdin=b"", **keys):
        self.out, self.files, self.stdin = out, files or {}, stdin
        if out is not None and "reduce" not in keys:
            keys["output"] = {"path": out, **keys.get("output", {})}
        self.text = toml(**keys)
        self.is_growing = keys.get("mode", "map") != "map"


def squares(mode, out, **more):
    return Job(out, mode=mode, input={"range": [0, 3000]}, kernel={"name": "square"}, pool={"chunk_size": 100}, **more)


C_TEXT = b"#include <stdint.h>\nint64_t f(int64_t x) { return 3 * x; }\n"
SIGNATURE = "(int64) -> int64"
JOBS = {
    "map_txt": squares("map", "out.txt"),
    "map_durable": squares("map", "out.txt", output={"sync": "always"}),
    "imap_csv": squares("imap", "out.csv", output={"index": True}),
    "map_npy": squares("map", "out.npy"),
    "imap_npy": squares("imap", "out.npy", output={"sync": "always"}),
    "imap_raw": squares("imap", "out.raw"),
    "map_stdout": squares("map", None),
    "digest": squares("imap", None, output={"format": "digest"}),
    "npy_expr": Job("out.npy", {"in.npy": npy(range(3000))}, input={"path": "in.npy"}, kernel={"expr": "x * 3 + 1"}),
    "csv_fill_log": Job("out.csv", {"in.csv": b"a,b\n" + b"".join(b"%d,%d\n" % (i, i % 7) for i in range(2000))}, mode="starmap",
                        input={"path": "in.csv"}, kernel={"expr": "x / y", "args": ["x", "y"], "signature": "(int64, int64) -> int64"},
                        errors={"on_error": "fill", "fill": -1, "log": "log.csv"}),
    "stdin_stream": Job("out.txt", stdin=b"".join(b"line %d\n" % i for i in range(3000)), mode="imap", input={"path": "-"},
                        kernel={"name": "text_upper"}),
    "words": Job("out.txt", {"in.txt": b"".join(b"line %d\n" % i for i in range(3000))}, input={"path": "in.txt"}, kernel={"name": "text_upper"}),
    "reduce": Job("out.txt", input={"range": [0, 3000]}, kernel={"name": "square"},
                  reduce={"op": ["sum", "min", "max", "mean", "count"], "path": "out.txt"}),
    "glob": Job("out.txt", {f"g{i}": b"x" for i in range(20)}, input={"glob": "g*"}, kernel={"name": "text_length"}),
    "isolate": Job("out.txt", {"k.c": C_TEXT}, input={"range": [0, 300]},
                   kernel={"source": "k.c", "function": "f", "signature": SIGNATURE, "isolate": True}),
    "source": Job("out.txt", {"k.c": C_TEXT}, input={"range": [0, 300]}, kernel={"source": "k.c", "function": "f", "signature": SIGNATURE}),
    "python": Job("out.txt", {"k.py": b"def f(x): return 3 * x\n"}, input={"range": [0, 300]}, kernel={"python": "k.py:f", "signature": SIGNATURE}),
    "command_line": Job("out.txt", input={"range": [0, 300]}, kernel={"command": ["sed", "-u", "s/x/x/"]}),
    "command_each": Job("out.txt", input={"range": [0, 12]}, kernel={"command": ["echo", "{}"]}),
    "plugin": Job("out.txt", mode="starmap", input=[{"value": 1000.0}, {"range": [0, 90]}],
                  kernel={"plugin": str(pathlib.Path(os.environ.get("PENGINE", "")).parent / "configs/plugin.so"), "params": {"rate": 0.04}}),
}


class Run:
    """One run in a folder of its own. Its cache is shared, or new: then the kernel is compiled."""

    def __init__(self, job, cache, how):
        self.job = job
        with tempfile.TemporaryDirectory(prefix="pengine-") as folder:
            self.folder = pathlib.Path(folder)
            self.log = self.folder / "injected"
            self.fill_folder()
            variables = environment({**how, "LD_PRELOAD": INJECTION, "INJECT_LOG": str(self.log), "OMP_WAIT_POLICY": "passive",
                                     "XDG_CACHE_HOME": str(cache or self.folder / "cache"), "TMPDIR": str(self.folder / "tmp")})
            begun = time.monotonic()
            try:
                done = subprocess.run([binary(), "-q", "-t", "2", "job.toml"], cwd=self.folder, env=variables, input=job.stdin,
                                      capture_output=True, timeout=DEADLINE_S, check=False)
                self.code, self.out, self.err = done.returncode, done.stdout, done.stderr.decode(errors="replace")
            except subprocess.TimeoutExpired:
                self.code, self.out, self.err = None, b"", ""
            self.seconds = time.monotonic() - begun
            self.injected = self.log.read_text() if self.log.exists() else ""
            self.result = self.read(job.out) if job.out else self.out
            # of a run that failed, or in which items did
            kept = {f"{job.out}.{end}" for end in ("part", "checkpoint", "checkpoint.spill")}
            self.left = sorted(path.name for path in [*self.folder.glob("*.part*"), *self.folder.glob("*.checkpoint*"),
                                                      *(self.folder / "tmp").iterdir()]
                               if self.code in (0, None) or path.name.removesuffix(".failed") not in kept)
            self.resumed = self.resume(cache) if self.code not in (0, None) and (self.folder / f"{job.out}.checkpoint").exists() else None

    def resume(self, cache):
        """What a second run, in which no call fails, makes of what the first has left: exit code, result, message."""
        done = subprocess.run([binary(), "-q", "-t", "2", "--resume", "job.toml"], cwd=self.folder, input=self.job.stdin, check=False,
                              env=environment({"XDG_CACHE_HOME": str(cache or self.folder / "cache")}), capture_output=True, timeout=DEADLINE_S)
        return done.returncode, self.read(self.job.out), done.stderr.decode(errors="replace")

    def fill_folder(self):
        (self.folder / "tmp").mkdir()
        (self.folder / "job.toml").write_text(self.job.text)
        for name, content in self.job.files.items():
            (self.folder / name).write_bytes(content)
        if self.job.out:
            (self.folder / self.job.out).write_bytes(EARLIER)

    def read(self, name):
        path = self.folder / name
        return path.read_bytes() if path.exists() else None

    def counts(self):
        return {name: int(count) for name, count in (line.split() for line in self.injected.splitlines())}


class Trials:
    """All trials of one job."""

    def __init__(self, name, cache):
        self.name, self.job, self.cache = name, JOBS[name], cache
        Run(self.job, cache, {})  # compiles
        self.good = self.run("malloc", "ENOMEM", "once", 0)
        assert self.good.code in (0, 1) and not self.good.left, (name, self.good.code, self.good.err, self.good.left)
        self.cold = Run(self.job, None, {"INJECT_CALL": "malloc", "INJECT_NUMBER": "0"}).counts() if self.compiles() else {}

    def compiles(self):
        return self.name in ("npy_expr", "isolate", "source")

    def run(self, call, error, mode, number, is_cold=False):
        return Run(self.job, None if is_cold else self.cache,
                   {"INJECT_CALL": call, "INJECT_ERRNO": str(getattr(errno, error)), "INJECT_MODE": mode, "INJECT_NUMBER": str(number)})

    def all(self):
        for is_cold, counts in ((False, self.good.counts()), (True, self.cold)):
            for call, errors in ERRORS.items():
                most = min(counts.get(call, 0), MOST.get(call, EACH_MOST))
                kinds = [(error, mode) for error in errors for mode in ("once", "sticky") if mode == "once" or error not in ("EINTR", "EAGAIN")]
                kinds += [("EIO", "short")] if call in SHORT else []
                for error, mode in kinds:
                    for number in range(1, most + 1):
                        yield call, error, mode, number, is_cold

    def judge(self, call, error, mode, number, is_cold):
        """What is wrong with this trial, or None."""
        run = self.run(call, error, mode, number, is_cold)
        why = self.find(run, call)
        return why and f"{self.name}: {call} number {number} {error} {mode}{' cold' if is_cold else ''}: {why}; exit {run.code}, left {run.left}: {run.err[-300:]}"

    def find(self, run, call):
        if run.code is None:
            return "hangs"
        if "thread-local data" in run.err:
            return None  # the dynamic linker ends the process without a word to anybody
        if not run.injected:
            return None  # this time there were fewer calls
        if run.code < 0 or run.code in (134, 139):
            return "crashes"
        if run.code == 70:
            return "says that it is a bug"
        if run.code == self.good.code and run.result != self.good.result and not (run.code == 1 and self.fails_more(run)):
            return "is wrong in silence"
        if run.code != self.good.code and "pengine: " not in run.err and "rror" not in run.err:
            return "has no message"
        if run.code != self.good.code and self.is_wrong_file(run, call):
            return "leaves a wrong file"
        if run.left and call not in MAY_LEAVE:
            return "leaves files behind"
        if run.resumed is not None and run.resumed[:2] != (self.good.code, self.good.result):
            return f"cannot be resumed: exit {run.resumed[0]}, {run.resumed[2][-200:]}"
        return f"takes {run.seconds:.0f} s" if run.seconds > SLOW_S else None

    def fails_more(self, run):
        """Items failed that would not have: that is told."""
        return "items failed" in run.err

    def is_wrong_file(self, run, call):
        result = run.result
        if call == "fsync" and result == self.good.result:
            return False  # the directory: the new file is there already
        if not self.job.out or result == EARLIER or run.code == 1:
            return bool(not self.job.out and result and not self.good.result.startswith(result))
        if result is None:
            return True  # the earlier file is gone
        if not self.job.is_growing:
            return True
        if self.job.out.endswith("npy"):
            return result[128:] != self.good.result[128:len(result)]
        return not self.good.result.startswith(result) or (not self.job.out.endswith("raw") and not result.endswith(b"\n"))


def search(names, pick, workers):
    """Runs the trials that pick chooses of each job; yields their number and what is wrong."""
    cache = pathlib.Path(tempfile.mkdtemp(prefix="pengine-"))
    try:
        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            for name in names:
                trials = Trials(name, cache)
                chosen = pick(list(trials.all()))
                yield name, len(chosen), [wrong for wrong in pool.map(lambda trial: trials.judge(*trial), chosen) if wrong]
    finally:
        shutil.rmtree(cache, ignore_errors=True)


@unittest.skipIf(IS_SANITIZED or not INJECTION, "needs the library that makes calls fail")
class Injection(unittest.TestCase):
    def test_sample_of_all_calls(self):
        chance = random.Random(1)

        def pick(trials):
            """Some of each function, so that those that are called once are there too."""
            by_call = {}
            for trial in trials:
                by_call.setdefault(trial[0], []).append(trial)
            chance.shuffle(trials)
            chosen = [chance.choice(of_call) for of_call in by_call.values()]
            return chance.sample(chosen, min(len(chosen), SAMPLE // len(JOBS)))

        found = []
        for _, count, wrong in search(JOBS, pick, os.cpu_count() or 2):
            self.assertGreater(count, 0)
            found += wrong
        self.assertFalse(found, "\n".join(["", *found]))

    def test_commit_that_fails_keeps_the_earlier_file(self):
        """Each call of the commit fails: exit code 74, and the earlier file stays."""
        with tempfile.TemporaryDirectory(prefix="pengine-") as cache:
            trials = Trials("map_durable", pathlib.Path(cache))
            for call in ("fdatasync", "rename"):
                self.assertEqual(trials.good.counts()[call], 1)
                run = trials.run(call, "EIO", "once", 1)
                self.assertEqual((run.code, run.result, run.left), (74, EARLIER, []), run.err)
                self.assertIn("out.txt", run.err)
            codes = [trials.run("close", "EIO", "once", number) for number in range(1, trials.good.counts()["close"] + 1)]
            self.assertTrue(any(run.code == 74 for run in codes), "no close of the output is checked")
            for run in codes:
                self.assertEqual((run.code == 74, run.code == 0), (run.result == EARLIER, run.result == trials.good.result), run.err)

    def test_each_sync_and_close_of_a_written_file_is_checked(self):
        wanted = {"map_durable": {"close": ["out.txt", "out.txt.checkpoint"], "fdatasync": ["out.txt"], "fsync": ["out.txt"]},
                  "imap_npy": {"close": ["out.npy", "out.npy.checkpoint", "out.npy.part"], "fdatasync": ["out.npy", "out.npy.part"], "fsync": ["out.npy"]}}
        with tempfile.TemporaryDirectory(prefix="pengine-") as cache:
            for name, calls in wanted.items():
                trials = Trials(name, pathlib.Path(cache))
                for call, files in calls.items():
                    runs = [trials.run(call, "EIO", "once", number) for number in range(1, trials.good.counts()[call] + 1)]
                    failed = [re.search(r"cannot write (?:\S*/)?(\S+?)(?: to stable storage)?: Input/output error", run.err) for run in runs if run.code == 74]
                    self.assertEqual(sorted(found[1] for found in failed), files, (name, call))

    def test_close_of_one_file_an_item_is_checked(self):
        with tempfile.TemporaryDirectory(prefix="pengine-") as cache:
            job = Job(None, input={"range": [0, 5]}, kernel={"name": "square"}, output={"path": "{index}.txt"})
            how = {"INJECT_CALL": "close", "INJECT_ERRNO": str(errno.EIO), "INJECT_MODE": "once"}
            closes = Run(job, pathlib.Path(cache), {**how, "INJECT_NUMBER": "0"}).counts()["close"]
            runs = [Run(job, pathlib.Path(cache), {**how, "INJECT_NUMBER": str(number)}) for number in range(1, closes + 1)]
            self.assertTrue([run for run in runs if run.code == 74 and re.search(r"item \d: .*Input/output error", run.err)], "no close is checked")

    def test_stdout_that_is_a_file_is_synced_and_its_close_checked(self):
        with tempfile.TemporaryDirectory(prefix="pengine-") as folder:
            path = pathlib.Path(folder, "job.toml")
            path.write_text(squares("imap", None, output={"sync": "always"}).text)

            def run(call, number):
                with open(path.with_name("out.txt"), "wb") as out:
                    how = {"INJECT_CALL": call, "INJECT_NUMBER": str(number), "INJECT_MODE": "once", "INJECT_ERRNO": str(errno.EIO)}
                    done = subprocess.run([binary(), "-q", "job.toml"], cwd=folder, env=environment({**how, "LD_PRELOAD": INJECTION}),
                                          stdout=out, stderr=subprocess.PIPE, timeout=DEADLINE_S, check=False)
                return done.returncode, done.stderr.decode()

            self.assertEqual(run("close", 0), (0, ""))
            for call in ("fdatasync", "close"):
                messages = [err for code, err in (run(call, number) for number in range(1, 40)) if code == 74 and "stdout" in err]
                self.assertEqual(len(messages), 1, f"{call} of stdout is not checked")

    def test_answer_of_a_program_that_cannot_be_read_is_an_error(self):
        with tempfile.TemporaryDirectory(prefix="pengine-") as cache:
            trials = Trials("command_each", pathlib.Path(cache))
            reads = range(1, trials.good.counts()["read"] + 1, 2)
            self.assertEqual([wrong for number in reads if (wrong := trials.judge("read", "EIO", "once", number, False))], [])

    def test_short_run_does_not_sync(self):
        with tempfile.TemporaryDirectory(prefix="pengine-") as cache:
            counts = Trials("map_txt", pathlib.Path(cache)).good.counts()
            self.assertEqual((counts["fsync"], counts["fdatasync"]), (0, 0))


def run_all(names, step):
    total = bad = 0
    for name, count, wrong in search(names or JOBS, lambda trials: trials[::step], os.cpu_count() or 2):
        total, bad = total + count, bad + len(wrong)
        print(*wrong, f"{name}: {count} trials, {len(wrong)} findings", sep="\n", flush=True)
    print(f"{total} trials, {bad} findings")


if __name__ == "__main__":
    if sys.argv[1:2] in (["--all"], ["--tenth"]):
        run_all(sys.argv[2:], 1 if sys.argv[1] == "--all" else 10)
    else:
        main()
