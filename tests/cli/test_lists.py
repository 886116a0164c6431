# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Items that the job file lists itself, logspace against numpy's, and a range that was meant as a list."""
import numpy

from harness import HAS_MPI, Case, main, toml

IDENTITY = {"expr": "x"}


class Lists(Case):
    def test_numbers_are_the_items_in_order(self):
        for values in ([0.1, 0.5, 2.0], [7], [3, -9223372036854775808, 9223372036854775807], [1, 0.5], [float("inf"), -0.0]):
            kind = float if any(isinstance(value, float) for value in values) else int
            self.prints(toml(input={"values": values}, kernel=IDENTITY), "".join(f"{kind(value)!r}\n" for value in values))

    def test_texts_are_the_items_byte_for_byte(self):
        values = ["a", "", "b c", "ü", '"quoted"']
        job = toml(input={"values": values}, kernel={"name": "text_length"})
        self.prints(job, "".join(f"{len(value)}\n" for value in values))
        job = toml(input={"values": values}, kernel={"name": "text_upper"}, output={"path": "o.csv"})
        self.good(job)
        self.assertIn("B C\n", (self.dir / "o.csv").read_text())

    def test_integers_beyond_64_bits_are_texts_with_a_dtype(self):
        values = [2**64, -2**127, 2**127 - 1]
        listed = {"values": [str(value) for value in values], "dtype": "int128"}
        self.prints(toml(input=listed, kernel=IDENTITY), "".join(f"{value}\n" for value in values))
        pair = [{"values": [1, 2]}, {"value": str(2**64), "dtype": "int128"}]
        self.prints(toml(mode="starmap", input=pair, kernel={"expr": "x + y"}), f"{2**64 + 1}\n{2**64 + 2}\n")
        filled = toml(input={"range": [0, 2]}, kernel={"expr": "1 / x", "signature": "(int128) -> int128"},
                      errors={"on_error": "fill", "fill": str(-2**100)})
        self.assertEqual(self.run_job(filled).text, f"{-2**100}\n1\n")
        unsigned = {"values": ["18446744073709551615", "3"], "dtype": "uint64"}
        self.prints(toml(input=unsigned, kernel=IDENTITY), "18446744073709551615\n3\n")
        self.refuse(toml(input={"values": [str(2**127)], "dtype": "int128"}, kernel=IDENTITY), 78, "is no int128")
        self.refuse(toml(input={"values": ["-1"], "dtype": "uint64"}, kernel=IDENTITY), 78, 'is no uint64: expected a text such as "1844')
        self.refuse(toml(input={"values": ["1"], "dtype": "float64"}, kernel=IDENTITY), 78, "texts and cannot be taken as float64")

    def test_dtype_part_first_and_count_apply(self):
        job = toml(input={"values": [5, 6, 7, 8], "dtype": "float64", "first": 1, "count": 2}, kernel=IDENTITY)
        self.prints(job, "6.0\n7.0\n")
        self.prints(toml(input={"values": [5, 6, 7, 8]}, kernel={"expr": "x + 100 * i"}), "207\n308\n", "--part", "2/2")

    def test_starmap_and_product_take_lists(self):
        two = [{"values": [1, 2]}, {"values": [10, 20, 30]}]
        job = toml(mode="starmap", combine="product", input=two, kernel={"expr": "x + y"})
        self.prints(job, "11\n21\n31\n12\n22\n32\n")
        if HAS_MPI:
            self.prints(job, "11\n21\n31\n12\n22\n32\n", ranks=2)

    def test_what_is_no_list_is_refused(self):
        for values, needle in (([], "expected an array of numbers"), ([1, "a"], "beside them"), (["a", True], "beside them"),
                               ([[1, 2]], "expected"), (5, "expected an array of numbers"),
                               ([9007199254740993, 0.5], "not exact as float64")):
            self.refuse(toml(input={"values": values}, kernel=IDENTITY), 78, "input.values", needle)
        self.refuse(toml(input={"values": [1, 300], "dtype": "int8"}, kernel=IDENTITY), 78, "values", "300", "int8")
        self.refuse(toml(input={"values": ["a"], "dtype": "int64"}, kernel=IDENTITY), 78, "values", "text")

    def test_printed_job_has_the_same_list(self):
        for values in ([0.1, 1.0], ["a", 'say "x"'], [True, False], [1, 2]):
            printed = self.good(toml(input={"values": values}, kernel=IDENTITY), "--print-config").text
            again = self.good(printed, "--print-config", name="again.toml").text
            self.assertEqual(again.replace('name = "again"', 'name = "job"'), printed)

    def test_logspace_is_numpys(self):
        for first, last, count in ((-3, 3, 7), (0, 2, 50), (2.5, -1.25, 1001), (0, 0, 1), (1, 5, 0), (-300, 300, 601)):
            job = toml(input={"logspace": [first, last, count]}, kernel=IDENTITY, output={"path": "o.npy"})
            self.good(job)
            numpy.testing.assert_array_max_ulp(numpy.load(self.dir / "o.npy"), numpy.logspace(first, last, count), 1)
        self.refuse(toml(input={"logspace": [0, 400, 5]}, kernel=IDENTITY), 78, "logspace", "not finite")

    def test_range_that_was_meant_as_a_list_is_reported(self):
        for numbers, shown in (([0.1, 0.5, 2.0], r"\[0.1, 0.5, 2.0\]"), ([1, 5, 10], r"\[1, 5, 10\]"),
                               ([5, 1, -10], r"\[5, 1, -10\]")):
            job = toml(input={"range": numbers}, kernel=IDENTITY)
            result = self.prints(job, f"{numbers[0]!r}\n")
            self.assertRegex(result.err, "one item.*values = " + shown)
            self.assertRegex(self.good(job, "--plan").text, "note .*one item.*values = " + shown)
        for numbers in ([0, 1], [0, 10, 5], [0.0, 1.0, 0.25], [3, 3, 7], [0, 0]):
            job = toml(input={"range": numbers}, kernel=IDENTITY)
            self.assertNotIn("values", self.good(job).err + self.good(job, "--plan").text)


if __name__ == "__main__":
    main()
