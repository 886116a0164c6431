#!/usr/bin/env python3
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""pengine.Pool in a real notebook kernel: what a person sees in the cells, what an interrupt ends, what a restart leaves behind.

Needs Debian's python3-ipykernel (with python3-jupyter-client); exits with 77 where it is not there.
"""
import os
import signal
import subprocess
import sys
import textwrap
import time
import unittest

try:
    import ipykernel  # noqa: F401
    from jupyter_client.manager import start_new_kernel
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

SETUP = """
    import os, signal, time, numpy, pengine
    scale = 3
    def square(x): return x * x
    def scaled(x): return square(x) * scale
    def slow(x):
        time.sleep(0.02)
        return x
    class Point:
        def __init__(self, x): self.x = x
    pool = pengine.Pool(2)
    pool.map(square, range(5))
"""


def lives(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class Notebook(unittest.TestCase):
    def setUp(self):
        self.manager, self.client = start_new_kernel(kernel_name="python3", stderr=subprocess.DEVNULL)
        self.assertEqual(self.cell(SETUP)["result"], "[0, 1, 4, 9, 16]")

    def tearDown(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def cell(self, text, interrupt=None):
        """Runs a cell: its streams, its result and its error by their names; interrupted once this text was shown."""
        seen = dict.fromkeys(("stdout", "stderr", "result", "error"), "")
        number = self.client.execute(textwrap.dedent(text))
        while True:
            message = self.client.get_iopub_msg(timeout=60)
            kind, content = message["msg_type"], message["content"]
            if message["parent_header"].get("msg_id") != number:
                continue
            if kind == "stream":
                seen[content["name"]] += content["text"]
            elif kind == "execute_result":
                seen["result"] = content["data"]["text/plain"]
            elif kind == "error":
                seen["error"] = f"{content['ename']}: {content['evalue']}"
            elif kind == "status" and content["execution_state"] == "idle":
                return seen
            if interrupt is not None and interrupt in seen["stdout"] + seen["stderr"]:
                interrupt = None
                self.manager.interrupt_kernel()

    def workers(self):
        return [int(pid) for pid in self.cell("print(*[worker.pid for worker in pool._pool])")["stdout"].split()]

    def check_gone(self, pids):
        until = time.monotonic() + 5
        while any(map(lives, pids)) and time.monotonic() < until:
            time.sleep(0.01)
        self.assertEqual([pid for pid in pids if lives(pid)], [])

    def test_what_cells_define(self):
        self.assertEqual(self.cell("pool.map(scaled, range(4))")["result"], "[0, 3, 12, 27]")
        self.assertEqual(self.cell("def square(x): return -x\npool.map(scaled, range(4))")["result"], "[0, -3, -6, -9]")
        self.assertEqual(self.cell("pool.map(lambda p: p.x + 1, map(Point, range(3)))")["result"], "[1, 2, 3]")
        self.assertEqual(self.cell("pool.map(pengine.expr('x*x'), numpy.arange(3.0))")["result"], "array([0., 1., 4.])")
        self.assertEqual(self.cell("with pengine.Executor(1) as e: print(list(e.map(scaled, range(3))))")["stdout"], "[0, -3, -6]\n")
        self.assertEqual(self.cell("pengine.run({'input': {'range': [0, 3]}, 'kernel': {'expr': 'x*x'}})['done']"),
                         {"stdout": "0\n1\n4\n", "stderr": "", "result": "3", "error": ""})

    def test_what_a_person_sees(self):
        told = "_ = pool.map(lambda x: print(f'item {x}\\n', end=''), range(3))"  # one write, also where stdout has no buffer
        self.assertEqual(sorted(self.cell(told)["stdout"].splitlines()),
                         ["item 0", "item 1", "item 2"])
        self.assertEqual(self.cell("pool.map(lambda x: 1 // (x - 3), range(9))")["error"],
                         "ZeroDivisionError: integer division or modulo by zero")
        self.assertEqual(self.cell("pool.map(lambda x: os.kill(os.getpid(), signal.SIGKILL) if x == 3 else x, range(9))")["error"],
                         "WorkerDied: item 3 (3): the worker process was killed by SIGKILL")
        bar = self.cell("_ = pool.map(slow, range(50), progress=True)")["stderr"]
        self.assertNotIn("\x1b", bar)
        self.assertIn("\r[####################] 100% 50 of 50 items", bar)
        self.assertEqual(bar.count("\n"), 1)

    def test_interrupt_ends_the_call(self):
        begin = time.monotonic()
        bar = self.cell("pool.map(slow, range(100_000), progress=True)", interrupt="%")
        self.assertEqual((bar["error"], bar["stderr"].count("\n")), ("KeyboardInterrupt: ", 1))
        loop = "for x in pool.imap(slow, range(100_000)):\n    print(x)"
        self.assertEqual(self.cell(loop, interrupt="1")["error"], "KeyboardInterrupt: ")
        self.assertEqual(self.cell("pool.map(square, range(3))")["result"], "[0, 1, 4]")
        block = "with pengine.Pool(2) as other:\n    print('begun')\n    other.map(slow, range(100_000))"
        self.assertEqual(self.cell(block, interrupt="begun")["error"], "KeyboardInterrupt: ")
        self.assertLess(time.monotonic() - begin, 20)

    def test_no_worker_outlives_its_kernel(self):
        pids = self.workers()
        self.assertTrue(all(map(lives, pids)))
        self.manager.restart_kernel(now=False)
        self.client.wait_for_ready(timeout=60)
        self.check_gone(pids)
        self.cell(SETUP)
        pids = self.workers()
        self.assertTrue(pids and all(map(lives, pids)))
        os.kill(self.manager.provisioner.process.pid, signal.SIGKILL)
        self.check_gone(pids)


if __name__ == "__main__":
    unittest.main()
