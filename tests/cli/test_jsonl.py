# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""JSON Lines in and out.

Expected values: Python's json of the same lines.
"""
import json
import math
import random

from harness import Case, HAS_MPI, lines, main, toml

RANKS = (0, 3) if HAS_MPI else (0,)


def job(kernel, columns=None, mode="istarmap", path="in.jsonl", **more):
    table = {"path": path, **({"columns": columns} if columns else {}), **more.pop("input", {})}
    return toml(mode=mode, input=table, kernel=kernel, **more)


def draw_value(draw, depth=0):
    if depth < 3 and draw.random() < 0.25:
        return {draw.choice(["a", "b", "ä\n", "c.d", 'q"']): draw_value(draw, depth + 1) for _ in range(draw.randrange(4))}
    if depth < 3 and draw.random() < 0.1:
        return [draw_value(draw, depth + 1) for _ in range(draw.randrange(4))]
    return draw.choice([None, True, False, 0, -7, 2**100, 1.5, -2e-9, "", "text", "né\t\"\\ \U0001F600", "12"])


class Reading(Case):
    def test_numbers_at_paths_are_those_of_python_on_any_ranks_from_files_and_pipes(self):
        draw = random.Random(15)
        objects = [{"id": i, "pos": {"x": draw.uniform(-9, 9), "y": [draw.randrange(99), draw.randrange(99)]}, "tag": "a\\b" * (i % 3)}
                   for i in range(20_000)]
        text = "".join(json.dumps(one, ensure_ascii=draw.random() < 0.5) + draw.choice(["\n", "\r\n"]) for one in objects)
        self.write("in.jsonl", text[:-1])  # the last line has no newline
        expected = lines(repr(one["pos"]["x"] + one["pos"]["y"][1]) for one in objects)
        columns = ["pos.x", "pos.y.1"]
        for ranks in RANKS:
            with self.subTest(ranks):
                self.prints(job({"expr": "x + y"}, columns), expected, ranks=ranks)
                self.prints(job({"expr": "x + y"}, columns, path="-", input={"format": "jsonl"}), expected, ranks=ranks,
                            stdin=text.encode())

    def test_values_of_any_sort_are_those_of_python_as_texts(self):
        draw = random.Random(2)
        objects = [{"a": draw_value(draw), "b": draw_value(draw), "x": i} for i in range(400)]
        self.write("in.jsonl", lines(json.dumps(one, ensure_ascii=draw.random() < 0.5) for one in objects))
        self.write("k.py", "import json\ndef f(t):\n    return json.dumps(t)\n")
        kernel = {"python": "k.py:f", "signature": "(text) -> text"}
        for path, take in (("a", lambda one: one["a"]), ("b.c\\.d", lambda one: one["b"].get("c.d") if isinstance(one["b"], dict) else None)):
            with self.subTest(path):
                values = [take(one) for one in objects]
                result = self.run_job(job(kernel, [path], "imap", errors={"on_error": "fill", "fill": "missing"}))
                self.assertIn(result.code, (0, 1), result)
                got = [line if line == "missing" else json.loads(line) for line in result.text.splitlines()]
                self.assertEqual(len(got), len(values))
                for value, text in zip(values, got):
                    if value is None:
                        self.assertEqual(text, "missing")
                    elif isinstance(value, str):
                        self.assertEqual(text, value)
                    else:
                        self.assertEqual(json.loads(text), value)

    def test_missing_keys_and_null_are_nan_for_floats_and_fail_others(self):
        self.write("in.jsonl", '{"x": 1}\n{"x": null}\n{"y": 1}\n{"x": 4, "x": 2.5}\n{"x": {"y": 1}, "x": 3}\n')
        self.prints(job({"name": "square"}, ["x"]), "1.0\nnan\nnan\n6.25\n9.0\n")
        self.prints(job({"expr": "2 * x"}), "2.0\nnan\nnan\n5.0\n6.0\n")
        result = self.run_job(job({"name": "square"}, ["x"], input={"dtype": "int64"}, errors={"on_error": "skip"}))
        self.assertEqual((result.code, result.text), (1, "1\n9\n"), result)
        result = self.run_job(job({"name": "square"}, ["x"], input={"dtype": "int64"}))
        self.assertEqual(result.code, 65, result)
        self.assertIn('in.jsonl:2:1: key "x": there is no value, and only a float can be nan', result.err)

    def test_integers_are_exact_to_int128_and_names_are_those_of_keys(self):
        big = 2**127 - 1
        self.write("in.jsonl", f'{{"n": {big}, "m": 0}}\n{{"n": {-big}, "m": 1}}\n')
        self.prints(job({"expr": "m == 0 ? n : n + 1", "signature": "(int128, int128) -> int128", "args": ["n", "m"]}, ["n", "m"]),
                    lines([big, -big + 1]))
        result = self.run_job(job({"name": "square"}, ["n"], input={"dtype": "float64"}))
        self.assertEqual(result.code, 65, result)
        self.assertIn(f"in.jsonl:1:7: key \"n\": {big} is not exact as float64", result.err)

    def test_lines_that_are_not_json_are_told_with_file_line_and_column(self):
        for line, column, words in (('{"a": 01}', 7, "expected a value"), ('{"a": 1,}', 9, "comma"), ("[1]", 1, "one object"),
                                    ('{"a": 1} 2', 1, "nothing behind"), ('{"b": [1, {"c": tru}], "a": 1}', 17, "expected a value"),
                                    ('{"a": "\\q"}', 8, "backslash"), ("", 1, "empty line"), ('{"a": "x', 1, "never closed"),
                                    (b'{"a": 1, "b": "ab\xff"}', 18, "not UTF-8"), ('{"a": 1, "b": "\x01"}', 1, "control character")):
            with self.subTest(line):
                self.write("in.jsonl", b'{"a": 1}\n' + (line if isinstance(line, bytes) else line.encode()) + b'\n{"a": 3}\n')
                result = self.run_job(job({"name": "square"}, ["a"]))
                self.assertEqual(result.code, 65, result)
                self.assertIn(f"in.jsonl:2:{column}: not a line of JSON: ", result.err)
                self.assertIn(words, result.err)
                result = self.run_job(job({"name": "square"}, ["a"], errors={"on_error": "skip"}))
                self.assertEqual((result.code, result.text), (1, "1\n9\n"), result)

    def test_without_columns_a_line_is_one_text(self):
        text = ['{"a": 1}', '  {"b": [2]}', "not json"]
        self.write("in.jsonl", "\n".join(text))
        self.prints(job({"name": "text_length"}, mode="imap"), lines(map(len, text)))

    def test_wrong_columns_are_refused(self):
        self.write("in.jsonl", '{"a": 1}\n')
        for columns, words in (([0], "are keys"), (["a..b"], "empty key"), (["a."], "empty key")):
            with self.subTest(columns):
                result = self.run_job(job({"name": "square"}, columns))
                self.assertEqual(result.code, 78, result)
                self.assertIn(words, result.err)


if __name__ == "__main__":
    main()
