# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""A disk that is full: exit 74 and one message; map leaves nothing, imap a correct prefix.

Design: three ways to a full disk. A tmpfs of one MiB where the tests may mount one; RLIMIT_FSIZE with SIGXFSZ ignored
(the write fails with EFBIG) everywhere; /dev/full for outputs that are no regular file.
"""
import os
import pathlib
import resource
import signal
import subprocess
import sys

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from harness import Case, HAS_MPI, finish, main, squares, start, toml  # noqa: E402

ITEMS = 3_000_000
ROOM = 1 << 20


def no_more_than_room():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, ROOM))


class Output(Case):
    def names_the_output(self, result, name):
        self.assertEqual((result.code, result.out), (74, b""), str(result))
        message = self.message(result)
        self.assertIn(name, message)
        self.assertEqual(result.err.count(message), 1)


class Full(Output):
    """Under a limit on the size of any file, which mpirun itself does not survive."""

    RANKS = (0,)
    LIMIT = staticmethod(no_more_than_room)

    def limited(self, job, ranks=0):
        for path in self.dir.glob("out.*"):
            path.unlink()
        return self.again(job, ranks)

    def again(self, job, ranks=0):
        self.write("job.toml", job)
        return finish(start(["job.toml"], ranks, cwd=self.dir, preexec_fn=self.LIMIT))

    def is_prefix(self, path):
        """What a growing output holds is a correct beginning, made of whole records."""
        if not path.exists():
            return 0
        if path.suffix == ".npy":
            saved = numpy.load(path)
            numpy.testing.assert_array_equal(saved, numpy.arange(len(saved)) ** 2)
            return len(saved)
        if path.suffix == ".raw":
            data = path.read_bytes()
            saved = numpy.frombuffer(data[:len(data) // 8 * 8], "<i8")
            numpy.testing.assert_array_equal(saved, numpy.arange(len(saved)) ** 2)
            self.assertEqual(len(data) % 8, 0, "a record was cut")
            return len(saved)
        text = path.read_text()
        rows = text.splitlines()
        head = ["result"] if path.suffix == ".csv" else []
        self.assertEqual(rows, (head + [str(x * x) for x in range(len(rows))])[:len(rows)])
        self.assertTrue(text.endswith("\n"), "a record was cut")
        return len(rows)

    def test_map_leaves_nothing_under_the_final_name(self):
        for name in ("out.txt", "out.csv", "out.npy", "out.raw"):
            for ranks in self.RANKS if name == "out.npy" else (0,):
                with self.subTest((name, ranks)):
                    self.names_the_output(self.limited(squares(ITEMS, "map", output={"path": name}), ranks), name)
                    self.assertFalse((self.dir / name).exists())
                    left = [file for file in self.everything() if not file.endswith(".checkpoint.spill")]
                    self.assertIn(left, (["job.toml"], ["job.toml", name + ".checkpoint", name + ".part"]))
                    for path in self.dir.glob(name + "*"):
                        path.unlink()

    def test_imap_leaves_a_correct_prefix(self):
        for name in ("out.txt", "out.csv", "out.npy", "out.raw"):
            for ranks in self.RANKS if name == "out.npy" else (0,):
                with self.subTest((name, ranks)):
                    self.names_the_output(self.limited(squares(ITEMS, "imap", output={"path": name}), ranks), name)
                    least = 1001 if name != "out.npy" else 0  # its rows need no order: the first may find the disk full
                    self.assertGreaterEqual(self.is_prefix(self.dir / name), least)
                    self.assertFalse((self.dir / (name + ".part")).exists())

    def test_result_of_an_earlier_run_stays_until_there_is_a_new_one(self):
        earlier = b"earlier " * 100
        for mode in ("map", "imap"):
            self.write("out.raw", earlier)
            self.names_the_output(self.again(squares(ITEMS, mode, output={"path": "out.raw"})), "out.raw")
            self.assertEqual((self.dir / "out.raw").read_bytes() == earlier, mode == "map")


class SmallDisk(Full):
    """The same on a real file system without room."""

    RANKS = (0, 2) if HAS_MPI else (0,)
    LIMIT = None

    def setUp(self):
        super().setUp()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(self.dir)], capture_output=True)
        if done.returncode != 0:
            self.skipTest("may not mount a tmpfs")
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.dir)])

    def again(self, job, ranks=0):
        result = super().again(job, ranks)
        self.assertRegex(result.err, "(?i)no space left")
        return result

    def test_disk_without_any_room_refuses_the_output(self):
        self.write("filler", b"")
        try:
            with open(self.dir / "filler", "wb") as file:
                file.write(bytes(2 * ROOM))
        except OSError:
            pass
        (self.dir / "job.toml").unlink(missing_ok=True)
        job = pathlib.Path(self.dir.parent) / (self.dir.name + ".toml")
        self.addCleanup(job.unlink)
        job.write_text(toml(input={"range": [0, 10]}, kernel={"name": "square"}, output={"path": "out.txt"}))
        for ranks in self.RANKS:
            result = finish(start([job], ranks, cwd=self.dir))
            self.assertIn(result.code, (73, 74), str(result))
            self.assertEqual(self.everything(), ["filler"])


class Devices(Output):
    def test_device_without_room_is_a_failed_write(self):
        for mode in ("map", "imap", "imap_unordered"):
            for ranks in (0, 2) if HAS_MPI and mode == "imap" else (0,):
                with self.subTest((mode, ranks)):
                    self.write("job.toml", squares(ITEMS, mode, output={"path": "/dev/full", "format": "txt"}))
                    self.names_the_output(finish(start(["job.toml"], ranks, cwd=self.dir)), "/dev/full")

    def test_stdout_without_room_is_a_failed_write(self):
        for mode in ("map", "imap"):
            for items in (10, ITEMS):
                with self.subTest((mode, items)), open("/dev/full", "w") as full:
                    self.write("job.toml", squares(items, mode))
                    result = finish(start(["job.toml"], cwd=self.dir, stdout=full))
                    self.assertEqual(result.code, 74, str(result))
                    self.assertRegex(self.message(result), "stdout")

    def test_digest_that_cannot_be_printed_is_a_failed_write(self):
        with open("/dev/full", "w") as full:
            self.write("job.toml", squares(10, output={"format": "digest"}))
            self.assertEqual(finish(start(["job.toml"], cwd=self.dir, stdout=full)).code, 74)

    def test_dry_option_that_cannot_be_printed_is_a_failed_write(self):
        self.write("job.toml", squares())
        for args in (["--kernels"], ["--help"], ["--version"], ["--print-config", "job.toml"], ["--plan", "job.toml"]):
            with self.subTest(args), open("/dev/full", "w") as full:
                self.assertEqual(finish(start(args, cwd=self.dir, stdout=full)).code, 74)


if __name__ == "__main__":
    main()
