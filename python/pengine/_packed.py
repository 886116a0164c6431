# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The items of an iterable without a length, kept as columns of 8 bytes a number instead of as objects.

Design: map() and starmap() need all items before they begin. Of ints, floats, and tuples of them only the bytes are kept that workers
get anyway (plain_columns.c), so that ten million tuples are not kept and looked through by the collector. The first item of
another kind turns all into a list.
"""
from __future__ import annotations

import struct
from itertools import islice
from typing import Any, Iterable, Iterator, Optional

from . import _core

BLOCK = 4096  # items; their objects stay in the second-level cache
_HEAD = struct.Struct("=cQ")
_FORMS = {b"i": "=q", b"f": "=d"}


class Packed:
    """A sequence of numbers (width None), or of tuples of `width` numbers."""

    def __init__(self, kinds: bytes, columns: list[bytearray], width: Optional[int]) -> None:
        self.kinds, self.columns, self.width = kinds, columns, width

    def __len__(self) -> int:
        return len(self.columns[0]) // 8

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            begin, end, _ = place.indices(len(self))
            return Packed(self.kinds, [column[8 * begin : 8 * end] for column in self.columns], self.width)
        if not 0 <= place < len(self):
            raise IndexError(place)
        values = [struct.unpack_from(_FORMS[self.kinds[k : k + 1]], column, 8 * place)[0] for k, column in enumerate(self.columns)]
        return values[0] if self.width is None else tuple(values)

    def message(self) -> bytes:
        """As plain_columns.c writes a column."""
        count = len(self)
        parts = [] if self.width is None else [_HEAD.pack(b"t", count), bytes([self.width])]
        for k, column in enumerate(self.columns):
            parts += [_HEAD.pack(self.kinds[k : k + 1], count), column]
        return b"".join(parts)

    def take(self, iterator: Iterator[Any]) -> Optional[tuple[Any, ...]]:
        """Append a block of the next items. None at the end; else the item that is of another kind, in a tuple, or ()."""
        before = len(self)
        more, odd = _core.take_numbers(iterator, self.kinds, self.width is not None, BLOCK)
        for column, other in zip(self.columns, more):
            column += other
        return None if not odd and len(self) - before < BLOCK else odd


def _parse(data: bytes) -> Optional[Packed]:
    """What encode() wrote, where it is of numbers or of tuples of numbers."""
    kind, count = _HEAD.unpack_from(data)
    at, width = 0, None
    if kind == b"t":
        at, width = _HEAD.size + 1, data[_HEAD.size]
    kinds, columns = b"", []
    for _ in range(1 if width is None else width):
        kind = data[at : at + 1]
        if kind not in _FORMS:
            return None
        at += _HEAD.size
        kinds += kind
        columns.append(bytearray(data[at : at + 8 * count]))
        at += 8 * count
    return Packed(kinds, columns, width) if columns else None


def _pack_block(block: list[Any]) -> Optional[Packed]:
    data = _core.encode(block)
    return _parse(data) if data is not None else None


def pack(items: Iterable[Any]) -> Any:
    """All items: Packed where there are many numbers, else a list."""
    iterator = iter(items)
    block = list(islice(iterator, BLOCK))
    packed = _pack_block(block) if len(block) == BLOCK else None
    if packed is None:
        return block + list(iterator)
    odd: Optional[tuple[Any, ...]] = ()
    while odd == ():
        odd = packed.take(iterator)
    return packed if odd is None else [*_core.decode(memoryview(packed.message())), *odd, *iterator]
