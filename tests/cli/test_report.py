# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""What describes a run: --stats, --progress json, --report, --trace, --joblog.

Figures that a file must hold come from Python: from the function's own sleeps, from the job's arithmetic, from the clock."""
import collections
import gzip
import html.parser
import json
import os
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import time

import numpy
try:
    import jsonschema
except ImportError:  # the objects are not validated then
    jsonschema = None

from harness import Case, PATIENCE, ROOT, ROOT_INT64, finish, main, needs_mpi, not_sanitized, squares, start, toml, wait_for

SLEEP = "import time\ndef nap(ms):\n    time.sleep(ms / 1000)\n    return ms\n"
SLOW_START = SLEEP + "time.sleep(1)\n"


def napping(times, **more):
    return toml(input={"values": times}, kernel={"python": "nap.py:nap", "signature": "(float64) -> float64",
                                                 "interpreter": sys.executable},
                **{"output": {"path": "out.txt"} | more.pop("output", {}), **more})


def validated(told):
    """The object, once it is what docs/stats.schema.json says."""
    if jsonschema is not None:
        jsonschema.validate(told, json.loads((ROOT / "docs/stats.schema.json").read_text()), jsonschema.Draft202012Validator)
    return told


class Stats(Case):
    def has_rows(self, name):
        return (self.dir / name).exists() and (self.dir / name).stat().st_size > 0

    def stats(self, job, *options, code=0, ranks=0):
        result = self.run_job(job, "--stats", "stats.json", *options, ranks=ranks)
        self.assertEqual(result.code, code, str(result))
        stats = json.loads((self.dir / "stats.json").read_text())
        self.assertEqual(stats["exit_code"], code)
        return validated(stats)

    def check_ranks(self, stats, ranks, items):
        self.assertEqual([one["rank"] for one in stats["ranks"]], list(range(ranks)))
        self.assertEqual(sum(one["items"] for one in stats["ranks"]), items)
        self.assertEqual(sum(cost["items"] for cost in stats["costs"]), items)
        for one in stats["ranks"]:
            self.assertTrue(0 < one["memory_bytes"] < one["planned_bytes"], one)
            workers = sum(one["worker_seconds"].values())
            self.assertAlmostEqual(workers, one["threads"] * one["seconds"], delta=0.02 * workers + 0.02)  # every moment

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
        self.assertEqual((stats["outcome"], stats["failed"]), ("failed", 1))
        self.assertEqual(stats["reasons"], [{"reason": "result does not fit int64", "count": 1, "item": 10}])

    def test_stats_of_a_run_that_never_began_say_why(self):
        stats = self.stats(squares(unknown=1), code=78)
        self.assertRegex(stats["message"], "unknown")
        self.assertEqual((stats["outcome"], stats["items"], stats["done"], stats["ranks"]), ("failed", None, 0, []))

    def test_stats_of_an_interrupted_run_count_what_was_done(self):
        self.write("nap.py", SLEEP)
        self.write("job.toml", napping([20] * 3000, mode="imap"))
        process = start(["--stats", "stats.json", "job.toml"], cwd=self.dir)
        wait_for(lambda: self.has_rows("out.txt"), "rows", process)
        process.send_signal(signal.SIGTERM)
        result = finish(process)
        self.assertEqual(result.code, 75, str(result))
        stats = json.loads((self.dir / "stats.json").read_text())
        self.assertEqual((stats["outcome"], stats["exit_code"], stats["items"]), ("interrupted", 75, 3000))
        status = validated(json.loads(self.run_args("--status", "out.txt.checkpoint", "--json").out))
        rows = len((self.dir / "out.txt").read_text().splitlines())
        self.assertEqual(stats["done"], status["done"])
        self.assertTrue(0 < rows <= stats["done"], (rows, stats["done"]))  # what waits for an earlier item is done too

    def test_stats_count_the_earlier_runs_of_a_resumed_job(self):
        self.write("nap.py", SLEEP)
        self.write("job.toml", napping([200, *[4] * 600], mode="imap"))
        options = ["--stats", "stats.json", "--report", "report.html", "-t", "2"]
        process = start([*options, "job.toml"], cwd=self.dir)
        wait_for(lambda: self.has_rows("out.txt"), "rows", process)
        process.send_signal(signal.SIGINT)
        self.assertEqual(finish(process).code, 75)
        first = json.loads((self.dir / "stats.json").read_text())
        self.assertIsNone(first["earlier"])
        stats = self.stats((self.dir / "job.toml").read_text(), "--resume", "--report", "report.html", "-t", "1")
        self.assertEqual((stats["done"], stats["before"], stats["earlier"]["runs"]), (601, first["done"], 1))
        self.assertEqual(stats["earlier"]["items"], first["done"])
        self.assertEqual(stats["earlier"]["worker_seconds"], first["ranks"][0]["worker_seconds"])
        computed = sum(cost["items"] for cost in stats["costs"])
        self.assertTrue(601 <= computed <= 611, computed)  # what the interrupted run threw away is computed twice
        self.assertIn((0, "nap.py:nap(200.0)"), [(slow["item"], slow["call"]) for slow in stats["slowest"]])
        self.assertIn("Earlier runs of this job count with", (self.dir / "report.html").read_text())

    @needs_mpi
    def test_stats_of_ranks_that_the_launcher_kills_tell_what_rank_0_knows(self):
        self.write("nap.py", SLEEP)
        self.write("job.toml", napping([60_000 if i == 399 else 3 for i in range(400)], mode="imap"))
        process = start(["--stats", "stats.json", "-q", "-t", "1", "job.toml"], 2, cwd=self.dir)
        wait_for(lambda: self.has_rows("out.txt"), "rows", process)
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        finish(process)
        stats = json.loads((self.dir / "stats.json").read_text())
        self.assertEqual((stats["exit_code"], stats["outcome"], stats["items"]), (75, "interrupted", 400))
        self.assertGreater(stats["done"], 0)
        self.assertIn("--resume", stats["message"])

    @not_sanitized
    def test_stats_do_not_slow_down_a_kernel_that_computes_several_items_at_once(self):
        self.write("job.toml", toml(mode="istarmap", combine="product", input=[{"linspace": [-2.0, 0.5, 300]},
                                                                               {"linspace": [-1.2, 1.2, 800]}],
                                    kernel={"name": "mandelbrot"}, output={"format": "null"}))
        seconds = {}
        for options in ((), ("--stats", "stats.json")) * 3:
            before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
            self.assertEqual(finish(start(["-q", "-t", "1", *options, "job.toml"], cwd=self.dir)).code, 0)
            took = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
            seconds[options] = min(seconds.get(options, took), took)
        plain, recorded = seconds.values()
        self.assertLess(recorded, 1.5 * plain)

    def test_stats_tell_the_time_of_syncs_and_checkpoints(self):
        self.write("nap.py", SLEEP)
        stats = self.stats(napping([3] * 200, output={"sync": "always"}, checkpoint={"interval": "100 ms"}), "-t", "1")
        rank = stats["ranks"][0]
        self.assertGreater(rank["checkpoints"], 1)
        self.assertGreater(rank["checkpoint_seconds"], 0)
        for seconds in (rank["worker_seconds"], rank["main_seconds"]):
            self.assertGreater(seconds["sync"], 0)
            self.assertGreater(sum(seconds.values()), stats["seconds"])  # to the end of the commit

    @not_sanitized
    def test_stats_tell_where_the_time_went_and_which_items_took_it(self):
        times = [5] * 60
        times[17], times[40] = 900, 500
        self.write("nap.py", SLOW_START)
        stats = self.stats(napping(times), "-t", "1", "-s", "kernel.max_items_per_worker=30")
        worker = stats["ranks"][0]["worker_seconds"]
        self.assertGreater(worker["compute"], sum(times) / 1000)
        self.assertLess(worker["compute"], stats["seconds"] - 1)  # the second process starts within the run
        self.assertEqual([(slow["item"], slow["items"], slow["call"]) for slow in stats["slowest"][:2]],
                         [(17, 1, "nap.py:nap(900.0)"), (40, 1, "nap.py:nap(500.0)")])
        self.assertTrue(900e6 <= stats["slowest"][0]["ns_each"] < 1e9 * worker["compute"], stats["slowest"][0])
        self.assertGreater(worker["start"], 1)  # of the process for the other 30 items

    def test_reports_are_refused_without_a_run_and_over_other_files(self):
        self.refuse(squares(9), 64, "--stats", options=("--plan", "--stats", "s.json"))
        self.refuse(squares(9), 64, "--stats", "path", options=("--stats", "-"))
        result = self.refuse(squares(9), 73, "none/s.json", options=("--stats", "none/s.json"))
        self.assertEqual(len(result.err.splitlines()), 1, result.err)
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
        lines = [json.loads(line) for line in result.err.splitlines()]
        return [line if "message" in line and "level" in line else validated(line) for line in lines]

    @not_sanitized
    def test_progress_json_is_lines_and_its_time_left_is_right(self):
        self.write("nap.py", SLEEP)
        off = []  # the largest error of each run; where other work begins or ends beside it, it is wrong
        while not off or off[-1] > 0.15 and len(off) < 5:
            off.append(self.error_of_time_left())
        self.assertLess(off[-1], 0.15, off)

    def error_of_time_left(self):
        """In the second half of a run, as a share of its time."""
        times = [0.04 * i for i in range(400)]  # 3.2 s, the later ones dearer
        result = self.good(napping(times, mode="imap"), "--progress", "json", "-t", "1")
        lines = self.objects(result)
        last, progress = lines[-1], [line for line in lines if "seconds_left" in line]
        self.assertEqual((last["exit_code"], last["done"], last["failed"]), (0, 400, 0))
        self.assertGreater(len(progress), 1, result.err)
        for line in progress:
            self.assertEqual((line["exit_code"], line["items"], line["before"]), (None, 400, 0))
        self.assertIn("info", [line.get("level") for line in lines])
        return max((abs(line["seconds"] + line["seconds_left"] - last["seconds"]) / last["seconds"]
                   for line in progress if line["seconds"] > last["seconds"] / 2), default=1)

    def test_progress_json_of_a_failed_run_ends_with_its_exit_code(self):
        result = self.run_job(squares(unknown=1), "--progress", "json", "-q")
        lines = self.objects(result)
        self.assertEqual((result.code, lines[-1]["exit_code"]), (78, 78))
        self.assertEqual([line["level"] for line in lines if "level" in line], ["error"])


class Trace(Case):
    def trace(self, path):
        content = (self.dir / path).read_bytes()
        return json.loads(gzip.decompress(content) if path.endswith(".gz") else content)

    def check(self, trace, ranks, threads, items):
        """The rules of Perfetto: X events of one thread nest, here they follow one another; names by metadata."""
        threads_seen = collections.defaultdict(list)
        for event in trace["traceEvents"]:
            self.assertIn(event["ph"], "XM")
            if event["ph"] == "X":
                self.assertGreater(event["dur"], 0)
                threads_seen[event["pid"], event["tid"]].append(event)
        self.assertEqual({pid for pid, tid in threads_seen if tid > 0}, set(range(ranks)))
        self.assertLessEqual({tid for _, tid in threads_seen}, set(range(threads + 1)))
        for events in threads_seen.values():
            for one, next_one in zip(events, events[1:]):
                self.assertLessEqual(one["ts"] + one["dur"], next_one["ts"] + 0.002)
        names = [event["args"]["name"] for event in trace["traceEvents"] if event["name"] == "process_name"]
        self.assertEqual([name.split(" on ")[0] for name in names], [f"rank {rank}" for rank in range(ranks)])
        self.assertEqual(sum(event["args"]["items"] for events in threads_seen.values() for event in events), items)
        return threads_seen

    def test_trace_of_one_rank_has_its_chunks(self):
        self.write("nap.py", SLEEP)
        self.good(napping([20] * 20), "-t", "2", "--trace", "trace.json")
        seen = self.check(self.trace("trace.json"), 1, 2, 20)
        naps = [event for key in seen if key[1] > 0 for event in seen[key] if event["cat"] == "compute"]
        self.assertGreater(sum(event["dur"] for event in naps), 20 * 20_000)

    @needs_mpi
    def test_trace_of_three_ranks_is_on_one_clock(self):
        self.write("nap.py", SLEEP)
        begun = time.monotonic()
        self.good(napping([10] * 60), "-t", "1", "--trace", "trace.json.gz", ranks=3)
        whole = (time.monotonic() - begun) * 1e6
        seen = self.check(self.trace("trace.json.gz"), 3, 1, 60)
        for events in seen.values():
            self.assertTrue(0 <= events[0]["ts"] and events[-1]["ts"] + events[-1]["dur"] < whole)


class Sample(Case):
    def sample(self, job, *options):
        before = [*self.everything(), "job.toml"]
        result = self.good(job, "--plan", *options)
        self.assertEqual(self.everything(), sorted(set(before)), "a sample leaves no file")
        return result.text

    def said(self, text, line):
        """The first time in the line of that name, in seconds."""
        number, unit = re.search(rf"(?m)^{line} +([\d.]+) (us|s)\b", text).groups()
        return float(number) * {"us": 1e-6, "s": 1}[unit]

    @not_sanitized
    def test_sample_tells_the_time_of_a_python_function(self):
        """Sleeps take as long on a machine that is busy; the start of the processes is told by the clock."""
        self.write("nap.py", SLOW_START)
        naps = [20 + 4 * (i % 7) for i in range(700)]
        begun = time.monotonic()
        text = self.sample(napping(naps), "--sample=60", "-t", "2")
        whole = time.monotonic() - begun
        cost, estimate = self.said(text, "cost"), self.said(text, "time")
        self.assertTrue(0.8 < cost / (sum(naps) / 700 / 1000) < 1.6, text)
        self.assertTrue(0.2 < estimate - cost * 350 < whole + 0.3, text)  # cost is rounded to a millisecond
        least, most = map(float, re.search(r"(?m), within ([\d.]+) s to ([\d.]+) s$", text).groups())
        self.assertTrue(least < estimate < most, text)
        for line in (r"^sample +[56]\d items in \d+ places, on 2 workers$", "^#SBATCH --ntasks=1$", "^#SBATCH --cpus-per-task=2$",
                     r"^#SBATCH --mem-per-cpu=\d+M$", "^#SBATCH --time=00:01:00$"):
            self.assertRegex(text, re.compile(line, re.MULTILINE))

    @not_sanitized
    def test_sample_tells_the_time_of_uneven_items(self):
        self.write("f.c", "#include <stdint.h>\n#include <time.h>\nint64_t f(int64_t x)\n{\n    struct timespec nap = {0, 5000000 + 1000 * x * x};\n"
                          "    nanosleep(&nap, 0);\n    return x;\n}\n")
        job = toml(input={"range": [0, 300]}, kernel={"source": "f.c", "function": "f", "signature": "(int64) -> int64"}, output={"format": "null"})
        text = self.sample(job, "--sample", "-t", "2")
        self.assertTrue(0.8 < self.said(text, "time") / (sum(5e-3 + 1e-6 * x * x for x in range(300)) / 2) < 1.6, text)

    @not_sanitized
    def test_sample_of_short_items_measures_long_blocks(self):
        """An item alone would cost ten times as much. A busy machine leaves a factor of four."""
        job = toml(input={"range": [1, 10_000_000]}, kernel={"name": "collatz_steps"}, output={"format": "null"})
        said, took = [], []
        for _ in range(4):
            said.append(self.said(self.sample(job, "--sample", "-t", "2"), "time"))
            took.append(self.took(job))
            (self.dir / "stats.json").unlink()
            if 0.25 * took[-1] < said[-1] < 4 * took[-1]:
                return
        self.fail((said, took))

    def took(self, job):
        self.good(job, "-q", "--stats", "stats.json", "-t", "2")
        return json.loads((self.dir / "stats.json").read_text())["seconds"]

    def test_sample_computes_as_many_items_as_are_asked_for(self):
        job = toml(input={"range": [0, 1000]}, kernel={"command": ["sh", "-c", "echo {} >> seen; echo {}"]})
        for asked in (2, 10, 100):
            self.run_job(job, "--plan", f"--sample={asked}", "-t", "2")
            self.assertEqual(len((self.dir / "seen").read_text().split()), asked + 2)  # each worker's first item twice
            (self.dir / "seen").unlink()

    def test_sample_counts_failed_items(self):
        text = self.sample(squares(1000, input={"range": [ROOT_INT64 + 1, ROOT_INT64 + 1001]}), "--sample")
        self.assertRegex(text, r"(?m)^failed +[1-9]\d* of these items failed$")

    def test_sample_is_refused_without_a_plan_and_of_a_stream(self):
        self.refuse(squares(9), 64, "--plan --sample", options=("--sample",))
        self.refuse(squares(9), 64, "--sample", "zero", options=("--plan", "--sample=zero"))
        stream = toml(input={"path": "-", "format": "txt", "dtype": "int64"}, kernel={"name": "square"})
        result = self.run_job(stream, "--plan", "--sample", stdin=b"1\n2\n")
        self.assertEqual(result.code, 64, str(result))
        self.assertIn("stream", result.err)


class Joblog(Case):
    COLUMNS = "Seq Host Starttime JobRuntime Send Receive Exitval Signal Command".split()

    def rows(self, count):
        head, *lines = (self.dir / "jobs.tsv").read_text().splitlines()
        self.assertEqual(head.split("\t"), self.COLUMNS)
        rows = [dict(zip(self.COLUMNS, line.split("\t"))) for line in lines]
        self.assertEqual([int(row["Seq"]) for row in rows], list(range(1, count + 1)))
        return rows

    def test_joblog_of_a_program_has_its_command_and_its_end(self):
        job = toml(mode="imap", input={"values": [0, 3, 9]}, errors={"on_error": "skip"},
                   kernel={"command": ["sh", "-c", "test {} = 9 && kill -9 $$; sleep 0.2; echo {}; exit {}"]})
        begun = time.time()
        self.assertEqual(self.run_job(job, "--joblog", "jobs.tsv").code, 1)
        rows = self.rows(3)
        self.assertEqual([(row["Exitval"], row["Signal"]) for row in rows], [("0", "0"), ("3", "0"), ("0", "9")])
        for row, value in zip(rows, (0, 3, 9)):
            words = ["sh", "-c", f"test {value} = 9 && kill -9 $$; sleep 0.2; echo {value}; exit {value}"]
            self.assertEqual(shlex.split(row["Command"]), words)
            self.assertTrue(begun - 0.01 <= float(row["Starttime"]) <= time.time())
        self.assertGreaterEqual(float(rows[0]["JobRuntime"]), 0.2)
        self.assertEqual(rows[0]["Receive"], "2")

    @needs_mpi
    def test_joblog_of_three_ranks_ends_with_the_failed_item(self):
        self.write("bad.py", "def f(x):\n    return 1 // (x - 40)\n")
        job = toml(mode="imap", input={"range": [0, 400]}, pool={"chunk_size": 1},
                   kernel={"python": "bad.py:f", "signature": "(int64) -> int64", "interpreter": sys.executable})
        self.assertEqual(self.run_job(job, "--joblog", "jobs.tsv", "-t", "1", ranks=3).code, 1)
        rows = self.rows(41)
        self.assertEqual([row["Exitval"] for row in rows], ["0"] * 40 + ["1"])
        self.assertEqual(rows[40]["Command"], "bad.py:f(40)")

    def test_joblog_of_a_built_in_kernel_is_refused(self):
        self.refuse(squares(9), 64, "--joblog", options=("--joblog", "jobs.tsv"))


class Page(html.parser.HTMLParser):
    """A page whose elements are closed in order, without a reference to anything outside."""
    EMPTY = {"meta", "link", "br", "hr"}

    def __init__(self, case, text):
        super().__init__()
        self.case, self.open, self.text, self.count = case, [], "", collections.Counter()
        self.feed(text)
        self.close()
        case.assertEqual(self.open, [])

    def handle_starttag(self, tag, attrs):
        self.count[tag] += 1
        for name, value in attrs:
            self.case.assertNotIn(name, ("src", "srcset", "xlink:href", "action"))
            if name in ("href", "style"):
                self.case.assertNotRegex(value or "", r"//|url\(")
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.count[tag] += 1

    def handle_endtag(self, tag):
        self.case.assertEqual(self.open.pop(), tag, self.getpos())

    def handle_data(self, data):
        self.case.assertNotRegex(data, r"https?:|@import|url\(")
        self.text += data


class Report(Case):
    def page(self, job, *options, code=0, ranks=0):
        result = self.run_job(job, "--report", "report.html", *options, ranks=ranks)
        self.assertEqual(result.code, code, str(result))
        content = (self.dir / "report.html").read_bytes()
        self.assertLess(len(content), 300_000)
        return Page(self, content.decode())

    def browse(self):
        """What a browser without a network says of the page: as part of `full`, since a browser takes seconds to start."""
        if "PENGINE_FULL" not in os.environ:
            return
        chromium = shutil.which("chromium")
        if chromium is None:
            self.skipTest("there is no chromium (Debian: chromium)")
        opened = subprocess.run(
            [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND",
             "--enable-logging=stderr", f"--user-data-dir={self.dir}/chromium", "--dump-dom", f"file://{self.dir}/report.html"],
            capture_output=True, text=True, timeout=PATIENCE)
        self.assertNotIn("CONSOLE", opened.stderr)
        self.assertIn("</html>", opened.stdout)
        self.assertIn('id="tip"', opened.stdout)

    def test_report_of_a_good_run_has_its_sections(self):
        self.write("nap.py", SLEEP)
        page = self.page(napping([2] * 100 + [80], name="a <b> & c"), "-t", "2")
        for part in ("a <b> & c", "complete", "Over time", "Workers over time", "Where the time went", "What items cost",
                     "The slowest items", "nap.py:nap(80.0)", "Memory", "Chunks", "The job", "--report report.html -t 2 job.toml",
                     "[kernel]"):
            self.assertIn(part, page.text)
        self.assertGreater(page.count["svg"], 4)
        self.browse()

    @needs_mpi
    def test_report_of_four_ranks_shows_each(self):
        self.write("nap.py", SLEEP)
        job = napping([10 if i % 4 == 3 else 1 for i in range(160)], pool={"schedule": "static", "chunk_size": 1})
        page = self.page(job, "-t", "1", ranks=4)
        self.assertIn("Ranks over time", page.text)
        self.assertIn("the workers of rank 3 compute longest", page.text)
        self.assertRegex(page.text, r"Rank 3 on \S+ is slow: an item takes")
        self.assertIn("mpirun -n 4 ", page.text)
        self.browse()

    def test_report_of_20000_failures_counts_them_by_reason(self):
        self.write("bad.py", "def f(x):\n    if x % 3: raise ValueError('<no>' if x % 3 == 1 else 'odd: ' + 'x' * 5000)\n"
                             "    return 1 / 0 if x % 2 else x\n")
        job = toml(input={"range": [0, 30_000]}, errors={"on_error": "skip"}, output={"format": "null"},
                   kernel={"python": "bad.py:f", "signature": "(int64) -> int64", "interpreter": sys.executable})
        page = self.page(job, code=1)
        for part in ("complete with failed items", "Failed items", "ValueError", "20,000", "ZeroDivisionError", "5,000"):
            self.assertIn(part, page.text)
        self.browse()

    def test_report_of_a_run_that_failed_says_why(self):
        page = self.page(squares(9, kernel={"name": "squar"}), code=69)
        self.assertIn("did you mean", page.text)
        self.assertIn("failed", page.text)


if __name__ == "__main__":
    main()
