"""What has no equal expression is refused at its line, in the words of the function."""

import textwrap

import pytest

from adf_export.codes import DECISION_NOT_EXPRESSIBLE, TEMPLATE_UNKNOWN_NAME
from adf_export.decisions import lower_function, possible_results
from adf_export.diagnostics import Refusal
from adf_export.ir.factory import obj
from adf_export.ir.values import Function
from adf_lang import Node, parse
from tests.adf_export.templating.world import scope

# A function, the line that is named, words of the summary.
BAD = [
    ("def f():\n    import random\n    return random.choice(['a', 'b'])", 13, "'random' is neither"),
    ("def f():\n    return other()", 12, "'other' is neither"),
    ("def f():\n    for x in range(3):\n        break\n    return 'a'", 12, "a loop"),
    ("def f(params):\n    for x in params['words']:\n        pass", 12, "a loop"),
    ("def f():\n    while True:\n        pass", 12, "'while True:'"),
    ("def f():\n    try:\n        return 'a'\n    except ValueError:\n        pass", 12, "'try:'"),
    ("def f():\n    with open('x') as file:\n        return file.read()", 12, "'with open('x') as file:'"),
    ("def f(ti):\n    ti.xcom_push(key='a', value=1)\n    return 'a'", 12, "'ti.xcom_push(key='a', value=1)'"),
    ("def f():\n    raise ValueError", 12, "'raise ValueError'"),
    ("def f():\n    x = [a for a in 'abc']\n    return x", 12, "'[a for a in 'abc']'"),
    ("def f(wanted):\n    return wanted", 11, "the argument 'wanted' has no value"),
    ("def f(params):\n    return params['nope']", 12, "there is no 'params.nope'"),
    ("def f(params):\n    return params['text'].title()", 12, "title()"),
    ("def f(params):\n    return params['text'] < 'b'", 12, "'<' of these values"),
    ("def f(params):\n    return params.text", 12, "the attribute 'text'"),
    ("def f():\n    x.y = 1", 12, "'x.y = ..'"),
    ("async def f():\n    return 1", 11, "async"),
    ("[lambda: 1, lambda: 2]", 11, "several lambdas"),
    ("", 11, "the source of the function cannot be read"),
    ("def f(:", 11, "cannot be parsed"),
]


@pytest.mark.parametrize(("source", "line", "words"), BAD)
def test_it_is_refused_at_its_line(source: str, line: int, words: str) -> None:
    with pytest.raises(Refusal) as refused:
        lower_function(Function(name="dag.f", source=source, line=11), (), {}, scope([]))
    found = refused.value.diagnostic
    assert found.code in (DECISION_NOT_EXPRESSIBLE.id, TEMPLATE_UNKNOWN_NAME.id)
    assert words in found.summary
    assert found.origin.line == line


# A function, positional and keyword arguments, the expression.
GOOD = [
    ("lambda: 'a'", (), {}, "@'a'"),
    ("pick = PythonOperator(python_callable=lambda x: x > 2, op_args=[3])", (3,), {}, "@true"),
    ("python_callable=lambda x: x,", (3,), {}, "@3"),
    (
        "@task.branch\ndef f(x):\n    return 'a' if x else None",
        (parse("@item()"),),
        {},
        "@if(contains(createArray(null, false, 0, 0.0, '', json('[]'), json('{}')), item()), null, 'a')",
    ),
    ("def f(*args, **kwargs):\n    return args[0] + kwargs['y']", ("a",), {"y": "b"}, "@'ab'"),
    ("def f(x, ds):\n    return x['a'] + ds", (obj(a="p"),), {"ds": "mine"}, "@'pmine'"),
    ("def f(x=1, *, y='n'):\n    return [x, y]", (), {"x": 2}, "@createArray(2, 'n')"),
    ("def f():\n    return []", (), {}, "@json('[]')"),
    ("def f():\n    pass", (), {}, "@null"),
]


@pytest.mark.parametrize(("source", "positional", "keyword", "wanted"), GOOD)
def test_arguments_are_bound_as_python_binds_them(
    source: str, positional: tuple[Node, ...], keyword: dict[str, str], wanted: str
) -> None:
    node = lower_function(
        Function(name="dag.f", source=textwrap.dedent(source), line=1), positional, keyword, scope([])
    )
    assert str(node) == wanted


def test_results_of_an_xcom_are_not_known() -> None:
    function = Function(name="f", source="def f(ti):\n    return ti.xcom_pull('count')", line=1)
    assert possible_results(lower_function(function, (), {}, scope([]))) is None
