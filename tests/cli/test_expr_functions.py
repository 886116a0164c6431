# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Every function that an expression may call: docs/expressions.md lists it, and it gives what Python gives.

Expected values: Python's math, numpy, the series of the Bessel functions (Abramowitz and Stegun 9.1), and the bytes of
the texts. One job computes all of them: item k is the k-th function.
"""
import cmath
import math
import pathlib
import re

import numpy

from harness import Case, main, toml

ROOT = pathlib.Path(__file__).resolve().parents[2]
EULER = 0.5772156649015329


def bessel_j(order, x):
    return sum((-1)**k / math.factorial(k) / math.factorial(k + order) * (x / 2)**(2 * k + order) for k in range(30))


def bessel_y(order, x):
    terms = sum((-1)**(k + 1) * sum(1 / j for j in range(1, k + 1)) * (x * x / 4)**k / math.factorial(k)**2 for k in range(1, 30))
    y = [2 / math.pi * ((math.log(x / 2) + EULER) * bessel_j(0, x) + terms)]
    y.append((bessel_j(1, x) * y[0] - 2 / math.pi / x) / bessel_j(0, x))  # the Wronskian
    while len(y) <= order:
        y.append(2 * (len(y) - 1) / x * y[-1] - y[-2])
    return y[order]


def away(x):
    return math.copysign(math.floor(abs(x) + 0.5), x)


# name: the value by x, y, z, n, s, t
PYTHON = {
    "cbrt": lambda a: numpy.cbrt(a["x"]), "pow": lambda a: a["x"]**a["y"], "exp2": lambda a: 2**a["x"],
    "exp10": lambda a: 10**a["x"], "logb": lambda a: math.frexp(a["x"])[1] - 1, "ilogb": lambda a: math.frexp(a["x"])[1] - 1,
    "round": lambda a: away(a["x"]), "lround": lambda a: away(a["x"]), "llround": lambda a: away(a["x"]),
    "rint": lambda a: round(a["x"]), "nearbyint": lambda a: round(a["x"]), "lrint": lambda a: round(a["x"]),
    "llrint": lambda a: round(a["x"]), "remainder": lambda a: math.remainder(a["x"], a["y"]),
    "atan2": lambda a: math.atan2(a["y"], a["x"]), "fabs": lambda a: abs(a["x"]), "fdim": lambda a: max(a["x"] - a["y"], 0),
    "fmax": lambda a: max(a["x"], a["y"]), "fmin": lambda a: min(a["x"], a["y"]), "max": lambda a: max(a["x"], a["y"]),
    "min": lambda a: min(a["x"], a["y"]), "fma": lambda a: a["x"] * a["y"] + a["z"], "scalbn": lambda a: a["x"] * 2.0**a["n"],
    "ldexp": lambda a: a["x"] * 2.0**a["n"], "isnormal": lambda a: True, "signbit": lambda a: a["x"] < 0,
    "tgamma": lambda a: math.gamma(a["x"]), "j0": lambda a: bessel_j(0, a["x"]), "j1": lambda a: bessel_j(1, a["x"]),
    "jn": lambda a: bessel_j(a["n"], a["x"]), "y0": lambda a: bessel_y(0, a["x"]), "y1": lambda a: bessel_y(1, a["x"]),
    "yn": lambda a: bessel_y(a["n"], a["x"]), "abs": lambda a: abs(a["x"]), "labs": lambda a: abs(a["n"]),
    "llabs": lambda a: abs(a["n"]), "equals": lambda a: a["s"] == a["t"], "starts_with": lambda a: a["s"].startswith(a["t"]),
    "ends_with": lambda a: a["s"].endswith(a["t"]), "contains": lambda a: a["t"] in a["s"],
    "length": lambda a: len(a["s"].encode()),
}
DRAWN = {"uniform": (0, 1), "normal": (-9, 9), "integer": (3, 9)}  # bounds: that the bits are right is test_compiled's
NEAR_ZERO = ("asin", "acos", "atanh")  # |x| <= 1


V, W = 0.5 - 1.25j, 1.5 + 0.75j
COMPLEX = {"CMPLX": lambda: 2.5 + 1.75j, "creal": lambda: W.real, "cimag": lambda: W.imag, "cabs": lambda: abs(W),
           "carg": lambda: cmath.phase(W), "conj": lambda: W.conjugate(), "cpow": lambda: V**W}


def listed():
    """(call, summary) of the table in docs/expressions.md."""
    page = (ROOT / "docs/expressions.md").read_text(encoding="utf-8")
    return re.findall(r"^\| `(\w+\([^`]*\))` \| (.*) \|$", page.split("## Functions")[1].split("\n## ")[0], re.M)


def table():
    """(name, summary) of what the grammar knows."""
    text = (ROOT / "engine/kernel/compiled/expr/expr_functions.c").read_text(encoding="utf-8")
    return re.findall(r'\{"(\w+)", "\w:\w+",\s*"([^"]+)"\}', text.split("#define FUNCTIONS")[0])


def is_complex(call):
    return re.search(r"\bw\b|CMPLX", call) is not None


class Functions(Case):
    def test_the_page_lists_what_the_grammar_knows(self):
        self.assertEqual([(call.split("(")[0], summary) for call, summary in listed()], table())
        self.assertGreater(len(table()), 70)

    def test_every_function_gives_pythons(self):
        calls = [call.replace("low, high", "3, 9") for call, _ in listed()]
        count = len(calls)
        xs = [0.3 if call.split("(")[0] in NEAR_ZERO else 2.5 for call in calls]
        for name, values in (("x", xs), ("y", [1.75] * count), ("z", [-0.5] * count)):
            self.write(f"{name}.npy", numpy.array(values))
        self.write("n.npy", numpy.full(count, 3))
        self.write("s.txt", "n\u00e4her\n" * count)
        self.write("t.txt", "er\n" * count)
        for name, value in (("v", V), ("w", W)):
            self.write(f"{name}.npy", numpy.full(count, value))
        real = ["creal({0}) + 3*cimag({0})" if is_complex(call) else "(double)({0})" for call in calls]
        chain = "".join(f"i == {k} ? {form.format(call)} : " for k, (form, call) in enumerate(zip(real, calls))) + "NAN"
        files = [{"path": f"{name}.npy"} for name in "xyznvw"] + [{"path": f"{name}.txt", "dtype": "text"} for name in "st"]
        job = toml(mode="starmap", input=files, output={"path": "r.npy"}, kernel={"expr": chain, "args": list("xyznvwst"), "seed": 5})
        for call, x, got in zip(calls, xs, self.saves(job, "r.npy")):
            name = call.split("(")[0]
            given = {"x": x, "y": 1.75, "z": -0.5, "n": 3, "s": "n\u00e4her", "t": "er"}
            with self.subTest(call):
                if name in DRAWN:
                    self.assertTrue(DRAWN[name][0] <= got < DRAWN[name][1], got)
                    continue
                if is_complex(call):
                    wanted = COMPLEX[name]() if name in COMPLEX else getattr(cmath, name[1:])(W)
                    self.assertTrue(math.isclose(got, wanted.real + 3*wanted.imag, rel_tol=1e-13), (got, wanted))
                    continue
                arguments = [given[letter] for letter in re.findall(r"\b[xyznst]\b", call)]
                wanted = PYTHON[name](given) if name in PYTHON else getattr(math, name)(*arguments)
                self.assertTrue(math.isclose(got, wanted, rel_tol=1e-13, abs_tol=1e-300), (got, wanted))


if __name__ == "__main__":
    main()
