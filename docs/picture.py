#!/usr/bin/env python3
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Draws a two-dimensional npy array as a PNG: python3 docs/picture.py mandelbrot.npy mandelbrot.png

The first axis goes to the right, the second one upwards. Values are coloured on a logarithmic scale from dark blue over
white to orange, the largest one black. Needs numpy; the PNG is written with zlib alone.
"""
import struct
import sys
import zlib

import numpy

STOPS = ((0.0, (0, 7, 100)), (0.2, (32, 107, 203)), (0.45, (237, 255, 255)), (0.7, (255, 170, 0)), (1.0, (60, 10, 0)))


def palette():
    """256 colours: the stops joined by straight lines, and black at the end."""
    at = numpy.linspace(0, 1, 255)
    places, colours = zip(*STOPS)
    channels = [numpy.interp(at, places, [colour[c] for colour in colours]) for c in range(3)]
    return numpy.vstack([numpy.stack(channels, axis=1), [[0, 0, 0]]]).round().astype(numpy.uint8)


def shades(values):
    """Each value as a number of the palette."""
    low, high = values.min(), values.max()
    if low == high:
        return numpy.zeros(values.shape, numpy.uint8)
    scale = numpy.log1p(values - low) / numpy.log1p(high - low)
    return numpy.where(values == high, 255, (scale * 254).astype(numpy.uint8)).astype(numpy.uint8)


def png(rows):
    """The bytes of a picture with a palette, one byte a pixel."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    height, width = rows.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    lines = b"".join(b"\0" + row.tobytes() for row in rows)  # 0: the line is not filtered
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"PLTE", palette().tobytes())
            + chunk(b"IDAT", zlib.compress(lines, 9)) + chunk(b"IEND", b""))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.splitlines()[0])
    values = numpy.load(sys.argv[1])
    if values.ndim != 2 or values.size == 0:
        sys.exit(f"{sys.argv[1]}: expected a two-dimensional array with items, got the shape {values.shape}")
    with open(sys.argv[2], "wb") as file:
        file.write(png(shades(values.T[::-1])))


if __name__ == "__main__":
    main()
