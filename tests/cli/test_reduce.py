# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Reductions: what [reduce] prints of all items, to stdout and to files.

Expected values: Python's integers, math.fsum, fractions.Fraction, numpy.
"""
import itertools
import math
from fractions import Fraction

import numpy

from harness import Case, INT128_MAX, ROOT_INT64, lines, main, toml

ALL = ["sum", "min", "max", "mean", "count"]
SQUARE, CUBE = {"name": "square"}, {"name": "cube"}


def reduction(op, kernel=SQUARE, mode="map", **more):
    reduce = {"op": op, **more.pop("reduce", {})}
    return toml(mode=mode, **{"input": {"range": [0, 10]}, "kernel": kernel, **more}, reduce=reduce)


def table(rows, separator="\t"):
    return "".join(separator.join(map(str, row)) + "\n" for row in rows)


def every_op(values):
    """The lines of all operations on Python's integers."""
    values = list(values)
    return table(zip(ALL, (sum(values), min(values), max(values), sum(values) / len(values), len(values))))


def mean(values):
    """The nearest double to the mean of floats."""
    return float(sum(map(Fraction, values)) / len(values))


class Numbers(Case):
    def floats(self, values, op, reader="float64"):
        """Reduces the cubes of some floats; returns the values printed."""
        self.write("in.raw", numpy.array(values, reader).tobytes())
        job = reduction(op, CUBE, input={"path": "in.raw", "dtype": reader})
        return [line.split("\t")[1] for line in self.good(job).text.splitlines()]

    def test_integers_are_pythons(self):
        self.prints(reduction(ALL), every_op(x * x for x in range(10)))
        self.prints(reduction(ALL, CUBE, input={"range": [-1000, 777]}), every_op(x**3 for x in range(-1000, 777)))
        self.prints(reduction("sum"), "sum\t285\n")

    def test_operations_come_in_the_order_given(self):
        for ops in (["count", "sum"], ["max", "mean", "min"]):
            result = self.good(reduction(ops))
            self.assertEqual([line.split("\t")[0] for line in result.text.splitlines()], ops)

    def test_integer_sums_go_beyond_64_bits(self):
        job = reduction(["sum", "mean"], input={"range": [ROOT_INT64 - 999, ROOT_INT64 + 1]})
        values = [x * x for x in range(ROOT_INT64 - 999, ROOT_INT64 + 1)]
        self.assertGreater(sum(values), 2**64)
        self.prints(job, table([("sum", sum(values)), ("mean", sum(values) / 1000)]))

    def test_integer_sum_beyond_int128_is_refused(self):
        root = math.isqrt(INT128_MAX)
        span = {"range": [str(root - 9), str(root + 1)], "dtype": "int128"}
        values = [x * x for x in range(root - 9, root + 1)]
        self.prints(reduction(["max", "mean"], input=span), table([("max", values[-1]), ("mean", sum(values) / 10)]))
        self.refuse(reduction(["max", "sum"], input=span, reduce={"path": "out.txt"}), 65, "reduce.op", "sum", "int128")

    def test_float_sums_are_fsums(self):
        draw = numpy.random.default_rng(5)
        sets = {
            "normal": draw.normal(size=20011),
            "uniform": draw.random(20011) - 0.3,
            "far apart": draw.normal(size=20011) * 10.0 ** draw.integers(-90, 90, 20011),
            "a few": [0.1, 0.2, 0.3],
            "cancelling": [1e100, 3.0, -1e100, 1e-100],
            "subnormal": [7e-109, 1e-107, -3e-108],
            "like": [0.1] * 4099,
        }
        for name, values in sets.items():
            with self.subTest(name):
                values = numpy.array(values)
                cubes = (values * values * values).tolist()
                wanted = [math.fsum(cubes), mean(cubes), min(cubes), max(cubes)]
                self.assertEqual(self.floats(values, ["sum", "mean", "min", "max"]), [repr(value) for value in wanted])

    def test_float32_is_summed_as_float64(self):
        values = numpy.random.default_rng(6).normal(size=5001).astype("float32")
        job = reduction(["sum", "min"], {"expr": "x", "signature": "(float32) -> float32"}, input={"path": "in.npy"})
        self.write("in.npy", values)
        self.prints(job, table([("sum", math.fsum(values.tolist())), ("min", str(values.min()))]))

    def test_floats_that_are_not_finite_are_as_numpys(self):
        inf, nan = math.inf, math.nan
        for values in ([1.0, nan, -1.0], [nan, inf, -inf], [1.0, inf], [-inf, 1.0], [inf, 1.0, -inf]):
            for order in itertools.permutations(values):
                with self.subTest(order):
                    array = numpy.array(order)
                    with numpy.errstate(invalid="ignore"):
                        wanted = [array.sum(), array.min(), array.max(), array.mean()]
                    self.assertEqual(self.floats(order, ALL[:4]), [repr(float(value)) for value in wanted])

    def test_minus_zero_is_below_zero(self):
        for order in ([0.0, -0.0], [-0.0, 0.0]):
            self.assertEqual(self.floats(order, ["min", "max", "sum"]), ["-0.0", "0.0", "0.0"])

    def test_bools_count_as_ones(self):
        job = reduction(ALL, {"name": "is_prime"}, input={"range": [0, 1_000_000]})
        self.prints(job, table(zip(ALL, (78498, False, True, 0.078498, 1_000_000))))

    def test_texts_are_counted(self):
        self.write("in.txt", lines(["a", "", "bcd"]))
        upper = {"name": "text_upper"}
        self.prints(reduction("count", upper, input={"path": "in.txt"}), "count\t3\n")
        self.refuse(reduction(["count", "max"], upper, input={"path": "in.txt"}), 78, "reduce.op", "text", "max", "count")

    def test_several_results_are_reduced_each(self):
        job = reduction(["sum", "max"], {"name": "divmod"}, "starmap", input=[{"range": [-7, 8]}, {"range": [1, 16]}])
        rows = [divmod(x, x + 8) for x in range(-7, 8)]
        self.prints(job, table([("sum", *map(sum, zip(*rows))), ("max", *map(max, zip(*rows)))]))

    def test_elements_of_vectors_are_reduced_each(self):
        self.write("f.c", "void f(double x, double *out) { out[0] = x; out[1] = -x; out[2] = x / 3; }\n")
        kernel = {"source": "f.c", "function": "f", "signature": "(float64) -> float64[3]"}
        values = [x / 7 for x in range(-3000, 2001)]
        self.write("in.npy", numpy.array(values))
        wanted = [math.fsum(column) for column in (values, [-x for x in values], [x / 3 for x in values])]
        self.prints(reduction(["sum"], kernel, input={"path": "in.npy"}), table([("sum", *wanted)]))

    def test_no_items_have_a_sum_and_a_count_but_no_least(self):
        for span, zero in (([5, 5], "0"), ([1.0, 1.0], "0.0")):
            self.prints(reduction(["sum", "count", "mean"], input={"range": span}), f"sum\t{zero}\ncount\t0\nmean\tnan\n")
            for op in ("min", "max"):
                job = reduction(["count", op], input={"range": span}, reduce={"path": "out.csv"})
                self.refuse(job, 65, "reduce.op", op, "no item")

    def test_a_stream_is_reduced_as_it_comes(self):
        values = numpy.random.default_rng(7).integers(-10**9, 10**9, 30_000)
        job = reduction(ALL, input={"path": "-", "format": "txt", "dtype": "int64"}, mode="imap_unordered")
        self.prints(job, every_op((values * values).tolist()), stdin=lines(values).encode())


class Failures(Case):
    """Two of ten squares do not fit int64."""

    span = {"range": [ROOT_INT64 - 7, ROOT_INT64 + 3]}
    kept = [x * x for x in range(ROOT_INT64 - 7, ROOT_INT64 + 1)]

    def fails(self, expected, errors):
        result = self.run_job(reduction(["sum", "count", "min"], input=self.span, errors=errors))
        self.assertEqual((result.code, result.text), (1, expected), result.err)
        return result

    def test_stop_prints_nothing(self):
        self.refuse(reduction("sum", input=self.span, reduce={"path": "out.txt"}), 1, "item 8", "does not fit")

    def test_skipped_items_are_left_out(self):
        result = self.fails(table([("sum", sum(self.kept)), ("count", 8), ("min", self.kept[0])]),
                            {"on_error": "skip", "log": "log.csv"})
        self.assertIn("2 of 10 items failed", result.err)
        self.assertEqual(len((self.dir / "log.csv").read_text().splitlines()), 3)

    def test_filled_items_count_with_the_value(self):
        self.fails(table([("sum", sum(self.kept) - 10), ("count", 10), ("min", -5)]), {"on_error": "fill", "fill": -5})

    def test_too_many_failures_print_nothing(self):
        job = reduction("sum", input=self.span, errors={"on_error": "skip", "max_failures": 1}, reduce={"path": "out.txt"})
        self.refuse(job, 1, "max_failures")


class Outputs(Case):
    ops = ["sum", "max"]

    def job(self, **reduce):
        return reduction(self.ops, {"name": "divmod"}, "istarmap", input=[{"range": [-7, 8]}, {"range": [1, 16]}], reduce=reduce)

    def wanted(self, separator, *head):
        rows = [divmod(x, x + 8) for x in range(-7, 8)]
        return table([*head, ("sum", *map(sum, zip(*rows))), ("max", *map(max, zip(*rows)))], separator)

    def test_formats_are_by_suffix_or_by_name(self):
        for name, separator, *head in (("out.csv", ",", ("op", "f0", "f1")), ("out.tsv", "\t", ("op", "f0", "f1")), ("out.txt", "\t")):
            wanted = self.wanted(separator, *head)
            self.assertEqual(self.saves(self.job(path=name), name).decode(), wanted)
            self.assertEqual(self.saves(self.job(), name, "-o", name).decode(), wanted)
            self.prints(self.job(format=name[-3:]), wanted)

    def test_names_make_the_header(self):
        self.prints(self.job(format="csv", names=["q", "a, b"]), self.wanted(",", ("op", "q", '"a, b"')))
        self.prints(reduction("count", reduce={"format": "csv"}), "op,result\ncount,10\n")

    def test_file_appears_whole_whatever_the_mode(self):
        self.write("out.txt", "old")
        failing = reduction("sum", mode="imap", input={"range": [0, 2 * ROOT_INT64, ROOT_INT64 // 50]}, reduce={"path": "out.txt"})
        self.assertEqual(self.run_job(failing).code, 1)
        self.assertEqual(self.everything(), ["job.toml", "out.txt"])
        self.assertEqual((self.dir / "out.txt").read_text(), "old")

    def test_set_output_path_means_the_reductions(self):
        self.assertEqual(self.saves(self.job(path="no.txt"), "yes.txt", "-s", 'output.path="yes.txt"').decode(), self.wanted("\t"))
        self.assertEqual(self.everything(), ["job.toml", "yes.txt"])

    def test_input_is_not_overwritten(self):
        self.write("in.txt", "1\n")
        self.refuse(reduction("sum", input={"path": "in.txt"}, reduce={"path": "in.txt"}), 78, "reduce.path", "is also input.path")

    def test_plan_check_and_printed_config_know_it(self):
        job = self.job(path="out.csv", names=["q", "r"])
        self.assertRegex(self.good(job, "--plan").text, r"(?m)^reduce +sum, max\noutput +out\.csv, csv$")
        self.assertIn("valid", self.good(job, "--check").err)
        printed = self.good(job, "--print-config").text
        self.assertIn('\n[reduce]\nop = ["sum", "max"]\npath = "out.csv"\nformat = "csv"\nnames = ["q", "r"]\n', printed)
        self.assertEqual(self.good(printed, "--print-config").text, printed)
        self.assertEqual(self.everything(), ["job.toml"])

    def test_summary_counts_the_items(self):
        self.assertRegex(self.good(reduction("sum")).err, r"pengine: job: 10 items in ")


if __name__ == "__main__":
    main()
