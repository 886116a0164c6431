# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The library as other projects find it: installed under a prefix, found by CMake and pkg-config, C11 and C++17, shared and
static, with nothing of MPI and HDF5 but the modules and no symbols beside those of the headers."""
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from harness import Case, HAS_MPI, IS_SANITIZED, PATIENCE, ROOT, binary, environment, main

BUILD = pathlib.Path(os.path.dirname(os.path.realpath(binary())))
HEADERS = sorted(path.name for path in (ROOT / "engine/include/pengine").glob("*.h"))
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wstrict-prototypes"]

PROGRAM = """
#include <stdio.h>
#include <pengine/pool.h>
int main(void)
{
    const double x[] = {1, 2, 3};
    double y[3];
    pe_fault fault;
    pe_pool *pool = pe_pool_open(NULL, &fault);
    pe_pool_kernel *kernel = pe_pool_load(pool, "[kernel]\\nname = \\"square\\"", "(float64)", &fault);
    if (kernel == NULL || pe_pool_map(kernel, 3, (const void *[]){x}, (void *[]){y}, &fault) != 0)
        return 1;
    printf("%g %g %g\\n", y[0], y[1], y[2]);
    pe_pool_close(pool);
    return 0;
}
"""

# The example of the page.
RANKS = re.search(r"`ranks\.c`:\n\n```c\n(.*?)^```", (ROOT / "docs/library.md").read_text(), re.DOTALL | re.MULTILINE)[1]
STEPS = "524 steps\n"

PROJECT = """
cmake_minimum_required(VERSION 3.25)
project(user LANGUAGES C CXX)
find_package(pengine REQUIRED{components})
add_executable(shared program.c)
target_link_libraries(shared PRIVATE pengine::pengine)
add_executable(static program.c)
target_link_libraries(static PRIVATE pengine::static)
"""
MPI_PROJECT = """
add_executable(ranks ranks.c)
target_link_libraries(ranks PRIVATE pengine::mpi)
"""


def run(*command, **options):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=PATIENCE, check=False, **options)
    assert result.returncode == 0, f"{command}: {result.returncode}\n{result.stdout}\n{result.stderr}"
    return result.stdout


def needed(path):
    return set(re.findall(r"NEEDED.*\[(.*?)\]", run("readelf", "-d", path)))


@unittest.skipIf(IS_SANITIZED, "programs of others are not sanitized")
class Library(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.prefix = pathlib.Path(os.environ.get("TMPDIR", "/tmp")) / f"pengine-prefix-{os.getpid()}"
        run("cmake", "--install", BUILD, "--prefix", cls.prefix)
        cls.lib = next(cls.prefix.glob("**/libpengine.a")).parent

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.prefix)
        super().tearDownClass()

    def mpirun(self, count, program):
        self.assertEqual(run(os.environ.get("MPIEXEC") or "mpirun", "--oversubscribe", "-n", count, program, env=environment()), STEPS)

    def test_nothing_needs_mpi_and_hdf5_but_the_modules(self):
        files = [self.prefix / "bin/pengine", *self.lib.glob("libpengine.so.*")]
        self.assertGreaterEqual(len(files), 2)
        for path in files:
            self.assertFalse([name for name in needed(path) if "mpi" in name or "hdf5" in name], path)
        for path in self.modules():
            self.assertTrue([name for name in needed(path) if path.stem.split("_")[-1] in name], path)
        for pc in (self.lib / "pkgconfig").glob("*.pc"):
            self.assertNotIn("hdf5", pc.read_text())

    def modules(self):
        found = sorted((self.lib / "pengine").glob("*.so"))
        self.assertEqual("comm_mpi.so" in [path.name for path in found], HAS_MPI)
        return found

    def test_symbols_are_those_of_the_headers(self):
        shown = {line.split()[-1].split("@")[0] for line in
                 run("nm", "-D", "--defined-only", self.lib / "libpengine.so").splitlines()} - {"PENGINE_0"}
        said = set()
        for name in ("pengine.h", "pool.h", "ranks.h"):
            text = re.sub(r"/\*.*?\*/", "", (ROOT / "engine/include/pengine" / name).read_text(), flags=re.DOTALL)
            said |= set(re.findall(r"^[\w \*]*?\b(pe_\w+)\([^;{}]*\);", text, flags=re.MULTILINE))
        self.assertEqual(shown, said)
        for path in self.modules():
            self.assertEqual(run("nm", "-D", "--defined-only", path).split()[2:], [f"pe_{path.stem}_module"])

    def test_headers_compile_as_c11_and_cxx17(self):
        for name in HEADERS:
            if name == "mpi.h" or (name == "draws.h"):  # with mpicc; a part of random.h
                continue
            for compiler, standard, suffix in (("cc", "c11", "c"), ("c++", "c++17", "cpp")):
                flags = [flag for flag in STRICT if suffix == "c" or flag != "-Wstrict-prototypes"]
                source = self.write(f"use_{name}.{suffix}", f"#include <pengine/{name}>\nint main(void) {{ return 0; }}\n")
                run(compiler, f"-std={standard}", *flags, "-fsyntax-only", f"-I{self.prefix}/include", source)

    @unittest.skipUnless(HAS_MPI, "without MPI")
    def test_mpi_header_compiles_as_c11_and_cxx17(self):
        for compiler, standard, suffix in (("mpicc", "c11", "c"), ("mpicxx", "c++17", "cpp")):
            source = self.write(f"use_mpi.{suffix}", "#include <pengine/mpi.h>\nint main(void) { return 0; }\n")
            run(compiler, f"-std={standard}", "-Wall", "-Wextra", "-Werror", "-DOMPI_SKIP_MPICXX", "-fsyntax-only",
                f"-I{self.prefix}/include", source)

    def test_cmake_project_links_shared_static_and_mpi(self):
        self.write("program.c", PROGRAM)
        self.write("ranks.c", RANKS)
        self.write("CMakeLists.txt", PROJECT.format(components=" COMPONENTS mpi" if HAS_MPI else "") + (MPI_PROJECT if HAS_MPI else ""))
        run("cmake", "-S", self.dir, "-B", self.dir / "b", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}")
        run("cmake", "--build", self.dir / "b")
        for program in ("shared", "static"):
            self.assertEqual(run(self.dir / "b" / program), "1 4 9\n")
            self.assertEqual("libpengine.so.0" in needed(self.dir / "b" / program), program == "shared")
        if HAS_MPI:
            self.mpirun(2, self.dir / "b/ranks")

    @unittest.skipUnless(HAS_MPI, "without MPI")
    def test_cmake_project_of_cxx_alone_finds_mpi(self):
        self.write("ranks.cpp", "#include <pengine/mpi.h>\nint main(void) { return 0; }\n")
        self.write("CMakeLists.txt", PROJECT.format(components=" COMPONENTS mpi").replace("C CXX", "CXX").split("add_")[0] +
                   MPI_PROJECT.replace(".c", ".cpp"))
        run("cmake", "-S", self.dir, "-B", self.dir / "b", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}")
        run("cmake", "--build", self.dir / "b")

    def test_pkg_config_links_where_the_prefix_was_moved_to(self):
        moved = self.dir / "moved"
        shutil.copytree(self.prefix, moved, symlinks=True)
        packages = {**os.environ, "PKG_CONFIG_PATH": str(moved / self.lib.relative_to(self.prefix) / "pkgconfig")}
        source = self.write("program.c", PROGRAM)
        flags = run("pkg-config", "--cflags", "--libs", "pengine", env=packages).split()
        self.assertTrue(any(flag.startswith(f"-I{moved}/") for flag in flags), flags)
        run("cc", source, "-o", self.dir / "program", *flags)
        self.assertEqual(run(self.dir / "program"), "1 4 9\n")
        if HAS_MPI:
            flags = run("pkg-config", "--cflags", "--libs", "pengine-mpi", env=packages).split()
            run("mpicc", self.write("ranks.c", RANKS), "-o", self.dir / "ranks", *flags)
            for count in (1, 3, 4):
                self.mpirun(count, self.dir / "ranks")

    def test_destdir_gets_the_same_files(self):
        run("cmake", "--install", BUILD, "--prefix", "/opt/pengine", env={**os.environ, "DESTDIR": str(self.dir / "stage")})
        staged = {path.relative_to(self.dir / "stage/opt/pengine") for path in (self.dir / "stage").rglob("*") if path.is_file()}
        self.assertEqual(staged, {path.relative_to(self.prefix) for path in self.prefix.rglob("*") if path.is_file()})


if __name__ == "__main__":
    main()
