# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Compiled kernels for Pool.map() and starmap(): built-in ones, C expressions, C functions, plugins, functions by their address.

    with pengine.Pool(8) as pool:
        pool.map(pengine.expr("x*x + 1"), array)
        pool.starmap(pengine.source("f.c", "f", "(float64, float64) -> float64"), (a, b), out=c)

A kernel is a description; it is compiled when a pool first uses it with columns of some types. docs/kernels.md has what C functions
look like, docs/python.md what map() takes and gives.
"""
from __future__ import annotations

import ctypes
import json
import os
import re
import sys
import tempfile
from typing import Any, Optional, Sequence

__all__ = ["Kernel", "KernelError", "expr", "kernel", "source", "plugin", "pointer"]


class KernelError(ValueError):
    """A kernel does not compile, does not exist, or does not fit its arguments."""


def _toml(value: Any) -> str:
    if hasattr(value, "tolist"):  # of numpy
        value = value.tolist()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items()) + " }"
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"expected a text, a number, a bool, or a list or dict of them, got {value!r}")
    return json.dumps(os.fspath(value), ensure_ascii=False).replace("\x7f", "\\u007F")


def errors_text(errors: dict[str, Any]) -> str:
    """The job file's [errors]."""
    return "\n".join(["[errors]", *(f"{key} = {_toml(value)}" for key, value in errors.items()), ""])


class Kernel:
    """A description of a compiled function; made by expr(), kernel(), source(), plugin() or pointer()."""

    is_compiled = True
    is_portable = True  # to other ranks

    def __init__(self, keys: dict[str, Any], keep: Any = None) -> None:
        self.keys = {key: value for key, value in keys.items() if value is not None}
        self._keep = keep  # what must live as long as the kernel
        self._text = "\n".join(["[kernel]", *(f"{key} = {_toml(value)}" for key, value in self.keys.items()), ""])

    def job(self, errors: dict[str, Any]) -> str:
        """The job file's [kernel] and [errors]; only a process can be ended after a timeout."""
        if not errors:
            return self._text
        isolate = "isolate = true\n" if "timeout" in errors and not self.keys.get("isolate") else ""
        return self._text + isolate + errors_text(errors)

    @property
    def argument_types(self) -> list[str]:
        """As its signature says; empty where there is none, or none that can be read."""
        signature = self.keys.get("signature")
        match = _SIGNATURE.fullmatch(signature) if isinstance(signature, str) else None
        try:
            return [name + width for name, width in _types(match[1])] if match else []
        except KernelError:
            return []

    def load(self, pool: Any, columns: str, errors: dict[str, Any]) -> Any:
        """Loaded into a pool of _compiled, for columns of these types."""
        from . import _compiled

        return _compiled.load(pool, self.job(errors), columns)

    def __getstate__(self) -> dict[str, Any]:
        if not self.is_portable:
            raise TypeError("a function of pointer() cannot be pickled: its address is that of one process")
        return self.__dict__

    def __repr__(self) -> str:
        return f"<pengine kernel {', '.join(f'{key}={value!r}' for key, value in self.keys.items())}>"


def expr(*expressions: str, args: Optional[Sequence[str]] = None, params: Optional[dict[str, Any]] = None,
         signature: Optional[str] = None, seed: Optional[int] = None, overflow: Optional[str] = None) -> Kernel:
    """C expressions, one per result, of x, y, z or of the names in args: expr("x*x + 1")."""
    if not expressions:
        raise TypeError("expr: expected at least one expression")
    text: Any = expressions[0] if len(expressions) == 1 else list(expressions)
    return Kernel({"expr": text, "args": args, "signature": signature, "params": params, "seed": seed, "overflow": overflow})


def kernel(name: str, *, signature: Optional[str] = None, params: Optional[dict[str, Any]] = None, seed: Optional[int] = None,
           overflow: Optional[str] = None) -> Kernel:
    """A built-in kernel; `pengine --kernels` lists them."""
    return Kernel({"name": name, "signature": signature, "params": params, "seed": seed, "overflow": overflow})


def source(path: str, function: str, signature: str, *, params: Optional[dict[str, Any]] = None, seed: Optional[int] = None,
           overflow: Optional[str] = None, cflags: Any = None, libs: Any = None, initializer: Optional[str] = None,
           isolate: Optional[bool] = None) -> Kernel:
    """A C function of a file: source("f.c", "f", "(float64, float64) -> float64").

    isolate=True: it is called in worker processes, so that a call that crashes costs its item alone.
    """
    return Kernel({"source": path, "function": function, "signature": signature, "params": params, "seed": seed,
                   "overflow": overflow, "cflags": cflags, "libs": libs, "initializer": initializer, "isolate": isolate})


def plugin(path: str, name: str, *, signature: Optional[str] = None, params: Optional[dict[str, Any]] = None,
           seed: Optional[int] = None, overflow: Optional[str] = None, isolate: Optional[bool] = None) -> Kernel:
    """A kernel of a shared library (pengine/kernel.h); isolate as of source()."""
    return Kernel({"plugin": path, "name": name, "signature": signature, "params": params, "seed": seed, "overflow": overflow,
                   "isolate": isolate})


_C_TYPES = {
    "bool": "bool", "int128": "__int128", "float16": "_Float16", "float32": "float", "float64": "double",
    "complex64": "float complex", "complex128": "double complex",
    **{f"{sign}int{bits}": f"{sign}int{bits}_t" for sign in ("", "u") for bits in (8, 16, 32, 64)},
}
_SIGNATURE = re.compile(r"\s*(\(.*?\))\s*->\s*(.*?)(\s+or\s+error)?\s*")
_TYPE = re.compile(r"(\w+)(\[\d+\])?")


def _types(text: str) -> list[tuple[str, str]]:
    """(dtype, "[3]" of a vector or "") of each type in a list of a signature."""
    found = []
    for part in text.strip().removeprefix("(").removesuffix(")").split(","):
        match = _TYPE.fullmatch(part.strip())
        if match is None or (match[1] not in _C_TYPES and match[1] != "text"):
            raise KernelError(f"signature: {part.strip()!r} is no type; expected one like float64, int64[3] or text")
        found.append((match[1], match[2] or ""))
    return found


def _prototype(signature: str) -> tuple[str, list[str]]:
    """The C type that a function of the signature returns, and those of its parameters (docs/kernels.md)."""
    match = _SIGNATURE.fullmatch(signature) if isinstance(signature, str) else None
    if match is None:
        raise KernelError(f"signature: expected one like '(float64, float64) -> float64', got {signature!r}")
    params: list[str] = []
    for name, is_vector in _types(match[1]):
        if name == "text":
            params += ["const char *", "size_t"]
        else:
            params.append(f"const {_C_TYPES[name]} *" if is_vector else _C_TYPES[name])
    results = _types(match[2])
    if results == [("text", "")] and not match[3]:
        return "size_t", params + ["char *", "size_t"]
    if any(name == "text" for name, _ in results):
        raise KernelError(f"signature: a text is the only result of a C function, got {signature!r}")
    if len(results) == 1 and not results[0][1] and not match[3]:
        return _C_TYPES[results[0][0]], params
    return "int" if match[3] else "void", params + [f"{_C_TYPES[name]} *" for name, _ in results]


def _address_of(function: Any) -> int:
    if isinstance(function, int):
        return function
    if isinstance(function, ctypes._CFuncPtr):  # type: ignore[attr-defined]
        return ctypes.cast(function, ctypes.c_void_p).value or 0
    if isinstance(function, ctypes.c_void_p):
        return function.value or 0
    if isinstance(getattr(function, "address", None), int):  # numba's cfunc
        return int(function.address)
    cffi = sys.modules.get("_cffi_backend")
    if cffi is not None and isinstance(function, cffi.FFI.CData):
        return int(cffi.FFI().cast("intptr_t", function))
    raise TypeError("pointer: expected an address, a function of ctypes or cffi, or what has .address, as numba's cfunc; "
                    f"got {type(function).__name__}")


class BatchKernel(Kernel):
    """A function of whole batches, by its address."""

    is_portable = False

    def __init__(self, function: Any, signature: str) -> None:
        self.address = _address_of(function)
        super().__init__({"pointer": self.address, "signature": signature}, function)
        match = _SIGNATURE.fullmatch(signature) if isinstance(signature, str) else None
        if match is None or match[3]:
            raise KernelError(f"signature: expected one like '(float64) -> float64' for a function of batches, got {signature!r}")
        self.types = [name + width for name, width in _types(match[1])]
        if any(name == "text" for name, _ in _types(match[1]) + _types(match[2])):
            raise KernelError(f"signature: a function of batches takes and gives no texts, got {signature!r}")

    def load(self, pool: Any, columns: str, errors: dict[str, Any]) -> Any:
        """Loaded into a pool of _compiled, where the columns are what the function takes: nothing is converted."""
        wanted = f"({', '.join(self.types)})"
        if columns != wanted:
            raise KernelError(f"a function of batches takes {wanted}, got {columns}: convert the arrays before")
        from . import _compiled

        return _compiled.use(pool, self.address, self.keys["signature"], errors_text(errors))


def pointer(function: Any, signature: str, *, params: Optional[dict[str, Any]] = None, batch: bool = False) -> Kernel:
    """A function by its address: an int, a function of ctypes or cffi, or what has .address, as numba's cfunc.

    The function is called from several threads at once, without the GIL. batch=True: it computes many items in one call, as
    int f(size_t count, const void *const *args, void *const *results), whose args[a] and results[r] are arrays of count items;
    what it returns is 0, else the call ends with an error.
    """
    address = _address_of(function)
    if not 0 < address < 2**64:
        raise ValueError(f"pointer: expected an address above 0 and below 2^64, got {address}")
    if batch:
        return BatchKernel(function, signature)
    returned, types = _prototype(signature)
    names = [f"a{i}" for i in range(len(types))]
    declared = ", ".join(f"{kind} {name}" for kind, name in zip(types, names)) or "void"
    text = (f"#include <complex.h>\n#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n"
            f"{returned} call_pointer({declared})\n{{\n"
            f"    typedef {returned} target({', '.join(types) or 'void'});\n"
            f"    {'' if returned == 'void' else 'return '}((target *)(uintptr_t){address}u)({', '.join(names)});\n}}\n")
    file = tempfile.NamedTemporaryFile("w", prefix="pengine-pointer-", suffix=".c", encoding="utf-8")
    file.write(text)
    file.flush()
    made = Kernel({"source": file.name, "function": "call_pointer", "signature": signature, "params": params}, (function, file))
    made.is_portable = False
    return made
