"""Evaluates Python's expressions over terms."""

import ast
from collections.abc import Callable
from typing import Any, Final

from adf_export.decisions.builtins import BUILTINS
from adf_export.ir.values import Function
from adf_export.templating.building import all_of, any_of, not_
from adf_export.templating.given import term_of_value
from adf_export.templating.items import cut
from adf_export.templating.kinds import BOOL
from adf_export.templating.lowering import Lowering
from adf_export.templating.members import attribute, item
from adf_export.templating.methods import invoke
from adf_export.templating.moments import strftime
from adf_export.templating.names import call_name
from adf_export.templating.operators import arithmetic, boolean, compare, negative, spread
from adf_export.templating.terms import (
    NOTHING,
    Callee,
    Instant,
    Known,
    Listing,
    Namespace,
    Record,
    Term,
    Undefined,
    kinds,
)
from adf_export.templating.texts import as_text, joined
from adf_export.templating.truth import choose, truth, without_falsy
from adf_lang.nodes import Node

Names = dict[str, Term]

_SIGNS: Final[dict[type[ast.operator], str]] = {
    ast.Add: "+",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Mult: "*",
    ast.Pow: "**",
    ast.Sub: "-",
}
_COMPARISONS: Final[dict[type[ast.cmpop], str]] = {
    ast.Eq: "==",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.NotEq: "!=",
    ast.NotIn: "not in",
}


class Expressions:
    """Of one function at one point of its run; `names` are its variables."""

    def __init__(self, lowering: Lowering, function: Function | None, names: Names) -> None:
        self.lowering = lowering
        self.function = function
        self.names = names

    def condition(self, node: ast.expr) -> Node:
        """An expression where only its truth counts."""
        if isinstance(node, ast.BoolOp):
            gather = all_of if isinstance(node.op, ast.And) else any_of
            return gather(*(self.condition(value) for value in node.values))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return not_(self.condition(node.operand))
        return truth(self.lowering, self.term(node))

    def term(self, node: ast.expr) -> Term:
        """The value of an expression.

        Raises:
            Refusal: it has no equal in Data Factory.
        """
        self.lowering.line = node.lineno
        visit: Callable[[Any], Term] | None = getattr(self, f"value_{type(node).__name__}", None)
        if visit is None:
            raise self._refusal(node)
        found = visit(node)
        if isinstance(found, Undefined):
            raise self.lowering.unknown(found)
        return found

    def assign(self, target: ast.expr, value: Term) -> None:
        """Gives a name its value."""
        if isinstance(target, ast.Name):
            self.names[target.id] = value
        elif isinstance(target, ast.Tuple | ast.List) and isinstance(value, Listing):
            if len(target.elts) != len(value.items):
                raise self.lowering.refusal("the numbers of names and values differ")
            for one, part in zip(target.elts, value.items, strict=True):
                self.assign(one, part)
        else:
            raise self.lowering.refusal(f"'{ast.unparse(target)} = ..' has no equal expression")

    def _refusal(self, node: ast.expr) -> Exception:
        return self.lowering.refusal(f"'{ast.unparse(node)}' has no equal expression")

    def value_Constant(self, node: ast.Constant) -> Term:  # noqa: N802  # the name of the node
        return Known(value=node.value)

    def value_Name(self, node: ast.Name) -> Term:  # noqa: N802
        if node.id in self.names:
            return self.names[node.id]
        for name, value in self.function.constants if self.function else ():
            if name == node.id and (found := term_of_value(value)) is not None:
                return found
        if node.id in BUILTINS:
            return self._builtin(node.id)
        raise self.lowering.refusal(
            f"'{node.id}' is neither a constant nor a name of Airflow",
            hint="calls of other functions have no equal expression",
        )

    def _builtin(self, name: str) -> Term:
        rule = BUILTINS[name]

        def call_it(*arguments: Term, **named: Term) -> Term:
            return invoke(self.lowering, f"{name}()", rule, list(arguments), named)

        return Callee(name=f"{name}()", call=call_it)

    def value_List(self, node: ast.List | ast.Tuple | ast.Set) -> Term:  # noqa: N802
        return Listing(items=tuple(self.term(one) for one in node.elts))

    value_Tuple = value_List  # noqa: N815
    value_Set = value_List  # noqa: N815

    def value_Dict(self, node: ast.Dict) -> Term:  # noqa: N802
        members: Names = {}
        for key, value in zip(node.keys, node.values, strict=True):
            name = None if key is None else self.term(key)
            if not isinstance(name, Known) or not isinstance(name.value, str):
                raise self.lowering.refusal("the keys of a dict must be constant texts")
            members[name.value] = self.term(value)
        return Record(members=tuple(members.items()))

    def value_JoinedStr(self, node: ast.JoinedStr) -> Term:  # noqa: N802
        return joined(self.lowering, [self.term(part) for part in node.values]) if node.values else Known(value="")

    def value_FormattedValue(self, node: ast.FormattedValue) -> Term:  # noqa: N802
        value = self.term(node.value)
        spec = NOTHING if node.format_spec is None else self.term(node.format_spec)
        if node.conversion not in (-1, ord("s")):
            raise self._refusal(node.value)
        if spec in (NOTHING, Known(value="")):
            return as_text(self.lowering, value)
        if isinstance(spec, Known) and isinstance(value, Instant):
            return strftime(self.lowering, value, str(spec.value))
        if isinstance(spec, Known) and isinstance(value, Known):
            return Known(value=format(value.value, str(spec.value)))
        raise self.lowering.refusal("the format of a value in an f-string has no equal expression")

    def value_BoolOp(self, node: ast.BoolOp) -> Term:  # noqa: N802
        terms = [self.term(value) for value in node.values]
        if all(kinds(term) == BOOL for term in terms):
            return boolean(self.condition(node))
        result = terms[-1]
        for term in reversed(terms[:-1]):
            condition = truth(self.lowering, term)
            if isinstance(node.op, ast.Or):
                result = choose(condition, without_falsy(term), result)
            else:
                result = choose(condition, result, term)
        return result

    def value_UnaryOp(self, node: ast.UnaryOp) -> Term:  # noqa: N802
        if isinstance(node.op, ast.Not):
            return boolean(self.condition(node))
        if isinstance(node.op, ast.USub):
            return negative(self.lowering, self.term(node.operand))
        raise self._refusal(node)

    def value_BinOp(self, node: ast.BinOp) -> Term:  # noqa: N802
        sign = _SIGNS.get(type(node.op))
        if sign is None:
            raise self._refusal(node)
        return arithmetic(self.lowering, sign, self.term(node.left), self.term(node.right))

    def value_Compare(self, node: ast.Compare) -> Term:  # noqa: N802
        left, found = self.term(node.left), []
        for operator, operand in zip(node.ops, node.comparators, strict=True):
            right = self.term(operand)
            found.append(compare(self.lowering, _COMPARISONS[type(operator)], left, right))
            left = right
        return boolean(all_of(*found))

    def value_IfExp(self, node: ast.IfExp) -> Term:  # noqa: N802
        return choose(self.condition(node.test), self.term(node.body), self.term(node.orelse))

    def value_Attribute(self, node: ast.Attribute) -> Term:  # noqa: N802
        path = ast.unparse(node)
        if path in BUILTINS and _root(node) not in self.names:
            return self._builtin(path)
        return attribute(self.lowering, self.term(node.value), node.attr, or_item=False)

    def value_Subscript(self, node: ast.Subscript) -> Term:  # noqa: N802
        target = self.term(node.value)
        if isinstance(node.slice, ast.Slice):
            bounds = (node.slice.lower, node.slice.upper, node.slice.step)
            start, stop, step = (NOTHING if bound is None else self.term(bound) for bound in bounds)
            return spread(target, lambda one: cut(self.lowering, one, start, stop, step))
        return item(self.lowering, target, self.term(node.slice))

    def value_Call(self, node: ast.Call) -> Term:  # noqa: N802
        called = self.term(node.func)
        if any(isinstance(one, ast.Starred) for one in node.args) or any(word.arg is None for word in node.keywords):
            raise self._refusal(node)
        arguments = [self.term(one) for one in node.args]
        named = {str(word.arg): self.term(word.value) for word in node.keywords}
        if isinstance(called, Namespace):
            return call_name(self.lowering, called, arguments, named)
        if isinstance(called, Namespace):
            return call_name(self.lowering, called, arguments, named)
        if not isinstance(called, Callee):
            raise self._refusal(node)
        return called.call(*arguments, **named)


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
