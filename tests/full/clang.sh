#!/bin/sh
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
#
# clang.sh: pengine compiled by clang without a warning, and its unit tests.
. "$(dirname "$0")/build.sh"
need clang clang
build -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DPENGINE_TESTS=ON -DPENGINE_WERROR=ON
ctest --test-dir build -L unit --output-on-failure -j "$(nproc)"
