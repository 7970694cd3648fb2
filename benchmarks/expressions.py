"""Times adf_lang against fabrix 0.5.1 (PyPI), the other Python evaluator of Data Factory expressions, in one run.

Both evaluate the documented cases that fabrix gets right, by value and JSON type; `python benchmarks/expressions.py`.
Aims: compiled evaluation at least 20 times as fast, one-shot evaluation at least 2 times. Then come microseconds for
two expressions and the time that importing the package adds to a Python that starts.

fabrix wants older packages than this project, so it gets an environment of its own in the project's cache.
"""

import json
import math
import os
import subprocess
import sys
import time
import timeit
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
CACHE = Path(os.environ.get("ADF_EXPORT_CACHE") or Path.home() / ".cache" / "adf-export")
FABRIX = "fabrix==0.5.1"
CASES = PROJECT / "tests" / "adf_lang" / "cases" / "expression_cases_docs.jsonl"
SHOWN = ("@add(1, 2)", "@concat('run-', formatDateTime('2026-01-31T13:27:36Z', 'yyyy-MM-dd'))")
ROUNDS = 5


def main() -> int:
    """Makes fabrix's environment where it is missing and runs the comparison in it."""
    home = CACHE / FABRIX.replace("==", "-")
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", FABRIX], check=True)
        (home / "ready").touch()
    return subprocess.run([str(python), __file__, "compare"], env={**os.environ, "PYTHONPATH": str(PROJECT)}).returncode


def compare() -> int:
    import fabrix  # type: ignore[import-not-found] # only in its own environment

    import adf_lang

    first, again, compiled, texts = [], [], [], 0
    slowest = (math.inf, "")
    for text, context, expected in cases():
        theirs = fabrix_of(fabrix, context)
        scope = adf_lang.Scope.from_dict(context)
        if not same(outcome(lambda text=text, theirs=theirs: fabrix.evaluate(text, context=theirs)), expected):
            continue
        assert same(adf_lang.evaluate(text, scope), expected), text
        function = adf_lang.compile(text)
        other = best(lambda text=text, theirs=theirs: fabrix.evaluate(text, context=theirs))
        first.append(other / best(lambda text=text, scope=scope: adf_lang.evaluate(adf_lang.parse(text), scope)))
        again.append(other / best(lambda text=text, scope=scope: adf_lang.evaluate(text, scope)))
        compiled.append(other / best(lambda function=function, scope=scope: function(scope)))
        texts += 1
        slowest = min(slowest, (compiled[-1], text))
    say(f"{texts} documented expressions that fabrix gets right, adf_lang is faster by")
    for name, ratios in (("compiled", compiled), ("one-shot, first time", first), ("one-shot, again", again)):
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        say(f"  {name}: {mean:6.1f} x on average (geometric), {min(ratios):6.1f} x at the least")
    say(f"  (compiled at the least: {slowest[1]})")
    scope = adf_lang.Scope()
    for text in SHOWN:
        function = adf_lang.compile(text)
        quick = best(lambda function=function: function(scope))
        whole = best(lambda text=text: adf_lang.evaluate(text, scope))
        say(f"{text}: {quick * 1e6:.2f} us compiled, {whole * 1e6:.1f} us one-shot")
    empty = min(started("pass") for _ in range(ROUNDS * 2))
    loaded = min(started("import adf_lang") for _ in range(ROUNDS * 2))
    say(f"import adf_lang: {(loaded - empty) * 1e3:.0f} ms on top of a Python that starts in {empty * 1e3:.0f} ms")
    return 0


def cases() -> list[tuple[str, dict[str, Any], Any]]:
    lines = [json.loads(line) for line in CASES.read_text().split("\n") if line]
    return [
        (line["expr"], line.get("context", {}), line["expected"])
        for line in lines
        if "error" not in line and line["expr"].startswith("@") and "utcNow" not in line.get("context", {})
    ]


def fabrix_of(fabrix: Any, context: dict[str, Any]) -> Any:
    found = fabrix.Context(pipeline_parameters=context.get("parameters", {}), variables=context.get("variables", {}))
    for name, activity in context.get("activities", {}).items():
        found.set_activity_output(name, activity.get("output"))
    return found


def outcome(run: Callable[[], Any]) -> Any:
    try:
        return run()
    except Exception:  # whatever fabrix raises: it does not get this one right
        return ...


def same(value: Any, expected: Any) -> bool:
    try:
        return type(value) is type(expected) and json.dumps(value) == json.dumps(expected)
    except TypeError:
        return False


def best(run: Callable[[], Any]) -> float:
    """Seconds of one call, the least of some rounds."""
    timer = timeit.Timer(run)
    count = max(1, int(0.004 / max(timer.timeit(3) / 3, 1e-7)))
    return min(timer.repeat(ROUNDS, count)) / count


def started(code: str) -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - begin


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(compare() if sys.argv[1:] == ["compare"] else main())
