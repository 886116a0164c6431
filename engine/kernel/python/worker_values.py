# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Columns of a request as Python values, values of a function as columns of an answer; the reasons of failed items.

Design: the engine sends this file, worker_function.py and worker.py as one program. A column is an array, of texts all sizes
and then all bytes. A result column is packed as a whole; only where that fails are its values checked one by one.
"""
import functools
import itertools
import math
import operator
import os
import struct
import types

IS_LONG_64 = struct.calcsize("l") == 8  # then Python converts a "l" in half the time that a "q" takes
CODES = {"bool": "?", "int8": "b", "int16": "h", "int32": "i", "int64": "l" if IS_LONG_64 else "q", "uint8": "B",
         "uint16": "H", "uint32": "I", "uint64": "L" if IS_LONG_64 else "Q", "float32": "f", "float64": "d", "float16": "e"}
PARTS = {"complex64": "float32", "complex128": "float64"}
LAZY = (types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType)
WITH_ADDRESS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.ModuleType)  # in its repr
NEVER_TEXT = {bytes, bytearray, memoryview, types.ModuleType}

sources = set()  # the user's files, as tracebacks name them


# ---- reasons ----

def cut(text, room):
    data = text.encode("utf-8", "replace")
    return text if len(data) <= room else data[:max(room - 3, 0)].decode("utf-8", "ignore") + "..."


def short_repr(value):
    try:
        return cut(" ".join(repr(value).split()), 50)
    except Exception:
        return "a value without a repr"


def location(error):
    """The last line of the user's files in the traceback: " (f.py:12)"."""
    if isinstance(error, SyntaxError) and error.filename in sources:
        return f" ({os.path.basename(error.filename)}:{error.lineno})"
    found = ""
    trace = error.__traceback__
    while trace:
        name = trace.tb_frame.f_code.co_filename
        if name in sources:
            found = f" ({os.path.basename(name)}:{trace.tb_lineno})"
        trace = trace.tb_next
    return found


def reason(error, room):
    try:
        message = " ".join((error.msg if isinstance(error, SyntaxError) else str(error)).split())
    except Exception:
        message = ""
    where = location(error)
    words = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return cut(words, room - len(where.encode("utf-8", "replace"))) + where


# ---- arguments ----

def texts(data, count, bad):
    """A column of texts. The reason why a text is not UTF-8 goes to bad, by its item."""
    sizes = memoryview(data)[:8 * count].cast("Q").tolist()
    body = data[8 * count:]
    ends = list(itertools.accumulate(sizes))
    if body.isascii():
        whole = body.decode("ascii")
        return [whole[end - size:end] for size, end in zip(sizes, ends)]
    out = []
    for size, end in zip(sizes, ends):
        try:
            out.append(body[end - size:end].decode())
        except UnicodeDecodeError as error:
            bad.setdefault(len(out), f"not UTF-8: byte {body[end - size + error.start]:#04x} at {error.start}")
            out.append("")
    return out


def elements(dtype, data):
    if dtype == "int128":
        low, high = memoryview(data).cast("Q").tolist()[0::2], memoryview(data).cast("q").tolist()[1::2]
        return [h << 64 | l for l, h in zip(low, high)]
    if dtype in PARTS:
        parts = elements(PARTS[dtype], data)
        return list(map(complex, parts[0::2], parts[1::2]))
    if dtype == "float16":  # which a memoryview has since Python 3.12
        return list(struct.unpack(f"<{len(data) // 2}e", data))
    return memoryview(data).cast(CODES[dtype]).tolist()


def paths(data, count):
    """A column of file names, whose bytes need not be UTF-8: what os.fsdecode makes of them, so that open() finds them."""
    sizes = memoryview(data)[:8 * count].cast("Q").tolist()
    ends = itertools.accumulate(sizes, initial=8 * count)
    return [os.fsdecode(data[end:end + size]) for end, size in zip(ends, sizes)]


def arrays(dtype, shape, data, numpy):
    """Items of this shape: views of one array, or tuples (of tuples) without numpy."""
    if numpy is not None and dtype != "int128":  # which numpy does not have
        return numpy.frombuffer(bytearray(data), dtype).reshape(-1, *shape)
    values = elements(dtype, data)
    for size in reversed(shape):
        values = list(zip(*[iter(values)] * size))
    return values


def column(dtype, shape, data, count, bad, numpy):
    if dtype == "text":
        return texts(data, count, bad)
    if dtype == "path":
        return paths(data, count)
    return arrays(dtype, shape, data, numpy) if shape else elements(dtype, data)


# ---- results ----

class Wrong(Exception):
    """A value that does not fit its result type; the message is the item's reason."""


def refuse_lazy(value):
    if isinstance(value, types.CoroutineType):
        value.close()
        raise Wrong("a coroutine is not a result: the function may not be async")
    if isinstance(value, LAZY):
        raise Wrong(f"a {type(value).__name__.replace('_', ' ')} is not a result: return its values, such as list(...)")


def refuse_textless(value, depth=0):
    """What str() gives for value says nothing of it but its address, or is the text of bytes as Python writes them."""
    refuse_lazy(value)
    kind = type(value)
    if depth == 0 and isinstance(value, (bytes, bytearray, memoryview)):
        raise Wrong(f"{short_repr(value)} is {kind.__name__}, not text: decode() it")
    if isinstance(value, WITH_ADDRESS) or (kind.__repr__ is object.__repr__ and kind.__str__ is object.__str__):
        raise Wrong(f"{short_repr(value)} is {kind.__name__}, which has no text")
    if depth < 4 and isinstance(value, (list, tuple, set, frozenset, dict)):
        for element in value.values() if isinstance(value, dict) else value:
            refuse_textless(element, depth + 1)


class Integers:
    def __init__(self, dtype):
        bits = int(dtype.lstrip("uint"))
        self.dtype, self.blank = dtype, 0
        self.least, self.most = (0, 2**bits - 1) if dtype[0] == "u" else (-2**(bits - 1), 2**(bits - 1) - 1)

    def pack(self, values):
        if self.dtype != "int128":
            return struct.pack(f"{len(values)}{CODES[self.dtype]}", *values)
        return b"".join([value.to_bytes(16, "little", signed=True) for value in values])

    def one(self, value):
        try:
            exact = operator.index(value)
        except TypeError:
            raise Wrong(f"{short_repr(value)} is {type(value).__name__}, not {self.dtype}") from None
        if not self.least <= exact <= self.most:
            raise Wrong(f"{short_repr(value)} does not fit {self.dtype}")
        return exact


class Bools:
    dtype, blank = "bool", False

    def pack(self, values):
        if not set(map(type, values)) <= {bool}:
            raise Wrong
        return bytes(values)

    def one(self, value):
        if isinstance(value, int) and value in (0, 1):
            return bool(value)
        raise Wrong(f"{short_repr(value)} is {type(value).__name__}, not bool")


class Floats:
    blank = 0.0

    def __init__(self, dtype):
        self.dtype = dtype

    def pack(self, values):
        if not set(map(type, values)) <= {float}:
            raise Wrong
        return struct.pack(f"<{len(values)}{CODES[self.dtype]}", *values)  # with "<" beyond float32 is not infinity

    def one(self, value):
        if isinstance(value, str) or not hasattr(value, "__float__"):
            raise Wrong(f"{short_repr(value)} is {type(value).__name__}, not {self.dtype}")
        try:
            real = float(value)
            code = "<" + CODES[self.dtype]
            stored = struct.unpack(code, struct.pack(code, real))[0]
        except OverflowError:
            raise Wrong(f"{short_repr(value)} does not fit {self.dtype}") from None
        if isinstance(value, int) and stored != value:
            raise Wrong(f"{short_repr(value)} is not exact as {self.dtype}")
        return real


class Complexes:
    blank = 0j

    def __init__(self, dtype):
        self.dtype, self.code = dtype, CODES[PARTS[dtype]]

    def pack(self, values):
        if not set(map(type, values)) <= {complex}:
            raise Wrong
        parts = [part for value in values for part in (value.real, value.imag)]
        return struct.pack(f"<{len(parts)}{self.code}", *parts)

    def one(self, value):
        if isinstance(value, str) or not (hasattr(value, "__complex__") or hasattr(value, "__float__")):
            raise Wrong(f"{short_repr(value)} is {type(value).__name__}, not {self.dtype}")
        try:
            whole = complex(value)
            real = struct.unpack(f"<2{self.code}", struct.pack(f"<2{self.code}", whole.real, whole.imag))[0]
        except OverflowError:
            raise Wrong(f"{short_repr(value)} does not fit {self.dtype}") from None
        if isinstance(value, int) and real != value:
            raise Wrong(f"{short_repr(value)} is not exact as {self.dtype}")
        return whole


def sizes(values):
    return struct.pack(f"{len(values)}Q", *map(len, values))


class Texts:
    blank = ""

    def __init__(self, is_any):
        self.is_any = is_any  # any value, as str() gives it

    def pack(self, values, is_checked=False):
        if self.is_any and not is_checked:
            if not NEVER_TEXT.isdisjoint(map(type, values)):
                raise Wrong
            values = list(map(str, values))
        whole = "".join(values)
        if self.is_any and not is_checked and " at 0x" in whole:  # each value is looked at
            raise Wrong
        if whole.isascii():
            return sizes(values) + whole.encode("ascii")
        parts = [value.encode("utf-8", "surrogateescape") for value in values]  # file names keep their bytes
        return sizes(parts) + b"".join(parts)

    def one(self, value):
        if self.is_any:
            refuse_textless(value)
        elif not isinstance(value, (str, int, float)):
            raise Wrong(f"{short_repr(value)} is {type(value).__name__}, not text")
        text = str(value)
        try:
            text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            raise Wrong(f"{short_repr(value)} has no UTF-8") from None
        return text

    def pack_checked(self, values):
        return self.pack(values, True)


def json_value(value, depth=0):
    """The value as json writes it: numpy's as Python's, nan and the infinities as None."""
    if depth > 200:
        raise Wrong("a value that holds itself, or one too deep, is not JSON")
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, dict):
        return {key if isinstance(key, str) else json_key(plain(key)): json_value(one, depth + 1) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_value(one, depth + 1) for one in value]
    if callable(getattr(value, "tolist", None)):  # an array or a scalar of numpy
        return json_value(value.tolist(), depth + 1)
    raise Wrong(f"{short_repr(value)} is {type(value).__name__}, which JSON does not have")


def json_key(key):
    if isinstance(key, (str, int, float)) or key is None:
        return key  # json writes it as text
    raise Wrong(f"{short_repr(key)} is {type(key).__name__}: a key of JSON is a text")


class Json(Texts):
    """Anything that JSON has, as a line of it."""

    def __init__(self):
        import json  # before the user's folder is on the path
        super().__init__(True)
        self.dumps = functools.partial(json.dumps, ensure_ascii=False)

    def pack(self, values, is_checked=False):
        return super().pack(values if is_checked else [self.dumps(json_value(value)) for value in values], True)

    def one(self, value):
        text = self.dumps(json_value(value))
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise Wrong(f"{short_repr(value)} has no UTF-8") from None
        return text


def series(value, what):
    """A tuple of the elements of a sequence; sets and dicts have no order that means anything here."""
    refuse_lazy(value)
    if isinstance(value, (str, bytes, dict)) or not hasattr(value, "__iter__") or not hasattr(value, "__getitem__"):
        raise Wrong(f"{short_repr(value)} is {type(value).__name__}, not {what}")
    return tuple(value)


class Vectors:
    def __init__(self, scalar, width):
        self.scalar, self.width, self.dtype = scalar, width, f"{scalar.dtype}[{width}]"
        self.blank = (scalar.blank,) * width

    def pack(self, values):
        if not set(map(type, values)) <= {tuple, list} or not set(map(len, values)) <= {self.width}:
            raise Wrong
        return self.scalar.pack(list(itertools.chain.from_iterable(values)))

    def one(self, value):
        if getattr(value, "ndim", 0) > 1:  # an array of numpy, whose elements are taken in C order
            value = value.ravel()
        several = series(value, self.dtype)
        if len(several) != self.width:
            raise Wrong(f"{short_repr(value)} has {len(several)} elements, not the {self.width} of {self.dtype}")
        return tuple(self.scalar.one(plain(element)) for element in several)


def packer(dtype, shape, is_any):
    scalar = (Json() if is_any == "2" else Texts(is_any == "1") if dtype == "text" else Bools() if dtype == "bool" else
              Complexes(dtype) if dtype in PARTS else Floats(dtype) if dtype.startswith("float") else Integers(dtype))
    return Vectors(scalar, *shape) if shape else scalar


def plain(value):
    """A numpy scalar as the Python type."""
    return value.item() if getattr(value, "shape", None) == () and hasattr(value, "item") else value


def pack_column(kind, values, failed, room):
    """The bytes of one result column; a value that does not fit fails its item."""
    try:
        return kind.pack(values)
    except BaseException:
        pass
    good = []
    for item, value in enumerate(values):
        try:
            refuse_lazy(value)
            good.append(kind.blank if item in failed else kind.one(plain(value)))
        except BaseException as error:
            failed.setdefault(item, str(error) if isinstance(error, Wrong) else reason(error, room))
            good.append(kind.blank)
    return kind.pack_checked(good) if isinstance(kind, Texts) else kind.pack(good)


def split(values, kinds, failed):
    """The columns of several results."""
    count = len(kinds)
    if set(map(type, values)) <= {tuple, list} and set(map(len, values)) <= {count}:
        return list(zip(*values))
    rows = []
    for item, value in enumerate(values):
        try:
            row = series(value, f"{count} results")
            if len(row) != count:
                raise Wrong(f"{short_repr(value)} has {len(row)} values, not {count}")
        except BaseException as error:
            failed.setdefault(item, str(error) if isinstance(error, Wrong) else repr(error))
            row = tuple(kind.blank for kind in kinds)
        rows.append(row)
    return list(zip(*rows))


def pack_results(kinds, values, failed, room):
    columns = [values] if len(kinds) == 1 else split(values, kinds, failed)
    parts = [pack_column(kind, values, failed, room) for kind, values in zip(kinds, columns)]
    parts.append(struct.pack("<Q", len(failed)))
    for item in sorted(failed):
        text = cut(failed[item], room).encode("utf-8", "replace")
        parts.append(struct.pack("<QQ", item, len(text)) + text)
    return b"".join(parts)
