"""What holds for every text and every tree, tried on random ones."""

import copy
import json
import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import adf_lang
from adf_lang import AdfLangError, Scope
from adf_lang.nodes import Call, Index, Literal, Node, Property, interpolate
from adf_lang.registry import FUNCTIONS
from adf_lang.values import deep_equal

CASES = Path(__file__).parent / "cases"
NAMES = st.from_regex(r"[A-Za-z_$][A-Za-z0-9_$]{0,8}", fullmatch=True).filter(
    lambda name: name.lower() not in ("true", "false", "null")
)
# Functions in their own spelling, and names that are none.
CALLED = st.one_of(st.sampled_from(FUNCTIONS.names()), NAMES.filter(lambda name: FUNCTIONS.get(name) is None))
TEXTS = st.text(st.one_of(st.sampled_from("@{}'\"[]().,?+- \n"), st.characters(codec="utf-8")), max_size=12)
LITERALS = st.builds(
    lambda value: Literal(value=value),
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        TEXTS,
    ),
)


def _extend(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    calls = st.builds(lambda name, parts: Call(name=name, arguments=tuple(parts)), CALLED, st.lists(inner, max_size=3))
    selectable = inner.filter(lambda node: isinstance(node, Call | Property | Index))
    return st.one_of(
        calls,
        st.builds(
            lambda target, name, safe: Property(target=target, name=name, safe=safe), calls, NAMES, st.booleans()
        ),
        st.builds(
            lambda target, index, safe: Index(target=target, index=index, safe=safe), calls, inner, st.booleans()
        ),
        st.builds(
            lambda target, name, safe: Property(target=target, name=name, safe=safe), selectable, NAMES, st.booleans()
        ),
    )


EXPRESSIONS = st.recursive(st.one_of(LITERALS, st.builds(lambda name: Call(name=name), CALLED)), _extend, max_leaves=12)
TREES = st.one_of(EXPRESSIONS, st.builds(interpolate, st.lists(st.one_of(TEXTS, EXPRESSIONS), max_size=5)))


def cases() -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    for file in sorted(CASES.glob("*.jsonl")):
        default: dict[str, Any] = {}
        for line in filter(None, file.read_text().split("\n")):
            case = json.loads(line)
            if "default_context" in case:
                default = case["default_context"]
            elif "expr" in case:
                found.append((case["expr"], case.get("context", default)))
    return found


KNOWN = cases()


@given(TREES)
def test_a_printed_tree_parses_to_an_equal_tree(node: Node) -> None:
    assert adf_lang.parse(str(node)) == node


@given(TREES)
def test_printing_is_canonical(node: Node) -> None:
    assert str(adf_lang.parse(str(node))) == str(node)


def succeeds_or_names_a_place(text: str, scope: Scope) -> None:
    found: AdfLangError | None = None
    try:
        adf_lang.evaluate(text, scope)
    except AdfLangError as error:
        found = error
    if found:
        assert found.expression == text
        assert 0 <= found.start <= found.end <= len(text)
        assert "^" in str(found)


@given(st.text(st.one_of(st.sampled_from(string.printable), st.characters()), max_size=60))
def test_any_text_has_a_value_or_an_error_with_a_place(text: str) -> None:
    succeeds_or_names_a_place(text, Scope())
    succeeds_or_names_a_place("@" + text, Scope())
    succeeds_or_names_a_place("@{" + text, Scope())


@settings(max_examples=500)
@given(st.data())
def test_any_change_of_an_expression_has_a_value_or_an_error_with_a_place(data: st.DataObject) -> None:
    text, context = data.draw(st.sampled_from(KNOWN))
    position = data.draw(st.integers(0, len(text)))
    removed = data.draw(st.integers(0, 3))
    succeeds_or_names_a_place(text[:position] + data.draw(TEXTS) + text[position + removed :], Scope.from_dict(context))


def outcome(run: Any, scope: Scope) -> Any:
    try:
        return run(scope)
    except AdfLangError as error:
        return str(error)


@pytest.mark.parametrize("file", sorted(CASES.glob("*.jsonl")), ids=lambda file: file.stem)
def test_compiled_and_evaluated_agree(file: Path) -> None:
    """Also in the text of their errors."""
    default: dict[str, Any] = {}
    for line in filter(None, file.read_text().split("\n")):
        case = json.loads(line)
        default = case.get("default_context", default)
        if "expr" not in case or "utcNow" in case["expr"]:
            continue
        text, scope = case["expr"], Scope.from_dict(case.get("context", default))
        evaluated = outcome(lambda scope, text=text: adf_lang.evaluate(text, scope), scope)
        compiled = outcome(lambda scope, text=text: adf_lang.compile(text)(scope), scope)
        assert deep_equal(evaluated, compiled), text


@given(EXPRESSIONS)
def test_a_built_tree_compiles_to_what_it_evaluates_to(node: Node) -> None:
    scope = Scope(parameters={"a": 1}, variables={"b": [1]}, item="x")
    if any(name in str(node).lower() for name in ("guid", "rand", "utcnow", "time")):
        return
    evaluated = outcome(lambda scope: adf_lang.evaluate(node, scope), scope)
    compiled = outcome(adf_lang.compile(node), scope)
    assert deep_equal(evaluated, compiled)


def test_inputs_are_never_changed() -> None:
    for text, context in KNOWN:
        before = copy.deepcopy(context)
        scope = Scope.from_dict(context)
        outcome(lambda scope, text=text: adf_lang.evaluate(text, scope), scope)
        assert deep_equal(context, before), text
