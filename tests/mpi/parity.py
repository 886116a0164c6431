# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The same bytes from any ranks, threads, schedule and chunk size; of the unordered modes the same items, each once.

Design: with PENGINE_FULL=1 the key job (imap of an uneven kernel) runs in the full cross of all factors, else in a third of it, in which
every two factors still meet. The other jobs, one for each mode, input and sink, run in half a cover: over all jobs, every rank count meets
every thread count, and each of these every schedule and chunk size. Expected values are computed by Python or numpy, never taken from
another run. With PARITY_EVERY=N only one of N cells with several ranks is run, for launchers that are slow.
"""
import concurrent.futures
import fractions
import itertools
import math
import os
import sys
import time

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from harness import Case, IS_FULL, IS_SANITIZED, finish, int128_bytes, lines, main, start, toml, xxh3_128  # noqa: E402
from test_kernels import escape, steps  # noqa: E402

RANKS, THREADS, SCHEDULES = (1, 2, 3, 4, 7), (1, 2, 3), ("static", "dynamic")
ITEMS = 1501
CHUNKS = (1, 64, "auto", 10 * ITEMS)
OPS = ["sum", "min", "max", "mean", "count"]
EVERY = int(os.environ.get("PARITY_EVERY", "0"))
AT_ONCE = 4 if EVERY else 2  # a run between hosts spends most of its time waiting
CELLS = list(itertools.product(RANKS, THREADS, SCHEDULES, CHUNKS))
SOME = CELLS if IS_FULL else [cell for cell in CELLS if (RANKS.index(cell[0]) + cell[1] + CHUNKS.index(cell[3])) % 3 == 0]


def cover(shift):
    """Every pair of ranks and threads once, or every other one; the other factors change from pair to pair."""
    for number, (ranks, threads) in enumerate(itertools.product(RANKS, THREADS)):
        if not IS_FULL and (number + shift // 2) % 2:
            continue
        turn = number + shift + number // len(CHUNKS)
        yield ranks, threads, SCHEDULES[turn % 2], CHUNKS[(turn // 2) % len(CHUNKS)]


def allowed(*cells):
    """Those whose ranks are not too many for a sanitizer."""
    return [cell for cell in cells if cell[0] <= 3 or not IS_SANITIZED]


def table(head, rows):
    return "".join(",".join(map(str, row)) + "\n" for row in [head, *rows]).encode()


class Parity(Case):
    def run_cell(self, job, name, cell, stdin, number):
        ranks, threads, schedule, chunk = cell
        folder = self.dir / str(number)
        folder.mkdir()
        for path in self.dir.glob("in.*"):
            (folder / path.name).symlink_to(path)
        (folder / "job.toml").write_text(job)
        args = ["-q", "-t", threads, "-s", f'pool.schedule="{schedule}"', "-s",
                f"pool.chunk_size={chunk}" if chunk != "auto" else 'pool.chunk_size="auto"', "job.toml"]
        result = finish(start(args, 0 if ranks == 1 else ranks, cwd=folder, stdin=-3 if stdin is None else -1), stdin)
        if result.code != 0:
            return f"{cell}: {result}"
        return result.out if name is None else (folder / name).read_bytes()

    def all_cells(self, cells, job, name, check, stdin=None):
        """Runs a job in many cells, AT_ONCE at a time; check is given the bytes of each."""
        cells = list(cells)
        if IS_SANITIZED:
            cells = allowed(*cells)[::2 if len(cells) < 20 else 5]
        if EVERY:
            cells = [cell for cell in cells if cell[0] > 1][::EVERY]
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            number = itertools.count()
            runs = [(cell, pool.submit(self.run_cell, job, name, cell, stdin, next(number))) for cell in cells]
            for cell, run in runs:
                with self.subTest("ranks {}, threads {}, {}, chunk {}".format(*cell)):
                    got = run.result()
                    self.assertIsInstance(got, bytes, got)
                    check(got)

    def same(self, wanted):
        wanted = wanted if isinstance(wanted, bytes) else wanted.encode()

        def check(got):
            if got != wanted:
                at = next((i for i, (a, b) in enumerate(zip(got, wanted)) if a != b), min(len(got), len(wanted)))
                self.fail(f"{len(got)} bytes, expected {len(wanted)}; from byte {at}: {got[at:at + 60]!r}, "
                          f"expected {wanted[at:at + 60]!r}")
        return check

    def each_once(self, wanted):
        wanted = sorted(wanted)
        return lambda got: self.assertEqual(sorted(got.splitlines()), wanted)

    def test_key_job_has_the_same_bytes_in_every_cell(self):
        job = toml(mode="imap", input={"range": [1, ITEMS + 1]}, kernel={"name": "collatz_steps"},
                   output={"path": "out.csv", "index": True})
        rows = [(i, steps(i + 1)) for i in range(ITEMS)]
        begun = time.monotonic()
        self.all_cells(SOME, job, "out.csv", self.same(table(("index", "result"), rows)))
        print(f"{len(SOME)} cells in {time.monotonic() - begun:.0f} s", file=sys.stderr)

    def test_map_to_stdout(self):
        job = toml(mode="map", input={"range": [-700, 801]}, kernel={"name": "square"})
        self.all_cells(cover(0), job, None, self.same(lines(x * x for x in range(-700, 801))))

    def test_starmap_of_a_product_to_npy(self):
        x, y = numpy.linspace(-2, 0.5, 41), numpy.linspace(-1.2, 1.2, 29)
        job = toml(mode="starmap", combine="product", input=[{"linspace": [-2.0, 0.5, 41]}, {"linspace": [-1.2, 1.2, 29]}],
                   kernel={"name": "mandelbrot"}, output={"path": "out.npy"})
        counts = [escape(a, b) for a, b in itertools.product(x.tolist(), y.tolist())]

        def check(got):
            (self.dir / "got.npy").write_bytes(got)
            saved = numpy.load(self.dir / "got.npy")
            self.assertEqual((saved.shape, saved.ravel().tolist()), ((41, 29), counts))
        self.all_cells(cover(1), job, "out.npy", check)

    def test_istarmap_of_csv_and_npy_to_csv(self):
        draw = numpy.random.default_rng(1)
        x, y = draw.integers(-10**6, 10**6, ITEMS), draw.integers(1, 1000, ITEMS)
        self.write("in.npy", y)
        self.write("in.csv", "text,x\n" + "".join(f'"a\n{"b" * (i % 50)}",{v}\n' for i, v in enumerate(x)))
        job = toml(mode="istarmap", input=[{"path": "in.csv", "columns": ["x"]}, {"path": "in.npy"}],
                   kernel={"name": "divmod"}, output={"path": "out.csv", "names": ["q", "r"]})
        self.all_cells(cover(2), job, "out.csv", self.same(table(("q", "r"), map(divmod, x.tolist(), y.tolist()))))

    def test_imap_of_int128_to_digest(self):
        first = 10**11
        job = toml(mode="imap", input={"range": [first, first + ITEMS], "dtype": "int128"}, kernel={"name": "square"},
                   output={"format": "digest"})
        data = int128_bytes(x * x for x in range(first, first + ITEMS))
        self.all_cells(cover(3), job, None, self.same(f"items={ITEMS} bytes={len(data)} xxh3_128={xxh3_128(data)}\n"))

    def test_imap_of_text_lines_to_txt(self):
        texts = [f"line {i} " + "é" * (i * i % 83) for i in range(ITEMS)]
        self.write("in.txt", lines(texts))
        job = toml(mode="imap", input={"path": "in.txt"}, kernel={"name": "text_upper"}, output={"path": "out.txt"})
        wanted = lines("".join(c.upper() if c.isascii() else c for c in text) for text in texts)
        self.all_cells(cover(4), job, "out.txt", self.same(wanted))

    def test_map_of_stdin_to_raw(self):
        values = numpy.random.default_rng(2).normal(size=ITEMS)
        job = toml(mode="map", input={"path": "-", "format": "raw", "dtype": "float64"}, kernel={"name": "square"},
                   output={"path": "out.raw"})
        self.all_cells(cover(5), job, "out.raw", self.same((values * values).tobytes()), values.tobytes())

    def test_imap_of_stdin_lines_to_stdout(self):
        texts = [f"{i} " + "x" * (i % 61) for i in range(ITEMS)]
        job = toml(mode="imap", input={"path": "-", "format": "txt"}, kernel={"name": "text_upper"})
        self.all_cells(cover(6), job, None, self.same(lines(texts).upper()), lines(texts).encode())

    def test_imap_unordered_has_each_item_once(self):
        job = toml(mode="imap_unordered", input={"range": [1, ITEMS + 1]}, kernel={"name": "collatz_steps"},
                   output={"path": "out.txt", "index": True})
        self.all_cells(cover(7), job, "out.txt", self.each_once(f"{i} {steps(i + 1)}".encode() for i in range(ITEMS)))

    def test_istarmap_unordered_has_each_item_once(self):
        job = toml(mode="istarmap_unordered", input=[{"range": [0, ITEMS]}, {"range": [ITEMS, 0, -1]}],
                   kernel={"name": "sum_of_squares"}, output={"index": True})
        self.all_cells(cover(8), job, None, self.each_once(f"{i} {i * i + (ITEMS - i) ** 2}".encode() for i in range(ITEMS)))

    def test_rows_written_by_each_rank_or_gathered_are_the_same(self):
        wanted = numpy.arange(ITEMS, dtype="<i8") ** 2
        for gather in ("auto", "root"):
            for mode, name in (("map", "out.raw"), ("imap", "out.npy")):
                job = toml(mode=mode, input={"range": [0, ITEMS]}, kernel={"name": "square"},
                           output={"path": name, "gather": gather})
                for cell in allowed((2, 2, "dynamic", 64), (3, 1, "static", 1), (4, 1, "dynamic", "auto")):
                    with self.subTest((gather, name, cell)):
                        got = self.run_cell(job, name, cell, None, f"{gather}-{name}-{cell[0]}")
                        self.assertIsInstance(got, bytes, got)
                        self.assertEqual(got[-wanted.nbytes:], wanted.tobytes())
                        self.assertEqual(len(got), wanted.nbytes + (128 if name == "out.npy" else 0))

    def test_reduction_of_floats_far_apart(self):
        draw = numpy.random.default_rng(3)
        values = draw.normal(size=4 * ITEMS) * 2.0 ** draw.integers(-200, 200, 4 * ITEMS)
        self.write("in.npy", values)
        cubes = (values * values * values).tolist()
        mean = float(sum(map(fractions.Fraction, cubes)) / len(cubes))
        wanted = zip(OPS, (math.fsum(cubes), min(cubes), max(cubes), mean, len(cubes)))
        job = toml(mode="imap_unordered", input={"path": "in.npy"}, kernel={"name": "cube"}, reduce={"op": OPS})
        self.all_cells(cover(9), job, None, self.same("".join(f"{op}\t{value}\n" for op, value in wanted)))

    def test_reduction_of_a_product(self):
        job = toml(mode="starmap", combine="product", input=[{"range": [0, 97]}, {"range": [1, 32]}],
                   kernel={"name": "divmod"}, reduce={"op": OPS, "path": "out.csv", "names": ["q", "r"]})
        columns = list(zip(*(divmod(x, y) for x, y in itertools.product(range(97), range(1, 32)))))
        rows = [[op, *map(of, columns)] for op, of in zip(OPS, (sum, min, max, lambda c: sum(c) / len(c), len))]
        self.all_cells(cover(10), job, "out.csv", self.same(table(("op", "q", "r"), rows)))

    def test_few_items_for_many_ranks(self):
        for items in (0, 1, 2, 5):
            job = toml(mode="imap", input={"range": [0, items]}, kernel={"name": "square"}, output={"path": "out.npy"})

            def check(got):
                (self.dir / "got.npy").write_bytes(got)
                self.assertEqual(numpy.load(self.dir / "got.npy").tolist(), [x * x for x in range(items)])
            for cell in allowed((2, 1, "static", 1), (7, 2, "dynamic", 1), (4, 1, "static", "auto")):
                with self.subTest((items, cell)):
                    check_bytes = self.run_cell(job, "out.npy", cell, None, f"few-{items}-{cell[0]}")
                    self.assertIsInstance(check_bytes, bytes, check_bytes)
                    check(check_bytes)


class Cover(Case):
    def test_every_two_factors_meet(self):
        for jobs in (SOME, [cell for shift in range(11) for cell in cover(shift)]):
            for one, two in itertools.combinations(range(4), 2):
                factors = (RANKS, THREADS, SCHEDULES, CHUNKS)
                met = {(cell[one], cell[two]) for cell in jobs}
                self.assertEqual(met, set(itertools.product(factors[one], factors[two])))


if __name__ == "__main__":
    main()
