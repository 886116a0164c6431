# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Python functions: what they get, what they may give, their random numbers, their interpreter.

Expected values: Python's own random, numpy.random and str().
"""
import os
import random
import re
import subprocess
import sys
import unittest.mock

import numpy

from harness import Case, binary, lines, main, needs_mpi, not_sanitized, toml

HERE = sys.executable  # it has numpy


class Python(Case):
    def job(self, text, function="f", stop=4, kernel=None, **more):
        self.write("f.py", text)
        return toml(input={"range": [0, stop]}, kernel={"python": f"f.py:{function}", **(kernel or {})}, **more)


class Seed(Python):
    DRAW = "import random\ndef f(x):\n    return random.random()\n"

    def test_random_is_seeded_by_seed_and_item(self):
        def drawn(seed, item):
            return random.Random(seed << 64 | item).random()
        job = self.job(self.DRAW, stop=40, kernel={"seed": 7})
        for threads in ("1", "3"):
            self.prints(job, lines(drawn(7, item) for item in range(40)), "-t", threads)
        self.prints(job, lines(drawn(7, item) for item in range(20, 40)), "--part", "2/2")
        self.prints(job, lines(drawn(0, item) for item in range(40)), "-s", "kernel.seed=0")

    @needs_mpi
    def test_random_does_not_depend_on_ranks(self):
        job = self.job(self.DRAW, stop=40, kernel={"seed": 2**62})
        self.assertEqual(self.good(job, ranks=3).out, self.good(job).out)

    def test_numpy_random_is_seeded_wherever_it_is_imported(self):
        def drawn(item):
            numpy.random.seed([item, 0, 9, 0])
            return float(numpy.random.random())
        kernel = {"seed": 9, "interpreter": HERE}
        for text in ("import numpy\ndef f(x):\n    return float(numpy.random.random())\n",
                     "def f(x):\n    import numpy\n    return float(numpy.random.random())\n"):
            self.prints(self.job(text, stop=6, kernel=kernel), lines(map(drawn, range(6))), "-t", "2")

    def test_without_a_seed_random_is_random(self):
        job = self.job(self.DRAW)
        self.assertNotEqual(self.good(job).out, self.good(job).out)

    def test_what_the_initializer_draws_is_the_same_in_each_worker(self):
        text = "import random\ndef setup():\n    global A\n    A = random.random()\ndef f(x):\n    return A\n"
        result = self.good(self.job(text, stop=30, kernel={"seed": 3, "initializer": "f.py:setup"}), "-t", "3")
        self.assertEqual(len(set(result.text.split())), 1)

    def test_item_and_seed_are_in_the_module_pengine(self):
        text = "import pengine\ndef f(x):\n    return pengine.item + 1000 * pengine.seed\n"
        job = self.job(text, stop=1000, kernel={"seed": 5})
        self.prints(job, lines(range(5000, 6000)), "-t", "2")
        self.prints(job, lines(range(5500, 6000)), "-t", "2", "--part", "2/2")
        self.prints(self.job(text, stop=1000), lines(range(1000)))

    def test_installed_package_pengine_comes_first(self):
        self.write("lib/pengine/__init__.py", "NAME = 'installed'\n")
        job = self.job("import pengine\ndef f(x):\n    return pengine.NAME, pengine.item, pengine.seed\n", stop=2)
        self.prints(job, "('installed', 0, 0)\n('installed', 1, 0)\n", env={"PYTHONPATH": str(self.dir / "lib")})


class Results(Python):
    def fails(self, text, reason, **kernel):
        result = self.run_job(self.job(text, stop=1, kernel=kernel))
        self.assertEqual((result.code, result.out), (1, b""), str(result))
        self.assertRegex(self.message(result), "item 0: .*: " + reason)

    def test_generator_and_coroutine_are_no_results(self):
        for signature in ({}, {"signature": "(int64) -> text"}, {"signature": "(int64) -> int64"},
                          {"signature": "(int64) -> int64[2]"}, {"signature": "(int64) -> (int64, int64)"}):
            with self.subTest(signature):
                self.fails("def f(x):\n    yield x\n    yield x\n", "a generator is not a result", **signature)
                self.fails("async def f(x):\n    return x\n", "a coroutine is not a result", **signature)

    def test_what_has_no_text_is_no_result(self):
        for value, reason in (("lambda: 1", "is function"), ("object()", "is object"), ("map(str, 'ab')", "is map"),
                              ("(x, (i for i in 'ab'))", "a generator"), ("{'a': [f]}", "is function"),
                              ("__import__('os')", "is module"), ("b'ab'", "is bytes, not text")):
            with self.subTest(value):
                self.fails(f"def f(x):\n    return {value}\n", ".*" + reason)

    def test_what_str_gives_is_the_text(self):
        values = ["[1, None, {'a': (2,)}]", "'at 0x10 at 0x20'", "'see <f at 0x10>'", "2**70", "None", "{1.5}", "range(3)"]
        text = f"V = [{', '.join(values)}]\ndef f(x):\n    return V[x]\n"
        self.prints(self.job(text, stop=len(values)), lines(str(eval(value)) for value in values))

    def test_text_of_a_number_is_its_text(self):
        job = self.job("def f(x):\n    return [7, 0.5, 'a'][x]\n", stop=3, kernel={"signature": "(int64) -> text"})
        self.prints(job, "7\n0.5\na\n")

    def test_set_is_no_vector(self):
        self.fails("def f(x):\n    return {3, 1}\n", r"\{1, 3\} is set", signature="(int64) -> int64[2]")


class Arguments(Python):
    def test_vectors_are_numpy_arrays(self):
        self.write("in.npy", numpy.arange(6.0).reshape(2, 3))
        self.write("f.py", "def f(v):\n    v *= 2\n    return v / 4\n")
        job = toml(input={"path": "in.npy"}, output={"path": "out.npy"}, kernel={
            "python": "f.py:f", "signature": "(float64[3]) -> float64[3]", "interpreter": HERE})
        numpy.testing.assert_array_equal(self.saves(job, "out.npy"), numpy.arange(6.0).reshape(2, 3) / 2)

    def test_columns_of_a_text_have_their_types(self):
        self.write("f.py", "def f(x):\n    return x * 2\n")
        for fields in (["1.5", "2"], ["7", "8"], ["ab", "2"]):
            for name in ("in.csv", "in.txt"):
                with self.subTest((fields, name)):
                    self.write(name, lines(["x"] * (name == "in.csv") + fields))
                    kind = float if "1.5" in fields else int if "7" in fields else str
                    self.prints(toml(input={"path": name}, kernel={"python": "f.py:f"}),
                                lines(kind(field) * 2 for field in fields))

    def test_names_of_files_need_not_be_utf8(self):
        names = [b"a\xff.txt", b"b.txt"]
        for name in names:
            with open(os.fsencode(self.dir) + b"/" + name, "wb") as file:
                file.write(name)
        self.write("f.py", "import os\ndef f(path):\n    assert os.path.exists(path)\n    return path\n")
        result = self.good(toml(input={"glob": "*.txt"}, kernel={"python": "f.py:f"}))
        self.assertEqual(result.out.split(b"\n")[:-1], names)

    def test_params_reach_the_initializer_too(self):
        text = ("def setup(start):\n    global START\n    START = start\n"
                "def f(x, step=1):\n    return START + step * x\n")
        kernel = {"initializer": "f.py:setup", "params": {"start": 100, "step": 5}}
        self.prints(self.job(text, kernel=kernel), "100\n105\n110\n115\n")

    def test_a_limit_of_open_files_is_named(self):
        self.write("f.py", "def f(x): return x\n")
        self.write("job.toml", toml(input={"range": [0, 3]}, kernel={"python": "f.py:f"}))
        for most in (5, 7, 9):  # of this process, and of the numbers that a worker's pipes get
            done = subprocess.run(["sh", "-c", f"ulimit -n {most}; exec \"$0\" job.toml", binary()], cwd=self.dir, capture_output=True)
            self.assertEqual((done.returncode, done.stdout), (71, b""), done.stderr)
            self.assertIn(b"the interpreter python3: Too many open files (the limit is that of ulimit -n)", done.stderr)

    def test_a_limit_of_open_files_for_the_second_worker_is_named(self):
        self.write("f.py", "def f(x): return x\n")
        for kernel, first in (({"python": "f.py:f"}, 11), ({"command": ["cat"]}, 9), ({"expr": "x", "isolate": True}, 7)):
            self.write("job.toml", toml(input={"range": [0, 100]}, kernel=kernel))
            codes = set()
            for most in range(first, first + 8, 2):
                done = subprocess.run(["sh", "-c", f"ulimit -n {most}; exec \"$0\" -q -t 3 job.toml", binary()], cwd=self.dir,
                                      capture_output=True)
                codes.add(done.returncode)
                if done.returncode != 0:
                    self.assertIn(b"Too many open files (the limit is that of ulimit -n)", done.stderr, (kernel, most))
            self.assertTrue({71} <= codes <= {71, 0}, (kernel, codes))

    def test_another_number_of_arguments_is_refused_before_the_first_item(self):
        self.write("f.py", "from functools import wraps\ndef one(x): return x\ndef two(x, y=2): return x + y\n"
                   "def more(x, y, *z): return x\ndef shell(f):\n    @wraps(f)\n    def g(*a): return f(*a)\n    return g\n"
                   "@shell\ndef wrapped(x): return x\nclass C:\n    def m(self, x): return x\nc = C()\n")
        for name, inputs, takes in (("one", 2, "1 argument"), ("two", 3, "1 to 2 arguments"), ("more", 1, "2 or more arguments"),
                                    ("c.m", 2, "1 argument")):
            job = toml(mode="starmap", input=[{"range": [0, 3]}] * inputs, kernel={"python": f"f.py:{name}"})
            self.refuse(job, 78, r"job\.toml:\d+:10: kernel\.python: "
                        + re.escape(f"f.py: {name}() takes {takes}, but the input gives {inputs}"))
        for name, inputs, params in (("two", 1, {}), ("two", 2, {}), ("more", 3, {}), ("c.m", 1, {}), ("wrapped", 1, {}),
                                     ("two", 1, {"y": 5})):
            job = toml(mode="starmap", input=[{"range": [0, 2]}] * inputs, kernel={"python": f"f.py:{name}", "params": params})
            self.assertEqual(self.run_job(job).code, 0, (name, inputs))

    def test_param_that_nothing_takes_is_refused(self):
        self.refuse(self.job("def f(x, step=1):\n    return x\n", kernel={"params": {"stp": 5}}), 69,
                    r'f\(\) has no argument "stp"')


class Interpreter(Python):
    def test_function_of_a_module(self):
        self.write("pkg/__init__.py", "")
        self.write("pkg/mod.py", "def double(x):\n    return 2 * x\n")
        self.prints(toml(input={"range": [0, 3]}, kernel={"python": "pkg.mod:double"}), "0\n2\n4\n")
        self.prints(toml(input={"range": [0, 3]}, kernel={"python": "numpy:sqrt", "interpreter": HERE,
                                                          "signature": "(float64) -> float64"}),
                    lines(numpy.sqrt(numpy.arange(3.0)).tolist()))

    def test_module_is_found_from_the_folder_of_the_job(self):
        self.write("jobs/mine.py", "def f(x):\n    return -x\n")
        job = toml(input={"range": [1, 3]}, kernel={"python": "mine:f"})
        self.prints(job, "-1\n-2\n", name="jobs/job.toml")

    def test_interpreter_is_a_path_from_the_folder_of_the_job(self):
        self.write("jobs/python", f'#!/bin/sh\nSAID=mine exec {HERE} "$@"\n').chmod(0o755)
        self.write("jobs/f.py", "import os\ndef f(x):\n    return os.environ['SAID']\n")
        self.prints(toml(input={"range": [0, 1]}, kernel={"python": "f.py:f", "interpreter": "./python"}), "mine\n",
                    name="jobs/job.toml")

    def test_import_error_names_the_interpreter(self):
        where = subprocess.run([HERE, "-c", "import sys; print(sys.executable)"], stdout=subprocess.PIPE, text=True,
                               check=True).stdout.strip()
        self.refuse(self.job("import nonesuch\ndef f(x):\n    return x\n", kernel={"interpreter": HERE}), 69,
                    "No module named 'nonesuch'", re.escape(f"{HERE} is {where}"))
        self.refuse(toml(input={"range": [0, 1]}, kernel={"python": "nonesuch:f", "interpreter": HERE}), 69,
                    "No module named 'nonesuch'", re.escape(where))
        self.refuse(self.job("", kernel={"interpreter": "nonesuch"}), 69, "interpreter nonesuch: No such file")

    def test_files_in_the_current_folder_replace_nothing_of_the_worker(self):
        """The user's own import of such a file still finds it, as a script's would."""
        for name in ("struct", "mmap", "fcntl", "time", "types", "operator", "itertools", "functools"):
            self.write(f"{name}.py", "raise SystemExit('replaced')\n")
        self.write("helper.py", "VALUE = 7\n")
        self.prints(self.job("import helper\ndef f(x):\n    return helper.VALUE + x\n"), "7\n8\n9\n10\n")


class Processes(Python):
    @not_sanitized
    def test_plan_names_the_memory_of_the_processes(self):
        job = self.job("A = bytearray(100 << 20)\ndef f(x):\n    return x\n")
        text = self.good(job, "--plan", "-t", "2").text
        found = re.search(r"^processes +2 per rank, one per worker: ([0-9.]+) MiB each .*, ([0-9.]+) MiB per rank", text, re.M)
        self.assertTrue(found, text)
        each, both = map(float, found.groups())
        self.assertTrue(100 < each < 140, text)
        self.assertAlmostEqual(both, 2 * each, delta=1)

    def test_threads_of_libraries_are_one_a_worker(self):
        text = "import os\ndef f(x):\n    return [os.environ.get(n) for n in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS')]\n"
        bare = {"OMP_NUM_THREADS": None, "OPENBLAS_NUM_THREADS": None}
        environment = {key: value for key, value in os.environ.items() if key not in bare}
        with unittest.mock.patch.dict(os.environ, environment, clear=True):
            self.prints(self.job(text, stop=1), "['1', '1']\n", "-t", "2")
            self.prints(self.job(text, stop=1), "['1', '3']\n", "-t", "2", env={"OPENBLAS_NUM_THREADS": "3"})


class Check(Python):
    """--check=syntax runs nothing of the job's code; --check does, to know whether it can be run."""

    PYTHON = "open('ran', 'w').close()\ndef f(x):\n    return x\n"
    C = ("#include <stdio.h>\n__attribute__((constructor)) static void begin(void) { fclose(fopen(\"ran\", \"w\")); }\n"
         "double f(double x) { return x; }\n")

    def ran(self, job, *options, code=0):
        (self.dir / "ran").unlink(missing_ok=True)
        result = self.run_job(job, *options)
        self.assertEqual((result.code, result.out), (code, b""), str(result))
        return (self.dir / "ran").exists()

    def test_syntax_runs_nothing_of_the_job(self):
        self.write("f.c", self.C)
        source = toml(input={"range": [0, 3]}, kernel={"source": "f.c", "function": "f",
                                                       "signature": "(float64) -> float64"})
        for job in (self.job(self.PYTHON), source):
            self.assertTrue(self.ran(job, "--check"))
            self.assertFalse(self.ran(job, "--check=syntax"))
        self.assertFalse(self.ran(toml(input={"range": [0, 3]}, kernel={"expr": "x +"}), "--check=syntax"))

    def test_syntax_finds_what_needs_no_code(self):
        options = ("--check=syntax",)
        for kernel, code, needle in (({"signature": "(int64) > int64"}, 78, "signature"),
                                     ({"signature": "(int64, int64) -> int64"}, 78, "2 arguments"),
                                     ({"python": "nonesuch.py:f"}, 69, "nonesuch.py: No such file"),
                                     ({"expr": "x"}, 78, "kernel")):
            with self.subTest(kernel):
                self.refuse(self.job("", kernel=kernel), code, needle, options=options)
        self.refuse(toml(input={"path": "nonesuch.npy"}, kernel={"name": "square"}), 66, "nonesuch.npy", options=options)
        self.refuse(toml(input={"range": [0, 3]}, kernel={"name": "sqare"}), 69, "square", options=options)
        result = self.run_args("--check=all", "job.toml")
        self.assertEqual(result.code, 64, str(result))
        self.assertIn("--check=syntax", result.err)


if __name__ == "__main__":
    main()
