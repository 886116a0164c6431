# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Limits of control groups: threads by the processor time, plans by the memory. Each test makes groups of its own, runs the binary
in them and removes them. It takes root and a writable hierarchy (version 1 or 2 with the controller); else it is skipped. What other
hierarchies look like is tests/unit/os/test_cgroup.c's."""
import os
import pathlib
import re
import subprocess
import unittest

import harness

MIB = 1 << 20


class Group:
    """A group with one limit and a group below it, which the run is put into: a parent's limit counts."""

    def __init__(self, controller, limits):
        self.folder = find_parent(controller) / f"pengine_test_{os.getpid()}"
        self.inner = self.folder / "inner"
        self.folder.mkdir()
        try:
            if not (self.folder / "cgroup.type").exists():  # version 1 has no such file
                self.inner.mkdir()
            self.version = 2 if not self.inner.exists() else 1
            if self.version == 2:
                (self.folder / "cgroup.subtree_control").write_text(f"+{controller}")
                self.inner.mkdir()
            for name, value in limits[self.version].items():
                (self.folder / name).write_text(f"{value}\n")
        except OSError as reason:
            self.remove()
            raise unittest.SkipTest(f"no limits can be set: {reason}") from None

    def enter(self):
        (self.inner / "cgroup.procs").write_text("0\n")

    def remove(self):
        for folder in (self.inner, self.folder):
            if folder.exists():
                folder.rmdir()


def find_parent(controller):
    """The folder of this process's group in the hierarchy of a controller; skips the test where no group can be made in it."""
    groups = dict(line.split(":", 2)[1:] for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines())
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        fields, rest = (part.split() for part in line.split(" - "))
        names = [names for names in groups if controller in names.split(",")] if rest[0] == "cgroup" else [""]
        is_wanted = rest[0] == "cgroup" and controller in rest[2].split(",") or rest[0] == "cgroup2"
        folder = pathlib.Path(fields[4] + groups.get(names[0], "")) if is_wanted and names else None
        if folder is None or not os.access(folder, os.W_OK):
            continue
        if rest[0] == "cgroup" or controller in (folder / "cgroup.subtree_control").read_text().split():
            return folder
    raise unittest.SkipTest(f"no group with the controller {controller} can be made")


class TestCgroup(harness.Case):
    def limited(self, controller, v1, v2, args, ranks=0):
        group = Group(controller, {1: v1, 2: v2})
        self.addCleanup(group.remove)
        process = harness.start(args, ranks=ranks, cwd=self.dir, preexec_fn=group.enter)
        return harness.finish(process), group

    def plan_with_cores(self, cores, *args):
        """--plan in a group with this many cores' processor time."""
        (self.dir / "job.toml").write_text(harness.squares(1000000, output={"path": "out.npy"}))
        quota = int(cores * 100000)
        result, _ = self.limited("cpu", {"cpu.cfs_period_us": 100000, "cpu.cfs_quota_us": quota},
                                 {"cpu.max": f"{quota} 100000"}, ["--plan", *args, "job.toml"])
        self.assertEqual(result.code, 0, result)
        return re.search(r"^placement .*$", result.text, re.M).group()

    def test_half_a_core_is_one_thread(self):
        online = len(os.sched_getaffinity(0))
        if online < 2:
            self.skipTest("one core")
        placement = self.plan_with_cores(0.5)
        self.assertIn("1 rank x 1 thread,", placement)
        self.assertIn(f"1 core for rank 0 of {online}, by ", placement)

    def test_threads_that_are_asked_for_stay(self):
        self.assertIn("1 rank x 3 threads,", self.plan_with_cores(0.5, "-t", "3"))

    def test_more_time_than_cores_changes_nothing(self):
        online = len(os.sched_getaffinity(0))
        self.assertRegex(self.plan_with_cores(online + 1), f"1 rank x {online} threads?, .*, {online} cores? for rank 0$")

    def with_memory(self, mib, *args):
        (self.dir / "job.toml").write_text(harness.squares(1000000, output={"path": "out.npy"}))
        return self.limited("memory", {"memory.limit_in_bytes": mib * MIB}, {"memory.max": mib * MIB}, [*args, "job.toml"])

    @harness.not_sanitized
    def test_plan_beyond_the_memory_is_refused(self):
        for action in (["--plan"], ["-q"]):
            with self.subTest(action=action):
                result, group = self.with_memory(24, "-t", "2", *action)
                group.remove()
                self.assertEqual((result.code, result.out), (78, b""), result)
                self.assertRegex(result.err, r"job.toml: pool.memory: the plan takes \d\d\.\d MiB, .*"
                                             r"memory\.(limit_in_bytes|max) allows 24\.0 MiB: ")
                self.assertIn(str(group.folder), result.err)
                self.assertFalse((self.dir / "out.npy").exists())

    @harness.not_sanitized
    def test_the_memory_that_the_message_names_fits(self):
        refused, group = self.with_memory(34, "-t", "2", "--plan")
        group.remove()
        self.assertEqual(refused.code, 78, refused)
        size = re.search(r'pool\.memory = "(\d+ MiB)" fits', refused.err).group(1)
        result, _ = self.with_memory(34, "-t", "2", "-q", "-s", f'pool.memory="{size}"')
        self.assertEqual(result.code, 0, result)
        self.assertEqual(harness.numpy.load(self.dir / "out.npy").tolist(), [i * i for i in range(1000000)])


if __name__ == "__main__":
    harness.main()
