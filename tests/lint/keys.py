#!/usr/bin/env python3
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Holds the table of keys in docs/jobs.md to the schema: keys.py PRINT_KEYS [--write], where PRINT_KEYS is the program of print_keys.c."""
import pathlib
import re
import subprocess
import sys

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "jobs.md"
BETWEEN = re.compile(r"(?<=<!-- keys: begin -->\n).*?(?=<!-- keys: end -->)", re.DOTALL)


def main():
    table = subprocess.run(sys.argv[1:2], check=True, capture_output=True, text=True).stdout
    page = PAGE.read_text()
    if "--write" in sys.argv:
        PAGE.write_text(BETWEEN.sub(lambda _: table, page, count=1))
        return 0
    if BETWEEN.search(page)[0] == table:
        return 0
    print("docs/jobs.md: the table of keys is not that of engine/job/schema: run this with --write")
    return 1


if __name__ == "__main__":
    sys.exit(main())
