#!/usr/bin/env python3
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""kernel_tables.py - writes kernel_tables.inc: what Python and numpy say the built-in kernels give.

Run with numpy: python3 tests/unit/kernel_tables.py > tests/unit/kernel_tables.inc
"""
import math
import random
from decimal import Decimal, getcontext

import numpy

random.seed(20240501)
getcontext().prec = 60
MAX64, MIN64 = 2**63 - 1, -(2**63)
MAX128, MIN128 = 2**127 - 1, -(2**127)


def c64(value):
    return "INT64_MIN" if value == MIN64 else f"INT64_C({value})"


def c128(value):
    value %= 2**128
    return f"{{UINT64_C({value % 2**64}), UINT64_C({value >> 64})}}"


def cf(value):
    return "INFINITY" if value == math.inf else "-INFINITY" if value == -math.inf else float(value).hex()


def ctext(data):
    return '"' + "".join(f"\\{byte:03o}" for byte in data) + f'", {len(data)}'


def table(kind, name, rows):
    print(f"static const {kind} {name}[] = {{")
    for row in rows:
        print("    {" + ", ".join(row) + "},")
    print("};\n")


def spread(bits, count):
    """Signed integers of every length up to bits."""
    return [random.choice((1, -1)) * random.getrandbits(random.randint(1, bits)) for _ in range(count)]


def around(*values):
    return [sign * v + d for v in values for sign in (1, -1) for d in (-2, -1, 0, 1, 2)]


def integer_rows(function, arguments, least, most, c):
    rows = []
    for item in arguments:
        value = function(*item)
        fits = least <= value <= most
        rows.append([*map(c, item), c(value if fits else 0), str(int(fits))])
    return rows


def clip(values, least, most):
    return [v for v in values if least <= v <= most]


def powers():
    root64, root128, cube64, cube128 = 3037000499, 13043817825332782212, 2097151, 5541191377756
    edges64 = around(0, 2**31, 2**32, root64, root64 + 1, cube64, cube64 + 1, 2**62) + [MIN64, MIN64 + 1, MAX64]
    edges128 = edges64 + around(2**63, 2**64, root128, root128 + 1, cube128, cube128 + 1, 2**96) + [MIN128, MAX128]
    few64 = clip(edges64 + spread(33, 100) + spread(63, 60), MIN64, MAX64)
    few128 = clip(edges128 + spread(66, 150) + spread(127, 40), MIN128, MAX128)
    small64, small128 = few64 + spread(22, 100), few128 + spread(44, 100)
    kernels = (("square", (few64, few128), lambda x: x * x), ("cube", (small64, small128), lambda x: x**3))
    for name, of, function in kernels:
        table("int64_row", f"{name}_int64", integer_rows(function, [(x,) for x in of[0]], MIN64, MAX64, c64))
        table("int128_row", f"{name}_int128", integer_rows(function, [(x,) for x in of[1]], MIN128, MAX128, c128))
    pairs64 = [(x, y) for x in (0, 1, -5, root64, -root64, root64 + 1, MIN64)
               for y in (0, -1, 77056, root64, 2147483648, MAX64)]
    pairs64 += [(3037000499, 77056), (3037000499, 77057), (2147483647, 2147483648), (2147483648, 2147483648)]
    for x in (2999999999, 3037000000, 2500000000):  # the largest y that fits, and one more
        y = math.isqrt(MAX64 - x * x)
        pairs64 += [(x, y), (-x, -y), (x, y + 1)]
    pairs64 += list(zip(spread(32, 200), spread(32, 200)))
    pairs128 = [(x, y) for x in (0, -1, root128, -root128, root128 + 1, MIN128)
                for y in (0, 7, root128, 2**63, -(2**64), MAX128)]
    for x in (root128 - 10**9, 2**63, 10**19):
        y = math.isqrt(MAX128 - x * x)
        pairs128 += [(x, y), (-x, -y), (x, y + 1)]
    pairs128 += list(zip(spread(64, 200), spread(64, 200)))
    total = lambda x, y: x * x + y * y  # noqa: E731
    table("int64_pair", "sum_int64", integer_rows(total, pairs64, MIN64, MAX64, c64))
    table("int128_pair", "sum_int128", integer_rows(total, pairs128, MIN128, MAX128, c128))


def floats(count):
    return [random.uniform(-1, 1) * 10.0 ** random.randint(-12, 12) for _ in range(count)]


def exact_hypot(x, y):
    return float((Decimal(x) ** 2 + Decimal(y) ** 2).sqrt())


def float_tables():
    x = [0.0, -0.0, 1.5, -3.0, 1e200, -1e200, 1e-200, 5e-324, math.inf, -math.inf, 0.1] + floats(150)
    y = [0.0, 4.0, -2.0, 4.0, 1e200, 3.0, -1e-200, 5e-324, 1.0, -math.inf, 0.2] + floats(150)
    rows = [[cf(a), cf(b), cf(a * a), cf(a * a * a), cf(a * a + b * b)] for a, b in zip(x, y)]
    table("float_row", "powers_float64", rows)
    x, y = x[:8] + [3.0, 5.0, 1e308, 3e-320] + x[11:], y[:8] + [4.0, 12.0, 1e308, 4e-320] + y[11:]
    table("hypot_row", "hypot_float64", [[cf(a), cf(b), cf(exact_hypot(a, b))] for a, b in zip(x, y)])
    vectors = [(0.0, 0.0, 0.0), (1.0, 2.0, 2.0), (-2.0, 3.0, -6.0), (1e200, 0.0, 0.0)]
    vectors += list(zip(floats(150), floats(150), floats(150)))
    rows = []
    for v in vectors:
        with numpy.errstate(over="ignore"):
            norm = float(numpy.linalg.norm(numpy.array(v)))
        rows.append([*map(cf, v), cf(norm), cf(math.sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]))])
    table("norm_row", "norm3_float64", rows)


def is_prime(n):
    """By the first twelve primes as bases: proven below 3.3e24 (Sorenson and Webster 2015)."""
    bases = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)
    if n < 2 or any(n % p == 0 for p in bases):
        return n in bases
    odd = (n - 1) >> (twos := ((n - 1) & (1 - n)).bit_length() - 1)
    for base in bases:
        powers = [pow(base, odd << k, n) for k in range(twos)]
        if powers[0] != 1 and n - 1 not in powers:
            return False
    return True


def prime_table():
    numbers = list(range(-5, 130)) + [MIN64, MIN64 + 1, MAX64, 2**61 - 1, 2**31 - 1, 2**32 - 5, 2**63 - 25]
    # strong pseudoprimes to the first bases (OEIS A014233), to {2, 7, 61}, Carmichael numbers
    numbers += [2047, 1373653, 25326001, 3215031751, 2152302898747, 3474749660383, 341550071728321, 3825123056546413051]
    numbers += [79381, 178709, 3539101, 2284453, 916327, 2205967]  # composites that two of the bases 2, 7, 61 let pass
    numbers += [4759123141, 4759123129, 4759123151, 561, 1105, 1729, 825265, 321197185, 9746347772161, 3481, 3599, 3721]
    primes = [p for p in (random.getrandbits(random.randint(12, 31)) | 1 for _ in range(2000)) if is_prime(p)]
    numbers += [a * b for a, b in zip(primes[::2], primes[1::2])][:60] + [p * p for p in primes[:20]]
    numbers += [n for n in (random.getrandbits(random.randint(20, 63)) | 1 for _ in range(6000)) if is_prime(n)][:120]
    numbers += [random.getrandbits(63) | 1 for _ in range(60)]
    table("prime_row", "primes", [[c64(n), str(int(is_prime(n)))] for n in numbers])


def collatz(n):
    steps = 0
    while n != 1:
        n, steps = (n // 2 if n % 2 == 0 else 3 * n + 1), steps + 1
    return steps


def collatz_table():
    starts = list(range(1, 60)) + [97, 871, 6171, 77031, 837799, 8400511, 63728127, 2**40, 2**62, MAX64, MAX64 - 1]
    # starts whose path goes furthest up (path records); the last ones beyond 64 bits
    starts += [319804831, 1410123943, 8528817511, 12327829503, 23035537407, 45871962271, 1980976057694848447]
    jump = ((2**64 - 1) // 3**10 - 1) * 2**10  # up to here ten halvings at once fit 64 bits
    starts += [2**10 + d for d in range(-2, 4)] + [2**20 + d for d in range(-1, 2)] + [jump + d for d in range(-2, 3)]
    starts += [random.getrandbits(random.randint(8, 63)) | 1 for _ in range(150)]
    table("int64_row", "collatz", [[c64(n), c64(collatz(n)), "1"] for n in starts])


def mandelbrot(re, im):
    x = y = 0.0
    for n in range(1000):
        if x * x + y * y > 4.0:
            return n
        x, y = x * x - y * y + re, 2.0 * x * y + im
    return 1000


def mandelbrot_table():
    points = [(0.0, 0.0), (-2.0, 0.0), (2.0, 0.0), (0.25, 0.0), (0.26, 0.0), (-0.75, 0.1), (3.0, 0.0), (-1.25, 0.0)]
    points += [(0.0, 1.0), (0.0, 1.001), (-2.0000001, 0.0), (1e300, -1e300), (-0.7436438870371587, 0.13182590420531197)]
    points += [(float(a), float(b)) for a in numpy.linspace(-2.0, 0.5, 15) for b in numpy.linspace(-1.25, 1.25, 15)]
    table("mandelbrot_row", "escapes", [[cf(a), cf(b), str(mandelbrot(a, b))] for a, b in points])


def cdf(x):
    """The normal distribution by its series (or continued fraction) in 60 digits."""
    pi = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")
    density = (-x * x / 2).exp() / (2 * pi).sqrt()
    if abs(x) < 12:
        term = total = x
        k = 1
        while abs(term) > Decimal("1e-58"):
            term *= x * x / (2 * k + 1)
            total += term
            k += 1
        return Decimal("0.5") + density * total
    fraction = abs(x)
    for k in range(200, 0, -1):
        fraction = abs(x) + k / fraction
    return density / fraction if x < 0 else 1 - density / fraction


def black_scholes(*arguments):
    spot, strike, years, rate, volatility = map(Decimal, arguments)
    spread = volatility * years.sqrt()
    d1 = ((spot / strike).ln() + (rate + volatility * volatility / 2) * years) / spread
    return spot * cdf(d1) - strike * (-rate * years).exp() * cdf(d1 - spread)


def option_table():
    getcontext().prec = 100  # the series loses up to 32 digits at |x| = 12
    options = [(42.0, 40.0, 0.5, 0.1, 0.2), (100.0, 100.0, 1.0, 0.05, 0.2), (100.0, 200.0, 0.25, 0.01, 0.1)]
    options += [(100.0, 50.0, 2.0, -0.01, 0.4), (1e-3, 1e-3, 0.01, 0.0, 0.05)]
    for _ in range(120):
        spot = round(random.uniform(5, 150), 2)
        strike = round(spot * random.uniform(0.6, 1.6), 2)
        years, rate = round(random.uniform(0.05, 3), 3), round(random.uniform(-0.01, 0.1), 4)
        options.append((spot, strike, years, rate, round(random.uniform(0.1, 0.8), 3)))
    table("option_row", "options", [["{" + ", ".join(map(cf, o)) + "}", cf(black_scholes(*o))] for o in options])


def divmod_table():
    small = [-7, -3, -2, -1, 1, 2, 3, 7]
    pairs = [(x, y) for x in [*range(-9, 10), MIN64, MAX64] for y in small + [MIN64, MAX64]]
    pairs += [(x, y) for x, y in zip(spread(63, 200), spread(40, 200)) if y != 0]
    pairs = [(x, y) for x, y in pairs if (x, y) != (MIN64, -1)]
    table("divmod_row", "quotients", [[c64(v) for v in (x, y, *divmod(x, y))] for x, y in pairs])


def ep(number):
    """One batch of NPB's EP: 2^16 pairs of the generator 5^13 * x mod 2^46, which starts at 271828183."""
    state = 271828183 * pow(5**13, 2**17 * number, 2**46) % 2**46
    sums, counts = [0.0, 0.0], [0] * 10
    for _ in range(2**16):
        pair = []
        for _ in range(2):
            state = state * 5**13 % 2**46
            pair.append(2 * (state / 2**46) - 1)
        square = pair[0] ** 2 + pair[1] ** 2
        if square <= 1:
            deviates = [part * math.sqrt(-2 * math.log(square) / square) for part in pair]
            counts[int(max(map(abs, deviates)))] += 1
            sums = [total + deviate for total, deviate in zip(sums, deviates)]
    return sums, counts


def ep_table():
    rows = []
    for number in (0, 1, 255, 4095, 2**40 + 7):
        sums, counts = ep(number)
        rows.append([c64(number), *map(cf, sums), "{" + ", ".join(map(str, counts)) + "}"])
    table("ep_row", "batches", rows)


def text_tables():
    texts = ["", "a", "seven77", "eight888", "nine99999", "Grüße"]
    texts += ["naïve café", "日本語", "🙂", "a🙂b", "\u0000x", "\u007f\u0080"]
    texts += ["\u07ff\u0800", "\ud7ff\ue000", "\uffff\U00010000", "\U0010ffff"]
    texts += ["x" * 100, "ä" * 33, "e\u0301", "".join(map(chr, range(128)))]
    alphabet = "abcXYZ 09äöüßéñΩЖ日本語한🙂𝔘"
    texts += ["".join(random.choices(alphabet, k=random.randint(1, 40))) for _ in range(150)]
    upper = lambda data: bytes(b - 32 if 97 <= b <= 122 else b for b in data)  # noqa: E731
    rows = []
    for text in texts:
        data = text.encode()
        rows.append([ctext(data), str(len(text)), ctext(upper(data))])
    table("text_row", "texts", rows)
    bad = [b"\x80", b"abc\xbf", b"\xc0\x80", b"\xc1\xbf", b"\xc2"]
    bad += [b"\xc2a", b"\xe0\x9f\xbf", b"\xe0\xa0", b"\xed\xa0\x80", b"\xed\xbf\xbf"]
    bad += [b"\xf0\x8f\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xff"]
    bad += [b"12345678\xfe", b"ab\xf0\x9f\x99", b"\xe4b\xad", "ä".encode("latin-1")]
    bad += ["日本".encode() + b"\xe8\xaa", b"\xf1\x80\x80\x7f", b"0123456\xc3(", "x🙂y".encode("utf-16-le") + b"\xd8"]
    rows = []
    for data in bad:
        try:
            data.decode()
        except UnicodeDecodeError as error:
            rows.append([ctext(data), str(error.start)])
    table("broken_row", "broken", rows)


print("""/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* kernel_tables.inc - the rows of kernel_tables.h; written by kernel_tables.py.
 */
""")
powers()
float_tables()
prime_table()
collatz_table()
mandelbrot_table()
option_table()
divmod_table()
text_tables()
ep_table()
