#!/usr/bin/env python3
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""A comment that names a file of the tree names one that exists.

Design: a name is checked where it has no folder, or a folder of ours in front; one with a folder is the end of a path. Headers that
the code includes are known too.
Examples such as f.c have one letter.
"""
import re

import sources

FOLDERS = ("engine", "kernels", "python", "tests", "configs", "slurm", "docs", "cmake")
NAME = r'(?<![\w<"./*])((?:[\w-]+/)*[\w-]{2,}\.(?:c|h|cc|py|sh|md|toml))\b'


def main():
    paths = sources.files((".c", ".h", ".cc"), "engine", "kernels", "tests", "configs")
    ends = set()
    for folder in FOLDERS:
        for path in (sources.ROOT / folder).rglob("*"):
            parts = path.relative_to(sources.ROOT).parts
            ends.update("/".join(parts[first:]) for first in range(len(parts)))
    names = {end for end in ends if "/" not in end}
    names |= {path.name for path in sources.ROOT.glob("*")}
    for path in paths:
        names.update(re.findall(r"#\s*include\s*<([\w.]+)>", sources.read(path)))
    ours = set(FOLDERS) | {path.name for path in (sources.ROOT / "engine").iterdir()}
    findings = []
    for path in paths:
        text = sources.read(path)
        for line, comment in sources.matches(r"/\*(?:.|\n)*?\*/|//[^\n]*", text):
            for inside, match in sources.matches(NAME, comment[0]):
                folder, _, name = match[1].rpartition("/")
                is_ours = not folder or folder.split("/")[0] in ours or name in names
                if is_ours and match[1] not in (ends if folder else names):
                    findings.append((path, line + inside - 1, f"there is no {match[1]}"))
    sources.finish(findings, len(paths))


if __name__ == "__main__":
    main()
