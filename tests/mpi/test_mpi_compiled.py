# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Compiled kernels on several ranks: rank 0 compiles, the others need no compiler, and there is one message.

Expected values: Python's integers.
"""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from harness import OVERSUBSCRIBE, ROOT_INT64, Case, binary, environment, finish, lines, main, toml  # noqa: E402

ITEMS = 20_000
SOURCE = "long cube(long x) { return x * x * x; }\n"
CUBE = {"source": "f.c", "function": "cube", "signature": "(int64) -> int64"}
INCLUDE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "engine", "include")
PROGRAM = "import sys\nfor line in sys.stdin:\n    print(int(line) ** 3, flush=True)"
PLUGIN = """#include <pengine/kernel.h>
static int map(pe_batch *batch)
{
    const int64_t *x = batch->args[0];
    int64_t *y = batch->results[0];
    for (size_t i = 0; i < batch->count; i++)
        y[i] = x[i] * x[i] * x[i];
    return 0;
}
static const pe_kernel cube = {.abi = PE_KERNEL_ABI, .size = sizeof(pe_kernel), .name = "cube", .map = map,
                               .signature = "(int64) -> int64"};
static const pe_kernel *const kernels[] = {&cube};
const pe_plugin pengine_plugin = {PE_KERNEL_ABI, sizeof(pe_plugin), 1, kernels};
"""


class Ranks(Case):
    def setUp(self):
        super().setUp()
        cache = self.dir.parent / (self.dir.name + "-cache")
        self.addCleanup(shutil.rmtree, cache, ignore_errors=True)
        os.environ["XDG_CACHE_HOME"] = str(cache)
        self.write("f.c", SOURCE)

    def test_every_mode_gives_the_same_on_one_and_three(self):
        for kernel, wanted in (({"expr": "x*x + i"}, [x * x + x for x in range(ITEMS)]), (CUBE, [x**3 for x in range(ITEMS)])):
            for mode in ("map", "imap", "imap_unordered", "starmap"):
                job = toml(mode=mode, input={"range": [0, ITEMS]}, kernel=kernel, pool={"chunk_size": 700})
                for ranks in (1, 3):
                    with self.subTest((kernel, mode, ranks)):
                        text = self.good(job, ranks=ranks).text
                        got = lines(sorted(map(int, text.split()))) if mode == "imap_unordered" else text
                        self.assertEqual(got, lines(wanted))

    def test_other_forms_give_the_same_on_one_and_three(self):
        self.write("f.py", "def cube(x):\n    return x ** 3\n")
        self.write("plugin.c", PLUGIN)
        subprocess.run(["cc", "-shared", "-fPIC", "-I", INCLUDE, "-o", "plugin.so", "plugin.c"], cwd=self.dir, check=True)
        forms = ({"python": "f.py:cube", "signature": "(int64) -> int64"}, {"plugin": "plugin.so"}, {**CUBE, "isolate": True},
                 {"command": [sys.executable, "-c", PROGRAM], "signature": "(int64) -> int64"})
        wanted = lines(x**3 for x in range(2000))
        for kernel in forms:
            for mode in ("map", "imap", "imap_unordered", "starmap"):
                job = toml(mode=mode, input={"range": [0, 2000]}, kernel=kernel, output={"path": "out.txt"})
                for ranks in (0, 3) if mode in ("imap", "imap_unordered") else (3,):
                    with self.subTest((kernel, mode, ranks)):
                        (self.dir / "out.txt").unlink(missing_ok=True)
                        self.good(job, ranks=ranks)
                        text = (self.dir / "out.txt").read_text()
                        got = lines(sorted(map(int, text.split()))) if mode == "imap_unordered" else text
                        self.assertEqual(got, wanted)

    def test_draws_do_not_depend_on_ranks(self):
        job = toml(mode="imap", input={"range": [0, ITEMS]}, output={"format": "digest"}, pool={"chunk_size": 333},
                   kernel={"expr": "normal(0) * uniform(1)", "seed": 5})
        self.assertEqual(len({self.good(job, ranks=ranks).text for ranks in (0, 2, 3)}), 1)

    def test_other_ranks_need_no_compiler_and_no_source(self):
        self.write("job.toml", toml(mode="imap", input={"range": [0, ITEMS]}, kernel=CUBE, pool={"chunk_size": 100}))
        argv = [os.environ.get("MPIEXEC") or "mpirun", *OVERSUBSCRIBE, "-n", "1", binary(), "job.toml"]
        for rank in (1, 2):
            (self.dir / str(rank)).mkdir()
            argv += [":", "-n", "1", "env", "PENGINE_CC=/no/cc", "XDG_CACHE_HOME=/no/cache", binary(), "job.toml"]
        result = finish(subprocess.Popen(argv, env=environment(ranks=3), cwd=self.dir, start_new_session=True, stdin=-3,
                                         stdout=-1, stderr=-1))
        self.assertEqual((result.code, result.text), (0, lines(x**3 for x in range(ITEMS))), str(result))

    def test_what_does_not_compile_is_reported_once(self):
        result = self.run_job(toml(input={"range": [0, 5]}, kernel={"expr": "x +"}), ranks=3)
        self.assertEqual((result.code, result.out, result.err.count("expected a value, got the end")), (69, b"", 1), str(result))

    def test_overflow_is_reported_once(self):
        job = toml(input={"range": [ROOT_INT64 - 5000, ROOT_INT64 + 5000]}, kernel={"expr": "x*x"}, pool={"chunk_size": 100})
        result = self.run_job(job, ranks=3)
        self.assertEqual(result.code, 1, str(result))
        self.assertEqual(result.err.count("a product does not fit int64"), 1, str(result))
        self.assertIn(f"item 5001: x*x at ({ROOT_INT64 + 1})", result.err)


if __name__ == "__main__":
    main()
