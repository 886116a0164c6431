# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Several inputs: zipped item by item, or their product.

Expected values: Python's zip and itertools.product, numpy's shapes.
"""
import itertools

import numpy

from harness import Case, HAS_MPI, INT64_MAX, ROOT_INT64, lines, main, toml

ORDERED = ("starmap", "istarmap")


def product(inputs, kernel, mode="starmap", **more):
    return toml(mode=mode, combine="product", input=inputs, kernel={"name": kernel}, **more)


def sums(*ranges):
    return [x * x + y * y for x, y in itertools.product(*ranges)]


class Zip(Case):
    def test_zip_is_the_default(self):
        inputs = [{"range": [0, 3]}, {"range": [10, 13]}]
        for more in ({}, {"combine": "zip"}):
            with self.subTest(more):
                self.prints(toml(mode="starmap", **more, input=inputs, kernel={"name": "sum_of_squares"}),
                            lines(x * x + y * y for x, y in zip(range(3), range(10, 13))))

    def test_zip_of_five_kinds_goes_item_by_item(self):
        spot, strike = numpy.linspace(50, 150, 40), numpy.linspace(60, 120, 40)
        self.write("spot.npy", spot)
        self.write("strike.csv", "k\n" + lines(strike.tolist()))
        self.write("years.raw", numpy.full(40, 1.5).tobytes())
        files = [{"path": "spot.npy"}, {"path": "strike.csv"}, {"path": "years.raw", "dtype": "float64"}]
        rate = {"value": 0.02}
        mixed = files + [rate, {"linspace": [0.1, 0.5, 40]}]
        table = numpy.column_stack([spot, strike, numpy.full(40, 1.5), numpy.full(40, 0.02), numpy.linspace(0.1, 0.5, 40)])
        self.write("all.npy", table)
        alone = self.good(toml(mode="starmap", input={"path": "all.npy", "columns": [0, 1, 2, 3, 4]},
                               kernel={"name": "black_scholes"}))
        self.assertEqual(len(alone.text.splitlines()), 40)
        self.prints(toml(mode="starmap", input=mixed, kernel={"name": "black_scholes"}), alone.text)

    def test_zip_of_different_lengths_names_both(self):
        for lengths in ((3, 4), (4, 3), (0, 1)):
            with self.subTest(lengths):
                inputs = [{"range": [0, length]} for length in lengths]
                self.refuse(toml(mode="starmap", input=inputs, kernel={"name": "sum_of_squares"}), 65,
                            rf"\b{lengths[0]}\b", rf"\b{lengths[1]}\b")


class Product(Case):
    def test_product_turns_the_last_input_fastest(self):
        inputs = [{"range": [0, 7]}, {"range": [100, 90, -3]}]
        for mode in ORDERED:
            for chunk in (1, 3, 1000):
                with self.subTest((mode, chunk)):
                    self.prints(product(inputs, "sum_of_squares", mode, pool={"chunk_size": chunk, "threads": 2}),
                                lines(sums(range(7), range(100, 90, -3))))

    def test_product_to_npy_has_an_axis_for_each_input(self):
        inputs = [{"range": [0, 7]}, {"range": [0, 11]}]
        for mode in ORDERED:
            with self.subTest(mode):
                saved = self.saves(product(inputs, "sum_of_squares", mode, output={"path": "out.npy"}), "out.npy")
                numpy.testing.assert_array_equal(saved, numpy.add.outer(numpy.arange(7) ** 2, numpy.arange(11) ** 2))

    def test_product_with_a_value_has_an_axis_of_length_one(self):
        inputs = [{"range": [1, 5]}, {"value": 3}]
        saved = self.saves(product(inputs, "sum_of_squares", output={"path": "out.npy"}), "out.npy")
        numpy.testing.assert_array_equal(saved.ravel(), numpy.arange(1, 5) ** 2 + 9)
        self.assertIn(saved.shape, ((4,), (4, 1)))

    def test_product_of_five_inputs_is_itertools(self):
        axes = [[90.0, 100.0, 110.0], [95.0, 105.0], [0.5, 1.0, 2.0], [0.01, 0.05], [0.2]]
        inputs = []
        for number, axis in enumerate(axes):
            self.write(f"{number}.npy", numpy.array(axis))
            inputs.append({"path": f"{number}.npy"})
        self.write("all.npy", numpy.array(list(itertools.product(*axes))))
        flat = self.saves(toml(mode="starmap", input={"path": "all.npy", "columns": [0, 1, 2, 3, 4]},
                               kernel={"name": "black_scholes"}, output={"path": "flat.npy"}), "flat.npy")
        cube = self.saves(product(inputs, "black_scholes", output={"path": "cube.npy"}, pool={"chunk_size": 5}), "cube.npy")
        self.assertEqual(cube.shape, (3, 2, 3, 2, 1))
        numpy.testing.assert_array_equal(cube.ravel(), flat)

    def test_product_of_files_of_text_is_itertools(self):
        self.write("a.csv", "x\n1\n2\n3\n")
        self.write("b.txt", "10\n20\n")
        inputs = [{"path": "a.csv"}, {"path": "b.txt", "dtype": "int64"}]
        self.prints(product(inputs, "sum_of_squares", pool={"chunk_size": 1}), lines(sums((1, 2, 3), (10, 20))))

    def test_product_with_a_csv_column_has_an_axis_for_it(self):
        self.write("a.csv", "x,y,z\n3,4,5\n6,7,8\n")
        inputs = [{"path": "a.csv", "columns": ["x"]}, {"range": [0, 3]}]
        saved = self.saves(product(inputs, "sum_of_squares", output={"path": "out.npy"}), "out.npy")
        self.assertEqual(saved.tolist(), [[9, 10, 13], [36, 37, 40]])

    def test_product_with_failing_items_names_or_leaves_them_out(self):
        pairs = list(itertools.product(range(ROOT_INT64 - 1, ROOT_INT64 + 3), range(2)))
        fits = [str(x * x + y * y) for x, y in pairs if x * x + y * y <= INT64_MAX]
        inputs = [{"range": [ROOT_INT64 - 1, ROOT_INT64 + 3]}, {"range": [0, 2]}]
        for ranks in (0, 2) if HAS_MPI else (0,):
            with self.subTest(ranks):
                result = self.run_job(product(inputs, "sum_of_squares", errors={"on_error": "skip"}), ranks=ranks)
                self.assertEqual((result.code, result.text.split()), (1, fits), str(result))
                result = self.run_job(product(inputs, "sum_of_squares"), ranks=ranks)
                self.assertEqual((result.code, result.out), (1, b""), str(result))
                self.assertIn(f"item {len(fits)}: sum_of_squares({pairs[len(fits)][0]}, {pairs[len(fits)][1]}): ", result.err)

    def test_product_with_an_empty_input_gives_nothing(self):
        for bounds in ([[0, 0], [0, 5]], [[0, 5], [0, 0]]):
            with self.subTest(bounds):
                inputs = [{"range": bound} for bound in bounds]
                self.prints(product(inputs, "sum_of_squares"), "")
                saved = self.saves(product(inputs, "sum_of_squares", output={"path": "out.npy"}), "out.npy")
                self.assertEqual(saved.shape, tuple(stop for _, stop in bounds))

    def test_product_is_never_stored(self):
        inputs = [{"range": [0, 10**6]}, {"range": [0, 10**9]}]
        result = self.good(product(inputs, "sum_of_squares"), "--check")
        self.assertLess(result.seconds, 60)

    def test_product_of_different_lengths_is_no_error(self):
        self.prints(product([{"range": [0, 1]}, {"range": [0, 3]}], "sum_of_squares"), "0\n1\n4\n")

    def test_product_with_a_stream_is_refused(self):
        inputs = [{"path": "-", "format": "txt", "dtype": "int64"}, {"range": [0, 3]}]
        self.refuse(product(inputs, "sum_of_squares"), 78, "product", "stdin|stream", stdin=b"1\n")

    def test_product_unordered_gives_each_combination_once(self):
        inputs = [{"range": [0, 30]}, {"range": [0, 40]}]
        result = self.good(product(inputs, "sum_of_squares", "istarmap_unordered", output={"index": True},
                                   pool={"chunk_size": 7, "threads": 3}))
        rows = sorted(tuple(map(int, line.split())) for line in result.text.splitlines())
        self.assertEqual(rows, list(enumerate(sums(range(30), range(40)))))


if __name__ == "__main__":
    main()
