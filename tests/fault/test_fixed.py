# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""A kernel that crashed, fixed and tried again: --retry-failed gives the bytes of a run in which nothing had crashed.

Expected values: Python's squares.
"""
import os
import signal
import sys
import time

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from harness import Case, IS_SANITIZED, finish, lines, main, start, toml, wait_for_handler  # noqa: E402

ITEMS = 600
C_TEXT = """#include <stdint.h>
#include <time.h>
int64_t f(int64_t x)
{
    if (SLOW)
        nanosleep(&(struct timespec){.tv_nsec = 500000}, 0);
    if (CRASHES) {
        nanosleep(&(struct timespec){.tv_sec = SLOW}, 0); /* what is done is in the checkpoint then */
        *(volatile int *)(x - x) = 1;
    }
    return x * x;
}
"""
PYTHON_TEXT = """import os
def f(x):
    if CRASHES:
        os.kill(os.getpid(), 9)
    return x * x
"""


def squares():
    return [x * x for x in range(ITEMS)]


class Mended(Case):
    def kernel(self, form, crashes, is_slow=False):
        """Writes the kernel's file, as it is before it is fixed or afterwards."""
        text = C_TEXT if form == "source" else PYTHON_TEXT
        self.write("k.c" if form == "source" else "k.py", text.replace("CRASHES", crashes).replace("SLOW", str(int(is_slow))))

    def job(self, form, policy, path, mode="map", isolate=True, reduce=None, **more):
        kernel = {"source": "k.c", "function": "f", "isolate": isolate} if form == "source" else {"python": "k.py:f", "interpreter": sys.executable}
        table = {"reduce": {"path": path, **reduce}, "checkpoint": {"path": "state"}} if reduce else {"output": {"path": path}}
        fill = {"fill": -1} if policy == "fill" else {}
        self.write("job.toml", toml(mode=mode, input={"range": [0, ITEMS]}, kernel={**kernel, "signature": "(int64) -> int64"},
                                    errors={"on_error": policy, **fill}, **{**table, **more}))

    def content(self, path, mode):
        if path.endswith("npy"):
            return numpy.load(self.dir / path).tolist()
        rows = [int(row) for row in (self.dir / path).read_text().split()[1 if path.endswith("csv") else 0:]]
        return sorted(rows) if mode == "imap_unordered" else rows

    def test_items_that_crashed_are_put_where_they_belong(self):
        for form in ("source", "python"):
            for policy in ("skip", "fill"):
                for path, mode in (("o.npy", "map"), ("o.csv", "imap"), ("o.txt", "imap_unordered"))[0 if form == "source" else 2:]:
                    with self.subTest((form, policy, path)):
                        self.kernel(form, "x % 97 == 5" if form == "source" else "x in (5, 102, 599)")
                        self.job(form, policy, path, mode)
                        failed = self.run_args("job.toml")
                        self.assertEqual(failed.code, 1, str(failed))
                        self.assertRegex(failed.err, r"[37] of 600 items failed")
                        self.kernel(form, "0")
                        refused = self.run_args("--resume", "job.toml")
                        self.assertEqual(refused.code, 78, str(refused))
                        self.assertIn("kernel.content", refused.err)
                        result = self.run_args("--retry-failed", "job.toml")
                        self.assertEqual(result.code, 0, str(result))
                        self.assertIn("the kernel has changed", result.err)
                        self.assertEqual(self.content(path, mode), squares())
                        self.assertEqual([name for name in self.everything() if "checkpoint" in name or name.endswith(".part")], [])

    def test_reduction_takes_in_what_had_crashed(self):
        """All squares up to 2,047 have a bin of their own; the quantile falls on one."""
        for policy in ("skip", "fill"):
            with self.subTest(policy):
                self.kernel("source", "x % 97 == 5")
                self.job("source", policy, "r.txt", reduce={"op": ["sum", "count", "max"], "quantiles": [0.05]})
                self.assertEqual(self.run_args("-q", "job.toml").code, 1)
                crashed = [x for x in range(ITEMS) if x % 97 == 5]
                kept = [x * x for x in range(ITEMS) if x not in crashed] + [-1] * len(crashed) * (policy == "fill")
                self.assertEqual((self.dir / "r.txt").read_text(), self.reduction(kept))
                self.kernel("source", "0")
                result = self.run_args("--retry-failed", "job.toml")
                self.assertEqual(result.code, 0, str(result))
                self.assertEqual((self.dir / "r.txt").read_text(), self.reduction(squares()))

    def reduction(self, values):
        return (f"sum\t{sum(values)}\ncount\t{len(values)}\nmax\t{max(values)}\n"
                f"quantile 0.05\t{float(numpy.quantile(values, 0.05))!r}\n")

    def test_run_that_a_crash_has_ended_goes_on(self):
        for form, isolate in (("source", True), ("python", True), *([] if IS_SANITIZED else [("source", False)])):
            with self.subTest((form, isolate)):
                self.kernel(form, "x == 500", is_slow=True)
                self.job(form, "stop", "o.txt", isolate=isolate, checkpoint={"interval": "20 ms"}, pool={"chunk_size": 5, "threads": 2})
                failed = self.run_args("job.toml")
                self.assertEqual(failed.code, 1, str(failed))
                self.assertRegex(failed.err, r"item 500\b")
                self.assertFalse((self.dir / "o.txt").exists())
                self.kernel(form, "0", is_slow=True)
                result = self.run_args("--retry-failed", "job.toml")
                self.assertEqual(result.code, 0, str(result))
                self.assertRegex(result.err, r"600 items, [1-5]\d\d of them from before")
                self.assertEqual((self.dir / "o.txt").read_text(), lines(squares()))
                (self.dir / "o.txt").unlink()

    def test_retry_that_is_interrupted_changes_nothing(self):
        self.kernel("source", "x % 3 == 0")
        self.job("source", "skip", "o.txt")
        self.assertEqual(self.run_args("-q", "job.toml").code, 1)
        before = {name: (self.dir / name).read_bytes() for name in self.everything() if name.startswith("o.txt")}
        self.kernel("source", "0", is_slow=True)
        self.write("k.c", (self.dir / "k.c").read_text().replace("500000", "200000000"))
        self.assertEqual(self.run_args("-q", "--check", "job.toml").code, 0)  # compiles
        for way in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            process = start(["-q", "-t", "1", "--retry-failed", "job.toml"], cwd=self.dir)
            wait_for_handler(process, signal.SIGTERM)
            time.sleep(0.5)
            process.send_signal(way)
            self.assertEqual(finish(process).code, -9 if way == signal.SIGKILL else 75)
            now = {name: (self.dir / name).read_bytes() for name in before}
            self.assertEqual(now, before)
        self.kernel("source", "0")
        result = self.run_args("--retry-failed", "job.toml")
        self.assertEqual(result.code, 0, str(result))
        self.assertEqual((self.dir / "o.txt").read_text(), lines(squares()))
        self.assertEqual([name for name in self.everything() if name.startswith("o.txt.")], [])


if __name__ == "__main__":
    main()
