# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Killed runs are resumed, on other layouts, until they are done: the bytes are those of a run that nobody killed.

Expected values: Python's and numpy's. TRIALS=N runs N trials of every kind instead of a few (a seed is printed with each failure).
"""
import gzip
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from harness import Case, SLOWER, finish, kill_group, main, needs_mpi, ranks_of, start, toml, xxh3_128  # noqa: E402

TRIALS = int(os.environ.get("TRIALS", "1"))
HAS_ZSTD = shutil.which("zstd") is not None
ITEMS = 6000
BAD = 97  # every 97th item fails where items may fail
SLOW_C = """#include <stdint.h>
#include <time.h>
int f(int64_t x, int64_t *out)
{
    struct timespec t = {0, 100000};
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


class Resume(Case):
    def job(self, path, mode, policy=None, reduce=None, **more):
        self.write("slow.c", SLOW_C.replace("BAD", "0" if policy is None else "1"))
        job = {"mode": mode, "input": {"range": [0, ITEMS]},
               "kernel": {"source": "slow.c", "function": "f", "signature": "(int64) -> int64 or error"},
               "checkpoint": {"interval": "60 ms", **({"path": "state.checkpoint"} if reduce else {})},
               ("reduce" if reduce else "output"): {"path": path, **({"op": reduce} if reduce else {}), **more}}
        if policy:
            job["errors"] = {"on_error": policy, "log": "failed.csv", **({"fill": -1} if policy == "fill" else {})}
        self.write("job.toml", toml(**job))

    def options(self, rng):
        """Another layout."""
        chunk = rng.choice(["", "1", "7", "100"])
        return ["-q", "-t", str(rng.choice([1, 2, 3])), "-s", f"pool.schedule=\"{rng.choice(['static', 'dynamic'])}\"",
                *(["-s", f"pool.chunk_size={chunk}"] if chunk else [])]

    def cut_short(self, rng, ranks, first):
        """One run that is killed or interrupted after a while, or ends. Returns its exit code."""
        process = start([*self.options(rng), *([] if first else ["--resume"]), "job.toml"], ranks, cwd=self.dir)
        deadline = time.monotonic() + rng.uniform(0.05, 0.35) * (SLOWER if SLOWER == 1 else 3) + (0.3 if ranks else 0)
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        way = rng.choice(["all", "one", "interrupt"])
        if process.poll() is None:
            if way == "interrupt":
                process.send_signal(signal.SIGINT)
            elif way == "one" and ranks:
                for pid in ranks_of(process.pid)[:1]:
                    os.kill(pid, signal.SIGKILL)
            else:
                kill_group(process)
        return finish(process)

    def until_done(self, seed, exit_code=0, ranks=(0,)):
        rng = random.Random(seed)
        for turn in range(60):
            result = self.cut_short(rng, rng.choice(ranks), turn == 0)
            if result.code == exit_code and (exit_code == 0 or "items failed" in result.err):
                return turn
            self.assertNotIn(result.code, (0, 64, 65, 66, 69, 70, 73, 74, 78), f"seed {seed}: {result}")
        return self.fail(f"seed {seed}: not done after 60 turns")

    def trial(self, seed, path, expected, mode, policy=None, reduce=None, ranks=(0,), **more):
        for old in self.dir.glob("*"):
            if old.is_file():
                old.unlink()
        self.job(path, mode, policy, reduce, **more)
        self.until_done(seed, 1 if policy else 0, ranks)
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
        npy = self.npy(raw)
        yield "o.txt", text(None), "imap", {}
        yield "o.csv", table(None), "map", {"index": True, "names": ["result"]}
        yield "o.tsv", table("skip", "\t"), "imap", {"policy": "skip", "index": True, "names": ["result"]}
        yield "o.npy", npy, "imap", {}
        yield "o.npy", npy, "map", {"gather": "root"}
        yield "o.raw", raw.tobytes(), "map", {}
        yield "o.npy", self.npy(numpy.array(filled, "<i8")), "map", {"policy": "fill"}
        yield "o.digest", digest, "map", {}
        wide = {"index": True, "names": ["result"], "dtype": "float64", "float_format": "%064.0f"}
        yield "o.csv.gz", wide_table(None), "map", wide
        yield "o.csv.zst", wide_table("skip"), "imap", {"policy": "skip", **wide}
        yield "o.txt.gz", text("skip"), "imap_unordered", {"policy": "skip"}
        yield "o.txt", text("skip"), "imap_unordered", {"policy": "skip"}
        yield "sum.txt", f"sum\t{sum(skipped)}\nmax\t{max(skipped)}\ncount\t{len(skipped)}\n".encode(), "map", {
            "policy": "skip", "reduce": ["sum", "max", "count"]}

    def npy(self, array):
        """The file as pengine writes it, whose header has another length than numpy's."""
        self.write("job.toml", toml(mode="map", **{"input": {"range": [0, 1]}, "kernel": {"name": "square"},
                                                   "output": {"path": "header.npy"}}))
        self.run_args("-q", "job.toml")
        header = (self.dir / "header.npy").read_bytes()[:-8]
        shape, now = b"'shape': (1,)", f"'shape': ({len(array)},)".encode()
        self.assertIn(shape, header)
        self.assertTrue(numpy.array_equal(numpy.load(self.dir / "header.npy"), [0]))
        longer = len(now) - len(shape)
        return header.replace(shape + b", }" + b" " * longer, now + b", }") + array.tobytes()

    def test_killed_runs_of_one_rank_are_resumed(self):
        for trial in range(TRIALS):
            for number, (path, expected, mode, more) in enumerate(self.kinds()):
                if path.endswith(".zst") and not HAS_ZSTD:
                    continue
                with self.subTest(path=path, mode=mode, **more):
                    self.trial(f"{trial}/{number}", path, expected, mode, **more)

    @needs_mpi
    def test_killed_runs_of_several_ranks_are_resumed_on_others(self):
        for trial in range(TRIALS):
            for number, (path, expected, mode, more) in enumerate(self.kinds()):
                if trial == 0 and TRIALS == 1 and number % 3 != 0 or path.endswith(".zst") and not HAS_ZSTD:
                    continue
                with self.subTest(path=path, mode=mode, **more):
                    self.trial(f"{trial}/{number}/mpi", path, expected, mode, ranks=(0, 2, 3), **more)

    def test_time_limit_ends_in_good_order_and_the_rest_follows(self):
        self.job("o.txt", "imap")
        for turn in range(12):
            result = finish(start(["-t", "2", "--resume", "--time-limit", "0.4 s", "job.toml"], cwd=self.dir))
            if result.code == 0:
                break
            self.assertEqual(result.code, 75, str(result))
            self.assertRegex(result.err, r"the time limit ended the run after [\d,]+ of 6,000 items; .*--resume .* goes on")
            self.assertLess(result.seconds, 5 * SLOWER)
        self.assertEqual((self.dir / "o.txt").read_bytes(), text(None), f"after {turn} turns")

    def test_a_run_that_finishes_no_item_is_not_to_be_repeated(self):
        self.write("k.py", "import time\ndef f(x):\n    time.sleep(30)\n    return x\n")
        self.write("job.toml", toml(mode="imap", **{"input": {"range": [0, 4]}, "output": {"path": "o.txt"}, "kernel": {
            "python": "k.py:f", "signature": "(int64) -> int64", "interpreter": sys.executable}}))
        result = finish(start(["-t", "2", "--time-limit", "1 s", "job.toml"], cwd=self.dir))
        self.assertEqual(result.code, 1, str(result))
        self.assertIn("one takes longer than the limit", result.err)
        self.assertLess(result.seconds, 5 * SLOWER)

    def test_batch_systems_are_asked(self):
        self.job("o.txt", "imap")
        answer = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(time.time() + 2))
        asked = {"SLURM": ("SLURM_JOB_ID", "scontrol", f"JobId=7 EndTime={answer} Deadline=N/A"),
                 "LSF": ("LSB_JOBID", "bjobs", "0:0 L"), "Flux": ("FLUX_JOB_ID", "flux", "2")}
        for system, (variable, program, says) in asked.items():
            with self.subTest(system):
                self.write(program, f"#!/bin/sh\necho '{says}'\n").chmod(0o755)
                env = {variable: "7", "PATH": f"{self.dir}:{os.environ['PATH']}"}
                self.write("job.toml", toml(mode="imap", **{"input": {"range": [0, ITEMS * 100]}, "output": {"path": "o.txt"}, "kernel": {
                    "source": "slow.c", "function": "f", "signature": "(int64) -> int64 or error"}}))
                result = finish(start(["-q", "--restart", "job.toml"], cwd=self.dir, env=env))
                self.assertIn(result.code, (75,) if system != "LSF" else (75, 1), str(result))  # no time is left: perhaps no item is done
                self.assertIn("the time limit ended the run", result.err)


if __name__ == "__main__":
    main()
