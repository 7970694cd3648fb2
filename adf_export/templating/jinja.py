"""Runs a template over terms: jinja2 parses it, this visits its tree."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import jinja2
from jinja2 import nodes

from adf_export.codes import TEMPLATE_INVALID
from adf_export.templating.building import all_of, any_of, not_
from adf_export.templating.checks import CHECKS
from adf_export.templating.filters import FILTERS
from adf_export.templating.items import cut
from adf_export.templating.kinds import BOOL, kinds_of
from adf_export.templating.loops import GLOBALS, items_of, loop_variable
from adf_export.templating.lowering import Lowering
from adf_export.templating.members import attribute, item
from adf_export.templating.methods import invoke
from adf_export.templating.names import call_name, root
from adf_export.templating.operators import arithmetic, boolean, compare, negative, spread
from adf_export.templating.terms import (
    Callee,
    Joined,
    Known,
    Listing,
    Namespace,
    Record,
    Term,
    Undefined,
    constant,
    is_known,
    kinds,
    known,
)
from adf_export.templating.texts import joined
from adf_export.templating.truth import choose, truth, without_falsy
from adf_lang.nodes import Literal, Node

Names = dict[str, Term]

_ENVIRONMENT: Final = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)
# Filters that Jinja calculates for constants: without those that differ each time or need what surrounds the template.
STEADY_FILTERS: Final = frozenset(_ENVIRONMENT.filters) - {
    "attr",
    "map",
    "random",
    "reject",
    "rejectattr",
    "select",
    "selectattr",
}
_NOTHING_WRITTEN: Final = Joined(parts=())
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
    """Of one template; `outputs` gives what it writes. Methods `write_X` and `value_X` are for nodes of class X."""

    def __init__(self, lowering: Lowering) -> None:
        self.lowering = lowering
        self.names: Names = {}

    # Statements

    def outputs(self, body: list[nodes.Node]) -> list[Term]:
        """What statements write, piece by piece."""
        return [piece for statement in body for piece in self._statement(statement)]

    def _statement(self, node: nodes.Node) -> Iterator[Term]:
        self.lowering.line = node.lineno
        visit: Callable[[Any], Iterator[Term]] | None = getattr(self, f"write_{type(node).__name__}", None)
        if visit is None:
            raise self.lowering.refusal(f"the statement '{type(node).__name__}' has no equal expression")
        yield from visit(node)

    def write_Output(self, node: nodes.Output) -> Iterator[Term]:  # noqa: N802  # the name of the node
        for piece in node.nodes:
            yield self.term(piece)

    def write_If(self, node: nodes.If) -> Iterator[Term]:  # noqa: N802
        otherwise = node.else_
        for other in reversed(node.elif_):
            otherwise = [nodes.If(other.test, other.body, [], otherwise, lineno=other.lineno)]
        condition = self.condition(node.test)
        if isinstance(condition, Literal):
            yield from self.outputs(node.body if condition.value else otherwise)
            return
        before = dict(self.names)
        yes = self.together(node.body)
        names, self.names = self.names, before
        no = self.together(otherwise)
        self._merge(condition, names)
        if (yes, no) != (_NOTHING_WRITTEN, _NOTHING_WRITTEN):
            yield choose(condition, yes, no)

    def together(self, body: list[nodes.Node]) -> Term:
        """What statements write, as one term: a text unless it is one single output."""
        pieces = self.outputs(body)
        if len(pieces) == 1:
            return pieces[0]
        return joined(self.lowering, pieces) if pieces else _NOTHING_WRITTEN

    def _merge(self, condition: Node, names: Names) -> None:
        """Names that one of the two ways has set."""
        for name in {**names, **self.names}:
            yes, no = (found.get(name, Undefined(name=name)) for found in (names, self.names))
            self.names[name] = choose(condition, yes, no)

    def write_For(self, node: nodes.For) -> Iterator[Term]:  # noqa: N802
        """A loop over what is known: its body so many times."""
        items = items_of(self.term(node.iter))
        if items is None or node.recursive:
            raise self.lowering.refusal(
                "a loop over a value that is not known when the DAG is compiled", hint="map the task over it: expand()"
            )
        outer = self.names
        kept = [one for one in items if node.test is None or self._passes(node.test, node.target, one)]
        for index, one in enumerate(kept):
            self.names = {**outer, "loop": loop_variable(kept, index)}
            self.assign(node.target, one)
            yield from self.outputs(node.body)
        self.names = outer
        if not kept:
            yield from self.outputs(node.else_)

    def _passes(self, test: nodes.Node, target: nodes.Node, one: Term) -> bool:
        outer, self.names = self.names, dict(self.names)
        self.assign(target, one)
        condition = self.condition(test)
        self.names = outer
        if isinstance(condition, Literal):
            return bool(condition.value)
        raise self.lowering.refusal("the condition of a loop must be known when the DAG is compiled")

    def write_Assign(self, node: nodes.Assign) -> Iterator[Term]:  # noqa: N802
        self.assign(node.target, self.term(node.node))
        return iter(())

    def write_AssignBlock(self, node: nodes.AssignBlock) -> Iterator[Term]:  # noqa: N802
        value = joined(self.lowering, self._inside(node.body))
        self.assign(node.target, value if node.filter is None else self._filtered_block(node.filter, value))
        return iter(())

    def write_FilterBlock(self, node: nodes.FilterBlock) -> Iterator[Term]:  # noqa: N802
        yield self._filtered_block(node.filter, joined(self.lowering, self._inside(node.body)))

    def _filtered_block(self, node: nodes.Filter, text: Term) -> Term:
        """The innermost of the filters has no value of its own: it takes the text of the block."""
        inner = self._filtered_block(node.node, text) if isinstance(node.node, nodes.Filter) else text
        return self.filtered(node, inner)

    def write_With(self, node: nodes.With) -> Iterator[Term]:  # noqa: N802
        outer = self.names
        values = [self.term(value) for value in node.values]
        self.names = dict(outer)
        for target, value in zip(node.targets, values, strict=True):
            self.assign(target, value)
        yield from self.outputs(node.body)
        self.names = outer

    def _inside(self, body: list[nodes.Node]) -> list[Term]:
        outer, self.names = self.names, dict(self.names)
        pieces = self.outputs(body)
        self.names = outer
        return pieces

    def assign(self, target: nodes.Node, value: Term) -> None:
        """Gives a name its value."""
        if isinstance(target, nodes.Name):
            self.names[target.name] = value
        elif isinstance(target, nodes.Tuple) and isinstance(value, Listing) and len(target.items) == len(value.items):
            for one, part in zip(target.items, value.items, strict=True):
                self.assign(one, part)
        else:
            raise self.lowering.refusal("this assignment has no equal expression")

    # Expressions

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
        if node.name in self.names:
            return self.names[node.name]
        found = root(self.lowering, node.name)
        if isinstance(found, Undefined) and node.name in GLOBALS:
            return Callee(name=node.name, call=self._global(node.name))
        return found

    def _global(self, name: str) -> Callable[..., Term]:
        return lambda *arguments, **named: invoke(self.lowering, f"{name}()", GLOBALS[name], list(arguments), named)

    def value_List(self, node: nodes.List) -> Term:  # noqa: N802
        return Listing(items=tuple(self.term(one) for one in node.items))

    value_Tuple = value_List  # noqa: N815

    def value_Dict(self, node: nodes.Dict) -> Term:  # noqa: N802
        members: Names = {}
        for pair in node.items:
            key = self.term(pair.key)
            if not isinstance(key, Known) or not isinstance(key.value, str):
                raise self.lowering.refusal("the keys of a dict must be constant texts")
            members[key.value] = self.term(pair.value)
        return Record(members=tuple(members.items()))

    def value_Or(self, node: nodes.Or) -> Term:  # noqa: N802
        left = self.term(node.left)
        condition = truth(self.lowering, left)
        right = without_falsy(left) if isinstance(condition, Literal) and condition.value else self.term(node.right)
        if kinds(left) == kinds(right) == BOOL:
            return boolean(self.condition(node))
        return choose(condition, without_falsy(left), right)

    def value_And(self, node: nodes.And) -> Term:  # noqa: N802
        left, right = self.term(node.left), self.term(node.right)
        if kinds(left) == kinds(right) == BOOL:
            return boolean(self.condition(node))
        return choose(truth(self.lowering, left), right, left)

    def value_Not(self, node: nodes.Not) -> Term:  # noqa: N802
        return boolean(self.condition(node))

    def value_CondExpr(self, node: nodes.CondExpr) -> Term:  # noqa: N802
        condition = self.condition(node.test)
        otherwise = Undefined(name="else") if node.expr2 is None else self.term(node.expr2)
        if node.expr2 is None and condition != Literal(value=True):
            raise self.lowering.refusal("an inline if without else fails where it does not hold", hint="add: else ..")
        return choose(condition, self.term(node.expr1), otherwise)

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
        return spread(self.term(node.node), lambda called: self._call(called, arguments, named))

    def _call(self, called: Term, arguments: list[Term], named: dict[str, Term]) -> Term:
        if isinstance(called, Namespace):
            return call_name(self.lowering, called, arguments, named)
        if isinstance(called, Undefined):
            raise self.lowering.unknown(called)
        if not isinstance(called, Callee):
            raise self.lowering.refusal("what is called is no function")
        return called.call(*arguments, **named)

    def value_Filter(self, node: nodes.Filter) -> Term:  # noqa: N802
        assert node.node is not None
        return self.filtered(node, self.term(node.node))

    def filtered(self, node: nodes.Filter, value: Term) -> Term:
        """A filter of a value."""
        arguments, named = self._arguments(node)
        if node.name in dict(self.lowering.scope.dag.filters):
            raise self.lowering.refusal(f"the DAG's own filter '{node.name}' has no equal expression")
        if node.name not in FILTERS and node.name not in _ENVIRONMENT.filters:
            filters = tuple(f"| {name}" for name in (*FILTERS, *_ENVIRONMENT.filters))
            raise self.lowering.unknown(Undefined(name=f"| {node.name}", known=filters))
        return spread(value, lambda one: self._filter(node.name, one, arguments, named))

    def _filter(self, name: str, value: Term, arguments: list[Term], named: dict[str, Term]) -> Term:
        everything = (value, *arguments, *named.values())
        if name in STEADY_FILTERS and all(map(is_known, everything)):
            return self._run(name, value, arguments, named)
        if name not in FILTERS:
            raise self.lowering.refusal(f"the filter '{name}' has no equal expression")
        return invoke(self.lowering, f"filter '{name}'", FILTERS[name], [value, *arguments], named)

    def _run(self, name: str, value: Term, arguments: list[Term], named: dict[str, Term]) -> Term:
        """A filter of constants, as Jinja itself calculates it."""
        constants = {key: constant(one) for key, one in named.items()}
        try:
            found = _ENVIRONMENT.call_filter(name, constant(value), [constant(one) for one in arguments], constants)
        except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise self.lowering.refusal(f"the filter '{name}' fails: {error}") from error
        found = str(found) if isinstance(found, str) else found
        found = list(found) if isinstance(found, Iterator) else found
        if not kinds_of(found):
            raise self.lowering.refusal(f"the filter '{name}' gives no value that Data Factory has")
        return known(found)

    def value_Test(self, node: nodes.Test) -> Term:  # noqa: N802
        arguments, named = self._arguments(node)
        rule = CHECKS.get(node.name)
        if rule is None:
            raise self.lowering.refusal(f"the test 'is {node.name}' has no equal expression")
        check = rule

        def judge(value: Term) -> Term:
            return invoke(self.lowering, f"test '{node.name}'", check, [value, *arguments], named)

        return spread(self.term(node.node), judge)

    def _arguments(self, node: nodes.Call | nodes.Filter | nodes.Test) -> tuple[list[Term], dict[str, Term]]:
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            raise self.lowering.refusal("*arguments have no equal expression")
        return [self.term(one) for one in node.args], {str(pair.key): self.term(pair.value) for pair in node.kwargs}
