# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The process of one worker of a python kernel; python_worker.c is its other side.

Design: a request is the argument columns of some items; an answer has the results of some consecutive items of it. A
request is computed in parts of about a millisecond, each answered at once, so that the death of this process costs
little. During a part the shared page says which items are computed: from [0] to [1], and where [2] is 1, item [0] alone.
Numbers on the pipes are 64-bit, little-endian. `requests` is the open pipe 3, which this text was read from.
"""
import fcntl
import functools
import mmap
import os
import struct
import sys
import time

READY, RESULTS, ERROR = 0, 1, 2
UNAVAILABLE, WRONG_JOB = 0, 1  # the count of an ERROR: whose fault it is
PART_NS = 1_000_000
MOST_PART_ITEMS = 1 << 16
MOST_FRAME_BYTES = 1 << 20


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


# ---- items ----

def make_loop(count, is_watched, is_seeded):
    """The loop over items with this number of arguments. A watched one writes each item to the page."""
    names = ", ".join(f"x{i}" for i in range(count))
    lines = ["def loop(function, rows, values, item, page, begin):",
             f"    for {names} in rows:",
             "        page[0] = item" if is_watched else "",
             "        begin(item)" if is_seeded else "",
             "        item += 1" if is_watched or is_seeded else "",
             f"        values.append(function({names}))"]
    space = {}
    exec("\n".join(lines), space)
    return space["loop"]


class Worker:
    def __init__(self, args, kinds, page, room, seeder, numpy):
        self.args, self.kinds, self.page, self.room, self.seeder, self.numpy = args, kinds, page, room, seeder, numpy
        self.function = None
        self.loops = [make_loop(len(args), is_watched, seeder is not None) for is_watched in (False, True)]
        self.part_items = 1  # items of a part
        self.blank = kinds[0].blank if len(kinds) == 1 else tuple(kind.blank for kind in kinds)
        self.first = 0  # of the request: its index in the whole input
        self.start, self.values = 0, None  # of the part that is computed: its first item, what its items gave so far

    def current_item(self):
        return None if self.values is None else self.first + self.start + len(self.values)

    def begin(self, item):
        self.seeder.begin(self.first + item)

    def compute(self, columns, start, end, watch):
        """Values and failures of the items from start to end. Every item is called once."""
        parts = [values[start:end] for values in columns] if end - start < len(columns[0]) else columns
        rows = iter(parts[0]) if len(parts) == 1 else zip(*parts)
        values, failed, loop = [], {}, self.loops[watch]
        self.start, self.values = start, values
        while len(values) < end - start:
            try:
                self.page[2] = 1 if watch else 0
                loop(self.function, rows, values, start + len(values), self.page, self.begin)
            except BaseException as error:
                failed[len(values)] = reason(error, self.room)
                values.append(self.blank)
        self.values = None
        if watch:
            self.page[2], self.page[0] = 0, start
        return values, failed

    def answer(self, columns, start, end, watch, bad):
        self.page[0], self.page[1] = start, end
        if start in bad:
            values, failed = [self.blank] * (end - start), {0: bad[start]}
        else:
            values, failed = self.compute(columns, start, end, watch)
        self.send_results(values, failed)
        self.page[0] = end

    def send_results(self, values, failed):
        """In frames of bounded size, but for an item whose own results are longer: the engine has room for one of these."""
        payload = pack_results(self.kinds, values, failed, self.room)
        half = len(values) // 2
        if half == 0 or len(payload) <= MOST_FRAME_BYTES:
            send(RESULTS, len(values), payload)
            return
        del payload
        self.send_results(values[:half], {item: text for item, text in failed.items() if item < half})
        self.send_results(values[half:], {item - half: text for item, text in failed.items() if item >= half})

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
            count, mode, self.first = struct.unpack("<QQQ", receive(24))
            columns, bad = [], {}
            for dtype, shape in self.args:
                data = receive(struct.unpack("<Q", receive(8))[0])
                columns.append(column(dtype, shape, data, count, bad, self.numpy))
            self.serve(count, mode > 0, mode > 1, columns, bad)


# ---- the start ----

def read_handshake():
    """A number of byte strings, each after its size."""
    count, = struct.unpack("<Q", receive(8))
    return [os.fsdecode(receive(struct.unpack("<Q", receive(8))[0])) for _ in range(count)]


def parse_types(text):
    """A dtype and a shape each: "float64[3 4]" is ("float64", (3, 4)), and a scalar has the shape ()."""
    parts = [name.rstrip("]").partition("[") for name in text.split(",")]
    return [(dtype, tuple(map(int, sizes.split()))) for dtype, _, sizes in parts]


def parameter(kind, value):
    return value == "1" if kind == "b" else int(value) if kind == "i" else float(value) if kind == "r" else value


def import_numpy(args):
    """For vectors; None without them, or without numpy."""
    if not any(shape and dtype != "int128" for dtype, shape in args):
        return None
    try:
        import numpy
        return numpy
    except ImportError:
        return None


def prepare_function(target, name, setup_target, setup, folder, params, arg_count, page):
    """(the function with its params, None, 0) or (None, what is wrong, whose fault); the initializer was called."""
    function, wrong = find(target, name, folder)
    begin, given = None, {}
    if wrong is None and setup:
        begin, wrong = find(setup_target, setup, folder)
    if wrong is not None:
        return None, wrong, UNAVAILABLE
    said = f"{os.path.basename(target[1:])}: {name}()"
    mine = taken(function, params)
    wrong = check_count(said, function, arg_count, mine)
    if wrong is not None:
        return None, wrong, WRONG_JOB
    if begin is not None:
        given = taken(begin, params)
        page[3] = 1
        try:
            begin(**given)
        except BaseException as error:
            return None, f"{os.path.basename(setup_target[1:])}: {setup}(): {reason(error, 400)}", UNAVAILABLE
        page[3] = 0
    unread = [key for key in params if key not in mine and key not in given]
    if unread:
        return None, f'{said} has no argument "{unread[0]}", which kernel.params sets', UNAVAILABLE
    return (functools.partial(function, **mine) if mine else function), None, 0


def peak_bytes():
    """The memory of this process so far."""
    try:
        with open("/proc/self/status", "rb") as status:
            return next((int(line.split()[1]) << 10 for line in status if line.startswith(b"VmHWM:")), 0)
    except OSError:
        return 0


def prepare_streams():
    for number in (3, 4, 5, 6):
        os.set_inheritable(number, False)
    if sys.stdout is not None:
        sys.stdout.reconfigure(line_buffering=True)
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(0)  # integers of any size are texts too


def main():
    die_with_parent()
    prepare_streams()
    global interpreter
    target, name, setup_target, setup, folder, interpreter, seed, args, results, is_any, room, *rest = read_handshake()
    params = {rest[i]: parameter(rest[i + 1], rest[i + 2]) for i in range(0, len(rest), 3)}
    page = memoryview(mmap.mmap(6, mmap.PAGESIZE)).cast("Q")
    sys.argv = [target[1:]]
    types_of_args = parse_types(args)
    kinds = [packer(dtype, shape, is_any) for dtype, shape in parse_types(results)]
    seeder = Seeder(int(seed)) if seed else None
    worker = Worker(types_of_args, kinds, page, int(room), seeder, import_numpy(types_of_args))
    finder = PengineFinder(int(seed or 0), worker.current_item)
    worker.function, wrong, fault = prepare_function(target, name, setup_target, setup, folder, params,
                                                     len(types_of_args), page)
    if wrong is not None:
        send(ERROR, fault, wrong.encode("utf-8", "replace"))
        return
    finder.complete()
    send(READY, 0, struct.pack("<Q", peak_bytes()))
    worker.run()


try:
    main()
except (EOFError, BrokenPipeError):
    pass
