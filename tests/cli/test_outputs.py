# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Outputs: every format to stdout and to files, index, names and dtype.

Expected values: Python's csv module, numpy's readers, XXH3-128 by its author's library.
"""
import csv
import io

import numpy

from harness import Case, INT128_MAX, int128_bytes, lines, main, squares, toml, xxh3_128

PAIRS = [{"range": [-7, 8]}, {"range": [1, 16]}]
DIVMODS = [divmod(x, x + 8) for x in range(-7, 8)]
BIG = 10**12  # its square needs 80 bits


def divmods(**output):
    return toml(mode="starmap", input=PAIRS, kernel={"name": "divmod"}, output=output)


def big_squares(mode="map", **output):
    return toml(mode=mode, input={"range": [BIG, BIG + 1000], "dtype": "int128"}, kernel={"name": "square"}, output=output)


def table(head, rows, delimiter=","):
    return "".join(delimiter.join(map(str, row)) + "\n" for row in [head, *rows])


class Text(Case):
    def test_txt_separates_values_by_one_space(self):
        wanted = "".join(f"{q} {r}\n" for q, r in DIVMODS)
        self.prints(divmods(), wanted)
        self.assertEqual(self.saves(divmods(path="out.txt"), "out.txt").decode(), wanted)

    def test_txt_index_is_the_first_column(self):
        self.prints(divmods(index=True), "".join(f"{i} {q} {r}\n" for i, (q, r) in enumerate(DIVMODS)))

    def test_txt_prints_bools_as_python(self):
        self.prints(toml(input={"range": [0, 6]}, kernel={"name": "is_prime"}),
                    lines([False, False, True, True, False, True]))

    def test_txt_prints_int128_whole(self):
        self.prints(big_squares(), lines(x * x for x in range(BIG, BIG + 1000)))

    def test_csv_has_a_header(self):
        self.prints(divmods(format="csv"), table(("f0", "f1"), DIVMODS))
        self.prints(squares(3, output={"format": "csv"}), "result\n0\n1\n4\n")
        self.prints(squares(0, output={"format": "csv"}), "result\n")

    def test_csv_index_and_names_make_the_header(self):
        self.prints(divmods(format="csv", index=True), table(("index", "f0", "f1"), [(i, *row) for i, row in enumerate(DIVMODS)]))
        self.prints(divmods(format="csv", names=["quotient", "rest"]), table(("quotient", "rest"), DIVMODS))
        self.prints(squares(2, output={"format": "csv", "index": True, "names": ["x, y"]}), 'index,"x, y"\n0,0\n1,1\n')

    def test_csv_and_tsv_go_to_files_by_suffix(self):
        self.assertEqual(self.saves(divmods(path="out.csv"), "out.csv").decode(), table(("f0", "f1"), DIVMODS))
        self.assertEqual(self.saves(divmods(path="out.tsv"), "out.tsv").decode(), table(("f0", "f1"), DIVMODS, "\t"))

    def test_csv_texts_come_back_through_pythons_reader(self):
        texts = ["plain", "with, comma", 'say "hi"', "", "two\nlines", "tab\there", "ünï", '"', "cr\rhere", "end"]
        file = io.StringIO()
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([("t",)] + [(text,) for text in texts])
        self.write("in.csv", file.getvalue())
        for suffix, delimiter in (("csv", ","), ("tsv", "\t")):
            for index in (True, False):
                with self.subTest((suffix, index)):
                    saved = self.saves(toml(input={"path": "in.csv"}, kernel={"name": "text_upper"},
                                            output={"path": "out." + suffix, "index": index}), "out." + suffix)
                    rows = list(csv.reader(io.StringIO(saved.decode(), newline=""), delimiter=delimiter))
                    self.assertEqual(rows[0], ["index", "result"] if index else ["result"])
                    self.assertEqual([row[-1] if row else None for row in rows[1:]],
                                     ["".join(c.upper() if c.isascii() else c for c in text) for text in texts])

    def test_csv_does_not_quote_what_needs_none(self):
        self.write("in.txt", "plain\nit's fine\n")
        self.prints(toml(input={"path": "in.txt"}, kernel={"name": "text_upper"}, output={"format": "csv"}),
                    "result\nPLAIN\nIT'S FINE\n")

    def test_unordered_csv_has_its_header_first(self):
        result = self.good(squares(500, "imap_unordered", output={"format": "csv", "index": True},
                                   pool={"chunk_size": 3, "threads": 3}))
        first, *rest = result.text.splitlines()
        self.assertEqual(first, "index,result")
        self.assertEqual(sorted(tuple(map(int, row.split(","))) for row in rest), [(i, i * i) for i in range(500)])


class Npy(Case):
    def test_npy_of_one_result_is_a_plain_array(self):
        for kernel, dtype in (("square", "<i8"), ("is_prime", "|b1")):
            saved = self.saves(toml(input={"range": [0, 100]}, kernel={"name": kernel}, output={"path": "out.npy"}), "out.npy")
            self.assertEqual((saved.dtype.str, saved.shape), (dtype, (100,)))
        primes = [n for n in range(100) if n > 1 and all(n % d for d in range(2, n))]
        self.assertEqual(numpy.flatnonzero(saved).tolist(), primes)

    def test_npy_of_several_results_is_structured(self):
        saved = self.saves(divmods(path="out.npy"), "out.npy")
        self.assertEqual(saved.dtype, numpy.dtype([("f0", "<i8"), ("f1", "<i8")]))
        self.assertEqual(saved.tolist(), DIVMODS)

    def test_npy_names_and_index_are_fields(self):
        saved = self.saves(divmods(path="out.npy", names=["q", "r"], index=True), "out.npy")
        self.assertEqual(saved.dtype.names, ("index", "q", "r"))
        self.assertEqual(saved.tolist(), [(i, *row) for i, row in enumerate(DIVMODS)])

    def test_npy_to_stdout_can_be_loaded(self):
        for mode in ("map", "imap"):
            with self.subTest(mode):
                result = self.good(squares(100, mode, output={"format": "npy"}))
                numpy.testing.assert_array_equal(numpy.load(io.BytesIO(result.out)), numpy.arange(100) ** 2)

    def test_npy_of_int128_or_text_is_refused(self):
        self.refuse(big_squares(path="out.npy"), 78, "int128", "npy")
        self.refuse(toml(input={"path": "in.txt"}, kernel={"name": "text_upper"}, output={"path": "out.npy"}), 78,
                    "text", "npy", files={"in.txt": "a\n"})


class Binary(Case):
    def test_raw_is_the_elements(self):
        for name in ("out.raw", "out.bin"):
            saved = self.saves(squares(1000, output={"path": name}), name)
            self.assertEqual(saved, (numpy.arange(1000) ** 2).astype("<i8").tobytes())

    def test_raw_of_int128_is_16_bytes_each(self):
        self.assertEqual(self.saves(big_squares(path="out.raw"), "out.raw"),
                         int128_bytes(x * x for x in range(BIG, BIG + 1000)))
        edge = 13043817825332782212
        saved = self.saves(toml(input={"range": [str(-edge), str(edge + 1), str(2 * edge)]}, kernel={"name": "square"},
                                output={"path": "out.raw"}), "out.raw")
        self.assertEqual(saved, int128_bytes([edge * edge] * 2))
        self.assertLessEqual(edge * edge, INT128_MAX)

    def test_raw_of_several_results_is_packed_rows(self):
        saved = self.saves(divmods(path="out.raw", index=True), "out.raw")
        rows = numpy.frombuffer(saved, [("i", "<i8"), ("q", "<i8"), ("r", "<i8")])
        self.assertEqual(rows.tolist(), [(i, *row) for i, row in enumerate(DIVMODS)])

    def test_raw_of_bools_is_a_byte_each(self):
        self.assertEqual(self.saves(toml(input={"range": [0, 5]}, kernel={"name": "is_prime"}, output={"path": "out.raw"}),
                                    "out.raw"), b"\0\0\1\1\0")

    def test_raw_of_text_is_its_bytes_and_a_newline(self):
        self.write("in.txt", "a\n\nbé\n")
        self.assertEqual(self.saves(toml(input={"path": "in.txt"}, kernel={"name": "text_upper"},
                                         output={"path": "out.raw"}), "out.raw"), "A\n\nBé\n".encode())

    def test_raw_to_stdout_is_binary(self):
        for mode in ("map", "imap"):
            result = self.good(squares(1000, mode, output={"format": "raw"}))
            self.assertEqual(result.out, (numpy.arange(1000) ** 2).tobytes())


class Digest(Case):
    def digest(self, data, items):
        return f"items={items} bytes={len(data)} xxh3_128={xxh3_128(data)}\n"

    def test_digest_is_xxh3_of_what_raw_writes(self):
        for mode in ("map", "imap"):
            for stop in (0, 1, 2, 15, 1000, 100_003):
                with self.subTest((mode, stop)):
                    data = (numpy.arange(stop) ** 2).astype("<i8").tobytes()
                    self.prints(squares(stop, mode, output={"format": "digest"}, pool={"threads": 2}), self.digest(data, stop))

    def test_digest_of_int128_is_xxh3_of_16_bytes_each(self):
        data = int128_bytes(x * x for x in range(BIG, BIG + 1000))
        self.prints(big_squares("imap", format="digest"), self.digest(data, 1000))

    def test_digest_of_text_and_rows_is_xxh3_of_what_raw_writes(self):
        self.write("in.txt", "a\nbé\n")
        self.prints(toml(input={"path": "in.txt"}, kernel={"name": "text_upper"}, output={"format": "digest"}),
                    self.digest("A\nBé\n".encode(), 2))
        rows = numpy.array([(i, *row) for i, row in enumerate(DIVMODS)], "<i8").tobytes()
        self.prints(divmods(format="digest", index=True), self.digest(rows, len(DIVMODS)))

    def test_digest_to_a_file_is_the_same_line(self):
        data = (numpy.arange(10) ** 2).tobytes()
        self.assertEqual(self.saves(squares(10, output={"path": "out.digest"}), "out.digest").decode(), self.digest(data, 10))

    def test_digest_of_unordered_mode_is_refused(self):
        for mode in ("imap_unordered", "istarmap_unordered"):
            self.refuse(squares(10, mode, output={"format": "digest"}), 78, "digest", "order")

    def test_null_writes_nothing(self):
        for mode in ("map", "imap", "imap_unordered"):
            self.prints(squares(1000, mode, output={"format": "null"}), "")
        self.assertEqual(self.finished(), ["job.toml"])

    def test_null_with_a_path_is_refused_unless_the_path_is_taken_away(self):
        job = squares(10, output={"path": "out.txt"})
        null = ("-s", 'output.format="null"')
        self.refuse(job, 78, r"job\.toml:\d+:8: output\.path", '"out.txt"', 'format = "null"', options=null)
        self.refuse(squares(10), 64, '--output x.npy', '"x.npy"', 'format = "null"', options=(*null, "-o", "x.npy"))
        for path in ("-", "/dev/null"):
            self.prints(job, "", *null, "-o", path)

    def test_digest_under_another_suffix_is_the_same_line(self):
        data = (numpy.arange(10) ** 2).tobytes()
        for mode in ("map", "imap"):
            saved = self.saves(squares(10, mode, output={"path": "out.npy.sum", "format": "digest"}), "out.npy.sum")
            self.assertEqual(saved.decode(), self.digest(data, 10))


class Choices(Case):
    def test_output_dtype_converts_exactly(self):
        for dtype in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"):
            with self.subTest(dtype):
                saved = self.saves(squares(11, output={"path": "out.npy", "dtype": dtype}), "out.npy")
                self.assertEqual(saved.dtype, numpy.dtype(dtype))
                self.assertEqual(saved.tolist(), [x * x for x in range(11)])

    def test_output_dtype_int128_chooses_the_wide_kernel(self):
        job = toml(input={"range": [BIG, BIG + 3]}, kernel={"name": "square"}, output={"dtype": "int128"})
        self.prints(job, lines(x * x for x in range(BIG, BIG + 3)))

    def test_result_that_does_not_fit_the_output_dtype_fails_its_item(self):
        for dtype, stop, item, value in (("int16", 300, 182, 33124), ("uint8", 20, 16, 256), ("float32", 5000, 4097, 16785409)):
            with self.subTest(dtype):
                result = self.run_job(squares(stop, output={"path": "out.npy", "dtype": dtype}))
                if dtype == "float32" and result.code == 78:
                    continue
                self.assertEqual(result.code, 1, str(result))
                self.assertRegex(self.message(result), rf"\b{item}\b.*{value}")
                self.assertEqual(self.finished(), ["job.toml"])

    def test_format_goes_before_the_suffix(self):
        self.assertEqual(self.saves(squares(3, output={"path": "out.csv", "format": "txt"}), "out.csv"), b"0\n1\n4\n")

    def test_format_by_suffix_ignores_case(self):
        self.assertEqual(self.saves(squares(3, output={"path": "OUT.CSV"}), "OUT.CSV"), b"result\n0\n1\n4\n")

    def test_output_to_a_device_is_written_directly(self):
        for mode in ("map", "imap"):
            self.prints(squares(3, mode, output={"path": "/dev/stdout", "format": "txt"}), "0\n1\n4\n")
            self.prints(squares(3, mode, output={"path": "/dev/null", "format": "txt"}), "")

    def test_output_replaces_the_file_of_an_earlier_run(self):
        for mode in ("map", "imap"):
            for name in ("out.txt", "out.npy"):
                self.write(name, "x" * 10_000)
                saved = self.saves(squares(3, mode, output={"path": name}), name)
                self.assertEqual(saved.tolist() if name == "out.npy" else saved, [0, 1, 4] if name == "out.npy" else b"0\n1\n4\n")

    def test_wrong_number_of_names_is_refused(self):
        self.refuse(divmods(path="out.csv", names=["only"]), 78, "names", r"\b1\b|one", r"\b2\b|two")
        self.refuse(squares(3, output={"path": "out.csv", "names": ["a", "b"]}), 78, "names", r"\b1\b|one", r"\b2\b|two")



class Suffix(Case):
    def test_suffix_of_another_format_is_reported(self):
        for name, form in (("out.npy", "csv"), ("out.csv", "npy"), ("out.txt", "raw"), ("out.tsv", "csv")):
            job = toml(input={"range": [0, 3]}, kernel={"name": "square"}, output={"path": "o", "format": form})
            result = self.good(job, "-o", name)
            self.assertRegex(result.err, f'"{name}" is written as {form}, since output.format says so')
            self.assertRegex(self.good(job, "-o", name, "--plan").text, "is written as " + form)
        for name, form in (("out.txt", "csv"), ("out.csv", "csv"), ("out", "npy"), ("out.bin", "raw")):
            job = toml(input={"range": [0, 3]}, kernel={"name": "square"}, output={"path": name, "format": form})
            self.assertNotIn("written as", self.good(job).err)


if __name__ == "__main__":
    main()
