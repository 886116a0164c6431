# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The peak memory of every rank stays under what --plan printed where results are texts, whose sizes are not known beforehand.

Design: item 0 takes long, so that the others run into the full window, and texts are 10,000 times as long as others in the first half, in
the second half, or at every other item. The whole output is several times the memory. The bytes are Python's.
"""
import pathlib
import subprocess
import time

from harness import Case, binary, finish, main, needs_mpi, not_sanitized, start, toml
from test_memory import planned_bytes

ITEMS = 900
LONG, SHORT = 200_000, 20
SOURCE = """
#include <stdint.h>
#include <string.h>
#include <unistd.h>

size_t f(int64_t i, char *out, size_t room)
{
    const int is_long = SHAPE;
    const size_t size = is_long ? 200000 : 20;
    if (i == 0 && room == 256)
        usleep(700000);
    if (size < room)
        memset(out, 'a' + (int)(i % 26), size);
    return size;
}
"""
FUNCTION = """
import time

def f(i):
    if i == 0:
        time.sleep(0.7)
    return chr(97 + i % 26) * (200000 if SHAPE else 20)
"""
PROGRAM = """
import sys, time

for line in sys.stdin:
    i = int(line)
    if i == 0:
        time.sleep(0.7)
    sys.stdout.write(chr(97 + i % 26) * (200000 if SHAPE else 20) + chr(10))
    sys.stdout.flush()
"""
SHAPES = {
    "long first": ("i < 450", lambda i: i < 450),
    "long last": ("i >= 450", lambda i: i >= 450),
    "in turn": ("i % 2 == 0", lambda i: i % 2 == 0),
}
KERNELS = {
    "C": {"source": "f.c", "function": "f", "signature": "(int64) -> text"},
    "Python": {"python": "f.py:f"},
    "command": {"command": ["python3", "f_lines.py"]},
}


def expected(is_long):
    return [(chr(97 + i % 26) * (LONG if is_long(i) else SHORT) + "\n").encode() for i in range(ITEMS)]


@not_sanitized
class TextMemory(Case):
    def job(self, mode, kernel, items=ITEMS, memory="16 MiB", **keys):
        self.write("job.toml", toml(**{"mode": mode, "input": {"range": [0, items]}, "kernel": kernel,
                                       "pool": {"threads": 2, "memory": memory}, "output": {"path": "out.txt"}, **keys}))

    def kernels(self, shape):
        self.write("f.c", SOURCE.replace("SHAPE", shape))
        self.write("f.py", FUNCTION.replace("SHAPE", shape))
        self.write("f_lines.py", PROGRAM.replace("SHAPE", shape))

    def plan(self, ranks):
        result = self.run_args("--plan", "job.toml", ranks=ranks)
        self.assertEqual(result.code, 0, str(result))
        return planned_bytes(result.text + result.err)

    def run_below_plan(self, ranks=0):
        limit = self.plan(ranks)
        (self.dir / "peaks").unlink(missing_ok=True)
        result = finish(start(["job.toml"], ranks, cwd=self.dir, peaks=self.dir / "peaks"))
        self.assertEqual(result.code, 0, str(result))
        peaks = [int(line) for line in (self.dir / "peaks").read_text().split()]
        self.assertEqual(len(peaks), max(1, ranks))
        self.assertLess(max(peaks), limit)

    def check(self, mode, shape, kernel, ranks):
        condition, is_long = SHAPES[shape]
        self.kernels(condition)
        self.job(mode, KERNELS[kernel])
        self.run_below_plan(ranks)
        lines = (self.dir / "out.txt").read_bytes().splitlines(keepends=True)
        if mode.endswith("unordered"):
            self.assertEqual(sorted(lines), sorted(expected(is_long)))
        else:
            self.assertEqual(lines, expected(is_long))

    def test_every_kernel_and_mode_on_one_rank(self):
        for kernel, mode, shape in (("C", "map", "long last"), ("C", "imap", "long first"), ("C", "imap_unordered", "in turn"),
                                    ("Python", "map", "in turn"), ("Python", "imap_unordered", "long last"),
                                    ("command", "imap", "long last"), ("command", "imap_unordered", "long first")):
            with self.subTest((kernel, mode, shape)):
                self.check(mode, shape, kernel, 0)

    @needs_mpi
    def test_every_kernel_and_mode_on_three_ranks(self):
        for kernel, mode, shape in (("C", "map", "long last"), ("C", "imap", "in turn"), ("C", "imap_unordered", "long first"),
                                    ("Python", "imap", "long first"), ("command", "imap", "long last")):
            with self.subTest((kernel, mode, shape)):
                self.check(mode, shape, kernel, 3)

    def test_texts_of_most_of_the_memory(self):
        self.write("f.c", SOURCE.replace("SHAPE", "i > 0").replace("200000", "10000000"))
        self.job("imap", KERNELS["C"], items=20)
        self.run_below_plan()
        self.assertEqual((self.dir / "out.txt").stat().st_size, 21 + 19 * 10_000_001)

    def run_and_poll(self):
        """What peak.py measures is at least the peak of every process of the kernel, which is long texts as well."""
        process = subprocess.Popen([binary(), "-q", "job.toml"], cwd=self.dir, stderr=subprocess.PIPE, text=True)
        peak = 0
        while process.poll() is None:
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            peak = max([peak, *(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))])
            time.sleep(0.002)
        self.assertLess(peak, self.plan(0))
        return process.returncode, process.communicate()[1]

    def test_long_texts_of_many_workers(self):
        """Each of six workers has the text of an item, and all of them together are more than the plan counts."""
        size, letters = 14_000_000, [chr(97 + i % 26).encode() for i in range(18)]
        self.write("f.c", SOURCE.replace("SHAPE", "i >= 0").replace("200000", str(size)).replace("usleep(700000)", "usleep(1)"))
        self.write("f.py", f"def f(i):\n    return chr(97 + i % 26) * {size}\n")
        self.write("f_lines.py", f"for line in __import__('sys').stdin:\n    print(chr(97 + int(line) % 26) * {size}, flush=True)\n")
        self.write("f_run.py", f"print(chr(97 + int(__import__('sys').argv[1]) % 26) * {size})\n")
        for kernel in (KERNELS["Python"], KERNELS["command"], {"command": ["python3", "f_run.py", "{}"]}, {**KERNELS["C"], "isolate": True}):
            for chunk in (1, 18):
                with self.subTest(kernel=kernel, chunk=chunk):
                    self.job("imap", kernel, items=18, pool={"threads": 6, "memory": "16 MiB", "chunk_size": chunk})
                    self.assertEqual(self.run_and_poll(), (0, ""))
                    lines = (self.dir / "out.txt").read_bytes().split()
                    self.assertEqual([len(line) for line in lines], [size] * 18)
                    self.assertEqual([line[:1] for line in lines], letters)

    def test_the_answer_of_a_process_that_is_too_long_is_not_read_whole(self):
        self.write("f.py", "def f(i):\n    return 'a' * (300_000_000 if i == 3 else 1)\n")
        self.write("f_lines.py", "for line in __import__('sys').stdin:\n    print('a' * (300_000_000 if line == '3\\n' else 1), flush=True)\n")
        self.write("f_run.py", "print('a' * (300_000_000 if __import__('sys').argv[1] == '3' else 1))\n")
        for kernel in (KERNELS["Python"], KERNELS["command"], {"command": ["python3", "f_run.py", "{}"]}):
            with self.subTest(kernel=kernel):
                self.job("imap", kernel, items=5)
                code, text = self.run_and_poll()
                self.assertEqual(code, 71, text)
                self.assertRegex(text, r"item 3: its result is longer than .* 16777216 bytes .* pool\.memory")

    def test_a_text_larger_than_the_memory_names_item_and_key(self):
        self.write("f.c", SOURCE.replace("SHAPE", "i == 3").replace("200000", "20000000"))
        self.job("imap", KERNELS["C"], items=5)
        result = self.run_args("job.toml")
        self.assertEqual(result.code, 71, str(result))
        self.assertRegex(result.err, r"item 3: .* 20000001 bytes.* pool\.memory .* 16777216")


main()
