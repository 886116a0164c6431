# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""What tells of a run: --stats, --progress json, --report, --trace, --joblog.

Figures that a file must hold come from Python: from the function's own sleeps, from the job's arithmetic, from the clock."""
import json
import signal
import sys
import time

import numpy

from harness import Case, ROOT_INT64, finish, main, needs_mpi, not_sanitized, squares, start, toml

SLEEP = "import time\ndef nap(ms):\n    time.sleep(ms / 1000)\n    return ms\n"


def napping(times, **more):
    return toml(input={"values": times}, kernel={"python": "nap.py:nap", "signature": "(float64) -> float64",
                                                 "interpreter": sys.executable}, output={"path": "out.txt"}, **more)


class Stats(Case):
    def stats(self, job, *options, code=0, ranks=0):
        result = self.run_job(job, "--stats", "stats.json", *options, ranks=ranks)
        self.assertEqual(result.code, code, str(result))
        stats = json.loads((self.dir / "stats.json").read_text())
        self.assertEqual(stats["exit_code"], code)
        return stats

    def check_ranks(self, stats, ranks, items):
        self.assertEqual([one["rank"] for one in stats["ranks"]], list(range(ranks)))
        self.assertEqual(sum(one["items"] for one in stats["ranks"]), items)
        self.assertEqual(sum(cost["items"] for cost in stats["costs"]), items)
        for one in stats["ranks"]:
            self.assertTrue(0 < one["memory_bytes"] < one["planned_bytes"], one)
            workers = sum(one["worker_seconds"].values())
            self.assertLess(workers, 1.05 * one["threads"] * stats["seconds"] + 0.05, one)

    def test_stats_of_a_good_run_count_its_items(self):
        stats = self.stats(squares(100_000, output={"path": "out.npy"}), "-t", "2")
        self.assertEqual([stats[key] for key in ("name", "mode", "kernel", "outcome", "items", "done", "before", "failed",
                                                 "skipped", "reasons")],
                         ["job", "map", "square", "complete", 100_000, 100_000, 0, 0, 0, []])
        self.check_ranks(stats, 1, 100_000)

    @needs_mpi
    def test_stats_of_three_ranks_count_each(self):
        stats = self.stats(squares(3_000_000, output={"path": "out.npy"}), "-t", "1", ranks=3)
        self.assertEqual((stats["items"], stats["done"], stats["plan"]["ranks"]), (3_000_000, 3_000_000, 3))
        self.check_ranks(stats, 3, 3_000_000)

    def test_stats_of_failed_items_name_their_reasons(self):
        job = toml(input={"range": [ROOT_INT64 - 9, ROOT_INT64 + 21]}, kernel={"name": "square"},
                   errors={"on_error": "skip"})
        stats = self.stats(job, code=1)
        self.assertEqual((stats["outcome"], stats["done"], stats["failed"], stats["skipped"]),
                         ("complete with failed items", 30, 20, 0))
        self.assertEqual(stats["reasons"], [{"reason": "result does not fit int64", "count": 20, "item": 10}])
        stats = self.stats(job, "-s", "errors.on_error='stop'", code=1)
        self.assertEqual((stats["outcome"], stats["failed"], stats["reasons"][0]["item"]), ("failed", 1, 10))

    def test_stats_of_a_run_that_never_began_say_why(self):
        stats = self.stats(squares(unknown=1), code=78)
        self.assertRegex(stats["message"], "unknown")
        self.assertEqual((stats["outcome"], stats["items"], stats["done"], stats["ranks"]), ("failed", None, 0, []))

    def test_stats_of_an_interrupted_run_count_what_was_done(self):
        self.write("nap.py", SLEEP)
        self.write("job.toml", napping([20] * 3000, mode="imap"))
        process = start(["--stats", "stats.json", "job.toml"], cwd=self.dir)
        time.sleep(1.5)
        process.send_signal(signal.SIGTERM)
        result = finish(process)
        self.assertEqual(result.code, 75, str(result))
        stats = json.loads((self.dir / "stats.json").read_text())
        self.assertEqual((stats["outcome"], stats["exit_code"], stats["items"]), ("interrupted", 75, 3000))
        self.assertEqual(stats["done"], len((self.dir / "out.txt").read_text().splitlines()))
        self.assertGreater(stats["done"], 0)

    @not_sanitized
    def test_stats_tell_where_the_time_went_and_which_items_took_it(self):
        times = [5] * 60
        times[17], times[40] = 300, 200
        self.write("nap.py", SLEEP)
        stats = self.stats(napping(times), "-t", "1")
        worker = stats["ranks"][0]["worker_seconds"]
        self.assertGreater(worker["compute"], sum(times) / 1000)
        self.assertLess(worker["compute"], sum(times) / 1000 * 1.2)
        self.assertEqual([(slow["item"], slow["items"], slow["call"]) for slow in stats["slowest"][:2]],
                         [(17, 1, "nap.py:nap(300.0)"), (40, 1, "nap.py:nap(200.0)")])
        self.assertTrue(300e6 <= stats["slowest"][0]["ns_each"] < 360e6, stats["slowest"][0])

    def test_reports_are_refused_without_a_run_and_over_other_files(self):
        self.refuse(squares(9), 64, "--stats", options=("--plan", "--stats", "s.json"))
        self.refuse(squares(9), 64, "--stats", "path", options=("--stats", "-"))
        self.refuse(squares(9), 73, "none/s.json", options=("--stats", "none/s.json"))
        for name in ("job.toml", "in.npy", "out.txt"):
            job = squares(9, input={"path": "in.npy"}, output={"path": "out.txt"})
            files = {"in.npy": numpy.arange(9), "out.txt": "of an earlier run"}
            self.refuse(job, 78, name, options=("--stats", name), files=files)
            self.assertEqual((self.dir / "out.txt").read_text(), "of an earlier run")
            self.refuse(squares(unknown=1), 78, "unknown", options=("--stats", name), files=files)
            self.assertEqual((self.dir / "out.txt").read_text(), "of an earlier run")
            numpy.testing.assert_array_equal(numpy.load(self.dir / "in.npy"), numpy.arange(9))


class Progress(Case):
    def objects(self, result):
        return [json.loads(line) for line in result.err.splitlines()]

    @not_sanitized
    def test_progress_json_is_lines_and_its_time_left_is_right(self):
        self.write("nap.py", SLEEP)
        times = [0.04 * i for i in range(400)]  # 3.2 s, the later ones dearer
        result = self.good(napping(times, mode="imap"), "--progress", "json", "-t", "1")
        lines = self.objects(result)
        last, progress = lines[-1], [line for line in lines if "seconds_left" in line]
        self.assertEqual((last["exit_code"], last["done"], last["failed"]), (0, 400, 0))
        self.assertGreater(len(progress), 1, result.err)
        for line in progress:
            self.assertEqual((line["exit_code"], line["items"], line["before"]), (None, 400, 0))
            if line["seconds"] > last["seconds"] / 2:
                self.assertAlmostEqual(line["seconds"] + line["seconds_left"], last["seconds"],
                                       delta=0.15 * last["seconds"])
        self.assertIn("info", [line.get("level") for line in lines])

    def test_progress_json_of_a_failed_run_ends_with_its_exit_code(self):
        result = self.run_job(squares(unknown=1), "--progress", "json", "-q")
        lines = self.objects(result)
        self.assertEqual((result.code, lines[-1]["exit_code"]), (78, 78))
        self.assertEqual([line["level"] for line in lines if "level" in line], ["error"])


if __name__ == "__main__":
    main()
