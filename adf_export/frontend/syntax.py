"""Finds in the text of a DAG file the call that made a task, and the lines of its arguments."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from adf_export.frontend.recorder import Spot


def keywords(spot: Spot | None) -> dict[str, ast.expr]:
    """The arguments of a call, and of the calls it is chained to: `.partial(..)` of `.expand(..)`, `.override(..)`."""
    found: dict[str, ast.expr] = {}
    for call in _chain(call_at(spot)):
        for keyword in call.keywords:
            if keyword.arg:
                found.setdefault(keyword.arg, keyword.value)
    return found


def call_at(spot: Spot | None) -> ast.Call | None:
    """The call that ends there; None: it is not found."""
    return _calls(spot.file).get((spot.end_line, spot.end_column)) if spot else None


def _chain(call: ast.expr | None) -> Iterator[ast.Call]:
    while isinstance(call, ast.Call):
        yield call
        call = call.func.value if isinstance(call.func, ast.Attribute) else call.func


@cache
def _calls(file: str) -> dict[tuple[int, int], ast.Call]:
    try:
        tree = ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return {}
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {(call.end_lineno or 0, call.end_col_offset or 0): call for call in calls}


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
