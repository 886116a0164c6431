# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""One item that takes very long stalls no other, and costs nothing but itself when the run is killed.

Design: the slow item waits for a file that the test makes. Every call of the kernel leaves its item in a file, so that the test knows what
was computed, and what was computed again. Expected values: Python's and numpy's.
"""
import json
import os
import pathlib
import signal
import sys
import time

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from harness import Case, PATIENCE, finish, kill_group, main, needs_mpi, not_sanitized, start, toml, xxh3_128  # noqa: E402
from test_memory import planned_bytes  # noqa: E402

ITEMS = 4000
CHUNK = 8
SLOW = 19  # in the third chunk
BAD = 97  # every 97th item fails where items may fail
FOUND_C = """#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
static int computed(int64_t x)
{
    const int fd = open("FOLDER/calls", O_WRONLY | O_CREAT | O_APPEND, 0600);
    const int is_written = write(fd, &x, sizeof x) == sizeof x;
    close(fd);
    while (x == 19 && access("FOLDER/go", F_OK) != 0)
        usleep(10000);
    return !is_written;
}
int f(int64_t x, int64_t *out)
{
    *out = x * x * 7919 % 1000003;
    return computed(x) || (BAD && x % 97 == 5);
}
size_t text(int64_t x, char *out, size_t room)
{
    const size_t size = 4000 + (size_t)(x % 7);
    if (size < room) {
        computed(x);
        memset(out, 'a' + (int)(x % 26), size);
    }
    return size;
}
"""
PYTHON = """import os, struct, time
def f(x):
    with open("FOLDER/calls", "ab", 0) as file:
        file.write(struct.pack("<q", x))
    while x == 19 and not os.path.exists("FOLDER/go"):
        time.sleep(0.01)
    return x * x * 7919 % 1000003
"""
PROGRAM = """import sys
sys.path.insert(0, "FOLDER")
import k
for line in sys.stdin:
    print(k.f(int(line)), flush=True)
"""


def value(x):
    return x * x * 7919 % 1000003


def threads_of(pid):
    """The folders in /proc of all threads of this process and of those that it started."""
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*"):
        yield task
        for child in (task / "children").read_text().split():
            yield from threads_of(child)


def is_idle(pid):
    """Whether every thread sleeps: one that has a message to read, or waits for a core, does not."""
    try:
        return all((task / "stat").read_text().rpartition(")")[2].split()[0] in "SZ" for task in threads_of(pid))
    except (FileNotFoundError, ProcessLookupError):
        return False


class SlowItem(Case):
    def job(self, path, kernel="C", policy=None, mode="map", items=ITEMS, memory=None, interval="200 ms", **output):
        for name, content in {"k.c": FOUND_C.replace("BAD", "1" if policy else "0"), "k.py": PYTHON, "p.py": PROGRAM}.items():
            self.write(name, content.replace("FOLDER", str(self.dir)))
        kernels = {"C": {"source": "k.c", "function": "f", "signature": "(int64) -> int64 or error"},
                   "text": {"source": "k.c", "function": "text", "signature": "(int64) -> text"},
                   "Python": {"python": "k.py:f", "signature": "(int64) -> int64", "interpreter": sys.executable},
                   "command": {"command": [sys.executable, "p.py"], "signature": "(int64) -> int64"}}
        errors = {"errors": {"on_error": policy, "log": "failed.csv", **({"fill": -1} if policy == "fill" else {})}} if policy else {}
        self.write("job.toml", toml(mode=mode, **{
            "input": {"range": [0, items]}, "kernel": kernels[kernel], "checkpoint": {"interval": interval}, **errors,
            "pool": {"threads": 2, "chunk_size": CHUNK, **({"memory": memory} if memory else {})}, "output": {"path": path, **output}}))

    def calls(self):
        try:
            return numpy.fromfile(self.dir / "calls", "<i8").tolist()
        except FileNotFoundError:
            return []

    def wait_until(self, process, what, is_so):
        deadline = time.monotonic() + PATIENCE
        while not is_so():
            if process.poll() is not None or time.monotonic() > deadline:
                kill_group(process)
                self.fail(f"{what}: {len(set(self.calls()))} items were computed; {finish(process)}")
            time.sleep(0.02)

    def wait_for_waiting(self, process, most_missing=CHUNK):
        """Until all items are computed but those that wait for the file, and their results are where they are kept."""
        self.wait_until(process, "the others are computed", lambda: len(set(self.calls())) >= ITEMS - most_missing + 1)
        for _ in range(5):  # the main thread and the slow item wake up now and then
            self.wait_until(process, "nothing runs", lambda: is_idle(process.pid))
            time.sleep(0.03)

    def status(self, path):
        result = self.run_args("--status", path + ".checkpoint", "--json")
        return json.loads(result.text) if result.code == 0 else {}

    def done(self, path):
        """What the checkpoint knows of: the number of items."""
        return self.status(path).get("done", 0)

    def begin(self, path, ranks=0, items=ITEMS, most_missing=CHUNK, peaks=None):
        """A run whose items are all computed but the slow one and those of its chunk, and recorded."""
        process = start(["job.toml"], ranks, cwd=self.dir, peaks=peaks)
        self.wait_until(process, "the others are computed", lambda: len(set(self.calls())) >= items - most_missing + 1)
        self.wait_until(process, "they are in the checkpoint", lambda: self.done(path) >= items - most_missing)
        return process

    def go_on(self, path, expected, *options, ranks=0, code=0, most=CHUNK):
        """The rest, in another run: the slow item and what was under way, and nothing else."""
        (self.dir / "calls").unlink()
        (self.dir / "go").touch()
        result = finish(start(["--resume", *options, "job.toml"], ranks, cwd=self.dir))
        self.assertEqual(result.code, code, str(result))
        again = self.calls()
        self.assertIn(SLOW, again)
        self.assertLessEqual(len(again), most, f"{sorted(again)}")
        got = (self.dir / path).read_bytes()
        self.assertEqual(numpy.load(self.dir / path).tolist() if path.endswith(".npy") else got, expected)
        self.assertFalse([name for name in self.everything() if name.endswith((".spill", ".part"))])
        return result

    def killed(self, path, expected, ranks, later, *options, most_missing=CHUNK, code=0, **job):
        self.job(path, **job)
        process = self.begin(path, ranks, most_missing=most_missing)
        kill_group(process)
        finish(process)
        self.assertTrue((self.dir / (path + ".checkpoint.spill")).exists())
        return self.go_on(path, expected, *options, ranks=later, code=code, most=most_missing)

    def text(self, policy=None):
        values = ((x, -1 if policy and x % BAD == 5 else value(x)) for x in range(ITEMS))
        return "".join(f"{v}\n" for x, v in values if policy != "skip" or x % BAD != 5).encode()

    # ---- one rank ----

    def test_killed_during_the_item_costs_that_item_to_txt(self):
        self.killed("o.txt", self.text(), 0, 0, "-t", "3", "-s", "pool.chunk_size=5", mode="imap")

    def test_killed_during_the_item_costs_that_item_to_npy_in_place(self):
        self.killed("o.npy", [value(x) for x in range(ITEMS)], 0, 0, "-t", "1")

    def test_killed_twice_during_the_item(self):
        """What the first run has stored is listed by the second one, too."""
        self.job("o.txt")
        for options, runs in (((), 1), (("--resume",), 2)):
            process = start([*options, "job.toml"], cwd=self.dir)
            self.wait_until(process, "a checkpoint of this run", lambda: self.status("o.txt").get("runs") == runs)
            self.wait_until(process, "the others are in it", lambda: self.done("o.txt") >= ITEMS - CHUNK)
            kill_group(process)
            finish(process)
        self.go_on("o.txt", self.text())

    def test_rows_in_place_are_gathered_by_the_next_run(self):
        self.killed("o.raw", numpy.array([value(x) for x in range(ITEMS)], "<i8").tobytes(), 0, 0, "-s", "output.path='o.raw'", "-s",
                    "output.gather='root'")

    def test_killed_during_the_item_costs_that_item_to_digest_and_jsonl(self):
        rows = "".join(json.dumps({"v": value(x)}, separators=(",", ":")) + "\n" for x in range(ITEMS)).encode()
        self.job("o.jsonl", names=["v"])
        self.assertEqual(finish(start(["-q", "-s", "input.range=[0,2]", "-o", "p.jsonl", "job.toml"], cwd=self.dir)).code, 0)
        form = (self.dir / "p.jsonl").read_text().splitlines()[1].replace(str(value(1)), "%d")
        (self.dir / "calls").unlink()
        rows = "".join(form % value(x) + "\n" for x in range(ITEMS)).encode()
        self.killed("o.jsonl", rows, 0, 0, names=["v"])
        (self.dir / "go").unlink()
        (self.dir / "calls").unlink()
        raw = numpy.array([value(x) for x in range(ITEMS)], "<i8").tobytes()
        self.killed("o.digest", f"items={ITEMS} bytes={8 * ITEMS} xxh3_128={xxh3_128(raw)}\n".encode(), 0, 0)

    def test_failed_items_during_the_item_are_named_once(self):
        for policy in ("skip", "fill"):
            with self.subTest(policy):
                for old in self.dir.glob("*"):
                    old.unlink()
                result = self.killed("o.txt", self.text(policy), 0, 0, policy=policy, code=1)
                bad = [x for x in range(ITEMS) if x % BAD == 5]
                logged = [int(line.split(",")[0]) for line in (self.dir / "failed.csv").read_text().splitlines()[1:]]
                self.assertEqual(logged, bad)
                self.assertIn(f"{len(bad)} of 4,000 items failed", result.err)

    def test_python_and_programs_go_on_during_the_item(self):
        for kernel in ("Python", "command"):
            with self.subTest(kernel):
                for old in self.dir.glob("*.*"):
                    old.unlink()
                for name in ("calls", "go"):
                    (self.dir / name).unlink(missing_ok=True)
                self.killed("o.csv", b"v\n" + self.text(), 0, 0, kernel=kernel, names=["v"])

    def test_interrupted_during_the_item_keeps_what_waits(self):
        """The interval is long: what waits is stored at the end."""
        for kernel, interval in (("Python", "1 h"), ("command", "1 h")):
            with self.subTest(kernel):
                self.job("o.txt", kernel, interval=interval)
                for name in ("calls", "go"):
                    (self.dir / name).unlink(missing_ok=True)
                process = start(["job.toml"], cwd=self.dir)
                self.wait_for_waiting(process)
                process.send_signal(signal.SIGINT)
                self.assertEqual(finish(process).code, 75)
                self.assertGreaterEqual(self.done("o.txt"), ITEMS - CHUNK)
                self.go_on("o.txt", self.text())

    def test_a_time_limit_during_the_item_keeps_what_waits(self):
        self.job("o.txt", "Python", interval="1 h")
        for limit in (3, 12, 48):  # a slow machine needs longer for the others
            result = finish(start(["-q", "--restart", "--time-limit", f"{limit} s", "job.toml"], cwd=self.dir))
            self.assertIn(result.code, (75, 1), str(result))
            if len(set(self.calls())) >= ITEMS - CHUNK + 1:
                break
            (self.dir / "calls").unlink(missing_ok=True)
        self.assertEqual(result.code, 75, str(result))
        self.assertGreaterEqual(self.done("o.txt"), ITEMS - CHUNK)
        self.go_on("o.txt", self.text())

    def test_an_item_that_ends_the_run_keeps_what_waits_for_it(self):
        self.job("o.txt", "Python", interval="1 h")
        source = (self.dir / "k.py").read_text()
        self.write("k.py", source.replace("return", "if x == 19 and not os.path.exists('FOLDER/calm'): raise ValueError('no')\n    return")
                   .replace("FOLDER", str(self.dir)))
        process = start(["job.toml"], cwd=self.dir)
        self.wait_for_waiting(process)
        (self.dir / "go").touch()
        self.assertEqual(finish(process).code, 1)
        self.assertGreaterEqual(self.done("o.txt"), ITEMS - CHUNK)
        (self.dir / "calm").touch()
        self.go_on("o.txt", self.text())

    def test_a_run_that_fails_later_leaves_no_empty_spill_file(self):
        self.job("o.txt", "Python")
        source = (self.dir / "k.py").read_text()
        fails = f"    if x == {ITEMS - 1}: raise ValueError('no')\n    return"
        self.write("k.py", source.replace("x == 19", f"x in (19, {ITEMS - 1})").replace("    return", fails))
        process = start(["job.toml"], cwd=self.dir)
        self.wait_until(process, "something waits", lambda: (self.dir / "o.txt.checkpoint.spill").exists())
        (self.dir / "go").touch()
        self.assertEqual(finish(process).code, 1)
        self.assertGreaterEqual(self.done("o.txt"), ITEMS - CHUNK)
        self.assertNotIn("o.txt.checkpoint.spill", self.everything())

    def test_a_damaged_spill_file_costs_what_is_damaged(self):
        self.job("o.txt")
        process = self.begin("o.txt")
        kill_group(process)
        finish(process)
        spill = self.dir / "o.txt.checkpoint.spill"
        data = bytearray(spill.read_bytes())
        at = data.find(b"\n%d\n" % value(2003))
        self.assertGreater(at, 0)
        data[at + 1] ^= 1
        spill.write_bytes(data)
        # a piece of the file holds the chunks that a worker took at once: those of 50 us
        result = self.go_on("o.txt", self.text(), most=10 * CHUNK)
        self.assertRegex(result.err, r"o\.txt\.checkpoint\.spill: [1-9]\d* items are damaged or missing")

    def test_a_new_beginning_leaves_no_spill_file(self):
        self.job("o.txt")
        process = self.begin("o.txt")
        kill_group(process)
        finish(process)
        (self.dir / "go").touch()
        result = finish(start(["-q", "--restart", "job.toml"], cwd=self.dir))
        self.assertEqual(result.code, 0, str(result))
        self.assertEqual((self.dir / "o.txt").read_bytes(), self.text())
        self.assertEqual([name for name in self.everything() if name.startswith("o.")], ["o.txt"])

    @not_sanitized
    def test_results_larger_than_the_window_stay_below_the_plan(self, ranks=0):
        self.job("o.txt", "text", memory="4 MiB", interval="1 h", mode="imap")
        plan = self.run_args("--plan", "job.toml", ranks=ranks)
        self.assertIn("o.txt.checkpoint.spill", plan.text + plan.err)
        process = start(["job.toml"], ranks, cwd=self.dir, peaks=self.dir / "peaks")
        self.wait_until(process, "the others are computed", lambda: len(set(self.calls())) >= ITEMS - CHUNK + 1)
        self.assertGreater((self.dir / "o.txt.checkpoint.spill").stat().st_size, ITEMS * 2000)
        (self.dir / "go").touch()
        self.assertEqual(finish(process).code, 0)
        self.assertEqual((self.dir / "o.txt").read_text(), "".join(chr(97 + x % 26) * (4000 + x % 7) + "\n" for x in range(ITEMS)))
        peaks = list(map(int, (self.dir / "peaks").read_text().split()))
        self.assertLess(max(peaks), planned_bytes(plan.text + plan.err))
        self.assertFalse((self.dir / "o.txt.checkpoint.spill").exists())

    # ---- several ranks ----

    @needs_mpi
    def test_ranks_are_killed_during_the_item_and_another_layout_goes_on(self):
        """The slow item's rank has its chunk, and perhaps one more slice in advance."""
        for path, expected, later, job in (
                ("o.txt", self.text(), 0, {"mode": "imap"}),
                ("o.npy", [value(x) for x in range(ITEMS)], 2, {}),
                ("o.csv", b"v\n" + self.text("skip"), 0, {"policy": "skip", "names": ["v"]})):
            with self.subTest(path):
                for old in self.dir.glob("*"):
                    old.unlink()
                self.killed(path, expected, 3, later, most_missing=2 * CHUNK, code=1 if "policy" in job else 0, **job)

    @needs_mpi
    def test_one_rank_killed_resumed_by_several(self):
        self.killed("o.npy", [value(x) for x in range(ITEMS)], 0, 3)

    @needs_mpi
    def test_ranks_interrupted_during_the_item_keep_what_waits(self):
        self.job("o.txt", "Python", interval="1 h")
        process = start(["job.toml"], 3, cwd=self.dir)
        self.wait_for_waiting(process, 2 * CHUNK)
        process.send_signal(signal.SIGINT)
        finish(process)
        self.assertGreaterEqual(self.done("o.txt"), ITEMS - 2 * CHUNK)
        self.go_on("o.txt", self.text(), most=2 * CHUNK)

    @needs_mpi
    @not_sanitized
    def test_results_of_ranks_larger_than_the_window_stay_below_the_plan(self):
        self.test_results_larger_than_the_window_stay_below_the_plan(3)


if __name__ == "__main__":
    main()
