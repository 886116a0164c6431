# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Numbers as text, both ways: printed as Python's repr, read as Python's float and int.

There is no built-in identity kernel, so a value goes through hypot(x, 0) = |x| or through cube, which Python rounds in the same way.
"""
import random
import struct

import numpy

from harness import Case, INT64_MAX, lines, main, toml

EDGES = [0.0, 5e-324, 2.2250738585072014e-308, 2.225073858507201e-308, 1.7976931348623157e308, 1e-5, 1e-4, 0.0001234, 9.999e-5,
         1e15, 1e16, 9999999999999998.0, 123456789012345680.0, 0.1, 0.2, 0.30000000000000004, 1 / 3, 1e22, 1e23, 2.0**53,
         2.0**63, 4.35, 5e-5, 100.0, 1234567.0, 1.5, float("inf")]


def random_floats(count):
    draw = random.Random(7)
    values = []
    while len(values) < count:
        value = abs(struct.unpack("<d", draw.randbytes(8))[0])
        if value == value:
            values.append(value)
    return values + [draw.uniform(0, 10.0 ** draw.randrange(-8, 20)) for _ in range(count)]


def magnitudes(**more):
    return toml(mode="istarmap", input=[{"path": "in.npy"}, {"value": 0.0}], kernel={"name": "hypot"}, **more)


class Printing(Case):
    def test_float64_prints_as_repr(self):
        values = EDGES + random_floats(5000)
        self.write("in.npy", numpy.array(values))
        self.prints(magnitudes(), lines(map(repr, values)))

    def test_float64_prints_as_repr_in_csv(self):
        values = EDGES + random_floats(500)
        self.write("in.npy", numpy.array(values))
        self.prints(magnitudes(output={"format": "csv"}), "result\n" + lines(map(repr, values)))

    def test_negative_floats_print_as_repr(self):
        values = [-0.0, -1.0, -1e-5, -1e22, -0.1, float("-inf"), float("nan"), -1e-110]
        self.write("in.npy", numpy.array(values))
        self.prints(toml(input={"path": "in.npy"}, kernel={"name": "cube"}), lines(repr(v * v * v) for v in values))

    def test_float32_prints_as_numpys_repr(self):
        bits = numpy.random.default_rng(8).integers(0, 0x7f800000, 4000).astype("<u4")
        values = numpy.concatenate([bits.view("<f4"), numpy.float32([0.1, 1e16, 1e-5, 16777216, 3.4e38, 1e-45, 0, 1 / 3])])
        self.write("in.npy", values.astype(float))
        self.prints(magnitudes(output={"dtype": "float32"}), lines(map(str, values)))

    def test_integers_print_whole(self):
        draw = random.Random(9)
        values = [draw.randrange(10**draw.randrange(1, 19)) * draw.choice((1, -1)) for _ in range(2000)]
        values += [INT64_MAX, -INT64_MAX - 1, 0, -1] + [10**i for i in range(19)] + [10**i - 1 for i in range(1, 19)]
        self.write("in.npy", numpy.array(values))
        self.prints(toml(mode="starmap", input=[{"path": "in.npy"}, {"value": 1}], kernel={"name": "divmod"}),
                    "".join(f"{v} 0\n" for v in values))

    def test_int128_prints_whole(self):
        draw = random.Random(10)
        values = [draw.randrange(10**draw.randrange(1, 19)) for _ in range(2000)] + [10**i for i in range(19)]
        self.write("in.npy", numpy.array(values))
        self.prints(toml(input={"path": "in.npy"}, kernel={"name": "square"}, output={"dtype": "int128"}),
                    lines(v * v for v in values))


class Reading(Case):
    def test_floats_are_read_as_python_reads_them(self):
        draw = random.Random(11)
        written = [repr(value) for value in EDGES + random_floats(2000)]
        written += [f"{draw.randrange(10**25)}e{draw.randrange(-330, 280)}" for _ in range(2000)]
        written += ["1e-400", "00012.50", "+3", "9007199254740993.0", "2.2250738585072011e-308", "1E5", "0.1e-1"]
        self.write("in.csv", "x\n" + lines(written))
        self.prints(toml(mode="starmap", input=[{"path": "in.csv"}, {"value": 0.0}], kernel={"name": "hypot"}),
                    lines(repr(float(text)) for text in written))

    def test_integers_are_read_exactly(self):
        values = [INT64_MAX, -INT64_MAX - 1, 0, 9007199254740993]
        self.write("in.csv", "x\n" + lines(values))
        self.prints(toml(mode="starmap", input=[{"path": "in.csv"}, {"value": 1}], kernel={"name": "divmod"}),
                    "".join(f"{v} 0\n" for v in values))

    def test_numbers_that_python_refuses_are_refused(self):
        for text in ("abc", "", "1.5.2", "0x10", "1,5", "--1", "1e", "1_000", "½", "1 2", "nanx"):
            with self.subTest(text):
                inputs = [{"path": "in.tsv", "columns": ["x"]}, {"value": 0.0}]
                self.refuse(toml(mode="starmap", input=inputs, kernel={"name": "hypot"}), 65, r"in\.tsv:3\b", "float64",
                            files={"in.tsv": f"x\ty\n1\t2\n{text}\t3\n"})

    def test_integers_beyond_the_dtype_are_refused(self):
        for text in (str(INT64_MAX + 1), str(-INT64_MAX - 2), "1.0", "1e3", "True"):
            with self.subTest(text):
                self.refuse(toml(input={"path": "in.csv"}, kernel={"name": "is_prime"}), 65, r"in\.csv:2\b", "int64",
                            files={"in.csv": f"x\n{text}\n"})


if __name__ == "__main__":
    main()
