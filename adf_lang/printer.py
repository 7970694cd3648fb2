"""Writes a tree as text, in one canonical form that parses to an equal tree."""

from adf_lang import nodes

Piece = str | nodes.Node


def print_node(node: nodes.Node) -> str:
    """The node as a whole JSON string of Data Factory: `@concat('a', 'b')`, `text @{item()}`, plain text."""
    if isinstance(node, nodes.Text):
        return "@" + node.value if node.value.startswith("@") else _escape(node.value)
    if isinstance(node, nodes.Interpolation):
        pieces = (_escape(part) if isinstance(part, str) else f"@{{{print_inner(part)}}}" for part in node.parts)
        return "".join(pieces)
    return "@" + print_inner(node)


def print_inner(node: nodes.Node) -> str:
    """The node as it stands inside an expression, without `@`."""
    written: list[str] = []
    # A stack of what is still to be written, last first: nesting costs no recursion.
    pending: list[Piece] = [node]
    while pending:
        piece = pending.pop()
        if isinstance(piece, str):
            written.append(piece)
        else:
            pending.extend(reversed(_pieces(piece)))
    return "".join(written)


def _pieces(node: nodes.Node) -> list[Piece]:
    if isinstance(node, nodes.Literal):
        return [_constant(node.value)]
    if isinstance(node, nodes.Call):
        pieces: list[Piece] = [node.name, "("]
        for index, argument in enumerate(node.arguments):
            pieces.extend([", ", argument] if index else [argument])
        return [*pieces, ")"]
    if isinstance(node, nodes.Property):
        return [node.target, f"{'?' if node.safe else ''}.{node.name}"]
    if isinstance(node, nodes.Index):
        return [node.target, "?[" if node.safe else "[", node.index, "]"]
    raise TypeError(f"{type(node).__name__} cannot stand inside an expression")


def _constant(value: bool | int | float | str | None) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return repr(value)


def _escape(text: str) -> str:
    return text.replace("@{", "@@{")
