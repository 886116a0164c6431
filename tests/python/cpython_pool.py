# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""CPython's own tests of Pool, unchanged, with pengine's: of Debian's package libpython3.11-testsuite."""
import multiprocessing
import unittest
from unittest import mock

import pengine
from test import _test_multiprocessing as theirs


class PoolTest(theirs._TestPool, theirs.ProcessesMixin, unittest.TestCase):
    Pool = staticmethod(pengine.Pool)


class ThreadPoolTest(theirs._TestPool, theirs.ThreadsMixin, unittest.TestCase):
    Pool = staticmethod(pengine.ThreadPool)


class InPlaceOfPool:
    """multiprocessing.Pool is pengine's during each test."""

    def run(self, result=None):
        with mock.patch.object(multiprocessing, "Pool", pengine.Pool):
            return super().run(result)


class WorkerErrorsTest(InPlaceOfPool, theirs._TestPoolWorkerErrors, theirs.ProcessesMixin, unittest.TestCase):
    pass


class WorkerLifetimeTest(InPlaceOfPool, theirs._TestPoolWorkerLifetime, theirs.ProcessesMixin, unittest.TestCase):
    pass


class InitializerTest(InPlaceOfPool, theirs.TestInitializers):
    test_manager_initializer = None  # has no pool
