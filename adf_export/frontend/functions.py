"""Reads a Python function: its name, its source without decorators, and the constants that it names."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

from adf_export.ir.values import Function, Value

_DAG_MODULE = "unusual_prefix_"


def read_function(function: Callable[..., Any], read: Callable[[object], Value | None]) -> Function:
    """A function as the DAG hands it over; `read` gives None for what is no constant."""
    if isinstance(function, FunctionType):
        source, line = _source(function)
        return Function(name=dotted(function), source=source, line=line, constants=tuple(_constants(function, read)))
    return Function(name=dotted(function), source="")


def dotted(named: Any) -> str:
    """The dotted name of a function or class.

    Airflow imports DAG files as modules with the digest of their path in the name: they keep the file's name alone.
    """
    module = getattr(named, "__module__", None) or "builtins"
    if module.startswith(_DAG_MODULE):
        module = module.removeprefix(_DAG_MODULE).partition("_")[2]
    return f"{module}.{getattr(named, '__qualname__', type(named).__qualname__)}"


def _source(function: FunctionType) -> tuple[str, int]:
    """The text from `def` on, and its line; of a lambda, the whole statement it stands in."""
    try:
        lines, first = inspect.getsourcelines(function)
    except (OSError, TypeError, SyntaxError):
        return "", 0
    text = textwrap.dedent("".join(lines))
    skipped = _decorator_lines(text)
    return "".join(text.splitlines(keepends=True)[skipped:]), max(first, 1) + skipped


def _decorator_lines(text: str) -> int:
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return 0
    first = tree.body[0] if tree.body else None
    return first.lineno - 1 if isinstance(first, ast.FunctionDef | ast.AsyncFunctionDef) else 0


def _constants(function: FunctionType, read: Callable[[object], Value | None]) -> Iterator[tuple[str, Value]]:
    names = sorted(set(_names(function.__code__)))
    closure = inspect.getclosurevars(function).nonlocals
    for name in names:
        outside = closure[name] if name in closure else function.__globals__.get(name, _NOTHING)
        value = None if outside is _NOTHING else read(outside)
        if value is not None:
            yield name, value


_NOTHING = object()


def _names(code: CodeType) -> Iterator[str]:
    """Names that a function takes from outside, also in functions and comprehensions within it."""
    yield from code.co_names
    yield from code.co_freevars
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
