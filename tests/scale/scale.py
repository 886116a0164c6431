# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Thousands of simulated ranks: the engine's crew under SimGrid, on a network of 12.5 GB/s and 2 us.

    scale.py SCALE --check              two sizes, held against the bars; for ctest
    scale.py SCALE --sweep TABLE SVG    all sizes, a table and a plot

Every figure is simulated time: the network's, 0.5 us of its own for each message that a rank sends or takes, and 1 ms (0.2 ms
where the link is the question) of work in a slice, on one worker a rank. Rank 0 works too.
"""
import argparse
import os
import subprocess
import sys
import tempfile

LINK = 12.5e9
SLICE = 512 << 10
ENTRIES = 16384 * 72  # plan.c: what rank 0 keeps of the window, for any number of ranks
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


class Case:
    """What is simulated: mode of scale.c, work of a slice in ns, bytes of its results."""

    def __init__(self, title, mode, order, work_ns, slice_bytes):
        self.title, self.mode, self.order, self.work_ns, self.bytes = title, mode, order, work_ns, slice_bytes

    def slices(self, ranks):
        return max(6400 // ranks, 2) if self.is_link_bound() else 100

    def is_link_bound(self):
        return self.mode == "gather" and self.bytes == SLICE

    def ideal(self, ranks):
        work = self.slices(ranks) * self.work_ns * 1e-9
        if self.mode == "place":
            work += self.slices(ranks) * self.bytes / 1e9
        link = self.slices(ranks) * (ranks - 1) * self.bytes / LINK if self.mode == "gather" else 0
        return max(work, link)


CASES = (Case("map and imap, gathered: 512 KiB a slice of 0.2 ms", "gather", "ordered", 200000, SLICE),
         Case("imap, gathered: 8 bytes a slice of 1 ms", "gather", "ordered", 1000000, 8),
         Case("imap_unordered: 8 bytes a slice of 1 ms", "gather", "unordered", 1000000, 8),
         Case("map, written by each rank: 1 ms a slice", "place", "ordered", 1000000, SLICE),
         Case("reduce: 1 ms a slice", "reduce", "ordered", 1000000, 0))


class Result:
    def __init__(self, line):
        fields = line.split()
        self.ranks = int(fields[0])
        self.crew, self.all, self.merge = (float(field) for field in fields[1:4])
        self.memory, self.messages, self.bytes = (int(field) for field in fields[4:7])
        self.busy, self.grants = float(fields[7]), int(fields[8])
        self.merge_messages, self.merge_bytes = int(fields[9]), int(fields[10])


def simulate(scale, case, ranks):
    with tempfile.TemporaryDirectory() as folder:
        platform, hosts = os.path.join(folder, "net.xml"), os.path.join(folder, "hosts")
        with open(platform, "w", encoding="utf-8") as out:
            out.write(PLATFORM.format(last=ranks - 1))
        with open(hosts, "w", encoding="utf-8") as out:
            out.writelines(f"n{rank}\n" for rank in range(ranks))
        command = ["smpirun", "-no-privatize", "-platform", platform, "-hostfile", hosts, "-np", str(ranks)]
        command += [f"--cfg={option}" for option in OPTIONS] + ["--log=root.thres:warning", os.path.abspath(scale)]
        command += [case.mode, case.order, str(case.slices(ranks)), str(case.work_ns), str(case.bytes)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr}")
    return Result(done.stdout)


def check(scale):
    failures = []
    memory = {}
    for ranks in (64, 256):
        for case in CASES:
            result = simulate(scale, case, ranks)
            slower = result.crew / case.ideal(ranks)
            memory[case, ranks] = result.memory
            print(f"{ranks:5} ranks  {result.crew:.4f} s, {slower:.3f} of the ideal  {result.memory / 1e6:.2f} MB  {case.title}")
            if slower > 1.2:
                failures.append(f"{case.title}: {ranks} ranks take {slower:.2f} times the ideal, not 1.2 at most")
            if case.mode != "gather" and result.memory > ENTRIES + 100 * ranks:
                failures.append(f"{case.title}: rank 0 of {ranks} holds {result.memory} bytes")
    for case in CASES:
        if case.is_link_bound() and memory[case, 256] - memory[case, 64] > ENTRIES + 100 * 192:
            failures.append(f"{case.title}: rank 0 holds {memory[case, 64]} bytes of 64 ranks, {memory[case, 256]} of 256")
    for failure in failures:
        print(f"FAILED: {failure}")
    return 1 if failures else 0


PLOT = """set terminal svg size 1000,540 dynamic noenhanced font 'sans-serif,12' background 'white'
set output '{svg}'
set multiplot layout 1,2
set logscale x 2
set xlabel 'ranks'
set key below left maxcols 1
set linetype 5 linecolor rgb '#a0522d'
set grid
set yrange [0.9:*]
set ylabel 'time: times the ideal (work, or link of rank 0)'
plot {times}
set logscale y
set yrange [*:*]
set ylabel 'memory of rank 0: MB'
plot {memory}
"""


def curves(table, first):
    titles = [case.title.replace(": 1 ms a slice", "") for case in CASES]
    return ", ".join(f"'{table}' using 1:{first + 3 * i} with linespoints title '{title}'"
                     for i, title in enumerate(titles))


def sweep(scale, table, svg):
    with open(table, "w", encoding="utf-8") as out:
        out.write("# ranks, then of each case: seconds, times the ideal, MB of rank 0\n")
        out.writelines(f"# {i + 1}: {case.title}\n" for i, case in enumerate(CASES))
        for ranks in SIZES:
            row = [str(ranks)]
            for case in CASES:
                result = simulate(scale, case, ranks)
                row += [f"{result.all:.4f}", f"{result.all / case.ideal(ranks):.3f}", f"{result.memory / 1e6:.3f}"]
            out.write(" ".join(row) + "\n")
            out.flush()
            print(" ".join(row), flush=True)
    plot = PLOT.format(svg=svg, times=curves(table, 3), memory=curves(table, 4))
    subprocess.run(["gnuplot", "-"], input=plot, text=True, check=True)
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
