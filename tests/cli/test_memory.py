# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The peak memory of every rank stays under what --plan printed, however uneven the items and however slow the reader.

Design: one chunk takes a thousand times longer than the others (numbers with long Collatz paths, inner points of the Mandelbrot set).
Without a window, the results of all later chunks would fill the memory. A stopped rank and a reader that pauses do the same for longer.
The peak is Linux's figure for each rank after its end (peak.py).
"""
import hashlib
import os
import re
import signal
import sys
import time

import numpy

from harness import HAS_MPI, Case, finish, lines, main, needs_mpi, not_sanitized, ranks_of, squares, start, toml

MIB = 1 << 20
UNITS = {"b": 1, "kib": 1 << 10, "mib": MIB, "gib": 1 << 30, "kb": 1000, "mb": 10**6, "gb": 10**9}
MODES = ("map", "imap", "imap_unordered", "starmap", "istarmap", "istarmap_unordered")
ITEMS = 6_000_000
SLOW = 670617279  # 986 steps; 1 has none
POOL = {"threads": 2, "memory": "24 MiB"}
WAITING = """
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <time.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Atomic int64_t *computed; /* by all ranks */

static void look(void)
{
    computed = mmap(NULL, sizeof *computed, PROT_READ | PROT_WRITE, MAP_SHARED, open("count", O_RDWR), 0);
}

int64_t f(int64_t x, int64_t enough)
{
    pthread_once(&once, look);
    if (x != 7) {
        for (volatile int i = 0; i < 500; i++)
            continue;
        atomic_fetch_add(computed, 1);
        return 1;
    }
    for (int i = 0; i < 2000 && atomic_load(computed) < enough; i++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    return atomic_load(computed) >= enough;
}
"""


def planned_bytes(text):
    """The peak per rank that a plan prints: the largest figure with a unit in a line on memory."""
    figures = [float(number.replace(",", "")) * UNITS[unit.lower()]
               for line in text.splitlines() if re.search("memory|peak", line, re.IGNORECASE)
               for number, unit in re.findall(r"([\d.,]+) ?([kmg]?i?b)\b", line, re.IGNORECASE)]
    return max(figures)


@not_sanitized
class Memory(Case):
    def plan(self, ranks=0, stdin=None):
        result = self.run_args("--plan", "job.toml", ranks=ranks, stdin=stdin)
        self.assertEqual(result.code, 0, str(result))
        return planned_bytes(result.text + result.err)

    def start(self, ranks=0, **popen):
        (self.dir / "peaks").unlink(missing_ok=True)
        return start(["job.toml"], ranks, cwd=self.dir, peaks=self.dir / "peaks", **popen)

    def stays_below(self, limit, process, ranks=0, stdin=None, code=0):
        result = finish(process, stdin)
        self.assertEqual(result.code, code, str(result))
        peaks = [int(line) for line in (self.dir / "peaks").read_text().split()]
        self.assertEqual(len(peaks), max(1, ranks))
        self.assertLessEqual(max(peaks), limit, f"peaks {peaks} over the planned {limit:.0f}")
        return result

    def stays_planned(self, job, ranks=0):
        self.write("job.toml", job)
        return self.stays_below(self.plan(ranks), self.start(ranks), ranks)

    def skewed(self):
        values = numpy.ones(ITEMS, numpy.int64)
        values[:50_000] = SLOW
        values[ITEMS // 2:ITEMS // 2 + 50_000] = SLOW
        self.write("in.npy", values)
        return numpy.where(values == SLOW, 986, 0)

    def is_result(self, mode, wanted):
        saved = numpy.load(self.dir / "out.npy")
        if "unordered" in mode:
            saved, wanted = numpy.sort(saved), numpy.sort(wanted)
        numpy.testing.assert_array_equal(saved, wanted)

    def test_slow_items_keep_every_mode_within_the_plan(self):
        wanted = self.skewed()
        for mode in MODES:
            for schedule in ("static", "dynamic"):
                with self.subTest((mode, schedule)):
                    self.stays_planned(toml(mode=mode, input={"path": "in.npy"}, kernel={"name": "collatz_steps"},
                                            output={"path": "out.npy"}, pool={**POOL, "schedule": schedule}))
                    self.is_result(mode, wanted)

    @needs_mpi
    def test_slow_items_keep_three_ranks_within_the_plan(self):
        wanted = self.skewed()
        for mode, schedule in (("map", "dynamic"), ("imap", "static"), ("imap", "dynamic"), ("imap_unordered", "dynamic")):
            with self.subTest((mode, schedule)):
                self.stays_planned(toml(mode=mode, input={"path": "in.npy"}, kernel={"name": "collatz_steps"},
                                        output={"path": "out.npy"}, pool={**POOL, "schedule": schedule}), ranks=3)
                self.is_result(mode, wanted)

    def test_slow_points_of_a_csv_stay_within_the_plan(self):
        points = ["0.0,0.0"] * 3000 + ["3.0,0.0"] * 400_000
        self.write("in.csv", "x,y\n" + lines(points))
        self.stays_planned(toml(mode="istarmap", input={"path": "in.csv"}, kernel={"name": "mandelbrot"},
                                output={"path": "out.txt"}, pool=POOL))
        self.assertEqual((self.dir / "out.txt").read_text(), "1000\n" * 3000 + "1\n" * 400_000)

    def test_one_slow_item_delays_no_other_while_there_is_memory(self):
        """Item 7 waits until the others have computed this many items, 20 s at most; its result says whether they have."""
        self.write("f.c", WAITING)
        kernel = {"source": "f.c", "function": "f", "signature": "(int64, int64) -> int64"}
        items = 2_000_000
        for ranks, path, enough in ((0, "out.npy", 1_500_000), (0, "out.txt", 800_000), (3, "out.npy", 1_500_000),
                                    (3, "out.txt", 300_000)):
            if ranks > 0 and not HAS_MPI:
                continue
            with self.subTest((ranks, path)):
                self.write("count", bytes(8))
                self.stays_planned(toml(mode="istarmap", input=[{"range": [0, items]}, {"value": enough}], kernel=kernel,
                                        output={"path": path}, pool={"threads": 1 if ranks > 0 else 2}), ranks)
                saved = self.dir / path
                values = numpy.load(saved) if path == "out.npy" else numpy.loadtxt(saved, numpy.int64)
                self.assertEqual(values[7], 1)
                self.assertEqual(values.sum(), items)

    @needs_mpi
    def test_reductions_of_wide_vectors_stay_within_the_plan(self):
        self.write("f.c", "void f(double x, double *out) { for (int i = 0; i < 20000; i++) out[i] = x * i; }\n")
        kernel = {"source": "f.c", "function": "f", "signature": "(float64) -> float64[20000]"}
        job = toml(input={"range": [0.0, 1000.0]}, kernel=kernel, reduce={"op": ["sum", "min"]}, pool={"threads": 2})
        for ranks in (0, 3):
            with self.subTest(ranks):
                result = self.stays_planned(job, ranks)
                sums, _ = result.text.splitlines()
                self.assertEqual(sums.split("\t")[1:], [repr(499500.0 * i) for i in range(20000)])

    @needs_mpi
    def test_quantiles_fit_the_default_and_stay_within_the_plan(self):
        """Floats of both signs and of all exponents, which fill the tables; the last checkpoint has copies of full ones."""
        values = numpy.random.default_rng(1).integers(0, 2**64, 2_000_000, dtype=numpy.uint64).view(numpy.float64)
        values = values[~numpy.isnan(values)]
        self.write("v.npy", values)
        half = numpy.sort(values)[len(values) // 2]
        results = ["x", "-x", "x*0.5", "x"]
        for threads, ranks in ((2, 0), (64, 0), (2, 2)):
            for more in ({}, {"checkpoint": {"path": "state", "interval": "10 ms", "keep": True}}) if threads < 64 else ({},):
                with self.subTest(threads=threads, ranks=ranks, **more):
                    (self.dir / "state").unlink(missing_ok=True)
                    result = self.stays_planned(toml(mode="map", input={"path": "v.npy"}, kernel={"expr": results},
                                                     reduce={"quantiles": [0.5]}, pool={"threads": threads}, **more), ranks)
                    found = [float(field) for field in result.text.splitlines()[1].split("\t")[1:]]
                    self.assertEqual(len(found), len(results))
                    self.assertLess(abs(found[0] / half - 1), 1e-3)

    def test_lines_of_failed_items_stay_within_the_plan(self):
        """Their reasons are longer than the plan takes them to be, and wait behind the first item."""
        self.write("k.py", "import time\n\ndef f(x):\n    if x == 0:\n        time.sleep(1.5)\n    raise ValueError('e' * 4000)\n")
        job = toml(input={"range": [0, 15000]}, kernel={"python": "k.py:f", "interpreter": sys.executable, "signature": "(int64) -> int64"},
                   output={"path": "o.txt"}, errors={"on_error": "skip", "log": "failed.csv"}, pool={**POOL, "memory": "16 MiB"})
        self.write("job.toml", job)
        limit = self.plan()
        self.stays_below(limit, self.start(), code=1)
        self.assertEqual(len((self.dir / "failed.csv").read_bytes().splitlines()), 15001)

    @needs_mpi
    def test_stopped_rank_keeps_the_others_within_the_plan(self):
        for mode in ("map", "imap"):
            for schedule in ("static", "dynamic"):
                with self.subTest((mode, schedule)):
                    self.stopped(mode, schedule)

    def stopped(self, mode, schedule):
        items = 400_000_000
        self.write("job.toml", squares(items, mode, output={"format": "null"},
                                       pool={**POOL, "schedule": schedule, "threads": 1}))
        limit = self.plan(3)
        process = self.start(3)
        victim = None
        until = time.monotonic() + 20
        while victim is None and time.monotonic() < until and process.poll() is None:
            ranks = ranks_of(process.pid)
            victim = max(ranks) if len(ranks) == 3 else None
        time.sleep(0.15)
        if victim is not None and process.poll() is None:
            os.kill(victim, signal.SIGSTOP)
            time.sleep(1.5)
            os.kill(victim, signal.SIGCONT)
        self.stays_below(limit, process, 3)

    def test_reader_that_waits_keeps_imap_within_the_plan(self):
        self.write("job.toml", squares(20_000_000, "imap", output={"format": "raw"}, pool=POOL))
        limit = self.plan()
        process = self.start(bufsize=0)
        first = process.stdout.read(8 * 1000)
        time.sleep(1)
        result = self.stays_below(limit, process)
        numpy.testing.assert_array_equal(numpy.frombuffer(first + result.out, "<i8"), numpy.arange(20_000_000) ** 2)

    def test_map_to_stdout_stays_within_the_plan(self):
        result = self.stays_planned(squares(5_000_000, "map", output={"format": "raw"}, pool={"threads": 2}))
        numpy.testing.assert_array_equal(numpy.frombuffer(result.out, "<i8"), numpy.arange(5_000_000) ** 2)

    def test_lines_of_stdin_stay_within_the_plan(self):
        text = lines(f"line {i} of many" for i in range(300_000)).encode() * 4
        for mode in ("imap", "map"):
            with self.subTest(mode):
                self.write("job.toml", toml(mode=mode, input={"path": "-", "format": "txt"}, kernel={"name": "text_upper"},
                                            output={"path": "out.txt"}, pool=POOL))
                self.stays_below(self.plan(stdin=b""), self.start(stdin=-1), stdin=text)
                self.assertEqual((self.dir / "out.txt").read_bytes(), text.upper())

    def test_long_lines_of_stdin_stay_near_the_plan(self):
        """The length of a stream's items is not known beforehand: the bound is the plan's and a few of the longest items a worker."""
        longest = 5_000_000
        text = (b"x" * longest + b"\n" + b"short\n" * 1000) * 60
        self.write("job.toml", toml(mode="imap", input={"path": "-", "format": "txt"}, kernel={"name": "text_upper"},
                                    output={"path": "out.txt"}, pool=POOL))
        limit = self.plan(stdin=b"") + 4 * (POOL["threads"] + 1) * longest
        self.stays_below(limit, self.start(stdin=-1), stdin=text)
        self.assertEqual((self.dir / "out.txt").read_bytes(), text.upper())

    def test_many_workers_on_few_cores_stay_within_the_plan(self):
        """Long and short texts alternate, so chunks of every size are made, and freed by other threads than made them."""
        for output in ({"format": "raw", "path": "/dev/null"}, {"format": "digest"}):
            with self.subTest(output):
                self.stays_planned(toml(mode="imap", input={"range": [0, 100_000_000], "dtype": "int128"},
                                        kernel={"name": "square"}, output=output, pool={"threads": 8 * len(os.sched_getaffinity(0))}))

    def test_file_larger_than_the_memory_stays_within_the_plan(self):
        values = numpy.arange(12_000_000, dtype=float)
        self.write("in.npy", values)
        self.stays_planned(toml(mode="map", input={"path": "in.npy"}, kernel={"name": "square"}, output={"path": "out.npy"},
                                pool=POOL))
        numpy.testing.assert_array_equal(numpy.load(self.dir / "out.npy"), values**2)


@not_sanitized
class Growth(Case):
    """The resident set under 64 MB and no function of the number of items."""

    def peak(self, items, ranks=0, sink="digest", read=None):
        self.write("job.toml", squares(items, "imap", output={"format": sink}))
        (self.dir / "peaks").unlink(missing_ok=True)
        process = start(["job.toml"], ranks, cwd=self.dir, peaks=self.dir / "peaks")
        if read is not None:
            read(process.stdout)
        result = finish(process)
        self.assertEqual(result.code, 0, str(result))
        return max(map(int, (self.dir / "peaks").read_text().split()))

    def test_imap_to_digest_does_not_grow(self):
        self.assertLess(self.peak(400_000_000), 64 * 10**6)

    def test_plan_of_imap_does_not_grow(self):
        planned = []
        for items in (10**9, 10**15):
            result = self.run_job(squares(items, "imap", output={"format": "digest"}), "--plan")
            planned.append(planned_bytes(result.text + result.err))
        self.assertLess(max(planned), 64 * 10**6)
        self.assertLess(abs(planned[1] - planned[0]), MIB)

    def test_imap_to_a_pipe_does_not_grow(self):
        items = 150_000_000
        total = hashlib.sha256()

        def read(pipe):
            while block := pipe.read(1 << 20):
                total.update(block)
        peak = self.peak(items, sink="raw", read=read)
        self.assertLess(peak, 64 * 10**6)
        wanted = hashlib.sha256()
        for first in range(0, items, 10**7):
            wanted.update(numpy.arange(first, min(items, first + 10**7)) ** 2)
        self.assertEqual(total.hexdigest(), wanted.hexdigest())

    @needs_mpi
    def test_imap_of_two_ranks_does_not_grow(self):
        small, large = self.peak(10, ranks=2), self.peak(200_000_000, ranks=2)
        self.assertLess(large - small, 64 * 10**6)


if __name__ == "__main__":
    main()
