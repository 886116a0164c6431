# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The built-in kernels through the whole engine.

Expected values: Python's integers and math, a sieve, the erf form of Black and Scholes' price.
"""
import math
import random

import numpy

from harness import Case, INT64_MAX, ROOT_INT64, SLOWER, lines, main, toml


def steps(number):
    count = 0
    while number != 1:
        number = number // 2 if number % 2 == 0 else 3 * number + 1
        count += 1
    return count


def escape(real, imaginary, limit=1000):
    point, z = complex(real, imaginary), 0j
    for count in range(limit):
        if abs(z) > 2:
            return count
        z = z * z + point
    return limit


def call_price(spot, strike, years, rate, volatility):
    """Black and Scholes (1973), equation 13."""
    def normal(x):
        return 0.5 * math.erfc(-x / math.sqrt(2))
    spread = volatility * math.sqrt(years)
    d1 = (math.log(spot / strike) + (rate + volatility**2 / 2) * years) / spread
    return spot * normal(d1) - strike * math.exp(-rate * years) * normal(d1 - spread)


class Integers(Case):
    def on(self, kernel, values, signature=None, **more):
        """Runs a built-in kernel on these integers, which a txt file holds."""
        self.write("in.txt", lines(values))
        dtype = "int128" if signature and "int128" in signature else "int64"
        table = {"name": kernel, **({"signature": signature} if signature else {})}
        return toml(input={"path": "in.txt", "dtype": dtype}, kernel=table, **more)

    def test_square_and_cube_are_exact(self):
        draw = random.Random(1)
        for kernel, power, root in (("square", 2, ROOT_INT64), ("cube", 3, 2097151)):
            values = [0, 1, -1, root, -root] + [draw.randint(-root, root) for _ in range(2000)]
            self.prints(self.on(kernel, values), lines(v**power for v in values))

    def test_square_and_cube_of_int128_are_exact(self):
        draw = random.Random(2)
        for kernel, power, root in (("square", 2, math.isqrt(2**127 - 1)), ("cube", 3, 5541191377756)):
            values = [0, 1, -1, root, -root] + [draw.randint(-root, root) for _ in range(2000)]
            self.prints(self.on(kernel, values, "(int128) -> int128"), lines(v**power for v in values))

    def test_first_number_that_does_not_fit_fails(self):
        for kernel, root, signature in (("square", ROOT_INT64, None), ("cube", 2097151, None),
                                        ("square", math.isqrt(2**127 - 1), "(int128) -> int128"),
                                        ("cube", 5541191377756, "(int128) -> int128")):
            for number in (root + 1, -root - 2):
                with self.subTest((kernel, number)):
                    result = self.run_job(self.on(kernel, [root, number], signature))
                    self.assertEqual((result.code, result.out), (1, b""), str(result))
                    self.assertRegex(self.message(result), rf"item 1\b.*{number}")

    def test_sum_of_squares_is_exact_or_fails(self):
        edge = [(3037000499, 85000), (ROOT_INT64, 0), (2147483647, 2147483647)]
        self.write("in.csv", "x,y\n" + "".join(f"{x},{y}\n" for x, y in edge))
        job = toml(mode="starmap", input={"path": "in.csv"}, kernel={"name": "sum_of_squares"})
        fits = [x * x + y * y <= INT64_MAX for x, y in edge]
        result = self.run_job(job)
        if all(fits):
            self.assertEqual(result.text, lines(x * x + y * y for x, y in edge), str(result))
        else:
            self.assertEqual(result.code, 1, str(result))
            self.assertRegex(self.message(result), rf"item {fits.index(False)}\b")

    def test_is_prime_agrees_with_a_sieve(self):
        sieve = numpy.ones(100_000, bool)
        sieve[:2] = False
        for n in range(2, 317):
            if sieve[n]:
                sieve[n * n::n] = False
        saved = self.saves(toml(input={"range": [0, 100_000]}, kernel={"name": "is_prime"}, output={"path": "out.npy"}),
                           "out.npy")
        numpy.testing.assert_array_equal(saved, sieve)

    def test_is_prime_is_right_for_hard_numbers(self):
        # 2**61 - 1 and 2**63 - 25 are prime; the others are strong pseudoprimes to many bases, squares, or below 2.
        primes = [2**61 - 1, 2**63 - 25, 999999999999999989]
        others = [-7, 0, 1, 3215031751, 3825123056546413051, 2**62, 3037000493**2, 341550071728321]
        self.prints(self.on("is_prime", primes + others), lines([True] * 3 + [False] * len(others)))

    def test_collatz_steps_are_pythons(self):
        self.prints(toml(input={"range": [1, 3000]}, kernel={"name": "collatz_steps"}), lines(map(steps, range(1, 3000))))
        self.prints(self.on("collatz_steps", [670617279]), "986\n")  # the longest below 10**9 (OEIS A006877)

    def test_collatz_below_one_fails(self):
        result = self.run_job(toml(input={"range": [0, 5]}, kernel={"name": "collatz_steps"}))
        self.assertEqual(result.code, 1, str(result))
        self.assertRegex(self.message(result), r"item 0\b")

    def test_divmod_is_pythons(self):
        pairs = [(x, y) for x in (-7, -6, -1, 0, 1, 6, 7, INT64_MAX, -INT64_MAX - 1) for y in (-3, -2, 1, 2, 3, INT64_MAX)]
        self.write("in.csv", "x,y\n" + "".join(f"{x},{y}\n" for x, y in pairs))
        self.prints(toml(mode="starmap", input={"path": "in.csv"}, kernel={"name": "divmod"}),
                    "".join("{} {}\n".format(*divmod(x, y)) for x, y in pairs))

    def test_divmod_that_does_not_fit_fails(self):
        self.write("in.csv", f"x,y\n{-INT64_MAX - 1},-1\n")
        result = self.run_job(toml(mode="starmap", input={"path": "in.csv"}, kernel={"name": "divmod"}))
        self.assertEqual((result.code, result.out), (1, b""), str(result))
        self.assertRegex(self.message(result), rf"item 0\b.*{-INT64_MAX - 1}")


class Floats(Case):
    def array(self, values, kernel, columns=None, mode="map"):
        self.write("in.npy", numpy.array(values, dtype=float))
        table = {"path": "in.npy", **({"columns": columns} if columns else {})}
        return self.saves(toml(mode=mode, input=table, kernel={"name": kernel}, output={"path": "out.npy"}), "out.npy")

    def test_square_and_cube_of_floats_are_ieee(self):
        values = numpy.random.default_rng(3).normal(size=5000) * 1e5
        values[:4] = [0.0, -0.0, 1e200, -1e-200]
        with numpy.errstate(over="ignore"):
            numpy.testing.assert_array_equal(self.array(values, "square"), values * values)
            numpy.testing.assert_array_equal(self.array(values, "cube"), values * values * values)

    def test_hypot_is_within_one_ulp_of_pythons(self):
        pairs = numpy.random.default_rng(4).normal(size=(20_000, 2))
        pairs[0] = [1e200, 1e200]
        wanted = [math.hypot(x, y) for x, y in pairs.tolist()]
        off = abs(self.array(pairs, "hypot", [0, 1], "starmap") - wanted) / numpy.spacing(wanted)
        self.assertEqual(set(off) - {0.0, 1.0}, set())

    def test_norm3_is_the_root_of_the_sum(self):
        rows = numpy.random.default_rng(5).normal(size=(3000, 3))
        x, y, z = rows.T
        numpy.testing.assert_array_equal(self.array(rows, "norm3"), numpy.sqrt(x * x + y * y + z * z))

    def test_black_scholes_agrees_with_the_closed_form(self):
        draw = random.Random(6)
        rows = [(100.0, 100.0, 1.0, 0.05, 0.2)]
        rows += [(draw.uniform(50, 150), draw.uniform(50, 150), draw.uniform(0.05, 3), draw.uniform(0, 0.1),
                  draw.uniform(0.1, 0.8)) for _ in range(2000)]
        saved = self.array(rows, "black_scholes", [0, 1, 2, 3, 4], "starmap")
        self.assertAlmostEqual(saved[0], 10.450583572185565, places=12)  # Hull's textbook case, at the money
        numpy.testing.assert_allclose(saved, [call_price(*row) for row in rows], rtol=1e-11, atol=1e-11)

    def test_mandelbrot_counts_to_the_escape(self):
        axis = numpy.linspace(-2, 2, 41).tolist()
        points = [(x + 0.003, y + 0.002) for x in axis for y in axis]
        saved = self.array(points, "mandelbrot", [0, 1], "starmap")
        self.assertEqual(saved.dtype, numpy.int64)
        different = [(point, got, escape(*point)) for point, got in zip(points, saved.tolist()) if got != escape(*point)]
        self.assertEqual(different, [])

    def test_mandelbrot_of_an_inner_point_reaches_the_limit(self):
        self.assertEqual(self.array([[0, 0], [-1, 0], [3, 0]], "mandelbrot", [0, 1], "starmap").tolist(), [1000, 1000, 1])


class Choice(Case):
    def test_signature_chooses_the_overload(self):
        for dtype, printed in (("int64", "4"), ("int128", "4"), ("float64", "4.0")):
            kernel = {"name": "square", "signature": f"({dtype}) -> {dtype}"}
            self.prints(toml(input={"range": [2, 3]}, kernel=kernel), printed + "\n")

    def test_signature_that_is_no_overload_is_refused(self):
        for signature in ("(int32) -> int32", "(int64, int64) -> int64", "(int64) -> text"):
            kernel = {"name": "square", "signature": signature}
            self.refuse(toml(input={"range": [2, 3]}, kernel=kernel), 78, "square", r"\(int64\) -> int64")

    def test_float_input_chooses_the_float_overload(self):
        self.prints(toml(input={"range": [0.0, 3.0]}, kernel={"name": "square"}), "0.0\n1.0\n4.0\n")

    def test_input_that_no_overload_takes_is_refused(self):
        self.refuse(toml(input={"range": [0.0, 3.0]}, kernel={"name": "collatz_steps"}), 78, "float64", "int64",
                    "collatz_steps")
        self.refuse(toml(input={"range": [0, 3]}, kernel={"name": "norm3"}), 78, r"float64\[3\]", "int64")


class Isolated(Case):
    def test_square_of_a_range_is_the_same_in_a_process_of_its_own(self):
        job = toml(mode="imap", input={"range": [ROOT_INT64 - 3000, ROOT_INT64 + 3]}, errors={"on_error": "skip"},
                   kernel={"name": "square", "isolate": True})
        result = self.run_job(job)
        wanted = lines(x * x for x in range(ROOT_INT64 - 3000, ROOT_INT64 + 1))
        self.assertEqual((result.code, result.text), (1, wanted), str(result))
        self.assertIn("2 of 3,003 items failed: 2 x result does not fit int64", result.err)


class TooManyLines(Case):
    def test_program_that_answers_twice_is_found_at_its_first_items(self):
        for items, chunk in ((6, '"auto"'), (6, "1"), (6, "6"), (1000, '"auto"'), (1000, "7")):
            with self.subTest((items, chunk)):
                job = toml(mode="imap", input={"range": [0, items]}, kernel={"command": ["sed", "-u", "p"]},
                           output={"path": "out.txt"})
                self.write("job.toml", job)
                result = self.run_args("-s", f"pool.chunk_size={chunk}", "job.toml")
                self.assertEqual(result.code, 69, str(result))
                self.assertIn("the program answered more lines than it was given", result.err)
                self.assertFalse((self.dir / "out.txt").exists())


class SlowItems(Case):
    """A million items of 5 ms each; item 5 fails, and the run ends without computing the rest of its batch."""

    C = ("#include <unistd.h>\n#include <stdint.h>\n"
         "int f(int64_t x, int64_t *y) { usleep(5000); *y = x; return x == 5; }\n")
    PYTHON = "import time\ndef f(x):\n    time.sleep(0.005)\n    return x // (x != 5)\n"

    def ends_soon(self, **kernel):
        self.write("f.c", self.C)
        self.write("f.py", self.PYTHON)
        result = self.run_job(toml(input={"range": [0, 10**6]}, kernel=kernel), "-t", "2")
        self.assertEqual((result.code, result.out), (1, b""), str(result))
        self.assertRegex(self.message(result), r"item 5\b")
        self.assertLess(result.seconds, 100 * SLOWER)  # all items would take 2,500 s

    def test_failure_in_python_ends_the_run_soon(self):
        self.ends_soon(python="f.py:f", signature="(int64) -> int64")

    def test_failure_in_c_ends_the_run_soon(self):
        for isolate in (False, True):
            with self.subTest(isolate):
                self.ends_soon(source="f.c", function="f", signature="(int64) -> int64 or error", isolate=isolate)


if __name__ == "__main__":
    main()
