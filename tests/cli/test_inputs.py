# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Computed inputs and binary files: range, linspace, value, npy, raw; first and count; dtype.

Expected values: Python's integers and numpy.
"""
import glob
import math

import numpy

from harness import Case, INT64_MAX, lines, main, toml

INTS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32"]


def square_of(name="square", **table):
    return toml(input=table, kernel={"name": name})


class Ranges(Case):
    def test_range_prints_what_python_counts(self):
        for bounds in ([0, 10], [5, 5], [-4, 4], [0, 10, 3], [0, 9, 3], [10, 0, -1], [10, 0, -3], [7, 8], [-3, -9, -2],
                       [0, 1, 1000], [3037000400, 3037000500, 99]):
            with self.subTest(bounds):
                self.prints(square_of(range=bounds), lines(x * x for x in range(*bounds)))

    def test_range_at_the_ends_of_int64_is_exact(self):
        ends = [[INT64_MAX - 3, INT64_MAX], [-INT64_MAX - 1, -INT64_MAX + 2], [INT64_MAX, INT64_MAX - 4, -1],
                [-INT64_MAX, INT64_MAX, INT64_MAX]]
        for bounds in ends:
            with self.subTest(bounds):
                job = toml(mode="starmap", input=[{"range": bounds}, {"value": 10}], kernel={"name": "divmod"})
                self.prints(job, "".join(f"{x // 10} {x % 10}\n" for x in range(*bounds)))

    def test_range_beyond_64_bits_is_written_as_text(self):
        for bounds in ([10**19, 10**19 + 5], [-(10**19), -(10**19) + 7, 3], [13043817825332782200, 13043817825332782212]):
            with self.subTest(bounds):
                written = [str(bound) for bound in bounds[:2]] + bounds[2:]
                self.prints(square_of(range=written), lines(x * x for x in range(*bounds)))

    def test_range_up_to_a_bound_of_two_to_the_63_is_exact(self):
        job = toml(mode="starmap", input=[{"range": [INT64_MAX - 2, str(INT64_MAX + 1)], "dtype": "int64"},
                                          {"value": 7}], kernel={"name": "divmod"})
        self.prints(job, "".join("{} {}\n".format(*divmod(x, 7)) for x in range(INT64_MAX - 2, INT64_MAX + 1)))

    def test_range_of_floats_has_start_plus_i_steps(self):
        for start, stop, step in ((0.0, 1.0, 0.1), (1.5, -1.5, -0.25), (0.0, 0.0, 1.0), (0.1, 0.2, 5.0), (-1.0, 4.0, 1.0)):
            with self.subTest((start, stop, step)):
                count = max(0, math.ceil((stop - start) / step))
                values = [start + i * step for i in range(count)]
                self.prints(square_of(range=[start, stop, step]), lines(x * x for x in values))

    def test_range_of_two_floats_steps_by_one(self):
        self.prints(square_of(range=[0.5, 4.5]), lines(x * x for x in (0.5, 1.5, 2.5, 3.5)))

    def test_range_of_ints_feeds_a_kernel_of_floats(self):
        job = toml(mode="starmap", input=[{"range": [0, 5]}, {"range": [5, 0, -1]}], kernel={"name": "hypot"})
        self.prints(job, lines(math.hypot(x, 5 - x) for x in range(5)))

    def test_range_of_ints_that_floats_cannot_hold_is_refused_or_fails(self):
        job = toml(mode="starmap", input=[{"range": [2**53, 2**53 + 3]}, {"value": 0.0}], kernel={"name": "hypot"})
        result = self.run_job(job)
        self.assertIn(result.code, (1, 65, 78), str(result))
        self.assertEqual(result.out, b"")
        self.assertRegex(self.message(result), "float64")

    def test_linspace_is_numpys(self):
        for first, last, count in ((0.0, 1.0, 11), (-2.0, 0.5, 1000), (3.0, 3.0, 4), (1.0, 0.0, 3), (0.1, 0.7, 7),
                                   (5.0, 9.0, 1), (5.0, 9.0, 0)):
            with self.subTest((first, last, count)):
                self.write("job.toml", toml(input={"linspace": [first, last, count]}, kernel={"name": "square"},
                                            output={"path": "out.npy"}))
                result = self.run_args("job.toml")
                self.assertEqual(result.code, 0, str(result))
                numpy.testing.assert_array_equal(numpy.load(self.dir / "out.npy"), numpy.linspace(first, last, count) ** 2)

    def test_linspace_takes_whole_numbers(self):
        self.prints(square_of(linspace=[0, 4, 5]), lines([0.0, 1.0, 4.0, 9.0, 16.0]))

    def test_first_and_count_choose_items(self):
        self.prints(square_of(range=[0, 100], first=90), lines(x * x for x in range(90, 100)))
        self.prints(square_of(range=[0, 100], count=3), lines([0, 1, 4]))
        self.prints(square_of(range=[10, 0, -1], first=2, count=4), lines(x * x for x in (8, 7, 6, 5)))
        self.prints(square_of(range=[0, 100], first=100), "")
        self.prints(square_of(range=[0, 100], count=0), "")

    def test_dtype_of_a_range_chooses_the_kernel(self):
        self.prints(square_of(range=[0, 4], dtype="float64"), "0.0\n1.0\n4.0\n9.0\n")
        big = 10**11
        self.prints(square_of(range=[big, big + 2], dtype="int128"), lines([big**2, (big + 1) ** 2]))


class Values(Case):
    def test_value_follows_the_length_of_the_others(self):
        job = toml(mode="starmap", input=[{"range": [0, 4]}, {"value": 3}], kernel={"name": "sum_of_squares"})
        self.prints(job, lines(x * x + 9 for x in range(4)))

    def test_value_first_follows_the_length_of_the_others(self):
        job = toml(mode="starmap", input=[{"value": 3.5}, {"range": [0.0, 2.0]}], kernel={"name": "sum_of_squares"})
        self.prints(job, lines([12.25, 13.25]))

    def test_value_with_an_empty_input_gives_nothing(self):
        job = toml(mode="starmap", input=[{"range": [0, 0]}, {"value": 3}], kernel={"name": "sum_of_squares"})
        self.prints(job, "")

    def test_value_alone_has_no_length(self):
        self.refuse(square_of(value=3), 78, "value", "length|items|count")

    def test_value_with_a_count_is_refused(self):
        self.refuse(square_of(value=3, count=2), 78, r"job\.toml:\d+", "count", "value")

    def test_value_beyond_the_argument_is_refused(self):
        job = toml(mode="starmap", input=[{"range": [0, 4]}, {"value": 0.5}], kernel={"name": "divmod"})
        self.refuse(job, 78, "int64", "float64|0.5")


class Npy(Case):
    def test_npy_of_every_dtype_is_read(self):
        for dtype in INTS:
            with self.subTest(dtype):
                info = numpy.iinfo(dtype)
                values = [v for v in (0, 1, 5, 100, info.max, info.min) if abs(v) < 2**31]
                self.write("x.npy", numpy.array(values, dtype))
                self.prints(square_of(path="x.npy"), lines(x * x for x in values))
        for dtype in ("float32", "float64"):
            with self.subTest(dtype):
                self.write("x.npy", numpy.array([0.5, -1.25, 3.0], dtype))
                self.prints(square_of(path="x.npy"), "0.25\n1.5625\n9.0\n")

    def test_npy_of_uint64_is_squared_exactly_as_int128(self):
        values = [0, 2**63, 2**63 + 1]
        self.write("x.npy", numpy.array(values, "uint64"))
        job = toml(input={"path": "x.npy"}, kernel={"name": "square", "signature": "(int128) -> int128"})
        self.prints(job, lines(x * x for x in values))

    def test_npy_of_bool_is_read(self):
        self.write("x.npy", numpy.array([True, False, True]))
        self.prints(square_of(path="x.npy", dtype="int64"), "1\n0\n1\n")

    def test_npy_versions_one_to_three_are_read(self):
        values = numpy.arange(50)
        for version in ((1, 0), (2, 0), (3, 0)):
            with self.subTest(version), open(self.dir / "x.npy", "wb") as file:
                numpy.lib.format.write_array(file, values, version)
                file.close()
                self.prints(square_of(path="x.npy"), lines(x * x for x in range(50)))

    def test_npy_of_big_endian_is_read_or_refused_by_name(self):
        self.write("x.npy", numpy.arange(5).astype(">i8"))
        result = self.run_job(square_of(path="x.npy"))
        if result.code == 0:
            self.assertEqual(result.text, lines(x * x for x in range(5)))
        else:
            self.assertEqual(result.code, 65, str(result))
            self.assertRegex(self.message(result), "(?i)x.npy.*(big.endian|>i8)")

    def test_npy_without_items_gives_nothing(self):
        self.write("x.npy", numpy.zeros(0))
        self.prints(square_of(path="x.npy"), "")

    def test_npy_of_two_dimensions_is_items_of_vectors(self):
        rows = numpy.random.default_rng(5).normal(size=(1000, 3))
        self.write("x.npy", rows)
        saved = self.saves(toml(input={"path": "x.npy"}, kernel={"name": "norm3"}, output={"path": "out.npy"}), "out.npy")
        numpy.testing.assert_array_equal(saved, [math.sqrt(x * x + y * y + z * z) for x, y, z in rows.tolist()])

    def test_npy_columns_become_arguments(self):
        rows = numpy.arange(30).reshape(10, 3)
        self.write("x.npy", rows)
        job = toml(mode="starmap", input={"path": "x.npy", "columns": [2, 0]}, kernel={"name": "divmod"})
        shifted = rows + 1
        self.write("x.npy", shifted)
        self.prints(job, "".join("{} {}\n".format(*divmod(row[2], row[0])) for row in shifted.tolist()))

    def test_npy_first_and_count_choose_items(self):
        self.write("x.npy", numpy.arange(1000))
        self.prints(square_of(path="x.npy", first=500, count=2), "250000\n251001\n")

    def test_npy_path_is_relative_to_the_current_directory(self):
        self.write("data/x.npy", numpy.arange(3))
        self.prints(square_of(path="data/x.npy"), "0\n1\n4\n", name="jobs/deep/job.toml")

    def test_npy_of_many_items_is_read_in_order_by_many_workers(self):
        values = numpy.random.default_rng(1).integers(-10**9, 10**9, 200_000)
        self.write("x.npy", values)
        for chunk in (999, "auto"):
            with self.subTest(chunk):
                saved = self.saves(toml(mode="imap", input={"path": "x.npy"}, kernel={"name": "square"},
                                        output={"path": "out.npy"}, pool={"threads": 3, "chunk_size": chunk}), "out.npy")
                numpy.testing.assert_array_equal(saved, values**2)

    def test_npy_that_is_also_the_output_is_never_lost(self):
        values = numpy.arange(1000)
        self.write("x.npy", values)
        for mode in ("map", "imap"):
            with self.subTest(mode):
                result = self.run_job(toml(mode=mode, input={"path": "x.npy"}, kernel={"name": "square"},
                                           output={"path": "x.npy"}))
                left = numpy.load(self.dir / "x.npy")
                numpy.testing.assert_array_equal(left, values if result.code else values**2)


class Raw(Case):
    def test_raw_of_every_dtype_is_read(self):
        for dtype in INTS + ["float32", "float64"]:
            with self.subTest(dtype):
                self.write("x.raw", numpy.arange(100).astype(dtype).tobytes())
                zero = 0.0 if dtype.startswith("float") else 0
                self.prints(square_of(path="x.raw", dtype=dtype), lines(x * x + zero for x in range(100)))

    def test_raw_of_int128_is_read(self):
        values = [0, -1, 13043817825332782212, -13043817825332782212]
        self.write("x.raw", b"".join(v.to_bytes(16, "little", signed=True) for v in values))
        self.prints(square_of(path="x.raw", dtype="int128"), lines(x * x for x in values))

    def test_raw_of_vectors_is_read(self):
        rows = numpy.arange(12, dtype=float).reshape(4, 3)
        self.write("x.raw", rows.tobytes())
        self.prints(square_of("norm3", path="x.raw", dtype="float64[3]"),
                    lines(math.sqrt(x * x + y * y + z * z) for x, y, z in rows.tolist()))

    def test_raw_without_bytes_gives_nothing(self):
        self.write("x.raw", b"")
        self.prints(square_of(path="x.raw", dtype="int64"), "")

    def test_raw_from_stdin_is_streamed(self):
        values = numpy.arange(100_000)
        self.prints(square_of(path="-", format="raw", dtype="int64"), lines(x * x for x in values.tolist()),
                    stdin=values.tobytes())

    def test_raw_without_dtype_is_refused(self):
        self.refuse(square_of(path="x.raw"), 78, "dtype", files={"x.raw": b"12345678"})


class Globs(Case):
    def names(self, pattern, **more):
        result = self.good(toml(mode="imap", input={"glob": pattern}, kernel={"name": "text_upper"}, **more))
        return [name.lower() for name in result.text.splitlines()]

    def files(self, *names):
        for name in names:
            self.write(name, "")

    def test_what_the_job_writes_is_no_input(self):
        self.files("a.txt", "b.txt")
        job = toml(mode="imap", input={"glob": "*"}, kernel={"command": ["cat"], "signature": "(text) -> text"},
                   output={"path": "c.txt"}, errors={"on_error": "skip", "log": "d.csv"})
        self.write("e/job.toml", job)
        for run in range(2):
            result = self.run_args("e/job.toml")
            self.assertEqual(result.code, 0, str(result))
            self.assertEqual((self.dir / "c.txt").read_text(), "a.txt\nb.txt\ne\n", f"run {run}")
        self.assertRegex(result.err, "c.txt is left out")
        self.assertRegex(result.err, "d.csv is left out")

    def test_glob_of_levels_braces_and_home(self):
        self.files("a.c", "x/b.c", "x/y/c.c", "x/y/c.h", "x/[z]/d.c", ".hidden/e.c", "x/.f.c")
        found = glob.glob("**/*.c", root_dir=self.dir, recursive=True)
        self.assertEqual(self.names("**/*.c"), sorted(found))
        self.assertEqual(self.names("x/**/*.c"), sorted(n for n in found if n.startswith("x/")))
        self.assertEqual(self.names("x/**/y/**/*.h"), ["x/y/c.h"])
        self.assertEqual(self.names("x/**"), sorted(["x/b.c", "x/y", "x/y/c.c", "x/y/c.h", "x/[z]", "x/[z]/d.c"]))
        self.assertEqual(self.names("{a,x/b,none}.c"), ["a.c", "x/b.c"])
        home = self.run_job(toml(mode="imap", input={"glob": "~/*.c"}, kernel={"name": "text_length"}), env={"HOME": str(self.dir)})
        self.assertEqual(home.text, f"{len(str(self.dir)) + 4}\n", home.err)
        self.refuse(toml(input={"glob": "**/*.none"}, kernel={"name": "text_length"}), 66, "none")


class OneColumn(Case):
    def test_npy_of_one_column_has_scalars(self):
        self.write("x.npy", numpy.array([[-1.0], [0.0], [2.5]]))
        self.prints(toml(mode="imap", input={"path": "x.npy"}, kernel={"expr": "x > 0 ? x : 0.0"}), "0.0\n0.0\n2.5\n")
        self.prints(toml(mode="imap", input={"path": "x.npy"}, kernel={"name": "cube"}), "-1.0\n0.0\n15.625\n")



class Names(Case):
    """input.names: the arguments' names, one per column."""

    def test_expression_uses_the_inputs_names(self):
        self.write("p.csv", "price in EUR,n\n1.5,2\n2.5,4\n")
        job = toml(mode="starmap", input={"path": "p.csv", "names": ["price", "count"]}, kernel={"expr": "price * count"})
        self.prints(job, "3.0\n10.0\n")
        two = [{"range": [1, 4], "names": ["a"]}, {"value": 10}]
        self.prints(toml(mode="starmap", input=two, kernel={"expr": "a * y"}), "10\n20\n30\n")
        self.prints(toml(input={"values": [1, 2], "names": ["q"]}, kernel={"expr": "q + 1"}), "2\n3\n")
        self.prints(toml(input={"values": [1, 2], "names": ["q"]}, kernel={"expr": "w + 1", "args": ["w"]}), "2\n3\n")
        self.refuse(toml(input={"values": [1, 2], "names": ["q"]}, kernel={"expr": "x + 1"}), 69, "kernel.expr", "x")

    def test_log_of_failed_items_has_them_as_columns(self):
        two = [{"values": [1, 2, 3], "names": ["width"]}, {"value": 0, "names": ["depth"]}]
        job = toml(mode="starmap", input=two, kernel={"name": "divmod"}, errors={"on_error": "skip", "log": "log.csv"})
        self.assertEqual(self.run_job(job).code, 1)
        self.assertEqual((self.dir / "log.csv").read_text().splitlines()[0].split(",")[:3], ["index", "width", "depth"])

    def test_wrong_names_are_refused(self):
        self.write("p.csv", "a,b\n1,2\n")
        for names, needle in ((["a"], "expected 2 names"), (["a", "b", "c"], "expected 2 names"), (["a", "a"], "once"),
                              (["a b", "c"], "identifier"), ([], "expected an array")):
            job = toml(mode="starmap", input={"path": "p.csv", "names": names}, kernel={"expr": "x"})
            self.refuse(job, 78, "names", needle)
        two = [{"range": [0, 2], "names": ["a"]}, {"range": [0, 2], "names": ["a"]}]
        result = self.run_job(toml(mode="starmap", input=two, kernel={"expr": "a"}))
        self.assertIn(result.code, (69, 78), str(result))
        self.assertRegex(result.err, 'two arguments are named "a"')


if __name__ == "__main__":
    main()
