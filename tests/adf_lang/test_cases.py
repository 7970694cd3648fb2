"""The cases: Microsoft's page, results of Microsoft's own engine, and what is ours."""

from pathlib import Path

import pytest

from adf_lang import cases

FOLDER = Path(__file__).parent / "cases"
# How many cases each file held when it was recorded: none is lost by a change of the format.
COUNTS = {"expression_cases_docs": 157, "expression_cases_engine": 346}
# The engine also knows functions of Logic Apps; Data Factory's page does not list them, so they are refused.
UNLISTED = {
    *(
        "@addProperty(json('{}'),'a',1)",
        "@setProperty(json('{\"a\":1}'),'a',2)",
        "@removeProperty(json('{\"a\":1}'),'a')",
    ),
    *("@slice('hello',1,3)", "@sort(createArray(3,1,2))", "@chunk('abcdef',2)"),
    *("@uriHost('https://a.b/c?d=e')", "@uriPath('https://a.b/c?d=e')"),
}


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.jsonl")), ids=lambda file: file.stem)
def test_cases(file: Path) -> None:
    result = cases.run_file(file)
    assert result.malformed == ()
    wrong = [
        (failure.case.expression, failure.case.expected, failure.error or failure.value) for failure in result.failures
    ]
    assert wrong == []
    assert {failure.case.expression for failure in result.unlisted} <= UNLISTED
    if file.stem in COUNTS:
        assert result.passed + len(result.unlisted) == COUNTS[file.stem]


def test_the_copied_cases_are_the_reference(shared_dir: Path) -> None:
    for name in COUNTS:
        assert (FOLDER / f"{name}.jsonl").read_bytes() == (shared_dir / "adf" / f"{name}.jsonl").read_bytes()
