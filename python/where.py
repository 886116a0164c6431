# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Print where this Python finds packages below a prefix, relative to it: where.py PREFIX."""
import os
import site
import sys
import sysconfig

prefix = os.path.abspath(sys.argv[1])
paths = [*site.getsitepackages(), sysconfig.get_path("platlib"), site.getusersitepackages()]
found = [path for path in paths if path.startswith(os.path.join(prefix, "lib"))]
folder = found[0] if found else os.path.join(prefix, f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages")
print(os.path.relpath(folder, prefix))
