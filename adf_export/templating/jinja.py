"""Runs a template over terms: jinja2 parses it, this visits its tree."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import jinja2
from jinja2 import nodes

from adf_export.codes import TEMPLATE_INVALID
from adf_export.templating.building import all_of, any_of, not_
from adf_export.templating.filters import FILTERS
from adf_export.templating.kinds import BOOL
from adf_export.templating.lowering import Lowering
from adf_export.templating.members import attribute, cut, item
from adf_export.templating.methods import invoke
from adf_export.templating.names import root
from adf_export.templating.operators import arithmetic, compare, kinds, negative, spread
from adf_export.templating.terms import (
    Callee,
    Joined,
    Known,
    Listing,
    Record,
    Symbolic,
    Term,
    constant,
    is_known,
    known,
)
from adf_export.templating.texts import joined
from adf_export.templating.truth import choose, truth, without_falsy
from adf_lang.nodes import Literal, Node

Names = dict[str, Term]

_ENVIRONMENT: Final = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)  # as Airflow's
_SIGNS: Final = {
    "Add": "+",
    "Div": "/",
    "FloorDiv": "//",
    "Mod": "%",
    "Mul": "*",
    "Pow": "**",
    "Sub": "-",
}
_COMPARISONS: Final = {
    "eq": "==",
    "gt": ">",
    "gteq": ">=",
    "in": "in",
    "lt": "<",
    "lteq": "<=",
    "ne": "!=",
    "notin": "not in",
}


def parse(lowering: Lowering) -> nodes.Template:
    """The tree of the template.

    Raises:
        Refusal: it is no template of Jinja.
    """
    try:
        return _ENVIRONMENT.parse(lowering.text)
    except jinja2.TemplateSyntaxError as error:
        lowering.line = error.lineno
        raise lowering.refusal(error.message or "it cannot be parsed", code=TEMPLATE_INVALID) from error


class Renderer:
    """Of one template; `outputs` gives what it writes."""

    def __init__(self, lowering: Lowering) -> None:
        self.lowering = lowering
        self.names: Names = {}

    def outputs(self, body: list[nodes.Node]) -> list[Term]:
        """What statements write, piece by piece."""
        return [piece for statement in body for piece in self._statement(statement)]

    def _statement(self, node: nodes.Node) -> Iterator[Term]:
        self.lowering.line = node.lineno
        visit: Callable[[Any], Iterator[Term]] | None = getattr(self, f"write_{type(node).__name__}", None)
        if visit is None:
            raise self.lowering.refusal(f"the statement '{type(node).__name__}' has no equal expression")
        yield from visit(node)

    def write_Output(self, node: nodes.Output) -> Iterator[Term]:  # noqa: N802
        for piece in node.nodes:
            yield self.term(piece)

    def condition(self, node: nodes.Node) -> Node:
        """An expression where only its truth counts."""
        if isinstance(node, nodes.And):
            return all_of(self.condition(node.left), self.condition(node.right))
        if isinstance(node, nodes.Or):
            return any_of(self.condition(node.left), self.condition(node.right))
        if isinstance(node, nodes.Not):
            return not_(self.condition(node.node))
        return truth(self.lowering, self.term(node))

    def term(self, node: nodes.Node) -> Term:
        """The value of an expression."""
        self.lowering.line = node.lineno
        kind = type(node).__name__
        if kind in _SIGNS:
            assert isinstance(node, nodes.BinExpr)
            return arithmetic(self.lowering, _SIGNS[kind], self.term(node.left), self.term(node.right))
        visit: Callable[[Any], Term] | None = getattr(self, f"value_{kind}", None)
        if visit is None:
            raise self.lowering.refusal(f"'{kind}' has no equal expression")
        return visit(node)

    def value_TemplateData(self, node: nodes.TemplateData) -> Term:  # noqa: N802
        return Known(value=node.data)

    def value_Const(self, node: nodes.Const) -> Term:  # noqa: N802
        return Known(value=node.value)

    def value_Name(self, node: nodes.Name) -> Term:  # noqa: N802
        return self.names[node.name] if node.name in self.names else root(self.lowering, node.name)

    def value_List(self, node: nodes.List) -> Term:  # noqa: N802
        return Listing(items=tuple(self.term(one) for one in node.items))

    value_Tuple = value_List  # noqa: N815

    def value_Dict(self, node: nodes.Dict) -> Term:  # noqa: N802
        members = {}
        for pair in node.items:
            key = self.term(pair.key)
            if not isinstance(key, Known) or not isinstance(key.value, str):
                raise self.lowering.refusal("the keys of a dict must be constant texts")
            members[key.value] = self.term(pair.value)
        return Record(members=tuple(members.items()))

    def value_Or(self, node: nodes.Or) -> Term:  # noqa: N802
        left, right = self.term(node.left), self.term(node.right)
        if kinds(left) == kinds(right) == BOOL:
            return boolean(self.condition(node))
        return choose(truth(self.lowering, left), without_falsy(left), right)

    def value_And(self, node: nodes.And) -> Term:  # noqa: N802
        left, right = self.term(node.left), self.term(node.right)
        if kinds(left) == kinds(right) == BOOL:
            return boolean(self.condition(node))
        return choose(truth(self.lowering, left), right, left)

    def value_Not(self, node: nodes.Not) -> Term:  # noqa: N802
        return boolean(self.condition(node))

    def value_CondExpr(self, node: nodes.CondExpr) -> Term:  # noqa: N802
        condition = self.condition(node.test)
        if node.expr2 is None:
            raise self.lowering.refusal(
                "an inline if without else fails in Airflow where it does not hold", hint="add: else"
            )
        return choose(condition, self.term(node.expr1), self.term(node.expr2))

    def value_Compare(self, node: nodes.Compare) -> Term:  # noqa: N802
        left, found = self.term(node.expr), []
        for operand in node.ops:
            right = self.term(operand.expr)
            found.append(compare(self.lowering, _COMPARISONS[operand.op], left, right))
            left = right
        return boolean(all_of(*found))

    def value_Concat(self, node: nodes.Concat) -> Term:  # noqa: N802
        return joined(self.lowering, [self.term(one) for one in node.nodes])

    def value_Neg(self, node: nodes.Neg) -> Term:  # noqa: N802
        return negative(self.lowering, self.term(node.node))

    def value_Pos(self, node: nodes.Pos) -> Term:  # noqa: N802
        return self.term(node.node)

    def value_Getattr(self, node: nodes.Getattr) -> Term:  # noqa: N802
        return attribute(self.lowering, self.term(node.node), node.attr)

    def value_Getitem(self, node: nodes.Getitem) -> Term:  # noqa: N802
        target = self.term(node.node)
        if isinstance(node.arg, nodes.Slice):
            bounds = (node.arg.start, node.arg.stop, node.arg.step)
            start, stop, step = (Known(value=None) if bound is None else self.term(bound) for bound in bounds)
            return spread(target, lambda one: cut(self.lowering, one, start, stop, step))
        return item(self.lowering, target, self.term(node.arg))

    def value_Call(self, node: nodes.Call) -> Term:  # noqa: N802
        arguments, named = self._arguments(node)
        called = self.term(node.node)
        return spread(called, lambda one: self._call(one, arguments, named))

    def _call(self, called: Term, arguments: list[Term], named: dict[str, Term]) -> Term:
        if not isinstance(called, Callee):
            raise self.lowering.refusal("what is called is no function")
        return called.call(*arguments, **named)

    def value_Filter(self, node: nodes.Filter) -> Term:  # noqa: N802
        assert node.node is not None
        return self.filtered(node, self.term(node.node))

    def filtered(self, node: nodes.Filter, value: Term) -> Term:
        """A filter of a value."""
        arguments, named = self._arguments(node)
        rule = FILTERS.get(node.name)
        if rule is None:
            raise self.lowering.refusal(f"the filter '{node.name}' has no equal expression")
        return spread(value, lambda one: invoke(self.lowering, f"filter '{node.name}'", rule, [one, *arguments], named))

    def _arguments(self, node: nodes.Call | nodes.Filter | nodes.Test) -> tuple[list[Term], dict[str, Term]]:
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            raise self.lowering.refusal("*arguments have no equal expression")
        return [self.term(one) for one in node.args], {str(pair.key): self.term(pair.value) for pair in node.kwargs}


def boolean(node: Node) -> Term:
    """A condition as a value."""
    return Known(value=node.value) if isinstance(node, Literal) else Symbolic(node=node, kinds=BOOL)


__all__ = ["Joined", "Renderer", "boolean", "constant", "is_known", "known", "parse"]
