# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""HDF5 in and out, h5py is the oracle."""
import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import unittest

import numpy

from harness import HAS_MPI, Case, binary, finish, main, not_sanitized, start, toml

try:
    import h5py
except ImportError:
    h5py = None

RANKS = (0, 3) if HAS_MPI else (0,)
PAIR = (0, 2) if HAS_MPI else (0,)


def is_built():
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(toml(input={"range": [0, 3]}, kernel={"expr": "x"}, output={"path": "/tmp/never.h5"}))
        file.flush()
        return "HDF5 is not available" not in subprocess.run([binary(), "--check", file.name], capture_output=True, text=True).stderr


HAS_HDF5 = is_built()


class Absent(Case):
    """An output and an input in HDF5 where the module or what it needs is missing; everything else runs."""

    def refuse_both(self, *words, env=None):
        self.refuse(toml(input={"range": [0, 3]}, kernel={"expr": "x"}, output={"path": "o.h5"}), 78, "HDF5 is not available", *words,
                    env=env)
        self.refuse(toml(input={"path": "i.h5"}, kernel={"expr": "x"}), 78, "HDF5 is not available", *words, files={"i.h5": b"\x89HDF"},
                    env=env)
        self.prints(toml(input={"range": [0, 3]}, kernel={"expr": "x*x"}), "0\n1\n4\n", env=env)

    @unittest.skipIf(HAS_HDF5, "built with libhdf5")
    def test_a_build_without_it_says_so(self):
        self.refuse_both("there is no ", "hdf5.so", "libhdf5-dev, cmake -DPENGINE_HDF5=ON")

    def test_no_module_is_reported_with_its_path(self):
        self.refuse_both("there is no /nowhere/hdf5.so", "PENGINE_HDF5_MODULE", env={"PENGINE_HDF5_MODULE": "/nowhere/hdf5.so"})

    @unittest.skipUnless(HAS_HDF5, "built without libhdf5")
    def test_a_module_that_cannot_be_used_is_reported(self):
        module = (pathlib.Path(os.path.realpath(binary())).parent / "hdf5.so").read_bytes()
        needed = re.search(rb"libhdf5[a-z_]*\.so\.\d+", module)[0]
        path = self.dir / "mine.so"
        path.write_bytes(module.replace(needed, b"libabsent".ljust(len(needed), b"x")))
        self.refuse_both("libabsent", "cannot open shared object file", "install the libhdf5", env={"PENGINE_HDF5_MODULE": str(path)})
        version = subprocess.run([binary(), "--version"], capture_output=True, check=True).stdout.split()[1]
        path.write_bytes(module.replace(version + b"\0", b"9.9.9\0"))
        job = toml(input={"range": [0, 3]}, kernel={"expr": "x"}, output={"path": "o.h5"})
        self.refuse(job, 78, "mine.so is of pengine 9.9.9", env={"PENGINE_HDF5_MODULE": str(path)})
        path.write_bytes(module.replace(b"pe_hdf5_module", b"pe_hdf6_module"))
        self.refuse(job, 78, "mine.so is not the HDF5 module", env={"PENGINE_HDF5_MODULE": str(path)})


@unittest.skipUnless(HAS_HDF5 and h5py, "built without libhdf5, or no h5py here")
class Hdf5(Case):
    def make(self, **datasets):
        with h5py.File(self.dir / "i.h5", "w") as file:
            for name, value in datasets.items():
                path = name.replace("__", "/")
                if isinstance(value, dict):
                    file.create_dataset(path, **value)
                else:
                    file[path] = value

    def read(self, dataset, expected, expr="x", mode="map", ranks=(0,), **more):
        job = toml(mode=mode, input={"path": "i.h5", "dataset": dataset, **more}, kernel={"expr": expr}, output={"path": "o.npy"},
                   pool={"threads": 2, "chunk_size": 700})
        for count in ranks:
            made = self.saves(job, "o.npy", ranks=count)
            numpy.testing.assert_array_equal(made, expected)
            self.assertEqual(made.shape, numpy.shape(expected))

    def test_datasets_of_every_layout_and_type_are_read(self):
        a = numpy.arange(60000).reshape(10000, 6)
        cube = numpy.arange(2400.0).reshape(20, 30, 4)
        self.make(a=a, g__packed={"data": a, "chunks": (333, 4), "compression": "gzip", "shuffle": True},
                  cube={"data": cube, "chunks": (7, 8, 3), "compression": "gzip"}, big=a.astype(">i2"), b=a[:, 0] % 3 == 0,
                  z=a[:, 0] + 1j * a[:, 1], half={"data": (a[:, 0] % 99).astype("f2"), "chunks": (1000,)})
        for name in ("a", "/g/packed"):
            self.read(name, a[:, 0] + a[:, 5], "x[0] + x[5]")
            self.read(name, a[77:5077, 3] - a[77:5077, 1], "x - y", mode="starmap", ranks=RANKS, columns=[3, 1], first=77, count=5000)
        self.read("big", a[:, 1].astype("i2"), columns=[1])
        self.read("b", (a[:, 0] % 3 == 0).astype(int))
        self.read("z", (a[:, 0] + 1j * a[:, 1]) * 1j, "x * I")
        self.read("half", (a[:, 0] % 99).astype("f4") + 1, "x + 1")
        self.read("cube", cube * 2, "x * 2", each="element", ranks=RANKS)
        self.read("cube", cube.reshape(-1)[100:1777], each="element", first=100, count=1677)

    def test_elements_from_within_a_row_on_take_no_longer_than_in_one_dimension(self):
        """A block that libhdf5 refuses is read element by element: the same values, in 40 times the processor time."""
        a = numpy.arange(1_200_000.0)
        self.make(flat={"data": a, "chunks": (1200,)}, rows={"data": a.reshape(-1, 6), "chunks": (400, 3)})
        seconds = []
        for name in ("flat", "rows"):
            begin = resource.getrusage(resource.RUSAGE_CHILDREN)
            self.read(name, a[1:], each="element", first=1)
            end = resource.getrusage(resource.RUSAGE_CHILDREN)
            seconds.append(end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime)
        self.assertLess(seconds[1], 5 * seconds[0] + 0.5)

    def test_a_python_function_gets_items_in_their_shape(self):
        cube = numpy.arange(240.0).reshape(20, 3, 4)
        self.make(plain=cube, packed={"data": cube, "chunks": (7, 2, 3), "compression": "gzip"})
        self.write("f.py", "def f(m):\n    return f'{m.shape} {m[1, 2]}'\n")
        for dataset in ("plain", "packed"):
            job = toml(input={"path": "i.h5", "dataset": dataset}, kernel={"python": "f.py:f", "interpreter": sys.executable})
            for ranks in PAIR:
                self.prints(job, "".join(f"(3, 4) {m[1, 2]}\n" for m in cube), ranks=ranks)

    def test_compounds_become_columns_and_strings_texts(self):
        records = numpy.zeros(500, [("t", "<f8"), ("n", ">i4"), ("v", "<f4", (2,)), ("s", "S4")])
        records["t"], records["n"], records["v"] = numpy.arange(500) / 2, numpy.arange(500), numpy.arange(1000).reshape(500, 2)
        records["s"] = [b"", b"a", b"abcd"] * 166 + [b"x", b"y"]
        texts = ["", "ü€", "a" * 300, "z"] * 40
        self.make(r=records, p={"data": records, "chunks": (64,), "compression": "gzip"}, s={"data": numpy.array(texts, object), "dtype": h5py.string_dtype()},
                  f=numpy.array([b"ab", b"c"] * 9, "S5"))
        for name in "rp":
            self.read(name, records["n"] + records["t"], "x + y", mode="starmap", columns=["n", "t"])
            self.read(name, records["v"][:, 1] + records["t"], "v[1] + t", mode="starmap", ranks=RANKS, columns=["v", "t"], names=["v", "t"])
            job = toml(input={"path": "i.h5", "dataset": name, "columns": ["s"]}, kernel={"name": "text_length"})
            self.prints(job, "".join(f"{len(s)}\n" for s in records["s"]))
            self.refuse(toml(input={"path": "i.h5", "dataset": name, "columns": ["u"]}, kernel={"expr": "x"}), 78, 'no member "u"', '"t", "n", "v", "s"')
        for ranks in RANKS:
            self.prints(toml(input={"path": "i.h5", "dataset": "s"}, kernel={"name": "text_length"}), "".join(f"{len(t)}\n" for t in texts), ranks=ranks)
        self.prints(toml(input={"path": "i.h5", "dataset": "f"}, kernel={"name": "text_upper"}), "AB\nC\n" * 9)

    def test_values_may_be_in_a_file_beside_it_and_texts_ascii(self):
        a = numpy.arange(500.0)
        self.make(e={"data": a, "external": [(str(self.dir / "e.raw"), 0, a.nbytes)]},
                  s={"data": numpy.array([b"ab", b"", b"abc"], object), "dtype": h5py.string_dtype("ascii")})
        self.assertEqual((self.dir / "e.raw").read_bytes(), a.tobytes())
        self.read("e", a + 1, "x + 1", ranks=RANKS)
        self.prints(toml(input={"path": "i.h5", "dataset": "s"}, kernel={"name": "text_length"}), "2\n0\n3\n")

    def test_what_is_not_there_or_no_hdf5_is_reported(self):
        job = {"input": {"path": "i.h5"}, "kernel": {"expr": "x"}}
        self.make(a=numpy.zeros(3), g__b=numpy.zeros(2))
        self.refuse(toml(**job), 78, "2 datasets", '"/a", "/g/b"', "dataset =")
        job["input"]["dataset"] = "/g/c"
        self.refuse(toml(**job), 78, 'no dataset "/g/c"', '"/a", "/g/b"')
        self.make(a=numpy.float64(1))
        self.refuse(toml(input={"path": "i.h5"}, kernel={"expr": "x"}), 65, "0 dimensions")
        self.make(a=numpy.zeros(2, "V5"))
        self.refuse(toml(input={"path": "i.h5"}, kernel={"expr": "x"}), 65, "no numbers")
        self.refuse(toml(input={"path": "i.h5"}, kernel={"expr": "x"}), 65, "not an HDF5 file", files={"i.h5": b"nothing of the kind"})
        self.make(a={"data": numpy.zeros(50), "chunks": (10,), "compression": "lzf"})
        self.refuse(toml(input={"path": "i.h5"}, kernel={"expr": "x"}), 65, "filter 32000", "lzf")
        self.make(a=numpy.zeros(5000))
        whole = (self.dir / "i.h5").read_bytes()
        self.refuse(toml(input={"path": "i.h5"}, kernel={"expr": "x"}), 65, "i.h5", files={"i.h5": whole[:9000]})

    def test_results_are_a_dataset_whose_bytes_depend_on_nothing(self):
        self.write("f.c", "#include <stdint.h>\nvoid f(int64_t x, double *half, int64_t *v, _Bool *odd) { *half = x / 2.0; v[0] = x; v[1] = -x; *odd = x & 1; }")
        several = {"source": "f.c", "function": "f", "signature": "(int64) -> (float64, int64[2], bool)"}
        x = numpy.arange(5000)
        for kernel, out in (({"expr": "x * 0.5"}, {}), (several, {"names": ["half", "both", "odd"], "index": True, "dataset": "/run/one"}),
                            ({"expr": "x + x*I"}, {"dtype": "complex64"}), ({"expr": "x / 7.0"}, {"dtype": "float16"}), ({"expr": "x"}, {"keep": "all"})):
            seen = set()
            for ranks, more in [(0, {}), (0, {"gather": "root"}), (RANKS[-1], {})]:
                self.good(toml(input={"range": [0, 5000]}, kernel=kernel, output={"path": "o.h5", **out, **more}, pool={"chunk_size": 333}), ranks=ranks)
                seen.add((self.dir / "o.h5").read_bytes())
                self.assertEqual([name for name in self.everything() if "pengine" in name], [])
            self.assertEqual(len(seen), 1)
            with h5py.File(self.dir / "o.h5") as file:
                made = file[out.get("dataset", "/result")]
                self.assertEqual((made.attrs["pengine_job"], made.shape), (b"job", (5000,)))
                data = made[:]
            if kernel is several:
                numpy.testing.assert_array_equal(data["index"], x)
                numpy.testing.assert_array_equal(data["half"], x / 2)
                numpy.testing.assert_array_equal(data["both"], numpy.stack([x, -x], 1))
                numpy.testing.assert_array_equal(data["odd"], x % 2 == 1)
            elif "keep" in out:
                numpy.testing.assert_array_equal(data["x"], data["result"])
            else:
                expected = {"x * 0.5": x * 0.5, "x + x*I": (x + 1j * x).astype("c8"), "x / 7.0": (x / 7).astype("f2")}[kernel["expr"]]
                self.assertEqual(data.dtype, expected.dtype)
                numpy.testing.assert_array_equal(data, expected)
        self.read_back()
        for kernel, told in (({"expr": ["x", "x*2"], "where": "x > 1"}, {"kernel": "x, x*2", "where": "x > 1"}), (several, {"kernel": "f.c:f"}),
                             ({"command": ["echo", "{}"], "signature": "(int64) -> int64"}, {"kernel": "echo '{}'"}),
                             ({"expr": "x + " + "1 + " * 30000 + "1"}, {"kernel": "x + " + "1 + " * 4095 + "..."})):
            self.good(toml(input={"range": [0, 3]}, kernel=kernel, output={"path": "o.h5"}))
            with h5py.File(self.dir / "o.h5") as file:
                attributes = {name: text.decode() for name, text in file["/result"].attrs.items() if name.startswith("pengine_")}
            self.assertEqual(attributes, {"pengine_job": "job"} | {f"pengine_{name}": text for name, text in told.items()})

    def read_back(self):
        self.good(toml(input={"range": [0, 50]}, kernel={"expr": "x * 0.5"}, output={"path": "i.h5", "names": ["h"], "index": True}))
        self.read("/result", numpy.arange(50) * 1.5, "x + y", mode="starmap", columns=["index", "h"])

    def test_products_and_arrays_have_their_dimensions_and_coordinates(self):
        job = toml(mode="starmap", combine="product", input=[{"range": [0, 40], "names": ["a"]}, {"linspace": [0, 1, 30], "names": ["result"]}, {"values": ["u", "v"]}],
                   kernel={"expr": "x + 2 * y + (length(z) > 5)", "args": ["x", "y", "z"]}, output={"path": "o.h5"})
        seen = set()
        for ranks in RANKS:
            self.good(job, ranks=ranks)
            seen.add((self.dir / "o.h5").read_bytes())
        self.assertEqual(len(seen), 1)
        with h5py.File(self.dir / "o.h5") as file:
            made = file["result"]
            numpy.testing.assert_array_equal(made[:], numpy.repeat((numpy.arange(40)[:, None] + 2 * numpy.linspace(0, 1, 30))[:, :, None], 2, 2))
            self.assertEqual([dimension.label for dimension in made.dims], ["x", "y", "z"])
            numpy.testing.assert_array_equal(made.dims[0][0][:], numpy.arange(40))
            numpy.testing.assert_array_equal(made.dims[1][0][:], numpy.linspace(0, 1, 30))
            self.assertEqual(len(made.dims[2]), 0)
        self.write("a.npy", numpy.arange(24.0).reshape(2, 3, 4))
        self.good(toml(input={"path": "a.npy", "each": "element"}, kernel={"expr": "-x"}, output={"path": "o.h5"}))
        with h5py.File(self.dir / "o.h5") as file:
            numpy.testing.assert_array_equal(file["result"][:], -numpy.arange(24.0).reshape(2, 3, 4))
        self.good(toml(input={"path": "a.npy"}, kernel={"source": "v.c", "function": "v", "signature": "(float64[12]) -> float64[2]"}, output={"path": "o.h5"})
                  if self.write("v.c", "void v(const double *x, double *y) { y[0] = x[0]; y[1] = x[11]; }") else "")
        with h5py.File(self.dir / "o.h5") as file:
            numpy.testing.assert_array_equal(file["result"][:], [[0, 11], [12, 23]])

    def test_an_unknown_number_of_rows_and_none(self):
        seen = set()
        for ranks in RANKS:
            self.good(toml(input={"range": [0, 30000]}, kernel={"expr": "x * x", "where": "x % 7 == 3"}, output={"path": "o.h5"}, pool={"chunk_size": 100}), ranks=ranks)
            seen.add((self.dir / "o.h5").read_bytes())
        with h5py.File(self.dir / "o.h5") as file:
            numpy.testing.assert_array_equal(file["result"][:], numpy.arange(3, 30000, 7)**2)
        self.assertEqual(len(seen), 1)
        for where in ("x > 5", "x < 5"):
            self.good(toml(input={"range": [0, 5]}, kernel={"expr": "x", "where": where}, output={"path": "o.h5"}))
            with h5py.File(self.dir / "o.h5") as file:
                self.assertEqual(file["result"].shape, (0 if where == "x > 5" else 5,))
        self.good(toml(input={"range": [0, 0]}, kernel={"expr": "x"}, output={"path": "o.h5"}))
        with h5py.File(self.dir / "o.h5") as file:
            self.assertEqual(file["result"].shape, (0,))

    def test_a_job_that_has_grown_has_all_its_rows(self):
        """The file's header is that of fewer rows until the run ends; in front of a product's rows are the inputs' values."""
        def job(stop, **more):
            return toml(input={"range": [0, stop]}, kernel={"expr": "x * x"}, output={"path": "o.h5", **more}, checkpoint={"keep": True})

        for more in ({}, {"index": True}):
            self.good(job(5000, **more), "--restart")
            whole = (self.dir / "o.h5").read_bytes()
            self.good(job(3, **more), "--restart")
            for ranks in PAIR:  # the second time nothing is left to do
                self.assertIn("3 of" if ranks == 0 else "complete", self.good(job(5000, **more), "--resume", ranks=ranks).err)
                self.assertEqual((self.dir / "o.h5").read_bytes(), whole)
        for stop, code in ((3, 0), (5, 78)):
            result = self.run_job(toml(mode="starmap", combine="product", input=[{"range": [0, stop]}, {"range": [0, 2]}], kernel={"expr": "x + y"},
                                       output={"path": "p.h5"}, checkpoint={"keep": True}), "--resume")
            self.assertEqual(result.code, code, result)
        self.assertIn("p.h5: the first input has grown", result.err)
        with h5py.File(self.dir / "p.h5") as file:
            self.assertEqual(file["result"][:].tolist(), [[0, 1], [1, 2], [2, 3]])

    def test_retried_items_stand_where_they_belong(self):
        """v = 2 fails until the file `fixed` is there. With fill the shape is the product's, with skip the range's rows close up."""
        self.write("k.py", "import os\ndef f(m, v):\n    assert v != 2 or os.path.exists('fixed')\n    return m * v * v\n")
        kernel = {"python": "k.py:f", "signature": "(float64, float64) -> float64", "interpreter": sys.executable}
        m, v = numpy.array([1.0, 2.5, 7.0]), numpy.arange(5.0)
        product = [{"values": m.tolist(), "names": ["mass"]}, {"values": v.tolist(), "names": ["speed"]}]
        zipped = [{"value": 3.0}, {"values": v.tolist()}]
        for ranks in PAIR:
            for inputs, combine, policy, first, second in (
                    (product, "product", {"on_error": "fill", "fill": -1.0}, numpy.where(v == 2, -1, m[:, None] * v * v), m[:, None] * v * v),
                    (zipped, "zip", {"on_error": "skip"}, (3 * v * v)[v != 2], 3 * v * v)):
                (self.dir / "fixed").unlink(missing_ok=True)
                self.write("job.toml", toml(mode="starmap", combine=combine, input=inputs, kernel=kernel, output={"path": "o.h5"}, errors=policy))
                for options, code, expected in (((), 1, first), (("--retry-failed",), 0, second)):
                    result = self.run_args("-q", *options, "job.toml", ranks=ranks)
                    self.assertEqual(result.code, code, str(result))
                    with h5py.File(self.dir / "o.h5") as file:
                        numpy.testing.assert_array_equal(file["result"][()], expected)
                        if combine == "product":
                            numpy.testing.assert_array_equal(file["mass"][()], m)
                            numpy.testing.assert_array_equal(file["speed"][()], v)
                    self.write("fixed", "")
                self.assertEqual([name for name in self.everything() if "o.h5." in name], [])

    def test_what_hdf5_cannot_hold_is_refused(self):
        job = {"input": {"range": [0, 3]}, "kernel": {"expr": "x"}, "output": {"path": "o.h5"}}
        self.refuse(toml(mode="imap", **job), 78, "mode = .map.")
        self.refuse(toml(**{**job, "output": {"format": "hdf5"}}), 78, "not stdout")
        self.refuse(toml(**{**job, "output": {"path": "o.h5", "dtype": "int128"}}), 78, "int128")
        self.refuse(toml(**{**job, "input": {"values": ["a"]}, "kernel": {"name": "text_upper"}}), 78, "text")
        self.refuse(toml(**{**job, "output": {"path": "o.npy", "dataset": "/a"}}), 78, "dataset")
        self.refuse(toml(**{**job, "output": {"path": "none/o.h5"}}), 73, "none")

    @not_sanitized
    def test_memory_stays_below_the_plans_figure(self):
        with h5py.File(self.dir / "i.h5", "w") as file:
            file.create_dataset("a", data=numpy.arange(8000000.0).reshape(-1, 8), chunks=(4096, 8), compression="gzip", compression_opts=1)
        job = toml(input={"path": "i.h5"}, kernel={"expr": "x[0] + x[7]"}, output={"path": "o.h5"}, pool={"memory": "64 MiB", "threads": 2})
        self.write("job.toml", job)
        plan = self.run_args("--plan", "job.toml").text
        figures = [float(number) * 2**(20 if unit == "MiB" else 30) for line in plan.splitlines() if re.search("memory|peak", line, re.IGNORECASE)
                   for number, unit in re.findall(r"([\d.]+) (MiB|GiB)", line)]
        result = finish(start(["job.toml"], cwd=self.dir, peaks=self.dir / "peaks"))
        self.assertEqual(result.code, 0, result)
        self.assertLess(int((self.dir / "peaks").read_text()), max(figures), plan)


if __name__ == "__main__":
    main()
