"""Terms as what stands in a document: JSON with expressions in it."""

from adf_export.ir.factory import Json, Object
from adf_export.templating.building import NULL, concat, if_
from adf_export.templating.json_text import as_node
from adf_export.templating.lowering import MAX_EXPRESSION, Lowering
from adf_export.templating.terms import Choice, Instant, Joined, Known, Listing, Record, Symbolic, Term, Undefined
from adf_lang.nodes import INTEGERS, Interpolation, Node, Text, interpolate


def as_json(lowering: Lowering, term: Term) -> Json:
    """A term with its type.

    Raises:
        Refusal: it is no JSON value.
    """
    if isinstance(term, Listing):
        return tuple(_inside(as_json(lowering, item)) for item in term.items)
    if isinstance(term, Record):
        return Object(tuple((name, _inside(as_json(lowering, member))) for name, member in term.members))
    if isinstance(term, Known):
        return _scalar(lowering, term)
    if isinstance(term, Joined):
        return whole_text(lowering, term.parts)
    if isinstance(term, Symbolic | Instant):
        return checked(lowering, term.node)
    if isinstance(term, Choice):
        return checked(lowering, node_of(lowering, term))
    if isinstance(term, Undefined):
        raise lowering.unknown(term)
    raise lowering.refusal(f"{type(term).__name__.lower()} is no value that JSON has")


def node_of(lowering: Lowering, term: Term) -> Node:
    """A term as one expression, with its type.

    Raises:
        Refusal: it is no JSON value.
    """
    if isinstance(term, Symbolic | Instant):
        return term.node
    if isinstance(term, Joined):
        return concat(term.parts)
    if isinstance(term, Choice):
        return if_(term.condition, node_of(lowering, term.yes), node_of(lowering, term.no))
    return as_node(as_json(lowering, term))


def whole_text(lowering: Lowering, parts: tuple[str | Node, ...]) -> Json:
    """A text of a document: plain, with expressions in it, or one expression that gives a text."""
    found = interpolate(parts)
    return found.value if isinstance(found, Text) else checked(lowering, found)


def checked(lowering: Lowering, node: Node) -> Node:
    """The node, unless Data Factory would find its expressions too long."""
    parts = node.parts if isinstance(node, Interpolation) else (node,)
    longest = max((len(str(part)) for part in parts if isinstance(part, Node)), default=0)
    if longest > MAX_EXPRESSION:
        raise lowering.refusal(
            f"the expression would have {longest:,} characters, and Data Factory takes {MAX_EXPRESSION:,}",
            hint="say it shorter, or calculate it in a task of its own",
        )
    return node


def _inside(value: Json) -> Json:
    """null inside of an array or object is an expression: documents leave null members out."""
    return NULL if value is None else value


def _scalar(lowering: Lowering, term: Known) -> Json:
    value: Json = term.value
    if value is None or type(value) in (bool, str):
        return value
    if type(value) is int and value in INTEGERS:
        return value
    if type(value) is float and value - value == 0:
        return value
    raise lowering.refusal(f"{value!r} is no value that Data Factory has")
