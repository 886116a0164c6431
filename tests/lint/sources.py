# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""What the lint tests share: the files of the tree, C without its comments, and how findings are told."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
C_SUFFIXES = (".c", ".h", ".cc")

_TOKEN = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*)|(?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')""", re.DOTALL
)


def files(suffixes, *folders):
    """The files with one of the suffixes under the folders, as paths from the root, in order."""
    found = []
    for folder in folders:
        found += [path for path in (ROOT / folder).rglob("*") if path.is_file() and path.suffix in suffixes]
    return sorted(path.relative_to(ROOT) for path in found)


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def bare(text):
    """C with comments blanked and strings emptied, so that only code is left, line numbers unchanged."""

    def blank(match):
        if match["string"]:
            return match["string"][0] * 2
        return "\n" * match[0].count("\n") or " "

    return _TOKEN.sub(blank, re.sub(r'^(\s*#\s*include\s*)"([^"]*)"', r"\1<\2>", text, flags=re.MULTILINE))


def matches(pattern, text):
    """(line number, match) of each match."""
    for match in re.finditer(pattern, text, re.MULTILINE):
        yield text.count("\n", 0, match.start()) + 1, match


def finish(findings, checked):
    for path, line, what in findings:
        print(f"{path}:{line}: {what}")
    print(f"{checked} files, {len(findings)} findings")
    sys.exit(1 if findings or not checked else 0)
