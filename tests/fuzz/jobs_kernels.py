# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The kernels that random jobs are made of: what Python says of an item, beside the forms in which pengine has the same.

Design: a kernel is a row of KERNELS: types, values to draw its arguments from, Python's answer, and for each form what
stands in [kernel] and how messages call it. An answer is a list of results, or a Failed with the reason (None: any).
"""
import fractions
import math

from test_kernels import steps

INT64_MAX, INT128_MAX = 2**63 - 1, 2**127 - 1
ANY = None

C = r"""
#define _POSIX_C_SOURCE 200809L
#include <stddef.h>
#include <stdint.h>
#include <time.h>

static void rest(int64_t us) { nanosleep(&(struct timespec){.tv_nsec = us * 1000}, NULL); }

/* every third item fails; costs differ */
int thirds(int64_t x, int64_t *y)
{
    if (x % 16 == 5)
        rest(1500);
    *y = x + 1;
    return x % 3 == 2;
}

int64_t uneven(int64_t x)
{
    volatile int64_t spun = 0;
    if (x % 32 == 9)
        rest(3000);
    for (int64_t i = 0; i < (x & 255) * (x & 31) * 8; i++)
        spun += i;
    return x ^ 5;
}

int64_t first_is_slow(int64_t x)
{
    if (x % 256 == 0)
        rest(20000);
    return -x;
}

int square(int64_t x, int64_t *y) { return __builtin_mul_overflow(x, x, y); }
int divide(int64_t x, int64_t y, int64_t *quotient, double *half)
{
    if (y == 0)
        return 4;
    *quotient = x / y;
    *half = x * 0.5;
    return 0;
}
int64_t length(const char *text, size_t size) { (void)text; return (int64_t)size; }
size_t twice(const char *text, size_t size, char *out, size_t room)
{
    for (size_t i = 0; i < 2 * size && i < room; i++)
        out[i] = text[i % (size > 0 ? size : 1)];
    return 2 * size;
}
void turned(const double *in, double *out)
{
    out[0] = in[2];
    out[1] = in[0] * 4;
}
"""

PYTHON = r"""
import os, time
def square(x): return x * x
def thirds(x):
    if x % 16 == 5: time.sleep(0.002)
    if x % 3 == 2: raise ValueError("two of three")
    return x + 1
def quotient(x, y): return divmod(x, y)
def half(x): return x * 0.5
def upper(s): return "".join(c.upper() if c.isascii() else c for c in s)
def length(s): return len(s.encode())
def plain(x): return x
def once(x):
    try:
        os.close(os.open(f"once.{x}", os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return x + 7
    raise OSError("the first time")
"""

PLUGIN = r"""
#include <string.h>
#include <pengine/kernel.h>
static int pick(pe_batch *batch)
{
    const int64_t *x = batch->args[0];
    const pe_text *text = batch->args[1];
    for (size_t i = 0; i < batch->count; i++) {
        const size_t times = (size_t)(x[i] & 3);
        if (x[i] % 11 == 5) {
            batch->fail(batch, i, "five of eleven");
            continue;
        }
        char *out = batch->text(batch, 0, i, times * text[i].size);
        if (out == NULL)
            return 1;
        for (size_t t = 0; t < times; t++)
            memcpy(out + t * text[i].size, text[i].data, text[i].size);
    }
    return 0;
}
static int number(pe_batch *batch)
{
    const int64_t *x = batch->args[0];
    int64_t *y = batch->results[0];
    for (size_t i = 0; i < batch->count; i++)
        y[i] = (int64_t)(batch->first + i) * 1000 + x[i] % 1000 + (int64_t)batch->setup->seed;
    return 0;
}
static const pe_kernel picks = {.abi = PE_KERNEL_ABI, .size = sizeof(pe_kernel), .name = "pick",
                                .signature = "(int64, text) -> text", .map = pick};
static const pe_kernel numbers = {.abi = PE_KERNEL_ABI, .size = sizeof(pe_kernel), .name = "number",
                                  .signature = "(int64) -> int64", .map = number};
static const pe_kernel *const kernels[] = {&picks, &numbers};
const pe_plugin pengine_plugin = {PE_KERNEL_ABI, sizeof(pe_plugin), 2, kernels};
"""


class Failed:
    def __init__(self, reason=ANY):
        self.reason = reason


def fits(value, reason=ANY, most=INT64_MAX):
    return [value] if -most - 1 <= value <= most else Failed(reason)


def is_prime(number):
    return number > 1 and all(number % d for d in range(2, math.isqrt(number) + 1))


def upper(text):
    return "".join(c.upper() if c.isascii() else c for c in text)


def norm(v):
    return math.sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2])


# ---- values to draw from -----------------------------------------------------------------------------------------------

SMALL, SIGNED, WIDE = (0, 300), (-4000, 4000), (3037000499 - 40, 3037000499 + 25)
POSITIVE, LARGE = (1, 5000), (10**18, 10**18 + 10**6)
FLOATS, TEXTS, LINES = "floats", "texts", "lines"  # texts may hold newlines, lines not


class Kernel:
    """forms: name of the form -> (what stands in [kernel], the name in messages, the reason of a failure or ANY)."""

    def __init__(self, name, args, results, domains, answer, needs_signature=False, tail="", is_slow=False, **forms):
        self.name, self.args, self.results, self.domains, self.answer = name, args, results, domains, answer
        self.needs_signature, self.forms, self.is_slow = needs_signature, forms, is_slow
        self.signature = f"({', '.join(args)}) -> " + (results[0] if len(results) == 1 else f"({', '.join(results)})") + tail


def built_in(name, reason=ANY):
    return {"name": name}, name, reason


def expr(text, reason=ANY, **more):
    return {"expr": text, **more}, f"{text} at ", reason


def source(function, reason=ANY):
    return {"source": "k.c", "function": function}, function, reason or f"{function} returned"


def python(function, reason=ANY):
    return {"python": f"k.py:{function}"}, f"k.py:{function}", reason


def plugin(name, reason=ANY, **more):
    return {"plugin": "k.so", "name": name, **more}, name, reason


def command(*argv):
    return {"command": list(argv)}, argv[0], ANY


I, F, T, B, W, V = ["int64"], ["float64"], ["text"], ["bool"], ["int128"], ["float64[3]"]
TOO_BIG = "result does not fit int64"

KERNELS = [
    Kernel("square", I, I, [SIGNED, WIDE], lambda i, x: fits(x * x), needs_signature=True,
           built_in=built_in("square", TOO_BIG), expr=expr("x*x"), python=python("square", "does not fit int64")),
    Kernel("square or error", I, I, [SIGNED, WIDE], lambda i, x: fits(x * x), tail=" or error", source=source("square")),
    Kernel("thirds", I, I, [SMALL, SIGNED], lambda i, x: Failed() if math.fmod(x, 3) == 2 else [x + 1],
           tail=" or error", is_slow=True, source=source("thirds")),
    Kernel("thirds in Python", I, I, [SMALL], lambda i, x: Failed("ValueError: two of three") if x % 3 == 2 else [x + 1],
           is_slow=True, python=python("thirds", "ValueError: two of three")),
    Kernel("uneven", I, I, [SMALL, SIGNED], lambda i, x: [x ^ 5], is_slow=True, source=source("uneven")),
    Kernel("first is slow", I, I, [SMALL, SIGNED], lambda i, x: [-x], is_slow=True, source=source("first_is_slow")),
    Kernel("collatz", I, I, [POSITIVE, (-3, 40)], lambda i, x: [steps(x)] if x > 0 else Failed(),
           built_in=built_in("collatz_steps")),
    Kernel("is_prime", I, B, [SIGNED, SMALL], lambda i, x: [is_prime(x)], built_in=built_in("is_prime")),
    Kernel("divmod", I * 2, I * 2, [SIGNED, (-3, 12)], lambda i, x, y: list(divmod(x, y)) if y else Failed(),
           built_in=built_in("divmod"), python=python("quotient", "ZeroDivisionError")),
    Kernel("divide", I * 2, ["int64", "float64"], [SIGNED, (-3, 12)],
           lambda i, x, y: [int(fractions.Fraction(x, y)), x * 0.5] if y else Failed(), tail=" or error",
           source=source("divide", "divide returned 4")),
    Kernel("quotient", I * 2, I, [SIGNED, (-2, 9)], lambda i, x, y: [int(fractions.Fraction(x, y))] if y else Failed(),
           needs_signature=True, expr=expr("x / y", "integer division by zero")),
    Kernel("sum of squares", I * 2, I, [SIGNED], lambda i, x, y: fits(x * x + y * y), needs_signature=True,
           built_in=built_in("sum_of_squares", TOO_BIG), expr=expr("x*x + y*y")),
    Kernel("with index", I, I, [SIGNED], lambda i, x: [3 * x + i], needs_signature=True,
           expr=expr("k*x + i", params={"k": 3})),
    Kernel("number", I, I, [SMALL], lambda i, x: [i * 1000 + x % 1000 + 17], plugin=plugin("number", seed=17)),
    Kernel("sum of three", I * 3, I, [SIGNED], lambda i, x, y, z: [x + y - z], needs_signature=True, expr=expr("x + y - z")),
    Kernel("two expressions", I * 2, ["int64", "float64"], [SIGNED, (-3, 12)],
           lambda i, x, y: [int(fractions.Fraction(x, y)), x * 0.5] if y else Failed(), needs_signature=True,
           expr=({"expr": ["x / y", "x * 0.5"]}, "x / y, x * 0.5 at ", "integer division by zero")),
    Kernel("int128", W, W, [(10**12, 10**12 + 9), (13043817825332782200, 13043817825332782230)],
           lambda i, x: fits(x * x, most=INT128_MAX), needs_signature=True, built_in=built_in("square"), expr=expr("x*x")),
    Kernel("half", F, F, [FLOATS], lambda i, x: [x * 0.5], needs_signature=True, expr=expr("x*0.5"), python=python("half")),
    Kernel("square of floats", F, F, [FLOATS], lambda i, x: [x * x], needs_signature=True, built_in=built_in("square")),
    Kernel("plain", F, F, [FLOATS], lambda i, x: [x], needs_signature=True, python=python("plain")),
    Kernel("norm", V, F, [FLOATS], lambda i, v: [norm(v)], built_in=built_in("norm3")),
    Kernel("turned", V, ["float64[2]"], [FLOATS], lambda i, v: [(v[2], v[0] * 4)], source=source("turned")),
    Kernel("upper", T, T, [TEXTS], lambda i, s: [upper(s)], built_in=built_in("text_upper"), python=python("upper")),
    Kernel("length", T, I, [TEXTS], lambda i, s: [len(s)], built_in=built_in("text_length")),
    Kernel("bytes", T, I, [TEXTS], lambda i, s: [len(s.encode())], python=python("length"), source=source("length")),
    Kernel("twice", T, T, [TEXTS], lambda i, s: [s + s], source=source("twice")),
    Kernel("pick", ["int64", "text"], T, [SMALL, TEXTS], lambda i, x, s: Failed("five of eleven") if x % 11 == 5 else [s * (x & 3)],
           plugin=plugin("pick", "five of eleven")),
    Kernel("upper by sed", T, T, [LINES], lambda i, s: [upper(s)], command=command("sed", "-u", "y/abcdefghijklmnopqrstuvwxyz/ABCDEFGHIJKLMNOPQRSTUVWXYZ/")),
    Kernel("one in front", I, I, [SMALL], lambda i, x: [int(f"1{x}")], command=command("sed", "-u", "s/^/1/")),
    Kernel("program an item", I, I, [SMALL], lambda i, x: Failed("exit 3") if x % 5 == 3 else [x + 2],
           is_slow=True, command=command("sh", "-c", "[ $(($1 % 5)) = 3 ] && exit 3; echo $(($1 + 2))", "sh", "{}")),
    Kernel("once", I, I, [SMALL], lambda i, x: Failed("OSError: the first time"), is_slow=True,
           python=python("once", "OSError: the first time")),
]

# What threads and ranks take turns in: items of uneven cost, or of nearly none.
UNEVEN = [kernel for kernel in KERNELS if kernel.name in ("thirds", "uneven", "first is slow", "collatz", "is_prime", "number",
                                                          "with index", "square", "divmod")]
