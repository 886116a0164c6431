# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The documentation is true: every job in configs/ gives what its Python gives, every command shown runs.

The pages are README.md and all of docs/*.md; a new page is tested without a change here.

Design: each page runs in a scratch copy of configs/ and docs/, so that nothing is written into the tree. The commands of
one page run in their order in one folder. Commands that install, build or submit (quickstart, apt, cmake, ctest, sbatch,
git) are left to the tests that do that, except cmake --install into the scratch home. What a console block shows must be
printed, except times, rates and sizes; a line of three dots stands for any lines. The tables of keys, options and exit
codes are compared with --help.
"""
import csv
import math
import os
import pathlib
import re
import shutil
import subprocess
import zlib

import numpy

from harness import (Case, HAS_MPI, IS_SANITIZED, PATIENCE, ROOT, binary, environment, int128_bytes, lines, main, xxh3_128)
from test_compiled import uniforms
from test_kernels import call_price, escape

CONFIGS = sorted(path.name for path in (ROOT / "configs").glob("*.toml"))
README = ROOT / "README.md"
DOCS = ROOT / "docs"
PAGES = [README, *sorted(DOCS.glob("*.md"))]
README_LINES = 150
NOT_HERE = re.compile(r"\b(apt|apt-get|cmake|ctest|sbatch|srun|git|quickstart|pip|docker|sudo)\b")


class Configs(Case):
    def setUp(self):
        super().setUp()
        shutil.copytree(ROOT / "configs", self.dir / "configs")
        (self.dir / "build").symlink_to(os.path.dirname(os.path.realpath(binary())))

    def run_config(self, name, *options):
        result = self.run_args(*options, f"configs/{name}")
        self.assertEqual(result.code, 0, str(result))
        return result

    def test_squares_are_pythons(self):
        self.run_config("squares.toml")
        self.assertEqual((self.dir / "squares.txt").read_text(), lines(x**2 for x in range(1_000_000)))

    def test_squares_imap_are_pythons(self):
        self.run_config("squares_imap.toml")
        self.assertEqual((self.dir / "squares_imap.csv").read_text(),
                         "index,square\n" + lines(f"{x},{x**2}" for x in range(1_000_000)))

    def test_sums_of_squares_are_numpys(self):
        self.run_config("sum_of_squares.toml")
        x = numpy.arange(1_000_000)
        numpy.testing.assert_array_equal(numpy.load(self.dir / "sum_of_squares.npy"), x**2 + (x + 1) ** 2)

    def test_primes_are_a_sieves(self):
        self.run_config("primes.toml")
        sieve = numpy.ones(1_000_000, bool)
        sieve[:2] = False
        for n in range(2, 1001):
            if sieve[n]:
                sieve[n * n::n] = False
        numpy.testing.assert_array_equal(numpy.load(self.dir / "primes.npy"), sieve)

    def test_mandelbrot_is_pythons(self):
        self.run_config("mandelbrot.toml")
        counts = numpy.load(self.dir / "mandelbrot.npy")
        self.assertEqual(counts.shape, (1000, 1000))
        real, imaginary = numpy.linspace(-2.0, 0.5, 1000), numpy.linspace(-1.25, 1.25, 1000)
        for i in range(0, 1000, 37):
            for j in range(0, 1000, 41):
                self.assertEqual(counts[i, j], escape(real[i], imaginary[j]), (i, j))

    def test_options_are_the_closed_form(self):
        self.run_config("options.toml")
        with open(self.dir / "configs/options.csv") as file:
            rows = [[float(field) for field in row] for row in list(csv.reader(file))[1:]]
        head, *prices = (self.dir / "option_prices.csv").read_text().splitlines()
        self.assertEqual((head, len(prices)), ("price", len(rows)))
        for price, row in zip(prices, rows):
            self.assertTrue(math.isclose(float(price), call_price(*row), rel_tol=1e-9, abs_tol=1e-11), (price, row))

    def test_words_are_upper_case(self):
        self.run_config("words.toml")
        text = (self.dir / "configs/words.txt").read_text()
        wanted = "".join(c.upper() if c.isascii() else c for c in text)
        self.assertEqual((self.dir / "words_upper.txt").read_text(), wanted)

    def test_python_function_is_pythons(self):
        self.run_config("python.toml")
        self.assertEqual((self.dir / "python.txt").read_text(), lines(x**2 for x in range(1_000_000)))

    def test_lines_through_a_program_are_its_own(self):
        self.run_config("command.toml")
        text = (self.dir / "configs/words.txt").read_text()
        self.assertEqual((self.dir / "dragons.txt").read_text(), text.replace("Jabberwock", "Dragon"))

    def test_hundred_billion_has_the_digest_of_its_first_items(self):
        result = self.run_config("hundred_billion.toml", "-s", "input.range=[0, 50000]")
        data = int128_bytes(x * x for x in range(50_000))
        self.assertEqual(result.text, f"items=50000 bytes={len(data)} xxh3_128={xxh3_128(data)}\n")
        last = self.run_config("hundred_billion.toml", "-s", "input.first=99999999000")
        data = int128_bytes(x * x for x in range(99_999_999_000, 100_000_000_000))
        self.assertEqual(last.text, f"items=1000 bytes={len(data)} xxh3_128={xxh3_128(data)}\n")

    def test_expressions_are_numpys(self):
        self.run_config("expr.toml")
        a = numpy.arange(1_000_000)
        numpy.testing.assert_array_equal(numpy.load(self.dir / "expr.npy"), a * a + 3 * (a + 1))

    def test_c_function_is_numpys(self):
        self.run_config("source.toml")
        x = numpy.linspace(-20, 20, 1_000_001)
        numpy.testing.assert_allclose(numpy.load(self.dir / "sinc.npy"), numpy.sinc(x / numpy.pi), rtol=1e-12, atol=1e-15)

    def test_pi_is_pi_by_the_draws_of_the_paper(self):
        self.run_config("pi.toml")
        inside = numpy.load(self.dir / "pi.npy")
        self.assertEqual((inside.dtype.name, len(inside)), ("bool", 10_000_000))
        self.assertLess(abs(4 * inside.mean() - math.pi), 0.002)  # four standard deviations
        first, second = uniforms(1, range(100_000), 0)
        numpy.testing.assert_array_equal(inside[:100_000], first * first + second * second < 1)

    def test_ep_is_within_what_npb_allows(self):
        head, sums = self.run_config("ep.toml").text.splitlines()
        self.assertEqual(head, "op,x,y," + ",".join(f"from_{l}" for l in range(10)))
        name, x, y, *counts = sums.split(",")
        self.assertEqual(name, "sum")
        for seen, published in ((x, -3.247834652034740e3), (y, -6.958407078382297e3)):  # class S; EP/verify of NPB 3.4
            self.assertLess(abs((float(seen) - published) / published), 1e-8)
        self.assertEqual(counts, "6140517 5865300 1100361 68546 1648 17 0 0 0 0".split())  # as NPB prints them

    def test_balances_are_pythons(self):
        self.run_config("plugin.toml")
        factor = [(1 + 0.04) ** year for year in range(101)]
        wanted = [[amount * factor[years] for years in range(41)] for amount in numpy.linspace(1000.0, 10_000.0, 91)]
        numpy.testing.assert_array_equal(numpy.load(self.dir / "balances.npy"), wanted)

    def test_plugin_fails_items_and_refuses_to_start(self):
        job = ("[input]\npath = 'rows.csv'\n[kernel]\nplugin = 'build/configs/plugin.so'\n"
               "[output]\npath = 'out.csv'\n[errors]\non_error = 'fill'\nlog = 'failed.csv'\n")
        self.write("rows.csv", "amount,years\n100,1\n100,101\n200,0\n")
        result = self.run_job(job, "-s", "mode='starmap'", "-s", "kernel.params.rate=0.5")
        self.assertEqual(result.code, 1, str(result))
        self.assertEqual((self.dir / "out.csv").read_text(), "result\n150.0\nnan\n200.0\n")
        self.assertIn('1,100.0,101,years are from 0 to 100,1,0,', (self.dir / "failed.csv").read_text())
        result = self.run_job(job, "-s", "mode='starmap'")
        self.assertEqual(result.code, 69, str(result))

    def test_every_config_is_valid_and_opens_with_its_python(self):
        self.assertTrue(CONFIGS)
        for name in CONFIGS:
            with self.subTest(name):
                self.assertTrue((self.dir / "configs" / name).read_text().split("\n")[1].startswith("# The Python it replaces"))
                self.run_config(name, "--check")

    def test_every_config_has_a_test_here(self):
        text = pathlib.Path(__file__).read_text()
        self.assertEqual([name for name in CONFIGS if f'run_config("{name}"' not in text], [])


def blocks(text, languages):
    """The fenced blocks of these languages, in order: (language, content)."""
    return re.findall(rf"^```({languages})[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def named_blocks(text):
    """The files that a page tells the reader to save: `name`, a colon at the end of the paragraph, then the block."""
    return re.findall(r"`([\w.-]+)`:\n\n```\w+\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands(text):
    """The commands of a page: (line, the output that is shown, or None), with continued lines joined.

    A line of an sh block is a command; in a console block commands begin with "$ ", and what they print follows.
    """
    found = []
    for language, content in blocks(text, "sh|bash|shell|console"):
        for line in re.sub(r"\\\n\s*", " ", content).splitlines():
            if language != "console" or line.startswith("$ "):
                line = re.sub(r"(^|\s)#.*$", "", line.removeprefix("$ ")).strip()
                found.append((line, "" if language == "console" else None))
            else:
                found[-1] = (found[-1][0], found[-1][1] + line + "\n")
    return [(line, shown) for line, shown in found if line]


MASKS = [  # what differs between machines and between runs
    (r"in [\d.]+ s, [\d.]+ (?:[kMGT] )?items/s", "in S, R items/s"),
    (r"\d+ % busy", "B % busy"),
    (r"chunks of [\d,]+ \([^)]*\)", "chunks of N (reason)"),
    (r"x \d+ threads?", "x T threads"),
    (r"\d+ workers? in all", "W workers in all"),
    (r"\d+ cores? for rank 0", "C cores for rank 0"),
    (r"[\d.]+ [KMG]iB", "M MiB"),
]


def masked(text):
    """The text without what varies, and without the warning that a small machine prints."""
    for pattern, name in MASKS:
        text = re.sub(pattern, name, text)
    return "".join(line for line in text.splitlines(True)
                   if not (line.startswith("pengine: ") and re.search(r"with \d+ cores?:|bound to", line)))


def as_pattern(shown):
    """A line of three dots stands for any lines."""
    return "".join(r"(?:.*\n)*" if line == "..." else re.escape(line) + r"\n" for line in masked(shown).splitlines())


def anchors(text):
    """The anchors that a forge gives the headings of a page."""
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}


class Folder(Case):
    """The folder of a reader: configs/ and docs/, the program in PATH, a home."""

    def setUp(self):
        super().setUp()
        for folder in ("configs", "docs"):
            shutil.copytree(ROOT / folder, self.dir / folder)
        (self.dir / "home").mkdir()
        (self.dir / "bin").mkdir()
        (self.dir / "bin" / "pengine").symlink_to(binary())
        (self.dir / "build").symlink_to(os.path.dirname(os.path.realpath(binary())))

    def shell(self, line):
        path = f"{self.dir / 'bin'}:/usr/bin:{os.environ.get('PATH', '')}"  # /usr/bin: the python3 that has numpy
        return subprocess.run(["bash", "-c", line], cwd=self.dir, timeout=2 * PATIENCE, stdin=subprocess.DEVNULL,
                              env=environment({"PATH": path, "HOME": str(self.dir / "home")}), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


class Page:
    """The tests of one page, whose path is `path`."""

    def setUp(self):
        super().setUp()
        self.text = self.path.read_text()
        for name, content in named_blocks(self.text):
            self.write(name, content)

    def is_for_here(self, line):
        if NOT_HERE.search(line) and not line.startswith("cmake --install "):
            return False
        if re.search("mpirun|mpicc|squares30", line) and (IS_SANITIZED or not HAS_MPI):  # and what a skipped mpirun would have written
            return False
        if self.path.name == "python.md" and (IS_SANITIZED or not (self.dir / "build" / "python" / "pengine").exists()):
            return False  # the package is not built, or Python would have to be started with the sanitizers
        if IS_SANITIZED and re.search(r"pkg-config|^\./", line):  # a program with a sanitized library needs the sanitizers' flags
            return False
        return "hundred_billion" not in line or "--check" in line or "--plan" in line or "-s " in line

    def test_every_command_runs_and_prints_what_is_shown(self):
        for line, shown in commands(self.text):
            if not self.is_for_here(line):
                continue
            with self.subTest(line):
                done = self.shell(line)
                self.assertEqual(done.returncode, 0, f"{line}\n{done.stdout[-3000:]}")
                if shown is not None and not re.fullmatch(as_pattern(shown), masked(done.stdout)):
                    self.assertEqual(masked(done.stdout), masked(shown), line)

    def test_every_job_file_shown_is_valid(self):
        for _, block in blocks(self.text, "toml"):
            if "kernel" in block and "input" in block and block not in self.wrong_jobs():
                with self.subTest(block):
                    self.write("shown.toml", block)
                    result = self.run_args("--check", "shown.toml")
                    self.assertIn(result.code, self.valid(), str(result))

    def valid(self):
        """Exit codes of --check: an input of the reader's own may not be here, nor a plugin that is yet to be compiled."""
        return (0, 66, 69) if self.path.name == "kernels.md" else (0, 66)

    def wrong_jobs(self):
        """The job files that a page shows because they are refused: their names begin with "wrong"."""
        return [content for name, content in named_blocks(self.text) if name.startswith("wrong")]

    def test_every_file_named_is_there(self):
        for name in set(re.findall(r"(?<![\w/])((?:configs|slurm|tests|docs|engine|kernels)/[\w./-]*\w)", self.text)):
            with self.subTest(name):
                self.assertTrue((ROOT / name).exists(), name)

    def test_every_link_leads_somewhere(self):
        for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)", self.text):
            with self.subTest((target, anchor)):
                if target.startswith("https://"):
                    continue
                page = self.path.parent / target if target else self.path
                self.assertTrue(page.exists(), target)
                if anchor:
                    self.assertIn(anchor, anchors(page.read_text()))


for page in PAGES:
    name = page.stem.title() + "Page"
    globals()[name] = type(name, (Page, Folder), {"path": page})


class Promises(Folder):
    """What is tested of single pages."""

    def setUp(self):
        super().setUp()
        self.readme = README.read_text()

    def test_readme_is_a_shop_window(self):
        self.assertLessEqual(self.readme.count("\n"), README_LINES)

    def test_readme_leads_to_every_page(self):
        linked = {target for target in re.findall(r"\]\((docs/[^)#]*)", self.readme)}
        self.assertEqual({f"docs/{page.name}" for page in PAGES[1:]} - linked, set())

    def test_slurm_scripts_are_shown_as_they_show_themselves(self):
        shown = [line for line, _ in commands((DOCS / "cluster.md").read_text()) if line.startswith("sbatch ")]
        for script in sorted((ROOT / "slurm").glob("*.sh")):
            with self.subTest(script.name):
                line = next(line for line in shown if f"slurm/{script.name} " in line)
                self.assertIn(line.replace("squares.toml", "JOB.toml") if "&&" not in line else line, script.read_text())

    def test_picture_is_what_the_script_draws(self):
        def pixels(path):
            data = path.read_bytes()
            begin = data.index(b"IDAT")
            size = int.from_bytes(data[begin - 4:begin], "big")
            return data[:begin - 4], zlib.decompress(data[begin + 4:begin + 4 + size])
        self.assertEqual(self.shell("build/pengine -q configs/mandelbrot.toml").returncode, 0)
        done = self.shell("python3 docs/picture.py mandelbrot.npy drawn.png")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertTrue(pixels(self.dir / "drawn.png") == pixels(ROOT / "docs/mandelbrot.png"), "draw it again")

    def test_plugin_shown_is_the_example(self):
        example = (ROOT / "configs/plugin.c").read_text()
        shown = (DOCS / "kernels.md").read_text()
        parts = re.findall(r"^static (?:int|const)[^;{]*\{\n.*?^\}", shown, re.MULTILINE | re.DOTALL)
        self.assertTrue(parts)
        for part in parts:
            self.assertIn(part, example)

    def test_speed_of_the_readme_is_that_of_the_page(self):
        """Each number of the README's table is in the whole table."""
        numbers = set(re.findall(r"[^|;]+(?=[|;])", (DOCS / "performance.md").read_text()))
        numbers = {number.strip() for number in numbers}
        for row in re.findall(r"^\|(.*)\|$", self.readme.split("## Speed")[1].split("## ")[0], re.MULTILINE)[2:]:
            for cell in row.split("|")[2:]:
                for number in cell.split(";"):
                    with self.subTest(row):
                        self.assertTrue(number.strip() in numbers, f"{number} is not in docs/performance.md")


class Paths(Case):
    """docs/jobs.md, "Where files are found": jobs in a folder of their own, run from the folder above."""

    def setUp(self):
        super().setUp()
        self.write("in.txt", "1\n2\n")
        self.write("jobs/in.txt", "not this one\n")
        self.write("jobs/inc/m.h", "#define M 100\n")
        self.write("jobs/c/k.h", "#define K 1000\n")
        self.write("jobs/c/f.c", '#include <stdint.h>\n#include "k.h"\n#include "m.h"\nint64_t f(int64_t x) { return x + K + M; }\n')
        self.write("jobs/f.py", "import os\ndef setup():\n    global k\n    k = 5\ndef f(x):\n"
                                "    return f'{int(x) + k} {os.path.exists(\"jobs\")}'\n")
        self.write("jobs/prog.sh", "#!/bin/sh\ncat \"$1\"\n").chmod(0o755)

    def gives(self, kernel, expected, given='path = "in.txt"'):
        result = self.run_job(f"[input]\n{given}\n[kernel]\n{kernel}\n", "-q", name="jobs/job.toml")
        self.assertEqual((result.code, result.text), (0, expected), str(result))

    def test_inputs_are_found_from_the_current_directory(self):
        self.gives('expr = "x + 1"\nsignature = "(int64) -> int64"', "2\n3\n")

    def test_outputs_are_made_in_the_current_directory(self):
        result = self.run_job('input.range = [0, 2]\nkernel.expr = "1 / x"\noutput.path = "out.txt"\n'
                              'errors = { on_error = "skip", log = "log.csv" }\n', "-q", name="jobs/job.toml")
        self.assertEqual(result.code, 1, str(result))
        self.assertTrue((self.dir / "out.txt").exists() and (self.dir / "log.csv").exists())

    def test_c_files_are_found_from_the_job_file(self):
        self.gives('source = "c/f.c"\nfunction = "f"\nsignature = "(int64) -> int64"\ncflags = ["-Iinc"]', "1101\n1102\n")

    def test_python_is_found_from_the_job_file_and_runs_in_the_current_directory(self):
        self.gives('python = "f.py:f"\ninitializer = "f.py:setup"', "6 True\n7 True\n")

    def test_program_with_a_folder_is_found_from_the_job_file_and_runs_in_the_current_directory(self):
        self.gives('command = ["./prog.sh", "{}"]', "1\n2\n", given='glob = "in.*"')


class Tables(Case):
    """The tables of the pages agree with --help and --kernels."""

    def setUp(self):
        super().setUp()
        self.help = self.run_args("--help").text

    def section(self, page, title):
        found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)
        self.assertTrue(found, f"no section {title!r} in {page}")
        return found[1]

    def rows(self, page, title):
        """The cells of the tables of a section, without heads."""
        rows = re.findall(r"^\|(.*)\|$", self.section(page, title), re.MULTILINE)
        return [[cell.strip() for cell in row.split("|")] for row in rows]

    def test_exit_codes_are_those_of_help(self):
        said = re.findall(r"^ +(\d+)  (\S.*)$", self.help.split("Exit codes:")[1].split("\n\n")[0], re.MULTILINE)
        self.assertEqual([(code, text) for code, text, _ in self.rows("errors.md", "Exit codes") if code.isdigit()], said)

    def test_options_are_those_of_help(self):
        said = re.findall(r"^  (?:-\w, |    )(--[\w-]+)", self.help, re.MULTILINE)
        shown = re.findall(r"^\| `(?:-\w, )?(--[\w-]+)", self.section("jobs.md", "Command line"), re.MULTILINE)
        self.assertEqual(list(dict.fromkeys(shown)), said)  # --check has two forms

    def keys(self):
        """The text of --help for each key, in one line."""
        text = self.help.split("Keys of the job file:")[1]
        found = re.split(r"^  ([a-z_]+(?:\.[a-z_]+)?)(?=\s)", text, flags=re.MULTILINE)
        return {key: " ".join(said.split()) for key, said in zip(found[1::2], found[2::2])}

    def test_keys_are_those_of_help(self):
        shown = re.findall(r"^\| `([a-z_.]+)` \|", self.section("jobs.md", "Keys"), re.MULTILINE)
        self.assertEqual(sorted(shown), sorted(self.keys()))

    def test_defaults_are_those_of_help(self):
        shown = {cells[0].strip("`"): cells[1].strip("`") for cells in self.rows("jobs.md", "Keys")}
        for key, said in self.keys().items():
            default = re.search(r'\(default: ("[^"]*"|true|false|\d+)\)', said)
            if default and key in shown:
                with self.subTest(key):
                    self.assertEqual(shown[key], default[1])

    def test_modes_are_those_of_help(self):
        said = re.findall(r'"(\w+)"', self.help.split("\n  mode ")[1].split("(default")[0])
        self.assertEqual(set(re.findall(r"^\| `(\w+)`", self.section("jobs.md", "Modes"), re.MULTILINE)), set(said))


if __name__ == "__main__":
    main()
