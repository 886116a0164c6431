#!/usr/bin/env python3
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Holds the layers: which folder may include which, where MPI and OpenMP may appear, what a kernel may see."""
import re

import sources

# A folder of engine/ -> the other folders it may include. pengine/ (the public headers) is open to all.
MAY_INCLUDE = {
    "include": set(),
    "base": set(),
    "os": {"base"},
    "types": {"base"},
    "format": {"base", "types"},
    "comm": {"base"},
    "plan": {"base"},
    "threads": {"base", "os", "comm", "plan"},
    "ranks": {"base", "comm", "plan", "threads"},
    "job": {"base", "types"},
    "kernel": {"base", "os", "types"},
    "reduce": {"base", "types", "comm", "job", "kernel"},
    "sink": {"base", "os", "types", "format"},
    "source": {"base", "os", "types", "format"},
    "inputs": {"base", "source"},
    "checkpoint": {"base", "os", "plan", "threads"},
    "report": {"base", "os", "plan", "threads", "job", "kernel", "inputs"},
    "worker": {"base", "os", "plan", "threads", "kernel", "reduce", "sink", "inputs", "report"},
    "run": {"base", "os", "comm", "plan", "threads", "job", "kernel", "reduce", "sink", "source", "inputs", "report", "worker"},
    "library": {"base", "threads", "kernel"},
    "app": {"base", "os", "types", "comm", "threads", "job", "kernel", "run"},
}
# What only one file may name, by the pattern it is known by.
ALONE = [
    (r"\bmpi\.h\b|\bMPI_[A-Z][a-z]\w*", "MPI", {"engine/comm/comm_mpi.c"}),
    (r"\bomp\.h\b|\bomp_\w+\s*\(|#\s*pragma\s+omp\b(?!\s+simd)|_OPENMP\b", "OpenMP", {"engine/threads/threads_omp.c"}),
    (r"\btoml\+\+|\btoml::", "toml++", {"engine/types/charconv_cxx.cc", "engine/job/toml/toml.cc"}),
]
PUBLIC = re.compile(r"pengine/\w+\.h$")


def check_include(path, name, findings, line):
    layer = path.parts[1] if path.parts[0] == "engine" else None
    if PUBLIC.match(name):
        return
    if layer is None:
        if "/" in name and not name.startswith("sys/"):
            findings.append((path, line, f"a kernel includes {name}: it may see pengine/*.h and the standard library"))
        return
    folder = name.split("/")[0]
    if folder in MAY_INCLUDE and "/" in name:
        if layer == "include":
            findings.append((path, line, f"a public header includes {name}, which is not installed"))
        elif folder != layer and folder not in MAY_INCLUDE[layer]:
            allowed = ", ".join(sorted(MAY_INCLUDE[layer])) or "nothing of ours"
            findings.append((path, line, f"{layer}/ includes {name}: it may include {allowed}"))


def check_file(path, findings):
    code = sources.bare(sources.read(path))
    if path.parts[0] == "engine" and path.parts[1] not in MAY_INCLUDE:
        findings.append((path, 1, f"engine/{path.parts[1]} is not in the table of layers"))
        return
    for line, match in sources.matches(r"^\s*#\s*include\s*<([^>]*)>", code):
        check_include(path, match[1], findings, line)
    for pattern, what, homes in ALONE:
        if path.as_posix() not in homes:
            for line, match in sources.matches(pattern, code):
                findings.append((path, line, f"{what} ({match[0].strip()}) outside {' and '.join(sorted(homes))}"))
    for line, match in sources.matches(r"#\s*pragma\s+omp\s+[^\n]*\bparallel\b(?:[^\n\\]|\\\n)*", code):
        if "default(none)" not in match[0]:
            findings.append((path, line, "a parallel region without default(none)"))


def main():
    findings = []
    paths = sources.files(sources.C_SUFFIXES, "engine", "kernels")
    for path in paths:
        check_file(path, findings)
    sources.finish(findings, len(paths))


if __name__ == "__main__":
    main()
