"""Every pair of cases/*.txt: the template gives this document text, or these codes."""

import json

import pytest

from adf_export.diagnostics import Diagnostic, Refusal
from adf_export.ir.values import Template
from adf_export.templating import as_node
from adf_export.templating.templates import lower_template
from adf_lang import parse
from adf_lang.nodes import Node
from tests.adf_export.templating.pairs import Pair, pairs
from tests.adf_export.templating.world import scope


def outcome(pair: Pair) -> str:
    """What a template gives, as the pairs write it."""
    reported: list[Diagnostic] = []
    try:
        value = lower_template(Template(text=pair.template, line=7), scope(reported, native=pair.native))
    except Refusal as refused:
        return refused.diagnostic.code
    if isinstance(value, Node):
        assert parse(str(value)) == value
        text = str(value).replace("\n", "\\n")
    else:
        plain = isinstance(value, str | int | float | bool | None)
        text = f"= {json.dumps(value) if plain else as_node(value)}"
    return " ".join([*sorted({found.code for found in reported}), text])


@pytest.mark.parametrize("pair", pairs(), ids=lambda pair: pair.place)
def test_a_template_gives_what_its_pair_says(pair: Pair) -> None:
    assert outcome(pair) == pair.expected


@pytest.mark.parametrize(
    ("template", "line", "words"),
    [
        ("{{ ds }}\n{{ prams.x }}", 8, "there is no 'prams'"),
        ("a\nb\n{{ inlets }}", 9, "assets have no text"),
        ("a\n{% if %}", 8, "Expected an expression"),
        ("{{ conn.web.password }}", 7, "a secret is never written"),
    ],
)
def test_a_refusal_names_the_construct_and_its_line(template: str, line: int, words: str) -> None:
    with pytest.raises(Refusal) as refused:
        lower_template(Template(text=template, line=7), scope([]))
    found = refused.value.diagnostic
    assert (found.origin.file, found.origin.line, found.origin.field) == ("dag.py", line, "f")
    assert words in found.summary


def test_an_expression_beyond_the_limit_is_refused() -> None:
    with pytest.raises(Refusal, match="8,192"):
        lower_template(Template(text="{{ (" + " ~ ".join(["ds"] * 200) + ") | upper }}"), scope([]))
