# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""output.keep: columns of the input in front of the results.

Expected values: the file's own fields, cut and joined by Python; csv's writer; numpy; pandas, where that writes fields as they stand.
"""
import csv
import io
import itertools
import json
import random
import unittest

import numpy

from harness import Case, HAS_MPI, main, needs_mpi, toml

try:
    import pandas
except ImportError:
    pandas = None

HEADER = ['id', '"name"', '"price, net"', 'qty', 'note']


def draw_field(draw):
    """A field in its own bytes, and its value."""
    text = draw.choice(["plain", "", " spaced ", "ünï", "007", "1.50", "-", 'in"side'])
    kind = draw.randrange(4)
    if kind == 0:
        text += draw.choice([",", '"', "\n", "\r\n", "'"]) + text
    if kind <= 1 or text.startswith('"') or any(c in text for c in ",\n\r"):
        return '"' + text.replace('"', '""') + '"', text
    return text, text


def draw_table(count, bad=(), seed=5, end="\n"):
    """Records as lists of (own bytes, value); the numbers are columns 2 and 3."""
    draw, records = random.Random(seed), []
    for i in range(count):
        price = "abc" if i in bad else f"{draw.randrange(1000) / 8:.3f}0"
        price = draw.choice([price, f'"{price}"'])
        qty = str(draw.randrange(100))
        records.append([(f"{i:05}",) * 2, draw_field(draw), (price, price.strip('"')), (qty, qty), draw_field(draw)])
    text = end.join([",".join(HEADER)] + [",".join(own for own, _ in record) for record in records])
    return records, text + draw.choice(["", end])


def value(record):
    return repr(float(record[2][1]) * int(record[3][1]))


def own(records, columns, results, head=()):
    rows = [",".join([HEADER[c] for c in columns] + list(head or ["result"]))]
    rows += [",".join([record[c][0] for c in columns] + [result]) for record, result in zip(records, results)]
    return "".join(row + "\n" for row in rows)


def anew(records, columns, results, **how):
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n", **how)
    writer.writerow([HEADER[c].strip('"') for c in columns] + ["result"])
    writer.writerows([record[c][1] for c in columns] + [result] for record, result in zip(records, results))
    return file.getvalue()


def job(keep, output=None, mode="istarmap", chunk=3, **more):
    return toml(mode=mode, input={"path": "t.csv", "columns": ["price, net", "qty"], **more.pop("input", {})},
                kernel={"expr": "x*y"}, output={"format": "csv", "keep": keep, **(output or {})},
                pool={"chunk_size": chunk, "threads": 3}, **more)


class JsonLines(Case):
    """Members of a line of JSON, in their own bytes for an output of jsonl, else their values."""

    LINES = ['{"id": 1.50, "s": "a\\u00e9\\"\\n", "t": {"x": [1, 2]}, "a.b": null}', ' { "id" : 2,"s":"q, r","more": true,"t":{"x":[ ]}} ',
             '{"id":3e0,"result":7}', '{ }']

    def setUp(self):
        super().setUp()
        self.write("in.jsonl", "\n".join(self.LINES) + "\n")
        self.write("f.py", "import json\ndef f(line): return len(json.loads(line))\ndef g(line): return {'n': len(json.loads(line))}\n")

    def lines(self, output, kernel=None, ranks=0, **table):
        table = {"path": "in.jsonl", **table}
        job = toml(mode="starmap", input=table, kernel=kernel or {"python": "f.py:f", "signature": "(text) -> int64"},
                   output={"format": "jsonl", **output}, pool={"chunk_size": 1})
        result = self.run_job(job, ranks=ranks, stdin=self.read("in.jsonl") if table["path"] == "-" else None)
        self.assertEqual(result.code, 0, str(result))
        return result.text.split("\n")[:-1]

    def read(self, name):
        return (self.dir / name).read_bytes()

    def expected(self, add):
        """The line's own members, then others."""
        out = []
        for line in self.LINES:
            inside = line.strip()[1:-1].strip()
            out.append("{" + ",".join(part for part in (inside, add(json.loads(line))) if part) + "}")
        return out

    def test_all_is_the_line_itself(self):
        for ranks in (0, 3) if HAS_MPI else (0,):
            for more in ({}, {"path": "-", "format": "jsonl"}):
                self.assertEqual(self.lines({"keep": "all"}, ranks=ranks, **more), self.expected(lambda line: f'"result":{len(line)}'))
        self.assertEqual(self.lines({"keep": "all", "index": True}, count=1), ['{"index":0,' + self.LINES[0][1:-1] + ',"result":4}'])
        self.assertEqual(self.lines({"keep": "all"}, {"python": "f.py:g"}), self.expected(lambda line: f'"n": {len(line)}'))
        self.assertEqual(self.lines({"keep": "all"}, {"expr": "x + 1"}, columns=["id"], dtype="float64"),
                         self.expected(lambda line: '"result":' + (str(line["id"] + 1.0) if "id" in line else "null")))

    def test_result_whose_name_the_first_line_has_is_renamed(self):
        self.write("in.jsonl", '{"result":1}\n{"result":2}\n')
        self.assertEqual(self.lines({"keep": "all"}, {"expr": "result * 10"}), ['{"result":1,"result_2":10}', '{"result":2,"result_2":20}'])

    def test_chosen_values_are_members_in_their_own_bytes(self):
        got = self.lines({"keep": ["s", "t.x", "id"]})
        self.assertEqual(got[0], '{"s":"a\\u00e9\\"\\n","t.x":[1, 2],"id":1.50,"result":4}')
        self.assertEqual(got[1], '{"s":"q, r","t.x":[ ],"id":2,"result":4}')
        self.assertEqual(got[3], '{"s":null,"t.x":null,"id":null,"result":0}')
        self.assertEqual(self.lines({"keep": [3, 0]}, count=1), ['{"a.b":null,"id":1.50,"result":4}'])

    def test_other_formats_get_the_values(self):
        for ranks in (0, 3) if HAS_MPI else (0,):
            got = list(csv.reader(io.StringIO("\n".join(self.lines({"format": "csv", "keep": ["id", "s", "t"]}, ranks=ranks, count=2)))))
            self.assertEqual(got[0], ["id", "s", "t", "result"])
            self.assertEqual(got[1:], [["1.50", 'aé"\n', '{"x": [1, 2]}', "4"], ["2", "q, r", '{"x":[ ]}', "4"]])
        self.write("in.jsonl", '{"id":7,"v":0.5}\n{"v":1.5,"id":8}\n')
        job = toml(mode="starmap", input={"path": "in.jsonl"}, kernel={"expr": "v * 2"}, output={"path": "o.npy", "keep": "all"})
        self.assertEqual(self.run_job(job).code, 0)
        self.assertEqual(numpy.load(self.dir / "o.npy").tolist(), [(7, 0.5, 1.0), (8, 1.5, 3.0)])

    def test_lines_that_fail_are_left_out_or_filled(self):
        self.write("in.jsonl", '{"id":1,"v":4}\n{"id":2,"v":"x"}\n{"id":3,"v":\n{"id":4,"v":0}\n')
        job = toml(mode="starmap", input={"path": "in.jsonl", "columns": ["v"], "dtype": "int64"}, kernel={"expr": "8 / v"},
                   output={"format": "jsonl", "keep": ["id"]}, errors={"on_error": "skip"})
        result = self.run_job(job)
        self.assertEqual((result.code, result.text), (1, '{"id":1,"result":2}\n'), result.err)
        result = self.run_job(job, "-s", 'errors.on_error="fill"', "-s", "errors.fill=-1")
        self.assertEqual(result.text, '{"id":1,"result":2}\n{"id":2,"result":-1}\n{"result":-1}\n{"id":4,"result":-1}\n')


class Text(Case):
    def test_keep_csv_is_the_file_s_own_bytes(self):
        for end, columns, keep in (("\n", range(5), "all"), ("\r\n", range(5), "all"), ("\n", [4, 0], ["note", "id"]),
                                   ("\r\n", [2, 3, 2], [2, 3, 2]), ("\n", range(5), ["id", "name", "price, net", "qty", "note"])):
            records, text = draw_table(200, end=end)
            self.write("t.csv", text)
            expected = own(records, columns, map(value, records))
            with self.subTest(keep=keep, end=end):
                self.assertEqual(self.good(job(keep), "-q").out.decode(), expected)
                if keep == "all":
                    self.assertEqual(self.good(job("all", {}, "starmap", "auto", input={"path": "-", "format": "csv"}), "-q",
                                               stdin=text.encode()).out.decode(), expected)

    def test_keep_in_another_format_writes_the_values_anew(self):
        records, text = draw_table(200, seed=6)
        self.write("t.csv", text)
        results = [value(record) for record in records]
        tsv = self.good(job("all", {"format": "tsv"}), "-q").out.decode()
        self.assertEqual(list(csv.reader(io.StringIO(tsv, newline=""), delimiter="\t")),
                         list(csv.reader(io.StringIO(anew(records, range(5), results), newline=""))))
        self.assertEqual(self.good(job([0, 3], {"format": "txt"}), "-q").out.decode(),
                         "".join(f"{r[0][1]} {r[3][1]} {v}\n" for r, v in zip(records, results)))

    def test_keep_writes_numbers_with_the_output_s_point(self):
        self.write("t.csv", 'n;t;v\n1.234,50;1,5x;1,0\n-2,25;"a;b";2.0,1\n3;;-0,5\n')
        german = {"path": "t.csv", "delimiter": ";", "decimal": ",", "thousands": "."}
        rows = [["1234.50", "1,5x", "1.0"], ["-2.25", "a;b", "20.1"], ["3", "", "-0.5"]]
        for output, comma in (({"format": "csv"}, False), ({"format": "tsv"}, False), ({"format": "csv", "delimiter": ";", "decimal": ","}, True)):
            file = io.StringIO()
            writer = csv.writer(file, lineterminator="\n", delimiter=output.get("delimiter", "\t" if output["format"] == "tsv" else ","))
            writer.writerow(["n", "t", "v", "result"])
            for n, t, v in rows:
                numbers = [n, v, repr(float(n) * 2)]
                n, v, result = [text.replace(".", ",") for text in numbers] if comma else numbers
                writer.writerow([n, t, v, result])
            job = toml(mode="istarmap", input=german, kernel={"expr": "n * 2"}, output={**output, "keep": "all"}, pool={"chunk_size": 1})
            for ranks in (0, 3) if HAS_MPI else (0,):
                self.prints(job, file.getvalue(), "-q", ranks=ranks)

    def test_keep_goes_with_skip_fill_index_parts_and_unordered(self):
        bad = {3, 4, 77, 199}
        records, text = draw_table(200, bad)
        self.write("t.csv", text)
        results = ["nan" if i in bad else value(record) for i, record in enumerate(records)]
        filled = self.run_job(job("all", errors={"on_error": "fill"}), "-q")
        self.assertEqual((filled.code, filled.text), (1, own(records, range(5), results)))
        good = [record for i, record in enumerate(records) if i not in bad]
        skipped = own(good, range(5), map(value, good))
        result = self.run_job(job("all", errors={"on_error": "skip"}), "-q")
        self.assertEqual((result.code, result.text), (1, skipped))
        unordered = self.run_job(job("all", mode="istarmap_unordered", errors={"on_error": "skip"}), "-q").text
        head, body = skipped.split("\n", 1)
        self.assertEqual(unordered.split("\n", 1)[0], head)
        rows = ["\n".join(part) for part in self.cut(body, good)]
        for row in rows:
            self.assertIn(row, unordered)
        self.assertEqual(len(unordered), len(skipped))
        indexed = self.run_job(job([0], {"index": True}, errors={"on_error": "skip"}), "-q").text.splitlines()
        self.assertEqual(indexed[0], "index,id,result")
        self.assertEqual([line.split(",")[:2] for line in indexed[1:]], [[str(int(r[0][1])), r[0][1]] for r in good])
        parts = "".join(self.run_job(job([0, 1], errors={"on_error": "skip"}), "-q", "--part", f"{k}/3").text.split("\n", 1)[1]
                        for k in (1, 2, 3))
        self.assertEqual(parts, own(good, [0, 1], map(value, good)).split("\n", 1)[1])

    def cut(self, body, records):
        """The rows of a body, which hold newlines."""
        for record in records:
            row = ",".join([field for field, _ in record] + [value(record)])
            self.assertTrue(body.startswith(row + "\n"))
            body = body[len(row) + 1:]
            yield [row]

    def test_keep_of_broken_records_is_blank_under_fill(self):
        self.write("t.csv", 'id,name,"price, net",qty,note\n1,a,2,3,n\n1,2\n4,b,5,6,m\n')
        result = self.run_job(job("all", errors={"on_error": "fill", "fill": -1}), "-q")
        self.assertEqual(result.text, 'id,name,"price, net",qty,note,result\n1,a,2,3,n,6\n,,,,,-1\n4,b,5,6,m,30\n')

    def test_keep_to_npy_has_fields_of_numbers(self):
        records, text = draw_table(100, seed=8)
        self.write("t.csv", text)
        saved = self.saves(job(["id", "price, net"], {"format": "npy", "path": "o.npy"}, "starmap"), "o.npy", "-q")
        self.assertEqual(saved.dtype, numpy.dtype([("id", "<i8"), ("price, net", "<f8"), ("result", "<f8")]))
        self.assertEqual([list(row) for row in saved.tolist()],
                         [[int(r[0][1]), float(r[2][1]), float(value(r))] for r in records])
        self.write("big.csv", f"a\n{2**64 + 1}\n3\n")
        wide = toml(input={"path": "big.csv", "dtype": "int128"}, kernel={"expr": "a + 1"}, output={"format": "jsonl", "keep": "all"})
        self.prints(wide, f'{{"a":{2**64 + 1},"result":{2**64 + 2}}}\n{{"a":3,"result":4}}\n', "-q")  # the column has the job's dtype

    @unittest.skipUnless(pandas, "no pandas")
    def test_keep_is_pandas_assign(self):
        draw = random.Random(3)
        frame = pandas.DataFrame({"a": [draw.randrange(10**6) for _ in range(3000)],
                                  "b": [draw.random() for _ in range(3000)],
                                  "c": [draw.choice(["x", "y z", "p,q", 'r"s']) for _ in range(3000)]})
        frame.to_csv(self.dir / "t.csv", index=False)
        result = self.good(toml(mode="starmap", input={"path": "t.csv", "columns": ["a", "b"]}, kernel={"expr": "x*y"},
                                output={"format": "csv", "keep": "all", "names": ["product"]}), "-q").text
        self.assertEqual(result, frame.assign(product=frame.a * frame.b).to_csv(index=False))

    @needs_mpi
    def test_keep_on_three_ranks_is_the_same(self):
        _, text = draw_table(3000, {5, 2999}, seed=9)
        self.write("t.csv", text)
        for keep, output in (("all", {}), ([4, 0], {"format": "tsv"})):
            one = self.run_job(job(keep, output, errors={"on_error": "fill"}), "-q")
            three = self.run_job(job(keep, output, errors={"on_error": "fill"}), "-q", ranks=3)
            self.assertEqual((one.out, one.code), (three.out, three.code))
        stream = self.run_job(job("all", errors={"on_error": "fill"}, input={"path": "-", "format": "csv"}), "-q", ranks=3,
                              stdin=text.encode())
        self.assertEqual(stream.out, self.run_job(job("all", errors={"on_error": "fill"}), "-q").out)


class Arguments(Case):
    def test_keep_of_a_product_is_the_sweep_s_table(self):
        inputs = [{"values": ["a", "b,c"], "names": ["who"]}, {"linspace": [0.0, 1.0, 5]}, {"range": [3, 5]}]
        table = toml(mode="starmap", combine="product", input=inputs, kernel={"expr": "x2*2 + z + length(x)", "args": ["x", "x2", "z"]},
                     output={"format": "csv", "keep": "all"})
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["who", "x2", "z", "result"])
        for who, x, z in itertools.product(["a", "b,c"], numpy.linspace(0, 1, 5).tolist(), (3, 4)):
            writer.writerow([who, repr(x), z, repr(x * 2 + z + len(who))])
        expected = file.getvalue()
        self.prints(table, expected, "-q")

    def test_keep_of_ranges_globs_and_npy_are_the_arguments(self):
        self.prints(toml(mode="imap", input={"range": [5, 8]}, kernel={"name": "square"}, output={"keep": "all", "index": True}),
                    "0 5 25\n1 6 36\n2 7 49\n")
        for name in ("b.dat", "a x.dat"):
            self.write(name, "")
        self.prints(toml(mode="imap", input={"glob": "*.dat"}, kernel={"name": "text_length"},
                         output={"keep": [0], "format": "csv"}), "x,result\na x.dat,7\nb.dat,5\n")
        array = numpy.arange(12.0).reshape(6, 2)
        self.write("m.npy", array)
        saved = self.saves(toml(mode="starmap", input={"path": "m.npy", "columns": [1, 0], "names": ["p", "q"]},
                                kernel={"name": "hypot"}, output={"path": "o.npy", "keep": ["q"]}), "o.npy", "-q")
        self.assertEqual(saved.dtype.names, ("q", "result"))
        self.assertEqual(saved["q"].tolist(), array[:, 0].tolist())
        numpy.testing.assert_array_equal(saved["result"], numpy.hypot(array[:, 1], array[:, 0]))
        self.write("s.npy", numpy.array([(1, 2.0), (3, 4.0)], [("p", "i8"), ("q", "f8")]))
        fields = toml(mode="istarmap", input={"path": "s.npy"}, kernel={"expr": "p * q"}, output={"keep": "all", "format": "csv"})
        self.prints(fields, "p,q,result\n1,2.0,2.0\n3,4.0,12.0\n", "-q")
        self.prints(fields, "q,result\n2.0,2.0\n4.0,12.0\n", "-q", "--keep", "q")

    def test_result_whose_name_is_taken_becomes_another(self):
        self.write("t.csv", "result,result_2\n1,2\n")
        self.prints(toml(mode="starmap", input={"path": "t.csv"}, kernel={"expr": "x + y", "args": ["x", "y"]},
                         output={"format": "csv", "keep": "all"}), "result,result_2,result_3\n1,2,3\n")

    def test_wrong_keeps_are_refused(self):
        self.write("t.csv", "id,name\n1,a\n")
        for keep, options, code, needle in (
                (["nam"], (), 78, 'no column "nam"; did you mean "name"'), ([2], (), 78, "no column 2: the input has 2"),
                ("id", (), 78, r'one column is written \["id"\]'),
                ("all", ("-s", 'output.format="npy"'), 78, 'npy holds no text, and column "name"'),
                ([], (), 78, "expected")):
            with self.subTest(keep):
                self.refuse(toml(mode="map", input={"path": "t.csv", "columns": ["id"]}, kernel={"name": "square"},
                                 output={"keep": keep, "format": "csv"}), code, needle, options=options)


if __name__ == "__main__":
    main()
