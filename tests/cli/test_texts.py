# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Inputs of text: txt, csv, tsv, glob and what comes on stdin.

Expected values: Python's str and its csv module.
"""
import csv
import io
import math
import random

from harness import Case, lines, main, toml

HAIR = "naïve\nΣίσυφος\n\n漢字 kanji\n  spaces kept  \nlast without newline"


def of(kernel, mode="imap", output=None, pool=None, **table):
    more = {key: value for key, value in (("output", output), ("pool", pool)) if value}
    return toml(mode=mode, input=table, kernel={"name": kernel}, **more)


def csv_text(rows, **how):
    file = io.StringIO()
    csv.writer(file, lineterminator=how.pop("end", "\n"), **how).writerows(rows)
    return file.getvalue()


def ascii_upper(text):
    return "".join(c.upper() if c.isascii() else c for c in text)


class Txt(Case):
    def test_txt_line_is_one_item(self):
        self.write("in.txt", HAIR)
        self.prints(of("text_length", path="in.txt"), lines(map(len, HAIR.split("\n"))))
        self.prints(of("text_upper", path="in.txt"), lines(map(ascii_upper, HAIR.split("\n"))))

    def test_txt_with_and_without_last_newline_is_the_same(self):
        for text in ("a\nbb\n", "a\nbb"):
            with self.subTest(text):
                self.write("in.txt", text)
                self.prints(of("text_length", path="in.txt"), "1\n2\n")

    def test_txt_without_bytes_gives_nothing(self):
        self.write("in.txt", "")
        self.prints(of("text_length", path="in.txt"), "")

    def test_txt_of_one_newline_is_one_empty_item(self):
        self.write("in.txt", "\n")
        self.prints(of("text_length", path="in.txt"), "0\n")

    def test_txt_of_numbers_feeds_a_kernel_of_numbers(self):
        self.write("in.txt", "1\n-2\n+3\n")
        self.prints(of("square", path="in.txt", dtype="int64"), "1\n4\n9\n")
        self.prints(of("square", path="in.txt"), "1\n4\n9\n")
        self.prints(of("square", path="in.txt", dtype="float64"), "1.0\n4.0\n9.0\n")

    def test_txt_first_and_count_choose_lines(self):
        self.write("in.txt", "".join(f"{'x' * (i % 70)}\n" for i in range(5000)))
        self.prints(of("text_length", path="in.txt", first=4321, count=3), lines(i % 70 for i in (4321, 4322, 4323)))

    def test_txt_of_many_lines_is_in_order_for_many_workers(self):
        draw = random.Random(3)
        texts = ["".join(draw.choices("abc déf", k=draw.randrange(60))) for _ in range(20_000)]
        self.write("in.txt", lines(texts))
        for chunk in (1, 777, "auto"):
            with self.subTest(chunk):
                self.prints(of("text_upper", path="in.txt", pool={"threads": 3, "chunk_size": chunk}),
                            lines(map(ascii_upper, texts)))

    def test_txt_line_longer_than_any_buffer_is_one_item(self):
        long = "x" * 3_000_000
        self.write("in.txt", f"a\n{long}\nb\n")
        self.prints(of("text_length", path="in.txt"), "1\n3000000\n1\n")
        self.prints(of("text_upper", path="in.txt"), f"A\n{long.upper()}\nB\n")


class Csv(Case):
    HEADER = "name,x,y\n"
    ROWS = [("a", 3, 4), ("b", -5, 12), ("c", 8, 15)]

    def table(self, name="in.csv", delimiter=",", end="\n", header=True):
        rows = ([("name", "x", "y")] if header else []) + self.ROWS
        self.write(name, csv_text(rows, delimiter=delimiter, end=end))

    def test_csv_columns_are_chosen_by_name(self):
        self.table()
        self.prints(of("hypot", "istarmap", path="in.csv", columns=["x", "y"]), "5.0\n13.0\n17.0\n")
        self.prints(of("divmod", "istarmap", path="in.csv", columns=["y", "x"]),
                    "".join("{} {}\n".format(*divmod(y, x)) for _, x, y in self.ROWS))

    def test_csv_columns_are_chosen_by_number(self):
        self.table()
        self.prints(of("hypot", "istarmap", path="in.csv", columns=[1, 2]), "5.0\n13.0\n17.0\n")
        self.prints(of("square", path="in.csv", columns=[2]), "16\n144\n225\n")

    def test_csv_without_header_begins_with_an_item(self):
        self.table(header=False)
        self.prints(of("hypot", "istarmap", path="in.csv", columns=[1, 2], header=False), "5.0\n13.0\n17.0\n")

    def test_csv_without_columns_gives_all_of_them(self):
        self.write("in.csv", "x,y\n3,4\n5,12\n")
        self.prints(of("hypot", "istarmap", path="in.csv"), "5.0\n13.0\n")
        self.prints(of("sum_of_squares", "istarmap", path="in.csv"), "25\n169\n")

    def test_csv_with_windows_line_ends_is_read(self):
        self.table(end="\r\n")
        self.prints(of("hypot", "istarmap", path="in.csv", columns=["x", "y"]), "5.0\n13.0\n17.0\n")

    def test_tsv_is_read(self):
        self.table("in.tsv", "\t")
        self.prints(of("hypot", "istarmap", path="in.tsv", columns=["x", "y"]), "5.0\n13.0\n17.0\n")

    def test_csv_of_another_suffix_is_read_by_format(self):
        self.table("in.dat")
        self.prints(of("square", path="in.dat", format="csv", columns=["x"]), "9\n25\n64\n")

    def test_csv_of_floats_is_read_as_python_reads_them(self):
        written = ["0.1", "1e3", "-2.5E-3", "1.7976931348623157e308", "5e-324", "123456789012345678.0", "inf", "nan", ".5", "3."]
        self.write("in.csv", "x\n" + lines(written))
        self.prints(toml(mode="istarmap", input=[{"path": "in.csv"}, {"value": 0.0}], kernel={"name": "hypot"}),
                    lines(repr(abs(float(x))) for x in written))

    def test_csv_quoting_is_rfc_4180(self):
        texts = ['plain', 'with, comma', 'with "quotes"', 'two\nlines', '', ' spaces ', '"', '""', 'a\r\nb', 'ünï']
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL):
            with self.subTest(quoting):
                self.write("in.csv", csv_text([("i", "t")] + list(enumerate(texts)), quoting=quoting))
                self.prints(of("text_length", path="in.csv", columns=["t"]), lines(map(len, texts)))

    def test_csv_quoted_header_names_a_column(self):
        self.write("in.csv", '"the, x","say ""y"""\n3,4\n')
        self.prints(of("hypot", "istarmap", path="in.csv", columns=["the, x", 'say "y"']), "5.0\n")

    def test_csv_of_a_header_alone_gives_nothing(self):
        for text in ("x,y\n", "x,y"):
            with self.subTest(text):
                self.write("in.csv", text)
                self.prints(of("hypot", "istarmap", path="in.csv"), "")

    def test_csv_first_and_count_choose_records_not_lines(self):
        self.write("in.csv", csv_text([("t",)] + [("\n" * i + "x",) for i in range(1, 300)], quoting=csv.QUOTE_ALL))
        self.prints(of("text_length", path="in.csv", first=100, count=2), "102\n103\n")

    def test_csv_beside_another_input_goes_item_by_item(self):
        self.table()
        self.prints(toml(mode="starmap", input=[{"path": "in.csv", "columns": ["x"]}, {"range": [1, 4]}],
                         kernel={"name": "sum_of_squares"}), lines([9 + 1, 25 + 4, 64 + 9]))

    def test_csv_dtype_is_the_type_of_its_columns(self):
        self.table()
        self.prints(of("square", path="in.csv", columns=["x"], dtype="float64"), "9.0\n25.0\n64.0\n")

    def test_csv_of_many_records_is_in_order_for_many_workers(self):
        draw = random.Random(4)
        rows = [(draw.uniform(-9, 9), "q\n" * draw.randrange(3), draw.uniform(-9, 9)) for _ in range(10_000)]
        self.write("in.csv", csv_text([("x", "noise", "y")] + rows))
        for chunk in (1, 501, "auto"):
            with self.subTest(chunk):
                result = self.good(of("hypot", "istarmap", path="in.csv", columns=["x", "y"],
                                      pool={"threads": 3, "chunk_size": chunk}))
                for got, (x, _, y) in zip(map(float, result.text.split()), rows, strict=True):
                    self.assertTrue(math.isclose(got, math.hypot(x, y), rel_tol=4e-16), (got, x, y))


class Glob(Case):
    def test_glob_gives_the_sorted_paths(self):
        names = ["frames/b.dat", "frames/a10.dat", "frames/a2.dat", "frames/ignored.txt", "frames/é.dat"]
        for name in names:
            self.write(name, "")
        wanted = sorted((n for n in names if n.endswith(".dat")), key=str.encode)
        self.prints(of("text_upper", path="x") .replace('path = "x"', 'glob = "frames/*.dat"'),
                    lines(map(ascii_upper, wanted)))

    def test_glob_first_and_count_choose_paths(self):
        for i in range(9):
            self.write(f"f{i}.dat", "")
        self.prints(toml(input={"glob": "f*.dat", "first": 2, "count": 3}, kernel={"name": "text_upper"}),
                    "F2.DAT\nF3.DAT\nF4.DAT\n")

    def test_glob_that_matches_nothing_gives_nothing_or_says_so(self):
        result = self.run_job(toml(input={"glob": "none*.dat"}, kernel={"name": "text_upper"}))
        self.assertIn(result.code, (0, 66), str(result))
        self.assertEqual(result.out, b"")
        if result.code:
            self.assertIn("none*.dat", self.message(result))


class Stdin(Case):
    def test_stdin_of_lines_is_streamed(self):
        self.prints(of("text_upper", path="-", format="txt"), lines(map(ascii_upper, HAIR.split("\n"))),
                    stdin=HAIR.encode())

    def test_stdin_of_csv_is_streamed(self):
        rows = [(i, f'"{i}"\n' if i % 7 == 0 else i, i + 1) for i in range(5000)]
        text = csv_text([("x", "noise", "y")] + rows)
        for mode in ("istarmap", "starmap"):
            with self.subTest(mode):
                self.prints(of("sum_of_squares", mode, path="-", format="csv", columns=["x", "y"]),
                            lines(x * x + y * y for x, _, y in rows), stdin=text.encode())

    def test_stdin_without_bytes_gives_nothing(self):
        self.prints(of("text_upper", path="-", format="txt"), "", stdin=b"")
        self.prints(of("square", path="-", format="csv"), "", stdin=b"x\n")

    def test_stdin_through_many_workers_is_in_order(self):
        texts = [f"line {i} " + "y" * (i % 97) for i in range(30_000)]
        for chunk in (1, 100, "auto"):
            with self.subTest(chunk):
                self.prints(of("text_upper", path="-", format="txt", pool={"threads": 3, "chunk_size": chunk}),
                            lines(text.upper() for text in texts), stdin=lines(texts).encode())

    def test_stdin_to_npy_has_the_shape_of_what_came(self):
        for mode in ("map", "imap"):
            with self.subTest(mode):
                saved = self.saves(of("square", mode, output={"path": "out.npy"}, path="-", format="txt", dtype="int64"),
                                   "out.npy", stdin=lines(range(1234)).encode())
                self.assertEqual(saved.tolist(), [x * x for x in range(1234)])

    def test_stdin_beside_a_value_is_streamed(self):
        job = toml(mode="istarmap", input=[{"path": "-", "format": "csv", "header": False}, {"value": 2}],
                   kernel={"name": "divmod"})
        self.prints(job, "0 1\n1 0\n1 1\n", stdin=b"1\n2\n3\n")

    def test_stdin_beside_a_known_length_is_compared(self):
        job = toml(mode="istarmap", input=[{"path": "-", "format": "txt", "dtype": "int64"}, {"range": [0, 3]}],
                   kernel={"name": "sum_of_squares"})
        self.prints(job, "1\n5\n13\n", stdin=b"1\n2\n3\n")
        for text in (b"1\n2\n", b"1\n2\n3\n4\n"):
            with self.subTest(text):
                result = self.run_job(job, stdin=text)
                self.assertEqual(result.code, 65, str(result))
                self.assertRegex(self.message(result), r"\b3\b")

    def test_stdin_twice_is_refused(self):
        job = toml(mode="istarmap", input=[{"path": "-", "format": "txt"}] * 2, kernel={"name": "sum_of_squares"})
        self.refuse(job, 78, "stdin", stdin=b"")


if __name__ == "__main__":
    main()
