# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Columns of texts without a dtype: their types, what does not fit them, what cannot be read.

Expected values: Python's int, float and csv. Where pandas is named, the constant was computed with pandas 1.5.3.
"""
import bz2
import csv
import gzip
import io
import lzma
import tomllib

import numpy

from harness import Case, HAS_MPI, lines, main, needs_mpi, toml

BIG = 9007199254740993  # 2**53 + 1: float(BIG) != BIG
EXPR = {"expr": "x"}


def job(kernel=None, mode="imap", errors=None, **table):
    more = {"errors": errors} if errors else {}
    return toml(mode=mode, input=table, kernel=kernel or EXPR, **more)


class Integers(Case):
    def test_integer_that_float64_would_round_stays_whole(self):
        self.write("id.csv", f"id\n{BIG}\n")
        self.write("id.txt", f"{BIG}\n")
        self.write("id.tsv", f"id\tx\n{BIG}\t1.5\n")
        self.prints(job(path="id.csv"), f"{BIG}\n")
        self.prints(job(path="id.txt"), f"{BIG}\n")
        self.prints(job(path="id.tsv", columns=["id"]), f"{BIG}\n")
        self.prints(job(path="-"), f"{BIG}\n", stdin=f"{BIG}\n".encode())

    def test_integer_that_float64_would_round_is_refused_as_float64(self):
        self.write("id.csv", f"id\n1\n{BIG}\n")
        needles = (f"id.csv:3:1: column \"id\": {BIG}", "float64")
        self.refuse(job(path="id.csv", dtype="float64", mode="map"), 65, *needles, "input.dtype")
        self.refuse(job({"name": "norm3"}, path="id.csv", mode="map", columns=["id"] * 3), 65, *needles, "argument 1")
        self.refuse(job({"expr": "x", "signature": "(float64) -> float64"}, path="id.csv", mode="map"), 65, *needles)
        self.refuse(job(path="-", format="csv", dtype="float64", mode="map"), 65, "stdin:3:1", str(BIG),
                    stdin=f"id\n1\n{BIG}\n".encode())

    def test_integer_that_float64_holds_is_read_as_float64(self):
        values = [2**53, 2**53 + 2, 2**60, 10**22, 2**200, -(2**63)]
        self.write("x.txt", lines(values) + "1e23\n9007199254740993.0\n")
        self.prints(job(path="x.txt", dtype="float64"), lines(repr(float(v)) for v in [*values, 1e23, 2**53]))

    def test_reduction_of_integers_is_exact(self):
        values = [BIG, 1, BIG + 2]
        self.write("x.csv", "x\n" + lines(values))
        self.prints(toml(input={"path": "x.csv"}, kernel=EXPR, reduce={"op": "sum"}), f"sum\t{sum(values)}\n")


class Types(Case):
    ROWS = 1500

    def column(self, values):
        self.write("x.csv", "x\n" + lines(values))

    def test_column_is_int64_or_float64_by_its_first_records(self):
        self.column(range(self.ROWS))
        self.prints(job({"expr": "x / 2"}, path="x.csv", first=7, count=2), "3\n4\n")
        self.column([*range(999), 0.5])
        self.prints(job(path="x.csv", count=2), "0.0\n1.0\n")
        self.prints(job(path="-", format="csv", count=2), "0.0\n1.0\n", stdin=("x\n" + lines([*range(999), 0.5])).encode())

    def test_value_that_comes_later_and_does_not_fit_is_an_error_of_its_item(self):
        values = [*range(1200), 0.5, *range(3)]
        self.column(values)
        self.refuse(job(path="x.csv", mode="map"), 65, "x.csv:1202:1", "0.5", "int64", "float64")
        result = self.run_job(job(path="x.csv", errors={"on_error": "skip"}))
        self.assertEqual((result.code, result.text), (1, lines(v for v in values if v != 0.5)))
        self.assertIn("cannot be read", result.err)

    def test_type_does_not_depend_on_first_or_part(self):
        self.column([*range(999), 0.5, *range(1000)])
        self.prints(job(path="x.csv", first=1000, count=3), "0.0\n1.0\n2.0\n")
        self.prints(job(path="x.csv"), "500.0\n", "--part=2/2", "-s", "input.first=1499", "-s", "input.count=2")

    @needs_mpi
    def test_type_is_the_same_on_every_rank(self):
        self.column([*range(999), 0.5, *range(1000)])
        self.prints(job(path="x.csv", first=1000, count=3), "0.0\n1.0\n2.0\n", ranks=2)

    def test_overload_follows_the_column(self):
        self.column([3, 4])
        self.prints(job({"name": "square"}, path="x.csv"), "9\n16\n")

    def test_python_function_gets_numbers_of_a_column_of_numbers(self):
        self.write("f.py", "def f(x):\n    return x * 2\n")
        self.column([1.5, 2])
        self.prints(job({"python": "f.py:f"}, path="x.csv"), "3.0\n4.0\n")
        self.column([1, 2])
        self.prints(job({"python": "f.py:f"}, path="x.csv"), "2\n4\n")
        self.column(["a", "2"])
        self.prints(job({"python": "f.py:f"}, path="x.csv"), "aa\n22\n")

    def test_expression_takes_a_column_of_texts_where_it_compares_it(self):
        self.column(["DE", "12", "FR", "DE"])
        self.prints(job({"expr": 'equals(x, "DE")'}, path="x.csv"), "1\n0\n0\n1\n")
        result = self.run_job(job({"expr": "x + 1"}, path="x.csv", errors={"on_error": "skip"}))
        self.assertEqual((result.code, result.text), (1, "13\n"), result.err)

    def test_header_of_numbers_earns_a_warning(self):
        self.write("x.csv", "1\n2\n")
        self.assertIn("header = false", self.prints(job(path="x.csv"), "2\n").err)
        self.assertNotIn("header = false", self.prints(job(path="x.csv", header=False), "1\n2\n").err)
        self.assertNotIn("header = false", self.prints(job(path="x.csv", columns=["1"]), "2\n").err)

    def test_utf_16_is_named(self):
        for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
            with self.subTest(encoding):
                self.refuse(job(path="x.csv", mode="map"), 65, "x.csv", "UTF-16", files={"x.csv": "x\n1\n".encode(encoding)})
                self.refuse(job(path="-", mode="map"), 65, "stdin", "UTF-16", stdin="x\n1\n".encode(encoding))

    def test_files_of_other_kinds_are_refused_by_name(self):
        array = io.BytesIO()
        numpy.save(array, [1.0])
        for data, words in ((gzip.compress(b"x\n1\n"), ["gzip", ".gz"]), (b"\x28\xb5\x2f\xfd\0", ["zstd", ".zst"]), (lzma.compress(b"x"), ["xz -dc"]),
                            (bz2.compress(b"x"), ["bzip2 -dc"]), (b"PK\3\4\x14", ["zip", "csv"]), (b"PAR1\x15\4", ["Parquet", "csv"]),
                            (array.getvalue(), ["npy", "input.format"]), (b"\x89HDF\r\n\x1a\n", ["HDF5", "input.format"])):
            for name in ("x.csv", "x.txt", "x.jsonl"):
                with self.subTest(words=words, name=name):
                    self.refuse(job(path=name, mode="map"), 65, name, *words, files={name: data})
            self.refuse(job(path="-", mode="map"), 65, "stdin", *words, stdin=data)
        self.write("x.txt", "PAR1\nBZh9\n")
        self.prints(job(kernel={"name": "text_length"}, path="x.txt", mode="map"), "4\n4\n")
        for name, words in (("x.csv.xz", ["xz -dc"]), ("x.JSON", ["jsonl", "jq"]), ("x.nc", ["hdf5"]), ("x.xlsx", ["csv"]), ("x.dat", ["one of npy"])):
            self.refuse(job(path=name, mode="map"), 78, name, *words, files={name: b"1"})
        (self.dir / "folder").mkdir()
        self.refuse(job(path="folder", mode="map"), 78, "folder", "input.glob")


class Tables(Case):
    """input.dtype as a table: the types of some columns by their names, the others as without dtype."""

    def setUp(self):
        super().setUp()
        self.write("f.py", "def f(*values):\n    return ' '.join(type(value).__name__ + str(value) for value in values)\n")
        self.write("o.csv", "id,price,qty\n007,1,2\n8,2.5,3\n")

    def test_table_types_the_columns_that_it_names(self):
        kernel = {"python": "f.py:f"}
        for ranks in (0, 3) if HAS_MPI else (0,):
            for table, expected in (({"id": "text"}, "str007 float1.0 int2"), ({"qty": "float64", "id": "int8"}, "int7 float1.0 float2.0")):
                result = self.run_job(job(kernel, "starmap", path="o.csv", dtype=table), ranks=ranks)
                self.assertEqual((result.code, result.text.split("\n")[0]), (0, expected), result.err)
        result = self.run_args("-q", "-s", 'input.dtype.id="text"', "-s", 'input.dtype.qty="complex128"', "job.toml", stdin=b"")
        self.assertEqual(result.text.split("\n")[1], "str8 float2.5 complex(3+0j)", result.err)
        self.write("p.jsonl", '{"a": 1, "b": {"c": 2}}\n')
        self.prints(job(kernel, "starmap", path="p.jsonl", columns=["a", "b.c"], dtype={'"b.c"': "float64"}), "int1 float2.0\n")
        self.prints(job(kernel, "starmap", path="o.csv", header=False, first=1, names=["i", "p", "q"], dtype={"i": "text", "p": "text", "q": "text"}),
                    "str007 str1 str2\nstr8 str2.5 str3\n")
        numpy.save(self.dir / "s.npy", numpy.array([(1, 2.5), (3, 4.5)], dtype=[("a", "<i4"), ("b", "<f8")]))
        self.prints(job(kernel, "starmap", path="s.npy", dtype={"a": "float64"}), "float1.0 float2.5\nfloat3.0 float4.5\n")

    def test_value_that_does_not_fit_the_table_is_an_error_of_its_item(self):
        self.write("o.csv", "id,price\n1,2\nx,3\n4,5\n")
        text = job({"expr": "id + price"}, "starmap", {"on_error": "skip"}, path="o.csv", dtype={"id": "int64"})
        result = self.run_job(text)
        self.assertEqual((result.code, result.text), (1, "3\n9\n"), result.err)
        self.refuse(job({"expr": "id + price"}, "starmap", path="o.csv", dtype={"id": "int64"}), 65, "o.csv:3:1", "input.dtype asks for|not an int64")

    def test_kept_column_has_the_type_of_the_table(self):
        result = self.run_job(toml(mode="starmap", input={"path": "o.csv", "dtype": {"id": "int16"}}, kernel={"expr": "price*qty"},
                                   output={"path": "o.npy", "keep": ["id", "qty"]}))
        self.assertEqual(result.code, 0, result.err)
        got = numpy.load(self.dir / "o.npy")
        self.assertEqual((got.dtype["id"], got.dtype["qty"]), (numpy.dtype("int16"), numpy.dtype("int64")))
        self.assertEqual(got["id"].tolist(), [7, 8])

    def test_printed_table_is_the_same_job(self):
        self.write("o.csv", '"a b",c\n1,2\n')
        text = job({"python": "f.py:f"}, "starmap", path="o.csv", dtype={'"a b"': "text", "c": "float32"})
        self.prints(text, "str1 float2.0\n")
        config = self.good(text, "--print-config").text
        self.assertEqual(tomllib.loads(config)["input"]["dtype"], {"a b": "text", "c": "float32"})
        self.prints(config, "str1 float2.0\n")

    def test_wrong_tables_are_refused(self):
        for table, needles in (({"idd": "int64"}, ("idd", 'expected one of "id"')), ({"id": "int65"}, ("int65", "int64")), ({"id": 3}, ("dtype", "id", "3")),
                               ({}, ("dtype",)), ({"id": "float64[3]"}, ("id", "float64"))):
            self.refuse(job({"expr": "id"}, "starmap", path="o.csv", dtype=table), 78, *needles)
        self.write("x.npy", numpy.array([(2.5,)], dtype=[("a", "<f8")]))
        self.refuse(job({"expr": "a"}, path="x.npy", dtype={"a": "int64"}), 78, "could lose value")
        self.refuse(job({"expr": "x"}, range=[0, 3], dtype={"x": "int64"}), 78, "columns")
        self.write("x.txt", "1\n")
        self.refuse(job({"expr": "x"}, path="x.txt", dtype={"x": "int64"}), 78, "columns")


class BlankLines(Case):
    TEXT = "1\n2\n\n\r\n\n"

    def test_blank_lines_at_the_end_are_no_items_for_numbers(self):
        self.write("x.txt", self.TEXT)
        self.write("x.csv", "x\n" + self.TEXT)
        for kernel in (EXPR, {"name": "square"}, {"expr": "x", "signature": "(int64) -> int64"}):
            with self.subTest(kernel):
                power = 2 if "name" in kernel else 1
                self.prints(job(kernel, path="x.txt"), f"1\n{2**power}\n")
                self.prints(job(kernel, path="x.csv"), f"1\n{2**power}\n")
                self.prints(job(kernel, path="-"), f"1\n{2**power}\n", stdin=self.TEXT.encode())
        self.prints(job(path="x.txt", dtype="int64", errors={"on_error": "fill", "fill": 0}), "1\n2\n")

    def test_blank_lines_at_the_end_are_items_for_texts(self):
        self.write("x.txt", self.TEXT)
        expected = lines(map(len, self.TEXT.replace("\r", "").split("\n")[:-1]))
        self.prints(job({"name": "text_length"}, path="x.txt"), expected)
        self.prints(job({"name": "text_length"}, path="-"), expected, stdin=self.TEXT.encode())

    def test_many_blank_lines_end_a_stream(self):
        text = "1\n" + "\n" * 5000
        self.prints(toml(mode="imap", input={"path": "-"}, kernel=EXPR, pool={"chunk_size": 7}), "1\n", stdin=text.encode())


class Unreadable(Case):
    ROWS = ["1", "", "x", "4", "5,6", "7"]

    def rows(self, errors, table=None, **how):
        self.write("x.csv", "x\n" + lines(self.ROWS))
        return self.run_job(job(errors=errors, **(table or {"path": "x.csv"})), **how)

    def test_items_that_cannot_be_read_are_skipped_filled_and_logged(self):
        skipped = self.rows({"on_error": "skip", "log": "log.csv"})
        self.assertEqual((skipped.code, skipped.text), (1, "1\n4\n7\n"), skipped.err)
        log = list(csv.DictReader(io.StringIO((self.dir / "log.csv").read_text())))
        self.assertEqual([row.get("item", row.get("index")) for row in log], ["1", "2", "4"])
        for row, place in zip(log, ("x.csv:3:1", "x.csv:4:1", "x.csv:6")):
            self.assertIn(place, row["reason"])
        filled = self.rows({"on_error": "fill", "fill": -1})
        self.assertEqual((filled.code, filled.text), (1, "1\n-1\n-1\n4\n-1\n7\n"), filled.err)

    def test_items_of_a_stream_that_cannot_be_read_are_filled(self):
        text = "x\n" + lines(self.ROWS)
        result = self.rows({"on_error": "fill", "fill": -1}, {"path": "-", "format": "csv"}, stdin=text.encode())
        self.assertEqual((result.code, result.text), (1, "1\n-1\n-1\n4\n-1\n7\n"), result.err)

    def test_item_that_cannot_be_read_ends_a_run_that_stops_with_65(self):
        self.write("x.csv", "x\n" + lines(self.ROWS))
        self.refuse(job(path="x.csv", mode="map"), 65, "x.csv:3:1", "empty")
        result = self.run_job(job(path="x.csv", dtype="int64"))
        self.assertEqual((result.code, result.text), (65, "1\n"))

    def test_quote_that_never_closes_is_65_whatever_the_policy(self):
        text = 'x\n1\n"2\n3\n'
        self.write("q.csv", text)
        for errors in ({"on_error": "skip"}, {"on_error": "fill", "fill": 0}):
            self.refuse(job(path="q.csv", mode="map", errors=errors), 65, "q.csv:3:1", "never closed")
            result = self.run_job(job(path="-", format="csv", errors=errors), stdin=text.encode())
            self.assertEqual(result.code, 65, result)

    def test_many_items_that_cannot_be_read_leave_the_others_as_they_are(self):
        rows = [str(i) if i % 7 else f"no {i}" for i in range(20_000)]
        self.write("x.csv", "x\n" + lines(rows))
        for policy, expected in (("skip", [r for r in rows if r.isdigit()]), ("fill", [r if r.isdigit() else "-1" for r in rows])):
            errors = {"on_error": policy, **({"fill": -1} if policy == "fill" else {})}
            with self.subTest(policy):
                result = self.run_job(job({"expr": "x", "signature": "(int64) -> int64"}, path="x.csv", errors=errors))
                self.assertEqual((result.code, result.text), (1, lines(expected)))

    def test_item_of_a_product_that_cannot_be_read_fails_all_its_items(self):
        self.write("x.txt", "1\nno\n3\n")
        two = toml(mode="starmap", combine="product", input=[{"path": "x.txt"}, {"range": [0, 2]}],
                   kernel={"expr": "10 * x + y", "signature": "(int64, int64) -> int64"}, errors={"on_error": "fill", "fill": -1})
        result = self.run_job(two)
        self.assertEqual((result.code, result.text), (1, "10\n11\n-1\n-1\n30\n31\n"), result.err)


class LongRecords(Case):
    def test_record_that_memory_cannot_hold_is_refused_of_a_file_and_of_a_stream(self):
        self.write("x.txt", "x" * 20_000_000 + "\n")
        text = (self.dir / "x.txt").read_bytes()
        for path, how in (("x.txt", {}), ("-", {"stdin": text})):
            one = toml(input={"path": path}, kernel={"name": "text_length"}, pool={"memory": "8 MiB", "threads": 1})
            self.refuse(one, 78, "pool.memory", **how)
            two = toml(input={"path": path}, kernel={"name": "text_length"}, pool={"memory": "64 MiB", "threads": 1})
            self.prints(two, "20000000\n", **how)


class CarriageReturns(Case):
    """Python's csv and pandas take a lone CR for the end of a record; pengine refuses it with its place."""

    def test_csv_of_cr_line_ends_is_refused(self):
        for text in ("x,y\r1,2\r3,4\r", "x\r1\r2", "x\r1\r2\r"):
            self.refuse(job(path="x.csv", mode="map"), 65, "x.csv:1:", "CR", files={"x.csv": text})
            self.refuse(job(path="-", format="csv", mode="map"), 65, "stdin:1:", "CR", stdin=text.encode())

    def test_cr_inside_a_record_is_refused_with_its_line(self):
        files = {"x.csv": "x,y\n1,2\n3,4\r5,6\n7,8\n"}
        self.refuse(job({"expr": "x + y"}, path="x.csv", mode="starmap"), 65, "x.csv:3:4", "CR", files=files)

    def test_cr_inside_quotes_is_data(self):
        text = 'x\r\n"a\rb"\r\nccc\r\n'
        self.write("x.csv", text)
        rows = list(csv.reader(io.StringIO(text, newline="")))[1:]
        self.prints(job({"name": "text_length"}, path="x.csv"), lines(len(row[0]) for row in rows))


if __name__ == "__main__":
    main()
