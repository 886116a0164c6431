# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The log of failed items, and what many of them cost.

Expected values: Python's csv module, and the lists that the items were made from.
"""
import csv
import os
import re
import sys

import numpy

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import Case, HAS_MPI, finish, main, start, toml  # noqa: E402

TAIL = ["reason", "attempts", "rank", "seconds"]
RANKS = (0, 3) if HAS_MPI else (0,)


class Log(Case):
    def logged(self, job, code=1, ranks=0):
        result = self.run_job(job, "-q", ranks=ranks)
        self.assertEqual(result.code, code, str(result))
        with open(self.dir / "failed.csv", newline="") as file:
            return list(csv.reader(file))

    def errors(self, policy="skip", **more):
        return {"on_error": policy, "log": "failed.csv", **more}

    def test_arguments_are_whole_in_columns_of_their_own(self):
        texts = ["a" * 5000, "with, comma", 'say "yes"', "two\nlines", "", "ä€"]
        with open(self.dir / "in.csv", "w", newline="") as file:
            csv.writer(file).writerows([["name", "number"], *([text, i] for i, text in enumerate(texts))])
        self.write("f.py", "def f(name, number):\n    raise ValueError('no')\n")
        for mode in ("starmap", "istarmap", "istarmap_unordered"):
            for ranks in RANKS:
                with self.subTest((mode, ranks)):
                    rows = self.logged(toml(mode=mode, input={"path": "in.csv", "columns": ["name", "number"]}, output={"path": "o.txt"},
                                            kernel={"python": "f.py:f", "signature": "(text, int64) -> int64"}, errors=self.errors()), ranks=ranks)
                    self.assertEqual(rows[0], ["index", "name", "number", *TAIL])
                    self.assertEqual([row[:4] for row in rows[1:]],
                                     [[str(i), text, str(i), "ValueError: no (f.py:2)"] for i, text in enumerate(texts)])

    def test_vector_is_one_column(self):
        values = numpy.array([[0.1, -2.0, 1e300], [1.0, 2.0, numpy.nan]])
        numpy.save(self.dir / "in.npy", values)
        self.write("f.c", "int f(const double *v, double *r) { *r = v[0]; return 7; }\n")
        rows = self.logged(toml(input={"path": "in.npy"}, output={"path": "o.txt"}, errors=self.errors(),
                                kernel={"source": "f.c", "function": "f", "signature": "(float64[3]) -> float64 or error"}))
        self.assertEqual([row[:2] for row in rows], [["index", "x"]] + [[str(i), repr(list(map(float, row)))] for i, row in enumerate(values)])

    def test_names_are_the_kernels_and_distinguished(self):
        job = toml(mode="starmap", input=[{"range": [0, 2]}, {"value": 0}, {"value": 1}], output={"path": "o.txt"}, errors=self.errors(),
                   kernel={"expr": "index / reason + rank_", "args": ["index", "reason", "rank_"]})
        self.assertEqual(self.logged(job)[0], ["index", "index_", "reason_", "rank_", *TAIL])
        job = toml(mode="starmap", input=[{"range": [0, 2]}, *[{"value": 0}] * 4], output={"path": "o.txt"}, errors=self.errors(),
                   kernel={"source": "f.c", "function": "f", "signature": "(int64, int64, int64, int64, int64) -> int64 or error"})
        self.write("f.c", "#include <stdint.h>\nint f(int64_t a, int64_t b, int64_t c, int64_t d, int64_t e, int64_t *r)\n"
                          "{ *r = a + b + c + d + e; return 1; }\n")
        self.assertEqual(self.logged(job)[0], ["index", "x", "y", "z", "x4", "x5", *TAIL])

    def test_names_are_the_files_own_by_default(self):
        self.write("v.csv", "price,index,\"a b\"\n0,5,1\n2,5,1\n")
        self.write("v.npy", numpy.array([(0, 2.0), (1, 3.0)], [("p", "i8"), ("q", "f8")]))
        self.write("f.py", "def f(*args):\n    return 1 // args[0]\n")
        for source, kernel, names in (("v.csv", {"expr": "1 / price + index"}, ["price", "index_"]),
                                      ("v.csv", {"expr": "1 / x + y + z"}, ["price", "index_", "a b"]),
                                      ("v.csv", {"python": "f.py:f"}, ["price", "index_", "a b"]), ("v.npy", {"expr": "1 / p"}, ["p", "q"])):
            rows = self.logged(toml(mode="starmap", input={"path": source}, output={"path": "o.txt"}, kernel=kernel, errors=self.errors()))
            self.assertEqual(rows[0], ["index", *names, *TAIL])
            self.assertEqual(len(rows), 2)

    def test_reason_is_whole(self):
        self.write("f.py", "def f(x):\n    raise ValueError('m' * 2000 + str(x))\n")
        rows = self.logged(toml(input={"range": [0, 3]}, output={"path": "o.txt"}, errors=self.errors(),
                                kernel={"python": "f.py:f", "signature": "(int64) -> int64"}))
        self.assertEqual([row[2] for row in rows[1:]], [f"ValueError: {'m' * 2000}{i} (f.py:2)" for i in range(3)])

    def test_reasons_that_differ_by_an_address_are_one(self):
        self.write("f.py", "class Thing: pass\nkept = []\ndef f(x):\n    kept.append(Thing())\n    return kept[-1]\n")
        result = self.run_job(toml(input={"range": [0, 5]}, output={"path": "o.jsonl"}, errors={"on_error": "skip"}, kernel={"python": "f.py:f"}), "-q")
        self.assertEqual(result.code, 1)
        self.assertRegex(result.err, r"^pengine: 5 of 5 items failed: 5 x <f.Thing object at 0x[0-9a-f]+> is Thing, which JSON does not have\n$")

    def test_stop_logs_the_item_with_its_attempts(self):
        for mode in ("map", "imap", "imap_unordered"):
            for ranks in RANKS:
                with self.subTest((mode, ranks)):
                    rows = self.logged(toml(mode=mode, input={"range": [0, 1000]}, kernel={"expr": "1 / (x - 700)"}, output={"path": "o.txt"},
                                            errors=self.errors("stop", retries=2), pool={"chunk_size": 10}), ranks=ranks)
                    self.assertEqual([row[:4] for row in rows], [["index", "x", *TAIL[:2]], ["700", "700", "integer division by zero", "3"]])

    def test_unordered_log_is_sorted(self):
        count = 200_000  # three parts of the scratch file
        rows = self.logged(toml(mode="imap_unordered", input={"range": [0, count]}, kernel={"expr": "1 / (x % 2)"}, output={"path": "o.txt"},
                                errors=self.errors(), pool={"chunk_size": 17}), ranks=RANKS[-1])
        self.assertEqual([row[:2] for row in rows[1:]], [[str(i), str(i)] for i in range(0, count, 2)])
        self.assertEqual(sorted(self.everything()), ["failed.csv", "job.toml", "o.txt", "o.txt.checkpoint", "o.txt.checkpoint.failed"])


class Many(Case):
    COUNT = 1_000_000

    def job(self, policy, mode, log, out):
        errors = {"on_error": policy, **({"fill": 1} if policy == "fill" else {}), **({"log": "failed.csv"} if log else {})}
        return toml(mode=mode, input={"range": [0, self.COUNT]}, kernel={"expr": "1 / (x - x)"}, output={"path": out}, errors=errors)

    def test_memory_stays_below_the_plan(self):
        for policy, mode, log, out in (("skip", "imap_unordered", True, "o.txt"), ("skip", "map", False, "o.npy"),
                                       ("skip", "imap", True, "o.csv"), ("fill", "map", True, "o.npy"), ("fill", "imap_unordered", True, "o.raw")):
            with self.subTest((policy, mode, log, out)):
                self.write("job.toml", self.job(policy, mode, log, out))
                planned = re.search(r"peak ([0-9.]+) MiB", finish(start(["--plan", "job.toml"], cwd=self.dir)).text)
                peaks = self.dir / "peaks"
                peaks.unlink(missing_ok=True)
                result = finish(start(["-q", "job.toml"], cwd=self.dir, peaks=peaks))
                self.assertEqual(result.code, 1, str(result))
                self.assertIn(f"{self.COUNT:,} of {self.COUNT:,} items failed: {self.COUNT:,} x integer division by zero", result.err)
                if not os.environ.get("PENGINE_SANITIZED"):
                    self.assertLess(int(peaks.read_text()), float(planned[1]) * 2**20)
                if log:
                    with open(self.dir / "failed.csv") as file:
                        self.assertEqual(sum(1 for _ in file), self.COUNT + 1)

    def test_time_is_linear(self):
        took = {}
        for policy in ("fill", "skip"):
            self.write("job.toml", self.job(policy, "imap", False, "o.txt"))
            before = os.times()
            self.assertEqual(finish(start(["-q", "job.toml"], cwd=self.dir)).code, 1)
            after = os.times()
            took[policy] = after.children_user - before.children_user
        self.assertLess(took["skip"], 3 * took["fill"] + 0.5)


class Reasons(Case):
    def test_reasons_that_differ_in_their_numbers_are_one(self):
        self.write("f.c", "#include <stdint.h>\nint f(int64_t x, int64_t *y) { *y = x; return x < 1500 ? (int)(x % 7) + 1 : 0; }\n")
        table = dict(mode="imap", input={"range": [0, 5000]}, errors={"on_error": "skip"}, output={"format": "null"},
                     kernel={"source": "f.c", "function": "f", "signature": "(int64) -> int64 or error"})
        result = self.run_job(toml(**table))
        self.assertIn("1,500 of 5,000 items failed: 1,500 x f returned 1\n", result.err)
        result = self.run_job(toml(**{**table, "input": {"range": [0, 1]}}))
        self.assertIn("1 of 1 item failed: 1 x f returned 1\n", result.err)


if __name__ == "__main__":
    main()
