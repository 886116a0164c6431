# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Several ranks: inputs that only rank 0 can open, messages from rank 0 alone, options that run nothing, relative paths.

Expected values: Python's integers and numpy.
"""
import os
import subprocess
import sys

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from harness import OVERSUBSCRIBE, Case, binary, environment, finish, lines, main, squares, toml  # noqa: E402

ITEMS = 20_000


class Long(Case):
    """Enough items to fill the window before the members begin: rank 0 waits for them, then goes on."""

    def test_rank_zero_ahead_of_the_others_keeps_the_order(self):
        items = 10_000_000
        for mode in ("map", "imap"):
            with self.subTest(mode):
                job = squares(items, mode, output={"path": "out.npy"}, pool={"memory": "4 MiB"})
                self.good(job, "-t", "2", ranks=3)
                numpy.testing.assert_array_equal(numpy.load(self.dir / "out.npy"), numpy.arange(items) ** 2)


class OnlyRankZero(Case):
    """Each rank starts in its own folder; only the folder of rank 0 has the input."""

    def run_apart(self, job, files, ranks=3, stdin=None):
        for rank in range(ranks):
            (self.dir / str(rank)).mkdir(exist_ok=True)
        for name, content in files.items():
            self.write(f"0/{name}", content)
        self.write("job.toml", job)
        argv = [os.environ.get("MPIEXEC") or "mpirun", *OVERSUBSCRIBE]
        for rank in range(ranks):
            argv += [":"] * (rank > 0) + ["-n", "1", "--wdir", str(self.dir / str(rank)), binary(), str(self.dir / "job.toml")]
        process = subprocess.Popen(argv, env=environment(ranks=3), start_new_session=True, stdin=-3 if stdin is None else -1,
                                   stdout=-1, stderr=-1)
        result = finish(process, stdin)
        self.assertEqual(result.code, 0, str(result))
        return result

    def test_files_of_rank_zero_reach_the_others(self):
        values = numpy.random.default_rng(1).integers(-10**6, 10**6, ITEMS)
        csv = "x,t\n" + "".join(f'{v},"{"q" * (i % 9)}\n"\n' for i, v in enumerate(values))
        wanted = lines((values**2).tolist())
        for name, content, table in (("x.npy", values, {}), ("x.raw", values.tobytes(), {"dtype": "int64"}),
                                     ("x.csv", csv, {"columns": ["x"]}), ("x.txt", lines(values), {"dtype": "int64"})):
            for mode in ("map", "imap"):
                with self.subTest((name, mode)):
                    job = toml(mode=mode, input={"path": name, **table}, kernel={"name": "square"}, pool={"chunk_size": 300})
                    self.assertEqual(self.run_apart(job, {name: content}).text, wanted)

    def test_other_file_of_the_same_name_is_not_read(self):
        values = numpy.arange(ITEMS)
        for rank in (1, 2):
            self.write(f"{rank}/x.npy", values + 7)
        job = toml(mode="imap", input={"path": "x.npy"}, kernel={"name": "square"}, pool={"chunk_size": 100})
        self.assertEqual(self.run_apart(job, {"x.npy": values}).text, lines((values**2).tolist()))

    def test_other_file_of_equal_size_time_and_ends_is_not_read(self):
        values = numpy.arange(60_000)
        other = numpy.concatenate([values[:20_000], values[20_000:40_000] + 7, values[40_000:]])
        self.write("0/x.npy", values)
        facts = (self.dir / "0/x.npy").stat()
        for rank in (1, 2):
            path = self.write(f"{rank}/x.npy", other)
            os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
        job = toml(mode="imap", input={"path": "x.npy"}, kernel={"name": "square"}, pool={"chunk_size": 500, "schedule": "static"})
        self.assertEqual(self.run_apart(job, {}).text, lines((values**2).tolist()))

    def test_product_of_files_of_rank_zero_is_whole(self):
        x, y = numpy.arange(-50, 70), numpy.arange(90)
        job = toml(mode="starmap", combine="product", input=[{"path": "x.npy"}, {"path": "y.csv"}],
                   kernel={"name": "sum_of_squares"}, pool={"chunk_size": 77})
        got = self.run_apart(job, {"x.npy": x, "y.csv": "y\n" + lines(y)})
        self.assertEqual(got.text, lines(numpy.add.outer(x**2, y**2).ravel().tolist()))

    def test_glob_of_rank_zero_counts(self):
        files = {f"f{i:02}.dat": "" for i in range(30)}
        job = toml(mode="imap", input={"glob": "*.dat"}, kernel={"name": "text_upper"}, pool={"chunk_size": 1})
        self.assertEqual(self.run_apart(job, files).text, lines(sorted(name.upper() for name in files)))

    def test_output_lies_where_rank_zero_is(self):
        job = toml(mode="map", input={"range": [0, ITEMS]}, kernel={"name": "square"}, output={"path": "out.npy"})
        self.run_apart(job, {})
        numpy.testing.assert_array_equal(numpy.load(self.dir / "0/out.npy"), numpy.arange(ITEMS) ** 2)
        self.assertEqual([path for rank in (1, 2) for path in (self.dir / str(rank)).iterdir()], [])

    def test_job_file_that_only_rank_zero_sees_is_enough(self):
        self.write("0/job.toml", squares(100, "imap"))
        for rank in (1, 2):
            (self.dir / str(rank)).mkdir()
        argv = [os.environ.get("MPIEXEC") or "mpirun", *OVERSUBSCRIBE]
        for rank in range(3):
            argv += [":"] * (rank > 0) + ["-n", "1", "--wdir", str(self.dir / str(rank)), binary(), "job.toml"]
        result = finish(subprocess.Popen(argv, env=environment(ranks=3), start_new_session=True, stdin=-3, stdout=-1, stderr=-1))
        self.assertEqual((result.code, result.text), (0, lines(x * x for x in range(100))), str(result))


class Talk(Case):
    def test_summary_is_said_once(self):
        result = self.good(squares(1000, "imap"), "-t", "1", ranks=3)
        said = [line for line in result.err.splitlines() if "items/s" in line]
        self.assertEqual(len(said), 1, result.err)
        self.assertRegex(said[0], r"\b3 (ranks )?x 1\b")

    def test_quiet_run_is_silent(self):
        self.assertEqual(self.good(squares(1000), "-q", ranks=2).err, "")

    def test_crowded_ranks_name_the_option_that_mends_it(self):
        result = self.good(squares(1000), "-t", str(4 * os.cpu_count()), ranks=2)
        self.assertRegex(result.err, r"(?i)--(bind-to|map-by)|-n ")
        said = [line for line in result.err.splitlines() if "--bind-to" in line or "--map-by" in line]
        self.assertLessEqual(len(said), 1)

    def test_plan_tells_the_ranks_and_runs_nothing(self):
        result = self.good(squares(10**14, output={"path": "out.npy"}), "--plan", ranks=3)
        self.assertRegex(result.text + result.err, r"(?i)ranks?\D*\b3\b|\b3 ranks?")
        self.assertEqual(self.finished(), ["job.toml"])

    def test_check_under_mpirun_runs_nothing(self):
        self.good(squares(10**14, output={"path": "out.npy"}), "--check", ranks=2)
        self.assertEqual(self.finished(), ["job.toml"])

    def test_large_slices_travel_whole(self):
        values = numpy.random.default_rng(3).normal(size=3_000_000)
        self.write("x.npy", values)
        for schedule in ("static", "dynamic"):
            with self.subTest(schedule):
                saved = self.saves(toml(mode="imap", input={"path": "x.npy"}, kernel={"name": "square"},
                                        output={"path": "out.npy"}, pool={"schedule": schedule, "chunk_size": 1_000_000}),
                                   "out.npy", ranks=3)
                numpy.testing.assert_array_equal(saved, values * values)


if __name__ == "__main__":
    main()
