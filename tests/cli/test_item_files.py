#!/usr/bin/env python3
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""One file per item: output.path = "results/{index}.txt"."""
import os
import signal
import sys
import time

import numpy

from harness import Case, finish, main, needs_mpi, squares, start, toml


def echo(path, values, words=("printf", "%s", "{}"), **more):
    return toml(mode="imap", input={"values": values}, kernel={"command": list(words), **more.pop("kernel", {})}, output={"path": path}, **more)


class FilesCase(Case):
    def files(self, folder="results"):
        """Path below the folder -> bytes, of all files that are there but the checkpoint."""
        root = self.dir / folder
        return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*")
                if path.is_file() and ".checkpoint" not in path.name}

    def checkpoints(self):
        return [name for name in self.everything() if "checkpoint" in name and not name.endswith(".spill")]


class Files(FilesCase):
    def test_each_item_has_its_file(self):
        expected = {f"{i}.txt": f"{i * i}\n".encode() for i in range(200)}
        for options in ((), ("-t", "3"), ("-s", "pool.chunk_size=7"), ("-s", 'mode="imap_unordered"')):
            with self.subTest(options):
                self.assertEqual(self.good(squares(200, output={"path": "results/{index}.txt"}), *options).out, b"")
                self.assertEqual(self.files(), expected)
                self.assertEqual(self.everything(), sorted(["job.toml", "results", *(f"results/{name}" for name in expected)]))

    def test_parts_have_checkpoints_of_their_own(self):
        job = toml(input={"range": [0, 9]}, kernel={"expr": "6 / (x % 4)"}, output={"path": "results/{index}.txt"}, errors={"on_error": "skip"})
        for part in ("1/2", "2/2"):
            self.assertEqual(self.run_job(job, "-s", f'part="{part}"').code, 1)
        self.assertEqual([name for name in self.checkpoints() if name.endswith("checkpoint")],
                         ["results/job.1-of-2.checkpoint", "results/job.2-of-2.checkpoint"])
        self.assertEqual(sorted(self.files()), [f"{i}.txt" for i in range(9) if i % 4])

    @needs_mpi
    def test_each_rank_writes_those_that_it_computed(self):
        job = squares(300, output={"path": "deep/er/{index:05}/x.txt"}, pool={"chunk_size": 10, "threads": 1})
        self.good(job, ranks=3)
        self.assertEqual(self.files("deep/er"), {f"{i:05}/x.txt": f"{i * i}\n".encode() for i in range(300)})
        self.write("lines", "".join(f"{i}\n" for i in range(100)))
        self.good(toml(mode="imap", input={"path": "-"}, kernel={"name": "square"}, output={"path": "res/{#}.{1}"}), ranks=3,
                  stdin=(self.dir / "lines").read_bytes())
        self.assertEqual(self.files("res"), {f"{i + 1}.{i}": f"{i * i}\n".encode() for i in range(100)})

    def test_names_are_made_as_for_programs(self):
        values = ["a/x.tar.gz", "b/y.c", "z"]
        self.good(echo("results/{/.}-{#}-{{}}.out", values))
        self.assertEqual(self.files(), {"x.tar-1-{}.out": b"a/x.tar.gz", "y-2-{}.out": b"b/y.c", "z-3-{}.out": b"z"})
        self.good(echo("by/{//}/{.}.out", values))
        self.assertEqual(self.files("by"), {"a/a/x.tar.out": b"a/x.tar.gz", "b/b/y.out": b"b/y.c", "z.out": b"z"})
        job = toml(mode="istarmap", input=[{"range": [0, 2]}, {"values": ["p", "q"]}], kernel={"command": ["echo", "{1}"]}, combine="product",
                   output={"path": "two/{2}{1}.txt"})
        self.good(job)
        self.assertEqual(self.files("two"), {f"{b}{a}.txt": f"{a}\n".encode() for a in range(2) for b in "pq"})

    def test_each_format_is_a_whole_file(self):
        two = {"input": {"range": [0, 3]}, "kernel": {"command": ["echo", "{}", "0.5"], "signature": "(int64) -> (int64, float64)"}}
        self.good(toml(**two, output={"path": "csv/{index}.csv", "names": ["a", "b"], "index": True}))
        self.assertEqual(self.files("csv"), {f"{i}.csv": f"index,a,b\n{i},{i},0.5\n".encode() for i in range(3)})
        self.good(toml(**two, output={"path": "npy/{index}.npy"}))
        for i in range(3):
            array = numpy.load(self.dir / f"npy/{i}.npy")
            self.assertEqual((array.shape, array[0].tolist()), ((1,), (i, 0.5)))
        self.write("v.npy", numpy.arange(6.0).reshape(2, 3))
        self.good(toml(input={"path": "v.npy"}, kernel={"command": ["echo", "{}"], "signature": "(float64[3]) -> float64[3]"},
                       output={"path": "vec/{index}.npy"}))
        self.assertEqual([numpy.load(self.dir / f"vec/{i}.npy").tolist() for i in range(2)], [[0, 1, 2], [3, 4, 5]])
        self.good(toml(**two, output={"path": "plain/{index}"}))
        self.assertEqual(self.files("plain")["2"], b"2 0.5\n")
        self.good(echo("bytes/{index}.png", ["a", "b"], ("printf", "\\211PNG %s\\n", "{}")))
        self.assertEqual(self.files("bytes"), {"0.png": b"\x89PNG a\n", "1.png": b"\x89PNG b\n"})

    def test_failed_items_have_no_file_or_their_fill(self):
        job = toml(input={"range": [0, 4]}, kernel={"expr": "6 / (x - 2)"}, output={"path": "results/{index}.txt"})
        result = self.run_job(job, "-t", "1")
        self.assertEqual((result.code, sorted(self.files())), (1, ["0.txt", "1.txt"]), str(result))
        self.assertEqual(self.run_job(job, "-s", 'errors={on_error="skip"}').code, 1)
        self.assertEqual(sorted(self.files()), ["0.txt", "1.txt", "3.txt"])
        self.assertEqual(self.run_job(job, "-s", 'errors={on_error="fill", fill=-1}').code, 1)
        self.assertEqual(self.files()["2.txt"], b"-1\n")
        self.assertEqual(self.checkpoints(), ["results/job.checkpoint", "results/job.checkpoint.failed"])

    def test_earlier_file_stays_until_the_new_one_is_whole(self):
        self.write("results/0.txt", "earlier, and longer\n")
        self.write("results/other", "mine\n")
        self.write("results/1.txt", "1\n")
        self.good(squares(3, output={"path": "results/{index}.txt"}))
        self.assertEqual(self.files(), {"0.txt": b"0\n", "1.txt": b"1\n", "2.txt": b"4\n", "other": b"mine\n"})

    def test_files_of_a_killed_run_are_whole(self):
        text = "x" * 300_000
        job = toml(mode="imap", input={"range": [0, 10**6]}, kernel={"command": ["sh", "-c", f"printf '%0300000d' $0", "{}"]},
                   output={"path": "results/{index}.txt"})
        self.write("job.toml", job)
        for end, code in ((signal.SIGKILL, -9), (signal.SIGINT, 75)):
            process = start(["-q", "job.toml"], 0, cwd=self.dir)
            while len(list(self.dir.glob("results/*.txt"))) < 20:
                time.sleep(0.02)
            process.send_signal(end)
            result = finish(process)
            self.assertEqual(result.code, code, str(result))
            whole = {name: data for name, data in self.files().items() if not name.startswith(".")}
            self.assertGreaterEqual(len(whole), 20)
            for name, data in whole.items():
                self.assertEqual(data, f"{name[:-4]:0>{len(text)}}\n".encode(), name)
            if end == signal.SIGINT:
                self.assertEqual([name for name in self.files() if name.startswith(".")], left)
                self.assertRegex(result.err, "--resume -q job.toml goes on")
            left = [name for name in self.files() if name.startswith(".")]  # the killed workers' unfinished ones
            self.assertLessEqual(len(left), os.cpu_count())
            for name in whole:
                (self.dir / "results" / name).unlink()


class Names(FilesCase):
    def test_name_that_comes_twice_is_refused_with_both_items(self):
        values = [f"n{i}" for i in range(400)]
        values[377] = values[5]
        for options in ((), ("-t", "3", "-s", "pool.chunk_size=5")):
            result = self.run_job(toml(mode="imap", input={"values": values}, kernel={"expr": "length(x)"}, output={"path": "results/{}.txt"}),
                                  *options)
            self.assertEqual((result.code, result.out), (78, b""), str(result))
            self.assertEqual(self.files(), {})
            self.assertRegex(result.err, r"output\.path: the files of item 5 and item 377 have one name.*\{index\}")
        stream = self.run_args("-o", "res/{}", "--", "cat", stdin="".join(f"{value}\n" for value in values).encode())
        self.assertEqual(stream.code, 78)
        self.assertIn("item 5 and item 377", stream.err)
        self.good(echo("good/{}-{index}.txt", values[:300], ("cat",)), "-s", "pool.chunk_size=100")
        self.assertEqual(len(self.files("good")), 300)

    def test_name_that_comes_twice_is_refused_before_the_first_item(self):
        self.write("in/a.txt", "a\n")
        self.write("more/a.txt", "b\n")
        self.write("names.txt", "x\ny\nx\n")
        twice = {"glob": "*/a.txt"}, {"values": ["x", "y", "x"]}, {"path": "names.txt"}, {"values": [1.5, 2.5, 1.5]}
        for given in twice:
            job = toml(input=given, kernel={"command": ["sh", "-c", "touch ran; cat", "{}"]}, output={"path": "results/{/.}.txt"})
            for options in ((), ("--check",)):
                self.refuse(job, 78, f"item 0 and item {1 if 'glob' in given else 2} have one name, \"results/", options=options)
        self.good(toml(input={"values": [1, 2, 1]}, kernel={"expr": "x", "where": "i < 2"}, output={"path": "results/{}.txt"}))

    def test_name_that_comes_twice_is_refused_after_a_resume(self):
        values = [f"n{i}" for i in range(400)]
        values[377] = values[5]
        self.write("k.py", "import pathlib\ndef f(x):\n    assert x != 'n300' or pathlib.Path('fixed').exists()\n    return x\n")
        job = toml(mode="imap", input={"values": values}, output={"path": "results/{}.txt"},
                   kernel={"python": "k.py:f", "signature": "(text) -> text", "interpreter": sys.executable, "where": "length(x) > 0"})
        self.assertEqual(self.run_job(job, "-s", "pool.chunk_size=10").code, 1)
        self.assertEqual(self.checkpoints(), ["results/job.checkpoint", "results/job.checkpoint.names"])
        self.write("fixed", "")
        again = self.run_job(job, "--resume", "-t", "3")
        self.assertEqual(again.code, 78, str(again))
        self.assertRegex(again.err, "goes on after (29.|3..) of 400 items(.|\n)*the files of item 5 and item 377 have one name")

    @needs_mpi
    def test_name_that_comes_twice_is_refused_on_ranks(self):
        result = self.run_job(toml(mode="imap", input={"values": [f"n{i % 77}" for i in range(78)]}, kernel={"expr": "length(x)"},
                                   output={"path": "results/{}"}, pool={"chunk_size": 3}), ranks=3)
        self.assertEqual(result.code, 78, str(result))
        self.assertIn("item 0 and item 77", result.err)

    def test_name_that_is_none_fails_its_item(self):
        reasons = {"../a": r'"\.\."', "x" * 256: "255 bytes", "b/": "no name"}
        for value, reason in reasons.items():
            result = self.run_job(echo("results/{}", ["good", value], ("printf", "%s", "{}"), errors={"on_error": "skip"}))
            self.assertEqual((result.code, self.files()), (1, {"good": b"good"}), str(result))
            self.assertRegex(result.err, reason)
        self.write("in/a.txt", "a\n")
        result = self.run_job(toml(input={"glob": "in/*"}, kernel={"command": ["cat", "{}"]}, output={"path": "{}"}))
        self.assertEqual((result.code, (self.dir / "in/a.txt").read_text()), (1, "a\n"))
        self.assertIn("replace the file that it is made of", result.err)
        self.good(toml(input={"glob": "in/*"}, kernel={"command": ["cat", "{}"]}, output={"path": "{.}.out"}))
        self.assertEqual((self.dir / "in/a.out").read_text(), "a\n")

    def test_wrong_jobs_are_refused(self):
        for path, code, needles in (("r/{2}.txt", 78, [r"\{2\}", "1 argument"]), ("r/{%}.txt", 78, [r"\{%\}"]),
                                    ("r/{index}.digest", 78, ["digest", "one file per item"]), ("r/{index}.dat", 78, ["suffix", "format"]),
                                    ("r/{index}.gz", 78, [r"\.gz|suffix"])):
            self.refuse(squares(3, output={"path": path}), code, *needles)
        self.write("file", "")
        self.refuse(squares(3, output={"path": "file/{index}.txt"}), 73, "file", "directory")
        self.refuse(squares(3, output={"path": "file/{index}.txt"}), 73, "file", "directory", options=("--check",))
        self.good(squares(3, output={"path": "new/er/{index}.txt"}), "--check")
        self.assertFalse((self.dir / "new").exists())
        self.assertEqual(self.saves(squares(2, output={"path": "a{b}.txt"}), "a{b}.txt"), b"0\n1\n")

    def test_file_that_cannot_be_made_ends_the_run(self):
        self.write("job.toml", squares(3, output={"path": "results/{index}.txt"}))
        (self.dir / "results/1.txt").mkdir(parents=True)
        result = self.run_args("job.toml", "-t", "1")
        self.assertEqual(result.code, 73, str(result))
        self.assertRegex(result.err, r"item 1: cannot create results/1\.txt: .*directory")


if __name__ == "__main__":
    main()
