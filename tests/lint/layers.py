#!/usr/bin/env python3
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Holds the layers: which folder may include which, that no files of a folder call each other in a circle, where MPI
and OpenMP may appear, what a kernel may see."""
import re

import sources

# A folder of engine/, and the folders that it includes: no other, and each of these somewhere. Every one stands further
# up in the table, so there is no circle. pengine/ (the public headers) is open to all.
TABLE = """
include:
base:
os: base
types: base
format: base os types
comm: base os
plan: base
job: base types
profile: base comm
threads: base os comm plan profile
checkpoint: base os plan threads
ranks: base comm plan threads
kernel: base os types job profile
reduce: base types comm plan job kernel
sink: base os types format job
source: base os types format job
inputs: base source
report: base os types plan job profile threads kernel inputs
worker: base os types comm plan profile threads kernel reduce sink inputs report
run: base os types comm plan checkpoint job threads ranks kernel reduce sink source inputs report worker
library: base types comm plan job threads ranks kernel report worker run
app: base os types comm job threads kernel run
"""
MAY_INCLUDE = {name: set(rest.split()) for name, rest in (line.split(":") for line in TABLE.split("\n") if line)}
# What only one file may name, by the pattern it is known by.
ALONE = [
    (r"\bmpi\.h\b|\bMPI_[A-Z][a-z]\w*", "MPI", {"engine/comm/comm_mpi.c", "engine/include/pengine/mpi.h"}),
    (r"\bomp\.h\b|\bomp_\w+\s*\(|#\s*pragma\s+omp\b(?!\s+simd)|_OPENMP\b", "OpenMP", {"engine/threads/threads_omp.c"}),
    (r"\bsimdjson::|\bsimdjson\.h\b", "simdjson",
     {"engine/format/json/json_window_cxx.cc", "engine/format/json/json_window_cxx.h", "engine/format/json/jsonl_cxx.cc"}),
    (r"\bfast_float::|\bfast_float/", "fast_float", {"engine/types/number_run_cxx.cc"}),
    (r"\bjkj::|\bdragonbox/", "Dragonbox", {"engine/types/charconv_cxx.cc"}),
    (r"\btoml\+\+|\btoml::", "toml++", {"engine/types/charconv_cxx.cc", "engine/job/toml/toml.cc"}),
]
PUBLIC = re.compile(r"pengine/\w+\.h$")
# An external function: its name stands in the first column's declaration, and a line with { alone follows.
DEFINITION = re.compile(r"^(?!static\b)[a-z_][\w *]*?\b(pe_\w+)\([^;{}]*\)\s*^\{", re.MULTILINE)
TABLE_FILE = "tests/lint/layers.py"


def check_include(path, name, findings, line):
    """A folder that a file of another folder includes; None where the file includes nothing of another folder."""
    layer = path.parts[1] if path.parts[0] == "engine" else None
    folder = name.split("/")[0]
    if PUBLIC.match(name):
        return None
    if layer is None:
        if "/" in name and not name.startswith("sys/"):
            findings.append((path, line, f"a kernel includes {name}: it may see pengine/*.h and the standard library"))
        return None
    if folder not in MAY_INCLUDE or "/" not in name or folder == layer:
        return None
    if layer == "include":
        findings.append((path, line, f"a public header includes {name}, which is not installed"))
    elif folder not in MAY_INCLUDE[layer]:
        allowed = ", ".join(sorted(MAY_INCLUDE[layer])) or "nothing of ours"
        findings.append((path, line, f"{layer}/ includes {name}: it may include {allowed}"))
    return folder


def check_file(path, code, used, findings):
    if path.parts[0] == "engine" and path.parts[1] not in MAY_INCLUDE:
        findings.append((path, 1, f"engine/{path.parts[1]} is not in the table of layers"))
        return
    for line, match in sources.matches(r"^\s*#\s*include\s*<([^>]*)>", code):
        folder = check_include(path, match[1], findings, line)
        if folder is not None:
            used.add((path.parts[1], folder))
    for pattern, what, homes in ALONE:
        if path.as_posix() not in homes:
            for line, match in sources.matches(pattern, code):
                findings.append((path, line, f"{what} ({match[0].strip()}) outside {' and '.join(sorted(homes))}"))
    for line, match in sources.matches(r"#\s*pragma\s+omp\s+[^\n]*\bparallel\b(?:[^\n\\]|\\\n)*", code):
        if "default(none)" not in match[0]:
            findings.append((path, line, "a parallel region without default(none)"))


def check_table(used, findings):
    """Each folder stands below those that it includes, and includes each of them."""
    above = set()
    for folder, others in MAY_INCLUDE.items():
        for other in sorted(others - above):
            findings.append((TABLE_FILE, 1, f"{folder}: stands above {other}, which it includes"))
        above.add(folder)
        for other in sorted(others):
            if (folder, other) not in used:
                findings.append((TABLE_FILE, 1, f"{folder}/ includes nothing of {other}/: take it out of the table"))


def calls_between(codes):
    """File -> {another file: a function of it that the first one calls}, of the files of one folder by name."""
    homes = {}
    for name, code in codes.items():
        for match in DEFINITION.finditer(code):
            homes[match[1]] = name
    calls = {name: {} for name in codes}
    for name, code in codes.items():
        for word in sorted(set(re.findall(r"\bpe_\w+", code))):
            home = homes.get(word, name)
            if home != name:
                calls[name].setdefault(home, word)
    return calls


def find_circle(calls):
    """The files of a circle of calls, the first one again at the end; [] where there is none."""
    done = set()

    def walk(name, way):
        if name in way:
            return way[way.index(name) :] + [name]
        if name in done:
            return []
        for callee in calls[name]:
            circle = walk(callee, way + [name])
            if circle:
                return circle
        done.add(name)
        return []

    for name in sorted(calls):
        circle = walk(name, [])
        if circle:
            return circle
    return []


def check_circles(codes, findings):
    """The files of each folder call each other one way."""
    folders = {}
    for path, code in codes.items():
        if path.suffix == ".c" and path.parts[0] == "engine":
            folders.setdefault(path.parent, {})[path.name] = code
    for folder, files in sorted(folders.items()):
        calls = calls_between(files)
        circle = find_circle(calls)
        if circle:
            steps = [f"{a} calls {calls[a][b]} of {b}" for a, b in zip(circle, circle[1:])]
            findings.append((folder / circle[0], 1, f"a circle of calls: {', '.join(steps)}"))


def check_the_check():
    """A made-up circle is found, and a line of calls is not one."""
    line = {"a.c": "int pe_a(void)\n{\n    return pe_b();\n}\n", "b.c": "int pe_b(void)\n{\n    return 0;\n}\n"}
    circle = {**line, "b.c": "static int pe_c(int x)\n{\n}\nint pe_b(int x,\n         int y)\n{\n    return pe_a();\n}\n"}
    assert find_circle(calls_between(line)) == []
    assert find_circle(calls_between(circle)) == ["a.c", "b.c", "a.c"]


def main():
    check_the_check()
    findings, used = [], set()
    codes = {path: sources.bare(sources.read(path)) for path in sources.files(sources.C_SUFFIXES, "engine", "kernels")}
    for path, code in codes.items():
        check_file(path, code, used, findings)
    check_table(used, findings)
    check_circles(codes, findings)
    sources.finish(findings, len(codes))


if __name__ == "__main__":
    main()
