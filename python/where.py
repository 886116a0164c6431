# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Print where this Python finds packages below a prefix, relative to it: where.py PREFIX."""
import os
import site
import sys
import sysconfig

prefix = os.path.abspath(sys.argv[1])
found = [path for path in [*site.getsitepackages(), sysconfig.get_path("platlib")] if path.startswith(prefix + os.sep)]
# Debian's own folder comes behind the one for what is installed by hand; both are found
folder = found[0] if found else os.path.join(prefix, f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages")
print(os.path.relpath(folder, prefix))
