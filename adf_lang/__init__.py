"""The expression language of Azure Data Factory: parse, check, print, evaluate.

>>> evaluate("@concat('run ', pipeline().parameters.day)", Scope(parameters={"day": "2026-01-31"}))
'run 2026-01-31'
"""

from collections.abc import Callable
from functools import lru_cache

from adf_lang.checker import Fault, Names, check
from adf_lang.choices import Choices
from adf_lang.compiler import Compiler
from adf_lang.errors import AdfLangError, EvaluationError, ParseError
from adf_lang.evaluator import Evaluator
from adf_lang.nodes import Node
from adf_lang.parser import parse
from adf_lang.scope import Scope
from adf_lang.types import Type, Value

__all__ = [
    "AdfLangError",
    "Choices",
    "EvaluationError",
    "Fault",
    "Names",
    "Node",
    "ParseError",
    "Scope",
    "Type",
    "Value",
    "check",
    "compile",
    "evaluate",
    "parse",
]


# Texts come again and again, and trees never change: what `re` does with patterns.
_parse_again = lru_cache(maxsize=512)(parse)


def evaluate(text_or_node: str | Node, scope: Scope) -> Value:
    """The value of an expression, or of a JSON string with expressions in it, in a scope.

    >>> evaluate("@add(1, 2)", Scope())
    3

    Raises:
        AdfLangError: not an expression (ParseError), or one without a value in this scope (EvaluationError).
    """
    if isinstance(text_or_node, str):
        return Evaluator(scope, text_or_node).visit(_parse_again(text_or_node))
    return Evaluator(scope).visit(text_or_node)


def compile(text_or_node: str | Node) -> Callable[[Scope], Value]:
    """The expression as a function of the scope, for one that is evaluated often.

    >>> compile("@add(1, 2)")(Scope())
    3

    Raises:
        ParseError: not an expression.
    """
    if isinstance(text_or_node, str):
        return Compiler(text_or_node).visit(parse(text_or_node))
    return Compiler().visit(text_or_node)
