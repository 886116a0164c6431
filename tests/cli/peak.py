# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Runs a command, appends the largest resident set that it had, in bytes, to a file: python3 peak.py FILE COMMAND...

Design: Linux keeps the peak of a child that was waited for (ru_maxrss), so nothing is polled. The figure is at least the memory of this
process itself (about 10 MB), since the child begins as its copy.
"""
import os
import sys

child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(child, 0)
with open(sys.argv[1], "a") as file:
    file.write(f"{usage.ru_maxrss * 1024}\n")
code = os.waitstatus_to_exitcode(status)
sys.exit(code if code >= 0 else 128 - code)
