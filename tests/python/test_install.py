# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The package where it is installed: by pip in a venv without a network, by cmake --install below a home; and mypy's opinion of it."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["PENGINE"]).resolve().parent
TRY = """
import pengine
with pengine.Pool(1) as pool:
    print(pengine.__file__, pool.map(abs, [-1]), list(pool.map(pengine.expr("x + 1"), [1])))
report = pengine.run({"input": {"range": [0, 4]}, "kernel": {"expr": "x"}, "output": {"path": "o.npy"}})
print(report["done"], report["exit_code"])
"""


def run(*words, **environment):
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PENGINE")}
    done = subprocess.run(words, cwd=os.environ["HOME"], env={**clean, **environment}, capture_output=True, text=True, timeout=240)
    if done.returncode != 0:
        raise AssertionError(f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


class Install(unittest.TestCase):
    def setUp(self):
        self.home = tempfile.TemporaryDirectory()
        self.addCleanup(self.home.cleanup)
        os.environ["HOME"] = self.home.name

    def tried(self, python, folder):
        path, *rest = run(python, "-c", TRY).split()
        self.assertTrue(path.startswith(os.path.join(self.home.name, folder)), path)
        self.assertEqual(rest, ["[1]", "[2]", "4", "0"])

    def test_pip_in_a_venv(self):
        run(sys.executable, "-m", "venv", "venv")
        run("venv/bin/python", "-m", "pip", "install", "--no-index", "--quiet", str(ROOT / "python"), PENGINE_BUILD=str(BUILD))
        self.tried("venv/bin/python", "venv")
        run("venv/bin/python", "-m", "pip", "uninstall", "--quiet", "--yes", "pengine")
        self.assertEqual(list(pathlib.Path(self.home.name, "venv").rglob("pengine*")), [])

    def test_cmake_below_the_home(self):
        run("cmake", "--install", str(BUILD), "--prefix", os.path.join(self.home.name, ".local"))
        self.tried(sys.executable, ".local")

    def test_package_has_types_and_help(self):
        try:
            import mypy.api
        except ImportError:
            self.skipTest("there is no mypy")
        out, _, code = mypy.api.run(["--strict", "--cache-dir", self.home.name, str(ROOT / "python" / "pengine")])
        self.assertEqual(code, 0, out)
        text = run(sys.executable, "-c", "import pengine; help(pengine); help(pengine.Pool.map)", PYTHONPATH=str(BUILD / "python"))
        self.assertIn("takes the place of multiprocessing.Pool", text)
        self.assertIn("With a compiled kernel", text)


if __name__ == "__main__":
    unittest.main()
