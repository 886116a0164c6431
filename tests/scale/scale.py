# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Thousands of simulated ranks: the engine's scheduling under SimGrid, on a network of 12.5 GB/s and 2 us.

    scale.py SCALE --check              some sizes, held against the bars; for ctest
    scale.py SCALE --sweep TABLE SVG    all sizes, a table and a plot

Every figure is simulated time. It has three parts: the network's; 0.5 us of a rank's time for each message that it sends or receives; and
1 ms of work in a slice (0.2 ms in the jobs that measure rank 0's link). Each rank has one worker, rank 0 too. The check has half as many
slices as the sweep, so costs that occur once per run weigh twice as much there.
"""
import argparse
import math
import os
import subprocess
import sys
import tempfile

LINK = 12.5e9
SLICE = 512 << 10
SIZES = (1, 4, 16, 64, 256, 1024, 4096)
OPTIONS = ("smpi/simulate-computation:no", "smpi/test:0", "smpi/async-small-thresh:65536", "smpi/bw-factor:0:1",
           "smpi/lat-factor:0:1", "network/crosstraffic:no", "contexts/stack-size:256", "contexts/guard-size:0",
           "smpi/allreduce:redbcast", "smpi/reduce:binomial")  # trees, as Open MPI's; SimGrid's default asks rank by rank
PLATFORM = """<?xml version='1.0'?>
<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">
<platform version="4.1">
  <cluster id="net" prefix="n" suffix="" radical="0-{last}" speed="1Gf" core="2" bw="12.5GBps" lat="1us"
           sharing_policy="SPLITDUPLEX"/>
</platform>
"""

# The bars.
SLOWER = 1.2  # most time, as a multiple of the ideal
BUSY = 0.5  # most share of the time that rank 0's main thread handles messages
ENTRIES = 16384 * (72 + 112)  # plan.c: what rank 0 keeps of the window, for any number of ranks
BUFFERS = 256 << 10  # rank 0's, of results that are small
RANK = 220  # bytes of rank 0 that each rank may take
ROUND_S = 20e-6  # one round of the merge: a message, and the sleep during which it arrives


class Case:
    """What is simulated: mode of scale.c, work of a slice in ns, bytes of its results."""

    def __init__(self, title, mode, order, work_ns, slice_bytes):
        self.title, self.mode, self.order, self.work_ns, self.bytes = title, mode, order, work_ns, slice_bytes
        self.name = title.split(" a slice")[0].split(": 1 ms")[0]
        self.is_link_bound = mode == "gather" and slice_bytes == SLICE


LINK_BOUND = Case("map and imap, gathered: 512 KiB a slice of 0.2 ms", "gather", "ordered", 200000, SLICE)
IMAP = Case("imap, gathered: 8 bytes a slice of 1 ms", "gather", "ordered", 1000000, 8)
UNORDERED = Case("imap_unordered: 8 bytes a slice of 1 ms", "gather", "unordered", 1000000, 8)
PLACED = Case("map, written by each rank: 512 KiB a slice of 1 ms", "place", "ordered", 1000000, SLICE)
REDUCE = Case("reduce: 1 ms a slice", "reduce", "ordered", 1000000, 0)
CASES = (LINK_BOUND, IMAP, UNORDERED, PLACED, REDUCE)


class Result:
    """The line that scale.c prints, and what follows from it."""

    def __init__(self, line, case, slices):
        fields = line.split()
        ranks = int(fields[0])
        self.pool_s, self.all, self.merge = (float(field) for field in fields[1:4])
        self.memory, messages, self.bytes = (int(field) for field in fields[4:7])
        self.busy, dispatches = float(fields[7]) / self.pool_s, int(fields[8])
        self.merge_messages = int(fields[9])
        work = slices * case.work_ns * 1e-9 + (slices * case.bytes / 1e9 if case.mode == "place" else 0)
        link = slices * (ranks - 1) * case.bytes / LINK if case.mode == "gather" else 0
        self.slower = self.all / max(work, link)
        self.over = self.all - max(work, link)
        self.dispatches = dispatches / self.pool_s if messages > 0 else 0  # a single rank sends no requests
        self.slices = slices * ranks / self.pool_s


def simulate(scale, case, ranks, slices):
    if case.is_link_bound:
        slices = max(6400 // ranks, 2)
    with tempfile.TemporaryDirectory() as folder:
        platform, hosts = os.path.join(folder, "net.xml"), os.path.join(folder, "hosts")
        with open(platform, "w", encoding="utf-8") as out:
            out.write(PLATFORM.format(last=ranks - 1))
        with open(hosts, "w", encoding="utf-8") as out:
            out.writelines(f"n{rank}\n" for rank in range(ranks))
        command = ["smpirun", "-no-privatize", "-platform", platform, "-hostfile", hosts, "-np", str(ranks)]
        command += [f"--cfg={option}" for option in OPTIONS] + ["--log=root.thres:warning", os.path.abspath(scale)]
        command += [case.mode, case.order, str(slices), str(case.work_ns), str(case.bytes)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr}")
    return Result(done.stdout, case, slices)


# ---- the check ----

CHECKED = tuple((ranks, case) for ranks in (64, 256) for case in CASES)
if os.environ.get("PENGINE_FULL", "") not in ("", "0"):
    CHECKED += ((1024, UNORDERED), (1024, REDUCE), (4096, LINK_BOUND))


def judge(case, ranks, result, window):
    if result.slower > SLOWER:
        yield f"takes {result.slower:.2f} times the ideal, not {SLOWER} at most"
    if result.busy > BUSY:
        yield f"keeps rank 0's main thread busy for {result.busy:.2f} of the time, not {BUSY} at most"
    most = (window if case.is_link_bound else BUFFERS) + ENTRIES + RANK * ranks
    if result.memory > most:
        yield f"takes {result.memory} bytes of rank 0, not {most} at most"
    rounds = math.ceil(math.log2(ranks))
    if case.mode == "reduce" and (result.merge_messages > rounds or result.merge > rounds * ROUND_S):
        yield f"merges in {result.merge_messages} messages to rank 0 and {result.merge * 1e6:.0f} us, not {rounds} rounds"


def check(scale):
    failures = []
    window = None  # of large results: what 64 ranks take
    for ranks, case in CHECKED:
        result = simulate(scale, case, ranks, 100)
        window = window or result.memory
        print(f"{ranks:5} ranks  {result.slower:.3f} of the ideal  {result.memory / 1e6:.2f} MB  rank 0 busy "
              f"{result.busy:.3f}  {result.dispatches:.0f} dispatches/s  {case.title}", flush=True)
        failures += [f"{case.title}: {ranks} ranks: it {what}" for what in judge(case, ranks, result, window)]
    for failure in failures:
        print(f"FAILED: {failure}")
    return 1 if failures else 0


# ---- the sweep ----

COLUMNS = (("seconds", lambda result: f"{result.all:.4f}"),
           ("times the ideal", lambda result: f"{result.slower:.3f}"),
           ("ms more than the ideal", lambda result: f"{result.over * 1e3:.2f}"),
           ("MB of rank 0", lambda result: f"{result.memory / 1e6:.3f}"),
           ("MB through rank 0", lambda result: f"{result.bytes / 1e6:.3f}"),
           ("dispatches/s", lambda result: f"{result.dispatches:.0f}"),
           ("slices/s", lambda result: f"{result.slices:.0f}"),
           ("% of the time that rank 0's main thread is busy", lambda result: f"{result.busy * 100:.2f}"))

PLOT = """set terminal svg size 1080,720 dynamic noenhanced font 'sans-serif,12' background 'white'
set output '{svg}'
set multiplot layout 2,3 margins 0.055,0.975,0.19,0.95 spacing 0.075,0.12
set linetype 5 linecolor rgb '#a0522d'
set linetype 6 linecolor rgb 'black' dashtype 2
set logscale x 2
set format x '%.0f'
set xtics 1,4,4096
set mytics 1
set grid
set xlabel 'ranks' offset 0,0.4
set key at screen 0.5,0.08 center maxrows 2 Left reverse width 2
set title 'time, as a multiple of the ideal' offset 0,-0.6
set yrange [0.95:1.25]
plot {times}, 1.2 with lines linetype 6 title 'bars'
unset key
set logscale y
set title 'memory of rank 0, MB'
set yrange [*:*]
plot {memory}, (16384 * 184 + 220 * x) / 1e6 with lines linetype 6
set title 'bytes through rank 0, MB'
plot {traffic}
set title 'dispatches a second'
set format y '%.0s%c'
plot {dispatches}
unset logscale y
set format y
set title 'rank 0: its main thread is busy, %'
set yrange [0:100]
plot {busy}
set title 'reduce: the merge of all ranks, µs'
set yrange [0:*]
plot '{table}' using 1:{merge} with linespoints linetype 5
"""


def column_of(case, name):
    names = [column[0] for column in COLUMNS]
    return 2 + len(COLUMNS) * CASES.index(case) + names.index(name)


def curves(table, name):
    return ", ".join(f"'{table}' using 1:{column_of(case, name)} with linespoints linetype {i + 1} title '{case.name}'"
                     for i, case in enumerate(CASES))


def draw(table, svg):
    folder, table = os.path.split(table)  # its name stands in the picture
    plot = PLOT.format(svg=os.path.abspath(svg), table=table, times=curves(table, "times the ideal"),
                       memory=curves(table, "MB of rank 0"), traffic=curves(table, "MB through rank 0"),
                       dispatches=curves(table, "dispatches/s"), busy=curves(table, COLUMNS[-1][0]),
                       merge=2 + len(COLUMNS) * len(CASES))
    subprocess.run(["gnuplot", "-"], input=plot, text=True, check=True, cwd=folder or None)


def write_head(out):
    out.write("# ranks; of each case: " + ", ".join(name for name, _ in COLUMNS) + "; in the end the merge of reduce in us, "
              "and the messages of it that rank 0 takes\n")
    out.writelines(f"# {i + 1}: {case.title}, from column {column_of(case, 'seconds')}\n" for i, case in enumerate(CASES))


def sweep(scale, table, svg):
    with open(table, "w", encoding="utf-8") as out:
        write_head(out)
        for ranks in SIZES:
            row, merge = [str(ranks)], []
            for case in CASES:
                result = simulate(scale, case, ranks, 200)
                row += [show(result) for _, show in COLUMNS]
                merge = [f"{result.merge * 1e6:.1f}", str(result.merge_messages)]
                print(f"{ranks:5} ranks: {result.all:.4f} s  {case.title}", flush=True)
            out.write(" ".join(row + merge) + "\n")
            out.flush()
    draw(table, svg)
    return 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("scale", help="the program made by smpicc")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--sweep", nargs=2, metavar=("TABLE", "SVG"))
    options = parser.parse_args()
    return sweep(options.scale, *options.sweep) if options.sweep else check(options.scale)


if __name__ == "__main__":
    sys.exit(main())
