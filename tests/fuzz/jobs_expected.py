# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""What must come out of a job: rows, their bytes in each format, the values of a reduction, the words for an item.

Design: integers, repr, math, csv and numpy.save are Python's; nothing here is taken from a run of pengine.
"""
import csv
import io
import itertools
import math
import statistics
from fractions import Fraction

import numpy

from harness import int128_bytes, xxh3_128
from jobs_kernels import INT128_MAX, Failed

NUMPY = {"int8": "i1", "int16": "<i2", "int32": "<i4", "int64": "<i8", "uint8": "u1", "uint16": "<u2", "uint32": "<u4",
         "uint64": "<u8", "float32": "<f4", "float64": "<f8", "bool": "?"}


def flat(row):
    """A row's elements; of a vector each."""
    return [e for value in row for e in (value if isinstance(value, tuple) else (value,))]


def base(dtype):
    return dtype.partition("[")[0]


def converted(value, to):
    """The value as output.dtype has it, or Failed where it would not be the same number."""
    if isinstance(value, tuple):
        parts = [converted(part, to) for part in value]
        return next((part for part in parts if isinstance(part, Failed)), tuple(parts))
    if to == "int128":
        return value if value == int(value) else Failed()
    if to == "float32" and isinstance(value, float):
        with numpy.errstate(over="ignore"):
            return float(numpy.float32(value))
    kind = numpy.dtype(to)
    if kind.kind == "f":
        if isinstance(value, float):
            return value
        return float(value) if int(kind.type(value)) == value else Failed()
    info = numpy.iinfo(kind)
    return value if info.min <= value <= info.max else Failed()


def printed(value, dtype):
    """As Python prints it; float32 as numpy does."""
    if isinstance(value, str):
        return value
    return str(numpy.float32(value)) if base(dtype) == "float32" else repr(value)


# ---- rows as bytes -----------------------------------------------------------------------------------------------------

def field(text, separator, is_alone):
    if any(c in text for c in (separator, '"', "\n", "\r")) or (is_alone and text == ""):
        return '"' + text.replace('"', '""') + '"'
    return text


def names_of(results, names, lead):
    given = names or (["result"] if len(results) == 1 else [f"f{r}" for r in range(len(results))])
    spread = []
    for name, dtype in zip(given, results):
        width = int(dtype.partition("[")[2][:-1] or 0)
        spread += [f"{name}_{e}" for e in range(width)] if width else [name]
    return ([lead] if lead else []) + spread


def head(form, results, names, lead):
    if form not in ("csv", "tsv"):
        return b""
    separator = "," if form == "csv" else "\t"
    columns = names_of(results, names, lead)
    return (separator.join(field(name, separator, len(columns) == 1) for name in columns) + "\n").encode()


def text_row(form, results, row, index, float_format):
    spread = [dtype for dtype in results for _ in range(int(dtype.partition("[")[2][:-1] or 1))]
    cells = ([] if index is None else [str(index)]) + [
        float_format % v if float_format and base(d).startswith("float") else printed(v, d) for v, d in zip(flat(row), spread)]
    if form == "txt":
        return (" ".join(cells) + "\n").encode()
    separator = "," if form == "csv" else "\t"
    return (separator.join(field(cell, separator, len(cells) == 1) for cell in cells) + "\n").encode()


def raw_row(results, row, index):
    data = b"" if index is None else int(index).to_bytes(8, "little")
    for value, dtype in zip(row, results):
        if isinstance(value, str):
            data += value.encode() + b"\n"
        elif base(dtype) == "int128":
            data += int128_bytes([value])
        else:
            data += numpy.array(value, NUMPY[base(dtype)]).tobytes()
    return data


def row_bytes(form, results, row, index, float_format=None):
    if form in ("txt", "csv", "tsv"):
        return text_row(form, results, row, index, float_format)
    return raw_row(results, row, index)


def npy_bytes(results, names, rows, has_index, shape):
    fields = []
    columns = names or [f"f{r}" for r in range(len(results))] if len(results) > 1 else names or ["result"]
    for name, dtype in zip(columns, results):
        width = int(dtype.partition("[")[2][:-1] or 0)
        fields.append((name, NUMPY[base(dtype)]) + (((width,),) if width else ()))
    if not has_index and len(results) == 1:
        kind, width = fields[0][1], fields[0][2] if len(fields[0]) > 2 else ()
        array = numpy.array([row[0] for _, row in rows], kind).reshape(shape + width)
    else:
        kind = ([("index", "<i8")] if has_index else []) + fields
        array = numpy.array([((i,) if has_index else ()) + tuple(row) for i, row in rows], kind).reshape(shape)
    return array


def digest(results, rows, has_index):
    data = b"".join(raw_row(results, row, i if has_index else None) for i, row in rows)
    return f"items={len(rows)} bytes={len(data)} xxh3_128={xxh3_128(data)}\n".encode()


# ---- reductions --------------------------------------------------------------------------------------------------------

def reduced(op, values):
    """One column's value of an operation, printed as Python prints it; None where there is none."""
    if op == "count":
        return str(len(values))
    is_float = bool(values) and isinstance(values[0], float)
    if op == "sum":
        if is_float:
            return repr(math.fsum(values))
        return str(sum(values)) if -INT128_MAX - 1 <= sum(values) <= INT128_MAX else None
    if op in ("var", "std"):
        wide = list(map(Fraction, values))
        variance = sum((v - sum(wide) / len(wide)) ** 2 for v in wide) / len(wide) if wide else None
        if variance is None:
            return "nan"
        return repr(float(variance) if op == "var" else
                    statistics._float_sqrt_of_frac(variance.numerator, variance.denominator))
    if op == "mean":
        return repr(float(sum(map(Fraction, values)) / len(values))) if values else "nan"
    if not values:
        return None
    if is_float:  # -0.0 is less than 0.0
        key = lambda v: (v, math.copysign(1, v))  # noqa: E731
        return repr(min(values, key=key) if op == "min" else max(values, key=key))
    return str(min(values) if op == "min" else max(values))


def place_of(op, values):
    """The place of the first least, greatest value; -0.0 is less than 0.0."""
    key = (lambda k: (values[k], math.copysign(1, values[k]))) if isinstance(values[0], float) else values.__getitem__
    return (min if op == "argmin" else max)(range(len(values)), key=key)


def arg_lines(op, columns, rows, items, separator):
    """The items' numbers, and a line for each of their arguments."""
    places = [place_of(op, values) for values in columns]
    numbers = [rows[place][0] for place in places]
    lines = [[op, *map(str, numbers)]]
    for a in range(len(items[0])):
        lines.append([f"{op} {'xyz'[a]}", *(repr(items[n][a]) for n in numbers)])
    return "".join(separator.join(line) + "\n" for line in lines)


def histogram_lines(bins, columns, separator):
    first, last, count = bins
    edges = numpy.histogram([], count, (first, last))[1].tolist()
    counts = [numpy.histogram(numpy.array(values, float), count, (first, last))[0].tolist() for values in columns]
    lines = [[f"histogram {a!r} {b!r}", *(str(one[k]) for one in counts)] for k, (a, b) in enumerate(zip(edges, edges[1:]))]
    lines.append(["below", *(str(sum(v < first for v in values)) for values in columns)])
    lines.append(["above", *(str(sum(v > last for v in values)) for values in columns)])
    return "".join(separator.join(line) + "\n" for line in lines)


def reduction(ops, results, names, form, rows, items, bins):
    """The bytes of a reduction without its quantiles, or None where some value does not exist."""
    separator = "," if form == "csv" else "\t"
    columns = list(zip(*[flat(row) for _, row in rows])) or [[] for _ in range(len(names_of(results, None, None)))]
    spread = [dtype for dtype in results for _ in range(int(dtype.partition("[")[2][:-1] or 1))]
    lines = head(form, results, names, "op").decode()
    for op in ops:
        if op in ("argmin", "argmax"):
            if not rows:
                return None
            lines += arg_lines(op, columns, rows, items, separator)
            continue
        cells = [reduced(op, list(column)) for column in columns]
        if op == "sum" and not rows:
            cells = ["0.0" if base(dtype).startswith("float") else "0" for dtype in spread]
        if None in cells:
            return None
        lines += separator.join([op, *cells]) + "\n"
    return (lines + (histogram_lines(bins, columns, separator) if bins else "")).encode()


# ---- words -------------------------------------------------------------------------------------------------------------

def told(value):
    """An argument as messages have it."""
    if isinstance(value, tuple):
        return "[" + ", ".join(map(repr, value)) + "]"
    if not isinstance(value, str):
        return repr(value)
    data = value.encode()
    shown = "".join(chr(b) if 0x20 <= b < 0x7f and b not in b'"\\' else f"\\x{b:02x}" for b in data[:60])
    return f'"{shown}"' + ("..." if len(data) > 60 else "")


def call(name, args):
    return f"{name}({', '.join(map(told, args))})"


def log_rows(data):
    """index, arguments, reason and attempts of each record of a log of failed items."""
    rows = list(csv.reader(io.StringIO(data.decode(), newline="")))
    assert rows[0][0] == "index" and rows[0][-4:] == ["reason", "attempts", "rank", "seconds"], rows[0]
    assert len(set(rows[0])) == len(rows[0]) and all(len(row) == len(rows[0]) for row in rows), rows[0]
    return [(int(row[0]), row[1:-4], row[-4], int(row[-3])) for row in rows[1:]]


def logged(value):
    """An argument as the log has it: whole."""
    return value if isinstance(value, str) else told(value)


def product(columns):
    return list(itertools.product(*columns))
