# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The system is short of memory or threads: poll fails, threads cannot be created. Nothing spins, and every end has our message.

Expected values: Python's squares.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from harness import Case, finish, main, needs_mpi, start, toml  # noqa: E402

HERE = pathlib.Path(__file__).parent
COUNT = 6
SLOW = "#include <unistd.h>\n#include <stdint.h>\nint64_t f(int64_t x)\n{\n    usleep(200000);\n    return x * x;\n}\n"


@unittest.skipIf(os.environ.get("PENGINE_SANITIZED"), "a sanitizer's library comes first")
class Shortage(Case):
    def setUp(self):
        super().setUp()
        self.shortage = self.dir / "shortage.so"
        subprocess.run([shutil.which("cc"), "-shared", "-fPIC", "-o", self.shortage, HERE / "shortage.c", "-ldl"], check=True)

    def short(self, job, ranks=0, stdin=None, options=("-t", "2"), **how):
        """Runs a job with the library preloaded."""
        self.write("job.toml", job)
        env = {"LD_PRELOAD": str(self.shortage), **{name: str(value) for name, value in how.items()}}
        process = start([*options, "job.toml"], ranks, cwd=self.dir, env=env,
                        stdin=subprocess.DEVNULL if stdin is None else stdin)
        return finish(process)

    def squares(self, kernel, **more):
        return toml(mode="imap", input={"range": [0, COUNT]}, kernel=kernel, pool={"chunk_size": 1}, **more)

    def check_calm(self, job, stdin=None):
        """Each of a few threads tries again after a millisecond; one that spins does so some hundred times in that time."""
        calls = self.dir / "calls"
        calls.unlink(missing_ok=True)
        result = self.short(job, FAIL_POLL=calls, stdin=stdin)
        self.assertEqual((result.code, result.text), (0, "".join(f"{x * x}\n" for x in range(COUNT))), str(result))
        self.assertGreater(calls.stat().st_size, 0)
        self.assertLess(calls.stat().st_size, 5 * 1000 * result.seconds)


class Poll(Shortage):
    def test_isolated_kernel_does_not_spin(self):
        self.write("f.c", SLOW)
        self.check_calm(self.squares({"source": "f.c", "function": "f", "signature": "(int64) -> int64", "isolate": True}))

    def test_programs_and_python_do_not_spin(self):
        self.write("f.py", "import time\n\n\ndef f(x):\n    time.sleep(0.2)\n    return x * x\n")
        signature = {"signature": "(int64) -> int64"}
        for kernel in ({"command": ["sh", "-c", "sleep 0.2; echo $(($0 * $0))", "{}"]},
                       {"command": ["sh", "-c", "while read x; do sleep 0.2; echo $((x * x)); done"]}, {"python": "f.py:f", "interpreter": sys.executable}):
            with self.subTest(kernel):
                self.check_calm(self.squares({**kernel, **signature}))

    def test_slow_stream_that_does_not_block_does_not_spin(self):
        ours, theirs = os.pipe()
        os.set_blocking(ours, False)
        writer = subprocess.Popen(["sh", "-c", f"for x in {' '.join(map(str, range(COUNT)))}; do sleep 0.2; echo $x; done"], stdout=theirs)
        os.close(theirs)
        self.check_calm(toml(mode="imap", input={"path": "-", "format": "txt", "dtype": "int64"}, kernel={"name": "square"}), stdin=ours)
        os.close(ours)
        writer.wait()


class Threads(Shortage):
    def refused(self, ranks=0, **how):
        for mode in ("map", "imap"):
            with self.subTest((mode, ranks, how)):
                job = toml(mode=mode, input={"range": [0, 100]}, kernel={"name": "square"}, output={"path": "out.txt"})
                result = self.short(job, ranks, options=("-q", "-t", "4"), **how)
                self.assertEqual(result.code, 71, str(result))
                self.assertRegex(result.err, r"pengine: the system gave \d of 5 threads: Resource temporarily unavailable: ")
                self.assertEqual(sorted(self.everything()), ["job.toml", "shortage.so"])

    def test_threads_that_cannot_be_had_are_71(self):
        for had in range(4):
            self.refused(FAIL_THREADS=had)

    def test_enough_threads_are_enough(self):
        job = toml(input={"range": [0, COUNT]}, kernel={"name": "square"})
        result = self.short(job, options=("-q", "-t", "4"), FAIL_THREADS=8)  # four to find out, four for the run
        self.assertEqual((result.code, result.text), (0, "".join(f"{x * x}\n" for x in range(COUNT))), str(result))

    @needs_mpi
    def test_several_ranks_end_together(self):
        job = toml(input={"range": [0, 100]}, kernel={"name": "square"}, output={"path": "out.txt"})
        self.write("job.toml", job)
        wrap = f"test $OMPI_COMM_WORLD_RANK = 1 && export LD_PRELOAD={self.shortage} FAIL_THREADS=9; exec {os.environ['PENGINE']} -q -t 12 job.toml"
        result = finish(subprocess.Popen(["mpirun", "--oversubscribe", "-n", "3", "sh", "-c", wrap], cwd=self.dir, start_new_session=True,
                                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        self.assertEqual(result.code, 71, str(result))
        self.assertIn("of 13 threads", result.err)
        self.assertFalse((self.dir / "out.txt").exists())


if __name__ == "__main__":
    main()
