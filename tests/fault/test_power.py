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
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from disk import Log, NEVER, RENAME, SYNC_END  # noqa: E402
from disk_jobs import ITEMS, Rig, Scenario, fixed, npy, scenarios, scratch, text  # noqa: E402
from harness import IS_FULL, IS_SANITIZED, binary, main, needs_mpi  # noqa: E402

DISK_LOG = os.environ.get("PENGINE_DISK_LOG", "")
SAMPLE = int(os.environ.get("DISKS", "20"))  # disks of each log in the test
# what is made of names and of data that no sync has covered
WAYS = (("none", "none"), ("all", "all"), ("all", "none"), ("all", "zeros"), ("first", "torn"), ("none", "torn"), ("some", "torn"))


class Logged(Rig):
    """Runs whose calls are logged."""

    def __init__(self, scenario, root):
        super().__init__(scenario, root)
        self.log = pathlib.Path(root, "log")
        self.counts = {}  # of items in a checkpoint, by its content

    def logged(self, before, *options, code=None, **variables):
        """A run from these files, and what it called."""
        wanted = self.scenario.exit_code if code is None else code
        self.pool.make(before)
        self.log.unlink(missing_ok=True)
        code, said = self.run(*options, ranks=self.scenario.ranks, SLOW=str(ITEMS // self.scenario.items), LD_PRELOAD=DISK_LOG, DISK_LOG=str(self.log),
                              DISK_POOL=str(self.pool.pool), **variables)
        assert code == wanted and (variables or self.is_right()), (self.scenario.name, code, said)
        log = Log(self.log, self.folder, before)
        log.ends_well = wanted == self.scenario.exit_code
        return log

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
        if code != self.scenario.exit_code or not self.is_right():
            return f"exit {code}: {said[-400:]}"
        if "the run goes on without it" in said:
            return f"keeps no checkpoint: {said[-400:]}"
        found = re.search(r"goes on after ([\d,]+) ", said)
        before = int(found[1].replace(",", "")) if found else 0
        if before < self.least(log, cut) and not self.scenario.is_right(disk) and "is complete" not in said:
            return f"goes on after {before} items, and {self.least(log, cut)} were on stable storage"
        return None

    def judge_retry(self, log, _cut, _way, disk, is_over):
        """The same for a disk on which a retry has worked: another retry, of a kernel that is fixed by now."""
        if is_over and log.ends_well and not self.scenario.is_right(disk):
            return "the retry had reported its success, and its output is not complete"
        self.pool.make(disk)
        said = ""
        for _ in range(2):  # where the first retry only waited for its output's name, that is what the next one does
            code, more = self.run("--retry-failed", FIXED="1")
            said += more
            if code == 0 and self.is_right():
                return None
            if code == 66 and "there is no checkpoint" in more and self.is_right():
                return None  # there was nothing left
            if code != 1:
                break
        return f"exit {code}: {said[-400:]}"

    def trials(self, log, chance):
        """(cut, names, data): all, or a sample with more cuts at names and syncs than at writes."""
        marks, writes = log.cuts()
        end = len(log.calls)
        if IS_FULL:
            return [(cut, *way) for cut in [*marks, *writes, end] for way in WAYS for _ in range(2 if way[1] == "torn" else 1)]
        cuts = [chance.choice(marks if chance.random() < 0.7 else writes) for _ in range(SAMPLE - len(WAYS))]
        return [(cut, *chance.choice(WAYS)) for cut in cuts] + [(end, *way) for way in WAYS]

    def search(self, log, seed, judge=None):
        """The number of disks tried, and what is wrong. Of cuts that leave the same disk and the same duties one is tried."""
        judge = judge or self.judge
        chance, wrong, tried = random.Random(seed), [], set()
        for number, (cut, names, data) in enumerate(self.trials(log, chance)):
            disk, is_over = log.disk(cut, chance, names, data), cut == len(log.calls)
            key = hash((frozenset(disk.items()), self.least(log, cut), is_over, names == "some"))
            why = judge(log, cut, names, disk, is_over) if key not in tried else None
            tried.add(key)
            if why:
                call = log.calls[cut - 1]
                wrong.append(f"{self.scenario.name}, {seed} {number}: cut at {cut} of {len(log.calls)} behind {call.kind} {call.name}, "
                             f"names {names}, data {data}: {why}")
        return len(tried), wrong


def half_way(rig, log):
    """The disk in the middle of a run, with all that was called: from here another run goes on."""
    marks = [index + 1 for index, call in enumerate(log.calls) if call.kind == RENAME and call.other == rig.scenario.checkpoint and call.durable < NEVER]
    return log.disk(log.calls[marks[len(marks) // 2] - 1].durable + 1, random.Random(0), "all", "all")


def try_scenario(scenario):
    with scratch() as root:
        rig = Logged(scenario, root)
        first = rig.logged({})
        tried, wrong = rig.search(first, scenario.name)
        middle = half_way(rig, first)
        more, found = rig.search(rig.logged(middle, "--resume"), scenario.name + " resumed")
        return tried + more, wrong + found


def try_retry(scenario):
    """Retries of a complete run: one of a kernel that is fixed, one of a kernel with which some items fail again."""
    with scratch() as root:
        rig = Logged(scenario, root)
        rig.logged({})
        complete = rig.pool.take()
        scenario.exit_code, scenario.policy = 0, None  # what they are to be in the end
        scenario.expected = fixed(scenario)
        tried, wrong = rig.search(rig.logged(complete, "--retry-failed", code=0, FIXED="1"), scenario.name + " fixed", rig.judge_retry)
        half = rig.logged(complete, "--retry-failed", code=1, FIXED="half")
        more, found = rig.search(half, scenario.name + " half fixed", rig.judge_retry)
        return tried + more, wrong + found


@unittest.skipIf(IS_SANITIZED or not DISK_LOG, "needs the library that logs calls")
class Power(unittest.TestCase):
    def search(self, attempt, jobs):
        tried, wrong = 0, []
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
            for scenario, (count, found) in zip(jobs, pool.map(attempt, jobs)):
                tried, wrong = tried + count, wrong + found
                if IS_FULL:
                    print(f"{scenario.name}: {count} disks, {len(found)} findings", flush=True)
        print(f"{tried} disks, {len(wrong)} findings")
        self.assertFalse(wrong, "\n".join(["", *wrong[:20]]))

    def test_disks_after_power_cuts_are_resumed(self):
        self.search(try_scenario, list(scenarios()))

    def test_retries_that_a_power_cut_ends_are_tried_again(self):
        self.search(try_retry, [scenario for scenario in scenarios() if scenario.policy and not scenario.ranks])

    def test_output_and_checkpoint_in_folders_of_their_own_are_named_durably(self):
        with scratch() as root:
            elsewhere = pathlib.Path(root, "elsewhere")
            elsewhere.mkdir()
            rig = Logged(Scenario("elsewhere", "o.txt", "imap", text(), checkpoint={"path": str(elsewhere / "state")}), root)
            rig.logged({})
            calls = list(Log.read(rig.log.read_bytes(), os.path.realpath(elsewhere)))
            renames = [index for index, call in enumerate(calls) if call.kind == RENAME and call.other == "state"]
            self.assertIn(os.stat(rig.folder).st_ino, [call.inode for call in calls[:renames[0]] if call.kind == SYNC_END])
            for before, behind in zip(renames, renames[1:]):
                self.assertIn(os.stat(elsewhere).st_ino, [call.inode for call in calls[before:behind] if call.kind == SYNC_END])

    def test_results_that_wait_for_a_slow_item_are_synced(self):
        with scratch() as root:
            rig = Logged(Scenario("slow", "o.txt", "imap", "".join(f"{x}\n" for x in range(ITEMS)).encode(),
                                  kernel={"source": "k.c", "function": "f", "signature": "(int64) -> int64"}), root)
            (rig.folder / "k.c").write_text("#include <stdint.h>\n#include <unistd.h>\nint64_t f(int64_t x) { usleep(x == 0 ? 2000000 : 1); return x; }\n")
            rig.pool.fix()
            rig.logged({})
            calls = list(Log.read(rig.log.read_bytes(), os.path.realpath(rig.folder)))
            spill = next(call.inode for call in calls if call.name == "o.txt.checkpoint.spill" and call.inode)
            self.assertIn(spill, [call.inode for call in calls if call.kind == SYNC_END])

    @needs_mpi
    def test_each_rank_syncs_the_rows_that_it_wrote(self):
        """On one machine the sync of one rank is good for all; between machines it is not."""
        for checkpoint, sync in (({"enabled": False}, "always"), ({}, "never")):  # at the commit, and before a checkpoint
            with self.subTest(sync), scratch() as root:
                rig = Logged(Scenario("ranks", "o.npy", "map", npy(), ranks=3, checkpoint=checkpoint, output={"path": "o.npy", "sync": sync}), root)
                rig.logged({})
                output = (rig.folder / "o.npy").stat().st_ino
                calls = Log.read(rig.log.read_bytes(), os.path.realpath(rig.folder))
                self.assertEqual(len({call.number for call in calls if call.kind == SYNC_END and call.inode == output}), 3)


if __name__ == "__main__":
    main()
