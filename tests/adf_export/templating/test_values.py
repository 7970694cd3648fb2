"""Values of all kinds in documents, and as one expression whose value is the same."""

from typing import Any

import pytest

from adf_export.diagnostics import Refusal
from adf_export.ir.factory import Json, Object, obj
from adf_export.ir.values import (
    Concat,
    Constant,
    Duration,
    Function,
    Items,
    MapCall,
    MapItem,
    Members,
    Moment,
    Opaque,
    Template,
    Value,
    XCom,
    Zip,
)
from adf_export.templating import as_node, lower_value
from adf_lang import Scope as Names
from adf_lang import evaluate, parse
from adf_lang.nodes import interpolate, literal
from tests.adf_export.templating.world import TEXTS, scope

ONE, TWO = Constant(value=1), Constant(value=2)


def items(*values: Value) -> Items:
    return Items(items=values)


# A value, what stands in the document.
LOWERED: list[tuple[Value, str]] = [
    (Constant(value="a"), "'a'"),
    (Constant(value=None), "None"),
    (Constant(value="x\n"), "'x'"),
    (Constant(value="{{ ds }}"), "'{{ ds }}'"),
    (Template(text="{{ params.whole }}"), "@{param('whole')}"),
    (Moment(iso="2026-01-31T00:00:00+00:00"), "'2026-01-31T00:00:00+00:00'"),
    (Duration(seconds=1.5), "1.5"),
    (XCom(task_id="a"), "@xcom('a', 'return_value')"),
    (MapItem(group_id="", argument="x"), "@map_item().x"),
    (MapItem(group_id="g", argument="x"), "@group_item('g', 'x')"),
    (items(ONE, Constant(value="b")), "(1, 'b')"),
    (Concat(values=(items(ONE), items(TWO))), "(1, 2)"),
    (Zip(values=(items(ONE, TWO), items(TWO))), "((1, 2),)"),
    (Zip(values=(items(ONE, TWO), items(TWO)), fill=ONE), "((1, 2), (2, 1))"),
]
REFUSED: list[Value] = [
    Zip(values=(XCom(task_id="a"), XCom(task_id="b"))),
    MapCall(value=XCom(task_id="a"), function=Function(name="f", source="")),
    Function(name="f", source=""),
    Opaque(kind="pathlib.Path"),
]


@pytest.mark.parametrize(("value", "wanted"), LOWERED, ids=lambda part: str(part)[:40])
def test_a_value_stands_in_a_document(value: Value, wanted: str) -> None:
    found = lower_value(value, scope([]))
    assert (
        repr(found) if not isinstance(found, object) or type(found) in (str, tuple, float, type(None)) else str(found)
    ) == wanted


@pytest.mark.parametrize("value", REFUSED, ids=lambda value: type(value).__name__)
def test_what_has_no_equal_is_refused(value: Value) -> None:
    with pytest.raises(Refusal):
        lower_value(value, scope([]))


def test_null_inside_of_a_value_is_kept() -> None:
    found = lower_value(Members(members=(("a", Constant(value=None)), ("b", items(Constant(value=None))))), scope([]))
    assert found == obj(a=literal(None), b=(literal(None),))


P = parse("@pipeline().parameters.p")
# A value with an expression P in it -> the same with its value.
SHAPES: list[tuple[Json, Any]] = [
    ((P, 1, "x"), lambda p: [p, 1, "x"]),
    ((), lambda p: []),
    (obj(a=P, b=obj(c=(P, "q\"'", None))), lambda p: {"a": p, "b": {"c": [p, "q\"'", None]}}),
    (Object(), lambda p: {}),
    ((obj(a=P), (P,)), lambda p: [{"a": p}, [p]]),
    (obj((('k"é\n', P),)), lambda p: {'k"é\n': p}),
]
VALUES = [*TEXTS, 0, -1, 1.5, 1.0, True, None, [], {}, [1, "a"], {"x": {"y": [None, "\\"]}}, "\x00\x1f\u2028", "][,"]


@pytest.mark.parametrize("shape", range(len(SHAPES)))
@pytest.mark.parametrize("given", VALUES, ids=repr)
def test_as_one_expression_it_has_the_same_value(shape: int, given: Any) -> None:
    value, wanted = SHAPES[shape]
    text = str(as_node(value))
    assert repr(evaluate(text, Names(parameters={"p": given}))) == repr(wanted(given))


def test_a_text_with_expressions_is_concatenated() -> None:
    assert str(as_node(interpolate(["a", P, "'"]))) == "@concat('a', pipeline().parameters.p, '''')"


LISTS: list[Any] = [[], [1], ["a", "],["], [[1], {}], [1.0, None], [1]]


@pytest.mark.parametrize("one", LISTS, ids=repr)
@pytest.mark.parametrize("other", LISTS, ids=repr)
def test_lists_are_concatenated_with_what_is_equal(one: list[Any], other: list[Any]) -> None:
    node = lower_value(Concat(values=(XCom(task_id="a"), XCom(task_id="b"))), scope([]))
    text = (
        str(node)
        .replace("xcom('a', 'return_value')", "variables('a')")
        .replace("xcom('b', 'return_value')", "variables('b')")
    )
    assert repr(evaluate(text, Names(variables={"a": one, "b": other}))) == repr([*one, *other])
