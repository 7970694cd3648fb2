"""Throws a million texts at the language: each has a value or an AdfLangError with a place in it, within a second.

Run by `make fuzz`; `python -m tests.adf_lang.fuzz --count 10000 --seed 7` tries fewer, other ones. Three kinds of
texts: cases with a few characters changed, calls of random functions with random arguments, and noise from the
characters that mean something to the parser. Evaluated and compiled expressions must agree, down to the text of the
error.
"""

import argparse
import json
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console
from rich.progress import track

import adf_lang
from adf_lang import AdfLangError, Scope
from adf_lang.registry import FUNCTIONS
from adf_lang.types import Type
from adf_lang.values import deep_equal

CASES = Path(__file__).parent / "cases"
SECONDS = 1
NOISE = "@{}'()[].,?+-0123456789eE \n\ttruefalsnull$_éÀ日😀\\\"/:<>&;"
# Two evaluations of these differ by nature.
CHANGING = ("guid", "rand", "utcnow", "getpasttime", "getfuturetime")
VALUES: dict[Type, tuple[str, ...]] = {
    Type.NULL: ("null", "pipeline().parameters.nul", "pipeline().parameters.o?.zz"),
    Type.BOOLEAN: ("true", "false"),
    Type.INTEGER: ("0", "1", "-1", "7", "2147483648", "9223372036854775807", "-9223372036854775808"),
    Type.FLOAT: ("0.5", "-1.5", "1e20", "1e-7", "2.0"),
    Type.STRING: (
        *(
            "''",
            "'a'",
            "'A,b'",
            "'1,000'",
            "' 7 '",
            "'tRue'",
            "'2018-03-15T13:27:36Z'",
            "'5 March 2018'",
            "'yyyy-MM-dd'",
        ),
        *("'Day'", "'UTC'", "'Europe/Berlin'", "'{\"a\":[1]}'", "'<a>1</a>'", "'//a'", "'aGk='", "'data:,x'", "'é😀'"),
    ),
    Type.ARRAY: ("json('[1,[2],\"x\"]')", "json('[]')", "variables('arr')", "createArray(1,'a',null)", "range(1,3)"),
    Type.OBJECT: (
        *('json(\'{"a":1,"B":null}\')', "xml('<a><b/>t</a>')", "binary('x')", "item()", "activity('A').output"),
        "pipeline().parameters.o",
    ),
}


class Slow(BaseException):
    """An evaluation took longer than it may; no `except Exception` may swallow it."""


def known() -> list[str]:
    lines = (line for file in sorted(CASES.glob("*.jsonl")) for line in file.read_text().split("\n") if line)
    return [case["expr"] for case in map(json.loads, lines) if "expr" in case]


def context() -> dict[str, Any]:
    first = (CASES / "expression_cases_engine.jsonl").read_text().split("\n")[0]
    found: dict[str, Any] = json.loads(first)["default_context"]
    return found


def texts(random_: random.Random) -> Iterator[str]:
    """Texts without end."""
    corpus = known()
    names = FUNCTIONS.names()
    while True:
        kind = random_.random()
        if kind < 0.4:
            yield changed(random_.choice(corpus), random_)
        elif kind < 0.9:
            call = called(names, random_, depth=random_.randrange(4))
            yield random_.choice(("@{}", "@{}", "x@{{{}}}y", "@{{{}}}")).format(call)
        else:
            yield "@" + "".join(random_.choices(NOISE, k=random_.randrange(30)))


def changed(text: str, random_: random.Random) -> str:
    for _ in range(random_.randint(1, 3)):
        position = random_.randint(0, len(text))
        inserted = "".join(random_.choices(NOISE, k=random_.randrange(3)))
        text = text[:position] + inserted + text[position + random_.randrange(3) :]
    return text


def called(names: list[str], random_: random.Random, *, depth: int) -> str:
    """A call of a random function; most arguments are of a kind that it takes."""
    function = FUNCTIONS.get(random_.choice(names))
    assert function is not None
    count = random_.randint(max(0, function.minimum - (random_.random() < 0.05)), len(function.parameters))
    if function.rest:
        count += random_.randrange(3)
    arguments = []
    for index in range(count):
        types = sorted(function.parameter(index).types if random_.random() < 0.9 else Type)
        nested = depth and random_.random() < 0.4
        arguments.append(
            called(names, random_, depth=depth - 1) if nested else random_.choice(VALUES[random_.choice(types)])
        )
    return f"{function.name}({','.join(arguments)})" + random_.choice((*[""] * 12, "[0]", "?.a", "['B']", ".x"))


def outcome(run: Callable[[], Any], text: str) -> Any:
    """The value, or the error's text after its place was checked."""
    try:
        return run()
    except AdfLangError as error:
        if error.expression != text or not 0 <= error.start <= error.end <= len(text):
            raise AssertionError(f"the error has no place in the text: {error!r}") from error
        return str(error)


def try_one(text: str, scope: Scope) -> bool:
    """Whether the text has a value."""
    evaluated = outcome(lambda: adf_lang.evaluate(text, scope), text)
    compiled = outcome(lambda: adf_lang.compile(text)(scope), text)
    changing = any(name in text.lower() for name in CHANGING) or "nan" in repr(evaluated)
    if not changing and not deep_equal(evaluated, compiled):
        raise AssertionError(f"evaluated {evaluated!r}, compiled {compiled!r}")
    return not (isinstance(evaluated, str) and "\n  " in evaluated and "^" in evaluated)


def stop(signum: int, frame: FrameType | None) -> None:
    raise Slow(f"longer than {SECONDS} s")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000, help="how many texts (default: a million)")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other texts")
    options = parser.parse_args()
    random_ = random.Random(options.seed)
    scope = Scope.from_dict(context(), random=random.Random(options.seed))
    signal.signal(signal.SIGALRM, stop)
    values = 0
    start = time.perf_counter()
    source = texts(random_)
    for index in track(range(options.count), "expressions", console=Console(stderr=True)):
        text = next(source)
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        try:
            values += try_one(text, scope)
        except BaseException as error:
            signal.setitimer(signal.ITIMER_REAL, 0)
            sys.stdout.write(f"text {index} of seed {options.seed}: {text!r}\n{type(error).__name__}: {error}\n")
            if isinstance(error, KeyboardInterrupt):
                return 130
            return 1
        signal.setitimer(signal.ITIMER_REAL, 0)
    seconds = time.perf_counter() - start
    sys.stdout.write(
        f"{options.count:,} texts in {seconds:.0f} s: {values:,} have a value, all others a placed error\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
