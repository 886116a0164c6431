#!/bin/sh
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
#
# tarball.sh: the tarball of packaging/tarball.sh, unpacked into a folder with an unusual name, runs with the libraries that it brings.
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

# With nothing but the C library it runs, HDF5 too; without the libraries that hdf5.so needs it runs, and a job with HDF5 says which.
if [ "$(id -u)" -ne 0 ]; then
    echo "a root folder with nothing but the C library needs root: not tried"
    exit 0
fi
bare=$scratch/bare
env -i ldd bin/pengine lib/pengine/*.so | grep -oE '/[^ ]*/(ld-linux[^ ]*|lib(c|m|dl|pthread|rt|resolv)\.so[^ ]*)' | sort -u | while read -r file; do
    mkdir -p "$bare$(dirname "$file")"
    cp -L "$file" "$bare$file"
done
mkdir "$bare/tmp"
cp -r . "$bare/pengine"
chroot=$(command -v chroot)
inside() { # there is no /proc, from which the loader would know where the program lies
    env -i LD_ORIGIN_PATH=/pengine/bin "$chroot" "$bare" /pengine/bin/pengine -q -i 0:3 -k square "$@"
}
test "$(inside | tr '\n' ' ')" = "0 1 4 "
if [ -e lib/pengine/hdf5.so ]; then
    inside -o /tmp/squares.h5 -s 'mode="map"'
    head -c 4 "$bare/tmp/squares.h5" | grep -q HDF
    rm "$bare/pengine/lib/pengine/"libhdf5*
    test "$(inside | tr '\n' ' ')" = "0 1 4 "
    said=$(inside -o /tmp/more.h5 -s 'mode="map"' 2>&1) && exit 1
    echo "$said" | grep -q "HDF5 is not available: libhdf5.*: cannot open shared object file"
fi
