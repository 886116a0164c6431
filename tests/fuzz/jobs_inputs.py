# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Random inputs: tables of [[input]] with their files, and the values that they hold by Python's reckoning.

Design: what is drawn first is the kind, then the values it can hold. A file may have more items than the job takes, with
first and count saying which. Several arguments may be the columns of one file. A few inputs are wrong: a line that is no
number (bad says which item), or an input that is longer than the others (is_uneven).
"""
import csv
import io

import numpy

from jobs_kernels import FLOATS, LINES, TEXTS

WORDS = ["", "a", "plain", "two words", "ünï", 'say "hi"', "comma, here", "tab\tbed", "日本", "x" * 70, " lead", "trail ",
         "12", "-", "#no", "long " * 40]
HOSTILE = ["two\nlines", "\n", 'q"\n"']


class Inputs:
    def __init__(self):
        self.tables, self.files, self.stdin, self.columns = [], {}, None, []
        self.may_be_bad = True
        self.bad, self.bad_path, self.is_uneven = None, None, False


def progression(draw, domain, count):
    """start and step of an arithmetic progression within the domain, or None."""
    low, high = domain
    most = (high - low) // max(count - 1, 1)
    if most < 1:
        return None
    step = draw.randint(1, min(most, 9)) * draw.choice([1, 1, -1])
    span = abs(step) * max(count - 1, 0)
    start = draw.randint(low, high - span)
    return (start, step) if step > 0 else (start + span, step)


def values_of(draw, dtype, domain, count):
    if dtype == "text":
        words = WORDS + (HOSTILE if domain == TEXTS else [])
        return [draw.choice(words) for _ in range(count)]
    if dtype == "float64[3]":
        return [tuple(draw.randint(-4000, 4000) / 8 for _ in range(3)) for _ in range(count)]
    if domain == FLOATS:
        return [draw.choice([draw.randint(-4000, 4000) / 8, draw.gauss(0, 1), draw.uniform(0, 1) * 10.0 ** draw.randint(-30, 30),
                             0.0, -0.0, 1e16]) for _ in range(count)]
    return [draw.randint(*domain) for _ in range(count)]


def cut(draw, table, count, may_be_cut=True):
    """How many items stand before and after those that are taken; the table gets first and count."""
    before = draw.choice([0, 0, 0, 1, 2, 17]) if may_be_cut else 0
    behind = draw.choice([0, 0, 0, 1, 5]) if may_be_cut else 0
    if before > 0 or draw.random() < 0.05:
        table["first"] = before
    if behind > 0 or draw.random() < 0.05:
        table["count"] = count
    return before, behind


def text_of(value):
    return value if isinstance(value, str) else repr(value)


def csv_bytes(draw, rows, header, delimiter):
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, lineterminator=draw.choice(["\n", "\n", "\r\n"]),
                        quoting=draw.choice([csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]))
    if header is not None:
        writer.writerow(header)
    writer.writerows(rows)
    return file.getvalue().encode()


def table_of_columns(draw, inputs, types, domains, count, is_stdin):
    """One csv, tsv or txt of all arguments, with columns that nobody asks for."""
    suffix = draw.choice(["csv", "csv", "tsv"])
    table = {"path": f"in{len(inputs.tables)}.{suffix}"}
    if is_stdin:
        table = {"path": "-", "format": suffix}
    before, behind = cut(draw, table, count)
    columns = [values_of(draw, dtype, domain, before + count + behind) for dtype, domain in zip(types, domains)]
    order = list(range(len(columns)))
    extra = draw.choice([0, 0, 1, 2])
    draw.shuffle(order)
    cells = [[text_of(v) for v in columns[c]] for c in order] + [["junk, 1"] * len(columns[0])] * extra
    names = [f"column {c}" for c in order] + [f"junk{e}" for e in range(extra)]
    has_header = draw.random() < 0.7
    if not has_header:
        table["header"] = False
    places = [order.index(c) for c in range(len(columns))]
    if extra or order != sorted(order) or draw.random() < 0.3:
        table["columns"] = [names[p] for p in places] if has_header and draw.random() < 0.6 else places
    data = csv_bytes(draw, zip(*cells), names if has_header else None, "\t" if suffix == "tsv" else ",")
    if not has_header and before + count + behind == 0:
        table.pop("columns", None)
        return None  # a file without header and rows has no columns
    put(inputs, table, data)
    inputs.tables.append(table)
    inputs.columns += [column[before:before + count] for column in columns]
    return table


def put(inputs, table, data):
    if table["path"] == "-":
        inputs.stdin = data
    else:
        inputs.files[table["path"]] = data


def as_range(draw, inputs, dtype, domain, count):
    table = {}
    before, behind = cut(draw, table, count)
    if domain == FLOATS:
        start, step = draw.randint(-100, 100) / 4, draw.choice([0.25, 1.0, -0.5, 3.0])
    else:
        found = progression(draw, domain, count)
        if found is None:
            return False
        start, step = found
    values = [start + i * step for i in range(count)]
    ends = [start - before * step, start + (count + behind) * step]
    if domain != FLOATS and max(map(abs, ends)) >= 2**63:
        ends = [str(end) for end in ends]
    if dtype == "int128":
        table["dtype"] = "int128"
    table["range"] = ends + ([step] if step != 1 or draw.random() < 0.2 else [])
    inputs.tables.append(table)
    inputs.columns.append(values)
    return True


def as_linspace(draw, inputs, count):
    table = {}
    before, behind = cut(draw, table, count)
    step, start = draw.choice([0.5, -0.25, 2.0]), draw.randint(-50, 50) / 2
    points = before + count + behind
    if points < 2:
        return False
    table["linspace"] = [start - before * step, start + (count + behind - 1) * step, points]
    inputs.tables.append(table)
    inputs.columns.append([start + i * step for i in range(count)])
    return True


def as_binary(draw, inputs, dtype, domain, count, kind, is_stdin):
    """npy or raw: int64, a narrower type that holds the values, float64 or rows of three."""
    kinds = {"int64": ["<i8"], "float64": ["<f8"], "float64[3]": ["<f8"]}[dtype]
    if dtype == "int64" and isinstance(domain, tuple):
        kinds += [k for k in ("<i4", "<i2", "|u1", "|i1", "<u4") if numpy.iinfo(k).min <= domain[0] and domain[1] <= numpy.iinfo(k).max]
    element = draw.choice(kinds)
    table = {"path": f"in{len(inputs.tables)}.{kind}"}
    if is_stdin:
        table = {"path": "-", "format": kind}
    if kind == "raw":
        table["dtype"] = numpy.dtype(element).name + ("[3]" if dtype == "float64[3]" else "")
    before, behind = cut(draw, table, count)
    values = values_of(draw, dtype, domain, before + count + behind)
    array = numpy.array(values, element).reshape((-1, 3) if dtype == "float64[3]" else -1)
    file = io.BytesIO()
    numpy.save(file, array)
    put(inputs, table, file.getvalue() if kind == "npy" else array.tobytes())
    inputs.tables.append(table)
    inputs.columns.append(values[before:before + count])
    return True


def as_lines(draw, inputs, dtype, domain, count, is_stdin):
    table = {"path": f"in{len(inputs.tables)}.txt"}
    if is_stdin:
        table = {"path": "-"}
        if draw.random() < 0.5:
            table["format"] = "txt"
    before, behind = cut(draw, table, count)
    values = values_of(draw, dtype, LINES if dtype == "text" else domain, before + count + behind)
    end = draw.choice(["\n", "\n", "\r\n"])
    shown = [text_of(value) for value in values]
    if dtype != "text" and count > 0 and inputs.may_be_bad and draw.random() < 0.05:
        inputs.bad, inputs.bad_path, inputs.may_be_bad = draw.randrange(count), table["path"], False
        shown[before + inputs.bad] += draw.choice(["x", " 1", "-"])
    data = "".join(text + end for text in shown)
    if values and values[-1] != "" and draw.random() < 0.3:
        data = data[:-len(end)]
    put(inputs, table, data.encode())
    inputs.tables.append(table)
    inputs.columns.append(values[before:before + count])
    return True


def as_glob(draw, inputs, count):
    if count > 64:
        return False
    table = {"glob": f"g{len(inputs.tables)}/*.x"}
    before, behind = cut(draw, table, count)
    paths = sorted(f"g{len(inputs.tables)}/{name}.x" for name in draw.sample(range(1000), before + count + behind))
    if not paths:
        return False  # a pattern that nothing matches is refused
    inputs.files.update(dict.fromkeys(paths, b""))
    inputs.tables.append(table)
    inputs.columns.append(paths[before:before + count])
    return True


def as_value(draw, inputs, dtype, domain, count):
    value = values_of(draw, dtype, LINES if dtype == "text" else domain, 1)[0]
    inputs.tables.append({"value": value})
    inputs.columns.append([value] * count)
    return True


def draw_one(draw, inputs, dtype, domain, count, may_stream, may_be_value):
    """One argument from an input of its own."""
    while True:
        is_stdin = may_stream and inputs.stdin is None and draw.random() < 0.15
        kind = draw.choice(["range", "range", "linspace", "npy", "raw", "txt", "csv", "value", "glob"])
        if kind == "range" and dtype in ("int64", "int128", "float64"):
            done = as_range(draw, inputs, dtype, domain, count)
        elif kind == "linspace" and dtype == "float64":
            done = as_linspace(draw, inputs, count)
        elif kind in ("npy", "raw") and dtype in ("int64", "float64", "float64[3]"):
            done = as_binary(draw, inputs, dtype, domain, count, kind, is_stdin)
        elif kind == "txt" and not dtype.endswith("]"):
            done = as_lines(draw, inputs, dtype, domain, count, is_stdin)
        elif kind == "csv" and not dtype.endswith("]"):
            done = table_of_columns(draw, inputs, [dtype], [domain], count, is_stdin)
        elif kind == "value" and may_be_value and not dtype.endswith("]") and dtype != "int128":
            done = as_value(draw, inputs, dtype, domain, count)
        elif kind == "glob" and dtype == "text":
            done = as_glob(draw, inputs, count)
        else:
            done = False
        if done:
            return


def draw_inputs(draw, types, domains, count, may_stream=True):
    """Inputs that are zipped: every one has count items."""
    inputs = Inputs()
    scalars = all(not dtype.endswith("]") for dtype in types)
    if len(types) > 1 and scalars and draw.random() < 0.35:
        if table_of_columns(draw, inputs, types, domains, count, may_stream and draw.random() < 0.2):
            return inputs
    for place, (dtype, domain) in enumerate(zip(types, domains)):
        is_last_chance = place == len(types) - 1 and all("value" in table for table in inputs.tables)
        may_be_value = len(types) > 1 and not is_last_chance
        if place > 0 and may_be_value and draw.random() < 0.05:
            inputs.is_uneven = True
            draw_one(draw, inputs, dtype, domain, count + draw.choice([1, 2, 30]), may_stream, False)
            inputs.columns[-1] = inputs.columns[-1][:count]
        else:
            draw_one(draw, inputs, dtype, domain, count, may_stream, may_be_value)
    return inputs


def draw_product(draw, types, domains, most):
    """Inputs of which every combination is taken: an axis each."""
    inputs = Inputs()
    inputs.may_be_bad = False
    lengths = []
    for dtype, domain in zip(types, domains):
        length = draw.choice([0, 1, 2, 3, 5, 7, max(1, int(most ** (1 / len(types))))])
        draw_one(draw, inputs, dtype, domain, length, False, len(lengths) > 0)
        if "value" in inputs.tables[-1]:
            inputs.columns[-1] = [inputs.tables[-1]["value"]]
        lengths.append(len(inputs.columns[-1]))
    return inputs, lengths

