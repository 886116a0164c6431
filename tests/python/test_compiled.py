# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Compiled kernels through Pool.map() and starmap(); numpy says what comes out."""
import array
import ctypes
import math
import os
import pickle
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import unittest.mock
import warnings

import numpy

import pengine

C = """
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
double norm(const double *v) { return sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]); }
void turned(const double *v, double *w, int64_t *n) { w[0] = v[2]; w[1] = v[1]; w[2] = v[0]; *n = (int64_t)v[0]; }
int halved(int64_t x, int64_t *y) { *y = x / 2; return (int)(x % 2); }
int64_t crash_at(int64_t x) { if (x == 13) abort(); return x; }
int64_t hang_at(int64_t x) { if (x == 13) for (;;) pause(); return x; }
int slow_half(int64_t x, int64_t *y)
{
    const struct timespec some = {.tv_nsec = 400000};
    nanosleep(&some, NULL);
    *y = x / 2;
    return x == 3500;
}
int many(size_t count, const void *const *args, void *const *results)
{
    const double *x = args[0], *v = args[1];
    double *y = results[0];
    int64_t *n = results[1];
    for (size_t i = 0; i < count; i++) {
        y[i] = x[i] * v[2 * i] + v[2 * i + 1];
        n[i] = (int64_t)count;
    }
    return x[0] < 0;
}
size_t twice(const char *s, size_t n, char *out, size_t room)
{
    if (2 * n <= room) {
        memcpy(out, s, n);
        memcpy(out + n, s, n);
    }
    return 2 * n;
}
"""


def cffi_cosine():
    import cffi
    ffi = cffi.FFI()
    ffi.cdef("double cos(double);")
    return ffi.dlopen("libm.so.6").cos


def numba_loop():
    try:
        import numba
    except ImportError:
        return None

    def loop(count, args, results):
        x, y = numba.carray(args[0], (count,), numpy.float64), numba.carray(results[0], (count,), numpy.float64)
        for i in range(count):
            y[i] = x[i] * x[i] + 1
        return 0
    return numba.cfunc("int32(uintp, CPointer(voidptr), CPointer(voidptr))")(loop)


def numba_cosine():
    import numba
    return numba.cfunc("float64(float64)")(lambda x: math.cos(x))


class Compiled(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.pool = pengine.Pool(2)
        cls.folder = tempfile.TemporaryDirectory()
        cls.file = os.path.join(cls.folder.name, "f.c")
        pathlib.Path(cls.file).write_text(C)

    @classmethod
    def tearDownClass(cls):
        cls.pool.terminate()
        cls.pool.join()
        cls.folder.cleanup()

    def same(self, got, expected):
        self.assertIs(type(got), numpy.ndarray)
        self.assertEqual((got.dtype, got.shape), (expected.dtype, expected.shape))
        numpy.testing.assert_array_equal(got, expected)

    def test_arrays_of_each_type(self):
        for dtype in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8", "?"):
            a = numpy.array([0, 1, 1, 0, 1], dtype)
            got = self.pool.map(pengine.expr("x"), a)
            numpy.testing.assert_array_equal(got.astype(a.dtype), a)
        self.same(self.pool.map(pengine.kernel("square"), array.array("q", range(9))), numpy.arange(9) ** 2)
        self.same(self.pool.map(pengine.expr("x*x"), [1, 2.5]), numpy.array([1, 6.25]))
        self.same(self.pool.map(pengine.expr("x*x"), (i for i in range(5))), numpy.arange(5) ** 2)
        self.same(self.pool.map(pengine.expr("x*x"), []), numpy.array([], "i8"))
        self.same(self.pool.map(pengine.expr("x"), memoryview(b"abc")), numpy.array([97, 98, 99]))
        self.same(self.pool.map(pengine.expr("x"), [2**63, 1]), numpy.array([2**63, 1], "u8"))
        self.assertEqual(self.pool.map(pengine.kernel("square"), [2**63, -1]), [2**126, 1])

    def test_lists_are_what_the_signature_asks_for(self):
        absolute = pengine.pointer(ctypes.CDLL(None).abs, "(int32) -> int32")
        got = self.pool.map(absolute, [-(2**31) + 1, 2])
        self.assertEqual((got.dtype, got.tolist()), (numpy.int32, [2**31 - 1, 2]))
        root = pengine.pointer(ctypes.CDLL("libm.so.6").sqrtf, "(float32) -> float32")
        got = self.pool.map(root, [0.25, 4])
        self.assertEqual((got.dtype, got.tolist()), (numpy.float32, [0.5, 2]))
        self.assertEqual(self.pool.starmap(pengine.expr("a * b", args=["a", "b"], signature="(uint8, float32) -> float32"), [(3, 0.5)]).tolist(), [1.5])
        self.assertEqual(list(self.pool.imap(absolute, iter([-3, 4]))), [3, 4])
        with self.assertRaisesRegex(OverflowError, "item 1: 2147483648 does not fit int32"):
            self.pool.map(absolute, [1, 2**31])
        with self.assertRaisesRegex(OverflowError, "item 0: 16777217 is not exact as float32"):
            self.pool.map(root, [2**24 + 1, 0.5])

    def test_lists_without_items(self):
        self.assertEqual(self.pool.map(pengine.kernel("text_upper"), []), [])
        self.assertEqual(self.pool.map(pengine.expr("length(x)", signature="(text) -> int64"), []).tolist(), [])
        self.assertEqual(self.pool.map(pengine.expr("x / 2.0"), []).dtype, numpy.float64)

    def test_dates_are_counts(self):
        days = numpy.array(["1970-01-03", "1969-12-31"], dtype="M8[D]")
        for array_ in (days, days[::-1], days.astype(">M8[D]"), days - days[0]):
            numpy.testing.assert_array_equal(self.pool.map(pengine.expr("x + 1"), array_), array_.astype("int64") + 1)

    def test_arrays_that_lie_otherwise_in_memory(self):
        a = numpy.arange(12.0)
        self.same(self.pool.map(pengine.expr("2*x"), a[::-3]), 2 * a[::-3])
        self.same(self.pool.map(pengine.expr("2*x"), a.astype(">f8")), 2 * a)
        shifted = numpy.frombuffer(b"\0" + a.tobytes(), "f8", offset=1)
        self.same(self.pool.map(pengine.expr("2*x"), shifted), 2 * a)
        self.same(self.pool.map(pengine.expr("x"), a[1:11].view("c16")), a[1:11].view("c16"))
        self.same(self.pool.map(pengine.source(self.file, "norm", "(float64[3]) -> float64"), numpy.asfortranarray(a.reshape(4, 3))),
                  numpy.sqrt((a.reshape(4, 3) ** 2).sum(1)))

    def test_several_arguments_and_results(self):
        a, b = numpy.arange(5.0), numpy.linspace(0, 1, 5)
        self.same(self.pool.starmap(pengine.expr("a - b", args=["a", "b"]), (a, b)), a - b)
        self.same(self.pool.starmap(pengine.expr("x - y"), list(zip(a.tolist(), b.tolist()))), a - b)
        turned, first = self.pool.map(pengine.source(self.file, "turned", "(float64[3]) -> (float64[3], int64)"), numpy.ones((2, 3)) * 7)
        self.same(turned, numpy.full((2, 3), 7.0))
        self.same(first, numpy.array([7, 7]))

    def test_structured_arrays_as_arguments_and_results(self):
        pairs = numpy.zeros(1000, [("a", "f8"), ("b", "i4")])
        pairs["a"], pairs["b"] = numpy.arange(1000) / 8, numpy.arange(1000)
        both = pengine.expr("a + b", "a * b", args=["a", "b"])
        kind = numpy.dtype([("sum", "f8"), ("product", "f8")])
        made = self.pool.starmap(both, pairs, out=kind)
        self.assertEqual(made.dtype, kind)
        self.same(made["sum"], pairs["a"] + pairs["b"])
        self.same(made["product"], pairs["a"] * pairs["b"])
        out = numpy.zeros(1000, [("s", "f8"), ("between", "i1"), ("p", "f8")])
        with self.assertRaisesRegex(ValueError, "expected 2 fields, one per result, got s, between, p"):
            self.pool.starmap(both, pairs, out=out)
        target = out[["s", "p"]]
        self.assertIs(self.pool.starmap(both, pairs, out=target), target)
        self.same(out["p"], made["product"])
        self.same(out["between"], numpy.zeros(1000, "i1"))
        for wrong, kind, text in ((numpy.zeros(999, kind), ValueError, "expected a structured array of shape"),
                                  (numpy.dtype([("s", "f8"), ("p", "f4")]), TypeError, "field p of type float32 cannot take"),
                                  (numpy.dtype([("s", "f8"), ("p", "f8", 2)]), TypeError, "cannot take a result of type float64$"),
                                  (numpy.dtype("f8"), TypeError, "a structured dtype, got dtype float64")):
            with self.assertRaisesRegex(kind, text):
                self.pool.starmap(both, pairs, out=wrong)
        halved = pengine.source(self.file, "halved", "(int64) -> int64 or error")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.same(self.pool.map(halved, range(5), errors="skip", out=numpy.dtype([("half", "i8")]))["half"], numpy.array([0, 1, 2]))
            with self.assertRaisesRegex(ValueError, "2 items failed"):
                self.pool.map(halved, range(5), errors="skip", out=numpy.zeros(5, [("half", "i8")]))

    def test_out_is_written_and_checked(self):
        a, out = numpy.arange(1000.0), numpy.zeros(1000)
        self.assertIs(self.pool.map(pengine.expr("x + 1"), a, out=out), out)
        self.same(out, a + 1)
        plain = array.array("d", [0] * 1000)
        self.assertIs(self.pool.map(pengine.expr("x + 1"), a, out=plain), plain)
        self.assertEqual(plain.tolist(), (a + 1).tolist())
        self.pool.map(pengine.expr("x + 1"), a, out=a)  # in place
        self.same(a, out)
        fixed = numpy.zeros(1000)
        fixed.flags.writeable = False
        for wrong, text in ((numpy.zeros(999), "expected float64 of shape"), (numpy.zeros(1000, "f4"), "got format 'f'"),
                            (fixed, "writable"), (numpy.zeros(2000)[::2], "contiguous"), ((out, out), "expected one array, got 2 in a tuple")):
            with self.assertRaisesRegex(ValueError, text):
                self.pool.map(pengine.expr("x + 1"), a, out=wrong)
        with self.assertRaisesRegex(TypeError, "for compiled kernels"):
            self.pool.map(abs, a, out=out)
        with self.assertRaisesRegex(TypeError, "out: expected an array .*, got str"):
            self.pool.map(pengine.expr("x + 1"), a, out="a")
        for given, (kernel, shared) in ((a[:-1], (pengine.expr("x + 1"), a[1:])), (a, (pengine.expr("x", "x + 1"), (a, out))),
                                        (a, (pengine.expr("x", "x + 1"), (out, out)))):
            with self.assertRaisesRegex(ValueError, "out: shares memory with"):
                self.pool.map(kernel, given, out=shared)

    def test_texts_and_wide_integers(self):
        self.assertEqual(self.pool.map(pengine.source(self.file, "twice", "(text) -> text"), ["a", "", "ü" * 500, b"b"]),
                         ["aa", "", "ü" * 1000, "bb"])
        self.same(self.pool.map(pengine.expr("length(x)"), numpy.array(["a", "bcd"])), numpy.array([1, 3]))
        self.assertEqual(self.pool.map(pengine.kernel("text_upper"), numpy.array(["ab", "c"], dtype=object)), ["AB", "C"])
        self.assertEqual(self.pool.map(pengine.expr("x + 1"), numpy.array([1, 2**100], dtype=object)), [2, 2**100 + 1])
        self.assertEqual(self.pool.map(pengine.expr("x*x", signature="(int128) -> int128"), [-(2**40), 2**62]), [2**80, 2**124])

    def test_pointer_calls_the_function_at_an_address(self):
        libm = ctypes.CDLL("libm.so.6")
        a = numpy.linspace(0, 3, 1000)
        cosine = ctypes.cast(libm.cos, ctypes.c_void_p).value
        for function in (libm.cos, cosine, ctypes.c_void_p(cosine), type("cfunc", (), {"address": cosine})()):
            numpy.testing.assert_allclose(self.pool.map(pengine.pointer(function, "(float64) -> float64"), a), numpy.cos(a))
        self.same(self.pool.starmap(pengine.pointer(libm.ldexp, "(float64, int32) -> float64"), (a, numpy.full(1000, 3, "i4"))), a * 8)
        with self.assertRaisesRegex(TypeError, "pointer: expected an address, .* got builtin_function_or_method"):
            pengine.pointer(abs, "(int64) -> int64")
        with self.assertRaisesRegex(pengine.KernelError, "'float' is no type"):
            pengine.pointer(1, "(float) -> float64")

    def test_pointers_of_functions_of_batches(self):
        library = os.path.join(self.folder.name, "many.so")
        subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", self.file, "-o", library, "-lm"], check=True)
        many = pengine.pointer(ctypes.CDLL(library).many, "(float64, float64[2]) -> (float64, int64)", batch=True)
        a, v = numpy.arange(100_000.0), numpy.arange(200_000.0).reshape(-1, 2)
        y, n = self.pool.starmap(many, (a, v))
        self.same(y, a * v[:, 0] + v[:, 1])
        self.assertGreater(n.max(), 30)
        with self.assertRaisesRegex(pengine.KernelError, r"takes \(float64, float64\[2\]\), got \(int64, float64\[2\]\): convert"):
            self.pool.starmap(many, (a.astype(int), v))
        with self.assertRaisesRegex(pengine.KernelError, "its map returned 1"):
            self.pool.starmap(many, (-1 - a, v))
        for wrong in ("(text) -> int64", "(float64) -> float64 or error", "float64"):
            with self.assertRaisesRegex(pengine.KernelError, "batches"):
                pengine.pointer(1, wrong, batch=True)
        loop = numba_loop()
        if loop is not None:
            self.same(self.pool.map(pengine.pointer(loop, "(float64) -> float64", batch=True), a), a * a + 1)

    def test_pointers_of_cffi_and_numba(self):
        a = numpy.linspace(0, 3, 1000)
        for make in (cffi_cosine, numba_cosine):
            with self.subTest(make.__name__):
                try:
                    cosine = make()
                except ImportError as error:
                    self.skipTest(str(error))
                numpy.testing.assert_allclose(self.pool.map(pengine.pointer(cosine, "(float64) -> float64"), a), numpy.cos(a), rtol=1e-15)

    def test_failed_item_is_raised_skipped_or_filled(self):
        halved = pengine.source(self.file, "halved", "(int64) -> int64 or error")
        with self.assertRaises(pengine.ItemError) as caught:
            self.pool.map(halved, [4, 6, 7, 8])
        self.assertEqual((caught.exception.index, caught.exception.arguments), (2, (7,)))
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            self.same(self.pool.map(halved, range(6), errors="skip"), numpy.array([0, 1, 2]))
        self.assertEqual([error.index for error in self.pool.failures], [1, 3, 5])
        self.assertIn("3 items were left out", str(told[0].message))
        self.same(self.pool.map(halved, range(6), fill=-1), numpy.array([0, -1, 1, -1, 2, -1]))
        results = self.pool.imap(halved, iter([0, 2] * 2000 + [5]))
        self.assertEqual([next(results) for _ in range(4000)], [0, 1] * 2000)
        with self.assertRaises(pengine.ItemError) as caught:
            next(results)
        self.assertEqual((caught.exception.index, caught.exception.arguments), (4000, (5,)))

    def test_items_that_crash_or_hang(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            crash = pengine.source(self.file, "crash_at", "(int64) -> int64", isolate=True)
            self.same(self.pool.map(crash, range(16), errors="skip"), numpy.delete(numpy.arange(16), 13))
            hang = pengine.source(self.file, "hang_at", "(int64) -> int64")
            self.same(self.pool.map(hang, range(16), errors="skip", timeout=numpy.float32(1.25)), numpy.delete(numpy.arange(16), 13))
        self.assertEqual([(type(error), error.index) for error in self.pool.failures], [(pengine.ItemTimeout, 13)])

    def test_wrong_calls_are_refused(self):
        a = numpy.zeros(3)
        self.same(self.pool.map(pengine.expr("x + k", params={"k": numpy.int64(3)}), a), a + 3)
        for wrong, kind, text in (
            (lambda: self.pool.map(pengine.expr("x*"), a), pengine.KernelError, "expected a value"),
            (lambda: self.pool.map(pengine.kernel("sqare"), a), pengine.KernelError, 'did you mean "square"'),
            (lambda: self.pool.map(pengine.source("no.c", "f", "(float64) -> int64"), a), ValueError, "no.c"),
            (lambda: self.pool.starmap(pengine.expr("x+y"), (a, a[1:])), ValueError, "different lengths: 3, 2"),
            (lambda: self.pool.map(pengine.expr("x+y"), a), ValueError, "y"),
            (lambda: self.pool.map(pengine.expr("x"), [{}]), TypeError, "expected texts, integers or floats, got dict"),
            (lambda: self.pool.map(pengine.expr("x"), numpy.array([["a"]])), TypeError, "dtype <U1 and 2 dimensions"),
            (lambda: self.pool.map(pengine.expr("x"), [2**53, 0.5, 2**53 + 1]), OverflowError,
             "item 2: 9007199254740993 is not exact as float64"),
            (lambda: pickle.dumps(pengine.pointer(1, "(float64) -> float64")), TypeError, "its address is that of one process"),
            (lambda: self.pool.map(pengine.expr("x"), [2**127]), OverflowError, "int128"),
            (lambda: self.pool.map(pengine.kernel("text_upper"), ["a", 1]), TypeError, "texts or numbers, got both: int, str"),
            (lambda: self.pool.map(pengine.expr("x"), numpy.ma.array(a, mask=[0, 1, 0])), ValueError, "masked items"),
            (lambda: self.pool.map(pengine.expr("x"), a.astype("g")), TypeError, "dtype float128"),
            (lambda: self.pool.map(pengine.expr("x"), ctypes.pointer(ctypes.c_double(1))), TypeError, "a single value"),
            (lambda: self.pool.map(pengine.expr("x"), a.astype("i8"), fill=0.5), ValueError, "^errors.fill: 0.5 is not exact"),
            (lambda: self.pool.map(pengine.pointer(1, "(float64) -> float64"), a, timeout=1), ValueError, r"pointer\(\) is called in"),
            (lambda: self.pool.map(pengine.expr("x"), a, retries=1.5), ValueError, "retries: expected 0 to 63, got 1.5"),
            (lambda: self.pool.map(pengine.expr("x"), a, errors="return"), ValueError, "for Python functions"),
            (lambda: self.pool.map(pengine.expr("x"), numpy.float64(1)), TypeError, "0 dimensions"),
            (lambda: self.pool.map(pengine.expr("x"), a, 0), ValueError, "Chunksize must be 1"),
            (lambda: self.pool.map(pengine.expr("x"), a, 1.5), TypeError, "Chunksize must be an integer of 1 or more, not 1.5"),
            (lambda: self.pool.map(pengine.expr("x*k", params={"k": None}), a), TypeError, "a text, a number, .* got None"),
            (lambda: self.pool.starmap(pengine.expr("x"), ()), ValueError, "no arguments"),
            (lambda: self.pool.map(pengine.Kernel, a), AttributeError, "items"),
            (lambda: self.pool.apply(pengine.expr("x"), (1,)), TypeError, "expected a Python function"),
            (lambda: pengine.pointer(2**70, "(float64) -> float64"), ValueError, r"below 2\^64, got 1180591620717411303424"),
            (lambda: pengine.pointer(1, None), pengine.KernelError, "got None"),
            (lambda: pengine.run(3), TypeError, "job: expected the path"),
            (lambda: pengine.run({}, set=3), TypeError, "set: expected a dict"),
            (lambda: pengine.run({}, ranks=0), ValueError, "ranks: expected an integer of 1 or more, got 0"),
            (lambda: pengine.run({}, options="--resume"), TypeError, "options: expected a list of words"),
            (lambda: pengine.run({}, options=["--stats=s"]), ValueError, "options: run.. returns what --stats writes"),
        ):
            with self.assertRaisesRegex(kind, text):
                wrong()

    def test_later_and_one_by_one(self):
        result = self.pool.map_async(pengine.expr("x+1"), numpy.arange(3))
        self.same(result.get(60), numpy.array([1, 2, 3]))
        self.assertEqual(list(self.pool.imap_unordered(pengine.expr("x+1"), range(3000))), list(range(1, 3001)))
        self.assertEqual(list(self.pool.imap(pengine.expr("x+1"), {1: "a", 4: "b"})), [2, 5])
        slow_half = pengine.source(self.file, "slow_half", "(int64) -> int64 or error")
        begin = time.monotonic()
        self.pool.map(slow_half, range(2048))
        takes = time.monotonic() - begin
        results = self.pool.imap(slow_half, range(5000))
        self.assertEqual(next(results), 0)
        while any(thread.name == "pengine-ahead" for thread in threading.enumerate()):
            time.sleep(0.01)  # the second block of 2,048 items is computed meanwhile
        begin = time.monotonic()
        self.assertEqual([next(results) for _ in range(1500)][-1], 750)
        self.assertLess(time.monotonic() - begin, takes / 2)
        with self.assertRaises(pengine.ItemError) as caught:
            list(results)
        self.assertEqual(caught.exception.index, 3500)
        self.assertRaises(pengine.KernelError, self.pool.map_async(pengine.expr("("), [1]).get, 60)

    def test_a_job_as_a_dict(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)
        pathlib.Path("f.py").write_text("def f(x): return x * x\n")
        pathlib.Path("f.c").write_text("long f(long x) { return x * x; }\n")
        pathlib.Path("f.sh").write_text("#!/bin/sh\necho $(($1 * $1))\n")
        os.chmod("f.sh", 0o755)
        signature = "(int64) -> int64"
        for kernel in ({"python": "f.py:f", "interpreter": sys.executable}, {"source": "f.c", "function": "f", "signature": signature},
                       {"command": ["./f.sh", "{}"]}, {"expr": "x * x"}):
            report = pengine.run({"input": {"values": [2, 3]}, "kernel": kernel, "output.path": "o.txt", "output.format": "csv"})
            self.assertEqual((report["done"], pathlib.Path("o.txt").read_text().split()[-2:]), (2, ["4", "9"]))
        pathlib.Path("python3").write_text("#!/bin/false\n")
        os.chmod("python3", 0o755)
        with unittest.mock.patch.dict(os.environ, PATH=f"{folder.name}:{os.environ['PATH']}"):
            os.environ.pop("PENGINE_PYTHON", None)
            pathlib.Path("g.py").write_text("import sys\ndef which(x): return sys.executable\n")
            pengine.run({"input": {"values": [2]}, "kernel": {"python": "g.py:which"}, "output": {"path": "o.txt"}})
        self.assertEqual(pathlib.Path("o.txt").read_text(), sys.executable + "\n", "not the first python3 of PATH")
        pengine.run({"mode": "starmap", "input": [{"values": [2, 3]}, {"value": 5}], "kernel": {"expr": "x * y"}, "output": {"path": "o.txt"}})
        self.assertEqual(pathlib.Path("o.txt").read_text(), "10\n15\n")
        with self.assertRaises(pengine.RunError) as caught:
            pengine.run({"input": {"range": [0, 2]}, "kernel": {"expr": "x +"}, "output": {"path": "o.txt"}})
        self.assertTrue(str(caught.exception).startswith("pengine: kernel.expr: expected a value, got the end"), caught.exception)

    def test_gil_is_free(self):
        a, beats = numpy.ones(2_000_000), 0
        slow = pengine.expr("pow(sin(x), cos(x)) + pow(cos(x), sin(x))")
        self.pool.map(slow, a[:10])
        thread = threading.Thread(target=self.pool.map, args=(slow, a))
        thread.start()
        while thread.is_alive():
            beats += 1
            time.sleep(0)
        thread.join()
        self.assertGreater(beats, 100)

    def test_plugin_computes_with_its_params(self):
        path = os.environ.get("PLUGIN")
        if path is None:
            self.skipTest("PLUGIN is the path of configs/plugin.so")
        self.assertEqual(self.pool.starmap(pengine.plugin(path, "balance", params={"rate": 1.0}), ([2.0, 4.0], [1, 2])).tolist(), [4.0, 16.0])

    def test_interrupt_and_no_numpy(self):
        text = f"""
import sys, threading, signal, os
sys.modules["numpy"] = None
import pengine
pool = pengine.Pool(2)
result = pool.map(pengine.expr("x*0.5"), [1, 2, 3])
print(type(result).__name__, result.tolist(), pool.map(pengine.source({self.file!r}, "norm", "(float64[3]) -> float64"),
      memoryview(bytearray(48)).cast("d", (2, 3))).tolist())
forever = pengine.expr("sin(x) + cos(x) * tan(x)")
out = memoryview(bytearray(8_000_000)).cast("d")
pool.map(forever, out[:8])
threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    while True:
        pool.map(forever, out, out=out)
except KeyboardInterrupt:
    print("interrupted")
"""
        done = subprocess.run([sys.executable, "-B", "-W", "ignore", "-c", text], capture_output=True, text=True, timeout=240)
        self.assertEqual((done.stdout, done.stderr), ("memoryview [0.5, 1.0, 1.5] [0.0, 0.0]\ninterrupted\n", ""))


if __name__ == "__main__":
    unittest.main()
