# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Texts as they come: no last newline, NUL bytes, very long lines, named pipes, a closed stdin.

Expected values: Python's len and split of the same bytes.
"""
import gzip
import os
import subprocess
import threading

from harness import Case, HAS_MPI, IS_SANITIZED, binary, environment, lines, main, toml

RANKS = (0, 3) if HAS_MPI else (0,)
LONG = 2_000_000 if IS_SANITIZED else 100_000_000


def lengths(path, **more):
    return toml(mode="imap", input={"path": path, "format": "txt", **more}, kernel={"name": "text_length"})


class Oddities(Case):
    def everywhere(self, data, expected, **more):
        """On one rank and on three, from a file and from a pipe."""
        self.write("in.txt", data)
        for ranks in RANKS:
            with self.subTest(ranks=ranks, data=data[:40]):
                self.prints(lengths("in.txt", **more), expected, ranks=ranks)
                self.prints(lengths("-", **more), expected, ranks=ranks, stdin=data)

    def test_nul_bytes_and_a_last_line_without_newline_are_data(self):
        data = b"a\x00b\n\x00\n\n\x00\x00\x00 c\xc3\xa9\r\nlast\x00"
        self.everywhere(data, lines(len(line.removesuffix("\r")) for line in data.decode().split("\n")))
        self.write("in.csv", b"x,s\n1,\"a\x00b\"\n2,\x00")
        self.prints(toml(mode="imap", input={"path": "in.csv", "columns": ["s"]}, kernel={"name": "text_length"}), "3\n1\n")
        result = self.run_job(toml(mode="imap", input={"path": "in.csv", "columns": ["s"], "dtype": "int64"}, kernel={"name": "square"}))
        self.assertEqual(result.code, 65, result)
        self.assertIn("in.csv:2:3: column \"s\": \"a\\x00b\" is not an int64", result.err)
        self.write("in.jsonl", b'{"x": 1}\n{"x": "a\\u0000b"}\n\n')
        self.prints(toml(mode="imap", input={"path": "in.jsonl", "columns": ["x"], "dtype": "text"}, kernel={"name": "text_length"}),
                    "1\n3\n")

    def test_line_of_100_megabytes_is_one_item_from_a_file_a_pipe_and_a_packed_file(self):
        data = b"short\n" + b"x" * LONG + b"\nend"
        expected = lines([5, LONG, 3])
        self.write("in.txt", data)
        self.prints(lengths("in.txt"), expected)
        self.prints(lengths("-"), expected, stdin=data)
        self.write("in.txt.gz", gzip.compress(data, 1))
        self.prints(lengths("in.txt.gz"), expected)

    def test_named_pipe_is_a_stream(self):
        data = b"".join(b"%d\n" % i for i in range(50_000)) + b"last"
        for ranks in RANKS:
            with self.subTest(ranks):
                path = self.dir / f"pipe{ranks}.txt"
                os.mkfifo(path)
                writer = threading.Thread(target=path.write_bytes, args=(data,))
                writer.start()
                try:
                    self.prints(lengths(path.name), lines(map(len, data.split(b"\n"))), ranks=ranks)
                finally:
                    writer.join()

    def test_closed_stdin_is_no_input(self):
        for text in (lengths("-"), lengths("/dev/stdin")):
            self.write("job.toml", text)
            done = subprocess.run(["sh", "-c", 'exec "$0" job.toml <&-', binary()], cwd=self.dir, env=environment(), capture_output=True)
            with self.subTest(text):
                self.assertEqual((done.returncode, done.stdout), (66, b""), done)
                self.assertIn("closed", done.stderr.decode())

    def test_file_that_grows_while_it_is_read_gives_what_was_there(self):
        path = self.write("in.txt", "".join(f"{i}\n" for i in range(1000)))
        self.write("k.py", f"def f(text):\n    open({str(path)!r}, 'a').write('x\\n')\n    return len(text)\n")
        self.prints(toml(mode="imap", input={"path": "in.txt"}, kernel={"python": "k.py:f", "signature": "(text) -> int64"}),
                    lines(len(str(i)) for i in range(1000)))


if __name__ == "__main__":
    main()
