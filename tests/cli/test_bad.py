# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Every bad job, alone: one clear message, the right exit code, nothing left behind."""
import unittest

import bad_jobs
from harness import Case, main


class Refused(Case):
    def check(self, bad):
        files = dict(bad.files)
        job = files.pop("job.toml", bad.job.encode())
        self.refuse(job, bad.code, *bad.needles, files=files, stdin=bad.stdin)


def add(bad):
    def test(self):
        self.check(bad)
    test.__name__ = f"test_{bad.name}_is_refused"
    setattr(Refused, test.__name__, test)


for one in bad_jobs.EVERYTHING:
    add(one)


class Table(unittest.TestCase):
    def test_every_name_is_there_once(self):
        names = [bad.name for bad in bad_jobs.EVERYTHING]
        self.assertEqual(len(names), len(set(names)))


if __name__ == "__main__":
    main()
