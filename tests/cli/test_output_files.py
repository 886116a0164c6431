# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Output files: what replaces an earlier file and when, temporary names, closed standard descriptors, syncs.

Expected values: Python's integers; the state of the folder as the system lists it.
"""
import fcntl
import os
import signal
import subprocess
import time

import numpy

from harness import Case, PATIENCE, binary, finish, is_locked, kill_group, main, needs_mpi, squares, start, toml, wait_for, wait_for_handler

COUNT = 1000
SQUARES = numpy.arange(COUNT) ** 2
MODES = ("map", "imap", "imap_unordered")
FORMATS = ("npy", "csv", "tsv", "txt", "raw")
EARLIER = "the result of an earlier run\n"
MARKER = b"pengine checkpoint 1\n"
SLOW = 'double f(double x) { struct timespec t = {0, 20000000}; nanosleep(&t, NULL); return x; }\n'
KERNEL = {"source": "f.c", "function": "f", "signature": "(float64) -> float64"}


def failing(mode, path="out.txt"):
    """Its last item does not fit int64."""
    return toml(mode=mode, input={"range": [2**32 - 50, 2**32], "dtype": "int64"}, kernel={"expr": "x * x * (x == 4294967295 ? 9 : 0)"},
                output={"path": path})


class Folder(Case):
    def slow_job(self, mode="map", stop=500, **more):
        self.write("f.c", "#include <time.h>\n" + SLOW)
        return toml(mode=mode, input={"range": [0, stop], "dtype": "float64"}, kernel=KERNEL, output={"path": "out.txt"},
                    pool={"chunk_size": 1}, **more)

    def holds(self, name, content):
        self.assertEqual((self.dir / name).read_bytes(), content if isinstance(content, bytes) else content.encode())

    def load(self, name):
        path, format_name = self.dir / name, name.rpartition(".")[2]
        if format_name == "npy":
            return numpy.load(path)
        if format_name == "raw":
            return numpy.fromfile(path, "<i8")
        return numpy.array(path.read_text().split()[1 if format_name != "txt" else 0:], dtype=numpy.int64)


class Earlier(Folder):
    """A failed run leaves the file of an earlier one."""

    def test_failing_map_leaves_it_and_says_so(self):
        for name in ("out.txt", "out.npy", "out.csv", "out.raw"):
            with self.subTest(name):
                self.write(name, EARLIER)
                result = self.run_job(failing("map", name))
                self.assertEqual(result.code, 1, str(result))
                self.assertIn(f"{name} is still the file of an earlier run", result.err)
                self.holds(name, EARLIER)
                self.unfinished(name, name)
                for path in self.dir.glob(name + "*"):
                    path.unlink()

    def test_failing_map_without_an_earlier_file_leaves_none(self):
        result = self.run_job(failing("map"))
        self.assertEqual(result.code, 1, str(result))
        self.assertNotIn("earlier", result.err)
        self.unfinished("out.txt")

    def test_interrupted_map_leaves_it(self):
        self.write("out.txt", EARLIER)
        self.write("job.toml", self.slow_job())
        process = start(["-t", "2", "job.toml"], cwd=self.dir)
        self.wait_for("out.txt.part")
        process.send_signal(signal.SIGTERM)
        result = finish(process)
        self.assertEqual(result.code, 75, str(result))
        self.assertIn("out.txt is still the file of an earlier run", result.err)
        self.holds("out.txt", EARLIER)

    def wait_for(self, name):
        wait_for((self.dir / name).exists, name)

    def test_map_killed_outright_leaves_it_and_the_next_run_replaces_it(self):
        self.write("out.txt", EARLIER)
        self.write("job.toml", self.slow_job())
        process = start(["-t", "2", "job.toml"], cwd=self.dir)
        self.wait_for("out.txt.part")
        kill_group(process)
        finish(process)
        self.holds("out.txt", EARLIER)
        self.good(squares(3, output={"path": "out.txt"}))
        self.holds("out.txt", "0\n1\n4\n")
        self.assertEqual(self.everything(), ["f.c", "job.toml", "out.txt"])

    def test_imap_replaces_it_with_its_first_results(self):
        self.write("out.txt", EARLIER)
        self.write("job.toml", self.slow_job("imap", 50))
        process = start(["-t", "2", "job.toml"], cwd=self.dir)
        self.wait_for("out.txt.part")
        while process.poll() is None and (self.dir / "out.txt").read_text() == EARLIER:
            time.sleep(0.005)
        self.assertIsNone(process.poll(), "it replaced the file at its end only")
        self.assertTrue((self.dir / "out.txt").read_text().startswith("0.0\n"))
        self.assertEqual(finish(process).code, 0)
        self.holds("out.txt", "".join(f"{float(x)}\n" for x in range(50)))

    def test_imap_that_fails_before_its_first_results_leaves_it(self):
        self.write("out.txt", EARLIER)
        job = toml(mode="imap", input={"range": [2**32, 2**32 + 5], "dtype": "int64"}, kernel={"name": "square"},
                   output={"path": "out.txt"})
        result = self.run_job(job)
        self.assertEqual(result.code, 1, str(result))
        self.holds("out.txt", EARLIER)
        self.assertIn("out.txt is still the file of an earlier run", result.err)

    @needs_mpi
    def test_failing_map_of_two_ranks_leaves_it(self):
        for name in ("out.txt", "out.npy"):
            self.write(name, EARLIER)
            self.assertEqual(self.run_job(failing("map", name), ranks=2).code, 1)
            self.holds(name, EARLIER)

    def test_log_of_a_run_whose_output_cannot_be_created_is_that_of_the_earlier_run(self):
        self.write("log.csv", EARLIER)
        job = squares(3, output={"path": "missing/out.txt"}, errors={"on_error": "skip", "log": "log.csv"})
        self.assertEqual(self.run_job(job).code, 73)
        self.holds("log.csv", EARLIER)

    def test_skip_does_not_replace_what_it_skips(self):
        for name in ("out.txt", "log.csv"):
            with self.subTest(name):
                self.write(name, EARLIER)
                job = squares(10, "imap", output={"path": "out.txt"}, errors={"on_error": "skip", "log": "log.csv"})
                result = self.run_job(job, "--skip", "3")
                self.assertNotEqual(result.code, 0, str(result))
                self.holds(name, EARLIER)
                (self.dir / name).unlink()


class Names(Folder):
    """Temporary names: what is not pengine's is refused by name and stays."""

    def test_foreign_part_is_refused(self):
        for mode in MODES:
            with self.subTest(mode):
                self.write("out.txt.part", "a saved model")
                self.refuse(squares(3, mode, output={"path": "out.txt"}), 73, r"out\.txt\.part", "out.txt")
                self.holds("out.txt.part", "a saved model")

    def test_foreign_checkpoint_is_refused(self):
        self.write("out.txt.checkpoint", "weights")
        self.refuse(squares(3, output={"path": "out.txt"}), 73, r"out\.txt\.checkpoint")
        self.holds("out.txt.checkpoint", "weights")

    def test_input_under_the_temporary_name_is_refused_and_stays(self):
        numbers = "".join(f"{i}\n" for i in range(5))
        self.write("out.txt.part", numbers)
        job = toml(input={"path": "out.txt.part", "format": "txt", "dtype": "int64"}, kernel={"name": "square"}, output={"path": "out.txt"})
        self.assertIn(self.run_job(job).code, (73, 78))
        self.holds("out.txt.part", numbers)

    def test_part_of_a_killed_run_is_taken_over(self):
        for mode in MODES:
            with self.subTest(mode):
                self.write("out.txt.part", "half of a resu")
                self.write("out.txt.checkpoint", MARKER)
                self.good(squares(3, mode, output={"path": "out.txt"}), "-t", "1")
                self.holds("out.txt", "0\n1\n4\n")
                self.assertEqual(self.everything(), ["job.toml", "out.txt"])

    def test_second_run_on_one_output_is_refused(self):
        for mode in MODES:
            with self.subTest(mode):
                self.write("job.toml", self.slow_job(mode))
                process = start(["-t", "2", "job.toml"], cwd=self.dir)
                wait_for(lambda: is_locked(self.dir / "out.txt") or is_locked(self.dir / "out.txt.part"), "a lock", process)
                for number, other in enumerate(MODES):  # at once, since each waits for a second
                    self.write(f"{number}.toml", squares(3, other, output={"path": "out.txt"}))
                others = [start([f"{number}.toml"], cwd=self.dir) for number in range(len(MODES))]
                for result in map(finish, others):
                    self.assertEqual(result.code, 73, str(result))
                    self.assertIn("another run is writing", result.err)
                self.assertIsNone(process.poll())
                process.send_signal(signal.SIGTERM)
                self.assertEqual(finish(process).code, 75)
                self.good(squares(3, mode, output={"path": "out.txt"}), "-t", "1", name="other.toml")

    def test_runs_that_begin_at_once_never_mix(self):
        self.write("a.toml", squares(20_000, output={"path": "out.txt"}))
        expected = "".join(f"{x * x}\n" for x in range(20_000))
        processes = [start(["-q", "-t", "1", "a.toml"], cwd=self.dir) for _ in range(8)]
        results = [finish(process) for process in processes]
        self.assertTrue(all(result.code == 0 or (result.code == 73 and "another run is writing" in result.err) for result in results),
                        "\n".join(map(str, results)))
        self.assertTrue(any(result.code == 0 for result in results))
        self.holds("out.txt", expected)
        self.assertEqual(self.everything(), ["a.toml", "out.txt"])


class Closed(Folder):
    """stdin, stdout or stderr closed: no file of the run takes their numbers."""

    def run_closed(self, job, descriptors):
        self.write("job.toml", job)
        closing = " ".join(f"{fd}{'<' if fd == 0 else '>'}&-" for fd in descriptors)
        done = subprocess.run(["sh", "-c", f'exec "$0" -q -t 2 job.toml {closing}', binary()], cwd=self.dir, capture_output=True,
                              timeout=PATIENCE, check=False)
        return done.returncode

    def test_every_mode_and_format_writes_its_file(self):
        for mode in MODES:
            for suffix in FORMATS:
                for descriptors in ((0,), (1,), (2,), (0, 1, 2)):
                    with self.subTest(mode=mode, format=suffix, closed=descriptors):
                        name = f"out.{suffix}"
                        self.assertEqual(self.run_closed(squares(COUNT, mode, output={"path": name}), descriptors), 0)
                        numpy.testing.assert_array_equal(numpy.sort(self.load(name)), SQUARES)
                        (self.dir / name).unlink()

    def test_log_is_complete(self):
        for descriptors in ((0,), (1,), (2,), (0, 1, 2)):
            job = toml(input={"range": [0, 10]}, kernel={"expr": "10 / (x % 5)"}, output={"path": "out.txt"},
                       errors={"on_error": "skip", "log": "log.csv"})
            self.assertEqual(self.run_closed(job, descriptors), 1)
            rows = (self.dir / "log.csv").read_text().splitlines()
            self.assertEqual([row.split(",")[0] for row in rows], ["index", "0", "5"])
            self.holds("out.txt", "10\n5\n3\n2\n" * 2)

    def test_processes_and_files_of_kernels_work(self):
        self.write("k.py", "def f(x): return 3 * x\n")
        for kernel in ({"python": "k.py:f", "signature": "(int64) -> int64"}, {"command": ["echo", "{}"], "signature": "(int64) -> int64"},
                       {"expr": "x + 1"}):
            for descriptors in ((0,), (1,), (2,), (0, 1, 2)):
                with self.subTest(kernel=kernel, closed=descriptors):
                    job = toml(input={"range": [0, 5]}, kernel=kernel, output={"path": "out.txt"})
                    self.assertEqual(self.run_closed(job, descriptors), 0)
                    rows = [int(row) for row in (self.dir / "out.txt").read_text().split()]
                    self.assertEqual(rows, [3 * x if "python" in kernel else x + 1 if "expr" in kernel else x for x in range(5)])

    def test_results_for_a_closed_stdout_are_an_error(self):
        for mode in MODES:
            self.assertEqual(self.run_closed(squares(COUNT, mode), (1,)), 73)

    def test_items_of_a_closed_stdin_are_an_error(self):
        job = toml(mode="imap", input={"path": "-", "dtype": "int64"}, kernel={"name": "square"}, output={"path": "out.txt"})
        self.assertIn(self.run_closed(job, (0,)), (65, 66, 74))
        self.assertFalse((self.dir / "out.txt").exists())


class Columns(Case):
    """Names that come twice, and positions that a mode does not keep."""

    def divmods(self, **output):
        return toml(mode="starmap", input=[{"range": [0, 8]}, {"range": [1, 9]}], kernel={"name": "divmod"}, output=output)

    def test_name_twice_is_refused(self):
        for suffix in ("csv", "tsv", "npy"):
            with self.subTest(suffix):
                self.refuse(self.divmods(path=f"out.{suffix}", names=["a", "a"]), 78, "names", '"a"')
                self.refuse(self.divmods(path=f"out.{suffix}", names=["index", "a"], index=True), 78, "names", '"index"')
        self.refuse(squares(3, output={"path": "out.csv", "names": ["index"], "index": True}), 78, "names", '"index"')
        self.assertEqual(self.good(self.divmods(format="csv", names=["index", "a"])).text.splitlines()[0], "index,a")

    def test_name_of_a_reduction_that_is_its_first_column_is_refused(self):
        job = toml(input={"range": [0, 5]}, kernel={"name": "square"}, reduce={"op": ["sum"], "format": "csv", "names": ["op"]})
        self.refuse(job, 78, "names", '"op"')

    def test_npy_of_a_product_in_an_unordered_mode_is_refused(self):
        inputs = [{"range": [0, 3]}, {"range": [1, 4]}]
        job = {"input": inputs, "combine": "product", "kernel": {"expr": "x * y"}, "output": {"path": "out.npy"}}
        self.refuse(toml(mode="istarmap_unordered", **job), 78, "npy", "product", "order")
        self.good(toml(mode="istarmap", **job))
        numpy.testing.assert_array_equal(numpy.load(self.dir / "out.npy"), numpy.outer(range(3), range(1, 4)))


class Pipe(Case):
    def test_run_that_waits_for_a_reader_can_be_interrupted(self):
        os.mkfifo(self.dir / "pipe.txt")
        self.write("job.toml", squares(output={"path": "pipe.txt"}))
        run = start(["job.toml"], cwd=self.dir)
        wait_for_handler(run, signal.SIGTERM)
        time.sleep(0.4)
        run.terminate()
        result = finish(run)
        self.assertEqual(result.code, 75, str(result))
        self.assertRegex(result.err, "^pengine: interrupted by SIGTERM (while pipe.txt had no reader|before the first item was computed)\n$")


class Locked(Case):
    def test_file_of_another_program_that_has_it_locked_is_left_alone(self):
        self.write("out.txt", EARLIER)
        with open(self.dir / "out.txt", "rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            self.assertEqual(self.run_job(squares(3, output={"path": "out.txt"})).code, 73)
            self.assertEqual(os.path.getsize(self.dir / "out.txt"), len(EARLIER))


if __name__ == "__main__":
    main()
