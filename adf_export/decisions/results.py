"""What a decision may result in: the constants at the ends of its branches."""

from typing import TypeAlias

from adf_lang.nodes import Call, Literal, Node

# A task id, a list of task ids, or None: nothing is followed.
Result: TypeAlias = str | tuple[str, ...] | bool | int | float | None


def possible_results(node: Node) -> tuple[Result, ...] | None:
    """All values that an expression of `lower_function` may have, each once, in the order of the source.

    None: they cannot be told, since one of them comes from a param, an XCom or the like.
    """
    found = _results(node)
    return None if found is None else tuple(dict.fromkeys(found))


def _results(node: Node) -> list[Result] | None:
    if isinstance(node, Literal):
        return [node.value]
    if not isinstance(node, Call):
        return None
    if node.name == "if":
        yes, no = _results(node.arguments[1]), _results(node.arguments[2])
        return None if yes is None or no is None else yes + no
    if node.name == "createArray":
        texts = [item.value for item in node.arguments if isinstance(item, Literal) and isinstance(item.value, str)]
        return [tuple(texts)] if len(texts) == len(node.arguments) else None
    if node == _EMPTY:
        return [()]
    return [True, False] if node.name in _BOOLEAN else None


_EMPTY = Call(name="json", arguments=(Literal(value="[]"),))
_BOOLEAN = frozenset(
    {
        "and",
        "contains",
        "empty",
        "endsWith",
        "equals",
        "greater",
        "greaterOrEquals",
        "less",
        "lessOrEquals",
        "not",
        "or",
        "startsWith",
    }
)
