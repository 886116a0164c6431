#!/bin/sh
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
#
# arm64.sh: pengine cross-compiled for arm64, without MPI, against the libraries of Debian's arm64; its unit tests under QEMU, but
# for those of starting processes, which QEMU answers in another way, and of times.
. "$(dirname "$0")/build.sh"
need aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu
need aarch64-linux-gnu-g++ g++-aarch64-linux-gnu
need mmdebstrap mmdebstrap
need qemu-aarch64-static qemu-user-static
sysroot=$PWD/sysroot
triplet=aarch64-linux-gnu
mmdebstrap --architectures=arm64 --variant=extract --include=libc6-dev,libgomp1,libstdc++-12-dev,libtomlplusplus-dev,libxxhash-dev,librandom123-dev,libisal-dev,zlib1g-dev,libzstd-dev,libsimdjson-dev,libfast-float-dev,libhdf5-dev,check,libsubunit-dev bookworm "$sysroot"
rm -rf "$sysroot/tmp" "$sysroot/dev" # QEMU would take them for this machine's
export PKG_CONFIG_SYSROOT_DIR="$sysroot" PKG_CONFIG_LIBDIR="$sysroot/usr/lib/$triplet/pkgconfig:$sysroot/usr/share/pkgconfig"
build -DPENGINE_MPI=OFF -DPENGINE_TESTS=ON -DPENGINE_PYTHON=OFF \
    -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 -DCMAKE_SYSROOT="$sysroot" \
    -DCMAKE_C_COMPILER=$triplet-gcc -DCMAKE_CXX_COMPILER=$triplet-g++ \
    -DCMAKE_FIND_ROOT_PATH="$sysroot" -DCMAKE_FIND_ROOT_PATH_MODE_PROGRAM=NEVER -DCMAKE_FIND_ROOT_PATH_MODE_LIBRARY=ONLY \
    -DCMAKE_FIND_ROOT_PATH_MODE_INCLUDE=ONLY -DCMAKE_FIND_ROOT_PATH_MODE_PACKAGE=ONLY \
    -DCMAKE_MODULE_LINKER_FLAGS="-L$sysroot/usr/lib/$triplet/hdf5/serial" \
    "-DCMAKE_CROSSCOMPILING_EMULATOR=qemu-aarch64-static;-L;$sysroot"
export PENGINE_CC=$triplet-gcc
ctest --test-dir build -L 'unit|fuzz' -E '_(compiler|command_runs|python_form|subprocess|pool|crash)$' --output-on-failure -j "$(nproc)"
shown=$(qemu-aarch64-static -L "$sysroot" build/pengine -q -i 0:4 -k 'x*x + 0.5' | tr '\n' ' ')
test "$shown" = "0.5 1.5 4.5 9.5 "
