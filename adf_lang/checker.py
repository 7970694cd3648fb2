"""Finds what is wrong with an expression before it is evaluated: syntax, functions, kinds of arguments, names."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from adf_lang.errors import AdfLangError, ParseError, nearest
from adf_lang.evaluator import find_function
from adf_lang.nodes import Call, Index, Interpolation, Literal, Node, Property, Span, Text, visit_name
from adf_lang.parser import parse
from adf_lang.registry import FUNCTIONS
from adf_lang.types import Type, type_of
from adf_lang.values import find_name

ANY = frozenset(Type)
# Reserved members of pipeline(): Data Factory's page of system variables.
SYSTEM = (
    "DataFactory",
    "Pipeline",
    "RunId",
    "TriggerType",
    "TriggerId",
    "TriggerName",
    "TriggerTime",
    "GroupId",
    "TriggeredByPipelineName",
    "TriggeredByPipelineRunId",
    "parameters",
    "globalParameters",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something wrong with an expression; `str()` quotes it with a caret, as AdfLangError does."""

    reason: str
    expression: str
    start: int
    end: int
    # The nearest names or the remedy.
    hint: str | None = None

    def __str__(self) -> str:
        return str(
            AdfLangError(self.reason, expression=self.expression, start=self.start, end=self.end, hint=self.hint)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What an expression may name where it stands; None: not known, so not checked."""

    parameters: Collection[str] | None = None
    global_parameters: Collection[str] | None = None
    variables: Collection[str] | None = None
    # The activities that have run for sure when the expression is evaluated.
    activities: Collection[str] | None = None
    # Context functions that are not known here, with the reason: {"item": "outside of a ForEach"}.
    absent: Mapping[str, str] | None = None


def check(text: str, names: Names | None = None, *, expected: Collection[Type] = ANY) -> tuple[Fault, ...]:
    """All faults of a text, in the order of their places; none: it is sound as far as can be told without a scope.

    `expected` are the types that the value may have.
    """
    try:
        node = parse(text)
    except ParseError as error:
        return (_fault(error),)
    found = _Checker(text, names or Names())
    types = found.visit(node)
    if not types & frozenset(expected):
        wanted = " or ".join(sorted(expected))
        found.report(f"must be {wanted}, but is {_listed(types)}", node)
    return tuple(sorted(found.faults, key=lambda fault: (fault.start, fault.end)))


class _Checker:
    """Visits every node, whether it will be evaluated or not; gives the types that its value may have."""

    def __init__(self, text: str, names: Names) -> None:
        self.text = text
        self.names = names
        self.faults: list[Fault] = []

    def visit(self, node: Node) -> frozenset[Type]:
        visitor: Callable[[Node], frozenset[Type]] = getattr(self, visit_name(node))
        return visitor(node)

    def report(self, reason: str, node: Node, hint: str | None = None) -> None:
        span = node.span or Span(0, len(self.text))
        self.faults.append(Fault(reason=reason, expression=self.text, start=span.start, end=span.end, hint=hint))

    def visit_Text(self, node: Text) -> frozenset[Type]:  # noqa: N802 - the name of the node
        return frozenset({Type.STRING})

    def visit_Literal(self, node: Literal) -> frozenset[Type]:  # noqa: N802
        return frozenset({type_of(node.value)})

    def visit_Interpolation(self, node: Interpolation) -> frozenset[Type]:  # noqa: N802
        for part in node.parts:
            if isinstance(part, Node):
                self.visit(part)
        return frozenset({Type.STRING})

    def visit_Index(self, node: Index) -> frozenset[Type]:  # noqa: N802
        target = self.visit(node.target)
        self.visit(node.index)
        if isinstance(node.index, Literal) and isinstance(node.index.value, str):
            self._member(node, node.index.value)
        self._selectable(target, node)
        return ANY

    def visit_Property(self, node: Property) -> frozenset[Type]:  # noqa: N802
        self._selectable(self.visit(node.target), node)
        self._member(node, node.name)
        return ANY

    def visit_Call(self, node: Call) -> frozenset[Type]:  # noqa: N802
        types = [self.visit(argument) for argument in node.arguments]
        try:
            function = find_function(node, self.text)
        except AdfLangError as error:
            self.faults.append(_fault(error))
            return ANY
        for index, found in enumerate(types):
            parameter = function.parameter(index)
            if not found & parameter.types:
                reason = f"'{parameter.name}' of {function.name} must be {parameter.kind}, but is {_listed(found)}"
                self.report(reason, node.arguments[index])
        self._context(node)
        return function.returns

    def _context(self, node: Call) -> None:
        """Names in variables('x') and activity('x'), and functions that have no meaning here."""
        absent = self.names.absent or {}
        if node.name in absent:
            self.report(f"{node.name}() is not known {absent[node.name]}", node)
        known = {"variables": self.names.variables, "activity": self.names.activities}.get(node.name)
        name = node.arguments[0] if node.arguments else None
        if known is None or not isinstance(name, Literal) or not isinstance(name.value, str):
            return
        if find_name(known, name.value) is None:
            what = {"variables": "variable", "activity": "activity upstream named"}[node.name]
            self.report(f"there is no {what} '{name.value}'", name, nearest(name.value, known))

    def _member(self, node: Property | Index, name: str) -> None:
        """Names behind pipeline(), pipeline().parameters and pipeline().globalParameters."""
        path = tuple(_path(node.target))
        known: Mapping[tuple[str, ...], tuple[str, Collection[str] | None]] = {
            ("pipeline",): ("member of pipeline()", SYSTEM),
            ("pipeline", "parameters"): ("parameter", self.names.parameters),
            ("pipeline", "globalparameters"): ("global parameter", self.names.global_parameters),
        }
        what, names = known.get(path, ("", None))
        if names is not None and not node.safe and find_name(names, name) is None:
            self.report(f"there is no {what} '{name}'", node, nearest(name, names))

    def _selectable(self, target: frozenset[Type], node: Property | Index) -> None:
        if not target & {Type.OBJECT, Type.ARRAY, Type.NULL}:
            self.report(f"a value of type {_listed(target)} has no properties", node)


def _path(node: Node) -> Iterator[str]:
    """pipeline().parameters -> "pipeline", "parameters", in small letters; nothing for anything else."""
    if isinstance(node, Call) and node.name == "pipeline":
        yield "pipeline"
    elif isinstance(node, Property):
        above = tuple(_path(node.target))
        if above:
            yield from (*above, node.name.lower())


def _fault(error: AdfLangError) -> Fault:
    return Fault(reason=error.reason, expression=error.expression, start=error.start, end=error.end, hint=error.hint)


def _listed(types: frozenset[Type]) -> str:
    return " or ".join(sorted(types))


__all__ = ["FUNCTIONS", "Fault", "Names", "check"]
