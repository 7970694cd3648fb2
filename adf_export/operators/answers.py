"""The answer to a Web activity, as requests' Response shows it to the functions of a DAG."""

from typing import Final

from adf_export.codes import BEHAVIOUR_DIFFERS, RESULT_DIFFERS
from adf_export.decisions import lower_function, truth_of
from adf_export.ir.values import Function
from adf_export.operators.workbench import Workbench
from adf_export.passes.rewriting import rewrite_node
from adf_export.templating.kinds import DICT, TEXT
from adf_export.templating.terms import Callee, Known, Namespace, Symbolic, Term
from adf_lang.nodes import Index, Literal, Node, Property, call, literal, select

_HEADERS: Final = "ADFWebActivityResponseHeaders"


def output_of(activity: str) -> Node:
    return select(call("activity", literal(activity)), "output")


def answer_text(activity: str) -> Node:
    """The answer as text: the output without what Data Factory adds behind it."""
    mark = f'"{_HEADERS}":'
    # An empty object has no comma before what is added.
    apart = call("replace", call("string", output_of(activity)), literal(f"{{{mark}"), literal(f"{{,{mark}"))
    return call("concat", call("first", call("split", apart, literal(f",{mark}"))), literal("}"))


def filtered(bench: Workbench, field: str, activity: str) -> Node:
    """What the function in a field makes of the answer.

    Raises:
        Refusal: it has no equal expression.
    """
    made = lower_function(_function(bench, field), (_response(activity),), {}, bench.scope(field))
    return _told(bench, field, made, activity)


def accepted(bench: Workbench, field: str, activity: str) -> Node:
    """Whether the function in a field takes the answer.

    Raises:
        Refusal: it has no equal expression.
    """
    made = truth_of(_function(bench, field), (_response(activity),), {}, bench.scope(field))
    return _told(bench, field, made, activity)


def _function(bench: Workbench, field: str) -> Function:
    found = bench.field(field)
    if isinstance(found, Function):
        if "status_code" in found.source:
            summary = f"'{field}' sees status 200 for every 2xx: a Web activity does not tell which it was"
            bench.tell(BEHAVIOUR_DIFFERS, summary, field=field)
        return found
    raise bench.not_exported(field, "it is no function with a Python source", hint="use a lambda or a def")


def _response(activity: str) -> Term:
    text = answer_text(activity)
    document = Symbolic(node=call("json", text), kinds=DICT, what="the answer")
    members: tuple[tuple[str, Term], ...] = (
        ("headers", Symbolic(node=select(output_of(activity), _HEADERS), kinds=DICT, what="the headers")),
        ("json", Callee(name="response.json()", call=lambda: document)),
        ("ok", Known(value=True)),
        ("status_code", Known(value=200)),
        ("text", Symbolic(node=text, kinds=TEXT, what="the answer")),
    )
    return Namespace(path="response", more=members)


def _told(bench: Workbench, field: str, made: Node, activity: str) -> Node:
    """Members are read from the output itself; what reads the text is told that it is written anew."""
    text = answer_text(activity)
    whole = call("json", text)

    def rule(node: Node) -> Node | None:
        return output_of(activity) if node == whole else None

    def of_members(node: Node) -> Node | None:
        if not isinstance(node, Property | Index) or node.target != whole:
            return None
        if isinstance(node, Index) and isinstance(node.index, Literal) and isinstance(node.index.value, int):
            hint = "land it by a Copy, or let the API answer an object"
            raise bench.not_exported(field, "it reads an array, and a Web activity takes JSON objects only", hint=hint)
        return rewrite_node(node, rule)

    simple = rewrite_node(made, of_members)
    if str(text)[1:] in str(simple).replace(str(whole)[1:], ""):
        summary = f"'{field}' reads a text that Data Factory writes anew from JSON: blanks and numbers may differ"
        bench.tell(RESULT_DIFFERS, summary, field=field, hint="read members: response.json()['x']")
    return simple
