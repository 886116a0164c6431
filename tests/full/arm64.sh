#!/bin/sh
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
#
# arm64.sh: pengine is compiled for arm64, without MPI. The headers of the libraries are those of this machine; nothing is linked, since
# the libraries would have to be arm64's.
. "$(dirname "$0")/build.sh"
need aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu
need aarch64-linux-gnu-g++ g++-aarch64-linux-gnu
mkdir include
for header in toml++ Random123 xxhash.h xxh3.h zlib.h x86_64-linux-gnu/zconf.h simdjson.h fast_float zstd.h isa-l; do
    if [ -e "/usr/include/$header" ]; then
        ln -s "/usr/include/$header" include/
    fi
done
cmake -S "$root" -B build -G Ninja -DCMAKE_BUILD_TYPE=Release -DPENGINE_MPI=OFF -DPENGINE_TESTS=OFF -DPENGINE_PYTHON=OFF \
    -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
    -DCMAKE_C_COMPILER=aarch64-linux-gnu-gcc -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++ \
    -DCMAKE_C_FLAGS="-isystem $PWD/include" -DCMAKE_CXX_FLAGS="-isystem $PWD/include"
cmake --build build --target pengine_lib
aarch64-linux-gnu-nm build/libpengine.a | grep -q ' T pe_job_read$'
