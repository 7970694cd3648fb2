"""Turns a tree into a Python function of the scope, for expressions that are evaluated often.

A node becomes a closure over the closures of its parts. What can be decided without a scope is decided once: which
function a name means and whether the number of arguments fits. A fault found there is raised when the closure is
called, as the evaluator does: an error in a branch that is not taken is no error.
"""

from collections.abc import Callable
from typing import Any

from adf_lang.errors import EvaluationError
from adf_lang.evaluator import find_function, located
from adf_lang.nodes import Call, Index, Interpolation, Literal, Node, Property, Text, visit_name
from adf_lang.registry import Function, RefusalError
from adf_lang.scope import Scope
from adf_lang.selection import select_index, select_property
from adf_lang.text import ContentError, to_text
from adf_lang.types import Value

Compiled = Callable[[Scope], Value]


class Compiler:
    """Compiles nodes; `text` is what they were parsed from, for errors."""

    def __init__(self, text: str | None = None) -> None:
        self.text = text

    def visit(self, node: Node) -> Compiled:
        """The closure of a node."""
        visitor: Callable[[Node], Compiled] = getattr(self, visit_name(node))
        return visitor(node)

    def visit_Text(self, node: Text) -> Compiled:  # noqa: N802 - the name of the node
        value = node.value
        return lambda scope: value

    def visit_Literal(self, node: Literal) -> Compiled:  # noqa: N802
        value = node.value
        return lambda scope: value

    def visit_Interpolation(self, node: Interpolation) -> Compiled:  # noqa: N802
        parts = [(None, part) if isinstance(part, str) else (self.visit(part), part) for part in node.parts]
        text = self.text

        def run(scope: Scope) -> Value:
            pieces = []
            for compiled, part in parts:
                if compiled is None:
                    pieces.append(part)
                    continue
                value = compiled(scope)
                try:
                    pieces.append(value if type(value) is str else to_text(value))
                except (RefusalError, ContentError) as fault:
                    raise located(fault, part, text) from fault  # type: ignore[arg-type] # a part with a closure is a node
            return "".join(pieces)  # type: ignore[arg-type]

        return run

    def visit_Property(self, node: Property) -> Compiled:  # noqa: N802
        target, name, safe, text = self.visit(node.target), node.name, node.safe, self.text

        def run(scope: Scope) -> Value:
            value = target(scope)
            if type(value) is dict and name in value:
                return value[name]
            try:
                return select_property(value, name, safe)
            except RefusalError as fault:
                raise located(fault, node, text) from fault

        return run

    def visit_Index(self, node: Index) -> Compiled:  # noqa: N802
        target, index, safe, text = self.visit(node.target), self.visit(node.index), node.safe, self.text

        def run(scope: Scope) -> Value:
            value = target(scope)
            try:
                return select_index(value, index(scope), safe)
            except RefusalError as fault:
                raise located(fault, node, text) from fault

        return run

    def visit_Call(self, node: Call) -> Compiled:  # noqa: N802
        try:
            function = find_function(node, self.text)
        except EvaluationError as error:
            return _raiser(error)
        if function.lazy:
            return self._lazy(node, function)
        if node.name == "pipeline":
            return lambda scope: scope.pipeline
        parts = [self.visit(part) for part in node.arguments]
        kinds = [function.parameter(index).python_types for index in range(len(parts))]
        return self._eager(node, function, parts, kinds)

    def _lazy(self, node: Call, function: Function) -> Compiled:
        parts = [self.visit(part) for part in node.arguments]
        call, scoped, text = function.call, function.scoped, self.text

        def run(scope: Scope) -> Value:
            arguments = [lambda part=part: part(scope) for part in parts]
            try:
                return call(scope, *arguments) if scoped else call(*arguments)
            except (RefusalError, ContentError) as fault:
                raise located(fault, node, text) from fault

        return run

    def _eager(self, node: Call, function: Function, parts: list[Compiled], kinds: list[frozenset[type]]) -> Compiled:
        """The closure of a call; the usual numbers of arguments have their own, without a loop."""
        call, check, text = function.call, function.check_argument, self.text

        def refuse(*values: Value) -> Value:
            try:
                for index, value in enumerate(values):
                    check(index, value)
            except RefusalError as fault:
                raise located(fault, node, text) from fault
            raise AssertionError("an argument was of another kind, but none is")

        def run_one(scope: Scope) -> Value:
            value = first(scope)
            if type(value) not in kind:
                refuse(value)
            try:
                return call(value)
            except (RefusalError, ContentError) as fault:
                raise located(fault, node, text) from fault

        def run_two(scope: Scope) -> Value:
            left, right = first(scope), second(scope)
            if type(left) not in kind or type(right) not in other:
                refuse(left, right)
            try:
                return call(left, right)
            except (RefusalError, ContentError) as fault:
                raise located(fault, node, text) from fault

        def run_any(scope: Scope) -> Value:
            values = [part(scope) for part in parts]
            for value, allowed in zip(values, kinds, strict=True):
                if type(value) not in allowed:
                    refuse(*values)
            try:
                return call(scope, *values) if scoped else call(*values)
            except (RefusalError, ContentError) as fault:
                raise located(fault, node, text) from fault

        scoped = function.scoped
        if scoped or len(parts) not in (1, 2):
            return run_any
        first, kind = parts[0], kinds[0]
        if len(parts) == 1:
            return run_one
        second, other = parts[1], kinds[1]
        return run_two


def _raiser(error: EvaluationError) -> Compiled:
    def run(scope: Scope) -> Any:
        raise error.with_traceback(None)

    return run
