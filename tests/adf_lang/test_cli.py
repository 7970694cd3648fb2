"""The command line: what it prints, where, and its exit code."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adf_lang.cases import Result, equal_as_json, run_file
from adf_lang.cli import main
from adf_lang.documents import InputError, find_expressions

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in this process: exit code, standard output, standard error."""

    def run_main(*argv: str) -> tuple[int, str, str]:
        code = main(argv)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run_main


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, object], str]:
    """Writes a file into the working folder: a text as it is, anything else as JSON."""
    monkeypatch.chdir(tmp_path)

    def write_file(name: str, content: object) -> str:
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / name).write_text(text, encoding="utf-8")
        return name

    return write_file


def run_process(*argv: str, text: str | None = None, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-m", "adf_lang", *argv],
        input=None if text is None else text.encode(),
        capture_output=True,
        env=environment,
        cwd=Path(__file__).parents[2],
        timeout=60,
        check=False,
    )


# The real process


def test_the_process_prints_a_value_and_ends_with_0() -> None:
    done = run_process("eval", "@createArray(1, 1.0, true, null, 'é')")
    assert (done.returncode, done.stdout.decode(), done.stderr) == (0, '[1,1.0,true,null,"é"]\n', b"")


def test_the_process_quotes_an_error_on_standard_error_and_ends_with_1() -> None:
    done = run_process("eval", "-", text="@concatt('a')\n")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == (
        "there is no function 'concatt'\n  @concatt('a')\n   ^^^^^^^\n  did you mean 'concat'?\n"
    )


def test_the_process_ends_with_2_on_wrong_use() -> None:
    done = run_process("eval")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"error: the following arguments are required: EXPR; see python -m adf_lang eval --help\n"


def test_an_output_that_cannot_hold_a_character_gets_it_as_an_escape() -> None:
    done = run_process("eval", "@concat('é', '😀')", PYTHONIOENCODING="ascii")
    assert done.stdout == rb'"\u00e9\ud83d\ude00"' + b"\n"


def test_half_a_character_is_printed_as_an_escape() -> None:
    done = run_process("eval", "@item()", "--context", "/dev/stdin", text='{"item": "\\ud800"}')
    assert done.stdout == rb'"\ud800"' + b"\n"


def test_a_reader_that_leaves_is_no_traceback() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "adf_lang", "eval", "@range(0, 100000)"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    process.wait(timeout=60)


@pytest.mark.parametrize("command", ["eval", "cases", "fmt", "check"])
def test_help_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    for argv in ([command, "--help"], ["--help"]):
        with pytest.raises(SystemExit) as ended:
            main(argv)
        assert ended.value.code == 0
        assert f"\n  python -m adf_lang {command} " in capsys.readouterr().out


# eval


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("@add(1, 2)", 3, "Integer"),
        ("@add(1, 1.0)", 2.0, "Float"),
        ("@null", None, "Null"),
        ("@equals(1, 1)", True, "Boolean"),
        ("text", "text", "String"),
        ("@{1}", "1", "String"),
        ("@createArray(1)", [1], "Array"),
        ('@json(\'{"b": 1, "a": 1.0}\')', {"b": 1, "a": 1.0}, "Object"),
    ],
)
def test_json_gives_value_and_type(run: Run, text: str, value: object, kind: str) -> None:
    code, out, err = run("eval", text, "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert list(found) == ["value", "type"]
    assert (found["value"], type(found["value"]), found["type"]) == (value, type(value), kind)


def test_json_gives_the_error_and_nothing_else(run: Run) -> None:
    code, out, err = run("eval", "@add(1, '2')", "--json")
    assert (code, err) == (1, "")
    assert json.loads(out) == {
        "error": {
            "kind": "EvaluationError",
            "reason": "'summand2' of add must be number, but is String",
            "start": 8,
            "end": 11,
            "hint": None,
            "expression": "@add(1, '2')",
        }
    }
    assert json.loads(run("eval", "@add(1,", "--json")[1])["error"]["kind"] == "ParseError"


@pytest.mark.parametrize("argv", [("eval",), ("eval", "@x()", "--context", "none.json"), ("check",), ("frobnicate",)])
def test_json_answers_wrong_use_in_json(run: Run, argv: tuple[str, ...]) -> None:
    code, out, err = run(*argv, "--json")
    assert (code, err) == (2, "")
    error = json.loads(out)["error"]
    assert list(error) == ["kind", "reason", "start", "end", "hint", "expression"]
    assert error["kind"] in ("UsageError", "InputError")


def test_the_context_is_read(run: Run, write: Callable[..., str]) -> None:
    context = write(
        "context.json",
        "\ufeff"
        + json.dumps(
            {
                "parameters": {"day": "monday"},
                "globalParameters": {"g": 1},
                "system": {"RunId": "r"},
                "variables": {"v": [1]},
                "activities": {"Look up": {"output": {"id": 7}, "status": "Succeeded"}},
                "item": None,
                "utcNow": "2026-01-31T12:00:00Z",
            }
        ),
    )
    text = (
        "@createArray(pipeline().parameters.day, pipeline().globalParameters.g, pipeline().RunId, variables('v'), "
        "activity('Look up').output.id, item(), utcNow('yyyy'))"
    )
    assert run("eval", text, "--context", context) == (0, '["monday",1,"r",[1],7,null,"2026"]\n', "")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"item": 1,\n "b" 2}', "context.json:2:6: not JSON: Expecting ':' delimiter"),
        ("", "context.json:1:1: not JSON: Expecting value"),
        ("[" * 100_000, "context.json:1: nested too deeply"),
        ([1], "context.json: $: expected an object with parameters, variables ..., not Array"),
        ({"item": 1, "param": {}}, "context.json: $.param: a scope has no 'param'; did you mean 'parameters'?"),
        ({"variables": 1}, "context.json: $.variables: 'variables' of a scope must be an object"),
        ({"utcNow": "noon"}, "context.json: $.utcNow: 'utcNow' of a scope must be an ISO 8601 text, not 'noon'"),
        (
            {"activities": {"Ok": {}, "It's": 1}},
            r"context.json: $.activities['It\'s']: activity 'It's' of a scope must",
        ),
    ],
)
def test_a_bad_context_is_one_line_with_the_place(
    run: Run, write: Callable[..., str], content: object, message: str
) -> None:
    code, out, err = run("eval", "@item()", "--context", write("context.json", content))
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {message}")
    assert err.count("\n") == 1


def test_a_file_that_cannot_be_read_is_one_line(run: Run, tmp_path: Path, write: Callable[..., str]) -> None:
    assert run("eval", "@item()", "--context", "no.json") == (2, "", "error: no.json: No such file or directory\n")
    (tmp_path / "latin.json").write_bytes(b'{"item": "\xe9"}')
    assert run("eval", "@item()", "--context", "latin.json")[2] == "error: latin.json: not UTF-8: byte 10 is 0xe9\n"


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("p=3", "3"),
        ("p=3.0", "3.0"),
        ("p=true", "true"),
        ('p="3"', '"3"'),
        ("p=[1, 2]", "[1,2]"),
        ("p=2026-01-31", '"2026-01-31"'),
        ("p=", '""'),
        ("p=a=b", '"a=b"'),
        ("p=NaN", '"NaN"'),
        ("P=1", "1"),
    ],
)
def test_a_parameter_is_json_or_else_a_text(run: Run, given: str, value: str) -> None:
    assert run("eval", "@pipeline().parameters.p", "--param", given) == (0, f"{value}\n", "")


def test_a_parameter_replaces_that_of_the_context_whatever_its_case(run: Run, write: Callable[..., str]) -> None:
    context = write("context.json", {"parameters": {"day": 1, "other": 2}})
    code, out, _ = run("eval", "@pipeline().parameters", "--context", context, "--param", "Day=5", "--param", "n=6")
    assert (code, out) == (0, '{"day":5,"other":2,"n":6}\n')


@pytest.mark.parametrize("given", ["p", "=1", ""])
def test_a_parameter_without_name_or_value_is_wrong_use(run: Run, given: str) -> None:
    code, out, err = run("eval", "@1", "--param", given)
    assert (code, out) == (2, "")
    assert f"expected NAME=VALUE, not '{given}'" in err


@pytest.mark.parametrize(
    ("given", "value"), [("@add(1,\n 2)\n", "3"), ("two\nlines\n", r'"two\nlines"'), ("@1\r\n", "1"), ("", '""')]
)
def test_an_expression_is_read_from_standard_input(
    run: Run, monkeypatch: pytest.MonkeyPatch, given: str, value: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(given))
    assert run("eval", "-") == (0, f"{value}\n", "")


def test_standard_input_that_is_not_utf8_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"@'\xe9'"), encoding="utf-8"))
    code, out, err = run("eval", "-")
    assert (code, out) == (2, "")
    assert err == "error: standard input is not UTF-8: invalid continuation byte\n"


# cases


def run_lines(write: Callable[..., str], *lines: object) -> Result:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    return run_file(Path(write("cases.jsonl", text)))


def test_passed_cases_are_counted(run: Run, write: Callable[..., str]) -> None:
    path = write(
        "cases.jsonl", '\n{"expr": "@add(1, 2)", "expected": 3, "note": "x"}\n\n{"expr": "@x(", "error": "no"}\n'
    )
    assert run("cases", path) == (0, "2 passed, 0 failed\n", "")
    assert run("cases", path, path) == (0, "4 passed, 0 failed\n", "")
    expected = {"passed": 2, "failed": 0, "unlisted": [], "malformed": [], "failures": []}
    assert json.loads(run("cases", path, "--json")[1]) == expected


def test_functions_of_logic_apps_are_refused_and_counted_apart(run: Run, write: Callable[..., str]) -> None:
    path = write("cases.jsonl", '{"expr": "@slice(\'hello\',1,3)", "expected": "el"}\n{"expr": "@1", "expected": 1}\n')
    code, out, _ = run("cases", path)
    assert code == 0
    assert out.splitlines()[-1] == "1 passed, 0 failed, 1 refused"
    assert "@slice('hello',1,3)" in out
    assert json.loads(run("cases", path, "--json")[1])["unlisted"] == ["@slice('hello',1,3)"]


def test_failed_cases_are_printed_with_their_place(run: Run, write: Callable[..., str]) -> None:
    path = write(
        "cases.jsonl",
        '{"expr": "@add(1, 2)", "expected": 3.0}\n'
        '{"expr": "@1", "error": "division by zero"}\n'
        '{"expr": "@div(1, 0)", "expected": 1}\n'
        '{"expr": "@2", "expected": 2}\n',
    )
    code, out, err = run("cases", path)
    assert (code, err) == (1, "")
    assert out == (
        "cases.jsonl:1: @add(1, 2)\n  expected 3.0\n  got      3\n"
        "cases.jsonl:2: @1\n  expected an error (division by zero)\n  got      1\n"
        "cases.jsonl:3: @div(1, 0)\n  expected 1\n  got      an error (div cannot divide by zero)\n"
        "1 passed, 3 failed\n"
    )
    code, out, err = run("cases", path, "--json")
    found = json.loads(out)
    assert (code, err, found["passed"], found["failed"]) == (1, "", 1, 3)
    assert found["failures"][0] == {"file": path, "line": 1, "expr": "@add(1, 2)", "expected": 3.0, "got": 3}
    assert found["failures"][1]["expected_error"] == "division by zero"
    assert found["failures"][2]["error"]["kind"] == "EvaluationError"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (1, 1),
        (1.5, 1.5),
        (-0.0, 0.0),
        ({"a": 1, "b": [2.0, None]}, {"b": [2.0, None], "a": 1}),
        (float("nan"), float("nan")),
        (float("nan"), "NaN"),
        ([float("-inf")], ["-Infinity"]),
        (1e20, 1e20),
        (12345678901234567890, 12345678901234567890),
        ("\ud800", "\ud800"),
    ],
)
def test_equal_values(left: object, right: object) -> None:
    assert equal_as_json(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (1, 1.0),
        (1, True),
        (0, False),
        (1.0, True),
        ("1", 1),
        ("", None),
        (False, None),
        ([1, 2], [2, 1]),
        ([1], [1.0]),
        ({"a": 1}, {"a": True}),
        ({"a": 1}, {"a": 1, "b": None}),
        ({"a": 1}, {"A": 1}),
        ([], {}),
        ("a", "A"),
    ],
)
def test_different_values(left: object, right: object) -> None:
    assert not equal_as_json(left, right)
    assert not equal_as_json(right, left)


def test_a_default_context_is_that_of_all_later_cases_without(write: Callable[..., str]) -> None:
    result = run_lines(
        write,
        {"expr": "@item()", "error": "no item yet"},
        {"default_context": {"item": 1, "variables": {"v": 2}}},
        {"expr": "@item()", "expected": 1},
        {"expr": "@item()", "expected": 3, "context": {"item": 3}},
        {"expr": "@variables('v')", "error": "a context replaces the default", "context": {"item": 3}},
        {"expr": "@item()", "expected": 1, "context": None},
        {"default_context": {"item": 4}},
        {"expr": "@item()", "expected": 4},
        {"expr": "@item()", "expected": 4, "error": None},
    )
    assert (result.passed, result.failures, result.malformed) == (7, (), ())


def test_a_case_with_an_error_and_a_value_wants_the_error(write: Callable[..., str]) -> None:
    result = run_lines(
        write, {"expr": "@x(", "expected": None, "error": "no"}, {"expr": "@1", "expected": 1, "error": "no"}
    )
    assert (result.passed, [failure.case.line for failure in result.failures]) == (1, [2])


def test_a_line_separator_in_a_text_does_not_end_the_line(write: Callable[..., str]) -> None:
    result = run_lines(write, '{"expr": "a\u2028b\u0085", "expected": "a\u2028b\u0085"}')
    assert (result.passed, result.clean) == (1, True)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"expr": "@1", ', "cases.jsonl:2:16: not JSON: Expecting property name enclosed in double quotes"),
        ("3", "cases.jsonl:2: expected an object with a text 'expr', or with 'default_context'"),
        ({"expr": 3, "expected": 3}, "cases.jsonl:2: expected an object with a text 'expr', or with 'default_context'"),
        ({"expr": "@1"}, "cases.jsonl:2: a case has 'expected' or 'error'"),
        ({"expr": "@1", "expectd": 1}, "cases.jsonl:2: a case has 'expected' or 'error'"),
        ({"expr": "@1", "error": None}, "cases.jsonl:2: a case has 'expected' or 'error'"),
        (
            {"expr": "@1", "expected": 1, "context": {"itm": 1}},
            "cases.jsonl:2: $.context.itm: a scope has no 'itm'; did you mean 'item'?",
        ),
        (
            {"default_context": []},
            "cases.jsonl:2: $.default_context: expected an object with parameters, variables ..., not Array",
        ),
    ],
)
def test_a_malformed_line_is_named_and_the_others_are_run(
    run: Run, write: Callable[..., str], line: object, message: str
) -> None:
    malformed = line if isinstance(line, str) else json.dumps(line)
    good = '{"expr": "@1", "expected": 1}'
    path = write("cases.jsonl", f"{good}\n{malformed}\n{good}\n")
    code, out, err = run("cases", path)
    assert (code, err) == (1, "")
    assert out == f"{message}\n2 passed, 0 failed, 1 malformed\n"
    assert json.loads(run("cases", path, "--json")[1])["malformed"] == [message]


def test_a_case_file_that_is_not_there_is_an_input_error(run: Run, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        run_file(tmp_path / "none.jsonl")
    assert run("cases", str(tmp_path / "none.jsonl"))[0] == 2


# fmt


def test_expressions_are_printed_in_their_canonical_form(run: Run) -> None:
    code, out, err = run("fmt", "@CONCAT( 'a','b' )", "x @{ ADD(1,2) }", "text", "@@text")
    assert (code, out, err) == (0, "@concat('a', 'b')\nx @{add(1, 2)}\ntext\n@@text\n", "")


def test_an_expression_that_cannot_be_read_does_not_hide_the_others(run: Run) -> None:
    code, out, err = run("fmt", "@add(1", "@ADD(1,2)")
    assert (code, out) == (1, "@add(1, 2)\n")
    assert err.endswith("\n  @add(1\n        ^\n")
    code, out, err = run("fmt", "@add(1", "@ADD(1,2)", "--json")
    first, second = json.loads(out)["results"]
    assert (code, err, first["error"]["kind"]) == (1, "", "ParseError")
    assert second == {"expression": "@ADD(1,2)", "canonical": "@add(1, 2)", "changed": True}


def test_check_names_what_is_not_canonical(run: Run) -> None:
    assert run("fmt", "--check", "@add(1, 2)") == (0, "", "")
    code, out, err = run("fmt", "--check", "@add(1, 2)", "@ADD(1,2)")
    assert (code, out, err) == (1, "not canonical: @ADD(1,2)\n    canonical: @add(1, 2)\n", "")
    code, out, err = run("fmt", "--check", "@add(1, 2)", "--json")
    assert (code, json.loads(out)["results"][0]["changed"], err) == (0, False, "")


# check


def test_a_sound_expression_has_no_fault(run: Run) -> None:
    assert run("check", "@pipeline().parameters.anything", "text") == (0, "2 expressions, 0 faults\n", "")
    assert json.loads(run("check", "@1", "--json")[1]) == {"checked": 1, "faults": []}


def test_faults_are_printed_with_a_caret(run: Run) -> None:
    code, out, err = run("check", "@add('a', concatt(1))")
    assert (code, err) == (1, "")
    assert out == (
        "'summand1' of add must be number, but is String\n  @add('a', concatt(1))\n       ^^^\n"
        "there is no function 'concatt'\n  @add('a', concatt(1))\n            ^^^^^^^\n"
        "  did you mean 'concat'?\n"
        "1 expression, 2 faults\n"
    )
    code, out, err = run("check", "@add('a', 1)", "--json")
    assert (code, err) == (1, "")
    assert json.loads(out) == {
        "checked": 1,
        "faults": [
            {
                "file": None,
                "path": None,
                "reason": "'summand1' of add must be number, but is String",
                "start": 5,
                "end": 8,
                "hint": None,
                "expression": "@add('a', 1)",
            }
        ],
    }


def test_a_context_tells_which_names_there_are(run: Run, write: Callable[..., str]) -> None:
    context = write(
        "context.json", {"parameters": {"day": None}, "activities": {"Copy": {}}, "globalParameters": {"g": 1}}
    )
    known = (
        "@concat(pipeline().parameters.DAY, activity('copy').output, pipeline().globalParameters.g, variables('any'))"
    )
    assert run("check", known, "--context", context)[0] == 0
    unknown = "@concat(pipeline().parameters.dya, activity('Cpy').output, pipeline().globalParameters.h)"
    code, out, _ = run("check", unknown, "--context", context)
    assert (code, out.splitlines()[-1]) == (1, "1 expression, 3 faults")


def pipeline(*activities: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "p", "properties": {"activities": list(activities), **more}}


def activity(kind: str, name: str = "A", **properties: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "typeProperties": properties}


def expression(text: str) -> dict[str, str]:
    return {"value": text, "type": "Expression"}


def faults(run: Run, write: Callable[..., str], document: object) -> list[tuple[str, str]]:
    """Path and reason of each fault of a document."""
    code, out, err = run("check", "--file", write("document.json", document), "--json")
    found = [(fault["path"], fault["reason"]) for fault in json.loads(out)["faults"]]
    assert (code, err) == (int(bool(found)), "")
    return found


def test_every_expression_of_a_pipeline_is_checked(run: Run, write: Callable[..., str]) -> None:
    document = pipeline(
        activity("WebActivity", "Call", url="https://x/@{concatt(1)}", headers={"X-Run": expression("@nope()")}),
        activity("Wait", waitTimeInSeconds=3, note=["plain", "me@example.com", "@@text", "@"]),
        activity("Copy", source={"query": "@add(1"}, **{"odd key": "@no()"}),
    )
    assert faults(run, write, document) == [
        ("$.properties.activities[0].typeProperties.url", "there is no function 'concatt'"),
        ("$.properties.activities[0].typeProperties.headers['X-Run'].value", "there is no function 'nope'"),
        (
            "$.properties.activities[2].typeProperties.source.query",
            "expected ',' or ')' in the arguments of 'add', met the end",
        ),
        ("$.properties.activities[2].typeProperties['odd key']", "there is no function 'no'"),
    ]


def test_the_faults_of_a_file_are_printed_with_file_and_path(run: Run, write: Callable[..., str]) -> None:
    path = write(
        "pipeline.json", pipeline(activity("Fail", message="@{pipeline().parameters.dya}"), parameters={"day": {}})
    )
    code, out, err = run("check", "--file", path, "@1")
    assert (code, err) == (1, "")
    assert out == (
        "pipeline.json: $.properties.activities[0].typeProperties.message: there is no parameter 'dya'\n"
        "  @{pipeline().parameters.dya}\n    ^^^^^^^^^^^^^^^^^^^^^^^^^\n  did you mean 'day'?\n"
        "2 expressions, 1 fault\n"
    )


def test_the_names_are_those_of_the_pipeline(run: Run, write: Callable[..., str]) -> None:
    def with_names(**names: Any) -> list[str]:
        text = "@{pipeline().parameters.day} @{variables('v')} @{activity('b').output}"
        document = pipeline(activity("Fail", message=text), activity("Wait", "B"), **names)
        return [reason for _, reason in faults(run, write, document)]

    assert with_names(parameters={"Day": {}}, variables={"V": {}}) == []
    assert with_names() == ["there is no parameter 'day'", "there is no variable 'v'"]
    # In a template they may be for ARM to fill in.
    assert with_names(parameters="[parameters('p')]", variables={"v": {}}) == []


def test_activities_inside_of_others_are_known(run: Run, write: Callable[..., str]) -> None:
    inner = activity("Lookup", "Inner", source="@activity('Outer').output")
    outer = activity("IfCondition", "Outer", expression=expression("@equals(1, 1)"), ifTrueActivities=[inner])
    document = pipeline(outer, activity("Fail", message="@{activity('inner').output} @{activity('Inne').output}"))
    assert [reason for _, reason in faults(run, write, document)] == ["there is no activity upstream named 'Inne'"]


def test_item_is_known_in_loops_only(run: Run, write: Callable[..., str]) -> None:
    nested = activity(
        "Switch", on="@item()", cases=[{"value": "a", "activities": [activity("Fail", message="@item()")]}]
    )
    document = pipeline(
        activity("ForEach", items=expression("@item()"), activities=[nested]),
        activity("Filter", items=expression("@createArray(1)"), condition=expression("@equals(item(), 1)")),
        activity(
            "Until", expression=expression("@equals(item(), 1)"), activities=[activity("Fail", message="@item()")]
        ),
        activity("Fail", message="@dataset().x"),
    )
    assert [path for path, _ in faults(run, write, document)] == [
        "$.properties.activities[0].typeProperties.items.value",
        "$.properties.activities[2].typeProperties.expression.value",
        "$.properties.activities[2].typeProperties.activities[0].typeProperties.message",
        "$.properties.activities[3].typeProperties.message",
    ]


@pytest.mark.parametrize(
    ("kind", "key", "text", "reason"),
    [
        ("ForEach", "items", "@concat('a', 'b')", "must be Array, but is String"),
        ("ForEach", "items", "pipeline().parameters.coins", "must be Array, but is String"),
        ("Filter", "condition", "@add(1, 2)", "must be Boolean, but is Float or Integer"),
        ("IfCondition", "expression", "@{equals(1, 1)}", "must be Boolean, but is String"),
        ("Until", "expression", "@'true'", "must be Boolean, but is String"),
    ],
)
def test_the_type_must_fit_its_place(
    run: Run, write: Callable[..., str], kind: str, key: str, text: str, reason: str
) -> None:
    place = f"$.properties.activities[0].typeProperties.{key}"
    assert faults(run, write, pipeline(activity(kind, **{key: expression(text)}))) == [(f"{place}.value", reason)]
    assert faults(run, write, pipeline(activity(kind, **{key: text}))) == [(place, reason)]


def test_what_is_not_evaluated_is_not_checked(run: Run, write: Callable[..., str]) -> None:
    document = pipeline(
        {**activity("Wait"), "description": "mail @{nobody}"},
        description="@nope(",
        parameters={"a": {"type": "string", "defaultValue": "@{nope("}},
        variables={"b": {"type": "String", "defaultValue": "@nope()"}},
        annotations=["@nope()"],
    )
    assert faults(run, write, document) == []


def test_any_document_is_searched(run: Run, write: Callable[..., str]) -> None:
    assert faults(run, write, "3") == []
    assert faults(run, write, ["@nope()", {"a": ["x@{nope()}"]}]) == [
        ("$[0]", "there is no function 'nope'"),
        ("$[1].a[0]", "there is no function 'nope'"),
    ]
    dataset = {
        "name": "d",
        "properties": {"type": "Parquet", "parameters": {}, "typeProperties": {"path": "@dataset().x"}},
    }
    assert faults(run, write, dataset) == []
    assert len(faults(run, write, {"properties": {"parameters": {"a": {}}, "x": "@pipeline().parameters.b"}})) == 1
    assert len(faults(run, write, pipeline(activity("Fail", message="@pipeline().parameters.b"))["properties"])) == 1


def test_functions_of_arm_are_not_data_factorys(run: Run, write: Callable[..., str]) -> None:
    activities = activity("Fail", message="[concat('@{', parameters('x'))]", errorCode="[[dbo].[@{nope()}]")
    template = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "parameters": {"x": {"type": "string"}},
        "resources": [pipeline(activities, parameters={"day": {}})],
    }
    found = faults(run, write, template)
    assert found == [
        ("$.resources[0].properties.activities[0].typeProperties.errorCode", "there is no function 'nope'")
    ]


def test_a_deeply_nested_document_is_searched() -> None:
    document: Any = "@nope()"
    for _ in range(5_000):
        document = [document]
    assert [found.text for found in find_expressions(document)] == ["@nope()"]


def test_real_pipelines_are_sound(shared_dir: Path, run: Run) -> None:
    paths = sorted((shared_dir / "adf" / "corpus").glob("*.json"))
    assert paths
    _, out, _ = run("check", "--json", *(f"--file={path}" for path in paths))
    found = json.loads(out)
    # `globalParameters.GP-Int`: the page of global parameters says that such a name is refused.
    assert [Path(fault["file"]).name for fault in found["faults"]] == ["094_Azure-Player_PL_Wait5sec.json"]
    assert found["checked"] > 900
