# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The command line: every option, every way to get one wrong."""
import os
import re
import tomllib

import numpy

from harness import Case, lines, main, needs_mpi, squares, toml

BUILTINS = ["square", "cube", "sum_of_squares", "hypot", "is_prime", "collatz_steps", "mandelbrot", "black_scholes",
            "text_length", "text_upper", "norm3", "divmod", "ep"]
OPTIONS = ["--set", "--threads", "--output", "--part", "--skip", "--check", "--plan", "--kernels", "--print-config", "--progress", "--version",
           "--input", "--kernel", "--on-error", "--dry-run", "--example",            "--help"]


class Overrides(Case):
    def test_set_overrides_a_key(self):
        self.prints(squares(), "0\n1\n4\n", "-s", "input.range=[0, 3]")
        self.prints(squares(), "0\n1\n4\n", "--set", "input.range=[0, 3]")
        self.prints(squares(), "0\n1\n4\n", "--set=input.range=[0, 3]")
        self.prints(squares(), "0\n1\n8\n", "-s", "input.range=[0, 3]", "-s", 'kernel.name="cube"')

    def test_set_adds_a_key_and_a_table(self):
        self.prints(squares(3), "index,result\n0,0\n1,1\n2,4\n", "-s", 'output.format="csv"', "-s", "output.index=true")
        self.prints(squares(3), "0\n1\n4\n", "-s", "pool.threads=2", "-s", 'mode="imap"')

    def test_last_set_of_a_key_wins(self):
        self.prints(squares(), "0\n1\n", "-s", "input.range=[0, 5]", "-s", "input.range=[0, 2]")

    def test_set_reaches_the_inputs_by_number(self):
        job = toml(mode="starmap", input=[{"range": [0, 3]}, {"range": [0, 3]}], kernel={"name": "sum_of_squares"})
        self.prints(job, "1\n5\n13\n", "-s", "input.1.range=[1, 4]")

    def test_option_may_stand_after_the_job(self):
        self.write("job.toml", squares())
        result = self.run_args("job.toml", "-s", "input.range=[0, 2]")
        self.assertEqual((result.code, result.text), (0, "0\n1\n"), result.err)

    def test_output_option_names_the_file(self):
        for option in (["-o", "o.npy"], ["--output", "o.npy"], ["--output=o.npy"], ["-oo.npy"]):
            with self.subTest(option):
                (self.dir / "o.npy").unlink(missing_ok=True)
                self.assertEqual(self.saves(squares(3), "o.npy", *option).tolist(), [0, 1, 4])

    def test_output_option_takes_any_path(self):
        for name in ('with "quotes" and \\ back.txt', "with space.txt", "ünï.txt", "a'b.txt"):
            with self.subTest(name):
                self.assertEqual(self.saves(squares(3), name, "-o", name), b"0\n1\n4\n")

    def test_output_option_of_a_dash_is_stdout(self):
        self.prints(squares(3, output={"path": "out.txt"}), "0\n1\n4\n", "-o", "-")
        self.assertEqual(self.everything(), ["job.toml"])

    def test_threads_option_sets_the_workers(self):
        for option in (["-t", "3"], ["--threads", "3"], ["--threads=3"], ["-t3"], ["-s", "pool.threads=3"]):
            with self.subTest(option):
                config = tomllib.loads(self.good(squares(), *option, "--print-config").text)
                self.assertEqual(config["pool"]["threads"], 3)
                self.prints(squares(1000), lines(x * x for x in range(1000)), *option)

    def test_short_time_limit_leaves_time_for_items(self):
        self.prints(squares(3), "0\n1\n4\n", "--time-limit", "200 ms")

    def test_double_dash_begins_a_program(self):
        self.write("-job.toml", squares(2))
        self.check_refused(self.run_args("--", "-job.toml", stdin=b"a\n"), 69, ["-job.toml", "PATH"], ["-job.toml"])
        result = self.run_args("./-job.toml")
        self.assertEqual((result.code, result.text), (0, "0\n1\n"), result.err)


class AskedThreads(Case):
    WRONG = ("abc", "-3", "0", "4097", "99999999999999999999", "2,x", "1,", ",2", "0x2", " ")
    RIGHT = {"1": 1, "2": 2, "2,4": 2, " 2 , 4 ": 2, "3\t": 3}

    def placement(self, *options, **env):
        return self.good(squares(), "--plan", *options, env=env).text

    def test_number_or_list_of_the_environment_gives_the_workers(self):
        for text, count in self.RIGHT.items():
            with self.subTest(text):
                self.assertIn(f"x {count} thread", self.placement(OMP_NUM_THREADS=text))

    def test_wrong_number_of_the_environment_is_reported_in_one_line(self):
        for text in self.WRONG:
            with self.subTest(text):
                result = self.run_job(squares(), env={"OMP_NUM_THREADS": text})
                said = f'pengine: OMP_NUM_THREADS: expected 1 to 4096, or a list of such, got "{text}"\n'
                self.assertEqual((result.code, result.out, result.err), (78, b"", said))

    def test_environment_that_does_not_count_is_not_talked_about(self):
        for text, options in (("", ()), ("abc", ("-t", "1")), ("abc", ("-s", "pool.threads=2"))):
            with self.subTest(text):
                result = self.good(squares(), "-q", *options, env={"OMP_NUM_THREADS": text})
                self.assertEqual(result.err, "")

    @needs_mpi
    def test_wrong_number_is_reported_once_for_all_ranks(self):
        result = self.run_job(squares(), ranks=3, env={"OMP_NUM_THREADS": "abc"})
        self.assertEqual((result.code, result.err.count("OMP_NUM_THREADS")), (78, 1), str(result))


class Dry(Case):
    """--check, --plan, --print-config, --kernels, --version, --help: nothing runs."""

    def test_check_of_a_good_job_runs_nothing(self):
        job = squares(10**15, output={"path": "out.npy"})
        result = self.good(job, "--check")
        self.assertEqual(self.everything(), ["job.toml"])
        self.assertLess(result.seconds, 60)

    def test_plan_of_one_item_has_no_plural(self):
        result = self.run_args("--plan", "-i", "0:1", "-k", "x")
        self.assertRegex(result.text, r"range: 1 item, 1 argument\n")
        self.assertRegex(result.text, r"slices +1 or more of 1 item \(1 chunk each\)\n")

    def test_check_finds_what_a_run_would_refuse(self):
        sums = {"name": "sum_of_squares"}
        for code, job in ((78, squares(unknown=1)), (69, toml(input={"range": [0, 1]}, kernel={"name": "sqare"})),
                          (66, toml(input={"path": "none.npy"}, kernel={"name": "square"})),
                          (65, toml(mode="starmap", input=[{"range": [0, 1]}, {"range": [0, 2]}], kernel=sums)),
                          (78, toml(mode="starmap", input=[{"range": [0, 1]}], kernel=sums)),
                          (78, squares(mode="imap_unordered", output={"format": "digest"}))):
            with self.subTest(job):
                self.refuse(job, code, options=("--check",))

    def test_check_does_not_touch_the_output_of_an_earlier_run(self):
        for option in ("--check", "--plan", "--print-config"):
            self.write("out.txt", "earlier\n")
            self.good(squares(output={"path": "out.txt"}), option)
            self.assertEqual((self.dir / "out.txt").read_text(), "earlier\n")

    def test_plan_tells_items_slices_chunk_window_and_memory(self):
        result = self.good(squares(123457, output={"path": "out.npy"}, pool={"chunk_size": 321, "threads": 2}), "--plan")
        talk = (result.text + result.err).lower()
        for word in ("items", "slice", "chunk", "window", "memory", "threads", "rank"):
            self.assertIn(word, talk)
        plain = re.sub(r"(?<=\d)[,_ '](?=\d{3}\b)", "", talk)
        self.assertIn("123457", plain)
        self.assertIn("321", plain)
        self.assertRegex(talk, r"\d (b|kib|mib|gib)")
        self.assertEqual(self.everything(), ["job.toml"])

    def test_plan_of_a_huge_job_takes_no_time(self):
        result = self.good(squares(10**15, "imap"), "--plan")
        self.assertLess(result.seconds, 60)

    def test_plan_of_a_stream_does_not_wait_for_it(self):
        result = self.good(toml(mode="imap", input={"path": "-", "format": "txt"}, kernel={"name": "text_upper"}),
                           "--plan", stdin=b"a\n")
        self.assertNotIn("A\n", result.text)

    def test_kernels_lists_every_builtin(self):
        result = self.run_args("--kernels")
        self.assertEqual(result.code, 0, str(result))
        for name in BUILTINS:
            self.assertRegex(result.text, rf"(?m)^ *{name}\b.*->.*\w")

    def test_version_is_one_line(self):
        result = self.run_args("--version")
        self.assertEqual((result.code, result.err), (0, ""), str(result))
        self.assertRegex(result.text, r"\Apengine \d+\.\d+\.\d+[^\n]*\n\Z")

    def test_help_names_every_option(self):
        for option in ("--help", "-h"):
            result = self.run_args(option)
            self.assertEqual((result.code, result.err), (0, ""), str(result))
            for name in OPTIONS:
                self.assertIn(name, result.text)
            self.assertIn("JOB.toml", result.text)

    @needs_mpi
    def test_dry_option_under_mpirun_speaks_once(self):
        self.write("job.toml", squares())
        for option, once in ((["--version"], r"pengine \d"), (["--help"], "--print-config"), (["--kernels"], "text_upper"),
                             (["--print-config", "job.toml"], r"(?m)^mode\b")):
            alone, together = self.run_args(*option), self.run_args(*option, ranks=2)
            self.assertEqual((alone.code, together.code), (0, 0), f"{alone}\n{together}")
            self.assertEqual(len(re.findall(once, together.text)), len(re.findall(once, alone.text)), str(together))


    def test_option_without_effect_is_refused(self):
        self.write("c.checkpoint", b"")
        for options in (["--json"], ["--status", "c.checkpoint"], ["--sample"], ["--check", "--dry-run"], ["--kernels"], ["--stats", "s", "--plan"],
                        ["--resume", "--items", "1"]):
            with self.subTest(options):
                self.refuse(squares(), 64, options[0], options=options)


class PrintConfig(Case):
    """Printing the effective job and running that again is the same job."""

    def again(self, job, *options, name="job.toml"):
        first = self.good(job, *options, name=name)
        config = self.good(job, *options, "--print-config", name=name)
        self.assertEqual(config.err, "")
        second = self.good(config.text, name="again.toml")
        self.assertEqual(second.out, first.out)
        self.assertEqual(self.good(config.text, "--print-config", name="again.toml").text, config.text)
        return tomllib.loads(config.text)

    def test_printed_config_is_the_same_job(self):
        config = self.again(squares(5, output={"index": True, "format": "csv", "names": ['say "x"']}))
        self.assertEqual(config["mode"], "map")
        self.assertEqual(config["input"]["range"][:2] if isinstance(config["input"], dict) else
                         config["input"][0]["range"][:2], [0, 5])
        self.assertEqual(config["kernel"]["name"], "square")
        self.assertEqual(config["pool"]["schedule"], "auto")
        self.assertEqual(config["output"]["path"], "-")

    def test_printed_config_has_the_overrides(self):
        config = self.again(squares(5), "-s", "pool.chunk_size=3", "-t", "2", "-s", 'pool.memory="64 MiB"',
                            "-s", 'pool.schedule="dynamic"')
        self.assertEqual((config["pool"]["chunk_size"], config["pool"]["threads"]), (3, 2))
        self.assertEqual(config["pool"]["schedule"], "dynamic")

    def test_printed_config_names_the_job_after_its_file(self):
        self.assertEqual(self.again(squares(2), name="my squares.toml")["name"], "my squares")

    def test_name_of_a_file_that_is_no_text_becomes_one(self):
        name = os.fsdecode(b"sq\xff.toml")
        self.assertEqual(self.again(squares(2), name=name)["name"], "sq?")

    def test_printed_config_of_every_input_kind_is_the_same_job(self):
        self.write("x.npy", numpy.arange(12).reshape(4, 3))
        self.write("x.csv", 'x,"say ""y"""\n3,4\n6,8\n')
        self.write("x.raw", numpy.arange(4.0).tobytes())
        self.write("ünï.txt", "a\nb\n")
        one = {"kernel": {"name": "square"}}
        pair = {"mode": "starmap", "kernel": {"name": "hypot"}}
        for job in (toml(input={"range": [0.5, 3.5, 0.1]}, **one), toml(input={"range": ["-10000000000000000000", "0", str(10**18)]}, **one),
                    toml(input={"linspace": [0.1, 1.0, 7], "first": 2, "count": 3}, **one),
                    toml(input={"path": "x.npy", "columns": [2]}, **one), toml(input={"path": "x.raw", "dtype": "float64"}, **one),
                    toml(input={"path": "x.csv", "columns": ["x", 'say "y"']}, **pair),
                    toml(input={"path": "x.csv", "columns": [1, 0]}, **pair),
                    toml(input=[{"linspace": [0, 1, 3]}, {"value": 2.5}], **pair),
                    toml(input=[{"linspace": [0, 1, 3]}, {"linspace": [0, 1, 2]}], combine="product", **pair),
                    toml(input={"glob": "*.txt"}, kernel={"name": "text_upper"}),
                    toml(input={"path": "ünï.txt", "format": "txt"}, kernel={"name": "text_upper", "signature": "(text) -> text"}),
                    toml(input={"range": [10**10, 10**10 + 3]}, output={"dtype": "int128"}, **one)):
            with self.subTest(job):
                self.again(job)


class Wrong(Case):
    def test_wrong_command_line_is_refused(self):
        self.write("job.toml", squares())
        for args, needles in (([], ["job"]), (["job.toml", "other.toml"], ["other.toml"]), (["--frobnicate", "job.toml"], ["--frobnicate"]),
                              (["--pln", "job.toml"], ["--pln", "--plan"]), (["-x", "job.toml"], ["-x"]), (["job.toml", "-s"], ["-s|--set"]),
                              (["-s", "pool.threads", "job.toml"], ["pool.threads", "="]), (["-s", "=3", "job.toml"], ["=3"]),
                              (["-s", "pool.thread=3", "job.toml"], ["pool.thread", "threads"]),
                              (["-s", "pool.threads=many", "job.toml"], ["pool.threads"]),
                              (["-s", 'pool.threads="2"', "job.toml"], ["pool.threads", "integer|number"]),
                              (["-t", "0", "job.toml"], ["threads|-t", r"\b0\b"]), (["-t", "-1", "job.toml"], ["threads|-t", "-1"]),
                              (["-t", "two", "job.toml"], ["threads|-t", "two"]), (["-t", "job.toml"], ["threads|-t|job"]),
                              (["--progress", "maybe", "job.toml"], ["maybe", "auto", "always", "never"]),
                              (["--check=yes", "job.toml"], ["--check"]), (["-o", "", "job.toml"], ["output|-o"])):
            with self.subTest(args):
                before = self.everything()
                self.check_refused(self.run_args(*args), 64, needles, before)

    def test_value_that_is_no_text_is_refused(self):
        self.write("job.toml", squares())
        for option in (["-o", os.fsdecode(b"o\xfe.txt")], ["-s", os.fsdecode(b'input.path="a\xff"')]):
            self.check_refused(self.run_args(*option, "job.toml"), 64, [option[0].replace("-s", "--set"), "UTF-8", "ln -s"],
                               self.everything())

    def test_stdin_for_the_job_and_for_its_items_is_refused(self):
        job = toml(input={"path": "-"}, kernel={"expr": "x"}).encode()
        self.check_refused(self.run_args("-", stdin=job), 78, ["stdin", "job file", "stdin:1:|2:"], [])
        result = self.run_args("-", stdin=squares(3).encode())
        self.assertEqual((result.code, result.text), (0, "0\n1\n4\n"), result.err)

    def test_missing_job_file_is_refused(self):
        self.check_refused(self.run_args("none.toml"), 66, ["none.toml", "no such file"], [])

    def test_job_that_is_a_directory_is_refused(self):
        (self.dir / "dir.toml").mkdir()
        self.check_refused(self.run_args("dir.toml"), 66, ["dir.toml", "directory"], ["dir.toml"])


if __name__ == "__main__":
    main()
