# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Checkpoints that are cut, damaged, of another job or version, or that a full disk has kept from being written: --resume gives the
right bytes, or says in one message why it does not and changes nothing.

Design: a run ends at its time limit and leaves a checkpoint; this state is made anew for each trial, with a damaged checkpoint or
list of failed items. As a test a sample; with PENGINE_FULL=1 a cut at every byte, a bit flipped in each, each write without room.
"""
import concurrent.futures
import errno
import os
import pathlib
import random
import signal
import subprocess
import sys
import time
import unittest

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from disk_jobs import ITEMS, Rig, scenarios, scratch  # noqa: E402
from harness import IS_FULL, IS_SANITIZED, PATIENCE, binary, environment, is_locked, main, toml  # noqa: E402

RECORD = b"peRecrd\n"
WAITING_C = """#include <stdint.h>
#include <time.h>
#include <unistd.h>
int64_t f(int64_t x)
{
    while (x == 0 && access("go", F_OK) != 0)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, 0);
    return 3 * x;
}
"""
INJECTION = os.environ.get("PENGINE_INJECTION", "")
NAMES = ("txt skip", "npy map", "csv map", "gz imap", "reduction", "raw fill")
SAMPLE = 10  # damages of each file in the test, and as many more in ways of which there are few
FULL_DISKS = 1  # writes of each job and call that find the disk full
REFUSALS = (65, 73, 78)


def damages(data, chance):
    """(what, bytes): in the test a sample of each kind, and what is damaged in few ways in all of them."""
    cuts = [(f"cut to {size} bytes", data[:size]) for size in range(1, len(data))]
    bits = [(at, chance.randrange(8)) for at in range(len(data))]
    flips = [(f"bit {bit} of byte {at}", data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1:]) for at, bit in bits]
    holes = [(f"512 zeros at {at}", data[:at] + bytes(min(512, len(data) - at)) + data[at + 512:]) for at in range(0, len(data), 8)]
    tails = [(f"the last {size} bytes twice", data + data[-size:]) for size in range(1, len(data), 7)]
    zeros = [(f"zeros from {at}", data[:at] + bytes(len(data) - at)) for at in range(0, len(data), 16)]
    lost = [(f"64 bytes at {at} are missing", data[:at] + data[at + 64:]) for at in range(0, len(data), 32)]
    noise = [(f"noise {number}", chance.randbytes(len(data))) for number in range(4)]
    few = [("twice", data + data), ("zeros", bytes(len(data))), ("zeros after it", data + bytes(4096)), ("noise after it", data + chance.randbytes(512)),
           ("first sectors last", data[512:] + data[:512]), *noise]
    for kind in (cuts, flips, holes, tails, zeros, lost):
        yield from kind if IS_FULL else chance.sample(kind, min(len(kind), SAMPLE // 5))
    yield from few


class Unfinished(Rig):
    """A job whose run has ended at its time limit."""

    def __init__(self, scenario, root):
        super().__init__(scenario, root)
        for slow in (3, 12, 48):  # a busy machine may finish no item within the first limit
            self.pool.clear()
            code, said = self.run("-q", "--time-limit", f"{slow / 12}s", SLOW=str(slow))
            if code == 75:
                break
        assert code == 75, (scenario.name, code, said)
        self.before = self.pool.take()

    def with_file(self, name, content):
        return {**self.before, name: (self.before[name][0], content)}

    def judge(self, files):
        """What is wrong with a resume from these files, or None."""
        self.pool.make(files)
        code, said = self.run("--resume")
        if code == self.scenario.exit_code and self.is_right():
            return None
        told = [line for line in said.splitlines() if line.startswith("pengine: ")]
        if code not in REFUSALS or len(told) != 1:
            return f"exit {code}: {said}"
        if "--restart" not in said and "move it away" not in said:
            return f"does not tell what to do: {said}"
        if self.pool.take() != files:
            return f"has changed a file, and refused: {said}"
        return None


class Checkpoint(unittest.TestCase):
    def setUp(self):
        root = scratch()
        self.addCleanup(root.cleanup)
        self.root = root.name
        self.jobs = {scenario.name: scenario for scenario in scenarios()}

    def unfinished(self, name, kind=Unfinished):
        folder = os.path.join(self.root, name.replace(" ", "-"))
        os.mkdir(folder)
        return kind(self.jobs[name], folder)

    def try_damages(self, name):
        """How many damages were tried, and what is wrong."""
        unfinished, tried, wrong = self.unfinished(name), 0, []
        for file in sorted({unfinished.scenario.checkpoint, unfinished.scenario.checkpoint + ".failed"} & set(unfinished.before)):
            for what, content in damages(unfinished.before[file][1], random.Random(name)):
                tried += 1
                why = unfinished.judge(unfinished.with_file(file, content))
                wrong += [f"{name}, {file}, {what}: {why}"] if why else []
        return tried, wrong

    def test_damaged_files_give_the_right_bytes_or_a_message(self):
        tried, wrong = 0, []
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
            for count, found in pool.map(self.try_damages, NAMES):
                tried, wrong = tried + count, wrong + found
        print(f"{tried} damaged files, {len(wrong)} findings")
        self.assertFalse(wrong, "\n".join(["", *wrong[:20]]))

    def test_results_that_waited_outlive_a_damaged_record_of_progress(self):
        """Item 0 waits for a file: when the run is killed, all that is done waits for it."""
        folder = pathlib.Path(self.root)
        (folder / "f.c").write_text(WAITING_C)
        for path in ("o.npy", "o.txt"):
            (folder / "job.toml").write_text(toml(mode="map", input={"range": [0, ITEMS]}, output={"path": path},
                                                  kernel={"source": "f.c", "function": "f", "signature": "(int64) -> int64"},
                                                  checkpoint={"interval": "20 ms"}, pool={"chunk_size": 5, "threads": 2}))
            checkpoint = folder / (path + ".checkpoint")
            (folder / "go").unlink(missing_ok=True)
            with subprocess.Popen([binary(), "-q", "job.toml"], cwd=folder, env=environment()) as process:
                while process.poll() is None and not (checkpoint.exists() and checkpoint.read_bytes().count(RECORD) > 1):
                    time.sleep(0.01)
                process.kill()
            data = checkpoint.read_bytes()
            at = data.index(RECORD) + 40
            checkpoint.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1:])
            (folder / "go").touch()
            done = subprocess.run([binary(), "--resume", "job.toml"], cwd=folder, env=environment(), capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            if path == "o.txt":  # rows of npy are in the output, and the record said which file that is
                self.assertRegex(done.stderr, f"{ITEMS} items, [1-9][0-9]* of them from before")
            values = numpy.load(folder / path) if path == "o.npy" else numpy.loadtxt(folder / path, numpy.int64)
            self.assertEqual(values.tolist(), [3 * x for x in range(ITEMS)])

    def test_status_of_a_damaged_checkpoint_is_reported_or_refused(self):
        unfinished = self.unfinished("txt skip")
        path = os.path.join(self.root, "asked")
        for what, content in damages(unfinished.before["o.txt.checkpoint"][1], random.Random(1)):
            with open(path, "wb") as file:
                file.write(content)
            done = subprocess.run([binary(), "--status", path], capture_output=True, timeout=PATIENCE, check=False)
            with self.subTest(damage=what):
                self.assertIn(done.returncode, (0, 65), done.stderr)
                self.assertEqual(done.returncode == 0, done.stderr == b"")

    def test_damaged_checkpoint_is_begun_anew_where_it_is_asked_for(self):
        unfinished = self.unfinished("npy map")
        content = unfinished.before["o.npy.checkpoint"][1]
        for damaged in (content[:100], bytes(len(content)), b"pengine checkpoint 2\n" + content[21:]):
            unfinished.pool.make(unfinished.with_file("o.npy.checkpoint", damaged))
            code, said = unfinished.run("--restart")
            self.assertTrue((code == 0 and unfinished.is_right()) or (code == 73 and "move it away" in said), f"exit {code}: {said}")

    def test_checkpoint_of_another_version_or_job_is_named(self):
        unfinished = self.unfinished("npy map")
        content = unfinished.before["o.npy.checkpoint"][1]
        unfinished.pool.make(unfinished.with_file("o.npy.checkpoint", content.replace(b"checkpoint 1", b"checkpoint 2", 1)))
        code, said = unfinished.run("--resume")
        self.assertEqual(code, 73, said)
        self.assertIn("no checkpoint that this version of pengine can read; --restart begins anew", said)
        unfinished.pool.make(unfinished.before)
        code, said = unfinished.run("--resume", "-s", f"input.range=[1, {ITEMS}]")
        self.assertEqual(code, 78, said)
        self.assertIn(f"input.range: was [0, {ITEMS}], is [1, {ITEMS}]", said)
        other = self.unfinished("csv map").before["o.csv.checkpoint"][1]
        unfinished.pool.make(unfinished.with_file("o.npy.checkpoint", other))
        code, said = unfinished.run("--resume")
        self.assertEqual(code, 78, said)
        self.assertIn('output.format: was "csv", is "npy"', said)
        self.assertEqual(unfinished.pool.take(), unfinished.with_file("o.npy.checkpoint", other))

    def test_what_is_no_file_is_refused(self):
        unfinished = self.unfinished("npy map")
        path = unfinished.folder / "o.npy.checkpoint"
        for make in (os.mkfifo, os.mkdir, lambda name: os.symlink("nowhere", name), lambda name: os.symlink("/dev/zero", name)):
            unfinished.pool.make({name: file for name, file in unfinished.before.items() if name != path.name})
            make(path)
            for option in ("--resume", "-q", "--retry-failed"):
                code, said = unfinished.run(option)
                self.assertIn(code, (66, 73), said)
                self.assertIn("o.npy.checkpoint", said)
            self.assertEqual((unfinished.folder / "o.npy.part").read_bytes(), unfinished.before["o.npy.part"][1])
        path.unlink()
        unfinished.pool.make(unfinished.before)
        os.truncate(path, 5 << 30)  # a hole
        code, said = unfinished.run("--resume")
        self.assertEqual(code, 73, said)
        path.unlink()

    def test_second_run_on_one_checkpoint_is_refused(self):
        for name in ("npy map", "txt skip"):
            with self.subTest(name):
                unfinished = self.unfinished(name)
                variables = environment({"SLOW": "6"})
                first = subprocess.Popen([binary(), "-q", "-t", "1", "--resume", "job.toml"], cwd=unfinished.folder, env=variables)
                while first.poll() is None and not any(is_locked(unfinished.folder / (unfinished.scenario.path + end)) for end in ("", ".part")):
                    time.sleep(0.001)
                first.send_signal(signal.SIGSTOP)
                code, said = unfinished.run("--resume")
                first.send_signal(signal.SIGCONT)
                self.assertEqual(code, 73, said)
                self.assertIn("another run is writing", said)
                self.assertEqual(first.wait(), unfinished.scenario.exit_code)
                self.assertTrue(unfinished.is_right())

    def test_output_that_was_changed_is_refused(self):
        unfinished = self.unfinished("raw fill")
        inode, content = unfinished.before["o.raw.part"]
        other = unfinished.pool.pool / "other"
        other.write_bytes(content)
        for what, files in (("removed", {name: file for name, file in unfinished.before.items() if name != "o.raw.part"}),
                            ("cut", unfinished.with_file("o.raw.part", content[:100])),
                            ("exchanged", {**unfinished.before, "o.raw.part": ("other", content)})):
            with self.subTest(what):
                unfinished.pool.make(files)
                code, said = unfinished.run("--resume")
                self.assertEqual(code, 73, said)
                self.assertRegex(said, "o.raw.*; --restart begins anew")
                self.assertEqual({name: file[1] for name, file in unfinished.pool.take().items()}, {name: file[1] for name, file in files.items()})
        unfinished.pool.make(unfinished.before)
        self.assertEqual(unfinished.run("--resume", "-q")[0], 1)
        longer = unfinished.pool.take()
        longer["o.raw"] = (longer["o.raw"][0], longer["o.raw"][1] + b"more")
        unfinished.pool.make(longer)
        code, said = unfinished.run("--resume")
        self.assertEqual(code, 73, said)
        self.assertRegex(said, "o.raw: it has 4804 bytes, and had 4800 when the checkpoint")
        self.assertEqual(unfinished.pool.take(), longer)

    @unittest.skipIf(IS_SANITIZED or not INJECTION, "needs the library that makes calls fail")
    def test_disk_that_is_full_at_any_write(self):
        chance, tried = random.Random(2), 0
        for name in NAMES if IS_FULL else NAMES[:4]:
            unfinished = self.unfinished(name, Rig)
            log = os.path.join(self.root, "injected")
            how = {"SLOW": "1", "LD_PRELOAD": INJECTION, "INJECT_ERRNO": str(errno.ENOSPC), "INJECT_LOG": log}
            unfinished.run("-q", INJECT_NUMBER="0", INJECT_CALL="write", **how)
            with open(log, encoding="ascii") as file:
                counts = dict(line.split() for line in file)
            os.unlink(log)
            for call in ("write", "pwrite", "fsync", "fdatasync"):
                numbers = list(range(1, int(counts[call]) + 1))
                for number in numbers if IS_FULL else chance.sample(numbers, min(len(numbers), FULL_DISKS)):
                    for mode in ("sticky", "short") if call in ("write", "pwrite") else ("once",):
                        tried += 1
                        with self.subTest(job=name, call=call, number=number, mode=mode):
                            self.run_on_full_disk(unfinished, {**how, "INJECT_CALL": call, "INJECT_NUMBER": str(number), "INJECT_MODE": mode})
        print(f"{tried} full disks")

    def run_on_full_disk(self, unfinished, how):
        unfinished.pool.clear()
        code, said = unfinished.run(**how)
        if os.path.exists(how["INJECT_LOG"]):
            os.unlink(how["INJECT_LOG"])
        self.assertIn(code, (unfinished.scenario.exit_code, 73, 74), said)
        if code == unfinished.scenario.exit_code:
            self.assertTrue(unfinished.is_right(), f"exit {code}: {said}")
            return
        self.assertRegex(said, "(?i)no space left")
        code, again = unfinished.run("--resume")
        self.assertTrue(code == unfinished.scenario.exit_code and unfinished.is_right(), f"exit {code}: {again} after: {said}")


if __name__ == "__main__":
    main()
