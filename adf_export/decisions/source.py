"""Finds the definition of a function in its source text."""

import ast

from adf_export.ir.values import Function
from adf_export.templating.lowering import Lowering


def definition(lowering: Lowering, function: Function) -> ast.FunctionDef | ast.Lambda:
    """The tree of a function.

    Raises:
        Refusal: its source cannot be had, or has several lambdas.
    """
    if not function.source:
        raise lowering.refusal("the source of the function cannot be read", hint="define it in the DAG's file")
    tree = _parsed(function.source)
    if tree is None:
        raise lowering.refusal("the source of the function cannot be parsed")
    if isinstance(tree.body[0], ast.FunctionDef):
        return tree.body[0]
    if isinstance(tree.body[0], ast.AsyncFunctionDef):
        raise lowering.refusal("an async function has no equal expression")
    lambdas = [node for node in ast.walk(tree) if isinstance(node, ast.Lambda)]
    if len(lambdas) != 1:
        raise lowering.refusal(
            "its source line has several lambdas" if lambdas else "it is no function with a Python source",
            hint="give it a name: def ...",
        )
    return lambdas[0]


def _parsed(source: str) -> ast.Module | None:
    """The tree of a source; of a lambda, it may be a part of a call: `python_callable=lambda: 1,`."""
    part = source.strip().rstrip(",")
    opened = part.count("(") - part.count(")")
    # A line may end inside of a call, or with brackets that were opened on a line before.
    closed = f"{part}{')' * opened}" if opened > 0 else part[: len(part) + opened]
    candidates = (source, f"_({part})", f"_({closed})", closed)
    for text in candidates:
        try:
            tree = ast.parse(text)
        except SyntaxError:
            continue
        if tree.body:
            return tree
    return None
