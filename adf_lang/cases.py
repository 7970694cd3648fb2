"""Runs case files: JSON lines with an expression and the value, or the error, that it must have.

A line is `{"expr": .., "expected": ..}` or `{"expr": .., "error": ..}`, with a `context` in the shape of
`Scope.from_dict` if it needs one; `{"default_context": ..}` gives the context of all later lines without. Other keys
(source, note ...) are for people. Blank lines are passed over.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from adf_lang import evaluate
from adf_lang.documents import InputError, parse_document, read_scope, read_text
from adf_lang.errors import AdfLangError, UnlistedFunctionError
from adf_lang.scope import Scope
from adf_lang.text import write_json
from adf_lang.types import Value
from adf_lang.values import deep_equal


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One line of a case file."""

    line: int
    expression: str
    scope: Scope
    # Of no meaning where an error is wanted.
    expected: Value
    # The error that was seen elsewhere: any AdfLangError will do. None: a value is wanted.
    error: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A case with another outcome."""

    case: Case
    # Of no meaning where there was an error.
    value: Value
    # None: there was a value.
    error: AdfLangError | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The outcome of a case file."""

    path: Path
    passed: int
    failures: tuple[Failure, ...]
    # Cases of functions that Data Factory's page does not list, which are refused whatever the engine does.
    unlisted: tuple[Failure, ...]
    # Lines that are not a case: each says file, line and why.
    malformed: tuple[InputError, ...]

    @property
    def clean(self) -> bool:
        return not self.failures and not self.malformed


def run_file(path: Path) -> Result:
    """Runs all cases of a file.

    Raises:
        InputError: the file cannot be read.
    """
    passed = 0
    failures: list[Failure] = []
    unlisted: list[Failure] = []
    malformed: list[InputError] = []
    for case in read_cases(path):
        if isinstance(case, InputError):
            malformed.append(case)
        elif failure := run_case(case):
            (unlisted if isinstance(failure.error, UnlistedFunctionError) else failures).append(failure)
        else:
            passed += 1
    return Result(
        path=path, passed=passed, failures=tuple(failures), unlisted=tuple(unlisted), malformed=tuple(malformed)
    )


def run_case(case: Case) -> Failure | None:
    """Evaluates a case; None: the outcome is the one that is wanted."""
    try:
        value = evaluate(case.expression, case.scope)
    except AdfLangError as error:
        return None if case.error is not None else Failure(case=case, value=None, error=error)
    if case.error is None and equal_as_json(value, case.expected):
        return None
    return Failure(case=case, value=value, error=None)


def equal_as_json(value: Value, expected: Value) -> bool:
    """Whether two values are the same JSON: by value and type (1, 1.0 and true differ), keys in any order.

    NaN and the infinities, which JSON does not have, are the texts that Data Factory writes for them.
    """
    return deep_equal(json.loads(write_json(value)), json.loads(write_json(expected)))


def read_cases(path: Path) -> Iterator[Case | InputError]:
    """The cases of a file in their order; a line that is none is given as an error.

    Raises:
        InputError: the file cannot be read.
    """
    default: Value = {}
    # Not splitlines(), which also breaks at U+2028 inside a JSON text.
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        place = f"{path}:{number}"
        try:
            document = parse_document(line, str(path), line=number)
            if isinstance(document, dict) and "default_context" in document and "expr" not in document:
                read_scope(document["default_context"], place, path="$.default_context")
                default = document["default_context"]
            else:
                yield _read_case(document, place, number, default)
        except InputError as error:
            yield error


def _read_case(document: Value, place: str, line: int, default: Value) -> Case:
    if not isinstance(document, dict) or not isinstance(document.get("expr"), str):
        raise InputError(f"{place}: expected an object with a text 'expr', or with 'default_context'")
    if "expected" not in document and document.get("error") is None:
        raise InputError(f"{place}: a case has 'expected' or 'error'")
    context = document.get("context")
    return Case(
        line=line,
        expression=document["expr"],
        scope=read_scope(default if context is None else context, place, path="$.context"),
        expected=document.get("expected"),
        error=document.get("error"),
    )
