# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""JSON Lines in and out.

Expected values: Python's json of the same lines.
"""
import gzip
import itertools
import json
import math
import random
import sys

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

    def test_a_path_that_leads_to_nothing_in_any_line_is_pointed_out(self):
        self.write("in.jsonl", '{"x": 1, "o": {"y": 2}}\n{"x": null, "o": {"y": 3}}\n')
        for columns, warned in ((["x", "o.y"], []), (["z", "o.y"], ['"z"']), (["z", "o.z"], ['"z"', '"o.z"'])):
            with self.subTest(columns):
                result = self.good(job({"expr": "a + b", "args": ["a", "b"]}, columns))
                self.assertEqual([word for word in ('"x"', '"o.y"', '"z"', '"o.z"') if f"is no value at {word} in the first 2 lines" in result.err], warned)

    def test_kept_key_that_is_in_none_of_the_first_lines_is_refused_where_it_looks_mistyped(self):
        text = '{"name": "a", "x": 1, "o": {"y": 2}}\n{"name": "b", "x": 2, "late": null}\n'
        self.write("in.jsonl", text)
        self.write("in.jsonl.gz", gzip.compress(text.encode()))

        def keep(name, path="in.jsonl", stdin=None, **more):
            table = {"columns": ["x"], **more, **({"format": "jsonl"} if path == "-" else {})}
            kernel = {"expr": "x * x", "signature": "(int64) -> int64"}  # so that no type has to be found
            return self.run_job(job(kernel, path=path, input=table, output={"path": "-", "format": "csv", "keep": [name]}), stdin=stdin)

        for path in ("in.jsonl", "in.jsonl.gz"):
            with self.subTest(path):
                result = keep("nmae", path)
                self.assertEqual((result.code, result.text), (78, ""), result)
                self.assertRegex(result.err, r'job.toml:\d+:1: output\.keep: there is no key "nmae" in the first 2 lines of ' + path + ': did you mean "name"\\? '
                                 'The first has "name", "x", "o"\\. If a later line has it')
                result = keep("nmae", path, dtype={"nmae": "text"})
                self.assertEqual((result.code, result.text), (0, "nmae,result\n,1\n,4\n"), result)
        for name, stdin, hint in (("o.z", None, ""), ("color", None, ""), ("nmae", text.encode(), '; did you mean "name"\\?')):
            with self.subTest(name):
                result = keep(name, "in.jsonl" if stdin is None else "-", stdin)
                self.assertEqual(result.code, 0, result)
                self.assertRegex(result.err, f'there is no value at "{name}" in the first [12] lines?{hint}\n')
        self.assertNotIn("no value", keep("late").err)

    def test_lines_of_many_shapes_have_the_values_of_python(self):
        draw = random.Random(4)
        number = [lambda: draw.randrange(-10**9, 10**9), lambda: draw.uniform(-9, 9), lambda: 0, lambda: None,
                  lambda: draw.randrange(10**draw.randrange(1, 15))]
        other = [lambda: [], lambda: [1, {}], lambda: {"x": 1}, lambda: {"x": None}, lambda: "x", lambda: True, lambda: None]

        def draw_line(shapes):
            keys = draw.choice(shapes)
            return {key: draw.choice(number if key in "xz" else other)() for key in keys}

        def value_of(one):
            x, z, inner = one.get("x"), one.get("z"), one.get("o")
            u = inner.get("x") if isinstance(inner, dict) else None
            return "nan" if None in (x, z, u) else repr(float(x) + float(z) + float(u))

        all_shapes = [keys for keys in itertools.permutations("oxzk") if keys[0] != "k"] + ["xo", "oz", "xz", "k"]
        for shapes in (all_shapes[:2], all_shapes[-5:], all_shapes):
            objects = [draw_line(shapes) for _ in range(3000)]
            self.write("in.jsonl", lines(json.dumps(one, separators=draw.choice([None, (",", ":")])) for one in objects))
            kernel = {"expr": "x + z + u", "signature": "(float64, float64, float64) -> float64", "args": ["x", "z", "u"]}
            for ranks in RANKS:
                with self.subTest(shapes=len(shapes), ranks=ranks):
                    self.prints(job(kernel, ["x", "z", "o.x"]), lines(map(value_of, objects)), ranks=ranks)

    def test_kept_null_is_null_whatever_the_lines_before_have(self):
        text = ['{"x": 1, "s": "a"}', '{"x": null, "s": "b"}', '{"x": 3}', '{"x": 4, "s": null}', '{"x": 5, "s": [null]}'] * 50
        self.write("in.jsonl", lines(text))
        expected = [{"x": one.get("x"), "s": one.get("s"), "result": float(one["x"]) if one["x"] is not None else None}
                    for one in map(json.loads, text)]
        data = self.saves(job({"expr": "1.0 * x"}, ["x"], output={"path": "out.jsonl", "keep": ["x", "s"]}), "out.jsonl")
        self.assertEqual([json.loads(line) for line in data.decode().splitlines()], expected)

    def test_dot_in_a_kept_key_of_the_first_line_is_no_step_of_a_path(self):
        self.write("in.jsonl", '{"a.b": 1, "x": 2}\n{"a.b": 3, "x": 4, "a": {"b": 5}}\n')
        data = self.saves(job({"expr": "2 * x"}, ["x"], output={"path": "out.csv", "keep": "all"}), "out.csv")
        self.assertEqual(data, b"a.b,x,result\n1,2,4\n3,4,8\n")

    def test_integers_are_exact_to_int128_and_names_are_those_of_keys(self):
        big = 2**127 - 1
        self.write("in.jsonl", f'{{"n": {big}, "m": 0}}\n{{"n": {-big}, "m": 1}}\n')
        self.prints(job({"expr": "m == 0 ? n : n + 1", "signature": "(int128, int128) -> int128", "args": ["n", "m"]}, ["n", "m"]),
                    lines([big, -big + 1]))
        result = self.run_job(job({"name": "square"}, ["n"], input={"dtype": "float64"}))
        self.assertEqual(result.code, 65, result)
        self.assertIn(f"in.jsonl:1:7: key \"n\": {big} is not exact as float64", result.err)

    def test_blank_lines_are_items_that_skip_leaves_out(self):
        data = '\n \t\n{"x": 1}\n\r\n{"x": 2}\n\n\n'
        self.write("in.jsonl", data)
        text = job({"expr": "2 * x"})
        result = self.run_job(text)
        self.assertEqual(result.code, 65, result)
        self.assertIn('in.jsonl:1:1: not a line of JSON: an empty line (errors.on_error = "skip" leaves it out)', result.err)
        for path in ("in.jsonl", "-"):
            with self.subTest(path):
                text = job({"expr": "2 * x"}, path=path, input={"format": "jsonl"}, errors={"on_error": "skip"})
                result = self.run_job(text, stdin=data.encode())
                self.assertEqual((result.code, result.text), (1, "2\n4\n"), result)
                self.assertIn("3 of 5 items failed", result.err)

    def test_lines_that_are_not_json_are_reported_with_file_line_and_column(self):
        for line, column, words in (('{"a": 01}', 7, "expected a value"), ('{"a": 1,}', 9, "comma"), ("[1]", 1, "one object"),
                                    ('{"a": 1} 2', 1, "nothing after"), ('{"b": [1, {"c": tru}], "a": 1}', 17, "expected a value"),
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


class Writing(Case):
    def objects(self, text, ranks=0, name="out.jsonl"):
        data = self.saves(text, name, ranks=ranks).decode()
        self.assertTrue(data.endswith("\n"), data)
        return [json.loads(line) for line in data.splitlines()]

    def test_numbers_texts_and_vectors_are_values_of_their_names(self):
        values = [0.1, float("nan"), float("inf"), -float("inf"), 1e300, -2.0]
        self.write("in.csv", "x,s\n" + "".join(f'{x!r},"{i}\ta\\b ""é"""\n' for i, x in enumerate(values)))
        self.write("k.py", "def f(x, s):\n    return x > 0, x, [x, 2.5], s, 2**100\n")
        expected = [{"index": i, "ok": x > 0, "x": x if math.isfinite(x) else None, "v": [x if math.isfinite(x) else None, 2.5],
                     'na"me': f'{i}\ta\\b "é"', "big": 2**100} for i, x in enumerate(values)]
        text = toml(mode="starmap", input={"path": "in.csv"}, output={"path": "out.jsonl", "index": True,
                                                                      "names": ["ok", "x", "v", 'na"me', "big"]},
                    kernel={"python": "k.py:f", "signature": "(float64, text) -> (bool, float64, float64[2], text, int128)"})
        for ranks in RANKS:
            with self.subTest(ranks):
                self.assertEqual(self.objects(text, ranks), expected)
        result = self.run_job(text.replace('"big"]', '"x"]'))
        self.assertEqual(result.code, 78, result)

    def test_text_that_is_no_utf8_has_replacement_characters(self):
        self.write("in.txt", b"a\xffb\xed\xa0\x80\x01\n\xe2\x82\n")
        text = toml(mode="map", input={"path": "in.txt"}, kernel={"command": ["cat"]}, output={"path": "out.jsonl"})
        self.assertEqual(self.objects(text), [{"result": b"a\xffb\xed\xa0\x80\x01".decode("utf-8", "replace")},
                                              {"result": "\ufffd\ufffd"}])

    def test_python_function_without_signature_gives_json(self):
        self.write("k.py", "import numpy\ndef f(i):\n    return [{'a': i, 'nan': float('nan'), 'n': numpy.float32(0.5)}, [1, None, 'x\\n'], None,\n"
                           "            numpy.arange(3), {}, numpy.int64(7), 'é', {1: (2, {'k': numpy.array([1.5, numpy.inf])})}, {2}, f][i]\n")
        expected = [{"a": 0, "nan": None, "n": 0.5}, {"result": [1, None, "x\n"]}, {"result": None}, {"result": [0, 1, 2]}, {},
                    {"result": 7}, {"result": "é"}, {"1": [2, {"k": [1.5, None]}]}]
        text = toml(mode="map", input={"range": [0, 10]}, kernel={"python": "k.py:f", "interpreter": sys.executable},
                    output={"path": "out.jsonl"}, errors={"on_error": "skip"})
        result = self.run_job(text)
        self.assertEqual(result.code, 1, result)
        self.assertIn("which JSON does not have", self.run_job(text, "-s", 'errors.on_error="stop"').err)
        got = [json.loads(line) for line in (self.dir / "out.jsonl").read_text().splitlines()]
        self.assertEqual(got, expected)
        self.run_job(text, "-s", "output.index=true")
        got = [json.loads(line) for line in (self.dir / "out.jsonl").read_text().splitlines()]
        self.assertEqual(got, [{"index": i, **one} for i, one in enumerate(expected)])

    def test_key_of_a_dict_replaces_that_of_a_kept_column(self):
        """Each key is there once: what is left of the input in its own order, then the dict."""
        draw = random.Random(5)
        names = ["a", "b", "c.d", 'q"', "ä\n", "ab", ""]
        records = [{name: draw_value(draw) for name in draw.sample(names, draw.randrange(1, 8))} for _ in range(300)]
        self.write("in.jsonl", lines(json.dumps(record, ensure_ascii=False, separators=draw.choice([(", ", ": "), (",", ":")]))
                                     for record in records))
        self.write("k.py", "import json\ndef f(line):\n    known = json.loads(line)\n"
                           "    return {k: [known[k], '},{\"a\":'] for k in list(known)[:len(line) % 4]} | {'new': 1} if len(line) % 5 else {}\n")
        space = {}
        exec((self.dir / "k.py").read_text(), space)
        for keep, kept in (("all", names), (["b", "a"], ["b", "a"])):
            self.run_job(job({"python": "k.py:f", "interpreter": sys.executable}, output={"path": "out.jsonl", "keep": keep, "index": True}))
            for i, (record, line) in enumerate(zip(records, (self.dir / "out.jsonl").read_text().splitlines(), strict=True)):
                more = space["f"]((self.dir / "in.jsonl").read_text().splitlines()[i])
                mine = {name: record.get(name) for name in (record if keep == "all" else kept) if name not in more}
                expected = json.dumps({"index": i, **mine, **more})
                self.assertEqual(json.loads(line, object_pairs_hook=list), json.loads(expected, object_pairs_hook=list))
        self.write("k.py", "def f(x):\n    return {'x': -x, 'index': 5}\n")
        self.prints(toml(mode="map", input={"range": [1, 3]}, kernel={"python": "k.py:f", "interpreter": sys.executable},
                         output={"path": "-", "format": "jsonl", "keep": "all", "index": True}), '{"x": -1, "index": 5}\n{"x": -2, "index": 5}\n')

    def test_what_is_written_is_read_again_packed_too(self):
        text = toml(mode="map", input={"range": [0, 5000]}, kernel={"expr": "x * 0.5"}, output={"path": "out.jsonl.gz", "names": ["half"]})
        self.good(text, ranks=max(RANKS))
        self.prints(job({"expr": "half * 2"}, path="out.jsonl.gz"), lines(float(x) for x in range(5000)))

    def test_kept_columns_are_values_of_their_own(self):
        self.write("in.csv", "id,s,x\n1,a,0.5\n2,b,1.5\n")
        text = toml(mode="map", input={"path": "in.csv", "columns": ["x"]}, kernel={"expr": "x * 2"},
                    output={"path": "out.jsonl", "keep": "all"})
        self.assertEqual(self.objects(text), [{"id": 1, "s": "a", "x": 0.5, "result": 1.0}, {"id": 2, "s": "b", "x": 1.5, "result": 3.0}])
        self.write("in.jsonl", '{"s": "a\\u00e9", "x": 0.5}\n{"s": "b", "x": 1.5}\n')
        text = text.replace("in.csv", "in.jsonl").replace('columns = ["x"]', 'columns = ["x", "s"]').replace(
            "x * 2", "x + 0 * (double)equals(s, 'b')".replace("'", '\\"'))
        self.assertEqual(self.objects(text.replace('mode = "map"', 'mode = "starmap"')),
                         [{"x": 0.5, "s": "aé", "result": 0.5}, {"x": 1.5, "s": "b", "result": 1.5}])


if __name__ == "__main__":
    main()
