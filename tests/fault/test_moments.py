# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Signals at the narrow moments: before each rename, sync, lock, removal, fork and so on of a run. Whatever the moment, the file
under the final name is the earlier one or complete (of an imap a prefix), --resume gives the right bytes, and neither a process nor
a file stays that no checkpoint and no output names.

Design: a job is run once to count its calls, then once for each trial: one signal before the Nth call of one function
(injection.c). As a test a sample of each job, function and signal; with PENGINE_FULL=1 all of them.

Expected values: Python's.
"""
import concurrent.futures
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from disk_jobs import ITEMS, Rig, Scenario, scenarios, scratch, text, value  # noqa: E402
from harness import IS_FULL, IS_SANITIZED, binary, environment, main, toml  # noqa: E402

INJECTION = os.environ.get("PENGINE_INJECTION", "")
CALLS = ("rename", "fsync", "fdatasync", "flock", "unlink", "ftruncate", "open", "close", "write", "pwrite", "mkdir", "mkdtemp", "mkstemp", "spawn",
         "fork", "waitpid", "pipe", "socketpair", "pthread_create", "dlopen", "sigaction")
EACH_MOST = 60  # calls of one function
SAMPLE = 7  # signals of each job in the test
SIGNALS = ((signal.SIGKILL, "signal"), (signal.SIGTERM, "signal"), (signal.SIGINT, "signals"))  # Ctrl-C again and again
NAMES = ("txt imap", "csv map", "npy map", "txt skip", "raw fill", "hdf5 map", "files", "gz imap", "reduction")
EARLIER = b"the result of an earlier run\n"
C_TEXT = "#include <stdint.h>\nint64_t f(int64_t x) { return x * x * 7919 % 1000003; }\n"
PYTHON = "def f(x):\n    return x * x * 7919 % 1000003\n"
SIGNATURE = "(int64) -> int64"
FORMS = {"source": {"source": "k.c", "function": "f", "signature": SIGNATURE}, "isolate": {"source": "k.c", "function": "f", "signature": SIGNATURE, "isolate": True},
         "python": {"python": "k.py:f", "signature": SIGNATURE, "interpreter": sys.executable},
         "command": {"command": ["awk", "{ print ($1 * $1 * 7919) % 1000003; fflush() }"], "signature": SIGNATURE}}


def jobs():
    """With a kernel of the rig's library, which is slow while the first run lasts; and one of each form that starts processes."""
    yield from (scenario for scenario in scenarios() if scenario.name in NAMES)
    for form, kernel in FORMS.items():
        yield Scenario(form, "o.txt", "map", text(), kernel=kernel)


def with_token(token):
    """The processes that have this word in their environment."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if token.encode() in (folder / "environ").read_bytes():
                found.append((int(folder.name), (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()))
        except (OSError, ValueError):
            pass
    return found


def ended(token, seconds=5):
    """The processes of a run that still live after some seconds."""
    deadline = time.monotonic() + seconds
    while (left := with_token(token)) and time.monotonic() < deadline:
        time.sleep(0.01)
    for pid, _ in left:
        os.kill(pid, signal.SIGKILL)
    return left


def has_stopped(pid):
    """Whether SIGSTOP has reached all threads of the process."""
    states = [(task / "stat").read_text().rpartition(")")[2].split()[0] for task in pathlib.Path(f"/proc/{pid}/task").iterdir()]
    return all(state == "T" for state in states)


class Moments(Rig):
    """The trials of one job."""

    def __init__(self, scenario, root):
        super().__init__(scenario, root)
        (self.folder / "k.c").write_text(C_TEXT)
        (self.folder / "k.py").write_text(PYTHON)
        self.log = pathlib.Path(root, "log")
        self.tmp = pathlib.Path(root, "tmp")
        self.tmp.mkdir()
        self.pool.fix()
        self.number = 0
        self.earlier = {} if "{" in scenario.path else {scenario.path: ("earlier", EARLIER)}

    def begin(self, **how):
        """Exit code and stderr of a run on new files; the processes that outlived it."""
        self.number += 1
        token = f"MOMENT={os.getpid()}-{id(self)}-{self.number}."
        self.log.unlink(missing_ok=True)
        self.pool.make(self.earlier)
        slow = {} if self.scenario.name in FORMS else {"SLOW": str(ITEMS // self.scenario.items)}
        cache = str(self.tmp / "cache" / str(self.number)) if self.scenario.name in ("source", "isolate") else str(self.tmp / "cache")  # compiled each time
        code, said = self.run(LD_PRELOAD=INJECTION, INJECT_LOG=str(self.log), TMPDIR=str(self.tmp), XDG_CACHE_HOME=cache, MOMENT=token[7:], **slow, **how)
        return code, said, ended(token)

    def counts(self):
        self.begin(INJECT_CALL="open", INJECT_NUMBER="0")
        return dict(line.split() for line in self.log.read_text().splitlines())

    def all(self):
        counts = self.counts()
        for call in CALLS:
            for number in range(1, min(int(counts[call]), EACH_MOST) + 1):
                for which, mode in SIGNALS:
                    yield call, number, which, mode

    def is_well(self, is_killed):
        """Under the final name: what was there, or the whole result; of a growing text whole rows, unless the process was killed."""
        content = self.pool.take().get(self.scenario.path, (0, None))[1]
        if not self.earlier or content == EARLIER or self.is_right():
            return True
        if self.scenario.mode != "imap" or content is None:
            return False
        if self.scenario.path.endswith(".gz"):
            return True  # a prefix of its bytes says nothing
        rows = self.scenario.expected
        return rows.startswith(content) and (is_killed or content.endswith(b"\n"))

    def strangers(self, code):
        """Files that no documented name explains."""
        path, checkpoint = re.escape(self.scenario.path), re.escape(self.scenario.checkpoint)
        known = rf"{path}|failed\.csv|\d+\.txt"
        if code != 0:
            known += rf"|{path}\.(part|checkpoint)|{checkpoint}(\.failed|\.spill|\.names)?"
        if code < 0:
            known += rf"|{checkpoint}\.new|.*\.[0-9a-f]{{16}}\.part|\.pengine.*"
        return [name for name in self.pool.take() if not re.fullmatch(known, name)]

    def judge(self, call, number, which, mode):
        """What is wrong with this trial, or None."""
        code, said, left = self.begin(INJECT_CALL=call, INJECT_NUMBER=str(number), INJECT_ERRNO=str(int(which)), INJECT_MODE=mode)
        if not self.log.exists():
            return None  # this time there were fewer calls
        is_killed = code < 0  # by a second Ctrl-C, too
        good = self.scenario.exit_code
        wrong = []
        is_expected = code in ((-which,) if which == signal.SIGKILL else (good, 75, -which))
        # the handlers are not there yet, or no longer
        if not is_expected or (is_killed and which == signal.SIGTERM and not self.is_right() and set(self.pool.take()) != set(self.earlier)):
            wrong.append(f"exit {code}")
        if left:
            wrong.append(f"left behind: {left}")
        if code == good and not self.is_right():
            wrong.append("says that it is complete, and is not")
        if not self.is_well(is_killed):
            wrong.append("another file under the final name")
        if self.strangers(code):
            wrong.append(f"files: {self.strangers(code)}")
        if not is_killed and list(self.tmp.glob("pengine-*")):
            wrong.append("left in TMPDIR")
        again, more = self.run("--resume", XDG_CACHE_HOME=str(self.tmp / "cache"))
        if again != good or not self.is_right():
            wrong.append(f"then --resume: exit {again}: {more[-300:]}")
        for path in self.tmp.glob("pengine-*"):
            subprocess.run(["rm", "-rf", str(path)], check=True)
        at = f"{self.scenario.name}: {which.name} ({mode}) before {call} number {number}"
        return f"{at}: {'; '.join(wrong)}: {said[-300:]}" if wrong else None


def try_job(scenario):
    with scratch() as root:
        rig, chance = Moments(scenario, root), random.Random(scenario.name)
        trials = list(rig.all())
        if not IS_FULL:  # of some functions one call each
            calls = sorted({trial[0] for trial in trials})
            trials = [chance.choice([trial for trial in trials if trial[0] == call]) for call in chance.sample(calls, min(SAMPLE, len(calls)))]
        return scenario.name, len(trials), [wrong for trial in trials if (wrong := rig.judge(*trial))]


@unittest.skipIf(IS_SANITIZED or not INJECTION, "needs the library that sends signals")
class TestMoments(unittest.TestCase):
    def test_signals_before_any_call(self):
        tried, wrong = 0, []
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
            for name, count, found in pool.map(try_job, jobs()):
                tried, wrong = tried + count, wrong + found
                if IS_FULL:
                    print(*found, f"{name}: {count} signals, {len(found)} findings", sep="\n", flush=True)
        print(f"{tried} signals, {len(wrong)} findings")
        self.assertFalse(wrong, "\n".join(["", *wrong[:20]]))

    def test_two_runs_that_begin_at_once_on_one_checkpoint(self):
        """The second is stopped at each lock, and at some of the files that it opens, while the first begins and writes checkpoints."""
        for call in ("flock", "rename", "unlink", "open"):
            for number in range(1, 100, 6 if call == "open" and not IS_FULL else 1):
                with self.subTest(call=call, number=number), scratch() as root:
                    if not self.begin_both(pathlib.Path(root), call, number):
                        break

    def begin_both(self, folder, call, number):
        """One of the two is refused, and has not touched the checkpoint of the other. False: the second begins with fewer calls."""
        for name in ("one", "two"):
            (folder / f"{name}.toml").write_text(toml(mode="map", input={"range": [0, ITEMS]}, pool={"chunk_size": 5, "threads": 1},
                                                      kernel={"python": "k.py:f", "signature": SIGNATURE, "interpreter": sys.executable},
                                                      output={"path": name + ".txt"}, checkpoint={"path": "state", "interval": "20 ms"}))
        (folder / "k.py").write_text("import os, time\ndef f(x):\n    while x > 300 and not os.path.exists('go'):\n        time.sleep(0.01)\n    return x\n")
        log, state = folder / "log", folder / "state"

        def start(name, **how):
            return subprocess.Popen([binary(), "-q", f"{name}.toml"], cwd=folder, env=environment(how), stderr=subprocess.PIPE, text=True)

        def has_checkpoint():
            try:
                return state.stat().st_size > 100
            except FileNotFoundError:
                return False

        runs = [start("two", LD_PRELOAD=INJECTION, INJECT_CALL=call, INJECT_NUMBER=str(number), INJECT_ERRNO=str(int(signal.SIGSTOP)),
                      INJECT_MODE="signal", INJECT_LOG=str(log))]
        self.wait_until(lambda: log.exists() or has_checkpoint() or runs[0].poll() is not None)
        is_stopped = log.exists() and not has_checkpoint()
        if is_stopped:
            runs.append(start("one"))
            self.wait_until(lambda: has_checkpoint() or runs[1].poll() is not None)
            runs[1].send_signal(signal.SIGSTOP)
            self.wait_until(lambda: runs[1].poll() is not None or has_stopped(runs[1].pid))  # it replaces no checkpoint any more
            before = state.stat().st_ino if runs[1].poll() is None else 0
            runs[0].send_signal(signal.SIGCONT)
            if before:
                self.wait_until(lambda: runs[0].poll() is not None)
                self.assertEqual((runs[0].poll(), state.stat().st_ino), (73, before))
            runs[1].send_signal(signal.SIGCONT)
        (folder / "go").touch()
        self.wait_until(lambda: all(run.poll() is not None or run.send_signal(signal.SIGCONT) for run in runs))
        said = [run.communicate()[1] for run in runs]
        self.assertEqual(sorted(run.returncode for run in runs), [0, 73][:len(runs)], said)
        self.assertEqual(sum("another run is writing" in text for text in said), len(runs) - 1, said)
        done = [path.read_text() for path in folder.glob("*.txt")]
        self.assertEqual(done, ["".join(f"{x}\n" for x in range(ITEMS))])
        self.assertEqual([path.name for path in folder.iterdir() if ".part" in path.name or "state" in path.name], [])
        return is_stopped

    def wait_until(self, condition):
        deadline = time.monotonic() + 40
        while not condition():
            self.assertLess(time.monotonic(), deadline, "hangs")
            time.sleep(0.005)

    def test_retries_that_are_killed_are_completed(self):
        """Before each call of the commit and of what follows; also of a reduction, whose output a checkpoint does not know."""
        total = f"sum\t{sum(map(value, range(ITEMS)))}\ncount\t{ITEMS}\n".encode()
        reduction = Scenario("reduction skip", "r.txt", "map", None, policy="skip", checkpoint={"path": "state"}, reduce={"path": "r.txt", "op": ["sum", "count"]})
        rows = Scenario("txt fill", "o.txt", "map", None, policy="fill")
        for scenario, expected in ((reduction, total), (rows, text())):
            with self.subTest(scenario.name), scratch() as root:
                rig = Moments(scenario, root)
                self.assertEqual(rig.run("-q")[0], 1)
                complete = rig.pool.take()
                scenario.expected, scenario.policy, scenario.exit_code = expected, None, 0
                for call in ("rename", "unlink", "flock", "ftruncate"):
                    for number in range(1, 20):
                        if not self.kill_retry(rig, complete, call, number):
                            break

    def kill_retry(self, rig, complete, call, number):
        """False: the retry has fewer calls. The list of failed items goes after the checkpoint, so it may be left alone."""
        rig.pool.make(complete)
        code, said = rig.run("-q", "--retry-failed", FIXED="1", LD_PRELOAD=INJECTION, INJECT_CALL=call, INJECT_NUMBER=str(number),
                             INJECT_ERRNO=str(int(signal.SIGKILL)), INJECT_MODE="signal")
        is_killed = code == -signal.SIGKILL
        if is_killed:
            code, said = rig.run("-q", "--retry-failed", FIXED="1")
            if code == 66:  # there was nothing left
                code = 0
        with self.subTest(call=call, number=number):
            self.assertEqual((code, rig.is_right()), (0, True), said)
            self.assertEqual([name for name in rig.pool.take() if not re.fullmatch(r"failed\.csv.*|[or]\.txt|(o\.txt\.checkpoint|state)(\.again)?\.failed", name)], [], said)
        return is_killed


if __name__ == "__main__":
    main()
