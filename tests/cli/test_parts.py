# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The joined parts of a job are the whole job; an interrupted imap goes on with --skip.

Design: the expected whole comes from Python. The commands that join parts are read from slurm/array.sh and docs/cluster.md.
"""
import os
import re
import signal
import subprocess
import sys
import time

import numpy

from harness import Case, HAS_MPI, PATIENCE, ROOT, binary, environment, finish, lines, main, not_sanitized, start, toml, wait_for

ITEMS = 23
NUMBERED = {"expr": "x * 1000 + i"}


def numbered(items=ITEMS, **more):
    """A job whose results contain the items' numbers."""
    return toml(**{"input": {"range": [5, 5 + items]}, "kernel": NUMBERED, **more})


def rows(items=ITEMS):
    return [(i, (5 + i) * 1000 + i) for i in range(items)]


def shown_in(path, line):
    """The command that a script or a page shows: the first group of the pattern."""
    found = re.search(line, (ROOT / path).read_text(), re.MULTILINE)
    assert found is not None, (path, line)
    return found[1]


class Parts(Case):
    def run_parts(self, job, parts, suffix, *options, ranks=0):
        """All parts of a job, to squares.00001.suffix and on, as slurm/array.sh calls them."""
        self.write("job.toml", job)
        for k in range(1, parts + 1):
            result = self.run_args("-q", "--part", f"{k}/{parts}", "-o", f"squares.{k:05}.{suffix}", *options, "job.toml",
                                   ranks=ranks)
            self.assertEqual((result.code, result.out), (0, b""), str(result))

    def join(self, parts, suffix):
        """Joins this many parts by the command that slurm/array.sh shows."""
        line = {"txt": r"^#  .* && (cat .*)", "raw": r"^#  .* && (cat .*)", "csv": r"^# +csv, tsv +(.*)",
                "npy": r"^# +npy +(.*)"}[suffix]
        command = shown_in("slurm/array.sh", line).replace("00016", f"{parts:05}")
        command = command.replace("txt", suffix) if suffix == "raw" else command
        subprocess.run(["bash", "-c", command.replace("python3", sys.executable)], cwd=self.dir, check=True)
        return (self.dir / f"squares.{suffix}").read_bytes()

    def test_parts_joined_are_the_whole_in_every_format(self):
        array = numpy.array(rows(), [("index", "<i8"), ("result", "<i8")])
        whole = {"txt": "".join(f"{i} {y}\n" for i, y in rows()).encode(), "raw": array.tobytes(),
                 "csv": ("index,result\n" + "".join(f"{i},{y}\n" for i, y in rows())).encode()}
        for mode, parts in (("map", 5), ("imap", 2), ("imap", 30)):
            job = numbered(mode=mode, output={"index": True}, pool={"chunk_size": 2})
            for suffix, wanted in whole.items():
                with self.subTest((mode, parts, suffix)):
                    self.run_parts(job, parts, suffix)
                    self.assertEqual(self.join(parts, suffix), wanted)
            with self.subTest((mode, parts, "npy")):
                self.run_parts(job, parts, "npy")
                self.join(parts, "npy")
                self.assertEqual(self.saves(job, "whole.npy", "-q", "-o", "whole.npy").tolist(), array.tolist())
                self.assertEqual((self.dir / "squares.npy").read_bytes(), (self.dir / "whole.npy").read_bytes())

    def test_parts_of_several_ranks_are_the_same(self):
        if not HAS_MPI:
            self.skipTest("built without MPI")
        wanted = numpy.array([y for _, y in rows(1000)], "<i8")
        for suffix, whole in (("txt", lines(wanted).encode()), ("raw", wanted.tobytes())):
            for gather in ("auto", "root"):
                with self.subTest((suffix, gather)):
                    job = numbered(1000, mode="imap", output={"gather": gather}, pool={"chunk_size": 7})
                    self.run_parts(job, 3, suffix, ranks=2)
                    self.assertEqual(self.join(3, suffix), whole)

    def test_parts_of_files_zipped_and_of_products(self):
        texts = [f"line {i}" for i in range(11)]
        self.write("in.txt", lines(["left out", *texts]))
        self.write("in.npy", numpy.arange(11) * 3)
        self.write("k.py", "def f(s, x): return f'{s}: {x}'\n")
        zipped = toml(mode="istarmap", input=[{"path": "in.txt", "first": 1}, {"path": "in.npy"}], kernel={"python": "k.py:f"})
        self.run_parts(zipped, 3, "txt")
        self.assertEqual(self.join(3, "txt").decode(), lines(f"{s}: {3 * i}" for i, s in enumerate(texts)))
        product = toml(mode="starmap", combine="product", input=[{"range": [0, 3]}, {"path": "in.npy"}],
                       kernel={"expr": "x * 10000 + y * 100 + i"})
        self.run_parts(product, 4, "raw")
        wanted = [x * 10000 + 3 * y * 100 + 11 * x + y for x in range(3) for y in range(11)]
        self.assertEqual(self.join(4, "raw"), numpy.array(wanted, "<i8").tobytes())

    def test_random_numbers_of_parts_are_those_of_the_whole(self):
        job = toml(input={"range": [0, 40]}, output={"index": True},
                   kernel={"expr": "x + uniform(0)", "signature": "(int64) -> float64", "seed": 7})
        whole = self.good(job, "-q").out
        self.assertEqual(len(set(whole.splitlines())), 40)
        self.run_parts(job, 3, "txt")
        self.assertEqual(self.join(3, "txt"), whole)

    def test_plan_says_which_items(self):
        for part, items in (("1/3", "items 0 to 7 of 23"), ("3/3", "items 16 to 22 of 23"), ("30/30", "no item of 23")):
            result = self.good(numbered(), "--plan", "--part", part)
            self.assertRegex(result.text, rf"(?m)^part +{part.replace('/', ' of ')}: {items}$")
        self.assertRegex(self.good(numbered(), "--plan", "--skip", "20").text, r"(?m)^part +items 20 to 22 of 23$")
        self.assertRegex(self.good(numbered(), "--plan", "--part", "2/3", "--skip", "5").text,
                         r"(?m)^part +2 of 3: items 13 to 15 of 23$")

    def test_printed_config_is_the_same_part(self):
        printed = self.good(numbered(), "--print-config", "--part", "2/3", "--skip", "5").text
        self.prints(printed, lines(y for i, y in rows() if 13 <= i < 16), "-q")

    def test_failed_item_has_its_number_in_the_whole(self):
        for ranks in (0, 2) if HAS_MPI else (0,):
            for mode in ("map", "imap"):
                with self.subTest((ranks, mode)):
                    job = toml(mode=mode, input={"range": [0, 30]}, kernel={"expr": "60 / (x - 17)"},
                               errors={"log": "failed.csv"}, pool={"chunk_size": 1})
                    result = self.run_job(job, "-q", "--part", "2/3", ranks=ranks)
                    self.assertEqual(result.code, 1, str(result))
                    self.assertEqual(self.message(result), "pengine: item 17: 60 / (x - 17) at (17): integer division by zero")
                    wanted = [] if mode == "map" else [int(60 / (x - 17)) for x in range(10, 17)]
                    self.assertEqual(result.text, lines(wanted))
                    self.assertIn("\n17,", (self.dir / "failed.csv").read_text())

    def test_skipped_and_too_many_failed_items_have_their_numbers_in_the_whole(self):
        job = toml(mode="imap", input={"range": [0, 30]}, kernel={"expr": "1 / (x % 2)"},
                   errors={"on_error": "skip", "log": "failed.csv"}, output={"index": True}, pool={"chunk_size": 1})
        result = self.run_job(job, "-q", "--part", "3/3")
        self.assertEqual((result.code, result.text), (1, "".join(f"{i} 1\n" for i in range(21, 30, 2))), str(result))
        log = (self.dir / "failed.csv").read_text().splitlines()[1:]
        self.assertEqual([int(row.split(",")[0]) for row in log], [20, 22, 24, 26, 28])
        result = self.run_job(job, "-q", "--part", "3/3", "-s", "errors.max_failures=2")
        self.assertEqual(result.code, 1)
        self.assertIn("max_failures: 3 items failed, 2 were allowed; item 20: ", result.err)

    def test_what_has_no_parts_is_refused(self):
        job = numbered(output={"path": "out.txt"})
        for part in ("0/3", "4/3", "3", "", "a/b"):
            self.refuse(job, 64, f"--part {part}".strip(), '"K/N"', options=("--part", part))
        self.refuse(job, 64, "--skip", "an integer, 0 or more", options=("--skip", "-1"))
        self.refuse(job, 78, "skip", "at most the 23 items", "got 24", options=("--skip", "24"))
        self.refuse(numbered(mode="imap_unordered"), 78, "skip", '"imap"', 'got "imap_unordered"', options=("--skip", "1"))
        stream = toml(input={"path": "-"}, kernel={"name": "text_upper"})
        self.refuse(stream, 78, "--part 1/2", "read as it comes", options=("--part", "1/2"), stdin=b"a\n")
        self.refuse(stream, 78, "skip", "read as it comes", "first", options=("--skip", "3"), stdin=b"a\n")
        for option in (("--part", "1/2"), ("--skip", "3")):
            self.refuse(numbered(reduce={"op": "sum"}), 78, "reduce", "expected no", options=option)
            product = toml(mode="starmap", combine="product", input=[{"range": [0, 3]}, {"range": [0, 3]}],
                           kernel={"name": "divmod"}, output={"path": "out.npy"})
            self.refuse(product, 78, "output", "npy", "axis", options=option)


class ArrayScript(Case):
    """slurm/array.sh as a task of an array runs it; SLURM's own variables are set here."""

    def task(self, number, first, last, **more):
        env = environment({"SLURM_ARRAY_TASK_ID": str(number), "SLURM_ARRAY_TASK_COUNT": str(last - first + 1),
                           "SLURM_ARRAY_TASK_MIN": str(first), "SLURM_ARRAY_TASK_MAX": str(last),
                           "SLURM_CPUS_PER_TASK": "1", **more})
        env["PATH"] = f"{self.dir}:{env['PATH']}"
        return subprocess.run(["bash", ROOT / "slurm/array.sh", "job.toml", "-q"], cwd=self.dir, env=env, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE)

    def setUp(self):
        super().setUp()
        (self.dir / "pengine").symlink_to(binary())
        self.write("job.toml", numbered(output={"path": "out.txt"}))
        self.whole = [y for _, y in rows()]

    def output(self, number):
        return [int(line) for line in (self.dir / f"job.{number:05}.txt").read_text().splitlines()]

    def test_array_of_three_has_three_parts(self):
        for number in (1, 2, 3):
            done = self.task(number, 1, 3)
            self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(self.output(1) + self.output(2) + self.output(3), self.whole)
        self.assertEqual(self.output(2), self.whole[8:16])  # 23 items in three parts: 8, 8, 7

    def test_part_is_run_again_with_parts(self):
        done = self.task(2, 2, 2, PARTS="3")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(self.output(2), self.whole[8:16])

    def test_array_that_begins_elsewhere_is_refused(self):
        for first, last in ((0, 15), (7, 7), (2, 4)):
            done = self.task(last, first, last)
            self.assertEqual(done.returncode, 64, done.stdout)
            self.assertIn(f"go from {first} to {last}, expected 1 to {last - first + 1};", done.stdout)
        self.assertEqual(sorted(path.name for path in self.dir.glob("job.*.txt")), [])


class GoOn(Case):
    """An imap is interrupted; its items are counted, the rest computed and joined by the commands of docs/cluster.md."""

    SLOW = ("#define _POSIX_C_SOURCE 200809L\n#include <stdint.h>\n#include <time.h>\n"
            "int64_t f(int64_t x)\n{\n    if (x % 64 == 0)\n        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);\n"
            "    return 3 * x;\n}\n")
    ITEMS = 40_000

    def job(self, name, has_index):
        return toml(mode="imap", input={"range": [0, self.ITEMS]}, output={"path": name, "index": has_index},
                    kernel={"source": "k.c", "function": "f", "signature": "(int64) -> int64"},
                    pool={"threads": 2, "chunk_size": 10})

    def interrupt(self, name, ranks=0):
        """Runs the job until some of its output is there; returns how many items the message tells."""
        process = start(["-q", "-s", "checkpoint.enabled=false", "job.toml"], ranks, cwd=self.dir)
        out = self.dir / name
        wait_for(lambda: out.exists() and out.stat().st_size > 2000, "2,000 bytes", process)
        os.kill(process.pid, signal.SIGUSR1)
        result = finish(process)
        self.assertEqual(result.code, 75, str(result))
        found = re.search(r"interrupted by SIGUSR1 after ([\d,]+) of 40,000 items, which were written; --skip (\d+) with another "
                          r"output goes on", result.err)
        self.assertIsNotNone(found, str(result))
        self.assertEqual(int(found[1].replace(",", "")), int(found[2]))
        return int(found[2])

    def commands(self, suffix):
        row = shown_in("docs/cluster.md", rf"^\| {suffix}[^|]*(\| `.*)\|$").split("|")
        return row[1].strip().strip("`"), row[2].strip().strip("`")

    def go_on(self, suffix, has_index, ranks=0):
        """Interrupts, counts, computes the rest and joins: the whole is where docs/cluster.md puts it."""
        self.write("k.c", self.SLOW)
        self.write("job.toml", self.job(f"out.{suffix}", has_index))
        told = self.interrupt(f"out.{suffix}", ranks)
        count, join = self.commands(suffix)
        count = count.replace("/ 8", "/ 16") if has_index else count
        env = dict(os.environ, PATH=f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}")
        counted = subprocess.run(["sh", "-c", count], cwd=self.dir, stdout=subprocess.PIPE, check=True, env=env).stdout
        self.assertEqual(int(counted), told)
        self.assertTrue(0 < told < self.ITEMS)
        result = self.run_args("-q", "--skip", told, "-o", f"rest.{suffix}", "job.toml", ranks=ranks)
        self.assertEqual(result.code, 0, str(result))
        subprocess.run(["sh", "-c", join], cwd=self.dir, check=True, env=env)

    @not_sanitized
    def test_interrupted_imap_goes_on_to_the_same_bytes(self):
        values = [(i, 3 * i) for i in range(self.ITEMS)]
        wholes = {"txt": "".join(f"{y}\n" for _, y in values).encode(),
                  "csv": ("result\n" + "".join(f"{y}\n" for _, y in values)).encode(),
                  "raw": numpy.array([y for _, y in values], "<i8").tobytes()}
        for suffix, whole in wholes.items():
            with self.subTest(suffix):
                self.go_on(suffix, False)
                self.assertEqual((self.dir / f"out.{suffix}").read_bytes(), whole)
        with self.subTest("npy"):
            self.go_on("npy", False)
            self.assertTrue(numpy.array_equal(numpy.load(self.dir / "all.npy"), [y for _, y in values]))

    @not_sanitized
    def test_index_goes_on_with_the_numbers_of_the_whole(self):
        whole = "index,result\n" + "".join(f"{i},{3 * i}\n" for i in range(self.ITEMS))
        self.go_on("csv", True, ranks=2 if HAS_MPI else 0)
        self.assertEqual((self.dir / "out.csv").read_bytes(), whole.encode())


if __name__ == "__main__":
    main()
