# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Builds the wheel for pip, by CMake and with nothing from a network (PEP 517).

The wheel holds the package, its two extension modules in the limited API of 3.11, and the program with its modules for
pengine.run(). It needs what quickstart installs for a build. CMAKE_ARGS in the environment are passed on;
PENGINE_BUILD names a folder where all is built already.
"""
import base64
import hashlib
import os
import pathlib
import shlex
import subprocess
import sys
import sysconfig
import tempfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
NAME, VERSION = "pengine", "0.1.0"
INFO = f"{NAME}-{VERSION}.dist-info"
METADATA = f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {VERSION}\nSummary: multiprocessing's Pool, faster and bounded in memory\n" \
    "License: BSD-3-Clause\nRequires-Python: >=3.11\n"


def get_requires_for_build_wheel(config_settings=None):
    return []


def _tag():
    platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    return f"cp311-abi3-{platform}"


def _build(folder):
    """Configure, build, install into a folder."""
    build = pathlib.Path(os.environ.get("PENGINE_BUILD", folder / "build"))
    configure = ["cmake", "-S", HERE.parent, "-B", build, "-DCMAKE_BUILD_TYPE=Release", "-DPENGINE_TESTS=OFF", "-DPENGINE_PYTHON=ON",
                 f"-DPython3_EXECUTABLE={sys.executable}", f"-DCMAKE_INSTALL_PREFIX={folder / 'made'}"]
    if "PENGINE_BUILD" not in os.environ:
        subprocess.run([*configure, *shlex.split(os.environ.get("CMAKE_ARGS", ""))], check=True)
        subprocess.run(["cmake", "--build", build, "--parallel", str(len(os.sched_getaffinity(0))), "--target", "python_package"], check=True)
    for component in ("python", "wheel"):
        subprocess.run(["cmake", "--install", build, "--prefix", folder / "made", "--component", component], check=True,
                       env={**os.environ, "PENGINE_PYTHON_DIR": "python"})
    return folder / "made" / "python"


def _record(name, data):
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(data)}\n"


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """The wheel's file name, in the directory."""
    wheel = f"{NAME}-{VERSION}-{_tag()}.whl"
    with tempfile.TemporaryDirectory(prefix="pengine-wheel-") as folder:
        root = _build(pathlib.Path(folder))
        files = {str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mode) for path in sorted(root.rglob("*")) if path.is_file()}
    files[f"{INFO}/METADATA"] = METADATA.encode(), 0o644
    files[f"{INFO}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: pengine\nRoot-Is-Purelib: false\nTag: {_tag()}\n".encode(), 0o644
    record = "".join(_record(name, data) for name, (data, _) in files.items()) + f"{INFO}/RECORD,,\n"
    files[f"{INFO}/RECORD"] = record.encode(), 0o644
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / wheel, "w", zipfile.ZIP_DEFLATED) as out:
        for name, (data, mode) in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr, entry.compress_type = (mode & 0xFFFF) << 16, zipfile.ZIP_DEFLATED
            out.writestr(entry, data)
    return wheel
