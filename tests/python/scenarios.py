# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""What goes wrong in a pool, as scripts for any Pool: scenarios.py pengine|multiprocessing NAME. Prints "as it should be" at the end.

test_better.py runs each with pengine.Pool, which comes to that end, and with multiprocessing.Pool, which does not.
"""
import ctypes
import itertools
import multiprocessing
import os
import signal
import sys
import threading
import time

import pengine

POOLS = {"pengine": pengine.Pool, "multiprocessing": multiprocessing.Pool}


def double(x):
    return 2 * x


def kill_at_13(x):
    if x == 13:
        os.kill(os.getpid(), signal.SIGKILL)
    return x


def exit_at_13(x):
    if x == 13:
        sys.exit(3)
    return x


def crash_at_13(x):
    if x == 13:
        ctypes.string_at(0)
    return x


def loop_at_13(x):
    while x == 13:
        pass
    return x


def slow_first(x):
    if x == 0:
        time.sleep(1)
    return bytes(1000)


class NeedsTwo(Exception):
    def __init__(self, one, two):
        super().__init__(one)


def raise_needs_two(x):
    raise NeedsTwo(x, x)


def fail_to_start():
    raise RuntimeError("no licence")


def raises(kind, function):
    try:
        function()
    except kind as error:
        return error
    raise AssertionError(f"{kind} was expected")


class Counted:
    """An endless iterator that knows how far it was read."""

    def __init__(self):
        self.count = 0

    def __iter__(self):
        for self.count in itertools.count(1):
            yield self.count - 1


def endless(Pool):
    items = Counted()
    with Pool(2) as pool:
        results = pool.imap(double, items)
        assert [next(results) for _ in range(5)] == [0, 2, 4, 6, 8]
        time.sleep(0.5)
        assert items.count < 1000, items.count


def ordered(Pool):
    items = Counted()
    with Pool(2) as pool:
        results = pool.imap(slow_first, items)
        time.sleep(0.8)
        assert items.count < 1000, items.count
        assert next(results) == bytes(1000)


def closed(Pool):
    """close, join, then the results, with more of them than memory may hold: 200 MB under a limit that fits 64 MiB of them."""
    with Pool(2) as pool:
        results = pool.imap(bytes, itertools.repeat(100_000, 2000))
        pool.close()
        pool.join()
        with open("/proc/self/status") as file:
            peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
        assert peak < 160_000, peak
        assert sum(map(len, results)) == 200_000_000


def dropped(Pool):
    items = Counted()
    with Pool(2) as pool:
        results = pool.imap_unordered(double, items)
        next(results)
        del results
        for _ in range(100):  # what is given to the workers comes to an end
            before = items.count
            time.sleep(0.2)
            if items.count == before:
                break
        assert items.count == before


def killed(Pool):
    with Pool(2) as pool:
        pool.map(double, range(4))
        begin = time.monotonic()
        error = raises(RuntimeError, lambda: pool.map(kill_at_13, range(100)))
        assert time.monotonic() - begin < 10
        assert error.index == 13 and error.arguments == (13,)
        assert str(error) == "item 13 (13): the worker process was killed by SIGKILL", error
        assert pool.map(double, range(4)) == [0, 2, 4, 6]


def exited(Pool):
    with Pool(2) as pool:
        error = raises(RuntimeError, lambda: pool.map(exit_at_13, range(100)))
        assert str(error) == "item 13 (13): the worker process ended with exit code 3", error


def crashed(Pool):
    more = {"errors": "skip"} if Pool is pengine.Pool else {}
    with Pool(2) as pool:
        assert pool.map(crash_at_13, range(100), **more) == [x for x in range(100) if x != 13]
        assert [error.index for error in pool.failures] == [13]
        assert "SIGSEGV" in str(pool.failures[0])


def looped(Pool):
    more = {"timeout": 1, "errors": "skip"} if Pool is pengine.Pool else {}
    with Pool(2) as pool:
        assert pool.map(loop_at_13, range(100), **more) == [x for x in range(100) if x != 13]
        assert isinstance(pool.failures[0], TimeoutError)
        assert str(pool.failures[0]) == "item 13 (13): took longer than 1 s"


def unreadable(Pool):
    """An exception that pickles and does not unpickle."""
    with Pool(2) as pool:
        error = raises(Exception, lambda: pool.apply(raise_needs_two, (5,)))
        assert "NeedsTwo" in str(error), error


def forked(Pool):
    with Pool(2) as pool:
        assert pool.map(double, [1]) == [2]
        later, results = pool.map_async(time.sleep, [0.1]), pool.imap(double, itertools.repeat(1, 10_000))
        child = os.fork()
        if child == 0:
            try:
                raises(RuntimeError, lambda: pool.map(double, [1]))
                raises(RuntimeError, later.get)
                raises(RuntimeError, lambda: list(results))
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        assert pool.map(double, [1]) == [2]


def unstarted(Pool):
    with Pool(2, fail_to_start) as pool:
        error = raises(RuntimeError, lambda: pool.map(double, range(3)))
        assert "no licence" in str(error), error


def bad_callback(Pool):
    with Pool(2) as pool:
        sys.stderr = open(os.devnull, "w")
        pool.apply_async(double, (1,), callback=lambda value: value.nothing).wait(60)
        assert pool.apply(double, (4,)) == 8


def terminated(Pool):
    pool = Pool(2)
    result = pool.map_async(time.sleep, [60] * 4)
    pool.terminate()
    assert "terminated" in str(raises(RuntimeError, result.get))


def interrupted(Pool):
    """What was interrupted is not computed on: the next call does not wait for it."""
    def interrupt(call):
        timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        raises(KeyboardInterrupt, call)

    with Pool(2) as pool:
        interrupt(lambda: pool.map(time.sleep, [0.01] * 50_000))
        interrupt(lambda: pool.apply(time.sleep, (1000,)))
        begin = time.monotonic()
        assert pool.map(double, range(4)) == [0, 2, 4, 6]
        assert time.monotonic() - begin < 20


def scenario(name, pool):
    globals()[name](POOLS[pool])
    print("as it should be")


NAMES = ("endless", "ordered", "closed", "dropped", "killed", "exited", "crashed", "looped", "unreadable", "forked", "unstarted",
         "bad_callback", "terminated", "interrupted")

if __name__ == "__main__":
    multiprocessing.current_process()._config["semprefix"] = f"/scenario-{os.getpid()}"  # test_better.py removes locks by it
    scenario(sys.argv[2], sys.argv[1])
