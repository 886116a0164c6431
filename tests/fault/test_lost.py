# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""A rank without heartbeats ends the job with one message; a rank that computes one item for long does not.

Design: a stopped process is as silent as a host that lost its network (tests/cluster/hosts.sh tests that). The three runs wait most of
their time, so they run at once, and each test looks at the end of one.
"""
import json
import os
import pathlib
import signal
import sys
import time

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from harness import Case, finish, main, needs_mpi, not_sanitized, ranks_of, start, toml, wait_for  # noqa: E402

MOST_SECONDS = 100  # from the silence to the end: 15 to 25 on an idle machine; without heartbeats it is TCP's quarter of an hour
LONG = 25  # seconds of one item: longer than the timeout of heartbeats
SOURCE = f"""
#include <stdint.h>
#include <unistd.h>
int64_t slow(int64_t x) {{ usleep(500); return x * x; }}
int64_t slower(int64_t x) {{ sleep({LONG}); return x * x; }}
"""


def job(function, count, name):
    return toml(mode="map", input={"range": [0, count]}, pool={"threads": 1, "chunk_size": 1}, output={"path": name},
                kernel={"source": "f.c", "function": function, "signature": "(int64) -> int64"})


def rank_of(pid):
    entries = pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return int(next(entry.split(b"=")[1] for entry in entries if entry.startswith(b"OMPI_COMM_WORLD_RANK=")))


@needs_mpi
@not_sanitized
class Lost(Case):
    def started(self, name, function, count, ranks):
        self.write("f.c", SOURCE)
        self.write(f"{name}.toml", job(function, count, f"{name}.npy"))
        return start(["--progress", "never", "--stats", f"{name}.json", f"{name}.toml"], ranks, cwd=self.dir)

    def stopped(self, name, rank):
        """Starts three ranks and stops one of them when all compute."""
        process = self.started(name, "slow", 10**9, 3)
        part = self.dir / f"{name}.npy.part"
        wait_for(lambda: part.exists() and part.stat().st_size > 10_000, "rows of the ranks", process)
        time.sleep(3)  # by then each rank has sent its hostname: it does so every two seconds
        pids = ranks_of(process.pid)
        os.kill(next(pid for pid in pids if rank_of(pid) == rank), signal.SIGSTOP)
        return process, pids, time.monotonic()

    def check_lost(self, run, rank):
        process, pids, stopped_at = run
        result = finish(process)
        self.assertLess(time.monotonic() - stopped_at, MOST_SECONDS, str(result))
        self.assertNotEqual(result.code, 0, str(result))
        said = [line for line in result.err.splitlines() if "core" not in line]
        self.assertEqual(len(said), 1, str(result))
        self.assertRegex(said[0], rf"^pengine: rank {rank} on host \S+: nothing heard for \d+ s: the host or its network is "
                                  r"down, or the process was stopped; the job ends$")
        while any(os.path.exists(f"/proc/{pid}/exe") for pid in pids):
            self.assertLess(time.monotonic() - stopped_at, MOST_SECONDS, "ranks are left")
            time.sleep(0.1)

    def test_silence_ends_the_job_and_long_items_do_not(self):
        long_run = self.started("long", "slower", 2, 2)
        member, root = self.stopped("member", 1), self.stopped("root", 0)
        with self.subTest("a member is stopped"):
            self.check_lost(member, 1)
            self.assertFalse((self.dir / "member.npy").exists())
            self.assertFalse((self.dir / "member.npy.part").exists())
            stats = json.loads((self.dir / "member.json").read_text())
            self.assertEqual((stats["exit_code"], stats["outcome"], stats["items"]), (74, "failed", 10**9))
            self.assertIn("rank 1 on host", stats["message"])
            self.assertGreater(stats["done"], 0)
        with self.subTest("rank 0 is stopped"):
            self.check_lost(root, 0)
            self.assertFalse((self.dir / "root.npy").exists())
        with self.subTest("items take long"):
            result = finish(long_run)
            self.assertEqual(result.code, 0, str(result))
            self.assertEqual(numpy.load(self.dir / "long.npy").tolist(), [0, 1])


if __name__ == "__main__":
    main()
