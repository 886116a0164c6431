# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Each scenario ends as it should with pengine.Pool, and does not with multiprocessing.Pool: it hangs there, or ends otherwise."""
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

import scenarios

HERE = pathlib.Path(__file__).parent


def start(pool, name):
    return subprocess.Popen([sys.executable, "-B", "-W", "ignore", "scenarios.py", pool, name], cwd=HERE, text=True,
                            start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def end(process, seconds):
    """Its output; it is killed, with all that it started, where it takes longer. Then nobody is left to remove its locks."""
    try:
        return process.communicate(timeout=seconds)[0]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        text = process.communicate()[0]
        for lock in pathlib.Path("/dev/shm").glob(f"sem.scenario-{process.pid}-*"):
            lock.unlink(missing_ok=True)
        return text + "\nhangs"


class Better(unittest.TestCase):
    def test_pengine_ends_as_it_should(self):
        for name in scenarios.NAMES:
            with self.subTest(name):
                self.assertEqual(end(start("pengine", name), 120), "as it should be\n")

    def test_multiprocessing_does_not(self):
        running = {name: start("multiprocessing", name) for name in scenarios.NAMES}
        until = time.monotonic() + 2.5
        for name, process in running.items():
            with self.subTest(name):
                self.assertNotIn("as it should be", end(process, max(until - time.monotonic(), 0.01)))


if __name__ == "__main__":
    unittest.main()
