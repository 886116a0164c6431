# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""cmake --install puts a whole pengine into place, a module file finds it wherever it lies, uninstall takes it away again."""
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from harness import Case, PATIENCE, ROOT, binary, environment, main, not_sanitized

BUILD = pathlib.Path(os.path.realpath(binary())).parent
LMOD = pathlib.Path("/usr/share/lmod/lmod/init/bash")


@not_sanitized
class Install(Case):
    def setUp(self):
        super().setUp()
        self.prefix = self.dir / "stage" / "opt" / "tool"
        self.cmake("--install", BUILD, "--prefix", "/opt/tool")

    def cmake(self, *args):
        done = subprocess.run(["cmake", *map(str, args)], env=environment({"DESTDIR": str(self.dir / "stage")}), text=True,
                              capture_output=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def files(self):
        return sorted(str(path.relative_to(self.prefix)) for path in self.prefix.rglob("*") if not path.is_dir())

    def test_everything_is_there_and_runs(self):
        files = self.files()
        for name in ("bin/pengine", "include/pengine/kernel.h", "share/man/man1/pengine.1", "share/man/man5/pengine.5",
                     "share/bash-completion/completions/pengine", "share/zsh/site-functions/_pengine",
                     "share/fish/vendor_completions.d/pengine.fish", "share/pengine/job.schema.json", "share/doc/pengine/README.md",
                     "share/doc/pengine/CITATION.cff", "share/doc/pengine/docs/jobs.md", "share/doc/pengine/slurm/multi_node.sh"):
            self.assertIn(name, files)
        self.assertTrue([name for name in files if re.fullmatch(r"lib.*/pkgconfig/pengine\.pc", name)])
        self.assertEqual([name for name in files if "__pycache__" in name], [])
        examples = self.prefix / "share/doc/pengine/configs"
        self.assertEqual({path.name for path in examples.iterdir()},
                         {path.name for path in (ROOT / "configs").iterdir()} - {"__pycache__"})
        for path in sorted(examples.glob("*.toml")):
            with self.subTest(path.name):
                schema = re.match("#:schema (.*)\n", path.read_text())[1]
                self.assertTrue((path.parent / schema).exists(), schema)
                self.assertNotIn("build", path.read_text().split("\n\n")[-1] + re.sub("(?m)^#.*$", "", path.read_text()))
        moved = self.dir / "another place"
        self.prefix.rename(moved)
        done = subprocess.run([moved / "bin/pengine", "-q", "-o", "-", "-s", "input.range=[0, 3]",
                               moved / "share/doc/pengine/configs/squares.toml"], env={}, cwd="/", text=True, capture_output=True)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "0\n1\n4\n", ""))

    @unittest.skipUnless(LMOD.exists(), "there is no Lmod")
    def test_module_is_loaded_and_unloaded(self):
        moved = self.dir / "moved"
        self.prefix.rename(moved)
        done = subprocess.run(["bash", "-c", f'source {LMOD}; module use "{moved}/share/pengine/modulefiles"; module load pengine; '
                               'command -v pengine; echo "$MANPATH $PKG_CONFIG_PATH $LD_LIBRARY_PATH $PYTHONPATH"; module unload pengine; command -v pengine'],
                              env=environment({"HOME": str(self.dir), "PATH": "/usr/bin:/bin", "MANPATH": ":", "PYTHONPATH": ""}), text=True,
                              capture_output=True, timeout=PATIENCE)
        said = done.stdout.splitlines()
        self.assertEqual(said[0], f"{moved}/bin/pengine", done.stdout + done.stderr)
        self.assertIn(f"{moved}/share/man", said[1])
        self.assertIn(f"{moved}/lib", said[1])
        for package in moved.glob("lib/python*/site-packages"):
            self.assertTrue(said[1].endswith(f" {package}"), said[1])
        self.assertEqual(len(said), 2, "unloaded, it is not in PATH")

    def test_uninstall_leaves_only_what_it_did_not_install(self):
        mine = self.prefix / "share/pengine/mine.toml"
        mine.write_text("")
        self.cmake("--build", BUILD, "--target", "uninstall")
        self.assertEqual(self.files(), ["share/pengine/mine.toml"])
        self.assertFalse((self.prefix / "share/doc/pengine").exists())
        self.assertFalse((self.prefix / "include/pengine").exists())


if __name__ == "__main__":
    if not shutil.which("cmake"):
        raise SystemExit("there is no cmake")
    main()
