# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Power cuts: from what the disk may hold after one, --resume gives the right bytes, and keeps what a checkpoint had made durable.

Design: a run is logged call by call (disk_log.c); disk.py says what a power cut at any call may leave; each such disk is made, and
a run resumes from it. The run that goes on after such a cut is logged as well. A run that has reported its success must have left
the complete output on every disk. As a test a sample of the disks is tried; with PENGINE_FULL=1 all cuts, in all ways.

Expected values: Python's and numpy's.
"""
import concurrent.futures
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from disk import Log, NEVER, Pool, RENAME  # noqa: E402
from harness import HAS_MPI, IS_FULL, IS_SANITIZED, binary, command, environment, main, squares, toml  # noqa: E402

DISK_LOG = os.environ.get("PENGINE_DISK_LOG", "")
ITEMS = 600
SAMPLE = int(os.environ.get("DISKS", "40"))  # disks of each log in the test
# what is made of names and of data that no sync has covered
WAYS = (("none", "none"), ("all", "all"), ("all", "none"), ("all", "zeros"), ("first", "torn"), ("none", "torn"), ("some", "torn"))
SLOW_C = """#include <stdint.h>
#include <stdlib.h>
#include <time.h>
int f(int64_t x, int64_t *out)
{
    if (getenv("SLOW") != NULL)
        nanosleep(&(struct timespec){.tv_nsec = 500000}, 0);
    *out = x * x * 7919 % 1000003;
    return BAD && x % 97 == 5 && getenv("MENDED") == NULL;
}
"""


def value(x):
    return x * x * 7919 % 1000003


def is_bad(x):
    return x % 97 == 5


class Scenario:
    """One kind of job: its file, the output and what stands in it."""

    def __init__(self, name, path, mode, expected, policy=None, ranks=0, **tables):
        self.name, self.path, self.mode, self.expected, self.policy, self.ranks = name, path, mode, expected, policy, ranks
        tables.setdefault("output", {"path": path})
        if "reduce" in tables:
            del tables["output"]
        checkpoint = {"interval": "30 ms", **tables.pop("checkpoint", {})}
        errors = {"errors": {"on_error": policy, "log": "failed.csv", **({"fill": -1} if policy == "fill" else {})}} if policy else {}
        self.text = toml(mode=mode, input={"range": [0, ITEMS]}, checkpoint=checkpoint, **tables, **errors,
                         kernel={"source": "slow.c", "function": "f", "signature": "(int64) -> int64 or error"}, pool={"chunk_size": 5})
        self.exit_code = 1 if policy else 0
        self.checkpoint = checkpoint.get("path", path + ".checkpoint")

    def is_right(self, files):
        content = files.get(self.path, (0, b""))[1]
        if self.mode == "imap_unordered":
            content = b"".join(sorted(content.splitlines(True)))
        return content == self.expected and (self.policy is None or logged(files) == [x for x in range(ITEMS) if is_bad(x)])


def logged(files):
    """The items in the log of failed items."""
    return sorted(int(line.split(b",")[0]) for line in files.get("failed.csv", (0, b""))[1].split(b"\n")[1:] if line)


def rows(policy):
    return [(x, -1 if is_bad(x) and policy == "fill" else value(x)) for x in range(ITEMS) if policy != "skip" or not is_bad(x)]


def text(policy=None):
    return "".join(f"{v}\n" for _, v in rows(policy)).encode()


def npy():
    """A row is 8 bytes behind a header that numpy reads; its length is pengine's own."""
    with tempfile.TemporaryDirectory(prefix="pengine-") as folder:
        pathlib.Path(folder, "job.toml").write_text(squares(ITEMS, output={"path": "o.npy"}))
        subprocess.run([binary(), "-q", "job.toml"], cwd=folder, check=True)
        header = pathlib.Path(folder, "o.npy").read_bytes()[:-8 * ITEMS]
    return header + b"".join(value(x).to_bytes(8, "little") for x in range(ITEMS))


def scenarios():
    yield Scenario("txt imap", "o.txt", "imap", text())
    yield Scenario("csv map", "o.csv", "map", b"index,result\n" + "".join(f"{x},{v}\n" for x, v in rows(None)).encode(),
                   output={"path": "o.csv", "index": True})
    yield Scenario("npy imap", "o.npy", "imap", npy())
    yield Scenario("npy map", "o.npy", "map", npy())
    yield Scenario("jsonl map", "o.jsonl", "map", "".join('{"r":%d}\n' % v for _, v in rows(None)).encode(),
                   output={"path": "o.jsonl", "names": ["r"]})
    yield Scenario("txt skip", "o.txt", "imap", text("skip"), policy="skip")
    yield Scenario("raw fill", "o.raw", "map", b"".join(v.to_bytes(8, "little", signed=True) for _, v in rows("fill")), policy="fill")
    yield Scenario("unordered skip", "o.txt", "imap_unordered", b"".join(sorted(text("skip").splitlines(True))), policy="skip")
    yield Scenario("reduction", "r.txt", "map", f"sum\t{sum(map(value, range(ITEMS)))}\ncount\t{ITEMS}\n".encode(),
                   checkpoint={"path": "state"}, reduce={"path": "r.txt", "op": ["sum", "count"]})
    if HAS_MPI:
        yield Scenario("npy map, 3 ranks", "o.npy", "map", npy(), ranks=3)
        yield Scenario("npy imap, 3 ranks", "o.npy", "imap", npy(), ranks=3)


class Rig:
    """The folder of a scenario, its pool, and the runs in it."""

    def __init__(self, scenario, root, cache):
        self.scenario, self.cache = scenario, cache
        self.folder, self.log = pathlib.Path(root, "work"), pathlib.Path(root, "log")
        self.folder.mkdir()
        self.pool = Pool(self.folder, pathlib.Path(root, "pool"))
        (self.folder / "job.toml").write_text(scenario.text)
        (self.folder / "slow.c").write_text(SLOW_C.replace("BAD", "1" if scenario.policy else "0"))
        self.pool.fix()
        self.counts = {}  # of items in a checkpoint, by its content

    def run(self, *options, ranks=0, log=False, mends=False):
        env = {"XDG_CACHE_HOME": self.cache, **({"MENDED": "1"} if mends else {})}
        if log:
            self.log.unlink(missing_ok=True)
            env.update(LD_PRELOAD=DISK_LOG, DISK_LOG=str(self.log), DISK_POOL=str(self.pool.pool), SLOW="1")
        done = subprocess.run(command(["-t", "1" if ranks else "2", *options, "job.toml"], ranks), cwd=self.folder, env=environment(env),
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
        return done.returncode, done.stderr.decode(errors="replace")

    def logged(self, before, *options, mends=False, wanted=None):
        """A run from these files, and what it called."""
        self.pool.make(before)
        code, said = self.run(*options, ranks=self.scenario.ranks, log=True, mends=mends)
        wanted = self.scenario.exit_code if wanted is None else wanted
        assert code == wanted and (mends or self.scenario.is_right(self.pool.take())), (self.scenario.name, code, said)
        return Log(self.log, self.folder, before)

    def count(self, content):
        """How many items a checkpoint lists."""
        if content not in self.counts:
            path = self.pool.pool / "asked"
            path.write_bytes(content)
            done = subprocess.run([binary(), "--status", str(path), "--json"], capture_output=True, check=True)
            self.counts[content] = json.loads(done.stdout)["done"]
        return self.counts[content]

    def least(self, log, cut):
        """Items that the last checkpoint lists whose name was durable before the power went."""
        last = [call for call in log.calls[:cut] if call.kind == RENAME and call.other == self.scenario.checkpoint and call.durable < cut][-1:]
        if not last:
            return self.count(log.before[self.scenario.checkpoint][1]) if self.scenario.checkpoint in log.before else 0
        return self.count(b"".join(call.data for call in log.calls if call.inode == last[0].inode))

    def judge(self, log, cut, way, disk, is_over):
        """What is wrong with resuming from this disk, or None."""
        if is_over and not self.scenario.is_right(disk):
            return "the run had reported its success, and its output is not complete"
        self.pool.make(disk)
        code, said = self.run("--resume")
        if way == "some" and code == 73 and "is not pengine's" in said and self.least(log, cut) == 0:
            return None  # a .part whose marker is gone: no file system in use leaves that
        if code != self.scenario.exit_code or not self.scenario.is_right(self.pool.take()):
            return f"exit {code}: {said[-400:]}"
        if "the run goes on without it" in said:
            return f"keeps no checkpoint: {said[-400:]}"
        found = re.search(r"goes on after ([\d,]+) ", said)
        before = int(found[1].replace(",", "")) if found else 0
        if before < self.least(log, cut) and not self.scenario.is_right(disk) and "is complete" not in said:
            return f"goes on after {before} items, and {self.least(log, cut)} were on stable storage"
        return None

    def trials(self, log, chance):
        """(cut, names, data): all, or a sample with more cuts at names and syncs than at writes."""
        marks, writes = log.cuts()
        end = len(log.calls)
        if IS_FULL:
            return [(cut, *way) for cut in [*marks, *writes, end] for way in WAYS for _ in range(2 if way[1] == "torn" else 1)]
        cuts = [chance.choice(marks if chance.random() < 0.7 else writes) for _ in range(SAMPLE - len(WAYS))]
        return [(cut, *chance.choice(WAYS)) for cut in cuts] + [(end, *way) for way in WAYS]

    def search(self, log, seed):
        """The number of disks tried, and what is wrong."""
        chance, wrong = random.Random(seed), []
        trials = self.trials(log, chance)
        for number, (cut, names, data) in enumerate(trials):
            why = self.judge(log, cut, names, log.disk(cut, chance, names, data), cut == len(log.calls))
            if why:
                call = log.calls[cut - 1]
                wrong.append(f"{self.scenario.name}, {seed} {number}: cut at {cut} of {len(log.calls)} behind {call.kind} {call.name}, "
                             f"names {names}, data {data}: {why}")
        return len(trials), wrong


def half_way(rig, log):
    """The disk in the middle of a run, with all that was called: from here another run goes on."""
    marks = [index + 1 for index, call in enumerate(log.calls) if call.kind == RENAME and call.other == rig.scenario.checkpoint and call.durable < NEVER]
    return log.disk(log.calls[marks[len(marks) // 2] - 1].durable + 1, random.Random(0), "all", "all")


def try_scenario(scenario, cache):
    with tempfile.TemporaryDirectory(prefix="pengine-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as root:
        rig = Rig(scenario, root, cache)
        first = rig.logged({})
        tried, wrong = rig.search(first, scenario.name)
        middle = half_way(rig, first)
        more, found = rig.search(rig.logged(middle, "--resume"), scenario.name + " resumed")
        return tried + more, wrong + found


@unittest.skipIf(IS_SANITIZED or not DISK_LOG, "needs the library that logs calls")
class Power(unittest.TestCase):
    def test_disks_after_power_cuts_are_resumed(self):
        cache = tempfile.mkdtemp(prefix="pengine-")
        self.addCleanup(shutil.rmtree, cache, ignore_errors=True)
        tried, wrong = 0, []
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
            for count, found in pool.map(lambda scenario: try_scenario(scenario, cache), scenarios()):
                tried, wrong = tried + count, wrong + found
        print(f"{tried} disks, {len(wrong)} findings")
        self.assertFalse(wrong, "\n".join(["", *wrong[:20]]))


if __name__ == "__main__":
    main()
