# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Arrays that numpy wrote: structured ones, Fortran order, many dimensions, texts, dates; numpy is the oracle."""
import sys
import zipfile

import numpy

from harness import HAS_MPI, Case, lines, main, toml

RANKS = (0, 3) if HAS_MPI else (0,)
PAIR = (0, 2) if HAS_MPI else (0,)
POINT = [("x", "<f8"), ("n", ">i4"), ("v", "<f4", (3,)), ("name", "<U5"), ("tag", "S3")]


def points(count):
    made = numpy.zeros(count, POINT)
    made["x"] = numpy.arange(count) / 8
    made["n"] = numpy.arange(count) - 3
    made["v"] = numpy.arange(3 * count).reshape(count, 3)
    made["name"] = [("", "ü€", "abcde", "😀")[k % 4] for k in range(count)]
    made["tag"] = [(b"", b"ab", b"xyz")[k % 3] for k in range(count)]
    return made


class Npy(Case):
    def both(self, job, expected, counts=RANKS):
        """The same array on one rank and on three."""
        for ranks in counts:
            made = self.saves(job, "o.npy", ranks=ranks)
            numpy.testing.assert_array_equal(made, expected)
            self.assertEqual(made.shape, expected.shape)

    def one(self, **more):
        return {"input": {"path": "a.npy", **more}, "output": {"path": "o.npy"}}

    def test_fields_become_arguments_by_name_number_or_all(self):
        a = points(1000)
        self.write("a.npy", a)
        job = self.one(columns=["n", "x"], names=["n", "x"])
        self.both(toml(**job, mode="starmap", kernel={"expr": "n + x"}), a["n"] + a["x"])
        self.both(toml(**self.one(columns=[1, 0]), mode="starmap", kernel={"expr": "n + x"}), a["n"] + a["x"])
        self.both(toml(**self.one(columns=["v"]), kernel={"expr": "x[0] + 10 * x[2]"}), a["v"][:, 0] + 10 * a["v"][:, 2])
        texts = toml(mode="starmap", input={"path": "a.npy", "columns": ["name", "tag"], "names": ["name", "tag"]}, kernel={"expr": "length(name) + 100 * length(tag)"})
        self.prints(texts, "".join(f"{len(n.encode()) + 100 * len(t)}\n" for n, t in zip(a["name"], a["tag"])))
        aligned = numpy.zeros(5, numpy.dtype([("a", "i1"), ("b", "f8")], align=True))
        aligned["b"] = range(5)
        self.write("a.npy", aligned)
        self.both(toml(**self.one(names=["a", "b"]), mode="starmap", kernel={"expr": "a + b"}), aligned["a"] + aligned["b"])

    def test_what_pengine_wrote_goes_in_again(self):
        self.saves(toml(mode="starmap", input=[{"range": [0, 100]}, {"range": [100, 200]}],
                        kernel={"source": "f.c", "function": "f", "signature": "(int64, int64) -> (float64, int64[2])"},
                        output={"path": "a.npy", "names": ["mean", "both"], "index": True}), "a.npy") \
            if self.write("f.c", "#include <stdint.h>\nvoid f(int64_t a, int64_t b, double *m, int64_t *v)"
                                 "{*m = (a + b) / 2.0; v[0] = a; v[1] = b;}") else None
        first = numpy.load(self.dir / "a.npy")
        self.both(toml(**self.one(columns=["index", "mean", "both"], names=["n", "mean", "both"]), mode="starmap", kernel={"expr": "n + mean + both[1]"}),
                  first["index"] + first["mean"] + first["both"][:, 1])

    def test_fields_that_cannot_be_are_reported(self):
        self.write("a.npy", points(3))
        for columns, needle in ((["z"], 'no field "z".*"x", "n", "v"'), ([7], "no field 7")):
            self.refuse(toml(**self.one(columns=columns), kernel={"expr": "x"}), 78, needle)
        self.write("a.npy", numpy.zeros(3, [("a", "f8"), ("b", [("c", "i4"), ("d", "f16")]), ("e", "i2")]))
        self.refuse(toml(**self.one(), mode="starmap", kernel={"expr": "x"}), 65, 'field "b" is structured')
        self.both(toml(**self.one(columns=["e"]), kernel={"expr": "x + 1"}), numpy.ones(3, "i8"))
        self.write("a.npy", numpy.zeros((3, 2), [("a", "f8")]))
        self.refuse(toml(**self.one(), kernel={"expr": "x"}), 65, "each = .element.")

    def test_both_orders_and_many_dimensions_by_row(self):
        for shape in ((7, 5), (40, 3, 4), (3, 2, 2, 5)):
            for order in "CF":
                for dtype in ("f8", ">f4", "i2"):
                    a = numpy.asarray(numpy.arange(numpy.prod(shape)).reshape(shape), dtype, order=order)
                    self.write("a.npy", a)
                    flat = a.reshape(shape[0], -1, order="C")
                    made = self.saves(toml(**self.one(), kernel={"expr": f"x[0] + 1000 * x[{flat.shape[1] - 1}] + 7.0 * x[1]"}), "o.npy")
                    numpy.testing.assert_array_equal(made, flat[:, 0] + 1000.0 * flat[:, -1] + 7 * flat[:, 1])

    def test_a_python_function_gets_items_in_their_shape(self):
        self.write("f.py", "def f(m):\n    return f'{m.shape} {m[-1].sum()} {m.T.ravel()[1]}'\ndef half(m):\n    return m / 2\n")
        for shape, order in (((5, 3, 4), "C"), ((4, 2, 1, 3), "F"), ((3, 6), "C")):
            a = numpy.asarray(numpy.arange(numpy.prod(shape)).reshape(shape), "f8", order=order)
            self.write("a.npy", a)
            expected = lines([f"{m.shape} {m[-1].sum()} {m.T.ravel()[1]}" for m in a])
            for ranks in PAIR:
                self.prints(toml(input={"path": "a.npy"}, pool={"chunk_size": 2}, kernel={"python": "f.py:f", "interpreter": sys.executable}), expected, ranks=ranks)
        self.write("a.npy", numpy.arange(3.0).reshape(3, 1, 1))
        self.prints(toml(input={"path": "a.npy"}, kernel={"python": "f.py:half"}), "0.0\n0.5\n1.0\n")
        self.write("a.npy", numpy.arange(60.0).reshape(5, 3, 4))
        self.prints(toml(input={"path": "-", "format": "npy"}, kernel={"python": "f.py:f", "interpreter": sys.executable}),
                    lines([f"(3, 4) {m[-1].sum()} {m.T.ravel()[1]}" for m in numpy.arange(60.0).reshape(5, 3, 4)]), stdin=(self.dir / "a.npy").read_bytes())
        job = toml(**self.one(), kernel={"python": "f.py:half", "interpreter": sys.executable, "signature": "(float64[12]) -> float64[12]"})
        self.both(job, numpy.arange(60.0).reshape(5, 12) / 2, PAIR)

    def test_without_numpy_items_are_tuples_in_their_shape(self):
        self.write("a.npy", numpy.arange(24, dtype="i2").reshape(2, 3, 4))
        self.write("none/numpy.py", "raise ImportError")
        self.write("f.py", "def f(m, n):\n    return m, n\n")
        job = toml(mode="starmap", input=[{"path": "a.npy"}, {"range": [7, 9]}], kernel={"python": "f.py:f"})
        expected = lines([((tuple(range(k, k + 4)), tuple(range(k + 4, k + 8)), tuple(range(k + 8, k + 12))), 7 + k // 12) for k in (0, 12)])
        for ranks in PAIR:
            self.prints(job, expected, ranks=ranks, env={"PYTHONPATH": str(self.dir / "none")})

    def test_element_by_element_keeps_the_shape(self):
        for shape in ((300, 7), (40, 3, 4), (2, 3, 1, 5)):
            for order in "CF":
                a = numpy.asarray(numpy.arange(numpy.prod(shape)).reshape(shape), "f8", order=order)
                self.write("a.npy", a)
                self.both(toml(**self.one(each="element"), kernel={"expr": "2 * x"}), 2 * a, RANKS if len(shape) == 3 else (0,))
        self.both(toml(**self.one(each="element", first=4, count=9), kernel={"expr": "x"}), a.reshape(-1)[4:13])
        zipped = toml(mode="starmap", input=2 * [{"path": "a.npy", "each": "element"}], kernel={"expr": "x + y"}, output={"path": "o.npy"})
        self.both(zipped, 2 * a)
        self.refuse(toml(**self.one(each="element", columns=[0]), kernel={"expr": "x"}), 78, "each = .element.")

    def test_large_fortran_arrays_on_ranks_without_the_file(self):
        a = numpy.asfortranarray(numpy.arange(600000.0).reshape(3000, 200))
        self.write("a.npy", a)
        job = toml(**self.one(columns=[199, 3]), mode="starmap", pool={"threads": 2}, kernel={"expr": "x - y"})
        self.both(job, a[:, 199] - a[:, 3])
        self.both(toml(**self.one(each="element"), kernel={"expr": "x"}, pool={"chunk_size": 777}), a)
        self.both(toml(mode="starmap", combine="product", input=[{"path": "a.npy", "columns": [7], "count": 30}, {"range": [0, 5]}],
                       kernel={"expr": "x + y"}, output={"path": "o.npy"}), a[:30, 7, None] + numpy.arange(5))

    def test_texts_dates_and_floats_of_two_bytes(self):
        for dtype in ("<U6", ">U6", "S9"):
            a = numpy.array(["", "a b", "zzz"] * 50, dtype)
            self.write("a.npy", a)
            self.prints(toml(input={"path": "a.npy"}, kernel={"name": "text_upper"}), "".join(f"{str(t, 'ascii') if dtype == 'S9' else t}\n" for t in a).upper())
        self.write("a.npy", numpy.array([["a", "b"], ["c", "d"]]))
        self.refuse(toml(input={"path": "a.npy"}, kernel={"name": "text_upper"}), 78, "2 texts", "each")
        self.prints(toml(input={"path": "a.npy", "each": "element"}, kernel={"name": "text_upper"}), "A\nB\nC\nD\n")
        bad = numpy.array(["ab", "cd"]).view("<u4").copy()
        bad[2] = 0x110000
        self.write("a.npy", bad.view("<U2"))
        self.refuse(toml(input={"path": "a.npy"}, kernel={"name": "text_upper"}), 65, "item 1", r"U\+110000")
        dates = numpy.array(["2026-11-30", "1969-07-20", "NaT"], "M8[s]")
        for array in (dates, dates.astype(">M8[s]"), dates - dates[0]):
            self.write("a.npy", array)
            self.prints(toml(input={"path": "a.npy"}, kernel={"expr": "x"}), "".join(f"{v}\n" for v in array.astype(array.dtype.newbyteorder("=")).view("i8")))

    def test_what_cannot_be_read_is_refused(self):
        for array, needle in ((numpy.array(5.0), "0 dimensions"), (numpy.zeros(2, "f16"), "another size"),
                              (numpy.array([None]), "Python objects"), (numpy.zeros((2, 0)), r"shape \(2, 0\)"),
                              (numpy.zeros((2, 3, 4)), None)):
            self.write("a.npy", array)
            if needle:
                self.refuse(toml(input={"path": "a.npy"}, kernel={"expr": "x"}), 65, needle)
        self.refuse(toml(input={"path": "a.npy", "columns": [0]}, kernel={"expr": "x"}), 78, "more than two dimensions")
        self.refuse(toml(input={"path": "a.npy", "each": "column"}, kernel={"expr": "x"}), 78, "each", "row.*element")


class Npz(Case):
    def test_members_stored_and_deflated_on_all_ranks(self):
        a, f = numpy.arange(200000.0), numpy.asfortranarray(numpy.arange(60000).reshape(300, 200))
        cube = numpy.arange(24.0).reshape(2, 3, 4)
        self.write("f.py", "def f(m):\n    return f'{m.shape} {m[1, 2]}'\n")
        for save in (numpy.savez, numpy.savez_compressed):
            save(self.dir / "x.npz", a=a, f=f, cube=cube, texts=numpy.array(["b", "é"]))
            for ranks in RANKS:
                job = toml(input={"path": "x.npz", "dataset": "a"}, kernel={"expr": "2 * x"}, output={"path": "o.npy"}, pool={"threads": 2})
                numpy.testing.assert_array_equal(self.saves(job, "o.npy", ranks=ranks), 2 * a)
                job = toml(input={"path": "x.npz", "dataset": "f.npy", "each": "element"}, kernel={"expr": "x - 1"}, output={"path": "o.npy"})
                numpy.testing.assert_array_equal(self.saves(job, "o.npy", ranks=ranks), f - 1)
            job = {"path": "x.npz", "dataset": "cube"}
            for ranks in PAIR:
                each = toml(input={**job, "each": "element"}, kernel={"expr": "x + 1"}, output={"path": "o.npy"})
                numpy.testing.assert_array_equal(self.saves(each, "o.npy", ranks=ranks), cube + 1)
            self.prints(toml(input=job, kernel={"expr": "x[0] + x[11]"}), "11.0\n35.0\n")
            self.prints(toml(input=job, kernel={"python": "f.py:f", "interpreter": sys.executable}), "(3, 4) 6.0\n(3, 4) 18.0\n")
            self.prints(toml(input={"path": "x.npz", "dataset": "texts"}, kernel={"name": "text_upper"}), "B\nÉ\n".replace("É", "é"))
            product = toml(mode="starmap", combine="product", input=[{"path": "x.npz", "dataset": "a", "count": 40}, {"range": [0, 3]}],
                           kernel={"expr": "x * y"}, output={"path": "o.npy"})
            for ranks in RANKS:
                numpy.testing.assert_array_equal(self.saves(product, "o.npy", ranks=ranks), a[:40, None] * numpy.arange(3))

    def test_comment_behind_an_archive_may_look_like_its_end(self):
        numpy.savez(self.dir / "x.npz", a=numpy.arange(3))
        with zipfile.ZipFile(self.dir / "x.npz", "a") as file:
            file.comment = b"made by hand PK\5\6" + bytes(30)
        self.prints(toml(input={"path": "x.npz"}, kernel={"expr": "x"}), "0\n1\n2\n")

    def test_what_is_not_there_or_damaged_is_reported(self):
        job = {"kernel": {"expr": "x"}, "input": {"path": "x.npz"}}
        numpy.savez_compressed(self.dir / "x.npz", a=numpy.arange(1000), b=numpy.zeros(2))
        self.refuse(toml(**job), 78, "dataset", '"a", "b"')
        job["input"]["dataset"] = "c"
        self.refuse(toml(**job), 78, 'no "c"', '"a", "b"')
        job["input"]["dataset"] = "a"
        data = (self.dir / "x.npz").read_bytes()
        for bad, needle in ((data[:60], "cut|end is missing"), (b"\x93NUMPY", "not an npz"), (data[:200] + bytes([data[200] ^ 1]) + data[201:], "damaged")):
            self.refuse(toml(**job), 65, needle, files={"x.npz": bad})
        encrypted = bytearray(data)
        encrypted[data.index(b"PK\1\2") + 8] |= 1
        other = bytearray(data)
        other[data.index(b"PK\1\2") + 10] = 12  # bzip2
        size = bytearray(data)
        size[data.index(b"PK\1\2") + 24] ^= 1  # of the unpacked member, whose checksum is right
        self.refuse(toml(**job), 65, '"a.npy" is damaged: its checksum or size', files={"x.npz": bytes(size)})
        self.refuse(toml(**job), 65, '"a.npy" is encrypted', files={"x.npz": bytes(encrypted)})
        self.refuse(toml(**job), 65, '"a.npy" is compressed another way', files={"x.npz": bytes(other)})
        self.refuse(toml(input={"range": [0, 3]}, kernel={"expr": "x"}, output={"path": "o.npz"}), 78, "npz is for input only")
        self.write("a.npy", numpy.zeros(3))
        self.refuse(toml(input={"path": "a.npy", "dataset": "a"}, kernel={"expr": "x"}), 78, "dataset")


if __name__ == "__main__":
    main()
