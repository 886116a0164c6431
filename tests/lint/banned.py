#!/usr/bin/env python3
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Holds the rules that a compiler does not: banned calls, licence lines, file lengths, leftovers."""
import re

import sources

LONGEST_FILE = 450
LICENCE = ("SPDX-FileCopyrightText: the pengine authors", "SPDX-License-Identifier: BSD-3-Clause")
FOLDERS = ("engine", "kernels", "python", "tests", "configs", "slurm", "docs")
TOP = ("CMakeLists.txt", "CMakePresets.json", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "quickstart", ".ci/run")
WITH_LICENCE = (".c", ".h", ".cc", ".py", ".sh", ".cmake")

# What runs in processes that pengine forked, in a signal handler before the run, after a crash, or when a rank is lost.
ENDS_AT_ONCE = ("engine/kernel/isolate/isolate_child.c", "engine/kernel/process/subprocess.c", "engine/os/interrupt.c",
                "engine/worker/crash/crash.c", "engine/worker/crash/crash_search.c", "engine/run/lost_rank.c")

# A call is the name with a parenthesis, not a member or a field (sink->abort(...)) and not part of a longer name.
CALL = r"(?<![\w.>])(?:{})\s*\("
# (names, why, files that may)
BANNED = [
    ("exit|_Exit|quick_exit|abort|MPI_Abort", "only main ends the process", ("engine/app/main.c",)),
    ("_exit", "only a forked child, a signal handler, a crash or a lost rank ends so", ENDS_AT_ONCE),
    ("sprintf|vsprintf|strcpy|strcat|gets|alloca", "writes without a bound", ()),
    ("atoi|atol|atoll|atof|strtok", "cannot say what was wrong", ()),
    ("system|popen", "no shell is ever involved", ()),
    ("setlocale|localtime|rand|srand|strerror_l", "hidden global state", ()),
    ("printf|vprintf|puts|putchar", "results alone go to stdout", ("engine/app/main.c", "engine/app/cli.c")),
]
# Written in two halves, so that this file does not find itself.
LEFTOVERS = r"\b(?:TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b"
MACHINE_PATHS = r"(?<![\w.])/(?:ro" r"ot|ho" r"me/\w+|wo" r"rk|Us" r"ers/\w+)/"


def all_files():
    paths = [path for path in sources.files((".c", ".h", ".cc", ".py", ".sh", ".cmake", ".txt", ".toml", ".md", ".csv"),
                                            *FOLDERS) if "__pycache__" not in path.parts]
    return paths + [path for path in map(sources.pathlib.Path, TOP) if (sources.ROOT / path).exists()]


def check_text(path, text, findings):
    for pattern, what in ((LEFTOVERS, "unfinished"), (MACHINE_PATHS, "a path of one machine")):
        for line, match in sources.matches(pattern, text):
            findings.append((path, line, f"{what}: {match[0]}"))
    for line, _ in sources.matches(r"[ \t]+$", text):
        findings.append((path, line, "spaces at the end of the line"))
    if text and not text.endswith("\n"):
        findings.append((path, text.count("\n") + 1, "no newline at the end"))
    has_licence = path.suffix in WITH_LICENCE or path.name in ("CMakeLists.txt", "quickstart", "run")
    if has_licence and not all(words in "\n".join(text.split("\n")[:3]) for words in LICENCE):
        findings.append((path, 1, "does not open with the two SPDX lines"))


def check_code(path, text, findings):
    is_generated = re.search(r"written by \w+\.py", text[:400])
    if text.count("\n") > LONGEST_FILE and not is_generated:
        findings.append((path, LONGEST_FILE, f"{text.count(chr(10))} lines, at most {LONGEST_FILE}"))
    if path.parts[0] not in ("engine", "kernels"):
        return
    code = sources.bare(text)
    for names, why, allowed in BANNED:
        if path.as_posix() not in allowed:
            for line, match in sources.matches(CALL.format(names), code):
                findings.append((path, line, f"{match[0].rstrip('( ')}: {why}"))
    for line, match in sources.matches(r"^[ \t]*#[ \t]*define\b(?:[^\n\\]|\\.|\\\n)*", code):
        jump = re.search(r"\b(?:return|goto|break)\b", match[0])
        if jump and not re.search(r"\bstatic\b", match[0]):  # one that defines whole functions may
            findings.append((path, line, f"a macro contains {jump[0]}"))


def check_names(paths, findings):
    """A file name is enough to find the file."""
    seen = {}
    for path in paths:
        if path.suffix in sources.C_SUFFIXES:
            if path.name in seen:
                findings.append((path, 1, f"the same name as {seen[path.name]}"))
            seen[path.name] = path


def main():
    findings = []
    paths = all_files()
    for path in paths:
        text = sources.read(path)
        check_text(path, text, findings)
        if path.suffix in sources.C_SUFFIXES:
            check_code(path, text, findings)
    check_names(paths, findings)
    sources.finish(findings, len(paths))


if __name__ == "__main__":
    main()
