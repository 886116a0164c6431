#!/bin/sh
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
#
# mpich.sh: pengine with MPICH in place of Open MPI, and the tests of several ranks.
. "$(dirname "$0")/build.sh"
need mpicc.mpich libmpich-dev
need mpiexec.mpich mpich
build -DMPI_C_COMPILER=/usr/bin/mpicc.mpich -DMPIEXEC_EXECUTABLE=/usr/bin/mpiexec.mpich -DPENGINE_TESTS=ON -DPENGINE_PYTHON=OFF
ctest --test-dir build -R 'mpi\.' --output-on-failure
