"""What a decision may result in: the constants at the ends of its branches."""

from adf_lang.nodes import Node

# A task id, a list of task ids, or None: nothing is followed.
Result = str | tuple[str, ...] | bool | None


def possible_results(node: Node) -> tuple[Result, ...] | None:
    """All values that an expression of `lower_function` may have, each once, in the order of the source.

    None: they cannot be told, since one of them comes from a param, an XCom or the like.
    """
    return None
