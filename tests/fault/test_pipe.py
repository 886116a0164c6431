# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The reader of the output goes away: the run ends at once, with 0 and one notice."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from harness import Case, PATIENCE, finish, main, squares, start, toml  # noqa: E402

ENDLESS = 10**12


class ReaderGone(Case):
    def run_and_leave(self, job, take=1000, stdin=None):
        """Reads a little of stdout, closes it, waits for the end."""
        self.write("job.toml", job)
        process = start(["job.toml"], cwd=self.dir, stdin=stdin if stdin is not None else -3)
        got = process.stdout.read(take) if take else b""
        process.stdout.close()
        err = process.stderr.read().decode()
        process.stderr.close()
        code = process.wait(PATIENCE)  # the job is endless
        self.assertEqual(code, 0, err)
        return got, err

    def test_imap_ends_at_once_with_one_notice(self):
        for mode in ("imap", "imap_unordered"):
            for sink in ("txt", "csv", "raw", "npy"):
                with self.subTest((mode, sink)):
                    _, err = self.run_and_leave(squares(ENDLESS, mode, output={"format": sink}, pool={"threads": 2}))
                    said = [line for line in err.splitlines() if "closed" in line]
                    self.assertEqual(len(said), 1, err)
                    self.assertLessEqual(len(err.splitlines()), 3, err)

    def test_what_was_read_is_the_beginning(self):
        got, _ = self.run_and_leave(squares(3 * 10**9, "imap"), 100_000)
        rows = got.decode().splitlines()[:-1]
        self.assertEqual(rows, [str(x * x) for x in range(len(rows))])

    def test_map_to_a_reader_that_left_is_no_failure(self):
        for take in (0, 10):
            with self.subTest(take):
                self.run_and_leave(squares(2_000_000, "map"), take)

    def test_head_of_a_shell_pipeline_is_quiet(self):
        self.write("job.toml", squares(3 * 10**9, "imap"))
        process = start(["-q", "job.toml"], cwd=self.dir)
        head = process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
        process.stderr.close()
        self.assertEqual((head, process.wait(PATIENCE), err.decode().count("\n") <= 1), (b"0\n", 0, True), err)

    def test_closed_stdout_is_a_failed_write(self):
        self.write("job.toml", squares(10))
        process = start(["job.toml"], cwd=self.dir, preexec_fn=lambda: os.close(1))
        self.assertIn(finish(process).code, (73, 74))

    def test_closed_stderr_does_not_matter(self):
        self.write("job.toml", squares(3, output={"path": "out.txt"}))
        process = start(["job.toml"], cwd=self.dir, preexec_fn=lambda: os.close(2))
        self.assertEqual(finish(process).code, 0)
        self.assertEqual((self.dir / "out.txt").read_bytes(), b"0\n1\n4\n")

    def slow_reader(self, job, before):
        """Reads `before` bytes from a pipe of one page, pauses longer than a failing run waits for its chunks, then reads the rest."""
        self.write("job.toml", job)
        process = start(["-q", "job.toml"], cwd=self.dir, pipesize=4096)
        got = b""
        while len(got) < before:  # not through the file's buffer, which finish() does not know
            got += os.read(process.stdout.fileno(), min(before - len(got), 4096)) or self.fail("ended too early")
        time.sleep(1.2)
        result = finish(process)
        return result.code, got + result.out

    def test_failing_run_waits_for_a_slow_reader(self):
        job = toml(mode="imap", input={"range": [0, 200_000]}, kernel={"expr": "1000000000000 + 7/(x-100000)"},
                   pool={"threads": 2})
        rows = b"".join(b"%d\n" % (10**12 + int(7 / (x - 100_000))) for x in range(100_000))
        for before in (0, 1000, len(rows) - 1000):
            with self.subTest(before):
                self.assertEqual(self.slow_reader(job, before), (1, rows))

    def test_workers_end_while_a_failed_chunk_waits_for_its_reader(self):
        self.write("stall.c", """#include <stdint.h>
            #include <unistd.h>
            int stall(int64_t x, int64_t *out)
            {
                for (int i = 0; i < 20; i++) out[i] = 10000000000000 + x;
                if (x == 3960) usleep(100000);
                if (x > 3967) usleep(10000);
                return x == 3960;
            }""")
        kernel = {"source": "stall.c", "function": "stall", "signature": "(int64) -> int64[20] or error"}
        job = toml(mode="imap", input={"range": [0, 4000]}, kernel=kernel, pool={"threads": 2, "chunk_size": 1})
        row = [" ".join([str(10**13 + x)] * 20).encode() + b"\n" for x in range(3960)]
        self.assertEqual(self.slow_reader(job, len(row[0]) * 3938), (1, b"".join(row)))

    def test_writer_of_stdin_that_waits_is_waited_for(self):
        self.write("job.toml", toml(mode="imap", input={"path": "-", "format": "txt"}, kernel={"name": "text_upper"}))
        process = start(["job.toml"], cwd=self.dir, stdin=-1)
        for _ in range(3):
            process.stdin.write(b"slow\n")
            process.stdin.flush()
            time.sleep(0.3)
        result = finish(process)
        self.assertEqual((result.code, result.out), (0, b"SLOW\n" * 3), str(result))

    def test_item_of_a_slow_writer_comes_out_before_the_next_goes_in(self):
        self.write("job.toml", toml(mode="imap", input={"path": "-", "format": "txt"}, kernel={"name": "text_upper"}))
        process = start(["job.toml"], cwd=self.dir, stdin=-1)
        for word in (b"one\n", b"two\n", b"three\n"):
            process.stdin.write(word)
            process.stdin.flush()
            self.assertEqual(process.stdout.readline(), word.upper())
        self.assertEqual(finish(process).code, 0)


if __name__ == "__main__":
    main()
