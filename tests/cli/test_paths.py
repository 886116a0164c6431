# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""A file that the job reads is never written, no file is written twice, and a missing folder is found before the run.

Design: each case compares all files before and after, so that "refused" means that nothing was touched.
"""
import os
import subprocess

from harness import Case, HAS_MPI, PATIENCE, binary, main, toml

SQUARE = {"expr": "x * x"}
DIFFERENT = "write to another file"


class Paths(Case):
    def untouched(self, job, code, *needles, options=(), **how):
        """The job is refused, and every file is as it was."""
        self.write("job.toml", job)
        before = {path: (self.dir / path).read_bytes() for path in self.everything() if (self.dir / path).is_file()}
        self.refuse(job, code, *needles, options=options, **how)
        after = {path: (self.dir / path).read_bytes() for path in self.everything() if (self.dir / path).is_file()}
        self.assertEqual(after, before)

    def files(self):
        self.write("in.txt", "1\n2\n3\n")
        os.link(self.dir / "in.txt", self.dir / "hard.txt")
        os.symlink("in.txt", self.dir / "soft.txt")
        (self.dir / "sub").mkdir()

    def test_input_is_not_written_by_any_key_under_any_name(self):
        self.files()
        base = {"input": {"path": "in.txt", "format": "txt", "dtype": "int64"}, "kernel": SQUARE}
        for name in ("in.txt", "./in.txt", "sub/../in.txt", "hard.txt", "soft.txt", str(self.dir / "in.txt")):
            for mode in ("map", "imap"):
                job = toml(mode=mode, output={"path": name, "format": "txt"}, **base)
                self.untouched(job, 78, "output.path", "input.path", DIFFERENT)
            self.untouched(toml(errors={"log": name}, output={"path": "o.txt"}, **base), 78, "errors.log", "input.path")
            self.untouched(toml(reduce={"op": "sum", "path": name}, **base), 78, "reduce.path", "input.path")

    def test_second_input_is_named_by_its_number(self):
        self.files()
        job = toml(mode="starmap", input=[{"range": [0, 3]}, {"path": "in.txt", "dtype": "int64"}],
                   kernel={"expr": "x + y"}, output={"path": "soft.txt"})
        self.untouched(job, 78, "output.path", "path of input 2")

    def test_job_file_and_kernel_files_are_not_written(self):
        self.write("f.c", "long f(long x) { return x; }\n")
        self.write("f.py", "def f(x):\n    return x\n")
        base = {"input": {"range": [0, 3]}}
        source = {"source": "f.c", "function": "f", "signature": "(int64) -> int64"}
        for kernel, name, key in ((SQUARE, "job.toml", "the job file"), (source, "f.c", "kernel.source"),
                                  ({"python": "f.py:f"}, "f.py", "kernel.python")):
            self.untouched(toml(kernel=kernel, output={"path": name, "format": "txt"}, **base), 78, "output.path", key)
            self.untouched(toml(kernel=kernel, errors={"log": name}, **base), 78, "errors.log", key)
            self.untouched(toml(kernel=kernel, **base), 78, "output.path", key, options=("-o", name))

    def test_kernel_is_found_beside_the_job_file(self):
        self.write("jobs/f.c", "long f(long x) { return x; }\n")
        kernel = {"source": "f.c", "function": "f", "signature": "(int64) -> int64"}
        job = toml(input={"range": [0, 3]}, kernel=kernel, output={"path": "jobs/f.c", "format": "txt"})
        self.write("jobs/job.toml", job)
        before = self.everything()
        self.check_refused(self.run_args("jobs/job.toml"), 78, ("output.path", "kernel.source"), before)

    def test_log_is_not_the_output(self):
        self.files()
        for name in ("new.txt", "./new.txt", "sub/../new.txt"):
            for mode in ("map", "imap"):
                job = toml(mode=mode, input={"range": [0, 3]}, kernel=SQUARE, output={"path": "new.txt"},
                           errors={"log": name})
                self.untouched(job, 78, "output.path", "errors.log", "written too")
        os.symlink("later.txt", self.dir / "dangling.txt")
        job = toml(input={"range": [0, 3]}, kernel=SQUARE, output={"path": "dangling.txt"}, errors={"log": "later.txt"})
        self.untouched(job, 78, "output.path", "errors.log")

    def test_part_file_is_neither_input_nor_log(self):
        self.write("out.txt.part", "1\n2\n")
        job = toml(input={"path": "out.txt.part", "format": "txt", "dtype": "int64"}, kernel=SQUARE,
                   output={"path": "out.txt"})
        self.untouched(job, 78, "output.path", "out.txt.part", "input.path")
        job = toml(input={"range": [0, 3]}, kernel=SQUARE, output={"path": "out.txt"}, errors={"log": "out.txt.part"})
        self.untouched(job, 78, "output.path", "errors.log")

    def test_stdin_that_is_the_output_is_refused(self):
        path = self.write("in.txt", "1\n2\n3\n")
        self.write("job.toml", toml(mode="imap", input={"path": "-", "format": "txt", "dtype": "int64"}, kernel=SQUARE,
                                    output={"path": "in.txt"}))
        pipe = f'exec "{binary()}" job.toml <in.txt'
        result = subprocess.run(["sh", "-c", pipe], cwd=self.dir, capture_output=True, timeout=PATIENCE, check=False)
        self.assertEqual((result.returncode, path.read_bytes()), (78, b"1\n2\n3\n"), result.stderr)

    def test_devices_and_other_files_are_fine(self):
        self.files()
        self.good(toml(input={"path": "in.txt", "dtype": "int64"}, kernel=SQUARE, output={"path": "/dev/null"},
                       errors={"log": "/dev/null"}))
        self.good(toml(input={"path": "in.txt", "dtype": "int64"}, kernel=SQUARE, output={"path": "out.txt"},
                       errors={"log": "log.csv"}))
        two = [{"path": "in.txt", "dtype": "int64"}, {"path": "soft.txt", "dtype": "int64"}]
        self.prints(toml(mode="starmap", input=two, kernel={"expr": "x + y"}), "2\n4\n6\n")

    def test_every_rank_refuses(self):
        if not HAS_MPI:
            self.skipTest("no MPI")
        self.files()
        job = toml(input={"path": "in.txt", "dtype": "int64"}, kernel=SQUARE, output={"path": "hard.txt"})
        self.untouched(job, 78, "output.path", "input.path", ranks=3)

    def test_missing_folder_is_found_before_the_run(self):
        self.files()
        base = {"input": {"range": [0, 3]}, "kernel": SQUARE}
        missing = "the directory none does not exist"
        for more, reason in (({"output": {"path": "none/out.txt"}}, missing), ({"errors": {"log": "none/log.csv"}}, missing),
                             ({"reduce": {"op": "sum", "path": "none/sum.txt"}}, missing),
                             ({"output": {"path": "in.txt/out.txt"}}, "Not a directory"),
                             ({"output": {"path": "sub"}}, "Is a directory")):
            for options in (("--check",), ("--plan",), ()):
                self.untouched(toml(**base, **more), 73, "cannot create", reason, options=options)


if __name__ == "__main__":
    main()
