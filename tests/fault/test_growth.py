# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""A text that has grown within its last record, which had no line end: the item is computed again, the others are not.

Expected values: Python's integer division; the outputs of --restart on the grown file.
"""
import fcntl
import os
import sys

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from harness import Case, main, toml  # noqa: E402

FILL = -7


class Growth(Case):
    def job(self, output, policy="stop", mode="map", source="in.txt", **more):
        errors = {"on_error": policy, "log": "failed.csv", **({"fill": FILL} if policy == "fill" else {})}
        self.write("job.toml", toml(mode=mode, input={"path": source, "dtype": "int64"}, errors=errors,
                                    kernel={"expr": "1000 / x", "args": ["x"], "signature": "(int64) -> int64"},
                                    **{**({"output": {"path": output}} if output else {}), "checkpoint": {"keep": True}, **more}))

    def begun(self, text, code=0):
        for path in (*self.dir.glob("o.*"), *self.dir.glob("state*")):
            path.unlink()
        self.write("in.txt", text)
        result = self.run_args("job.toml")
        self.assertEqual(result.code, code, str(result))

    def grown(self, text, code=0):
        """Appends, goes on, and returns what was said; the bytes are those of a run from the beginning."""
        with open(self.dir / "in.txt", "a", encoding="utf-8") as file:
            file.write(text)
        result = self.run_args("--resume", "job.toml")
        self.assertEqual(result.code, code, str(result))
        names = [path for path in (*self.dir.glob("o.*"), self.dir / "failed.csv") if ".checkpoint" not in path.name]
        got = {path.name: path.read_bytes() for path in names if path.name != "failed.csv"}
        failed = [line.split(",")[:3] for line in (self.dir / "failed.csv").read_text().splitlines()]
        again = self.run_args("--restart", "job.toml")
        self.assertEqual(again.code, code, str(again))
        self.assertEqual(got, {name: (self.dir / name).read_bytes() for name in got})
        self.assertEqual(failed, [line.split(",")[:3] for line in (self.dir / "failed.csv").read_text().splitlines()])
        return result.err

    def test_last_record_is_computed_again(self):
        for output in ("o.txt", "o.csv", "o.jsonl", "o.npy", "o.raw"):
            for mode in ("map", "imap"):
                for more in ("5\n8\n", "\n8\n", "5", "\n"):  # more items or none; another last record or the same
                    with self.subTest((output, mode, more)):
                        self.job(output, mode=mode)
                        self.begun("1\n2\n4")
                        said = self.grown(more)
                        self.assertRegex(said, "goes on after 2 of [34] items")
                        if output == "o.txt":
                            values = [int(x) for x in ("1\n2\n4" + more).split()]
                            self.assertEqual((self.dir / output).read_text().split(), [str(1000 // x) for x in values])

    def test_file_without_any_record_takes_the_type_of_those_that_come(self):
        for output in ("o.txt", "o.npy"):
            with self.subTest(output):
                self.write("job.toml", toml(mode="map", input={"path": "in.txt"}, kernel={"expr": "1000 / x"}, output={"path": output},
                                            errors={"on_error": "skip", "log": "failed.csv"}, checkpoint={"keep": True}))
                self.begun("")
                self.grown("5\n8\n")
                values = (self.dir / output).read_text().split() if output == "o.txt" else numpy.load(self.dir / output).tolist()
                self.assertEqual([int(x) for x in values], [1000 // 5, 1000 // 8])

    def test_with_failed_items(self):
        """The last item had failed, and does not now; or the other way round."""
        for policy in ("skip", "fill"):
            for output in ("o.txt", "o.csv", "o.npy"):
                for old, more, code, summary in (("0\n2\n0", "5\n8\n", 1, "1 of 4 items failed"), ("1\n2\n0", "5\n", 0, ""),
                                                 ("0\n2\n4", "\n0\n", 1, "2 of 4 items failed"), ("0\n2\n0", "\n", 1, "2 of 3 items failed")):
                    with self.subTest((policy, output, old, more)):
                        self.job(output, policy)
                        self.begun(old, code=1 if "0" in old.split() else 0)
                        self.assertIn(summary, self.grown(more, code))

    def test_last_row_with_a_newline_in_quotes_is_replaced(self):
        self.write("k.py", "def f(x):\n    return x * 2 + '\\n\"' + x\n")
        self.write("job.toml", toml(mode="map", input={"path": "in.txt", "dtype": "text"}, output={"path": "o.csv"}, checkpoint={"keep": True},
                                    kernel={"python": "k.py:f", "interpreter": sys.executable, "signature": "(text) -> text"}, errors={"log": "failed.csv"}))
        self.begun("ab\nc")
        self.assertIn("goes on after 1 of 3 items", self.grown("d\ne\n"))
        self.assertIn(b'"cdcd\n""cd"\n', (self.dir / "o.csv").read_bytes())

    def test_last_row_longer_than_one_read_is_replaced(self):
        """The last row is longer than what is read at once."""
        self.write("k.py", "def f(x):\n    return x * 70000\n")
        self.write("job.toml", toml(mode="map", input={"path": "in.txt", "dtype": "text"}, output={"path": "o.txt"}, checkpoint={"keep": True},
                                    kernel={"python": "k.py:f", "interpreter": sys.executable, "signature": "(text) -> text"}, errors={"log": "failed.csv"}))
        self.begun("ab\ncd")
        self.assertIn("goes on after 1 of 3 items", self.grown("d\ne\n"))

    def test_run_beside_another_changes_nothing(self):
        self.job("o.txt", mode="imap")
        self.begun("1\n2\n4")
        self.write("in.txt", "1\n2\n45\n")
        before = {path.name: path.read_bytes() for path in self.dir.glob("o.*")}
        with open(self.dir / "o.txt", "rb") as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            result = self.run_args("--resume", "job.toml")
        self.assertEqual(result.code, 73, str(result))
        self.assertIn("another run is writing o.txt", result.err)
        self.assertEqual(before, {path.name: path.read_bytes() for path in self.dir.glob("o.*")})

    def test_what_cannot_be_taken_back_is_refused(self):
        reduction = {"reduce": {"path": "o.txt", "op": "sum"}, "checkpoint": {"path": "state", "keep": True}}
        for output, mode, more, why in (("o.txt.gz", "map", {}, "packed file"), ("o.txt", "imap_unordered", {}, "unordered"),
                                        ("", "map", reduction, "reduction")):
            with self.subTest(why):
                self.job(output, mode=mode, **more)
                self.begun("1\n2\n4")
                before = {path.name: path.read_bytes() for path in self.dir.glob("o.*")}
                self.write("in.txt", "1\n2\n45\n")
                result = self.run_args("--resume", "job.toml")
                self.assertEqual(result.code, 78, str(result))
                self.assertRegex(result.err, f"in.txt: it has grown, and its last record had no line end: .*{why}.*--restart begins anew")
                self.assertEqual(before, {path.name: path.read_bytes() for path in self.dir.glob("o.*")})


if __name__ == "__main__":
    main()
