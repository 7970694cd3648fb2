"""The command line `python -m adf_lang`: evaluate, run case files, format, check.

Exit codes: 0 clean; 1 an expression without a value, a failed case, a fault; 2 wrong use, or an unreadable file.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn, TextIO

from adf_lang import check, evaluate, parse
from adf_lang.cases import Failure, Result, run_file
from adf_lang.checker import Fault
from adf_lang.documents import InputError, find_expressions, read_document, read_names, read_scope
from adf_lang.errors import AdfLangError
from adf_lang.scope import Scope
from adf_lang.text import write_json
from adf_lang.types import Value, type_of
from adf_lang.values import find_name

EXIT_FAULTS = 1
EXIT_USAGE = 2
PROGRAM = "python -m adf_lang"
DESCRIPTION = "The expression language of Azure Data Factory: evaluate, test, format, check."
EPILOG = f"""EXPR is what stands in the JSON string: '@add(1, 2)', or 'day @{{item()}}'.

examples:
  {PROGRAM} eval "@concat('day ', pipeline().parameters.day)" --param day=2026-01-31
  {PROGRAM} cases cases.jsonl
  {PROGRAM} fmt "@CONCAT( 'a','b' )"
  {PROGRAM} check --file pipeline.json

exit codes:
  0  clean
  1  an expression without a value, a failed case, a fault
  2  wrong use, or a file that cannot be read
"""
EXPRESSION = "the expression, '@' included; - reads it from standard input"
CONTEXT = (
    "JSON object with any of parameters, globalParameters, system (RunId, TriggerTime ...), variables, "
    "activities ({name: {output, status, error}}), item, trigger, triggerBody, dataset, linkedService, "
    "utcNow (stops the clock)"
)


class UsageError(Exception):
    """The command line cannot be understood."""


class Parser(argparse.ArgumentParser):
    """Raises instead of ending the process, so that --json can answer in JSON."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see {self.prog} --help")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and gives the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        parsed = _parser().parse_args(arguments)
        run: Callable[[argparse.Namespace], int] = parsed.run
        return run(parsed)
    except (UsageError, InputError) as error:
        if "--json" in arguments:
            _show({"error": _error_document(error)})
        else:
            _write(f"error: {error}\n", sys.stderr)
        return EXIT_USAGE
    except BrokenPipeError:
        # The reader has left (`| head`): the rest is for nobody, and Python must not fail on it when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAULTS


def _parser() -> Parser:
    parser = Parser(
        prog=PROGRAM,
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, run: Callable[[argparse.Namespace], int], summary: str, example: str) -> Parser:
        added: Parser = commands.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            epilog="example:\n" + "".join(f"  {line}\n" for line in example.splitlines()),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        added.add_argument("--json", action="store_true", help="one JSON document on standard output, nothing else")
        added.set_defaults(run=run)
        return added

    evaluating = command(
        "eval",
        _eval,
        "print the value of an expression as JSON",
        f"{PROGRAM} eval \"@concat('day ', pipeline().parameters.day)\" --param day=2026-01-31\n"
        f"{PROGRAM} eval \"@activity('Look up').output.firstRow.id\" --context context.json",
    )
    evaluating.add_argument("expression", metavar="EXPR", help=EXPRESSION)
    evaluating.add_argument("--context", type=Path, metavar="FILE", help=CONTEXT)
    evaluating.add_argument(
        "--param",
        type=_parameter,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a pipeline parameter, over the context's; VALUE is JSON where it can be read as such (3, true, "
        "[1, 2], '\"3\"'), else it is a text; may be repeated",
    )
    running = command(
        "cases",
        _cases,
        "run files of expressions with the value, or the error, that they must have",
        f"{PROGRAM} cases cases.jsonl\n"
        'a line: {"expr": "@add(1, 2)", "expected": 3}\n'
        'a line: {"expr": "@div(1, 0)", "error": "division by zero"}\n'
        'a line: {"expr": "@item()", "context": {"item": "a"}, "expected": "a"}\n'
        'a line: {"default_context": {"parameters": {"n": 1}}}, for all later lines without context',
    )
    running.add_argument("files", type=Path, nargs="+", metavar="FILE", help="JSON lines; value and type must be equal")
    formatting = command(
        "fmt", _fmt, "print expressions in their canonical form", f"{PROGRAM} fmt \"@CONCAT( 'a','b' )\""
    )
    formatting.add_argument("expressions", nargs="+", metavar="EXPR", help=EXPRESSION)
    formatting.add_argument("--check", action="store_true", help="print those that are not canonical; exit 1 if any")
    checking = command(
        "check",
        _check,
        "find what is wrong without evaluating: syntax, functions, types, names",
        f"{PROGRAM} check \"@concat(pipeline().parameters.dya, 'x')\" --context context.json\n"
        f"{PROGRAM} check --file pipeline.json",
    )
    checking.add_argument("expressions", nargs="*", metavar="EXPR", help=EXPRESSION)
    checking.add_argument("--context", type=Path, metavar="FILE", help=f"the names that are known: {CONTEXT}")
    checking.add_argument(
        "--file",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="check every expression in a JSON document; in a pipeline its own parameters, variables and activities "
        "are the names that are known; may be repeated",
    )
    return parser


def _eval(arguments: argparse.Namespace) -> int:
    text = _expression(arguments.expression)
    scope = _scope(arguments.context, arguments.param)
    try:
        value = evaluate(text, scope)
    except AdfLangError as error:
        if arguments.json:
            _show({"error": _error_document(error)})
        else:
            _write(f"{error}\n", sys.stderr)
        return EXIT_FAULTS
    _show({"value": value, "type": type_of(value).value} if arguments.json else value)
    return 0


def _cases(arguments: argparse.Namespace) -> int:
    results = [run_file(path) for path in arguments.files]
    passed = sum(result.passed for result in results)
    failures = [(result, failure) for result in results for failure in result.failures]
    malformed = [error for result in results for error in result.malformed]
    unlisted = [failure for result in results for failure in result.unlisted]
    if arguments.json:
        documents = [_failure_document(result, failure) for result, failure in failures]
        lines = [str(error) for error in malformed]
        refused = [failure.case.expression for failure in unlisted]
        _show(
            {
                "passed": passed,
                "failed": len(failures),
                "unlisted": refused,
                "malformed": lines,
                "failures": documents,
            }
        )
    else:
        for error in malformed:
            _write(f"{error}\n")
        for result, failure in failures:
            _write(_failure_text(result, failure))
        for failure in unlisted:
            _write(f"refused: {failure.case.expression} ({failure.error.reason if failure.error else ''})\n")
        tail = f", {len(unlisted)} refused" if unlisted else ""
        tail += f", {len(malformed)} malformed" if malformed else ""
        _write(f"{passed} passed, {len(failures)} failed{tail}\n")
    return 0 if all(result.clean for result in results) else EXIT_FAULTS


def _fmt(arguments: argparse.Namespace) -> int:
    faulty = False
    documents: list[Value] = []
    for text in map(_expression, arguments.expressions):
        try:
            canonical = str(parse(text))
        except AdfLangError as error:
            faulty = True
            documents.append({"expression": text, "error": _error_document(error)})
            if not arguments.json:
                _write(f"{error}\n", sys.stderr)
            continue
        changed = canonical != text
        faulty |= arguments.check and changed
        documents.append({"expression": text, "canonical": canonical, "changed": changed})
        if arguments.json:
            continue
        if not arguments.check:
            _write(f"{canonical}\n")
        elif changed:
            _write(f"not canonical: {text}\n    canonical: {canonical}\n")
    if arguments.json:
        _show({"results": documents})
    return EXIT_FAULTS if faulty else 0


def _check(arguments: argparse.Namespace) -> int:
    if not arguments.expressions and not arguments.file:
        raise UsageError(f"an EXPR or --file is wanted; see {PROGRAM} check --help")
    checked = 0
    documents: list[Value] = []
    for place, path, found in _checked(arguments):
        checked += 1
        for fault in found:
            documents.append({"file": place, "path": path, **_fault_document(fault)})
            if not arguments.json:
                _write(f"{place}: {path}: {fault}\n" if place else f"{fault}\n")
    if arguments.json:
        _show({"checked": checked, "faults": documents})
    else:
        _write(f"{_count(checked, 'expression')}, {_count(len(documents), 'fault')}\n")
    return EXIT_FAULTS if documents else 0


def _checked(arguments: argparse.Namespace) -> Iterator[tuple[str | None, str | None, tuple[Fault, ...]]]:
    """File and JSON path (None: from the command line) of each expression, with its faults."""
    names = read_names(_context(arguments.context))
    for text in map(_expression, arguments.expressions):
        yield None, None, check(text, names)
    for path in arguments.file:
        for found in find_expressions(read_document(path), names):
            yield str(path), found.path, check(found.text, found.names, expected=found.expected)


def _expression(text: str) -> str:
    """The expression itself; what comes from standard input loses its last line break."""
    if text != "-":
        return text
    try:
        read = sys.stdin.read()
    except UnicodeDecodeError as error:
        raise InputError(f"standard input is not {error.encoding.upper()}: {error.reason}") from error
    return read.removesuffix("\n").removesuffix("\r")


def _parameter(text: str) -> tuple[str, Value]:
    name, separator, value = text.partition("=")
    if not name or not separator:
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, not '{text}'")
    try:
        return name, json.loads(value, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return name, value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _context(path: Path | None) -> dict[str, Any]:
    context = {} if path is None else read_document(path)
    # What is not an object is refused by the one who knows what belongs into it.
    read_scope(context, str(path))
    return dict(context)


def _scope(path: Path | None, given: Sequence[tuple[str, Value]]) -> Scope:
    context = _context(path)
    parameters = dict(context.get("parameters", {}))
    for name, value in given:
        # Names have no case: `--param DAY=..` is the `day` of the file.
        parameters[find_name(parameters, name) or name] = value
    return Scope.from_dict({**context, "parameters": parameters})


def _error_document(error: Exception) -> dict[str, Value]:
    """`kind` is the class: ParseError, EvaluationError, or InputError and UsageError, which have no place."""
    located = error if isinstance(error, AdfLangError) else None
    return {
        "kind": type(error).__name__,
        "reason": located.reason if located else str(error),
        "start": located.start if located else None,
        "end": located.end if located else None,
        "hint": located.hint if located else None,
        "expression": located.expression if located else None,
    }


def _fault_document(fault: Fault) -> dict[str, Value]:
    return {name: getattr(fault, name) for name in ("reason", "start", "end", "hint", "expression")}


def _failure_document(result: Result, failure: Failure) -> dict[str, Value]:
    case = failure.case
    wanted = {"expected": case.expected} if case.error is None else {"expected_error": case.error}
    got = {"got": failure.value} if failure.error is None else {"error": _error_document(failure.error)}
    return {"file": str(result.path), "line": case.line, "expr": case.expression, **wanted, **got}


def _failure_text(result: Result, failure: Failure) -> str:
    case = failure.case
    wanted = write_json(case.expected) if case.error is None else f"an error ({case.error})"
    got = write_json(failure.value) if failure.error is None else f"an error ({failure.error.reason})"
    return f"{result.path}:{case.line}: {case.expression}\n  expected {wanted}\n  got      {got}\n"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _show(document: Value) -> None:
    _write(write_json(document) + "\n")


def _write(text: str, stream: TextIO | None = None) -> None:
    """Writes to standard output, or to the stream; what its encoding cannot hold as JSON escapes."""
    stream = sys.stdout if stream is None else stream
    encoding = stream.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = "".join(_escaped(character, encoding) for character in text)
    stream.write(text)


def _escaped(character: str, encoding: str) -> str:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return json.dumps(character)[1:-1]
    return character
