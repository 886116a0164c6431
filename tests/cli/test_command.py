#!/usr/bin/env python3
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Programs as kernels: placeholders, exit codes, stderr, environment, fields, where scripts are found.

Design: what a placeholder gives is computed by Python from the substitutions that GNU parallel's manual states ({.} removes \\.[^/.]+$,
{/} removes .*/, {//} is dirname).
"""
import os
import re
import stat

from harness import Case, main, needs_mpi, toml

PATHS = ["a.tar.gz", "dir.d/file", "/abs/x.y", "plain", ".bashrc", "d/.hidden", "d//e.txt", "no/end.", "with space.c", "ünï.ü"]


def dirname(path):
    return os.path.dirname(path.rstrip("/")).rstrip("/") or ("/" if path.startswith("/") else ".")


def parts(path):
    """Placeholder -> what GNU parallel puts in its place."""
    stem, name = re.sub(r"\.[^/.]+$", "", path), re.sub(r".*/", "", path)
    return {"{}": path, "{.}": stem, "{/}": name, "{//}": dirname(path), "{/.}": re.sub(r"\.[^/.]+$", "", name)}


def lines_job(words, text="a.txt", **more):
    kernel = {"command": words, **more.pop("kernel", {})}
    return toml(mode=more.pop("mode", "imap"), input={"path": text, "format": "txt"}, kernel=kernel, **more)


class Placeholders(Case):
    def setUp(self):
        super().setUp()
        self.write("a.txt", "".join(path + "\n" for path in PATHS))

    def test_parts_of_a_path_are_those_of_gnu_parallel(self):
        words = ["{}", "{.}", "{/}", "{//}", "{/.}"]
        expected = "".join("|".join(parts(path)[word] for word in words) + "\n" for path in PATHS)
        self.prints(lines_job(["printf", "%s|%s|%s|%s|%s", *words]), expected)
        self.prints(lines_job(["printf", "%s|%s|%s|%s|%s", *(word.replace("{", "{1") for word in words)]), expected)

    def test_numbers_count_from_0_and_from_1_and_are_those_of_the_whole_job(self):
        expected = "".join(f"{i + 1} {i} {i:03d} {i:012d}x\n" for i in range(4, 8))
        job = lines_job(["echo", "{#}", "{index}", "{index:03}", "{index:012}x"])
        result = self.good(job, "--items", "4-7")
        self.assertEqual(result.text, expected)

    def test_other_braces_pass_and_double_ones_are_literal(self):
        words = ["{{}}", "{{3}}", "{{index}}", "{print $1}", '{"a": 1}', "{a,b}", "{}}", "{", "}", "{x", "{2,3}", "x{}y"]
        expected = "".join("|".join(["{}", "{3}", "{index}", "{print $1}", '{"a": 1}', "{a,b}", path + "}", "{", "}", "{x", "{2,3}",
                                     f"x{path}y"]) + "|\n" for path in PATHS)
        self.prints(lines_job(["printf", "%s|", *words]), expected)
        # without any placeholder the program reads lines
        self.prints(lines_job(["sed", "-u", "s/^/{{}}{print}/"]), "".join(f"{{}}{{print}}{path}\n" for path in PATHS))

    def test_unknown_ones_around_the_signs_of_placeholders_are_refused(self):
        for word in ("{%}", "{2}", "{0}", "{1%}", "{...}", "{#.}", "{/%}", "{index:6}", "{index:0}", "{index:x}", "{1.2}"):
            with self.subTest(word):
                self.refuse(lines_job(["echo", word]), 78, re.escape(word), re.escape("{" + word + "}"))

    def test_bare_one_of_several_arguments_is_refused_with_the_choice(self):
        job = toml(mode="istarmap", input=[{"range": [0, 3]}, {"values": ["a.b", "c.d", "e.f"]}], kernel={"command": ["echo", "{/.}"]})
        self.refuse(job, 78, r"\{1/\.\}.*\{2/\.\}")
        self.prints(job, "0 a\n1 c\n2 e\n", "-s", 'kernel.command=["echo", "{1}", "{2.}"]')

    def test_shell_characters_of_an_item_mean_nothing(self):
        self.write("a.txt", "a; b\n$HOME\n`x` 'q' \"d\"\n*\n")
        self.prints(lines_job(["echo", "{}"]), "a; b\n$HOME\n`x` 'q' \"d\"\n*\n")


class Ends(Case):
    def setUp(self):
        super().setUp()
        self.write("a.txt", "0\n1\n2\n3\n")

    def test_exit_codes_that_are_ok_are_no_failure(self):
        job = lines_job(["sh", "-c", "echo $0; exit $0", "{}"])
        result = self.run_job(job, "-s", 'errors.on_error="skip"')
        self.assertEqual((result.code, result.text), (1, "0\n"), str(result))
        result = self.run_job(job, "-s", 'errors.on_error="skip"', "-s", "kernel.ok=[1, 3]")
        self.assertEqual((result.code, result.text), (1, "1\n3\n"), str(result))
        self.prints(job, "0\n1\n2\n3\n", "-s", "kernel.ok=[0, 1, 2, 3]")

    def test_a_bad_end_after_all_answers_is_warned_of_once(self):
        for end, said in (("exit 3", "exit 3"), ("kill -SEGV $$", "signal 11")):
            job = lines_job(["sh", "-c", f'while read -r x; do echo "$x"; done; {end}'])
            talk = self.good(job, "-t", "2", "-s", "pool.chunk_size=1")
            self.assertEqual((talk.text, talk.err.count("answered all")), ("0\n1\n2\n3\n", 1), talk.err)
            self.assertIn(f"pengine: sh answered all its lines, but ended with {said}\n", talk.err)
        job = lines_job(["sh", "-c", 'while read -r x; do echo "$x"; done; exit 3'], kernel={"ok": [3]})
        self.assertNotIn("answered all", self.good(job).err)

    def test_wrong_exit_codes_are_refused(self):
        for value in ("[256]", "[-1]", "[]", "1", '["1"]', "[0.5]"):
            self.refuse(lines_job(["true", "{}"]), 64, "kernel.ok", "0 to 255", options=("-s", f"kernel.ok={value}"))
        self.refuse(toml(input={"range": [0, 3]}, kernel={"name": "square", "ok": [0]}), 78, "ok")

    def test_stderr_of_a_success_is_passed_on_in_whole_lines(self):
        job = lines_job(["sh", "-c", "printf 'one %s\\ntwo ' $0 >&2; sleep 0.01; printf %s $0 >&2; echo $0; exit $(($0 == 2))", "{}"],
                        errors={"on_error": "skip"})
        said = lambda item: f"one {item}\ntwo {item}\n"
        talk = self.run_job(job, "-t", "2", "-q")
        self.assertEqual((talk.code, talk.text), (1, "0\n1\n3\n"), str(talk))
        for item in range(4):  # of the failed one too: the summary has reasons, and not the lines of each item
            self.assertIn(said(item), talk.err)
        self.assertEqual(talk.err.count("\n"), 9)
        stopped = self.run_job(job, "-q", "-t", "1", "-s", 'errors.on_error="stop"')
        self.assertEqual(stopped.err, said(0) + said(1) + 'pengine: item 2: sh("2"): exit 1: two 2\n')
        talk = self.run_job(job, "-v")
        self.assertIn("item 3: one 3\nitem 3: two 3\n", talk.err)
        for use, reason in (("log", "exit 1: two 2"), ("drop", "exit 1")):
            talk = self.run_job(job, "-q", "-s", f'kernel.stderr="{use}"', "-s", 'errors.log="log.csv"')
            self.assertEqual((talk.code, talk.text, talk.err), (1, "0\n1\n3\n", "pengine: 1 of 4 items failed: 1 x exit 1\n"), str(talk))
            self.assertIn(f",{reason},", (self.dir / "log.csv").read_text())

    def test_stderr_of_a_filter_is_passed_on(self):
        job = lines_job(["sh", "-c", "while read -r x; do echo \"said $x\" >&2; echo $x; done"])
        talk = self.good(job, "-q", "-t", "1")
        self.assertEqual((talk.text, talk.err), ("0\n1\n2\n3\n", "said 0\nsaid 1\nsaid 2\nsaid 3\n"))
        self.assertEqual(self.good(job, "-q", "-s", 'kernel.stderr="drop"').err, "")

    def test_environment_names_item_rank_and_worker(self):
        job = lines_job(["sh", "-c", "echo $0 $PENGINE_ITEM $PENGINE_RANK $PENGINE_WORKER", "{}"])
        self.prints(job, "".join(f"{i} {i} 0 0\n" for i in range(4)), "-t", "1")
        workers = {line.split()[3] for line in self.good(job, "-t", "3", "-s", "pool.chunk_size=1").text.splitlines()}
        self.assertLessEqual(workers, {"0", "1", "2"})
        self.prints(lines_job(["sh", "-c", "while read x; do echo $x $PENGINE_RANK; done"]), "0 0\n1 0\n2 0\n3 0\n")

    @needs_mpi
    def test_environment_has_the_rank(self):
        out = self.good(lines_job(["sh", "-c", "sleep 0.05; echo $PENGINE_RANK", "{}"]), "-t", "1", "-s", "pool.chunk_size=1", ranks=2).text
        self.assertEqual(set(out.split()), {"0", "1"})


class Fields(Case):
    def setUp(self):
        super().setUp()
        self.write("a.txt", "".join(f"{i}\n" for i in range(30)))

    def test_numbers_are_split_at_blanks_and_texts_at_tabs(self):
        two = {"signature": "(text) -> (int64, float64)"}
        self.prints(lines_job(["printf", "  %s \\t 0.5\\n\\n", "{}"], kernel=two), "".join(f"{i} 0.5\n" for i in range(30)))
        self.prints(lines_job(["sed", "-u", "s/.*/& 2.50 /"], kernel=two), "".join(f"{i} 2.5\n" for i in range(30)))
        text = {"signature": "(text) -> (text, int64)"}
        self.prints(lines_job(["printf", "a b\\t%s\\n", "{}"], kernel=text), "".join(f"a b {i}\n" for i in range(30)))
        self.prints(lines_job(["sh", "-c", "echo ' ' $0 ''", "{}"], kernel={"signature": "(text) -> int64"}),
                    "".join(f"{i}\n" for i in range(30)))

    def test_wrong_number_of_fields_from_the_start_ends_the_run(self):
        for words in (["echo", "1", "2", "{}"], ["sed", "-u", "s/$/ 1 2/"]):
            for results, wanted in (("(int64, int64)", "2 fields"), ("int64", "1 field")):
                job = lines_job(words, kernel={"signature": f"(text) -> {results}"}, errors={"on_error": "skip"})
                result = self.run_job(job, "-q")
                self.assertEqual(result.code, 69, str(result))
                self.assertRegex(result.err, rf"10 answers .*{wanted} of \(text\) -> {re.escape(results)}: .* 3: \"")
                self.assertEqual(result.err.count("\n"), 1)
        self.prints(lines_job(["printf", "%s, 2\n", "{}"], kernel={"signature": "(text) -> int64[2]"}), "".join(f"{i} 2\n" for i in range(30)))

    def test_single_wrong_answers_fail_their_items(self):
        odd = "case $0 in *[13579]) echo $0;; *) echo $0 $0;; esac"
        job = lines_job(["sh", "-c", odd, "{}"], kernel={"signature": "(text) -> (int64, int64)"}, errors={"on_error": "skip"})
        result = self.run_job(job, "-t", "1")
        self.assertEqual((result.code, result.text), (1, "".join(f"{i} {i}\n" for i in range(0, 30, 2))), str(result))


class Notes(Case):
    def setUp(self):
        super().setUp()
        self.write("a.txt", "".join(f"{i}\n" for i in range(300)))

    def test_program_that_keeps_its_answers_is_reported_once(self):
        result = self.good(lines_job(["sed", "s/$/0/"]), "-t", "2", "-s", "pool.chunk_size=50")
        self.assertEqual(result.text, "".join(f"{i}0\n" for i in range(300)))
        self.assertEqual(result.err.count("keeps its answers"), 1, result.err)
        self.assertIn("sed -u", result.err)

    def test_program_that_does_not_read_is_reported_once(self):
        result = self.run_job(lines_job(["sh", "-c", "echo hello; sleep 0.05"], errors={"on_error": "skip"}), "-t", "2", "-s", "input.count=4")
        self.assertEqual(result.code, 1)
        self.assertEqual(result.err.count("without reading"), 1, result.err)
        self.assertIn("{}", result.err)
        quiet = self.good(lines_job(["cat"]))
        self.assertEqual(quiet.err.count("\n"), 1, quiet.err)


class Scripts(Case):
    def setUp(self):
        super().setUp()
        self.write("a.txt", "x\ny\n")
        self.write("jobs/prog.sh", "echo $0: $1\n")
        path = self.write("jobs/run", "#!/bin/sh\necho ran $1\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def test_script_is_found_beside_the_job(self):
        self.prints(lines_job(["sh", "prog.sh", "{}"]), "jobs/prog.sh: x\njobs/prog.sh: y\n", name="jobs/job.toml")
        self.write("prog.sh", "echo here $1\n")
        self.prints(lines_job(["sh", "prog.sh", "{}"]), "here x\nhere y\n", name="jobs/job.toml")
        self.prints(lines_job(["./run", "{}"]), "ran x\nran y\n", name="jobs/job.toml")

    def test_what_is_not_found_says_where_was_looked(self):
        for words, said in ((["python3", "none.py", "{}"], r"none\.py in the current folder.*jobs/none\.py"),
                            (["./none", "{}"], r"jobs/\./none is not there"), (["run", "{}"], r'in PATH; jobs/run is written "\./run"'),
                            (["no-such-program", "{}"], r'"no-such-program" in PATH')):
            result = self.run_job(lines_job(words), name="jobs/job.toml")
            self.assertEqual((result.code, result.text), (69, ""), str(result))
            self.assertRegex(result.err, said)

    def test_word_that_is_no_path_is_left_alone(self):
        self.write("jobs/x", "")
        self.prints(lines_job(["echo", "x", "{}"]), "x x\nx y\n", name="jobs/job.toml")


class Bytes(Case):
    """format = "bytes": what programs print, as it is."""

    def job(self, **more):
        script = "case $0 in 3) ;; 5) printf 'a\\nb\\n\\n';; *) printf %s. $0;; esac"
        return toml(mode="imap", input={"range": [0, 12]}, kernel={"command": ["sh", "-c", script, "{}"]}, output={"format": "bytes", **more})

    EXPECTED = "".join("" if i == 3 else "a\nb\n\n" if i == 5 else f"{i}." for i in range(12))

    def test_stdout_of_programs_passes_as_it_is(self):
        self.prints(self.job(), self.EXPECTED)
        self.assertEqual(self.saves(self.job(path="out.dat"), "out.dat").decode(), self.EXPECTED)
        self.assertEqual(self.saves(self.job(path="out.dat"), "out.dat", "-s", 'mode="map"', "-t", "3").decode(), self.EXPECTED)

    @needs_mpi
    def test_ranks_do_not_change_it(self):
        self.prints(self.job(), self.EXPECTED, "-s", "pool.chunk_size=2", ranks=3)

    def test_filter_keeps_its_newlines(self):
        self.prints(toml(mode="imap", input={"range": [0, 3]}, kernel={"command": ["cat"]}, output={"format": "bytes"}), "0\n1\n2\n")

    def test_what_is_no_text_is_refused(self):
        self.refuse(toml(input={"range": [0, 3]}, kernel={"name": "square"}, output={"format": "bytes"}), 78, "bytes", "number")
        self.refuse(self.job(index=True), 78, "bytes", "index")


if __name__ == "__main__":
    main()
