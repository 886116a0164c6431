#!/usr/bin/env python3
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""number_tables.py - writes number_tables.h: how Python and numpy print numbers.

Run with numpy 1.24: python3 tests/unit/number_tables.py > tests/unit/number_tables.h
"""
import random
import struct

import numpy

random.seed(20240502)

HEAD = """/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* number_tables.h - how Python and numpy print numbers; written by number_tables.py.
 */
#ifndef PE_NUMBER_TABLES_H
#define PE_NUMBER_TABLES_H

#include <stdint.h>

/* A number's bits and its repr. */
typedef struct bits32 {
    uint32_t bits;
    const char *text;
} bits32;
typedef struct bits64 {
    uint64_t bits;
    const char *text;
} bits64;
typedef struct bits128 {
    uint64_t high, low;
    const char *text;
} bits128;
"""


def around(bits, last):
    return [b for b in range(bits - 2, bits + 3) if 0 <= b <= last]


def bits64(value):
    return struct.unpack("<Q", struct.pack("<d", value))[0]


def bits32(value):
    return int(numpy.float32(value).view(numpy.uint32))


def doubles():
    out = [0, 1 << 63, 1, 2, (1 << 63) | 1, (1 << 52) - 1, 1 << 52, (0x7FF << 52) - 1, 0x7FF << 52, 0xFFF << 52,
           (0x7FF << 52) | (1 << 51)]
    for value in [1e-6, 1e-5, 1e-4, 1e-3, 1e14, 1e15, 1e16, 1e17, 1e22, 1e23, 2.0**53, 2.0**63, 2.0**64, 1e100, 1e-100]:
        out += around(bits64(value), (1 << 64) - 1)
    out += [bits64(v) for v in (0.1, 0.2, 0.3, 1 / 3, 2 / 3, 1.5, -1.0, 100.0, 123456789.0, 1e9, 5e-324, 2.5e-310,
                                9007199254740993.0, 1.7976931348623157e308, 4.35, 0.5, 1e1, 12345678.9, -9.99e-5)]
    out += [bits64(10.0**k) for k in range(-20, 25)]
    out += [bits64(random.randint(1, 10**17) / 10**random.randint(0, 22)) for _ in range(60)]
    out += [bits64(random.choice([-1, 1]) * float(random.randint(10**14, 2 * 10**16))) for _ in range(30)]
    return out + [random.getrandbits(64) for _ in range(120)] + [random.getrandbits(52) for _ in range(15)]


def floats():
    out = [0, 1 << 31, 1, 2, (1 << 31) | 1, (1 << 23) - 1, 1 << 23, (0xFF << 23) - 1, 0xFF << 23, 0x1FF << 23,
           (0xFF << 23) | (1 << 22)]
    for value in [1e-6, 1e-5, 1e-4, 1e-3, 1e7, 1e8, 1e15, 1e16, 1e17, 2.0**24, 2.0**31, 0.1]:
        out += around(bits32(value), (1 << 32) - 1)
    out += [bits32(10.0**k) for k in range(-20, 25)]
    out += [bits32(random.randint(1, 10**9) / 10**random.randint(0, 12)) for _ in range(40)]
    return out + [random.getrandbits(32) for _ in range(80)] + [random.getrandbits(23) for _ in range(10)]


def integers(bits):
    most = 2**(bits - 1) - 1
    out = [0, 1, -1, 9, 10, 99, 100, most, most - 1, -most - 1, -most]
    for k in range(1, 39):
        out += [v for v in (10**k - 1, 10**k, -10**k, 10**k + 1) if -most - 1 <= v <= most]
    return out + [random.randint(-most - 1, most) >> random.randrange(bits) for _ in range(30)]


def table(kind, name, rows):
    print(f"\nstatic const {kind} {name}[] = {{")
    for row in rows:
        print("    {" + ", ".join(row) + "},")
    print("};")


print(HEAD, end="")
table("bits64", "float64_rows", ([f"UINT64_C(0x{b:016x})", '"%r"' % struct.unpack("<d", struct.pack("<Q", b))]
                                 for b in doubles()))
table("bits32", "float32_rows", ([f"UINT32_C(0x{b:08x})", f'"{numpy.uint32(b).view(numpy.float32)!r}"']
                                 for b in floats()))
table("bits64", "int64_rows", ([f"UINT64_C(0x{v % 2**64:016x})", f'"{v}"'] for v in integers(64)))
table("bits64", "uint64_rows", ([f"UINT64_C(0x{v % 2**64:016x})", f'"{v % 2**64}"'] for v in integers(64)))
table("bits128", "int128_rows", ([f"UINT64_C(0x{(v >> 64) % 2**64:016x})", f"UINT64_C(0x{v % 2**64:016x})", f'"{v}"']
                                 for v in integers(128)))
print("\n#endif")
