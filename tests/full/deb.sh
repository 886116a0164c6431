#!/bin/sh
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
#
# deb.sh: the Debian packages of the last commit please lintian, install in a new Debian and run there.
. "$(dirname "$0")/build.sh"
need dpkg-buildpackage dpkg-dev
need dh debhelper
need lintian lintian
"$root/packaging/deb.sh" "$scratch"
# no bug of Debian asks for these packages
lintian --allow-root --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs ./*.changes
need debootstrap debootstrap
if [ "$(id -u)" -ne 0 ]; then
    echo "skipped: a new Debian needs root; the packages were built"
    exit 77
fi
debootstrap --variant=minbase bookworm debian
cp ./*.deb debian/tmp
chroot debian sh -c 'cd /tmp && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends ./*.deb man-db
man -w 1 pengine && man -w 5 pengine && pengine --version'
shown=$(chroot debian pengine -q -o - -s input.range='[0, 3]' /usr/share/doc/pengine-doc/configs/squares.toml | tr '\n' ' ')
test "$shown" = "0 1 4 "
