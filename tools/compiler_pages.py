"""Writes docs/codes.md and docs/operators.md from the tables of the compiler: `python tools/compiler_pages.py`."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from adf_export.codes import Severity, all_codes
from adf_export.operators import OPERATORS
from adf_export.operators.notifiers import NOTIFIERS
from adf_export.operators.registry import Operator

DOCS = Path(__file__).parents[1] / "docs"
COMMAND = "python tools/compiler_pages.py"
_MADE = f"Made by `{COMMAND}`; a test fails when this page is stale."

_SUBJECTS = {
    "0": "Reading DAGs",
    "1": "Operators and their fields",
    "2": "Templates and decisions",
    "3": "Trigger rules and the graph",
    "4": "Retries, timeouts, mapping and settings",
    "5": "Connections, Variables and secrets",
    "6": "Limits and validity",
    "7": "Schedules",
}
_SEVERITIES = {
    Severity.ERROR: "its DAG is left out, whole",
    Severity.WARNING: "exported; what differs from Airflow is told",
    Severity.NOTE: "exported; what is told has no meaning in Data Factory",
}


def pages() -> Mapping[Path, str]:
    """The text of each page."""
    return {
        DOCS / "codes.md": "\n".join(_codes()) + "\n",
        DOCS / "operators.md": "\n".join(_operators({**OPERATORS, **NOTIFIERS})) + "\n",
    }


def _codes() -> Iterator[str]:
    yield from ("# Codes of diagnostics", "", _MADE, "")
    yield "`adf-export codes CODE` tells one. A code is never used for something else."
    yield ""
    yield from (f"- **{severity}**: {meaning}" for severity, meaning in _SEVERITIES.items())
    for digit, subject in _SUBJECTS.items():
        yield from ("", f"## {subject}", "", "| code | | what was met |", "|---|---|---|")
        for code in all_codes():
            if code.id[3] == digit:
                yield f"| {code.id} | {code.severity} | {code.title} |"


def _operators(operators: Mapping[str, Operator]) -> Iterator[str]:
    yield from ("# Operators that become activities", "", _MADE, "")
    yield "Other operators are refused (ADF101). A package adds its own: see [compiler.md](compiler.md)."
    yield "A field of an operator is exported, or it is listed here as left out, which is told in a note (ADF105),"
    yield "or it is refused (ADF102); none is dropped in silence."
    yield "Notifiers become activities where a failure or success callback of a task, or a failure callback of a DAG, "
    yield "sends them; functions that Airflow would call are told (ADF408)."
    by_module: dict[str, list[str]] = defaultdict(list)
    for name in operators:
        by_module[name.rpartition(".")[0]].append(name)
    for module in sorted(by_module):
        yield from ("", f"## `{module}`", "", "| operator | becomes | left out, and why |", "|---|---|---|")
        for name in sorted(by_module[module]):
            operator = operators[name]
            left_out = "<br>".join(f"`{field}`: {why}" for field, why in sorted(operator.ignored.items()))
            yield f"| {name.rpartition('.')[2]} | {', '.join(operator.activities)} | {left_out} |"


if __name__ == "__main__":
    for page, text in pages().items():
        page.write_text(text, encoding="utf-8")
