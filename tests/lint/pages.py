#!/usr/bin/env python3
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""CONTRIBUTING.md is true: every function, type, macro, file and folder that it names exists, and every folder is in its table."""
import re

import sources

PAGE = "CONTRIBUTING.md"
PLACEHOLDERS = re.compile(r"[A-Z]{3,}|\*")  # kernels/NAME.c, job_*.c, tests/fuzz/test_jobs.py SEED COUNT
CODE = ("engine", "kernels", "tests")


def is_file(name, names):
    """A path from the root or from engine/, or the bare name of a file anywhere."""
    return (sources.ROOT / name).exists() or (sources.ROOT / "engine" / name).exists() or name in names \
        or (sources.ROOT / "engine/include" / name).exists()


def main():
    paths = sources.files((".c", ".h", ".cc", ".py", ".sh", ".toml"), *CODE, "configs", "slurm")
    code = "\n".join(sources.bare(sources.read(path)) for path in paths if path.suffix in sources.C_SUFFIXES)
    words = set(re.findall(r"\w+", code))
    names = {path.name for path in paths}
    text = sources.read(PAGE)
    findings = []
    for line, match in sources.matches(r"`([^`\n]+)`", text):
        for word in match[1].split():
            if PLACEHOLDERS.search(word.split(".")[0].removeprefix("KERNEL_TABLE")):
                continue
            if re.fullmatch(r"[\w./-]+\.(c|h|cc|py|sh|toml|md|txt)", word) and not is_file(word, names):
                findings.append((PAGE, line, f"there is no file {word}"))
            elif re.fullmatch(r"(engine|kernels|tests|docs|configs|slurm)/[\w./-]*", word) and not (sources.ROOT / word).exists():
                findings.append((PAGE, line, f"there is no {word}"))
    for line, match in sources.matches(r"\bpe_\w+|\bPE_\w+|`(\w+)\(\)?`", text):
        name = match[1] or match[0]
        if name not in words and not PLACEHOLDERS.search(name):
            findings.append((PAGE, line, f"there is no {name} in the code"))
    folders = {path.parts[1] for path in paths if path.parts[0] == "engine"}
    table = set(re.findall(r"^\| `(\w+)` \|", text.split("## How the tree is cut")[1].split("\n## ")[0], re.MULTILINE))
    findings += [(PAGE, 1, f"engine/{folder} is not in the table of folders") for folder in sorted(folders - table)]
    findings += [(PAGE, 1, f"the table of folders has {folder}, which does not exist") for folder in sorted(table - folders)]
    sources.finish(findings, len(paths))


if __name__ == "__main__":
    main()
