# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""pengine.Pool: what goes through it, where functions come from, what it leaves behind."""
import contextlib
import gc
import importlib.util
import io
import multiprocessing.pool
import os
import pty
import resource
import signal
import subprocess
import sys
import tempfile
import termios
import textwrap
import threading
import time
import unittest
import unittest.mock
import warnings

import numpy

import pengine
from pengine import _core, _frames, _manager, _progress

OFFSET = 0
QUEUE = None


def identity(x):
    return x


def below_five_million(x):
    if x == 5 * 10**6:
        raise ValueError("too large")
    return x


def who(_):
    parent = multiprocessing.parent_process()
    return multiprocessing.current_process()._identity, parent.pid, parent.is_alive()


def kill_self(number):
    os.kill(os.getpid(), number)


def add(x, y):
    return x + y


def set_offset(value):
    global OFFSET
    OFFSET = value


def shifted(x):
    return x + OFFSET


def set_queue(queue):
    global QUEUE
    QUEUE = queue


def put(x):
    QUEUE.put(x)


def wait_for(path):
    while path is not None and not os.path.exists(path):
        time.sleep(0.01)
    return path


def sleep(seconds):
    time.sleep(seconds)
    return seconds


def seen_environment(_):
    return sorted(name for name in os.environ if name.startswith(("OMPI_", "PMIX_", "PMI_", "SLURM_STEP")))


def fail_odd(x):
    if x % 2:
        raise ValueError(f"odd: {x}")
    return x


def fail_until(path):
    with open(path, "a") as file:
        file.write("x")
    if os.path.getsize(path) < 3:
        raise OSError("not yet")
    return os.path.getsize(path)


class Unsendable:
    """Can neither be pickled nor show itself."""

    def __reduce__(self):
        raise OSError("not to be sent")

    def __repr__(self):
        raise OSError("not to be shown")


class Unreadable:
    def __reduce__(self):
        return int, ("x",)


def fork_and_return(x):
    os.fork()
    return x


def unsendable(x):
    return Unsendable()


def unreadable(x):
    return Unreadable()


def stop(x):
    raise StopIteration(x)


def nested(x):
    with pengine.Pool(1) as pool:
        return pool.map(lambda y: identity(y) + 1, [x])


class Point:
    def __init__(self, x):
        self.x = x

    def __eq__(self, other):
        return type(self) is type(other) and self.x == other.x


def script(text, *args, **more):
    """Run a program from a pipe, as `python3 - <<EOF`; its stdout."""
    done = subprocess.run([sys.executable, "-B", *args], input=textwrap.dedent(text), capture_output=True, text=True, timeout=240, **more)
    return done.stdout, done.stderr


def lives(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().split()[2] != "Z"
    except OSError:
        return False


def gone(pids):
    """Whether none of the processes lives, a minute given."""
    for _ in range(6000):
        if not any(map(lives, pids)):
            return True
        time.sleep(0.01)
    return False


class Values(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.pool = pengine.Pool(2)

    @classmethod
    def tearDownClass(cls):
        cls.pool.terminate()
        cls.pool.join()

    def test_items_come_back_as_they_were(self):
        for items in ([1, -(2**63), 2**63 - 1], [2**63, 1], [0.5, float("inf")], [1, 2.5], ["", "ä\0z", "\ud800"], ["a", "ü" * 999],
                      [b"", b"\0x"], [True, False], [True, 1], [None] * 3, [(1, "a"), (2, "b")], [(1, 2), (3,)], [()], [((1, 2.0), b"x")],
                      [{"a": [1]}, {}], [{"a": i, "ü": (i / 2, {"b": str(i), "c": None})} for i in range(9)], [{"a": 1}, {"b": 1}], [{"a": 1}, {1: 1}],
                      [{"a": 1}, {"a": None}], [{"a": 1, "b": 2}, {"b": 1, "a": 2}], [{f"{i}": i for i in range(99)}] * 2, [{"\ud800": 1}] * 2,
                      [Point(3), Point(4)], [numpy.float32(1.5), numpy.float32(2)], [numpy.int8(1), 2],
                      [bytearray(b"x")], (5, 6), range(10**6, 10**6 + 9, 4), range(2**70, 2**70 + 2), "text", {1: 2}):
            got = self.pool.map(identity, items)
            self.assertEqual(got, list(items))
            self.assertEqual([(type(x), list(x) if type(x) is dict else 0) for x in got], [(type(x), list(x) if type(x) is dict else 0) for x in items])
            self.assertEqual(list(self.pool.imap(identity, iter(items), 2)), list(items))

    def test_iterables_without_a_length(self):
        numbers = range(10_000)
        pairs = [(i, i / 4) for i in numbers]
        for items in (list(numbers), [i / 2 for i in numbers], [*numbers[:9000], 2**80], [*numbers[:9000], "x", None], [*numbers[:5000], 0.5, 1],
                      pairs, [*pairs[:9000], (1, 2)], [*pairs[:9000], (1, 2.0, 3)], [*pairs[:9000], [1, 2.0]], [(i,) for i in numbers],
                      [("a", i) for i in numbers], [((i, i), i) for i in numbers], [()] * 5000, [True] * 5000, pairs[:4096], pairs[:4097],
                      [*numbers[:4096], *(i / 2 for i in numbers)], [*numbers[:4096], *pairs], [*pairs, *[(1, 2)] * 4096],
                      [*numbers, True], [*numbers, None], [*numbers, 2**70], [*pairs, ()], [*pairs, (1, 2**64)], [*pairs, [1, 2]]):
            got = self.pool.map(identity, iter(items))
            self.assertTrue(got == items, items[:1] + items[-1:])  # not assertEqual: it takes minutes to show the difference
            self.assertEqual({type(x) for x in got}, {type(x) for x in items})
        self.assertEqual(self.pool.starmap(add, iter(pairs), 7), [a + b for a, b in pairs])
        self.assertEqual(self.pool.starmap(add, ([i, 1] for i in numbers)), [i + 1 for i in numbers])
        with self.assertRaisesRegex(ValueError, "odd: 7001") as caught:
            self.pool.map(fail_odd, (2 * i if i < 7000 else i for i in numbers))
        self.assertEqual(caught.exception.__notes__, ["pengine: item 7001 (7001)"])
        with self.assertRaisesRegex(ZeroDivisionError, "division"):
            self.pool.map(identity, (1 // (9000 - i) for i in numbers))

    def test_arrays_come_back_as_their_rows(self):
        for array in (numpy.arange(5.0), numpy.arange(6, dtype=">i2").reshape(3, 2), numpy.array(["a", "bc"]), numpy.zeros((2, 2, 0)),
                      numpy.array([1, "x"], dtype=object), numpy.arange(10)[::3], numpy.array([(1, 2.0)], dtype="i4,f8")):
            got = self.pool.map(identity, array)
            self.assertEqual([type(x) for x in got], [type(x) for x in array])
            for one, other in zip(got, array):
                numpy.testing.assert_array_equal(one, other)
        self.assertTrue(self.pool.map(identity, numpy.zeros((1, 3)))[0].flags.writeable)
        self.assertTrue(self.pool.map(identity, [numpy.zeros((3, 2), order="F")] * 2)[1].flags.f_contiguous)

    def test_functions_of_main_lambdas_and_closures(self):
        factor = 3
        self.assertEqual(self.pool.map(lambda x: factor * x, range(4)), [0, 3, 6, 9])
        self.assertEqual(self.pool.starmap(add, zip("ab", "cd")), ["ac", "bd"])
        self.assertEqual(self.pool.starmap(add, [[1, 2], (3, 4)]), [3, 7])
        self.assertEqual(self.pool.apply(lambda *a, **k: (a, k), (1,), {"b": 2}), ((1,), {"b": 2}))
        self.assertEqual(sorted(self.pool.istarmap_unordered(add, ((i, i) for i in range(99)))), list(range(0, 198, 2)))
        self.assertEqual(self.pool.map("{:>3}".format, [1, 2]), ["  1", "  2"])
        self.assertRaisesRegex(TypeError, "'NoneType' object is not callable", self.pool.map, None, [1])

    def test_errors_are_named_skipped_or_returned(self):
        with self.assertRaisesRegex(ValueError, "odd: 1") as caught:
            self.pool.map(fail_odd, range(10))
        self.assertEqual(caught.exception.__notes__, ["pengine: item 1 (1)"])
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            self.assertEqual(self.pool.map(fail_odd, range(10), errors="skip"), [0, 2, 4, 6, 8])
        self.assertIn("5 items were left out", str(told[0].message))
        self.assertEqual([str(error) for error in self.pool.failures], [f"odd: {i}" for i in (1, 3, 5, 7, 9)])
        returned = self.pool.map(fail_odd, range(3), errors="return")
        self.assertEqual([repr(x) for x in returned], ["0", "ValueError('odd: 1')", "2"])
        results = self.pool.imap(fail_odd, range(5), errors="skip")
        self.assertEqual((list(results), len(results.failures)), ([0, 2, 4], 2))
        results = self.pool.imap(fail_odd, range(3))
        self.assertEqual(next(results), 0)
        self.assertRaises(ValueError, next, results)
        self.assertEqual(list(results), [2])
        with self.assertRaisesRegex(ValueError, "errors: expected 'raise', 'skip' or 'return', got 'ignore'"):
            self.pool.map(fail_odd, [], errors="ignore")

    def test_what_cannot_be_pickled_costs_itself_alone(self):
        items = [*range(30), Unsendable(), *range(30)]
        for call in (self.pool.map, self.pool.imap):
            results = call(identity, items, 20, errors="return")
            kept = [x for x in results if not isinstance(x, Exception)]
            failed = self.pool.failures if call == self.pool.map else results.failures
            self.assertEqual((kept, [repr(one) for one in failed]), ([*range(30), *range(30)], ["OSError('not to be sent')"]))
            self.assertEqual([note.split(" (")[0] for note in failed[0].__notes__], ["pengine: item 30"])
        with self.assertRaisesRegex(multiprocessing.pool.MaybeEncodingError, "<Unsendable object>"):
            self.pool.map(unsendable, [1])
        for use in (lambda: self.pool.map(unreadable, [1]), lambda: list(self.pool.imap(unreadable, [1]))):
            with self.assertRaisesRegex(ValueError, "base 10: 'x'") as caught:
                use()
            self.assertIn("items 0 to 0 were pickled, and cannot be unpickled here", caught.exception.__notes__[0])

    def test_stop_iteration_of_the_function_ends_no_iterator(self):
        with self.assertRaisesRegex(RuntimeError, "the function raised StopIteration") as caught:
            list(self.pool.imap(stop, [1]))
        self.assertEqual(caught.exception.__notes__, ["pengine: item 0 (1)"])
        self.assertRaises(StopIteration, self.pool.map, stop, [1])

    def test_a_worker_has_pools_of_its_own(self):
        self.assertEqual(self.pool.map(nested, [1, 2]), [[2], [3]])
        if importlib.util.find_spec("cloudpickle") is not None:
            text = """
                import pengine
                def inner(x): return x + 1
                def outer(x):
                    with pengine.Pool(1) as pool: return pool.map(inner, [x])
                with pengine.Pool(1) as pool: print(pool.map(outer, [1, 2]))
            """
            self.assertEqual(script(text)[0], "[[2], [3]]\n")

    def test_wrong_calls_are_refused(self):
        for wrong, kind, message in (
            (lambda: self.pool.map(identity, [1], 0), ValueError, "Chunksize must be 1+, not 0"),
            (lambda: self.pool.map(identity, [1], 1.5), TypeError, "Chunksize must be an integer of 1 or more, not 1.5"),
            (lambda: self.pool.imap(identity, [1], "a"), TypeError, "Chunksize must be an integer of 1 or more, not 'a'"),
            (lambda: self.pool.map(identity, [1], timeout="a"), ValueError, "timeout: expected seconds above 0 or None, got 'a'"),
            (lambda: pengine.Pool(1.5), TypeError, "processes must be an integer of 1 or more, not 1.5"),
            (lambda: pengine.Pool(1, identity, 3), TypeError, "initargs must be a tuple of arguments, not 3"),
        ):
            with self.assertRaises(kind) as caught:
                wrong()
            self.assertEqual(str(caught.exception), message)

    def test_failed_call_is_tried_again(self):
        path = f"/tmp/pengine-retries-{os.getpid()}"
        try:
            self.assertEqual(self.pool.map(fail_until, [path], retries=2), [3])
            os.unlink(path)
            self.assertRaises(OSError, self.pool.map, fail_until, [path], retries=1)
            os.unlink(path)
            self.assertEqual(self.pool.apply(fail_until, (path,), retries=2), 3)
        finally:
            os.unlink(path)

    def test_a_callback_cannot_wait_for_its_pool(self):
        told = []

        def call(value):
            for use in (self.pool.map, lambda *args: next(self.pool.imap(*args))):
                try:
                    use(identity, [value])
                except RuntimeError as error:
                    told.append(str(error))

        self.assertEqual(self.pool.map_async(identity, [1], callback=call).get(10), [1])
        self.assertEqual([text.split(",")[0] for text in told], ["a callback cannot wait for a result of its own pool"] * 2)

    def test_next_has_a_timeout(self):
        results = self.pool.imap(sleep, [2])
        self.assertRaises(multiprocessing.TimeoutError, results.next, 0.05)
        self.assertEqual(results.next(60), 2)

    def test_chunks_do_not_wait_for_a_slow_item(self):
        with tempfile.TemporaryDirectory() as folder:
            gate = os.path.join(folder, "gate")
            results = self.pool.imap_unordered(wait_for, [None] * 40 + [gate] + [None] * 200)
            quick = [results.next(60) for _ in range(220)]
            os.mkdir(gate)
            self.assertEqual((quick, sorted(results, key=str)), ([None] * 220, [gate] + [None] * 20))

    def test_calls_from_threads(self):
        wrong = []

        def use(number):
            for _ in range(20):
                if self.pool.map(identity, range(number)) != list(range(number)):
                    wrong.append(number)

        threads = [threading.Thread(target=use, args=(number,)) for number in (3, 30, 300)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_ten_thousand_maps_leave_nothing(self):
        def count():
            with open("/proc/self/statm") as file:
                pages = int(file.read().split()[1])
            return pages * 4096, len(os.listdir("/proc/self/fd")), threading.active_count(), [w.pid for w in self.pool._pool]

        squares, array = pengine.expr("x*x"), numpy.arange(1000)

        def use(number):
            if number % 2:
                self.pool.map(squares, array)
            else:
                self.pool.map(identity, range(10 if number % 100 else 1000))
            if number % 100 == 0:
                self.assertEqual(sum(self.pool.imap(identity, iter(range(100)))), 4950)
                self.assertEqual(sum(self.pool.imap(squares, range(3))), 5)

        for number in range(2000):  # malloc's arenas have the size that they keep
            use(number)
        before = count()
        for number in range(10_000):
            use(number)
        until = time.monotonic() + 60
        while (after := count())[1:] != before[1:] and time.monotonic() < until:  # threads and descriptors of the last call
            time.sleep(0.05)
        if not os.environ.get("PENGINE_SANITIZED"):  # sanitizers keep what was freed
            self.assertLess(after[0] - before[0], 2**23)
        self.assertEqual(after[1:], before[1:])


    def test_the_memory_of_many_results_is_given_back(self):
        def count():
            with open("/proc/self/statm") as file:
                return int(file.read().split()[0]) * 4096

        for _ in range(2):  # the first makes threads and arenas that stay
            before = count()
            got = self.pool.map(identity, range(10**6, 3 * 10**6))
            self.assertTrue(got == list(range(10**6, 3 * 10**6)))
            self.assertGreater(count() - before, 5 * 10**7)
            del got
        if not os.environ.get("PENGINE_SANITIZED"):
            self.assertLess(count() - before, 2**23)

    def test_list_of_many_results_is_seen_once_it_is_whole(self):
        count = 5 * 10**6  # its places need more than 32 MiB
        result = self.pool.map_async(identity, range(count))
        while not result.ready():
            self.assertFalse(any(type(item) is list and len(item) == count for item in gc.get_objects()) and not result.ready())
            time.sleep(0.05)
        self.assertTrue(gc.is_tracked(result.get()))
        self.assertTrue(result.get() == list(range(count)))

    def test_list_of_many_results_is_freed_where_a_call_fails(self):
        def resident():
            with open("/proc/self/statm") as file:
                return int(file.read().split()[1]) * 4096

        for _ in range(2):
            before = resident()
            with self.assertRaisesRegex(ValueError, "too large"):
                self.pool.map(below_five_million, range(5 * 10**6 + 1))
        if not os.environ.get("PENGINE_SANITIZED"):
            self.assertLess(resident() - before, 2**24)

    def test_list_of_many_results_with_each_allocator(self):
        code = ("import pengine\n"
                "with pengine.Pool(2) as pool: print(sum(pool.map(bool, range(4_300_000))), len(pool.map(str, range(10))))\n")
        for allocator in ("malloc", "debug"):
            with self.subTest(allocator):
                environment = {**os.environ, "PYTHONMALLOC": allocator}
                out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
                self.assertEqual((out.stdout, out.stderr), ("4299999 10\n", ""))

    def test_column_that_does_not_fit_its_places_is_refused(self):
        column = memoryview(_core.encode([1, 2, 3]))
        for first, count in ((0, 2), (0, 4), (2, 3), (-1, 3), (5, 3), (0, -3), (2**63 - 1, 3)):
            with self.assertRaisesRegex(ValueError, "a column of 3 items for"):
                _core.decode(column, [None] * 4, first, count)
        self.assertEqual(_core.decode(column, [None] * 4, 1, 3), [None, 1, 2, 3])
        with self.assertRaisesRegex(ValueError, "0 or more, got -1"):
            _core.unset_list(-1)


class Workers(unittest.TestCase):
    def test_long_items_in_a_place_and_beside_it(self):
        """A chunk's place of shared memory is used again and again, also while results of imap wait for their reader."""
        head = 18  # of a message with one item of bytes
        texts = [bytes([i]) * (size + i % 3 - 1 - head) for i, size in enumerate([_frames.LONG] * 9 + [_frames.PLACE_BYTES] * 6)]
        with pengine.Pool(1) as pool:
            self.assertTrue(pool.map(identity, texts, 1) == texts)
            self.assertTrue(pool.map(identity, texts) == texts)
            texts = [bytes([i]) * 10**5 for i in range(60)]
            results = pool.imap(identity, texts)
            pool.close()
            pool.join()
            self.assertTrue(list(results) == texts)

    def test_a_limit_of_files_does_not_matter(self):
        """It is one of the shared memory's size as well."""
        limit, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2**17, most))
        try:
            with pengine.Pool(2) as pool:
                self.assertEqual(pool.map(bytes, [10**5, 10**6]), [bytes(10**5), bytes(10**6)])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, most))

    def test_pools_leave_no_descriptor(self):
        def count():
            gc.collect()
            return len(os.listdir("/proc/self/fd")), threading.active_count()

        before = count()
        for number in range(4):
            with pengine.Pool(1) as pool:
                self.assertEqual(list(pool.imap(identity, iter(range(3)))), [0, 1, 2])
                pool.close() if number % 2 else pool.terminate()
                pool.join()
        del pool
        self.assertEqual(count(), before)

    def test_workers_end_without_a_warning(self):
        text = "import pengine\npool = pengine.Pool(1)\npool.map(abs, [1])\npool.close()\npool.join()"
        self.assertEqual(script("", "-W", "always", "-c", text)[1], "")

    def test_child_of_fork_keeps_its_files_where_the_pool_has_ended(self):
        with pengine.Pool(1) as pool:
            pool.terminate()
            pool.join()
            files = [open(os.devnull) for _ in range(12)]  # they get the numbers of the pool's descriptors
            child = os.fork()
            if child == 0:
                os._exit(sum(not os.path.exists(f"/proc/self/fd/{file.fileno()}") for file in files))
            self.assertEqual(os.waitpid(child, 0)[1], 0)
            for file in files:
                file.close()

    def test_initializer_sets_a_global(self):
        with pengine.Pool(2, set_offset, (100,)) as pool:
            self.assertEqual(pool.map(shifted, range(3)), [100, 101, 102])
        self.assertEqual(OFFSET, 0)

    def test_workers_know_who_they_are(self):
        """As those of multiprocessing.Pool; by _identity programs choose a GPU."""
        for kind in (pengine.Pool, multiprocessing.Pool):
            with kind(1) as pool:
                (number, parent, is_alive), = pool.map(who, [0])
                self.assertEqual((len(number), parent, is_alive), (1, os.getpid(), True))
                self.assertIn(str(number[0]), pool._pool[0].name)

    def test_an_initializer_that_dies_is_named(self):
        for number, end in ((signal.SIGABRT, "was killed by SIGABRT"), (signal.SIGKILL, "was killed by SIGKILL")):
            with pengine.Pool(1, kill_self, (number,)) as pool:
                with self.assertRaisesRegex(RuntimeError, f"^a worker process could not start: the worker process {end} "
                                                          "in its initializer kill_self$"):
                    pool.map(identity, range(3))

    def test_a_worker_that_does_not_begin_is_replaced(self):
        with unittest.mock.patch.object(_manager, "BEGIN_SECONDS", 3), pengine.Pool(1, timeout=1, errors="return") as pool:
            pool.map(identity, range(3))
            os.kill(pool._pool[0].pid, signal.SIGSTOP)
            first, *others = pool.map(identity, range(3))
            self.assertEqual((str(first), others), ("item 0 (0): its worker process did not begin it within 4 s", [1, 2]))

    def test_a_lack_of_descriptors_is_reported(self):
        """When a pool opens, and when a worker has to be replaced."""
        out, err = script("""
            import os, resource, signal, pengine
            def try_to(call):
                try:
                    call()
                except Exception as error:
                    print(type(error).__name__, error)
            def kill(x):
                if x == 3: os.kill(os.getpid(), signal.SIGKILL)
            with pengine.Pool(1) as pool:
                pool.map(kill, range(3))
                used = len(os.listdir("/proc/self/fd")) - 1
                for more in (5, 1):
                    resource.setrlimit(resource.RLIMIT_NOFILE, (used + more, 1000))
                    try_to(lambda: pengine.Pool(1))
                try_to(lambda: pool.map(kill, range(9), errors="skip"))
                try_to(lambda: pool.map(abs, range(9)))
        """)
        lines = out.splitlines()
        self.assertEqual(lines[2:], ["RuntimeError a worker process cannot start: [Errno 24] Too many open files"] * 2, (out, err))
        self.assertTrue(all(line.startswith("OSError [Errno 24] Too many open files") for line in lines[:2]), out)
        self.assertEqual(err, "")

    def test_a_removed_folder_is_reported(self):
        out, _ = script("""
            import os, tempfile, pengine
            folder = tempfile.mkdtemp()
            os.chdir(folder)
            os.rmdir(folder)
            for kind in (pengine.Pool, lambda n: pengine.Executor(n).submit(abs, 1)):
                try:
                    kind(1)
                except RuntimeError as error:
                    print(error)
        """)
        self.assertEqual(out, "a worker process cannot start: the current folder was removed\n" * 2)

    def test_locks_and_queues_of_its_context(self):
        from pengine.executor import get_context

        queue = get_context().Queue()
        with pengine.Pool(2, set_queue, (queue,)) as pool:
            pool.map(put, range(5))
            self.assertEqual(sorted(queue.get(timeout=60) for _ in range(5)), list(range(5)))

    def test_a_lock_made_before_the_import_is_refused(self):
        out, err = script("""
            import multiprocessing
            lock, queue = multiprocessing.Lock(), multiprocessing.Queue()
            import pengine
            def use(x): return lock
            for call in (lambda: pengine.Pool(1, print, ({"it": lock},)), lambda: pengine.Pool(1, lambda it: None, (queue,)),
                         lambda: pengine.Pool(1).map(use, [1])):
                try:
                    call()
                except RuntimeError as error:
                    print(type(error).__name__, error)
        """)
        self.assertEqual(out, "RuntimeError a lock or queue that was made before pengine was imported cannot go to a new process: import pengine "
                              "first, or make it by multiprocessing.get_context('spawn')\n" * 3, err)

    def test_locks_values_and_queues_of_a_script(self):
        """As globals, in closures and in initargs, with workers that are replaced; a count without the lock would be too small."""
        out, err = script("""
            import multiprocessing, pengine, time
            lock, total, queue = multiprocessing.Lock(), multiprocessing.Value("i", 0), multiprocessing.Queue()
            sums, pipe, event = multiprocessing.Array("d", 2), multiprocessing.SimpleQueue(), multiprocessing.Event()
            condition, slots = multiprocessing.Condition(), multiprocessing.BoundedSemaphore(1)
            def add(lock, total):
                with lock:
                    seen = total.value
                    time.sleep(0.001)
                    total.value = seen + 1
            def work(x):
                add(lock, total)
                with sums.get_lock():
                    sums[x % 2] += x
                queue.put(x)
                pipe.put(-x)
                with condition, slots:
                    condition.notify_all()
                return event.is_set()
            def keep(*given):
                global kept
                kept = given
            event.set()
            with pengine.Pool(2, maxtasksperchild=10) as pool:
                print(set(pool.map(work, range(60), 5)), total.value, list(sums))
                print(sum(queue.get(timeout=60) for _ in range(60)), sum(pipe.get() for _ in range(60)))
            inner = multiprocessing.Value("i", 0)
            def closure(lock, total):
                return lambda x: add(lock, total)
            with pengine.Pool(2, keep, (lock, inner)) as pool:
                pool.map(lambda x: add(*kept), range(20), 1)
                pool.map(closure(multiprocessing.RLock(), inner), range(20), 1)
            with pengine.Executor(2, initializer=keep, initargs=(lock, inner)) as executor:
                list(executor.map(lambda x: add(*kept), range(20)))
                list(executor.map(closure(lock, inner), range(20)))
            print(inner.value)
        """)
        self.assertEqual(out, "{True} 60 [870.0, 900.0]\n1770 -1770\n80\n", err)

    def test_what_is_shared_is_of_the_caller_as_it_was(self):
        """A value that is gone is not taken for another file that has its number now."""
        from pengine import _shared

        with tempfile.TemporaryFile() as file, tempfile.TemporaryFile() as other:
            sent = _shared.Descriptor(file.fileno())
            os.write(file.fileno(), b"seen")
            fd = sent.detach()
            self.assertEqual(os.pread(fd, 9, 0), b"seen")
            os.close(fd)
            os.dup2(other.fileno(), file.fileno())
            with self.assertRaisesRegex(RuntimeError, "is gone from the process that sent it"):
                sent.detach()

    def test_classes_and_caches_of_a_script(self):
        """What a fork takes along as it is, and cloudpickle by itself does not."""
        out, err = script("""
            import abc, collections, dataclasses, functools, pickle, typing, pengine
            class Base(abc.ABC): pass
            class Derived(Base):
                @functools.cached_property
                def half(self): return self.x / 2
                def __init__(self, x): self.x = x
            class Plain: pass
            class Sub(Plain): pass
            class Pair(typing.NamedTuple):
                a: int
                b: int = 2
            Size = collections.namedtuple("Size", "x y")
            @dataclasses.dataclass(frozen=True, slots=True)
            class Point:
                x: int
            @dataclasses.dataclass
            class Named:
                name: str
                kind: typing.ClassVar[int] = 1
                parts: list = dataclasses.field(default_factory=list)
            @functools.cache
            def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
            def add(x): return fib(x) + 1
            @functools.singledispatch
            def kind(x): return "object"
            @kind.register
            def _(x: int): return "int"
            kind("")
            def make(x):
                return Derived(x), Sub(), Pair(x), Point(x), Named("n")
            def fields(item):
                named = Named("m")
                return dataclasses.asdict(item), [f.name for f in dataclasses.fields(Named)], dataclasses.replace(named, name="o").name
            with pengine.Pool(2) as pool:
                (derived, sub, pair, point, named), = pool.map(make, [3])
                print(type(derived) is Derived, derived.half, type(sub) is Sub, pair == Pair(3), point == Point(3), named == Named("n"))
                print(pool.map(fields, [named]), pool.map(lambda d: d.half, [derived]))
                print(pool.map(kind, [1, ""]), pool.map(lambda x: kind(x), [1, ""]))
                print(pool.map(fib, [10, 80]), pool.map(add, [80]), fib.cache_info().misses)
                moved = pool.map(lambda p: p._replace(**{p._fields[0]: 9}), [Pair(1), Size(1, 2)])
                print(moved, type(moved[0]) is Pair, type(moved[1]) is Size)
                print([pickle.loads(x) for x in pool.map(lambda p: pickle.dumps(p), [Pair(1), Size(1, 2), point])])
                former, Size = Size, collections.namedtuple("Size", "x y z")
                sizes = pool.map(lambda p: p, [former(1, 2), Size(3, 4, 5), former(6, 7)], 1)
                print([type(size) is kind for size, kind in zip(sizes, (former, Size, former))], sizes)
        """)
        self.assertEqual(out, "True 1.5 True True True True\n"
                              "[({'name': 'n', 'parts': []}, ['name', 'parts'], 'o')] [1.5]\n"
                              "['int', 'object'] ['int', 'object']\n"
                              "[55, 23416728348467685] [23416728348467686] 0\n"
                              "[Pair(a=9, b=2), Size(x=9, y=2)] True True\n"
                              "[Pair(a=1, b=2), Size(x=1, y=2), Point(x=3)]\n"
                              "[True, True, True] [Size(x=1, y=2), Size(x=3, y=4, z=5), Size(x=6, y=7)]\n", err)

    def test_globals_of_a_script_are_the_same_in_all_workers(self):
        """Also in one that had nothing to do before they changed, and in one that is started later."""
        out, err = script("""
            import os, signal, time, pengine
            N, M = 1, open("/dev/null")
            def f(x):
                time.sleep(0.01)
                return N, os.getpid()
            def g(x): return N, M
            with pengine.Pool(2) as pool:
                seen = {pool.apply(f, (0,))}
                N = 2
                while len(seen) < 2: seen |= set(pool.map(f, range(8), 1))
                os.kill(min(seen)[1], signal.SIGKILL)
                while len(seen) < 3: seen |= set(pool.map(f, range(8), 1, errors="skip"))
                try: pool.map(g, [1])
                except TypeError: M = 5
                print({n for n, _ in seen}, pool.map(g, [1]))
            with pengine.Pool(1) as pool: print(pool.map(g, [1]))
        """, "-W", "ignore", "-")
        self.assertEqual(out, "{1} [(1, 5)]\n[(2, 5)]\n", err)

    def test_values_of_a_script_that_are_pickled_by_name(self):
        """As singletons are; each stays the one that it is, there and back."""
        out, err = script("""
            import pengine
            class Flag:
                def __init__(self, name): self.name = name
                def __reduce__(self): return self.name
            class Point:
                def __init__(self, x): self.x = x
                def __reduce__(self): return Point, (self.x,)
            RED, GREEN = Flag("RED"), Flag("GREEN")
            with pengine.Pool(1) as pool:
                print(pool.map(lambda f: (f.name, f is RED), [RED, GREEN, RED]), pool.map(lambda f: f, [GREEN])[0] is GREEN)
                print(pool.map(lambda x: RED, [1])[0] is RED, pool.map(lambda p: p.x, [Point(3)]))
        """)
        self.assertEqual(out, "[('RED', True), ('GREEN', False), ('RED', True)] True\nTrue [3]\n", err)

    def test_files_and_views_are_not_sent_as_something_else(self):
        """The error is that of multiprocessing."""
        out, err = script("""
            import multiprocessing.pool, sys, pengine
            out = sys.stdout
            with pengine.Pool(1) as pool:
                for call in (lambda: pool.map(lambda x: open("/dev/null"), [1]), lambda: pool.map(lambda x: memoryview(b"a"), [1]),
                             lambda: pool.map(lambda x: x, [open("/dev/null")])):
                    try: print(call())
                    except (multiprocessing.pool.MaybeEncodingError, TypeError) as error: print(type(error).__name__, error)
                print(pool.map(lambda x: out is sys.stdout, [1]))
        """)
        self.assertRegex(out, "^MaybeEncodingError .*cannot pickle '_io.TextIOWrapper'.*\nMaybeEncodingError .*cannot pickle memoryview.*\n"
                              "TypeError cannot pickle '_io.TextIOWrapper' object\n.True.\n$", err)

    def test_a_global_that_cannot_go_along_is_named(self):
        out, err = script("""
            import multiprocessing, threading, pengine
            first, second = multiprocessing.Pipe()
            lock, base = threading.Lock(), 3
            def give(x):
                first.send(x + base)
            def work(x):
                with lock:
                    return x + base
            with pengine.Pool(1) as pool:
                for function in (give, work):
                    try:
                        pool.map(function, [1])
                    except (RuntimeError, TypeError) as error:
                        print(error, *error.__notes__, sep="; ")
        """)
        self.assertEqual(out.count("pengine:"), 2, err)
        self.assertIn("in initargs= alone; pengine: give uses the global first, which cannot go to another process: let initializer=", out)
        self.assertIn("pengine: work uses the global lock, which", out)

    def test_settings_of_a_script(self):
        out, err = script("""
            import logging, sys, warnings, pengine
            class Marked(logging.Formatter):
                def format(self, record): return "> " + super().format(record)
            logging.basicConfig(level=logging.INFO, stream=sys.stdout)
            logging.root.handlers[0].setFormatter(Marked("%(name)s %(message)s"))
            logging.getLogger("loud").setLevel(logging.DEBUG)
            warnings.filterwarnings("ignore", message="known")
            sys.setrecursionlimit(5000)
            def work(x):
                logging.info("item %d", x)
                logging.debug("hidden")
                logging.getLogger("loud").debug("shown")
                warnings.warn("known")
                warnings.warn("new")
                return sys.getrecursionlimit()
            with pengine.Pool(1) as pool:
                print(pool.map(work, [3]))
        """)
        self.assertEqual(out, "> root item 3\n> loud shown\n[5000]\n", err)
        self.assertIn("UserWarning: new", err)
        self.assertNotIn("known", err)

    def test_a_child_of_the_function_that_returns_sends_nothing(self):
        with pengine.Pool(2) as pool:
            for _ in range(5):
                self.assertEqual(pool.map_async(fork_and_return, range(4), 1).get(10), list(range(4)))
                self.assertEqual(pool.apply_async(fork_and_return, (5,)).get(10), 5)

    def test_launcher_is_not_seen(self):
        os.environ.update(OMPI_COMM_WORLD_RANK="0", PMIX_RANK="0", PMI_RANK="0", SLURM_STEP_ID="1")
        try:
            with pengine.Pool(1) as pool:
                self.assertEqual(pool.map(seen_environment, [0]), [[]])
        finally:
            for name in ("OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_STEP_ID"):
                del os.environ[name]

    def test_script_without_a_guard(self):
        text = """
            import pengine
            base = 10
            class Item:
                def __init__(self, x): self.x = x
            def f(item): return Item(item.x + base)
            pool = pengine.Pool(2)
            print([i.x for i in pool.map(f, [Item(1), Item(2)])], isinstance(pool.apply(f, (Item(0),)), Item))
            pool.close(); pool.join()
        """
        self.assertEqual(script(text, "-"), ("[11, 12] True\n", ""))

    def test_missing_guard_without_cloudpickle_raises_at_once(self):
        text = """
            import sys
            sys.modules["cloudpickle"] = None
            import pengine
            def f(x): return x + 1
            def main():
                with pengine.Pool(1) as pool:
                    print(pool.map(f, [1, 2]))
            %s
        """
        path = f"/tmp/pengine_guard_{os.getpid()}.py"
        try:
            for guard, expected in (("if __name__ == '__main__': main()", "[2, 3]\n"), ("main()", "")):
                with open(path, "w") as file:
                    file.write(textwrap.dedent(text % guard))
                out, err = script("", path)
                self.assertEqual(out, expected)
                self.assertEqual("needs the guard" in err, not expected, err)
        finally:
            os.unlink(path)

    POOL = """
        import os, sys, time, pengine
        with pengine.Pool(2) as pool:
            print(*[w.pid for w in pool._pool], flush=True)
            pool.map(time.sleep, [1000] * 4)
    """
    EXECUTOR = """
        import os, time, pengine
        with pengine.Executor(2) as executor:
            waiting = [executor.submit(time.sleep, 1000), executor.submit(os.getpid)]
            waiting[1].result()
            print(*executor._processes, flush=True)
            waiting[0].result()
    """

    STARTING = """
        import time, pengine
        with pengine.Executor(2) as executor:
            waiting = [executor.submit(time.sleep, 1000) for _ in range(9)]
            print(*executor._processes, flush=True)
            try:
                waiting[0].result()
            finally:
                for one in waiting:
                    one.cancel()
    """

    def run_and_kill(self, number, group, text=POOL, pause=0.3):
        process = subprocess.Popen([sys.executable, "-B", "-c", textwrap.dedent(text)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, start_new_session=True)
        pids = process.stdout.readline().split()
        time.sleep(pause)
        begin = time.monotonic()
        (os.killpg if group else os.kill)(process.pid, number)
        err = process.communicate(timeout=240)[1]
        self.assertTrue(gone(pids), pids)
        self.assertLess(time.monotonic() - begin, 100)
        return err

    def test_interrupt_ends_all_with_one_traceback(self):
        err = self.run_and_kill(signal.SIGINT, True)
        self.assertEqual((err.count("Traceback"), err.count("KeyboardInterrupt")), (1, 1), err)
        for text, pause in ((self.EXECUTOR, 0.3), (self.STARTING, 0.02), (self.STARTING, 0.5)):
            err = self.run_and_kill(signal.SIGINT, True, text, pause)
            self.assertEqual((err.count("Traceback"), err.count("KeyboardInterrupt")), (1, 1), err)

    def test_ignored_interrupt_is_ignored_by_executors(self):
        text = """
            import os, signal, pengine
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            with pengine.Executor(1) as executor:
                os.kill(executor.submit(os.getpid).result(), signal.SIGINT)
                print(executor.submit(abs, -1).result())
        """
        self.assertEqual(script("", "-c", textwrap.dedent(text)), ("1\n", ""))

    def test_killed_program_leaves_no_worker(self):
        self.assertEqual(self.run_and_kill(signal.SIGKILL, False), "")

    def test_progress_is_shown_on_stderr(self):
        compiled = "p.map(pengine.expr('x'), range(70), progress=True); list(p.imap(pengine.expr('x'), range(3000), progress=True))"
        told = script("", "-c", f"import pengine\nwith pengine.Pool(1) as p: {compiled}")[1]
        self.assertIn("100% 70 of 70 items", told)
        self.assertIn("\n3,000 items", told)
        text = "import pengine\nwith pengine.Pool(1) as p: p.map(abs, range(1000), progress=True)"
        self.assertIn("100% 1,000 of 1,000 items", script("", "-c", text)[1])
        main, other = pty.openpty()
        termios.tcsetwinsize(other, (24, 45))
        process = subprocess.Popen([sys.executable, "-B", "-c", text], stderr=other)
        os.close(other)
        shown = b""
        try:
            while data := os.read(main, 4096):
                shown += data
        except OSError:
            pass  # the terminal is gone with its process
        process.wait()
        os.close(main)
        self.assertIn(b"\r[####################] 100% 1,000 of 1,000 i\r\n", shown)  # what fits

    def test_progress_covers_the_line_before(self):
        """Without an escape code, which a notebook would not know."""
        with contextlib.redirect_stderr(io.StringIO()) as shown, unittest.mock.patch.object(shown, "isatty", lambda: True):
            bar = _progress.Bar(None)
            for text in ("12345", "123", "1234"):
                bar.text = lambda: text
                bar.draw("")
        self.assertEqual(shown.getvalue(), "\r12345\r123  \r1234")


if __name__ == "__main__":
    unittest.main()
