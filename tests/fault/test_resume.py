# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Killed runs are resumed, on other layouts, until they are done: the bytes are those of a run that was not killed.

Expected values: Python's and numpy's. `test_resume.py --trials N [WORKERS] [FIRST]` runs N trials at low priority, instead of the
few of the test, and prints what it has found every hundred trials: the seed of each failure, which gives the same trial again.
"""
import concurrent.futures
import fcntl
import functools
import gzip
import math
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from harness import Case, HAS_MPI, SLOWER, binary, catches, finish, kill_group, main, needs_mpi, ranks_of, squares, start, toml, wait_for, wait_for_handler, xxh3_128  # noqa: E402

HAS_ZSTD = shutil.which("zstd") is not None
ITEMS = 6000
FILES = 1200  # where each item has its own
BAD = 97  # every 97th item fails where items may fail
SLOW_C = """#include <stdint.h>
#include <time.h>
int f(int64_t x, int64_t *out)
{
    struct timespec t = {0, NAP};
    nanosleep(&t, 0);
    *out = x * x * 7919 % 1000003;
    return BAD && x % 97 == 5;
}
"""


def value(x):
    return x * x * 7919 % 1000003


def rows(policy):
    """(item, value) of every row: failed items are left out or have the value -1."""
    for x in range(ITEMS):
        if policy is None or x % BAD != 5:
            yield x, value(x)
        elif policy == "fill":
            yield x, -1


def eleven_digits(number):
    """Rounded to 11 binary digits, as quantiles are counted."""
    mantissa, exponent = math.frexp(number)
    return math.ldexp(math.floor(mantissa * 2048 + 0.5) / 2048, exponent)


def text(policy):
    return "".join(f"{v}\n" for _, v in rows(policy)).encode()


def table(policy, separator=","):
    return b"index%sresult\n" % separator.encode() + "".join(f"{i}{separator}{v}\n" for i, v in rows(policy)).encode()


def wide_table(policy):
    """Of a size that is packed in several pieces."""
    return b"index,result\n" + "".join(f"{i},{v:064.0f}\n" for i, v in rows(policy)).encode()


def unpack(name, data):
    if name.endswith(".gz"):
        return gzip.decompress(data)
    if name.endswith(".zst"):
        return subprocess.run(["zstd", "-dc"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data


def children_of(pids):
    """The worker processes of the ranks."""
    found = []
    for pid in pids:
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                    found += map(int, file.read().split())
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def kill(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


@functools.cache
def npy_header(count):
    """The header as pengine writes it, which has another length than numpy's."""
    with tempfile.TemporaryDirectory(prefix="pengine-") as folder:
        with open(os.path.join(folder, "job.toml"), "w", encoding="ascii") as file:
            file.write(squares(count, output={"path": "o.npy"}))
        subprocess.run([binary(), "-q", "job.toml"], cwd=folder, check=True)
        assert numpy.array_equal(numpy.load(os.path.join(folder, "o.npy")), numpy.arange(count) ** 2)
        with open(os.path.join(folder, "o.npy"), "rb") as file:
            return file.read()[:-8 * count]


def is_zombie(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


class Resume(Case):
    cuts = 0  # runs that did not reach their end
    hung = 0  # of these, launchers without ranks that did not end

    def job(self, path, mode, policy=None, reduce=None, isolate=False, nap_ns=100_000, **more):
        self.write("slow.c", SLOW_C.replace("BAD", "0" if policy is None else "1").replace("NAP", str(nap_ns)))
        job = {"mode": mode, "input": {"range": [0, ITEMS]},
               "kernel": {"source": "slow.c", "function": "f", "signature": "(int64) -> int64 or error",
                          **({"isolate": True} if isolate else {})},
               "checkpoint": {"interval": "60 ms", **({"path": "state.checkpoint"} if reduce or path == "-" else {})},
               ("reduce" if reduce else "output"): {"path": path, **(reduce or {}), **more}}
        if policy:
            job["errors"] = {"on_error": policy, "log": "failed.csv", **({"fill": -1} if policy == "fill" else {})}
        self.write("job.toml", toml(**job))

    def options(self, rng):
        """Another layout."""
        chunk = rng.choice(["", "1", "7", "100"])
        return ["-q", "-t", str(rng.choice([1, 2, 3])), "-s", f"pool.schedule=\"{rng.choice(['static', 'dynamic'])}\"",
                *(["-s", f"pool.chunk_size={chunk}"] if chunk else [])]

    def cut_short(self, rng, ranks, turn):
        """One run that is killed or interrupted after a while, or ends: all of it, a rank, mpirun, a worker process."""
        process = start([*self.options(rng), *(["--resume"] if turn > 0 else []), "job.toml"], ranks, cwd=self.dir)
        patience = 1 + turn / 10  # a busy machine takes long to start a run, above all mpirun
        deadline = time.monotonic() + (rng.uniform(0.05, 0.35) * (1 if SLOWER == 1 else 3) + (0.3 if ranks else 0)) * patience
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        way = rng.choice(["all", "one", "interrupt", "mpirun", "child"])
        if process.poll() is None:
            self.cuts += 1
            pids = ranks_of(process.pid)
            children = children_of(pids)
            if way == "interrupt":
                process.send_signal(signal.SIGINT)
            elif way == "one" and ranks:
                kill(rng.sample(pids, min(1, len(pids))))
            elif way == "mpirun" and ranks:
                process.kill()  # the ranks end by themselves
            elif way == "child" and children:
                kill(children[:1])
            else:
                kill_group(process)
            if way == "mpirun":
                self.have_ended(pids)
        self.end_launcher(process)
        return finish(process)

    def end_launcher(self, process):
        """An mpirun that hangs although its ranks are gone (docs/cluster.md) is killed, and counted."""
        until = time.monotonic() + 45 * SLOWER
        while process.poll() is None and time.monotonic() < until:
            time.sleep(0.005)
        if process.poll() is None and not [pid for pid in ranks_of(process.pid) if not is_zombie(pid)]:
            self.hung += 1
            kill_group(process)

    def have_ended(self, pids):
        """Ranks whose mpirun is gone end soon: else the next run finds the output in use."""
        until = time.monotonic() + 120 * SLOWER  # heartbeats tell after 15 to 25 s
        left = pids
        while left and time.monotonic() < until:
            time.sleep(0.01)
            left = [pid for pid in left if os.path.exists(f"/proc/{pid}") and not is_zombie(pid)]
        kill(left)
        self.assertFalse(left, "ranks outlive their mpirun by two minutes")

    def until_done(self, rng, seed, exit_code=0, ranks=(0,)):
        for turn in range(60):
            result = self.cut_short(rng, rng.choice(ranks), turn)
            if result.code == exit_code and (exit_code == 0 or "items failed" in result.err):
                return turn
            if result.code == 69 and re.search("compiler .* died of signal 9|could not start a worker", result.err):
                continue  # the child that was killed
            self.assertNotIn(result.code, (0, 64, 65, 66, 69, 70, 73, 74, 78), f"seed {seed}: {result}")
        return self.fail(f"seed {seed}: not done after 60 turns")

    def trial(self, seed, path, expected, mode, policy=None, reduce=None, ranks=(0,), **more):
        for old in self.dir.glob("*"):
            if old.is_file():
                old.unlink()
        rng = random.Random(seed)
        self.job(path, mode, policy, reduce, **more)
        self.until_done(rng, seed, 1 if policy else 0, ranks)
        packed = (self.dir / path).read_bytes()
        got = unpack(path, packed)
        if mode == "imap_unordered" and not reduce:
            got, expected = (b"".join(sorted(data.splitlines(True))) for data in (got, expected))
        self.assertEqual(got, expected, f"seed {seed}: {path} {mode} {policy}")
        if got is not packed and mode != "imap_unordered":
            self.assertEqual(self.run_args("-q", "job.toml", "-o", "whole" + path).code, 1 if policy else 0)
            self.assertEqual(packed, (self.dir / ("whole" + path)).read_bytes(), f"seed {seed}: packed otherwise")
            (self.dir / f"whole{path}.checkpoint").unlink(missing_ok=True)
        self.assertFalse((self.dir / (path + ".part")).exists())
        left = [name for name in self.everything() if "checkpoint" in name and not name.endswith(".failed")]
        self.assertEqual(len(left), 1 if policy else 0, f"seed {seed}: {left}")
        if policy:
            logged = [int(line.split(",")[0]) for line in (self.dir / "failed.csv").read_text().splitlines()[1:]]
            self.assertEqual(logged, [x for x in range(ITEMS) if x % BAD == 5], f"seed {seed}")

    def kinds(self):
        raw = numpy.array([v for _, v in rows(None)], "<i8")
        skipped = [v for _, v in rows("skip")]
        digest = f"items={ITEMS} bytes={8 * ITEMS} xxh3_128={xxh3_128(raw.tobytes())}\n".encode()
        filled = [v for _, v in rows("fill")]
        npy = npy_header(ITEMS) + raw.tobytes()
        yield "o.txt", text(None), "imap", {}
        yield "o.csv", table(None), "map", {"index": True, "names": ["result"]}
        yield "o.tsv", table("skip", "\t"), "imap", {"policy": "skip", "index": True, "names": ["result"]}
        yield "o.npy", npy, "imap", {}
        yield "o.npy", npy, "map", {"gather": "root"}
        yield "o.raw", raw.tobytes(), "map", {}
        yield "o.npy", npy_header(ITEMS) + numpy.array(filled, "<i8").tobytes(), "map", {"policy": "fill"}
        yield "o.digest", digest, "map", {}
        wide = {"index": True, "names": ["result"], "dtype": "float64", "float_format": "%064.0f"}
        yield "o.csv.gz", wide_table(None), "map", wide
        if HAS_ZSTD:
            yield "o.csv.zst", wide_table("skip"), "imap", {"policy": "skip", **wide}
        yield "o.txt.gz", text("skip"), "imap_unordered", {"policy": "skip"}
        yield "o.txt", text("skip"), "imap_unordered", {"policy": "skip"}
        middle = float(numpy.quantile([eleven_digits(v) for v in skipped], 0.5))
        yield "sum.txt", f"sum\t{sum(skipped)}\nmax\t{max(skipped)}\nquantile 0.5\t{middle!r}\n".encode(), "map", {
            "policy": "skip", "reduce": {"op": ["sum", "max"], "quantiles": [0.5]}}
        yield "o.jsonl", "".join('{"r":%d}\n' % v for _, v in rows(None)).encode(), "map", {"names": ["r"]}
        yield "o.txt", text(None), "imap", {"isolate": True}

    def test_killed_runs_of_one_rank_are_resumed(self):
        for number, (path, expected, mode, more) in enumerate(self.kinds()):
            with self.subTest(path=path, mode=mode, **more):
                self.trial(f"0/{number}", path, expected, mode, **more)

    @needs_mpi
    def test_killed_runs_of_several_ranks_are_resumed_on_others(self):
        for number, (path, expected, mode, more) in enumerate(self.kinds()):
            if number % 3 == 0:
                with self.subTest(path=path, mode=mode, **more):
                    self.trial(f"0/{number}/mpi", path, expected, mode, ranks=(0, 2, 3), **more)

    def trial_of_files(self, seed, name, ranks=(0,)):
        """One file per item."""
        shutil.rmtree(self.dir / "results", ignore_errors=True)
        self.job("results/" + name, "imap", "skip", index=True)
        self.write("job.toml", (self.dir / "job.toml").read_text().replace(f"[0, {ITEMS}]", f"[0, {FILES}]"))
        self.until_done(random.Random(seed), seed, 1, ranks)
        got = {path.name: path.read_text() for path in (self.dir / "results").iterdir() if path.suffix == ".txt"}
        self.assertEqual(got, {f"{x}.txt": f"{x} {v}\n" for x, v in rows("skip") if x < FILES}, f"seed {seed}")
        self.assertTrue((self.dir / "results/job.checkpoint").exists(), f"seed {seed}")

    def test_killed_runs_with_a_file_an_item_are_resumed(self):
        self.trial_of_files("files", "{1}.txt")

    @needs_mpi
    def test_killed_ranks_with_a_file_an_item_are_resumed_on_others(self):
        self.trial_of_files("files/mpi", "{index}.txt", ranks=(0, 2, 3))

    def test_rows_on_stdout_go_on_after_those_that_are_there(self):
        """stdout is a file that a shell would append to; it had a line before."""
        self.job("-", "imap", "skip", format="csv", index=True, names=["result"])
        self.write("out", "before\n")
        rng = random.Random("stdout")
        for turn in range(60):
            with open(self.dir / "out", "ab") as out:
                process = start([*self.options(rng), *(["--resume"] if turn else []), "job.toml"], cwd=self.dir, stdout=out)
                try:
                    err = process.communicate(timeout=rng.uniform(0.1, 0.4) * (1 + turn / 10) * (SLOWER if SLOWER == 1 else 3))[1]
                except subprocess.TimeoutExpired:
                    wait_for(lambda: catches(process.pid, signal.SIGINT) or process.poll() is not None, "a handler or the end")
                    process.send_signal(rng.choice([signal.SIGKILL, signal.SIGINT]))
                    err = process.communicate()[1]
            if process.returncode == 1:
                break
            self.assertIn(process.returncode, (-9, 75), err)
        self.assertGreater(turn, 0)
        self.assertEqual((self.dir / "out").read_bytes(), b"before\n" + table("skip"))
        with open(self.dir / "out", "ab") as out:
            again = finish(start(["--retry-failed", "job.toml"], cwd=self.dir, stdout=out))
        self.assertEqual(again.code, 78, str(again))
        self.assertIn("rows on stdout cannot be replaced", again.err)

    def test_stdout_that_the_shell_has_emptied_or_exchanged_is_reported(self):
        self.job("-", "imap", nap_ns=500_000)
        for name, mode, needle in (("out", "wb", "the shell has emptied the file; append to it"), ("other", "ab", "another file")):
            for turn, how in enumerate(("ab", mode)):
                with open(self.dir / (name if turn else "out"), how) as out:
                    result = finish(start(["-q", "--time-limit", "1 s", "--resume" if turn else "--restart", "job.toml"], cwd=self.dir, stdout=out))
                self.assertEqual(result.code, 73 if turn else 75, str(result))
                self.assertIn(needle if turn else ">> the same file goes on", result.err)
        piped = self.run_args("job.toml")
        self.assertEqual(piped.code, 78, str(piped))
        self.assertIn("stdout is no file", piped.err)

    def test_retry_of_a_run_without_a_checkpoint_is_refused(self):
        for more in ([], ["-o", "o.txt", "-s", "checkpoint.enabled=false"]):
            result = self.run_args("--retry-failed", "-i", "0:10", "-k", "x*x", *more)
            self.assertEqual((result.code, result.out), (66, b""), str(result))
            self.assertIn("a run of this job keeps no checkpoint", result.err)

    def test_retry_of_one_file_an_item_without_a_job_file(self):
        more = ["-i", "0:6", "-o", "results/{index}.txt", "-s", 'errors.on_error="skip"']
        self.assertEqual(self.run_args("-q", "-k", "60 / (x % 3)", *more).code, 1)
        self.assertEqual(self.run_args("-q", "--retry-failed", "-k", "60 / (x % 3 + 1)", *more).code, 0)
        self.assertEqual([(self.dir / f"results/{x}.txt").read_text() for x in range(6)], ["60\n", "60\n", "30\n"] * 2)

    def test_two_runs_on_one_checkpoint_at_once(self):
        kernel = {"python": "k.py:f", "signature": "(int64) -> int64", "interpreter": sys.executable}
        self.write("k.py", "import os, time\ndef f(x):\n    while not os.path.exists('go'):\n        time.sleep(0.01)\n    return x\n")
        kinds = ({"reduce": {"op": "sum"}, "checkpoint": {"path": "state"}}, {"output": {"path": "-", "format": "digest"}, "checkpoint": {"path": "state"}},
                 {"output": {"path": "results/{index}.txt"}}, {"output": {"path": "OUTPUT.txt"}, "checkpoint": {"path": "state"}})
        for kind in kinds:
            with self.subTest(kind):
                (self.dir / "go").unlink(missing_ok=True)
                job = toml(mode="map", name="job", input={"range": [0, 20]}, kernel=kernel, **kind)
                self.write("job.toml", job)
                self.write("other.toml", job.replace("OUTPUT", "other"))
                marker = self.dir / kind.get("checkpoint", {}).get("path", "results/job.checkpoint")
                first = start(["-q", "-t", "1", "job.toml"], cwd=self.dir)
                while not marker.exists():
                    time.sleep(0.01)
                    self.assertIsNone(first.poll())
                others = [start(["-q", *option, "other.toml"], cwd=self.dir) for option in ((), ("--resume",), ("--restart",))]
                for second in map(finish, others):
                    self.assertEqual(second.code, 73, str(second))
                    self.assertRegex(second.err, "another run is writing (this checkpoint|state)")
                self.write("go", "")
                self.assertEqual(finish(first).code, 0)
                self.assertFalse(marker.exists())
                self.assertEqual(self.run_args("-q", "job.toml").code, 0)

    def test_lock_of_a_process_that_is_ending_is_waited_for(self):
        """A killed process keeps its lock until its memory is freed."""
        for path, locked, reduce in (("o.txt", "o.txt.part", None), ("sum.txt", "state.checkpoint", {"op": "sum"})):
            with self.subTest(path):
                self.job(path, "map", reduce=reduce, nap_ns=500_000)
                self.assertEqual(self.run_args("-q", "-t", "2", "--time-limit", "1 s", "job.toml").code, 75)
                with open(self.dir / locked, "rb") as held:
                    fcntl.flock(held, fcntl.LOCK_EX)
                    process = start(["-q", "-t", "2", "--resume", "job.toml"], cwd=self.dir)
                    time.sleep(0.3)
                self.assertEqual(finish(process).code, 0)
                self.assertEqual((self.dir / path).read_bytes(), text(None) if reduce is None else b"sum\t%d\n" % sum(map(value, range(ITEMS))))

    def test_items_that_a_signal_cuts_off_are_not_in_a_reduction(self):
        self.write("p.py", "import os, sys, time\nfor line in sys.stdin:\n    while int(line) > 500 and not os.path.exists('go'):\n"
                           "        time.sleep(0.01)\n    print(int(line) + 1, flush=True)\n")
        self.write("job.toml", toml(mode="map", input={"range": [0, 2000]}, kernel={"command": [sys.executable, "p.py"], "signature": "(int64) -> int64"},
                                    reduce={"op": "sum", "path": "sum.txt"}, checkpoint={"path": "state", "interval": "20 ms"}))
        process = start(["-q", "-t", "2", "-s", "pool.chunk_size=200", "job.toml"], cwd=self.dir)
        wait_for_handler(process, signal.SIGTERM)
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(finish(process).code, 75)
        self.write("go", "")
        self.assertEqual(self.run_args("-q", "-t", "2", "--resume", "job.toml").code, 0)
        self.assertEqual((self.dir / "sum.txt").read_text(), f"sum\t{sum(range(1, 2001))}\n")

    def test_time_limit_ends_in_good_order_and_the_rest_follows(self):
        self.job("o.txt", "imap")
        for turn in range(60):
            result = finish(start(["-t", "2", "--resume", "--time-limit", "0.4 s", "job.toml"], cwd=self.dir))
            if result.code == 0:
                break
            if "no item was finished" not in result.err:  # as happens on a busy machine
                self.assertEqual(result.code, 75, str(result))
                self.assertRegex(result.err, r"the time limit ended the run after [\d,]+ of 6,000 items; .*--resume .* goes on")
        self.assertEqual((self.dir / "o.txt").read_bytes(), text(None), f"after {turn} turns")

    def test_a_run_that_finishes_no_item_is_not_to_be_repeated(self):
        self.write("k.py", "import time\ndef f(x):\n    time.sleep(1000)\n    return x\n")
        self.write("job.toml", toml(mode="imap", **{"input": {"range": [0, 4]}, "output": {"path": "o.txt"}, "kernel": {
            "python": "k.py:f", "signature": "(int64) -> int64", "interpreter": sys.executable}}))
        result = finish(start(["-t", "2", "--time-limit", "1 s", "job.toml"], cwd=self.dir))
        self.assertEqual(result.code, 1, str(result))
        self.assertIn("one takes longer than the limit", result.err)
        self.assertLess(result.seconds, 100 * SLOWER)



def one_trial(number):
    """(runs that were cut, launchers that hung, what was wrong or None) of the trial with this number: a kind, on one rank or on several."""
    case = Resume("test_killed_runs_of_one_rank_are_resumed")
    case.setUp()
    try:
        kinds = list(case.kinds())
        path, expected, mode, more = kinds[number % len(kinds)]
        case.trial(f"{number}", path, expected, mode, ranks=(0, 2, 3) if HAS_MPI and number // len(kinds) % 2 == 1 else (0,), **more)
        return case.cuts, case.hung, None
    except AssertionError as wrong:
        return case.cuts, case.hung, f"trial {number}: {wrong}"
    finally:
        case.doCleanups()


def run_trials(count, workers=2, first=0):
    os.nice(10)
    cuts = hangs = bad = 0
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for done, (cut, hung, wrong) in enumerate(pool.map(one_trial, range(first, first + count)), 1):
            cuts, hangs, bad = cuts + cut, hangs + hung, bad + (wrong is not None)
            if wrong:
                print(wrong, flush=True)
            if done % 100 == 0 or done == count:
                print(f"{done} jobs, {cuts} runs cut short, {hangs} launchers hung, {bad} findings", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--trials"]:
        run_trials(*map(int, sys.argv[2:]))
    else:
        main()
