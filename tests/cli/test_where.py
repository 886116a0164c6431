# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Expressions over a table: columns by their names, several results, kernel.where; fill values and formats of results.

Expected values: Python's floats and integers over the csv module's rows, and numpy.
"""
import csv
import io
import math
import random
import sys

import numpy

from harness import Case, main, needs_mpi, toml

NAMES = ["id", "price", "qty", "country", "odd name"]


def rows(count, seed=1, bad=()):
    draw = random.Random(seed)
    return [[i, "abc" if i in bad else round(draw.uniform(-5, 50), 2), draw.randrange(-3, 20),
             draw.choice(["DE", "FR", "a, b"]), draw.random()] for i in range(count)]


def text(table, names=NAMES):
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows([names, *table])
    return file.getvalue()


def lines_of(names, values):
    return text(values, names)


def job(kernel, output=None, mode="istarmap", **more):
    return toml(mode=mode, input={"path": "t.csv", **more.pop("input", {})}, kernel=kernel,
                output={"format": "csv", **(output or {})}, pool={"threads": 2, "chunk_size": more.pop("chunk", 3)}, **more)


class Names(Case):
    def setUp(self):
        super().setUp()
        self.table = rows(300)
        self.write("t.csv", text(self.table))

    def test_columns_are_called_by_their_names_and_no_other_is_parsed(self):
        self.write("t.csv", text([[*row[:3], "x" * (i % 3), "no number"] for i, row in enumerate(self.table)]))
        self.prints(job({"expr": "qty * price"}), lines_of(["result"], [[repr(q * p)] for _, p, q, _, _ in self.table]), "-q")
        self.prints(job({"expr": "price + qty + id", "params": {"qty": 2}}, chunk="auto"),
                    lines_of(["result"], [[repr(p + 2 + i)] for i, p, *_ in self.table]), "-q")

    def test_without_a_mention_x_y_z_are_the_columns_in_order(self):
        self.prints(job({"expr": "x*y"}, input={"columns": ["qty", "id"]}),
                    lines_of(["result"], [[r[2] * r[0]] for r in self.table]), "-q")
        self.prints(job({"expr": "id*2 + qty"}, input={"columns": ["qty", "id"]}),
                    lines_of(["result"], [[r[0] * 2 + r[2]] for r in self.table]), "-q")

    def test_a_function_is_no_column(self):
        self.write("t.csv", "sqrt,x\n9,4\n")
        self.prints(job({"expr": "sqrt(x)"}), "result\n2.0\n", "-q")
        self.prints(job({"expr": "sqrt + x"}), "result\n13\n", "-q")
        self.write("t.csv", "int,double\n9,4\n")
        self.prints(job({"expr": "(double)x / y"}), "result\n2.25\n", "-q")

    def test_fields_of_npy_are_names_too(self):
        array = numpy.array([(1, 2.5), (3, 4.5)], dtype=[("n", "<i8"), ("w", "<f8")])
        self.write("s.npy", array)
        self.prints(toml(mode="starmap", input={"path": "s.npy"}, kernel={"expr": "w*n", "where": "n > 1"}), "13.5\n", "-q")

    def test_unknown_name_lists_those_of_the_file(self):
        self.refuse(job({"expr": "prce * qty"}), 69, 'unknown name "prce"; did you mean price[?]')
        self.refuse(job({"expr": "price", "where": "price > limit"}), 69, 'kernel.where: unknown name "limit"', "the input has id, ")
        self.refuse(job({"expr": "price", "where": "qtty > 1"}), 69, 'kernel.where: unknown name "qtty"; did you mean qty[?]')
        one = toml(mode="starmap", input={"path": "t.csv", "columns": ["price"]}, kernel={"expr": "price * qty"})
        self.refuse(one, 69, '"qty" is a column of the input and no argument', "the argument is price")
        self.write("t.jsonl", '{"price": 1, "quantity": 2}\n')
        self.refuse(toml(input={"path": "t.jsonl"}, kernel={"expr": "price * quantty"}), 69, "did you mean quantity[?]")


class Results(Case):
    def test_several_expressions_are_several_results(self):
        table = rows(500, 4)
        self.write("t.csv", text(table))
        kernel = {"expr": ["price + qty", "price * qty", "qty % 3 == 0", "id"]}
        expected = [[repr(p + q), repr(p * q), int(math.fmod(q, 3) == 0), i] for i, p, q, *_ in table]
        self.prints(job(kernel), lines_of(["f0", "f1", "f2", "f3"], expected), "-q")
        saved = self.saves(job(kernel, {"path": "o.npy", "format": "npy", "names": list("abcd")}, "starmap"), "o.npy", "-q")
        self.assertEqual([(a, b, c, d) for a, b, c, d in saved.tolist()],
                         [(p + q, p * q, int(math.fmod(q, 3) == 0), i) for i, p, q, *_ in table])
        self.assertEqual(saved.dtype, numpy.dtype([("a", "<f8"), ("b", "<f8"), ("c", "<i8"), ("d", "<i8")]))

    def test_a_failure_of_one_expression_fails_the_item(self):
        result = self.run_job(toml(mode="map", input={"range": [-2, 3]}, kernel={"expr": ["x*10", "12/x"]},
                                   errors={"on_error": "fill", "fill": [-1, 7]}), "-q")
        self.assertEqual((result.code, result.text), (1, "-20 -6\n-10 -12\n-1 7\n10 12\n20 6\n"))

    def test_wrong_expressions_and_fills_are_refused(self):
        table = {"mode": "map", "input": {"range": [0, 3]}}
        self.refuse(toml(**table, kernel={"expr": ["x", "x +"]}), 69, "kernel.expr 2: expected a value")
        self.refuse(toml(**table, kernel={"expr": ["x", "x"], "signature": "(int64) -> int64"}), 78, "expected 2 results")
        self.refuse(toml(**table, kernel={"expr": "x"}, errors={"on_error": "fill", "fill": [1, 2]}), 78, "one per result, got 2")
        self.refuse(toml(**table, kernel={"expr": []}), 78, "an array of them, one per result")

    def test_float_format_is_printf_s(self):
        values = [0.1, 1e300, -2.5e-7, 123456789.0, float("nan"), float("inf"), 0.0, 1 / 3]
        self.write("v.npy", numpy.array(values))
        for form in ("%.6g", "%+.3f", "%12.4e", "%G", "%#.2g", "%a"):
            expected = [form % v if form != "%a" else None for v in values]
            printed = self.good(toml(mode="map", input={"path": "v.npy"}, kernel={"expr": "x"}, output={"float_format": form}), "-q")
            if form == "%a":
                self.assertEqual([float.fromhex(line) for line in printed.text.split()][:4], values[:4])
            else:
                self.assertEqual(printed.text.splitlines(), expected, form)
        for form in ("%d", "%.6g%s", "%", "%.100f", "6g", "%*g", "%lf", "%n"):
            self.refuse(toml(mode="map", input={"range": [0, 1]}, kernel={"expr": "x"}, output={"float_format": form}), 78,
                        "a printf format of one number")
        self.refuse(toml(mode="map", input={"range": [0, 1]}, kernel={"expr": "x"},
                         output={"float_format": "%g", "path": "a.npy"}), 78, "float_format")

    def test_float_format_prints_both_parts_of_complex_numbers(self):
        values = [1 + 2j, -0.25 - 3.5j, complex("inf-0j"), 1e300j]
        self.write("z.npy", numpy.array(values))
        for form in ("%.3f", "%12.2e", "%-9.4g", "%+G"):
            parts = [((form % z.real).strip(), (form % z.imag).strip()) for z in values]
            expected = [f"({real}{imag if imag[0] in '+-' else '+' + imag}j)" for real, imag in parts]
            job = toml(mode="map", input={"path": "z.npy"}, kernel={"expr": ["x", "creal(x)"]}, output={"float_format": form, "format": "csv"})
            lines = self.good(job, "-q").text.splitlines()[1:]
            self.assertEqual(lines, [f"{z},{form % v.real}" for z, v in zip(expected, values)], form)
        job = toml(mode="map", input={"path": "z.npy"}, kernel={"expr": "x"}, output={"path": "z.csv", "delimiter": ";", "decimal": ","})
        self.assertEqual(self.saves(job, "z.csv").splitlines()[2], b"(-0,25-3,5j)")
        back = {"path": "z.csv", "delimiter": ";", "decimal": ",", "dtype": "complex128"}
        self.prints(toml(mode="map", input=back, kernel={"expr": "x"}), "".join(f"{z!r}\n" for z in values), "-q")


class Where(Case):
    def setUp(self):
        super().setUp()
        self.table = rows(400, 9)
        self.write("t.csv", text(self.table))

    def test_where_chooses_the_rows_of_every_form(self):
        chosen = [r for r in self.table if r[1] > 0 and r[2] != 4]
        expected = lines_of(["id", "result"], [[r[0], repr(r[1] * r[2])] for r in chosen])
        where = {"where": "price > 0 && qty != 4"}
        self.write("f.c", "double f(double p, double q) { return p * q; }\n")
        self.write("f.py", "def f(p, q):\n    assert p > 0 and q != 4\n    return p * q\n")
        self.write("p.sh", "while read -r p q; do echo 1; done\n")
        signature = "(float64, float64) -> float64"
        columns = {"columns": ["price", "qty"]}
        for kernel, more in (({"expr": "price * qty"}, {}),
                             ({"source": "f.c", "function": "f", "signature": signature}, {"input": columns}),
                             ({"source": "f.c", "function": "f", "signature": signature, "isolate": True}, {"input": columns}),
                             ({"python": "f.py:f", "interpreter": sys.executable}, {"input": columns})):
            for mode, chunk in (("istarmap", 3), ("starmap", "auto")):
                with self.subTest(kernel=kernel, mode=mode):
                    result = self.good(job({**kernel, **where}, {"keep": ["id"]}, mode, chunk=chunk, **more))
                    self.assertEqual(result.text, expected)
                    self.assertIn(f"400 items, {400 - len(chosen)} of them left out by where, in", result.err)
        ones = self.good(job({"command": ["sh", "p.sh"], "signature": "(float64, int64) -> int64", **where}, {"keep": ["id"]},
                             input=columns), "-q")
        self.assertEqual(ones.text, lines_of(["id", "result"], [[r[0], 1] for r in chosen]))

    def test_where_of_all_and_of_none(self):
        self.prints(job({"expr": "id", "where": "1"}), lines_of(["result"], [[r[0]] for r in self.table]), "-q")
        self.prints(job({"expr": "id", "where": "qty > 1000"}), "result\n", "-q")
        saved = self.saves(job({"expr": "id", "where": "qty > 1000"}, {"path": "o.npy", "format": "npy"}, "starmap"), "o.npy", "-q")
        self.assertEqual(saved.tolist(), [])

    def test_where_keeps_the_numbers_of_items(self):
        self.prints(toml(mode="imap", input={"range": [0, 100]}, kernel={"expr": "i", "where": "x % 7 == 3"}, output={"index": True}),
                    "".join(f"{i} {i}\n" for i in range(100) if i % 7 == 3), "-q")

    def test_where_by_texts_params_and_constants(self):
        self.prints(job({"expr": "price + fee", "where": 'equals(country, "a, b") && qty > least', "params": {"fee": 1, "least": 5}}),
                    lines_of(["result"], [[repr(r[1] + 1)] for r in self.table if r[3] == "a, b" and r[2] > 5]), "-q")
        self.refuse(job({"expr": "price", "where": "qty > 1", "params": {"limit": 5}}), 69, 'does not read "limit"')

    def test_item_that_cannot_be_read_is_no_failure_where_it_is_left_out(self):
        bad = {*range(20), 200}
        table = rows(400, 9, bad)
        self.write("t.csv", text(table))
        chosen = [r for r in table if r[2] > 3]
        failed = [r[0] for r in chosen if r[0] in bad]
        result = self.run_job(job({"expr": "price * 2", "where": "qty > 3"}, {"keep": [0]}, errors={"on_error": "skip"}))
        self.assertEqual(result.text, lines_of(["id", "result"], [[r[0], repr(r[1] * 2)] for r in chosen if r[0] not in bad]))
        self.assertEqual(result.code, 1 if failed else 0)
        self.assertTrue(failed and len(failed) < len(bad), "the table shows both")
        self.assertIn(f"{len(failed)} of 400 items failed", result.err)

    def test_missing_value_in_where_fails_the_item(self):
        self.write("t.csv", "id,price\n0,1.5\n1,NA\n2,-1.0\n3,2.5\n")
        missing = {"input": {"missing": ["NA"]}}
        result = self.run_job(job({"expr": "id", "where": "price > 0"}, errors={"on_error": "skip"}, **missing))
        self.assertEqual((result.code, result.text), (1, "result\n0\n3\n"), result.err)
        self.assertIn("price is missing (nan)", result.err)
        missing = {"input": {"missing": ["NA"]}}
        result = self.run_job(job({"expr": "id", "where": "price > 0"}, **missing), "-q")
        self.assertEqual((result.code, result.text), (1, "result\n0\n"), result.err)
        missing = {"input": {"missing": ["NA"]}}
        self.prints(job({"expr": "id", "where": "isnan(price) || price < 0"}, **missing), "result\n1\n2\n", "-q")

    def test_failure_of_where_is_a_failure(self):
        result = self.run_job(toml(mode="imap", input={"range": [-3, 4]}, kernel={"expr": "x", "where": "12 / x > 4"},
                                   errors={"on_error": "fill", "fill": 99}))
        self.assertEqual((result.code, result.text), (1, "99\n1\n2\n"))
        self.assertIn("1 of 7 items failed: 1 x integer division by zero", result.err)

    def test_where_in_products_reductions_and_digests(self):
        inputs = [{"range": [0, 30]}, {"range": [0, 20]}]
        pairs = [(x, y) for x in range(30) for y in range(20) if (x + y) % 3 == 0]
        kernel = {"expr": "x*y", "where": "(x + y) % 3 == 0"}
        table = {"mode": "starmap", "combine": "product", "input": inputs, "kernel": kernel}
        self.prints(toml(**table, output={"format": "csv", "keep": "all"}),
                    lines_of(["x", "y", "result"], [[x, y, x * y] for x, y in pairs]), "-q")
        self.prints(toml(**table, reduce={"op": ["sum", "count"]}), f"sum\t{sum(x * y for x, y in pairs)}\ncount\t{len(pairs)}\n", "-q")
        self.refuse(toml(**table, output={"path": "o.npy"}), 78, "where leaves holes")

    @needs_mpi
    def test_where_on_three_ranks_is_the_same(self):
        kernel = {"expr": "price * qty", "where": "qty > 2"}
        for output in ({"keep": "all"}, {"format": "raw"}, {"format": "digest"}):
            one = self.good(job(kernel, output, "starmap"), "-q")
            self.assertEqual(self.good(job(kernel, output, "starmap"), "-q", ranks=3).out, one.out)


if __name__ == "__main__":
    main()
