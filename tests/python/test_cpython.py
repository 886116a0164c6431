# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""CPython's own tests of its pools, with pengine's in their place; the classes run side by side, as they mostly sleep."""
import pathlib
import subprocess
import sys

try:
    import test._test_multiprocessing  # noqa: F401
    import test.test_concurrent_futures  # noqa: F401
except ImportError as error:
    print(f"skipped: {error}; the tests are in Debian's libpython3.11-testsuite")
    sys.exit(77)

# Each with the number of its tests: none may be lost.
PARTS = {
    "cpython_pool.PoolTest cpython_pool.InitializerTest": 26,
    "cpython_pool.ThreadPoolTest cpython_pool.WorkerErrorsTest cpython_pool.WorkerLifetimeTest": 31,
    "cpython_executor.ExecutorTest": 20,
    "cpython_executor.WaitTest": 8,
    "cpython_executor.AsCompletedTest": 5,
    "cpython_executor.ShutdownTest": 8,
    "cpython_executor.DeadlockTest": 14,
}


def start(names):
    here = pathlib.Path(__file__).parent
    return subprocess.Popen([sys.executable, "-B", "-m", "unittest", *names.split()], cwd=here, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def passes(names, process):
    output = process.communicate()[0]
    if process.returncode == 0 and f"Ran {PARTS[names]} tests" in output:
        return True
    print(f"{names}: exit code {process.returncode}, {PARTS[names]} tests were to run\n{output}")
    return False


def main():
    running = [(names, start(names)) for names in PARTS]
    failed = [names for names, process in running if not passes(names, process)]
    # CPython's tests have limits of a few seconds, which side by side on a busy machine are short: alone they must pass.
    failed = [names for names in failed if not passes(names, start(names))]
    print(f"{len(PARTS) - len(failed)} of {len(PARTS)} parts passed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
