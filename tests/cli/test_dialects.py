# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""csv and tsv as other programs write them: delimiters, quotes, comments, decimal commas, missing values.

Expected values: pandas.read_csv of the same bytes with the same settings; where pandas is not installed those tests are skipped.
"""
import io
import math
import random
import unittest

from harness import Case, lines, main, needs_mpi, toml

try:
    import pandas
except ImportError:
    pandas = None
needs_pandas = unittest.skipIf(pandas is None, "pandas is not installed")

PANDAS_KEYS = {"delimiter": "sep", "quote": "quotechar", "skip_lines": "skiprows", "missing": "na_values"}


def job(kernel, mode="istarmap", errors=None, output=None, **table):
    more = {key: value for key, value in (("errors", errors), ("output", output)) if value}
    return toml(mode=mode, input=table, kernel=kernel, **more)


def read_by_pandas(text, **keys):
    how = {PANDAS_KEYS.get(key, key): value for key, value in keys.items()}
    if how.get("sep") == "whitespace":
        how["sep"] = r"\s+"
    if how.pop("header", True) is False:
        how["header"] = None
    if how.get("quotechar") == "none":
        del how["quotechar"]
        how["quoting"] = 3
    return pandas.read_csv(io.StringIO(text), keep_default_na=False, **{**how, "na_values": how.get("na_values", []) + ["nan"]})


def draw_number(draw, decimal, thousands):
    if draw.random() < 0.15:
        return draw.choice(["", "NA", "nan", "inf", "-inf", "1e3", "+1", "  7  "])
    value = draw.choice([draw.randrange(-10**7, 10**7), draw.uniform(-10**6, 10**6), draw.random()])
    text = f"{value:{',' if thousands else ''}}"
    return text.replace(",", "T").replace(".", decimal).replace("T", thousands)


def draw_file(draw, keys):
    """A file of two columns of numbers and one of texts, in the dialect of keys."""
    delimiter, end = keys.get("delimiter", ","), draw.choice(["\n", "\r\n"])
    quote = keys.get("quote", '"')
    rows = [["x", "y", "name"]] if keys.get("header", True) else []
    for _ in range(draw.randrange(1, 40)):
        numbers = [draw_number(draw, keys.get("decimal", "."), keys.get("thousands", "")) for _ in range(2)]
        rows.append([*numbers, draw.choice(["a", "b c", f"x{delimiter}y", "it's", "line\nbreak", "two  blanks"])])
    out = "".join("junk\n" for _ in range(keys.get("skip_lines", 0)))
    for row in rows:
        cells = [f"{quote}{cell}{quote}" if any(c in cell for c in (delimiter, "\n", " ", keys.get("thousands") or "\n"))
                 and quote != "none" else cell for cell in row]
        if quote == "none":
            cells = [cell.replace(delimiter, "_").replace("\n", "_") for cell in cells]
        out += delimiter.join(cells)
        if "comment" in keys and draw.random() < 0.2:
            out += keys["comment"] + ' a remark with a " in it'
        out += end
        if "comment" in keys and draw.random() < 0.2:
            out += f"{keys['comment']} a line{delimiter}of remarks{end}"
    return out if draw.random() < 0.8 else out.removesuffix(end)


DIALECTS = [{"delimiter": ";", "decimal": ",", "thousands": "."}, {"delimiter": "|", "comment": "#"},
            {"quote": "'", "skip_lines": 2}, {"delimiter": ";", "thousands": ",", "header": False},
            {"quote": "none", "comment": "%"}, {"delimiter": "\t", "decimal": ","}, {"comment": "#", "quote": "'"}, {}]


class Dialects(Case):
    def skips(self, text, expected):
        result = self.run_job(text)
        self.assertEqual((result.code, result.text), (1, expected), result)
        return result

    @needs_pandas
    def test_dialect_of_any_sort_is_read_as_pandas_reads_it(self):
        draw = random.Random(15)
        for keys in DIALECTS * 3:
            keys = {**keys, "missing": ["", "NA"]}
            text = draw_file(draw, keys)
            with self.subTest(keys=keys, text=text):
                frame = read_by_pandas(text, **keys)
                self.write("in.csv", text.encode())
                expected = [float("nan") if value != value else float(value) for value in frame.iloc[:, 0]]
                names = {"columns": [0, 1]} if not keys.get("header", True) else {"columns": ["x", "y"]}
                result = self.good(job({"expr": "(double)a + 0 * (b == b)", "args": ["a", "b"], "signature": "(float64, float64) -> float64"},
                                           path="in.csv", **names, **keys))
                got = [float(line) for line in result.text.split()]
                self.assertEqual(len(got), len(expected))
                for one, other in zip(got, expected):  # pandas is not exact in the last digits
                    self.assertTrue(math.isclose(one, other, rel_tol=1e-13) or math.isnan(one) and math.isnan(other), (one, other))

    @needs_pandas
    def test_whitespace_separates_fields_as_in_pandas(self):
        text = "  x   y\n\n1\t2  \n   \n# remark\n  -3.5    4 # tail\n\"5\" 6"
        for name, text in (("unix", text), ("dos", text.replace("\n", "\r\n"))):
            with self.subTest(name):
                frame = read_by_pandas(text, delimiter="whitespace", comment="#")
                self.write("in.txt", text.encode())
                self.prints(job({"expr": "x - 10 * y"}, path="in.txt", format="csv", delimiter="whitespace", comment="#"),
                            lines(repr(float(x - 10 * y)) for x, y in zip(frame.x, frame.y)))

    @needs_mpi
    def test_dialect_is_the_same_on_three_ranks_from_a_file_and_from_a_pipe(self):
        draw = random.Random(4)
        rows = [(draw.uniform(-9, 9), draw.choice(["", "NA", "7"])) for _ in range(5000)]
        text = "# made by hand\nx;y\n" + "".join(f"{x};{y}  # {i}\n# line\n" for i, (x, y) in enumerate(rows)).replace(".", ",")
        self.write("in.csv", text)
        expected = lines("nan" if y != "7" else repr(float(f"{x}") + 7) for x, y in rows)
        table = {"format": "csv", "delimiter": ";", "comment": "#", "decimal": ",", "missing": ["", "NA"]}
        for ranks in (0, 3):
            with self.subTest(ranks):
                self.prints(job({"expr": "x + y"}, path="in.csv", **table), expected, ranks=ranks)
                self.prints(job({"expr": "x + y"}, path="-", **table), expected, ranks=ranks, stdin=text.encode())

    @needs_pandas
    def test_output_dialect_is_what_pandas_writes(self):
        values = [1.5, float("nan"), -0.25, 1e300, float("inf"), 3.0]
        texts = ["a", "it's", "b;c", "two words", 'q"q', "x"]
        self.write("in.csv", pandas.DataFrame({"x": values, "s": texts}).to_csv(index=False))
        for style, how in (({"delimiter": ";", "decimal": ",", "missing": "NA"}, {"sep": ";", "decimal": ",", "na_rep": "NA"}),
                           ({"quote": "'", "missing": ""}, {"quotechar": "'", "na_rep": ""}),
                           ({"delimiter": "|"}, {"sep": "|", "na_rep": "nan"})):
            with self.subTest(style):
                names = [f"a{style.get('delimiter', ',')}b"]
                out = {"path": "out.csv", "names": names, **style}
                self.saves(job({"expr": "x * 1", "args": ["x"]}, "map", path="in.csv", columns=["x"], missing=[""], output=out), "out.csv")
                self.assertEqual((self.dir / "out.csv").read_text(), pandas.DataFrame({names[0]: values}).to_csv(index=False, **how))
                self.saves(job({"command": ["cat"]}, "map", path="in.csv", columns=["s"], missing=[""], output=out), "out.csv")
                self.assertEqual((self.dir / "out.csv").read_text(), pandas.DataFrame({names[0]: texts}).to_csv(index=False, **how))
        for style in ({"delimiter": "5"}, {"quote": ","}, {"decimal": ","}, {"missing": "a,b"}, {"delimiter": "whitespace"}):
            with self.subTest(style):
                result = self.run_job(job({"name": "square"}, "map", path="in.csv", columns=["x"], output={"path": "out.csv", **style}))
                self.assertEqual(result.code, 78, result)

    def test_numbers_of_another_style_are_refused_and_not_misread(self):
        for style, good, bad in (({"decimal": ","}, {"1,5": 1.5, "-0,25": -0.25}, ["1.5", "1.000,5", "1,5,5"]),
                                 ({"decimal": ",", "thousands": "."}, {"1.234,5": 1234.5, "1.2": 12.0}, ["1,234.567", "1,5.3", ".5", "1e3.5", "1..5", "5."]),
                                 ({"thousands": "'"}, {"1'234.5": 1234.5, "1'2": 12.0}, ["1.234'567", "'5", "5'", "1''5", "1e1'0"])):
            for text, value in [*good.items(), *((text, None) for text in bad)]:
                with self.subTest(style=style, text=text):
                    self.write("in.csv", f"x;y\n{text};1\n")
                    result = self.run_job(job({"expr": "x * y", "signature": "(float64, float64) -> float64"}, path="in.csv", delimiter=";", **style))
                    self.assertEqual((result.code, result.text), (0, f"{value!r}\n") if value is not None else (65, ""), result)

    def test_blanks_around_a_missing_value_are_no_part_of_it(self):
        self.write("in.csv", "x,y\n NA,1\nNA\t,2\n  ,3\n5 ,4\n")
        self.prints(job({"expr": "x * y"}, path="in.csv", missing=["", "NA"]), "nan\nnan\nnan\n20.0\n")

    def test_missing_value_fails_the_item_where_no_float_is_wanted(self):
        self.write("in.csv", "x,s\n1,a\nNA,b\n3,NA\n")
        self.skips(job({"name": "square"}, "imap", errors={"on_error": "skip"}, path="in.csv", columns=["x"], dtype="int64",
                        missing=["NA"]), "1\n9\n")
        result = self.skips(job({"name": "text_length"}, "imap", errors={"on_error": "skip"}, path="in.csv", columns=["s"],
                                 missing=["NA"]), "1\n1\n")
        self.assertIn("1 of 3 items failed", result.err)
        result = self.run_job(job({"name": "square"}, "imap", path="in.csv", columns=["x"], dtype="int64", missing=["NA"]))
        self.assertEqual(result.code, 65, result)
        self.assertIn('in.csv:3:1: column "x": the value is missing ("NA"), and only a float can be nan', result.err)

    def test_first_line_that_is_a_comment_is_reported_with_the_key_to_set(self):
        self.write("in.csv", "# a remark\nx,y\n1,2\n")
        for table in ({"columns": ["x"]}, {}):
            result = self.run_job(job({"name": "sum_of_squares"} if not table else {"name": "square"}, path="in.csv", **table))
            self.assertNotEqual(result.code, 0, result)
            self.assertIn('input.comment = "#"', result.err)
            self.assertIn("input.skip_lines = 1", result.err)

    def test_header_of_one_field_is_reported_with_the_delimiter_to_set(self):
        for delimiter, word in ((";", '";"'), ("|", '"|"'), ("\t", '"\\t"')):
            self.write("in.csv", f"x{delimiter}y\n1{delimiter}2,5\n")
            for kernel, table, code in (({"expr": "y * 2"}, {}, 69), ({"name": "square"}, {"columns": ["y"]}, 78), ({"name": "square"}, {}, 65)):
                with self.subTest(delimiter=delimiter, table=table):
                    result = self.run_job(job(kernel, path="in.csv", **table))
                    self.assertEqual(result.code, code, result)
                    self.assertIn(f"input.delimiter = {word}", result.err)
        self.prints(job({"expr": "y * 2"}, path="in.csv", delimiter="\t", decimal=","), "5.0\n")
        for header in ("a b", '"x;y"'):  # names that have a blank, or are quoted, are names
            self.write("in.csv", f"{header}\n1\n")
            self.assertNotIn("delimiter", self.run_job(job({"name": "square"}, path="in.csv", columns=["none"])).err)

    def test_wrong_dialects_are_refused(self):
        self.write("in.csv", "x\n1\n")
        for key, value, words in (("delimiter", ";;", "one ASCII character"), ("quote", "\n", "one ASCII character"),
                                  ("comment", "§", "one ASCII character"), ("decimal", "5", "digit"),
                                  ("thousands", ".", "both \".\""), ("quote", ",", "both \",\""), ("missing", "NA", "array"),
                                  ("skip_lines", -1, "0")):
            with self.subTest(key=key, value=value):
                result = self.run_job(job({"name": "square"}, path="in.csv", **{key: value}))
                self.assertEqual(result.code, 78, result)
                self.assertIn(words, result.err)
        result = self.run_job(job({"name": "text_length"}, path="in.txt", delimiter=";"))
        self.assertIn("csv", result.err)
        self.assertEqual(result.code, 78, result)


if __name__ == "__main__":
    main()
