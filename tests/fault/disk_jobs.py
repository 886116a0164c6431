# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Jobs for the tests of checkpoints: slow while SLOW is in the environment, quick when a later run goes on.

Expected values: Python's; of the header of an npy pengine's own, which has another length than numpy's.
"""
import functools
import gzip
import os
import pathlib
import subprocess
import sys
import tempfile
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from disk import Pool  # noqa: E402
from harness import HAS_MPI, PATIENCE, ROOT, binary, command, environment, squares, toml  # noqa: E402

ITEMS = 600
FILES = "{index}.txt"  # one file per item
FILES_ITEMS = 120
KERNEL_C = """#include <stdlib.h>
#include <time.h>
#include <pengine/kernel.h>

static void map_item(pe_batch *batch, size_t i)
{
    const int64_t x = ((const int64_t *)batch->args[0])[i];
    const char *const slow = getenv("SLOW"); /* this many half milliseconds an item */
    const char *const fixed = getenv("FIXED"); /* "half": some fail again */
    if (slow != NULL)
        nanosleep(&(struct timespec){.tv_nsec = 500000L * atoi(slow)}, 0);
    ((int64_t *)batch->results[0])[i] = x * x * 7919 % 1000003;
    if (FAILS && x % 97 == 5 && (fixed == NULL || (fixed[0] == 'h' && x % 2 == 0)))
        batch->fail(batch, i, "five");
}

static int map(pe_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        map_item(batch, i);
    return 0;
}

static const pe_kernel kernel = {.abi = PE_KERNEL_ABI, .size = sizeof(pe_kernel), .name = "f", .signature = "(int64) -> int64", .map = map};
static const pe_kernel *const kernels[] = {&kernel};
const pe_plugin pengine_plugin = {PE_KERNEL_ABI, sizeof(pe_plugin), 1, kernels};
"""


@functools.cache
def plugin(fails):
    """The kernel's library: a run of it starts in a fifth of the time of one whose C file has to be preprocessed."""
    with tempfile.TemporaryDirectory(prefix="pengine-") as folder:
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", f"-I{ROOT}/engine/include", f"-DFAILS={int(fails)}", "-x", "c", "-", "-o", "k.so"],
                       cwd=folder, input=KERNEL_C.encode(), check=True)
        return pathlib.Path(folder, "k.so").read_bytes()


def value(x):
    return x * x * 7919 % 1000003


def is_bad(x):
    return x % 97 == 5


class Scenario:
    """One kind of job: its file, the output and what stands in it."""

    def __init__(self, name, path, mode, expected, policy=None, ranks=0, items=ITEMS, kernel=None, **tables):
        self.name, self.path, self.mode, self.expected, self.policy, self.ranks, self.items = name, path, mode, expected, policy, ranks, items
        tables.setdefault("output", {"path": path})
        if "reduce" in tables:
            del tables["output"]
        checkpoint = {"interval": "30 ms", **tables.pop("checkpoint", {})}
        errors = {"errors": {"on_error": policy, "log": "failed.csv", **({"fill": -1} if policy == "fill" else {})}} if policy else {}
        self.text = toml(mode=mode, input={"range": [0, items]}, checkpoint=checkpoint, **tables, **errors,
                         kernel=kernel or {"plugin": "k.so", "name": "f"}, pool={"chunk_size": 5})
        self.exit_code = 1 if policy else 0
        self.checkpoint = checkpoint.get("path", "job.checkpoint" if path == FILES else path + ".checkpoint")

    def uninterrupted(self):
        """The bytes of a run that nothing ends, for a format whose attributes hold the job; None where it was not built."""
        with tempfile.TemporaryDirectory(prefix="pengine-") as folder:
            pathlib.Path(folder, "job.toml").write_text(self.text)
            pathlib.Path(folder, "k.so").write_bytes(plugin(False))
            done = subprocess.run([binary(), "-q", "job.toml"], cwd=folder, capture_output=True, check=False)
            return pathlib.Path(folder, self.path).read_bytes() if done.returncode == 0 else None

    def is_right(self, files):
        content = unpacked(self.path, files.get(self.path, (0, b""))[1])
        if self.path == FILES:
            content = b"".join(files.get(f"{x}.txt", (0, b""))[1] for x in range(self.items))
        if self.mode == "imap_unordered":
            content = b"".join(sorted(content.splitlines(True)))
        return content == self.expected and (self.policy is None or logged(files) == [x for x in range(ITEMS) if is_bad(x)])


def unpacked(path, content):
    if not path.endswith(".gz"):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        return None


def logged(files):
    """The items in the log of failed items."""
    return sorted(int(line.split(b",")[0]) for line in files.get("failed.csv", (0, b""))[1].split(b"\n")[1:] if line)


def rows(policy, items=ITEMS):
    return [(x, -1 if is_bad(x) and policy == "fill" else value(x)) for x in range(items) if policy != "skip" or not is_bad(x)]


def text(policy=None, items=ITEMS):
    return "".join(f"{v}\n" for _, v in rows(policy, items)).encode()


@functools.cache
def npy():
    with tempfile.TemporaryDirectory(prefix="pengine-") as folder:
        pathlib.Path(folder, "job.toml").write_text(squares(ITEMS, output={"path": "o.npy"}))
        subprocess.run([binary(), "-q", "job.toml"], cwd=folder, check=True)
        header = pathlib.Path(folder, "o.npy").read_bytes()[:-8 * ITEMS]
    return header + b"".join(value(x).to_bytes(8, "little") for x in range(ITEMS))


def fixed(scenario):
    """What stands in the output once no item fails any more."""
    if scenario.path.endswith(".raw"):
        return b"".join(value(x).to_bytes(8, "little") for x in range(ITEMS))
    return b"".join(sorted(text().splitlines(True))) if scenario.mode == "imap_unordered" else text()


def scenarios():
    yield Scenario("txt imap", "o.txt", "imap", text())
    yield Scenario("csv map", "o.csv", "map", b"index,result\n" + "".join(f"{x},{v}\n" for x, v in rows(None)).encode(),
                   output={"path": "o.csv", "index": True})
    yield Scenario("npy imap", "o.npy", "imap", npy())
    yield Scenario("npy map", "o.npy", "map", npy())
    yield Scenario("jsonl map", "o.jsonl", "map", "".join('{"r":%d}\n' % v for _, v in rows(None)).encode(),
                   output={"path": "o.jsonl", "names": ["r"]})
    yield Scenario("txt skip", "o.txt", "imap", text("skip"), policy="skip")
    yield Scenario("raw fill", "o.raw", "map", b"".join(v.to_bytes(8, "little", signed=True) for _, v in rows("fill")), policy="fill")
    yield Scenario("unordered skip", "o.txt", "imap_unordered", b"".join(sorted(text("skip").splitlines(True))), policy="skip")
    hdf5 = Scenario("hdf5 map", "o.h5", "map", None, output={"path": "o.h5", "dataset": "/x"})
    hdf5.expected = hdf5.uninterrupted()
    if hdf5.expected is not None:
        yield hdf5
    yield Scenario("files", FILES, "imap", text(items=FILES_ITEMS), items=FILES_ITEMS)
    yield Scenario("gz imap", "o.txt.gz", "imap", text())
    yield Scenario("reduction", "r.txt", "map", f"sum\t{sum(map(value, range(ITEMS)))}\ncount\t{ITEMS}\n".encode(),
                   checkpoint={"path": "state"}, reduce={"path": "r.txt", "op": ["sum", "count"]})
    if HAS_MPI:
        yield Scenario("npy map, 3 ranks", "o.npy", "map", npy(), ranks=3)
        yield Scenario("npy imap, 3 ranks", "o.npy", "imap", npy(), ranks=3)


class Rig:
    """The folder of a scenario, its pool, and the runs in it."""

    def __init__(self, scenario, root):
        self.scenario = scenario
        self.folder = pathlib.Path(root, "work")
        self.folder.mkdir()
        self.pool = Pool(self.folder, pathlib.Path(root, "pool"))
        (self.folder / "job.toml").write_text(scenario.text)
        (self.folder / "k.so").write_bytes(plugin(scenario.policy is not None))
        self.pool.fix()

    def run(self, *options, ranks=0, **variables):
        """Exit code and stderr of one run."""
        done = subprocess.run(command(["-t", "1" if ranks else "2", *options, "job.toml"], ranks), cwd=self.folder,
                              env=environment(variables), stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=PATIENCE, check=False)
        return done.returncode, done.stderr.decode(errors="replace")

    def is_right(self):
        return self.scenario.is_right(self.pool.take())


def scratch():
    """A folder in memory where there is one: a sync costs nothing there."""
    return tempfile.TemporaryDirectory(prefix="pengine-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
