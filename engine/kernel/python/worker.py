# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The process of one worker of a python kernel; python_worker.c is its other side.

Design: a request is the argument columns of some items; an answer has the results of some consecutive items of it. A
column is an array, of texts all sizes and then all bytes. A request is computed in parts of about a millisecond, each
answered at once, so that the death of this process costs little. During a part the shared page says which items are
computed: from [0] to [1], and where [2] is 1, item [0] alone. A result column is packed as a whole; only where that fails
are its values checked one by one. Numbers on the pipes are 64-bit, little-endian. `requests` is the open pipe 3, which
this text was read from.
"""
import fcntl
import itertools
import mmap
import operator
import os
import struct
import sys
import time
import types

READY, RESULTS, ERROR = 0, 1, 2
PART_NS = 1_000_000
MOST_PART_ITEMS = 1 << 16
IS_LONG_64 = struct.calcsize("l") == 8  # then Python converts a "l" in half the time that a "q" takes
CODES = {"bool": "?", "int8": "b", "int16": "h", "int32": "i", "int64": "l" if IS_LONG_64 else "q", "uint8": "B",
         "uint16": "H", "uint32": "I", "uint64": "L" if IS_LONG_64 else "Q", "float32": "f", "float64": "d"}

sources = {}  # path of a user's file, as in tracebacks: its module


# ---- the pipes ----

def send(kind, count, payload):
    view = memoryview(struct.pack("<QQQ", kind, count, len(payload)) + payload)
    while view:
        view = view[os.write(4, view):]


def receive(size):
    data = requests.read(size)
    if len(data) < size:
        raise EOFError
    return data


def die_with_parent():
    """Pipe 5 reaches its end when the engine dies: the kernel then sends SIGIO, which ends this process in any state."""
    fcntl.fcntl(5, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(5, fcntl.F_SETFL, fcntl.fcntl(5, fcntl.F_GETFL) | os.O_ASYNC)


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

def texts(data, count, base, bad):
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
            bad.setdefault(base + len(out), f"not UTF-8: byte {body[end - size + error.start]:#04x} at {error.start}")
            out.append("")
    return out


def elements(dtype, data):
    if dtype == "int128":
        low, high = memoryview(data).cast("Q").tolist()[0::2], memoryview(data).cast("q").tolist()[1::2]
        return [h << 64 | l for l, h in zip(low, high)]
    return memoryview(data).cast(CODES[dtype]).tolist()


def column(dtype, width, data, count, bad):
    if dtype == "text":
        return texts(data, count, 0, bad)
    flat = elements(dtype, data)
    return flat if width == 0 else list(zip(*[iter(flat)] * width))


# ---- results ----

class Wrong(Exception):
    """A value that does not fit its result type; the message is the item's reason."""


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
            stored = struct.unpack("<f", struct.pack("<f", real))[0] if self.dtype == "float32" else real
        except OverflowError:
            raise Wrong(f"{short_repr(value)} does not fit {self.dtype}") from None
        if isinstance(value, int) and stored != value:
            raise Wrong(f"{short_repr(value)} is not exact as {self.dtype}")
        return real


def sizes(values):
    return struct.pack(f"{len(values)}Q", *map(len, values))


class Texts:
    blank = ""

    def __init__(self, is_any):
        self.is_any = is_any  # any value, as str() gives it

    def pack(self, values):
        if self.is_any:
            values = list(map(str, values))
        whole = "".join(values)
        if whole.isascii():
            return sizes(values) + whole.encode("ascii")
        parts = [value.encode() for value in values]
        return sizes(parts) + b"".join(parts)

    def one(self, value):
        if not self.is_any and not isinstance(value, str):
            raise Wrong(f"{short_repr(value)} is {type(value).__name__}, not text")
        text = str(value)
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Wrong(f"{short_repr(value)} has no UTF-8") from None
        return text


def series(value, what):
    """A tuple of the elements of an iterable that is not a text."""
    if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
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
        several = series(value, self.dtype)
        if len(several) != self.width:
            raise Wrong(f"{short_repr(value)} has {len(several)} elements, not the {self.width} of {self.dtype}")
        return tuple(self.scalar.one(plain(element)) for element in several)


def packer(dtype, width, is_any):
    scalar = (Texts(is_any) if dtype == "text" else Bools() if dtype == "bool" else
              Floats(dtype) if dtype.startswith("float") else Integers(dtype))
    return scalar if width == 0 else Vectors(scalar, width)


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
            good.append(kind.blank if item in failed else kind.one(plain(value)))
        except BaseException as error:
            failed.setdefault(item, str(error) if isinstance(error, Wrong) else reason(error, room))
            good.append(kind.blank)
    return kind.pack(good)


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


# ---- the function ----

def load(path, text):
    """Import a file as a module, without writing a cache beside it."""
    module = types.ModuleType(os.path.splitext(os.path.basename(path))[0])
    module.__file__ = path
    sys.path.insert(0, os.path.dirname(path))
    sys.modules[module.__name__] = sources[path] = module
    exec(compile(text, path, "exec"), module.__dict__)


def find(path, name):
    """(the callable, None) or (None, what is wrong)."""
    file = os.path.basename(path)
    try:
        if path not in sources:
            with open(path, "rb") as opened:
                text = opened.read()
    except OSError as error:
        return None, f"{path}: {error.strerror}"
    try:
        if path not in sources:
            load(path, text)
    except BaseException as error:
        return None, f"{file}: {reason(error, 400)}"
    try:
        found = operator.attrgetter(name)(sources[path])
    except AttributeError:
        import difflib
        callables = [key for key, value in vars(sources[path]).items() if callable(value)]
        near = difflib.get_close_matches(name, callables, 1)
        return None, f'{file} has no "{name}"' + (f'; did you mean "{near[0]}"?' if near else "")
    if not callable(found):
        return None, f'{file}: "{name}" is {type(found).__name__}, not a function'
    return found, None


def make_loops(count):
    """The loops over items with this number of arguments: a plain one, and one that writes each item to the page."""
    names = ", ".join(f"x{i}" for i in range(count))
    space = {}
    exec(f"def bare(function, rows, values):\n"
         f"    for {names} in rows:\n"
         f"        values.append(function({names}))\n"
         f"def watched(function, rows, values, page, item):\n"
         f"    for {names} in rows:\n"
         f"        page[0] = item\n"
         f"        item += 1\n"
         f"        values.append(function({names}))\n", space)
    return space["bare"], space["watched"]


class Worker:
    def __init__(self, function, args, kinds, page, room):
        self.function, self.args, self.kinds, self.page, self.room = function, args, kinds, page, room
        self.bare, self.watched = make_loops(len(args))
        self.part_items = 1  # items of a part
        self.blank = kinds[0].blank if len(kinds) == 1 else tuple(kind.blank for kind in kinds)

    def compute(self, columns, start, end, watch):
        """Values and failures of the items from start to end. Every item is called once."""
        parts = [values[start:end] for values in columns] if end - start < len(columns[0]) else columns
        rows = iter(parts[0]) if len(parts) == 1 else zip(*parts)
        values, failed = [], {}
        while len(values) < end - start:
            try:
                if watch:
                    self.page[2] = 1
                    self.watched(self.function, rows, values, self.page, start + len(values))
                else:
                    self.bare(self.function, rows, values)
            except BaseException as error:
                failed[len(values)] = reason(error, self.room)
                values.append(self.blank)
        if watch:
            self.page[2], self.page[0] = 0, start
        return values, failed

    def answer(self, columns, start, end, watch, bad):
        self.page[0], self.page[1] = start, end
        if start in bad:
            values, failed = [self.blank] * (end - start), {0: bad[start]}
        else:
            values, failed = self.compute(columns, start, end, watch)
        send(RESULTS, end - start, pack_results(self.kinds, values, failed, self.room))
        self.page[0] = end

    def serve(self, count, watch, single, columns, bad):
        """Compute a request. watch: the page names the very item; single: answer each item by itself."""
        stops = sorted(bad) + [count]
        start = 0
        while start < count:
            stop = next(s for s in stops if s >= start)
            size = 1 if single or start == stop else min(self.part_items, stop - start)
            begin = time.perf_counter_ns()
            self.answer(columns, start, start + size, watch, bad)
            took = time.perf_counter_ns() - begin
            if size == self.part_items and took < PART_NS // 2:
                self.part_items = min(self.part_items * 2, MOST_PART_ITEMS)
            elif took > 2 * PART_NS and not single:
                self.part_items = max(1, size * PART_NS // took)
            start += size
            if start > stop:
                stops = [s for s in stops if s >= start]

    def run(self):
        while True:
            count, mode = struct.unpack("<QQ", receive(16))
            columns, bad = [], {}
            for dtype, width in self.args:
                columns.append(column(dtype, width, receive(struct.unpack("<Q", receive(8))[0]), count, bad))
            self.serve(count, mode > 0, mode > 1, columns, bad)


def fields():
    """The handshake: a number of byte strings, each after its size."""
    count, = struct.unpack("<Q", receive(8))
    return [receive(struct.unpack("<Q", receive(8))[0]) for _ in range(count)]


def parse_types(text):
    return [(name.partition("[")[0], int(name.partition("[")[2].rstrip("]") or 0)) for name in text.split(",")]


def parameter(kind, value):
    return value == "1" if kind == "b" else int(value) if kind == "i" else float(value) if kind == "r" else value


def main():
    die_with_parent()
    for number in (3, 4, 5, 6):
        os.set_inheritable(number, False)
    path, name, setup_path, setup, args, results, is_any, room, *rest = [field.decode() for field in fields()]
    page = memoryview(mmap.mmap(6, mmap.PAGESIZE)).cast("Q")
    if sys.stdout is not None:
        sys.stdout.reconfigure(line_buffering=True)
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(0)  # integers of any size are texts too
    sys.argv = [path]
    if sys.path[:1] == [""]:
        del sys.path[0]  # the current folder, which a script would not have
    function, wrong = find(path, name)
    if wrong is None and setup:
        begin, wrong = find(setup_path, setup)
        if wrong is None:
            try:
                begin()
            except BaseException as error:
                wrong = f"{os.path.basename(setup_path)}: {setup}(): {reason(error, 400)}"
    if wrong is not None:
        send(ERROR, 0, wrong.encode("utf-8", "replace"))
        return
    params = {rest[i]: parameter(rest[i + 1], rest[i + 2]) for i in range(0, len(rest), 3)}
    if params:
        import functools
        function = functools.partial(function, **params)
    kinds = [packer(dtype, width, is_any == "1") for dtype, width in parse_types(results)]
    send(READY, 0, b"")
    Worker(function, parse_types(args), kinds, page, int(room)).run()


try:
    main()
except (EOFError, BrokenPipeError):
    pass
