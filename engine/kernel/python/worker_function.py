# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""The user's function: found in a file or a module, with its params, its random numbers and the module `pengine`.

Design: the user's folder comes first on sys.path only here, after the worker has imported what it needs, so that a
struct.py beside the user's file replaces nothing of the worker. The module `pengine` is offered by the last finder of
sys.meta_path: an installed package of that name is found before it, and gets `item` and `seed` too.
"""
import operator
import os
import sys
import types

NO_ITEM = 2**64 - 1  # for what is drawn at import and in the initializer

modules = {}  # by target
interpreter = ""  # as the job names it


# ---- finding it ----

def add_folder(folder):
    folder = folder or os.getcwd()
    if folder not in sys.path:
        sys.path.insert(0, folder)


def load_file(path, text):
    """Import a file as a module, without writing a cache beside it."""
    module = types.ModuleType(os.path.splitext(os.path.basename(path))[0])
    module.__file__ = path
    add_folder(os.path.dirname(path))
    sys.modules[module.__name__] = module
    sources.add(path)
    exec(compile(text, path, "exec"), module.__dict__)
    return module


def load_module(name, folder):
    add_folder(folder)
    __import__(name)
    module = sys.modules[name]
    if getattr(module, "__file__", None):
        sources.add(module.__file__)
    return module


def load(target, folder):
    """(the module, None) or (None, what is wrong). A target is "F" and a path, or "M" and a module's name."""
    kind, name = target[0], target[1:]
    said = os.path.basename(name) if kind == "F" else name
    text = b""
    try:
        if kind == "F":
            with open(name, "rb") as opened:
                text = opened.read()
    except OSError as error:
        return None, f"{name}: {error.strerror}"
    try:
        return (load_file(name, text) if kind == "F" else load_module(name, folder)), None
    except ImportError as error:
        return None, f"{said}: {reason(error, 300)}; {interpreter} is {sys.executable}"
    except BaseException as error:
        return None, f"{said}: {reason(error, 400)}"


def suggestion(name, module):
    callables = [key for key, value in vars(module).items() if callable(value)]
    try:
        import difflib
        near = difflib.get_close_matches(name, callables, 1)
    except Exception:  # a difflib of the user's
        near = []
    return f'; did you mean "{near[0]}"?' if near else ""


def find(target, name, folder):
    """(the callable, None) or (None, what is wrong)."""
    if target not in modules:
        module, wrong = load(target, folder)
        if wrong is not None:
            return None, wrong
        modules[target] = module
    said = os.path.basename(target[1:])
    try:
        found = operator.attrgetter(name)(modules[target])
    except AttributeError:
        return None, f'{said} has no "{name}"' + suggestion(name, modules[target])
    if not callable(found):
        return None, f'{said}: "{name}" is {type(found).__name__}, not a function'
    return found, None


# ---- params ----

def taken(function, params):
    """Those of the params that the function has an argument for; all of them where that cannot be known."""
    code = getattr(function, "__code__", None)
    if code is None or code.co_flags & 8:  # **keywords
        return params
    names = code.co_varnames[:code.co_argcount + code.co_kwonlyargcount]
    return {name: value for name, value in params.items() if name in names}


def few(least, most):
    """How many arguments a function takes, in words."""
    if most is None:
        return f"{least} or more arguments"
    return f"{least} argument{'' if least == 1 else 's'}" if least == most else f"{least} to {most} arguments"


def check_count(said, function, given, mine):
    """What is wrong with the number of arguments, or None; only functions that Python itself compiled are known."""
    if not isinstance(function, (types.FunctionType, types.MethodType)) or not hasattr(function, "__code__"):
        return None
    code, bound = function.__code__, isinstance(function, types.MethodType)
    names = code.co_varnames[bound:code.co_argcount]
    most = sum(name not in mine for name in names)
    least = most - sum(name not in mine for name in names[len(names) - len(function.__defaults__ or ()):])
    has_more = code.co_flags & 4  # *values
    if given < least or (given > most and not has_more):
        return f"{said} takes {few(least, None if has_more else most)}, but the input gives {given}"
    return None


# ---- random numbers ----

class Seeder:
    """Seeds random and numpy.random by (seed, item), so that an item draws the same numbers in any worker."""

    def __init__(self, seed):
        import importlib.machinery
        import random
        self.seed, self.item, self.random = seed, NO_ITEM, random
        self.path_finder = importlib.machinery.PathFinder
        sys.meta_path.insert(0, self)
        self.begin(NO_ITEM)

    def begin(self, item):
        self.item = item
        self.random.seed(self.seed << 64 | item)
        numpy_random = sys.modules.get("numpy.random")
        if numpy_random is not None:
            self.seed_numpy(numpy_random)

    def seed_numpy(self, numpy_random):
        numpy_random.seed([word >> shift & 0xFFFFFFFF for word in (self.item, self.seed) for shift in (0, 32)])

    def find_spec(self, name, path=None, target=None):
        """Seeds a numpy.random that is imported while an item is computed: `import numpy` in the function."""
        if name != "numpy.random":
            return None
        sys.meta_path.remove(self)
        spec = self.path_finder.find_spec(name, path)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_and_seed(module):
                execute(module)
                self.seed_numpy(module)
            spec.loader.exec_module = execute_and_seed
        return spec


# ---- the module pengine ----

class PengineFinder:
    """`import pengine` in the user's code: pengine.item, the index of the item that is computed, and pengine.seed."""

    def __init__(self, seed, current_item):
        self.seed, self.current_item = seed, current_item
        sys.meta_path.append(self)

    def attribute(self, name, fallback=None):
        if name == "item" and self.current_item() is not None:
            return self.current_item()
        if name == "item":
            raise AttributeError("pengine.item is there while an item is computed, not before")
        if fallback is not None:
            return fallback(name)
        raise AttributeError(f"module 'pengine' has no attribute {name!r}")

    def find_spec(self, name, path=None, target=None):
        return type(sys.__spec__)(name, self) if name == "pengine" else None

    def create_module(self, spec):
        return types.ModuleType(spec.name, self.__class__.__doc__)

    def exec_module(self, module):
        module.seed, module.__getattr__ = self.seed, self.attribute

    def complete(self):
        """An installed package of that name, once it was imported, has the two names too."""
        module = sys.modules.get("pengine")
        if module is None or getattr(module, "__getattr__", None) == self.attribute:
            return
        fallback = getattr(module, "__getattr__", None)
        module.seed = self.seed
        module.__getattr__ = lambda name: self.attribute(name, fallback)
