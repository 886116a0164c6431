# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Bad jobs under two ranks: the exit code of the run alone, and the message once, from rank 0.

Design: a launch costs half a second, so only some rows of each kind are run, and more of those that fail in the middle of a run.
"""
import os
import sys

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
import bad_jobs  # noqa: E402
from harness import Case, INT64_MAX, IS_FULL, ROOT_INT64, main, squares, toml  # noqa: E402


class Refused(Case):
    def check(self, bad):
        files = dict(bad.files)
        job = files.pop("job.toml", bad.job.encode())
        self.refuse(job, bad.code, *bad.needles, files=files, stdin=bad.stdin, ranks=2)


def add(bad):
    def test(self):
        self.check(bad)
    test.__name__ = f"test_{bad.name}_is_refused_once"
    setattr(Refused, test.__name__, test)


TAKEN = bad_jobs.EVERYTHING if IS_FULL else (
    bad_jobs.SYNTAX[::16] + bad_jobs.KEYS[::40] + bad_jobs.REDUCTIONS[::28] + bad_jobs.INPUTS[::24] + bad_jobs.NPY[::24]
    + bad_jobs.RAW[::8] + bad_jobs.TEXT[::12] + bad_jobs.OUTPUTS[::12])
for one in TAKEN:
    add(one)


class Failing(Case):
    """Whichever rank an item fails on, the message names the lowest index, once, and all ranks end with 1."""

    def failing(self, item, mode, schedule, **pool):
        start = ROOT_INT64 + 1 - item
        return toml(mode=mode, input={"range": [start, start + 5000]}, kernel={"name": "square"},
                    output={"path": "out.txt"}, pool={"schedule": schedule, "chunk_size": 10, **pool})

    def test_first_failing_item_is_reported_once(self):
        ways = (("map", "static"), ("imap", "dynamic"), ("map", "dynamic"), ("imap", "static"))
        for item, two in ((0, ways[:1]), (1234, ways[1:3]), (4990, ways[3:])) if not IS_FULL else ((0, ways), (1234, ways), (4990, ways)):
            for mode, schedule in two:
                with self.subTest((item, mode, schedule)):
                    (self.dir / "out.txt").unlink(missing_ok=True)
                    result = self.run_job(self.failing(item, mode, schedule), ranks=3)
                    self.assertEqual((result.code, result.out), (1, b""), str(result))
                    message = self.message(result)
                    self.assertRegex(message, rf"item {item}\b.*{ROOT_INT64 + 1}")
                    self.assertEqual(result.err.count(message), 1)
                    self.left(mode, item)

    def left(self, mode, item):
        path = self.dir / "out.txt"
        if mode == "map":
            self.assertFalse(path.exists())
            return
        first = ROOT_INT64 + 1 - item
        got = path.read_text() if path.exists() else ""
        self.assertEqual(got, "".join(f"{x * x}\n" for x in range(first, first + item)))

    def test_imap_has_all_before_the_item_as_on_one_rank(self):
        for output in ({"path": "out.npy"}, {"path": "out.npy", "gather": "root"}, {"path": "out.raw"}):
            for schedule, chunk in (("dynamic", "auto"), ("static", 700))[:2 if IS_FULL or output["path"] == "out.npy" else 1]:
                with self.subTest((output, schedule)):
                    job = toml(mode="imap", input={"range": [ROOT_INT64 - 70_000, ROOT_INT64 + 90_000]}, kernel={"name": "square"},
                               output=output, pool={"schedule": schedule, "chunk_size": chunk, "threads": 2})
                    result = self.run_job(job, ranks=3)
                    self.assertEqual(result.code, 1, str(result))
                    self.assertIn("item 70001:", result.err)
                    path = self.dir / output["path"]
                    got = numpy.load(path) if path.suffix == ".npy" else numpy.fromfile(path, numpy.int64)
                    self.assertTrue(numpy.array_equal(got, numpy.arange(ROOT_INT64 - 70_000, ROOT_INT64 + 1) ** 2), len(got))

    def test_wrong_command_line_is_reported_once(self):
        self.write("job.toml", squares())
        for args, code in ((["--frobnicate", "job.toml"], 64), (["none.toml"], 66), ([], 64), (["-t", "x", "job.toml"], 64)):
            with self.subTest(args):
                self.check_refused(self.run_args(*args, ranks=3), code, [], ["job.toml"])

    def test_conversion_that_fails_far_down_is_reported_once(self):
        values = list(range(3000)) + [INT64_MAX + 1] + list(range(3000))
        self.refuse(toml(mode="map", input={"path": "x.csv"}, kernel={"name": "is_prime"}, output={"path": "out.txt"},
                         pool={"chunk_size": 7}), 65, r"x\.csv:3002\b", str(INT64_MAX + 1), ranks=3,
                    files={"x.csv": "x\n" + "".join(f"{v}\n" for v in values)})


if __name__ == "__main__":
    main()
