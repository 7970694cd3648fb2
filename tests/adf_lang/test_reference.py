"""docs/expressions says what the registry says, and every example on it is true."""

import shlex
from dataclasses import fields
from pathlib import Path

import pytest

import adf_lang
from adf_lang import reference
from adf_lang.choices import Choices, describe
from adf_lang.cli import main
from adf_lang.registry import FUNCTIONS, Function
from adf_lang.types import Type, type_of
from adf_lang.values import deep_equal

# The complete list of Data Factory's page, by its families (adf-semantics.md, 5.3).
LISTED = {
    "strings": "concat endsWith guid indexOf lastIndexOf replace split startsWith substring toLower toUpper trim",
    "collections": "contains empty first intersection join last length skip take union",
    "logic": "and equals greater greaterOrEquals if less lessOrEquals not or",
    "conversion": "array base64 base64ToBinary base64ToString binary bool coalesce createArray dataUri dataUriToBinary "
    "dataUriToString decodeBase64 decodeDataUri decodeUriComponent encodeUriComponent float int json string "
    "uriComponent uriComponentToBinary uriComponentToString xml xpath",
    "math": "add div max min mod mul rand range sub",
    "dates": "addDays addHours addMinutes addSeconds addToTime convertFromUtc convertTimeZone convertToUtc dayOfMonth "
    "dayOfWeek dayOfYear formatDateTime getFutureTime getPastTime startOfDay startOfHour startOfMonth "
    "subtractFromTime ticks utcNow",
}
# What an expression sees; no functions on the page.
CONTEXT = "activity dataset item linkedService pipeline trigger triggerBody variables"
# Functions of Logic Apps, which Microsoft's engine has, and others that people look for.
UNLISTED = (
    "addMonths addProperty chunk dateDifference formatNumber isFloat isInt nthIndexOf parameters parseDateTime "
    "removeProperty reverse setProperty slice sort startOfWeek uriHost uriPath uriPort uriQuery uriScheme"
)
EXAMPLES = [(function.name, example) for function in FUNCTIONS for example in reference.examples(function)]


@pytest.fixture(scope="module")
def scope() -> adf_lang.Scope:
    return adf_lang.Scope.from_dict(reference.read_result(reference.CONTEXT))


def assert_gives(text: str, written: str, scope: adf_lang.Scope) -> None:
    value = adf_lang.evaluate(text, scope)
    assert deep_equal(value, reference.read_result(written)), f"{text} is {value!r}, not {written}"


def test_the_pages_are_current(project_dir: Path) -> None:
    folder = project_dir / "docs" / "expressions"
    pages = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert pages == reference.render_pages(), "run: python -m adf_lang.reference"


def test_there_are_exactly_the_functions_of_the_page() -> None:
    assert sum(len(names.split()) for names in LISTED.values()) == 84
    found: dict[str, list[str]] = {}
    for function in FUNCTIONS:
        found.setdefault(function.family, []).append(function.name)
    assert {family: sorted(names) for family, names in found.items()} == {
        family: sorted(names.split()) for family, names in {**LISTED, "context": CONTEXT}.items()
    }


@pytest.mark.parametrize("name", UNLISTED.split())
def test_other_functions_are_refused(name: str) -> None:
    text = f"@{name}('a', 'b')"
    with pytest.raises(adf_lang.AdfLangError, match=f"'{name}'") as refused:
        adf_lang.evaluate(text, adf_lang.Scope())
    assert (refused.value.start, refused.value.end) == (1, 1 + len(name))
    assert [(fault.reason, fault.start) for fault in adf_lang.check(text)] == [(refused.value.reason, 1)]


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_an_example_gives_its_result(name: str, example: str, scope: adf_lang.Scope) -> None:
    expression, result = reference.split_example(example)
    assert name in expression
    assert_gives(f"@{expression}", result, scope)


@pytest.mark.parametrize("function", list(FUNCTIONS), ids=lambda function: function.name)
def test_a_function_has_a_sentence_and_an_example(function: Function) -> None:
    assert function.summary.endswith(".")
    assert reference.examples(function)


def test_examples_and_families_belong_to_something() -> None:
    assert set(reference.EXAMPLES) <= set(FUNCTIONS.names())
    assert set(reference.FAMILIES) == {function.family for function in FUNCTIONS}


@pytest.mark.parametrize(("text", "written", "rule"), reference.RULES)
def test_a_rule_holds(text: str, written: str, rule: str, scope: adf_lang.Scope) -> None:
    assert rule
    assert_gives(text, written, scope)


@pytest.mark.parametrize(("kind", "expression", "text"), reference.TYPES)
def test_a_type_has_its_text(kind: Type, expression: str, text: str, scope: adf_lang.Scope) -> None:
    assert type_of(adf_lang.evaluate(f"@{expression}", scope)) is kind
    assert_gives(f"@string({expression})", text, scope)
    assert_gives(f"@concat({expression})", text, scope)
    assert_gives(f"@{{{expression}}}", text, scope)


def test_all_types_are_shown() -> None:
    assert [kind for kind, _, _ in reference.TYPES] == list(Type)


def test_all_choices_are_told() -> None:
    assert list(reference.CHOICES) == [item.name for item in fields(Choices)]
    assert dict(describe()) == {item.name: item.default for item in fields(Choices)}


@pytest.mark.parametrize("name", reference.CHOICES)
@pytest.mark.parametrize("on", [False, True])
def test_a_choice_changes_the_result(name: str, on: bool) -> None:
    row = reference.CHOICES[name]
    scope = adf_lang.Scope(choices=Choices(**{name: on}))
    written = row.on if on else row.off
    if written == reference.ERROR:
        with pytest.raises(adf_lang.AdfLangError):
            adf_lang.evaluate(f"@{row.expression}", scope)
    else:
        assert_gives(f"@{row.expression}", written, scope)


@pytest.mark.parametrize("command", reference.COMMANDS, ids=lambda command: command.line)
def test_a_command_prints_what_the_page_shows(
    command: reference.Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, text in reference.FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(command.line)) == command.code
    printed = capsys.readouterr()
    assert printed.out + printed.err == command.output


def test_the_python_example_is_true() -> None:
    names: dict[str, object] = {}
    shown = [line.partition("  # ") for line in reference.PYTHON.splitlines()]
    results = []
    for code, comment, _ in shown:
        if comment:
            results.append(eval(code, names))
        else:
            exec(code, names)
    assert results[:3] == ["day 2026-01-31", 3, "@concat('a', 'b')"]
    assert len(shown) == 7
    assert [fault.reason for fault in results[3]] == ["there is no function 'concatt'"]


@pytest.mark.parametrize("text", ["add(1, 2)", "add(1, 2)->3", "add(1, 2) -> "])
def test_an_example_without_result_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"->|Expecting value"):
        reference.read_result(reference.split_example(text)[1])


def test_a_result_that_is_no_text_is_refused() -> None:
    with pytest.raises(adf_lang.ParseError):
        reference.read_result("'a' 'b'")


def test_main_writes_the_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "PAGES", tmp_path / "docs" / "expressions")
    reference.main()
    written = {path.name: path.read_text(encoding="utf-8") for path in reference.PAGES.iterdir()}
    assert written == reference.render_pages()
