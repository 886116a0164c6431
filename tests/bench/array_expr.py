#!/usr/bin/env python3
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""One expression over an npy file into another: array_expr.py numpy|numexpr EXPR IN OUT THREADS. Prints the seconds.

The time is of load, computation and save, without the interpreter's start and the imports.
"""
import sys
import time

import numpy


def main():
    library, text, source, target, threads = sys.argv[1:]
    if library == "numexpr":
        import numexpr
        numexpr.set_num_threads(int(threads))
        compute = numexpr.evaluate
    else:
        code = compile(text, "expr", "eval")

        def compute(_, values):
            return eval(code, {"sqrt": numpy.sqrt}, values)

    begin = time.perf_counter()
    x = numpy.load(source)
    numpy.save(target, compute(text, {"x": x}))
    print(time.perf_counter() - begin)


if __name__ == "__main__":
    main()
