# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Interrupted and killed runs: exit 75 with nothing (map) or a correct prefix (imap); after SIGKILL nothing wrong has a final name.

Expected values: Python's Collatz steps, and numpy's squares.
"""
import fcntl
import json
import os
import pathlib
import re
import select
import signal
import subprocess
import sys
import time

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from harness import Case, PATIENCE, SLOWER, finish, kill_group, lines, main, needs_mpi, ranks_of, squares, start, toml, wait_for, wait_for_handler  # noqa: E402

ENDLESS = 3 * 10**9  # squares fit int64; at a billion a second the signal comes first
WAYS = (signal.SIGINT, signal.SIGTERM)


def visible_bytes(path):
    """The rows that the header of an npy counts; ranks may have written later rows after them."""
    try:
        return numpy.load(path, mmap_mode="r").nbytes if path.name == "out.npy" else path.stat().st_size
    except (ValueError, FileNotFoundError):  # no header yet; it has just got its final name
        return 0


class Runs(Case):
    def started(self, job, ranks=0, grown=None):
        """Starts a job and waits until it computes: until its output has some bytes, under its final name or before."""
        self.write("job.toml", job)
        for path in self.dir.glob("out.*"):
            path.unlink()

        def outputs():
            return [path for path in self.dir.glob("out.*") if path.suffix != ".checkpoint"]

        process = start(["-t", "2", "job.toml"], ranks, cwd=self.dir)
        wait_for_handler(process, signal.SIGTERM)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and process.poll() is None:
            if grown is None or any(visible_bytes(path) > grown for path in outputs()):
                break
            time.sleep(0.01)
        return process

    def interrupted(self, process, way, pids=None):
        begun = time.monotonic()
        for pid in pids or [process.pid]:
            os.kill(pid, way)
        result = finish(process)
        self.assertLess(time.monotonic() - begun, 60 * SLOWER, "took long to stop")
        self.assertEqual(result.code, 75, str(result))
        self.assertRegex(result.err, "(?i)interrupt|signal|stopped")
        return result

    def prefix(self, name):
        path = self.dir / name
        if name.endswith(".npy"):
            saved = numpy.load(path, mmap_mode="r")
        elif name.endswith(".raw"):
            self.assertEqual(path.stat().st_size % 8, 0, "a record was cut")
            saved = numpy.memmap(path, "<i8", "r")
        else:
            data = path.read_bytes()
            self.assertTrue(data.endswith(b"\n"), "a record was cut")
            rows = data.splitlines()[1 if name.endswith("csv") else 0:]
            saved = numpy.array(rows[:2_000_000], dtype=numpy.int64)
        for first in range(0, len(saved), 10**7):
            part = saved[first:first + 10**7]
            numpy.testing.assert_array_equal(part, numpy.arange(first, first + len(part)) ** 2)
        return len(saved)


class Interrupted(Runs):
    """SIGINT and SIGTERM, to the run alone, to one rank, to all of them, to mpirun; SIGUSR1 to mpirun."""

    def test_map_leaves_nothing_under_the_final_name(self):
        for way in WAYS:
            for name in ("out.npy", "out.txt"):
                with self.subTest((way, name)):
                    process = self.started(squares(ENDLESS, "map", output={"path": name}), grown=1 << 20)
                    result = self.interrupted(process, way)
                    self.unfinished(name)
                    self.assertRegex(result.err, r"items; .*pengine --resume -t 2 job\.toml goes on")

    def test_map_to_stdout_prints_nothing(self):
        process = self.started(squares(ENDLESS, "map", pool={"memory": "64 GiB"}))
        time.sleep(0.3)
        self.assertEqual(self.interrupted(process, signal.SIGINT).out, b"")

    def test_imap_leaves_a_correct_prefix(self):
        for way in WAYS:
            for name in ("out.npy", "out.txt", "out.csv", "out.raw"):
                with self.subTest((way, name)):
                    process = self.started(squares(ENDLESS, "imap", output={"path": name}), grown=1 << 20)
                    self.interrupted(process, way)
                    count = self.prefix(name)
                    self.assertGreater(count, 1000)

    def test_signal_to_all_processes_is_no_failure_of_their_items(self):
        for policy in ("stop", "skip"):
            with self.subTest(policy):
                job = toml(mode="imap", input={"range": [0, 10**6]}, errors={"on_error": policy},
                           kernel={"command": ["sh", "-c", "sleep 0.02; echo $0", "{}"], "signature": "(int64) -> int64"},
                           output={"path": "out.txt"}, pool={"chunk_size": 3})
                process = self.started(job, grown=20)
                for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir():  # they come first
                    for child in (task / "children").read_text().split():
                        os.kill(int(child), signal.SIGTERM)
                self.interrupted(process, signal.SIGTERM)
                rows = (self.dir / "out.txt").read_text().splitlines()
                self.assertEqual(rows, [str(i) for i in range(len(rows))])

    def test_signal_that_an_item_gets_before_the_run_is_no_failure_of_it(self):
        script = """test $0 != 40 || test -e again || { touch again; setsid sh -c "sleep 0.08; exec kill -TERM $PPID" >/dev/null 2>&1 & kill -TERM $$; }
                    echo $0"""
        for policy in ({"on_error": "skip"}, {"on_error": "fill", "fill": -1}):
            with self.subTest(str(policy)):
                self.write("job.toml", toml(
                    input={"range": [0, 50]}, errors=policy, output={"path": "out.txt"}, pool={"chunk_size": 1},
                    kernel={"command": ["sh", "-c", script, "{}"], "signature": "(int64) -> int64"}))
                result = self.run_args("job.toml")
                self.assertEqual(result.code, 75, str(result))
                result = self.run_args("--resume", "job.toml")
                self.assertEqual((result.code, (self.dir / "out.txt").read_text()), (0, "".join(f"{i}\n" for i in range(50))), str(result))
                (self.dir / "again").unlink()

    def test_signal_after_the_run_does_not_change_its_outcome(self):
        """The pipe that takes the stats is full, so the signal comes after the commit and before the end of the process."""
        for name, kernel, code in (("well", "x * x", 0), ("failed", "100 / (x - 7)", 1)):
            with self.subTest(name):
                self.write("job.toml", toml(input={"range": [0, 100]}, kernel={"expr": kernel}, output={"path": f"{name}.txt"}, errors={"on_error": "skip"}))
                pipe = str(self.dir / f"{name}.stats")
                os.mkfifo(pipe)
                end = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
                self.addCleanup(os.close, end)
                text = b" " * fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, 4096)
                os.write(end, text)
                process = start(["--stats", pipe, "job.toml"], cwd=self.dir)
                self.assertIn(b"items in", process.stderr.readline())
                self.assertTrue((self.dir / f"{name}.txt").exists())
                process.send_signal(signal.SIGTERM)
                while process.poll() is None or select.select([end], [], [], 0)[0]:
                    text += os.read(end, 4096) if select.select([end], [], [], 0.01)[0] else b""
                self.assertEqual(finish(process).code, code)
                self.assertEqual(json.loads(text)["exit_code"], code)

    def test_imap_to_digest_prints_nothing(self):
        process = self.started(squares(10**11, "imap", output={"format": "digest"}, input={"range": [0, 10**11], "dtype": "int128"}))
        time.sleep(0.5)
        self.assertEqual(self.interrupted(process, signal.SIGTERM).out, b"")

    def test_reader_that_does_not_read_does_not_keep_the_run_alive(self):
        process = self.started(squares(ENDLESS, "imap"))
        time.sleep(0.5)  # the pipe is full, the writer waits
        os.kill(process.pid, signal.SIGTERM)
        time.sleep(1 * SLOWER)
        is_over = process.poll() is not None
        result = finish(process)
        self.assertTrue(is_over or result.code == 75, str(result))
        self.assertEqual(result.code, 75, str(result))

    def test_writer_of_stdin_that_waits_does_not_keep_the_run_alive(self):
        self.write("job.toml", 'mode = "imap"\n[input]\npath = "-"\nformat = "txt"\n[kernel]\nname = "text_upper"\n')
        process = start(["job.toml"], cwd=self.dir, stdin=-1)
        process.stdin.write(b"one\n")
        process.stdin.flush()
        wait_for_handler(process, signal.SIGTERM)
        time.sleep(0.3)
        os.kill(process.pid, signal.SIGTERM)
        until = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        is_over = process.poll() is not None
        kill_group(process)
        result = finish(process)
        self.assertTrue(is_over, "still waits for stdin")
        self.assertEqual((result.code, result.out), (75, b"ONE\n"), str(result))

    @needs_mpi
    def test_signal_to_every_rank_ends_with_75(self):
        for mode, name in (("map", "out.npy"), ("imap", "out.npy"), ("imap", "out.csv")):
            with self.subTest((mode, name)):
                process = self.started(squares(ENDLESS, mode, output={"path": name}), ranks=2, grown=1 << 20)
                self.interrupted(process, signal.SIGTERM, ranks_of(process.pid))
                if mode == "map":
                    self.unfinished(name)
                else:
                    self.assertGreater(self.prefix(name), 1000)

    @needs_mpi
    def test_signal_to_one_rank_ends_them_all_with_75(self):
        for which in (min, max):
            with self.subTest(which.__name__):
                process = self.started(squares(ENDLESS, "imap", output={"path": "out.npy"}), ranks=3, grown=1 << 20)
                result = self.interrupted(process, signal.SIGTERM, [which(ranks_of(process.pid))])
                self.assertEqual(result.err.count(self.message(result)), 1)
                self.assertGreater(self.prefix("out.npy"), 1000)

    @needs_mpi
    def test_usr1_to_mpirun_ends_with_75(self):
        process = self.started(squares(ENDLESS, "imap", output={"path": "out.npy"}), ranks=2, grown=1 << 20)
        self.interrupted(process, signal.SIGUSR1)
        self.assertGreater(self.prefix("out.npy"), 1000)

    @needs_mpi
    def test_signal_to_mpirun_leaves_nothing_or_a_prefix(self):
        for mode in ("map", "imap"):
            with self.subTest(mode):
                process = self.started(squares(ENDLESS, mode, output={"path": "out.npy"}), ranks=2, grown=1 << 20)
                process.send_signal(signal.SIGINT)
                self.assertNotEqual(finish(process).code, 0)
                if mode == "map":
                    self.unfinished_or_nothing("out.npy")
                else:
                    self.assertGreater(self.prefix("out.npy"), 1000)

    @needs_mpi
    def test_signal_to_mpirun_leaves_what_another_run_goes_on_from(self):
        self.write("slow.c", "#include <stdint.h>\n#include <stdlib.h>\n#include <time.h>\nint64_t f(int64_t x)\n{\n    if (getenv(\"SLOW\") != NULL)\n"
                             "        nanosleep(&(struct timespec){.tv_nsec = 1000000}, 0);\n    return x * x;\n}\n")
        job = toml(input={"range": [0, 50000]}, kernel={"source": "slow.c", "function": "f", "signature": "(int64) -> int64"}, output={"path": "out.txt"})
        self.run_job(job.replace("50000", "10"))
        self.write("job.toml", job)
        for way in (signal.SIGINT, signal.SIGTERM, signal.SIGTERM, signal.SIGUSR1):
            with self.subTest(way):
                said = []  # mpirun kills the ranks after a second, in which a busy machine may not let them write what they have
                while len(said) < 10 and not re.search(r"50,000 items, [\d,]+ of them from before", "".join(said)):
                    said.append(self.signal_and_resume(way))
                self.assertLess(len(said), 10, said)

    def signal_and_resume(self, way):
        """What the second run of job.toml says, after one whose mpirun got the signal."""
        process = start(["-t", "1", "job.toml"], 2, cwd=self.dir, env={"SLOW": "1"})
        wait_for(lambda: visible_bytes(self.dir / "out.txt.part") >= 1000, "1,000 bytes", process)
        process.send_signal(way)
        result = finish(process)
        self.assertTrue(result.code == 75 if way == signal.SIGUSR1 else result.code != 0, str(result))  # mpirun's own, on the others
        resumed = self.run_args("--resume", "job.toml")
        self.assertEqual(resumed.code, 0, f"{resumed} after {result}")
        self.assertEqual((self.dir / "out.txt").read_text(), lines(x * x for x in range(50000)))
        (self.dir / "out.txt").unlink()
        return resumed.err


class Killed(Runs):
    """SIGKILL: no process can clean up, and still no wrong result has a final name."""

    def killed(self, job, ranks=0, wait=0.0, grown=1 << 20):
        process = self.started(job, ranks, grown)
        time.sleep(wait)
        kill_group(process)
        finish(process)

    def test_imap_to_npy_can_be_loaded_and_is_a_correct_prefix(self):
        for wait in (0, 0.003, 0.01, 0.05, 0.11):
            with self.subTest(wait):
                self.killed(squares(ENDLESS, "imap", output={"path": "out.npy"}), wait=wait)
                self.prefix("out.npy")

    def test_imap_to_npy_killed_at_its_first_bytes_can_be_loaded(self):
        for _ in range(5):
            self.killed(squares(ENDLESS, "imap", output={"path": "out.npy"}, pool={"chunk_size": 1000}), grown=0)
            if (self.dir / "out.npy").exists():  # it appears with its first rows
                self.prefix("out.npy")

    def test_imap_of_a_stream_to_npy_can_be_loaded(self):
        self.write("job.toml", 'mode = "imap"\n[input]\npath = "-"\nformat = "raw"\ndtype = "int64"\n'
                               '[kernel]\nname = "square"\n[output]\npath = "out.npy"\n')
        process = start(["job.toml"], cwd=self.dir, stdin=-1)
        process.stdin.write(numpy.arange(500_000).tobytes())
        process.stdin.flush()
        wait_for(lambda: visible_bytes(self.dir / "out.npy") > 100_000, "rows", process)
        kill_group(process)
        finish(process)
        self.assertGreater(self.prefix("out.npy"), 1000)

    @needs_mpi
    def test_imap_of_two_ranks_to_npy_is_a_correct_prefix(self):
        for wait in (0, 0.03):
            with self.subTest(wait):
                self.killed(squares(ENDLESS, "imap", output={"path": "out.npy"}), ranks=2, wait=wait)
                self.prefix("out.npy")

    def test_map_never_stands_under_its_final_name(self):
        self.killed(squares(ENDLESS, "map", output={"path": "out.npy"}))
        self.assertFalse((self.dir / "out.npy").exists())

    def test_run_after_a_kill_is_whole(self):
        for mode in ("map", "imap"):
            with self.subTest(mode):
                self.killed(squares(ENDLESS, mode, output={"path": "out.npy"}))
                saved = self.saves(squares(100, mode, output={"path": "out.npy"}), "out.npy")
                self.assertEqual(saved.tolist(), [x * x for x in range(100)])

    @needs_mpi
    def test_killed_rank_ends_the_run(self):
        process = self.started(squares(ENDLESS, "imap", output={"path": "out.npy"}), ranks=3, grown=1 << 20)
        os.kill(max(ranks_of(process.pid)), signal.SIGKILL)
        self.assertNotEqual(finish(process).code, 0)
        self.prefix("out.npy")


class Early(Runs):
    """A signal before the first item is computed, and signals that were ignored when the program began."""

    def compiling(self, ranks=0):
        """A run whose compiler sleeps; (process, its TMPDIR, the folder of kept objects)."""
        home, cache = self.dir / "tmp", self.dir / "cache"
        home.mkdir(exist_ok=True)
        self.write("cc.sh", "#!/bin/sh\ncase $1 in --version) echo slow 1.0; exit 0;; esac\n: >started\nexec sleep 20\n")
        compiler = self.dir / "cc.sh"
        compiler.chmod(0o755)
        self.write("job.toml", toml(input={"range": [0, 10]}, kernel={"expr": "x + 12345"}, output={"path": "out.txt"}))
        env = {"PENGINE_CC": str(compiler), "TMPDIR": str(home), "XDG_CACHE_HOME": str(cache)}
        process = start(["job.toml"], ranks, cwd=self.dir, env=env)
        until = time.monotonic() + PATIENCE
        while not list(home.glob("pengine-*/kernel.c")) and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.1)
        return process, home

    def test_signal_while_compiling_leaves_nothing_and_is_75(self):
        for way in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
            with self.subTest(way):
                process, home = self.compiling()
                self.assertEqual(len(list(home.iterdir())), 1)
                result = self.interrupted(process, way)
                self.assertEqual(result.err, f"pengine: interrupted by {way.name} before the first item was computed\n")
                self.assertEqual(list(home.iterdir()), [])
                self.assertFalse((self.dir / "out.txt").exists())

    def test_signal_while_the_job_is_read_is_75(self):
        process = start(["-"], cwd=self.dir, stdin=subprocess.PIPE)
        wait_for_handler(process, signal.SIGTERM)
        time.sleep(0.5)
        self.interrupted(process, signal.SIGTERM)

    def test_ignored_signal_stays_ignored(self):
        for way in (signal.SIGHUP, signal.SIGINT):
            with self.subTest(way):
                job = toml(mode="imap", input={"range": [0, 20]}, output={"path": "out.txt"}, pool={"chunk_size": 1},
                           kernel={"command": ["sh", "-c", "sleep 0.05; echo $0", "{}"], "signature": "(int64) -> int64"})
                self.write("job.toml", job)
                process = start(["-q", "-t", "1", "job.toml"], cwd=self.dir,
                                preexec_fn=lambda way=way: signal.signal(way, signal.SIG_IGN))
                until = time.monotonic() + PATIENCE
                while not (self.dir / "out.txt").exists() and time.monotonic() < until:
                    time.sleep(0.01)
                os.kill(process.pid, way)
                self.assertEqual(finish(process).code, 0)
                self.assertEqual((self.dir / "out.txt").read_text(), "".join(f"{i}\n" for i in range(20)))
                (self.dir / "out.txt").unlink()


if __name__ == "__main__":
    main()
