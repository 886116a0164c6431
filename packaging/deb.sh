#!/bin/sh
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
#
# packaging/deb.sh [FOLDER]: Debian packages of the last commit, made with dpkg-buildpackage from packaging/debian. They lie in
# FOLDER, this one by default. It needs dpkg-dev, debhelper and the packages that packaging/debian/control names.
set -eu
folder=$(realpath "${1:-.}")
cd "$(dirname "$0")/.."
version=$(sed -n '1s/.*(\(.*\)-[0-9]*).*/\1/p' packaging/debian/changelog)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git archive --prefix="pengine-$version/" HEAD | gzip -n >"$work/pengine_$version.orig.tar.gz"
tar -xzf "$work/pengine_$version.orig.tar.gz" -C "$work"
cp -r packaging/debian "$work/pengine-$version/"
(cd "$work/pengine-$version" && dpkg-buildpackage -us -uc)
cp "$work"/*.deb "$work"/*.dsc "$work"/*.tar.* "$work"/*.changes "$work"/*.buildinfo "$folder"
