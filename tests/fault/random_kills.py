# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Random jobs are killed, interrupted and stopped at random times, and resumed on other layouts: the bytes are those of a whole run.

Design: a job is drawn from its number: kernel, inputs, mode, output, keep, where, [errors], an item that takes long. The same job runs
once in another folder without being killed; where Python says what its rows are, they are compared with that too. Items that fail are
fixed by a file that the kernel looks for: a run under "stop" then goes on, and failed items are tried again, killed as well.
`random_kills.py --trials N [WORKERS] [FIRST]` runs N trials at low priority; with KEEP=FOLDER the files of a failed one are kept there.
"""
import concurrent.futures
import os
import pathlib
import random
import re
import shutil
import signal
import sys
import time

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
import test_resume  # noqa: E402
from harness import HAS_MPI, SLOWER, finish, kill_group, ranks_of, start, toml  # noqa: E402
from test_resume import HAS_ZSTD, kill, unpack, value  # noqa: E402

BAD = 97  # every 97th item fails until it is fixed
TWICE = 53  # every 53rd fails once
HANGS = 1201  # every 1201st takes longer than the time-out
C = """#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
static unsigned char tried[10000];
int f(int64_t x, int64_t *out)
{
    long ns = x == SLOW ? 700000000 : 100000;
    if (getenv("FAST") == NULL)
        nanosleep(&(struct timespec){.tv_nsec = ns}, 0);
    *out = x * x * 7919 % 1000003;
    if (FAILS && x % 97 == 5 && access("fixed", F_OK) != 0)
        return 1;
    return RETRIES && x % 53 == 7 && tried[x]++ == 0 ? 2 : 0;
}
"""
PYTHON = """import os, time
tried = set()
def f(x):
    if "FAST" not in os.environ:
        time.sleep(0.7 if x == SLOW else 0.0002)
    if HANGS and x % 1201 == 11 and not os.path.exists("fixed"):
        time.sleep(100)
    if FAILS and x % 97 == 5 and not os.path.exists("fixed"):
        raise ValueError("not yet")
    if RETRIES and x % 53 == 7 and x not in tried:
        tried.add(x)
        raise ValueError("once")
    return x * x * 7919 % 1000003
"""
PROGRAM = """import sys
sys.path.insert(0, ".")
import k
if len(sys.argv) > 1:
    print(k.f(int(sys.argv[1])))
else:
    for line in sys.stdin:
        print(k.f(int(line)), flush=True)
"""


class Job:
    """A drawn job."""

    def __init__(self, number):
        self.rng = rng = random.Random(f"job {number}")
        self.form = rng.choice(["C", "C", "python", "python", "program", "lines", "isolate"])
        self.items = {"program": 60, "lines": 2500, "python": 2500}.get(self.form, 5000)
        self.order = rng.choice(["map", "map", "imap", "imap", "imap_unordered"])
        self.policy = rng.choice([None, "stop", "skip", "skip", "fill", "fill"]) if self.form != "lines" else None
        self.fails = self.policy is not None
        self.hangs = self.form == "python" and self.policy in ("skip", "fill") and rng.random() < 0.3
        self.retries = rng.choice([0, 0, 1, 3]) if self.form in ("C", "python") and not self.hangs else 0
        self.slow = rng.randrange(self.items // 3) if rng.random() < 0.5 and not self.hangs else -1
        self.table = rng.random() < 0.4  # a csv of two columns
        self.where = rng.random() < 0.25
        kinds = ["o.txt", "o.csv", "o.tsv", "o.jsonl", "o.npy", "o.raw", "o.txt.gz", "o.csv.gz", "sum.txt", "o.digest", "r/{index}.txt", "o.h5", "o.jsonl.zst"]
        self.path = rng.choice([kind for kind in kinds if self.fits(kind)])
        self.keeps = self.path.startswith(("o.csv", "o.tsv", "o.jsonl")) and rng.random() < 0.5
        self.index = self.path.startswith(("o.csv", "o.tsv")) and rng.random() < 0.5
        self.items = min(self.items, 1200) if "{" in self.path else self.items
        self.op = self.path == "sum.txt"
        self.packed = self.path.endswith((".gz", ".zst"))
        self.memory = rng.choice([None, None, "8 MiB"])
        self.interval = rng.choice(["30 ms", "60 ms", "200 ms"])

    def fits(self, path):
        if path == "o.h5":
            return self.order == "map" and not self.where and self.policy != "skip"
        if path == "o.digest":
            return self.order == "map"
        return not path.endswith(".zst") or HAS_ZSTD

    def text(self):
        kernel = {"C": {"source": "k.c", "function": "f", "signature": "(int64) -> int64 or error"},
                  "python": {"python": "k.py:f", "signature": "(int64) -> int64", "interpreter": sys.executable},
                  "lines": {"command": [sys.executable, "p.py"], "signature": "(int64) -> int64"},
                  "program": {"command": [sys.executable, "p.py", "{}"], "signature": "(int64) -> int64"}}
        kernel["isolate"] = {**kernel["C"], "isolate": True}
        output = {"path": self.path, **({"index": True} if self.index else {})}
        if self.path.startswith(("o.csv", "o.tsv", "o.jsonl")):
            output["names"] = ["result"]
        if self.keeps:
            output["keep"] = ["label"] if self.table else "all"
        errors = {"on_error": self.policy or "stop", "retries": self.retries, "log": "failed.csv"}
        errors.update({"fill": -1} if self.policy == "fill" else {})
        errors.update({"timeout": "1.5 s"} if self.hangs else {})
        inputs = {"path": "in.csv", "columns": ["x"]} if self.table else {"range": [0, self.items]}
        where = {"where": "x % 7 != 3"} if self.where else {}
        return toml(mode=self.order, **{
            "input": inputs, "kernel": {**kernel[self.form], **where}, "errors": errors,
            "checkpoint": {"interval": self.interval, **({"path": "state.checkpoint"} if self.op or self.path == "o.digest" else {})},
            **({"pool": {"memory": self.memory}} if self.memory else {}),
            ("reduce" if self.op else "output"): {**output, **({"op": ["sum", "max", "count"]} if self.op else {})}})

    def make(self, folder):
        folder.mkdir()
        flags = {"SLOW": str(self.slow), "FAILS": str(int(self.fails)), "RETRIES": str(self.retries)}
        for name, content in (("k.c", C), ("k.py", PYTHON), ("p.py", PROGRAM)):
            for word, flag in {**flags, "HANGS": str(int(self.hangs))}.items():
                content = re.sub(rf"\b{word}\b(?! =)", flag, content) if word != "HANGS" or name == "k.py" else content
            (folder / name).write_text(content)
        (folder / "in.csv").write_text("label,x\n" + "".join(f"n{x},{x}\n" for x in range(self.items)))
        (folder / "job.toml").write_text(self.text())

    def is_bad(self, x):
        return (self.fails and x % BAD == 5) or (self.hangs and x % HANGS == 11)

    def rows(self, fixed):
        """(item, result) of every row."""
        for x in range(self.items):
            if self.where and x % 7 == 3:
                continue
            if fixed or not self.is_bad(x):
                yield x, value(x)
            elif self.policy == "fill":
                yield x, -1

    def failed(self, fixed):
        return [x for x in range(self.items) if self.is_bad(x) and not fixed and not (self.where and x % 7 == 3)]

    def expected(self, fixed):
        """The bytes of the output, unpacked; None where another run has to say."""
        rows = list(self.rows(fixed))
        if self.path.startswith("o.txt"):
            return "".join(f"{v}\n" for _, v in rows).encode()
        if self.path.startswith(("o.csv", "o.tsv")):
            heads = ["index"] * self.index + [("label" if self.table else "x")] * self.keeps + ["result"]
            cells = [[x] * self.index + [f"n{x}" if self.table else x] * self.keeps + [v] for x, v in rows]
            separator = "\t" if self.path.startswith("o.tsv") else ","
            return "".join(separator.join(map(str, line)) + "\n" for line in [heads, *cells]).encode()
        if self.path == "o.raw":
            return numpy.array([v for _, v in rows], "<i8").tobytes()
        if self.op:
            good = [v for _, v in rows]
            return f"sum\t{sum(good)}\nmax\t{max(good)}\ncount\t{len(good)}\n".encode()
        return None


def result_of(job, folder):
    """The bytes of the output, those of one file per item joined; lines of an unordered mode sorted."""
    if "{" in job.path:
        return b"".join(sorted(path.name.encode() + b":" + path.read_bytes() for path in (folder / "r").glob("*.txt")))
    data = (folder / job.path).read_bytes()
    if job.order == "imap_unordered" and not job.op:
        return in_order(job, unpack(job.path, data))
    return data


def in_order(job, data):
    """The rows sorted, of npy with the words of its header."""
    if job.path in ("o.npy", "o.raw"):
        return numpy.sort(numpy.frombuffer(data, "<i8")).tobytes()
    return b"".join(sorted(data.splitlines(True)))


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


class Random(test_resume.Resume):
    def run_whole(self, job, name, fixed):
        folder = self.dir / name
        if not folder.exists():
            job.make(folder)
        if fixed:
            (folder / "fixed").touch()
        result = finish(start(["-q", "-t", "2", "job.toml"], cwd=folder, env={"FAST": "1"}))
        return folder, result

    def judge(self, number, job, folder, fixed, code):
        """Right bytes, right log, nothing left that should not be."""
        whole, result = self.run_whole(job, "fixed_whole" if fixed else "whole", fixed)
        self.assertEqual(result.code, code, f"{number}: whole: {result}")
        got, whole_got = result_of(job, folder), result_of(job, whole)
        self.assertEqual(got == whole_got, True, f"{number}: other bytes than a whole run ({len(got)}, {len(whole_got)}): {job.path}")
        expected = job.expected(fixed)
        if expected is not None:
            is_sorted = job.order == "imap_unordered" and not job.op
            got, expected = (got, in_order(job, expected)) if is_sorted else (unpack(job.path, got), expected)
            self.assertEqual(got == expected, True, f"{number}: other bytes than Python: {job.path}")
        if (folder / "failed.csv").exists():
            logged = [int(line.split(",")[0]) for line in (folder / "failed.csv").read_text().splitlines()[1:]]
            self.assertEqual(logged, job.failed(fixed), f"{number}: failed.csv")
        left = sorted(path.name for path in folder.iterdir() if path.name.endswith((".part", ".spill", ".new", ".again", ".names"))
                      and not re.fullmatch(r"failed\.csv\.[0-9a-f]{16}\.part", path.name))  # docs/resume.md
        self.assertEqual(left, [], f"{number}")
        self.assertEqual(any(path.name.endswith(".checkpoint") for path in folder.rglob("*")), bool(code), f"{number}: {self.names(folder)}")

    @staticmethod
    def names(folder):
        return sorted(path.name for path in folder.iterdir())

    def cut(self, job, folder, ranks, turn, option):
        """One run that something happens to, or that ends."""
        rng = job.rng
        process = start([*self.options(rng), *([option] if option else []), "job.toml"], ranks, cwd=folder)
        deadline = time.monotonic() + (rng.uniform(0.05, 0.5) + (0.3 if ranks else 0)) * (1 + turn / 8) * (1 if SLOWER == 1 else 3)
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        if process.poll() is None:
            self.cuts += 1
            self.harm(rng, process, ranks, job.policy)
        self.end_launcher(process)
        return finish(process)

    def harm(self, rng, process, ranks, policy):
        pids = ranks_of(process.pid)
        way = rng.choice(["all", "all", "one", "mpirun", "child", "SIGINT", "SIGTERM", "SIGHUP", "stopped", "twice", "group"])
        way = "all" if way == "child" and policy in ("skip", "fill") else way  # it would be a failed item
        children = test_resume.children_of(pids)
        if way.startswith("SIG"):
            process.send_signal(getattr(signal, way))
        elif way == "group":  # Ctrl-C
            os.killpg(process.pid, signal.SIGINT)
        elif way == "twice":
            process.send_signal(signal.SIGINT)
            time.sleep(rng.uniform(0, 0.02))
            process.send_signal(signal.SIGINT)
        elif way == "stopped":  # for a while, with everything that it started
            for pid in pids + children:
                send(pid, signal.SIGSTOP)
            time.sleep(0.4)
            for pid in pids + children:
                send(pid, signal.SIGCONT)
        elif way == "one" and ranks:
            kill(rng.sample(pids, min(1, len(pids))))
        elif way == "child" and children:
            kill(children[:1])
        elif way == "mpirun" and ranks:
            process.kill()
        else:
            kill_group(process)
        if way in ("mpirun", "SIGHUP", "twice", "group", "SIGTERM") and ranks:
            self.have_ended(pids)

    def until(self, number, job, folder, rng, ranks, option, done):
        """Runs until one ends with the exit code `done`."""
        for turn in range(60):
            first = turn == 0 and option == "--resume"
            result = self.cut(job, folder, rng.choice(ranks), turn, None if first else option)
            if result.code == done and (done == 0 or "items failed" in result.err):
                return
            if option == "--retry-failed" and result.code == 66 and "no checkpoint" in result.err:
                return  # it was killed when it was complete
            if job.policy == "stop" and result.code == 1 and rng.random() < 0.5:
                (folder / "fixed").touch()
            if result.code == 69 and re.search("compiler .* died of signal 9|could not start a worker|ended before it had the function: signal 9", result.err):
                continue
            self.assertNotIn(result.code, (0, 64, 65, 66, 69, 70, 73, 74, 78), f"{number}: {job.text()}\n{result}\n{self.names(folder)}")
        self.fail(f"{number}: not done after 60 turns: {job.text()}\n{result}")

    def trial(self, number, ranks=(0,)):
        job = Job(number)
        folder = self.dir / "cut"
        job.make(folder)
        fails = job.policy in ("skip", "fill") and bool(job.failed(False))
        self.until(number, job, folder, job.rng, ranks, "--resume", int(fails))
        fixed = job.policy == "stop"
        self.judge(number, job, folder, fixed, int(fails))
        if fails and job.path not in ("o.digest", "o.h5"):
            (folder / "fixed").touch()
            self.until(number, job, folder, job.rng, ranks, "--retry-failed", 0)
            self.judge(number, job, folder, True, 0)


def one_trial(number):
    case = Random("run_whole")
    case.setUp()
    try:
        case.trial(number, ranks=(0, 2, 3) if HAS_MPI and number % 2 == 1 else (0,))
        return case.cuts, case.hung, None
    except (AssertionError, OSError) as wrong:
        if "KEEP" in os.environ:
            shutil.copytree(case.dir, pathlib.Path(os.environ["KEEP"], str(number)), symlinks=True)
        return case.cuts, case.hung, f"trial {number}: {type(wrong).__name__} {wrong}"
    finally:
        case.doCleanups()


def run_trials(count, workers=2, first=0):
    os.nice(10)
    cuts = hangs = bad = 0
    begun = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for done, (cut, hung, wrong) in enumerate(pool.map(one_trial, range(first, first + count)), 1):
            cuts, hangs, bad = cuts + cut, hangs + hung, bad + (wrong is not None)
            if wrong:
                print(wrong, flush=True)
            print(f"{done} jobs, {cuts} runs cut short, {hangs} launchers hung, {bad} findings, {time.monotonic() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    run_trials(*map(int, sys.argv[2:]))
