# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""CPython's own tests of concurrent.futures, unchanged, with pengine.Executor: of Debian's package libpython3.11-testsuite."""
import os
import time
import unittest
from concurrent import futures
from unittest import mock

import pengine
from pengine.executor import get_context
from test import test_concurrent_futures as theirs


class Mixin(theirs.ExecutorMixin):
    executor_type = pengine.Executor
    ctx = "spawn"

    def get_context(self):
        return get_context()

    def run(self, result=None):
        with mock.patch.object(futures, "ProcessPoolExecutor", pengine.Executor):
            return super().run(result)


class ExecutorTest(Mixin, theirs.ProcessPoolExecutorTest, theirs.BaseTestCase):
    pass


def pid_of_worker(_):
    time.sleep(0.05)
    return os.getpid()


class WaitTest(Mixin, theirs.WaitTests, theirs.BaseTestCase):
    def setUp(self):
        """The tests compare times of up to three workers: all have started before, which takes seconds on a busy machine."""
        super().setUp()
        pids = set()
        while len(pids) < 3:
            pids.update(self.executor.map(pid_of_worker, range(3)))


class AsCompletedTest(Mixin, theirs.AsCompletedTests, theirs.BaseTestCase):
    pass


class ShutdownTest(Mixin, theirs.ProcessPoolShutdownTest, theirs.BaseTestCase):
    # Both run a script that imports the class by its name from concurrent.futures.
    test_interpreter_shutdown = None
    test_submit_after_interpreter_shutdown = None


class DeadlockTest(Mixin, theirs.ExecutorDeadlockTest, theirs.BaseTestCase):
    pass
