# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""--retry-failed: the bytes are those of a run in which nothing had failed; --resume refuses another job; --status.

Expected values: Python's, and those of a run in which nothing fails.
"""
import gzip
import json
import shutil
import sys

import numpy

from harness import HAS_MPI, Case, main, toml

ITEMS = 500
# fails where a line of the file `broken` says so; a file, so that the kernel itself does not change
KERNEL = """import pathlib
def f(x):
    broken = {int(line) for line in pathlib.Path('broken').read_text().split()}
    if x in broken:
        raise ValueError(f'item {x}')
    return x * x
"""
FIXED = "def f(x):\n    return x * x\n"


class Retry(Case):
    def job(self, path, mode, policy, reduce=False, **output):
        table = {"path": path, **output, **({"op": ["sum", "min", "max", "count", "mean", "var"], "quantiles": [0.5],
                                                        "histogram": [0, 100000, 4]} if reduce else {})}
        fill = {"fill": -1} if policy == "fill" else {}
        return toml(mode=mode, input={"range": [0, ITEMS]},
                    kernel={"python": "k.py:f", "signature": "(int64) -> int64", "interpreter": sys.executable},
                    errors={"on_error": policy, "log": "failed.csv", **fill}, pool={"chunk_size": 7},
                    checkpoint={"path": "state" if policy == "skip" else path + ".checkpoint"} if reduce else {}, **{"reduce" if reduce else "output": table})

    def run_broken(self, broken, *options, ranks=0):
        self.write("broken", " ".join(map(str, broken)))
        return self.run_args(*options, "job.toml", ranks=ranks)

    def content(self, path, mode):
        if "{" in path:
            return {name: (self.dir / name).read_bytes() for name in self.everything() if name.startswith("results/")}
        data = (self.dir / path).read_bytes()
        return sorted(data.split(b"\n")) if mode == "imap_unordered" else data

    def logged(self):
        return [int(line.split(",")[0]) for line in (self.dir / "failed.csv").read_text().splitlines()[1:]]

    def retried(self, path, mode, policy, ranks=0, **more):
        """Three runs: some items fail, fewer fail again, none does; then the same job without failures."""
        shutil.rmtree(self.dir / "results", ignore_errors=True)
        for old in self.dir.glob("*"):
            old.unlink()
        self.write("k.py", KERNEL)
        self.write("job.toml", self.job(path, mode, policy, **more))
        first, second = [0, 3, 4, 5, 77, 250, ITEMS - 1], [4, 250]
        self.assertEqual(self.run_broken(first, "-q").code, 1)
        self.assertEqual(self.logged(), first)
        result = self.run_broken(second, "--retry-failed", ranks=ranks)
        self.assertEqual(result.code, 1, str(result))
        self.assertIn("2 of", result.err)
        self.assertEqual(self.logged(), second)
        result = self.run_broken([], "--retry-failed", "-t", "3")
        self.assertEqual(result.code, 0, str(result))
        self.assertEqual(self.logged(), [])
        got = self.content(path, mode)
        self.assertEqual([name for name in self.everything() if "checkpoint" in name or "state" in name or "marker" in name], [])
        self.assertEqual(self.run_broken([], "-q").code, 0)
        self.assertEqual(got, self.content(path, mode))

    def test_retried_items_stand_where_they_belong(self):
        for path, mode, more in (("o.csv", "map", {"index": True}), ("o.npy", "imap", {}), ("o.txt", "imap_unordered", {}),
                                 ("o.raw", "map", {}), ("o.tsv", "imap", {}), ("o.csv.gz", "map", {"names": ["a\nb"]}),
                                 ("o.jsonl.zst", "imap", {}), ("results/{1}.txt", "imap", {}), ("r.txt", "map", {"reduce": True})):
            for policy in {"o.csv.gz": ["fill"], "o.jsonl.zst": ["skip"]}.get(path, ["skip", "fill"]):
                with self.subTest((path, mode, policy)):
                    self.retried(path, mode, policy, ranks=2 if HAS_MPI and path in ("o.npy", "o.csv", "results/{1}.txt") else 0, **more)

    def test_what_keeps_no_rows_refuses(self):
        self.write("k.py", KERNEL)
        for path, policy, reduce, needle in (("o.digest", "fill", False, "digest"), ("r.txt", "fill", True, "reduction")):
            with self.subTest(path):
                self.write("job.toml", self.job(path, "map", policy, reduce).replace('"var"', '"argmin"'))
                self.assertEqual(self.run_broken([7], "-q").code, 1)
                refused = self.run_args("--retry-failed", "job.toml")
                self.assertEqual(refused.code, 78, str(refused))
                self.assertIn(needle, refused.err)

    def test_a_fixed_kernel_is_tried_after_stop(self):
        self.write("k.py", KERNEL)
        self.write("job.toml", self.job("o.txt", "map", "stop"))
        self.assertEqual(self.run_broken([123]).code, 1)
        self.write("k.py", FIXED)
        refused = self.run_args("--resume", "job.toml")
        self.assertEqual(refused.code, 78, str(refused))
        self.assertRegex(refused.err, r"kernel\.content: was .* is ")
        result = self.run_args("--retry-failed", "job.toml")
        self.assertEqual(result.code, 0, str(result))
        self.assertIn("the kernel has changed", result.err)
        self.assertEqual(self.content("o.txt", "map"), "".join(f"{x * x}\n" for x in range(ITEMS)).encode())

    def test_what_differs_is_named_with_both_values(self):
        self.write("k.py", KERNEL)
        self.write("job.toml", self.job("o.txt", "map", "stop"))
        self.assertEqual(self.run_broken([123]).code, 1)
        for option, needle in (("input.range=[0, 400]", "input.range: was [0, 500], is [0, 400]"), ('errors.on_error="skip"', 'errors.on_error: was "stop", is "skip"'),
                               ("output.index=true", "output.index: was false, is true"), ("kernel.seed=3", "kernel.seed")):
            result = self.run_args("--resume", "-s", option, "job.toml")
            self.assertEqual(result.code, 78, str(result))
            self.assertIn(needle, result.err)
        self.write("broken", "")
        same = self.run_args("--resume", "-t", "3", "-s", "pool.chunk_size=1", "-s", 'pool.schedule="static"', "job.toml")
        self.assertEqual(same.code, 0, str(same))
        self.assertRegex(same.err, r"500 items, \d+ of them from before,")

    def test_work_is_not_discarded_without_a_word(self):
        self.write("k.py", KERNEL)
        self.write("job.toml", self.job("o.txt", "map", "stop"))
        self.assertEqual(self.run_broken([123], "-s", "checkpoint.interval=\"1 us\"").code, 1)
        before = (self.dir / "o.txt.part").read_bytes()
        refused = self.run_broken([], "-s", "checkpoint.interval=\"1 us\"")
        self.assertEqual(refused.code, 73, str(refused))
        self.assertRegex(refused.err, r"\d+ of 500 items .*--resume goes on, --restart begins anew")
        self.assertEqual((self.dir / "o.txt.part").read_bytes(), before)
        again = self.run_args("--restart", "job.toml")
        self.assertEqual(again.code, 0, str(again))
        self.assertNotIn("before", again.err)

    def test_status_tells_what_a_checkpoint_holds(self):
        self.write("k.py", KERNEL)
        self.write("job.toml", self.job("o.csv", "imap", "skip"))
        self.assertEqual(self.run_broken([1, 2, 3]).code, 1)
        text = self.run_args("--status", "o.csv.checkpoint")
        self.assertEqual(text.code, 0, str(text))
        self.assertRegex(text.text, r"complete with failed items, 500 of 500 items in .* and 1 run\n")
        told = json.loads(self.run_args("--status", "o.csv.checkpoint", "--json").text)
        self.assertEqual((told["items"], told["done"], told["failed"], told["exit_code"], told["ranges"]), (500, 500, 3, 1, [[0, 499]]))
        self.assertEqual(told["manifest"]["errors.on_error"], '"skip"')

    def test_status_finds_the_checkpoint_of_an_output(self):
        self.write("k.py", KERNEL)
        self.write("job.toml", self.job("o.csv", "imap", "skip"))
        (self.dir / "far").mkdir()
        (self.dir / "o.csv").symlink_to("far/real.csv")
        self.assertEqual(self.run_broken([1]).code, 1)
        (self.dir / "link").symlink_to("o.csv")
        for name in ("o.csv", "link", "far/real.csv", "far/real.csv.checkpoint"):
            told = json.loads(self.run_args("--status", name, "--json").text)
            self.assertEqual((told["checkpoint"].endswith("far/real.csv.checkpoint"), told["done"]), (True, 500), name)
        self.write("job.toml", self.job("map.csv", "map", "stop"))
        self.assertEqual(self.run_broken([123]).code, 1)
        self.assertFalse((self.dir / "map.csv").exists())
        self.assertRegex(self.run_args("--status", "map.csv").text, r"^map.csv.checkpoint: unfinished, \d+ of 500 items")

    def test_status_without_a_checkpoint_says_so(self):
        for name, content, code in (("rows.txt", "1\n2\n", 65), ("long.txt", "row\n" * 100, 65), ("none", None, 66)):
            if content is not None:
                self.write(name, content)
            result = self.run_args("--status", name)
            self.assertEqual((result.code, result.text), (code, ""))
            self.assertRegex(result.err, f"^pengine: --status: .*{name}.* (no|nor a checkpoint) {name}.checkpoint")

    def test_a_complete_job_that_was_kept_has_nothing_left(self):
        job = toml(mode="map", input={"range": [0, 100]}, kernel={"name": "square"}, output={"path": "o.npy"}, checkpoint={"keep": True})
        self.good(job)
        result = self.good(job, "--resume")
        self.assertIn("the job is complete", result.err)
        numpy.testing.assert_array_equal(numpy.load(self.dir / "o.npy"), numpy.arange(100) ** 2)
        (self.dir / "o.npy").unlink()
        gone = self.run_job(job, "--resume")
        self.assertEqual(gone.code, 73, str(gone))
        self.assertIn("it was removed", gone.err)

    def test_a_job_with_more_items_at_its_end_goes_on(self):
        for path in ("o.npy", "o.csv", "o.csv.gz"):
            with self.subTest(path):
                self.good(toml(mode="map", input={"range": [0, 100]}, kernel={"name": "square"}, output={"path": path}, checkpoint={"keep": True}))
                result = self.good(toml(mode="map", input={"range": [0, 250]}, kernel={"name": "square"}, output={"path": path}), "--resume")
                self.assertIn("250 items, 100 of them from before", result.err)
        numpy.testing.assert_array_equal(numpy.load(self.dir / "o.npy"), numpy.arange(250) ** 2)
        self.assertEqual((self.dir / "o.csv").read_text(), "result\n" + "".join(f"{i * i}\n" for i in range(250)))
        self.assertEqual(gzip.decompress((self.dir / "o.csv.gz").read_bytes()), (self.dir / "o.csv").read_bytes())
        for name, start in (("in.csv", "x\n"), ("in.txt", "")):
            with self.subTest(name):
                job = toml(mode="imap", input={"path": name}, kernel={"expr": "x * 3", "signature": "(int64) -> int64"},
                           output={"path": "o.txt"}, checkpoint={"keep": True})
                self.write(name, start + "".join(f"{i}\n" for i in range(50)))
                self.good(job)
                self.write(name, start + "".join(f"{i}\n" for i in range(80)))
                self.good(job, "--resume")
                self.assertEqual((self.dir / "o.txt").read_text(), "".join(f"{3 * i}\n" for i in range(80)))
                self.write(name, start + "7\n" + "".join(f"{i}\n" for i in range(1, 90)))
                changed = self.run_job(job, "--resume")
                self.assertEqual(changed.code, 78, str(changed))
                self.assertRegex(changed.err, r"input\.content: was .*bytes.*, is .*bytes")

    def test_a_part_that_is_not_ours_and_a_damaged_checkpoint_are_refused(self):
        job = toml(mode="map", input={"range": [0, 100]}, kernel={"name": "square"}, output={"path": "o.npy"}, checkpoint={"keep": True})
        self.good(job)
        data = (self.dir / "o.npy.checkpoint").read_bytes()
        for cut in (30, len(data) // 3, len(data) - 10):
            self.write("o.npy.checkpoint", data[:cut])
            result = self.run_job(job, "--resume")
            self.assertIn(result.code, (0, 73), str(result))
            numpy.testing.assert_array_equal(numpy.load(self.dir / "o.npy"), numpy.arange(100) ** 2)


if __name__ == "__main__":
    main()
