# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The memory of large results of compiled kernels, which a pool uses again; numpy says what has to be in them."""
import gc
import subprocess
import sys
import threading
import unittest

import numpy

import pengine

MILLION = 10**6
SLACK = 50  # MB, of what else a process takes
X = numpy.arange(20.0 * MILLION)
SQUARE = pengine.expr("x*x")


def address(result):
    return result.__array_interface__["data"][0]


def resident():
    """MB of this process's memory."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1000


class ResultMemory(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with pengine.Pool(2) as pool:  # what the engine needs once
            pool.map(SQUARE, X)

    def setUp(self):
        self.pool = pengine.Pool(2)
        self.addCleanup(self.pool.terminate)
        self.pool.map(SQUARE, X[:1000])
        gc.collect()
        self.before = resident()

    def squares(self, millions, first=0):
        """Squares of 8 MB a million."""
        part = X[first : first + millions * MILLION]
        result = self.pool.map(SQUARE, part)
        self.assertEqual((type(result), result.dtype, result.shape), (numpy.ndarray, part.dtype, part.shape))
        self.assertTrue(numpy.array_equal(result, part * part))
        return result

    def kept(self):
        return resident() - self.before

    def test_freed_result_gives_its_memory_to_the_next(self):
        places = set()
        for first in range(4):
            result = self.squares(10, first)
            places.add(address(result))
            del result
        self.assertEqual(len(places), 1)

    def test_results_that_live_share_no_memory(self):
        results = [self.squares(10, first) for first in range(3)]
        del results[1]
        results.append(self.squares(10, 7))
        for one, first in zip(results, (0, 2, 7)):
            self.assertTrue(numpy.array_equal(one, X[first : first + 10 * MILLION] ** 2))
        places = sorted(map(address, results))
        self.assertTrue(all(b - a >= 80 * MILLION for a, b in zip(places, places[1:])), places)

    def test_view_that_outlives_the_array_keeps_its_memory(self):
        for view_of in (lambda a: a[5:10], lambda a: memoryview(a)[5:10], lambda a: a.reshape(-1, 2)[:, 0].view("u8"),
                        lambda a: numpy.frombuffer(a, "u1")):
            result = self.squares(10, 3)
            view = view_of(result)
            was = bytes(view[:100])
            del result
            self.squares(10, 1000)
            self.assertEqual(bytes(view[:100]), was)

    def test_at_most_the_largest_freed_result_is_kept(self):
        results = [self.squares(millions) for millions in (10, 20, 15)]
        del results
        self.assertLess(self.kept(), 160 + SLACK)
        self.squares(15)
        self.assertLess(self.kept(), 120 + SLACK)
        result = self.squares(10)
        self.assertLess(self.kept(), 80 + SLACK)
        del result
        self.squares(20)
        self.assertLess(self.kept(), 160 + SLACK)

    def test_small_results_are_numpys_own(self):
        self.assertIsNone(self.squares(8).base)  # 64 MB, below 64 MiB

    def test_end_of_the_pool_frees_what_it_keeps(self):
        for end in (pengine.Pool.close, pengine.Pool.terminate):
            with self.subTest(end.__name__):
                self.pool = pengine.Pool(2)
                result = self.squares(10)
                self.squares(20)
                end(self.pool)
                self.pool.join()
                self.assertLess(self.kept(), 80 + SLACK)
                del result
                self.assertLess(self.kept(), SLACK)

    def test_array_that_outlives_its_pool_stays_and_is_freed(self):
        for end in (pengine.Pool.close, lambda pool: None):
            self.pool = pengine.Pool(2)
            result = self.squares(20)
            end(self.pool)
            self.pool._state = "CLOSE"  # no warning of a pool that was not closed
            del self.pool
            gc.collect()
            self.assertTrue(numpy.array_equal(result, X * X))
            del result
            self.assertLess(self.kept(), SLACK)

    def test_maps_of_several_threads_get_memory_of_their_own(self):
        wrong = []

        def work(number):
            kernel, before = pengine.expr(f"x + {number}"), None
            for _ in range(6):
                result = self.pool.map(kernel, X[: 9 * MILLION])
                for one in (result, before):
                    if one is not None and not numpy.array_equal(one, X[: 9 * MILLION] + number):
                        wrong.append(number)
                before = result if before is None else None

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_failed_call_keeps_one_buffer(self):
        for _ in range(3):
            with self.assertRaises(pengine.ItemError):
                self.pool.map(pengine.kernel("square"), numpy.full(10 * MILLION, 2**40))
        self.assertLess(self.kept(), 80 + SLACK)

    def test_memoryviews_where_numpy_is_not_there(self):
        code = ("import sys; sys.modules['numpy'] = None\n"
                "import array, pengine\n"
                "data = array.array('d', [3.0]) * (9 * 10**6)\n"
                "with pengine.Pool(2) as pool:\n"
                "    for _ in range(2):\n"
                "        result = pool.map(pengine.expr('x*x'), data)\n"
                "        print(type(result).__name__, result.format, result.shape, set(result[::10**5]))\n")
        out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=240)
        self.assertEqual(out.stdout, 2 * "memoryview d (9000000,) {9.0}\n", out.stderr)

    def test_several_results_and_fields(self):
        x, y = self.pool.map(pengine.expr("x*x", "x + 1"), X)
        self.assertTrue(numpy.array_equal(x, X * X) and numpy.array_equal(y, X + 1))
        del x, y
        both = self.pool.map(pengine.expr("x*x", "x + 1"), X, out=numpy.dtype([("a", "f8"), ("b", "f8")]))
        self.assertTrue(numpy.array_equal(both["a"], X * X) and numpy.array_equal(both["b"], X + 1))


if __name__ == "__main__":
    unittest.main()
