"""Evaluates a tree at once, node by node; `compiler` is the same for trees that are evaluated often."""

from collections.abc import Callable

from adf_lang.errors import EvaluationError, UnlistedFunctionError, nearest
from adf_lang.nodes import Call, Index, Interpolation, Literal, Node, Property, Text, visit_name
from adf_lang.printer import print_node
from adf_lang.registry import FUNCTIONS, Function, RefusalError
from adf_lang.scope import Scope
from adf_lang.selection import select_index, select_property
from adf_lang.text import ContentError, to_text
from adf_lang.types import Value

# Functions of Microsoft's engine that Data Factory's page does not list: Logic Apps has them. They are refused, since
# nobody promises that the service goes on taking them.
# fmt: off
UNLISTED = frozenset(
    {
        "actions", "addproperty", "appsetting", "body", "chunk", "datedifference", "decimal",
        "formatnumber", "formdatamultivalues", "formdatavalue", "isfloat", "isint", "items",
        "iterationindexes", "listcallbackurl", "multipartbody", "nthindexof", "outputs", "parameters",
        "parsedatetime", "removeproperty", "result", "reverse", "setproperty", "slice", "sort",
        "triggeroutputs", "urihost", "uripath", "uripathandquery", "uriport", "uriquery", "urischeme",
        "workflow",
    }
)
# fmt: on
# What to use instead of a function that is not there.
INSTEAD = {
    "actions": "use activity('name')",
    "addmonths": "use addToTime(timestamp, n, 'Month')",
    "body": "use activity('name').output",
    "decimal": "use float(value)",
    "items": "use item()",
    "len": "use length(value)",
    "lower": "use toLower(text)",
    "now": "use utcNow()",
    "outputs": "use activity('name').output",
    "parameters": "use pipeline().parameters.name",
    "result": "use activity('name').output",
    "slice": "use substring(text, startIndex, length)",
    "startofweek": "use addDays(startOfDay(t), mul(-1, dayOfWeek(t)))",
    "str": "use string(value)",
    "upper": "use toUpper(text)",
    "variable": "use variables('name')",
}


class Evaluator:
    """Evaluates nodes in one scope; `text` is what they were parsed from, for errors."""

    def __init__(self, scope: Scope, text: str | None = None) -> None:
        self.scope = scope
        self.text = text

    def visit(self, node: Node) -> Value:
        """The value of a node.

        Raises:
            EvaluationError: it has none in this scope.
        """
        visitor: Callable[[Node], Value] = getattr(self, visit_name(node))
        return visitor(node)

    def visit_Text(self, node: Text) -> Value:  # noqa: N802 - the name of the node
        return node.value

    def visit_Literal(self, node: Literal) -> Value:  # noqa: N802
        return node.value

    def visit_Interpolation(self, node: Interpolation) -> Value:  # noqa: N802
        pieces: list[str] = []
        for part in node.parts:
            if isinstance(part, str):
                pieces.append(part)
                continue
            value = self.visit(part)
            try:
                pieces.append(value if type(value) is str else to_text(value))
            except (RefusalError, ContentError) as fault:
                raise located(fault, part, self.text) from fault
        return "".join(pieces)

    def visit_Property(self, node: Property) -> Value:  # noqa: N802
        target = self.visit(node.target)
        try:
            return select_property(target, node.name, node.safe)
        except RefusalError as fault:
            raise located(fault, node, self.text) from fault

    def visit_Index(self, node: Index) -> Value:  # noqa: N802
        target = self.visit(node.target)
        index = self.visit(node.index)
        try:
            return select_index(target, index, node.safe)
        except RefusalError as fault:
            raise located(fault, node, self.text) from fault

    def visit_Call(self, node: Call) -> Value:  # noqa: N802
        function = find_function(node, self.text)
        if function.lazy:
            arguments: list[Value] = [lambda part=part: self.visit(part) for part in node.arguments]
        else:
            arguments = [self.visit(part) for part in node.arguments]
        try:
            if not function.lazy:
                for index, value in enumerate(arguments):
                    function.check_argument(index, value)
            return function.call(self.scope, *arguments) if function.scoped else function.call(*arguments)
        except (RefusalError, ContentError) as fault:
            raise located(fault, node, self.text) from fault


def find_function(node: Call, text: str | None) -> Function:
    """The function of a call, with a fitting number of arguments."""
    function = FUNCTIONS.get(node.name)
    if function is None:
        raise _unknown(node, text)
    try:
        function.check_count(len(node.arguments))
    except RefusalError as fault:
        raise located(fault, node, text) from fault
    return function


def _unknown(node: Call, text: str | None) -> EvaluationError:
    key = node.name.lower()
    hint = INSTEAD.get(key)
    quoted, start, _ = _place(node, node, text)
    end = start + len(node.name)
    if key in UNLISTED:
        reason = f"'{node.name}' is a function of Logic Apps that Data Factory does not list"
        return UnlistedFunctionError(reason, expression=quoted, start=start, end=end, hint=hint)
    reason = f"there is no function '{node.name}'"
    hint = hint or nearest(node.name, FUNCTIONS.names())
    return EvaluationError(reason, expression=quoted, start=start, end=end, hint=hint)


def located(fault: RefusalError | ContentError, node: Node, text: str | None) -> EvaluationError:
    """The fault with its place in the expression."""
    if isinstance(fault, RefusalError):
        reason, argument = fault.reason, fault.argument
    else:
        reason, argument = f"the content of a binary object cannot be read: {fault}", None
    blamed = node
    if isinstance(node, Call) and argument is not None and argument < len(node.arguments):
        blamed = node.arguments[argument]
    quoted, start, end = _place(blamed, node, text)
    return EvaluationError(reason, expression=quoted, start=start, end=end, hint=getattr(fault, "hint", None))


def _place(blamed: Node, node: Node, text: str | None) -> tuple[str, int, int]:
    """The text to quote and the bounds of the blamed node in it."""
    span = blamed.span or node.span
    if text is None or span is None:
        # A tree that was built, not parsed: its own text is quoted as a whole.
        quoted = print_node(node)
        return quoted, quoted.startswith("@"), len(quoted)
    return text, span.start, span.end
