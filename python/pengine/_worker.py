# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""A worker process: takes tasks from its socket, calls the function for each item, sends the results back.

Design: the process was made by fork and exec, so no lock or thread of the pool's process lives on in it. It has a process group of
its own, which ends when the pool's process does (calls.c). What only failures need is imported when one comes: a worker starts in
two thirds of the time so.
"""
from __future__ import annotations

import mmap
import os
import pickle
import signal
import socket
import sys
import time
import types
from multiprocessing import process, spawn
from typing import Any, Callable, Optional

from . import _byvalue, _codec, _core, _frames, _settings


class _Link:
    """The socket to the pool."""

    def __init__(self, fd: int, memory: mmap.mmap) -> None:
        self.socket = socket.socket(fileno=fd)
        self.socket.setblocking(True)
        self.memory = memory

    def read(self, size: int) -> memoryview:
        """Exactly this many bytes; EOFError where the pool is gone."""
        data = memoryview(bytearray(size))
        at = 0
        while at < size:
            got = self.socket.recv_into(data[at:])
            if got == 0:
                raise EOFError
            at += got
        return data

    def receive(self) -> tuple[int, int, int, int, int, memoryview]:
        """Of the parts the first alone: the pool sends no second."""
        kind, flags, stored, number, count, place, size, _ = _frames.HEAD.unpack(self.read(_frames.HEAD.size))
        return kind, flags, number, count, place, memoryview(self.memory)[place : place + size] if stored else self.read(size)

    def send(self, kind: int, number: int = 0, count: int = 0, first: bytes = b"", second: bytes = b"", place: int = 0) -> None:
        head, first, second = _frames.pack(kind, number, count, first, second, 0, place, self.memory)
        if len(first) + len(second) < 65536:
            self.socket.sendall(head + first + second)
            return
        for part in (head, first, second):
            self.socket.sendall(part)


def _text(error: BaseException) -> str:
    import traceback

    return "".join(traceback.format_exception(type(error), error, error.__traceback__))


class _Named:
    """Stands for a value that cannot show itself."""

    def __init__(self, value: Any) -> None:
        self.text = f"<{type(value).__qualname__} object>"

    def __repr__(self) -> str:
        return self.text


def _encoding_error(error: Exception, value: Any) -> Exception:
    from multiprocessing.pool import MaybeEncodingError  # type: ignore[attr-defined]

    try:
        made: Exception = MaybeEncodingError(error, value)
    except Exception:
        made = MaybeEncodingError(_Named(error), _Named(value))
    return made


class _Failures:
    """The failed items of one task, with their exceptions as bytes."""

    def __init__(self) -> None:
        self.found: list[tuple[int, bytes, str]] = []

    def add(self, place: int, error: BaseException) -> None:
        from multiprocessing.pool import ExceptionWithTraceback  # type: ignore[attr-defined]

        text = _text(error)
        try:
            data = _byvalue.dumps_result(ExceptionWithTraceback(error, error.__traceback__))
        except Exception as unpicklable:
            data = _byvalue.dumps_result(_encoding_error(unpicklable, error))
        self.found.append((place, data, text))


class _Worker:
    def __init__(self, link: _Link) -> None:
        self.link = link
        self.memory = link.memory
        self.functions: dict[int, Callable[..., Any]] = {}
        self.pid = os.getpid()

    def serve(self) -> None:
        """Until the pool says QUIT or is gone."""
        while True:
            kind, flags, number, count, place, data = self.link.receive()
            if kind == _frames.QUIT:
                return
            if kind == _frames.FUNCTION:
                self.learn(number, data)
            elif kind == _frames.FORGET:
                self.functions.pop(number, None)
            elif _core.claim(self.memory, 0, number):
                self.work(kind, flags, number, count, place, data)

    def learn(self, number: int, data: memoryview) -> None:
        try:
            self.functions[number] = _byvalue.loads(data)
        except Exception as error:
            failed = error

            def function(*_: Any) -> None:
                raise failed

            self.functions[number] = function

    def work(self, kind: int, flags: int, number: int, count: int, place: int, data: memoryview) -> None:
        begin = time.perf_counter_ns()
        failures = _Failures()
        results: list[Any] = []
        payload: Optional[bytes] = None
        if kind == _frames.APPLY:
            self.apply(data, flags, results, failures)
        else:
            payload = self.call(self.functions[count], data, flags, results, failures)
        del data
        if payload is None:
            payload = self.encode(results, failures)
        for stream in (sys.stdout, sys.stderr):
            if stream is not None and not stream.closed:
                stream.flush()
        if os.getpid() != self.pid:
            os._exit(0)  # a child that the function forked has returned, too; the results are its parent's to send
        second = pickle.dumps(failures.found) if failures.found else b""
        self.link.send(_frames.RESULT, number, time.perf_counter_ns() - begin, payload, second, place)
        _frames.ITEM.pack_into(self.memory, 8, _frames.NO_ITEM)

    def apply(self, data: memoryview, flags: int, results: list[Any], failures: _Failures) -> None:
        def once(_: None) -> Any:
            function, args, kwds = _byvalue.loads(data)
            return function(*args, **kwds)

        for left in range(flags >> _frames.TRIES, -1, -1):
            try:
                _core.run(once, [None], 0, results, False, self.memory, 0)
                return
            except Exception as error:
                if left == 0:
                    failures.add(0, error)

    def call(self, function: Any, data: memoryview, flags: int, results: list[Any], failures: _Failures) -> Optional[bytes]:
        """The results of a task into the list; or as bytes, where they are a column already."""
        star = bool(flags & _frames.STAR)
        pending: Optional[Exception] = None
        if data[:1] == b"C" and (not star or data[1:2] == b"t") or data[:1] == b"R" and not star:
            values, pending = _core.call_column(function, data, star, self.memory, 0)
            if pending is None and isinstance(values, bytes):
                return values
            results += values if isinstance(values, list) else _core.decode(memoryview(values)[1:])
            if pending is None:
                return None
        try:
            items = _codec.load(data)
        except Exception as error:
            failures.add(0, error)
            return None
        self.call_items(function, items, flags, results, failures, pending)
        return None

    def call_items(self, function: Any, items: list[Any], flags: int, results: list[Any], failures: _Failures,
                   pending: Optional[Exception]) -> None:
        """From where results end; pending is what the next item has raised already."""
        tries = flags >> _frames.TRIES
        at, left = len(results), tries
        while at < len(items):
            before = len(results)
            try:
                if pending is not None:
                    raised, pending = pending, None
                    raise raised
                _core.run(function, items, at, results, bool(flags & _frames.STAR), self.memory, 0)
                return
            except Exception as error:
                failed = at + len(results) - before
                left = left - 1 if failed == at else tries - 1
                at = failed
                if left >= 0:
                    continue
                failures.add(failed, error)
                if not flags & _frames.KEEP_GOING:
                    return
                at, left = failed + 1, tries

    def encode(self, results: list[Any], failures: _Failures) -> bytes:
        """The results as bytes; those that cannot be sent become failures."""
        try:
            return _codec.dump(results, _byvalue.dumps_result)
        except Exception:
            kept = []
            places = [place for place in range(len(results) + len(failures.found)) if place not in
                      {place for place, _, _ in failures.found}]
            for place, result in zip(places, results):
                try:
                    _byvalue.dumps_result(result)
                    kept.append(result)
                except Exception as error:
                    failures.add(place, _encoding_error(error, result))
            failures.found.sort()
            return _codec.dump(kept, _byvalue.dumps_result)


def _prepare(data: dict[str, Any], by_value: bool, life_fd: int) -> None:
    """What a child of multiprocessing's spawn does before it works; programs number their processes by current_process()._identity, too."""
    _byvalue.IN_WORKER = True
    if by_value:
        main = types.ModuleType("__main__")
        main.__dict__.update(data.pop("main", {}))
        sys.modules["__main__"] = main
        _settings.apply(data.pop("settings"))
    mine: Any = process.current_process()
    mine._identity = data.pop("identity")
    parent = process._ParentProcess(data.pop("parent"), os.getppid(), life_fd)  # type: ignore[attr-defined]
    process._parent_process = parent  # type: ignore[attr-defined]
    mine._inheriting = True
    try:
        spawn.prepare(data)
    finally:
        del mine._inheriting


def _start(link: _Link, life_fd: int) -> Optional[_Worker]:
    data = link.receive()[5]
    try:
        preparation, by_value, tracker, start = pickle.loads(data)
        if tracker is not None:
            from multiprocessing import resource_tracker

            resource_tracker._resource_tracker._fd = tracker  # type: ignore[attr-defined]
        _prepare(preparation, by_value, life_fd)
        initializer, initargs = _byvalue.loads(start)
        if initializer is not None:
            _frames.SLOT.pack_into(link.memory, 0, 0, _frames.INITIALIZER, 0)
            initializer(*initargs)
            _frames.SLOT.pack_into(link.memory, 0, 0, _frames.NO_ITEM, 0)
    except BaseException as error:
        text = _text(error)
        link.send(_frames.BROKEN, 0, 0, text.encode("utf-8", "backslashreplace"))
        if not isinstance(error, Exception):
            raise
        return None
    link.send(_frames.READY)
    return _Worker(link)


def main(link_fd: int, memory_fd: int, life_fd: int, offset: int) -> None:
    """The whole life of a worker process."""
    _core.watch(life_fd)
    for fd in (link_fd, memory_fd, life_fd):
        os.set_inheritable(fd, False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    size = min(os.fstat(memory_fd).st_size - offset, _frames.BLOCK_BYTES)
    link = _Link(link_fd, mmap.mmap(memory_fd, size, offset=offset))
    try:
        worker = _start(link, life_fd)
        if worker is None:
            sys.exit(1)
        worker.serve()
    except (EOFError, ConnectionError):
        os._exit(1)
    finally:
        link.socket.detach()  # it stays open as long as the process lives, by which the pool tells its end
