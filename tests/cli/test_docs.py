# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""What the papers say is true: every job in configs/ gives what its Python gives, every command of README.md runs.

Design: both run in a scratch copy of the configs folder, so that nothing is written into the tree. A README command of the
kind that installs or builds (quickstart, apt, cmake, ctest, sbatch, git) is left to the tests that do that.
"""
import csv
import math
import os
import re
import shutil
import subprocess

import numpy

from harness import (Case, HAS_MPI, IS_SANITIZED, ROOT, SLOWER, binary, environment, int128_bytes, lines, main, xxh3_128)
from test_kernels import call_price, escape

CONFIGS = sorted(path.name for path in (ROOT / "configs").glob("*.toml"))
README = ROOT / "README.md"
NOT_HERE = re.compile(r"\b(apt|apt-get|cmake|ctest|sbatch|srun|git|quickstart|pip|docker|sudo)\b")


class Configs(Case):
    def setUp(self):
        super().setUp()
        shutil.copytree(ROOT / "configs", self.dir / "configs")

    def run_config(self, name, *options):
        result = self.run_args(*options, f"configs/{name}", timeout=120)
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

    def test_hundred_billion_has_the_digest_of_its_first_items(self):
        result = self.run_config("hundred_billion.toml", "-s", "input.range=[0, 50000]")
        data = int128_bytes(x * x for x in range(50_000))
        self.assertEqual(result.text, f"items=50000 bytes={len(data)} xxh3_128={xxh3_128(data)}\n")
        last = self.run_config("hundred_billion.toml", "-s", "input.first=99999999000")
        data = int128_bytes(x * x for x in range(99_999_999_000, 100_000_000_000))
        self.assertEqual(last.text, f"items=1000 bytes={len(data)} xxh3_128={xxh3_128(data)}\n")

    def test_every_config_is_valid_and_opens_with_its_python(self):
        self.assertTrue(CONFIGS)
        for name in CONFIGS:
            with self.subTest(name):
                self.assertTrue((self.dir / "configs" / name).read_text().startswith("# The Python it replaces"))
                self.run_config(name, "--check")

    def test_every_config_has_a_test_here(self):
        text = open(__file__).read()
        self.assertEqual([name for name in CONFIGS if f'run_config("{name}"' not in text], [])


def blocks(text, language):
    return re.findall(rf"^```{language}[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands(text):
    """The commands of the fenced sh and console blocks: one a line, lines ending in a backslash joined."""
    found = []
    for block in blocks(text, "(?:sh|bash|shell)"):
        found += re.sub(r"\\\n\s*", " ", block).splitlines()
    for block in blocks(text, "console"):
        found += [line[2:] for line in re.sub(r"\\\n\s*", " ", block).splitlines() if line.startswith("$ ")]
    stripped = [re.sub(r"(^|\s)#.*$", "", line).strip() for line in found]
    return [line for line in stripped if line]


class Readme(Case):
    def setUp(self):
        super().setUp()
        if not README.exists():
            self.skipTest("there is no README.md yet")
        shutil.copytree(ROOT / "configs", self.dir / "configs")
        (self.dir / "bin").mkdir()
        (self.dir / "bin" / "pengine").symlink_to(binary())
        (self.dir / "build").mkdir()
        (self.dir / "build" / "pengine").symlink_to(binary())

    def shell(self, line):
        path = f"{self.dir / 'bin'}:/usr/bin:{os.environ.get('PATH', '')}"  # /usr/bin: the python3 that has numpy
        return subprocess.run(["bash", "-c", line], cwd=self.dir, env=environment({"PATH": path}), timeout=300 * SLOWER,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def is_for_here(self, line):
        if NOT_HERE.search(line) or (not HAS_MPI and "mpirun" in line):
            return False
        return "hundred_billion" not in line or "--check" in line or "--plan" in line or "-s " in line

    def test_every_command_runs(self):
        found = [line for line in commands(README.read_text()) if self.is_for_here(line)]
        self.assertTrue(found, "README.md shows no command")
        for line in found:
            if IS_SANITIZED and "mpirun" in line:
                continue
            with self.subTest(line):
                done = self.shell(line)
                self.assertEqual(done.returncode, 0, f"{line}\n{done.stdout[-1000:]}\n{done.stderr[-2000:]}")

    def test_every_job_file_shown_is_valid(self):
        for block in blocks(README.read_text(), "toml"):
            if "[kernel]" in block and "[input" in block:
                with self.subTest(block):
                    self.write("shown.toml", block)
                    result = self.run_args("--check", "shown.toml")
                    self.assertIn(result.code, (0, 66), str(result))  # an input of the reader's own may not be here

    def test_every_file_named_is_there(self):
        text = README.read_text()
        for name in set(re.findall(r"\b((?:configs|slurm|tests|docs|engine|kernels)/[\w./-]*\w)", text)):
            with self.subTest(name):
                self.assertTrue((ROOT / name).exists(), name)


if __name__ == "__main__":
    main()
