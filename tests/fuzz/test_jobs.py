# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Random jobs, each run once: bytes out, exit code, failed items and their log against what Python says.

    PENGINE=build/pengine python3 tests/fuzz/test_jobs.py [SEED [COUNT]] [--only N] [--at-once N] [--keep FOLDER]

Design: job N of a seed is drawn from (seed, N) alone, so `--only N` replays it; a difference prints how. Where the engine
may choose (how much of an imap is there when an item stops it, which item of an unordered mode comes first) what is there
must be possible, otherwise it must be the same. Chunks of 1, 2, 3 and 7 items are more than half of all.
"""
import argparse
import concurrent.futures
import io
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from harness import HAS_MPI, IS_SANITIZED, ROOT, Result, binary, finish, start, toml  # noqa: E402
import jobs_expected as expected  # noqa: E402
import jobs_kernels as kernels  # noqa: E402
from jobs_inputs import draw_inputs, draw_product  # noqa: E402

COUNTS = (0, 1, 1, 2, 3, 5, 7, 8, 13, 31, 64, 100, 256, 400, 1000)
CHUNKS = (1, 1, 1, 2, 2, 3, 3, 7, 7, 13, 64, 1000, 2**40, "auto", "auto")
OPS = ("sum", "min", "max", "mean", "count", "var", "std")
FLOAT_FORMATS = ("%.6g", "%.3e", "%+.2f", "%12g")


class Job:
    """A drawn job with what must come of it."""

    def __init__(self, seed, number):
        self.draw = draw = random.Random(f"{seed}:{number}")
        self.number = number
        self.kernel = draw.choice(kernels.KERNELS if draw.random() < 0.6 else kernels.UNEVEN)
        self.form = draw.choice(sorted(self.kernel.forms))
        self.table, self.shown, self.reason = self.kernel.forms[self.form]
        self.table = dict(self.table)
        self.draw_mode()
        self.draw_items()
        self.draw_kernel()
        self.draw_pool()
        self.draw_output()
        self.draw_errors()
        self.draw_where()
        self.draw_keep()
        self.settle()
        self.parts = draw.choice([1, 1, 1, 2, 3, 5]) if self.can_be_parted() else 1

    # ---- drawing ----

    def draw_mode(self):
        draw, many = self.draw, len(self.kernel.args) > 1
        self.order = draw.choice(["map", "imap", "imap", "imap_unordered"])
        self.mode = self.order.replace("map", "starmap", 1) if many or draw.random() < 0.2 else self.order
        self.is_ordered, self.is_whole = self.order != "imap_unordered", self.order == "map"
        self.ranks = draw.choice([0] * 9 + [1, 2, 2, 3, 4]) if HAS_MPI else 0

    def draw_items(self):
        draw, kernel = self.draw, self.kernel
        domains = [draw.choice([d for d in kernel.domains if isinstance(d, tuple) or d]) if len(kernel.args) == 1 or
                   len(kernel.domains) == 1 else kernel.domains[a] for a in range(len(kernel.args))]
        most = 40 if kernel.is_slow and self.form in ("python", "command") else 1000
        count = draw.choice([c for c in COUNTS if c <= most])
        self.is_product = len(kernel.args) > 1 and draw.random() < 0.25
        if self.is_product:
            self.inputs, self.axes = draw_product(draw, kernel.args, domains, min(count, 300))
            self.items = expected.product(self.inputs.columns)
        else:
            self.inputs, self.axes = draw_inputs(draw, kernel.args, domains, count), [count]
            self.items = list(zip(*self.inputs.columns))
        self.is_stream = self.inputs.stdin is not None

    def draw_kernel(self):
        draw, kernel = self.draw, self.kernel
        may_do_without = self.form == "built_in" and (not kernel.needs_signature or all(
            "range" in t or str(t.get("path")).endswith(".npy") for t in self.inputs.tables))
        self.has_signature = not may_do_without or draw.random() < 0.3
        if self.has_signature and self.form != "plugin":
            self.table["signature"] = kernel.signature
        if draw.random() < 0.1 and self.form in ("built_in", "expr", "source", "plugin"):
            self.table["isolate"] = True

    def draw_pool(self):
        draw = self.draw
        self.chunk = draw.choice(CHUNKS)
        self.pool = {"chunk_size": self.chunk}
        if draw.random() < 0.9:
            self.pool["threads"] = draw.choice([1, 2, 2, 3, 4])
        if draw.random() < 0.6:
            self.pool["schedule"] = draw.choice(["static", "dynamic", "auto"])
        if self.chunk not in (2**40,) and draw.random() < 0.2:
            self.pool["memory"] = draw.choice(["16 MiB", "64 MiB", "1 GiB"])

    def draw_output(self):
        draw, results = self.draw, self.kernel.results
        self.written = list(results)
        self.ops, self.names, self.has_index, self.output = [], None, False, {}
        has_text = "text" in results
        if draw.random() < 0.15:
            return self.draw_reduce()
        if not has_text and "bool" not in results and draw.random() < 0.15:
            self.draw_dtype()
        self.has_index = draw.random() < 0.3
        formats = ["txt", "txt", "csv", "tsv"]
        if not has_text or (len(results) == 1 and not self.has_index):
            formats += ["raw", "raw"] + (["digest"] if self.is_ordered else [])
        if not has_text and "int128" not in map(expected.base, self.written):
            formats += ["npy", "npy"]
        self.format = draw.choice(formats + ["null"] * (draw.random() < 0.1))
        if self.format in ("csv", "tsv", "npy") and draw.random() < 0.3:
            self.names = [draw.choice(["a", "b", "ü", "x, y"]) + str(r) for r in range(len(results))]
            self.output["names"] = self.names
        if self.has_index:
            self.output["index"] = True
        self.path = None
        if self.format != "null" and draw.random() < 0.6:
            self.path = f"out.{self.format}"
            self.output["path"] = self.path
        if self.path is None and self.format != "txt" or draw.random() < 0.3:
            self.output["format"] = self.format
        if draw.random() < 0.15:
            self.output["gather"] = "root"

    def draw_dtype(self):
        results = self.kernel.results
        if any(expected.base(r).startswith("float") for r in results):
            to = "float32" if all(expected.base(r).startswith("float") for r in results) else "float64"
        elif self.kernel.name == "int128":
            to = self.draw.choice(["int128", "int64", "float64"])
        else:
            to = self.draw.choice(["int16", "int32", "uint8", "uint64", "float64"])
        self.output["dtype"] = to
        self.written = [r.replace(expected.base(r), to) for r in results]
        if self.form == "built_in" or self.form == "command":
            self.table["signature"] = self.kernel.signature

    def draw_reduce(self):
        draw, has_text = self.draw, "text" in self.kernel.results
        self.ops = ["count"] if has_text else draw.sample(OPS, draw.randint(1, 5))
        self.format = draw.choice(["txt", "csv", "tsv"])
        self.path = f"out.{self.format}" if draw.random() < 0.5 else None
        self.output["op"] = self.ops
        self.shares, self.bins = [], None
        if not has_text:
            self.draw_distribution()
        if self.path is not None:
            self.output["path"] = self.path
        elif self.format != "txt":
            self.output["format"] = self.format

    def draw_distribution(self):
        """Which item is the least, the greatest; quantiles, a histogram: of one number per item, whose arguments have no other names."""
        draw, results = self.draw, self.written
        is_plain = all("[" not in dtype and dtype not in ("int128", "bool", "uint64") for dtype in [*self.kernel.args, *results])
        if not is_plain:
            return
        has_names = any("path" in table or "names" in table for table in self.inputs.tables)
        if "text" not in self.kernel.args and not has_names and "args" not in self.table and draw.random() < 0.4:
            self.ops += draw.sample(["argmin", "argmax"], draw.randint(1, 2))
        if draw.random() < 0.3:
            self.shares = self.output["quantiles"] = draw.sample([0.0, 0.1, 0.5, 0.99, 1.0], draw.randint(1, 3))
            self.pool["memory"] = "2 GiB"  # the tables of quantiles are large
        if draw.random() < 0.3:
            first = draw.choice([-50, 0, 0.5, 100])
            self.bins = self.output["histogram"] = [first, first + draw.choice([1, 7.5, 1000]), draw.choice([1, 3, 10])]

    def draw_errors(self):
        draw = self.draw
        self.errors = {}
        self.policy = draw.choice(["stop", "stop", "skip", "fill"])
        is_npy_of_product = self.format == "npy" and self.is_product and not self.ops
        if is_npy_of_product and not self.is_ordered:  # refused: it has no position for an item
            self.format, self.output["format"], is_npy_of_product = "txt", "txt", False
        if self.policy == "skip" and is_npy_of_product:
            self.policy = "fill"
        if self.policy == "skip" and self.format == "npy" and self.path is None and not self.is_whole:
            self.policy = "stop"
        if self.is_stream and self.format == "npy" and self.path is None and not self.is_whole and not self.ops:
            self.format, self.output["format"] = "txt", "txt"
        if self.policy != "stop" or draw.random() < 0.3:
            self.errors["on_error"] = self.policy
        if self.policy == "fill":
            self.draw_fill()
        self.max_failures = None
        if self.policy != "stop" and draw.random() < 0.25:
            self.max_failures = draw.choice([0, 1, 3, 20, "1 %", "50 %"])
            self.errors["max_failures"] = self.max_failures
        self.retries = draw.choice([0, 0, 0, 1, 2])
        if self.retries:
            self.errors["retries"] = self.retries
        self.has_log = draw.random() < 0.5
        if self.has_log:
            self.errors["log"] = "failed.csv"

    def draw_where(self):
        """Items that are left out, by their numbers."""
        has_places = self.format == "npy" and (self.is_product or (self.path is None and not self.is_whole)) and not self.ops
        self.where = lambda i: True
        if self.draw.random() < 0.08 and not has_places and self.inputs.bad is None and not self.inputs.is_uneven:
            self.table["where"] = "i % 3 != 1"
            self.where = lambda i: i % 3 != 1

    def draw_keep(self):
        """The arguments in front of the results, where they are numbers and no text's own bytes."""
        draw, args = self.draw, list(self.kernel.args)
        is_computed = all("path" not in table or str(table["path"]).endswith(".npy") for table in self.inputs.tables)
        self.kept, self.float_format = [], None
        if self.ops or self.path is None and self.format != "txt":
            return
        if is_computed and "text" not in args and self.format in ("txt", "raw") and draw.random() < 0.2:
            self.kept, self.output["keep"] = args, "all"
        has_float = any(expected.base(dtype).startswith("float") for dtype in self.kept + self.written)
        if has_float and self.format in ("txt", "csv", "tsv") and draw.random() < 0.2:
            self.float_format = self.output["float_format"] = draw.choice(FLOAT_FORMATS)

    def draw_fill(self):
        kinds = {expected.base(dtype) for dtype in self.written}
        if kinds == {"text"}:
            self.fill = self.draw.choice([None, "none", "", 'a "b"'])
        elif kinds <= {"float32", "float64"}:
            self.fill = self.draw.choice([-1.0, 0.5, 7])
        elif kinds == {"bool"}:
            self.fill = False
        else:
            self.fill = self.draw.choice([0, 99, 7])
        if self.fill is not None:
            self.errors["fill"] = self.fill
        self.fill_row = []
        for dtype in self.written:
            value = "" if self.fill is None else self.fill
            value = float(value) if expected.base(dtype).startswith("float") else value
            width = int(dtype.partition("[")[2][:-1] or 0)
            self.fill_row.append((value,) * width if width else value)

    # ---- what must come out ----

    def answer(self, i, args):
        row = self.kernel.answer(i, *args)
        if self.kernel.name == "once" and self.retries:
            row = [args[0] + 7]
        if isinstance(row, kernels.Failed) or "dtype" not in self.output:
            return row
        row = [expected.converted(value, self.output["dtype"]) for value in row]
        return next((value for value in row if isinstance(value, kernels.Failed)), row)

    def settle(self):
        """All rows, and those that are lost."""
        answers = [self.answer(i, args) for i, args in enumerate(self.items)]
        self.unreadable = None  # an item that [errors] deals with
        if self.inputs.bad is not None and not self.inputs.is_uneven and self.policy != "stop":
            self.unreadable = self.inputs.bad
            answers[self.unreadable] = kernels.Failed("cannot be read")
        self.lost = [i for i, row in enumerate(answers) if isinstance(row, kernels.Failed) and self.where(i)]
        # a number that comes twice has met its first attempt already, whichever of the two that was
        self.is_vague = self.kernel.name == "once" and len({args[0] for args in self.items}) < len(self.items)
        if self.policy == "fill":
            self.rows = [(i, self.fill_row if isinstance(row, kernels.Failed) else row) for i, row in enumerate(answers)]
        else:
            self.rows = [(i, row) for i, row in enumerate(answers) if not isinstance(row, kernels.Failed)]
        self.rows = [(i, row) for i, row in self.rows if self.where(i)]
        if self.policy == "stop" and self.lost:
            self.rows = [(i, row) for i, row in self.rows if i < self.lost[0] or not self.is_ordered]
        allowed = self.max_failures
        if isinstance(allowed, str):
            allowed = int(float(allowed.split()[0]) / 100 * len(self.items))
        self.ends_early = bool(self.lost) and (self.policy == "stop" or (allowed is not None and len(self.lost) > allowed))

    def can_be_parted(self):
        """Parts are compared with the whole, joined, so there must be a whole that does not end early."""
        return (self.is_ordered and not self.is_stream and not self.ends_early and self.max_failures is None and not self.ops
                and self.format in ("txt", "csv", "tsv", "raw") and self.ranks == 0 and self.inputs.bad is None
                and not self.inputs.is_uneven)

    def text(self):
        tables = self.inputs.tables
        job = {"mode": self.mode}
        if self.is_product:
            job["combine"] = "product"
        job["input"] = tables[0] if len(tables) == 1 else tables
        job["kernel"] = self.table
        if self.output:
            job["reduce" if self.ops else "output"] = self.output
        job["pool"] = self.pool
        if self.errors:
            job["errors"] = self.errors
        return toml(**job)

    def is_first_told(self):
        """Is it the first failed item that ends the run? Only items that take long (half a second with those before them
        in their chunk, or a process that starts meanwhile) are not waited for."""
        return self.is_ordered and (self.form not in ("python", "command") or self.policy != "stop")

    # ---- judging ----

    def index(self, i):
        return i if self.has_index else None

    def lines(self, rows):
        return [expected.row_bytes(self.format, self.kept + self.written, [*(self.items[i] if self.kept else ()), *row],
                                   self.index(i), self.float_format) for i, row in rows]

    def judge(self, folder, result):
        """What is wrong with a run, as sentences."""
        wrong = []
        wanted_code = 1 if self.lost else 0
        data = result.out
        if self.path is not None:
            if data:
                wrong.append(f"stdout has {data[:200]!r}, although there is output.path")
            path = folder / self.path
            data = path.read_bytes() if path.exists() else None
        has_checkpoint = any(folder.glob("*.checkpoint"))  # of a run that ended early: it goes on from there
        if any((folder / f"{name}.part").exists() and not (self.lost and has_checkpoint)
               for name in ("out." + self.format, "failed.csv")):
            wrong.append("a .part is left")
        if self.is_vague:
            return wrong
        if self.unreadable is None and (self.inputs.bad is not None or self.inputs.is_uneven):
            return self.judge_refusal(result, data, wrong)
        if self.ops:
            wanted_code = self.judge_reduction(data, wanted_code, wrong)
        elif self.ends_early and (self.is_whole or self.format in ("digest", "null")):
            if data:
                wrong.append(f"the run ended early and left {data[:200]!r}")
        elif self.ends_early:
            self.judge_beginning(data or b"", wrong)
        else:
            self.judge_all(data, wrong)
        if result.code != wanted_code:
            wrong.append(f"exit code {result.code}, expected {wanted_code}")
        if self.lost and wanted_code == 1:
            self.judge_words(result, wrong)
        if self.has_log and wanted_code in (0, 1):
            self.judge_log(folder / "failed.csv", wrong)
        return wrong

    def judge_refusal(self, result, data, wrong):
        """Wrong input: found at its item, or before the first one; an item may have failed until then."""
        if result.code != 65 and not (result.code == 1 and self.ends_early):
            wrong.append(f"exit code {result.code}, expected 65")
        if result.code == 65 and self.inputs.bad is not None and not self.inputs.is_uneven:
            where = "stdin" if self.inputs.bad_path == "-" else self.inputs.bad_path
            if where not in result.err:
                wrong.append(f"stderr does not name {where}")
        if self.ops or self.is_whole or self.format in ("digest", "null"):
            if data:
                wrong.append(f"the run ended early and left {data[:200]!r}")
        else:
            most = self.inputs.bad if self.inputs.bad is not None else len(self.items)
            self.rows = [(i, row) for i, row in self.rows if i < most or not self.is_ordered]
            self.judge_beginning(data or b"", wrong)
        return wrong

    def judge_reduction(self, data, code, wrong):
        wanted = None if self.ends_early else expected.reduction(self.ops, self.written, self.names, self.format, self.rows,
                                                                 self.items, self.bins)
        if not self.ends_early and wanted is None:
            code = 65
        if data and wanted and self.shares:
            data = self.judge_quantiles(data, wrong)
        if (data or None) != wanted:
            wrong.append(f"reduced to {data!r}, expected {wanted!r}")
        return code

    def judge_quantiles(self, data, wrong):
        """The lines of quantiles are near those of numpy; gives the others."""
        separator = "," if self.format == "csv" else "\t"
        columns = list(zip(*[expected.flat(row) for _, row in self.rows]))
        others, empty = [], not columns
        for line in data.decode().splitlines(True):
            name, *cells = line.rstrip("\n").split(separator)
            if not name.startswith("quantile "):
                others.append(line)
                continue
            for cell, values in zip(cells, columns):  # of no values each is nan
                near = [float(numpy.quantile(numpy.array(values, float), float(name.split()[1]), method=way)) for way in ("lower", "higher")]
                slack = max(map(abs, near)) * 1e-3
                if not near[0] - slack <= float(cell) <= near[1] + slack:
                    wrong.append(f"{name} is {cell}, expected {near}")
            if empty and set(cells) != {"nan"}:
                wrong.append(f"{name} of nothing is {cells}")
        if len(others) != len(data.decode().splitlines()) - len(self.shares):
            wrong.append(f"expected {len(self.shares)} quantiles in {data!r}")
        return "".join(others).encode()

    def judge_all(self, data, wrong):
        if self.format == "null":
            wanted = b"" if self.path is None else None
        elif self.format == "digest":
            wanted = expected.digest(self.written, self.rows, self.has_index)
        elif self.format == "npy":
            return self.judge_npy(data, wrong)
        else:
            wanted = expected.head(self.format, self.written, self.names, "index" if self.has_index else None)
            rows = self.lines(self.rows)
            if not self.is_ordered:
                return self.judge_unordered(data, wanted, rows, wrong)
            wanted += b"".join(rows)
        if data != wanted:
            wrong.append(difference(data, wanted))

    def judge_unordered(self, data, head, rows, wrong):
        """Each row once, in any order: whole rows are found at each place, the longest first where one begins another."""
        left, data = {}, data or b""
        for row in rows:
            left[row] = left.get(row, 0) + 1
        if not data.startswith(head):
            return wrong.append(difference(data[:len(head)], head))
        if sorted(data[len(head):]) != sorted(b"".join(rows)):
            return wrong.append(f"unordered: {data[:300]!r} has not the bytes of {b''.join(rows)[:300]!r}")
        if b"\n" in b"".join(row[:-1] for row in rows):
            return None  # rows of several lines: their bytes are all there
        if self.format != "raw" and sorted(data[len(head):].splitlines(True)) != sorted(rows):
            wrong.append(f"unordered: {data[:300]!r}, expected the rows of {b''.join(rows)[:300]!r}")
        return None

    def judge_npy(self, data, wrong):
        shape = tuple(self.axes) if self.is_product and self.is_ordered else (len(self.rows),)
        wanted = expected.npy_bytes(self.written, self.names, self.rows, self.has_index, shape)
        try:
            saved = numpy.load(io.BytesIO(data))
        except Exception as error:  # whatever numpy thinks of it
            return wrong.append(f"numpy.load: {error}: {(data or b'')[:200]!r}")
        if (saved.dtype, saved.shape) != (wanted.dtype, wanted.shape):
            wrong.append(f"npy of {saved.dtype} {saved.shape}, expected {wanted.dtype} {wanted.shape}")
        elif self.is_ordered and saved.tobytes() != wanted.tobytes():
            wrong.append(difference(saved.tobytes(), wanted.tobytes()))
        elif sorted(item.tobytes() for item in saved.reshape(-1)) != sorted(item.tobytes() for item in wanted.reshape(-1)):
            wrong.append(f"unordered npy: {saved!r}, expected {wanted!r}")
        return None

    def judge_beginning(self, data, wrong):
        """An imap that ended early: a correct beginning."""
        if self.format == "npy":
            return
        head = expected.head(self.format, self.written, self.names, "index" if self.has_index else None)
        lines = self.lines(self.rows)
        if self.is_ordered and self.is_first_told() and self.policy == "stop" and self.inputs.bad is None and self.lost:
            least = sum(i < self.lost[0] for i, _ in self.rows)
            if sum(map(len, lines[:least])) + len(head) * (least > 0) > len(data):
                wrong.append(f"{len(data)} bytes, although all {least} items before the failed one are known")
        if not data:
            return  # nothing came as far as the output
        if self.is_ordered and not (head + b"".join(lines)).startswith(data):
            wrong.append("no beginning: " + difference(data, head + b"".join(lines)))
        if self.is_ordered and len(data) > len(head):
            ends = {len(head)}
            at = len(head)
            for line in lines:
                at += len(line)
                ends.add(at)
            if len(data) not in ends:
                wrong.append(f"half a row at the end: {data[-100:]!r}")
        if not self.is_ordered and self.format != "raw" and b"\n" not in b"".join(line[:-1] for line in lines):
            known = set(lines)
            strange = [line for line in data[len(head):].splitlines(True) if line not in known]
            if strange:
                wrong.append(f"rows that do not exist: {strange[:5]}")

    def words(self, i):
        return expected.call(self.shown, self.items[i])

    def reason_of(self, i):
        if i == self.unreadable:
            return "cannot be read"
        failed = self.kernel.answer(i, *self.items[i])
        if not isinstance(failed, kernels.Failed):
            return None  # its dtype
        return failed.reason or self.reason

    def judge_words(self, result, wrong):
        if self.policy == "stop":
            found = re.search(r"^pengine: item (\d+): (.*)", result.err, re.MULTILINE | re.DOTALL)
        elif self.ends_early:
            found = re.search(r"max_failures: \d+ items? failed, \d+ (?:was|were) allowed; item (\d+): (.*)", result.err, re.DOTALL)
        else:
            said = f"{len(self.lost):,} of {len(self.items):,} item{'s' * (len(self.items) != 1)} failed"
            if self.parts == 1 and f"pengine: {said}" not in result.err:
                wrong.append(f"stderr does not say that {said}")
            return
        if found is None:
            wrong.append("no message names the item")
            return
        item = int(found[1])
        if self.is_first_told() and item != self.lost[0] or item not in self.lost:
            wrong.append(f"item {item} is named, expected {self.lost[0] if self.is_first_told() else self.lost}")
        else:
            cut = self.words(item)[:380] if item != self.unreadable else ""
            if not found[2].startswith(cut):
                wrong.append(f"the item is told as {found[2]!r}, expected {cut!r}")
            if self.reason_of(item) and len(cut) < 300 and self.reason_of(item) not in found[2]:
                wrong.append(f"the reason is told as {found[2]!r}, expected {self.reason_of(item)!r}")

    def judge_log(self, path, wrong):
        if not path.exists():
            wrong.append("no errors.log")
            return
        rows = expected.log_rows(path.read_bytes())
        told = [row[0] for row in rows]
        if self.policy == "stop" and self.lost:
            if len(told) != 1 or told[0] not in self.lost or self.is_first_told() and told[0] != self.lost[0]:
                wrong.append(f"errors.log has the items {told}, expected {self.lost[:1]}")
                return
            self.judge_rows(rows, wrong)
            return
        if told != self.lost if not self.ends_early else told != sorted(set(told)) or not set(told) <= set(self.lost):
            wrong.append(f"errors.log has the items {told}, expected {self.lost}")
            return
        if self.ends_early and self.is_ordered and told != self.lost[:len(told)]:
            wrong.append(f"errors.log has the items {told}, which are not the first of {self.lost}")
        self.judge_rows(rows, wrong)

    def judge_rows(self, rows, wrong):
        for item, arguments, reason, attempts in rows:
            wanted = [expected.logged(value) for value in self.items[item]]
            if arguments != wanted and item != self.unreadable:
                wrong.append(f"errors.log has {arguments!r} for item {item}, expected {wanted!r}")
            if (self.reason_of(item) or "") not in reason:
                wrong.append(f"errors.log has the reason {reason!r} for item {item}, expected {self.reason_of(item)!r}")
            if self.reason_of(item) and item != self.unreadable and attempts != self.retries + 1:
                wrong.append(f"errors.log has {attempts} attempts for item {item}, expected {self.retries + 1}")


def difference(got, wanted):
    if got is None or wanted is None:
        return f"got {(got if got is None else got[:300])!r}, expected {(wanted if wanted is None else wanted[:300])!r}"
    at = next((k for k, (a, b) in enumerate(zip(got, wanted)) if a != b), min(len(got), len(wanted)))
    return (f"{len(got)} bytes, expected {len(wanted)}; from byte {at}: {got[at:at + 80]!r}, "
            f"expected {wanted[at:at + 80]!r}")


class Fuzz:
    def __init__(self, seed, keep, scratch):
        self.seed, self.keep, self.scratch = seed, keep, scratch
        self.shared = scratch / "shared"
        self.shared.mkdir()
        (self.shared / "k.c").write_text(kernels.C)
        (self.shared / "k.py").write_text(kernels.PYTHON)
        (self.shared / "plugin.c").write_text(kernels.PLUGIN)
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", f"-I{ROOT}/engine/include", "plugin.c", "-o", "k.so"],
                       cwd=self.shared, check=True)

    def run(self, number):
        """None, or all about a job that differs."""
        job = Job(self.seed, number)
        folder = self.scratch / f"job{number}"
        folder.mkdir()
        for name in ("k.c", "k.py", "k.so"):
            (folder / name).symlink_to(self.shared / name)
        for name, data in job.inputs.files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(data)
        (folder / "job.toml").write_text(job.text())
        if job.inputs.stdin is not None:
            (folder / "stdin").write_bytes(job.inputs.stdin)
        result, wrong = None, []
        try:
            result = self.run_parts(job, folder) if job.parts > 1 else self.run_pengine(job, folder)
            wrong = job.judge(folder, result)
        except AssertionError as error:
            wrong = [str(error)]
        if wrong:
            return self.report(job, folder, result, wrong)
        shutil.rmtree(folder)
        return None

    def run_pengine(self, job, folder, *options):
        process = start(["-q", *options, "job.toml"], job.ranks, cwd=folder,
                        env={"XDG_CACHE_HOME": str(self.shared / "cache"), "TMPDIR": str(folder)},
                        stdin=subprocess.DEVNULL if job.inputs.stdin is None else subprocess.PIPE)
        return finish(process, job.inputs.stdin)

    def run_parts(self, job, folder):
        """The parts of a job one by one, or the first and all that follows it, joined to what the whole would have left."""
        runs = [("--part", f"{k}/{job.parts}") for k in range(1, job.parts + 1)]
        if job.draw.random() < 0.3:
            runs[1:] = [("--skip", str(-(-len(job.items) // job.parts)))]
        joined, logs, code, said = b"", b"", 0, ""
        for options in runs:
            result = self.run_pengine(job, folder, *options)
            data = (folder / job.path).read_bytes() if job.path else result.out
            log = (folder / "failed.csv").read_bytes() if job.has_log else b""
            if options != runs[0]:
                data = data.partition(b"\n")[2] if job.format in ("csv", "tsv") else data
                log = log.partition(b"\n")[2]
            for name in (job.path, "failed.csv"):  # --skip replaces no file
                if name is not None and (folder / name).exists():
                    (folder / name).unlink()
            joined, logs, code, said = joined + data, logs + log, max(code, result.code), said + result.err
        if job.path:
            (folder / job.path).write_bytes(joined)
        if job.has_log:
            (folder / "failed.csv").write_bytes(logs)
        return Result(code, b"" if job.path else joined, said.encode(), 0)

    def report(self, job, folder, result, wrong):
        where = ""
        if self.keep is not None:
            kept = self.keep / f"{self.seed}-{job.number}"
            shutil.copytree(folder, kept, dirs_exist_ok=True)
            where = f"files are in {kept}\n"
        launcher = f"mpirun -n {job.ranks} " if job.ranks else f"(in {job.parts} parts) " if job.parts > 1 else ""
        return (f"==== job {job.number} of seed {self.seed}: replay with test_jobs.py {self.seed} --only {job.number}\n"
                f"{where}{launcher}pengine -q job.toml{' <stdin' if job.inputs.stdin is not None else ''}, where job.toml is\n"
                f"{job.text()}---- {len(job.items)} items, of which fail {job.lost[:20]}\n---- "
                + "\n---- ".join(wrong) + f"\n---- {result}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seed", nargs="?", type=int, default=1)
    parser.add_argument("count", nargs="?", type=int, default=120)
    parser.add_argument("--only", type=int, help="this job alone")
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for the files of jobs that differ")
    given = parser.parse_args()
    binary()
    numbers = [given.only] if given.only is not None else range(given.count // 4 if IS_SANITIZED else given.count)
    with tempfile.TemporaryDirectory(prefix="pengine-jobs-") as scratch, \
            concurrent.futures.ThreadPoolExecutor(given.at_once) as pool:
        fuzz = Fuzz(given.seed, given.keep, pathlib.Path(scratch))
        differing = 0
        for number, about in zip(numbers, pool.map(fuzz.run, numbers)):
            if about is not None:
                differing += 1
                print(about, flush=True)
    print(f"{len(numbers)} jobs of seed {given.seed}, {differing} differ", file=sys.stderr)
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
