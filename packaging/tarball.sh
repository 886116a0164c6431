#!/bin/sh
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
#
# packaging/tarball.sh [FOLDER]: a tarball of pengine that runs from any folder of any Linux with a C library that is not
# older than this machine's. It brings what pengine links with, except for the C library and MPI. FOLDER is this one by default.
set -eu
folder=$(realpath "${1:-.}")
cd "$(dirname "$0")/.."
cmake -S . -B build-tarball -G Ninja -DCMAKE_BUILD_TYPE=Release -DPENGINE_TESTS=OFF -DPENGINE_BUNDLE=ON -DCMAKE_INSTALL_LIBDIR=lib
cmake --build build-tarball
cpack --config build-tarball/CPackConfig.cmake -B "$folder"
rm -rf "$folder/_CPack_Packages"
