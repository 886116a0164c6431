# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Native kernels that crash, exit, hang or are killed, with and without isolation, on one rank and on three.

Expected values: x * 2 by Python; the reasons are those that docs/kernels.md shows.
"""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from harness import Case, HAS_MPI, IS_SANITIZED, PATIENCE, ROOT, finish, main, needs_mpi, start, toml, wait_for  # noqa: E402

KERNEL = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <pengine/kernel.h>

static int64_t param(const pe_setup *setup, const char *name)
{
    for (size_t p = 0; p < setup->param_count; p++)
        if (strcmp(setup->params[p].name, name) == 0)
            return setup->params[p].integer;
    return -1;
}

static int map(pe_batch *b)
{
    static volatile int *volatile nowhere = (volatile int *)64;
    const int64_t *x = b->args[0], bad = param(b->setup, "bad"), how = param(b->setup, "how");
    int64_t *y = b->results[0];
    for (size_t i = 0; i < b->count; i++) {
        y[i] = 2 * x[i];
        if (x[i] != bad && bad != -2)
            continue;
        if (how == 1) *nowhere = 1;
        if (how == 2) abort();
        if (how == 3) exit(3);
        if (how == 4) for (;;) usleep(1000);
        if (how == 5) usleep(100);
        if (how == 6) { puts("printed"); fflush(stdout); }
        if (how == 7) { char *own = malloc(40); memset(own - 4096, 0x55, 1 << 16); free(own); own = malloc(1 << 12); abort(); }
    }
    return 0;
}

static const pe_kernel one = {PE_KERNEL_ABI, sizeof(pe_kernel), "act", "(int64) -> int64", "", map, 0, 0, 0};
static const pe_kernel *const all[] = {&one};
const pe_plugin pengine_plugin = {PE_KERNEL_ABI, sizeof(pe_plugin), 1, all};
"""
SEGV, ABORT, EXIT, HANG, NAP, PRINT, HEAP = 1, 2, 3, 4, 5, 6, 7
REASONS = {SEGV: "crashed: SIGSEGV", ABORT: "crashed: SIGABRT", EXIT: "exited with code 3"}
COUNT = 20_000
PLACES = (0, COUNT // 2, COUNT - 1)
RANKS = (0, 3) if HAS_MPI and not IS_SANITIZED else (0,)


def helpers():
    """The processes in which isolated kernels run."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/comm"):
        try:
            if path.read_text().strip() == "pengine-kernel":
                found.append(int(path.parent.name))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def parent(pid):
    try:
        return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


class Crashes(Case):
    def setUp(self):
        super().setUp()
        self.write("act.c", KERNEL)
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-I", ROOT / "engine/include", "act.c", "-o", "act.so"],
                       cwd=self.dir, check=True)

    def job(self, bad, how, out="out.npy", mode="map", count=COUNT, **more):
        kernel = {"plugin": "act.so", "params.bad": bad, "params.how": how, **more.pop("kernel", {})}
        return toml(mode=mode, input={"range": [0, count]}, kernel=kernel, output={"path": out}, **more)

    def isolated(self, bad, how, **more):
        errors = {"on_error": "fill", "fill": -1, "log": "failed.csv", **more.pop("errors", {})}
        return self.job(bad, how, kernel={"isolate": True}, errors=errors, **more)

    def check_filled(self, bad, reason):
        wanted = numpy.arange(COUNT) * 2
        wanted[bad] = -1
        numpy.testing.assert_array_equal(numpy.load(self.dir / "out.npy"), wanted)
        rows = (self.dir / "failed.csv").read_text().splitlines()[1:]
        self.assertEqual([row.split(",")[:3] for row in rows], [[str(bad), str(bad), reason]])


class Alone(Crashes):
    """Without isolation: the job ends at once."""

    def ends(self, job, ranks, *needles):
        for path in self.dir.glob("out.*"):
            path.unlink()
        result = self.run_job(job, "-q", "-t", "2" if ranks == 0 else "1", ranks=ranks)
        self.assertEqual(result.code, 1, str(result))
        said = [line for line in result.err.splitlines() if line.startswith("pengine: ") and "cores" not in line]
        self.assertEqual(len(said), 1, str(result))
        for needle in needles:
            self.assertIn(needle, said[0])
        return result

    def test_each_way_names_the_item_and_leaves_nothing(self):
        for how, reason in REASONS.items():
            for bad in PLACES:
                with self.subTest(how=how, bad=bad):
                    self.ends(self.job(bad, how), 0, f"item {bad}: act({bad}): {reason}")
                    self.assertEqual(list(self.dir.glob("out.*")), [])

    def test_stats_report_and_trace_are_written(self):
        for how, reason in REASONS.items():
            for mode in ("map", "imap"):
                with self.subTest(how=how, mode=mode):
                    result = self.run_job(self.job(10_000, how, mode=mode, out="out.txt"), "-q", "-t", "2", "--stats", "s.json", "--report", "r.html", "--trace", "t.json")
                    self.assertEqual(result.code, 1, str(result))
                    self.assertIn(f"pengine: item 10000: act(10000): {reason}; with kernel.isolate", result.err)
                    stats = json.loads((self.dir / "s.json").read_text())
                    self.assertEqual((stats["outcome"], stats["exit_code"], stats["failed"]), ("failed", 1, 1))
                    self.assertEqual(stats["reasons"], [{"reason": reason.split(":")[0], "count": 1, "item": 10_000}])
                    self.assertIn(f"item 10000: act(10000): {reason}", stats["message"])
                    self.assertLess(stats["done"], COUNT)
                    self.assertIn("act(10000)", (self.dir / "r.html").read_text())
                    json.loads((self.dir / "t.json").read_text())
                    for name in ("s.json", "r.html", "t.json"):
                        (self.dir / name).unlink()

    def test_heap_that_is_destroyed_does_not_keep_the_run(self):
        """The files are then written or not."""
        if IS_SANITIZED:
            self.skipTest("a sanitizer ends the process before the kernel does")
        result = self.run_job(self.job(COUNT // 2, HEAP), "-q", "-t", "2", "--stats", "s.json")
        self.assertEqual(result.code, 1, str(result))
        self.assertRegex(result.err, "pengine: (item|kernel).*crashed: ")
        self.assertEqual([path.name for path in self.dir.glob("*.json*") if path.name != "s.json"], [])

    def test_item_of_a_range_that_a_c_function_gets_is_named(self):
        """An integer range is not written into a column for a compiled kernel, so the message takes the number from the range."""
        self.write("f.c", "long long f(long long x) { return x == 3001 ? *(volatile int *)64 : x; }\n"
                          "__int128 g(__int128 x) { return f(x); }\n")
        for function, dtype in (("f", "int64"), ("g", "int128")):
            kernel = {"source": "f.c", "function": function, "signature": f"({dtype}) -> {dtype}"}
            self.ends(toml(input={"range": [10_000, 0, -1], "dtype": dtype}, kernel=kernel, output={"path": "out.raw"}), 0,
                      f"item 6999: {function}(3001): crashed: SIGSEGV")

    def test_imap_leaves_a_correct_prefix(self):
        for out in ("out.raw", "out.npy", "out.txt"):
            with self.subTest(out):
                self.ends(self.job(COUNT - 1, SEGV, out=out, mode="imap"), 0, f"item {COUNT - 1}: ")
                data = (self.dir / out).read_bytes()
                rows = (numpy.frombuffer(data, "<i8") if out.endswith("raw")
                        else numpy.load(self.dir / out) if out.endswith("npy")
                        else numpy.array(data.split(), dtype=numpy.int64))
                self.assertTrue(data == b"" or not out.endswith("txt") or data.endswith(b"\n"))
                numpy.testing.assert_array_equal(rows, numpy.arange(len(rows)) * 2)

    def test_stdout_gets_nothing(self):
        result = self.ends(self.job(COUNT - 1, SEGV, out="-"), 0, f"item {COUNT - 1}: ")
        self.assertEqual(result.out, b"")

    @needs_mpi
    def test_ranks_end_together_with_one_message(self):
        if IS_SANITIZED:
            self.skipTest("a crash under mpirun and a sanitizer has messages of both")
        whole = self.good(self.job(-1, 0), "-q", "-t", "1", ranks=3).seconds
        for bad in (0, COUNT - 1):
            for mode in ("map", "imap"):
                with self.subTest(bad=bad, mode=mode):
                    result = self.ends(self.job(bad, SEGV, mode=mode), 3, f"item {bad}: act({bad}): crashed: SIGSEGV")
                    self.assertLess(result.seconds, 2 * whole + 10)  # heartbeats would need 15 s and more
                    if (self.dir / "out.npy.part").exists():  # rank 0 had the time to keep it, with what tells whose it is
                        self.assertTrue((self.dir / "out.npy.checkpoint").exists())
                    self.assertEqual((self.dir / "out.npy").exists(), mode == "imap" and bad > 0)

    @needs_mpi
    def test_ranks_that_all_crash_say_it_once(self):
        if IS_SANITIZED:
            self.skipTest("a crash under mpirun and a sanitizer has messages of both")
        for _ in range(3):
            self.ends(self.job(-2, SEGV), 3, "crashed: SIGSEGV")


class Isolated(Crashes):
    def test_each_way_costs_that_item(self):
        for ranks in RANKS:
            for how, reason in REASONS.items():
                for bad in PLACES:
                    with self.subTest(how=how, bad=bad, ranks=ranks):
                        result = self.run_job(self.isolated(bad, how), ranks=ranks)
                        self.assertEqual(result.code, 1, str(result))
                        self.check_filled(bad, reason)

    def test_hang_costs_that_item(self):
        for ranks in RANKS:
            with self.subTest(ranks=ranks):
                result = self.run_job(self.isolated(777, HANG, errors={"timeout": "1 s"}), ranks=ranks)
                self.assertEqual(result.code, 1, str(result))
                self.check_filled(777, "timeout after 1 s")

    def test_stop_names_the_item(self):
        result = self.run_job(self.job(5, SEGV, kernel={"isolate": True}), "-q")
        self.assertEqual(result.code, 1, str(result))
        self.assertIn("item 5: act(5): crashed: SIGSEGV", result.err)
        self.assertFalse((self.dir / "out.npy").exists())

    def test_all_items_crash(self):
        result = self.run_job(self.isolated(-2, SEGV, count=200))
        self.assertEqual(result.code, 1, str(result))
        numpy.testing.assert_array_equal(numpy.load(self.dir / "out.npy"), numpy.full(200, -1))

    def test_printing_does_not_reach_the_results(self):
        result = self.run_job(self.isolated(3, PRINT, out="-", count=5))
        self.assertEqual((result.code, result.text), (0, "0\n2\n4\n6\n8\n"), str(result))

    def test_same_bytes_as_without(self):
        self.good(self.job(-1, 0))
        wanted = (self.dir / "out.npy").read_bytes()
        for ranks in RANKS:
            self.good(self.isolated(-1, 0), ranks=ranks)
            self.assertEqual((self.dir / "out.npy").read_bytes(), wanted)

    def test_killed_from_outside_goes_on(self):
        count = 3 * COUNT  # five seconds, and the kills come within one
        self.write("job.toml", self.isolated(-2, NAP, out="out.raw", mode="imap", count=count))
        process = start(["-q", "-t", "2", "job.toml"], cwd=self.dir)
        killed, begun = 0, time.monotonic()
        while killed < 3 and process.poll() is None and time.monotonic() - begun < PATIENCE:
            time.sleep(0.2)
            mine = [pid for pid in helpers() if parent(pid) == process.pid]
            for pid in mine[:1]:
                os.kill(pid, signal.SIGKILL)
                killed += 1
        result = finish(process)
        self.assertEqual(killed, 3)
        self.assertEqual(result.code, 0, str(result))
        numpy.testing.assert_array_equal(numpy.fromfile(self.dir / "out.raw", "<i8"), numpy.arange(count) * 2)

    def test_engine_killed_leaves_no_process(self):
        self.write("job.toml", self.isolated(-2, HANG))
        process = start(["-q", "-t", "2", "job.toml"], cwd=self.dir)
        wait_for(lambda: sum(parent(pid) == process.pid for pid in helpers()) == 2, "two processes of the kernel", process)
        mine = [pid for pid in helpers() if parent(pid) == process.pid]
        process.kill()
        finish(process)
        wait_for(lambda: not set(mine) & set(helpers()), "their end")


class Refused(Crashes):
    def test_plugin_of_another_abi_names_both_numbers(self):
        source = re.sub(r"pengine_plugin = \{PE_KERNEL_ABI", "pengine_plugin = {99", KERNEL)
        self.write("other.c", source)
        subprocess.run(["cc", "-shared", "-fPIC", "-I", ROOT / "engine/include", "other.c", "-o", "act.so"],
                       cwd=self.dir, check=True)
        self.refuse(self.job(0, 0), 69, r"kernel\.plugin: .*ABI 99.*ABI 1\b")

    def test_plugin_missing_is_refused(self):
        (self.dir / "act.so").unlink()
        self.refuse(self.job(0, 0), 69, r"kernel\.plugin: .*act\.so: .*No such file")


if __name__ == "__main__":
    main()
