# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""--items runs only the items of a list, with the numbers of the whole job, and leaves the job's own files alone.

Design: expected values come from Python, over random lists.
"""
import itertools
import random
import subprocess

import numpy

from harness import HAS_MPI, Case, finish, main, start, toml

ITEMS = 400


def job(**more):
    """Results that hold their item's number; item 13 fails."""
    return toml(**{"input": {"range": [5, 5 + ITEMS]}, "kernel": {"expr": "x * 1000 + i + 0 / (i - 13)"}, **more})


def value(item):
    return (5 + item) * 1000 + item


def draw(dice):
    """An ascending list of ranges as text, and its items."""
    ends = sorted(dice.sample([i for i in range(ITEMS) if i != 13], 2 * dice.randint(1, 6)))
    ranges = [(a, b) for a, b in zip(ends[::2], ends[1::2]) if not a <= 13 <= b]
    text = ",".join(f"{a}-{b}" if dice.random() < 0.8 or a != b else f"{a}" for a, b in ranges)
    return text, [item for a, b in ranges for item in range(a, b + 1)]


class Items(Case):
    def test_random_lists_print_their_items(self):
        dice = random.Random(7)
        self.write("job.toml", job(output={"index": True}))
        for round in range(12):
            text, items = draw(dice)
            if not items:
                continue
            options = ["-s", f"pool.chunk_size={dice.choice([1, 3, 1000])}", "-t", str(dice.randint(1, 4))]
            result = self.run_args("-q", "--items", text, *options, "job.toml", ranks=3 if HAS_MPI and round % 3 == 0 else 0)
            expected = "".join(f"{item} {value(item)}\n" for item in items)
            self.assertEqual((result.code, result.text), (0, expected), f"{text}: {result}")

    def test_the_files_of_the_job_stay_as_they_are(self):
        self.write("job.toml", job(output={"path": "out.npy"}, errors={"on_error": "skip", "log": "failed.csv"}))
        self.write("out.npy", "yesterday's")
        self.write("failed.csv", "yesterday's")
        result = self.run_args("--items", "12-14", "job.toml")
        self.assertEqual((result.code, result.text), (1, f"{value(12)}\n{value(14)}\n"), str(result))
        self.assertIn("1 of 3 items failed", result.err)
        self.assertEqual((self.dir / "out.npy").read_text() + (self.dir / "failed.csv").read_text(), "yesterday's" * 2)

    def test_a_failed_item_is_reported_with_its_own_number(self):
        self.write("job.toml", job())
        result = self.run_args("--items", "7,13", "job.toml")
        self.assertEqual(result.code, 1, str(result))
        self.assertIn("item 13: ", result.err)
        self.assertIn("at (18)", result.err)

    def test_output_option_names_where_the_items_go(self):
        self.write("job.toml", job(output={"path": "out.txt"}))
        result = self.run_args("-q", "--items", "20-22,30", "-o", "some.npy", "job.toml")
        self.assertEqual(result.code, 0, str(result))
        self.assertEqual(numpy.load(self.dir / "some.npy").tolist(), [value(i) for i in (20, 21, 22, 30)])
        self.assertFalse((self.dir / "out.txt").exists())

    def test_items_of_a_file_a_product_a_reduction(self):
        self.write("x.csv", "a,b\n" + "".join(f"{i},{i * i}\n" for i in range(50)))
        self.write("job.toml", toml(mode="starmap", input={"path": "x.csv", "dtype": "int64"}, kernel={"expr": "y - x"}, reduce={"op": "sum"}))
        result = self.run_args("-q", "--items", "3,40-41", "job.toml")
        self.assertEqual((result.code, result.text), (0, "6\n1560\n1640\n"), str(result))
        pairs = list(itertools.product(range(4), range(6)))
        self.write("job.toml", toml(mode="starmap", combine="product", input=[{"range": [0, 4]}, {"range": [0, 6]}],
                                    kernel={"expr": "10*x + y"}, output={"path": "out.npy"}))
        result = self.run_args("-q", "--items", "5-7,23", "job.toml")
        expected = "".join(f"{10 * pairs[i][0] + pairs[i][1]}\n" for i in (5, 6, 7, 23))
        self.assertEqual((result.code, result.text), (0, expected), str(result))

    def test_wrong_lists_are_refused(self):
        self.write("job.toml", job())
        for text, said in (("400", "expected numbers from 0 to 399"), ("3,2", "ascending"), ("x", "ascending"),
                           ("1-", "ascending")):
            for code, args in ((78 if text == "400" else 64, ["--items", text]), (78, ["-s", f"items='{text}'"])):
                result = self.run_args(*args, "job.toml")
                self.assertEqual(result.code, code, str(result))
                self.assertIn("items: ", result.err)
                self.assertIn(said, result.err)

    def test_a_stream_has_no_numbers_beforehand(self):
        self.write("job.toml", toml(input={"path": "-"}, kernel={"expr": "x"}))
        result = finish(start(["--items", "3", "job.toml"], cwd=self.dir, stdin=subprocess.PIPE), b"1\n2\n3\n4\n")
        self.assertEqual(result.code, 78, str(result))


if __name__ == "__main__":
    main()
