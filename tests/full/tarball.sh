#!/bin/sh
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
#
# tarball.sh: the tarball of packaging/tarball.sh, unpacked where nobody expects it, runs with the libraries that it brings.
. "$(dirname "$0")/build.sh"
"$root/packaging/tarball.sh" "$scratch"
mkdir "an odd place"
tar -xzf pengine-*.tar.gz -C "an odd place"
cd "an odd place"/pengine-*
case $(env -i ldd bin/pengine) in
*"not found"*)
    env -i ldd bin/pengine
    exit 1
    ;;
esac
env -i ldd bin/pengine | grep -q "an odd place.*libgomp"
shown=$(cd / && env -i "$OLDPWD"/bin/pengine -q -o - -s input.range='[0, 3]' "$OLDPWD"/share/doc/pengine/configs/squares.toml | tr '\n' ' ')
test "$shown" = "0 1 4 "
