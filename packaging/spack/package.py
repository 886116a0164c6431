# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""A Spack recipe of pengine; not tried here, where there is no Spack. In a repository of your own:

    mkdir -p REPO/packages/pengine && cp packaging/spack/package.py REPO/packages/pengine/
    spack dev-build pengine@0.1.0        # in the source tree
"""
from spack.package import *  # pylint: disable=wildcard-import,unused-wildcard-import


class Pengine(CMakePackage):
    """Maps a kernel over an array on every core of every node, in order, in bounded memory."""

    license("BSD-3-Clause")

    version("0.1.0")

    variant("mpi", default=True, description="run under mpirun")
    variant("hdf5", default=True, description="read and write HDF5")
    variant("python", default=True, description="the Python package")

    depends_on("c", type="build")
    depends_on("cxx", type="build")
    depends_on("cmake@3.25:", type="build")
    depends_on("ninja", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("mpi", when="+mpi")
    depends_on("hdf5+hl", when="+hdf5")
    extends("python@3.11:", when="+python")
    depends_on("tomlplusplus", type="build")
    depends_on("xxhash@0.8:")
    depends_on("isa-l")
    depends_on("zstd")
    depends_on("simdjson@3:")
    depends_on("fast-float@3:", type="build")
    depends_on("random123", type=("build", "link"))
    depends_on("zlib-api")

    generator("ninja")

    def cmake_args(self):
        return [self.define_from_variant("PENGINE_MPI", "mpi"), self.define_from_variant("PENGINE_HDF5", "hdf5"),
                self.define_from_variant("PENGINE_PYTHON", "python"), self.define("PENGINE_TESTS", False)]
