"""Builds expressions in their shortest form."""

from typing import Final

from adf_lang.nodes import Call, Interpolation, Literal, Node, Text, call, literal

TRUE: Final = literal(True)
FALSE: Final = literal(False)
NULL: Final = literal(None)


def not_(node: Node) -> Node:
    """The opposite of a boolean.

    >>> str(not_(not_(call("empty", literal("")))))
    "@empty('')"
    """
    if isinstance(node, Literal):
        return literal(not node.value)
    if isinstance(node, Call) and node.name == "not":
        return node.arguments[0]
    return call("not", node)


def if_(condition: Node, yes: Node, no: Node) -> Node:
    if isinstance(condition, Literal):
        return yes if condition.value else no
    if yes == no:
        return yes
    if yes == TRUE and no == FALSE:
        return condition
    if isinstance(condition, Call) and condition.name == "not":
        return call("if", condition.arguments[0], no, yes)
    return call("if", condition, yes, no)


def all_of(*conditions: Node) -> Node:
    """Whether all hold."""
    return _gather("and", conditions, neutral=TRUE, absorbing=FALSE)


def any_of(*conditions: Node) -> Node:
    """Whether one holds."""
    return _gather("or", conditions, neutral=FALSE, absorbing=TRUE)


def _gather(name: str, conditions: tuple[Node, ...], *, neutral: Node, absorbing: Node) -> Node:
    kept: list[Node] = []
    for condition in conditions:
        if condition == absorbing:
            # What stands before it may fail, so that it stays.
            return call(name, *kept, absorbing) if kept else absorbing
        if isinstance(condition, Call) and condition.name == name:
            kept += condition.arguments
        elif condition != neutral:
            kept.append(condition)
    if len(kept) <= 1:
        return kept[0] if kept else neutral
    return call(name, *kept)


def is_null(node: Node) -> Node:
    return call("equals", node, NULL)


def inner(node: Node) -> Node:
    """A node that can stand inside of an expression: a text with expressions in it becomes concat()."""
    if isinstance(node, Text):
        return literal(node.value)
    if isinstance(node, Interpolation):
        return concat(node.parts)
    return node


def concat(parts: tuple[str | Node, ...]) -> Node:
    """The parts as one text."""
    nodes = [literal(part) if isinstance(part, str) else part for part in parts]
    if not nodes:
        return literal("")
    if len(nodes) == 1 and isinstance(nodes[0], Literal) and isinstance(nodes[0].value, str):
        return nodes[0]
    return call("concat", *nodes)
