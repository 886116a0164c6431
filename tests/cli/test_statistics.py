# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""[reduce]: var, std, argmin, argmax, quantiles, histogram; the same bytes for any layout.

Expected values: Python's statistics on fractions, which round once; numpy.histogram and numpy.quantile.
"""
import fractions
import itertools
import math
import random
import statistics

import numpy

from harness import Case, main, needs_mpi, not_sanitized, toml

OPS = ["var", "std", "argmin", "argmax"]


def exact(values, ddof=0):
    """The variance and its root, each rounded once."""
    wide = [fractions.Fraction(v) for v in values]
    variance = sum((v - sum(wide) / len(wide)) ** 2 for v in wide) / (len(wide) - ddof)
    return float(variance), statistics._float_sqrt_of_frac(variance.numerator, variance.denominator)


def rows(text):
    return dict(line.split("\t", 1) for line in text.splitlines())


class Statistics(Case):
    def reduce(self, values, op=tuple(OPS), kernel=None, options=("-q",), **more):
        self.write("v.npy", numpy.asarray(values))
        return rows(self.good(toml(mode="map", input={"path": "v.npy"}, kernel=kernel or {"expr": "x"},
                                   reduce={"op": list(op), **more}, pool={"threads": 3, "chunk_size": 7}), *options).text)

    def check(self, values, ddof=0):
        seen = self.reduce(values, **({"ddof": ddof} if ddof else {}))
        plain = numpy.asarray(values).tolist()
        variance, deviation = exact(plain, ddof)
        self.assertEqual((seen["var"], seen["std"]), (repr(variance), repr(deviation)), plain[:8])
        self.assertEqual((seen["argmin"], seen["argmax"]), (str(plain.index(min(plain))), str(plain.index(max(plain)))))
        ends = numpy.asarray(values).min(), numpy.asarray(values).max()
        self.assertEqual((seen["argmin x"], seen["argmax x"]), tuple(map(str, ends)) if ends[0].dtype == "f4" else
                         tuple(repr(end.item()) for end in ends))

    def test_variance_is_rounded_once(self):
        draw = random.Random(4)
        for values in ([draw.uniform(-1, 1) for _ in range(500)], [1e9 + draw.random() for _ in range(300)],
                       [draw.uniform(-1, 1) * 10.0 ** draw.randrange(-150, 150) for _ in range(200)],
                       [5e-324, 1e-310, 3e-308, 0.0], [1.5], [2.0, 2.0], [draw.gauss(0, 1e-160) for _ in range(50)],
                       [1e16, 1e16 + 2], [0.1] * 10 + [0.1 + 2**-55]):
            self.check(values)
        self.check([draw.random() for _ in range(100)], 1)
        self.check(numpy.array([draw.uniform(-9, 9) for _ in range(64)], "f4"), 3)

    def test_variance_of_integers_is_exact(self):
        draw = random.Random(5)
        top = 2**63
        for dtype, values in (("i8", [draw.randrange(-top, top) for _ in range(300)]), ("i8", [-top, top - 1, -top, 7]),
                              ("u8", [draw.randrange(2 * top) for _ in range(300)]), ("i1", list(range(-128, 128))),
                              ("i8", [10**18 + i for i in range(50)])):
            self.check(numpy.array(values, dtype), draw.choice([0, 1]))
        result = self.good(toml(mode="map", input={"range": ["-170141183460469231731687303715884105728",
                                                             "-170141183460469231731687303715884105720"]},
                                kernel={"expr": "x"}, reduce={"op": ["var", "std"]}), "-q").text
        self.assertEqual(rows(result), {"var": "5.25", "std": repr(exact(range(8))[1])})

    def test_too_few_items_and_nan(self):
        self.assertEqual(self.reduce([1.0, 2.0], ["var", "std"], ddof=2), {"var": "nan", "std": "nan"})
        seen = self.reduce([3.0, math.nan, 1.0, math.nan], quantiles=[0.5])
        self.assertEqual((seen["var"], seen["argmin"], seen["argmax"], seen["quantile 0.5"]), ("nan", "1", "1", "nan"))
        self.assertEqual(self.reduce([math.inf, 1.0], ["var"]), {"var": "nan"})
        empty = self.run_job(toml(mode="map", input={"range": [0, 0]}, kernel={"expr": "x"}, reduce={"op": ["argmin"]}))
        self.assertEqual(empty.code, 65, str(empty))

    def test_argmin_is_the_first_with_its_arguments(self):
        inputs = [{"values": ["a", 'b,"c']}, {"range": [-3, 4]}, {"linspace": [0.0, 1.0, 5], "names": ["share"]}]
        points = list(itertools.product(["a", 'b,"c'], range(-3, 4), numpy.linspace(0, 1, 5).tolist()))
        values = [abs(y) - z + len(x) for x, y, z in points]
        table = {"mode": "starmap", "combine": "product", "input": inputs, "kernel": {
            "expr": ["abs(b) - c + length(a)", "b"], "args": ["a", "b", "c"]}}
        best, worst = values.index(min(values)), values.index(max(values))
        seen = self.good(toml(**table, reduce={"op": ["argmin", "argmax"], "format": "csv"}), "-q").text
        text, y, z = points[worst]
        quoted = '"' + text.replace('"', '""') + '"'
        self.assertEqual(seen, f"op,f0,f1\nargmin,{best},0\nargmin a,a,a\nargmin b,{points[best][1]},-3\n"
                         f"argmin share,{points[best][2]!r},0.0\nargmax,{worst},30\nargmax a,{quoted},a\nargmax b,{y},3\n"
                         f"argmax share,{z!r},0.0\n")

        self.write("t.csv", '"a, b",c\n5,2\n3,1\n')
        self.prints(toml(mode="starmap", input={"path": "t.csv"}, kernel={"expr": "x * y"}, reduce={"op": ["argmin"], "format": "csv"}),
                    'op,result\nargmin,1\n"argmin a, b",3\nargmin c,1\n', "-q")

    def test_histogram_is_numpys(self):
        draw = numpy.random.default_rng(6)
        for first, last, bins in ((0.0, 1.0, 10), (-2.5, 3.1, 7), (0, 100, 1000), (0.1, 0.7, 6), (-5, 5, 1)):
            values = numpy.concatenate([draw.uniform(first - 0.2, last + 0.2, 700), numpy.linspace(first, last, bins + 1)])
            seen = self.reduce(values, ["count"], histogram=[first, last, bins])
            counts, edges = numpy.histogram(values, bins, (first, last))
            expected = {f"histogram {a!r} {b!r}": str(n) for n, a, b in zip(counts, edges.tolist(), edges.tolist()[1:])}
            expected.update(count=str(len(values)), below=str((values < first).sum()), above=str((values > last).sum()))
            self.assertEqual(seen, expected)

    def test_quantiles_or_a_histogram_need_no_operation(self):
        for table, names in (({"quantiles": [0.5]}, ["count", "quantile 0.5"]),
                             ({"histogram": [0, 4, 1]}, ["count", "histogram 0.0 4.0", "below", "above"])):
            result = self.good(toml(mode="map", input={"range": [0, 5]}, kernel={"expr": "x"}, reduce=table), "-q")
            self.assertEqual([line.split("\t")[0] for line in result.text.splitlines()], names)
            self.assertEqual(result.text.split("\n")[0], "count\t5")

    def test_quantiles_are_numpys_within_a_thousandth(self):
        draw = numpy.random.default_rng(7)
        shares = [0, 0.01, 0.25, 0.5, 0.75, 0.99, 1]
        for values in (draw.normal(0, 3, 2000), draw.lognormal(0, 30, 999), numpy.array([3.0]), draw.uniform(-1e300, 1e300, 50),
                       numpy.array([5e-324, 1.7976931348623157e308])):
            seen = self.reduce(values, ["count"], quantiles=shares)
            for share in shares:
                expected = numpy.quantile(values, share, method="lower"), numpy.quantile(values, share, method="higher")
                low, high = (v - abs(v) * 2**-11 - 1e-320 for v in expected)
                high = expected[1] + abs(expected[1]) * 2**-11 + 1e-320 if expected[1] < 1e308 else math.inf
                self.assertTrue(low <= float(seen[f"quantile {float(share)!r}"]) <= high, (share, seen, expected))
        small = draw.integers(-2047, 2048, 5001)
        seen = self.reduce(small, ["count"], quantiles=shares)
        self.assertEqual([float(seen[f"quantile {float(s)!r}"]) for s in shares], numpy.quantile(small, shares).tolist())

    def test_wrong_keys_are_refused(self):
        table = {"mode": "map", "input": {"range": [0, 9]}, "kernel": {"expr": "x"}}
        for more, needle in (({"quantiles": [0.5, 1.5]}, "from 0 to 1, got 1.5"), ({"quantiles": []}, "numbers from 0 to 1"),
                             ({"histogram": [1, 0, 5]}, "first below last"), ({"histogram": [0, 1, 0]}, "1 to 2.20 bins"),
                             ({"ddof": -1}, "0 or more"), ({"op": "variance"}, "var")):
            self.refuse(toml(**table, reduce={"op": ["count"], **more}), 78, needle)
        self.refuse(toml(mode="map", input={"values": ["a"]}, kernel={"name": "text_upper"},
                         reduce={"op": ["count"], "quantiles": [0.5]}), 78, "is text, which has none")

    @needs_mpi
    @not_sanitized
    def test_every_layout_gives_the_same_bytes(self):
        draw = numpy.random.default_rng(8)
        self.write("v.npy", draw.normal(0, 1, 20000) * 10.0 ** draw.integers(-20, 20, 20000))
        table = toml(mode="map", input={"path": "v.npy"}, kernel={"expr": ["x", "x*x"]}, reduce={
            "op": [*OPS, "sum", "mean", "min", "max", "count"], "quantiles": [0.1, 0.5], "histogram": [-1, 1, 9]},
            pool={"memory": "1 GiB"})
        one = self.good(table, "-q", "-t", "1").out
        for options, ranks in ((("-t", "3", "-s", "pool.chunk_size=7"), 0), (("-t", "2"), 3), (("-t", "1", "-s", 'mode="imap_unordered"'), 2)):
            self.assertEqual(self.good(table, "-q", *options, ranks=ranks).out, one)


if __name__ == "__main__":
    main()
