# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""A pool within the limits of a container: a small /dev/shm, little memory. Skipped where such limits cannot be set."""
import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = '''
import pengine

def text(length):
    return "x" * length

def fill(number):
    return len(b"x" * 10**9) if number == 5 else number

if __name__ == "__main__":
    with pengine.Pool(2) as pool:
        print(sum(map(len, pool.map(text, [10**5] * 200))), sum(map(len, pool.imap(text, [10**5] * 200))))
        print(sum(pool.map(abs, range(10**6))), sum(pool.map(len, ["y" * 10**5] * 100)))
        print(pool.map(pengine.expr("x*x"), [3.0] * 10**5, timeout=20)[-1])
'''
LINES = ["20000000 20000000", "499999500000 10000000", "9.0"]
LITTLE_MEMORY = '''
        try:
            pool.map(fill, range(20), 1)
        except pengine.WorkerDied as error:
            print(error)
        print(len(pool.map(fill, range(20), 1, errors="skip")))
'''
KILLED = ["item 5 (5): the worker process was killed by SIGKILL", "19"]


@contextlib.contextmanager
def group_of(megabytes):
    """A control group (version 2, else 1) whose processes may take so much memory together: its folder; None where there is none."""
    root = pathlib.Path("/sys/fs/cgroup")
    for parent, limit, swap in ((root, "memory.max", "memory.swap.max"),
                                (root / "memory", "memory.limit_in_bytes", "memory.memsw.limit_in_bytes")):
        folder = parent / f"pengine-test-{os.getpid()}"
        try:
            folder.mkdir()
        except OSError:
            continue
        try:
            if (folder / limit).exists():
                (folder / limit).write_text(str(megabytes * 10**6))
                if (folder / swap).exists():
                    (folder / swap).write_text("0" if "max" in swap else str(megabytes * 10**6))
                yield folder
                return
        finally:
            folder.rmdir()
    yield None


class Containers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.script = pathlib.Path(folder.name, "script.py")

    def run_script(self, more, shell):
        """What the script prints, started by a line of shell."""
        self.script.write_text(SCRIPT + more)
        words = ["sh", "-c", shell, "sh", sys.executable, "-W", "ignore", str(self.script)]
        ended = subprocess.run(words, capture_output=True, text=True, timeout=240)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        return ended.stdout.splitlines()

    def test_shared_memory_of_64_kb_is_enough(self):
        unshare, mount = "unshare --user --map-root-user --mount", "mount -t tmpfs -o size=64k tmpfs /dev/shm"
        if subprocess.run(f"{unshare} {mount}", shell=True, capture_output=True).returncode:
            self.skipTest("a /dev/shm of one's own needs a user namespace")
        self.assertEqual(self.run_script("", f"exec {unshare} sh -c '{mount} && exec \"$@\"' sh \"$@\""), LINES)

    def test_worker_that_needs_more_than_the_group_has_fails_its_item(self):
        with group_of(200) as group:
            if group is None:
                self.skipTest("a limit of memory needs a control group that may be made")
            self.assertEqual(self.run_script(LITTLE_MEMORY, f"echo $$ > {group}/cgroup.procs; exec \"$@\""), LINES + KILLED)


if __name__ == "__main__":
    unittest.main()
