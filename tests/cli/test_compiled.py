# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Expressions and C functions: their results in every mode, what fails an item, what is refused, the cache.

Expected values: Python's integers, numpy, and Philox4x32-10 as the paper defines it.
"""
import math
import os
import shutil
import subprocess

import numpy

from harness import INT64_MAX, ROOT_INT64, Case, lines, main, toml

MODES = ("map", "imap", "imap_unordered")
SOURCE = """#include <stdint.h>
int64_t cube(int64_t x)
{
    return x * x * x;
}
int64_t add(int64_t x, int64_t y) { return x + y; }
double half(double x) { return x / 2; }
int halved(int64_t x, int64_t *y) { *y = x / 2; return (int)(x % 2); }
"""
CUBE = {"source": "f.c", "function": "cube", "signature": "(int64) -> int64"}
SPAN = {"range": [ROOT_INT64 - 2, ROOT_INT64 + 3]}


def philox(counter, key):
    """Philox4x32-10 on arrays: four words of 32 bits in uint64."""
    c, k, low = list(counter), list(key), numpy.uint64(0xFFFFFFFF)
    half = numpy.uint64(32)
    for _ in range(10):
        a, b = c[0] * numpy.uint64(0xD2511F53), c[2] * numpy.uint64(0xCD9E8D57)
        c = [(b >> half) ^ c[1] ^ numpy.uint64(k[0]), b & low, (a >> half) ^ c[3] ^ numpy.uint64(k[1]), a & low]
        k = [(k[0] + 0x9E3779B9) % 2**32, (k[1] + 0xBB67AE85) % 2**32]
    return c


def uniforms(seed, items, pair):
    """Draws 2 * pair and 2 * pair + 1 of each item."""
    items = numpy.asarray(items, numpy.uint64)
    zero = numpy.zeros_like(items)
    c = philox([items & numpy.uint64(0xFFFFFFFF), items >> numpy.uint64(32), zero + numpy.uint64(pair), zero],
               [seed % 2**32, seed >> 32])
    words = c[0] | c[1] << numpy.uint64(32), c[2] | c[3] << numpy.uint64(32)
    return [(word >> numpy.uint64(11)).astype(float) * 2.0**-53 for word in words]


class Compiled(Case):
    """Each test compiles into a cache of its own."""

    def setUp(self):
        super().setUp()
        self.cache = self.dir.parent / (self.dir.name + "-cache")
        self.addCleanup(shutil.rmtree, self.cache, ignore_errors=True)
        os.environ["XDG_CACHE_HOME"] = str(self.cache)
        self.write("f.c", SOURCE)

    def cached(self):
        """The objects; what the compiler said of its version lies beside them."""
        version = subprocess.run(["cc", "--version"], capture_output=True, check=True).stdout
        return [path for path in sorted(self.cache.glob("pengine/*")) if not path.read_bytes().startswith(version)]


class Results(Compiled):
    def test_wrong_signature_is_reported_at_its_own_line(self):
        self.write("job.toml", 'mode = "map"\n[input]\nrange = [0, 3]\n[kernel]\nsource = "k.c"\nfunction = "f"\nsignature = "(int64) - int64"\n')
        result = self.run_args("job.toml")
        self.assertEqual(result.code, 78, str(result))
        self.assertIn('job.toml:7:13: kernel.signature: expected "->"', result.err)

    def test_every_mode_gives_pythons(self):
        for kernel, wanted in (({"expr": "x*x + i"}, [x * x + x for x in range(5000)]), (CUBE, [x**3 for x in range(5000)])):
            for mode in MODES:
                with self.subTest((kernel, mode)):
                    result = self.good(toml(mode=mode, input={"range": [0, 5000]}, kernel=kernel, pool={"chunk_size": 700}))
                    got = result.text if mode != "imap_unordered" else lines(sorted(map(int, result.text.split())))
                    self.assertEqual(got, lines(wanted))

    def test_starmap_takes_several(self):
        inputs = [{"range": [0, 3000]}, {"range": [5, 3005]}]
        add = {"source": "f.c", "function": "add", "signature": "(int64, int64) -> int64"}
        for kernel in ({"expr": "x + y"}, {"expr": "a + b", "args": ["a", "b"]}, add):
            for mode in ("starmap", "istarmap"):
                self.prints(toml(mode=mode, input=inputs, kernel=kernel), lines(range(5, 6005, 2)))

    def test_types_follow_the_input(self):
        for dtype in ("int8", "uint16", "int32", "uint64", "int64", "float32", "float64", "bool"):
            with self.subTest(dtype):
                values = numpy.array([0, 1, 1, 0], dtype)
                self.write("x.npy", values)
                wanted = {"float32": "float32", "float64": "float64", "uint64": "uint64"}.get(dtype, "int64")
                job = toml(input={"path": "x.npy"}, kernel={"expr": "x + x"}, output={"path": "y.npy"})
                got = self.saves(job, "y.npy")
                self.assertEqual((got.dtype.name, got.tolist()), (wanted, [0, 2, 2, 0]))

    def test_params_and_seed_reach_the_expression(self):
        self.prints(toml(input={"range": [0, 3]}, kernel={"expr": "n*x + h", "params": {"n": 2, "h": 0.25}}),
                    "0.25\n2.25\n4.25\n")

    def test_draws_are_those_of_the_paper(self):
        for seed in (0, 7, 2**62):
            first, second = uniforms(seed, range(1000), 0)
            self.prints(toml(input={"range": [0, 1000]}, kernel={"expr": "uniform(0) - uniform(1)", "seed": seed}),
                        lines(repr(float(a - b)) for a, b in zip(first, second)))

    def test_draws_do_not_depend_on_how_it_runs(self):
        job = toml(mode="imap", input={"range": [0, 50_000]}, output={"format": "digest"},
                   kernel={"expr": "normal(0) + uniform(1) + integer(2, -5, x + 1)", "seed": 5})
        found = {self.good(job, "-s", f"pool.chunk_size={chunk}", "-t", threads).text
                 for chunk in (999, 5000, 50_000) for threads in (1, 2, 3)}
        self.assertEqual(len(found), 1)

    def test_integers_divided_for_a_float_earn_one_warning(self):
        for expr, wanted in (("exp(-x*x/2)", [repr(math.exp(int(-x * x / 2))) for x in range(3)]),
                             ("x/2*0.5 + x/2*1.0", ["0.0", "0.0", "1.5"])):
            result = self.good(toml(input={"range": [0, 3]}, kernel={"expr": expr}))
            self.assertEqual(result.text, lines(wanted))
            self.assertEqual(result.err.count("divides integers"), 1, result.err)
        self.assertNotIn("divides", self.good(toml(input={"range": [0, 3]}, kernel={"expr": "x/2"})).err)
        result = self.good(toml(input={"range": [0, 3]}, kernel={"expr": "x ^ 1"}))
        self.assertEqual((result.text, result.err.count("exclusive or")), ("1\n0\n3\n", 1))

    def test_texts_are_compared(self):
        self.write("t.txt", "DE\nDEN\n\nFR\n")
        job = toml(input={"path": "t.txt", "dtype": "text"}, kernel={"expr": 'equals(s, c) + 2*starts_with(s, "D") + 10*length(s)',
                                                                     "args": ["s"], "params": {"c": "DE"}})
        self.prints(job, "23\n32\n0\n20\n")

    def test_columns_of_a_csv_are_texts_where_they_are_used_as_texts(self):
        self.write("c.csv", "country,qty\nDE,2\nFR,3\nDE,4\n")
        job = toml(mode="starmap", input={"path": "c.csv"}, kernel={"expr": 'equals(c, "DE") * q', "args": ["c", "q"]})
        result = self.good(job)
        self.assertEqual([float(line) for line in result.text.split()], [2, 0, 4])

    def test_floats_have_numpys_bits(self):
        x = numpy.random.default_rng(3).normal(size=20_000)
        self.write("x.npy", x)
        job = toml(input={"path": "x.npy"}, kernel={"expr": "x*x*3.0 + sqrt(fabs(x))"}, output={"path": "y.npy"})
        numpy.testing.assert_array_equal(self.saves(job, "y.npy"), x * x * 3.0 + numpy.sqrt(numpy.abs(x)))
        job = toml(input={"path": "x.npy"}, output={"path": "y.npy"},
                   kernel={"source": "f.c", "function": "half", "signature": "(float64) -> float64"})
        numpy.testing.assert_array_equal(self.saves(job, "y.npy"), x / 2)


class Failures(Compiled):
    def test_overflow_stops_and_names_the_item(self):
        result = self.run_job(toml(input=SPAN, kernel={"expr": "x*x"}))
        self.assertEqual((result.code, result.out), (1, b""), str(result))
        self.assertIn(f"item 3: x*x at ({ROOT_INT64 + 1}): a product does not fit int64", result.err)
        result = self.run_job(toml(input={"range": [2**21 - 2, 2**21 + 2]}, kernel=CUBE))
        self.assertIn("item 2: cube(2097152): a product does not fit int64 (f.c line 4)", result.err)

    def test_overflow_skips_or_fills_its_item_alone(self):
        job = {"input": SPAN, "kernel": {"expr": "x*x"}}
        squares = [x * x for x in range(ROOT_INT64 - 2, ROOT_INT64 + 1)]
        result = self.run_job(toml(**job, errors={"on_error": "skip"}))
        self.assertEqual((result.code, result.text), (1, lines(squares)), str(result))
        result = self.run_job(toml(**job, errors={"on_error": "fill", "fill": -1}))
        self.assertEqual((result.code, result.text), (1, lines(squares + [-1, -1])), str(result))

    def test_overflow_that_a_built_in_kernel_cannot_have_is_refused(self):
        self.write("job.toml", toml(input=SPAN, kernel={"name": "square", "overflow": "wrap"}))
        result = self.run_args("job.toml")
        self.assertEqual((result.code, result.out), (78, b""), str(result))
        self.assertIn('overflow = "wrap" goes with expr and source', result.text + result.err)

    def test_overflow_that_is_allowed_wraps(self):
        wrapped = [(x * x + 2**63) % 2**64 - 2**63 for x in range(ROOT_INT64 - 2, ROOT_INT64 + 3)]
        self.prints(toml(input=SPAN, kernel={"expr": "x*x", "overflow": "wrap"}), lines(wrapped))

    def test_int128_holds_what_int64_does_not(self):
        self.prints(toml(input={**SPAN, "dtype": "int128"}, kernel={"expr": "x*x"}),
                    lines(x * x for x in range(ROOT_INT64 - 2, ROOT_INT64 + 3)))

    def test_division_fails_the_item_not_the_process(self):
        for overflow in ("error", "wrap"):
            for expr, value in (("x / y", -INT64_MAX - 1), ("x % y", 0)):
                with self.subTest((overflow, expr)):
                    result = self.run_job(toml(mode="starmap", input=[{"value": -INT64_MAX - 1}, {"range": [-1, 2]}],
                                               kernel={"expr": expr, "overflow": overflow}, errors={"on_error": "skip", "log": "log.csv"}))
                    self.assertEqual((result.code, result.text), (1, f"{value}\n"), str(result))
                    log = (self.dir / "log.csv").read_text()
                    self.assertIn("integer division by zero", log)
                    self.assertIn("a quotient does not fit int64", log)

    def test_or_error_fails_by_the_number(self):
        kernel = {"source": "f.c", "function": "halved", "signature": "(int64) -> int64 or error"}
        result = self.run_job(toml(input={"range": [0, 5]}, kernel=kernel, errors={"on_error": "skip"}))
        self.assertEqual((result.code, result.text), (1, "0\n1\n2\n"))
        self.assertIn("halved returned 1", result.err)

    def test_folder_of_the_source_may_have_any_name(self):
        folder = self.dir / 'a "b\\\nc'
        folder.mkdir()
        for name in ("f.c", "job.toml"):
            self.write("job.toml", toml(input={"range": [0, 3]}, kernel=CUBE))
            (self.dir / name).rename(folder / name)
        self.assertEqual(self.run_args("-q", str(folder / "job.toml")).text, "0\n1\n8\n")


class Ranges(Compiled):
    """A compiled kernel computes the numbers of a range itself: results and failures are those of the same numbers in a file."""

    EDGES = (0, 2**20, 2**21, 2**31, ROOT_INT64, 2**32, 2**33, 2**60, 2**61)
    SQUARES = ({"expr": "x*x"}, {**CUBE, "function": "square"})

    def setUp(self):
        super().setUp()
        self.write("f.c", SOURCE + "int64_t square(int64_t x) { return x * x; }\n")

    def spans(self):
        """Some 1200 numbers around each bound, from both sides and with large steps, and the ends of int64."""
        for edge in self.EDGES:
            for middle in (edge, -edge):
                yield range(middle - 600, middle + 600)
                yield range(middle + 600, middle - 600, -1)
        yield range(INT64_MAX - 1200, INT64_MAX)
        yield range(-INT64_MAX + 1200, -INT64_MAX - 1, -1)
        yield range(-INT64_MAX - 1, INT64_MAX, 2**54 + 1)
        yield range(2 * ROOT_INT64, -2 * ROOT_INT64, -5_000_001)

    def both(self, span, kernel, **more):
        """The same job on the range and on a file of it."""
        bounds = [number if abs(number) <= INT64_MAX else str(number) for number in (span.start, span.stop, span.step)]
        self.write("x.npy", numpy.array(span, numpy.int64))
        return [self.run_job(toml(input=given, kernel=kernel, **more), "-q") for given in
                ({"range": bounds}, {"path": "x.npy"})]

    def test_every_level_gives_pythons_or_fails(self):
        for kernel in self.SQUARES:
            for span in self.spans():
                with self.subTest((kernel, span)):
                    ramp, column = self.both(span, kernel, errors={"on_error": "skip", "log": "log.csv"})
                    wanted = [x * x for x in span if x * x <= INT64_MAX]
                    self.assertEqual((ramp.code, ramp.text), (int(len(wanted) < len(span)), lines(wanted)), ramp.err)
                    self.assertEqual((column.code, column.text, column.err), (ramp.code, ramp.text, ramp.err))

    def test_failing_items_are_named_by_their_values(self):
        for kernel in self.SQUARES:
            for isolate in (False, True):
                self.run_job(toml(input={"range": [ROOT_INT64 + 700, ROOT_INT64 - 700, -2]}, kernel={**kernel, "isolate": isolate},
                                  errors={"on_error": "fill", "fill": -1, "log": "log.csv", "retries": 1}))
                rows = [row.split(",")[:2] for row in (self.dir / "log.csv").read_text().splitlines()[1:]]
                wanted = [[str(i), str(ROOT_INT64 + 700 - 2 * i)] for i in range(350)]
                self.assertEqual(rows, wanted, (kernel, isolate))

    def test_overflow_that_is_allowed_wraps(self):
        for kernel in self.SQUARES:
            for span in self.spans():
                ramp, _ = self.both(span, {**kernel, "overflow": "wrap"})
                self.assertEqual((ramp.code, ramp.text), (0, lines((x * x + 2**63) % 2**64 - 2**63 for x in span)))

    def test_ranges_beside_columns(self):
        xs, ys = range(-5000, 10_000, 3), range(ROOT_INT64 * 2, ROOT_INT64 * 2 - 5000, -1)
        self.write("y.npy", numpy.array(ys))
        table = {"range": [xs.start, xs.stop, xs.step]}
        for kernel in ({"expr": "x*y - x"}, {**CUBE, "function": "add", "signature": "(int64, int64) -> int64"}):
            for other in ({"path": "y.npy"}, {"range": [ys.start, ys.stop, ys.step]}, {"value": -7}):
                values = ys if "value" not in other else [-7] * len(xs)
                wanted = [x * y - x if "expr" in kernel else x + y for x, y in zip(xs, values)]
                self.prints(toml(mode="starmap", input=[table, other], kernel=kernel), lines(wanted))

    def test_int128_beyond_int64_and_within(self):
        for first in (INT64_MAX - 3000, -INT64_MAX - 3000):
            span = {"range": [str(first), str(first + 6000)], "dtype": "int128"}
            self.prints(toml(input=span, kernel={"expr": "x*x"}), lines(x * x for x in range(first, first + 6000)))


class Refusals(Compiled):
    def check(self, kernel, code, *needles, **how):
        table = {"range": [0, 5]}
        return self.refuse(toml(input=table, kernel=kernel, output={"path": "y.npy"}), code, *needles, **how)

    def test_expression_that_does_not_compile(self):
        self.check({"expr": "x +* 2"}, 69, r"job.toml:4:\d+: kernel.expr: expected a value, got \"\*\"", r"\n  x \+\* 2\n     \^")
        self.check({"expr": "sine(x)"}, 69, r'no function "sine"; did you mean sin\?')
        self.check({"expr": "x + y"}, 69, 'unknown name "y"')
        self.check({"expr": "100000*100000*x"}, 69, "integer overflow in expression")

    def test_expression_that_means_something_else(self):
        """All of these ran with exit 0 and gave another result than their writer's."""
        for expr, needle in (("x // 2", "// begins a comment"), ("0 < x < 2", "write 0 < x && x < 2"), ("x = 3", "= assigns"),
                             ("x, 2", "a comma stands only"), ("gamma(x)", r"lgamma\(x\) or tgamma\(x\)"),
                             ("rand()", r"uniform\(0\)"), ("x & 1 == 0", "parentheses"), ("x + 010", "octal"),
                             ("x**2", r"pow\(x, 2\)"), ("sqrt(x", r"a closing \) is missing")):
            with self.subTest(expr):
                self.check({"expr": expr}, 69, needle, r"\n +\^\n")

    def test_what_nothing_reads(self):
        self.check({"expr": "x + 1", "params": {"rate": 2}}, 69, 'kernel.params.rate: the expression "x \\+ 1" does not read "rate"')
        self.check({"expr": "x + 1", "seed": 3}, 69, "kernel.seed: the expression .* draws no random number")

    def test_vector_where_a_number_is_needed(self):
        self.write("v.npy", numpy.array([[0.0, 1.0], [2.0, 3.0]]))
        for expr in ("x", "x > 0", "x ? 1 : 0", "!x", "x == 0", "(int64_t) x", "sqrt(x)"):
            with self.subTest(expr):
                self.refuse(toml(input={"path": "v.npy"}, kernel={"expr": expr}), 69,
                            r"x is a vector float64\[2\]: write x\[0\], or take columns = \[0\]")
        self.prints(toml(input={"path": "v.npy"}, kernel={"expr": "x[0] + 10*x[1]"}), "10.0\n32.0\n")

    def test_function_of_another_type(self):
        self.check({**CUBE, "function": "half"}, 69, r"job.toml:4:\d+: kernel.source: function \"half\" of f.c has another C "
                   r"type than kernel.signature \(int64\) -> int64 asks for: int64_t half\(int64_t\)")
        self.check({**CUBE, "function": "cub"}, 69, r"f.c has no function \"cub\"")
        self.check({**CUBE, "source": "g.c"}, 69, "cannot read g.c")

    def test_function_that_does_not_compile(self):
        self.write("f.c", "\n\nlong cube(long x) { return x **; }\n")
        self.check(CUBE, 69, r"f\.c:3:\d+: error: ")

    def test_arguments_that_do_not_fit(self):
        self.check({"expr": "a", "args": ["a", "b"]}, 78, "names 2 arguments", "gives 1")
        self.check({**CUBE, "function": "add", "signature": "(int64, int64) -> int64"}, 78, "takes 2 arguments", "gives 1")

    def test_mode_of_one_argument_names_the_kernel(self):
        self.write("c.csv", "a,b\n1,2\n")
        self.refuse(toml(mode="map", input={"path": "c.csv"}, kernel={"expr": "x + y"}), 78, 'kernel "x \\+ y" takes 2: use mode "starmap"')

    def test_compiler_that_is_missing(self):
        self.check({"expr": "x"}, 69, "no C compiler", "PENGINE_CC", env={"PENGINE_CC": "/no/such/cc"})
        self.check({"expr": "x"}, 69, "no C compiler", '"cc" in PATH', env={"PATH": "/nowhere"})
        self.check({"expr": "x"}, 69, "/bin/false ended with exit code 1", env={"PENGINE_CC": "/bin/false"})


NARROW = """#include <stdint.h>
int8_t twice(int8_t x)
{
    return x * 2;
}
int32_t cut(int64_t x) { return x; }
"""
STATE = """#include <pengine/random.h>
static double table[10];
extern const double scale;
extern const int64_t count;
extern const char label[];
void setup(void)
{
    for (int k = 0; k < 10; k++)
        table[k] += k * scale + 1;
}
int refuse(void) { return 3; }
void crash(void) { __builtin_trap(); }
int overflow(void) { volatile int big = INT32_MAX; return big + 1; }
double read_table(double x) { return table[(int)x] + (double)count + (label[1] == 'b'); }
double draw(double x) { return x + pe_random_uniform(pe_seed, pe_item, 0); }
int64_t other(int64_t x) { return x; }
"""


class Sources(Compiled):
    """What a C function gets beside its arguments, and what the compiler says about it."""

    def setUp(self):
        super().setUp()
        self.write("n.c", NARROW)
        self.write("s.c", STATE)

    READ = {"source": "s.c", "function": "read_table", "signature": "(float64) -> float64",
            "params": {"scale": 0.5, "count": 2, "label": "ab"}}

    def test_narrowing_is_pointed_out_with_its_line(self):
        """Twice 100 in int8 is -56 with exit 0, then as now: a warning is what a compiler can give."""
        kernel = {"source": "n.c", "function": "twice", "signature": "(int8) -> int8"}
        result = self.good(toml(input={"range": [100, 101], "dtype": "int8"}, kernel=kernel))
        self.assertEqual(result.text, "-56\n")
        self.assertRegex(result.err, r"job.toml:\d+:\d+: kernel.source: n.c:4:\d+: warning: .*conver")
        self.assertRegex(result.err, r"n.c:6:\d+: warning: .*int32_t")
        quiet = {**kernel, "cflags": ["-Wno-conversion", "-Wno-arith-conversion"]}
        self.assertNotIn("warning", self.good(toml(input={"range": [1, 2], "dtype": "int8"}, kernel=quiet)).err)

    def test_warnings_that_were_asked_for_are_shown(self):
        self.write("w.c", "double f(double x)\n{\n    int unused;\n    return x;\n}\n")
        kernel = {"source": "w.c", "function": "f", "signature": "(float64) -> float64", "cflags": ["-Wall"]}
        self.assertRegex(self.good(toml(input={"range": [1.0, 2.0]}, kernel=kernel)).err, r"w.c:3:9: warning: unused variable")

    def test_options_that_the_compiler_refuses(self):
        for kernel in ({"expr": "x"}, CUBE):
            self.refuse(toml(input=SPAN, kernel={**kernel, "cflags": ["-march=nosuch"]}), 69, "nosuch.* for '-march='|unknown target CPU")

    def test_params_are_read_by_name(self):
        kernel = {**self.READ, "initializer": "setup"}
        self.prints(toml(input={"range": [0.0, 3.0]}, kernel=kernel), lines(repr(k * 0.5 + 1 + 2 + 1) for k in range(3)))

    def test_initializer_runs_once_before_the_first_item(self):
        kernel = {**self.READ, "initializer": "setup"}
        wanted = lines(repr(k % 10 * 0.5 + 4) for k in range(2000))
        self.write("x.npy", numpy.arange(2000.0) % 10)
        for isolate in (False, True):
            self.prints(toml(input={"path": "x.npy"}, kernel={**kernel, "isolate": isolate}, pool={"threads": 8, "chunk_size": 10}), wanted)

    def test_initializer_that_fails_ends_the_job(self):
        for name, needle in (("refuse", r"^pengine: kernel .* could not start a worker: kernel.initializer refuse: it returned 3, expected 0$"),
                             ("overflow", r"kernel.initializer overflow: a sum does not fit int32 \(s.c line 13\)"),
                             ("crash", r"kernel .* could not start a worker: kernel.initializer crash crashed: SIG"),
                             ("nosuch", r"s.c has no function void nosuch\(void\) or int nosuch\(void\)"),
                             ("other", r"s.c has no function void other\(void\)")):
            with self.subTest(name):
                for isolate in (False, True):
                    job = toml(input={"range": [0.0, 3.0]}, kernel={**self.READ, "initializer": name, "isolate": isolate})
                    self.refuse(job, 69, needle)

    def test_draws_are_those_of_the_paper(self):
        job = toml(input={"range": [0.0, 1000.0]}, pool={"chunk_size": 70}, kernel={
            "source": "s.c", "function": "draw", "signature": "(float64) -> float64", "seed": 2**40 + 7, "params": self.READ["params"]})
        self.prints(job, lines(repr(float(k + u)) for k, u in enumerate(uniforms(2**40 + 7, range(1000), 0)[0])))

    def test_what_the_function_does_not_read(self):
        for more, needle in (({"params": {"rate": 2}}, 'kernel.params.rate: f.c does not read "rate"'),
                             ({"seed": 3}, "kernel.seed: f.c draws no random number")):
            self.refuse(toml(input={"range": [0, 3]}, kernel={**CUBE, **more}), 69, needle)


class Cache(Compiled):
    JOB = toml(input={"range": [0, 3]}, kernel={"expr": "x * 7"})

    def test_second_run_compiles_nothing(self):
        self.write("cc", f'#!/bin/sh\necho "$@" >> {self.dir}/calls\nexec cc "$@"\n').chmod(0o700)
        for _ in range(2):
            self.prints(self.JOB, "0\n7\n14\n", env={"PENGINE_CC": str(self.dir / "cc")})
        calls = (self.dir / "calls").read_text().splitlines()
        self.assertEqual((calls.count("--version"), len(calls)), (2, 4))  # and one to compile, one to link
        self.assertEqual(len(self.cached()), 1)

    def test_version_is_asked_once_of_a_compiler_and_always_of_a_script(self):
        calls = self.dir / "calls"
        self.write("w.c", '#include <stdio.h>\n#include <unistd.h>\nint main(int count, char **words)\n{\n    (void)count;\n'
                   f'    FILE *log = fopen("{calls}", "a");\n    fprintf(log, "%s\\n", words[1]);\n    fclose(log);\n'
                   '    words[0] = "cc";\n    return execvp("cc", words);\n}\n')
        for name, asked in (("my-gcc", [1, 0, 1]), ("wrapper", [2, 2, 2]), ("gcc.sh", [2, 2, 2])):
            if name.endswith(".sh"):
                self.write(name, f'#!/bin/sh\necho "$@" >> {calls}\nexec cc "$@"\n').chmod(0o700)
            else:
                subprocess.run(["cc", "w.c", "-o", name], cwd=self.dir, check=True)
            for time, wanted in enumerate(asked):
                calls.write_text("")
                if time == 2:  # another compiler under the name
                    os.utime(self.dir / name)
                self.good(self.JOB, "-o", f"{name}{time}.txt", env={"PENGINE_CC": str(self.dir / name)})
                with self.subTest(name=name, time=time):
                    self.assertEqual(calls.read_text().split().count("--version"), wanted)

    def test_seed_is_no_new_object(self):
        for seed in (1, 2):
            self.good(self.JOB, "-s", f"kernel.seed={seed}", "-s", 'kernel.expr="uniform(0)"')
        self.assertEqual(len(self.cached()), 1)

    def test_cache_that_cannot_be_used_costs_nothing_else(self):
        self.write("file", "")
        self.prints(self.JOB, "0\n7\n14\n", env={"XDG_CACHE_HOME": str(self.dir / "file")})
        self.prints(self.JOB, "0\n7\n14\n", env={"XDG_CACHE_HOME": "/proc"})
        self.prints(self.JOB, "0\n7\n14\n", env={"XDG_CACHE_HOME": "", "HOME": ""})
        said = self.good(self.JOB, "-v", env={"XDG_CACHE_HOME": "/proc"}).err
        self.assertIn("compiled kernels are not kept: /proc/pengine", said)

    def test_cache_file_that_is_broken_is_replaced(self):
        self.prints(self.JOB, "0\n7\n14\n")
        for broken in (b"", b"\x7fELF", self.cached()[0].read_bytes()[:-1]):
            self.cached()[0].write_bytes(broken)
            self.prints(self.JOB, "0\n7\n14\n")
            self.assertGreater(self.cached()[0].stat().st_size, 1000)

    def test_many_at_once_agree(self):
        self.write("job.toml", self.JOB)
        runs = [subprocess.Popen([os.environ["PENGINE"], "-q", "job.toml"], cwd=self.dir, stdout=-1, stderr=-1)
                for _ in range(6)]
        self.assertEqual({run.communicate() for run in runs}, {(b"0\n7\n14\n", b"")})
        self.assertEqual(len(self.cached()), 1)


class SmallChunks(Compiled):
    """A kernel goes from one small chunk to the next by itself."""

    def test_item_that_waits_for_all_others_keeps_none_of_them(self):
        self.write("f.c", """#include <stdint.h>
#include <time.h>
static _Atomic int done;
int64_t wait(int64_t x)
{
    const struct timespec ms = {.tv_nsec = 1000000};
    if (x != 3000)
        return ++done, x;
    for (int i = 0; i < 20000 && done < 3999; i++)
        nanosleep(&ms, NULL);
    return done;
}
""")
        kernel = {"source": "f.c", "function": "wait", "signature": "(int64) -> int64"}
        self.prints(toml(mode="imap", input={"range": [0, 4000]}, kernel=kernel, pool={"chunk_size": 1, "threads": 2}),
                    lines([3999 if x == 3000 else x for x in range(4000)]))

    def test_failed_items_are_theirs_alone(self):
        self.write("f.c", "#include <stdint.h>\nint doubled(int64_t x, int64_t *y) { *y = 2 * x; return x % 7 == 0; }\n")
        kernel = {"source": "f.c", "function": "doubled", "signature": "(int64) -> int64 or error"}
        for chunk in (1, 3):
            for errors, wanted in (({"on_error": "skip"}, [2 * x for x in range(1, 9000) if x % 7]),
                                   ({"on_error": "fill", "fill": -1}, [2 * x if x % 7 else -1 for x in range(1, 9000)]),
                                   ({"on_error": "stop"}, [2 * x for x in range(1, 7)])):
                with self.subTest(chunk=chunk, errors=errors):
                    result = self.run_job(toml(mode="imap", input={"range": [1, 9000]}, kernel=kernel, errors=errors,
                                               pool={"chunk_size": chunk}))
                    self.assertEqual((result.code, result.text), (1, lines(wanted)))
                    self.assertIn("item 6" if "stop" in errors.values() else "1,285 of 8,999 items failed", result.err)


if __name__ == "__main__":
    main()
