# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""What cloudpickle 2.2 does not carry, or carries as something else: parts of the classes and functions of __main__.

Design: a reducer for a type of the standard library says how its value is made again in the worker. Values that are compared by `is`
stay the ones that they are there: without that dataclasses.fields() finds no field.
"""
from __future__ import annotations

import dataclasses
import functools
import io
import sys
import weakref
from typing import Any, Callable, Optional


def _reduce_sentinel(item: Any) -> Any:
    for name in ("_FIELD", "_FIELD_CLASSVAR", "_FIELD_INITVAR", "MISSING", "KW_ONLY", "_HAS_DEFAULT_FACTORY"):
        if getattr(dataclasses, name, None) is item:
            return getattr, (dataclasses, name)
    return object.__reduce_ex__(item, 4)


def _reduce_cached_property(item: Any) -> Any:
    return functools.cached_property, (item.func,), {"attrname": item.attrname}


def _cached(function: Callable[..., Any], maxsize: Optional[int], typed: bool) -> Any:
    return functools.lru_cache(maxsize, typed)(function)


def _reduce_lru_cache(item: Any) -> Any:
    """By reference where it can be imported; else the function with an empty cache."""
    if item.__module__ != "__main__" and "<locals>" not in item.__qualname__:
        return item.__reduce__()
    parameters = item.cache_parameters()
    return _cached, (item.__wrapped__, parameters["maxsize"], parameters["typed"])


def _reduce_weak(item: Any) -> Any:
    """That of functools.singledispatch is one."""
    return type(item), (dict(item),)


def _reduce_stream(item: Any) -> Any:
    """The standard streams are those of the worker. Of another file cloudpickle makes a StringIO, of a memoryview bytes."""
    for name in ("stdout", "stderr"):
        if item is getattr(sys, name):
            return getattr, (sys, name)
    raise TypeError(f"cannot pickle {type(item).__name__!r} object")  # as pickle says


TABLE: dict[type, Callable[[Any], Any]] = {
    io.TextIOWrapper: _reduce_stream,
    memoryview: _reduce_stream,
    functools.cached_property: _reduce_cached_property,
    weakref.WeakKeyDictionary: _reduce_weak,
    weakref.WeakValueDictionary: _reduce_weak,
    type(functools.lru_cache(abs)): _reduce_lru_cache,
    **{type(getattr(dataclasses, name)): _reduce_sentinel for name in ("_FIELD", "MISSING", "KW_ONLY", "_HAS_DEFAULT_FACTORY")},
}


def complete_class(item: type, reduced: tuple[Any, ...]) -> tuple[Any, ...]:
    """cloudpickle's reduction of a class, with its module, which it leaves out where a base has the same; a NamedTuple is a tuple."""
    if getattr(reduced[0], "__name__", "") != "_make_skeleton_class":
        return reduced
    kind, name, bases, names, *more = reduced[1]
    if issubclass(item, tuple) and hasattr(item, "_fields"):
        bases = item.__bases__
    return (reduced[0], (kind, name, bases, {**names, "__module__": item.__module__}, *more), *reduced[2:])
