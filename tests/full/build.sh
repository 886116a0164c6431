#!/bin/sh
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
#
# What the scripts beside this one share; it is read by them. It goes to a scratch folder, $scratch, which is removed in the end;
# $root is the tree.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

need() { # need PROGRAM PACKAGE: a skipped test where the program is missing
    if ! command -v "$1" >/dev/null; then
        echo "skipped: there is no $1 (Debian: $2)"
        exit 77
    fi
}

build() { # build OPTION...: the tree in ./build
    cmake -S "$root" -B build -G Ninja -DCMAKE_BUILD_TYPE=Release "$@"
    cmake --build build
}
