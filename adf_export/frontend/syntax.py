"""Finds in the text of a DAG file the call that made a task, and the lines of its arguments."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import CodeType
from typing import NamedTuple

from adf_export.frontend.recorder import Spot


def keywords(spot: Spot | None, function: CodeType | None = None) -> dict[str, ast.expr]:
    """The arguments of a call, and of the calls it is chained to: `.partial(..)` of `.expand(..)`, `.override(..)`.

    With the function of a decorated task: also those of its decorators, and the call's own as op_args and op_kwargs.
    """
    found: dict[str, ast.expr] = {}
    call = call_at(spot)
    if call is not None and function is not None:
        found |= _handed_over(call)
    calls = [*_chain(call), *_decorators(function)]
    for keyword in (keyword for one in calls for keyword in one.keywords):
        if keyword.arg:
            found.setdefault(keyword.arg, keyword.value)
    return found


def call_at(spot: Spot | None) -> ast.Call | None:
    """The call that ends there; None: it is not found."""
    return _parsed(spot.file).calls.get((spot.end_line, spot.end_column)) if spot else None


def _handed_over(call: ast.Call) -> dict[str, ast.expr]:
    names: list[ast.expr | None] = [ast.Constant(keyword.arg) if keyword.arg else None for keyword in call.keywords]
    op_kwargs = ast.Dict(names, [keyword.value for keyword in call.keywords])
    op_args = ast.Tuple(call.args, ast.Load())
    return {
        "op_args": ast.copy_location(op_args, call.args[0] if call.args else call),
        "op_kwargs": ast.copy_location(op_kwargs, call.keywords[0].value if call.keywords else call),
    }


def _chain(call: ast.expr | None) -> Iterator[ast.Call]:
    while isinstance(call, ast.Call):
        yield call
        call = call.func.value if isinstance(call.func, ast.Attribute) else call.func


def _decorators(function: CodeType | None) -> Iterator[ast.Call]:
    if function is None:
        return
    definition = _parsed(function.co_filename).definitions.get(function.co_firstlineno)
    for decorator in definition.decorator_list if definition else []:
        yield from _chain(decorator)


class _Parsed(NamedTuple):
    """What is looked for in a file."""

    # By line and column of their ends.
    calls: dict[tuple[int, int], ast.Call]
    # By line of their first decorator.
    definitions: dict[int, ast.FunctionDef | ast.AsyncFunctionDef]


@cache
def _parsed(file: str) -> _Parsed:
    found = _Parsed({}, {})
    try:
        tree = ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return found
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            found.calls[node.end_lineno or 0, node.end_col_offset or 0] = node
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.decorator_list[0] if node.decorator_list else node
            found.definitions[first.lineno] = node
    return found


def member(node: ast.expr | None, key: str) -> ast.expr | None:
    """The value of a key, where the dict is written out."""
    if isinstance(node, ast.Dict):
        for name, value in zip(node.keys, node.values, strict=True):
            if isinstance(name, ast.Constant) and name.value == key:
                return value
    return None


def item(node: ast.expr | None, index: int) -> ast.expr | None:
    """An element, where the list is written out."""
    if isinstance(node, ast.List | ast.Tuple) and not any(isinstance(element, ast.Starred) for element in node.elts):
        return node.elts[index] if index < len(node.elts) else None
    return None
