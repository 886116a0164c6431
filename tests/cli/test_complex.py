# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""complex64, complex128 and float16 in all that a job can do with a type; Python's complex and numpy are the oracle."""
import cmath
import math
import struct
import sys

import numpy

from harness import HAS_MPI, Case, main, toml

RANKS = (0, 3) if HAS_MPI else (0,)
NUMBERS = [0j, 1 + 2j, -1.5 - 0.25j, 1e16 + 1e-5j, complex("nan+infj"), complex("-inf-0j"), complex(-0.0, 0.1), 3j, complex(5, -0.0),
           -1e300 + 123456789012345680j]
PYTHON = {"interpreter": sys.executable}


class Complex(Case):
    def test_text_is_pythons_repr_both_ways(self):
        self.write("a.npy", numpy.array(NUMBERS))
        self.prints(toml(input={"path": "a.npy"}, kernel={"expr": "x"}), "".join(f"{z!r}\n" for z in NUMBERS))
        singles = numpy.array(NUMBERS[:-1], "c8")
        self.write("b.npy", singles)
        self.prints(toml(input={"path": "b.npy"}, kernel={"expr": "x"}), "".join(f"{z!s}\n" for z in singles))
        texts = [repr(z) for z in NUMBERS] + ["1", "-2.5", " ( 1+2j ) ", "j", "-J", "1e3-2.5E-4j", "inf-infj", "+1+1j", "nan+nanj", "1+j"]
        self.write("t.txt", "".join(f"{text}\n" for text in texts))
        made = self.saves(toml(input={"path": "t.txt", "dtype": "complex128"}, kernel={"expr": "x"}, output={"path": "o.npy"}), "o.npy")
        wanted = numpy.array([complex(text) for text in texts])
        self.assertEqual(made.tobytes().replace(struct.pack("<d", -math.nan), struct.pack("<d", math.nan)),
                         wanted.tobytes().replace(struct.pack("<d", -math.nan), struct.pack("<d", math.nan)))
        for text in ("1 + 2j", "1+2", "1+2jj", "1+-2j", "(1+2j", "i", "", "1e", "2j+1", "9007199254740993+1j"):
            self.refuse(toml(input={"path": "t.csv", "dtype": "complex128", "header": False, "format": "csv"}, kernel={"expr": "x"}), 65, "complex128",
                        files={"t.csv": f'"{text}"\n'})

    def test_every_half_prints_and_reads_as_numpys(self):
        halves = numpy.arange(65536, dtype="u2").view("f2")
        self.write("a.npy", halves)
        result = self.good(toml(input={"path": "a.npy"}, kernel={"source": "f.c", "function": "f", "signature": "(float16) -> float16"}),
                           **({} if self.write("f.c", "_Float16 f(_Float16 x) { return x; }") else {}))
        self.assertEqual(result.text.replace("-nan", "nan"), "".join(f"{h!s}\n" for h in halves))
        self.write("t.txt", result.text)
        job = toml(input={"path": "t.txt", "dtype": "float16"}, kernel={"expr": "x"}, output={"path": "o.npy", "dtype": "float16"})
        numpy.testing.assert_array_equal(self.saves(job, "o.npy"), halves)
        reals = numpy.array([0.1, 1e-8, 65519.9, 65520, -1e9, 2049, 3e-8, math.pi, 1 + 2**-11, 1 + 3 * 2**-11])
        self.write("r.npy", reals)
        job = toml(input={"path": "r.npy"}, kernel={"expr": "x"}, output={"path": "o.npy", "dtype": "float16"})
        with numpy.errstate(over="ignore"):
            numpy.testing.assert_array_equal(self.saves(job, "o.npy"), reals.astype("f2"))

    def test_expressions_and_functions_compute_with_them(self):
        z = numpy.array([complex(k % 7 - 3, k % 5 / 4) for k in range(3000)])
        for dtype in ("c16", "c8"):
            self.write("a.npy", z.astype(dtype))
            for ranks in RANKS:
                job = toml(input={"path": "a.npy"}, kernel={"expr": "x*x + 2*I*conj(x) - 1"}, output={"path": "o.npy"}, pool={"chunk_size": 701})
                made = self.saves(job, "o.npy", ranks=ranks)
                self.assertEqual(made.dtype, "c16")
                numpy.testing.assert_array_equal(made, z * z + 2j * z.conj() - 1)
            numpy.testing.assert_allclose(self.saves(toml(input={"path": "a.npy"}, kernel={"expr": "cexp(x)"}, output={"path": "o.npy"}), "o.npy"),
                                          numpy.exp(z), 1e-13 if dtype == "c16" else 1e-6)
        self.write("f.c", "#include <complex.h>\nint f(double complex z, float complex *half, double complex *v)"
                          "{ *half = z / 2; v[0] = conj(z); v[1] = z * I; return creal(z) > 2; }")
        job = toml(input={"path": "a.npy"}, output={"path": "o.npy"}, errors={"on_error": "fill"},
                   kernel={"source": "f.c", "function": "f", "signature": "(complex128) -> (complex64, complex128[2]) or error"})
        for ranks in RANKS:
            result = self.run_job(job, ranks=ranks)
            self.assertEqual(result.code, 1, result)
            made = numpy.load(self.dir / "o.npy")
            numpy.testing.assert_array_equal(made["f0"], numpy.where(z.real > 2, complex(numpy.nan, 0), z / 2).astype("c8"))
            numpy.testing.assert_array_equal(made["f1"][z.real <= 2], numpy.stack([z.conj(), z * 1j], 1)[z.real <= 2])
        product = toml(mode="starmap", combine="product", input=[{"range": [0, 4]}, {"linspace": [0, 1, 3]}], kernel={"expr": "x + y*I"}, output={"path": "o.npy"})
        numpy.testing.assert_array_equal(self.saves(product, "o.npy"), numpy.arange(4)[:, None] + 1j * numpy.linspace(0, 1, 3))
        self.prints(toml(input={"range": [0, 3], "dtype": "complex64"}, kernel={"expr": "x + 9007199254740993*I"}), "".join(f"{k + 9007199254740992j!r}\n" for k in range(3)))
        self.prints(toml(input={"range": [0, 3], "dtype": "float16"}, kernel={"expr": "x / 3", "signature": "(float16) -> float16"}), "".join(f"{numpy.float16(k / 3)!s}\n" for k in range(3)))

    def test_expressions_that_mean_something_else_are_reported(self):
        self.write("a.npy", numpy.array(NUMBERS))
        for expr, needle in (("exp(x)", r"write cexp\(x\)"), ("x < 1", "no order"), ("max(x, 1)", "creal"), ("(double)x", "creal"), ("x % 2", "complex"),
                             ("floor(x)", r"creal\(x\)"), ("abs(x)", r"cabs\(x\)"), ("1 + 2j", "."), ("x + j", "imaginary unit is I"), ("~x", "complex")):
            self.refuse(toml(input={"path": "a.npy"}, kernel={"expr": expr}), 69, needle)
        self.refuse(toml(input={"path": "a.npy"}, kernel={"expr": "x", "signature": "(complex128) -> float64"}), 69, "creal")
        self.refuse(toml(input={"path": "a.npy"}, kernel={"name": "square"}), 78, "complex128")
        self.refuse(toml(input={"path": "a.npy", "dtype": "float64"}, kernel={"expr": "x"}), 78, "complex128", "float64")
        self.refuse(toml(input={"range": [0, 10000], "dtype": "float16"}, kernel={"expr": "x"}), 78, "2049", "float16")

    def test_python_gets_and_gives_complex(self):
        self.write("f.py", "import numpy\ndef f(z, h):\n    assert type(z) is complex and type(h) is float\n    return z.conjugate(), h + 1\n"
                           "def g(z): return numpy.complex64(z)\ndef bad(z): return 'x' if z.real == 1 else 2**60 + 1 if z == 0 else z\n"
                           "def v(z): return z * 2\n")
        self.write("a.npy", numpy.array(NUMBERS[:4]))
        self.write("h.npy", numpy.array([0.5, 1, 2, 3], "f2"))
        job = toml(mode="starmap", input=[{"path": "a.npy"}, {"path": "h.npy"}], output={"path": "o.npy"},
                   kernel={"python": "f.py:f", "signature": "(complex128, float16) -> (complex64, float16)", **PYTHON})
        made = self.saves(job, "o.npy")
        numpy.testing.assert_array_equal(made["f0"], numpy.array(NUMBERS[:4]).conj().astype("c8"))
        numpy.testing.assert_array_equal(made["f1"], numpy.array([1.5, 2, 3, 4], "f2"))
        self.prints(toml(input={"path": "a.npy", "count": 3}, kernel={"python": "f.py:g", "signature": "(complex128) -> complex128", **PYTHON}),
                    "".join(f"{z!r}\n" for z in NUMBERS[:3]))
        result = self.run_job(toml(input={"path": "a.npy", "count": 3}, kernel={"python": "f.py:bad", "signature": "(complex128) -> complex128", **PYTHON},
                                   errors={"on_error": "skip", "log": "log.csv"}))
        self.assertEqual((result.code, result.text), (1, f"{NUMBERS[2]!r}\n"))
        self.assertRegex((self.dir / "log.csv").read_text(), r"(?s)0,.*not exact as complex128.*1,.*str, not complex128")
        self.write("m.npy", numpy.array(NUMBERS[:4]).reshape(2, 2))
        made = self.saves(toml(input={"path": "m.npy"}, kernel={"python": "f.py:v", "signature": "(complex128[2]) -> complex128[2]", **PYTHON}, output={"path": "o.npy"}), "o.npy")
        numpy.testing.assert_array_equal(made, 2 * numpy.array(NUMBERS[:4]).reshape(2, 2))

    def test_values_csv_raw_and_programs(self):
        job = {"values": ["1+2j", "3", "(0.1-1j)"], "dtype": "complex64"}
        self.prints(toml(input=job, kernel={"expr": "x"}), "".join(f"{numpy.complex64(z)!s}\n" for z in (1 + 2j, 3, 0.1 - 1j)))
        self.refuse(toml(input={**job, "values": ["1+2"]}, kernel={"expr": "x"}), 78, "1.2", "complex64")
        two = toml(mode="starmap", input=[{"range": [0, 2]}, {"value": "2j", "dtype": "complex128"}], kernel={"expr": "x * y"}, output={"path": "o.csv"})
        self.assertEqual(self.saves(two, "o.csv"), b"result\n0j\n2j\n")
        self.assertEqual(self.saves(toml(input={"path": "o.csv", "dtype": "complex64"}, kernel={"expr": "x"}, output={"path": "o.raw"}), "o.raw"),
                         numpy.array([0, 2j], "c8").tobytes())
        self.prints(toml(input={"path": "o.raw", "dtype": "complex64"}, kernel={"command": ["cat"], "signature": "(complex64) -> complex128"}), "0j\n2j\n")
        self.prints(toml(input={"path": "o.raw", "dtype": "complex64"}, kernel={"expr": "creal(x)"}), "0.0\n0.0\n")

    def test_sum_and_mean_are_those_of_the_parts(self):
        z = numpy.array([complex((-1)**k * 1e16 + k / 3, 0.1 * k) for k in range(2001)])
        self.write("a.npy", z)
        total = complex(math.fsum(z.real), math.fsum(z.imag))
        for ranks in RANKS:
            self.prints(toml(input={"path": "a.npy"}, kernel={"expr": "x"}, reduce={"op": ["sum", "count"]}), f"sum\t{total!r}\ncount\t2001\n", ranks=ranks)
        mean = self.good(toml(input={"path": "a.npy"}, kernel={"expr": "x"}, reduce={"op": "mean"})).text
        self.assertTrue(cmath.isclose(complex(mean.split()[1]), total / 2001, rel_tol=1e-15))
        for op in ("min", "max"):
            self.refuse(toml(input={"path": "a.npy"}, kernel={"expr": "x"}, reduce={"op": op}), 78, "no order")
        self.write("h.npy", numpy.array([0.5, -7, 65504], "f2"))
        job = toml(input={"path": "h.npy"}, kernel={"expr": "x", "signature": "(float16) -> float16"}, reduce={"op": ["sum", "min", "max"]})
        self.prints(job, "sum\t65497.5\nmin\t-7.0\nmax\t65500.0\n")


if __name__ == "__main__":
    main()
