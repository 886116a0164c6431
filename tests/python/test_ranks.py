# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""mpirun -n N python3 -m pengine script.py: the same results for any number of ranks, and MPI is never started."""
import contextlib
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import unittest
import unittest.mock

from pengine import _cluster

SCRIPT = """
    import os, signal, sys, time, warnings
    import numpy, pengine
    warnings.simplefilter("ignore")
    base = 100
    def shifted(x): return x + base
    def place(_):
        with open("/proc/self/maps") as file:
            assert "libmpi" not in file.read()
        time.sleep(0.02)  # long enough for every rank to take one
        return os.getppid()
    def kill(x):
        if x == 13: os.kill(os.getpid(), signal.SIGKILL)
        return x
    def forever(x):
        while x == 5: pass
        return x
    with pengine.Pool(4) as pool:
        assert pool.map(shifted, range(50_000)) == list(range(100, 50_100))
        assert list(pool.imap(shifted, iter(range(3000)))) == list(range(100, 3100))
        print(sys.argv[1:], len(set(pool.map(place, range(200), chunksize=1))), len(pool._pool))
        a, out = numpy.arange(100_000.0), numpy.empty(100_000)
        assert pool.map(pengine.expr("x*x + 1"), a, out=out) is out and (out == a * a + 1).all()
        assert pool.map(pengine.kernel("text_upper"), ["ab"] * 3000) == ["AB"] * 3000
        try:
            pool.map(pengine.kernel("square"), [1] * 3000 + [2**40])
        except pengine.ItemError as error:
            print(error.index, error.arguments)
        assert pool.map(kill, range(100), errors="skip") == [x for x in range(100) if x != 13]
        print(pool.failures[0].index, "SIGKILL" in str(pool.failures[0]))
        assert pool.map(forever, range(20), errors="skip", timeout=2) == [x for x in range(20) if x != 5]
        print(pool.failures[0])
    place(0)
"""


KILL = """
    import os, signal, time, pengine
    def kill(x):
        if os.getppid() != x: os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(0.1)
        return x
    with pengine.Pool(2) as pool:
        pool.map(kill, [os.getpid()] * 40, chunksize=1)
"""


class Ranks(unittest.TestCase):
    def launch(self, ranks, text, *args):
        with tempfile.TemporaryDirectory() as folder:
            script = os.path.join(folder, "script.py")
            with open(script, "w") as file:
                file.write(textwrap.dedent(text))
            mpirun = [] if ranks is None else [os.environ["MPIEXEC"], "--oversubscribe", "-n", str(ranks)]
            done = subprocess.run([*mpirun, sys.executable, "-B", "-m", "pengine", script, *args], capture_output=True, text=True,
                                  timeout=240, env={**os.environ, "PENGINE_MEET": folder, "OMPI_ALLOW_RUN_AS_ROOT": "1",
                                                   "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"})
            self.assertEqual(os.listdir(folder), ["script.py"])
        return done

    def test_any_number_of_ranks(self):
        for ranks in (None, 1, 2, 4) if os.environ.get("PENGINE_MPI") == "ON" else (None,):
            done = self.launch(ranks, SCRIPT, "a", "b")
            self.assertEqual(done.stdout, f"['a', 'b'] {ranks or 1} 4\n3000 (1099511627776,)\n13 True\nitem 5 (5): took longer than 2 s\n",
                             done.stderr)
            self.assertEqual(done.returncode, 0)

    def test_a_rank_that_hangs_or_dies_is_gone(self):
        def ask(respond):
            here, there = multiprocessing.Pipe()
            with unittest.mock.patch.object(_cluster, "PING_SECONDS", 0.3):
                agent = _cluster.Agent(here, 3, "far", [0])
                answer = agent.ask("something")
                number = there.recv()[1]
                respond(there, number)
                self.assertTrue(answer.event.wait(60))
            there.close()
            return agent, answer

        def hang(there, number):
            pass

        def die(there, number):
            there.close()

        def work_long(there, number):
            for _ in range(3 * _cluster.PINGS):
                self.assertEqual(there.recv(), ("ping", 0))
                there.send(("pong", 0))
            there.send(("answer", number, 7, None))

        self.assertEqual(ask(work_long)[1].get(), 7)
        for respond in (hang, die):
            agent, answer = ask(respond)
            for late in (answer.get, agent.ask("more").get, _cluster.RemoteProcess(agent).start):
                with self.assertRaisesRegex(RuntimeError, "rank 3 on far is gone"):
                    late()

    def test_connections_without_the_secret_delay_no_rank(self):
        """No rank waits for a connection that sends nothing, or something else than the secret's proof."""
        with tempfile.TemporaryDirectory() as folder, unittest.mock.patch.dict(os.environ, PENGINE_MEET=folder), \
                unittest.mock.patch.multiple(_cluster, MEET_SECONDS=100.0, ANSWER_SECONDS=6.0):
            failed = []

            def gather():
                try:
                    _cluster.gather(2)
                except RuntimeError as error:
                    failed.append(error)

            root = threading.Thread(target=gather)
            root.start()
            while not (os.path.exists(_cluster.meeting()) or failed):
                time.sleep(0.01)
            port = json.loads(_cluster.meeting().read_text())["port"]
            strangers = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
            strangers[0].sendall(b"GET / HTTP/1.0\r\n\r\n" * 20)
            begin = time.monotonic()
            (link, _), _ = _cluster.connect(1)
            root.join()
            self.assertEqual(([agent.rank for agent in _cluster.agents], failed), ([1], []))
            self.assertLess(time.monotonic() - begin, 5)
            for stranger in strangers:  # they are sent away
                stranger.settimeout(60)
                with contextlib.suppress(ConnectionResetError), stranger:
                    while stranger.recv(1000):
                        pass
            _cluster.release()
            link.close()

    def test_what_the_script_does_wrong(self):
        if os.environ.get("PENGINE_MPI") == "ON":
            done = self.launch(2, "import pengine\npool = pengine.Pool(2)\nraise SystemExit(5)")
            self.assertEqual(done.returncode, 5, done.stderr)
            done = self.launch(2, KILL)  # a rank is lost
            self.assertIn("rank 1", done.stderr)  # of the script, or only of mpirun, which ends it soon
            self.assertNotEqual(done.returncode, 0)
        done = subprocess.run([sys.executable, "-B", "-m", "pengine", "no.py"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr.splitlines()[0]),
                         (66, "pengine: cannot read the script 'no.py': No such file or directory"))

    def test_what_runs_beside_a_script(self):
        """Each prints what python3 itself prints without -m pengine."""
        with tempfile.TemporaryDirectory() as folder:
            text = "import sys; print(sys.argv, __name__, bool(sys.path[0]), globals().get('__file__'))"
            for name in ("main.py", "__main__.py"):
                with open(os.path.join(folder, name), "w") as file:
                    file.write(text)
            for words in (["main.py", "-a"], [".", "a"], ["-m", "main", "a"], ["-c", text, "a"], ["-", "a"], ["-c", "raise SystemExit(3)"]):
                runs = [subprocess.run([sys.executable, "-B", *more, *words], cwd=folder, input=text, capture_output=True, text=True)
                        for more in ([], ["-m", "pengine"])]
                self.assertEqual(*[(run.returncode, run.stdout) for run in runs])


if __name__ == "__main__":
    unittest.main()
