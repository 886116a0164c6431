# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Objects to bytes: by reference where the other process can import them, else by value.

Design: pickle does what it can. What belongs to __main__ cannot be imported by a worker process, and lambdas and closures have no
name: these go by value, by cloudpickle, where it can be imported. All functions of __main__ share one namespace in the worker,
the module __main__ there, so that an initializer may set a global that the function reads. A value that the worker has under a
name stays; functions and classes follow the sender. All workers of a pool have the same values, whenever they get them: `sent` is
what its functions were sent with, by name.
"""
from __future__ import annotations

import collections
import functools
import importlib
import io
import pickle
import sys
import types
from importlib.machinery import PathFinder
from multiprocessing.reduction import ForkingPickler
from typing import Any, Optional

_CACHED = type(functools.lru_cache(abs))
IN_WORKER = False  # set by the worker process at its start


def _is_installed(name: str) -> bool:
    """Whether it can be imported; it is not: that takes as long as half of a worker's start."""
    return sys.modules[name] is not None if name in sys.modules else PathFinder.find_spec(name) is not None


BY_VALUE = _is_installed("cloudpickle")


def main_namespace() -> dict[str, Any]:
    """The namespace of __main__ on this side."""
    return sys.modules["__main__"].__dict__


class _MainNamespace(dict):  # type: ignore[type-arg]
    """Stands for the namespace of __main__ in a pickle."""

    def __reduce__(self) -> Any:
        return main_namespace, ()


def _follows_sender(value: Any) -> bool:
    return isinstance(value, (types.FunctionType, type, _CACHED))


def set_main_function(function: types.FunctionType, state: Any) -> None:
    """Fill a function of __main__: its globals go into __main__, but do not replace what is there."""
    attributes, slots = state
    namespace = function.__globals__
    for name, value in slots.pop("__globals__", {}).items():
        if name not in namespace or (IN_WORKER and _follows_sender(value)):
            namespace[name] = value
    slots["__globals__"] = {}
    _cloudpickle_parts()._function_setstate(function, (attributes, slots))


def set_main_class(item: type, state: Any) -> None:
    """Fill a class of __main__. A worker has it under its name as long as the sender has, and pickles its instances by reference."""
    state, is_current = state
    _cloudpickle_parts()._class_setstate(item, state)
    names = main_namespace()
    if IN_WORKER and is_current:
        names[item.__name__] = item
    elif IN_WORKER and names.get(item.__name__) is item:
        del names[item.__name__]


def main_value(name: str, kind: type) -> Any:
    """The value of __main__ with this name; its attributes come next where it has to be made."""
    return main_namespace().setdefault(name, object.__new__(kind))


def _may_be_main_value(kind: type) -> bool:
    return kind.__module__ == "__main__" and getattr(kind, "__reduce__") is not object.__reduce__


def _reduce_main_value(item: Any) -> Any:
    """An instance of a class of __main__ that is pickled as the name of a global, as singletons are: its attributes go along."""
    name = item.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
    if not isinstance(name, str) or main_namespace().get(name) is not item:
        return NotImplemented
    return main_value, (name, type(item)), getattr(item, "__dict__", None)


def _cloudpickle_parts() -> Any:
    """The module of cloudpickle that fills functions and classes; newer versions have it in another."""
    try:
        return importlib.import_module("cloudpickle.cloudpickle_fast")
    except ImportError:
        return importlib.import_module("cloudpickle.cloudpickle")


@functools.lru_cache(None)
def _pickler() -> Any:
    """The pickler by value, made when something goes by value."""
    import cloudpickle  # type: ignore[import]

    from ._reducers import TABLE, complete_class

    class ByValue(cloudpickle.CloudPickler):  # type: ignore[misc]
        # cloudpickle's reducers, and those of multiprocessing for locks, sockets and the like; read when a pickler is made
        dispatch_table = collections.ChainMap(
            TABLE, ForkingPickler._extra_reducers, cloudpickle.CloudPickler.dispatch_table  # type: ignore[attr-defined]
        )

        def __init__(self, file: Any, is_result: bool, sent: dict[str, Any]) -> None:
            super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
            self.is_result, self.sent = is_result, sent
            self.values: dict[str, Any] = {}  # of globals
            self.globals_ref[id(main_namespace())] = _MainNamespace(__name__="__main__")

        def reducer_override(self, item: Any) -> Any:
            is_definition = isinstance(item, (types.FunctionType, type))
            if not is_definition and not self.is_result and _may_be_main_value(type(item)):
                return _reduce_main_value(item)
            if self.is_result and is_definition and item.__module__ not in ("__main__", "builtins") and "<" in item.__qualname__:
                return NotImplemented  # lambdas and local functions of modules are no results, as in multiprocessing
            reduced = super().reducer_override(item)
            if not isinstance(item, type) or not isinstance(reduced, tuple):
                return reduced
            reduced = complete_class(item, reduced)
            if item.__module__ != "__main__":
                return reduced
            return (*reduced[:2], (reduced[2], main_namespace().get(item.__name__) is item), None, None, set_main_class)

        def _dynamic_function_reduce(self, function: Any) -> Any:
            reduced = super()._dynamic_function_reduce(function)
            if function.__globals__ is main_namespace():
                self.choose_values(reduced[2][1]["__globals__"])
                return (*reduced[:5], set_main_function)
            return reduced

        def choose_values(self, values: dict[str, Any]) -> None:
            for name, value in values.items():
                if not _follows_sender(value):
                    values[name] = self.sent.get(name, value)
                    self.values[name] = values[name]

    return ByValue


def dumps_by_value(item: Any, is_result: bool = False, sent: Optional[dict[str, Any]] = None) -> bytes:
    """The pickle of an object with all that only this process has in it; as pickle does it where there is no cloudpickle."""
    if not BY_VALUE:
        return bytes(ForkingPickler.dumps(item))
    file = io.BytesIO()
    sent = {} if sent is None else sent
    pickler = _pickler()(file, is_result, sent)
    pickler.dump(item)
    for name, value in pickler.values.items():  # only now: what cannot be pickled is not sent
        sent.setdefault(name, value)
    return file.getvalue()


def dumps_result(item: Any) -> bytes:
    """dumps() on the way back from a worker: what is of __main__ is there already."""
    return dumps(item, True)


def dumps(item: Any, is_result: bool = False, sent: Optional[dict[str, Any]] = None) -> bytes:
    """The pickle of an object; raises what pickle raises."""
    try:
        data = bytes(ForkingPickler.dumps(item, pickle.HIGHEST_PROTOCOL))
    except (pickle.PicklingError, AttributeError, TypeError):
        if not BY_VALUE:
            raise
        try:
            return dumps_by_value(item, is_result, sent)
        except RuntimeError:  # of a lock
            raise
        except Exception as error:  # the first message says what is wrong with the object
            failed = error
        raise_first(item, failed)
    if BY_VALUE and not is_result and b"__main__" in data:
        return dumps_by_value(item, sent=sent)
    return data


def dumps_function(function: Any, sent: dict[str, Any]) -> bytes:
    """dumps() of a function; where a global that it uses cannot go along, a note of the exception names it."""
    try:
        return dumps(function, sent=sent)
    except Exception as error:
        for name in getattr(getattr(function, "__code__", None), "co_names", ()):
            if name in function.__globals__ and not _can_be_sent(function.__globals__[name]):
                error.add_note(f"pengine: {function.__qualname__} uses the global {name}, which cannot go to another process: "
                               "let initializer= make it in each worker")
        raise


def _can_be_sent(item: Any) -> bool:
    try:
        dumps(item)
    except Exception:
        return False
    return True


def raise_first(item: Any, other: Exception) -> None:
    """Raise pickle's own error, or the other where pickle has none."""
    ForkingPickler.dumps(item, pickle.HIGHEST_PROTOCOL)
    raise other


loads = pickle.loads


def dumps_where_needed(item: Any, sent: dict[str, Any]) -> bytes | None:
    """The pickle by value of what cannot go by reference; None for everything else, and for what cannot be pickled at all."""
    if not BY_VALUE:
        return None
    try:
        if b"__main__" not in bytes(ForkingPickler.dumps(item, pickle.HIGHEST_PROTOCOL)):
            return None
    except (pickle.PicklingError, AttributeError, TypeError):
        pass
    except Exception:
        return None
    try:
        return dumps_by_value(item, sent=sent)
    except Exception:
        return None
