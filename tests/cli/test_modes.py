# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The six modes: what each prints and leaves, and how a failing item ends each.

Expected values: Python's integers.
"""
import collections

import numpy

from harness import Case, ROOT_INT64, lines, main, squares, toml

PAIRS = [{"range": [0, 1000]}, {"range": [1, 1001]}]
SUMS = [x * x + (x + 1) ** 2 for x in range(1000)]
# The third item of this range is the first whose square does not fit int64.
OVERFLOW = {"range": [ROOT_INT64 - 1, ROOT_INT64 + 5]}
ORDERED_ONE, ORDERED_STAR = ("map", "imap"), ("starmap", "istarmap")


def overflow(mode, **more):
    return toml(mode=mode, input=OVERFLOW, kernel={"name": "square"}, **more)


class Modes(Case):
    def test_ordered_mode_of_one_argument_prints_in_order(self):
        for mode in ORDERED_ONE + ORDERED_STAR:
            with self.subTest(mode):
                self.prints(squares(5000, mode), lines(x * x for x in range(5000)))

    def test_unordered_mode_of_one_argument_prints_each_item_once(self):
        for mode in ("imap_unordered", "istarmap_unordered"):
            with self.subTest(mode):
                result = self.good(squares(5000, mode, pool={"chunk_size": 7, "threads": 3}))
                self.assertEqual(sorted(map(int, result.text.splitlines())), [x * x for x in range(5000)])

    def test_starmap_of_two_inputs_prints_in_order(self):
        for mode in ORDERED_STAR:
            with self.subTest(mode):
                self.prints(toml(mode=mode, input=PAIRS, kernel={"name": "sum_of_squares"}), lines(SUMS))

    def test_istarmap_unordered_of_two_inputs_prints_each_item_once(self):
        result = self.good(toml(mode="istarmap_unordered", input=PAIRS, kernel={"name": "sum_of_squares"},
                                output={"index": True}, pool={"chunk_size": 3, "threads": 2}))
        rows = [tuple(map(int, line.split(" "))) for line in result.text.splitlines()]
        self.assertEqual(sorted(rows), list(enumerate(SUMS)))

    def test_every_mode_leaves_the_whole_result_in_a_file(self):
        for mode in ORDERED_ONE + ORDERED_STAR:
            with self.subTest(mode):
                saved = self.saves(squares(3000, mode, output={"path": "out.npy"}), "out.npy")
                self.assertEqual(saved.dtype, numpy.int64)
                numpy.testing.assert_array_equal(saved, numpy.arange(3000) ** 2)
        for mode in ("imap_unordered", "istarmap_unordered"):
            with self.subTest(mode):
                saved = self.saves(squares(3000, mode, output={"path": "out.npy"}), "out.npy")
                self.assertEqual(collections.Counter(saved.tolist()), collections.Counter(x * x for x in range(3000)))

    def test_mode_is_map_by_default(self):
        self.prints('[input]\nrange = [0, 3]\n[kernel]\nname = "square"\n', "0\n1\n4\n")

    def test_no_items_give_an_empty_result_in_every_mode(self):
        for mode in ("map", "imap", "imap_unordered", "starmap", "istarmap", "istarmap_unordered"):
            with self.subTest(mode):
                self.prints(squares(0, mode), "")
                self.assertEqual(self.saves(squares(0, mode, output={"path": "out.txt"}), "out.txt"), b"")
                self.assertEqual(self.saves(squares(0, mode, output={"path": "out.npy"}), "out.npy").shape, (0,))

    def test_one_item_gives_one_result_in_every_mode(self):
        for mode in ("map", "imap", "imap_unordered", "starmap", "istarmap", "istarmap_unordered"):
            with self.subTest(mode):
                self.prints(toml(mode=mode, input={"range": [7, 8]}, kernel={"name": "square"}), "49\n")

    def test_mode_of_one_argument_refuses_a_kernel_of_two(self):
        for mode in ("map", "imap", "imap_unordered"):
            with self.subTest(mode):
                self.refuse(toml(mode=mode, input=PAIRS, kernel={"name": "sum_of_squares"}), 78, mode, r"\b2\b|two",
                            r"\b1\b|one")


class FailingItem(Case):
    """A square that does not fit int64, at the third item."""

    def names_the_item(self, result):
        self.assertEqual(result.code, 1, str(result))
        message = self.message(result)
        self.assertRegex(message, r"\b2\b")
        self.assertIn(str(ROOT_INT64 + 1), message)
        self.assertEqual(result.err.count(message), 1)

    def test_overflow_in_map_to_stdout_prints_nothing(self):
        for mode in ("map", "starmap"):
            with self.subTest(mode):
                result = self.run_job(overflow(mode))
                self.names_the_item(result)
                self.assertEqual(result.out, b"")

    def test_overflow_in_map_to_a_file_leaves_nothing(self):
        for name in ("out.txt", "out.csv", "out.npy", "out.raw", "out.digest"):
            with self.subTest(name):
                self.names_the_item(self.run_job(overflow("map", output={"path": name})))
                self.assertEqual(self.finished(), ["job.toml"])

    def test_overflow_in_imap_to_stdout_prints_a_correct_prefix(self):
        for mode in ("imap", "istarmap"):
            with self.subTest(mode):
                result = self.run_job(overflow(mode, pool={"chunk_size": 1}))
                self.names_the_item(result)
                self.is_prefix(result.text)

    def test_overflow_in_imap_to_a_file_leaves_at_most_a_correct_prefix(self):
        self.names_the_item(self.run_job(overflow("imap", output={"path": "out.txt"}, pool={"chunk_size": 1})))
        path = self.dir / "out.txt"
        self.is_prefix(path.read_text() if path.exists() else "")

    def is_prefix(self, text):
        whole = lines(x * x for x in (ROOT_INT64 - 1, ROOT_INT64))
        self.assertTrue(whole.startswith(text) and (not text or text.endswith("\n")), text)

    def test_failing_imap_has_all_that_comes_before_the_failed_item(self):
        first = ROOT_INT64 - 1233
        whole = [x * x for x in range(first, ROOT_INT64 + 1)]
        for chunk, threads in (("auto", 1), ("auto", 3), (1, 2), (7, 3), (1000, 2), (10**6, 1)):
            for name in ("out.txt", "out.npy"):
                with self.subTest((chunk, threads, name)):
                    job = toml(mode="imap", input={"range": [first, first + 3000]}, kernel={"name": "square"},
                               output={"path": name}, pool={"chunk_size": chunk, "threads": threads})
                    result = self.run_job(job)
                    self.assertEqual(result.code, 1, str(result))
                    self.assertIn("item 1234:", self.message(result))
                    path = self.dir / name
                    got = numpy.load(path).tolist() if name == "out.npy" else [int(line) for line in path.read_text().split()]
                    self.assertEqual(got, whole)

    def test_imap_has_all_that_comes_before_a_row_that_cannot_be_read(self):
        rows = "a,b\n" + "".join(f"{i},{i + 1}\n" for i in range(5000))
        for bad, place in (("5,\n", "5002:3"), ("5\n", "5002"), ("x,1\n", "5002:1")):
            self.write("x.csv", rows + bad + "7,8\n")
            for chunk, threads in (("auto", 1), ("auto", 3), (1, 2), (7, 2), (10_000, 1)):
                for path, stdin in (("x.csv", None), ("-", (rows + bad + "7,8\n").encode())):
                    with self.subTest((bad, chunk, threads, path)):
                        job = toml(mode="istarmap", input={"path": path, "format": "csv"}, kernel={"expr": "x+y", "signature":
                                   "(int64, int64) -> int64"}, pool={"chunk_size": chunk, "threads": threads})
                        result = self.run_job(job, stdin=stdin)
                        self.assertEqual((result.code, result.text), (65, lines(2 * i + 1 for i in range(5000))),
                                         f"{len(result.text.split())} rows, {result.err}")
                        self.assertIn(f":{place}", result.err)

    def test_idle_workers_at_a_chunk_that_failed_come_to_an_end(self):
        self.write("late.c", """#include <stdint.h>
            #include <unistd.h>
            int late(int64_t x, int64_t *out) { *out = x; if (x == BAD) usleep(100000); if (x > BAD + 7) usleep(10000); return x == BAD; }""")
        for bad in (3900, 3930, 3960, 3990):
            kernel = {"source": "late.c", "function": "late", "signature": "(int64) -> int64 or error", "cflags": [f"-DBAD={bad}"]}
            for chunk in ("auto", 1, 7):
                with self.subTest((bad, chunk)):
                    result = self.run_job(toml(mode="imap", input={"range": [0, 4000]}, kernel=kernel,
                                               pool={"chunk_size": chunk, "threads": 2}))
                    self.assertEqual((result.code, result.text), (1, lines(range(bad))), str(result)[-300:])

    def test_overflow_in_unordered_mode_fails_the_run(self):
        result = self.run_job(overflow("imap_unordered"))
        self.names_the_item(result)
        good = {str(x * x) for x in (ROOT_INT64 - 1, ROOT_INT64)}
        self.assertLessEqual(set(result.text.split()), good)

    def test_first_of_several_failures_is_the_one_told(self):
        for chunk in (1, 1000):
            with self.subTest(chunk):
                result = self.run_job(toml(input={"range": [-3, 100]}, kernel={"name": "collatz_steps"},
                                           pool={"threads": 3, "chunk_size": chunk}))
                self.assertEqual(result.code, 1, str(result))
                self.assertRegex(self.message(result), r"item 0\b.*-3")

    def test_failed_run_leaves_the_result_of_an_earlier_one_until_it_has_its_own(self):
        for mode in ("map", "imap"):
            with self.subTest(mode):
                self.write("out.txt", "the result of another run\n")
                result = self.run_job(overflow(mode, output={"path": "out.txt"}))
                self.names_the_item(result)
                kept = (self.dir / "out.txt").read_text() == "the result of another run\n"
                self.assertEqual(kept, mode == "map")  # imap has delivered results before the item that failed
                self.assertEqual("out.txt is still the file of an earlier run" in result.err, kept)
                self.assertEqual(self.finished(), ["job.toml", "out.txt"])

    def test_division_by_zero_fails_the_item(self):
        job = toml(mode="starmap", input=[{"range": [5, 8]}, {"range": [1, -2, -1]}], kernel={"name": "divmod"})
        result = self.run_job(job)
        self.assertEqual(result.code, 1, str(result))
        self.assertRegex(self.message(result), r"item 1\b.*6.*0.*zero")

    def test_text_that_is_not_utf8_fails_the_item(self):
        self.write("in.txt", b"good\nb\xff\xfed\n")
        result = self.run_job(toml(input={"path": "in.txt"}, kernel={"name": "text_length"}))
        self.assertEqual(result.code, 1, str(result))
        self.assertRegex(self.message(result), r"item 1\b.*UTF-8")


if __name__ == "__main__":
    main()
