#!/usr/bin/env python3
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Jobs without a job file: -i, -k, -- PROGRAM, --dry-run, and --example.

Design: a program's lines are compared with what xargs -I{} prints for the same words.
"""
import shlex
import subprocess
import sys
import tomllib

import numpy

from harness import Case, main, needs_mpi, squares

FORMS = ["name", "expr", "source", "plugin", "python", "command", "reduce"]
PYTHON = f"kernel.interpreter={sys.executable!r}"


class OneLine(Case):
    def says(self, expected, *args, code=0, **how):
        result = self.run_args(*args, **how)
        self.assertEqual((result.code, result.text), (code, expected), str(result))
        return result

    def same_as_a_job(self, expected, *args, **how):
        """The line, and the job file that --print-config makes of it."""
        self.says(expected, *args, **how)
        dashes = args.index("--") if "--" in args else len(args)
        config = self.run_args(*args[:dashes], "--print-config", *args[dashes:]).text
        self.write("again.toml", config)
        self.says(expected, "again.toml", **how)
        return tomllib.loads(config)


class Inputs(OneLine):
    def test_ranges_files_and_stdin(self):
        config = self.same_as_a_job("".join(f"{x * x}\n" for x in range(10)), "-i", "0:10", "-k", "x*x")
        self.assertEqual((config["mode"], config["name"], config["input"]["range"]), ("imap", "x*x", [0, 10]))
        self.assertEqual(self.same_as_a_job("0.5\n1.0\n", "-i", "1:3", "-k", "x/2.0")["name"], "x/2.0")
        self.same_as_a_job("".join(f"{x / 4 * 2!r}\n" for x in range(4)), "-i", "0:1:.25", "-k", "2*x")
        self.same_as_a_job("".join(f"{x + 1}\n" for x in range(5, -5, -3)), "-i", "5:-5:-3", "-k", "x+1")
        self.same_as_a_job("".join(f"{x}\n" for x in range(10**20, 10**20 + 3)), "-i", f"{10**20}:{10**20 + 3}", "-k", "x")
        for option in ((), ("-i", "-")):
            self.same_as_a_job("1\n4\n9\n", *option, "-k", "square", stdin=b"1\n2\n3\n")
        self.write("0:10", "7\n")
        self.write("words", "5\n")
        self.same_as_a_job("49\n", "-i", "./0:10", "-k", "x*x")
        self.same_as_a_job("25\n", "-i", "words", "-k", "x*x")
        self.same_as_a_job("1.0\n10.0\n100.0\n", "-s", "input.logspace=[0.0, 2.0, 3]", "-k", "x")
        self.says("words\n", "-s", 'input.glob="word*"', "--", "echo", "{}")

    def test_a_range_as_others_write_it_says_how_it_is_written_here(self):
        for text in ("10", "1..10", "0-9", "0:n", "-5:"):
            result = self.run_args("-i", text, "-k", "x*x")
            self.assertEqual(result.code, 66, text)
            self.assertIn(f"-i {text}: there is no such file, and a range is START:STOP or", result.err)
        self.assertNotIn("range", self.run_args("-i", "2024.csv", "-k", "x*x").err)
        self.write("10", "7\n")
        self.says("49\n", "-i", "10", "-k", "x*x")

    def test_several_inputs_and_columns_are_a_starmap(self):
        config = self.same_as_a_job("0.5\n2.5\n4.5\n", "-i", "0:3", "-i", "0.5:3.5:1", "-k", "x+y")
        self.assertEqual(config["mode"], "istarmap")
        self.write("a.csv", "x,y\n3,4\n6,8\n")
        self.same_as_a_job("5.0\n10.0\n", "-i", "a.csv", "-k", "hypot")
        self.write("a.npy", numpy.array([[3.0, 4.0], [6.0, 8.0]]))
        self.says("7.0\n14.0\n", "-i", "a.npy", "-k", "x + y", "-s", "input.columns=[0, 1]")
        self.says("3\n4\n4\n5\n", "-i", "0:2", "-i", "3:5", "-k", "x+y", "-s", 'combine="product"')
        self.assertRegex(self.says("", "-i", "0:3", "-i", "3:7", "-k", "x+y", code=65).err, "^pengine: -i 3:7: input 2: inputs of different lengths")

    def test_options_of_jobs_go_with_it(self):
        self.says("", "-i", "0:5", "-k", "x*x", "-o", "o.npy", "-t", "2", "-q")
        self.assertEqual(numpy.load(self.dir / "o.npy").tolist(), [0, 1, 4, 9, 16])
        self.says("9\n", "-i", "0:5", "-k", "x*x", "--items", "3")
        self.says("", "-i", "0:5", "-k", "x*x", "--check", "-q")
        self.says("-1\n7\n3\n", "-i", "0:3", "-k", "7 / x", "--on-error", "fill", "-s", "errors.fill=-1", code=1)
        self.says("7\n3\n", "-i", "0:3", "-k", "7 / x", "--on-error", "skip", code=1)

    @needs_mpi
    def test_ranks_give_the_same(self):
        self.says("".join(f"{x * x}\n" for x in range(1000)), "-i", "0:1000", "-k", "x*x", ranks=3)
        self.says("1\n4\n9\n", "-k", "square", stdin=b"1\n2\n3\n", ranks=3)
        self.says("".join(f"{x}.\n" for x in range(20)), "-i", "0:20", "--", "echo", "{}.", ranks=3)


class Kernels(OneLine):
    def test_every_kind_of_kernel(self):
        self.write("f.py", "def twice(x):\n    return 2 * x\n")
        self.write("f.c", "double half(double x) { return x / 2; }\n")
        self.same_as_a_job("0\n1\n8\n", "-i", "0:3", "-k", "cube")
        for kernel, expected in (("f.py:twice", "0\n2\n4\n"), ("math:factorial", "1\n1\n2\n")):
            self.same_as_a_job(expected, "-i", "0:3", "-k", kernel, "-s", PYTHON)
        self.same_as_a_job("0.0\n0.5\n1.0\n", "-i", "0:3", "-k", "f.c:half:(float64) -> float64")
        self.same_as_a_job("1\n1\n0\n", "-i", "0:3", "-k", "x<2 ? 1 : 0")

    def test_unknown_name_is_refused_with_the_nearest_kernel(self):
        for option in (("-i", "0:3"), ()):
            self.check_refused(self.run_args(*option, "-k", "sqare", stdin=b"1\n"), 69, ["sqare", "square"], [])
        self.check_refused(self.run_args("-i", "0:3", "-k", "a*c"), 69, ["-k a", "unknown name"], [])

    def test_wrong_lines_are_refused(self):
        self.write("job.toml", squares())
        before = self.everything()
        for args, code, needles in (((), 64, ["job file", "-k 'x"]), (("-i", "0:3"), 64, ["-k", "--"]), (("--",), 64, ["program"]),
                                    (("job.toml", "-i", "0:3"), 64, ["job.toml", "--set"]), (("job.toml", "--", "wc"), 64, ["not both"]),
                                    (("-k", "x", "--", "wc"), 64, ["not both"]), (("-k", "x", "-k", "y"), 64, ["one kernel"]),
                                    (("-k", "f.py"), 64, ["f.py:f"]), (("-k", "f.c:g"), 64, ["signature"]), (("-k", ""), 64, ["expression"]),
                                    (("-i", "", "-k", "x"), 64, ["range"]), (("-i", "none.csv", "-k", "x"), 66, ["none.csv"]),
                                    (("-i", "0:3:0", "-k", "x"), 64, ["-i 0:3:0", "step"]),
                                    (("-i", "0:3", "-i", "0:4", "-k", "x+y"), 65, ["3", "4"]),
                                    (("-i", "0:3", "-k", "x", "--on-error", "ignore"), 64, ["--on-error ignore", "skip"]),
                                    (("-i", "0:3", "-k", "x", "--dry-run"), 64, ["--dry-run", "program"]),
                                    (("-k", "x", "-s", "input.rang=3"), 64, ["input.rang", "range"]),
                                    (("echo", "{}"), 64, ["pengine -- echo {}"]), (("-k", "--", "echo", "{}"), 64, ["-k", "got --"]),
                                    (("-j", "4", "--", "echo"), 64, ["-j", "--threads"]), (("--jobs=4", "--", "echo"), 64, ["--jobs", "--threads"]),
                                    (("-0", "--", "echo"), 64, ["-print0"]), (("--keep-order", "--", "echo"), 64, ["in the order"]),
                                    (("--", "echo", "{}", ":::", "1"), 64, [":::", "stdin", "printf"]),
                                    (("--", "echo {} | wc"), 78, ['"sh", "-c"'])):
            with self.subTest(args):
                self.check_refused(self.run_args(*args, stdin=b"1\n"), code, needles, before)


class Programs(OneLine):
    NAMES = ["a.txt", "b c.txt", "d'e.txt", "$HOME.txt", "-n.txt"]

    def setUp(self):
        super().setUp()
        for i, name in enumerate(self.NAMES):
            self.write(name, "x\n" * i)
        self.stdin = "".join(f"./{name}\n" for name in self.NAMES).encode()

    def xargs(self, *words):
        return subprocess.run(["xargs", "-d", "\n", "-I{}", *words], input=self.stdin, cwd=self.dir, capture_output=True, check=False).stdout.decode()

    def test_program_runs_for_each_line_as_with_xargs(self):
        for words in (["wc", "-l", "{}"], ["printf", "%s.", "{}"], ["cat", "{}"], ["true", "{}"], ["sh", "-c", "echo $0; echo $0", "{}"]):
            with self.subTest(words):
                self.same_as_a_job(self.xargs(*words), "--", *words, stdin=self.stdin)

    def test_names_that_look_like_numbers_stay_texts(self):
        self.says("007 1e3\n010 1e3\n", "--", "echo", "{}", "1e3", stdin=b"007\n010\n")

    def test_failed_items_are_left_out_and_told(self):
        result = self.says("./a.txt\n", "-q", "--", "sh", "-c", 'case $0 in ./a*) echo "$0";; *) echo no "$0" >&2; exit 3;; esac', "{}", code=1, stdin=self.stdin)
        self.assertEqual(result.err.count("no ./"), 4, result.err)
        self.assertIn("4 of 5 items failed", result.err)
        result = self.says("", "-q", "--on-error", "stop", "--", "sh", "-c", "exit 3", "{}", code=1, stdin=self.stdin)
        self.assertRegex(result.err, r"item 0: .*exit 3")

    def test_filter_reads_lines(self):
        self.says("a0\nb0\n", "--", "sed", "-u", "s/$/0/", stdin=b"a\nb\n")
        self.says("3\n4\n", "-i", "1:3", "--", "sed", "-u", "s/^1$/3/; s/^2$/4/")
        self.says("", "--", "cat", "{}", stdin=b"")

    def test_options_behind_the_dashes_are_the_programs(self):
        self.says("0 -q --set -- -k x\n", "-i", "0:1", "--", "echo", "{}", "-q", "--set", "--", "-k", "x")

    def test_output_may_be_a_file_or_columns(self):
        self.says("", "-q", "-o", "out.txt", "--", "printf", "%s.", "{}", stdin=self.stdin)
        self.assertEqual((self.dir / "out.txt").read_text(), self.xargs("printf", "%s.", "{}"))
        self.says("", "-q", "-o", "out.csv", "--", "printf", "%s\n", "{}", stdin=self.stdin)
        self.assertEqual((self.dir / "out.csv").read_text(), "result\n" + self.xargs("echo", "{}"))
        self.says("0\n1\n2\n3\n4\n", "-s", 'kernel.signature="(text) -> int64"', "--", "sh", "-c", 'wc -l <"$0"', "{}", stdin=self.stdin)

    def test_dry_run_prints_what_a_shell_would_run(self):
        words = ["printf", "%s|%s|%s;", "{}", "it's {/.}", ""]
        commands = self.run_args("--dry-run", "--", *words, stdin=self.stdin)
        self.assertEqual([shlex.split(line) for line in commands.text.splitlines()],
                         [["printf", "%s|%s|%s;", f"./{name}", f"it's {name[:-4]}", ""] for name in self.NAMES])
        ran = subprocess.run(["sh"], input=commands.out, capture_output=True, cwd=self.dir, check=True).stdout
        self.assertEqual(ran, self.run_args("--", *words, stdin=self.stdin).out)
        job = "[input]\nvalues = [1, 2]\n[kernel]\ncommand = ['rm', 'file{}']\nsignature = '(int64) -> int64'\n[output]\npath = 'o.npy'\n"
        for options in ([], ["--keep", "all"], ["--keep", "x"], ["-o", "o.h5"], ["-o", "o/{index}.txt"],
                        ["--on-error", "fill", "-s", "errors.fill=[1, 2]", "-s", "kernel.signature='(int64) -> (int64, int64)'"]):
            self.prints(job, "rm file1\nrm file2\n", "--dry-run", *options)
        self.assertFalse((self.dir / "o.npy").exists())


class Examples(OneLine):
    def test_every_example_runs_as_it_stands(self):
        for form in FORMS:
            with self.subTest(form):
                text = self.run_args("--example", form).text
                self.write("job.toml", text)
                before = self.everything()
                result = self.run_args("job.toml", *(["-s", PYTHON] if form == "python" else []))
                self.assertEqual(result.code, 0, str(result))
                self.assertGreaterEqual(result.text.count("\n"), 2)
                self.assertIn(form if form != "plugin" else "# plugin", text)
                self.assertEqual(self.everything(), before)
        self.check_refused(self.run_args("--example", "expression"), 64, ["expression", *FORMS], self.everything())
        self.check_refused(self.run_args("--example"), 64, ["--example python", *FORMS], self.everything())

    def test_source_may_stand_in_the_job(self):
        job = squares(4, kernel={"source": "int64_t f(int64_t x)\n{\n    return 3 * x;\n}\n", "function": "f", "signature": "(int64) -> int64"})
        self.prints(job.replace("int64_t f", "#include <stdint.h>\\nint64_t f"), "0\n3\n6\n9\n")
        self.refuse(job, 69, "kernel.source", "int64_t")


if __name__ == "__main__":
    main()
